// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_container,iommu_next_mock_vfio taint=U */
/* harness: machines=none,smp,vtd*,amd*,virtio,smmu except=6.1/virtio */
/* harness: seldom=6.1/vtd-*,6.1/amd*,6.12/vtd-*,7.2/vtd-*,7.2/amd,7.2/virtio,7.3/vtd */
/*
 * A device that is made of software (as mediated devices are) in a container of
 * VFIO: pins, copies, what it is told of an UNMAP, and what it has written to.
 * vfio_iommu_type1 is the measure.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/iommu-next-container.h>
#include <linux/iommu-next-mock.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inx.h"
#include "legacy.h"
#include "mem.h"
#include "tap.h"
#include "type1.h"

#define PAGE 4096UL
#define IOVA (16UL << 20)
#define LENGTH (8 * PAGE)

FIXTURE(emulated)
{
	int fd;
	int group;
	int dev;
	unsigned char *mem;
	long pinned;
};

FIXTURE_VARIANT(emulated)
{
	unsigned long type;
	bool ours;
};

FIXTURE_VARIANT_ADD(emulated, own)
{
	IOMMU_NEXT_VFIO_IOMMU, true
};

FIXTURE_VARIANT_ADD(emulated, v1)
{
	VFIO_TYPE1_IOMMU, true
};

FIXTURE_VARIANT_ADD(emulated, kernel_v1)
{
	VFIO_TYPE1_IOMMU, false
};

FIXTURE_VARIANT_ADD(emulated, kernel_v2)
{
	VFIO_TYPE1v2_IOMMU, false
};

static long pinned(const struct emulated_variant *variant)
{
	return inx_status_kb(variant->ours ? "VmPin" : "VmLck");
}

FIXTURE_SETUP(emulated)
{
	legacy_take_over(variant->ours);
	self->pinned = pinned(variant);
	self->fd = legacy_container();
	self->group = legacy_emulated_group();
	ASSERT_GE(self->group, 0);
	ASSERT_EQ(0, ioctl(self->group, VFIO_GROUP_SET_CONTAINER, &self->fd));
	ASSERT_EQ(0, ioctl(self->fd, VFIO_SET_IOMMU, variant->type));
	self->dev = ioctl(self->group, VFIO_GROUP_GET_DEVICE_FD,
			  LEGACY_EMULATED);
	ASSERT_GE(self->dev, 0);
	self->mem = mem_alloc(MEM_SHUFFLED, LENGTH);
	memset(self->mem, 0, LENGTH);
	ASSERT_EQ(0, type1_map(self->fd, self->mem, LENGTH, IOVA));
}

FIXTURE_TEARDOWN(emulated)
{
	EXPECT_EQ(0, close(self->dev));
	EXPECT_EQ(0, close(self->group));
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(self->pinned, pinned(variant));
}

static int pin(int dev, uint64_t iova, uint64_t length)
{
	return legacy_emulated(dev, IOMMU_NEXT_MOCK_EMULATED_PIN,
		    IOMMU_NEXT_MOCK_EMULATED_WRITE, iova, length, 0);
}

static int unpin(int dev, uint64_t iova, uint64_t length)
{
	return legacy_emulated(dev, IOMMU_NEXT_MOCK_EMULATED_UNPIN, 0, iova,
			       length, 0);
}

static int poke(int dev, uint64_t iova, uint64_t length, unsigned char value)
{
	return legacy_emulated(dev, IOMMU_NEXT_MOCK_EMULATED_POKE, 0, iova,
			       length, value);
}

static int rw(int dev, uint32_t flags, uint64_t iova, void *data, size_t length)
{
	return legacy_emulated(dev, IOMMU_NEXT_MOCK_EMULATED_RW, flags, iova, length,
		    (uintptr_t)data);
}

static bool is_v2(const struct emulated_variant *variant)
{
	return variant->type != VFIO_TYPE1_IOMMU;
}

TEST_F(emulated, pins)
{
	if (!is_v2(variant)) {
		EXPECT_ERRNO(EACCES, pin(self->dev, IOVA, PAGE));
		return;
	}
	/* Nothing is pinned before a device asks. */
	EXPECT_EQ(self->pinned, pinned(variant));
	EXPECT_EQ(3, pin(self->dev, IOVA + PAGE, 3 * PAGE));
	EXPECT_EQ(self->pinned + 12, pinned(variant));
	EXPECT_EQ(3, poke(self->dev, IOVA + 7, LENGTH, 0x5a));
	EXPECT_EQ(0, self->mem[7]);
	EXPECT_EQ(0x5a, self->mem[PAGE + 7]);
	EXPECT_EQ(0x5a, self->mem[3 * PAGE + 7]);
	/* One of them goes. */
	EXPECT_EQ(0, unpin(self->dev, IOVA + 2 * PAGE, PAGE));
	EXPECT_EQ(self->pinned + 8, pinned(variant));
	EXPECT_EQ(2, poke(self->dev, IOVA, LENGTH, 1));
	EXPECT_EQ(0, unpin(self->dev, IOVA, LENGTH));
	EXPECT_EQ(self->pinned, pinned(variant));
}

TEST_F(emulated, pin_errors)
{
	if (!is_v2(variant))
		SKIP("of type1v2");
	EXPECT_ERRNO(EINVAL, pin(self->dev, IOVA - PAGE, 2 * PAGE));
	EXPECT_ERRNO(EINVAL, pin(self->dev, IOVA + LENGTH - PAGE, 2 * PAGE));
	EXPECT_ERRNO(EINVAL, pin(self->dev, 0, PAGE));
	EXPECT_EQ(self->pinned, pinned(variant));
	EXPECT_EQ(8, pin(self->dev, IOVA, LENGTH));
}

TEST_F(emulated, read_only)
{
	char text[8] = "";

	ASSERT_EQ(0, type1_map_flags(self->fd, VFIO_DMA_MAP_FLAG_READ,
				     self->mem, PAGE, 2 * IOVA));
	if (is_v2(variant)) {
		EXPECT_ERRNO(EPERM, pin(self->dev, 2 * IOVA, PAGE));
		EXPECT_EQ(1, legacy_emulated(self->dev,
					     IOMMU_NEXT_MOCK_EMULATED_PIN, 0,
				  2 * IOVA, PAGE, 0));
	}
	EXPECT_ERRNO(EPERM, rw(self->dev, IOMMU_NEXT_MOCK_EMULATED_WRITE,
			       2 * IOVA, text, 8));
	memcpy(self->mem + 10, "ABCDEFG", 8);
	EXPECT_EQ(0, rw(self->dev, 0, 2 * IOVA + 10, text, 8));
	EXPECT_STREQ("ABCDEFG", text);
}

TEST_F(emulated, copies)
{
	char text[20] = "0123456789";

	EXPECT_EQ(0, rw(self->dev, IOMMU_NEXT_MOCK_EMULATED_WRITE,
			IOVA + PAGE - 5, text, 10));
	EXPECT_EQ(0, memcmp("0123456789", self->mem + PAGE - 5, 10));
	self->mem[PAGE] = 'x';
	EXPECT_EQ(0, rw(self->dev, IOMMU_NEXT_MOCK_EMULATED_KTHREAD,
			IOVA + PAGE - 5, text, 10));
	EXPECT_STREQ("01234x6789", text);
	EXPECT_ERRNO(EINVAL, rw(self->dev, 0, IOVA + LENGTH - 5, text, 10));
	EXPECT_ERRNO(EINVAL, rw(self->dev, 0, IOVA - 1, text, 1));
}

/* The device lets go when it is told of an UNMAP of what it has pinned. */
TEST_F(emulated, unmap)
{
	struct iommu_next_mock_emulated stats = {
		.op = IOMMU_NEXT_MOCK_EMULATED_STATS,
	};
	uint64_t size;

	if (!is_v2(variant))
		SKIP("of type1v2");
	ASSERT_EQ(0, type1_map(self->fd, self->mem, PAGE, 2 * IOVA));
	ASSERT_EQ(0, type1_unmap(self->fd, 2 * IOVA, PAGE, NULL));
	ASSERT_EQ(0, ioctl(self->dev, IOMMU_NEXT_MOCK_EMULATED, &stats));
	EXPECT_EQ(0, stats.data);
	ASSERT_EQ(2, pin(self->dev, IOVA + PAGE, 2 * PAGE));
	ASSERT_EQ(0, type1_unmap_all(self->fd, &size));
	EXPECT_EQ(LENGTH, size);
	EXPECT_EQ(self->pinned, pinned(variant));
	ASSERT_EQ(0, ioctl(self->dev, IOMMU_NEXT_MOCK_EMULATED, &stats));
	EXPECT_EQ(1, stats.data);
	EXPECT_EQ(IOVA, stats.iova);
	EXPECT_EQ(LENGTH, stats.length);
	EXPECT_EQ(0, poke(self->dev, IOVA, LENGTH, 1));
}

/* One that does not let go: vfio_iommu_type1 stops the machine. */
TEST_F(emulated, unmap_kept)
{
	if (!is_v2(variant) || !variant->ours)
		SKIP("of type1v2, and ours");
	ASSERT_EQ(1, pin(self->dev, IOVA, PAGE));
	ASSERT_EQ(0, legacy_emulated(self->dev, IOMMU_NEXT_MOCK_EMULATED_KEEP, 0,
				     0, 0, 1));
	EXPECT_ERRNO(EBUSY, type1_unmap(self->fd, IOVA, LENGTH, NULL));
	EXPECT_EQ(1, poke(self->dev, IOVA, PAGE, 0x33));
	EXPECT_EQ(0x33, self->mem[0]);
	ASSERT_EQ(0, legacy_emulated(self->dev, IOMMU_NEXT_MOCK_EMULATED_KEEP, 0,
				     0, 0, 0));
	EXPECT_EQ(0, type1_unmap(self->fd, IOVA, LENGTH, NULL));
}

/* ---- dirty pages ------------------------------------------------------------------------- */

static int track(int fd, bool on)
{
	return type1_dirty(fd, on ? VFIO_IOMMU_DIRTY_PAGES_FLAG_START :
				    VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP);
}

/* The bits of LENGTH from IOVA on. */
static uint64_t dirty(int fd)
{
	uint64_t bits = 0;

	ASSERT_EQ(0, type1_dirty_get(fd, IOVA, LENGTH, &bits, 8));
	return bits;
}

/* Only what the device has pinned or written to, and what it did is told once. */
TEST_F(emulated, dirty)
{
	char text[4] = "abc";
	int fd = self->fd;

	if (!is_v2(variant))
		SKIP("of type1v2");
	ASSERT_EQ(1, pin(self->dev, IOVA, PAGE));
	ASSERT_EQ(0, track(fd, true));
	EXPECT_EQ(1, dirty(fd));
	ASSERT_EQ(0, rw(self->dev, IOMMU_NEXT_MOCK_EMULATED_WRITE,
			IOVA + 4 * PAGE - 2, text, 4));
	ASSERT_EQ(0, rw(self->dev, 0, IOVA + 6 * PAGE, text, 4));
	EXPECT_EQ(1 | 1 << 3 | 1 << 4, dirty(fd));
	EXPECT_EQ(1, dirty(fd));
	ASSERT_EQ(1, pin(self->dev, IOVA + PAGE, PAGE));
	ASSERT_EQ(0, unpin(self->dev, IOVA, 2 * PAGE));
	EXPECT_EQ(3, dirty(fd));
	EXPECT_EQ(0, dirty(fd));
	ASSERT_EQ(0, track(fd, false));
	ASSERT_EQ(1, pin(self->dev, IOVA + PAGE, PAGE));
	ASSERT_EQ(0, unpin(self->dev, IOVA + PAGE, PAGE));
	ASSERT_EQ(0, track(fd, true));
	EXPECT_EQ(0, dirty(fd));
}

TEST_F(emulated, dirty_unmap)
{
	uint64_t bits = 0, size;

	if (!is_v2(variant))
		SKIP("of type1v2");
	ASSERT_EQ(0, track(self->fd, true));
	ASSERT_EQ(2, pin(self->dev, IOVA + PAGE, 2 * PAGE));
	ASSERT_EQ(0, unpin(self->dev, IOVA + PAGE, PAGE));
	ASSERT_EQ(0, type1_unmap_dirty(self->fd, 0, IOVA, LENGTH, &bits, 8,
				       &size));
	EXPECT_EQ(LENGTH, size);
	EXPECT_EQ(6, bits);
	/* What comes to the same place is not what was there. */
	ASSERT_EQ(0, type1_map(self->fd, self->mem, LENGTH, IOVA));
	EXPECT_EQ(0, dirty(self->fd));
}

/* ---- beside hardware --------------------------------------------------------------------- */

/* A group with an IOMMU comes and goes: what it needs is pinned and charged once. */
TEST_F(emulated, with_hardware)
{
	struct pci_dev pci;
	int group;

	if (!is_v2(variant))
		SKIP("of type1v2");
	if (machine_is("none") || machine_is("smp"))
		SKIP("takes a device behind an IOMMU");
	pci_find_edu(&pci, 1);
	pci_set_driver(&pci, "vfio-pci");
	group = legacy_group(&pci);
	ASSERT_EQ(2, pin(self->dev, IOVA + PAGE, 2 * PAGE));
	ASSERT_EQ(0, ioctl(group, VFIO_GROUP_SET_CONTAINER, &self->fd));
	EXPECT_EQ(self->pinned + (long)LENGTH / 1024, pinned(variant));
	ASSERT_EQ(1, pin(self->dev, IOVA, PAGE));
	EXPECT_EQ(self->pinned + (long)LENGTH / 1024, pinned(variant));
	ASSERT_EQ(0, track(self->fd, true));
	EXPECT_EQ(0xff, dirty(self->fd));
	EXPECT_EQ(0xff, dirty(self->fd));
	ASSERT_EQ(0, close(group));
	EXPECT_EQ(self->pinned + 12, pinned(variant));
	/* It may have written until it went. */
	EXPECT_EQ(0xff, dirty(self->fd));
	EXPECT_EQ(3, poke(self->dev, IOVA, LENGTH, 0x44));
	EXPECT_EQ(0x44, self->mem[2 * PAGE]);
}

TEST_HARNESS_MAIN
