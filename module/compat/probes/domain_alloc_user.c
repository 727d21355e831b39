// SPDX-License-Identifier: GPL-2.0-only
/* 6.6 to 6.12: what a page table must be able to is said to domain_alloc_user(). */
#include <linux/iommu.h>
struct iommu_domain *probe(const struct iommu_ops *ops, struct device *dev);
struct iommu_domain *probe(const struct iommu_ops *ops, struct device *dev)
{
	return ops->domain_alloc_user(dev, 0, NULL, NULL);
}
