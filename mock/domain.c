// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page tables of the mock IOMMU.
 *
 * An IO page is one entry in an XArray, at its IOVA in units of the smallest
 * page. The entry is a value that has everything in it, so nothing is allocated
 * to unmap. A page is looked up by trying every page size.
 *
 * A device that is in the middle of an access holds the lock for reading; a
 * flush of the IOTLB takes it for writing. So an access may still see what was
 * unmapped until the flush, and not after it, as with hardware.
 */
#include <linux/highmem.h>
#include <linux/iommu.h>
#include <linux/log2.h>
#include <linux/memory_hotplug.h>
#include <linux/rwlock.h>
#include <linux/slab.h>
#include <linux/xarray.h>
#include <uapi/linux/iommu-next.h>

#include "domain.h"
#include "mock.h"

/* The IOMMU that a page table is of. */
struct mock_iommu *mock_domain_iommu(struct iommu_domain *domain)
{
	return mock_domain_of(domain)->iommu;
}

static void *mock_pte(phys_addr_t phys, unsigned int shift, int prot)
{
	unsigned long pte = (phys >> MOCK_PTE_PHYS_SHIFT) << MOCK_PTE_PHYS_POS;

	pte |= shift << MOCK_PTE_SHIFT_POS;
	if (prot & IOMMU_READ)
		pte |= MOCK_PTE_READ;
	if (prot & IOMMU_WRITE)
		pte |= MOCK_PTE_WRITE;
	return xa_mk_value(pte);
}

static phys_addr_t mock_pte_phys(unsigned long pte)
{
	return (phys_addr_t)(pte >> MOCK_PTE_PHYS_POS) << MOCK_PTE_PHYS_SHIFT;
}

/**
 * mock_domain_walk() - find an entry
 * @md: the page table
 * @iova: any
 *
 * Return: the entry that translates @iova, 0 for none.
 */
unsigned long mock_domain_walk(struct mock_domain *md, u64 iova)
{
	unsigned long sizes = md->domain.pgsize_bitmap;
	unsigned int shift;

	for_each_set_bit(shift, &sizes, BITS_PER_LONG) {
		u64 base = iova & ~(BIT_ULL(shift) - 1);
		void *entry = xa_load(&md->ptes, base >> md->granule);

		if (entry && mock_pte_shift(xa_to_value(entry)) == shift)
			return xa_to_value(entry);
	}
	return 0;
}

static size_t mock_unmap_pages(struct iommu_domain *domain, unsigned long iova,
			       size_t pgsize, size_t pgcount,
			       struct iommu_iotlb_gather *gather)
{
	struct mock_domain *md = mock_domain_of(domain);
	size_t done = 0;

	atomic64_inc(&md->iommu->unmap_calls);
	while (done < pgsize * pgcount) {
		void *old = xa_load(&md->ptes, (iova + done) >> md->granule);
		size_t size;

		if (!old)
			break;
		size = BIT_ULL(mock_pte_shift(xa_to_value(old)));
		xa_erase(&md->ptes, (iova + done) >> md->granule);
		atomic64_dec(&md->iommu->pages);
		atomic64_sub(size, &md->iommu->bytes);
		done += size;
	}
	return done;
}

static int mock_map_pages(struct iommu_domain *domain, unsigned long iova,
			  phys_addr_t phys, size_t pgsize, size_t pgcount,
			  int prot, gfp_t gfp, size_t *mapped)
{
	struct mock_domain *md = mock_domain_of(domain);
	size_t done;

	atomic64_inc(&md->iommu->map_calls);
	if (mock_iommu_fails(md->iommu, IOMMU_NEXT_MOCK_FAIL_MAP))
		return -ENOMEM;
	for (done = 0; done < pgsize * pgcount; done += pgsize) {
		unsigned long index = (iova + done) >> md->granule;
		void *pte = mock_pte(phys + done, ilog2(pgsize), prot);
		int rc;

		if (WARN_ON_ONCE(mock_domain_walk(md, iova + done)))
			return -EEXIST;
		rc = xa_err(xa_store(&md->ptes, index, pte, gfp));
		if (rc)
			return rc;
		atomic64_inc(&md->iommu->pages);
		atomic64_add(pgsize, &md->iommu->bytes);
		/* What is told as mapped is unmapped by the core on failure. */
		*mapped += pgsize;
	}
	return 0;
}

static phys_addr_t mock_iova_to_phys(struct iommu_domain *domain,
				     dma_addr_t iova)
{
	unsigned long pte = mock_domain_walk(mock_domain_of(domain), iova);

	if (!pte)
		return 0;
	return mock_pte_phys(pte) +
	       (iova & (BIT_ULL(mock_pte_shift(pte)) - 1));
}

static void mock_iotlb_sync(struct iommu_domain *domain,
			    struct iommu_iotlb_gather *gather)
{
	struct mock_domain *md = mock_domain_of(domain);

	atomic64_inc(&md->iommu->iotlb_syncs);
	write_lock(&md->lock);
	mock_dirty_flush(md, gather->start, gather->end);
	write_unlock(&md->lock);
}

static bool mock_enforce_cache_coherency(struct iommu_domain *domain)
{
	return true;
}

static void mock_domain_free(struct iommu_domain *domain)
{
	struct mock_domain *md = mock_domain_of(domain);
	unsigned long index = 0;

	/* It may have nodes without entries, from a store that failed. */
	WARN_ON_ONCE(xa_find(&md->ptes, &index, ULONG_MAX, XA_PRESENT));
	xa_destroy(&md->ptes);
	atomic64_dec(&md->iommu->domains);
	mock_iommu_put(md->iommu);
	kfree(md);
}

static const struct iommu_domain_ops mock_domain_ops = {
	.map_pages = mock_map_pages,
	.unmap_pages = mock_unmap_pages,
	.iotlb_sync = mock_iotlb_sync,
	.iova_to_phys = mock_iova_to_phys,
	.enforce_cache_coherency = mock_enforce_cache_coherency,
	.free = mock_domain_free,
};

/**
 * mock_domain_can_dirty() - whether a page table was made for dirty tracking
 * @domain: the page table
 *
 * Return: that.
 */
bool mock_domain_can_dirty(struct iommu_domain *domain)
{
	return mock_domain_of(domain)->can_dirty;
}

/**
 * mock_domain_is_mock() - whether a page table is one of these
 * @domain: any page table
 *
 * Return: that.
 */
bool mock_domain_is_mock(const struct iommu_domain *domain)
{
	return domain->ops == &mock_domain_ops;
}

/**
 * mock_domain_alloc() - make a page table
 * @iommu: of which IOMMU
 * @flags: of enum iommu_next_hwpt_alloc_flags
 *
 * Return: the page table, or ERR_PTR(-ENOMEM).
 */
struct iommu_domain *mock_domain_alloc(struct mock_iommu *iommu, u32 flags)
{
	struct mock_domain *md = kzalloc_obj(*md, GFP_KERNEL_ACCOUNT);

	if (!md)
		return ERR_PTR(-ENOMEM);
	md->domain.type = IOMMU_DOMAIN_UNMANAGED;
	md->domain.ops = &mock_domain_ops;
	md->domain.pgsize_bitmap = iommu->page_sizes;
	md->domain.geometry.aperture_start = iommu->aperture_start;
	md->domain.geometry.aperture_end = iommu->aperture_last;
	md->domain.geometry.force_aperture = true;
	md->granule = __ffs(iommu->page_sizes);
	md->can_dirty = flags & IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING;
	rwlock_init(&md->lock);
	xa_init_flags(&md->ptes, XA_FLAGS_ACCOUNT);
	kref_get(&iommu->ref);
	md->iommu = iommu;
	atomic64_inc(&iommu->domains);
	return &md->domain;
}

static void mock_copy(phys_addr_t phys, void *data, size_t length, bool write)
{
	u8 *page = kmap_local_page(pfn_to_page(PHYS_PFN(phys)));

	if (write)
		memcpy(page + offset_in_page(phys), data, length);
	else
		memcpy(data, page + offset_in_page(phys), length);
	kunmap_local(page);
}

/**
 * mock_physical_access() - do a DMA that nothing translates
 * @phys: where
 * @data: what to write, or gets what was read
 * @length: bytes
 * @write: to memory
 * @done: gets how many bytes were transferred before something that is not
 *	memory
 *
 * Return: of enum iommu_next_mock_fault.
 */
u32 mock_physical_access(phys_addr_t phys, void *data, size_t length,
			 bool write, size_t *done)
{
	for (*done = 0; *done < length;) {
		phys_addr_t at = phys + *done;
		size_t n = min_t(size_t, length - *done,
				 PAGE_SIZE - offset_in_page(at));
		struct page *page = pfn_to_online_page(PHYS_PFN(at));

		if (!page || PageReserved(page))
			return IOMMU_NEXT_MOCK_FAULT_UNMAPPED;
		mock_copy(at, data + *done, n, write);
		*done += n;
	}
	return IOMMU_NEXT_MOCK_FAULT_NONE;
}

/* Access the part of @length bytes that lies in one IO page and one page. */
static u32 mock_domain_access_page(struct mock_domain *md, u64 iova, void *data,
				   size_t *length, bool write)
{
	unsigned long pte;
	phys_addr_t phys;
	u64 size;

	if (iova < md->domain.geometry.aperture_start ||
	    iova > md->domain.geometry.aperture_end)
		return IOMMU_NEXT_MOCK_FAULT_APERTURE;
	pte = mock_domain_walk(md, iova);
	if (!pte)
		return IOMMU_NEXT_MOCK_FAULT_UNMAPPED;
	if (!(pte & (write ? MOCK_PTE_WRITE : MOCK_PTE_READ)))
		return IOMMU_NEXT_MOCK_FAULT_PERMISSION;

	size = BIT_ULL(mock_pte_shift(pte));
	phys = mock_pte_phys(pte) + (iova & (size - 1));
	*length = min_t(u64, *length, size - (iova & (size - 1)));
	*length = min_t(u64, *length, PAGE_SIZE - offset_in_page(phys));
	if (write)
		mock_dirty_written(md, iova, pte);
	mock_copy(phys, data, *length, write);
	return IOMMU_NEXT_MOCK_FAULT_NONE;
}

/**
 * mock_domain_access() - translate and do a DMA
 * @domain: the page table
 * @iova: where
 * @data: what to write, or gets what was read
 * @length: bytes
 * @write: to memory
 * @done: gets how many bytes were transferred before a fault
 *
 * Return: of enum iommu_next_mock_fault.
 */
u32 mock_domain_access(struct iommu_domain *domain, u64 iova, void *data,
		       size_t length, bool write, size_t *done)
{
	struct mock_domain *md = mock_domain_of(domain);
	u32 fault = IOMMU_NEXT_MOCK_FAULT_NONE;

	for (*done = 0; !fault && *done < length;) {
		size_t n = length - *done;

		read_lock(&md->lock);
		fault = mock_domain_access_page(md, iova + *done, data + *done,
						&n, write);
		read_unlock(&md->lock);
		if (!fault)
			*done += n;
	}
	return fault;
}
