// SPDX-License-Identifier: GPL-2.0-only
/* Must compile: shows that the headers and the compiler work at all. */
#include <linux/module.h>
MODULE_LICENSE("GPL");
