/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Taking hold of pages, for page tables or for the CPU. hold.c owns everything
 * declared here.
 */
#ifndef INX_HOLD_H
#define INX_HOLD_H

#include <linux/types.h>

struct inx_area;
struct inx_pages;
struct list_head;
struct page;

/**
 * struct inx_holder - who is about to hold pages, and how many already
 * @pages: which pages
 * @area: the area whose page tables they go into, which counts what it has by
 *	itself; NULL when they are for the CPU
 * @first: index of the first page
 * @held: how many are held, from @first on
 */
struct inx_holder {
	struct inx_pages *pages;
	struct inx_area *area;
	unsigned long first;
	unsigned long held;
};

int inx_hold_take(struct inx_holder *holder, unsigned long last);

int inx_hold_cpu(struct inx_pages *pages, unsigned long first,
		 unsigned long npages, struct page **list);
void inx_hold_drop_cpu(struct inx_pages *pages, unsigned long first,
		       unsigned long npages, struct list_head *dying);
int inx_hold_rw(struct inx_pages *pages, unsigned long start_byte, void *data,
		unsigned long length, bool write);

#endif
