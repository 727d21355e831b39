/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page tables of the mock IOMMU, from inside. domain.c owns all of it.
 */
#ifndef INX_MOCK_DOMAIN_H
#define INX_MOCK_DOMAIN_H

#include <linux/bits.h>
#include <linux/iommu.h>
#include <linux/rwlock.h>
#include <linux/types.h>
#include <linux/xarray.h>

/* Bits of an entry: physical address in units of 512, page size, rights. */
#define MOCK_PTE_READ BIT(0)
#define MOCK_PTE_WRITE BIT(1)
#define MOCK_PTE_SHIFT_POS 2
#define MOCK_PTE_SHIFT_MASK 0x3f
#define MOCK_PTE_PHYS_POS 8
#define MOCK_PTE_PHYS_SHIFT 9

/* Marks of an entry: it is dirty; the IOTLB knows that it is. */
#define MOCK_PTE_DIRTY XA_MARK_0
#define MOCK_PTE_CACHED_DIRTY XA_MARK_1

struct mock_iommu;

/**
 * struct mock_domain - a page table
 * @domain: as the kernel knows it
 * @iommu: made for which IOMMU
 * @granule: log2 of the smallest IO page
 * @can_dirty: made for dirty tracking
 * @tracks: dirty bits are set; under @lock
 * @lock: held for reading by accesses, for writing by IOTLB flushes
 * @ptes: entries, by IOVA in units of the smallest IO page
 */
struct mock_domain {
	struct iommu_domain domain;
	struct mock_iommu *iommu;
	unsigned int granule;
	bool can_dirty;
	bool tracks;
	rwlock_t lock;
	struct xarray ptes;
};

static inline struct mock_domain *mock_domain_of(struct iommu_domain *domain)
{
	return container_of(domain, struct mock_domain, domain);
}

static inline unsigned int mock_pte_shift(unsigned long pte)
{
	return (pte >> MOCK_PTE_SHIFT_POS) & MOCK_PTE_SHIFT_MASK;
}

unsigned long mock_domain_walk(struct mock_domain *md, u64 iova);

/* dirty.c */
void mock_dirty_written(struct mock_domain *md, u64 iova, unsigned long pte);
void mock_dirty_flush(struct mock_domain *md, u64 start, u64 last);

#endif
