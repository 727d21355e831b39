// SPDX-License-Identifier: GPL-2.0-only
/* 6.7: a capability says whether dirty bits can be had. */
#include <linux/iommu.h>
enum iommu_cap probe(void);
enum iommu_cap probe(void)
{
	return IOMMU_CAP_DIRTY_TRACKING;
}
