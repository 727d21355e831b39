// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci machines=amd modules=inx_pri_device timeout=60 */
/*
 * A device with page requests and PASIDs behind an IOMMU whose driver has them for page
 * tables of processes alone: none are promised.
 */
#include "guest.h"
#include "pri.h"
#include "tap.h"

TEST(driver_without)
{
	struct pri_client c;
	uint32_t hwpt;

	pri_open(&c);
	EXPECT_ERRNO(EOPNOTSUPP, pri_hwpt(&c, FAULTS, NULL));
	EXPECT_ERRNO(EOPNOTSUPP, pri_hwpt(&c, FAULTS | FOR_PASID, NULL));
	ASSERT_EQ(0, pri_hwpt(&c, 0, &hwpt));
	EXPECT_EQ(0, inx_attach_to(c.dev, hwpt));
	EXPECT_EQ(0, inx_detach(c.dev));
	pri_expect_no_pasids(c.fd, c.dev, c.id, c.ioas);
	pri_close(&c);
}

TEST_HARNESS_MAIN
