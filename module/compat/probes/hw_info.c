// SPDX-License-Identifier: GPL-2.0-only
/* 6.6: drivers describe their hardware by ops->hw_info(). */
#include <linux/iommu.h>
bool probe(const struct iommu_ops *ops);
bool probe(const struct iommu_ops *ops)
{
	return ops->hw_info;
}
