// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci timeout=120 taint=U */
/* harness: machines=vtd*,amd*,virtio,smmu except=6.1/virtio */
/*
 * The protocol on real PCI devices behind an IOMMU: they reach what they were
 * given, and nothing else.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "inx.h"
#include "mem.h"
#include "pci.h"
#include "tap.h"

#define PAGE 4096UL
#define HUGE (2UL << 20)
#define IOVA PCI_IOVA
#define LENGTH (4 * PAGE)

FIXTURE(dma)
{
	struct client c;
	struct edu *edu;
	unsigned char *mem;
};

FIXTURE_SETUP(dma)
{
	client_open(&self->c, 1, true);
	self->edu = &self->c.edu[0];
	self->mem = mem_alloc(MEM_SHUFFLED, LENGTH);
	memset(self->mem, 0, LENGTH);
}

FIXTURE_TEARDOWN(dma)
{
	client_close(&self->c);
}

static bool only(const unsigned char *mem, size_t at, size_t length,
		 unsigned char value)
{
	return mem_is_only(mem, LENGTH, at, length, value);
}

static void attach(struct dma_data *self)
{
	ASSERT_EQ(0, inx_attach_to(self->c.dev[0], self->c.ioas));
}

/* ---- DMA --------------------------------------------------------------------------------- */

TEST_F(dma, both_ways)
{
	attach(self);
	ASSERT_EQ(0, client_map(&self->c, self->mem, LENGTH, IOVA));
	EXPECT_EQ((long)LENGTH / 1024, client_pinned(&self->c));
	edu_check_copy(self->edu, self->mem, IOVA);
}

TEST_F(dma, without_attach)
{
	edu_dma(self->edu, IOVA, 100, true);
	attach(self);
	ASSERT_EQ(0, client_map(&self->c, self->mem, LENGTH, IOVA));
	edu_load(&self->c, 0, 0x5a);
	ASSERT_EQ(0, inx_detach(self->c.dev[0]));
	edu_dma(self->edu, IOVA, 100, true);
	EXPECT_TRUE(only(self->mem, 0, 0, 0));
	EXPECT_EQ(0, client_pinned(&self->c));
	attach(self);
	edu_dma(self->edu, IOVA, 100, true);
	EXPECT_TRUE(only(self->mem, 0, 100, 0x5a));
}

TEST_F(dma, read_only)
{
	struct client *c = &self->c;
	uint64_t iova = IOVA;

	attach(self);
	ASSERT_EQ(0, inx_map(c->fd, c->ioas, INX_RO | INX_FIXED, self->mem,
			     PAGE, &iova));
	ASSERT_EQ(0, client_map(c, self->mem + PAGE, PAGE, IOVA + PAGE));
	edu_load(c, 0, 0x5a);
	edu_dma(self->edu, IOVA, 100, true);
	EXPECT_TRUE(only(self->mem, 0, 0, 0));
	/* Reading it is allowed. */
	self->mem[50] = 0x77;
	edu_copy(self->edu, IOVA + 50, IOVA + PAGE + 20, 1);
	EXPECT_EQ(0x77, self->mem[PAGE + 20]);
}

TEST_F(dma, unmapped)
{
	struct client *c = &self->c;

	attach(self);
	ASSERT_EQ(0, client_map(c, self->mem, PAGE, IOVA));
	edu_load(c, 0, 0x5a);
	edu_dma(self->edu, IOVA + PAGE, 100, true);
	edu_dma(self->edu, IOVA - 100, 100, true);
	EXPECT_TRUE(only(self->mem, 0, 0, 0));
	edu_dma(self->edu, IOVA, 100, true);
	EXPECT_TRUE(only(self->mem, 0, 100, 0x5a));
	/* What was in the IOTLB right now. */
	ASSERT_EQ(0, inx_unmap(c->fd, c->ioas, IOVA, PAGE, NULL));
	EXPECT_EQ(0, client_pinned(c));
	memset(self->mem, 0, PAGE);
	edu_dma(self->edu, IOVA, 100, true);
	EXPECT_TRUE(only(self->mem, 0, 0, 0));
	/* And again somewhere else in the same place. */
	ASSERT_EQ(0, client_map(c, self->mem + PAGE, PAGE, IOVA));
	edu_dma(self->edu, IOVA, 100, true);
	EXPECT_TRUE(only(self->mem, PAGE, 100, 0x5a));
}

/* Of a range whose place is no multiple of its length, all is gone. */
TEST_F(dma, unmapped_across)
{
	struct client *c = &self->c;
	unsigned int i;

	attach(self);
	edu_load(c, 0, 0x5a);
	for (i = 1; i < 4; i++) {
		uint64_t iova = IOVA + i * PAGE, last = iova + 3 * PAGE;

		ASSERT_EQ(0, client_map(c, self->mem, LENGTH, iova));
		memset(self->mem, 0, LENGTH);
		edu_dma(self->edu, last, 10, true);
		EXPECT_TRUE(only(self->mem, 3 * PAGE, 10, 0x5a));
		ASSERT_EQ(0, inx_unmap(c->fd, c->ioas, iova, LENGTH, NULL));
		memset(self->mem, 0, LENGTH);
		edu_dma(self->edu, last, 10, true);
		EXPECT_TRUE(only(self->mem, 0, 0, 0));
	}
}

TEST_F(dma, copy_without_its_source)
{
	struct client *c = &self->c;
	uint64_t iova = IOVA + HUGE;
	uint32_t other;

	ASSERT_EQ(0, inx_ioas_alloc(c->fd, &other));
	ASSERT_EQ(0, inx_map_at(c->fd, other, self->mem, LENGTH, IOVA));
	attach(self);
	ASSERT_EQ(0, inx_copy(c->fd, c->ioas, other, INX_RW | INX_FIXED,
			      2 * PAGE, &iova, IOVA + PAGE));
	ASSERT_EQ(0, inx_destroy(c->fd, other));
	EXPECT_EQ(8, client_pinned(c));
	edu_load(c, 0, 0x5a);
	edu_dma(self->edu, iova + PAGE - 50, 100, true);
	EXPECT_TRUE(only(self->mem, 2 * PAGE - 50, 100, 0x5a));
}

TEST_F(dma, replace)
{
	struct client *c = &self->c;
	uint32_t other;

	ASSERT_EQ(0, inx_ioas_alloc(c->fd, &other));
	ASSERT_EQ(0, inx_map_at(c->fd, other, self->mem + PAGE, PAGE, IOVA));
	ASSERT_EQ(0, client_map(c, self->mem, PAGE, IOVA));
	attach(self);
	edu_load(c, 0, 0x5a);
	ASSERT_EQ(0, inx_attach_to(c->dev[0], other));
	EXPECT_EQ(4, client_pinned(c));
	edu_dma(self->edu, IOVA, 100, true);
	EXPECT_TRUE(only(self->mem, PAGE, 100, 0x5a));
	ASSERT_EQ(0, inx_attach_to(c->dev[0], c->ioas));
	memset(self->mem, 0, LENGTH);
	edu_dma(self->edu, IOVA, 100, true);
	EXPECT_TRUE(only(self->mem, 0, 100, 0x5a));
}

/* One that cannot be taken leaves the device where it was. */
TEST_F(dma, replace_by_bad_memory)
{
	struct client *c = &self->c;
	uint32_t other;

	ASSERT_EQ(0, inx_ioas_alloc(c->fd, &other));
	ASSERT_EQ(0, inx_map_at(c->fd, other, NULL, PAGE, IOVA));
	ASSERT_EQ(0, client_map(c, self->mem, PAGE, IOVA));
	attach(self);
	edu_load(c, 0, 0x5a);
	EXPECT_ERRNO(EFAULT, inx_attach_to(c->dev[0], other));
	edu_dma(self->edu, IOVA, 100, true);
	EXPECT_TRUE(only(self->mem, 0, 100, 0x5a));
}

/* ---- memory of all kinds ----------------------------------------------------------------- */

FIXTURE(kinds)
{
	struct client c;
	unsigned char *mem;
};

FIXTURE_VARIANT(kinds)
{
	enum mem_kind kind;
};

FIXTURE_VARIANT_ADD(kinds, shuffled)
{
	.kind = MEM_SHUFFLED,
};

FIXTURE_VARIANT_ADD(kinds, thp)
{
	.kind = MEM_THP,
};

FIXTURE_VARIANT_ADD(kinds, mixed)
{
	.kind = MEM_MIXED,
};

FIXTURE_VARIANT_ADD(kinds, memfd)
{
	.kind = MEM_MEMFD,
};

FIXTURE_SETUP(kinds)
{
	client_open(&self->c, 1, true);
	self->mem = mem_alloc(variant->kind, 2 * HUGE);
	mem_fill(self->mem, 2 * HUGE, 1);
	ASSERT_EQ(0, inx_attach_to(self->c.dev[0], self->c.ioas));
}

FIXTURE_TEARDOWN(kinds)
{
	client_close(&self->c);
}

/* Across the border of the huge pages, of small ones, and after the cut. */
TEST_F(kinds, reached)
{
	struct client *c = &self->c;
	unsigned char *was = malloc(2 * HUGE);
	uint64_t iova = IOVA + 4 * HUGE;

	ASSERT_EQ(0, client_map(c, self->mem, 2 * HUGE, IOVA));
	EXPECT_EQ((long)(2 * HUGE / 1024), client_pinned(c));
	ASSERT_EQ(0, inx_copy(c->fd, c->ioas, c->ioas, INX_RW | INX_FIXED,
			      HUGE, &iova, IOVA + HUGE / 2));
	memcpy(was, self->mem, 2 * HUGE);
	edu_copy(&c->edu[0], IOVA + HUGE - 1500, IOVA + 5 * PAGE - 700, 3000);
	memcpy(was + 5 * PAGE - 700, was + HUGE - 1500, 3000);
	EXPECT_EQ(0, memcmp(was, self->mem, 2 * HUGE));
	ASSERT_EQ(0, inx_unmap(c->fd, c->ioas, IOVA, 2 * HUGE, NULL));
	EXPECT_EQ((long)(HUGE / 1024), client_pinned(c));
	edu_copy(&c->edu[0], iova + 100, iova + HUGE - 2000, 2000);
	memcpy(was + HUGE / 2 + HUGE - 2000, was + HUGE / 2 + 100, 2000);
	EXPECT_EQ(0, memcmp(was, self->mem, 2 * HUGE));
	free(was);
}

/* ---- two devices ------------------------------------------------------------------------- */

FIXTURE(two)
{
	struct client c;
	uint32_t other;
	unsigned char *mem;
};

FIXTURE_SETUP(two)
{
	client_open(&self->c, 2, false);
	ASSERT_EQ(0, inx_ioas_alloc(self->c.fd, &self->other));
	self->mem = mem_alloc(MEM_SHUFFLED, LENGTH);
	memset(self->mem, 0, LENGTH);
	ASSERT_EQ(0, client_map(&self->c, self->mem, 2 * PAGE, IOVA));
	ASSERT_EQ(0, inx_map_at(self->c.fd, self->other, self->mem + 2 * PAGE,
				2 * PAGE, IOVA));
}

FIXTURE_TEARDOWN(two)
{
	client_close(&self->c);
}

TEST_F(two, in_one_ioas)
{
	uint32_t pt[2] = { self->c.ioas, self->c.ioas };
	struct client *c = &self->c;

	ASSERT_EQ(0, inx_attach(c->dev[0], &pt[0]));
	ASSERT_EQ(0, inx_attach(c->dev[1], &pt[1]));
	/* Behind one IOMMU one page table is enough. */
	EXPECT_EQ(pt[0], pt[1]);
	EXPECT_EQ(8, client_pinned(c));
	edu_load(c, 0, 0x11);
	edu_load(c, 1, 0x22);
	edu_dma(&c->edu[0], IOVA, 100, true);
	EXPECT_TRUE(only(self->mem, 0, 100, 0x11));
	edu_dma(&c->edu[1], IOVA, 100, true);
	EXPECT_TRUE(only(self->mem, 0, 100, 0x22));
	ASSERT_EQ(0, inx_detach(c->dev[0]));
	edu_dma(&c->edu[0], IOVA, 100, true);
	EXPECT_TRUE(only(self->mem, 0, 100, 0x22));
	edu_dma(&c->edu[1], IOVA + 100, 50, true);
	EXPECT_TRUE(only(self->mem, 0, 150, 0x22));
}

/* Each moves on its own, and sees what is where it is. */
TEST_F(two, moved_between_two)
{
	struct client *c = &self->c;

	ASSERT_EQ(0, inx_attach_to(c->dev[0], c->ioas));
	ASSERT_EQ(0, inx_attach_to(c->dev[1], c->ioas));
	edu_load(c, 0, 0x11);
	edu_load(c, 1, 0x22);
	ASSERT_EQ(0, inx_attach_to(c->dev[1], self->other));
	EXPECT_EQ(16, client_pinned(c));
	edu_dma(&c->edu[1], IOVA, 100, true);
	EXPECT_TRUE(only(self->mem, 2 * PAGE, 100, 0x22));
	edu_dma(&c->edu[0], IOVA + PAGE, 100, true);
	EXPECT_EQ(0x11, self->mem[PAGE]);
	ASSERT_EQ(0, inx_attach_to(c->dev[0], self->other));
	EXPECT_EQ(8, client_pinned(c));
	ASSERT_EQ(0, inx_destroy(c->fd, c->ioas));
	memset(self->mem, 0, LENGTH);
	edu_dma(&c->edu[0], IOVA + PAGE, 100, true);
	EXPECT_TRUE(only(self->mem, 3 * PAGE, 100, 0x11));
}

/* ---- what the IOMMU says ----------------------------------------------------------------- */

TEST_F(dma, msi_window)
{
	uint64_t first = pci_msi_window();
	uint64_t last = first + PCI_MSI_WINDOW_SIZE - 1;
	struct iommu_next_iova_range range[8] = {};
	struct client *c = &self->c;
	uint32_t num = 8, i;
	bool met = false;

	attach(self);
	ASSERT_EQ(0, inx_iova_ranges(c->fd, c->ioas, range, &num, NULL));
	EXPECT_GE(num, 2);
	for (i = 0; i < num; i++)
		met |= range[i].start <= last && range[i].last >= first;
	EXPECT_FALSE(met);
	EXPECT_ERRNO(EINVAL, client_map(c, self->mem, PAGE, first));
	EXPECT_ERRNO(EINVAL, client_map(c, self->mem, PAGE, last + 1 - PAGE));
	EXPECT_ERRNO(EINVAL, client_map(c, self->mem, LENGTH, first - PAGE));
	EXPECT_EQ(0, client_map(c, self->mem, PAGE, first - PAGE));
	EXPECT_EQ(0, client_map(c, self->mem, PAGE, last + 1));
	/* And nobody with a mapping there is let in. */
	ASSERT_EQ(0, inx_detach(c->dev[0]));
	EXPECT_EQ(0, client_map(c, self->mem, PAGE, first));
	EXPECT_ERRNO(EADDRINUSE, inx_attach_to(c->dev[0], c->ioas));
	EXPECT_EQ(0, client_pinned(c));
}

/* Whose interrupts could be anybody's is bound only when that was allowed. */
TEST_F(dma, isolated_interrupts)
{
	struct client *c = &self->c;
	bool allowed = pci_allow_unsafe(false);

	edu_close(self->edu);
	ASSERT_EQ(0, close(c->dev[0]));
	c->dev[0] = pci_open(&c->pci[0]);
	if (machine_is("virtio"))
		EXPECT_ERRNO(EPERM, inx_bind(c->dev[0], c->fd, NULL));
	else
		EXPECT_EQ(0, inx_bind(c->dev[0], c->fd, NULL));
	pci_allow_unsafe(allowed);
	if (machine_is("virtio"))
		EXPECT_EQ(0, inx_bind(c->dev[0], c->fd, NULL));
	edu_open(self->edu, c->dev[0], VFIO_PCI_MSI_IRQ_INDEX);
}

/*
 * Behind an SMMU the doorbell is mapped into the page table that the device has
 * when its interrupts are set up.
 */
TEST_F(dma, interrupt)
{
	struct client *c = &self->c;

	attach(self);
	ASSERT_EQ(0, client_map(c, self->mem, LENGTH, IOVA));
	edu_renew_irq(self->edu, VFIO_PCI_MSI_IRQ_INDEX);
	edu_dma(self->edu, IOVA, 100, false);
	EXPECT_EQ((long)LENGTH / 1024, client_pinned(c));
	ASSERT_EQ(0, inx_unmap(c->fd, c->ioas, IOVA, LENGTH, NULL));
	/* It is no mapping of the IOAS. */
	edu_dma(self->edu, IOVA, 100, false);
	EXPECT_EQ(0, client_pinned(c));
}

TEST_F(dma, aperture)
{
	struct iommu_next_iova_range range[8] = {};
	struct client *c = &self->c;
	uint32_t num = 8;
	uint64_t last, alignment;

	attach(self);
	ASSERT_EQ(0, inx_iova_ranges(c->fd, c->ioas, range, &num, &alignment));
	EXPECT_EQ(PAGE, alignment);
	last = range[num - 1].last;
	EXPECT_EQ(0, (last + 1) & last);
	EXPECT_EQ(0, client_map(c, self->mem, PAGE, last + 1 - PAGE));
	/* Some translate all of the 64 bits. */
	if (last != UINT64_MAX)
		EXPECT_ERRNO(EINVAL, client_map(c, self->mem, PAGE, last + 1));
	EXPECT_EQ(0, inx_unmap(c->fd, c->ioas, last + 1 - PAGE, PAGE, NULL));
}

/* What VT-d's registers say; the others are not asked by these kernels. */
TEST_F(dma, hw_info)
{
	struct iommu_next_hw_info_vtd vtd = {};
	struct iommu_next_hw_info arg;
	char text[32];

	ASSERT_EQ(0, inx_hw_info(self->c.fd, self->c.id[0], &vtd, sizeof(vtd),
				 &arg));
	if (!machine_is("vtd") || kernel_is("6.1")) {
		EXPECT_EQ(IOMMU_NEXT_HW_INFO_TYPE_NONE, arg.out_data_type);
		EXPECT_EQ(0, arg.data_len);
		return;
	}
	EXPECT_EQ(IOMMU_NEXT_HW_INFO_TYPE_INTEL_VTD, arg.out_data_type);
	EXPECT_EQ(sizeof(vtd), arg.data_len);
	ASSERT_TRUE(file_read(text, sizeof(text),
			      "/sys/class/iommu/dmar0/intel-iommu/cap"));
	EXPECT_EQ(strtoull(text, NULL, 16), vtd.cap_reg);
	ASSERT_TRUE(file_read(text, sizeof(text),
			      "/sys/class/iommu/dmar0/intel-iommu/ecap"));
	EXPECT_EQ(strtoull(text, NULL, 16), vtd.ecap_reg);
}

TEST_HARNESS_MAIN
