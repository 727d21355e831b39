/* SPDX-License-Identifier: GPL-2.0-only */
/* dma-bufs, which a kernel may have been built without. */
#ifndef INX_COMPAT_DMABUF_H
#define INX_COMPAT_DMABUF_H

#include <linux/dma-buf.h>
#include <linux/err.h>

#include "namespace.h"

#if IS_ENABLED(CONFIG_DMA_SHARED_BUFFER)

#define INX_IMPORT_DMA_BUF_NS() INX_IMPORT_NS(DMA_BUF)

#else

#define INX_IMPORT_DMA_BUF_NS() MODULE_INFO(inx_dmabuf, "no dma-bufs")

/* No file is one. */
static inline struct dma_buf *inx_dma_buf_get(int fd)
{
	return ERR_PTR(-EINVAL);
}

static inline struct dma_buf *
inx_dma_buf_export(const struct dma_buf_export_info *info)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static inline int inx_dma_buf_fd(struct dma_buf *dmabuf, int flags)
{
	return -EOPNOTSUPP;
}

static inline void inx_dma_buf_put(struct dma_buf *dmabuf)
{
}

#define dma_buf_get inx_dma_buf_get
#define dma_buf_export inx_dma_buf_export
#define dma_buf_fd inx_dma_buf_fd
#define dma_buf_put inx_dma_buf_put

#endif

/* Give a dma-buf, and the reference to it, to the calling process. */
static inline int inx_dma_buf_give(struct dma_buf *dmabuf, int flags)
{
	int fd;

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	fd = dma_buf_fd(dmabuf, flags);
	if (fd < 0)
		dma_buf_put(dmabuf);
	return fd;
}

#endif
