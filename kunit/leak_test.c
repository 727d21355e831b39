// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that the tests before this one have lost, found by kmemleak. This is
 * the last suite. It first loses something itself, to see that it is found.
 */
#include <linux/delay.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "world.h"

#define LEAK_TEXT SZ_256K

/* In a frame of its own, so that the address is gone with it. */
static noinline unsigned long leak_on_purpose(void)
{
	return ~(unsigned long)kmalloc(96, GFP_KERNEL);
}

/* Reports of memory that a thread of a test has allocated. */
static unsigned int leak_count(char *text)
{
	unsigned int nr = 0;

	while ((text = strstr(text, "comm \"kunit_try_catch\""))) {
		nr++;
		text++;
	}
	return nr;
}

WORLD_CASE(leak_none)
{
	char *text = kvzalloc(LEAK_TEXT, GFP_KERNEL);
	unsigned long lost;

	KUNIT_ASSERT_NOT_NULL(test, text);
	lost = leak_on_purpose();
	rcu_barrier();
	/* What is younger than five seconds is not reported. */
	msleep(6000);
	/* Nor what has changed since the scan before. */
	KUNIT_ASSERT_GT(test, env_knob_write("kmemleak", "scan"), 0);
	KUNIT_ASSERT_GT(test, env_knob_write("kmemleak", "scan"), 0);
	KUNIT_ASSERT_GE(test, env_knob_read("kmemleak", text, LEAK_TEXT), 0);
	KUNIT_EXPECT_EQ_MSG(test, 1U, leak_count(text), "%s", text);
	kfree((void *)~lost);
	kvfree(text);
}

static struct kunit_case leak_cases[] = {
	KUNIT_CASE(leak_none),
	{}
};

static struct kunit_suite leak_suite = {
	.name = "inx_leak",
	.test_cases = leak_cases,
};
kunit_test_suite(leak_suite);
