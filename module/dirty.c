// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty tracking: handing to user space which pages devices have written.
 *
 * The record is in the page table, a bit for each IO page. To read it is to go
 * through windows, each as large as a page of the user's bitmap has bits for
 * and small enough to hold a lock for:
 *
 *  1. Look whether anything in the window is dirty. If not, that was it: clean
 *     memory costs neither a touch of the bitmap nor an IOTLB flush.
 *  2. Pin the page of the bitmap. This may wait for user space or fail.
 *  3. Take: set a bit in the bitmap, then clear it in the page table, for each
 *     IO page; and flush the IOTLB.
 *
 * No bit is lost. What fails, fails before a bit is taken. A write between the
 * two halves of 3. has its bit in the bitmap already, and its data is there
 * when the caller gets to copy the page. A write after 3. makes a new bit.
 *
 * An IO page that reaches beyond the window has one bit for all of it. If it is
 * cleared, the part outside becomes a rest, which is dirty until it is read in
 * its turn, as if the IOMMU had said so. The memory for that is there before
 * the bit is cleared.
 *
 * Locks: iova_rwsem for reading, so that LIVE areas stay what they are; under it
 * &struct inx_dirty.lock. Neither is held while the bitmap is pinned.
 */
#include <linux/err.h>
#include <linux/interval_tree.h>
#include <linux/iommu.h>
#include <linux/log2.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "bitmap.h"
#include "dirty.h"
#include "hwpt.h"
#include "ioas.h"
#include "ioctl.h"
#include "iopt.h"
#include "pages.h"
#include "space.h"

/* IOVAs in a window at most. */
#define INX_DIRTY_WINDOW ((unsigned long)SZ_128M)

/**
 * struct inx_dirty_rest - IOVAs that are dirty
 * @node: which
 */
struct inx_dirty_rest {
	struct interval_tree_node node;
};

static_assert(!offsetof(struct inx_dirty_rest, node));

/**
 * struct inx_dirty_take - a window that is being read
 * @walk: the search of the page table
 * @dirty: of the page table
 * @window: the IOVAs
 * @bitmap: gets the bits of @window
 */
struct inx_dirty_take {
	struct inx_dirty_walk walk;
	struct inx_dirty *dirty;
	struct inx_iova_range window;
	struct inx_bitmap *bitmap;
};

/* ---- Rests ----------------------------------------------------------------------------- */

static struct inx_dirty_rest *inx_rest_first(struct inx_dirty *dirty,
					     struct inx_iova_range range)
{
	struct interval_tree_node *node;

	node = interval_tree_iter_first(&dirty->rest, range.start, range.last);
	return node ? container_of(node, struct inx_dirty_rest, node) : NULL;
}

static struct inx_dirty_rest *inx_rest_next(struct inx_dirty_rest *rest,
					    struct inx_iova_range range)
{
	struct interval_tree_node *node;

	node = interval_tree_iter_next(&rest->node, range.start, range.last);
	return node ? container_of(node, struct inx_dirty_rest, node) : NULL;
}

static void inx_rest_insert(struct inx_dirty *dirty,
			    struct inx_dirty_rest *rest, unsigned long start,
			    unsigned long last)
{
	rest->node.start = start;
	rest->node.last = last;
	interval_tree_insert(&rest->node, &dirty->rest);
}

/* Take a range out. Without memory for the second half of one, it stays. */
static void inx_rest_remove(struct inx_dirty *dirty,
			    struct inx_iova_range range)
{
	struct inx_dirty_rest *rest, *next, *half;

	for (rest = inx_rest_first(dirty, range); rest; rest = next) {
		unsigned long start = rest->node.start, last = rest->node.last;

		next = inx_rest_next(rest, range);
		half = NULL;
		if (start < range.start && last > range.last) {
			half = kmalloc_obj(*half, GFP_KERNEL_ACCOUNT);
			if (!half)
				return;
		}
		interval_tree_remove(&rest->node, &dirty->rest);
		if (half)
			inx_rest_insert(dirty, half, range.last + 1, last);
		if (start < range.start)
			inx_rest_insert(dirty, rest, start, range.start - 1);
		else if (last > range.last)
			inx_rest_insert(dirty, rest, range.last + 1, last);
		else
			kfree(rest);
	}
}

/* Add the parts of an IO page that lie outside of a window, or none. */
static int inx_rest_add(struct inx_dirty *dirty, struct inx_iova_range page,
			struct inx_iova_range window)
{
	struct inx_dirty_rest *below = NULL, *above = NULL;

	if (page.start < window.start) {
		below = kmalloc_obj(*below, GFP_KERNEL_ACCOUNT);
		if (!below)
			return -ENOMEM;
	}
	if (page.last > window.last) {
		above = kmalloc_obj(*above, GFP_KERNEL_ACCOUNT);
		if (!above) {
			kfree(below);
			return -ENOMEM;
		}
	}
	/* What there was of it already is in them; in the window is nothing. */
	if (below || above)
		inx_rest_remove(dirty, page);
	if (below)
		inx_rest_insert(dirty, below, page.start, window.start - 1);
	if (above)
		inx_rest_insert(dirty, above, window.last + 1, page.last);
	return 0;
}

/**
 * inx_dirty_init() - as it is for a page table that is new
 * @dirty: to be initialised
 */
void inx_dirty_init(struct inx_dirty *dirty)
{
	mutex_init(&dirty->lock);
	dirty->rest = RB_ROOT_CACHED;
}

/**
 * inx_dirty_destroy() - undo inx_dirty_init()
 * @dirty: of a page table that is about to be freed
 */
void inx_dirty_destroy(struct inx_dirty *dirty)
{
	struct inx_iova_range all = { 0, ULONG_MAX };

	inx_dirty_forget(dirty, all);
	mutex_destroy(&dirty->lock);
}

/**
 * inx_dirty_forget() - areas have been unmapped
 * @dirty: of the page table that they were in
 * @range: all of each of them
 *
 * Who wants to know what was written reads it before.
 */
void inx_dirty_forget(struct inx_dirty *dirty, struct inx_iova_range range)
{
	mutex_lock(&dirty->lock);
	/* A rest is in one IO page, so none is cut and no memory is needed. */
	inx_rest_remove(dirty, range);
	mutex_unlock(&dirty->lock);
}

/* ---- Windows --------------------------------------------------------------------------- */

static struct inx_iova_range inx_range_and(struct inx_iova_range a,
					   struct inx_iova_range b)
{
	return (struct inx_iova_range){ max(a.start, b.start),
					min(a.last, b.last) };
}

static int inx_dirty_is_any(struct inx_dirty_walk *walk,
			    struct inx_iova_range page)
{
	return 1;
}

static int inx_dirty_take_page(struct inx_dirty_walk *walk,
			       struct inx_iova_range page)
{
	struct inx_dirty_take *take = container_of(walk, struct inx_dirty_take,
						   walk);

	if (walk->clear) {
		int rc = inx_rest_add(take->dirty, page, take->window);

		if (rc)
			return rc;
	}
	inx_bitmap_set(take->bitmap, inx_range_and(page, take->window));
	return 0;
}

/* Search the areas of a window, which stay while iova_rwsem is held. */
static int inx_dirty_walk(struct inx_hwpt *hwpt, struct inx_iova_range window,
			  struct inx_dirty_walk *walk)
{
	struct inx_iopt *iopt = &hwpt->ioas->iopt;
	struct inx_area *area;
	int rc = 0;

	lockdep_assert_held_read(&iopt->iova_rwsem);
	lockdep_assert_held(&hwpt->dirty.lock);
	for (area = inx_space_first(&iopt->space, window.start, window.last);
	     !rc && area; area = inx_space_next(area, window.last)) {
		struct inx_iova_range range = { area->node.start,
						area->node.last };

		/* A BAR may be revoked under us, and is not migrated. */
		if (!inx_area_is_live(area) || area->pages->source.mmio)
			continue;
		rc = hwpt->ops->dirty_walk(hwpt->domain,
					   inx_range_and(range, window), walk);
	}
	return rc;
}

static void inx_dirty_lock(struct inx_hwpt *hwpt)
{
	down_read(&hwpt->ioas->iopt.iova_rwsem);
	mutex_lock(&hwpt->dirty.lock);
}

static void inx_dirty_unlock(struct inx_hwpt *hwpt)
{
	mutex_unlock(&hwpt->dirty.lock);
	up_read(&hwpt->ioas->iopt.iova_rwsem);
}

/* Go to the first area from @pos on. False when there is none up to @last. */
static bool inx_dirty_skip(struct inx_hwpt *hwpt, unsigned long *pos,
			   unsigned long last)
{
	struct inx_iopt *iopt = &hwpt->ioas->iopt;
	struct inx_area *area;

	down_read(&iopt->iova_rwsem);
	area = inx_space_first(&iopt->space, *pos, last);
	if (area)
		*pos = max(*pos, area->node.start);
	up_read(&iopt->iova_rwsem);
	return area;
}

/* 1 if something in the window is dirty, 0 if nothing is, or an errno. */
static int inx_dirty_look(struct inx_hwpt *hwpt, struct inx_iova_range window)
{
	struct inx_dirty_walk walk = { .found = inx_dirty_is_any };
	int rc = 1;

	inx_dirty_lock(hwpt);
	if (!inx_rest_first(&hwpt->dirty, window))
		rc = inx_dirty_walk(hwpt, window, &walk);
	inx_dirty_unlock(hwpt);
	return rc;
}

static void inx_dirty_take_rests(struct inx_dirty_take *take)
{
	struct inx_dirty_rest *rest;

	for (rest = inx_rest_first(take->dirty, take->window); rest;
	     rest = inx_rest_next(rest, take->window)) {
		struct inx_iova_range range = { rest->node.start,
						rest->node.last };

		inx_bitmap_set(take->bitmap,
			       inx_range_and(range, take->window));
	}
	if (take->walk.clear)
		inx_rest_remove(take->dirty, take->window);
}

static int inx_dirty_take(struct inx_hwpt *hwpt, struct inx_iova_range window,
			  struct inx_bitmap *bitmap, bool clear)
{
	struct iommu_iotlb_gather gather;
	struct inx_dirty_take take = {
		.walk.found = inx_dirty_take_page,
		.walk.clear = clear,
		.walk.gather = &gather,
		.dirty = &hwpt->dirty,
		.window = window,
		.bitmap = bitmap,
	};
	int rc;

	iommu_iotlb_gather_init(&gather);
	inx_dirty_lock(hwpt);
	inx_dirty_take_rests(&take);
	rc = inx_dirty_walk(hwpt, window, &take.walk);
	iommu_iotlb_sync(hwpt->domain, &gather);
	inx_dirty_unlock(hwpt);
	return rc;
}

static int inx_dirty_read_all(struct inx_hwpt *hwpt, struct inx_bitmap *bitmap,
			      bool clear)
{
	struct inx_iova_range window = { .start = bitmap->range.start };
	unsigned long last = bitmap->range.last;
	int rc = 0;

	if (!inx_hwpt_is_linked(hwpt))
		return 0;
	while (inx_dirty_skip(hwpt, &window.start, last)) {
		window.last = inx_bitmap_window(bitmap, window.start);
		if (window.last - window.start >= INX_DIRTY_WINDOW)
			window.last = window.start + INX_DIRTY_WINDOW - 1;
		rc = inx_dirty_look(hwpt, window);
		if (rc > 0) {
			rc = inx_bitmap_open(bitmap, window.start);
			if (!rc)
				rc = inx_dirty_take(hwpt, window, bitmap,
						    clear);
		}
		if (rc || window.last == last)
			break;
		window.start = window.last + 1;
		if (fatal_signal_pending(current)) {
			rc = -EINTR;
			break;
		}
		cond_resched();
	}
	inx_bitmap_close(bitmap);
	return rc;
}

/* Forget all that was written so far. */
static int inx_dirty_clean(struct inx_hwpt *hwpt)
{
	struct inx_iova_range window = {};
	struct iommu_iotlb_gather gather;
	struct inx_dirty_walk walk = {
		.clear = true,
		.gather = &gather,
	};
	int rc = 0;

	if (!inx_hwpt_is_linked(hwpt))
		return 0;
	window.last = ULONG_MAX;
	inx_dirty_forget(&hwpt->dirty, window);
	while (inx_dirty_skip(hwpt, &window.start, ULONG_MAX)) {
		if (check_add_overflow(window.start, INX_DIRTY_WINDOW - 1,
				       &window.last))
			window.last = ULONG_MAX;
		iommu_iotlb_gather_init(&gather);
		inx_dirty_lock(hwpt);
		rc = inx_dirty_walk(hwpt, window, &walk);
		iommu_iotlb_sync(hwpt->domain, &gather);
		inx_dirty_unlock(hwpt);
		if (rc || window.last == ULONG_MAX)
			break;
		window.start = window.last + 1;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return rc;
}

/* ---- Ioctls ---------------------------------------------------------------------------- */

static struct inx_hwpt *inx_dirty_hwpt(struct inx_call *call, u32 id)
{
	struct inx_object *obj = inx_object_get(call->ctx, id, INX_OBJ_HWPT);

	if (IS_ERR(obj))
		return ERR_CAST(obj);
	/* What a nested one writes to is recorded in its parent. */
	if (inx_hwpt_of(obj)->parent) {
		inx_object_put(obj);
		return ERR_PTR(-ENOENT);
	}
	return inx_hwpt_of(obj);
}

/** inx_dirty_set() - IOMMU_NEXT_HWPT_SET_DIRTY_TRACKING */
int inx_dirty_set(struct inx_call *call)
{
	struct iommu_next_hwpt_set_dirty_tracking *arg = call->arg;
	bool enable = arg->flags & IOMMU_NEXT_HWPT_DIRTY_TRACKING_ENABLE;
	struct inx_hwpt *hwpt;
	int rc = 0;

	if (arg->flags & ~IOMMU_NEXT_HWPT_DIRTY_TRACKING_ENABLE)
		return -EOPNOTSUPP;
	hwpt = inx_dirty_hwpt(call, arg->hwpt_id);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	if (!inx_hwpt_tracks_dirty(hwpt))
		rc = -EOPNOTSUPP;
	else if (enable)
		rc = inx_dirty_clean(hwpt);
	if (!rc)
		rc = hwpt->ops->dirty_set(hwpt->domain, enable);
	inx_object_put(&hwpt->obj);
	return rc;
}

/*
 * What makes a range and a page size fit; @length may be 0. A page size that is
 * no power of two counts as its lowest bit, if the range is aligned to the
 * others as well.
 */
static int inx_dirty_check(struct inx_hwpt *hwpt,
			   const struct iommu_next_hwpt_get_dirty_bitmap *arg)
{
	unsigned long alignment = READ_ONCE(hwpt->ioas->iopt.space.alignment);
	u64 last;

	if (check_add_overflow(arg->iova, arg->length - 1, &last) ||
	    last > ULONG_MAX)
		return -EOVERFLOW;
	if ((arg->iova | (last + 1)) & (alignment - 1))
		return -EINVAL;
	if (!arg->page_size ||
	    ((arg->iova | (last + 1)) & (arg->page_size - 1)))
		return -EINVAL;
	return inx_hwpt_tracks_dirty(hwpt) ? 0 : -EOPNOTSUPP;
}

/** inx_dirty_read() - IOMMU_NEXT_HWPT_GET_DIRTY_BITMAP */
int inx_dirty_read(struct inx_call *call)
{
	struct iommu_next_hwpt_get_dirty_bitmap *arg = call->arg;
	struct inx_bitmap bitmap = {
		.range.start = arg->iova,
		.range.last = arg->iova + arg->length - 1,
		.data = arg->data,
	};
	bool keep = arg->flags & IOMMU_NEXT_HWPT_GET_DIRTY_BITMAP_NO_CLEAR;
	struct inx_hwpt *hwpt;
	int rc;

	if (arg->flags & ~IOMMU_NEXT_HWPT_GET_DIRTY_BITMAP_NO_CLEAR ||
	    arg->__reserved)
		return -EOPNOTSUPP;
	hwpt = inx_dirty_hwpt(call, arg->hwpt_id);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	rc = inx_dirty_check(hwpt, arg);
	/* From IOVA 0 on a length of 0 is no overflow, and nothing to read. */
	if (!rc && arg->length) {
		bitmap.shift = __ffs64(arg->page_size);
		rc = inx_dirty_read_all(hwpt, &bitmap, !keep);
	}
	inx_object_put(&hwpt->obj);
	return rc;
}
