/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Intervals of IOVA: what is mapped, what cannot be, what must stay possible.
 * space.c owns everything declared here.
 */
#ifndef INX_SPACE_H
#define INX_SPACE_H

#include <linux/interval_tree.h>
#include <linux/types.h>

#include "area.h"
#include "range.h"

/**
 * struct inx_allowed_list - IOVAs that must stay possible
 * @tree: the ranges, disjoint
 */
struct inx_allowed_list {
	struct rb_root_cached tree;
};

/**
 * struct inx_space - the intervals of an IOVA space
 * @areas: struct inx_area, disjoint; none meets @reserved
 * @reserved: what devices and page tables cannot do, with overlaps; nothing of
 *	it meets @allowed
 * @allowed: what must stay possible
 * @alignment: of starts and ends of areas, a power of two up to PAGE_SIZE
 * @nr_areas: how many areas there are; may be read without the lock
 * @bytes: how many bytes they have; likewise
 *
 * Has no lock of its own: &struct inx_iopt.iova_rwsem is held in all calls, for
 * writing where something changes.
 */
struct inx_space {
	struct rb_root_cached areas;
	struct rb_root_cached reserved;
	struct inx_allowed_list allowed;
	unsigned long alignment;
	unsigned long nr_areas;
	unsigned long bytes;
};

void inx_space_init(struct inx_space *space);
void inx_space_destroy(struct inx_space *space);

struct inx_area *inx_space_first(struct inx_space *space, unsigned long start,
				 unsigned long last);
struct inx_area *inx_space_next(struct inx_area *area, unsigned long last);
void inx_space_insert(struct inx_space *space, struct inx_area *area,
		      unsigned long iova);
void inx_space_erase(struct inx_space *space, struct inx_area *area);
bool inx_space_fits(struct inx_space *space, unsigned long alignment);

int inx_space_place(struct inx_space *space, unsigned long addr,
		    unsigned long length, unsigned long *iova, bool fixed);
unsigned int inx_space_free(struct inx_space *space,
			    struct inx_iova_range *ranges, unsigned int max);

int inx_space_reserve(struct inx_space *space, const void *owner,
		      struct inx_iova_range range);
void inx_space_unreserve(struct inx_space *space, const void *owner);

void inx_allowed_init(struct inx_allowed_list *list);
int inx_allowed_add(struct inx_allowed_list *list, struct inx_iova_range range);
void inx_allowed_destroy(struct inx_allowed_list *list);
int inx_space_allow(struct inx_space *space, struct inx_allowed_list *list);

#endif
