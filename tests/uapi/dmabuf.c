// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none,smp timeout=60 */
/* harness: seldom=?.?/none,6.12/none */
/*
 * IOAS_MAP_FILE of a dma-buf: memory of a device, which the mock makes. Which it
 * takes, what devices see of them, and that nobody sees them any more when their
 * memory is taken back, whatever else is going on.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <linux/vfio.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem.h"
#include "racer.h"
#include "tap.h"
#include "type1.h"
#include "world.h"

#define PIECES 4UL
#define PIECE (4 * PAGE)
#define LENGTH (PIECES * PIECE)
#define USER 1234
#define RACE_MS 1000

#define NONE IOMMU_NEXT_MOCK_FAULT_NONE
#define UNMAPPED IOMMU_NEXT_MOCK_FAULT_UNMAPPED

/* Two devices in one IOAS, each with a page table of its own. */
FIXTURE(dmabuf)
{
	struct world w;
	struct world_dev *dev[2];
	uint32_t other;
	int file;
	unsigned char *mem;
};

static int make_file(struct dmabuf_data *self)
{
	int file = inx_dmabuf(self->w.mock, PIECES, PIECE, O_CLOEXEC | O_RDWR);

	ASSERT_GE(file, 0);
	return file;
}

FIXTURE_SETUP(dmabuf)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();

	world_open(&self->w);
	self->other = world_ioas(&self->w);
	self->dev[0] = world_bind(&self->w, NULL);
	how.page_sizes = 2048 | PAGE;
	self->dev[1] = world_bind(&self->w, &how);
	self->file = make_file(self);
	self->mem = mem_alloc(MEM_SHUFFLED, LENGTH);
	mem_fill(self->mem, LENGTH, 1);
}

FIXTURE_TEARDOWN(dmabuf)
{
	EXPECT_EQ(0, world_pinned(&self->w));
	world_close(&self->w);
	EXPECT_EQ(0, close(self->file));
	munmap(self->mem, LENGTH);
}

static void attach(struct dmabuf_data *self)
{
	ASSERT_EQ(0, inx_attach_to(self->dev[0]->fd, self->w.ioas));
	ASSERT_EQ(0, inx_attach_to(self->dev[1]->fd, self->w.ioas));
}

static int map_in(struct dmabuf_data *self, uint32_t ioas, uint32_t rights,
		  uint64_t start, uint64_t length, uint64_t iova)
{
	return inx_map_file(self->w.fd, ioas, rights | INX_FIXED, self->file,
			    start, length, &iova);
}

static int map(struct dmabuf_data *self, uint64_t start, uint64_t length,
	       uint64_t iova)
{
	return map_in(self, self->w.ioas, INX_RW, start, length, iova);
}

static int take(struct dmabuf_data *self, bool revoked)
{
	return inx_dmabuf_revoke(self->w.mock, self->file, revoked);
}

static void expect_fault(struct dmabuf_data *self, uint64_t iova, int fault)
{
	int i;

	for (i = 0; i < 2; i++) {
		EXPECT_EQ(fault, world_touch(self->dev[i], iova, false));
		EXPECT_EQ(fault, world_touch(self->dev[i], iova, true));
	}
}

/* None of it can be reached. */
static void expect_gone(struct dmabuf_data *self, uint64_t iova)
{
	uint64_t at;

	for (at = 0; at < LENGTH; at += PAGE)
		expect_fault(self, iova + at, UNMAPPED);
}

/* ---- what devices see ------------------------------------------------------------ */

TEST_F(dmabuf, dma)
{
	struct world *w = &self->w;
	uint64_t at, n = 0;

	attach(self);
	ASSERT_EQ(0, map(self, 0, LENGTH, IOVA));
	EXPECT_EQ(0, world_pinned(w));
	for (at = 0; at < LENGTH; at += PIECE)
		ASSERT_EQ(NONE, inx_mock_write(self->dev[0]->fd, IOVA + at,
					       self->mem + at, PIECE));
	for (at = 0; at < LENGTH; at += PAGE)
		EXPECT_TRUE(world_reads(self->dev[1], IOVA + at, self->mem + at,
					PAGE));
	/* A part of it, across the end of a piece. */
	ASSERT_EQ(0, map(self, PIECE - PAGE, 6 * PAGE, 2 * IOVA));
	EXPECT_TRUE(world_reads(self->dev[0], 2 * IOVA,
				self->mem + PIECE - PAGE, 6 * PAGE));
	EXPECT_EQ(UNMAPPED, world_touch(self->dev[0], 2 * IOVA + 6 * PAGE,
					false));
	ASSERT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LENGTH, &n));
	EXPECT_EQ(LENGTH, n);
	expect_gone(self, IOVA);
	EXPECT_TRUE(world_reads(self->dev[1], 2 * IOVA,
				self->mem + PIECE - PAGE, 6 * PAGE));
}

/* Not to a page: as the IO pages of the one device allow. */
TEST_F(dmabuf, half_pages)
{
	ASSERT_EQ(0, inx_attach_to(self->dev[0]->fd, self->w.ioas));
	EXPECT_ERRNO(EINVAL, map(self, 2048, 2048, IOVA));
	ASSERT_EQ(0, map(self, 0, LENGTH, IOVA));
	ASSERT_EQ(NONE, inx_mock_write(self->dev[0]->fd, IOVA + PIECE,
				       self->mem, PIECE));
	ASSERT_EQ(0, inx_attach_to(self->dev[1]->fd, self->other));
	ASSERT_EQ(0, map_in(self, self->other, INX_RW, PIECE + 2048, PAGE,
			    IOVA));
	EXPECT_TRUE(world_reads(self->dev[1], IOVA, self->mem + 2048, PAGE));
	EXPECT_EQ(UNMAPPED, world_touch(self->dev[1], IOVA + PAGE, false));
}

TEST_F(dmabuf, rights)
{
	attach(self);
	ASSERT_EQ(0, map_in(self, self->w.ioas, INX_RO, 0, PAGE, IOVA));
	EXPECT_EQ(NONE, world_touch(self->dev[0], IOVA, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_PERMISSION,
		  world_touch(self->dev[0], IOVA, true));
}

/* Whoever may lock nothing can map it, as nothing is locked. */
TEST_F(dmabuf, charges_nobody)
{
	attach(self);
	world_memlock(0);
	world_become_user(USER);
	world_memlock(0);
	ASSERT_EQ(0, map(self, 0, LENGTH, IOVA));
	EXPECT_EQ(NONE, world_touch(self->dev[0], IOVA, true));
}

/* Where the kernel puts it, without an IOVA of the caller's. */
TEST_F(dmabuf, anywhere)
{
	struct world *w = &self->w;
	uint64_t iova = 0;

	attach(self);
	ASSERT_EQ(0, inx_map_file(w->fd, w->ioas, INX_RW, self->file, PAGE,
				  LENGTH - PAGE, &iova));
	EXPECT_NE(0, iova);
	EXPECT_EQ(NONE, world_touch(self->dev[0], iova, true));
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, iova, LENGTH - PAGE, NULL));
}

/* ---- what is refused ------------------------------------------------------------- */

TEST_F(dmabuf, refused)
{
	struct world *w = &self->w;
	uint64_t iova = IOVA;
	int fds[2];

	attach(self);
	EXPECT_ERRNO(EINVAL, map(self, 0, 0, IOVA));
	EXPECT_ERRNO(EINVAL, map(self, 0, LENGTH + 1, IOVA));
	EXPECT_ERRNO(EINVAL, map(self, 0, LENGTH + PAGE, IOVA));
	EXPECT_ERRNO(EINVAL, map(self, LENGTH, PAGE, IOVA));
	EXPECT_ERRNO(EINVAL, map(self, LENGTH - PAGE, 2 * PAGE, IOVA));
	EXPECT_ERRNO(EINVAL, map(self, 1UL << 62, PAGE, IOVA));
	EXPECT_ERRNO(EOVERFLOW, map(self, -PAGE, PAGE, IOVA));
	EXPECT_ERRNO(EOVERFLOW, map(self, PAGE, -PAGE, IOVA));
	EXPECT_ERRNO(EINVAL, map(self, 2048, PAGE, IOVA));
	EXPECT_ERRNO(EINVAL, map(self, 0, PAGE, IOVA + 1));
	EXPECT_ERRNO(EINVAL, map_in(self, w->ioas, 0, 0, PAGE, IOVA));
	EXPECT_ERRNO(EOPNOTSUPP, map_in(self, w->ioas, INX_RW | 8, 0, PAGE,
					IOVA));
	EXPECT_ERRNO(ENOENT, map_in(self, 4711, INX_RW, 0, PAGE, IOVA));
	EXPECT_ERRNO(EBADF, inx_map_file(w->fd, w->ioas, INX_RW | INX_FIXED,
					 -1, 0, PAGE, &iova));
	ASSERT_EQ(0, pipe(fds));
	EXPECT_ERRNO(EINVAL, inx_map_file(w->fd, w->ioas, INX_RW | INX_FIXED,
					  fds[0], 0, PAGE, &iova));
	EXPECT_ERRNO(EINVAL, inx_dmabuf_revoke(w->mock, fds[0], true));
	EXPECT_EQ(0, close(fds[0]) | close(fds[1]));
	EXPECT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
	ASSERT_EQ(0, map(self, 0, PAGE, IOVA));
	EXPECT_ERRNO(EEXIST, map(self, 0, PAGE, IOVA));
	EXPECT_ERRNO(EBADF, inx_dmabuf_revoke(w->mock, -1, true));
	EXPECT_ERRNO(EINVAL, inx_dmabuf_revoke(w->mock, self->file, 2));
	EXPECT_EQ(NONE, world_touch(self->dev[0], IOVA, true));
}

TEST_F(dmabuf, not_made)
{
	int mock = self->w.mock;

	EXPECT_ERRNO(EINVAL, inx_dmabuf(mock, 0, PAGE, 0));
	EXPECT_ERRNO(EINVAL, inx_dmabuf(mock, 1, 0, 0));
	EXPECT_ERRNO(EINVAL, inx_dmabuf(mock, IOMMU_NEXT_MOCK_DMABUF_PIECES + 1,
					PAGE, 0));
	EXPECT_ERRNO(EINVAL, inx_dmabuf(mock, 1, IOMMU_NEXT_MOCK_DMABUF_LENGTH +
					1, 0));
}

/* A dma-buf of the kernel's, which tells nobody where its memory is. */
TEST_F(dmabuf, of_somebody_else)
{
	struct udmabuf_create create = { .flags = 0, .size = LENGTH };
	struct world *w = &self->w;
	uint64_t iova = IOVA;
	int udmabuf, file;

	udmabuf = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	if (udmabuf < 0)
		SKIP("this kernel has no /dev/udmabuf to make one with");
	create.memfd = memfd_create("dmabuf", MFD_ALLOW_SEALING);
	ASSERT_GE((int)create.memfd, 0);
	ASSERT_EQ(0, ftruncate(create.memfd, LENGTH));
	ASSERT_EQ(0, fcntl(create.memfd, F_ADD_SEALS, F_SEAL_SHRINK));
	file = ioctl(udmabuf, UDMABUF_CREATE, &create);
	ASSERT_GE(file, 0);
	EXPECT_ERRNO(EINVAL, inx_map_file(w->fd, w->ioas, INX_RW | INX_FIXED,
					  file, 0, LENGTH + PAGE, &iova));
	EXPECT_ERRNO(EOPNOTSUPP, inx_map_file(w->fd, w->ioas,
					      INX_RW | INX_FIXED, file, 0,
					      LENGTH, &iova));
	EXPECT_ERRNO(EOPNOTSUPP, inx_dmabuf_revoke(w->mock, file, true));
	EXPECT_EQ(0, close(file) | close(create.memfd) | close(udmabuf));
}

/* The file itself: it has a size and nothing to read. */
TEST_F(dmabuf, file)
{
	char byte;

	EXPECT_EQ(LENGTH, lseek(self->file, 0, SEEK_END));
	EXPECT_ERRNO(EINVAL, read(self->file, &byte, 1));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED,
				   self->file, 0));
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->file, F_GETFD));
}

/* There are no pages that the CPU could touch, or that could change hands. */
TEST_F(dmabuf, not_for_the_cpu)
{
	struct world *w = &self->w;
	unsigned char byte = 1;
	int access, round;
	uint32_t id, pin;

	ASSERT_EQ(0, map(self, 0, LENGTH, IOVA));
	access = inx_access(w->mock, w->fd, IOMMU_NEXT_MOCK_ACCESS_PINS, &id);
	ASSERT_GE(access, 0);
	ASSERT_EQ(0, inx_access_attach(access, w->ioas));
	for (round = 0; round < 2; round++) {
		EXPECT_ERRNO(EINVAL, inx_access_pin(access, 0, IOVA, PAGE,
						    &pin));
		EXPECT_ERRNO(EINVAL, inx_access_read(access, IOVA, &byte, 1));
		EXPECT_ERRNO(EINVAL, inx_access_write(access, IOVA, &byte, 1));
		EXPECT_ERRNO(EINVAL, inx_change_process(w->fd));
		ASSERT_EQ(0, take(self, true));
	}
	EXPECT_EQ(0, close(access));
}

/* ---- taken back ------------------------------------------------------------------ */

TEST_F(dmabuf, revoked)
{
	struct world *w = &self->w;
	uint64_t n = 0;

	attach(self);
	ASSERT_EQ(0, map(self, 0, LENGTH, IOVA));
	ASSERT_EQ(0, map(self, PAGE, PAGE, 2 * IOVA));
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, LENGTH, 3 * IOVA));
	expect_fault(self, IOVA, NONE);
	ASSERT_EQ(0, take(self, true));
	expect_gone(self, IOVA);
	expect_fault(self, 2 * IOVA, UNMAPPED);
	EXPECT_TRUE(world_reads(self->dev[0], 3 * IOVA, self->mem, PAGE));
	EXPECT_ERRNO(ENODEV, map(self, 0, LENGTH, 4 * IOVA));
	/* Longer than it is, first of all. */
	EXPECT_ERRNO(EINVAL, map(self, 0, LENGTH + PAGE, 4 * IOVA));
	ASSERT_EQ(0, take(self, true));
	/* It comes back for new mappings alone. */
	ASSERT_EQ(0, take(self, false));
	ASSERT_EQ(0, take(self, false));
	expect_gone(self, IOVA);
	EXPECT_ERRNO(EEXIST, map(self, 0, LENGTH, IOVA));
	ASSERT_EQ(0, map(self, 0, LENGTH, 4 * IOVA));
	expect_fault(self, 4 * IOVA, NONE);
	ASSERT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LENGTH, &n));
	EXPECT_EQ(LENGTH, n);
	ASSERT_EQ(0, map(self, 0, LENGTH, IOVA));
	expect_fault(self, IOVA, NONE);
	expect_fault(self, 2 * IOVA, UNMAPPED);
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, 3 * IOVA, LENGTH, NULL));
}

/* Page tables that come later, first ones and others, have nothing of it. */
TEST_F(dmabuf, revoked_before_attach)
{
	struct world *w = &self->w;
	uint64_t iova = 2 * IOVA;
	uint32_t hwpt;

	ASSERT_EQ(0, map(self, 0, LENGTH, IOVA));
	ASSERT_EQ(0, take(self, true));
	attach(self);
	expect_gone(self, IOVA);
	ASSERT_EQ(0, inx_copy(w->fd, w->ioas, w->ioas, INX_RW | INX_FIXED,
			      LENGTH, &iova, IOVA));
	expect_gone(self, iova);
	ASSERT_EQ(0, take(self, false));
	ASSERT_EQ(0, inx_hwpt_alloc(w->fd, self->dev[0]->id, w->ioas, &hwpt));
	ASSERT_EQ(0, inx_attach_to(self->dev[0]->fd, hwpt));
	expect_gone(self, IOVA);
	ASSERT_EQ(0, inx_detach(self->dev[0]->fd));
	ASSERT_EQ(0, inx_detach(self->dev[1]->fd));
	ASSERT_EQ(0, inx_destroy(w->fd, hwpt));
	attach(self);
	expect_gone(self, IOVA);
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LENGTH, NULL));
}

/* Mapped while there is no page table, and then there is one. */
TEST_F(dmabuf, page_tables_come_and_go)
{
	int round;

	ASSERT_EQ(0, map(self, 0, LENGTH, IOVA));
	for (round = 0; round < 3; round++) {
		attach(self);
		expect_fault(self, IOVA + round * PAGE, NONE);
		ASSERT_EQ(0, inx_detach(self->dev[0]->fd));
		EXPECT_EQ(NONE, world_touch(self->dev[1], IOVA, false));
		ASSERT_EQ(0, inx_detach(self->dev[1]->fd));
	}
}

TEST_F(dmabuf, copies)
{
	struct world *w = &self->w;
	uint64_t iova = IOVA;

	ASSERT_EQ(0, inx_attach_to(self->dev[0]->fd, w->ioas));
	ASSERT_EQ(0, inx_attach_to(self->dev[1]->fd, self->other));
	ASSERT_EQ(0, map(self, 0, LENGTH, IOVA));
	ASSERT_EQ(NONE, inx_mock_write(self->dev[0]->fd, IOVA + PAGE,
				       self->mem, 2 * PAGE));
	ASSERT_EQ(0, inx_copy(w->fd, self->other, w->ioas, INX_RW | INX_FIXED,
			      2 * PAGE, &iova, IOVA + PAGE));
	ASSERT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LENGTH, NULL));
	EXPECT_TRUE(world_reads(self->dev[1], IOVA, self->mem, 2 * PAGE));
	ASSERT_EQ(0, take(self, true));
	EXPECT_EQ(UNMAPPED, world_touch(self->dev[1], IOVA, false));
	EXPECT_EQ(UNMAPPED, world_touch(self->dev[1], IOVA + PAGE, false));
	EXPECT_EQ(0, inx_unmap(w->fd, self->other, IOVA, 2 * PAGE, NULL));
}

/* A part, which UNMAP does not take; type1 with small pages does. */
TEST_F(dmabuf, parts)
{
	struct world *w = &self->w;
	uint64_t n = 0;

	ASSERT_EQ(0, type1_set_ioas(w->fd, w->ioas));
	ASSERT_EQ(0, inx_option_set(w->fd, IOMMU_NEXT_OPTION_HUGE_PAGES,
				    w->ioas, 0));
	attach(self);
	ASSERT_EQ(0, map(self, 0, LENGTH, IOVA));
	EXPECT_ERRNO(ENOENT, inx_unmap(w->fd, w->ioas, IOVA, PAGE, NULL));
	ASSERT_EQ(0, ioctl(w->fd, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, type1_unmap(w->fd, IOVA + PIECE - PAGE, 2 * PAGE, &n));
	EXPECT_EQ(2 * PAGE, n);
	expect_fault(self, IOVA + PIECE - PAGE, UNMAPPED);
	expect_fault(self, IOVA + PIECE, UNMAPPED);
	expect_fault(self, IOVA, NONE);
	expect_fault(self, IOVA + PIECE + PAGE, NONE);
	ASSERT_EQ(0, take(self, true));
	expect_gone(self, IOVA);
	ASSERT_EQ(0, type1_unmap(w->fd, IOVA + PAGE, PAGE, &n));
	EXPECT_EQ(PAGE, n);
	ASSERT_EQ(0, inx_unmap_all(w->fd, w->ioas, &n));
	EXPECT_EQ(LENGTH - 3 * PAGE, n);
}

/* What is written to it is not recorded; a walk passes it, with memory or without. */
TEST_F(dmabuf, dirty)
{
	struct world *w = &self->w;
	uint64_t bits = 0;
	uint32_t hwpt;
	int round;

	ASSERT_EQ(0, inx_hwpt_alloc_flags(w->fd, self->dev[0]->id, w->ioas,
					  IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING,
					  &hwpt));
	ASSERT_EQ(0, inx_attach_to(self->dev[0]->fd, hwpt));
	ASSERT_EQ(0, map(self, 0, 16 * PAGE, IOVA));
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, 4 * PAGE,
				IOVA + 16 * PAGE));
	ASSERT_EQ(0, inx_dirty_set(w->fd, hwpt, true));
	EXPECT_EQ(NONE, world_touch(self->dev[0], IOVA, true));
	for (round = 0; round < 2; round++) {
		EXPECT_EQ(NONE, world_touch(self->dev[0], IOVA + 17 * PAGE,
					    true));
		bits = 0;
		ASSERT_EQ(0, inx_dirty_read(w->fd, hwpt, 0, IOVA, 20 * PAGE,
					    PAGE, &bits));
		EXPECT_EQ(1UL << 17, bits);
		ASSERT_EQ(0, take(self, true));
	}
	EXPECT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
}

/* ---- who lives longer ------------------------------------------------------------ */

/* The mapping keeps the memory, without its file and without who has made it. */
TEST_F(dmabuf, file_is_closed)
{
	struct world *w = &self->w;
	int file;

	attach(self);
	ASSERT_EQ(0, map(self, 0, LENGTH, IOVA));
	ASSERT_EQ(NONE, inx_mock_write(self->dev[0]->fd, IOVA, self->mem,
				       PIECE));
	ASSERT_EQ(0, close(self->file));
	file = make_file(self);
	EXPECT_TRUE(world_reads(self->dev[1], IOVA, self->mem, PIECE));
	ASSERT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LENGTH, NULL));
	self->file = file;
	ASSERT_EQ(0, map(self, 0, LENGTH, IOVA));
	EXPECT_EQ(NONE, world_touch(self->dev[0], IOVA, true));
	/* Another one, and nothing happens to this. */
	file = make_file(self);
	ASSERT_EQ(0, inx_dmabuf_revoke(w->mock, file, true));
	EXPECT_EQ(0, close(file));
	EXPECT_EQ(NONE, world_touch(self->dev[0], IOVA, true));
}

/* The IOAS goes with what it maps, and its memory may be revoked then. */
TEST_F(dmabuf, ioas_is_destroyed)
{
	struct world *w = &self->w;
	uint32_t ioas;

	ASSERT_EQ(0, inx_ioas_alloc(w->fd, &ioas));
	ASSERT_EQ(0, map_in(self, ioas, INX_RW, 0, LENGTH, IOVA));
	ASSERT_EQ(0, inx_destroy(w->fd, ioas));
	ASSERT_EQ(0, take(self, true));
}

static void map_forever(void *arg)
{
	struct dmabuf_data *self = arg;
	int fd = inx_open(), dev = self->dev[0]->fd;
	uint64_t iova = IOVA;
	uint32_t ioas;

	ASSERT_EQ(0, inx_bind(dev, fd, NULL));
	ASSERT_EQ(0, inx_ioas_alloc(fd, &ioas));
	ASSERT_EQ(0, inx_attach_to(dev, ioas));
	for (;;) {
		ASSERT_EQ(0, inx_map_file(fd, ioas, INX_RW | INX_FIXED,
					  self->file, 0, LENGTH, &iova));
		ASSERT_EQ(0, inx_map_file(fd, ioas, INX_RW, self->file, PAGE,
					  PAGE, &iova));
		ASSERT_EQ(0, inx_unmap_all(fd, ioas, NULL));
		iova = IOVA;
	}
}

/* In the midst of it; nothing is left of what the process had. */
TEST_F(dmabuf, killed)
{
	struct world *w = &self->w;
	int status, round;

	for (round = 0; round < 5; round++) {
		pid_t pid;

		world_close_dev(self->dev[0]);
		EXPECT_EQ(0, world_stats(w, self->dev[0]).pages);
		self->dev[0]->fd = inx_mock_open(w->mock, self->dev[0]->mock);
		ASSERT_GE(self->dev[0]->fd, 0);
		pid = world_fork(map_forever, self);
		usleep(10000 + round * 7000);
		ASSERT_EQ(0, take(self, false));
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(SIGKILL, WTERMSIG(status));
		ASSERT_EQ(0, take(self, true));
		EXPECT_EQ(0, world_stats(w, self->dev[0]).pages);
		ASSERT_EQ(0, take(self, false));
	}
}

/* ---- races ----------------------------------------------------------------------- */

static struct dmabuf_data *data(struct racer *r)
{
	return r->race->data;
}

/* When it has been taken back nobody reaches it, whoever maps meanwhile. */
static void take_and_give(struct racer *r)
{
	struct dmabuf_data *self = data(r);
	int i;

	if (!ONE_OF(r, take(self, true)))
		return;
	for (i = 0; i < 4; i++) {
		uint64_t at = pick(r, PIECES * 4) * PAGE;
		int fault = world_touch(self->dev[i % 2], IOVA + at, i / 2);

		must(r, fault == UNMAPPED ||
		     fault == IOMMU_NEXT_MOCK_FAULT_BLOCKED, "still there");
	}
	ONE_OF(r, take(self, false));
}

static void map_some(struct racer *r)
{
	uint64_t first = pick(r, 12), n = 1 + pick(r, 4);

	ONE_OF(r, map(data(r), first * PAGE, n * PAGE, IOVA + first * PAGE),
	       ENODEV, EEXIST);
}

static void unmap_some(struct racer *r)
{
	struct world *w = &data(r)->w;
	uint64_t first = pick(r, 12), n = 1 + pick(r, 16);

	ONE_OF(r, inx_unmap(w->fd, w->ioas, IOVA + first * PAGE, n * PAGE,
			    NULL), ENOENT, EBUSY);
}

static void map_and_unmap(struct racer *r)
{
	if (pick(r, 2))
		map_some(r);
	else
		unmap_some(r);
}

static void copy_some(struct racer *r)
{
	struct world *w = &data(r)->w;
	uint64_t first = pick(r, 16), to = pick(r, 16);
	uint64_t iova = IOVA + to * PAGE;

	ONE_OF(r, inx_copy(w->fd, w->ioas, w->ioas, INX_RW | INX_FIXED, PAGE,
			   &iova, IOVA + first * PAGE), ENOENT, EEXIST);
}

static void attach_and_detach(struct racer *r)
{
	struct dmabuf_data *self = data(r);
	struct world_dev *dev = self->dev[pick(r, 2)];

	if (ONE_OF(r, inx_attach_to(dev->fd, self->w.ioas)))
		ONE_OF(r, inx_detach(dev->fd));
}

/* Devices that are there all of the time. */
TEST_F(dmabuf, revoke_beside_map)
{
	attach(self);
	RACE(self, RACE_MS, RACER(take_and_give), RACER(map_and_unmap));
	EXPECT_EQ(0, inx_unmap_all(self->w.fd, self->w.ioas, NULL));
}

/* Page tables that come and go. */
TEST_F(dmabuf, revoke_beside_attach)
{
	RACE(self, RACE_MS, RACER(take_and_give), RACER(attach_and_detach),
	     RACER(map_and_unmap));
	EXPECT_EQ(0, inx_unmap_all(self->w.fd, self->w.ioas, NULL));
}

TEST_F(dmabuf, revoke_beside_all)
{
	RACE(self, RACE_MS, RACER(take_and_give), RACER(attach_and_detach),
	     RACER(map_and_unmap), RACER(copy_some), RACER(unmap_some));
	EXPECT_EQ(0, inx_unmap_all(self->w.fd, self->w.ioas, NULL));
}

TEST_HARNESS_MAIN
