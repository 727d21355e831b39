// SPDX-License-Identifier: GPL-2.0-only
/*
 * An IOAS in the words of VFIO's type1: the ioctls of a container that are about
 * memory. They come in by two doors, with answers that differ in detail (see
 * docs/uapi.md): on /dev/iommu-next they are those of in-tree iommufd, in a
 * container of VFIO those of vfio_iommu_type1.
 *
 * In a container of type1 (not v2) any part of a mapping can be unmapped, if no
 * IO page lies across its ends. If one does, it is as with vfio_iommu_type1: a
 * mapping goes as a whole with its first byte, and stays without it.
 */
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/iommu_next.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/vfio.h>

#include "bar.h"
#include "cut.h"
#include "ioas.h"
#include "pages.h"
#include "source.h"
#include "type1.h"

/* Both sides copy arrays of ranges as they are. */
static_assert(sizeof(struct inx_iova_range) == sizeof(struct vfio_iova_range));

/* As many pages as a bitmap of what was written to may have bits. */
#define INX_TYPE1_DIRTY_BYTES SZ_256M

/*
 * What stands behind struct vfio_iommu_type1_info; in-tree iommufd has no
 * @migration.
 */
struct inx_type1_caps {
	struct vfio_iommu_type1_info_cap_migration migration __aligned(8);
	struct vfio_iommu_type1_info_dma_avail avail __aligned(8);
	struct vfio_iommu_type1_info_cap_iova_range iovas __aligned(8);
};

/* Where the capabilities begin that are told. */
static size_t inx_type1_caps_first(const struct inx_type1 *type1)
{
	return type1->exact ? 0 : offsetof(struct inx_type1_caps, avail);
}

static size_t inx_type1_caps_size(unsigned int nr)
{
	return sizeof(struct inx_type1_caps) +
	       nr * sizeof(struct vfio_iova_range);
}

static void inx_type1_fill_caps(struct inx_type1_caps *caps, size_t first,
				unsigned int nr, u64 page_sizes)
{
	const size_t base = sizeof(struct vfio_iommu_type1_info) - first;

	caps->migration.header.id = VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION;
	caps->migration.header.version = 1;
	caps->migration.header.next = base + offsetof(struct inx_type1_caps,
						      avail);
	caps->migration.pgsize_bitmap = page_sizes & -page_sizes;
	caps->migration.max_dirty_bitmap_size = INX_TYPE1_DIRTY_BYTES;
	caps->avail.header.id = VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL;
	caps->avail.header.version = 1;
	caps->avail.header.next = base + offsetof(struct inx_type1_caps, iovas);
	/* Memory is the only limit. More than 16 bits, which s390 asks for. */
	caps->avail.avail = U32_MAX;
	caps->iovas.header.id = VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE;
	caps->iovas.header.version = 1;
	caps->iovas.nr_iovas = nr;
}

/* Sizes of mappings: a part of a page is never one, as VFIO sees it. */
static u64 inx_type1_page_sizes(struct inx_ioas *ioas, unsigned long alignment)
{
	unsigned long sizes = inx_iopt_page_sizes(&ioas->iopt);

	if (sizes & ~PAGE_MASK)
		sizes = (sizes & PAGE_MASK) | PAGE_SIZE;
	return max(sizes, alignment);
}

/*
 * Collect the capabilities for a user who has room for @room bytes of them.
 * *size is what they all take. When that is more, there are none: NULL.
 */
static struct inx_type1_caps *inx_type1_get_caps(const struct inx_type1 *type1,
						 size_t room, size_t *size,
						 u64 *page_sizes)
{
	struct inx_iopt *iopt = &type1->ioas->iopt;
	size_t first = inx_type1_caps_first(type1);
	struct inx_type1_caps *caps;
	unsigned long alignment;
	unsigned int max, nr;

	nr = inx_iopt_ranges(iopt, NULL, 0, &alignment);
	do {
		max = nr;
		*size = inx_type1_caps_size(nr) - first;
		*page_sizes = inx_type1_page_sizes(type1->ioas, alignment);
		if (*size > room)
			return NULL;
		caps = kvzalloc(inx_type1_caps_size(nr), INX_GFP_LONG);
		if (!caps)
			return ERR_PTR(-ENOMEM);
		nr = inx_iopt_ranges(iopt, (void *)caps->iovas.iova_ranges, max,
				     &alignment);
		if (nr <= max)
			break;
		kvfree(caps);
	} while (true);
	*size = inx_type1_caps_size(nr) - first;
	inx_type1_fill_caps(caps, first, nr, *page_sizes);
	return caps;
}

static long inx_type1_get_info(const struct inx_type1 *type1,
			       void __user *uptr)
{
	size_t min_size = offsetofend(struct vfio_iommu_type1_info,
				      iova_pgsizes);
	struct vfio_iommu_type1_info info = {};
	struct inx_type1_caps *caps;
	size_t room, size;
	long rc = -EFAULT;
	u64 page_sizes;
	u32 argsz;

	if (copy_from_user(&info, uptr, min_size))
		return -EFAULT;
	argsz = info.argsz;
	if (argsz < min_size)
		return -EINVAL;
	if (IS_ERR(type1->ioas))
		return PTR_ERR(type1->ioas);
	room = max_t(size_t, argsz, sizeof(info)) - sizeof(info);
	caps = inx_type1_get_caps(type1, room, &size, &page_sizes);
	if (IS_ERR(caps))
		return PTR_ERR(caps);

	info.iova_pgsizes = page_sizes;
	info.argsz = sizeof(info) + size;
	info.flags = VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS;
	info.cap_offset = caps ? sizeof(info) : 0;
	if (!copy_to_user(uptr, &info, min_t(size_t, argsz, sizeof(info))) &&
	    (!caps || !copy_to_user(uptr + sizeof(info),
				    (void *)caps + inx_type1_caps_first(type1),
				    size)))
		rc = 0;
	kvfree(caps);
	return rc;
}

static long inx_type1_map(const struct inx_type1 *type1, void __user *uptr)
{
	size_t min_size = offsetofend(struct vfio_iommu_type1_dma_map, size);
	struct vfio_iommu_type1_dma_map map;
	unsigned int prot = 0;
	struct inx_source source;
	struct inx_area *area;
	unsigned long iova;
	long rc;

	if (copy_from_user(&map, uptr, min_size))
		return -EFAULT;
	if (map.argsz < min_size ||
	    map.flags & ~(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE))
		return -EINVAL;
	if (map.flags & VFIO_DMA_MAP_FLAG_READ)
		prot |= IOMMU_READ;
	if (map.flags & VFIO_DMA_MAP_FLAG_WRITE)
		prot |= IOMMU_WRITE;
	if (type1->exact && !prot)
		return -EINVAL;
	if (IS_ERR(type1->ioas))
		return PTR_ERR(type1->ioas);

	rc = inx_ioas_check_memory(map.vaddr, map.size);
	if (rc)
		return rc;
	rc = inx_bar_source_init(&source, map.vaddr, map.size,
				 prot & IOMMU_WRITE);
	if (rc)
		return rc;
	area = inx_pages_alloc(type1->account, &source,
			       offset_in_page(map.vaddr), map.size);
	if (IS_ERR(area)) {
		inx_source_destroy(&source);
		return PTR_ERR(area);
	}
	inx_area_set_prot(area, prot | IOMMU_CACHE);
	iova = map.iova;
	return inx_iopt_map(&type1->ioas->iopt, area, &iova, true);
}

/* ---- unmapping ---------------------------------------------------------- */

/* *unmapped stays when mappings cannot be cut, and is 0 after other errors. */
static long inx_type1_unmap_range(struct inx_iopt *iopt, u64 iova, u64 size,
				  unsigned long *unmapped)
{
	struct inx_iova_range range = { .start = iova };
	long rc;

	if (!size)
		return -EINVAL;
	if (check_add_overflow((unsigned long)iova, (unsigned long)size - 1,
			       &range.last)) {
		*unmapped = 0;
		return -EOVERFLOW;
	}
	rc = inx_cut_ends(iopt, range);
	if (rc)
		return rc;
	*unmapped = 0;
	return inx_iopt_unmap(iopt, range, unmapped);
}

/* A range of a container of type1, see above. */
static long inx_type1_unmap_v1(struct inx_iopt *iopt,
			       struct inx_iova_range range,
			       unsigned long *unmapped)
{
	long rc;

	rc = inx_cut_at(iopt, range.start);
	if (rc == -EINVAL)
		return 0;
	if (!rc && range.last < ULONG_MAX)
		rc = inx_cut_at(iopt, range.last + 1);
	if (rc == -EINVAL) {
		range.last = inx_cut_last(iopt, range.last);
		rc = 0;
	}
	return rc ?: inx_iopt_unmap(iopt, range, unmapped);
}

static long inx_type1_unmap_exact(const struct inx_type1 *type1, u64 iova,
				  u64 size, unsigned long *unmapped)
{
	struct inx_iopt *iopt = &type1->ioas->iopt;
	struct inx_iova_range range = { .start = iova };
	unsigned long alignment;
	long rc;

	inx_iopt_ranges(iopt, NULL, 0, &alignment);
	if (!size || (iova | size) & (alignment - 1))
		return -EINVAL;
	if (check_add_overflow((unsigned long)iova, (unsigned long)size - 1,
			       &range.last))
		return -EOVERFLOW;
	rc = type1->v2 ? inx_iopt_unmap(iopt, range, unmapped) :
			 inx_type1_unmap_v1(iopt, range, unmapped);
	return rc == -ENOENT ? -EINVAL : rc;
}

static long inx_type1_unmap_any(const struct inx_type1 *type1, u64 iova,
				u64 size, bool all, unsigned long *unmapped)
{
	const struct inx_iova_range everything = { 0, ULONG_MAX };
	struct inx_iopt *iopt = &type1->ioas->iopt;

	if (all)
		return iova || size ? -EINVAL :
				      inx_iopt_unmap(iopt, everything, unmapped);
	if (type1->exact)
		return inx_type1_unmap_exact(type1, iova, size, unmapped);
	return inx_type1_unmap_range(iopt, iova, size, unmapped);
}

static long inx_type1_unmap(const struct inx_type1 *type1, void __user *uptr)
{
	size_t min_size = offsetofend(struct vfio_iommu_type1_dma_unmap, size);
	struct vfio_iommu_type1_dma_unmap unmap;
	unsigned long unmapped;
	long rc;

	if (copy_from_user(&unmap, uptr, min_size))
		return -EFAULT;
	if (unmap.argsz < min_size || unmap.flags & ~VFIO_DMA_UNMAP_FLAG_ALL)
		return -EINVAL;
	if (IS_ERR(type1->ioas))
		return PTR_ERR(type1->ioas);
	/* An answer that cannot be given must not be found out too late. */
	if (copy_to_user(uptr, &unmap, min_size))
		return -EFAULT;
	unmapped = type1->exact ? 0 : unmap.size;
	rc = inx_type1_unmap_any(type1, unmap.iova, unmap.size,
				 unmap.flags & VFIO_DMA_UNMAP_FLAG_ALL,
				 &unmapped);
	if (rc && type1->exact)
		return rc;
	unmap.size = unmapped;
	if (copy_to_user(uptr, &unmap, min_size))
		rc = -EFAULT;
	return rc;
}

/**
 * inx_type1_ioctl() - carry out an ioctl of a container that is about memory
 * @type1: of which IOAS, and how
 * @cmd: any number
 * @uptr: the argument
 *
 * Return: as VFIO documents; -ENOTTY for another number.
 */
long inx_type1_ioctl(const struct inx_type1 *type1, unsigned int cmd,
		     void __user *uptr)
{
	switch (cmd) {
	case VFIO_IOMMU_GET_INFO:
		return inx_type1_get_info(type1, uptr);
	case VFIO_IOMMU_MAP_DMA:
		return inx_type1_map(type1, uptr);
	case VFIO_IOMMU_UNMAP_DMA:
		return inx_type1_unmap(type1, uptr);
	default:
		return -ENOTTY;
	}
}

/* ---- for drivers -------------------------------------------------------- */

/**
 * iommu_next_type1_create() - have an IOAS with the ioctls of type1
 * @ctx: the context, which the caller keeps for as long as it has this
 * @ioas_id: ID of the IOAS, which cannot be destroyed meanwhile; 0 for a new
 *	one
 * @v2: as type1v2, else as type1
 *
 * Return: that; ERR_PTR(-ENOENT) or ERR_PTR(-ENOMEM).
 */
struct inx_type1 *iommu_next_type1_create(struct inx_ctx *ctx, u32 ioas_id,
					  bool v2)
{
	struct inx_type1 *type1;
	struct inx_ioas *ioas;
	int rc;

	type1 = kzalloc_obj(*type1, GFP_KERNEL_ACCOUNT);
	if (!type1)
		return ERR_PTR(-ENOMEM);
	ioas = ioas_id ? inx_ioas_get(ctx, ioas_id) : inx_ioas_make(ctx);
	if (IS_ERR(ioas)) {
		rc = PTR_ERR(ioas);
		goto out_free;
	}
	rc = inx_object_use(&ioas->obj);
	if (!ioas_id)
		inx_object_publish(&ioas->obj);
	else
		inx_ioas_put(ioas);
	if (rc)
		goto out_free;
	type1->account = &ctx->account;
	type1->ioas = ioas;
	type1->exact = true;
	type1->v2 = v2;
	type1->own = !ioas_id;
	return type1;

out_free:
	kfree(type1);
	return ERR_PTR(rc);
}
EXPORT_SYMBOL_GPL(iommu_next_type1_create);

/**
 * iommu_next_type1_destroy() - undo iommu_next_type1_create()
 * @type1: that nobody uses any more
 *
 * An IOAS of its own is unmapped, and goes unless somebody else uses it.
 */
void iommu_next_type1_destroy(struct inx_type1 *type1)
{
	struct inx_ioas *ioas = type1->ioas;

	iommu_next_type1_empty(type1);
	inx_object_unclaim(&ioas->obj);
	if (type1->own)
		inx_object_remove(&ioas->obj);
	inx_ioas_put(ioas);
	kfree(type1);
}
EXPORT_SYMBOL_GPL(iommu_next_type1_destroy);

/**
 * iommu_next_type1_empty() - unmap all that an IOAS of its own maps
 * @type1: what another thread maps or unmaps just now keeps it from that
 */
void iommu_next_type1_empty(struct inx_type1 *type1)
{
	const struct inx_iova_range all = { 0, ULONG_MAX };

	if (type1->own)
		inx_iopt_unmap(&type1->ioas->iopt, all, NULL);
}
EXPORT_SYMBOL_GPL(iommu_next_type1_empty);

/**
 * iommu_next_type1_ioas() - which IOAS it is
 * @type1: that
 *
 * Return: its ID.
 */
u32 iommu_next_type1_ioas(const struct inx_type1 *type1)
{
	return type1->ioas->obj.id;
}
EXPORT_SYMBOL_GPL(iommu_next_type1_ioas);

/**
 * iommu_next_type1_is_coherent() - whether no access can leave out CPU caches
 * @type1: what devices do it through
 *
 * Return: what VFIO_DMA_CC_IOMMU asks.
 */
bool iommu_next_type1_is_coherent(const struct inx_type1 *type1)
{
	return inx_iopt_is_coherent(&type1->ioas->iopt);
}
EXPORT_SYMBOL_GPL(iommu_next_type1_is_coherent);

/**
 * iommu_next_type1_has_hardware() - whether devices reach it by an IOMMU
 * @type1: of what
 *
 * Return: whether it has a page table, whoever's device that is for.
 */
bool iommu_next_type1_has_hardware(const struct inx_type1 *type1)
{
	return inx_iopt_has_domains(&type1->ioas->iopt);
}
EXPORT_SYMBOL_GPL(iommu_next_type1_has_hardware);

/**
 * iommu_next_type1_page_size() - the smallest size of a mapping
 * @type1: of what
 *
 * Return: that, a power of two.
 */
unsigned long iommu_next_type1_page_size(const struct inx_type1 *type1)
{
	unsigned long alignment;
	u64 sizes;

	inx_iopt_ranges(&type1->ioas->iopt, NULL, 0, &alignment);
	sizes = inx_type1_page_sizes(type1->ioas, alignment);
	return sizes & -sizes;
}
EXPORT_SYMBOL_GPL(iommu_next_type1_page_size);

/**
 * iommu_next_type1_ioctl() - VFIO_IOMMU_GET_INFO, MAP_DMA, UNMAP_DMA
 * @type1: of what
 * @cmd: any number
 * @arg: of the ioctl
 *
 * Return: as VFIO documents; -EBUSY when UNMAP_DMA meets a mapping that another
 * thread maps or unmaps; -ENOTTY for another number.
 */
long iommu_next_type1_ioctl(struct inx_type1 *type1, unsigned int cmd,
			    unsigned long arg)
{
	return inx_type1_ioctl(type1, cmd, (void __user *)arg);
}
EXPORT_SYMBOL_GPL(iommu_next_type1_ioctl);

/**
 * iommu_next_type1_unmap() - what VFIO_IOMMU_UNMAP_DMA does
 * @type1: where
 * @iova: as there
 * @size: likewise
 * @unmapped: gets the bytes that were unmapped
 *
 * Return: as iommu_next_type1_ioctl().
 */
long iommu_next_type1_unmap(struct inx_type1 *type1, u64 iova, u64 size,
			    unsigned long *unmapped)
{
	*unmapped = 0;
	return inx_type1_unmap_any(type1, iova, size, false, unmapped);
}
EXPORT_SYMBOL_GPL(iommu_next_type1_unmap);

/**
 * iommu_next_type1_walk() - look at the mappings that have a part of a range
 * @type1: of what
 * @start: first IOVA
 * @last: last one
 * @fn: called for each, in order, with its first and last IOVA and @arg, until
 *	it returns something else than 0; must neither sleep nor map or unmap
 * @arg: for @fn
 *
 * Return: what @fn returned last, or 0.
 */
int iommu_next_type1_walk(struct inx_type1 *type1, unsigned long start,
			  unsigned long last,
			  int (*fn)(unsigned long start, unsigned long last,
				    void *arg),
			  void *arg)
{
	struct inx_iopt *iopt = &type1->ioas->iopt;
	struct inx_area *area;
	int rc = 0;

	down_read(&iopt->iova_rwsem);
	for (area = inx_space_first(&iopt->space, start, last); !rc && area;
	     area = inx_space_next(area, last))
		if (inx_area_is_live(area))
			rc = fn(area->node.start, area->node.last, arg);
	up_read(&iopt->iova_rwsem);
	return rc;
}
EXPORT_SYMBOL_GPL(iommu_next_type1_walk);
