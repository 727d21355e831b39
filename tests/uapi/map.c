// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none */
/*
 * IOAS_MAP and IOAS_UNMAP: what they accept, what they refuse, and that a call
 * that is refused has changed nothing.
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "world.h"

#define MEM_PAGES 16
#define MEM_LENGTH (MEM_PAGES * PAGE)
#define APERTURE_END (1UL << 48)

FIXTURE(map)
{
	struct world w;
	struct world_dev *dev;
	char *mem;
};

/* Without a device nothing is pinned, and every byte has an IOVA. */
FIXTURE_VARIANT(map)
{
	bool attached;
};

FIXTURE_VARIANT_ADD(map, alone)
{
	.attached = false,
};

FIXTURE_VARIANT_ADD(map, attached)
{
	.attached = true,
};

static void setup(struct map_data *self, bool attached)
{
	world_open(&self->w);
	self->dev = world_bind(&self->w, NULL);
	if (attached)
		ASSERT_EQ(0, inx_attach_to(self->dev->fd, self->w.ioas));
	self->mem = mmap(NULL, MEM_LENGTH, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	for (int i = 0; i < MEM_PAGES; i++)
		memset(self->mem + i * PAGE, i + 1, PAGE);
}

FIXTURE_SETUP(map)
{
	setup(self, variant->attached);
}

FIXTURE_TEARDOWN(map)
{
	world_close(&self->w);
}

static int map_at(struct map_data *self, const void *va, uint64_t length,
		  uint64_t iova)
{
	return inx_map_at(self->w.fd, self->w.ioas, va, length, iova);
}

static int unmap(struct map_data *self, uint64_t iova, uint64_t length,
		 uint64_t *n)
{
	return inx_unmap(self->w.fd, self->w.ioas, iova, length, n);
}

static void expect_pages(struct map_data *self,
			 const struct map_variant *variant, long pages)
{
	EXPECT_EQ(variant->attached ? pages * 4 : 0, world_pinned(&self->w));
	EXPECT_EQ(variant->attached ? pages * PAGE : 0,
		  world_stats(&self->w, self->dev).bytes);
}

/* ---- MAP ------------------------------------------------------------------ */

TEST_F(map, and_unmap)
{
	uint64_t n = 0;

	ASSERT_EQ(0, map_at(self, self->mem, MEM_LENGTH, IOVA));
	expect_pages(self, variant, MEM_PAGES);
	ASSERT_EQ(0, unmap(self, IOVA, MEM_LENGTH, &n));
	EXPECT_EQ(MEM_LENGTH, n);
	expect_pages(self, variant, 0);
	/* And once more, at the same place. */
	ASSERT_EQ(0, map_at(self, self->mem, MEM_LENGTH, IOVA));
	expect_pages(self, variant, MEM_PAGES);
}

TEST_F(map, unknown_flags)
{
	struct iommu_next_ioas_map arg = {
		.size = sizeof(arg),
		.ioas_id = self->w.ioas,
		.user_va = (uintptr_t)self->mem,
		.length = PAGE,
		.iova = IOVA,
	};
	int bit;

	for (bit = 3; bit < 32; bit++) {
		arg.flags = INX_RW | INX_FIXED | 1U << bit;
		EXPECT_ERRNO(EOPNOTSUPP, ioctl(self->w.fd,
					       IOMMU_NEXT_IOAS_MAP, &arg));
	}
	arg.flags = INX_RW | INX_FIXED;
	for (bit = 0; bit < 32; bit++) {
		arg.__reserved = 1U << bit;
		EXPECT_ERRNO(EOPNOTSUPP, ioctl(self->w.fd,
					       IOMMU_NEXT_IOAS_MAP, &arg));
	}
	expect_pages(self, variant, 0);
	arg.__reserved = 0;
	EXPECT_EQ(0, ioctl(self->w.fd, IOMMU_NEXT_IOAS_MAP, &arg));
	EXPECT_EQ(IOVA, arg.iova);
}

TEST_F(map, without_rights)
{
	uint64_t iova = IOVA;

	EXPECT_ERRNO(EINVAL, inx_map(self->w.fd, self->w.ioas, INX_FIXED,
				     self->mem, PAGE, &iova));
	EXPECT_ERRNO(EINVAL, inx_map(self->w.fd, self->w.ioas, 0, self->mem,
				     PAGE, &iova));
	expect_pages(self, variant, 0);
}

TEST_F(map, lengths)
{
	void *mem = self->mem;

	EXPECT_ERRNO(EINVAL, map_at(self, mem, 0, IOVA));
	EXPECT_ERRNO(EOVERFLOW, map_at(self, mem, UINT64_MAX, IOVA));
	EXPECT_ERRNO(EOVERFLOW, map_at(self, mem, UINT64_MAX, 0));
	EXPECT_ERRNO(EOVERFLOW, map_at(self, mem, UINT64_MAX - PAGE + 1, IOVA));
	EXPECT_ERRNO(EOVERFLOW, map_at(self, mem, UINT64_MAX - PAGE + 1, 0));
	if (variant->attached) {
		EXPECT_ERRNO(EINVAL, map_at(self, mem, 1, IOVA));
		EXPECT_ERRNO(EINVAL, map_at(self, mem, PAGE - 1, IOVA));
		EXPECT_ERRNO(EINVAL, map_at(self, mem, PAGE + 1, IOVA));
		EXPECT_ERRNO(EINVAL, map_at(self, mem, PAGE / 2, IOVA));
	} else {
		EXPECT_EQ(0, map_at(self, mem, 1, IOVA));
		EXPECT_EQ(0, map_at(self, mem, PAGE - 1, IOVA + 1));
		EXPECT_EQ(0, map_at(self, mem, PAGE + 1, IOVA + PAGE));
	}
	expect_pages(self, variant, 0);
}

TEST_F(map, places)
{
	void *mem = self->mem;
	uint64_t last = UINT64_MAX - PAGE + 1;

	EXPECT_ERRNO(EOVERFLOW, map_at(self, mem, PAGE, UINT64_MAX));
	EXPECT_ERRNO(EOVERFLOW, map_at(self, mem, 2 * PAGE, last));
	EXPECT_EQ(0, map_at(self, mem, PAGE, 0));
	if (variant->attached) {
		EXPECT_ERRNO(EINVAL, map_at(self, mem, PAGE, 1 + IOVA));
		EXPECT_ERRNO(EINVAL, map_at(self, mem, PAGE, IOVA - 1));
		EXPECT_ERRNO(EINVAL, map_at(self, mem, PAGE, IOVA + PAGE / 2));
		EXPECT_EQ(0, map_at(self, mem, PAGE, APERTURE_END - PAGE));
		EXPECT_ERRNO(EINVAL, map_at(self, mem, PAGE, APERTURE_END));
		EXPECT_ERRNO(EINVAL, map_at(self, mem, 2 * PAGE,
					    APERTURE_END - 2 * PAGE + PAGE));
		EXPECT_ERRNO(EINVAL, map_at(self, mem, PAGE, last));
		expect_pages(self, variant, 2);
		return;
	}
	EXPECT_EQ(0, map_at(self, mem, PAGE, APERTURE_END));
	EXPECT_EQ(0, map_at(self, mem, 1, UINT64_MAX - PAGE));
	/* The very last bytes there are. */
	EXPECT_EQ(0, map_at(self, mem, PAGE, last));
	EXPECT_ERRNO(EEXIST, map_at(self, mem, 1, UINT64_MAX - 1));
	EXPECT_ERRNO(EOVERFLOW, map_at(self, mem, 2, UINT64_MAX));
	EXPECT_EQ(0, unmap(self, last, PAGE, NULL));
	EXPECT_EQ(0, unmap(self, 0, PAGE, NULL));
}

TEST_F(map, meets_another)
{
	uint64_t n;
	void *mem = self->mem;

	ASSERT_EQ(0, map_at(self, mem, 4 * PAGE, IOVA));
	EXPECT_ERRNO(EEXIST, map_at(self, mem, 4 * PAGE, IOVA));
	EXPECT_ERRNO(EEXIST, map_at(self, mem, PAGE, IOVA));
	EXPECT_ERRNO(EEXIST, map_at(self, mem, PAGE, IOVA + 3 * PAGE));
	EXPECT_ERRNO(EEXIST, map_at(self, mem, PAGE, IOVA + PAGE));
	EXPECT_ERRNO(EEXIST, map_at(self, mem, 2 * PAGE, IOVA - PAGE));
	EXPECT_ERRNO(EEXIST, map_at(self, mem, 2 * PAGE, IOVA + 3 * PAGE));
	EXPECT_ERRNO(EEXIST, map_at(self, mem, 8 * PAGE, IOVA - 2 * PAGE));
	expect_pages(self, variant, 4);
	/* Right before and right behind is free. */
	EXPECT_EQ(0, map_at(self, mem, PAGE, IOVA - PAGE));
	EXPECT_EQ(0, map_at(self, mem, PAGE, IOVA + 4 * PAGE));
	expect_pages(self, variant, 6);
	EXPECT_EQ(0, unmap(self, IOVA - PAGE, 6 * PAGE, &n));
	EXPECT_EQ(6 * PAGE, n);
	expect_pages(self, variant, 0);
}

TEST_F(map, addresses_that_overflow)
{
	void *end = (void *)(UINT64_MAX - PAGE + 1);

	EXPECT_ERRNO(EOVERFLOW, map_at(self, end, 2 * PAGE, IOVA));
	EXPECT_ERRNO(EOVERFLOW, map_at(self, end, PAGE, IOVA));
	EXPECT_ERRNO(EOVERFLOW, map_at(self, self->mem, INT64_MAX * 2UL - PAGE,
				       0));
	expect_pages(self, variant, 0);
}

/* Memory is looked at when there is somebody who could see it. */
static void expect_bad(struct map_data *self, const struct map_variant *variant,
		       uint32_t rights, const void *va, size_t pages)
{
	uint64_t iova = IOVA;

	if (!variant->attached) {
		EXPECT_EQ(0, inx_map(self->w.fd, self->w.ioas,
				     rights | INX_FIXED, va, pages * PAGE,
				     &iova));
		EXPECT_ERRNO(EFAULT, inx_attach_to(self->dev->fd,
						   self->w.ioas));
		EXPECT_EQ(0, world_stats(&self->w, self->dev).domains);
		expect_pages(self, variant, 0);
		EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
			  world_touch(self->dev, IOVA, false));
		/* The mapping is still there. */
		EXPECT_EQ(0, unmap(self, IOVA, pages * PAGE, NULL));
		return;
	}
	EXPECT_ERRNO(EFAULT, inx_map(self->w.fd, self->w.ioas,
				     rights | INX_FIXED, va, pages * PAGE,
				     &iova));
	expect_pages(self, variant, 0);
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  world_touch(self->dev, IOVA, false));
	EXPECT_ERRNO(ENOENT, unmap(self, IOVA, pages * PAGE, NULL));
}

TEST_F(map, memory_that_is_not_there)
{
	int hole;

	expect_bad(self, variant, INX_RW, NULL, 1);
	expect_bad(self, variant, INX_RO, NULL, 1);
	expect_bad(self, variant, INX_RW, (void *)(1UL << 47), 1);
	expect_bad(self, variant, INX_RW, (void *)(1UL << 63), 1);
	expect_bad(self, variant, INX_RW, (void *)0xffff888000000000, 1);

	/* A hole at the start, at the end, and in the middle. */
	for (hole = 0; hole < MEM_PAGES; hole += 5) {
		ASSERT_EQ(0, munmap(self->mem + hole * PAGE, PAGE));
		expect_bad(self, variant, INX_RW, self->mem, MEM_PAGES);
		ASSERT_NE(MAP_FAILED,
			  mmap(self->mem + hole * PAGE, PAGE,
			       PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	}
	EXPECT_EQ(0, map_at(self, self->mem, MEM_LENGTH, IOVA));
}

TEST_F(map, protected_memory)
{
	uint64_t iova = IOVA;

	ASSERT_EQ(0, mprotect(self->mem + 3 * PAGE, PAGE, PROT_READ));
	expect_bad(self, variant, INX_RW, self->mem, MEM_PAGES);
	expect_bad(self, variant, IOMMU_NEXT_IOAS_MAP_WRITEABLE, self->mem,
		   MEM_PAGES);
	EXPECT_EQ(0, inx_map(self->w.fd, self->w.ioas, INX_RO | INX_FIXED,
			     self->mem, MEM_LENGTH, &iova));
	EXPECT_EQ(0, unmap(self, IOVA, MEM_LENGTH, NULL));
	ASSERT_EQ(0, mprotect(self->mem + 3 * PAGE, PAGE, PROT_NONE));
	expect_bad(self, variant, INX_RO, self->mem, MEM_PAGES);
	ASSERT_EQ(0, mprotect(self->mem + 3 * PAGE, PAGE, PROT_WRITE));
	EXPECT_EQ(0, map_at(self, self->mem, MEM_LENGTH, IOVA));
}

TEST_F(map, misaligned_memory)
{
	if (variant->attached) {
		EXPECT_ERRNO(EINVAL, map_at(self, self->mem + 1, PAGE, IOVA));
		EXPECT_ERRNO(EINVAL, map_at(self, self->mem + PAGE / 2, PAGE,
					    IOVA));
	} else {
		EXPECT_EQ(0, map_at(self, self->mem + 1, PAGE, IOVA));
		/* Too fine for the device that comes now. */
		EXPECT_ERRNO(EADDRINUSE, inx_attach_to(self->dev->fd,
						       self->w.ioas));
		EXPECT_EQ(0, world_stats(&self->w, self->dev).domains);
		EXPECT_EQ(0, unmap(self, IOVA, PAGE, NULL));
		EXPECT_EQ(0, inx_attach_to(self->dev->fd, self->w.ioas));
	}
}

/* ---- UNMAP ---------------------------------------------------------------- */

TEST_F(map, unmap_lengths)
{
	uint64_t n = 5;

	ASSERT_EQ(0, map_at(self, self->mem, PAGE, IOVA));
	EXPECT_ERRNO(EINVAL, unmap(self, IOVA, 0, NULL));
	EXPECT_ERRNO(EINVAL, unmap(self, 0, 0, NULL));
	EXPECT_ERRNO(EOVERFLOW, unmap(self, IOVA, UINT64_MAX, NULL));
	EXPECT_ERRNO(EOVERFLOW, unmap(self, 1, UINT64_MAX, NULL));
	EXPECT_ERRNO(EOVERFLOW, unmap(self, UINT64_MAX, 1, NULL));
	EXPECT_ERRNO(EOVERFLOW, unmap(self, UINT64_MAX, UINT64_MAX, NULL));
	EXPECT_ERRNO(EOVERFLOW, unmap(self, IOVA, UINT64_MAX - IOVA + 2,
				      NULL));
	EXPECT_ERRNO(EOVERFLOW, unmap(self, UINT64_MAX - 1, 3, NULL));
	EXPECT_ERRNO(ENOENT, unmap(self, IOVA, 1, NULL));
	EXPECT_ERRNO(ENOENT, unmap(self, IOVA, PAGE - 1, NULL));
	expect_pages(self, variant, 1);
	/* From the first byte to the last, in words that are not "all". */
	EXPECT_EQ(0, unmap(self, IOVA, UINT64_MAX - IOVA + 1, &n));
	EXPECT_EQ(PAGE, n);
	ASSERT_EQ(0, map_at(self, self->mem, PAGE, IOVA));
	EXPECT_EQ(0, unmap(self, 0, UINT64_MAX - 1, &n));
	EXPECT_EQ(PAGE, n);
	expect_pages(self, variant, 0);
}

TEST_F(map, unmap_nothing)
{
	uint64_t n = 5;

	EXPECT_ERRNO(ENOENT, unmap(self, IOVA, PAGE, NULL));
	EXPECT_ERRNO(ENOENT, unmap(self, 0, 1, NULL));
	EXPECT_ERRNO(ENOENT, unmap(self, 0, UINT64_MAX - 1, NULL));
	EXPECT_ERRNO(ENOENT, unmap(self, 1, UINT64_MAX - 1, NULL));
	EXPECT_EQ(0, inx_unmap_all(self->w.fd, self->w.ioas, &n));
	EXPECT_EQ(0, n);
	ASSERT_EQ(0, map_at(self, self->mem, PAGE, IOVA));
	EXPECT_ERRNO(ENOENT, unmap(self, IOVA - PAGE, PAGE, NULL));
	EXPECT_ERRNO(ENOENT, unmap(self, IOVA + PAGE, PAGE, NULL));
	expect_pages(self, variant, 1);
}

/* A mapping goes as a whole; after an error all are there. */
TEST_F(map, unmap_in_part)
{
	uint64_t n, i;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, map_at(self, self->mem + 4 * i * PAGE, 4 * PAGE,
				    IOVA + 4 * i * PAGE));
	EXPECT_ERRNO(ENOENT, unmap(self, IOVA, PAGE, NULL));
	EXPECT_ERRNO(ENOENT, unmap(self, IOVA + PAGE, 2 * PAGE, NULL));
	EXPECT_ERRNO(ENOENT, unmap(self, IOVA + 3 * PAGE, PAGE, NULL));
	EXPECT_ERRNO(ENOENT, unmap(self, IOVA + PAGE, MEM_LENGTH, NULL));
	EXPECT_ERRNO(ENOENT, unmap(self, IOVA, MEM_LENGTH - PAGE, NULL));
	EXPECT_ERRNO(ENOENT, unmap(self, IOVA, 5 * PAGE, NULL));
	EXPECT_ERRNO(ENOENT, unmap(self, 0, IOVA + MEM_LENGTH - 1, NULL));
	expect_pages(self, variant, MEM_PAGES);
	if (variant->attached)
		EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem,
					MEM_LENGTH));
	EXPECT_EQ(0, unmap(self, IOVA + 4 * PAGE, 8 * PAGE, &n));
	EXPECT_EQ(8 * PAGE, n);
	expect_pages(self, variant, 8);
	/* Around what is left, holes included. */
	EXPECT_EQ(0, unmap(self, IOVA - PAGE, MEM_LENGTH + 2 * PAGE, &n));
	EXPECT_EQ(8 * PAGE, n);
	expect_pages(self, variant, 0);
}

TEST_F(map, unmap_all)
{
	uint64_t n, i;

	for (i = 0; i < MEM_PAGES; i++)
		ASSERT_EQ(0, map_at(self, self->mem + i * PAGE, PAGE,
				    i << 40));
	expect_pages(self, variant, MEM_PAGES);
	EXPECT_EQ(0, inx_unmap_all(self->w.fd, self->w.ioas, &n));
	EXPECT_EQ(MEM_LENGTH, n);
	expect_pages(self, variant, 0);
}

/* ---- what a device sees ---------------------------------------------------- */

FIXTURE(seen)
{
	struct map_data map;
};

FIXTURE_SETUP(seen)
{
	setup(&self->map, true);
}

FIXTURE_TEARDOWN(seen)
{
	world_close(&self->map.w);
}

TEST_F(seen, rights)
{
	const uint32_t right[] = { IOMMU_NEXT_IOAS_MAP_READABLE,
				   IOMMU_NEXT_IOAS_MAP_WRITEABLE, INX_RW };
	struct world_dev *dev = self->map.dev;
	struct world *w = &self->map.w;
	char *mem = self->map.mem;
	uint64_t iova;
	int i;

	for (i = 0; i < 3; i++) {
		iova = IOVA + i * PAGE;
		memset(mem, 0x11, PAGE);
		ASSERT_EQ(0, inx_map(w->fd, w->ioas, right[i] | INX_FIXED, mem,
				     PAGE, &iova));
		EXPECT_EQ(right[i] & IOMMU_NEXT_IOAS_MAP_READABLE ?
			  IOMMU_NEXT_MOCK_FAULT_NONE :
			  IOMMU_NEXT_MOCK_FAULT_PERMISSION,
			  world_touch(dev, iova, false));
		EXPECT_EQ(0x11, mem[0]);
		EXPECT_EQ(right[i] & IOMMU_NEXT_IOAS_MAP_WRITEABLE ?
			  IOMMU_NEXT_MOCK_FAULT_NONE :
			  IOMMU_NEXT_MOCK_FAULT_PERMISSION,
			  world_touch(dev, iova, true));
		EXPECT_EQ(right[i] & IOMMU_NEXT_IOAS_MAP_WRITEABLE ? 0x77 :
			  0x11, mem[0]);
	}
}

TEST_F(seen, after_unmap)
{
	struct world_dev *dev = self->map.dev;
	struct map_data *map = &self->map;

	ASSERT_EQ(0, map_at(map, map->mem, PAGE, IOVA));
	ASSERT_EQ(0, map_at(map, map->mem + PAGE, PAGE, IOVA + PAGE));
	EXPECT_TRUE(world_reads(dev, IOVA, map->mem, 2 * PAGE));
	ASSERT_EQ(0, unmap(map, IOVA, PAGE, NULL));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  world_touch(dev, IOVA, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  world_touch(dev, IOVA + PAGE - 1, true));
	EXPECT_EQ(1, map->mem[PAGE - 1]);
	EXPECT_TRUE(world_reads(dev, IOVA + PAGE, map->mem + PAGE, PAGE));
}

/* The IOTLB is flushed before the memory is given up. */
TEST_F(seen, flush)
{
	struct map_data *map = &self->map;
	uint64_t before, i;

	for (i = 0; i < MEM_PAGES; i++)
		ASSERT_EQ(0, map_at(map, map->mem + i * PAGE, PAGE,
				    IOVA + i * PAGE));
	before = world_stats(&map->w, map->dev).iotlb_syncs;
	ASSERT_EQ(0, unmap(map, IOVA, PAGE, NULL));
	EXPECT_LT(before, world_stats(&map->w, map->dev).iotlb_syncs);
}

/* The same memory at several places, each on its own. */
TEST_F(seen, aliases)
{
	struct world_dev *dev = self->map.dev;
	struct map_data *map = &self->map;

	ASSERT_EQ(0, map_at(map, map->mem, MEM_LENGTH, IOVA));
	ASSERT_EQ(0, map_at(map, map->mem, MEM_LENGTH, 2 * IOVA));
	ASSERT_EQ(0, map_at(map, map->mem + PAGE, PAGE, 3 * IOVA));
	EXPECT_EQ(0, world_touch(dev, IOVA + PAGE, true));
	EXPECT_EQ(0x77, map->mem[PAGE]);
	EXPECT_TRUE(world_reads(dev, 2 * IOVA, map->mem, MEM_LENGTH));
	EXPECT_TRUE(world_reads(dev, 3 * IOVA, map->mem + PAGE, PAGE));
	ASSERT_EQ(0, unmap(map, IOVA, MEM_LENGTH, NULL));
	EXPECT_TRUE(world_reads(dev, 2 * IOVA, map->mem, MEM_LENGTH));
	ASSERT_EQ(0, unmap(map, 2 * IOVA, MEM_LENGTH, NULL));
	EXPECT_TRUE(world_reads(dev, 3 * IOVA, map->mem + PAGE, PAGE));
}

/* What the process does with its memory later is its affair alone. */
TEST_F(seen, memory_that_the_process_gives_up)
{
	struct world_dev *dev = self->map.dev;
	struct map_data *map = &self->map;
	unsigned char was[PAGE];

	memset(was, 1, PAGE);
	ASSERT_EQ(0, map_at(map, map->mem, MEM_LENGTH, IOVA));
	ASSERT_EQ(0, munmap(map->mem, MEM_LENGTH));
	EXPECT_TRUE(world_reads(dev, IOVA, was, PAGE));
	EXPECT_EQ(0, world_touch(dev, IOVA + MEM_LENGTH - 1, true));
	EXPECT_EQ(MEM_PAGES * 4, world_pinned(&map->w));
	EXPECT_EQ(0, unmap(map, IOVA, MEM_LENGTH, NULL));
	EXPECT_EQ(0, world_pinned(&map->w));
}

TEST_HARNESS_MAIN
