// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of an IO address space: what user space says, checked and put in
 * the words of iopt.c.
 */
#include <linux/iommu.h>
#include <linux/iommu_next.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommu-next.h>

#include "bar.h"
#include "dmabuf.h"
#include "ioas.h"
#include "ioctl.h"
#include "pages.h"
#include "phys.h"
#include "source.h"
#include "vfio_compat.h"

#define INX_MAP_FLAGS                                                          \
	(IOMMU_NEXT_IOAS_MAP_FIXED_IOVA | IOMMU_NEXT_IOAS_MAP_WRITEABLE |      \
	 IOMMU_NEXT_IOAS_MAP_READABLE)

/* Both sides copy arrays of ranges as they are. */
static_assert(sizeof(struct inx_iova_range) ==
	      sizeof(struct iommu_next_iova_range));

static void inx_ioas_free(struct inx_object *obj)
{
	struct inx_ioas *ioas = container_of(obj, struct inx_ioas, obj);

	inx_iopt_unreserve(&ioas->iopt, ioas);
	inx_iopt_destroy(&ioas->iopt);
	mutex_destroy(&ioas->auto_lock);
	inx_object_free(obj);
}

static void inx_ioas_shut(struct inx_object *obj)
{
	inx_vfio_forget(container_of(obj, struct inx_ioas, obj));
}

static const struct inx_object_ops inx_ioas_ops = {
	.shut = inx_ioas_shut,
	.free = inx_ioas_free,
};

/**
 * inx_ioas_make() - make an IOAS
 * @ctx: the context
 *
 * Return: the IOAS, not published; or as inx_object_alloc().
 */
struct inx_ioas *inx_ioas_make(struct inx_ctx *ctx)
{
	struct inx_ioas *ioas;

	ioas = inx_object_alloc(ctx, sizeof(*ioas), INX_OBJ_IOAS,
				&inx_ioas_ops);
	if (IS_ERR(ioas))
		return ioas;
	inx_iopt_init(&ioas->iopt);
	mutex_init(&ioas->auto_lock);
	return ioas;
}

/** inx_ioas_alloc() - IOMMU_NEXT_IOAS_ALLOC */
int inx_ioas_alloc(struct inx_call *call)
{
	struct iommu_next_ioas_alloc *arg = call->arg;
	struct inx_ioas *ioas;

	if (arg->flags)
		return -EOPNOTSUPP;
	ioas = inx_ioas_make(call->ctx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	call->new_obj = &ioas->obj;
	arg->out_ioas_id = ioas->obj.id;
	return inx_call_reply(call);
}

/**
 * iommu_next_ioas_reserve() - keep IOVAs of an IOAS from being mapped
 * @ctx: the context
 * @ioas_id: ID of the IOAS
 * @start: first IOVA
 * @last: last one
 *
 * For as long as the IOAS lives; for what a device driver or backend needs for
 * itself in every address space. Reserved IOVAs may overlap.
 *
 * Return: 0; -ENOENT; -EINVAL when @last is below @start; -EADDRINUSE when one
 * is mapped or must stay possible; -ENOMEM.
 */
int iommu_next_ioas_reserve(struct inx_ctx *ctx, u32 ioas_id,
			    unsigned long start, unsigned long last)
{
	const struct inx_iova_range range = { start, last };
	struct inx_ioas *ioas;
	int rc;

	if (start > last)
		return -EINVAL;
	ioas = inx_ioas_get(ctx, ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = inx_iopt_reserve_more(&ioas->iopt, ioas, range);
	inx_ioas_put(ioas);
	return rc;
}
EXPORT_SYMBOL_GPL(iommu_next_ioas_reserve);

/** inx_ioas_iova_ranges() - IOMMU_NEXT_IOAS_IOVA_RANGES */
int inx_ioas_iova_ranges(struct inx_call *call)
{
	struct iommu_next_ioas_iova_ranges *arg = call->arg;
	u32 max = arg->num_iovas, room = min(max, 64U), nr;
	struct inx_iova_range *ranges = NULL;
	unsigned long alignment;
	struct inx_ioas *ioas;
	int rc;

	if (arg->__reserved)
		return -EOPNOTSUPP;
	ioas = inx_ioas_get(call->ctx, arg->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	for (;;) {
		ranges = kvmalloc_array(room, sizeof(*ranges),
					INX_GFP_LONG);
		nr = inx_iopt_ranges(&ioas->iopt, ranges, ranges ? room : 0,
				     &alignment);
		/* All of them, or as many as the user has room for. */
		if (room == max || nr <= room)
			break;
		kvfree(ranges);
		room = min(max, nr);
	}
	inx_ioas_put(ioas);

	if (!ranges && room) {
		rc = -ENOMEM;
		goto out;
	}
	rc = -EFAULT;
	if (copy_to_user(u64_to_user_ptr(arg->allowed_iovas), ranges,
			 min(room, nr) * sizeof(*ranges)))
		goto out;
	arg->num_iovas = nr;
	arg->out_iova_alignment = alignment;
	rc = inx_call_reply(call);
	if (!rc && nr > max)
		rc = -EMSGSIZE;
out:
	kvfree(ranges);
	return rc;
}

static int inx_allowed_read(struct inx_allowed_list *list,
			    const struct iommu_next_iova_range __user *uptr,
			    u32 nr)
{
	u32 i;
	int rc;

	for (i = 0; i < nr; i++) {
		struct inx_iova_range range;

		if (copy_from_user(&range, uptr + i, sizeof(range)))
			return -EFAULT;
		rc = inx_allowed_add(list, range);
		if (rc)
			return rc;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/** inx_ioas_allow_iovas() - IOMMU_NEXT_IOAS_ALLOW_IOVAS */
int inx_ioas_allow_iovas(struct inx_call *call)
{
	struct iommu_next_ioas_allow_iovas *arg = call->arg;
	struct inx_allowed_list list;
	struct inx_ioas *ioas;
	int rc;

	if (arg->__reserved)
		return -EOPNOTSUPP;
	ioas = inx_ioas_get(call->ctx, arg->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	inx_allowed_init(&list);
	rc = inx_allowed_read(&list, u64_to_user_ptr(arg->allowed_iovas),
			      arg->num_iovas);
	if (!rc)
		rc = inx_iopt_allow(&ioas->iopt, &list);
	inx_allowed_destroy(&list);
	inx_ioas_put(ioas);
	return rc;
}

/*
 * There is no ioctl to flush CPU caches, so every mapping is coherent; binding
 * a device has checked that it can be.
 */
static unsigned int inx_map_prot(u32 flags)
{
	return IOMMU_CACHE |
	       (flags & IOMMU_NEXT_IOAS_MAP_WRITEABLE ? IOMMU_WRITE : 0) |
	       (flags & IOMMU_NEXT_IOAS_MAP_READABLE ? IOMMU_READ : 0);
}

/* What a mapping asks for; @farthest is the greatest IOVA or length in it. */
static int inx_map_check(u32 flags, u32 reserved, u64 farthest)
{
	if (flags & ~INX_MAP_FLAGS || reserved)
		return -EOPNOTSUPP;
	if (farthest >= ULONG_MAX)
		return -EOVERFLOW;
	if (!(flags & (IOMMU_NEXT_IOAS_MAP_WRITEABLE |
		       IOMMU_NEXT_IOAS_MAP_READABLE)))
		return -EINVAL;
	return 0;
}

/*
 * Tell the user where a mapping is; take it away again when that is not
 * possible, as nobody would know of it.
 */
static int inx_map_reply(struct inx_call *call, struct inx_iopt *iopt,
			 unsigned long iova, unsigned long length)
{
	struct inx_iova_range range = { iova, iova + length - 1 };
	int rc = inx_call_reply(call);

	if (rc)
		inx_iopt_unmap(iopt, range, NULL);
	return rc;
}

/* How far memory at an offset or address may reach, with room to round up. */
static int inx_map_check_end(u64 start, u64 length)
{
	unsigned long end;

	if (start > ULONG_MAX ||
	    check_add_overflow((unsigned long)start, (unsigned long)length,
			       &end) ||
	    end > ULONG_MAX - PAGE_SIZE)
		return -EOVERFLOW;
	return 0;
}

/**
 * inx_ioas_check_memory() - whether memory of a process can be mapped at all
 * @addr: its address
 * @length: bytes
 *
 * Return: 0; -EOVERFLOW when it reaches across the end of the address space;
 * -EINVAL when there is none.
 */
int inx_ioas_check_memory(u64 addr, u64 length)
{
	int rc = inx_map_check_end(addr, length);

	if (!rc && !length)
		rc = -EINVAL;
	return rc;
}

/* Map @length bytes of a source, whose reference is given away. */
static int inx_map_source(struct inx_call *call, struct inx_ioas *ioas,
			  struct inx_source *source, unsigned long offset,
			  unsigned long length, u32 flags, u64 *out_iova)
{
	unsigned long iova = *out_iova;
	struct inx_area *area;
	int rc;

	area = inx_pages_alloc(&call->ctx->account, source, offset, length);
	if (IS_ERR(area)) {
		inx_source_destroy(source);
		return PTR_ERR(area);
	}
	inx_area_set_prot(area, inx_map_prot(flags));
	rc = inx_iopt_map(&ioas->iopt, area, &iova,
			  flags & IOMMU_NEXT_IOAS_MAP_FIXED_IOVA);
	if (rc)
		return rc;
	*out_iova = iova;
	return inx_map_reply(call, &ioas->iopt, iova, length);
}

/** inx_ioas_map() - IOMMU_NEXT_IOAS_MAP */
int inx_ioas_map(struct inx_call *call)
{
	struct iommu_next_ioas_map *arg = call->arg;
	struct inx_source source;
	struct inx_ioas *ioas;
	int rc;

	rc = inx_map_check(arg->flags, arg->__reserved,
			   max(arg->iova, arg->length));
	if (rc)
		return rc;

	ioas = inx_ioas_get(call->ctx, arg->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = inx_ioas_check_memory(arg->user_va, arg->length);
	if (rc)
		goto out;
	rc = inx_bar_source_init(&source, arg->user_va, arg->length,
				 arg->flags & IOMMU_NEXT_IOAS_MAP_WRITEABLE);
	if (rc)
		goto out;
	rc = inx_map_source(call, ioas, &source, offset_in_page(arg->user_va),
			    arg->length, arg->flags, &arg->iova);
out:
	inx_ioas_put(ioas);
	return rc;
}

/** inx_ioas_map_file() - IOMMU_NEXT_IOAS_MAP_FILE */
int inx_ioas_map_file(struct inx_call *call)
{
	struct iommu_next_ioas_map_file *arg = call->arg;
	struct inx_source source;
	struct inx_ioas *ioas;
	int rc;

	rc = inx_map_check(arg->flags, 0,
			   max(arg->iova, arg->length));
	if (rc)
		return rc;

	ioas = inx_ioas_get(call->ctx, arg->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = arg->length ? inx_map_check_end(arg->start, arg->length) :
			   -EINVAL;
	if (rc)
		goto out;
	rc = inx_dmabuf_source_init(&source, arg->fd, arg->start, arg->length,
				    arg->flags & IOMMU_NEXT_IOAS_MAP_WRITEABLE);
	if (rc)
		goto out;
	rc = inx_map_source(call, ioas, &source, offset_in_page(arg->start),
			    arg->length, arg->flags, &arg->iova);
out:
	inx_ioas_put(ioas);
	return rc;
}

/** inx_ioas_copy() - IOMMU_NEXT_IOAS_COPY */
int inx_ioas_copy(struct inx_call *call)
{
	struct iommu_next_ioas_copy *arg = call->arg;
	unsigned long iova = arg->dst_iova;
	struct inx_ioas *dst, *src;
	int rc;

	rc = inx_map_check(arg->flags, 0,
			   max3(arg->length, arg->src_iova, arg->dst_iova));
	if (rc)
		return rc;

	src = inx_ioas_get(call->ctx, arg->src_ioas_id);
	if (IS_ERR(src))
		return PTR_ERR(src);
	dst = inx_ioas_get(call->ctx, arg->dst_ioas_id);
	if (IS_ERR(dst)) {
		rc = PTR_ERR(dst);
		goto out_src;
	}
	rc = inx_iopt_copy(&dst->iopt, &src->iopt, arg->src_iova, arg->length,
			   &iova, arg->flags & IOMMU_NEXT_IOAS_MAP_FIXED_IOVA,
			   inx_map_prot(arg->flags));
	if (!rc) {
		arg->dst_iova = iova;
		rc = inx_map_reply(call, &dst->iopt, iova, arg->length);
	}
	inx_ioas_put(dst);
out_src:
	inx_ioas_put(src);
	return rc;
}

/** inx_ioas_unmap() - IOMMU_NEXT_IOAS_UNMAP */
int inx_ioas_unmap(struct inx_call *call)
{
	struct iommu_next_ioas_unmap *arg = call->arg;
	bool all = arg->iova == 0 && arg->length == U64_MAX;
	struct inx_iova_range range = { .start = arg->iova };
	unsigned long unmapped;
	struct inx_ioas *ioas;
	int rc;

	ioas = inx_ioas_get(call->ctx, arg->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = -EOVERFLOW;
	if (all)
		range.last = ULONG_MAX;
	else if (arg->iova >= ULONG_MAX || arg->length >= ULONG_MAX)
		goto out;
	rc = -EINVAL;
	if (!arg->length)
		goto out;
	rc = -EOVERFLOW;
	if (!all && check_add_overflow(range.start,
				       (unsigned long)arg->length - 1,
				       &range.last))
		goto out;

	/* An answer that cannot be given must not be found out too late. */
	rc = inx_call_reply(call);
	if (rc)
		goto out;
	rc = inx_iopt_unmap(&ioas->iopt, range, &unmapped);
	if (!rc && !unmapped && !all)
		rc = -ENOENT;
	if (!rc) {
		arg->length = unmapped;
		rc = inx_call_reply(call);
	}
out:
	inx_ioas_put(ioas);
	return rc;
}

static int inx_option_rlimit_mode(struct inx_ctx *ctx,
				  struct iommu_next_option *arg)
{
	int rc = 0;

	if (arg->object_id)
		return -EOPNOTSUPP;
	if (arg->op == IOMMU_NEXT_OPTION_OP_GET) {
		arg->val64 = READ_ONCE(ctx->account.mode) == INX_ACCOUNT_MM;
		return 0;
	}
	if (!capable(CAP_SYS_RESOURCE))
		return -EPERM;
	xa_lock(&ctx->objects);
	if (!inx_ctx_is_empty(ctx))
		rc = -EBUSY;
	else if (arg->val64 > 1)
		rc = -EINVAL;
	else
		WRITE_ONCE(ctx->account.mode,
			   arg->val64 ? INX_ACCOUNT_MM : INX_ACCOUNT_USER);
	xa_unlock(&ctx->objects);
	return rc;
}

static int inx_option_huge_pages(struct inx_ctx *ctx,
				 struct iommu_next_option *arg)
{
	struct inx_ioas *ioas = inx_ioas_get(ctx, arg->object_id);
	int rc = 0;

	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	if (arg->op == IOMMU_NEXT_OPTION_OP_GET)
		arg->val64 = !READ_ONCE(ioas->iopt.domains.small_pages);
	else if (arg->val64 > 1)
		rc = -EINVAL;
	else
		rc = inx_iopt_set_small_pages(&ioas->iopt, !arg->val64);
	inx_ioas_put(ioas);
	return rc;
}

/** inx_ioas_option() - IOMMU_NEXT_OPTION */
int inx_ioas_option(struct inx_call *call)
{
	struct iommu_next_option *arg = call->arg;
	int rc;

	if (arg->__reserved || arg->op > IOMMU_NEXT_OPTION_OP_GET)
		return -EOPNOTSUPP;
	switch (arg->option_id) {
	case IOMMU_NEXT_OPTION_RLIMIT_MODE:
		rc = inx_option_rlimit_mode(call->ctx, arg);
		break;
	case IOMMU_NEXT_OPTION_HUGE_PAGES:
		rc = inx_option_huge_pages(call->ctx, arg);
		break;
	default:
		return -EOPNOTSUPP;
	}
	return rc ?: inx_call_reply(call);
}

/** inx_ioas_noiommu_get_pa() - IOMMU_NEXT_IOAS_NOIOMMU_GET_PA */
int inx_ioas_noiommu_get_pa(struct inx_call *call)
{
	struct iommu_next_ioas_noiommu_get_pa *arg = call->arg;
	struct inx_ioas *ioas;
	phys_addr_t phys;
	int rc;

	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	if (arg->flags || arg->__reserved)
		return -EOPNOTSUPP;
	if (!arg->length)
		return -EINVAL;
	if (arg->iova >= ULONG_MAX)
		return -EOVERFLOW;
	ioas = inx_ioas_get(call->ctx, arg->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = inx_phys_find(&ioas->iopt, arg->iova, &phys, &arg->length);
	inx_ioas_put(ioas);
	if (rc)
		return rc;
	arg->out_phys = phys;
	return inx_call_reply(call);
}
