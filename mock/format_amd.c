// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest says of a device to AMD's IOMMU: an entry of its device table, with
 * a GCR3 table, whose entry of a PASID has the root of page tables like the CPU's
 * (AMD I/O virtualization technology specification 3.x, sections 2.2.2 and 2.2.6).
 *
 * What is refused is what amd/nested.c of Linux 7.3 refuses. As there, V, TV and GV
 * of the guest change nothing: GV is set in the entry that the hardware has. There
 * is no command yet by which user space could flush, so nothing is cached here.
 */
#include <linux/bitfield.h>
#include <linux/err.h>

#include "backend.h"
#include "mock.h"
#include "nested.h"

/* By word of the entry. */
#define AMD_0_V BIT_ULL(0)
#define AMD_0_MODE GENMASK_ULL(11, 9)
#define AMD_0_HOST_ROOT GENMASK_ULL(51, 12)
#define AMD_0_GIOV BIT_ULL(54)
#define AMD_0_GV BIT_ULL(55)
#define AMD_0_GLX GENMASK_ULL(57, 56)
#define AMD_0_GCR3_14_12 GENMASK_ULL(60, 58)
#define AMD_1_GCR3_30_15 GENMASK_ULL(31, 16)
#define AMD_1_GCR3_51_31 GENMASK_ULL(63, 43)
#define AMD_2_PAGING_MODE GENMASK_ULL(55, 54)

#define AMD_GLX_MAX 2
#define AMD_GCR3_VALID BIT_ULL(0)

static int amd_check(const u64 *dte)
{
	if (dte[0] & (AMD_0_MODE | AMD_0_HOST_ROOT))
		return -EINVAL;
	if (dte[0] & AMD_0_V && dte[0] & AMD_0_GV &&
	    !(dte[0] & AMD_0_GCR3_14_12) &&
	    !(dte[1] & (AMD_1_GCR3_30_15 | AMD_1_GCR3_51_31)))
		return -EINVAL;
	if (FIELD_GET(AMD_2_PAGING_MODE, dte[2]) > 1 ||
	    FIELD_GET(AMD_0_GLX, dte[0]) > AMD_GLX_MAX)
		return -EINVAL;
	return 0;
}

static int amd_setup(struct mock_nested *mn, const struct inx_user_data *data)
{
	struct iommu_next_hwpt_amd_guest guest;
	u64 *dte = guest.dte;
	int rc;

	rc = inx_user_data_get(&guest, sizeof(guest), sizeof(guest), data);
	if (!rc)
		rc = amd_check(dte);
	if (rc)
		return rc;
	mn->root = FIELD_GET(AMD_0_GCR3_14_12, dte[0]) << 12 |
		   FIELD_GET(AMD_1_GCR3_30_15, dte[1]) << 15 |
		   FIELD_GET(AMD_1_GCR3_51_31, dte[1]) << 31;
	mn->levels = 4 + FIELD_GET(AMD_2_PAGING_MODE, dte[2]);
	mn->config = FIELD_GET(AMD_0_GLX, dte[0]);
	/* Requests without a PASID are the guest's only if it says so. */
	if (!(dte[0] & AMD_0_GIOV))
		mn->stage1 = MOCK_STAGE1_BYPASS;
	return 0;
}

static u32 amd_walk(struct mock_nested *mn, struct mock_stream *stream,
		    u64 iova, u64 *out)
{
	u64 table = mn->root, levels = mn->config + 1, entry;
	u32 fault;

	/* PASID 0 has the first entry of each level. */
	do {
		fault = mock_nested_load(mn, table, &entry);
		if (fault)
			return fault;
		if (!(entry & AMD_GCR3_VALID))
			return IOMMU_NEXT_MOCK_FAULT_STAGE1;
		table = entry & MOCK_TABLE_ADDR;
	} while (--levels);
	return mock_x86_walk(mn, table, iova, out);
}

const struct mock_format mock_format_amd = {
	.type = IOMMU_NEXT_HWPT_DATA_AMD_GUEST,
	.kind = IOMMU_NEXT_MOCK_AMD,
	.setup = amd_setup,
	.walk = amd_walk,
};
