// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci machines=vtd timeout=120 */
/*
 * VFIO's type1 on a real PCI device behind an IOMMU: memory in huge pages of
 * which parts are unmapped while the device goes on using the others.
 */
#define _GNU_SOURCE
#include <linux/vfio.h>
#include <sys/ioctl.h>

#include "inx.h"
#include "mem.h"
#include "pci.h"
#include "tap.h"
#include "type1.h"

#define PAGE 4096UL
#define HUGE (2UL << 20)
#define IOVA PCI_IOVA
#define PAGES (HUGE / PAGE)

FIXTURE(vtd_type1)
{
	struct client c;
	struct edu *edu;
	unsigned char *mem;
};

FIXTURE_VARIANT(vtd_type1)
{
	enum mem_kind kind;
};

FIXTURE_VARIANT_ADD(vtd_type1, huge)
{
	MEM_THP
};

FIXTURE_VARIANT_ADD(vtd_type1, shuffled)
{
	MEM_SHUFFLED
};

FIXTURE_SETUP(vtd_type1)
{
	struct client *c = &self->c;

	client_open(c, 1, true);
	self->edu = &c->edu[0];
	self->mem = mem_alloc(variant->kind, HUGE);
	memset(self->mem, 0, HUGE);
	/* The order of a program for type1, after what replaces groups. */
	ASSERT_EQ(0, inx_attach_to(c->dev[0], c->ioas));
	ASSERT_EQ(0, type1_set_ioas(c->fd, c->ioas));
	ASSERT_EQ(VFIO_API_VERSION, ioctl(c->fd, VFIO_GET_API_VERSION));
	ASSERT_EQ(1, ioctl(c->fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, ioctl(c->fd, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, type1_map(c->fd, self->mem, HUGE, IOVA));
	ASSERT_EQ((long)HUGE / 1024, client_pinned(c));
}

FIXTURE_TEARDOWN(vtd_type1)
{
	client_close(&self->c);
}

/* Whether the device can write to a page. */
static bool reaches(struct vtd_type1_data *self, unsigned long page)
{
	unsigned char *byte = self->mem + page * PAGE + 100;

	*byte = 0;
	edu_dma(self->edu, IOVA + page * PAGE + 100, 1, true);
	return *byte == 0x5a;
}

TEST_F(vtd_type1, parts_go)
{
	static const struct {
		unsigned long first, end;
	} parts[] = {
		{ 1, 2 }, { 0, 1 }, { 256, 300 }, { 511, 512 }, { 300, 301 },
	};
	static bool gone[PAGES];
	unsigned long left = PAGES, i;
	uint64_t size;

	edu_load(&self->c, 0, 0x5a);
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		unsigned long first = parts[i].first, end = parts[i].end;

		EXPECT_TRUE(reaches(self, first));
		ASSERT_EQ(0, type1_unmap(self->c.fd, IOVA + first * PAGE,
					 (end - first) * PAGE, &size));
		EXPECT_EQ((end - first) * PAGE, size);
		memset(gone + first, 1, end - first);
		EXPECT_FALSE(reaches(self, first));
		EXPECT_FALSE(reaches(self, end - 1));
		if (end < PAGES)
			EXPECT_EQ(!gone[end], reaches(self, end));
		left -= end - first;
		EXPECT_EQ((long)(left * 4), client_pinned(&self->c));
	}
	EXPECT_TRUE(reaches(self, 255));
	ASSERT_EQ(0, type1_unmap_all(self->c.fd, &size));
	EXPECT_EQ(left * PAGE, size);
	EXPECT_EQ(0, client_pinned(&self->c));
	EXPECT_FALSE(reaches(self, 255));
}

TEST_F(vtd_type1, info)
{
	struct {
		struct vfio_iommu_type1_info info;
		struct vfio_iommu_type1_info_dma_avail avail;
		uint32_t gap;
		struct vfio_iommu_type1_info_cap_iova_range iovas;
		struct vfio_iova_range range[8];
	} all = { .info.argsz = sizeof(all) };
	unsigned int i;
	int coherent;

	ASSERT_EQ(0, ioctl(self->c.fd, VFIO_IOMMU_GET_INFO, &all));
	EXPECT_TRUE(all.info.iova_pgsizes & PAGE);
	ASSERT_EQ(VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, all.iovas.header.id);
	ASSERT_GE(all.iovas.nr_iovas, 2);
	/* Where interrupts are, no memory can be. */
	for (i = 0; i < all.iovas.nr_iovas; i++)
		EXPECT_TRUE(all.range[i].end < 0xfee00000 ||
			    all.range[i].start > 0xfeefffff);
	EXPECT_ERRNO(EINVAL, type1_map(self->c.fd, self->mem, PAGE,
				       0xfee00000));
	coherent = ioctl(self->c.fd, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU);
	EXPECT_TRUE(coherent == 0 || coherent == 1);
}

TEST_HARNESS_MAIN
