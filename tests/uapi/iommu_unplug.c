// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci taint=U */
/* harness: machines=vtd*,amd*,virtio,smmu except=6.1/virtio */
/*
 * The slot of a device is switched off, so that the hardware is really gone,
 * while a DMA runs and another device reaches its BAR. It does not come back in
 * this machine: nothing that needs it may run after this.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "inx.h"
#include "pci.h"
#include "tap.h"

#define PAGE 4096UL
#define IOVA PCI_IOVA
#define BAR (2 * PCI_IOVA)
#define SLOTS "/sys/bus/pci/slots"

static int switch_off(const struct pci_dev *dev)
{
	struct dirent *entry;
	char address[32];
	DIR *dir;
	int rc = -1;

	dir = opendir(SLOTS);
	ASSERT_NE(NULL, dir);
	while ((entry = readdir(dir)))
		if (*entry->d_name != '.' &&
		    file_read(address, sizeof(address), SLOTS "/%s/address",
			      entry->d_name) &&
		    !strncmp(address, dev->bdf, strlen(address)))
			rc = file_write("0", SLOTS "/%s/power", entry->d_name);
	closedir(dir);
	return rc;
}

TEST(slot_is_switched_off)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct pci_dev pci;
	unsigned char *mem;
	struct edu target;
	struct client c;
	long begin;
	int dev;

	client_open(&c, 1, false);
	ASSERT_EQ(0, inx_attach_to(c.dev[0], c.ioas));
	pci_last_edu(&pci);
	pci_set_driver(&pci, PCI_DRIVER);
	dev = pci_open(&pci);
	ASSERT_GE(dev, 0);
	ASSERT_EQ(0, inx_bind(dev, c.fd, NULL));
	ASSERT_EQ(0, inx_attach_to(dev, c.ioas));
	edu_open(&target, dev, VFIO_PCI_MSI_IRQ_INDEX);
	edu_map_bar(&target);
	mem = inx_alloc(PAGE);
	memset(mem, 0x5a, PAGE);
	ASSERT_EQ(0, client_map(&c, mem, PAGE, IOVA));
	ASSERT_EQ(0, client_map(&c, (void *)target.bar, PAGE, BAR));
	edu_dma(&target, IOVA, 100, false);
	edu_start(&target, IOVA, 100, true);

	begin = inx_us();
	ASSERT_EQ(0, switch_off(&pci));
	TH_LOG("the device was gone after %ld us", inx_us() - begin);
	memset(mem, 0, PAGE);
	EXPECT_FALSE(pci_exists(&pci));
	EXPECT_ERRNO(ENODEV, inx_detach(dev));
	EXPECT_ERRNO(ENODEV, ioctl(dev, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_EQ(4, client_pinned(&c));

	/* It begins later, and takes as long. */
	edu_dma(&c.edu[0], IOVA + 200, 100, false);
	EXPECT_EQ(0, mem[0]);
	edu_dma(&c.edu[0], BAR + EDU_LIVENESS, 4, true);
	EXPECT_EQ(0, inx_unmap(c.fd, c.ioas, BAR, PAGE, NULL));
	edu_close(&target);
	EXPECT_EQ(0, close(dev));
	client_close(&c);
	EXPECT_EQ(0, munmap(mem, PAGE));
}

TEST_HARNESS_MAIN
