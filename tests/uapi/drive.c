// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none */
/*
 * A driver that binds and attaches its device by itself, through what
 * include/linux/iommu_next.h offers.
 */
#define _GNU_SOURCE
#include <unistd.h>

#include "mem.h"
#include "tap.h"
#include "world.h"

#define BIND IOMMU_NEXT_MOCK_DRIVE_BIND
#define UNBIND IOMMU_NEXT_MOCK_DRIVE_UNBIND
#define ATTACH IOMMU_NEXT_MOCK_DRIVE_ATTACH
#define REPLACE IOMMU_NEXT_MOCK_DRIVE_REPLACE
#define DETACH IOMMU_NEXT_MOCK_DRIVE_DETACH
#define LENGTH (4 * PAGE)

FIXTURE(drive)
{
	struct world w;
	struct world_dev *dev;
	unsigned char *mem;
	uint32_t other;
};

FIXTURE_SETUP(drive)
{
	struct world *w = &self->w;

	world_open(w);
	self->dev = world_make(w, NULL);
	self->other = world_ioas(w);
	self->mem = mem_alloc(MEM_ORDERED, LENGTH);
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, LENGTH, IOVA));
	ASSERT_EQ(0, inx_map_at(w->fd, self->other, self->mem, PAGE, IOVA));
}

FIXTURE_TEARDOWN(drive)
{
	world_close(&self->w);
}

static int drive(struct drive_data *self, uint32_t op, uint32_t id)
{
	return inx_mock_drive(self->w.mock, self->dev->mock, op, self->w.fd,
			      &id);
}

TEST_F(drive, life)
{
	struct world *w = &self->w;
	uint32_t dev = 0, hwpt = w->ioas;

	ASSERT_EQ(0, inx_mock_drive(w->mock, self->dev->mock, BIND, w->fd,
				    &dev));
	EXPECT_ERRNO(EBUSY, inx_destroy(w->fd, dev));
	EXPECT_ERRNO(EBUSY, drive(self, BIND, 0));
	EXPECT_ERRNO(EINVAL, drive(self, REPLACE, w->ioas));
	EXPECT_ERRNO(ENOENT, drive(self, ATTACH, 12345));
	EXPECT_ERRNO(EINVAL, drive(self, ATTACH, dev));
	EXPECT_EQ(0, world_pinned(w));

	ASSERT_EQ(0, inx_mock_drive(w->mock, self->dev->mock, ATTACH, w->fd,
				    &hwpt));
	EXPECT_NE(w->ioas, hwpt);
	EXPECT_EQ(LENGTH / 1024, world_pinned(w));
	EXPECT_EQ(LENGTH, world_stats(w, self->dev).bytes);
	EXPECT_ERRNO(EBUSY, drive(self, ATTACH, self->other));
	EXPECT_EQ(0, drive(self, REPLACE, hwpt));
	EXPECT_EQ(0, drive(self, REPLACE, self->other));
	EXPECT_EQ(4, world_pinned(w));
	EXPECT_EQ(PAGE, world_stats(w, self->dev).bytes);
	EXPECT_ERRNO(ENOENT, drive(self, REPLACE, hwpt));

	ASSERT_EQ(0, drive(self, DETACH, 0));
	EXPECT_EQ(0, drive(self, DETACH, 0));
	EXPECT_EQ(0, world_pinned(w));
	ASSERT_EQ(0, drive(self, ATTACH, self->other));
	ASSERT_EQ(0, drive(self, UNBIND, 0));
	EXPECT_EQ(0, world_pinned(w));
	EXPECT_ERRNO(ENOENT, inx_destroy(w->fd, dev));
	EXPECT_ERRNO(EINVAL, drive(self, ATTACH, self->other));
	ASSERT_EQ(0, drive(self, BIND, 0));
}

/* It holds the file; when the card is pulled, the file goes. */
TEST_F(drive, pulled)
{
	struct world *w = &self->w;

	EXPECT_ERRNO(EBADF, inx_mock_drive(w->mock, self->dev->mock, BIND, -1,
					   NULL));
	EXPECT_ERRNO(EBADFD, inx_mock_drive(w->mock, self->dev->mock, BIND,
					    w->mock, NULL));
	ASSERT_EQ(0, drive(self, BIND, 0));
	ASSERT_EQ(0, drive(self, ATTACH, w->ioas));
	close(w->fd);
	w->fd = -1;
	EXPECT_EQ(LENGTH / 1024, world_pinned(w));
	ASSERT_EQ(0, inx_mock_remove(w->mock, self->dev->mock));
	self->dev->mock = 0;
	EXPECT_TRUE(world_settles(w, 0));
}

/* Its group is not for others meanwhile. */
TEST_F(drive, excludes)
{
	int fd = inx_open();
	uint32_t dev;

	ASSERT_EQ(0, drive(self, BIND, 0));
	EXPECT_ERRNO(EPERM, inx_bind(self->dev->fd, fd, &dev));
	ASSERT_EQ(0, drive(self, UNBIND, 0));
	EXPECT_EQ(0, inx_bind(self->dev->fd, fd, &dev));
	EXPECT_ERRNO(EPERM, drive(self, BIND, 0));
	close(fd);
}

TEST_HARNESS_MAIN
