/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocating by type. Old kernels get it by backport, so it is looked for as a
 * macro.
 */
#ifndef INX_COMPAT_SLAB_H
#define INX_COMPAT_SLAB_H

#include <linux/slab.h>

#ifndef kmalloc_obj

#define kmalloc_obj(P, gfp) kmalloc(sizeof(typeof(P)), gfp)
#define kzalloc_obj(P, gfp) kzalloc(sizeof(typeof(P)), gfp)

#endif

/* For lists as long as user space says: the log is not told when there is no room. */
#define INX_GFP_LONG (GFP_KERNEL_ACCOUNT | __GFP_NOWARN)

#endif
