// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none taint=U */
/*
 * Device files: BIND, ATTACH, DETACH, and who may have a device.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "world.h"

#define MEM_LENGTH (8 * PAGE)

FIXTURE(device)
{
	struct world w;
	struct world_dev *dev;
	char *mem;
};

/* Where the IOMMU wants to see a device before it maps, all is the same. */
FIXTURE_VARIANT(device)
{
	uint32_t flags;
};

FIXTURE_VARIANT_ADD(device, plain)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(device, attach_first)
{
	.flags = IOMMU_NEXT_MOCK_ATTACH_FIRST,
};

FIXTURE_SETUP(device)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();

	how.flags = variant->flags;
	world_open(&self->w);
	self->dev = world_make(&self->w, &how);
	self->mem = inx_alloc(MEM_LENGTH);
}

FIXTURE_TEARDOWN(device)
{
	world_close(&self->w);
}

static void bind(struct device_data *self)
{
	ASSERT_EQ(0, inx_bind(self->dev->fd, self->w.fd, &self->dev->id));
	ASSERT_NE(0, self->dev->id);
}

static int map_at(struct device_data *self, uint32_t ioas, void *va,
		  uint64_t iova)
{
	return inx_map_at(self->w.fd, ioas, va, PAGE, iova);
}

/* Nobody has the device: it can be bound, with nothing left of before. */
static void expect_unbound(struct device_data *self)
{
	uint32_t pt = self->w.ioas;

	EXPECT_ERRNO(EINVAL, inx_attach(self->dev->fd, &pt));
	bind(self);
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  world_touch(self->dev, IOVA, false));
}

/* ---- BIND ----------------------------------------------------------------------- */

TEST_F(device, bind_blocks_dma)
{
	bind(self);
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  world_touch(self->dev, 0, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  world_touch(self->dev, 0, true));
}

TEST_F(device, bind_argsz)
{
	struct iommu_next_vfio_device_bind arg[2] = {};
	uint32_t size;

	for (size = 0; size < 16; size++) {
		arg->argsz = size;
		arg->iommufd = self->w.fd;
		EXPECT_ERRNO(EINVAL, ioctl(self->dev->fd,
					   IOMMU_NEXT_VFIO_DEVICE_BIND, arg));
	}
	for (size = 16; size <= sizeof(arg); size += 8) {
		memset(arg, 0, sizeof(arg));
		arg->argsz = size;
		arg->iommufd = self->w.fd;
		EXPECT_EQ(0, ioctl(self->dev->fd, IOMMU_NEXT_VFIO_DEVICE_BIND,
				   arg));
		EXPECT_NE(0, arg->out_devid);
		EXPECT_EQ(0, close(self->dev->fd));
		self->dev->fd = inx_mock_open(self->w.mock, self->dev->mock);
		ASSERT_GE(self->dev->fd, 0);
	}
}

TEST_F(device, bind_flags)
{
	unsigned char token[16] = { 1 };
	struct iommu_next_vfio_device_bind arg = {
		.argsz = sizeof(arg),
		.iommufd = self->w.fd,
		.token_uuid_ptr = (uintptr_t)token,
	};
	int bit;

	for (bit = 1; bit < 32; bit++) {
		arg.flags = 1U << bit;
		EXPECT_ERRNO(EINVAL, ioctl(self->dev->fd,
					   IOMMU_NEXT_VFIO_DEVICE_BIND, &arg));
	}
	/* The mock has no token, so none can be right. */
	arg.flags = IOMMU_NEXT_VFIO_DEVICE_BIND_FLAG_TOKEN;
	EXPECT_ERRNO(EINVAL, ioctl(self->dev->fd, IOMMU_NEXT_VFIO_DEVICE_BIND,
				   &arg));
	arg.token_uuid_ptr = 0;
	EXPECT_ERRNO(EFAULT, ioctl(self->dev->fd, IOMMU_NEXT_VFIO_DEVICE_BIND,
				   &arg));
	expect_unbound(self);
}

TEST_F(device, bind_to_something_else)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), dev = self->dev->fd;

	EXPECT_ERRNO(EINVAL, inx_bind(dev, -1, NULL));
	EXPECT_ERRNO(EINVAL, inx_bind(dev, INT32_MIN, NULL));
	EXPECT_ERRNO(EBADF, inx_bind(dev, 12345, NULL));
	EXPECT_ERRNO(EBADF, inx_bind(dev, INT32_MAX, NULL));
	EXPECT_ERRNO(EBADFD, inx_bind(dev, null, NULL));
	EXPECT_ERRNO(EBADFD, inx_bind(dev, self->w.mock, NULL));
	EXPECT_ERRNO(EBADFD, inx_bind(dev, dev, NULL));
	EXPECT_EQ(0, close(null));
	EXPECT_ERRNO(EBADF, inx_bind(dev, null, NULL));
	expect_unbound(self);
}

TEST_F(device, bind_twice)
{
	int other = inx_open();

	bind(self);
	EXPECT_ERRNO(EINVAL, inx_bind(self->dev->fd, self->w.fd, NULL));
	EXPECT_ERRNO(EINVAL, inx_bind(self->dev->fd, other, NULL));
	EXPECT_EQ(0, close(other));
	EXPECT_EQ(0, inx_attach_to(self->dev->fd, self->w.ioas));
}

TEST_F(device, bind_a_second_file)
{
	int second = inx_mock_open(self->w.mock, self->dev->mock);

	ASSERT_GE(second, 0);
	bind(self);
	EXPECT_ERRNO(EINVAL, inx_bind(second, self->w.fd, NULL));
	EXPECT_ERRNO(EINVAL, inx_attach_to(second, self->w.ioas));
	EXPECT_ERRNO(EINVAL, inx_detach(second));
	/* The first one does not notice. */
	EXPECT_EQ(0, inx_attach_to(self->dev->fd, self->w.ioas));
	EXPECT_EQ(0, close(self->dev->fd));
	self->dev->fd = second;
	expect_unbound(self);
}

TEST_F(device, bind_bad_address)
{
	struct iommu_next_vfio_device_bind *arg =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT_ERRNO(EFAULT, ioctl(self->dev->fd, IOMMU_NEXT_VFIO_DEVICE_BIND,
				   NULL));
	arg->argsz = sizeof(*arg);
	arg->iommufd = self->w.fd;
	ASSERT_EQ(0, mprotect(arg, PAGE, PROT_READ));
	EXPECT_ERRNO(EFAULT, ioctl(self->dev->fd, IOMMU_NEXT_VFIO_DEVICE_BIND,
				   arg));
	expect_unbound(self);
}

TEST_F(device, id_lives_with_the_file)
{
	struct world *w = &self->w;
	uint32_t id;

	bind(self);
	id = self->dev->id;
	EXPECT_ERRNO(EBUSY, inx_destroy(w->fd, id));
	world_close_dev(self->dev);
	EXPECT_ERRNO(ENOENT, inx_destroy(w->fd, id));
}

TEST_F(device, file_outlives_the_context_file)
{
	struct world *w = &self->w;

	bind(self);
	ASSERT_EQ(0, map_at(self, w->ioas, self->mem, IOVA));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, w->ioas));
	EXPECT_EQ(0, close(w->fd));
	w->fd = -1;
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, PAGE));
	EXPECT_EQ(0, inx_detach(self->dev->fd));
	EXPECT_EQ(0, world_pinned(w));
	EXPECT_EQ(0, inx_attach_to(self->dev->fd, w->ioas));
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, PAGE));
}

/* ---- devices that cannot be had --------------------------------------------------- */

static struct world_dev *make_with(struct world *w, uint32_t flags)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();

	how.flags = flags;
	return world_make(w, &how);
}

TEST(not_coherent)
{
	struct world_dev *dev;
	struct world w;

	world_open(&w);
	dev = make_with(&w, IOMMU_NEXT_MOCK_NOT_COHERENT);
	EXPECT_ERRNO(EINVAL, inx_bind(dev->fd, w.fd, &dev->id));
	EXPECT_ERRNO(EINVAL, inx_attach_to(dev->fd, w.ioas));
	world_close(&w);
}

TEST(kernel_owned)
{
	struct world_dev *dev;
	struct world w;

	world_open(&w);
	dev = make_with(&w, IOMMU_NEXT_MOCK_KERNEL_OWNED);
	EXPECT_ERRNO(EBUSY, inx_bind(dev->fd, w.fd, &dev->id));
	EXPECT_ERRNO(EINVAL, inx_attach_to(dev->fd, w.ioas));
	world_close(&w);
}

static void allow_unsafe_interrupts(const char *value)
{
	int fd = open("/sys/module/iommu_next/parameters/allow_unsafe_interrupts",
		      O_WRONLY);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(1, write(fd, value, 1));
	ASSERT_EQ(0, close(fd));
}

static bool is_tainted_by_user(void)
{
	char text[32] = "";
	int fd = open("/proc/sys/kernel/tainted", O_RDONLY);

	ASSERT_GT(read(fd, text, sizeof(text) - 1), 0);
	close(fd);
	return strtoul(text, NULL, 0) & 1 << 6;
}

TEST(unsafe_interrupts)
{
	bool tainted = is_tainted_by_user();
	struct world_dev *dev;
	struct world w;

	world_open(&w);
	dev = make_with(&w, IOMMU_NEXT_MOCK_UNSAFE_MSI);
	EXPECT_ERRNO(EPERM, inx_bind(dev->fd, w.fd, &dev->id));
	EXPECT_ERRNO(EINVAL, inx_attach_to(dev->fd, w.ioas));
	EXPECT_EQ(tainted, is_tainted_by_user());
	allow_unsafe_interrupts("Y");
	/* The permission alone does no harm yet. */
	EXPECT_EQ(tainted, is_tainted_by_user());
	EXPECT_EQ(0, inx_bind(dev->fd, w.fd, &dev->id));
	allow_unsafe_interrupts("N");
	EXPECT_TRUE(is_tainted_by_user());
	EXPECT_EQ(0, inx_attach_to(dev->fd, w.ioas));
	world_close(&w);
}

/* ---- ATTACH ------------------------------------------------------------------------- */

TEST_F(device, attach)
{
	uint32_t pt = self->w.ioas, again = pt;
	struct world *w = &self->w;

	bind(self);
	ASSERT_EQ(0, map_at(self, w->ioas, self->mem, IOVA));
	ASSERT_EQ(0, inx_attach(self->dev->fd, &pt));
	EXPECT_NE(w->ioas, pt);
	EXPECT_NE(self->dev->id, pt);
	EXPECT_NE(0, pt);
	EXPECT_EQ(1, world_stats(w, self->dev).domains);
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, PAGE));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  world_touch(self->dev, 0, false));
	/* Everything that the attachment stands on is in use. */
	EXPECT_ERRNO(EBUSY, inx_destroy(w->fd, pt));
	EXPECT_ERRNO(EBUSY, inx_destroy(w->fd, w->ioas));
	EXPECT_ERRNO(EBUSY, inx_destroy(w->fd, self->dev->id));
	/* Once more is no change. */
	EXPECT_EQ(0, inx_attach(self->dev->fd, &again));
	EXPECT_EQ(pt, again);
	EXPECT_EQ(0, inx_attach(self->dev->fd, &again));
	EXPECT_EQ(pt, again);
	EXPECT_EQ(1, world_stats(w, self->dev).domains);
	/* What is mapped from now on is seen at once. */
	ASSERT_EQ(0, map_at(self, w->ioas, self->mem + PAGE, IOVA + PAGE));
	EXPECT_TRUE(world_reads(self->dev, IOVA, self->mem, 2 * PAGE));
}

TEST_F(device, detach)
{
	uint32_t pt = self->w.ioas;
	struct world *w = &self->w;

	bind(self);
	EXPECT_EQ(0, inx_detach(self->dev->fd));
	ASSERT_EQ(0, map_at(self, w->ioas, self->mem, IOVA));
	ASSERT_EQ(0, inx_attach(self->dev->fd, &pt));
	EXPECT_EQ(4, world_pinned(w));
	EXPECT_EQ(0, inx_detach(self->dev->fd));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  world_touch(self->dev, IOVA, false));
	EXPECT_EQ(0, world_pinned(w));
	EXPECT_EQ(0, world_stats(w, self->dev).domains);
	EXPECT_ERRNO(ENOENT, inx_destroy(w->fd, pt));
	EXPECT_EQ(0, inx_detach(self->dev->fd));
	EXPECT_EQ(0, inx_destroy(w->fd, w->ioas));
}

TEST_F(device, attach_to_what_is_none)
{
	uint32_t gone = world_ioas(&self->w);
	struct world *w = &self->w;
	int other = inx_open();
	uint32_t theirs;

	bind(self);
	ASSERT_EQ(0, inx_destroy(w->fd, gone));
	EXPECT_ERRNO(ENOENT, inx_attach_to(self->dev->fd, 0));
	EXPECT_ERRNO(ENOENT, inx_attach_to(self->dev->fd, gone));
	EXPECT_ERRNO(ENOENT, inx_attach_to(self->dev->fd, UINT32_MAX));
	EXPECT_ERRNO(EINVAL, inx_attach_to(self->dev->fd, self->dev->id));
	/* An ID counts on the file that the device is bound to. */
	ASSERT_EQ(0, inx_ioas_alloc(other, &theirs));
	while (theirs <= w->ioas || theirs <= self->dev->id)
		ASSERT_EQ(0, inx_ioas_alloc(other, &theirs));
	EXPECT_ERRNO(ENOENT, inx_attach_to(self->dev->fd, theirs));
	EXPECT_EQ(0, close(other));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  world_touch(self->dev, IOVA, false));
}

TEST_F(device, attach_argsz_and_flags)
{
	struct iommu_next_vfio_device_attach arg = { .pt_id = self->w.ioas };
	const unsigned long attach = IOMMU_NEXT_VFIO_DEVICE_ATTACH;
	int dev = self->dev->fd, bit;

	bind(self);
	for (arg.argsz = 0; arg.argsz < 12; arg.argsz++)
		EXPECT_ERRNO(EINVAL, ioctl(dev, attach, &arg));
	arg.argsz = sizeof(arg);
	for (bit = 1; bit < 32; bit++) {
		arg.flags = 1U << bit;
		EXPECT_ERRNO(EINVAL, ioctl(dev, attach, &arg));
	}
	/* A page table that is chosen is never one for a PASID; see pasid.c. */
	arg.flags = IOMMU_NEXT_VFIO_DEVICE_ATTACH_PASID;
	arg.pasid = 1;
	EXPECT_ERRNO(EINVAL, ioctl(dev, attach, &arg));
	arg.argsz = 12;
	EXPECT_ERRNO(EINVAL, ioctl(dev, attach, &arg));
	arg.argsz = sizeof(arg);
	EXPECT_EQ(self->w.ioas, arg.pt_id);
	arg.flags = 0;
	/* Without the flag nobody looks at the field. */
	arg.pasid = UINT32_MAX;
	EXPECT_EQ(0, ioctl(dev, attach, &arg));
	EXPECT_EQ(0, inx_detach(dev));
	arg.pt_id = self->w.ioas;
	arg.argsz = 12;
	EXPECT_EQ(0, ioctl(dev, attach, &arg));
	arg.pt_id = self->w.ioas;
	arg.argsz = UINT32_MAX;
	EXPECT_EQ(0, ioctl(dev, attach, &arg));
}

TEST_F(device, detach_argsz_and_flags)
{
	const unsigned long detach = IOMMU_NEXT_VFIO_DEVICE_DETACH;
	struct iommu_next_vfio_device_detach arg = {};
	int dev = self->dev->fd, bit;

	bind(self);
	ASSERT_EQ(0, map_at(self, self->w.ioas, self->mem, IOVA));
	ASSERT_EQ(0, inx_attach_to(dev, self->w.ioas));
	for (arg.argsz = 0; arg.argsz < 8; arg.argsz++)
		EXPECT_ERRNO(EINVAL, ioctl(dev, detach, &arg));
	arg.argsz = sizeof(arg);
	for (bit = 1; bit < 32; bit++) {
		arg.flags = 1U << bit;
		EXPECT_ERRNO(EINVAL, ioctl(dev, detach, &arg));
	}
	arg.flags = IOMMU_NEXT_VFIO_DEVICE_DETACH_PASID;
	arg.argsz = 8;
	EXPECT_ERRNO(EINVAL, ioctl(dev, detach, &arg));
	/* It has none, which is what is asked for. */
	arg.argsz = sizeof(arg);
	EXPECT_EQ(0, ioctl(dev, detach, &arg));
	EXPECT_ERRNO(EFAULT, ioctl(dev, detach, NULL));
	EXPECT_EQ(0, world_touch(self->dev, IOVA, true));
	arg.flags = 0;
	arg.argsz = 8;
	EXPECT_EQ(0, ioctl(dev, detach, &arg));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  world_touch(self->dev, IOVA, false));
}

TEST_F(device, attach_with_a_read_only_argument)
{
	struct iommu_next_vfio_device_attach *arg =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct world *w = &self->w;

	bind(self);
	ASSERT_EQ(0, map_at(self, w->ioas, self->mem, IOVA));
	arg->argsz = sizeof(*arg);
	arg->pt_id = w->ioas;
	ASSERT_EQ(0, mprotect(arg, PAGE, PROT_READ));
	EXPECT_ERRNO(EFAULT, ioctl(self->dev->fd, IOMMU_NEXT_VFIO_DEVICE_ATTACH,
				   arg));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  world_touch(self->dev, IOVA, false));
	EXPECT_EQ(0, world_stats(w, self->dev).domains);
	EXPECT_EQ(0, world_pinned(w));
	EXPECT_EQ(0, inx_destroy(w->fd, w->ioas));
	EXPECT_ERRNO(EFAULT, ioctl(self->dev->fd, IOMMU_NEXT_VFIO_DEVICE_ATTACH,
				   NULL));
}

/* ---- replace -------------------------------------------------------------------------- */

FIXTURE(replace)
{
	struct device_data d;
	/* Two IOASes, each with a page of its own at IOVA. */
	uint32_t ioas[2];
	char *mem;
};

FIXTURE_VARIANT(replace)
{
	struct device_variant device;
};

FIXTURE_VARIANT_ADD(replace, plain)
{
	.device.flags = 0,
};

FIXTURE_VARIANT_ADD(replace, attach_first)
{
	.device.flags = IOMMU_NEXT_MOCK_ATTACH_FIRST,
};

FIXTURE_SETUP(replace)
{
	device_setup(&self->d, &variant->device);
	bind(&self->d);
	self->mem = self->d.mem;
	for (int i = 0; i < 2; i++) {
		self->ioas[i] = world_ioas(&self->d.w);
		memset(self->mem + i * PAGE, i + 1, PAGE);
		ASSERT_EQ(0, map_at(&self->d, self->ioas[i],
				    self->mem + i * PAGE, IOVA));
	}
	ASSERT_EQ(0, inx_attach_to(self->d.dev->fd, self->ioas[0]));
}

FIXTURE_TEARDOWN(replace)
{
	device_teardown(&self->d, &variant->device);
}

/* The device has to be with this IOAS, and all else has to fit. */
static void expect_at(struct replace_data *self, int i)
{
	struct world *w = &self->d.w;

	EXPECT_TRUE(world_reads(self->d.dev, IOVA, self->mem + i * PAGE, PAGE));
	EXPECT_EQ(1, world_stats(w, self->d.dev).domains);
	EXPECT_ERRNO(EBUSY, inx_destroy(w->fd, self->ioas[i]));
}

TEST_F(replace, there_and_back)
{
	struct world *w = &self->d.w;
	int dev = self->d.dev->fd, i;
	uint32_t pt, old = 0;

	for (i = 0; i < 5; i++) {
		pt = self->ioas[i % 2];
		ASSERT_EQ(0, inx_attach(dev, &pt));
		expect_at(self, i % 2);
		EXPECT_EQ(4, world_pinned(w));
		/* The page table of before is gone. */
		if (i)
			EXPECT_ERRNO(ENOENT, inx_destroy(w->fd, old));
		old = pt;
	}
	EXPECT_EQ(0, inx_destroy(w->fd, self->ioas[1]));
	expect_at(self, 0);
}

TEST_F(replace, by_what_is_none)
{
	int dev = self->d.dev->fd;

	EXPECT_ERRNO(ENOENT, inx_attach_to(dev, 0));
	EXPECT_ERRNO(ENOENT, inx_attach_to(dev, 12345));
	EXPECT_ERRNO(EINVAL, inx_attach_to(dev, self->d.dev->id));
	expect_at(self, 0);
}

TEST_F(replace, by_bad_memory)
{
	struct world *w = &self->d.w;
	int dev = self->d.dev->fd;

	ASSERT_EQ(0, map_at(&self->d, self->ioas[1], NULL, 2 * IOVA));
	EXPECT_ERRNO(EFAULT, inx_attach_to(dev, self->ioas[1]));
	expect_at(self, 0);
	EXPECT_EQ(4, world_pinned(w));
	EXPECT_EQ(0, inx_unmap(w->fd, self->ioas[1], 2 * IOVA, PAGE, NULL));
	EXPECT_EQ(0, inx_attach_to(dev, self->ioas[1]));
	expect_at(self, 1);
}

TEST_F(replace, where_it_cannot_reach)
{
	struct world *w = &self->d.w;
	int dev = self->d.dev->fd;

	ASSERT_EQ(0, map_at(&self->d, self->ioas[1], self->mem, 1UL << 50));
	EXPECT_ERRNO(EADDRINUSE, inx_attach_to(dev, self->ioas[1]));
	expect_at(self, 0);
	/* What was reserved in the first is still so, and only there. */
	EXPECT_ERRNO(EINVAL, map_at(&self->d, self->ioas[0], self->mem,
				    1UL << 50));
	EXPECT_EQ(0, map_at(&self->d, self->ioas[1], self->mem, 1UL << 51));
	EXPECT_EQ(0, inx_unmap_all(w->fd, self->ioas[1], NULL));
	EXPECT_EQ(0, inx_destroy(w->fd, self->ioas[1]));
}

TEST_F(replace, failing)
{
	static const uint32_t what[] = {
		IOMMU_NEXT_MOCK_FAIL_REPLACE,
		IOMMU_NEXT_MOCK_FAIL_RESERVED,
		IOMMU_NEXT_MOCK_FAIL_DOMAIN_ALLOC,
		IOMMU_NEXT_MOCK_FAIL_MAP,
	};
	struct world *w = &self->d.w;
	int dev = self->d.dev->fd;
	size_t i;

	for (i = 0; i < sizeof(what) / sizeof(*what); i++) {
		world_fail_next(w, self->d.dev, what[i], 0);
		EXPECT_ERRNO(ENOMEM, inx_attach_to(dev, self->ioas[1]));
		expect_at(self, 0);
		EXPECT_EQ(4, world_pinned(w));
		/* And the other one can be destroyed, so nothing uses it. */
		EXPECT_EQ(0, inx_destroy(w->fd, self->ioas[1]));
		self->ioas[1] = world_ioas(w);
		ASSERT_EQ(0, map_at(&self->d, self->ioas[1], self->mem + PAGE,
				    IOVA));
	}
	EXPECT_EQ(0, inx_attach_to(dev, self->ioas[1]));
	expect_at(self, 1);
}

TEST_HARNESS_MAIN
