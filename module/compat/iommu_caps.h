/* SPDX-License-Identifier: GPL-2.0-only */
/* What a device and its IOMMU can do. */
#ifndef INX_COMPAT_IOMMU_CAPS_H
#define INX_COMPAT_IOMMU_CAPS_H

#include <linux/iommu.h>
#include <linux/irqdomain.h>
#include <linux/pci.h>
#include <linux/string.h>

#ifndef INX_HAVE_GROUP_ISOLATED_MSI
static inline int inx_device_lacks_remapping(struct device *dev, void *arg)
{
	return !device_iommu_capable(dev, IOMMU_CAP_INTR_REMAP);
}

static inline bool inx_group_has_isolated_msi(struct iommu_group *group)
{
	return irq_domain_check_msi_remap() ||
	       !iommu_group_for_each_dev(group, NULL,
					 inx_device_lacks_remapping);
}

#define iommu_group_has_isolated_msi inx_group_has_isolated_msi
#endif

static inline bool inx_device_has_dirty_tracking(struct device *dev)
{
#ifdef INX_HAVE_DIRTY_OPS
	return device_iommu_capable(dev, IOMMU_CAP_DIRTY_TRACKING);
#else
	return false;
#endif
}

/* Whether it is known that ATS is never on. */
static inline bool inx_device_lacks_ats(struct device *dev)
{
#ifdef INX_HAVE_CAP_ATS
	return !device_iommu_capable(dev, IOMMU_CAP_PCI_ATS_SUPPORTED);
#else
	return false;
#endif
}

/*
 * Whether what iommu_map() was given in one piece can only be unmapped in one: a
 * virtio-iommu knows no page tables, only requests, and none of them in part. No
 * capability says so.
 */
static inline bool inx_device_unmaps_whole(struct device *dev)
{
	struct iommu_device *iommu_dev = dev->iommu ? dev->iommu->iommu_dev :
						      NULL;
	struct device *iommu = iommu_dev ? iommu_dev->dev : NULL;

	return iommu && iommu->parent && iommu->parent->bus &&
	       !strcmp(iommu->parent->bus->name, "virtio");
}

static inline u32 inx_device_max_pasids(struct device *dev)
{
#ifdef INX_HAVE_DEV_MAX_PASIDS
	return dev->iommu->max_pasids;
#else
	return 0;
#endif
}

/*
 * Make no-snoop accesses snoop where the IOMMU can. A kernel without the
 * capability has no way to ask before, so a refusal means that it cannot. 1 when
 * they do from now on, 0 when it cannot.
 */
static inline int inx_domain_enforce_coherency(struct device *dev,
					       struct iommu_domain *domain)
{
	bool must = false;

#ifdef INX_HAVE_CAP_ENFORCE_COHERENCY
	must = device_iommu_capable(dev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
	if (!must)
		return 0;
#endif
	if (domain->ops->enforce_cache_coherency &&
	    domain->ops->enforce_cache_coherency(domain))
		return 1;
	return must ? -EINVAL : 0;
}

#endif
