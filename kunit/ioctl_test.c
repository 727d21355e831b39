// SPDX-License-Identifier: GPL-2.0-only
/* The table of ioctls: sizes, user pointers, objects made and given up. */
#include <linux/mm.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommu-next.h>
#include <uapi/linux/vfio.h>

#include "world.h"

static long call_size(struct world *w, unsigned int cmd, void *arg, size_t size)
{
	*(u32 *)arg = size;
	return world_ioctl(w, cmd, arg, min_t(size_t, size, PAGE_SIZE));
}

WORLD_CASE(ioctl_numbers)
{
	u8 arg[64] = {};
	unsigned int nr;

	world_open(w);
	for (nr = 0; nr < 256; nr++) {
		unsigned int cmd = _IO(IOMMU_NEXT_TYPE, nr);

		memset(arg, 0, sizeof(arg));
		/* Some of VFIO's numbers are those of a container. */
		if (nr < VFIO_BASE || (nr > VFIO_BASE + 14 && nr < 0x80) ||
		    nr > 0xa0)
			KUNIT_EXPECT_EQ(test, -ENOTTY,
					(int)call_size(w, cmd, arg, 64));
		/* Of another type, or with a direction and a size. */
		KUNIT_EXPECT_EQ(test, -ENOTTY,
				(int)call_size(w, _IO('!', nr), arg, 64));
		KUNIT_EXPECT_EQ(test, -ENOTTY,
				(int)call_size(w, _IOWR(IOMMU_NEXT_TYPE, nr,
							u64), arg, 64));
	}
	KUNIT_EXPECT_EQ(test, 0U, world_objects(w));
}

static const struct {
	unsigned int cmd;
	unsigned int min;
	unsigned int size;
} ioctl_sizes[] = {
	{ IOMMU_NEXT_DESTROY, 8, sizeof(struct iommu_next_destroy) },
	{ IOMMU_NEXT_IOAS_ALLOC, 12, sizeof(struct iommu_next_ioas_alloc) },
	{ IOMMU_NEXT_IOAS_ALLOW_IOVAS, 24,
	  sizeof(struct iommu_next_ioas_allow_iovas) },
	{ IOMMU_NEXT_IOAS_COPY, 40, sizeof(struct iommu_next_ioas_copy) },
	{ IOMMU_NEXT_IOAS_IOVA_RANGES, 32,
	  sizeof(struct iommu_next_ioas_iova_ranges) },
	{ IOMMU_NEXT_IOAS_MAP, 40, sizeof(struct iommu_next_ioas_map) },
	{ IOMMU_NEXT_IOAS_UNMAP, 24, sizeof(struct iommu_next_ioas_unmap) },
	{ IOMMU_NEXT_OPTION, 24, sizeof(struct iommu_next_option) },
	{ IOMMU_NEXT_HWPT_ALLOC, 24, sizeof(struct iommu_next_hwpt_alloc) },
	{ IOMMU_NEXT_GET_HW_INFO, 32, sizeof(struct iommu_next_hw_info) },
};

/* Shorter than the first version, longer with and without meaning. */
WORLD_CASE(ioctl_struct_sizes)
{
	u8 *arg = kunit_kzalloc(test, PAGE_SIZE + 8, GFP_KERNEL);
	unsigned int i, made = 0;

	KUNIT_ASSERT_NOT_NULL(test, arg);
	world_open(w);
	for (i = 0; i < ARRAY_SIZE(ioctl_sizes); i++) {
		unsigned int cmd = ioctl_sizes[i].cmd;
		unsigned int min = ioctl_sizes[i].min;
		unsigned int size = ioctl_sizes[i].size;

		memset(arg, 0, PAGE_SIZE);
		KUNIT_EXPECT_LE(test, min, size);
		KUNIT_EXPECT_EQ(test, -EINVAL,
				(int)call_size(w, cmd, arg, 4));
		KUNIT_EXPECT_EQ(test, -EINVAL,
				(int)call_size(w, cmd, arg, min - 1));
		KUNIT_EXPECT_EQ(test, -E2BIG,
				(int)call_size(w, cmd, arg, PAGE_SIZE + 1));
		/* Nothing has this ID: what gets as far says so. */
		memset(arg, 0, PAGE_SIZE);
		arg[size] = 1;
		KUNIT_EXPECT_EQ(test, -E2BIG,
				(int)call_size(w, cmd, arg, size + 8));
		arg[size] = 0;
		KUNIT_EXPECT_NE(test, -E2BIG,
				(int)call_size(w, cmd, arg, size + 8));
		memset(arg, 0, PAGE_SIZE);
		KUNIT_EXPECT_NE(test, -E2BIG,
				(int)call_size(w, cmd, arg, PAGE_SIZE));
	}
	/* Two of the calls were good enough to make an IOAS. */
	for (i = 1; i < 20; i++)
		made += !world_destroy(w, i);
	KUNIT_EXPECT_EQ(test, 2U, made);
}

WORLD_CASE(ioctl_bad_pointer)
{
	const struct file_operations *fops;
	unsigned int i;

	world_open(w);
	fops = w->file->f_op;
	for (i = 0; i < ARRAY_SIZE(ioctl_sizes); i++) {
		unsigned int cmd = ioctl_sizes[i].cmd;
		u32 size = ioctl_sizes[i].size;
		unsigned long last = w->arg + PAGE_SIZE - 4;

		KUNIT_EXPECT_EQ(test, -EFAULT,
				(int)fops->unlocked_ioctl(w->file, cmd, 0));
		/* The size is there, what it promises is not. */
		KUNIT_ASSERT_EQ(test, 0UL, copy_to_user((void __user *)last,
							&size, 4));
		KUNIT_EXPECT_EQ(test, -EFAULT,
				(int)fops->unlocked_ioctl(w->file, cmd, last));
	}
}

/* An argument that can be read and not written, in the first page of memory. */
static int call_readonly(struct world *w, unsigned int cmd, const void *arg,
			 size_t size)
{
	memcpy(page_address(w->mem->pages[0]), arg, size);
	return w->file->f_op->unlocked_ioctl(w->file, cmd, w->mem->uaddr);
}

/* An answer that cannot be written: nothing has been done. */
WORLD_CASE(ioctl_reply_fails)
{
	struct iommu_next_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct iommu_next_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_NEXT_IOAS_MAP_READABLE |
			 IOMMU_NEXT_IOAS_MAP_FIXED_IOVA,
		.user_va = w->mem->uaddr + PAGE_SIZE,
		.length = PAGE_SIZE,
		.iova = SZ_1M,
	};
	struct iommu_next_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.iova = SZ_1M,
		.length = PAGE_SIZE,
	};
	u32 ioas;

	world_open(w);
	KUNIT_ASSERT_EQ(test, 0, mem_protect(w->mem));
	KUNIT_EXPECT_EQ(test, -EFAULT,
			call_readonly(w, IOMMU_NEXT_IOAS_ALLOC, &alloc,
				      sizeof(alloc)));
	KUNIT_EXPECT_EQ(test, 0U, world_objects(w));
	ioas = world_ioas_alloc(w);
	map.ioas_id = ioas;
	unmap.ioas_id = ioas;
	KUNIT_EXPECT_EQ(test, -EFAULT, call_readonly(w, IOMMU_NEXT_IOAS_MAP,
						     &map, sizeof(map)));
	/* The place is free. */
	KUNIT_EXPECT_EQ(test, 0L, world_ioctl(w, IOMMU_NEXT_IOAS_MAP, &map,
					      sizeof(map)));
	KUNIT_EXPECT_EQ(test, -EFAULT, call_readonly(w, IOMMU_NEXT_IOAS_UNMAP,
						     &unmap, sizeof(unmap)));
	/* It is still there. */
	KUNIT_EXPECT_EQ(test, 0L, world_ioctl(w, IOMMU_NEXT_IOAS_UNMAP, &unmap,
					      sizeof(unmap)));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, ioas));
}

WORLD_CASE(ioctl_destroy)
{
	u32 a, b;

	world_open(w);
	KUNIT_EXPECT_EQ(test, -ENOENT, world_destroy(w, 0));
	KUNIT_EXPECT_EQ(test, -ENOENT, world_destroy(w, 1));
	KUNIT_EXPECT_EQ(test, -ENOENT, world_destroy(w, U32_MAX));
	a = world_ioas_alloc(w);
	b = world_ioas_alloc(w);
	KUNIT_EXPECT_NE(test, a, b);
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, a));
	KUNIT_EXPECT_EQ(test, -ENOENT, world_destroy(w, a));
	KUNIT_EXPECT_EQ(test, 1U, world_objects(w));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, b));
}

/* How to charge can only be chosen before there is anything. */
WORLD_CASE(ioctl_option_rlimit_mode)
{
	struct iommu_next_option arg = {
		.option_id = IOMMU_NEXT_OPTION_RLIMIT_MODE,
		.op = IOMMU_NEXT_OPTION_OP_GET,
		.val64 = 7,
	};
	u32 ioas;

	world_open(w);
	KUNIT_EXPECT_EQ(test, 0L, call_size(w, IOMMU_NEXT_OPTION, &arg,
					    sizeof(arg)));
	KUNIT_EXPECT_EQ(test, 0ULL, arg.val64);
	ioas = world_ioas_alloc(w);
	arg.op = IOMMU_NEXT_OPTION_OP_SET;
	arg.val64 = 1;
	KUNIT_EXPECT_EQ(test, -EBUSY,
			(int)call_size(w, IOMMU_NEXT_OPTION, &arg,
				       sizeof(arg)));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, ioas));
	KUNIT_EXPECT_EQ(test, 0L, call_size(w, IOMMU_NEXT_OPTION, &arg,
					    sizeof(arg)));
	arg.val64 = 2;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			(int)call_size(w, IOMMU_NEXT_OPTION, &arg,
				       sizeof(arg)));
	arg.op = IOMMU_NEXT_OPTION_OP_GET;
	KUNIT_EXPECT_EQ(test, 0L, call_size(w, IOMMU_NEXT_OPTION, &arg,
					    sizeof(arg)));
	KUNIT_EXPECT_EQ(test, 1ULL, arg.val64);
	arg.op = 2;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			(int)call_size(w, IOMMU_NEXT_OPTION, &arg,
				       sizeof(arg)));
}

/* Everything on one IOAS, as a user does it. */
WORLD_CASE(ioctl_map_and_unmap)
{
	struct iommu_next_ioas_map map = {
		.flags = IOMMU_NEXT_IOAS_MAP_READABLE,
		.user_va = w->mem->uaddr,
		.length = SZ_64K,
	};
	struct iommu_next_ioas_copy copy = {
		.flags = IOMMU_NEXT_IOAS_MAP_READABLE,
		.length = SZ_64K,
	};
	struct iommu_next_ioas_unmap unmap = { .length = U64_MAX };
	u32 ioas;

	world_open(w);
	ioas = world_ioas_alloc(w);
	map.ioas_id = ioas;
	copy.dst_ioas_id = ioas;
	copy.src_ioas_id = ioas;
	unmap.ioas_id = ioas;
	KUNIT_EXPECT_EQ(test, 0L, call_size(w, IOMMU_NEXT_IOAS_MAP, &map,
					    sizeof(map)));
	KUNIT_EXPECT_NE(test, 0ULL, map.iova);
	copy.src_iova = map.iova;
	KUNIT_EXPECT_EQ(test, 0L, call_size(w, IOMMU_NEXT_IOAS_COPY, &copy,
					    sizeof(copy)));
	KUNIT_EXPECT_NE(test, map.iova, copy.dst_iova);
	KUNIT_EXPECT_EQ(test, 0L, call_size(w, IOMMU_NEXT_IOAS_UNMAP, &unmap,
					    sizeof(unmap)));
	KUNIT_EXPECT_EQ(test, 2ULL * SZ_64K, unmap.length);
	unmap.iova = map.iova;
	unmap.length = SZ_64K;
	KUNIT_EXPECT_EQ(test, -ENOENT,
			(int)call_size(w, IOMMU_NEXT_IOAS_UNMAP, &unmap,
				       sizeof(unmap)));
	map.flags = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			(int)call_size(w, IOMMU_NEXT_IOAS_MAP, &map,
				       sizeof(map)));
	map.flags = BIT(31);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			(int)call_size(w, IOMMU_NEXT_IOAS_MAP, &map,
				       sizeof(map)));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, ioas));
}

/* Closing the file is the end of everything in it. */
WORLD_CASE(ioctl_close_with_objects)
{
	struct iommu_next_ioas_map map = {
		.flags = IOMMU_NEXT_IOAS_MAP_READABLE,
		.user_va = w->mem->uaddr,
		.length = SZ_64K,
	};
	struct file *first;

	world_open(w);
	first = w->file;
	map.ioas_id = world_ioas_alloc(w);
	KUNIT_EXPECT_EQ(test, 0L, call_size(w, IOMMU_NEXT_IOAS_MAP, &map,
					    sizeof(map)));
	KUNIT_EXPECT_NE(test, 0U, world_ioas_alloc(w));
	vm_munmap(w->arg, PAGE_SIZE);
	env_close(first);
	world_open(w);
}

static struct kunit_case ioctl_cases[] = {
	KUNIT_CASE(ioctl_numbers),
	KUNIT_CASE(ioctl_struct_sizes),
	KUNIT_CASE(ioctl_bad_pointer),
	KUNIT_CASE(ioctl_reply_fails),
	KUNIT_CASE(ioctl_destroy),
	KUNIT_CASE(ioctl_option_rlimit_mode),
	KUNIT_CASE(ioctl_map_and_unmap),
	KUNIT_CASE(ioctl_close_with_objects),
	{}
};

static struct kunit_suite ioctl_suite = {
	.name = "inx_ioctl",
	.test_cases = ioctl_cases,
};

kunit_test_suite(ioctl_suite);
