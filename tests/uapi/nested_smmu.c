// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none,smp timeout=120 */
/*
 * Page tables of the user's behind an SMMUv3: a guest's stream table entry, its
 * context descriptor and stage 1 tables; the commands that flush what is cached
 * of them, and the events that the guest is told.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "guest.h"
#include "selftest.h"
#include "tap.h"

#define VA 0x7f0000000000ULL
#define SID 0x1234ULL
#define ASID 0x77ULL
#define FOREVER 52ULL

#define STE_V 1ULL
#define STE_ABORT (STE_V | 0ULL << 1)
#define STE_BYPASS (STE_V | 4ULL << 1)
#define STE_S1 (STE_V | 5ULL << 1)
#define STE_EATS (1ULL << 28)

#define CD_T0SZ(_bits) (64ULL - (_bits))
#define CD_V (1ULL << 31)
#define CD_AA64 (1ULL << 41)
#define CD_R (1ULL << 45)
#define CD_ASID(_asid) ((_asid) << 48)

/* Of entries of tables: table or page, block, for users, read-only, accessed. */
#define TABLE 3ULL
#define BLOCK 1ULL
#define USER (1ULL << 6)
#define RO (1ULL << 7)
#define AF (1ULL << 10)
#define RW_PAGE (TABLE | USER | AF)
#define RW_BLOCK (BLOCK | USER | AF)

#define CFGI_CD 0x05ULL
#define CFGI_CD_ALL 0x06ULL
#define TLBI_NH_ALL 0x10ULL
#define TLBI_NH_ASID 0x11ULL
#define TLBI_NH_VA 0x12ULL
#define TLBI_NH_VAA 0x13ULL
#define TLBI_NSNH_ALL 0x30ULL
#define ATC_INV 0x40ULL

#define CMDS IOMMU_NEXT_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3

struct event {
	struct iommu_next_vevent_header header;
	struct iommu_next_vevent_arm_smmuv3 smmu;
};

FIXTURE(smmu)
{
	struct world w;
	struct world_dev *dev;
	struct guest g;
	uint32_t viommu;
	uint32_t vdevice;
	int events;
	uint64_t cd;
	uint64_t root;
	uint64_t data;
	uint64_t other;
};

static int make_viommu(struct smmu_data *self, uint32_t dev, uint32_t type,
		       uint32_t *viommu)
{
	struct iommu_next_viommu_alloc arg = {
		.size = sizeof(arg),
		.type = type,
		.dev_id = dev,
		.hwpt_id = self->g.parent,
	};
	int rc = ioctl(self->w.fd, IOMMU_NEXT_VIOMMU_ALLOC, &arg);

	*viommu = arg.out_viommu_id;
	return rc;
}

static int make_events(struct smmu_data *self)
{
	struct iommu_next_veventq_alloc arg = {
		.size = sizeof(arg),
		.viommu_id = self->viommu,
		.type = IOMMU_NEXT_VEVENTQ_TYPE_ARM_SMMUV3,
		.veventq_depth = 8,
	};

	ASSERT_EQ(0, ioctl(self->w.fd, IOMMU_NEXT_VEVENTQ_ALLOC, &arg));
	return arg.out_veventq_fd;
}

static void set_cd(struct smmu_data *self, int bits, uint64_t asid)
{
	uint64_t *cd = guest_at(&self->g, self->cd);

	cd[1] = self->root;
	cd[0] = CD_T0SZ(bits) | CD_V | CD_AA64 | CD_R | CD_ASID(asid);
}

FIXTURE_SETUP(smmu)
{
	world_open(&self->w);
	self->dev = guest_device(&self->w, IOMMU_NEXT_MOCK_ARM |
					   IOMMU_NEXT_MOCK_HW_INFO);
	guest_open(&self->g, &self->w, self->dev, 0);
	ASSERT_EQ(0, make_viommu(self, self->dev->id,
				 IOMMU_NEXT_VIOMMU_TYPE_ARM_SMMUV3,
				 &self->viommu));
	ASSERT_EQ(0, vdevice_alloc(self->w.fd, self->viommu, self->dev->id,
				   SID, &self->vdevice));
	self->events = make_events(self);
	self->cd = guest_page(&self->g);
	self->root = guest_page(&self->g);
	self->data = guest_page(&self->g);
	self->other = guest_page(&self->g);
	memset(guest_at(&self->g, self->data), 0x5c, PAGE);
	memset(guest_at(&self->g, self->other), 0xa9, PAGE);
	set_cd(self, 48, ASID);
}

FIXTURE_TEARDOWN(smmu)
{
	close(self->events);
	world_close(&self->w);
}

/* The entry of @va at a level, 3 for pages; tables of @top to there are made. */
static uint64_t *entry(struct smmu_data *self, int top, uint64_t va, int level)
{
	uint64_t table = self->root;

	for (;; top++) {
		uint64_t *at = guest_at(&self->g, table);

		at += va >> (39 - 9 * top) & 511;
		if (top == level)
			return at;
		if (!*at)
			*at = guest_page(&self->g) | TABLE;
		table = *at & 0xfffffffff000ULL;
	}
}

static int nest_on(struct smmu_data *self, uint32_t pt, uint32_t flags,
		   uint64_t word0, uint64_t word1, uint32_t len, uint32_t *hwpt)
{
	struct iommu_next_hwpt_arm_smmuv3 ste = { .ste = { word0, word1 } };
	struct iommu_next_hwpt_alloc arg = {
		.flags = flags,
		.dev_id = self->dev->id,
		.pt_id = pt,
		.data_type = IOMMU_NEXT_HWPT_DATA_ARM_SMMUV3,
		.data_len = len,
		.data_uptr = (uintptr_t)&ste,
	};

	return hwpt_alloc(self->w.fd, &arg, hwpt);
}

static uint32_t nest(struct smmu_data *self, uint64_t word0, uint64_t word1)
{
	uint32_t hwpt = 0;

	ASSERT_EQ(0, nest_on(self, self->viommu, 0, word0, word1, 16, &hwpt));
	return hwpt;
}

static uint32_t attach(struct smmu_data *self, uint64_t word1)
{
	uint32_t hwpt = nest(self, STE_S1 | self->cd, word1);

	ASSERT_EQ(0, inx_attach_to(self->dev->fd, hwpt));
	return hwpt;
}

static int command(struct smmu_data *self, uint64_t word0, uint64_t word1)
{
	uint64_t cmd[2] = { word0, word1 };
	uint32_t num = 1;
	int rc;

	rc = hwpt_invalidate(self->w.fd, self->viommu, CMDS, cmd, 16, &num);
	EXPECT_EQ(rc ? 0 : 1, num);
	return rc;
}

static bool reaches(struct smmu_data *self, uint64_t va, uint64_t page)
{
	unsigned char byte = 0;

	return !inx_mock_read(self->dev->fd, va, &byte, 1) &&
	       byte == *(unsigned char *)guest_at(&self->g, page);
}

static int fault(struct smmu_data *self, uint64_t va, bool write)
{
	return world_touch(self->dev, va, write);
}

/* ---- translation --------------------------------------------------------------- */

TEST_F(smmu, reaches_the_right_byte)
{
	*entry(self, 0, VA, 3) = self->data | RW_PAGE;
	*entry(self, 0, VA + PAGE, 3) = self->other | RW_PAGE;
	attach(self, 0);
	guest_expect_bytes(&self->g, self->dev, VA, self->data, self->other);
}

TEST_F(smmu, levels_and_blocks)
{
	const uint64_t va = 3ULL << 30, inside = self->data - IOVA;

	/* 39 bits begin at level 1. IOVA is 1 GiB. */
	set_cd(self, 39, ASID);
	*entry(self, 1, va, 1) = IOVA | RW_BLOCK;
	*entry(self, 1, va + (1ULL << 30), 2) = IOVA | RW_BLOCK | RO;
	*entry(self, 1, va + (1ULL << 30) + HUGE, 3) = self->data | RW_PAGE;
	attach(self, 0);
	EXPECT_TRUE(reaches(self, va + inside, self->data));
	EXPECT_TRUE(reaches(self, va + (1ULL << 30) + inside, self->data));
	EXPECT_TRUE(reaches(self, va + (1ULL << 30) + HUGE, self->data));
	EXPECT_EQ(0, fault(self, va + inside, true));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1_PERMISSION,
		  fault(self, va + (1ULL << 30) + inside, true));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  fault(self, va + GUEST_PAGES * PAGE, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1,
		  fault(self, 1ULL << 39 | va, false));
}

TEST_F(smmu, faults)
{
	*entry(self, 0, VA, 3) = self->data | RW_PAGE | RO;
	*entry(self, 0, VA + PAGE, 3) = self->data | TABLE | AF;
	*entry(self, 0, VA + 2 * PAGE, 3) = self->data | TABLE | USER;
	*entry(self, 0, VA + 3 * PAGE, 3) = self->data | RW_BLOCK;
	*entry(self, 0, VA + 4 * PAGE, 3) = 1ULL << 40 | RW_PAGE;
	*entry(self, 0, VA + HUGE, 2) = 1ULL << 40 | TABLE;
	*entry(self, 0, 1ULL << 39, 0) = IOVA | RW_BLOCK;
	*entry(self, 0, VA + (1ULL << 31), 3) = self->data | RW_PAGE;
	*entry(self, 0, VA + (1ULL << 31), 2) |= 1ULL << 62;
	attach(self, 0);
	EXPECT_EQ(0, fault(self, VA, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1_PERMISSION,
		  fault(self, VA, true));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1_PERMISSION,
		  fault(self, VA + PAGE, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1,
		  fault(self, VA + 2 * PAGE, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1,
		  fault(self, VA + 3 * PAGE, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  fault(self, VA + 4 * PAGE, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1_TABLE,
		  fault(self, VA + HUGE, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1,
		  fault(self, 1ULL << 39, false));
	EXPECT_EQ(0, fault(self, VA + (1ULL << 31), false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1_PERMISSION,
		  fault(self, VA + (1ULL << 31), true));
	/* A CD that is not there. */
	ASSERT_EQ(0, inx_attach_to(self->dev->fd,
				   nest(self, STE_S1 | 1ULL << 40, 0)));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1_TABLE, fault(self, VA, false));
}

TEST_F(smmu, abort_and_bypass)
{
	uint32_t hwpt;

	/* These need no number of the guest, the third does. */
	ASSERT_EQ(0, inx_destroy(self->w.fd, self->vdevice));
	hwpt = nest(self, STE_S1 | self->cd, 0);
	EXPECT_ERRNO(ENOENT, inx_attach_to(self->dev->fd, hwpt));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, nest(self, STE_BYPASS, 0)));
	EXPECT_TRUE(reaches(self, self->data, self->data));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, nest(self, STE_ABORT, 0)));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  fault(self, self->data, false));
	/* What is not valid may say anything. */
	ASSERT_EQ(0, inx_attach_to(self->dev->fd,
				   nest(self, ~STE_V, UINT64_MAX)));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  fault(self, self->data, false));
}

/* ---- invalidation ---------------------------------------------------------------- */

TEST_F(smmu, stale_until_tlbi)
{
	static const struct {
		uint64_t cmd[2];
		bool flushes;
	} tries[] = {
		{ { TLBI_NH_ASID | (ASID + 1) << 48 }, false },
		{ { TLBI_NH_VA | (ASID + 1) << 48, VA }, false },
		{ { TLBI_NH_VA | ASID << 48, VA + PAGE }, false },
		{ { TLBI_NH_VAA, VA - PAGE }, false },
		{ { ATC_INV | SID << 32, FOREVER }, false },
		{ { CFGI_CD | SID << 32, 1 }, false },
		{ { CFGI_CD_ALL | SID << 32 }, false },
		{ { TLBI_NH_VA | ASID << 48 | 5ULL << 32, VA }, true },
		{ { TLBI_NH_VAA, VA | 1 }, true },
		{ { TLBI_NH_ASID | ASID << 48 }, true },
		{ { TLBI_NH_ALL }, true },
		{ { TLBI_NSNH_ALL }, true },
		{}
	};
	uint64_t was = self->data, is = self->other, next;
	uint64_t *pte = entry(self, 0, VA, 3);

	*pte = was | RW_PAGE;
	attach(self, 0);
	EXPECT_TRUE(reaches(self, VA, was));
	for (int i = 0; tries[i].cmd[0]; i++) {
		*pte = is | RW_PAGE;
		/* Forgotten: the device uses the page that was given up. */
		EXPECT_TRUE(reaches(self, VA, was));
		EXPECT_EQ(0, command(self, tries[i].cmd[0], tries[i].cmd[1]));
		if (!tries[i].flushes) {
			EXPECT_TRUE(reaches(self, VA, was));
			continue;
		}
		EXPECT_TRUE(reaches(self, VA, is));
		next = was;
		was = is;
		is = next;
	}
}

/* Any address of a block is as good. */
TEST_F(smmu, tlbi_of_a_block)
{
	uint64_t *pte = entry(self, 0, VA, 2), inside = self->data - IOVA;

	*pte = IOVA | RW_BLOCK;
	attach(self, 0);
	EXPECT_TRUE(reaches(self, VA + inside, self->data));
	*pte = 0;
	EXPECT_EQ(0, command(self, TLBI_NH_VA | ASID << 48, VA + HUGE));
	EXPECT_TRUE(reaches(self, VA + inside, self->data));
	EXPECT_EQ(0, command(self, TLBI_NH_VA | ASID << 48, VA + HUGE - PAGE));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1,
		  fault(self, VA + inside, false));
}

/* The device has a cache, too: a missing TLBI and a missing ATC_INV both show. */
TEST_F(smmu, stale_until_atc_inv)
{
	uint64_t *pte = entry(self, 0, VA, 3);

	*pte = self->data | RW_PAGE;
	attach(self, STE_EATS);
	EXPECT_TRUE(reaches(self, VA, self->data));
	*pte = self->other | RW_PAGE;
	/* Only the one, then the other, and the first again. */
	EXPECT_EQ(0, command(self, TLBI_NSNH_ALL, 0));
	EXPECT_TRUE(reaches(self, VA, self->data));
	EXPECT_EQ(0, command(self, ATC_INV | SID << 32, VA + PAGE));
	EXPECT_TRUE(reaches(self, VA, self->data));
	EXPECT_EQ(0, command(self, ATC_INV | SID << 32, VA));
	EXPECT_TRUE(reaches(self, VA, self->other));
	*pte = self->data | RW_PAGE;
	EXPECT_EQ(0, command(self, ATC_INV | SID << 32, FOREVER));
	EXPECT_TRUE(reaches(self, VA, self->other));
	/* In the wrong order the device gets the old one anew. */
	EXPECT_EQ(0, command(self, TLBI_NH_ALL, 0));
	EXPECT_TRUE(reaches(self, VA, self->other));
	EXPECT_EQ(0, command(self, ATC_INV | SID << 32, (VA & ~0xffffULL) | 4));
	EXPECT_TRUE(reaches(self, VA, self->data));
	/* For more rights than it has it asks again. */
	*pte = self->other | RW_PAGE | RO;
	EXPECT_EQ(0, command(self, TLBI_NH_ALL, 0));
	EXPECT_EQ(0, command(self, ATC_INV | SID << 32, FOREVER));
	EXPECT_TRUE(reaches(self, VA, self->other));
	*pte = self->other | RW_PAGE;
	EXPECT_EQ(0, command(self, TLBI_NH_ALL, 0));
	EXPECT_EQ(0, fault(self, VA, true));
	/* A fault is told to the device. */
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1, fault(self, 0, true));
	EXPECT_EQ(0, poll(&(struct pollfd){ self->events, POLLIN, 0 }, 1, 0));
}

TEST_F(smmu, stale_until_cfgi_cd)
{
	uint64_t other_root = guest_page(&self->g), old_root = self->root;
	const uint64_t cmds[] = { CFGI_CD | SID << 32, CFGI_CD_ALL | SID << 32 };

	*entry(self, 0, VA, 3) = self->data | RW_PAGE;
	self->root = other_root;
	*entry(self, 0, VA, 3) = self->other | RW_PAGE;
	self->root = old_root;
	attach(self, 0);
	for (int i = 0; i < 2; i++) {
		uint64_t was = i ? self->other : self->data;
		uint64_t is = i ? self->data : self->other;

		EXPECT_TRUE(reaches(self, VA, was));
		self->root = i ? old_root : other_root;
		set_cd(self, 48, ASID + 1 - i);
		EXPECT_EQ(0, command(self, TLBI_NSNH_ALL, 0));
		EXPECT_TRUE(reaches(self, VA, was));
		EXPECT_EQ(0, command(self, cmds[i], 0));
		/* Another ASID: what is cached is not for it. */
		if (!i)
			EXPECT_TRUE(reaches(self, VA, is));
	}
	/* The first ASID has been used before, and was flushed. */
	EXPECT_EQ(0, command(self, TLBI_NSNH_ALL, 0));
	EXPECT_TRUE(reaches(self, VA, self->data));
}

TEST_F(smmu, commands_refused)
{
	uint64_t good[3][2] = { { TLBI_NH_ALL }, { 0xff }, { TLBI_NH_ALL } };
	uint32_t num;
	int fd = self->w.fd, op, bit;

	attach(self, STE_EATS);
	for (op = 0; op < 256; op++) {
		if (op != CFGI_CD && op != CFGI_CD_ALL && op != TLBI_NSNH_ALL &&
		    op != ATC_INV && (op < 0x10 || op > 0x13))
			EXPECT_ERRNO(EIO, command(self, op, 0));
	}
	/* Ranges, substreams, reserved bits. */
	for (bit = 8; bit < 32; bit++) {
		EXPECT_ERRNO(EIO, command(self, TLBI_NH_VA | 1ULL << bit, VA));
		EXPECT_ERRNO(EIO, command(self, ATC_INV | SID << 32 |
					  1ULL << bit, VA));
		EXPECT_ERRNO(EIO, command(self, CFGI_CD | SID << 32 |
					  1ULL << bit, 0));
	}
	EXPECT_ERRNO(EIO, command(self, TLBI_NSNH_ALL | 1ULL << 32, 0));
	EXPECT_ERRNO(EIO, command(self, TLBI_NH_ALL | 1ULL << 48, 0));
	EXPECT_ERRNO(EIO, command(self, TLBI_NH_VAA | 1ULL << 48, VA));
	EXPECT_ERRNO(EIO, command(self, TLBI_NH_VA, VA | 2));
	EXPECT_ERRNO(EIO, command(self, TLBI_NH_ALL, 1));
	EXPECT_ERRNO(EIO, command(self, CFGI_CD_ALL | SID << 32, 1));
	EXPECT_ERRNO(EIO, command(self, ATC_INV | SID << 32, FOREVER + 1));
	EXPECT_ERRNO(EIO, command(self, ATC_INV | (SID + 1) << 32, FOREVER));
	EXPECT_ERRNO(EIO, command(self, CFGI_CD | (SID + 1) << 32, 0));
	num = 3;
	EXPECT_ERRNO(EIO, hwpt_invalidate(fd, self->viommu, CMDS, good, 16,
					  &num));
	EXPECT_EQ(1, num);
	num = 1;
	EXPECT_ERRNO(EINVAL, hwpt_invalidate(fd, self->viommu, 0, good, 16,
					     &num));
	num = 1;
	EXPECT_ERRNO(EINVAL, hwpt_invalidate(fd, self->viommu, CMDS, good, 8,
					     &num));
	num = 1;
	EXPECT_ERRNO(EFAULT, hwpt_invalidate(fd, self->viommu, CMDS,
					     (void *)8, 16, &num));
	EXPECT_EQ(0, num);
	/* By the slice alone. */
	num = 1;
	EXPECT_ERRNO(EOPNOTSUPP,
		     hwpt_invalidate(fd, nest(self, STE_BYPASS, 0), CMDS, good,
				     16, &num));
}

/* ---- events -------------------------------------------------------------------------- */

static void expect_event(struct smmu_data *self, uint64_t id, uint64_t word1,
			 uint64_t addr)
{
	struct event event;

	ASSERT_EQ(sizeof(event), read(self->events, &event, sizeof(event)));
	EXPECT_EQ(0, event.header.flags);
	EXPECT_EQ(SID << 32 | id, event.smmu.evt[0]);
	EXPECT_EQ(word1, event.smmu.evt[1]);
	EXPECT_EQ(addr, event.smmu.evt[2]);
	EXPECT_EQ(0, event.smmu.evt[3]);
}

TEST_F(smmu, events)
{
	const uint64_t in = 2ULL << 40, reads = 1ULL << 35;
	uint64_t *cd = guest_at(&self->g, self->cd);
	struct event none;

	*entry(self, 0, VA, 3) = self->data | RW_PAGE | RO;
	*entry(self, 0, VA + PAGE, 3) = self->data | TABLE | USER;
	*entry(self, 0, VA + 2 * PAGE, 3) = 1ULL << 40 | RW_PAGE;
	attach(self, 0);
	fault(self, VA + 4 * PAGE + 5, true);
	expect_event(self, 0x10, in, VA + 4 * PAGE + 5);
	fault(self, 1ULL << 50, false);
	expect_event(self, 0x10, in | reads, 1ULL << 50);
	fault(self, VA, true);
	expect_event(self, 0x13, in, VA);
	fault(self, VA + PAGE, false);
	expect_event(self, 0x12, in | reads, VA + PAGE);
	/* Of the second stage the guest is told nothing. */
	fault(self, VA + 2 * PAGE, false);
	/* Nor without R of the CD. */
	*cd &= ~CD_R;
	EXPECT_EQ(0, command(self, CFGI_CD | SID << 32, 0));
	fault(self, VA + 4 * PAGE, true);
	EXPECT_EQ(0, read(self->events, &none, sizeof(none)));
	*cd &= ~CD_V;
	EXPECT_EQ(0, command(self, CFGI_CD | SID << 32, 0));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1, fault(self, VA, false));
	expect_event(self, 0x0a, 0, 0);
	/* Nobody has a number for the device any more. */
	ASSERT_EQ(0, inx_destroy(self->w.fd, self->vdevice));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1, fault(self, VA, false));
	EXPECT_EQ(0, read(self->events, &none, sizeof(none)));
}

TEST_F(smmu, bad_descriptors)
{
	static const uint64_t wrong[] = { CD_V, CD_AA64, 1ULL << 6, 2ULL << 6,
					  1ULL << 15, 1ULL << 44, 0 };
	uint64_t *cd = guest_at(&self->g, self->cd), good = *cd;

	*entry(self, 0, VA, 3) = self->data | RW_PAGE;
	attach(self, 0);
	for (int i = 0; wrong[i]; i++) {
		*cd = good ^ wrong[i];
		EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1, fault(self, VA, false));
		expect_event(self, 0x0a, 0, 0);
	}
	for (int bits = 24; bits <= 49; bits += 25) {
		*cd = (good & ~63ULL) | CD_T0SZ(bits);
		EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1, fault(self, VA, false));
		expect_event(self, 0x0a, 0, 0);
	}
	/* What is bad is not cached. */
	*cd = good;
	EXPECT_EQ(0, fault(self, VA, true));
}

/* ---- bad input ----------------------------------------------------------------------- */

TEST_F(smmu, entries_refused)
{
	const uint64_t word0 = STE_S1 | self->cd;
	const uint64_t taken = 0xffULL | 1ULL << 27 | 3ULL << 28;
	long domains = world_stats(&self->w, self->dev).domains;
	struct world_dev *dev;
	uint32_t hwpt;
	int bit, cfg;

	#define REFUSED(_errno, _pt, _flags, _word0, _word1, _len)		\
		EXPECT_ERRNO(_errno, nest_on(self, _pt, _flags, _word0, _word1,	\
					     _len, &hwpt))
	for (bit = 52; bit < 64; bit++)
		REFUSED(EIO, self->viommu, 0, word0 | 1ULL << bit, 0, 16);
	for (bit = 0; bit < 64; bit++)
		if (!(taken & 1ULL << bit))
			REFUSED(EIO, self->viommu, 0, word0, 1ULL << bit, 16);
	for (cfg = 0; cfg < 8; cfg++)
		if (cfg != 0 && cfg != 4 && cfg != 5)
			REFUSED(EIO, self->viommu, 0, STE_V | cfg << 1, 0, 16);
	REFUSED(EIO, self->viommu, 0, word0, 2ULL << 28, 16);
	REFUSED(EIO, self->viommu, 0, word0, 3ULL << 28, 16);
	REFUSED(EINVAL, self->viommu, 0, word0, 0, 8);
	REFUSED(EINVAL, self->viommu, 0, word0, 0, 17);
	REFUSED(EOPNOTSUPP, self->viommu, IOMMU_NEXT_HWPT_ALLOC_PASID, word0, 0,
		16);
	/* On a slice alone, of a device of that kind. */
	REFUSED(EOPNOTSUPP, self->g.parent, 0, word0, 0, 16);
	EXPECT_ERRNO(EOPNOTSUPP,
		     make_viommu(self, self->dev->id,
				 IOMMU_NEXT_VIOMMU_TYPE_TEGRA241_CMDQV, &hwpt));
	dev = guest_device(&self->w, IOMMU_NEXT_MOCK_AMD);
	EXPECT_ERRNO(EINVAL, vdevice_alloc(self->w.fd, self->viommu, dev->id,
					   SID + 1, &hwpt));
	dev = guest_device(&self->w, IOMMU_NEXT_MOCK_ARM);
	EXPECT_ERRNO(EINVAL, vdevice_alloc(self->w.fd, self->viommu, dev->id,
					   1ULL << 32, &hwpt));
	EXPECT_ERRNO(EOPNOTSUPP,
		     make_viommu(self, guest_device(&self->w, 0)->id,
				 IOMMU_NEXT_VIOMMU_TYPE_ARM_SMMUV3, &hwpt));
	#undef REFUSED
	EXPECT_EQ(domains, world_stats(&self->w, self->dev).domains);
}

TEST_F(smmu, one_kind_only)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	uint32_t id;

	how.flags = IOMMU_NEXT_MOCK_ARM | IOMMU_NEXT_MOCK_AMD;
	EXPECT_ERRNO(EINVAL, inx_mock_device(self->w.mock, &how, &id));
}

TEST_F(smmu, describes_itself)
{
	struct iommu_next_hw_info_arm_smmuv3 arm = {};
	struct iommu_next_hw_info info;

	ASSERT_EQ(0, inx_hw_info(self->w.fd, self->dev->id, &arm, sizeof(arm),
				 &info));
	EXPECT_EQ(IOMMU_NEXT_HW_INFO_TYPE_ARM_SMMUV3, info.out_data_type);
	EXPECT_EQ(sizeof(arm), info.data_len);
	/* Both stages, ATS, no substreams, the 4 KiB granule. */
	EXPECT_EQ(3, arm.idr[0] & 3);
	EXPECT_EQ(1, arm.idr[0] >> 10 & 1);
	EXPECT_EQ(32, arm.idr[1]);
	EXPECT_EQ(1, arm.idr[5] >> 4 & 1);
}

/* ---- lifetimes ----------------------------------------------------------------------- */

TEST_F(smmu, device_goes)
{
	uint32_t hwpt = attach(self, STE_EATS);

	*entry(self, 0, VA, 3) = self->data | RW_PAGE;
	EXPECT_EQ(0, fault(self, VA, true));
	ASSERT_EQ(0, inx_mock_remove(self->w.mock, self->dev->mock));
	self->dev->mock = 0;
	EXPECT_ERRNO(EIO, command(self, ATC_INV | SID << 32, FOREVER));
	EXPECT_EQ(0, command(self, TLBI_NSNH_ALL, 0));
	EXPECT_ERRNO(EBUSY, inx_destroy(self->w.fd, self->viommu));
	EXPECT_EQ(0, inx_destroy(self->w.fd, hwpt));
	EXPECT_EQ(0, command(self, TLBI_NSNH_ALL, 0));
}

/* What another table has left with the device is not seen. */
TEST_F(smmu, changing_over_flushes)
{
	uint32_t a, b;

	*entry(self, 0, VA, 3) = self->data | RW_PAGE;
	a = attach(self, STE_EATS);
	EXPECT_TRUE(reaches(self, VA, self->data));
	b = nest(self, STE_S1 | self->cd, STE_EATS);
	*entry(self, 0, VA, 3) = self->other | RW_PAGE;
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, b));
	EXPECT_TRUE(reaches(self, VA, self->other));
	EXPECT_EQ(0, inx_destroy(self->w.fd, a));
}

static void live(void *arg)
{
	struct smmu_data *self = arg;

	for (;;) {
		uint32_t hwpt = attach(self, STE_EATS);

		fault(self, VA, true);
		fault(self, 0, true);
		command(self, ATC_INV | SID << 32, FOREVER);
		command(self, TLBI_NSNH_ALL, 0);
		inx_detach(self->dev->fd);
		inx_destroy(self->w.fd, hwpt);
	}
}

TEST_F(smmu, killed_and_closed)
{
	*entry(self, 0, VA, 3) = self->data | RW_PAGE;
	guest_kill(self->dev, live, self);
	attach(self, STE_EATS);
	EXPECT_EQ(0, fault(self, VA, true));
	/* The fixture's end looks for what is left. */
}

TEST_HARNESS_MAIN
