// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=smp */
/*
 * Devices that are pulled, closed and bound while others use them; limits that
 * several threads run into; processes that map by one file at the same time.
 */
#define _GNU_SOURCE
#include <linux/vfio.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edu.h"
#include "mem.h"
#include "racer.h"
#include "tap.h"
#include "world.h"

#define MEM_PAGES 64UL
#define MEM_LENGTH (MEM_PAGES * PAGE)
#define ROUNDS_MS 1500

FIXTURE(pull)
{
	struct world w;
	unsigned char *mem;
	uint32_t other;
	/* Of the device that comes and goes. */
	volatile int fd;
	uint32_t mock;
	int files[2];
};

FIXTURE_SETUP(pull)
{
	struct world *w = &self->w;

	world_open(w);
	self->other = world_ioas(w);
	self->mem = mem_alloc(MEM_SHUFFLED, MEM_LENGTH);
	mem_fill(self->mem, MEM_LENGTH, 1);
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, MEM_LENGTH, IOVA));
	ASSERT_EQ(0, inx_map_at(w->fd, self->other, self->mem, MEM_LENGTH,
				IOVA));
}

FIXTURE_TEARDOWN(pull)
{
	EXPECT_TRUE(mem_is_filled(self->mem, MEM_LENGTH, 1));
	world_close(&self->w);
}

static struct pull_data *data(struct racer *r)
{
	return r->race->data;
}

/* A device with the flags; bound. */
static void plug(struct pull_data *self, uint32_t flags)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();

	how.flags = flags;
	self->fd = inx_mock_device(self->w.mock, &how, &self->mock);
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(0, inx_bind(self->fd, self->w.fd, NULL));
}

/* ---- steps on a device that may go; EBADF after its file has been closed ------------- */

static void attach(struct racer *r)
{
	struct pull_data *self = data(r);
	uint32_t ioas = pick(r, 2) ? self->other : self->w.ioas;

	if (pick(r, 3))
		ONE_OF(r, inx_attach_to(self->fd, ioas), ENODEV, EBADF);
	else
		ONE_OF(r, inx_detach(self->fd), ENODEV, EBADF);
}

static void hwpt(struct racer *r)
{
	struct pull_data *self = data(r);
	struct world *w = &self->w;
	uint32_t id, dev;

	/* The highest ID is the device's, or nobody's. */
	for (dev = 1; dev < 8; dev++) {
		if (inx_hwpt_alloc(w->fd, dev, w->ioas, &id)) {
			must(r, errno == ENOENT || errno == ENODEV,
			     "wrong error of HWPT_ALLOC");
			continue;
		}
		ONE_OF(r, inx_attach_to(self->fd, id), ENODEV, EBADF, EINVAL);
		ONE_OF(r, inx_detach(self->fd), ENODEV, EBADF);
		while (inx_destroy(w->fd, id))
			if (!must(r, errno == EBUSY, "wrong error of DESTROY"))
				return;
	}
}

static void registers(struct racer *r)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct pull_data *self = data(r);
	uint64_t val = 0;
	int rc = -1;

	switch (pick(r, 4)) {
	case 0:
		rc = pread(self->fd, &val, 8, EDU_DMA_SRC);
		break;
	case 1:
		rc = pwrite(self->fd, &val, 4, EDU_LIVENESS);
		break;
	case 2:
		rc = ioctl(self->fd, VFIO_DEVICE_GET_INFO, &info);
		break;
	case 3:
		rc = ioctl(self->fd, VFIO_DEVICE_RESET);
		break;
	}
	ONE_OF(r, rc < 0 ? rc : 0, ENODEV, EBADF);
}

static void dma(struct racer *r)
{
	struct pull_data *self = data(r);
	uint64_t at = pick(r, MEM_PAGES) * PAGE;
	unsigned char seen[PAGE];
	int fault = inx_mock_read(self->fd, IOVA + at, seen, PAGE);

	if (ONE_OF(r, fault < 0 ? fault : 0, ENODEV, EBADF))
		must(r, fault || !memcmp(seen, self->mem + at, PAGE),
		     "wrong page");
}

/* Beside what is always mapped. */
static void map(struct racer *r)
{
	struct pull_data *self = data(r);
	struct world *w = &self->w;
	uint64_t iova = 2 * IOVA + pick(r, 4) * MEM_LENGTH / 2;

	if (pick(r, 2))
		ONE_OF(r, inx_map_at(w->fd, w->ioas, self->mem, MEM_LENGTH,
				     iova), EEXIST);
	else
		ONE_OF(r, inx_unmap(w->fd, w->ioas, iova, MEM_LENGTH, NULL),
		       ENOENT, EBUSY);
}

enum end { PULLED, CLOSED };

/* Again and again, with ever different numbers of steps before the end. */
static void rounds(struct pull_data *self, uint32_t flags, enum end end,
		   struct racer *proto, int nr)
{
	unsigned long good[8] = {}, all[8] = {};
	uint64_t until = race_now_ms() + ROUNDS_MS;
	struct race race;
	int i, k;

	for (i = 0; race_now_ms() < until; i++) {
		struct racer racers[8];

		memcpy(racers, proto, nr * sizeof(*racers));
		for (k = 0; k < nr; k++)
			racers[k].random = i * 100;
		plug(self, flags);
		race_start(&race, self, racers, nr);
		race_wait(&race, i % 9);
		if (end == PULLED) {
			ASSERT_EQ(0, inx_mock_remove(self->w.mock, self->mock));
			EXPECT_ERRNO(ENODEV, inx_detach(self->fd));
			race_wait(&race, 2);
		} else {
			ASSERT_EQ(0, close(self->fd));
		}
		race_stop(&race);
		if (end == PULLED)
			ASSERT_EQ(0, close(self->fd));
		else
			ASSERT_EQ(0, inx_mock_remove(self->w.mock, self->mock));
		for (k = 0; k < nr; k++) {
			good[k] += racers[k].good;
			all[k] += racers[k].all;
		}
		/* Nothing that was pinned for the device is left. */
		ASSERT_TRUE(world_settles(&self->w, 0));
	}
	TH_LOG("%d rounds", i);
	for (k = 0; k < nr; k++) {
		TH_LOG("%s: %lu good of %lu", proto[k].name, good[k], all[k]);
		EXPECT_GT(good[k], 0);
	}
}

#define ROUNDS_OF(self, flags, end, ...)                                  \
	do {                                                              \
		struct racer racers[] = { __VA_ARGS__ };                  \
		rounds(self, flags, end, racers,                          \
		       sizeof(racers) / sizeof(*racers));                 \
	} while (0)

TEST_F(pull, during_attach_and_map)
{
	ROUNDS_OF(self, 0, PULLED, RACER(attach), RACER(attach), RACER(map));
}

TEST_F(pull, during_attach_first)
{
	ROUNDS_OF(self, IOMMU_NEXT_MOCK_ATTACH_FIRST, PULLED, RACER(attach),
		  RACER(map), RACER(hwpt));
}

TEST_F(pull, during_hwpt_alloc)
{
	ROUNDS_OF(self, 0, PULLED, RACER(hwpt), RACER(attach));
}

TEST_F(pull, during_dma_and_registers)
{
	ROUNDS_OF(self, 0, PULLED, RACER(attach), RACER(dma), RACER(registers));
}

TEST_F(pull, close_during_all)
{
	ROUNDS_OF(self, 0, CLOSED, RACER(attach), RACER(dma), RACER(registers),
		  RACER(map));
}

TEST_F(pull, close_during_attach_first)
{
	ROUNDS_OF(self, IOMMU_NEXT_MOCK_ATTACH_FIRST, CLOSED, RACER(attach),
		  RACER(map), RACER(hwpt));
}

/* ---- BIND -------------------------------------------------------------------------------- */

static int bind_second(void *arg)
{
	struct pull_data *self = arg;

	return inx_bind(self->files[1], self->w.fd, NULL);
}

/* Two files of one device: one of them has it. */
TEST_F(pull, bind_two_files)
{
	struct world_dev *dev = world_make(&self->w, NULL);
	struct later later;
	int i, first, second, won[2] = {};

	for (i = 0; i < 200; i++) {
		self->files[0] = inx_mock_open(self->w.mock, dev->mock);
		self->files[1] = inx_mock_open(self->w.mock, dev->mock);
		later_start(&later, bind_second, self);
		if (i % 2)
			sched_yield();
		first = inx_bind(self->files[0], self->w.fd, NULL);
		if (first)
			ASSERT_EQ(EINVAL, errno);
		second = later_join(&later);
		if (second)
			ASSERT_EQ(EINVAL, errno);
		ASSERT_EQ(-1, first + second);
		won[0] += !first;
		won[1] += !second;
		ASSERT_EQ(0, inx_attach_to(self->files[!!first], self->other));
		ASSERT_EQ(0, close(self->files[0]));
		ASSERT_EQ(0, close(self->files[1]));
	}
	TH_LOG("%d and %d of %d", won[0], won[1], i);
}

static void bind_and_close(struct racer *r)
{
	struct pull_data *self = data(r);
	int n = r->random % 2, fd;

	fd = inx_mock_open(self->w.mock, self->w.dev[n].mock);
	/* The group has one owner at a time, the device one file. */
	if (ONE_OF(r, inx_bind(fd, self->files[pick(r, 2)], NULL), EPERM,
		   EINVAL))
		pick(r, 2) ? sched_yield() : inx_detach(fd);
	must(r, !close(fd), "close");
}

TEST_F(pull, owners_of_a_group)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();

	how.group = 1;
	world_make(&self->w, &how);
	world_make(&self->w, &how);
	self->files[0] = inx_open();
	self->files[1] = inx_open();
	RACE(self, 1000, RACER(bind_and_close), RACER(bind_and_close),
	     RACER(bind_and_close));
	/* Nobody has it any more, so anybody can. */
	ASSERT_EQ(0, inx_bind(self->w.dev[0].fd, self->files[0], NULL));
	ASSERT_EQ(0, inx_bind(self->w.dev[1].fd, self->files[0], NULL));
	ASSERT_EQ(0, close(self->files[0]));
	ASSERT_EQ(0, close(self->files[1]));
}

/* ---- limits ------------------------------------------------------------------------------- */

#define LIMIT 40L /* pages */

/* Each thread has a place of its own. */
static void map_at_limit(struct racer *r)
{
	struct pull_data *self = data(r);
	struct world *w = &self->w;
	uint64_t iova = (10 + (r - r->race->racers)) * IOVA;
	uint64_t length = (1 + pick(r, LIMIT)) * PAGE;

	if (!ONE_OF(r, inx_map_at(w->fd, w->ioas, self->mem, length, iova),
		    ENOMEM))
		return;
	must(r, world_pinned(w) <= LIMIT * 4, "over the limit");
	ONE_OF(r, inx_unmap(w->fd, w->ioas, iova, length, NULL));
}

static void race_at_limit(struct pull_data *self, bool process)
{
	struct world *w = &self->w;

	/* From the start, as the mode needs a file without objects. */
	ASSERT_EQ(0, close(w->fd));
	w->fd = inx_open();
	ASSERT_EQ(0, inx_option_set(w->fd, IOMMU_NEXT_OPTION_RLIMIT_MODE, 0,
				    process));
	w->ioas = world_ioas(w);
	world_attach(w, NULL);
	world_become_user(2000);
	world_memlock(LIMIT * PAGE);
	RACE(self, 1000, RACER(map_at_limit), RACER(map_at_limit),
	     RACER(map_at_limit));
	EXPECT_EQ(0, world_pinned(w));
	EXPECT_EQ(0, inx_status_kb("VmLck"));
	/* To the page. */
	EXPECT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, LIMIT * PAGE, IOVA));
	EXPECT_ERRNO(ENOMEM, inx_map_at(w->fd, w->ioas, self->mem, PAGE,
					2 * IOVA));
}

TEST_F(pull, limit_of_a_user)
{
	race_at_limit(self, false);
}

TEST_F(pull, limit_of_a_process)
{
	race_at_limit(self, true);
}

/* ---- processes ------------------------------------------------------------------------------ */

/* For as long as the writing end of the pipe is open. */
static void map_here(void *arg)
{
	struct pull_data *self = arg;
	struct world *w = &self->w;
	unsigned char *mem = mem_alloc(MEM_ORDERED, MEM_LENGTH);
	uint64_t iova = (10 + getpid() % 50) * IOVA;
	long pinned = inx_status_kb("VmPin");
	int i;

	for (i = 0; i < 400; i++) {
		ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, mem, MEM_LENGTH, iova));
		ASSERT_EQ((long)MEM_LENGTH / 1024,
			  inx_status_kb("VmPin") - pinned);
		ASSERT_EQ(0, inx_unmap(w->fd, w->ioas, iova, MEM_LENGTH, NULL));
		ASSERT_EQ(pinned, inx_status_kb("VmPin"));
	}
}

/* Each pays for its own memory, whoever was the last one to map. */
TEST_F(pull, processes_on_one_file)
{
	pid_t pid[3];
	int i;

	world_attach(&self->w, NULL);
	for (i = 0; i < 3; i++)
		pid[i] = world_fork(map_here, self);
	for (i = 0; i < 3; i++)
		world_join(pid[i]);
	EXPECT_EQ((long)MEM_LENGTH / 1024, world_pinned(&self->w));
}

TEST_HARNESS_MAIN
