// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci,vfio_iommu_type1 timeout=600 */
/*
 * What mapping costs: VFIO's type1 and /dev/iommu-next, one after the other on
 * the same device and the same memory, in instructions.
 *
 * For a machine whose clock counts instructions (QEMU's -icount shift=0: the
 * TSC advances by one with each). Cost depends on how memory lies physically,
 * so kinds of memory are chosen for which that is known, and it is printed.
 *
 * Results are remarks, which tests/harness/benchmark.py makes tables of:
 *
 *   cost KIND KIB PAGES-PER-RUN DOOR MAP UNMAP     instructions per call
 *   many DOOR COUNT MAP UNMAP UNMAP-ALL            per mapping of 4 KiB
 *   memory KIND KIB DOOR STATE NAME KIB...         change of /proc/meminfo
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include <x86intrin.h>

#include "inx.h"
#include "mem.h"
#include "pci.h"
#include "tap.h"
#include "type1.h"

#define PAGE 4096UL
#define MIB (1UL << 20)
#define IOVA (4UL << 30)
#define MOST (256 * MIB)
#define MOST_TIMES 15

/**
 * enum door - how memory is mapped
 * @TYPE1: in a VFIO container
 * @ATTACHED: in an IOAS with a device
 * @FILE_ATTACHED: likewise, by IOAS_MAP_FILE of the file that it is of
 * @UNATTACHED: in an IOAS without
 * @COPY: from an IOAS with a device to another with a device
 * @COPY_FIRST: from an IOAS without a device to one with a device
 */
enum door {
	TYPE1,
	ATTACHED,
	FILE_ATTACHED,
	UNATTACHED,
	COPY,
	COPY_FIRST,
	NR_DOORS,
};

static const char *const door_names[NR_DOORS] = {
	[TYPE1] = "type1",
	[ATTACHED] = "attached",
	[FILE_ATTACHED] = "file",
	[UNATTACHED] = "unattached",
	[COPY] = "copy",
	[COPY_FIRST] = "copy-first",
};

FIXTURE(map)
{
	struct client c;
	uint32_t attached[2], unattached;
	struct pci_dev pci[PCI_DEVS];
	int container, group, device;
	int file; /* that memory is of, or -1 */
};

/* One of the two is open at a time. */
static void open_type1(struct map_data *self)
{
	char path[64];

	pci_find_edu(self->pci, PCI_DEVS);
	pci_set_driver(&self->pci[0], PCI_DRIVER);
	snprintf(path, sizeof(path), "/dev/vfio/%d", pci_group(&self->pci[0]));
	self->container = open("/dev/vfio/vfio", O_RDWR);
	self->group = open(path, O_RDWR);
	ASSERT_GE(self->container, 0);
	ASSERT_GE(self->group, 0);
	ASSERT_EQ(0, ioctl(self->group, VFIO_GROUP_SET_CONTAINER, &self->container));
	ASSERT_EQ(0, ioctl(self->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
	self->device = ioctl(self->group, VFIO_GROUP_GET_DEVICE_FD, self->pci[0].bdf);
	ASSERT_GE(self->device, 0);
}

static void close_type1(struct map_data *self)
{
	ASSERT_EQ(0, close(self->device));
	ASSERT_EQ(0, ioctl(self->group, VFIO_GROUP_UNSET_CONTAINER));
	ASSERT_EQ(0, close(self->group));
	ASSERT_EQ(0, close(self->container));
}

static void open_ours(struct map_data *self)
{
	int i;

	client_open(&self->c, 2, false);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, inx_ioas_alloc(self->c.fd, &self->attached[i]));
		ASSERT_EQ(0, inx_attach_to(self->c.dev[i], self->attached[i]));
	}
	self->unattached = self->c.ioas;
}

static int do_map(struct map_data *self, enum door door, void *mem, size_t length, uint64_t iova)
{
	int fd = self->c.fd;

	switch (door) {
	case TYPE1:
		return type1_map(self->container, mem, length, iova);
	case ATTACHED:
		return inx_map_at(fd, self->attached[0], mem, length, iova);
	case FILE_ATTACHED:
		return inx_map_file(fd, self->attached[0], INX_RW | INX_FIXED, self->file, 0,
				    length, &iova);
	case UNATTACHED:
		return inx_map_at(fd, self->unattached, mem, length, iova);
	case COPY:
		return inx_copy(fd, self->attached[1], self->attached[0], INX_RW | INX_FIXED,
				length, &iova, iova);
	default:
		return inx_copy(fd, self->attached[1], self->unattached, INX_RW | INX_FIXED,
				length, &iova, iova);
	}
}

static int do_unmap(struct map_data *self, enum door door, size_t length, uint64_t iova)
{
	int fd = self->c.fd;

	switch (door) {
	case TYPE1:
		return type1_unmap(self->container, iova, length, NULL);
	case ATTACHED:
	case FILE_ATTACHED:
		return inx_unmap(fd, self->attached[0], iova, length, NULL);
	case UNATTACHED:
		return inx_unmap(fd, self->unattached, iova, length, NULL);
	default:
		return inx_unmap(fd, self->attached[1], iova, length, NULL);
	}
}

/* What a copy is made of is there before the clock runs. */
static void with_source(struct map_data *self, enum door door, void *mem, size_t length, bool map)
{
	enum door source = door == COPY ? ATTACHED : UNATTACHED;

	if (door != COPY && door != COPY_FIRST)
		return;
	if (map)
		ASSERT_EQ(0, do_map(self, source, mem, length, IOVA));
	else
		ASSERT_EQ(0, do_unmap(self, source, length, IOVA));
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t median(uint64_t *values, int nr)
{
	qsort(values, nr, sizeof(*values), by_value);
	return values[nr / 2];
}

/*
 * tests/benchmark/profile.sh asks for one kind of call, through one door. It
 * has perf wait for commands, so that nothing else is in its figures.
 */
static const char *profiled;

static void perf(const char *call, const char *command)
{
	char answer[8];
	int fd;

	if (!profiled || strcmp(profiled, call))
		return;
	fd = open("/tmp/perf-control", O_WRONLY);
	ASSERT_EQ((ssize_t)strlen(command), write(fd, command, strlen(command)));
	close(fd);
	fd = open("/tmp/perf-ack", O_RDONLY);
	ASSERT_LT(0, read(fd, answer, sizeof(answer)));
	close(fd);
}

static void cost(struct map_data *self, enum door door, const char *kind, void *mem, size_t length)
{
	int times = length > 2 * MIB ? 3 : length > PAGE ? 7 : MOST_TIMES, i;
	uint64_t map[MOST_TIMES], unmap[MOST_TIMES], start;

	with_source(self, door, mem, length, true);
	for (i = 0; i < times; i++) {
		perf("map", "enable\n");
		start = __rdtsc();
		ASSERT_EQ(0, do_map(self, door, mem, length, IOVA));
		map[i] = __rdtsc() - start;
		perf("map", "disable\n");
		perf("unmap", "enable\n");
		start = __rdtsc();
		ASSERT_EQ(0, do_unmap(self, door, length, IOVA));
		unmap[i] = __rdtsc() - start;
		perf("unmap", "disable\n");
	}
	with_source(self, door, mem, length, false);
	TH_LOG("cost %s %zu %.2f %s %lu %lu", kind, length >> 10,
	       (double)(length / PAGE) / mem_runs(mem, length), door_names[door],
	       median(map, times), median(unmap, times));
}

FIXTURE_VARIANT(map)
{
	enum mem_kind kind;
	const char *name;
};

FIXTURE_VARIANT_ADD(map, ordered)
{
	.kind = MEM_ORDERED, .name = "4K",
};

FIXTURE_VARIANT_ADD(map, shuffled)
{
	.kind = MEM_SHUFFLED, .name = "4K-scattered",
};

FIXTURE_VARIANT_ADD(map, thp)
{
	.kind = MEM_THP, .name = "THP",
};

FIXTURE_VARIANT_ADD(map, hugetlb)
{
	.kind = MEM_HUGETLB, .name = "hugetlb",
};

FIXTURE_VARIANT_ADD(map, memfd)
{
	.kind = MEM_MEMFD, .name = "memfd",
};

FIXTURE_VARIANT_ADD(map, memfd_hugetlb)
{
	.kind = MEM_MEMFD_HUGE, .name = "memfd-hugetlb",
};

FIXTURE_SETUP(map)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &unlimited));
}

FIXTURE_TEARDOWN(map)
{
}

TEST_F_TIMEOUT(map, cost, 300)
{
	const size_t lengths[] = { PAGE, 2 * MIB, MOST };
	void *mem = mem_alloc(variant->kind, MOST);
	enum door door;
	size_t i;

	if (variant->kind == MEM_MEMFD || variant->kind == MEM_MEMFD_HUGE)
		self->file = mem_open_file(mem);
	else
		self->file = -1;
	open_type1(self);
	for (i = 0; i < 3; i++)
		cost(self, TYPE1, variant->name, mem, lengths[i]);
	close_type1(self);
	open_ours(self);
	for (door = ATTACHED; door < NR_DOORS; door++)
		for (i = 0; i < 3 && (door != FILE_ATTACHED || self->file >= 0); i++)
			cost(self, door, variant->name, mem, lengths[i]);
	client_close(&self->c);
}

TEST_F_TIMEOUT(map, profile, 300)
{
	const char *door = getenv("PROFILED_DOOR");
	void *mem;

	profiled = getenv("PROFILED_CALL");
	if (!door || !profiled)
		SKIP("for tests/benchmark/profile.sh");
	mem = mem_alloc(variant->kind, MOST);
	if (!strcmp(door, "type1")) {
		open_type1(self);
		cost(self, TYPE1, variant->name, mem, MOST);
		close_type1(self);
	} else {
		open_ours(self);
		cost(self, ATTACHED, variant->name, mem, MOST);
		client_close(&self->c);
	}
}

/* ---- what the kernel needs for it -------------------------------------------------------- */

static const char *const fields[] = {
	"Slab", "VmallocUsed", "Percpu", "PageTables", "SecPageTables",
};

#define NR_FIELDS (sizeof(fields) / sizeof(*fields))

static void meminfo(long values[NR_FIELDS])
{
	char line[128];
	FILE *f;
	size_t i;

	/* Counts are gathered from the processors now and then. */
	usleep(300000);
	f = fopen("/proc/meminfo", "r");
	ASSERT_NE(NULL, f);
	for (i = 0; i < NR_FIELDS; i++)
		values[i] = 0;
	while (fgets(line, sizeof(line), f))
		for (i = 0; i < NR_FIELDS; i++)
			if (!strncmp(line, fields[i], strlen(fields[i])) &&
			    line[strlen(fields[i])] == ':')
				values[i] = atol(line + strlen(fields[i]) + 1);
	fclose(f);
}

static void log_memory(const char *what, const long before[NR_FIELDS])
{
	char text[256] = "";
	long now[NR_FIELDS];
	size_t i, at = 0;

	meminfo(now);
	for (i = 0; i < NR_FIELDS; i++)
		at += snprintf(text + at, sizeof(text) - at, " %s %ld", fields[i],
			       now[i] - before[i]);
	TH_LOG("memory %s%s", what, text);
}

static void memory(struct map_data *self, enum door door, const char *kind, void *mem,
		   size_t length)
{
	long before[NR_FIELDS];
	char what[96];

	/* What is made once and kept is none of a mapping's cost. */
	ASSERT_EQ(0, do_map(self, door, mem, PAGE, IOVA));
	ASSERT_EQ(0, do_unmap(self, door, PAGE, IOVA));
	meminfo(before);
	ASSERT_EQ(0, do_map(self, door, mem, length, IOVA));
	snprintf(what, sizeof(what), "%s %zu %s mapped", kind, length >> 10, door_names[door]);
	log_memory(what, before);
	ASSERT_EQ(0, do_unmap(self, door, length, IOVA));
	snprintf(what, sizeof(what), "%s %zu %s unmapped", kind, length >> 10, door_names[door]);
	log_memory(what, before);
}

TEST_F_TIMEOUT(map, memory, 300)
{
	size_t length = 1024 * MIB;
	void *mem;

	if (variant->kind != MEM_ORDERED && variant->kind != MEM_SHUFFLED &&
	    variant->kind != MEM_THP)
		SKIP("page tables look like those of other kinds");
	mem = mem_alloc(variant->kind, length);
	open_type1(self);
	memory(self, TYPE1, variant->name, mem, length);
	close_type1(self);
	open_ours(self);
	memory(self, ATTACHED, variant->name, mem, length);
	memory(self, UNATTACHED, variant->name, mem, length);
	client_close(&self->c);
}

/* ---- many small mappings ----------------------------------------------------------------- */

#define MANY 16384UL

static void map_all(struct map_data *self, enum door door, char *mem)
{
	for (size_t i = 0; i < MANY; i++)
		ASSERT_EQ(0, do_map(self, door, mem + i * PAGE, PAGE, IOVA + i * PAGE));
}

static void many(struct map_data *self, enum door door, char *mem)
{
	uint64_t map, unmap, all;
	long before[NR_FIELDS];
	char what[96];

	if (door == COPY)
		map_all(self, ATTACHED, mem);
	meminfo(before);
	map = __rdtsc();
	map_all(self, door, mem);
	map = __rdtsc() - map;
	snprintf(what, sizeof(what), "4K*%lu %lu %s mapped", MANY, MANY * PAGE >> 10,
		 door_names[door]);
	log_memory(what, before);
	unmap = __rdtsc();
	for (size_t i = 0; i < MANY; i++)
		ASSERT_EQ(0, do_unmap(self, door, PAGE, IOVA + i * PAGE));
	unmap = __rdtsc() - unmap;
	map_all(self, door, mem);
	all = __rdtsc();
	ASSERT_EQ(0, do_unmap(self, door, MANY * PAGE, IOVA));
	all = __rdtsc() - all;
	if (door == COPY)
		ASSERT_EQ(0, do_unmap(self, ATTACHED, MANY * PAGE, IOVA));
	TH_LOG("many %s %lu %lu %lu %lu", door_names[door], MANY, map / MANY, unmap / MANY,
	       all / MANY);
}

TEST_F_TIMEOUT(map, many, 300)
{
	void *mem;

	if (variant->kind != MEM_ORDERED)
		SKIP("each mapping is one page");
	mem = mem_alloc(variant->kind, MANY * PAGE);
	open_type1(self);
	many(self, TYPE1, mem);
	close_type1(self);
	open_ours(self);
	many(self, ATTACHED, mem);
	many(self, UNATTACHED, mem);
	many(self, COPY, mem);
	client_close(&self->c);
}

TEST_HARNESS_MAIN
