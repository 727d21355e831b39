// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none */
/*
 * Which IOVAs there are: reserved regions, apertures, alignment, lists of what
 * must stay possible; and the places that the kernel chooses.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "mem.h"
#include "tap.h"
#include "world.h"

#define RANGES 8
#define LAST_48 ((1UL << 48) - 1)

FIXTURE(iova)
{
	struct world w;
	/* 4 MiB, aligned to 2 MiB. */
	char *mem;
};

FIXTURE_SETUP(iova)
{
	world_open(&self->w);
	self->mem = inx_alloc(2 * HUGE);
	ASSERT_NE(NULL, self->mem);
}

FIXTURE_TEARDOWN(iova)
{
	world_close(&self->w);
}

static struct iommu_next_mock_device_alloc reserving(uint64_t start,
						     uint64_t last)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();

	how.num_reserved = 1;
	how.reserved[0] = (struct iommu_next_mock_range){ start, last };
	return how;
}

static struct iommu_next_mock_device_alloc aperture(uint64_t start,
						    uint64_t last)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();

	how.aperture_start = start;
	how.aperture_last = last;
	return how;
}

static struct iommu_next_mock_device_alloc page_sizes(uint64_t sizes)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();

	how.page_sizes = sizes;
	return how;
}

struct expected {
	uint32_t nr;
	struct iommu_next_iova_range range[RANGES];
};

#define EXPECT_RANGES(_w, ...) \
	expect_ranges(_w, (struct iommu_next_iova_range[]){ __VA_ARGS__ }, \
		      sizeof((struct iommu_next_iova_range[]){ __VA_ARGS__ }) / \
		      sizeof(struct iommu_next_iova_range), __LINE__)

static void expect_ranges(struct world *w,
			  const struct iommu_next_iova_range *want, uint32_t nr,
			  int line)
{
	struct iommu_next_iova_range seen[RANGES] = {};
	uint32_t num = RANGES, i;
	bool same;

	ASSERT_EQ(0, inx_iova_ranges(w->fd, w->ioas, seen, &num, NULL));
	same = num == nr && !memcmp(seen, want, nr * sizeof(*want));
	EXPECT_TRUE(same);
	if (same)
		return;
	TH_LOG("called from line %d; these are:", line);
	for (i = 0; i < num && i < RANGES; i++)
		TH_LOG("  %#llx-%#llx", seen[i].start, seen[i].last);
}

static uint64_t alignment(struct world *w)
{
	struct iommu_next_iova_range seen[RANGES];
	uint32_t num = RANGES;
	uint64_t align = 0;

	EXPECT_EQ(0, inx_iova_ranges(w->fd, w->ioas, seen, &num, &align));
	return align;
}

/* Map where the kernel likes; returns the IOVA. */
static uint64_t map_anywhere(struct iova_data *self, const void *va,
			     uint64_t length)
{
	uint64_t iova = 0x123456789;

	EXPECT_EQ(0, inx_map(self->w.fd, self->w.ioas, INX_RW, va, length,
			     &iova));
	return iova;
}

/* ---- what devices take away -------------------------------------------------- */

TEST_F(iova, attach_narrows_and_detach_widens)
{
	struct iommu_next_mock_device_alloc a = reserving(0xfee00000,
							  0xfeefffff);
	struct iommu_next_mock_device_alloc b = aperture(PAGE, (1UL << 39) - 1);
	struct world *w = &self->w;
	struct world_dev *dev_a = world_bind(w, &a), *dev_b = world_bind(w, &b);

	EXPECT_RANGES(w, { 0, UINT64_MAX });
	ASSERT_EQ(0, inx_attach_to(dev_a->fd, w->ioas));
	EXPECT_RANGES(w, { 0, 0xfedfffff }, { 0xfef00000, LAST_48 });
	ASSERT_EQ(0, inx_attach_to(dev_b->fd, w->ioas));
	EXPECT_RANGES(w, { PAGE, 0xfedfffff },
		      { 0xfef00000, (1UL << 39) - 1 });
	ASSERT_EQ(0, inx_detach(dev_a->fd));
	EXPECT_RANGES(w, { PAGE, (1UL << 39) - 1 });
	ASSERT_EQ(0, inx_detach(dev_b->fd));
	EXPECT_RANGES(w, { 0, UINT64_MAX });
}

TEST_F(iova, closing_a_device_widens)
{
	struct iommu_next_mock_device_alloc how = reserving(0, PAGE - 1);
	struct world *w = &self->w;
	struct world_dev *dev = world_attach(w, &how);

	EXPECT_RANGES(w, { PAGE, LAST_48 });
	world_close_dev(dev);
	EXPECT_RANGES(w, { 0, UINT64_MAX });
}

TEST_F(iova, reserved_by_several)
{
	struct iommu_next_mock_device_alloc a = reserving(0x2000, 0x5fff);
	struct iommu_next_mock_device_alloc b = reserving(0x4000, 0x7fff);
	struct world *w = &self->w;
	struct world_dev *dev_a = world_attach(w, &a);

	world_attach(w, &b);
	EXPECT_RANGES(w, { 0, 0x1fff }, { 0x8000, LAST_48 });
	ASSERT_EQ(0, inx_detach(dev_a->fd));
	/* What both had reserved stays with the one that is left. */
	EXPECT_RANGES(w, { 0, 0x3fff }, { 0x8000, LAST_48 });
}

/* Regions of one device may meet, touch, and lie in any order. */
TEST_F(iova, reserved_in_any_order)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	struct world *w = &self->w;

	how.num_reserved = 4;
	how.reserved[0] = (struct iommu_next_mock_range){ 0x9000, 0x9fff };
	how.reserved[1] = (struct iommu_next_mock_range){ 0x1000, 0x2fff };
	how.reserved[2] = (struct iommu_next_mock_range){ 0x2000, 0x4fff };
	how.reserved[3] = (struct iommu_next_mock_range){ 0x5000, 0x5fff };
	world_attach(w, &how);
	EXPECT_RANGES(w, { 0, 0xfff }, { 0x6000, 0x8fff }, { 0xa000, LAST_48 });
}

TEST_F(iova, reserved_to_the_byte)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	struct world *w = &self->w;

	how.num_reserved = 3;
	how.reserved[0] = (struct iommu_next_mock_range){ 0, 0 };
	how.reserved[1] = (struct iommu_next_mock_range){ 5000, 5000 };
	how.reserved[2] = (struct iommu_next_mock_range){ LAST_48, UINT64_MAX };
	world_attach(w, &how);
	EXPECT_RANGES(w, { 1, 4999 }, { 5001, LAST_48 - 1 });
	/* A page with one reserved byte in it is of no use. */
	EXPECT_ERRNO(EINVAL, inx_map_at(w->fd, w->ioas, self->mem, PAGE, 0));
	EXPECT_ERRNO(EINVAL, inx_map_at(w->fd, w->ioas, self->mem, PAGE, PAGE));
	EXPECT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, PAGE, 2 * PAGE));
	EXPECT_ERRNO(EINVAL, inx_map_at(w->fd, w->ioas, self->mem, PAGE,
					LAST_48 + 1 - PAGE));
}

TEST_F(iova, map_into_a_reserved_region)
{
	struct iommu_next_mock_device_alloc how = reserving(0x10000, 0x1ffff);
	struct world *w = &self->w;
	struct world_dev *dev = world_attach(w, &how);
	int fd = w->fd;

	EXPECT_ERRNO(EINVAL, inx_map_at(fd, w->ioas, self->mem, PAGE, 0x10000));
	EXPECT_ERRNO(EINVAL, inx_map_at(fd, w->ioas, self->mem, PAGE, 0x1f000));
	EXPECT_ERRNO(EINVAL, inx_map_at(fd, w->ioas, self->mem, 2 * PAGE,
					0xf000));
	EXPECT_ERRNO(EINVAL, inx_map_at(fd, w->ioas, self->mem, HUGE, 0));
	EXPECT_EQ(0, inx_map_at(fd, w->ioas, self->mem, PAGE, 0xf000));
	EXPECT_EQ(0, inx_map_at(fd, w->ioas, self->mem, PAGE, 0x20000));
	ASSERT_EQ(0, inx_detach(dev->fd));
	EXPECT_EQ(0, inx_map_at(fd, w->ioas, self->mem, PAGE, 0x10000));
	EXPECT_ERRNO(EADDRINUSE, inx_attach_to(dev->fd, w->ioas));
}

/* A device that cannot reach what is mapped is refused, and leaves no trace. */
static void expect_refused(struct world *w, int want,
			   struct iommu_next_mock_device_alloc how)
{
	struct world_dev *dev = world_bind(w, &how);
	struct iommu_next_iova_range seen[RANGES] = {};
	uint64_t align = alignment(w);
	uint32_t num = RANGES, hwpt;

	EXPECT_ERRNO(want, inx_attach_to(dev->fd, w->ioas));
	/* Of a page table that is made by hand only the aperture matters. */
	if (!how.num_reserved)
		EXPECT_ERRNO(want, inx_hwpt_alloc(w->fd, dev->id, w->ioas,
						  &hwpt));
	EXPECT_EQ(0, world_stats(w, dev).domains);
	EXPECT_EQ(align, alignment(w));
	EXPECT_EQ(0, inx_iova_ranges(w->fd, w->ioas, seen, &num, NULL));
	EXPECT_EQ(1, num);
	EXPECT_EQ(0, seen[0].start);
	EXPECT_EQ(UINT64_MAX, seen[0].last);
	EXPECT_EQ(0, world_pinned(w));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED, world_touch(dev, 0, false));
}

TEST_F(iova, device_that_cannot_reach_what_is_mapped)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, 2 * PAGE, IOVA));
	expect_refused(w, EADDRINUSE, reserving(IOVA + PAGE, IOVA + PAGE));
	expect_refused(w, EADDRINUSE, reserving(0, UINT64_MAX));
	expect_refused(w, EADDRINUSE, aperture(0, IOVA - 1));
	expect_refused(w, EADDRINUSE, aperture(0, IOVA + 2 * PAGE - 2));
	expect_refused(w, EADDRINUSE, aperture(IOVA + 1, LAST_48));
	expect_refused(w, EADDRINUSE, aperture(IOVA + 2 * PAGE, LAST_48));
}

TEST_F(iova, device_that_just_reaches_what_is_mapped)
{
	struct iommu_next_mock_device_alloc how =
		aperture(IOVA, IOVA + 2 * PAGE - 1);
	struct world *w = &self->w;
	struct world_dev *dev;

	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, 2 * PAGE, IOVA));
	dev = world_attach(w, &how);
	EXPECT_RANGES(w, { IOVA, IOVA + 2 * PAGE - 1 });
	EXPECT_TRUE(world_reads(dev, IOVA, self->mem, 2 * PAGE));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_APERTURE,
		  world_touch(dev, IOVA - 1, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_APERTURE,
		  world_touch(dev, IOVA + 2 * PAGE, false));
}

TEST_F(iova, device_with_every_address)
{
	struct iommu_next_mock_device_alloc how = aperture(0, UINT64_MAX);
	uint64_t last = UINT64_MAX - PAGE + 1;
	struct world *w = &self->w;
	struct world_dev *dev = world_attach(w, &how);

	EXPECT_RANGES(w, { 0, UINT64_MAX });
	/* The very last page there is. */
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, PAGE, last));
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, PAGE, 0));
	EXPECT_TRUE(world_reads(dev, last, self->mem, PAGE));
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, last, PAGE, NULL));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED, world_touch(dev, last, true));
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, PAGE, last));
}

/* ---- alignment ---------------------------------------------------------------- */

TEST_F(iova, alignment_follows_the_smallest_io_page)
{
	struct iommu_next_mock_device_alloc fine = page_sizes(512 | 4096);
	struct iommu_next_mock_device_alloc odd = page_sizes(2048);
	struct world *w = &self->w;
	struct world_dev *a = world_bind(w, &fine), *b = world_bind(w, &odd);
	struct world_dev *c = world_bind(w, NULL);

	EXPECT_EQ(1, alignment(w));
	ASSERT_EQ(0, inx_attach_to(a->fd, w->ioas));
	EXPECT_EQ(512, alignment(w));
	ASSERT_EQ(0, inx_attach_to(b->fd, w->ioas));
	EXPECT_EQ(2048, alignment(w));
	ASSERT_EQ(0, inx_attach_to(c->fd, w->ioas));
	EXPECT_EQ(4096, alignment(w));
	ASSERT_EQ(0, inx_detach(b->fd));
	EXPECT_EQ(4096, alignment(w));
	ASSERT_EQ(0, inx_detach(c->fd));
	EXPECT_EQ(512, alignment(w));
	ASSERT_EQ(0, inx_detach(a->fd));
	EXPECT_EQ(1, alignment(w));
}

TEST_F(iova, io_pages_that_are_too_large)
{
	struct world *w = &self->w;

	expect_refused(w, EINVAL, page_sizes(8192));
	expect_refused(w, EINVAL, page_sizes(HUGE | 1UL << 30));
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, HUGE, IOVA));
	expect_refused(w, EINVAL, page_sizes(HUGE));
}

TEST_F(iova, mappings_that_are_too_fine)
{
	struct iommu_next_mock_device_alloc how = page_sizes(512);
	struct world *w = &self->w;
	struct world_dev *dev;

	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem + 512, 1024,
				IOVA + 1536));
	expect_refused(w, EADDRINUSE, inx_mock_default());
	expect_refused(w, EADDRINUSE, page_sizes(1024));
	dev = world_attach(w, &how);
	EXPECT_TRUE(world_reads(dev, IOVA + 1536, self->mem + 512, 1024));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  world_touch(dev, IOVA + 1535, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  world_touch(dev, IOVA + 1536 + 1024, false));
}

/* Each of start, length and memory alone can be what does not fit. */
TEST_F(iova, what_is_too_fine)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, PAGE, IOVA + 512));
	expect_refused(w, EADDRINUSE, inx_mock_default());
	ASSERT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, PAGE + 512, IOVA));
	expect_refused(w, EADDRINUSE, inx_mock_default());
	ASSERT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem + 512, PAGE, IOVA));
	expect_refused(w, EADDRINUSE, inx_mock_default());
	ASSERT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem + PAGE, PAGE,
				IOVA + PAGE));
	world_attach(w, NULL);
}

/* ---- what must stay possible ---------------------------------------------------- */

static int allow(struct world *w, uint64_t start, uint64_t last)
{
	struct iommu_next_iova_range range = { start, last };

	return inx_allow_iovas(w->fd, w->ioas, &range, 1);
}

TEST_F(iova, device_that_takes_away_what_is_allowed)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, allow(w, IOVA, 2 * IOVA - 1));
	expect_refused(w, EADDRINUSE, aperture(0, 2 * IOVA - 2));
	expect_refused(w, EADDRINUSE, aperture(IOVA + 1, LAST_48));
	expect_refused(w, EADDRINUSE, reserving(0, IOVA));
	ASSERT_EQ(0, allow(w, 0, UINT64_MAX));
	expect_refused(w, EADDRINUSE, inx_mock_default());
	ASSERT_EQ(0, allow(w, 0, LAST_48));
	world_attach(w, NULL);
}

/* The list says where the kernel puts things; who names a place, has it. */
TEST_F(iova, allowed_list_and_fixed_places)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, allow(w, IOVA, 2 * IOVA - 1));
	EXPECT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, PAGE, 0));
	EXPECT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, PAGE, 4 * IOVA));
	EXPECT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, 2 * PAGE,
				2 * IOVA - PAGE));
}

/* ---- places that the kernel chooses ---------------------------------------------- */

static bool meets(uint64_t a, uint64_t a_length, uint64_t b, uint64_t b_length)
{
	return a < b + b_length && b < a + a_length;
}

TEST_F(iova, chosen_places_do_not_meet)
{
	uint64_t iova[32], length[32];
	int i, j;

	for (i = 0; i < 32; i++) {
		length[i] = (1 + i % 5) * PAGE;
		iova[i] = map_anywhere(self, self->mem + i * PAGE, length[i]);
		EXPECT_NE(0, iova[i]);
		EXPECT_LE(iova[i], UINT64_MAX - length[i]);
		for (j = 0; j < i; j++)
			EXPECT_FALSE(meets(iova[i], length[i], iova[j],
					   length[j]));
	}
	/* Where one goes another one fits. */
	EXPECT_EQ(0, inx_unmap(self->w.fd, self->w.ioas, iova[7], length[7],
			       NULL));
	EXPECT_EQ(0, inx_map_at(self->w.fd, self->w.ioas, self->mem, length[7],
				iova[7]));
}

TEST_F(iova, chosen_alignment)
{
	static const struct {
		size_t offset, length, align;
	} want[] = {
		{ 0, 2 * HUGE, HUGE },
		{ 0, HUGE, HUGE },
		{ HUGE, HUGE, HUGE },
		{ 0, HUGE + PAGE, HUGE },
		{ HUGE / 2, HUGE, HUGE / 2 },
		{ 4 * PAGE, HUGE, 4 * PAGE },
		{ PAGE, HUGE, PAGE },
		{ PAGE, PAGE, PAGE },
		{ 0, 4 * PAGE, 4 * PAGE },
		{ 0, PAGE, PAGE },
	};
	size_t i;

	if (!mem_has_thp())
		SKIP("the kernel has no huge pages for IOVAs to be aligned to");
	/* The second time round a device has its own wish. */
	for (i = 0; i < 2 * sizeof(want) / sizeof(*want); i++) {
		const typeof(*want) *one = &want[i / 2];
		uint64_t iova;

		if (i == sizeof(want) / sizeof(*want))
			world_attach(&self->w, NULL);
		iova = map_anywhere(self, self->mem + one->offset, one->length);
		EXPECT_EQ(0, iova % one->align);
		EXPECT_NE(0, iova);
	}
}

TEST_F(iova, chosen_for_small_memory)
{
	struct iommu_next_mock_device_alloc how = page_sizes(512 | 4096);
	struct world *w = &self->w;
	struct world_dev *dev = world_attach(w, &how);
	uint64_t iova;
	int i;

	for (i = 0; i < 16; i++) {
		iova = map_anywhere(self, self->mem + i * 1536, 512);
		EXPECT_EQ(0, iova % 512);
		EXPECT_TRUE(world_reads(dev, iova, self->mem + i * 1536, 512));
	}
	iova = 0;
	EXPECT_ERRNO(EINVAL, inx_map(w->fd, w->ioas, INX_RW, self->mem + 256,
				     512, &iova));
	EXPECT_ERRNO(EINVAL, inx_map(w->fd, w->ioas, INX_RW, self->mem, 256,
				     &iova));
}

TEST_F(iova, chosen_inside_the_allowed_list)
{
	struct iommu_next_iova_range range[] = {
		{ 8 * IOVA, 8 * IOVA + 4 * PAGE - 1 },
		{ IOVA + PAGE, IOVA + 3 * PAGE - 1 },
	};
	struct world *w = &self->w;
	uint64_t seen = 0, iova;
	int i;

	ASSERT_EQ(0, inx_allow_iovas(w->fd, w->ioas, range, 2));
	for (i = 0; i < 6; i++) {
		iova = map_anywhere(self, self->mem + i * PAGE, PAGE);
		if (iova >= range[0].start)
			seen |= 1UL << (iova - range[0].start) / PAGE;
		else
			seen |= 16UL << (iova - range[1].start) / PAGE;
	}
	/* All six pages, each once. */
	EXPECT_EQ(0x3f, seen);
	EXPECT_ERRNO(ENOSPC, inx_map(w->fd, w->ioas, INX_RW, self->mem, PAGE,
				     &iova));
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA + PAGE, PAGE, NULL));
	EXPECT_EQ(IOVA + PAGE, map_anywhere(self, self->mem, PAGE));
	/* With the list gone there is room again. */
	ASSERT_EQ(0, inx_allow_iovas(w->fd, w->ioas, NULL, 0));
	map_anywhere(self, self->mem, PAGE);
}

TEST_F(iova, chosen_where_nothing_fits)
{
	struct world *w = &self->w;
	uint64_t iova = 0;

	if (!mem_has_thp())
		SKIP("the kernel has no huge pages for IOVAs to be aligned to");
	ASSERT_EQ(0, allow(w, IOVA, IOVA + 4 * PAGE - 1));
	EXPECT_ERRNO(ENOSPC, inx_map(w->fd, w->ioas, INX_RW, self->mem,
				     5 * PAGE, &iova));
	/* Long enough, but not where the memory's alignment wants it. */
	ASSERT_EQ(0, allow(w, IOVA + PAGE, IOVA + HUGE + PAGE - 1));
	EXPECT_ERRNO(ENOSPC, inx_map(w->fd, w->ioas, INX_RW, self->mem, HUGE,
				     &iova));
	EXPECT_EQ(0, inx_map(w->fd, w->ioas, INX_RW, self->mem + PAGE, HUGE,
			     &iova));
	EXPECT_EQ(IOVA + PAGE, iova);
	EXPECT_ERRNO(ENOSPC, inx_map(w->fd, w->ioas, INX_RW, self->mem, PAGE,
				     &iova));
}

/* 0 is allowed to be mapped, but nobody is surprised with it. */
TEST_F(iova, chosen_is_never_0)
{
	struct world *w = &self->w;
	uint64_t iova = 0;

	ASSERT_EQ(0, allow(w, 0, 2 * PAGE - 1));
	EXPECT_EQ(PAGE, map_anywhere(self, self->mem, PAGE));
	EXPECT_ERRNO(ENOSPC, inx_map(w->fd, w->ioas, INX_RW, self->mem, PAGE,
				     &iova));
	EXPECT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, PAGE, 0));
}

TEST_F(iova, chosen_between_reserved_regions)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	struct world *w = &self->w;
	uint64_t iova = 0, a, b;

	how.aperture_last = 0xffff;
	how.num_reserved = 2;
	how.reserved[0] = (struct iommu_next_mock_range){ 0x1000, 0x1fff };
	how.reserved[1] = (struct iommu_next_mock_range){ 0x4000, 0xdfff };
	world_attach(w, &how);
	/* Free are 0, 0x2000, 0x3000, 0xe000 and 0xf000. */
	a = map_anywhere(self, self->mem, 2 * PAGE);
	b = map_anywhere(self, self->mem, 2 * PAGE);
	EXPECT_EQ(0x2000, a < b ? a : b);
	EXPECT_EQ(0xe000, a < b ? b : a);
	EXPECT_ERRNO(ENOSPC, inx_map(w->fd, w->ioas, INX_RW, self->mem, PAGE,
				     &iova));
}

TEST_F(iova, chosen_lengths)
{
	struct world *w = &self->w;
	uint64_t iova = 0;

	EXPECT_ERRNO(EINVAL, inx_map(w->fd, w->ioas, INX_RW, self->mem, 0,
				     &iova));
	EXPECT_ERRNO(EOVERFLOW, inx_map(w->fd, w->ioas, INX_RW, self->mem,
					UINT64_MAX, &iova));
	EXPECT_ERRNO(EOVERFLOW, inx_map(w->fd, w->ioas, INX_RW, self->mem,
					UINT64_MAX - PAGE, &iova));
	/* The field is an output only, but no value of it may do harm. */
	iova = UINT64_MAX - 1;
	EXPECT_EQ(0, inx_map(w->fd, w->ioas, INX_RW, self->mem, 3, &iova));
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, iova, 3, NULL));
}

TEST_HARNESS_MAIN
