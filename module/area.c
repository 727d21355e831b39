// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filling areas into page tables and emptying them again.
 *
 * An area is filled when the first page table of its IOAS appears, or when it
 * is mapped while there is one: its pages are held (see pages.c and hold.c),
 * pinned where nobody had them yet, and mapped in every page table of the IOAS.
 * It goes through its pages in order, and &struct inx_area.mapped says how far it has
 * come: up to there it holds the pages and every page table has them. So a
 * failure at any point ends in the same emptying as a normal unmap.
 *
 * Unmapping must not cut through an IO page. Neighbouring pages share one only
 * if they are contiguous and were given to iommu_map() in one call, so it is
 * safe to cut where PFNs are not contiguous, and between segments that were
 * not cut out of a longer one.
 *
 * The order of unmapping is: page table entries, IOTLB, pins, charge.
 */
#include <linux/iommu.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "area.h"
#include "batch.h"
#include "hold.h"
#include "mmio.h"
#include "pages.h"
#include "reader.h"

/**
 * inx_area_init() - make an area of memory that the caller has
 * @area: zeroed
 * @pages: what it maps; the caller's reference goes to the area
 * @start_byte: where in @pages
 * @length: bytes, not 0
 */
void inx_area_init(struct inx_area *area, struct inx_pages *pages,
		   unsigned long start_byte, unsigned long length)
{
	area->pages = pages;
	area->start_byte = start_byte;
	area->node.start = 0;
	area->node.last = length - 1;
}

/**
 * inx_area_alloc() - make a further area of pages that have one already
 * @pages: what it maps; the area takes a reference
 * @start_byte: where in @pages
 * @length: bytes, not 0
 *
 * Return: the area, or NULL without memory.
 */
struct inx_area *inx_area_alloc(struct inx_pages *pages,
				unsigned long start_byte, unsigned long length)
{
	struct inx_area *area = kzalloc_obj(*area, GFP_KERNEL_ACCOUNT);

	if (!area)
		return NULL;
	inx_pages_get(pages);
	inx_area_init(area, pages, start_byte, length);
	return area;
}

/**
 * inx_area_free() - end of an area
 * @area: the area, in no tree and with nothing mapped
 */
void inx_area_free(struct inx_area *area)
{
	struct inx_pages *pages = area->pages;

	if (!inx_pages_is_own_area(area))
		kfree(area);
	inx_pages_put(pages);
}

/**
 * inx_area_set_prot() - say what devices may do with an area
 * @area: new
 * @prot: IOMMU_READ and so on, as for memory
 */
void inx_area_set_prot(struct inx_area *area, unsigned int prot)
{
	if (area->pages->source.mmio)
		prot = (prot & ~IOMMU_CACHE) | IOMMU_MMIO;
	area->prot = prot;
}

/**
 * inx_area_span() - how much IOVA pages take
 * @area: of which they are
 * @index: of the first page
 * @npages: how many
 *
 * Return: bytes.
 */
unsigned long inx_area_span(const struct inx_area *area, unsigned long index,
			    unsigned long npages)
{
	unsigned long iova = inx_area_iova(area, index);

	if (index + npages > inx_area_last(area))
		return area->node.last - iova + 1;
	return inx_area_iova(area, index + npages) - iova;
}

/**
 * inx_domain_unmap() - take pages out of one page table
 * @area: of which they are
 * @domain: the page table
 * @index: of the first page, where it is safe to cut
 * @npages: how many, all of them mapped; 0 is allowed
 */
void inx_domain_unmap(struct inx_area *area, struct iommu_domain *domain,
		      unsigned long index, unsigned long npages)
{
	unsigned long size = inx_area_span(area, index, npages);

	if (npages)
		WARN_ON_ONCE(iommu_unmap(domain, inx_area_iova(area, index),
					 size) != size);
}

static int inx_domain_map_small(struct iommu_domain *domain, unsigned long iova,
				phys_addr_t phys, size_t size, int prot)
{
	size_t done;
	int rc;

	for (done = 0; done < size; done += PAGE_SIZE) {
		rc = iommu_map(domain, iova + done, phys + done, PAGE_SIZE,
			       prot, GFP_KERNEL_ACCOUNT);
		if (rc) {
			if (done)
				iommu_unmap(domain, iova, done);
			return rc;
		}
	}
	return 0;
}

/**
 * inx_domain_map() - put pages into one page table, or none of them
 * @area: of which they are
 * @domain: the page table
 * @index: of the first page
 * @runs: the pages
 * @nr: how many runs
 *
 * Return: 0, or what iommu_map() returns.
 */
int inx_domain_map(struct inx_area *area, struct iommu_domain *domain,
		   unsigned long index, const inx_run_t *runs, unsigned int nr)
{
	unsigned long start = index;
	unsigned int i;
	int rc;

	for (i = 0; i < nr; i++) {
		unsigned long iova = inx_area_iova(area, index);
		unsigned long npages = inx_run_len(runs[i]);
		phys_addr_t phys = PFN_PHYS(inx_run_pfn(runs[i]));
		size_t size = inx_area_span(area, index, npages);

		if (index == inx_area_first(area))
			phys += offset_in_page(area->start_byte);
		if (area->domains->small_pages)
			rc = inx_domain_map_small(domain, iova, phys, size,
						  area->prot);
		else
			rc = iommu_map(domain, iova, phys, size, area->prot,
				       GFP_KERNEL_ACCOUNT);
		if (rc) {
			inx_domain_unmap(area, domain, start, index - start);
			return rc;
		}
		index += npages;
	}
	return 0;
}

/**
 * inx_area_unmap() - take pages out of every page table
 * @area: of which they are
 * @index: of the first page, where it is safe to cut
 * @npages: how many, in all of the page tables; 0 is allowed
 */
void inx_area_unmap(struct inx_area *area, unsigned long index,
		    unsigned long npages)
{
	struct inx_domain_link *link;

	list_for_each_entry(link, &area->domains->list, item)
		inx_domain_unmap(area, link->domain, index, npages);
}

/**
 * inx_area_map() - put pages into every page table, or into none
 * @area: of which they are
 * @index: of the first page
 * @runs: the pages
 * @nr: how many runs
 * @npages: how many pages
 *
 * Return: 0, or what iommu_map() returns.
 */
int inx_area_map(struct inx_area *area, unsigned long index,
		 const inx_run_t *runs, unsigned int nr, unsigned long npages)
{
	struct inx_domain_link *link;
	int rc;

	list_for_each_entry(link, &area->domains->list, item) {
		rc = inx_domain_map(area, link->domain, index, runs, nr);
		if (rc)
			goto undo;
	}
	return 0;

undo:
	list_for_each_entry_continue_reverse(link, &area->domains->list, item)
		inx_domain_unmap(area, link->domain, index, npages);
	return rc;
}

/**
 * inx_seg_reader() - where to read the PFNs of a segment without runs
 * @pages: locked; while they are, the answer is good
 * @seg: the segment
 *
 * Return: an area whose page table has it.
 */
struct inx_area *inx_seg_reader(struct inx_pages *pages,
				const struct inx_seg *seg)
{
	struct inx_area *area;

	lockdep_assert_held(&pages->lock);
	list_for_each_entry(area, &pages->filled, filled_item) {
		unsigned long first = inx_area_first(area);

		if (first <= seg->start &&
		    first + area->mapped > inx_seg_last(seg))
			return area;
	}
	return NULL;
}

/**
 * inx_area_map_seg() - put a segment into a page table, or into every one
 * @area: whose page tables
 * @seg: the segment, part of the area; the pages are locked
 * @domain: the page table, NULL for all that the area has
 *
 * Return: 0; or -ENOMEM and what iommu_map() returns, and nothing is mapped.
 */
int inx_area_map_seg(struct inx_area *area, const struct inx_seg *seg,
		     struct iommu_domain *domain)
{
	unsigned long index = seg->start;
	struct inx_batch batch;
	struct inx_area *from;
	int rc = 0;

	if (seg->nr) {
		const inx_run_t *runs = inx_seg_runs(seg);

		if (domain)
			return inx_domain_map(area, domain, index, runs,
					      seg->nr);
		return inx_area_map(area, index, runs, seg->nr, seg->npages);
	}

	from = inx_seg_reader(area->pages, seg);
	if (WARN_ON_ONCE(!from))
		return -EFAULT;
	inx_batch_init(&batch, seg->npages);
	while (!rc && index <= inx_seg_last(seg)) {
		inx_batch_reset(&batch, index);
		inx_read_domain(from, &batch, inx_seg_last(seg));
		if (domain)
			rc = inx_domain_map(area, domain, index, batch.runs,
					    batch.nr);
		else
			rc = inx_area_map(area, index, batch.runs, batch.nr,
					  batch.npages);
		if (!rc)
			index += batch.npages;
		cond_resched();
	}
	inx_batch_destroy(&batch);
	if (rc && domain)
		inx_domain_unmap(area, domain, seg->start, index - seg->start);
	else if (rc)
		inx_area_unmap(area, seg->start, index - seg->start);
	return rc;
}

/**
 * inx_area_advance() - pages are in every page table of the area and held
 * @area: the area; its pages are locked
 * @npages: how many, after those that were before
 */
void inx_area_advance(struct inx_area *area, unsigned long npages)
{
	if (!area->mapped)
		list_add(&area->filled_item, &area->pages->filled);
	area->mapped += npages;
}

/**
 * inx_area_fill() - pin an area's pages and map them in every page table
 * @area: in an IOAS with at least one page table, filled in none
 *
 * Context: the list of page tables must not change.
 * Return: 0; -ENOMEM, -EFAULT, and what GUP and iommu_map() return. After an
 * error nothing is mapped, pinned or charged.
 */
int inx_area_fill(struct inx_area *area)
{
	struct inx_holder holder = {
		.pages = area->pages,
		.area = area,
		.first = inx_area_first(area),
	};
	int rc;

	if (area->pages->source.mmio)
		return inx_mmio_fill(area);
	area->storage = list_first_entry(&area->domains->list,
					 struct inx_domain_link, item)->domain;
	rc = inx_hold_take(&holder, inx_area_last(area));
	if (rc) {
		area->next = NULL;
		inx_areas_unfill(area->domains, area);
	}
	return rc;
}

/**
 * inx_area_prepare_cut() - get ready to make two areas of one
 * @area: in page tables, if at all, without an IO page across the cut; LIVE, and
 *	the caller keeps it from changing until the cut is made or given up
 * @iova: first IOVA of the second area; at the start of a page
 *
 * Segments end at the cut from now on: the second area is among those that are
 * filled, and stands for the same pages as @area.
 *
 * Return: the second area, for inx_area_cut() or inx_area_forgo_cut();
 * ERR_PTR(-ENOMEM).
 */
struct inx_area *inx_area_prepare_cut(struct inx_area *area, unsigned long iova)
{
	unsigned long start_byte = area->start_byte + iova - area->node.start;
	struct inx_pages *pages = area->pages;
	struct inx_area *right;
	struct inx_seg *seg;
	int rc;

	right = inx_area_alloc(pages, start_byte, area->node.last - iova + 1);
	if (!right)
		return ERR_PTR(-ENOMEM);
	right->domains = area->domains;
	right->prot = area->prot;
	right->state = area->state;
	right->node.start = iova;
	right->node.last = area->node.last;

	mutex_lock(&pages->lock);
	if (!area->mapped) {
		mutex_unlock(&pages->lock);
		return right;
	}
	if (pages->source.mmio) {
		inx_area_advance(right, inx_area_last(area) -
						inx_area_first(right) + 1);
		mutex_unlock(&pages->lock);
		return right;
	}
	seg = inx_seg_find(pages, inx_area_first(right));
	rc = inx_seg_clip(pages, &seg, inx_area_first(right), ULONG_MAX);
	if (!rc) {
		right->storage = area->storage;
		inx_area_advance(right, inx_area_last(area) -
						inx_area_first(right) + 1);
	}
	mutex_unlock(&pages->lock);
	if (!rc)
		return right;
	inx_area_free(right);
	return ERR_PTR(rc);
}

/**
 * inx_area_forgo_cut() - undo inx_area_prepare_cut()
 * @right: the second area
 */
void inx_area_forgo_cut(struct inx_area *right)
{
	mutex_lock(&right->pages->lock);
	if (right->mapped)
		list_del(&right->filled_item);
	mutex_unlock(&right->pages->lock);
	inx_area_free(right);
}

/**
 * inx_area_cut() - make two areas of one
 * @area: in no tree; keeps what is before the cut
 * @right: from inx_area_prepare_cut(); gets what is behind it, which is less
 *	than before if the area has been cut behind it meanwhile
 *
 * What is pinned, charged and mapped stays so.
 */
void inx_area_cut(struct inx_area *area, struct inx_area *right)
{
	struct inx_pages *pages = area->pages;
	unsigned long npages;

	mutex_lock(&pages->lock);
	npages = inx_area_first(right) - inx_area_first(area);
	right->node.last = area->node.last;
	area->node.last = right->node.start - 1;
	if (area->mapped) {
		right->mapped = area->mapped - npages;
		area->mapped = npages;
	}
	mutex_unlock(&pages->lock);
}

/* Unpin what of the dying segments from @seg on is in the batch. */
static void inx_area_unpin(struct inx_area *area, struct inx_seg *seg,
			   struct inx_batch *batch)
{
	unsigned long end = batch->start + batch->npages;

	list_for_each_entry_from(seg, &area->dying, item) {
		unsigned long from = max(seg->start, batch->start);
		unsigned long to = min(inx_seg_last(seg) + 1, end);

		if (seg->start >= end)
			break;
		if (!seg->nr && from < to)
			inx_batch_unpin(batch, from, to - from,
					area->pages->source.writable);
	}
}

/*
 * Unmap an area of whose dying segments some have no runs: their PFNs have to
 * be read before they are unmapped.
 */
static void inx_area_unmap_reading(struct inx_area *area)
{
	unsigned long pos = inx_area_first(area);
	unsigned long end = pos + area->mapped;
	struct inx_batch batch;
	struct inx_seg *seg;

	inx_batch_init(&batch, area->mapped);
	list_for_each_entry(seg, &area->dying, item) {
		if (seg->nr)
			continue;
		if (seg->left > pos) {
			inx_area_unmap(area, pos, seg->left - pos);
			pos = seg->left;
		}
		while (pos <= inx_seg_last(seg)) {
			unsigned int cap = batch.cap;

			inx_batch_reset(&batch, pos);
			if (!inx_read_domain(area, &batch, inx_seg_last(seg))) {
				/* Up to where the last run really ends. */
				batch.cap = batch.nr;
				inx_read_domain(area, &batch, end - 1);
				batch.cap = cap;
			}
			inx_area_unmap(area, pos, batch.npages);
			inx_area_unpin(area, seg, &batch);
			pos += batch.npages;
			cond_resched();
		}
	}
	inx_area_unmap(area, pos, end - pos);
	inx_batch_destroy(&batch);
	area->mapped = 0;
}

/* Let go of the pages; returns whether PFNs must be read back to unpin. */
static bool inx_area_leave(struct inx_area *area)
{
	struct inx_seg *seg;
	LIST_HEAD(dying);

	mutex_lock(&area->pages->lock);
	list_del(&area->filled_item);
	inx_segs_drop(area->pages, inx_area_first(area), area->mapped, false,
		      &dying);
	mutex_unlock(&area->pages->lock);

	INIT_LIST_HEAD(&area->dying);
	list_splice(&dying, &area->dying);
	list_for_each_entry(seg, &area->dying, item)
		if (!seg->nr)
			return true;
	return false;
}

/**
 * inx_areas_unfill() - take areas out of every page table and let go of them
 * @domains: the page tables of the IOAS that they are all of
 * @list: the areas, by &struct inx_area.next
 *
 * One IOTLB flush a page table serves all areas whose PFNs are kept as runs.
 *
 * Context: the list of page tables must not change.
 */
void inx_areas_unfill(struct inx_domains *domains, struct inx_area *list)
{
	struct inx_domain_link *link;
	struct inx_area *area;

	for (area = list; area; area = area->next) {
		if (area->pages->source.mmio)
			inx_mmio_unfill(area);
		if (!area->mapped)
			INIT_LIST_HEAD(&area->dying);
		else if (inx_area_leave(area))
			inx_area_unmap_reading(area);
	}

	list_for_each_entry(link, &domains->list, item) {
		struct iommu_iotlb_gather gather;
		bool any = false;

		iommu_iotlb_gather_init(&gather);
		for (area = list; area; area = area->next) {
			unsigned long size;

			if (!area->mapped)
				continue;
			size = inx_area_span(area, inx_area_first(area),
					     area->mapped);
			WARN_ON_ONCE(iommu_unmap_fast(link->domain,
						      area->node.start, size,
						      &gather) != size);
			any = true;
			cond_resched();
		}
		if (any)
			iommu_iotlb_sync(link->domain, &gather);
	}

	for (area = list; area; area = area->next) {
		area->mapped = 0;
		area->storage = NULL;
		inx_segs_bury(area->pages, &area->dying);
	}
}

/**
 * inx_area_add_domain() - map a filled area in one more page table
 * @area: the area
 * @domain: the page table, not in the list yet
 *
 * Context: the list of page tables must not change.
 * Return: 0, or what iommu_map() returns; then @domain is as before.
 */
int inx_area_add_domain(struct inx_area *area, struct iommu_domain *domain)
{
	unsigned long first = inx_area_first(area);
	unsigned long last = inx_area_last(area);
	struct inx_seg *seg;
	int rc = 0;

	if (area->pages->source.mmio)
		return inx_mmio_add_domain(area, domain);
	mutex_lock(&area->pages->lock);
	for (seg = inx_seg_find(area->pages, first);
	     seg && seg->start <= last; seg = inx_seg_next(seg)) {
		rc = inx_area_map_seg(area, seg, domain);
		if (rc)
			break;
	}
	if (rc)
		inx_domain_unmap(area, domain, first, seg->start - first);
	mutex_unlock(&area->pages->lock);
	return rc;
}

/**
 * inx_area_remove_domain() - take a filled area out of one of its page tables
 * @area: the area
 * @domain: the page table
 * @storage: another page table that the area stays in
 *
 * Context: the list of page tables must not change.
 */
void inx_area_remove_domain(struct inx_area *area, struct iommu_domain *domain,
			    struct iommu_domain *storage)
{
	if (area->pages->source.mmio) {
		inx_mmio_remove_domain(area, domain);
		return;
	}
	mutex_lock(&area->pages->lock);
	if (area->storage == domain)
		area->storage = storage;
	mutex_unlock(&area->pages->lock);
	inx_domain_unmap(area, domain, inx_area_first(area), area->mapped);
}
