/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects that user space names by ID, and the context that holds them.
 *
 * object.c owns everything declared here.
 */
#ifndef INX_OBJECT_H
#define INX_OBJECT_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "account.h"

struct file;
struct inx_ctx;
struct inx_ioas;
struct inx_object;

enum inx_object_type {
	INX_OBJ_ANY,
	INX_OBJ_IOAS,
	INX_OBJ_DEVICE,
	INX_OBJ_HWPT,
	INX_OBJ_ACCESS,
	INX_OBJ_FAULT,
	INX_OBJ_VIOMMU,
	INX_OBJ_VDEVICE,
	INX_OBJ_EVENTQ,
	INX_OBJ_HW_QUEUE,
	INX_OBJ_PRIVATE,
};

/**
 * struct inx_object_ops - what a kind of object does when its ID goes
 * @shut: give up the claims on other objects that would keep user space from
 *	destroying those, so that they are free the moment this object's ID is.
 *	Called once, by whoever took the ID away. May be NULL.
 * @free: the last reference is gone: undo what the object did and end with
 *	inx_object_free(), now or when a lock that is taken is given back. Must
 *	neither fail nor wait for user space.
 */
struct inx_object_ops {
	void (*shut)(struct inx_object *obj);
	void (*free)(struct inx_object *obj);
};

/**
 * struct inx_object - first member of everything that has an ID
 * @ops: of its kind
 * @ctx: the context whose ID it is
 * @refs: who has the pointer; the object is freed with the last
 * @users: 1 for the ID table, and one for each object or driver that is built
 *	on this one. More than 1 means EBUSY to IOMMU_NEXT_DESTROY; 0 means that
 *	the ID is gone and nobody can become a user any more.
 * @id: 1 to 2^31 - 1
 * @type: of enum inx_object_type
 * @rcu: look-ups run under RCU
 *
 * A user always has a reference too, so taking a user takes both.
 */
struct inx_object {
	const struct inx_object_ops *ops;
	struct inx_ctx *ctx;
	refcount_t refs;
	refcount_t users;
	u32 id;
	enum inx_object_type type;
	struct rcu_head rcu;
};

/**
 * struct inx_ctx - what an open /dev/iommu-next is
 * @file: the file; who needs the context holds a reference to it
 * @serial: no other context has had it since the module was loaded
 * @objects: ID to struct inx_object; an ID that is reserved but not published
 *	holds XA_ZERO_ENTRY
 * @account: of mappings to come; its mode changes under the lock of @objects
 * @process_lock: one change of the process that is charged at a time
 * @groups_lock: of @groups
 * @groups: struct inx_group that this context has devices of
 * @mmaps: what mmap() of @file can map; viommu.c
 * @vfio_ioas: what the ioctls of a VFIO container act on, NULL for none; under
 *	the lock of @objects; cleared when the IOAS loses its ID
 * @offered: ID of the IOAS for containers of processes that have @file open, 0
 *	for none
 *
 * Lives exactly as long as @file, with no count of its own.
 */
struct inx_ctx {
	struct file *file;
	u64 serial;
	struct xarray objects;
	struct inx_account account;
	struct mutex process_lock; /* one change at a time */
	struct mutex groups_lock; /* of groups */
	struct list_head groups;
	struct xarray mmaps;
	struct inx_ioas *vfio_ioas;
	u32 offered;
};

/* main.c: from a file descriptor to its context. */
struct inx_ctx *inx_ctx_from_fd(int fd);
void inx_ctx_put(struct inx_ctx *ctx);

void inx_ctx_init(struct inx_ctx *ctx, struct file *file);
void inx_ctx_destroy(struct inx_ctx *ctx);
bool inx_ctx_is_empty(struct inx_ctx *ctx);

void *inx_object_alloc(struct inx_ctx *ctx, size_t size,
		       enum inx_object_type type,
		       const struct inx_object_ops *ops);
void inx_object_publish(struct inx_object *obj);
void inx_object_abort(struct inx_object *obj);
struct inx_object *inx_object_get(struct inx_ctx *ctx, u32 id,
				  enum inx_object_type type);
void inx_object_put(struct inx_object *obj);
int inx_object_use(struct inx_object *obj);
void inx_object_unuse(struct inx_object *obj);
int inx_object_remove(struct inx_object *obj);
int inx_object_destroy_id(struct inx_ctx *ctx, u32 id);
void inx_object_free(struct inx_object *obj);

/* One more reference, by somebody who has one. */
static inline void inx_object_ref(struct inx_object *obj)
{
	refcount_inc(&obj->refs);
}

/*
 * Be a user no more, but keep the reference. The last user goes here only when
 * the object was given up meanwhile.
 */
static inline void inx_object_unclaim(struct inx_object *obj)
{
	if (refcount_dec_and_test(&obj->users))
		return;
}

#endif
