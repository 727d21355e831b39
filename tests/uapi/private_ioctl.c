// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next machines=none,smp seldom=?.?/none,6.12/none timeout=120 */
/*
 * Ioctls and objects that a backend adds, by those which the mock adds for the
 * in-tree selftests: when they are answered, whose they are, how they end. What
 * they do in detail those selftests check themselves.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem.h"
#include "racer.h"
#include "selftest.h"
#include "tap.h"

#define MOCK "iommu_next_mock"
#define WORK_BYTES "/sys/module/iommu_next/parameters/work_bytes"
/* An IOVA that such a device can reach. */
#define AT (1UL << 24)

FIXTURE(front)
{
	struct world w;
	unsigned char *mem;
};

FIXTURE_SETUP(front)
{
	world_load_mock("selftest=1");
	world_open(&self->w);
	self->mem = mem_alloc(MEM_SHUFFLED, 16 * PAGE);
}

FIXTURE_TEARDOWN(front)
{
	world_close(&self->w);
	/* Nothing of it holds the module. */
	if (!inx_is_built_in())
		EXPECT_EQ(0, syscall(SYS_delete_module, MOCK, O_NONBLOCK));
}

TEST(not_answered_unless_asked_for)
{
	struct selftest_cmd cmd = {};
	struct world w;

	if (inx_is_built_in())
		SKIP("the mock is part of this kernel, and was asked for it");
	world_load_mock("selftest=0");
	world_open(&w);
	EXPECT_ERRNO(ENOTTY, selftest_call(w.fd, SELFTEST_MOCK_DOMAIN, w.ioas, &cmd));
	world_close(&w);
}

TEST_F(front, numbers_and_sizes)
{
	struct selftest_cmd cmd[2] = {};
	int fd = self->w.fd, nr;

	for (nr = 0x96; nr < 256; nr++)
		if (nr != 0xa0)
			EXPECT_ERRNO(ENOTTY, ioctl(fd, _IO(';', nr), cmd));
	EXPECT_ERRNO(ENOTTY, ioctl(fd, _IOW(';', 0xa0, int), cmd));
	EXPECT_ERRNO(EFAULT, ioctl(fd, SELFTEST_CMD, NULL));
	cmd->op = 77;
	for (cmd->size = 0; cmd->size < 68; cmd->size++)
		EXPECT_ERRNO(EINVAL, ioctl(fd, SELFTEST_CMD, cmd));
	EXPECT_ERRNO(EOPNOTSUPP, ioctl(fd, SELFTEST_CMD, cmd));
	cmd->size = sizeof(cmd);
	EXPECT_ERRNO(EOPNOTSUPP, ioctl(fd, SELFTEST_CMD, cmd));
	cmd[1].last = 1;
	EXPECT_ERRNO(E2BIG, ioctl(fd, SELFTEST_CMD, cmd));
	cmd->size = 8192;
	EXPECT_ERRNO(E2BIG, ioctl(fd, SELFTEST_CMD, cmd));
}

TEST_F(front, object_and_its_device)
{
	uint32_t other = world_ioas(&self->w), id, dev, hwpt;
	struct selftest_cmd cmd = {};
	int fd = self->w.fd;

	EXPECT_ERRNO(ENOENT, selftest_call(fd, SELFTEST_MOCK_DOMAIN, 0, &cmd));
	id = selftest_device(fd, self->w.ioas, &hwpt, &dev);
	/* Three objects that hold each other, and the first of them all. */
	EXPECT_ERRNO(EBUSY, inx_destroy(fd, self->w.ioas));
	EXPECT_ERRNO(EBUSY, inx_destroy(fd, hwpt));
	EXPECT_ERRNO(EBUSY, inx_destroy(fd, dev));
	EXPECT_ERRNO(ENOENT, selftest_replace(fd, dev, other));
	EXPECT_ERRNO(ENOENT, selftest_replace(fd, id, 4711));
	EXPECT_EQ(0, selftest_replace(fd, id, other));
	EXPECT_ERRNO(ENOENT, inx_destroy(fd, hwpt));
	EXPECT_EQ(0, inx_destroy(fd, self->w.ioas));
	EXPECT_EQ(0, inx_destroy(fd, id));
	EXPECT_ERRNO(ENOENT, inx_destroy(fd, id));
	EXPECT_ERRNO(ENOENT, inx_destroy(fd, dev));
	EXPECT_ERRNO(ENOENT, selftest_replace(fd, id, other));
	EXPECT_EQ(0, inx_destroy(fd, other));
}

/* Nobody else has the file: the device must not be what keeps it open. */
TEST_F(front, file_is_closed_with_its_devices)
{
	int fd = inx_open(), i;
	uint32_t ioas, hwpt;

	ASSERT_EQ(0, inx_ioas_alloc(fd, &ioas));
	for (i = 0; i < 5; i++)
		selftest_device(fd, ioas, &hwpt, NULL);
	selftest_device(fd, hwpt, NULL, NULL);
	ASSERT_EQ(0, inx_map_at(fd, ioas, self->mem, 4 * PAGE, AT));
	EXPECT_EQ(16, world_pinned(&self->w));
	if (!inx_is_built_in())
		EXPECT_ERRNO(EWOULDBLOCK,
			     syscall(SYS_delete_module, MOCK, O_NONBLOCK));
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(0, world_pinned(&self->w));
}

TEST_F(front, objects_are_of_their_file)
{
	uint32_t id = selftest_device(self->w.fd, self->w.ioas, NULL, NULL), ioas;
	int fd = inx_open();

	ASSERT_EQ(0, inx_ioas_alloc(fd, &ioas));
	EXPECT_ERRNO(ENOENT, selftest_replace(fd, id + 1, ioas));
	EXPECT_ERRNO(ENOENT, inx_destroy(fd, id + 1));
	ASSERT_EQ(0, close(fd));
}

TEST_F(front, page_table_is_looked_at)
{
	struct selftest_cmd cmd = { .u64 = { AT, 4 * PAGE, 0 } };
	int fd = self->w.fd;
	uint32_t hwpt;

	selftest_device(fd, self->w.ioas, &hwpt, NULL);
	ASSERT_EQ(0, inx_map_at(fd, self->w.ioas, self->mem, 4 * PAGE, AT));
	cmd.u64[2] = (uintptr_t)self->mem;
	EXPECT_EQ(0, selftest_call(fd, SELFTEST_CHECK_MAP, hwpt, &cmd));
	cmd.u64[2] += PAGE;
	EXPECT_ERRNO(EINVAL, selftest_call(fd, SELFTEST_CHECK_MAP, hwpt, &cmd));
	EXPECT_ERRNO(ENOENT, selftest_call(fd, SELFTEST_CHECK_MAP, self->w.ioas, &cmd));
}

TEST_F(front, iovas_are_reserved)
{
	struct selftest_cmd cmd = { .u64 = { IOVA, PAGE } };
	struct iommu_next_iova_range ranges[4];
	uint32_t nr = 4, ioas = self->w.ioas;
	int fd = self->w.fd;

	EXPECT_ERRNO(ENOENT, selftest_call(fd, SELFTEST_ADD_RESERVED, 0, &cmd));
	cmd.u64[1] = 0;
	EXPECT_ERRNO(EINVAL, selftest_call(fd, SELFTEST_ADD_RESERVED, ioas, &cmd));
	cmd.u64[1] = UINT64_MAX;
	EXPECT_ERRNO(EOVERFLOW, selftest_call(fd, SELFTEST_ADD_RESERVED, ioas, &cmd));
	cmd.u64[1] = PAGE;
	ASSERT_EQ(0, inx_map_at(fd, ioas, self->mem, PAGE, IOVA));
	EXPECT_ERRNO(EADDRINUSE, selftest_call(fd, SELFTEST_ADD_RESERVED, ioas, &cmd));
	ASSERT_EQ(0, inx_unmap(fd, ioas, IOVA, PAGE, NULL));
	EXPECT_EQ(0, selftest_call(fd, SELFTEST_ADD_RESERVED, ioas, &cmd));
	/* Once more, and another that fails: the first stays. */
	EXPECT_EQ(0, selftest_call(fd, SELFTEST_ADD_RESERVED, ioas, &cmd));
	ASSERT_EQ(0, inx_map_at(fd, ioas, self->mem, PAGE, 2 * IOVA));
	cmd.u64[0] = 2 * IOVA;
	EXPECT_ERRNO(EADDRINUSE, selftest_call(fd, SELFTEST_ADD_RESERVED, ioas, &cmd));
	EXPECT_ERRNO(EINVAL, inx_map_at(fd, ioas, self->mem, PAGE, IOVA));
	ASSERT_EQ(0, inx_iova_ranges(fd, ioas, ranges, &nr, NULL));
	ASSERT_EQ(2, nr);
	EXPECT_EQ(IOVA - 1, ranges[0].last);
	EXPECT_EQ(IOVA + PAGE, ranges[1].start);
}

/* Little memory for lists: more rounds, the same result. */
TEST_F(front, memory_for_lists)
{
	static const unsigned int limits[] = { 12, 16, 64, 4096, 65536 };
	struct selftest_cmd cmd = {};
	char line[32] = {};
	uint32_t hwpt;
	size_t i;
	FILE *f;

	selftest_device(self->w.fd, self->w.ioas, &hwpt, NULL);
	cmd.u32[0] = 11;
	EXPECT_ERRNO(EINVAL, selftest_call(self->w.fd, SELFTEST_MEMORY_LIMIT, 0, &cmd));
	for (i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct selftest_cmd map = { .u64 = { AT, 16 * PAGE,
						 (uintptr_t)self->mem } };

		cmd.u32[0] = limits[i];
		ASSERT_EQ(0, selftest_call(self->w.fd, SELFTEST_MEMORY_LIMIT, 0, &cmd));
		f = fopen(WORK_BYTES, "r");
		ASSERT_NE(NULL, f);
		ASSERT_NE(NULL, fgets(line, sizeof(line), f));
		fclose(f);
		EXPECT_EQ(limits[i], strtoul(line, NULL, 10));
		ASSERT_EQ(0, inx_map_at(self->w.fd, self->w.ioas, self->mem,
					16 * PAGE, AT));
		EXPECT_EQ(0, selftest_call(self->w.fd, SELFTEST_CHECK_MAP, hwpt, &map));
		ASSERT_EQ(0, inx_unmap_all(self->w.fd, self->w.ioas, NULL));
		EXPECT_EQ(0, world_pinned(&self->w));
	}
}

/* ---- several threads ------------------------------------------------------- */

struct arena {
	struct world *w;
	uint32_t other;
	volatile uint32_t id;
};

static struct arena *arena(struct racer *r)
{
	return r->race->data;
}

static void make_one(struct racer *r)
{
	struct selftest_cmd cmd = {};
	struct arena *a = arena(r);

	ONE_OF(r, selftest_call(a->w->fd, SELFTEST_MOCK_DOMAIN, a->w->ioas, &cmd), 0);
	a->id = cmd.u32[0];
	usleep(100);
}

static void destroy_one(struct racer *r)
{
	/* By now the ID may be of a device or page table that is in use. */
	ONE_OF(r, inx_destroy(arena(r)->w->fd, arena(r)->id), ENOENT, EBUSY);
	usleep(1000);
}

static void replace_one(struct racer *r)
{
	struct arena *a = arena(r);

	ONE_OF(r, selftest_replace(a->w->fd, a->id, pick(r, 2) ? a->other : a->w->ioas),
	       ENOENT);
}

static void map_and_unmap(struct racer *r)
{
	struct arena *a = arena(r);
	static unsigned char page[PAGE] __attribute__((aligned(PAGE)));

	if (ONE_OF(r, inx_map_at(a->w->fd, a->other, page, PAGE, AT), 0))
		must(r, !inx_unmap(a->w->fd, a->other, AT, PAGE, NULL), "unmap");
}

TEST_F(front, threads)
{
	struct arena a = { .w = &self->w, .other = world_ioas(&self->w) };

	RACE(&a, 2000, RACER(make_one), RACER(destroy_one), RACER(destroy_one),
	     RACER(replace_one), RACER(map_and_unmap));
}

TEST_HARNESS_MAIN
