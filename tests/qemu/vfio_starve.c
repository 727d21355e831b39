// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci,iommu_next_vfio_container,vfio-pci,iommu_next_mock_vfio */
/* harness: machines=vtd modules=inx_starve timeout=300 */
/*
 * VFIO's doors: each operation with each allocation failing that our modules make in
 * it. They are not part of the kernel that KUnit runs in.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/iommu-next-container.h>
#include <linux/iommu-next-mock.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "inx.h"
#include "legacy.h"
#include "pci.h"
#include "starve.h"
#include "tap.h"
#include "type1.h"

#define PAGE 4096UL
#define BAR_SIZE (1UL << 20)
#define IOVA PCI_IOVA
#define PAGES 16UL
#define DEVICE "/sys/bus/pci/devices/%s/"

/* Close a file that is not needed, and keep errno. */
static int give_up(int fd)
{
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	return -1;
}

/* ---- device files ---------------------------------------------------------------- */

FIXTURE(file)
{
	struct client c;
	int bar;
	int again;
};

FIXTURE_SETUP(file)
{
	client_open(&self->c, 2, true);
	ASSERT_EQ(0, inx_attach_to(self->c.dev[0], self->c.ioas));
}

FIXTURE_TEARDOWN(file)
{
	client_close(&self->c);
}

static int bind_device(void *arg)
{
	struct file_data *self = arg;
	struct client *c = &self->c;
	uint32_t id;

	self->again = pci_open(&c->pci[1]);
	if (self->again < 0 || inx_bind(self->again, c->fd, &id))
		return give_up(self->again);
	return 0;
}

static void unbind_device(void *arg)
{
	struct file_data *self = arg;

	ASSERT_EQ(0, close(self->again));
}

/* Off and back to its driver, as a device that is plugged in. */
static int probe(void *arg)
{
	struct file_data *self = arg;
	struct pci_dev *pci = &self->c.pci[1];
	char name[64];

	ASSERT_EQ(0, file_write(PCI_DRIVER, DEVICE "driver_override",
				pci->bdf));
	ASSERT_EQ(0, file_write(pci->bdf, "/sys/bus/pci/drivers_probe"));
	if (!file_read(name, sizeof(name), DEVICE "driver/module/initstate",
		       pci->bdf)) {
		errno = ENOMEM;
		return -1;
	}
	return 0;
}

static void unprobe(void *arg)
{
	struct file_data *self = arg;

	ASSERT_EQ(0, pci_unbind(&self->c.pci[1]));
}

static int bar_file(void *arg)
{
	struct file_data *self = arg;

	self->bar = pci_dmabuf(self->c.dev[1], 0, 0, BAR_SIZE);
	return self->bar < 0 ? -1 : 0;
}

static void bar_close(void *arg)
{
	struct file_data *self = arg;

	ASSERT_EQ(0, close(self->bar));
}

static int map_bar_file(void *arg)
{
	struct file_data *self = arg;
	uint64_t iova = 2 * IOVA;

	return inx_map_file(self->c.fd, self->c.ioas, INX_RW | INX_FIXED,
			    self->bar, 0, BAR_SIZE, &iova);
}

static int map_bar(void *arg)
{
	struct file_data *self = arg;

	return inx_map_at(self->c.fd, self->c.ioas,
			  (void *)self->c.edu[1].bar, BAR_SIZE, 2 * IOVA);
}

static int unmap_bar(void *arg)
{
	struct file_data *self = arg;

	return inx_unmap(self->c.fd, self->c.ioas, 2 * IOVA, BAR_SIZE, NULL);
}

static void bar_unmapped(void *arg)
{
	ASSERT_EQ(0, unmap_bar(arg));
}

static void bar_mapped(void *arg)
{
	ASSERT_EQ(0, map_bar(arg));
}

static void bar_file_mapped(void *arg)
{
	ASSERT_EQ(0, map_bar_file(arg));
}

TEST_F(file, bar)
{
	starve("map of a BAR", map_bar, bar_unmapped, self);
	ASSERT_EQ(0, map_bar(self));
	starve_end("unmap of a BAR", unmap_bar, bar_mapped, self);
	bar_unmapped(self);
	starve("DMA_BUF", bar_file, bar_close, self);
	ASSERT_EQ(0, bar_file(self));
	starve("MAP_FILE of a dma-buf", map_bar_file, bar_unmapped, self);
	ASSERT_EQ(0, map_bar_file(self));
	starve_end("unmap of a dma-buf", unmap_bar, bar_file_mapped, self);
	bar_unmapped(self);
	bar_close(self);
}

TEST_F(file, device)
{
	edu_close(&self->c.edu[1]);
	ASSERT_EQ(0, close(self->c.dev[1]));
	self->c.nr = 1;
	starve("open, bind", bind_device, unbind_device, self);
	unprobe(self);
	starve("probe", probe, unprobe, self);
}

/* ---- containers ------------------------------------------------------------------ */

FIXTURE(box)
{
	struct pci_dev pci[PCI_DEVS];
	int group, fd;
	void *mem;
	uint64_t bits;
};

FIXTURE_SETUP(box)
{
	pci_find_edu(self->pci, PCI_DEVS);
	pci_set_driver(&self->pci[0], "vfio-pci");
	self->group = legacy_group(&self->pci[0]);
	self->mem = inx_alloc(PAGES * PAGE);
}

FIXTURE_TEARDOWN(box)
{
	ASSERT_EQ(0, close(self->group));
}

static int box_open(void *arg)
{
	struct box_data *self = arg;
	int error;

	self->fd = legacy_container();
	if (ioctl(self->group, VFIO_GROUP_SET_CONTAINER, &self->fd))
		return give_up(self->fd);
	if (!ioctl(self->fd, VFIO_SET_IOMMU, IOMMU_NEXT_VFIO_IOMMU))
		return 0;
	error = errno;
	ASSERT_EQ(0, ioctl(self->group, VFIO_GROUP_UNSET_CONTAINER));
	errno = error;
	return give_up(self->fd);
}

static void box_close(void *arg)
{
	struct box_data *self = arg;

	ASSERT_EQ(0, ioctl(self->group, VFIO_GROUP_UNSET_CONTAINER));
	ASSERT_EQ(0, close(self->fd));
}

static int box_map(void *arg)
{
	struct box_data *self = arg;

	return type1_map(self->fd, self->mem, PAGES * PAGE, IOVA);
}

static int box_unmap(void *arg)
{
	struct box_data *self = arg;

	return type1_unmap(self->fd, IOVA, PAGES * PAGE, NULL);
}

static void box_unmapped(void *arg)
{
	ASSERT_EQ(0, box_unmap(arg));
}

static void box_mapped(void *arg)
{
	ASSERT_EQ(0, box_map(arg));
}

static int box_start(void *arg)
{
	struct box_data *self = arg;

	return type1_dirty(self->fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
}

static int box_stop(void *arg)
{
	struct box_data *self = arg;

	return type1_dirty(self->fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP);
}

static void box_stopped(void *arg)
{
	ASSERT_EQ(0, box_stop(arg));
}

static void box_started(void *arg)
{
	ASSERT_EQ(0, box_start(arg));
}

static int box_get(void *arg)
{
	struct box_data *self = arg;

	return type1_dirty_get(self->fd, IOVA, PAGES * PAGE, &self->bits, 8);
}

static int box_info(void *arg)
{
	struct box_data *self = arg;
	struct {
		struct vfio_iommu_type1_info info;
		char more[1024];
	} info = { .info.argsz = sizeof(info) };

	return ioctl(self->fd, VFIO_IOMMU_GET_INFO, &info);
}

TEST_F(box, operations)
{
	starve("SET_IOMMU", box_open, box_close, self);
	ASSERT_EQ(0, box_open(self));
	starve("GET_INFO", box_info, NULL, self);
	starve("MAP_DMA", box_map, box_unmapped, self);
	ASSERT_EQ(0, box_map(self));
	starve_end("UNMAP_DMA", box_unmap, box_mapped, self);
	starve("DIRTY_PAGES, start", box_start, box_stopped, self);
	ASSERT_EQ(0, box_start(self));
	starve("DIRTY_PAGES, get", box_get, NULL, self);
	starve_end("DIRTY_PAGES, stop", box_stop, box_started, self);
	starve_end("UNMAP_DMA, tracked", box_unmap, box_mapped, self);
	box_close(self);
}

/* ---- a device made of software, in a container ------------------------------------- */

FIXTURE(soft)
{
	struct box_data box;
	int dev;
	unsigned char data[2 * PAGE];
};

FIXTURE_SETUP(soft)
{
	struct box_data *box = &self->box;

	box->group = legacy_emulated_group();
	ASSERT_GE(box->group, 0);
	box->mem = inx_alloc(PAGES * PAGE);
}

FIXTURE_TEARDOWN(soft)
{
	ASSERT_EQ(0, close(self->box.group));
}

static int soft_open(void *arg)
{
	struct soft_data *self = arg;

	self->dev = ioctl(self->box.group, VFIO_GROUP_GET_DEVICE_FD,
			  LEGACY_EMULATED);
	return self->dev < 0 ? -1 : 0;
}

static void soft_close(void *arg)
{
	struct soft_data *self = arg;

	ASSERT_EQ(0, close(self->dev));
}

static int soft_pin(void *arg)
{
	struct soft_data *self = arg;

	int pages = legacy_emulated(self->dev, IOMMU_NEXT_MOCK_EMULATED_PIN,
				    IOMMU_NEXT_MOCK_EMULATED_WRITE, IOVA,
				    4 * PAGE, 0);

	return pages == 4 ? 0 : -1;
}

static int soft_unpin(void *arg)
{
	struct soft_data *self = arg;

	return legacy_emulated(self->dev, IOMMU_NEXT_MOCK_EMULATED_UNPIN, 0,
			       IOVA, 4 * PAGE, 0);
}

static void soft_unpinned(void *arg)
{
	ASSERT_EQ(0, soft_unpin(arg));
}

static void soft_pinned(void *arg)
{
	ASSERT_EQ(0, soft_pin(arg));
}

static int soft_write(void *arg)
{
	struct soft_data *self = arg;

	return legacy_emulated(self->dev, IOMMU_NEXT_MOCK_EMULATED_RW,
			       IOMMU_NEXT_MOCK_EMULATED_WRITE, IOVA + PAGE / 2,
			       sizeof(self->data), (uintptr_t)self->data);
}

TEST_F(soft, operations)
{
	struct box_data *box = &self->box;

	starve("SET_IOMMU, emulated", box_open, box_close, box);
	ASSERT_EQ(0, box_open(box));
	starve("GET_DEVICE_FD, emulated", soft_open, soft_close, self);
	ASSERT_EQ(0, soft_open(self));
	ASSERT_EQ(0, box_map(box));
	starve("pin_pages", soft_pin, soft_unpinned, self);
	starve("dma_rw", soft_write, NULL, self);
	/* What is tracked is told by what was pinned. */
	starve("DIRTY_PAGES, start", box_start, box_stopped, box);
	ASSERT_EQ(0, box_start(box));
	starve("dma_rw, tracked", soft_write, NULL, self);
	starve("pin_pages, tracked", soft_pin, soft_unpinned, self);
	ASSERT_EQ(0, soft_pin(self));
	starve("DIRTY_PAGES, get", box_get, NULL, box);
	starve_end("unpin_pages", soft_unpin, soft_pinned, self);
	soft_unpinned(self);
	starve_end("DIRTY_PAGES, stop", box_stop, box_started, box);
	box_unmapped(box);
	soft_close(self);
	box_close(box);
}

TEST_HARNESS_MAIN
