// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none */
/*
 * The VFIO protocol on a mock device's file, before BIND, after it, and when
 * the device has gone.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"
#include "tap.h"
#include "world.h"

FIXTURE(file)
{
	struct world w;
	struct world_dev *dev;
	int fd;
};

FIXTURE_SETUP(file)
{
	world_open(&self->w);
	self->dev = world_make(&self->w, NULL);
	self->fd = self->dev->fd;
}

FIXTURE_TEARDOWN(file)
{
	world_close(&self->w);
}

static void bind(struct file_data *self)
{
	ASSERT_EQ(0, inx_bind(self->fd, self->w.fd, &self->dev->id));
}

/* Everything that a file can be asked, which all ends in the same way. */
static void expect_all(int fd, int want)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_region_info region = { .argsz = sizeof(region) };
	struct vfio_irq_info irq = { .argsz = sizeof(irq) };
	struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
	};
	struct vfio_device_feature feature = { .argsz = sizeof(feature) };
	uint64_t val = 0;

	EXPECT_ERRNO(want, ioctl(fd, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_ERRNO(want, ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &region));
	EXPECT_ERRNO(want, ioctl(fd, VFIO_DEVICE_GET_IRQ_INFO, &irq));
	EXPECT_ERRNO(want, ioctl(fd, VFIO_DEVICE_SET_IRQS, &set));
	EXPECT_ERRNO(want, ioctl(fd, VFIO_DEVICE_RESET));
	EXPECT_ERRNO(want, ioctl(fd, VFIO_DEVICE_FEATURE, &feature));
	EXPECT_ERRNO(want, inx_attach_to(fd, 1));
	EXPECT_ERRNO(want, inx_detach(fd));
	EXPECT_ERRNO(want, inx_mock_read(fd, 0, &val, 4));
	EXPECT_ERRNO(want, ioctl(fd, _IO(0x99, 0x99), &val));
	EXPECT_ERRNO(want, pread(fd, &val, 4, EDU_ID));
	EXPECT_ERRNO(want, pwrite(fd, &val, 4, EDU_LIVENESS));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
	EXPECT_EQ(want, errno);
}

TEST_F(file, before_bind)
{
	expect_all(self->fd, EINVAL);
}

TEST_F(file, before_a_bind_that_fails)
{
	world_fail_next(&self->w, self->dev, IOMMU_NEXT_MOCK_FAIL_BIND, 0);
	EXPECT_ERRNO(EIO, inx_bind(self->fd, self->w.fd, NULL));
	expect_all(self->fd, EINVAL);
}

TEST_F(file, second_one)
{
	int second = inx_mock_open(self->w.mock, self->dev->mock);

	bind(self);
	expect_all(second, EINVAL);
	EXPECT_EQ(0, close(second));
}

TEST_F(file, of_a_removed_device)
{
	int second = inx_mock_open(self->w.mock, self->dev->mock);
	struct vfio_irq_info irq = { .argsz = sizeof(irq) };
	uint64_t val;

	bind(self);
	ASSERT_EQ(0, inx_attach_to(self->fd, self->w.ioas));
	EXPECT_EQ(0, ioctl(self->fd, VFIO_DEVICE_GET_IRQ_INFO, &irq));
	EXPECT_EQ(4, pread(self->fd, &val, 4, EDU_ID));
	ASSERT_EQ(0, inx_mock_remove(self->w.mock, self->dev->mock));
	expect_all(self->fd, ENODEV);
	EXPECT_ERRNO(ENODEV, inx_bind(self->fd, self->w.fd, NULL));
	/* Nor from a file that was never bound. */
	expect_all(second, ENODEV);
	EXPECT_ERRNO(ENODEV, inx_bind(second, self->w.fd, NULL));
	EXPECT_EQ(0, close(second));
	/* Of the device nothing is left on the other files either. */
	EXPECT_ERRNO(ENOENT, inx_destroy(self->w.fd, self->dev->id));
	EXPECT_EQ(0, inx_destroy(self->w.fd, self->w.ioas));
	EXPECT_ERRNO(ENOENT, inx_mock_remove(self->w.mock, self->dev->mock));
	EXPECT_ERRNO(ENOENT, inx_mock_open(self->w.mock, self->dev->mock));
	self->dev->mock = 0;
}

/* A device goes with the file that made it. */
TEST_F(file, of_a_closed_mock)
{
	bind(self);
	ASSERT_EQ(0, close(self->w.mock));
	expect_all(self->fd, ENODEV);
	EXPECT_EQ(0, inx_destroy(self->w.fd, self->w.ioas));
	self->w.mock = open(INX_MOCK_NODE, O_RDWR | O_CLOEXEC);
	self->dev->mock = 0;
}

/* ---- information ----------------------------------------------------------------- */

TEST_F(file, info)
{
	struct vfio_device_info info = {};

	bind(self);
	for (info.argsz = 0;
	     info.argsz < offsetof(struct vfio_device_info, num_irqs) + 4;
	     info.argsz++)
		EXPECT_ERRNO(EINVAL,
			     ioctl(self->fd, VFIO_DEVICE_GET_INFO, &info));
	info.argsz = sizeof(info);
	EXPECT_EQ(0, ioctl(self->fd, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_EQ(VFIO_DEVICE_FLAGS_RESET, info.flags);
	EXPECT_EQ(1, info.num_regions);
	EXPECT_EQ(1, info.num_irqs);
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, VFIO_DEVICE_GET_INFO, NULL));
}

TEST_F(file, region_info)
{
	struct vfio_region_info info = {};

	bind(self);
	for (info.argsz = 0; info.argsz < sizeof(info); info.argsz += 4)
		EXPECT_ERRNO(EINVAL, ioctl(self->fd,
					   VFIO_DEVICE_GET_REGION_INFO, &info));
	info.argsz = sizeof(info);
	EXPECT_EQ(0, ioctl(self->fd, VFIO_DEVICE_GET_REGION_INFO, &info));
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE,
		  info.flags);
	EXPECT_EQ(1 << 20, info.size);
	info.index = 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, VFIO_DEVICE_GET_REGION_INFO,
				   &info));
	info.index = UINT32_MAX;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, VFIO_DEVICE_GET_REGION_INFO,
				   &info));
}

TEST_F(file, irq_info)
{
	struct vfio_irq_info info = {};

	bind(self);
	for (info.argsz = 0; info.argsz < sizeof(info); info.argsz += 4)
		EXPECT_ERRNO(EINVAL, ioctl(self->fd, VFIO_DEVICE_GET_IRQ_INFO,
					   &info));
	info.argsz = sizeof(info);
	EXPECT_EQ(0, ioctl(self->fd, VFIO_DEVICE_GET_IRQ_INFO, &info));
	EXPECT_EQ(VFIO_IRQ_INFO_EVENTFD, info.flags);
	EXPECT_EQ(1, info.count);
	info.index = 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, VFIO_DEVICE_GET_IRQ_INFO, &info));
}

TEST_F(file, unknown_numbers)
{
	char arg[64] = { 64 };

	bind(self);
	EXPECT_ERRNO(ENOTTY, ioctl(self->fd, _IO(VFIO_TYPE, VFIO_BASE + 99),
				   arg));
	EXPECT_ERRNO(ENOTTY, ioctl(self->fd, IOMMU_NEXT_IOAS_ALLOC, arg));
	EXPECT_ERRNO(ENOTTY, ioctl(self->fd, 0x12345678, arg));
	EXPECT_ERRNO(ENOTTY, ioctl(self->fd, 0x12345678, NULL));
}

/* ---- interrupts -------------------------------------------------------------------- */

static int set_irqs(int fd, uint32_t flags, uint32_t index, uint32_t start,
		    uint32_t count, int event)
{
	char buf[sizeof(struct vfio_irq_set) + sizeof(int)] = {};
	struct vfio_irq_set *set = (void *)buf;

	set->argsz = sizeof(buf);
	set->flags = flags;
	set->index = index;
	set->start = start;
	set->count = count;
	memcpy(set->data, &event, sizeof(event));
	return ioctl(fd, VFIO_DEVICE_SET_IRQS, set);
}

#define TRIGGER (VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_EVENTFD)

TEST_F(file, set_irqs)
{
	int event = eventfd(0, EFD_CLOEXEC), fd = self->fd;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct vfio_irq_set set = {
		.flags = TRIGGER,
		.count = 1,
	};

	bind(self);
	for (set.argsz = 0; set.argsz <= sizeof(set); set.argsz += 4)
		EXPECT_ERRNO(EINVAL, ioctl(fd, VFIO_DEVICE_SET_IRQS, &set));
	EXPECT_ERRNO(EINVAL, set_irqs(fd, TRIGGER, 1, 0, 1, event));
	EXPECT_ERRNO(EINVAL, set_irqs(fd, TRIGGER, 0, 1, 1, event));
	EXPECT_ERRNO(EINVAL, set_irqs(fd, TRIGGER, 0, 0, 2, event));
	EXPECT_ERRNO(EINVAL, set_irqs(fd, TRIGGER, 0, 0, 0, event));
	EXPECT_ERRNO(EINVAL, set_irqs(fd, VFIO_IRQ_SET_ACTION_MASK |
				      VFIO_IRQ_SET_DATA_EVENTFD, 0, 0, 1,
				      event));
	EXPECT_ERRNO(EINVAL, set_irqs(fd, TRIGGER | VFIO_IRQ_SET_ACTION_MASK,
				      0, 0, 1, event));
	EXPECT_ERRNO(EINVAL, set_irqs(fd, TRIGGER | VFIO_IRQ_SET_DATA_NONE,
				      0, 0, 1, event));
	EXPECT_ERRNO(EINVAL, set_irqs(fd, 0, 0, 0, 1, event));
	EXPECT_ERRNO(EBADF, set_irqs(fd, TRIGGER, 0, 0, 1, 12345));
	EXPECT_ERRNO(EINVAL, set_irqs(fd, TRIGGER, 0, 0, 1, null));
	EXPECT_EQ(0, set_irqs(fd, TRIGGER, 0, 0, 1, event));
	EXPECT_EQ(0, close(null));
	EXPECT_EQ(0, close(event));
}

TEST_F(file, interrupt)
{
	int second = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct edu edu;
	uint64_t n;

	bind(self);
	edu_open(&edu, self->fd, 0);
	EXPECT_FALSE(edu_wait(&edu, 0));
	edu_write(&edu, EDU_IRQ_RAISE, 5, 4);
	EXPECT_TRUE(edu_wait(&edu, 0));
	EXPECT_EQ(5, edu_read(&edu, EDU_IRQ_STATUS, 4));
	edu_write(&edu, EDU_IRQ_ACK, 1, 4);
	EXPECT_EQ(4, edu_read(&edu, EDU_IRQ_STATUS, 4));
	edu_write(&edu, EDU_IRQ_ACK, 4, 4);
	EXPECT_FALSE(edu_wait(&edu, 0));

	/* Another one takes its place; then none. */
	EXPECT_EQ(0, set_irqs(self->fd, TRIGGER, 0, 0, 1, second));
	edu_write(&edu, EDU_IRQ_RAISE, 1, 4);
	EXPECT_FALSE(edu_wait(&edu, 0));
	EXPECT_EQ(8, read(second, &n, 8));
	EXPECT_EQ(0, set_irqs(self->fd, VFIO_IRQ_SET_DATA_NONE |
			      VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0, 0, 0));
	edu_write(&edu, EDU_IRQ_RAISE, 1, 4);
	EXPECT_FALSE(edu_wait(&edu, 0));
	EXPECT_ERRNO(EAGAIN, read(second, &n, 8));
	EXPECT_EQ(0, set_irqs(self->fd, TRIGGER, 0, 0, 1, second));
	EXPECT_EQ(0, set_irqs(self->fd, TRIGGER, 0, 0, 1, -1));
	edu_write(&edu, EDU_IRQ_RAISE, 1, 4);
	EXPECT_ERRNO(EAGAIN, read(second, &n, 8));
	EXPECT_EQ(0, close(second));
	edu_close(&edu);
}

/* Who binds next does not wake the one before. */
TEST_F(file, interrupt_ends_with_the_file)
{
	struct edu edu, next;

	bind(self);
	edu_open(&edu, self->fd, 0);
	edu_write(&edu, EDU_LIVENESS, 1, 4);
	world_close_dev(self->dev);
	self->fd = inx_mock_open(self->w.mock, self->dev->mock);
	self->dev->fd = self->fd;
	bind(self);
	/* And finds the device as after a reset. */
	edu_open(&next, self->fd, 0);
	EXPECT_EQ(0, edu_read(&next, EDU_LIVENESS, 4));
	edu_write(&next, EDU_IRQ_RAISE, 1, 4);
	EXPECT_TRUE(edu_wait(&next, 0));
	EXPECT_FALSE(edu_wait(&edu, 0));
	edu_close(&edu);
	edu_close(&next);
}

/* ---- registers ----------------------------------------------------------------------- */

TEST_F(file, register_access)
{
	const uint64_t size = 1 << 20;
	/* Not what the compiler takes for a mistake. */
	char *volatile nowhere = NULL;
	char buf[16] = {};
	size_t n;

	bind(self);
	for (n = 1; n <= 16; n++) {
		bool ok = n == 4 || n == 8;

		if (ok) {
			EXPECT_EQ((ssize_t)n, pread(self->fd, buf, n, 0));
			EXPECT_EQ((ssize_t)n, pwrite(self->fd, buf, n, 0));
		} else {
			EXPECT_ERRNO(EINVAL, pread(self->fd, buf, n, 0));
			EXPECT_ERRNO(EINVAL, pwrite(self->fd, buf, n, 0));
		}
	}
	for (n = 1; n < 8; n++) {
		EXPECT_ERRNO(EINVAL, pread(self->fd, buf, 8, n));
		if (n % 4)
			EXPECT_ERRNO(EINVAL, pread(self->fd, buf, 4, n));
	}
	EXPECT_EQ(4, pread(self->fd, buf, 4, size - 4));
	EXPECT_ERRNO(EINVAL, pread(self->fd, buf, 4, size));
	EXPECT_ERRNO(EINVAL, pwrite(self->fd, buf, 4, size));
	EXPECT_ERRNO(EINVAL, pread(self->fd, buf, 4, 1UL << 40));
	EXPECT_ERRNO(EINVAL, pread(self->fd, buf, 4, INT64_MAX - 3));
	EXPECT_ERRNO(EFAULT, pread(self->fd, nowhere, 4, 0));
	EXPECT_ERRNO(EFAULT, pwrite(self->fd, nowhere, 4,
				    EDU_LIVENESS));
}

TEST_F(file, registers)
{
	struct edu edu;

	bind(self);
	edu_open(&edu, self->fd, 0);
	edu_write(&edu, EDU_LIVENESS, 0x12345678, 4);
	EXPECT_EQ(0xedcba987, edu_read(&edu, EDU_LIVENESS, 4));
	edu_write(&edu, EDU_DMA_SRC, 0x123456789abcdef0, 8);
	EXPECT_EQ(0x123456789abcdef0, edu_read(&edu, EDU_DMA_SRC, 8));
	EXPECT_EQ(0x9abcdef0, edu_read(&edu, EDU_DMA_SRC, 4));
	/* What cannot be written, and what is no register. */
	edu_write(&edu, EDU_ID, 5, 4);
	EXPECT_EQ(0x010000ed, edu_read(&edu, EDU_ID, 4));
	edu_write(&edu, 0x1000, 5, 8);
	EXPECT_EQ(0, edu_read(&edu, 0x1000, 8));
	EXPECT_EQ(0, ioctl(self->fd, VFIO_DEVICE_RESET));
	EXPECT_EQ(0, edu_read(&edu, EDU_LIVENESS, 4));
	EXPECT_EQ(0, edu_read(&edu, EDU_DMA_SRC, 8));
	edu_close(&edu);
}

TEST_F(file, dma_by_registers)
{
	char *mem = inx_alloc(2 * PAGE);
	struct world *w = &self->w;
	struct edu edu;

	bind(self);
	edu_open(&edu, self->fd, 0);
	memset(mem, 0x5a, PAGE);
	edu_dma(&edu, IOVA, 100, false);
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  edu_read(&edu, IOMMU_NEXT_MOCK_REG_FAULT, 4));
	EXPECT_EQ(IOVA, edu_read(&edu, IOMMU_NEXT_MOCK_REG_FAULT_IOVA, 8));
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, mem, 2 * PAGE, IOVA));
	ASSERT_EQ(0, inx_attach_to(self->fd, w->ioas));
	edu_copy(&edu, IOVA, IOVA + PAGE + 7, 1000);
	EXPECT_EQ(0, edu_read(&edu, IOMMU_NEXT_MOCK_REG_FAULT, 4));
	EXPECT_EQ(0, mem[PAGE + 6]);
	EXPECT_EQ(0x5a, mem[PAGE + 7]);
	EXPECT_EQ(0x5a, mem[PAGE + 1006]);
	EXPECT_EQ(0, mem[PAGE + 1007]);
	edu_dma(&edu, IOVA + 2 * PAGE - 10, 11, true);
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  edu_read(&edu, IOMMU_NEXT_MOCK_REG_FAULT, 4));
	EXPECT_EQ(IOVA + 2 * PAGE,
		  edu_read(&edu, IOMMU_NEXT_MOCK_REG_FAULT_IOVA, 8));
	edu_close(&edu);
}

/* ---- where arguments may lie ------------------------------------------------------------ */

/*
 * An argument across two pages of files, neither of which anybody has touched.
 * Two files, because touching a page of one can bring its neighbours as well.
 */
static char *straddle(const void *arg, size_t length, size_t head, int prot)
{
	char *mem = mmap(NULL, 2 * PAGE, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	ASSERT_NE(MAP_FAILED, mem);
	for (i = 0; i < 2; i++) {
		int fd = memfd_create("arg", MFD_CLOEXEC);

		ASSERT_GE(fd, 0);
		ASSERT_EQ(0, ftruncate(fd, PAGE));
		if (i)
			ASSERT_EQ((ssize_t)(length - head),
				  pwrite(fd, (char *)arg + head, length - head,
					 0));
		else
			ASSERT_EQ((ssize_t)head,
				  pwrite(fd, arg, head, PAGE - head));
		ASSERT_NE(MAP_FAILED, mmap(mem + i * PAGE, PAGE, prot,
					   MAP_PRIVATE | MAP_FIXED, fd, 0));
		ASSERT_EQ(0, close(fd));
	}
	return mem + PAGE - head;
}

TEST_F(file, arguments_in_pages_that_are_not_there_yet)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	uint32_t val = 0x1234;
	char *arg;

	bind(self);
	arg = straddle(&info, sizeof(info), 8, PROT_READ | PROT_WRITE);
	EXPECT_EQ(0, ioctl(self->fd, VFIO_DEVICE_GET_INFO, arg));
	EXPECT_EQ(1, ((struct vfio_device_info *)arg)->num_irqs);
	arg = straddle(&val, 4, 2, PROT_READ | PROT_WRITE);
	EXPECT_EQ(4, pread(self->fd, arg, 4, EDU_ID));
	EXPECT_EQ(0xed, (unsigned char)arg[0]);
	EXPECT_EQ(1, arg[3]);
	arg = straddle(&val, 4, 2, PROT_READ);
	EXPECT_EQ(4, pwrite(self->fd, arg, 4, EDU_LIVENESS));
	EXPECT_EQ(4, pread(self->fd, &val, 4, EDU_LIVENESS));
	EXPECT_EQ(~0x1234U, val);
}

/* An argument that is only read may be constant. */
TEST_F(file, constant_arguments)
{
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	char buf[sizeof(struct vfio_irq_set) + sizeof(int)] = {};
	struct vfio_irq_set *set = (void *)buf;
	uint32_t one = 1;
	size_t head;
	uint64_t n;

	bind(self);
	set->argsz = sizeof(buf);
	set->flags = TRIGGER;
	set->count = 1;
	memcpy(set->data, &event, sizeof(event));
	for (head = 4; head <= sizeof(buf); head += 4) {
		EXPECT_EQ(0, ioctl(self->fd, VFIO_DEVICE_SET_IRQS,
				   straddle(buf, sizeof(buf), head,
					    PROT_READ)));
		EXPECT_EQ(4, pwrite(self->fd, &one, 4, EDU_IRQ_RAISE));
		EXPECT_EQ(8, read(event, &n, 8));
		EXPECT_EQ(0, set_irqs(self->fd, TRIGGER, 0, 0, 1, -1));
	}
	EXPECT_EQ(0, close(event));
}

TEST_F(file, arguments_that_are_not_there)
{
	char *mem = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct vfio_device_info *info = (void *)(mem + PAGE - 8);
	uint32_t val;

	bind(self);
	ASSERT_EQ(0, munmap(mem + PAGE, PAGE));
	info->argsz = sizeof(*info);
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, VFIO_DEVICE_GET_INFO, info));
	EXPECT_ERRNO(EFAULT, pread(self->fd, mem + PAGE - 2, 4, EDU_ID));
	memset(mem + PAGE - 2, 1, 2);
	EXPECT_ERRNO(EFAULT, pwrite(self->fd, mem + PAGE - 2, 4,
				    EDU_LIVENESS));
	EXPECT_EQ(4, pread(self->fd, &val, 4, EDU_LIVENESS));
	EXPECT_EQ(0, val);
	/* A read-only page takes no answer. */
	info = (void *)mem;
	info->argsz = sizeof(*info);
	ASSERT_EQ(0, mprotect(mem, PAGE, PROT_READ));
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, VFIO_DEVICE_GET_INFO, info));
	EXPECT_ERRNO(EFAULT, pread(self->fd, mem, 4, EDU_ID));
}

TEST_F(file, mock_dma_arguments)
{
	size_t most = sizeof(struct iommu_next_mock_dma) +
		      IOMMU_NEXT_MOCK_DMA_MAX;
	struct iommu_next_mock_dma *arg = inx_alloc(most + 8);
	char *mem = inx_alloc(IOMMU_NEXT_MOCK_DMA_MAX);
	struct world *w = &self->w;

	bind(self);
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, mem, IOMMU_NEXT_MOCK_DMA_MAX,
				IOVA));
	ASSERT_EQ(0, inx_attach_to(self->fd, w->ioas));
	arg->iova = IOVA;
	arg->length = 100;
	arg->argsz = sizeof(*arg) + 99;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, IOMMU_NEXT_MOCK_DMA, arg));
	arg->argsz = sizeof(*arg) + 100;
	EXPECT_EQ(0, ioctl(self->fd, IOMMU_NEXT_MOCK_DMA, arg));
	arg->flags = 2;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, IOMMU_NEXT_MOCK_DMA, arg));
	arg->flags = IOMMU_NEXT_MOCK_DMA_WRITE;
	arg->argsz = most + 1;
	arg->length = IOMMU_NEXT_MOCK_DMA_MAX + 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, IOMMU_NEXT_MOCK_DMA, arg));
	arg->length = IOMMU_NEXT_MOCK_DMA_MAX;
	memset(arg->data, 0x33, IOMMU_NEXT_MOCK_DMA_MAX);
	EXPECT_EQ(0, ioctl(self->fd, IOMMU_NEXT_MOCK_DMA, arg));
	EXPECT_EQ(0x33, mem[0]);
	EXPECT_EQ(0x33, mem[IOMMU_NEXT_MOCK_DMA_MAX - 1]);
	/* Nothing at all is allowed, wherever. */
	arg->length = 0;
	arg->iova = 0;
	EXPECT_EQ(0, ioctl(self->fd, IOMMU_NEXT_MOCK_DMA, arg));
	EXPECT_EQ(0, arg->out_fault);
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, IOMMU_NEXT_MOCK_DMA, NULL));
}

TEST_HARNESS_MAIN
