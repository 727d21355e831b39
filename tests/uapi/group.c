// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none */
/*
 * Groups of devices that the IOMMU cannot tell apart: they have one owner and
 * one page table.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

#include "tap.h"
#include "world.h"

FIXTURE(group)
{
	struct world w;
	/* In one group. */
	struct world_dev *a, *b;
	uint32_t other;
	char *mem;
};

FIXTURE_VARIANT(group)
{
	uint32_t flags;
};

FIXTURE_VARIANT_ADD(group, plain)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(group, attach_first)
{
	.flags = IOMMU_NEXT_MOCK_ATTACH_FIRST,
};

static struct world_dev *make(struct world *w, uint32_t flags, uint32_t group,
			      uint64_t reserved)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();

	how.flags = flags;
	how.group = group;
	how.num_reserved = !!reserved;
	how.reserved[0].start = reserved;
	how.reserved[0].last = reserved + PAGE - 1;
	return world_make(w, &how);
}

FIXTURE_SETUP(group)
{
	struct world *w = &self->w;

	world_open(w);
	self->other = world_ioas(w);
	self->a = make(w, variant->flags, 7, 8 * IOVA);
	self->b = make(w, variant->flags, 7, 9 * IOVA);
	self->mem = inx_alloc(2 * PAGE);
	memset(self->mem, 1, PAGE);
	memset(self->mem + PAGE, 2, PAGE);
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, PAGE, IOVA));
	ASSERT_EQ(0, inx_map_at(w->fd, self->other, self->mem + PAGE, PAGE,
				IOVA));
}

FIXTURE_TEARDOWN(group)
{
	world_close(&self->w);
}

static void bind(struct group_data *self, struct world_dev *dev)
{
	ASSERT_EQ(0, inx_bind(dev->fd, self->w.fd, &dev->id));
}

static void bind_both(struct group_data *self)
{
	bind(self, self->a);
	bind(self, self->b);
	EXPECT_NE(self->a->id, self->b->id);
}

static bool sees(struct group_data *self, struct world_dev *dev, int page)
{
	return world_reads(dev, IOVA, self->mem + page * PAGE, PAGE);
}

/* Whether IOVAs of the IOAS are taken for a device. */
static bool is_reserved(struct group_data *self, uint32_t ioas, uint64_t iova)
{
	int rc = inx_map_at(self->w.fd, ioas, self->mem, PAGE, iova);

	if (rc) {
		EXPECT_EQ(EINVAL, errno);
		return true;
	}
	EXPECT_EQ(0, inx_unmap(self->w.fd, ioas, iova, PAGE, NULL));
	return false;
}

/* ---- ownership ------------------------------------------------------------------------ */

TEST_F(group, one_owner)
{
	int other = inx_open();

	ASSERT_GE(other, 0);
	bind(self, self->a);
	EXPECT_ERRNO(EPERM, inx_bind(self->b->fd, other, NULL));
	EXPECT_ERRNO(EINVAL, inx_attach_to(self->b->fd, self->w.ioas));
	bind(self, self->b);
	world_close_dev(self->a);
	/* The second one still keeps the others away. */
	self->a->fd = inx_mock_open(self->w.mock, self->a->mock);
	EXPECT_ERRNO(EPERM, inx_bind(self->a->fd, other, NULL));
	world_close_dev(self->b);
	EXPECT_EQ(0, inx_bind(self->a->fd, other, NULL));
	self->b->fd = inx_mock_open(self->w.mock, self->b->mock);
	EXPECT_ERRNO(EPERM, inx_bind(self->b->fd, self->w.fd, NULL));
	EXPECT_EQ(0, close(other));
	/* The device keeps the file that it is bound to. */
	EXPECT_ERRNO(EPERM, inx_bind(self->b->fd, self->w.fd, NULL));
	world_close_dev(self->a);
	EXPECT_EQ(0, inx_bind(self->b->fd, self->w.fd, NULL));
}

TEST_F(group, bind_failing)
{
	struct world *w = &self->w;

	world_fail_next(w, self->a, IOMMU_NEXT_MOCK_FAIL_CLAIM, 0);
	EXPECT_ERRNO(EPERM, inx_bind(self->a->fd, w->fd, NULL));
	bind(self, self->b);
	world_fail_next(w, self->a, IOMMU_NEXT_MOCK_FAIL_BIND, 0);
	EXPECT_ERRNO(EIO, inx_bind(self->a->fd, w->fd, NULL));
	EXPECT_ERRNO(EINVAL, inx_attach_to(self->a->fd, w->ioas));
	/* The group is with us, whatever happened to the other one. */
	EXPECT_EQ(0, inx_attach_to(self->b->fd, w->ioas));
	EXPECT_TRUE(sees(self, self->b, 0));
	bind(self, self->a);
	world_close_dev(self->a);
	world_close_dev(self->b);
	self->b->fd = inx_mock_open(w->mock, self->b->mock);
	world_fail_next(w, self->b, IOMMU_NEXT_MOCK_FAIL_BIND, 0);
	EXPECT_ERRNO(EIO, inx_bind(self->b->fd, w->fd, NULL));
	/* Ownership went back with the failure: somebody else can have it. */
	self->a->fd = inx_mock_open(w->mock, self->a->mock);
	bind(self, self->a);
}

/* ---- one page table --------------------------------------------------------------------- */

TEST_F(group, attach_both)
{
	uint32_t pt_a = self->w.ioas, pt_b = pt_a;
	struct world *w = &self->w;

	bind_both(self);
	ASSERT_EQ(0, inx_attach(self->a->fd, &pt_a));
	ASSERT_EQ(0, inx_attach(self->b->fd, &pt_b));
	EXPECT_EQ(pt_a, pt_b);
	EXPECT_EQ(1, world_stats(w, self->a).domains);
	EXPECT_TRUE(sees(self, self->a, 0));
	EXPECT_TRUE(sees(self, self->b, 0));
	/* It is there until the last of them is detached. */
	ASSERT_EQ(0, inx_detach(self->a->fd));
	EXPECT_TRUE(sees(self, self->b, 0));
	EXPECT_ERRNO(EBUSY, inx_destroy(w->fd, w->ioas));
	ASSERT_EQ(0, inx_detach(self->b->fd));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  world_touch(self->b, IOVA, false));
	EXPECT_EQ(0, inx_destroy(w->fd, w->ioas));
}

TEST_F(group, attach_to_different_ones)
{
	struct world *w = &self->w;
	uint32_t hwpt;

	bind_both(self);
	ASSERT_EQ(0, inx_hwpt_alloc(w->fd, self->b->id, w->ioas, &hwpt));
	ASSERT_EQ(0, inx_attach_to(self->a->fd, w->ioas));
	EXPECT_ERRNO(EINVAL, inx_attach_to(self->b->fd, self->other));
	EXPECT_ERRNO(EINVAL, inx_attach_to(self->b->fd, hwpt));
	EXPECT_TRUE(sees(self, self->a, 0));
	/* Nothing of the other IOAS was taken for it. */
	EXPECT_EQ(0, inx_destroy(w->fd, self->other));
	EXPECT_EQ(0, inx_destroy(w->fd, hwpt));
	EXPECT_EQ(0, inx_attach_to(self->b->fd, w->ioas));
}

TEST_F(group, replace_takes_all)
{
	struct world *w = &self->w;
	int i;

	bind_both(self);
	ASSERT_EQ(0, inx_attach_to(self->a->fd, w->ioas));
	ASSERT_EQ(0, inx_attach_to(self->b->fd, w->ioas));
	for (i = 1; i < 4; i++) {
		struct world_dev *dev = i % 2 ? self->a : self->b;

		ASSERT_EQ(0, inx_attach_to(dev->fd,
					   i % 2 ? self->other : w->ioas));
		EXPECT_TRUE(sees(self, self->a, i % 2));
		EXPECT_TRUE(sees(self, self->b, i % 2));
		EXPECT_EQ(1, world_stats(w, self->a).domains);
	}
	/* The IOAS that both have left is free. */
	EXPECT_EQ(0, inx_destroy(w->fd, w->ioas));
	ASSERT_EQ(0, inx_detach(self->a->fd));
	EXPECT_TRUE(sees(self, self->b, 1));
}

/* ---- reserved regions ---------------------------------------------------------------------- */

TEST_F(group, each_reserves_its_own)
{
	struct world *w = &self->w;

	bind_both(self);
	EXPECT_FALSE(is_reserved(self, w->ioas, 8 * IOVA));
	ASSERT_EQ(0, inx_attach_to(self->a->fd, w->ioas));
	EXPECT_TRUE(is_reserved(self, w->ioas, 8 * IOVA));
	EXPECT_FALSE(is_reserved(self, w->ioas, 9 * IOVA));
	ASSERT_EQ(0, inx_attach_to(self->b->fd, w->ioas));
	EXPECT_TRUE(is_reserved(self, w->ioas, 9 * IOVA));
	/* They move together. */
	ASSERT_EQ(0, inx_attach_to(self->b->fd, self->other));
	EXPECT_FALSE(is_reserved(self, w->ioas, 8 * IOVA));
	EXPECT_FALSE(is_reserved(self, w->ioas, 9 * IOVA));
	EXPECT_TRUE(is_reserved(self, self->other, 8 * IOVA));
	EXPECT_TRUE(is_reserved(self, self->other, 9 * IOVA));
	ASSERT_EQ(0, inx_detach(self->a->fd));
	EXPECT_FALSE(is_reserved(self, self->other, 8 * IOVA));
	EXPECT_TRUE(is_reserved(self, self->other, 9 * IOVA));
}

TEST_F(group, second_one_does_not_fit)
{
	struct world *w = &self->w;

	bind_both(self);
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, PAGE, 9 * IOVA));
	ASSERT_EQ(0, inx_attach_to(self->a->fd, w->ioas));
	EXPECT_ERRNO(EADDRINUSE, inx_attach_to(self->b->fd, w->ioas));
	EXPECT_TRUE(sees(self, self->a, 0));
	ASSERT_EQ(0, inx_unmap(w->fd, w->ioas, 9 * IOVA, PAGE, NULL));
	EXPECT_EQ(0, inx_attach_to(self->b->fd, w->ioas));
}

/* A replacement has to fit all, whoever asks for it. */
TEST_F(group, replacement_does_not_fit_the_other)
{
	struct world *w = &self->w;
	int i;

	bind_both(self);
	ASSERT_EQ(0, inx_attach_to(self->a->fd, w->ioas));
	ASSERT_EQ(0, inx_attach_to(self->b->fd, w->ioas));
	for (i = 8; i < 10; i++) {
		ASSERT_EQ(0, inx_map_at(w->fd, self->other, self->mem, PAGE,
					i * IOVA));
		EXPECT_ERRNO(EADDRINUSE,
			     inx_attach_to(self->a->fd, self->other));
		EXPECT_ERRNO(EADDRINUSE,
			     inx_attach_to(self->b->fd, self->other));
		EXPECT_TRUE(sees(self, self->a, 0));
		EXPECT_TRUE(sees(self, self->b, 0));
		EXPECT_TRUE(is_reserved(self, w->ioas, 8 * IOVA));
		EXPECT_TRUE(is_reserved(self, w->ioas, 9 * IOVA));
		ASSERT_EQ(0, inx_unmap(w->fd, self->other, i * IOVA, PAGE,
				       NULL));
		EXPECT_FALSE(is_reserved(self, self->other, 8 * IOVA));
		EXPECT_FALSE(is_reserved(self, self->other, 9 * IOVA));
	}
	EXPECT_EQ(0, inx_attach_to(self->a->fd, self->other));
	EXPECT_TRUE(sees(self, self->b, 1));
}

TEST_F(group, replacement_fails_at_every_step)
{
	static const struct {
		uint32_t what, after;
	} fail[] = {
		{ IOMMU_NEXT_MOCK_FAIL_RESERVED, 0 },
		{ IOMMU_NEXT_MOCK_FAIL_RESERVED, 1 },
		{ IOMMU_NEXT_MOCK_FAIL_REPLACE, 0 },
		{ IOMMU_NEXT_MOCK_FAIL_MAP, 0 },
		{ IOMMU_NEXT_MOCK_FAIL_DOMAIN_ALLOC, 0 },
	};
	struct world *w = &self->w;
	size_t i;

	bind_both(self);
	ASSERT_EQ(0, inx_attach_to(self->a->fd, w->ioas));
	ASSERT_EQ(0, inx_attach_to(self->b->fd, w->ioas));
	for (i = 0; i < sizeof(fail) / sizeof(*fail); i++) {
		world_fail_next(w, self->a, fail[i].what, fail[i].after);
		EXPECT_ERRNO(ENOMEM, inx_attach_to(self->b->fd, self->other));
		EXPECT_TRUE(sees(self, self->a, 0));
		EXPECT_TRUE(sees(self, self->b, 0));
		EXPECT_EQ(1, world_stats(w, self->a).domains);
		EXPECT_EQ(4, world_pinned(w));
		EXPECT_TRUE(is_reserved(self, w->ioas, 8 * IOVA));
		EXPECT_TRUE(is_reserved(self, w->ioas, 9 * IOVA));
		EXPECT_FALSE(is_reserved(self, self->other, 8 * IOVA));
		EXPECT_FALSE(is_reserved(self, self->other, 9 * IOVA));
	}
	EXPECT_EQ(0, inx_attach_to(self->b->fd, self->other));
	EXPECT_TRUE(sees(self, self->a, 1));
}

/* ---- one of them goes ---------------------------------------------------------------------- */

TEST_F(group, one_is_closed)
{
	struct world *w = &self->w;

	bind_both(self);
	ASSERT_EQ(0, inx_attach_to(self->a->fd, w->ioas));
	ASSERT_EQ(0, inx_attach_to(self->b->fd, w->ioas));
	world_close_dev(self->a);
	EXPECT_TRUE(sees(self, self->b, 0));
	EXPECT_FALSE(is_reserved(self, w->ioas, 8 * IOVA));
	EXPECT_TRUE(is_reserved(self, w->ioas, 9 * IOVA));
	EXPECT_EQ(0, inx_attach_to(self->b->fd, self->other));
	EXPECT_TRUE(sees(self, self->b, 1));
}

TEST_F(group, one_is_removed)
{
	struct world *w = &self->w;

	bind_both(self);
	ASSERT_EQ(0, inx_attach_to(self->a->fd, w->ioas));
	ASSERT_EQ(0, inx_attach_to(self->b->fd, w->ioas));
	ASSERT_EQ(0, inx_mock_remove(w->mock, self->a->mock));
	self->a->mock = 0;
	EXPECT_ERRNO(ENODEV, inx_detach(self->a->fd));
	EXPECT_TRUE(sees(self, self->b, 0));
	EXPECT_FALSE(is_reserved(self, w->ioas, 8 * IOVA));
	EXPECT_EQ(0, inx_attach_to(self->b->fd, self->other));
	EXPECT_TRUE(sees(self, self->b, 1));
	EXPECT_EQ(0, inx_detach(self->b->fd));
	EXPECT_EQ(0, world_pinned(w));
}

/* Devices without a number have a group of their own; so have other files. */
TEST_F(group, numbers)
{
	struct world_dev *alone = make(&self->w, variant->flags, 0, 0);
	int mock = open(INX_MOCK_NODE, O_RDWR | O_CLOEXEC), other = inx_open();
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	int theirs;

	how.group = 7;
	theirs = inx_mock_device(mock, &how, NULL);
	ASSERT_GE(theirs, 0);
	bind_both(self);
	EXPECT_EQ(0, inx_bind(alone->fd, other, NULL));
	EXPECT_EQ(0, inx_bind(theirs, other, NULL));
	EXPECT_EQ(0, close(theirs));
	world_close_dev(alone);
	EXPECT_EQ(0, close(mock));
	EXPECT_EQ(0, close(other));
}

TEST_HARNESS_MAIN
