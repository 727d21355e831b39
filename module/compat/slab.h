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
#endif
