// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaching page tables to PASIDs.
 *
 * What a device does with a PASID has a page table of its own. All devices of a
 * group use the same one for a PASID; the first that is attached attaches the
 * group, the last that is detached blocks the PASID. They reserve nothing in the
 * IOVA space: interrupt messages have no PASID.
 *
 * A page table for a PASID was made with HWPT_ALLOC_PASID. That makes it complete
 * from the start, so nothing is pinned here, and all of it is quick.
 */
#include <linux/err.h>
#include <linux/iommu_next.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "device.h"
#include "fault.h"
#include "group.h"
#include "hwpt.h"
#include "pasid.h"

/**
 * struct inx_pasid - a PASID of a group that is attached; under the group's lock
 * @pasid: the number
 * @hwpt: the page table in use
 * @handle: the backend's, for the attachment
 * @sink: where faults go, NULL for nowhere
 * @users: struct inx_pasid_user, not empty
 */
struct inx_pasid {
	u32 pasid;
	struct inx_hwpt *hwpt;
	void *handle;
	struct inx_sink *sink;
	struct list_head users;
};

/**
 * struct inx_pasid_user - a device that has asked for it, a user of the page table
 * @item: in &struct inx_pasid.users; or on its way out
 * @idev: the device
 * @hwpt: when it is on its way out: the page table to be given back
 */
struct inx_pasid_user {
	struct list_head item;
	struct inx_device *idev;
	struct inx_hwpt *hwpt;
};

static struct inx_pasid_user *inx_pasid_find(struct inx_pasid *entry,
					     struct inx_device *idev)
{
	struct inx_pasid_user *user;

	if (!entry)
		return NULL;
	list_for_each_entry(user, &entry->users, item)
		if (user->idev == idev)
			return user;
	return NULL;
}

/* What stands on the PASID, and what stands beside it, are made for that. */
static bool inx_pasid_accepts(struct inx_group *group, struct inx_hwpt *hwpt)
{
	if (group->ops != hwpt->ops ||
	    !(hwpt->flags & IOMMU_NEXT_HWPT_ALLOC_PASID))
		return false;
	return !group->hwpt ||
	       group->hwpt->flags & IOMMU_NEXT_HWPT_ALLOC_PASID;
}

/* The first device: attach the PASID of the group. */
static struct inx_pasid *inx_pasid_start(struct inx_device *idev, u32 pasid,
					 struct inx_hwpt *hwpt)
{
	struct inx_group *group = idev->group;
	struct inx_pasid *entry;
	int rc;

	entry = kzalloc_obj(*entry, GFP_KERNEL_ACCOUNT);
	if (!entry)
		return ERR_PTR(-ENOMEM);
	entry->pasid = pasid;
	entry->hwpt = hwpt;
	INIT_LIST_HEAD(&entry->users);
	entry->sink = inx_sink_make(hwpt, idev);
	if (IS_ERR(entry->sink)) {
		rc = PTR_ERR(entry->sink);
		goto out_free;
	}
	rc = xa_err(xa_store(&group->pasids, pasid, entry,
			     GFP_KERNEL_ACCOUNT));
	if (rc)
		goto out_sink;
	rc = group->ops->pasid_attach(idev->dev, pasid, hwpt->domain,
				      entry->sink, &entry->handle);
	if (rc)
		goto out_erase;
	group->num_pasids++;
	return entry;

out_erase:
	xa_erase(&group->pasids, pasid);
out_sink:
	inx_sink_free(entry->sink);
out_free:
	kfree(entry);
	return ERR_PTR(rc);
}

static int inx_pasid_join(struct inx_device *idev, u32 pasid,
			  struct inx_hwpt *hwpt)
{
	struct inx_group *group = idev->group;
	struct inx_pasid *entry = xa_load(&group->pasids, pasid);
	struct inx_pasid_user *user;
	int rc;

	if (inx_pasid_find(entry, idev))
		return -EBUSY;
	if (entry && entry->hwpt != hwpt)
		return -EINVAL;
	if (!inx_pasid_accepts(group, hwpt))
		return -EINVAL;
	user = kzalloc_obj(*user, GFP_KERNEL_ACCOUNT);
	if (!user)
		return -ENOMEM;
	user->idev = idev;
	rc = inx_object_use(&hwpt->obj);
	if (rc)
		goto out_free;
	if (!entry)
		entry = inx_pasid_start(idev, pasid, hwpt);
	if (IS_ERR(entry)) {
		rc = PTR_ERR(entry);
		goto out_unuse;
	}
	list_add(&user->item, &entry->users);
	return 0;

out_unuse:
	inx_object_unuse(&hwpt->obj);
out_free:
	kfree(user);
	return rc;
}

/* As many users of a page table as the PASID has. */
static int inx_pasid_claim(struct inx_pasid *entry, struct inx_hwpt *hwpt)
{
	struct inx_pasid_user *user;
	int rc;

	list_for_each_entry(user, &entry->users, item) {
		rc = inx_object_use(&hwpt->obj);
		if (rc)
			goto undo;
	}
	return 0;

undo:
	list_for_each_entry_continue_reverse(user, &entry->users, item)
		inx_object_unuse(&hwpt->obj);
	return rc;
}

static void inx_pasid_unclaim(struct inx_pasid *entry, struct inx_hwpt *hwpt)
{
	struct inx_pasid_user *user;

	list_for_each_entry(user, &entry->users, item)
		inx_object_unuse(&hwpt->obj);
}

/* The caller has a reference to @hwpt; *old gets one to what stood before. */
static int inx_pasid_move(struct inx_device *idev, u32 pasid,
			  struct inx_hwpt *hwpt, struct inx_hwpt **old)
{
	struct inx_group *group = idev->group;
	struct inx_pasid *entry = xa_load(&group->pasids, pasid);
	struct inx_sink *sink;
	int rc;

	if (!inx_pasid_find(entry, idev))
		return -EINVAL;
	if (entry->hwpt == hwpt)
		return 0;
	if (!inx_pasid_accepts(group, hwpt))
		return -EINVAL;
	sink = inx_sink_make(hwpt, idev);
	if (IS_ERR(sink))
		return PTR_ERR(sink);
	rc = inx_pasid_claim(entry, hwpt);
	if (rc)
		goto out_sink;
	rc = group->ops->pasid_replace(idev->dev, pasid, hwpt->domain,
				       entry->hwpt->domain, sink,
				       &entry->handle);
	if (rc) {
		inx_pasid_unclaim(entry, hwpt);
		goto out_sink;
	}
	*old = entry->hwpt;
	inx_object_ref(&(*old)->obj);
	inx_pasid_unclaim(entry, *old);
	entry->hwpt = hwpt;
	swap(sink, entry->sink);
out_sink:
	inx_sink_free(sink);
	return rc;
}

/* Detach one device; what it used is given back by inx_pasid_drop(). */
static void inx_pasid_leave(struct inx_device *idev, struct inx_pasid *entry,
			    struct list_head *left)
{
	struct inx_group *group = idev->group;
	struct inx_pasid_user *user = inx_pasid_find(entry, idev);

	lockdep_assert_held(&group->lock);
	if (!user)
		return;
	user->hwpt = entry->hwpt;
	list_move(&user->item, left);
	if (!list_empty(&entry->users))
		return;
	group->ops->pasid_detach(idev->dev, entry->pasid, entry->hwpt->domain,
				 entry->handle);
	inx_sink_free(entry->sink);
	xa_erase(&group->pasids, entry->pasid);
	group->num_pasids--;
	kfree(entry);
}

/**
 * inx_pasid_leave_all() - block all requests of a device that have a PASID
 * @idev: bound; the lock of its group is held
 * @left: gets what inx_pasid_drop() is to give back without that lock
 */
void inx_pasid_leave_all(struct inx_device *idev, struct list_head *left)
{
	struct inx_pasid *entry;
	unsigned long pasid;

	xa_for_each(&idev->group->pasids, pasid, entry)
		inx_pasid_leave(idev, entry, left);
}

/**
 * inx_pasid_drop() - give page tables back
 * @left: from inx_pasid_leave_all()
 */
void inx_pasid_drop(struct list_head *left)
{
	struct inx_pasid_user *user, *next;

	list_for_each_entry_safe(user, next, left, item) {
		inx_hwpt_unuse(user->hwpt);
		kfree(user);
	}
}

enum inx_pasid_how {
	INX_PASID_ATTACH,
	INX_PASID_REPLACE,
	INX_PASID_EITHER,
};

static int inx_pasid_use(struct inx_device *idev, u32 pasid,
			 struct inx_hwpt *hwpt, enum inx_pasid_how how)
{
	struct inx_group *group = idev->group;
	struct inx_hwpt *old = NULL;
	int rc;

	mutex_lock(&group->lock);
	if (how == INX_PASID_EITHER)
		how = inx_pasid_find(xa_load(&group->pasids, pasid), idev) ?
			      INX_PASID_REPLACE : INX_PASID_ATTACH;
	if (idev->gone)
		rc = -ENODEV;
	else if (how == INX_PASID_REPLACE)
		rc = inx_pasid_move(idev, pasid, hwpt, &old);
	else
		rc = inx_pasid_join(idev, pasid, hwpt);
	mutex_unlock(&group->lock);
	if (old)
		inx_object_put(&old->obj);
	return rc;
}

static int inx_pasid_do(struct inx_device *idev, u32 pasid, u32 *pt_id,
			enum inx_pasid_how how)
{
	struct inx_object *obj;
	int rc = -EINVAL;

	if (!idev->ops->pasid_attach)
		return -EOPNOTSUPP;
	/* 0 is what the IOMMU calls requests without a PASID. */
	if (!pasid)
		return -EINVAL;
	obj = inx_object_get(idev->obj.ctx, *pt_id, INX_OBJ_ANY);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	/* A page table that is chosen for an IOAS is never one for a PASID. */
	if (obj->type == INX_OBJ_HWPT)
		rc = inx_pasid_use(idev, pasid, inx_hwpt_of(obj), how);
	inx_object_put(obj);
	return rc;
}

/**
 * inx_pasid_change() - attach a PASID, from another page table if it has one
 * @idev: bound
 * @pasid: not 0
 * @pt_id: an HWPT made with HWPT_ALLOC_PASID
 *
 * Return: 0; -ENOENT; -EINVAL for another kind of object, when the page table is
 * not made for a PASID, or what the device uses without one is not made to stand
 * beside it, or the device cannot have the PASID; -EOPNOTSUPP when the kernel or
 * the IOMMU has no PASIDs; -ENODEV; -ENOMEM.
 */
int inx_pasid_change(struct inx_device *idev, u32 pasid, u32 *pt_id)
{
	return inx_pasid_do(idev, pasid, pt_id, INX_PASID_EITHER);
}

/**
 * iommu_next_pasid_attach() - let requests with a PASID through
 * @idev: bound
 * @pasid: as in inx_pasid_change()
 * @pt_id: likewise
 *
 * Return: 0; -EBUSY when it is attached; as inx_pasid_change().
 */
int iommu_next_pasid_attach(struct inx_device *idev, u32 pasid, u32 *pt_id)
{
	return inx_pasid_do(idev, pasid, pt_id, INX_PASID_ATTACH);
}
EXPORT_SYMBOL_GPL(iommu_next_pasid_attach);

/**
 * iommu_next_pasid_replace() - change the page table of a PASID
 * @idev: bound
 * @pasid: as in inx_pasid_change()
 * @pt_id: likewise
 *
 * Return: 0; -EINVAL when it is not attached; as inx_pasid_change().
 */
int iommu_next_pasid_replace(struct inx_device *idev, u32 pasid, u32 *pt_id)
{
	return inx_pasid_do(idev, pasid, pt_id, INX_PASID_REPLACE);
}
EXPORT_SYMBOL_GPL(iommu_next_pasid_replace);

/**
 * inx_pasid_detach() - block requests with a PASID
 * @idev: bound
 * @pasid: any value; need not be attached
 */
void inx_pasid_detach(struct inx_device *idev, u32 pasid)
{
	struct inx_pasid *entry;
	LIST_HEAD(left);

	mutex_lock(&idev->group->lock);
	entry = xa_load(&idev->group->pasids, pasid);
	inx_pasid_leave(idev, entry, &left);
	mutex_unlock(&idev->group->lock);
	inx_pasid_drop(&left);
}

/**
 * iommu_next_pasid_detach() - block requests with a PASID
 * @idev: bound
 * @pasid: any value; need not be attached
 */
void iommu_next_pasid_detach(struct inx_device *idev, u32 pasid)
{
	inx_pasid_detach(idev, pasid);
}
EXPORT_SYMBOL_GPL(iommu_next_pasid_detach);
