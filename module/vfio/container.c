// SPDX-License-Identifier: GPL-2.0-only
/*
 * An IOMMU backend for VFIO's containers, so that programs that know nothing
 * else run over an IOAS.
 *
 * The VFIO core asks its backends one after the other, the last that came first,
 * which one has the type that a program wants. So type1's own numbers can be
 * answered for here, whether vfio_iommu_type1 is loaded or not; if it comes
 * later this one registers once more. A container that has an IOMMU keeps it.
 *
 * The core calls ioctl() without a lock, also when the last group has left and
 * release() has run meanwhile. So it is not given a pointer but a number, which
 * is looked up each time, and what an ioctl is using stays until it ends.
 *
 * Groups come with their DMA claimed by the core, and are bound as a whole.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <uapi/linux/iommu-next-container.h>

#include "compat/container.h"
#include "container.h"

static bool type1;
module_param(type1, bool, 0644);
MODULE_PARM_DESC(type1,
		 "Answer for VFIO_TYPE1_IOMMU and VFIO_TYPE1v2_IOMMU, in place of vfio_iommu_type1.");

/**
 * struct inx_container_group - a group of a container
 * @item: in &struct inx_container.groups
 * @group: the group; the VFIO core has a reference
 * @idev: its devices, NULL when they are made of software
 */
struct inx_container_group {
	struct list_head item;
	struct iommu_group *group;
	struct inx_device *idev;
};

static DEFINE_XARRAY_ALLOC1(inx_containers);
static u32 inx_container_next;

/**
 * inx_container_get() - find a container
 * @data: the VFIO core's word for it
 *
 * Return: the container, to be given back with inx_container_put(); NULL when
 * it is none, or gone.
 */
struct inx_container *inx_container_get(void *data)
{
	struct inx_container *c;

	rcu_read_lock();
	c = xa_load(&inx_containers, (unsigned long)data);
	if (c && !refcount_inc_not_zero(&c->refs))
		c = NULL;
	rcu_read_unlock();
	return c;
}

/**
 * inx_container_put() - drop a reference
 * @c: the container
 */
void inx_container_put(struct inx_container *c)
{
	if (!refcount_dec_and_test(&c->refs))
		return;
	iommu_next_type1_destroy(c->type1);
	iommu_next_ctx_put(c->ctx);
	xa_destroy(&c->pages);
	mutex_destroy(&c->pages_lock);
	mutex_destroy(&c->devices_lock);
	mutex_destroy(&c->lock);
	kfree_rcu(c, rcu);
	module_put(THIS_MODULE);
}

/* ---- containers --------------------------------------------------------- */

static bool inx_container_is_type(unsigned long type)
{
	switch (type) {
	case IOMMU_NEXT_VFIO_IOMMU:
		return true;
	case VFIO_TYPE1_IOMMU:
	case VFIO_TYPE1v2_IOMMU:
		return READ_ONCE(type1);
	default:
		return false;
	}
}

static struct inx_container *inx_container_alloc(bool v2)
{
	struct inx_container *c;

	c = kzalloc_obj(*c, GFP_KERNEL_ACCOUNT);
	if (!c)
		return NULL;
	refcount_set(&c->refs, 1);
	c->v2 = v2;
	init_rwsem(&c->map_lock);
	mutex_init(&c->lock);
	INIT_LIST_HEAD(&c->groups);
	mutex_init(&c->devices_lock);
	INIT_LIST_HEAD(&c->devices);
	mutex_init(&c->pages_lock);
	xa_init_flags(&c->pages, XA_FLAGS_ACCOUNT);
	return c;
}

/* The IOAS that the process is offered, or one of its own. */
static int inx_container_find_ioas(struct inx_container *c)
{
	u32 ioas_id = 0;

	c->ctx = iommu_next_ctx_offered(&ioas_id);
	c->offered = c->ctx;
	if (!c->ctx)
		c->ctx = iommu_next_ctx_create(true);
	if (IS_ERR(c->ctx))
		return PTR_ERR(c->ctx);
	c->type1 = iommu_next_type1_create(c->ctx, ioas_id, c->v2);
	if (IS_ERR(c->type1)) {
		iommu_next_ctx_put(c->ctx);
		return PTR_ERR(c->type1);
	}
	return 0;
}

static void *inx_container_open(unsigned long type)
{
	struct inx_container *c;
	int rc;

	if (!inx_container_is_type(type))
		return ERR_PTR(-EINVAL);
	c = inx_container_alloc(type != VFIO_TYPE1_IOMMU);
	if (!c)
		return ERR_PTR(-ENOMEM);
	rc = inx_container_find_ioas(c);
	if (rc) {
		kfree(c);
		return ERR_PTR(rc);
	}
	/* Until the last reference goes: an ioctl may outlive release(). */
	__module_get(THIS_MODULE);
	rc = inx_emulated_init(c);
	if (rc)
		goto out_put;
	rc = xa_alloc_cyclic(&inx_containers, &c->id, c, xa_limit_31b,
			     &inx_container_next, GFP_KERNEL_ACCOUNT);
	if (rc < 0)
		goto out_emulated;
	return (void *)(unsigned long)c->id;

out_emulated:
	inx_emulated_exit(c);
out_put:
	inx_container_put(c);
	return ERR_PTR(rc);
}

static void inx_container_remove_group(struct inx_container *c,
				       struct inx_container_group *cg)
{
	lockdep_assert_held(&c->lock);
	if (cg->idev) {
		iommu_next_device_unbind(cg->idev);
		inx_dirty_group(c);
	}
	list_del(&cg->item);
	kfree(cg);
}

/*
 * No device reaches the memory any more when this returns, and what no other
 * thread is just mapping is unmapped.
 */
static void inx_container_release(void *data)
{
	struct inx_container *c = xa_erase(&inx_containers,
					   (unsigned long)data);
	struct inx_container_group *cg, *next;

	if (WARN_ON_ONCE(!c))
		return;
	mutex_lock(&c->lock);
	list_for_each_entry_safe(cg, next, &c->groups, item)
		inx_container_remove_group(c, cg);
	mutex_unlock(&c->lock);
	inx_emulated_exit(c);
	iommu_next_type1_empty(c->type1);
	inx_container_put(c);
}

/* ---- groups ------------------------------------------------------------- */

static struct inx_container_group *
inx_container_find_group(struct inx_container *c, struct iommu_group *group)
{
	struct inx_container_group *cg;

	lockdep_assert_held(&c->lock);
	list_for_each_entry(cg, &c->groups, item)
		if (cg->group == group)
			return cg;
	return NULL;
}

static int inx_container_bind_group(struct inx_container *c,
				    struct inx_container_group *cg)
{
	u32 pt_id = iommu_next_type1_ioas(c->type1), id;
	int rc;

	cg->idev = iommu_next_group_bind(c->ctx, cg->group, &id);
	if (IS_ERR(cg->idev))
		return PTR_ERR(cg->idev);
	rc = iommu_next_device_attach(cg->idev, &pt_id);
	if (rc) {
		iommu_next_device_unbind(cg->idev);
		/* type1's word for what the devices cannot reach. */
		return rc == -EADDRINUSE ? -EINVAL : rc;
	}
	return 0;
}

static int inx_container_add_group(struct inx_container *c,
				   struct iommu_group *group, bool emulated)
{
	struct inx_container_group *cg;
	int rc = 0;

	cg = kzalloc_obj(*cg, GFP_KERNEL_ACCOUNT);
	if (!cg)
		return -ENOMEM;
	cg->group = group;
	mutex_lock(&c->lock);
	if (inx_container_find_group(c, group))
		rc = -EINVAL;
	else if (!emulated)
		rc = inx_container_bind_group(c, cg);
	if (!rc)
		list_add(&cg->item, &c->groups);
	mutex_unlock(&c->lock);
	if (rc)
		kfree(cg);
	return rc;
}

static int inx_container_attach_group(void *data, struct iommu_group *group,
				      enum vfio_group_type type)
{
	struct inx_container *c = inx_container_get(data);
	int rc;

	if (WARN_ON_ONCE(!c))
		return -EINVAL;
	rc = type == VFIO_NO_IOMMU ?
		     -EINVAL :
		     inx_container_add_group(c, group,
					     type == VFIO_EMULATED_IOMMU);
	inx_container_put(c);
	return rc;
}

static void inx_container_detach_group(void *data, struct iommu_group *group)
{
	struct inx_container *c = inx_container_get(data);
	struct inx_container_group *cg;

	if (WARN_ON_ONCE(!c))
		return;
	mutex_lock(&c->lock);
	cg = inx_container_find_group(c, group);
	if (!WARN_ON_ONCE(!cg))
		inx_container_remove_group(c, cg);
	mutex_unlock(&c->lock);
	inx_container_put(c);
}

/* ---- ioctls ------------------------------------------------------------- */

static long inx_container_check(struct inx_container *c, unsigned long what)
{
	switch (what) {
	case IOMMU_NEXT_VFIO_IOMMU:
	case VFIO_UNMAP_ALL:
		return 1;
	case VFIO_TYPE1_IOMMU:
	case VFIO_TYPE1v2_IOMMU:
		return c || inx_container_is_type(what);
	case VFIO_DMA_CC_IOMMU:
		return c && iommu_next_type1_is_coherent(c->type1);
	default:
		return 0;
	}
}

static long inx_container_map(struct inx_container *c, unsigned long arg)
{
	long rc;

	rc = down_read_killable(&c->map_lock);
	if (rc)
		return rc;
	rc = iommu_next_type1_ioctl(c->type1, VFIO_IOMMU_MAP_DMA, arg);
	up_read(&c->map_lock);
	return rc;
}

/* Those that go side by side may meet; then one waits until it is alone. */
static long inx_container_unmap(struct inx_container *c, unsigned long arg)
{
	struct vfio_iommu_type1_dma_unmap unmap;
	long rc;

	if (copy_from_user(&unmap, (void __user *)arg, sizeof(unmap)))
		return -EFAULT;
	if (unmap.flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP)
		return inx_dirty_unmap(c, (void __user *)arg);

	rc = down_read_killable(&c->map_lock);
	if (rc)
		return rc;
	rc = iommu_next_type1_ioctl(c->type1, VFIO_IOMMU_UNMAP_DMA, arg);
	up_read(&c->map_lock);
	if (rc == -EBUSY) {
		rc = down_write_killable(&c->map_lock);
		if (rc)
			return rc;
		rc = iommu_next_type1_ioctl(c->type1, VFIO_IOMMU_UNMAP_DMA,
					    arg);
		up_write(&c->map_lock);
	}
	if (!rc && unmap.flags & VFIO_DMA_UNMAP_FLAG_ALL)
		inx_dirty_forget(c, 0, ULONG_MAX);
	else if (!rc)
		inx_dirty_forget(c, unmap.iova >> PAGE_SHIFT,
				 (unmap.iova + unmap.size - 1) >> PAGE_SHIFT);
	return rc;
}

static long inx_container_getfd(struct inx_container *c, void __user *uptr)
{
	struct iommu_next_container_open open;
	u32 size;
	int rc;

	if (get_user(size, (u32 __user *)uptr))
		return -EFAULT;
	if (size < sizeof(open))
		return -EINVAL;
	rc = copy_struct_from_user(&open, sizeof(open), uptr, size);
	if (rc)
		return rc;
	if (open.flags)
		return -EOPNOTSUPP;
	if (c->offered)
		return -EPERM;
	open.out_ioas_id = iommu_next_type1_ioas(c->type1);
	open.out_fd = -1;
	/* An answer that cannot be given must not be found out too late. */
	if (copy_to_user(uptr, &open, sizeof(open)))
		return -EFAULT;
	open.out_fd = iommu_next_ctx_getfd(c->ctx);
	if (open.out_fd < 0)
		return open.out_fd;
	return copy_to_user(uptr, &open, sizeof(open)) ? -EFAULT : 0;
}

static long inx_container_do_ioctl(struct inx_container *c, unsigned int cmd,
				   unsigned long arg)
{
	switch (cmd) {
	case VFIO_IOMMU_GET_INFO:
		return iommu_next_type1_ioctl(c->type1, cmd, arg);
	case VFIO_IOMMU_MAP_DMA:
		return inx_container_map(c, arg);
	case VFIO_IOMMU_UNMAP_DMA:
		return inx_container_unmap(c, arg);
	case VFIO_IOMMU_DIRTY_PAGES:
		return inx_dirty_ioctl(c, (void __user *)arg);
	case IOMMU_NEXT_CONTAINER_OPEN:
		return inx_container_getfd(c, (void __user *)arg);
	default:
		return -ENOTTY;
	}
}

/* Without @data the core asks before a container is made. */
static long inx_container_ioctl(void *data, unsigned int cmd,
				unsigned long arg)
{
	struct inx_container *c = NULL;
	long rc;

	if (data) {
		c = inx_container_get(data);
		if (!c)
			return -ENODEV;
	}
	if (cmd == VFIO_CHECK_EXTENSION)
		rc = inx_container_check(c, arg);
	else
		rc = c ? inx_container_do_ioctl(c, cmd, arg) : -ENOTTY;
	if (c)
		inx_container_put(c);
	return rc;
}

/* An ioctl of /dev/iommu-next. */
static long inx_container_offer(struct inx_ctx *ctx, unsigned int cmd,
				unsigned long arg)
{
	void __user *uptr = (void __user *)arg;
	struct iommu_next_container_offer offer;
	u32 size;
	int rc;

	if (get_user(size, (u32 __user *)uptr))
		return -EFAULT;
	if (size < sizeof(offer))
		return -EINVAL;
	rc = copy_struct_from_user(&offer, sizeof(offer), uptr, size);
	if (rc)
		return rc;
	if (offer.flags || offer.__reserved)
		return -EOPNOTSUPP;
	return iommu_next_ctx_offer(ctx, offer.ioas_id);
}

/* ---- module ------------------------------------------------------------- */

static const struct vfio_iommu_driver_ops inx_container_ops = {
	.name = "iommu-next",
	.owner = THIS_MODULE,
	.open = inx_container_open,
	.release = inx_container_release,
	.ioctl = inx_container_ioctl,
	.attach_group = inx_container_attach_group,
	.detach_group = inx_container_detach_group,
	.pin_pages = inx_emulated_pin,
	.unpin_pages = inx_emulated_unpin,
	.register_device = inx_emulated_register,
	.unregister_device = inx_emulated_unregister,
	.dma_rw = inx_emulated_rw,
};

static struct iommu_next_ioctls inx_container_ioctls = {
	.owner = THIS_MODULE,
	.first = IOMMU_NEXT_CONTAINER_OFFER,
	.count = 1,
	.fn = inx_container_offer,
};

/**
 * struct inx_container_driver - one more place in the VFIO core's list
 * @item: in a list of them
 * @ops: a copy, as it tells them apart by their address
 */
struct inx_container_driver {
	struct list_head item;
	struct vfio_iommu_driver_ops ops;
};

static LIST_HEAD(inx_container_drivers);

/*
 * A place cannot be given back while a container has come by it, so there is
 * one for each time that vfio_iommu_type1 is loaded. The core of modules calls
 * this for one at a time.
 */
static int inx_container_module_event(struct notifier_block *nb,
				      unsigned long state, void *data)
{
	struct inx_container_driver *driver;
	struct module *module = data;

	if (state != MODULE_STATE_LIVE ||
	    strcmp(module->name, "vfio_iommu_type1"))
		return NOTIFY_DONE;
	driver = kzalloc_obj(*driver, GFP_KERNEL);
	if (!driver)
		return NOTIFY_DONE;
	driver->ops = inx_container_ops;
	if (vfio_register_iommu_driver(&driver->ops))
		kfree(driver);
	else
		list_add(&driver->item, &inx_container_drivers);
	return NOTIFY_OK;
}

static struct notifier_block inx_container_modules = {
	.notifier_call = inx_container_module_event,
};

static int __init inx_container_init(void)
{
	int rc;

	rc = vfio_register_iommu_driver(&inx_container_ops);
	if (rc)
		return rc;
	rc = iommu_next_ioctls_register(&inx_container_ioctls);
	if (rc)
		goto out_driver;
	rc = register_module_notifier(&inx_container_modules);
	if (rc)
		goto out_ioctls;
	return 0;

out_ioctls:
	iommu_next_ioctls_unregister(&inx_container_ioctls);
out_driver:
	vfio_unregister_iommu_driver(&inx_container_ops);
	return rc;
}

static void __exit inx_container_exit(void)
{
	struct inx_container_driver *driver, *next;

	unregister_module_notifier(&inx_container_modules);
	iommu_next_ioctls_unregister(&inx_container_ioctls);
	list_for_each_entry_safe(driver, next, &inx_container_drivers, item) {
		vfio_unregister_iommu_driver(&driver->ops);
		kfree(driver);
	}
	vfio_unregister_iommu_driver(&inx_container_ops);
	xa_destroy(&inx_containers);
}

module_init(inx_container_init);
module_exit(inx_container_exit);
MODULE_DESCRIPTION("VFIO containers over /dev/iommu-next");
MODULE_LICENSE("GPL");
MODULE_VERSION(INX_VERSION);
MODULE_SOFTDEP("pre: vfio_iommu_type1");
