/* SPDX-License-Identifier: GPL-2.0-only */
/* Attaching page tables to PASIDs. */
#ifndef INX_COMPAT_PASID_H
#define INX_COMPAT_PASID_H

#include <linux/iommu.h>

#include "attach.h"

#ifdef INX_HAVE_PASID_HANDLE

/* A call of the backend that kernels without PASIDs do not have. */
#define INX_PASID_OP(fn) (fn)

#ifdef INX_HAVE_PASID_REPLACE
static inline int inx_replace_pasid(struct device *dev, u32 pasid,
				    struct iommu_domain *domain,
				    struct iommu_domain *old,
				    struct iommu_attach_handle *handle,
				    struct iommu_attach_handle *old_handle)
{
	return iommu_replace_device_pasid(domain, dev, pasid, handle);
}
#else
/*
 * Without a way to replace, requests with the PASID are blocked for a moment.
 * Going back to the old page table can only fail for want of memory; they stay
 * blocked then.
 */
static inline int inx_replace_pasid(struct device *dev, u32 pasid,
				    struct iommu_domain *domain,
				    struct iommu_domain *old,
				    struct iommu_attach_handle *handle,
				    struct iommu_attach_handle *old_handle)
{
	int rc;

	if (!domain->ops->set_dev_pasid)
		return -EOPNOTSUPP;
	iommu_detach_device_pasid(old, dev, pasid);
	rc = iommu_attach_device_pasid(domain, dev, pasid, handle);
	if (rc)
		iommu_attach_device_pasid(old, dev, pasid, old_handle);
	return rc;
}
#endif

#else

#define INX_PASID_OP(fn) (false ? (fn) : NULL)

static inline int iommu_attach_device_pasid(struct iommu_domain *domain,
					    struct device *dev, u32 pasid,
					    struct iommu_attach_handle *handle)
{
	return -EOPNOTSUPP;
}

static inline void iommu_detach_device_pasid(struct iommu_domain *domain,
					     struct device *dev, u32 pasid)
{
}

static inline int inx_replace_pasid(struct device *dev, u32 pasid,
				    struct iommu_domain *domain,
				    struct iommu_domain *old,
				    struct iommu_attach_handle *handle,
				    struct iommu_attach_handle *old_handle)
{
	return -EOPNOTSUPP;
}

#endif
#endif
