// SPDX-License-Identifier: GPL-2.0-only
/*
 * First-stage page tables of VT-d: 4 or 5 levels of 512 entries of 8 bytes, as
 * the CPU has them (VT-d specification, chapters 3.6 and 9.7).
 *
 * Devices are users here: every entry on the way must be for users. Accessed and
 * dirty bits are not set.
 */
#include <linux/err.h>
#include <linux/sizes.h>

#include "backend.h"
#include "mock.h"
#include "nested.h"

#define VTD_PRESENT BIT_ULL(0)
#define VTD_WRITE BIT_ULL(1)
#define VTD_USER BIT_ULL(2)
#define VTD_LARGE BIT_ULL(7)
#define VTD_ADDR GENMASK_ULL(51, 12)

#define VTD_S1_FLAGS                                                           \
	(IOMMU_NEXT_VTD_S1_SRE | IOMMU_NEXT_VTD_S1_EAFE |                      \
	 IOMMU_NEXT_VTD_S1_WPE)

static int vtd_setup(struct mock_nested *mn, const struct inx_user_data *data)
{
	struct iommu_next_hwpt_vtd_s1 s1;
	int rc;

	rc = inx_user_data_get(&s1, sizeof(s1),
			       offsetofend(typeof(s1), __reserved), data);
	if (rc)
		return rc;
	if (s1.flags & ~(u64)VTD_S1_FLAGS || s1.__reserved)
		return -EOPNOTSUPP;
	if (s1.pgtbl_addr & ~VTD_ADDR)
		return -EINVAL;
	if (s1.addr_width == 48)
		mn->levels = 4;
	else if (s1.addr_width == 57)
		mn->levels = 5;
	else
		return -EINVAL;
	mn->root = s1.pgtbl_addr;
	mn->config = s1.flags;
	return 0;
}

/* All bits above the highest that is translated are like that one. */
static bool vtd_is_canonical(u32 levels, u64 iova)
{
	unsigned int unused = 64 - (12 + 9 * levels);

	return (u64)((s64)(iova << unused) >> unused) == iova;
}

static u32 vtd_walk(struct mock_nested *mn, u64 iova, u64 *out)
{
	u64 rights = MOCK_S1_READ | MOCK_S1_WRITE, table = mn->root, entry;
	u32 level = mn->levels;
	unsigned int shift;
	u32 fault;

	if (!vtd_is_canonical(level, iova))
		return IOMMU_NEXT_MOCK_FAULT_STAGE1;
	for (;; level--) {
		shift = 12 + 9 * (level - 1);
		fault = mock_nested_load(mn, table + (iova >> shift & 511) * 8,
					 &entry);
		if (fault)
			return fault;
		if (!(entry & VTD_PRESENT))
			return IOMMU_NEXT_MOCK_FAULT_STAGE1;
		if (!(entry & VTD_USER))
			rights = 0;
		if (!(entry & VTD_WRITE))
			rights &= ~MOCK_S1_WRITE;
		table = entry & VTD_ADDR;
		if (level == 1)
			break;
		if (!(entry & VTD_LARGE))
			continue;
		if (level > 3 || table & (BIT_ULL(shift) - 1))
			return IOMMU_NEXT_MOCK_FAULT_STAGE1;
		break;
	}
	*out = table | (iova & (BIT_ULL(shift) - 1) & ~(u64)(SZ_4K - 1)) |
	       rights;
	return IOMMU_NEXT_MOCK_FAULT_NONE;
}

static int vtd_invalidate(struct mock_nested *mn,
			  const struct inx_user_array *array, u32 index)
{
	struct iommu_next_hwpt_vtd_s1_invalidate inv;
	u64 last = U64_MAX;
	int rc;

	rc = inx_user_array_get(&inv, sizeof(inv),
				offsetofend(typeof(inv), __reserved), array,
				index);
	if (rc)
		return rc;
	if (inv.flags & ~IOMMU_NEXT_VTD_INV_FLAGS_LEAF || inv.__reserved)
		return -EOPNOTSUPP;
	if (inv.addr & (SZ_4K - 1) || (inv.npages == U64_MAX && inv.addr))
		return -EINVAL;
	if (!inv.npages)
		return 0;
	if (inv.npages <= (U64_MAX - inv.addr) >> 12)
		last = inv.addr + (inv.npages << 12) - 1;
	down_write(&mn->lock);
	mock_nested_forget(mn, inv.addr, last);
	up_write(&mn->lock);
	return 0;
}

const struct mock_format mock_format_vtd = {
	.type = IOMMU_NEXT_HWPT_DATA_VTD_S1,
	.invalidate_type = IOMMU_NEXT_HWPT_INVALIDATE_DATA_VTD_S1,
	.setup = vtd_setup,
	.walk = vtd_walk,
	.invalidate = vtd_invalidate,
};
