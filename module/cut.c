// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cutting areas in two, for VFIO's type1, which can unmap a part of a mapping.
 *
 * Only the description of what is mapped changes: nothing is pinned, charged,
 * mapped or unmapped, and what can fail comes before the first change. An IO
 * page cannot be cut, nor, where there are none, a run that was mapped at once:
 * either every page has an entry of its own, or it is looked up what lies at the
 * cut. A pin by the CPU counts on its areas staying as they are.
 */
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/lockdep.h>

#include "area.h"
#include "cut.h"
#include "iopt.h"
#include "pin.h"

/**
 * struct inx_cut - what is to be cut
 * @range: no area may lie in it in part
 * @end: at its end as well, not only at its start
 * @large: also where IO pages can be large, if none of them lies at the cut
 */
struct inx_cut {
	struct inx_iova_range range;
	bool end;
	bool large;
};

/* Whether @size bytes from @iova on can be one IO page. */
static bool inx_cut_is_page(struct iommu_domain *domain, unsigned long iova,
			    unsigned long size)
{
	phys_addr_t phys = iommu_iova_to_phys(domain, iova);
	unsigned long pos;

	if (phys & (size - 1))
		return false;
	for (pos = PAGE_SIZE; pos < size; pos += PAGE_SIZE)
		if (iommu_iova_to_phys(domain, iova + pos) != phys + pos)
			return false;
	return true;
}

/* Whether a cut may go through an IO page of a page table. */
static bool inx_cut_hits(const struct inx_domain_link *link,
			 const struct inx_area *area, unsigned long iova)
{
	struct iommu_domain *domain = link->domain;
	unsigned long sizes = domain->pgsize_bitmap & PAGE_MASK;
	unsigned int bit;

	if (link->whole)
		return iommu_iova_to_phys(domain, iova - 1) + 1 ==
		       iommu_iova_to_phys(domain, iova);
	for_each_set_bit(bit, &sizes, BITS_PER_LONG) {
		unsigned long size = BIT(bit);
		unsigned long start = iova & ~(size - 1);

		if (start == iova || start < area->node.start ||
		    start + size - 1 > area->node.last)
			continue;
		if (inx_cut_is_page(domain, start, size))
			return true;
	}
	return false;
}

static bool inx_cut_is_possible(struct inx_iopt *iopt,
				const struct inx_area *area, unsigned long iova)
{
	struct inx_domain_link *link;

	if (iova & (iopt->space.alignment - 1))
		return false;
	if (iopt->domains.small_pages)
		return true;
	list_for_each_entry(link, &iopt->domains.list, item)
		if (inx_cut_hits(link, area, iova))
			return false;
	return true;
}

/*
 * Get ready to cut the area that @iova lies in, but does not start, if there is
 * one. 0, -ENOMEM, -EINVAL also with pins in the way that stay, -EAGAIN with
 * copies, which end; *right is the second area, NULL when there is nothing to
 * cut.
 */
static int inx_cut_prepare(struct inx_iopt *iopt, unsigned long iova,
			   struct inx_area **right)
{
	struct inx_area *area = inx_space_first(&iopt->space, iova, iova);

	lockdep_assert_held_write(&iopt->iova_rwsem);
	*right = NULL;
	if (!area || area->node.start == iova)
		return 0;
	if (!inx_cut_is_possible(iopt, area, iova))
		return -EINVAL;
	if (area->npins) {
		struct inx_iova_range range = {
			area->node.start, area->node.last
		};

		return inx_pins_are_kept(iopt, range) ? -EINVAL : -EAGAIN;
	}
	area = inx_area_prepare_cut(area, iova);
	if (IS_ERR(area))
		return PTR_ERR(area);
	*right = area;
	return 0;
}

static void inx_cut_finish(struct inx_iopt *iopt, unsigned long iova,
			   struct inx_area *right)
{
	struct inx_area *area;

	if (!right)
		return;
	area = inx_space_first(&iopt->space, iova, iova);
	inx_space_erase(&iopt->space, area);
	inx_area_cut(area, right);
	inx_space_insert(&iopt->space, area, area->node.start);
	inx_space_insert(&iopt->space, right, right->node.start);
}

/* -EBUSY when another thread maps or unmaps in a range. */
static int inx_cut_check(struct inx_iopt *iopt, struct inx_iova_range range)
{
	struct inx_area *area;

	for (area = inx_space_first(&iopt->space, range.start, range.last); area;
	     area = inx_space_next(area, range.last))
		if (!inx_area_is_live(area) || area->is_closed)
			return -EBUSY;
	return 0;
}

/* -EAGAIN when there are copies in the way. */
static int inx_cut_try(struct inx_iopt *iopt, const struct inx_cut *cut)
{
	struct inx_iova_range range = cut->range;
	struct inx_area *start, *end = NULL;
	int rc;

	rc = inx_cut_prepare(iopt, range.start, &start);
	if (rc)
		return rc;
	if (cut->end && range.last < ULONG_MAX)
		rc = inx_cut_prepare(iopt, range.last + 1, &end);
	if (rc) {
		if (start)
			inx_area_forgo_cut(start);
		return rc;
	}
	/* The end first: the other second area is measured by what is left. */
	inx_cut_finish(iopt, range.last + 1, end);
	inx_cut_finish(iopt, range.start, start);
	return 0;
}

/* A range with all of the areas that it has a part of. */
static struct inx_iova_range inx_cut_widen(struct inx_iopt *iopt,
					   struct inx_iova_range range)
{
	struct inx_area *area;

	area = inx_space_first(&iopt->space, range.start, range.start);
	if (area)
		range.start = area->node.start;
	area = inx_space_first(&iopt->space, range.last, range.last);
	if (area)
		range.last = area->node.last;
	return range;
}

static int inx_cut_make(struct inx_iopt *iopt, const struct inx_cut *cut)
{
	struct inx_iova_range wide;
	bool waited = false;
	int rc = 0;

again:
	down_read(&iopt->domains_rwsem);
	down_write(&iopt->iova_rwsem);
	if (waited)
		inx_pins_close(iopt, wide, false);
	if (iopt->domains.small_pages || cut->large) {
		rc = inx_cut_check(iopt, cut->range);
		rc = rc ?: inx_cut_try(iopt, cut);
	}
	if (rc == -EAGAIN && !waited) {
		wide = inx_cut_widen(iopt, cut->range);
		inx_pins_close(iopt, wide, true);
	}
	up_write(&iopt->iova_rwsem);
	inx_iopt_unlock_read(iopt);
	if (rc != -EAGAIN)
		return rc;
	/* Who maps or unmaps there as well has let in another copy. */
	if (waited)
		return -EBUSY;
	waited = true;
	rc = inx_pins_wait(iopt, wide);
	if (!rc)
		goto again;
	down_write(&iopt->iova_rwsem);
	inx_pins_close(iopt, wide, false);
	up_write(&iopt->iova_rwsem);
	return rc;
}

/**
 * inx_cut_ends() - cut areas so that none lies in a range in part
 * @iopt: where
 * @range: the range
 *
 * Does nothing unless pages are mapped one by one: an IO page cannot be cut.
 * Waits for copies by the CPU.
 *
 * Return: 0; -EBUSY when another thread maps or unmaps in the range; -EINVAL
 * when it would cut through a page, or an area that is pinned for the CPU;
 * -EINTR; -ENOMEM. After an error nothing is cut.
 */
int inx_cut_ends(struct inx_iopt *iopt, struct inx_iova_range range)
{
	const struct inx_cut cut = { .range = range, .end = true };

	return inx_cut_make(iopt, &cut);
}

/**
 * inx_cut_at() - cut the area that lies across an IOVA, if there is one
 * @iopt: where
 * @iova: first IOVA of the second area
 *
 * With large IO pages as well, where none of them lies across the cut.
 *
 * Return: as inx_cut_ends(); -EINVAL also when an IO page may lie there.
 */
int inx_cut_at(struct inx_iopt *iopt, unsigned long iova)
{
	const struct inx_cut cut = {
		.range = { iova, iova },
		.large = true,
	};

	return inx_cut_make(iopt, &cut);
}

/**
 * inx_cut_last() - where the area ends that an IOVA lies in
 * @iopt: where
 * @iova: the IOVA
 *
 * Return: its last IOVA, or @iova when there is none.
 */
unsigned long inx_cut_last(struct inx_iopt *iopt, unsigned long iova)
{
	struct inx_area *area;

	down_read(&iopt->iova_rwsem);
	area = inx_space_first(&iopt->space, iova, iova);
	if (area)
		iova = area->node.last;
	up_read(&iopt->iova_rwsem);
	return iova;
}
