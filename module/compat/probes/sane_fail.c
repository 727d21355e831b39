// SPDX-License-Identifier: GPL-2.0-only
/* Must not compile: shows that an error is seen as one. */
#include <linux/module.h>
#error "as it should be"
