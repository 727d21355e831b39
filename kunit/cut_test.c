// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cutting areas in two: everywhere, at both ends of a range, with pages that
 * others share, and what is in the way of it.
 */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "cut.h"
#include "pin.h"
#include "world.h"

#define IOVA 0x10000000UL
#define NPAGES 16UL
#define LENGTH (NPAGES * PAGE_SIZE)

static struct inx_iova_range cut_pages(unsigned long first,
				       unsigned long npages)
{
	unsigned long start = IOVA + first * PAGE_SIZE;

	return (struct inx_iova_range){ start, start + npages * PAGE_SIZE - 1 };
}

static int cut(struct world *w, unsigned long first, unsigned long npages)
{
	return inx_cut_ends(&w->iopts[0], cut_pages(first, npages));
}

static void cut_map(struct world *w)
{
	KUNIT_ASSERT_EQ(w->test, 0, world_map(w, 0, LENGTH, IOVA));
}

/* All that is mapped, in so many areas, without a gap. */
static void cut_expect(struct world *w, unsigned int areas)
{
	struct inx_iopt *iopt = &w->iopts[0];
	unsigned long pos = IOVA, mapped = 0;
	struct inx_area *area;

	KUNIT_EXPECT_EQ(w->test, areas, world_areas(iopt));
	for (area = inx_space_first(&iopt->space, 0, ULONG_MAX); area;
	     area = inx_space_next(area, ULONG_MAX)) {
		KUNIT_EXPECT_EQ(w->test, pos, area->node.start);
		KUNIT_EXPECT_EQ(w->test, pos - IOVA, area->start_byte);
		pos = area->node.last + 1;
		mapped += area->mapped;
	}
	KUNIT_EXPECT_EQ(w->test, IOVA + LENGTH, pos);
	KUNIT_EXPECT_EQ(w->test, w->config.domains ? NPAGES : 0, mapped);
	world_expect_map(w, IOVA, 0, LENGTH);
	world_expect_pages(w, w->config.domains ? NPAGES : 0);
}

static void cut_unmap_all(struct world *w)
{
	struct inx_iova_range all = { 0, ULONG_MAX };
	unsigned long unmapped;

	KUNIT_EXPECT_EQ(w->test, 0, inx_iopt_unmap(&w->iopts[0], all,
						   &unmapped));
	world_expect_pages(w, 0);
}

/* At every page: nothing is pinned, charged or mapped anew. */
WORLD_CASE(cut_everywhere)
{
	unsigned long page;

	cut_map(w);
	for (page = 1; page < NPAGES; page++) {
		KUNIT_EXPECT_EQ(test, 0, cut(w, page, NPAGES - page));
		cut_expect(w, page + 1);
	}
	/* Here it is cut already. */
	KUNIT_EXPECT_EQ(test, 0, cut(w, 3, 5));
	cut_expect(w, NPAGES);
	/* What is left of it is as any other mapping. */
	for (page = 1; page < NPAGES; page += 2) {
		KUNIT_EXPECT_EQ(test, 0,
				inx_iopt_unmap(&w->iopts[0],
					       cut_pages(page, 1), NULL));
		world_expect_unmapped(w, w->domains[0].link.domain,
				      IOVA + page * PAGE_SIZE, PAGE_SIZE);
		world_expect_map(w, IOVA + (page - 1) * PAGE_SIZE,
				 (page - 1) * PAGE_SIZE, PAGE_SIZE);
		world_expect_pages(w, NPAGES - page / 2 - 1);
	}
	cut_unmap_all(w);
}

/* Both ends of a range in one area: three of it. */
WORLD_CASE(cut_both_ends)
{
	unsigned long first, npages;

	for (first = 1; first < NPAGES - 1; first += 3) {
		for (npages = 1; first + npages < NPAGES; npages += 4) {
			cut_map(w);
			KUNIT_EXPECT_EQ(test, 0, cut(w, first, npages));
			cut_expect(w, 3);
			KUNIT_EXPECT_EQ(test, 0,
					inx_iopt_unmap(&w->iopts[0],
						       cut_pages(first, npages),
						       NULL));
			world_expect_pages(w, NPAGES - npages);
			cut_unmap_all(w);
		}
	}
}

/* Where there is nothing to cut. */
WORLD_CASE(cut_nothing)
{
	struct inx_iova_range all = { 0, ULONG_MAX };

	KUNIT_EXPECT_EQ(test, 0, cut(w, 0, 1));
	cut_map(w);
	KUNIT_EXPECT_EQ(test, 0, cut(w, 0, NPAGES));
	KUNIT_EXPECT_EQ(test, 0, cut(w, NPAGES, 1));
	KUNIT_EXPECT_EQ(test, 0, cut(w, -1, 1));
	KUNIT_EXPECT_EQ(test, 0, cut(w, -1, NPAGES + 2));
	KUNIT_EXPECT_EQ(test, 0, inx_cut_ends(&w->iopts[0], all));
	cut_expect(w, 1);
	/* One end only. */
	KUNIT_EXPECT_EQ(test, 0, cut(w, -1, 3));
	cut_expect(w, 2);
	KUNIT_EXPECT_EQ(test, 0, cut(w, 7, 40));
	cut_expect(w, 3);
	cut_unmap_all(w);
}

/* Pages that are mapped by larger IO pages stay in one piece. */
WORLD_CASE(cut_not_with_large_pages)
{
	cut_map(w);
	KUNIT_EXPECT_EQ(test, 0, cut(w, 3, 2));
	cut_expect(w, 1);
	KUNIT_EXPECT_EQ(test, -ENOENT, inx_iopt_unmap(&w->iopts[0],
						      cut_pages(3, 2), NULL));
	cut_unmap_all(w);
}

/* Nor do runs that their page table unmaps as a whole, whatever its IO pages. */
WORLD_CASE(cut_not_in_a_run)
{
	bool run = w->config.layout == MEM_CONTIG;
	unsigned long iova = IOVA + 3 * PAGE_SIZE;

	cut_map(w);
	w->domains[0].link.whole = true;
	KUNIT_EXPECT_EQ(test, run ? -EINVAL : 0,
			inx_cut_at(&w->iopts[0], iova));
	cut_expect(w, run ? 1 : 2);
	w->domains[0].link.whole = false;
	KUNIT_EXPECT_EQ(test, 0, inx_cut_at(&w->iopts[0], iova));
	cut_expect(w, 2);
	cut_unmap_all(w);
}

/* Through a page: neither end is cut. */
WORLD_CASE(cut_through_page)
{
	unsigned long at;

	cut_map(w);
	for (at = 1; at < PAGE_SIZE; at *= 2) {
		struct inx_iova_range first = { IOVA + at, IOVA + SZ_32K - 1 };
		struct inx_iova_range last = { IOVA + PAGE_SIZE,
					       IOVA + SZ_32K + at - 1 };

		KUNIT_EXPECT_EQ(test, -EINVAL, inx_cut_ends(&w->iopts[0],
							    first));
		KUNIT_EXPECT_EQ(test, -EINVAL, inx_cut_ends(&w->iopts[0],
							    last));
		cut_expect(w, 1);
	}
	cut_unmap_all(w);
}

/* Another thread that maps or unmaps in the range: it cannot be told. */
WORLD_CASE(cut_beside_others)
{
	struct inx_area *area;

	cut_map(w);
	area = inx_space_first(&w->iopts[0].space, IOVA, IOVA);
	area->state = INX_AREA_LEAVING;
	KUNIT_EXPECT_EQ(test, -EBUSY, cut(w, 3, 2));
	area->state = INX_AREA_PENDING;
	KUNIT_EXPECT_EQ(test, -EBUSY, cut(w, 3, 2));
	area->state = INX_AREA_LIVE;
	area->is_closed = true;
	KUNIT_EXPECT_EQ(test, -EBUSY, cut(w, 3, 2));
	area->is_closed = false;
	cut_expect(w, 1);
	cut_unmap_all(w);
}

static void cut_not_asked(struct inx_pinner *pinner, unsigned long iova,
			  unsigned long length)
{
}

/* Pins count on their areas; beside them, and when they are gone, it works. */
WORLD_CASE(cut_under_pins)
{
	struct inx_pinner pinner = { .unmap = cut_not_asked };
	struct inx_iopt *iopt = &w->iopts[0];
	struct page *list[4];

	cut_map(w);
	KUNIT_ASSERT_EQ(test, 0, inx_pinner_add(iopt, true));
	KUNIT_ASSERT_EQ(test, 0, inx_pin_pages(iopt, &pinner, cut_pages(9, 2),
					       true, list));
	KUNIT_EXPECT_EQ(test, -EINVAL, cut(w, 3, 2));
	KUNIT_EXPECT_EQ(test, -EINVAL, cut(w, 12, 2));
	cut_expect(w, 1);
	/* Closed to pins while it waited; open again. */
	KUNIT_EXPECT_EQ(test, 0, inx_pin_pages(iopt, &pinner, cut_pages(3, 2),
					       true, list));
	KUNIT_EXPECT_TRUE(test, inx_pin_undo(iopt, &pinner, cut_pages(3, 2)));
	KUNIT_EXPECT_EQ(test, 0, cut(w, 0, NPAGES));
	KUNIT_EXPECT_TRUE(test, inx_pin_undo(iopt, &pinner, cut_pages(9, 2)));
	KUNIT_EXPECT_EQ(test, 0, cut(w, 3, 2));
	cut_expect(w, 3);
	/* Now the middle has a pin, and the others can be cut. */
	KUNIT_ASSERT_EQ(test, 0, inx_pin_pages(iopt, &pinner, cut_pages(3, 2),
					       true, list));
	KUNIT_EXPECT_EQ(test, 0, cut(w, 1, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, cut(w, 4, 8));
	KUNIT_EXPECT_EQ(test, -EINVAL, cut(w, 0, 4));
	cut_expect(w, 5);
	inx_pinner_release(iopt, &pinner);
	inx_pinner_remove(iopt, true);
	cut_unmap_all(w);
}

/**
 * struct cut_late - a copy, or a cut that finds one in its way; in a thread
 * @w: the world
 * @range: of either
 * @data: what is copied; NULL for a cut
 * @rc: how it ended
 * @done: it has
 */
struct cut_late {
	struct world *w;
	struct inx_iova_range range;
	void *data;
	int rc;
	struct completion done;
};

static int cut_late_thread(void *arg)
{
	struct cut_late *late = arg;
	struct inx_iopt *iopt = &late->w->iopts[0];

	kthread_use_mm(late->w->mm);
	late->rc = late->data ? inx_pin_rw(iopt, late->range, late->data, false) :
				inx_cut_ends(iopt, late->range);
	kthread_unuse_mm(late->w->mm);
	complete(&late->done);
	return 0;
}

static void cut_late_start(struct cut_late *late)
{
	init_completion(&late->done);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(late->w->test,
				     kthread_run(cut_late_thread, late,
						 "inx-cut-late"));
}

/* A copy that has come to the last page of its range, which is not there yet. */
static void cut_copy_start(struct cut_late *copy, struct mem_gate *gate)
{
	gate->index = (copy->range.last - IOVA) >> PAGE_SHIFT;
	init_completion(&gate->met);
	init_completion(&gate->open);
	copy->w->mem->gate = gate;
	cut_late_start(copy);
	wait_for_completion(&gate->met);
	copy->w->mem->gate = NULL;
}

static void cut_copy_end(struct cut_late *copy, struct mem_gate *gate)
{
	complete(&gate->open);
	wait_for_completion(&copy->done);
	KUNIT_EXPECT_EQ(copy->w->test, 0, copy->rc);
}

/* A cut of both areas, which a copy of the first one holds up. */
static void cut_hold_up(struct cut_late *cutter, struct cut_late *copy,
			struct mem_gate *gate)
{
	struct inx_area *area;

	cut_copy_start(copy, gate);
	cut_late_start(cutter);
	area = inx_space_first(&copy->w->iopts[0].space, IOVA, IOVA);
	while (!READ_ONCE(area->is_closed))
		schedule_timeout_uninterruptible(1);
}

static void cut_map_part(struct world *w, unsigned long first,
			 unsigned long npages)
{
	KUNIT_ASSERT_EQ(w->test, 0, world_map(w, first * PAGE_SIZE,
					      npages * PAGE_SIZE,
					      IOVA + first * PAGE_SIZE));
}

/* A copy ends by itself: it is waited for. */
WORLD_CASE(cut_waits_for_a_copy)
{
	void *data = kunit_kzalloc(test, LENGTH, GFP_KERNEL);
	struct cut_late cutter = { .w = w, .range = cut_pages(4, 6) };
	struct cut_late copy = { .w = w, .range = cut_pages(1, 2) };
	struct mem_gate gate;

	KUNIT_ASSERT_NOT_NULL(test, data);
	copy.data = data;
	cut_map_part(w, 0, 8);
	cut_map_part(w, 8, 8);
	cut_hold_up(&cutter, &copy, &gate);
	KUNIT_EXPECT_FALSE(test, completion_done(&cutter.done));
	cut_copy_end(&copy, &gate);
	wait_for_completion(&cutter.done);
	KUNIT_EXPECT_EQ(test, 0, cutter.rc);
	KUNIT_EXPECT_EQ(test, 4U, world_areas(&w->iopts[0]));
	cut_unmap_all(w);
}

/*
 * What is mapped anew meanwhile, and has a copy where the one who waits does not
 * look: that is no pin that stays.
 */
WORLD_CASE(cut_meets_another_copy)
{
	void *data = kunit_kzalloc(test, LENGTH, GFP_KERNEL);
	struct cut_late cutter = { .w = w, .range = cut_pages(4, 6) };
	struct cut_late copy = { .w = w, .range = cut_pages(1, 2) };
	struct cut_late other = { .w = w, .range = cut_pages(14, 2) };
	struct mem_gate gate, later;

	KUNIT_ASSERT_NOT_NULL(test, data);
	copy.data = data;
	other.data = data;
	cut_map_part(w, 0, 8);
	cut_map_part(w, 8, 4);
	cut_hold_up(&cutter, &copy, &gate);
	KUNIT_EXPECT_EQ(test, 0, inx_iopt_unmap(&w->iopts[0], cut_pages(8, 4),
						NULL));
	cut_map_part(w, 8, 8);
	cut_copy_start(&other, &later);
	cut_copy_end(&copy, &gate);
	wait_for_completion(&cutter.done);
	KUNIT_EXPECT_EQ(test, -EBUSY, cutter.rc);
	cut_copy_end(&other, &later);
	KUNIT_EXPECT_EQ(test, 2U, world_areas(&w->iopts[0]));
	/* Alone it is possible. */
	KUNIT_EXPECT_EQ(test, 0, cut(w, 4, 6));
	KUNIT_EXPECT_EQ(test, 4U, world_areas(&w->iopts[0]));
	cut_unmap_all(w);
}

/* No memory for one of the two cuts: none is made. */
WORLD_CASE(cut_without_memory)
{
	unsigned int nth;
	int rc = -ENOMEM;

	KUNIT_ASSERT_EQ(test, 0, env_faults_init());
	cut_map(w);
	for (nth = 1; rc && nth < 100; nth++) {
		env_fail_nth(nth);
		rc = cut(w, 5, 4);
		env_has_failed();
		if (rc) {
			KUNIT_EXPECT_EQ(test, -ENOMEM, rc);
			cut_expect(w, 1);
		}
	}
	KUNIT_EXPECT_GT(test, nth, 2U);
	KUNIT_EXPECT_EQ(test, 0, rc);
	cut_expect(w, 3);
	cut_unmap_all(w);
}

/* Pages that another space shares do not know of the cut. */
WORLD_CASE(cut_of_copies)
{
	struct inx_iopt *iopt = &w->iopts[0], *other = &w->iopts[1];
	unsigned long at = IOVA + SZ_1G;

	cut_map(w);
	KUNIT_ASSERT_EQ(test, 0, inx_iopt_copy(other, iopt, IOVA + PAGE_SIZE,
					       LENGTH - 2 * PAGE_SIZE, &at,
					       true, WORLD_RW));
	KUNIT_EXPECT_EQ(test, 0, cut(w, 2, 3));
	KUNIT_EXPECT_EQ(test, 1U, world_areas(other));
	cut_expect(w, 3);
	/* And over a cut it can be copied again. */
	at = IOVA + 2UL * SZ_1G;
	KUNIT_EXPECT_EQ(test, 0, inx_iopt_copy(other, iopt, IOVA, LENGTH, &at,
					       true, WORLD_RW));
	KUNIT_EXPECT_EQ(test, 4U, world_areas(other));
	KUNIT_ASSERT_EQ(test, 0, world_attach(w, 2, other));
	world_expect_mapped(w, w->domains[2].link.domain, at, 0, LENGTH);
	world_expect_pages(w, NPAGES);
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, iopt, IOVA, LENGTH));
	world_expect_pages(w, NPAGES);
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, other, at, LENGTH));
	world_expect_pages(w, NPAGES - 2);
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, other, IOVA + SZ_1G,
					     LENGTH - 2 * PAGE_SIZE));
	world_expect_pages(w, 0);
	world_detach(w, 2);
}

/* Page tables that come and go afterwards, and parts that go in any order. */
WORLD_CASE(cut_then_page_tables)
{
	static const unsigned int orders[][3] = {
		{ 0, 1, 2 }, { 2, 1, 0 }, { 1, 0, 2 },
	};
	static const unsigned long first[] = { 0, 4, 11 };
	static const unsigned long npages[] = { 4, 7, 5 };
	struct inx_iopt *iopt = &w->iopts[0];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		unsigned long left = NPAGES;

		cut_map(w);
		KUNIT_EXPECT_EQ(test, 0, cut(w, 4, 7));
		KUNIT_ASSERT_EQ(test, 0, world_attach(w, 2, iopt));
		cut_expect(w, 3);
		world_detach(w, 0);
		world_expect_map(w, IOVA, 0, LENGTH);
		KUNIT_ASSERT_EQ(test, 0, world_attach(w, 0, iopt));
		world_detach(w, 2);
		for (j = 0; j < 3; j++) {
			unsigned int part = orders[i][j];

			KUNIT_EXPECT_EQ(test, 0,
					inx_iopt_unmap(iopt,
						       cut_pages(first[part],
								 npages[part]),
						       NULL));
			left -= npages[part];
			world_expect_pages(w, left);
		}
	}
}

#define CUT_CONFIG(_name, _layout, _domains, _mode)                            \
	{                                                                      \
		.name = _name, .layout = MEM_##_layout, .domains = _domains,   \
		.mode = INX_ACCOUNT_##_mode, .small_pages = true,              \
	}

static const struct world_config cut_configs[] = {
	CUT_CONFIG("contiguous", CONTIG, 1, USER),
	CUT_CONFIG("scattered", SCATTERED, 1, MM),
	CUT_CONFIG("runs, two page tables", RUNS, 2, USER),
};

KUNIT_ARRAY_PARAM(cut, cut_configs, world_describe);

static const struct world_config cut_more_configs[] = {
	CUT_CONFIG("no page table", MIXED, 0, USER),
	CUT_CONFIG("contiguous", CONTIG, 1, USER),
	CUT_CONFIG("scattered", SCATTERED, 2, MM),
};

KUNIT_ARRAY_PARAM(cut_more, cut_more_configs, world_describe);

/* What page tables hold is there already: nobody waits for it. */
static const struct world_config cut_late_configs[] = {
	CUT_CONFIG("no page table", RUNS, 0, USER),
};

KUNIT_ARRAY_PARAM(cut_late, cut_late_configs, world_describe);

static const struct world_config cut_large_configs[] = {
	{ .name = "large pages", .layout = MEM_CONTIG, .domains = 1 },
};

KUNIT_ARRAY_PARAM(cut_large, cut_large_configs, world_describe);

static const struct world_config cut_run_configs[] = {
	{ .name = "contiguous", .layout = MEM_CONTIG, .domains = 1,
	  .page_sizes = PAGE_SIZE },
	{ .name = "scattered", .layout = MEM_SCATTERED, .domains = 1,
	  .page_sizes = PAGE_SIZE },
};

KUNIT_ARRAY_PARAM(cut_run, cut_run_configs, world_describe);

static struct kunit_case cut_cases[] = {
	KUNIT_CASE_PARAM(cut_everywhere, cut_gen_params),
	KUNIT_CASE_PARAM(cut_both_ends, cut_gen_params),
	KUNIT_CASE_PARAM(cut_nothing, cut_more_gen_params),
	KUNIT_CASE_PARAM(cut_not_with_large_pages, cut_large_gen_params),
	KUNIT_CASE_PARAM(cut_not_in_a_run, cut_run_gen_params),
	KUNIT_CASE_PARAM(cut_through_page, cut_more_gen_params),
	KUNIT_CASE_PARAM(cut_beside_others, cut_more_gen_params),
	KUNIT_CASE_PARAM(cut_under_pins, cut_gen_params),
	KUNIT_CASE_PARAM(cut_waits_for_a_copy, cut_late_gen_params),
	KUNIT_CASE_PARAM(cut_meets_another_copy, cut_late_gen_params),
	KUNIT_CASE_PARAM(cut_without_memory, cut_more_gen_params),
	KUNIT_CASE_PARAM(cut_of_copies, cut_gen_params),
	KUNIT_CASE_PARAM(cut_then_page_tables, cut_gen_params),
	{}
};

static struct kunit_suite cut_suite = {
	.name = "inx_cut",
	.test_cases = cut_cases,
};

kunit_test_suite(cut_suite);
