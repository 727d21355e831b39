// SPDX-License-Identifier: GPL-2.0-only
/*
 * First-stage page tables of VT-d, which are those of the CPU (VT-d specification,
 * chapters 3.6 and 9.7).
 */
#include <linux/err.h>
#include <linux/sizes.h>

#include "backend.h"
#include "mock.h"
#include "nested.h"

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
	if (s1.pgtbl_addr & ~MOCK_TABLE_ADDR)
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

static u32 vtd_walk(struct mock_nested *mn, struct mock_stream *stream,
		    u64 iova, u64 *out)
{
	return mock_x86_walk(mn, mn->root, iova, out);
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
	mock_cache_forget(&mn->cache, inv.addr, last);
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
