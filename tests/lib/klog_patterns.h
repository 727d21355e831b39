/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text that must not appear in the kernel log. tap.c looks for it after each test; the machine
 * that runs the harness reads this file too, and looks for it in all that the kernel printed to
 * its console.
 */
KLOG_BAD("WARNING: ")
KLOG_BAD("BUG: ")
KLOG_BAD("kernel BUG at ")
KLOG_BAD("Oops: ")
KLOG_BAD("Kernel panic")
KLOG_BAD("general protection fault")
KLOG_BAD("unable to handle ")
KLOG_BAD("------------[ cut here ]------------")
KLOG_BAD("Call Trace:")
KLOG_BAD("detected stall")
KLOG_BAD("rcu: INFO:")
KLOG_BAD("blocked for more than ")
KLOG_BAD("soft lockup")
KLOG_BAD("hard LOCKUP")
KLOG_BAD("possible circular")
KLOG_BAD("possible recursive")
KLOG_BAD("lock held ")
KLOG_BAD("inconsistent lock state")
KLOG_BAD("suspicious RCU usage")
KLOG_BAD("KASAN: ")
KLOG_BAD("KFENCE: ")
KLOG_BAD("UBSAN: ")
KLOG_BAD("refcount_t: ")
KLOG_BAD("kmemleak: ")
KLOG_BAD("list_add corruption")
KLOG_BAD("list_del corruption")
KLOG_BAD("Unknown symbol ")
