/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The RID of a group whose PASIDs or page requests are in use. Up to 6.14 VT-d's
 * driver has ATS on only while the RID is attached, but notes for each PASID whether
 * it was when that was attached; and page requests need ATS. rid.c keeps the RID
 * attached there.
 */
#ifndef INX_COMPAT_RID_H
#define INX_COMPAT_RID_H

#include "attach.h"

#if defined(INX_HAVE_IOPF_FEATURE) && defined(INX_HAVE_PASID_HANDLE)

/* Keep the RID of a device attached, to an empty page table at the least. */
int inx_rid_hold(struct device *dev);
/* Undo one of these. */
void inx_rid_release(struct device *dev);
/* As iommu_attach_group_handle() and iommu_detach_group_handle(). */
int inx_rid_attach(struct iommu_domain *domain, struct iommu_group *group,
		   struct iommu_attach_handle *handle);
void inx_rid_detach(struct iommu_domain *domain, struct iommu_group *group);

#else

#define inx_rid_attach iommu_attach_group_handle
#define inx_rid_detach iommu_detach_group_handle

static inline int inx_rid_hold(struct device *dev)
{
	return 0;
}

static inline void inx_rid_release(struct device *dev)
{
}

#endif
#endif
