// SPDX-License-Identifier: GPL-2.0-only
/*
 * Intervals of IOVA: where memory can go, by choice of the user or of the
 * kernel, what is reserved, what must stay possible. No memory is touched.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/slab.h>

#include "area.h"
#include "space.h"

#define SPACE_ADDR 0x7f0000000000UL

static struct inx_iova_range range(unsigned long start, unsigned long last)
{
	return (struct inx_iova_range){ start, last };
}

static int space_init(struct kunit *test)
{
	struct inx_space *space = kunit_kzalloc(test, sizeof(*space),
						GFP_KERNEL);

	if (!space)
		return -ENOMEM;
	inx_space_init(space);
	test->priv = space;
	return 0;
}

static void space_exit(struct kunit *test)
{
	struct inx_space *space = test->priv;
	struct inx_area *area;

	while ((area = inx_space_first(space, 0, ULONG_MAX))) {
		inx_space_erase(space, area);
		kfree(area);
	}
	inx_space_unreserve(space, space);
	inx_space_destroy(space);
}

/* Occupy IOVAs; what the area would map is of no interest here. */
static struct inx_area *space_put(struct kunit *test, unsigned long iova,
				  unsigned long length)
{
	struct inx_area *area = kzalloc(sizeof(*area), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, area);
	area->node.last = length - 1;
	inx_space_insert(test->priv, area, iova);
	return area;
}

static int space_place_at(struct kunit *test, unsigned long iova,
			  unsigned long length)
{
	return inx_space_place(test->priv, SPACE_ADDR, length, &iova, true);
}

static void space_fixed(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 0, space_place_at(test, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, space_place_at(test, ULONG_MAX, 1));
	KUNIT_EXPECT_EQ(test, 0, space_place_at(test, 1, ULONG_MAX));
	KUNIT_EXPECT_EQ(test, -EINVAL, space_place_at(test, 0, 0));
	KUNIT_EXPECT_EQ(test, -EOVERFLOW, space_place_at(test, ULONG_MAX, 2));
	KUNIT_EXPECT_EQ(test, -EOVERFLOW, space_place_at(test, 2, ULONG_MAX));
}

static void space_fixed_occupied(struct kunit *test)
{
	space_put(test, 0x10000, 0x1000);
	KUNIT_EXPECT_EQ(test, 0, space_place_at(test, 0xf000, 0x1000));
	KUNIT_EXPECT_EQ(test, 0, space_place_at(test, 0x11000, 0x1000));
	KUNIT_EXPECT_EQ(test, -EEXIST, space_place_at(test, 0xf000, 0x1001));
	KUNIT_EXPECT_EQ(test, -EEXIST, space_place_at(test, 0x10fff, 1));
	KUNIT_EXPECT_EQ(test, -EEXIST, space_place_at(test, 0x10800, 1));
	KUNIT_EXPECT_EQ(test, -EEXIST, space_place_at(test, 0, 0x100000));
}

static void space_fixed_reserved(struct kunit *test)
{
	struct inx_space *space = test->priv;

	KUNIT_ASSERT_EQ(test, 0, inx_space_reserve(space, space,
						   range(0x2000, 0x2fff)));
	KUNIT_EXPECT_EQ(test, -EINVAL, space_place_at(test, 0x2fff, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, space_place_at(test, 0x1000, 0x1001));
	KUNIT_EXPECT_EQ(test, 0, space_place_at(test, 0x1000, 0x1000));
	KUNIT_EXPECT_EQ(test, 0, space_place_at(test, 0x3000, 1));
}

static const unsigned long space_alignments[] = { 1, 512, 2048, PAGE_SIZE };

static void space_alignment_desc(const unsigned long *alignment, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lu", *alignment);
}

KUNIT_ARRAY_PARAM(space_alignment, space_alignments, space_alignment_desc);

static void space_alignment_rules(struct kunit *test)
{
	unsigned long align = *(const unsigned long *)test->param_value;
	struct inx_space *space = test->priv;
	unsigned long iova;

	space->alignment = align;
	KUNIT_EXPECT_EQ(test, 0, space_place_at(test, align, align));
	KUNIT_EXPECT_EQ(test, 0, space_place_at(test, 0, align * 3));
	if (align > 1) {
		KUNIT_EXPECT_EQ(test, -EINVAL,
				space_place_at(test, align / 2, align));
		KUNIT_EXPECT_EQ(test, -EINVAL,
				space_place_at(test, 0, align / 2));
		KUNIT_EXPECT_EQ(test, -EINVAL,
				space_place_at(test, 0, align + 1));
		/* Memory that is not aligned cannot be at an aligned IOVA. */
		KUNIT_EXPECT_EQ(test, -EINVAL,
				inx_space_place(space, SPACE_ADDR + align / 2,
						align, &iova, false));
	}
	KUNIT_ASSERT_EQ(test, 0, inx_space_place(space, SPACE_ADDR + align,
						 align, &iova, false));
	KUNIT_EXPECT_EQ(test, 0UL, iova % align);
	KUNIT_EXPECT_EQ(test, align % PAGE_SIZE, iova % PAGE_SIZE);

	KUNIT_EXPECT_TRUE(test, inx_space_fits(space, align));
	space_put(test, align, align);
	KUNIT_EXPECT_TRUE(test, inx_space_fits(space, align));
	space_put(test, align * 8, 1);
	KUNIT_EXPECT_EQ(test, align == 1, inx_space_fits(space, align));
}

static void space_choose_keeps_offset(struct kunit *test)
{
	struct inx_space *space = test->priv;
	unsigned long iova = 1;

	KUNIT_ASSERT_EQ(test, 0, inx_space_place(space, SPACE_ADDR + 0x123, 5,
						 &iova, false));
	KUNIT_EXPECT_EQ(test, 0x123UL, iova % PAGE_SIZE);
	KUNIT_EXPECT_GE(test, iova, PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, 0, inx_space_place(space, 0, PAGE_SIZE, &iova,
						 false));
	KUNIT_EXPECT_EQ(test, 0UL, iova % PAGE_SIZE);
}

static void space_choose_limits(struct kunit *test)
{
	struct inx_space *space = test->priv;
	unsigned long iova;

	KUNIT_EXPECT_EQ(test, -EINVAL,
			inx_space_place(space, SPACE_ADDR, 0, &iova, false));
	KUNIT_EXPECT_EQ(test, -EOVERFLOW,
			inx_space_place(space, SPACE_ADDR, ULONG_MAX, &iova,
					false));
	KUNIT_EXPECT_EQ(test, -EOVERFLOW,
			inx_space_place(space, SPACE_ADDR, ULONG_MAX / 2,
					&iova, false));
}

/* It goes round what is taken, from below, and says so when nothing is left. */
static void space_choose_finds_hole(struct kunit *test)
{
	struct inx_space *space = test->priv;
	unsigned long iova;

	KUNIT_ASSERT_EQ(test, 0, inx_space_reserve(space, space,
						   range(0, 0xffff)));
	space_put(test, 0x10000, 0x3000);
	space_put(test, 0x14000, 0x1000);
	KUNIT_ASSERT_EQ(test, 0, inx_space_reserve(space, space,
						   range(0x16000, ULONG_MAX)));

	KUNIT_ASSERT_EQ(test, 0, inx_space_place(space, SPACE_ADDR, 0x1000,
						 &iova, false));
	KUNIT_EXPECT_EQ(test, 0x13000UL, iova);
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			inx_space_place(space, SPACE_ADDR, 0x2000, &iova,
					false));
	space_put(test, 0x13000, 0x1000);
	KUNIT_ASSERT_EQ(test, 0, inx_space_place(space, SPACE_ADDR, 0x1000,
						 &iova, false));
	KUNIT_EXPECT_EQ(test, 0x15000UL, iova);
	/* Whose memory has an offset needs that much less of the page. */
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			inx_space_place(space, SPACE_ADDR + 1, 0x1000, &iova,
					false));
	KUNIT_EXPECT_EQ(test, 0, inx_space_place(space, SPACE_ADDR + 1, 0xfff,
						 &iova, false));
	space_put(test, 0x15000, 0x1000);
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			inx_space_place(space, SPACE_ADDR, 1, &iova, false));
}

/* An area at the very end leaves nothing behind it to look at. */
static void space_choose_at_end(struct kunit *test)
{
	struct inx_space *space = test->priv;
	unsigned long iova;

	KUNIT_ASSERT_EQ(test, 0, inx_space_reserve(space, space,
						   range(0, PAGE_MASK - 1)));
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			inx_space_place(space, SPACE_ADDR, 1, &iova, false));
	space_put(test, PAGE_MASK, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			inx_space_place(space, SPACE_ADDR, 1, &iova, false));
	KUNIT_EXPECT_EQ(test, -EEXIST, space_place_at(test, ULONG_MAX, 1));
}

static void space_choose_allowed(struct kunit *test)
{
	struct inx_space *space = test->priv;
	struct inx_allowed_list list;
	unsigned long iova;

	inx_allowed_init(&list);
	KUNIT_ASSERT_EQ(test, 0, inx_allowed_add(&list, range(0x5000, 0x5fff)));
	KUNIT_ASSERT_EQ(test, 0, inx_allowed_add(&list, range(0x8000, 0x9fff)));
	KUNIT_ASSERT_EQ(test, 0, inx_space_allow(space, &list));
	inx_allowed_destroy(&list);

	KUNIT_ASSERT_EQ(test, 0, inx_space_place(space, SPACE_ADDR, 0x1000,
						 &iova, false));
	KUNIT_EXPECT_EQ(test, 0x5000UL, iova);
	KUNIT_ASSERT_EQ(test, 0, inx_space_place(space, SPACE_ADDR, 0x2000,
						 &iova, false));
	KUNIT_EXPECT_EQ(test, 0x8000UL, iova);
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			inx_space_place(space, SPACE_ADDR, 0x3000, &iova,
					false));
	/* What the user chooses need not be there. */
	KUNIT_EXPECT_EQ(test, 0, space_place_at(test, 0x20000, 0x1000));
}

static void space_allow_against_reserve(struct kunit *test)
{
	struct inx_space *space = test->priv;
	struct inx_allowed_list list;

	inx_allowed_init(&list);
	KUNIT_EXPECT_EQ(test, -EINVAL, inx_allowed_add(&list, range(5, 5)));
	KUNIT_EXPECT_EQ(test, -EINVAL, inx_allowed_add(&list, range(6, 5)));
	KUNIT_ASSERT_EQ(test, 0, inx_allowed_add(&list, range(100, 199)));
	KUNIT_EXPECT_EQ(test, -EINVAL, inx_allowed_add(&list, range(199, 300)));
	KUNIT_EXPECT_EQ(test, -EINVAL, inx_allowed_add(&list, range(0, 100)));

	KUNIT_ASSERT_EQ(test, 0, inx_space_reserve(space, space,
						   range(150, 160)));
	KUNIT_EXPECT_EQ(test, -EADDRINUSE, inx_space_allow(space, &list));
	inx_space_unreserve(space, space);
	KUNIT_EXPECT_EQ(test, 0, inx_space_allow(space, &list));
	/* The list that stood before, an empty one. */
	KUNIT_EXPECT_TRUE(test, RB_EMPTY_ROOT(&list.tree.rb_root));
	KUNIT_EXPECT_EQ(test, -EADDRINUSE,
			inx_space_reserve(space, space, range(199, 199)));
	KUNIT_EXPECT_EQ(test, 0,
			inx_space_reserve(space, space, range(200, 300)));
	inx_allowed_destroy(&list);
}

/* Reserved ranges may meet; each owner gives back his own. */
static void space_reserve_owners(struct kunit *test)
{
	struct inx_space *space = test->priv;
	struct inx_iova_range got[4];
	int a = 0, b = 0;

	KUNIT_EXPECT_EQ(test, 0, inx_space_reserve(space, &a, range(10, 19)));
	KUNIT_EXPECT_EQ(test, 0, inx_space_reserve(space, &b, range(15, 29)));
	KUNIT_EXPECT_EQ(test, 0, inx_space_reserve(space, &a, range(12, 13)));
	KUNIT_EXPECT_EQ(test, 2U, inx_space_free(space, got, 4));
	KUNIT_EXPECT_EQ(test, 9UL, got[0].last);
	KUNIT_EXPECT_EQ(test, 30UL, got[1].start);
	KUNIT_EXPECT_EQ(test, ULONG_MAX, got[1].last);

	inx_space_unreserve(space, &a);
	KUNIT_EXPECT_EQ(test, 2U, inx_space_free(space, got, 4));
	KUNIT_EXPECT_EQ(test, 14UL, got[0].last);
	inx_space_unreserve(space, &a);
	inx_space_unreserve(space, &b);
	KUNIT_EXPECT_EQ(test, 1U, inx_space_free(space, got, 4));
	KUNIT_EXPECT_EQ(test, 0UL, got[0].start);
	KUNIT_EXPECT_EQ(test, ULONG_MAX, got[0].last);

	space_put(test, 1000, 10);
	KUNIT_EXPECT_EQ(test, -EADDRINUSE,
			inx_space_reserve(space, &a, range(1009, 1009)));
	KUNIT_EXPECT_EQ(test, 0,
			inx_space_reserve(space, &a, range(1010, 1020)));
	inx_space_unreserve(space, &a);
}

static void space_free_ranges(struct kunit *test)
{
	struct inx_space *space = test->priv;
	struct inx_iova_range got[2] = {};

	KUNIT_ASSERT_EQ(test, 0, inx_space_reserve(space, space, range(0, 9)));
	KUNIT_ASSERT_EQ(test, 0, inx_space_reserve(space, space, range(20, 29)));
	KUNIT_ASSERT_EQ(test, 0, inx_space_reserve(space, space, range(30, 39)));
	KUNIT_ASSERT_EQ(test, 0, inx_space_reserve(space, space,
						   range(50, ULONG_MAX)));
	/* All are counted, those told for which there is room. */
	KUNIT_EXPECT_EQ(test, 2U, inx_space_free(space, got, 1));
	KUNIT_EXPECT_EQ(test, 10UL, got[0].start);
	KUNIT_EXPECT_EQ(test, 19UL, got[0].last);
	KUNIT_EXPECT_EQ(test, 0UL, got[1].last);
	KUNIT_EXPECT_EQ(test, 2U, inx_space_free(space, got, 2));
	KUNIT_EXPECT_EQ(test, 40UL, got[1].start);
	KUNIT_EXPECT_EQ(test, 49UL, got[1].last);
	KUNIT_EXPECT_EQ(test, 2U, inx_space_free(space, NULL, 0));

	KUNIT_ASSERT_EQ(test, 0, inx_space_reserve(space, space,
						   range(0, ULONG_MAX)));
	KUNIT_EXPECT_EQ(test, 0U, inx_space_free(space, got, 2));
}

static void space_iterates(struct kunit *test)
{
	struct inx_area *a = space_put(test, 0, 10);
	struct inx_area *b = space_put(test, 10, 10);
	struct inx_area *c = space_put(test, ULONG_MAX - 9, 10);
	struct inx_space *space = test->priv;

	KUNIT_EXPECT_PTR_EQ(test, a, inx_space_first(space, 0, ULONG_MAX));
	KUNIT_EXPECT_PTR_EQ(test, b, inx_space_next(a, ULONG_MAX));
	KUNIT_EXPECT_PTR_EQ(test, c, inx_space_next(b, ULONG_MAX));
	KUNIT_EXPECT_NULL(test, inx_space_next(c, ULONG_MAX));
	KUNIT_EXPECT_NULL(test, inx_space_next(a, 9));
	KUNIT_EXPECT_PTR_EQ(test, b, inx_space_first(space, 10, 10));
	KUNIT_EXPECT_NULL(test, inx_space_first(space, 20, 1000));
	KUNIT_EXPECT_PTR_EQ(test, c, inx_space_first(space, ULONG_MAX,
						     ULONG_MAX));
}

/*
 * Areas of random sizes put and taken in random order, placed by the kernel:
 * each lies in a hole, and where none is found there is none of that size.
 */
static void space_choose_random(struct kunit *test)
{
	const unsigned long pages = 64;
	struct inx_space *space = test->priv;
	struct inx_area *areas[64] = {};
	struct rnd_state rnd;
	unsigned int step;

	prandom_seed_state(&rnd, 42);
	KUNIT_ASSERT_EQ(test, 0, inx_space_reserve(space, space,
						   range(0, PAGE_SIZE - 1)));
	KUNIT_ASSERT_EQ(test, 0,
			inx_space_reserve(space, space,
					  range((pages + 1) * PAGE_SIZE,
						ULONG_MAX)));
	for (step = 0; step < 20000; step++) {
		unsigned long n = 1 + prandom_u32_state(&rnd) % 7, i, run = 0;
		unsigned int slot = prandom_u32_state(&rnd) % pages;
		unsigned long iova;
		bool hole = false;

		if (areas[slot]) {
			inx_space_erase(space, areas[slot]);
			kfree(areas[slot]);
			areas[slot] = NULL;
			continue;
		}
		for (i = 1; i <= pages && !hole; i++) {
			unsigned long pos = i * PAGE_SIZE;

			run = inx_space_first(space, pos, pos) ? 0 : run + 1;
			hole = run >= n;
		}
		if (inx_space_place(space, PAGE_SIZE, n * PAGE_SIZE, &iova,
				    false)) {
			KUNIT_ASSERT_FALSE(test, hole);
			continue;
		}
		KUNIT_ASSERT_TRUE(test, hole);
		KUNIT_ASSERT_NULL(test, inx_space_first(space, iova, iova +
							n * PAGE_SIZE - 1));
		areas[slot] = space_put(test, iova, n * PAGE_SIZE);
	}
}

static struct kunit_case space_cases[] = {
	KUNIT_CASE(space_fixed),
	KUNIT_CASE(space_fixed_occupied),
	KUNIT_CASE(space_fixed_reserved),
	KUNIT_CASE_PARAM(space_alignment_rules, space_alignment_gen_params),
	KUNIT_CASE(space_choose_keeps_offset),
	KUNIT_CASE(space_choose_limits),
	KUNIT_CASE(space_choose_finds_hole),
	KUNIT_CASE(space_choose_at_end),
	KUNIT_CASE(space_choose_allowed),
	KUNIT_CASE(space_allow_against_reserve),
	KUNIT_CASE(space_reserve_owners),
	KUNIT_CASE(space_free_ranges),
	KUNIT_CASE(space_iterates),
	KUNIT_CASE(space_choose_random),
	{}
};

static struct kunit_suite space_suite = {
	.name = "inx_space",
	.init = space_init,
	.exit = space_exit,
	.test_cases = space_cases,
};

kunit_test_suite(space_suite);
