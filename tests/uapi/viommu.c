// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next machines=none,smp seldom=?.?/none,6.12/none timeout=240 */
/*
 * Slices of an IOMMU, and what stands on one: virtual devices, page tables of the
 * user's, queues of events, hardware queues, and what is mapped of it. The mock
 * has them on devices of the in-tree selftests.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem.h"
#include "racer.h"
#include "selftest.h"
#include "tap.h"

/* An IOVA that such a device can reach. */
#define AT (1UL << 24)
#define PAGES 16
#define MOCK "iommu_next_mock"
#define VIRT_ID 0x99
#define NO_ID 4711

/* What stands on a slice. */
enum part {
	NESTED,
	VDEVICE,
	EVENTS,
	QUEUE,
	MAPPING,
	PARTS,
};

/**
 * struct slice - a slice and all of that
 * @fd: of /dev/iommu-next
 * @viommu: its ID
 * @id: of each part
 * @events: file of the events, -1 for none
 * @map: what is mapped of it
 * @length: bytes of it
 */
struct slice {
	int fd;
	uint32_t viommu;
	uint32_t id[PARTS];
	int events;
	unsigned char *map;
	uint64_t length;
};

/**
 * struct client - a file with a device
 * @fd: the file
 * @ioas: with memory at AT
 * @object: ID of the object that has the device
 * @dev: ID of the device
 * @parent: ID of a nesting parent
 */
struct client {
	int fd;
	uint32_t ioas;
	uint32_t object;
	uint32_t dev;
	uint32_t parent;
};

static void client_make(struct client *c, int fd, uint32_t ioas,
			unsigned char *mem)
{
	c->fd = fd;
	c->ioas = ioas;
	ASSERT_EQ(0, inx_map_at(fd, ioas, mem, PAGES * PAGE, AT));
	c->object = selftest_device(fd, ioas, NULL, &c->dev);
	ASSERT_EQ(0, hwpt_flags(fd, c->dev, ioas,
				IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT, &c->parent));
}

FIXTURE(viommu)
{
	struct world w;
	struct client c;
	unsigned char *mem;
	/* Of an object that one racer makes for the others. */
	volatile uint32_t id;
	volatile uint64_t offset;
	/* And of what it makes on that. */
	uint32_t part[PARTS];
};

FIXTURE_SETUP(viommu)
{
	world_load_mock("selftest=1");
	world_open(&self->w);
	self->mem = mem_alloc(MEM_SHUFFLED, PAGES * PAGE);
	client_make(&self->c, self->w.fd, self->w.ioas, self->mem);
}

FIXTURE_TEARDOWN(viommu)
{
	world_close(&self->w);
	/* Nothing of it holds the module. */
	if (!inx_is_built_in())
		EXPECT_EQ(0, syscall(SYS_delete_module, MOCK,
				     O_NONBLOCK));
}

static void slice_make(struct slice *s, struct client *c)
{
	struct selftest_viommu data = { .in_data = 7 };
	int fd = c->fd;

	s->fd = fd;
	ASSERT_EQ(0, viommu_alloc(fd, c->dev, c->parent, &data, &s->viommu));
	ASSERT_EQ(7, data.out_data);
	ASSERT_EQ(0, selftest_nested(fd, c->dev, s->viommu, &s->id[NESTED]));
	ASSERT_EQ(0, vdevice_alloc(fd, s->viommu, c->dev, VIRT_ID,
				   &s->id[VDEVICE]));
	s->events = veventq_alloc(fd, s->viommu, 4, &s->id[EVENTS]);
	ASSERT_GE(s->events, 0);
	ASSERT_EQ(0, hw_queue_alloc(fd, s->viommu, 0, AT + PAGE, 64,
				    &s->id[QUEUE]));
	s->length = data.mmap_length;
	s->map = mmap(NULL, s->length, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		      data.mmap_offset);
	ASSERT_NE(MAP_FAILED, s->map);
	ASSERT_EQ(7, s->map[0]);
}

static void slice_take(struct slice *s, enum part part)
{
	if (part == MAPPING) {
		ASSERT_EQ(0, munmap(s->map, s->length));
		return;
	}
	if (part == EVENTS) {
		EXPECT_ERRNO(EBUSY, inx_destroy(s->fd, s->id[part]));
		ASSERT_EQ(0, close(s->events));
	}
	EXPECT_EQ(0, inx_destroy(s->fd, s->id[part]));
	EXPECT_ERRNO(ENOENT, inx_destroy(s->fd, s->id[part]));
}

/* ---- one after the other --------------------------------------------------------- */

/* The @nth order of all parts. */
static void order(unsigned int nth, enum part *parts)
{
	enum part left[PARTS];
	int i, j, at;

	for (i = 0; i < PARTS; i++)
		left[i] = i;
	for (i = 0; i < PARTS; i++) {
		at = nth % (PARTS - i);
		nth /= PARTS - i;
		parts[i] = left[at];
		for (j = at; j < PARTS - 1; j++)
			left[j] = left[j + 1];
	}
}

TEST_F_TIMEOUT(viommu, taken_down_in_any_order, 120)
{
	enum part parts[PARTS];
	unsigned int nth, i;
	struct slice s;

	for (nth = 0; nth < 120; nth++) {
		order(nth, parts);
		slice_make(&s, &self->c);
		for (i = 0; i < PARTS; i++) {
			EXPECT_ERRNO(EBUSY, inx_destroy(s.fd, s.viommu));
			EXPECT_ERRNO(EBUSY, inx_destroy(s.fd, self->c.parent));
			slice_take(&s, parts[i]);
		}
		EXPECT_EQ(0, inx_destroy(s.fd, s.viommu));
	}
	EXPECT_EQ(0, inx_destroy(self->c.fd, self->c.object));
	EXPECT_EQ(0, inx_destroy(self->c.fd, self->c.parent));
}

/* The device goes first: its virtual device with it, the rest stays. */
TEST_F(viommu, device_goes_first)
{
	struct slice s;
	enum part part;

	slice_make(&s, &self->c);
	ASSERT_EQ(0, selftest_replace(s.fd, self->c.object, s.id[NESTED]));
	EXPECT_ERRNO(EBUSY, inx_destroy(s.fd, s.id[NESTED]));
	ASSERT_EQ(0, inx_destroy(s.fd, self->c.object));
	EXPECT_ERRNO(ENOENT, inx_destroy(s.fd, s.id[VDEVICE]));
	EXPECT_ERRNO(ENOENT, vdevice_alloc(s.fd, s.viommu, self->c.dev, 1,
					   NULL));
	EXPECT_ERRNO(ENOENT, selftest_event(s.fd, self->c.dev));
	for (part = 0; part < PARTS; part++)
		if (part != VDEVICE)
			slice_take(&s, part);
	EXPECT_EQ(0, inx_destroy(s.fd, s.viommu));
}

/* A page of a queue cannot be unmapped: the hardware works on it. */
TEST_F(viommu, memory_of_a_queue_stays)
{
	struct slice s;

	slice_make(&s, &self->c);
	EXPECT_ERRNO(EBUSY, inx_unmap(s.fd, self->c.ioas, AT, PAGES * PAGE,
				      NULL));
	slice_take(&s, QUEUE);
	EXPECT_EQ(0, inx_unmap(s.fd, self->c.ioas, AT, PAGES * PAGE, NULL));
	/* These two keep the file. */
	slice_take(&s, EVENTS);
	slice_take(&s, MAPPING);
}

static struct pollfd ready(struct slice *s, int ms)
{
	struct pollfd poller = { .fd = s->events, .events = POLLIN };

	poll(&poller, 1, ms);
	return poller;
}

TEST_F(viommu, events)
{
	struct {
		struct iommu_next_vevent_header header;
		uint32_t id;
	} event[8];
	void *volatile nowhere = NULL;
	struct slice s;
	int i;

	slice_make(&s, &self->c);
	EXPECT_EQ(0, ready(&s, 0).revents);
	EXPECT_EQ(0, read(s.events, event, sizeof(event)));
	/* It is no device of the slice until it uses a table of that. */
	EXPECT_ERRNO(ENOENT, selftest_event(s.fd, self->c.dev));
	ASSERT_EQ(0, selftest_replace(s.fd, self->c.object, s.id[NESTED]));
	for (i = 0; i < 6; i++)
		EXPECT_EQ(0, selftest_event(s.fd, self->c.dev));
	EXPECT_EQ(POLLIN, ready(&s, 1000).revents);
	/* Four fit; of the two others it is told that they are lost. */
	ASSERT_EQ(4 * sizeof(*event) + sizeof(event->header),
		  read(s.events, event, sizeof(event)));
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, event[i].header.flags);
		EXPECT_EQ(i, event[i].header.sequence);
		EXPECT_EQ(VIRT_ID, event[i].id);
	}
	EXPECT_EQ(IOMMU_NEXT_VEVENTQ_FLAG_LOST_EVENTS, event[4].header.flags);
	EXPECT_EQ(5, event[4].header.sequence);
	EXPECT_EQ(0, ready(&s, 0).revents);
	EXPECT_ERRNO(EBADF, write(s.events, event, sizeof(event)));
	EXPECT_ERRNO(EINVAL, read(s.events, event, 4));
	ASSERT_EQ(0, selftest_event(s.fd, self->c.dev));
	EXPECT_ERRNO(EFAULT, read(s.events, nowhere, sizeof(*event)));
	ASSERT_EQ(sizeof(*event), read(s.events, event, sizeof(event)));
	EXPECT_EQ(6, event->header.sequence);
	/* Nobody is told when the queue is gone. */
	slice_take(&s, EVENTS);
	EXPECT_ERRNO(EOPNOTSUPP, selftest_event(s.fd, self->c.dev));
	slice_take(&s, MAPPING);
}

TEST_F(viommu, maps_what_is_offered)
{
	unsigned char *other;
	uint64_t offset;
	struct slice s;
	pid_t pid;

	slice_make(&s, &self->c);
	/* Of the whole, shared, and not to be executed. */
	for (offset = 0; offset < 1ULL << 40; offset = offset * 2 + PAGE)
		EXPECT_EQ(MAP_FAILED, mmap(NULL, s.length, PROT_READ,
					   MAP_SHARED, s.fd, offset));
	/* A child has it, too, and is a user of its own. */
	pid = fork();
	if (!pid) {
		s.map[PAGE] = 42;
		_exit(s.map[0] == 7 ? 0 : 1);
	}
	world_join(pid);
	EXPECT_EQ(42, s.map[PAGE]);
	other = mremap(s.map, s.length, s.length, MREMAP_MAYMOVE | MREMAP_FIXED,
		       s.map + (1UL << 30));
	if (other != MAP_FAILED)
		s.map = other;
	EXPECT_EQ(42, s.map[PAGE]);
	EXPECT_ERRNO(EBUSY, inx_destroy(s.fd, s.viommu));
	/* It cannot grow over its end. */
	EXPECT_EQ(MAP_FAILED, mremap(s.map, s.length, 2 * s.length,
				     MREMAP_MAYMOVE));
	/* Cut in two, each half is a user. */
	ASSERT_EQ(0, munmap(s.map, PAGE));
	EXPECT_EQ(42, s.map[PAGE]);
	for (enum part part = 0; part < MAPPING; part++)
		slice_take(&s, part);
	EXPECT_ERRNO(EBUSY, inx_destroy(s.fd, s.viommu));
	ASSERT_EQ(0, munmap(s.map + PAGE, s.length - PAGE));
	EXPECT_EQ(0, inx_destroy(s.fd, s.viommu));
}

/* ---- bad input --------------------------------------------------------------------- */

#define REFUSED(error, cmd, good, member, value)                            \
	do {                                                                \
		__auto_type arg = good;                                     \
		arg.member = value;                                         \
		EXPECT_ERRNO(error, ioctl(self->c.fd, cmd, &arg));          \
	} while (0)

TEST_F(viommu, bad_slices)
{
	struct iommu_next_viommu_alloc good = {
		.size = sizeof(good),
		.type = SELFTEST_VIOMMU,
		.dev_id = self->c.dev,
		.hwpt_id = self->c.parent,
	};

	REFUSED(EINVAL, IOMMU_NEXT_VIOMMU_ALLOC, good, size, 8);
	REFUSED(EOPNOTSUPP, IOMMU_NEXT_VIOMMU_ALLOC, good, flags, 1);
	REFUSED(EOPNOTSUPP, IOMMU_NEXT_VIOMMU_ALLOC, good, type, 0);
	REFUSED(EOPNOTSUPP, IOMMU_NEXT_VIOMMU_ALLOC, good, __reserved, 1);
	REFUSED(ENOENT, IOMMU_NEXT_VIOMMU_ALLOC, good, dev_id, NO_ID);
	REFUSED(ENOENT, IOMMU_NEXT_VIOMMU_ALLOC, good, dev_id, self->c.ioas);
	REFUSED(ENOENT, IOMMU_NEXT_VIOMMU_ALLOC, good, hwpt_id, self->c.ioas);
	REFUSED(ENOENT, IOMMU_NEXT_VIOMMU_ALLOC, good, hwpt_id, NO_ID);
	REFUSED(EINVAL, IOMMU_NEXT_VIOMMU_ALLOC, good, data_len, 1);
	/* A device of another kind has none. */
	REFUSED(EOPNOTSUPP, IOMMU_NEXT_VIOMMU_ALLOC, good, dev_id,
		world_bind(&self->w, NULL)->id);
	/* Nothing is left of any of them. */
	EXPECT_EQ(0, inx_destroy(self->c.fd, self->c.parent));
}

TEST_F(viommu, bad_parts)
{
	struct slice s;

	slice_make(&s, &self->c);
	struct iommu_next_vdevice_alloc vdevice = {
		.size = sizeof(vdevice),
		.viommu_id = s.viommu,
		.dev_id = self->c.dev,
		.virt_id = 1,
	};
	struct iommu_next_veventq_alloc events = {
		.size = sizeof(events),
		.viommu_id = s.viommu,
		.type = SELFTEST_EVENTS + 1,
		.veventq_depth = 1,
	};
	struct iommu_next_hw_queue_alloc queue = {
		.size = sizeof(queue),
		.viommu_id = s.viommu,
		.type = SELFTEST_HW_QUEUE,
		.index = 1,
		.nesting_parent_iova = AT,
		.length = 64,
	};

	/* Both its number and its device can be had once. */
	REFUSED(EEXIST, IOMMU_NEXT_VDEVICE_ALLOC, vdevice, virt_id, VIRT_ID);
	REFUSED(EEXIST, IOMMU_NEXT_VDEVICE_ALLOC, vdevice, virt_id, 1);
	REFUSED(ENOENT, IOMMU_NEXT_VDEVICE_ALLOC, vdevice, viommu_id, NO_ID);
	REFUSED(ENOENT, IOMMU_NEXT_VDEVICE_ALLOC, vdevice, dev_id, s.viommu);
	REFUSED(EINVAL, IOMMU_NEXT_VDEVICE_ALLOC, vdevice, dev_id,
		world_bind(&self->w, NULL)->id);
	REFUSED(EOPNOTSUPP, IOMMU_NEXT_VEVENTQ_ALLOC, events, flags, 1);
	REFUSED(EOPNOTSUPP, IOMMU_NEXT_VEVENTQ_ALLOC, events, type, 0);
	REFUSED(EINVAL, IOMMU_NEXT_VEVENTQ_ALLOC, events, veventq_depth, 0);
	REFUSED(EINVAL, IOMMU_NEXT_VEVENTQ_ALLOC, events, veventq_depth,
		1U << 31);
	REFUSED(EEXIST, IOMMU_NEXT_VEVENTQ_ALLOC, events, type,
		SELFTEST_EVENTS);
	REFUSED(EOPNOTSUPP, IOMMU_NEXT_HW_QUEUE_ALLOC, queue, flags, 1);
	REFUSED(EOPNOTSUPP, IOMMU_NEXT_HW_QUEUE_ALLOC, queue, type, 0);
	REFUSED(EEXIST, IOMMU_NEXT_HW_QUEUE_ALLOC, queue, index, 0);
	REFUSED(EINVAL, IOMMU_NEXT_HW_QUEUE_ALLOC, queue, index, 2);
	REFUSED(EINVAL, IOMMU_NEXT_HW_QUEUE_ALLOC, queue, length, 0);
	REFUSED(EOVERFLOW, IOMMU_NEXT_HW_QUEUE_ALLOC, queue, length,
		UINT64_MAX);
	REFUSED(ENOENT, IOMMU_NEXT_HW_QUEUE_ALLOC, queue, nesting_parent_iova,
		AT + PAGES * PAGE);
	/* Two pages that do not follow each other in memory. */
	REFUSED(EFAULT, IOMMU_NEXT_HW_QUEUE_ALLOC, queue, length, 2 * PAGE);
	for (enum part part = 0; part < PARTS; part++)
		slice_take(&s, part);
	EXPECT_EQ(0, inx_destroy(s.fd, s.viommu));
}

/* ---- files that are closed, processes that are killed -------------------------------- */

static void expect_module_held(void)
{
	if (!inx_is_built_in())
		EXPECT_ERRNO(EWOULDBLOCK,
			     syscall(SYS_delete_module, MOCK,
				     O_NONBLOCK));
}

/* All that is left of a file is one thing that it has made. */
TEST_F(viommu, file_is_closed)
{
	unsigned char *mem = mem_alloc(MEM_SHUFFLED, PAGES * PAGE);
	enum part last;

	for (last = EVENTS; last < PARTS; last++) {
		struct client c;
		struct slice s;
		uint32_t ioas;
		int fd = inx_open();

		if (last == QUEUE)
			continue;
		ASSERT_EQ(0, inx_ioas_alloc(fd, &ioas));
		client_make(&c, fd, ioas, mem);
		slice_make(&s, &c);
		ASSERT_EQ(0, close(fd));
		EXPECT_EQ(2L * PAGES * PAGE / 1024, world_pinned(&self->w));
		expect_module_held();
		/* It does what it did. */
		if (last == EVENTS) {
			ASSERT_EQ(0, munmap(s.map, s.length));
			EXPECT_EQ(0, ready(&s, 0).revents);
			ASSERT_EQ(0, close(s.events));
		} else {
			ASSERT_EQ(0, close(s.events));
			EXPECT_EQ(7, s.map[0]);
			ASSERT_EQ(0, munmap(s.map, s.length));
		}
		EXPECT_TRUE(world_settles(&self->w, PAGES * PAGE / 1024));
	}
}

struct victim {
	int ready[2];
	unsigned char *mem;
};

static void live(void *arg)
{
	struct victim *v = arg;
	struct client c;
	struct slice s;
	uint32_t ioas;
	int fd = inx_open();

	ASSERT_EQ(0, inx_ioas_alloc(fd, &ioas));
	client_make(&c, fd, ioas, v->mem);
	slice_make(&s, &c);
	ASSERT_EQ(0, selftest_replace(fd, c.object, s.id[NESTED]));
	ASSERT_EQ(1, write(v->ready[1], "", 1));
	for (;;) {
		selftest_event(fd, c.dev);
		s.map[0]++;
		inx_destroy(fd, s.id[QUEUE]);
		hw_queue_alloc(fd, s.viommu, 0, AT, 64, &s.id[QUEUE]);
	}
}

TEST_F(viommu, killed)
{
	struct victim v = { .mem = self->mem };
	char byte;
	int i;

	ASSERT_EQ(0, pipe(v.ready));
	for (i = 0; i < 10; i++) {
		pid_t pid = world_fork(live, &v);

		ASSERT_EQ(1, read(v.ready[0], &byte, 1));
		expect_module_held();
		usleep(500 * i);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	}
}

/* ---- several threads ------------------------------------------------------------------- */

static struct viommu_data *data(struct racer *r)
{
	return r->race->data;
}

/* Busy, as long as one of the others has something on it. */
static void destroy_when_free(struct racer *r, uint32_t id)
{
	while (inx_destroy(data(r)->c.fd, id)) {
		if (!must(r, errno == EBUSY, "wrong error of DESTROY"))
			return;
		sched_yield();
	}
}

/* A slice comes, is known to the others by its ID, and goes. */
static void come_and_go(struct racer *r)
{
	struct selftest_viommu offer = {};
	struct viommu_data *self = data(r);
	uint32_t id;

	if (!ONE_OF(r, viommu_alloc(self->c.fd, self->c.dev, self->c.parent,
				    &offer, &id)))
		return;
	self->offset = offer.mmap_offset;
	self->id = id;
	if (pick(r, 4))
		sched_yield();
	if (!inx_destroy(self->c.fd, id))
		return;
	/* Nobody new comes, or it would be in use for ever. */
	self->id = NO_ID;
	self->offset = 0;
	destroy_when_free(r, id);
}

static void end(struct racer *r, uint32_t id)
{
	if (pick(r, 2))
		sched_yield();
	must(r, !inx_destroy(data(r)->c.fd, id), "destroy");
}

static void use_nested(struct racer *r)
{
	struct client *c = &data(r)->c;
	uint32_t hwpt;

	/* EINVAL: no such slice, as HWPT_ALLOC says it. */
	if (!ONE_OF(r, selftest_nested(c->fd, c->dev, data(r)->id, &hwpt),
		    ENOENT, EINVAL))
		return;
	/* Can be attached while there is a virtual device. */
	if (ONE_OF(r, selftest_replace(c->fd, c->object, hwpt), ENOENT))
		must(r, !selftest_replace(c->fd, c->object, c->ioas), "detach");
	end(r, hwpt);
}

static void use_vdevice(struct racer *r)
{
	struct client *c = &data(r)->c;
	uint32_t vdevice;

	if (ONE_OF(r, vdevice_alloc(c->fd, data(r)->id, c->dev, VIRT_ID,
				    &vdevice), ENOENT))
		end(r, vdevice);
}

static void use_events(struct racer *r)
{
	uint32_t veventq;
	int fd;

	fd = veventq_alloc(data(r)->c.fd, data(r)->id, 2, &veventq);
	if (!ONE_OF(r, fd < 0, ENOENT, EEXIST))
		return;
	must(r, inx_destroy(data(r)->c.fd, veventq) == -1 && errno == EBUSY,
	     "destroy of an open queue");
	must(r, !close(fd), "close");
	end(r, veventq);
}

static void use_queue(struct racer *r)
{
	uint32_t queue;

	if (ONE_OF(r, hw_queue_alloc(data(r)->c.fd, data(r)->id, 0,
				     AT + pick(r, PAGES) * PAGE, 64, &queue),
		   ENOENT, EEXIST))
		end(r, queue);
}

static void use_mapping(struct racer *r)
{
	unsigned char *map;

	map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		   data(r)->c.fd, data(r)->offset);
	if (!ONE_OF(r, map == MAP_FAILED, ENXIO))
		return;
	map[0]++;
	map[PAGE]--;
	must(r, !munmap(map, 2 * PAGE), "munmap");
}

TEST_F(viommu, destroyed_while_in_use)
{
	RACE(self, 2000, RACER(come_and_go), RACER(use_nested),
	     RACER(use_vdevice), RACER(use_events), RACER(use_queue),
	     RACER(use_mapping));
}

static void destroy_any(struct racer *r)
{
	struct viommu_data *self = data(r);
	unsigned int i = pick(r, PARTS);

	/* The slice itself, or what the other makes on it. */
	ONE_OF(r, inx_destroy(self->c.fd, i == MAPPING ? self->id :
							 self->part[i]),
	       ENOENT, EBUSY);
}

static void make_all(struct racer *r)
{
	struct client *c = &data(r)->c;
	struct selftest_viommu offer = {};
	uint32_t *part = data(r)->part;
	uint32_t id;
	int fd;

	if (!ONE_OF(r, viommu_alloc(c->fd, c->dev, c->parent, &offer, &id)))
		return;
	data(r)->id = id;
	ONE_OF(r, selftest_nested(c->fd, c->dev, id, &part[NESTED]), ENOENT,
	       EINVAL);
	ONE_OF(r, vdevice_alloc(c->fd, id, c->dev, VIRT_ID, &part[VDEVICE]),
	       ENOENT, EEXIST);
	fd = veventq_alloc(c->fd, id, 2, &part[EVENTS]);
	ONE_OF(r, fd < 0, ENOENT);
	if (pick(r, 2))
		sched_yield();
	if (fd >= 0)
		close(fd);
	ONE_OF(r, hw_queue_alloc(c->fd, id, 0, AT, 64, &part[QUEUE]), ENOENT);
}

TEST_F(viommu, parts_destroyed_by_others)
{
	RACE(self, 2000, RACER(make_all), RACER(destroy_any),
	     RACER(destroy_any));
}

/* The device goes and comes while a slice has a virtual device of it. */
static void device_comes_and_goes(struct racer *r)
{
	struct client *c = &data(r)->c;
	struct selftest_cmd cmd = {};

	if (!ONE_OF(r, selftest_call(c->fd, SELFTEST_MOCK_DOMAIN, c->ioas,
				     &cmd)))
		return;
	data(r)->id = cmd.u32[2];
	sched_yield();
	must(r, !inx_destroy(c->fd, cmd.u32[0]), "destroy of a device");
}

static void give_number(struct racer *r)
{
	struct client *c = &data(r)->c;
	uint32_t vdevice;

	/* EINVAL: the slice is of another IOMMU. */
	ONE_OF(r, vdevice_alloc(c->fd, data(r)->offset, data(r)->id,
				pick(r, 4), &vdevice), ENOENT, EEXIST, EINVAL);
	r->good++;
}

static void make_for_device(struct racer *r)
{
	uint32_t dev = data(r)->id, parent, id, vdevice;
	struct client *c = &data(r)->c;

	if (!ONE_OF(r, hwpt_flags(c->fd, dev, c->ioas,
				  IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT, &parent),
		    ENOENT, ENODEV))
		return;
	if (ONE_OF(r, viommu_alloc(c->fd, dev, parent, NULL, &id), ENOENT,
		   ENODEV, EINVAL)) {
		data(r)->offset = id;
		/* It goes with its device; its ID may be another's at any time. */
		ONE_OF(r, vdevice_alloc(c->fd, id, dev, 77, &vdevice), ENOENT,
		       EEXIST, EINVAL);
		destroy_when_free(r, id);
	}
	destroy_when_free(r, parent);
}

TEST_F(viommu, device_goes_while_in_use)
{
	RACE(self, 2000, RACER(device_comes_and_goes), RACER(give_number),
	     RACER(make_for_device));
}

TEST_HARNESS_MAIN
