// SPDX-License-Identifier: GPL-2.0-only
/*
 * Between 6.12 and 7.2: VT-d's page tables are of the generic kind, which reads
 * no dirty bits in a kernel without iommufd, but says where the table is.
 */
#include <linux/generic_pt/iommu.h>
#if !IS_ENABLED(CONFIG_IOMMU_PT_VTDSS)
#error "no such tables"
#endif
u64 probe(struct iommu_domain *domain);
u64 probe(struct iommu_domain *domain)
{
	struct pt_iommu_vtdss_hw_info info = { .aw = domain->is_iommupt };

	pt_iommu_vtdss_hw_info(container_of(domain, struct pt_iommu_vtdss,
					    iommu.domain), &info);
	return info.ssptptr + info.aw;
}
