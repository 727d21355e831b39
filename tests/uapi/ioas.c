// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none */
/*
 * IO address spaces without devices: making and destroying them, options, and
 * what they say about the IOVAs that can be used.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "world.h"

#define RANGES 8
#define WHOLE { { 0, UINT64_MAX } }

FIXTURE(ioas)
{
	struct world w;
	char *mem;
};

FIXTURE_SETUP(ioas)
{
	world_open(&self->w);
	self->mem = inx_alloc(4 * PAGE);
}

FIXTURE_TEARDOWN(ioas)
{
	world_close(&self->w);
}

/* The free ranges of an IOAS have to be exactly these. */
static void expect_ranges(struct world *w, uint32_t ioas,
			  const struct iommu_next_iova_range *want, uint32_t nr)
{
	struct iommu_next_iova_range seen[RANGES] = {};
	uint32_t num = RANGES, i;

	EXPECT_EQ(0, inx_iova_ranges(w->fd, ioas, seen, &num, NULL));
	EXPECT_EQ(nr, num);
	for (i = 0; i < nr && i < num; i++) {
		EXPECT_EQ(want[i].start, seen[i].start);
		EXPECT_EQ(want[i].last, seen[i].last);
	}
}

/* ---- IOAS_ALLOC, DESTROY -------------------------------------------------- */

TEST_F(ioas, alloc_flags)
{
	struct iommu_next_ioas_alloc arg = { .size = sizeof(arg) };
	int bit;

	for (bit = 0; bit < 32; bit++) {
		arg.flags = 1U << bit;
		EXPECT_ERRNO(EOPNOTSUPP, ioctl(self->w.fd,
					       IOMMU_NEXT_IOAS_ALLOC, &arg));
	}
}

TEST_F(ioas, alloc_ignores_the_answer_field)
{
	struct iommu_next_ioas_alloc arg = {
		.size = sizeof(arg),
		.out_ioas_id = UINT32_MAX,
	};

	EXPECT_EQ(0, ioctl(self->w.fd, IOMMU_NEXT_IOAS_ALLOC, &arg));
	EXPECT_EQ(0, inx_destroy(self->w.fd, arg.out_ioas_id));
}

TEST_F(ioas, ids)
{
	uint32_t id[64];
	int i, j;

	for (i = 0; i < 64; i++) {
		id[i] = world_ioas(&self->w);
		EXPECT_NE(self->w.ioas, id[i]);
		for (j = 0; j < i; j++)
			EXPECT_NE(id[j], id[i]);
	}
	/* In an order that is not theirs. */
	for (i = 0; i < 64; i++)
		EXPECT_EQ(0, inx_destroy(self->w.fd, id[i * 37 % 64]));
	for (i = 0; i < 64; i++)
		EXPECT_ERRNO(ENOENT, inx_destroy(self->w.fd, id[i]));
}

TEST_F(ioas, ids_belong_to_a_file)
{
	int other = inx_open();

	ASSERT_GE(other, 0);
	EXPECT_ERRNO(ENOENT, inx_destroy(other, self->w.ioas));
	EXPECT_ERRNO(ENOENT, inx_unmap_all(other, self->w.ioas, NULL));
	EXPECT_EQ(0, close(other));
	EXPECT_EQ(0, inx_unmap_all(self->w.fd, self->w.ioas, NULL));
}

TEST_F(ioas, destroy_unknown)
{
	static const uint32_t ids[] = { 0, 1000, INT32_MAX, 1U << 31,
					UINT32_MAX };
	size_t i;

	for (i = 0; i < sizeof(ids) / sizeof(*ids); i++)
		EXPECT_ERRNO(ENOENT, inx_destroy(self->w.fd, ids[i]));
	EXPECT_EQ(0, inx_destroy(self->w.fd, self->w.ioas));
	EXPECT_ERRNO(ENOENT, inx_destroy(self->w.fd, self->w.ioas));
}

TEST_F(ioas, destroy_with_mappings)
{
	struct world *w = &self->w;
	uint64_t n;
	uint32_t ioas = world_ioas(w);

	ASSERT_EQ(0, inx_map_at(w->fd, ioas, self->mem, 4 * PAGE, IOVA));
	EXPECT_EQ(0, inx_destroy(w->fd, ioas));
	EXPECT_ERRNO(ENOENT, inx_unmap_all(w->fd, ioas, &n));
}

/* Each ioctl that takes an IOAS, with an ID that is none. */
static void expect_no_ioas(struct ioas_data *self, uint32_t id)
{
	uint64_t iova = IOVA, val;
	int fd = self->w.fd;
	uint32_t num = 0;

	EXPECT_ERRNO(ENOENT, inx_map(fd, id, INX_RW, self->mem, PAGE, &iova));
	EXPECT_ERRNO(ENOENT, inx_map_at(fd, id, self->mem, PAGE, IOVA));
	EXPECT_ERRNO(ENOENT, inx_unmap(fd, id, IOVA, PAGE, NULL));
	EXPECT_ERRNO(ENOENT, inx_unmap_all(fd, id, NULL));
	EXPECT_ERRNO(ENOENT, inx_copy(fd, id, self->w.ioas, INX_RW, PAGE,
				      &iova, IOVA));
	EXPECT_ERRNO(ENOENT, inx_copy(fd, self->w.ioas, id, INX_RW, PAGE,
				      &iova, IOVA));
	EXPECT_ERRNO(ENOENT, inx_iova_ranges(fd, id, NULL, &num, NULL));
	EXPECT_ERRNO(ENOENT, inx_allow_iovas(fd, id, NULL, 0));
	EXPECT_ERRNO(ENOENT, inx_option_get(fd, IOMMU_NEXT_OPTION_HUGE_PAGES,
					    id, &val));
	EXPECT_ERRNO(ENOENT, inx_option_set(fd, IOMMU_NEXT_OPTION_HUGE_PAGES,
					    id, 1));
}

TEST_F(ioas, no_such_id)
{
	uint32_t gone = world_ioas(&self->w);
	struct world_dev *dev = world_bind(&self->w, NULL);
	uint32_t hwpt;

	ASSERT_EQ(0, inx_map_at(self->w.fd, self->w.ioas, self->mem, PAGE,
				IOVA));
	ASSERT_EQ(0, inx_destroy(self->w.fd, gone));
	ASSERT_EQ(0, inx_hwpt_alloc(self->w.fd, dev->id, self->w.ioas, &hwpt));
	expect_no_ioas(self, 0);
	expect_no_ioas(self, gone);
	expect_no_ioas(self, UINT32_MAX);
	/* IDs of another kind. */
	expect_no_ioas(self, dev->id);
	expect_no_ioas(self, hwpt);
}

/* ---- OPTION --------------------------------------------------------------- */

TEST_F(ioas, option_unknown)
{
	struct iommu_next_option arg = {
		.size = sizeof(arg),
		.option_id = IOMMU_NEXT_OPTION_HUGE_PAGES,
		.op = IOMMU_NEXT_OPTION_OP_GET,
		.object_id = self->w.ioas,
	};
	int fd = self->w.fd;

	EXPECT_EQ(0, ioctl(fd, IOMMU_NEXT_OPTION, &arg));
	arg.__reserved = 1;
	EXPECT_ERRNO(EOPNOTSUPP, ioctl(fd, IOMMU_NEXT_OPTION, &arg));
	arg.__reserved = 0;
	arg.op = IOMMU_NEXT_OPTION_OP_GET + 1;
	EXPECT_ERRNO(EOPNOTSUPP, ioctl(fd, IOMMU_NEXT_OPTION, &arg));
	arg.op = UINT16_MAX;
	EXPECT_ERRNO(EOPNOTSUPP, ioctl(fd, IOMMU_NEXT_OPTION, &arg));
	arg.op = IOMMU_NEXT_OPTION_OP_GET;
	arg.option_id = IOMMU_NEXT_OPTION_HUGE_PAGES + 1;
	EXPECT_ERRNO(EOPNOTSUPP, ioctl(fd, IOMMU_NEXT_OPTION, &arg));
	arg.option_id = UINT32_MAX;
	EXPECT_ERRNO(EOPNOTSUPP, ioctl(fd, IOMMU_NEXT_OPTION, &arg));
}

TEST_F(ioas, option_huge_pages)
{
	const uint32_t option = IOMMU_NEXT_OPTION_HUGE_PAGES;
	uint32_t ioas = self->w.ioas, other = world_ioas(&self->w);
	int fd = self->w.fd;
	uint64_t val;

	EXPECT_EQ(0, inx_option_get(fd, option, ioas, &val));
	EXPECT_EQ(1, val);
	EXPECT_ERRNO(EINVAL, inx_option_set(fd, option, ioas, 2));
	EXPECT_ERRNO(EINVAL, inx_option_set(fd, option, ioas, UINT64_MAX));
	EXPECT_ERRNO(EINVAL, inx_option_set(fd, option, ioas, 1ULL << 32));
	EXPECT_EQ(0, inx_option_get(fd, option, ioas, &val));
	EXPECT_EQ(1, val);

	EXPECT_EQ(0, inx_option_set(fd, option, ioas, 0));
	EXPECT_EQ(0, inx_option_get(fd, option, ioas, &val));
	EXPECT_EQ(0, val);
	/* Each IOAS has its own. */
	EXPECT_EQ(0, inx_option_get(fd, option, other, &val));
	EXPECT_EQ(1, val);
	EXPECT_EQ(0, inx_option_set(fd, option, ioas, 1));
	EXPECT_EQ(0, inx_option_get(fd, option, ioas, &val));
	EXPECT_EQ(1, val);
	EXPECT_ERRNO(ENOENT, inx_option_get(fd, option, 0, &val));
}

/* Every page has an entry of its own, so it has to start and end as a page. */
TEST_F(ioas, option_huge_pages_and_alignment)
{
	const uint32_t option = IOMMU_NEXT_OPTION_HUGE_PAGES;
	uint32_t num = 0, ioas = self->w.ioas;
	uint64_t alignment = 0, iova = 1;
	int fd = self->w.fd;

	ASSERT_EQ(0, inx_option_set(fd, option, ioas, 0));
	EXPECT_ERRNO(EMSGSIZE,
		     inx_iova_ranges(fd, ioas, NULL, &num, &alignment));
	EXPECT_EQ(PAGE, alignment);
	EXPECT_ERRNO(EINVAL, inx_map_at(fd, ioas, self->mem, PAGE, IOVA + 1));
	EXPECT_ERRNO(EINVAL, inx_map_at(fd, ioas, self->mem, PAGE / 2, IOVA));
	ASSERT_EQ(0, inx_option_set(fd, option, ioas, 1));
	num = 0;
	EXPECT_ERRNO(EMSGSIZE,
		     inx_iova_ranges(fd, ioas, NULL, &num, &alignment));
	EXPECT_EQ(1, alignment);
	EXPECT_EQ(0, inx_map(fd, ioas, INX_RW | INX_FIXED, self->mem + 1, 1,
			     &iova));
}

TEST_F(ioas, option_rlimit_mode)
{
	const uint32_t option = IOMMU_NEXT_OPTION_RLIMIT_MODE;
	int fd = inx_open();
	uint32_t ioas;
	uint64_t val;

	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, inx_option_get(fd, option, 0, &val));
	EXPECT_EQ(0, val);
	EXPECT_ERRNO(EINVAL, inx_option_set(fd, option, 0, 2));
	EXPECT_ERRNO(EINVAL, inx_option_set(fd, option, 0, UINT64_MAX));
	EXPECT_ERRNO(EOPNOTSUPP, inx_option_set(fd, option, 1, 1));
	EXPECT_ERRNO(EOPNOTSUPP, inx_option_get(fd, option, 1, &val));
	EXPECT_EQ(0, inx_option_set(fd, option, 0, 1));
	EXPECT_EQ(0, inx_option_get(fd, option, 0, &val));
	EXPECT_EQ(1, val);

	/* Not once there are objects, whatever the value. */
	ASSERT_EQ(0, inx_ioas_alloc(fd, &ioas));
	EXPECT_ERRNO(EBUSY, inx_option_set(fd, option, 0, 0));
	EXPECT_ERRNO(EBUSY, inx_option_set(fd, option, 0, 1));
	EXPECT_EQ(0, inx_option_get(fd, option, 0, &val));
	EXPECT_EQ(1, val);
	ASSERT_EQ(0, inx_destroy(fd, ioas));
	EXPECT_EQ(0, inx_option_set(fd, option, 0, 0));
	EXPECT_EQ(0, inx_option_get(fd, option, 0, &val));
	EXPECT_EQ(0, val);

	world_drop_cap(CAP_SYS_RESOURCE);
	EXPECT_ERRNO(EPERM, inx_option_set(fd, option, 0, 1));
	EXPECT_EQ(0, inx_option_get(fd, option, 0, &val));
	EXPECT_EQ(0, val);
	EXPECT_EQ(0, close(fd));
}

/* ---- IOVA_RANGES ---------------------------------------------------------- */

TEST_F(ioas, ranges_of_an_empty_one)
{
	struct iommu_next_iova_range range[2] = { {}, { 7, 7 } };
	uint64_t alignment = 0;
	uint32_t num = 2;

	EXPECT_EQ(0, inx_iova_ranges(self->w.fd, self->w.ioas, range, &num,
				     &alignment));
	EXPECT_EQ(1, num);
	EXPECT_EQ(0, range[0].start);
	EXPECT_EQ(UINT64_MAX, range[0].last);
	EXPECT_EQ(1, alignment);
	/* Entries that there is nothing for are left alone. */
	EXPECT_EQ(7, range[1].start);
	EXPECT_EQ(7, range[1].last);
}

TEST_F(ioas, ranges_reserved_field)
{
	struct iommu_next_ioas_iova_ranges arg = {
		.size = sizeof(arg),
		.ioas_id = self->w.ioas,
		.__reserved = 1,
	};

	EXPECT_ERRNO(EOPNOTSUPP,
		     ioctl(self->w.fd, IOMMU_NEXT_IOAS_IOVA_RANGES, &arg));
	EXPECT_EQ(0, arg.num_iovas);
}

/* A device with this many holes in its IOVAs. */
static void add_holes(struct world *w, unsigned int nr)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();

	for (how.num_reserved = 0; how.num_reserved < nr; how.num_reserved++)
		how.reserved[how.num_reserved] =
			(struct iommu_next_mock_range){
				(how.num_reserved * 2 + 1) * PAGE,
				(how.num_reserved * 2 + 2) * PAGE - 1
			};
	world_attach(w, &how);
}

TEST_F(ioas, ranges_that_do_not_fit)
{
	struct iommu_next_iova_range range[RANGES + 1];
	struct world *w = &self->w;
	uint32_t num, room, i;
	uint64_t alignment;

	add_holes(w, 4);
	/* [0 .. ] hole [ .. ] hole [ .. ] hole [ .. ] hole [ .. 2^48 - 1] */
	for (room = 0; room <= RANGES; room++) {
		memset(range, 0xee, sizeof(range));
		num = room;
		alignment = 0;
		if (room < 5)
			EXPECT_ERRNO(EMSGSIZE,
				     inx_iova_ranges(w->fd, w->ioas, range,
						     &num, &alignment));
		else
			EXPECT_EQ(0, inx_iova_ranges(w->fd, w->ioas, range,
						     &num, &alignment));
		EXPECT_EQ(5, num);
		EXPECT_EQ(PAGE, alignment);
		for (i = 0; i < room && i < 5; i++) {
			EXPECT_EQ(i * 2 * PAGE, range[i].start);
			EXPECT_EQ(i == 4 ? (1UL << 48) - 1 :
					   (i * 2 + 1) * PAGE - 1,
				  range[i].last);
		}
		EXPECT_EQ(0xeeeeeeeeeeeeeeee, range[i].start);
	}
	num = UINT32_MAX;
	EXPECT_EQ(0, inx_iova_ranges(w->fd, w->ioas, range, &num, NULL));
	EXPECT_EQ(5, num);
}

TEST_F(ioas, ranges_to_a_bad_address)
{
	struct iommu_next_iova_range *room;
	struct world *w = &self->w;
	uint32_t num = 1;

	EXPECT_ERRNO(EFAULT,
		     inx_iova_ranges(w->fd, w->ioas, NULL, &num, NULL));
	room = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, room);
	num = 1;
	EXPECT_ERRNO(EFAULT,
		     inx_iova_ranges(w->fd, w->ioas, room, &num, NULL));
	/* Nothing is written to where there is no room. */
	num = 0;
	EXPECT_ERRNO(EMSGSIZE,
		     inx_iova_ranges(w->fd, w->ioas, room, &num, NULL));
	EXPECT_EQ(1, num);
}

/* ---- ALLOW_IOVAS ---------------------------------------------------------- */

TEST_F(ioas, allow_reserved_field)
{
	struct iommu_next_ioas_allow_iovas arg = {
		.size = sizeof(arg),
		.ioas_id = self->w.ioas,
		.__reserved = 1,
	};

	EXPECT_ERRNO(EOPNOTSUPP,
		     ioctl(self->w.fd, IOMMU_NEXT_IOAS_ALLOW_IOVAS, &arg));
}

static int allow(struct world *w, uint64_t start, uint64_t last)
{
	struct iommu_next_iova_range range = { start, last };

	return inx_allow_iovas(w->fd, w->ioas, &range, 1);
}

static int allow_two(struct world *w, uint64_t a, uint64_t b, uint64_t c,
		     uint64_t d)
{
	struct iommu_next_iova_range range[] = { { a, b }, { c, d } };

	return inx_allow_iovas(w->fd, w->ioas, range, 2);
}

TEST_F(ioas, allow_shapes)
{
	static const struct iommu_next_iova_range whole[] = WHOLE;
	struct world *w = &self->w;

	EXPECT_EQ(0, allow(w, 0, 1));
	EXPECT_EQ(0, allow(w, 0, UINT64_MAX));
	EXPECT_EQ(0, allow(w, UINT64_MAX - 1, UINT64_MAX));
	EXPECT_ERRNO(EINVAL, allow(w, 0, 0));
	EXPECT_ERRNO(EINVAL, allow(w, 5, 5));
	EXPECT_ERRNO(EINVAL, allow(w, UINT64_MAX, UINT64_MAX));
	EXPECT_ERRNO(EINVAL, allow(w, 5, 4));
	EXPECT_ERRNO(EINVAL, allow(w, UINT64_MAX, 0));

	EXPECT_EQ(0, allow_two(w, 0, 9, 10, 19));
	EXPECT_EQ(0, allow_two(w, 10, 19, 0, 9));
	EXPECT_ERRNO(EINVAL, allow_two(w, 0, 10, 10, 19));
	EXPECT_ERRNO(EINVAL, allow_two(w, 0, 19, 5, 9));
	EXPECT_ERRNO(EINVAL, allow_two(w, 5, 9, 0, 19));
	EXPECT_ERRNO(EINVAL, allow_two(w, 5, 9, 5, 9));
	EXPECT_EQ(0, inx_allow_iovas(w->fd, w->ioas, NULL, 0));
	/* What must stay possible is possible. */
	expect_ranges(w, w->ioas, whole, 1);
}

TEST_F(ioas, allow_from_a_bad_address)
{
	struct iommu_next_iova_range *range;
	struct world *w = &self->w;

	EXPECT_ERRNO(EFAULT, inx_allow_iovas(w->fd, w->ioas, NULL, 1));
	range = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, range);
	ASSERT_EQ(0, munmap((char *)range + PAGE, PAGE));
	range += PAGE / sizeof(*range) - 1;
	*range = (struct iommu_next_iova_range){ 0, PAGE - 1 };
	EXPECT_EQ(0, inx_allow_iovas(w->fd, w->ioas, range, 1));
	EXPECT_ERRNO(EFAULT, inx_allow_iovas(w->fd, w->ioas, range, 2));
}

/* Whether a range is fenced off shows when a device wants to take it away. */
static bool is_fenced(struct world *w, uint64_t start, uint64_t last)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	struct world_dev *dev;
	int rc;

	how.num_reserved = 1;
	how.reserved[0] = (struct iommu_next_mock_range){ start, last };
	dev = world_bind(w, &how);
	rc = inx_attach_to(dev->fd, w->ioas);
	if (rc)
		EXPECT_EQ(EADDRINUSE, errno);
	world_close_dev(dev);
	inx_mock_remove(w->mock, dev->mock);
	dev->mock = 0;
	w->nr--;
	return rc;
}

TEST_F(ioas, allow_keeps_devices_away)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, allow_two(w, 0x10000, 0x1ffff, 0x40000, 0x4ffff));
	EXPECT_FALSE(is_fenced(w, 0, 0xffff));
	EXPECT_TRUE(is_fenced(w, 0, 0x10000));
	EXPECT_TRUE(is_fenced(w, 0x18000, 0x18000));
	EXPECT_TRUE(is_fenced(w, 0x1ffff, 0x1ffff));
	EXPECT_FALSE(is_fenced(w, 0x20000, 0x3ffff));
	EXPECT_TRUE(is_fenced(w, 0x20000, 0x40000));
	EXPECT_TRUE(is_fenced(w, 0x4ffff, 0x50000));
	EXPECT_FALSE(is_fenced(w, 0x50000, 0x50000));
}

TEST_F(ioas, allow_replaces_the_list)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, allow(w, 0x10000, 0x1ffff));
	ASSERT_EQ(0, allow(w, 0x30000, 0x3ffff));
	EXPECT_FALSE(is_fenced(w, 0x10000, 0x1ffff));
	EXPECT_TRUE(is_fenced(w, 0x30000, 0x30000));
	/* After an error the former list stands. */
	EXPECT_ERRNO(EINVAL, allow_two(w, 0x50000, 0x5ffff, 0x60000, 0x60000));
	EXPECT_ERRNO(EINVAL, allow_two(w, 0x50000, 0x5ffff, 0x5ffff, 0x60000));
	EXPECT_ERRNO(EFAULT, inx_allow_iovas(w->fd, w->ioas, NULL, 1));
	EXPECT_TRUE(is_fenced(w, 0x30000, 0x30000));
	EXPECT_FALSE(is_fenced(w, 0x50000, 0x5ffff));
	ASSERT_EQ(0, inx_allow_iovas(w->fd, w->ioas, NULL, 0));
	EXPECT_FALSE(is_fenced(w, 0x30000, 0x3ffff));
}

TEST_F(ioas, allow_what_is_not_available)
{
	struct world *w = &self->w;

	add_holes(w, 1);
	EXPECT_EQ(0, allow(w, 0, PAGE - 1));
	EXPECT_ERRNO(EADDRINUSE, allow(w, 0, PAGE));
	EXPECT_ERRNO(EADDRINUSE, allow(w, PAGE + 1, PAGE + 2));
	EXPECT_ERRNO(EADDRINUSE, allow(w, 0, UINT64_MAX));
	EXPECT_ERRNO(EADDRINUSE, allow(w, 1UL << 48, (1UL << 48) + 1));
	EXPECT_ERRNO(EADDRINUSE, allow_two(w, 0, 1, 2 * PAGE - 1, 2 * PAGE));
	EXPECT_TRUE(is_fenced(w, 0, PAGE - 1));
	EXPECT_EQ(0, allow(w, 2 * PAGE, (1UL << 48) - 1));
}

/* A list with many entries, which is longer than a page of them. */
TEST_F(ioas, allow_many)
{
	enum { MANY = 2000 };
	struct iommu_next_iova_range *range = inx_alloc(MANY * sizeof(*range));
	struct world *w = &self->w;
	int i;

	for (i = 0; i < MANY; i++)
		range[i] = (struct iommu_next_iova_range){
			(i * 7 % MANY + 1) * 2 * PAGE,
			(i * 7 % MANY + 1) * 2 * PAGE + PAGE - 1
		};
	EXPECT_EQ(0, inx_allow_iovas(w->fd, w->ioas, range, MANY));
	EXPECT_TRUE(is_fenced(w, 2 * PAGE, 2 * PAGE));
	EXPECT_FALSE(is_fenced(w, 3 * PAGE, 4 * PAGE - 1));
	EXPECT_TRUE(is_fenced(w, MANY * 2 * PAGE, MANY * 2 * PAGE));
}

TEST_HARNESS_MAIN
