// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci machines=vtd,vtd-first,amd*,smmu timeout=120 */
/* harness: seldom=6.1/vtd-*,6.12/vtd-*,7.2/vtd-*,7.2/amd,7.3/vtd */
/*
 * One device writes to the registers of another, which are mapped into its
 * IOAS by their address or by a dma-buf, and does so no more when the other is
 * not to be reached.
 */
#define _GNU_SOURCE
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "inx.h"
#include "mem.h"
#include "pci.h"
#include "tap.h"
#include "type1.h"

#define PAGE 4096UL
#define BAR_SIZE (1UL << 20)
#define IOVA PCI_IOVA
/* Where the BAR is. */
#define BAR (2 * PCI_IOVA)

FIXTURE(bar)
{
	struct client c;
	/* Of the target: the device at index 1. */
	struct edu *target;
	unsigned char *bar;
	uint32_t *word;
	/* The BAR, or -1. */
	int file;
};

FIXTURE_VARIANT(bar)
{
	bool by_file;
	/* What mapping it gives when it is not there. */
	int gone;
};

FIXTURE_VARIANT_ADD(bar, by_address)
{
	.gone = EFAULT,
};

FIXTURE_VARIANT_ADD(bar, by_dmabuf)
{
	.by_file = true,
	.gone = ENODEV,
};

static void make_file(struct bar_data *self)
{
	self->file = pci_dmabuf(self->c.dev[1], 0, 0, BAR_SIZE);
	ASSERT_GE(self->file, 0);
}

/* Map a part of the BAR: what the process has mapped, or what the file has. */
static int map_as(struct bar_data *self, uint32_t rights, uint64_t offset,
		  uint64_t length, uint64_t iova)
{
	struct client *c = &self->c;

	if (self->file < 0)
		return inx_map(c->fd, c->ioas, rights | INX_FIXED,
			       self->bar + offset, length, &iova);
	return inx_map_file(c->fd, c->ioas, rights | INX_FIXED, self->file,
			    offset, length, &iova);
}

static int map(struct bar_data *self, uint64_t offset, uint64_t length,
	       uint64_t iova)
{
	return map_as(self, INX_RW, offset, length, iova);
}

FIXTURE_SETUP(bar)
{
	struct client *c = &self->c;

	client_open(c, 2, true);
	self->target = &c->edu[1];
	self->bar = (unsigned char *)self->target->bar;
	ASSERT_EQ(0, inx_attach_to(c->dev[0], c->ioas));
	self->word = inx_alloc(PAGE);
	memset(self->word, 0, PAGE);
	ASSERT_EQ(0, client_map(c, self->word, PAGE, IOVA));
	self->file = -1;
	if (variant->by_file)
		make_file(self);
}

FIXTURE_TEARDOWN(bar)
{
	if (self->file >= 0)
		EXPECT_EQ(0, close(self->file));
	client_close(&self->c);
	EXPECT_EQ(0, munmap(self->word, PAGE));
}

/* The other device writes @val to where the target's test register is, or not. */
static void poke(struct bar_data *self, uint64_t bar, uint32_t val)
{
	*self->word = val;
	edu_dma(&self->c.edu[0], IOVA, 4, false);
	edu_dma(&self->c.edu[0], bar + EDU_LIVENESS, 4, true);
}

static bool reaches(struct bar_data *self, uint64_t bar)
{
	return client_reaches(&self->c, 0, self->target, bar, self->word,
			      IOVA);
}

TEST_F(bar, peer_to_peer)
{
	struct client *c = &self->c;
	uint64_t size;

	EXPECT_FALSE(reaches(self, BAR));
	ASSERT_EQ(0, map(self, 0, BAR_SIZE, BAR));
	/* It is no memory. */
	EXPECT_EQ(4, client_pinned(c));
	EXPECT_TRUE(reaches(self, BAR));
	/* Read by the other device: the register that says what it is. */
	edu_dma(&c->edu[0], BAR + EDU_ID, 4, false);
	edu_dma(&c->edu[0], IOVA, 4, true);
	EXPECT_EQ(0x010000ed, *self->word);
	ASSERT_EQ(0, inx_unmap(c->fd, c->ioas, BAR, BAR_SIZE, &size));
	EXPECT_EQ(BAR_SIZE, size);
	EXPECT_FALSE(reaches(self, BAR));
}

TEST_F(bar, part_of_it)
{
	struct client *c = &self->c;

	ASSERT_EQ(0, map(self, 3 * PAGE, PAGE, BAR + 3 * PAGE));
	EXPECT_FALSE(reaches(self, BAR));
	ASSERT_EQ(0, map_as(self, INX_RO, 0, PAGE, BAR));
	EXPECT_FALSE(reaches(self, BAR));
	edu_dma(&c->edu[0], BAR + EDU_ID, 4, false);
	edu_dma(&c->edu[0], IOVA, 4, true);
	EXPECT_EQ(0x010000ed, *self->word);
}

TEST_F(bar, not_there)
{
	struct client *c = &self->c;
	unsigned char *ro;

	/* Across its end, whatever is behind it. */
	EXPECT_ERRNO(EFAULT, client_map(c, self->bar + BAR_SIZE - PAGE,
					2 * PAGE, BAR));
	EXPECT_EQ(-1, map(self, BAR_SIZE - PAGE, 2 * PAGE, BAR));
	ro = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, c->dev[1],
		  self->target->offset);
	ASSERT_NE(MAP_FAILED, (void *)ro);
	EXPECT_ERRNO(EFAULT, client_map(c, ro, PAGE, BAR));
	ASSERT_EQ(0, munmap(ro, PAGE));
	pci_set_memory(c->dev[1], false);
	EXPECT_ERRNO(variant->gone, map(self, 0, PAGE, BAR));
	pci_set_memory(c->dev[1], true);
	EXPECT_ERRNO(ENOENT, inx_unmap(c->fd, c->ioas, BAR, PAGE, NULL));
	EXPECT_EQ(0, map(self, 0, PAGE, BAR));
}

/* The mapping stays, without its memory; it does not come back by itself. */
TEST_F(bar, memory_is_disabled)
{
	struct client *c = &self->c;
	uint64_t copy = BAR + BAR_SIZE;
	uint64_t size;

	ASSERT_EQ(0, map(self, 0, BAR_SIZE, BAR));
	ASSERT_EQ(0, inx_copy(c->fd, c->ioas, c->ioas, INX_RW | INX_FIXED, PAGE,
			      &copy, BAR));
	EXPECT_TRUE(reaches(self, copy));
	pci_set_memory(c->dev[1], false);
	poke(self, BAR, 1);
	pci_set_memory(c->dev[1], true);
	EXPECT_EQ(~0x12345678U, edu_read(self->target, EDU_LIVENESS, 4));
	EXPECT_FALSE(reaches(self, BAR));
	EXPECT_FALSE(reaches(self, copy));
	EXPECT_ERRNO(EEXIST, map(self, 0, PAGE, BAR));
	ASSERT_EQ(0, inx_unmap(c->fd, c->ioas, BAR, BAR_SIZE, &size));
	EXPECT_EQ(BAR_SIZE, size);
	ASSERT_EQ(0, map(self, 0, BAR_SIZE, BAR));
	EXPECT_TRUE(reaches(self, BAR));
	EXPECT_FALSE(reaches(self, copy));
}

/* Of another device: nothing happens to what it can reach. */
TEST_F(bar, another_is_disabled)
{
	struct client *c = &self->c;

	ASSERT_EQ(0, map(self, 0, PAGE, BAR));
	pci_set_memory(c->dev[0], false);
	pci_set_memory(c->dev[0], true);
	EXPECT_TRUE(reaches(self, BAR));
}

/* Page tables that come after it was revoked do not have it, either. */
TEST_F(bar, replace)
{
	struct client *c = &self->c;
	uint64_t iova = BAR, word = IOVA;
	uint32_t other;

	ASSERT_EQ(0, inx_ioas_alloc(c->fd, &other));
	ASSERT_EQ(0, map(self, 0, PAGE, BAR));
	ASSERT_EQ(0, inx_copy(c->fd, other, c->ioas, INX_RW | INX_FIXED, PAGE,
			      &iova, BAR));
	ASSERT_EQ(0, inx_copy(c->fd, other, c->ioas, INX_RW | INX_FIXED, PAGE,
			      &word, IOVA));
	ASSERT_EQ(0, inx_attach_to(c->dev[0], other));
	EXPECT_TRUE(reaches(self, BAR));
	pci_set_memory(c->dev[1], false);
	pci_set_memory(c->dev[1], true);
	EXPECT_FALSE(reaches(self, BAR));
	ASSERT_EQ(0, inx_attach_to(c->dev[0], c->ioas));
	EXPECT_FALSE(reaches(self, BAR));
	ASSERT_EQ(0, inx_destroy(c->fd, other));
}

/* Its client goes: the file and what is mapped of it. */
TEST_F(bar, closed)
{
	struct client *c = &self->c;

	ASSERT_EQ(0, map(self, 0, PAGE, BAR));
	EXPECT_TRUE(reaches(self, BAR));
	edu_close(self->target);
	ASSERT_EQ(0, close(c->dev[1]));
	/* Somebody else has it. */
	c->dev[1] = pci_open(&c->pci[1]);
	ASSERT_GE(c->dev[1], 0);
	ASSERT_EQ(0, inx_bind(c->dev[1], c->fd, NULL));
	edu_open(self->target, c->dev[1], VFIO_PCI_MSI_IRQ_INDEX);
	EXPECT_FALSE(reaches(self, BAR));
	/* What the file of before has told is not theirs. */
	if (variant->by_file)
		EXPECT_ERRNO(ENODEV, map(self, 0, PAGE, BAR + PAGE));
	EXPECT_EQ(0, inx_unmap(c->fd, c->ioas, BAR, PAGE, NULL));
}

TEST_F(bar, removed)
{
	struct client *c = &self->c;

	ASSERT_EQ(0, map(self, 0, PAGE, BAR));
	EXPECT_TRUE(reaches(self, BAR));
	ASSERT_EQ(0, pci_remove(&c->pci[1]));
	poke(self, BAR, 1);
	EXPECT_ERRNO(variant->gone, map(self, 0, PAGE, BAR + PAGE));
	EXPECT_EQ(0, inx_unmap(c->fd, c->ioas, BAR, PAGE, NULL));
	edu_close(self->target);
	ASSERT_EQ(0, close(c->dev[1]));
	pci_rescan();
	pci_set_driver(&c->pci[1], PCI_DRIVER);
	c->dev[1] = pci_open(&c->pci[1]);
	ASSERT_GE(c->dev[1], 0);
	ASSERT_EQ(0, inx_bind(c->dev[1], c->fd, NULL));
	edu_open(self->target, c->dev[1], VFIO_PCI_MSI_IRQ_INDEX);
	edu_map_bar(self->target);
	EXPECT_EQ(~0x12345678U, edu_read(self->target, EDU_LIVENESS, 4));
	self->bar = (unsigned char *)self->target->bar;
	if (variant->by_file) {
		EXPECT_ERRNO(ENODEV, map(self, 0, PAGE, BAR));
		ASSERT_EQ(0, close(self->file));
		make_file(self);
	}
	ASSERT_EQ(0, map(self, 0, PAGE, BAR));
	EXPECT_TRUE(reaches(self, BAR));
}

/* As QEMU does it: by the ioctls of VFIO's type1, small pages and all. They map no file. */
TEST_F(bar, by_type1)
{
	struct client *c = &self->c;
	uint64_t size;

	ASSERT_EQ(0, inx_unmap(c->fd, c->ioas, IOVA, PAGE, NULL));
	ASSERT_EQ(0, type1_set_ioas(c->fd, c->ioas));
	ASSERT_EQ(0, inx_detach(c->dev[0]));
	ASSERT_EQ(0, ioctl(c->fd, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, inx_attach_to(c->dev[0], c->ioas));
	ASSERT_EQ(0, type1_map(c->fd, self->word, PAGE, IOVA));
	ASSERT_EQ(0, variant->by_file ?
			     map(self, 0, BAR_SIZE, BAR) :
			     type1_map(c->fd, self->bar, BAR_SIZE, BAR));
	EXPECT_TRUE(reaches(self, BAR));
	/* Both ends of a hole. */
	ASSERT_EQ(0, type1_unmap(c->fd, BAR + PAGE, PAGE, &size));
	EXPECT_EQ(PAGE, size);
	EXPECT_TRUE(reaches(self, BAR));
	pci_set_memory(c->dev[1], false);
	pci_set_memory(c->dev[1], true);
	EXPECT_FALSE(reaches(self, BAR));
	/* And of one that is revoked. */
	ASSERT_EQ(0, type1_unmap(c->fd, BAR + 4 * PAGE, PAGE, &size));
	EXPECT_EQ(PAGE, size);
	ASSERT_EQ(0, type1_unmap_all(c->fd, &size));
	EXPECT_EQ(BAR_SIZE - PAGE, size);
}

TEST_HARNESS_MAIN
