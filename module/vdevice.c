// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtual devices: what a guest calls a device.
 *
 * One holds its device, but is no user of it: when the device is unbound, its
 * virtual device goes with it. What the backend knows of it is under the lock of
 * the device's group, and goes with whoever is first.
 */
#include <linux/slab.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "device.h"
#include "group.h"
#include "ioctl.h"
#include "viommu.h"

/**
 * struct inx_vdevice - a virtual device
 * @obj: first; a user of @viommu until it is destroyed
 * @viommu: on which slice
 * @idev: the device, with a reference
 * @virt_id: what the guest calls it
 * @numbered: has its number on the slice; under the slice's lock
 */
struct inx_vdevice {
	struct inx_object obj;
	struct inx_viommu *viommu;
	struct inx_device *idev;
	unsigned long virt_id;
	bool numbered;
};

static_assert(!offsetof(struct inx_vdevice, obj));

static struct inx_vdevice *inx_vdevice_of(struct inx_object *obj)
{
	return container_of(obj, struct inx_vdevice, obj);
}

/* The backend forgets it. */
static void inx_vdevice_leave(struct inx_vdevice *vdev)
{
	struct inx_device *idev = vdev->idev;

	lockdep_assert_held(&idev->group->lock);
	if (idev->vdevice != &vdev->obj)
		return;
	vdev->viommu->ops->vdevice_remove(vdev->viommu->priv, idev->dev,
					  vdev->virt_id);
	idev->vdevice = NULL;
}

static void inx_vdevice_shut(struct inx_object *obj)
{
	struct inx_vdevice *vdev = inx_vdevice_of(obj);
	struct inx_viommu *viommu = vdev->viommu;

	mutex_lock(&vdev->idev->group->lock);
	inx_vdevice_leave(vdev);
	mutex_unlock(&vdev->idev->group->lock);
	mutex_lock(&viommu->lock);
	if (vdev->numbered)
		xa_erase(&viommu->vdevices, vdev->virt_id);
	mutex_unlock(&viommu->lock);
	inx_object_unclaim(&viommu->obj);
}

static void inx_vdevice_free(struct inx_object *obj)
{
	struct inx_vdevice *vdev = inx_vdevice_of(obj);

	inx_object_put(&vdev->viommu->obj);
	inx_device_put(vdev->idev);
	inx_object_free(obj);
}

static const struct inx_object_ops inx_vdevice_ops = {
	.shut = inx_vdevice_shut,
	.free = inx_vdevice_free,
};

/**
 * inx_vdevice_unplug() - a device is being unbound
 * @idev: the device, with the lock of its group held
 *
 * Return: its virtual device, which the backend has forgotten, for
 * inx_vdevice_drop() without that lock; or NULL.
 */
struct inx_object *inx_vdevice_unplug(struct inx_device *idev)
{
	struct inx_object *obj = idev->vdevice;

	if (obj) {
		inx_object_ref(obj);
		inx_vdevice_leave(inx_vdevice_of(obj));
	}
	return obj;
}

/**
 * inx_vdevice_drop() - destroy a virtual device whose device has gone
 * @obj: from inx_vdevice_unplug(), or NULL
 */
void inx_vdevice_drop(struct inx_object *obj)
{
	if (!obj)
		return;
	/* Whoever is just making it, or destroying it, finishes it. */
	inx_object_remove(obj);
	inx_object_put(obj);
}

static struct inx_vdevice *inx_vdevice_make(struct inx_viommu *viommu,
					    struct inx_device *idev,
					    unsigned long virt_id)
{
	struct inx_vdevice *vdev;
	int rc;

	rc = inx_object_use(&viommu->obj);
	if (rc)
		return ERR_PTR(rc);
	vdev = inx_object_alloc(viommu->obj.ctx, sizeof(*vdev),
				INX_OBJ_VDEVICE, &inx_vdevice_ops);
	if (IS_ERR(vdev)) {
		inx_object_unuse(&viommu->obj);
		return vdev;
	}
	vdev->viommu = viommu;
	vdev->idev = idev;
	inx_object_ref(&idev->obj);
	vdev->virt_id = virt_id;
	return vdev;
}

static int inx_vdevice_enter(struct inx_vdevice *vdev)
{
	struct inx_viommu *viommu = vdev->viommu;
	struct inx_device *idev = vdev->idev;
	int rc;

	mutex_lock(&viommu->lock);
	rc = xa_insert(&viommu->vdevices, vdev->virt_id, vdev,
		       GFP_KERNEL_ACCOUNT);
	vdev->numbered = !rc;
	mutex_unlock(&viommu->lock);
	if (rc)
		return rc == -EBUSY ? -EEXIST : rc;

	mutex_lock(&idev->group->lock);
	if (idev->gone)
		rc = -ENOENT;
	else if (idev->vdevice)
		rc = -EEXIST;
	else
		rc = viommu->ops->vdevice_add(viommu->priv, idev->dev,
					      vdev->virt_id);
	if (!rc)
		idev->vdevice = &vdev->obj;
	mutex_unlock(&idev->group->lock);
	return rc;
}

/*
 * While it is made it has a user, so that nobody destroys it before it is
 * published; if the device goes meanwhile, it is destroyed here.
 */
static int inx_vdevice_alloc_on(struct inx_call *call,
				struct inx_viommu *viommu,
				struct inx_device *idev)
{
	struct iommu_next_vdevice_alloc *arg = call->arg;
	struct inx_vdevice *vdev;
	int rc;

	vdev = inx_vdevice_make(viommu, idev, arg->virt_id);
	if (IS_ERR(vdev))
		return PTR_ERR(vdev);
	WARN_ON_ONCE(inx_object_use(&vdev->obj));
	rc = inx_vdevice_enter(vdev);
	if (!rc) {
		arg->out_vdevice_id = vdev->obj.id;
		rc = inx_call_reply(call);
	}
	if (rc)
		inx_object_abort(&vdev->obj);
	else
		inx_object_publish(&vdev->obj);
	inx_object_unclaim(&vdev->obj);
	if (!rc && READ_ONCE(idev->gone))
		inx_object_remove(&vdev->obj);
	inx_object_put(&vdev->obj);
	return rc;
}

/** inx_vdevice_alloc() - IOMMU_NEXT_VDEVICE_ALLOC */
int inx_vdevice_alloc(struct inx_call *call)
{
	struct iommu_next_vdevice_alloc *arg = call->arg;
	struct inx_viommu *viommu;
	struct inx_device *idev;
	int rc;

	if (arg->virt_id > ULONG_MAX)
		return -EINVAL;
	viommu = inx_viommu_get(call->ctx, arg->viommu_id);
	if (IS_ERR(viommu))
		return PTR_ERR(viommu);
	idev = inx_device_get(call->ctx, arg->dev_id);
	rc = PTR_ERR_OR_ZERO(idev);
	if (!rc) {
		rc = viommu->backend == idev->ops ?
			     inx_vdevice_alloc_on(call, viommu, idev) :
			     -EINVAL;
		inx_device_put(idev);
	}
	inx_object_put(&viommu->obj);
	return rc;
}
