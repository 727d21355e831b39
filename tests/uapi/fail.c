// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none */
/*
 * The IOMMU fails at the first call, at the second, at the third ... until it
 * does not fail any more. After each failure everything must be as before, and
 * in the end the same call must succeed.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "mem.h"
#include "tap.h"
#include "world.h"

#define LENGTH (2 * HUGE)
#define SMALL_LENGTH (48 * PAGE)
#define RANGES 8

/**
 * The first device is attached to @w.ioas, where @SMALL_LENGTH bytes are mapped
 * at IOVA; the others are bound. All failures come from @failing.
 */
FIXTURE(fail)
{
	struct world w;
	struct world_dev *dev, *same, *coarse;
	struct world_dev *failing;
	uint32_t other;
	unsigned char *mem;
};

FIXTURE_VARIANT(fail)
{
	enum mem_kind kind;
	uint32_t flags;
};

FIXTURE_VARIANT_ADD(fail, shuffled)
{
	MEM_SHUFFLED, 0
};

FIXTURE_VARIANT_ADD(fail, mixed)
{
	MEM_MIXED, 0
};

FIXTURE_VARIANT_ADD(fail, shuffled_attach_first)
{
	MEM_SHUFFLED, IOMMU_NEXT_MOCK_ATTACH_FIRST
};

FIXTURE_SETUP(fail)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	struct world *w = &self->w;

	world_open(w);
	how.flags = variant->flags;
	self->dev = world_attach(w, &how);
	self->same = world_bind(w, &how);
	how.page_sizes = 2048 | PAGE;
	self->coarse = world_bind(w, &how);
	self->failing = self->dev;
	self->other = world_ioas(w);
	self->mem = mem_alloc(variant->kind, LENGTH);
	mem_fill(self->mem, LENGTH, 1);
	/* Where the memory is mixed: across the end of a huge page. */
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem + HUGE - 8 * PAGE,
				SMALL_LENGTH, IOVA));
}

FIXTURE_TEARDOWN(fail)
{
	EXPECT_TRUE(mem_is_filled(self->mem, LENGTH, 1));
	world_close(&self->w);
}

/* All that can be seen from outside. */
struct state {
	long pinned;
	struct {
		uint64_t domains, pages, bytes;
		int fault;
	} dev[3];
	struct {
		uint32_t num;
		struct iommu_next_iova_range range[RANGES];
		uint64_t alignment;
	} ioas[2];
};

static struct state look(struct fail_data *self)
{
	struct iommu_next_mock_stats stats;
	struct world *w = &self->w;
	struct state state;
	int i;

	memset(&state, 0, sizeof(state));
	state.pinned = world_pinned(w);
	for (i = 0; i < 3; i++) {
		stats = world_stats(w, &w->dev[i]);
		state.dev[i].domains = stats.domains;
		state.dev[i].pages = stats.pages;
		state.dev[i].bytes = stats.bytes;
		state.dev[i].fault = world_touch(&w->dev[i], IOVA, false);
	}
	for (i = 0; i < 2; i++) {
		state.ioas[i].num = RANGES;
		EXPECT_EQ(0, inx_iova_ranges(w->fd, i ? self->other : w->ioas,
					     state.ioas[i].range,
					     &state.ioas[i].num,
					     &state.ioas[i].alignment));
	}
	return state;
}

static void expect_same(struct fail_data *self, const struct state *before,
			uint32_t what, uint32_t after)
{
	struct state now = look(self);
	bool same = !memcmp(before, &now, sizeof(now));

	if (!same)
		TH_LOG("failure %u after %u: pinned %ld, was %ld", what, after,
		       now.pinned, before->pinned);
	EXPECT_TRUE(same);
}

/*
 * Let @call fail in one way at every point. Returns how often it failed; it has
 * succeeded then.
 */
static unsigned int sweep_one(struct fail_data *self, uint32_t what,
			      int (*call)(struct fail_data *self))
{
	struct state before = look(self);
	uint32_t after;
	int pending;

	for (after = 0; after < 10000; after++) {
		world_fail_next(&self->w, self->failing, what, after);
		if (!call(self)) {
			/* It really was not asked that often. */
			pending = inx_mock_fail(self->w.mock,
						self->failing->mock,
						IOMMU_NEXT_MOCK_FAIL_NOTHING,
						0);
			EXPECT_EQ(1, pending);
			return after;
		}
		EXPECT_EQ(ENOMEM, errno);
		expect_same(self, &before, what, after);
	}
	ASSERT_TRUE(false);
	return 0;
}

/* The same for a call that can be undone: in every way that there is. */
static void sweep(struct fail_data *self, int (*call)(struct fail_data *self),
		  void (*undo)(struct fail_data *self), unsigned int maps)
{
	static const uint32_t what[] = {
		IOMMU_NEXT_MOCK_FAIL_RESERVED,
		IOMMU_NEXT_MOCK_FAIL_DOMAIN_ALLOC,
		IOMMU_NEXT_MOCK_FAIL_ATTACH,
		IOMMU_NEXT_MOCK_FAIL_REPLACE,
		IOMMU_NEXT_MOCK_FAIL_MAP,
	};
	struct state before = look(self);
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < sizeof(what) / sizeof(*what); i++) {
		if (i)
			undo(self);
		expect_same(self, &before, what[i], UINT32_MAX);
		n = sweep_one(self, what[i], call);
	}
	/* That there was something to fail. */
	EXPECT_GE(n, maps);
}

/* ---- MAP ----------------------------------------------------------------------------- */

static int map(struct fail_data *self)
{
	return inx_map_at(self->w.fd, self->w.ioas,
			  self->mem + HUGE - 16 * PAGE, SMALL_LENGTH, 2 * IOVA);
}

static void unmap(struct fail_data *self)
{
	ASSERT_EQ(0, inx_unmap(self->w.fd, self->w.ioas, 2 * IOVA, SMALL_LENGTH,
			       NULL));
}

TEST_F(fail, map)
{
	sweep(self, map, unmap, 30);
	EXPECT_TRUE(world_reads(self->dev, 2 * IOVA,
				self->mem + HUGE - 16 * PAGE, SMALL_LENGTH));
}

/* With a second page table, which fails when the first has succeeded. */
TEST_F(fail, map_in_two_page_tables)
{
	ASSERT_EQ(0, inx_attach_to(self->coarse->fd, self->w.ioas));
	sweep(self, map, unmap, 30);
	unmap(self);
	self->failing = self->coarse;
	sweep(self, map, unmap, 30);
	EXPECT_TRUE(world_reads(self->coarse, 2 * IOVA,
				self->mem + HUGE - 16 * PAGE, SMALL_LENGTH));
}

TEST_F(fail, map_page_by_page)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
	ASSERT_EQ(0, inx_option_set(w->fd, IOMMU_NEXT_OPTION_HUGE_PAGES,
				    w->ioas, 0));
	sweep(self, map, unmap, SMALL_LENGTH / PAGE);
	EXPECT_EQ(SMALL_LENGTH / PAGE, world_stats(w, self->dev).pages);
}

/* ---- COPY ---------------------------------------------------------------------------- */

static int copy(struct fail_data *self)
{
	uint64_t iova = 4 * IOVA;

	return inx_copy(self->w.fd, self->w.ioas, self->w.ioas,
			INX_RW | INX_FIXED, SMALL_LENGTH, &iova, IOVA);
}

static void uncopy(struct fail_data *self)
{
	ASSERT_EQ(0, inx_unmap(self->w.fd, self->w.ioas, 4 * IOVA,
			       2 * SMALL_LENGTH, NULL));
}

TEST_F(fail, copy)
{
	sweep(self, copy, uncopy, 30);
	EXPECT_TRUE(world_reads(self->dev, 4 * IOVA,
				self->mem + HUGE - 8 * PAGE, SMALL_LENGTH));
}

/* What is pinned is cut where the copy begins and ends. */
static int copy_part(struct fail_data *self)
{
	uint64_t iova = 4 * IOVA;

	return inx_copy(self->w.fd, self->w.ioas, self->w.ioas,
			INX_RO | INX_FIXED, SMALL_LENGTH - 10 * PAGE, &iova,
			IOVA + 3 * PAGE);
}

TEST_F(fail, copy_of_a_part)
{
	sweep(self, copy_part, uncopy, 25);
	EXPECT_TRUE(world_reads(self->dev, 4 * IOVA,
				self->mem + HUGE - 5 * PAGE,
				SMALL_LENGTH - 10 * PAGE));
}

/* Some of the pages are pinned already, and some are not. */
static int copy_partly_pinned(struct fail_data *self)
{
	uint64_t iova = 4 * IOVA;

	return inx_copy(self->w.fd, self->w.ioas, self->other,
			INX_RW | INX_FIXED, 2 * SMALL_LENGTH, &iova, IOVA);
}

TEST_F(fail, copy_of_what_is_partly_pinned)
{
	struct world *w = &self->w;
	uint64_t iova = 8 * IOVA;

	ASSERT_EQ(0, inx_map_at(w->fd, self->other,
				self->mem + HUGE - SMALL_LENGTH, SMALL_LENGTH,
				IOVA));
	ASSERT_EQ(0, inx_map_at(w->fd, self->other, self->mem + HUGE,
				SMALL_LENGTH, IOVA + SMALL_LENGTH));
	ASSERT_EQ(0, inx_copy(w->fd, w->ioas, self->other, INX_RW | INX_FIXED,
			      20 * PAGE, &iova, IOVA + SMALL_LENGTH - 10 * PAGE));
	sweep(self, copy_partly_pinned, uncopy, 30);
	EXPECT_TRUE(world_reads(self->dev, 4 * IOVA,
				self->mem + HUGE - SMALL_LENGTH,
				2 * SMALL_LENGTH));
}

/* ---- ATTACH -------------------------------------------------------------------------- */

/* Three mappings, one of them a copy of a part of another one. */
static void fill_other(struct fail_data *self)
{
	struct world *w = &self->w;
	uint64_t iova = 3 * IOVA;

	ASSERT_EQ(0, inx_map_at(w->fd, self->other, self->mem, LENGTH,
				2 * IOVA));
	ASSERT_EQ(0, inx_map_at(w->fd, self->other, self->mem + HUGE,
				SMALL_LENGTH, IOVA));
	ASSERT_EQ(0, inx_copy(w->fd, self->other, self->other,
			      INX_RW | INX_FIXED, 20 * PAGE, &iova,
			      2 * IOVA + HUGE - 10 * PAGE));
}

static int attach_same(struct fail_data *self)
{
	return inx_attach_to(self->same->fd, self->other);
}

static void detach_same(struct fail_data *self)
{
	ASSERT_EQ(0, inx_detach(self->same->fd));
}

TEST_F(fail, attach)
{
	struct world *w = &self->w;

	/* A smaller one, as each failure is tried. */
	ASSERT_EQ(0, inx_map_at(w->fd, self->other, self->mem + HUGE,
				SMALL_LENGTH, IOVA));
	ASSERT_EQ(0, inx_map_at(w->fd, self->other, self->mem, 2 * PAGE, 0));
	self->failing = self->same;
	sweep(self, attach_same, detach_same, 40);
	EXPECT_TRUE(world_reads(self->same, IOVA, self->mem + HUGE,
				SMALL_LENGTH));
	EXPECT_TRUE(world_reads(self->same, 0, self->mem, 2 * PAGE));
}

static int attach_coarse(struct fail_data *self)
{
	return inx_attach_to(self->coarse->fd, self->w.ioas);
}

static void detach_coarse(struct fail_data *self)
{
	ASSERT_EQ(0, inx_detach(self->coarse->fd));
}

/* What is mapped already gets into one more page table. */
TEST_F(fail, attach_a_second_kind)
{
	uint64_t iova = 4 * IOVA;

	self->failing = self->coarse;
	ASSERT_EQ(0, inx_copy(self->w.fd, self->w.ioas, self->w.ioas,
			      INX_RW | INX_FIXED, 20 * PAGE, &iova,
			      IOVA + 3 * PAGE));
	sweep(self, attach_coarse, detach_coarse, 40);
	EXPECT_TRUE(world_reads(self->coarse, IOVA,
				self->mem + HUGE - 8 * PAGE, SMALL_LENGTH));
	EXPECT_TRUE(world_reads(self->coarse, iova,
				self->mem + HUGE - 5 * PAGE, 20 * PAGE));
}

static int replace(struct fail_data *self)
{
	return inx_attach_to(self->dev->fd, self->other);
}

static void replace_back(struct fail_data *self)
{
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, self->w.ioas));
}

TEST_F(fail, replace)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, inx_map_at(w->fd, self->other, self->mem + HUGE,
				SMALL_LENGTH, IOVA));
	sweep(self, replace, replace_back, 40);
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem + HUGE,
				SMALL_LENGTH));
}

/* A few points of a long way; all of them would take too long. */
TEST_F(fail, attach_to_much_memory)
{
	static const uint32_t after[] = { 0, 1, 5, 47, 48, 49, 511, 512, 513 };
	struct state before;
	size_t i;

	fill_other(self);
	before = look(self);
	for (i = 0; i < sizeof(after) / sizeof(*after); i++) {
		world_fail_next(&self->w, self->same, IOMMU_NEXT_MOCK_FAIL_MAP,
				after[i]);
		EXPECT_ERRNO(ENOMEM, attach_same(self));
		expect_same(self, &before, IOMMU_NEXT_MOCK_FAIL_MAP, after[i]);
	}
	EXPECT_EQ(0, attach_same(self));
	EXPECT_TRUE(world_reads(self->same, 2 * IOVA, self->mem, LENGTH));
	EXPECT_TRUE(world_reads(self->same, 3 * IOVA,
				self->mem + HUGE - 10 * PAGE, 20 * PAGE));
}

/* ---- HWPT_ALLOC ---------------------------------------------------------------------- */

static uint32_t made;

static int make(struct fail_data *self)
{
	return inx_hwpt_alloc(self->w.fd, self->same->id, self->w.ioas, &made);
}

static void unmake(struct fail_data *self)
{
	ASSERT_EQ(0, inx_destroy(self->w.fd, made));
}

TEST_F(fail, hwpt_alloc)
{
	self->failing = self->same;
	/* Where a device comes first, mapping comes later. */
	sweep(self, make, unmake, variant->flags ? 0 : 30);
	ASSERT_EQ(0, inx_attach_to(self->same->fd, made));
	EXPECT_TRUE(world_reads(self->same, IOVA, self->mem + HUGE - 8 * PAGE,
				SMALL_LENGTH));
}

static int attach_made(struct fail_data *self)
{
	return inx_attach_to(self->same->fd, made);
}

TEST_F(fail, attach_to_hwpt)
{
	self->failing = self->same;
	ASSERT_EQ(0, make(self));
	sweep_one(self, IOMMU_NEXT_MOCK_FAIL_RESERVED, attach_made);
	detach_same(self);
	sweep_one(self, IOMMU_NEXT_MOCK_FAIL_ATTACH, attach_made);
	/* To one that has never been attached to. */
	detach_same(self);
	unmake(self);
	ASSERT_EQ(0, make(self));
	EXPECT_GE(sweep_one(self, IOMMU_NEXT_MOCK_FAIL_MAP, attach_made),
		  variant->flags ? 30 : 0);
	EXPECT_TRUE(world_reads(self->same, IOVA, self->mem + HUGE - 8 * PAGE,
				SMALL_LENGTH));
}

/* ---- BIND ---------------------------------------------------------------------------- */

TEST(bind)
{
	static const struct {
		uint32_t what;
		int error;
	} fail[] = {
		{ IOMMU_NEXT_MOCK_FAIL_CLAIM, EPERM },
		{ IOMMU_NEXT_MOCK_FAIL_BIND, EIO },
	};
	struct world_dev *dev;
	struct world w;
	size_t i;

	world_open(&w);
	dev = world_make(&w, NULL);
	for (i = 0; i < sizeof(fail) / sizeof(*fail); i++) {
		world_fail_next(&w, dev, fail[i].what, 0);
		EXPECT_ERRNO(fail[i].error, inx_bind(dev->fd, w.fd, NULL));
		EXPECT_ERRNO(EINVAL, inx_attach_to(dev->fd, w.ioas));
		/* Not even an ID is left on the file. */
		ASSERT_EQ(0, inx_destroy(w.fd, w.ioas));
		EXPECT_EQ(0, inx_option_set(w.fd,
					    IOMMU_NEXT_OPTION_RLIMIT_MODE, 0,
					    0));
		w.ioas = world_ioas(&w);
	}
	EXPECT_EQ(0, inx_bind(dev->fd, w.fd, NULL));
	EXPECT_EQ(0, inx_attach_to(dev->fd, w.ioas));
	world_close(&w);
}

TEST_HARNESS_MAIN
