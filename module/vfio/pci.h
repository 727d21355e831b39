/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PCI device, and the parts of the VFIO device protocol that the kernel's
 * own core keeps to itself.
 */
#ifndef INX_VFIO_PCI_H
#define INX_VFIO_PCI_H

#include <linux/vfio_pci_core.h>

struct inx_cdev;

/**
 * struct inx_pci - a PCI device that user space can have
 * @core: the VFIO core's view of it
 * @cdev: its device file
 */
struct inx_pci {
	struct vfio_pci_core_device core;
	struct inx_cdev *cdev;
};

/* feature.c */
long inx_pci_feature(struct inx_pci *pci, unsigned long arg);
void inx_pci_remove_mappings(struct inx_pci *pci);

#endif
