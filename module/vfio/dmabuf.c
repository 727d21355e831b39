// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_FEATURE_DMA_BUF: parts of a BAR as a dma-buf.
 *
 * vfio_pci_core of newer kernels has the feature. It is not asked: only a module
 * of the name iommufd is told where the memory of such a dma-buf is, so it could
 * not be mapped. Ours is the same on all kernels.
 */
#include <linux/iommu_next.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat/dmabuf.h"
#include "compat/vfio.h"
#include "pci.h"

/* More do not fit into what is copied at once. */
#define INX_DMABUF_RANGES (SZ_32K / sizeof(struct vfio_region_dma_range))

/* From offsets in a BAR to addresses, in the same place. */
static int inx_pci_ranges(struct pci_dev *pdev, unsigned int bar,
			  struct iommu_next_dmabuf_range *ranges,
			  unsigned int nr)
{
	u64 start = pci_resource_start(pdev, bar), size = 0, end;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		u64 offset = ranges[i].start, length = ranges[i].length;

		if (!length || !PAGE_ALIGNED(offset | length) ||
		    check_add_overflow(size, length, &size) || size > LLONG_MAX)
			return -EINVAL;
		if (check_add_overflow(start, offset, &ranges[i].start) ||
		    check_add_overflow(ranges[i].start, length, &end))
			return -EOVERFLOW;
		if (end > start + pci_resource_len(pdev, bar))
			return -EINVAL;
	}
	return 0;
}

static long inx_pci_make_dmabuf(struct inx_pci *pci,
				const struct vfio_device_feature_dma_buf *arg,
				const void __user *uptr)
{
	struct pci_dev *pdev = pci->core.pdev;
	struct iommu_next_dmabuf_range *ranges;
	long rc;

	/* The same two numbers. */
	static_assert(sizeof(*ranges) == sizeof(struct vfio_region_dma_range));
	ranges = kvmalloc_array(arg->nr_ranges, sizeof(*ranges), INX_GFP_LONG);
	if (!ranges)
		return -ENOMEM;
	rc = -EFAULT;
	if (copy_from_user(ranges, uptr, arg->nr_ranges * sizeof(*ranges)))
		goto out;
	rc = -EINVAL;
	if (!(pci_resource_flags(pdev, arg->region_index) & IORESOURCE_MEM))
		goto out;
	rc = inx_pci_ranges(pdev, arg->region_index, ranges, arg->nr_ranges);
	if (rc)
		goto out;
	rc = inx_dma_buf_give(iommu_next_cdev_dmabuf(pci->cdev, ranges,
						     arg->nr_ranges,
						     arg->open_flags),
			      arg->open_flags);
out:
	kvfree(ranges);
	return rc;
}

/**
 * inx_pci_feature_dmabuf() - VFIO_DEVICE_FEATURE_DMA_BUF
 * @pci: the device, bound
 * @flags: of the struct vfio_device_feature
 * @uptr: what follows it
 * @size: bytes there
 *
 * Return: a file descriptor of the calling process; 0 for a probe; -EINVAL for
 * a malformed request, ranges that are not made of pages and those that the BAR
 * does not have; -ENODEV for a region that is no BAR of the device, or is not
 * its to use; -E2BIG for more than 2048 ranges; -EOVERFLOW; -ENOMEM; -EMFILE;
 * -EFAULT.
 */
long inx_pci_feature_dmabuf(struct inx_pci *pci, u32 flags, void __user *uptr,
			    size_t size)
{
	struct vfio_device_feature_dma_buf arg;
	long rc;

	rc = vfio_check_feature(flags, size, VFIO_DEVICE_FEATURE_GET,
				sizeof(arg));
	if (rc != 1)
		return rc;
	if (copy_from_user(&arg, uptr, sizeof(arg)))
		return -EFAULT;
	if (!arg.nr_ranges || arg.flags)
		return -EINVAL;
	if (arg.region_index >= VFIO_PCI_ROM_REGION_INDEX ||
	    !pci_resource_len(pci->core.pdev, arg.region_index) ||
	    inx_vfio_claim_bar(&pci->core, arg.region_index))
		return -ENODEV;
	if (arg.nr_ranges > INX_DMABUF_RANGES)
		return -E2BIG;
	return inx_pci_make_dmabuf(pci, &arg, uptr + sizeof(arg));
}
