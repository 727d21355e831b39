// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mock devices: what a client sees on the device file.
 */
#include <linux/err.h>
#include <linux/iommu_next.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>

#include "mock.h"
#include "nested.h"

static atomic_t mock_serial;

/**
 * mock_device_dma() - let a device do a DMA
 * @mock: the device
 * @pasid: of the request, 0 for none
 * @iova: where
 * @data: what to write, or gets what was read
 * @length: bytes
 * @write: to memory
 * @fault_iova: gets the first byte that was refused
 *
 * Return: of enum iommu_next_mock_fault.
 */
u32 mock_device_dma(struct mock_device *mock, u32 pasid, u64 iova, void *data,
		    size_t length, bool write, u64 *fault_iova)
{
	struct mock_iommu *iommu = mock->iommu;
	struct iommu_domain *domain;
	u32 fault = IOMMU_NEXT_MOCK_FAULT_BLOCKED;
	size_t done = 0;

	if (iommu->flags & IOMMU_NEXT_MOCK_NO_IOMMU) {
		fault = mock_physical_access(iova, data, length, write, &done);
		goto out;
	}
	down_read(&iommu->lock);
	domain = mock_pasid_domain(iommu, pasid);
	if (domain && mock_domain_is_nested(domain))
		fault = mock_nested_access(domain, &mock->stream, iova, data,
					   length, write, &done);
	else if (domain)
		fault = mock_domain_access(domain, iova, data, length, write,
					   &done);
	up_read(&iommu->lock);
out:
	*fault_iova = fault ? iova + done : 0;
	return fault;
}

static int mock_bind(void *priv)
{
	struct mock_device *mock = priv;

	if (mock_iommu_fails(mock->iommu, IOMMU_NEXT_MOCK_FAIL_BIND))
		return -EIO;
	mock_engine_reset(&mock->engine);
	return 0;
}

static void mock_unbind(void *priv)
{
	struct mock_device *mock = priv;

	mock_engine_set_trigger(&mock->engine, -1);
}

static long mock_get_info(void __user *uptr)
{
	size_t min_size = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info;

	if (copy_from_user(&info, uptr, min_size))
		return -EFAULT;
	if (info.argsz < min_size)
		return -EINVAL;
	info.flags = VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = 1;
	info.num_irqs = 1;
	return copy_to_user(uptr, &info, min_size) ? -EFAULT : 0;
}

static long mock_get_region_info(void __user *uptr)
{
	size_t min_size = offsetofend(struct vfio_region_info, offset);
	struct vfio_region_info info;

	if (copy_from_user(&info, uptr, min_size))
		return -EFAULT;
	if (info.argsz < min_size || info.index)
		return -EINVAL;
	info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	info.size = MOCK_REGION_SIZE;
	info.offset = 0;
	return copy_to_user(uptr, &info, min_size) ? -EFAULT : 0;
}

static long mock_get_irq_info(void __user *uptr)
{
	size_t min_size = offsetofend(struct vfio_irq_info, count);
	struct vfio_irq_info info;

	if (copy_from_user(&info, uptr, min_size))
		return -EFAULT;
	if (info.argsz < min_size || info.index)
		return -EINVAL;
	info.flags = VFIO_IRQ_INFO_EVENTFD;
	info.count = 1;
	return copy_to_user(uptr, &info, min_size) ? -EFAULT : 0;
}

static long mock_set_irqs(struct mock_device *mock, void __user *uptr)
{
	size_t min_size = offsetofend(struct vfio_irq_set, count);
	struct vfio_irq_set set;
	s32 fd = -1;

	if (copy_from_user(&set, uptr, min_size))
		return -EFAULT;
	if (set.argsz < min_size || set.index || set.start || set.count > 1)
		return -EINVAL;
	if ((set.flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) !=
	    VFIO_IRQ_SET_ACTION_TRIGGER)
		return -EINVAL;
	switch (set.flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_NONE:
		if (set.count)
			return -EINVAL;
		break;
	case VFIO_IRQ_SET_DATA_EVENTFD:
		if (set.argsz < min_size + sizeof(fd) || !set.count)
			return -EINVAL;
		if (copy_from_user(&fd, uptr + min_size, sizeof(fd)))
			return -EFAULT;
		break;
	default:
		return -EINVAL;
	}
	return mock_engine_set_trigger(&mock->engine, fd);
}

static long mock_dma(struct mock_device *mock,
		     struct iommu_next_mock_dma __user *uptr)
{
	bool write;
	struct iommu_next_mock_dma arg;
	void *data;
	long rc = -EFAULT;

	if (copy_from_user(&arg, uptr, sizeof(arg)))
		return -EFAULT;
	if (arg.flags & ~IOMMU_NEXT_MOCK_DMA_WRITE ||
	    arg.__reserved || arg.length > IOMMU_NEXT_MOCK_DMA_MAX ||
	    arg.argsz < sizeof(arg) + arg.length)
		return -EINVAL;
	write = arg.flags & IOMMU_NEXT_MOCK_DMA_WRITE;
	data = kvzalloc(arg.length, INX_GFP_LONG);
	if (!data)
		return -ENOMEM;
	if (write && copy_from_user(data, uptr->data, arg.length))
		goto out;
	arg.out_fault = mock_device_dma(mock, arg.pasid, arg.iova, data,
					arg.length, write, &arg.out_fault_iova);
	if (!write && copy_to_user(uptr->data, data, arg.length))
		goto out;
	if (!copy_to_user(uptr, &arg, sizeof(arg)))
		rc = 0;
out:
	kvfree(data);
	return rc;
}

static long mock_ask(struct mock_device *mock, void __user *uptr)
{
	struct iommu_next_mock_page_request arg;

	if (copy_from_user(&arg, uptr, sizeof(arg)))
		return -EFAULT;
	if (arg.argsz < sizeof(arg) || arg.__reserved || !arg.count ||
	    arg.count > IOMMU_NEXT_MOCK_REQUEST_MAX)
		return -EINVAL;
	return mock_page_request(mock, &arg);
}

static long mock_answer(struct mock_device *mock, void __user *uptr)
{
	struct iommu_next_mock_page_answer arg;
	int rc;

	if (copy_from_user(&arg, uptr, sizeof(arg)))
		return -EFAULT;
	if (arg.argsz < sizeof(arg))
		return -EINVAL;
	rc = mock_page_answer(mock, &arg);
	if (rc)
		return rc;
	return copy_to_user(uptr, &arg, sizeof(arg)) ? -EFAULT : 0;
}

static long mock_ioctl(void *priv, unsigned int cmd, unsigned long arg)
{
	struct mock_device *mock = priv;
	void __user *uptr = (void __user *)arg;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return mock_get_info(uptr);
	case VFIO_DEVICE_GET_REGION_INFO:
		return mock_get_region_info(uptr);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return mock_get_irq_info(uptr);
	case VFIO_DEVICE_SET_IRQS:
		return mock_set_irqs(mock, uptr);
	case VFIO_DEVICE_RESET:
		mock_engine_reset(&mock->engine);
		return 0;
	case IOMMU_NEXT_MOCK_DMA:
		return mock_dma(mock, uptr);
	case IOMMU_NEXT_MOCK_PAGE_REQUEST:
		return mock_ask(mock, uptr);
	case IOMMU_NEXT_MOCK_PAGE_ANSWER:
		return mock_answer(mock, uptr);
	default:
		return -ENOTTY;
	}
}

/* A register is accessed as a whole, in 4 or 8 bytes. */
static int mock_check_access(size_t count, loff_t pos)
{
	if (pos < 0 || pos >= MOCK_REGION_SIZE || (count != 4 && count != 8) ||
	    pos & (count - 1))
		return -EINVAL;
	return 0;
}

static ssize_t mock_read(void *priv, char __user *buf, size_t count,
			 loff_t *pos)
{
	u64 val;
	int rc;

	rc = mock_check_access(count, *pos);
	if (rc)
		return rc;
	val = mock_engine_read(priv, *pos);
	if (copy_to_user(buf, &val, count))
		return -EFAULT;
	*pos += count;
	return count;
}

static ssize_t mock_write(void *priv, const char __user *buf, size_t count,
			  loff_t *pos)
{
	u64 val = 0;
	int rc;

	rc = mock_check_access(count, *pos);
	if (rc)
		return rc;
	if (copy_from_user(&val, buf, count))
		return -EFAULT;
	mock_engine_write(priv, *pos, val);
	*pos += count;
	return count;
}

static const struct iommu_next_cdev_ops mock_cdev_ops = {
	.owner = THIS_MODULE,
	.bind = mock_bind,
	.unbind = mock_unbind,
	.ioctl = mock_ioctl,
	.read = mock_read,
	.write = mock_write,
};

static void mock_device_release(struct device *dev)
{
	struct mock_device *mock = mock_device_of(dev);

	mock_iommu_put(mock->iommu);
	mutex_destroy(&mock->engine.lock);
	xa_destroy(&mock->stream.atc);
	mutex_destroy(&mock->stream.lock);
	kfree(mock);
}

/**
 * mock_device_make() - make a device without a device file
 * @arg: how it is
 * @iommu: before it; the device takes a reference
 *
 * Return: the device, to be given back with put_device(); or ERR_PTR(-ENOMEM).
 */
struct mock_device *
mock_device_make(const struct iommu_next_mock_device_alloc *arg,
		 struct mock_iommu *iommu)
{
	struct mock_device *mock = kzalloc_obj(*mock, GFP_KERNEL_ACCOUNT);
	int rc;

	if (!mock)
		return ERR_PTR(-ENOMEM);
	device_initialize(&mock->dev);
	mock->dev.release = mock_device_release;
	kref_get(&iommu->ref);
	mock->iommu = iommu;
	mock->num_reserved = arg->num_reserved;
	memcpy(mock->reserved, arg->reserved, sizeof(mock->reserved));
	mock_engine_init(&mock->engine);
	mutex_init(&mock->stream.lock);
	xa_init_flags(&mock->stream.atc, XA_FLAGS_ACCOUNT);
	spin_lock_init(&mock->answers_lock);
	rc = dev_set_name(&mock->dev, "iommu-next-mock%d",
			  atomic_inc_return(&mock_serial));
	if (!rc)
		return mock;
	put_device(&mock->dev);
	return ERR_PTR(rc);
}

/**
 * mock_device_create() - make a device, ready to be opened
 * @arg: how it is
 * @iommu: before it; the device takes a reference
 *
 * Return: the device, or ERR_PTR(-ENOMEM, -EBUSY, -EOPNOTSUPP).
 */
struct mock_device *
mock_device_create(const struct iommu_next_mock_device_alloc *arg,
		   struct mock_iommu *iommu)
{
	struct mock_device *mock = mock_device_make(arg, iommu);
	int rc;

	if (IS_ERR(mock))
		return mock;
	mock->backend = iommu->flags & IOMMU_NEXT_MOCK_NO_IOMMU ?
				iommu_next_noiommu(&mock->dev) : &mock_backend;
	rc = -EOPNOTSUPP;
	if (!mock->backend)
		goto out_put;
	mock->cdev = iommu_next_cdev_create(&mock_cdev_ops, mock, &mock->dev,
					    mock->backend);
	if (IS_ERR(mock->cdev)) {
		rc = PTR_ERR(mock->cdev);
		goto out_put;
	}
	iommu_next_cdev_enable(mock->cdev);
	return mock;

out_put:
	put_device(&mock->dev);
	return ERR_PTR(rc);
}

static int mock_device_bind(struct mock_device *mock,
			    struct iommu_next_mock_drive *arg)
{
	struct inx_device *idev;
	struct inx_ctx *ctx;

	if (mock->driven)
		return -EBUSY;
	ctx = iommu_next_ctx_from_fd(arg->iommu_fd);
	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	idev = iommu_next_device_bind(ctx, &mock->dev, mock->backend,
				      &arg->out_dev_id);
	iommu_next_ctx_put(ctx);
	if (IS_ERR(idev))
		return PTR_ERR(idev);
	mock->driven = idev;
	return 0;
}

static void mock_device_unbind(struct mock_device *mock)
{
	if (mock->driven)
		iommu_next_device_unbind(mock->driven);
	mock->driven = NULL;
}

/**
 * mock_device_drive() - what a driver without a device file does
 * @mock: the device
 * @arg: what to do, and the answer
 *
 * Return: 0 or an error.
 */
int mock_device_drive(struct mock_device *mock,
		      struct iommu_next_mock_drive *arg)
{
	if (arg->op == IOMMU_NEXT_MOCK_DRIVE_BIND)
		return mock_device_bind(mock, arg);
	if (arg->op > IOMMU_NEXT_MOCK_DRIVE_DETACH)
		return -EOPNOTSUPP;
	if (!mock->driven)
		return -EINVAL;
	switch (arg->op) {
	case IOMMU_NEXT_MOCK_DRIVE_ATTACH:
		return iommu_next_device_attach(mock->driven, &arg->pt_id);
	case IOMMU_NEXT_MOCK_DRIVE_REPLACE:
		return iommu_next_device_replace(mock->driven, &arg->pt_id);
	case IOMMU_NEXT_MOCK_DRIVE_DETACH:
		iommu_next_device_detach(mock->driven);
		return 0;
	}
	mock_device_unbind(mock);
	return 0;
}

/**
 * mock_device_destroy() - pull the card
 * @mock: the device
 */
void mock_device_destroy(struct mock_device *mock)
{
	mock_device_unbind(mock);
	iommu_next_cdev_revoke(mock->cdev);
	iommu_next_cdev_put(mock->cdev);
	put_device(&mock->dev);
}
