// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of devices: mapped, revoked, and page tables that come and go beside
 * that. There is no memory at these addresses, and nothing may look for it.
 */
#include <linux/sizes.h>
#include <linux/slab.h>

#include "cut.h"
#include "hold.h"
#include "mmio.h"
#include "world.h"

#define PHYS 0x4000000000UL
#define IOVA 0x10000000UL
#define LENGTH SZ_64K

static struct inx_mmio *mmio_make(struct kunit *test)
{
	struct inx_mmio *mmio = inx_mmio_alloc();

	KUNIT_ASSERT_NOT_NULL(test, mmio);
	inx_mmio_start(mmio);
	return mmio;
}

static int mmio_map(struct world *w, struct inx_mmio *mmio, unsigned long iova)
{
	struct inx_mmio_slice *slice = inx_mmio_slice_alloc(PHYS);
	struct inx_source source;
	struct inx_area *area;

	KUNIT_ASSERT_NOT_NULL(w->test, slice);
	KUNIT_ASSERT_EQ(w->test, 0,
			inx_mmio_add(mmio, slice, inx_mmio_session(mmio)));
	inx_source_init_mmio(&source, slice, true);
	area = inx_pages_alloc(&w->account, &source, 0, LENGTH);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(w->test, area);
	inx_area_set_prot(area, WORLD_RW);
	KUNIT_EXPECT_EQ(w->test, IOMMU_READ | IOMMU_WRITE | IOMMU_MMIO,
			(int)area->prot);
	return inx_iopt_map(&w->iopts[0], area, &iova, true);
}

/* Whether every page table has it, or none. */
static void mmio_expect(struct world *w, unsigned long iova,
			unsigned long offset, unsigned long length, bool there)
{
	unsigned long pos;
	unsigned int i;

	for (i = 0; i < WORLD_DOMAINS; i++) {
		struct iommu_domain *domain = w->domains[i].link.domain;

		if (!w->domains[i].iopt)
			continue;
		for (pos = 0; pos < length; pos += PAGE_SIZE)
			KUNIT_EXPECT_EQ(w->test,
					there ? PHYS + offset + pos : 0,
					iommu_iova_to_phys(domain, iova + pos));
	}
	KUNIT_EXPECT_EQ(w->test, 0UL, world_pinned(w));
}

WORLD_CASE(mmio_revoke)
{
	struct inx_mmio *mmio = mmio_make(test), *other = mmio_make(test);

	KUNIT_ASSERT_EQ(test, 0, mmio_map(w, mmio, IOVA));
	KUNIT_ASSERT_EQ(test, 0, mmio_map(w, other, IOVA + LENGTH));
	mmio_expect(w, IOVA, 0, LENGTH, true);
	inx_mmio_stop(mmio);
	mmio_expect(w, IOVA, 0, LENGTH, false);
	mmio_expect(w, IOVA + LENGTH, 0, LENGTH, true);
	inx_mmio_start(mmio);
	mmio_expect(w, IOVA, 0, LENGTH, false);
	KUNIT_EXPECT_EQ(test, 2U, world_areas(&w->iopts[0]));
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], IOVA, LENGTH));
	KUNIT_ASSERT_EQ(test, 0, mmio_map(w, mmio, IOVA));
	mmio_expect(w, IOVA, 0, LENGTH, true);
	KUNIT_EXPECT_EQ(test, 0,
			world_unmap(w, &w->iopts[0], IOVA, 2 * LENGTH));
	/* Nobody has it, and it can be stopped all the same. */
	inx_mmio_stop(mmio);
	inx_mmio_put(mmio);
	inx_mmio_put(other);
}

WORLD_CASE(mmio_page_tables)
{
	struct inx_mmio *mmio = mmio_make(test);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, mmio_map(w, mmio, IOVA));
	for (i = w->config.domains; i < WORLD_DOMAINS; i++) {
		KUNIT_ASSERT_EQ(test, 0, world_attach(w, i, &w->iopts[0]));
		mmio_expect(w, IOVA, 0, LENGTH, true);
	}
	for (i = 0; i < WORLD_DOMAINS; i++) {
		world_detach(w, i);
		mmio_expect(w, IOVA, 0, LENGTH, true);
	}
	KUNIT_ASSERT_EQ(test, 0, world_attach(w, 0, &w->iopts[0]));
	mmio_expect(w, IOVA, 0, LENGTH, true);
	inx_mmio_stop(mmio);
	for (i = 1; i < WORLD_DOMAINS; i++) {
		KUNIT_ASSERT_EQ(test, 0, world_attach(w, i, &w->iopts[0]));
		mmio_expect(w, IOVA, 0, LENGTH, false);
	}
	for (i = 0; i < WORLD_DOMAINS; i++)
		world_detach(w, i);
	KUNIT_ASSERT_EQ(test, 0, world_attach(w, 0, &w->iopts[0]));
	mmio_expect(w, IOVA, 0, LENGTH, false);
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], IOVA, LENGTH));
	world_detach(w, 0);
	inx_mmio_put(mmio);
}

WORLD_CASE(mmio_copies)
{
	unsigned long iova = IOVA + SZ_1M;
	struct inx_mmio *mmio = mmio_make(test);

	KUNIT_ASSERT_EQ(test, 0, mmio_map(w, mmio, IOVA));
	KUNIT_ASSERT_EQ(test, 0,
			inx_iopt_copy(&w->iopts[0], &w->iopts[0],
				      IOVA + PAGE_SIZE, 2 * PAGE_SIZE, &iova,
				      true, WORLD_RW));
	mmio_expect(w, iova, PAGE_SIZE, 2 * PAGE_SIZE, true);
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], IOVA, LENGTH));
	mmio_expect(w, iova, PAGE_SIZE, 2 * PAGE_SIZE, true);
	inx_mmio_stop(mmio);
	mmio_expect(w, iova, PAGE_SIZE, 2 * PAGE_SIZE, false);
	KUNIT_EXPECT_EQ(test, 0,
			world_unmap(w, &w->iopts[0], iova, 2 * PAGE_SIZE));
	inx_mmio_put(mmio);
}

WORLD_CASE(mmio_cut)
{
	struct inx_iova_range hole = { IOVA + PAGE_SIZE,
				       IOVA + 2 * PAGE_SIZE - 1 };
	struct inx_mmio *mmio = mmio_make(test);

	KUNIT_ASSERT_EQ(test, 0, mmio_map(w, mmio, IOVA));
	KUNIT_ASSERT_EQ(test, 0, inx_cut_ends(&w->iopts[0], hole));
	mmio_expect(w, IOVA, 0, LENGTH, true);
	if (w->config.small_pages) {
		KUNIT_EXPECT_EQ(test, 3U, world_areas(&w->iopts[0]));
		KUNIT_EXPECT_EQ(test, 0, inx_iopt_unmap(&w->iopts[0], hole,
							NULL));
		mmio_expect(w, IOVA, 0, PAGE_SIZE, true);
		mmio_expect(w, hole.start, 0, PAGE_SIZE, false);
	}
	inx_mmio_stop(mmio);
	mmio_expect(w, IOVA, 0, LENGTH, false);
	hole.start = IOVA + 4 * PAGE_SIZE;
	hole.last = hole.start + PAGE_SIZE - 1;
	KUNIT_EXPECT_EQ(test, 0, inx_cut_ends(&w->iopts[0], hole));
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], IOVA, LENGTH));
	inx_mmio_put(mmio);
}

/* There are no pages that the CPU could pin or copy. */
WORLD_CASE(mmio_not_for_the_cpu)
{
	struct inx_mmio *mmio = mmio_make(test);
	struct inx_area *area;
	struct page *page;
	char byte;

	KUNIT_ASSERT_EQ(test, 0, mmio_map(w, mmio, IOVA));
	area = inx_space_first(&w->iopts[0].space, IOVA, IOVA);
	KUNIT_ASSERT_NOT_NULL(test, area);
	KUNIT_EXPECT_EQ(test, -EINVAL, inx_hold_cpu(area->pages, 0, 1, &page));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			inx_hold_rw(area->pages, 0, &byte, 1, false));
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], IOVA, LENGTH));
	inx_mmio_put(mmio);
}

/* None of them needs the memory of the process. */
static const struct world_config mmio_configs[] = {
	{ .name = "no page table", .layout = MEM_SCATTERED },
	{ .name = "512", .layout = MEM_SCATTERED, .page_sizes = SZ_512,
	  .domains = 1 },
	{ .name = "4K", .layout = MEM_SCATTERED, .page_sizes = SZ_4K,
	  .domains = 3 },
	{ .name = "4K+64K", .layout = MEM_SCATTERED,
	  .page_sizes = SZ_4K | SZ_64K, .domains = 2 },
	{ .name = "small pages", .layout = MEM_SCATTERED, .domains = 2,
	  .small_pages = true },
};

KUNIT_ARRAY_PARAM(mmio, mmio_configs, world_describe);

static struct kunit_case mmio_cases[] = {
	KUNIT_CASE_PARAM(mmio_revoke, mmio_gen_params),
	KUNIT_CASE_PARAM(mmio_page_tables, mmio_gen_params),
	KUNIT_CASE_PARAM(mmio_copies, mmio_gen_params),
	KUNIT_CASE_PARAM(mmio_cut, mmio_gen_params),
	KUNIT_CASE_PARAM(mmio_not_for_the_cpu, mmio_gen_params),
	{}
};

static struct kunit_suite mmio_suite = {
	.name = "inx_mmio",
	.test_cases = mmio_cases,
};

kunit_test_suite(mmio_suite);
