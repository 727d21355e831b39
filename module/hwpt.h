/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hardware page tables. hwpt.c owns everything declared here.
 */
#ifndef INX_HWPT_H
#define INX_HWPT_H

#include <linux/build_bug.h>
#include <linux/err.h>
#include <linux/mutex.h>
#include <uapi/linux/iommu-next.h>

#include "area.h"
#include "dirty.h"
#include "object.h"

struct inx_backend_ops;
struct inx_call;
struct inx_device;
struct inx_fault;
struct inx_ioas;
struct inx_user_data;
struct inx_viommu;

/**
 * struct inx_hwpt - a page table that maps what an IOAS maps, or the user's
 * @obj: first; a user of @viommu, else of @parent, else of @ioas, and of @fault,
 *	until it is destroyed
 * @ops: the backend that made it
 * @flags: of enum iommu_next_hwpt_alloc_flags
 * @ioas: what it maps; of a nested one, what @parent maps
 * @parent: what translates the output of a nested page table, which is never
 *	linked; NULL for one that the kernel maps in
 * @viommu: the slice of the IOMMU that a nested one is on, which has @parent;
 *	NULL for none
 * @fault: where faults go, NULL for nowhere
 * @domain: the page table itself
 * @link: @domain as the IOAS knows it
 * @lock: of @linked; pins are taken under it
 * @linked: the IOAS knows of it, and it has everything that is mapped there
 * @dirty: of dirty tracking
 * @is_auto: made by an attach to the IOAS, and destroyed with the last detach
 */
struct inx_hwpt {
	struct inx_object obj;
	const struct inx_backend_ops *ops;
	u32 flags;
	struct inx_ioas *ioas;
	struct inx_hwpt *parent;
	struct inx_viommu *viommu;
	struct inx_fault *fault;
	struct iommu_domain *domain;
	struct inx_domain_link link;
	struct mutex lock; /* of linked */
	bool linked;
	struct inx_dirty dirty;
	bool is_auto;
};

static_assert(!offsetof(struct inx_hwpt, obj));

static inline struct inx_hwpt *inx_hwpt_of(struct inx_object *obj)
{
	return container_of(obj, struct inx_hwpt, obj);
}

/* Whether the IOAS knows the page table, which then has all that is mapped. */
static inline bool inx_hwpt_is_linked(const struct inx_hwpt *hwpt)
{
	/* Pairs with the end of inx_hwpt_link(). */
	return smp_load_acquire(&hwpt->linked);
}

static inline bool inx_hwpt_tracks_dirty(const struct inx_hwpt *hwpt)
{
	return hwpt->flags & IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING;
}

struct inx_hwpt *inx_hwpt_create(struct inx_device *idev, u32 flags);
struct inx_hwpt *inx_hwpt_make(struct inx_ioas *ioas, struct inx_device *idev,
			       u32 flags, const struct inx_user_data *data);
int inx_hwpt_link(struct inx_hwpt *hwpt, struct inx_device *idev);
void inx_hwpt_unuse(struct inx_hwpt *hwpt);
int inx_hwpt_alloc(struct inx_call *call);

#endif
