/* SPDX-License-Identifier: GPL-2.0-only */
/* Allocating page tables. */
#ifndef INX_COMPAT_DOMAIN_H
#define INX_COMPAT_DOMAIN_H

#include <linux/err.h>
#include <linux/iommu.h>

#include "hw_info.h"

#ifndef INX_HAVE_PAGING_DOMAIN_ALLOC

static inline struct iommu_domain *inx_paging_domain_alloc(struct device *dev)
{
	return iommu_domain_alloc(dev->bus) ?: ERR_PTR(-ENOMEM);
}

#define iommu_paging_domain_alloc inx_paging_domain_alloc
#endif

/* flush.c */
void inx_domain_fix_flush(struct iommu_domain *domain);

#if defined(INX_HAVE_DOMAIN_ALLOC_USER) && !defined(INX_HAVE_DOMAIN_ALLOC_FLAGS)
/* Extended Capability Register of VT-d: second-stage and first-stage tables. */
#define INX_VTD_ECAP_SSTS BIT_ULL(46)
#define INX_VTD_ECAP_FSTS BIT_ULL(47)
/* What the lower half of the addresses of a first stage ends with, at least. */
#define INX_VTD_FIRST_STAGE_LAST (BIT_ULL(47) - 1)

static inline bool inx_device_is_first_stage(struct device *dev)
{
	u64 cap, ecap;

	inx_vtd_registers(dev, &cap, &ecap);
	return (ecap & (INX_VTD_ECAP_SSTS | INX_VTD_ECAP_FSTS)) ==
	       INX_VTD_ECAP_FSTS;
}

/*
 * A driver that takes flags but not that for PASIDs says by set_dev_pasid() what
 * it can. VT-d's makes second-stage tables then, also for a unit that has none;
 * there, a table without flags is the right one. It has large pages only once it
 * is attached, and an end of its own.
 */
static inline struct iommu_domain *
inx_domain_alloc_for_pasid(struct device *dev)
{
	const struct iommu_ops *ops = dev->iommu->iommu_dev->ops;
	struct iommu_domain *domain;

	if (!inx_device_is_first_stage(dev))
		return ops->domain_alloc_user(dev, 0, NULL, NULL);
	domain = iommu_paging_domain_alloc(dev);
	if (!IS_ERR(domain))
		domain->geometry.aperture_end =
			min_t(dma_addr_t, domain->geometry.aperture_end,
			      INX_VTD_FIRST_STAGE_LAST);
	return domain;
}
#endif

/* A page table with flags of iommufd's HWPT_ALLOC, complete from the start. */
static inline struct iommu_domain *
inx_domain_alloc_flags(struct device *dev, u32 flags, u32 pasid_flag)
{
#if defined(INX_HAVE_DOMAIN_ALLOC_FLAGS)
	return iommu_paging_domain_alloc_flags(dev, flags);
#elif defined(INX_HAVE_DOMAIN_ALLOC_USER)
	const struct iommu_ops *ops = dev->iommu->iommu_dev->ops;
	struct iommu_domain *domain;

	if (!ops->domain_alloc_user)
		return ERR_PTR(-EOPNOTSUPP);
	if (flags == pasid_flag)
		domain = inx_domain_alloc_for_pasid(dev);
	else
		domain = ops->domain_alloc_user(dev, flags & ~pasid_flag, NULL,
						NULL);
	if (IS_ERR(domain))
		return domain;
	domain->owner = ops;
	if (flags & pasid_flag && !domain->ops->set_dev_pasid) {
		iommu_domain_free(domain);
		return ERR_PTR(-EOPNOTSUPP);
	}
	return domain;
#else
	return ERR_PTR(-EOPNOTSUPP);
#endif
}

/*
 * Whether a new page table is complete only when a device has been attached: a
 * driver that makes it by domain_alloc(type) has not seen a device before. Such
 * a table may lack its format (SMMUv3, virtio-iommu) or its large pages (VT-d).
 */
static inline bool inx_domain_needs_attach(struct device *dev)
{
#ifndef INX_HAVE_DOMAIN_ALLOC_BY_TYPE
	return false;
#elif !defined(INX_HAVE_PAGING_DOMAIN_ALLOC)
	return true;
#else
	return !dev->iommu->iommu_dev->ops->domain_alloc_paging;
#endif
}

/*
 * Whether a driver can take a page table at all. Newer cores check it at
 * attach, but not at replace; older ones leave it to the driver.
 */
static inline bool inx_domain_is_of(struct iommu_domain *domain,
				    struct device *dev)
{
#ifdef INX_HAVE_DOMAIN_OWNER
	return domain->owner == dev->iommu->iommu_dev->ops;
#else
	return true;
#endif
}

#endif
