// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci machines=vtd timeout=400 */
/* harness: libs=-ljansson tools=inxctl client=qemu */
/*
 * Debian's QEMU, as it is, gives devices to a machine of its own through
 * /dev/iommu-next and /dev/vfio/devices: with descriptors that it gets, and by
 * the names that it looks for. The inner machine does not run; it is driven by
 * QEMU's qtest protocol, which reads and writes what its processor would.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pci.h"
#include "tap.h"
#include "tool.h"

#define SECONDS 120
#define QEMU "chroot /client qemu-system-x86_64"
/* To change the root takes a right that others have not. */
#define QEMU_OF_NOBODY "/client/lib64/ld-linux-x86-64.so.2 --library-path " \
	"/client/usr/lib/x86_64-linux-gnu /client/usr/bin/qemu-system-x86_64 " \
	"-L /client/usr/share/seabios -L /client/usr/share/qemu"
#define MACHINE " -M q35 -accel tcg -S -m 64 -nodefaults -display none" \
	" -qtest stdio -qtest-log /dev/null"
#define DEVICE_ID 0x11e81234
#define LIVENESS 0x1234abcd
/* Where the inner machine has things: memory, and registers of device 0 and 1. */
#define SOURCE 0x200000
#define TARGET 0x300000
#define REGISTERS(n) (0xc0000000 + 0x1000000 * (n))
#define WORDS 16

FIXTURE(cdev_qemu)
{
	struct pci_dev pci[PCI_DEVS];
	struct tool *t;
	pid_t pid;
	FILE *to, *from;
};

/**
 * @by_path: QEMU opens everything itself
 * @user: it runs as nobody, who has no right to open anything
 */
FIXTURE_VARIANT(cdev_qemu)
{
	bool by_path;
	bool user;
};

FIXTURE_VARIANT_ADD(cdev_qemu, fd)
{
	.by_path = false, .user = false,
};

FIXTURE_VARIANT_ADD(cdev_qemu, fd_of_nobody)
{
	.by_path = false, .user = true,
};

FIXTURE_VARIANT_ADD(cdev_qemu, path)
{
	.by_path = true, .user = false,
};

/* What a system has below its root. */
static void mount_in_client(void)
{
	static const char *const folders[] = { "dev", "proc", "sys", "run" };
	char from[16], to[32];
	struct stat st;
	size_t i;

	if (!stat("/client/dev/null", &st))
		return;
	for (i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		snprintf(from, sizeof(from), "/%s", folders[i]);
		snprintf(to, sizeof(to), "/client/%s", folders[i]);
		ASSERT_EQ(0, mount(from, to, NULL, MS_BIND | MS_REC, NULL));
	}
}

/* /dev/iommu is a link to the node, if an administrator wants it. */
static void set_link(bool there)
{
	struct tool *t = malloc(sizeof(*t));

	ASSERT_TRUE(t);
	tool_run(t, "mkdir -p /etc/iommu-next; %s /etc/iommu-next/dev-iommu;\n"
		 "udevadm trigger --action=change --settle /sys/class/misc/iommu-next",
		 there ? "touch" : "rm -f");
	ASSERT_EQ(0, t->status);
	free(t);
}

FIXTURE_SETUP(cdev_qemu)
{
	self->t = calloc(1, sizeof(*self->t));
	ASSERT_TRUE(self->t);
	pci_find_edu(self->pci, PCI_DEVS);
	mount_in_client();
	set_link(variant->by_path);
	tool_run(self->t, "inxctl bind %s %s", self->pci[0].bdf, self->pci[1].bdf);
	ASSERT_EQ(0, self->t->status);
	udev_settle();
}

/* ---- the inner machine ----------------------------------------------------------- */

/* Start it with @nr devices, in slots 1 and on. */
static void start(struct cdev_qemu_data *self, const struct cdev_qemu_variant *variant,
		  unsigned int nr)
{
	char command[2048] = "exec inxctl run";
	int in[2], out[2];
	unsigned int i;

	if (variant->user)
		strcat(command, " --user=nobody --memlock=128M");
	strcat(command, variant->user ? " -- " QEMU_OF_NOBODY MACHINE : " -- " QEMU MACHINE);
	strcat(command, variant->by_path ? " -object iommufd,id=x" :
					   " -object iommufd,id=x,fd={iommu}");
	/* QEMU 11.1 needs an id for a device that it gets as a descriptor, or it crashes. */
	for (i = 0; i < nr; i++)
		snprintf(command + strlen(command), sizeof(command) - strlen(command),
			 " -device vfio-pci,%s%s%s,iommufd=x,id=dev%u,addr=%u",
			 variant->by_path ? "host=" : "fd={vfio:", self->pci[i].bdf,
			 variant->by_path ? "" : "}", i, i + 1);
	TH_LOG("%s", command + strlen("exec "));

	ASSERT_EQ(0, pipe(in));
	ASSERT_EQ(0, pipe(out));
	self->pid = fork();
	if (!self->pid) {
		/* It does not end when nobody listens any more. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(in[0], 0);
		dup2(out[1], 1);
		for (i = 3; i < 64; i++)
			close(i);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	self->to = fdopen(in[1], "w");
	self->from = fdopen(out[0], "r");
	ASSERT_TRUE(self->to && self->from);
}

/* A command of the qtest protocol, and the number in its answer. */
static uint64_t qtest(struct cdev_qemu_data *self, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static uint64_t qtest(struct cdev_qemu_data *self, const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	vfprintf(self->to, format, args);
	va_end(args);
	fputc('\n', self->to);
	fflush(self->to);
	do {
		/* QEMU says on its stderr, which is ours, why it has ended. */
		ASSERT_TRUE(fgets(line, sizeof(line), self->from));
	} while (!strncmp(line, "IRQ ", 4));
	ASSERT_EQ(0, strncmp(line, "OK", 2));
	return strtoull(line + 2, NULL, 0);
}

static uint32_t config_read(struct cdev_qemu_data *self, unsigned int n, unsigned int offset)
{
	qtest(self, "outl 0xcf8 0x%x", 0x80000000 | (n + 1) << 11 | offset);
	return qtest(self, "inl 0xcfc");
}

static void config_write(struct cdev_qemu_data *self, unsigned int n, unsigned int offset,
			 uint32_t value)
{
	qtest(self, "outl 0xcf8 0x%x", 0x80000000 | (n + 1) << 11 | offset);
	qtest(self, "outl 0xcfc 0x%x", value);
}

/* What firmware and driver do, until the device answers. */
static void wake(struct cdev_qemu_data *self, unsigned int n)
{
	uint32_t inverse = ~LIVENESS;

	ASSERT_EQ(DEVICE_ID, config_read(self, n, 0));
	config_write(self, n, 0x10, REGISTERS(n));
	config_write(self, n, 4, 6);
	EXPECT_EQ(0x010000ed, qtest(self, "readl 0x%x", REGISTERS(n) + EDU_ID));
	qtest(self, "writel 0x%x 0x%x", REGISTERS(n) + EDU_LIVENESS, LIVENESS);
	EXPECT_EQ(inverse, qtest(self, "readl 0x%x", REGISTERS(n) + EDU_LIVENESS));
}

/* DMA between a device and memory of the inner machine. */
static void dma(struct cdev_qemu_data *self, unsigned int n, uint32_t memory, bool to_memory)
{
	uint32_t regs = REGISTERS(n);

	qtest(self, "writeq 0x%x 0x%x", regs + EDU_DMA_SRC, to_memory ? EDU_BUFFER : memory);
	qtest(self, "writeq 0x%x 0x%x", regs + EDU_DMA_DST, to_memory ? memory : EDU_BUFFER);
	qtest(self, "writeq 0x%x 0x%x", regs + EDU_DMA_COUNT, 4 * WORDS);
	qtest(self, "writeq 0x%x 0x%x", regs + EDU_DMA_COMMAND,
	      EDU_START | (to_memory ? EDU_TO_MEMORY : 0));
	while (qtest(self, "readq 0x%x", regs + EDU_DMA_COMMAND) & EDU_START)
		usleep(1000);
}

static void fill(struct cdev_qemu_data *self, uint32_t memory, uint32_t seed)
{
	int i;

	for (i = 0; i < WORDS; i++)
		qtest(self, "writel 0x%x 0x%x", memory + 4 * i, seed + i);
}

static void expect_filled(struct cdev_qemu_data *self, uint32_t memory, uint32_t seed)
{
	int i;

	for (i = 0; i < WORDS; i++)
		EXPECT_EQ(seed + i, qtest(self, "readl 0x%x", memory + 4 * i));
}

/* Whether QEMU ends when it is asked to. */
static void stop(struct cdev_qemu_data *self)
{
	int status = -1;

	if (!self->pid)
		return;
	EXPECT_EQ(0, kill(self->pid, SIGTERM));
	EXPECT_EQ(self->pid, waitpid(self->pid, &status, 0));
	EXPECT_EQ(0, status);
	self->pid = 0;
	fclose(self->to);
	fclose(self->from);
}

FIXTURE_TEARDOWN(cdev_qemu)
{
	stop(self);
	tool_run(self->t, "inxctl unbind %s %s", self->pci[0].bdf, self->pci[1].bdf);
	EXPECT_EQ(0, self->t->status);
	set_link(false);
	free(self->t);
}

/* ---- tests ------------------------------------------------------------------------ */

/* What inxctl says of it: one address space, @nr devices, all memory of the machine. */
static void expect_shown(struct cdev_qemu_data *self, unsigned int nr)
{
	json_t *value, *context;

	tool_run(self->t, "inxctl show --json --pid=%d", self->pid);
	ASSERT_EQ(0, self->t->status);
	value = json_loads(self->t->out, 0, NULL);
	context = json_array_get(json_object_get(value, "contexts"), 0);
	ASSERT_TRUE(context);
	EXPECT_EQ(1, json_array_size(json_object_get(context, "ioas")));
	EXPECT_EQ(nr, json_array_size(json_object_get(context, "device")));
	EXPECT_LE(64 << 10, json_integer_value(json_object_get(context, "pinned_kb")));
	json_decref(value);
	tool_run(self->t, "inxctl show --pid=%d", self->pid);
	TH_LOG("%s", self->t->out);
}

TEST_F_TIMEOUT(cdev_qemu, dma, SECONDS)
{
	start(self, variant, 1);
	wake(self, 0);
	fill(self, SOURCE, 0x12345678);
	dma(self, 0, SOURCE, false);
	dma(self, 0, TARGET, true);
	expect_filled(self, TARGET, 0x12345678);
	expect_shown(self, 1);
}

/* Two devices in one machine: what one of them writes, the other one reads. */
TEST_F_TIMEOUT(cdev_qemu, two_devices, SECONDS)
{
	start(self, variant, 2);
	wake(self, 0);
	wake(self, 1);
	fill(self, SOURCE, 0xabcd0000);
	dma(self, 0, SOURCE, false);
	dma(self, 0, TARGET, true);
	fill(self, SOURCE, 0);
	dma(self, 1, TARGET, false);
	dma(self, 1, SOURCE, true);
	expect_filled(self, SOURCE, 0xabcd0000);
	expect_shown(self, 2);
}

/* A device that is taken away: QEMU is not waited for, and lives on. */
TEST_F_TIMEOUT(cdev_qemu, unbind, SECONDS)
{
	start(self, variant, 2);
	wake(self, 0);
	wake(self, 1);
	tool_run(self->t, "inxctl unbind %s", self->pci[0].bdf);
	EXPECT_TRUE(tool_said(self->t, 1, "is open in "));
	tool_run(self->t, "inxctl unbind --force %s", self->pci[0].bdf);
	EXPECT_EQ(0, self->t->status);
	fill(self, SOURCE, 0x55550000);
	dma(self, 1, SOURCE, false);
	dma(self, 1, TARGET, true);
	expect_filled(self, TARGET, 0x55550000);
	tool_run(self->t, "inxctl bind %s", self->pci[0].bdf);
	EXPECT_EQ(0, self->t->status);
}

/* QEMU is killed: memory and devices are back. */
TEST_F_TIMEOUT(cdev_qemu, killed, SECONDS)
{
	start(self, variant, 2);
	wake(self, 0);
	dma(self, 0, SOURCE, false);
	EXPECT_EQ(0, kill(self->pid, SIGKILL));
	EXPECT_EQ(self->pid, waitpid(self->pid, NULL, 0));
	self->pid = 0;
	tool_run(self->t, "inxctl show");
	EXPECT_TRUE(tool_said(self->t, 0, "No process has /dev/iommu-next open"));
	start(self, variant, 2);
	wake(self, 0);
	wake(self, 1);
}

TEST_HARNESS_MAIN
