// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none,smp */
/*
 * Processes that share a file, that fork, that end and that are killed, while
 * their memory is mapped or about to be.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem.h"
#include "tap.h"
#include "uffd.h"
#include "world.h"

#define LENGTH (16 * PAGE)
#define LARGE (24 * HUGE)

FIXTURE(process)
{
	struct world w;
	struct world_dev *dev;
	unsigned char *mem;
	/* A process ends when all others have closed the writing end. */
	int pipe[2];
	uint64_t length;
	uint32_t other;
	pthread_t main;
};

FIXTURE_SETUP(process)
{
	world_open(&self->w);
	self->dev = world_bind(&self->w, NULL);
	self->mem = mem_alloc(MEM_SHUFFLED, LENGTH);
	mem_fill(self->mem, LENGTH, 1);
	self->length = LENGTH;
	ASSERT_EQ(0, pipe2(self->pipe, O_CLOEXEC));
}

FIXTURE_TEARDOWN(process)
{
	world_close(&self->w);
}

static int map(struct process_data *self, uint64_t iova)
{
	return inx_map_at(self->w.fd, self->w.ioas, self->mem, self->length,
			  iova);
}

static int attach(struct process_data *self)
{
	return inx_attach_to(self->dev->fd, self->w.ioas);
}

static void say(struct process_data *self)
{
	ASSERT_EQ(1, write(self->pipe[1], "x", 1));
}

static void hear(struct process_data *self)
{
	char c;

	ASSERT_EQ(1, read(self->pipe[0], &c, 1));
}

/* ---- fork ---------------------------------------------------------------------- */

static void go_on_alone(void *arg)
{
	struct process_data *self = arg;
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	struct world *w = &self->w;
	struct world_dev *dev;
	char c;

	/* Until the one who has mapped is no more. */
	close(self->pipe[1]);
	ASSERT_EQ(0, read(self->pipe[0], &c, 1));
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, LENGTH));
	/* One more page table, for memory of a process that is gone. */
	how.page_sizes = 2048;
	dev = world_attach(w, &how);
	EXPECT_TRUE(world_reads(dev, IOVA, self->mem, LENGTH));
	/* And for memory of our own. */
	ASSERT_EQ(0, map(self, 2 * IOVA));
	EXPECT_EQ((long)LENGTH / 1024, inx_status_kb("VmPin"));
	self->mem[5] = 0x99;
	EXPECT_TRUE(world_reads(dev, 2 * IOVA, self->mem, LENGTH));
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LENGTH, NULL));
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, 2 * IOVA, LENGTH, NULL));
	EXPECT_EQ(0, inx_status_kb("VmPin"));
}

static void map_and_fork_and_end(void *arg)
{
	struct process_data *self = arg;

	ASSERT_EQ(0, attach(self));
	ASSERT_EQ(0, map(self, IOVA));
	world_fork(go_on_alone, self);
}

TEST_F(process, child_goes_on)
{
	int status = -1;

	/* The grandchild becomes a child when its parent has ended. */
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	world_join(world_fork(map_and_fork_and_end, self));
	close(self->pipe[1]);
	ASSERT_LT(0, waitpid(-1, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, world_stats(&self->w, self->dev).bytes);
}

static void compare_old(void *arg)
{
	struct process_data *self = arg;
	char c;

	close(self->pipe[1]);
	ASSERT_EQ(0, read(self->pipe[0], &c, 1));
	EXPECT_TRUE(mem_is_filled(self->mem, self->length, 1));
}

/*
 * After a fork, who writes first gets a copy. That must not be who has given
 * the memory to a device.
 */
static void fork_and_write(struct process_data *self, uint32_t rights,
			   bool map_first)
{
	uint64_t iova = IOVA;
	pid_t pid = 0;
	int fault;

	ASSERT_EQ(0, attach(self));
	if (!map_first)
		pid = world_fork(compare_old, self);
	ASSERT_EQ(0, inx_map(self->w.fd, self->w.ioas, rights | INX_FIXED,
			     self->mem, self->length, &iova));
	if (map_first)
		pid = world_fork(compare_old, self);
	mem_fill(self->mem, self->length, 2);
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, self->length));
	fault = world_touch(self->dev, IOVA + 8, true);
	EXPECT_EQ(rights == INX_RO ? IOMMU_NEXT_MOCK_FAULT_PERMISSION : 0,
		  fault);
	if (rights != INX_RO)
		EXPECT_EQ(0x77, self->mem[8]);
	close(self->pipe[1]);
	world_join(pid);
}

TEST_F(process, map_fork_write)
{
	fork_and_write(self, INX_RW, true);
}

TEST_F(process, map_read_only_fork_write)
{
	fork_and_write(self, INX_RO, true);
}

TEST_F(process, fork_map_write)
{
	fork_and_write(self, INX_RW, false);
}

TEST_F(process, fork_map_read_only_write)
{
	fork_and_write(self, INX_RO, false);
}

TEST_F(process, map_fork_write_huge_pages)
{
	self->mem = mem_alloc(MEM_THP, HUGE);
	self->length = HUGE;
	mem_fill(self->mem, HUGE, 1);
	fork_and_write(self, INX_RW, true);
}

TEST_F(process, fork_map_read_only_write_huge_pages)
{
	self->mem = mem_alloc(MEM_THP, HUGE);
	self->length = HUGE;
	mem_fill(self->mem, HUGE, 1);
	fork_and_write(self, INX_RO, false);
}

/* ---- the end of who has mapped ---------------------------------------------------- */

static void just_map(void *arg)
{
	ASSERT_EQ(0, map(arg, IOVA));
}

/* Memory that was never looked at is gone with the process. */
TEST_F(process, end_before_attach)
{
	struct world *w = &self->w;
	uint32_t hwpt;

	world_join(world_fork(just_map, self));
	EXPECT_ERRNO(EFAULT, attach(self));
	EXPECT_ERRNO(EFAULT, inx_hwpt_alloc(w->fd, self->dev->id, w->ioas,
					    &hwpt));
	EXPECT_EQ(0, world_stats(w, self->dev).domains);
	/* The rest of the IOAS is as good as ever. */
	EXPECT_EQ(0, map(self, 2 * IOVA));
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LENGTH, NULL));
	EXPECT_EQ(0, attach(self));
	EXPECT_TRUE(world_reads(self->dev, 2 * IOVA, self->mem, LENGTH));
}

TEST_F(process, end_before_copy)
{
	struct world *w = &self->w;
	uint32_t other = world_ioas(w);
	uint64_t iova = 4 * IOVA;

	world_join(world_fork(just_map, self));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, other));
	EXPECT_ERRNO(EFAULT, inx_copy(w->fd, other, w->ioas,
				      INX_RW | INX_FIXED, LENGTH, &iova, IOVA));
	EXPECT_EQ(0, world_stats(w, self->dev).bytes);
	EXPECT_ERRNO(ENOENT, inx_unmap(w->fd, other, iova, LENGTH, NULL));
	/* To where nobody looks it can still be copied. */
	w->ioas = world_ioas(w);
	EXPECT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
}

/* Pages that are pinned stay, for everybody who shares them. */
TEST_F(process, end_while_pinned)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	struct world *w = &self->w;
	uint32_t other = world_ioas(w);
	struct world_dev *coarse, *dev;
	uint64_t iova = 4 * IOVA;

	ASSERT_EQ(0, attach(self));
	world_join(world_fork(just_map, self));
	how.page_sizes = 512;
	coarse = world_attach(w, &how);
	EXPECT_TRUE(world_reads(coarse, IOVA, self->mem, LENGTH));
	dev = world_bind(w, NULL);
	ASSERT_EQ(0, inx_attach_to(dev->fd, other));
	EXPECT_EQ(0, inx_copy(w->fd, other, w->ioas, INX_RW | INX_FIXED,
			      LENGTH / 2, &iova, IOVA + PAGE));
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LENGTH, NULL));
	EXPECT_TRUE(world_reads(dev, iova, self->mem + PAGE, LENGTH / 2));
	EXPECT_EQ(0, world_touch(dev, iova, true));
	EXPECT_EQ(0, inx_unmap(w->fd, other, iova, LENGTH / 2, NULL));
}

/* The first is where nobody looks, the second where a device does. */
static void map_and_copy_a_part(void *arg)
{
	struct process_data *self = arg;
	uint64_t iova = 4 * IOVA;

	ASSERT_EQ(0, map(self, IOVA));
	ASSERT_EQ(0, inx_copy(self->w.fd, self->other, self->w.ioas,
			      INX_RW | INX_FIXED, 5 * PAGE, &iova,
			      IOVA + 3 * PAGE));
}

/* Some of the pages are pinned when the others are lost. */
TEST_F(process, end_while_partly_pinned)
{
	const uint64_t iova = 4 * IOVA, part = IOVA + 3 * PAGE;
	struct world *w = &self->w;
	struct world_dev *dev = world_bind(w, NULL);
	uint64_t again = 5 * IOVA;

	self->other = world_ioas(w);
	ASSERT_EQ(0, inx_attach_to(dev->fd, self->other));
	world_join(world_fork(map_and_copy_a_part, self));
	EXPECT_TRUE(world_reads(dev, iova, self->mem + 3 * PAGE, 5 * PAGE));
	EXPECT_ERRNO(EFAULT, attach(self));
	EXPECT_ERRNO(EFAULT, inx_copy(w->fd, self->other, w->ioas,
				      INX_RW | INX_FIXED, 6 * PAGE, &again,
				      part));
	EXPECT_EQ(5 * PAGE, world_stats(w, dev).bytes);
	EXPECT_EQ(0, inx_copy(w->fd, self->other, w->ioas, INX_RW | INX_FIXED,
			      5 * PAGE, &again, part));
	EXPECT_EQ(0, inx_unmap(w->fd, self->other, iova, 5 * PAGE, NULL));
	EXPECT_TRUE(world_reads(dev, again, self->mem + 3 * PAGE, 5 * PAGE));
}

static void map_then_hear(void *arg)
{
	struct process_data *self = arg;

	ASSERT_EQ(0, map(self, IOVA));
	say(self);
	ASSERT_EQ(0, raise(SIGSTOP));
}

/*
 * The memory goes while the attach is looking at it: then either all of it was
 * pinned in time or nothing is.
 */
TEST_F(process, end_during_attach)
{
	struct world *w = &self->w;
	int i, attached = 0, status;

	self->length = LENGTH;
	for (i = 0; i < 60; i++) {
		pid_t pid = world_fork(map_then_hear, self);
		int rc;

		hear(self);
		ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
		/* Some attaches come before the end, some after. */
		ASSERT_EQ(0, kill(pid, SIGKILL));
		if (i % 3 == 1)
			sched_yield();
		if (i % 3 == 2)
			ASSERT_EQ(pid, waitpid(pid, &status, 0));
		rc = attach(self);
		if (rc)
			EXPECT_EQ(EFAULT, errno);
		else
			EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem,
						LENGTH));
		attached += !rc;
		EXPECT_EQ(rc ? 0 : LENGTH, world_stats(w, self->dev).bytes);
		if (i % 3 != 2)
			ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, inx_detach(self->dev->fd));
		EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LENGTH, NULL));
	}
	TH_LOG("%d of %d attaches were in time", attached, i);
	EXPECT_LT(attached, i);
}

/* ---- killed ------------------------------------------------------------------------- */

static void map_much_again_and_again(void *arg)
{
	struct process_data *self = arg;
	struct world *w = &self->w;
	int own = inx_open();
	uint32_t ioas;
	char *mem;

	/* A file of its own, which must go with it. */
	ASSERT_EQ(0, inx_ioas_alloc(own, &ioas));
	ASSERT_EQ(0, inx_bind(self->dev->fd, own, NULL));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, ioas));
	close(w->fd);
	close(w->mock);
	for (;;) {
		mem = mmap(NULL, LARGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ASSERT_NE(MAP_FAILED, mem);
		ASSERT_EQ(0, inx_map_at(own, ioas, mem, LARGE, IOVA));
		ASSERT_EQ(0, inx_unmap_all(own, ioas, NULL));
		ASSERT_EQ(0, munmap(mem, LARGE));
	}
}

TEST_F(process, killed_in_a_map)
{
	struct world *w = &self->w;
	uint64_t calls;
	int i, status;

	world_close_dev(self->dev);
	for (i = 0; i < 20; i++) {
		self->dev->fd = inx_mock_open(w->mock, self->dev->mock);
		calls = world_stats(w, self->dev).map_calls;
		pid_t pid = world_fork(map_much_again_and_again, self);

		/* So that the end comes at another point each time. */
		ASSERT_EQ(0, close(self->dev->fd));
		while (world_stats(w, self->dev).map_calls <
		       calls + 1 + i % 7 * 3)
			sched_yield();
		usleep(i * 97);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status));
		EXPECT_EQ(0, world_stats(w, self->dev).bytes);
		EXPECT_EQ(0, world_stats(w, self->dev).domains);
	}
	self->dev->fd = -1;
}

static void map_and_wait_forever(void *arg)
{
	struct process_data *self = arg;
	/* Twice as many scattered pages as are mapped at a time. */
	const size_t there = 66UL << 20;
	unsigned char *page = mem_alloc(MEM_SHUFFLED, HUGE);
	struct uffd u;
	size_t at;

	uffd_open(&u, there + PAGE);
	/* Every second page first, so that neighbours are not neighbours. */
	for (at = 0; at < there; at += 2 * PAGE)
		uffd_fill(&u, u.mem + at, PAGE, page);
	for (at = PAGE; at < there; at += 2 * PAGE)
		uffd_fill(&u, u.mem + at, PAGE, page);
	self->mem = u.mem;
	self->length = there + PAGE;
	ASSERT_ERRNO(EFAULT, map(self, IOVA));
}

/*
 * Killed while it waits for a page, with some pages pinned and some mapped
 * already. The file lives on, with nothing of the call in it.
 */
TEST_F(process, killed_while_a_map_waits)
{
	struct world *w = &self->w;
	int status = -1;
	pid_t pid;

	ASSERT_EQ(0, attach(self));
	pid = world_fork(map_and_wait_forever, self);
	while (!world_stats(w, self->dev).bytes &&
	       waitpid(pid, &status, WNOHANG) == 0)
		usleep(1000);
	if (!world_stats(w, self->dev).bytes) {
		EXPECT_EQ(0, status);
		SKIP("a pin does not wait for user space on this kernel: EFAULT");
	}
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, world_stats(w, self->dev).bytes);
	EXPECT_ERRNO(ENOENT, inx_unmap(w->fd, w->ioas, IOVA, PAGE, NULL));
	self->mem = inx_alloc(LENGTH);
	self->length = LENGTH;
	EXPECT_EQ(0, map(self, IOVA));
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, LENGTH));
}

/* ---- threads ----------------------------------------------------------------------------- */

static void *map_from_a_thread(void *arg)
{
	struct process_data *self = arg;

	/* The main thread is gone; its limits are the process's still. */
	pthread_join(self->main, NULL);
	ASSERT_EQ(0, map(self, IOVA));
	ASSERT_EQ(LENGTH, world_stats(&self->w, self->dev).bytes);
	ASSERT_EQ(0, inx_unmap(self->w.fd, self->w.ioas, IOVA, LENGTH, NULL));
	self->length += PAGE;
	ASSERT_ERRNO(ENOMEM, map(self, IOVA));
	_exit(0);
}

static void leave_it_to_a_thread(void *arg)
{
	struct process_data *self = arg;
	pthread_t thread;

	world_become_user(4321);
	world_memlock(LENGTH);
	self->main = pthread_self();
	ASSERT_EQ(0, pthread_create(&thread, NULL, map_from_a_thread, self));
	pthread_exit(NULL);
}

TEST_F(process, main_thread_ends_first)
{
	ASSERT_EQ(0, attach(self));
	world_join(world_fork(leave_it_to_a_thread, self));
	EXPECT_EQ(0, world_stats(&self->w, self->dev).bytes);
}

TEST_HARNESS_MAIN
