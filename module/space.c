// SPDX-License-Identifier: GPL-2.0-only
/*
 * Intervals of IOVA.
 *
 * An IOVA can be anything up to ULONG_MAX, so 'last + 1' may overflow and is
 * never computed without need.
 */
#include <linux/overflow.h>
#include <linux/pgtable.h>
#include <linux/slab.h>

#include "space.h"

struct inx_reserved {
	struct interval_tree_node node;
	const void *owner;
};

struct inx_allowed {
	struct interval_tree_node node;
};

/**
 * inx_space_init() - make an empty space
 * @space: the space; every IOVA can be mapped, to the byte
 */
void inx_space_init(struct inx_space *space)
{
	space->areas = RB_ROOT_CACHED;
	space->reserved = RB_ROOT_CACHED;
	inx_allowed_init(&space->allowed);
	space->alignment = 1;
	space->nr_areas = 0;
	space->bytes = 0;
}

/**
 * inx_space_destroy() - free what is left
 * @space: a space without areas and reserved IOVAs
 */
void inx_space_destroy(struct inx_space *space)
{
	inx_allowed_destroy(&space->allowed);
	WARN_ON_ONCE(!RB_EMPTY_ROOT(&space->areas.rb_root));
	WARN_ON_ONCE(!RB_EMPTY_ROOT(&space->reserved.rb_root));
}

static struct inx_area *inx_area_of(struct interval_tree_node *node)
{
	return node ? container_of(node, struct inx_area, node) : NULL;
}

/**
 * inx_space_first() - first area of a range
 * @space: the space
 * @start: first IOVA
 * @last: last one
 *
 * Return: the first area that has an IOVA of the range, or NULL.
 */
struct inx_area *inx_space_first(struct inx_space *space, unsigned long start,
				 unsigned long last)
{
	return inx_area_of(interval_tree_iter_first(&space->areas, start,
						    last));
}

/**
 * inx_space_next() - next area of a range
 * @area: an area of it
 * @last: last IOVA of the range
 *
 * Return: the area, or NULL.
 */
struct inx_area *inx_space_next(struct inx_area *area, unsigned long last)
{
	return inx_area_of(interval_tree_iter_next(&area->node,
						   area->node.start, last));
}

/**
 * inx_space_insert() - put an area in its place
 * @space: where
 * @area: the area
 * @iova: its first IOVA, from inx_space_place()
 */
void inx_space_insert(struct inx_space *space, struct inx_area *area,
		      unsigned long iova)
{
	area->node.last = iova + (area->node.last - area->node.start);
	area->node.start = iova;
	interval_tree_insert(&area->node, &space->areas);
	WRITE_ONCE(space->nr_areas, space->nr_areas + 1);
	WRITE_ONCE(space->bytes, space->bytes + inx_area_length(area));
}

/**
 * inx_space_erase() - undo inx_space_insert()
 * @space: where
 * @area: the area
 */
void inx_space_erase(struct inx_space *space, struct inx_area *area)
{
	interval_tree_remove(&area->node, &space->areas);
	WRITE_ONCE(space->nr_areas, space->nr_areas - 1);
	WRITE_ONCE(space->bytes, space->bytes - inx_area_length(area));
}

/**
 * inx_space_fits() - whether all areas have an alignment
 * @space: the space
 * @alignment: a power of two up to PAGE_SIZE
 *
 * Return: that.
 */
bool inx_space_fits(struct inx_space *space, unsigned long alignment)
{
	unsigned long mask = alignment - 1;
	struct inx_area *area;

	for (area = inx_space_first(space, 0, ULONG_MAX); area;
	     area = inx_space_next(area, ULONG_MAX))
		if (area->node.start & mask || inx_area_length(area) & mask ||
		    area->start_byte & mask)
			return false;
	return true;
}

/*
 * Find room for @length bytes at an address that is @offset into an @align
 * block, from @from to @last.
 */
static bool inx_space_hole(struct inx_space *space, unsigned long from,
			   unsigned long last, unsigned long length,
			   unsigned long align, unsigned long offset,
			   unsigned long *iova)
{
	for (;;) {
		struct interval_tree_node *a, *b;
		unsigned long pos, end;

		if (check_add_overflow(from, align - 1, &pos))
			return false;
		pos = (pos & ~(align - 1)) | offset;
		if (pos > last || last - pos < length - 1)
			return false;
		end = pos + (length - 1);

		a = interval_tree_iter_first(&space->reserved, pos, end);
		b = interval_tree_iter_first(&space->areas, pos, end);
		if (!a && !b) {
			*iova = pos;
			return true;
		}
		from = max(a ? a->last : 0, b ? b->last : 0);
		if (from == ULONG_MAX)
			return false;
		from++;
	}
}

/*
 * Choose an IOVA. It keeps the alignment of the memory, up to a huge page, so
 * that large IO pages can be used; it is never 0.
 */
static int inx_space_choose(struct inx_space *space, unsigned long addr,
			    unsigned long length, unsigned long *iova)
{
	const unsigned long first = PAGE_SIZE, last = ULONG_MAX - PAGE_SIZE;
	unsigned long offset = addr % PAGE_SIZE;
	struct interval_tree_node *node;
	unsigned long align = PAGE_SIZE;

	if (length >= ULONG_MAX / 2)
		return -EOVERFLOW;
	if (IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE))
		align = PMD_SIZE;
	align = min(align, roundup_pow_of_two(length));
	if (addr)
		align = min(align, 1UL << __ffs(addr));
	if (align < space->alignment)
		return -EINVAL;

	if (RB_EMPTY_ROOT(&space->allowed.tree.rb_root))
		return inx_space_hole(space, first, last, length, align, offset,
				      iova) ? 0 : -ENOSPC;

	for (node = interval_tree_iter_first(&space->allowed.tree, first, last);
	     node; node = interval_tree_iter_next(node, first, last))
		if (inx_space_hole(space, max(node->start, first),
				   min(node->last, last), length, align, offset,
				   iova))
			return 0;
	return -ENOSPC;
}

static int inx_space_check(struct inx_space *space, unsigned long iova,
			   unsigned long length)
{
	unsigned long last;

	if (iova & (space->alignment - 1))
		return -EINVAL;
	if (check_add_overflow(iova, length - 1, &last))
		return -EOVERFLOW;
	if (interval_tree_iter_first(&space->reserved, iova, last))
		return -EINVAL;
	if (inx_space_first(space, iova, last))
		return -EEXIST;
	return 0;
}

/**
 * inx_space_place() - find a place for memory
 * @space: where
 * @addr: of the memory, for its alignment
 * @length: bytes
 * @iova: in, if @fixed: where it has to be; out: where it can be
 * @fixed: the caller chooses
 *
 * Return: 0; -EINVAL (alignment, no length, reserved), -EOVERFLOW, -EEXIST,
 * -ENOSPC.
 */
int inx_space_place(struct inx_space *space, unsigned long addr,
		    unsigned long length, unsigned long *iova, bool fixed)
{
	if (!length || (length & (space->alignment - 1)))
		return -EINVAL;
	if (fixed)
		return inx_space_check(space, *iova, length);
	return inx_space_choose(space, addr, length, iova);
}

/**
 * inx_space_free() - which IOVAs are not reserved
 * @space: the space
 * @ranges: gets the first @max of them
 * @max: room in @ranges
 *
 * Return: how many there are.
 */
unsigned int inx_space_free(struct inx_space *space,
			    struct inx_iova_range *ranges, unsigned int max)
{
	struct interval_tree_node *node;
	unsigned long pos = 0;
	unsigned int nr = 0;

	for (;;) {
		node = interval_tree_iter_first(&space->reserved, pos,
						ULONG_MAX);
		if (!node || node->start > pos) {
			if (nr < max) {
				ranges[nr].start = pos;
				ranges[nr].last = node ? node->start - 1 :
							 ULONG_MAX;
			}
			nr++;
		}
		if (!node || node->last == ULONG_MAX)
			return nr;
		pos = node->last + 1;
	}
}

/**
 * inx_space_reserve() - keep IOVAs from being mapped
 * @space: where
 * @owner: by whom; the name to give them back by
 * @range: which
 *
 * Return: 0; -EADDRINUSE when one is mapped or must stay possible; -ENOMEM.
 */
int inx_space_reserve(struct inx_space *space, const void *owner,
		      struct inx_iova_range range)
{
	struct inx_reserved *resv;

	if (inx_space_first(space, range.start, range.last) ||
	    interval_tree_iter_first(&space->allowed.tree, range.start,
				     range.last))
		return -EADDRINUSE;
	resv = kmalloc_obj(*resv, GFP_KERNEL_ACCOUNT);
	if (!resv)
		return -ENOMEM;
	resv->node.start = range.start;
	resv->node.last = range.last;
	resv->owner = owner;
	interval_tree_insert(&resv->node, &space->reserved);
	return 0;
}

/**
 * inx_space_unreserve() - give back all that one owner has reserved
 * @space: where
 * @owner: the owner
 */
void inx_space_unreserve(struct inx_space *space, const void *owner)
{
	struct interval_tree_node *node, *next;

	for (node = interval_tree_iter_first(&space->reserved, 0, ULONG_MAX);
	     node; node = next) {
		struct inx_reserved *resv =
			container_of(node, struct inx_reserved, node);

		next = interval_tree_iter_next(node, 0, ULONG_MAX);
		if (resv->owner == owner) {
			interval_tree_remove(node, &space->reserved);
			kfree(resv);
		}
	}
}

/**
 * inx_allowed_init() - start a list of IOVAs that must stay possible
 * @list: the list
 */
void inx_allowed_init(struct inx_allowed_list *list)
{
	list->tree = RB_ROOT_CACHED;
}

/**
 * inx_allowed_add() - add a range
 * @list: the list
 * @range: at least two bytes, not meeting another one of the list
 *
 * Return: 0, -EINVAL, or -ENOMEM.
 */
int inx_allowed_add(struct inx_allowed_list *list, struct inx_iova_range range)
{
	struct inx_allowed *allowed;

	if (range.start >= range.last ||
	    interval_tree_iter_first(&list->tree, range.start, range.last))
		return -EINVAL;
	allowed = kmalloc_obj(*allowed, GFP_KERNEL_ACCOUNT);
	if (!allowed)
		return -ENOMEM;
	allowed->node.start = range.start;
	allowed->node.last = range.last;
	interval_tree_insert(&allowed->node, &list->tree);
	return 0;
}

/**
 * inx_allowed_destroy() - free a list
 * @list: the list
 */
void inx_allowed_destroy(struct inx_allowed_list *list)
{
	struct interval_tree_node *node;

	while ((node = interval_tree_iter_first(&list->tree, 0, ULONG_MAX))) {
		interval_tree_remove(node, &list->tree);
		kfree(container_of(node, struct inx_allowed, node));
	}
}

/**
 * inx_space_allow() - say which IOVAs must stay possible
 * @space: where
 * @list: in: all of them; out: the list that stood before, or @list itself
 *	after an error
 *
 * Return: 0; -EADDRINUSE when one of them is reserved.
 */
int inx_space_allow(struct inx_space *space, struct inx_allowed_list *list)
{
	struct interval_tree_node *node;

	for (node = interval_tree_iter_first(&list->tree, 0, ULONG_MAX); node;
	     node = interval_tree_iter_next(node, 0, ULONG_MAX))
		if (interval_tree_iter_first(&space->reserved, node->start,
					     node->last))
			return -EADDRINUSE;
	swap(list->tree, space->allowed.tree);
	return 0;
}
