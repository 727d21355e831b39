// SPDX-License-Identifier: GPL-2.0-only
/* Between 6.12 and 7.2: a capability says whether ATS can be on. */
#include <linux/iommu.h>
enum iommu_cap probe(void);
enum iommu_cap probe(void)
{
	return IOMMU_CAP_PCI_ATS_SUPPORTED;
}
