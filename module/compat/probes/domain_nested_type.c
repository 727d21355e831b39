// SPDX-License-Identifier: GPL-2.0-only
/* Between 6.1 and 6.12: a type for nested page tables. */
#include <linux/iommu.h>
unsigned int probe(void);
unsigned int probe(void)
{
	return IOMMU_DOMAIN_NESTED;
}
