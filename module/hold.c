// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking hold of pages.
 *
 * A holder goes through its pages in order. What somebody holds already is held
 * once more, cut to fit if need be; what nobody holds is charged, pinned and
 * becomes a segment. There are two kinds of holders. An area holds what it has
 * in its page tables. The CPU holds what a driver has asked for by an access,
 * with page tables or without: what it holds always has runs, so page tables
 * can come and go beside it and no path that must not fail has to make them.
 */
#include <linux/highmem.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "area.h"
#include "batch.h"
#include "hold.h"
#include "pages.h"
#include "reader.h"

/* Pinned at a time to be copied, without a charge. */
#define INX_RW_PAGES 64

static unsigned long inx_holder_next(const struct inx_holder *holder)
{
	return holder->first + holder->held;
}

static void inx_holder_advance(struct inx_holder *holder, unsigned long npages)
{
	holder->held += npages;
	if (holder->area)
		inx_area_advance(holder->area, npages);
}

/* Page tables get the pages first, so that a segment is never without. */
static int inx_holder_add(struct inx_holder *holder,
			  const struct inx_batch *batch)
{
	struct inx_area *area = holder->area;
	int rc;

	if (area) {
		rc = inx_area_map(area, batch->start, batch->runs, batch->nr,
				  batch->npages);
		if (rc)
			return rc;
	}
	rc = inx_seg_add(holder->pages, batch, holder->first, !area);
	if (rc && area)
		inx_area_unmap(area, batch->start, batch->npages);
	return rc;
}

/*
 * Pin pages that nobody holds. Called and returns with the lock of the pages,
 * but pins without it; when somebody else has pinned some of the pages
 * meanwhile it stops early, with 0.
 */
static int inx_holder_pin(struct inx_holder *holder, struct inx_reader *reader,
			  struct inx_batch *batch, unsigned long last)
{
	unsigned long index = inx_holder_next(holder);
	unsigned long charged = last - index + 1;
	struct inx_pages *pages = holder->pages;
	bool raced;
	int rc;

	rc = inx_pages_charge(pages, charged);
	if (rc)
		return rc;
	mutex_unlock(&pages->lock);
	for (;;) {
		struct inx_seg *seg;

		inx_batch_reset(batch, index);
		rc = inx_reader_pin(reader, batch, last);
		mutex_lock(&pages->lock);
		seg = inx_seg_find(pages, index);
		raced = seg && seg->start < index + batch->npages;
		if (!rc && !raced)
			rc = inx_holder_add(holder, batch);
		if (rc || raced)
			break;
		inx_holder_advance(holder, batch->npages);
		index += batch->npages;
		charged -= batch->npages;
		if (!charged)
			return 0;
		mutex_unlock(&pages->lock);
	}

	mutex_unlock(&pages->lock);
	inx_batch_unpin(batch, index, batch->npages, false);
	inx_reader_drop(reader);
	mutex_lock(&pages->lock);
	inx_pages_uncharge(pages, charged);
	return rc;
}

static int inx_holder_pin_gap(struct inx_holder *holder, unsigned long last)
{
	unsigned long npages = last - inx_holder_next(holder) + 1;
	struct inx_reader reader;
	struct inx_batch batch;
	int rc;

	rc = inx_reader_init(&reader, holder->pages, npages);
	if (rc)
		return rc;
	inx_batch_init(&batch, npages);
	rc = inx_holder_pin(holder, &reader, &batch, last);
	inx_batch_destroy(&batch);
	inx_reader_destroy(&reader);
	return rc;
}

/*
 * Continue a batch with pages of a segment, from where it ends up to @last or
 * the end of the segment, as far as there is room.
 */
static int inx_seg_read(struct inx_pages *pages, const struct inx_seg *seg,
			struct inx_batch *batch, unsigned long last)
{
	unsigned long index = batch->start + batch->npages;
	unsigned long skip = index - seg->start;
	struct inx_area *from;
	unsigned int i;

	lockdep_assert_held(&pages->lock);
	last = min(last, inx_seg_last(seg));
	if (!seg->nr) {
		from = inx_seg_reader(pages, seg);
		if (WARN_ON_ONCE(!from))
			return -EFAULT;
		inx_read_domain(from, batch, last);
		return 0;
	}
	for (i = 0; i < seg->nr && index <= last; i++) {
		inx_run_t run = inx_seg_runs(seg)[i];
		unsigned long n;

		if (skip >= inx_run_len(run)) {
			skip -= inx_run_len(run);
			continue;
		}
		n = min(inx_run_len(run) - skip, last - index + 1);
		if (!inx_batch_add(batch, inx_run_pfn(run) + skip, n))
			break;
		index += n;
		skip = 0;
	}
	return 0;
}

/* Give runs to a segment that has none; cut behind what fits in a batch. */
static int inx_seg_add_runs(struct inx_pages *pages, struct inx_seg *seg)
{
	struct inx_batch batch;
	int rc;

	inx_batch_init(&batch, seg->npages);
	inx_batch_reset(&batch, seg->start);
	rc = inx_seg_read(pages, seg, &batch, inx_seg_last(seg));
	if (!rc)
		rc = inx_seg_clip(pages, &seg, seg->start,
				  seg->start + batch.npages - 1);
	if (!rc)
		rc = inx_seg_keep(seg, batch.runs, batch.nr);
	if (!rc)
		seg->for_cpu = true;
	inx_batch_destroy(&batch);
	return rc;
}

/* Hold a segment that somebody else holds already. */
static int inx_holder_share(struct inx_holder *holder, struct inx_seg *seg,
			    unsigned long last)
{
	struct inx_pages *pages = holder->pages;
	int rc;

	rc = inx_seg_clip(pages, &seg, inx_holder_next(holder), last);
	if (!rc && holder->area)
		rc = inx_area_map_seg(holder->area, seg, NULL);
	else if (!rc && !seg->nr)
		rc = inx_seg_add_runs(pages, seg);
	if (rc)
		return rc;
	if (holder->area)
		seg->holds++;
	else
		seg->pins++;
	inx_holder_advance(holder, seg->npages);
	return 0;
}

/**
 * inx_hold_take() - take hold of pages
 * @holder: who; how far it has come is always told
 * @last: index of the last page
 *
 * Context: user space may be waited for. The page tables of an area must not
 * change.
 * Return: 0; -ENOMEM, -EFAULT, and what GUP and iommu_map() return. After an
 * error some of the pages may be held.
 */
int inx_hold_take(struct inx_holder *holder, unsigned long last)
{
	struct inx_pages *pages = holder->pages;
	int rc = 0;

	mutex_lock(&pages->lock);
	while (!rc && inx_holder_next(holder) <= last) {
		unsigned long index = inx_holder_next(holder);
		struct inx_seg *seg = inx_seg_find(pages, index);

		if (seg && seg->start <= index)
			rc = inx_holder_share(holder, seg, last);
		else if (seg && seg->start <= last)
			rc = inx_holder_pin_gap(holder, seg->start - 1);
		else
			rc = inx_holder_pin_gap(holder, last);
	}
	mutex_unlock(&pages->lock);
	return rc;
}

/* The struct pages of what the CPU holds. */
static void inx_hold_list(struct inx_pages *pages, unsigned long first,
			  unsigned long npages, struct page **list)
{
	unsigned long last = first + npages - 1;
	struct inx_seg *seg;

	mutex_lock(&pages->lock);
	for (seg = inx_seg_find(pages, first); seg && seg->start <= last;
	     seg = inx_seg_next(seg)) {
		unsigned int i;

		for (i = 0; i < seg->nr; i++) {
			inx_run_t run = inx_seg_runs(seg)[i];
			unsigned long pfn = inx_run_pfn(run);
			unsigned long end = pfn + inx_run_len(run);

			while (pfn < end)
				*list++ = pfn_to_page(pfn++);
		}
	}
	mutex_unlock(&pages->lock);
}

/**
 * inx_hold_cpu() - take hold of pages for the CPU
 * @pages: which pages
 * @first: index of the first page
 * @npages: how many, not 0
 * @list: gets them
 *
 * Context: user space may be waited for.
 * Return: 0; -EINVAL for memory of a device, which has no pages; or as
 * inx_hold_take(), and nothing is held.
 */
int inx_hold_cpu(struct inx_pages *pages, unsigned long first,
		 unsigned long npages, struct page **list)
{
	struct inx_holder holder = { .pages = pages, .first = first };
	LIST_HEAD(dying);
	int rc;

	if (pages->source.mmio)
		return -EINVAL;
	rc = inx_hold_take(&holder, first + npages - 1);
	if (!rc) {
		inx_hold_list(pages, first, npages, list);
		return 0;
	}
	inx_hold_drop_cpu(pages, first, holder.held, &dying);
	inx_segs_bury(pages, &dying);
	return rc;
}

/**
 * inx_hold_drop_cpu() - undo inx_hold_cpu(), but for unpinning
 * @pages: which pages
 * @first: index of the first page
 * @npages: how many; exactly what was held at once, may be 0
 * @dying: gets what nobody holds any more, for inx_segs_bury()
 */
void inx_hold_drop_cpu(struct inx_pages *pages, unsigned long first,
		       unsigned long npages, struct list_head *dying)
{
	mutex_lock(&pages->lock);
	inx_segs_drop(pages, first, npages, true, dying);
	mutex_unlock(&pages->lock);
}

static void inx_page_copy(struct page *page, unsigned long offset, void *data,
			  unsigned long length, bool write)
{
	if (write)
		memcpy_to_page(page, offset, data, length);
	else
		memcpy_from_page(data, page, offset, length);
}

/* Copy from or to the pages of a batch, at most *@left bytes. */
static void inx_batch_copy(const struct inx_batch *batch, unsigned long *offset,
			   void **data, unsigned long *left, bool write)
{
	unsigned int i;

	for (i = 0; i < batch->nr; i++) {
		unsigned long pfn = inx_run_pfn(batch->runs[i]);
		unsigned long end = pfn + inx_run_len(batch->runs[i]);

		for (; pfn < end && *left; pfn++) {
			unsigned long n = min(*left, PAGE_SIZE - *offset);

			inx_page_copy(pfn_to_page(pfn), *offset, *data, n,
				      write);
			*offset = 0;
			*data += n;
			*left -= n;
			cond_resched();
		}
	}
}

/* Pin pages that nobody holds for as long as they are copied. */
static int inx_hold_rw_gap(struct inx_pages *pages, struct inx_batch *batch,
			   unsigned long last, unsigned long *offset,
			   void **data, unsigned long *left, bool write)
{
	struct inx_reader reader;
	int rc;

	rc = inx_reader_init(&reader, pages, 1);
	if (rc)
		return rc;
	rc = inx_reader_pin(&reader, batch, last);
	if (!rc)
		inx_batch_copy(batch, offset, data, left, write);
	inx_batch_unpin(batch, batch->start, batch->npages, write && !rc);
	inx_reader_destroy(&reader);
	return rc;
}

/**
 * inx_hold_rw() - copy from or to pages
 * @pages: which pages
 * @start_byte: where in them
 * @data: the other side
 * @length: bytes, not 0
 * @write: to the pages, which must be writable
 *
 * What is pinned is what devices reach, so the CPU reaches the same. The rest is
 * pinned for a moment, which is not charged.
 *
 * Context: user space may be waited for.
 * Return: 0; -EINVAL for memory of a device; or what GUP returns; then some of
 * it may have been copied.
 */
int inx_hold_rw(struct inx_pages *pages, unsigned long start_byte, void *data,
		unsigned long length, bool write)
{
	unsigned long last = (start_byte + length - 1) >> PAGE_SHIFT;
	unsigned long index = start_byte >> PAGE_SHIFT;
	unsigned long offset = offset_in_page(start_byte);
	struct inx_batch batch;
	int rc = 0;

	if (pages->source.mmio)
		return -EINVAL;
	inx_batch_init(&batch, 1);
	while (!rc && index <= last) {
		struct inx_seg *seg;

		inx_batch_reset(&batch, index);
		mutex_lock(&pages->lock);
		seg = inx_seg_find(pages, index);
		if (seg && seg->start <= index) {
			rc = inx_seg_read(pages, seg, &batch, last);
			if (!rc)
				inx_batch_copy(&batch, &offset, &data, &length,
					       write);
			mutex_unlock(&pages->lock);
		} else {
			unsigned long end = min(last, index + INX_RW_PAGES - 1);

			if (seg)
				end = min(end, seg->start - 1);
			mutex_unlock(&pages->lock);
			rc = inx_hold_rw_gap(pages, &batch, end, &offset, &data,
					     &length, write);
		}
		index += batch.npages;
	}
	inx_batch_destroy(&batch);
	return rc;
}
