// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci machines=vtd,amd*,smmu,virtio */
/* harness: except=6.1/virtio taint=U */
/*
 * Page requests, PASIDs and virtual IOMMUs where there are none: of "edu", anywhere.
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>

#include "guest.h"
#include "pri.h"
#include "tap.h"

TEST(device_without)
{
	struct iommu_next_viommu_alloc viommu = {
		.size = sizeof(viommu),
		.type = IOMMU_NEXT_VIOMMU_TYPE_ARM_SMMUV3,
	};
	struct iommu_next_hw_info info;
	struct client c;

	client_open(&c, 1, false);
	ASSERT_EQ(0, inx_hw_info(c.fd, c.id[0], NULL, 0, &info));
	EXPECT_EQ(0, info.out_max_pasid_log2);
	EXPECT_ERRNO(EOPNOTSUPP, hwpt_flags(c.fd, c.id[0], c.ioas, FAULTS,
					    NULL));
	EXPECT_ERRNO(EOPNOTSUPP, hwpt_flags(c.fd, c.id[0], c.ioas,
					    FAULTS | FOR_PASID, NULL));
	viommu.dev_id = c.id[0];
	viommu.hwpt_id = c.ioas;
	EXPECT_ERRNO(EOPNOTSUPP, ioctl(c.fd, IOMMU_NEXT_VIOMMU_ALLOC,
				       &viommu));
	pri_expect_no_pasids(c.fd, c.dev[0], c.id[0], c.ioas);
	client_close(&c);
}

TEST_HARNESS_MAIN
