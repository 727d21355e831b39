// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that no IOMMU stands before, in view of user space.
 *
 * The VFIO core does not register such a device unless it was built to. It is
 * told nothing of this one: there is no legacy group through which the device
 * could be had, and its node has the name that says so.
 */
#include <linux/device.h>
#include <linux/vfio_pci_core.h>

#include "pci.h"

/**
 * inx_noiommu_register() - publish the node
 * @pci: a device that its driver has allocated, with its device number
 *
 * As it is in a set of its own, nobody resets the bus that it is on.
 *
 * Return: 0; -EINVAL for a bridge; -EBUSY while its virtual functions are there;
 * or an error of the driver core.
 */
int inx_noiommu_register(struct inx_pci *pci)
{
	struct vfio_device *vdev = &pci->core.vdev;
	struct pci_dev *pdev = pci->core.pdev;
	int rc;

	if (pdev->hdr_type != PCI_HEADER_TYPE_NORMAL)
		return -EINVAL;
	if (pci_num_vf(pdev))
		return -EBUSY;
	rc = vfio_assign_device_set(vdev, vdev);
	if (rc)
		return rc;
	rc = dev_set_name(&vdev->device, "noiommu-vfio%u", vdev->index);
	if (rc)
		return rc;
	return device_add(&vdev->device);
}

/**
 * inx_noiommu_unregister() - undo it
 * @pci: the device; nobody has it open by way of the node any more
 */
void inx_noiommu_unregister(struct inx_pci *pci)
{
	device_del(&pci->core.vdev.device);
}
