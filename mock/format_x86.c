// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page tables as an x86-64 CPU has them: 4 or 5 levels of 512 entries of 8 bytes.
 * The first stage of VT-d and of AMD's IOMMU.
 *
 * Devices are users here: every entry on the way must be for users. Accessed and
 * dirty bits are not set.
 */
#include "mock.h"
#include "nested.h"

#define X86_PRESENT BIT_ULL(0)
#define X86_WRITE BIT_ULL(1)
#define X86_USER BIT_ULL(2)
#define X86_LARGE BIT_ULL(7)

/* All bits above the highest that is translated are like that one. */
static bool x86_is_canonical(u32 levels, u64 iova)
{
	unsigned int unused = 64 - (12 + 9 * levels);

	return (u64)((s64)(iova << unused) >> unused) == iova;
}

/**
 * mock_x86_walk() - translate by such a table
 * @mn: the page table; of @levels
 * @root: its topmost table, in the IOVA space of its parent
 * @iova: what to translate
 * @out: as &struct mock_format.walk
 *
 * Return: of enum iommu_next_mock_fault.
 */
u32 mock_x86_walk(struct mock_nested *mn, u64 root, u64 iova, u64 *out)
{
	u64 rights = MOCK_S1_READ | MOCK_S1_WRITE, table = root, entry;
	u32 level = mn->levels;
	unsigned int shift;
	u32 fault;

	if (!x86_is_canonical(level, iova))
		return IOMMU_NEXT_MOCK_FAULT_STAGE1;
	for (;; level--) {
		shift = 12 + 9 * (level - 1);
		fault = mock_nested_load(mn, table + (iova >> shift & 511) * 8,
					 &entry);
		if (fault)
			return fault;
		if (!(entry & X86_PRESENT))
			return IOMMU_NEXT_MOCK_FAULT_STAGE1;
		if (!(entry & X86_USER))
			rights = 0;
		if (!(entry & X86_WRITE))
			rights &= ~MOCK_S1_WRITE;
		table = entry & MOCK_TABLE_ADDR;
		if (level == 1)
			break;
		if (!(entry & X86_LARGE))
			continue;
		if (level > 3 || table & (BIT_ULL(shift) - 1))
			return IOMMU_NEXT_MOCK_FAULT_STAGE1;
		break;
	}
	*out = mock_s1_make(table, iova, level, rights);
	return IOMMU_NEXT_MOCK_FAULT_NONE;
}
