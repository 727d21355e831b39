// SPDX-License-Identifier: GPL-2.0-only
/* 6.2: a capability says whether coherency can be enforced. */
#include <linux/iommu.h>
enum iommu_cap probe(void);
enum iommu_cap probe(void)
{
	return IOMMU_CAP_ENFORCE_CACHE_COHERENCY;
}
