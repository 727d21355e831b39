// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock timeout=120 machines=none */
/*
 * Maps, copies, unmaps, attaches and detaches at random, in lockstep with a
 * model of what must come out of it: which call fails and how, what is pinned,
 * what the page tables have, and what each device sees. Failures of the IOMMU
 * are thrown in; after one everything has to be as before.
 *
 * The same seed makes the same calls, so a failure can be repeated.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mem.h"
#include "racer.h"
#include "tap.h"
#include "world.h"

#define MEM_LENGTH (2 * HUGE)
#define MEM_PAGES (MEM_LENGTH / PAGE)
/* IOVAs are taken from here, so that they meet often. */
#define WINDOW (4 * HUGE)
#define NR_IOAS 3
#define NR_DEVS 4
#define NR_HWPT 3
#define NR_AREAS 96
#define NR_MAPS 96
#define RUN_MS 2000

/* Memory as one IOAS_MAP has given it: pages of the test's memory. */
struct map {
	unsigned int areas;
	unsigned int start;
	unsigned int npages;
	bool writable;
};

struct area {
	struct map *map;
	unsigned int ioas;
	unsigned int start;
	unsigned int npages;
	uint64_t iova;
	bool writable;
};

FIXTURE(store)
{
	struct world w;
	unsigned char *mem;
	uint64_t random;
	unsigned int step;
	bool injected;
	uint32_t ioas[NR_IOAS];
	/* Index of the IOAS that a device is attached to, or -1. */
	int attached[NR_DEVS];
	struct {
		uint32_t id;
		int ioas;
	} hwpt[NR_HWPT];
	struct map map[NR_MAPS];
	struct area area[NR_AREAS];
};

FIXTURE_VARIANT(store)
{
	uint64_t seed;
	enum mem_kind kind;
	bool failures;
};

FIXTURE_VARIANT_ADD(store, mixed)
{
	1, MEM_MIXED, false
};

FIXTURE_VARIANT_ADD(store, shuffled)
{
	2, MEM_SHUFFLED, false
};

FIXTURE_VARIANT_ADD(store, mixed_failing)
{
	3, MEM_MIXED, true
};

FIXTURE_VARIANT_ADD(store, ordered_failing)
{
	4, MEM_ORDERED, true
};

static unsigned int choose(struct store_data *self, unsigned int below)
{
	self->random = self->random * 6364136223846793005 + 1442695040888963407;
	return (self->random >> 33) % below;
}

/* Mostly small, sometimes large. */
static unsigned int pick_length(struct store_data *self, unsigned int most)
{
	static const unsigned int limits[] = { 1, 4, 40, 600, MEM_PAGES };
	unsigned int n = limits[choose(self, 5)];

	return 1 + choose(self, n < most ? n : most);
}

FIXTURE_SETUP(store)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	/* The first and the last share page tables. */
	const uint64_t sizes[NR_DEVS] = { 0, PAGE, 2048 | HUGE, 0 };
	int i;

	world_open(&self->w);
	self->random = variant->seed;
	self->mem = mem_alloc(variant->kind, MEM_LENGTH);
	mem_fill(self->mem, MEM_LENGTH, variant->seed);
	for (i = 0; i < NR_IOAS; i++)
		self->ioas[i] = world_ioas(&self->w);
	for (i = 0; i < NR_DEVS; i++) {
		how.page_sizes = sizes[i];
		world_bind(&self->w, &how);
		self->attached[i] = -1;
	}
	for (i = 0; i < NR_HWPT; i++)
		self->hwpt[i].ioas = -1;
}

FIXTURE_TEARDOWN(store)
{
	world_close(&self->w);
}

/* ---- the model --------------------------------------------------------------- */

/* Page tables of an IOAS: of those by hand each, else one for each kind. */
static unsigned int domains_of(const struct store_data *self, int ioas)
{
	unsigned int n = 0, i;

	for (i = 0; i < NR_HWPT; i++)
		n += self->hwpt[i].ioas == ioas;
	n += self->attached[0] == ioas || self->attached[3] == ioas;
	n += self->attached[1] == ioas;
	n += self->attached[2] == ioas;
	return n;
}

static void set_bits(uint64_t *bits, unsigned int first, unsigned int nr)
{
	while (nr--) {
		if (first % 64 == 0 && nr >= 63) {
			bits[first / 64] = UINT64_MAX;
			first += 64;
			nr -= 63;
			continue;
		}
		bits[first / 64] |= 1ULL << first % 64;
		first++;
	}
}

/* A page counts once for each IOAS_MAP that it was given by. */
static long pages_held(const struct store_data *self)
{
	static uint64_t held[NR_MAPS][MEM_PAGES / 64];
	unsigned int domains[NR_IOAS], i, w;
	long total = 0;

	memset(held, 0, sizeof(held));
	for (i = 0; i < NR_IOAS; i++)
		domains[i] = domains_of(self, i);
	for (i = 0; i < NR_AREAS; i++) {
		const struct area *area = &self->area[i];

		if (area->map && domains[area->ioas])
			set_bits(held[area->map - self->map], area->start,
				 area->npages);
	}
	for (i = 0; i < NR_MAPS; i++)
		for (w = 0; w < MEM_PAGES / 64; w++)
			if (held[i][w])
				total += __builtin_popcountll(held[i][w]);
	return total;
}

static struct area *area_new(struct store_data *self)
{
	for (int i = 0; i < NR_AREAS; i++)
		if (!self->area[i].map)
			return &self->area[i];
	return NULL;
}

static struct map *map_new(struct store_data *self)
{
	for (int i = 0; i < NR_MAPS; i++)
		if (!self->map[i].areas)
			return &self->map[i];
	return NULL;
}

static uint64_t area_end(const struct area *area)
{
	return area->iova + area->npages * PAGE;
}

static struct area *area_meeting(struct store_data *self, unsigned int ioas,
				 uint64_t start, uint64_t end)
{
	struct area *found = NULL;
	int i;

	for (i = 0; i < NR_AREAS; i++) {
		struct area *area = &self->area[i];

		if (area->map && area->ioas == ioas && area->iova < end &&
		    area_end(area) > start &&
		    (!found || area->iova < found->iova))
			found = area;
	}
	return found;
}

static struct area *area_add(struct store_data *self, struct map *map,
			     unsigned int ioas, uint64_t iova,
			     unsigned int start, unsigned int npages,
			     bool writable)
{
	struct area *area = area_new(self);

	*area = (struct area){
		.map = map,
		.ioas = ioas,
		.start = start,
		.npages = npages,
		.iova = iova,
		.writable = writable,
	};
	map->areas++;
	return area;
}

/* ---- calls --------------------------------------------------------------------- */

/* The call's result must be @want; true when it has been done. */
static bool outcome(struct store_data *self, int rc, int want)
{
	int seen = rc ? errno : 0;

	if (self->injected && seen == ENOMEM)
		return false;
	if (want != seen)
		TH_LOG("step %u", self->step);
	EXPECT_EQ(want, seen);
	return !seen;
}

static void do_map(struct store_data *self)
{
	unsigned int ioas = choose(self, NR_IOAS);
	unsigned int npages = pick_length(self, MEM_PAGES);
	unsigned int start = choose(self, MEM_PAGES - npages + 1);
	uint64_t iova = IOVA + choose(self, WINDOW / PAGE) * PAGE;
	bool writable = choose(self, 4), fixed = choose(self, 4);
	struct map *map = map_new(self);
	int want = 0, rc;

	if (!map || !area_new(self))
		return;
	if (fixed && area_meeting(self, ioas, iova, iova + npages * PAGE))
		want = EEXIST;
	rc = inx_map(self->w.fd, self->ioas[ioas],
		     (writable ? INX_RW : INX_RO) | (fixed ? INX_FIXED : 0),
		     self->mem + start * PAGE, npages * PAGE, &iova);
	if (!outcome(self, rc, want))
		return;
	EXPECT_NULL(area_meeting(self, ioas, iova, iova + npages * PAGE));
	*map = (struct map){ 0, start, npages, writable };
	area_add(self, map, ioas, iova, 0, npages, writable);
}

/* What the copy of a range has to be. */
static int model_copy(struct store_data *self, unsigned int from,
		      uint64_t start, uint64_t end, bool writable,
		      struct area **parts, unsigned int *nr)
{
	bool rights = true;
	uint64_t pos = start;

	*nr = 0;
	while (pos < end) {
		struct area *area = area_meeting(self, from, pos, end);

		if (!area || area->iova > pos)
			return ENOENT;
		parts[(*nr)++] = area;
		rights &= !writable || area->map->writable;
		pos = area_end(area);
	}
	return rights ? 0 : EPERM;
}

static void do_copy(struct store_data *self)
{
	struct area *parts[NR_AREAS], *some = &self->area[choose(self, NR_AREAS)];
	unsigned int ioas = choose(self, NR_IOAS), nr = 0, i, room = 0;
	bool writable = choose(self, 4), fixed = choose(self, 4);
	uint64_t iova = IOVA + choose(self, WINDOW / PAGE) * PAGE;
	uint64_t start, end, pos;
	int want, rc;

	if (!some->map)
		return;
	start = some->iova + choose(self, some->npages) * PAGE;
	end = start + pick_length(self, MEM_PAGES) * PAGE;
	/* Mostly inside the area, sometimes across its end. */
	if (choose(self, 4) && end > area_end(some))
		end = area_end(some);
	want = model_copy(self, some->ioas, start, end, writable, parts, &nr);
	for (i = 0; i < NR_AREAS; i++)
		room += !self->area[i].map;
	if (room < nr)
		return;
	if (fixed && want != ENOENT &&
	    area_meeting(self, ioas, iova, iova + end - start))
		want = EEXIST;
	rc = inx_copy(self->w.fd, self->ioas[ioas], self->ioas[some->ioas],
		      (writable ? INX_RW : INX_RO) | (fixed ? INX_FIXED : 0),
		      end - start, &iova, start);
	if (!outcome(self, rc, want))
		return;
	for (pos = start, i = 0; i < nr; i++) {
		struct area *src = parts[i];
		unsigned int skip = (pos - src->iova) / PAGE;
		unsigned int n = src->npages - skip;

		if (n > (end - pos) / PAGE)
			n = (end - pos) / PAGE;
		area_add(self, src->map, ioas, iova + (pos - start),
			 src->start + skip, n, writable);
		pos += n * PAGE;
	}
}

static void do_unmap(struct store_data *self)
{
	struct area *some = &self->area[choose(self, NR_AREAS)], *area;
	uint64_t start, end, n = 0, bytes = 0;
	int want = ENOENT, rc, i;

	if (!some->map)
		return;
	start = some->iova;
	end = area_end(some);
	/* Mostly just one, sometimes with what is around, or not quite. */
	if (!choose(self, 4)) {
		start -= choose(self, 100) * PAGE;
		end += choose(self, 100) * PAGE;
	} else if (!choose(self, 8)) {
		start += PAGE;
	}
	if (start >= end)
		return;
	for (i = 0; i < NR_AREAS; i++) {
		area = &self->area[i];
		if (!area->map || area->ioas != some->ioas ||
		    area->iova >= end || area_end(area) <= start)
			continue;
		if (area->iova < start || area_end(area) > end) {
			bytes = 0;
			break;
		}
		bytes += area->npages * PAGE;
	}
	if (bytes)
		want = 0;
	rc = inx_unmap(self->w.fd, self->ioas[some->ioas], start, end - start,
		       &n);
	if (!outcome(self, rc, want))
		return;
	EXPECT_EQ(bytes, n);
	while ((area = area_meeting(self, some->ioas, start, end))) {
		area->map->areas--;
		area->map = NULL;
	}
}

static void do_attach(struct store_data *self)
{
	unsigned int d = choose(self, NR_DEVS), ioas = choose(self, NR_IOAS);

	if (!choose(self, 3)) {
		EXPECT_EQ(0, inx_detach(self->w.dev[d].fd));
		self->attached[d] = -1;
	} else if (outcome(self, inx_attach_to(self->w.dev[d].fd,
					       self->ioas[ioas]), 0)) {
		self->attached[d] = ioas;
	}
}

/* A page table by hand, that no device uses. */
static void do_hwpt(struct store_data *self)
{
	unsigned int h = choose(self, NR_HWPT), ioas = choose(self, NR_IOAS);
	typeof(self->hwpt[0]) *hwpt = &self->hwpt[h];

	if (hwpt->ioas >= 0) {
		EXPECT_EQ(0, inx_destroy(self->w.fd, hwpt->id));
		hwpt->ioas = -1;
	} else if (outcome(self, inx_hwpt_alloc(self->w.fd, self->w.dev[h].id,
						self->ioas[ioas], &hwpt->id),
			   0)) {
		hwpt->ioas = ioas;
	}
}

/* ---- comparing ------------------------------------------------------------------ */

static bool device_sees(struct store_data *self, struct world_dev *dev,
			const struct area *area, unsigned int page)
{
	uint64_t iova = area->iova + page * PAGE;
	unsigned int at = area->map->start + area->start + page;

	return world_reads(dev, iova, self->mem + at * PAGE, PAGE) &&
	       (area->writable ||
		world_touch(dev, iova, true) ==
			IOMMU_NEXT_MOCK_FAULT_PERMISSION);
}

static void compare_area(struct store_data *self, const struct area *area)
{
	unsigned int d, page = choose(self, area->npages);
	bool ok = true;

	for (d = 0; d < NR_DEVS; d++) {
		struct world_dev *dev = &self->w.dev[d];

		if (self->attached[d] != (int)area->ioas)
			continue;
		ok &= device_sees(self, dev, area, 0) &&
		      device_sees(self, dev, area, page) &&
		      device_sees(self, dev, area, area->npages - 1);
		/* Behind the area is another one or nothing. */
		if (!area_meeting(self, area->ioas, area_end(area),
				  area_end(area) + 1))
			ok &= world_touch(dev, area_end(area), true) ==
			      IOMMU_NEXT_MOCK_FAULT_UNMAPPED;
	}
	if (!ok)
		TH_LOG("step %u: IOAS %u, %#lx, page %u of %u", self->step,
		       area->ioas, area->iova, page, area->npages);
	EXPECT_TRUE(ok);
}

static void compare(struct store_data *self, bool all)
{
	uint64_t bytes = 0, domains = 0, seen_bytes = 0, seen_domains = 0;
	struct iommu_next_mock_stats stats;
	long held, pinned;
	int i;

	for (i = 0; i < NR_AREAS; i++) {
		const struct area *area = &self->area[i];

		if (!area->map)
			continue;
		bytes += domains_of(self, area->ioas) * area->npages * PAGE;
		if (all || !choose(self, 16))
			compare_area(self, area);
	}
	for (i = 0; i < NR_IOAS; i++)
		domains += domains_of(self, i);
	for (i = 0; i < NR_DEVS; i++) {
		stats = world_stats(&self->w, &self->w.dev[i]);
		seen_bytes += stats.bytes;
		seen_domains += stats.domains;
	}
	held = pages_held(self);
	pinned = world_pinned(&self->w);
	if (bytes != seen_bytes || domains != seen_domains || held * 4 != pinned)
		TH_LOG("step %u", self->step);
	ASSERT_EQ(domains, seen_domains);
	ASSERT_EQ(bytes, seen_bytes);
	ASSERT_EQ(held * 4, pinned);
}

static void inject(struct store_data *self)
{
	static const uint32_t what[] = {
		IOMMU_NEXT_MOCK_FAIL_MAP,
		IOMMU_NEXT_MOCK_FAIL_MAP,
		IOMMU_NEXT_MOCK_FAIL_MAP,
		IOMMU_NEXT_MOCK_FAIL_ATTACH,
		IOMMU_NEXT_MOCK_FAIL_REPLACE,
		IOMMU_NEXT_MOCK_FAIL_RESERVED,
		IOMMU_NEXT_MOCK_FAIL_DOMAIN_ALLOC,
	};
	int d;

	self->injected = choose(self, 2);
	for (d = 0; d < NR_DEVS; d++) {
		uint32_t one = self->injected ? what[choose(self, 7)] :
						IOMMU_NEXT_MOCK_FAIL_NOTHING;
		uint32_t after = one == IOMMU_NEXT_MOCK_FAIL_MAP ?
					 choose(self, 1 + choose(self, 300)) : 0;

		world_fail_next(&self->w, &self->w.dev[d], one, after);
	}
}

TEST_F_TIMEOUT(store, at_random, 60)
{
	uint64_t end = race_now_ms() + RUN_MS;

	for (self->step = 0; race_now_ms() < end; self->step++) {
		unsigned int what = choose(self, 20);

		if (variant->failures)
			inject(self);
		if (what < 6)
			do_map(self);
		else if (what < 12)
			do_copy(self);
		else if (what < 16)
			do_unmap(self);
		else if (what < 19)
			do_attach(self);
		else
			do_hwpt(self);
		compare(self, self->step % 64 == 63);
	}
	self->injected = false;
	compare(self, true);
	EXPECT_TRUE(mem_is_filled(self->mem, MEM_LENGTH, variant->seed));
	TH_LOG("%u steps", self->step);
	/* A machine so slow that hardly anything was tried tests nothing. */
	EXPECT_GT(self->step, 100);
}

TEST_HARNESS_MAIN
