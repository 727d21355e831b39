/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Queues of IO page faults. fault.c owns everything declared here, and
 * inx_fault_report().
 */
#ifndef INX_FAULT_H
#define INX_FAULT_H

#include <linux/build_bug.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "object.h"

struct inx_call;
struct inx_device;
struct inx_hwpt;
struct inx_sink;

/**
 * struct inx_fault - a queue of faults
 * @obj: first; its file is a user, and each page table that delivers to it
 * @read_lock: one reader at a time; held while user memory is touched, so
 *	nothing else may take it
 * @lock: of everything below, and of the state of groups
 * @unread: groups that nobody has read
 * @groups: all groups by cookie; changed under @lock, or before a group is
 *	seen by anybody
 * @next_cookie: where the search for a cookie goes on
 * @closed: nobody can answer any more
 * @wait: readers
 * @answered: who waits until nobody is answering groups of a sink
 */
struct inx_fault {
	struct inx_object obj;
	struct mutex read_lock; /* one reader at a time */
	spinlock_t lock; /* of the rest */
	struct list_head unread;
	struct xarray groups;
	u32 next_cookie;
	bool closed;
	wait_queue_head_t wait;
	wait_queue_head_t answered;
};

static_assert(!offsetof(struct inx_fault, obj));

struct inx_fault *inx_fault_get(struct inx_ctx *ctx, u32 id);
int inx_fault_alloc(struct inx_call *call);

struct inx_sink *inx_sink_make(struct inx_hwpt *hwpt, struct inx_device *idev);
void inx_sink_free(struct inx_sink *sink);

#endif
