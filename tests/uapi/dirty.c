// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none timeout=180 */
/*
 * Dirty tracking: what the calls accept, where bits go, and when they go.
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mem.h"
#include "tap.h"
#include "world.h"

#define DIRTY IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING
#define KEEP IOMMU_NEXT_HWPT_GET_DIRTY_BITMAP_NO_CLEAR
#define PAGES 64UL
#define LENGTH (PAGES * PAGE)

FIXTURE(dirty)
{
	struct world w;
	struct world_dev *dev;
	uint32_t hwpt;
	char *mem;
};

static uint32_t alloc(struct world *w, struct world_dev *dev)
{
	uint32_t hwpt = 0;

	ASSERT_EQ(0, inx_hwpt_alloc_flags(w->fd, dev->id, w->ioas, DIRTY,
					  &hwpt));
	return hwpt;
}

FIXTURE_SETUP(dirty)
{
	world_open(&self->w);
	self->dev = world_bind(&self->w, NULL);
	self->mem = inx_alloc(LENGTH);
	ASSERT_EQ(0, inx_map_at(self->w.fd, self->w.ioas, self->mem, LENGTH,
				IOVA));
	self->hwpt = alloc(&self->w, self->dev);
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, self->hwpt));
}

FIXTURE_TEARDOWN(dirty)
{
	world_close(&self->w);
}

static void track(struct dirty_data *self)
{
	ASSERT_EQ(0, inx_dirty_set(self->w.fd, self->hwpt, true));
}

static void touch(struct dirty_data *self, unsigned int page)
{
	ASSERT_EQ(0, world_touch(self->dev, IOVA + page * PAGE, true));
}

/* The pages of the memory that are dirty, a bit each. */
static uint64_t look(struct dirty_data *self, uint32_t hwpt, uint32_t flags)
{
	uint64_t bits = 0;

	ASSERT_EQ(0, inx_dirty_read(self->w.fd, hwpt, flags, IOVA, LENGTH,
				    PAGE, &bits));
	return bits;
}

static uint64_t take(struct dirty_data *self)
{
	return look(self, self->hwpt, 0);
}

static uint64_t capabilities(struct world *w, struct world_dev *dev)
{
	struct iommu_next_hw_info info;

	ASSERT_EQ(0, inx_hw_info(w->fd, dev->id, NULL, 0, &info));
	return info.out_capabilities;
}

/* ---- who can --------------------------------------------------------------------------- */

TEST_F(dirty, device_that_cannot)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	struct world *w = &self->w;
	struct world_dev *other;
	uint32_t plain;

	how.flags = IOMMU_NEXT_MOCK_NO_DIRTY;
	other = world_bind(w, &how);
	EXPECT_EQ(IOMMU_NEXT_HW_CAP_DIRTY_TRACKING,
		  capabilities(w, self->dev) & IOMMU_NEXT_HW_CAP_DIRTY_TRACKING);
	EXPECT_EQ(0, capabilities(w, other) & IOMMU_NEXT_HW_CAP_DIRTY_TRACKING);
	EXPECT_ERRNO(EOPNOTSUPP, inx_hwpt_alloc_flags(w->fd, other->id, w->ioas,
						      DIRTY, NULL));
	EXPECT_ERRNO(EINVAL, inx_attach_to(other->fd, self->hwpt));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  world_touch(other, IOVA, true));
	/* Nor does it change over, and what it has stays. */
	ASSERT_EQ(0, inx_attach_to(other->fd, w->ioas));
	EXPECT_ERRNO(EINVAL, inx_attach_to(other->fd, self->hwpt));
	EXPECT_EQ(0, world_touch(other, IOVA, true));
	/* A page table that tracks nothing serves both. */
	ASSERT_EQ(0, inx_hwpt_alloc(w->fd, other->id, w->ioas, &plain));
	EXPECT_EQ(0, inx_attach_to(other->fd, plain));
	EXPECT_EQ(0, inx_attach_to(self->dev->fd, plain));
}

TEST_F(dirty, page_table_without)
{
	struct world *w = &self->w;
	uint32_t pt = w->ioas, plain;
	uint64_t bits = 0;

	ASSERT_EQ(0, inx_hwpt_alloc(w->fd, self->dev->id, w->ioas, &plain));
	EXPECT_ERRNO(EOPNOTSUPP, inx_dirty_set(w->fd, plain, true));
	EXPECT_ERRNO(EOPNOTSUPP, inx_dirty_set(w->fd, plain, false));
	EXPECT_ERRNO(EOPNOTSUPP, inx_dirty_read(w->fd, plain, 0, IOVA, PAGE,
						PAGE, &bits));
	/* The range comes first, as in iommufd. */
	EXPECT_ERRNO(EINVAL, inx_dirty_read(w->fd, plain, 0, IOVA + 1, PAGE,
					    PAGE, &bits));
	/* One that an attach has made has it neither, and is never ours. */
	ASSERT_EQ(0, inx_attach(self->dev->fd, &pt));
	EXPECT_NE(self->hwpt, pt);
	EXPECT_ERRNO(EOPNOTSUPP, inx_dirty_set(w->fd, pt, true));
}

/* ---- arguments ------------------------------------------------------------------------- */

TEST_F(dirty, set_arguments)
{
	struct iommu_next_hwpt_set_dirty_tracking arg = {
		.size = sizeof(arg),
		.hwpt_id = self->hwpt,
	};
	const unsigned long cmd = IOMMU_NEXT_HWPT_SET_DIRTY_TRACKING;
	struct world *w = &self->w;
	char more[sizeof(arg) + 8] = {};
	int bit;

	for (bit = 1; bit < 32; bit++) {
		arg.flags = 1U << bit;
		EXPECT_ERRNO(EOPNOTSUPP, ioctl(w->fd, cmd, &arg));
		arg.flags |= IOMMU_NEXT_HWPT_DIRTY_TRACKING_ENABLE;
		EXPECT_ERRNO(EOPNOTSUPP, ioctl(w->fd, cmd, &arg));
	}
	arg.flags = IOMMU_NEXT_HWPT_DIRTY_TRACKING_ENABLE;
	/* In-tree iommufd does not look at it. */
	arg.__reserved = 1;
	EXPECT_EQ(0, ioctl(w->fd, cmd, &arg));
	arg.__reserved = 0;
	EXPECT_ERRNO(ENOENT, inx_dirty_set(w->fd, 0, true));
	EXPECT_ERRNO(ENOENT, inx_dirty_set(w->fd, UINT32_MAX, true));
	EXPECT_ERRNO(ENOENT, inx_dirty_set(w->fd, w->ioas, true));
	EXPECT_ERRNO(ENOENT, inx_dirty_set(w->fd, self->dev->id, true));

	arg.size = offsetof(struct iommu_next_hwpt_set_dirty_tracking,
			    __reserved);
	EXPECT_ERRNO(EINVAL, ioctl(w->fd, cmd, &arg));
	memcpy(more, &arg, sizeof(arg));
	*(uint32_t *)more = sizeof(more);
	EXPECT_EQ(0, ioctl(w->fd, cmd, more));
	more[sizeof(more) - 1] = 1;
	EXPECT_ERRNO(E2BIG, ioctl(w->fd, cmd, more));
	EXPECT_ERRNO(EFAULT, ioctl(w->fd, cmd, NULL));
}

TEST_F(dirty, read_arguments)
{
	struct iommu_next_hwpt_get_dirty_bitmap arg = {
		.size = sizeof(arg),
		.hwpt_id = self->hwpt,
		.iova = IOVA,
		.length = LENGTH,
		.page_size = PAGE,
	};
	const unsigned long cmd = IOMMU_NEXT_HWPT_GET_DIRTY_BITMAP;
	char more[sizeof(arg) + 8] = {};
	struct world *w = &self->w;
	uint64_t bits = 0;
	int bit;

	arg.data = (uintptr_t)&bits;
	for (bit = 1; bit < 32; bit++) {
		arg.flags = 1U << bit;
		EXPECT_ERRNO(EOPNOTSUPP, ioctl(w->fd, cmd, &arg));
	}
	arg.flags = 0;
	arg.__reserved = 1;
	EXPECT_ERRNO(EOPNOTSUPP, ioctl(w->fd, cmd, &arg));
	arg.__reserved = 0;
	EXPECT_EQ(0, ioctl(w->fd, cmd, &arg));
	arg.size = offsetof(struct iommu_next_hwpt_get_dirty_bitmap, data);
	EXPECT_ERRNO(EINVAL, ioctl(w->fd, cmd, &arg));
	memcpy(more, &arg, sizeof(arg));
	*(uint32_t *)more = sizeof(more);
	EXPECT_EQ(0, ioctl(w->fd, cmd, more));
	more[sizeof(more) - 1] = 1;
	EXPECT_ERRNO(E2BIG, ioctl(w->fd, cmd, more));
	EXPECT_ERRNO(ENOENT, inx_dirty_read(w->fd, 0, 0, IOVA, PAGE, PAGE,
					    &bits));
	EXPECT_ERRNO(ENOENT, inx_dirty_read(w->fd, w->ioas, 0, IOVA, PAGE, PAGE,
					    &bits));
	EXPECT_EQ(0, bits);
}

static int read_range(struct dirty_data *self, uint64_t iova, uint64_t length,
		      uint64_t page_size)
{
	uint64_t bits[64] = {};

	return inx_dirty_read(self->w.fd, self->hwpt, 0, iova, length,
			      page_size, bits);
}

TEST_F(dirty, read_ranges)
{
	uint64_t top = -(uint64_t)PAGE;

	track(self);
	EXPECT_ERRNO(EOVERFLOW, read_range(self, top, 2 * PAGE, PAGE));
	EXPECT_ERRNO(EOVERFLOW, read_range(self, PAGE, -(uint64_t)PAGE + 1,
					   PAGE));
	EXPECT_EQ(0, read_range(self, top, PAGE, PAGE));
	/* A length of 0 is before the first byte, where there is one. */
	EXPECT_ERRNO(EOVERFLOW, read_range(self, IOVA, 0, PAGE));
	EXPECT_EQ(0, read_range(self, 0, 0, PAGE));

	EXPECT_ERRNO(EINVAL, read_range(self, IOVA + 1, PAGE, PAGE));
	EXPECT_ERRNO(EINVAL, read_range(self, IOVA + 2048, PAGE, 2048));
	EXPECT_ERRNO(EINVAL, read_range(self, IOVA, PAGE + 1, PAGE));
	EXPECT_ERRNO(EINVAL, read_range(self, IOVA, PAGE - 1, PAGE));
	EXPECT_ERRNO(EINVAL, read_range(self, IOVA, 2048, 2048));
	EXPECT_ERRNO(EINVAL, read_range(self, IOVA, PAGE, 0));
	EXPECT_ERRNO(EINVAL, read_range(self, IOVA, PAGE, 2 * PAGE));
	EXPECT_ERRNO(EINVAL, read_range(self, IOVA + PAGE, 2 * PAGE, 2 * PAGE));
	EXPECT_ERRNO(EINVAL, read_range(self, IOVA, PAGE, 1UL << 63));
	EXPECT_EQ(0, read_range(self, 0, 1UL << 63, 1UL << 63));
	EXPECT_EQ(0, read_range(self, IOVA, 8 * PAGE, 8 * PAGE));
	EXPECT_EQ(0, read_range(self, IOVA, LENGTH, 1024));
	EXPECT_EQ(0, read_range(self, IOVA, PAGE, 8));
	EXPECT_ERRNO(EINVAL, read_range(self, IOVA, 8 * PAGE, IOVA));
}

/* A page size with several bits counts as its lowest, as in iommufd. */
TEST_F(dirty, page_size_of_two_bits)
{
	uint64_t bits = 0;

	track(self);
	touch(self, 1);
	EXPECT_ERRNO(EINVAL, inx_dirty_read(self->w.fd, self->hwpt, 0, IOVA,
					    3 * PAGE, 3 * PAGE, &bits));
	EXPECT_EQ(0, inx_dirty_read(self->w.fd, self->hwpt, 0, IOVA, 4 * PAGE,
				    3 * PAGE, &bits));
	EXPECT_EQ(1 << 1, bits);
}

/* ---- bits come and go --------------------------------------------------------------------- */

TEST_F(dirty, writes_of_devices)
{
	char data[2 * PAGE] = {};
	struct world *w = &self->w;
	int access;

	/* Nothing is recorded that nobody wants to know. */
	touch(self, 0);
	EXPECT_EQ(0, take(self));
	track(self);
	EXPECT_EQ(0, take(self));
	touch(self, 3);
	touch(self, 63);
	EXPECT_EQ(1UL << 3 | 1UL << 63, take(self));
	EXPECT_EQ(0, take(self));
	/* Each page that a DMA meets, and no other. */
	ASSERT_EQ(0, inx_mock_write(self->dev->fd, IOVA + 8 * PAGE - 1, data,
				    PAGE + 2));
	EXPECT_EQ(7UL << 7, take(self));
	ASSERT_EQ(0, inx_mock_write(self->dev->fd, IOVA, data, PAGE));
	EXPECT_EQ(1, take(self));
	/* Reading is not writing, nor is what does not come to it. */
	ASSERT_EQ(0, world_touch(self->dev, IOVA, false));
	ASSERT_EQ(0, inx_mock_write(self->dev->fd, IOVA, data, 0));
	ASSERT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  world_touch(self->dev, IOVA + LENGTH, true));
	EXPECT_EQ(0, take(self));
	/* The CPU is no device. */
	access = inx_access(w->mock, w->fd, IOMMU_NEXT_MOCK_ACCESS_PINS, NULL);
	ASSERT_EQ(0, inx_access_attach(access, w->ioas));
	ASSERT_EQ(0, inx_access_write(access, IOVA, data, PAGE));
	self->mem[0] = 1;
	EXPECT_EQ(0, take(self));
	close(access);
}

/* A write after the bit was taken makes a new one: the IOTLB was flushed. */
TEST_F(dirty, again_and_again)
{
	int i;

	track(self);
	for (i = 0; i < 10; i++) {
		touch(self, 5);
		touch(self, 5);
		EXPECT_EQ(1 << 5, take(self));
	}
	/* A page that is clean costs no flush. */
	i = world_stats(&self->w, self->dev).iotlb_syncs;
	EXPECT_EQ(0, take(self));
	EXPECT_EQ(i, world_stats(&self->w, self->dev).iotlb_syncs);
}

TEST_F(dirty, read_only_memory)
{
	struct world *w = &self->w;
	uint64_t iova = 2 * IOVA, bits = 0;

	track(self);
	ASSERT_EQ(0, inx_map(w->fd, w->ioas, INX_RO | INX_FIXED, self->mem,
			     PAGE, &iova));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_PERMISSION,
		  world_touch(self->dev, iova, true));
	EXPECT_EQ(0, inx_dirty_read(w->fd, self->hwpt, 0, iova, PAGE, PAGE,
				    &bits));
	EXPECT_EQ(0, bits);
}

TEST_F(dirty, no_clear)
{
	track(self);
	touch(self, 1);
	EXPECT_EQ(2, look(self, self->hwpt, KEEP));
	EXPECT_EQ(2, look(self, self->hwpt, KEEP));
	touch(self, 2);
	EXPECT_EQ(6, look(self, self->hwpt, KEEP));
	EXPECT_EQ(6, take(self));
	EXPECT_EQ(0, look(self, self->hwpt, KEEP));
}

TEST_F(dirty, on_and_off)
{
	struct world *w = &self->w;

	track(self);
	touch(self, 1);
	/* What was recorded can still be read. */
	ASSERT_EQ(0, inx_dirty_set(w->fd, self->hwpt, false));
	ASSERT_EQ(0, inx_dirty_set(w->fd, self->hwpt, false));
	touch(self, 2);
	EXPECT_EQ(2, look(self, self->hwpt, KEEP));
	EXPECT_EQ(2, take(self));
	EXPECT_EQ(0, take(self));
	/* On begins with nothing, also when it is on. */
	track(self);
	EXPECT_EQ(0, take(self));
	touch(self, 3);
	track(self);
	EXPECT_EQ(0, take(self));
	touch(self, 3);
	EXPECT_EQ(1 << 3, take(self));
}

TEST_F(dirty, set_failing)
{
	struct world *w = &self->w;

	world_fail_next(w, self->dev, IOMMU_NEXT_MOCK_FAIL_DIRTY_SET, 0);
	EXPECT_ERRNO(ENOMEM, inx_dirty_set(w->fd, self->hwpt, true));
	touch(self, 1);
	EXPECT_EQ(0, take(self));
	track(self);
	touch(self, 1);
	world_fail_next(w, self->dev, IOMMU_NEXT_MOCK_FAIL_DIRTY_SET, 0);
	EXPECT_ERRNO(ENOMEM, inx_dirty_set(w->fd, self->hwpt, false));
	EXPECT_EQ(2, take(self));
	touch(self, 1);
	EXPECT_EQ(2, take(self));
}

/* ---- page tables and devices ---------------------------------------------------------------- */

TEST_F(dirty, each_page_table_for_itself)
{
	struct world *w = &self->w;
	struct world_dev *other = world_bind(w, NULL);
	uint32_t second = alloc(w, other);

	ASSERT_EQ(0, inx_attach_to(other->fd, second));
	track(self);
	ASSERT_EQ(0, inx_dirty_set(w->fd, second, true));
	touch(self, 1);
	ASSERT_EQ(0, world_touch(other, IOVA + 2 * PAGE, true));
	EXPECT_EQ(2, take(self));
	EXPECT_EQ(4, look(self, second, 0));
	/* Two devices of one page table are not told apart. */
	ASSERT_EQ(0, inx_attach_to(other->fd, self->hwpt));
	touch(self, 1);
	ASSERT_EQ(0, world_touch(other, IOVA + 2 * PAGE, true));
	EXPECT_EQ(6, take(self));
	EXPECT_EQ(0, look(self, second, 0));
	/* What was written before the change stays where it was written. */
	touch(self, 4);
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, second));
	touch(self, 5);
	EXPECT_EQ(1 << 4, take(self));
	EXPECT_EQ(1 << 5, look(self, second, 0));
}

TEST_F(dirty, destroyed_while_it_tracks)
{
	struct world *w = &self->w;
	uint32_t second;

	track(self);
	touch(self, 1);
	EXPECT_ERRNO(EBUSY, inx_destroy(w->fd, self->hwpt));
	ASSERT_EQ(0, inx_detach(self->dev->fd));
	EXPECT_EQ(2, look(self, self->hwpt, KEEP));
	EXPECT_EQ(0, inx_destroy(w->fd, self->hwpt));
	EXPECT_ERRNO(ENOENT, inx_dirty_set(w->fd, self->hwpt, true));
	second = alloc(w, self->dev);
	EXPECT_EQ(0, look(self, second, 0));
}

/* An IOMMU that has to see a device first has nothing to tell until then. */
TEST_F(dirty, attach_first)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	struct world *w = &self->w;
	struct world_dev *dev;
	uint32_t hwpt;

	how.flags = IOMMU_NEXT_MOCK_ATTACH_FIRST;
	dev = world_bind(w, &how);
	hwpt = alloc(w, dev);
	EXPECT_EQ(0, look(self, hwpt, 0));
	ASSERT_EQ(0, inx_dirty_set(w->fd, hwpt, true));
	EXPECT_EQ(0, look(self, hwpt, 0));
	ASSERT_EQ(0, inx_attach_to(dev->fd, hwpt));
	ASSERT_EQ(0, world_touch(dev, IOVA + 9 * PAGE, true));
	EXPECT_EQ(1 << 9, look(self, hwpt, 0));
}

/* ---- mappings ---------------------------------------------------------------------------- */

/* Read before the unmap, without the cost of a flush; after it, it is gone. */
TEST_F(dirty, unmap)
{
	struct world *w = &self->w;

	track(self);
	touch(self, 1);
	EXPECT_EQ(2, look(self, self->hwpt, KEEP));
	ASSERT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LENGTH, NULL));
	EXPECT_EQ(0, take(self));
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, LENGTH, IOVA));
	EXPECT_EQ(0, take(self));
	touch(self, 2);
	EXPECT_EQ(4, take(self));
}

/* What is not mapped reads as clean, and hides nothing behind it. */
TEST_F(dirty, holes)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, PAGE,
				IOVA + PAGE));
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, PAGE,
				IOVA + 2 * PAGE));
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, PAGE,
				IOVA + 40 * PAGE));
	track(self);
	touch(self, 1);
	touch(self, 2);
	touch(self, 40);
	EXPECT_EQ(1UL << 1 | 1UL << 2 | 1UL << 40, take(self));
	EXPECT_EQ(0, take(self));
}

/*
 * All of the address space at once. Of the bitmap for it, which would be as
 * large as a disk, only the places exist where something can be dirty.
 */
TEST_F(dirty, whole_address_space)
{
	const uint64_t far = (1UL << 48) - PAGE;
	struct world *w = &self->w;
	uint64_t start, length;
	char *low, *high;

	if (inx_is_built_in())
		SKIP("processes of this kernel have no memory at high addresses");
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, PAGE, far));
	length = (1UL << 48) / PAGE / 8;
	start = 1UL << 45;
	low = mmap((void *)(start + IOVA / PAGE / 8), PAGE,
		   PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ASSERT_EQ(start + IOVA / PAGE / 8, (uintptr_t)low);
	high = mmap((void *)(start + length - PAGE), PAGE,
		    PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ASSERT_EQ(start + length - PAGE, (uintptr_t)high);
	track(self);
	touch(self, 6);
	ASSERT_EQ(0, world_touch(self->dev, far, true));
	ASSERT_EQ(0, inx_dirty_read(w->fd, self->hwpt, 0, 0, 1UL << 63, PAGE,
				    (void *)start));
	EXPECT_EQ(1 << 6, low[0]);
	EXPECT_EQ(0x80, (unsigned char)high[PAGE - 1]);
	EXPECT_EQ(0, take(self));
}

/* ---- bitmaps ----------------------------------------------------------------------------- */

/* Bits are only ever set. */
TEST_F(dirty, bitmap_with_bits)
{
	uint64_t bits = 0xf0f0;

	track(self);
	touch(self, 0);
	touch(self, 4);
	ASSERT_EQ(0, inx_dirty_read(self->w.fd, self->hwpt, 0, IOVA, LENGTH,
				    PAGE, &bits));
	EXPECT_EQ(0xf0f1, bits);
}

/* Small bits and large bits for the same IO page. */
TEST_F(dirty, page_sizes)
{
	struct world *w = &self->w;
	uint8_t bits[PAGE / 8 + 1] = {}, all[PAGE / 8];

	track(self);
	touch(self, 33);
	memset(all, 0xff, sizeof(all));
	ASSERT_EQ(0, inx_dirty_read(w->fd, self->hwpt, KEEP, IOVA + 33 * PAGE,
				    PAGE, 1, bits));
	EXPECT_EQ(0, memcmp(all, bits, sizeof(all)));
	EXPECT_EQ(0, bits[PAGE / 8]);
	memset(bits, 0, sizeof(bits));
	ASSERT_EQ(0, inx_dirty_read(w->fd, self->hwpt, KEEP, IOVA, LENGTH,
				    2048, bits));
	EXPECT_EQ(3 << 2, bits[8]);
	memset(bits, 0, sizeof(bits));
	ASSERT_EQ(0, inx_dirty_read(w->fd, self->hwpt, KEEP, IOVA, LENGTH,
				    16 * PAGE, bits));
	EXPECT_EQ(1 << 2, bits[0]);
	memset(bits, 0, sizeof(bits));
	ASSERT_EQ(0, inx_dirty_read(w->fd, self->hwpt, 0, IOVA, IOVA, IOVA,
				    bits));
	EXPECT_EQ(1, bits[0]);
	EXPECT_EQ(0, take(self));
}

TEST_F(dirty, bitmap_that_is_none)
{
	uint64_t *page = inx_alloc(2 * PAGE);
	struct world *w = &self->w;
	void *const bad[] = { NULL, (void *)1, (void *)-8UL, (void *)-1UL,
			      (void *)(1UL << 62), page + PAGE / 8 };
	unsigned int i;

	ASSERT_EQ(0, mprotect((char *)page + PAGE, PAGE, PROT_READ));
	track(self);
	/* Nobody looks at it while there is nothing to write. */
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_EQ(0, inx_dirty_read(w->fd, self->hwpt, 0, IOVA, LENGTH,
					    PAGE, bad[i]));
	touch(self, 17);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_ERRNO(EFAULT, inx_dirty_read(w->fd, self->hwpt, 0, IOVA,
						    LENGTH, PAGE, bad[i]));
	ASSERT_EQ(0, munmap((char *)page + PAGE, PAGE));
	EXPECT_ERRNO(EFAULT, inx_dirty_read(w->fd, self->hwpt, 0, IOVA, LENGTH,
					    PAGE, page + PAGE / 8));
	/* Nothing of it is lost. */
	EXPECT_EQ(1 << 17, take(self));
}

/* One half in memory, the other not: what is not in the half is still there. */
TEST_F(dirty, bitmap_that_is_half_one)
{
	uint8_t *page = inx_alloc(2 * PAGE), *half = page + PAGE - 4;
	struct world *w = &self->w;
	uint64_t first, rest;

	track(self);
	ASSERT_EQ(0, munmap(page + PAGE, PAGE));
	touch(self, 3);
	touch(self, 31);
	touch(self, 32);
	touch(self, 60);
	EXPECT_ERRNO(EFAULT, inx_dirty_read(w->fd, self->hwpt, 0, IOVA, LENGTH,
					    PAGE, half));
	first = *(uint32_t *)half;
	rest = take(self);
	EXPECT_EQ(1UL << 3 | 1UL << 31, first);
	EXPECT_EQ(1UL << 32 | 1UL << 60, rest);
}

TEST_HARNESS_MAIN
