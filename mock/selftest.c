// SPDX-License-Identifier: GPL-2.0-only
/*
 * The test ioctl of the in-tree iommufd selftests, answered on /dev/iommu-next,
 * so that these programs run as they are.
 *
 * A device of MOCK_DOMAIN has no device file: it is bound and attached when it
 * is made, belongs to an object with an ID, and goes with that object.
 *
 * Whoever may open /dev/iommu-next can then make devices, so it has to be asked
 * for: modprobe iommu_next_mock selftest=1.
 */
#include <linux/err.h>
#include <linux/iommu_next.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "mock.h"
#include "selftest.h"

static bool selftest;
module_param(selftest, bool, 0444);
MODULE_PARM_DESC(selftest,
		 "Answer the test ioctl of the in-tree iommufd selftests on /dev/iommu-next");

/**
 * struct selftest_device - a device of MOCK_DOMAIN
 * @lock: of @idev; held while it is attached, so that it is not unbound then
 * @mock: the device
 * @idev: the device as it is bound, NULL before and after
 * @ctx: whose device it is
 * @idev_id: its ID there
 * @item: in selftest_devices while it is bound
 */
struct selftest_device {
	struct mutex lock; /* of idev */
	struct mock_device *mock;
	struct inx_device *idev;
	struct inx_ctx *ctx;
	u32 idev_id;
	struct list_head item;
};

static DEFINE_MUTEX(selftest_lock); /* of selftest_devices */
static LIST_HEAD(selftest_devices);

/**
 * selftest_reply() - copy the argument back to user space
 * @call: the call
 *
 * Return: 0 or -EFAULT.
 */
int selftest_reply(struct selftest_call *call)
{
	size_t size = min_t(size_t, call->user_size, sizeof(call->arg));

	return copy_to_user(call->uptr, &call->arg, size) ? -EFAULT : 0;
}

static void selftest_device_destroy(void *priv)
{
	struct selftest_device *sd = priv;

	mutex_lock(&sd->lock);
	if (sd->idev) {
		mutex_lock(&selftest_lock);
		list_del(&sd->item);
		mutex_unlock(&selftest_lock);
		iommu_next_device_unbind(sd->idev);
		sd->idev = NULL;
	}
	mutex_unlock(&sd->lock);
}

static void selftest_device_free(void *priv)
{
	struct selftest_device *sd = priv;

	put_device(&sd->mock->dev);
	mutex_destroy(&sd->lock);
	kfree(sd);
}

static const struct iommu_next_private_ops selftest_device_ops = {
	.owner = THIS_MODULE,
	.destroy = selftest_device_destroy,
	.free = selftest_device_free,
};

static struct mock_device *selftest_mock_create(u32 flags)
{
	struct iommu_next_mock_device_alloc how = {
		.flags = MOCK_SELFTEST_INFO,
		.page_sizes = GENMASK_ULL(30, SELFTEST_PAGE_SHIFT),
		.aperture_start = SELFTEST_APERTURE_START,
		.aperture_last = SELFTEST_APERTURE_LAST,
	};
	struct mock_iommu *iommu;
	struct mock_device *mock;

	if (flags & ~(SELFTEST_DEVICE_NO_DIRTY | SELFTEST_DEVICE_PASID))
		return ERR_PTR(-EINVAL);
	if (flags & SELFTEST_DEVICE_NO_DIRTY)
		how.flags |= IOMMU_NEXT_MOCK_NO_DIRTY;
	if (flags & SELFTEST_DEVICE_PASID)
		how.flags |= IOMMU_NEXT_MOCK_PASID;
	iommu = mock_iommu_create(&how);
	if (IS_ERR(iommu))
		return ERR_CAST(iommu);
	mock = mock_device_make(&how, iommu);
	mock_iommu_put(iommu);
	return mock;
}

static struct selftest_device *selftest_device_create(struct inx_ctx *ctx,
						      u32 flags)
{
	struct selftest_device *sd = kzalloc_obj(*sd, GFP_KERNEL_ACCOUNT);
	struct mock_device *mock;
	unsigned int i;

	if (!sd)
		return ERR_PTR(-ENOMEM);
	mock = selftest_mock_create(flags);
	if (IS_ERR(mock)) {
		kfree(sd);
		return ERR_CAST(mock);
	}
	mutex_init(&sd->lock);
	sd->mock = mock;
	sd->ctx = ctx;
	for (i = 0; i < SELFTEST_CACHE_NUM; i++)
		mock->cache[i] = SELFTEST_CACHE_DEFAULT;
	return sd;
}

/* Bind and attach; what has been done is undone when the object goes. */
static int selftest_device_start(struct selftest_device *sd,
				 struct inx_private *object, u32 *pt_id)
{
	struct inx_device *idev;

	idev = iommu_next_private_bind(object, &sd->mock->dev, &mock_backend);
	if (IS_ERR(idev))
		return PTR_ERR(idev);
	sd->idev = idev;
	sd->idev_id = iommu_next_device_id(idev);
	mutex_lock(&selftest_lock);
	list_add(&sd->item, &selftest_devices);
	mutex_unlock(&selftest_lock);
	return iommu_next_device_attach(idev, pt_id);
}

static int selftest_mock_domain(struct selftest_call *call)
{
	struct selftest_arg *arg = &call->arg;
	bool has_flags = arg->op == SELFTEST_MOCK_DOMAIN_FLAGS;
	struct selftest_device *sd;
	struct inx_private *object;
	u32 pt_id = arg->id;
	int rc;

	sd = selftest_device_create(call->ctx,
				    has_flags ? arg->domain.dev_flags : 0);
	if (IS_ERR(sd))
		return PTR_ERR(sd);
	object = iommu_next_private_create(call->ctx, &selftest_device_ops, sd);
	if (IS_ERR(object)) {
		selftest_device_free(sd);
		return PTR_ERR(object);
	}
	rc = selftest_device_start(sd, object, &pt_id);
	if (!rc) {
		arg->domain.sdev_id = iommu_next_private_id(object);
		arg->domain.hwpt_id = pt_id;
		arg->domain.idev_id = sd->idev_id;
		rc = selftest_reply(call);
	}
	if (rc)
		iommu_next_private_abort(object);
	else
		iommu_next_private_publish(object);
	return rc;
}

/**
 * selftest_on_device() - do something with a device of MOCK_DOMAIN
 * @call: the call; its id says which
 * @fn: what, while the device stays bound
 *
 * Return: what @fn does; -ENOENT.
 */
int selftest_on_device(struct selftest_call *call,
		       int (*fn)(struct selftest_call *call,
				 struct mock_device *mock,
				 struct inx_device *idev))
{
	struct selftest_device *sd;
	struct inx_private *object;
	int rc = -ENOENT;

	object = iommu_next_private_get(call->ctx, call->arg.id,
					&selftest_device_ops);
	if (IS_ERR(object))
		return PTR_ERR(object);
	sd = iommu_next_private_priv(object);
	mutex_lock(&sd->lock);
	if (sd->idev)
		rc = fn(call, sd->mock, sd->idev);
	mutex_unlock(&sd->lock);
	iommu_next_private_put(object);
	return rc;
}

static int selftest_do_replace(struct selftest_call *call,
			       struct mock_device *mock,
			       struct inx_device *idev)
{
	return iommu_next_device_replace(idev, &call->arg.replace.pt_id);
}

static int selftest_replace(struct selftest_call *call)
{
	return selftest_on_device(call, selftest_do_replace) ?:
	       selftest_reply(call);
}

/**
 * selftest_find_mock() - find a device by the ID of its binding
 * @ctx: whose device
 * @idev_id: the ID
 *
 * Return: the device, to be given back with put_device(); NULL.
 */
struct mock_device *selftest_find_mock(struct inx_ctx *ctx, u32 idev_id)
{
	struct mock_device *mock = NULL;
	struct selftest_device *sd;

	mutex_lock(&selftest_lock);
	list_for_each_entry(sd, &selftest_devices, item) {
		if (sd->ctx != ctx || sd->idev_id != idev_id)
			continue;
		mock = sd->mock;
		get_device(&mock->dev);
		break;
	}
	mutex_unlock(&selftest_lock);
	return mock;
}

static int selftest_check_cache(struct selftest_call *call)
{
	u32 entry = call->arg.cache.id;
	struct mock_device *mock;
	int rc;

	mock = selftest_find_mock(call->ctx, call->arg.id);
	if (!mock)
		return -ENOENT;
	rc = entry < SELFTEST_CACHE_NUM &&
	     READ_ONCE(mock->cache[entry]) == call->arg.cache.cache ? 0 :
								       -EINVAL;
	put_device(&mock->dev);
	return rc;
}

static int selftest_add_reserved(struct selftest_call *call)
{
	unsigned long start = call->arg.reserved.start, last;

	if (!call->arg.reserved.length)
		return -EINVAL;
	if (check_add_overflow(start,
			       (unsigned long)call->arg.reserved.length - 1,
			       &last))
		return -EOVERFLOW;
	return iommu_next_ioas_reserve(call->ctx, call->arg.id, start, last);
}

static int selftest_memory_limit(struct selftest_call *call)
{
	/* The unit that this limit is told in is 12 bytes. */
	if (call->arg.limit.limit < 12)
		return -EINVAL;
	return iommu_next_set_work_bytes(call->arg.limit.limit);
}

static int selftest_dmabuf_get(struct selftest_call *call)
{
	return mock_dmabuf_getfd(1, call->arg.dmabuf.length,
				 call->arg.dmabuf.open_flags);
}

static int selftest_dmabuf_revoke(struct selftest_call *call)
{
	return mock_dmabuf_revoke(call->arg.revoke.fd,
				  call->arg.revoke.revoked);
}

static int (*const selftest_ops[SELFTEST_NR_OPS])(struct selftest_call *) = {
	[SELFTEST_ADD_RESERVED] = selftest_add_reserved,
	[SELFTEST_MOCK_DOMAIN] = selftest_mock_domain,
	[SELFTEST_MOCK_DOMAIN_FLAGS] = selftest_mock_domain,
	[SELFTEST_MOCK_DOMAIN_REPLACE] = selftest_replace,
	[SELFTEST_CHECK_MAP] = selftest_check_map,
	[SELFTEST_CHECK_REFS] = selftest_check_refs,
	[SELFTEST_CHECK_IOTLB] = selftest_check_iotlb,
	[SELFTEST_TRIGGER_IOPF] = selftest_trigger_iopf,
	[SELFTEST_CHECK_CACHE] = selftest_check_cache,
	[SELFTEST_DIRTY] = selftest_dirty,
	[SELFTEST_TRIGGER_VEVENT] = selftest_trigger_vevent,
	[SELFTEST_PASID_ATTACH] = selftest_pasid_attach,
	[SELFTEST_PASID_REPLACE] = selftest_pasid_replace,
	[SELFTEST_PASID_DETACH] = selftest_pasid_detach,
	[SELFTEST_PASID_CHECK_HWPT] = selftest_pasid_check,
	[SELFTEST_DMABUF_GET] = selftest_dmabuf_get,
	[SELFTEST_DMABUF_REVOKE] = selftest_dmabuf_revoke,
	[SELFTEST_MEMORY_LIMIT] = selftest_memory_limit,
	[SELFTEST_CREATE_ACCESS] = selftest_create_access,
	[SELFTEST_ACCESS_REPLACE_IOAS] = selftest_access_replace,
	[SELFTEST_ACCESS_PAGES] = selftest_access_pages,
	[SELFTEST_DESTROY_ACCESS_PAGES] = selftest_destroy_pages,
	[SELFTEST_ACCESS_RW] = selftest_access_rw,
};

static long selftest_ioctl(struct inx_ctx *ctx, unsigned int cmd,
			   unsigned long arg)
{
	struct selftest_call call = {
		.ctx = ctx,
		.uptr = (void __user *)arg,
	};
	u32 op;
	int rc;

	if (get_user(call.user_size, (u32 __user *)call.uptr))
		return -EFAULT;
	if (call.user_size < offsetofend(struct selftest_arg, last))
		return -EINVAL;
	if (call.user_size > PAGE_SIZE)
		return -E2BIG;
	rc = copy_struct_from_user(&call.arg, sizeof(call.arg), call.uptr,
				   call.user_size);
	if (rc)
		return rc;
	op = call.arg.op;
	if (op >= SELFTEST_NR_OPS || !selftest_ops[op])
		return -EOPNOTSUPP;
	return selftest_ops[op](&call);
}

static struct iommu_next_ioctls selftest_ioctls = {
	.owner = THIS_MODULE,
	.first = SELFTEST_CMD,
	.count = 1,
	.fn = selftest_ioctl,
};

/** mock_selftest_init() - start to answer, if that is wanted */
int mock_selftest_init(void)
{
	return selftest ? iommu_next_ioctls_register(&selftest_ioctls) : 0;
}

/** mock_selftest_exit() - undo mock_selftest_init() */
void mock_selftest_exit(void)
{
	if (selftest)
		iommu_next_ioctls_unregister(&selftest_ioctls);
}
