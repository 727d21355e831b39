/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dirty tracking: which pages devices have written. dirty.c owns everything
 * declared here.
 */
#ifndef INX_DIRTY_H
#define INX_DIRTY_H

#include <linux/mutex.h>
#include <linux/rbtree.h>

#include "range.h"

struct inx_call;

/**
 * struct inx_dirty - what a page table with dirty tracking needs
 * @lock: of @rest; one search of the page table at a time
 * @rest: struct inx_dirty_rest: IOVAs that are dirty although the page table
 *	says no more so; disjoint, each part of one IO page
 */
struct inx_dirty {
	struct mutex lock; /* of rest */
	struct rb_root_cached rest;
};

void inx_dirty_init(struct inx_dirty *dirty);
void inx_dirty_destroy(struct inx_dirty *dirty);
void inx_dirty_forget(struct inx_dirty *dirty, struct inx_iova_range range);

int inx_dirty_set(struct inx_call *call);
int inx_dirty_read(struct inx_call *call);

#endif
