// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock timeout=90 machines=none */
/*
 * Every byte goes where it belongs: memory of all kinds, seen by devices with
 * large and small IO pages.
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mem.h"
#include "tap.h"
#include "world.h"

#define LENGTH (2 * HUGE)
#define KIB 1024UL
#define MIB (1UL << 20)

FIXTURE(dma)
{
	struct world w;
	struct world_dev *dev;
	unsigned char *mem;
};

/**
 * @kind: of the memory
 * @sizes: IO page sizes, 0 for 4 KiB, 2 MiB, 1 GiB
 * @pages: IO pages that LENGTH bytes take; 0 if that depends on the guest
 */
FIXTURE_VARIANT(dma)
{
	enum mem_kind kind;
	uint64_t sizes;
	uint64_t pages;
};

#define SMALL (512 | 4 * KIB | 2 * MIB)

FIXTURE_VARIANT_ADD(dma, ordered)
{
	.kind = MEM_ORDERED, .sizes = 0, .pages = 0,
};

FIXTURE_VARIANT_ADD(dma, ordered_2k)
{
	.kind = MEM_ORDERED, .sizes = 2 * KIB, .pages = LENGTH / 2 / KIB,
};

FIXTURE_VARIANT_ADD(dma, ordered_512)
{
	.kind = MEM_ORDERED, .sizes = SMALL, .pages = 0,
};

FIXTURE_VARIANT_ADD(dma, shuffled)
{
	.kind = MEM_SHUFFLED, .sizes = 0, .pages = LENGTH / PAGE,
};

FIXTURE_VARIANT_ADD(dma, shuffled_2k)
{
	.kind = MEM_SHUFFLED, .sizes = 2 * KIB, .pages = LENGTH / 2 / KIB,
};

FIXTURE_VARIANT_ADD(dma, shuffled_512)
{
	.kind = MEM_SHUFFLED, .sizes = SMALL, .pages = LENGTH / PAGE,
};

FIXTURE_VARIANT_ADD(dma, thp)
{
	.kind = MEM_THP, .sizes = 0, .pages = LENGTH / HUGE,
};

FIXTURE_VARIANT_ADD(dma, thp_4k)
{
	.kind = MEM_THP, .sizes = 4 * KIB, .pages = LENGTH / PAGE,
};

FIXTURE_VARIANT_ADD(dma, thp_2k)
{
	.kind = MEM_THP, .sizes = 2 * KIB, .pages = LENGTH / 2 / KIB,
};

FIXTURE_VARIANT_ADD(dma, thp_512_64k)
{
	.kind = MEM_THP, .sizes = 512 | 64 * KIB, .pages = LENGTH / 64 / KIB,
};

FIXTURE_VARIANT_ADD(dma, hugetlb)
{
	.kind = MEM_HUGETLB, .sizes = 0, .pages = LENGTH / HUGE,
};

FIXTURE_VARIANT_ADD(dma, hugetlb_2k)
{
	.kind = MEM_HUGETLB, .sizes = 2 * KIB, .pages = LENGTH / 2 / KIB,
};

FIXTURE_VARIANT_ADD(dma, memfd)
{
	.kind = MEM_MEMFD, .sizes = 0, .pages = 0,
};

FIXTURE_VARIANT_ADD(dma, memfd_512)
{
	.kind = MEM_MEMFD, .sizes = SMALL, .pages = 0,
};

FIXTURE_VARIANT_ADD(dma, private_file)
{
	.kind = MEM_PRIVATE, .sizes = 0, .pages = 0,
};

FIXTURE_VARIANT_ADD(dma, private_file_2k)
{
	.kind = MEM_PRIVATE, .sizes = 2 * KIB, .pages = LENGTH / 2 / KIB,
};

FIXTURE_VARIANT_ADD(dma, mixed)
{
	.kind = MEM_MIXED, .sizes = 0, .pages = 1 + HUGE / PAGE,
};

FIXTURE_VARIANT_ADD(dma, mixed_4k)
{
	.kind = MEM_MIXED, .sizes = 4 * KIB, .pages = LENGTH / PAGE,
};

FIXTURE_VARIANT_ADD(dma, mixed_512)
{
	.kind = MEM_MIXED, .sizes = SMALL, .pages = 1 + HUGE / PAGE,
};

FIXTURE_SETUP(dma)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();

	world_open(&self->w);
	how.page_sizes = variant->sizes;
	self->dev = world_attach(&self->w, &how);
	self->mem = mem_alloc(variant->kind, LENGTH);
}

FIXTURE_TEARDOWN(dma)
{
	world_close(&self->w);
}

/* Let the device write what mem_fill() would, in pieces of @piece bytes. */
static void device_fills(struct world_dev *dev, uint64_t iova, size_t length,
			 uint64_t seed, size_t piece)
{
	unsigned char *content = inx_alloc(length);
	size_t at;

	ASSERT_NE(NULL, content);
	mem_fill(content, length, seed);
	for (at = 0; at < length; at += piece)
		EXPECT_EQ(0, inx_mock_write(dev->fd, iova + at, content + at,
					    length - at < piece ? length - at :
								  piece));
	munmap(content, length);
}

static int map_at(struct dma_data *self, void *va, uint64_t length,
		  uint64_t iova)
{
	return inx_map_at(self->w.fd, self->w.ioas, va, length, iova);
}

TEST_F(dma, whole)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, map_at(self, self->mem, LENGTH, IOVA));
	EXPECT_EQ(LENGTH / KIB, world_pinned(w));
	EXPECT_EQ(LENGTH, world_stats(w, self->dev).bytes);
	if (variant->pages)
		EXPECT_EQ(variant->pages, world_stats(w, self->dev).pages);
	mem_fill(self->mem, LENGTH, 1);
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, LENGTH));
	/* In pieces that end neither with a page nor with a word. */
	device_fills(self->dev, IOVA, LENGTH, 2, 29999);
	EXPECT_TRUE(mem_is_filled(self->mem, LENGTH, 2));
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LENGTH, NULL));
	EXPECT_EQ(0, world_stats(w, self->dev).pages);
	EXPECT_EQ(0, world_pinned(w));
}

/* IOVA and memory are not aligned to each other, nor to a huge page. */
TEST_F(dma, part_at_an_odd_place)
{
	const uint64_t iova = IOVA + 5 * PAGE;
	const size_t from = 3 * PAGE, length = LENGTH - 8 * PAGE;
	struct world *w = &self->w;

	ASSERT_EQ(0, map_at(self, self->mem + from, length, iova));
	EXPECT_EQ(length / KIB, world_pinned(w));
	mem_fill(self->mem, LENGTH, 3);
	EXPECT_TRUE(world_reads(self->dev, iova, self->mem + from, length));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  world_touch(self->dev, iova - 1, true));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  world_touch(self->dev, iova + length, true));
	EXPECT_TRUE(mem_is_filled(self->mem, LENGTH, 3));
	device_fills(self->dev, iova, length, 4, 32768);
	EXPECT_TRUE(mem_is_filled(self->mem + from, length, 4));
	EXPECT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
	EXPECT_EQ(0, world_pinned(w));
}

/*
 * Pieces of it, some of which are unmapped again. Cut at random, but with the
 * same pieces in every run.
 */
TEST_F(dma, pieces)
{
	uint64_t at[64], piece[64], n = 0, sum = 0, pos = 0, random = 1, i;
	struct world *w = &self->w;

	while (pos < LENGTH && n < 64) {
		random = random * 6364136223846793005 + 1442695040888963407;
		at[n] = pos;
		piece[n] = (1 + (random >> 33) % 40) * PAGE;
		if (piece[n] > LENGTH - pos)
			piece[n] = LENGTH - pos;
		ASSERT_EQ(0, map_at(self, self->mem + pos, piece[n],
				    IOVA + pos));
		pos += piece[n++];
	}
	mem_fill(self->mem, pos, 5);
	/* A DMA does not care where one mapping ends and the next begins. */
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, pos));
	for (i = 0; i < n; i += 2) {
		ASSERT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA + at[i], piece[i],
				       NULL));
		EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
			  world_touch(self->dev, IOVA + at[i], true));
		EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
			  world_touch(self->dev, IOVA + at[i] + piece[i] - 1,
				      true));
	}
	for (i = 1; i < n; i += 2) {
		sum += piece[i];
		EXPECT_TRUE(world_reads(self->dev, IOVA + at[i],
					self->mem + at[i], piece[i]));
	}
	EXPECT_EQ(sum / KIB, world_pinned(w));
	EXPECT_EQ(sum, world_stats(w, self->dev).bytes);
	EXPECT_TRUE(mem_is_filled(self->mem, pos, 5));
}

/* The same, but the device comes when everything is mapped already. */
TEST_F(dma, attach_later)
{
	struct world *w = &self->w;
	int i;

	ASSERT_EQ(0, inx_detach(self->dev->fd));
	ASSERT_EQ(0, map_at(self, self->mem, HUGE, IOVA));
	ASSERT_EQ(0, map_at(self, self->mem + HUGE, HUGE, IOVA + HUGE + PAGE));
	mem_fill(self->mem, LENGTH, 6);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, world_pinned(w));
		ASSERT_EQ(0, inx_attach_to(self->dev->fd, w->ioas));
		EXPECT_EQ(LENGTH / KIB, world_pinned(w));
		EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, HUGE));
		EXPECT_TRUE(world_reads(self->dev, IOVA + HUGE + PAGE,
					self->mem + HUGE, HUGE));
		EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
			  world_touch(self->dev, IOVA + HUGE, false));
		ASSERT_EQ(0, inx_detach(self->dev->fd));
		EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
			  world_touch(self->dev, IOVA, false));
	}
}

/* Each page by itself. */
TEST_F(dma, without_large_io_pages)
{
	struct world *w = &self->w;
	uint64_t sizes = variant->sizes ?: PAGE;
	uint64_t size = PAGE;

	ASSERT_EQ(0, inx_option_set(w->fd, IOMMU_NEXT_OPTION_HUGE_PAGES,
				    w->ioas, 0));
	ASSERT_EQ(0, map_at(self, self->mem, LENGTH, IOVA));
	/* A page that the IOMMU does not have takes several smaller ones. */
	while (!(sizes & size))
		size /= 2;
	EXPECT_EQ(LENGTH / size, world_stats(w, self->dev).pages);
	mem_fill(self->mem, LENGTH, 7);
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, LENGTH));
	EXPECT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
	EXPECT_EQ(0, world_pinned(w));
}

/* ---- IO pages that are smaller than a page -------------------------------- */

FIXTURE(small)
{
	struct world w;
	struct world_dev *dev;
	unsigned char *mem;
};

FIXTURE_VARIANT(small)
{
	enum mem_kind kind;
	uint64_t size;
};

FIXTURE_VARIANT_ADD(small, shuffled_512)
{
	MEM_SHUFFLED, 512
};

FIXTURE_VARIANT_ADD(small, shuffled_2k)
{
	MEM_SHUFFLED, 2048
};

FIXTURE_VARIANT_ADD(small, thp_512)
{
	MEM_THP, 512
};

FIXTURE_VARIANT_ADD(small, thp_2k)
{
	MEM_THP, 2048
};

FIXTURE_SETUP(small)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();

	world_open(&self->w);
	how.page_sizes = variant->size | PAGE | HUGE;
	self->dev = world_attach(&self->w, &how);
	self->mem = mem_alloc(variant->kind, HUGE);
	mem_fill(self->mem, HUGE, 8);
}

FIXTURE_TEARDOWN(small)
{
	world_close(&self->w);
}

/* All starts and ends inside the first and the last page of three. */
TEST_F(small, starts_and_ends)
{
	const uint64_t size = variant->size;
	uint64_t from, to, at;
	struct world *w = &self->w;

	for (from = 0; from < PAGE; from += size) {
		for (to = 2 * PAGE + size; to <= 3 * PAGE; to += size) {
			/* Another place each time, in and out of step. */
			at = IOVA + (from + to) % (3 * size);
			ASSERT_EQ(0, inx_map_at(w->fd, w->ioas,
						self->mem + from, to - from,
						at));
			EXPECT_TRUE(world_reads(self->dev, at, self->mem + from,
						to - from));
			EXPECT_EQ(3 * 4, world_pinned(w));
			EXPECT_EQ(to - from, world_stats(w, self->dev).bytes);
			EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
				  world_touch(self->dev, at - 1, true));
			EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
				  world_touch(self->dev, at + to - from, true));
			ASSERT_EQ(0, inx_unmap(w->fd, w->ioas, at, to - from,
					       NULL));
			EXPECT_EQ(0, world_pinned(w));
		}
	}
	EXPECT_TRUE(mem_is_filled(self->mem, HUGE, 8));
}

/* A page in pieces, each mapped apart; the rest of the page stays out. */
TEST_F(small, pieces_of_a_page)
{
	const uint64_t size = variant->size;
	struct world *w = &self->w;
	uint64_t i, n = PAGE / size;

	for (i = 0; i < n; i++)
		ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem + i * size,
					size, IOVA + (n - i) * 2 * size));
	EXPECT_EQ(PAGE, world_stats(w, self->dev).bytes);
	for (i = 0; i < n; i++) {
		EXPECT_TRUE(world_reads(self->dev, IOVA + (n - i) * 2 * size,
					self->mem + i * size, size));
		EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
			  world_touch(self->dev,
				      IOVA + (n - i) * 2 * size + size, true));
	}
	EXPECT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
	EXPECT_EQ(0, world_pinned(w));
}

/* Copies that begin and end inside pages of the source. */
TEST_F(small, copies)
{
	const uint64_t size = variant->size, length = HUGE - 2 * PAGE;
	uint64_t i, from, n, dst;
	struct world *w = &self->w;

	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem + size, length,
				IOVA));
	for (i = 0; i < 20; i++) {
		from = i * 13 * size;
		n = (1 + i * i) * size;
		dst = 2 * IOVA + i * HUGE + i * size;
		ASSERT_EQ(0, inx_copy(w->fd, w->ioas, w->ioas,
				      INX_RW | INX_FIXED, n, &dst,
				      IOVA + from));
	}
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, length, NULL));
	for (i = 0; i < 20; i++) {
		dst = 2 * IOVA + i * HUGE + i * size;
		EXPECT_TRUE(world_reads(self->dev, dst,
					self->mem + size + i * 13 * size,
					(1 + i * i) * size));
		EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, dst, (1 + i * i) * size,
				       NULL));
	}
	EXPECT_EQ(0, world_stats(w, self->dev).bytes);
	EXPECT_EQ(0, world_pinned(w));
}

/* ---- sharing with the process ---------------------------------------------- */

/*
 * A device that may only read has to see what the process writes after the
 * mapping was made: also where the process had never written before, so that
 * its pages were not yet its own.
 */
TEST(read_only_sees_later_writes)
{
	unsigned char *zero, *file;
	int fd = memfd_create("file", MFD_CLOEXEC);
	uint64_t iova = IOVA;
	struct world_dev *dev;
	struct world w;

	world_open(&w);
	dev = world_attach(&w, NULL);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(PAGE, write(fd, memset(inx_alloc(PAGE), 3, PAGE), PAGE));
	zero = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	file = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	/* Read first, so that there is a page that is not to be written. */
	ASSERT_EQ(0, *(volatile unsigned char *)zero);
	ASSERT_EQ(3, *(volatile unsigned char *)file);
	ASSERT_EQ(0, inx_map(w.fd, w.ioas, INX_RO | INX_FIXED, zero, PAGE,
			     &iova));
	iova += PAGE;
	ASSERT_EQ(0, inx_map(w.fd, w.ioas, INX_RO | INX_FIXED, file, PAGE,
			     &iova));
	EXPECT_TRUE(world_reads(dev, IOVA, zero, PAGE));
	EXPECT_TRUE(world_reads(dev, IOVA + PAGE, file, PAGE));
	memset(zero, 0x41, PAGE);
	memset(file, 0x42, PAGE);
	EXPECT_TRUE(world_reads(dev, IOVA, zero, PAGE));
	EXPECT_TRUE(world_reads(dev, IOVA + PAGE, file, PAGE));
	close(fd);
	world_close(&w);
}

/* What the process itself may only read, a device may be given to read. */
TEST(read_only_memory)
{
	int fd = memfd_create("file", MFD_CLOEXEC), i;
	unsigned char *mem[4];
	struct world_dev *dev;
	struct world w;
	uint64_t iova;

	world_open(&w);
	dev = world_attach(&w, NULL);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(PAGE, write(fd, memset(inx_alloc(PAGE), 3, PAGE), PAGE));
	mem[0] = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	mem[1] = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	mem[2] = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	mem[3] = inx_alloc(PAGE);
	mem[3][0] = 5;
	ASSERT_EQ(0, mprotect(mem[3], PAGE, PROT_READ));
	for (i = 0; i < 4; i++) {
		ASSERT_NE(MAP_FAILED, mem[i]);
		iova = IOVA + i * PAGE;
		EXPECT_ERRNO(EFAULT, inx_map_at(w.fd, w.ioas, mem[i], PAGE,
						iova));
		EXPECT_EQ(0, inx_map(w.fd, w.ioas, INX_RO | INX_FIXED, mem[i],
				     PAGE, &iova));
		EXPECT_TRUE(world_reads(dev, iova, mem[i], PAGE));
	}
	/* What is written to the file is seen where the file is shared. */
	ASSERT_EQ(1, pwrite(fd, "X", 1, 100));
	EXPECT_EQ('X', mem[0][100]);
	EXPECT_TRUE(world_reads(dev, IOVA, mem[0], PAGE));
	close(fd);
	world_close(&w);
}

/* A DMA that is refused half way has done what stands before. */
TEST(dma_that_is_refused_half_way)
{
	unsigned char *mem = mem_alloc(MEM_SHUFFLED, 4 * PAGE);
	char buf[sizeof(struct iommu_next_mock_dma) + 2 * PAGE] = {};
	struct iommu_next_mock_dma *arg = (void *)buf;
	struct world_dev *dev;
	struct world w;

	world_open(&w);
	dev = world_attach(&w, NULL);
	memset(mem, 0, 4 * PAGE);
	ASSERT_EQ(0, inx_map_at(w.fd, w.ioas, mem, 2 * PAGE, IOVA));
	arg->argsz = sizeof(buf);
	arg->flags = IOMMU_NEXT_MOCK_DMA_WRITE;
	arg->iova = IOVA + PAGE + 100;
	arg->length = 2 * PAGE;
	memset(arg->data, 0x5a, 2 * PAGE);
	ASSERT_EQ(0, ioctl(dev->fd, IOMMU_NEXT_MOCK_DMA, arg));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED, arg->out_fault);
	EXPECT_EQ(IOVA + 2 * PAGE, arg->out_fault_iova);
	EXPECT_EQ(0, mem[PAGE + 99]);
	EXPECT_EQ(0x5a, mem[PAGE + 100]);
	EXPECT_EQ(0x5a, mem[2 * PAGE - 1]);
	EXPECT_EQ(0, mem[2 * PAGE]);
	world_close(&w);
}

TEST_HARNESS_MAIN
