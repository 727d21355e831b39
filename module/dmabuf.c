// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of a device as a file.
 *
 * A dma-buf tells nobody where its memory is, but for what an importer may use
 * for a DMA of his own. An IOAS needs to know the place itself, and that the
 * memory can be taken back at any moment. So those that drivers make by the
 * functions in here are known by their operations, and any other is refused.
 *
 * They keep their memory like a mapping of a device file does: in a struct
 * inx_mmio, by which it is revoked. No other importer can be made to let go of
 * it in time on all kernels, so there is none.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/file.h>
#include <linux/iommu_next.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "compat/dmabuf.h"
#include "client.h"
#include "dmabuf.h"
#include "mmio.h"
#include "source.h"

/**
 * struct inx_dmabuf - the private part of a dma-buf
 * @mmio: whose memory it is
 * @session: of @mmio, when it was made
 * @ops: of who has made it; NULL for a device file
 * @priv: for @ops
 * @nr: extents
 * @extents: where the memory is, in order
 */
struct inx_dmabuf {
	struct inx_mmio *mmio;
	unsigned long session;
	const struct iommu_next_dmabuf_ops *ops;
	void *priv;
	unsigned int nr;
	struct inx_extent extents[];
};

static int inx_dmabuf_attach(struct dma_buf *dmabuf,
			     struct dma_buf_attachment *attachment)
{
	return -EOPNOTSUPP;
}

static struct sg_table *inx_dmabuf_map(struct dma_buf_attachment *attachment,
				       enum dma_data_direction direction)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static void inx_dmabuf_unmap(struct dma_buf_attachment *attachment,
			     struct sg_table *sgt,
			     enum dma_data_direction direction)
{
}

static void inx_dmabuf_free(struct inx_dmabuf *buf)
{
	inx_mmio_put(buf->mmio);
	kvfree(buf);
}

static void inx_dmabuf_release(struct dma_buf *dmabuf)
{
	struct inx_dmabuf *buf = dmabuf->priv;

	if (buf->ops)
		buf->ops->release(buf->priv);
	inx_dmabuf_free(buf);
}

static const struct dma_buf_ops inx_dmabuf_ops = {
	.attach = inx_dmabuf_attach,
	.map_dma_buf = inx_dmabuf_map,
	.unmap_dma_buf = inx_dmabuf_unmap,
	.release = inx_dmabuf_release,
};

/* Put ranges in the form of extents; -EINVAL, -EOVERFLOW. */
static int inx_dmabuf_fill(struct inx_dmabuf *buf,
			   const struct iommu_next_dmabuf_range *ranges,
			   unsigned int nr, size_t *size)
{
	unsigned int i;

	*size = 0;
	for (i = 0; i < nr; i++) {
		struct inx_extent *extent = &buf->extents[buf->nr];

		if (!ranges[i].length || !PAGE_ALIGNED(ranges[i].length) ||
		    !PAGE_ALIGNED(ranges[i].start))
			return -EINVAL;
		extent->index = *size >> PAGE_SHIFT;
		extent->pfn = PHYS_PFN(ranges[i].start);
		if (check_add_overflow(*size, (size_t)ranges[i].length, size))
			return -EOVERFLOW;
		/* One with the extent before, if it goes on there. */
		if (!buf->nr || extent[-1].pfn + extent->index -
				extent[-1].index != extent->pfn)
			buf->nr++;
	}
	return *size && *size <= LLONG_MAX ? 0 : -EINVAL;
}

/* @buf is the dma-buf's on success, and gone otherwise. */
static struct dma_buf *
inx_dmabuf_export(struct inx_dmabuf *buf, struct module *owner,
		  const struct iommu_next_dmabuf_range *ranges, unsigned int nr,
		  int flags)
{
	struct dma_buf_export_info info = {
		.exp_name = KBUILD_MODNAME,
		.owner = owner,
		.ops = &inx_dmabuf_ops,
		.flags = flags,
		.priv = buf,
	};
	struct dma_buf *dmabuf;
	int rc;

	rc = inx_dmabuf_fill(buf, ranges, nr, &info.size);
	if (rc) {
		inx_dmabuf_free(buf);
		return ERR_PTR(rc);
	}
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf))
		inx_dmabuf_free(buf);
	return dmabuf;
}

static struct inx_dmabuf *inx_dmabuf_alloc(unsigned int nr)
{
	struct inx_dmabuf *buf;

	return kvzalloc(struct_size(buf, extents, nr), INX_GFP_LONG);
}

/**
 * iommu_next_cdev_dmabuf() - make a dma-buf of a device's memory
 * @cdev: the device; an operation of its driver is running
 * @ranges: the memory, in the order of the file; it may be where
 *	iommu_next_cdev_mmio_stop() is about to stop it, or has
 * @nr: how many, not 0
 * @flags: of open(): how the file is opened
 *
 * It can be mapped by IOMMU_NEXT_IOAS_MAP_FILE while @mmio_is_on says so, and is
 * revoked with the mappings of the device file. When the device is unbound it is
 * revoked for good. It keeps neither the device nor its driver.
 *
 * Return: the dma-buf, with a reference; ERR_PTR(-EINVAL) for a range that is
 * empty or not made of pages, ERR_PTR(-EOVERFLOW), ERR_PTR(-ENOMEM);
 * ERR_PTR(-EOPNOTSUPP) from a kernel without dma-bufs.
 */
struct dma_buf *
iommu_next_cdev_dmabuf(struct inx_cdev *cdev,
		       const struct iommu_next_dmabuf_range *ranges,
		       unsigned int nr, int flags)
{
	struct inx_dmabuf *buf = inx_dmabuf_alloc(nr);

	if (!buf)
		return ERR_PTR(-ENOMEM);
	buf->mmio = inx_mmio_get(cdev->mmio);
	buf->session = inx_mmio_session(buf->mmio);
	return inx_dmabuf_export(buf, THIS_MODULE, ranges, nr, flags);
}
EXPORT_SYMBOL_GPL(iommu_next_cdev_dmabuf);

/**
 * iommu_next_dmabuf_create() - make a dma-buf of memory that has no device file
 * @ops: of the driver
 * @priv: for @ops; the driver's again after an error
 * @ranges: the memory, in the order of the file
 * @nr: how many, not 0
 * @flags: of open(): how the file is opened
 *
 * It can be mapped by IOMMU_NEXT_IOAS_MAP_FILE until iommu_next_dmabuf_revoke().
 *
 * Return: as iommu_next_cdev_dmabuf().
 */
struct dma_buf *
iommu_next_dmabuf_create(const struct iommu_next_dmabuf_ops *ops, void *priv,
			 const struct iommu_next_dmabuf_range *ranges,
			 unsigned int nr, int flags)
{
	struct inx_dmabuf *buf = inx_dmabuf_alloc(nr);

	if (!buf)
		return ERR_PTR(-ENOMEM);
	buf->mmio = inx_mmio_alloc();
	if (!buf->mmio) {
		kvfree(buf);
		return ERR_PTR(-ENOMEM);
	}
	inx_mmio_start(buf->mmio);
	buf->ops = ops;
	buf->priv = priv;
	return inx_dmabuf_export(buf, ops->owner, ranges, nr, flags);
}
EXPORT_SYMBOL_GPL(iommu_next_dmabuf_create);

/**
 * iommu_next_dmabuf_priv() - whose dma-buf it is
 * @dmabuf: any dma-buf
 * @ops: of the driver
 *
 * Return: what the driver has given with @ops; NULL when it is not one of its.
 */
void *iommu_next_dmabuf_priv(const struct dma_buf *dmabuf,
			     const struct iommu_next_dmabuf_ops *ops)
{
	const struct inx_dmabuf *buf = dmabuf->priv;

	if (dmabuf->ops != &inx_dmabuf_ops || buf->ops != ops)
		return NULL;
	return buf->priv;
}
EXPORT_SYMBOL_GPL(iommu_next_dmabuf_priv);

/**
 * iommu_next_dmabuf_revoke() - take the memory back, or offer it again
 * @dmabuf: made by iommu_next_dmabuf_create()
 * @revoked: which
 *
 * When it has been taken back no device reaches it through an IOAS, and it cannot
 * be mapped. What was mapped then stays without it, also when it is offered
 * again. Does not wait for user space.
 *
 * Context: may sleep.
 */
void iommu_next_dmabuf_revoke(struct dma_buf *dmabuf, bool revoked)
{
	struct inx_dmabuf *buf = dmabuf->priv;

	inx_mmio_revoke(buf->mmio, revoked);
}
EXPORT_SYMBOL_GPL(iommu_next_dmabuf_revoke);

/* A slice that has taken over the reference to the file. */
static struct inx_mmio_slice *inx_dmabuf_slice(struct dma_buf *dmabuf,
					       unsigned long first)
{
	struct inx_mmio_slice *slice = kzalloc_obj(*slice, GFP_KERNEL_ACCOUNT);
	struct inx_dmabuf *buf = dmabuf->priv;
	int rc;

	if (!slice)
		return ERR_PTR(-ENOMEM);
	slice->first = first;
	slice->extents = buf->extents;
	slice->nr = buf->nr;
	slice->file = dmabuf->file;
	rc = inx_mmio_add(buf->mmio, slice, buf->session);
	if (rc) {
		kfree(slice);
		return ERR_PTR(rc);
	}
	return slice;
}

/**
 * inx_dmabuf_source_init() - memory of a file, or of a device that a file names
 * @source: the source
 * @fd: of the calling process
 * @start: in the file, of the first byte
 * @length: bytes, not 0; @start + @length is no overflow
 * @writable: devices may write to it
 *
 * Return: 0; -EINVAL when the dma-buf is shorter; -EOPNOTSUPP when its memory is
 * not known; -ENODEV when it is revoked; -ENOMEM; as inx_source_init_file() for
 * any other file.
 */
int inx_dmabuf_source_init(struct inx_source *source, int fd, u64 start,
			   u64 length, bool writable)
{
	struct dma_buf *dmabuf = dma_buf_get(fd);
	struct inx_mmio_slice *slice;

	if (IS_ERR(dmabuf))
		return inx_source_init_file(source, fd, start, writable);
	if (start + length > dmabuf->size)
		slice = ERR_PTR(-EINVAL);
	else if (dmabuf->ops != &inx_dmabuf_ops)
		slice = ERR_PTR(-EOPNOTSUPP);
	else
		slice = inx_dmabuf_slice(dmabuf, start >> PAGE_SHIFT);
	if (IS_ERR(slice)) {
		dma_buf_put(dmabuf);
		return PTR_ERR(slice);
	}
	inx_source_init_mmio(source, slice, writable);
	return 0;
}
