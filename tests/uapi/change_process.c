// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none,smp */
/*
 * IOAS_CHANGE_PROCESS: who is charged before and after, in both modes, and that
 * a change that comes to a limit has changed nothing.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "world.h"

#define USER 1234
#define PAGES 64L
#define LENGTH (PAGES * PAGE)

/*
 * Two processes with the same file of /dev/iommu-next: this one, which maps,
 * and a child, which takes over.
 */
FIXTURE(change)
{
	struct world w;
	int file;
	/* One byte is one step of the child, or its end. */
	int go[2], done[2];
	pid_t child;
};

FIXTURE_VARIANT(change)
{
	/* Of IOMMU_NEXT_OPTION_RLIMIT_MODE. */
	bool process;
	/* The child is another user. */
	bool other_user;
	/* Nobody is charged. */
	bool root;
};

FIXTURE_VARIANT_ADD(change, root)
{
	.root = true,
};

FIXTURE_VARIANT_ADD(change, same_user)
{
	.other_user = false,
};

FIXTURE_VARIANT_ADD(change, other_user)
{
	.other_user = true,
};

FIXTURE_VARIANT_ADD(change, process)
{
	.process = true,
};

FIXTURE_SETUP(change)
{
	struct world *w = &self->w;

	world_open(w);
	ASSERT_EQ(0, inx_destroy(w->fd, w->ioas));
	ASSERT_EQ(0, inx_option_set(w->fd, IOMMU_NEXT_OPTION_RLIMIT_MODE, 0,
				    variant->process));
	w->ioas = world_ioas(w);
	world_attach(w, NULL);
	self->file = memfd_create("change", MFD_CLOEXEC);
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, ftruncate(self->file, LENGTH));
	ASSERT_EQ(0, pipe(self->go));
	ASSERT_EQ(0, pipe(self->done));
}

static void step(int fd)
{
	ASSERT_EQ(1, write(fd, "", 1));
}

static void wait_step(int fd)
{
	char c;

	ASSERT_EQ(1, read(fd, &c, 1));
}

/* Start the child; it runs @fn, which takes turns with the parent. */
static void start(struct change_data *self,
		  const struct change_variant *variant, void (*fn)(void *arg))
{
	uid_t uid = variant->other_user ? USER + 1 : USER;

	self->child = fork();
	ASSERT_GE(self->child, 0);
	if (!self->child) {
		if (!variant->root)
			world_become_user(uid);
		wait_step(self->go[0]);
		fn(self);
		step(self->done[1]);
		wait_step(self->go[0]);
		_exit(0);
	}
	if (!variant->root)
		world_become_user(USER);
}

/* The child's turn; then this process's again. */
static void turn(struct change_data *self)
{
	step(self->go[1]);
	wait_step(self->done[0]);
}

static void child_waits(struct change_data *self)
{
	step(self->done[1]);
	wait_step(self->go[0]);
}

static void finish(struct change_data *self)
{
	step(self->go[1]);
	world_join(self->child);
}

FIXTURE_TEARDOWN(change)
{
	EXPECT_EQ(0, inx_unmap_all(self->w.fd, self->w.ioas, NULL));
	EXPECT_EQ(0, world_pinned(&self->w));
	EXPECT_EQ(0, inx_status_kb("VmLck"));
	world_close(&self->w);
}

static int map(struct change_data *self, uint64_t iova)
{
	return inx_map_file(self->w.fd, self->w.ioas, INX_RW | INX_FIXED,
			    self->file, 0, LENGTH, &iova);
}

static void expect_charged(const struct change_variant *variant, long pages)
{
	EXPECT_EQ(pages * 4, inx_status_kb("VmPin"));
	EXPECT_EQ(variant->process ? pages * 4 : 0, inx_status_kb("VmLck"));
}

static const struct change_variant *the_variant;

static void take_and_give_back(void *arg)
{
	struct change_data *self = arg;

	expect_charged(the_variant, 0);
	EXPECT_EQ(0, inx_change_process(self->w.fd));
	expect_charged(the_variant, 2 * PAGES);
	/* Nothing to do. */
	EXPECT_EQ(0, inx_change_process(self->w.fd));
	expect_charged(the_variant, 2 * PAGES);
	child_waits(self);
	expect_charged(the_variant, 0);
}

TEST_F(change, there_and_back)
{
	struct world *w = &self->w;
	uint64_t iova = 3 * IOVA;

	the_variant = variant;
	start(self, variant, take_and_give_back);
	ASSERT_EQ(0, map(self, IOVA));
	ASSERT_EQ(0, map(self, 2 * IOVA));
	ASSERT_EQ(0, inx_copy(w->fd, w->ioas, w->ioas, INX_RW | INX_FIXED, PAGE,
			      &iova, IOVA + PAGE));
	expect_charged(variant, 2 * PAGES);
	turn(self);
	expect_charged(variant, 0);
	EXPECT_EQ(0, inx_change_process(w->fd));
	expect_charged(variant, 2 * PAGES);
	turn(self);
	finish(self);
}

static void take_two(void *arg)
{
	struct change_data *self = arg;

	EXPECT_EQ(0, inx_change_process(self->w.fd));
	expect_charged(the_variant, 2 * PAGES);
	child_waits(self);
	expect_charged(the_variant, PAGES);
	child_waits(self);
	expect_charged(the_variant, PAGES);
}

/* What is mapped afterwards is charged to who maps it, as ever. */
TEST_F(change, goes_on)
{
	struct world *w = &self->w;

	the_variant = variant;
	start(self, variant, take_two);
	ASSERT_EQ(0, map(self, IOVA));
	ASSERT_EQ(0, map(self, 2 * IOVA));
	turn(self);
	ASSERT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LENGTH, NULL));
	expect_charged(variant, 0);
	turn(self);
	ASSERT_EQ(0, map(self, IOVA));
	expect_charged(variant, PAGES);
	turn(self);
	/* Its count goes with it; the pins stay. */
	finish(self);
	expect_charged(variant, PAGES);
	EXPECT_EQ(0, world_touch(&w->dev[0], 2 * IOVA, true));
}

static void come_to_the_limit(void *arg)
{
	struct change_data *self = arg;

	world_memlock(2 * LENGTH - PAGE);
	EXPECT_ERRNO(ENOMEM, inx_change_process(self->w.fd));
	expect_charged(the_variant, 0);
	world_memlock(2 * LENGTH);
	EXPECT_EQ(0, inx_change_process(self->w.fd));
	expect_charged(the_variant, 2 * PAGES);
	child_waits(self);
}

TEST_F(change, limit)
{
	if (variant->root)
		SKIP("nothing is charged");
	the_variant = variant;
	start(self, variant, come_to_the_limit);
	ASSERT_EQ(0, map(self, IOVA));
	ASSERT_EQ(0, map(self, 2 * IOVA));
	turn(self);
	expect_charged(variant, 0);
	/* What is no longer charged leaves room here. */
	world_memlock(2 * LENGTH);
	EXPECT_EQ(0, inx_change_process(self->w.fd));
	EXPECT_ERRNO(ENOMEM, map(self, 3 * IOVA));
	EXPECT_EQ(0, inx_unmap(self->w.fd, self->w.ioas, IOVA, LENGTH, NULL));
	EXPECT_EQ(0, map(self, 3 * IOVA));
	turn(self);
	finish(self);
}

static void refused(void *arg)
{
	struct change_data *self = arg;

	EXPECT_ERRNO(EINVAL, inx_change_process(self->w.fd));
	expect_charged(the_variant, 0);
}

/* A mapping of a process's memory anywhere, and nothing changes. */
TEST_F(change, memory_of_a_process)
{
	struct world *w = &self->w;
	uint32_t other = world_ioas(w);
	void *mem = inx_alloc(PAGE);

	the_variant = variant;
	start(self, variant, refused);
	ASSERT_EQ(0, map(self, IOVA));
	ASSERT_EQ(0, inx_map_at(w->fd, other, mem, PAGE, IOVA));
	EXPECT_ERRNO(EINVAL, inx_change_process(w->fd));
	turn(self);
	expect_charged(variant, PAGES);
	finish(self);
	EXPECT_EQ(0, inx_unmap_all(w->fd, other, NULL));
	EXPECT_EQ(0, inx_change_process(w->fd));
}

static void change_often(void *arg)
{
	struct change_data *self = arg;

	for (int i = 0; i < 2000; i++)
		ASSERT_EQ(0, inx_change_process(self->w.fd));
}

/* Beside maps and unmaps, there and back: each count comes out even. */
TEST_F(change, beside_maps)
{
	struct world *w = &self->w;
	int i;

	start(self, variant, change_often);
	step(self->go[1]);
	for (i = 0; i < 1000; i++) {
		uint64_t iova = 0;

		ASSERT_EQ(0, map(self, IOVA));
		ASSERT_EQ(0, inx_copy(w->fd, w->ioas, w->ioas, INX_RW, PAGE,
				      &iova, IOVA));
		if (i % 4 == 0)
			ASSERT_EQ(0, inx_change_process(w->fd));
		ASSERT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LENGTH, NULL));
		ASSERT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
	}
	wait_step(self->done[0]);
	finish(self);
}

TEST(arguments)
{
	struct iommu_next_ioas_change_process arg = { .size = sizeof(arg) };
	struct world w;

	world_open(&w);
	EXPECT_EQ(0, inx_change_process(w.fd));
	ASSERT_EQ(0, inx_destroy(w.fd, w.ioas));
	EXPECT_EQ(0, inx_change_process(w.fd));
	arg.__reserved = 1;
	EXPECT_ERRNO(EOPNOTSUPP, ioctl(w.fd, IOMMU_NEXT_IOAS_CHANGE_PROCESS,
				       &arg));
	arg.__reserved = 0;
	arg.size = 4;
	EXPECT_ERRNO(EINVAL, ioctl(w.fd, IOMMU_NEXT_IOAS_CHANGE_PROCESS, &arg));
	world_close(&w);
}

TEST_HARNESS_MAIN
