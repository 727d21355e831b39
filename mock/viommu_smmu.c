// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slices of an SMMUv3, which take a guest's commands (SMMUv3 architecture, section
 * 4). What is accepted is what Linux 7.3 accepts for the registers that the mock
 * shows: no ranges in TLBI, no substreams.
 */
#include <linux/bitfield.h>
#include <linux/err.h>

#include "backend.h"
#include "mock.h"
#include "nested.h"

#define CMD_CFGI_CD 0x05
#define CMD_CFGI_CD_ALL 0x06
#define CMD_TLBI_NH_ALL 0x10
#define CMD_TLBI_NH_ASID 0x11
#define CMD_TLBI_NH_VA 0x12
#define CMD_TLBI_NH_VAA 0x13
#define CMD_TLBI_NSNH_ALL 0x30
#define CMD_ATC_INV 0x40

#define CMD_0_OP GENMASK_ULL(7, 0)
#define CMD_0_VMID GENMASK_ULL(47, 32)
#define CMD_0_ASID GENMASK_ULL(63, 48)
#define CMD_0_SID GENMASK_ULL(63, 32)
#define CMD_1_LEAF BIT_ULL(0)
#define CMD_1_ADDR GENMASK_ULL(63, 12)
#define CMD_1_SIZE GENMASK_ULL(5, 0)
#define CMD_SIZE_ALL 52

/**
 * struct smmu_tlbi - what a TLBI is about
 * @any_asid: whatever the ASID
 * @asid: else
 * @first: first byte
 * @last: last byte, inclusive
 */
struct smmu_tlbi {
	bool any_asid;
	u32 asid;
	u64 first;
	u64 last;
};

static bool smmu_tlbi_hits(const struct smmu_tlbi *tlbi, unsigned long index,
			   void *entry)
{
	u64 inside = mock_s1_size(mock_s1_unpack(entry)) - 1;
	u64 page = (u64)(index & (BIT(MOCK_ASID_POS) - 1)) << 12;

	return (tlbi->any_asid || tlbi->asid == index >> MOCK_ASID_POS) &&
	       (page | inside) >= tlbi->first && (page & ~inside) <= tlbi->last;
}

static int smmu_tlbi(struct mock_viommu *mv, const struct smmu_tlbi *tlbi)
{
	struct mock_nested *mn;
	unsigned long index;
	void *entry;

	mutex_lock(&mv->lock);
	list_for_each_entry(mn, &mv->tables, on_viommu) {
		down_write(&mn->lock);
		xa_for_each(&mn->cache, index, entry)
			if (smmu_tlbi_hits(tlbi, index, entry))
				xa_erase(&mn->cache, index);
		up_write(&mn->lock);
	}
	mutex_unlock(&mv->lock);
	return 0;
}

static void smmu_atc_inv(struct mock_stream *stream, u64 word)
{
	u32 size = FIELD_GET(CMD_1_SIZE, word);
	u64 inside = size == CMD_SIZE_ALL ? U64_MAX : BIT_ULL(12 + size) - 1;
	u64 addr = word & CMD_1_ADDR;

	mock_cache_forget(&stream->atc, addr & ~inside, addr | inside);
}

static int smmu_stream_command(struct mock_viommu *mv, const u64 *cmd)
{
	struct mock_device *mock;

	xa_lock(&mv->devices);
	mock = xa_load(&mv->devices, FIELD_GET(CMD_0_SID, cmd[0]));
	if (mock)
		get_device(&mock->dev);
	xa_unlock(&mv->devices);
	if (!mock)
		return -EIO;
	mutex_lock(&mock->stream.lock);
	if ((cmd[0] & CMD_0_OP) == CMD_ATC_INV)
		smmu_atc_inv(&mock->stream, cmd[1]);
	else
		mock->stream.cd_is_cached = false;
	mutex_unlock(&mock->stream.lock);
	put_device(&mock->dev);
	return 0;
}

/* What a command may have in it, of either word; false for no such command. */
static bool smmu_allows(u64 op, u64 *allowed)
{
	allowed[0] = CMD_0_OP;
	allowed[1] = 0;
	switch (op) {
	case CMD_TLBI_NSNH_ALL:
		return true;
	case CMD_TLBI_NH_VA:
		allowed[0] |= CMD_0_ASID;
		fallthrough;
	case CMD_TLBI_NH_VAA:
		allowed[0] |= CMD_0_VMID;
		allowed[1] = CMD_1_LEAF | CMD_1_ADDR;
		return true;
	case CMD_TLBI_NH_ASID:
		allowed[0] |= CMD_0_ASID;
		fallthrough;
	case CMD_TLBI_NH_ALL:
		allowed[0] |= CMD_0_VMID;
		return true;
	case CMD_ATC_INV:
		allowed[0] |= CMD_0_SID;
		allowed[1] = CMD_1_SIZE | CMD_1_ADDR;
		return true;
	case CMD_CFGI_CD:
		allowed[1] = CMD_1_LEAF;
		fallthrough;
	case CMD_CFGI_CD_ALL:
		allowed[0] |= CMD_0_SID;
		return true;
	}
	return false;
}

static int smmu_command(struct mock_viommu *mv, const u64 *cmd)
{
	struct smmu_tlbi tlbi = {
		.any_asid = true,
		.asid = FIELD_GET(CMD_0_ASID, cmd[0]),
		.last = U64_MAX,
	};
	u64 op = cmd[0] & CMD_0_OP, allowed[2];

	if (!smmu_allows(op, allowed) || cmd[0] & ~allowed[0] ||
	    cmd[1] & ~allowed[1])
		return -EIO;
	switch (op) {
	case CMD_ATC_INV:
		if (FIELD_GET(CMD_1_SIZE, cmd[1]) > CMD_SIZE_ALL)
			return -EIO;
		fallthrough;
	case CMD_CFGI_CD:
	case CMD_CFGI_CD_ALL:
		return smmu_stream_command(mv, cmd);
	case CMD_TLBI_NH_VA:
	case CMD_TLBI_NH_VAA:
		tlbi.first = cmd[1] & CMD_1_ADDR;
		tlbi.last = tlbi.first | (SZ_4K - 1);
		break;
	}
	tlbi.any_asid = op != CMD_TLBI_NH_VA && op != CMD_TLBI_NH_ASID;
	return smmu_tlbi(mv, &tlbi);
}

static int smmu_invalidate_one(struct mock_viommu *mv,
			       const struct inx_user_array *array, u32 index)
{
	struct iommu_next_viommu_arm_smmuv3_invalidate inv;
	u64 cmd[2];
	int rc;

	rc = inx_user_array_get(&inv, sizeof(inv), sizeof(inv), array, index);
	if (rc)
		return rc;
	cmd[0] = le64_to_cpu(inv.cmd[0]);
	cmd[1] = le64_to_cpu(inv.cmd[1]);
	return smmu_command(mv, cmd);
}

static int smmu_invalidate(void *priv, struct inx_user_array *array)
{
	return mock_viommu_each(priv, array,
				IOMMU_NEXT_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3,
				smmu_invalidate_one);
}

static struct iommu_domain *smmu_nested_alloc(void *priv, struct device *dev,
					      u32 flags,
					      const struct inx_user_data *data)
{
	if (flags & IOMMU_NEXT_HWPT_ALLOC_PASID)
		return ERR_PTR(-EOPNOTSUPP);
	return mock_viommu_nested_alloc(priv, dev, flags, data);
}

/* A stream ID has 32 bits. */
static int smmu_vdevice_add(void *priv, struct device *dev,
			    unsigned long virt_id)
{
	return virt_id > U32_MAX ? -EINVAL :
				   mock_vdevice_add(priv, dev, virt_id);
}

const struct inx_viommu_ops mock_viommu_smmu_ops = {
	.free = mock_viommu_free,
	.nested_alloc = smmu_nested_alloc,
	.invalidate = smmu_invalidate,
	.vdevice_add = smmu_vdevice_add,
	.vdevice_remove = mock_vdevice_remove,
};
