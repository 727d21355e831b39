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
 *
 * A driver that is asked about a range which begins within an IO page takes it
 * as if the page began there, and goes on behind its end as it sees it, so it
 * may miss what comes next. Chunks are aligned, so that a page which began
 * before one goes on behind it as well; what is before the first chunk is asked
 * about page by page.
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
	if (!walk->found)
		return inx_dirty_call(domain, page, 0, walk->gather);
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

/*
 * Go through a range page by page. One that begins before it is met; *end gets
 * beyond one that ends behind it.
 */
static int inx_dirty_pages(struct iommu_domain *domain,
			   struct inx_iova_range range,
			   struct inx_dirty_walk *walk, unsigned long *end)
{
	unsigned long pos = range.start;
	int rc = 0;

	/* Behind the last page of all is 0. */
	while (!rc && pos <= range.last && pos >= range.start)
		rc = inx_dirty_page(domain, &pos, walk);
	if (pos > range.last || !pos)
		*end = pos;
	return rc;
}

static int inx_dirty_chunk(struct iommu_domain *domain,
			   struct inx_iova_range chunk,
			   struct inx_dirty_walk *walk, unsigned long *end)
{
	struct inx_iova_range hull;
	int rc;

	if (!walk->found)
		return inx_dirty_call(domain, chunk, 0, walk->gather);
	rc = inx_dirty_hull(domain, chunk, &hull);
	if (rc <= 0)
		return rc;
	hull.start = max(hull.start, chunk.start);
	if (hull.last < chunk.last)
		end = &chunk.start;
	else
		hull.last = chunk.last;
	return inx_dirty_pages(domain, hull, walk, end);
}

int inx_domain_walk_dirty(struct iommu_domain *domain,
			  struct inx_iova_range range,
			  struct inx_dirty_walk *walk)
{
	unsigned long size = INX_DIRTY_CHUNK << __ffs(domain->pgsize_bitmap);
	struct inx_iova_range chunk = range;
	unsigned long end;
	int rc;

	if (inx_table_is_known(domain))
		return inx_table_walk_dirty(domain, range, walk);
	do {
		chunk.last = min(chunk.start | (size - 1), range.last);
		end = chunk.last + 1;
		if (IS_ALIGNED(chunk.start, size))
			rc = inx_dirty_chunk(domain, chunk, walk, &end);
		else
			rc = inx_dirty_pages(domain, chunk, walk, &end);
		chunk.start = end;
	} while (!rc && end && end <= range.last);
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
