// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_FEATURE: taking the request apart, which the VFIO core does in a
 * function that only its own device file reaches. The features themselves are
 * those of vfio_pci_core, but for dma-bufs; migration and DMA logging need a
 * driver that knows the device.
 */
#include <linux/uaccess.h>

#include "compat/vfio.h"
#include "pci.h"

#define INX_FEATURE_OPS (VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_GET)

/**
 * inx_pci_feature() - carry out VFIO_DEVICE_FEATURE
 * @pci: the device, bound
 * @arg: user pointer to a struct vfio_device_feature
 *
 * Return: 0, or what the feature returns; -EINVAL for a malformed request;
 * -ENOTTY for a feature that the device does not have; -EFAULT.
 */
long inx_pci_feature(struct inx_pci *pci, unsigned long arg)
{
	struct vfio_device_feature __user *uptr = (void __user *)arg;
	struct vfio_device_feature head;
	long rc;
	u32 ops;

	if (copy_from_user(&head, uptr, sizeof(head)))
		return -EFAULT;
	if (head.argsz < sizeof(head))
		return -EINVAL;
	if (head.flags & ~(VFIO_DEVICE_FEATURE_MASK | INX_FEATURE_OPS |
			   VFIO_DEVICE_FEATURE_PROBE))
		return -EINVAL;
	ops = head.flags & INX_FEATURE_OPS;
	if (ops == INX_FEATURE_OPS && !(head.flags & VFIO_DEVICE_FEATURE_PROBE))
		return -EINVAL;

	if ((head.flags & VFIO_DEVICE_FEATURE_MASK) ==
	    VFIO_DEVICE_FEATURE_DMA_BUF)
		return inx_pci_feature_dmabuf(pci, head.flags, uptr->data,
					      head.argsz - sizeof(head));
	rc = vfio_pci_core_ioctl_feature(&pci->core.vdev, head.flags,
					 (void __user *)uptr->data,
					 head.argsz - sizeof(head));
	/* It may go to sleep when this ioctl ends, not before. */
	if (!inx_pci_mmio_is_on(pci))
		inx_pci_mmio_revoke(pci);
	return rc;
}

/**
 * inx_pci_remove_mappings() - remove what is mapped of the device's BARs
 * @pci: the device, about to be closed; runtime PM keeps it awake
 *
 * Entering low power does that first of all, and is the only way that
 * vfio_pci_core exports. Closing the device leaves low power again.
 */
void inx_pci_remove_mappings(struct inx_pci *pci)
{
	vfio_pci_core_ioctl_feature(&pci->core.vdev,
				    VFIO_DEVICE_FEATURE_SET |
					    VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY,
				    NULL, 0);
}
