/* SPDX-License-Identifier: GPL-2.0-only */
/* Mapping with gfp flags, and reserved regions of one device. */
#ifndef INX_COMPAT_IOMMU_MAP_H
#define INX_COMPAT_IOMMU_MAP_H

#include <linux/iommu.h>

#ifndef INX_HAVE_IOMMU_MAP_GFP
/* Older kernels allocate page tables with GFP_KERNEL, charged to nobody. */
static inline int inx_iommu_map(struct iommu_domain *domain, unsigned long iova,
				phys_addr_t phys, size_t size, int prot,
				gfp_t gfp)
{
	return iommu_map(domain, iova, phys, size, prot);
}

#define iommu_map inx_iommu_map
#endif

#ifndef INX_HAVE_GET_RESV_REGIONS
/* Not exported: ask the driver, as the core does. */
static inline void inx_iommu_get_resv_regions(struct device *dev,
					      struct list_head *list)
{
	const struct iommu_ops *ops = dev->iommu->iommu_dev->ops;

	if (ops->get_resv_regions)
		ops->get_resv_regions(dev, list);
}

#define iommu_get_resv_regions inx_iommu_get_resv_regions
#endif

#endif
