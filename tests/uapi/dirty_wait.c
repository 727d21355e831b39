// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none,smp */
/*
 * GET_DIRTY_BITMAP into memory that is handled by a userfaultfd. While it waits
 * there nobody waits for it, no write of a device is lost, and none is told twice.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "uffd.h"
#include "world.h"

#define DIRTY IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING
#define KEEP IOMMU_NEXT_HWPT_GET_DIRTY_BITMAP_NO_CLEAR
#define PAGES 64UL
#define LENGTH (PAGES * PAGE)
#define WAIT_MS 10000

FIXTURE(dirty_wait)
{
	struct world w;
	struct world_dev *dev;
	struct uffd u;
	struct later later;
	uint32_t hwpt;
	uint32_t flags;
	char *mem;
};

FIXTURE_SETUP(dirty_wait)
{
	struct world *w = &self->w;

	world_open(w);
	self->dev = world_bind(w, NULL);
	self->mem = inx_alloc(LENGTH);
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, LENGTH, IOVA));
	ASSERT_EQ(0, inx_hwpt_alloc_flags(w->fd, self->dev->id, w->ioas, DIRTY,
					  &self->hwpt));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, self->hwpt));
	ASSERT_EQ(0, inx_dirty_set(w->fd, self->hwpt, true));
	uffd_open(&self->u, PAGE);
}

FIXTURE_TEARDOWN(dirty_wait)
{
	world_close(&self->w);
}

static int read_bits(void *arg)
{
	struct dirty_wait_data *self = arg;

	return inx_dirty_read(self->w.fd, self->hwpt, self->flags, IOVA, LENGTH,
			      PAGE, (void *)self->u.mem);
}

static void touch(struct dirty_wait_data *self, unsigned int page)
{
	ASSERT_EQ(0, world_touch(self->dev, IOVA + page * PAGE, true));
}

/* Page 5 is dirty, and somebody waits who wants to know. */
static void start(struct dirty_wait_data *self)
{
	touch(self, 5);
	later_start(&self->later, read_bits, self);
	ASSERT_EQ(self->u.mem, uffd_wait(&self->u, WAIT_MS));
}

/* Let it go on; returns the bits that it was told. */
static uint64_t finish(struct dirty_wait_data *self)
{
	uffd_fill(&self->u, self->u.mem, PAGE, NULL);
	EXPECT_EQ(0, later_join(&self->later));
	return *(uint64_t *)self->u.mem;
}

static uint64_t look(struct dirty_wait_data *self, uint32_t flags)
{
	uint64_t bits = 0;

	ASSERT_EQ(0, inx_dirty_read(self->w.fd, self->hwpt, flags, IOVA, LENGTH,
				    PAGE, &bits));
	return bits;
}

/* What is written meanwhile is told as well, or the next time. */
TEST_F(dirty_wait, goes_on)
{
	uint64_t told;

	start(self);
	touch(self, 7);
	told = finish(self);
	EXPECT_EQ(1 << 5, told & 1 << 5);
	EXPECT_EQ(1 << 5 | 1 << 7, told | look(self, 0));
	EXPECT_EQ(0, look(self, 0));
}

TEST_F(dirty_wait, keeps_what_it_is_to_keep)
{
	self->flags = KEEP;
	start(self);
	EXPECT_EQ(1 << 5, finish(self));
	EXPECT_EQ(1 << 5, look(self, 0));
}

static int take(void *arg)
{
	struct dirty_wait_data *self = arg;

	EXPECT_EQ(1 << 5, look(self, 0));
	return 0;
}

/* Who comes second gets a bit first, and then nobody gets it again. */
TEST_F(dirty_wait, another_takes_the_bit)
{
	start(self);
	EXPECT_EQ(0, at_once(take, self));
	EXPECT_EQ(0, finish(self));
	EXPECT_EQ(0, look(self, 0));
}

static int stop(void *arg)
{
	struct dirty_wait_data *self = arg;

	return inx_dirty_set(self->w.fd, self->hwpt, false);
}

static int start_again(void *arg)
{
	struct dirty_wait_data *self = arg;

	return inx_dirty_set(self->w.fd, self->hwpt, true);
}

/* To begin anew forgets what was. */
TEST_F(dirty_wait, stopped_and_started)
{
	start(self);
	EXPECT_EQ(0, at_once(stop, self));
	EXPECT_EQ(0, at_once(start_again, self));
	touch(self, 9);
	EXPECT_EQ(1 << 9, finish(self));
}

static int map_more(void *arg)
{
	struct dirty_wait_data *self = arg;

	return inx_map_at(self->w.fd, self->w.ioas, self->mem, PAGE, 4 * IOVA);
}

static int unmap(void *arg)
{
	struct dirty_wait_data *self = arg;

	return inx_unmap_all(self->w.fd, self->w.ioas, NULL);
}

TEST_F(dirty_wait, memory_goes)
{
	start(self);
	EXPECT_EQ(0, at_once(map_more, self));
	EXPECT_EQ(0, at_once(unmap, self));
	EXPECT_EQ(0, world_pinned(&self->w));
	EXPECT_EQ(0, finish(self));
}

static int detach(void *arg)
{
	struct dirty_wait_data *self = arg;

	return inx_detach(self->dev->fd);
}

static int destroy_hwpt(void *arg)
{
	struct dirty_wait_data *self = arg;

	return inx_destroy(self->w.fd, self->hwpt);
}

static int destroy_ioas(void *arg)
{
	struct dirty_wait_data *self = arg;

	return inx_destroy(self->w.fd, self->w.ioas);
}

static int close_file(void *arg)
{
	struct dirty_wait_data *self = arg;
	int rc = close(self->w.fd);

	self->w.fd = -1;
	return rc;
}

static int remove_dev(void *arg)
{
	struct dirty_wait_data *self = arg;
	int rc = inx_mock_remove(self->w.mock, self->dev->mock);

	self->dev->mock = 0;
	return rc;
}

TEST_F(dirty_wait, all_is_destroyed)
{
	start(self);
	EXPECT_EQ(0, at_once(detach, self));
	EXPECT_EQ(0, at_once(destroy_hwpt, self));
	EXPECT_ERRNO(ENOENT, at_once(destroy_hwpt, self));
	EXPECT_EQ(0, at_once(destroy_ioas, self));
	/* It holds what it reads until it has read it. */
	EXPECT_EQ(1 << 5, finish(self));
	EXPECT_EQ(0, world_pinned(&self->w));
	EXPECT_EQ(0, world_stats(&self->w, self->dev).domains);
}

TEST_F(dirty_wait, file_is_closed)
{
	start(self);
	EXPECT_EQ(0, at_once(remove_dev, self));
	EXPECT_EQ(0, at_once(close_file, self));
	finish(self);
	world_close_dev(self->dev);
	EXPECT_TRUE(world_settles(&self->w, 0));
}

/* The memory of it goes: an error, and the bit is there for the next one. */
TEST_F(dirty_wait, bitmap_goes)
{
	start(self);
	ASSERT_EQ(0, munmap(self->u.mem, PAGE));
	uffd_close(&self->u);
	EXPECT_ERRNO(EFAULT, later_join(&self->later));
	EXPECT_EQ(1 << 5, look(self, 0));
}

/* ---- killed ---------------------------------------------------------------- */

static void wait_forever(void *arg)
{
	struct dirty_wait_data *self = arg;

	/* A parent's userfaultfd knows nothing of its child. */
	uffd_open(&self->u, PAGE);
	read_bits(self);
}

TEST_F(dirty_wait, killed)
{
	int status = 0;
	pid_t pid;

	touch(self, 5);
	pid = world_fork(wait_forever, self);
	usleep(200000);
	ASSERT_EQ(0, waitpid(pid, &status, WNOHANG));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	/* The killed one took nothing. */
	EXPECT_EQ(1 << 5, look(self, 0));
}

TEST_HARNESS_MAIN
