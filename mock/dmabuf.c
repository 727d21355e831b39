// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of a device that there is not, as a dma-buf: some pieces of RAM.
 */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/iommu_next.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "compat/dmabuf.h"
#include "mock.h"

/**
 * struct mock_dmabuf - the memory of a dma-buf
 * @length: bytes of each piece
 * @nr: pieces
 * @piece: the pieces
 */
struct mock_dmabuf {
	size_t length;
	unsigned int nr;
	void *piece[];
};

static void mock_dmabuf_release(void *priv)
{
	struct mock_dmabuf *buf = priv;
	unsigned int i;

	for (i = 0; i < buf->nr; i++)
		if (buf->piece[i])
			free_pages_exact(buf->piece[i], buf->length);
	kfree(buf);
}

static const struct iommu_next_dmabuf_ops mock_dmabuf_ops = {
	.owner = THIS_MODULE,
	.release = mock_dmabuf_release,
};

static struct mock_dmabuf *mock_dmabuf_alloc(unsigned int nr, size_t length)
{
	struct mock_dmabuf *buf;
	unsigned int i;

	buf = kzalloc(struct_size(buf, piece, nr), GFP_KERNEL_ACCOUNT);
	if (!buf)
		return NULL;
	buf->length = length;
	buf->nr = nr;
	for (i = 0; i < nr; i++) {
		buf->piece[i] = alloc_pages_exact(length,
						  INX_GFP_LONG | __GFP_ZERO);
		if (!buf->piece[i]) {
			mock_dmabuf_release(buf);
			return NULL;
		}
	}
	return buf;
}

/**
 * mock_dmabuf_getfd() - make a dma-buf
 * @nr: pieces that its memory lies in
 * @length: bytes of each, any number
 * @flags: of open()
 *
 * Return: a file descriptor of the calling process; -EINVAL; -ENOMEM; what
 * iommu_next_dmabuf_create() and dma_buf_fd() return.
 */
int mock_dmabuf_getfd(u32 nr, u64 length, u32 flags)
{
	struct iommu_next_dmabuf_range ranges[IOMMU_NEXT_MOCK_DMABUF_PIECES];
	struct mock_dmabuf *buf;
	struct dma_buf *dmabuf;
	unsigned int i;

	if (!nr || nr > ARRAY_SIZE(ranges) || !length ||
	    length > IOMMU_NEXT_MOCK_DMABUF_LENGTH)
		return -EINVAL;
	length = PAGE_ALIGN(length);
	buf = mock_dmabuf_alloc(nr, length);
	if (!buf)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		ranges[i].start = virt_to_phys(buf->piece[i]);
		ranges[i].length = length;
	}
	dmabuf = iommu_next_dmabuf_create(&mock_dmabuf_ops, buf, ranges, nr,
					  flags);
	if (IS_ERR(dmabuf))
		mock_dmabuf_release(buf);
	return inx_dma_buf_give(dmabuf, flags);
}

/**
 * mock_dmabuf_revoke() - take its memory back, or offer it again
 * @fd: the dma-buf, of the calling process
 * @revoked: which
 *
 * Return: 0; -EOPNOTSUPP for a dma-buf of somebody else; what dma_buf_get()
 * returns.
 */
int mock_dmabuf_revoke(int fd, bool revoked)
{
	struct dma_buf *dmabuf = dma_buf_get(fd);
	int rc = -EOPNOTSUPP;

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	if (iommu_next_dmabuf_priv(dmabuf, &mock_dmabuf_ops)) {
		iommu_next_dmabuf_revoke(dmabuf, revoked);
		rc = 0;
	}
	dma_buf_put(dmabuf);
	return rc;
}
