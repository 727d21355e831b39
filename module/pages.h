/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page store: which pages of a piece of memory are pinned, for how many
 * holders, and where their PFNs are. pages.c owns everything declared here.
 */
#ifndef INX_PAGES_H
#define INX_PAGES_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include "account.h"
#include "batch.h"
#include "source.h"

struct inx_area;

/**
 * struct inx_seg - a stretch of pages that are pinned
 * @node: in &struct inx_pages.segs while somebody holds it
 * @item: in a list of segments that nobody holds any more
 * @start: index of the first page
 * @npages: how many
 * @holds: areas that have them in page tables, each of which holds exactly what
 *	it has mapped
 * @pins: pins for the CPU, each of which holds exactly what was asked for
 * @nr: runs that are kept; 0 when only page tables know the PFNs, which needs
 *	one that does and nobody in @pins
 * @for_cpu: the runs are kept for @pins alone, and go with the last of them if
 *	a page table has the PFNs
 * @joined: the first page may lie in one IO page with the page before it,
 *	because a longer segment was cut here
 * @one: the run, when @nr is 1
 * @runs: the runs, when @nr is more
 * @left: while the segment dies with @nr 0: index not above @start where no IO
 *	page of the area's page tables can reach across
 */
struct inx_seg {
	union {
		struct rb_node node;
		struct list_head item;
	};
	unsigned long start;
	unsigned long npages;
	unsigned int holds;
	unsigned int pins;
	unsigned int nr : 30;
	unsigned int for_cpu : 1;
	unsigned int joined : 1;
	union {
		inx_run_t one;
		inx_run_t *runs;
		unsigned long left;
	};
};

/**
 * struct inx_pages - memory that is mapped somewhere, page by page indexed
 * @refs: one per area
 * @mode: of enum inx_account_mode
 * @account: of the context; constant
 * @seg_used: the segment that was allocated with this struct has been taken
 * @lock: of everything below that is not constant
 * @segs: what is pinned, as disjoint segments ordered by index. The ends of
 *	what a holder holds are always ends of segments.
 * @filled: areas with a page table, by &struct inx_area.filled_item. What a
 *	segment without runs covers is mapped by at least one of them whenever
 *	@lock is not held.
 * @npinned: pages in @segs
 * @ncharged: pages that @owner is charged with: these, those that are about to
 *	be pinned, and those that are about to be uncharged
 * @owner: the process that is charged. Constant if it is its memory.
 * @npages: size of the index space
 * @source: the memory; what is writable is made dirty when it is unpinned
 *
 * A page is pinned and charged exactly while a segment covers it. Pins are
 * taken without @lock: the pinning thread looks again when it has the lock.
 */
struct inx_pages {
	refcount_t refs;
	u8 mode;
	bool seg_used;
	struct inx_account *account;
	struct mutex lock; /* never held over a pin */
	struct rb_root segs;
	struct list_head filled;
	unsigned long npinned;
	unsigned long ncharged;
	struct inx_owner *owner;
	unsigned long npages;
	struct inx_source source;
};

void inx_pages_get(struct inx_pages *pages);
void inx_pages_put(struct inx_pages *pages);
struct inx_area *inx_pages_alloc(struct inx_account *account,
				 const struct inx_source *source,
				 unsigned long offset, unsigned long length);
bool inx_pages_is_own_area(const struct inx_area *area);
int inx_pages_charge(struct inx_pages *pages, unsigned long npages);
void inx_pages_uncharge(struct inx_pages *pages, unsigned long npages);
int inx_pages_move(struct inx_pages *pages, struct inx_owner *to,
		   unsigned long *npages);
void inx_pages_move_back(struct inx_pages *pages, struct inx_owner *old,
			 unsigned long npages);

struct inx_seg *inx_seg_find(struct inx_pages *pages, unsigned long index);
struct inx_seg *inx_seg_next(struct inx_seg *seg);
const inx_run_t *inx_seg_runs(const struct inx_seg *seg);
int inx_seg_clip(struct inx_pages *pages, struct inx_seg **seg,
		 unsigned long first, unsigned long last);
int inx_seg_keep(struct inx_seg *seg, const inx_run_t *runs, unsigned int nr);
int inx_seg_add(struct inx_pages *pages, const struct inx_batch *batch,
		unsigned long first, bool cpu);
void inx_segs_drop(struct inx_pages *pages, unsigned long first,
		   unsigned long npages, bool cpu, struct list_head *dying);
void inx_segs_bury(struct inx_pages *pages, struct list_head *dying);

static inline unsigned long inx_seg_last(const struct inx_seg *seg)
{
	return seg->start + seg->npages - 1;
}

int inx_pages_init(void);
void inx_pages_exit(void);

#endif
