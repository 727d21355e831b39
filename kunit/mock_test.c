// SPDX-License-Identifier: GPL-2.0-only
/* The mock IOMMU itself: a test that trusts it has to know that it can. */
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/slab.h>

#include "backend.h"
#include "configs.h"
#include "world.h"

#define IOVA SZ_16M

/* A page table of its own, not in any IOVA space. */
static struct iommu_domain *mock_table(struct world *w)
{
	struct iommu_domain *domain = mock_domain_alloc(w->iommu, 0);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(w->test, domain);
	return domain;
}

/* Any size in multiples of the smallest IO page, and back in one call. */
WORLD_CASE(mock_map_and_walk)
{
	unsigned long step = 1UL << __ffs(w->iommu->page_sizes), size, pos;
	struct iommu_domain *domain = mock_table(w);
	phys_addr_t phys = page_to_phys(w->mem->chunk);
	unsigned long wrong = 0;

	for (size = step; size <= SZ_2M; size = size * 2 + step) {
		KUNIT_ASSERT_EQ(test, 0, iommu_map(domain, IOVA + step, phys,
						   size, IOMMU_READ,
						   GFP_KERNEL));
		KUNIT_EXPECT_EQ(test, (s64)size,
				atomic64_read(&w->iommu->bytes));
		for (pos = 0; pos < size; pos += step / 2)
			wrong += iommu_iova_to_phys(domain, IOVA + step + pos) !=
				 phys + pos;
		wrong += !!iommu_iova_to_phys(domain, IOVA + step - 1);
		wrong += !!iommu_iova_to_phys(domain, IOVA + step + size);
		KUNIT_EXPECT_EQ(test, size, iommu_unmap(domain, IOVA + step,
							size));
		KUNIT_EXPECT_EQ(test, 0, atomic64_read(&w->iommu->pages));
	}
	KUNIT_EXPECT_EQ(test, 0UL, wrong);
	iommu_domain_free(domain);
}

/* What fails in the middle of a map is undone by the core. */
WORLD_CASE(mock_map_fails)
{
	struct iommu_domain *domain = mock_table(w);
	phys_addr_t phys = page_to_phys(w->mem->chunk);
	unsigned int after;

	for (after = 0; after < 4; after++) {
		atomic_set(&w->iommu->fail_after, after);
		atomic_set(&w->iommu->fail_what, IOMMU_NEXT_MOCK_FAIL_MAP);
		if (iommu_map(domain, IOVA + SZ_2M - SZ_4K, phys + SZ_2M - SZ_4K,
			      SZ_4K, IOMMU_READ, GFP_KERNEL) == 0)
			iommu_unmap(domain, IOVA + SZ_2M - SZ_4K, SZ_4K);
		KUNIT_EXPECT_EQ(test, 0, atomic64_read(&w->iommu->bytes));
	}
	atomic_set(&w->iommu->fail_what, IOMMU_NEXT_MOCK_FAIL_NOTHING);
	iommu_domain_free(domain);
}

/* DMA: data, rights, and where a fault happened. */
WORLD_CASE(mock_access)
{
	struct iommu_domain *domain = mock_table(w);
	u8 *data = kunit_kzalloc(test, SZ_8K, GFP_KERNEL), *page;
	size_t done, i, wrong = 0;

	KUNIT_ASSERT_NOT_NULL(test, data);
	for (i = 0; i < SZ_8K; i++)
		data[i] = i * 7 + (i >> 8);
	/* Three pages of memory; the third can only be read. */
	for (i = 0; i < 3; i++)
		KUNIT_ASSERT_EQ(test, 0,
				iommu_map(domain, IOVA + i * PAGE_SIZE,
					  page_to_phys(w->mem->pages[i]),
					  PAGE_SIZE, i == 2 ? IOMMU_READ :
					  IOMMU_READ | IOMMU_WRITE,
					  GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 0U, mock_domain_access(domain, IOVA + 100, data,
						     SZ_4K, true, &done));
	KUNIT_EXPECT_EQ(test, (size_t)SZ_4K, done);
	for (i = 0; i < SZ_4K; i++) {
		page = page_address(w->mem->pages[(i + 100) / PAGE_SIZE]);
		wrong += page[(i + 100) % PAGE_SIZE] != data[i];
	}
	KUNIT_EXPECT_EQ(test, (size_t)0, wrong);
	memset(data + SZ_4K, 0, SZ_4K);
	KUNIT_EXPECT_EQ(test, 0U, mock_domain_access(domain, IOVA + 100,
						     data + SZ_4K, SZ_4K,
						     false, &done));
	KUNIT_EXPECT_EQ(test, 0, memcmp(data, data + SZ_4K, SZ_4K));

	KUNIT_EXPECT_EQ(test, (u32)IOMMU_NEXT_MOCK_FAULT_PERMISSION,
			mock_domain_access(domain, IOVA + PAGE_SIZE + 10, data,
					   SZ_4K, true, &done));
	KUNIT_EXPECT_EQ(test, PAGE_SIZE - 10, done);
	KUNIT_EXPECT_EQ(test, (u32)IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
			mock_domain_access(domain, IOVA + 2 * PAGE_SIZE, data,
					   SZ_8K, false, &done));
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, done);
	KUNIT_EXPECT_EQ(test, (u32)IOMMU_NEXT_MOCK_FAULT_APERTURE,
			mock_domain_access(domain,
					   w->iommu->aperture_last + 1, data, 1,
					   false, &done));
	KUNIT_EXPECT_EQ(test, 3 * PAGE_SIZE,
			iommu_unmap(domain, IOVA, 3 * PAGE_SIZE));
	iommu_domain_free(domain);
}

/* A failure that was ordered happens once, for the call that it is meant for. */
WORLD_CASE(mock_fails_once)
{
	unsigned int i, hits = 0;

	KUNIT_EXPECT_FALSE(test, mock_iommu_fails(w->iommu,
						  IOMMU_NEXT_MOCK_FAIL_MAP));
	atomic_set(&w->iommu->fail_after, 3);
	atomic_set(&w->iommu->fail_what, IOMMU_NEXT_MOCK_FAIL_ATTACH);
	for (i = 0; i < 10; i++) {
		KUNIT_EXPECT_FALSE(test,
				   mock_iommu_fails(w->iommu,
						    IOMMU_NEXT_MOCK_FAIL_MAP));
		if (mock_iommu_fails(w->iommu, IOMMU_NEXT_MOCK_FAIL_ATTACH)) {
			KUNIT_EXPECT_EQ(test, 3U, i);
			hits++;
		}
	}
	KUNIT_EXPECT_EQ(test, 1U, hits);
}

WORLD_CASE(mock_iommu_arguments)
{
	struct iommu_next_mock_device_alloc arg = { .page_sizes = SZ_256 };

	KUNIT_EXPECT_EQ(test, -EINVAL,
			(int)PTR_ERR(mock_iommu_create(&arg)));
	arg.page_sizes = BIT_ULL(31);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			(int)PTR_ERR(mock_iommu_create(&arg)));
	arg.page_sizes = 0;
	arg.aperture_start = 10;
	arg.aperture_last = 10;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			(int)PTR_ERR(mock_iommu_create(&arg)));
}

/* The registers of a device, and a DMA that nobody lets through. */
WORLD_CASE(mock_device_registers)
{
	struct iommu_next_mock_device_alloc arg = {};
	struct mock_device *mock = mock_device_create(&arg, w->iommu);
	u64 fault_iova, data = 1;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, mock);
	KUNIT_EXPECT_EQ(test, 0x010000edULL, mock_engine_read(mock, 0));
	mock_engine_write(mock, 4, 0x12345678);
	KUNIT_EXPECT_EQ(test, 0xedcba987ULL, mock_engine_read(mock, 4));
	mock_engine_write(mock, 0x60, 5);
	KUNIT_EXPECT_EQ(test, 5ULL, mock_engine_read(mock, 0x24));
	mock_engine_write(mock, 0x64, 1);
	KUNIT_EXPECT_EQ(test, 4ULL, mock_engine_read(mock, 0x24));
	KUNIT_EXPECT_EQ(test, 0ULL, mock_engine_read(mock, 0x1000));
	KUNIT_EXPECT_EQ(test, (u32)IOMMU_NEXT_MOCK_FAULT_BLOCKED,
			mock_device_dma(mock, 0, IOVA, &data, 8, false,
					&fault_iova));
	KUNIT_EXPECT_EQ(test, (u64)IOVA, fault_iova);
	mock_engine_reset(&mock->engine);
	KUNIT_EXPECT_EQ(test, 0ULL, mock_engine_read(mock, 0x24));
	KUNIT_EXPECT_EQ(test, -EBADF,
			mock_engine_set_trigger(&mock->engine, 1 << 20));
	KUNIT_EXPECT_EQ(test, 0, mock_engine_set_trigger(&mock->engine, -1));
	mock_device_destroy(mock);
}

static struct kunit_case mock_cases[] = {
	WORLD_CASE_PARAM(mock_map_and_walk),
	KUNIT_CASE(mock_map_fails),
	KUNIT_CASE(mock_access),
	KUNIT_CASE(mock_fails_once),
	KUNIT_CASE(mock_iommu_arguments),
	KUNIT_CASE(mock_device_registers),
	{}
};

static struct kunit_suite mock_suite = {
	.name = "inx_mock",
	.test_cases = mock_cases,
};

kunit_test_suite(mock_suite);
