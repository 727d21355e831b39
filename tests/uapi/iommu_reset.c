// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci machines=vtd */
/*
 * A device behind a port of its own, which is how it can be reset, while another
 * one reaches its BAR, which was given by its address or by a dma-buf; and it is
 * reset by its client, and by root.
 */
#define _GNU_SOURCE
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "inx.h"
#include "pci.h"
#include "tap.h"

#define PAGE 4096UL
#define IOVA PCI_IOVA
#define BAR (2 * PCI_IOVA)

FIXTURE(reset)
{
	struct client c;
	struct pci_dev pci;
	int dev;
	struct edu target;
	uint32_t *word;
	/* Its BAR, or -1. */
	int file;
};

FIXTURE_VARIANT(reset)
{
	bool by_file;
};

FIXTURE_VARIANT_ADD(reset, by_address)
{
	.by_file = false,
};

FIXTURE_VARIANT_ADD(reset, by_dmabuf)
{
	.by_file = true,
};

static int map_bar(struct reset_data *self)
{
	struct client *c = &self->c;
	uint64_t iova = BAR;

	if (self->file < 0)
		return client_map(c, (void *)self->target.bar, PAGE, BAR);
	return inx_map_file(c->fd, c->ioas, INX_RW | INX_FIXED, self->file, 0,
			    PAGE, &iova);
}

FIXTURE_SETUP(reset)
{
	struct client *c = &self->c;

	client_open(c, 1, false);
	ASSERT_EQ(0, inx_attach_to(c->dev[0], c->ioas));
	pci_last_edu(&self->pci);
	pci_set_driver(&self->pci, PCI_DRIVER);
	self->dev = pci_open(&self->pci);
	ASSERT_GE(self->dev, 0);
	ASSERT_EQ(0, inx_bind(self->dev, c->fd, NULL));
	edu_open(&self->target, self->dev, VFIO_PCI_MSI_IRQ_INDEX);
	edu_map_bar(&self->target);
	self->word = inx_alloc(PAGE);
	memset(self->word, 0, PAGE);
	ASSERT_EQ(0, client_map(c, self->word, PAGE, IOVA));
	self->file = -1;
	if (variant->by_file) {
		self->file = pci_dmabuf(self->dev, 0, 0, PAGE);
		ASSERT_GE(self->file, 0);
	}
	ASSERT_EQ(0, map_bar(self));
}

FIXTURE_TEARDOWN(reset)
{
	if (self->file >= 0)
		EXPECT_EQ(0, close(self->file));
	edu_close(&self->target);
	EXPECT_EQ(0, close(self->dev));
	client_close(&self->c);
	EXPECT_EQ(0, munmap(self->word, PAGE));
}

static bool reaches(struct reset_data *self)
{
	return client_reaches(&self->c, 0, &self->target, BAR, self->word,
			      IOVA);
}

static void is_revoked(struct reset_data *self)
{
	struct client *c = &self->c;

	EXPECT_FALSE(reaches(self));
	ASSERT_EQ(0, inx_unmap(c->fd, c->ioas, BAR, PAGE, NULL));
	ASSERT_EQ(0, map_bar(self));
	EXPECT_TRUE(reaches(self));
}

TEST_F(reset, by_its_client)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	ASSERT_EQ(0, ioctl(self->dev, VFIO_DEVICE_GET_INFO, &info));
	ASSERT_TRUE(info.flags & VFIO_DEVICE_FLAGS_RESET);
	EXPECT_TRUE(reaches(self));
	ASSERT_EQ(0, ioctl(self->dev, VFIO_DEVICE_RESET));
	is_revoked(self);
}

TEST_F(reset, by_root)
{
	EXPECT_TRUE(reaches(self));
	ASSERT_EQ(0, file_write("1", "/sys/bus/pci/devices/%s/reset",
				self->pci.bdf));
	is_revoked(self);
}

/* The other one's reset is none of this one's. */
TEST_F(reset, not_of_this)
{
	EXPECT_TRUE(reaches(self));
	EXPECT_ERRNO(EINVAL, ioctl(self->c.dev[0], VFIO_DEVICE_RESET));
	EXPECT_TRUE(reaches(self));
}

TEST_HARNESS_MAIN
