// SPDX-License-Identifier: GPL-2.0-only
/*
 * Areas: arithmetic of slices, filling and emptying without the IOVA space
 * around it, and threads that fill areas of the same pages side by side.
 */
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/slab.h>

#include "configs.h"
#include "world.h"

#define IOVA 0x10000000UL

static void area_iova(struct kunit *test)
{
	struct inx_area area = {};

	/* Bytes 0x800 to 0x27ff of pages, at an IOVA of another offset. */
	inx_area_init(&area, NULL, 0x800, 0x2000);
	area.node.start = 0x100200;
	area.node.last = 0x1021ff;
	KUNIT_EXPECT_EQ(test, 0x2000UL, inx_area_length(&area));
	KUNIT_EXPECT_EQ(test, 0UL, inx_area_first(&area));
	KUNIT_EXPECT_EQ(test, 2UL, inx_area_last(&area));
	KUNIT_EXPECT_EQ(test, 0x100200UL, inx_area_iova(&area, 0));
	KUNIT_EXPECT_EQ(test, 0x100a00UL, inx_area_iova(&area, 1));
	KUNIT_EXPECT_EQ(test, 0x101a00UL, inx_area_iova(&area, 2));

	/* A slice that begins in a later page. */
	inx_area_init(&area, NULL, 0x5fff, 2);
	area.node.start = 0;
	area.node.last = 1;
	KUNIT_EXPECT_EQ(test, 5UL, inx_area_first(&area));
	KUNIT_EXPECT_EQ(test, 6UL, inx_area_last(&area));
	KUNIT_EXPECT_EQ(test, 0UL, inx_area_iova(&area, 5));
	KUNIT_EXPECT_EQ(test, 1UL, inx_area_iova(&area, 6));
}

/* Filled and emptied by hand, again and again. */
WORLD_CASE(area_fill_and_unfill)
{
	struct inx_domains *domains = &w->iopts[0].domains;
	unsigned int i;

	if (!w->config.domains) {
		kunit_info(test, "no page table to fill\n");
		return;
	}
	for (i = 0; i < 3; i++) {
		struct inx_area *area = world_area(w, WORLD_UADDR, SZ_1M, true);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, area);
		area->prot = WORLD_RW;
		area->domains = domains;
		area->node.start = IOVA;
		area->node.last = IOVA + SZ_1M - 1;
		KUNIT_ASSERT_EQ(test, 0, inx_area_fill(area));
		KUNIT_EXPECT_EQ(test, 256UL, area->mapped);
		KUNIT_EXPECT_NOT_NULL(test, area->storage);
		world_expect_map(w, IOVA, 0, SZ_1M);
		world_expect_pages(w, 256);
		area->next = NULL;
		inx_areas_unfill(domains, area);
		KUNIT_EXPECT_EQ(test, 0UL, area->mapped);
		KUNIT_EXPECT_NULL(test, area->storage);
		world_expect_pages(w, 0);
		inx_area_free(area);
	}
}

/* To empty what was never filled is nothing. */
WORLD_CASE(area_unfill_empty)
{
	struct inx_area *area = world_area(w, WORLD_UADDR, SZ_1M, true);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, area);
	area->domains = &w->iopts[0].domains;
	area->next = NULL;
	inx_areas_unfill(&w->iopts[0].domains, area);
	inx_area_free(area);
}

/* Pages that devices may write are dirty afterwards, others are not. */
WORLD_CASE(area_dirty)
{
	unsigned int prot = IOMMU_READ | IOMMU_CACHE, i;
	unsigned long at = IOVA;

	for (i = 0; i < 8; i++)
		ClearPageDirty(w->mem->pages[i]);
	KUNIT_ASSERT_EQ(test, 0, world_map_prot(w, &w->iopts[0], 0,
						4 * PAGE_SIZE, &at, true, prot));
	KUNIT_ASSERT_EQ(test, 0, world_unmap(w, &w->iopts[0], IOVA,
					     4 * PAGE_SIZE));
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_FALSE(test, PageDirty(w->mem->pages[i]));
	KUNIT_ASSERT_EQ(test, 0, world_map(w, 4 * PAGE_SIZE, 4 * PAGE_SIZE,
					   IOVA));
	for (i = 4; i < 8; i++)
		ClearPageDirty(w->mem->pages[i]);
	KUNIT_ASSERT_EQ(test, 0, world_unmap(w, &w->iopts[0], IOVA,
					     4 * PAGE_SIZE));
	for (i = 4; i < 8; i++)
		KUNIT_EXPECT_TRUE(test, PageDirty(w->mem->pages[i]));
}

#define AREA_THREADS 3

struct area_race {
	struct world *w;
	unsigned int nr;
	unsigned int rounds;
	unsigned int failed;
	struct completion done;
};

/* Map a copy of a part of the memory, and unmap it. */
static int area_race_thread(void *arg)
{
	struct area_race *race = arg;
	struct inx_iopt *iopt = &race->w->iopts[0];
	unsigned int i;

	kthread_use_mm(race->w->mm);
	for (i = 0; i < race->rounds; i++) {
		unsigned long from = (race->nr * 13 + i * 5) % 60 * PAGE_SIZE;
		unsigned long n = 1 + (i * 7 + race->nr) % 60, to;
		int rc;

		rc = inx_iopt_copy(iopt, &race->w->iopts[1], IOVA + from,
				   n * PAGE_SIZE, &to, false, WORLD_RW);
		if (!rc && i % 3 == 0)
			schedule_timeout_uninterruptible(1);
		if (!rc)
			rc = world_unmap(race->w, iopt, to, n * PAGE_SIZE);
		race->failed += !!rc;
	}
	kthread_unuse_mm(race->w->mm);
	complete(&race->done);
	return 0;
}

/*
 * The source has no page table, so the threads find pages that nobody has
 * pinned and pin them side by side, each in the other's way: a page that is
 * faulted in sleeps for a moment.
 */
WORLD_CASE(area_race)
{
	struct area_race *races = kunit_kzalloc(test, sizeof(*races) *
						AREA_THREADS, GFP_KERNEL);
	unsigned long at = IOVA, round;
	struct task_struct *task;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, races);
	w->mem->slow = true;
	KUNIT_ASSERT_EQ(test, 0, world_map_prot(w, &w->iopts[1], 0,
						128 * PAGE_SIZE, &at, true,
						WORLD_RW));
	for (round = 0; round < 4; round++) {
		KUNIT_ASSERT_EQ(test, 0, mem_renew(w->mem));
		for (i = 0; i < AREA_THREADS; i++) {
			races[i] = (struct area_race){
				.w = w, .nr = i, .rounds = 40,
			};
			init_completion(&races[i].done);
			task = kthread_run(area_race_thread, &races[i],
					   "inx-area-race");
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
		}
		for (i = 0; i < AREA_THREADS; i++) {
			wait_for_completion(&races[i].done);
			KUNIT_EXPECT_EQ(test, 0U, races[i].failed);
		}
		world_expect_pages(w, 0);
	}
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[1], IOVA,
					     128 * PAGE_SIZE));
}

static const struct world_config area_race_configs[] = {
	{ .name = "contiguous", .layout = MEM_CONTIG, .domains = 1 },
	{ .name = "scattered", .layout = MEM_SCATTERED, .domains = 2,
	  .mode = INX_ACCOUNT_MM },
	{ .name = "runs", .layout = MEM_RUNS, .domains = 1 },
};

KUNIT_ARRAY_PARAM(area_race, area_race_configs, world_describe);

static struct kunit_case area_cases[] = {
	KUNIT_CASE(area_iova),
	WORLD_CASE_PARAM(area_fill_and_unfill),
	KUNIT_CASE(area_unfill_empty),
	KUNIT_CASE(area_dirty),
	KUNIT_CASE_PARAM(area_race, area_race_gen_params),
	{}
};

static struct kunit_suite area_suite = {
	.name = "inx_area",
	.test_cases = area_cases,
};

kunit_test_suite(area_suite);
