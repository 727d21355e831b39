/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page tables of the user's, and the formats that they can have. nested.c owns
 * everything declared here but the formats.
 */
#ifndef INX_MOCK_NESTED_H
#define INX_MOCK_NESTED_H

#include <linux/iommu.h>
#include <linux/rwsem.h>
#include <linux/xarray.h>

#include "selftest.h"

struct inx_user_array;
struct inx_user_data;
struct inx_viommu;
struct inx_viommu_ops;
struct mock_device;
struct mock_format;
struct mock_iommu;
struct mock_viommu;

/* What the first stage says of a page: bits of a translation. */
#define MOCK_S1_READ BIT(0)
#define MOCK_S1_WRITE BIT(1)

/**
 * struct mock_nested - a page table of the user's
 * @domain: as the core knows it
 * @format: what it looks like
 * @iommu: of which IOMMU
 * @parent: translates what it says, and where it lies itself
 * @viommu: the virtual IOMMU that it was made on, NULL for none
 * @lock: held for reading while a device goes through it, for writing while what
 *	is cached is flushed: what was flushed before is not seen after
 * @cache: the IOTLB: IOVA in pages of 4 KiB to what the first stage said, an
 *	address and MOCK_S1_*. Filled by DMA, emptied by the user only, and when a
 *	device changes over.
 * @root: where the topmost table lies, in the IOVA space of @parent
 * @levels: of tables
 * @config: what else the format has
 * @tags: the SELFTEST format's idea of an IOTLB
 */
struct mock_nested {
	struct iommu_domain domain;
	const struct mock_format *format;
	struct mock_iommu *iommu;
	struct iommu_domain *parent;
	struct mock_viommu *viommu;
	struct rw_semaphore lock; /* of cache and tags */
	struct xarray cache;
	u64 root;
	u32 levels;
	u64 config;
	u32 tags[SELFTEST_IOTLB_NUM];
};

/**
 * struct mock_format - a format of page tables, and of invalidations
 * @type: of enum iommu_next_hwpt_data_type
 * @invalidate_type: of enum iommu_next_hwpt_invalidate_data_type
 * @setup: take the user's struct over
 * @walk: translate; of enum iommu_next_mock_fault. *out gets the address of the
 *	4 KiB and MOCK_S1_*. NULL when every address stands for itself.
 * @invalidate: carry out one entry; @lock is held for writing. NULL for none.
 */
struct mock_format {
	u32 type;
	u32 invalidate_type;
	int (*setup)(struct mock_nested *mn, const struct inx_user_data *data);
	u32 (*walk)(struct mock_nested *mn, u64 iova, u64 *out);
	int (*invalidate)(struct mock_nested *mn,
			  const struct inx_user_array *array, u32 index);
};

static inline struct mock_nested *mock_nested_of(struct iommu_domain *domain)
{
	return container_of(domain, struct mock_nested, domain);
}

bool mock_domain_is_nested(const struct iommu_domain *domain);
struct iommu_domain *mock_nested_make(struct mock_iommu *iommu,
				      struct iommu_domain *parent,
				      const struct inx_user_data *data);
int mock_nested_invalidate(struct iommu_domain *domain,
			   struct inx_user_array *array);
void mock_nested_flush(struct iommu_domain *domain);
void mock_nested_forget(struct mock_nested *mn, u64 iova, u64 last);
u32 mock_nested_load(struct mock_nested *mn, u64 addr, u64 *val);
u32 mock_nested_access(struct iommu_domain *domain, u64 iova, void *data,
		       size_t length, bool write, size_t *done);

/* viommu.c */
const struct inx_viommu_ops *
mock_viommu_alloc(struct device *dev, struct inx_viommu *viommu,
		  struct iommu_domain *parent,
		  const struct inx_user_data *data, void **priv);
int mock_viommu_find(struct mock_viommu *mv, struct mock_device *mock,
		     unsigned long *virt_id);

/* format_vtd.c */
extern const struct mock_format mock_format_vtd;

/* selftest_nested.c */
extern const struct mock_format mock_format_selftest;

#endif
