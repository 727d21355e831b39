// SPDX-License-Identifier: GPL-2.0-only
/*
 * How dirty bits are read from page tables of the kernel: by way of a driver's
 * reader, which is played here as VT-d's and AMD's are in Linux 6.12; and from
 * tables of newer kernels, made by the kernel itself, whose bits are set here as
 * the hardware would.
 */
#include <linux/iommu.h>

#ifdef IOMMU_DIRTY_NO_CLEAR

#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#if IS_ENABLED(CONFIG_IOMMU_PT_VTDSS) && IS_ENABLED(CONFIG_IOMMU_PT_AMDV1)
#include <linux/generic_pt/iommu.h>
#include <kunit/test-bug.h>
#define HAVE_TABLES
#endif

#include "backend.h"

#define READER_PAGES 4000
#define READER_START (7UL << 30)
#define READER_STEPS 400

struct reader_page {
	unsigned long start;
	unsigned long size;
	bool dirty;
	bool found;
};

struct reader;

/**
 * struct reader_kind - a kind of page table
 * @name: of it
 * @sizes: sizes of IO pages to map
 * @make: make an empty one
 * @map: map a page
 * @set: make a page dirty, as hardware does
 * @is_set: whether it is
 * @end: free it
 */
struct reader_kind {
	const char *name;
	unsigned long sizes;
	int (*make)(struct reader *r);
	int (*map)(struct reader *r, struct reader_page *page);
	void (*set)(struct reader *r, struct reader_page *page);
	bool (*is_set)(struct reader *r, struct reader_page *page);
	void (*end)(struct reader *r);
};

/**
 * struct reader - a page table and what is in it
 * @domain: as the kernel knows it
 * @kind: of it
 * @pages: sorted; with gaps between some of them
 * @nr: how many
 * @random: state
 * @walk: of a read
 * @left: pages that found() takes before it gives up
 */
struct reader {
	union {
		struct iommu_domain domain;
#ifdef HAVE_TABLES
		struct pt_iommu_vtdss vtd;
		struct pt_iommu_amdv1 amd;
#endif
	};
	spinlock_t top_lock; /* of the table's top */
	const struct reader_kind *kind;
	struct reader_page *pages;
	unsigned int nr;
	struct rnd_state random;
	struct inx_dirty_walk walk;
	unsigned int left;
};

static u32 reader_some(struct reader *r, u32 below)
{
	return prandom_u32_state(&r->random) % below;
}

static struct reader_page *reader_find(struct reader *r, unsigned long iova)
{
	unsigned int low = 0, high = r->nr;

	while (low < high) {
		unsigned int i = (low + high) / 2;
		struct reader_page *page = &r->pages[i];

		if (iova < page->start)
			high = i;
		else if (iova - page->start >= page->size)
			low = i + 1;
		else
			return page;
	}
	return NULL;
}

/* ---- a driver's reader --------------------------------------------------------------- */

static int hull_read(struct iommu_domain *domain, unsigned long iova,
		     size_t size, unsigned long flags,
		     struct iommu_dirty_bitmap *dirty)
{
	struct reader *r = container_of(domain, struct reader, domain);
	unsigned long end = iova + size - 1;

	do {
		struct reader_page *page = reader_find(r, iova);

		if (!page) {
			iova += SZ_4K;
			continue;
		}
		if (page->dirty)
			iommu_dirty_bitmap_record(dirty, iova, page->size);
		if (!(flags & IOMMU_DIRTY_NO_CLEAR))
			page->dirty = false;
		iova += page->size;
	} while (iova < end);
	return 0;
}

static int hull_set_tracking(struct iommu_domain *domain, bool enable)
{
	return 0;
}

static const struct iommu_dirty_ops hull_ops = {
	.read_and_clear_dirty = hull_read,
	.set_dirty_tracking = hull_set_tracking,
};

static int hull_make(struct reader *r)
{
	r->domain.dirty_ops = &hull_ops;
	r->domain.pgsize_bitmap = r->kind->sizes;
	return 0;
}

static int hull_map(struct reader *r, struct reader_page *page)
{
	return 0;
}

static void hull_set(struct reader *r, struct reader_page *page)
{
}

static bool hull_is_set(struct reader *r, struct reader_page *page)
{
	return page->dirty;
}

static void hull_end(struct reader *r)
{
}

/* ---- tables of the kernel --------------------------------------------------------------- */

#ifdef HAVE_TABLES

static void table_change_top(struct pt_iommu *pt, phys_addr_t top,
			     unsigned int level)
{
}

static spinlock_t *table_top_lock(struct pt_iommu *pt)
{
	return &container_of(&pt->domain, struct reader, domain)->top_lock;
}

static const struct pt_iommu_driver_ops table_driver_ops = {
	.change_top = table_change_top,
	.get_top_lock = table_top_lock,
};

static const struct iommu_domain_ops vtd_domain_ops = {
	IOMMU_PT_DOMAIN_OPS(vtdss),
};

static const struct iommu_dirty_ops vtd_dirty_ops = {
	IOMMU_PT_DIRTY_OPS(vtdss),
	.set_dirty_tracking = hull_set_tracking,
};

static const struct iommu_domain_ops amd_domain_ops = {
	IOMMU_PT_DOMAIN_OPS(amdv1),
};

static const struct iommu_dirty_ops amd_dirty_ops = {
	IOMMU_PT_DIRTY_OPS(amdv1),
	.set_dirty_tracking = hull_set_tracking,
};

static int vtd_make(struct reader *r)
{
	const struct pt_iommu_vtdss_cfg cfg = {
		.common.hw_max_vasz_lg2 = 48,
		.common.hw_max_oasz_lg2 = 52,
		.top_level = 3,
	};

	r->domain.ops = &vtd_domain_ops;
	r->domain.dirty_ops = &vtd_dirty_ops;
	r->vtd.iommu.nid = NUMA_NO_NODE;
	return pt_iommu_vtdss_init(&r->vtd, &cfg, GFP_KERNEL);
}

/* Begins with three levels and grows as it is needed. */
static int amd_make(struct reader *r)
{
	const struct pt_iommu_amdv1_cfg cfg = {
		.common.features = BIT(PT_FEAT_DYNAMIC_TOP) |
				   BIT(PT_FEAT_AMDV1_ENCRYPT_TABLES) |
				   BIT(PT_FEAT_AMDV1_FORCE_COHERENCE),
		.common.hw_max_vasz_lg2 = 64,
		.common.hw_max_oasz_lg2 = 52,
		.starting_level = 2,
	};

	r->domain.ops = &amd_domain_ops;
	r->domain.dirty_ops = &amd_dirty_ops;
	r->amd.iommu.nid = NUMA_NO_NODE;
	r->amd.iommu.driver_ops = &table_driver_ops;
	return pt_iommu_amdv1_init(&r->amd, &cfg, GFP_KERNEL);
}

static void table_end(struct reader *r)
{
	pt_iommu_deinit(container_of(&r->domain, struct pt_iommu, domain));
}

static int table_map(struct reader *r, struct reader_page *page)
{
	/* No memory is touched, so any address that is aligned will do. */
	return iommu_map(&r->domain, page->start, (1UL << 40) + page->start,
			 page->size, IOMMU_READ | IOMMU_WRITE, GFP_KERNEL);
}

/* The entries that map a page, by the tables as the hardware sees them. */
static u64 *table_entries(u64 *table, int level, unsigned long iova,
			  unsigned long size, unsigned int *nr)
{
	while (level && BIT(12 + 9 * level) > size) {
		u64 entry = table[(iova >> (12 + 9 * level)) % 512];

		table = phys_to_virt(entry & GENMASK_ULL(51, 12));
		level--;
	}
	*nr = max(size >> (12 + 9 * level), 1UL);
	return &table[(iova >> (12 + 9 * level)) % 512];
}

static u64 *vtd_entries(struct reader *r, struct reader_page *page,
			unsigned int *nr)
{
	struct pt_iommu_vtdss_hw_info info;

	pt_iommu_vtdss_hw_info(&r->vtd, &info);
	return table_entries(phys_to_virt(info.ssptptr), info.aw + 1,
			     page->start, page->size, nr);
}

static u64 *amd_entries(struct reader *r, struct reader_page *page,
			unsigned int *nr)
{
	struct pt_iommu_amdv1_hw_info info;

	pt_iommu_amdv1_hw_info(&r->amd, &info);
	return table_entries(phys_to_virt(info.host_pt_root), info.mode - 1,
			     page->start, page->size, nr);
}

static void vtd_set(struct reader *r, struct reader_page *page)
{
	unsigned int nr;
	u64 *entry = vtd_entries(r, page, &nr);

	KUNIT_EXPECT_EQ(kunit_get_current_test(), 1U, nr);
	*entry |= BIT(9);
}

static bool vtd_is_set(struct reader *r, struct reader_page *page)
{
	unsigned int nr;

	return *vtd_entries(r, page, &nr) & BIT(9);
}

/* Any of the entries of a page may have the bit. */
static void amd_set(struct reader *r, struct reader_page *page)
{
	unsigned int nr;
	u64 *entry = amd_entries(r, page, &nr);

	entry[reader_some(r, nr)] |= BIT(6);
}

static bool amd_is_set(struct reader *r, struct reader_page *page)
{
	unsigned int nr, i;
	u64 *entry = amd_entries(r, page, &nr);

	for (i = 0; i < nr; i++)
		if (entry[i] & BIT(6))
			return true;
	return false;
}

#endif

static const struct reader_kind reader_kinds[] = {
	{
		.name = "a driver's reader, 4K",
		.sizes = SZ_4K,
		.make = hull_make, .map = hull_map, .set = hull_set,
		.is_set = hull_is_set, .end = hull_end,
	}, {
		.name = "a driver's reader, 4K 2M 1G",
		.sizes = SZ_4K | SZ_2M | SZ_1G,
		.make = hull_make, .map = hull_map, .set = hull_set,
		.is_set = hull_is_set, .end = hull_end,
	}, {
		.name = "a driver's reader, all sizes",
		.sizes = GENMASK(30, 12),
		.make = hull_make, .map = hull_map, .set = hull_set,
		.is_set = hull_is_set, .end = hull_end,
	},
#ifdef HAVE_TABLES
	{
		.name = "VT-d second stage",
		.sizes = SZ_4K | SZ_2M | SZ_1G,
		.make = vtd_make, .map = table_map, .set = vtd_set,
		.is_set = vtd_is_set, .end = table_end,
	}, {
		.name = "AMD host table",
		.sizes = GENMASK(32, 12),
		.make = amd_make, .map = table_map, .set = amd_set,
		.is_set = amd_is_set, .end = table_end,
	},
#endif
};

static void reader_describe(const struct reader_kind *kind, char *desc)
{
	strscpy(desc, kind->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(reader, reader_kinds, reader_describe);

/* ---- tests --------------------------------------------------------------------------------- */

/* Pages of any size, most of them small, from an odd place on. */
static void reader_fill(struct kunit *test, struct reader *r)
{
	unsigned long pos = READER_START + 13 * SZ_4K, size;

	for (r->nr = 0; r->nr < READER_PAGES; r->nr++) {
		struct reader_page *page = &r->pages[r->nr];

		size = SZ_4K;
		if (!reader_some(r, 20)) {
			size = BIT(12 + reader_some(r, 20));
			if (!(size & r->kind->sizes))
				size = r->kind->sizes & SZ_2M ?: SZ_4K;
		}
		pos = ALIGN(pos, size);
		page->start = pos;
		page->size = size;
		KUNIT_ASSERT_EQ(test, 0, r->kind->map(r, page));
		pos += size;
		if (!reader_some(r, 50))
			pos += SZ_4K * reader_some(r, 2000);
	}
}

static struct reader *reader_make(struct kunit *test)
{
	struct reader *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	spin_lock_init(&r->top_lock);
	r->kind = test->param_value;
	prandom_seed_state(&r->random, 4711);
	r->pages = kunit_kcalloc(test, READER_PAGES, sizeof(*r->pages),
				 GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, r->pages);
	KUNIT_ASSERT_EQ(test, 0, r->kind->make(r));
	KUNIT_EXPECT_TRUE(test, inx_domain_has_dirty(&r->domain));
	reader_fill(test, r);
	return r;
}

static void reader_dirty(struct reader *r, struct reader_page *page)
{
	page->dirty = true;
	r->kind->set(r, page);
}

static int reader_found(struct inx_dirty_walk *walk,
			struct inx_iova_range range)
{
	struct reader *r = container_of(walk, struct reader, walk);
	struct reader_page *page = reader_find(r, range.start);

	if (!r->left)
		return -EIO;
	r->left--;
	if (!page || page->found || page->start != range.start ||
	    page->size != range.last - range.start + 1)
		return -EINVAL;
	page->found = true;
	return 0;
}

/* A range within one stretch of pages, from somewhere in a page on. */
static struct inx_iova_range reader_range(struct reader *r, unsigned int *first,
					  unsigned int *last)
{
	struct inx_iova_range range;
	struct reader_page *page;
	unsigned int most = reader_some(r, 2) ? 20 : READER_PAGES;

	*first = reader_some(r, r->nr);
	*last = *first;
	while (*last + 1 < r->nr && most--) {
		page = &r->pages[*last];
		if (page[1].start != page->start + page->size)
			break;
		++*last;
	}
	page = &r->pages[*first];
	range.start = page->start +
		      SZ_4K * reader_some(r, page->size / SZ_4K);
	page = &r->pages[*last];
	range.last = page->start + page->size - 1 -
		     SZ_4K * reader_some(r, page->size / SZ_4K);
	if (range.last < range.start)
		range.last = page->start + page->size - 1;
	return range;
}

/* Random pages are written, random ranges are read. */
static void reader_random(struct kunit *test)
{
	struct reader *r = reader_make(test);
	unsigned int step, i, first, last;
	unsigned long wrong = 0, seen = 0;

	for (step = 0; step < READER_STEPS; step++) {
		struct iommu_iotlb_gather gather;
		struct inx_iova_range range = reader_range(r, &first, &last);
		bool clear = reader_some(r, 3);

		for (i = 0; i < r->nr; i++) {
			if (!reader_some(r, step % 2 ? 500 : 5))
				reader_dirty(r, &r->pages[i]);
			r->pages[i].found = false;
		}
		/* So that they are compared with what was, not with itself. */
		iommu_iotlb_gather_init(&gather);
		r->left = UINT_MAX;
		r->walk.found = reader_found;
		r->walk.clear = clear;
		r->walk.gather = &gather;
		wrong += !!inx_domain_walk_dirty(&r->domain, range, &r->walk);
		for (i = 0; i < r->nr; i++) {
			struct reader_page *page = &r->pages[i];
			bool in = i >= first && i <= last;

			if (page->found) {
				seen++;
				wrong += !in;
				wrong += r->kind->is_set(r, page) == clear;
				wrong += clear &&
					 (gather.start > page->start ||
					  gather.end < page->start +
						       page->size - 1);
				page->dirty = !clear;
			} else {
				wrong += in && page->dirty;
				wrong += r->kind->is_set(r, page) !=
					 page->dirty;
			}
		}
		KUNIT_ASSERT_EQ(test, 0UL, wrong);
	}
	KUNIT_EXPECT_GT(test, seen, (unsigned long)READER_STEPS);
	r->kind->end(r);
}

/* Who gives up leaves that page, and those behind it, as they are. */
static void reader_gives_up(struct kunit *test)
{
	struct iommu_iotlb_gather gather;
	struct reader *r = reader_make(test);
	struct inx_iova_range range;
	unsigned int first, last, i;

	/* Of some length, so that there is something left. */
	do {
		range = reader_range(r, &first, &last);
	} while (last - first < 8);
	for (i = first; i <= last; i++)
		reader_dirty(r, &r->pages[i]);
	iommu_iotlb_gather_init(&gather);
	r->left = 3;
	r->walk.found = reader_found;
	r->walk.clear = true;
	r->walk.gather = &gather;
	KUNIT_EXPECT_EQ(test, -EIO, inx_domain_walk_dirty(&r->domain, range,
							  &r->walk));
	for (i = first; i <= last; i++)
		KUNIT_EXPECT_EQ(test, i >= first + 3,
				r->kind->is_set(r, &r->pages[i]));
	/* Nobody wants to know: all is clean afterwards. */
	r->walk.found = NULL;
	KUNIT_EXPECT_EQ(test, 0, inx_domain_walk_dirty(&r->domain, range,
						       &r->walk));
	for (i = first; i <= last; i++)
		KUNIT_EXPECT_FALSE(test, r->kind->is_set(r, &r->pages[i]));
	KUNIT_EXPECT_EQ(test, r->pages[first].start, gather.start);
	r->kind->end(r);
}

static int refuses_read(struct iommu_domain *domain, unsigned long iova,
			size_t size, unsigned long flags,
			struct iommu_dirty_bitmap *dirty)
{
	return -EOPNOTSUPP;
}

static const struct iommu_dirty_ops refuses_ops = {
	.read_and_clear_dirty = refuses_read,
};

/* A table that nobody can read is not taken for one without dirty pages. */
static void reader_cannot(struct kunit *test)
{
	struct iommu_domain *domain = kunit_kzalloc(test, sizeof(*domain),
						    GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, domain);
	domain->pgsize_bitmap = SZ_4K;
	KUNIT_EXPECT_FALSE(test, inx_domain_has_dirty(domain));
	domain->dirty_ops = &refuses_ops;
	KUNIT_EXPECT_FALSE(test, inx_domain_has_dirty(domain));
	domain->dirty_ops = &hull_ops;
}

static struct kunit_case reader_cases[] = {
	KUNIT_CASE_PARAM(reader_random, reader_gen_params),
	KUNIT_CASE_PARAM(reader_gives_up, reader_gen_params),
	KUNIT_CASE(reader_cannot),
	{}
};

static struct kunit_suite reader_suite = {
	.name = "inx_dirty_reader",
	.test_cases = reader_cases,
};

kunit_test_suite(reader_suite);

#endif
