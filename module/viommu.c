// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slices of an IOMMU that belong to a guest.
 *
 * A slice is made for a device, and serves the devices behind the same IOMMU.
 * What stands on it is its user: virtual devices, page tables, queues, and what
 * is mapped of it, so it cannot be destroyed before them.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "device.h"
#include "group.h"
#include "hwpt.h"
#include "ioctl.h"
#include "viommu.h"

#define INX_VIOMMU_TRIES 3

/* Offsets of what can be mapped are so many pages apart. */
#define INX_MMAP_SHIFT 16

/**
 * struct inx_mmap - what can be mapped of a slice
 * @viommu: the slice
 * @pfn: first page
 * @length: bytes
 */
struct inx_mmap {
	struct inx_viommu *viommu;
	unsigned long pfn;
	size_t length;
};

static void inx_viommu_withdraw_mmap(struct inx_viommu *viommu)
{
	if (viommu->mmap_id)
		kfree(xa_erase(&viommu->obj.ctx->mmaps, viommu->mmap_id));
	viommu->mmap_id = 0;
}

static void inx_viommu_shut(struct inx_object *obj)
{
	struct inx_viommu *viommu = inx_viommu_of(obj);

	inx_viommu_withdraw_mmap(viommu);
	if (viommu->parent)
		inx_object_unclaim(&viommu->parent->obj);
}

static void inx_viommu_free(struct inx_object *obj)
{
	struct inx_viommu *viommu = inx_viommu_of(obj);

	if (viommu->ops)
		viommu->ops->free(viommu->priv);
	if (viommu->parent)
		inx_object_put(&viommu->parent->obj);
	module_put(viommu->backend->owner);
	xa_destroy(&viommu->vdevices);
	mutex_destroy(&viommu->lock);
	inx_object_free(obj);
}

static const struct inx_object_ops inx_viommu_object_ops = {
	.shut = inx_viommu_shut,
	.free = inx_viommu_free,
};

/**
 * inx_viommu_offer_mmap() - let user space map memory of a slice
 * @viommu: the slice, while it is being made
 * @phys: first byte, at the start of a page; stays until the slice is freed
 * @length: bytes, of whole pages
 * @offset: gets what to give to mmap() of the context's file
 *
 * Return: 0; -EBUSY when it has something already; -EINVAL; -ENOMEM.
 */
int inx_viommu_offer_mmap(struct inx_viommu *viommu, phys_addr_t phys,
			  size_t length, u64 *offset)
{
	struct inx_mmap *region;
	int rc;

	if (viommu->mmap_id)
		return -EBUSY;
	if (!length || !PAGE_ALIGNED(phys) || !PAGE_ALIGNED(length) ||
	    length >> PAGE_SHIFT >> INX_MMAP_SHIFT)
		return -EINVAL;
	region = kzalloc_obj(*region, GFP_KERNEL_ACCOUNT);
	if (!region)
		return -ENOMEM;
	region->viommu = viommu;
	region->pfn = phys >> PAGE_SHIFT;
	region->length = length;
	rc = xa_alloc(&viommu->obj.ctx->mmaps, &viommu->mmap_id, region,
		      XA_LIMIT(1, BIT(20)), GFP_KERNEL_ACCOUNT);
	if (rc) {
		/* Without memory for its place it has been given one. */
		viommu->mmap_id = 0;
		kfree(region);
		return rc;
	}
	*offset = (u64)viommu->mmap_id << INX_MMAP_SHIFT << PAGE_SHIFT;
	return 0;
}
EXPORT_SYMBOL_GPL(inx_viommu_offer_mmap);

static void inx_viommu_vma_open(struct vm_area_struct *vma)
{
	struct inx_viommu *viommu = vma->vm_private_data;

	WARN_ON_ONCE(inx_object_use(&viommu->obj));
}

static void inx_viommu_vma_close(struct vm_area_struct *vma)
{
	struct inx_viommu *viommu = vma->vm_private_data;

	inx_object_unuse(&viommu->obj);
}

static const struct vm_operations_struct inx_viommu_vm_ops = {
	.open = inx_viommu_vma_open,
	.close = inx_viommu_vma_close,
};

/* What lies at an offset, with a user of its slice. */
static int inx_viommu_find_mmap(struct inx_ctx *ctx, unsigned long pgoff,
				struct inx_mmap *found)
{
	struct inx_mmap *region = NULL;
	int rc = -ENXIO;

	if (pgoff & (BIT(INX_MMAP_SHIFT) - 1))
		return rc;
	xa_lock(&ctx->mmaps);
	region = xa_load(&ctx->mmaps, pgoff >> INX_MMAP_SHIFT);
	if (region && !inx_object_use(&region->viommu->obj)) {
		*found = *region;
		rc = 0;
	}
	xa_unlock(&ctx->mmaps);
	return rc;
}

/**
 * inx_viommu_mmap() - map what a slice offers
 * @ctx: the context
 * @vma: the mapping, of the whole of it
 *
 * Return: 0; -EINVAL for a private mapping, -EPERM for an executable one; -ENXIO
 * when nothing, or not exactly this, is offered there; -ENOMEM.
 */
int inx_viommu_mmap(struct inx_ctx *ctx, struct vm_area_struct *vma)
{
	unsigned long length = vma->vm_end - vma->vm_start;
	struct inx_mmap region;
	int rc;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	rc = inx_viommu_find_mmap(ctx, vma->vm_pgoff, &region);
	if (rc)
		return rc;
	rc = -ENXIO;
	if (length == region.length) {
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
		rc = io_remap_pfn_range(vma, vma->vm_start, region.pfn, length,
					vma->vm_page_prot);
	}
	if (rc) {
		inx_object_unuse(&region.viommu->obj);
		return rc;
	}
	vma->vm_private_data = region.viommu;
	vma->vm_ops = &inx_viommu_vm_ops;
	return 0;
}

/**
 * inx_viommu_invalidate() - flush what is cached of a guest's tables
 * @viommu: the slice
 * @array: entries; gets how many were carried out
 *
 * Return: as &struct inx_viommu_ops.invalidate; -EOPNOTSUPP.
 */
int inx_viommu_invalidate(struct inx_viommu *viommu,
			  struct inx_user_array *array)
{
	if (viommu->ops->invalidate)
		return viommu->ops->invalidate(viommu->priv, array);
	array->entry_num = 0;
	return -EOPNOTSUPP;
}

/* As inx_nested_domain(), with data that may be written back. */
static int inx_viommu_init(struct inx_viommu *viommu, struct inx_device *idev,
			   const struct inx_user_data *data)
{
	const struct inx_viommu_ops *ops;
	int tries = INX_VIOMMU_TRIES;

	do {
		if (data->len)
			fault_in_safe_writeable(data->uptr,
						min_t(u32, data->len,
						      PAGE_SIZE));
		mutex_lock(&idev->group->lock);
		if (idev->gone) {
			ops = ERR_PTR(-ENODEV);
		} else {
			pagefault_disable();
			ops = viommu->backend->viommu_alloc
				(idev->dev, viommu, viommu->parent->domain,
				 data, &viommu->priv);
			pagefault_enable();
		}
		mutex_unlock(&idev->group->lock);
		if (IS_ERR(ops))
			inx_viommu_withdraw_mmap(viommu);
	} while (ops == ERR_PTR(-EFAULT) && --tries);
	if (IS_ERR(ops))
		return PTR_ERR(ops);
	viommu->ops = ops;
	return 0;
}

static struct inx_viommu *inx_viommu_make(struct inx_call *call,
					  struct inx_device *idev,
					  struct inx_hwpt *parent)
{
	struct inx_viommu *viommu;
	int rc;

	viommu = inx_object_alloc(call->ctx, sizeof(*viommu), INX_OBJ_VIOMMU,
				  &inx_viommu_object_ops);
	if (IS_ERR(viommu))
		return viommu;
	viommu->backend = idev->ops;
	__module_get(viommu->backend->owner);
	mutex_init(&viommu->lock);
	xa_init_flags(&viommu->vdevices, XA_FLAGS_ACCOUNT);
	INIT_LIST_HEAD(&viommu->queues);
	spin_lock_init(&viommu->events_lock);
	INIT_LIST_HEAD(&viommu->eventqs);
	call->new_obj = &viommu->obj;
	rc = inx_object_use(&parent->obj);
	if (rc)
		return ERR_PTR(rc);
	viommu->parent = parent;
	return viommu;
}

static int inx_viommu_alloc_on(struct inx_call *call, struct inx_device *idev,
			       struct inx_hwpt *parent)
{
	struct iommu_next_viommu_alloc *arg = call->arg;
	const struct inx_user_data data = {
		.uptr = u64_to_user_ptr(arg->data_uptr),
		.type = arg->type,
		.len = arg->data_len,
	};
	struct inx_viommu *viommu;
	int rc;

	if (parent->ops != idev->ops ||
	    !(parent->flags & IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT))
		return -EINVAL;
	viommu = inx_viommu_make(call, idev, parent);
	if (IS_ERR(viommu))
		return PTR_ERR(viommu);
	rc = inx_viommu_init(viommu, idev, &data);
	if (rc)
		return rc;
	arg->out_viommu_id = viommu->obj.id;
	return inx_call_reply(call);
}

/** inx_viommu_alloc() - IOMMU_NEXT_VIOMMU_ALLOC */
int inx_viommu_alloc(struct inx_call *call)
{
	struct iommu_next_viommu_alloc *arg = call->arg;
	struct inx_device *idev;
	struct inx_object *obj;
	int rc = -EOPNOTSUPP;

	if (arg->flags || arg->__reserved ||
	    arg->type == IOMMU_NEXT_VIOMMU_TYPE_DEFAULT)
		return rc;
	idev = inx_device_get(call->ctx, arg->dev_id);
	if (IS_ERR(idev))
		return PTR_ERR(idev);
	if (!idev->ops->viommu_alloc)
		goto out;
	obj = inx_object_get(call->ctx, arg->hwpt_id, INX_OBJ_HWPT);
	rc = PTR_ERR_OR_ZERO(obj);
	if (rc)
		goto out;
	rc = inx_viommu_alloc_on(call, idev, inx_hwpt_of(obj));
	inx_object_put(obj);
out:
	inx_device_put(idev);
	return rc;
}
