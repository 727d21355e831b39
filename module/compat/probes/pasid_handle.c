// SPDX-License-Identifier: GPL-2.0-only
/* 6.11: PASIDs are attached with a handle. */
#include <linux/iommu.h>
int probe(struct iommu_domain *domain, struct device *dev,
	  struct iommu_attach_handle *handle);
int probe(struct iommu_domain *domain, struct device *dev,
	  struct iommu_attach_handle *handle)
{
	return iommu_attach_device_pasid(domain, dev, 1, handle);
}
