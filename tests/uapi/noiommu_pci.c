// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci machines=none taint=U */
/*
 * A PCI device without an IOMMU: DMA to physical addresses, and who may have it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edu.h"
#include "inx.h"
#include "mem.h"
#include "pci.h"
#include "tap.h"
#include "world.h"

#define LENGTH (16 * PAGE)

FIXTURE(pci)
{
	struct pci_dev pci;
	struct edu edu;
	unsigned char *mem;
	uint32_t ioas, id;
	int fd, dev;
};

static void give_to_driver(struct pci_dev *pci)
{
	pci_find_edu(pci, 1);
	pci_set_driver(pci, NULL);
	ASSERT_EQ(0, inx_set_noiommu(true));
	pci_set_driver(pci, PCI_DRIVER);
}

static void open_client(struct pci_data *self)
{
	self->fd = inx_open();
	ASSERT_GE(self->fd, 0);
	self->dev = pci_open(&self->pci);
	ASSERT_GE(self->dev, 0);
	ASSERT_EQ(0, inx_bind(self->dev, self->fd, &self->id));
	edu_open(&self->edu, self->dev, VFIO_PCI_MSI_IRQ_INDEX);
	ASSERT_EQ(0, inx_ioas_alloc(self->fd, &self->ioas));
	ASSERT_EQ(0, inx_attach_to(self->dev, self->ioas));
	self->mem = mem_alloc(MEM_SHUFFLED, LENGTH);
	mem_fill(self->mem, LENGTH, 1);
	ASSERT_EQ(0, inx_map_at(self->fd, self->ioas, self->mem, LENGTH, IOVA));
}

FIXTURE_SETUP(pci)
{
	give_to_driver(&self->pci);
	open_client(self);
}

FIXTURE_TEARDOWN(pci)
{
	edu_close(&self->edu);
	EXPECT_EQ(0, close(self->dev));
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, inx_status_kb("VmPin"));
	pci_set_driver(&self->pci, NULL);
	EXPECT_EQ(0, inx_set_noiommu(false));
}

static uint64_t where(struct pci_data *self, size_t at)
{
	uint64_t phys = 0, n = 1;

	ASSERT_EQ(0, inx_get_pa(self->fd, self->ioas, IOVA + at, &n, &phys));
	return phys;
}

TEST_F(pci, dma)
{
	edu_copy(&self->edu, where(self, 0), where(self, 5 * PAGE), EDU_MOST);
	EXPECT_EQ(0, memcmp(self->mem, self->mem + 5 * PAGE, EDU_MOST));
	EXPECT_TRUE(mem_is_filled(self->mem, PAGE, 1));
}

TEST_F(pci, named_for_what_it_is)
{
	char name[64], node[128], group[64];
	int other;

	pci_vfio_name(&self->pci, name, sizeof(name));
	EXPECT_EQ(0, strncmp(name, "noiommu-vfio", 12));
	pci_vfio_node(&self->pci, node, sizeof(node));
	EXPECT_EQ(0, access(node, F_OK));
	/* There is no other way to it. */
	snprintf(group, sizeof(group), "/sys/bus/pci/devices/%s/iommu_group",
		 self->pci.bdf);
	EXPECT_ERRNO(ENOENT, access(group, F_OK));
	other = open(node, O_RDWR | O_CLOEXEC);
	EXPECT_GE(other, 0);
	world_drop_cap(CAP_SYS_RAWIO);
	EXPECT_ERRNO(EPERM, open(node, O_RDWR | O_CLOEXEC));
	EXPECT_EQ(0, close(other));
}

/* Where the device's own registers are, as long as they are there. */
TEST_F(pci, registers)
{
	uint64_t n = UINT64_MAX, phys, first;
	char text[64];

	edu_map_bar(&self->edu);
	ASSERT_EQ(0, inx_map_at(self->fd, self->ioas,
				(void *)self->edu.bar, self->edu.size,
				2 * IOVA));
	ASSERT_EQ(0, inx_get_pa(self->fd, self->ioas, 2 * IOVA + 1, &n, &phys));
	EXPECT_EQ(self->edu.size - 1, n);
	ASSERT_TRUE(file_read(text, sizeof(text),
			      "/sys/bus/pci/devices/%s/resource",
			      self->pci.bdf));
	first = strtoull(text, NULL, 16);
	EXPECT_EQ(first + 1, phys);
	/* The memory of an unbound device is gone from every IOAS. */
	ASSERT_EQ(0, pci_unbind(&self->pci));
	EXPECT_ERRNO(EOPNOTSUPP, inx_get_pa(self->fd, self->ioas, 2 * IOVA, &n,
					    &phys));
}

TEST_F(pci, one_at_a_time)
{
	int other = pci_open(&self->pci), fd = inx_open();

	ASSERT_GE(other, 0);
	EXPECT_ERRNO(EINVAL, inx_bind(other, fd, NULL));
	EXPECT_EQ(0, close(other));
	EXPECT_EQ(0, close(fd));
}

/* Another driver gets it, whatever its client thinks of that. */
TEST_F(pci, driver_taken_away)
{
	uint32_t pt = self->ioas;

	ASSERT_EQ(0, pci_unbind(&self->pci));
	EXPECT_ERRNO(ENODEV, inx_attach(self->dev, &pt));
	EXPECT_EQ(0, inx_status_kb("VmPin"));
	EXPECT_EQ(0, pci_remove(&self->pci));
	pci_rescan();
}

TEST(client_killed)
{
	struct pci_data child = {}, heir = {};
	int status = 0;
	pid_t pid;

	give_to_driver(&heir.pci);
	child.pci = heir.pci;
	pid = fork();
	if (!pid) {
		open_client(&child);
		edu_start(&child.edu, where(&child, 0), EDU_MOST, false);
		raise(SIGKILL);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	open_client(&heir);
	edu_idle(&heir.edu);
	edu_copy(&heir.edu, where(&heir, 0), where(&heir, PAGE), EDU_MOST);
	EXPECT_EQ(0, memcmp(heir.mem, heir.mem + PAGE, EDU_MOST));
	edu_close(&heir.edu);
	EXPECT_EQ(0, close(heir.dev));
	EXPECT_EQ(0, close(heir.fd));
	pci_set_driver(&heir.pci, NULL);
}

TEST(refused_when_off)
{
	struct pci_dev dev;
	char path[128];

	pci_find_edu(&dev, 1);
	pci_set_driver(&dev, NULL);
	ASSERT_EQ(0, inx_set_noiommu(false));
	ASSERT_EQ(0, file_write(PCI_DRIVER,
				"/sys/bus/pci/devices/%s/driver_override",
				dev.bdf));
	EXPECT_ERRNO(EINVAL, file_write(dev.bdf, "/sys/bus/pci/drivers/" PCI_DRIVER "/bind"));
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev",
		 dev.bdf);
	EXPECT_ERRNO(ENOENT, access(path, F_OK));
}

TEST_HARNESS_MAIN
