// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest says of a device to an SMMUv3: a stream table entry (STE), which
 * leads to a context descriptor (CD), and that to stage 1 tables of the 4 KiB
 * granule (SMMUv3 architecture, sections 5.2, 5.4 and 7.3; Armv8-A, D8.3).
 *
 * Taken and refused is what Linux 7.3 takes and refuses, but for more than one CD:
 * the registers say that there are no substreams. Devices are unprivileged.
 *
 * The CD is cached with the device until CFGI_CD. Translations are cached under
 * the ASID until TLBI; and, with EATS, by the device itself until ATC_INV.
 */
#include <linux/bitfield.h>
#include <linux/err.h>

#include "backend.h"
#include "mock.h"
#include "nested.h"

#define STE_0_V BIT_ULL(0)
#define STE_0_CFG GENMASK_ULL(3, 1)
#define STE_0_FMT GENMASK_ULL(5, 4)
#define STE_0_CD GENMASK_ULL(51, 6)
#define STE_0_CDMAX GENMASK_ULL(63, 59)
#define STE_0_TAKEN (STE_0_V | STE_0_CFG | STE_0_FMT | STE_0_CD | STE_0_CDMAX)

#define STE_CFG_ABORT 0
#define STE_CFG_BYPASS 4
#define STE_CFG_S1 5

/* S1DSS, S1CIR, S1COR, S1CSH are one after the other. */
#define STE_1_S1 GENMASK_ULL(7, 0)
#define STE_1_S1STALLD BIT_ULL(27)
#define STE_1_EATS GENMASK_ULL(29, 28)
#define STE_1_TAKEN (STE_1_S1 | STE_1_S1STALLD | STE_1_EATS)

#define CD_0_T0SZ GENMASK_ULL(5, 0)
#define CD_0_TG0 GENMASK_ULL(7, 6)
#define CD_0_EPD0 BIT_ULL(14)
#define CD_0_ENDI BIT_ULL(15)
#define CD_0_V BIT_ULL(31)
#define CD_0_TBI0 BIT_ULL(38)
#define CD_0_AA64 BIT_ULL(41)
#define CD_0_S BIT_ULL(44)
#define CD_0_R BIT_ULL(45)
#define CD_0_ASID GENMASK_ULL(63, 48)
#define CD_1_TTB0 GENMASK_ULL(51, 4)
#define CD_T0SZ_MIN 16
#define CD_T0SZ_MAX 39

#define LPAE_VALID BIT_ULL(0)
#define LPAE_TABLE BIT_ULL(1)
#define LPAE_USER BIT_ULL(6)
#define LPAE_READ_ONLY BIT_ULL(7)
#define LPAE_ACCESSED BIT_ULL(10)
#define LPAE_ADDR GENMASK_ULL(47, 12)
#define LPAE_TABLE_NO_USER BIT_ULL(61)
#define LPAE_TABLE_READ_ONLY BIT_ULL(62)

#define EVT_C_BAD_CD 0x0a
#define EVT_F_TRANSLATION 0x10
#define EVT_F_ACCESS 0x12
#define EVT_F_PERMISSION 0x13

#define EVT_0_SID GENMASK_ULL(63, 32)
#define EVT_1_READ BIT_ULL(35)
#define EVT_1_CLASS GENMASK_ULL(41, 40)
#define EVT_CLASS_INPUT 2

static int smmu_setup_s1(struct mock_nested *mn, const u64 *ste)
{
	if (ste[0] & STE_0_CDMAX)
		return -EIO;
	mn->root = ste[0] & STE_0_CD;
	mn->ats = FIELD_GET(STE_1_EATS, ste[1]);
	return 0;
}

static int smmu_setup(struct mock_nested *mn, const struct inx_user_data *data)
{
	struct iommu_next_hwpt_arm_smmuv3 arg;
	u64 ste[2];
	int rc;

	rc = inx_user_data_get(&arg, sizeof(arg), sizeof(arg), data);
	if (rc)
		return rc;
	ste[0] = le64_to_cpu(arg.ste[0]);
	ste[1] = le64_to_cpu(arg.ste[1]);
	mn->stage1 = MOCK_STAGE1_ABORT;
	if (!(ste[0] & STE_0_V))
		return 0;
	if (ste[0] & ~STE_0_TAKEN || ste[1] & ~STE_1_TAKEN ||
	    FIELD_GET(STE_1_EATS, ste[1]) > 1)
		return -EIO;
	switch (FIELD_GET(STE_0_CFG, ste[0])) {
	case STE_CFG_ABORT:
		return 0;
	case STE_CFG_BYPASS:
		mn->stage1 = MOCK_STAGE1_BYPASS;
		return 0;
	case STE_CFG_S1:
		mn->stage1 = MOCK_STAGE1_WALK;
		return smmu_setup_s1(mn, ste);
	default:
		return -EIO;
	}
}

static u32 smmu_fault(struct mock_stream *stream, u32 event)
{
	stream->event = event;
	return IOMMU_NEXT_MOCK_FAULT_STAGE1;
}

static bool smmu_cd_is_good(u64 cd)
{
	return cd & CD_0_V && cd & CD_0_AA64 &&
	       !(cd & (CD_0_TG0 | CD_0_ENDI | CD_0_S)) &&
	       FIELD_GET(CD_0_T0SZ, cd) >= CD_T0SZ_MIN &&
	       FIELD_GET(CD_0_T0SZ, cd) <= CD_T0SZ_MAX;
}

static u32 smmu_get_cd(struct mock_nested *mn, struct mock_stream *stream)
{
	u32 fault;

	if (stream->cd_is_cached)
		return IOMMU_NEXT_MOCK_FAULT_NONE;
	fault = mock_nested_load(mn, mn->root, &stream->cd[0]);
	if (!fault)
		fault = mock_nested_load(mn, mn->root + 8, &stream->cd[1]);
	if (fault)
		return fault;
	if (!smmu_cd_is_good(stream->cd[0]))
		return smmu_fault(stream, EVT_C_BAD_CD);
	stream->cd_is_cached = true;
	return IOMMU_NEXT_MOCK_FAULT_NONE;
}

static unsigned int smmu_bits(const u64 *cd)
{
	return 64 - FIELD_GET(CD_0_T0SZ, cd[0]);
}

/* The CD says what there is to look for; the upper half of addresses is not. */
static u32 smmu_index(struct mock_nested *mn, struct mock_stream *stream,
		      u64 iova, unsigned long *index)
{
	u32 fault = smmu_get_cd(mn, stream);
	const u64 *cd = stream->cd;

	if (fault)
		return fault;
	if (cd[0] & CD_0_TBI0)
		iova &= GENMASK_ULL(55, 0);
	if (cd[0] & CD_0_EPD0 || iova >> smmu_bits(cd))
		return smmu_fault(stream, EVT_F_TRANSLATION);
	*index = FIELD_GET(CD_0_ASID, cd[0]) << MOCK_ASID_POS | iova >> 12;
	return IOMMU_NEXT_MOCK_FAULT_NONE;
}

static u64 smmu_leaf_rights(u64 rights, u64 entry)
{
	if (!(entry & LPAE_USER))
		return 0;
	return entry & LPAE_READ_ONLY ? rights & ~MOCK_S1_WRITE : rights;
}

static u64 smmu_table_rights(u64 rights, u64 entry)
{
	if (entry & LPAE_TABLE_NO_USER)
		return 0;
	return entry & LPAE_TABLE_READ_ONLY ? rights & ~MOCK_S1_WRITE : rights;
}

static u32 smmu_walk(struct mock_nested *mn, struct mock_stream *stream,
		     u64 iova, u64 *out)
{
	u64 rights = MOCK_S1_READ | MOCK_S1_WRITE, entry;
	u64 table = stream->cd[1] & CD_1_TTB0;
	u32 level = DIV_ROUND_UP(smmu_bits(stream->cd) - 12, 9);
	unsigned int shift;
	u32 fault;

	iova &= BIT_ULL(smmu_bits(stream->cd)) - 1;
	for (;; level--) {
		shift = 12 + 9 * (level - 1);
		fault = mock_nested_load(mn, table + (iova >> shift & 511) * 8,
					 &entry);
		if (fault)
			return fault;
		if (!(entry & LPAE_VALID))
			return smmu_fault(stream, EVT_F_TRANSLATION);
		if (level == 1 || !(entry & LPAE_TABLE))
			break;
		rights = smmu_table_rights(rights, entry);
		table = entry & LPAE_ADDR;
	}
	/* A page has the bit, a block has not, and none is of 512 GiB. */
	if (level > 3 || (level == 1 && !(entry & LPAE_TABLE)))
		return smmu_fault(stream, EVT_F_TRANSLATION);
	if (!(entry & LPAE_ACCESSED))
		return smmu_fault(stream, EVT_F_ACCESS);
	*out = mock_s1_make(entry & LPAE_ADDR & ~(BIT_ULL(shift) - 1), iova,
			    level, smmu_leaf_rights(rights, entry));
	return IOMMU_NEXT_MOCK_FAULT_NONE;
}

/* A device that translates by itself is told of a fault, not the guest. */
static bool smmu_is_told(struct mock_nested *mn, struct mock_stream *stream,
			 u32 event)
{
	return event == EVT_C_BAD_CD ||
	       (!mn->ats && stream->cd[0] & CD_0_R);
}

static void smmu_report(struct mock_nested *mn, struct mock_stream *stream,
			u32 fault, u64 iova, bool write)
{
	struct iommu_next_vevent_arm_smmuv3 record = {};
	u32 event = stream->event;
	unsigned long virt_id;

	if (fault == IOMMU_NEXT_MOCK_FAULT_STAGE1_PERMISSION)
		event = EVT_F_PERMISSION;
	else if (fault != IOMMU_NEXT_MOCK_FAULT_STAGE1)
		return;
	if (!smmu_is_told(mn, stream, event) ||
	    mock_viommu_find(mn->viommu, mock_device_of_stream(stream),
			     &virt_id))
		return;
	record.evt[0] = cpu_to_le64(event | FIELD_PREP(EVT_0_SID, virt_id));
	if (event != EVT_C_BAD_CD) {
		record.evt[1] = cpu_to_le64(FIELD_PREP(EVT_1_CLASS,
						       EVT_CLASS_INPUT) |
					    (write ? 0 : EVT_1_READ));
		record.evt[2] = cpu_to_le64(iova);
	}
	/* Without a queue, or memory, nobody is told. */
	inx_viommu_report(mn->viommu->core, IOMMU_NEXT_VEVENTQ_TYPE_ARM_SMMUV3,
			  &record, sizeof(record));
}

const struct mock_format mock_format_smmu = {
	.type = IOMMU_NEXT_HWPT_DATA_ARM_SMMUV3,
	.kind = IOMMU_NEXT_MOCK_ARM,
	.on_viommu = true,
	.setup = smmu_setup,
	.index = smmu_index,
	.walk = smmu_walk,
	.report = smmu_report,
};
