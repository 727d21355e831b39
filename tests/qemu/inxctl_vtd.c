// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=- machines=vtd timeout=300 libs=-ljansson,-lbpf tools=inxctl */
/* harness: seldom=6.1/vtd,7.?/vtd */
/*
 * inxctl as a person uses it, on devices behind an IOMMU: what it says, what it
 * changes, and what it refuses to.
 */
#define _GNU_SOURCE
#include <bpf/btf.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/iommu-next-container.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inx.h"
#include "pci.h"
#include "tap.h"
#include "tool.h"

#define PAGE 4096UL
#define EX_USAGE 64
/* Without bridges: the SATA controller of q35, together with others in its group. */
#define SHARED "0000:00:1f.2"
#define SHARED_TOO "0000:00:1f.3"
#define BRIDGE "0000:00:1f.0"

FIXTURE(inxctl)
{
	struct tool *t;
	struct pci_dev edu[PCI_DEVS];
	json_t *json;
};

FIXTURE_SETUP(inxctl)
{
	self->t = mmap(NULL, sizeof(*self->t), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->t);
	pci_find_edu(self->edu, PCI_DEVS);
}

FIXTURE_TEARDOWN(inxctl)
{
	int i;

	for (i = 0; i < PCI_DEVS; i++)
		pci_set_driver(&self->edu[i], NULL);
	json_decref(self->json);
}

/* The value behind what a command has printed by --json. */
static json_t *parsed(struct inxctl_data *self)
{
	json_error_t error;

	json_decref(self->json);
	self->json = json_loads(self->t->out, 0, &error);
	if (!self->json)
		TH_LOG("line %d: %s: %s", error.line, error.text, self->t->out);
	ASSERT_TRUE(self->json);
	return self->json;
}

/* The item of an array whose @key is @value, or NULL. */
static json_t *item(const json_t *array, const char *key, const char *value)
{
	json_t *element;
	size_t i;

	json_array_foreach((json_t *)array, i, element) {
		const char *seen =
			json_string_value(json_object_get(element, key));

		if (seen && !strcmp(seen, value))
			return element;
	}
	return NULL;
}

static const char *string(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* A device in what list says, which ends the test when it is not there. */
static json_t *listed(struct inxctl_data *self, const char *bdf)
{
	json_t *groups, *group, *found = NULL;
	size_t i;

	tool_run(self->t, "inxctl list --json");
	ASSERT_EQ(0, self->t->status);
	groups = json_object_get(parsed(self), "groups");
	json_array_foreach(groups, i, group) {
		found = item(json_object_get(group, "devices"), "address", bdf);
		if (found)
			return found;
	}
	ASSERT_TRUE(found);
	return NULL;
}

static void expect_state(struct inxctl_data *self, const char *bdf,
			 const char *driver, const char *state)
{
	json_t *device = listed(self, bdf);

	EXPECT_STREQ(state, string(device, "state"));
	if (driver)
		EXPECT_STREQ(driver, string(device, "driver"));
	else
		EXPECT_TRUE(json_is_null(json_object_get(device, "driver")));
}

static void override_of(const char *bdf, char *text, size_t size)
{
	ASSERT_TRUE(file_read(text, size,
			      "/sys/bus/pci/devices/%s/driver_override", bdf));
}

static bool has_problem(const json_t *status, const char *words,
			const char *mend)
{
	json_t *problem;
	size_t i;

	json_array_foreach(json_object_get(status, "problems"), i, problem)
		if (strstr(string(problem, "what"), words) &&
		    strstr(string(problem, "mend"), mend))
			return true;
	return false;
}

/* ---- status -------------------------------------------------------------------------- */

TEST_F(inxctl, status_without_modules)
{
	json_t *status;

	tool_run(self->t,
		 "modprobe -r iommu_next_mock iommu_next_vfio_pci iommu_next");
	tool_run(self->t, "inxctl status --json");
	EXPECT_EQ(1, self->t->status);
	status = parsed(self);
	EXPECT_TRUE(has_problem(status, "iommu_next is not loaded",
				"modprobe iommu_next"));
	EXPECT_TRUE(has_problem(status, "iommu_next_vfio_pci is not loaded",
				"modprobe iommu_next_vfio_pci"));
	EXPECT_EQ(2, json_array_size(json_object_get(status, "problems")));

	tool_run(self->t, "inxctl status");
	EXPECT_EQ(1, self->t->status);
	EXPECT_TRUE(strstr(self->t->out, "missing:  the module iommu_next is"));
	TH_LOG("%s", self->t->out);
	tool_run(self->t, "inxctl show");
	EXPECT_TRUE(tool_said(self->t, 1, "modprobe iommu_next"));
}

TEST_F(inxctl, status_when_all_is_there)
{
	json_t *status, *module, *entry;
	size_t i, used = 0;

	tool_run(self->t, "modprobe iommu_next_vfio_pci");
	tool_run(self->t, "inxctl status --json");
	EXPECT_EQ(0, self->t->status);
	status = parsed(self);
	EXPECT_EQ(0, json_array_size(json_object_get(status, "problems")));
	module = item(json_object_get(status, "modules"), "name", "iommu_next");
	ASSERT_TRUE(module);
	EXPECT_TRUE(json_is_true(json_object_get(module, "loaded")));
	EXPECT_STREQ(string(module, "version"), string(module, "loaded_version"));
	entry = json_object_get(status, "iommu");
	EXPECT_TRUE(json_is_true(json_object_get(entry, "present")));
	EXPECT_STREQ("Intel VT-d",
		     json_string_value(json_array_get(json_object_get(entry, "kinds"), 0)));
	entry = item(json_object_get(status, "features"), "feature",
		     "replacing a page table in one step");
	ASSERT_TRUE(entry);
	if (!strcmp(getenv("INX_KERNEL"), "6.1"))
		EXPECT_TRUE(strstr(string(entry, "answer"), "no, "));
	else
		EXPECT_STREQ("yes", string(entry, "answer"));
	json_array_foreach(json_object_get(status, "declarations"), i, entry) {
		EXPECT_STRNE("differs", string(entry, "result"));
		if (!strcmp("differs", string(entry, "result")))
			TH_LOG("%s: %s, not %s", string(entry, "name"),
			       string(entry, "kernel"), string(entry, "declared"));
		used += !strcmp("same", string(entry, "result"));
	}
	/* 6.1 has none of the three of attach handles, others no notify(). */
	EXPECT_EQ(strcmp(getenv("INX_KERNEL"), "6.1") ? 5 + 13 : 2 + 14, used);
	tool_run(self->t, "inxctl status");
	EXPECT_TRUE(tool_said(self->t, 0, "Nothing is missing."));
	TH_LOG("%s", self->t->out);
}

/* A kernel whose function is another one, by its BTF. */
TEST_F(inxctl, status_on_a_kernel_that_differs)
{
	const char *vmlinux = "/sys/kernel/btf/vmlinux";
	struct btf *btf = btf__new_empty();
	const void *raw;
	json_t *status;
	int id, fd;
	__u32 size;

	ASSERT_TRUE(btf);
	id = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	ASSERT_LT(0, id);
	id = btf__add_func_proto(btf, id);
	ASSERT_LT(0, id);
	ASSERT_LT(0, btf__add_func(btf, "iommu_attach_group_handle", BTF_FUNC_STATIC, id));
	raw = btf__raw_data(btf, &size);
	ASSERT_TRUE(raw);
	fd = open("/tmp/btf", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ASSERT_EQ(size, write(fd, raw, size));
	close(fd);
	btf__free(btf);
	ASSERT_EQ(0, mount("/tmp/btf", vmlinux, NULL, MS_BIND, NULL));
	tool_run(self->t, "inxctl status --json");
	EXPECT_EQ(0, umount(vmlinux));
	EXPECT_EQ(1, self->t->status);
	status = parsed(self);
	EXPECT_TRUE(has_problem(status, "iommu_attach_group_handle() is not what",
				"another kernel"));
}

/* ---- list, bind, unbind -------------------------------------------------------------- */

TEST_F(inxctl, bind_and_unbind)
{
	const char *bdf = self->edu[0].bdf;
	char node[64], text[64];
	json_t *change;

	expect_state(self, bdf, NULL, "free");
	EXPECT_STREQ("1234:11e8", string(listed(self, bdf), "id"));
	/* It loads what it needs. */
	tool_run(self->t, "modprobe -r iommu_next_vfio_pci");
	tool_run(self->t, "inxctl bind --json %s", bdf);
	ASSERT_EQ(0, self->t->status);
	change = item(json_object_get(parsed(self), "devices"), "address", bdf);
	ASSERT_TRUE(change);
	EXPECT_STREQ(PCI_DRIVER, string(change, "driver"));
	pci_vfio_node(&self->edu[0], node, sizeof(node));
	expect_state(self, bdf, PCI_DRIVER, "user space");
	EXPECT_STREQ(node, string(listed(self, bdf), "node"));

	tool_run(self->t, "inxctl list");
	EXPECT_TRUE(tool_said(self->t, 0, node));
	TH_LOG("%s", self->t->out);

	/* Once more is no harm, and forgets nothing. */
	tool_run(self->t, "inxctl bind %s", bdf);
	EXPECT_TRUE(tool_said(self->t, 0, bdf));
	tool_run(self->t, "inxctl unbind %s", bdf + 5);
	EXPECT_TRUE(tool_said(self->t, 0, bdf));
	expect_state(self, bdf, NULL, "free");
	override_of(bdf, text, sizeof(text));
	EXPECT_STREQ("(null)", text);
	tool_run(self->t, "inxctl unbind %s", bdf);
	EXPECT_TRUE(tool_said(self->t, 1, "not with iommu_next_vfio_pci"));
}

/* It has the driver again that it had, and what was to choose it. */
TEST_F(inxctl, restores_the_driver)
{
	const char *bdf = self->edu[1].bdf;
	char text[64];

	tool_run(self->t, "modprobe uio_pci_generic");
	pci_set_driver(&self->edu[1], "uio_pci_generic");
	expect_state(self, bdf, "uio_pci_generic", "kernel");
	tool_run(self->t, "inxctl bind --json %s", bdf);
	ASSERT_EQ(0, self->t->status);
	EXPECT_STREQ("uio_pci_generic",
		     string(json_array_get(json_object_get(parsed(self), "devices"), 0), "before"));
	expect_state(self, bdf, PCI_DRIVER, "user space");
	tool_run(self->t, "inxctl unbind %s", bdf);
	EXPECT_EQ(0, self->t->status);
	expect_state(self, bdf, "uio_pci_generic", "kernel");
	override_of(bdf, text, sizeof(text));
	EXPECT_STREQ("uio_pci_generic", text);
}

TEST_F(inxctl, refuses_what_is_no_device)
{
	static const char *const wrong[] = { "eth0", "0000:01", "0000:00:1g.2", "" };
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		tool_run(self->t, "inxctl bind '%s'", wrong[i]);
		EXPECT_TRUE(tool_said(self->t, 1, "is not the address of a PCI device"));
	}
	tool_run(self->t, "inxctl bind 0000:3f:1f.7");
	EXPECT_TRUE(tool_said(self->t, 1, "there is no PCI device 0000:3f:1f.7"));
	tool_run(self->t, "inxctl bind %s", BRIDGE);
	EXPECT_TRUE(tool_said(self->t, 1, "is a bridge"));
	/* One that is wrong keeps the others from being bound. */
	tool_run(self->t, "inxctl bind %s 0000:3f:1f.7", self->edu[0].bdf);
	EXPECT_EQ(1, self->t->status);
	expect_state(self, self->edu[0].bdf, NULL, "free");
	tool_run(self->t, "inxctl --json bind %s", BRIDGE);
	EXPECT_EQ(1, self->t->status);
	EXPECT_TRUE(strstr(string(parsed(self), "error"), "is a bridge"));
}

TEST_F(inxctl, usage)
{
	tool_run(self->t, "inxctl");
	EXPECT_EQ(EX_USAGE, self->t->status);
	tool_run(self->t, "inxctl fly");
	EXPECT_TRUE(tool_said(self->t, EX_USAGE, "no command 'fly'"));
	tool_run(self->t, "inxctl bind");
	EXPECT_TRUE(tool_said(self->t, EX_USAGE, "needs a device"));
	tool_run(self->t, "inxctl list 1");
	EXPECT_TRUE(tool_said(self->t, EX_USAGE, "takes no arguments"));
	tool_run(self->t, "inxctl show --pid=x");
	EXPECT_TRUE(tool_said(self->t, EX_USAGE, "'x' is not the number"));
	tool_run(self->t, "inxctl --help");
	EXPECT_TRUE(tool_said(self->t, 0, "Commands:"));
}

/* A group is given away as a whole or not at all. */
TEST_F(inxctl, group)
{
	struct pci_dev other = { .bdf = SHARED_TOO };

	tool_run(self->t, "modprobe uio_pci_generic");
	pci_set_driver(&other, "uio_pci_generic");
	tool_run(self->t, "inxctl bind %s", SHARED);
	EXPECT_TRUE(tool_said(self->t, 1, SHARED_TOO " is in the same IOMMU group"));
	EXPECT_TRUE(strstr(self->t->err, "inxctl bind --group"));
	EXPECT_TRUE(strstr(self->t->err, "uio_pci_generic"));
	expect_state(self, SHARED_TOO, "uio_pci_generic", "kernel");

	tool_run(self->t, "inxctl bind --group %s", SHARED);
	EXPECT_TRUE(tool_said(self->t, 0, SHARED_TOO));
	expect_state(self, SHARED, PCI_DRIVER, "user space");
	expect_state(self, SHARED_TOO, PCI_DRIVER, "user space");
	tool_run(self->t, "inxctl unbind --group %s", SHARED);
	EXPECT_EQ(0, self->t->status);
	expect_state(self, SHARED_TOO, "uio_pci_generic", "kernel");
	pci_set_driver(&other, NULL);
}

/* ---- what is in use ------------------------------------------------------------------ */

TEST_F(inxctl, open_device)
{
	const char *bdf = self->edu[0].bdf;
	int fd = inx_open(), dev;
	char words[64];
	uint32_t id;

	ASSERT_LE(0, fd);
	tool_run(self->t, "inxctl bind %s", bdf);
	ASSERT_EQ(0, self->t->status);
	dev = pci_open(&self->edu[0]);
	ASSERT_EQ(0, inx_bind(dev, fd, &id));
	expect_state(self, bdf, PCI_DRIVER, "in use");
	tool_run(self->t, "inxctl unbind %s", bdf);
	snprintf(words, sizeof(words), "is open in inxctl_vtd (%d)", getpid());
	EXPECT_TRUE(tool_said(self->t, 1, words));
	expect_state(self, bdf, PCI_DRIVER, "in use");

	tool_run(self->t, "inxctl unbind --force %s", bdf);
	EXPECT_EQ(0, self->t->status);
	expect_state(self, bdf, NULL, "free");
	EXPECT_ERRNO(ENODEV, inx_detach(dev));
	close(dev);
	close(fd);
}

/* vfio-pci would wait until the file is closed, and inxctl with it. */
TEST_F(inxctl, open_group)
{
	const char *bdf = self->edu[0].bdf;
	char path[32];
	int group;

	tool_run(self->t, "modprobe -a vfio-pci vfio_iommu_type1");
	pci_set_driver(&self->edu[0], "vfio-pci");
	udev_settle();
	snprintf(path, sizeof(path), "/dev/vfio/%d", pci_group(&self->edu[0]));
	group = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, group);
	expect_state(self, bdf, "vfio-pci", "in use");
	tool_run(self->t, "inxctl bind %s", bdf);
	EXPECT_TRUE(tool_said(self->t, 1, "end that first"));
	close(group);
	tool_run(self->t, "inxctl bind %s", bdf);
	EXPECT_EQ(0, self->t->status);
	tool_run(self->t, "inxctl unbind %s", bdf);
	expect_state(self, bdf, "vfio-pci", "user space");
}

/* The address of the device whose driver that is; ends the test without one. */
static void device_of(const char *driver, char *bdf, size_t size)
{
	char command[128];
	FILE *out;

	snprintf(command, sizeof(command),
		 "basename /sys/bus/pci/drivers/%s/0000:*", driver);
	out = popen(command, "r");
	ASSERT_TRUE(out);
	ASSERT_TRUE(fgets(bdf, size, out));
	pclose(out);
	bdf[strcspn(bdf, "\n")] = '\0';
	ASSERT_EQ(12, strlen(bdf));
}

TEST_F(inxctl, default_route)
{
	char bdf[64];

	tool_run(self->t, "modprobe e1000e");
	udev_settle();
	device_of("e1000e", bdf, sizeof(bdf));
	tool_run(self->t, "set -e\n"
		 "name=$(ls /sys/bus/pci/devices/%s/net)\n"
		 "ip link set $name up\n"
		 "ip addr add 192.0.2.1/24 dev $name\n"
		 "ip route add default via 192.0.2.2", bdf);
	ASSERT_EQ(0, self->t->status);
	tool_run(self->t, "inxctl bind %s", bdf);
	EXPECT_TRUE(tool_said(self->t, 1, "has the default route"));
	expect_state(self, bdf, "e1000e", "kernel");
	tool_run(self->t, "inxctl bind --force %s", bdf);
	EXPECT_EQ(0, self->t->status);
	expect_state(self, bdf, PCI_DRIVER, "user space");
	tool_run(self->t, "inxctl unbind %s", bdf);
	expect_state(self, bdf, "e1000e", "kernel");
	/* Nothing of it needs the device now. */
	tool_run(self->t, "inxctl bind %s && inxctl unbind %s", bdf, bdf);
	EXPECT_EQ(0, self->t->status);
}

TEST_F(inxctl, mounted_disk)
{
	char bdf[64];

	/* The driver looks for its disks after it has been loaded. */
	tool_run(self->t, "set -e\n"
		 "modprobe -a nvme ext4\n"
		 "until [ -b /dev/nvme0n1 ]; do sleep 0.1; done\n"
		 "mke2fs /dev/nvme0n1 4096\n"
		 "mkdir -p /tmp/disk\n"
		 "mount -t ext4 /dev/nvme0n1 /tmp/disk");
	ASSERT_EQ(0, self->t->status);
	device_of("nvme", bdf, sizeof(bdf));
	tool_run(self->t, "inxctl bind %s", bdf);
	EXPECT_TRUE(tool_said(self->t, 1, "/tmp/disk is mounted from it"));
	tool_run(self->t, "umount /tmp/disk; mkswap /dev/nvme0n1 && swapon /dev/nvme0n1");
	ASSERT_EQ(0, self->t->status);
	tool_run(self->t, "inxctl bind %s", bdf);
	EXPECT_TRUE(tool_said(self->t, 1, "/dev/nvme0n1 is swapped to"));
	tool_run(self->t, "swapoff /dev/nvme0n1; inxctl bind %s", bdf);
	EXPECT_EQ(0, self->t->status);
	expect_state(self, bdf, PCI_DRIVER, "user space");
	tool_run(self->t, "inxctl unbind %s", bdf);
	expect_state(self, bdf, "nvme", "kernel");
}

/* ---- show ---------------------------------------------------------------------------- */

TEST_F(inxctl, show)
{
	const uint64_t length = 16 * PAGE;
	json_t *context, *entry;
	char name[16];
	struct client c;
	void *mem;

	client_open(&c, 1, true);
	mem = inx_alloc(length);
	ASSERT_EQ(0, inx_attach_to(c.dev[0], c.ioas));
	ASSERT_EQ(0, client_map(&c, mem, length, PCI_IOVA));
	tool_run(self->t, "inxctl show --json --pid=%d", getpid());
	ASSERT_EQ(0, self->t->status);
	context = json_array_get(json_object_get(parsed(self), "contexts"), 0);
	ASSERT_TRUE(context);
	EXPECT_EQ(1, json_array_size(json_object_get(self->json, "contexts")));
	EXPECT_EQ(length / 1024,
		  json_integer_value(json_object_get(context, "pinned_kb")));
	entry = json_array_get(json_object_get(context, "processes"), 0);
	EXPECT_EQ(getpid(), json_integer_value(json_object_get(entry, "pid")));
	entry = json_array_get(json_object_get(context, "ioas"), 0);
	EXPECT_EQ(length, json_integer_value(json_object_get(entry, "bytes")));
	entry = item(json_object_get(context, "device"), "name", c.pci[0].bdf);
	EXPECT_TRUE(entry);
	EXPECT_EQ(1, json_array_size(json_object_get(context, "hwpt")));

	tool_run(self->t, "inxctl show");
	snprintf(name, sizeof(name), "(%d)", getpid());
	EXPECT_TRUE(tool_said(self->t, 0, name));
	TH_LOG("%s", self->t->out);
	client_close(&c);
	tool_run(self->t, "inxctl show");
	EXPECT_TRUE(tool_said(self->t, 0, "No process has /dev/iommu-next open"));
	tool_run(self->t, "inxctl show --pid=999999");
	EXPECT_TRUE(tool_said(self->t, 1, "there is no process 999999"));
}

/* A program for VFIO's containers has what any other has. */
TEST_F(inxctl, show_container)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map), .iova = PCI_IOVA, .size = 16 * PAGE,
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
	};
	int container, group;
	json_t *context, *entry;
	char path[32];

	tool_run(self->t, "modprobe -a vfio-pci iommu_next_vfio_container");
	ASSERT_EQ(0, self->t->status);
	pci_set_driver(&self->edu[0], "vfio-pci");
	udev_settle();
	snprintf(path, sizeof(path), "/dev/vfio/%d", pci_group(&self->edu[0]));
	group = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, group);
	container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, container);
	ASSERT_EQ(0, ioctl(group, VFIO_GROUP_SET_CONTAINER, &container));
	ASSERT_EQ(0, ioctl(container, VFIO_SET_IOMMU, IOMMU_NEXT_VFIO_IOMMU));
	map.vaddr = (uintptr_t)inx_alloc(map.size);
	ASSERT_EQ(0, ioctl(container, VFIO_IOMMU_MAP_DMA, &map));

	tool_run(self->t, "inxctl show --json --pid=%d", getpid());
	ASSERT_EQ(0, self->t->status);
	context = json_array_get(json_object_get(parsed(self), "contexts"), 0);
	ASSERT_TRUE(context);
	EXPECT_TRUE(json_is_true(json_object_get(context, "container")));
	EXPECT_EQ(map.size / 1024, json_integer_value(json_object_get(context, "pinned_kb")));
	entry = json_array_get(json_object_get(context, "ioas"), 0);
	EXPECT_EQ(map.size, json_integer_value(json_object_get(entry, "bytes")));
	tool_run(self->t, "inxctl show");
	TH_LOG("%s", self->t->out);
	close(group);
	close(container);
	tool_run(self->t, "inxctl show");
	EXPECT_TRUE(tool_said(self->t, 0, "No process has /dev/iommu-next open"));
}

/* A process may have any name. It hides nobody, and nothing of it gets at a terminal. */
TEST_F(inxctl, strange_name)
{
	json_t *context, *process;
	int fd;

	tool_run(self->t, "modprobe iommu_next");
	fd = inx_open();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, prctl(PR_SET_NAME, "a\xff\033[2J b\nc"));
	tool_run(self->t, "inxctl show --json --pid=%d", getpid());
	ASSERT_EQ(0, self->t->status);
	context = json_array_get(json_object_get(parsed(self), "contexts"), 0);
	process = json_array_get(json_object_get(context, "processes"), 0);
	ASSERT_TRUE(process);
	EXPECT_STREQ("a??[2J b c", string(process, "command"));
	close(fd);
}

/* ---- run ----------------------------------------------------------------------------- */

TEST_F(inxctl, run)
{
	const char *bdf = self->edu[0].bdf;
	char node[64];

	tool_run(self->t, "inxctl run -- true {vfio:%s}", bdf);
	EXPECT_TRUE(tool_said(self->t, 1, "inxctl bind"));
	tool_run(self->t, "inxctl bind %s", bdf);
	ASSERT_EQ(0, self->t->status);
	pci_vfio_node(&self->edu[0], node, sizeof(node));
	tool_run(self->t, "inxctl run -- sh -c 'readlink /proc/self/fd/{iommu}'");
	EXPECT_TRUE(tool_said(self->t, 0, "/dev/iommu-next\n"));
	tool_run(self->t, "inxctl run -- readlink /proc/self/fd/{vfio:%s}", bdf);
	/* By the name that the kernel gives it, with or without the folder. */
	EXPECT_TRUE(tool_said(self->t, 0, strrchr(node, '/') + 1));
	/* The same device is the same descriptor, other braces are left alone. */
	tool_run(self->t, "inxctl run -- echo a{vfio:%s}b{vfio:%s}c{iommu}{x}", bdf, bdf + 5);
	EXPECT_TRUE(tool_said(self->t, 0, "a3b3c4{x}\n"));
	tool_run(self->t, "inxctl run -- sh -c 'exit 7'");
	EXPECT_EQ(7, self->t->status);
	tool_run(self->t, "inxctl run -- /no/such/command");
	EXPECT_TRUE(tool_said(self->t, 1, "/no/such/command cannot be started"));
	tool_run(self->t, "inxctl run -- echo '{vfio:%s'", bdf);
	EXPECT_TRUE(tool_said(self->t, 1, "has no closing brace"));
}

TEST_F(inxctl, run_as_another_user)
{
	static const char script[] = "id -u; ulimit -l; readlink /proc/self/fd/{iommu}";

	tool_run(self->t, "inxctl run --user=nobody --memlock=64M -- sh -c '%s'", script);
	EXPECT_TRUE(tool_said(self->t, 0, "65534\n65536\n/dev/iommu-next\n"));
	tool_run(self->t, "inxctl run --user=nosuchuser -- true");
	EXPECT_TRUE(tool_said(self->t, 1, "no user 'nosuchuser'"));
	tool_run(self->t, "inxctl run --memlock=64Q -- true");
	EXPECT_TRUE(tool_said(self->t, 1, "is no size"));
}

TEST_F(inxctl, run_and_give_back)
{
	const char *bdf = self->edu[1].bdf;

	tool_run(self->t, "modprobe uio_pci_generic");
	pci_set_driver(&self->edu[1], "uio_pci_generic");
	tool_run(self->t, "inxctl run --bind -- sh -c 'readlink /proc/self/fd/{vfio:%s}; exit 5'",
		 bdf);
	EXPECT_EQ(5, self->t->status);
	EXPECT_TRUE(strstr(self->t->out, "/dev/vfio"));
	expect_state(self, bdf, "uio_pci_generic", "kernel");
	tool_run(self->t, "inxctl run --bind -- sh -c ': {vfio:%s}; kill -9 $$'", bdf);
	EXPECT_EQ(128 + 9, self->t->status);
	expect_state(self, bdf, "uio_pci_generic", "kernel");
}

/* ---- without rights ------------------------------------------------------------------ */

TEST_F(inxctl, without_rights)
{
	tool_run(self->t, "cp /tests/inxctl /tmp/inxctl && chmod 755 /tmp/inxctl");
	tool_run(self->t, "inxctl run --user=nobody -- /tmp/inxctl bind %s", self->edu[0].bdf);
	EXPECT_TRUE(tool_said(self->t, 1, "only root can bind"));
	tool_run(self->t, "inxctl run --user=nobody -- /tmp/inxctl list");
	EXPECT_TRUE(tool_said(self->t, 0, self->edu[0].bdf));
	tool_run(self->t, "inxctl run --user=nobody -- /tmp/inxctl show");
	EXPECT_TRUE(tool_said(self->t, 0, "as root all can"));
	/* The braces are for the inner one. */
	tool_run(self->t, "inxctl run --user=nobody -- sh -c '%s run -- true \"{io\"mmu}'",
		 "/tmp/inxctl");
	EXPECT_TRUE(tool_said(self->t, 1, "only root may"));
}

TEST_HARNESS_MAIN
