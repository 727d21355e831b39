// SPDX-License-Identifier: GPL-2.0-only
/* What the ioctls of an IO address space check before anything is done. */
#include <uapi/linux/iommu-next.h>

#include "world.h"

struct ranges_arg {
	struct iommu_next_ioas_iova_ranges cmd;
	struct iommu_next_iova_range ranges[4];
};

struct allow_arg {
	struct iommu_next_ioas_allow_iovas cmd;
	struct iommu_next_iova_range ranges[4];
};

static int ioas_ranges(struct world *w, u32 ioas, u32 room,
		       struct ranges_arg *arg)
{
	arg->cmd.size = sizeof(arg->cmd);
	arg->cmd.ioas_id = ioas;
	arg->cmd.num_iovas = room;
	arg->cmd.allowed_iovas = w->arg + sizeof(arg->cmd);
	return world_ioctl(w, IOMMU_NEXT_IOAS_IOVA_RANGES, arg, sizeof(*arg));
}

static int ioas_allow(struct world *w, u32 ioas, u32 nr, struct allow_arg *arg)
{
	arg->cmd.size = sizeof(arg->cmd);
	arg->cmd.ioas_id = ioas;
	arg->cmd.num_iovas = nr;
	arg->cmd.allowed_iovas = w->arg + sizeof(arg->cmd);
	return world_ioctl(w, IOMMU_NEXT_IOAS_ALLOW_IOVAS, arg, sizeof(*arg));
}

WORLD_CASE(ioas_iova_ranges)
{
	struct ranges_arg arg = {};
	u32 ioas;

	world_open(w);
	ioas = world_ioas_alloc(w);
	KUNIT_EXPECT_EQ(test, -ENOENT, ioas_ranges(w, ioas + 1, 4, &arg));
	KUNIT_EXPECT_EQ(test, 0, ioas_ranges(w, ioas, 4, &arg));
	KUNIT_EXPECT_EQ(test, 1U, arg.cmd.num_iovas);
	KUNIT_EXPECT_EQ(test, 1ULL, arg.cmd.out_iova_alignment);
	KUNIT_EXPECT_EQ(test, U64_MAX, arg.ranges[0].last);
	/* No room: how much there should be. */
	KUNIT_EXPECT_EQ(test, -EMSGSIZE, ioas_ranges(w, ioas, 0, &arg));
	KUNIT_EXPECT_EQ(test, 1U, arg.cmd.num_iovas);
	arg.cmd.__reserved = 1;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, ioas_ranges(w, ioas, 4, &arg));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, ioas));
}

WORLD_CASE(ioas_allow_iovas)
{
	struct allow_arg arg = { .ranges = { { 0, 10 }, { 5, 20 } } };
	u32 ioas;

	world_open(w);
	ioas = world_ioas_alloc(w);
	KUNIT_EXPECT_EQ(test, -ENOENT, ioas_allow(w, ioas + 1, 1, &arg));
	KUNIT_EXPECT_EQ(test, -EINVAL, ioas_allow(w, ioas, 2, &arg));
	KUNIT_EXPECT_EQ(test, 0, ioas_allow(w, ioas, 1, &arg));
	KUNIT_EXPECT_EQ(test, 0, ioas_allow(w, ioas, 0, &arg));
	arg.cmd.__reserved = 1;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, ioas_allow(w, ioas, 1, &arg));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, ioas));
}

static int ioas_map(struct world *w, struct iommu_next_ioas_map *arg)
{
	arg->size = sizeof(*arg);
	return world_ioctl(w, IOMMU_NEXT_IOAS_MAP, arg, sizeof(*arg));
}

static int ioas_map_file(struct world *w, struct iommu_next_ioas_map_file *arg)
{
	arg->size = sizeof(*arg);
	return world_ioctl(w, IOMMU_NEXT_IOAS_MAP_FILE, arg, sizeof(*arg));
}

static int ioas_copy(struct world *w, struct iommu_next_ioas_copy *arg)
{
	arg->size = sizeof(*arg);
	return world_ioctl(w, IOMMU_NEXT_IOAS_COPY, arg, sizeof(*arg));
}

static int ioas_unmap(struct world *w, u32 ioas, u64 iova, u64 length)
{
	struct iommu_next_ioas_unmap arg = {
		.size = sizeof(arg),
		.ioas_id = ioas,
		.iova = iova,
		.length = length,
	};

	return world_ioctl(w, IOMMU_NEXT_IOAS_UNMAP, &arg, sizeof(arg));
}

WORLD_CASE(ioas_map_and_copy_refused)
{
	struct iommu_next_ioas_map map = {
		.flags = IOMMU_NEXT_IOAS_MAP_READABLE |
			 IOMMU_NEXT_IOAS_MAP_FIXED_IOVA,
		.user_va = w->mem->uaddr,
		.length = SZ_4K,
		.iova = SZ_1M,
	};
	struct iommu_next_ioas_copy copy = {
		.flags = IOMMU_NEXT_IOAS_MAP_READABLE |
			 IOMMU_NEXT_IOAS_MAP_FIXED_IOVA,
		.length = SZ_4K,
		.src_iova = SZ_1M,
		.dst_iova = SZ_2M,
	};
	struct iommu_next_ioas_map_file file = {
		.flags = IOMMU_NEXT_IOAS_MAP_READABLE |
			 IOMMU_NEXT_IOAS_MAP_FIXED_IOVA,
		.fd = -1,
		.length = SZ_4K,
		.iova = SZ_2M,
	};
	u32 ioas;

	world_open(w);
	ioas = world_ioas_alloc(w);
	map.ioas_id = ioas + 1;
	KUNIT_EXPECT_EQ(test, -ENOENT, ioas_map(w, &map));
	map.ioas_id = ioas;
	map.iova = U64_MAX;
	KUNIT_EXPECT_EQ(test, -EOVERFLOW, ioas_map(w, &map));
	map.iova = SZ_1M;
	map.__reserved = 1;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, ioas_map(w, &map));
	map.__reserved = 0;
	map.length = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL, ioas_map(w, &map));
	map.length = SZ_4K;
	KUNIT_EXPECT_EQ(test, 0, ioas_map(w, &map));

	file.ioas_id = ioas + 1;
	KUNIT_EXPECT_EQ(test, -ENOENT, ioas_map_file(w, &file));
	file.ioas_id = ioas;
	KUNIT_EXPECT_EQ(test, -EBADF, ioas_map_file(w, &file));
	file.length = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL, ioas_map_file(w, &file));
	file.length = U64_MAX;
	KUNIT_EXPECT_EQ(test, -EOVERFLOW, ioas_map_file(w, &file));
	file.length = SZ_4K;
	file.start = U64_MAX - SZ_4K + 2;
	KUNIT_EXPECT_EQ(test, -EOVERFLOW, ioas_map_file(w, &file));
	file.flags = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL, ioas_map_file(w, &file));
	file.flags = BIT(31);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, ioas_map_file(w, &file));

	copy.src_ioas_id = ioas + 1;
	copy.dst_ioas_id = ioas;
	KUNIT_EXPECT_EQ(test, -ENOENT, ioas_copy(w, &copy));
	copy.src_ioas_id = ioas;
	copy.dst_ioas_id = ioas + 1;
	KUNIT_EXPECT_EQ(test, -ENOENT, ioas_copy(w, &copy));
	copy.dst_ioas_id = ioas;
	copy.flags |= IOMMU_NEXT_IOAS_MAP_WRITEABLE;
	KUNIT_EXPECT_EQ(test, -EPERM, ioas_copy(w, &copy));
	copy.flags = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL, ioas_copy(w, &copy));
	copy.flags = BIT(31);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, ioas_copy(w, &copy));
	copy.flags = IOMMU_NEXT_IOAS_MAP_READABLE;
	copy.length = U64_MAX;
	KUNIT_EXPECT_EQ(test, -EOVERFLOW, ioas_copy(w, &copy));

	KUNIT_EXPECT_EQ(test, -ENOENT, ioas_unmap(w, ioas + 1, SZ_1M, SZ_4K));
	KUNIT_EXPECT_EQ(test, -EINVAL, ioas_unmap(w, ioas, SZ_1M, 0));
	KUNIT_EXPECT_EQ(test, -EOVERFLOW, ioas_unmap(w, ioas, U64_MAX, 1));
	KUNIT_EXPECT_EQ(test, -EOVERFLOW, ioas_unmap(w, ioas, 3, U64_MAX - 1));
	KUNIT_EXPECT_EQ(test, 0, ioas_unmap(w, ioas, SZ_1M, SZ_4K));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, ioas));
}

static int ioas_huge_pages(struct world *w, u32 ioas, u32 op, u64 *val)
{
	struct iommu_next_option arg = {
		.size = sizeof(arg),
		.option_id = IOMMU_NEXT_OPTION_HUGE_PAGES,
		.op = op,
		.object_id = ioas,
		.val64 = *val,
	};
	int rc = world_ioctl(w, IOMMU_NEXT_OPTION, &arg, sizeof(arg));

	*val = arg.val64;
	return rc;
}

WORLD_CASE(ioas_option_huge_pages)
{
	const u32 get = IOMMU_NEXT_OPTION_OP_GET;
	const u32 set = IOMMU_NEXT_OPTION_OP_SET;
	u64 val = 7;
	u32 ioas;

	world_open(w);
	ioas = world_ioas_alloc(w);
	KUNIT_EXPECT_EQ(test, 0, ioas_huge_pages(w, ioas, get, &val));
	KUNIT_EXPECT_EQ(test, 1ULL, val);
	KUNIT_EXPECT_EQ(test, -ENOENT, ioas_huge_pages(w, ioas + 1, get, &val));
	val = 2;
	KUNIT_EXPECT_EQ(test, -EINVAL, ioas_huge_pages(w, ioas, set, &val));
	val = 0;
	KUNIT_EXPECT_EQ(test, 0, ioas_huge_pages(w, ioas, set, &val));
	val = 7;
	KUNIT_EXPECT_EQ(test, 0, ioas_huge_pages(w, ioas, get, &val));
	KUNIT_EXPECT_EQ(test, 0ULL, val);
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, ioas));
}

static struct kunit_case ioas_cases[] = {
	KUNIT_CASE(ioas_iova_ranges),
	KUNIT_CASE(ioas_allow_iovas),
	KUNIT_CASE(ioas_map_and_copy_refused),
	KUNIT_CASE(ioas_option_huge_pages),
	{}
};

static struct kunit_suite ioas_suite = {
	.name = "inx_ioas",
	.test_cases = ioas_cases,
};

kunit_test_suite(ioas_suite);
