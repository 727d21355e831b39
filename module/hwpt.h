/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hardware page tables. hwpt.c owns everything declared here.
 */
#ifndef INX_HWPT_H
#define INX_HWPT_H

#include <linux/build_bug.h>
#include <linux/err.h>
#include <linux/mutex.h>

#include "area.h"
#include "dirty.h"
#include "object.h"

struct inx_backend_ops;
struct inx_call;
struct inx_device;
struct inx_ioas;
struct inx_user_data;

/**
 * struct inx_hwpt - a page table that maps what an IOAS maps
 * @obj: first; a user of @ioas until it is destroyed
 * @ops: the backend that made it
 * @ioas: what it maps
 * @domain: the page table itself
 * @link: @domain as the IOAS knows it
 * @lock: of @linked; pins are taken under it
 * @linked: the IOAS knows of it, and it has everything that is mapped there
 * @tracks_dirty: made for dirty tracking
 * @dirty: of it
 * @is_auto: made by an attach to the IOAS, and destroyed with the last detach
 */
struct inx_hwpt {
	struct inx_object obj;
	const struct inx_backend_ops *ops;
	struct inx_ioas *ioas;
	struct iommu_domain *domain;
	struct inx_domain_link link;
	struct mutex lock; /* of linked */
	bool linked;
	bool tracks_dirty;
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

struct inx_hwpt *inx_hwpt_make(struct inx_ioas *ioas, struct inx_device *idev,
			       u32 flags, const struct inx_user_data *data);
int inx_hwpt_link(struct inx_hwpt *hwpt, struct inx_device *idev);
void inx_hwpt_unuse(struct inx_hwpt *hwpt);
int inx_hwpt_alloc(struct inx_call *call);

#endif
