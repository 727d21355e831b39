// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci machines=vtd */
/*
 * The VFIO device file of a PCI device: regions, configuration space, mappings
 * of BARs, interrupts, features.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/vfio.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "inx.h"
#include "pci.h"
#include "tap.h"

#define PAGE 4096UL
#define BAR_SIZE (1UL << 20)

/* Where nothing can be; a constant would be taken for a mistake. */
static char *volatile nowhere = (char *)16;

FIXTURE(pci)
{
	struct client c;
	int dev;
	struct edu *edu;
};

FIXTURE_SETUP(pci)
{
	client_open(&self->c, 1, false);
	self->dev = self->c.dev[0];
	self->edu = &self->c.edu[0];
}

FIXTURE_TEARDOWN(pci)
{
	client_close(&self->c);
}

static struct vfio_region_info region(int dev, uint32_t index)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = index,
	};

	ASSERT_EQ(0, ioctl(dev, VFIO_DEVICE_GET_REGION_INFO, &info));
	return info;
}

/* ---- before BIND ------------------------------------------------------------------------- */

TEST_F(pci, second_file)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_region_info bar = region(self->dev, 0);
	int second = pci_open(&self->c.pci[0]);
	uint32_t val;

	ASSERT_GE(second, 0);
	EXPECT_ERRNO(EINVAL, ioctl(second, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_ERRNO(EINVAL, ioctl(second, VFIO_DEVICE_RESET));
	EXPECT_ERRNO(EINVAL, pread(second, &val, 4, bar.offset));
	EXPECT_ERRNO(EINVAL, pwrite(second, &val, 4, bar.offset));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, BAR_SIZE, PROT_READ, MAP_SHARED,
				   second, bar.offset));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_ERRNO(EINVAL, inx_attach_to(second, self->c.ioas));
	EXPECT_ERRNO(EINVAL, inx_bind(second, self->c.fd, NULL));
	EXPECT_EQ(0, close(second));
	EXPECT_EQ(4, pread(self->dev, &val, 4, bar.offset));
}

/* A device that is no virtual function has no token. */
TEST_F(pci, bind_with_token)
{
	unsigned char token[16] = { 1, 2, 3 };
	struct iommu_next_vfio_device_bind arg = {
		.argsz = sizeof(arg),
		.flags = IOMMU_NEXT_VFIO_DEVICE_BIND_FLAG_TOKEN,
		.iommufd = self->c.fd,
		.token_uuid_ptr = (uintptr_t)token,
	};
	int second = pci_open(&self->c.pci[0]);

	ASSERT_EQ(0, close(self->dev));
	self->c.dev[0] = second;
	EXPECT_ERRNO(EINVAL, ioctl(second, IOMMU_NEXT_VFIO_DEVICE_BIND, &arg));
	arg.flags = 0;
	EXPECT_EQ(0, ioctl(second, IOMMU_NEXT_VFIO_DEVICE_BIND, &arg));
}

/* ---- regions ----------------------------------------------------------------------------- */

TEST_F(pci, info)
{
	struct vfio_device_info info = {};

	for (info.argsz = 0; info.argsz < 16; info.argsz++)
		EXPECT_ERRNO(EINVAL,
			     ioctl(self->dev, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_EQ(0, ioctl(self->dev, VFIO_DEVICE_GET_INFO, &info));
	info = (struct vfio_device_info){ .argsz = sizeof(info) };
	EXPECT_EQ(0, ioctl(self->dev, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_TRUE(info.flags & VFIO_DEVICE_FLAGS_PCI);
	EXPECT_EQ(VFIO_PCI_NUM_REGIONS, info.num_regions);
	EXPECT_EQ(VFIO_PCI_NUM_IRQS, info.num_irqs);
}

TEST_F(pci, regions)
{
	struct vfio_region_info info = region(self->dev, 0);
	uint32_t i;

	EXPECT_EQ(BAR_SIZE, info.size);
	EXPECT_TRUE(info.flags & VFIO_REGION_INFO_FLAG_READ);
	EXPECT_TRUE(info.flags & VFIO_REGION_INFO_FLAG_WRITE);
	EXPECT_TRUE(info.flags & VFIO_REGION_INFO_FLAG_MMAP);
	for (i = 1; i <= VFIO_PCI_ROM_REGION_INDEX; i++)
		EXPECT_EQ(0, region(self->dev, i).size);
	info = region(self->dev, VFIO_PCI_CONFIG_REGION_INDEX);
	EXPECT_GE(info.size, 256);
	EXPECT_FALSE(info.flags & VFIO_REGION_INFO_FLAG_MMAP);
	info.index = VFIO_PCI_NUM_REGIONS;
	EXPECT_ERRNO(EINVAL, ioctl(self->dev, VFIO_DEVICE_GET_REGION_INFO,
				   &info));
	info.index = 0;
	info.argsz = sizeof(info) - 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->dev, VFIO_DEVICE_GET_REGION_INFO,
				   &info));
	EXPECT_ERRNO(EFAULT, ioctl(self->dev, VFIO_DEVICE_GET_REGION_INFO,
				   NULL));
}

TEST_F(pci, config_space)
{
	off_t config = region(self->dev, VFIO_PCI_CONFIG_REGION_INDEX).offset;
	uint16_t command, saved;
	uint32_t ids = 0;
	char byte;

	EXPECT_EQ(4, pread(self->dev, &ids, 4, config));
	EXPECT_EQ(0x11e81234, ids);
	EXPECT_EQ(1, pread(self->dev, &byte, 1, config + 1));
	EXPECT_EQ(0x12, byte);
	/* The vendor ID does not change for being written to. */
	EXPECT_EQ(4, pwrite(self->dev, "abcd", 4, config));
	EXPECT_EQ(4, pread(self->dev, &ids, 4, config));
	EXPECT_EQ(0x11e81234, ids);
	/* The memory enable bit does, and then the registers are gone. */
	ASSERT_EQ(2, pread(self->dev, &saved, 2, config + 4));
	command = saved & ~2;
	ASSERT_EQ(2, pwrite(self->dev, &command, 2, config + 4));
	EXPECT_ERRNO(EIO, pread(self->dev, &ids, 4, self->edu->offset));
	ASSERT_EQ(2, pwrite(self->dev, &saved, 2, config + 4));
	EXPECT_EQ(4, pread(self->dev, &ids, 4, self->edu->offset));
	EXPECT_EQ(0x010000ed, ids);
	EXPECT_ERRNO(EFAULT, pread(self->dev, nowhere, 4, config));
}

TEST_F(pci, registers)
{
	off_t bar = self->edu->offset;
	uint32_t val = 0x1234;

	edu_write(self->edu, EDU_LIVENESS, 0xffff0000, 4);
	EXPECT_EQ(0x0000ffff, edu_read(self->edu, EDU_LIVENESS, 4));
	EXPECT_EQ(4, pread(self->dev, &val, 4, bar + BAR_SIZE - 4));
	EXPECT_ERRNO(EINVAL, pread(self->dev, &val, 4, bar + BAR_SIZE));
	EXPECT_ERRNO(EINVAL, pread(self->dev, &val, 4, (off_t)1 << 60));
	EXPECT_ERRNO(EFAULT, pread(self->dev, nowhere, 4, bar));
	EXPECT_ERRNO(EFAULT, pwrite(self->dev, nowhere, 4,
				    bar + EDU_LIVENESS));
}

/* ---- mappings ---------------------------------------------------------------------------- */

static void *map(int dev, size_t length, int prot, int flags, off_t offset)
{
	return mmap(NULL, length, prot, flags, dev, offset);
}

TEST_F(pci, mapped)
{
	off_t bar = self->edu->offset;
	volatile uint32_t *part;
	struct edu *edu = self->edu;

	edu_map_bar(edu);
	EXPECT_EQ(0x010000ed, edu_read(edu, EDU_ID, 4));
	edu_write(edu, EDU_LIVENESS, 5, 4);
	/* The same device, seen in another way, and in part. */
	part = map(self->dev, PAGE, PROT_READ, MAP_SHARED, bar);
	ASSERT_NE(MAP_FAILED, (void *)part);
	EXPECT_EQ(~5U, part[1]);
	EXPECT_EQ(0, munmap((void *)part, PAGE));
	part = map(self->dev, PAGE, PROT_READ, MAP_SHARED,
		   bar + BAR_SIZE - PAGE);
	EXPECT_NE(MAP_FAILED, (void *)part);
}

TEST_F(pci, mapped_wrongly)
{
	off_t bar = self->edu->offset;
	off_t config = region(self->dev, VFIO_PCI_CONFIG_REGION_INDEX).offset;
	int dev = self->dev;

	EXPECT_EQ(MAP_FAILED, map(dev, 2 * BAR_SIZE, PROT_READ, MAP_SHARED,
				  bar));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, map(dev, PAGE, PROT_READ, MAP_SHARED,
				  bar + BAR_SIZE));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, map(dev, PAGE, PROT_READ, MAP_PRIVATE, bar));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, map(dev, PAGE, PROT_READ, MAP_SHARED, config));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, map(dev, PAGE, PROT_READ, MAP_SHARED,
				  region(dev, 1).offset));
	EXPECT_EQ(EINVAL, errno);
}

static sigjmp_buf bus_error;

static void on_bus_error(TH_UNUSED int signal)
{
	siglongjmp(bus_error, 1);
}

/* Whether reading there is answered with SIGBUS. */
static bool is_bus_error(volatile unsigned char *at)
{
	struct sigaction action = { .sa_handler = on_bus_error };
	bool seen = true;

	ASSERT_EQ(0, sigaction(SIGBUS, &action, NULL));
	if (!sigsetjmp(bus_error, 1)) {
		(void)*at;
		seen = false;
	}
	signal(SIGBUS, SIG_DFL);
	return seen;
}

/* A mapping keeps the file open, but not the device's memory enabled. */
TEST_F(pci, mapped_while_memory_is_disabled)
{
	off_t config = region(self->dev, VFIO_PCI_CONFIG_REGION_INDEX).offset;
	uint16_t command, saved;

	edu_map_bar(self->edu);
	ASSERT_EQ(2, pread(self->dev, &saved, 2, config + 4));
	EXPECT_FALSE(is_bus_error(self->edu->bar));
	command = saved & ~2;
	ASSERT_EQ(2, pwrite(self->dev, &command, 2, config + 4));
	EXPECT_TRUE(is_bus_error(self->edu->bar));
	ASSERT_EQ(2, pwrite(self->dev, &saved, 2, config + 4));
	EXPECT_FALSE(is_bus_error(self->edu->bar));
	EXPECT_EQ(0x010000ed, edu_read(self->edu, EDU_ID, 4));
}

TEST_F(pci, mapped_when_the_descriptor_is_closed)
{
	struct client *c = &self->c;
	int second;

	edu_map_bar(self->edu);
	ASSERT_EQ(0, close(self->dev));
	c->dev[0] = -1;
	/* The mapping is the file: it is bound, attached and all. */
	EXPECT_EQ(0x010000ed, edu_read(self->edu, EDU_ID, 4));
	second = pci_open(&c->pci[0]);
	EXPECT_ERRNO(EINVAL, inx_bind(second, c->fd, NULL));
	EXPECT_ERRNO(EBUSY, inx_destroy(c->fd, c->id[0]));
	ASSERT_EQ(0, munmap((void *)self->edu->bar, self->edu->size));
	self->edu->bar = NULL;
	EXPECT_ERRNO(ENOENT, inx_destroy(c->fd, c->id[0]));
	EXPECT_EQ(0, inx_bind(second, c->fd, NULL));
	EXPECT_EQ(0, close(second));
}

/* ---- interrupts -------------------------------------------------------------------------- */

#define EVENTFD (VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER)
#define NONE_TRIGGER (VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER)

static int set_irqs(int dev, uint32_t index, uint32_t flags, uint32_t start,
		    uint32_t count, int event)
{
	char buf[sizeof(struct vfio_irq_set) + sizeof(int)] = {};
	struct vfio_irq_set *set = (void *)buf;

	set->argsz = flags & VFIO_IRQ_SET_DATA_NONE ? sizeof(*set) :
						     sizeof(buf);
	set->index = index;
	set->flags = flags;
	set->start = start;
	set->count = count;
	memcpy(set->data, &event, sizeof(event));
	return ioctl(dev, VFIO_DEVICE_SET_IRQS, set);
}

TEST_F(pci, irq_info)
{
	struct vfio_irq_info info = { .argsz = sizeof(info) };

	EXPECT_EQ(0, ioctl(self->dev, VFIO_DEVICE_GET_IRQ_INFO, &info));
	EXPECT_EQ(1, info.count);
	EXPECT_TRUE(info.flags & VFIO_IRQ_INFO_AUTOMASKED);
	EXPECT_TRUE(info.flags & VFIO_IRQ_INFO_MASKABLE);
	info.index = VFIO_PCI_MSI_IRQ_INDEX;
	EXPECT_EQ(0, ioctl(self->dev, VFIO_DEVICE_GET_IRQ_INFO, &info));
	EXPECT_EQ(1, info.count);
	EXPECT_TRUE(info.flags & VFIO_IRQ_INFO_EVENTFD);
	info.index = VFIO_PCI_MSIX_IRQ_INDEX;
	EXPECT_EQ(0, ioctl(self->dev, VFIO_DEVICE_GET_IRQ_INFO, &info));
	EXPECT_EQ(0, info.count);
	info.index = VFIO_PCI_NUM_IRQS;
	EXPECT_ERRNO(EINVAL, ioctl(self->dev, VFIO_DEVICE_GET_IRQ_INFO, &info));
}

TEST_F(pci, msi)
{
	int dev = self->dev, second = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct edu *edu = self->edu;
	uint64_t n;

	/* It was enabled when the device was opened. */
	edu_write(edu, EDU_IRQ_RAISE, 1, 4);
	EXPECT_TRUE(edu_wait(edu, 5000));
	EXPECT_EQ(1, edu_read(edu, EDU_IRQ_STATUS, 4));
	edu_write(edu, EDU_IRQ_ACK, 1, 4);
	/* Without the device, for a client that wants to test itself. */
	EXPECT_EQ(0, set_irqs(dev, VFIO_PCI_MSI_IRQ_INDEX, NONE_TRIGGER, 0, 1,
			      0));
	EXPECT_TRUE(edu_wait(edu, 5000));
	EXPECT_EQ(0, set_irqs(dev, VFIO_PCI_MSI_IRQ_INDEX, EVENTFD, 0, 1,
			      second));
	edu_write(edu, EDU_IRQ_RAISE, 2, 4);
	edu_write(edu, EDU_IRQ_ACK, 2, 4);
	EXPECT_FALSE(edu_wait(edu, 0));
	EXPECT_EQ(8, read(second, &n, 8));
	/* Off, and nobody hears of it. */
	EXPECT_EQ(0, set_irqs(dev, VFIO_PCI_MSI_IRQ_INDEX, NONE_TRIGGER, 0, 0,
			      0));
	edu_write(edu, EDU_IRQ_RAISE, 4, 4);
	edu_write(edu, EDU_IRQ_ACK, 4, 4);
	EXPECT_ERRNO(EAGAIN, read(second, &n, 8));
	EXPECT_EQ(0, close(second));
}

TEST_F(pci, intx)
{
	const uint32_t unmask = VFIO_IRQ_SET_DATA_NONE |
				VFIO_IRQ_SET_ACTION_UNMASK;
	int dev = self->dev, event = self->edu->event;
	struct edu *edu = self->edu;

	ASSERT_EQ(0, set_irqs(dev, VFIO_PCI_MSI_IRQ_INDEX, NONE_TRIGGER, 0, 0,
			      0));
	ASSERT_EQ(0, set_irqs(dev, VFIO_PCI_INTX_IRQ_INDEX, EVENTFD, 0, 1,
			      event));
	edu_write(edu, EDU_IRQ_RAISE, 1, 4);
	EXPECT_TRUE(edu_wait(edu, 5000));
	/* It is masked until the client says so; the line is still up. */
	EXPECT_FALSE(edu_wait(edu, 50));
	EXPECT_EQ(0, set_irqs(dev, VFIO_PCI_INTX_IRQ_INDEX, unmask, 0, 1, 0));
	EXPECT_TRUE(edu_wait(edu, 5000));
	edu_write(edu, EDU_IRQ_ACK, 1, 4);
	EXPECT_EQ(0, set_irqs(dev, VFIO_PCI_INTX_IRQ_INDEX, unmask, 0, 1, 0));
	EXPECT_FALSE(edu_wait(edu, 50));
	edu_write(edu, EDU_IRQ_RAISE, 1, 4);
	EXPECT_TRUE(edu_wait(edu, 5000));
	edu_write(edu, EDU_IRQ_ACK, 1, 4);
	EXPECT_EQ(0, set_irqs(dev, VFIO_PCI_INTX_IRQ_INDEX, NONE_TRIGGER, 0, 0,
			      0));
}

TEST_F(pci, set_irqs_wrongly)
{
	int dev = self->dev, event = self->edu->event;
	struct vfio_irq_set set = { .argsz = sizeof(set), .flags = EVENTFD,
				    .index = VFIO_PCI_MSI_IRQ_INDEX,
				    .count = 1 };

	EXPECT_ERRNO(EINVAL, ioctl(dev, VFIO_DEVICE_SET_IRQS, &set));
	set.argsz = sizeof(set) - 1;
	EXPECT_ERRNO(EINVAL, ioctl(dev, VFIO_DEVICE_SET_IRQS, &set));
	EXPECT_ERRNO(EFAULT, ioctl(dev, VFIO_DEVICE_SET_IRQS, NULL));
	EXPECT_ERRNO(EINVAL, set_irqs(dev, VFIO_PCI_NUM_IRQS, EVENTFD, 0, 1,
				      event));
	EXPECT_ERRNO(EINVAL, set_irqs(dev, VFIO_PCI_MSI_IRQ_INDEX, EVENTFD, 1,
				      1, event));
	EXPECT_ERRNO(EINVAL, set_irqs(dev, VFIO_PCI_MSI_IRQ_INDEX, EVENTFD, 0,
				      2, event));
	EXPECT_ERRNO(EBADF, set_irqs(dev, VFIO_PCI_MSI_IRQ_INDEX, EVENTFD, 0,
				     1, 12345));
	/* MSI is on, so INTx cannot be. */
	EXPECT_ERRNO(EINVAL, set_irqs(dev, VFIO_PCI_INTX_IRQ_INDEX, EVENTFD, 0,
				      1, event));
}

/* ---- features, reset --------------------------------------------------------------------- */

TEST_F(pci, features)
{
	char buf[sizeof(struct vfio_device_feature) + 64] = {};
	struct vfio_device_feature *arg = (void *)buf;
	int dev = self->dev;

	arg->argsz = sizeof(*arg) - 1;
	EXPECT_ERRNO(EINVAL, ioctl(dev, VFIO_DEVICE_FEATURE, arg));
	arg->argsz = sizeof(buf);
	/* Unknown bits, no direction, both directions. */
	arg->flags = VFIO_DEVICE_FEATURE_GET | 1U << 31;
	EXPECT_ERRNO(EINVAL, ioctl(dev, VFIO_DEVICE_FEATURE, arg));
	arg->flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET;
	EXPECT_ERRNO(EINVAL, ioctl(dev, VFIO_DEVICE_FEATURE, arg));
	/* What no PCI device without a driver of its own has. */
	arg->flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_PROBE |
		     VFIO_DEVICE_FEATURE_MIGRATION;
	EXPECT_ERRNO(ENOTTY, ioctl(dev, VFIO_DEVICE_FEATURE, arg));
	arg->flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_PROBE |
		     0xffff;
	EXPECT_ERRNO(ENOTTY, ioctl(dev, VFIO_DEVICE_FEATURE, arg));
	EXPECT_ERRNO(EFAULT, ioctl(dev, VFIO_DEVICE_FEATURE, NULL));
	/* A token can only be set where there are virtual functions. */
	arg->flags = VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_PROBE |
		     VFIO_DEVICE_FEATURE_PCI_VF_TOKEN;
	EXPECT_ERRNO(ENOTTY, ioctl(dev, VFIO_DEVICE_FEATURE, arg));
}

TEST_F(pci, reset)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	int rc;

	ASSERT_EQ(0, ioctl(self->dev, VFIO_DEVICE_GET_INFO, &info));
	edu_write(self->edu, EDU_LIVENESS, 5, 4);
	rc = ioctl(self->dev, VFIO_DEVICE_RESET);
	/* What it says in the flags, it does. */
	if (info.flags & VFIO_DEVICE_FLAGS_RESET) {
		EXPECT_EQ(0, rc);
		EXPECT_EQ(0x010000ed, edu_read(self->edu, EDU_ID, 4));
	} else {
		EXPECT_EQ(-1, rc);
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(~5U, edu_read(self->edu, EDU_LIVENESS, 4));
	}
}

TEST_F(pci, hot_reset_is_not_there)
{
	struct vfio_pci_hot_reset_info info = { .argsz = sizeof(info) };
	struct vfio_pci_hot_reset reset = { .argsz = sizeof(reset) };

	EXPECT_ERRNO(ENODEV, ioctl(self->dev,
				   VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &info));
	EXPECT_ERRNO(ENODEV, ioctl(self->dev, VFIO_DEVICE_PCI_HOT_RESET,
				   &reset));
}

TEST_F(pci, unknown_numbers)
{
	char arg[64] = { 64 };

	EXPECT_ERRNO(ENOTTY, ioctl(self->dev, _IO(VFIO_TYPE, VFIO_BASE + 99),
				   arg));
	EXPECT_ERRNO(ENOTTY, ioctl(self->dev, IOMMU_NEXT_IOAS_ALLOC, arg));
}

/* ---- no-IOMMU mode ----------------------------------------------------------------------- */

/* It is for devices that have no IOMMU, and changes nothing for this one. */
TEST_F(pci, not_without_its_iommu)
{
	uint64_t phys, n = 1;
	char name[64], *page = inx_alloc(PAGE);

	EXPECT_EQ(0, close(self->dev));
	ASSERT_EQ(0, inx_set_noiommu(true));
	pci_set_driver(&self->c.pci[0], NULL);
	pci_set_driver(&self->c.pci[0], PCI_DRIVER);
	EXPECT_EQ(0, inx_set_noiommu(false));
	pci_vfio_name(&self->c.pci[0], name, sizeof(name));
	EXPECT_EQ(0, strncmp(name, "vfio", 4));
	self->dev = pci_open(&self->c.pci[0]);
	self->c.dev[0] = self->dev;
	self->edu->fd = self->dev;
	ASSERT_EQ(0, inx_bind(self->dev, self->c.fd, NULL));
	ASSERT_EQ(0, inx_attach_to(self->dev, self->c.ioas));
	ASSERT_EQ(0, client_map(&self->c, page, PAGE, PCI_IOVA));
	EXPECT_ERRNO(EOPNOTSUPP, inx_get_pa(self->c.fd, self->c.ioas, PCI_IOVA,
					    &n, &phys));
}

TEST_HARNESS_MAIN
