// SPDX-License-Identifier: GPL-2.0-only
/*
 * Until between 6.12 and 7.2: page requests of a device are switched on by who
 * wants them. Newer drivers do it when a page table that takes them is attached.
 */
#include <linux/iommu.h>
int probe(struct device *dev);
int probe(struct device *dev)
{
	return iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_IOPF);
}
