// SPDX-License-Identifier: GPL-2.0-only
/* harness: machines=vtd,vtd-scalable,vtd-first,amd,amd-silent,virtio except=6.1/virtio */
/* harness: seldom=6.1/vtd-*,6.1/amd*,6.12/vtd-scalable,7.2/vtd-*,7.2/amd,7.2/virtio,7.3/vtd */
/* harness: taint=U timeout=300 libs=-ljansson tools=inxctl */
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

#include "inx.h"
#include "pci.h"
#include "tap.h"
#include "tool.h"

#define SECONDS 120
#define QEMU "chroot /client qemu-system-x86_64"
/* To change the root takes a right that others have not. */
#ifdef __aarch64__
#define LOADER "/client/lib/ld-linux-aarch64.so.1"
#define LIBRARIES "/client/usr/lib/aarch64-linux-gnu"
#else
#define LOADER "/client/lib64/ld-linux-x86-64.so.2"
#define LIBRARIES "/client/usr/lib/x86_64-linux-gnu"
#endif
#define QEMU_OF_NOBODY LOADER " --library-path " LIBRARIES " " \
	"/client/usr/bin/qemu-system-x86_64 " \
	"-L /client/usr/share/seabios -L /client/usr/share/qemu"
#define MACHINE " -M q35 -accel tcg -S -m 64 -nodefaults -display none" \
	" -qtest stdio -qtest-log /dev/null"
#define DEVICE_ID 0x11e81234
#define LIVENESS 0x1234abcd
/* Where the inner machine has things: memory, and registers of device 0 and 1. */
#define SOURCE 0x200000
#define TARGET 0x300000
#define REGISTERS(n) (0x8000000 + 0x1000000 * (n))
#define WORDS 16

/**
 * struct inner - a machine of QEMU, and what it is made of
 * @by_path: QEMU opens everything itself, instead of getting descriptors
 * @nobody: it runs as a user who has no right to open anything
 * @pci: devices
 * @t: a command
 * @pid: of QEMU; 0 while it does not run
 * @to: its qtest port
 * @from: likewise
 */
struct inner {
	bool by_path;
	bool nobody;
	struct pci_dev pci[PCI_DEVS];
	struct tool *t;
	pid_t pid;
	FILE *to, *from;
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

static void inner_open(struct inner *self)
{
	self->t = calloc(1, sizeof(*self->t));
	ASSERT_TRUE(self->t);
	pci_find_edu(self->pci, PCI_DEVS);
	mount_in_client();
	tool_run(self->t, "inxctl bind %s %s", self->pci[0].bdf, self->pci[1].bdf);
	ASSERT_TRUE(tool_said(self->t, 0, self->pci[1].bdf));
	set_link(self->by_path);
	udev_settle();
}

/* ---- the inner machine ----------------------------------------------------------- */

/* Start it with both devices, in slots 1 and 2. */
static void start(struct inner *self)
{
	char command[2048] = "exec inxctl run";
	int in[2], out[2];
	unsigned int i;

	if (self->nobody)
		strcat(command, " --user=nobody --memlock=128M");
	strcat(command, self->nobody ? " -- " QEMU_OF_NOBODY MACHINE : " -- " QEMU MACHINE);
	strcat(command, self->by_path ? " -object iommufd,id=x" :
					   " -object iommufd,id=x,fd={iommu}");
	/* QEMU 11.1 needs an id for a device that it gets as a descriptor, or it crashes. */
	for (i = 0; i < PCI_DEVS; i++)
		snprintf(command + strlen(command), sizeof(command) - strlen(command),
			 " -device vfio-pci,%s%s%s,iommufd=x,id=dev%u,addr=%u",
			 self->by_path ? "host=" : "fd={vfio:", self->pci[i].bdf,
			 self->by_path ? "" : "}", i, i + 1);
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
static uint64_t qtest(struct inner *self, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static uint64_t qtest(struct inner *self, const char *format, ...)
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

static uint32_t config_read(struct inner *self, unsigned int n, unsigned int offset)
{
	qtest(self, "outl 0xcf8 0x%x", 0x80000000 | (n + 1) << 11 | offset);
	return qtest(self, "inl 0xcfc");
}

static void config_write(struct inner *self, unsigned int n, unsigned int offset,
			 uint32_t value)
{
	qtest(self, "outl 0xcf8 0x%x", 0x80000000 | (n + 1) << 11 | offset);
	qtest(self, "outl 0xcfc 0x%x", value);
}

/* What firmware and driver do, until the device answers. */
static void wake(struct inner *self, unsigned int n)
{
	uint32_t inverse = ~LIVENESS;

	ASSERT_EQ(DEVICE_ID, config_read(self, n, 0));
	config_write(self, n, 0x10, REGISTERS(n));
	config_write(self, n, 4, 6);
	EXPECT_EQ(0x010000ed, qtest(self, "readl 0x%x", REGISTERS(n) + EDU_ID));
	qtest(self, "writel 0x%x 0x%x", REGISTERS(n) + EDU_LIVENESS, LIVENESS);
	EXPECT_EQ(inverse, qtest(self, "readl 0x%x", REGISTERS(n) + EDU_LIVENESS));
}

/* DMA between a device and an address of the inner machine. */
static void dma_bytes(struct inner *self, unsigned int n, uint32_t memory, bool to_memory,
		      unsigned int bytes)
{
	uint32_t regs = REGISTERS(n);

	qtest(self, "writeq 0x%x 0x%x", regs + EDU_DMA_SRC, to_memory ? EDU_BUFFER : memory);
	qtest(self, "writeq 0x%x 0x%x", regs + EDU_DMA_DST, to_memory ? memory : EDU_BUFFER);
	qtest(self, "writeq 0x%x 0x%x", regs + EDU_DMA_COUNT, bytes);
	qtest(self, "writeq 0x%x 0x%x", regs + EDU_DMA_COMMAND,
	      EDU_START | (to_memory ? EDU_TO_MEMORY : 0));
	while (qtest(self, "readq 0x%x", regs + EDU_DMA_COMMAND) & EDU_START)
		usleep(1000);
}

static void dma(struct inner *self, unsigned int n, uint32_t memory, bool to_memory)
{
	dma_bytes(self, n, memory, to_memory, 4 * WORDS);
}

static void fill(struct inner *self, uint32_t memory, uint32_t seed)
{
	int i;

	for (i = 0; i < WORDS; i++)
		qtest(self, "writel 0x%x 0x%x", memory + 4 * i, seed + i);
}

static void expect_filled(struct inner *self, uint32_t memory, uint32_t seed)
{
	int i;

	for (i = 0; i < WORDS; i++)
		EXPECT_EQ(seed + i, qtest(self, "readl 0x%x", memory + 4 * i));
}

/* Whether QEMU ends when it is asked to. */
static void stop(struct inner *self)
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

static void inner_close(struct inner *self)
{
	stop(self);
	tool_run(self->t, "inxctl unbind %s %s", self->pci[0].bdf, self->pci[1].bdf);
	EXPECT_EQ(0, self->t->status);
	set_link(false);
	free(self->t);
}

/* ---- tests ------------------------------------------------------------------------ */

FIXTURE(door)
{
	struct inner inner;
};

FIXTURE_VARIANT(door)
{
	bool by_path;
	bool nobody;
};

FIXTURE_VARIANT_ADD(door, fd)
{
	.by_path = false, .nobody = false,
};

FIXTURE_VARIANT_ADD(door, fd_of_nobody)
{
	.by_path = false, .nobody = true,
};

FIXTURE_VARIANT_ADD(door, path)
{
	.by_path = true, .nobody = false,
};

FIXTURE_SETUP(door)
{
	self->inner.by_path = variant->by_path;
	self->inner.nobody = variant->nobody;
	inner_open(&self->inner);
}

FIXTURE_TEARDOWN(door)
{
	inner_close(&self->inner);
}

/* What inxctl says of it: one address space with all memory of the machine, two devices. */
static void expect_shown(struct inner *self)
{
	json_t *value, *context;
	json_int_t pinned, charged;

	tool_run(self->t, "inxctl show --json --pid=%d", self->pid);
	ASSERT_EQ(0, self->t->status);
	value = json_loads(self->t->out, 0, NULL);
	context = json_array_get(json_object_get(value, "contexts"), 0);
	ASSERT_TRUE(context);
	EXPECT_EQ(1, json_array_size(json_object_get(context, "ioas")));
	EXPECT_EQ(PCI_DEVS, json_array_size(json_object_get(context, "device")));
	pinned = json_integer_value(json_object_get(context, "pinned_kb"));
	charged = json_integer_value(json_object_get(context, "charged_kb"));
	EXPECT_LE(64 << 10, pinned);
	EXPECT_EQ(self->nobody ? pinned : 0, charged);
	json_decref(value);
	tool_run(self->t, "inxctl show --pid=%d", self->pid);
	TH_LOG("%s", self->t->out);
}

/* What one device writes the other one reads, of memory and of its registers. */
TEST_F_TIMEOUT(door, dma, SECONDS)
{
	struct inner *inner = &self->inner;

	start(inner);
	wake(inner, 0);
	wake(inner, 1);
	fill(inner, SOURCE, 0xabcd0000);
	dma(inner, 0, SOURCE, false);
	dma(inner, 0, TARGET, true);
	expect_filled(inner, TARGET, 0xabcd0000);
	fill(inner, SOURCE, 0);
	dma(inner, 1, TARGET, false);
	dma(inner, 1, SOURCE, true);
	expect_filled(inner, SOURCE, 0xabcd0000);
	/* And a register of the other one, past the processor. */
	fill(inner, SOURCE, LIVENESS);
	dma_bytes(inner, 0, SOURCE, false, 4);
	dma_bytes(inner, 0, REGISTERS(1) + EDU_LIVENESS, true, 4);
	EXPECT_EQ((uint32_t)~LIVENESS, qtest(inner, "readl 0x%x", REGISTERS(1) + EDU_LIVENESS));
	expect_shown(inner);
}

/* A device that is taken away: QEMU is not waited for, and lives on. */
TEST_TIMEOUT(unbind, SECONDS)
{
	struct inner inner = {};
	long begin;

	inner_open(&inner);
	start(&inner);
	wake(&inner, 1);
	tool_run(inner.t, "inxctl unbind %s", inner.pci[0].bdf);
	EXPECT_TRUE(tool_said(inner.t, 1, "is open in qemu-system-x86"));
	begin = inx_us();
	tool_run(inner.t, "inxctl unbind --force %s", inner.pci[0].bdf);
	TH_LOG("the device was gone after %ld us", inx_us() - begin);
	EXPECT_EQ(0, inner.t->status);
	fill(&inner, SOURCE, 0x55550000);
	dma(&inner, 1, SOURCE, false);
	dma(&inner, 1, TARGET, true);
	expect_filled(&inner, TARGET, 0x55550000);
	tool_run(inner.t, "inxctl bind %s", inner.pci[0].bdf);
	EXPECT_EQ(0, inner.t->status);
	inner_close(&inner);
}

/* QEMU is killed: its memory and devices are free for the next one at once. */
TEST_TIMEOUT(kill, SECONDS)
{
	struct inner inner = {};
	long begin;

	inner_open(&inner);
	start(&inner);
	wake(&inner, 0);
	begin = inx_us();
	EXPECT_EQ(0, kill(inner.pid, SIGKILL));
	EXPECT_EQ(inner.pid, waitpid(inner.pid, NULL, 0));
	TH_LOG("QEMU was gone after %ld us", inx_us() - begin);
	tool_run(inner.t, "inxctl show");
	EXPECT_TRUE(tool_said(inner.t, 0, "No process has /dev/iommu-next open"));
	start(&inner);
	wake(&inner, 0);
	inner_close(&inner);
}

TEST_HARNESS_MAIN
