// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci,iommu_next_vfio_container,vfio-pci machines=vtd timeout=60 */
/*
 * VFIO_DEVICE_FEATURE_DMA_BUF of a PCI device: what it accepts, several parts of
 * a BAR in one file, and how long such a file lasts. That other devices reach the
 * BAR by it, and when they do not, is in iommu_bar.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/iommu-next-container.h>
#include <linux/vfio.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inx.h"
#include "legacy.h"
#include "pci.h"
#include "racer.h"
#include "tap.h"

#define PAGE 4096UL
#define BAR_SIZE (1UL << 20)
#define IOVA PCI_IOVA
#define BAR (2 * PCI_IOVA)
#define FEATURE 11

FIXTURE(dmabuf)
{
	struct client c;
	int dev;
	struct edu *target;
	uint32_t *word;
};

FIXTURE_SETUP(dmabuf)
{
	struct client *c = &self->c;

	client_open(c, 2, true);
	self->dev = c->dev[1];
	self->target = &c->edu[1];
	ASSERT_EQ(0, inx_attach_to(c->dev[0], c->ioas));
	self->word = inx_alloc(PAGE);
	memset(self->word, 0, PAGE);
	ASSERT_EQ(0, client_map(c, self->word, PAGE, IOVA));
}

FIXTURE_TEARDOWN(dmabuf)
{
	client_close(&self->c);
	EXPECT_EQ(0, munmap(self->word, PAGE));
}

static int ask(struct dmabuf_data *self, struct pci_dmabuf *arg)
{
	return ioctl(self->dev, VFIO_DEVICE_FEATURE, arg);
}

static int map(struct dmabuf_data *self, int file, uint64_t offset,
	       uint64_t length, uint64_t iova)
{
	struct client *c = &self->c;

	return inx_map_file(c->fd, c->ioas, INX_RW | INX_FIXED, file, offset,
			    length, &iova);
}

static bool reaches(struct dmabuf_data *self, uint64_t bar)
{
	return client_reaches(&self->c, 0, self->target, bar, self->word,
			      IOVA);
}

/* ---- what it accepts --------------------------------------------------------------- */

TEST_F(dmabuf, probe)
{
	struct pci_dmabuf arg = { .argsz = 8 };

	arg.flags = VFIO_DEVICE_FEATURE_PROBE | FEATURE;
	EXPECT_EQ(0, ask(self, &arg));
	arg.flags |= VFIO_DEVICE_FEATURE_GET;
	EXPECT_EQ(0, ask(self, &arg));
	arg.flags |= VFIO_DEVICE_FEATURE_SET;
	EXPECT_ERRNO(EINVAL, ask(self, &arg));
	arg.flags = VFIO_DEVICE_FEATURE_SET | FEATURE;
	arg.argsz = sizeof(arg);
	EXPECT_ERRNO(EINVAL, ask(self, &arg));
	arg.flags = FEATURE;
	EXPECT_ERRNO(EINVAL, ask(self, &arg));
}

#define ASK(_member, _value) ({                                   \
	struct pci_dmabuf arg = pci_dmabuf_of(0, 0, PAGE);        \
								  \
	arg._member = (_value);                                   \
	ask(self, &arg);                                          \
})

TEST_F(dmabuf, refused)
{
	EXPECT_ERRNO(EINVAL, ASK(argsz, 7));
	EXPECT_ERRNO(EINVAL, ASK(argsz, 8 + 15));
	EXPECT_ERRNO(EINVAL, ASK(nr, 0));
	EXPECT_ERRNO(EINVAL, ASK(reserved, 1));
	EXPECT_ERRNO(E2BIG, ASK(nr, 2049));
	/* A BAR that this device does not have, what is no BAR, what is no region. */
	EXPECT_ERRNO(ENODEV, ASK(region, 1));
	EXPECT_ERRNO(ENODEV, ASK(region, VFIO_PCI_ROM_REGION_INDEX));
	EXPECT_ERRNO(ENODEV, ASK(region, VFIO_PCI_CONFIG_REGION_INDEX));
	EXPECT_ERRNO(ENODEV, ASK(region, -1));
	/* Ranges. */
	EXPECT_ERRNO(EINVAL, ASK(range[0].length, 0));
	EXPECT_ERRNO(EINVAL, ASK(range[0].length, PAGE - 1));
	EXPECT_ERRNO(EINVAL, ASK(range[0].length, PAGE / 2));
	EXPECT_ERRNO(EINVAL, ASK(range[0].offset, 8));
	EXPECT_ERRNO(EINVAL, ASK(range[0].offset, BAR_SIZE));
	EXPECT_ERRNO(EINVAL, ASK(range[0].length, BAR_SIZE + PAGE));
	EXPECT_ERRNO(EINVAL, ASK(range[0].length, -PAGE));
	EXPECT_ERRNO(EOVERFLOW, ASK(range[0].offset, -PAGE));
	/* The second one is looked at as well: it is empty. */
	EXPECT_ERRNO(EINVAL, ASK(nr, 2));
	EXPECT_ERRNO(EFAULT, ioctl(self->dev, VFIO_DEVICE_FEATURE, NULL));
	/* After all of that it works. */
	int file = ASK(open_flags, O_RDONLY | O_CLOEXEC);

	ASSERT_GE(file, 0);
	EXPECT_EQ(FD_CLOEXEC, fcntl(file, F_GETFD));
	EXPECT_EQ(PAGE, lseek(file, 0, SEEK_END));
	EXPECT_EQ(0, close(file));
}

/* Ranges that are not there to be read. */
TEST_F(dmabuf, ends_at_a_hole)
{
	unsigned char *mem = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct pci_dmabuf arg = pci_dmabuf_of(0, 0, PAGE);
	size_t head = offsetof(struct pci_dmabuf, range[1]);
	int file;

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, munmap(mem + PAGE, PAGE));
	memcpy(mem + PAGE - head, &arg, head);
	file = ioctl(self->dev, VFIO_DEVICE_FEATURE, mem + PAGE - head);
	ASSERT_GE(file, 0);
	EXPECT_EQ(0, close(file));
	arg.nr = 2;
	memcpy(mem + PAGE - head, &arg, head);
	EXPECT_ERRNO(EFAULT, ioctl(self->dev, VFIO_DEVICE_FEATURE,
				   mem + PAGE - head));
	ASSERT_EQ(0, munmap(mem, PAGE));
}

/* A device that nobody has bound makes none. */
TEST_F(dmabuf, not_bound)
{
	int dev = pci_open(&self->c.pci[1]);

	ASSERT_GE(dev, 0);
	EXPECT_ERRNO(EINVAL, pci_dmabuf(dev, 0, 0, PAGE));
	EXPECT_EQ(0, close(dev));
}

/* Of a device that the kernel's own driver has: it does not tell where that is. */
TEST(of_vfio_pci)
{
	uint64_t iova = BAR;
	struct legacy l;
	int file, fd;
	uint32_t ioas;

	legacy_open(&l, 1, IOMMU_NEXT_VFIO_IOMMU);
	file = pci_dmabuf(l.dev[0], 0, 0, PAGE);
	if (file < 0) {
		EXPECT_EQ(ENOTTY, errno);
		legacy_close(&l);
		SKIP("vfio-pci of this kernel makes no dma-bufs");
	}
	fd = inx_open();
	ASSERT_EQ(0, inx_ioas_alloc(fd, &ioas));
	EXPECT_ERRNO(EINVAL, inx_map_file(fd, ioas, INX_RW | INX_FIXED, file, 0,
					  2 * PAGE, &iova));
	EXPECT_ERRNO(EOPNOTSUPP, inx_map_file(fd, ioas, INX_RW | INX_FIXED,
					      file, 0, PAGE, &iova));
	EXPECT_EQ(0, close(fd) | close(file));
	legacy_close(&l);
}

/* ---- parts of a BAR ---------------------------------------------------------------- */

/* The registers twice, and something else between them. */
TEST_F(dmabuf, ranges)
{
	struct pci_dmabuf arg = pci_dmabuf_of(0, 0, PAGE);
	struct client *c = &self->c;
	uint64_t size;
	int file;

	arg.nr = 4;
	arg.range[1].offset = 4 * PAGE;
	arg.range[1].length = 2 * PAGE;
	arg.range[2] = arg.range[0];
	arg.range[3].offset = PAGE;
	arg.range[3].length = BAR_SIZE - PAGE;
	file = ask(self, &arg);
	ASSERT_GE(file, 0);
	EXPECT_EQ(3 * PAGE + BAR_SIZE, lseek(file, 0, SEEK_END));
	ASSERT_EQ(0, map(self, file, 0, 3 * PAGE + BAR_SIZE, BAR));
	EXPECT_TRUE(reaches(self, BAR));
	EXPECT_FALSE(reaches(self, BAR + PAGE));
	EXPECT_FALSE(reaches(self, BAR + 2 * PAGE));
	EXPECT_TRUE(reaches(self, BAR + 3 * PAGE));
	EXPECT_FALSE(reaches(self, BAR + 4 * PAGE));
	/* From the middle of it on. */
	ASSERT_EQ(0, map(self, file, 2 * PAGE, 3 * PAGE, 2 * BAR));
	EXPECT_FALSE(reaches(self, 2 * BAR));
	EXPECT_TRUE(reaches(self, 2 * BAR + PAGE));
	pci_set_memory(self->dev, false);
	pci_set_memory(self->dev, true);
	EXPECT_FALSE(reaches(self, BAR));
	EXPECT_FALSE(reaches(self, BAR + 3 * PAGE));
	EXPECT_FALSE(reaches(self, 2 * BAR + PAGE));
	ASSERT_EQ(0, inx_unmap_all(c->fd, c->ioas, &size));
	EXPECT_EQ(BAR_SIZE + 7 * PAGE, size);
	ASSERT_EQ(0, map(self, file, 3 * PAGE, PAGE, BAR));
	ASSERT_EQ(0, client_map(c, self->word, PAGE, IOVA));
	EXPECT_TRUE(reaches(self, BAR));
	EXPECT_EQ(0, close(file));
}

/* Made while the memory is off, and good for something when it is on. */
TEST_F(dmabuf, memory_is_off)
{
	int file;

	pci_set_memory(self->dev, false);
	file = pci_dmabuf(self->dev, 0, 0, PAGE);
	ASSERT_GE(file, 0);
	EXPECT_ERRNO(ENODEV, map(self, file, 0, PAGE, BAR));
	pci_set_memory(self->dev, true);
	ASSERT_EQ(0, map(self, file, 0, PAGE, BAR));
	EXPECT_TRUE(reaches(self, BAR));
	EXPECT_EQ(0, close(file));
}

/* ---- who lives longer -------------------------------------------------------------- */

TEST_F(dmabuf, file_is_closed)
{
	int file = pci_dmabuf(self->dev, 0, 0, PAGE);

	ASSERT_GE(file, 0);
	ASSERT_EQ(0, map(self, file, 0, PAGE, BAR));
	ASSERT_EQ(0, close(file));
	EXPECT_TRUE(reaches(self, BAR));
	pci_set_memory(self->dev, false);
	pci_set_memory(self->dev, true);
	EXPECT_FALSE(reaches(self, BAR));
}

/* The driver of the device can go, the core cannot. */
TEST_F(dmabuf, driver_goes)
{
	struct client *c = &self->c;
	int file = pci_dmabuf(self->dev, 0, 0, PAGE), i;

	ASSERT_GE(file, 0);
	for (i = 0; i < 2; i++) {
		edu_close(&c->edu[i]);
		ASSERT_EQ(0, close(c->dev[i]));
		pci_set_driver(&c->pci[i], NULL);
	}
	ASSERT_EQ(0, syscall(SYS_delete_module, PCI_DRIVER, O_NONBLOCK));
	EXPECT_ERRNO(ENODEV, map(self, file, 0, PAGE, BAR));
	ASSERT_EQ(0, close(c->fd));
	EXPECT_ERRNO(EWOULDBLOCK, syscall(SYS_delete_module, "iommu_next",
					  O_NONBLOCK));
	EXPECT_EQ(0, close(file));
	c->fd = inx_open();
	ASSERT_GE(c->fd, 0);
	ASSERT_EQ(0, system("modprobe " PCI_DRIVER));
	c->nr = 0;
}

/* ---- races --------------------------------------------------------------------------- */

static struct dmabuf_data *data(struct racer *r)
{
	return r->race->data;
}

static void make_and_map(struct racer *r)
{
	struct dmabuf_data *self = data(r);
	struct client *c = &self->c;
	int file = pci_dmabuf(self->dev, 0, 0, BAR_SIZE);

	if (!must(r, file >= 0, "no dma-buf"))
		return;
	if (ONE_OF(r, map(self, file, 0, BAR_SIZE, BAR), ENODEV))
		must(r, !inx_unmap(c->fd, c->ioas, BAR, BAR_SIZE, NULL),
		     "UNMAP");
	must(r, !close(file), "close");
}

static void switch_memory(struct racer *r)
{
	struct dmabuf_data *self = data(r);

	pci_set_memory(self->dev, false);
	sched_yield();
	pci_set_memory(self->dev, true);
	usleep(100);
	r->good++;
}

TEST_F(dmabuf, memory_goes_while_it_is_mapped)
{
	RACE(self, 1000, RACER(make_and_map), RACER(switch_memory));
}

TEST_HARNESS_MAIN
