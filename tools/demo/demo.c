// SPDX-License-Identifier: GPL-2.0-only
/* harness: libs=-lkmod */
/*
 * From a PCI device to DMA through /dev/iommu-next, step by step.
 *
 * usage: demo [mock]
 *
 * Takes the first QEMU test device it finds ("edu", or "iommu-testdev"), or
 * makes a mock device, and shows that the device reaches exactly what it was
 * given. Each step prints one TAP line: step | what was done | what was seen.
 * The calls are those of any program for <linux/iommu-next.h>: take what you
 * need.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libkmod.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <linux/iommu-next-mock.h>
#include <linux/iommu-next.h>
#include <linux/vfio.h>

#define PAGE 4096
#define IOVA 0x800000UL		/* where the buffer is for the device */
#define IOVA_RO 0x900000UL	/* where a read-only page is */
#define IOVA_NOWHERE 0xa00000UL

/* ---- what is found and opened on the way ------------------------------- */

static bool mock;
static char bdf[16];		/* PCI address */
static const struct engine *engine;
static int dev_fd = -1, iommu_fd = -1, mock_fd = -1;
static volatile uint8_t *bar;	/* registers; NULL where they are not mapped */
static uint64_t bar_offset, bar_size;
static uint32_t dev_id, ioas[2], hwpt;
static uint8_t *buf[2], *ro_page;

/* ---- telling ------------------------------------------------------------ */

static int steps, failed;
static struct timespec since;
static int kmsg_fd;

static double elapsed_ms(void)
{
	struct timespec now;
	double ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (now.tv_sec - since.tv_sec) * 1e3 +
	     (now.tv_nsec - since.tv_nsec) / 1e6;
	since = now;
	return ms;
}

static void step(bool ok, const char *name, const char *done,
		 const char *seen, ...)
	__attribute__((format(printf, 4, 5)));

static void step(bool ok, const char *name, const char *done,
		 const char *seen, ...)
{
	va_list args;

	printf("%s %d - %s | %s | ", ok ? "ok" : "not ok", ++steps, name, done);
	va_start(args, seen);
	vprintf(seen, args);
	va_end(args);
	printf(" (%.0f ms)\n", elapsed_ms());
	fflush(stdout);
	failed += !ok;
}

static void die(const char *what)
{
	step(false, what, "", "%s", strerror(errno));
	printf("1..%d\n", steps);
	exit(1);
}

/* What the IOMMU has said in the kernel log since the last call. */
static const char *iommu_says(void)
{
	static char line[512];
	char record[2048];
	ssize_t n;

	strcpy(line, "");
	usleep(20000);
	while ((n = read(kmsg_fd, record, sizeof(record) - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
		char *text, *end;

		if (n < 0)
			continue;
		record[n] = 0;
		text = strchr(record, ';');
		if (!text || !(strstr(text, "fault") || strstr(text, "FAULT")))
			continue;
		text++;
		end = strchr(text, '\n');
		if (end)
			*end = 0;
		snprintf(line, sizeof(line), "; IOMMU: %s", text);
	}
	return line;
}

/* ---- devices that can do DMA -------------------------------------------- */

struct engine {
	const char *name;
	const char *vendor, *device;	/* as sysfs prints them */
	/* Copy @len bytes of memory through the device: @from to @to. */
	bool (*copy)(uint64_t from, uint64_t to, uint32_t len);
	/* Let the device write to memory; false when it knows it was refused. */
	bool (*write)(uint64_t to, uint32_t len);
};

/* Registers are mapped where the device lets them be, else read and written. */
static uint64_t reg_read(uint32_t reg, size_t size)
{
	uint64_t val = 0;

	if (bar)
		return size == 8 ? *(volatile uint64_t *)(bar + reg) :
				   *(volatile uint32_t *)(bar + reg);
	if (pread(dev_fd, &val, size, bar_offset + reg) != (ssize_t)size)
		die("read a register");
	return val;
}

static void reg_write(uint32_t reg, uint64_t val, size_t size)
{
	if (bar && size == 8)
		*(volatile uint64_t *)(bar + reg) = val;
	else if (bar)
		*(volatile uint32_t *)(bar + reg) = val;
	else if (pwrite(dev_fd, &val, size, bar_offset + reg) != (ssize_t)size)
		die("write a register");
}

/*
 * QEMU docs/specs/edu.rst: a DMA engine with 4 KiB of memory at 0x40000. QEMU
 * 7.2 ends itself when a DMA touches the last byte of it.
 */
#define EDU_MEMORY 0x40000
#define DMA_LEN 2048

static void edu_dma(uint64_t src, uint64_t dst, uint32_t len, bool to_memory)
{
	int tries = 2000;

	reg_write(0x80, src, 8);
	reg_write(0x88, dst, 8);
	reg_write(0x90, len, 8);
	reg_write(0x98, 1 | (to_memory ? 2 : 0), 8);
	while (reg_read(0x98, 8) & 1 && tries--)
		usleep(1000);
}

static bool edu_copy(uint64_t from, uint64_t to, uint32_t len)
{
	edu_dma(from, EDU_MEMORY, len, false);
	edu_dma(EDU_MEMORY, to, len, true);
	return true;
}

static bool edu_write(uint64_t to, uint32_t len)
{
	edu_dma(EDU_MEMORY, to, len, true);
	return !mock || !reg_read(IOMMU_NEXT_MOCK_REG_FAULT, 4);
}

/* QEMU docs/specs/iommu-testdev.rst: writes a pattern, and says how it went. */
#define TESTDEV_PATTERN 0x12345678
#define TESTDEV_REFUSED 0xdead0002

static bool testdev_write(uint64_t to, uint32_t len)
{
	reg_write(0x04, (uint32_t)to, 4);
	reg_write(0x08, to >> 32, 4);
	reg_write(0x0c, len, 4);
	reg_write(0x1c, 0, 4);
	reg_write(0x20, 0, 4);
	reg_write(0x14, 1, 4);
	reg_read(0x00, 4);
	return reg_read(0x10, 4) != TESTDEV_REFUSED;
}

static const struct engine engines[] = {
	{ "iommu-testdev", "0x1b36", "0x0005", NULL, testdev_write },
	{ "edu", "0x1234", "0x11e8", edu_copy, edu_write },
};

/* ---- modules and sysfs --------------------------------------------------- */

static const char *module_name(void)
{
	return mock ? "iommu_next_mock" : "iommu_next_vfio_pci";
}

/* Load a module with what it depends on, as modprobe does. */
static int module_load(const char *name)
{
	struct kmod_ctx *ctx = kmod_new(NULL, NULL);
	struct kmod_module *mod = NULL;
	int rc;

	rc = kmod_module_new_from_name(ctx, name, &mod);
	if (!rc)
		rc = kmod_module_probe_insert_module(mod,
						     KMOD_PROBE_IGNORE_LOADED,
						     NULL, NULL, NULL, NULL);
	kmod_module_unref(mod);
	kmod_unref(ctx);
	return rc;
}

static int module_unload(const char *name)
{
	struct kmod_ctx *ctx = kmod_new(NULL, NULL);
	struct kmod_module *mod = NULL;
	int rc;

	rc = kmod_module_new_from_name(ctx, name, &mod);
	if (!rc)
		rc = kmod_module_remove_module(mod, 0);
	kmod_module_unref(mod);
	kmod_unref(ctx);
	return rc;
}

static int file_open(int flags, const char *format, va_list args)
{
	char path[256];

	vsnprintf(path, sizeof(path), format, args);
	return open(path, flags);
}

static int file_write(const char *text, const char *format, ...)
{
	va_list args;
	ssize_t n;
	int fd;

	va_start(args, format);
	fd = file_open(O_WRONLY, format, args);
	va_end(args);
	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n < 0 ? -1 : 0;
}

static int file_read(char *text, size_t size, const char *format, ...)
{
	va_list args;
	ssize_t n;
	int fd;

	va_start(args, format);
	fd = file_open(O_RDONLY, format, args);
	va_end(args);
	if (fd < 0)
		return -1;
	n = read(fd, text, size - 1);
	close(fd);
	if (n < 0)
		return -1;
	text[n] = 0;
	text[strcspn(text, "\n")] = 0;
	return 0;
}

/* The first entry of a folder that is not hidden. */
static int folder_first(char *name, size_t size, const char *path)
{
	struct dirent *entry;
	DIR *dir = opendir(path);
	int rc = -1;

	if (!dir)
		return -1;
	while (rc && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && strlen(entry->d_name) < size) {
			strcpy(name, entry->d_name);
			rc = 0;
		}
	closedir(dir);
	return rc;
}

static long pinned_kb(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[128];
	long kb = -1;

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "VmPin: %ld", &kb);
	if (f)
		fclose(f);
	return kb;
}

/* ---- steps ---------------------------------------------------------------- */

static void load_modules(void)
{
	int rc = module_load(module_name());

	step(!rc, "load modules", module_name(), "%s",
	     rc ? strerror(-rc) : "loaded, with what they need");
	if (rc)
		exit(1);
}

static bool find_device(void)
{
	DIR *dir = opendir("/sys/bus/pci/devices");
	struct dirent *entry;
	char vendor[16], device[16];
	size_t i;

	for (i = 0; i < sizeof(engines) / sizeof(*engines) && !engine; i++) {
		rewinddir(dir);
		while (!engine && (entry = readdir(dir))) {
			if (file_read(vendor, sizeof(vendor),
				      "/sys/bus/pci/devices/%s/vendor",
				      entry->d_name) ||
			    file_read(device, sizeof(device),
				      "/sys/bus/pci/devices/%s/device",
				      entry->d_name))
				continue;
			if (strcmp(vendor, engines[i].vendor) ||
			    strcmp(device, engines[i].device))
				continue;
			snprintf(bdf, sizeof(bdf), "%.15s", entry->d_name);
			engine = &engines[i];
		}
	}
	closedir(dir);
	return engine;
}

/* Give the device to our driver, and find the node that it gets. */
static void bind_driver(void)
{
	char path[64], name[64], dev[32], node[128];
	struct stat st;
	int i;

	if (!find_device())
		die("find an edu or iommu-testdev device");
	if (file_write("iommu_next_vfio_pci",
		       "/sys/bus/pci/devices/%s/driver_override", bdf) ||
	    file_write(bdf, "/sys/bus/pci/drivers_probe"))
		die("bind the device");
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", bdf);
	if (folder_first(name, sizeof(name), path) ||
	    file_read(dev, sizeof(dev), "%s/%s/dev", path, name))
		die("find the device's node");
	snprintf(node, sizeof(node), "/dev/vfio/devices/%s", name);
	for (i = 0; i < 100 && stat(node, &st); i++)
		usleep(20000);	/* udev makes it */
	dev_fd = open(node, O_RDWR | O_CLOEXEC);
	if (dev_fd < 0 || fstat(dev_fd, &st))
		die("open the device");
	snprintf(path, sizeof(path), "%u:%u", major(st.st_rdev),
		 minor(st.st_rdev));
	step(!strcmp(path, dev), "bind the driver",
	     "driver_override, drivers_probe", "%s %s is %s (%s)", engine->name,
	     bdf, node, dev);
}

static void make_mock_device(void)
{
	struct iommu_next_mock_device_alloc arg = {
		.size = sizeof(arg),
		.num_reserved = 1,
		.reserved = { { 0xfee00000, 0xfeefffff } },
	};

	mock_fd = open("/dev/iommu-next-mock", O_RDWR | O_CLOEXEC);
	if (mock_fd < 0 || ioctl(mock_fd, IOMMU_NEXT_MOCK_DEVICE_ALLOC, &arg))
		die("make a mock device");
	dev_fd = arg.out_fd;
	engine = &engines[1];
	step(true, "make a device", "IOMMU_NEXT_MOCK_DEVICE_ALLOC",
	     "mock device %u, with the registers of %s", arg.out_device_id,
	     engine->name);
}

static void bind_iommu(void)
{
	struct iommu_next_vfio_device_bind arg = { .argsz = sizeof(arg) };

	iommu_fd = open("/dev/iommu-next", O_RDWR | O_CLOEXEC);
	if (iommu_fd < 0)
		die("open /dev/iommu-next");
	arg.iommufd = iommu_fd;
	if (ioctl(dev_fd, IOMMU_NEXT_VFIO_DEVICE_BIND, &arg))
		die("BIND");
	dev_id = arg.out_devid;
	step(true, "bind to /dev/iommu-next", "VFIO_DEVICE_BIND",
	     "device ID %u, its DMA is blocked", dev_id);
}

/* Registers, and for a PCI device the right to be a bus master. */
static void open_registers(void)
{
	struct vfio_device_info dev = { .argsz = sizeof(dev) };
	struct vfio_region_info config = {
		.argsz = sizeof(config),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	struct vfio_region_info region = { .argsz = sizeof(region) };
	uint16_t command;

	if (ioctl(dev_fd, VFIO_DEVICE_GET_INFO, &dev) ||
	    ioctl(dev_fd, VFIO_DEVICE_GET_REGION_INFO, &region))
		die("GET_INFO");
	bar_offset = region.offset;
	bar_size = region.size;
	if (dev.flags & VFIO_DEVICE_FLAGS_PCI) {
		if (ioctl(dev_fd, VFIO_DEVICE_GET_REGION_INFO, &config) ||
		    pread(dev_fd, &command, 2, config.offset + 4) != 2)
			die("read PCI configuration");
		command |= 6;	/* memory and bus master */
		if (pwrite(dev_fd, &command, 2, config.offset + 4) != 2)
			die("write PCI configuration");
	}
	if (region.flags & VFIO_REGION_INFO_FLAG_MMAP) {
		bar = mmap(NULL, region.size, PROT_READ | PROT_WRITE,
			   MAP_SHARED, dev_fd, region.offset);
		if (bar == MAP_FAILED)
			die("map the registers");
	}
	step(true, "open the registers", "GET_REGION_INFO, mmap",
	     "%llu KiB %s, first register %08x",
	     (unsigned long long)region.size >> 10,
	     bar ? "mapped" : "read and written",
	     (unsigned int)reg_read(0, 4));
}

static uint32_t alloc_ioas(void)
{
	struct iommu_next_ioas_alloc arg = { .size = sizeof(arg) };

	if (ioctl(iommu_fd, IOMMU_NEXT_IOAS_ALLOC, &arg))
		die("IOAS_ALLOC");
	return arg.out_ioas_id;
}

static void attach(uint32_t pt)
{
	struct iommu_next_vfio_device_attach arg = {
		.argsz = sizeof(arg),
		.pt_id = pt,
	};

	if (ioctl(dev_fd, IOMMU_NEXT_VFIO_DEVICE_ATTACH, &arg))
		die("ATTACH");
	hwpt = arg.pt_id;
}

static void attach_ioas(void)
{
	struct iommu_next_iova_range ranges[16] = {};
	struct iommu_next_ioas_iova_ranges arg = {
		.size = sizeof(arg),
		.num_iovas = 16,
		.allowed_iovas = (uintptr_t)ranges,
	};
	bool msi_free = false;
	uint32_t i;

	ioas[0] = alloc_ioas();
	ioas[1] = alloc_ioas();
	attach(ioas[0]);
	arg.ioas_id = ioas[0];
	if (ioctl(iommu_fd, IOMMU_NEXT_IOAS_IOVA_RANGES, &arg))
		die("IOAS_IOVA_RANGES");
	for (i = 0; i < arg.num_iovas; i++)
		msi_free |= ranges[i].start <= 0xfee00000 &&
			    ranges[i].last >= 0xfee00000;
	step(!msi_free, "attach to an IO address space",
	     "IOAS_ALLOC, ATTACH, IOAS_IOVA_RANGES",
	     "page table %u; %u free ranges up to %#llx, MSI window %s",
	     hwpt, arg.num_iovas,
	     (unsigned long long)ranges[arg.num_iovas - 1].last,
	     msi_free ? "OPEN" : "kept out");
}

static void map(uint32_t id, void *va, size_t length, uint64_t iova,
		uint32_t rights)
{
	struct iommu_next_ioas_map arg = {
		.size = sizeof(arg),
		.flags = IOMMU_NEXT_IOAS_MAP_FIXED_IOVA |
			 IOMMU_NEXT_IOAS_MAP_READABLE | rights,
		.ioas_id = id,
		.user_va = (uintptr_t)va,
		.length = length,
		.iova = iova,
	};

	if (ioctl(iommu_fd, IOMMU_NEXT_IOAS_MAP, &arg))
		die("IOAS_MAP");
}

static void *alloc(size_t length, int fill)
{
	void *p = mmap(NULL, length, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("allocate memory");
	memset(p, fill, length);
	return p;
}

static void map_memory(void)
{
	buf[0] = alloc(2 * PAGE, 0);
	buf[1] = alloc(2 * PAGE, 0);
	ro_page = alloc(PAGE, 0x5a);
	map(ioas[0], buf[0], 2 * PAGE, IOVA, IOMMU_NEXT_IOAS_MAP_WRITEABLE);
	map(ioas[0], ro_page, PAGE, IOVA_RO, 0);
	step(pinned_kb() == 3 * PAGE / 1024, "map memory",
	     "IOAS_MAP of 8 KiB and of 4 KiB read-only", "%ld KiB pinned",
	     pinned_kb());
}

/* Whether @len bytes are all @value. */
static bool all(const uint8_t *p, uint8_t value, size_t len)
{
	while (len)
		if (p[--len] != value)
			return false;
	return true;
}

static void dma(void)
{
	bool ok;
	int i;

	for (i = 0; i < PAGE; i++)
		buf[0][i] = i * 7 + 1;
	if (engine->copy) {
		engine->copy(IOVA, IOVA + PAGE, DMA_LEN);
		ok = !memcmp(buf[0], buf[0] + PAGE, DMA_LEN);
		step(ok, "DMA out of and into the buffer",
		     "2 KiB: memory, device, memory", "%s",
		     ok ? "all bytes equal" : "bytes DIFFER");
	} else {
		engine->write(IOVA + PAGE, DMA_LEN);
		ok = *(uint32_t *)(buf[0] + PAGE) == TESTDEV_PATTERN;
		step(ok, "DMA into the buffer", "2 KiB of a pattern", "%s",
		     ok ? "the pattern is there" : "it is NOT there");
	}
}

/* A DMA that the IOMMU has to refuse, with memory that it must not reach. */
static void refused(const char *name, const char *done, uint64_t iova,
		    const uint8_t *memory, uint8_t value)
{
	bool told, same;

	iommu_says();
	told = !engine->write(iova, 256);
	same = all(memory, value, PAGE);
	step(same, name, done, "%s%s%s", same ? "memory unchanged" :
						"memory CHANGED",
	     told ? ", the device was told" : "", iommu_says());
}

static void unmap(uint32_t id, uint64_t iova, uint64_t length)
{
	struct iommu_next_ioas_unmap arg = {
		.size = sizeof(arg),
		.ioas_id = id,
		.iova = iova,
		.length = length,
	};

	if (ioctl(iommu_fd, IOMMU_NEXT_IOAS_UNMAP, &arg))
		die("IOAS_UNMAP");
}

static void refuse_all(void)
{
	refused("write to a read-only mapping", "256 bytes to its IOVA",
		IOVA_RO, ro_page, 0x5a);
	memset(buf[0], 0, 2 * PAGE);
	refused("write where nothing is mapped", "256 bytes to a free IOVA",
		IOVA_NOWHERE, buf[0], 0);
	unmap(ioas[0], IOVA, 2 * PAGE);
	refused("write where something was mapped", "IOAS_UNMAP, 256 bytes",
		IOVA, buf[0], 0);
}

static void replace(void)
{
	bool second;

	map(ioas[1], buf[1], 2 * PAGE, IOVA, IOMMU_NEXT_IOAS_MAP_WRITEABLE);
	attach(ioas[1]);
	memset(buf[0], 0, 2 * PAGE);
	if (engine->copy) {
		memset(buf[1], 0xc3, PAGE);
		engine->copy(IOVA, IOVA + PAGE, 256);
		second = all(buf[1] + PAGE, 0xc3, 256);
	} else {
		engine->write(IOVA, 256);
		second = *(uint32_t *)buf[1] == TESTDEV_PATTERN;
	}
	step(second && all(buf[0], 0, 2 * PAGE),
	     "replace the address space", "ATTACH to a second IOAS, DMA",
	     "%s, page table %u", second ?
	     "only the second one's memory was reached" : "WRONG memory", hwpt);
}

static void close_all(long before)
{
	if (bar)
		munmap((void *)bar, bar_size);
	close(dev_fd);
	close(iommu_fd);
	if (mock_fd >= 0)
		close(mock_fd);
	step(pinned_kb() == before, "close", "close() of all files",
	     "%ld KiB pinned, as before", pinned_kb());
}

static void unload(void)
{
	int rc;

	if (!mock) {
		file_write(bdf, "/sys/bus/pci/drivers/%s/unbind",
			   "iommu_next_vfio_pci");
		file_write("\n", "/sys/bus/pci/devices/%s/driver_override",
			   bdf);
	}
	rc = module_unload(module_name());
	if (!rc)
		rc = module_unload("iommu_next");
	step(!rc, "unload the modules", "rmmod", "%s",
	     rc ? strerror(-rc) : "gone");
}

static void check_log(void)
{
	static const char *const bad[] = {
		"WARNING:", "BUG:", "Oops", "Call Trace", "possible recursive",
		"possible circular", "suspicious RCU", "refcount_t:",
	};
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	char record[2048], first[256] = "";
	ssize_t n;
	size_t i;

	while ((n = read(fd, record, sizeof(record) - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
		record[n < 0 ? 0 : n] = 0;
		for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
			if (!*first && strstr(record, bad[i]))
				snprintf(first, sizeof(first), "%.200s",
					 record);
	}
	close(fd);
	step(!*first, "read the kernel log", "WARN, BUG, Oops, lockdep, RCU",
	     "%s", *first ? first : "none of them");
}

static void name_machine(void)
{
	char iommu[64] = "none";
	struct utsname uts;

	uname(&uts);
	folder_first(iommu, sizeof(iommu), "/sys/class/iommu");
	printf("# kernel %s, IOMMU %s\n", uts.release, mock ? "mock" : iommu);
}

int main(int argc, char **argv)
{
	long before = pinned_kb();

	mock = argc > 1 && !strcmp(argv[1], "mock");
	if (argc > 2 || (argc == 2 && !mock)) {
		fprintf(stderr, "usage: demo [mock]\n");
		return 2;
	}
	kmsg_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	printf("TAP version 13\n");
	name_machine();
	elapsed_ms();

	load_modules();
	if (mock)
		make_mock_device();
	else
		bind_driver();
	bind_iommu();
	open_registers();
	attach_ioas();
	map_memory();
	dma();
	refuse_all();
	replace();
	close_all(before);
	unload();
	check_log();
	printf("1..%d\n", steps);
	return failed ? 1 : 0;
}
