// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none,smp timeout=240 */
/* harness: seldom=?.?/none,6.12/none */
/*
 * Accesses among maps, copies and page tables that come and go: step by step in
 * random order, with what has to be pinned told beforehand; and all at once.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

#include "mem.h"
#include "racer.h"
#include "tap.h"
#include "world.h"

#define WRITE IOMMU_NEXT_MOCK_ACCESS_WRITE
#define PINS IOMMU_NEXT_MOCK_ACCESS_PINS

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

/* ---- at random --------------------------------------------------------------------- */

#define RANDOM_PAGES 256UL
#define NR 12

/*
 * One piece of memory in two IOASes, in one of them in pieces; pins in both; and
 * a device that changes over. What is pinned has to be what one of them holds.
 */
struct chaos {
	struct world w;
	struct world_dev *dev;
	unsigned char *mem;
	uint32_t ioas[2];
	int access[2];
	int attached; /* -1 for none */
	struct piece {
		uint64_t page, pages; /* 0 for none */
	} piece[NR];
	struct held {
		int side;
		uint32_t id;
		uint64_t page, pages;
	} held[NR];
	uint64_t state;
};

static uint64_t roll(struct chaos *c, uint64_t below)
{
	c->state = c->state * 6364136223846793005 + 1442695040888963407;
	return (c->state >> 33) % below;
}

static void roll_range(struct chaos *c, uint64_t of, uint64_t *page,
		       uint64_t *pages)
{
	*page = roll(c, of);
	*pages = 1 + roll(c, roll(c, 2) ? 4 : of - *page);
	if (*page + *pages > of)
		*pages = of - *page;
}

static uint64_t piece_iova(int i)
{
	return 2 * IOVA + i * HUGE;
}

static void chaos_check(struct chaos *c)
{
	bool held[RANDOM_PAGES] = {};
	unsigned long want = 0;
	uint64_t i, k;

	for (k = 0; c->attached == 0 && k < RANDOM_PAGES; k++)
		held[k] = true;
	for (i = 0; c->attached == 1 && i < NR; i++)
		for (k = 0; k < c->piece[i].pages; k++)
			held[c->piece[i].page + k] = true;
	for (i = 0; i < NR; i++)
		for (k = 0; k < c->held[i].pages; k++)
			held[c->held[i].page + k] = true;
	for (k = 0; k < RANDOM_PAGES; k++)
		want += held[k];
	ASSERT_EQ(want * 4, world_pinned(&c->w));
}

static void chaos_pin(struct chaos *c, struct held *h)
{
	uint64_t iova, page, pages;

	if (h->pages) {
		ASSERT_TRUE(pin_is_good(c->access[h->side], h->id,
					c->mem + h->page * PAGE,
					h->pages * PAGE));
		ASSERT_EQ(0, inx_access_unpin(c->access[h->side], h->id));
		h->pages = 0;
		return;
	}
	h->side = roll(c, 2);
	if (h->side) {
		int i = roll(c, NR);

		if (!c->piece[i].pages)
			return;
		roll_range(c, c->piece[i].pages, &page, &pages);
		iova = piece_iova(i) + page * PAGE;
		h->page = c->piece[i].page + page;
	} else {
		roll_range(c, RANDOM_PAGES, &page, &pages);
		iova = IOVA + page * PAGE;
		h->page = page;
	}
	ASSERT_EQ(0, inx_access_pin(c->access[h->side], WRITE, iova,
				    pages * PAGE, &h->id));
	h->pages = pages;
	ASSERT_TRUE(pin_is_good(c->access[h->side], h->id,
				c->mem + h->page * PAGE, pages * PAGE));
}

static void chaos_piece(struct chaos *c, int i)
{
	struct piece *p = &c->piece[i];
	uint64_t iova = piece_iova(i);
	uint32_t seen;

	if (!p->pages) {
		roll_range(c, RANDOM_PAGES, &p->page, &p->pages);
		ASSERT_EQ(0, inx_copy(c->w.fd, c->ioas[1], c->ioas[0],
				      INX_RW | INX_FIXED, p->pages * PAGE,
				      &iova, IOVA + p->page * PAGE));
		return;
	}
	ASSERT_EQ(0, inx_unmap(c->w.fd, c->ioas[1], iova, p->pages * PAGE,
			       NULL));
	p->pages = 0;
	/* Its pins went with it: which they were is asked of the access. */
	for (int k = 0; k < NR; k++) {
		struct held *h = &c->held[k];

		if (h->pages && h->side &&
		    inx_access_read_pin(c->access[1], h->id, 0, &seen, 4))
			h->pages = 0;
	}
}

static void chaos_attach(struct chaos *c)
{
	int to = (int)roll(c, 3) - 1;

	if (to < 0)
		ASSERT_EQ(0, inx_detach(c->dev->fd));
	else
		ASSERT_EQ(0, inx_attach_to(c->dev->fd, c->ioas[to]));
	c->attached = to;
	if (to == 0)
		ASSERT_TRUE(world_reads(c->dev, IOVA, c->mem,
					RANDOM_PAGES * PAGE));
}

static void chaos_rw(struct chaos *c)
{
	uint64_t at = roll(c, RANDOM_PAGES * PAGE - 20000);
	unsigned char bytes[20000];

	ASSERT_EQ(0, inx_access_read(c->access[0], IOVA + at, bytes,
				     sizeof(bytes)));
	ASSERT_EQ(0, memcmp(bytes, c->mem + at, sizeof(bytes)));
}

static void chaos_run(enum mem_kind kind, int steps)
{
	struct chaos c = { .attached = -1, .state = kind + 1 };
	int i;

	world_open(&c.w);
	c.dev = world_bind(&c.w, NULL);
	/* Half of it lies in a huge page, if there is one. */
	c.mem = mem_alloc(kind, 2 * HUGE) + HUGE - RANDOM_PAGES * PAGE / 2;
	mem_fill(c.mem, RANDOM_PAGES * PAGE, 5);
	c.ioas[0] = c.w.ioas;
	c.ioas[1] = world_ioas(&c.w);
	for (i = 0; i < 2; i++) {
		c.access[i] = inx_access(c.w.mock, c.w.fd, PINS, NULL);
		ASSERT_EQ(0, inx_access_attach(c.access[i], c.ioas[i]));
	}
	ASSERT_EQ(0, inx_map_at(c.w.fd, c.ioas[0], c.mem, RANDOM_PAGES * PAGE,
				IOVA));
	for (i = 0; i < steps; i++) {
		switch (roll(&c, 10)) {
		case 0:
			chaos_attach(&c);
			break;
		case 1:
		case 2:
			chaos_piece(&c, roll(&c, NR));
			break;
		case 3:
			chaos_rw(&c);
			break;
		default:
			chaos_pin(&c, &c.held[roll(&c, NR)]);
		}
		chaos_check(&c);
	}
	ASSERT_EQ(0, inx_unmap_all(c.w.fd, c.ioas[0], NULL));
	ASSERT_EQ(0, inx_unmap_all(c.w.fd, c.ioas[1], NULL));
	EXPECT_EQ(0, world_pinned(&c.w));
	for (i = 0; i < 2; i++)
		close(c.access[i]);
	world_close(&c.w);
}

TEST_TIMEOUT(random_shuffled, 60)
{
	chaos_run(MEM_SHUFFLED, 3000);
}

TEST_TIMEOUT(random_ordered, 60)
{
	chaos_run(MEM_ORDERED, 3000);
}

TEST_TIMEOUT(random_mixed, 60)
{
	chaos_run(MEM_MIXED, 3000);
}

/* ---- all at once ------------------------------------------------------------------- */

struct crowd {
	struct world w;
	unsigned char *mem;
	uint32_t ioas[2];
	int access;
	int dev_fd;
};

static void step_pin(struct racer *r)
{
	struct crowd *c = r->race->data;
	uint64_t page = pick(r, 16), pages = 1 + pick(r, 16);
	uint32_t id;

	if (ONE_OF(r, inx_access_pin(c->access, WRITE, IOVA + page * PAGE,
				     pages * PAGE, &id), ENOENT, EINVAL) &&
	    pick(r, 4))
		ONE_OF(r, inx_access_unpin(c->access, id), ENOENT);
}

static void step_rw(struct racer *r)
{
	struct crowd *c = r->race->data;
	unsigned char bytes[5000];

	ONE_OF(r, inx_access_read(c->access, IOVA + pick(r, 20 * PAGE), bytes,
				  sizeof(bytes)), ENOENT, EINVAL);
}

static void step_map(struct racer *r)
{
	struct crowd *c = r->race->data;
	uint32_t ioas = c->ioas[pick(r, 2)];

	if (pick(r, 2))
		ONE_OF(r, inx_map_at(c->w.fd, ioas, c->mem, 32 * PAGE, IOVA),
		       EEXIST);
	else
		ONE_OF(r, inx_unmap(c->w.fd, ioas, IOVA, 32 * PAGE, NULL),
		       ENOENT, EBUSY);
}

static void step_over(struct racer *r)
{
	struct crowd *c = r->race->data;

	ONE_OF(r, inx_access_attach(c->access, c->ioas[pick(r, 2)]));
}

static void step_attach(struct racer *r)
{
	struct crowd *c = r->race->data;

	if (pick(r, 3))
		ONE_OF(r, inx_attach_to(c->dev_fd, c->ioas[pick(r, 2)]));
	else
		ONE_OF(r, inx_detach(c->dev_fd));
}

TEST(crowd)
{
	struct crowd c;

	world_open(&c.w);
	c.mem = mem_alloc(MEM_SHUFFLED, 32 * PAGE);
	c.ioas[0] = c.w.ioas;
	c.ioas[1] = world_ioas(&c.w);
	c.dev_fd = world_attach(&c.w, NULL)->fd;
	c.access = inx_access(c.w.mock, c.w.fd, PINS, NULL);
	ASSERT_EQ(0, inx_access_attach(c.access, c.w.ioas));
	RACE(&c, 4000, RACER(step_pin), RACER(step_pin), RACER(step_rw),
	     RACER(step_map), RACER(step_map), RACER(step_over),
	     RACER(step_attach));
	ASSERT_EQ(0, inx_unmap_all(c.w.fd, c.ioas[0], NULL));
	ASSERT_EQ(0, inx_unmap_all(c.w.fd, c.ioas[1], NULL));
	EXPECT_EQ(0, world_pinned(&c.w));
	close(c.access);
	world_close(&c.w);
}

/* A pin is in the IOAS that the access has left, or in the next one, and never forgotten. */
TEST(pin_during_change)
{
	struct crowd c;
	int i, round;

	world_open(&c.w);
	c.mem = mem_alloc(MEM_SHUFFLED, 32 * PAGE);
	c.ioas[0] = c.w.ioas;
	c.ioas[1] = world_ioas(&c.w);
	c.access = inx_access(c.w.mock, c.w.fd, PINS, NULL);
	ASSERT_EQ(0, inx_access_attach(c.access, c.w.ioas));
	for (round = 0; round < 40; round++) {
		for (i = 0; i < 2; i++)
			ASSERT_EQ(0, inx_map_at(c.w.fd, c.ioas[i], c.mem, 32 * PAGE, IOVA));
		RACE(&c, 20, RACER(step_pin), RACER(step_pin), RACER(step_over));
		for (i = 0; i < 2; i++)
			ASSERT_EQ(0, inx_unmap_all(c.w.fd, c.ioas[i], NULL));
		ASSERT_EQ(0, world_pinned(&c.w));
	}
	close(c.access);
	world_close(&c.w);
}

TEST_HARNESS_MAIN
