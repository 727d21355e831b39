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

/*
 * Where the driver switches page requests on and off, VT-d's forgets those of the
 * page table that a nested one takes the place of.
 */
static inline bool inx_can_replace_group(struct iommu_domain *domain,
					 struct iommu_domain *old)
{
#if defined(INX_HAVE_IOPF) && !defined(INX_HAVE_IOPF_FEATURE)
	return !(domain->type == IOMMU_DOMAIN_NESTED && old->iopf_handler);
#else
	return true;
#endif
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

static inline bool inx_can_replace_group(struct iommu_domain *domain,
					 struct iommu_domain *old)
{
	return false;
}

static inline int iommu_replace_group_handle(struct iommu_group *group,
					     struct iommu_domain *domain,
					     struct iommu_attach_handle *handle)
{
	return -EOPNOTSUPP;
}

#endif

/*
 * Without a way to replace, DMA is blocked for a moment. Going back to the old
 * page table can only fail for want of memory; DMA stays blocked then.
 */
static inline int inx_replace_group(struct iommu_group *group,
				    struct iommu_domain *domain,
				    struct iommu_domain *old,
				    struct iommu_attach_handle *handle,
				    struct iommu_attach_handle *old_handle)
{
	int rc;

	if (inx_can_replace_group(domain, old))
		return iommu_replace_group_handle(group, domain, handle);
	iommu_detach_group_handle(old, group);
	rc = iommu_attach_group_handle(domain, group, handle);
	if (rc)
		iommu_attach_group_handle(old, group, old_handle);
	return rc;
}

#endif
