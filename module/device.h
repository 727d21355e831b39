/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bound devices. device.c owns everything declared here.
 */
#ifndef INX_DEVICE_H
#define INX_DEVICE_H

#include <linux/build_bug.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/notifier.h>

#include "object.h"

struct bus_type;
struct device;
struct inx_backend_ops;
struct inx_call;
struct inx_group;

/**
 * struct inx_device - a device, or a whole group, that is bound to a context
 * @obj: first; the driver that bound it is a user, and it holds the context's
 *	file unless @inside
 * @dev: the device, with a reference; only to be used under the lock of
 *	@group while @gone is not set
 * @ops: the backend
 * @group: the group; stays until the object is freed
 * @attach_lock: one attach, replace or detach at a time; pins are taken under
 *	it, and unbinding does not take it
 * @item: in &struct inx_group.attached; under the lock of @group
 * @attached: whether it is there; likewise
 * @vdevice: what a guest calls it, NULL for nothing; likewise
 * @gone: it was unbound; likewise
 * @inside: bound by an object of the context, so it does not hold the file
 * @bus: of @dev when that stands for a group that is bound as a whole, or NULL
 * @left_bus: tells when it leaves that bus
 */
struct inx_device {
	struct inx_object obj;
	struct device *dev;
	const struct inx_backend_ops *ops;
	struct inx_group *group;
	struct mutex attach_lock; /* one change at a time */
	struct list_head item;
	struct inx_object *vdevice;
	bool attached;
	bool gone;
	bool inside;
	const struct bus_type *bus;
	struct notifier_block left_bus;
};

static_assert(!offsetof(struct inx_device, obj));

static inline struct inx_device *inx_device_get(struct inx_ctx *ctx, u32 id)
{
	struct inx_object *obj = inx_object_get(ctx, id, INX_OBJ_DEVICE);

	if (IS_ERR(obj))
		return ERR_CAST(obj);
	return container_of(obj, struct inx_device, obj);
}

static inline void inx_device_put(struct inx_device *idev)
{
	inx_object_put(&idev->obj);
}

struct inx_device *inx_device_bind(struct inx_ctx *ctx,
				   const struct inx_backend_ops *ops,
				   struct device *dev, bool inside);
struct inx_device *inx_device_bind_group(struct inx_ctx *ctx,
					 const struct inx_backend_ops *ops,
					 void *id);
void inx_device_unbind(struct inx_device *idev);
int inx_device_attach(struct inx_device *idev, u32 *pt_id);
void inx_device_detach(struct inx_device *idev);
int inx_device_hw_info(struct inx_call *call);

#endif
