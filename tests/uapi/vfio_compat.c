// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none */
/*
 * The ioctls of a VFIO container on /dev/iommu-next, and IOMMU_NEXT_VFIO_IOAS.
 * How type1 cuts mappings is in vfio_cut.c.
 */
#define _GNU_SOURCE
#include <linux/vfio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "type1.h"
#include "world.h"

#define MEM_PAGES 8
#define MEM_LENGTH (MEM_PAGES * PAGE)
/* Address without memory behind it. */
#define NOWHERE ((void *)16)

/* ---- which IOAS ------------------------------------------------------------ */

TEST(ioas_is_set_and_cleared)
{
	struct world w;
	uint32_t other, id = 77;

	world_open(&w);
	EXPECT_ERRNO(ENODEV, type1_ioas(w.fd, IOMMU_NEXT_VFIO_IOAS_GET, &id));
	EXPECT_EQ(77, id);
	EXPECT_ERRNO(ENOENT, type1_set_ioas(w.fd, 0));
	EXPECT_ERRNO(ENOENT, type1_set_ioas(w.fd, 4711));
	EXPECT_ERRNO(ENOENT, type1_set_ioas(w.fd, world_bind(&w, NULL)->id));
	EXPECT_ERRNO(ENODEV, type1_ioas(w.fd, IOMMU_NEXT_VFIO_IOAS_GET, &id));

	EXPECT_EQ(0, type1_set_ioas(w.fd, w.ioas));
	EXPECT_EQ(0, type1_ioas(w.fd, IOMMU_NEXT_VFIO_IOAS_GET, &id));
	EXPECT_EQ(w.ioas, id);
	other = world_ioas(&w);
	EXPECT_EQ(0, type1_set_ioas(w.fd, other));
	EXPECT_EQ(0, type1_ioas(w.fd, IOMMU_NEXT_VFIO_IOAS_GET, &id));
	EXPECT_EQ(other, id);
	/* A bad one leaves it. */
	EXPECT_ERRNO(ENOENT, type1_set_ioas(w.fd, 4711));
	EXPECT_EQ(0, type1_ioas(w.fd, IOMMU_NEXT_VFIO_IOAS_GET, &id));
	EXPECT_EQ(other, id);

	EXPECT_EQ(0, type1_ioas(w.fd, IOMMU_NEXT_VFIO_IOAS_CLEAR, NULL));
	EXPECT_ERRNO(ENODEV, type1_ioas(w.fd, IOMMU_NEXT_VFIO_IOAS_GET, &id));
	EXPECT_EQ(0, type1_ioas(w.fd, IOMMU_NEXT_VFIO_IOAS_CLEAR, NULL));
	world_close(&w);
}

TEST(ioas_that_is_destroyed_is_forgotten)
{
	struct world w;
	uint32_t other, id;

	world_open(&w);
	other = world_ioas(&w);
	EXPECT_EQ(0, type1_set_ioas(w.fd, other));
	EXPECT_EQ(0, inx_destroy(w.fd, other));
	EXPECT_ERRNO(ENODEV, type1_ioas(w.fd, IOMMU_NEXT_VFIO_IOAS_GET, &id));
	EXPECT_ERRNO(ENODEV, ioctl(w.fd, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU));
	/* Most likely it has the same ID; it is another one. */
	world_ioas(&w);
	EXPECT_ERRNO(ENODEV, type1_ioas(w.fd, IOMMU_NEXT_VFIO_IOAS_GET, &id));

	/* Destroying another one does not matter. */
	other = world_ioas(&w);
	EXPECT_EQ(0, type1_set_ioas(w.fd, w.ioas));
	EXPECT_EQ(0, inx_destroy(w.fd, other));
	EXPECT_EQ(0, type1_ioas(w.fd, IOMMU_NEXT_VFIO_IOAS_GET, &id));
	EXPECT_EQ(w.ioas, id);
	world_close(&w);
}

TEST(ioas_struct)
{
	struct {
		struct iommu_next_vfio_ioas arg;
		uint8_t more;
	} s = { .arg = { .op = IOMMU_NEXT_VFIO_IOAS_SET } };
	struct world w;
	int op;

	world_open(&w);
	s.arg.ioas_id = w.ioas;
	for (s.arg.size = 0; s.arg.size < sizeof(s.arg); s.arg.size++)
		EXPECT_ERRNO(EINVAL, ioctl(w.fd, IOMMU_NEXT_VFIO_IOAS, &s));
	s.arg.size = sizeof(s.arg) + 1;
	EXPECT_EQ(0, ioctl(w.fd, IOMMU_NEXT_VFIO_IOAS, &s));
	s.more = 1;
	EXPECT_ERRNO(E2BIG, ioctl(w.fd, IOMMU_NEXT_VFIO_IOAS, &s));
	s.arg.size = sizeof(s.arg);
	s.arg.__reserved = 1;
	EXPECT_ERRNO(EOPNOTSUPP, ioctl(w.fd, IOMMU_NEXT_VFIO_IOAS, &s));
	s.arg.__reserved = 0;
	for (op = 3; op < 65536; op = op * 2 + 1) {
		s.arg.op = op;
		EXPECT_ERRNO(EOPNOTSUPP, ioctl(w.fd, IOMMU_NEXT_VFIO_IOAS, &s));
	}
	EXPECT_ERRNO(EFAULT, ioctl(w.fd, IOMMU_NEXT_VFIO_IOAS, NOWHERE));
	world_close(&w);
}

/* ---- questions, and the choice of a type ----------------------------------- */

TEST(without_an_ioas)
{
	static const int some[] = { VFIO_TYPE1_IOMMU, VFIO_TYPE1v2_IOMMU,
				    VFIO_UNMAP_ALL };
	static const long none[] = { 0, 2, 5, 6, 7, 8, VFIO_UPDATE_VADDR, 11,
				     99, -1 };
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	struct world w;
	size_t i;

	world_open(&w);
	EXPECT_EQ(VFIO_API_VERSION, ioctl(w.fd, VFIO_GET_API_VERSION));
	for (i = 0; i < sizeof(some) / sizeof(*some); i++)
		EXPECT_EQ(1, ioctl(w.fd, VFIO_CHECK_EXTENSION, some[i]));
	for (i = 0; i < sizeof(none) / sizeof(*none); i++)
		EXPECT_EQ(0, ioctl(w.fd, VFIO_CHECK_EXTENSION, none[i]));
	EXPECT_ERRNO(ENODEV, ioctl(w.fd, VFIO_CHECK_EXTENSION,
				   VFIO_DMA_CC_IOMMU));
	EXPECT_ERRNO(ENODEV, ioctl(w.fd, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU));
	EXPECT_ERRNO(ENODEV, ioctl(w.fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
	EXPECT_ERRNO(EINVAL, ioctl(w.fd, VFIO_SET_IOMMU, 0));
	EXPECT_ERRNO(ENODEV, ioctl(w.fd, VFIO_IOMMU_GET_INFO, &info));
	EXPECT_ERRNO(ENODEV, type1_map(w.fd, &w, PAGE, IOVA));
	EXPECT_ERRNO(ENODEV, type1_unmap(w.fd, IOVA, PAGE, NULL));
	EXPECT_ERRNO(ENODEV, type1_unmap_all(w.fd, NULL));
	world_close(&w);
}

TEST(numbers_that_are_none_of_these)
{
	static const struct {
		int type, nr;
	} bad[] = {
		{ ';', 0 }, { ';', 99 }, { ';', 103 }, { ';', 107 },
		{ ';', 115 }, { ';', 117 }, { ';', 127 }, { ';', 255 },
		{ ':', 100 }, { ':', 112 }, { 0, 100 }, { 0, 0 },
	};
	char buf[4096] = {};
	struct world w;
	size_t i;

	world_open(&w);
	ASSERT_EQ(0, type1_set_ioas(w.fd, w.ioas));
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_ERRNO(ENOTTY, ioctl(w.fd, _IO(bad[i].type, bad[i].nr),
					   buf));
	/* The right number with a size in it. */
	EXPECT_ERRNO(ENOTTY, ioctl(w.fd, _IOR(';', 112, int), buf));
	world_close(&w);
}

TEST(type_chooses_page_by_page)
{
	static const long bad[] = { 0, 2, 4, 5, 6, 7, 8, 9, -1 };
	uint32_t ioas;
	struct world w;
	uint64_t huge;
	size_t i;

	world_open(&w);
	ASSERT_EQ(0, type1_set_ioas(w.fd, w.ioas));
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_ERRNO(EINVAL, ioctl(w.fd, VFIO_SET_IOMMU, bad[i]));
	EXPECT_EQ(0, ioctl(w.fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(0, inx_option_get(w.fd, IOMMU_NEXT_OPTION_HUGE_PAGES, w.ioas,
				    &huge));
	EXPECT_EQ(1, huge);
	EXPECT_EQ(0, ioctl(w.fd, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(0, inx_option_get(w.fd, IOMMU_NEXT_OPTION_HUGE_PAGES, w.ioas,
				    &huge));
	EXPECT_EQ(0, huge);
	/* The other type does not take it back. */
	EXPECT_EQ(0, ioctl(w.fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(0, inx_option_get(w.fd, IOMMU_NEXT_OPTION_HUGE_PAGES, w.ioas,
				    &huge));
	EXPECT_EQ(0, huge);

	/* It is the IOAS that has a type, not the file. */
	ioas = world_ioas(&w);
	EXPECT_EQ(0, inx_option_get(w.fd, IOMMU_NEXT_OPTION_HUGE_PAGES, ioas,
				    &huge));
	EXPECT_EQ(1, huge);
	world_close(&w);
}

TEST(type_after_mappings)
{
	char *mem = inx_alloc(MEM_LENGTH);
	struct world_dev *dev;
	struct world w;

	world_open(&w);
	ASSERT_EQ(0, type1_set_ioas(w.fd, w.ioas));
	/* Nothing is in a page table, but it could not be, page by page. */
	ASSERT_EQ(0, type1_map(w.fd, mem + 512, PAGE, IOVA));
	EXPECT_ERRNO(EADDRINUSE, ioctl(w.fd, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(0, ioctl(w.fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, type1_unmap_all(w.fd, NULL));
	ASSERT_EQ(0, type1_map(w.fd, mem, PAGE, IOVA));
	dev = world_attach(&w, NULL);
	EXPECT_ERRNO(EINVAL, ioctl(w.fd, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, inx_detach(dev->fd));
	EXPECT_EQ(0, ioctl(w.fd, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, inx_attach_to(dev->fd, w.ioas));
	/* It has been so already. */
	EXPECT_EQ(0, ioctl(w.fd, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU));
	world_close(&w);
}

TEST(coherency_is_of_all_page_tables)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	struct world_dev *dev;
	struct world w;

	world_open(&w);
	ASSERT_EQ(0, type1_set_ioas(w.fd, w.ioas));
	/* Nobody is there who could do otherwise. */
	EXPECT_EQ(1, ioctl(w.fd, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU));
	world_attach(&w, NULL);
	EXPECT_EQ(1, ioctl(w.fd, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU));
	how.flags = IOMMU_NEXT_MOCK_NO_SNOOP;
	how.page_sizes = PAGE;
	dev = world_attach(&w, &how);
	EXPECT_EQ(0, ioctl(w.fd, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU));
	ASSERT_EQ(0, inx_detach(dev->fd));
	EXPECT_EQ(1, ioctl(w.fd, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU));
	world_close(&w);
}

/* ---- GET_INFO -------------------------------------------------------------- */

/* A device has two reserved regions, so there are four ranges. */
FIXTURE(info)
{
	struct world w;
	uint8_t buf[4096];
	struct vfio_iommu_type1_info *info;
};

FIXTURE_SETUP(info)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();

	how.num_reserved = 2;
	how.reserved[0].start = 0xfee00000;
	how.reserved[0].last = 0xfeefffff;
	how.reserved[1].start = 1UL << 40;
	how.reserved[1].last = (1UL << 40) + PAGE - 1;
	how.aperture_start = PAGE;
	world_open(&self->w);
	ASSERT_EQ(0, type1_set_ioas(self->w.fd, self->w.ioas));
	world_attach(&self->w, &how);
	self->info = (void *)self->buf;
}

FIXTURE_TEARDOWN(info)
{
	world_close(&self->w);
}

static int get_info(struct info_data *self, uint32_t argsz)
{
	memset(self->buf, 0xaa, sizeof(self->buf));
	self->info->argsz = argsz;
	return ioctl(self->w.fd, VFIO_IOMMU_GET_INFO, self->info);
}

static bool untouched_from(struct info_data *self, size_t from)
{
	size_t i;

	for (i = from; i < sizeof(self->buf); i++)
		if (self->buf[i] != 0xaa)
			return false;
	return true;
}

#define INFO_FULL (24 + 16 + 16 + 3 * 16)

TEST_F(info, every_argsz)
{
	uint32_t argsz;

	for (argsz = 0; argsz < 16; argsz++) {
		EXPECT_ERRNO(EINVAL, get_info(self, argsz));
		EXPECT_TRUE(untouched_from(self, 4));
	}
	for (; argsz < INFO_FULL + 20; argsz++) {
		ASSERT_EQ(0, get_info(self, argsz));
		EXPECT_TRUE(untouched_from(self, argsz));
		EXPECT_EQ(INFO_FULL, self->info->argsz);
		EXPECT_EQ(VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS,
			  self->info->flags);
		EXPECT_EQ(PAGE | HUGE | 1UL << 30, self->info->iova_pgsizes);
		if (argsz >= INFO_FULL)
			EXPECT_EQ(24, self->info->cap_offset);
		else if (argsz >= 20)
			EXPECT_EQ(0, self->info->cap_offset);
	}
	EXPECT_EQ(0, get_info(self, UINT32_MAX));
	EXPECT_TRUE(untouched_from(self, INFO_FULL));
}

TEST_F(info, chain)
{
	struct vfio_iommu_type1_info_cap_iova_range *iovas;
	struct vfio_iommu_type1_info_dma_avail *avail;

	ASSERT_EQ(0, get_info(self, sizeof(self->buf)));
	avail = (void *)(self->buf + self->info->cap_offset);
	EXPECT_EQ(VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL, avail->header.id);
	EXPECT_EQ(1, avail->header.version);
	EXPECT_EQ(UINT32_MAX, avail->avail);
	ASSERT_EQ(40, avail->header.next);
	iovas = (void *)(self->buf + avail->header.next);
	EXPECT_EQ(VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, iovas->header.id);
	EXPECT_EQ(1, iovas->header.version);
	EXPECT_EQ(0, iovas->header.next);
	EXPECT_EQ(0, iovas->reserved);
	ASSERT_EQ(3, iovas->nr_iovas);
	EXPECT_EQ(PAGE, iovas->iova_ranges[0].start);
	EXPECT_EQ(0xfedfffff, iovas->iova_ranges[0].end);
	EXPECT_EQ(0xfef00000, iovas->iova_ranges[1].start);
	EXPECT_EQ((1UL << 40) - 1, iovas->iova_ranges[1].end);
	EXPECT_EQ((1UL << 40) + PAGE, iovas->iova_ranges[2].start);
	EXPECT_EQ((1UL << 48) - 1, iovas->iova_ranges[2].end);
}

TEST_F(info, bad_pointer)
{
	char *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct vfio_iommu_type1_info *info;

	ASSERT_NE(MAP_FAILED, page);
	ASSERT_EQ(0, munmap(page + PAGE, PAGE));
	EXPECT_ERRNO(EFAULT, ioctl(self->w.fd, VFIO_IOMMU_GET_INFO, NOWHERE));
	info = (void *)(page + PAGE - 8);
	info->argsz = sizeof(*info);
	EXPECT_ERRNO(EFAULT, ioctl(self->w.fd, VFIO_IOMMU_GET_INFO, info));
	info = (void *)(page + PAGE - 32);
	info->argsz = INFO_FULL;
	EXPECT_ERRNO(EFAULT, ioctl(self->w.fd, VFIO_IOMMU_GET_INFO, info));
}

TEST_F(info, page_sizes)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	struct world *w = &self->w;

	how.page_sizes = PAGE | 1UL << 16 | HUGE;
	world_attach(w, &how);
	ASSERT_EQ(0, get_info(self, 24));
	EXPECT_EQ(PAGE | HUGE, self->info->iova_pgsizes);
	/* Parts of a page are told as a page. */
	how.page_sizes = 512 | HUGE;
	world_attach(w, &how);
	ASSERT_EQ(0, get_info(self, 24));
	EXPECT_EQ(HUGE, self->info->iova_pgsizes);
	/* No size in common: the alignment. */
	how.page_sizes = 2048;
	world_attach(w, &how);
	ASSERT_EQ(0, get_info(self, 24));
	EXPECT_EQ(PAGE, self->info->iova_pgsizes);

	ASSERT_EQ(0, type1_set_ioas(w->fd, world_ioas(w)));
	ASSERT_EQ(0, get_info(self, sizeof(self->buf)));
	EXPECT_EQ(~(PAGE - 1), self->info->iova_pgsizes);
	EXPECT_EQ(24 + 16 + 16 + 16, self->info->argsz);
}

/* ---- MAP_DMA and UNMAP_DMA ------------------------------------------------- */

FIXTURE(dma)
{
	struct world w;
	struct world_dev *dev;
	unsigned char *mem;
};

FIXTURE_VARIANT(dma)
{
	unsigned int type;
	bool attached;
};

FIXTURE_VARIANT_ADD(dma, type1)
{
	VFIO_TYPE1_IOMMU, true
};

FIXTURE_VARIANT_ADD(dma, type1_alone)
{
	VFIO_TYPE1_IOMMU, false
};

FIXTURE_VARIANT_ADD(dma, type1v2)
{
	VFIO_TYPE1v2_IOMMU, true
};

FIXTURE_VARIANT_ADD(dma, type1v2_alone)
{
	VFIO_TYPE1v2_IOMMU, false
};

FIXTURE_SETUP(dma)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	struct world *w = &self->w;
	int i;

	how.num_reserved = 1;
	how.reserved[0].start = 4 * IOVA;
	how.reserved[0].last = 4 * IOVA + PAGE - 1;
	world_open(w);
	self->dev = world_bind(w, &how);
	if (variant->attached)
		ASSERT_EQ(0, inx_attach_to(self->dev->fd, w->ioas));
	ASSERT_EQ(0, type1_set_ioas(w->fd, w->ioas));
	ASSERT_EQ(0, ioctl(w->fd, VFIO_SET_IOMMU, variant->type));
	self->mem = inx_alloc(MEM_LENGTH);
	ASSERT_NE(NULL, self->mem);
	for (i = 0; i < MEM_PAGES; i++)
		memset(self->mem + i * PAGE, i + 1, PAGE);
}

FIXTURE_TEARDOWN(dma)
{
	world_close(&self->w);
}

static void expect_mapped(struct dma_data *self, const struct dma_variant *v,
			  long pages)
{
	EXPECT_EQ(v->attached ? pages * 4 : 0, world_pinned(&self->w));
	EXPECT_EQ(v->attached ? pages * PAGE : 0,
		  world_stats(&self->w, self->dev).bytes);
}

TEST_F(dma, map_and_unmap)
{
	uint64_t size = 0;

	EXPECT_EQ(0, type1_map(self->w.fd, self->mem, MEM_LENGTH, IOVA));
	expect_mapped(self, variant, MEM_PAGES);
	if (variant->attached)
		EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, MEM_LENGTH));
	/* The same IOAS by the other ioctls. */
	EXPECT_EQ(0, inx_copy(self->w.fd, self->w.ioas, self->w.ioas,
			      INX_RW | INX_FIXED, PAGE,
			      &(uint64_t){ 2 * IOVA }, IOVA));
	EXPECT_EQ(0, inx_unmap(self->w.fd, self->w.ioas, 2 * IOVA, PAGE, NULL));
	EXPECT_EQ(0, type1_unmap(self->w.fd, IOVA, MEM_LENGTH, &size));
	EXPECT_EQ(MEM_LENGTH, size);
	expect_mapped(self, variant, 0);
	/* Nothing is there: no error, as type1 always had it. */
	EXPECT_EQ(0, type1_unmap(self->w.fd, IOVA, MEM_LENGTH, &size));
	EXPECT_EQ(0, size);
}

TEST_F(dma, rights)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ,
		.vaddr = (uintptr_t)self->mem,
		.iova = IOVA,
		.size = PAGE,
	};

	EXPECT_EQ(0, ioctl(self->w.fd, VFIO_IOMMU_MAP_DMA, &map));
	map.flags = VFIO_DMA_MAP_FLAG_WRITE;
	map.iova += PAGE;
	EXPECT_EQ(0, ioctl(self->w.fd, VFIO_IOMMU_MAP_DMA, &map));
	if (!variant->attached)
		return;
	EXPECT_EQ(0, world_touch(self->dev, IOVA, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_PERMISSION,
		  world_touch(self->dev, IOVA, true));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_PERMISSION,
		  world_touch(self->dev, IOVA + PAGE, false));
	EXPECT_EQ(0, world_touch(self->dev, IOVA + PAGE, true));
}

TEST_F(dma, map_struct)
{
	struct vfio_iommu_type1_dma_map map = {
		.flags = VFIO_DMA_MAP_FLAG_READ,
		.vaddr = (uintptr_t)self->mem,
		.iova = IOVA,
		.size = PAGE,
	};
	int bit;

	for (; map.argsz < sizeof(map); map.argsz++)
		EXPECT_ERRNO(EINVAL,
			     ioctl(self->w.fd, VFIO_IOMMU_MAP_DMA, &map));
	for (bit = 2; bit < 32; bit++) {
		map.flags = VFIO_DMA_MAP_FLAG_READ | 1U << bit;
		EXPECT_ERRNO(EINVAL,
			     ioctl(self->w.fd, VFIO_IOMMU_MAP_DMA, &map));
	}
	EXPECT_ERRNO(EFAULT, ioctl(self->w.fd, VFIO_IOMMU_MAP_DMA, NOWHERE));
	expect_mapped(self, variant, 0);
	map.flags = VFIO_DMA_MAP_FLAG_READ;
	map.argsz = 4096;
	EXPECT_EQ(0, ioctl(self->w.fd, VFIO_IOMMU_MAP_DMA, &map));
}

TEST_F(dma, map_errors)
{
	int fd = self->w.fd;
	void *hole = mmap(NULL, 2 * PAGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT_ERRNO(EINVAL, type1_map(fd, self->mem, 0, IOVA));
	EXPECT_ERRNO(EOVERFLOW, type1_map(fd, (void *)-PAGE, PAGE, IOVA));
	EXPECT_ERRNO(EOVERFLOW, type1_map(fd, self->mem, -1UL, IOVA));
	EXPECT_ERRNO(EOVERFLOW, type1_map(fd, self->mem, 2 * PAGE, -PAGE));
	ASSERT_EQ(0, type1_map(fd, self->mem, 2 * PAGE, IOVA));
	EXPECT_ERRNO(EEXIST, type1_map(fd, self->mem, PAGE, IOVA));
	EXPECT_ERRNO(EEXIST, type1_map(fd, self->mem, 2 * PAGE, IOVA + PAGE));
	expect_mapped(self, variant, 2);
	if (variant->attached) {
		EXPECT_ERRNO(EINVAL, type1_map(fd, self->mem, PAGE, 4 * IOVA));
		EXPECT_ERRNO(EINVAL, type1_map(fd, self->mem, PAGE, 1UL << 48));
		EXPECT_ERRNO(EFAULT, type1_map(fd, hole, PAGE, 2 * IOVA));
		EXPECT_ERRNO(EINVAL, type1_map(fd, self->mem, PAGE / 2,
					       2 * IOVA));
		EXPECT_ERRNO(EINVAL, type1_map(fd, self->mem, PAGE,
					       2 * IOVA + 512));
		EXPECT_ERRNO(EINVAL, type1_map(fd, self->mem + 1, PAGE,
					       2 * IOVA));
	}
	expect_mapped(self, variant, 2);
}

TEST_F(dma, unmap_struct)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.iova = IOVA, .size = PAGE,
	};
	struct vfio_iommu_type1_dma_unmap *ro;
	int bit;

	ASSERT_EQ(0, type1_map(self->w.fd, self->mem, PAGE, IOVA));
	for (; unmap.argsz < 24; unmap.argsz++)
		EXPECT_ERRNO(EINVAL, ioctl(self->w.fd, VFIO_IOMMU_UNMAP_DMA,
					   &unmap));
	for (bit = 0; bit < 32; bit++) {
		unmap.flags = 1U << bit;
		if (unmap.flags != VFIO_DMA_UNMAP_FLAG_ALL)
			EXPECT_ERRNO(EINVAL, ioctl(self->w.fd,
						   VFIO_IOMMU_UNMAP_DMA,
						   &unmap));
	}
	EXPECT_ERRNO(EFAULT, ioctl(self->w.fd, VFIO_IOMMU_UNMAP_DMA, NOWHERE));
	EXPECT_EQ(PAGE, unmap.size);

	/* An answer that cannot be given: nothing has happened. */
	unmap.flags = 0;
	ro = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, ro);
	*ro = unmap;
	ASSERT_EQ(0, mprotect(ro, PAGE, PROT_READ));
	EXPECT_ERRNO(EFAULT, ioctl(self->w.fd, VFIO_IOMMU_UNMAP_DMA, ro));
	expect_mapped(self, variant, 1);
	unmap.argsz = 4096;
	EXPECT_EQ(0, ioctl(self->w.fd, VFIO_IOMMU_UNMAP_DMA, &unmap));
	EXPECT_EQ(PAGE, unmap.size);
}

TEST_F(dma, unmap_errors)
{
	int fd = self->w.fd;
	uint64_t size = 1;

	ASSERT_EQ(0, type1_map(fd, self->mem, 2 * PAGE, IOVA));
	EXPECT_ERRNO(EINVAL, type1_unmap(fd, IOVA, 0, &size));
	EXPECT_ERRNO(EOVERFLOW, type1_unmap(fd, IOVA, -1UL, &size));
	EXPECT_EQ(0, size);
	EXPECT_ERRNO(EOVERFLOW, type1_unmap(fd, -PAGE, 2 * PAGE, &size));
	EXPECT_EQ(0, type1_unmap(fd, -PAGE, PAGE, &size));
	EXPECT_EQ(0, size);
	if (variant->type == VFIO_TYPE1v2_IOMMU) {
		EXPECT_ERRNO(ENOENT, type1_unmap(fd, IOVA, PAGE, &size));
		EXPECT_EQ(0, size);
		EXPECT_ERRNO(ENOENT, type1_unmap(fd, IOVA + PAGE, PAGE, NULL));
		EXPECT_ERRNO(ENOENT, type1_unmap(fd, 0, IOVA + PAGE, NULL));
	} else {
		EXPECT_ERRNO(EINVAL, type1_unmap(fd, IOVA, PAGE / 2, &size));
		EXPECT_EQ(PAGE / 2, size);
		EXPECT_ERRNO(EINVAL, type1_unmap(fd, IOVA + 512, PAGE, NULL));
	}
	expect_mapped(self, variant, 2);
	EXPECT_EQ(0, type1_unmap(fd, 0, 8 * IOVA, &size));
	EXPECT_EQ(2 * PAGE, size);
}

TEST_F(dma, unmap_all)
{
	int fd = self->w.fd, i;
	uint64_t size = 1;
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.flags = VFIO_DMA_UNMAP_FLAG_ALL,
	};

	EXPECT_EQ(0, type1_unmap_all(fd, &size));
	EXPECT_EQ(0, size);
	for (i = 0; i < MEM_PAGES; i++)
		ASSERT_EQ(0, type1_map(fd, self->mem + i * PAGE, PAGE,
				       IOVA + 2 * i * PAGE));
	unmap.iova = IOVA;
	EXPECT_ERRNO(EINVAL, ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &unmap));
	unmap.iova = 0;
	unmap.size = PAGE;
	EXPECT_ERRNO(EINVAL, ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &unmap));
	EXPECT_EQ(PAGE, unmap.size);
	expect_mapped(self, variant, MEM_PAGES);
	EXPECT_EQ(0, type1_unmap_all(fd, &size));
	EXPECT_EQ(MEM_LENGTH, size);
	expect_mapped(self, variant, 0);
}

/* ---- what programs do ------------------------------------------------------ */

/* The order of QEMU's legacy container, a vIOMMU's unmap of all included. */
TEST(as_qemu_does)
{
	unsigned char *mem = inx_alloc(MEM_LENGTH);
	struct vfio_iommu_type1_info *info;
	struct world_dev *dev;
	uint32_t argsz = sizeof(*info);
	uint64_t size;
	struct world w;

	world_open(&w);
	dev = world_attach(&w, NULL);
	ASSERT_EQ(0, type1_set_ioas(w.fd, w.ioas));
	ASSERT_EQ(VFIO_API_VERSION, ioctl(w.fd, VFIO_GET_API_VERSION));
	ASSERT_EQ(1, ioctl(w.fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, ioctl(w.fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
	info = calloc(1, argsz);
	info->argsz = argsz;
	ASSERT_EQ(0, ioctl(w.fd, VFIO_IOMMU_GET_INFO, info));
	ASSERT_LT(argsz, info->argsz);
	argsz = info->argsz;
	info = realloc(info, argsz);
	info->argsz = argsz;
	ASSERT_EQ(0, ioctl(w.fd, VFIO_IOMMU_GET_INFO, info));
	ASSERT_EQ(argsz, info->argsz);
	ASSERT_EQ(sizeof(*info), info->cap_offset);
	ASSERT_EQ(1, ioctl(w.fd, VFIO_CHECK_EXTENSION, VFIO_UNMAP_ALL));

	ASSERT_EQ(0, type1_map(w.fd, mem, MEM_LENGTH, 0));
	ASSERT_TRUE(world_reads(dev, 0, mem, MEM_LENGTH));
	ASSERT_EQ(0, type1_unmap(w.fd, 0, MEM_LENGTH, &size));
	ASSERT_EQ(MEM_LENGTH, size);
	ASSERT_EQ(0, type1_map(w.fd, mem, MEM_LENGTH, 0));
	ASSERT_EQ(0, type1_unmap_all(w.fd, &size));
	ASSERT_EQ(MEM_LENGTH, size);
	free(info);
	world_close(&w);
}

/* The order of DPDK, which maps with IOVA as VA and unmaps by page. */
TEST(as_dpdk_does)
{
	unsigned char *mem = inx_alloc(2 * HUGE);
	struct world_dev *dev;
	struct world w;
	uint64_t va = (uintptr_t)mem, size;
	unsigned long i;

	world_open(&w);
	dev = world_attach(&w, NULL);
	ASSERT_EQ(0, type1_set_ioas(w.fd, w.ioas));
	ASSERT_EQ(VFIO_API_VERSION, ioctl(w.fd, VFIO_GET_API_VERSION));
	ASSERT_EQ(1, ioctl(w.fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, ioctl(w.fd, VFIO_CHECK_EXTENSION, 7));
	ASSERT_EQ(0, ioctl(w.fd, VFIO_CHECK_EXTENSION, VFIO_NOIOMMU_IOMMU));
	ASSERT_EQ(0, ioctl(w.fd, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, type1_map(w.fd, mem, 2 * HUGE, va));
	ASSERT_TRUE(world_reads(dev, va, mem, 2 * HUGE));
	for (i = 0; i < 2 * HUGE; i += HUGE / 4) {
		ASSERT_EQ(0, type1_unmap(w.fd, va + i, HUGE / 4, &size));
		ASSERT_EQ(HUGE / 4, size);
	}
	EXPECT_EQ(0, world_pinned(&w));
	world_close(&w);
}

TEST_HARNESS_MAIN
