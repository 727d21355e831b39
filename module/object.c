// SPDX-License-Identifier: GPL-2.0-only
/*
 * IDs and lifetimes.
 *
 * An object is built in private: inx_object_alloc() reserves an ID that no
 * look-up finds, inx_object_publish() makes it visible when nothing can fail
 * any more. What fails in between ends in inx_object_abort().
 *
 * Two counts decide how it ends. 'refs' says who has the pointer, for the
 * length of an ioctl or as part of a longer relation. 'users' says who is
 * built on it. Destroying is one atomic step: 'users' from 1 to 0. From there
 * on the ID is unknown and nobody can become a user, so there is no way back
 * and no need to wait: what still runs on the object keeps it alive by its
 * reference, and whoever drops the last one tears it down.
 *
 * No lock is held while ops are called.
 */
#include <linux/err.h>

#include "object.h"

/**
 * inx_ctx_init() - prepare a context
 * @ctx: zeroed memory
 * @file: the file that it belongs to
 */
void inx_ctx_init(struct inx_ctx *ctx, struct file *file)
{
	static atomic64_t serial;

	ctx->serial = atomic64_inc_return(&serial);
	ctx->file = file;
	xa_init_flags(&ctx->objects, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	mutex_init(&ctx->process_lock);
	mutex_init(&ctx->groups_lock);
	INIT_LIST_HEAD(&ctx->groups);
	xa_init_flags(&ctx->mmaps, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	inx_account_init(&ctx->account);
}

/**
 * inx_ctx_destroy() - destroy every object that is left
 * @ctx: a context whose file is closed: no ioctl runs and no driver has a
 *	device of it
 *
 * Objects use each other without cycles, so there is always one that nobody
 * uses until there is none at all.
 */
void inx_ctx_destroy(struct inx_ctx *ctx)
{
	struct inx_object *obj;
	bool progress = true;
	unsigned long id;

	while (progress) {
		progress = false;
		xa_for_each(&ctx->objects, id, obj)
			if (!inx_object_remove(obj))
				progress = true;
	}
	WARN_ON_ONCE(!inx_ctx_is_empty(ctx));

	xa_destroy(&ctx->objects);
	xa_destroy(&ctx->mmaps);
	WARN_ON_ONCE(!list_empty(&ctx->groups));
	mutex_destroy(&ctx->groups_lock);
	mutex_destroy(&ctx->process_lock);
	inx_account_destroy(&ctx->account);
}

/**
 * inx_ctx_is_empty() - whether no object has been made, or is being made
 * @ctx: the context; the answer lasts while the caller holds the lock of
 *	@ctx->objects
 *
 * Return: whether that is so.
 */
bool inx_ctx_is_empty(struct inx_ctx *ctx)
{
	XA_STATE(xas, &ctx->objects, 1);
	bool empty;

	/*
	 * Not xa_empty(): there may be nodes without entries, from an allocation
	 * that failed. Index 0 is the array's own; what is reserved is found.
	 */
	rcu_read_lock();
	empty = !xas_find(&xas, ULONG_MAX);
	rcu_read_unlock();
	return empty;
}

/**
 * inx_object_alloc() - reserve an ID and memory for an object
 * @ctx: where the ID is to be known
 * @size: bytes of a struct whose first member is the struct inx_object
 * @type: its kind
 * @ops: of its kind
 *
 * Return: the struct, zeroed and invisible, with one reference and one user, both of the
 * caller until it is published; or ERR_PTR(-ENOMEM), ERR_PTR(-EBUSY) when all
 * IDs are taken.
 */
void *inx_object_alloc(struct inx_ctx *ctx, size_t size,
		       enum inx_object_type type,
		       const struct inx_object_ops *ops)
{
	struct inx_object *obj;
	int rc;

	obj = kzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!obj)
		return ERR_PTR(-ENOMEM);
	obj->ops = ops;
	obj->ctx = ctx;
	obj->type = type;
	refcount_set(&obj->refs, 1);
	refcount_set(&obj->users, 1);
	rc = xa_alloc(&ctx->objects, &obj->id, XA_ZERO_ENTRY, xa_limit_31b,
		      GFP_KERNEL_ACCOUNT);
	if (rc) {
		kfree(obj);
		return ERR_PTR(rc);
	}
	return obj;
}

/**
 * inx_object_publish() - let look-ups find an object
 * @obj: the object, complete; the caller's reference goes to the ID table
 */
void inx_object_publish(struct inx_object *obj)
{
	/* The slot was reserved: storing allocates nothing and cannot fail. */
	xa_store(&obj->ctx->objects, obj->id, obj, GFP_KERNEL_ACCOUNT);
}

/**
 * inx_object_abort() - give up an object that was not published
 * @obj: the object; ops->free must cope with how far it has come
 */
void inx_object_abort(struct inx_object *obj)
{
	xa_erase(&obj->ctx->objects, obj->id);
	/* A device that is being unbound may be a user for a moment longer. */
	inx_object_unclaim(obj);
	if (obj->ops->shut)
		obj->ops->shut(obj);
	inx_object_put(obj);
}

/**
 * inx_object_get() - find an object and take a reference
 * @ctx: whose ID
 * @id: any value
 * @type: the kind wanted, or INX_OBJ_ANY
 *
 * Return: the object, or ERR_PTR(-ENOENT).
 */
struct inx_object *inx_object_get(struct inx_ctx *ctx, u32 id,
				  enum inx_object_type type)
{
	struct inx_object *obj;

	rcu_read_lock();
	obj = xa_load(&ctx->objects, id);
	if (!obj || (type != INX_OBJ_ANY && obj->type != type) ||
	    !refcount_inc_not_zero(&obj->refs))
		obj = ERR_PTR(-ENOENT);
	rcu_read_unlock();
	return obj;
}

/**
 * inx_object_put() - drop a reference
 * @obj: the object; torn down here when it was the last one
 *
 * Context: process context, no lock of this module held.
 */
void inx_object_put(struct inx_object *obj)
{
	if (refcount_dec_and_test(&obj->refs))
		obj->ops->free(obj);
}

/**
 * inx_object_use() - become a user, which keeps the object's ID
 * @obj: an object that the caller has a reference to
 *
 * Return: 0, or -ENOENT when it has been destroyed meanwhile.
 */
int inx_object_use(struct inx_object *obj)
{
	if (!refcount_inc_not_zero(&obj->users))
		return -ENOENT;
	inx_object_ref(obj);
	return 0;
}

/**
 * inx_object_unuse() - undo inx_object_use()
 * @obj: the object
 */
void inx_object_unuse(struct inx_object *obj)
{
	inx_object_unclaim(obj);
	inx_object_put(obj);
}

/**
 * inx_object_remove() - take an object's ID away if nobody uses it
 * @obj: a published object
 *
 * Return: 0, and the ID table's reference is dropped; -EBUSY; or -ENOENT when
 * another thread was first.
 */
int inx_object_remove(struct inx_object *obj)
{
	if (!refcount_dec_if_one(&obj->users))
		return refcount_read(&obj->users) ? -EBUSY : -ENOENT;
	xa_erase(&obj->ctx->objects, obj->id);
	if (obj->ops->shut)
		obj->ops->shut(obj);
	inx_object_put(obj);
	return 0;
}

/**
 * inx_object_destroy_id() - what IOMMU_NEXT_DESTROY does
 * @ctx: whose ID
 * @id: any value
 *
 * Return: 0, -ENOENT, or -EBUSY while it has users.
 */
int inx_object_destroy_id(struct inx_ctx *ctx, u32 id)
{
	struct inx_object *obj = inx_object_get(ctx, id, INX_OBJ_ANY);
	int rc;

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	rc = inx_object_remove(obj);
	inx_object_put(obj);
	return rc;
}

/**
 * inx_object_free() - give an object's memory back, last act of ops->free
 * @obj: the object
 */
void inx_object_free(struct inx_object *obj)
{
	kfree_rcu(obj, rcu);
}
