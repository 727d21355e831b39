// SPDX-License-Identifier: GPL-2.0-only
/* 6.12: page tables with flags, and nested ones, by one call of the driver. */
#include <linux/iommu.h>
struct iommu_domain *probe(const struct iommu_ops *ops, struct device *dev,
			   struct iommu_domain *parent,
			   const struct iommu_user_data *data);
struct iommu_domain *probe(const struct iommu_ops *ops, struct device *dev,
			   struct iommu_domain *parent,
			   const struct iommu_user_data *data)
{
	return ops->domain_alloc_user(dev, 0, parent, data);
}
