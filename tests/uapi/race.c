// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=smp timeout=120 */
/*
 * Threads that do not know of each other on the same objects. Whatever meets
 * what: a call gives one of the answers that are documented, a device sees the
 * right memory or a fault, and in the end nothing is left.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mem.h"
#include "racer.h"
#include "tap.h"
#include "world.h"

#define MEM_PAGES 64UL
#define MEM_LENGTH (MEM_PAGES * PAGE)
#define RACE_MS 1000

/**
 * Page n of the memory is page n of the IOVAs from IOVA on, in every IOAS: so a
 * device that sees anything there has to see the same.
 */
FIXTURE(race)
{
	struct world w;
	struct world_dev *dev, *coarse;
	uint32_t other;
	unsigned char *mem;
	/* Of an object that one racer makes for the others. */
	volatile uint32_t id;
};

FIXTURE_SETUP(race)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();

	world_open(&self->w);
	self->other = world_ioas(&self->w);
	self->dev = world_bind(&self->w, NULL);
	how.page_sizes = 2048 | PAGE;
	self->coarse = world_bind(&self->w, &how);
	self->mem = mem_alloc(MEM_SHUFFLED, MEM_LENGTH);
	mem_fill(self->mem, MEM_LENGTH, 1);
}

FIXTURE_TEARDOWN(race)
{
	world_close(&self->w);
	EXPECT_TRUE(mem_is_filled(self->mem, MEM_LENGTH, 1));
}

static struct race_data *data(struct racer *r)
{
	return r->race->data;
}

/* ---- steps ----------------------------------------------------------------------- */

static void some_range(struct racer *r, uint64_t *at, uint64_t *length)
{
	uint64_t first = pick(r, MEM_PAGES);
	uint64_t most = MEM_PAGES - first;

	*at = first * PAGE;
	*length = (1 + pick(r, most < 20 ? most : 20)) * PAGE;
}

static uint32_t some_ioas(struct racer *r)
{
	return pick(r, 2) ? data(r)->other : data(r)->w.ioas;
}

static void map_in(struct racer *r, uint32_t ioas)
{
	uint64_t at, length;

	some_range(r, &at, &length);
	ONE_OF(r, inx_map_at(data(r)->w.fd, ioas, data(r)->mem + at, length,
			     IOVA + at), EEXIST);
}

static void unmap_in(struct racer *r, uint32_t ioas)
{
	struct world *w = &data(r)->w;
	uint64_t at, length, n = 0;

	if (!pick(r, 50)) {
		ONE_OF(r, inx_unmap_all(w->fd, ioas, NULL), EBUSY);
		return;
	}
	some_range(r, &at, &length);
	if (pick(r, 2))
		length *= 2;
	if (ONE_OF(r, inx_unmap(w->fd, ioas, IOVA + at, length, &n), ENOENT,
		   EBUSY))
		must(r, n && n <= length, "wrong length of UNMAP");
}

static void map(struct racer *r)
{
	map_in(r, data(r)->w.ioas);
}

static void unmap(struct racer *r)
{
	unmap_in(r, data(r)->w.ioas);
}

static void map_and_unmap(struct racer *r)
{
	if (pick(r, 2))
		map_in(r, some_ioas(r));
	else
		unmap_in(r, some_ioas(r));
}

/* From either of the two IOASes to the same place in the other one. */
static void copy(struct racer *r)
{
	uint32_t src = some_ioas(r), dst = some_ioas(r);
	uint64_t at, length, iova;

	some_range(r, &at, &length);
	iova = IOVA + at;
	ONE_OF(r, inx_copy(data(r)->w.fd, dst, src, INX_RW | INX_FIXED, length,
			   &iova, iova), ENOENT, EEXIST);
}

/* What a device sees is right, or it sees nothing. */
static void look(struct racer *r, struct world_dev *dev)
{
	unsigned char seen[PAGE];
	uint64_t at = pick(r, MEM_PAGES) * PAGE;
	int fault = inx_mock_read(dev->fd, IOVA + at, seen, PAGE);

	must(r, fault || !memcmp(seen, data(r)->mem + at, PAGE), "wrong page");
	must(r, fault == IOMMU_NEXT_MOCK_FAULT_NONE || fault == IOMMU_NEXT_MOCK_FAULT_BLOCKED ||
	     fault == IOMMU_NEXT_MOCK_FAULT_UNMAPPED, "wrong fault");
	r->good += !fault;
}

static void dma(struct racer *r)
{
	look(r, data(r)->dev);
}

static void dma_coarse(struct racer *r)
{
	look(r, data(r)->coarse);
}

/* Attach, replace, detach. */
static void move(struct racer *r, struct world_dev *dev)
{
	if (pick(r, 4))
		ONE_OF(r, inx_attach_to(dev->fd, some_ioas(r)));
	else
		ONE_OF(r, inx_detach(dev->fd));
}

static void move_dev(struct racer *r)
{
	move(r, data(r)->dev);
}

static void move_coarse(struct racer *r)
{
	move(r, data(r)->coarse);
}

/* ---- maps, copies, attaches --------------------------------------------------------- */

TEST_F(race, overlapping_maps)
{
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, self->w.ioas));
	RACE(self, RACE_MS, RACER(map), RACER(map), RACER(unmap), RACER(unmap), RACER(dma));
}

TEST_F(race, copies)
{
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, self->w.ioas));
	ASSERT_EQ(0, inx_attach_to(self->coarse->fd, self->other));
	RACE(self, RACE_MS, RACER(map_and_unmap), RACER(copy), RACER(copy), RACER(dma),
	     RACER(dma_coarse));
}

TEST_F(race, attach)
{
	RACE(self, RACE_MS, RACER(map_and_unmap), RACER(move_dev), RACER(move_coarse),
	     RACER(copy), RACER(dma));
}

TEST_F(race, attach_one_device_twice)
{
	RACE(self, RACE_MS, RACER(map_and_unmap), RACER(move_dev), RACER(move_dev),
	     RACER(dma));
}

static int copy_to_third(void *arg)
{
	struct race_data *self = arg;
	uint64_t iova = IOVA;

	return inx_copy(self->w.fd, self->id, self->w.ioas, INX_RW | INX_FIXED,
			MEM_LENGTH, &iova, IOVA);
}

/* Pages that two IOASes pin at the same moment are pinned and charged once. */
TEST_F(race, pin_the_same)
{
	struct world *w = &self->w;
	struct later later;
	uint64_t iova = IOVA;
	int i;

	self->id = world_ioas(w);
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, self->other));
	ASSERT_EQ(0, inx_attach_to(self->coarse->fd, self->id));
	for (i = 0; i < 300; i++) {
		ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, MEM_LENGTH,
					IOVA));
		later_start(&later, copy_to_third, self);
		ASSERT_EQ(0, inx_copy(w->fd, self->other, w->ioas,
				      INX_RW | INX_FIXED, MEM_LENGTH, &iova,
				      IOVA));
		ASSERT_EQ(0, later_join(&later));
		ASSERT_EQ((long)MEM_LENGTH / 1024, world_pinned(w));
		ASSERT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
		ASSERT_EQ(0, inx_unmap_all(w->fd, self->other, NULL));
		ASSERT_EQ((long)MEM_LENGTH / 1024, world_pinned(w));
		ASSERT_EQ(0, inx_unmap_all(w->fd, self->id, NULL));
		ASSERT_EQ(0, world_pinned(w));
	}
}

/* ---- objects that go ----------------------------------------------------------------- */

/* An IOAS comes, is known to the others by its ID, and goes. */
static void come_and_go(struct racer *r)
{
	struct world *w = &data(r)->w;
	uint32_t id = 0;

	if (!ONE_OF(r, inx_ioas_alloc(w->fd, &id)))
		return;
	data(r)->id = id;
	if (pick(r, 2))
		sched_yield();
	/* Busy, as long as the device is there. */
	while (inx_destroy(w->fd, id))
		if (!must(r, errno == EBUSY, "wrong error of DESTROY"))
			return;
}

static void use(struct racer *r)
{
	struct world *w = &data(r)->w;
	struct iommu_next_iova_range range = { 0, 4 * IOVA };
	uint32_t id = data(r)->id, num = 1;
	uint64_t iova = IOVA, val;

	switch (pick(r, 7)) {
	case 0:
		ONE_OF(r, inx_map_at(w->fd, id, data(r)->mem, MEM_LENGTH, IOVA),
		       ENOENT, EEXIST);
		break;
	case 1:
		ONE_OF(r, inx_unmap_all(w->fd, id, NULL), ENOENT, EBUSY);
		break;
	case 2:
		ONE_OF(r, inx_copy(w->fd, w->ioas, id, INX_RW, PAGE, &iova,
				   IOVA), ENOENT);
		ONE_OF(r, inx_unmap_all(w->fd, w->ioas, NULL), EBUSY);
		break;
	case 3:
		ONE_OF(r, inx_iova_ranges(w->fd, id, &range, &num, NULL),
		       ENOENT, EMSGSIZE);
		break;
	case 4:
		ONE_OF(r, inx_allow_iovas(w->fd, id, &range, 1), ENOENT);
		break;
	case 5:
		ONE_OF(r, inx_option_get(w->fd, IOMMU_NEXT_OPTION_HUGE_PAGES,
					 id, &val), ENOENT);
		break;
	case 6:
		ONE_OF(r, inx_option_set(w->fd, IOMMU_NEXT_OPTION_HUGE_PAGES,
					 id, pick(r, 2)), ENOENT, EINVAL,
		       EADDRINUSE);
		break;
	}
}

static void attach_to_it(struct racer *r)
{
	ONE_OF(r, inx_attach_to(data(r)->dev->fd, data(r)->id), ENOENT);
	ONE_OF(r, inx_detach(data(r)->dev->fd));
}

TEST_F(race, destroy_ioas)
{
	RACE(self, RACE_MS, RACER(come_and_go), RACER(use), RACER(use), RACER(attach_to_it));
}

static void hwpt_come_and_go(struct racer *r)
{
	struct world *w = &data(r)->w;
	uint32_t id = 0;

	if (!ONE_OF(r, inx_hwpt_alloc(w->fd, data(r)->dev->id, w->ioas, &id)))
		return;
	data(r)->id = id;
	if (pick(r, 2))
		sched_yield();
	while (inx_destroy(w->fd, id))
		if (!must(r, errno == EBUSY, "wrong error of DESTROY"))
			return;
}

TEST_F(race, destroy_hwpt)
{
	RACE(self, RACE_MS, RACER(hwpt_come_and_go), RACER(map), RACER(unmap),
	     RACER(attach_to_it), RACER(dma));
}

static void map_until_closed(struct racer *r)
{
	struct world *w = &data(r)->w;
	uint64_t at, length;

	some_range(r, &at, &length);
	if (pick(r, 2))
		ONE_OF(r, inx_map_at(w->fd, w->ioas, data(r)->mem + at, length,
				     IOVA + at), EEXIST, EBADF);
	else
		ONE_OF(r, inx_unmap(w->fd, w->ioas, IOVA + at, length, NULL),
		       ENOENT, EBUSY, EBADF);
}

/* The file's last descriptor goes while calls run on it. */
TEST_F(race, close_file)
{
	struct world *w = &self->w;
	struct race race;
	int i;

	world_close_dev(self->coarse);
	for (i = 0; i < 40; i++) {
		struct racer racers[] = { RACER(map_until_closed),
					  RACER(map_until_closed) };

		if (i) {
			self->dev->fd = inx_mock_open(w->mock, self->dev->mock);
			w->fd = inx_open();
			ASSERT_GE(w->fd, 0);
			w->ioas = world_ioas(w);
			ASSERT_EQ(0, inx_bind(self->dev->fd, w->fd, NULL));
		}
		ASSERT_EQ(0, inx_attach_to(self->dev->fd, w->ioas));
		racers[0].random = i * 5;
		race_start(&race, self, racers, 2);
		race_wait(&race, 3 + i % 5);
		/* The device would keep the file open. */
		world_close_dev(self->dev);
		ASSERT_EQ(0, close(w->fd));
		race_stop(&race);
		EXPECT_EQ(0, world_stats(w, self->dev).bytes);
		EXPECT_EQ(0, world_stats(w, self->dev).domains);
	}
	w->fd = -1;
}

TEST_HARNESS_MAIN
