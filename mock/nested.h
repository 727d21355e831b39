/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page tables of the user's, and the formats that they can have. nested.c owns
 * everything declared here but the formats.
 */
#ifndef INX_MOCK_NESTED_H
#define INX_MOCK_NESTED_H

#include <linux/bitfield.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mutex.h>
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
struct mock_stream;
struct mock_viommu;

/* Where the ASID of an SMMUv3 is in the index of a cache: behind 48 bits of IOVA. */
#define MOCK_ASID_POS 36

/* What the first stage says of a page: bits of a translation. */
#define MOCK_S1_READ BIT(0)
#define MOCK_S1_WRITE BIT(1)
#define MOCK_S1_LEVEL GENMASK(3, 2) /* of the page: 1 for 4 KiB, 2, 3 for 1 GiB */
#define MOCK_S1_BITS 4

/* Address bits of an entry of a table. */
#define MOCK_TABLE_ADDR GENMASK_ULL(51, 12)

/**
 * enum mock_stage1 - what a user's page table does to an address
 * @MOCK_STAGE1_WALK: translate
 * @MOCK_STAGE1_BYPASS: nothing, the parent translates it
 * @MOCK_STAGE1_ABORT: refuse it
 */
enum mock_stage1 {
	MOCK_STAGE1_WALK,
	MOCK_STAGE1_BYPASS,
	MOCK_STAGE1_ABORT,
};

/**
 * struct mock_nested - a page table of the user's
 * @domain: as the core knows it
 * @format: what it looks like
 * @iommu: of which IOMMU
 * @parent: translates what it says, and where it lies itself
 * @viommu: the virtual IOMMU that it was made on, NULL for none
 * @on_viommu: one of the page tables of @viommu
 * @lock: held for reading while a device goes through it, for writing while what
 *	is cached is flushed: what was flushed before is not seen after
 * @cache: the IOTLB: IOVA in pages of 4 KiB to what the first stage said, an
 *	address and MOCK_S1_*. Filled by DMA, emptied by the user only, and when a
 *	device changes over.
 * @epoch: another number whenever a device has changed over
 * @ats: devices translate by themselves, and cache that
 * @stage1: whether there is anything to walk
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
	struct list_head on_viommu;
	struct rw_semaphore lock; /* of cache and tags */
	struct xarray cache;
	u64 epoch;
	bool ats;
	enum mock_stage1 stage1;
	u64 root;
	u32 levels;
	u64 config;
	u32 tags[SELFTEST_IOTLB_NUM];
};

/**
 * struct mock_viommu - a slice
 * @core: as the core knows it
 * @iommu: of which IOMMU, with a reference
 * @parent: the nesting parent
 * @devices: the guest's number to struct mock_device; under its own lock
 * @lock: of @tables; before that of a page table
 * @tables: struct mock_nested that were made on it
 * @page: what can be mapped, NULL for nothing
 */
struct mock_viommu {
	struct inx_viommu *core;
	struct mock_iommu *iommu;
	struct iommu_domain *parent;
	struct xarray devices;
	struct mutex lock; /* of tables */
	struct list_head tables;
	u32 *page;
};

/**
 * struct mock_format - a format of page tables, and of invalidations
 * @type: of enum iommu_next_hwpt_data_type
 * @invalidate_type: of enum iommu_next_hwpt_invalidate_data_type
 * @kind: of which IOMMU, a flag of enum iommu_next_mock_flags, 0 for VT-d
 * @on_viommu: only on a virtual IOMMU, else only without
 * @setup: take the user's struct over
 * @index: find what a translation is cached under, before @walk; of enum
 *	iommu_next_mock_fault. NULL for the number of the page of 4 KiB.
 * @walk: translate for a device; of enum iommu_next_mock_fault. *out gets the
 *	address of the 4 KiB and MOCK_S1_*. NULL when every address stands for
 *	itself.
 * @invalidate: carry out one entry; takes @lock of the page table for writing.
 *	NULL for none: then nothing is cached but on a virtual IOMMU.
 * @report: tell the guest of a fault of the first stage. Optional.
 */
struct mock_format {
	u32 type;
	u32 invalidate_type;
	u32 kind;
	bool on_viommu;
	int (*setup)(struct mock_nested *mn, const struct inx_user_data *data);
	u32 (*index)(struct mock_nested *mn, struct mock_stream *stream,
		     u64 iova, unsigned long *index);
	u32 (*walk)(struct mock_nested *mn, struct mock_stream *stream,
		    u64 iova, u64 *out);
	int (*invalidate)(struct mock_nested *mn,
			  const struct inx_user_array *array, u32 index);
	void (*report)(struct mock_nested *mn, struct mock_stream *stream,
		       u32 fault, u64 iova, bool write);
};

static inline struct mock_nested *mock_nested_of(struct iommu_domain *domain)
{
	return container_of(domain, struct mock_nested, domain);
}

/* What a walk says, of an entry of a table of @level that maps @addr. */
static inline u64 mock_s1_make(u64 addr, u64 iova, u32 level, u64 rights)
{
	u64 inside = BIT_ULL(12 + 9 * (level - 1)) - BIT_ULL(12);

	return addr | (iova & inside) | FIELD_PREP(MOCK_S1_LEVEL, level) |
	       rights;
}

/* Bytes of the page that it is of. */
static inline u64 mock_s1_size(u64 out)
{
	return BIT_ULL(12 + 9 * (FIELD_GET(MOCK_S1_LEVEL, out) - 1));
}

/* The same as a value in a cache, and back. */
static inline void *mock_s1_pack(u64 out)
{
	return xa_mk_value(out >> 12 << MOCK_S1_BITS |
			   (out & (BIT(MOCK_S1_BITS) - 1)));
}

static inline u64 mock_s1_unpack(void *entry)
{
	unsigned long val = xa_to_value(entry);

	return (u64)val >> MOCK_S1_BITS << 12 |
	       (val & (BIT(MOCK_S1_BITS) - 1));
}

bool mock_domain_is_nested(const struct iommu_domain *domain);
struct iommu_domain *mock_nested_make(struct mock_iommu *iommu,
				      struct iommu_domain *parent,
				      struct mock_viommu *mv,
				      const struct inx_user_data *data);
int mock_nested_invalidate(struct iommu_domain *domain,
			   struct inx_user_array *array);
void mock_nested_flush(struct iommu_domain *domain);
void mock_cache_forget(struct xarray *cache, u64 iova, u64 last);
u32 mock_nested_load(struct mock_nested *mn, u64 addr, u64 *val);
u32 mock_nested_access(struct iommu_domain *domain, struct mock_stream *stream,
		       u64 iova, void *data, size_t length, bool write,
		       size_t *done);

/* viommu.c */
const struct inx_viommu_ops *
mock_viommu_alloc(struct device *dev, struct inx_viommu *viommu,
		  struct iommu_domain *parent,
		  const struct inx_user_data *data, void **priv);
int mock_viommu_find(struct mock_viommu *mv, struct mock_device *mock,
		     unsigned long *virt_id);

void mock_viommu_free(void *priv);
struct iommu_domain *mock_viommu_nested_alloc(void *priv, struct device *dev,
					      u32 flags,
					      const struct inx_user_data *data);
int mock_vdevice_add(void *priv, struct device *dev, unsigned long virt_id);
void mock_vdevice_remove(void *priv, struct device *dev, unsigned long virt_id);
int mock_viommu_each(struct mock_viommu *mv, struct inx_user_array *array,
		     u32 type,
		     int (*one)(struct mock_viommu *mv,
				const struct inx_user_array *array, u32 index));

/* viommu_smmu.c */
extern const struct inx_viommu_ops mock_viommu_smmu_ops;

/* format_x86.c */
u32 mock_x86_walk(struct mock_nested *mn, u64 root, u64 iova, u64 *out);

/* format_vtd.c, format_amd.c, format_smmu.c */
extern const struct mock_format mock_format_vtd;
extern const struct mock_format mock_format_amd;
extern const struct mock_format mock_format_smmu;

/* selftest_nested.c */
extern const struct mock_format mock_format_selftest;

#endif
