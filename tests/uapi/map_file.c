// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none,smp */
/*
 * IOAS_MAP_FILE: memory that is named by a file and not by an address. Which
 * files it takes, what devices see of them, and that each page is pinned and
 * unpinned as often as it should be.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mem.h"
#include "tap.h"
#include "world.h"

#define LENGTH (4 * HUGE)
#define USER 1234

enum file_kind { SMALL, BIG, HUGETLB };

/* A file of LENGTH bytes, all of it holes. */
static int make_file(enum file_kind kind)
{
	int fd, flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	FILE *f;

	if (kind == HUGETLB) {
		f = fopen("/proc/sys/vm/nr_hugepages", "w");
		if (!f)
			SKIP("the kernel has no hugetlb");
		fprintf(f, "%lu\n", LENGTH / HUGE + 2);
		fclose(f);
		flags |= MFD_HUGETLB | MFD_HUGE_2MB;
	} else if (!mem_has_thp()) {
		if (kind == BIG)
			SKIP("the kernel has no huge pages for tmpfs");
	} else {
		f = fopen("/sys/kernel/mm/transparent_hugepage/shmem_enabled",
			  "w");
		ASSERT_NE(NULL, f);
		fputs(kind == BIG ? "advise" : "never", f);
		fclose(f);
	}
	fd = memfd_create("map_file", flags);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, ftruncate(fd, LENGTH));
	return fd;
}

static unsigned char *map_memory(int file)
{
	unsigned char *mem = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE,
				  MAP_SHARED, file, 0);

	ASSERT_NE(MAP_FAILED, mem);
	madvise(mem, LENGTH, MADV_HUGEPAGE);
	return mem;
}

FIXTURE(file)
{
	struct world w;
	struct world_dev *dev;
	int file;
	unsigned char *mem;
};

FIXTURE_VARIANT(file)
{
	enum file_kind kind;
};

FIXTURE_VARIANT_ADD(file, small)
{
	.kind = SMALL,
};

FIXTURE_VARIANT_ADD(file, big)
{
	.kind = BIG,
};

FIXTURE_VARIANT_ADD(file, hugetlb)
{
	.kind = HUGETLB,
};

FIXTURE_SETUP(file)
{
	world_open(&self->w);
	self->dev = world_bind(&self->w, NULL);
	self->file = make_file(variant->kind);
	self->mem = map_memory(self->file);
	mem_fill(self->mem, LENGTH, 1);
}

static void attach(struct file_data *self)
{
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, self->w.ioas));
}

static int map_file(struct file_data *self, uint32_t rights, uint64_t start,
		    uint64_t length, uint64_t iova)
{
	return inx_map_file(self->w.fd, self->w.ioas, rights | INX_FIXED,
			    self->file, start, length, &iova);
}

static void expect_pinned(struct file_data *self, uint64_t bytes)
{
	EXPECT_EQ(bytes / 1024, world_pinned(&self->w));
}

static long free_huge_pages(void)
{
	char line[128];
	long n = -1;
	FILE *f = fopen("/proc/meminfo", "r");

	ASSERT_NE(NULL, f);
	while (fgets(line, sizeof(line), f))
		sscanf(line, "HugePages_Free: %ld", &n);
	fclose(f);
	return n;
}

/* To seal it against writing needs a file whose pages nobody has. */
FIXTURE_TEARDOWN(file)
{
	EXPECT_EQ(0, inx_unmap_all(self->w.fd, self->w.ioas, NULL));
	expect_pinned(self, 0);
	munmap(self->mem, LENGTH);
	EXPECT_EQ(0, fcntl(self->file, F_ADD_SEALS, F_SEAL_WRITE));
	close(self->file);
	world_close(&self->w);
	if (variant->kind == HUGETLB)
		EXPECT_EQ(LENGTH / HUGE + 2, free_huge_pages());
}

/* ---- what devices see ------------------------------------------------------------ */

TEST_F(file, dma)
{
	unsigned char bytes[3 * PAGE];

	attach(self);
	ASSERT_EQ(0, map_file(self, INX_RW, 0, LENGTH, IOVA));
	expect_pinned(self, LENGTH);
	EXPECT_EQ(LENGTH, world_stats(&self->w, self->dev).bytes);
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, LENGTH));

	mem_fill(bytes, sizeof(bytes), 7);
	EXPECT_EQ(0, inx_mock_write(self->dev->fd, IOVA + HUGE - PAGE, bytes,
				    sizeof(bytes)));
	EXPECT_EQ(0, memcmp(self->mem + HUGE - PAGE, bytes, sizeof(bytes)));
}

/* Large IO pages, where the file has them. */
TEST_F(file, page_sizes)
{
	bool huge = mem_runs(self->mem, LENGTH) <= LENGTH / HUGE;

	if (variant->kind == SMALL)
		SKIP("small pages only");
	if (!huge)
		SKIP("the kernel has given no huge pages");
	attach(self);
	ASSERT_EQ(0, map_file(self, INX_RW, 0, LENGTH, IOVA));
	EXPECT_EQ(LENGTH / HUGE, world_stats(&self->w, self->dev).pages);
}

TEST_F(file, read_only)
{
	attach(self);
	ASSERT_EQ(0, map_file(self, INX_RO, 0, LENGTH, IOVA));
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, LENGTH));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_PERMISSION,
		  world_touch(self->dev, IOVA, true));
}

/* Memory that no process has ever touched. */
TEST_F(file, holes)
{
	int file = make_file(variant->kind);
	unsigned char *mem, bytes[PAGE], zero[PAGE] = {};
	uint64_t iova = IOVA;

	if (variant->kind == HUGETLB) {
		/* Its pages have to come from the same pool. */
		munmap(self->mem, LENGTH);
		ASSERT_EQ(0, ftruncate(self->file, 0));
	}
	attach(self);
	ASSERT_EQ(0, inx_map_file(self->w.fd, self->w.ioas, INX_RW | INX_FIXED,
				  file, HUGE, 2 * HUGE, &iova));
	expect_pinned(self, 2 * HUGE);
	EXPECT_TRUE(world_reads(self->dev, IOVA, zero, PAGE));
	EXPECT_TRUE(world_reads(self->dev, IOVA + 2 * HUGE - PAGE, zero, PAGE));
	mem_fill(bytes, PAGE, 3);
	EXPECT_EQ(0, inx_mock_write(self->dev->fd, IOVA + HUGE, bytes, PAGE));
	mem = map_memory(file);
	EXPECT_EQ(0, memcmp(bytes, mem + 2 * HUGE, PAGE));
	munmap(mem, LENGTH);
	close(file);
	EXPECT_EQ(0, inx_unmap_all(self->w.fd, self->w.ioas, NULL));
}

/* Any part of it, to the byte where nothing asks for more. */
TEST_F(file, slices)
{
	static const struct {
		uint64_t start, length;
	} slice[] = {
		{ 0, PAGE },
		{ PAGE, PAGE },
		{ HUGE - PAGE, 2 * PAGE },
		{ HUGE + 5 * PAGE, HUGE + 3 * PAGE },
		{ LENGTH - PAGE, PAGE },
		{ 3 * PAGE, LENGTH - 7 * PAGE },
		{ 1024, 512 },
		{ HUGE - 512, 2 * HUGE + 1024 },
	};
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	struct world_dev *dev;

	how.page_sizes = 512 | PAGE | HUGE;
	dev = world_attach(&self->w, &how);
	for (size_t i = 0; i < sizeof(slice) / sizeof(*slice); i++) {
		uint64_t first = slice[i].start / PAGE;
		uint64_t end = (slice[i].start + slice[i].length + PAGE - 1) /
			       PAGE;

		ASSERT_EQ(0, map_file(self, INX_RW, slice[i].start,
				      slice[i].length, IOVA));
		expect_pinned(self, (end - first) * PAGE);
		EXPECT_TRUE(world_reads(dev, IOVA, self->mem + slice[i].start,
					slice[i].length));
		EXPECT_EQ(slice[i].length, world_stats(&self->w, dev).bytes);
		ASSERT_EQ(0, inx_unmap_all(self->w.fd, self->w.ioas, NULL));
		expect_pinned(self, 0);
	}
}

/* ---- pins and what holds them ----------------------------------------------------- */

/* Copies share the pins, whatever part they are of; the last lets go. */
TEST_F(file, copies)
{
	struct world *w = &self->w;
	uint32_t other = world_ioas(w);
	uint64_t iova;
	int i;

	attach(self);
	ASSERT_EQ(0, map_file(self, INX_RW, 0, LENGTH, IOVA));
	for (i = 0; i < 8; i++) {
		iova = IOVA + i * HUGE;
		ASSERT_EQ(0, inx_copy(w->fd, other, w->ioas, INX_RO | INX_FIXED,
				      7 * PAGE, &iova,
				      IOVA + i * (HUGE / 2) + 3 * PAGE));
	}
	expect_pinned(self, LENGTH);
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, other));
	expect_pinned(self, 8 * 7 * PAGE);
	for (i = 0; i < 8; i++)
		EXPECT_TRUE(world_reads(self->dev, IOVA + i * HUGE,
					self->mem + i * (HUGE / 2) + 3 * PAGE,
					7 * PAGE));
	ASSERT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LENGTH, NULL));
	expect_pinned(self, 8 * 7 * PAGE);
	for (i = 0; i < 8; i++) {
		int at = i * 5 % 8;

		ASSERT_EQ(0, inx_unmap(w->fd, other, IOVA + at * HUGE, 7 * PAGE,
				       NULL));
		expect_pinned(self, (7 - i) * 7 * PAGE);
	}
}

/* The same page in several mappings is pinned for each. */
TEST_F(file, twice)
{
	struct world *w = &self->w;
	uint64_t iova = 3 * IOVA;

	attach(self);
	ASSERT_EQ(0, map_file(self, INX_RW, 0, LENGTH, IOVA));
	ASSERT_EQ(0, map_file(self, INX_RW, PAGE, HUGE, 2 * IOVA));
	ASSERT_EQ(0, inx_map(w->fd, w->ioas, INX_RW | INX_FIXED, self->mem,
			     HUGE, &iova));
	expect_pinned(self, LENGTH + 2 * HUGE);
	EXPECT_TRUE(world_reads(self->dev, 2 * IOVA, self->mem + PAGE, HUGE));
	EXPECT_TRUE(world_reads(self->dev, 3 * IOVA, self->mem, HUGE));
	ASSERT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LENGTH, NULL));
	EXPECT_TRUE(world_reads(self->dev, 2 * IOVA, self->mem + PAGE, HUGE));
	expect_pinned(self, 2 * HUGE);
}

/* A driver that uses the CPU, with a page table and without. */
TEST_F(file, access)
{
	int fd = inx_access(self->w.mock, self->w.fd,
			    IOMMU_NEXT_MOCK_ACCESS_PINS, NULL);
	unsigned char bytes[5 * PAGE];
	uint32_t id[2];

	ASSERT_EQ(0, inx_access_attach(fd, self->w.ioas));
	ASSERT_EQ(0, map_file(self, INX_RW, PAGE, LENGTH - PAGE, IOVA));
	ASSERT_EQ(0, inx_access_read(fd, IOVA + 7, bytes, sizeof(bytes)));
	EXPECT_EQ(0, memcmp(bytes, self->mem + PAGE + 7, sizeof(bytes)));
	expect_pinned(self, 0);
	ASSERT_EQ(0, inx_access_pin(fd, IOMMU_NEXT_MOCK_ACCESS_WRITE,
				    IOVA + HUGE - 3 * PAGE, 5 * PAGE, &id[0]));
	expect_pinned(self, 5 * PAGE);
	attach(self);
	expect_pinned(self, LENGTH - PAGE);
	ASSERT_EQ(0, inx_access_pin(fd, 0, IOVA + HUGE, 2 * HUGE, &id[1]));
	ASSERT_EQ(0, inx_detach(self->dev->fd));
	expect_pinned(self, 2 * HUGE + 3 * PAGE);
	ASSERT_EQ(0, inx_access_read_pin(fd, id[0], 0, bytes, sizeof(bytes)));
	EXPECT_EQ(0, memcmp(bytes, self->mem + HUGE - 2 * PAGE, sizeof(bytes)));
	mem_fill(bytes, sizeof(bytes), 9);
	ASSERT_EQ(0, inx_access_write_pin(fd, id[0], 0, bytes, sizeof(bytes)));
	EXPECT_EQ(0, memcmp(bytes, self->mem + HUGE - 2 * PAGE, sizeof(bytes)));
	ASSERT_EQ(0, inx_access_write(fd, IOVA, bytes, 100));
	EXPECT_EQ(0, memcmp(bytes, self->mem + PAGE, 100));
	ASSERT_EQ(0, inx_access_unpin(fd, id[0]));
	expect_pinned(self, 2 * HUGE);
	close(fd);
	expect_pinned(self, 0);
}

/* A failure half way leaves nothing. */
TEST_F(file, map_fails)
{
	struct world *w = &self->w;
	unsigned int after;
	int rc = -1;

	attach(self);
	for (after = 0; rc && after < 4096; after += after / 4 + 1) {
		world_fail_next(w, self->dev, IOMMU_NEXT_MOCK_FAIL_MAP, after);
		rc = map_file(self, INX_RW, PAGE, LENGTH - 2 * PAGE, IOVA);
		if (rc) {
			EXPECT_EQ(ENOMEM, errno);
			expect_pinned(self, 0);
			EXPECT_EQ(0, world_stats(w, self->dev).bytes);
		}
	}
	EXPECT_EQ(0, rc);
	world_fail_next(w, self->dev, IOMMU_NEXT_MOCK_FAIL_NOTHING, 0);
}

static void map_and_exit(void *arg)
{
	struct file_data *self = arg;

	munmap(self->mem, LENGTH);
	ASSERT_EQ(0, map_file(self, INX_RW, 0, LENGTH, IOVA));
	close(self->file);
}

/* It needs nobody who has it mapped, nor the process that mapped it. */
TEST_F(file, outlives)
{
	world_join(world_fork(map_and_exit, self));
	attach(self);
	EXPECT_EQ(LENGTH, world_stats(&self->w, self->dev).bytes);
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, LENGTH));
	/* Charged to a process that is no more. */
	expect_pinned(self, 0);
}

/* ---- errors ---------------------------------------------------------------------- */

TEST_F(file, flags_and_ranges)
{
	int bit;

	attach(self);
	for (bit = 3; bit < 32; bit++)
		EXPECT_ERRNO(EOPNOTSUPP, map_file(self, INX_RW | 1U << bit, 0,
						  PAGE, IOVA));
	EXPECT_ERRNO(EINVAL, map_file(self, 0, 0, PAGE, IOVA));
	EXPECT_ERRNO(EINVAL, map_file(self, INX_RW, 0, 0, IOVA));
	EXPECT_ERRNO(EINVAL, map_file(self, INX_RW, 0, PAGE, IOVA + 1));
	EXPECT_ERRNO(EINVAL, map_file(self, INX_RW, 1, PAGE, IOVA));
	EXPECT_ERRNO(EINVAL, map_file(self, INX_RW, 0, PAGE + 1, IOVA));
	EXPECT_ERRNO(EOVERFLOW, map_file(self, INX_RW, 0, UINT64_MAX, IOVA));
	EXPECT_ERRNO(EOVERFLOW, map_file(self, INX_RW, 0, PAGE, UINT64_MAX));
	EXPECT_ERRNO(EOVERFLOW, map_file(self, INX_RW, UINT64_MAX - PAGE + 1,
					 2 * PAGE, IOVA));
	/* Beyond the end, by a page and by far. */
	EXPECT_ERRNO(EINVAL, map_file(self, INX_RW, 0, LENGTH + PAGE, IOVA));
	EXPECT_ERRNO(EINVAL, map_file(self, INX_RW, LENGTH, PAGE, IOVA));
	EXPECT_ERRNO(EINVAL, map_file(self, INX_RW, 1UL << 62, PAGE, IOVA));
	EXPECT_ERRNO(EINVAL, map_file(self, INX_RW, 1UL << 63, PAGE, IOVA));
	expect_pinned(self, 0);
	EXPECT_EQ(0, world_stats(&self->w, self->dev).bytes);
}

/* A file that is too short is found out when it is pinned. */
TEST_F(file, truncated)
{
	ASSERT_EQ(0, map_file(self, INX_RW, 0, LENGTH, IOVA));
	ASSERT_EQ(0, ftruncate(self->file, 2 * HUGE));
	EXPECT_ERRNO(EINVAL, inx_attach_to(self->dev->fd, self->w.ioas));
	expect_pinned(self, 0);
	ASSERT_EQ(0, ftruncate(self->file, LENGTH));
	attach(self);
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, LENGTH));
	/* Afterwards it keeps what it has. */
	ASSERT_EQ(0, ftruncate(self->file, 0));
	expect_pinned(self, LENGTH);
	EXPECT_EQ(0, world_touch(self->dev, IOVA + LENGTH - 1, true));
}

TEST_F(file, seals)
{
	struct world *w = &self->w;
	uint64_t iova = IOVA;
	int file = self->file;

	munmap(self->mem, LENGTH);
	/* Not pinned yet, and yet somebody may write to it. */
	ASSERT_EQ(0, map_file(self, INX_RW, 0, PAGE, IOVA));
	EXPECT_ERRNO(EBUSY, fcntl(file, F_ADD_SEALS, F_SEAL_WRITE));
	ASSERT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
	ASSERT_EQ(0, map_file(self, INX_RO, 0, PAGE, IOVA));
	EXPECT_EQ(0, fcntl(file, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	EXPECT_ERRNO(EPERM, map_file(self, INX_RW, 0, PAGE, 2 * IOVA));
	EXPECT_EQ(0, fcntl(file, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_ERRNO(EPERM, map_file(self, INX_RW, 0, PAGE, 2 * IOVA));
	EXPECT_ERRNO(EPERM, inx_copy(w->fd, w->ioas, w->ioas, INX_RW, PAGE,
				     &iova, IOVA));
	if (inx_attach_to(self->dev->fd, w->ioas)) {
		/* Linux before 6.11. */
		EXPECT_EQ(EOPNOTSUPP, errno);
		expect_pinned(self, 0);
	} else {
		EXPECT_EQ(0, world_touch(self->dev, IOVA, false));
	}
}

/* ---- which files ------------------------------------------------------------------- */

static int map_fd(struct world *w, int file, uint32_t rights)
{
	uint64_t iova = IOVA;
	int rc = inx_map_file(w->fd, w->ioas, rights | INX_FIXED, file, 0, PAGE,
			      &iova);

	if (!rc)
		EXPECT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
	return rc;
}

TEST(kinds_of_file)
{
	struct world w;
	int pipe_fd[2];

	world_open(&w);
	EXPECT_ERRNO(EBADF, map_fd(&w, -1, INX_RO));
	EXPECT_ERRNO(EBADF, map_fd(&w, 1 << 20, INX_RO));
	EXPECT_ERRNO(EINVAL, map_fd(&w, w.fd, INX_RO));
	EXPECT_ERRNO(EINVAL, map_fd(&w, open("/proc/self/status", O_RDONLY),
				    INX_RO));
	EXPECT_ERRNO(EINVAL, map_fd(&w, open("/dev/zero", O_RDWR), INX_RW));
	EXPECT_ERRNO(EINVAL, map_fd(&w, open("/dev/shm", O_RDONLY), INX_RO));
	ASSERT_EQ(0, pipe(pipe_fd));
	EXPECT_ERRNO(EINVAL, map_fd(&w, pipe_fd[0], INX_RO));
	/* A device node lies on a file system of memory, and is none of it. */
	EXPECT_ERRNO(EINVAL, map_fd(&w, open("/dev/kmsg", O_RDONLY), INX_RO));
	world_close(&w);
}

/* No more than the file descriptor gives. */
TEST(rights)
{
	static const char name[] = "/dev/shm/map_file";
	struct world_dev *dev;
	struct world w;
	int fd;

	world_open(&w);
	dev = world_attach(&w, NULL);
	fd = open(name, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, ftruncate(fd, PAGE));
	EXPECT_EQ(0, map_fd(&w, fd, INX_RW));
	EXPECT_EQ(0, map_fd(&w, fd, INX_RO));
	fd = open(name, O_RDONLY | O_CLOEXEC);
	EXPECT_EQ(0, map_fd(&w, fd, INX_RO));
	EXPECT_ERRNO(EPERM, map_fd(&w, fd, INX_RW));
	fd = open(name, O_WRONLY | O_CLOEXEC);
	EXPECT_ERRNO(EPERM, map_fd(&w, fd, INX_RO));
	EXPECT_ERRNO(EPERM, map_fd(&w, fd, INX_RW));
	fd = open(name, O_PATH | O_CLOEXEC);
	EXPECT_ERRNO(EBADF, map_fd(&w, fd, INX_RO));
	unlink(name);
	EXPECT_EQ(0, world_stats(&w, dev).bytes);
	world_close(&w);
}

/* ---- the price --------------------------------------------------------------------- */

TEST(memlock)
{
	struct world_dev *dev;
	uint64_t iova = IOVA;
	struct world w;
	int fd;

	world_open(&w);
	dev = world_attach(&w, NULL);
	fd = make_file(SMALL);
	world_become_user(USER);
	world_memlock(64 * PAGE);
	EXPECT_ERRNO(ENOMEM, inx_map_file(w.fd, w.ioas, INX_RW | INX_FIXED, fd,
					  0, 65 * PAGE, &iova));
	EXPECT_EQ(0, world_pinned(&w));
	EXPECT_EQ(0, world_stats(&w, dev).bytes);
	ASSERT_EQ(0, inx_map_file(w.fd, w.ioas, INX_RW | INX_FIXED, fd, 0,
				  64 * PAGE, &iova));
	EXPECT_EQ(64 * 4, world_pinned(&w));
	EXPECT_ERRNO(ENOMEM, inx_map_file(w.fd, w.ioas, INX_RW, fd, 0, PAGE,
					  NULL));
	iova = 2 * IOVA;
	EXPECT_EQ(0, inx_copy(w.fd, w.ioas, w.ioas, INX_RW | INX_FIXED,
			      64 * PAGE, &iova, IOVA));
	EXPECT_EQ(64 * 4, world_pinned(&w));
	world_close(&w);
}

TEST_HARNESS_MAIN
