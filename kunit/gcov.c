// SPDX-License-Identifier: GPL-2.0-only
/*
 * In a kernel with CONFIG_GCOV: write down what has been executed. The compiler
 * leaves that to a function that runs when a program ends, in a section that
 * user-mode Linux does not link in. The last suite, for that reason.
 */
#include <kunit/test.h>

/* Of libgcov, on the host's side of user-mode Linux. */
void __gcov_dump(void);

static void gcov_dump(struct kunit *test)
{
	__gcov_dump();
}

static struct kunit_case gcov_cases[] = {
	KUNIT_CASE(gcov_dump),
	{}
};

static struct kunit_suite gcov_suite = {
	.name = "inx_gcov",
	.test_cases = gcov_cases,
};

kunit_test_suite(gcov_suite);
