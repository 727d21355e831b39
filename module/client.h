/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Device files from the inside, for the files that make them up: cdev.c, which
 * describes them and owns everything declared here, and bar.c.
 */
#ifndef INX_CLIENT_H
#define INX_CLIENT_H

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/srcu.h>

struct inx_backend_ops;
struct inx_client;
struct inx_device;
struct inx_mmio;
struct iommu_next_cdev_ops;

/**
 * struct inx_cdev - a device that can be opened
 * @ref: the driver, and every open file
 * @ops: the driver's
 * @priv: likewise; not to be used once @gone is seen
 * @dev: the device
 * @backend: that serves the device
 * @minor: of the device number
 * @srcu: operations of bound files
 * @lock: of @client and @gone; the driver's bind and unbind run under it
 * @client: the bound file
 * @gone: revoked; or not enabled yet
 * @vm_ops: the driver's, of what it has mapped
 * @mmio: its memory, stopped unless a file is bound
 */
struct inx_cdev {
	struct kref ref;
	const struct iommu_next_cdev_ops *ops;
	void *priv;
	struct device *dev;
	const struct inx_backend_ops *backend;
	u32 minor;
	struct srcu_struct srcu;
	struct mutex lock; /* of client and gone */
	struct inx_client *client;
	bool gone;
	const struct vm_operations_struct *vm_ops;
	struct inx_mmio *mmio;
};

/**
 * struct inx_client - an open device file
 * @cdev: the device
 * @idev: the device as an object of its context; NULL when revoked
 * @bound: operations may run, if the device is still there
 */
struct inx_client {
	struct inx_cdev *cdev;
	struct inx_device *idev;
	bool bound;
};

/* Whether an operation may run; inside an SRCU section of the device. */
static inline int inx_client_check(struct inx_client *client)
{
	if (READ_ONCE(client->cdev->gone))
		return -ENODEV;
	/* Pairs with the end of inx_client_bind(). */
	if (!smp_load_acquire(&client->bound))
		return -EINVAL;
	return 0;
}

static inline struct inx_client *inx_vma_client(struct vm_area_struct *vma)
{
	return vma->vm_file->private_data;
}

extern const struct vm_operations_struct inx_vma_ops;
extern atomic_t inx_cdev_vmas;

#endif
