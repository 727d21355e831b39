// SPDX-License-Identifier: GPL-2.0-only
/* Between 6.12 and 7.2: nested page tables by a call of their own. */
#include <linux/iommu.h>
struct iommu_domain *probe(const struct iommu_ops *ops, struct device *dev,
			   struct iommu_domain *parent,
			   const struct iommu_user_data *data);
struct iommu_domain *probe(const struct iommu_ops *ops, struct device *dev,
			   struct iommu_domain *parent,
			   const struct iommu_user_data *data)
{
	return ops->domain_alloc_nested(dev, parent, 0, data);
}
