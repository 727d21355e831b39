// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page store: segments that are added, cut at any page, shared and let go
 * of. What is kept of a segment is always what lies in memory.
 */
#include <linux/mm.h>

#include "batch.h"

#include "reader.h"
#include "world.h"

static const struct world_config pages_configs[] = {
	{ .name = "contiguous", .layout = MEM_CONTIG },
	{ .name = "runs", .layout = MEM_RUNS },
	{ .name = "scattered", .layout = MEM_SCATTERED },
	{ .name = "mixed", .layout = MEM_MIXED },
};

KUNIT_ARRAY_PARAM(pages, pages_configs, world_describe);

static int area_errno(struct world *w, unsigned long uaddr,
		      unsigned long length)
{
	struct inx_area *area = world_area(w, uaddr, length, true);

	if (IS_ERR(area))
		return PTR_ERR(area);
	inx_area_free(area);
	return 0;
}

WORLD_CASE(pages_alloc_limits)
{
	KUNIT_EXPECT_EQ(test, -EINVAL, area_errno(w, WORLD_UADDR, 0));
	KUNIT_EXPECT_EQ(test, -EOVERFLOW, area_errno(w, ULONG_MAX, 1));
	KUNIT_EXPECT_EQ(test, -EOVERFLOW, area_errno(w, ULONG_MAX - SZ_4K, 2));
	KUNIT_EXPECT_EQ(test, -EOVERFLOW,
			area_errno(w, WORLD_UADDR, ULONG_MAX));
	KUNIT_EXPECT_EQ(test, 0, area_errno(w, 1, ULONG_MAX - PAGE_SIZE - 1));
	KUNIT_EXPECT_EQ(test, 0, area_errno(w, WORLD_UADDR, 1));
}

/* Which pages a slice of memory touches. */
WORLD_CASE(pages_of_slices)
{
	static const struct {
		unsigned long uaddr, length, npages, first_byte;
	} slices[] = {
		{ 0x10000, 1, 1, 0 },
		{ 0x10fff, 1, 1, 0xfff },
		{ 0x10fff, 2, 2, 0xfff },
		{ 0x10800, 0x1000, 2, 0x800 },
		{ 0x10000, 0x1000, 1, 0 },
		{ 0x10001, 0x2000, 3, 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(slices); i++) {
		struct inx_area *area = world_area(w, slices[i].uaddr,
						   slices[i].length, false);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, area);
		KUNIT_EXPECT_EQ(test, slices[i].npages, area->pages->npages);
		KUNIT_EXPECT_EQ(test, slices[i].first_byte, area->start_byte);
		KUNIT_EXPECT_EQ(test, slices[i].length, inx_area_length(area));
		KUNIT_EXPECT_EQ(test, 0UL, inx_area_first(area));
		KUNIT_EXPECT_EQ(test, slices[i].npages - 1,
				inx_area_last(area));
		KUNIT_EXPECT_TRUE(test, inx_pages_is_own_area(area));
		inx_area_free(area);
	}
}

/* Areas of the same pages go in any order; the pages with the last. */
WORLD_CASE(pages_shared_by_areas)
{
	struct inx_area *a = world_area(w, WORLD_UADDR, SZ_64K, true), *b, *c;
	struct inx_pages *pages;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	pages = a->pages;
	b = inx_area_alloc(pages, 100, 1000);
	c = inx_area_alloc(pages, SZ_8K, SZ_4K);
	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_ASSERT_NOT_NULL(test, c);
	KUNIT_EXPECT_EQ(test, 3U, refcount_read(&pages->refs));
	KUNIT_EXPECT_FALSE(test, inx_pages_is_own_area(b));
	KUNIT_EXPECT_EQ(test, 2UL, inx_area_first(c));
	KUNIT_EXPECT_EQ(test, 2UL, inx_area_last(c));
	inx_area_free(a);
	inx_area_free(c);
	KUNIT_EXPECT_EQ(test, 1U, refcount_read(&pages->refs));
	inx_area_free(b);
}

/* Pin pages and put them into the store as one segment, with one holder. */
static void pages_add(struct world *w, struct inx_pages *pages,
		      unsigned long start, unsigned long npages)
{
	struct inx_reader reader;
	struct inx_batch batch;

	KUNIT_ASSERT_EQ(w->test, 0, inx_reader_init(&reader, pages, npages));
	inx_batch_init(&batch, npages);
	inx_batch_reset(&batch, start);
	mutex_lock(&pages->lock);
	KUNIT_ASSERT_EQ(w->test, 0, inx_pages_charge(pages, npages));
	mutex_unlock(&pages->lock);
	KUNIT_ASSERT_EQ(w->test, 0, inx_reader_pin(&reader, &batch,
						   start + npages - 1));
	KUNIT_ASSERT_EQ(w->test, npages, batch.npages);
	mutex_lock(&pages->lock);
	KUNIT_ASSERT_EQ(w->test, 0, inx_seg_add(pages, &batch, 0, false));
	mutex_unlock(&pages->lock);
	inx_batch_destroy(&batch);
	inx_reader_destroy(&reader);
}

/* What nobody holds any more is unpinned; what has no runs by hand. */
static unsigned long pages_drop(struct world *w, struct inx_pages *pages,
				unsigned long first, unsigned long npages)
{
	unsigned long before = mem_total_pins(w->mem), i;
	struct inx_seg *seg;
	LIST_HEAD(dying);

	mutex_lock(&pages->lock);
	inx_segs_drop(pages, first, npages, false, &dying);
	mutex_unlock(&pages->lock);
	list_for_each_entry(seg, &dying, item)
		for (i = 0; !seg->nr && i < seg->npages; i++)
			unpin_user_page(w->mem->pages[seg->start + i]);
	inx_segs_bury(pages, &dying);
	return before - mem_total_pins(w->mem);
}

/* Runs that a segment keeps are those of memory. */
static void pages_expect_segs(struct world *w, struct inx_pages *pages,
			      unsigned long npages)
{
	unsigned long index, total = 0, wrong = 0, n;
	struct inx_seg *seg;
	unsigned int i;

	mutex_lock(&pages->lock);
	for (seg = inx_seg_find(pages, 0); seg; seg = inx_seg_next(seg)) {
		const inx_run_t *runs = inx_seg_runs(seg);

		index = seg->start;
		for (i = 0; i < seg->nr; i++)
			for (n = 0; n < inx_run_len(runs[i]); n++)
				wrong += inx_run_pfn(runs[i]) + n !=
					 page_to_pfn(w->mem->pages[index++]);
		if (seg->nr)
			wrong += index != seg->start + seg->npages;
		total += seg->npages;
	}
	KUNIT_EXPECT_EQ(w->test, npages, pages->npinned);
	mutex_unlock(&pages->lock);
	KUNIT_EXPECT_EQ(w->test, npages, total);
	KUNIT_EXPECT_EQ(w->test, 0UL, wrong);
}

WORLD_CASE(pages_cut_anywhere)
{
	struct inx_area *area = world_area(w, WORLD_UADDR, 80 * PAGE_SIZE, true);
	struct inx_pages *pages;
	unsigned long cut;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, area);
	pages = area->pages;
	for (cut = 1; cut < 80; cut++) {
		unsigned long last = cut + (79 - cut) / 2;
		struct inx_seg *seg;

		pages_add(w, pages, 0, 80);
		world_expect_pages(w, 80);
		mutex_lock(&pages->lock);
		seg = inx_seg_find(pages, cut);
		KUNIT_ASSERT_NOT_NULL(test, seg);
		KUNIT_ASSERT_EQ(test, 0, inx_seg_clip(pages, &seg, cut, last));
		KUNIT_EXPECT_EQ(test, cut, seg->start);
		KUNIT_EXPECT_EQ(test, last, inx_seg_last(seg));
		/* A second holder of the middle. */
		seg->holds++;
		mutex_unlock(&pages->lock);
		pages_expect_segs(w, pages, 80);
		KUNIT_EXPECT_EQ(test, 80 - (last - cut + 1),
				pages_drop(w, pages, 0, 80));
		pages_expect_segs(w, pages, last - cut + 1);
		world_expect_pages(w, last - cut + 1);
		KUNIT_EXPECT_EQ(test, last - cut + 1,
				pages_drop(w, pages, cut, last - cut + 1));
		world_expect_pages(w, 0);
	}
	inx_area_free(area);
}

/* Long runs are kept, short ones are not, and grow with their one holder. */
WORLD_CASE(pages_keeps_long_runs)
{
	struct inx_area *area = world_area(w, WORLD_UADDR, SZ_1M, true);
	bool keep = w->config.layout != MEM_SCATTERED;
	struct inx_pages *pages;
	struct inx_seg *seg;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, area);
	pages = area->pages;
	pages_add(w, pages, 0, 64);
	pages_add(w, pages, 64, 64);
	mutex_lock(&pages->lock);
	seg = inx_seg_find(pages, 0);
	KUNIT_ASSERT_NOT_NULL(test, seg);
	KUNIT_EXPECT_EQ(test, keep, seg->nr > 0);
	KUNIT_EXPECT_EQ(test, keep ? 64UL : 128UL, seg->npages);
	KUNIT_EXPECT_EQ(test, keep, !!inx_seg_next(seg));
	KUNIT_EXPECT_NULL(test, inx_seg_find(pages, 128));
	mutex_unlock(&pages->lock);
	pages_expect_segs(w, pages, 128);
	KUNIT_EXPECT_EQ(test, 0UL, pages_drop(w, pages, 0, 0));
	KUNIT_EXPECT_EQ(test, 128UL, pages_drop(w, pages, 0, 128));
	inx_area_free(area);
}

static struct kunit_case pages_cases[] = {
	KUNIT_CASE(pages_alloc_limits),
	KUNIT_CASE(pages_of_slices),
	KUNIT_CASE(pages_shared_by_areas),
	KUNIT_CASE_PARAM(pages_cut_anywhere, pages_gen_params),
	KUNIT_CASE_PARAM(pages_keeps_long_runs, pages_gen_params),
	{}
};

static struct kunit_suite pages_suite = {
	.name = "inx_pages",
	.test_cases = pages_cases,
};

kunit_test_suite(pages_suite);
