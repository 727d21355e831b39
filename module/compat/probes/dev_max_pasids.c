// SPDX-License-Identifier: GPL-2.0-only
/* 6.2: the core knows how many PASIDs a device can use. */
#include <linux/iommu.h>
u32 probe(struct dev_iommu *iommu);
u32 probe(struct dev_iommu *iommu)
{
	return iommu->max_pasids;
}
