// SPDX-License-Identifier: GPL-2.0-only
/*
 * Until 6.12: the default way to a page table is domain_alloc(type), without a
 * device, and domain_alloc_paging(dev) the exception.
 */
#include <linux/iommu.h>
struct iommu_domain *probe(struct device *dev);
struct iommu_domain *probe(struct device *dev)
{
	return iommu_domain_alloc(dev->bus);
}
