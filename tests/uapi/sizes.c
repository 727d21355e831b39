// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none */
/*
 * What all ioctls of /dev/iommu-next have in common: the rules about the size
 * of the argument, about where it may lie, and about numbers.
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "world.h"

#define MEM_LENGTH (4 * PAGE)

FIXTURE(call)
{
	struct world w;
	struct world_dev *dev;
	char *mem;
	/* Two pages for the argument, and one behind that faults. */
	unsigned char *room;
};

/**
 * @cmd: the ioctl
 * @size: of its struct
 * @min: up to the end of the last member that a caller must give
 * @writes: it has an answer in the struct
 * @fill: make a struct that succeeds; can be called again and again
 * @undo: of a call that succeeded
 * @undone: nothing may be left of a call that failed
 */
FIXTURE_VARIANT(call)
{
	unsigned long cmd;
	size_t size;
	size_t min;
	bool writes;
	void (*fill)(struct call_data *self, void *arg);
	void (*undo)(struct call_data *self, void *arg);
	void (*undone)(struct call_data *self);
};

#define END_OF(type, member) \
	(offsetof(struct type, member) + sizeof(((struct type *)0)->member))
#define CALL(_cmd, _type, _last) \
	.cmd = _cmd, .size = sizeof(struct _type), .min = END_OF(_type, _last)

static void destroy_fill(struct call_data *self, void *buf)
{
	struct iommu_next_destroy *arg = buf;

	arg->id = world_ioas(&self->w);
}

FIXTURE_VARIANT_ADD(call, destroy)
{
	CALL(IOMMU_NEXT_DESTROY, iommu_next_destroy, id),
	.fill = destroy_fill,
};

static void nothing_to_fill(TH_UNUSED struct call_data *self,
			    TH_UNUSED void *buf)
{
}

static void ioas_alloc_undo(struct call_data *self, void *buf)
{
	struct iommu_next_ioas_alloc *arg = buf;

	EXPECT_EQ(0, inx_destroy(self->w.fd, arg->out_ioas_id));
}

/* A file that has objects does not let the mode be set. */
static void ioas_alloc_undone(struct call_data *self)
{
	EXPECT_EQ(0, inx_destroy(self->w.fd, self->w.ioas));
	world_close_dev(self->dev);
	EXPECT_EQ(0, inx_option_set(self->w.fd, IOMMU_NEXT_OPTION_RLIMIT_MODE,
				    0, 0));
}

FIXTURE_VARIANT_ADD(call, ioas_alloc)
{
	CALL(IOMMU_NEXT_IOAS_ALLOC, iommu_next_ioas_alloc, out_ioas_id),
	.writes = true,
	.fill = nothing_to_fill,
	.undo = ioas_alloc_undo,
	.undone = ioas_alloc_undone,
};

static struct iommu_next_iova_range one_range = { 0x1000, 0x1fff };

static void allow_iovas_fill(struct call_data *self, void *buf)
{
	struct iommu_next_ioas_allow_iovas *arg = buf;

	arg->ioas_id = self->w.ioas;
	arg->num_iovas = 1;
	arg->allowed_iovas = (uintptr_t)&one_range;
}

static void allow_iovas_undo(struct call_data *self, TH_UNUSED void *buf)
{
	EXPECT_EQ(0, inx_allow_iovas(self->w.fd, self->w.ioas, NULL, 0));
}

FIXTURE_VARIANT_ADD(call, allow_iovas)
{
	CALL(IOMMU_NEXT_IOAS_ALLOW_IOVAS, iommu_next_ioas_allow_iovas,
	     allowed_iovas),
	.fill = allow_iovas_fill,
	.undo = allow_iovas_undo,
};

/* The source is mapped at 0; the copy goes to IOVA. */
static void copy_fill(struct call_data *self, void *buf)
{
	struct iommu_next_ioas_copy *arg = buf;
	struct world *w = &self->w;

	if (inx_unmap(w->fd, w->ioas, 0, MEM_LENGTH, NULL))
		ASSERT_EQ(ENOENT, errno);
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, self->mem, MEM_LENGTH, 0));
	arg->flags = INX_RW | INX_FIXED;
	arg->dst_ioas_id = w->ioas;
	arg->src_ioas_id = w->ioas;
	arg->length = MEM_LENGTH;
	arg->dst_iova = IOVA;
}

static void map_undo(struct call_data *self, TH_UNUSED void *buf)
{
	uint64_t n = 0;

	EXPECT_EQ(0, inx_unmap(self->w.fd, self->w.ioas, IOVA, MEM_LENGTH, &n));
	EXPECT_EQ(MEM_LENGTH, n);
}

static void map_undone(struct call_data *self)
{
	struct world *w = &self->w;

	EXPECT_ERRNO(ENOENT, inx_unmap(w->fd, w->ioas, IOVA, MEM_LENGTH, NULL));
	EXPECT_EQ(0, inx_attach_to(self->dev->fd, w->ioas));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  world_touch(self->dev, IOVA, false));
	EXPECT_EQ(0, inx_unmap_all(w->fd, w->ioas, NULL));
	EXPECT_EQ(0, world_pinned(w));
}

FIXTURE_VARIANT_ADD(call, copy)
{
	CALL(IOMMU_NEXT_IOAS_COPY, iommu_next_ioas_copy, src_iova),
	.writes = true,
	.fill = copy_fill,
	.undo = map_undo,
	.undone = map_undone,
};

static void iova_ranges_fill(struct call_data *self, void *buf)
{
	static struct iommu_next_iova_range ranges[4];
	struct iommu_next_ioas_iova_ranges *arg = buf;

	arg->ioas_id = self->w.ioas;
	arg->num_iovas = 4;
	arg->allowed_iovas = (uintptr_t)ranges;
}

FIXTURE_VARIANT_ADD(call, iova_ranges)
{
	CALL(IOMMU_NEXT_IOAS_IOVA_RANGES, iommu_next_ioas_iova_ranges,
	     out_iova_alignment),
	.writes = true,
	.fill = iova_ranges_fill,
};

static void map_fill(struct call_data *self, void *buf)
{
	struct iommu_next_ioas_map *arg = buf;

	arg->flags = INX_RW | INX_FIXED;
	arg->ioas_id = self->w.ioas;
	arg->user_va = (uintptr_t)self->mem;
	arg->length = MEM_LENGTH;
	arg->iova = IOVA;
}

FIXTURE_VARIANT_ADD(call, map)
{
	CALL(IOMMU_NEXT_IOAS_MAP, iommu_next_ioas_map, iova),
	.writes = true,
	.fill = map_fill,
	.undo = map_undo,
	.undone = map_undone,
};

static void unmap_fill(struct call_data *self, void *buf)
{
	struct iommu_next_ioas_unmap *arg = buf;
	struct world *w = &self->w;

	if (inx_map_at(w->fd, w->ioas, self->mem, MEM_LENGTH, IOVA))
		ASSERT_EQ(EEXIST, errno);
	arg->ioas_id = w->ioas;
	arg->iova = IOVA;
	arg->length = MEM_LENGTH;
}

/* "After an error nothing is unmapped." */
static void unmap_undone(struct call_data *self)
{
	map_undo(self, NULL);
}

FIXTURE_VARIANT_ADD(call, unmap)
{
	CALL(IOMMU_NEXT_IOAS_UNMAP, iommu_next_ioas_unmap, length),
	.writes = true,
	.fill = unmap_fill,
	.undone = unmap_undone,
};

static void option_fill(struct call_data *self, void *buf)
{
	struct iommu_next_option *arg = buf;

	arg->option_id = IOMMU_NEXT_OPTION_HUGE_PAGES;
	arg->op = IOMMU_NEXT_OPTION_OP_GET;
	arg->object_id = self->w.ioas;
}

FIXTURE_VARIANT_ADD(call, option)
{
	CALL(IOMMU_NEXT_OPTION, iommu_next_option, val64),
	.writes = true,
	.fill = option_fill,
};

static void hwpt_alloc_fill(struct call_data *self, void *buf)
{
	struct iommu_next_hwpt_alloc *arg = buf;

	arg->dev_id = self->dev->id;
	arg->pt_id = self->w.ioas;
}

static void hwpt_alloc_undo(struct call_data *self, void *buf)
{
	struct iommu_next_hwpt_alloc *arg = buf;

	EXPECT_EQ(1, world_stats(&self->w, self->dev).domains);
	EXPECT_EQ(0, inx_destroy(self->w.fd, arg->out_hwpt_id));
}

static void hwpt_alloc_undone(struct call_data *self)
{
	EXPECT_EQ(0, world_stats(&self->w, self->dev).domains);
	EXPECT_EQ(0, inx_destroy(self->w.fd, self->w.ioas));
}

FIXTURE_VARIANT_ADD(call, hwpt_alloc)
{
	CALL(IOMMU_NEXT_HWPT_ALLOC, iommu_next_hwpt_alloc, __reserved),
	.writes = true,
	.fill = hwpt_alloc_fill,
	.undo = hwpt_alloc_undo,
	.undone = hwpt_alloc_undone,
};

static void hw_info_fill(struct call_data *self, void *buf)
{
	struct iommu_next_hw_info *arg = buf;

	arg->dev_id = self->dev->id;
}

FIXTURE_VARIANT_ADD(call, get_hw_info)
{
	CALL(IOMMU_NEXT_GET_HW_INFO, iommu_next_hw_info, __reserved),
	.writes = true,
	.fill = hw_info_fill,
};

FIXTURE_SETUP(call)
{
	world_open(&self->w);
	self->dev = world_bind(&self->w, NULL);
	self->mem = inx_alloc(MEM_LENGTH);
	self->room = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->room);
	ASSERT_EQ(0, mprotect(self->room + 2 * PAGE, PAGE, PROT_NONE));
}

FIXTURE_TEARDOWN(call)
{
	world_close(&self->w);
}

/* An argument of @size bytes, good up to the struct's end and zero behind. */
static void *prepare(struct call_data *self,
		     const struct call_variant *variant, void *arg, size_t size)
{
	unsigned char buf[256] = {};

	variant->fill(self, buf);
	*(uint32_t *)buf = size;
	memset(arg, 0, size);
	memcpy(arg, buf, size < variant->size ? size : variant->size);
	return arg;
}

static int call(struct call_data *self, const struct call_variant *variant,
		void *arg)
{
	int rc = ioctl(self->w.fd, variant->cmd, arg);

	if (!rc && variant->undo)
		variant->undo(self, arg);
	return rc;
}

TEST_F(call, as_documented)
{
	EXPECT_EQ(0, call(self, variant, prepare(self, variant, self->room,
						 variant->size)));
	EXPECT_EQ(variant->size, *(uint32_t *)self->room);
}

TEST_F(call, too_short)
{
	size_t size;

	for (size = 0; size < variant->min; size++) {
		prepare(self, variant, self->room, variant->size);
		*(uint32_t *)self->room = size;
		EXPECT_ERRNO(EINVAL, call(self, variant, self->room));
	}
}

/* What a caller of an older header leaves out is not written either. */
TEST_F(call, shortest)
{
	size_t size;

	for (size = variant->min; size < variant->size; size++) {
		unsigned char *arg = self->room + 2 * PAGE - size;

		prepare(self, variant, arg, size);
		/* So close to the end that it cannot be missed. */
		EXPECT_EQ(0, ioctl(self->w.fd, variant->cmd, arg));
		if (variant->undo)
			variant->undo(self, arg);

		prepare(self, variant, self->room, size);
		memset(self->room + size, 0xee, 64);
		EXPECT_EQ(0, call(self, variant, self->room));
		for (int i = 0; i < 64; i++)
			EXPECT_EQ(0xee, self->room[size + i]);
	}
}

TEST_F(call, longer_with_zeros)
{
	static const size_t more[] = { 1, 4, 8, 100 };
	size_t i;

	for (i = 0; i < sizeof(more) / sizeof(*more); i++) {
		size_t size = variant->size + more[i];

		prepare(self, variant, self->room, size);
		self->room[size] = 0xee;
		EXPECT_EQ(0, call(self, variant, self->room));
		EXPECT_EQ(0xee, self->room[size]);
	}
	EXPECT_EQ(0, call(self, variant,
			  prepare(self, variant, self->room, PAGE)));
}

TEST_F(call, longer_with_anything_else)
{
	size_t end;

	for (end = variant->size; end < variant->size + 24; end++) {
		prepare(self, variant, self->room, variant->size + 24);
		self->room[end] = 1;
		EXPECT_ERRNO(E2BIG, call(self, variant, self->room));
	}
	prepare(self, variant, self->room, PAGE);
	self->room[PAGE - 1] = 0x80;
	EXPECT_ERRNO(E2BIG, call(self, variant, self->room));
}

TEST_F(call, longer_than_a_page)
{
	prepare(self, variant, self->room, PAGE + 1);
	EXPECT_ERRNO(E2BIG, call(self, variant, self->room));
	prepare(self, variant, self->room, variant->size);
	*(uint32_t *)self->room = UINT32_MAX;
	EXPECT_ERRNO(E2BIG, call(self, variant, self->room));
}

TEST_F(call, anywhere)
{
	/* Neither alignment nor a border of pages matters. */
	for (int i = 1; i < 8; i++)
		EXPECT_EQ(0, call(self, variant,
				  prepare(self, variant, self->room + PAGE - i,
					  variant->size)));
	EXPECT_EQ(0, call(self, variant,
			  prepare(self, variant,
				  self->room + 2 * PAGE - variant->size,
				  variant->size)));
}

TEST_F(call, bad_address)
{
	unsigned char *end = self->room + 2 * PAGE;

	EXPECT_ERRNO(EFAULT, ioctl(self->w.fd, variant->cmd, NULL));
	EXPECT_ERRNO(EFAULT, ioctl(self->w.fd, variant->cmd, end));
	EXPECT_ERRNO(EFAULT, ioctl(self->w.fd, variant->cmd, -8L));
	EXPECT_ERRNO(EFAULT, ioctl(self->w.fd, variant->cmd, 1UL << 63));
	/* The size can be read, the rest cannot. */
	for (size_t n = 4; n < variant->size; n += 4) {
		*(uint32_t *)(end - n) = variant->size;
		EXPECT_ERRNO(EFAULT,
			     ioctl(self->w.fd, variant->cmd, end - n));
	}
}

/* A call whose answer cannot be delivered has done nothing. */
TEST_F(call, read_only_argument)
{
	prepare(self, variant, self->room, variant->size);
	ASSERT_EQ(0, mprotect(self->room, PAGE, PROT_READ));
	if (!variant->writes) {
		EXPECT_EQ(0, call(self, variant, self->room));
		return;
	}
	EXPECT_ERRNO(EFAULT, ioctl(self->w.fd, variant->cmd, self->room));
	if (variant->undone)
		variant->undone(self);
}

/* Numbers that are close to those that exist. */
TEST_F(call, similar_numbers)
{
	unsigned int nr = _IOC_NR(variant->cmd);

	prepare(self, variant, self->room, variant->size);
	EXPECT_ERRNO(ENOTTY, ioctl(self->w.fd, _IOC(_IOC_READ, IOMMU_NEXT_TYPE,
						    nr, 0), self->room));
	EXPECT_ERRNO(ENOTTY, ioctl(self->w.fd, _IOC(_IOC_WRITE, IOMMU_NEXT_TYPE,
						    nr, 0), self->room));
	EXPECT_ERRNO(ENOTTY, ioctl(self->w.fd, _IOC(_IOC_NONE, IOMMU_NEXT_TYPE,
						    nr, variant->size),
				   self->room));
	EXPECT_ERRNO(ENOTTY, ioctl(self->w.fd, _IO(IOMMU_NEXT_TYPE + 1, nr),
				   self->room));
	EXPECT_ERRNO(ENOTTY, ioctl(self->w.fd, _IO(IOMMU_NEXT_TYPE - 1, nr),
				   self->room));
	if (variant->undone)
		variant->undone(self);
}

/* VFIO's own start at 100; those of devices are not for this file. */
TEST(unknown_numbers)
{
	unsigned int nr;
	struct world w;
	char arg[PAGE] = {};

	if (inx_is_built_in())
		SKIP("the mock is part of this kernel, and answers one of them");
	world_open(&w);
	for (nr = 0; nr < 256; nr++) {
		if (nr >= 100 && nr <= IOMMU_NEXT_CMD_IOAS_NOIOMMU_GET_PA)
			continue;
		*(uint32_t *)arg = 64;
		EXPECT_ERRNO(ENOTTY, ioctl(w.fd, _IO(IOMMU_NEXT_TYPE, nr),
					   arg));
	}
	EXPECT_ERRNO(ENOTTY, ioctl(w.fd, IOMMU_NEXT_VFIO_DEVICE_BIND, arg));
	EXPECT_ERRNO(ENOTTY, ioctl(w.fd, IOMMU_NEXT_VFIO_DEVICE_ATTACH, arg));
	EXPECT_ERRNO(ENOTTY, ioctl(w.fd, 0, arg));
	EXPECT_ERRNO(ENOTTY, ioctl(w.fd, UINT32_MAX, arg));
	world_close(&w);
}

TEST_HARNESS_MAIN
