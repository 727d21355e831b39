// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_container,vfio-pci timeout=300 taint=U */
/* harness: machines=vtd*,amd*,virtio,smmu except=6.1/virtio */
/* harness: seldom=6.1/vtd-*,6.1/amd*,6.12/vtd-*,7.2/vtd-*,7.2/amd,7.2/virtio,7.3/vtd */
/*
 * VFIO's own container, with groups of real PCI devices, over an IOAS. What
 * vfio_iommu_type1 does in the same place is the measure: where nothing else is
 * said a test runs with that as well.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/iommu-next-container.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inx.h"
#include "legacy.h"
#include "mem.h"
#include "tap.h"
#include "type1.h"

#define PAGE 4096UL
#define HUGE (2UL << 20)
#define IOVA PCI_IOVA
#define LENGTH (4 * PAGE)

FIXTURE(container)
{
	struct legacy l;
	struct edu *edu;
	int fd;
	unsigned char *mem;
	long pinned;
};

FIXTURE_VARIANT(container)
{
	unsigned long type;
	bool ours;
};

FIXTURE_VARIANT_ADD(container, own)
{
	IOMMU_NEXT_VFIO_IOMMU, true
};

FIXTURE_VARIANT_ADD(container, v1)
{
	VFIO_TYPE1_IOMMU, true
};

FIXTURE_VARIANT_ADD(container, v2)
{
	VFIO_TYPE1v2_IOMMU, true
};

FIXTURE_VARIANT_ADD(container, kernel_v1)
{
	VFIO_TYPE1_IOMMU, false
};

FIXTURE_VARIANT_ADD(container, kernel_v2)
{
	VFIO_TYPE1v2_IOMMU, false
};

static bool is_v2(const struct container_variant *variant)
{
	return variant->type != VFIO_TYPE1_IOMMU;
}

/* What is pinned for this process; type1 shows it as locked. */
static long pinned(const struct container_variant *variant)
{
	return inx_status_kb(variant->ours ? "VmPin" : "VmLck");
}

FIXTURE_SETUP(container)
{
	legacy_take_over(variant->ours);
	self->pinned = pinned(variant);
	legacy_open(&self->l, 1, variant->type);
	self->edu = &self->l.edu[0];
	self->fd = self->l.container;
	self->mem = mem_alloc(MEM_SHUFFLED, LENGTH);
	memset(self->mem, 0, LENGTH);
}

FIXTURE_TEARDOWN(container)
{
	legacy_close(&self->l);
	EXPECT_EQ(self->pinned, pinned(variant));
}

static bool only(const unsigned char *mem, size_t at, size_t length,
		 unsigned char value)
{
	return mem_is_only(mem, LENGTH, at, length, value);
}

/* ---- DMA --------------------------------------------------------------------------------- */

TEST_F(container, both_ways)
{
	ASSERT_EQ(0, type1_map(self->fd, self->mem, LENGTH, IOVA));
	EXPECT_EQ(self->pinned + (long)LENGTH / 1024, pinned(variant));
	edu_check_copy(self->edu, self->mem, IOVA);
}

TEST_F(container, read_only)
{
	ASSERT_EQ(0, type1_map_flags(self->fd, VFIO_DMA_MAP_FLAG_READ,
				     self->mem, PAGE, IOVA));
	ASSERT_EQ(0, type1_map(self->fd, self->mem + PAGE, PAGE, IOVA + PAGE));
	legacy_load(&self->l, 0, 0x5a);
	edu_dma(self->edu, IOVA, 100, true);
	EXPECT_TRUE(only(self->mem, 0, 0, 0));
	self->mem[50] = 0x77;
	edu_copy(self->edu, IOVA + 50, IOVA + PAGE + 20, 1);
	EXPECT_EQ(0x77, self->mem[PAGE + 20]);
}

TEST_F(container, unmapped)
{
	uint64_t size;

	legacy_load(&self->l, 0, 0x5a);
	ASSERT_EQ(0, type1_map(self->fd, self->mem, PAGE, IOVA));
	edu_dma(self->edu, IOVA + PAGE, 100, true);
	EXPECT_TRUE(only(self->mem, 0, 0, 0));
	edu_dma(self->edu, IOVA, 100, true);
	EXPECT_TRUE(only(self->mem, 0, 100, 0x5a));
	memset(self->mem, 0, PAGE);
	ASSERT_EQ(0, type1_unmap(self->fd, IOVA, PAGE, &size));
	EXPECT_EQ(PAGE, size);
	EXPECT_EQ(self->pinned, pinned(variant));
	edu_dma(self->edu, IOVA, 100, true);
	EXPECT_TRUE(only(self->mem, 0, 0, 0));
}

/* ---- what is refused --------------------------------------------------------------------- */

/* Older kernels have another word for it; ours is that of the newest. */
static bool overflows(const struct container_variant *variant, int rc)
{
	return rc == -1 && (errno == EOVERFLOW ||
			    (!variant->ours && errno == EINVAL));
}

TEST_F(container, map_errors)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map) - 1,
		.flags = VFIO_DMA_MAP_FLAG_READ,
		.vaddr = (uintptr_t)self->mem,
		.iova = IOVA,
		.size = PAGE,
	};
	int fd = self->fd;

	EXPECT_ERRNO(EINVAL, ioctl(fd, VFIO_IOMMU_MAP_DMA, &map));
	EXPECT_ERRNO(EFAULT, ioctl(fd, VFIO_IOMMU_MAP_DMA, NULL));
	EXPECT_ERRNO(EINVAL, type1_map_flags(fd, 0, self->mem, PAGE, IOVA));
	EXPECT_ERRNO(EINVAL, type1_map_flags(fd, 1 << 7, self->mem, PAGE, IOVA));
	EXPECT_ERRNO(EINVAL, type1_map(fd, self->mem, 0, IOVA));
	EXPECT_ERRNO(EINVAL, type1_map(fd, self->mem, PAGE - 1, IOVA));
	EXPECT_ERRNO(EINVAL, type1_map(fd, self->mem, PAGE, IOVA + 1));
	EXPECT_ERRNO(EINVAL, type1_map(fd, self->mem + 1, PAGE, IOVA));
	EXPECT_TRUE(overflows(variant, type1_map(fd, self->mem, LENGTH,
						 -PAGE)));
	EXPECT_TRUE(overflows(variant, type1_map(fd, (void *)-PAGE, LENGTH,
						 IOVA)));
	EXPECT_ERRNO(EINVAL, type1_map(fd, self->mem, PAGE, pci_msi_window()));
	EXPECT_ERRNO(EFAULT, type1_map(fd, NULL, PAGE, IOVA));
	ASSERT_EQ(0, type1_map(fd, self->mem, LENGTH, IOVA));
	EXPECT_ERRNO(EEXIST, type1_map(fd, self->mem, PAGE, IOVA + PAGE));
	EXPECT_ERRNO(ENOTTY, ioctl(fd, VFIO_IOMMU_MAP_DMA + 200, &map));
}

TEST_F(container, unmap_errors)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap) - 1,
		.iova = IOVA,
		.size = PAGE,
	};
	int fd = self->fd;
	uint64_t size;

	EXPECT_ERRNO(EINVAL, ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &unmap));
	unmap.argsz++;
	unmap.flags = 1 << 7;
	EXPECT_ERRNO(EINVAL, ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &unmap));
	EXPECT_ERRNO(EFAULT, ioctl(fd, VFIO_IOMMU_UNMAP_DMA, NULL));
	unmap.flags = VFIO_DMA_UNMAP_FLAG_ALL;
	EXPECT_ERRNO(EINVAL, ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &unmap));
	EXPECT_ERRNO(EINVAL, type1_unmap(fd, IOVA, 0, NULL));
	EXPECT_ERRNO(EINVAL, type1_unmap(fd, IOVA, PAGE - 1, NULL));
	EXPECT_ERRNO(EINVAL, type1_unmap(fd, IOVA + 1, PAGE, NULL));
	EXPECT_TRUE(overflows(variant, type1_unmap(fd, -PAGE, 2 * PAGE,
						   NULL)));
	/* Nothing is there. */
	ASSERT_EQ(0, type1_unmap(fd, IOVA, LENGTH, &size));
	EXPECT_EQ(0, size);
}

TEST_F(container, unmap_all)
{
	uint64_t size;

	ASSERT_EQ(1, ioctl(self->fd, VFIO_CHECK_EXTENSION, VFIO_UNMAP_ALL));
	ASSERT_EQ(0, type1_map(self->fd, self->mem, PAGE, IOVA));
	ASSERT_EQ(0, type1_map(self->fd, self->mem + PAGE, PAGE, 1UL << 32));
	ASSERT_EQ(0, type1_unmap_all(self->fd, &size));
	EXPECT_EQ(2 * PAGE, size);
	EXPECT_EQ(self->pinned, pinned(variant));
	ASSERT_EQ(0, type1_unmap_all(self->fd, &size));
	EXPECT_EQ(0, size);
}

/* Two mappings in one call, and a mapping that lies in the range in part. */
TEST_F(container, unmap_v2)
{
	uint64_t size;

	if (!is_v2(variant))
		SKIP("of type1v2");
	ASSERT_EQ(0, type1_map(self->fd, self->mem, 2 * PAGE, IOVA));
	ASSERT_EQ(0, type1_map(self->fd, self->mem + 2 * PAGE, 2 * PAGE,
			       IOVA + 2 * PAGE));
	EXPECT_ERRNO(EINVAL, type1_unmap(self->fd, IOVA, PAGE, NULL));
	EXPECT_ERRNO(EINVAL, type1_unmap(self->fd, IOVA + PAGE, PAGE, NULL));
	EXPECT_ERRNO(EINVAL, type1_unmap(self->fd, IOVA, 3 * PAGE, NULL));
	ASSERT_EQ(0, type1_unmap(self->fd, IOVA - PAGE, 6 * PAGE, &size));
	EXPECT_EQ(4 * PAGE, size);
}

/* A part of a mapping: where vfio_iommu_type1 unmaps all or nothing. */
TEST_F(container, unmap_v1)
{
	uint64_t size;

	if (is_v2(variant) || !variant->ours)
		SKIP("of type1, and ours");
	ASSERT_EQ(0, type1_map(self->fd, self->mem, 4 * PAGE, IOVA));
	legacy_load(&self->l, 0, 0x5a);
	ASSERT_EQ(0, type1_unmap(self->fd, IOVA + PAGE, PAGE, &size));
	EXPECT_EQ(PAGE, size);
	EXPECT_EQ(self->pinned + 12, pinned(variant));
	edu_dma(self->edu, IOVA + PAGE, 100, true);
	EXPECT_TRUE(only(self->mem, 0, 0, 0));
	edu_dma(self->edu, IOVA + 2 * PAGE, 100, true);
	EXPECT_TRUE(only(self->mem, 2 * PAGE, 100, 0x5a));
	ASSERT_EQ(0, type1_unmap(self->fd, IOVA, 3 * PAGE, &size));
	EXPECT_EQ(2 * PAGE, size);
	ASSERT_EQ(0, type1_unmap(self->fd, IOVA, 4 * PAGE, &size));
	EXPECT_EQ(PAGE, size);
}

/* An IO page cannot be cut: then it is as with vfio_iommu_type1. */
TEST_F(container, unmap_v1_huge)
{
	/* 6.1's VT-d driver complains of type1 when it is not aligned so. */
	uint64_t iova = variant->ours ? IOVA + HUGE : IOVA;
	bool cut = variant->ours;
	unsigned char *mem;
	uint64_t size;

	if (is_v2(variant))
		SKIP("of type1");
	/* Two of them, where one of twice the size could not be. */
	mem = mem_alloc(MEM_THP, 2 * HUGE);
	/* virtio-iommu has no IO pages, and takes a run of memory as one. */
	if (machine_is("virtio") && mem_runs(mem, 2 * HUGE) == 1)
		cut = false;
	ASSERT_EQ(0, type1_map(self->fd, mem, 2 * HUGE, iova));
	ASSERT_EQ(0, type1_unmap(self->fd, iova + PAGE, PAGE, &size));
	EXPECT_EQ(0, size);
	EXPECT_EQ(self->pinned + 4096, pinned(variant));
	if (cut) {
		/* Between two IO pages it can be. */
		ASSERT_EQ(0, type1_unmap(self->fd, iova + HUGE, HUGE, &size));
		EXPECT_EQ(HUGE, size);
		EXPECT_EQ(self->pinned + 2048, pinned(variant));
	}
	ASSERT_EQ(0, type1_unmap(self->fd, iova, PAGE, &size));
	EXPECT_EQ(cut ? HUGE : 2 * HUGE, size);
	EXPECT_EQ(self->pinned, pinned(variant));
}

/* ---- information ------------------------------------------------------------------------- */

static const void *find_cap(const char *info, unsigned int id)
{
	const struct vfio_iommu_type1_info *head = (const void *)info;
	const struct vfio_info_cap_header *cap;
	uint32_t at = head->cap_offset;

	while (at) {
		cap = (const void *)(info + at);
		if (cap->id == id)
			return cap;
		at = cap->next;
	}
	return NULL;
}

TEST_F(container, info)
{
	uint64_t window = pci_msi_window();
	const struct vfio_iommu_type1_info_cap_iova_range *iovas;
	const struct vfio_iommu_type1_info_cap_migration *migration;
	const struct vfio_iommu_type1_info_dma_avail *avail;
	uint64_t words[128] = {};
	const char *text = (void *)words;
	struct vfio_iommu_type1_info *info = (void *)words;
	unsigned int i;

	info->argsz = 15;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, VFIO_IOMMU_GET_INFO, info));
	info->argsz = sizeof(*info);
	ASSERT_EQ(0, ioctl(self->fd, VFIO_IOMMU_GET_INFO, info));
	EXPECT_TRUE(info->flags & VFIO_IOMMU_INFO_CAPS);
	EXPECT_TRUE(info->iova_pgsizes & PAGE);
	EXPECT_LT(sizeof(*info), info->argsz);
	ASSERT_LE(info->argsz, sizeof(words));
	ASSERT_EQ(0, ioctl(self->fd, VFIO_IOMMU_GET_INFO, info));

	migration = find_cap(text, VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION);
	ASSERT_TRUE(migration);
	EXPECT_EQ(PAGE, migration->pgsize_bitmap);
	EXPECT_EQ(1UL << 28, migration->max_dirty_bitmap_size);
	avail = find_cap(text, VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL);
	ASSERT_TRUE(avail);
	EXPECT_EQ(variant->ours ? UINT32_MAX : 65535, avail->avail);
	iovas = find_cap(text, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	ASSERT_TRUE(iovas);
	EXPECT_GE(iovas->nr_iovas, 2);
	for (i = 0; i < iovas->nr_iovas; i++)
		EXPECT_TRUE(iovas->iova_ranges[i].end < window ||
			    iovas->iova_ranges[i].start >=
			    window + PCI_MSI_WINDOW_SIZE);
	EXPECT_EQ(0, ioctl(self->fd, VFIO_CHECK_EXTENSION, 100));
	EXPECT_TRUE(ioctl(self->fd, VFIO_CHECK_EXTENSION,
			  VFIO_DMA_CC_IOMMU) >= 0);
}

/* ---- many, and by whom charged ----------------------------------------------------------- */

TEST_F_TIMEOUT(container, many_mappings, 120)
{
	const unsigned long nr = 70000;
	unsigned char *mem;
	unsigned long i;
	uint64_t size;
	int rc = 0;

	/* One page of memory again and again, above the interrupts. */
	mem = self->mem;
	for (i = 0; !rc && i < nr; i++)
		rc = type1_map(self->fd, mem, PAGE,
			       (1UL << 32) + 2 * i * PAGE);
	if (!variant->ours) {
		EXPECT_EQ(-1, rc);
		EXPECT_EQ(ENOSPC, errno);
		EXPECT_EQ(65535, i - 1);
		return;
	}
	EXPECT_EQ(0, rc);
	legacy_close(&self->l);
	EXPECT_EQ(self->pinned, pinned(variant));
	legacy_open(&self->l, 1, variant->type);
	ASSERT_EQ(0, type1_unmap_all(self->l.container, &size));
	EXPECT_EQ(0, size);
}

/* RLIMIT_MEMLOCK is for the process, not for all of its user. */
TEST_F(container, charged_to_process)
{
	struct rlimit limit = { 2 * PAGE, 2 * PAGE };
	pid_t pid;
	int status;

	pid = fork();
	if (!pid) {
		if (setrlimit(RLIMIT_MEMLOCK, &limit) || setuid(65534))
			_exit(1);
		if (type1_map(self->fd, self->mem, PAGE, IOVA))
			_exit(2);
		if (type1_map(self->fd, self->mem + PAGE, LENGTH - PAGE,
			      IOVA + PAGE) != -1 || errno != ENOMEM)
			_exit(3);
		if (inx_status_kb("VmLck") != 4)
			_exit(4);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* ---- several groups ---------------------------------------------------------------------- */

TEST_F(container, two_groups)
{
	struct legacy *l = &self->l;

	ASSERT_EQ(0, type1_map(self->fd, self->mem, LENGTH, IOVA));
	legacy_load(l, 0, 0x11);
	legacy_add(l);
	EXPECT_EQ(self->pinned + (long)LENGTH / 1024, pinned(variant));
	legacy_load(l, 1, 0x22);
	edu_dma(&l->edu[0], IOVA, 100, true);
	EXPECT_TRUE(only(self->mem, 0, 100, 0x11));
	edu_dma(&l->edu[1], IOVA, 100, true);
	EXPECT_TRUE(only(self->mem, 0, 100, 0x22));
	/* The first goes, the other one stays as it is. */
	legacy_stop(l, 0);
	ASSERT_EQ(0, ioctl(l->group[0], VFIO_GROUP_UNSET_CONTAINER));
	edu_dma(&l->edu[1], IOVA + 100, 100, true);
	EXPECT_TRUE(only(self->mem, 0, 200, 0x22));
	EXPECT_EQ(self->pinned + (long)LENGTH / 1024, pinned(variant));
	EXPECT_ERRNO(EBUSY, ioctl(l->group[1], VFIO_GROUP_UNSET_CONTAINER));
}

/* What was mapped for the first container is not reached from the second. */
TEST_F(container, moved_between_two)
{
	struct legacy *l = &self->l;
	int fd = self->fd;

	legacy_add(l);
	ASSERT_EQ(0, type1_map(fd, self->mem, PAGE, IOVA));
	legacy_load(l, 1, 0x22);
	legacy_stop(l, 1);
	ASSERT_EQ(0, ioctl(l->group[1], VFIO_GROUP_UNSET_CONTAINER));
	l->container = legacy_container();
	ASSERT_EQ(0, ioctl(l->group[1], VFIO_GROUP_SET_CONTAINER,
			   &l->container));
	ASSERT_EQ(0, ioctl(l->container, VFIO_SET_IOMMU, variant->type));
	legacy_start(l, 1);
	legacy_load(l, 1, 0x33);
	edu_dma(&l->edu[1], IOVA, 100, true);
	EXPECT_TRUE(only(self->mem, 0, 0, 0));
	ASSERT_EQ(0, type1_map(l->container, self->mem + PAGE, PAGE, IOVA));
	edu_dma(&l->edu[1], IOVA, 100, true);
	EXPECT_TRUE(only(self->mem, PAGE, 100, 0x33));
	memset(self->mem, 0x44, 100);
	edu_copy(&l->edu[0], IOVA, IOVA + 200, 100);
	EXPECT_EQ(0x44, self->mem[200]);
	EXPECT_EQ(0, self->mem[PAGE + 200]);
	EXPECT_EQ(0, close(fd));
}

/* The last group takes all with it; the container begins anew. */
TEST_F(container, without_groups)
{
	struct legacy *l = &self->l;
	uint64_t size;

	ASSERT_EQ(0, type1_map(self->fd, self->mem, LENGTH, IOVA));
	legacy_stop(l, 0);
	ASSERT_EQ(0, ioctl(l->group[0], VFIO_GROUP_UNSET_CONTAINER));
	EXPECT_EQ(self->pinned, pinned(variant));
	EXPECT_ERRNO(EINVAL, type1_map(self->fd, self->mem, PAGE, IOVA));
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, VFIO_SET_IOMMU, variant->type));
	ASSERT_EQ(0, ioctl(l->group[0], VFIO_GROUP_SET_CONTAINER, &self->fd));
	ASSERT_EQ(0, ioctl(self->fd, VFIO_SET_IOMMU, variant->type));
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, VFIO_SET_IOMMU, variant->type));
	ASSERT_EQ(0, type1_unmap_all(self->fd, &size));
	EXPECT_EQ(0, size);
	legacy_start(l, 0);
}

/* ---- dirty pages ------------------------------------------------------------------------- */

TEST_F(container, dirty)
{
	uint64_t bits[2] = {};
	int fd = self->fd;

	if (!is_v2(variant)) {
		EXPECT_ERRNO(EACCES,
			     type1_dirty(fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START));
		return;
	}
	ASSERT_EQ(0, type1_map(fd, self->mem, 2 * PAGE, IOVA));
	ASSERT_EQ(0, type1_map(fd, self->mem + 3 * PAGE, PAGE,
			       IOVA + 66 * PAGE));
	EXPECT_ERRNO(EINVAL, type1_dirty_get(fd, IOVA, 67 * PAGE, bits, 16));
	EXPECT_ERRNO(EINVAL, type1_dirty(fd, 3));
	ASSERT_EQ(0, type1_dirty(fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START));
	ASSERT_EQ(0, type1_dirty(fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START));
	EXPECT_ERRNO(EINVAL, type1_dirty_get(fd, IOVA, 67 * PAGE, bits, 8));
	EXPECT_ERRNO(EINVAL, type1_dirty_get(fd, IOVA, PAGE, bits, 16));
	EXPECT_ERRNO(EINVAL, type1_dirty_get(fd, IOVA + 1, 67 * PAGE, bits, 16));
	EXPECT_ERRNO(EINVAL, type1_dirty_get(fd, IOVA, 0, bits, 16));
	EXPECT_ERRNO(EFAULT, type1_dirty_get(fd, IOVA, 67 * PAGE, NULL, 16));
	/* Devices may have written to all that is mapped. */
	ASSERT_EQ(0, type1_dirty_get(fd, IOVA, 67 * PAGE, bits, 16));
	EXPECT_EQ(3, bits[0]);
	EXPECT_EQ(4, bits[1]);
	/* What is before the first mapping is left as it is. */
	bits[0] = 1;
	ASSERT_EQ(0, type1_dirty_get(fd, IOVA - PAGE, 68 * PAGE, bits, 16));
	EXPECT_EQ(7, bits[0] & 0xff);
	EXPECT_EQ(8, bits[1] & 8);
	bits[0] = 0;
	ASSERT_EQ(0, type1_dirty_get(fd, IOVA - PAGE, 68 * PAGE, bits, 16));
	/* vfio_iommu_type1 sets one bit too many when it is asked again. */
	EXPECT_EQ(6, bits[0] & (variant->ours ? 0xff : 7));
	ASSERT_EQ(0, type1_dirty(fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP));
	EXPECT_ERRNO(EINVAL, type1_dirty_get(fd, IOVA, 67 * PAGE, bits, 16));
}

TEST_F(container, dirty_unmap)
{
	uint64_t bits[1] = {}, size;
	int fd = self->fd;

	if (!is_v2(variant))
		SKIP("of type1v2");
	ASSERT_EQ(0, type1_map(fd, self->mem, 3 * PAGE, IOVA));
	EXPECT_ERRNO(EINVAL, type1_unmap_dirty(fd, 0, IOVA, 4 * PAGE, bits, 8,
					       NULL));
	ASSERT_EQ(0, type1_dirty(fd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START));
	EXPECT_ERRNO(EINVAL, type1_unmap_dirty(fd, VFIO_DMA_UNMAP_FLAG_ALL,
					       IOVA, 4 * PAGE, bits, 8, NULL));
	ASSERT_EQ(0, type1_unmap_dirty(fd, 0, IOVA, 4 * PAGE, bits, 8, &size));
	EXPECT_EQ(3 * PAGE, size);
	EXPECT_EQ(7, bits[0]);
	EXPECT_EQ(self->pinned, pinned(variant));
}

/* ---- those who end without a word -------------------------------------------------------- */

/* A client that is killed while its device is told to write on and on. */
TEST_F(container, killed)
{
	struct legacy l;
	int pipes[2], status;
	long begin, gone;
	char byte;
	pid_t pid;

	legacy_close(&self->l);
	ASSERT_EQ(0, pipe(pipes));
	pid = fork();
	if (!pid) {
		unsigned char *mem = inx_alloc(LENGTH);

		legacy_open(&l, 1, variant->type);
		ASSERT_EQ(0, type1_map(l.container, mem, LENGTH, IOVA));
		for (;;) {
			edu_start(&l.edu[0], IOVA, 1000, true);
			(void)!write(pipes[1], "x", 1);
			edu_wait(&l.edu[0], 10000);
		}
	}
	ASSERT_EQ(1, read(pipes[0], &byte, 1));
	ASSERT_EQ(1, read(pipes[0], &byte, 1));
	begin = inx_us();
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	gone = inx_us();
	/* The device is free at once, and does as it is told. */
	legacy_open(&self->l, 1, variant->type);
	self->fd = self->l.container;
	ASSERT_EQ(0, type1_map(self->fd, self->mem, PAGE, IOVA));
	TH_LOG("the next client is ready after %ld us, %ld us of them until the client was gone",
	       inx_us() - begin, gone - begin);
	legacy_load(&self->l, 0, 0x5a);
	edu_dma(self->edu, IOVA, 100, true);
	EXPECT_TRUE(only(self->mem, 0, 100, 0x5a));
}

TEST_HARNESS_MAIN
