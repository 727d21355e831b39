/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dma-bufs as memory for devices. dmabuf.c owns everything declared here.
 */
#ifndef INX_DMABUF_H
#define INX_DMABUF_H

#include <linux/types.h>

struct inx_source;

int inx_dmabuf_source_init(struct inx_source *source, int fd, u64 start,
			   u64 length, bool writable);

#endif
