// SPDX-License-Identifier: GPL-2.0-only
/* Between 6.12 and 7.2: a page table is allocated with flags of HWPT_ALLOC. */
#include <linux/iommu.h>
struct iommu_domain *probe(struct device *dev);
struct iommu_domain *probe(struct device *dev)
{
	return iommu_paging_domain_alloc_flags(dev, 0);
}
