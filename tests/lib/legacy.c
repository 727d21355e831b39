// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/iommu-next-mock.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inx.h"
#include "legacy.h"
#include "tap.h"
#include "type1.h"

#define PAGE 4096UL
/* Where the memory lies that legacy_load() uses. */
#define LOAD_IOVA (200UL << 20)

void legacy_take_over(bool take)
{
	ASSERT_EQ(0, file_write(take ? "1" : "0", "/sys/module/"
				LEGACY_MODULE "/parameters/type1"));
}

int legacy_container(void)
{
	int fd = open(LEGACY_NODE, O_RDWR | O_CLOEXEC);

	ASSERT_GE(fd, 0);
	return fd;
}

int legacy_group(const struct pci_dev *dev)
{
	struct stat st;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/vfio/%d", pci_group(dev));
	if (stat(path, &st))
		udev_settle();
	fd = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	return fd;
}

int legacy_emulated_group(void)
{
	char path[64], target[256] = "";
	struct stat st;

	ASSERT_LT(0, readlink("/sys/devices/platform/" LEGACY_EMULATED
			      "/iommu_group", target, sizeof(target) - 1));
	snprintf(path, sizeof(path), "/dev/vfio/%s",
		 strrchr(target, '/') + 1);
	if (stat(path, &st))
		udev_settle();
	return open(path, O_RDWR | O_CLOEXEC);
}

int legacy_emulated(int dev, uint32_t op, uint32_t flags, uint64_t iova,
		    uint64_t length, uint64_t data)
{
	struct iommu_next_mock_emulated arg = {
		.op = op,
		.flags = flags,
		.iova = iova,
		.length = length,
		.data = data,
	};

	return ioctl(dev, IOMMU_NEXT_MOCK_EMULATED, &arg);
}

int legacy_device(int group, const struct pci_dev *dev)
{
	int fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, dev->bdf);

	ASSERT_GE(fd, 0);
	return fd;
}

void legacy_start(struct legacy *l, unsigned int i)
{
	l->dev[i] = legacy_device(l->group[i], &l->pci[i]);
	edu_open(&l->edu[i], l->dev[i], VFIO_PCI_MSI_IRQ_INDEX);
	edu_map_bar(&l->edu[i]);
	/* A client before this one may have left it at work. */
	while (edu_read(&l->edu[i], EDU_DMA_COMMAND, 8) & EDU_START)
		edu_wait(&l->edu[i], 10);
}

static void legacy_join(struct legacy *l, unsigned int i)
{
	pci_set_driver(&l->pci[i], "vfio-pci");
	l->group[i] = legacy_group(&l->pci[i]);
	ASSERT_EQ(0, ioctl(l->group[i], VFIO_GROUP_SET_CONTAINER,
			   &l->container));
}

void legacy_open(struct legacy *l, unsigned int nr, unsigned long type)
{
	unsigned int i;

	*l = (struct legacy){ .container = legacy_container() };
	pci_find_edu(l->pci, PCI_DEVS);
	for (i = 0; i < nr; i++)
		legacy_join(l, i);
	ASSERT_EQ(0, ioctl(l->container, VFIO_SET_IOMMU, type));
	for (; l->nr < nr; l->nr++)
		legacy_start(l, l->nr);
}

void legacy_add(struct legacy *l)
{
	legacy_join(l, l->nr);
	legacy_start(l, l->nr);
	l->nr++;
}

void legacy_stop(struct legacy *l, unsigned int i)
{
	if (l->dev[i] < 0)
		return;
	edu_close(&l->edu[i]);
	EXPECT_EQ(0, close(l->dev[i]));
	l->dev[i] = -1;
}

void legacy_close(struct legacy *l)
{
	unsigned int i;

	for (i = 0; i < l->nr; i++) {
		legacy_stop(l, i);
		if (l->group[i] >= 0)
			EXPECT_EQ(0, close(l->group[i]));
	}
	if (l->container >= 0)
		EXPECT_EQ(0, close(l->container));
}

void legacy_load(struct legacy *l, unsigned int i, unsigned char value)
{
	unsigned char *page = inx_alloc(PAGE);

	memset(page, value, PAGE);
	ASSERT_EQ(0, type1_map(l->container, page, PAGE, LOAD_IOVA));
	edu_dma(&l->edu[i], LOAD_IOVA, EDU_MOST, false);
	ASSERT_EQ(0, type1_unmap(l->container, LOAD_IOVA, PAGE, NULL));
	ASSERT_EQ(0, munmap(page, PAGE));
}
