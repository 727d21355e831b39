// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of a VFIO container, for programs that were written for VFIO's
 * type1 IOMMU.
 *
 * They have no field for an ID: all of them act on one IOAS, which
 * IOMMU_NEXT_VFIO_IOAS chooses. Without one they fail with ENODEV, as a
 * container without a group does.
 *
 * type1 can unmap a part of a mapping, type1v2 cannot. An IO page cannot be
 * cut, so to choose type1 is to map every page on its own from then on; and
 * wherever that is so, by whatever way it was chosen, mappings are cut.
 */
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommu-next.h>
#include <uapi/linux/vfio.h>

#include "bar.h"
#include "cut.h"
#include "ioas.h"
#include "ioctl.h"
#include "pages.h"
#include "source.h"
#include "vfio_compat.h"

/* Both sides copy arrays of ranges as they are. */
static_assert(sizeof(struct inx_iova_range) == sizeof(struct vfio_iova_range));

/* The IOAS of a context, with a reference; or ERR_PTR(-ENODEV). */
static struct inx_ioas *inx_vfio_get(struct inx_ctx *ctx)
{
	struct inx_ioas *ioas;

	xa_lock(&ctx->objects);
	ioas = ctx->vfio_ioas;
	if (ioas)
		inx_object_ref(&ioas->obj);
	else
		ioas = ERR_PTR(-ENODEV);
	xa_unlock(&ctx->objects);
	return ioas;
}

static int inx_vfio_set(struct inx_ctx *ctx, u32 id)
{
	struct inx_ioas *ioas = inx_ioas_get(ctx, id);
	int rc = 0;

	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	xa_lock(&ctx->objects);
	/* Who takes the ID away comes to inx_vfio_forget() after this. */
	if (refcount_read(&ioas->obj.users))
		ctx->vfio_ioas = ioas;
	else
		rc = -ENOENT;
	xa_unlock(&ctx->objects);
	inx_ioas_put(ioas);
	return rc;
}

/**
 * inx_vfio_forget() - an IOAS loses its ID
 * @ioas: the IOAS, which nobody can become a user of any more
 */
void inx_vfio_forget(struct inx_ioas *ioas)
{
	struct inx_ctx *ctx = ioas->obj.ctx;

	xa_lock(&ctx->objects);
	if (ctx->vfio_ioas == ioas)
		ctx->vfio_ioas = NULL;
	xa_unlock(&ctx->objects);
}

/** inx_vfio_ioas() - IOMMU_NEXT_VFIO_IOAS */
int inx_vfio_ioas(struct inx_call *call)
{
	struct iommu_next_vfio_ioas *arg = call->arg;
	struct inx_ioas *ioas;

	if (arg->__reserved)
		return -EOPNOTSUPP;
	switch (arg->op) {
	case IOMMU_NEXT_VFIO_IOAS_GET:
		ioas = inx_vfio_get(call->ctx);
		if (IS_ERR(ioas))
			return PTR_ERR(ioas);
		arg->ioas_id = ioas->obj.id;
		inx_ioas_put(ioas);
		return inx_call_reply(call);
	case IOMMU_NEXT_VFIO_IOAS_SET:
		return inx_vfio_set(call->ctx, arg->ioas_id);
	case IOMMU_NEXT_VFIO_IOAS_CLEAR:
		xa_lock(&call->ctx->objects);
		call->ctx->vfio_ioas = NULL;
		xa_unlock(&call->ctx->objects);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static long inx_vfio_check_extension(struct inx_ctx *ctx, unsigned long ext)
{
	struct inx_ioas *ioas;
	long rc;

	switch (ext) {
	case VFIO_TYPE1_IOMMU:
	case VFIO_TYPE1v2_IOMMU:
	case VFIO_UNMAP_ALL:
		return 1;
	case VFIO_DMA_CC_IOMMU:
		ioas = inx_vfio_get(ctx);
		if (IS_ERR(ioas))
			return PTR_ERR(ioas);
		rc = inx_iopt_is_coherent(&ioas->iopt);
		inx_ioas_put(ioas);
		return rc;
	default:
		return 0;
	}
}

static long inx_vfio_set_iommu(struct inx_ctx *ctx, unsigned long type)
{
	struct inx_ioas *ioas;
	long rc = 0;

	if (type != VFIO_TYPE1_IOMMU && type != VFIO_TYPE1v2_IOMMU)
		return -EINVAL;
	ioas = inx_vfio_get(ctx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	if (type == VFIO_TYPE1_IOMMU)
		rc = inx_iopt_set_small_pages(&ioas->iopt, true);
	inx_ioas_put(ioas);
	return rc;
}

/* What stands behind struct vfio_iommu_type1_info. */
struct inx_vfio_caps {
	struct vfio_iommu_type1_info_dma_avail avail __aligned(8);
	struct vfio_iommu_type1_info_cap_iova_range iovas __aligned(8);
};

static size_t inx_vfio_caps_size(unsigned int nr)
{
	return sizeof(struct inx_vfio_caps) +
	       nr * sizeof(struct vfio_iova_range);
}

static void inx_vfio_fill_caps(struct inx_vfio_caps *caps, unsigned int nr)
{
	const size_t info_size = sizeof(struct vfio_iommu_type1_info);

	caps->avail.header.id = VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL;
	caps->avail.header.version = 1;
	caps->avail.header.next = info_size + offsetof(struct inx_vfio_caps,
						       iovas);
	/* Memory is the only limit. More than 16 bits, which s390 asks for. */
	caps->avail.avail = U32_MAX;
	caps->iovas.header.id = VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE;
	caps->iovas.header.version = 1;
	caps->iovas.nr_iovas = nr;
}

/*
 * Collect the capabilities for a user who has room for @room bytes of them.
 * *size is what they all take. When that is more, there are none: NULL.
 */
static struct inx_vfio_caps *inx_vfio_get_caps(struct inx_ioas *ioas,
					       size_t room, size_t *size,
					       unsigned long *alignment)
{
	unsigned int nr = inx_iopt_ranges(&ioas->iopt, NULL, 0, alignment);
	struct inx_vfio_caps *caps;
	unsigned int max;

	do {
		max = nr;
		*size = inx_vfio_caps_size(nr);
		if (*size > room)
			return NULL;
		caps = kvzalloc(*size, GFP_KERNEL_ACCOUNT);
		if (!caps)
			return ERR_PTR(-ENOMEM);
		nr = inx_iopt_ranges(&ioas->iopt,
				     (void *)caps->iovas.iova_ranges, max,
				     alignment);
		if (nr <= max)
			break;
		kvfree(caps);
	} while (true);
	*size = inx_vfio_caps_size(nr);
	inx_vfio_fill_caps(caps, nr);
	return caps;
}

/* Sizes of mappings: a part of a page is never one, as VFIO sees it. */
static u64 inx_vfio_page_sizes(struct inx_ioas *ioas, unsigned long alignment)
{
	unsigned long sizes = inx_iopt_page_sizes(&ioas->iopt);

	if (sizes & ~PAGE_MASK)
		sizes = (sizes & PAGE_MASK) | PAGE_SIZE;
	return max(sizes, alignment);
}

static long inx_vfio_get_info(struct inx_ctx *ctx, void __user *uptr)
{
	size_t min_size = offsetofend(struct vfio_iommu_type1_info,
				      iova_pgsizes);
	struct vfio_iommu_type1_info info = {};
	struct inx_vfio_caps *caps;
	unsigned long alignment;
	struct inx_ioas *ioas;
	size_t room, size;
	long rc = -EFAULT;
	u32 argsz;

	if (copy_from_user(&info, uptr, min_size))
		return -EFAULT;
	argsz = info.argsz;
	if (argsz < min_size)
		return -EINVAL;
	ioas = inx_vfio_get(ctx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	room = max_t(size_t, argsz, sizeof(info)) - sizeof(info);
	caps = inx_vfio_get_caps(ioas, room, &size, &alignment);
	info.iova_pgsizes = inx_vfio_page_sizes(ioas, alignment);
	inx_ioas_put(ioas);
	if (IS_ERR(caps))
		return PTR_ERR(caps);

	info.argsz = sizeof(info) + size;
	info.flags = VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS;
	info.cap_offset = caps ? sizeof(info) : 0;
	if (!copy_to_user(uptr, &info, min_t(size_t, argsz, sizeof(info))) &&
	    (!caps || !copy_to_user(uptr + sizeof(info), caps, size)))
		rc = 0;
	kvfree(caps);
	return rc;
}

static long inx_vfio_map(struct inx_ctx *ctx, void __user *uptr)
{
	size_t min_size = offsetofend(struct vfio_iommu_type1_dma_map, size);
	struct vfio_iommu_type1_dma_map map;
	unsigned int prot = IOMMU_CACHE;
	struct inx_source source;
	struct inx_ioas *ioas;
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

	ioas = inx_vfio_get(ctx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = inx_ioas_check_memory(map.vaddr, map.size);
	if (rc)
		goto out;
	rc = inx_bar_source_init(&source, map.vaddr, map.size,
				 prot & IOMMU_WRITE);
	if (rc)
		goto out;
	area = inx_pages_alloc(&ctx->account, &source,
			       offset_in_page(map.vaddr), map.size);
	if (IS_ERR(area)) {
		inx_source_destroy(&source);
		rc = PTR_ERR(area);
		goto out;
	}
	inx_area_set_prot(area, prot);
	iova = map.iova;
	rc = inx_iopt_map(&ioas->iopt, area, &iova, true);
out:
	inx_ioas_put(ioas);
	return rc;
}

/* *unmapped stays when mappings cannot be cut, and is 0 after other errors. */
static long inx_vfio_unmap_range(struct inx_iopt *iopt, u64 iova, u64 size,
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

static long inx_vfio_unmap_any(struct inx_iopt *iopt,
			       const struct vfio_iommu_type1_dma_unmap *unmap,
			       unsigned long *unmapped)
{
	const struct inx_iova_range all = { 0, ULONG_MAX };

	if (!(unmap->flags & VFIO_DMA_UNMAP_FLAG_ALL))
		return inx_vfio_unmap_range(iopt, unmap->iova, unmap->size,
					    unmapped);
	if (unmap->iova || unmap->size)
		return -EINVAL;
	return inx_iopt_unmap(iopt, all, unmapped);
}

static long inx_vfio_unmap(struct inx_ctx *ctx, void __user *uptr)
{
	size_t min_size = offsetofend(struct vfio_iommu_type1_dma_unmap, size);
	struct vfio_iommu_type1_dma_unmap unmap;
	unsigned long unmapped;
	struct inx_ioas *ioas;
	long rc;

	if (copy_from_user(&unmap, uptr, min_size))
		return -EFAULT;
	if (unmap.argsz < min_size || unmap.flags & ~VFIO_DMA_UNMAP_FLAG_ALL)
		return -EINVAL;
	ioas = inx_vfio_get(ctx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);

	/* An answer that cannot be given must not be found out too late. */
	if (copy_to_user(uptr, &unmap, min_size)) {
		rc = -EFAULT;
	} else {
		unmapped = unmap.size;
		rc = inx_vfio_unmap_any(&ioas->iopt, &unmap, &unmapped);
		unmap.size = unmapped;
		if (copy_to_user(uptr, &unmap, min_size))
			rc = -EFAULT;
	}
	inx_ioas_put(ioas);
	return rc;
}

/**
 * inx_vfio_ioctl() - carry out an ioctl of a VFIO container
 * @ctx: of the file
 * @cmd: any number
 * @arg: user pointer or number
 *
 * Return: as VFIO documents; -ENOIOCTLCMD for a number that is none of them, and
 * for those of dirty tracking: HWPTs have ioctls for it.
 */
long inx_vfio_ioctl(struct inx_ctx *ctx, unsigned int cmd, unsigned long arg)
{
	void __user *uptr = (void __user *)arg;

	switch (cmd) {
	case VFIO_GET_API_VERSION:
		return VFIO_API_VERSION;
	case VFIO_CHECK_EXTENSION:
		return inx_vfio_check_extension(ctx, arg);
	case VFIO_SET_IOMMU:
		return inx_vfio_set_iommu(ctx, arg);
	case VFIO_IOMMU_GET_INFO:
		return inx_vfio_get_info(ctx, uptr);
	case VFIO_IOMMU_MAP_DMA:
		return inx_vfio_map(ctx, uptr);
	case VFIO_IOMMU_UNMAP_DMA:
		return inx_vfio_unmap(ctx, uptr);
	default:
		return -ENOIOCTLCMD;
	}
}
