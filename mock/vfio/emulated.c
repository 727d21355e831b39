// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VFIO device that is made of software: it has no IOMMU, and a group that the
 * VFIO core has made up for it. It pins pages of its container and copies from
 * and to it, by the VFIO core's calls, when and where a test tells it to.
 *
 * Its lock is held over a pin, and taken when the container asks to let go, so
 * that a pin is either noted down or not made yet.
 */
#include <linux/err.h>
#include <linux/highmem.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <uapi/linux/iommu-next-mock.h>

#include "compat/vfio.h"

#define MOCK_NAME "iommu-next-mock-vfio"
#define MOCK_RW_MAX SZ_64K

/**
 * struct mock_emulated - the device
 * @vdev: as the VFIO core knows it
 * @lock: of what follows
 * @pages: IOVA / PAGE_SIZE to the page that is pinned there
 * @keep: it does not let go when it is asked to
 * @unmaps: times it was asked to
 * @unmap_iova: what the last time was about
 * @unmap_length: likewise
 */
struct mock_emulated {
	struct vfio_device vdev;
	struct mutex lock; /* of the members below */
	struct xarray pages;
	bool keep;
	u32 unmaps;
	u64 unmap_iova;
	u64 unmap_length;
};

static struct platform_device *mock_parent;
static struct mock_emulated *mock_device;

static struct mock_emulated *mock_of(struct vfio_device *vdev)
{
	return container_of(vdev, struct mock_emulated, vdev);
}

static void mock_unpin(struct mock_emulated *me, u64 iova, u64 length)
{
	unsigned long last = (iova + length - 1) >> PAGE_SHIFT, index;
	struct page *page;

	lockdep_assert_held(&me->lock);
	xa_for_each_range(&me->pages, index, page, iova >> PAGE_SHIFT, last) {
		xa_erase(&me->pages, index);
		vfio_unpin_pages(&me->vdev, (u64)index << PAGE_SHIFT, 1);
	}
}

static int mock_pin(struct mock_emulated *me,
		    const struct iommu_next_mock_emulated *call)
{
	int prot = IOMMU_READ |
		   (call->flags & IOMMU_NEXT_MOCK_EMULATED_WRITE ? IOMMU_WRITE :
								   0);
	unsigned long index = call->iova >> PAGE_SHIFT;
	int n = call->length >> PAGE_SHIFT, i, rc;
	struct page **pages;

	lockdep_assert_held(&me->lock);
	if (n < 1 || n > VFIO_PIN_PAGES_MAX_ENTRIES)
		return -E2BIG;
	for (i = 0; i < n; i++)
		if (xa_load(&me->pages, index + i))
			return -EEXIST;
	pages = kcalloc(n, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;
	rc = vfio_pin_pages(&me->vdev, call->iova, n, prot, pages);
	for (i = 0; i < rc; i++)
		WARN_ON(xa_err(xa_store(&me->pages, index + i, pages[i],
					GFP_KERNEL)));
	kfree(pages);
	return rc;
}

/* A byte in each page that is pinned, by the page itself. */
static int mock_poke(struct mock_emulated *me,
		     const struct iommu_next_mock_emulated *call)
{
	unsigned long last = (call->iova + call->length - 1) >> PAGE_SHIFT;
	unsigned long index;
	struct page *page;
	int n = 0;

	lockdep_assert_held(&me->lock);
	xa_for_each_range(&me->pages, index, page, call->iova >> PAGE_SHIFT,
			  last) {
		char *mem = kmap_local_page(page);

		mem[offset_in_page(call->iova)] = call->data;
		kunmap_local(mem);
		n++;
	}
	return n;
}

/**
 * struct mock_rw - a copy
 * @work: for a thread of the kernel
 * @me: the device
 * @call: what the test wants
 * @buf: the other side
 * @rc: how it ended
 */
struct mock_rw {
	struct work_struct work;
	struct mock_emulated *me;
	const struct iommu_next_mock_emulated *call;
	void *buf;
	int rc;
};

static void mock_rw_work(struct work_struct *work)
{
	struct mock_rw *rw = container_of(work, struct mock_rw, work);

	rw->rc = vfio_dma_rw(&rw->me->vdev, rw->call->iova, rw->buf,
			     rw->call->length,
			     rw->call->flags & IOMMU_NEXT_MOCK_EMULATED_WRITE);
}

static int mock_rw(struct mock_emulated *me,
		   const struct iommu_next_mock_emulated *call)
{
	bool write = call->flags & IOMMU_NEXT_MOCK_EMULATED_WRITE;
	struct mock_rw rw = { .me = me, .call = call };
	void __user *uptr = u64_to_user_ptr(call->data);

	if (!call->length || call->length > MOCK_RW_MAX)
		return -E2BIG;
	rw.buf = kvmalloc(call->length, GFP_KERNEL);
	if (!rw.buf)
		return -ENOMEM;
	rw.rc = -EFAULT;
	if (write && copy_from_user(rw.buf, uptr, call->length))
		goto out;
	INIT_WORK_ONSTACK(&rw.work, mock_rw_work);
	if (call->flags & IOMMU_NEXT_MOCK_EMULATED_KTHREAD) {
		schedule_work(&rw.work);
		flush_work(&rw.work);
	} else {
		mock_rw_work(&rw.work);
	}
	destroy_work_on_stack(&rw.work);
	if (!rw.rc && !write && copy_to_user(uptr, rw.buf, call->length))
		rw.rc = -EFAULT;
out:
	kvfree(rw.buf);
	return rw.rc;
}

static int mock_do(struct mock_emulated *me,
		   struct iommu_next_mock_emulated *call)
{
	switch (call->op) {
	case IOMMU_NEXT_MOCK_EMULATED_PIN:
		return mock_pin(me, call);
	case IOMMU_NEXT_MOCK_EMULATED_UNPIN:
		mock_unpin(me, call->iova, call->length);
		return 0;
	case IOMMU_NEXT_MOCK_EMULATED_POKE:
		return mock_poke(me, call);
	case IOMMU_NEXT_MOCK_EMULATED_KEEP:
		me->keep = call->data;
		return 0;
	case IOMMU_NEXT_MOCK_EMULATED_STATS:
		call->iova = me->unmap_iova;
		call->length = me->unmap_length;
		call->data = me->unmaps;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static long mock_ioctl(struct vfio_device *vdev, unsigned int cmd,
		       unsigned long arg)
{
	struct iommu_next_mock_emulated call;
	struct mock_emulated *me = mock_of(vdev);
	long rc;

	if (cmd != IOMMU_NEXT_MOCK_EMULATED)
		return -ENOTTY;
	if (copy_from_user(&call, (void __user *)arg, sizeof(call)))
		return -EFAULT;
	if (call.op == IOMMU_NEXT_MOCK_EMULATED_RW)
		return mock_rw(me, &call);
	mutex_lock(&me->lock);
	rc = mock_do(me, &call);
	mutex_unlock(&me->lock);
	if (rc >= 0 && copy_to_user((void __user *)arg, &call, sizeof(call)))
		return -EFAULT;
	return rc;
}

static void mock_dma_unmap(struct vfio_device *vdev, u64 iova, u64 length)
{
	struct mock_emulated *me = mock_of(vdev);

	mutex_lock(&me->lock);
	me->unmaps++;
	me->unmap_iova = iova;
	me->unmap_length = length;
	if (!me->keep)
		mock_unpin(me, iova, length);
	mutex_unlock(&me->lock);
}

static int mock_open_device(struct vfio_device *vdev)
{
	struct mock_emulated *me = mock_of(vdev);

	me->keep = false;
	me->unmaps = 0;
	return 0;
}

static void mock_close_device(struct vfio_device *vdev)
{
	struct mock_emulated *me = mock_of(vdev);

	mutex_lock(&me->lock);
	mock_unpin(me, 0, U64_MAX);
	mutex_unlock(&me->lock);
}

static int mock_init_device(struct vfio_device *vdev)
{
	struct mock_emulated *me = mock_of(vdev);

	mutex_init(&me->lock);
	xa_init(&me->pages);
	return 0;
}

static const struct vfio_device_ops mock_ops = {
	.name = "iommu-next-mock",
	.init = mock_init_device,
	INX_VFIO_RELEASE
	.open_device = mock_open_device,
	.close_device = mock_close_device,
	.ioctl = mock_ioctl,
	.dma_unmap = mock_dma_unmap,
};

/* The VFIO core wants to see a driver. */
static struct platform_driver mock_driver = {
	.driver = {
		.name = MOCK_NAME,
		.suppress_bind_attrs = true,
	},
};

static int mock_register(void)
{
	struct mock_emulated *me;
	int rc;

	me = vfio_alloc_device(mock_emulated, vdev, &mock_parent->dev,
			       &mock_ops);
	if (IS_ERR(me))
		return PTR_ERR(me);
	rc = vfio_register_emulated_iommu_dev(&me->vdev);
	if (rc)
		vfio_put_device(&me->vdev);
	else
		mock_device = me;
	return rc;
}

static int __init mock_init(void)
{
	int rc;

	rc = platform_driver_register(&mock_driver);
	if (rc)
		return rc;
	mock_parent = platform_device_register_simple(MOCK_NAME,
						      PLATFORM_DEVID_NONE,
						      NULL, 0);
	if (IS_ERR(mock_parent)) {
		rc = PTR_ERR(mock_parent);
		goto out_driver;
	}
	rc = mock_register();
	if (rc)
		goto out_parent;
	return 0;

out_parent:
	platform_device_unregister(mock_parent);
out_driver:
	platform_driver_unregister(&mock_driver);
	return rc;
}

static void __exit mock_exit(void)
{
	vfio_unregister_group_dev(&mock_device->vdev);
	vfio_put_device(&mock_device->vdev);
	platform_device_unregister(mock_parent);
	platform_driver_unregister(&mock_driver);
}

module_init(mock_init);
module_exit(mock_exit);
MODULE_DESCRIPTION("A VFIO device that is made of software, for tests");
MODULE_LICENSE("GPL");
MODULE_VERSION(INX_VERSION);
