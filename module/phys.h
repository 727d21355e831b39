/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Physical addresses of what an IOAS maps. phys.c owns everything declared here.
 */
#ifndef INX_PHYS_H
#define INX_PHYS_H

#include <linux/types.h>

struct inx_iopt;

int inx_phys_find(struct inx_iopt *iopt, unsigned long iova, phys_addr_t *phys,
		  u64 *length);

#endif
