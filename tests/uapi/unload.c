// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none */
/*
 * Modules that somebody wants to unload while they are in use, and when they
 * are not any more.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem.h"
#include "racer.h"
#include "tap.h"
#include "world.h"

#define CORE "iommu_next"
#define MOCK "iommu_next_mock"
#define LENGTH (16 * PAGE)

static int unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK);
}

static void need_modules(void)
{
	if (inx_is_built_in())
		SKIP("the modules are part of this kernel");
	/* An earlier program may have left what uses the core. */
	unload("iommu_next_vfio_container");
	unload("iommu_next_vfio_pci");
}

static void load(const char *name)
{
	pid_t pid = fork();
	int status = -1;

	if (!pid) {
		execlp("modprobe", "modprobe", name, (char *)NULL);
		_exit(127);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
}

FIXTURE(unload)
{
	struct world w;
	struct world_dev *dev;
	unsigned char *mem;
};

FIXTURE_SETUP(unload)
{
	need_modules();
	load(MOCK);
	world_open(&self->w);
	self->dev = world_attach(&self->w, NULL);
	self->mem = mem_alloc(MEM_ORDERED, LENGTH);
	mem_fill(self->mem, LENGTH, 1);
	ASSERT_EQ(0, inx_map_at(self->w.fd, self->w.ioas, self->mem, LENGTH,
				IOVA));
}

FIXTURE_TEARDOWN(unload)
{
	load(MOCK);
}

static void expect_works(struct unload_data *self)
{
	struct world *w = &self->w;

	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, LENGTH));
	EXPECT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, PAGE, 2 * IOVA));
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, 2 * IOVA, PAGE, NULL));
}

/* Both go, both come, and all is as in the beginning. */
static void expect_unloads(void)
{
	struct world w;

	EXPECT_EQ(0, unload(MOCK));
	EXPECT_EQ(0, unload(CORE));
	EXPECT_ERRNO(ENOENT, unload(CORE));
	EXPECT_ERRNO(ENOENT, inx_open());
	load(MOCK);
	world_open(&w);
	world_attach(&w, NULL);
	world_close(&w);
}

/* Each of the three files keeps what it needs. */
TEST_F(unload, while_everything_is_open)
{
	struct world *w = &self->w;

	EXPECT_ERRNO(EWOULDBLOCK, unload(MOCK));
	EXPECT_ERRNO(EWOULDBLOCK, unload(CORE));
	expect_works(self);
	world_close(w);
	EXPECT_EQ(0, inx_status_kb("VmPin"));
	expect_unloads();
}

TEST_F(unload, while_the_mock_is_open)
{
	world_close_dev(self->dev);
	ASSERT_EQ(0, close(self->w.fd));
	EXPECT_ERRNO(EWOULDBLOCK, unload(MOCK));
	EXPECT_ERRNO(EWOULDBLOCK, unload(CORE));
	ASSERT_EQ(0, close(self->w.mock));
	expect_unloads();
}

TEST_F(unload, while_the_file_is_open)
{
	struct world *w = &self->w;

	world_close_dev(self->dev);
	ASSERT_EQ(0, close(w->mock));
	EXPECT_EQ(0, unload(MOCK));
	EXPECT_ERRNO(EWOULDBLOCK, unload(CORE));
	/* Nothing of what is in it is lost. */
	EXPECT_ERRNO(EEXIST, inx_map_at(w->fd, w->ioas, self->mem, PAGE, IOVA));
	load(MOCK);
	w->mock = open(INX_MOCK_NODE, O_RDWR | O_CLOEXEC);
	w->nr = 0;
	self->dev = world_attach(w, NULL);
	expect_works(self);
	world_close(w);
	expect_unloads();
}

/* A device file whose device has gone keeps only the core. */
TEST_F(unload, while_a_device_file_is_open)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, close(w->fd));
	EXPECT_ERRNO(EWOULDBLOCK, unload(MOCK));
	ASSERT_EQ(0, close(w->mock));
	EXPECT_ERRNO(ENODEV, inx_detach(self->dev->fd));
	EXPECT_EQ(0, unload(MOCK));
	EXPECT_ERRNO(EWOULDBLOCK, unload(CORE));
	EXPECT_ERRNO(ENODEV, inx_detach(self->dev->fd));
	load(MOCK);
	EXPECT_ERRNO(ENODEV, inx_detach(self->dev->fd));
	EXPECT_EQ(0, close(self->dev->fd));
	expect_unloads();
}

/* A page table is of the module that has made it. */
TEST_F(unload, while_a_page_table_is_left)
{
	struct world *w = &self->w;
	uint32_t hwpt;

	ASSERT_EQ(0, inx_hwpt_alloc(w->fd, self->dev->id, w->ioas, &hwpt));
	world_close_dev(self->dev);
	ASSERT_EQ(0, close(w->mock));
	EXPECT_EQ((long)LENGTH / 1024, world_pinned(w));
	EXPECT_ERRNO(EWOULDBLOCK, unload(MOCK));
	/* Still in order: what it maps can change. */
	EXPECT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, PAGE, 2 * IOVA));
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, IOVA, LENGTH, NULL));
	EXPECT_EQ(0, inx_destroy(w->fd, hwpt));
	EXPECT_EQ(0, world_pinned(w));
	EXPECT_EQ(0, unload(MOCK));
	EXPECT_EQ(0, close(w->fd));
	EXPECT_EQ(0, unload(CORE));
}

/* A dma-buf is of who has made it, and so is what is mapped of it. */
TEST_F(unload, while_a_dmabuf_is_left)
{
	struct world *w = &self->w;
	int file = inx_dmabuf(w->mock, 1, LENGTH, O_CLOEXEC);
	uint64_t iova = 2 * IOVA;

	ASSERT_GE(file, 0);
	ASSERT_EQ(0, inx_map_file(w->fd, w->ioas, INX_RW | INX_FIXED, file, 0,
				  LENGTH, &iova));
	world_close_dev(self->dev);
	ASSERT_EQ(0, close(w->mock));
	ASSERT_EQ(0, close(file));
	EXPECT_ERRNO(EWOULDBLOCK, unload(MOCK));
	EXPECT_EQ(0, inx_unmap(w->fd, w->ioas, iova, LENGTH, NULL));
	EXPECT_EQ(0, unload(MOCK));
	EXPECT_EQ(0, close(w->fd));
	EXPECT_EQ(0, unload(CORE));
}

static void open_and_close(struct racer *r)
{
	int fd = inx_open();

	/* No node, no module behind it any more, or there it is. */
	if (!ONE_OF(r, fd < 0 ? fd : 0, ENOENT, ENXIO, ENODEV)) {
		sched_yield();
		return;
	}
	must(r, !inx_ioas_alloc(fd, NULL), "IOAS_ALLOC");
	must(r, !close(fd), "close");
}

TEST(while_others_open_and_close)
{
	struct racer racers[] = { RACER(open_and_close),
				  RACER(open_and_close) };
	struct race race;
	int i, tries = 0;

	need_modules();
	ASSERT_EQ(0, unload(MOCK));
	race_start(&race, NULL, racers, 2);
	for (i = 0; i < 6; i++) {
		race_wait(&race, i % 4);
		while (unload(CORE)) {
			ASSERT_EQ(EWOULDBLOCK, errno);
			tries++;
			sched_yield();
		}
		load(CORE);
	}
	race_stop(&race);
	race_report(&race);
	TH_LOG("unloaded %d times, busy %d times", i, tries);
	load(MOCK);
}

TEST_HARNESS_MAIN
