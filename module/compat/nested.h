/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page tables of the user's. The core's own caller is iommufd, so there is no
 * function for them: the driver's are called.
 */
#ifndef INX_COMPAT_NESTED_H
#define INX_COMPAT_NESTED_H

#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommu-next.h>

#include "hw_info.h"

#ifndef INX_HAVE_DOMAIN_NESTED_TYPE
#define IOMMU_DOMAIN_NESTED BIT(6)
#endif

#if defined(INX_HAVE_DOMAIN_ALLOC_NESTED) || defined(INX_HAVE_DOMAIN_ALLOC_USER)

#define INX_NESTED_OP(fn) (fn)

/*
 * VT-d's Capability Register: tables of five levels. Its Extended Capability
 * Register: supervisor requests, the extended accessed flag.
 */
#define INX_VTD_CAP_FS5LP BIT_ULL(60)
#define INX_VTD_ECAP_SRS BIT_ULL(31)
#define INX_VTD_ECAP_EAFS BIT_ULL(34)

/*
 * VT-d's driver looks at what it was given only when it is attached, and then writes
 * to the kernel's log what it does not like.
 */
static inline bool inx_vtd_can_nest(struct device *dev,
				    const struct iommu_next_hwpt_vtd_s1 *s1)
{
	u64 cap, ecap;

	inx_vtd_registers(dev, &cap, &ecap);
	return (s1->addr_width == 48 ||
		(s1->addr_width == 57 && cap & INX_VTD_CAP_FS5LP)) &&
	       (!(s1->flags & IOMMU_NEXT_VTD_S1_SRE) ||
		ecap & INX_VTD_ECAP_SRS) &&
	       (!(s1->flags & IOMMU_NEXT_VTD_S1_EAFE) ||
		ecap & INX_VTD_ECAP_EAFS);
}

static inline int inx_driver_nested_check(struct device *dev,
					  void __user *uptr, u32 type, u32 len)
{
	struct iommu_next_hwpt_vtd_s1 s1;

	/* What is too short or of another type is the driver's to refuse. */
	if (type != IOMMU_NEXT_HWPT_DATA_VTD_S1 || len < sizeof(s1))
		return 0;
	if (copy_from_user(&s1, uptr, sizeof(s1)))
		return -EFAULT;
	return inx_vtd_can_nest(dev, &s1) ? 0 : -EINVAL;
}

static inline struct iommu_domain *
inx_driver_nested_alloc(struct device *dev, struct iommu_domain *parent,
			u32 flags, void __user *uptr, u32 type, u32 len)
{
	const struct iommu_ops *ops = dev->iommu->iommu_dev->ops;
	const struct iommu_user_data data = {
		.type = type,
		.uptr = uptr,
		.len = len,
	};
	struct iommu_domain *domain;
	int rc;

	rc = inx_driver_nested_check(dev, uptr, type, len);
	if (rc)
		return ERR_PTR(rc);
#ifdef INX_HAVE_DOMAIN_ALLOC_NESTED
	if (!ops->domain_alloc_nested)
		return ERR_PTR(-EOPNOTSUPP);
	domain = ops->domain_alloc_nested(dev, parent, flags, &data);
#else
	if (!ops->domain_alloc_user)
		return ERR_PTR(-EOPNOTSUPP);
	domain = ops->domain_alloc_user(dev, flags, parent, &data);
#endif
	if (!IS_ERR(domain))
		domain->owner = ops;
	return domain;
}

static inline int inx_driver_invalidate(struct iommu_domain *domain,
					void __user *uptr, u32 type,
					u32 entry_len, u32 *entry_num)
{
	struct iommu_user_data_array array = {
		.type = type,
		.uptr = uptr,
		.entry_len = entry_len,
		.entry_num = *entry_num,
	};
	int rc;

	*entry_num = 0;
	if (!domain->ops->cache_invalidate_user)
		return -EOPNOTSUPP;
	rc = domain->ops->cache_invalidate_user(domain, &array);
	*entry_num = array.entry_num;
	return rc;
}

#else

#define INX_NESTED_OP(fn) (false ? (fn) : NULL)

static inline struct iommu_domain *
inx_driver_nested_alloc(struct device *dev, struct iommu_domain *parent,
			u32 flags, void __user *uptr, u32 type, u32 len)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static inline int inx_driver_invalidate(struct iommu_domain *domain,
					void __user *uptr, u32 type,
					u32 entry_len, u32 *entry_num)
{
	*entry_num = 0;
	return -EOPNOTSUPP;
}

#endif
#endif
