// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which pages were written to, as type1 knows it without help by the IOMMU: a
 * group of hardware may have written to everything that is mapped; of devices
 * that are made of software it is known what they have pinned or written.
 *
 * What is told of a page is told once. A page that is pinned is always among
 * those told of.
 */
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>

#include "container.h"

#define INX_DIRTY XA_MARK_0

/* Most bits of a bitmap, and those that are worked on at a time. */
#define INX_DIRTY_MAX_BITS SZ_2G
#define INX_DIRTY_BITS (PAGE_SIZE * BITS_PER_BYTE)

/* ---- what is noted down ------------------------------------------------- */

static unsigned long inx_dirty_count(struct inx_container *c,
				     unsigned long index)
{
	void *entry = xa_load(&c->pages, index);

	return entry ? xa_to_value(entry) : 0;
}

/* Note down how often a page is pinned; it has been written to if so. */
static int inx_dirty_set(struct inx_container *c, unsigned long index,
			 unsigned long count)
{
	lockdep_assert_held(&c->pages_lock);
	if (xa_err(xa_store(&c->pages, index, xa_mk_value(count),
			    GFP_KERNEL_ACCOUNT)))
		return -ENOMEM;
	if (c->tracking)
		xa_set_mark(&c->pages, index, INX_DIRTY);
	return 0;
}

/**
 * inx_dirty_pin() - a page is about to be pinned
 * @c: the container
 * @index: IOVA / PAGE_SIZE
 *
 * Return: 0 or -ENOMEM.
 */
int inx_dirty_pin(struct inx_container *c, unsigned long index)
{
	int rc;

	mutex_lock(&c->pages_lock);
	rc = inx_dirty_set(c, index, inx_dirty_count(c, index) + 1);
	mutex_unlock(&c->pages_lock);
	return rc;
}

/**
 * inx_dirty_unpin() - a page is about to be unpinned
 * @c: the container
 * @index: as it was pinned
 *
 * Return: whether it was pinned.
 */
bool inx_dirty_unpin(struct inx_container *c, unsigned long index)
{
	unsigned long count;

	mutex_lock(&c->pages_lock);
	count = inx_dirty_count(c, index);
	if (count > 1 || (count && xa_get_mark(&c->pages, index, INX_DIRTY)))
		/* Storing in a slot that is in use cannot fail. */
		xa_store(&c->pages, index, xa_mk_value(count - 1),
			 GFP_KERNEL_ACCOUNT);
	else if (count)
		xa_erase(&c->pages, index);
	mutex_unlock(&c->pages_lock);
	return count;
}

/**
 * inx_dirty_write() - pages are about to be written to
 * @c: the container
 * @first: IOVA / PAGE_SIZE of the first
 * @last: of the last one
 *
 * Return: 0 or -ENOMEM.
 */
int inx_dirty_write(struct inx_container *c, unsigned long first,
		    unsigned long last)
{
	unsigned long index;
	int rc = 0;

	mutex_lock(&c->pages_lock);
	if (c->tracking)
		for (index = first; !rc && index <= last; index++)
			rc = inx_dirty_set(c, index, inx_dirty_count(c, index));
	mutex_unlock(&c->pages_lock);
	return rc;
}

/**
 * inx_dirty_group() - a group of hardware goes, after it has written
 * @c: the container
 */
void inx_dirty_group(struct inx_container *c)
{
	mutex_lock(&c->pages_lock);
	c->all_dirty |= c->tracking;
	mutex_unlock(&c->pages_lock);
}

/* Told of, or of no interest any more. */
static void inx_dirty_clear(struct inx_container *c, unsigned long index,
			    void *entry)
{
	if (!xa_to_value(entry))
		xa_erase(&c->pages, index);
}

/**
 * inx_dirty_forget() - pages are not mapped any more
 * @c: the container
 * @first: IOVA / PAGE_SIZE of the first
 * @last: of the last one
 */
void inx_dirty_forget(struct inx_container *c, unsigned long first,
		      unsigned long last)
{
	unsigned long index;
	void *entry;

	mutex_lock(&c->pages_lock);
	xa_for_each_range(&c->pages, index, entry, first, last)
		inx_dirty_clear(c, index, entry);
	mutex_unlock(&c->pages_lock);
}

/* ---- reports ------------------------------------------------------------ */

/**
 * struct inx_dirty_range - what a report is about
 * @c: the container
 * @iova: first IOVA
 * @last: last one
 * @user: the user's bitmap, a bit for each page
 * @base: the page of the first bit of @bits
 * @npages: how many bits there are
 * @bits: a part of the bitmap
 * @all: everything that is mapped has been written to
 */
struct inx_dirty_range {
	struct inx_container *c;
	unsigned long iova;
	unsigned long last;
	void __user *user;
	unsigned long base;
	unsigned long npages;
	unsigned long *bits;
	bool all;
};

static int inx_dirty_check_one(unsigned long start, unsigned long last,
			       void *arg)
{
	struct inx_dirty_range *range = arg;

	return start < range->iova || last > range->last ? -EINVAL : 0;
}

static void inx_dirty_take(struct inx_dirty_range *range, unsigned long first,
			   unsigned long last)
{
	unsigned long index;
	void *entry;

	xa_for_each_range(&range->c->pages, index, entry, first, last) {
		if (xa_get_mark(&range->c->pages, index, INX_DIRTY))
			__set_bit(index - range->base, range->bits);
		inx_dirty_clear(range->c, index, entry);
	}
}

/* A mapping: its bits are set or cleared, all others stay. */
static int inx_dirty_one(unsigned long start, unsigned long last, void *arg)
{
	struct inx_dirty_range *range = arg;
	unsigned long first = max(start >> PAGE_SHIFT, range->base);
	unsigned long end = min(last >> PAGE_SHIFT,
				range->base + range->npages - 1);

	if (range->all)
		bitmap_set(range->bits, first - range->base, end - first + 1);
	else
		bitmap_clear(range->bits, first - range->base,
			     end - first + 1);
	inx_dirty_take(range, first, end);
	return 0;
}

/* Pages from @range->base on, as many as there are bits. */
static int inx_dirty_report_part(struct inx_dirty_range *range)
{
	size_t first = range->base - (range->iova >> PAGE_SHIFT);
	void __user *user = range->user + first / BITS_PER_BYTE;
	size_t size = BITS_TO_LONGS(range->npages) * sizeof(long);
	struct inx_container *c = range->c;
	bool hardware;

	if (copy_from_user(range->bits, user, size))
		return -EFAULT;
	/* The container's groups, and others that have the same IOAS. */
	hardware = iommu_next_type1_has_hardware(c->type1);
	mutex_lock(&c->pages_lock);
	range->all = hardware || c->all_dirty;
	iommu_next_type1_walk(c->type1, range->base << PAGE_SHIFT,
			      ((range->base + range->npages) << PAGE_SHIFT) - 1,
			      inx_dirty_one, range);
	mutex_unlock(&c->pages_lock);
	return copy_to_user(user, range->bits, size) ? -EFAULT : 0;
}

/* What was written to in a range that no mapping has a part of only. */
static int inx_dirty_report(struct inx_dirty_range *range)
{
	unsigned long end = range->last >> PAGE_SHIFT, left;
	int rc;

	rc = iommu_next_type1_walk(range->c->type1, range->iova, range->last,
				   inx_dirty_check_one, range);
	range->base = range->iova >> PAGE_SHIFT;
	while (!rc && range->base <= end) {
		left = end - range->base + 1;
		range->npages = min_t(unsigned long, left, INX_DIRTY_BITS);
		rc = inx_dirty_report_part(range);
		range->base += range->npages;
		if (fatal_signal_pending(current))
			rc = -EINTR;
		cond_resched();
	}
	return rc;
}

/* Look at what the user says of a range and a bitmap for it. */
static int inx_dirty_check(struct inx_container *c, u64 iova, u64 size,
			   const struct vfio_bitmap *bitmap,
			   struct inx_dirty_range *range)
{
	unsigned long page_size = iommu_next_type1_page_size(c->type1);
	u64 npages = size >> PAGE_SHIFT;

	if (bitmap->pgsize != page_size || !IS_ALIGNED(iova | size, page_size))
		return -EINVAL;
	if (!npages || npages > INX_DIRTY_MAX_BITS ||
	    bitmap->size < DIV_ROUND_UP(npages, BITS_PER_LONG) * sizeof(long))
		return -EINVAL;
	if (check_add_overflow((unsigned long)iova, (unsigned long)size - 1,
			       &range->last))
		return -EINVAL;
	range->c = c;
	range->iova = iova;
	range->user = bitmap->data;
	return READ_ONCE(c->tracking) ? 0 : -EINVAL;
}

static long inx_dirty_get(struct inx_container *c, void __user *uptr)
{
	struct vfio_iommu_type1_dirty_bitmap_get get;
	struct inx_dirty_range range;
	int rc;

	if (copy_from_user(&get, uptr, sizeof(get)))
		return -EFAULT;
	rc = inx_dirty_check(c, get.iova, get.size, &get.bitmap, &range);
	if (rc)
		return rc;
	range.bits = (unsigned long *)__get_free_page(GFP_KERNEL_ACCOUNT);
	if (!range.bits)
		return -ENOMEM;
	rc = down_read_killable(&c->map_lock);
	if (!rc) {
		rc = inx_dirty_report(&range);
		up_read(&c->map_lock);
	}
	free_page((unsigned long)range.bits);
	return rc;
}

/*
 * Start or stop. What is pinned already, and what is noted down while that is
 * being found out, is marked.
 */
static void inx_dirty_track(struct inx_container *c, bool track)
{
	unsigned long index;
	void *entry;

	mutex_lock(&c->pages_lock);
	if (c->tracking != track) {
		WRITE_ONCE(c->tracking, track);
		c->all_dirty = false;
		xa_for_each(&c->pages, index, entry) {
			if (track)
				xa_set_mark(&c->pages, index, INX_DIRTY);
			else if (xa_to_value(entry))
				xa_clear_mark(&c->pages, index, INX_DIRTY);
			else
				xa_erase(&c->pages, index);
		}
	}
	mutex_unlock(&c->pages_lock);
}

/**
 * inx_dirty_ioctl() - VFIO_IOMMU_DIRTY_PAGES
 * @c: the container
 * @uptr: the argument
 *
 * Return: 0; -EACCES in a container of type1, not v2; -EINVAL; -EFAULT;
 * -ENOMEM.
 */
long inx_dirty_ioctl(struct inx_container *c, void __user *uptr)
{
	size_t min_size = offsetofend(struct vfio_iommu_type1_dirty_bitmap,
				      flags);
	struct vfio_iommu_type1_dirty_bitmap dirty;

	if (!c->v2)
		return -EACCES;
	if (copy_from_user(&dirty, uptr, min_size))
		return -EFAULT;
	if (dirty.argsz < min_size)
		return -EINVAL;
	switch (dirty.flags) {
	case VFIO_IOMMU_DIRTY_PAGES_FLAG_START:
		inx_dirty_track(c, true);
		return 0;
	case VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP:
		inx_dirty_track(c, false);
		return 0;
	case VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP:
		if (dirty.argsz - min_size <
		    sizeof(struct vfio_iommu_type1_dirty_bitmap_get))
			return -EINVAL;
		return inx_dirty_get(c, uptr + min_size);
	default:
		return -EINVAL;
	}
}

/* Take the first page that is marked out of a range. */
static bool inx_dirty_take_one(struct inx_container *c, unsigned long *index,
			       unsigned long last)
{
	bool found;

	mutex_lock(&c->pages_lock);
	found = xa_find(&c->pages, index, last, INX_DIRTY);
	if (found)
		xa_erase(&c->pages, *index);
	mutex_unlock(&c->pages_lock);
	return found;
}

/* What was written to between the report and the end of the mappings. */
static int inx_dirty_report_rest(struct inx_dirty_range *range)
{
	unsigned long first = range->iova >> PAGE_SHIFT, index = first;

	while (inx_dirty_take_one(range->c, &index,
				  range->last >> PAGE_SHIFT)) {
		unsigned long bit = index - first;
		u8 __user *byte = range->user + bit / BITS_PER_BYTE;
		u8 val;

		if (get_user(val, byte) ||
		    put_user(val | BIT(bit % BITS_PER_BYTE), byte))
			return -EFAULT;
	}
	return 0;
}

static long inx_dirty_unmap_alone(struct inx_dirty_range *range,
				  struct vfio_iommu_type1_dma_unmap *unmap)
{
	unsigned long unmapped = 0;
	long rc;

	rc = inx_dirty_report(range);
	if (rc)
		return rc;
	rc = iommu_next_type1_unmap(range->c->type1, unmap->iova, unmap->size,
				    &unmapped);
	unmap->size = unmapped;
	return rc ?: inx_dirty_report_rest(range);
}

/**
 * inx_dirty_unmap() - VFIO_IOMMU_UNMAP_DMA that tells what was written to
 * @c: the container
 * @uptr: the argument
 *
 * Return: 0; -EINVAL; -EFAULT; -ENOMEM; as iommu_next_type1_unmap().
 */
long inx_dirty_unmap(struct inx_container *c, void __user *uptr)
{
	struct vfio_iommu_type1_dma_unmap unmap;
	struct inx_dirty_range range;
	struct vfio_bitmap bitmap;
	long rc;

	if (copy_from_user(&unmap, uptr, sizeof(unmap)))
		return -EFAULT;
	if (unmap.argsz < sizeof(unmap) + sizeof(bitmap) ||
	    unmap.flags != VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP)
		return -EINVAL;
	if (copy_from_user(&bitmap, uptr + sizeof(unmap), sizeof(bitmap)))
		return -EFAULT;
	rc = inx_dirty_check(c, unmap.iova, unmap.size, &bitmap, &range);
	if (rc)
		return rc;
	range.bits = (unsigned long *)__get_free_page(GFP_KERNEL_ACCOUNT);
	if (!range.bits)
		return -ENOMEM;
	rc = down_write_killable(&c->map_lock);
	if (!rc) {
		rc = inx_dirty_unmap_alone(&range, &unmap);
		up_write(&c->map_lock);
	}
	free_page((unsigned long)range.bits);
	if (!rc && copy_to_user(uptr, &unmap, sizeof(unmap)))
		rc = -EFAULT;
	return rc;
}
