/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page tables of the user's. The core's own caller is iommufd, so there is no
 * function for them: the driver's are called.
 */
#ifndef INX_COMPAT_NESTED_H
#define INX_COMPAT_NESTED_H

#include <linux/err.h>
#include <linux/iommu.h>

#ifndef INX_HAVE_DOMAIN_NESTED_TYPE
#define IOMMU_DOMAIN_NESTED BIT(6)
#endif

#if defined(INX_HAVE_DOMAIN_ALLOC_NESTED) || defined(INX_HAVE_DOMAIN_ALLOC_USER)

#define INX_NESTED_OP(fn) (fn)

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
