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
#include <uapi/linux/iommu-next.h>
#include <uapi/linux/vfio.h>

#include "ioas.h"
#include "ioctl.h"
#include "type1.h"
#include "vfio_compat.h"

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

static long inx_vfio_type1(struct inx_ctx *ctx, unsigned int cmd,
			   unsigned long arg)
{
	const struct inx_type1 type1 = {
		.account = &ctx->account,
		.ioas = inx_vfio_get(ctx),
	};
	long rc;

	rc = inx_type1_ioctl(&type1, cmd, (void __user *)arg);
	if (!IS_ERR(type1.ioas))
		inx_ioas_put(type1.ioas);
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
	switch (cmd) {
	case VFIO_GET_API_VERSION:
		return VFIO_API_VERSION;
	case VFIO_CHECK_EXTENSION:
		return inx_vfio_check_extension(ctx, arg);
	case VFIO_SET_IOMMU:
		return inx_vfio_set_iommu(ctx, arg);
	case VFIO_IOMMU_GET_INFO:
	case VFIO_IOMMU_MAP_DMA:
	case VFIO_IOMMU_UNMAP_DMA:
		return inx_vfio_type1(ctx, cmd, arg);
	default:
		return -ENOIOCTLCMD;
	}
}
