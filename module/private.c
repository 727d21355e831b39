// SPDX-License-Identifier: GPL-2.0-only
/*
 * What drivers and backends add to the interface: ioctls of their own, and
 * objects of their own that these make and find.
 *
 * Such an object can bind devices. It ends with the context at the latest, so
 * its devices do not keep the context's file open, as others do.
 */
#include <linux/build_bug.h>
#include <linux/err.h>
#include <linux/ioctl.h>
#include <linux/iommu_next.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "device.h"
#include "object.h"
#include "private.h"

static DEFINE_SPINLOCK(inx_ioctls_lock); /* of inx_ioctls_list */
static LIST_HEAD(inx_ioctls_list);

/**
 * struct inx_private - an object of a driver or backend
 * @obj: first
 * @ops: of its kind
 * @priv: for @ops
 */
struct inx_private {
	struct inx_object obj;
	const struct iommu_next_private_ops *ops;
	void *priv;
};

static_assert(!offsetof(struct inx_private, obj));

static bool inx_ioctls_have(const struct iommu_next_ioctls *ioctls,
			    unsigned int cmd)
{
	return cmd - ioctls->first < ioctls->count;
}

/* Numbers that follow each other differ in their lowest eight bits only. */
static bool inx_ioctls_are_valid(const struct iommu_next_ioctls *ioctls)
{
	unsigned int nr = _IOC_NR(ioctls->first);

	if (!ioctls->count || ioctls->count > _IOC_NRMASK + 1 - nr)
		return false;
	return _IOC_TYPE(ioctls->first) != IOMMU_NEXT_TYPE ||
	       nr >= IOMMU_NEXT_PRIVATE_BASE;
}

/**
 * iommu_next_ioctls_register() - answer ioctl numbers of /dev/iommu-next
 * @ioctls: which, and how; stays until it is unregistered
 *
 * Return: 0; -EINVAL for numbers of the common interface; -EBUSY when somebody
 * else answers one of them.
 */
int iommu_next_ioctls_register(struct iommu_next_ioctls *ioctls)
{
	struct iommu_next_ioctls *other;
	int rc = 0;

	if (!inx_ioctls_are_valid(ioctls))
		return -EINVAL;
	spin_lock(&inx_ioctls_lock);
	list_for_each_entry(other, &inx_ioctls_list, item)
		if (inx_ioctls_have(other, ioctls->first) ||
		    inx_ioctls_have(ioctls, other->first))
			rc = -EBUSY;
	if (!rc)
		list_add(&ioctls->item, &inx_ioctls_list);
	spin_unlock(&inx_ioctls_lock);
	return rc;
}
EXPORT_SYMBOL_GPL(iommu_next_ioctls_register);

/**
 * iommu_next_ioctls_unregister() - undo iommu_next_ioctls_register()
 * @ioctls: as registered
 *
 * Context: what is being answered keeps the owner's module, so that this is safe
 * when the module is unloaded; before that, answers may still be under way.
 */
void iommu_next_ioctls_unregister(struct iommu_next_ioctls *ioctls)
{
	spin_lock(&inx_ioctls_lock);
	list_del(&ioctls->item);
	spin_unlock(&inx_ioctls_lock);
}
EXPORT_SYMBOL_GPL(iommu_next_ioctls_unregister);

/* Who answers a number, with a reference to the module; or NULL. */
static struct iommu_next_ioctls *inx_ioctls_get(unsigned int cmd)
{
	struct iommu_next_ioctls *ioctls, *found = NULL;

	spin_lock(&inx_ioctls_lock);
	list_for_each_entry(ioctls, &inx_ioctls_list, item)
		if (inx_ioctls_have(ioctls, cmd) &&
		    try_module_get(ioctls->owner))
			found = ioctls;
	spin_unlock(&inx_ioctls_lock);
	return found;
}

/**
 * inx_private_ioctl() - carry out an ioctl of a driver or backend
 * @ctx: of the file
 * @cmd: any number
 * @arg: user pointer or number
 *
 * Return: what who answers it says; -ENOTTY when nobody does.
 */
long inx_private_ioctl(struct inx_ctx *ctx, unsigned int cmd, unsigned long arg)
{
	struct iommu_next_ioctls *ioctls = inx_ioctls_get(cmd);
	long rc;

	if (!ioctls)
		return -ENOTTY;
	rc = ioctls->fn(ctx, cmd, arg);
	module_put(ioctls->owner);
	return rc;
}

static void inx_private_shut(struct inx_object *obj)
{
	struct inx_private *object = container_of(obj, struct inx_private, obj);

	object->ops->destroy(object->priv);
}

static void inx_private_free(struct inx_object *obj)
{
	struct inx_private *object = container_of(obj, struct inx_private, obj);
	struct module *owner = object->ops->owner;

	object->ops->free(object->priv);
	inx_object_free(obj);
	module_put(owner);
}

static const struct inx_object_ops inx_private_ops = {
	.shut = inx_private_shut,
	.free = inx_private_free,
};

/**
 * iommu_next_private_create() - make an object that nobody can find yet
 * @ctx: whose ID it gets
 * @ops: of its kind, whose module the caller has
 * @priv: for @ops
 *
 * Return: the object, to be published or aborted; ERR_PTR(-ENOMEM),
 * ERR_PTR(-EBUSY) when all IDs are taken: then @ops have not been called.
 */
struct inx_private *
iommu_next_private_create(struct inx_ctx *ctx,
			  const struct iommu_next_private_ops *ops, void *priv)
{
	struct inx_private *object;

	object = inx_object_alloc(ctx, sizeof(*object), INX_OBJ_PRIVATE,
				  &inx_private_ops);
	if (IS_ERR(object))
		return object;
	__module_get(ops->owner);
	object->ops = ops;
	object->priv = priv;
	return object;
}
EXPORT_SYMBOL_GPL(iommu_next_private_create);

/**
 * iommu_next_private_id() - the ID of an object
 * @object: the object
 *
 * Return: the ID, which is known to user space from publishing on.
 */
u32 iommu_next_private_id(const struct inx_private *object)
{
	return object->obj.id;
}
EXPORT_SYMBOL_GPL(iommu_next_private_id);

/**
 * iommu_next_private_publish() - let an object be found and destroyed
 * @object: the object, complete; not the caller's any more
 */
void iommu_next_private_publish(struct inx_private *object)
{
	inx_object_publish(&object->obj);
}
EXPORT_SYMBOL_GPL(iommu_next_private_publish);

/**
 * iommu_next_private_abort() - give up an object that was not published
 * @object: the object; its destroy and free are called
 */
void iommu_next_private_abort(struct inx_private *object)
{
	inx_object_abort(&object->obj);
}
EXPORT_SYMBOL_GPL(iommu_next_private_abort);

/**
 * iommu_next_private_get() - find an object
 * @ctx: whose ID
 * @id: any value
 * @ops: the kind that it has to be of
 *
 * Return: the object, to be given back with iommu_next_private_put();
 * ERR_PTR(-ENOENT).
 */
struct inx_private *
iommu_next_private_get(struct inx_ctx *ctx, u32 id,
		       const struct iommu_next_private_ops *ops)
{
	struct inx_object *obj = inx_object_get(ctx, id, INX_OBJ_PRIVATE);
	struct inx_private *object;

	if (IS_ERR(obj))
		return ERR_CAST(obj);
	object = container_of(obj, struct inx_private, obj);
	if (object->ops == ops)
		return object;
	inx_object_put(obj);
	return ERR_PTR(-ENOENT);
}
EXPORT_SYMBOL_GPL(iommu_next_private_get);

/**
 * iommu_next_private_priv() - what an object was made with
 * @object: the object
 *
 * Return: its priv.
 */
void *iommu_next_private_priv(const struct inx_private *object)
{
	return object->priv;
}
EXPORT_SYMBOL_GPL(iommu_next_private_priv);

/**
 * iommu_next_private_put() - undo iommu_next_private_get()
 * @object: the object
 */
void iommu_next_private_put(struct inx_private *object)
{
	inx_object_put(&object->obj);
}
EXPORT_SYMBOL_GPL(iommu_next_private_put);

/**
 * iommu_next_private_bind() - take ownership of a device for an object's context
 * @object: who binds it, and unbinds it in its destroy at the latest
 * @dev: the device, whose driver keeps its hands off DMA
 * @backend: that serves it; NULL for the kernel's IOMMU API
 *
 * All DMA of the device's group is blocked until it is attached.
 *
 * Return: the device; ERR_PTR(-ENODEV) without an IOMMU, -EINVAL when DMA would
 * not be coherent, -EPERM without isolated interrupts or when the group has
 * another owner, -EBUSY when a kernel driver uses the group, -ENOMEM.
 */
struct inx_device *
iommu_next_private_bind(struct inx_private *object, struct device *dev,
			const struct inx_backend_ops *backend)
{
	return inx_device_bind(object->obj.ctx, backend ?: &inx_backend_iommu,
			       dev, true);
}
EXPORT_SYMBOL_GPL(iommu_next_private_bind);
