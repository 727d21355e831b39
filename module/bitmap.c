// SPDX-License-Identifier: GPL-2.0-only
/*
 * Setting bits in a bitmap of user space, which may be large and lie anywhere.
 *
 * One page of it is pinned at a time, before any lock is taken. The IOVAs that
 * its bits stand for are the window. Setting a bit of the window cannot fail:
 * so what is no longer in a page table is in the bitmap. Bits are set
 * atomically, as another thread may do so in the same word.
 */
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>

#include "bitmap.h"

#define INX_BITS_PER_PAGE (PAGE_SIZE * BITS_PER_BYTE)

static unsigned long inx_bitmap_bit(const struct inx_bitmap *bitmap,
				    unsigned long iova)
{
	return (iova - bitmap->range.start) >> bitmap->shift;
}

/**
 * inx_bitmap_window() - find out how far a page of the bitmap goes
 * @bitmap: the bitmap
 * @iova: of its range
 *
 * Return: the last IOVA whose bit is in the same page as the bit of @iova.
 */
unsigned long inx_bitmap_window(const struct inx_bitmap *bitmap,
				unsigned long iova)
{
	unsigned long bit = inx_bitmap_bit(bitmap, iova);
	unsigned long first = bitmap->range.start + (bit << bitmap->shift);
	/* Bits of the page from its start to this one, without it. */
	unsigned long before = offset_in_page(bitmap->data + bit / 8) * 8 +
			       bit % 8;
	unsigned long more = INX_BITS_PER_PAGE - before - 1;

	if (more >= (bitmap->range.last - first) >> bitmap->shift)
		return bitmap->range.last;
	return first + ((more + 1) << bitmap->shift) - 1;
}

/**
 * inx_bitmap_open() - get hold of a page of the bitmap
 * @bitmap: the bitmap
 * @iova: whose bit it has; then those of the whole window can be set
 *
 * Context: faults user memory in.
 * Return: 0, -EFAULT, or -EINTR when the caller is being killed.
 */
int inx_bitmap_open(struct inx_bitmap *bitmap, unsigned long iova)
{
	u64 addr;

	if (check_add_overflow(bitmap->data,
			       (u64)inx_bitmap_bit(bitmap, iova) / 8, &addr))
		return -EFAULT;
	addr &= PAGE_MASK;
	if (bitmap->page && bitmap->addr == addr)
		return 0;
	inx_bitmap_close(bitmap);
	if (pin_user_pages_fast(addr, 1, FOLL_WRITE, &bitmap->page) != 1) {
		bitmap->page = NULL;
		return fatal_signal_pending(current) ? -EINTR : -EFAULT;
	}
	bitmap->addr = addr;
	return 0;
}

static void inx_bits_set(unsigned long *words, unsigned int first,
			 unsigned int last)
{
	while (first <= last) {
		if (first % BITS_PER_LONG || last - first < BITS_PER_LONG - 1) {
			set_bit(first, words);
			first++;
		} else {
			WRITE_ONCE(words[BIT_WORD(first)], ~0UL);
			first += BITS_PER_LONG;
		}
	}
}

/**
 * inx_bitmap_set() - set the bits of a range
 * @bitmap: the bitmap
 * @range: in the window of the page that is open
 */
void inx_bitmap_set(struct inx_bitmap *bitmap, struct inx_iova_range range)
{
	unsigned long shift = (bitmap->data - bitmap->addr) * 8;
	unsigned long first = inx_bitmap_bit(bitmap, range.start) + shift;
	unsigned long last = inx_bitmap_bit(bitmap, range.last) + shift;
	unsigned long *words;

	if (WARN_ON_ONCE(first > last || last >= INX_BITS_PER_PAGE))
		return;
	words = kmap_local_page(bitmap->page);
	inx_bits_set(words, first, last);
	kunmap_local(words);
}

/**
 * inx_bitmap_close() - let go of the page
 * @bitmap: the bitmap
 */
void inx_bitmap_close(struct inx_bitmap *bitmap)
{
	if (bitmap->page)
		unpin_user_pages_dirty_lock(&bitmap->page, 1, true);
	bitmap->page = NULL;
}
