// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading PFNs.
 *
 * From the source (see source.c): pages are pinned for the long term, which moves them out of
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
#include <linux/sched.h>
#include <linux/slab.h>

#include "area.h"
#include "batch.h"
#include "pages.h"
#include "reader.h"
#include "source.h"

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
	int rc;

	reader->pages = pages;
	reader->nr = 0;
	reader->pos = 0;
	rc = pages->source.ops->open(reader);
	if (rc)
		return rc;

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
	reader->pages->source.ops->drop(reader);
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
	reader->pages->source.ops->close(reader);
}

/**
 * inx_reader_pin() - pin the pages that come next
 * @reader: the reader; one that has pages left continues after them
 * @batch: empty, with the index to start from
 * @last: index of the last page to pin
 *
 * Stops at @last or when the batch is full.
 *
 * Return: 0 with at least one page in @batch; what the source says: -EFAULT,
 * -ENOMEM, -EINTR, -EINVAL beyond the end of a file, and what else GUP returns.
 * After an error @batch has the pages that could be pinned, all of them the
 * caller's.
 */
int inx_reader_pin(struct inx_reader *reader, struct inx_batch *batch,
		   unsigned long last)
{
	const struct inx_source_ops *ops = reader->pages->source.ops;
	unsigned long want = last - batch->start + 1;
	int rc;

	while (batch->npages < want) {
		unsigned long left = want - batch->npages;

		if (reader->pos == reader->nr) {
			reader->pos = 0;
			reader->nr = 0;
			rc = ops->fetch(reader, batch->start + batch->npages,
					left);
			if (rc)
				return rc;
		}
		rc = ops->take(reader, batch, left);
		if (rc)
			return rc;
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
