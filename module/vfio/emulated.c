// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that are made of software (mediated devices): they pin pages of the
 * container's IOAS and copy from and to it, by an access.
 *
 * The VFIO core's calls are about single pages, any of which may be unpinned for
 * itself, so each page is a pin of its own.
 */
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/vfio.h>

#include "container.h"

/*
 * Something that is pinned is about to be unmapped: all devices are told, as
 * nobody has noted down whose it is.
 */
static void inx_emulated_unmap(void *priv, unsigned long iova,
			       unsigned long length)
{
	struct inx_container *c = priv;
	struct vfio_device *vdev;

	/* The container ends; no device is open. */
	if (length == ULONG_MAX)
		return;
	mutex_lock(&c->devices_lock);
	list_for_each_entry(vdev, &c->devices, iommu_entry)
		vdev->ops->dma_unmap(vdev, iova, length);
	mutex_unlock(&c->devices_lock);
}

static const struct iommu_next_access_ops inx_emulated_ops = {
	.needs_pin_pages = true,
	.unmap = inx_emulated_unmap,
};

/**
 * inx_emulated_init() - get ready for devices that are made of software
 * @c: the container, with its IOAS
 *
 * Return: 0; as iommu_next_access_create(); -EADDRINUSE when the IOAS has
 * mappings that are not made of whole pages.
 */
int inx_emulated_init(struct inx_container *c)
{
	int rc;
	u32 id;

	c->access = iommu_next_access_create(c->ctx, &inx_emulated_ops, c, &id);
	if (IS_ERR(c->access))
		return PTR_ERR(c->access);
	rc = iommu_next_access_attach(c->access,
				      iommu_next_type1_ioas(c->type1));
	if (rc)
		iommu_next_access_destroy(c->access);
	return rc;
}

/**
 * inx_emulated_exit() - undo inx_emulated_init()
 * @c: the container; no device of it is open
 */
void inx_emulated_exit(struct inx_container *c)
{
	iommu_next_access_destroy(c->access);
}

/* The container, with the list of devices locked; NULL for a device not in it. */
static struct inx_container *inx_emulated_lock(void *data,
					       struct vfio_device *vdev)
{
	struct inx_container *c;

	if (!vdev->ops->dma_unmap)
		return NULL;
	c = inx_container_get(data);
	if (!WARN_ON_ONCE(!c))
		mutex_lock(&c->devices_lock);
	return c;
}

static void inx_emulated_unlock(struct inx_container *c)
{
	mutex_unlock(&c->devices_lock);
	inx_container_put(c);
}

/**
 * inx_emulated_register() - a device is opened
 * @data: the container
 * @vdev: the device
 */
void inx_emulated_register(void *data, struct vfio_device *vdev)
{
	struct inx_container *c = inx_emulated_lock(data, vdev);

	if (!c)
		return;
	list_add(&vdev->iommu_entry, &c->devices);
	inx_emulated_unlock(c);
}

/**
 * inx_emulated_unregister() - a device is closed
 * @data: the container
 * @vdev: the device
 */
void inx_emulated_unregister(void *data, struct vfio_device *vdev)
{
	struct inx_container *c = inx_emulated_lock(data, vdev);

	if (!c)
		return;
	list_del(&vdev->iommu_entry);
	inx_emulated_unlock(c);
}

static bool inx_emulated_undo(struct inx_container *c, dma_addr_t iova)
{
	if (!inx_dirty_unpin(c, iova >> PAGE_SHIFT))
		return false;
	iommu_next_access_unpin_pages(c->access, iova, PAGE_SIZE);
	return true;
}

static int inx_emulated_pin_one(struct inx_container *c, dma_addr_t iova,
				int prot, struct page **page)
{
	unsigned int flags = prot & IOMMU_WRITE ? IOMMU_NEXT_ACCESS_WRITE : 0;
	int rc;

	rc = inx_dirty_pin(c, iova >> PAGE_SHIFT);
	if (rc)
		return rc;
	rc = iommu_next_access_pin_pages(c->access, iova, PAGE_SIZE, page,
					 flags);
	if (rc)
		inx_dirty_unpin(c, iova >> PAGE_SHIFT);
	/* type1's word for what is not mapped. */
	return rc == -ENOENT ? -EINVAL : rc;
}

static int inx_emulated_do_pin(struct inx_container *c, dma_addr_t iova,
			       int npage, int prot, struct page **pages)
{
	int i, rc;

	if (!c->v2)
		return -EACCES;
	/* Without one that is told of an UNMAP nobody would unpin. */
	if (list_empty_careful(&c->devices) || !PAGE_ALIGNED(iova))
		return -EINVAL;
	for (i = 0; i < npage; i++) {
		rc = inx_emulated_pin_one(c, iova + i * PAGE_SIZE, prot,
					  &pages[i]);
		if (rc)
			goto undo;
	}
	return npage;

undo:
	while (i--)
		inx_emulated_undo(c, iova + i * PAGE_SIZE);
	return rc;
}

/**
 * inx_emulated_pin() - what vfio_pin_pages() does
 * @data: the container
 * @group: of the device
 * @iova: of the first page
 * @npage: how many
 * @prot: IOMMU_READ, IOMMU_WRITE
 * @pages: gets them
 *
 * Return: @npage; -EACCES in a container of type1, not v2; -EINVAL for what is
 * not mapped; -EPERM for what is mapped with fewer rights; -ENOMEM; -EFAULT.
 */
int inx_emulated_pin(void *data, struct iommu_group *group, dma_addr_t iova,
		     int npage, int prot, struct page **pages)
{
	struct inx_container *c = inx_container_get(data);
	int rc;

	if (!c)
		return -EINVAL;
	rc = inx_emulated_do_pin(c, iova, npage, prot, pages);
	inx_container_put(c);
	return rc;
}

/**
 * inx_emulated_unpin() - what vfio_unpin_pages() does
 * @data: the container
 * @iova: of the first page
 * @npage: how many; those that are not pinned are left alone
 */
void inx_emulated_unpin(void *data, dma_addr_t iova, int npage)
{
	struct inx_container *c = inx_container_get(data);
	int i;

	if (WARN_ON_ONCE(!c))
		return;
	iova &= PAGE_MASK;
	for (i = 0; i < npage; i++)
		inx_emulated_undo(c, iova + i * PAGE_SIZE);
	inx_container_put(c);
}

/**
 * inx_emulated_rw() - what vfio_dma_rw() does
 * @data: the container
 * @iova: first byte
 * @buf: the other side
 * @count: bytes
 * @write: to the container's memory
 *
 * Return: 0; -EINVAL for what is not mapped; -EPERM, -EFAULT, -ENOMEM.
 */
int inx_emulated_rw(void *data, dma_addr_t iova, void *buf, size_t count,
		    bool write)
{
	struct inx_container *c = inx_container_get(data);
	int rc = 0;

	if (!c)
		return -EINVAL;
	/* Too much noted down is better than too little. */
	if (write)
		rc = inx_dirty_write(c, iova >> PAGE_SHIFT,
				     (iova + count - 1) >> PAGE_SHIFT);
	if (!rc)
		rc = iommu_next_access_rw(c->access, iova, buf, count,
					  write ? IOMMU_NEXT_ACCESS_WRITE : 0);
	inx_container_put(c);
	return rc == -ENOENT || rc == -EOVERFLOW ? -EINVAL : rc;
}
