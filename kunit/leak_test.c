// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that the tests before this one have lost, found by kmemleak. This is
 * the last suite. It loses something itself, to see that it is found; not all
 * of it is, as addresses linger on stacks and in the caches of the allocator.
 */
#include <linux/delay.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "world.h"

#define LEAK_TEXT SZ_1M
#define LEAK_OBJECTS 512

/* Of a size that nothing else has: reports are told by it. */
#define LEAK_SIZE 424
#define LEAK_REPORT "(size 424)"

/* In a frame of its own; what is kept is not an address. */
static noinline void leak_on_purpose(struct kmem_cache *cache,
				     unsigned long *lost)
{
	unsigned int i;

	for (i = 0; i < LEAK_OBJECTS; i++)
		lost[i] = ~(unsigned long)kmem_cache_alloc(cache, GFP_KERNEL);
}

/* Reports about memory that a thread of a test has allocated. */
static void leak_count(struct kunit *test, char *text, unsigned int *planted,
		       unsigned int *others)
{
	char *report;

	*planted = 0;
	*others = 0;
	while ((report = strstr(text, "unreferenced object"))) {
		text = strstr(report + 1, "unreferenced object");
		if (text)
			text[-1] = 0;
		if (strstr(report, LEAK_REPORT)) {
			++*planted;
		} else if (strstr(report, "kunit_try_catch") ||
			   strstr(report, "inx-")) {
			++*others;
			kunit_err(test, "%s\n", report);
		}
		if (!text)
			return;
	}
}

WORLD_CASE(leak_none)
{
	char *text = kvzalloc(LEAK_TEXT, GFP_KERNEL);
	unsigned long *lost = kunit_kzalloc(test, LEAK_OBJECTS * sizeof(*lost),
					    GFP_KERNEL);
	unsigned int planted, others, i;
	struct kmem_cache *cache;

	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_ASSERT_NOT_NULL(test, lost);
	cache = kmem_cache_create("inx-kunit-leak", LEAK_SIZE, 8, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	leak_on_purpose(cache, lost);
	rcu_barrier();
	/* What is younger than five seconds is not reported. */
	msleep(6000);
	/* Nor what has changed since the scan before. */
	KUNIT_ASSERT_GT(test, env_knob_write("kmemleak", "scan"), 0);
	KUNIT_ASSERT_GT(test, env_knob_write("kmemleak", "scan"), 0);
	KUNIT_ASSERT_GE(test, env_knob_read("kmemleak", text, LEAK_TEXT), 0);
	leak_count(test, text, &planted, &others);
	pr_info("inx-note: leaks: found %u of %u leaks made for it, and %u others\n",
		planted, LEAK_OBJECTS, others);
	KUNIT_EXPECT_GT(test, planted, 0U);
	KUNIT_EXPECT_EQ(test, 0U, others);
	for (i = 0; i < LEAK_OBJECTS; i++)
		kmem_cache_free(cache, (void *)~lost[i]);
	kmem_cache_destroy(cache);
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
