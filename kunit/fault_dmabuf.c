// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma-bufs with failures: memory in three pieces, where there is none.
 */
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/iommu_next.h>
#include <linux/module.h>
#include <uapi/linux/iommu-next.h>

#include "fault.h"
#include "shm.h"

#define PIECE (FAULT_LEN / 3)

static void dmabuf_release(void *priv)
{
	struct fault_world *fw = priv;

	fw->dmabufs--;
}

static const struct iommu_next_dmabuf_ops dmabuf_ops = {
	.owner = THIS_MODULE,
	.release = dmabuf_release,
};

static struct dma_buf *dmabuf_make(struct fault_world *fw)
{
	static const struct iommu_next_dmabuf_range ranges[] = {
		{ 0x4000000000UL, PIECE },
		{ 0x4010000000UL, PIECE },
		{ 0x4000000000UL, PIECE },
	};
	struct dma_buf *dmabuf;

	dmabuf = iommu_next_dmabuf_create(&dmabuf_ops, fw, ranges,
					  ARRAY_SIZE(ranges), O_CLOEXEC);
	if (!IS_ERR(dmabuf))
		fw->dmabufs++;
	return dmabuf;
}

/* Make one and give it back. */
int op_dmabuf(struct fault_world *fw)
{
	struct dma_buf *dmabuf = dmabuf_make(fw);

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	dma_buf_put(dmabuf);
	flush_delayed_fput();
	KUNIT_EXPECT_EQ(fw->w->test, 0U, fw->dmabufs);
	return 0;
}

int prepare_dmabuf(struct fault_world *fw)
{
	struct dma_buf *dmabuf = dmabuf_make(fw);
	int fd;

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	fw->other = dmabuf->file;
	fd = shm_fd(fw->other);
	if (fd < 0)
		return fd;
	fw->made = fd;
	return 0;
}

void clean_dmabuf(struct fault_world *fw)
{
	shm_fd_close(fw->made);
	fput(fw->other);
	flush_delayed_fput();
	KUNIT_EXPECT_EQ(fw->w->test, 0U, fw->dmabufs);
}

int op_map_dmabuf(struct fault_world *fw)
{
	return fault_map_file(fw, 0, fw->made);
}

int prepare_map_dmabuf(struct fault_world *fw)
{
	return fault_device_attach(fw) ?: prepare_dmabuf(fw);
}

void clean_map_dmabuf(struct fault_world *fw)
{
	clean_dmabuf(fw);
	fault_device_detach(fw);
}

/* Mapped, without a page table and with one. */
int prepare_dmabuf_mapped(struct fault_world *fw)
{
	return prepare_dmabuf(fw) ?: op_map_dmabuf(fw);
}

void clean_dmabuf_mapped(struct fault_world *fw)
{
	fault_ioas_unmap(fw);
	clean_dmabuf(fw);
}

int prepare_dmabuf_revoke(struct fault_world *fw)
{
	return prepare_dmabuf_mapped(fw) ?: fault_device_attach(fw);
}

int op_dmabuf_revoke(struct fault_world *fw)
{
	iommu_next_dmabuf_revoke(fw->other->private_data, true);
	return 0;
}

void redo_dmabuf_revoke(struct fault_world *fw)
{
	iommu_next_dmabuf_revoke(fw->other->private_data, false);
	fault_ioas_unmap(fw);
	KUNIT_EXPECT_EQ(fw->w->test, 0, op_map_dmabuf(fw));
}

void clean_dmabuf_revoke(struct fault_world *fw)
{
	clean_dmabuf_mapped(fw);
	fault_device_detach(fw);
}
