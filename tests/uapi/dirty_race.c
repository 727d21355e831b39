// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=smp timeout=180 */
/*
 * What a migration does, with everything at once: devices write a number that
 * grows into each page, threads read what is dirty and copy it. Afterwards the
 * copy is the memory: a bit that was lost is a page that was not copied.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem.h"
#include "racer.h"
#include "tap.h"
#include "world.h"

#define DIRTY IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING
#define KEEP IOMMU_NEXT_HWPT_GET_DIRTY_BITMAP_NO_CLEAR
#define PAGES 1024UL
#define LENGTH (PAGES * PAGE)
#define RACE_MS 1000
/* Where others map and unmap other memory meanwhile. */
#define ELSEWHERE (2 * IOVA)
#define ELSEWHERE_PAGES 32

FIXTURE(race)
{
	struct world w;
	struct world_dev *dev[2];
	uint32_t hwpt;
	unsigned char *mem;
	unsigned char *elsewhere;
	uint64_t written[2];
	uint64_t copied[PAGES];
};

FIXTURE_VARIANT(race)
{
	enum mem_kind kind;
};

FIXTURE_VARIANT_ADD(race, small_pages)
{
	.kind = MEM_SHUFFLED,
};

FIXTURE_VARIANT_ADD(race, huge_pages)
{
	.kind = MEM_HUGETLB,
};

FIXTURE_SETUP(race)
{
	int i;

	world_open(&self->w);
	self->mem = mem_alloc(variant->kind, LENGTH);
	memset(self->mem, 0, LENGTH);
	self->elsewhere = mem_alloc(MEM_ORDERED, PAGE);
	ASSERT_EQ(0, inx_map_at(self->w.fd, self->w.ioas, self->mem, LENGTH,
				IOVA));
	for (i = 0; i < 2; i++)
		self->dev[i] = world_bind(&self->w, NULL);
	ASSERT_EQ(0, inx_hwpt_alloc_flags(self->w.fd, self->dev[0]->id,
					  self->w.ioas, DIRTY, &self->hwpt));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, inx_attach_to(self->dev[i]->fd, self->hwpt));
	ASSERT_EQ(0, inx_dirty_set(self->w.fd, self->hwpt, true));
}

FIXTURE_TEARDOWN(race)
{
	world_close(&self->w);
}

static struct race_data *data(struct racer *r)
{
	return r->race->data;
}

/* Device @i has every second page. */
static void write_page(struct racer *r, int i)
{
	uint64_t page = 2 * pick(r, PAGES / 2) + i;
	uint64_t number = ++data(r)->written[i];

	/* Few pages often, others seldom. */
	if (pick(r, 2))
		page %= 16;
	must(r, !inx_mock_write(data(r)->dev[i]->fd, IOVA + page * PAGE,
				&number, sizeof(number)), "write refused");
	r->good++;
}

static void write_even(struct racer *r)
{
	write_page(r, 0);
}

static void write_odd(struct racer *r)
{
	write_page(r, 1);
}

/* Numbers grow, so of two threads that copy a page the later one is right. */
static void copy_page(struct race_data *self, uint64_t page)
{
	uint64_t seen = *(volatile uint64_t *)(self->mem + page * PAGE);
	uint64_t old = __atomic_load_n(&self->copied[page], __ATOMIC_SEQ_CST);

	while (old < seen &&
	       !__atomic_compare_exchange_n(&self->copied[page], &old, seen,
					    false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST))
		;
}

static bool copy_range(struct race_data *self, uint64_t first, uint64_t n)
{
	unsigned char bits[PAGES / 8 + 1] = {};
	uint64_t i;

	if (inx_dirty_read(self->w.fd, self->hwpt, 0, IOVA + first * PAGE,
			   n * PAGE, PAGE, bits))
		return false;
	for (i = 0; i < n; i++)
		if (bits[i / 8] >> i % 8 & 1)
			copy_page(self, first + i);
	return true;
}

static void copy_all(struct racer *r)
{
	r->good += must(r, copy_range(data(r), 0, PAGES), "read failed");
}

static void copy_some(struct racer *r)
{
	uint64_t first = pick(r, PAGES), n = 1 + pick(r, PAGES - first);

	r->good += must(r, copy_range(data(r), first, n), "read failed");
}

static void look(struct racer *r)
{
	unsigned char bits[PAGES / 8];

	ONE_OF(r, inx_dirty_read(data(r)->w.fd, data(r)->hwpt, KEEP, IOVA,
				 LENGTH, PAGE, bits));
}

static void fail(struct racer *r)
{
	ONE_OF(r, inx_dirty_read(data(r)->w.fd, data(r)->hwpt, 0, IOVA, LENGTH,
				 PAGE, NULL), EFAULT);
}

static void map_elsewhere(struct racer *r)
{
	uint64_t page = pick(r, ELSEWHERE_PAGES);
	struct world *w = &data(r)->w;

	if (pick(r, 2))
		ONE_OF(r, inx_map_at(w->fd, w->ioas, data(r)->elsewhere, PAGE,
				     ELSEWHERE + page * PAGE), EEXIST);
	else
		ONE_OF(r, inx_unmap(w->fd, w->ioas, ELSEWHERE + page * PAGE,
				    PAGE, NULL), ENOENT, EBUSY);
}

static void read_elsewhere(struct racer *r)
{
	uint64_t bits = 0;

	ONE_OF(r, inx_dirty_read(data(r)->w.fd, data(r)->hwpt, 0, ELSEWHERE,
				 ELSEWHERE_PAGES * PAGE, PAGE, &bits));
	world_touch(data(r)->dev[0], ELSEWHERE +
		    pick(r, ELSEWHERE_PAGES) * PAGE, true);
}

static void expect_copied(struct race_data *self)
{
	uint64_t page, wrong = 0;

	ASSERT_TRUE(copy_range(self, 0, PAGES));
	for (page = 0; page < PAGES; page++)
		wrong += self->copied[page] !=
			 *(uint64_t *)(self->mem + page * PAGE);
	EXPECT_EQ(0, wrong);
}

TEST_F(race, one_reader)
{
	RACE(self, RACE_MS, RACER(write_even), RACER(write_odd),
	     RACER(copy_all));
	expect_copied(self);
}

TEST_F(race, readers_of_parts)
{
	RACE(self, RACE_MS, RACER(write_even), RACER(write_odd),
	     RACER(copy_some), RACER(copy_some), RACER(look));
	expect_copied(self);
}

TEST_F(race, all_of_it)
{
	RACE(self, RACE_MS, RACER(write_even), RACER(write_odd),
	     RACER(copy_all), RACER(copy_some), RACER(fail),
	     RACER(map_elsewhere), RACER(read_elsewhere));
	expect_copied(self);
}

/* Bits of two readers in the same byte of one bitmap. */
struct shared {
	struct race_data *self;
	unsigned char bits[PAGES / 8];
	volatile bool stop;
};

static int read_odd_pages(void *arg)
{
	struct shared *s = arg;
	uint64_t page;

	for (page = 1; page < PAGES; page += 2)
		if (inx_dirty_read(s->self->w.fd, s->self->hwpt, 0,
				   IOVA + (page & ~7UL) * PAGE, 8 * PAGE, PAGE,
				   s->bits + page / 8))
			return -1;
	return 0;
}

TEST_F(race, one_bitmap_for_two)
{
	struct shared s = { .self = self };
	struct later later;
	uint64_t page, wrong = 0;

	for (page = 0; page < PAGES; page++)
		ASSERT_EQ(0, world_touch(self->dev[0], IOVA + page * PAGE,
					 true));
	later_start(&later, read_odd_pages, &s);
	for (page = 0; page < PAGES; page++)
		ASSERT_EQ(0, inx_dirty_read(self->w.fd, self->hwpt, 0,
					    IOVA + (page & ~7UL) * PAGE,
					    8 * PAGE, PAGE, s.bits + page / 8));
	EXPECT_EQ(0, later_join(&later));
	for (page = 0; page < PAGES; page++)
		wrong += !(s.bits[page / 8] >> page % 8 & 1);
	EXPECT_EQ(0, wrong);
}

/* ---- on and off, destroyed, killed ------------------------------------------------------ */

static void on_and_off(struct racer *r)
{
	ONE_OF(r, inx_dirty_set(data(r)->w.fd, data(r)->hwpt, pick(r, 2)));
}

static void attach_and_detach(struct racer *r)
{
	int dev = data(r)->dev[1]->fd;

	ONE_OF(r, pick(r, 2) ? inx_attach_to(dev, data(r)->hwpt) :
			       inx_detach(dev));
}

static void touch_any(struct racer *r)
{
	world_touch(data(r)->dev[1], IOVA + pick(r, PAGES) * PAGE, true);
	r->good++;
}

TEST_F(race, switched)
{
	RACE(self, RACE_MS, RACER(write_even), RACER(touch_any),
	     RACER(copy_some), RACER(on_and_off), RACER(attach_and_detach),
	     RACER(map_elsewhere), RACER(read_elsewhere));
}

static void use_new(struct racer *r)
{
	struct race_data *self = data(r);
	uint32_t hwpt;

	if (!ONE_OF(r, inx_hwpt_alloc_flags(self->w.fd, self->dev[1]->id,
					    self->w.ioas, DIRTY, &hwpt)))
		return;
	/* Others guess its ID and destroy it, if they get a turn by then. */
	if (pick(r, 2))
		sched_yield();
	ONE_OF(r, inx_dirty_set(self->w.fd, hwpt, true), ENOENT, EOPNOTSUPP);
	ONE_OF(r, inx_destroy(self->w.fd, hwpt), ENOENT, EBUSY);
}

static void use_others(struct racer *r)
{
	struct race_data *self = data(r);
	uint32_t id = self->hwpt + 1 + pick(r, 4);
	unsigned char bits[PAGES / 8];

	if (pick(r, 2))
		ONE_OF(r, inx_dirty_read(self->w.fd, id, 0, IOVA, LENGTH, PAGE,
					 bits), ENOENT, EOPNOTSUPP);
	else
		ONE_OF(r, inx_destroy(self->w.fd, id), ENOENT, EBUSY);
}

TEST_F(race, destroyed)
{
	RACE(self, RACE_MS, RACER(write_even), RACER(copy_all),
	     RACER(use_new), RACER(use_others), RACER(use_others));
}

static void read_forever(void *arg)
{
	struct race_data *self = arg;

	for (;;) {
		world_touch(self->dev[0], IOVA, true);
		copy_range(self, 0, PAGES);
	}
}

/* Killed at any moment, the reader leaves the page table usable. */
TEST_F(race, killed)
{
	int i;

	for (i = 0; i < 10; i++) {
		pid_t pid = world_fork(read_forever, self);

		usleep(1000 * i);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		waitpid(pid, NULL, 0);
		ASSERT_EQ(0, world_touch(self->dev[0], IOVA + i * PAGE, true));
		EXPECT_TRUE(copy_range(self, 0, PAGES));
	}
}

TEST_HARNESS_MAIN
