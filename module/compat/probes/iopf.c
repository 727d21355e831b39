// SPDX-License-Identifier: GPL-2.0-only
/* 6.11: a page table has a function that page requests are given to. */
#include <linux/iommu.h>
#if !IS_ENABLED(CONFIG_IOMMU_IOPF)
#error "the functions are empty"
#endif
int probe(struct iommu_domain *domain, struct iopf_group *group);
int probe(struct iommu_domain *domain, struct iopf_group *group)
{
	iopf_group_dequeue(group);
	return domain->iopf_handler(group) + group->attach_handle->domain->type;
}
