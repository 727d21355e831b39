// SPDX-License-Identifier: GPL-2.0-only
/*
 * Carrying runs of pages.
 *
 * A batch never fails to exist: it asks for as much memory as pays and works
 * with the room inside it when there is none, so that paths which must not
 * fail can use it.
 */
#include <linux/iommu_next.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "batch.h"

/* 64 KiB, 8192 runs: 32 MiB of scattered 4 KiB pages for each round. */
static unsigned int work_bytes = SZ_64K;
module_param(work_bytes, uint, 0644);
MODULE_PARM_DESC(work_bytes,
		 "Most bytes for a list of pages while mapping or unmapping; less memory means more rounds");

/**
 * iommu_next_set_work_bytes() - set the module's parameter work_bytes
 * @bytes: the most that a map or unmap allocates for a list of pages while it
 *	works, at least 8
 *
 * For calls to come. What is in the stack anyway is used besides.
 *
 * Return: 0 or -EINVAL.
 */
int iommu_next_set_work_bytes(unsigned int bytes)
{
	if (bytes < sizeof(inx_run_t))
		return -EINVAL;
	WRITE_ONCE(work_bytes, bytes);
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_next_set_work_bytes);

/**
 * inx_batch_limit() - how many entries a list of pages may have
 * @npages: entries that would do
 * @size: bytes of an entry
 *
 * Return: the number, at least 1.
 */
unsigned int inx_batch_limit(unsigned long npages, size_t size)
{
	return min(npages, max(READ_ONCE(work_bytes) / size, 1UL));
}

/**
 * inx_batch_init() - make an empty batch
 * @batch: the batch
 * @npages: pages that will pass through it in all, to choose its size
 */
void inx_batch_init(struct inx_batch *batch, unsigned long npages)
{
	unsigned int want = inx_batch_limit(npages, sizeof(inx_run_t));

	batch->runs = NULL;
	if (want > INX_BATCH_INLINE)
		batch->runs = kmalloc_array(want, sizeof(inx_run_t),
					    GFP_KERNEL | __GFP_NOWARN |
						    __GFP_NORETRY);
	batch->cap = want;
	if (!batch->runs) {
		batch->runs = batch->room;
		batch->cap = INX_BATCH_INLINE;
	}
	inx_batch_reset(batch, 0);
}

/**
 * inx_batch_destroy() - give the memory of a batch back
 * @batch: the batch; what it carries is the caller's affair
 */
void inx_batch_destroy(struct inx_batch *batch)
{
	if (batch->runs != batch->room)
		kfree(batch->runs);
}

/**
 * inx_batch_reset() - empty a batch
 * @batch: the batch
 * @start: index of the page that is added next
 */
void inx_batch_reset(struct inx_batch *batch, unsigned long start)
{
	batch->start = start;
	batch->npages = 0;
	batch->nr = 0;
}

/**
 * inx_batch_add() - append contiguous pages
 * @batch: the batch
 * @pfn: the first
 * @npages: how many, at most INX_RUN_MAX
 *
 * Return: false, and nothing added, when the batch is full.
 */
bool inx_batch_add(struct inx_batch *batch, unsigned long pfn,
		   unsigned long npages)
{
	if (batch->nr) {
		inx_run_t *last = &batch->runs[batch->nr - 1];
		unsigned long len = inx_run_len(*last);

		if (inx_run_pfn(*last) + len == pfn &&
		    npages <= INX_RUN_MAX - len) {
			*last += npages;
			batch->npages += npages;
			return true;
		}
	}
	if (batch->nr == batch->cap)
		return false;
	batch->runs[batch->nr++] = inx_run(pfn, npages);
	batch->npages += npages;
	return true;
}

/**
 * inx_batch_add_pages() - append pages as they come out of GUP
 * @batch: the batch
 * @pages: their struct pages
 * @npages: how many
 *
 * Return: how many were added before the batch was full.
 */
unsigned long inx_batch_add_pages(struct inx_batch *batch, struct page **pages,
				  unsigned long npages)
{
	unsigned long done = 0;

	while (done < npages) {
		unsigned long pfn = page_to_pfn(pages[done]);
		unsigned long n = 1;

		/*
		 * A folio may be mapped in slices and its ends alone prove
		 * nothing, so each page is looked at; by PFN, as struct pages
		 * of neighbours need not be neighbours without VMEMMAP.
		 */
		while (done + n < npages &&
		       page_to_pfn(pages[done + n]) == pfn + n)
			n++;
		if (!inx_batch_add(batch, pfn, n))
			break;
		done += n;
	}
	return done;
}

/**
 * inx_run_unpin() - unpin all pages of a run
 * @run: the run
 * @dirty: a device may have written to them
 */
void inx_run_unpin(inx_run_t run, bool dirty)
{
	unpin_user_page_range_dirty_lock(pfn_to_page(inx_run_pfn(run)),
					 inx_run_len(run), dirty);
}

/**
 * inx_batch_unpin() - unpin some pages of a batch
 * @batch: the batch
 * @first: index of the first page, not before the start of the batch
 * @npages: how many, all in the batch
 * @dirty: a device may have written to them
 */
void inx_batch_unpin(struct inx_batch *batch, unsigned long first,
		     unsigned long npages, bool dirty)
{
	unsigned long skip = first - batch->start;
	unsigned int i;

	for (i = 0; npages && i < batch->nr; i++) {
		unsigned long len = inx_run_len(batch->runs[i]);
		unsigned long n;

		if (skip >= len) {
			skip -= len;
			continue;
		}
		n = min(len - skip, npages);
		inx_run_unpin(inx_run(inx_run_pfn(batch->runs[i]) + skip, n),
			      dirty);
		npages -= n;
		skip = 0;
	}
}
