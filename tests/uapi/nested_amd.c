// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none,smp timeout=120 */
/*
 * Page tables of the user's behind an IOMMU of AMD's: an entry of the guest's
 * device table, a GCR3 table, and tables like the CPU's.
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>

#include "guest.h"
#include "tap.h"

#define VA 0x7f0000000000ULL

/* Of word 0 and 2 of the entry. */
#define DTE_V (1ULL << 0)
#define DTE_TV (1ULL << 1)
#define DTE_GIOV (1ULL << 54)
#define DTE_GV (1ULL << 55)
#define DTE_GLX(_levels) (((_levels) - 1ULL) << 56)
#define DTE_LEVELS(_levels) (((_levels) - 4ULL) << 54)

#define GCR3_VALID 1ULL

FIXTURE(amd)
{
	struct world w;
	struct world_dev *dev;
	struct guest g;
	uint64_t gcr3;
	uint64_t root;
	uint64_t data;
	struct iommu_next_hwpt_amd_guest dte;
};

static void dte_fill(struct iommu_next_hwpt_amd_guest *dte, uint64_t gcr3,
		     int glx, int levels)
{
	memset(dte, 0, sizeof(*dte));
	dte->dte[0] = DTE_V | DTE_TV | DTE_GIOV | DTE_GV | DTE_GLX(glx) |
		      (gcr3 >> 12 & 7) << 58;
	dte->dte[1] = (gcr3 >> 15 & 0xffff) << 16 | (gcr3 >> 31) << 43;
	dte->dte[2] = DTE_LEVELS(levels);
}

FIXTURE_SETUP(amd)
{
	world_open(&self->w);
	self->dev = guest_device(&self->w, IOMMU_NEXT_MOCK_AMD |
					   IOMMU_NEXT_MOCK_HW_INFO |
					   IOMMU_NEXT_MOCK_PASID);
	guest_open(&self->g, &self->w, self->dev, 0);
	self->gcr3 = guest_page(&self->g);
	self->root = guest_page(&self->g);
	self->data = guest_page(&self->g);
	*(uint64_t *)guest_at(&self->g, self->gcr3) = self->root | GCR3_VALID;
	memset(guest_at(&self->g, self->data), 0x5c, PAGE);
	dte_fill(&self->dte, self->gcr3, 1, 4);
}

FIXTURE_TEARDOWN(amd)
{
	world_close(&self->w);
}

static int nest_on(struct amd_data *self, uint32_t pt, uint32_t flags,
		   uint32_t len, uint32_t *hwpt)
{
	struct iommu_next_hwpt_alloc arg = {
		.flags = flags,
		.dev_id = self->dev->id,
		.pt_id = pt,
		.data_type = IOMMU_NEXT_HWPT_DATA_AMD_GUEST,
		.data_len = len,
		.data_uptr = (uintptr_t)&self->dte,
	};

	return hwpt_alloc(self->w.fd, &arg, hwpt);
}

static int nest(struct amd_data *self, uint32_t *hwpt)
{
	return nest_on(self, self->g.parent, 0, sizeof(self->dte), hwpt);
}

static uint32_t attach(struct amd_data *self)
{
	uint32_t hwpt = 0;

	ASSERT_EQ(0, nest(self, &hwpt));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, hwpt));
	return hwpt;
}

TEST_F(amd, reaches_the_right_byte)
{
	uint64_t other = guest_page(&self->g);

	guest_map(&self->g, self->root, 4, VA, self->data, PAGE, PT_RW);
	guest_map(&self->g, self->root, 4, VA + PAGE, other, PAGE, PT_RW);
	attach(self);
	guest_expect_bytes(&self->g, self->dev, VA, self->data, other);
}

TEST_F(amd, levels_and_large_pages)
{
	uint64_t mid = guest_page(&self->g), top = guest_page(&self->g);
	uint64_t root5 = guest_page(&self->g), high = 0xff00000000000ULL;
	unsigned char *mem = guest_at(&self->g, self->data);

	/* IOVA is 1 GiB: one entry reaches all of the guest's memory. */
	guest_map(&self->g, self->root, 4, VA + (1ULL << 30), IOVA, 1ULL << 30,
		  PT_RW);
	guest_map(&self->g, self->root, 4, VA, IOVA, HUGE, PT_RO);
	*(uint64_t *)guest_at(&self->g, mid) = self->gcr3 | GCR3_VALID;
	*(uint64_t *)guest_at(&self->g, top) = mid | GCR3_VALID;
	for (int glx = 1; glx <= 3; glx++) {
		dte_fill(&self->dte, glx == 1 ? self->gcr3 :
				     glx == 2 ? mid : top, glx, 4);
		attach(self);
		EXPECT_TRUE(world_reads(self->dev, VA + (1ULL << 30) +
					self->data - IOVA, mem, PAGE));
		EXPECT_TRUE(world_reads(self->dev, VA + self->data - IOVA, mem,
					PAGE));
		EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1_PERMISSION,
			  world_touch(self->dev, VA, true));
	}
	guest_map(&self->g, root5, 5, high, self->data, PAGE, PT_RW);
	*(uint64_t *)guest_at(&self->g, self->gcr3) = root5 | GCR3_VALID;
	dte_fill(&self->dte, self->gcr3, 1, 5);
	attach(self);
	EXPECT_TRUE(world_reads(self->dev, high, mem, PAGE));
}

TEST_F(amd, faults)
{
	uint64_t *gcr3 = guest_at(&self->g, self->gcr3);

	guest_map(&self->g, self->root, 4, VA, self->data, PAGE, PT_RO);
	guest_map(&self->g, self->root, 4, VA + PAGE, self->data, PAGE,
		  PT_PRESENT | PT_WRITE);
	guest_map(&self->g, self->root, 4, VA + 2 * PAGE, 1ULL << 40, PAGE,
		  PT_RW);
	attach(self);
	EXPECT_EQ(0, world_touch(self->dev, VA, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1_PERMISSION,
		  world_touch(self->dev, VA, true));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1_PERMISSION,
		  world_touch(self->dev, VA + PAGE, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  world_touch(self->dev, VA + 2 * PAGE, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1,
		  world_touch(self->dev, VA + 3 * PAGE, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1,
		  world_touch(self->dev, 1ULL << 47, false));
	*gcr3 &= ~GCR3_VALID;
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1,
		  world_touch(self->dev, VA, false));
	*gcr3 = 1ULL << 40 | GCR3_VALID;
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1_TABLE,
		  world_touch(self->dev, VA, false));
	/* A GCR3 table that is not there; one at the highest address. */
	dte_fill(&self->dte, 1ULL << 40, 1, 4);
	attach(self);
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1_TABLE,
		  world_touch(self->dev, VA, false));
	dte_fill(&self->dte, 0xffffffffff000ULL, 1, 4);
	attach(self);
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1_TABLE,
		  world_touch(self->dev, VA, false));
}

/* Without GIoV requests that have no PASID are the parent's alone. */
TEST_F(amd, only_with_giov)
{
	self->dte.dte[0] &= ~DTE_GIOV;
	attach(self);
	EXPECT_TRUE(world_reads(self->dev, self->data,
				guest_at(&self->g, self->data), PAGE));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  world_touch(self->dev, VA, false));
}

/* There is no command to flush with, so nothing has to be flushed. */
TEST_F(amd, nothing_is_cached)
{
	struct iommu_next_hwpt_vtd_s1_invalidate inv = { .npages = 1 };
	uint32_t hwpt, num = 1;

	guest_map(&self->g, self->root, 4, VA, self->data, PAGE, PT_RW);
	hwpt = attach(self);
	EXPECT_EQ(0, world_touch(self->dev, VA, true));
	*guest_entry(&self->g, self->root, 4, VA, 1) = 0;
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1,
		  world_touch(self->dev, VA, true));
	EXPECT_ERRNO(EOPNOTSUPP,
		     hwpt_invalidate(self->w.fd, hwpt,
				     IOMMU_NEXT_HWPT_INVALIDATE_DATA_VTD_S1,
				     &inv, sizeof(inv), &num));
	EXPECT_EQ(0, num);
}

TEST_F(amd, refused)
{
	const struct iommu_next_hwpt_amd_guest good = self->dte;
	long domains = world_stats(&self->w, self->dev).domains;
	uint32_t size = sizeof(good), hwpt;
	int bit;

	#define REFUSED(_errno) do {						\
		EXPECT_ERRNO(_errno, nest(self, &hwpt));			\
		self->dte = good;						\
	} while (0)
	for (bit = 9; bit <= 51; bit++) {
		self->dte.dte[0] |= 1ULL << bit;
		REFUSED(EINVAL);
	}
	self->dte.dte[0] |= 3ULL << 56;
	REFUSED(EINVAL);
	self->dte.dte[2] |= 2ULL << 54;
	REFUSED(EINVAL);
	self->dte.dte[2] |= 3ULL << 54;
	REFUSED(EINVAL);
	self->dte.dte[0] &= ~(7ULL << 58);
	self->dte.dte[1] = 0;
	REFUSED(EINVAL);
	#undef REFUSED
	EXPECT_ERRNO(EINVAL, nest_on(self, self->g.parent, 0, size - 1, &hwpt));
	EXPECT_ERRNO(EINVAL, nest_on(self, self->g.parent, 0, size + 1, &hwpt));
	EXPECT_ERRNO(EINVAL, nest_on(self, self->g.parent, 0, 8, &hwpt));
	EXPECT_ERRNO(EINVAL, nest_on(self, self->dev->id, 0, size, &hwpt));
	EXPECT_ERRNO(EOPNOTSUPP,
		     nest_on(self, self->g.parent,
			     IOMMU_NEXT_HWPT_ALLOC_PASID, size, &hwpt));
	/* The format of somebody else, here and there. */
	EXPECT_ERRNO(EOPNOTSUPP, hwpt_nested(&self->g, self->dev->id,
					     self->root, 4, 0, 0, &hwpt));
	EXPECT_EQ(domains, world_stats(&self->w, self->dev).domains);
	self->dev = guest_device(&self->w, 0);
	EXPECT_ERRNO(EINVAL, nest(self, &hwpt));
	ASSERT_EQ(0, hwpt_flags(self->w.fd, self->dev->id, self->w.ioas,
				IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT,
				&self->g.parent));
	EXPECT_ERRNO(EOPNOTSUPP, nest(self, &hwpt));
}

/* What the driver of 7.3 does not look at. */
TEST_F(amd, bits_without_a_meaning)
{
	guest_map(&self->g, self->root, 4, VA, self->data, PAGE, PT_RW);
	self->dte.dte[0] &= ~(DTE_V | DTE_TV | DTE_GV);
	self->dte.dte[1] |= 0xffff;
	self->dte.dte[3] = UINT64_MAX;
	attach(self);
	EXPECT_EQ(0, world_touch(self->dev, VA, true));
}

TEST_F(amd, describes_itself)
{
	struct iommu_next_hw_info_amd amd = {};
	struct iommu_next_hw_info info;

	ASSERT_EQ(0, inx_hw_info(self->w.fd, self->dev->id, &amd, sizeof(amd),
				 &info));
	EXPECT_EQ(IOMMU_NEXT_HW_INFO_TYPE_AMD, info.out_data_type);
	EXPECT_EQ(sizeof(amd), info.data_len);
	/* Guest translation, tables of 5 levels, 3 of GCR3 tables. */
	EXPECT_EQ(1ULL << 4, amd.efr & 1ULL << 4);
	EXPECT_EQ(1, amd.efr >> 12 & 3);
	EXPECT_EQ(2, amd.efr >> 14 & 3);
	info.flags = IOMMU_NEXT_HW_INFO_FLAG_INPUT_TYPE;
	info.in_data_type = IOMMU_NEXT_HW_INFO_TYPE_INTEL_VTD;
	EXPECT_ERRNO(EOPNOTSUPP,
		     ioctl(self->w.fd, IOMMU_NEXT_GET_HW_INFO, &info));
}

TEST_F(amd, device_goes)
{
	uint32_t hwpt = attach(self);

	ASSERT_EQ(0, inx_mock_remove(self->w.mock, self->dev->mock));
	self->dev->mock = 0;
	EXPECT_ERRNO(EBUSY, inx_destroy(self->w.fd, self->g.parent));
	EXPECT_EQ(0, inx_destroy(self->w.fd, hwpt));
	EXPECT_EQ(0, inx_destroy(self->w.fd, self->g.parent));
}

static void live(void *arg)
{
	struct amd_data *self = arg;

	for (;;) {
		uint32_t hwpt = attach(self);

		world_touch(self->dev, VA, true);
		inx_detach(self->dev->fd);
		inx_destroy(self->w.fd, hwpt);
	}
}

TEST_F(amd, killed_and_closed)
{
	guest_map(&self->g, self->root, 4, VA, self->data, PAGE, PT_RW);
	guest_kill(self->dev, live, self);
	attach(self);
	/* The fixture's end looks for what is left. */
}

TEST_HARNESS_MAIN
