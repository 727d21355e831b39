// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci libs=-lbpf,-lelf,-lz timeout=120 */
/* harness: modules=inx_pri_device,inx_page_request machines=pasid-vtd kernels=6.12,7.2 */
/*
 * Page requests through second-stage page tables of VT-d.
 *
 * QEMU has page requests with a first stage only ("svm=on" wants "fsts=on"), so the
 * driver is made to believe that this unit has the other stage, by bits in its memory
 * (tests/lib/kmem.h). Requests and answers need no DMA: the entry that the hardware
 * would look up is compared, and what the driver answers is in QEMU's trace.
 */
#define _GNU_SOURCE
#include <unistd.h>

#include "guest.h"
#include "kmem.h"
#include "pri.h"
#include "trace.h"

FIXTURE(second)
{
	struct pri_client c;
	struct vtd_belief belief;
	/* Of the second stage, and of the first. */
	uint32_t hwpt, first;
};

FIXTURE_SETUP(second)
{
	pri_open(&self->c);
	vtd_belief_open(&self->belief, ECAP_SECOND_STAGE);
	ASSERT_EQ(0, pri_hwpt(&self->c, FAULTS | FOR_PASID, &self->first));
	vtd_believe(&self->belief, ECAP_SECOND_STAGE, ECAP_FIRST_STAGE);
	ASSERT_EQ(0, pri_hwpt(&self->c, FAULTS | FOR_PASID, &self->hwpt));
	vtd_believe(&self->belief, ECAP_SECOND_STAGE, 0);
}

FIXTURE_TEARDOWN(second)
{
	pri_close(&self->c);
	vtd_believe(&self->belief, 0, 0);
}

static unsigned int stage(struct second_data *self, uint32_t pasid)
{
	return VTD_ENTRY_TYPE(phys_read(vtd_entry(&self->c.pci, pasid)));
}

/* A request that is read and answered; another one is read and left open. */
static void ask_twice(struct second_data *self, uint32_t pasid, uint32_t group)
{
	struct iommu_next_hwpt_pgfault f = {};

	ASSERT_EQ(0, pri_request(&self->c.pci, pasid, group, PRI_ADDR, true));
	ASSERT_TRUE(fault_read(self->c.queue, &f));
	EXPECT_EQ(group, f.grpid);
	EXPECT_EQ(pasid, f.pasid);
	EXPECT_EQ(PRI_ADDR, f.addr);
	/* What it asked for; it may be there from the last time. */
	inx_map_at(self->c.fd, self->c.ioas, inx_alloc(PAGE), PAGE, PRI_ADDR);
	EXPECT_EQ(0, fault_answer(self->c.queue, f.cookie, SUCCESS));
	pri_expect(&self->c.pci, pasid, group, SUCCESS, 1);
	ASSERT_EQ(0, pri_request(&self->c.pci, pasid, group + 1, PRI_ADDR, true));
	ASSERT_TRUE(fault_read(self->c.queue, &f));
	EXPECT_EQ(group + 1, f.grpid);
	pri_expect(&self->c.pci, pasid, group + 1, INVALID, 1);
	pri_expect(&self->c.pci, pasid, group + 1, SUCCESS, 0);
}

TEST_F(second, of_a_pasid)
{
	ASSERT_EQ(0, pasid_attach(self->c.dev, 0x25, self->hwpt));
	EXPECT_EQ(VTD_SECOND_STAGE, stage(self, 0x25));
	ask_twice(self, 0x25, 110);
	ASSERT_EQ(0, pasid_detach(self->c.dev, 0x25));
	EXPECT_ERRNO(EINVAL, pri_request(&self->c.pci, 0x25, 112, PRI_ADDR, true));
}

TEST_F(second, of_the_rid)
{
	ASSERT_EQ(0, inx_attach_to(self->c.dev, self->hwpt));
	EXPECT_EQ(VTD_SECOND_STAGE, stage(self, 0));
	ask_twice(self, 0, 120);
	ASSERT_EQ(0, inx_detach(self->c.dev));
	EXPECT_ERRNO(EINVAL, pri_request(&self->c.pci, 0, 122, PRI_ADDR, true));
}

/* From one stage to the other and back: what was open is answered. */
TEST_F(second, stages_replaced)
{
	ASSERT_EQ(0, pasid_attach(self->c.dev, 0x26, self->hwpt));
	ASSERT_EQ(0, inx_attach_to(self->c.dev, self->first));
	ask_twice(self, 0x26, 130);
	ask_twice(self, 0, 132);
	ASSERT_EQ(0, pasid_attach(self->c.dev, 0x26, self->first));
	ASSERT_EQ(0, inx_attach_to(self->c.dev, self->hwpt));
	EXPECT_EQ(VTD_FIRST_STAGE, stage(self, 0x26));
	EXPECT_EQ(VTD_SECOND_STAGE, stage(self, 0));
	ask_twice(self, 0x26, 134);
	ask_twice(self, 0, 136);
	ASSERT_EQ(0, close(self->c.dev));
	self->c.dev = -1;
}

TEST_HARNESS_MAIN
