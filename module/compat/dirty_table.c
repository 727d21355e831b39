// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty bits straight from the page table, for the formats whose reader the
 * kernel leaves out when it is built without iommufd. The kernel says where the
 * table is (generic_pt/iommu.h, as the driver tells its hardware); what stands
 * in it is laid down in the specifications of the hardware:
 *
 * VT-d, second-stage paging entries (Intel VT-d 4.1, 9.8): read and write rights
 * in bits 0 and 1, bit 7 makes an entry above the lowest level a page, bit 9 is
 * dirty.
 *
 * AMD, host page tables (AMD IOMMU 3.09, 2.2.3): bit 0 is present; bits 11:9 are
 * the level of the table that the entry points to, 0 for a page of the size
 * that belongs to the level, 7 for one whose size is encoded in its address: as
 * many entries as it takes are the same, and it is dirty if bit 6 is set in any
 * of them.
 *
 * Both have 512 entries in a table of 4 KiB and the address in bits 51:12.
 */
#ifdef INX_HAVE_DIRTY_OPS

#include <linux/iommu.h>

#if defined(INX_HAVE_PT_VTDSS) && defined(INX_HAVE_PT_AMDV1)

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/generic_pt/iommu.h>
#include <linux/io.h>
#include <linux/mem_encrypt.h>

#include "backend.h"

#define INX_TABLE_BITS 9
#define INX_TABLE_ADDRESS GENMASK_ULL(51, 12)

#define INX_VTD_RIGHTS GENMASK_ULL(1, 0)
#define INX_VTD_PAGE BIT_ULL(7)
#define INX_VTD_DIRTY 9

#define INX_AMD_PRESENT BIT_ULL(0)
#define INX_AMD_LEVEL GENMASK_ULL(11, 9)
#define INX_AMD_SIZED 7
#define INX_AMD_DIRTY 6

/**
 * struct inx_table_format - how a page table is to be read
 * @dirty: number of the dirty bit
 * @order: log2 of how many entries the page takes that an entry of a level
 *	points to; -1 when it points to a table, -2 when it is empty
 */
struct inx_table_format {
	unsigned int dirty;
	int (*order)(u64 entry, unsigned int level);
};

#define INX_IS_TABLE (-1)
#define INX_IS_EMPTY (-2)

static int inx_vtd_order(u64 entry, unsigned int level)
{
	if (!(entry & INX_VTD_RIGHTS))
		return INX_IS_EMPTY;
	return !level || entry & INX_VTD_PAGE ? 0 : INX_IS_TABLE;
}

static int inx_amd_order(u64 entry, unsigned int level)
{
	unsigned int next = FIELD_GET(INX_AMD_LEVEL, entry);

	if (!(entry & INX_AMD_PRESENT))
		return INX_IS_EMPTY;
	if (next == INX_AMD_SIZED)
		/* As many ones as the page has bits more than 4 KiB, less 1. */
		return ffz(__sme_clr(entry) >> 12) + 1 -
		       level * INX_TABLE_BITS;
	return level && next ? INX_IS_TABLE : 0;
}

static const struct inx_table_format inx_vtd_format = {
	.dirty = INX_VTD_DIRTY,
	.order = inx_vtd_order,
};

static const struct inx_table_format inx_amd_format = {
	.dirty = INX_AMD_DIRTY,
	.order = inx_amd_order,
};

/**
 * struct inx_table_walk - a search
 * @format: of the page table
 * @range: where
 * @walk: what to do
 */
struct inx_table_walk {
	const struct inx_table_format *format;
	struct inx_iova_range range;
	struct inx_dirty_walk *walk;
};

/* Look at a page of @nr entries from @entry on. */
static int inx_table_page(struct inx_table_walk *tw, u64 *entry,
			  unsigned int nr, struct inx_iova_range page)
{
	struct inx_dirty_walk *walk = tw->walk;
	unsigned int i;
	int rc = 0;

	for (i = 0; i < nr; i++)
		if (READ_ONCE(entry[i]) & BIT_ULL(tw->format->dirty))
			break;
	if (i == nr)
		return 0;
	if (walk->found)
		rc = walk->found(walk, page);
	if (rc || !walk->clear)
		return rc;
	/* The hardware sets bits meanwhile. */
	for (; i < nr; i++)
		clear_bit(tw->format->dirty, (unsigned long *)&entry[i]);
	iommu_iotlb_gather_add_range(walk->gather, page.start,
				     page.last - page.start + 1);
	return 0;
}

/* A table of @level, 0 being the lowest; @pos gets beyond what was read. */
static int inx_table_level(struct inx_table_walk *tw, u64 *table,
			   unsigned int level, unsigned long *pos)
{
	unsigned int shift = PAGE_SHIFT + level * INX_TABLE_BITS;
	unsigned long mask = BIT(INX_TABLE_BITS) - 1, last;
	int rc = 0;

	do {
		unsigned int index = (*pos >> shift) & mask;
		u64 entry = READ_ONCE(table[index]);
		int order = tw->format->order(entry, level);

		last = *pos | (BIT(shift) - 1);
		if (order == INX_IS_TABLE) {
			u64 *below = phys_to_virt(__sme_clr(entry) &
						  INX_TABLE_ADDRESS);

			rc = inx_table_level(tw, below, level - 1, pos);
			last = *pos - 1;
		} else if (order >= 0) {
			unsigned long size = BIT(shift + order);
			struct inx_iova_range page = {
				*pos & ~(size - 1), *pos | (size - 1)
			};

			rc = inx_table_page(tw, table +
					    (index & ~(BIT(order) - 1)),
					    BIT(order), page);
			last = page.last;
		}
		*pos = last + 1;
		/* Until the end of the range or of the table. */
	} while (!rc && last < tw->range.last && (*pos >> shift) & mask);
	return rc;
}

static int inx_table_walk(struct inx_table_walk *tw, phys_addr_t top,
			  unsigned int level)
{
	unsigned int bits = PAGE_SHIFT + (level + 1) * INX_TABLE_BITS;
	unsigned long pos = tw->range.start;

	if (bits < BITS_PER_LONG && tw->range.last >> bits)
		return -ERANGE;
	return inx_table_level(tw, phys_to_virt(top), level, &pos);
}

static bool inx_table_is_vtd(struct iommu_domain *domain)
{
	return domain->dirty_ops->read_and_clear_dirty ==
	       pt_iommu_vtdss_read_and_clear_dirty;
}

static bool inx_table_is_amd(struct iommu_domain *domain)
{
	return domain->dirty_ops->read_and_clear_dirty ==
	       pt_iommu_amdv1_read_and_clear_dirty;
}

bool inx_table_is_known(struct iommu_domain *domain)
{
	return iommupt_from_domain(domain) &&
	       (inx_table_is_vtd(domain) || inx_table_is_amd(domain));
}

static int inx_table_walk_vtd(struct inx_table_walk *tw, struct pt_iommu *pt)
{
	struct pt_iommu_vtdss_hw_info info;

	pt_iommu_vtdss_hw_info(container_of(pt, struct pt_iommu_vtdss, iommu),
			       &info);
	tw->format = &inx_vtd_format;
	/* The width of its addresses is told as the number of levels less 2. */
	return inx_table_walk(tw, info.ssptptr, info.aw + 1);
}

static int inx_table_walk_amd(struct inx_table_walk *tw, struct pt_iommu *pt)
{
	struct pt_iommu_amdv1_hw_info info;

	pt_iommu_amdv1_hw_info(container_of(pt, struct pt_iommu_amdv1, iommu),
			       &info);
	tw->format = &inx_amd_format;
	return inx_table_walk(tw, info.host_pt_root, info.mode - 1);
}

int inx_table_walk_dirty(struct iommu_domain *domain,
			 struct inx_iova_range range,
			 struct inx_dirty_walk *walk)
{
	struct inx_table_walk tw = { .range = range, .walk = walk };
	struct pt_iommu *pt = iommupt_from_domain(domain);

	if (inx_table_is_vtd(domain))
		return inx_table_walk_vtd(&tw, pt);
	return inx_table_walk_amd(&tw, pt);
}

#else

bool inx_table_is_known(struct iommu_domain *domain)
{
	return false;
}

int inx_table_walk_dirty(struct iommu_domain *domain,
			 struct inx_iova_range range,
			 struct inx_dirty_walk *walk)
{
	return -EOPNOTSUPP;
}

#endif
#endif
