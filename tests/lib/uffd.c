// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "mem.h"
#include "tap.h"
#include "uffd.h"

#define PAGE 4096UL
/* What is quick on a slow machine, and what is forever. */
#define QUICK_MS 5000
#define FOREVER_MS 20000

void uffd_open(struct uffd *u, size_t length)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	u->length = length;
	u->mem = mmap(NULL, length, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, u->mem);
	mem_keep_small(u->mem, length);
	u->fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	ASSERT_GE(u->fd, 0);
	ASSERT_EQ(0, ioctl(u->fd, UFFDIO_API, &api));
	reg.range.start = (uintptr_t)u->mem;
	reg.range.len = length;
	ASSERT_EQ(0, ioctl(u->fd, UFFDIO_REGISTER, &reg));
}

unsigned char *uffd_wait(struct uffd *u, int ms)
{
	struct pollfd pollfd = { .fd = u->fd, .events = POLLIN };
	struct uffd_msg msg;

	if (poll(&pollfd, 1, ms) != 1)
		return NULL;
	ASSERT_EQ(sizeof(msg), read(u->fd, &msg, sizeof(msg)));
	ASSERT_EQ(UFFD_EVENT_PAGEFAULT, msg.event);
	return (unsigned char *)(msg.arg.pagefault.address & ~(PAGE - 1));
}

void uffd_fill(struct uffd *u, unsigned char *page, size_t length,
	       const void *content)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)page,
		.src = (uintptr_t)content,
		.len = length,
	};
	struct uffdio_zeropage zero = {
		.range.start = (uintptr_t)page,
		.range.len = length,
	};

	if (content)
		ASSERT_EQ(0, ioctl(u->fd, UFFDIO_COPY, &copy));
	else
		ASSERT_EQ(0, ioctl(u->fd, UFFDIO_ZEROPAGE, &zero));
}

void uffd_close(struct uffd *u)
{
	EXPECT_EQ(0, close(u->fd));
	u->fd = -1;
}

static void *later_thread(void *arg)
{
	struct later *later = arg;

	later->rc = later->call(later->arg);
	later->error = errno;
	return NULL;
}

void later_start(struct later *later, int (*call)(void *arg), void *arg)
{
	*later = (struct later){ .call = call, .arg = arg };
	ASSERT_EQ(0, pthread_create(&later->thread, NULL, later_thread, later));
}

bool later_ends(struct later *later, int ms)
{
	struct timespec end;

	if (later->joined)
		return true;
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += ms / 1000;
	end.tv_nsec += ms % 1000 * 1000000;
	if (end.tv_nsec >= 1000000000) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000;
	}
	later->joined = !pthread_timedjoin_np(later->thread, NULL, &end);
	return later->joined;
}

int later_join(struct later *later)
{
	bool ended = later_ends(later, FOREVER_MS);

	ASSERT_TRUE(ended);
	errno = later->error;
	return later->rc;
}

int at_once(int (*call)(void *arg), void *arg)
{
	static struct later later;
	bool quick;

	later_start(&later, call, arg);
	quick = later_ends(&later, QUICK_MS);
	/* Whoever it waits for is freed when the test ends, here. */
	ASSERT_TRUE(quick);
	errno = later.error;
	return later.rc;
}
