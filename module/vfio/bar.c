// SPDX-License-Identifier: GPL-2.0-only
/*
 * BARs that other devices reach through an IOAS.
 *
 * They are taken away from them before the device stops to answer: it is reset,
 * its memory is disabled, or it goes into a low-power state. Resets of all kinds
 * are announced to the driver by the PCI core; the others come through this
 * device's file.
 */
#include <linux/iommu_next.h>
#include <linux/pci.h>
#include <linux/uaccess.h>

#include "compat/vfio.h"
#include "pci.h"

/**
 * inx_pci_mmio_is_on() - whether the device answers to its BARs
 * @priv: the device
 *
 * Without a lock: whoever changes that to the worse has stopped the memory
 * before, or looks afterwards.
 *
 * Return: that.
 */
bool inx_pci_mmio_is_on(void *priv)
{
	struct inx_pci *pci = priv;
	struct vfio_pci_core_device *core = &pci->core;
	u16 command = le16_to_cpup((__le16 *)(core->vconfig + PCI_COMMAND));

	return core->pdev->current_state != PCI_D3hot &&
	       core->pdev->current_state != PCI_D3cold &&
	       !core->pm_runtime_engaged &&
	       (core->pdev->no_command_memory || command & PCI_COMMAND_MEMORY);
}

/**
 * inx_pci_mmio() - where a mapping of a BAR leads
 * @priv: the device
 * @vma: the mapping
 * @addr: an address in it
 * @phys: gets the physical address
 *
 * Return: 0; -EFAULT when it is not of a BAR.
 */
int inx_pci_mmio(void *priv, struct vm_area_struct *vma, unsigned long addr,
		 phys_addr_t *phys)
{
	struct inx_pci *pci = priv;
	struct pci_dev *pdev = pci->core.pdev;
	u64 last;
	int i;

	*phys = inx_vfio_vma_phys(&pci->core, vma, addr);
	last = *phys + (vma->vm_end - addr) - 1;
	for (i = 0; i < PCI_STD_NUM_BARS; i++) {
		u64 start = pci_resource_start(pdev, i);
		u64 size = PAGE_ALIGN(pci_resource_len(pdev, i));

		if (pci_resource_flags(pdev, i) & IORESOURCE_MEM && size &&
		    *phys >= start && last <= start + size - 1)
			return 0;
	}
	return -EFAULT;
}

/* Whether a write of [pos, pos + count) to configuration space has @reg. */
static bool inx_pci_write_has(size_t count, u64 pos, unsigned int reg)
{
	return pos <= reg && reg < pos + count;
}

/*
 * Whether a write makes BARs unreachable. The low byte of the command has the bit
 * for memory, that of power management the state.
 */
static bool inx_pci_write_stops(struct inx_pci *pci, const char __user *buf,
				size_t count, loff_t pos)
{
	unsigned int pm = pci->core.pdev->pm_cap;
	u8 byte;

	pos &= VFIO_PCI_OFFSET_MASK;
	if (inx_pci_write_has(count, pos, PCI_COMMAND)) {
		if (get_user(byte, buf + PCI_COMMAND - pos) ||
		    !(byte & PCI_COMMAND_MEMORY))
			return true;
	}
	if (pm && inx_pci_write_has(count, pos, pm + PCI_PM_CTRL)) {
		if (get_user(byte, buf + pm + PCI_PM_CTRL - pos) ||
		    byte & PCI_PM_CTRL_STATE_MASK)
			return true;
	}
	return false;
}

/**
 * inx_pci_write_watched() - write to the device
 * @pci: the device
 * @buf: what is written
 * @count: bytes
 * @pos: offset in the device file
 *
 * Return: as vfio_pci_core_write().
 */
ssize_t inx_pci_write_watched(struct inx_pci *pci, const char __user *buf,
			      size_t count, loff_t *pos)
{
	bool config = VFIO_PCI_OFFSET_TO_INDEX(*pos) ==
		      VFIO_PCI_CONFIG_REGION_INDEX;
	bool stops = config && inx_pci_write_stops(pci, buf, count, *pos);
	ssize_t rc;

	if (stops)
		iommu_next_cdev_mmio_stop(pci->cdev);
	rc = vfio_pci_core_write(&pci->core.vdev, buf, count, pos);
	if (stops)
		iommu_next_cdev_mmio_start(pci->cdev);
	/* Another thread may have changed what is in @buf. */
	if (config && !inx_pci_mmio_is_on(pci))
		inx_pci_mmio_revoke(pci);
	return rc;
}

/**
 * inx_pci_mmio_revoke() - take the BARs away from other devices
 * @pci: the device
 */
void inx_pci_mmio_revoke(struct inx_pci *pci)
{
	iommu_next_cdev_mmio_stop(pci->cdev);
	iommu_next_cdev_mmio_start(pci->cdev);
}

static struct inx_pci *inx_pci_of_dev(struct pci_dev *pdev)
{
	return container_of((struct vfio_pci_core_device *)
				    dev_get_drvdata(&pdev->dev),
			    struct inx_pci, core);
}

/* Its link may be reset next. */
static pci_ers_result_t inx_pci_error_detected(struct pci_dev *pdev,
					       pci_channel_state_t state)
{
	inx_pci_mmio_revoke(inx_pci_of_dev(pdev));
	return vfio_pci_core_aer_err_detected(pdev, state);
}

static void inx_pci_reset_prepare(struct pci_dev *pdev)
{
	iommu_next_cdev_mmio_stop(inx_pci_of_dev(pdev)->cdev);
}

static void inx_pci_reset_done(struct pci_dev *pdev)
{
	iommu_next_cdev_mmio_start(inx_pci_of_dev(pdev)->cdev);
}

/* As those of vfio_pci_core, and the two around a reset. */
const struct pci_error_handlers inx_pci_err_handlers = {
	.error_detected = inx_pci_error_detected,
	.reset_prepare = inx_pci_reset_prepare,
	.reset_done = inx_pci_reset_done,
};
