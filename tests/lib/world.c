// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "world.h"

#define MOCK "iommu_next_mock"

void world_load_mock(const char *parameter)
{
	pid_t pid = fork();
	int status = -1;

	if (!pid) {
		syscall(SYS_delete_module, MOCK, O_NONBLOCK);
		execlp("modprobe", "modprobe", MOCK, parameter, (char *)NULL);
		_exit(127);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
}

void world_open(struct world *w)
{
	*w = (struct world){ .pinned = inx_status_kb("VmPin") };
	w->fd = inx_open();
	ASSERT_GE(w->fd, 0);
	w->mock = open(INX_MOCK_NODE, O_RDWR | O_CLOEXEC);
	ASSERT_GE(w->mock, 0);
	w->ioas = world_ioas(w);
}

void world_close_dev(struct world_dev *dev)
{
	if (dev->fd >= 0)
		EXPECT_EQ(0, close(dev->fd));
	dev->fd = -1;
	dev->id = 0;
}

void world_close(struct world *w)
{
	struct iommu_next_mock_stats stats;
	unsigned int i;

	if (w->fd >= 0)
		EXPECT_EQ(0, close(w->fd));
	for (i = 0; i < w->nr; i++)
		world_close_dev(&w->dev[i]);
	for (i = 0; i < w->nr; i++) {
		if (!w->dev[i].mock)
			continue;
		stats = world_stats(w, &w->dev[i]);
		EXPECT_EQ(0, stats.domains);
		EXPECT_EQ(0, stats.pages);
		EXPECT_EQ(0, stats.bytes);
	}
	EXPECT_EQ(w->pinned, inx_status_kb("VmPin"));
	EXPECT_EQ(0, close(w->mock));
}

struct world_dev *world_make(struct world *w,
			     struct iommu_next_mock_device_alloc *how)
{
	struct world_dev *dev = &w->dev[w->nr];

	ASSERT_LT(w->nr, WORLD_DEVS);
	dev->fd = inx_mock_device(w->mock, how, &dev->mock);
	ASSERT_GE(dev->fd, 0);
	w->nr++;
	return dev;
}

struct world_dev *world_bind(struct world *w,
			     struct iommu_next_mock_device_alloc *how)
{
	struct world_dev *dev = world_make(w, how);

	ASSERT_EQ(0, inx_bind(dev->fd, w->fd, &dev->id));
	return dev;
}

struct world_dev *world_attach(struct world *w,
			       struct iommu_next_mock_device_alloc *how)
{
	struct world_dev *dev = world_bind(w, how);

	ASSERT_EQ(0, inx_attach_to(dev->fd, w->ioas));
	return dev;
}

uint32_t world_ioas(struct world *w)
{
	uint32_t ioas = 0;

	ASSERT_EQ(0, inx_ioas_alloc(w->fd, &ioas));
	ASSERT_NE(0, ioas);
	return ioas;
}

struct iommu_next_mock_stats world_stats(struct world *w, struct world_dev *d)
{
	struct iommu_next_mock_stats stats;

	ASSERT_EQ(0, inx_mock_stats(w->mock, d->mock, &stats));
	return stats;
}

long world_pinned(struct world *w)
{
	return inx_status_kb("VmPin") - w->pinned;
}

bool world_settles(struct world *w, long kb)
{
	int ms;

	for (ms = 0; world_pinned(w) != kb; ms++) {
		if (ms == 2000) {
			TH_LOG("%ld kB are still pinned", world_pinned(w));
			return false;
		}
		usleep(1000);
	}
	return true;
}

void world_fail_next(struct world *w, struct world_dev *d, uint32_t what,
		     uint32_t after)
{
	ASSERT_GE(inx_mock_fail(w->mock, d->mock, what, after), 0);
}

bool world_reads(struct world_dev *d, uint64_t iova, const void *expected,
		 size_t length)
{
	static __thread unsigned char seen[IOMMU_NEXT_MOCK_DMA_MAX];
	const unsigned char *want = expected;

	while (length) {
		size_t n = length < sizeof(seen) ? length : sizeof(seen);
		int fault = inx_mock_read(d->fd, iova, seen, n);

		if (fault || memcmp(want, seen, n)) {
			TH_LOG("DMA read of %zu bytes at %#llx: fault %d", n,
			       (unsigned long long)iova, fault);
			return false;
		}
		iova += n;
		want += n;
		length -= n;
	}
	return true;
}

int world_touch(struct world_dev *d, uint64_t iova, bool write)
{
	unsigned char byte = 0x77;

	return write ? inx_mock_write(d->fd, iova, &byte, 1) :
		       inx_mock_read(d->fd, iova, &byte, 1);
}

void world_become_user(uid_t uid)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &limit));
	ASSERT_EQ(0, setgroups(0, NULL));
	ASSERT_EQ(0, setresgid(uid, uid, uid));
	ASSERT_EQ(0, setresuid(uid, uid, uid));
	/* Else /proc/self belongs to root from here on. */
	ASSERT_EQ(0, prctl(PR_SET_DUMPABLE, 1));
}

void world_drop_cap(int cap)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	ASSERT_EQ(0, syscall(SYS_capget, &head, data));
	data[cap / 32].effective &= ~(1U << cap % 32);
	data[cap / 32].permitted &= ~(1U << cap % 32);
	ASSERT_EQ(0, syscall(SYS_capset, &head, data));
}

void world_memlock(size_t bytes)
{
	struct rlimit limit;

	ASSERT_EQ(0, getrlimit(RLIMIT_MEMLOCK, &limit));
	limit.rlim_cur = bytes;
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &limit));
}

pid_t world_fork(void (*fn)(void *arg), void *arg)
{
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (pid)
		return pid;
	fn(arg);
	_exit(0);
}

void world_join(pid_t pid)
{
	int status = -1;

	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}
