// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of devices in page tables.
 *
 * A BAR has no pages that could be pinned or charged, and its owner may take it
 * away at any time: the device is reset, closed, or stops to decode it. So what
 * maps it has no segments. Everything that puts it into a page table or takes
 * it out does so under the lock of its pages, and &struct inx_area.mapped says
 * whether it is there: all of it, or nothing.
 *
 * To revoke is to take it out of every page table, under that lock and that of
 * the list of page tables alone; none of them is ever held over anything that
 * user space can hold up. The areas stay, and reach nothing. That is for good:
 * whoever wants the memory again maps it again, and is told when that fails.
 */
#include <linux/file.h>
#include <linux/iommu.h>
#include <linux/slab.h>

#include "area.h"
#include "batch.h"
#include "mmio.h"
#include "pages.h"

/**
 * inx_mmio_alloc() - for a new device
 *
 * Return: its memory, stopped; or NULL without memory for that.
 */
struct inx_mmio *inx_mmio_alloc(void)
{
	struct inx_mmio *mmio = kzalloc_obj(*mmio, GFP_KERNEL);

	if (!mmio)
		return NULL;
	refcount_set(&mmio->refs, 1);
	mutex_init(&mmio->lock);
	mmio->stopped = 1;
	INIT_LIST_HEAD(&mmio->slices);
	return mmio;
}

/**
 * inx_mmio_get() - take a reference
 * @mmio: the memory
 *
 * Return: the memory.
 */
struct inx_mmio *inx_mmio_get(struct inx_mmio *mmio)
{
	refcount_inc(&mmio->refs);
	return mmio;
}

/**
 * inx_mmio_put() - drop a reference
 * @mmio: the memory; nobody starts it any more when it is that of the device
 */
void inx_mmio_put(struct inx_mmio *mmio)
{
	if (!refcount_dec_and_test(&mmio->refs))
		return;
	mutex_destroy(&mmio->lock);
	kfree(mmio);
}

/* An area may be in one page table and not yet, or not any more, in another. */
static void inx_mmio_revoke_area(struct inx_area *area)
{
	unsigned long first = inx_area_first(area);
	unsigned long size = inx_area_span(area, first, area->mapped);
	struct inx_domain_link *link;

	mutex_lock(&area->domains->lock);
	list_for_each_entry(link, &area->domains->list, item)
		if (iommu_iova_to_phys(link->domain, area->node.start))
			iommu_unmap(link->domain, area->node.start, size);
	mutex_unlock(&area->domains->lock);
	list_del(&area->filled_item);
	area->mapped = 0;
}

static void inx_mmio_revoke_slice(struct inx_mmio_slice *slice)
{
	struct inx_pages *pages = slice->pages;
	struct inx_area *area, *next;

	if (!pages) {
		slice->revoked = true;
		return;
	}
	mutex_lock(&pages->lock);
	slice->revoked = true;
	list_for_each_entry_safe(area, next, &pages->filled, filled_item)
		inx_mmio_revoke_area(area);
	mutex_unlock(&pages->lock);
}

static void inx_mmio_revoke_all(struct inx_mmio *mmio)
{
	struct inx_mmio_slice *slice;

	lockdep_assert_held(&mmio->lock);
	list_for_each_entry(slice, &mmio->slices, item)
		inx_mmio_revoke_slice(slice);
}

/**
 * inx_mmio_stop() - no device reaches it any more
 * @mmio: the memory
 *
 * What is mapped is revoked, and nothing can be mapped until as many calls of
 * inx_mmio_start() as there were of this.
 */
void inx_mmio_stop(struct inx_mmio *mmio)
{
	mutex_lock(&mmio->lock);
	mmio->stopped++;
	inx_mmio_revoke_all(mmio);
	mutex_unlock(&mmio->lock);
}

/**
 * inx_mmio_start() - it can be mapped again
 * @mmio: the memory, stopped
 */
void inx_mmio_start(struct inx_mmio *mmio)
{
	mutex_lock(&mmio->lock);
	mmio->stopped--;
	mutex_unlock(&mmio->lock);
}

/**
 * inx_mmio_end() - as inx_mmio_stop(), for good
 * @mmio: the memory
 *
 * Who was told of it before cannot map it after inx_mmio_start(), either.
 */
void inx_mmio_end(struct inx_mmio *mmio)
{
	mutex_lock(&mmio->lock);
	mmio->session++;
	mutex_unlock(&mmio->lock);
	inx_mmio_stop(mmio);
}

/**
 * inx_mmio_revoke() - as inx_mmio_stop() and inx_mmio_start(), without a count
 * @mmio: the memory, which is stopped by nobody else
 * @revoked: whether to stop
 */
void inx_mmio_revoke(struct inx_mmio *mmio, bool revoked)
{
	mutex_lock(&mmio->lock);
	mmio->stopped = revoked;
	if (revoked)
		inx_mmio_revoke_all(mmio);
	mutex_unlock(&mmio->lock);
}

/**
 * inx_mmio_session() - what inx_mmio_add() wants to know
 * @mmio: the memory
 *
 * Return: the number of the session.
 */
unsigned long inx_mmio_session(struct inx_mmio *mmio)
{
	unsigned long session;

	mutex_lock(&mmio->lock);
	session = mmio->session;
	mutex_unlock(&mmio->lock);
	return session;
}

/**
 * inx_mmio_slice_alloc() - describe a piece that is contiguous
 * @phys: physical address of page 0
 *
 * Return: the piece, for inx_mmio_add() or kfree(); or NULL without memory.
 */
struct inx_mmio_slice *inx_mmio_slice_alloc(phys_addr_t phys)
{
	struct inx_mmio_slice *slice = kzalloc_obj(*slice, GFP_KERNEL_ACCOUNT);

	if (!slice)
		return NULL;
	slice->one.pfn = PHYS_PFN(phys);
	slice->extents = &slice->one;
	slice->nr = 1;
	return slice;
}

/**
 * inx_mmio_add() - a piece is about to be mapped
 * @mmio: the memory
 * @slice: the piece, to be freed by inx_mmio_drop() when this has succeeded
 * @session: when the piece was told
 *
 * Return: 0; -ENODEV when the device does not answer there now, or that session
 * has ended.
 */
int inx_mmio_add(struct inx_mmio *mmio, struct inx_mmio_slice *slice,
		 unsigned long session)
{
	int rc = -ENODEV;

	mutex_lock(&mmio->lock);
	/* A session that has not ended cannot end now, so @is_on can be asked. */
	if (!mmio->stopped && mmio->session == session &&
	    (!mmio->is_on || mmio->is_on(mmio->priv))) {
		slice->mmio = inx_mmio_get(mmio);
		list_add(&slice->item, &mmio->slices);
		rc = 0;
	}
	mutex_unlock(&mmio->lock);
	return rc;
}

/**
 * inx_mmio_use() - say who has a piece as source
 * @slice: the piece
 * @pages: who
 */
void inx_mmio_use(struct inx_mmio_slice *slice, struct inx_pages *pages)
{
	mutex_lock(&slice->mmio->lock);
	slice->pages = pages;
	mutex_unlock(&slice->mmio->lock);
}

/**
 * inx_mmio_drop() - end of a piece
 * @slice: the piece, in no page table
 */
void inx_mmio_drop(struct inx_mmio_slice *slice)
{
	struct inx_mmio *mmio = slice->mmio;

	mutex_lock(&mmio->lock);
	list_del(&slice->item);
	mutex_unlock(&mmio->lock);
	if (slice->file)
		fput(slice->file);
	kfree(slice);
	inx_mmio_put(mmio);
}

/* The run that begins with page @index, of at most @left pages. */
static inx_run_t inx_mmio_slice_run(const struct inx_mmio_slice *slice,
				    unsigned long index, unsigned long left)
{
	const struct inx_extent *extents = slice->extents;
	unsigned int low = 0, high = slice->nr;

	index += slice->first;
	while (high - low > 1) {
		unsigned int i = low + (high - low) / 2;

		if (extents[i].index <= index)
			low = i;
		else
			high = i;
	}
	if (high < slice->nr)
		left = min(left, extents[high].index - index);
	return inx_run(extents[low].pfn + index - extents[low].index,
		       min(left, INX_RUN_MAX));
}

/**
 * inx_mmio_slice_phys() - where a piece begins
 * @slice: the piece
 *
 * Return: physical address of page 0.
 */
phys_addr_t inx_mmio_slice_phys(const struct inx_mmio_slice *slice)
{
	return PFN_PHYS(inx_run_pfn(inx_mmio_slice_run(slice, 0, 1)));
}

static inx_run_t inx_mmio_run(const struct inx_area *area, unsigned long index,
			      unsigned long left)
{
	return inx_mmio_slice_run(area->pages->source.mmio, index, left);
}

/**
 * inx_mmio_fill() - map an area of device memory in every page table
 * @area: as in inx_area_fill()
 *
 * Return: 0, also when it was revoked and nothing is mapped; what iommu_map()
 * returns.
 */
int inx_mmio_fill(struct inx_area *area)
{
	unsigned long first = inx_area_first(area), index = first;
	unsigned long end = inx_area_last(area) + 1;
	struct inx_pages *pages = area->pages;
	int rc = 0;

	mutex_lock(&pages->lock);
	while (!rc && index < end && !pages->source.mmio->revoked) {
		inx_run_t run = inx_mmio_run(area, index, end - index);

		rc = inx_area_map(area, index, &run, 1, inx_run_len(run));
		if (!rc)
			index += inx_run_len(run);
	}
	if (rc)
		inx_area_unmap(area, first, index - first);
	else if (index == end)
		inx_area_advance(area, end - first);
	mutex_unlock(&pages->lock);
	return rc;
}

/**
 * inx_mmio_unfill() - undo inx_mmio_fill(), or what is left of it
 * @area: as in inx_areas_unfill()
 */
void inx_mmio_unfill(struct inx_area *area)
{
	mutex_lock(&area->pages->lock);
	if (area->mapped) {
		list_del(&area->filled_item);
		inx_area_unmap(area, inx_area_first(area), area->mapped);
		area->mapped = 0;
	}
	mutex_unlock(&area->pages->lock);
}

/**
 * inx_mmio_add_domain() - as inx_area_add_domain(), for device memory
 * @area: the area
 * @domain: the page table
 *
 * Return: 0, or what iommu_map() returns.
 */
int inx_mmio_add_domain(struct inx_area *area, struct iommu_domain *domain)
{
	unsigned long first = inx_area_first(area), index = first;
	unsigned long end;
	int rc = 0;

	mutex_lock(&area->pages->lock);
	end = first + area->mapped;
	while (!rc && index < end) {
		inx_run_t run = inx_mmio_run(area, index, end - index);

		rc = inx_domain_map(area, domain, index, &run, 1);
		if (!rc)
			index += inx_run_len(run);
	}
	if (rc)
		inx_domain_unmap(area, domain, first, index - first);
	mutex_unlock(&area->pages->lock);
	return rc;
}

/**
 * inx_mmio_remove_domain() - as inx_area_remove_domain(), for device memory
 * @area: the area
 * @domain: the page table
 */
void inx_mmio_remove_domain(struct inx_area *area, struct iommu_domain *domain)
{
	mutex_lock(&area->pages->lock);
	inx_domain_unmap(area, domain, inx_area_first(area), area->mapped);
	mutex_unlock(&area->pages->lock);
}
