// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "inx.h"
#include "pci.h"
#include "starve.h"
#include "tap.h"

#define NTH "/sys/module/inx_starve/parameters/nth"

/* An operation that makes more than these goes on forever. */
#define MOST 500

static void arm(unsigned int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	ASSERT_EQ(0, file_write(text, NTH));
}

/* Whether it came to the allocation that was to fail. */
static bool disarm(void)
{
	char text[16];

	ASSERT_TRUE(file_read(text, sizeof(text), NTH));
	arm(0);
	return !atoi(text);
}

static void each(const char *name, bool can_fail, int (*call)(void *arg),
		 void (*undo)(void *arg), void *arg)
{
	long pinned = inx_status_kb("VmPin");
	unsigned int n, failed = 0;
	bool starved = true;

	test_module_load("inx_starve", "");
	for (n = 1; starved && n < MOST; n++) {
		int rc, error;

		arm(n);
		rc = call(arg);
		error = errno;
		starved = disarm();
		if (rc) {
			failed++;
			EXPECT_TRUE(starved && can_fail);
			EXPECT_EQ(ENOMEM, error);
			EXPECT_EQ(pinned, inx_status_kb("VmPin"));
			rc = call(arg);
		}
		ASSERT_EQ(0, rc);
		if (undo)
			undo(arg);
	}
	EXPECT_FALSE(starved);
	EXPECT_EQ(pinned, inx_status_kb("VmPin"));
	TH_LOG("%s: %u allocations, %u failures", name, n - 2, failed);
}

void starve(const char *name, int (*call)(void *arg), void (*undo)(void *arg),
	    void *arg)
{
	each(name, true, call, undo, arg);
}

void starve_end(const char *name, int (*call)(void *arg),
		void (*undo)(void *arg), void *arg)
{
	each(name, false, call, undo, arg);
}
