/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Groups of devices that an IOMMU cannot tell apart. group.c owns everything
 * declared here.
 */
#ifndef INX_GROUP_H
#define INX_GROUP_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/xarray.h>

struct device;
struct inx_backend_ops;
struct inx_ctx;
struct inx_device;
struct inx_hwpt;
struct inx_sink;

/**
 * struct inx_group - a group that a context owns DMA of
 * @refs: struct inx_device that point here
 * @item: in &struct inx_ctx.groups while @bound is not 0
 * @bound: bound devices; under &struct inx_ctx.groups_lock
 * @ctx: the context
 * @ops: the backend
 * @id: the backend's name for the group
 * @foreign: its DMA was claimed by who bound the group as a whole
 * @lock: of everything below, and held over every call of the backend that
 *	concerns a device of the group. Never held while pages are pinned or
 *	user memory is touched, so that a device can always be taken away.
 * @hwpt: the page table that all devices of the group use, NULL when DMA is
 *	blocked
 * @handle: the backend's, for the attachment
 * @sink: where faults of the attachment go, NULL for nowhere
 * @attached: struct inx_device that have asked for @hwpt, each a user of it
 * @pasids: PASID to struct inx_pasid, those that are attached; pasid.c
 * @num_pasids: how many
 */
struct inx_group {
	refcount_t refs;
	struct list_head item;
	unsigned int bound;
	struct inx_ctx *ctx;
	const struct inx_backend_ops *ops;
	void *id;
	bool foreign;
	struct mutex lock; /* never held over a pin */
	struct inx_hwpt *hwpt;
	void *handle;
	struct inx_sink *sink;
	struct list_head attached;
	struct xarray pasids;
	unsigned int num_pasids;
};

struct inx_group *inx_group_bind(struct inx_ctx *ctx,
				 const struct inx_backend_ops *ops,
				 struct device *dev);
struct inx_group *inx_group_adopt(struct inx_ctx *ctx,
				  const struct inx_backend_ops *ops, void *id);
void inx_group_unbind(struct inx_group *group);
void inx_group_put(struct inx_group *group);

int inx_group_attach(struct inx_device *idev, struct inx_hwpt *hwpt);
int inx_group_replace(struct inx_device *idev, struct inx_hwpt *hwpt);
void inx_group_detach(struct inx_device *idev);

#endif
