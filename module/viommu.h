/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Slices of an IOMMU that belong to a guest, and the guest's devices, event queues
 * and hardware queues on them. viommu.c, vdevice.c, eventq.c and hw_queue.c own
 * what is declared here.
 */
#ifndef INX_VIOMMU_H
#define INX_VIOMMU_H

#include <linux/build_bug.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/xarray.h>

#include "object.h"

struct inx_call;
struct inx_device;
struct inx_hwpt;
struct inx_user_array;
struct inx_user_data;
struct inx_viommu_ops;
struct vm_area_struct;

/**
 * struct inx_viommu - a slice of an IOMMU
 * @obj: first; a user of @parent until it is destroyed
 * @backend: whose module is kept
 * @ops: the backend's, NULL before it is complete
 * @priv: for @ops
 * @parent: the nesting parent
 * @lock: of @vdevices and @queues
 * @vdevices: the guest's number to struct inx_vdevice
 * @queues: struct inx_hw_queue
 * @events_lock: of @eventqs
 * @eventqs: struct inx_eventq, at most one of a type
 * @mmap_id: what can be mapped of it, in &struct inx_ctx.mmaps; 0 for nothing
 */
struct inx_viommu {
	struct inx_object obj;
	const struct inx_backend_ops *backend;
	const struct inx_viommu_ops *ops;
	void *priv;
	struct inx_hwpt *parent;
	struct mutex lock; /* of vdevices and queues */
	struct xarray vdevices;
	struct list_head queues;
	spinlock_t events_lock; /* of eventqs */
	struct list_head eventqs;
	u32 mmap_id;
};

static_assert(!offsetof(struct inx_viommu, obj));

static inline struct inx_viommu *inx_viommu_of(struct inx_object *obj)
{
	return container_of(obj, struct inx_viommu, obj);
}

static inline struct inx_viommu *inx_viommu_get(struct inx_ctx *ctx, u32 id)
{
	struct inx_object *obj = inx_object_get(ctx, id, INX_OBJ_VIOMMU);

	if (IS_ERR(obj))
		return ERR_CAST(obj);
	return inx_viommu_of(obj);
}

int inx_viommu_alloc(struct inx_call *call);
int inx_viommu_invalidate(struct inx_viommu *viommu,
			  struct inx_user_array *array);
int inx_viommu_mmap(struct inx_ctx *ctx, struct vm_area_struct *vma);

/* vdevice.c */
int inx_vdevice_alloc(struct inx_call *call);
struct inx_object *inx_vdevice_unplug(struct inx_device *idev);
void inx_vdevice_drop(struct inx_object *obj);

/* eventq.c */
int inx_eventq_alloc(struct inx_call *call);

/* hw_queue.c */
int inx_hw_queue_alloc(struct inx_call *call);

#endif
