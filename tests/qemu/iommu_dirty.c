// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci libs=-lbpf,-lelf,-lz timeout=900 */
/* harness: machines=dirty-vtd,dirty-amd kernels=6.12,7.2 */
/*
 * Dirty tracking through the drivers of VT-d and AMD's IOMMU.
 *
 * No IOMMU that QEMU emulates records what is written, so this program plays
 * that part of it: a device without translation writes to physical memory. With
 * it the IOMMU is made to say that it can, and dirty bits are set in the page
 * table that the driver has given to it. Everything else is real: the
 * allocation and attach by the driver, the bits that it sets for the hardware,
 * the table, the reading of it, and DMA through it.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "inx.h"
#include "kmem.h"
#include "mem.h"
#include "pci.h"
#include "tap.h"

#define HUGE (2UL << 20)
#define PAGES 16UL
#define IOVA PCI_IOVA
#define HUGE_IOVA (32UL << 20)
#define DIRTY IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING
#define KEEP IOMMU_NEXT_HWPT_GET_DIRTY_BITMAP_NO_CLEAR

/* ---- IOMMUs ------------------------------------------------------------------------------ */

/**
 * struct kind - a kind of IOMMU, of which there is one
 * @register_address: where the driver keeps the register of what it can
 * @sysfs: shows this register
 * @feature: bits of it that say that it can record dirty bits
 * @entry: physical address of what the hardware looks up for a device
 * @tracks: bits of it that make the hardware record dirty bits
 * @table: page table of a device, and the level of its first table
 * @is_table: whether an entry of the page table leads to a further table
 * @dirty: number of the dirty bit
 */
struct kind {
	uint64_t (*register_address)(void);
	const char *sysfs;
	uint64_t feature;
	uint64_t (*entry)(const struct pci_dev *dev);
	uint64_t tracks;
	uint64_t (*table)(const struct pci_dev *dev, int *level);
	bool (*is_table)(uint64_t entry);
	unsigned int dirty;
};

static uint64_t vtd_table(const struct pci_dev *dev, int *level)
{
	uint64_t entry = phys_read(vtd_entry(dev, 0));

	/* Second stage only. */
	EXPECT_EQ(2, entry >> 6 & 7);
	*level = (entry >> 2 & 7) + 1;
	return entry & ADDRESS;
}

static bool vtd_is_table(uint64_t entry)
{
	return !(entry & BIT(7));
}

static uint64_t amd_unit(void)
{
	return kernel_read(symbol("amd_iommu_list")) - member("amd_iommu",
							      "list");
}

static uint64_t amd_register(void)
{
	uint64_t unit = amd_unit();

	/* QEMU's unit is always there. */
	ASSERT_EQ(0xfed80000, kernel_read(unit + member("amd_iommu",
							"mmio_phys")));
	return unit + member("amd_iommu", "features");
}

/* The device table entry: AMD IOMMU 2.2.2.1. */
static uint64_t amd_entry(const struct pci_dev *dev)
{
	uint64_t seg = kernel_read(amd_unit() + member("amd_iommu", "pci_seg"));

	return phys_of(kernel_read(seg + member("amd_iommu_pci_seg",
						"dev_table"))) +
	       32 * devfn(dev);
}

static uint64_t amd_table(const struct pci_dev *dev, int *level)
{
	uint64_t entry = phys_read(amd_entry(dev));

	*level = (entry >> 9 & 7) - 1;
	return entry & ADDRESS;
}

static bool amd_is_table(uint64_t entry)
{
	unsigned int next = entry >> 9 & 7;

	return next && next != 7;
}

static uint64_t vtd_rid_entry(const struct pci_dev *dev)
{
	return vtd_entry(dev, 0);
}

static const struct kind vtd = {
	.register_address = vtd_register,
	.sysfs = "/sys/class/iommu/dmar0/intel-iommu/ecap",
	/* Second-level accessed and dirty bits; coherent page walks. */
	.feature = BIT(45) | BIT(48),
	.entry = vtd_rid_entry,
	.tracks = BIT(9),
	.table = vtd_table,
	.is_table = vtd_is_table,
	.dirty = 9,
};

static const struct kind amd = {
	.register_address = amd_register,
	.sysfs = "/sys/class/iommu/ivhd0/amd-iommu/features",
	.feature = BIT(52),
	.entry = amd_entry,
	.tracks = 3 << 7,
	.table = amd_table,
	.is_table = amd_is_table,
	.dirty = 6,
};

/* ---- tests ------------------------------------------------------------------------------- */

FIXTURE(dirty)
{
	struct client c;
	const struct kind *kind;
	unsigned char *mem, *huge;
	uint32_t hwpt;
	uint64_t reg, before;
};

static uint64_t capability(struct dirty_data *self)
{
	struct iommu_next_hw_info info;

	ASSERT_EQ(0, inx_hw_info(self->c.fd, self->c.id[0], NULL, 0, &info));
	return info.out_capabilities & IOMMU_NEXT_HW_CAP_DIRTY_TRACKING;
}

FIXTURE_SETUP(dirty)
{
	struct client *c = &self->c;
	char known[64];

	self->kind = access("/sys/class/iommu/dmar0", F_OK) ? &amd : &vtd;
	client_open(c, 1, true);
	self->mem = mem_alloc(MEM_SHUFFLED, PAGES * PAGE);
	self->huge = mem_alloc(MEM_HUGETLB, HUGE);
	ASSERT_EQ(0, client_map(c, self->mem, PAGES * PAGE, IOVA));
	ASSERT_EQ(0, client_map(c, self->huge, HUGE, HUGE_IOVA));

	kernel_open();
	pci_set_driver(&c->pci[1], NULL);
	hand_open(&c->pci[1]);
	self->reg = phys_of(self->kind->register_address());
	self->before = phys_read(self->reg);
	/* Before anything is written: is it what it should be? */
	ASSERT_TRUE(file_read(known, sizeof(known), "%s", self->kind->sysfs));
	/* AMD's driver has it only if the firmware's table says so. */
	if (self->before || self->kind == &vtd)
		ASSERT_EQ(strtoull(known, NULL, 16), self->before);
	/* It may be left from a test that was stopped. */
	if (self->before & self->kind->feature) {
		self->before &= ~self->kind->feature;
		phys_write(self->reg, self->before);
	}
	EXPECT_EQ(0, capability(self));
	EXPECT_ERRNO(EOPNOTSUPP, inx_hwpt_alloc_flags(c->fd, c->id[0], c->ioas,
						      DIRTY, NULL));
	phys_write(self->reg, self->before | self->kind->feature);
	EXPECT_EQ(IOMMU_NEXT_HW_CAP_DIRTY_TRACKING, capability(self));
	ASSERT_EQ(0, inx_hwpt_alloc_flags(c->fd, c->id[0], c->ioas, DIRTY,
					  &self->hwpt));
	ASSERT_EQ(0, inx_attach_to(c->dev[0], self->hwpt));
}

FIXTURE_TEARDOWN(dirty)
{
	client_close(&self->c);
	phys_write(self->reg, self->before);
}

static uint64_t tracks(struct dirty_data *self)
{
	return phys_read(self->kind->entry(&self->c.pci[0])) &
	       self->kind->tracks;
}

/* The address of the entry that maps @iova, in the table of the hardware. */
static uint64_t find(struct dirty_data *self, uint64_t iova, int *level)
{
	uint64_t table = self->kind->table(&self->c.pci[0], level), at;

	for (;; --*level) {
		at = table + 8 * (iova >> (12 + 9 * *level) & 511);
		if (!*level || !self->kind->is_table(phys_read(at)))
			return at;
		table = phys_read(at) & ADDRESS;
	}
}

static bool is_dirty(struct dirty_data *self, uint64_t iova)
{
	int level;

	return phys_read(find(self, iova, &level)) & BIT(self->kind->dirty);
}

/* What the hardware does when a device writes there. */
static void set_dirty(struct dirty_data *self, uint64_t iova)
{
	uint64_t at;
	int level;

	at = find(self, iova, &level);
	phys_write(at, phys_read(at) | BIT(self->kind->dirty));
}

static uint64_t read_small(struct dirty_data *self, uint32_t flags)
{
	uint64_t bits = 0;

	ASSERT_EQ(0, inx_dirty_read(self->c.fd, self->hwpt, flags, IOVA,
				    PAGES * PAGE, PAGE, &bits));
	return bits;
}

TEST_F_TIMEOUT(dirty, switched, 280)
{
	int fd = self->c.fd;

	EXPECT_EQ(0, tracks(self));
	ASSERT_EQ(0, inx_dirty_set(fd, self->hwpt, true));
	EXPECT_EQ(self->kind->tracks, tracks(self));
	EXPECT_EQ(0, read_small(self, 0));
	/* On begins with a clean table. */
	set_dirty(self, IOVA);
	ASSERT_EQ(0, inx_dirty_set(fd, self->hwpt, true));
	EXPECT_FALSE(is_dirty(self, IOVA));
	ASSERT_EQ(0, inx_dirty_set(fd, self->hwpt, false));
	EXPECT_EQ(0, tracks(self));
	/* Who is attached later is tracked as well. */
	ASSERT_EQ(0, inx_detach(self->c.dev[0]));
	ASSERT_EQ(0, inx_dirty_set(fd, self->hwpt, true));
	ASSERT_EQ(0, inx_attach_to(self->c.dev[0], self->hwpt));
	EXPECT_EQ(self->kind->tracks, tracks(self));
}

TEST_F_TIMEOUT(dirty, small_pages, 280)
{
	ASSERT_EQ(0, inx_dirty_set(self->c.fd, self->hwpt, true));
	set_dirty(self, IOVA + 3 * PAGE);
	set_dirty(self, IOVA + 15 * PAGE);
	EXPECT_EQ(BIT(3) | BIT(15), read_small(self, KEEP));
	EXPECT_TRUE(is_dirty(self, IOVA + 3 * PAGE));
	EXPECT_EQ(BIT(3) | BIT(15), read_small(self, 0));
	EXPECT_FALSE(is_dirty(self, IOVA + 3 * PAGE));
	EXPECT_FALSE(is_dirty(self, IOVA + 15 * PAGE));
	EXPECT_EQ(0, read_small(self, 0));
	/* And the table still translates. */
	self->mem[10] = 0x5a;
	edu_copy(&self->c.edu[0], IOVA + 10, IOVA + 7 * PAGE + 1, 1);
	EXPECT_EQ(0x5a, self->mem[7 * PAGE + 1]);
}

/* One bit for 2 MiB, read in two parts. */
TEST_F_TIMEOUT(dirty, huge_page, 280)
{
	uint64_t bits[HUGE / PAGE / 64] = {};
	int fd = self->c.fd, level;
	unsigned int i;

	find(self, HUGE_IOVA, &level);
	EXPECT_EQ(1, level);
	ASSERT_EQ(0, inx_dirty_set(fd, self->hwpt, true));
	set_dirty(self, HUGE_IOVA);
	ASSERT_EQ(0, inx_dirty_read(fd, self->hwpt, 0, HUGE_IOVA + HUGE / 2,
				    HUGE / 2, PAGE, bits));
	for (i = 0; i < HUGE / PAGE / 64; i++)
		EXPECT_EQ(i < HUGE / PAGE / 128 ? UINT64_MAX : 0, bits[i]);
	EXPECT_FALSE(is_dirty(self, HUGE_IOVA));
	memset(bits, 0, sizeof(bits));
	ASSERT_EQ(0, inx_dirty_read(fd, self->hwpt, 0, HUGE_IOVA, HUGE, PAGE,
				    bits));
	for (i = 0; i < HUGE / PAGE / 64; i++)
		EXPECT_EQ(i < HUGE / PAGE / 128 ? UINT64_MAX : 0, bits[i]);
	memset(bits, 0, sizeof(bits));
	ASSERT_EQ(0, inx_dirty_read(fd, self->hwpt, 0, HUGE_IOVA, HUGE, PAGE,
				    bits));
	for (i = 0; i < HUGE / PAGE / 64; i++)
		EXPECT_EQ(0, bits[i]);
}

TEST_HARNESS_MAIN
