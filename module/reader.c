// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading PFNs.
 *
 * From the source: pages are pinned for the long term, which moves them out of
 * memory that must stay movable and copies what fork() would otherwise share.
 * That may fault pages in, and a fault may wait for user space (userfaultfd,
 * FUSE): no lock that a destroy path needs may be held.
 *
 * From a page table: page by page, as there is no way to ask an IOMMU driver
 * for the size of an entry. This is the slow way and only taken for memory
 * whose runs are short.
 */
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "area.h"
#include "batch.h"
#include "pages.h"
#include "reader.h"

/**
 * inx_reader_init() - prepare to pin
 * @reader: the reader
 * @pages: what to pin
 * @npages: about how many
 *
 * Return: 0, or -EFAULT when the process whose memory it is has exited.
 */
int inx_reader_init(struct inx_reader *reader, struct inx_pages *pages,
		    unsigned long npages)
{
	unsigned int want = inx_batch_limit(npages, sizeof(struct page *));

	reader->pages = pages;
	reader->nr = 0;
	reader->pos = 0;
	reader->remote = pages->owner->mm != current->mm;
	if (reader->remote && !mmget_not_zero(pages->owner->mm))
		return -EFAULT;

	reader->list = NULL;
	if (want > INX_READER_INLINE)
		reader->list = kmalloc_array(want, sizeof(struct page *),
					     GFP_KERNEL | __GFP_NOWARN |
						     __GFP_NORETRY);
	reader->cap = want;
	if (!reader->list) {
		reader->list = reader->room;
		reader->cap = INX_READER_INLINE;
	}
	return 0;
}

/**
 * inx_reader_drop() - unpin what was pinned and not taken by a batch
 * @reader: the reader
 */
void inx_reader_drop(struct inx_reader *reader)
{
	unpin_user_pages(reader->list + reader->pos, reader->nr - reader->pos);
	reader->pos = reader->nr;
}

/**
 * inx_reader_destroy() - end of pinning
 * @reader: the reader
 */
void inx_reader_destroy(struct inx_reader *reader)
{
	inx_reader_drop(reader);
	if (reader->list != reader->room)
		kfree(reader->list);
	if (reader->remote)
		mmput_async(reader->pages->owner->mm);
}

static long inx_reader_gup(struct inx_reader *reader, unsigned long index,
			   unsigned long npages)
{
	struct inx_pages *pages = reader->pages;
	unsigned int flags = FOLL_LONGTERM |
			     (pages->writable ? FOLL_WRITE : 0);
	unsigned long addr = pages->uptr + index * PAGE_SIZE;
	struct mm_struct *mm = pages->owner->mm;
	int locked = 1;
	long rc;

	if (!reader->remote)
		return pin_user_pages_fast(addr, npages, flags, reader->list);

	mmap_read_lock(mm);
	rc = pin_user_pages_remote(mm, addr, npages, flags, reader->list,
				   &locked);
	if (locked)
		mmap_read_unlock(mm);
	return rc;
}

/**
 * inx_reader_pin() - pin the pages that come next
 * @reader: the reader; one that has pages left continues after them
 * @batch: empty, with the index to start from
 * @last: index of the last page to pin
 *
 * Stops at @last or when the batch is full.
 *
 * Return: 0 with at least one page in @batch; -EFAULT, -ENOMEM, -EINTR and
 * what else GUP returns. After an error @batch has the pages that could be
 * pinned, all of them the caller's.
 */
int inx_reader_pin(struct inx_reader *reader, struct inx_batch *batch,
		   unsigned long last)
{
	unsigned long want = last - batch->start + 1;

	while (batch->npages < want) {
		if (reader->pos == reader->nr) {
			unsigned long left = want - batch->npages;
			long rc = inx_reader_gup(reader,
						 batch->start + batch->npages,
						 min_t(unsigned long, left,
						       reader->cap));

			if (rc <= 0)
				return rc ?: -EFAULT;
			reader->nr = rc;
			reader->pos = 0;
		}
		reader->pos += inx_batch_add_pages(batch,
						   reader->list + reader->pos,
						   reader->nr - reader->pos);
		if (reader->pos < reader->nr)
			break;
		cond_resched();
	}
	return 0;
}

/**
 * inx_read_domain() - read PFNs out of an area's page table
 * @area: the area, whose page table must stay and has the pages mapped
 * @batch: to be continued
 * @last: index of the last page
 *
 * Return: whether the batch is full: then the page after it is known not to be
 * contiguous.
 */
bool inx_read_domain(struct inx_area *area, struct inx_batch *batch,
		     unsigned long last)
{
	unsigned long index;

	for (index = batch->start + batch->npages; index <= last; index++) {
		phys_addr_t phys = iommu_iova_to_phys(area->storage,
						      inx_area_iova(area,
								    index));

		if (!inx_batch_add(batch, PHYS_PFN(phys), 1))
			return true;
	}
	return false;
}
