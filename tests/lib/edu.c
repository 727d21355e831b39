// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <linux/vfio.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "edu.h"
#include "tap.h"

/* A DMA of QEMU's device takes 100 ms. */
#define DMA_MS 10000

void edu_set_trigger(int fd, unsigned int irq, int event)
{
	char buf[sizeof(struct vfio_irq_set) + sizeof(int)] = {};
	struct vfio_irq_set *set = (void *)buf;

	set->argsz = sizeof(buf);
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = irq;
	set->count = 1;
	memcpy(set->data, &event, sizeof(event));
	ASSERT_EQ(0, ioctl(fd, VFIO_DEVICE_SET_IRQS, set));
}

void edu_renew_irq(struct edu *edu, unsigned int irq)
{
	struct vfio_irq_set none = {
		.argsz = sizeof(none),
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = irq,
	};

	ASSERT_EQ(0, ioctl(edu->fd, VFIO_DEVICE_SET_IRQS, &none));
	edu_set_trigger(edu->fd, irq, edu->event);
	edu->polled = false;
}

static void enable_pci(int fd)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	uint16_t command;

	ASSERT_EQ(0, ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &info));
	ASSERT_EQ(2, pread(fd, &command, 2, info.offset + 4));
	command |= 6; /* memory, bus master */
	ASSERT_EQ(2, pwrite(fd, &command, 2, info.offset + 4));
}

void edu_open(struct edu *edu, int fd, unsigned int irq)
{
	struct vfio_region_info info = { .argsz = sizeof(info) };
	struct vfio_device_info dev = { .argsz = sizeof(dev) };

	*edu = (struct edu){ .fd = fd };
	ASSERT_EQ(0, ioctl(fd, VFIO_DEVICE_GET_INFO, &dev));
	ASSERT_EQ(0, ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &info));
	edu->offset = info.offset;
	edu->size = info.size;
	if (dev.flags & VFIO_DEVICE_FLAGS_PCI)
		enable_pci(fd);
	edu->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ASSERT_GE(edu->event, 0);
	edu_set_trigger(fd, irq, edu->event);
	ASSERT_EQ(0x010000ed, edu_read(edu, EDU_ID, 4));
}

void edu_map_bar(struct edu *edu)
{
	edu->bar = mmap(NULL, edu->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			edu->fd, edu->offset);
	ASSERT_NE(MAP_FAILED, (void *)edu->bar);
}

void edu_close(struct edu *edu)
{
	if (edu->bar)
		EXPECT_EQ(0, munmap((void *)edu->bar, edu->size));
	EXPECT_EQ(0, close(edu->event));
	edu->bar = NULL;
}

uint64_t edu_read(struct edu *edu, uint32_t reg, size_t size)
{
	uint64_t val = 0;

	if (edu->bar)
		return size == 8 ? *(volatile uint64_t *)(edu->bar + reg) :
				   *(volatile uint32_t *)(edu->bar + reg);
	ASSERT_EQ((ssize_t)size, pread(edu->fd, &val, size, edu->offset + reg));
	return val;
}

void edu_write(struct edu *edu, uint32_t reg, uint64_t val, size_t size)
{
	if (edu->bar && size == 8)
		*(volatile uint64_t *)(edu->bar + reg) = val;
	else if (edu->bar)
		*(volatile uint32_t *)(edu->bar + reg) = val;
	else
		ASSERT_EQ((ssize_t)size,
			  pwrite(edu->fd, &val, size, edu->offset + reg));
}

bool edu_wait(struct edu *edu, int ms)
{
	struct pollfd pollfd = { .fd = edu->event, .events = POLLIN };
	uint64_t n;

	if (poll(&pollfd, 1, ms) != 1)
		return false;
	return read(edu->event, &n, sizeof(n)) == sizeof(n);
}

void edu_start(struct edu *edu, uint64_t iova, size_t length, bool to_memory)
{
	ASSERT_LE(length, EDU_MOST);
	edu_write(edu, EDU_DMA_SRC, to_memory ? EDU_BUFFER : iova, 8);
	edu_write(edu, EDU_DMA_DST, to_memory ? iova : EDU_BUFFER, 8);
	edu_write(edu, EDU_DMA_COUNT, length, 8);
	edu_write(edu, EDU_DMA_COMMAND, EDU_START |
		  (edu->polled ? 0 : EDU_WITH_IRQ) |
		  (to_memory ? EDU_TO_MEMORY : 0), 8);
}

void edu_idle(struct edu *edu)
{
	struct timespec now;
	time_t end;

	clock_gettime(CLOCK_MONOTONIC, &now);
	end = now.tv_sec + DMA_MS / 1000;
	while (edu_read(edu, EDU_DMA_COMMAND, 8) & EDU_START) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		ASSERT_LE(now.tv_sec, end);
		sched_yield();
	}
}

void edu_dma(struct edu *edu, uint64_t iova, size_t length, bool to_memory)
{
	edu_start(edu, iova, length, to_memory);
	if (edu->polled) {
		edu_idle(edu);
		return;
	}
	/* One that nobody waited for may have been signalled before. */
	do {
		ASSERT_TRUE(edu_wait(edu, DMA_MS));
	} while (edu_read(edu, EDU_DMA_COMMAND, 8) & EDU_START);
	edu_write(edu, EDU_IRQ_ACK, EDU_DMA_IRQ, 4);
}

void edu_copy(struct edu *edu, uint64_t from, uint64_t to, size_t length)
{
	edu_dma(edu, from, length, false);
	edu_dma(edu, to, length, true);
}

void edu_check_copy(struct edu *edu, unsigned char *mem, uint64_t iova)
{
	const size_t page = 4096, from = 10, to = 2 * page - 100, length = 3000;
	size_t i;

	for (i = 0; i < page; i++)
		mem[i] = i * 7 + 1;
	edu_copy(edu, iova + from, iova + to, length);
	EXPECT_EQ(0, memcmp(mem + from, mem + to, length));
	EXPECT_EQ(0, mem[to - 1]);
	EXPECT_EQ(0, mem[to + length]);
}
