/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asking a driver to describe its hardware. The core's own caller is iommufd,
 * so there is no function for it: the driver's is called.
 */
#ifndef INX_COMPAT_HW_INFO_H
#define INX_COMPAT_HW_INFO_H

#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/slab.h>
#include <uapi/linux/iommu-next.h>

/* Returns kmalloc()ed data, NULL when the driver has none, or an ERR_PTR(). */
static inline void *inx_iommu_hw_info(struct device *dev, u32 *len, u32 *type)
{
#ifndef INX_HAVE_HW_INFO
	return NULL;
#else
	const struct iommu_ops *ops = dev->iommu->iommu_dev->ops;
#ifdef INX_HAVE_HW_INFO_TYPED
	enum iommu_hw_info_type typed = *type;
	void *data;

	if (!ops->hw_info)
		return NULL;
	data = ops->hw_info(dev, len, &typed);
	*type = typed;
	return data;
#else
	u32 want = *type;
	void *data;

	if (!ops->hw_info)
		return NULL;
	data = ops->hw_info(dev, len, type);
	/* The driver does not look at what is wanted. */
	if (!IS_ERR(data) && want && want != *type) {
		kfree(data);
		return ERR_PTR(-EOPNOTSUPP);
	}
	return data;
#endif
#endif
}

/* The capability registers of the VT-d unit before a device; 0 of another kind. */
static inline void inx_vtd_registers(struct device *dev, u64 *cap, u64 *ecap)
{
	u32 len, type = IOMMU_NEXT_HW_INFO_TYPE_DEFAULT;
	struct iommu_next_hw_info_vtd *info;

	*cap = 0;
	*ecap = 0;
	info = inx_iommu_hw_info(dev, &len, &type);
	if (IS_ERR_OR_NULL(info))
		return;
	if (type == IOMMU_NEXT_HW_INFO_TYPE_INTEL_VTD && len >= sizeof(*info)) {
		*cap = info->cap_reg;
		*ecap = info->ecap_reg;
	}
	kfree(info);
}

#endif
