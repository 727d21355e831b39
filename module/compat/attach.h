/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attaching page tables to groups.
 *
 * The calls with a handle are exported in the namespace IOMMUFD_INTERNAL, but
 * not declared in an installed header.
 */
#ifndef INX_COMPAT_ATTACH_H
#define INX_COMPAT_ATTACH_H

#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/slab.h>

#ifdef INX_HAVE_ATTACH_HANDLE

#include "namespace.h"
#include "private.h"

#define INX_IMPORT_IOMMU_NS() INX_IMPORT_NS(IOMMUFD_INTERNAL)

static inline int inx_replace_group(struct iommu_group *group,
				    struct iommu_domain *domain,
				    struct iommu_domain *old,
				    struct iommu_attach_handle *handle)
{
	return iommu_replace_group_handle(group, domain, handle);
}

#else

#define INX_IMPORT_IOMMU_NS() MODULE_INFO(inx_compat, "no attach handles")

struct iommu_attach_handle {
	struct iommu_domain *domain;
};

static inline int iommu_attach_group_handle(struct iommu_domain *domain,
					    struct iommu_group *group,
					    struct iommu_attach_handle *handle)
{
	return iommu_attach_group(domain, group);
}

static inline void iommu_detach_group_handle(struct iommu_domain *domain,
					     struct iommu_group *group)
{
	iommu_detach_group(domain, group);
}

/*
 * Without a way to replace, DMA is blocked for a moment. Going back to the old
 * page table can only fail for want of memory; DMA stays blocked then.
 */
static inline int inx_replace_group(struct iommu_group *group,
				    struct iommu_domain *domain,
				    struct iommu_domain *old,
				    struct iommu_attach_handle *handle)
{
	int rc;

	iommu_detach_group(old, group);
	rc = iommu_attach_group(domain, group);
	if (rc)
		iommu_attach_group(old, group);
	return rc;
}

#endif
#endif
