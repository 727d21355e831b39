// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=smp timeout=1500 taint=U */
/*
 * Anything at any time: processes that know nothing of each other call every
 * ioctl on the same files, with IDs and ranges drawn at random, and are killed
 * in the middle of it. Objects are destroyed in any order, queues fill up as
 * nobody reads them, allocations fail where the kernel can be told to let them.
 *
 * What a call returns is not looked at: the kernel's own checks are the judge
 * (KASAN and lockdep in user-mode Linux, see "tests/run stress"), and what is
 * left in the end: no page table, no pin, no charge, no memory.
 *
 *	stress [SECONDS] [OPTION...]
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mem.h"
#include "pci.h"
#include "tap.h"
#include "worker.h"

#define WORKERS 4
#define MEM_LIMIT (6UL << 20)
/* A worker that does nothing for so long hangs. */
#define PATIENCE_MS 60000
/* Then all files are closed, and the next ones begin from nothing. */
#define ROUND_MS 20000

static unsigned int seconds = 8;

/**
 * struct tally - how often an operation was called, and succeeded
 * @all: calls
 * @good: successes
 */
struct tally {
	unsigned long all;
	unsigned long good;
};

static unsigned int any_op(struct worker *s)
{
	unsigned int total = 0, at, i;

	for (i = 0; i < NR_OPS; i++)
		total += ops[i].weight;
	at = any(s, total);
	for (i = 0; at >= ops[i].weight; i++)
		at -= ops[i].weight;
	return i;
}

static struct shared *shared;
static struct tally *tallies;

static void knob(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		TH_LOG("%s does not take '%s'", path, text);
	close(fd);
}

/* Let allocations of the calling process fail, where there is a way to. */
static void set_faults(bool on)
{
	knob("/proc/self/make-it-fail", on ? "1" : "0");
}

static void work(struct world *w, const int *files)
{
	struct worker s = { .shared = shared, .world = w };
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	s.racer.random = __atomic_fetch_add(&shared->seed, 1, __ATOMIC_RELAXED) *
			 7919;
	for (i = 0; i < FILES; i++)
		s.files[i] = files[i];
	s.files[FILES] = inx_open();
	s.mock = open(INX_MOCK_NODE, O_RDWR | O_CLOEXEC);
	ASSERT_GE(s.mock, 0);
	s.mem = inx_alloc(MEM_LENGTH);
	s.memfd = memfd_create("stress", MFD_CLOEXEC);
	ASSERT_EQ(0, ftruncate(s.memfd, MEM_LENGTH + 16 * PAGE));
	/* Some are for all, and some its own. */
	for (i = 0; i < DEVS; i++)
		s.dev[i] = i % 2 ? inx_mock_open(w->mock, 1 + i) : -1;
	for (i = 0; i < DEVS; i += 2)
		op_unplug(&s);
	/* Half of them are charged. */
	world_memlock(MEM_LIMIT);
	if (any(&s, 2))
		world_drop_cap(CAP_IPC_LOCK);
	if (any(&s, 2))
		set_faults(true);
	for (i = 0; i < 4 * DEVS; i++) {
		s.file = any(&s, FILES + 1);
		op_ioas(&s);
		op_bind(&s);
	}
	for (;;) {
		unsigned int op = any_op(&s);
		bool good;

		s.file = any(&s, FILES + 1);
		good = ops[op].call(&s) >= 0;

		__atomic_add_fetch(&shared->steps, 1, __ATOMIC_RELAXED);
		__atomic_add_fetch(&tallies[op].all, 1, __ATOMIC_RELAXED);
		__atomic_add_fetch(&tallies[op].good, good, __ATOMIC_RELAXED);
	}
}

static pid_t hire(struct world *w, const int *files)
{
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (!pid)
		work(w, files);
	return pid;
}

/* It must not be able to put its end off. */
static void fire(pid_t pid)
{
	uint64_t end = race_now_ms() + PATIENCE_MS;
	pid_t seen;

	ASSERT_EQ(0, kill(pid, SIGKILL));
	while (!(seen = waitpid(pid, NULL, WNOHANG)) && race_now_ms() < end)
		usleep(1000);
	ASSERT_EQ(pid, seen);
}

static void *share(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, p);
	return p;
}

/* Processes come and go for so long; returns how many were killed. */
static unsigned int supervise(struct world *w, const int *files, uint64_t ms)
{
	uint64_t now = race_now_ms(), end = now + ms, moved = now;
	unsigned long steps = shared->steps;
	unsigned int killed = 0, i;
	pid_t pids[WORKERS];

	for (i = 0; i < WORKERS; i++)
		pids[i] = hire(w, files);
	while (now < end) {
		usleep(20000 + rand() % (rand() % 2 ? 200000 : 2000000));
		i = rand() % WORKERS;
		fire(pids[i]);
		pids[i] = hire(w, files);
		killed++;
		now = race_now_ms();
		if (shared->steps != steps) {
			steps = shared->steps;
			moved = now;
		}
		ASSERT_LT(now - moved, PATIENCE_MS);
	}
	for (i = 0; i < WORKERS; i++)
		fire(pids[i]);
	return killed + WORKERS;
}

/* What they have heaped up goes with the files in the end. */
static unsigned int play(uint64_t ms)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	unsigned int killed, i;
	int files[FILES];
	struct world w;

	world_open(&w);
	files[0] = w.fd;
	for (i = 1; i < FILES; i++)
		files[i] = inx_open();
	how.flags = IOMMU_NEXT_MOCK_PASID | IOMMU_NEXT_MOCK_HW_INFO;
	for (i = 0; i < DEVS; i++)
		world_close_dev(world_make(&w, &how));
	killed = supervise(&w, files, ms);
	for (i = 1; i < FILES; i++)
		EXPECT_EQ(0, close(files[i]));
	/* They may be gone, and others there in their place. */
	for (i = 0; i < DEVS; i++)
		w.dev[i].mock = 0;
	world_close(&w);
	return killed;
}

/* What the kernel has lost, where it looks for that. */
static void expect_no_leak(void)
{
	static const char path[] = "/sys/kernel/debug/kmemleak";
	char text[256] = "";

	if (access(path, W_OK)) {
		TH_LOG("this kernel does not look for lost memory");
		return;
	}
	/* What is younger than five seconds is not told, nor what is new. */
	sleep(6);
	knob(path, "scan");
	knob(path, "scan");
	EXPECT_FALSE(file_read(text, sizeof(text), "%s", path) && *text);
}

/* The limit is that of a user: nothing of those that are gone counts. */
static void expect_no_charge(TH_UNUSED void *arg)
{
	void *mem = inx_alloc(MEM_LIMIT);
	struct world w;

	world_open(&w);
	world_attach(&w, NULL);
	world_memlock(MEM_LIMIT);
	world_drop_cap(CAP_IPC_LOCK);
	EXPECT_EQ(0, inx_map_at(w.fd, w.ioas, mem, MEM_LIMIT, BASE));
	world_close(&w);
}

static void fail_some_allocations(void)
{
	knob("/sys/kernel/debug/failslab/task-filter", "Y");
	knob("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	knob("/sys/kernel/debug/failslab/verbose", "0");
	knob("/sys/kernel/debug/failslab/interval", "1");
	knob("/sys/kernel/debug/failslab/times", "-1");
	knob("/sys/kernel/debug/failslab/probability", "1");
}

TEST_TIMEOUT(everything_at_once, 1400)
{
	uint64_t now = race_now_ms(), end = now + seconds * 1000UL;
	unsigned int rounds = 0, killed = 0, i;

	shared = share(sizeof(*shared));
	tallies = share(NR_OPS * sizeof(*tallies));
	world_load_mock("selftest=1");
	ASSERT_EQ(0, inx_set_noiommu(true));
	knob("/sys/kernel/debug/kmemleak", "clear");
	fail_some_allocations();
	for (; now < end; now = race_now_ms()) {
		killed += play(end - now < ROUND_MS ? end - now : ROUND_MS);
		rounds++;
		if (rounds % 3)
			continue;
		TH_LOG("round %u, %lu s to go: %lu calls, %u processes killed",
		       rounds, (unsigned long)(end - now) / 1000, shared->steps,
		       killed);
	}
	knob("/sys/kernel/debug/failslab/probability", "0");
	EXPECT_EQ(0, inx_set_noiommu(false));
	TH_LOG("%lu calls in %u s and %u rounds, %u processes killed",
	       shared->steps, seconds, rounds, killed);
	for (i = 0; i < NR_OPS; i++) {
		TH_LOG("%-16s %8lu good of %8lu", ops[i].name, tallies[i].good,
		       tallies[i].all);
		EXPECT_GT(tallies[i].all, 0);
	}
	world_join(world_fork(expect_no_charge, NULL));
	expect_no_leak();
}

int main(int argc, char **argv)
{
	if (argc > 1 && atoi(argv[1]) > 0) {
		seconds = atoi(argv[1]);
		argv[1] = argv[0];
		argc--;
		argv++;
	}
	return th_main(argc, argv);
}
