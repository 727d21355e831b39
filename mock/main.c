// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/iommu-next-mock: makes devices and takes them away.
 *
 * Devices belong to the open file that made them and go with it.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/iommu_next.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "compat/dmabuf.h"
#include "mock.h"

#define MOCK_FLAGS                                                             \
	(IOMMU_NEXT_MOCK_NOT_COHERENT | IOMMU_NEXT_MOCK_UNSAFE_MSI |           \
	 IOMMU_NEXT_MOCK_ATTACH_FIRST | IOMMU_NEXT_MOCK_KERNEL_OWNED |         \
	 IOMMU_NEXT_MOCK_HW_INFO | IOMMU_NEXT_MOCK_NO_SNOOP |                  \
	 IOMMU_NEXT_MOCK_PASID | IOMMU_NEXT_MOCK_NO_NESTING |                  \
	 IOMMU_NEXT_MOCK_NO_DIRTY | IOMMU_NEXT_MOCK_NO_IOMMU |                \
	 MOCK_KINDS)

/**
 * struct mock_file - an open file
 * @lock: of the rest; one ioctl at a time
 * @devices: number to struct mock_device
 * @iommus: group number to struct mock_iommu
 */
struct mock_file {
	struct mutex lock; /* one ioctl at a time */
	struct xarray devices;
	struct xarray iommus;
};

static int mock_open(struct inode *inode, struct file *file)
{
	struct mock_file *mf = kzalloc_obj(*mf, GFP_KERNEL_ACCOUNT);

	if (!mf)
		return -ENOMEM;
	mutex_init(&mf->lock);
	xa_init_flags(&mf->devices, XA_FLAGS_ALLOC1);
	xa_init(&mf->iommus);
	file->private_data = mf;
	return 0;
}

static int mock_release(struct inode *inode, struct file *file)
{
	struct mock_file *mf = file->private_data;
	struct mock_iommu *iommu;
	struct mock_device *mock;
	unsigned long index;

	xa_for_each(&mf->devices, index, mock)
		mock_device_destroy(mock);
	xa_for_each(&mf->iommus, index, iommu)
		mock_iommu_put(iommu);
	xa_destroy(&mf->devices);
	xa_destroy(&mf->iommus);
	mutex_destroy(&mf->lock);
	kfree(mf);
	return 0;
}

/* The IOMMU of a group, with a reference. */
static struct mock_iommu *
mock_file_iommu(struct mock_file *mf,
		const struct iommu_next_mock_device_alloc *arg)
{
	struct mock_iommu *iommu = NULL;
	int rc;

	if (arg->group)
		iommu = xa_load(&mf->iommus, arg->group);
	if (iommu) {
		kref_get(&iommu->ref);
		return iommu;
	}
	iommu = mock_iommu_create(arg);
	if (IS_ERR(iommu) || !arg->group)
		return iommu;
	rc = xa_err(xa_store(&mf->iommus, arg->group, iommu, GFP_KERNEL));
	if (rc) {
		mock_iommu_put(iommu);
		return ERR_PTR(rc);
	}
	kref_get(&iommu->ref);
	return iommu;
}

static int mock_check_alloc(const struct iommu_next_mock_device_alloc *arg)
{
	u32 i;

	if (arg->flags & ~MOCK_FLAGS)
		return -EOPNOTSUPP;
	if (arg->flags & IOMMU_NEXT_MOCK_NO_IOMMU && !capable(CAP_SYS_RAWIO))
		return -EPERM;
	if (arg->num_reserved > IOMMU_NEXT_MOCK_MAX_RESERVED)
		return -EINVAL;
	for (i = 0; i < arg->num_reserved; i++)
		if (arg->reserved[i].start > arg->reserved[i].last)
			return -EINVAL;
	return 0;
}

static int mock_device_alloc(struct mock_file *mf, void *buf)
{
	struct iommu_next_mock_device_alloc *arg = buf;
	struct mock_device *mock;
	struct mock_iommu *iommu;
	int rc;

	rc = mock_check_alloc(arg);
	if (rc)
		return rc;
	iommu = mock_file_iommu(mf, arg);
	if (IS_ERR(iommu))
		return PTR_ERR(iommu);
	mock = mock_device_create(arg, iommu);
	mock_iommu_put(iommu);
	if (IS_ERR(mock))
		return PTR_ERR(mock);
	rc = xa_alloc(&mf->devices, &arg->out_device_id, mock, xa_limit_31b,
		      GFP_KERNEL_ACCOUNT);
	if (rc)
		goto out_destroy;
	rc = iommu_next_cdev_getfd(mock->cdev, "[iommu-next-mock]");
	if (rc < 0)
		goto out_erase;
	arg->out_fd = rc;
	return 0;

out_erase:
	xa_erase(&mf->devices, arg->out_device_id);
out_destroy:
	mock_device_destroy(mock);
	return rc;
}

static int mock_device_open(struct mock_file *mf, void *buf)
{
	struct iommu_next_mock_device *arg = buf;
	struct mock_device *mock = xa_load(&mf->devices, arg->device_id);
	int rc;

	if (arg->__reserved)
		return -EOPNOTSUPP;
	if (!mock)
		return -ENOENT;
	rc = iommu_next_cdev_getfd(mock->cdev, "[iommu-next-mock]");
	if (rc < 0)
		return rc;
	arg->out_fd = rc;
	return 0;
}

static int mock_device_remove(struct mock_file *mf, void *buf)
{
	struct iommu_next_mock_device *arg = buf;
	struct mock_device *mock;

	if (arg->__reserved)
		return -EOPNOTSUPP;
	mock = xa_erase(&mf->devices, arg->device_id);
	if (!mock)
		return -ENOENT;
	mock_device_destroy(mock);
	return 0;
}

static int mock_fail_next(struct mock_file *mf, void *buf)
{
	struct iommu_next_mock_fail_next *arg = buf;
	struct mock_device *mock = xa_load(&mf->devices, arg->device_id);

	if (arg->__reserved)
		return -EOPNOTSUPP;
	if (arg->what > IOMMU_NEXT_MOCK_FAIL_DIRTY_SET || arg->after > INT_MAX)
		return -EINVAL;
	if (!mock)
		return -ENOENT;
	arg->out_pending = !!atomic_xchg(&mock->iommu->fail_what,
					 IOMMU_NEXT_MOCK_FAIL_NOTHING);
	atomic_set(&mock->iommu->fail_after, arg->after);
	atomic_set(&mock->iommu->fail_what, arg->what);
	return 0;
}

static int mock_stats(struct mock_file *mf, void *buf)
{
	struct iommu_next_mock_stats *arg = buf;
	struct mock_device *mock = xa_load(&mf->devices, arg->device_id);
	struct mock_iommu *iommu;

	if (!mock)
		return -ENOENT;
	iommu = mock->iommu;
	arg->domains = atomic64_read(&iommu->domains);
	arg->pages = atomic64_read(&iommu->pages);
	arg->bytes = atomic64_read(&iommu->bytes);
	arg->map_calls = atomic64_read(&iommu->map_calls);
	arg->unmap_calls = atomic64_read(&iommu->unmap_calls);
	arg->iotlb_syncs = atomic64_read(&iommu->iotlb_syncs);
	return 0;
}

static int mock_access_alloc(struct mock_file *mf, void *buf)
{
	return mock_access_create(buf);
}

static int mock_drive(struct mock_file *mf, void *buf)
{
	struct iommu_next_mock_drive *arg = buf;
	struct mock_device *mock = xa_load(&mf->devices, arg->device_id);

	return mock ? mock_device_drive(mock, arg) : -ENOENT;
}

static int mock_dmabuf(struct mock_file *mf, void *buf)
{
	struct iommu_next_mock_dmabuf *arg = buf;
	int rc = mock_dmabuf_getfd(arg->pieces, arg->length, arg->flags);

	if (rc < 0)
		return rc;
	arg->out_fd = rc;
	return 0;
}

static int mock_revoke(struct mock_file *mf, void *buf)
{
	struct iommu_next_mock_dmabuf_revoke *arg = buf;

	if (arg->__reserved)
		return -EOPNOTSUPP;
	if (arg->revoked > 1)
		return -EINVAL;
	return mock_dmabuf_revoke(arg->fd, arg->revoked);
}

union mock_arg {
	struct iommu_next_mock_dmabuf dmabuf;
	struct iommu_next_mock_dmabuf_revoke dmabuf_revoke;
	struct iommu_next_mock_drive drive;
	struct iommu_next_mock_access_alloc access_alloc;
	struct iommu_next_mock_device_alloc device_alloc;
	struct iommu_next_mock_device device;
	struct iommu_next_mock_fail_next fail_next;
	struct iommu_next_mock_stats stats;
};

static const struct mock_op {
	unsigned int cmd;
	size_t size;
	int (*fn)(struct mock_file *mf, void *arg);
} mock_ops[] = {
	{ IOMMU_NEXT_MOCK_DEVICE_ALLOC,
	  sizeof(struct iommu_next_mock_device_alloc), mock_device_alloc },
	{ IOMMU_NEXT_MOCK_DEVICE_OPEN, sizeof(struct iommu_next_mock_device),
	  mock_device_open },
	{ IOMMU_NEXT_MOCK_DEVICE_REMOVE, sizeof(struct iommu_next_mock_device),
	  mock_device_remove },
	{ IOMMU_NEXT_MOCK_FAIL_NEXT, sizeof(struct iommu_next_mock_fail_next),
	  mock_fail_next },
	{ IOMMU_NEXT_MOCK_ACCESS_ALLOC,
	  sizeof(struct iommu_next_mock_access_alloc), mock_access_alloc },
	{ IOMMU_NEXT_MOCK_DRIVE, sizeof(struct iommu_next_mock_drive),
	  mock_drive },
	{ IOMMU_NEXT_MOCK_DMABUF, sizeof(struct iommu_next_mock_dmabuf),
	  mock_dmabuf },
	{ IOMMU_NEXT_MOCK_DMABUF_REVOKE,
	  sizeof(struct iommu_next_mock_dmabuf_revoke), mock_revoke },
	{ IOMMU_NEXT_MOCK_STATS, sizeof(struct iommu_next_mock_stats),
	  mock_stats },
};

/**
 * mock_copy_argument() - read an ioctl's argument, of this or a later version
 * @arg: where to; first in it is the size that the caller knows
 * @size: bytes that this version knows
 * @uptr: where from
 *
 * Return: 0; -EFAULT; -EINVAL when it is shorter; -E2BIG when it is longer and
 * has more to say.
 */
int mock_copy_argument(void *arg, size_t size, const void __user *uptr)
{
	u32 user_size;

	if (get_user(user_size, (const u32 __user *)uptr))
		return -EFAULT;
	if (user_size < size)
		return -EINVAL;
	if (user_size > PAGE_SIZE)
		return -E2BIG;
	return copy_struct_from_user(arg, size, uptr, user_size);
}

static long mock_file_ioctl(struct file *file, unsigned int cmd,
			    unsigned long arg)
{
	struct mock_file *mf = file->private_data;
	void __user *uptr = (void __user *)arg;
	const struct mock_op *op = mock_ops;
	union mock_arg buf;
	int rc;

	while (op->cmd != cmd)
		if (++op == mock_ops + ARRAY_SIZE(mock_ops))
			return -ENOTTY;
	rc = mock_copy_argument(&buf, op->size, uptr);
	if (rc)
		return rc;
	mutex_lock(&mf->lock);
	rc = op->fn(mf, &buf);
	mutex_unlock(&mf->lock);
	if (!rc && copy_to_user(uptr, &buf, op->size))
		rc = -EFAULT;
	return rc;
}

static const struct file_operations mock_fops = {
	.owner = THIS_MODULE,
	.open = mock_open,
	.release = mock_release,
	.unlocked_ioctl = mock_file_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice mock_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "iommu-next-mock",
	.fops = &mock_fops,
	.mode = 0600,
};

static int __init mock_init(void)
{
	int rc;

	rc = mock_selftest_init();
	if (rc)
		return rc;
	rc = misc_register(&mock_misc);
	if (rc)
		mock_selftest_exit();
	return rc;
}

static void __exit mock_exit(void)
{
	misc_deregister(&mock_misc);
	mock_selftest_exit();
}

module_init(mock_init);
module_exit(mock_exit);

INX_IMPORT_DMA_BUF_NS();
MODULE_DESCRIPTION("Devices and an IOMMU without hardware, for /dev/iommu-next");
MODULE_LICENSE("GPL");
MODULE_VERSION(INX_VERSION);
