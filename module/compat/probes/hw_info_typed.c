// SPDX-License-Identifier: GPL-2.0-only
/* Between 6.12 and 7.2: the type that hw_info() takes is the uAPI's enum. */
#include <linux/iommu.h>
void *probe(const struct iommu_ops *ops, struct device *dev, u32 *len,
	    enum iommu_hw_info_type *type);
void *probe(const struct iommu_ops *ops, struct device *dev, u32 *len,
	    enum iommu_hw_info_type *type)
{
	return ops->hw_info(dev, len, type);
}
