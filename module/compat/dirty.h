/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dirty bits of page tables. The kernel's own reader hands them to iommufd's
 * bitmap, which is empty functions in a kernel without iommufd; dirty.c and
 * dirty_table.c have what finds them all the same.
 */
#ifndef INX_COMPAT_DIRTY_H
#define INX_COMPAT_DIRTY_H

#include <linux/errno.h>
#include <linux/iommu.h>
#include <linux/module.h>

#include "range.h"

struct inx_dirty_walk;

#ifdef INX_HAVE_DIRTY_OPS

/* Whether the bits of a page table that was made for it can be read. */
bool inx_domain_has_dirty(struct iommu_domain *domain);
/* As dirty_set() and dirty_walk() of struct inx_backend_ops. */
int inx_domain_set_dirty(struct iommu_domain *domain, bool enable);
int inx_domain_walk_dirty(struct iommu_domain *domain,
			  struct inx_iova_range range,
			  struct inx_dirty_walk *walk);

/* dirty_table.c: for page tables whose format it knows. */
bool inx_table_is_known(struct iommu_domain *domain);
int inx_table_walk_dirty(struct iommu_domain *domain,
			 struct inx_iova_range range,
			 struct inx_dirty_walk *walk);

#else

static inline bool inx_domain_has_dirty(struct iommu_domain *domain)
{
	return false;
}

static inline int inx_domain_set_dirty(struct iommu_domain *domain, bool enable)
{
	return -EOPNOTSUPP;
}

static inline int inx_domain_walk_dirty(struct iommu_domain *domain,
					struct inx_iova_range range,
					struct inx_dirty_walk *walk)
{
	return -EOPNOTSUPP;
}

#endif

#if defined(INX_HAVE_PT_VTDSS) || defined(INX_HAVE_PT_AMDV1)
#define INX_IMPORT_TABLE_NS() MODULE_IMPORT_NS("GENERIC_PT_IOMMU")
#else
#define INX_IMPORT_TABLE_NS() MODULE_INFO(inx_dirty, "no generic page tables")
#endif

#endif
