// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices: bound to a context by their driver, attached to page tables by user
 * space, and taken away by either side at any time.
 *
 * To take a device away must be quick whatever user space does, so nothing
 * that can take long is done under a lock that inx_device_unbind() needs: an
 * attach that is pinning a terabyte finds at its end that the device has gone.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/iommu_next.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "device.h"
#include "group.h"
#include "hwpt.h"
#include "ioas.h"
#include "ioctl.h"
#include "pasid.h"
#include "viommu.h"

static bool allow_unsafe_interrupts;
module_param(allow_unsafe_interrupts, bool, 0644);
MODULE_PARM_DESC(allow_unsafe_interrupts,
		 "Accept devices whose MSI writes cannot be told from those of others, so that they can raise any interrupt. Taints the kernel when it is used.");

static void inx_device_free(struct inx_object *obj)
{
	struct inx_device *idev = container_of(obj, struct inx_device, obj);
	struct file *file = idev->inside ? NULL : obj->ctx->file;

	if (idev->group)
		inx_group_put(idev->group);
	put_device(idev->dev);
	module_put(idev->ops->owner);
	mutex_destroy(&idev->attach_lock);
	inx_object_free(obj);
	if (file)
		fput(file);
}

static const struct inx_object_ops inx_device_ops = {
	.free = inx_device_free,
};

/* An object for a device, without a group yet. */
static struct inx_device *inx_device_make(struct inx_ctx *ctx,
					  const struct inx_backend_ops *ops,
					  struct device *dev, bool inside)
{
	struct inx_device *idev;

	idev = inx_object_alloc(ctx, sizeof(*idev), INX_OBJ_DEVICE,
				&inx_device_ops);
	if (IS_ERR(idev))
		return idev;
	idev->inside = inside;
	if (!inside)
		get_file(ctx->file);
	idev->dev = get_device(dev);
	idev->ops = ops;
	__module_get(ops->owner);
	mutex_init(&idev->attach_lock);
	return idev;
}

/* Complete with @group: the driver is a user until inx_device_unbind(). */
static void inx_device_start(struct inx_device *idev)
{
	WARN_ON_ONCE(inx_object_use(&idev->obj));
	inx_object_publish(&idev->obj);
}

static int inx_device_check(const struct inx_backend_ops *ops,
			    struct device *dev)
{
	void *group = ops->group_get(dev);
	struct inx_caps caps = {};

	/* Without an IOMMU nothing is coherent, but that is not why. */
	if (IS_ERR(group))
		return PTR_ERR(group);
	ops->group_put(group);
	ops->caps(dev, &caps);
	if (!caps.cache_coherent)
		return -EINVAL;
	if (caps.isolated_msi)
		return 0;
	if (!READ_ONCE(allow_unsafe_interrupts))
		return -EPERM;
	dev_warn_once(dev, "interrupts are not isolated, allowed by iommu_next.allow_unsafe_interrupts\n");
	add_taint(TAINT_USER, LOCKDEP_STILL_OK);
	return 0;
}

/**
 * inx_device_bind() - take ownership of a device for a context
 * @ctx: the context
 * @ops: the backend that serves the device
 * @dev: the device, of a driver with driver_managed_dma that keeps its hands
 *	off DMA until this has succeeded
 * @inside: who binds it is an object of the context, and unbinds it when it goes;
 *	otherwise the device holds the context's file
 *
 * All DMA of the device's group is blocked until it is attached.
 *
 * Return: the device, published; ERR_PTR(-ENODEV) without an IOMMU, -EINVAL
 * when DMA would not be coherent, -EPERM without isolated interrupts or when
 * the group has another owner, -EBUSY when a kernel driver uses the group,
 * -ENOMEM.
 */
struct inx_device *inx_device_bind(struct inx_ctx *ctx,
				   const struct inx_backend_ops *ops,
				   struct device *dev, bool inside)
{
	struct inx_device *idev;
	struct inx_group *group;
	int rc;

	idev = inx_device_make(ctx, ops, dev, inside);
	if (IS_ERR(idev))
		return idev;
	rc = inx_device_check(ops, dev);
	if (rc)
		goto out_abort;
	group = inx_group_bind(ctx, ops, dev);
	if (IS_ERR(group)) {
		rc = PTR_ERR(group);
		goto out_abort;
	}
	idev->group = group;
	inx_device_start(idev);
	return idev;

out_abort:
	inx_object_abort(&idev->obj);
	return ERR_PTR(rc);
}

/*
 * Another device of that bus comes to stand for a group, or none is left. Returns
 * the one that does not any more, to be put without the lock.
 */
static struct device *inx_device_change(struct inx_device *idev,
					struct device *without)
{
	struct device *next;

	lockdep_assert_held(&idev->group->lock);
	next = idev->ops->group_device(idev->group->id, without);
	if (next && next->bus == idev->bus)
		swap(idev->dev, next);
	else
		idev->gone = true;
	return next;
}

/*
 * The device that stands for a group leaves its bus. The last one does not get
 * here while the group has a client. Who began to listen in the midst of it sees
 * the end of it.
 */
static int inx_device_left_bus(struct notifier_block *nb, unsigned long action,
			       void *data)
{
	struct inx_device *idev = container_of(nb, struct inx_device,
					       left_bus);
	struct device *dev = data, *old = NULL;

	if (action != BUS_NOTIFY_DEL_DEVICE &&
	    action != BUS_NOTIFY_REMOVED_DEVICE)
		return NOTIFY_DONE;
	mutex_lock(&idev->group->lock);
	if (idev->dev == dev)
		old = inx_device_change(idev, dev);
	mutex_unlock(&idev->group->lock);
	put_device(old);
	return NOTIFY_OK;
}

static void inx_device_unwatch(struct inx_device *idev)
{
	/* Older kernels want to be able to write to a bus. */
	if (idev->bus)
		bus_unregister_notifier((void *)idev->bus, &idev->left_bus);
}

/* Begin to listen; the device may have left its bus before. */
static int inx_device_watch(struct inx_device *idev)
{
	struct device *old;
	int rc;

	idev->bus = idev->dev->bus;
	idev->left_bus.notifier_call = inx_device_left_bus;
	rc = bus_register_notifier(idev->dev->bus, &idev->left_bus);
	if (rc)
		return rc;
	mutex_lock(&idev->group->lock);
	old = inx_device_change(idev, NULL);
	rc = idev->gone ? -ENODEV : 0;
	mutex_unlock(&idev->group->lock);
	put_device(old);
	if (rc)
		inx_device_unwatch(idev);
	return rc;
}

/**
 * inx_device_bind_group() - have a group whose DMA the caller has claimed
 * @ctx: the context
 * @ops: the backend
 * @id: its name for the group; nothing is attached to it
 *
 * For VFIO's containers: their group is claimed by the VFIO core, and has
 * devices that come and go without a word. One object stands for all of them.
 *
 * Return: the object, published, to be attached and unbound like a device;
 * ERR_PTR(-EOPNOTSUPP) when the backend has no whole groups, -EBUSY when the
 * context has the group already, -ENODEV without a device in it; and as
 * inx_device_bind().
 */
struct inx_device *inx_device_bind_group(struct inx_ctx *ctx,
					 const struct inx_backend_ops *ops,
					 void *id)
{
	struct inx_device *idev;
	struct inx_group *group;
	struct device *dev;
	void *own;
	int rc;

	if (!ops->group_device)
		return ERR_PTR(-EOPNOTSUPP);
	dev = ops->group_device(id, NULL);
	if (!dev)
		return ERR_PTR(-ENODEV);
	idev = inx_device_make(ctx, ops, dev, false);
	if (IS_ERR(idev)) {
		put_device(dev);
		return idev;
	}
	rc = inx_device_check(ops, dev);
	if (rc)
		goto out_abort;
	own = ops->group_get(dev);
	if (IS_ERR(own)) {
		rc = PTR_ERR(own);
		goto out_abort;
	}
	group = own == id ? inx_group_adopt(ctx, ops, id) : ERR_PTR(-ENODEV);
	if (IS_ERR(group)) {
		ops->group_put(own);
		rc = PTR_ERR(group);
		goto out_abort;
	}
	idev->group = group;
	rc = inx_device_watch(idev);
	if (rc) {
		inx_group_unbind(group);
		goto out_abort;
	}
	inx_device_start(idev);
	put_device(dev);
	return idev;

out_abort:
	inx_object_abort(&idev->obj);
	put_device(dev);
	return ERR_PTR(rc);
}

/* Detach under the group's lock; returns the page table to unuse after it. */
static struct inx_hwpt *inx_device_leave(struct inx_device *idev)
{
	struct inx_hwpt *hwpt = NULL;

	lockdep_assert_held(&idev->group->lock);
	if (idev->attached) {
		hwpt = idev->group->hwpt;
		inx_group_detach(idev);
	}
	return hwpt;
}

/**
 * inx_device_unbind() - undo inx_device_bind()
 * @idev: the device, attached or not; the driver has no right to it any more
 *
 * When it returns DMA of the device is blocked, or back with the kernel if it
 * was the last one of its group. Does not wait for user space.
 */
void inx_device_unbind(struct inx_device *idev)
{
	struct inx_object *vdevice;
	struct inx_hwpt *hwpt;
	LIST_HEAD(pasids);

	inx_device_unwatch(idev);
	mutex_lock(&idev->group->lock);
	idev->gone = true;
	inx_pasid_leave_all(idev, &pasids);
	hwpt = inx_device_leave(idev);
	vdevice = inx_vdevice_unplug(idev);
	mutex_unlock(&idev->group->lock);
	inx_group_unbind(idev->group);
	inx_vdevice_drop(vdevice);
	inx_pasid_drop(&pasids);
	if (hwpt)
		inx_hwpt_unuse(hwpt);

	inx_object_unclaim(&idev->obj);
	WARN_ON_ONCE(inx_object_remove(&idev->obj));
	inx_object_put(&idev->obj);
}

/* Go back to what was before, after the page table could not be linked. */
static void inx_device_revert(struct inx_device *idev, struct inx_hwpt *hwpt,
			      struct inx_hwpt *old)
{
	struct inx_hwpt *left = NULL;

	mutex_lock(&idev->group->lock);
	if (!idev->attached || idev->group->hwpt != hwpt)
		goto out;
	if (!old || inx_group_replace(idev, old))
		left = inx_device_leave(idev);
out:
	mutex_unlock(&idev->group->lock);
	if (left)
		inx_hwpt_unuse(left);
}

/* Attach a device to a page table, from another one if it has one. */
static int inx_device_use(struct inx_device *idev, struct inx_hwpt *hwpt)
{
	struct inx_hwpt *old = NULL;
	int rc;

	lockdep_assert_held(&idev->attach_lock);
	mutex_lock(&idev->group->lock);
	if (idev->gone) {
		rc = -ENODEV;
	} else if (idev->attached) {
		old = idev->group->hwpt;
		inx_object_ref(&old->obj);
		rc = inx_group_replace(idev, hwpt);
	} else {
		rc = inx_group_attach(idev, hwpt);
	}
	mutex_unlock(&idev->group->lock);

	if (!rc) {
		rc = inx_hwpt_link(hwpt, idev);
		if (rc)
			inx_device_revert(idev, hwpt, old);
		else if (READ_ONCE(idev->gone))
			rc = -ENODEV;
	}
	if (old) {
		if (READ_ONCE(old->is_auto))
			inx_object_remove(&old->obj);
		inx_object_put(&old->obj);
	}
	return rc;
}

/* Look for a page table of the IOAS that fits and that an attach has made. */
static int inx_device_share(struct inx_device *idev, struct inx_ioas *ioas,
			    u32 *pt_id)
{
	struct inx_object *obj;
	unsigned long id;

	xa_for_each(&idev->obj.ctx->objects, id, obj) {
		struct inx_hwpt *hwpt;
		int rc = -EINVAL;

		obj = inx_object_get(idev->obj.ctx, id, INX_OBJ_HWPT);
		if (IS_ERR(obj))
			continue;
		hwpt = inx_hwpt_of(obj);
		if (hwpt->ioas == ioas && READ_ONCE(hwpt->is_auto))
			rc = inx_device_use(idev, hwpt);
		inx_object_put(obj);
		/* -EINVAL: does not fit; -ENOENT: going right now. */
		if (rc == -EINVAL || rc == -ENOENT)
			continue;
		*pt_id = id;
		return rc;
	}
	return -ENOENT;
}

static int inx_device_use_ioas(struct inx_device *idev, struct inx_ioas *ioas,
			       u32 *pt_id)
{
	struct inx_hwpt *hwpt;
	int rc;

	mutex_lock(&ioas->auto_lock);
	rc = inx_device_share(idev, ioas, pt_id);
	if (rc != -ENOENT)
		goto out;

	hwpt = inx_hwpt_make(ioas, idev, 0, NULL);
	if (IS_ERR(hwpt)) {
		rc = PTR_ERR(hwpt);
		goto out;
	}
	/* A user of our own: the device may go before it is published. */
	rc = inx_object_use(&hwpt->obj);
	WARN_ON_ONCE(rc);
	rc = inx_device_use(idev, hwpt);
	if (rc) {
		inx_hwpt_unuse(hwpt);
		inx_object_abort(&hwpt->obj);
		goto out;
	}
	*pt_id = hwpt->obj.id;
	WRITE_ONCE(hwpt->is_auto, true);
	inx_object_publish(&hwpt->obj);
	inx_hwpt_unuse(hwpt);
out:
	mutex_unlock(&ioas->auto_lock);
	return rc;
}

static int inx_device_attach_locked(struct inx_device *idev, u32 *pt_id)
{
	struct inx_object *obj;
	int rc = -EINVAL;

	obj = inx_object_get(idev->obj.ctx, *pt_id, INX_OBJ_ANY);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	if (obj->type == INX_OBJ_HWPT)
		rc = inx_device_use(idev, inx_hwpt_of(obj));
	else if (obj->type == INX_OBJ_IOAS)
		rc = inx_device_use_ioas(idev,
					 container_of(obj, struct inx_ioas,
						      obj), pt_id);
	inx_object_put(obj);
	return rc;
}

/**
 * inx_device_attach() - let a device do DMA
 * @idev: bound; may be attached already, then it changes over
 * @pt_id: in: an IOAS or HWPT; out: the HWPT in use
 *
 * Return: 0; -ENOENT; -EINVAL when @pt_id is of another kind or does not fit
 * the device; -EADDRINUSE when the device cannot reach what is mapped;
 * -ENODEV; -ENOMEM; and what inx_iopt_add_domain() returns.
 */
int inx_device_attach(struct inx_device *idev, u32 *pt_id)
{
	int rc;

	mutex_lock(&idev->attach_lock);
	rc = inx_device_attach_locked(idev, pt_id);
	mutex_unlock(&idev->attach_lock);
	return rc;
}

/**
 * iommu_next_device_attach() - let a device that is not attached do DMA
 * @idev: bound, not attached
 * @pt_id: as in inx_device_attach()
 *
 * Context: may wait for user space, as memory is pinned.
 * Return: 0; -EBUSY when it is attached; and as inx_device_attach().
 */
int iommu_next_device_attach(struct inx_device *idev, u32 *pt_id)
{
	int rc;

	mutex_lock(&idev->attach_lock);
	rc = READ_ONCE(idev->attached) ? -EBUSY :
					 inx_device_attach_locked(idev, pt_id);
	mutex_unlock(&idev->attach_lock);
	return rc;
}
EXPORT_SYMBOL_GPL(iommu_next_device_attach);

/**
 * iommu_next_device_replace() - let an attached device use something else
 * @idev: bound and attached
 * @pt_id: as in inx_device_attach()
 *
 * Context: as iommu_next_device_attach().
 * Return: 0; -EINVAL when it is not attached; and as inx_device_attach(). After
 * an error it is attached as before, where the kernel can do that.
 */
int iommu_next_device_replace(struct inx_device *idev, u32 *pt_id)
{
	int rc;

	mutex_lock(&idev->attach_lock);
	rc = READ_ONCE(idev->attached) ? inx_device_attach_locked(idev, pt_id) :
					 -EINVAL;
	mutex_unlock(&idev->attach_lock);
	return rc;
}
EXPORT_SYMBOL_GPL(iommu_next_device_replace);

/**
 * inx_device_detach() - block DMA of a device
 * @idev: bound; need not be attached
 */
void inx_device_detach(struct inx_device *idev)
{
	struct inx_hwpt *hwpt;

	mutex_lock(&idev->attach_lock);
	mutex_lock(&idev->group->lock);
	hwpt = inx_device_leave(idev);
	mutex_unlock(&idev->group->lock);
	mutex_unlock(&idev->attach_lock);
	if (hwpt)
		inx_hwpt_unuse(hwpt);
}

/**
 * iommu_next_device_id() - the ID of a bound device
 * @idev: the device
 *
 * Return: the ID on its context.
 */
u32 iommu_next_device_id(const struct inx_device *idev)
{
	return idev->obj.id;
}
EXPORT_SYMBOL_GPL(iommu_next_device_id);

/**
 * iommu_next_device_bind() - take ownership of a device for a context
 * @ctx: the context, from iommu_next_ctx_from_fd(); the device holds it, too
 * @dev: as in inx_device_bind()
 * @backend: the backend that serves it; NULL for the kernel's IOMMU API
 * @id: gets the ID that user space knows the device by
 *
 * Return: as inx_device_bind().
 */
struct inx_device *
iommu_next_device_bind(struct inx_ctx *ctx, struct device *dev,
		       const struct inx_backend_ops *backend, u32 *id)
{
	struct inx_device *idev;

	idev = inx_device_bind(ctx, backend ?: &inx_backend_iommu, dev,
			       false);
	if (!IS_ERR(idev))
		*id = idev->obj.id;
	return idev;
}
EXPORT_SYMBOL_GPL(iommu_next_device_bind);

/**
 * iommu_next_group_bind() - have a group whose DMA the caller has claimed
 * @ctx: the context; the object holds it, too
 * @group: the group of the kernel's IOMMU API
 * @id: gets the ID that user space knows it by
 *
 * It is given back with iommu_next_device_unbind(), before the caller releases
 * the group's DMA.
 *
 * Return: as inx_device_bind_group().
 */
struct inx_device *iommu_next_group_bind(struct inx_ctx *ctx,
					 struct iommu_group *group, u32 *id)
{
	struct inx_device *idev;

	idev = inx_device_bind_group(ctx, &inx_backend_iommu, group);
	if (!IS_ERR(idev))
		*id = idev->obj.id;
	return idev;
}
EXPORT_SYMBOL_GPL(iommu_next_group_bind);

/**
 * iommu_next_device_unbind() - undo iommu_next_device_bind()
 * @idev: as in inx_device_unbind()
 */
void iommu_next_device_unbind(struct inx_device *idev)
{
	inx_device_unbind(idev);
}
EXPORT_SYMBOL_GPL(iommu_next_device_unbind);

/**
 * iommu_next_device_detach() - block DMA of a device
 * @idev: bound; need not be attached
 */
void iommu_next_device_detach(struct inx_device *idev)
{
	inx_device_detach(idev);
}
EXPORT_SYMBOL_GPL(iommu_next_device_detach);

static int inx_device_copy_info(const struct inx_hw_info *info,
				void __user *uptr, u32 room)
{
	u32 n = min(room, info->len);

	if (copy_to_user(uptr, info->data, n) ||
	    clear_user(uptr + n, room - n))
		return -EFAULT;
	return 0;
}

/** inx_device_hw_info() - IOMMU_NEXT_GET_HW_INFO */
int inx_device_hw_info(struct inx_call *call)
{
	struct iommu_next_hw_info *arg = call->arg;
	struct inx_hw_info info = {};
	struct inx_caps caps = {};
	struct inx_device *idev;
	int rc;

	if (arg->flags & ~IOMMU_NEXT_HW_INFO_FLAG_INPUT_TYPE ||
	    arg->__reserved[0] || arg->__reserved[1] || arg->__reserved[2])
		return -EOPNOTSUPP;
	if (arg->flags & IOMMU_NEXT_HW_INFO_FLAG_INPUT_TYPE)
		info.type = arg->in_data_type;

	idev = inx_device_get(call->ctx, arg->dev_id);
	if (IS_ERR(idev))
		return PTR_ERR(idev);
	mutex_lock(&idev->group->lock);
	if (idev->gone) {
		rc = -ENODEV;
	} else {
		idev->ops->caps(idev->dev, &caps);
		rc = idev->ops->hw_info(idev->dev, &info);
	}
	mutex_unlock(&idev->group->lock);
	if (rc)
		goto out;

	rc = inx_device_copy_info(&info, u64_to_user_ptr(arg->data_uptr),
				  arg->data_len);
	if (rc)
		goto out_free;
	arg->data_len = info.len;
	arg->out_data_type = info.type;
	arg->out_max_pasid_log2 = caps.pasid_bits;
	arg->out_capabilities =
		(caps.dirty_tracking ? IOMMU_NEXT_HW_CAP_DIRTY_TRACKING : 0) |
		(caps.pasid_exec ? IOMMU_NEXT_HW_CAP_PCI_PASID_EXEC : 0) |
		(caps.pasid_priv ? IOMMU_NEXT_HW_CAP_PCI_PASID_PRIV : 0) |
		(caps.ats_unusable ? IOMMU_NEXT_HW_CAP_PCI_ATS_NOT_SUPPORTED :
				     0);
	rc = inx_call_reply(call);
out_free:
	kfree(info.data);
out:
	inx_device_put(idev);
	return rc;
}
