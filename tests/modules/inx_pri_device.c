// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes a PCIe function look as if it had ATS, page requests and PASIDs, which no
 * emulated device has: its extended configuration space is answered from here.
 *
 * Everything that reads and writes it is real: the PCI core, the IOMMU driver that
 * switches these capabilities on, and VFIO. The device itself never uses them. After
 * this was loaded it has to leave its bus and come back to be seen as such.
 */
#include <linux/bits.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pci_regs.h>

static char *device = "";
module_param(device, charp, 0444);
MODULE_PARM_DESC(device, "Address of the function, as 0000:01:00.0");

#define FIRST 0x100
#define ATS FIRST
#define PRI 0x110
#define PASID 0x120
#define END 0x130

/* How many page requests the device can have open, and how wide its PASIDs are. */
#define REQUESTS 32
#define PASID_BITS 20

static struct pci_bus *bus;
static unsigned int devfn;
static int express;
static struct pci_ops ops;
static struct pci_ops *below;
static u8 shadow[END - FIRST];

static void put(int where, u32 val, int size)
{
	memcpy(shadow + where - FIRST, &val, size);
}

static void fill(void)
{
	put(ATS, PCI_EXT_CAP_ID_ATS | 1 << 16 | PRI << 20, 4);
	/* Addresses in invalidations are page aligned. */
	put(ATS + PCI_ATS_CAP, BIT(5), 2);
	put(PRI, PCI_EXT_CAP_ID_PRI | 1 << 16 | PASID << 20, 4);
	put(PRI + PCI_PRI_STATUS, PCI_PRI_STATUS_STOPPED |
	    PCI_PRI_STATUS_PASID, 2);
	put(PRI + PCI_PRI_MAX_REQ, REQUESTS, 4);
	put(PASID, PCI_EXT_CAP_ID_PASID | 1 << 16, 4);
	put(PASID + PCI_PASID_CAP, PCI_PASID_CAP_EXEC | PCI_PASID_CAP_PRIV |
	    PASID_BITS << 8, 2);
}

static int shadow_read(struct pci_bus *on, unsigned int fn, int where, int size,
		       u32 *val)
{
	int rc;

	if (fn == devfn && where >= FIRST) {
		*val = 0;
		if (where + size <= END)
			memcpy(val, shadow + where - FIRST, size);
		return PCIBIOS_SUCCESSFUL;
	}
	rc = below->read(on, fn, where, size, val);
	if (!rc && fn == devfn && where == express + PCI_EXP_DEVCAP2)
		*val |= PCI_EXP_DEVCAP2_EE_PREFIX;
	return rc;
}

static int shadow_write(struct pci_bus *on, unsigned int fn, int where,
			int size, u32 val)
{
	if (fn != devfn || where < FIRST)
		return below->write(on, fn, where, size, val);
	switch (where) {
	case ATS + PCI_ATS_CTRL:
	case PRI + PCI_PRI_ALLOC_REQ:
	case PASID + PCI_PASID_CTRL:
		put(where, val, size);
		break;
	case PRI + PCI_PRI_CTRL:
		put(where, val & PCI_PRI_CTRL_ENABLE, size);
		put(PRI + PCI_PRI_STATUS, PCI_PRI_STATUS_PASID |
		    (val & PCI_PRI_CTRL_ENABLE ? 0 : PCI_PRI_STATUS_STOPPED),
		    2);
		break;
	}
	return PCIBIOS_SUCCESSFUL;
}

static int __init shadow_init(void)
{
	unsigned int domain, number, slot, function;
	struct pci_dev *pdev;

	if (sscanf(device, "%x:%x:%x.%x", &domain, &number, &slot,
		   &function) != 4)
		return -EINVAL;
	devfn = PCI_DEVFN(slot, function);
	pdev = pci_get_domain_bus_and_slot(domain, number, devfn);
	if (!pdev)
		return -ENODEV;
	bus = pdev->bus;
	express = pdev->pcie_cap;
	pci_dev_put(pdev);
	/* Its bus is not to go away. */
	if (!express || !pci_is_root_bus(bus))
		return -EINVAL;
	fill();
	below = bus->ops;
	ops = *below;
	ops.read = shadow_read;
	ops.write = shadow_write;
	pci_bus_set_ops(bus, &ops);
	return 0;
}

static void __exit shadow_exit(void)
{
	pci_bus_set_ops(bus, below);
}

module_init(shadow_init);
module_exit(shadow_exit);
MODULE_DESCRIPTION("A device with ATS, page requests and PASIDs, for tests");
MODULE_LICENSE("GPL");
