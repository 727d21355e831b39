// SPDX-License-Identifier: GPL-2.0-only
/* Between 6.12 and 7.2: likewise for AMD's host page tables. */
#include <linux/generic_pt/iommu.h>
#if !IS_ENABLED(CONFIG_IOMMU_PT_AMDV1)
#error "no such tables"
#endif
u64 probe(struct iommu_domain *domain);
u64 probe(struct iommu_domain *domain)
{
	struct pt_iommu_amdv1_hw_info info = { .mode = domain->is_iommupt };

	pt_iommu_amdv1_hw_info(container_of(domain, struct pt_iommu_amdv1,
					    iommu.domain), &info);
	return info.host_pt_root + info.mode;
}
