// SPDX-License-Identifier: GPL-2.0-only
/*
 * In a kernel with CONFIG_GCOV: write down what has been executed when the
 * kernel ends. The compiler leaves that to a function that runs when a program
 * does, in a section that user-mode Linux does not link in.
 */
#include <linux/init.h>
#include <linux/notifier.h>
#include <linux/reboot.h>

/* Of libgcov, on the host's side of user-mode Linux. */
void __gcov_dump(void);

static int gcov_reboot(struct notifier_block *nb, unsigned long action,
		       void *data)
{
	__gcov_dump();
	return NOTIFY_DONE;
}

static struct notifier_block gcov_notifier = {
	.notifier_call = gcov_reboot,
	/* What others do then counts as well. */
	.priority = INT_MIN,
};

static int __init gcov_init(void)
{
	return register_reboot_notifier(&gcov_notifier);
}
late_initcall(gcov_init);
