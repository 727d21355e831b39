// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty bits by way of the kernel's own reader (6.7 on).
 *
 * For each IO page that is dirty, read_and_clear_dirty() of a driver does two
 * things: it sets bits in a bitmap, which is of no use here, and it adds the
 * page to what the IOTLB flush is for, whether it clears or not. The latter is
 * an interval, the hull of all that it has found. Asked about the smallest IO
 * page, it is the dirty page itself, from the IOVA that was asked about on and
 * as long as the page is.
 *
 * So: the hull of a chunk tells whether anything in it is dirty, and from where
 * to where; in there, each IO page is asked about on its own.
 */
#ifdef INX_HAVE_DIRTY_OPS

#include <linux/align.h>
#include <linux/iommu.h>
#include <linux/minmax.h>

#include "backend.h"

/* Smallest IO pages in a chunk. */
#define INX_DIRTY_CHUNK 512

static int inx_dirty_call(struct iommu_domain *domain,
			  struct inx_iova_range range, unsigned long flags,
			  struct iommu_iotlb_gather *gather)
{
	struct iommu_dirty_bitmap dirty = { .gather = gather };

	return domain->dirty_ops->read_and_clear_dirty(domain, range.start,
						       range.last -
							range.start + 1,
						       flags, &dirty);
}

/* The hull of what is dirty in a range; 1 if there is any, 0 if not. */
static int inx_dirty_hull(struct iommu_domain *domain,
			  struct inx_iova_range range,
			  struct inx_iova_range *hull)
{
	struct iommu_iotlb_gather gather;
	int rc;

	iommu_iotlb_gather_init(&gather);
	rc = inx_dirty_call(domain, range, IOMMU_DIRTY_NO_CLEAR, &gather);
	if (rc)
		return rc;
	hull->start = gather.start;
	hull->last = gather.end;
	return hull->start < hull->last;
}

/* The IO page at *pos if it is dirty; *pos gets beyond it. */
static int inx_dirty_page(struct iommu_domain *domain, unsigned long *pos,
			  struct inx_dirty_walk *walk)
{
	unsigned long granule = 1UL << __ffs(domain->pgsize_bitmap), size;
	struct inx_iova_range page = { *pos, *pos | (granule - 1) };
	int rc;

	*pos = page.last + 1;
	rc = inx_dirty_hull(domain, page, &page);
	if (rc <= 0)
		return rc;
	size = page.last - page.start + 1;
	page.start = ALIGN_DOWN(page.start, size);
	page.last = page.start + size - 1;
	*pos = page.last + 1;
	rc = walk->found(walk, page);
	if (rc || !walk->clear)
		return rc;
	return inx_dirty_call(domain, page, 0, walk->gather);
}

static int inx_dirty_chunk(struct iommu_domain *domain,
			   struct inx_iova_range chunk,
			   struct inx_dirty_walk *walk)
{
	struct inx_iova_range hull;
	unsigned long pos;
	int rc;

	if (!walk->found)
		return walk->clear ?
			inx_dirty_call(domain, chunk, 0, walk->gather) : 0;
	rc = inx_dirty_hull(domain, chunk, &hull);
	if (rc <= 0)
		return rc;
	rc = 0;
	hull.last = min(hull.last, chunk.last);
	/* The last page of all ends the search by being the last. */
	for (pos = max(hull.start, chunk.start); !rc && pos <= hull.last && pos;)
		rc = inx_dirty_page(domain, &pos, walk);
	return rc;
}

int inx_domain_walk_dirty(struct iommu_domain *domain,
			  struct inx_iova_range range,
			  struct inx_dirty_walk *walk)
{
	unsigned long size = INX_DIRTY_CHUNK << __ffs(domain->pgsize_bitmap);
	struct inx_iova_range chunk = range;
	int rc;

	if (inx_table_is_known(domain))
		return inx_table_walk_dirty(domain, range, walk);
	do {
		chunk.last = min(chunk.start | (size - 1), range.last);
		rc = inx_dirty_chunk(domain, chunk, walk);
		chunk.start = chunk.last + 1;
	} while (!rc && chunk.last != range.last);
	return rc;
}

int inx_domain_set_dirty(struct iommu_domain *domain, bool enable)
{
	return domain->dirty_ops->set_dirty_tracking(domain, enable);
}

bool inx_domain_has_dirty(struct iommu_domain *domain)
{
	struct inx_iova_range first = { domain->geometry.aperture_start };
	struct inx_iova_range hull;

	if (!domain->dirty_ops)
		return false;
	if (inx_table_is_known(domain))
		return true;
	/* Where there is no reader for the format, it says so at once. */
	first.last = first.start + (1UL << __ffs(domain->pgsize_bitmap)) - 1;
	return !inx_dirty_hull(domain, first, &hull);
}

#endif
