// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page requests of a device that cannot send any, from where the IOMMU's driver would
 * have read them. Written to the parameter "request":
 *
 *	0000:01:00.0 PASID GROUP ADDRESS PERM LAST
 *
 * numbers as printf's %x; PASID 0 for none; PERM of IOMMU_FAULT_PERM_*; LAST 0 or 1.
 * The answer is that of iommu_report_device_fault().
 */
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/pci.h>

static int request_set(const char *text, const struct kernel_param *kp)
{
	unsigned int domain, bus, slot, function, pasid, group, perm, last;
	struct iopf_fault event = {};
	struct pci_dev *pdev;
	u64 addr;
	int rc;

	if (sscanf(text, "%x:%x:%x.%x %x %x %llx %x %x", &domain, &bus, &slot,
		   &function, &pasid, &group, &addr, &perm, &last) != 9)
		return -EINVAL;
	pdev = pci_get_domain_bus_and_slot(domain, bus,
					   PCI_DEVFN(slot, function));
	if (!pdev)
		return -ENODEV;
	event.fault.type = IOMMU_FAULT_PAGE_REQ;
	event.fault.prm.addr = addr;
	event.fault.prm.grpid = group;
	event.fault.prm.perm = perm;
	if (last)
		event.fault.prm.flags |= IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE;
	if (pasid) {
		event.fault.prm.pasid = pasid;
		event.fault.prm.flags |= IOMMU_FAULT_PAGE_REQUEST_PASID_VALID |
					 IOMMU_FAULT_PAGE_RESPONSE_NEEDS_PASID;
	}
	rc = iommu_report_device_fault(&pdev->dev, &event);
	pci_dev_put(pdev);
	return rc;
}

static const struct kernel_param_ops request_ops = { .set = request_set };
module_param_cb(request, &request_ops, NULL, 0200);

static int __init request_init(void)
{
	return 0;
}

static void __exit request_exit(void)
{
}

module_init(request_init);
module_exit(request_exit);
MODULE_DESCRIPTION("Page requests of a device, for tests");
MODULE_LICENSE("GPL");
