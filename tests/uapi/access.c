// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none,smp timeout=120 */
/* harness: seldom=?.?/none,6.12/none */
/*
 * Accesses of drivers: pins for the CPU with page tables and without, copies in
 * and out, and who lets go of what when memory is unmapped.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem.h"
#include "tap.h"
#include "uffd.h"
#include "world.h"

#define PAGES 1024UL
#define LENGTH (PAGES * PAGE)
#define USER 1234
#define WRITE IOMMU_NEXT_MOCK_ACCESS_WRITE
#define PINS IOMMU_NEXT_MOCK_ACCESS_PINS
#define REFUSES IOMMU_NEXT_MOCK_ACCESS_REFUSES

/* An IOAS that maps LENGTH bytes at IOVA, in two mappings; a device beside it. */
FIXTURE(access)
{
	struct world w;
	struct world_dev *dev;
	unsigned char *mem;
	int fd;
	uint32_t id;
};

FIXTURE_VARIANT(access)
{
	enum mem_kind kind;
	bool attached;
};

FIXTURE_VARIANT_ADD(access, ordered)
{
	.kind = MEM_ORDERED,
};

FIXTURE_VARIANT_ADD(access, shuffled)
{
	.kind = MEM_SHUFFLED,
};

FIXTURE_VARIANT_ADD(access, mixed)
{
	.kind = MEM_MIXED,
};

FIXTURE_VARIANT_ADD(access, shuffled_attached)
{
	.kind = MEM_SHUFFLED,
	.attached = true,
};

FIXTURE_VARIANT_ADD(access, mixed_attached)
{
	.kind = MEM_MIXED,
	.attached = true,
};

FIXTURE_SETUP(access)
{
	struct world *w = &self->w;

	world_open(w);
	self->dev = world_bind(w, NULL);
	self->mem = mem_alloc(variant->kind, LENGTH);
	mem_fill(self->mem, LENGTH, 1);
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, LENGTH / 2, IOVA));
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem + LENGTH / 2,
				LENGTH / 2, IOVA + LENGTH / 2));
	if (variant->attached)
		ASSERT_EQ(0, inx_attach_to(self->dev->fd, w->ioas));
	self->fd = inx_access(w->mock, w->fd, PINS, &self->id);
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(0, inx_access_attach(self->fd, w->ioas));
}

FIXTURE_TEARDOWN(access)
{
	close(self->fd);
	EXPECT_EQ(0, inx_unmap_all(self->w.fd, self->w.ioas, NULL));
	EXPECT_EQ(0, world_pinned(&self->w));
	world_close(&self->w);
}

/* Pages that are pinned when this many are for the CPU. */
static void expect_pinned(struct access_data *self,
			  const struct access_variant *variant, long pages)
{
	EXPECT_EQ((variant->attached ? (long)PAGES : pages) * 4,
		  world_pinned(&self->w));
}

static int pin(struct access_data *self, uint64_t page, uint64_t pages,
	       uint32_t *id)
{
	return inx_access_pin(self->fd, WRITE, IOVA + page * PAGE, pages * PAGE,
			      id);
}

/* What is seen through a pin is what the process sees. */
static bool pin_is_good(int fd, uint32_t id, const unsigned char *mem,
			uint64_t length)
{
	unsigned char *seen = malloc(length);
	bool good;

	ASSERT_NE(NULL, seen);
	ASSERT_EQ(0, inx_access_read_pin(fd, id, 0, seen, length));
	good = !memcmp(seen, mem, length);
	free(seen);
	return good;
}

static struct iommu_next_mock_access_stats stats(int fd)
{
	struct iommu_next_mock_access_stats stats;

	ASSERT_EQ(0, inx_access_stats(fd, &stats));
	return stats;
}

/* ---- pins ------------------------------------------------------------------------ */

TEST_F(access, pins)
{
	static const struct {
		uint64_t page, pages;
	} part[] = {
		{ 0, 1 }, { 0, PAGES }, { 7, 1 }, { 5, 5 },
		{ PAGES / 2 - 1, 2 }, { PAGES / 2, 1 }, { PAGES - 1, 1 },
		{ 100, 700 }, { 511, 3 },
	};

	for (size_t i = 0; i < sizeof(part) / sizeof(*part); i++) {
		uint64_t at = part[i].page * PAGE, length = part[i].pages * PAGE;
		uint64_t word = 0x1234567890 + i;
		uint32_t id;

		ASSERT_EQ(0, pin(self, part[i].page, part[i].pages, &id));
		expect_pinned(self, variant, part[i].pages);
		EXPECT_TRUE(pin_is_good(self->fd, id, self->mem + at, length));
		ASSERT_EQ(0, inx_access_write_pin(self->fd, id, length - 8,
						  &word, 8));
		EXPECT_EQ(0, memcmp(self->mem + at + length - 8, &word, 8));
		ASSERT_EQ(0, inx_access_unpin(self->fd, id));
		expect_pinned(self, variant, 0);
	}
	EXPECT_EQ(0, stats(self->fd).unmaps);
}

/* Not to the page, and only as many bytes as are asked for. */
TEST_F(access, odd_lengths)
{
	uint32_t id;

	ASSERT_EQ(0, inx_access_pin(self->fd, 0, IOVA + PAGE, 1, &id));
	expect_pinned(self, variant, 1);
	ASSERT_EQ(0, inx_access_unpin(self->fd, id));
	ASSERT_EQ(0, inx_access_pin(self->fd, 0, IOVA + PAGE, PAGE + 1, &id));
	expect_pinned(self, variant, 2);
	EXPECT_TRUE(pin_is_good(self->fd, id, self->mem + PAGE, 2 * PAGE));
}

/* Any number over each other, undone in any order. */
TEST_F(access, overlaps)
{
	uint32_t id[16];
	int i;

	for (i = 0; i < 16; i++)
		ASSERT_EQ(0, pin(self, i, 2 * i + 1, &id[i]));
	expect_pinned(self, variant, 15 + 31);
	for (i = 0; i < 16; i++)
		ASSERT_EQ(0, inx_access_unpin(self->fd, id[i * 7 % 16]));
	expect_pinned(self, variant, 0);
	for (i = 0; i < 16; i++)
		ASSERT_EQ(0, pin(self, 3, 4, &id[i]));
	expect_pinned(self, variant, 4);
	for (i = 0; i < 15; i++)
		ASSERT_EQ(0, inx_access_unpin(self->fd, id[i]));
	expect_pinned(self, variant, 4);
	EXPECT_TRUE(pin_is_good(self->fd, id[15], self->mem + 3 * PAGE,
				4 * PAGE));
}

/* Page tables come and go; what is pinned stays where it is. */
TEST_F(access, beside_page_tables)
{
	struct world *w = &self->w;
	uint32_t id[3];
	int i;

	ASSERT_EQ(0, pin(self, 10, 3, &id[0]));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, inx_attach_to(self->dev->fd, w->ioas));
		EXPECT_EQ(PAGES * 4, world_pinned(w));
		EXPECT_EQ(LENGTH, world_stats(w, self->dev).bytes);
		ASSERT_EQ(0, pin(self, 12, 600, &id[1]));
		ASSERT_EQ(0, pin(self, 300, 2, &id[2]));
		EXPECT_EQ(PAGES * 4, world_pinned(w));
		ASSERT_EQ(0, inx_detach(self->dev->fd));
		EXPECT_EQ(602 * 4, world_pinned(w));
		EXPECT_TRUE(pin_is_good(self->fd, id[1], self->mem + 12 * PAGE,
					600 * PAGE));
		ASSERT_EQ(0, inx_attach_to(self->dev->fd, w->ioas));
		EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, LENGTH));
		ASSERT_EQ(0, inx_access_unpin(self->fd, id[1]));
		ASSERT_EQ(0, inx_detach(self->dev->fd));
		EXPECT_EQ(5 * 4, world_pinned(w));
		EXPECT_TRUE(pin_is_good(self->fd, id[0], self->mem + 10 * PAGE,
					3 * PAGE));
		EXPECT_TRUE(pin_is_good(self->fd, id[2], self->mem + 300 * PAGE,
					2 * PAGE));
		ASSERT_EQ(0, inx_access_unpin(self->fd, id[2]));
		EXPECT_EQ(3 * 4, world_pinned(w));
	}
}

/*
 * Pins cut what is known of the memory in pieces. When they are gone it is as
 * before: a further page table gets it in huge pages again.
 */
TEST(cuts_heal)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	struct world_dev *dev;
	unsigned char *mem;
	struct world w;
	uint32_t id[2];
	int fd;

	world_open(&w);
	mem = mem_alloc(MEM_THP, 2 * HUGE);
	world_attach(&w, NULL);
	ASSERT_EQ(0, inx_map_at(w.fd, w.ioas, mem, 2 * HUGE, IOVA));
	fd = inx_access(w.mock, w.fd, PINS, NULL);
	ASSERT_EQ(0, inx_access_attach(fd, w.ioas));
	for (uint64_t i = 0; i < 1024; i++) {
		uint64_t iova = IOVA + i * 77 % 1024 * PAGE;

		ASSERT_EQ(0, inx_access_pin(fd, 0, iova, PAGE, &id[i % 2]));
		if (i)
			ASSERT_EQ(0, inx_access_unpin(fd, id[(i + 1) % 2]));
	}
	how.page_sizes = PAGE | HUGE;
	dev = world_attach(&w, &how);
	EXPECT_LT(2, world_stats(&w, dev).pages);
	ASSERT_EQ(0, inx_detach(dev->fd));
	ASSERT_EQ(0, inx_access_unpin(fd, id[1]));
	ASSERT_EQ(0, inx_attach_to(dev->fd, w.ioas));
	EXPECT_EQ(2, world_stats(&w, dev).pages);
	EXPECT_TRUE(world_reads(dev, IOVA, mem, 2 * HUGE));
	close(fd);
	world_close(&w);
}

/* ---- being told ------------------------------------------------------------------ */

TEST_F(access, unmap_asks)
{
	struct world *w = &self->w;
	uint32_t id[4];

	ASSERT_EQ(0, pin(self, 3, 4, &id[0]));
	ASSERT_EQ(0, pin(self, 5, 4, &id[1]));
	/* Over the edge, and only on the other side. */
	ASSERT_EQ(0, pin(self, PAGES / 2 - 1, 2, &id[2]));
	ASSERT_EQ(0, pin(self, PAGES / 2 + 5, 1, &id[3]));
	ASSERT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LENGTH / 2, NULL));
	EXPECT_EQ(1, stats(self->fd).pins);
	EXPECT_EQ(1, stats(self->fd).unmaps);
	EXPECT_EQ(IOVA, stats(self->fd).iova);
	EXPECT_EQ(LENGTH / 2, stats(self->fd).length);
	EXPECT_ERRNO(ENOENT, inx_access_unpin(self->fd, id[0]));
	EXPECT_ERRNO(ENOENT, inx_access_unpin(self->fd, id[2]));
	EXPECT_TRUE(pin_is_good(self->fd, id[3],
				self->mem + (PAGES / 2 + 5) * PAGE, PAGE));
	ASSERT_EQ(0, inx_access_unpin(self->fd, id[3]));
	/* Nothing pinned, nobody asked. */
	ASSERT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
	EXPECT_EQ(1, stats(self->fd).unmaps);
	EXPECT_EQ(0, world_pinned(w));
}

TEST_F(access, unmap_all_asks_all)
{
	struct world *w = &self->w;
	int other = inx_access(w->mock, w->fd, PINS, NULL);

	ASSERT_EQ(0, inx_access_attach(other, w->ioas));
	ASSERT_EQ(0, pin(self, 0, PAGES, NULL));
	ASSERT_EQ(0, inx_access_pin(other, 0, IOVA + PAGE, PAGE, NULL));
	ASSERT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
	EXPECT_EQ(0, stats(self->fd).pins);
	EXPECT_EQ(0, stats(other).pins);
	EXPECT_EQ(0, world_pinned(w));
	close(other);
}

/* Who does not let go keeps the memory mapped; and everything works on. */
TEST_F(access, refuses)
{
	struct world *w = &self->w;
	int bad = inx_access(w->mock, w->fd, PINS | REFUSES, NULL);
	uint32_t id, own;

	ASSERT_EQ(0, inx_access_attach(bad, w->ioas));
	ASSERT_EQ(0, inx_access_pin(bad, 0, IOVA + PAGE, 3 * PAGE, &id));
	EXPECT_ERRNO(EBUSY, inx_unmap(w->fd, w->ioas, IOVA, LENGTH / 2, NULL));
	EXPECT_ERRNO(EBUSY, inx_unmap_all(w->fd, w->ioas, NULL));
	EXPECT_TRUE(pin_is_good(bad, id, self->mem + PAGE, 3 * PAGE));
	ASSERT_EQ(0, pin(self, 0, PAGES, &own));
	EXPECT_TRUE(pin_is_good(self->fd, own, self->mem, LENGTH));
	ASSERT_EQ(0, inx_access_unpin(self->fd, own));
	if (variant->attached)
		EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, LENGTH));
	ASSERT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA + LENGTH / 2, LENGTH / 2,
			       NULL));
	ASSERT_EQ(0, inx_access_unpin(bad, id));
	ASSERT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
	close(bad);
}

/* Even then it loses its pins when it goes. */
TEST_F(access, refuses_to_the_end)
{
	struct world *w = &self->w;
	int bad = inx_access(w->mock, w->fd, PINS | REFUSES, NULL);

	ASSERT_EQ(0, inx_access_attach(bad, w->ioas));
	ASSERT_EQ(0, inx_access_pin(bad, 0, IOVA + PAGE, LENGTH - 2 * PAGE,
				    NULL));
	ASSERT_EQ(0, inx_access_attach(bad, 0));
	expect_pinned(self, variant, 0);
	ASSERT_EQ(0, inx_access_attach(bad, w->ioas));
	ASSERT_EQ(0, inx_access_pin(bad, 0, IOVA, LENGTH, NULL));
	close(bad);
	expect_pinned(self, variant, 0);
	ASSERT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
}

TEST_F(access, leaves)
{
	struct world *w = &self->w;
	uint32_t other = world_ioas(w);

	ASSERT_EQ(0, pin(self, 0, 9, NULL));
	/* To where it is. */
	ASSERT_EQ(0, inx_access_attach(self->fd, w->ioas));
	EXPECT_EQ(0, stats(self->fd).unmaps);
	EXPECT_ERRNO(ENOENT, inx_access_attach(self->fd, 12345));
	EXPECT_ERRNO(ENOENT, inx_access_attach(self->fd, self->dev->id));
	EXPECT_EQ(1, stats(self->fd).pins);
	ASSERT_EQ(0, inx_access_attach(self->fd, other));
	EXPECT_EQ(0, stats(self->fd).pins);
	EXPECT_EQ(UINT64_MAX, stats(self->fd).length);
	expect_pinned(self, variant, 0);
	EXPECT_ERRNO(ENOENT, pin(self, 0, 9, NULL));
	EXPECT_ERRNO(EBUSY, inx_destroy(w->fd, other));
	ASSERT_EQ(0, inx_access_attach(self->fd, 0));
	EXPECT_EQ(0, inx_destroy(w->fd, other));
	EXPECT_ERRNO(ENOENT, pin(self, 0, 9, NULL));
	EXPECT_ERRNO(EBUSY, inx_destroy(w->fd, self->id));
}

/* ---- copies ---------------------------------------------------------------------- */

static void expect_rw(struct access_data *self, uint64_t at, uint64_t length)
{
	unsigned char bytes[3 * PAGE];

	ASSERT_LE(length, sizeof(bytes));
	ASSERT_EQ(0, inx_access_read(self->fd, IOVA + at, bytes, length));
	EXPECT_EQ(0, memcmp(bytes, self->mem + at, length));
	for (uint64_t i = 0; i < length; i++)
		bytes[i] ^= 0x5a + i;
	ASSERT_EQ(0, inx_access_write(self->fd, IOVA + at, bytes, length));
	EXPECT_EQ(0, memcmp(bytes, self->mem + at, length));
}

static void expect_rw_all(struct access_data *self)
{
	unsigned char *all = malloc(LENGTH);

	for (int i = -9; i < 9; i++)
		for (int n = 1; n < 20; n++)
			expect_rw(self, LENGTH / 2 + i, n);
	expect_rw(self, 0, 1);
	expect_rw(self, LENGTH - 1, 1);
	expect_rw(self, 3, 2 * PAGE + 7);
	expect_rw(self, LENGTH - 2 * PAGE - 1, 2 * PAGE + 1);
	ASSERT_EQ(0, inx_access_read(self->fd, IOVA, all, LENGTH));
	EXPECT_EQ(0, memcmp(all, self->mem, LENGTH));
	mem_fill(all, LENGTH, 99);
	ASSERT_EQ(0, inx_access_write(self->fd, IOVA, all, LENGTH));
	EXPECT_TRUE(mem_is_filled(self->mem, LENGTH, 99));
	free(all);
}

TEST_F(access, rw)
{
	uint32_t id;

	expect_rw_all(self);
	expect_pinned(self, variant, 0);
	ASSERT_EQ(0, pin(self, 3, 700, &id));
	expect_rw_all(self);
	ASSERT_EQ(0, pin(self, 900, 2, &id));
	expect_rw_all(self);
	expect_pinned(self, variant, 702);
}

/* The CPU is where devices are, not where the process has gone meanwhile. */
TEST_F(access, rw_follows_devices)
{
	unsigned char byte = 0x42, seen;

	ASSERT_EQ(0, inx_attach_to(self->dev->fd, self->w.ioas));
	munmap(self->mem + 5 * PAGE, PAGE);
	ASSERT_EQ(0, inx_mock_write(self->dev->fd, IOVA + 5 * PAGE, &byte, 1));
	ASSERT_EQ(0, inx_access_read(self->fd, IOVA + 5 * PAGE, &seen, 1));
	EXPECT_EQ(byte, seen);
	byte = 0x43;
	ASSERT_EQ(0, inx_access_write(self->fd, IOVA + 5 * PAGE, &byte, 1));
	ASSERT_EQ(0, inx_mock_read(self->dev->fd, IOVA + 5 * PAGE, &seen, 1));
	EXPECT_EQ(byte, seen);
	ASSERT_EQ(0, pin(self, 5, 1, NULL));
	ASSERT_EQ(0, inx_detach(self->dev->fd));
	ASSERT_EQ(0, inx_access_read(self->fd, IOVA + 5 * PAGE, &seen, 1));
	EXPECT_EQ(byte, seen);
}

/* ---- errors ---------------------------------------------------------------------- */

TEST_F(access, errors)
{
	struct world *w = &self->w;
	uint64_t iova = IOVA + 2 * LENGTH;
	unsigned char byte = 0;

	EXPECT_ERRNO(EINVAL, inx_access_pin(self->fd, 0, IOVA, 0, NULL));
	EXPECT_ERRNO(EINVAL, inx_access_pin(self->fd, 0, IOVA + 1, PAGE, NULL));
	EXPECT_ERRNO(EINVAL, inx_access_pin(self->fd, 0, IOVA + PAGE / 2, 1,
					    NULL));
	EXPECT_ERRNO(EOVERFLOW, inx_access_pin(self->fd, 0,
					       UINT64_MAX - PAGE + 1, 2 * PAGE,
					       NULL));
	EXPECT_ERRNO(ENOENT, inx_access_pin(self->fd, 0, IOVA - PAGE, 2 * PAGE,
					    NULL));
	EXPECT_ERRNO(ENOENT, inx_access_pin(self->fd, 0, IOVA + LENGTH - PAGE,
					    2 * PAGE, NULL));
	EXPECT_ERRNO(ENOENT, inx_access_pin(self->fd, 0, IOVA + LENGTH, PAGE,
					    NULL));
	EXPECT_ERRNO(EINVAL, inx_access_read(self->fd, IOVA, &byte, 0));
	EXPECT_ERRNO(ENOENT, inx_access_read(self->fd, IOVA + LENGTH, &byte,
					     1));
	EXPECT_ERRNO(ENOENT, inx_access_write(self->fd, IOVA - 1, self->mem,
					      2));
	expect_pinned(self, variant, 0);

	ASSERT_EQ(0, inx_map(w->fd, w->ioas, INX_RO | INX_FIXED, self->mem,
			     PAGE, &iova));
	EXPECT_ERRNO(EPERM, inx_access_pin(self->fd, WRITE, iova, PAGE, NULL));
	EXPECT_ERRNO(EPERM, inx_access_write(self->fd, iova, &byte, 1));
	EXPECT_EQ(0, inx_access_read(self->fd, iova, &byte, 1));
	EXPECT_EQ(self->mem[0], byte);
	EXPECT_EQ(0, inx_access_pin(self->fd, 0, iova, PAGE, NULL));
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, iova, PAGE, NULL));
}

/* A hole in the middle: what came before it is let go of. */
TEST(fault)
{
	unsigned char bytes[3 * PAGE], *mem;
	struct world w;
	int fd;

	world_open(&w);
	mem = mem_alloc(MEM_ORDERED, 3 * PAGE);
	ASSERT_EQ(0, inx_map_at(w.fd, w.ioas, mem, 3 * PAGE, IOVA));
	fd = inx_access(w.mock, w.fd, PINS, NULL);
	ASSERT_EQ(0, inx_access_attach(fd, w.ioas));
	ASSERT_EQ(0, munmap(mem + PAGE, PAGE));
	EXPECT_ERRNO(EFAULT, inx_access_pin(fd, 0, IOVA, 3 * PAGE, NULL));
	EXPECT_ERRNO(EFAULT, inx_access_read(fd, IOVA, bytes, 3 * PAGE));
	EXPECT_EQ(0, world_pinned(&w));
	EXPECT_EQ(0, inx_access_pin(fd, 0, IOVA, PAGE, NULL));
	EXPECT_EQ(0, inx_access_pin(fd, 0, IOVA + 2 * PAGE, PAGE, NULL));
	EXPECT_EQ(2 * 4, world_pinned(&w));
	close(fd);
	world_close(&w);
}

struct guest {
	struct world w;
	unsigned char *mem;
	int mapped[2];
	int go[2];
};

static void map_and_wait(void *arg)
{
	struct guest *g = arg;
	char c = 0;

	mem_fill(g->mem, 4 * PAGE, 8);
	EXPECT_EQ(0, inx_map_at(g->w.fd, g->w.ioas, g->mem, 4 * PAGE, IOVA));
	EXPECT_EQ(1, write(g->mapped[1], &c, 1));
	close(g->go[1]);
	EXPECT_EQ(0, read(g->go[0], &c, 1));
}

/* Memory of another process, and of one that is no more. */
TEST(another_process)
{
	unsigned char bytes[4 * PAGE];
	struct guest g;
	uint32_t id;
	pid_t pid;
	char c;
	int fd;

	world_open(&g.w);
	g.mem = mem_alloc(MEM_ORDERED, 4 * PAGE);
	ASSERT_EQ(0, pipe(g.mapped));
	ASSERT_EQ(0, pipe(g.go));
	fd = inx_access(g.w.mock, g.w.fd, PINS, NULL);
	ASSERT_EQ(0, inx_access_attach(fd, g.w.ioas));
	pid = world_fork(map_and_wait, &g);
	close(g.go[0]);
	close(g.mapped[1]);
	ASSERT_EQ(1, read(g.mapped[0], &c, 1));
	EXPECT_EQ(0, inx_access_read(fd, IOVA, bytes, sizeof(bytes)));
	EXPECT_TRUE(mem_is_filled(bytes, sizeof(bytes), 8));
	ASSERT_EQ(0, inx_access_pin(fd, WRITE, IOVA, 2 * PAGE, &id));
	/* Charged to who has mapped it. */
	EXPECT_EQ(0, world_pinned(&g.w));
	close(g.go[1]);
	world_join(pid);
	memset(bytes, 0, sizeof(bytes));
	EXPECT_EQ(0, inx_access_read_pin(fd, id, 0, bytes, 2 * PAGE));
	EXPECT_TRUE(mem_is_filled(bytes, 2 * PAGE, 8));
	EXPECT_EQ(0, inx_access_read(fd, IOVA, bytes, 2 * PAGE));
	EXPECT_ERRNO(EFAULT, inx_access_read(fd, IOVA, bytes, sizeof(bytes)));
	EXPECT_ERRNO(EFAULT, inx_access_pin(fd, 0, IOVA, 3 * PAGE, NULL));
	ASSERT_EQ(0, inx_unmap_all(g.w.fd, g.w.ioas, NULL));
	close(g.mapped[0]);
	close(fd);
	world_close(&g.w);
}

/* Who pins needs whole pages; who copies does not. */
TEST(alignment)
{
	unsigned char bytes[16];
	uint64_t alignment;
	uint32_t num = 0;
	unsigned char *mem;
	struct world w;
	int fd, copier;

	world_open(&w);
	mem = mem_alloc(MEM_ORDERED, 2 * PAGE);
	mem_fill(mem, 2 * PAGE, 3);
	fd = inx_access(w.mock, w.fd, PINS, NULL);
	copier = inx_access(w.mock, w.fd, 0, NULL);
	ASSERT_EQ(0, inx_map_at(w.fd, w.ioas, mem + 100, PAGE, IOVA + 7));
	EXPECT_ERRNO(EADDRINUSE, inx_access_attach(fd, w.ioas));
	ASSERT_EQ(0, inx_access_attach(copier, w.ioas));
	ASSERT_EQ(0, inx_access_read(copier, IOVA + 7 + PAGE - 110, bytes, 16));
	EXPECT_EQ(0, memcmp(bytes, mem + PAGE - 10, 16));
	EXPECT_ERRNO(EINVAL, inx_access_pin(copier, 0, IOVA + 7, 1, NULL));
	ASSERT_EQ(0, inx_unmap_all(w.fd, w.ioas, NULL));

	ASSERT_EQ(0, inx_access_attach(fd, w.ioas));
	EXPECT_ERRNO(EINVAL, inx_map_at(w.fd, w.ioas, mem + 100, PAGE, IOVA));
	EXPECT_ERRNO(EINVAL, inx_map_at(w.fd, w.ioas, mem, PAGE, IOVA + 7));
	EXPECT_ERRNO(EMSGSIZE, inx_iova_ranges(w.fd, w.ioas, NULL, &num,
					       &alignment));
	EXPECT_EQ(PAGE, alignment);
	close(fd);
	num = 0;
	EXPECT_ERRNO(EMSGSIZE, inx_iova_ranges(w.fd, w.ioas, NULL, &num,
					       &alignment));
	EXPECT_EQ(1, alignment);
	close(copier);
	world_close(&w);
}

/* Charged once, for the CPU and for devices. */
TEST(memlock)
{
	struct world_dev *dev;
	unsigned char *mem;
	struct world w;
	uint32_t id;
	int fd;

	world_open(&w);
	dev = world_bind(&w, NULL);
	mem = mem_alloc(MEM_SHUFFLED, 64 * PAGE);
	fd = inx_access(w.mock, w.fd, PINS, NULL);
	world_become_user(USER);
	world_memlock(32 * PAGE);
	ASSERT_EQ(0, inx_map_at(w.fd, w.ioas, mem, 64 * PAGE, IOVA));
	ASSERT_EQ(0, inx_access_attach(fd, w.ioas));
	EXPECT_ERRNO(ENOMEM, inx_access_pin(fd, 0, IOVA, 33 * PAGE, NULL));
	EXPECT_EQ(0, world_pinned(&w));
	ASSERT_EQ(0, inx_access_pin(fd, 0, IOVA, 32 * PAGE, &id));
	ASSERT_EQ(0, inx_access_pin(fd, 0, IOVA + 5 * PAGE, 27 * PAGE, NULL));
	EXPECT_ERRNO(ENOMEM, inx_access_pin(fd, 0, IOVA + 31 * PAGE, 2 * PAGE,
					    NULL));
	/* A copy is no pin that lasts. */
	EXPECT_EQ(0, inx_access_write(fd, IOVA + 31 * PAGE, mem, 9 * PAGE));
	EXPECT_EQ(32 * 4, world_pinned(&w));
	world_memlock(64 * PAGE);
	ASSERT_EQ(0, inx_attach_to(dev->fd, w.ioas));
	EXPECT_EQ(64 * 4, world_pinned(&w));
	ASSERT_EQ(0, inx_detach(dev->fd));
	EXPECT_EQ(32 * 4, world_pinned(&w));
	ASSERT_EQ(0, inx_access_unpin(fd, id));
	EXPECT_EQ(27 * 4, world_pinned(&w));
	close(fd);
	world_close(&w);
}

TEST(arguments)
{
	int fd, other;
	struct world w;
	uint32_t id;
	char byte;

	world_open(&w);
	EXPECT_ERRNO(EBADF, inx_access(w.mock, -1, 0, NULL));
	EXPECT_ERRNO(EBADFD, inx_access(w.mock, w.mock, 0, NULL));
	EXPECT_ERRNO(EOPNOTSUPP, inx_access(w.mock, w.fd, 4, NULL));
	fd = inx_access(w.mock, w.fd, PINS, &id);
	EXPECT_ERRNO(ENOENT, inx_access_attach(fd, id));
	EXPECT_ERRNO(ENOENT, inx_access_pin(fd, 0, IOVA, PAGE, NULL));
	EXPECT_ERRNO(ENOENT, inx_access_read(fd, IOVA, &byte, 1));
	EXPECT_EQ(0, inx_access_attach(fd, 0));
	/* The file stays as long as somebody has an access to it. */
	EXPECT_EQ(0, inx_access_attach(fd, w.ioas));
	other = w.fd;
	w.fd = -1;
	close(other);
	EXPECT_ERRNO(ENOENT, inx_access_pin(fd, 0, IOVA, PAGE, NULL));
	close(fd);
	world_close(&w);
}

/* ---- slow memory ------------------------------------------------------------------- */

struct slow {
	struct world w;
	struct world_dev *dev;
	struct uffd u;
	int fd;
};

static int slow_pin(void *arg)
{
	struct slow *s = arg;

	return inx_access_pin(s->fd, 0, IOVA, s->u.length, NULL);
}

static int slow_unmap(void *arg)
{
	struct slow *s = arg;

	return inx_unmap(s->w.fd, s->w.ioas, IOVA, s->u.length, NULL);
}

static int close_dev(void *arg)
{
	struct slow *s = arg;

	world_close_dev(s->dev);
	return 0;
}

/* UNMAP waits for a pin that waits for user space; a device's end does not. */
TEST(unmap_waits_for_a_pin)
{
	struct later pinning, unmapping;
	struct slow s;

	world_open(&s.w);
	uffd_open(&s.u, 4 * PAGE);
	s.dev = world_bind(&s.w, NULL);
	s.fd = inx_access(s.w.mock, s.w.fd, PINS, NULL);
	ASSERT_EQ(0, inx_access_attach(s.fd, s.w.ioas));
	ASSERT_EQ(0, inx_map_at(s.w.fd, s.w.ioas, s.u.mem, s.u.length, IOVA));
	later_start(&pinning, slow_pin, &s);
	if (!uffd_wait(&s.u, 5000)) {
		EXPECT_ERRNO(EFAULT, later_join(&pinning));
		SKIP("a pin does not wait for user space on this kernel: EFAULT");
	}
	later_start(&unmapping, slow_unmap, &s);
	EXPECT_FALSE(later_ends(&unmapping, 300));
	EXPECT_FALSE(later_ends(&pinning, 0));
	at_once(close_dev, &s);
	uffd_close(&s.u);
	EXPECT_EQ(0, later_join(&pinning));
	EXPECT_EQ(0, later_join(&unmapping));
	EXPECT_EQ(0, stats(s.fd).pins);
	EXPECT_EQ(1, stats(s.fd).unmaps);
	EXPECT_EQ(0, world_pinned(&s.w));
	close(s.fd);
	world_close(&s.w);
}

TEST_HARNESS_MAIN
