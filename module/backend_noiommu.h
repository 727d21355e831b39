/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices that no IOMMU stands before. backend_noiommu.c owns everything
 * declared here.
 */
#ifndef INX_BACKEND_NOIOMMU_H
#define INX_BACKEND_NOIOMMU_H

#include <linux/types.h>

struct inx_backend_ops;
struct iommu_domain;

/* What such a device is served by. */
extern const struct inx_backend_ops inx_backend_noiommu;

bool inx_noiommu_is(const struct iommu_domain *domain);
u64 inx_noiommu_find(struct iommu_domain *domain, unsigned long iova,
		     phys_addr_t *phys);

#endif
