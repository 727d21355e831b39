// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty tracking: bitmaps in user memory, and what devices write compared with
 * what is read, in all worlds.
 */
#include <linux/err.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "bitmap.h"
#include "configs.h"
#include "device.h"

#define IOVA 0x10000000UL
#define UNIT 512UL
#define LENGTH (WORLD_PAGES * PAGE_SIZE)
#define STEPS 60
/* Where in the page of arguments there is room for a bitmap. */
#define BITS 1024
#define KEEP IOMMU_NEXT_HWPT_GET_DIRTY_BITMAP_NO_CLEAR

/* ---- bitmaps --------------------------------------------------------------------------- */

static u8 user_byte(struct kunit *test, unsigned long addr)
{
	u8 byte = 0;

	KUNIT_EXPECT_EQ(test, 0UL, copy_from_user(&byte, (void __user *)addr,
						  1));
	return byte;
}

/* The window ends where the page of the bitmap does. */
WORLD_CASE(bitmap_windows)
{
	struct inx_bitmap bitmap = { .shift = 12 };

	world_open(w);
	bitmap.data = w->arg;
	bitmap.range.start = IOVA;
	bitmap.range.last = IOVA + SZ_1G - 1;
	KUNIT_EXPECT_EQ(test, IOVA + SZ_128M - 1,
			inx_bitmap_window(&bitmap, IOVA));
	KUNIT_EXPECT_EQ(test, IOVA + SZ_128M - 1,
			inx_bitmap_window(&bitmap, IOVA + SZ_128M - 1));
	KUNIT_EXPECT_EQ(test, IOVA + SZ_256M - 1,
			inx_bitmap_window(&bitmap, IOVA + SZ_128M));
	bitmap.data += PAGE_SIZE - 1;
	KUNIT_EXPECT_EQ(test, IOVA + 8 * PAGE_SIZE - 1,
			inx_bitmap_window(&bitmap, IOVA));
	KUNIT_EXPECT_EQ(test, IOVA + 8 * PAGE_SIZE + SZ_128M - 1,
			inx_bitmap_window(&bitmap, IOVA + 8 * PAGE_SIZE));
	bitmap.range.last = IOVA + 9 * PAGE_SIZE - 1;
	KUNIT_EXPECT_EQ(test, bitmap.range.last,
			inx_bitmap_window(&bitmap, IOVA + 8 * PAGE_SIZE));
	/* At both ends of what there is. */
	bitmap.range.start = 0;
	bitmap.range.last = ULONG_MAX;
	bitmap.shift = 63;
	KUNIT_EXPECT_EQ(test, ULONG_MAX, inx_bitmap_window(&bitmap, 1));
	bitmap.shift = 0;
	KUNIT_EXPECT_EQ(test, ULONG_MAX,
			inx_bitmap_window(&bitmap, ULONG_MAX));
	KUNIT_EXPECT_EQ(test, 7UL, inx_bitmap_window(&bitmap, 0));
}

/* Every run of bits of the first four words, at any address. */
WORLD_CASE(bitmap_bits)
{
	struct inx_bitmap bitmap = { .range = { IOVA, IOVA + SZ_1M - 1 } };
	unsigned int shift, first, last, bit, wrong = 0;
	struct inx_iova_range range;
	u8 seen[40];

	world_open(w);
	for (shift = 0; shift < 9; shift++) {
		bitmap.data = w->arg + 100 + shift;
		KUNIT_ASSERT_EQ(test, 0, inx_bitmap_open(&bitmap, IOVA));
		for (first = 0; first < 256; first += 5) {
			for (last = first; last < 256; last += 13) {
				KUNIT_ASSERT_EQ(test, 0UL,
						clear_user((void __user *)
							   w->arg, 200));
				range.start = IOVA + first;
				range.last = IOVA + last;
				inx_bitmap_set(&bitmap, range);
				wrong += copy_from_user(seen, (void __user *)
							bitmap.data - 4, 40);
				for (bit = 0; bit < 320; bit++)
					wrong += (seen[bit / 8] >> bit % 8 & 1) !=
						 (bit >= first + 32 &&
						  bit <= last + 32);
			}
		}
	}
	inx_bitmap_close(&bitmap);
	KUNIT_EXPECT_EQ(test, 0U, wrong);
}

WORLD_CASE(bitmap_addresses)
{
	static const u64 bad[] = { 0, 1, ~0ULL, 1ULL << 63 };
	struct inx_bitmap bitmap = { .range = { 0, ULONG_MAX } };
	unsigned int i;

	world_open(w);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		bitmap.data = bad[i];
		KUNIT_EXPECT_EQ(test, -EFAULT, inx_bitmap_open(&bitmap, 0));
		KUNIT_EXPECT_NULL(test, bitmap.page);
	}
	/* So far behind the start that it begins again. */
	bitmap.data = ULONG_MAX - 8;
	KUNIT_EXPECT_EQ(test, -EFAULT, inx_bitmap_open(&bitmap, 100));
	bitmap.data = w->arg;
	KUNIT_EXPECT_EQ(test, 0, inx_bitmap_open(&bitmap, 0));
	/* What is there goes before the next is looked for. */
	KUNIT_EXPECT_EQ(test, -EFAULT,
			inx_bitmap_open(&bitmap, 8 * PAGE_SIZE));
	KUNIT_EXPECT_NULL(test, bitmap.page);
	inx_bitmap_close(&bitmap);
}

/* ---- what devices write ---------------------------------------------------------------------- */

struct dirty {
	struct world *w;
	struct world_device dev;
	u32 hwpt;
	struct rnd_state random;
	bool *dirty;
	u8 *bits;
};

static u32 dirty_some(struct dirty *d, u32 below)
{
	return prandom_u32_state(&d->random) % below;
}

static long dirty_set(struct dirty *d, bool enable)
{
	struct iommu_next_hwpt_set_dirty_tracking arg = {
		.size = sizeof(arg),
		.flags = enable ? IOMMU_NEXT_HWPT_DIRTY_TRACKING_ENABLE : 0,
		.hwpt_id = d->hwpt,
	};

	return world_ioctl(d->w, IOMMU_NEXT_HWPT_SET_DIRTY_TRACKING, &arg,
			   sizeof(arg));
}

static long dirty_read(struct dirty *d, u32 flags, unsigned long offset,
		       unsigned long length, unsigned long page_size, u64 data)
{
	struct iommu_next_hwpt_get_dirty_bitmap arg = {
		.size = sizeof(arg),
		.hwpt_id = d->hwpt,
		.flags = flags,
		.iova = IOVA + offset,
		.length = length,
		.page_size = page_size,
		.data = data,
	};

	return world_ioctl(d->w, IOMMU_NEXT_HWPT_GET_DIRTY_BITMAP, &arg,
			   sizeof(arg));
}

/* A device with a page table that records, and all of the memory mapped. */
static struct dirty *dirty_enter(struct world *w)
{
	struct iommu_next_hwpt_alloc alloc = {
		.size = sizeof(alloc),
		.flags = IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING,
	};
	struct dirty *d = kunit_kzalloc(w->test, sizeof(*d), GFP_KERNEL);
	struct kunit *test = w->test;

	KUNIT_ASSERT_NOT_NULL(test, d);
	d->w = w;
	prandom_seed_state(&d->random, 42);
	d->dirty = kunit_kcalloc(test, LENGTH / UNIT, sizeof(bool), GFP_KERNEL);
	d->bits = kunit_kzalloc(test, LENGTH / UNIT / 8, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, d->dirty && d->bits);
	world_open(w);
	world_device_make(w, &d->dev, LENGTH, IOVA);
	alloc.dev_id = d->dev.idev->obj.id;
	alloc.pt_id = d->dev.ioas;
	KUNIT_ASSERT_EQ(test, 0L, world_ioctl(w, IOMMU_NEXT_HWPT_ALLOC, &alloc,
					      sizeof(alloc)));
	d->hwpt = alloc.out_hwpt_id;
	KUNIT_ASSERT_EQ(test, 0, inx_device_attach(d->dev.idev,
						   &alloc.out_hwpt_id));
	KUNIT_ASSERT_EQ(test, 0L, dirty_set(d, true));
	return d;
}

static void dirty_leave(struct dirty *d)
{
	struct world *w = d->w;

	inx_device_detach(d->dev.idev);
	KUNIT_EXPECT_EQ(w->test, 0, world_destroy(w, d->hwpt));
	world_device_end(w, &d->dev);
}

/*
 * One byte by DMA. The model knows the IO page by the page table itself: from
 * the byte on, in both directions, as far as it is the same entry.
 */
static void dirty_write(struct dirty *d)
{
	u64 iova = IOVA + dirty_some(d, LENGTH), fault_iova, start, last;
	u8 data = 1;

	KUNIT_EXPECT_EQ(d->w->test, 0U, mock_device_dma(d->dev.mock, 0, iova, &data, 1,
							true, &fault_iova));
	mock_domain_page(d->dev.mock->iommu->domain, iova, &start, &last);
	memset(d->dirty + (start - IOVA) / UNIT, true,
	       (last - start + 1) / UNIT);
}

static unsigned int dirty_compare(struct dirty *d, unsigned long offset,
				  unsigned long length, unsigned long bit)
{
	unsigned long i, n = length / bit, wrong = 0;

	for (i = 0; i < n; i++) {
		bool *units = d->dirty + (offset + i * bit) / UNIT;
		bool is = memchr(units, true, bit / UNIT);

		wrong += (d->bits[i / 8] >> i % 8 & 1) != is;
	}
	return wrong;
}

static unsigned int dirty_check(struct dirty *d)
{
	unsigned long align = 1UL << __ffs(d->w->iommu->page_sizes);
	unsigned long bit, offset, length, size;
	u32 flags = dirty_some(d, 3) ? 0 : KEEP;
	u64 data;

	bit = UNIT << dirty_some(d, 10);
	align = max(align, bit);
	offset = dirty_some(d, LENGTH / align) * align;
	length = (1 + dirty_some(d, (LENGTH - offset) / align)) * align;
	size = DIV_ROUND_UP(length / bit, 8);
	/* Over the end of a page, where there is a second one. */
	data = d->w->mem->uaddr + PAGE_SIZE - dirty_some(d, size + 1);
	KUNIT_ASSERT_EQ(d->w->test, 0UL, clear_user((void __user *)data, size));
	KUNIT_EXPECT_EQ(d->w->test, 0L, dirty_read(d, flags, offset, length,
						   bit, data));
	KUNIT_ASSERT_EQ(d->w->test, 0UL,
			copy_from_user(d->bits, (void __user *)data, size));
	size = dirty_compare(d, offset, length, bit);
	if (!flags)
		memset(d->dirty + offset / UNIT, 0, length / UNIT);
	return size;
}

WORLD_CASE(dirty_random)
{
	struct dirty *d = dirty_enter(w);
	unsigned int step, i, wrong = 0;

	for (step = 0; step < STEPS; step++) {
		for (i = dirty_some(d, 20); i; i--)
			dirty_write(d);
		wrong += dirty_check(d);
	}
	KUNIT_EXPECT_EQ(test, 0U, wrong);
	dirty_leave(d);
}

/* Who cannot have his bits does not lose them, however often. */
WORLD_CASE(dirty_bad_bitmap)
{
	struct dirty *d = dirty_enter(w);
	unsigned long data = w->arg + BITS;
	unsigned int i;

	for (i = 0; i < 50; i++)
		dirty_write(d);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, -EFAULT,
				(int)dirty_read(d, i % 2 ? KEEP : 0, 0, LENGTH,
						PAGE_SIZE, 0));
	KUNIT_ASSERT_EQ(test, 0UL, clear_user((void __user *)data,
					      WORLD_PAGES / 8));
	KUNIT_EXPECT_EQ(test, 0L, dirty_read(d, 0, 0, LENGTH, PAGE_SIZE,
					     data));
	KUNIT_ASSERT_EQ(test, 0UL, copy_from_user(d->bits, (void __user *)data,
						  WORLD_PAGES / 8));
	KUNIT_EXPECT_EQ(test, 0U, dirty_compare(d, 0, LENGTH, PAGE_SIZE));
	/* And then there are none. */
	KUNIT_EXPECT_EQ(test, 0L, dirty_read(d, 0, 0, LENGTH, PAGE_SIZE, 0));
	dirty_leave(d);
}

/* Each page of an IO page is read by itself, and is dirty once. */
WORLD_CASE(dirty_pieces)
{
	struct dirty *d = dirty_enter(w);
	unsigned long data = w->arg + BITS, i, page, wrong = 0;

	for (i = 0; i < 10; i++)
		dirty_write(d);
	for (i = 0; i < 2 * WORLD_PAGES; i++) {
		page = i * 37 % WORLD_PAGES;
		KUNIT_ASSERT_EQ(test, 0, put_user(0, (u8 __user *)data));
		KUNIT_ASSERT_EQ(test, 0L, dirty_read(d, 0, page * PAGE_SIZE,
						     PAGE_SIZE, PAGE_SIZE,
						     data));
		d->bits[0] = user_byte(test, data);
		wrong += dirty_compare(d, page * PAGE_SIZE, PAGE_SIZE,
				       PAGE_SIZE);
		memset(d->dirty + page * PAGE_SIZE / UNIT, 0, PAGE_SIZE / UNIT);
	}
	KUNIT_EXPECT_EQ(test, 0UL, wrong);
	dirty_leave(d);
}

/* On begins with nothing, off records nothing and forgets nothing. */
WORLD_CASE(dirty_switch)
{
	struct dirty *d = dirty_enter(w);
	unsigned int i;

	for (i = 0; i < 10; i++)
		dirty_write(d);
	KUNIT_EXPECT_EQ(test, -EFAULT, (int)dirty_read(d, 0, 0, LENGTH,
						       PAGE_SIZE, 0));
	KUNIT_EXPECT_EQ(test, 0L, dirty_set(d, false));
	KUNIT_EXPECT_EQ(test, -EFAULT, (int)dirty_read(d, 0, 0, LENGTH,
						       PAGE_SIZE, 0));
	KUNIT_EXPECT_EQ(test, 0L, dirty_set(d, true));
	KUNIT_EXPECT_EQ(test, 0L, dirty_read(d, 0, 0, LENGTH, PAGE_SIZE, 0));
	KUNIT_EXPECT_EQ(test, 0L, dirty_set(d, false));
	for (i = 0; i < 10; i++)
		dirty_write(d);
	KUNIT_EXPECT_EQ(test, 0L, dirty_read(d, 0, 0, LENGTH, PAGE_SIZE, 0));
	dirty_leave(d);
}

static struct kunit_case dirty_cases[] = {
	KUNIT_CASE(bitmap_windows),
	KUNIT_CASE(bitmap_bits),
	KUNIT_CASE(bitmap_addresses),
	WORLD_CASE_PARAM(dirty_random),
	WORLD_CASE_PARAM(dirty_bad_bitmap),
	WORLD_CASE_PARAM(dirty_pieces),
	KUNIT_CASE(dirty_switch),
	{}
};

static struct kunit_suite dirty_suite = {
	.name = "inx_dirty",
	.test_cases = dirty_cases,
};

kunit_test_suite(dirty_suite);
