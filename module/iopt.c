// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping and unmapping, and page tables that come and go.
 *
 * To map is done in two steps, so that the slow part runs beside other maps
 * and unmaps: the IOVAs are taken by inserting the area as PENDING, and the
 * area becomes LIVE when it is in every page table. To unmap is the reverse:
 * all areas of the range turn LEAVING in one step, or none does, and are out
 * of the tree when no device can reach them any more.
 */
#include <linux/iommu.h>
#include <linux/overflow.h>

#include "area.h"
#include "iopt.h"
#include "pin.h"
#include "pages.h"

/**
 * inx_iopt_init() - make an empty IOVA space
 * @iopt: the space; every IOVA can be mapped, to the byte
 */
void inx_iopt_init(struct inx_iopt *iopt)
{
	init_rwsem(&iopt->domains_rwsem);
	spin_lock_init(&iopt->leaving_lock);
	INIT_LIST_HEAD(&iopt->leaving);
	init_rwsem(&iopt->iova_rwsem);
	inx_pins_init(&iopt->pins);
	INIT_LIST_HEAD(&iopt->domains.list);
	mutex_init(&iopt->domains.lock);
	iopt->domains.small_pages = false;
	inx_space_init(&iopt->space);
}

/**
 * inx_iopt_destroy() - unmap everything and free what is left
 * @iopt: a space without page tables
 */
void inx_iopt_destroy(struct inx_iopt *iopt)
{
	struct inx_iova_range all = { 0, ULONG_MAX };

	WARN_ON_ONCE(!list_empty(&iopt->domains.list));
	WARN_ON_ONCE(inx_iopt_unmap(iopt, all, NULL));
	inx_space_destroy(&iopt->space);
	mutex_destroy(&iopt->domains.lock);
}

/* The alignment that page tables, pinners and options ask for. */
static unsigned long inx_iopt_min_alignment(struct inx_iopt *iopt)
{
	bool pages = iopt->domains.small_pages || iopt->pins.aligned;
	unsigned long alignment = pages ? PAGE_SIZE : 1;
	struct inx_domain_link *link;

	list_for_each_entry(link, &iopt->domains.list, item)
		alignment = max(alignment,
				1UL << __ffs(link->domain->pgsize_bitmap));
	return alignment;
}

/**
 * inx_iopt_realign() - find out which alignment areas need
 * @iopt: the space, its iova_rwsem held for writing
 *
 * Return: 0; -EINVAL when it is more than a page; -EADDRINUSE when an area has
 * less. After an error it is as before.
 */
int inx_iopt_realign(struct inx_iopt *iopt)
{
	unsigned long alignment = inx_iopt_min_alignment(iopt);

	lockdep_assert_held_write(&iopt->iova_rwsem);
	if (alignment > PAGE_SIZE)
		return -EINVAL;
	if (alignment > iopt->space.alignment &&
	    !inx_space_fits(&iopt->space, alignment))
		return -EADDRINUSE;
	iopt->space.alignment = alignment;
	return 0;
}

/* Reserve what @domain cannot translate, and align to its IO pages. */
static int inx_iopt_admit(struct inx_iopt *iopt, struct inx_domain_link *link)
{
	const struct iommu_domain_geometry *geo = &link->domain->geometry;
	struct inx_iova_range below = { 0, geo->aperture_start - 1 };
	struct inx_iova_range above = { geo->aperture_end + 1, ULONG_MAX };
	int rc;

	down_write(&iopt->iova_rwsem);
	mutex_lock(&iopt->domains.lock);
	list_add_tail(&link->item, &iopt->domains.list);
	mutex_unlock(&iopt->domains.lock);
	rc = inx_iopt_realign(iopt);
	if (!rc && geo->aperture_start)
		rc = inx_space_reserve(&iopt->space, link, below);
	if (!rc && geo->aperture_end < ULONG_MAX)
		rc = inx_space_reserve(&iopt->space, link, above);
	up_write(&iopt->iova_rwsem);
	return rc;
}

static void inx_iopt_dismiss(struct inx_iopt *iopt,
			     struct inx_domain_link *link)
{
	down_write(&iopt->iova_rwsem);
	mutex_lock(&iopt->domains.lock);
	list_del(&link->item);
	mutex_unlock(&iopt->domains.lock);
	inx_space_unreserve(&iopt->space, link);
	WARN_ON_ONCE(inx_iopt_realign(iopt));
	up_write(&iopt->iova_rwsem);
}

/* Take @domain away from all areas up to, without, @end; NULL means all. */
static void inx_iopt_unfill(struct inx_iopt *iopt, struct inx_domain_link *link,
			    struct inx_area *end)
{
	struct inx_area *area, **tail, *list = NULL;
	struct iommu_domain *other = NULL;

	if (!list_is_singular(&iopt->domains.list)) {
		/* The first that is not @link keeps the PFNs. */
		other = list_first_entry(&iopt->domains.list,
					 struct inx_domain_link, item)->domain;
		if (other == link->domain)
			other = list_next_entry(link, item)->domain;
	}

	tail = &list;
	for (area = inx_space_first(&iopt->space, 0, ULONG_MAX); area;
	     area = inx_space_next(area, ULONG_MAX)) {
		if (area == end)
			break;
		if (other) {
			inx_area_remove_domain(area, link->domain, other);
			continue;
		}
		*tail = area;
		tail = &area->next;
	}
	*tail = NULL;
	inx_areas_unfill(&iopt->domains, list);
}

/* Remove page tables that are to go, if nobody has the lock of them. */
static void inx_iopt_settle(struct inx_iopt *iopt)
{
	struct inx_domain_link *link, *next;
	LIST_HEAD(left);

	for (;;) {
		LIST_HEAD(leaving);

		/*
		 * Between giving the lock back and looking here, as another
		 * thread goes the other way: it adds, and then tries the lock.
		 */
		smp_mb();
		if (list_empty_careful(&iopt->leaving) ||
		    !down_write_trylock(&iopt->domains_rwsem))
			break;
		spin_lock(&iopt->leaving_lock);
		list_splice_init(&iopt->leaving, &leaving);
		spin_unlock(&iopt->leaving_lock);
		list_for_each_entry(link, &leaving, leaving_item) {
			inx_iopt_unfill(iopt, link, NULL);
			inx_iopt_dismiss(iopt, link);
		}
		up_write(&iopt->domains_rwsem);
		list_splice_tail(&leaving, &left);
	}
	list_for_each_entry_safe(link, next, &left, leaving_item)
		link->left(link);
}

/**
 * inx_iopt_unlock_read() - give domains_rwsem back, held for reading
 * @iopt: the space
 *
 * Page tables that had to wait for it go now.
 */
void inx_iopt_unlock_read(struct inx_iopt *iopt)
{
	up_read(&iopt->domains_rwsem);
	inx_iopt_settle(iopt);
}

static void inx_iopt_unlock_write(struct inx_iopt *iopt)
{
	up_write(&iopt->domains_rwsem);
	inx_iopt_settle(iopt);
}

static int inx_iopt_check_slice(struct inx_iopt *iopt,
				const struct inx_area *area)
{
	if ((area->prot & IOMMU_WRITE) && !area->pages->source.writable)
		return -EPERM;
	if (offset_in_page(area->start_byte) & (iopt->space.alignment - 1))
		return -EINVAL;
	return 0;
}

/* Fill areas, which are PENDING and in a row, or none. */
static int inx_iopt_fill(struct inx_iopt *iopt, struct inx_area *list)
{
	struct inx_area *area, *next;
	int rc;

	if (list_empty(&iopt->domains.list))
		return 0;
	for (area = list; area; area = area->next) {
		next = area->next;
		rc = inx_area_fill(area);
		area->next = next;
		if (rc)
			goto undo;
	}
	return 0;

undo:
	inx_areas_unfill(&iopt->domains, list);
	return rc;
}

/*
 * Map areas of @length bytes altogether in a row at *@iova, all or none. They
 * are freed on failure.
 */
static int inx_iopt_map_list(struct inx_iopt *iopt, struct inx_area *list,
			     unsigned long length, unsigned long *iova,
			     bool fixed)
{
	struct inx_area *area, *next;
	unsigned long pos;
	int rc;

	down_read(&iopt->domains_rwsem);
	down_write(&iopt->iova_rwsem);
	rc = inx_space_place(&iopt->space,
			     list->pages->source.start + list->start_byte,
			     length, iova, fixed);
	for (area = list; !rc && area; area = area->next)
		rc = inx_iopt_check_slice(iopt, area);
	if (rc) {
		up_write(&iopt->iova_rwsem);
		goto out_free;
	}
	pos = *iova;
	for (area = list; area; area = area->next) {
		area->domains = &iopt->domains;
		area->state = INX_AREA_PENDING;
		inx_space_insert(&iopt->space, area, pos);
		pos += inx_area_length(area);
	}
	up_write(&iopt->iova_rwsem);

	rc = inx_iopt_fill(iopt, list);
	if (!rc) {
		/* From here on another thread may unmap and free it. */
		for (area = list; area; area = next) {
			next = area->next;
			/* After everything that a look-up may find. */
			smp_store_release(&area->state, INX_AREA_LIVE);
		}
		inx_iopt_unlock_read(iopt);
		return 0;
	}

	down_write(&iopt->iova_rwsem);
	for (area = list; area; area = area->next)
		inx_space_erase(&iopt->space, area);
	up_write(&iopt->iova_rwsem);
out_free:
	inx_iopt_unlock_read(iopt);
	for (area = list; area; area = next) {
		next = area->next;
		inx_area_free(area);
	}
	return rc;
}

/**
 * inx_iopt_map() - map memory
 * @iopt: where
 * @area: with pages and prot; it is the IOVA space's on success, freed on
 *	failure
 * @iova: in, if @fixed: where to; out: where it is
 * @fixed: the caller chooses the IOVA
 *
 * Return: 0; -EINVAL (alignment, reserved), -EOVERFLOW, -EEXIST, -ENOSPC,
 * -EPERM, and what inx_area_fill() returns.
 */
int inx_iopt_map(struct inx_iopt *iopt, struct inx_area *area,
		 unsigned long *iova, bool fixed)
{
	return inx_iopt_map_list(iopt, area, inx_area_length(area), iova,
				 fixed);
}

/* New areas for what is mapped in a range, to be mapped elsewhere. */
static int inx_iopt_slices(struct inx_iopt *iopt, struct inx_iova_range range,
			   unsigned int prot, struct inx_area **list)
{
	struct inx_area **tail = list, *area;
	unsigned long pos = range.start;

	lockdep_assert_held_read(&iopt->iova_rwsem);
	for (area = inx_space_first(&iopt->space, range.start, range.last); area;
	     area = inx_space_next(area, range.last)) {
		unsigned long last = min(area->node.last, range.last);
		struct inx_area *slice;

		if (area->node.start > pos ||
		    !inx_area_is_live(area))
			return -ENOENT;
		slice = inx_area_alloc(area->pages,
				       area->start_byte + pos -
					       area->node.start,
				       last - pos + 1);
		if (!slice)
			return -ENOMEM;
		inx_area_set_prot(slice, prot);
		*tail = slice;
		tail = &slice->next;
		if (last == range.last)
			return 0;
		pos = last + 1;
	}
	return -ENOENT;
}

/**
 * inx_iopt_copy() - map the memory that another IOVA space maps
 * @dst: where
 * @src: from where; may be @dst
 * @src_iova: first byte
 * @length: bytes
 * @dst_iova: as in inx_iopt_map()
 * @fixed: likewise
 * @prot: IOMMU_READ and so on, for the copy
 *
 * Return: 0; -ENOENT when the source is not mapped without gaps; -EPERM for
 * more rights than the source's memory was given with; -ENOMEM; and what
 * inx_iopt_map() returns.
 */
int inx_iopt_copy(struct inx_iopt *dst, struct inx_iopt *src,
		  unsigned long src_iova, unsigned long length,
		  unsigned long *dst_iova, bool fixed, unsigned int prot)
{
	struct inx_iova_range range = { .start = src_iova };
	struct inx_area *list = NULL, *next;
	int rc;

	if (!length)
		return -EINVAL;
	if (check_add_overflow(src_iova, length - 1, &range.last))
		return -EOVERFLOW;

	down_read(&src->iova_rwsem);
	rc = inx_iopt_slices(src, range, prot, &list);
	up_read(&src->iova_rwsem);
	if (!rc)
		return inx_iopt_map_list(dst, list, length, dst_iova, fixed);

	for (; list; list = next) {
		next = list->next;
		inx_area_free(list);
	}
	return rc;
}

/*
 * Make every area of a range LEAVING and list them, or change nothing. When
 * some are pinned for the CPU all of them are closed to further pins: -EAGAIN,
 * and the caller opens them again if he gives up.
 */
static int inx_iopt_leave(struct inx_iopt *iopt, struct inx_iova_range range,
			  struct inx_area **list)
{
	struct inx_area **tail = list, *area;
	bool pinned = false;

	lockdep_assert_held_write(&iopt->iova_rwsem);
	for (area = inx_space_first(&iopt->space, range.start, range.last); area;
	     area = inx_space_next(area, range.last)) {
		if (!inx_area_is_live(area))
			return -EBUSY;
		if (area->node.start < range.start ||
		    area->node.last > range.last)
			return -ENOENT;
		pinned |= area->npins;
	}
	if (pinned) {
		inx_pins_close(iopt, range, true);
		return -EAGAIN;
	}
	for (area = inx_space_first(&iopt->space, range.start, range.last); area;
	     area = inx_space_next(area, range.last)) {
		area->state = INX_AREA_LEAVING;
		*tail = area;
		tail = &area->next;
	}
	*tail = NULL;
	return 0;
}

/**
 * inx_iopt_unmap() - unmap all areas of a range
 * @iopt: where
 * @range: where none may lie in part
 * @unmapped: out: bytes that were unmapped; may be NULL
 *
 * Who has pinned a part of it for the CPU is asked to let go.
 *
 * Return: 0, also when there is no area; -ENOENT for an area that lies in the
 * range in part; -EBUSY for one that another thread maps or unmaps, or that a
 * pinner has not let go of; -EINTR when the caller is being killed and waits
 * for a pin to be complete. After an error nothing is unmapped.
 */
int inx_iopt_unmap(struct inx_iopt *iopt, struct inx_iova_range range,
		   unsigned long *unmapped)
{
	struct inx_area *list, *area;
	struct inx_domain_link *link;
	unsigned long bytes = 0;
	bool asked = false;
	int rc;

again:
	down_read(&iopt->domains_rwsem);
	down_write(&iopt->iova_rwsem);
	rc = inx_iopt_leave(iopt, range, &list);
	if (rc && asked)
		inx_pins_close(iopt, range, false);
	up_write(&iopt->iova_rwsem);
	if (rc == -EAGAIN && !asked) {
		inx_iopt_unlock_read(iopt);
		rc = inx_pins_evict(iopt, range);
		if (rc)
			return rc;
		asked = true;
		goto again;
	}
	if (rc == -EAGAIN)
		rc = -EBUSY;
	if (rc || !list)
		goto out;

	inx_areas_unfill(&iopt->domains, list);
	list_for_each_entry(link, &iopt->domains.list, item)
		if (link->unmapped)
			link->unmapped(link, range);

	down_write(&iopt->iova_rwsem);
	for (area = list; area; area = area->next)
		inx_space_erase(&iopt->space, area);
	up_write(&iopt->iova_rwsem);
	while (list) {
		area = list;
		list = area->next;
		bytes += inx_area_length(area);
		inx_area_free(area);
	}
out:
	inx_iopt_unlock_read(iopt);
	if (unmapped)
		*unmapped = bytes;
	return rc;
}

/**
 * inx_iopt_allow() - say which IOVAs must stay possible
 * @iopt: where
 * @list: as in inx_space_allow()
 *
 * Return: 0 or -EADDRINUSE.
 */
int inx_iopt_allow(struct inx_iopt *iopt, struct inx_allowed_list *list)
{
	int rc;

	down_write(&iopt->iova_rwsem);
	rc = inx_space_allow(&iopt->space, list);
	up_write(&iopt->iova_rwsem);
	return rc;
}

/**
 * inx_iopt_reserve() - keep IOVAs from being mapped
 * @iopt: where
 * @owner: by whom; the name to give them back by
 * @ranges: which; may meet each other
 * @nr: how many
 *
 * Return: 0; -EADDRINUSE when one is mapped or must stay possible; -ENOMEM.
 * After an error nothing is reserved.
 */
int inx_iopt_reserve(struct inx_iopt *iopt, const void *owner,
		     const struct inx_iova_range *ranges, unsigned int nr)
{
	unsigned int i;
	int rc = 0;

	down_write(&iopt->iova_rwsem);
	for (i = 0; !rc && i < nr; i++)
		rc = inx_space_reserve(&iopt->space, owner, ranges[i]);
	if (rc)
		inx_space_unreserve(&iopt->space, owner);
	up_write(&iopt->iova_rwsem);
	return rc;
}

/**
 * inx_iopt_reserve_more() - keep further IOVAs from being mapped
 * @iopt: where
 * @owner: by whom; may have some already, which it keeps also after an error
 * @range: which
 *
 * Return: as inx_iopt_reserve().
 */
int inx_iopt_reserve_more(struct inx_iopt *iopt, const void *owner,
			  struct inx_iova_range range)
{
	int rc;

	down_write(&iopt->iova_rwsem);
	rc = inx_space_reserve(&iopt->space, owner, range);
	up_write(&iopt->iova_rwsem);
	return rc;
}

/**
 * inx_iopt_unreserve() - give back all that one owner has reserved
 * @iopt: where
 * @owner: the owner
 */
void inx_iopt_unreserve(struct inx_iopt *iopt, const void *owner)
{
	down_write(&iopt->iova_rwsem);
	inx_space_unreserve(&iopt->space, owner);
	up_write(&iopt->iova_rwsem);
}

/**
 * inx_iopt_freeze() - let no area come or go
 * @iopt: the space; its areas may be looked at
 * @nest: a lock that is held when several spaces are frozen
 */
void inx_iopt_freeze(struct inx_iopt *iopt, struct mutex *nest)
{
	down_write_nest_lock(&iopt->iova_rwsem, nest);
}

/**
 * inx_iopt_thaw() - undo inx_iopt_freeze()
 * @iopt: the space
 */
void inx_iopt_thaw(struct inx_iopt *iopt)
{
	up_write(&iopt->iova_rwsem);
}

/**
 * inx_iopt_ranges() - which IOVAs can be mapped
 * @iopt: where
 * @ranges: gets the first @max of them
 * @max: room in @ranges
 * @alignment: gets the alignment that mappings need
 *
 * Return: how many there are.
 */
unsigned int inx_iopt_ranges(struct inx_iopt *iopt,
			     struct inx_iova_range *ranges, unsigned int max,
			     unsigned long *alignment)
{
	unsigned int nr;

	down_read(&iopt->iova_rwsem);
	*alignment = iopt->space.alignment;
	nr = inx_space_free(&iopt->space, ranges, max);
	up_read(&iopt->iova_rwsem);
	return nr;
}

/**
 * inx_iopt_add_domain() - let a page table follow the IOVA space
 * @iopt: the space
 * @link: with the page table, which is empty
 *
 * Return: 0 and everything is mapped in it; -EADDRINUSE when it cannot
 * translate what is mapped or must stay possible; -EINVAL when its smallest IO
 * page is larger than a page; -ENOMEM and what inx_area_fill() returns. After
 * an error nothing has changed.
 */
int inx_iopt_add_domain(struct inx_iopt *iopt, struct inx_domain_link *link)
{
	struct inx_area *area;
	int rc;

	down_write(&iopt->domains_rwsem);
	rc = inx_iopt_admit(iopt, link);
	if (rc)
		goto out;
	for (area = inx_space_first(&iopt->space, 0, ULONG_MAX); area;
	     area = inx_space_next(area, ULONG_MAX)) {
		if (list_is_singular(&iopt->domains.list))
			rc = inx_area_fill(area);
		else
			rc = inx_area_add_domain(area, link->domain);
		if (rc)
			break;
	}
	if (rc)
		inx_iopt_unfill(iopt, link, area);
out:
	if (rc)
		inx_iopt_dismiss(iopt, link);
	inx_iopt_unlock_write(iopt);
	return rc;
}

/**
 * inx_iopt_remove_domain() - undo inx_iopt_add_domain()
 * @iopt: the space, which the caller has a reference to
 * @link: with the page table; left() is called when it is empty and forgotten
 *
 * Does not wait for threads that map or unmap, and may wait for user space:
 * when there are such, the last of them does it.
 */
void inx_iopt_remove_domain(struct inx_iopt *iopt, struct inx_domain_link *link)
{
	spin_lock(&iopt->leaving_lock);
	list_add_tail(&link->leaving_item, &iopt->leaving);
	spin_unlock(&iopt->leaving_lock);
	inx_iopt_settle(iopt);
}

/**
 * inx_iopt_page_sizes() - IO page sizes that all page tables have
 * @iopt: the space
 *
 * Return: a bit each; all of them without a page table, none when they have
 * none in common.
 */
unsigned long inx_iopt_page_sizes(struct inx_iopt *iopt)
{
	struct inx_domain_link *link;
	unsigned long sizes = ULONG_MAX;

	down_read(&iopt->domains_rwsem);
	list_for_each_entry(link, &iopt->domains.list, item)
		sizes &= link->domain->pgsize_bitmap;
	inx_iopt_unlock_read(iopt);
	return sizes;
}

/**
 * inx_iopt_is_coherent() - whether no access can leave out CPU caches
 * @iopt: the space
 *
 * Return: whether every page table makes accesses snoop that ask not to.
 */
bool inx_iopt_is_coherent(struct inx_iopt *iopt)
{
	struct inx_domain_link *link;
	bool coherent = true;

	down_read(&iopt->domains_rwsem);
	list_for_each_entry(link, &iopt->domains.list, item)
		coherent &= link->coherent;
	inx_iopt_unlock_read(iopt);
	return coherent;
}

/**
 * inx_iopt_has_domains() - whether there is a page table
 * @iopt: the space
 *
 * Return: that.
 */
bool inx_iopt_has_domains(struct inx_iopt *iopt)
{
	bool has;

	down_read(&iopt->domains_rwsem);
	has = !list_empty(&iopt->domains.list);
	inx_iopt_unlock_read(iopt);
	return has;
}

/**
 * inx_iopt_set_small_pages() - map each page on its own, or do so no more
 * @iopt: the space
 * @small: which
 *
 * Return: 0; -EINVAL when a page table has mappings; -EADDRINUSE when a
 * mapping is not aligned to pages.
 */
int inx_iopt_set_small_pages(struct inx_iopt *iopt, bool small)
{
	int rc = 0;

	down_write(&iopt->domains_rwsem);
	down_write(&iopt->iova_rwsem);
	if (small && !iopt->domains.small_pages &&
	    !list_empty(&iopt->domains.list) &&
	    !RB_EMPTY_ROOT(&iopt->space.areas.rb_root)) {
		rc = -EINVAL;
	} else {
		bool old = iopt->domains.small_pages;

		iopt->domains.small_pages = small;
		rc = inx_iopt_realign(iopt);
		if (rc)
			iopt->domains.small_pages = old;
	}
	up_write(&iopt->iova_rwsem);
	inx_iopt_unlock_write(iopt);
	return rc;
}
