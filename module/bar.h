/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mappings of device files as memory for other devices. bar.c owns everything
 * declared here.
 */
#ifndef INX_BAR_H
#define INX_BAR_H

#include <linux/types.h>

struct inx_source;

int inx_bar_source_init(struct inx_source *source, unsigned long addr,
			unsigned long length, bool writable);

#endif
