// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty bits of the mock IOMMU: a mark of an entry in the page table.
 *
 * As with hardware, an entry that the IOTLB has, and knows to be dirty, is not
 * made dirty again: who clears the bit and forgets the flush loses the next
 * write.
 */
#include <linux/err.h>
#include <linux/rwlock.h>
#include <linux/xarray.h>

#include "backend.h"
#include "domain.h"
#include "mock.h"

static struct inx_iova_range mock_page(u64 iova, unsigned int shift)
{
	u64 size = BIT_ULL(shift), start = iova & ~(size - 1);

	return (struct inx_iova_range){ start, start + size - 1 };
}

/**
 * mock_dirty_written() - a device writes
 * @md: through this page table, its lock held for reading
 * @iova: where
 * @pte: the entry that translates it
 */
void mock_dirty_written(struct mock_domain *md, u64 iova, unsigned long pte)
{
	unsigned long index = mock_page(iova, mock_pte_shift(pte)).start >>
			      md->granule;

	if (!md->tracks || xa_get_mark(&md->ptes, index, MOCK_PTE_CACHED_DIRTY))
		return;
	xa_set_mark(&md->ptes, index, MOCK_PTE_DIRTY);
	xa_set_mark(&md->ptes, index, MOCK_PTE_CACHED_DIRTY);
}

/**
 * mock_dirty_flush() - the IOTLB forgets entries
 * @md: of this page table, its lock held for writing
 * @start: first IOVA
 * @last: last one
 */
void mock_dirty_flush(struct mock_domain *md, u64 start, u64 last)
{
	unsigned long index;
	void *entry;

	xa_for_each_marked(&md->ptes, index, entry, MOCK_PTE_CACHED_DIRTY) {
		unsigned int shift = mock_pte_shift(xa_to_value(entry));
		u64 iova = (u64)index << md->granule;
		struct inx_iova_range page = mock_page(iova, shift);

		if (page.start <= last && page.last >= start)
			xa_clear_mark(&md->ptes, index, MOCK_PTE_CACHED_DIRTY);
	}
}

/**
 * mock_domain_page() - the IO page at an IOVA
 * @domain: the page table
 * @iova: any
 * @start: gets its first byte
 * @last: gets its last one
 *
 * Return: whether there is one.
 */
bool mock_domain_page(struct iommu_domain *domain, u64 iova, u64 *start,
		      u64 *last)
{
	unsigned long pte = mock_domain_walk(mock_domain_of(domain), iova);
	struct inx_iova_range page;

	if (!pte)
		return false;
	page = mock_page(iova, mock_pte_shift(pte));
	*start = page.start;
	*last = page.last;
	return true;
}

/**
 * mock_domain_is_tracking() - whether dirty bits are set
 * @domain: the page table
 *
 * Return: that.
 */
bool mock_domain_is_tracking(struct iommu_domain *domain)
{
	return READ_ONCE(mock_domain_of(domain)->tracks);
}

/**
 * mock_domain_set_dirty() - make an IO page dirty, whoever wrote it
 * @domain: the page table
 * @iova: in the page
 *
 * Return: 0; -EINVAL when it tracks nothing; -ENOENT when nothing is mapped.
 */
int mock_domain_set_dirty(struct iommu_domain *domain, u64 iova)
{
	struct mock_domain *md = mock_domain_of(domain);
	unsigned long pte;
	int rc = 0;

	read_lock(&md->lock);
	pte = mock_domain_walk(md, iova);
	if (!md->tracks)
		rc = -EINVAL;
	else if (!pte)
		rc = -ENOENT;
	else
		xa_set_mark(&md->ptes,
			    mock_page(iova, mock_pte_shift(pte)).start >>
				    md->granule,
			    MOCK_PTE_DIRTY);
	read_unlock(&md->lock);
	return rc;
}

/**
 * mock_dirty_set() - begin to track, or stop
 * @domain: a page table that was made for it
 * @enable: which
 *
 * Return: 0; -ENOMEM when it was chosen to fail.
 */
int mock_dirty_set(struct iommu_domain *domain, bool enable)
{
	struct mock_domain *md = mock_domain_of(domain);

	if (mock_iommu_fails(md->iommu, IOMMU_NEXT_MOCK_FAIL_DIRTY_SET))
		return -ENOMEM;
	write_lock(&md->lock);
	WRITE_ONCE(md->tracks, enable);
	mock_dirty_flush(md, 0, U64_MAX);
	write_unlock(&md->lock);
	return 0;
}

/**
 * mock_dirty_walk() - look for IO pages that were written
 * @domain: the page table
 * @range: where
 * @walk: what to do with them
 *
 * Return: 0 or what found() returned.
 */
int mock_dirty_walk(struct iommu_domain *domain, struct inx_iova_range range,
		    struct inx_dirty_walk *walk)
{
	struct mock_domain *md = mock_domain_of(domain);
	unsigned long pte = mock_domain_walk(md, range.start);
	unsigned long index, first = range.start;
	void *entry;
	int rc = 0;

	if (pte)
		first = mock_page(range.start, mock_pte_shift(pte)).start;
	index = first >> md->granule;
	for (entry = xa_find(&md->ptes, &index, range.last >> md->granule,
			     MOCK_PTE_DIRTY);
	     entry;
	     entry = xa_find_after(&md->ptes, &index, range.last >> md->granule,
				   MOCK_PTE_DIRTY)) {
		u64 iova = (u64)index << md->granule;
		struct inx_iova_range page =
			mock_page(iova, mock_pte_shift(xa_to_value(entry)));

		if (walk->found)
			rc = walk->found(walk, page);
		if (rc)
			break;
		if (!walk->clear)
			continue;
		xa_clear_mark(&md->ptes, index, MOCK_PTE_DIRTY);
		iommu_iotlb_gather_add_range(walk->gather, page.start,
					     page.last - page.start + 1);
	}
	return rc;
}
