// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who decides about the DMA of a group, and which page table it uses.
 *
 * All devices of a group use the same page table. The first that is attached
 * attaches the group, further ones join, and the last that is detached blocks
 * it. Each of them narrows the IOVA space by its own reserved regions.
 *
 * Everything here is quick: page tables are filled and emptied elsewhere.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/slab.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "device.h"
#include "fault.h"
#include "group.h"
#include "hwpt.h"
#include "ioas.h"
#include "object.h"

static struct inx_group *inx_group_find(struct inx_ctx *ctx, const void *id)
{
	struct inx_group *group;

	lockdep_assert_held(&ctx->groups_lock);
	list_for_each_entry(group, &ctx->groups, item)
		if (group->id == id)
			return group;
	return NULL;
}

static struct inx_group *inx_group_claim(struct inx_ctx *ctx,
					 const struct inx_backend_ops *ops,
					 void *id, bool foreign)
{
	struct inx_group *group;
	int rc;

	group = kzalloc_obj(*group, GFP_KERNEL_ACCOUNT);
	if (!group)
		return ERR_PTR(-ENOMEM);
	rc = foreign ? 0 : ops->claim(id, ctx);
	if (rc) {
		kfree(group);
		return ERR_PTR(rc);
	}
	group->foreign = foreign;
	refcount_set(&group->refs, 1);
	group->ctx = ctx;
	group->ops = ops;
	group->id = id;
	mutex_init(&group->lock);
	INIT_LIST_HEAD(&group->attached);
	xa_init_flags(&group->pasids, XA_FLAGS_ACCOUNT);
	list_add(&group->item, &ctx->groups);
	return group;
}

/**
 * inx_group_bind() - find a device's group, or take ownership of it
 * @ctx: the owner to be
 * @ops: the backend
 * @dev: a device that is about to be bound
 *
 * Return: the group, with a reference; what the backend's group_get and claim
 * return; or ERR_PTR(-ENOMEM).
 */
struct inx_group *inx_group_bind(struct inx_ctx *ctx,
				 const struct inx_backend_ops *ops,
				 struct device *dev)
{
	void *id = ops->group_get(dev);
	struct inx_group *group;

	if (IS_ERR(id))
		return id;
	mutex_lock(&ctx->groups_lock);
	group = inx_group_find(ctx, id);
	if (group) {
		refcount_inc(&group->refs);
		ops->group_put(id);
	} else {
		group = inx_group_claim(ctx, ops, id, false);
		if (IS_ERR(group))
			ops->group_put(id);
	}
	if (!IS_ERR(group))
		group->bound++;
	mutex_unlock(&ctx->groups_lock);
	return group;
}

/**
 * inx_group_adopt() - have a group whose DMA the caller has claimed
 * @ctx: who is to decide about its DMA now
 * @ops: the backend
 * @id: its name for the group; the caller's reference goes to the group
 *
 * Return: the group, with a reference; ERR_PTR(-EBUSY) when the context has it
 * already; or ERR_PTR(-ENOMEM).
 */
struct inx_group *inx_group_adopt(struct inx_ctx *ctx,
				  const struct inx_backend_ops *ops, void *id)
{
	struct inx_group *group = ERR_PTR(-EBUSY);

	mutex_lock(&ctx->groups_lock);
	if (!inx_group_find(ctx, id))
		group = inx_group_claim(ctx, ops, id, true);
	if (!IS_ERR(group))
		group->bound++;
	mutex_unlock(&ctx->groups_lock);
	return group;
}

/**
 * inx_group_unbind() - a device of the group is unbound
 * @group: the group; DMA of it goes back to who it was claimed from with the
 *	last one
 */
void inx_group_unbind(struct inx_group *group)
{
	mutex_lock(&group->ctx->groups_lock);
	if (!--group->bound) {
		list_del(&group->item);
		if (!group->foreign)
			group->ops->release(group->id);
	}
	mutex_unlock(&group->ctx->groups_lock);
}

/**
 * inx_group_put() - drop a reference
 * @group: the group
 */
void inx_group_put(struct inx_group *group)
{
	if (!refcount_dec_and_test(&group->refs))
		return;
	group->ops->group_put(group->id);
	xa_destroy(&group->pasids);
	mutex_destroy(&group->lock);
	kfree(group);
}

static int inx_group_reserve(struct inx_device *idev, struct inx_hwpt *hwpt)
{
	struct inx_iova_range *ranges;
	int nr, rc;

	if (idev->group->foreign)
		nr = idev->ops->group_reserved(idev->group->id, &ranges);
	else
		nr = idev->ops->reserved(idev->dev, &ranges);
	if (nr < 0)
		return nr;
	rc = inx_iopt_reserve(&hwpt->ioas->iopt, idev, ranges, nr);
	kfree(ranges);
	return rc;
}

static void inx_group_unreserve(struct inx_device *idev, struct inx_hwpt *hwpt)
{
	inx_iopt_unreserve(&hwpt->ioas->iopt, idev);
}

/*
 * While PASIDs are attached, requests without one use a page table that was made
 * to stand beside them.
 */
static bool inx_group_accepts(struct inx_group *group, struct inx_hwpt *hwpt)
{
	if (group->ops != hwpt->ops)
		return false;
	return !group->num_pasids ||
	       hwpt->flags & IOMMU_NEXT_HWPT_ALLOC_PASID;
}

/* The first device attaches the group. */
static int inx_group_start(struct inx_device *idev, struct inx_hwpt *hwpt)
{
	struct inx_group *group = idev->group;
	struct inx_sink *sink;
	int rc;

	sink = inx_sink_make(hwpt, idev);
	if (IS_ERR(sink))
		return PTR_ERR(sink);
	rc = group->ops->attach(idev->dev, group->id, hwpt->domain, sink,
				&group->handle);
	if (rc) {
		inx_sink_free(sink);
		return rc;
	}
	group->hwpt = hwpt;
	group->sink = sink;
	return 0;
}

/**
 * inx_group_attach() - let a device use a page table
 * @idev: not attached; the lock of its group is held
 * @hwpt: the page table; a user of it is taken
 *
 * Return: 0; -EINVAL when the group uses another one, or it does not fit;
 * -ENOENT when it has been destroyed; -EADDRINUSE; -ENOMEM.
 */
int inx_group_attach(struct inx_device *idev, struct inx_hwpt *hwpt)
{
	struct inx_group *group = idev->group;
	int rc;

	lockdep_assert_held(&group->lock);
	if (group->hwpt && group->hwpt != hwpt)
		return -EINVAL;
	if (!inx_group_accepts(group, hwpt))
		return -EINVAL;
	rc = inx_object_use(&hwpt->obj);
	if (rc)
		return rc;
	rc = inx_group_reserve(idev, hwpt);
	if (rc)
		goto out_unuse;
	if (!group->hwpt) {
		rc = inx_group_start(idev, hwpt);
		if (rc)
			goto out_unreserve;
	}
	list_add(&idev->item, &group->attached);
	idev->attached = true;
	return 0;

out_unreserve:
	inx_group_unreserve(idev, hwpt);
out_unuse:
	inx_object_unuse(&hwpt->obj);
	return rc;
}

/* Move what the attached devices have of one page table to another. */
static int inx_group_move(struct inx_group *group, struct inx_hwpt *from,
			  struct inx_hwpt *to)
{
	bool reserve = from->ioas != to->ioas;
	struct inx_device *idev;
	int rc;

	list_for_each_entry(idev, &group->attached, item) {
		rc = inx_object_use(&to->obj);
		if (rc)
			goto undo;
		if (!reserve)
			continue;
		rc = inx_group_reserve(idev, to);
		if (rc) {
			inx_object_unuse(&to->obj);
			goto undo;
		}
	}
	return 0;

undo:
	list_for_each_entry_continue_reverse(idev, &group->attached, item) {
		if (reserve)
			inx_group_unreserve(idev, to);
		inx_object_unuse(&to->obj);
	}
	return rc;
}

static void inx_group_leave(struct inx_group *group, struct inx_hwpt *from,
			    struct inx_hwpt *to)
{
	struct inx_device *idev;

	list_for_each_entry(idev, &group->attached, item) {
		if (from->ioas != to->ioas)
			inx_group_unreserve(idev, from);
		inx_object_unuse(&from->obj);
	}
}

/**
 * inx_group_replace() - change the page table of a device's group
 * @idev: attached; the lock of its group is held. The caller has a reference
 *	to the page table in use, and tries to destroy it afterwards.
 * @hwpt: the page table to change to
 *
 * Return: 0; as inx_group_attach(). After an error the old one stands, or,
 * where the kernel cannot change back, DMA is blocked.
 */
int inx_group_replace(struct inx_device *idev, struct inx_hwpt *hwpt)
{
	struct inx_group *group = idev->group;
	struct inx_hwpt *old = group->hwpt;
	struct inx_sink *sink;
	int rc;

	lockdep_assert_held(&group->lock);
	if (old == hwpt)
		return 0;
	if (!inx_group_accepts(group, hwpt))
		return -EINVAL;
	sink = inx_sink_make(hwpt, idev);
	if (IS_ERR(sink))
		return PTR_ERR(sink);
	rc = inx_group_move(group, old, hwpt);
	if (rc)
		goto out_sink;
	rc = group->ops->replace(idev->dev, group->id, hwpt->domain,
				 old->domain, sink, &group->handle);
	if (rc)
		goto out_leave;
	/* What is freed is the sink of the page table that stands no more. */
	swap(sink, group->sink);
	group->hwpt = hwpt;
	swap(old, hwpt);
out_leave:
	inx_group_leave(group, hwpt, old);
out_sink:
	inx_sink_free(sink);
	return rc;
}

/**
 * inx_group_detach() - a device uses its page table no more
 * @idev: attached; the lock of its group is held. The caller takes over the
 *	user of the page table.
 */
void inx_group_detach(struct inx_device *idev)
{
	struct inx_group *group = idev->group;
	struct inx_hwpt *hwpt = group->hwpt;

	lockdep_assert_held(&group->lock);
	list_del(&idev->item);
	idev->attached = false;
	if (list_empty(&group->attached)) {
		group->ops->detach(group->id, hwpt->domain, group->handle);
		inx_sink_free(group->sink);
		group->hwpt = NULL;
		group->handle = NULL;
		group->sink = NULL;
	}
	inx_group_unreserve(idev, hwpt);
}
