// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none */
/*
 * IOAS_COPY: what it accepts, and that the copy shares pins with the source and
 * nothing else.
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "world.h"

#define MEM_PAGES 16
#define MEM_LENGTH (MEM_PAGES * PAGE)
#define SRC IOVA
#define DST (4 * IOVA)

/*
 * A source and a destination, each with a device of its own if the variant says
 * so.
 */
FIXTURE(copy)
{
	struct world w;
	uint32_t src, dst;
	struct world_dev *src_dev, *dst_dev;
	char *mem;
};

FIXTURE_VARIANT(copy)
{
	bool src_attached;
	bool dst_attached;
};

FIXTURE_VARIANT_ADD(copy, alone_to_alone)
{
	false, false
};

FIXTURE_VARIANT_ADD(copy, alone_to_attached)
{
	false, true
};

FIXTURE_VARIANT_ADD(copy, attached_to_alone)
{
	true, false
};

FIXTURE_VARIANT_ADD(copy, attached_to_attached)
{
	true, true
};

FIXTURE_SETUP(copy)
{
	struct world *w = &self->w;

	world_open(w);
	self->src = w->ioas;
	self->dst = world_ioas(w);
	self->src_dev = world_bind(w, NULL);
	self->dst_dev = world_bind(w, NULL);
	if (variant->src_attached)
		ASSERT_EQ(0, inx_attach_to(self->src_dev->fd, self->src));
	if (variant->dst_attached)
		ASSERT_EQ(0, inx_attach_to(self->dst_dev->fd, self->dst));
	self->mem = mmap(NULL, MEM_LENGTH, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	for (int i = 0; i < MEM_PAGES; i++)
		memset(self->mem + i * PAGE, i + 1, PAGE);
	ASSERT_EQ(0, inx_map_at(w->fd, self->src, self->mem, MEM_LENGTH, SRC));
}

FIXTURE_TEARDOWN(copy)
{
	world_close(&self->w);
}

static int copy(struct copy_data *self, uint32_t rights, uint64_t length,
		uint64_t dst, uint64_t src)
{
	return inx_copy(self->w.fd, self->dst, self->src, rights | INX_FIXED,
			length, &dst, src);
}

/*
 * What has to be pinned when @src pages are mapped in the source, @dst in the
 * destination, and @both in either of them.
 */
static void expect_pins(struct copy_data *self,
			const struct copy_variant *variant, long src, long dst,
			long both)
{
	long want = both;

	if (!variant->src_attached)
		want = dst;
	if (!variant->dst_attached)
		want = src;
	if (!variant->src_attached && !variant->dst_attached)
		want = 0;
	EXPECT_EQ(want * 4, world_pinned(&self->w));
}

/* Pages that the destination's page table has to have. */
static void expect_mapped(struct copy_data *self,
			  const struct copy_variant *variant, long pages)
{
	EXPECT_EQ(variant->dst_attached ? pages * PAGE : 0,
		  world_stats(&self->w, self->dst_dev).bytes);
}

/* ---- errors ---------------------------------------------------------------- */

TEST_F(copy, unknown_flags)
{
	int bit;

	for (bit = 3; bit < 32; bit++)
		EXPECT_ERRNO(EOPNOTSUPP, copy(self, INX_RW | 1U << bit, PAGE,
					      DST, SRC));
	EXPECT_ERRNO(EINVAL, copy(self, 0, PAGE, DST, SRC));
	expect_pins(self, variant, MEM_PAGES, 0, MEM_PAGES);
}

TEST_F(copy, boundaries)
{
	EXPECT_ERRNO(EINVAL, copy(self, INX_RW, 0, DST, SRC));
	EXPECT_ERRNO(EOVERFLOW, copy(self, INX_RW, UINT64_MAX, DST, SRC));
	EXPECT_ERRNO(EOVERFLOW, copy(self, INX_RW, UINT64_MAX - PAGE + 1, DST,
				     SRC));
	EXPECT_ERRNO(EOVERFLOW, copy(self, INX_RW, PAGE, UINT64_MAX, SRC));
	EXPECT_ERRNO(EOVERFLOW, copy(self, INX_RW, PAGE, DST, UINT64_MAX));
	EXPECT_ERRNO(EOVERFLOW, copy(self, INX_RW, 2 * PAGE,
				     UINT64_MAX - PAGE + 1, SRC));
	EXPECT_ERRNO(EOVERFLOW, copy(self, INX_RW, 2 * PAGE, DST,
				     UINT64_MAX - PAGE + 1));
	EXPECT_ERRNO(ENOENT, copy(self, INX_RW, PAGE, DST,
				  UINT64_MAX - PAGE + 1));
	expect_pins(self, variant, MEM_PAGES, 0, MEM_PAGES);
}

TEST_F(copy, source_that_is_not_mapped)
{
	struct world *w = &self->w;

	EXPECT_ERRNO(ENOENT, copy(self, INX_RW, PAGE, DST, 0));
	EXPECT_ERRNO(ENOENT, copy(self, INX_RW, PAGE, DST, SRC - PAGE));
	EXPECT_ERRNO(ENOENT, copy(self, INX_RW, 2 * PAGE, DST, SRC - PAGE));
	EXPECT_ERRNO(ENOENT, copy(self, INX_RW, PAGE, DST, SRC + MEM_LENGTH));
	EXPECT_ERRNO(ENOENT, copy(self, INX_RW, MEM_LENGTH + PAGE, DST, SRC));
	/* A hole between two mappings. */
	ASSERT_EQ(0, inx_map_at(w->fd, self->src, self->mem, PAGE,
				SRC + MEM_LENGTH + PAGE));
	EXPECT_ERRNO(ENOENT, copy(self, INX_RW, MEM_LENGTH + 2 * PAGE, DST,
				  SRC));
	EXPECT_ERRNO(ENOENT, inx_unmap(w->fd, self->dst, DST, MEM_LENGTH * 2,
				       NULL));
	expect_pins(self, variant, MEM_PAGES + 1, 0, MEM_PAGES + 1);
	ASSERT_EQ(0, inx_map_at(w->fd, self->src, self->mem, PAGE,
				SRC + MEM_LENGTH));
	EXPECT_EQ(0, copy(self, INX_RW, MEM_LENGTH + 2 * PAGE, DST, SRC));
}

TEST_F(copy, destination_that_is_taken)
{
	EXPECT_EQ(0, copy(self, INX_RW, 4 * PAGE, DST, SRC));
	EXPECT_ERRNO(EEXIST, copy(self, INX_RW, PAGE, DST, SRC));
	EXPECT_ERRNO(EEXIST, copy(self, INX_RW, 2 * PAGE, DST - PAGE, SRC));
	EXPECT_ERRNO(EEXIST, copy(self, INX_RW, PAGE, DST + 3 * PAGE, SRC));
	EXPECT_EQ(0, copy(self, INX_RW, PAGE, DST + 4 * PAGE, SRC));
	expect_pins(self, variant, MEM_PAGES, 4, MEM_PAGES);
	expect_mapped(self, variant, 5);
}

TEST_F(copy, alignment_of_the_destination)
{
	int want = variant->dst_attached ? EINVAL : 0;
	struct {
		uint64_t length, dst, src;
	} bad[] = {
		{ PAGE / 2, DST, SRC },
		{ PAGE + 1, DST, SRC },
		{ PAGE, DST + 1, SRC },
		{ PAGE, DST, SRC + 1 },
		{ PAGE, DST, SRC + PAGE / 2 },
		{ PAGE, DST + 512, SRC + 512 },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		int rc = copy(self, INX_RW, bad[i].length, bad[i].dst,
			      bad[i].src);

		EXPECT_EQ(want, rc ? errno : 0);
		if (!rc)
			EXPECT_EQ(0, inx_unmap_all(self->w.fd, self->dst,
						   NULL));
	}
	expect_pins(self, variant, MEM_PAGES, 0, MEM_PAGES);
}

TEST_F(copy, where_the_device_cannot_reach)
{
	if (variant->dst_attached) {
		EXPECT_ERRNO(EINVAL, copy(self, INX_RW, PAGE, 1UL << 48, SRC));
		EXPECT_ERRNO(EINVAL, copy(self, INX_RW, 2 * PAGE,
					  (1UL << 48) - PAGE, SRC));
	} else {
		EXPECT_EQ(0, copy(self, INX_RW, 2 * PAGE, (1UL << 48) - PAGE,
				  SRC));
	}
}

TEST_F(copy, rights)
{
	struct world *w = &self->w;
	uint64_t ro = SRC + MEM_LENGTH, wo = ro + PAGE;

	ASSERT_EQ(0, inx_map(w->fd, self->src, INX_RO | INX_FIXED, self->mem,
			     PAGE, &ro));
	ASSERT_EQ(0, inx_map(w->fd, self->src,
			     IOMMU_NEXT_IOAS_MAP_WRITEABLE | INX_FIXED,
			     self->mem, PAGE, &wo));
	EXPECT_ERRNO(EPERM, copy(self, INX_RW, PAGE, DST, ro));
	EXPECT_ERRNO(EPERM, copy(self, IOMMU_NEXT_IOAS_MAP_WRITEABLE, PAGE,
				 DST, ro));
	/* One page of many is enough. */
	EXPECT_ERRNO(EPERM, copy(self, INX_RW, 2 * PAGE, DST, ro - PAGE));
	EXPECT_ERRNO(ENOENT, inx_unmap(w->fd, self->dst, DST, 2 * PAGE, NULL));
	expect_pins(self, variant, MEM_PAGES + 2, 0, MEM_PAGES + 2);

	EXPECT_EQ(0, copy(self, INX_RO, PAGE, DST, ro));
	EXPECT_EQ(0, copy(self, INX_RW, PAGE, DST + PAGE, wo));
	EXPECT_EQ(0, copy(self, INX_RO, PAGE, DST + 2 * PAGE, SRC));
	if (!variant->dst_attached)
		return;
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_PERMISSION,
		  world_touch(self->dst_dev, DST, true));
	EXPECT_EQ(0, world_touch(self->dst_dev, DST + PAGE, true));
	EXPECT_EQ(0, world_touch(self->dst_dev, DST + PAGE, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_PERMISSION,
		  world_touch(self->dst_dev, DST + 2 * PAGE, true));
}

/* ---- what it does ----------------------------------------------------------- */

TEST_F(copy, whole)
{
	EXPECT_EQ(0, copy(self, INX_RW, MEM_LENGTH, DST, SRC));
	expect_pins(self, variant, MEM_PAGES, MEM_PAGES, MEM_PAGES);
	expect_mapped(self, variant, MEM_PAGES);
	if (variant->dst_attached)
		EXPECT_TRUE(world_reads(self->dst_dev, DST, self->mem,
					MEM_LENGTH));
	EXPECT_EQ(0, inx_unmap_all(self->w.fd, self->dst, NULL));
	expect_pins(self, variant, MEM_PAGES, 0, MEM_PAGES);
	if (variant->src_attached)
		EXPECT_TRUE(world_reads(self->src_dev, SRC, self->mem,
					MEM_LENGTH));
}

TEST_F(copy, in_part)
{
	struct world *w = &self->w;

	EXPECT_EQ(0, copy(self, INX_RW, 3 * PAGE, DST, SRC + 5 * PAGE));
	expect_pins(self, variant, MEM_PAGES, 3, MEM_PAGES);
	EXPECT_EQ(0, inx_unmap_all(w->fd, self->src, NULL));
	expect_pins(self, variant, 0, 3, 3);
	expect_mapped(self, variant, 3);
	if (variant->dst_attached)
		EXPECT_TRUE(world_reads(self->dst_dev, DST,
					self->mem + 5 * PAGE, 3 * PAGE));
	EXPECT_EQ(0, inx_unmap_all(w->fd, self->dst, NULL));
	expect_pins(self, variant, 0, 0, 0);
}

/* Every page on its own, in an order that is neither up nor down. */
TEST_F(copy, page_by_page)
{
	struct world *w = &self->w;
	int i;

	for (i = 0; i < MEM_PAGES; i++) {
		uint64_t at = i * 7 % MEM_PAGES * PAGE;

		EXPECT_EQ(0, copy(self, INX_RW, PAGE, DST + at, SRC + at));
		expect_pins(self, variant, MEM_PAGES, i + 1, MEM_PAGES);
	}
	EXPECT_EQ(0, inx_unmap_all(w->fd, self->src, NULL));
	expect_pins(self, variant, 0, MEM_PAGES, MEM_PAGES);
	if (variant->dst_attached)
		EXPECT_TRUE(world_reads(self->dst_dev, DST, self->mem,
					MEM_LENGTH));
	for (i = 0; i < MEM_PAGES; i++) {
		EXPECT_EQ(0, inx_unmap(w->fd, self->dst,
				       DST + i * 5 % MEM_PAGES * PAGE, PAGE,
				       NULL));
		expect_pins(self, variant, 0, MEM_PAGES - 1 - i,
			    MEM_PAGES - 1 - i);
	}
}

TEST_F(copy, stands_without_the_source)
{
	struct world *w = &self->w;

	EXPECT_EQ(0, copy(self, INX_RW, MEM_LENGTH, DST, SRC));
	world_close_dev(self->src_dev);
	EXPECT_EQ(0, inx_destroy(w->fd, self->src));
	EXPECT_EQ(variant->dst_attached ? MEM_PAGES * 4 : 0, world_pinned(w));
	if (!variant->dst_attached)
		ASSERT_EQ(0, inx_attach_to(self->dst_dev->fd, self->dst));
	EXPECT_TRUE(world_reads(self->dst_dev, DST, self->mem, MEM_LENGTH));
	EXPECT_EQ(0, world_touch(self->dst_dev, DST, true));
	EXPECT_EQ(0x77, self->mem[0]);
	EXPECT_EQ(MEM_PAGES * 4, world_pinned(w));
}

/* A row of mappings becomes a row of mappings: each can be unmapped alone. */
TEST_F(copy, of_several_mappings)
{
	struct world *w = &self->w;
	uint64_t n, i;

	ASSERT_EQ(0, inx_unmap_all(w->fd, self->src, NULL));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, inx_map_at(w->fd, self->src,
					self->mem + (3 - i) * 4 * PAGE,
					4 * PAGE, SRC + i * 4 * PAGE));
	EXPECT_EQ(0, copy(self, INX_RW, 10 * PAGE, DST, SRC + 3 * PAGE));
	expect_pins(self, variant, MEM_PAGES, 10, MEM_PAGES);
	if (variant->dst_attached) {
		EXPECT_TRUE(world_reads(self->dst_dev, DST,
					self->mem + 15 * PAGE, PAGE));
		EXPECT_TRUE(world_reads(self->dst_dev, DST + PAGE,
					self->mem + 8 * PAGE, 4 * PAGE));
		EXPECT_TRUE(world_reads(self->dst_dev, DST + 5 * PAGE,
					self->mem + 4 * PAGE, 4 * PAGE));
		EXPECT_TRUE(world_reads(self->dst_dev, DST + 9 * PAGE,
					self->mem, PAGE));
	}
	EXPECT_EQ(0, inx_unmap(w->fd, self->dst, DST + PAGE, 4 * PAGE, &n));
	EXPECT_EQ(4 * PAGE, n);
	EXPECT_EQ(0, inx_unmap(w->fd, self->dst, DST, 10 * PAGE, &n));
	EXPECT_EQ(6 * PAGE, n);
	expect_pins(self, variant, MEM_PAGES, 0, MEM_PAGES);
}

TEST_F(copy, of_copies)
{
	struct world *w = &self->w;
	uint64_t iova = DST, i;

	EXPECT_EQ(0, copy(self, INX_RW, 8 * PAGE, DST, SRC + 4 * PAGE));
	/* Copies of the copy, in the same IOAS, of ever smaller parts. */
	for (i = 1; i < 4; i++) {
		iova = DST + i * IOVA;
		EXPECT_EQ(0, inx_copy(w->fd, self->dst, self->dst,
				      INX_RW | INX_FIXED, (8 - 2 * i) * PAGE,
				      &iova, DST + (i - 1) * IOVA + PAGE));
	}
	expect_pins(self, variant, MEM_PAGES, 8, MEM_PAGES);
	expect_mapped(self, variant, 8 + 6 + 4 + 2);
	EXPECT_EQ(0, inx_unmap_all(w->fd, self->src, NULL));
	EXPECT_EQ(0, inx_unmap(w->fd, self->dst, DST, 8 * PAGE, NULL));
	if (variant->dst_attached) {
		EXPECT_EQ(6 * 4, world_pinned(w));
		EXPECT_TRUE(world_reads(self->dst_dev, iova,
					self->mem + 7 * PAGE, 2 * PAGE));
	}
	EXPECT_EQ(0, inx_unmap(w->fd, self->dst, DST + IOVA, 6 * PAGE, NULL));
	EXPECT_EQ(variant->dst_attached ? 4 * 4 : 0, world_pinned(w));
	EXPECT_EQ(0, inx_unmap_all(w->fd, self->dst, NULL));
	EXPECT_EQ(0, world_pinned(w));
}

TEST_F(copy, into_itself)
{
	uint64_t iova = SRC + MEM_LENGTH;
	struct world *w = &self->w;

	EXPECT_EQ(0, inx_copy(w->fd, self->src, self->src, INX_RW | INX_FIXED,
			      MEM_LENGTH, &iova, SRC));
	/* Source and destination meet. */
	EXPECT_ERRNO(EEXIST, inx_copy(w->fd, self->src, self->src,
				      INX_RW | INX_FIXED, MEM_LENGTH, &iova,
				      SRC));
	expect_pins(self, variant, MEM_PAGES, 0, MEM_PAGES);
	if (variant->src_attached)
		EXPECT_TRUE(world_reads(self->src_dev, iova, self->mem,
					MEM_LENGTH));
	/* Across the border between the mapping and its copy. */
	iova = SRC + 2 * MEM_LENGTH;
	EXPECT_EQ(0, inx_copy(w->fd, self->src, self->src, INX_RW | INX_FIXED,
			      2 * PAGE, &iova, SRC + MEM_LENGTH - PAGE));
	if (variant->src_attached) {
		EXPECT_TRUE(world_reads(self->src_dev, iova,
					self->mem + MEM_LENGTH - PAGE, PAGE));
		EXPECT_TRUE(world_reads(self->src_dev, iova + PAGE, self->mem,
					PAGE));
	}
}

TEST_F(copy, to_a_chosen_place)
{
	uint64_t iova = 12345;
	struct world *w = &self->w;

	EXPECT_EQ(0, inx_copy(w->fd, self->dst, self->src, INX_RW, MEM_LENGTH,
			      &iova, SRC));
	EXPECT_NE(0, iova);
	EXPECT_EQ(0, iova % PAGE);
	if (variant->dst_attached)
		EXPECT_TRUE(world_reads(self->dst_dev, iova, self->mem,
					MEM_LENGTH));
	EXPECT_EQ(0, inx_unmap(w->fd, self->dst, iova, MEM_LENGTH, NULL));
}

/* Devices that come and go after the copy was made. */
TEST_F(copy, and_then_attach)
{
	struct world *w = &self->w;

	EXPECT_EQ(0, copy(self, INX_RW, 4 * PAGE, DST, SRC + 2 * PAGE));
	EXPECT_EQ(0, inx_detach(self->src_dev->fd));
	EXPECT_EQ(0, inx_detach(self->dst_dev->fd));
	EXPECT_EQ(0, world_pinned(w));
	EXPECT_EQ(0, inx_attach_to(self->dst_dev->fd, self->dst));
	EXPECT_EQ(4 * 4, world_pinned(w));
	EXPECT_EQ(0, inx_attach_to(self->src_dev->fd, self->src));
	EXPECT_EQ(MEM_PAGES * 4, world_pinned(w));
	EXPECT_TRUE(world_reads(self->src_dev, SRC, self->mem, MEM_LENGTH));
	EXPECT_TRUE(world_reads(self->dst_dev, DST, self->mem + 2 * PAGE,
				4 * PAGE));
	EXPECT_EQ(0, inx_detach(self->src_dev->fd));
	EXPECT_EQ(4 * 4, world_pinned(w));
	EXPECT_TRUE(world_reads(self->dst_dev, DST, self->mem + 2 * PAGE,
				4 * PAGE));
}

/*
 * One bad mapping in a row, and none of them is copied. Nobody has looked at
 * the memory of the source, as it has no device.
 */
TEST(of_several_mappings_all_or_none)
{
	char *mem = inx_alloc(MEM_LENGTH);
	uint64_t iova = DST;
	struct world_dev *dev;
	struct world w;
	uint32_t src;

	world_open(&w);
	dev = world_attach(&w, NULL);
	src = world_ioas(&w);
	ASSERT_EQ(0, inx_map_at(w.fd, src, mem, MEM_LENGTH, SRC));
	ASSERT_EQ(0, inx_map_at(w.fd, src, mem, PAGE, SRC + MEM_LENGTH));
	ASSERT_EQ(0, inx_map_at(w.fd, src, NULL, PAGE,
				SRC + MEM_LENGTH + PAGE));
	EXPECT_ERRNO(EFAULT, inx_copy(w.fd, w.ioas, src, INX_RW | INX_FIXED,
				      MEM_LENGTH + 2 * PAGE, &iova, SRC));
	EXPECT_EQ(0, world_pinned(&w));
	EXPECT_EQ(0, world_stats(&w, dev).bytes);
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED, world_touch(dev, DST, false));
	EXPECT_EQ(0, inx_copy(w.fd, w.ioas, src, INX_RW | INX_FIXED,
			      MEM_LENGTH + PAGE, &iova, SRC));
	EXPECT_TRUE(world_reads(dev, DST, mem, MEM_LENGTH));
	world_close(&w);
}

TEST_HARNESS_MAIN
