// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci machines=vtd timeout=60 */
/*
 * Nesting on VT-d: what the unit says of itself is what it is answered. (QEMU's has
 * one stage at a time.)
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>

#include "guest.h"
#include "pci.h"
#include "tap.h"

/* Extended Capability Register, bit 26: nested translation. */
#define ECAP_NEST (1ULL << 26)

FIXTURE(vtd_nested)
{
	struct client c;
	bool nests;
	bool has_info;
};

FIXTURE_SETUP(vtd_nested)
{
	struct iommu_next_hw_info_vtd vtd = {};
	struct iommu_next_hw_info arg;

	client_open(&self->c, 1, false);
	ASSERT_EQ(0, inx_hw_info(self->c.fd, self->c.id[0], &vtd, sizeof(vtd),
				 &arg));
	self->has_info = arg.out_data_type == IOMMU_NEXT_HW_INFO_TYPE_INTEL_VTD;
	self->nests = self->has_info && vtd.ecap_reg & ECAP_NEST;
	EXPECT_EQ(0, arg.out_max_pasid_log2);
}

FIXTURE_TEARDOWN(vtd_nested)
{
	client_close(&self->c);
}

TEST_F(vtd_nested, parent)
{
	uint32_t parent, hwpt;
	int fd = self->c.fd;
	struct iommu_next_hwpt_vtd_s1 s1 = {
		.pgtbl_addr = 1 << 20,
		.addr_width = 48,
	};
	struct iommu_next_hwpt_alloc arg = {
		.dev_id = self->c.id[0],
		.data_type = IOMMU_NEXT_HWPT_DATA_VTD_S1,
		.data_len = sizeof(s1),
		.data_uptr = (uintptr_t)&s1,
	};

	if (!self->nests) {
		EXPECT_ERRNO(EOPNOTSUPP,
			     hwpt_flags(fd, self->c.id[0], self->c.ioas,
					IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT,
					&parent));
		ASSERT_EQ(0, inx_hwpt_alloc(fd, self->c.id[0], self->c.ioas,
					    &parent));
		arg.pt_id = parent;
		/* Without a nesting parent there is nothing to nest on. */
		EXPECT_EQ(-1, hwpt_alloc(fd, &arg, &hwpt));
		EXPECT_EQ(self->has_info ? EINVAL : EOPNOTSUPP, errno);
		EXPECT_EQ(0, inx_destroy(fd, parent));
		return;
	}
	ASSERT_EQ(0, hwpt_flags(fd, self->c.id[0], self->c.ioas,
				IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT, &parent));
	arg.pt_id = parent;
	ASSERT_EQ(0, hwpt_alloc(fd, &arg, &hwpt));
	EXPECT_EQ(0, hwpt_flush(fd, hwpt, 0, UINT64_MAX));
	EXPECT_EQ(0, inx_destroy(fd, hwpt));
	EXPECT_EQ(0, inx_destroy(fd, parent));
}

TEST_HARNESS_MAIN
