// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none */
/*
 * Hardware page tables: made by hand, made by an attach and shared, and what
 * the IOMMU says of itself.
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "world.h"

#define MEM_LENGTH (8 * PAGE)

FIXTURE(hwpt)
{
	struct world w;
	struct world_dev *dev;
	char *mem;
};

FIXTURE_VARIANT(hwpt)
{
	bool attach_first;
};

FIXTURE_VARIANT_ADD(hwpt, plain)
{
	.attach_first = false,
};

FIXTURE_VARIANT_ADD(hwpt, attach_first)
{
	.attach_first = true,
};

static struct world_dev *bind(struct world *w, bool attach_first,
			      uint64_t sizes)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();

	how.flags = attach_first ? IOMMU_NEXT_MOCK_ATTACH_FIRST : 0;
	how.page_sizes = sizes;
	return world_bind(w, &how);
}

FIXTURE_SETUP(hwpt)
{
	world_open(&self->w);
	self->dev = bind(&self->w, variant->attach_first, 0);
	self->mem = inx_alloc(MEM_LENGTH);
	memset(self->mem, 0x2a, MEM_LENGTH);
	ASSERT_EQ(0, inx_map_at(self->w.fd, self->w.ioas, self->mem,
				MEM_LENGTH, IOVA));
}

FIXTURE_TEARDOWN(hwpt)
{
	world_close(&self->w);
}

static uint32_t alloc(struct hwpt_data *self)
{
	uint32_t hwpt = 0;

	ASSERT_EQ(0, inx_hwpt_alloc(self->w.fd, self->dev->id, self->w.ioas,
				    &hwpt));
	ASSERT_NE(0, hwpt);
	return hwpt;
}

/* ---- HWPT_ALLOC ---------------------------------------------------------------------- */

TEST_F(hwpt, alloc_holds_what_the_ioas_maps)
{
	long mapped = variant->attach_first ? 0 : MEM_LENGTH;
	struct world *w = &self->w;
	uint32_t hwpt = alloc(self);

	EXPECT_EQ(1, world_stats(w, self->dev).domains);
	/* Nobody is attached, but whoever will be finds it complete. */
	EXPECT_EQ(mapped, world_stats(w, self->dev).bytes);
	EXPECT_EQ(mapped / 1024, world_pinned(w));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  world_touch(self->dev, IOVA, false));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, hwpt));
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, MEM_LENGTH));
	EXPECT_EQ((long)MEM_LENGTH / 1024, world_pinned(w));
	/* And it follows. */
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, PAGE, 2 * IOVA));
	EXPECT_TRUE(world_reads(self->dev, 2 * IOVA, self->mem, PAGE));
	ASSERT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, MEM_LENGTH, NULL));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  world_touch(self->dev, IOVA, false));
	EXPECT_EQ(PAGE, world_stats(w, self->dev).bytes);
}

TEST_F(hwpt, lives_until_it_is_destroyed)
{
	struct world *w = &self->w;
	uint32_t hwpt = alloc(self), pt = hwpt;

	EXPECT_ERRNO(EBUSY, inx_destroy(w->fd, w->ioas));
	ASSERT_EQ(0, inx_attach(self->dev->fd, &pt));
	EXPECT_EQ(hwpt, pt);
	EXPECT_ERRNO(EBUSY, inx_destroy(w->fd, hwpt));
	ASSERT_EQ(0, inx_detach(self->dev->fd));
	EXPECT_EQ(1, world_stats(w, self->dev).domains);
	EXPECT_EQ((long)MEM_LENGTH / 1024, world_pinned(w));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, hwpt));
	world_close_dev(self->dev);
	/* Not even with the device that it was made for. */
	EXPECT_EQ(1, world_stats(w, self->dev).domains);
	EXPECT_EQ((long)MEM_LENGTH / 1024, world_pinned(w));
	EXPECT_EQ(0, inx_destroy(w->fd, hwpt));
	EXPECT_EQ(0, world_stats(w, self->dev).domains);
	EXPECT_EQ(0, world_pinned(w));
	EXPECT_ERRNO(ENOENT, inx_destroy(w->fd, hwpt));
	EXPECT_EQ(0, inx_destroy(w->fd, w->ioas));
}

TEST_F(hwpt, alloc_unknown)
{
	struct iommu_next_hwpt_alloc arg = {
		.size = sizeof(arg),
		.dev_id = self->dev->id,
		.pt_id = self->w.ioas,
	};
	const unsigned long cmd = IOMMU_NEXT_HWPT_ALLOC;
	char data[32] = {};
	int fd = self->w.fd, bit;

	/* What the lower ones mean is tested in nested.c, pasid.c and so on. */
	for (bit = 4; bit < 32; bit++) {
		arg.flags = 1U << bit;
		if (arg.flags == IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING)
			continue;
		EXPECT_ERRNO(EOPNOTSUPP, ioctl(fd, cmd, &arg));
	}
	arg.flags = 0;
	arg.__reserved = 1;
	EXPECT_ERRNO(EOPNOTSUPP, ioctl(fd, cmd, &arg));
	arg.__reserved = 0;
	arg.__reserved2 = 1;
	EXPECT_ERRNO(EOPNOTSUPP, ioctl(fd, cmd, &arg));
	arg.__reserved2 = 0;

	/* Data goes with a type, and only with one. */
	arg.data_len = 4;
	arg.data_uptr = (uintptr_t)data;
	EXPECT_ERRNO(EINVAL, ioctl(fd, cmd, &arg));
	arg.data_type = IOMMU_NEXT_HWPT_DATA_VTD_S1;
	arg.data_len = 0;
	EXPECT_ERRNO(EINVAL, ioctl(fd, cmd, &arg));
	arg.data_len = sizeof(struct iommu_next_hwpt_vtd_s1);
	EXPECT_ERRNO(EOPNOTSUPP, ioctl(fd, cmd, &arg));
	arg.data_type = UINT32_MAX;
	EXPECT_ERRNO(EOPNOTSUPP, ioctl(fd, cmd, &arg));
	EXPECT_EQ(0, world_stats(&self->w, self->dev).domains);
	EXPECT_EQ(0, inx_destroy(fd, self->w.ioas));
}

TEST_F(hwpt, alloc_for_what_is_none)
{
	uint32_t gone = world_ioas(&self->w), hwpt = alloc(self);
	uint32_t ioas = self->w.ioas, dev = self->dev->id;
	int fd = self->w.fd;

	ASSERT_EQ(0, inx_destroy(fd, gone));
	EXPECT_ERRNO(ENOENT, inx_hwpt_alloc(fd, 0, ioas, NULL));
	EXPECT_ERRNO(ENOENT, inx_hwpt_alloc(fd, UINT32_MAX, ioas, NULL));
	EXPECT_ERRNO(ENOENT, inx_hwpt_alloc(fd, ioas, ioas, NULL));
	EXPECT_ERRNO(ENOENT, inx_hwpt_alloc(fd, hwpt, ioas, NULL));
	EXPECT_ERRNO(EINVAL, inx_hwpt_alloc(fd, dev, 0, NULL));
	EXPECT_ERRNO(EINVAL, inx_hwpt_alloc(fd, dev, gone, NULL));
	EXPECT_ERRNO(EINVAL, inx_hwpt_alloc(fd, dev, UINT32_MAX, NULL));
	/* Neither can be a parent; without data the first is not meant to be. */
	EXPECT_ERRNO(EOPNOTSUPP, inx_hwpt_alloc(fd, dev, hwpt, NULL));
	EXPECT_ERRNO(EINVAL, inx_hwpt_alloc(fd, dev, dev, NULL));
	EXPECT_EQ(1, world_stats(&self->w, self->dev).domains);
}

TEST_F(hwpt, alloc_with_bad_memory)
{
	struct world *w = &self->w;
	uint32_t hwpt;

	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, NULL, PAGE, 2 * IOVA));
	if (variant->attach_first) {
		/* Nobody has looked at it; the attach will. */
		hwpt = alloc(self);
		EXPECT_ERRNO(EFAULT, inx_attach_to(self->dev->fd, hwpt));
		EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
			  world_touch(self->dev, IOVA, false));
		EXPECT_EQ(0, world_pinned(w));
		ASSERT_EQ(0, inx_unmap(w->fd, w->ioas, 2 * IOVA, PAGE, NULL));
		EXPECT_EQ(0, inx_attach_to(self->dev->fd, hwpt));
	} else {
		EXPECT_ERRNO(EFAULT, inx_hwpt_alloc(w->fd, self->dev->id,
						    w->ioas, &hwpt));
		EXPECT_EQ(0, world_stats(w, self->dev).domains);
		EXPECT_EQ(0, world_pinned(w));
		ASSERT_EQ(0, inx_unmap(w->fd, w->ioas, 2 * IOVA, PAGE, NULL));
		hwpt = alloc(self);
		EXPECT_EQ(0, inx_attach_to(self->dev->fd, hwpt));
	}
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, MEM_LENGTH));
}

TEST_F(hwpt, alloc_failing)
{
	struct world *w = &self->w;
	uint32_t hwpt;

	world_fail_next(w, self->dev, IOMMU_NEXT_MOCK_FAIL_DOMAIN_ALLOC, 0);
	EXPECT_ERRNO(ENOMEM, inx_hwpt_alloc(w->fd, self->dev->id, w->ioas,
					    &hwpt));
	EXPECT_EQ(0, world_stats(w, self->dev).domains);
	EXPECT_EQ(0, world_pinned(w));
	alloc(self);
}

TEST_F(hwpt, for_a_device_of_another_kind)
{
	struct world_dev *other = bind(&self->w, variant->attach_first, PAGE);
	struct world *w = &self->w;
	uint32_t hwpt = alloc(self);

	EXPECT_ERRNO(EINVAL, inx_attach_to(other->fd, hwpt));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  world_touch(other, IOVA, false));
	/* Also as a replacement, where the device keeps what it has. */
	ASSERT_EQ(0, inx_attach_to(other->fd, w->ioas));
	EXPECT_ERRNO(EINVAL, inx_attach_to(other->fd, hwpt));
	EXPECT_TRUE(world_reads(other, IOVA, self->mem, MEM_LENGTH));
	EXPECT_EQ(0, inx_destroy(w->fd, hwpt));
}

TEST_F(hwpt, for_several_devices)
{
	struct world_dev *other = bind(&self->w, variant->attach_first, 0);
	struct world *w = &self->w;
	uint32_t hwpt = alloc(self);

	ASSERT_EQ(0, inx_attach_to(self->dev->fd, hwpt));
	ASSERT_EQ(0, inx_attach_to(other->fd, hwpt));
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, MEM_LENGTH));
	EXPECT_TRUE(world_reads(other, IOVA, self->mem, MEM_LENGTH));
	ASSERT_EQ(0, inx_detach(self->dev->fd));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  world_touch(self->dev, IOVA, false));
	EXPECT_TRUE(world_reads(other, IOVA, self->mem, MEM_LENGTH));
	EXPECT_ERRNO(EBUSY, inx_destroy(w->fd, hwpt));
}

TEST_F(hwpt, replace_on_one_ioas)
{
	struct world *w = &self->w;
	uint32_t a = alloc(self), b = alloc(self);
	int dev = self->dev->fd;

	EXPECT_NE(a, b);
	EXPECT_EQ(2, world_stats(w, self->dev).domains);
	ASSERT_EQ(0, inx_attach_to(dev, a));
	ASSERT_EQ(0, inx_attach_to(dev, b));
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, MEM_LENGTH));
	EXPECT_EQ(0, inx_destroy(w->fd, a));
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, MEM_LENGTH));
	/* What the device cannot do is still known. */
	EXPECT_ERRNO(EINVAL, inx_map_at(w->fd, w->ioas, self->mem, PAGE,
					1UL << 48));
	EXPECT_EQ((long)MEM_LENGTH / 1024, world_pinned(w));
	/* From one made by hand to an automatic one and back. */
	ASSERT_EQ(0, inx_attach_to(dev, w->ioas));
	EXPECT_EQ(2, world_stats(w, self->dev).domains);
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, MEM_LENGTH));
	ASSERT_EQ(0, inx_attach_to(dev, b));
	EXPECT_EQ(1, world_stats(w, self->dev).domains);
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, MEM_LENGTH));
}

/* The large pages of a table that has them have to go before the option. */
TEST_F(hwpt, option_huge_pages)
{
	const uint32_t option = IOMMU_NEXT_OPTION_HUGE_PAGES;
	struct world *w = &self->w;
	uint64_t val;

	alloc(self);
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, w->ioas));
	EXPECT_ERRNO(EINVAL, inx_option_set(w->fd, option, w->ioas, 0));
	EXPECT_EQ(0, inx_option_get(w->fd, option, w->ioas, &val));
	EXPECT_EQ(1, val);
	EXPECT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
	EXPECT_EQ(0, inx_option_set(w->fd, option, w->ioas, 0));
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, MEM_LENGTH, IOVA));
	/* The one that no device has used may be empty. */
	EXPECT_EQ((variant->attach_first ? 1 : 2) * MEM_LENGTH / PAGE,
		  world_stats(w, self->dev).pages);
	EXPECT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
	EXPECT_EQ(0, inx_option_set(w->fd, option, w->ioas, 1));
}

/* ---- automatic page tables --------------------------------------------------------------- */

TEST_F(hwpt, automatic_is_shared)
{
	struct world_dev *b = bind(&self->w, variant->attach_first, 0);
	uint32_t pt_a = self->w.ioas, pt_b = pt_a;
	struct world *w = &self->w;

	ASSERT_EQ(0, inx_attach(self->dev->fd, &pt_a));
	ASSERT_EQ(0, inx_attach(b->fd, &pt_b));
	EXPECT_EQ(pt_a, pt_b);
	EXPECT_EQ(1, world_stats(w, self->dev).domains);
	EXPECT_EQ(0, world_stats(w, b).domains);
	ASSERT_EQ(0, inx_detach(self->dev->fd));
	EXPECT_TRUE(world_reads(b, IOVA, self->mem, MEM_LENGTH));
	EXPECT_ERRNO(EBUSY, inx_destroy(w->fd, pt_b));
	/* Back again while it is there. */
	pt_a = w->ioas;
	ASSERT_EQ(0, inx_attach(self->dev->fd, &pt_a));
	EXPECT_EQ(pt_b, pt_a);
	ASSERT_EQ(0, inx_detach(self->dev->fd));
	ASSERT_EQ(0, inx_detach(b->fd));
	EXPECT_ERRNO(ENOENT, inx_destroy(w->fd, pt_b));
	EXPECT_EQ(0, world_stats(w, self->dev).domains);
	EXPECT_EQ(0, world_pinned(w));
}

TEST_F(hwpt, automatic_is_not_shared_with_another_kind)
{
	struct world_dev *b = bind(&self->w, variant->attach_first, PAGE);
	uint32_t pt_a = self->w.ioas, pt_b = pt_a;
	struct world *w = &self->w;

	ASSERT_EQ(0, inx_attach(self->dev->fd, &pt_a));
	ASSERT_EQ(0, inx_attach(b->fd, &pt_b));
	EXPECT_NE(pt_a, pt_b);
	EXPECT_EQ(1, world_stats(w, self->dev).domains);
	EXPECT_EQ(1, world_stats(w, b).domains);
	/* Two tables, one set of pins. */
	EXPECT_EQ((long)MEM_LENGTH / 1024, world_pinned(w));
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, MEM_LENGTH));
	EXPECT_TRUE(world_reads(b, IOVA, self->mem, MEM_LENGTH));
	ASSERT_EQ(0, inx_detach(self->dev->fd));
	EXPECT_EQ((long)MEM_LENGTH / 1024, world_pinned(w));
	EXPECT_TRUE(world_reads(b, IOVA, self->mem, MEM_LENGTH));
	ASSERT_EQ(0, inx_detach(b->fd));
	EXPECT_EQ(0, world_pinned(w));
}

/* One that was made by hand is for those who ask for it. */
TEST_F(hwpt, automatic_is_not_made_by_hand)
{
	uint32_t hwpt = alloc(self), pt = self->w.ioas;

	ASSERT_EQ(0, inx_attach(self->dev->fd, &pt));
	EXPECT_NE(hwpt, pt);
	EXPECT_EQ(2, world_stats(&self->w, self->dev).domains);
	ASSERT_EQ(0, inx_detach(self->dev->fd));
	EXPECT_EQ(1, world_stats(&self->w, self->dev).domains);
}

/* An automatic one can be named, and stays automatic. */
TEST_F(hwpt, automatic_by_its_id)
{
	struct world_dev *b = bind(&self->w, variant->attach_first, 0);
	uint32_t pt = self->w.ioas;
	struct world *w = &self->w;

	ASSERT_EQ(0, inx_attach(self->dev->fd, &pt));
	ASSERT_EQ(0, inx_attach_to(b->fd, pt));
	EXPECT_TRUE(world_reads(b, IOVA, self->mem, MEM_LENGTH));
	world_close_dev(self->dev);
	EXPECT_TRUE(world_reads(b, IOVA, self->mem, MEM_LENGTH));
	world_close_dev(b);
	EXPECT_ERRNO(ENOENT, inx_destroy(w->fd, pt));
	EXPECT_EQ(0, world_pinned(w));
}

/* ---- GET_HW_INFO ----------------------------------------------------------------------------- */

FIXTURE(info)
{
	struct world w;
	struct iommu_next_hw_info arg;
	unsigned char data[64];
};

FIXTURE_SETUP(info)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();

	world_open(&self->w);
	how.flags = IOMMU_NEXT_MOCK_HW_INFO;
	world_bind(&self->w, &how);
	memset(self->data, 0xee, sizeof(self->data));
	self->arg = (struct iommu_next_hw_info){
		.size = sizeof(self->arg),
		.dev_id = self->w.dev[0].id,
		.data_len = sizeof(self->data),
		.data_uptr = (uintptr_t)self->data,
	};
}

FIXTURE_TEARDOWN(info)
{
	world_close(&self->w);
}

static int info(struct info_data *self)
{
	return ioctl(self->w.fd, IOMMU_NEXT_GET_HW_INFO, &self->arg);
}

TEST_F(info, whole)
{
	const struct iommu_next_hw_info_vtd *vtd = (void *)self->data;
	size_t i;

	ASSERT_EQ(0, info(self));
	EXPECT_EQ(IOMMU_NEXT_HW_INFO_TYPE_INTEL_VTD, self->arg.out_data_type);
	EXPECT_EQ(sizeof(*vtd), self->arg.data_len);
	EXPECT_EQ(0, vtd->flags);
	EXPECT_NE(0, vtd->cap_reg);
	EXPECT_NE(0, vtd->ecap_reg);
	EXPECT_NE(0xeeeeeeeeeeeeeeee, vtd->cap_reg);
	EXPECT_NE(0xeeeeeeeeeeeeeeee, vtd->ecap_reg);
	for (i = sizeof(*vtd); i < sizeof(self->data); i++)
		EXPECT_EQ(0, self->data[i]);
	EXPECT_EQ(0, self->arg.out_max_pasid_log2);
	EXPECT_EQ(IOMMU_NEXT_HW_CAP_DIRTY_TRACKING |
			  IOMMU_NEXT_HW_CAP_PCI_ATS_NOT_SUPPORTED,
		  self->arg.out_capabilities);
}

TEST_F(info, rooms)
{
	static const uint32_t room[] = { 0, 1, 8, 23, 24, 25, 64 };
	unsigned char whole[64];
	size_t i, j;

	ASSERT_EQ(0, info(self));
	memcpy(whole, self->data, sizeof(whole));
	for (i = 0; i < sizeof(room) / sizeof(*room); i++) {
		memset(self->data, 0xee, sizeof(self->data));
		self->arg.data_len = room[i];
		self->arg.out_data_type = 0;
		EXPECT_EQ(0, info(self));
		/* As much as goes in; how much there is can be learnt first. */
		EXPECT_EQ(24, self->arg.data_len);
		EXPECT_EQ(IOMMU_NEXT_HW_INFO_TYPE_INTEL_VTD,
			  self->arg.out_data_type);
		for (j = 0; j < sizeof(whole); j++)
			EXPECT_EQ(j < room[i] ? whole[j] : 0xee, self->data[j]);
	}
}

TEST_F(info, addresses)
{
	unsigned char *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE |
				   MAP_ANONYMOUS, -1, 0);

	self->arg.data_uptr = 0;
	EXPECT_ERRNO(EFAULT, info(self));
	self->arg.data_uptr = (uintptr_t)page;
	EXPECT_ERRNO(EFAULT, info(self));
	/* Only the zeros behind the information do not fit. */
	self->arg.data_uptr = (uintptr_t)page - 24;
	ASSERT_NE(MAP_FAILED, mmap(page - PAGE, PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
				   -1, 0));
	EXPECT_ERRNO(EFAULT, info(self));
	self->arg.data_len = 24;
	EXPECT_EQ(0, info(self));
	self->arg.data_len = 0;
	self->arg.data_uptr = 0;
	EXPECT_EQ(0, info(self));
	EXPECT_EQ(24, self->arg.data_len);
}

TEST_F(info, unknown)
{
	int bit, i;

	for (bit = 1; bit < 32; bit++) {
		self->arg.flags = 1U << bit;
		EXPECT_ERRNO(EOPNOTSUPP, info(self));
	}
	self->arg.flags = 0;
	for (i = 0; i < 3; i++) {
		self->arg.__reserved[i] = 1;
		EXPECT_ERRNO(EOPNOTSUPP, info(self));
		self->arg.__reserved[i] = 0;
	}
	EXPECT_EQ(0, info(self));
}

TEST_F(info, types)
{
	/* Without the flag the field is not looked at. */
	self->arg.in_data_type = IOMMU_NEXT_HW_INFO_TYPE_ARM_SMMUV3;
	EXPECT_EQ(0, info(self));
	self->arg.flags = IOMMU_NEXT_HW_INFO_FLAG_INPUT_TYPE;
	self->arg.in_data_type = IOMMU_NEXT_HW_INFO_TYPE_DEFAULT;
	EXPECT_EQ(0, info(self));
	EXPECT_EQ(IOMMU_NEXT_HW_INFO_TYPE_INTEL_VTD, self->arg.out_data_type);
	EXPECT_EQ(0, info(self));
	self->arg.in_data_type = IOMMU_NEXT_HW_INFO_TYPE_ARM_SMMUV3;
	EXPECT_ERRNO(EOPNOTSUPP, info(self));
	self->arg.in_data_type = UINT32_MAX;
	EXPECT_ERRNO(EOPNOTSUPP, info(self));
}

TEST_F(info, of_what_is_none)
{
	self->arg.dev_id = 0;
	EXPECT_ERRNO(ENOENT, info(self));
	self->arg.dev_id = 12345;
	EXPECT_ERRNO(ENOENT, info(self));
	self->arg.dev_id = self->w.ioas;
	EXPECT_ERRNO(ENOENT, info(self));
	self->arg.dev_id = self->w.dev[0].id;
	world_close_dev(&self->w.dev[0]);
	EXPECT_ERRNO(ENOENT, info(self));
}

TEST_F(info, of_an_iommu_without_any)
{
	struct world_dev *dev = world_bind(&self->w, NULL);
	size_t i;

	self->arg.dev_id = dev->id;
	EXPECT_EQ(0, info(self));
	EXPECT_EQ(IOMMU_NEXT_HW_INFO_TYPE_NONE, self->arg.out_data_type);
	EXPECT_EQ(0, self->arg.data_len);
	for (i = 0; i < sizeof(self->data); i++)
		EXPECT_EQ(0, self->data[i]);
}

TEST_HARNESS_MAIN
