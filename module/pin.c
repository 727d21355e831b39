// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pins for the CPU.
 *
 * A pin is an interval of IOVA, over one area or several, whose pages a pinner
 * has asked for. An area that has pins stays as it is: UNMAP closes it, so that
 * no more come, waits until those that are being made are complete, asks their
 * pinners to let go, and goes on; it is EBUSY if one of them has not.
 *
 * Memory is pinned without any lock of the IOVA space: that the pin is in the
 * tree, pending, keeps its areas. A copy in or out is such a pin as well, which
 * never gets beyond pending.
 */
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "area.h"
#include "hold.h"
#include "iopt.h"
#include "pages.h"
#include "pin.h"

/**
 * struct inx_pin_part - what a pin has of one area
 * @area: the area, which stays while the pin is in the tree
 * @start_byte: where in its pages
 * @length: bytes
 */
struct inx_pin_part {
	struct inx_area *area;
	unsigned long start_byte;
	unsigned long length;
};

/**
 * struct inx_pin - a pin
 * @node: the IOVAs, in &struct inx_pins.tree
 * @pinner: whose it is; NULL for a copy
 * @round: of the last unmap that has asked @pinner for it
 * @pending: it is being made, or undone
 * @nr: parts
 * @part: one for each area, in order
 */
struct inx_pin {
	struct interval_tree_node node;
	struct inx_pinner *pinner;
	unsigned long round;
	bool pending;
	unsigned int nr;
	struct inx_pin_part part[];
};

static unsigned long inx_part_first(const struct inx_pin_part *part)
{
	return part->start_byte >> PAGE_SHIFT;
}

static unsigned long inx_part_npages(const struct inx_pin_part *part)
{
	return ((part->start_byte + part->length - 1) >> PAGE_SHIFT) -
	       inx_part_first(part) + 1;
}

/**
 * inx_pins_init() - no pins
 * @pins: zeroed
 */
void inx_pins_init(struct inx_pins *pins)
{
	pins->tree = RB_ROOT_CACHED;
	init_waitqueue_head(&pins->wait);
}

static struct inx_pin *inx_pin_of(struct interval_tree_node *node)
{
	return node ? container_of(node, struct inx_pin, node) : NULL;
}

static struct inx_pin *inx_pin_first(struct inx_iopt *iopt,
				     struct inx_iova_range range)
{
	return inx_pin_of(interval_tree_iter_first(&iopt->pins.tree,
						   range.start, range.last));
}

static struct inx_pin *inx_pin_next(struct inx_pin *pin,
				    struct inx_iova_range range)
{
	return inx_pin_of(interval_tree_iter_next(&pin->node, range.start,
						  range.last));
}

/* Whether an area may be pinned from @pos up to @last. */
static int inx_pin_check(const struct inx_area *area, unsigned long pos,
			 unsigned long last, unsigned int prot, bool aligned)
{
	unsigned long start = area->start_byte + (pos - area->node.start);
	unsigned long end = area->start_byte + inx_area_length(area);

	if (area->is_closed)
		return -EINVAL;
	/* Neighbours must not have a page in two pieces. */
	if (aligned && (offset_in_page(start) ||
			(area->node.last < last && offset_in_page(end))))
		return -EINVAL;
	return area->prot & prot ? 0 : -EPERM;
}

/* Count the areas of a range, which must have no gaps. */
static int inx_pin_count(struct inx_iopt *iopt, struct inx_iova_range range,
			 unsigned int prot, bool aligned, unsigned int *nr)
{
	unsigned long pos = range.start;
	struct inx_area *area;
	int rc;

	for (area = inx_space_first(&iopt->space, range.start, range.last); area;
	     area = inx_space_next(area, range.last)) {
		if (area->node.start > pos)
			return -ENOENT;
		/* Pairs with the end of inx_iopt_map_list(). */
		if (smp_load_acquire(&area->state) != INX_AREA_LIVE)
			return -ENOENT;
		rc = inx_pin_check(area, pos, range.last, prot, aligned);
		if (rc)
			return rc;
		(*nr)++;
		if (area->node.last >= range.last)
			return 0;
		pos = area->node.last + 1;
	}
	return -ENOENT;
}

static void inx_pin_fill(struct inx_iopt *iopt, struct inx_pin *pin,
			 struct inx_iova_range range)
{
	struct inx_pin_part *part = pin->part;
	unsigned long pos = range.start;
	struct inx_area *area;

	for (area = inx_space_first(&iopt->space, range.start, range.last); area;
	     area = inx_space_next(area, range.last)) {
		unsigned long last = min(area->node.last, range.last);

		part->area = area;
		part->start_byte = area->start_byte + (pos - area->node.start);
		part->length = last - pos + 1;
		area->npins++;
		part++;
		pos = last + 1;
	}
}

/* Make a pin of a range; it is pending, and its areas stay. */
static struct inx_pin *inx_pin_open(struct inx_iopt *iopt,
				    struct inx_pinner *pinner,
				    struct inx_iova_range range, bool write)
{
	struct inx_pin *pin = ERR_PTR(-ENOMEM);
	unsigned int nr = 0;
	int rc;

	down_write(&iopt->iova_rwsem);
	rc = inx_pin_count(iopt, range, write ? IOMMU_WRITE : IOMMU_READ,
			   pinner, &nr);
	if (rc) {
		pin = ERR_PTR(rc);
		goto out;
	}
	pin = kvzalloc(struct_size(pin, part, nr), INX_GFP_LONG);
	if (!pin) {
		pin = ERR_PTR(-ENOMEM);
		goto out;
	}
	pin->node.start = range.start;
	pin->node.last = range.last;
	pin->pinner = pinner;
	pin->pending = true;
	pin->nr = nr;
	inx_pin_fill(iopt, pin, range);
	interval_tree_insert(&pin->node, &iopt->pins.tree);
out:
	up_write(&iopt->iova_rwsem);
	return pin;
}

/* End of a pin that is pending and holds nothing; its areas may go. */
static void inx_pin_close(struct inx_iopt *iopt, struct inx_pin *pin)
{
	unsigned int i;

	down_write(&iopt->iova_rwsem);
	interval_tree_remove(&pin->node, &iopt->pins.tree);
	for (i = 0; i < pin->nr; i++)
		pin->part[i].area->npins--;
	up_write(&iopt->iova_rwsem);
	wake_up_all(&iopt->pins.wait);
	kvfree(pin);
}

/* Let go of what the first @nr parts of a pin hold. It is pending. */
static void inx_pin_drop(struct inx_pin *pin, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct inx_pin_part *part = &pin->part[i];
		struct inx_pages *pages = part->area->pages;
		LIST_HEAD(dying);

		inx_hold_drop_cpu(pages, inx_part_first(part),
				  inx_part_npages(part), &dying);
		inx_segs_bury(pages, &dying);
	}
}

/**
 * inx_pin_pages() - pin memory for the CPU
 * @iopt: where it is mapped
 * @pinner: for whom; added with @aligned
 * @range: the IOVAs
 * @write: to write to it, too
 * @list: gets the pages
 *
 * Context: user space may be waited for.
 * Return: 0; -EINVAL when pages do not lie at page boundaries, or are about to
 * be unmapped; -EPERM without the right; -ENOENT when there is a gap; -ENOMEM;
 * and what inx_hold_take() returns.
 */
int inx_pin_pages(struct inx_iopt *iopt, struct inx_pinner *pinner,
		  struct inx_iova_range range, bool write, struct page **list)
{
	struct inx_pin *pin = inx_pin_open(iopt, pinner, range, write);
	unsigned int i;
	int rc = 0;

	if (IS_ERR(pin))
		return PTR_ERR(pin);
	for (i = 0; i < pin->nr; i++) {
		struct inx_pin_part *part = &pin->part[i];
		unsigned long npages = inx_part_npages(part);

		rc = inx_hold_cpu(part->area->pages, inx_part_first(part),
				  npages, list);
		if (rc)
			break;
		list += npages;
	}
	if (rc) {
		inx_pin_drop(pin, i);
		inx_pin_close(iopt, pin);
		return rc;
	}
	down_write(&iopt->iova_rwsem);
	pin->pending = false;
	up_write(&iopt->iova_rwsem);
	wake_up_all(&iopt->pins.wait);
	return 0;
}

/* The first pin of a pinner in a range; it is pending from here on. */
static struct inx_pin *inx_pin_claim(struct inx_iopt *iopt,
				     struct inx_pinner *pinner,
				     struct inx_iova_range range, bool exact)
{
	struct inx_pin *pin;

	down_write(&iopt->iova_rwsem);
	for (pin = inx_pin_first(iopt, range); pin;
	     pin = inx_pin_next(pin, range))
		if (pin->pinner == pinner && !pin->pending &&
		    (!exact || (pin->node.start == range.start &&
				pin->node.last == range.last)))
			break;
	if (pin)
		pin->pending = true;
	up_write(&iopt->iova_rwsem);
	return pin;
}

/**
 * inx_pin_undo() - undo inx_pin_pages()
 * @iopt: where
 * @pinner: as it was pinned
 * @range: likewise
 *
 * Return: whether there was such a pin.
 */
bool inx_pin_undo(struct inx_iopt *iopt, struct inx_pinner *pinner,
		  struct inx_iova_range range)
{
	struct inx_pin *pin = inx_pin_claim(iopt, pinner, range, true);

	if (!pin)
		return false;
	inx_pin_drop(pin, pin->nr);
	inx_pin_close(iopt, pin);
	return true;
}

/**
 * inx_pin_rw() - copy from or to memory
 * @iopt: where it is mapped
 * @range: the IOVAs
 * @data: the other side
 * @write: to the memory
 *
 * Context: user space may be waited for.
 * Return: as inx_pin_pages(), only that alignment does not matter. After an
 * error some of it may have been copied.
 */
int inx_pin_rw(struct inx_iopt *iopt, struct inx_iova_range range, void *data,
	       bool write)
{
	struct inx_pin *pin = inx_pin_open(iopt, NULL, range, write);
	unsigned int i;
	int rc = 0;

	if (IS_ERR(pin))
		return PTR_ERR(pin);
	for (i = 0; !rc && i < pin->nr; i++) {
		struct inx_pin_part *part = &pin->part[i];

		rc = inx_hold_rw(part->area->pages, part->start_byte, data,
				 part->length, write);
		data += part->length;
	}
	inx_pin_close(iopt, pin);
	return rc;
}

/**
 * inx_pins_close() - let nobody pin areas any more, or again
 * @iopt: where, its iova_rwsem held for writing
 * @range: the areas
 * @close: which
 */
void inx_pins_close(struct inx_iopt *iopt, struct inx_iova_range range,
		    bool close)
{
	struct inx_area *area;

	lockdep_assert_held_write(&iopt->iova_rwsem);
	for (area = inx_space_first(&iopt->space, range.start, range.last); area;
	     area = inx_space_next(area, range.last))
		area->is_closed = close;
}

/**
 * inx_pins_are_kept() - whether a range has pins that are complete
 * @iopt: where, its iova_rwsem held
 * @range: the range
 *
 * Return: whether there is one that stays until its pinner undoes it.
 */
bool inx_pins_are_kept(struct inx_iopt *iopt, struct inx_iova_range range)
{
	struct inx_pin *pin;

	lockdep_assert_held(&iopt->iova_rwsem);
	for (pin = inx_pin_first(iopt, range); pin && pin->pending;
	     pin = inx_pin_next(pin, range))
		;
	return pin;
}

static bool inx_pins_are_pending(struct inx_iopt *iopt,
				 struct inx_iova_range range)
{
	struct inx_pin *pin;

	down_read(&iopt->iova_rwsem);
	for (pin = inx_pin_first(iopt, range); pin && !pin->pending;
	     pin = inx_pin_next(pin, range))
		;
	up_read(&iopt->iova_rwsem);
	return pin;
}

/**
 * inx_pins_wait() - wait until nothing of a range is being pinned or unpinned
 * @iopt: where
 * @range: the range, which is closed
 *
 * Return: 0 or -EINTR.
 */
int inx_pins_wait(struct inx_iopt *iopt, struct inx_iova_range range)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	int rc = 0;

	add_wait_queue(&iopt->pins.wait, &wait);
	while (inx_pins_are_pending(iopt, range)) {
		if (fatal_signal_pending(current)) {
			rc = -EINTR;
			break;
		}
		wait_woken(&wait, TASK_KILLABLE, MAX_SCHEDULE_TIMEOUT);
	}
	remove_wait_queue(&iopt->pins.wait, &wait);
	return rc;
}

/* The first area of a pin that lies in a range. */
static struct inx_area *inx_pin_area(const struct inx_pin *pin,
				     struct inx_iova_range range)
{
	unsigned int i;

	for (i = 0; i < pin->nr; i++)
		if (pin->part[i].area->node.last >= range.start)
			return pin->part[i].area;
	return NULL;
}

/* Ask one pinner that was not asked in this round to let go of an area. */
static bool inx_pins_ask(struct inx_iopt *iopt, struct inx_iova_range range,
			 unsigned long round)
{
	struct inx_pinner *pinner;
	struct inx_area *area;
	unsigned long iova, length;
	struct inx_pin *pin;

	down_write(&iopt->iova_rwsem);
	pin = inx_pin_first(iopt, range);
	while (pin && (!pin->pinner || pin->round == round))
		pin = inx_pin_next(pin, range);
	area = pin ? inx_pin_area(pin, range) : NULL;
	if (!area) {
		up_write(&iopt->iova_rwsem);
		return false;
	}
	pin->round = round;
	pinner = pin->pinner;
	atomic_inc(&pinner->calls);
	iova = area->node.start;
	length = inx_area_length(area);
	up_write(&iopt->iova_rwsem);

	pinner->unmap(pinner, iova, length);
	/* Whoever waits for this may free the pinner. */
	atomic_dec(&pinner->calls);
	wake_up_all(&iopt->pins.wait);
	return true;
}

/**
 * inx_pins_evict() - ask for all pins of areas that are to be unmapped
 * @iopt: where
 * @range: the areas, which are closed
 *
 * Return: 0 when all pinners have been asked; -EINTR, and the areas are open.
 */
int inx_pins_evict(struct inx_iopt *iopt, struct inx_iova_range range)
{
	unsigned long round;
	int rc;

	rc = inx_pins_wait(iopt, range);
	down_write(&iopt->iova_rwsem);
	round = ++iopt->pins.round;
	if (rc)
		inx_pins_close(iopt, range, false);
	up_write(&iopt->iova_rwsem);
	if (rc)
		return rc;
	while (inx_pins_ask(iopt, range, round))
		cond_resched();
	/* For what another thread undoes just now. */
	rc = inx_pins_wait(iopt, range);
	if (rc) {
		down_write(&iopt->iova_rwsem);
		inx_pins_close(iopt, range, false);
		up_write(&iopt->iova_rwsem);
	}
	return rc;
}

/**
 * inx_pinner_add() - somebody is about to pin
 * @iopt: where
 * @aligned: he will call inx_pin_pages(), so that areas have to be of whole
 *	pages
 *
 * Return: 0; -EADDRINUSE when an area is not.
 */
int inx_pinner_add(struct inx_iopt *iopt, bool aligned)
{
	int rc = 0;

	if (!aligned)
		return 0;
	down_write(&iopt->iova_rwsem);
	iopt->pins.aligned++;
	rc = inx_iopt_realign(iopt);
	if (rc)
		iopt->pins.aligned--;
	up_write(&iopt->iova_rwsem);
	return rc;
}

/**
 * inx_pinner_remove() - undo inx_pinner_add()
 * @iopt: where
 * @aligned: as it was added
 */
void inx_pinner_remove(struct inx_iopt *iopt, bool aligned)
{
	if (!aligned)
		return;
	down_write(&iopt->iova_rwsem);
	iopt->pins.aligned--;
	WARN_ON_ONCE(inx_iopt_realign(iopt));
	up_write(&iopt->iova_rwsem);
}

/**
 * inx_pinner_release() - undo what is left of a pinner's pins
 * @iopt: where
 * @pinner: who pins nothing more; it is called no more either
 */
void inx_pinner_release(struct inx_iopt *iopt, struct inx_pinner *pinner)
{
	struct inx_iova_range all = { 0, ULONG_MAX };
	struct inx_pin *pin;

	/* What has been asked to let go may do so just now. */
	wait_event(iopt->pins.wait, !atomic_read(&pinner->calls));
	while ((pin = inx_pin_claim(iopt, pinner, all, false))) {
		inx_pin_drop(pin, pin->nr);
		inx_pin_close(iopt, pin);
	}
	wait_event(iopt->pins.wait, !atomic_read(&pinner->calls));
}
