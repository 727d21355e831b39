// SPDX-License-Identifier: GPL-2.0-only
/* harness: machines=none,smp,vtd timeout=30 */
/*
 * The test harness itself: what its promises are worth. Tests that have to fail are not among
 * those of this program, unless it calls itself to see them fail.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define INNER "HARNESS_SELFTEST_INNER"

static void fail_then_skip(TH_UNUSED void *self, TH_UNUSED const void *variant)
{
	EXPECT_EQ(1, 2);
	SKIP("a failure before a skip stays a failure");
}

static void *assert_false(TH_UNUSED void *unused)
{
	ASSERT_TRUE(false);
	return NULL;
}

static void fail_in_thread(TH_UNUSED void *self, TH_UNUSED const void *variant)
{
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, assert_false, NULL));
	pthread_join(thread, NULL);
}

static void fail_in_process(TH_UNUSED void *self, TH_UNUSED const void *variant)
{
	if (!fork()) {
		assert_false(NULL);
		_exit(0);
	}
	wait(NULL);
}

static void crash(TH_UNUSED void *self, TH_UNUSED const void *variant)
{
	abort();
}

static void hang(TH_UNUSED void *self, TH_UNUSED const void *variant)
{
	pause();
}

static void complain_in_kernel_log(TH_UNUSED void *self, TH_UNUSED const void *variant)
{
	FILE *kmsg = fopen("/dev/kmsg", "w");

	ASSERT_NE(NULL, kmsg);
	/* At a level that does not reach the console, which is judged as well. */
	fputs("<7>harness: this is no BUG: it is a test of the tests\n", kmsg);
	fclose(kmsg);
}

static void skip(TH_UNUSED void *self, TH_UNUSED const void *variant)
{
	SKIP("on purpose");
}

static void pass(TH_UNUSED void *self, TH_UNUSED const void *variant)
{
}

static struct {
	struct th_test test;
	int exit_status;
} inner[] = {
	{ { .name = "fail_then_skip", .run = fail_then_skip, .timeout = 5 }, 1 },
	{ { .name = "fail_in_thread", .run = fail_in_thread, .timeout = 5 }, 1 },
	{ { .name = "fail_in_process", .run = fail_in_process, .timeout = 5 }, 1 },
	{ { .name = "crash", .run = crash, .timeout = 5 }, 1 },
	{ { .name = "hang", .run = hang, .timeout = 1 }, 1 },
	{ { .name = "skip", .run = skip, .timeout = 5 }, 77 },
	{ { .name = "pass", .run = pass, .timeout = 5 }, 0 },
};

#define NR_INNER (sizeof(inner) / sizeof(*inner))

static struct th_test complaint = {
	.name = "complain_in_kernel_log",
	.run = complain_in_kernel_log,
	.timeout = 5,
};

static int run_inner(const char *name)
{
	pid_t child = fork();
	int status;

	if (!child) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(3);
		setenv(INNER, "1", 1);
		execl("/proc/self/exe", "harness_selftest", "-t", name, (char *)NULL);
		_exit(3);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/*
 * What the complaint ends with. It is made before the tests of this program start, because it
 * would be found to be in the log of whatever test made it.
 */
static int complaint_status;

static void __attribute__((constructor)) add_inner(void)
{
	if (!getenv(INNER)) {
		complaint_status = run_inner(complaint.name);
		return;
	}
	th_add_test(&complaint);
	for (size_t i = 0; i < NR_INNER; i++)
		th_add_test(&inner[i].test);
}

TEST(kernel_log)
{
	EXPECT_EQ(1, complaint_status);
}

TEST(exit_status)
{
	for (size_t i = 0; i < NR_INNER; i++) {
		int status = run_inner(inner[i].test.name);

		if (status != inner[i].exit_status)
			TH_LOG("inner test %s", inner[i].test.name);
		EXPECT_EQ(inner[i].exit_status, status);
	}
}

TEST(compares_by_value)
{
	uint64_t big = UINT64_MAX;
	unsigned char small = 255;

	EXPECT_NE(-1, big);
	EXPECT_LT(-1, big);
	EXPECT_EQ(255, small);
	EXPECT_GE(5, 5);
	EXPECT_GT(INT64_MAX, INT64_MIN);
	EXPECT_STREQ("a", "a");
	EXPECT_STRNE("a", "b");
	EXPECT_ERRNO(EBADF, close(-1));
}

FIXTURE(order)
{
	int *state;
};

FIXTURE_VARIANT(order)
{
	int start;
};

FIXTURE_VARIANT_ADD(order, one) { .start = 1 };
FIXTURE_VARIANT_ADD(order, two) { .start = 2 };

FIXTURE_SETUP(order)
{
	self->state = malloc(sizeof(*self->state));
	ASSERT_NE(NULL, self->state);
	*self->state = variant->start;
}

FIXTURE_TEARDOWN(order)
{
	EXPECT_EQ(variant->start + 10, *self->state);
	free(self->state);
}

TEST_F(order, setup_test_teardown)
{
	EXPECT_EQ(variant->start, *self->state);
	*self->state += 10;
}

TEST_HARNESS_MAIN
