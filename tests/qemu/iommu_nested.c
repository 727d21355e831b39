// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci libs=-lbpf,-lelf,-lz timeout=120 */
/* harness: modules=inx_pri_device machines=nest-vtd kernels=6.12,7.2 */
/*
 * Page tables of the user's through the driver of VT-d.
 *
 * No IOMMU that QEMU emulates has nesting, so the driver is made to believe that this
 * one has, by a bit in its memory (tests/lib/kmem.h). What it does then is real: the
 * parent and the nested page table are made by its own calls, the entry that the
 * hardware would look up is compared, and what it wants flushed is in QEMU's trace.
 * What is missing is DMA: QEMU refuses an entry of this type.
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>

#include "guest.h"
#include "kmem.h"
#include "pri.h"
#include "trace.h"

#define PARENT IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT
#define DIRTY IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING

/* A PASID entry: present; where the pointer to the first stage is. */
#define ENTRY_PRESENT BIT(0)
#define ENTRY_FIRST 16

/* The guest's table, at its address there; and a second one. */
#define ROOT PRI_IOVA
#define OTHER_ROOT (PRI_IOVA + (1UL << 30))

FIXTURE(nested)
{
	struct pri_client c;
	struct vtd_belief belief;
	uint32_t parent;
};

static void believe(struct nested_data *self, uint64_t bits)
{
	vtd_believe(&self->belief, bits, 0);
}

FIXTURE_SETUP(nested)
{
	pri_open(&self->c);
	vtd_belief_open(&self->belief, ECAP_NEST | ECAP_DIRTY);
	believe(self, ECAP_NEST);
	ASSERT_EQ(0, pri_hwpt(&self->c, PARENT, &self->parent));
}

FIXTURE_TEARDOWN(nested)
{
	pri_close(&self->c);
	believe(self, 0);
}

static int nest(struct nested_data *self, uint64_t root, uint32_t flags,
		uint32_t width, uint32_t *hwpt)
{
	struct iommu_next_hwpt_vtd_s1 s1 = {
		.pgtbl_addr = root,
		.addr_width = width,
	};
	struct iommu_next_hwpt_alloc arg = {
		.flags = flags,
		.dev_id = self->c.id,
		.pt_id = self->parent,
		.data_type = IOMMU_NEXT_HWPT_DATA_VTD_S1,
		.data_len = sizeof(s1),
		.data_uptr = (uintptr_t)&s1,
	};

	return hwpt_alloc(self->c.fd, &arg, hwpt);
}

static uint64_t entry(struct nested_data *self, uint32_t pasid)
{
	return phys_read(vtd_entry(&self->c.pci, pasid));
}

static uint64_t first_stage(struct nested_data *self, uint32_t pasid)
{
	return phys_read(vtd_entry(&self->c.pci, pasid) + ENTRY_FIRST) &
	       ADDRESS;
}

TEST_F(nested, on_the_rid)
{
	uint32_t hwpt, other;
	int dev = self->c.dev;
	uint64_t second;

	ASSERT_EQ(0, nest(self, ROOT, 0, 48, &hwpt));
	ASSERT_EQ(0, nest(self, OTHER_ROOT, 0, 48, &other));
	ASSERT_EQ(0, inx_attach_to(dev, self->parent));
	second = entry(self, 0);
	EXPECT_EQ(VTD_SECOND_STAGE, VTD_ENTRY_TYPE(second));
	ASSERT_EQ(0, inx_attach_to(dev, hwpt));
	EXPECT_EQ(VTD_NESTED, VTD_ENTRY_TYPE(entry(self, 0)));
	EXPECT_EQ(ENTRY_PRESENT, entry(self, 0) & ENTRY_PRESENT);
	EXPECT_EQ(second & ADDRESS, entry(self, 0) & ADDRESS);
	EXPECT_EQ(ROOT, first_stage(self, 0));
	ASSERT_EQ(0, inx_attach_to(dev, other));
	EXPECT_EQ(OTHER_ROOT, first_stage(self, 0));
	EXPECT_EQ(0, inx_destroy(self->c.fd, hwpt));
	EXPECT_ERRNO(EBUSY, inx_destroy(self->c.fd, self->parent));
	ASSERT_EQ(0, inx_attach_to(dev, self->parent));
	EXPECT_EQ(VTD_SECOND_STAGE, VTD_ENTRY_TYPE(entry(self, 0)));
	ASSERT_EQ(0, inx_attach_to(dev, other));
	ASSERT_EQ(0, inx_detach(dev));
	EXPECT_EQ(0, entry(self, 0) & ENTRY_PRESENT);
	EXPECT_EQ(0, inx_destroy(self->c.fd, other));
	EXPECT_EQ(0, inx_destroy(self->c.fd, self->parent));
}

TEST_F(nested, flushed)
{
	struct iommu_next_hwpt_vtd_s1_invalidate inv[3] = {
		{ .addr = 0x123000, .npages = 1 },
		{ .addr = 0x456000, .npages = 1,
		  .flags = IOMMU_NEXT_VTD_INV_FLAGS_LEAF },
		{ .addr = 0x789000, .npages = 1, .flags = 1U << 31 },
	};
	const uint32_t type = IOMMU_NEXT_HWPT_INVALIDATE_DATA_VTD_S1;
	uint32_t hwpt, num = 3;

	ASSERT_EQ(0, nest(self, ROOT, 0, 48, &hwpt));
	ASSERT_EQ(0, inx_attach_to(self->c.dev, hwpt));
	/* Those before the first that fails are done. */
	EXPECT_ERRNO(EOPNOTSUPP, hwpt_invalidate(self->c.fd, hwpt, type, inv,
						 sizeof(*inv), &num));
	EXPECT_EQ(2, num);
	EXPECT_ERRNO(EINVAL, hwpt_flush(self->c.fd, hwpt, 0x800, 1));
	EXPECT_ERRNO(EINVAL, hwpt_flush(self->c.fd, hwpt, 0x1000, UINT64_MAX));
	num = 1;
	EXPECT_ERRNO(EINVAL, hwpt_invalidate(self->c.fd, hwpt, type + 1, inv,
					     sizeof(*inv), &num));
	EXPECT_EQ(0, num);
	EXPECT_EQ(0, hwpt_flush(self->c.fd, hwpt, 0, UINT64_MAX));
	EXPECT_ERRNO(EINVAL, hwpt_flush(self->c.fd, self->parent, 0, 1));
	/* VT-d 6.5.2.4: pages of a PASID, bit 6 is for leaves; or all of it. */
	TRACE_EXACTLY(1, "p-iotlb high 0x123000 low 0x[0-9a-f]*36$");
	TRACE_EXACTLY(1, "p-iotlb high 0x456040 low 0x[0-9a-f]*36$");
	TRACE_EXACTLY(0, "p-iotlb high 0x789...");
	if (kernel_is("6.12"))
		TRACE_AT_LEAST(1, "p-iotlb high 0x34 low 0x[0-9a-f]*36$");
	else
		TRACE_AT_LEAST(2, "p-iotlb high 0x0 low 0x[0-9a-f]*26$");
	/* The parent follows its IOAS. */
	ASSERT_EQ(0, inx_unmap(self->c.fd, self->c.ioas, PRI_IOVA, PAGE, NULL));
}

/* What is wrong with a table the driver would write to the log at the attach. */
TEST_F(nested, refused)
{
	uint32_t hwpt;

	EXPECT_ERRNO(EINVAL, nest(self, ROOT, 0, 57, &hwpt));
	EXPECT_ERRNO(EINVAL, nest(self, ROOT, 0, 39, &hwpt));
	EXPECT_ERRNO(EINVAL, nest(self, ROOT, 0, 0, &hwpt));
	EXPECT_ERRNO(EOPNOTSUPP, nest(self, ROOT, PARENT, 48, &hwpt));
	/* What it all is without the bit. */
	believe(self, 0);
	EXPECT_ERRNO(EOPNOTSUPP, pri_hwpt(&self->c, PARENT, NULL));
	EXPECT_ERRNO(EOPNOTSUPP, nest(self, ROOT, 0, 48, &hwpt));
}

TEST_F(nested, on_a_pasid)
{
	uint32_t hwpt, other;

	if (kernel_is("6.12")) {
		EXPECT_ERRNO(EOPNOTSUPP, nest(self, ROOT, FOR_PASID, 48,
					      &hwpt));
		/* And no dirty tracking for them. */
		believe(self, ECAP_DIRTY);
		ASSERT_EQ(0, pri_hwpt(&self->c, DIRTY | FOR_PASID, &hwpt));
		EXPECT_ERRNO(EINVAL, pasid_attach(self->c.dev, 0x145, hwpt));
		return;
	}
	ASSERT_EQ(0, nest(self, ROOT, FOR_PASID, 48, &hwpt));
	ASSERT_EQ(0, pri_hwpt(&self->c, FOR_PASID, &other));
	ASSERT_EQ(0, pasid_attach(self->c.dev, 0x145, other));
	EXPECT_EQ(VTD_SECOND_STAGE, VTD_ENTRY_TYPE(entry(self, 0x145)));
	ASSERT_EQ(0, pasid_attach(self->c.dev, 0x145, hwpt));
	EXPECT_EQ(VTD_NESTED, VTD_ENTRY_TYPE(entry(self, 0x145)));
	EXPECT_EQ(ROOT, first_stage(self, 0x145));
	ASSERT_EQ(0, pasid_detach(self->c.dev, 0x145));
	EXPECT_EQ(0, entry(self, 0x145) & ENTRY_PRESENT);
}

TEST_HARNESS_MAIN
