// SPDX-License-Identifier: GPL-2.0-only
/* Runs of pages and the box that carries them. */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "batch.h"
#include "env.h"
#include "world.h"

static void batch_run_packs(struct kunit *test)
{
	const unsigned long pfns[] = { 0, 1, 0x12345, BIT(40) - 1 };
	const unsigned long lens[] = { 1, 2, 512, INX_RUN_MAX };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(pfns); i++) {
		for (j = 0; j < ARRAY_SIZE(lens); j++) {
			inx_run_t run = inx_run(pfns[i], lens[j]);

			KUNIT_EXPECT_EQ(test, pfns[i], inx_run_pfn(run));
			KUNIT_EXPECT_EQ(test, lens[j], inx_run_len(run));
		}
	}
}

static void batch_joins_neighbours(struct kunit *test)
{
	struct inx_batch batch;

	inx_batch_init(&batch, 8);
	inx_batch_reset(&batch, 5);
	KUNIT_EXPECT_TRUE(test, inx_batch_add(&batch, 100, 1));
	KUNIT_EXPECT_TRUE(test, inx_batch_add(&batch, 101, 3));
	KUNIT_EXPECT_EQ(test, 1U, batch.nr);
	/* Backwards is no neighbour, nor is a gap. */
	KUNIT_EXPECT_TRUE(test, inx_batch_add(&batch, 99, 1));
	KUNIT_EXPECT_TRUE(test, inx_batch_add(&batch, 101, 1));
	KUNIT_EXPECT_EQ(test, 3U, batch.nr);
	KUNIT_EXPECT_EQ(test, 6UL, batch.npages);
	KUNIT_EXPECT_EQ(test, 5UL, batch.start);
	KUNIT_EXPECT_EQ(test, 100UL, inx_run_pfn(batch.runs[0]));
	KUNIT_EXPECT_EQ(test, 4UL, inx_run_len(batch.runs[0]));
	inx_batch_reset(&batch, 9);
	KUNIT_EXPECT_EQ(test, 0U, batch.nr);
	KUNIT_EXPECT_EQ(test, 0UL, batch.npages);
	inx_batch_destroy(&batch);
}

/* A run does not grow beyond what its length can say. */
static void batch_splits_at_run_max(struct kunit *test)
{
	struct inx_batch batch;

	inx_batch_init(&batch, 4);
	KUNIT_EXPECT_TRUE(test, inx_batch_add(&batch, 0, INX_RUN_MAX - 1));
	KUNIT_EXPECT_TRUE(test, inx_batch_add(&batch, INX_RUN_MAX - 1, 1));
	KUNIT_EXPECT_EQ(test, 1U, batch.nr);
	KUNIT_EXPECT_TRUE(test, inx_batch_add(&batch, INX_RUN_MAX, 1));
	KUNIT_EXPECT_EQ(test, 2U, batch.nr);
	KUNIT_EXPECT_EQ(test, 1UL, inx_run_len(batch.runs[1]));
	KUNIT_EXPECT_EQ(test, INX_RUN_MAX + 1, batch.npages);
	inx_batch_destroy(&batch);
}

/* A full batch still takes what extends its last run, and only that. */
static void batch_full(struct kunit *test)
{
	struct inx_batch batch;
	unsigned int i;

	inx_batch_init(&batch, 3);
	KUNIT_EXPECT_EQ(test, batch.cap, (unsigned int)INX_BATCH_INLINE);
	for (i = 0; i < batch.cap; i++)
		KUNIT_EXPECT_TRUE(test, inx_batch_add(&batch, i * 2, 1));
	KUNIT_EXPECT_FALSE(test, inx_batch_add(&batch, 1000, 1));
	KUNIT_EXPECT_EQ(test, (unsigned long)batch.cap, batch.npages);
	KUNIT_EXPECT_TRUE(test, inx_batch_add(&batch, batch.cap * 2 - 1, 2));
	KUNIT_EXPECT_EQ(test, batch.cap, batch.nr);
	inx_batch_destroy(&batch);
}

/* It is larger when that pays, and works without memory. */
static void batch_room(struct kunit *test)
{
	struct inx_batch batch;

	inx_batch_init(&batch, 1000);
	KUNIT_EXPECT_EQ(test, 1000U, batch.cap);
	KUNIT_EXPECT_PTR_NE(test, batch.runs, &batch.room[0]);
	inx_batch_destroy(&batch);

	inx_batch_init(&batch, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, (unsigned int)(SZ_64K / sizeof(inx_run_t)),
			batch.cap);
	inx_batch_destroy(&batch);
}

WORLD_CASE(batch_room_without_memory)
{
	struct inx_batch batch;

	KUNIT_ASSERT_EQ(test, 0, env_faults_init());
	env_fail_nth(1);
	inx_batch_init(&batch, 1000);
	KUNIT_EXPECT_TRUE(test, env_has_failed());
	KUNIT_EXPECT_EQ(test, (unsigned int)INX_BATCH_INLINE, batch.cap);
	KUNIT_EXPECT_PTR_EQ(test, batch.runs, &batch.room[0]);
	inx_batch_destroy(&batch);
}

static void batch_add_pages(struct kunit *test)
{
	struct page *chunk = alloc_pages(GFP_KERNEL, 4), *list[20];
	struct inx_batch batch;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, chunk);
	for (i = 0; i < 8; i++)
		list[i] = chunk + i;
	for (i = 8; i < 12; i++)
		list[i] = chunk + 15 - i;
	inx_batch_init(&batch, 12);
	KUNIT_EXPECT_EQ(test, 12UL, inx_batch_add_pages(&batch, list, 12));
	KUNIT_EXPECT_EQ(test, 5U, batch.nr);
	KUNIT_EXPECT_EQ(test, page_to_pfn(chunk), inx_run_pfn(batch.runs[0]));
	KUNIT_EXPECT_EQ(test, 8UL, inx_run_len(batch.runs[0]));

	/* As far as there is room, to the page. */
	inx_batch_reset(&batch, 0);
	batch.cap = 2;
	KUNIT_EXPECT_EQ(test, 9UL, inx_batch_add_pages(&batch, list, 12));
	KUNIT_EXPECT_EQ(test, 9UL, batch.npages);
	inx_batch_destroy(&batch);
	__free_pages(chunk, 4);
}

/* Unpinning takes pins of exactly the pages that are named. */
WORLD_CASE(batch_unpin_part)
{
	struct inx_batch batch;
	struct page *list[16];
	unsigned long i, rc;

	for (i = 0; i < 4; i++) {
		/* Pages 3, 2, 1, 0 of four runs of four. */
		unsigned long first = (3 - i) * 4;

		rc = pin_user_pages_fast(w->mem->uaddr + first * PAGE_SIZE, 4,
					 FOLL_WRITE | FOLL_LONGTERM,
					 list + i * 4);
		KUNIT_ASSERT_EQ(test, 4UL, rc);
	}
	inx_batch_init(&batch, 16);
	inx_batch_reset(&batch, 100);
	KUNIT_EXPECT_EQ(test, 16UL, inx_batch_add_pages(&batch, list, 16));
	KUNIT_EXPECT_EQ(test, 4U, batch.nr);

	inx_batch_unpin(&batch, 103, 6, true);
	KUNIT_EXPECT_EQ(test, 10UL, mem_total_pins(w->mem));
	KUNIT_EXPECT_EQ(test, 0U, mem_pins(w->mem, 15));
	KUNIT_EXPECT_EQ(test, 0U, mem_pins(w->mem, 8));
	KUNIT_EXPECT_EQ(test, 0U, mem_pins(w->mem, 4));
	KUNIT_EXPECT_EQ(test, 1U, mem_pins(w->mem, 5));
	inx_batch_unpin(&batch, 100, 3, false);
	inx_batch_unpin(&batch, 109, 7, false);
	KUNIT_EXPECT_EQ(test, 0UL, mem_total_pins(w->mem));
	inx_batch_unpin(&batch, 100, 0, false);
	inx_batch_destroy(&batch);
}

static struct kunit_case batch_cases[] = {
	KUNIT_CASE(batch_run_packs),
	KUNIT_CASE(batch_joins_neighbours),
	KUNIT_CASE(batch_splits_at_run_max),
	KUNIT_CASE(batch_full),
	KUNIT_CASE(batch_room),
	KUNIT_CASE(batch_room_without_memory),
	KUNIT_CASE(batch_add_pages),
	KUNIT_CASE(batch_unpin_part),
	{}
};

static struct kunit_suite batch_suite = {
	.name = "inx_batch",
	.test_cases = batch_cases,
};

kunit_test_suite(batch_suite);
