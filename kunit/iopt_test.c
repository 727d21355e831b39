// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping, copying and unmapping, with any number of page tables that come and
 * go: after each step every page table translates what it should to what it
 * should, and pins and charge are those of the pages that are mapped.
 */
#include "configs.h"
#include "world.h"

#define IOVA 0x10000000UL
#define ALL (WORLD_PAGES * PAGE_SIZE)

static struct inx_iova_range range(unsigned long start, unsigned long last)
{
	return (struct inx_iova_range){ start, last };
}

static unsigned long pages_if(struct world *w, unsigned long npages)
{
	return w->config.domains ? npages : 0;
}

WORLD_CASE(iopt_map_all)
{
	unsigned long unmapped;

	KUNIT_ASSERT_EQ(test, 0, world_map(w, 0, ALL, IOVA));
	world_expect_map(w, IOVA, 0, ALL);
	world_expect_pages(w, pages_if(w, WORLD_PAGES));
	KUNIT_EXPECT_EQ(test, w->config.domains * ALL,
			(unsigned long)atomic64_read(&w->iommu->bytes));
	KUNIT_EXPECT_EQ(test, 0, inx_iopt_unmap(&w->iopts[0],
						range(0, ULONG_MAX), &unmapped));
	KUNIT_EXPECT_EQ(test, ALL, unmapped);
	world_expect_pages(w, 0);
}

/* Starts and lengths that are no pages, as far as the IO pages allow it. */
WORLD_CASE(iopt_map_slices)
{
	unsigned long step = max(world_granule(w), 512UL);
	unsigned long offset, length, skew, bytes, pages;

	for (offset = 0; offset <= PAGE_SIZE; offset += step) {
		for (length = step; length < 3 * PAGE_SIZE; length += step) {
			/* The IOVA need not lie in its page as the memory. */
			skew = (offset * 3 + length) % PAGE_SIZE & ~(step - 1);
			pages = DIV_ROUND_UP(offset % PAGE_SIZE + length,
					     PAGE_SIZE);
			KUNIT_ASSERT_EQ(test, 0, world_map(w, offset, length,
							   IOVA + skew));
			world_expect_map(w, IOVA + skew, offset, length);
			world_expect_pages(w, pages_if(w, pages));
			bytes = atomic64_read(&w->iommu->bytes);
			KUNIT_EXPECT_EQ(test, w->config.domains * length,
					bytes);
			KUNIT_ASSERT_EQ(test, 0, world_unmap(w, &w->iopts[0],
							     IOVA + skew,
							     length));
			world_expect_pages(w, 0);
		}
	}
}

/* Large IO pages are used where memory and IOVA allow it. */
WORLD_CASE(iopt_map_large_io_pages)
{
	unsigned long entries;

	if (w->config.layout != MEM_CONTIG || !w->config.domains) {
		kunit_info(test, "nothing to see in this layout\n");
		return;
	}
	KUNIT_ASSERT_EQ(test, 0, world_map(w, 0, ALL, IOVA));
	entries = atomic64_read(&w->iommu->pages);
	if (w->config.small_pages || w->iommu->page_sizes == SZ_4K)
		KUNIT_EXPECT_EQ(test, w->config.domains * WORLD_PAGES, entries);
	else if (w->iommu->page_sizes & SZ_2M)
		KUNIT_EXPECT_EQ(test, w->config.domains * ALL / SZ_2M, entries);
	else if (w->iommu->page_sizes & SZ_64K)
		KUNIT_EXPECT_EQ(test, w->config.domains * ALL / SZ_64K, entries);
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], IOVA, ALL));
}

/* The kernel chooses the IOVA; areas never meet. */
WORLD_CASE(iopt_map_anywhere)
{
	unsigned long iova[16], i, offset;

	for (i = 0; i < ARRAY_SIZE(iova); i++) {
		offset = i * 3 * PAGE_SIZE;
		KUNIT_ASSERT_EQ(test, 0,
				world_map_prot(w, &w->iopts[0], offset,
					       (i + 1) * PAGE_SIZE, &iova[i],
					       false, WORLD_RW));
		KUNIT_EXPECT_NE(test, 0UL, iova[i]);
		world_expect_map(w, iova[i], offset, (i + 1) * PAGE_SIZE);
	}
	for (i = 0; i < ARRAY_SIZE(iova); i += 2)
		KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], iova[i],
						     (i + 1) * PAGE_SIZE));
	for (i = 1; i < ARRAY_SIZE(iova); i += 2) {
		offset = i * 3 * PAGE_SIZE;
		world_expect_map(w, iova[i], offset, (i + 1) * PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], iova[i],
						     (i + 1) * PAGE_SIZE));
	}
}

WORLD_CASE(iopt_unmap_rules)
{
	struct inx_iopt *iopt = &w->iopts[0];
	unsigned long unmapped = 1, i;

	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_EQ(test, 0, world_map(w, i * 4 * PAGE_SIZE,
						   2 * PAGE_SIZE,
						   IOVA + i * 4 * PAGE_SIZE));
	world_expect_pages(w, pages_if(w, 8));
	/* In part: at either end, in the middle, of one of several. */
	KUNIT_EXPECT_EQ(test, -ENOENT, world_unmap(w, iopt, IOVA, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, -ENOENT, world_unmap(w, iopt, IOVA + PAGE_SIZE,
						   PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, -ENOENT, world_unmap(w, iopt, IOVA + 1, 1));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			inx_iopt_unmap(iopt, range(IOVA, IOVA + 13 * PAGE_SIZE -
						   1), &unmapped));
	KUNIT_EXPECT_EQ(test, 0UL, unmapped);
	world_expect_pages(w, pages_if(w, 8));
	for (i = 0; i < 4; i++)
		world_expect_map(w, IOVA + i * 4 * PAGE_SIZE,
				 i * 4 * PAGE_SIZE, 2 * PAGE_SIZE);
	/* Nothing there is no error at this level. */
	KUNIT_EXPECT_EQ(test, 0, inx_iopt_unmap(iopt, range(0, IOVA - 1),
						&unmapped));
	KUNIT_EXPECT_EQ(test, 0UL, unmapped);
	/* Two of four. */
	KUNIT_EXPECT_EQ(test, 0,
			inx_iopt_unmap(iopt, range(IOVA + 3 * PAGE_SIZE,
						   IOVA + 11 * PAGE_SIZE),
				       &unmapped));
	KUNIT_EXPECT_EQ(test, 4 * PAGE_SIZE, unmapped);
	world_expect_pages(w, pages_if(w, 4));
	KUNIT_EXPECT_EQ(test, 0, inx_iopt_unmap(iopt, range(0, ULONG_MAX),
						NULL));
}

/* A copy is pinned and charged with what it was copied from, whoever goes first. */
WORLD_CASE(iopt_copy_shares)
{
	struct inx_iopt *a = &w->iopts[0], *b = &w->iopts[1];
	unsigned long to = IOVA + SZ_16M, n = 40, got;
	unsigned int first;

	for (first = 0; first < 3; first++) {
		KUNIT_ASSERT_EQ(test, 0, world_map(w, 3 * PAGE_SIZE,
						   n * PAGE_SIZE, IOVA));
		KUNIT_ASSERT_EQ(test, 0,
				inx_iopt_copy(a, a, IOVA, n * PAGE_SIZE, &to,
					      true, WORLD_RW));
		world_expect_map(w, to, 3 * PAGE_SIZE, n * PAGE_SIZE);
		/* A slice of it, to a space without page tables. */
		KUNIT_ASSERT_EQ(test, 0,
				inx_iopt_copy(b, a, IOVA + 5 * PAGE_SIZE,
					      7 * PAGE_SIZE, &got, false,
					      WORLD_RW));
		world_expect_pages(w, pages_if(w, n));

		if (first == 0)
			KUNIT_EXPECT_EQ(test, 0, world_unmap(w, a, IOVA,
							     n * PAGE_SIZE));
		else if (first == 1)
			KUNIT_EXPECT_EQ(test, 0, world_unmap(w, a, to,
							     n * PAGE_SIZE));
		world_expect_pages(w, pages_if(w, n));
		if (first != 1)
			world_expect_map(w, to, 3 * PAGE_SIZE, n * PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, 0, inx_iopt_unmap(a, range(0, ULONG_MAX),
							NULL));
		world_expect_pages(w, 0);
		KUNIT_EXPECT_EQ(test, 0, world_unmap(w, b, got,
						     7 * PAGE_SIZE));
	}
}

/* Parts of it, in several copies that overlap and go in any order. */
WORLD_CASE(iopt_copy_parts)
{
	struct inx_iopt *iopt = &w->iopts[0];
	const struct {
		unsigned int from, n;
	} parts[] = { { 0, 10 }, { 5, 30 }, { 20, 1 }, { 63, 1 }, { 33, 31 } };
	unsigned long at[ARRAY_SIZE(parts)];
	unsigned int i, k;

	for (k = 0; k < ARRAY_SIZE(parts); k++) {
		KUNIT_ASSERT_EQ(test, 0, world_map(w, 0, 64 * PAGE_SIZE, IOVA));
		for (i = 0; i < ARRAY_SIZE(parts); i++) {
			at[i] = IOVA + (i + 1) * SZ_2M + i * PAGE_SIZE;
			KUNIT_ASSERT_EQ(test, 0,
					inx_iopt_copy(iopt, iopt, IOVA +
						      parts[i].from * PAGE_SIZE,
						      parts[i].n * PAGE_SIZE,
						      &at[i], true, WORLD_RW));
		}
		world_expect_pages(w, pages_if(w, 64));
		KUNIT_EXPECT_EQ(test, 0, world_unmap(w, iopt, IOVA,
						     64 * PAGE_SIZE));
		/* Together they cover all of it. */
		world_expect_pages(w, pages_if(w, 64));
		for (i = 0; i < ARRAY_SIZE(parts); i++)
			world_expect_map(w, at[i], parts[i].from * PAGE_SIZE,
					 parts[i].n * PAGE_SIZE);
		for (i = 0; i < ARRAY_SIZE(parts); i++) {
			unsigned int j = (i * 3 + k) % ARRAY_SIZE(parts);

			KUNIT_EXPECT_EQ(test, 0,
					world_unmap(w, iopt, at[j], parts[j].n *
						    PAGE_SIZE));
		}
		world_expect_pages(w, 0);
	}
}

WORLD_CASE(iopt_copy_rules)
{
	struct inx_iopt *iopt = &w->iopts[0];
	unsigned long to = IOVA + SZ_16M, ro = WORLD_RW & ~IOMMU_WRITE;
	unsigned long at = IOVA;

	KUNIT_ASSERT_EQ(test, 0, world_map_prot(w, iopt, 0, 2 * PAGE_SIZE, &at,
						true, ro));
	KUNIT_ASSERT_EQ(test, 0, world_map(w, SZ_64K, 2 * PAGE_SIZE,
					   IOVA + 2 * PAGE_SIZE));
	/* Across two areas in a row, but with no more rights. */
	KUNIT_EXPECT_EQ(test, 0,
			inx_iopt_copy(iopt, iopt, IOVA + PAGE_SIZE,
				      2 * PAGE_SIZE, &to, true, ro));
	world_expect_map(w, to, PAGE_SIZE, PAGE_SIZE);
	world_expect_map(w, to + PAGE_SIZE, SZ_64K, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 2U + 2, world_areas(iopt));
	KUNIT_EXPECT_EQ(test, -EEXIST,
			inx_iopt_copy(iopt, iopt, IOVA, PAGE_SIZE, &to, true,
				      ro));
	to += SZ_1M;
	KUNIT_EXPECT_EQ(test, -EPERM,
			inx_iopt_copy(iopt, iopt, IOVA + PAGE_SIZE,
				      2 * PAGE_SIZE, &to, true, WORLD_RW));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			inx_iopt_copy(iopt, iopt, IOVA, 5 * PAGE_SIZE, &to,
				      true, ro));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			inx_iopt_copy(iopt, iopt, IOVA - PAGE_SIZE,
				      2 * PAGE_SIZE, &to, true, ro));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			inx_iopt_copy(iopt, iopt, 0, 1, &to, true, ro));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			inx_iopt_copy(iopt, iopt, IOVA, 0, &to, true, ro));
	KUNIT_EXPECT_EQ(test, -EOVERFLOW,
			inx_iopt_copy(iopt, iopt, ULONG_MAX, 2, &to, true, ro));
	KUNIT_EXPECT_EQ(test, 4U, world_areas(iopt));
	world_expect_pages(w, pages_if(w, 4));
	KUNIT_EXPECT_EQ(test, 0, inx_iopt_unmap(iopt, range(0, ULONG_MAX),
						NULL));
}

/* Page tables that come and go get and lose what is mapped. */
WORLD_CASE(iopt_domains_come_and_go)
{
	static const u8 orders[][WORLD_DOMAINS] = {
		{ 0, 1, 2 }, { 2, 1, 0 }, { 1, 2, 0 }, { 1, 0, 2 },
	};
	struct inx_iopt *iopt = &w->iopts[0];
	unsigned int i, k;

	for (i = 0; i < w->config.domains; i++)
		world_detach(w, i);
	KUNIT_ASSERT_EQ(test, 0, world_map(w, 0, 100 * PAGE_SIZE, IOVA));
	KUNIT_ASSERT_EQ(test, 0, world_map(w, 200 * PAGE_SIZE, PAGE_SIZE,
					   IOVA + SZ_2M + PAGE_SIZE));
	world_expect_pages(w, 0);
	for (k = 0; k < ARRAY_SIZE(orders); k++) {
		for (i = 0; i < WORLD_DOMAINS; i++) {
			KUNIT_ASSERT_EQ(test, 0,
					world_attach(w, orders[k][i], iopt));
			world_expect_map(w, IOVA, 0, 100 * PAGE_SIZE);
			world_expect_map(w, IOVA + SZ_2M + PAGE_SIZE,
					 200 * PAGE_SIZE, PAGE_SIZE);
			world_expect_pages(w, 101);
		}
		/* What is mapped now, before some of them go. */
		KUNIT_ASSERT_EQ(test, 0, world_map(w, 300 * PAGE_SIZE,
						   70 * PAGE_SIZE,
						   IOVA + SZ_8M));
		world_expect_pages(w, 171);
		world_detach(w, 0);
		world_expect_map(w, IOVA + SZ_8M, 300 * PAGE_SIZE,
				 70 * PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, 0, world_unmap(w, iopt, IOVA + SZ_8M,
						     70 * PAGE_SIZE));
		world_expect_pages(w, 101);
		world_detach(w, 2);
		world_expect_map(w, IOVA, 0, 100 * PAGE_SIZE);
		world_detach(w, 1);
		world_expect_pages(w, 0);
		KUNIT_EXPECT_EQ(test, 0, atomic64_read(&w->iommu->bytes));
	}
	KUNIT_EXPECT_EQ(test, 0, inx_iopt_unmap(iopt, range(0, ULONG_MAX),
						NULL));
}

/* Two spaces with a page table each share pages; either may lose its own. */
WORLD_CASE(iopt_two_spaces)
{
	struct inx_iopt *a = &w->iopts[0], *b = &w->iopts[1];
	unsigned long to = IOVA;
	unsigned int i;

	for (i = 0; i < w->config.domains; i++)
		world_detach(w, i);
	KUNIT_ASSERT_EQ(test, 0, world_attach(w, 0, a));
	KUNIT_ASSERT_EQ(test, 0, world_map(w, 0, 50 * PAGE_SIZE, IOVA));
	KUNIT_ASSERT_EQ(test, 0, inx_iopt_copy(b, a, IOVA + 10 * PAGE_SIZE,
					       20 * PAGE_SIZE, &to, true,
					       WORLD_RW));
	KUNIT_ASSERT_EQ(test, 0, world_attach(w, 1, b));
	world_expect_pages(w, 50);
	world_expect_mapped(w, w->domains[1].link.domain, to, 10 * PAGE_SIZE,
			    20 * PAGE_SIZE);
	/* The copy keeps its 20. */
	world_detach(w, 0);
	world_expect_pages(w, 20);
	world_expect_mapped(w, w->domains[1].link.domain, to, 10 * PAGE_SIZE,
			    20 * PAGE_SIZE);
	/* The first comes back, and pins what is missing on both sides. */
	KUNIT_ASSERT_EQ(test, 0, world_attach(w, 2, a));
	world_expect_pages(w, 50);
	world_expect_mapped(w, w->domains[2].link.domain, IOVA, 0,
			    50 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, a, IOVA, 50 * PAGE_SIZE));
	world_expect_pages(w, 20);
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, b, to, 20 * PAGE_SIZE));
}

/* A page that cannot be pinned: nothing is mapped, pinned or charged. */
WORLD_CASE(iopt_map_bad_page)
{
	static const unsigned int bad[] = { 0, 1, 15, 16, 17, 63, 99 };
	unsigned int i;
	int want = w->config.domains ? -EFAULT : 0;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		w->mem->bad = bad[i];
		KUNIT_ASSERT_EQ(test, 0, mem_renew(w->mem));
		KUNIT_EXPECT_EQ(test, want,
				world_map(w, 0, 100 * PAGE_SIZE, IOVA));
		if (!want)
			KUNIT_EXPECT_EQ(test, -EFAULT,
					world_attach(w, 0, &w->iopts[0]));
		world_expect_pages(w, 0);
		KUNIT_EXPECT_EQ(test, 0, atomic64_read(&w->iommu->bytes));
		KUNIT_EXPECT_EQ(test, want ? 0U : 1U,
				world_areas(&w->iopts[0]));
		if (!want)
			KUNIT_EXPECT_EQ(test, 0,
					world_unmap(w, &w->iopts[0], IOVA,
						    100 * PAGE_SIZE));
	}
}

/* The limit of locked memory holds to the page, and for shared pages once. */
WORLD_CASE(iopt_map_over_limit)
{
	struct inx_iopt *iopt = &w->iopts[0];
	int want = w->config.domains && w->config.mode != INX_ACCOUNT_NONE ?
			   -ENOMEM : 0;
	unsigned long to = IOVA + SZ_16M;

	env_set_memlock(20 * PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, 0, world_map(w, 0, 20 * PAGE_SIZE, IOVA));
	KUNIT_EXPECT_EQ(test, 0, inx_iopt_copy(iopt, iopt, IOVA, 20 * PAGE_SIZE,
					       &to, true, WORLD_RW));
	KUNIT_EXPECT_EQ(test, want, world_map(w, SZ_1M, PAGE_SIZE,
					      IOVA + SZ_1M));
	world_expect_pages(w, pages_if(w, want ? 20 : 21));
	KUNIT_EXPECT_EQ(test, 0, inx_iopt_unmap(iopt, range(0, ULONG_MAX),
						NULL));
	KUNIT_EXPECT_EQ(test, want, world_map(w, 0, 21 * PAGE_SIZE, IOVA));
	world_expect_pages(w, pages_if(w, want ? 0 : 21));
	if (!want)
		KUNIT_EXPECT_EQ(test, 0, world_unmap(w, iopt, IOVA,
						     21 * PAGE_SIZE));
	env_set_memlock(SZ_1G);
}

WORLD_CASE(iopt_alignment)
{
	unsigned long granule = world_granule(w);
	struct inx_iova_range got;
	unsigned long alignment;

	KUNIT_EXPECT_EQ(test, w->config.domains ? 2U - 1 : 1U,
			inx_iopt_ranges(&w->iopts[0], &got, 1, &alignment));
	KUNIT_EXPECT_EQ(test, granule, alignment);
	if (granule > 1) {
		KUNIT_EXPECT_EQ(test, -EINVAL, world_map(w, 0, granule,
							 IOVA + granule / 2));
		KUNIT_EXPECT_EQ(test, -EINVAL, world_map(w, granule / 2,
							 granule, IOVA));
		KUNIT_EXPECT_EQ(test, -EINVAL, world_map(w, 0, granule / 2,
							 IOVA));
	}
	KUNIT_EXPECT_EQ(test, 0, world_map(w, granule, granule,
					   IOVA + 3 * granule));
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0],
					     IOVA + 3 * granule, granule));
}

/* A page table is refused when what is mapped is too fine for it. */
WORLD_CASE(iopt_domain_too_coarse)
{
	struct inx_iopt *iopt = &w->iopts[1];
	unsigned long at = IOVA + 1, alignment;

	KUNIT_ASSERT_EQ(test, 0, world_map_prot(w, iopt, 1, 1, &at, true,
						WORLD_RW));
	KUNIT_EXPECT_EQ(test, -EADDRINUSE, world_attach(w, 2, iopt));
	KUNIT_EXPECT_EQ(test, -EADDRINUSE,
			inx_iopt_set_small_pages(iopt, true));
	inx_iopt_ranges(iopt, NULL, 0, &alignment);
	KUNIT_EXPECT_EQ(test, 1UL, alignment);
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, iopt, at, 1));
	KUNIT_EXPECT_EQ(test, 0, world_attach(w, 2, iopt));
	inx_iopt_ranges(iopt, NULL, 0, &alignment);
	KUNIT_EXPECT_EQ(test, (unsigned long)SZ_4K, alignment);
}

/* IO pages larger than a page only. */
WORLD_CASE(iopt_domain_io_page_too_large)
{
	struct iommu_next_mock_device_alloc arg = { .page_sizes = SZ_64K };
	struct mock_iommu *own = w->iommu;

	w->iommu = mock_iommu_create(&arg);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, w->iommu);
	KUNIT_EXPECT_EQ(test, -EINVAL, world_attach(w, 2, &w->iopts[1]));
	mock_iommu_put(w->iommu);
	w->iommu = own;
}

/* What a page table cannot translate is reserved while it is there. */
WORLD_CASE(iopt_aperture)
{
	struct iommu_next_mock_device_alloc arg = {
		.aperture_start = SZ_16M,
		.aperture_last = SZ_1G - 1,
	};
	struct inx_iopt *iopt = &w->iopts[1];
	struct mock_iommu *own = w->iommu;
	struct inx_iova_range got[2];
	unsigned long at, alignment;

	w->iommu = mock_iommu_create(&arg);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, w->iommu);
	at = SZ_16M - PAGE_SIZE;
	KUNIT_ASSERT_EQ(test, 0, world_map_prot(w, iopt, 0, PAGE_SIZE, &at, true,
						WORLD_RW));
	KUNIT_EXPECT_EQ(test, -EADDRINUSE, world_attach(w, 1, iopt));
	KUNIT_EXPECT_EQ(test, 1U, inx_iopt_ranges(iopt, got, 2, &alignment));
	KUNIT_EXPECT_EQ(test, ULONG_MAX, got[0].last);
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, iopt, at, PAGE_SIZE));

	KUNIT_ASSERT_EQ(test, 0, world_attach(w, 1, iopt));
	KUNIT_EXPECT_EQ(test, 1U, inx_iopt_ranges(iopt, got, 2, &alignment));
	KUNIT_EXPECT_EQ(test, (unsigned long)SZ_16M, got[0].start);
	KUNIT_EXPECT_EQ(test, SZ_1G - 1UL, got[0].last);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			world_map_prot(w, iopt, 0, PAGE_SIZE, &at, true,
				       WORLD_RW));
	at = SZ_1G - PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			world_map_prot(w, iopt, 0, 2 * PAGE_SIZE, &at, true,
				       WORLD_RW));
	KUNIT_EXPECT_EQ(test, 0, world_map_prot(w, iopt, 0, PAGE_SIZE, &at, true,
						WORLD_RW));
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, iopt, at, PAGE_SIZE));
	world_detach(w, 1);
	KUNIT_EXPECT_EQ(test, 1U, inx_iopt_ranges(iopt, got, 2, &alignment));
	KUNIT_EXPECT_EQ(test, 0UL, got[0].start);
	mock_iommu_put(w->iommu);
	w->iommu = own;
}

/* All ranges of an owner are reserved, or none. */
WORLD_CASE(iopt_reserve_all_or_none)
{
	const struct inx_iova_range ranges[] = {
		{ 0, 0xfff }, { 0x100000, 0x1fffff }, { IOVA, IOVA + 10 },
	};
	struct inx_iopt *iopt = &w->iopts[1];
	struct inx_iova_range got[3];
	struct inx_allowed_list list;
	unsigned long at = IOVA, alignment;

	KUNIT_ASSERT_EQ(test, 0, world_map_prot(w, iopt, 0, PAGE_SIZE, &at, true,
						WORLD_RW));
	KUNIT_EXPECT_EQ(test, -EADDRINUSE, inx_iopt_reserve(iopt, w, ranges, 3));
	KUNIT_EXPECT_EQ(test, 1U, inx_iopt_ranges(iopt, got, 3, &alignment));
	KUNIT_EXPECT_EQ(test, 0, inx_iopt_reserve(iopt, w, ranges, 2));
	KUNIT_EXPECT_EQ(test, 2U, inx_iopt_ranges(iopt, got, 3, &alignment));
	KUNIT_EXPECT_EQ(test, 0, inx_iopt_reserve(iopt, w, NULL, 0));

	inx_allowed_init(&list);
	KUNIT_ASSERT_EQ(test, 0, inx_allowed_add(&list, ranges[1]));
	KUNIT_EXPECT_EQ(test, -EADDRINUSE, inx_iopt_allow(iopt, &list));
	inx_iopt_unreserve(iopt, w);
	KUNIT_EXPECT_EQ(test, 0, inx_iopt_allow(iopt, &list));
	KUNIT_EXPECT_EQ(test, -EADDRINUSE, inx_iopt_reserve(iopt, w, ranges, 2));
	inx_allowed_destroy(&list);
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, iopt, IOVA, PAGE_SIZE));
}

WORLD_CASE(iopt_small_pages_option)
{
	struct inx_iopt *iopt = &w->iopts[0];

	KUNIT_ASSERT_EQ(test, 0, world_map(w, 0, SZ_64K, IOVA));
	KUNIT_EXPECT_EQ(test, -EINVAL, inx_iopt_set_small_pages(iopt, true));
	KUNIT_EXPECT_EQ(test, 0, inx_iopt_set_small_pages(iopt, false));
	world_detach(w, 0);
	KUNIT_EXPECT_EQ(test, 0, inx_iopt_set_small_pages(iopt, true));
	KUNIT_EXPECT_EQ(test, 0, world_attach(w, 0, iopt));
	KUNIT_EXPECT_EQ(test, (s64)SZ_64K >> PAGE_SHIFT,
			atomic64_read(&w->iommu->pages));
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, iopt, IOVA, SZ_64K));
	KUNIT_EXPECT_EQ(test, 0, inx_iopt_set_small_pages(iopt, false));
}

/*
 * A page table that goes while others map does not wait: the last of them
 * removes it.
 */
WORLD_CASE(iopt_remove_domain_later)
{
	struct inx_iopt *iopt = &w->iopts[0];
	struct world_domain *wd = &w->domains[0];

	KUNIT_ASSERT_EQ(test, 0, world_attach(w, 1, iopt));
	KUNIT_ASSERT_EQ(test, 0, world_map(w, 0, SZ_64K, IOVA));
	down_read(&iopt->domains_rwsem);
	inx_iopt_remove_domain(iopt, &wd->link);
	KUNIT_EXPECT_NOT_NULL(test, wd->iopt);
	up_read(&iopt->domains_rwsem);
	/* Anything that takes the lock and gives it back. */
	KUNIT_EXPECT_EQ(test, 0, inx_iopt_unmap(iopt, range(0, 1), NULL));
	KUNIT_EXPECT_NULL(test, wd->iopt);
	world_expect_map(w, IOVA, 0, SZ_64K);
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, iopt, IOVA, SZ_64K));
}

/* One flush of the IOTLB for all areas of an UNMAP, where runs are kept. */
WORLD_CASE(iopt_unmap_flushes_once)
{
	unsigned long i;
	s64 before;

	KUNIT_ASSERT_EQ(test, 0, world_attach(w, 1, &w->iopts[0]));
	for (i = 0; i < 8; i++)
		KUNIT_ASSERT_EQ(test, 0, world_map(w, i * SZ_64K, SZ_64K,
						   IOVA + i * SZ_128K));
	before = atomic64_read(&w->iommu->iotlb_syncs);
	KUNIT_EXPECT_EQ(test, 0, inx_iopt_unmap(&w->iopts[0],
						range(0, ULONG_MAX), NULL));
	KUNIT_EXPECT_EQ(test, before + 2,
			atomic64_read(&w->iommu->iotlb_syncs));
}

/* An area that another thread maps or unmaps right now. */
WORLD_CASE(iopt_busy_area)
{
	struct inx_iopt *iopt = &w->iopts[0];
	unsigned long to = IOVA + SZ_1M;
	struct inx_area *area;

	KUNIT_ASSERT_EQ(test, 0, world_map(w, 0, PAGE_SIZE, IOVA));
	area = inx_space_first(&iopt->space, IOVA, IOVA);
	KUNIT_ASSERT_NOT_NULL(test, area);
	area->state = INX_AREA_PENDING;
	KUNIT_EXPECT_EQ(test, -EBUSY, world_unmap(w, iopt, IOVA, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			inx_iopt_copy(iopt, iopt, IOVA, PAGE_SIZE, &to, true,
				      WORLD_RW));
	KUNIT_EXPECT_EQ(test, -EEXIST, world_map(w, 0, PAGE_SIZE, IOVA));
	area->state = INX_AREA_LIVE;
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, iopt, IOVA, PAGE_SIZE));
}

static struct kunit_case iopt_cases[] = {
	WORLD_CASE_PARAM(iopt_map_all),
	WORLD_CASE_PARAM(iopt_map_slices),
	WORLD_CASE_PARAM(iopt_map_large_io_pages),
	WORLD_CASE_PARAM(iopt_map_anywhere),
	WORLD_CASE_PARAM(iopt_unmap_rules),
	WORLD_CASE_PARAM(iopt_copy_shares),
	WORLD_CASE_PARAM(iopt_copy_parts),
	WORLD_CASE_PARAM(iopt_copy_rules),
	WORLD_CASE_PARAM(iopt_domains_come_and_go),
	WORLD_CASE_PARAM(iopt_two_spaces),
	WORLD_CASE_PARAM(iopt_map_bad_page),
	WORLD_CASE_PARAM(iopt_map_over_limit),
	WORLD_CASE_PARAM(iopt_alignment),
	KUNIT_CASE(iopt_domain_too_coarse),
	KUNIT_CASE(iopt_domain_io_page_too_large),
	KUNIT_CASE(iopt_aperture),
	KUNIT_CASE(iopt_reserve_all_or_none),
	KUNIT_CASE(iopt_small_pages_option),
	KUNIT_CASE(iopt_remove_domain_later),
	KUNIT_CASE(iopt_unmap_flushes_once),
	KUNIT_CASE(iopt_busy_area),
	{}
};

static struct kunit_suite iopt_suite = {
	.name = "inx_iopt",
	.test_cases = iopt_cases,
};

kunit_test_suite(iopt_suite);
