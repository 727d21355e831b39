// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none,smp timeout=180 */
/* harness: seldom=?.?/none,6.12/none */
/*
 * How VFIO's type1 unmaps a part of a mapping: every part of it, beside copies,
 * with page tables that come and go, with several threads.
 */
#define _GNU_SOURCE
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mem.h"
#include "racer.h"
#include "tap.h"
#include "type1.h"
#include "world.h"

#define PAGES 6

/*
 * Memory, mapped in an IOAS of type1. Devices are attached before, or when a
 * test says so.
 */
FIXTURE(cut)
{
	struct world w;
	struct world_dev *dev[2];
	unsigned int nr;
	unsigned char *mem;
};

FIXTURE_VARIANT(cut)
{
	enum mem_kind kind;
	unsigned int devices;
	uint64_t page_sizes;
};

FIXTURE_VARIANT_ADD(cut, alone)
{
	MEM_ORDERED, 0, 0
};

FIXTURE_VARIANT_ADD(cut, ordered)
{
	MEM_ORDERED, 1, 0
};

FIXTURE_VARIANT_ADD(cut, shuffled)
{
	MEM_SHUFFLED, 1, 0
};

FIXTURE_VARIANT_ADD(cut, huge)
{
	MEM_THP, 1, 0
};

FIXTURE_VARIANT_ADD(cut, huge_2k)
{
	MEM_THP, 1, 2048 | HUGE
};

FIXTURE_VARIANT_ADD(cut, shuffled_2k)
{
	MEM_SHUFFLED, 1, 2048
};

FIXTURE_VARIANT_ADD(cut, file_two_devices)
{
	MEM_MEMFD, 2, 0
};

FIXTURE_VARIANT_ADD(cut, huge_two_devices)
{
	MEM_THP, 2, 0
};

FIXTURE_SETUP(cut)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	struct world *w = &self->w;
	unsigned int i;

	world_open(w);
	how.page_sizes = variant->page_sizes;
	for (i = 0; i < 2; i++) {
		self->dev[i] = world_bind(w, &how);
		if (i < variant->devices)
			ASSERT_EQ(0, inx_attach_to(self->dev[i]->fd, w->ioas));
		/* The next one has a page table of its own. */
		how.page_sizes = 1024 | PAGE;
	}
	self->nr = variant->devices;
	ASSERT_EQ(0, type1_set_ioas(w->fd, w->ioas));
	ASSERT_EQ(0, ioctl(w->fd, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU));
	self->mem = mem_alloc(variant->kind, variant->kind == MEM_THP ?
						     HUGE : PAGES * PAGE);
	mem_fill(self->mem, PAGES * PAGE, 1);
}

FIXTURE_TEARDOWN(cut)
{
	world_close(&self->w);
}

/* Pages of @map, a bit each, are all that is mapped, from @iova on. */
static void expect_map(struct cut_data *self, uint64_t iova, unsigned int map)
{
	unsigned int i, d;

	for (d = 0; d < self->nr; d++) {
		for (i = 0; i < PAGES; i++) {
			if (map & 1U << i)
				EXPECT_TRUE(world_reads(self->dev[d],
							iova + i * PAGE,
							self->mem + i * PAGE,
							PAGE));
			else
				EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
					  world_touch(self->dev[d],
						      iova + i * PAGE, false));
		}
		EXPECT_EQ(__builtin_popcount(map) * PAGE,
			  world_stats(&self->w, self->dev[d]).bytes);
	}
}

static void expect_pinned(struct cut_data *self, unsigned int pages)
{
	EXPECT_EQ(self->nr ? 4 * pages : 0, world_pinned(&self->w));
}

static void map(struct cut_data *self)
{
	ASSERT_EQ(0, type1_map(self->w.fd, self->mem, PAGES * PAGE, IOVA));
}

/* Unmap pages @first to @end - 1, of which @mapped are there. */
static void unmap(struct cut_data *self, unsigned int first, unsigned int end,
		  unsigned int mapped)
{
	uint64_t size;

	ASSERT_EQ(0, type1_unmap(self->w.fd, IOVA + first * PAGE,
				 (end - first) * PAGE, &size));
	EXPECT_EQ(mapped * PAGE, size);
}

static unsigned int bits(unsigned int first, unsigned int end)
{
	return ((1U << end) - 1) & ~((1U << first) - 1);
}

TEST_F(cut, every_part)
{
	unsigned int first, end, all = bits(0, PAGES), left;

	for (first = 0; first < PAGES; first++) {
		for (end = first + 1; end <= PAGES; end++) {
			left = all & ~bits(first, end);
			map(self);
			unmap(self, first, end, end - first);
			expect_map(self, IOVA, left);
			expect_pinned(self, __builtin_popcount(left));
			/* Free again, and not more than that. */
			EXPECT_EQ(0, type1_map(self->w.fd,
					       self->mem + first * PAGE,
					       (end - first) * PAGE,
					       IOVA + first * PAGE));
			expect_map(self, IOVA, all);
			unmap(self, 0, PAGES, PAGES);
			expect_pinned(self, 0);
		}
	}
}

TEST_F(cut, page_by_page)
{
	static const unsigned int order[PAGES] = { 3, 0, 5, 1, 4, 2 };
	unsigned int i, left = bits(0, PAGES);

	map(self);
	for (i = 0; i < PAGES; i++) {
		unmap(self, order[i], order[i] + 1, 1);
		left &= ~(1U << order[i]);
		expect_map(self, IOVA, left);
		expect_pinned(self, __builtin_popcount(left));
	}
}

TEST_F(cut, range_with_holes_and_both_ends_inside)
{
	int fd = self->w.fd;
	uint64_t size;

	/* Two pages each, a page between them. */
	ASSERT_EQ(0, type1_map(fd, self->mem, 2 * PAGE, IOVA));
	ASSERT_EQ(0, type1_map(fd, self->mem, PAGE, IOVA + 3 * PAGE));
	ASSERT_EQ(0, type1_map(fd, self->mem, 2 * PAGE, IOVA + 5 * PAGE));
	ASSERT_EQ(0, type1_unmap(fd, IOVA + PAGE, 5 * PAGE, &size));
	EXPECT_EQ(3 * PAGE, size);
	expect_pinned(self, 2);
	EXPECT_EQ(0, inx_unmap(fd, self->w.ioas, IOVA, PAGE, NULL));
	EXPECT_EQ(0, inx_unmap(fd, self->w.ioas, IOVA + 6 * PAGE, PAGE, NULL));
}

TEST_F(cut, nothing_to_cut)
{
	uint64_t size;

	map(self);
	ASSERT_EQ(0, type1_unmap(self->w.fd, IOVA - PAGE, PAGE, &size));
	EXPECT_EQ(0, size);
	ASSERT_EQ(0, type1_unmap(self->w.fd, IOVA + PAGES * PAGE, PAGE, &size));
	EXPECT_EQ(0, size);
	/* Exactly, and with more around it. */
	unmap(self, 0, PAGES, PAGES);
	map(self);
	ASSERT_EQ(0, type1_unmap(self->w.fd, 0, 0UL - PAGE, &size));
	EXPECT_EQ(PAGES * PAGE, size);
	map(self);
	ASSERT_EQ(0, type1_unmap(self->w.fd, PAGE, 0UL - PAGE, &size));
	EXPECT_EQ(PAGES * PAGE, size);
}

TEST_F(cut, inside_a_page)
{
	int fd = self->w.fd;

	map(self);
	EXPECT_ERRNO(EINVAL, type1_unmap(fd, IOVA + 2048, PAGE, NULL));
	EXPECT_ERRNO(EINVAL, type1_unmap(fd, IOVA + PAGE, 2048, NULL));
	EXPECT_ERRNO(EINVAL, type1_unmap(fd, IOVA + PAGE, PAGE + 1, NULL));
	EXPECT_ERRNO(EINVAL, type1_unmap(fd, IOVA + PAGE - 1, PAGE, NULL));
	/* One end would do, the other does not. */
	EXPECT_ERRNO(EINVAL, type1_unmap(fd, 0, IOVA + PAGE + 512, NULL));
	expect_map(self, IOVA, bits(0, PAGES));
	/* It is still one mapping. */
	EXPECT_ERRNO(ENOENT, inx_unmap(fd, self->w.ioas, IOVA, PAGE, NULL));
	EXPECT_EQ(0, inx_unmap(fd, self->w.ioas, IOVA, PAGES * PAGE, NULL));
	/* Where nothing has to be cut it does not matter. */
	EXPECT_EQ(0, type1_unmap(fd, IOVA + 1, 7, NULL));
}

TEST_F(cut, beside_a_copy_here)
{
	uint64_t to = IOVA + HUGE;

	map(self);
	ASSERT_EQ(0, inx_copy(self->w.fd, self->w.ioas, self->w.ioas,
			      INX_RW | INX_FIXED, 3 * PAGE, &to, IOVA + PAGE));
	unmap(self, 2, 3, 1);
	expect_pinned(self, PAGES);
	/* The part of the copy that the original has, and the other. */
	ASSERT_EQ(0, type1_unmap(self->w.fd, to, PAGE, NULL));
	expect_pinned(self, PAGES);
	ASSERT_EQ(0, type1_unmap(self->w.fd, to + PAGE, PAGE, NULL));
	expect_pinned(self, PAGES - 1);
	if (self->nr)
		EXPECT_TRUE(world_reads(self->dev[0], to + 2 * PAGE,
					self->mem + 3 * PAGE, PAGE));
	unmap(self, 3, PAGES, 3);
	expect_pinned(self, 3);
	ASSERT_EQ(0, type1_unmap_all(self->w.fd, NULL));
	expect_pinned(self, 0);
}

TEST_F(cut, beside_a_copy_elsewhere)
{
	uint32_t other = world_ioas(&self->w);
	struct world_dev *dev = world_bind(&self->w, NULL);
	uint64_t to = 2 * IOVA;
	unsigned int i;

	/* Of all, without a page table, and later with one. */
	map(self);
	ASSERT_EQ(0, inx_copy(self->w.fd, other, self->w.ioas,
			      INX_RW | INX_FIXED, PAGES * PAGE, &to, IOVA));
	unmap(self, 1, 2, 1);
	expect_pinned(self, PAGES - 1);
	ASSERT_EQ(0, inx_attach_to(dev->fd, other));
	EXPECT_TRUE(world_reads(dev, to, self->mem, PAGES * PAGE));
	EXPECT_EQ(4 * PAGES, world_pinned(&self->w));
	for (i = 2; i < PAGES; i++)
		unmap(self, i, i + 1, 1);
	EXPECT_EQ(4 * PAGES, world_pinned(&self->w));
	EXPECT_TRUE(world_reads(dev, to, self->mem, PAGES * PAGE));
	unmap(self, 0, 1, 1);
	expect_map(self, IOVA, 0);
	EXPECT_TRUE(world_reads(dev, to, self->mem, PAGES * PAGE));
	ASSERT_EQ(0, inx_unmap_all(self->w.fd, other, NULL));
	EXPECT_EQ(0, world_pinned(&self->w));
}

TEST_F(cut, then_page_tables_come_and_go)
{
	unsigned int left = bits(0, PAGES) & ~bits(2, 4), i;

	map(self);
	unmap(self, 2, 4, 2);
	for (i = 0; i < self->nr; i++)
		ASSERT_EQ(0, inx_detach(self->dev[i]->fd));
	EXPECT_EQ(0, world_pinned(&self->w));
	self->nr = 2;
	for (i = 0; i < self->nr; i++)
		ASSERT_EQ(0, inx_attach_to(self->dev[i]->fd, self->w.ioas));
	expect_map(self, IOVA, left);
	expect_pinned(self, PAGES - 2);
	/* The one goes that PFNs are read from. */
	ASSERT_EQ(0, inx_detach(self->dev[0]->fd));
	EXPECT_TRUE(world_reads(self->dev[1], IOVA, self->mem, 2 * PAGE));
	unmap(self, 1, 5, 2);
	expect_pinned(self, 2);
	unmap(self, 0, PAGES, 2);
	expect_pinned(self, 0);
}

TEST_F(cut, and_copied_over_the_cut)
{
	uint64_t to = IOVA + HUGE;

	map(self);
	unmap(self, 1, 2, 1);
	ASSERT_EQ(0, inx_copy(self->w.fd, self->w.ioas, self->w.ioas,
			      INX_RW | INX_FIXED, 4 * PAGE, &to,
			      IOVA + 2 * PAGE));
	EXPECT_ERRNO(ENOENT, inx_copy(self->w.fd, self->w.ioas, self->w.ioas,
				      INX_RW | INX_FIXED, 2 * PAGE,
				      &(uint64_t){ 8 * IOVA }, IOVA));
	unmap(self, 3, 4, 1);
	expect_pinned(self, PAGES - 1);
	if (self->nr)
		EXPECT_TRUE(world_reads(self->dev[0], to, self->mem + 2 * PAGE,
					4 * PAGE));
	ASSERT_EQ(0, type1_unmap_all(self->w.fd, NULL));
	expect_pinned(self, 0);
}

/* The option alone does it, whatever the type. */
TEST(of_type1v2_with_the_option)
{
	unsigned char *mem = inx_alloc(4 * PAGE);
	struct world w;
	uint64_t size;

	world_open(&w);
	world_attach(&w, NULL);
	ASSERT_EQ(0, type1_set_ioas(w.fd, w.ioas));
	ASSERT_EQ(0, ioctl(w.fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, inx_option_set(w.fd, IOMMU_NEXT_OPTION_HUGE_PAGES, w.ioas,
				    0));
	ASSERT_EQ(0, type1_map(w.fd, mem, 4 * PAGE, IOVA));
	EXPECT_ERRNO(ENOENT, inx_unmap(w.fd, w.ioas, IOVA + PAGE, PAGE, NULL));
	EXPECT_EQ(0, type1_unmap(w.fd, IOVA + PAGE, PAGE, &size));
	EXPECT_EQ(PAGE, size);
	/* Back to large pages: what comes from now on cannot be cut. */
	ASSERT_EQ(0, inx_option_set(w.fd, IOMMU_NEXT_OPTION_HUGE_PAGES, w.ioas,
				    1));
	EXPECT_ERRNO(ENOENT, type1_unmap(w.fd, IOVA + 2 * PAGE, PAGE, NULL));
	EXPECT_EQ(0, type1_unmap(w.fd, IOVA + 2 * PAGE, 2 * PAGE, NULL));
	world_close(&w);
}

/* A pin by the CPU counts on its mapping: it is not cut, but can be unmapped. */
TEST_F(cut, while_the_cpu_has_pins)
{
	int access = inx_access(self->w.mock, self->w.fd,
				IOMMU_NEXT_MOCK_ACCESS_PINS, NULL);
	unsigned char byte = 7;
	uint32_t pin;

	ASSERT_GE(access, 0);
	ASSERT_EQ(0, inx_access_attach(access, self->w.ioas));
	map(self);
	ASSERT_EQ(0, inx_access_pin(access, 0, IOVA + 4 * PAGE, PAGE, &pin));
	EXPECT_ERRNO(EINVAL, type1_unmap(self->w.fd, IOVA, PAGE, NULL));
	EXPECT_ERRNO(EINVAL, type1_unmap(self->w.fd, IOVA + PAGE, PAGE, NULL));
	EXPECT_ERRNO(EINVAL, type1_unmap(self->w.fd, IOVA - PAGE, 2 * PAGE,
					 NULL));
	expect_map(self, IOVA, bits(0, PAGES));
	ASSERT_EQ(0, inx_access_unpin(access, pin));
	unmap(self, 1, 2, 1);
	/* Another part of what was one mapping. */
	ASSERT_EQ(0, inx_access_pin(access, 0, IOVA, PAGE, &pin));
	unmap(self, 3, 4, 1);
	EXPECT_EQ(0, inx_access_write(access, IOVA + 2 * PAGE, &byte, 1));
	EXPECT_ERRNO(ENOENT, inx_access_write(access, IOVA + PAGE, &byte, 1));
	EXPECT_EQ(7, self->mem[2 * PAGE]);
	/* As a whole: the pin has to go, and does. */
	unmap(self, 0, 1, 1);
	EXPECT_ERRNO(ENOENT, inx_access_unpin(access, pin));
	expect_map(self, IOVA, bits(2, 3) | bits(4, PAGES));
	ASSERT_EQ(0, close(access));
}

/* ---- several threads ------------------------------------------------------- */

#define RACE_PAGES 64

struct arena {
	struct world w;
	struct world_dev *dev;
	unsigned char *mem;
	uint32_t other;
	int access, pinner;
};

static struct arena *arena(struct racer *r)
{
	return r->race->data;
}

static void some_map(struct racer *r)
{
	unsigned int first = pick(r, RACE_PAGES);
	unsigned int nr = 1 + pick(r, RACE_PAGES - first);
	struct arena *a = arena(r);
	int rc = type1_map(a->w.fd, a->mem + first * PAGE, nr * PAGE,
			   IOVA + first * PAGE);

	ONE_OF(r, rc, EEXIST);
}

static void some_unmap(struct racer *r)
{
	unsigned int first = pick(r, RACE_PAGES);
	unsigned int nr = 1 + pick(r, (RACE_PAGES - first + 7) / 8);
	struct arena *a = arena(r);
	uint64_t size;
	int rc = type1_unmap(a->w.fd, IOVA + first * PAGE, nr * PAGE, &size);

	if (ONE_OF(r, rc, EBUSY, ENOENT))
		must(r, size <= nr * PAGE, "no more is unmapped than asked");
}

static void unmap_all(struct racer *r)
{
	int rc = type1_unmap_all(arena(r)->w.fd, NULL);

	ONE_OF(r, rc, EBUSY);
	usleep(10000);
}

static void copy_some(struct racer *r)
{
	struct arena *a = arena(r);
	unsigned int first = pick(r, RACE_PAGES - 1);
	uint64_t to = 0;
	uint32_t pin;
	int rc;

	rc = inx_copy(a->w.fd, a->other, a->w.ioas, INX_RW, 2 * PAGE, &to,
		      IOVA + first * PAGE);
	if (!ONE_OF(r, rc, ENOENT))
		return;
	/* The CPU cuts segments, and puts them together again. */
	must(r, !inx_access_pin(a->pinner, 0, to + PAGE, PAGE, &pin) &&
	     !inx_access_unpin(a->pinner, pin), "pin of the copy");
	must(r, !inx_unmap(a->w.fd, a->other, to, 2 * PAGE, NULL),
	     "the copy is one's own");
}

/* A cut waits for it. */
static void touch(struct racer *r)
{
	unsigned int first = pick(r, RACE_PAGES - 1);
	unsigned char buf[2 * PAGE];
	struct arena *a = arena(r);
	int rc = inx_access_read(a->access, IOVA + first * PAGE, buf,
				 sizeof(buf));

	/* EINVAL: about to be unmapped. */
	ONE_OF(r, rc, ENOENT, EINVAL);
}

static void come_and_go(struct racer *r)
{
	struct arena *a = arena(r);
	int rc = inx_attach_to(a->dev->fd, a->w.ioas);

	ONE_OF(r, rc, EAGAIN);
	must(r, !inx_detach(a->dev->fd), "detach");
}

TEST_TIMEOUT(threads, 60)
{
	struct world_dev *dev;
	struct arena a;

	world_open(&a.w);
	dev = world_attach(&a.w, NULL);
	a.dev = world_bind(&a.w, NULL);
	a.other = world_ioas(&a.w);
	/* Where small pages come after a huge one. */
	a.mem = mem_alloc(MEM_MIXED, 4 * HUGE) + HUGE - RACE_PAGES / 2 * PAGE;
	ASSERT_EQ(0, type1_set_ioas(a.w.fd, a.w.ioas));
	ASSERT_EQ(0, ioctl(a.w.fd, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, inx_attach_to(world_bind(&a.w, NULL)->fd, a.other));
	a.access = inx_access(a.w.mock, a.w.fd, 0, NULL);
	ASSERT_GE(a.access, 0);
	ASSERT_EQ(0, inx_access_attach(a.access, a.w.ioas));
	a.pinner = inx_access(a.w.mock, a.w.fd, IOMMU_NEXT_MOCK_ACCESS_PINS,
			      NULL);
	ASSERT_GE(a.pinner, 0);
	ASSERT_EQ(0, inx_access_attach(a.pinner, a.other));
	RACE(&a, 3000, RACER(some_map), RACER(some_map), RACER(some_unmap),
	     RACER(some_unmap), RACER(unmap_all), RACER(copy_some),
	     RACER(touch), RACER(come_and_go));
	ASSERT_EQ(0, close(a.access));
	ASSERT_EQ(0, close(a.pinner));
	ASSERT_EQ(0, type1_unmap_all(a.w.fd, NULL));
	EXPECT_EQ(0, world_stats(&a.w, dev).bytes);
	EXPECT_TRUE(world_settles(&a.w, 0));
	world_close(&a.w);
}

TEST_HARNESS_MAIN
