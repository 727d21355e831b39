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
 * @noiommu: no IOMMU stands before it, and the VFIO core does not know it
 */
struct inx_pci {
	struct vfio_pci_core_device core;
	struct inx_cdev *cdev;
	bool noiommu;
};

/* bar.c */
int inx_pci_mmio(void *priv, struct vm_area_struct *vma, unsigned long addr,
		 phys_addr_t *phys);
bool inx_pci_mmio_is_on(void *priv);
void inx_pci_mmio_revoke(struct inx_pci *pci);
ssize_t inx_pci_write_watched(struct inx_pci *pci, const char __user *buf,
			      size_t count, loff_t *pos);
extern const struct pci_error_handlers inx_pci_err_handlers;

/* dmabuf.c */
long inx_pci_feature_dmabuf(struct inx_pci *pci, u32 flags, void __user *uptr,
			    size_t size);

/* feature.c */
long inx_pci_feature(struct inx_pci *pci, unsigned long arg);
void inx_pci_remove_mappings(struct inx_pci *pci);

/* noiommu.c */
int inx_noiommu_register(struct inx_pci *pci);
void inx_noiommu_unregister(struct inx_pci *pci);

#endif
