// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none */
/*
 * Pinned memory and its price: VmPin, VmLck, RLIMIT_MEMLOCK of a user without
 * privileges, in both modes.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem.h"
#include "tap.h"
#include "world.h"

#define LIMIT 64L /* pages */
#define MEM_PAGES 1024UL
#define USER 1234

FIXTURE(account)
{
	struct world w;
	struct world_dev *dev;
	/* Scattered pages, and huge ones. */
	unsigned char *mem;
	unsigned char *huge;
};

FIXTURE_VARIANT(account)
{
	/* Of IOMMU_NEXT_OPTION_RLIMIT_MODE. */
	bool process;
};

FIXTURE_VARIANT_ADD(account, user)
{
	.process = false,
};

FIXTURE_VARIANT_ADD(account, process)
{
	.process = true,
};

static void open_with_mode(struct world *w, bool process)
{
	world_open(w);
	/* The mode has to be set on a file without objects. */
	ASSERT_EQ(0, inx_destroy(w->fd, w->ioas));
	ASSERT_EQ(0, inx_option_set(w->fd, IOMMU_NEXT_OPTION_RLIMIT_MODE, 0,
				    process));
	w->ioas = world_ioas(w);
}

FIXTURE_SETUP(account)
{
	open_with_mode(&self->w, variant->process);
	self->dev = world_attach(&self->w, NULL);
	self->mem = mem_alloc(MEM_SHUFFLED, MEM_PAGES * PAGE);
	self->huge = mem_alloc(MEM_THP, HUGE);
	world_become_user(USER);
	world_memlock(LIMIT * PAGE);
}

static int map_pages(struct account_data *self, long npages, uint64_t iova)
{
	return inx_map_at(self->w.fd, self->w.ioas, self->mem, npages * PAGE,
			  iova);
}

static int unmap_all(struct account_data *self)
{
	return inx_unmap_all(self->w.fd, self->w.ioas, NULL);
}

/* What is charged must be what leaves exactly this room. */
static void expect_room(struct account_data *self, long npages)
{
	const uint64_t iova = 1000 * IOVA;
	struct world *w = &self->w;
	long pinned = world_pinned(w);
	uint64_t bytes = world_stats(w, self->dev).bytes;

	if (npages) {
		EXPECT_EQ(0, map_pages(self, npages, iova));
		EXPECT_EQ(pinned + npages * 4, world_pinned(w));
		EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, iova, npages * PAGE,
				       NULL));
	}
	EXPECT_ERRNO(ENOMEM, map_pages(self, npages + 1, iova));
	/* Nothing is left of what was too much. */
	EXPECT_EQ(pinned, world_pinned(w));
	EXPECT_EQ(bytes, world_stats(w, self->dev).bytes);
	EXPECT_ERRNO(ENOENT, inx_unmap(w->fd, w->ioas, iova, PAGE, NULL));
}

static void expect_pages(struct account_data *self,
			 const struct account_variant *variant, long npages)
{
	EXPECT_EQ(npages * 4, world_pinned(&self->w));
	EXPECT_EQ(variant->process ? npages * 4 : 0, inx_status_kb("VmLck"));
	expect_room(self, LIMIT - npages);
}

FIXTURE_TEARDOWN(account)
{
	if (self->dev->id) {
		EXPECT_EQ(0, unmap_all(self));
		expect_pages(self, variant, 0);
	}
	world_close(&self->w);
	EXPECT_EQ(0, inx_status_kb("VmLck"));
}

/* ---- the limit ------------------------------------------------------------------ */

TEST_F(account, limit)
{
	expect_pages(self, variant, 0);
	EXPECT_EQ(0, map_pages(self, LIMIT, IOVA));
	expect_pages(self, variant, LIMIT);
	EXPECT_EQ(0, unmap_all(self));
	EXPECT_ERRNO(ENOMEM, map_pages(self, LIMIT + 1, IOVA));
	EXPECT_ERRNO(ENOMEM, map_pages(self, MEM_PAGES, IOVA));
	expect_pages(self, variant, 0);
}

TEST_F(account, limit_in_pieces)
{
	struct world *w = &self->w;
	long i;

	for (i = 0; i < LIMIT; i++)
		EXPECT_EQ(0, map_pages(self, 1, IOVA + i * PAGE));
	expect_pages(self, variant, LIMIT);
	for (i = 0; i < LIMIT; i += 2)
		EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA + i * PAGE, PAGE,
				       NULL));
	expect_pages(self, variant, LIMIT / 2);
}

TEST_F(account, limit_is_in_bytes)
{
	world_memlock(2 * PAGE - 1);
	expect_room(self, 1);
	world_memlock(PAGE - 1);
	expect_room(self, 0);
	world_memlock(0);
	expect_room(self, 0);
	world_memlock(RLIM_INFINITY);
	EXPECT_EQ(0, map_pages(self, MEM_PAGES, IOVA));
	EXPECT_EQ((long)MEM_PAGES * 4, world_pinned(&self->w));
	/* A limit that is lowered takes nothing away. */
	world_memlock(PAGE);
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, MEM_PAGES * PAGE));
	EXPECT_ERRNO(ENOMEM, map_pages(self, 1, 4 * IOVA));
	EXPECT_EQ(0, unmap_all(self));
	world_memlock(LIMIT * PAGE);
}

/* Every page that a mapping touches, also at its ends. */
TEST_F(account, parts_of_pages)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	uint32_t fine = world_ioas(&self->w);
	struct world *w = &self->w;
	struct world_dev *dev;

	how.page_sizes = 512;
	dev = world_bind(w, &how);
	ASSERT_EQ(0, inx_attach_to(dev->fd, fine));
	EXPECT_EQ(0, inx_map_at(w->fd, fine, self->mem + PAGE - 512, 1024,
				IOVA));
	expect_pages(self, variant, 2);
	EXPECT_EQ(0, inx_map_at(w->fd, fine, self->mem + 512, 512, 2 * IOVA));
	expect_pages(self, variant, 3);
	EXPECT_EQ(0, inx_unmap_all(w->fd, fine, NULL));
	expect_pages(self, variant, 0);
}

/* Contiguous or not, it is pages of 4 KiB that are counted. */
TEST_F(account, huge_pages)
{
	struct world *w = &self->w;

	EXPECT_ERRNO(ENOMEM, inx_map_at(w->fd, w->ioas, self->huge, HUGE,
					IOVA));
	world_memlock(HUGE);
	EXPECT_EQ(0, inx_map_at(w->fd, w->ioas, self->huge, HUGE, IOVA));
	EXPECT_EQ(1, world_stats(w, self->dev).pages);
	EXPECT_EQ((long)HUGE / 1024, world_pinned(w));
	EXPECT_ERRNO(ENOMEM, map_pages(self, 1, 2 * IOVA));
	EXPECT_EQ(0, unmap_all(self));
	EXPECT_ERRNO(ENOMEM, map_pages(self, HUGE / PAGE + 1, IOVA));
	world_memlock(LIMIT * PAGE);
}

/* ---- when it is charged and when it is not ---------------------------------------- */

TEST_F(account, only_while_somebody_can_see_it)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, inx_detach(self->dev->fd));
	EXPECT_EQ(0, map_pages(self, LIMIT + 1, IOVA));
	EXPECT_EQ(0, world_pinned(w));
	EXPECT_EQ(0, inx_status_kb("VmLck"));
	/* It is the attach that cannot be paid. */
	EXPECT_ERRNO(ENOMEM, inx_attach_to(self->dev->fd, w->ioas));
	EXPECT_EQ(0, world_pinned(w));
	EXPECT_EQ(0, inx_status_kb("VmLck"));
	EXPECT_EQ(0, world_stats(w, self->dev).domains);
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  world_touch(self->dev, IOVA, false));
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, (LIMIT + 1) * PAGE, NULL));
	EXPECT_EQ(0, map_pages(self, LIMIT, IOVA));
	EXPECT_EQ(0, inx_attach_to(self->dev->fd, w->ioas));
	expect_pages(self, variant, LIMIT);
	EXPECT_EQ(0, inx_detach(self->dev->fd));
	EXPECT_EQ(0, world_pinned(w));
	EXPECT_EQ(0, inx_status_kb("VmLck"));
	EXPECT_EQ(0, inx_attach_to(self->dev->fd, w->ioas));
	expect_pages(self, variant, LIMIT);
}

TEST_F(account, more_page_tables_cost_nothing)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	struct world *w = &self->w;
	uint32_t hwpt;

	EXPECT_EQ(0, map_pages(self, LIMIT, IOVA));
	how.page_sizes = 2048;
	world_attach(w, &how);
	EXPECT_EQ(0, inx_hwpt_alloc(w->fd, self->dev->id, w->ioas, &hwpt));
	expect_pages(self, variant, LIMIT);
	EXPECT_EQ(0, inx_detach(self->dev->fd));
	world_close_dev(&w->dev[1]);
	/* The one that no device uses still holds everything. */
	EXPECT_EQ(LIMIT * 4, world_pinned(w));
	EXPECT_EQ(0, inx_attach_to(self->dev->fd, w->ioas));
	EXPECT_EQ(0, inx_destroy(w->fd, hwpt));
	expect_pages(self, variant, LIMIT);
}

TEST_F(account, copies_cost_nothing)
{
	struct world *w = &self->w;
	uint32_t other = world_ioas(w);
	struct world_dev *dev = world_bind(w, NULL);
	uint64_t iova;
	int i;

	ASSERT_EQ(0, inx_attach_to(dev->fd, other));
	ASSERT_EQ(0, map_pages(self, LIMIT, IOVA));
	for (i = 1; i < 5; i++) {
		iova = i * IOVA;
		EXPECT_EQ(0, inx_copy(w->fd, other, w->ioas,
				      INX_RW | INX_FIXED, LIMIT * PAGE, &iova,
				      IOVA));
	}
	expect_pages(self, variant, LIMIT);
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LIMIT * PAGE, NULL));
	for (i = 1; i < 5; i++) {
		expect_pages(self, variant, LIMIT);
		EXPECT_EQ(0, inx_unmap(w->fd, other, i * IOVA, LIMIT * PAGE,
				       NULL));
	}
	expect_pages(self, variant, 0);
}

/* What is left of a mapping is charged page by page. */
TEST_F(account, copies_of_parts)
{
	struct world *w = &self->w;
	uint64_t iova;
	long i;

	ASSERT_EQ(0, map_pages(self, LIMIT, IOVA));
	for (i = 0; i < LIMIT; i += 8) {
		iova = 4 * IOVA + i * PAGE;
		EXPECT_EQ(0, inx_copy(w->fd, w->ioas, w->ioas,
				      INX_RW | INX_FIXED, 3 * PAGE, &iova,
				      IOVA + i * PAGE));
	}
	expect_pages(self, variant, LIMIT);
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LIMIT * PAGE, NULL));
	for (i = 0; i < LIMIT; i += 8) {
		expect_pages(self, variant, (LIMIT - i) / 8 * 3);
		EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, 4 * IOVA + i * PAGE,
				       3 * PAGE, NULL));
	}
}

/* To map memory twice, other than by a copy, costs twice. */
TEST_F(account, maps_of_the_same_memory)
{
	EXPECT_EQ(0, map_pages(self, LIMIT / 2, IOVA));
	EXPECT_EQ(0, map_pages(self, LIMIT / 2, 2 * IOVA));
	expect_pages(self, variant, LIMIT);
}

/* Memory that is locked by other means counts for the process, not the user. */
TEST_F(account, beside_mlock)
{
	unsigned char *locked = inx_alloc(8 * PAGE);

	ASSERT_EQ(0, mlock(locked, 8 * PAGE));
	EXPECT_EQ(8 * 4, inx_status_kb("VmLck"));
	expect_room(self, variant->process ? LIMIT - 8 : LIMIT);
	ASSERT_EQ(0, map_pages(self, 8, IOVA));
	EXPECT_EQ(variant->process ? 16 * 4 : 8 * 4, inx_status_kb("VmLck"));
	expect_room(self, variant->process ? LIMIT - 16 : LIMIT - 8);
	ASSERT_EQ(0, munlock(locked, 8 * PAGE));
	EXPECT_EQ(variant->process ? 8 * 4 : 0, inx_status_kb("VmLck"));
	expect_pages(self, variant, 8);
}

/* ---- failures ------------------------------------------------------------------------ */

TEST_F(account, bad_memory_is_not_charged)
{
	ASSERT_EQ(0, munmap(self->mem + 40 * PAGE, PAGE));
	EXPECT_ERRNO(EFAULT, map_pages(self, LIMIT, IOVA));
	EXPECT_EQ(0, world_pinned(&self->w));
	EXPECT_EQ(0, inx_status_kb("VmLck"));
	ASSERT_NE(MAP_FAILED, mmap(self->mem + 40 * PAGE, PAGE,
				   PROT_READ | PROT_WRITE, MAP_PRIVATE |
				   MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	expect_pages(self, variant, 0);
}

TEST_F(account, failing_map_is_not_charged)
{
	struct world *w = &self->w;
	int after;

	for (after = 0; after < LIMIT; after += 7) {
		world_fail_next(w, self->dev, IOMMU_NEXT_MOCK_FAIL_MAP, after);
		EXPECT_ERRNO(ENOMEM, map_pages(self, LIMIT, IOVA));
		EXPECT_EQ(0, world_pinned(w));
		EXPECT_EQ(0, inx_status_kb("VmLck"));
	}
	expect_pages(self, variant, 0);
}

/* ---- ways to give it back ------------------------------------------------------------- */

TEST_F(account, given_back_by_destroy)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, map_pages(self, LIMIT, IOVA));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, world_ioas(w)));
	EXPECT_EQ(0, inx_destroy(w->fd, w->ioas));
	EXPECT_EQ(0, world_pinned(w));
	w->ioas = world_ioas(w);
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, w->ioas));
	expect_pages(self, variant, 0);
}

TEST_F(account, given_back_by_close)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, map_pages(self, LIMIT, IOVA));
	world_close_dev(self->dev);
	EXPECT_EQ(0, world_pinned(w));
	EXPECT_EQ(0, inx_status_kb("VmLck"));
	self->dev->fd = inx_mock_open(w->mock, self->dev->mock);
	ASSERT_GE(self->dev->fd, 0);
	ASSERT_EQ(0, inx_bind(self->dev->fd, w->fd, &self->dev->id));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, w->ioas));
	expect_pages(self, variant, LIMIT);
	/* The device keeps the file open; closing that one first is no harm. */
	ASSERT_EQ(0, close(w->fd));
	w->fd = -1;
	EXPECT_EQ(LIMIT * 4, world_pinned(w));
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, LIMIT * PAGE));
	world_close_dev(self->dev);
	EXPECT_EQ(0, world_pinned(w));
	EXPECT_EQ(0, inx_status_kb("VmLck"));
}

/* ---- several processes ------------------------------------------------------------------ */

static void map_and_pause(void *arg)
{
	struct account_data *self = arg;

	ASSERT_EQ(0, map_pages(self, LIMIT / 4, 4 * IOVA));
	ASSERT_EQ(LIMIT * PAGE / 4 / 1024, inx_status_kb("VmPin"));
	ASSERT_EQ(0, raise(SIGSTOP));
}

static long status_kb_of(pid_t pid, const char *name)
{
	char path[64], line[128];
	long kb = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "r");
	ASSERT_NE(NULL, f);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			kb = atol(line + strlen(name) + 1);
	fclose(f);
	return kb;
}

/* A process that maps its own memory by a file that it was given. */
TEST_F(account, who_maps_is_who_pays)
{
	pid_t pid = world_fork(map_and_pause, self);
	struct world *w = &self->w;
	int status;

	ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(LIMIT, status_kb_of(pid, "VmPin"));
	EXPECT_EQ(variant->process ? LIMIT : 0, status_kb_of(pid, "VmLck"));
	EXPECT_EQ(0, world_pinned(w));
	EXPECT_EQ(0, inx_status_kb("VmLck"));
	/* The user is the same, the process is not. */
	expect_room(self, variant->process ? LIMIT : LIMIT - LIMIT / 4);
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, 4 * IOVA, LIMIT / 4 * PAGE,
			       NULL));
	EXPECT_EQ(0, status_kb_of(pid, "VmPin"));
	EXPECT_EQ(0, status_kb_of(pid, "VmLck"));
	expect_room(self, LIMIT);
	ASSERT_EQ(0, kill(pid, SIGCONT));
	world_join(pid);
}

static void map_and_exit(void *arg)
{
	ASSERT_EQ(0, map_pages(arg, LIMIT / 4, 4 * IOVA));
}

/* What an ended process has pinned stays, and stays charged to its user. */
TEST_F(account, after_the_end_of_who_pays)
{
	struct world *w = &self->w;

	world_join(world_fork(map_and_exit, self));
	EXPECT_EQ(LIMIT / 4 * PAGE, world_stats(w, self->dev).bytes);
	EXPECT_EQ(0, world_touch(self->dev, 4 * IOVA, true));
	expect_room(self, variant->process ? LIMIT : LIMIT - LIMIT / 4);
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, 4 * IOVA, LIMIT / 4 * PAGE,
			       NULL));
	expect_pages(self, variant, 0);
}

/* ---- other users --------------------------------------------------------------------------- */

static void map_as_another(void *arg)
{
	struct account_data *self = arg;

	world_become_user(USER + 1);
	world_memlock(LIMIT * PAGE);
	expect_room(self, LIMIT);
}

/* Users do not take from each other; only root can become another one. */
TEST(other_users)
{
	struct account_data self;
	pid_t pid;
	int i;

	open_with_mode(&self.w, false);
	self.dev = world_attach(&self.w, NULL);
	self.mem = mem_alloc(MEM_SHUFFLED, MEM_PAGES * PAGE);
	world_drop_cap(CAP_IPC_LOCK);
	world_memlock(LIMIT * PAGE);
	ASSERT_EQ(0, map_pages(&self, LIMIT, IOVA));
	EXPECT_ERRNO(ENOMEM, map_pages(&self, 1, 2 * IOVA));
	for (i = 0; i < 2; i++) {
		pid = world_fork(map_as_another, &self);
		world_join(pid);
	}
	world_close(&self.w);
}

TEST(privileged)
{
	struct account_data self;

	open_with_mode(&self.w, true);
	self.dev = world_attach(&self.w, NULL);
	self.mem = mem_alloc(MEM_SHUFFLED, MEM_PAGES * PAGE);
	world_memlock(0);
	/* CAP_IPC_LOCK: nothing is charged, but all of it is seen. */
	EXPECT_EQ(0, map_pages(&self, MEM_PAGES, IOVA));
	EXPECT_EQ((long)MEM_PAGES * 4, world_pinned(&self.w));
	EXPECT_EQ(0, inx_status_kb("VmLck"));
	world_drop_cap(CAP_IPC_LOCK);
	EXPECT_ERRNO(ENOMEM, map_pages(&self, 1, 4 * IOVA));
	/* What was not charged is not given back either. */
	EXPECT_EQ(0, unmap_all(&self));
	EXPECT_EQ(0, world_pinned(&self.w));
	EXPECT_ERRNO(ENOMEM, map_pages(&self, 1, IOVA));
	world_memlock(PAGE);
	EXPECT_EQ(0, map_pages(&self, 1, IOVA));
	EXPECT_EQ(4, inx_status_kb("VmLck"));
	world_close(&self.w);
}

TEST_HARNESS_MAIN
