// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking hold of pages without the IOVA space around it: by areas and by the
 * CPU, in any order; what is kept of it; copies of what somebody holds and of
 * what nobody does.
 */
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/slab.h>

#include "configs.h"
#include "hold.h"
#include "pages.h"
#include "world.h"

#define IOVA 0x10000000UL
#define NPAGES 256UL

/* An area of the first pages of the memory, not filled. */
static struct inx_area *hold_area(struct world *w)
{
	struct inx_area *area = world_area(w, WORLD_UADDR, NPAGES * PAGE_SIZE,
					   true);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(w->test, area);
	area->prot = WORLD_RW;
	area->domains = &w->iopts[0].domains;
	area->node.start = IOVA;
	area->node.last = IOVA + NPAGES * PAGE_SIZE - 1;
	return area;
}

static void hold_unfill(struct inx_area *area)
{
	area->next = NULL;
	inx_areas_unfill(area->domains, area);
}

static unsigned int hold_segs(struct inx_pages *pages)
{
	struct rb_node *node;
	unsigned int nr = 0;

	for (node = rb_first(&pages->segs); node; node = rb_next(node))
		nr++;
	return nr;
}

/* By the CPU; the list is that of the memory. */
static void hold_cpu(struct world *w, struct inx_pages *pages,
		     unsigned long first, unsigned long npages)
{
	struct page **list = kvcalloc(npages, sizeof(*list), GFP_KERNEL);
	unsigned long i, wrong = 0;

	KUNIT_ASSERT_NOT_NULL(w->test, list);
	KUNIT_ASSERT_EQ(w->test, 0, inx_hold_cpu(pages, first, npages, list));
	for (i = 0; i < npages; i++)
		wrong += list[i] != w->mem->pages[first + i];
	KUNIT_EXPECT_EQ(w->test, 0UL, wrong);
	kvfree(list);
}

static void hold_drop(struct inx_pages *pages, unsigned long first,
		      unsigned long npages)
{
	LIST_HEAD(dying);

	inx_hold_drop_cpu(pages, first, npages, &dying);
	inx_segs_bury(pages, &dying);
}

/* Holds of the CPU that overlap, let go of in another order. */
WORLD_CASE(hold_cpu_overlaps)
{
	static const struct { unsigned long first, npages, all; } holds[] = {
		{ 0, 1, 1 }, { 0, 256, 256 }, { 255, 1, 256 },
		{ 100, 50, 256 }, { 90, 20, 256 }, { 7, 200, 256 },
	};
	static const unsigned int order[] = { 3, 1, 0, 5, 2, 4 };
	static const unsigned long left[] = { 256, 202, 201, 21, 20, 0 };
	struct inx_area *area = hold_area(w);
	struct inx_pages *pages = area->pages;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(holds); i++) {
		hold_cpu(w, pages, holds[i].first, holds[i].npages);
		world_expect_pages(w, holds[i].all);
	}
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		hold_drop(pages, holds[order[i]].first,
			  holds[order[i]].npages);
		world_expect_pages(w, left[i]);
	}
	KUNIT_EXPECT_EQ(test, 0U, hold_segs(pages));
	/* Nothing is held: nothing to drop. */
	hold_drop(pages, 0, 0);
	inx_area_free(area);
}

/* An area and the CPU, who of them comes and goes first. */
WORLD_CASE(hold_beside_area)
{
	unsigned int segs, round;

	if (!w->config.domains)
		return;
	for (round = 0; round < 4; round++) {
		struct inx_area *area = hold_area(w);
		struct inx_pages *pages = area->pages;

		if (round & 1)
			hold_cpu(w, pages, 5, 17);
		KUNIT_ASSERT_EQ(test, 0, inx_area_fill(area));
		world_expect_map(w, IOVA, 0, NPAGES * PAGE_SIZE);
		segs = hold_segs(pages);
		if (!(round & 1))
			hold_cpu(w, pages, 5, 17);
		hold_cpu(w, pages, 20, 100);
		hold_cpu(w, pages, 0, NPAGES);
		world_expect_pages(w, NPAGES);
		hold_drop(pages, 0, NPAGES);

		if (round & 2)
			hold_unfill(area);
		world_expect_pages(w, round & 2 ? 115 : NPAGES);
		hold_drop(pages, 5, 17);
		hold_drop(pages, 20, 100);
		if (!(round & 2)) {
			/* Cuts that nobody needs are gone. */
			KUNIT_EXPECT_LE(test, hold_segs(pages), segs);
			world_expect_map(w, IOVA, 0, NPAGES * PAGE_SIZE);
			hold_unfill(area);
		}
		world_expect_pages(w, 0);
		KUNIT_EXPECT_EQ(test, 0U, hold_segs(pages));
		inx_area_free(area);
	}
}

/* A page here and a page there: afterwards it is one segment, as before. */
WORLD_CASE(hold_cuts_heal)
{
	struct inx_area *area = hold_area(w);
	struct inx_pages *pages = area->pages;
	unsigned int before;
	unsigned long i;

	if (w->config.domains)
		KUNIT_ASSERT_EQ(test, 0, inx_area_fill(area));
	else
		hold_cpu(w, pages, 0, NPAGES);
	before = hold_segs(pages);
	for (i = 0; i < NPAGES; i += 3)
		hold_cpu(w, pages, i, 1);
	KUNIT_EXPECT_GT(test, hold_segs(pages), (unsigned int)NPAGES / 2);
	for (i = 0; i < NPAGES; i += 3)
		hold_drop(pages, i * 5 % 258 / 3 * 3, 1);
	if (w->config.domains) {
		KUNIT_EXPECT_LE(test, hold_segs(pages), before);
		hold_unfill(area);
	} else {
		hold_drop(pages, 0, NPAGES);
	}
	KUNIT_EXPECT_EQ(test, 0U, hold_segs(pages));
	world_expect_pages(w, 0);
	inx_area_free(area);
}

/* The n-th page is not there: what was held is let go of, what others hold stays. */
WORLD_CASE(hold_cpu_fails)
{
	struct page **list = kunit_kzalloc(test, 32 * sizeof(*list),
					   GFP_KERNEL);
	struct inx_area *area = hold_area(w);
	unsigned long bad;

	KUNIT_ASSERT_NOT_NULL(test, list);
	for (bad = 0; bad < 32; bad++) {
		w->mem->bad = bad;
		KUNIT_ASSERT_EQ(test, 0, mem_renew(w->mem));
		if (bad > 10)
			hold_cpu(w, area->pages, 3, 5);
		KUNIT_EXPECT_EQ(test, -EFAULT,
				inx_hold_cpu(area->pages, 0, 32, list));
		world_expect_pages(w, bad > 10 ? 5 : 0);
		if (bad > 10)
			hold_drop(area->pages, 3, 5);
	}
	w->mem->bad = ULONG_MAX;
	/* Over the limit, all of it or the part that is new. */
	env_set_memlock(16 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, -ENOMEM, inx_hold_cpu(area->pages, 0, 17, list));
	world_expect_pages(w, 0);
	hold_cpu(w, area->pages, 0, 16);
	KUNIT_EXPECT_EQ(test, -ENOMEM, inx_hold_cpu(area->pages, 15, 2, list));
	hold_cpu(w, area->pages, 0, 16);
	world_expect_pages(w, 16);
	hold_drop(area->pages, 0, 16);
	hold_drop(area->pages, 0, 16);
	env_set_memlock(SZ_1G);
	world_expect_pages(w, 0);
	inx_area_free(area);
}

static void hold_number(struct world *w)
{
	unsigned long i;

	for (i = 0; i < NPAGES; i++)
		memset(page_address(w->mem->pages[i]), i + 1, PAGE_SIZE);
}

/* As hold_number() has written: bytes of @data that are not. */
static unsigned long hold_wrong(const u8 *data, unsigned long start,
				unsigned long length)
{
	unsigned long i, wrong = 0;

	for (i = 0; i < length; i++)
		wrong += data[i] != (u8)(((start + i) >> PAGE_SHIFT) + 1);
	return wrong;
}

/* What is copied is pinned for a moment, some pages at a time, if it is not. */
WORLD_CASE(hold_rw)
{
	static const struct { unsigned long start, length; } tries[] = {
		{ 0, 1 },
		{ 0, 63 * PAGE_SIZE },
		{ 0, 64 * PAGE_SIZE },
		{ 0, 64 * PAGE_SIZE + 1 },
		{ 1, 64 * PAGE_SIZE },
		{ 65 * PAGE_SIZE - 1, 130 * PAGE_SIZE },
		{ 0, NPAGES * PAGE_SIZE },
		{ NPAGES * PAGE_SIZE - 1, 1 },
	};
	struct inx_area *area = hold_area(w);
	u8 *data = kvzalloc(NPAGES * PAGE_SIZE, GFP_KERNEL);
	unsigned int i, round;

	KUNIT_ASSERT_NOT_NULL(test, data);
	for (round = 0; round < 3; round++) {
		if (round == 1) {
			hold_cpu(w, area->pages, 1, 1);
			hold_cpu(w, area->pages, 60, 10);
			hold_cpu(w, area->pages, 200, 56);
		}
		if (round == 2 && w->config.domains)
			KUNIT_ASSERT_EQ(test, 0, inx_area_fill(area));
		for (i = 0; i < ARRAY_SIZE(tries); i++) {
			unsigned long start = tries[i].start;
			unsigned long length = tries[i].length;

			hold_number(w);
			KUNIT_EXPECT_EQ(test, 0, inx_hold_rw(area->pages, start,
							     data, length,
							     false));
			KUNIT_EXPECT_EQ(test, 0UL, hold_wrong(data, start,
							      length));
			memset(page_address(w->mem->pages[0]), 0, PAGE_SIZE);
			KUNIT_EXPECT_EQ(test, 0, inx_hold_rw(area->pages, start,
							     data, length,
							     true));
			if (!start && length > PAGE_SIZE)
				KUNIT_EXPECT_EQ(test, 1,
						(int)*(u8 *)page_address(w->mem->pages[0]));
		}
	}
	if (w->config.domains)
		hold_unfill(area);
	hold_drop(area->pages, 1, 1);
	hold_drop(area->pages, 60, 10);
	hold_drop(area->pages, 200, 56);
	world_expect_pages(w, 0);
	inx_area_free(area);
	kvfree(data);
}

/* Written pages are dirty; nothing stays pinned when a page is not there. */
WORLD_CASE(hold_rw_dirty_and_fails)
{
	struct inx_area *area = hold_area(w), *reader;
	u8 byte = 7;

	reader = world_area(w, WORLD_UADDR, NPAGES * PAGE_SIZE, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, reader);
	ClearPageDirty(w->mem->pages[9]);
	KUNIT_EXPECT_EQ(test, 0, inx_hold_rw(reader->pages, 9 * PAGE_SIZE,
					     &byte, 1, false));
	KUNIT_EXPECT_FALSE(test, PageDirty(w->mem->pages[9]));
	inx_area_free(reader);
	KUNIT_EXPECT_EQ(test, 0, inx_hold_rw(area->pages, 9 * PAGE_SIZE, &byte,
					     1, true));
	KUNIT_EXPECT_TRUE(test, PageDirty(w->mem->pages[9]));
	w->mem->bad = 9;
	KUNIT_ASSERT_EQ(test, 0, mem_renew(w->mem));
	KUNIT_EXPECT_EQ(test, -EFAULT, inx_hold_rw(area->pages, 9 * PAGE_SIZE,
						   &byte, 1, true));
	w->mem->bad = ULONG_MAX;
	world_expect_pages(w, 0);
	inx_area_free(area);
}

static const struct world_config hold_bare_configs[] = {
	{ .name = "user", .layout = MEM_RUNS },
	{ .name = "process", .layout = MEM_SCATTERED, .mode = INX_ACCOUNT_MM },
};

KUNIT_ARRAY_PARAM(hold_bare, hold_bare_configs, world_describe);

static struct kunit_case hold_cases[] = {
	WORLD_CASE_PARAM(hold_beside_area),
	WORLD_CASE_PARAM(hold_cuts_heal),
	WORLD_CASE_PARAM(hold_rw),
	KUNIT_CASE_PARAM(hold_cpu_overlaps, hold_bare_gen_params),
	KUNIT_CASE_PARAM(hold_cpu_fails, hold_bare_gen_params),
	KUNIT_CASE_PARAM(hold_rw_dirty_and_fails, hold_bare_gen_params),
	{}
};

static struct kunit_suite hold_suite = {
	.name = "inx_hold",
	.test_cases = hold_cases,
};

kunit_test_suite(hold_suite);
