// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where PFNs live.
 *
 * struct inx_pages stands for memory that user space has mapped at least once,
 * whatever kind of memory it is (source.c). Areas of any number of IO address
 * spaces share it. Its pages have indexes from 0; 'last' is inclusive, 'end' is
 * not.
 *
 * What is pinned is described by segments. When a stretch is pinned for the
 * first time it becomes a segment, and its PFNs are kept there as runs if the
 * runs are long: a GiB of huge pages is a handful of words, and unmapping,
 * copying and unpinning it cost by the run. If the runs are short the PFNs are
 * in the page table anyway, eight bytes a page, and are not kept twice: the
 * segment has no runs and whoever needs the PFNs reads them out of a page
 * table that has the segment mapped.
 *
 * Drivers pin pages for the CPU, too, with page tables or without; what they
 * have pinned always has runs.
 *
 * A segment counts its holders. Somebody who needs only a part of it cuts it
 * first (that may fail for want of memory); to let go never cuts, so letting
 * go never fails. Cuts that were made for the CPU are undone afterwards. A
 * segment that nobody holds is taken out of the tree at once, which makes it
 * private to the one who let go: he unmaps it, and then buries it, which unpins
 * the pages.
 */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "area.h"
#include "mmio.h"
#include "pages.h"

/*
 * Runs are worth keeping from this many pages a run on: then they cost at most
 * one byte a page, an eighth of the page table.
 */
#define INX_SEG_MIN_RUN 8

/* Segments are joined up to this many runs. */
#define INX_SEG_JOIN_MAX 64

/*
 * A mapping needs one of each, and mostly never more: so they are allocated
 * together, and freed when the pages have no area any more.
 */
struct inx_mapping {
	struct inx_pages pages;
	struct inx_area area;
	struct inx_seg seg;
};

static struct kmem_cache *inx_mapping_cache;
static struct kmem_cache *inx_seg_cache;

static struct inx_mapping *inx_mapping_of(struct inx_pages *pages)
{
	return container_of(pages, struct inx_mapping, pages);
}

/**
 * inx_pages_alloc() - describe memory that is to be mapped
 * @account: how to charge the calling process for it
 * @source: the memory; its reference goes to the pages on success
 * @offset: of the first byte in the first page
 * @length: bytes, not 0; together with @offset up to ULONG_MAX - PAGE_SIZE
 *
 * Nothing is pinned or charged yet.
 *
 * Return: the area that was allocated with the pages and has the reference to
 * them, not inserted anywhere; or ERR_PTR(-ENOMEM).
 */
struct inx_area *inx_pages_alloc(struct inx_account *account,
				 const struct inx_source *source,
				 unsigned long offset, unsigned long length)
{
	struct inx_mapping *map;

	map = kmem_cache_zalloc(inx_mapping_cache, GFP_KERNEL_ACCOUNT);
	if (!map)
		return ERR_PTR(-ENOMEM);
	map->pages.owner = inx_owner_current(account);
	if (!map->pages.owner) {
		kmem_cache_free(inx_mapping_cache, map);
		return ERR_PTR(-ENOMEM);
	}
	refcount_set(&map->pages.refs, 1);
	map->pages.account = account;
	mutex_init(&map->pages.lock);
	map->pages.segs = RB_ROOT;
	INIT_LIST_HEAD(&map->pages.filled);
	map->pages.mode = capable(CAP_IPC_LOCK) ? INX_ACCOUNT_NONE :
						  READ_ONCE(account->mode);
	map->pages.source = *source;
	map->pages.npages = DIV_ROUND_UP(length + offset, PAGE_SIZE);
	inx_area_init(&map->area, &map->pages, offset, length);
	if (source->mmio)
		inx_mmio_use(source->mmio, &map->pages);
	return &map->area;
}

/**
 * inx_pages_get() - take a reference, for another area
 * @pages: the pages
 */
void inx_pages_get(struct inx_pages *pages)
{
	refcount_inc(&pages->refs);
}

/**
 * inx_pages_put() - drop a reference
 * @pages: the pages; nothing of them may be pinned when it is the last one
 */
void inx_pages_put(struct inx_pages *pages)
{
	if (!refcount_dec_and_test(&pages->refs))
		return;
	WARN_ON_ONCE(!RB_EMPTY_ROOT(&pages->segs) || pages->npinned ||
		     pages->ncharged);
	inx_source_destroy(&pages->source);
	inx_owner_put(pages->owner);
	mutex_destroy(&pages->lock);
	kmem_cache_free(inx_mapping_cache, inx_mapping_of(pages));
}

/**
 * inx_pages_is_own_area() - whether an area was allocated with its pages
 * @area: the area
 *
 * Return: that.
 */
bool inx_pages_is_own_area(const struct inx_area *area)
{
	return area == &inx_mapping_of(area->pages)->area;
}

/* Keep the context's count of what is pinned. */
static void inx_pages_count(struct inx_pages *pages, long npages)
{
	atomic_long_add(npages, &pages->account->npinned);
	if (pages->mode != INX_ACCOUNT_NONE)
		atomic_long_add(npages, &pages->account->ncharged);
}

/**
 * inx_pages_charge() - charge pages that are about to be pinned
 * @pages: locked
 * @npages: how many
 *
 * Return: as inx_account_charge().
 */
int inx_pages_charge(struct inx_pages *pages, unsigned long npages)
{
	int rc;

	lockdep_assert_held(&pages->lock);
	rc = inx_account_charge(pages->owner, pages->mode, npages);
	if (!rc) {
		pages->ncharged += npages;
		inx_pages_count(pages, npages);
	}
	return rc;
}

/**
 * inx_pages_uncharge() - undo inx_pages_charge()
 * @pages: locked
 * @npages: how many, unpinned; 0 is allowed
 */
void inx_pages_uncharge(struct inx_pages *pages, unsigned long npages)
{
	lockdep_assert_held(&pages->lock);
	inx_account_uncharge(pages->owner, pages->mode, npages);
	pages->ncharged -= npages;
	inx_pages_count(pages, -npages);
}

/**
 * inx_pages_move() - charge another process from now on
 * @pages: the pages, not of a process's memory
 * @to: the process; a reference is taken over on success
 * @npages: in the answer: pages that the old owner is still counted for, under
 *	the limit, until the caller calls inx_account_uncount(); 0 when both
 *	share a count
 *
 * The caller knows the old owner and gets the reference to it.
 *
 * Return: 0, or as inx_account_charge() and nothing has changed.
 */
int inx_pages_move(struct inx_pages *pages, struct inx_owner *to,
		   unsigned long *npages)
{
	bool shared = inx_account_shares_count(pages->owner, to, pages->mode);
	int rc;

	mutex_lock(&pages->lock);
	*npages = shared ? 0 : pages->ncharged;
	/* Nothing more to count, but the limit of @to may be another. */
	rc = pages->ncharged ? inx_account_count(to, pages->mode, *npages,
						 false) : 0;
	if (!rc) {
		inx_account_show_as(pages->owner, to, pages->ncharged);
		pages->owner = to;
	}
	mutex_unlock(&pages->lock);
	return rc;
}

/**
 * inx_pages_move_back() - undo inx_pages_move()
 * @pages: the pages
 * @old: the old owner
 * @npages: what inx_pages_move() has answered
 *
 * What has been charged meanwhile is charged to @old whatever its limit. The
 * caller gets the reference to the new owner back.
 */
void inx_pages_move_back(struct inx_pages *pages, struct inx_owner *old,
			 unsigned long npages)
{
	struct inx_owner *to = pages->owner;
	bool shared = inx_account_shares_count(old, to, pages->mode);

	mutex_lock(&pages->lock);
	if (!shared && pages->ncharged > npages)
		inx_account_count(old, pages->mode, pages->ncharged - npages,
				  true);
	inx_account_show_as(to, old, pages->ncharged);
	if (!shared) {
		inx_account_uncount(to, pages->mode, pages->ncharged);
		if (pages->ncharged < npages)
			inx_account_uncount(old, pages->mode,
					    npages - pages->ncharged);
	}
	pages->owner = old;
	mutex_unlock(&pages->lock);
}

static struct inx_seg *inx_seg_alloc(struct inx_pages *pages)
{
	if (!pages->seg_used) {
		pages->seg_used = true;
		return &inx_mapping_of(pages)->seg;
	}
	return kmem_cache_zalloc(inx_seg_cache, GFP_KERNEL_ACCOUNT);
}

/* Page tables alone know the PFNs from here on. */
static void inx_seg_forget(struct inx_seg *seg)
{
	if (seg->nr > 1)
		kvfree(seg->runs);
	seg->nr = 0;
	seg->for_cpu = false;
}

static void inx_seg_free(struct inx_pages *pages, struct inx_seg *seg)
{
	inx_seg_forget(seg);
	if (seg != &inx_mapping_of(pages)->seg)
		kmem_cache_free(inx_seg_cache, seg);
}

/**
 * inx_seg_runs() - the runs of a segment that keeps them
 * @seg: with nr > 0
 *
 * Return: the first of them.
 */
const inx_run_t *inx_seg_runs(const struct inx_seg *seg)
{
	return seg->nr == 1 ? &seg->one : seg->runs;
}

/**
 * inx_seg_find() - first segment that ends at an index or after it
 * @pages: locked
 * @index: the index
 *
 * Return: the segment, which need not cover @index; or NULL.
 */
struct inx_seg *inx_seg_find(struct inx_pages *pages, unsigned long index)
{
	struct rb_node *node = pages->segs.rb_node;
	struct inx_seg *found = NULL;

	lockdep_assert_held(&pages->lock);
	while (node) {
		struct inx_seg *seg = rb_entry(node, struct inx_seg, node);

		if (inx_seg_last(seg) < index) {
			node = node->rb_right;
		} else {
			found = seg;
			node = node->rb_left;
		}
	}
	return found;
}

/**
 * inx_seg_next() - the segment after one
 * @seg: in the tree of locked pages
 *
 * Return: the segment, or NULL.
 */
struct inx_seg *inx_seg_next(struct inx_seg *seg)
{
	return rb_entry_safe(rb_next(&seg->node), struct inx_seg, node);
}

static bool inx_seg_before(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct inx_seg, node)->start <
	       rb_entry(b, struct inx_seg, node)->start;
}

/* Give @seg the @nr runs at @runs, the first of them without its @skip pages. */
static int inx_seg_keep_from(struct inx_seg *seg, const inx_run_t *runs,
			     unsigned int nr, unsigned long skip)
{
	inx_run_t *to = &seg->one;

	if (nr > 1) {
		to = kvmalloc_array(nr, sizeof(*to), INX_GFP_LONG);
		if (!to)
			return -ENOMEM;
		seg->runs = to;
	}
	memcpy(to, runs, nr * sizeof(*to));
	to[0] = inx_run(inx_run_pfn(runs[0]) + skip,
			inx_run_len(runs[0]) - skip);
	seg->nr = nr;
	return 0;
}

/**
 * inx_seg_keep() - give runs to a segment
 * @seg: without runs
 * @runs: all that is in it
 * @nr: how many, not 0
 *
 * Return: 0 or -ENOMEM.
 */
int inx_seg_keep(struct inx_seg *seg, const inx_run_t *runs, unsigned int nr)
{
	return inx_seg_keep_from(seg, runs, nr, 0);
}

/* Whether the PFNs are worth keeping beside a page table. */
static bool inx_runs_are_long(unsigned long npages, unsigned int nr)
{
	return npages >= (unsigned long)nr * INX_SEG_MIN_RUN;
}

/* Cut a segment in two; @index becomes the first of the new one. */
static int inx_seg_split(struct inx_pages *pages, struct inx_seg *seg,
			 unsigned long index)
{
	unsigned long n = index - seg->start, skip = n;
	struct inx_seg *right = inx_seg_alloc(pages);
	inx_run_t *runs = seg->nr == 1 ? &seg->one : seg->runs;
	unsigned int i = 0;

	if (!right)
		return -ENOMEM;
	right->start = index;
	right->npages = seg->npages - n;
	right->holds = seg->holds;
	right->pins = seg->pins;
	right->for_cpu = seg->for_cpu;
	right->joined = true;
	if (seg->nr) {
		while (skip >= inx_run_len(runs[i]))
			skip -= inx_run_len(runs[i++]);
		if (inx_seg_keep_from(right, runs + i, seg->nr - i, skip)) {
			inx_seg_free(pages, right);
			return -ENOMEM;
		}
		if (skip)
			runs[i] = inx_run(inx_run_pfn(runs[i]), skip);
		else
			i--;
		if (seg->nr > 1 && i == 0) {
			inx_run_t one = runs[0];

			kvfree(seg->runs);
			seg->one = one;
		}
		seg->nr = i + 1;
	}
	seg->npages = n;
	rb_add(&right->node, &pages->segs, inx_seg_before);
	return 0;
}

/**
 * inx_seg_clip() - cut a segment so that it lies inside a range
 * @pages: locked
 * @seg: in: a segment that covers @first; out: the part of it inside
 * @first: index that the part starts at
 * @last: index that it does not reach across
 *
 * Return: 0 or -ENOMEM; the pages are as well described after either.
 */
int inx_seg_clip(struct inx_pages *pages, struct inx_seg **seg,
		 unsigned long first, unsigned long last)
{
	int rc;

	lockdep_assert_held(&pages->lock);
	if ((*seg)->start < first) {
		rc = inx_seg_split(pages, *seg, first);
		if (rc)
			return rc;
		*seg = inx_seg_next(*seg);
	}
	if (inx_seg_last(*seg) > last)
		return inx_seg_split(pages, *seg, last + 1);
	return 0;
}

/**
 * inx_seg_add() - put pages that were just pinned into the store
 * @pages: locked; no segment covers any of them
 * @batch: the pages, charged, and in a page table of the area that holds them
 * @first: the holder holds everything from this index up to the batch
 * @cpu: the holder is the CPU, there need not be a page table
 *
 * Return: 0 or -ENOMEM.
 */
int inx_seg_add(struct inx_pages *pages, const struct inx_batch *batch,
		unsigned long first, bool cpu)
{
	bool are_long = inx_runs_are_long(batch->npages, batch->nr);
	bool keep = cpu || are_long;
	struct inx_seg *seg;

	lockdep_assert_held(&pages->lock);
	if (!keep && batch->start > first) {
		seg = inx_seg_find(pages, batch->start - 1);
		/* With one holder, it is this one: let the segment grow. */
		if (!seg->nr && seg->holds == 1 && !seg->pins) {
			seg->npages += batch->npages;
			pages->npinned += batch->npages;
			return 0;
		}
	}

	seg = inx_seg_alloc(pages);
	if (!seg)
		return -ENOMEM;
	seg->start = batch->start;
	seg->npages = batch->npages;
	seg->holds = !cpu;
	seg->pins = cpu;
	seg->for_cpu = cpu && !are_long;
	if (keep && inx_seg_keep(seg, batch->runs, batch->nr)) {
		inx_seg_free(pages, seg);
		return -ENOMEM;
	}
	rb_add(&seg->node, &pages->segs, inx_seg_before);
	pages->npinned += batch->npages;
	return 0;
}

/* Whether what an area holds starts or ends at @index. */
static bool inx_pages_has_edge(struct inx_pages *pages, unsigned long index)
{
	struct inx_area *area;

	list_for_each_entry(area, &pages->filled, filled_item) {
		unsigned long first = inx_area_first(area);

		if (first == index || first + area->mapped == index)
			return true;
	}
	return false;
}

/* Put the runs of @right behind those of @seg; not if that takes long. */
static bool inx_seg_append_runs(struct inx_seg *seg, const struct inx_seg *right)
{
	unsigned int nr = seg->nr + right->nr;
	inx_run_t *runs = seg->nr == 1 ? &seg->one : seg->runs;
	inx_run_t last = runs[seg->nr - 1], first = inx_seg_runs(right)[0];
	unsigned long len = inx_run_len(last) + inx_run_len(first);
	bool same = inx_run_pfn(last) + inx_run_len(last) ==
		    inx_run_pfn(first) && len <= INX_RUN_MAX;

	if (same && right->nr == 1) {
		runs[seg->nr - 1] = inx_run(inx_run_pfn(last), len);
		return true;
	}
	if (nr > INX_SEG_JOIN_MAX)
		return false;
	runs = kvmalloc_array(nr, sizeof(*runs),
			      GFP_KERNEL_ACCOUNT | __GFP_NOWARN |
				      __GFP_NORETRY);
	if (!runs)
		return false;
	memcpy(runs, inx_seg_runs(seg), seg->nr * sizeof(*runs));
	if (same)
		runs[--nr - right->nr] = inx_run(inx_run_pfn(last), len);
	memcpy(runs + nr - right->nr + same, inx_seg_runs(right) + same,
	       (right->nr - same) * sizeof(*runs));
	inx_seg_forget(seg);
	seg->runs = runs;
	seg->nr = nr;
	return true;
}

/* Make one segment of two neighbours that the same areas hold. */
static bool inx_seg_join(struct inx_pages *pages, struct inx_seg *seg,
			 struct inx_seg *right)
{
	if (inx_seg_last(seg) + 1 != right->start || seg->pins || right->pins ||
	    seg->holds != right->holds || !seg->nr != !right->nr ||
	    inx_pages_has_edge(pages, right->start))
		return false;
	if (seg->nr && !inx_seg_append_runs(seg, right))
		return false;
	seg->npages += right->npages;
	rb_erase(&right->node, &pages->segs);
	inx_seg_free(pages, right);
	return true;
}

/*
 * Undo cuts that nobody needs any more, from @first up to @end: else drivers
 * that pin a page here and a page there would leave a segment for each.
 */
static void inx_segs_join(struct inx_pages *pages, unsigned long first,
			  unsigned long end)
{
	struct inx_seg *seg = inx_seg_find(pages, first ? first - 1 : 0);

	while (seg && seg->start < end) {
		struct inx_seg *next = inx_seg_next(seg);

		if (!next || next->start > end)
			break;
		if (!inx_seg_join(pages, seg, next))
			seg = next;
	}
}

/**
 * inx_segs_drop() - let go of what a holder holds
 * @pages: locked
 * @first: index of the first page
 * @npages: how many; exactly what one holder holds, may be 0
 * @cpu: the holder is the CPU
 * @dying: gets the segments that nobody holds now, in order; they are the
 *	caller's and count as pinned no more
 */
void inx_segs_drop(struct inx_pages *pages, unsigned long first,
		   unsigned long npages, bool cpu, struct list_head *dying)
{
	unsigned long end = first + npages, left = first;
	struct inx_seg *seg, *next;

	lockdep_assert_held(&pages->lock);
	for (seg = npages ? inx_seg_find(pages, first) : NULL;
	     seg && seg->start < end; seg = next) {
		next = inx_seg_next(seg);
		if (!seg->joined)
			left = seg->start;
		if (cpu)
			seg->pins--;
		else
			seg->holds--;
		/* Page tables have them. */
		if (seg->for_cpu && seg->holds && !seg->pins)
			inx_seg_forget(seg);
		if (seg->holds || seg->pins)
			continue;
		rb_erase(&seg->node, &pages->segs);
		list_add_tail(&seg->item, dying);
		pages->npinned -= seg->npages;
		if (!seg->nr)
			seg->left = left;
	}
	if (cpu && npages)
		inx_segs_join(pages, first, end);
}

/**
 * inx_segs_bury() - unpin, uncharge and free segments that died
 * @pages: of which they are, not locked
 * @dying: the segments, in no page table any more. Those without runs are
 *	unpinned already.
 */
void inx_segs_bury(struct inx_pages *pages, struct list_head *dying)
{
	unsigned long npages = 0;
	struct inx_seg *seg, *next;
	unsigned int i;

	list_for_each_entry_safe(seg, next, dying, item) {
		for (i = 0; i < seg->nr; i++)
			inx_run_unpin(inx_seg_runs(seg)[i], pages->source.writable);
		npages += seg->npages;
		inx_seg_free(pages, seg);
	}
	if (!npages)
		return;
	mutex_lock(&pages->lock);
	inx_pages_uncharge(pages, npages);
	mutex_unlock(&pages->lock);
}

int inx_pages_init(void)
{
	inx_mapping_cache = KMEM_CACHE(inx_mapping, SLAB_ACCOUNT);
	if (!inx_mapping_cache)
		return -ENOMEM;
	inx_seg_cache = KMEM_CACHE(inx_seg, SLAB_ACCOUNT);
	if (!inx_seg_cache) {
		kmem_cache_destroy(inx_mapping_cache);
		return -ENOMEM;
	}
	return 0;
}

void inx_pages_exit(void)
{
	kmem_cache_destroy(inx_seg_cache);
	kmem_cache_destroy(inx_mapping_cache);
}
