/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What iommu_next.ko offers to drivers.
 *
 * A driver gives user space a device file that speaks the VFIO device
 * protocol: BIND ties the device to an open /dev/iommu-next, ATTACH and DETACH
 * choose what its DMA can reach, everything else is the driver's. The driver
 * describes the device by a struct iommu_next_cdev_ops, and takes it away with
 * iommu_next_cdev_revoke() when the hardware or the driver goes.
 */
#ifndef LINUX_IOMMU_NEXT_H
#define LINUX_IOMMU_NEXT_H

#include <linux/types.h>
#include <linux/uuid.h>

struct device;
struct file;
struct inx_backend_ops;
struct inx_cdev;
struct module;
struct vm_area_struct;

/**
 * struct iommu_next_cdev_ops - a device behind a device file
 * @owner: module of the driver; cannot be unloaded while a file is bound
 * @opened: a file was opened; may set up @file for mmap(). Optional.
 * @match_token: compare the VF token given to BIND with the device's, NULL for
 *	none given. 0, -EINVAL or -EACCES. Optional: without it a token is
 *	refused with -EINVAL.
 * @bind: make the device usable; its DMA is owned by the context and blocked.
 *	At most one file is bound at a time.
 * @unbind: undo @bind, and remove what is mapped. No other operation runs, and
 *	none follows before the next @bind. DMA is given back afterwards.
 * @ioctl: any number but BIND, ATTACH and DETACH
 * @read: as in struct file_operations
 * @write: likewise
 * @mmap: likewise, with vm_ops that have a fault handler and are always the
 *	same; they are not called any more once the device is revoked, and the
 *	driver removes what is mapped in @unbind. Optional.
 *
 * Context: process context. @ioctl, @read and @write run with page faults
 * disabled: what they copy from and to user space has been faulted in, and when
 * it is gone again they must return -EFAULT, upon which they are called anew.
 * So none of them can be held up by user space, and the device can always be
 * revoked.
 */
struct iommu_next_cdev_ops {
	struct module *owner;
	void (*opened)(void *priv, struct file *file);
	int (*match_token)(void *priv, const uuid_t *token);
	int (*bind)(void *priv);
	void (*unbind)(void *priv);
	long (*ioctl)(void *priv, unsigned int cmd, unsigned long arg);
	ssize_t (*read)(void *priv, char __user *buf, size_t count,
			loff_t *pos);
	ssize_t (*write)(void *priv, const char __user *buf, size_t count,
			 loff_t *pos);
	int (*mmap)(void *priv, struct vm_area_struct *vma);
};

struct inx_cdev *
iommu_next_cdev_create(const struct iommu_next_cdev_ops *ops, void *priv,
		       struct device *dev,
		       const struct inx_backend_ops *backend);
dev_t iommu_next_cdev_devt(const struct inx_cdev *cdev);
void iommu_next_cdev_enable(struct inx_cdev *cdev);
int iommu_next_cdev_getfd(struct inx_cdev *cdev, const char *name);
void iommu_next_cdev_revoke(struct inx_cdev *cdev);
void iommu_next_cdev_put(struct inx_cdev *cdev);

#endif
