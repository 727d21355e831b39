/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions that the kernel exports but declares in a header that is not
 * installed. Nothing but the linker would notice if one changed, and it looks
 * at names only: tests/qemu/btf.c compares each with the running kernel. So
 * there is nothing else in here, and no other header is needed to read it.
 */
#ifndef INX_COMPAT_PRIVATE_H
#define INX_COMPAT_PRIVATE_H

struct device;
struct iommu_attach_handle;
struct iommu_domain;
struct iommu_group;

/* drivers/iommu/iommu-priv.h, 6.12 to 7.3; namespace IOMMUFD_INTERNAL. */
int iommu_attach_group_handle(struct iommu_domain *domain,
			      struct iommu_group *group,
			      struct iommu_attach_handle *handle);
void iommu_detach_group_handle(struct iommu_domain *domain,
			       struct iommu_group *group);
int iommu_replace_group_handle(struct iommu_group *group,
			       struct iommu_domain *domain,
			       struct iommu_attach_handle *handle);

/* drivers/iommu/iommu-priv.h, 7.2 and 7.3; likewise. */
int iommu_replace_device_pasid(struct iommu_domain *domain, struct device *dev,
			       unsigned int pasid,
			       struct iommu_attach_handle *handle);

#endif
