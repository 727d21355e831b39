// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of a process that is memory of a device: what it has mapped of a
 * device file. To map that into an IOAS lets one device write to another.
 *
 * It is recognised by the mapping's file and operations, and the driver of the
 * device says where it is: nothing is guessed from what a page table of the
 * process has.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/iommu_next.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "bar.h"
#include "client.h"
#include "mmio.h"
#include "source.h"

/**
 * iommu_next_cdev_mmio_stop() - memory of a device goes
 * @cdev: the device
 *
 * To be called before the device is reset or stops to answer at the addresses
 * that @mmio of its operations has told. No device reaches it through an IOAS
 * any more when this returns, until it is mapped anew. Does not wait for user
 * space. Calls count.
 *
 * Context: may sleep; not with the mmap_lock.
 */
void iommu_next_cdev_mmio_stop(struct inx_cdev *cdev)
{
	inx_mmio_stop(cdev->mmio);
}
EXPORT_SYMBOL_GPL(iommu_next_cdev_mmio_stop);

/**
 * iommu_next_cdev_mmio_start() - undo iommu_next_cdev_mmio_stop()
 * @cdev: the device
 *
 * From now on @mmio_is_on is asked again.
 */
void iommu_next_cdev_mmio_start(struct inx_cdev *cdev)
{
	inx_mmio_start(cdev->mmio);
}
EXPORT_SYMBOL_GPL(iommu_next_cdev_mmio_start);

/* The device file with the memory at an address in a mapping of it. */
static struct file *inx_bar_find_in(struct vm_area_struct *vma,
				    unsigned long addr, phys_addr_t *phys)
{
	struct inx_client *client = inx_vma_client(vma);
	struct inx_cdev *cdev = client->cdev;
	int idx = srcu_read_lock(&cdev->srcu), rc = -EFAULT;

	if (!inx_client_check(client) && cdev->ops->mmio)
		rc = cdev->ops->mmio(cdev->priv, vma, addr, phys);
	srcu_read_unlock(&cdev->srcu, idx);
	return rc ? ERR_PTR(rc) : get_file(vma->vm_file);
}

/* Let memory that was found be mapped; -EFAULT when it is not there now. */
static int inx_bar_add(struct file *file, struct inx_mmio_slice *slice)
{
	struct inx_client *client = file->private_data;
	struct inx_cdev *cdev = client->cdev;
	int idx = srcu_read_lock(&cdev->srcu), rc = -EFAULT;

	if (!inx_client_check(client) &&
	    !inx_mmio_add(cdev->mmio, slice, inx_mmio_session(cdev->mmio)))
		rc = 0;
	srcu_read_unlock(&cdev->srcu, idx);
	return rc;
}

/* The device file, or NULL when it is no mapping of one. */
static struct file *inx_bar_find(unsigned long addr, unsigned long length,
				 bool writable, phys_addr_t *phys)
{
	struct vm_area_struct *vma = vma_lookup(current->mm, addr);

	if (!vma || vma->vm_ops != &inx_vma_ops)
		return NULL;
	if (length > vma->vm_end - addr ||
	    (writable && !(vma->vm_flags & VM_WRITE)))
		return ERR_PTR(-EFAULT);
	return inx_bar_find_in(vma, addr & PAGE_MASK, phys);
}

/**
 * inx_bar_source_init() - memory of the calling process, or of a device
 * @source: the source
 * @addr: address of its first byte
 * @length: bytes, not 0
 * @writable: devices may write to it
 *
 * Return: 0; -EFAULT when it is memory of a device that is not there now, or
 * only in part, or must not be written to; -ENOMEM.
 */
int inx_bar_source_init(struct inx_source *source, unsigned long addr,
			unsigned long length, bool writable)
{
	struct inx_mmio_slice *slice;
	struct file *file;
	phys_addr_t phys;
	int rc = -ENOMEM;

	inx_source_init_user(source, addr, writable);
	if (!atomic_read(&inx_cdev_vmas) || !current->mm)
		return 0;
	mmap_read_lock(current->mm);
	file = inx_bar_find(addr, length, writable, &phys);
	mmap_read_unlock(current->mm);
	if (IS_ERR_OR_NULL(file))
		return PTR_ERR_OR_ZERO(file);

	slice = inx_mmio_slice_alloc(phys);
	/* Takes a lock that must not meet the mmap_lock. */
	if (slice)
		rc = inx_bar_add(file, slice);
	if (rc)
		kfree(slice);
	else
		inx_source_init_mmio(source, slice, writable);
	fput(file);
	return rc;
}
