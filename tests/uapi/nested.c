// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none,smp timeout=120 */
/*
 * Page tables of the user's: they translate, what is cached of them stays until it
 * is flushed, and they keep what they stand on.
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "racer.h"
#include "tap.h"

#define VA 0x7f0000000000ULL
#define VTD_INV IOMMU_NEXT_HWPT_INVALIDATE_DATA_VTD_S1

FIXTURE(nested)
{
	struct world w;
	struct world_dev *dev;
	struct guest g;
	uint64_t root;
	uint64_t data;
};

FIXTURE_SETUP(nested)
{
	world_open(&self->w);
	self->dev = world_bind(&self->w, NULL);
	guest_open(&self->g, &self->w, self->dev, 0);
	self->root = guest_page(&self->g);
	self->data = guest_page(&self->g);
	memset(guest_at(&self->g, self->data), 0x5c, PAGE);
}

FIXTURE_TEARDOWN(nested)
{
	world_close(&self->w);
}

static uint32_t nest(struct nested_data *self)
{
	uint32_t hwpt = 0;

	ASSERT_EQ(0, hwpt_nested(&self->g, self->dev->id, self->root, 4, 0, 0,
				 &hwpt));
	ASSERT_NE(0, hwpt);
	return hwpt;
}

static uint32_t nest_attached(struct nested_data *self)
{
	uint32_t hwpt = nest(self);

	ASSERT_EQ(0, inx_attach_to(self->dev->fd, hwpt));
	return hwpt;
}

/* ---- translation ------------------------------------------------------------- */

TEST_F(nested, reaches_the_right_byte)
{
	uint64_t other = guest_page(&self->g);

	guest_map(&self->g, self->root, 4, VA, self->data, PAGE, PT_RW);
	/* Beside each other for the device, not in memory. */
	guest_map(&self->g, self->root, 4, VA + PAGE, other, PAGE, PT_RW);
	nest_attached(self);
	guest_expect_bytes(&self->g, self->dev, VA, self->data, other);
}

TEST_F(nested, large_pages_and_levels)
{
	uint64_t root5 = guest_page(&self->g), high = 0xff00000000000ULL;
	unsigned char *mem = guest_at(&self->g, self->data);
	uint32_t hwpt;

	/* IOVA is 1 GiB: one entry reaches all of the guest's memory. */
	guest_map(&self->g, self->root, 4, VA + (1ULL << 30), IOVA, 1ULL << 30,
		  PT_RW);
	guest_map(&self->g, self->root, 4, VA, IOVA, HUGE, PT_RO);
	nest_attached(self);
	EXPECT_TRUE(world_reads(self->dev, VA + (1ULL << 30) + PAGE, mem,
				PAGE));
	EXPECT_TRUE(world_reads(self->dev, VA + PAGE, mem, PAGE));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1_PERMISSION,
		  world_touch(self->dev, VA + PAGE, true));
	EXPECT_EQ(0, world_touch(self->dev, VA + (1ULL << 30) + PAGE, true));
	/* Behind its memory the guest's page goes on, the parent's does not. */
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  world_touch(self->dev, VA + GUEST_PAGES * PAGE, false));

	guest_map(&self->g, root5, 5, high, self->data, PAGE, PT_RW);
	ASSERT_EQ(0, hwpt_nested(&self->g, self->dev->id, root5, 5, 0, 0,
				 &hwpt));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, hwpt));
	EXPECT_TRUE(world_reads(self->dev, high, mem, PAGE));
}

TEST_F(nested, faults)
{
	const uint64_t bad = 0x0000800000000000ULL;

	guest_map(&self->g, self->root, 4, VA, self->data, PAGE, PT_RO);
	guest_map(&self->g, self->root, 4, VA + PAGE, self->data, PAGE,
		  PT_PRESENT | PT_WRITE);
	guest_map(&self->g, self->root, 4, VA + 2 * PAGE, 1ULL << 40, PAGE,
		  PT_RW);
	nest_attached(self);
	EXPECT_EQ(0, world_touch(self->dev, VA, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1_PERMISSION,
		  world_touch(self->dev, VA, true));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1_PERMISSION,
		  world_touch(self->dev, VA + PAGE, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  world_touch(self->dev, VA + 2 * PAGE, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1,
		  world_touch(self->dev, VA + 3 * PAGE, false));
	/* Not canonical, although the bits below would be translated. */
	guest_map(&self->g, self->root, 4, bad, self->data, PAGE, PT_RW);
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1,
		  world_touch(self->dev, bad, false));
	EXPECT_EQ(0, world_touch(self->dev, bad | 0xffffULL << 48, false));
}

TEST_F(nested, table_that_is_not_there)
{
	struct guest *g = &self->g;

	guest_map(g, self->root, 4, VA, self->data, PAGE, PT_RW);
	*guest_entry(g, self->root, 4, VA, 3) = 1ULL << 40 | PT_RW;
	nest_attached(self);
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1_TABLE,
		  world_touch(self->dev, VA, false));
}

/* What the parent has recorded of the guest's memory, a bit a page. */
static uint64_t dirty_pages(struct nested_data *self)
{
	uint64_t bits = 0;

	ASSERT_EQ(0, inx_dirty_read(self->w.fd, self->g.parent, 0, IOVA,
				    GUEST_PAGES * PAGE, PAGE, &bits));
	return bits;
}

/* Through both stages; what is cached of the first one does not hide a write. */
TEST_F(nested, writes_are_dirty_in_the_parent)
{
	uint64_t bit = 1ULL << (self->data - IOVA) / PAGE, bits;
	struct world_dev *other;
	uint32_t hwpt;
	int i;

	ASSERT_EQ(0, hwpt_flags(self->w.fd, self->dev->id, self->w.ioas,
				IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT |
				IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING,
				&self->g.parent));
	guest_map(&self->g, self->root, 4, VA, self->data, PAGE, PT_RW);
	hwpt = nest_attached(self);
	ASSERT_EQ(0, inx_dirty_set(self->w.fd, self->g.parent, true));
	EXPECT_ERRNO(ENOENT, inx_dirty_set(self->w.fd, hwpt, true));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, world_touch(self->dev, VA, false));
		bits = dirty_pages(self);
		EXPECT_EQ(0, bits);
		EXPECT_EQ(0, world_touch(self->dev, VA, true));
		EXPECT_EQ(0, world_touch(self->dev, VA, true));
		bits = dirty_pages(self);
		EXPECT_EQ(bit, bits);
	}
	/* A table that does not track says so, and so does a nested one. */
	EXPECT_ERRNO(ENOENT, inx_dirty_read(self->w.fd, hwpt, 0, IOVA, PAGE,
					    PAGE, &bits));
	other = guest_device(&self->w, IOMMU_NEXT_MOCK_NO_DIRTY);
	EXPECT_ERRNO(EINVAL, inx_attach_to(other->fd, hwpt));
}

/* Memory that is taken from the guest is gone at once, whatever is cached. */
TEST_F(nested, second_stage_goes_first)
{
	guest_map(&self->g, self->root, 4, VA, self->data, PAGE, PT_RW);
	nest_attached(self);
	EXPECT_EQ(0, world_touch(self->dev, VA, true));
	ASSERT_EQ(0, inx_unmap_all(self->w.fd, self->w.ioas, NULL));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  world_touch(self->dev, VA, true));
	EXPECT_EQ(0, world_pinned(&self->w));
}

/* ---- invalidation -------------------------------------------------------------- */

TEST_F(nested, stale_until_flushed)
{
	uint64_t other = guest_page(&self->g);
	uint64_t *entry;
	uint32_t hwpt;

	memset(guest_at(&self->g, other), 0x33, PAGE);
	guest_map(&self->g, self->root, 4, VA, self->data, PAGE, PT_RW);
	hwpt = nest_attached(self);
	EXPECT_TRUE(world_reads(self->dev, VA, guest_at(&self->g, self->data),
				PAGE));
	entry = guest_entry(&self->g, self->root, 4, VA, 1);
	*entry = other | PT_RW;
	/* Forgotten: the device uses the page that the guest has given up. */
	EXPECT_TRUE(world_reads(self->dev, VA, guest_at(&self->g, self->data),
				PAGE));
	ASSERT_EQ(0, hwpt_flush(self->w.fd, hwpt, VA + PAGE, 16));
	ASSERT_EQ(0, hwpt_flush(self->w.fd, hwpt, VA, 0));
	EXPECT_TRUE(world_reads(self->dev, VA, guest_at(&self->g, self->data),
				PAGE));
	ASSERT_EQ(0, hwpt_flush(self->w.fd, hwpt, VA, 1));
	EXPECT_TRUE(world_reads(self->dev, VA, guest_at(&self->g, other),
				PAGE));
	*entry = 0;
	EXPECT_EQ(0, world_touch(self->dev, VA, false));
	ASSERT_EQ(0, hwpt_flush(self->w.fd, hwpt, 0, UINT64_MAX));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1,
		  world_touch(self->dev, VA, false));
	/* What is not there is not cached. */
	*entry = self->data | PT_RW;
	EXPECT_EQ(0, world_touch(self->dev, VA, false));
}

TEST_F(nested, changing_over_flushes)
{
	uint32_t hwpt;

	guest_map(&self->g, self->root, 4, VA, self->data, PAGE, PT_RW);
	hwpt = nest_attached(self);
	EXPECT_EQ(0, world_touch(self->dev, VA, false));
	*guest_entry(&self->g, self->root, 4, VA, 1) = 0;
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, self->g.parent));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, hwpt));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1,
		  world_touch(self->dev, VA, false));
}

TEST_F(nested, invalidate_partially)
{
	struct iommu_next_hwpt_vtd_s1_invalidate inv[4] = {};
	uint32_t hwpt, num;
	int i;

	for (i = 0; i < 4; i++) {
		guest_map(&self->g, self->root, 4, VA + i * PAGE, self->data,
			  PAGE, PT_RW);
		inv[i].addr = VA + i * PAGE;
		inv[i].npages = 1;
	}
	hwpt = nest_attached(self);
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, world_touch(self->dev, VA + i * PAGE, false));
		*guest_entry(&self->g, self->root, 4, VA + i * PAGE, 1) = 0;
	}
	inv[2].flags = 1U << 31;
	num = 4;
	EXPECT_ERRNO(EOPNOTSUPP, hwpt_invalidate(self->w.fd, hwpt, VTD_INV, inv,
						 sizeof(inv[0]), &num));
	EXPECT_EQ(2, num);
	/* What is told as done is done, the rest is not. */
	for (i = 0; i < 4; i++)
		EXPECT_EQ(i < 2 ? IOMMU_NEXT_MOCK_FAULT_STAGE1 : 0,
			  world_touch(self->dev, VA + i * PAGE, false));
	inv[2].flags = IOMMU_NEXT_VTD_INV_FLAGS_LEAF;
	num = 2;
	EXPECT_EQ(0, hwpt_invalidate(self->w.fd, hwpt, VTD_INV, inv + 2,
				     sizeof(inv[0]), &num));
	EXPECT_EQ(2, num);
	for (i = 2; i < 4; i++)
		EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1,
			  world_touch(self->dev, VA + i * PAGE, false));
}

TEST_F(nested, invalidate_refused)
{
	struct iommu_next_hwpt_vtd_s1_invalidate inv[3] = {};
	const uint32_t size = sizeof(inv[0]);
	uint32_t hwpt = nest(self), num;
	int fd = self->w.fd;

	#define REFUSED(_errno, _hwpt, _type, _entries, _len, _num) do {	\
		num = _num;							\
		EXPECT_ERRNO(_errno, hwpt_invalidate(fd, _hwpt, _type,		\
						     _entries, _len, &num));	\
		EXPECT_EQ(0, num);						\
	} while (0)
	REFUSED(ENOENT, 12345, VTD_INV, inv, size, 1);
	REFUSED(EINVAL, self->g.parent, VTD_INV, inv, size, 1);
	REFUSED(EINVAL, self->w.ioas, VTD_INV, inv, size, 1);
	REFUSED(EINVAL, self->dev->id, VTD_INV, inv, size, 1);
	REFUSED(EINVAL, hwpt, VTD_INV + 1, inv, size, 1);
	REFUSED(EINVAL, hwpt, VTD_INV + 1, inv, size, 0);
	REFUSED(EINVAL, hwpt, UINT32_MAX, inv, size, 1);
	REFUSED(EINVAL, hwpt, VTD_INV, NULL, size, 1);
	REFUSED(EINVAL, hwpt, VTD_INV, inv, 0, 1);
	REFUSED(EINVAL, hwpt, VTD_INV, inv, size - 1, 1);
	REFUSED(EINVAL, hwpt, VTD_INV, inv, size + 1, 1);
	REFUSED(EINVAL, hwpt, VTD_INV, inv, PAGE + 1, 1);
	REFUSED(EINVAL, hwpt, VTD_INV, inv, size, (1U << 19) + 1);
	REFUSED(EINVAL, hwpt, VTD_INV, inv, size, UINT32_MAX);
	REFUSED(EFAULT, hwpt, VTD_INV, (void *)8, size, 1);
	inv[0].addr = 1;
	REFUSED(EINVAL, hwpt, VTD_INV, inv, size, 1);
	inv[0].addr = PAGE;
	inv[0].npages = UINT64_MAX;
	REFUSED(EINVAL, hwpt, VTD_INV, inv, size, 1);
	inv[0].npages = 1;
	inv[0].__reserved = 1;
	REFUSED(EOPNOTSUPP, hwpt, VTD_INV, inv, size, 1);
	#undef REFUSED

	/* Ask for the type. */
	num = 0;
	EXPECT_EQ(0, hwpt_invalidate(fd, hwpt, VTD_INV, NULL, 0, &num));
	EXPECT_EQ(0, num);
	/* As far as memory goes. */
	inv[0].__reserved = 0;
	num = 2;
	memcpy(self->g.mem + GUEST_PAGES * PAGE - size, inv, size);
	ASSERT_EQ(0, munmap(self->g.mem + GUEST_PAGES * PAGE, PAGE));
	EXPECT_ERRNO(EFAULT, hwpt_invalidate(fd, hwpt, VTD_INV,
					     self->g.mem + GUEST_PAGES * PAGE -
						     size,
					     size, &num));
	EXPECT_EQ(1, num);
}

TEST_F(nested, invalidate_argument)
{
	struct iommu_next_hwpt_invalidate arg = {
		.size = sizeof(arg),
		.hwpt_id = nest(self),
		.entry_num = 1,
		.__reserved = 1,
	};
	const unsigned long cmd = IOMMU_NEXT_HWPT_INVALIDATE;

	EXPECT_ERRNO(EOPNOTSUPP, ioctl(self->w.fd, cmd, &arg));
	EXPECT_EQ(0, arg.entry_num);
	arg.__reserved = 0;
	for (arg.size = 0; arg.size < sizeof(arg); arg.size++)
		EXPECT_ERRNO(EINVAL, ioctl(self->w.fd, cmd, &arg));
	EXPECT_EQ(0, ioctl(self->w.fd, cmd, &arg));
	EXPECT_ERRNO(EFAULT, ioctl(self->w.fd, cmd, NULL));
}

/* ---- HWPT_ALLOC ------------------------------------------------------------------- */

TEST_F(nested, alloc_refused)
{
	struct iommu_next_hwpt_vtd_s1 s1 = {
		.pgtbl_addr = self->root,
		.addr_width = 48,
	};
	struct iommu_next_hwpt_alloc arg = {
		.dev_id = self->dev->id,
		.pt_id = self->g.parent,
		.data_type = IOMMU_NEXT_HWPT_DATA_VTD_S1,
		.data_len = sizeof(s1),
		.data_uptr = (uintptr_t)&s1,
	};
	long domains = world_stats(&self->w, self->dev).domains;
	uint32_t plain, hwpt;
	int fd = self->w.fd, bit;

	for (bit = 0; bit < 32; bit++) {
		arg.flags = 1U << bit;
		if (arg.flags == IOMMU_NEXT_HWPT_ALLOC_PASID)
			continue;
		EXPECT_ERRNO(arg.flags == IOMMU_NEXT_HWPT_FAULT_ID_VALID ?
				     ENOENT : EOPNOTSUPP,
			     hwpt_alloc(fd, &arg, NULL));
	}
	arg.flags = 0;
	arg.data_type = UINT32_MAX;
	EXPECT_ERRNO(EOPNOTSUPP, hwpt_alloc(fd, &arg, NULL));
	arg.data_type = IOMMU_NEXT_HWPT_DATA_NONE;
	EXPECT_ERRNO(EINVAL, hwpt_alloc(fd, &arg, NULL));
	arg.data_type = IOMMU_NEXT_HWPT_DATA_VTD_S1;
	arg.data_len = 0;
	EXPECT_ERRNO(EINVAL, hwpt_alloc(fd, &arg, NULL));
	arg.data_len = sizeof(s1) - 1;
	EXPECT_ERRNO(EINVAL, hwpt_alloc(fd, &arg, NULL));
	arg.data_len = sizeof(s1) + 1;
	EXPECT_ERRNO(EINVAL, hwpt_alloc(fd, &arg, NULL));
	arg.data_len = UINT32_MAX;
	EXPECT_ERRNO(EINVAL, hwpt_alloc(fd, &arg, NULL));
	arg.data_len = sizeof(s1);
	arg.data_uptr = 0;
	EXPECT_ERRNO(EFAULT, hwpt_alloc(fd, &arg, NULL));
	arg.data_uptr = (uintptr_t)&s1;
	s1.addr_width = 39;
	EXPECT_ERRNO(EINVAL, hwpt_alloc(fd, &arg, NULL));
	s1.addr_width = 48;
	s1.pgtbl_addr++;
	EXPECT_ERRNO(EINVAL, hwpt_alloc(fd, &arg, NULL));
	s1.pgtbl_addr--;
	s1.flags = 1 << 3;
	EXPECT_ERRNO(EOPNOTSUPP, hwpt_alloc(fd, &arg, NULL));
	s1.flags = 0;
	s1.__reserved = 1;
	EXPECT_ERRNO(EOPNOTSUPP, hwpt_alloc(fd, &arg, NULL));
	s1.__reserved = 0;

	/* What cannot be a parent. */
	ASSERT_EQ(0, inx_hwpt_alloc(fd, self->dev->id, self->w.ioas, &plain));
	arg.pt_id = plain;
	EXPECT_ERRNO(EINVAL, hwpt_alloc(fd, &arg, NULL));
	arg.pt_id = self->w.ioas;
	EXPECT_ERRNO(EOPNOTSUPP, hwpt_alloc(fd, &arg, NULL));
	arg.pt_id = self->dev->id;
	EXPECT_ERRNO(EINVAL, hwpt_alloc(fd, &arg, NULL));
	arg.pt_id = 12345;
	EXPECT_ERRNO(EINVAL, hwpt_alloc(fd, &arg, NULL));
	hwpt = nest(self);
	arg.pt_id = hwpt;
	EXPECT_ERRNO(EINVAL, hwpt_alloc(fd, &arg, NULL));
	EXPECT_EQ(0, inx_destroy(fd, hwpt));
	EXPECT_EQ(0, inx_destroy(fd, plain));
	EXPECT_EQ(domains, world_stats(&self->w, self->dev).domains);
}

TEST_F(nested, alloc_parents)
{
	uint32_t fault, hwpt;
	int fd = self->w.fd, queue = fault_queue(fd, &fault);
	struct iommu_next_hwpt_alloc arg = {
		.flags = IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT |
			 IOMMU_NEXT_HWPT_FAULT_ID_VALID,
		.dev_id = self->dev->id,
		.pt_id = self->w.ioas,
		.fault_id = fault,
	};

	ASSERT_GE(queue, 0);
	EXPECT_ERRNO(EOPNOTSUPP, hwpt_alloc(fd, &arg, NULL));
	arg.flags = IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT |
		    IOMMU_NEXT_HWPT_ALLOC_PASID;
	EXPECT_EQ(0, hwpt_alloc(fd, &arg, &hwpt));
	EXPECT_EQ(0, inx_destroy(fd, hwpt));
	/* The queue's file keeps all that is on the context. */
	EXPECT_EQ(0, close(queue));
}

TEST_F(nested, alloc_on_an_iommu_without)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	struct world_dev *dev;

	how.flags = IOMMU_NEXT_MOCK_NO_NESTING;
	dev = world_bind(&self->w, &how);
	EXPECT_ERRNO(EOPNOTSUPP, hwpt_flags(self->w.fd, dev->id, self->w.ioas,
					    IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT,
					    NULL));
	EXPECT_ERRNO(EOPNOTSUPP, hwpt_nested(&self->g, dev->id, self->root, 4,
					     0, 0, NULL));
}

TEST_F(nested, alloc_for_an_iommu_that_differs)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	uint32_t hwpt = nest(self);
	struct world_dev *dev;

	how.aperture_last = 1ULL << 40;
	dev = world_bind(&self->w, &how);
	EXPECT_ERRNO(EINVAL, hwpt_nested(&self->g, dev->id, self->root, 4, 0,
					 0, NULL));
	EXPECT_ERRNO(EINVAL, inx_attach_to(dev->fd, hwpt));
}

TEST_F(nested, failures_change_nothing)
{
	uint32_t hwpt = nest(self), other = nest(self), no = 0;
	long domains = world_stats(&self->w, self->dev).domains;

	world_fail_next(&self->w, self->dev, IOMMU_NEXT_MOCK_FAIL_DOMAIN_ALLOC,
			0);
	EXPECT_ERRNO(ENOMEM, hwpt_nested(&self->g, self->dev->id, self->root,
					 4, 0, 0, &no));
	EXPECT_EQ(domains, world_stats(&self->w, self->dev).domains);
	world_fail_next(&self->w, self->dev, IOMMU_NEXT_MOCK_FAIL_ATTACH, 0);
	EXPECT_ERRNO(ENOMEM, inx_attach_to(self->dev->fd, hwpt));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  world_touch(self->dev, VA, false));
	guest_map(&self->g, self->root, 4, VA, self->data, PAGE, PT_RW);
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, hwpt));
	world_fail_next(&self->w, self->dev, IOMMU_NEXT_MOCK_FAIL_REPLACE, 0);
	EXPECT_ERRNO(ENOMEM, inx_attach_to(self->dev->fd, other));
	EXPECT_EQ(0, world_touch(self->dev, VA, false));
	EXPECT_ERRNO(EBUSY, inx_destroy(self->w.fd, hwpt));
	EXPECT_EQ(0, inx_destroy(self->w.fd, other));
}

/* ---- lifetimes --------------------------------------------------------------------- */

TEST_F(nested, destroy_in_order)
{
	uint32_t a = nest(self), b = nest(self);
	int fd = self->w.fd;

	EXPECT_ERRNO(EBUSY, inx_destroy(fd, self->g.parent));
	EXPECT_ERRNO(EBUSY, inx_destroy(fd, self->w.ioas));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, a));
	EXPECT_ERRNO(EBUSY, inx_destroy(fd, a));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, b));
	EXPECT_EQ(0, inx_destroy(fd, a));
	EXPECT_ERRNO(EBUSY, inx_destroy(fd, b));
	EXPECT_ERRNO(EBUSY, inx_destroy(fd, self->g.parent));
	ASSERT_EQ(0, inx_detach(self->dev->fd));
	EXPECT_EQ(0, inx_destroy(fd, b));
	EXPECT_ERRNO(EBUSY, inx_destroy(fd, self->w.ioas));
	EXPECT_EQ(0, inx_destroy(fd, self->g.parent));
	EXPECT_EQ(0, inx_destroy(fd, self->w.ioas));
	EXPECT_EQ(0, world_pinned(&self->w));
}

TEST_F(nested, device_goes_and_the_table_stays)
{
	uint32_t hwpt = nest_attached(self);

	ASSERT_EQ(0, inx_mock_remove(self->w.mock, self->dev->mock));
	self->dev->mock = 0;
	EXPECT_ERRNO(EBUSY, inx_destroy(self->w.fd, self->g.parent));
	EXPECT_EQ(0, hwpt_flush(self->w.fd, hwpt, 0, UINT64_MAX));
	EXPECT_EQ(0, inx_destroy(self->w.fd, hwpt));
	EXPECT_EQ(0, inx_destroy(self->w.fd, self->g.parent));
}

TEST_F(nested, file_is_closed_with_all_of_it)
{
	nest_attached(self);
	nest(self);
	/* The fixture's end looks for what is left. */
}

/* What a device cannot reach is not reached through its guest's table either. */
TEST_F(nested, reserved_in_the_parents_ioas)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	unsigned char *page = inx_alloc(PAGE);
	struct world_dev *dev;
	uint32_t hwpt;

	how.num_reserved = 1;
	how.reserved[0].start = IOVA + HUGE;
	how.reserved[0].last = IOVA + HUGE + PAGE - 1;
	dev = world_bind(&self->w, &how);
	ASSERT_EQ(0, hwpt_nested(&self->g, dev->id, self->root, 4, 0, 0,
				 &hwpt));
	ASSERT_EQ(0, inx_attach_to(dev->fd, hwpt));
	EXPECT_ERRNO(EINVAL, inx_map_at(self->w.fd, self->w.ioas, page, PAGE,
					IOVA + HUGE));
	ASSERT_EQ(0, inx_detach(dev->fd));
	EXPECT_EQ(0, inx_map_at(self->w.fd, self->w.ioas, page, PAGE,
				IOVA + HUGE));
	EXPECT_ERRNO(EADDRINUSE, inx_attach_to(dev->fd, hwpt));
}

/* ---- all at once --------------------------------------------------------------------- */

static void step_attach(struct racer *r)
{
	struct nested_data *self = r->race->data;

	ONE_OF(r, inx_attach_to(self->dev->fd, pick(r, 2) ? self->g.parent :
						       self->w.ioas), ENOENT);
}

static void step_nest(struct racer *r)
{
	struct nested_data *self = r->race->data;
	uint32_t hwpt;

	if (!ONE_OF(r, hwpt_nested(&self->g, self->dev->id, self->root, 4, 0,
				   0, &hwpt), ENOENT))
		return;
	/* It may have been destroyed, and another one have its number. */
	ONE_OF(r, inx_attach_to(self->dev->fd, hwpt), ENOENT);
	ONE_OF(r, hwpt_flush(self->w.fd, hwpt, VA, 1), ENOENT, EINVAL);
	ONE_OF(r, inx_destroy(self->w.fd, hwpt), EBUSY, ENOENT);
}

static void step_destroy(struct racer *r)
{
	struct nested_data *self = r->race->data;
	uint32_t id = self->g.parent + 1 + pick(r, 16);

	if (id != self->dev->id && id != self->w.ioas)
		ONE_OF(r, inx_destroy(self->w.fd, id), EBUSY, ENOENT);
}

static void step_dma(struct racer *r)
{
	struct nested_data *self = r->race->data;
	int fault = world_touch(self->dev, VA, true);

	must(r,
	     fault == 0 || fault == IOMMU_NEXT_MOCK_FAULT_UNMAPPED ||
		     fault == IOMMU_NEXT_MOCK_FAULT_BLOCKED,
	     "DMA");
	r->good++;
}

TEST_F_TIMEOUT(nested, races, 90)
{
	guest_map(&self->g, self->root, 4, VA, self->data, PAGE, PT_RW);
	RACE(self, 1500, RACER(step_attach), RACER(step_nest),
	     RACER(step_nest), RACER(step_destroy), RACER(step_dma));
	inx_detach(self->dev->fd);
}

TEST_HARNESS_MAIN
