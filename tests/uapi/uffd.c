// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none,smp */
/*
 * Calls that wait for user space, because the memory that they were given is
 * handled by a userfaultfd. Nobody else may have to wait for them: whatever is
 * destroyed, closed or removed meanwhile goes at once, and what the call still
 * held goes when it ends.
 */
#define _GNU_SOURCE
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"
#include "tap.h"
#include "uffd.h"
#include "world.h"

#define LENGTH (4 * PAGE)
#define WAIT_MS 10000

FIXTURE(wait)
{
	struct world w;
	struct world_dev *dev;
	struct uffd u;
	char *mem;
	uint32_t hwpt;
	struct later later;
	unsigned char *page;
};

FIXTURE_SETUP(wait)
{
	world_open(&self->w);
	self->dev = world_bind(&self->w, NULL);
	self->mem = inx_alloc(LENGTH);
	uffd_open(&self->u, LENGTH);
}

FIXTURE_TEARDOWN(wait)
{
	world_close(&self->w);
}

/* Where IOAS_MAP waits in these tests: memory that is not there. */
static int map(void *arg)
{
	struct wait_data *self = arg;

	return inx_map_at(self->w.fd, self->w.ioas, self->u.mem, LENGTH, IOVA);
}

static int attach(void *arg)
{
	struct wait_data *self = arg;

	return inx_attach_to(self->dev->fd, self->w.ioas);
}

static int alloc_hwpt(void *arg)
{
	struct wait_data *self = arg;

	return inx_hwpt_alloc(self->w.fd, self->dev->id, self->w.ioas,
			      &self->hwpt);
}

/*
 * Start a call that pins, and wait until it waits. A kernel whose long-term
 * pins do not wait for a userfaultfd refuses such memory; then there is nothing
 * to see here but that nothing is left of the call.
 */
static void start(struct wait_data *self, int (*call)(void *arg))
{
	long pinned = world_pinned(&self->w);

	later_start(&self->later, call, self);
	self->page = uffd_wait(&self->u, 200);
	if (!self->page && later_ends(&self->later, WAIT_MS)) {
		EXPECT_ERRNO(EFAULT, later_join(&self->later));
		EXPECT_EQ(pinned, world_pinned(&self->w));
		SKIP("a pin does not wait for user space on this kernel: EFAULT");
	}
	if (!self->page)
		self->page = uffd_wait(&self->u, WAIT_MS);
	ASSERT_EQ(self->u.mem, self->page);
}

/* Let it go on; returns what it returned. */
static int finish(struct wait_data *self)
{
	uffd_fill(&self->u, self->u.mem, LENGTH, NULL);
	return later_join(&self->later);
}

static int destroy_ioas(void *arg)
{
	struct wait_data *self = arg;

	return inx_destroy(self->w.fd, self->w.ioas);
}

static int destroy_hwpt(void *arg)
{
	struct wait_data *self = arg;

	return inx_destroy(self->w.fd, self->hwpt);
}

static int detach(void *arg)
{
	struct wait_data *self = arg;

	return inx_detach(self->dev->fd);
}

static int close_dev(void *arg)
{
	struct wait_data *self = arg;
	int rc = close(self->dev->fd);

	self->dev->fd = -1;
	return rc;
}

static int close_file(void *arg)
{
	struct wait_data *self = arg;
	int rc = close(self->w.fd);

	self->w.fd = -1;
	return rc;
}

static int remove_dev(void *arg)
{
	struct wait_data *self = arg;
	int rc = inx_mock_remove(self->w.mock, self->dev->mock);

	self->dev->mock = 0;
	return rc;
}

/* ---- MAP ------------------------------------------------------------------------ */

TEST_F(wait, map_goes_on)
{
	ASSERT_EQ(0, attach(self));
	start(self, map);
	EXPECT_EQ(0, finish(self));
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->u.mem, LENGTH));
	EXPECT_EQ((long)LENGTH / 1024, world_pinned(&self->w));
}

/* Other places of the IOAS are not concerned. */
TEST_F(wait, map_and_others)
{
	struct world *w = &self->w;
	uint64_t iova = 2 * IOVA;
	uint32_t num = 0;

	ASSERT_EQ(0, attach(self));
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, LENGTH, 4 * IOVA));
	start(self, map);
	EXPECT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, LENGTH, 5 * IOVA));
	EXPECT_EQ(0, inx_copy(w->fd, w->ioas, w->ioas, INX_RW | INX_FIXED,
			      LENGTH, &iova, 4 * IOVA));
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, 4 * IOVA, LENGTH, NULL));
	EXPECT_TRUE(world_reads(self->dev, iova, self->mem, LENGTH));
	EXPECT_ERRNO(EMSGSIZE, inx_iova_ranges(w->fd, w->ioas, NULL, &num,
					       NULL));
	/* Its own place is taken, but there is nothing to be had of it yet. */
	EXPECT_ERRNO(EEXIST, inx_map_at(w->fd, w->ioas, self->mem, PAGE, IOVA));
	EXPECT_ERRNO(EBUSY, inx_unmap(w->fd, w->ioas, IOVA, LENGTH, NULL));
	EXPECT_ERRNO(EBUSY, inx_unmap_all(w->fd, w->ioas, NULL));
	iova = 6 * IOVA;
	EXPECT_ERRNO(ENOENT, inx_copy(w->fd, w->ioas, w->ioas,
				      INX_RW | INX_FIXED, PAGE, &iova, IOVA));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  world_touch(self->dev, IOVA, false));
	/* All of the mappings that were there before the "all" still are. */
	EXPECT_TRUE(world_reads(self->dev, 5 * IOVA, self->mem, LENGTH));
	EXPECT_EQ(0, finish(self));
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LENGTH, NULL));
}

TEST_F(wait, map_destroy_hwpt_and_ioas)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, alloc_hwpt(self));
	start(self, map);
	EXPECT_ERRNO(EBUSY, at_once(destroy_ioas, self));
	EXPECT_EQ(0, at_once(destroy_hwpt, self));
	EXPECT_ERRNO(ENOENT, at_once(destroy_hwpt, self));
	EXPECT_EQ(0, at_once(destroy_ioas, self));
	EXPECT_ERRNO(ENOENT, at_once(destroy_ioas, self));
	EXPECT_ERRNO(ENOENT, inx_map_at(w->fd, w->ioas, self->mem, PAGE, 0));
	EXPECT_EQ(0, at_once(close_dev, self));
	/* The mapping was made, in an IOAS that is there no more. */
	EXPECT_EQ(0, finish(self));
	EXPECT_EQ(0, close(w->fd));
	w->fd = -1;
	EXPECT_EQ(0, world_pinned(w));
	EXPECT_EQ(0, world_stats(w, self->dev).domains);
}

TEST_F(wait, map_detach)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, attach(self));
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, LENGTH, 4 * IOVA));
	start(self, map);
	EXPECT_EQ(0, at_once(detach, self));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  world_touch(self->dev, 4 * IOVA, false));
	/* Nothing stands on the IOAS any more. */
	EXPECT_EQ(0, at_once(destroy_ioas, self));
	/* The device is free for another one, too. */
	w->ioas = world_ioas(w);
	EXPECT_EQ(0, at_once(attach, self));
	EXPECT_EQ(0, at_once(detach, self));
	EXPECT_EQ(0, finish(self));
	EXPECT_EQ(0, close(w->fd));
	w->fd = -1;
	world_close_dev(self->dev);
	EXPECT_EQ(0, world_pinned(w));
}

TEST_F(wait, map_replace)
{
	uint32_t old = self->w.ioas;
	struct world *w = &self->w;

	ASSERT_EQ(0, attach(self));
	start(self, map);
	w->ioas = world_ioas(w);
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, LENGTH, 4 * IOVA));
	EXPECT_EQ(0, at_once(attach, self));
	EXPECT_TRUE(world_reads(self->dev, 4 * IOVA, self->mem, LENGTH));
	EXPECT_EQ(0, inx_destroy(w->fd, old));
	EXPECT_EQ(0, finish(self));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  world_touch(self->dev, IOVA, false));
}

TEST_F(wait, map_close_device)
{
	ASSERT_EQ(0, attach(self));
	start(self, map);
	EXPECT_EQ(0, at_once(close_dev, self));
	EXPECT_EQ(0, at_once(destroy_ioas, self));
	EXPECT_EQ(0, finish(self));
}

TEST_F(wait, map_remove_device)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, attach(self));
	start(self, map);
	EXPECT_EQ(0, at_once(remove_dev, self));
	EXPECT_ERRNO(ENODEV, inx_detach(self->dev->fd));
	EXPECT_EQ(0, at_once(destroy_ioas, self));
	EXPECT_EQ(0, finish(self));
	EXPECT_EQ(0, close(w->fd));
	w->fd = -1;
	world_close_dev(self->dev);
	EXPECT_EQ(0, world_pinned(w));
}

/* The file's descriptor goes at once; the file, when the call ends. */
TEST_F(wait, map_close_file)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, attach(self));
	start(self, map);
	EXPECT_EQ(0, at_once(close_dev, self));
	EXPECT_EQ(0, at_once(close_file, self));
	EXPECT_EQ(1, world_stats(w, self->dev).domains);
	EXPECT_EQ(0, finish(self));
	EXPECT_EQ(0, world_stats(w, self->dev).domains);
	EXPECT_EQ(0, world_pinned(w));
}

/* Where no device can see it, memory is not touched at all. */
TEST_F(wait, map_where_nobody_looks)
{
	uint32_t ioas = self->w.ioas;

	ASSERT_EQ(0, attach(self));
	start(self, map);
	self->w.ioas = world_ioas(&self->w);
	EXPECT_EQ(0, at_once(map, self));
	EXPECT_NULL(uffd_wait(&self->u, 0));
	EXPECT_EQ(0, at_once(destroy_ioas, self));
	self->w.ioas = ioas;
	EXPECT_EQ(0, finish(self));
}

/* ---- ATTACH, HWPT_ALLOC ------------------------------------------------------------ */

TEST_F(wait, attach_goes_on)
{
	ASSERT_EQ(0, map(self));
	start(self, attach);
	EXPECT_EQ(0, finish(self));
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->u.mem, LENGTH));
}

TEST_F(wait, attach_remove_device)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, map(self));
	start(self, attach);
	EXPECT_EQ(0, at_once(remove_dev, self));
	EXPECT_ERRNO(ENODEV, finish(self));
	EXPECT_EQ(0, world_pinned(w));
	EXPECT_EQ(0, inx_destroy(w->fd, w->ioas));
}

TEST_F(wait, attach_close_device)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, map(self));
	start(self, attach);
	EXPECT_EQ(0, at_once(close_dev, self));
	/* The file is the call's own now. */
	EXPECT_EQ(0, finish(self));
	EXPECT_EQ(0, world_pinned(w));
	EXPECT_EQ(0, world_stats(w, self->dev).domains);
	EXPECT_EQ(0, inx_destroy(w->fd, w->ioas));
}

/* Another device on another IOAS has nothing to do with it. */
TEST_F(wait, attach_and_others)
{
	struct world *w = &self->w;
	struct world_dev *dev = self->dev;

	ASSERT_EQ(0, map(self));
	start(self, attach);
	w->ioas = world_ioas(w);
	self->dev = world_bind(w, NULL);
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, LENGTH, 4 * IOVA));
	EXPECT_EQ(0, at_once(attach, self));
	EXPECT_TRUE(world_reads(self->dev, 4 * IOVA, self->mem, LENGTH));
	EXPECT_EQ(0, at_once(detach, self));
	EXPECT_EQ(0, at_once(close_dev, self));
	EXPECT_EQ(0, finish(self));
	EXPECT_TRUE(world_reads(dev, IOVA, self->u.mem, LENGTH));
}

TEST_F(wait, hwpt_alloc_remove_device)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, map(self));
	start(self, alloc_hwpt);
	EXPECT_ERRNO(EBUSY, at_once(destroy_ioas, self));
	EXPECT_EQ(0, at_once(remove_dev, self));
	finish(self);
	if (!self->later.rc)
		EXPECT_EQ(0, inx_destroy(w->fd, self->hwpt));
	else
		EXPECT_EQ(ENODEV, self->later.error);
	EXPECT_EQ(0, inx_destroy(w->fd, w->ioas));
	EXPECT_EQ(0, world_pinned(w));
}

TEST_F(wait, hwpt_alloc_close_device)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, map(self));
	start(self, alloc_hwpt);
	EXPECT_EQ(0, at_once(close_dev, self));
	finish(self);
	if (!self->later.rc)
		EXPECT_EQ(0, inx_destroy(w->fd, self->hwpt));
	EXPECT_EQ(0, inx_destroy(w->fd, w->ioas));
	EXPECT_EQ(0, world_pinned(w));
	EXPECT_EQ(0, world_stats(w, self->dev).domains);
}

/* ---- arguments that are not there -------------------------------------------------- */

/*
 * These pages are touched by copies from and to user space, which wait on every
 * kernel.
 */
static int map_by_argument(void *arg)
{
	struct wait_data *self = arg;

	return ioctl(self->w.fd, IOMMU_NEXT_IOAS_MAP, self->u.mem);
}

static void start_argument(struct wait_data *self, int (*call)(void *arg))
{
	later_start(&self->later, call, self);
	self->page = uffd_wait(&self->u, WAIT_MS);
	ASSERT_EQ(self->u.mem, self->page);
}

TEST_F(wait, argument_of_map)
{
	struct iommu_next_ioas_map *arg = inx_alloc(PAGE);
	struct world *w = &self->w;

	arg->size = sizeof(*arg);
	arg->flags = INX_RW | INX_FIXED;
	arg->ioas_id = w->ioas;
	arg->user_va = (uintptr_t)self->mem;
	arg->length = LENGTH;
	arg->iova = IOVA;
	ASSERT_EQ(0, attach(self));
	start_argument(self, map_by_argument);
	EXPECT_EQ(0, at_once(detach, self));
	EXPECT_EQ(0, at_once(destroy_ioas, self));
	uffd_fill(&self->u, self->u.mem, PAGE, arg);
	EXPECT_ERRNO(ENOENT, later_join(&self->later));
}

static int allow_by_argument(void *arg)
{
	struct wait_data *self = arg;

	return inx_allow_iovas(self->w.fd, self->w.ioas, (void *)self->u.mem,
			       1);
}

TEST_F(wait, list_of_allow_iovas)
{
	struct iommu_next_iova_range *range = inx_alloc(PAGE);
	struct world *w = &self->w;

	range->last = IOVA;
	start_argument(self, allow_by_argument);
	EXPECT_EQ(0, at_once(attach, self));
	EXPECT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, LENGTH, IOVA));
	EXPECT_EQ(0, at_once(detach, self));
	EXPECT_EQ(0, at_once(destroy_ioas, self));
	uffd_fill(&self->u, self->u.mem, PAGE, range);
	EXPECT_EQ(0, later_join(&self->later));
	/* The last one who knew of the IOAS has cleaned it up. */
	EXPECT_EQ(0, world_pinned(w));
}

static int ranges_to_argument(void *arg)
{
	struct wait_data *self = arg;
	uint32_t num = 4;

	return inx_iova_ranges(self->w.fd, self->w.ioas, (void *)self->u.mem,
			       &num, NULL);
}

TEST_F(wait, list_of_iova_ranges)
{
	ASSERT_EQ(0, attach(self));
	start_argument(self, ranges_to_argument);
	EXPECT_EQ(0, at_once(detach, self));
	EXPECT_EQ(0, at_once(destroy_ioas, self));
	uffd_fill(&self->u, self->u.mem, PAGE, NULL);
	EXPECT_EQ(0, later_join(&self->later));
}

static int attach_by_argument(void *arg)
{
	struct wait_data *self = arg;

	return ioctl(self->dev->fd, IOMMU_NEXT_VFIO_DEVICE_ATTACH, self->u.mem);
}

TEST_F(wait, argument_of_attach)
{
	struct iommu_next_vfio_device_attach *arg = inx_alloc(PAGE);

	arg->argsz = sizeof(*arg);
	arg->pt_id = self->w.ioas;
	start_argument(self, attach_by_argument);
	EXPECT_EQ(0, at_once(detach, self));
	EXPECT_EQ(0, at_once(remove_dev, self));
	uffd_fill(&self->u, self->u.mem, PAGE, arg);
	EXPECT_ERRNO(ENODEV, later_join(&self->later));
}

static int bind_by_argument(void *arg)
{
	struct wait_data *self = arg;

	return ioctl(self->dev->fd, IOMMU_NEXT_VFIO_DEVICE_BIND, self->u.mem);
}

TEST_F(wait, argument_of_bind)
{
	struct iommu_next_vfio_device_bind *arg = inx_alloc(PAGE);
	struct world *w = &self->w;

	world_close_dev(self->dev);
	self->dev->fd = inx_mock_open(w->mock, self->dev->mock);
	arg->argsz = sizeof(*arg);
	arg->iommufd = w->fd;
	start_argument(self, bind_by_argument);
	EXPECT_EQ(0, at_once(remove_dev, self));
	uffd_fill(&self->u, self->u.mem, PAGE, arg);
	EXPECT_ERRNO(ENODEV, later_join(&self->later));
}

/* ---- the device's own operations ---------------------------------------------------- */

static int read_register(void *arg)
{
	struct wait_data *self = arg;

	return pread(self->dev->fd, self->u.mem, 4, EDU_ID);
}

static int write_register(void *arg)
{
	struct wait_data *self = arg;

	return pwrite(self->dev->fd, self->u.mem, 4, EDU_LIVENESS);
}

static int get_info(void *arg)
{
	struct wait_data *self = arg;

	return ioctl(self->dev->fd, VFIO_DEVICE_GET_INFO, self->u.mem);
}

static int dma(void *arg)
{
	struct wait_data *self = arg;

	return ioctl(self->dev->fd, IOMMU_NEXT_MOCK_DMA, self->u.mem);
}

static int (*const operations[])(void *arg) = {
	read_register, write_register, get_info, dma,
};

#define NR_OPERATIONS (sizeof(operations) / sizeof(*operations))

TEST_F(wait, operation_goes_on)
{
	struct iommu_next_mock_dma *arg = inx_alloc(PAGE);
	size_t i;

	ASSERT_EQ(0, attach(self));
	/* Good for GET_INFO as well, and for registers. */
	arg->argsz = sizeof(*arg);
	for (i = 0; i < NR_OPERATIONS; i++) {
		start_argument(self, operations[i]);
		EXPECT_EQ(0, at_once(detach, self));
		uffd_fill(&self->u, self->u.mem, PAGE, arg);
		EXPECT_EQ(i < 2 ? 4 : 0, later_join(&self->later));
		uffd_close(&self->u);
		ASSERT_EQ(0, munmap(self->u.mem, LENGTH));
		uffd_open(&self->u, LENGTH);
	}
}

TEST_F(wait, operation_remove_device)
{
	struct iommu_next_mock_dma *arg = inx_alloc(PAGE);
	size_t i;

	arg->argsz = sizeof(*arg);
	for (i = 0; i < NR_OPERATIONS; i++) {
		if (i) {
			uffd_open(&self->u, LENGTH);
			self->dev = world_bind(&self->w, NULL);
		}
		start_argument(self, operations[i]);
		EXPECT_EQ(0, at_once(remove_dev, self));
		uffd_fill(&self->u, self->u.mem, PAGE, arg);
		EXPECT_ERRNO(ENODEV, later_join(&self->later));
		uffd_close(&self->u);
	}
}

TEST_HARNESS_MAIN
