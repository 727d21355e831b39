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
#include <linux/slab.h>
#include <linux/string.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "device.h"
#include "dirty.h"
#include "group.h"
#include "hwpt.h"
#include "ioas.h"
#include "ioctl.h"

static void inx_hwpt_shut(struct inx_object *obj)
{
	struct inx_hwpt *hwpt = inx_hwpt_of(obj);

	if (hwpt->ioas)
		inx_object_unclaim(&hwpt->ioas->obj);
}

static void inx_hwpt_finish(struct inx_hwpt *hwpt)
{
	if (hwpt->domain)
		hwpt->ops->domain_free(hwpt->domain);
	if (hwpt->ioas)
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
 * @hwpt: the page table; may be linked already
 * @idev: a device it is for
 *
 * Return: 0; -ENODEV when @idev has been unbound; as inx_iopt_add_domain().
 */
int inx_hwpt_link(struct inx_hwpt *hwpt, struct inx_device *idev)
{
	int rc = 0;

	mutex_lock(&hwpt->lock);
	if (hwpt->linked)
		goto out;

	/* How mappings are made coherent is settled before the first one. */
	mutex_lock(&idev->group->lock);
	rc = idev->gone ? -ENODEV :
			  hwpt->ops->enforce_coherency(idev->dev, hwpt->domain);
	mutex_unlock(&idev->group->lock);
	if (rc < 0)
		goto out;

	hwpt->link.coherent = rc;
	hwpt->link.domain = hwpt->domain;
	hwpt->link.left = inx_hwpt_left;
	if (hwpt->tracks_dirty)
		hwpt->link.unmapped = inx_hwpt_unmapped;
	rc = inx_iopt_add_domain(&hwpt->ioas->iopt, &hwpt->link);
	/* Pairs with inx_hwpt_is_linked(): it is complete. */
	smp_store_release(&hwpt->linked, !rc);
out:
	mutex_unlock(&hwpt->lock);
	return rc;
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

	hwpt = inx_object_alloc(idev->obj.ctx, sizeof(*hwpt), INX_OBJ_HWPT,
				&inx_hwpt_ops);
	if (IS_ERR(hwpt))
		return hwpt;
	mutex_init(&hwpt->lock);
	inx_dirty_init(&hwpt->dirty);
	hwpt->tracks_dirty = flags & IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING;
	hwpt->ops = idev->ops;
	__module_get(hwpt->ops->owner);
	rc = inx_object_use(&ioas->obj);
	if (rc)
		goto out_abort;
	hwpt->ioas = ioas;

	mutex_lock(&idev->group->lock);
	if (idev->gone)
		domain = ERR_PTR(-ENODEV);
	else
		domain = hwpt->ops->domain_alloc(idev->dev, flags, data,
						 &attach_first);
	mutex_unlock(&idev->group->lock);
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

/*
 * Copy what user space says about a page table, before any lock is taken under
 * which user memory must not be touched. Whether it has a meaning is for the
 * backend to say.
 */
static void inx_hwpt_copy_data(const struct iommu_next_hwpt_alloc *arg,
			       struct inx_user_data *data)
{
	data->type = arg->data_type;
	data->len = arg->data_len;
	if (arg->data_len > PAGE_SIZE)
		data->data = ERR_PTR(-E2BIG);
	else
		data->data = memdup_user(u64_to_user_ptr(arg->data_uptr),
					 arg->data_len);
}

static int inx_hwpt_alloc_paging(struct inx_call *call, struct inx_ioas *ioas,
				 struct inx_device *idev)
{
	struct iommu_next_hwpt_alloc *arg = call->arg;
	struct inx_user_data data = {};
	struct inx_hwpt *hwpt;

	if (arg->flags & ~IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING)
		return -EOPNOTSUPP;
	if (arg->data_len)
		inx_hwpt_copy_data(arg, &data);
	hwpt = inx_hwpt_make(ioas, idev, arg->flags, data.len ? &data : NULL);
	if (!IS_ERR(data.data))
		kfree(data.data);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	call->new_obj = &hwpt->obj;
	arg->out_hwpt_id = hwpt->obj.id;
	return inx_call_reply(call);
}

/** inx_hwpt_alloc() - IOMMU_NEXT_HWPT_ALLOC */
int inx_hwpt_alloc(struct inx_call *call)
{
	struct iommu_next_hwpt_alloc *arg = call->arg;
	bool has_data = arg->data_type != IOMMU_NEXT_HWPT_DATA_NONE;
	struct inx_device *idev;
	struct inx_ioas *ioas;
	int rc;

	if (arg->__reserved || arg->__reserved2)
		return -EOPNOTSUPP;
	if (has_data != !!arg->data_len)
		return -EINVAL;

	idev = inx_device_get(call->ctx, arg->dev_id);
	if (IS_ERR(idev))
		return PTR_ERR(idev);
	ioas = inx_ioas_get(call->ctx, arg->pt_id);
	if (IS_ERR(ioas)) {
		rc = -EINVAL;
	} else {
		rc = inx_hwpt_alloc_paging(call, ioas, idev);
		inx_ioas_put(ioas);
	}
	inx_device_put(idev);
	return rc;
}
