// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none timeout=300 */
/*
 * Random writes of a device, and random reads of what it has written, compared
 * bit by bit with a model: IO pages of all sizes, ranges and bits of any size
 * beside them, bitmaps at any address.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>

#include "mem.h"
#include "tap.h"
#include "world.h"

#define DIRTY IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING
#define KEEP IOMMU_NEXT_HWPT_GET_DIRTY_BITMAP_NO_CLEAR
#define LENGTH (4 * HUGE)
#define STEPS 3000

/* The model knows what is dirty in units of this. */
#define UNIT 512UL
#define UNITS (LENGTH / UNIT)

FIXTURE(model)
{
	struct world w;
	struct world_dev *dev;
	uint32_t hwpt;
	unsigned char *mem, *bitmap;
	uint64_t random;
	bool dirty[UNITS];
};

/* @io: size of the IO pages that the memory is then mapped with. */
FIXTURE_VARIANT(model)
{
	uint64_t sizes;
	enum mem_kind kind;
	uint64_t io;
};

FIXTURE_VARIANT_ADD(model, io_512)
{
	.sizes = 512, .kind = MEM_HUGETLB, .io = 512,
};

FIXTURE_VARIANT_ADD(model, io_2k)
{
	.sizes = 2048, .kind = MEM_SHUFFLED, .io = 2048,
};

FIXTURE_VARIANT_ADD(model, io_4k)
{
	.sizes = PAGE | HUGE, .kind = MEM_SHUFFLED, .io = PAGE,
};

FIXTURE_VARIANT_ADD(model, io_64k)
{
	.sizes = PAGE | 65536, .kind = MEM_HUGETLB, .io = 65536,
};

FIXTURE_VARIANT_ADD(model, io_2m)
{
	.sizes = PAGE | HUGE, .kind = MEM_HUGETLB, .io = HUGE,
};

FIXTURE_SETUP(model)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();

	world_open(&self->w);
	how.page_sizes = variant->sizes;
	self->dev = world_bind(&self->w, &how);
	self->mem = mem_alloc(variant->kind, LENGTH);
	ASSERT_EQ(0, inx_map_at(self->w.fd, self->w.ioas, self->mem, LENGTH,
				IOVA));
	ASSERT_EQ(0, inx_hwpt_alloc_flags(self->w.fd, self->dev->id,
					  self->w.ioas, DIRTY, &self->hwpt));
	ASSERT_EQ(LENGTH / variant->io, world_stats(&self->w, self->dev).pages);
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, self->hwpt));
	ASSERT_EQ(0, inx_dirty_set(self->w.fd, self->hwpt, true));
	/* A bit for each unit, and room around it. */
	self->bitmap = mmap(NULL, UNITS / 8 + 4 * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->bitmap);
	self->random = 1;
}

FIXTURE_TEARDOWN(model)
{
	world_close(&self->w);
}

static uint64_t some(struct model_data *self, uint64_t below)
{
	self->random = self->random * 6364136223846793005 + 1442695040888963407;
	return (self->random >> 33) % below;
}

static void write_some(struct model_data *self, uint64_t io)
{
	static const char data[3 * PAGE];
	uint64_t length = 1 + some(self, some(self, 2) ? 64 : sizeof(data));
	uint64_t at = some(self, LENGTH - length), pos;

	ASSERT_EQ(0, inx_mock_write(self->dev->fd, IOVA + at, data, length));
	for (pos = at & -io; pos < at + length; pos += UNIT)
		self->dirty[pos / UNIT] = true;
	for (; pos & (io - 1); pos += UNIT)
		self->dirty[pos / UNIT] = true;
}

static bool is_dirty(struct model_data *self, uint64_t at, uint64_t length)
{
	uint64_t i;

	for (i = at / UNIT; i < (at + length) / UNIT; i++)
		if (self->dirty[i])
			return true;
	return false;
}

static void read_some(struct model_data *self, uint64_t align, uint64_t min_bit)
{
	uint64_t bit = min_bit << some(self, 8), at, length, i, wrong = 0;
	uint32_t flags = some(self, 3) ? 0 : KEEP;
	unsigned char *data;

	if (align < bit)
		align = bit;
	at = some(self, LENGTH / align) * align;
	length = (1 + some(self, (LENGTH - at) / align)) * align;
	if (some(self, 2) && length > 8 * align)
		length = 8 * align;
	memset(self->bitmap, 0, UNITS / 8 + 4 * PAGE);
	data = self->bitmap + PAGE + some(self, 2 * PAGE - 64);
	/* Bits around it that must stay. */
	data[-1] = 0xa5;
	data[(length / bit + 7) / 8] = 0x5a;
	ASSERT_EQ(0, inx_dirty_read(self->w.fd, self->hwpt, flags, IOVA + at,
				    length, bit, data));
	for (i = 0; i < length / bit; i++)
		wrong += (data[i / 8] >> i % 8 & 1) !=
			 is_dirty(self, at + i * bit, bit);
	ASSERT_EQ(0, wrong);
	for (; i % 8; i++)
		EXPECT_EQ(0, data[i / 8] >> i % 8 & 1);
	EXPECT_EQ(0xa5, data[-1]);
	EXPECT_EQ(0x5a, data[i / 8]);
	if (!flags)
		memset(self->dirty + at / UNIT, 0, length / UNIT);
}

TEST_F_TIMEOUT(model, random, 120)
{
	/* Ranges are aligned to the smallest IO page. */
	uint64_t align = variant->sizes & -variant->sizes;
	int i;

	for (i = 0; i < STEPS; i++) {
		if (some(self, 3))
			write_some(self, variant->io);
		else
			read_some(self, align, UNIT);
	}
}

/*
 * IO pages that are read piece by piece, the pieces in any order: each piece is
 * dirty once.
 */
TEST_F_TIMEOUT(model, piece_by_piece, 120)
{
	uint64_t step = variant->io > PAGE ? variant->io / 16 : PAGE;
	uint64_t n = variant->io * 2 / step, i;
	unsigned char bit;

	if (variant->io < PAGE)
		n = 4;
	ASSERT_EQ(0, world_touch(self->dev, IOVA, true));
	ASSERT_EQ(0, world_touch(self->dev, IOVA + variant->io, true));
	for (i = 0; i < n; i++) {
		uint64_t at = (i * 7 % n) * step;

		bit = 0;
		ASSERT_EQ(0, inx_dirty_read(self->w.fd, self->hwpt, 0,
					    IOVA + at, step, step, &bit));
		EXPECT_EQ(at < 2 * variant->io, bit);
		bit = 0;
		ASSERT_EQ(0, inx_dirty_read(self->w.fd, self->hwpt, 0,
					    IOVA + at, step, step, &bit));
		EXPECT_EQ(0, bit);
	}
}

/* What is left of a page that was read in part goes with the mapping. */
TEST_F(model, piece_and_unmap)
{
	struct world *w = &self->w;
	uint64_t bits[LENGTH / PAGE / 64] = {};
	unsigned int i;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, world_touch(self->dev, IOVA + i * HUGE, true));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, inx_dirty_read(w->fd, self->hwpt, 0,
					    IOVA + i * HUGE + HUGE / 2, PAGE,
					    PAGE, bits));
	ASSERT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LENGTH, NULL));
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, LENGTH, IOVA));
	memset(bits, 0, sizeof(bits));
	ASSERT_EQ(0, inx_dirty_read(w->fd, self->hwpt, 0, IOVA, LENGTH, PAGE,
				    bits));
	for (i = 0; i < sizeof(bits) / sizeof(*bits); i++)
		EXPECT_EQ(0, bits[i]);
}

TEST_HARNESS_MAIN
