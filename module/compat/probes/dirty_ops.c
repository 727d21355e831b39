// SPDX-License-Identifier: GPL-2.0-only
/*
 * 6.7: a capability says whether dirty bits can be had, and a page table has
 * functions for them, which tell what is to be flushed.
 */
#include <linux/iommu.h>
int probe(struct device *dev, struct iommu_domain *domain,
	  struct iommu_iotlb_gather *gather);
int probe(struct device *dev, struct iommu_domain *domain,
	  struct iommu_iotlb_gather *gather)
{
	struct iommu_dirty_bitmap dirty;

	if (!device_iommu_capable(dev, IOMMU_CAP_DIRTY_TRACKING))
		return domain->dirty_ops->set_dirty_tracking(domain, true);
	iommu_dirty_bitmap_init(&dirty, NULL, gather);
	return domain->dirty_ops->read_and_clear_dirty(domain, 0, PAGE_SIZE,
						       IOMMU_DIRTY_NO_CLEAR,
						       &dirty);
}
