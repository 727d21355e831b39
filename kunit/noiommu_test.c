// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices without an IOMMU: what is written down where memory is, and found
 * again.
 */
#include <linux/device.h>
#include <linux/sizes.h>

#include "backend.h"
#include "backend_noiommu.h"
#include "phys.h"
#include "world.h"

#define IOVA 0x10000000UL
#define LENGTH (WORLD_PAGES * PAGE_SIZE)

static const struct world_config noiommu_configs[] = {
	{ .name = "contiguous", .layout = MEM_CONTIG },
	{ .name = "runs", .layout = MEM_RUNS },
	{ .name = "scattered", .layout = MEM_SCATTERED },
	{ .name = "mixed", .layout = MEM_MIXED },
	{ .name = "small pages", .layout = MEM_CONTIG, .small_pages = true },
	{ .name = "beside an IOMMU", .layout = MEM_RUNS, .domains = 1 },
};

KUNIT_ARRAY_PARAM(noiommu, noiommu_configs, world_describe);

static struct iommu_domain *noiommu_domain(struct kunit *test)
{
	bool attach_first = false;
	struct iommu_domain *domain;

	domain = inx_backend_noiommu.domain_alloc(NULL, 0, NULL, &attach_first);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, domain);
	KUNIT_EXPECT_FALSE(test, attach_first);
	KUNIT_EXPECT_TRUE(test, inx_noiommu_is(domain));
	return domain;
}

static void noiommu_left(struct inx_domain_link *link)
{
	inx_backend_noiommu.domain_free(link->domain);
	link->domain = NULL;
}

static void noiommu_add(struct world *w, struct inx_domain_link *link)
{
	link->domain = noiommu_domain(w->test);
	link->left = noiommu_left;
	KUNIT_ASSERT_EQ(w->test, 0, inx_iopt_add_domain(&w->iopts[0], link));
}

static int noiommu_find(struct world *w, unsigned long iova, phys_addr_t *phys,
			u64 *length)
{
	return inx_phys_find(&w->iopts[0], iova, phys, length);
}

/* All of a mapping, run by run, against what the memory is known to be. */
static void noiommu_expect(struct world *w, unsigned long iova,
			   unsigned long offset, unsigned long length)
{
	unsigned long at;

	for (at = 0; at < length;) {
		u64 pos, n = length - at;
		phys_addr_t phys = 0;

		KUNIT_ASSERT_EQ(w->test, 0,
				noiommu_find(w, iova + at, &phys, &n));
		KUNIT_ASSERT_NE(w->test, 0ULL, n);
		KUNIT_ASSERT_LE(w->test, n, (u64)(length - at));
		for (pos = 0; pos < n; pos += PAGE_SIZE)
			KUNIT_ASSERT_EQ(w->test,
					mem_phys(w->mem, offset + at + pos),
					phys + pos);
		at += n;
		/* It ended because the memory does. */
		if (at < length)
			KUNIT_EXPECT_NE(w->test, phys + n,
					mem_phys(w->mem, offset + at));
	}
}

WORLD_CASE(noiommu_find_all)
{
	struct inx_domain_link link = {};

	noiommu_add(w, &link);
	KUNIT_ASSERT_EQ(test, 0, world_map(w, 0, LENGTH, IOVA));
	noiommu_expect(w, IOVA, 0, LENGTH);
	KUNIT_ASSERT_EQ(test, 0, world_unmap(w, &w->iopts[0], IOVA, LENGTH));
	/* Aligned as badly as can be. */
	KUNIT_ASSERT_EQ(test, 0,
			world_map(w, PAGE_SIZE, LENGTH - 2 * PAGE_SIZE,
				  IOVA + 5 * PAGE_SIZE));
	noiommu_expect(w, IOVA + 5 * PAGE_SIZE, PAGE_SIZE,
		       LENGTH - 2 * PAGE_SIZE);
	inx_iopt_remove_domain(&w->iopts[0], &link);
	KUNIT_EXPECT_NULL(test, link.domain);
	KUNIT_EXPECT_EQ(test, 0,
			world_unmap(w, &w->iopts[0], IOVA + 5 * PAGE_SIZE,
				    LENGTH - 2 * PAGE_SIZE));
}

WORLD_CASE(noiommu_later)
{
	struct inx_domain_link first = {}, second = {};
	u64 n = 1;
	phys_addr_t phys;

	KUNIT_ASSERT_EQ(test, 0, world_map(w, 0, LENGTH, IOVA));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, noiommu_find(w, IOVA, &phys, &n));
	KUNIT_EXPECT_EQ(test, -ENOENT, noiommu_find(w, 0, &phys, &n));
	noiommu_add(w, &first);
	noiommu_expect(w, IOVA, 0, LENGTH);
	noiommu_add(w, &second);
	inx_iopt_remove_domain(&w->iopts[0], &first);
	noiommu_expect(w, IOVA, 0, LENGTH);
	inx_iopt_remove_domain(&w->iopts[0], &second);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, noiommu_find(w, IOVA, &phys, &n));
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], IOVA, LENGTH));
}

/* Memory runs out anywhere on the way; nothing is left, and it works then. */
WORLD_CASE(noiommu_no_memory)
{
	struct inx_domain_link link = {};
	unsigned int refused = 0;
	unsigned long bytes;
	bool failed;
	int rc;

	KUNIT_ASSERT_EQ(test, 0, env_faults_init());
	noiommu_add(w, &link);
	for (bytes = 0;; bytes += SZ_128) {
		KUNIT_ASSERT_EQ(test, 0, env_starve(bytes));
		rc = world_map(w, 0, LENGTH, IOVA);
		failed = env_has_starved();
		if (!failed)
			break;
		/* Some of them only make it slower. */
		if (!rc)
			rc = world_unmap(w, &w->iopts[0], IOVA, LENGTH);
		else
			refused++;
		KUNIT_ASSERT_TRUE(test, !rc || rc == -ENOMEM);
		KUNIT_ASSERT_EQ(test, 0UL, world_pinned(w));
		KUNIT_ASSERT_EQ(test, 0U, world_areas(&w->iopts[0]));
		KUNIT_ASSERT_EQ(test, 0,
				(int)iommu_iova_to_phys(link.domain, IOVA));
	}
	KUNIT_EXPECT_EQ(test, 0, rc);
	KUNIT_EXPECT_GT(test, refused, 2U);
	noiommu_expect(w, IOVA, 0, LENGTH);
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], IOVA, LENGTH));
	inx_iopt_remove_domain(&w->iopts[0], &link);
}

/* The highest IOVA that there is, and the highest address of memory. */
static void noiommu_far(struct kunit *test)
{
	struct iommu_domain *domain = noiommu_domain(test);
	unsigned long iova = -SZ_64K;
	phys_addr_t high = BIT_ULL(52) - SZ_64K, phys;

	KUNIT_ASSERT_EQ(test, 0,
			iommu_map(domain, iova, high, SZ_64K, IOMMU_READ,
				  GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 1ULL, inx_noiommu_find(domain, ~0UL, &phys));
	KUNIT_EXPECT_EQ(test, BIT_ULL(52) - 1, (u64)phys);
	KUNIT_EXPECT_EQ(test, high, iommu_iova_to_phys(domain, iova));
	KUNIT_EXPECT_EQ(test, 0, (int)iommu_iova_to_phys(domain, iova - 1));
	KUNIT_EXPECT_EQ(test, SZ_64K, (int)iommu_unmap(domain, iova, SZ_64K));
	KUNIT_EXPECT_EQ(test, 0, (int)iommu_iova_to_phys(domain, iova));
	inx_backend_noiommu.domain_free(domain);
}

static void noiommu_refusals(struct kunit *test)
{
	const struct inx_user_data data = {};
	const struct inx_backend_ops *ops = &inx_backend_noiommu;
	struct inx_hw_info info = {};
	bool first;

	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EOPNOTSUPP),
			    ops->domain_alloc(NULL, 1, NULL, &first));
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EOPNOTSUPP),
			    ops->domain_alloc(NULL, 0, &data, &first));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, ops->hw_info(NULL, &info));
}

static struct kunit_case noiommu_cases[] = {
	KUNIT_CASE_PARAM(noiommu_find_all, noiommu_gen_params),
	KUNIT_CASE_PARAM(noiommu_later, noiommu_gen_params),
	KUNIT_CASE_PARAM(noiommu_no_memory, noiommu_gen_params),
	KUNIT_CASE(noiommu_far),
	KUNIT_CASE(noiommu_refusals),
	{}
};

static struct kunit_suite noiommu_suite = {
	.name = "inx_noiommu",
	.test_cases = noiommu_cases,
};

kunit_test_suite(noiommu_suite);
