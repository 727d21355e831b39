// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making hardware page tables and taking them down.
 *
 * A page table follows its IOAS from the moment it is linked. That is when it
 * is made, so that a device is only attached to a table that is complete; or,
 * where the IOMMU driver has to see a device before it can map anything, right
 * after the first attach.
 *
 * Taking down ends with removing the page table from the IOAS. Nobody is
 * attached by then; when other threads map or unmap there, and may wait for user
 * space, the last of them finishes it.
 */
#include <linux/iommu.h>
#include <linux/iommu_next.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "device.h"
#include "dirty.h"
#include "fault.h"
#include "group.h"
#include "hwpt.h"
#include "ioas.h"
#include "ioctl.h"
#include "nested.h"
#include "viommu.h"

#define INX_HWPT_FLAGS                                                         \
	(IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT |                                   \
	 IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING |                                \
	 IOMMU_NEXT_HWPT_FAULT_ID_VALID | IOMMU_NEXT_HWPT_ALLOC_PASID)

#define INX_HWPT_TRIES 3

static void inx_hwpt_shut(struct inx_object *obj)
{
	struct inx_hwpt *hwpt = inx_hwpt_of(obj);

	if (hwpt->fault)
		inx_object_unclaim(&hwpt->fault->obj);
	if (hwpt->viommu)
		inx_object_unclaim(&hwpt->viommu->obj);
	else if (hwpt->parent)
		inx_object_unclaim(&hwpt->parent->obj);
	else if (hwpt->ioas)
		inx_object_unclaim(&hwpt->ioas->obj);
}

static void inx_hwpt_finish(struct inx_hwpt *hwpt)
{
	if (hwpt->domain)
		hwpt->ops->domain_free(hwpt->domain);
	if (hwpt->fault)
		inx_object_put(&hwpt->fault->obj);
	if (hwpt->viommu)
		inx_object_put(&hwpt->viommu->obj);
	else if (hwpt->parent)
		inx_object_put(&hwpt->parent->obj);
	else if (hwpt->ioas)
		inx_ioas_put(hwpt->ioas);
	module_put(hwpt->ops->owner);
	inx_dirty_destroy(&hwpt->dirty);
	mutex_destroy(&hwpt->lock);
	inx_object_free(&hwpt->obj);
}

static void inx_hwpt_unmapped(struct inx_domain_link *link,
			      struct inx_iova_range range)
{
	struct inx_hwpt *hwpt = container_of(link, struct inx_hwpt, link);

	inx_dirty_forget(&hwpt->dirty, range);
}

static void inx_hwpt_left(struct inx_domain_link *link)
{
	inx_hwpt_finish(container_of(link, struct inx_hwpt, link));
}

static void inx_hwpt_free(struct inx_object *obj)
{
	struct inx_hwpt *hwpt = inx_hwpt_of(obj);
	struct inx_ioas *ioas = hwpt->ioas;

	if (!hwpt->linked) {
		inx_hwpt_finish(hwpt);
		return;
	}
	/* Another thread may get to the end of it before us. */
	inx_object_ref(&ioas->obj);
	inx_iopt_remove_domain(&ioas->iopt, &hwpt->link);
	inx_ioas_put(ioas);
}

static const struct inx_object_ops inx_hwpt_ops = {
	.shut = inx_hwpt_shut,
	.free = inx_hwpt_free,
};

/**
 * inx_hwpt_link() - let a page table follow its IOAS
 * @hwpt: the page table; may be linked already, or be nested, which never is
 * @idev: a device it is for
 *
 * Return: 0; -ENODEV when @idev has been unbound; as inx_iopt_add_domain().
 */
int inx_hwpt_link(struct inx_hwpt *hwpt, struct inx_device *idev)
{
	struct inx_caps caps = {};
	int rc = 0;

	if (hwpt->parent)
		return 0;
	mutex_lock(&hwpt->lock);
	if (hwpt->linked)
		goto out;

	/* How mappings are made coherent is settled before the first one. */
	mutex_lock(&idev->group->lock);
	rc = idev->gone ? -ENODEV :
			  hwpt->ops->enforce_coherency(idev->dev, hwpt->domain);
	if (rc >= 0)
		hwpt->ops->caps(idev->dev, &caps);
	mutex_unlock(&idev->group->lock);
	if (rc < 0)
		goto out;

	hwpt->link.coherent = rc;
	hwpt->link.whole = caps.unmaps_whole;
	hwpt->link.domain = hwpt->domain;
	hwpt->link.left = inx_hwpt_left;
	if (inx_hwpt_tracks_dirty(hwpt))
		hwpt->link.unmapped = inx_hwpt_unmapped;
	rc = inx_iopt_add_domain(&hwpt->ioas->iopt, &hwpt->link);
	/* Pairs with inx_hwpt_is_linked(): it is complete. */
	smp_store_release(&hwpt->linked, !rc);
out:
	mutex_unlock(&hwpt->lock);
	return rc;
}

/**
 * inx_hwpt_create() - make the object of a page table, without the table
 * @idev: a device behind the IOMMU that it is for
 * @flags: of enum iommu_next_hwpt_alloc_flags
 *
 * Return: the object, not published; ERR_PTR(-ENOMEM), ERR_PTR(-EBUSY).
 */
struct inx_hwpt *inx_hwpt_create(struct inx_device *idev, u32 flags)
{
	struct inx_hwpt *hwpt;

	hwpt = inx_object_alloc(idev->obj.ctx, sizeof(*hwpt), INX_OBJ_HWPT,
				&inx_hwpt_ops);
	if (IS_ERR(hwpt))
		return hwpt;
	mutex_init(&hwpt->lock);
	inx_dirty_init(&hwpt->dirty);
	hwpt->ops = idev->ops;
	hwpt->flags = flags;
	__module_get(hwpt->ops->owner);
	return hwpt;
}

/* As inx_nested_domain(), for a page table of the kernel. */
static struct iommu_domain *inx_hwpt_domain(struct inx_device *idev, u32 flags,
					    const struct inx_user_data *data,
					    bool *attach_first)
{
	int tries = INX_HWPT_TRIES;
	struct iommu_domain *domain;

	do {
		if (data)
			fault_in_readable(data->uptr,
					  min_t(u32, data->len, PAGE_SIZE));
		mutex_lock(&idev->group->lock);
		if (idev->gone) {
			domain = ERR_PTR(-ENODEV);
		} else {
			pagefault_disable();
			domain = idev->ops->domain_alloc(idev->dev, flags, data,
							 attach_first);
			pagefault_enable();
		}
		mutex_unlock(&idev->group->lock);
	} while (data && domain == ERR_PTR(-EFAULT) && --tries);
	return domain;
}

/**
 * inx_hwpt_make() - make a page table for an IOAS and a device
 * @ioas: what it will map
 * @idev: a device behind the IOMMU that it is for
 * @flags: of enum iommu_next_hwpt_alloc_flags
 * @data: what user space says about it, or NULL
 *
 * Return: the page table, not published; linked unless a device has to be
 * attached first; ERR_PTR(-ENODEV, -ENOENT, -EOPNOTSUPP, -ENOMEM), and what
 * inx_hwpt_link() returns.
 */
struct inx_hwpt *inx_hwpt_make(struct inx_ioas *ioas, struct inx_device *idev,
			       u32 flags, const struct inx_user_data *data)
{
	bool attach_first = false;
	struct iommu_domain *domain;
	struct inx_hwpt *hwpt;
	int rc;

	hwpt = inx_hwpt_create(idev, flags);
	if (IS_ERR(hwpt))
		return hwpt;
	rc = inx_object_use(&ioas->obj);
	if (rc)
		goto out_abort;
	hwpt->ioas = ioas;

	domain = inx_hwpt_domain(idev, flags, data, &attach_first);
	if (IS_ERR(domain)) {
		rc = PTR_ERR(domain);
		goto out_abort;
	}
	hwpt->domain = domain;
	if (!attach_first)
		rc = inx_hwpt_link(hwpt, idev);
	if (!rc)
		return hwpt;

out_abort:
	inx_object_abort(&hwpt->obj);
	return ERR_PTR(rc);
}

/**
 * inx_hwpt_unuse() - a device, or who made the page table, has done with it
 * @hwpt: the page table; one that was made by an attach goes with the last
 */
void inx_hwpt_unuse(struct inx_hwpt *hwpt)
{
	inx_object_unclaim(&hwpt->obj);
	if (READ_ONCE(hwpt->is_auto))
		inx_object_remove(&hwpt->obj);
	inx_object_put(&hwpt->obj);
}

/**
 * iommu_next_hwpt_get() - find a page table
 * @ctx: the context
 * @id: any value
 *
 * Return: the page table, to be given back with iommu_next_hwpt_put();
 * ERR_PTR(-ENOENT).
 */
struct inx_hwpt *iommu_next_hwpt_get(struct inx_ctx *ctx, u32 id)
{
	struct inx_object *obj = inx_object_get(ctx, id, INX_OBJ_HWPT);

	if (IS_ERR(obj))
		return ERR_CAST(obj);
	return inx_hwpt_of(obj);
}
EXPORT_SYMBOL_GPL(iommu_next_hwpt_get);

/**
 * iommu_next_hwpt_put() - undo iommu_next_hwpt_get()
 * @hwpt: the page table
 */
void iommu_next_hwpt_put(struct inx_hwpt *hwpt)
{
	inx_object_put(&hwpt->obj);
}
EXPORT_SYMBOL_GPL(iommu_next_hwpt_put);

/**
 * iommu_next_hwpt_domain() - the kernel's side of a page table
 * @hwpt: the page table, which the caller has
 *
 * Return: the domain. To be looked at only: what is mapped there is the
 * business of the IOAS.
 */
struct iommu_domain *iommu_next_hwpt_domain(struct inx_hwpt *hwpt)
{
	return hwpt->domain;
}
EXPORT_SYMBOL_GPL(iommu_next_hwpt_domain);

/* On an IOAS: a page table that the kernel maps in. */
static struct inx_hwpt *inx_hwpt_alloc_paging(struct inx_ioas *ioas,
					      struct inx_device *idev,
					      u32 flags,
					      const struct inx_user_data *data)
{
	if (flags & ~INX_HWPT_FLAGS)
		return ERR_PTR(-EOPNOTSUPP);
	if (flags & IOMMU_NEXT_HWPT_FAULT_ID_VALID &&
	    flags & IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT)
		return ERR_PTR(-EOPNOTSUPP);
	return inx_hwpt_make(ioas, idev, flags, data->len ? data : NULL);
}

static struct inx_hwpt *inx_hwpt_alloc_any(struct inx_call *call,
					   struct inx_device *idev)
{
	struct iommu_next_hwpt_alloc *arg = call->arg;
	const struct inx_user_data data = {
		.uptr = u64_to_user_ptr(arg->data_uptr),
		.type = arg->data_type,
		.len = arg->data_len,
	};
	struct inx_hwpt *hwpt = ERR_PTR(-EINVAL);
	struct inx_object *obj;

	obj = inx_object_get(call->ctx, arg->pt_id, INX_OBJ_ANY);
	if (IS_ERR(obj))
		return hwpt;
	if (obj->type == INX_OBJ_IOAS)
		hwpt = inx_hwpt_alloc_paging(container_of(obj, struct inx_ioas,
							  obj),
					     idev, arg->flags, &data);
	else if (obj->type == INX_OBJ_HWPT)
		hwpt = inx_nested_make(inx_hwpt_of(obj), NULL, idev,
				       arg->flags, &data);
	else if (obj->type == INX_OBJ_VIOMMU)
		hwpt = inx_nested_make(inx_viommu_of(obj)->parent,
				       inx_viommu_of(obj), idev, arg->flags,
				       &data);
	inx_object_put(obj);
	return hwpt;
}

/* Nobody is attached yet, so no fault can come before this. */
static int inx_hwpt_set_fault(struct inx_hwpt *hwpt, u32 fault_id)
{
	struct inx_fault *fault = inx_fault_get(hwpt->obj.ctx, fault_id);
	int rc;

	if (IS_ERR(fault))
		return PTR_ERR(fault);
	rc = inx_object_use(&fault->obj);
	if (!rc)
		hwpt->fault = fault;
	inx_object_put(&fault->obj);
	return rc;
}

/** inx_hwpt_alloc() - IOMMU_NEXT_HWPT_ALLOC */
int inx_hwpt_alloc(struct inx_call *call)
{
	struct iommu_next_hwpt_alloc *arg = call->arg;
	bool has_data = arg->data_type != IOMMU_NEXT_HWPT_DATA_NONE;
	struct inx_device *idev;
	struct inx_hwpt *hwpt;
	int rc = 0;

	if (arg->__reserved || arg->__reserved2)
		return -EOPNOTSUPP;
	if (has_data != !!arg->data_len)
		return -EINVAL;

	idev = inx_device_get(call->ctx, arg->dev_id);
	if (IS_ERR(idev))
		return PTR_ERR(idev);
	hwpt = inx_hwpt_alloc_any(call, idev);
	inx_device_put(idev);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	call->new_obj = &hwpt->obj;
	if (arg->flags & IOMMU_NEXT_HWPT_FAULT_ID_VALID)
		rc = inx_hwpt_set_fault(hwpt, arg->fault_id);
	arg->out_hwpt_id = hwpt->obj.id;
	return rc ?: inx_call_reply(call);
}
