// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci machines=virtio kernels=6.1 taint=U */
/*
 * An IOMMU that the kernel has no driver for is none: 6.1 of Debian was built
 * without that for virtio-iommu. Whatever is allowed about interrupts, nobody
 * gets a device whose DMA nothing stands in the way of.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "pci.h"
#include "tap.h"

static bool is_empty(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool empty = true;

	if (!dir)
		return true;
	while ((entry = readdir(dir)))
		empty &= *entry->d_name == '.';
	closedir(dir);
	return empty;
}

TEST(driver_refuses_the_device)
{
	struct pci_dev dev[PCI_DEVS];
	char path[128], text[16];
	unsigned int i;

	EXPECT_TRUE(is_empty("/sys/class/iommu"));
	EXPECT_TRUE(is_empty("/sys/kernel/iommu_groups"));
	ASSERT_TRUE(file_read(text, sizeof(text),
			      "/sys/module/iommu_next/parameters/allow_unsafe_interrupts"));
	EXPECT_STREQ("Y", text);
	pci_find_edu(dev, PCI_DEVS);
	for (i = 0; i < PCI_DEVS; i++) {
		ASSERT_EQ(0, file_write(PCI_DRIVER,
					"/sys/bus/pci/devices/%s/driver_override",
					dev[i].bdf));
		/* Its errno is of the kernel's making; not to be bound is what counts. */
		file_write(dev[i].bdf, "/sys/bus/pci/drivers_probe");
		EXPECT_ERRNO(EINVAL, file_write(dev[i].bdf,
						"/sys/bus/pci/drivers/" PCI_DRIVER "/bind"));
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver",
			 dev[i].bdf);
		EXPECT_ERRNO(ENOENT, access(path, F_OK));
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev",
			 dev[i].bdf);
		EXPECT_ERRNO(ENOENT, access(path, F_OK));
	}
	udev_settle();
	EXPECT_TRUE(is_empty("/dev/vfio/devices"));
}

TEST_HARNESS_MAIN
