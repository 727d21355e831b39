/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Accesses: drivers that touch what an IOAS maps by the CPU. access.c owns
 * everything declared here; drivers see it by <linux/iommu_next.h>.
 */
#ifndef INX_ACCESS_H
#define INX_ACCESS_H

#include <linux/build_bug.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "object.h"
#include "pin.h"

struct inx_ioas;
struct iommu_next_access_ops;

/**
 * struct inx_access - a driver's access to an IOAS
 * @obj: first; the driver is a user, and it holds the context's file
 * @ops: the driver's
 * @priv: for @ops
 * @pinner: who pins
 * @change_lock: one attach, replace or detach at a time; @ops->unmap runs
 *	under it
 * @lock: of what follows
 * @ioas: attached to, NULL for none; the access is a user of it
 * @leaving: attached to until now; pins there may be undone and not made
 * @busy: calls that use one of the two
 * @idle: woken when @busy becomes 0
 */
struct inx_access {
	struct inx_object obj;
	const struct iommu_next_access_ops *ops;
	void *priv;
	struct inx_pinner pinner;
	struct mutex change_lock; /* one change at a time */
	spinlock_t lock; /* of the members below */
	struct inx_ioas *ioas;
	struct inx_ioas *leaving;
	unsigned int busy;
	wait_queue_head_t idle;
};

static_assert(!offsetof(struct inx_access, obj));

#endif
