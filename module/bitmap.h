/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bitmap in user memory that stands for IOVAs. bitmap.c owns everything
 * declared here.
 */
#ifndef INX_BITMAP_H
#define INX_BITMAP_H

#include <linux/types.h>

#include "range.h"

struct page;

/**
 * struct inx_bitmap - a bitmap in user memory, one page of it at hand
 * @range: the IOVAs
 * @shift: log2 of the bytes that a bit stands for
 * @data: user address of the bitmap, of any alignment; bit 0 of the byte there
 *	stands for the first byte of @range
 * @page: pinned, or NULL
 * @addr: user address of @page
 */
struct inx_bitmap {
	struct inx_iova_range range;
	unsigned int shift;
	u64 data;
	struct page *page;
	u64 addr;
};

unsigned long inx_bitmap_window(const struct inx_bitmap *bitmap,
				unsigned long iova);
int inx_bitmap_open(struct inx_bitmap *bitmap, unsigned long iova);
void inx_bitmap_set(struct inx_bitmap *bitmap, struct inx_iova_range range);
void inx_bitmap_close(struct inx_bitmap *bitmap);

#endif
