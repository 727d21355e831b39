/* SPDX-License-Identifier: GPL-2.0-only */
/* The VFIO core, as it looks to a PCI driver. */
#ifndef INX_COMPAT_VFIO_H
#define INX_COMPAT_VFIO_H

#include <linux/fs.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>

/*
 * Where all mappings of a device hang together, the core removes them by that
 * address space; older cores keep a list of them.
 */
static inline void inx_vfio_set_mapping(struct vfio_device *vdev,
					struct file *file)
{
#ifdef INX_HAVE_VFIO_INODE
	file->f_mapping = vdev->inode->i_mapping;
#endif
}

#ifndef VFIO_DEVICE_FEATURE_DMA_BUF
#define VFIO_DEVICE_FEATURE_DMA_BUF 11

struct vfio_region_dma_range {
	__u64 offset;
	__u64 length;
};

struct vfio_device_feature_dma_buf {
	__u32 region_index;
	__u32 open_flags;
	__u32 flags;
	__u32 nr_ranges;
	struct vfio_region_dma_range dma_ranges[];
};
#endif

/*
 * Make a BAR the driver's own. Newer cores have done that for all of them, and
 * left an error where it failed; older ones do it for each that is used, in a
 * function that not all of them export.
 */
static inline int inx_vfio_claim_bar(struct vfio_pci_core_device *vdev,
				     unsigned int bar)
{
	struct pci_dev *pdev = vdev->pdev;
	int rc;

	if (vdev->barmap[bar])
		return PTR_ERR_OR_ZERO((__force void *)vdev->barmap[bar]);
	rc = pci_request_selected_regions(pdev, BIT(bar), "vfio-pci");
	if (rc)
		return rc;
	vdev->barmap[bar] = pci_iomap(pdev, bar, 0);
	if (vdev->barmap[bar])
		return 0;
	pci_release_selected_regions(pdev, BIT(bar));
	return -ENOMEM;
}

/* A device that its driver has allocated without more around it. */
#ifdef INX_HAVE_VFIO_FREE_DEVICE
#define INX_VFIO_RELEASE .release = vfio_free_device,
#else
#define INX_VFIO_RELEASE
#endif

/*
 * What a mapping of a BAR reaches at an address in it. The cores with an address
 * space leave the offset in the file in the mapping, older ones put the PFN in
 * its place.
 */
static inline phys_addr_t
inx_vfio_vma_phys(struct vfio_pci_core_device *vdev,
		  const struct vm_area_struct *vma, unsigned long addr)
{
	u64 pgoff = vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
#ifdef INX_HAVE_VFIO_INODE
	unsigned int index = pgoff >> (VFIO_PCI_OFFSET_SHIFT - PAGE_SHIFT);

	if (index >= VFIO_PCI_ROM_REGION_INDEX)
		return 0;
	pgoff &= BIT_ULL(VFIO_PCI_OFFSET_SHIFT - PAGE_SHIFT) - 1;
	return pci_resource_start(vdev->pdev, index) + (pgoff << PAGE_SHIFT);
#else
	return pgoff << PAGE_SHIFT;
#endif
}

#ifdef INX_HAVE_VFIO_MATCH_TOKEN_UUID

#define INX_VFIO_MATCH_TOKEN                                                   \
	.match_token_uuid = vfio_pci_core_match_token_uuid,

static inline int inx_vfio_match_token(struct vfio_pci_core_device *vdev,
				       const uuid_t *token)
{
	return vfio_pci_core_match_token_uuid(&vdev->vdev, token);
}

#else

#define INX_VFIO_MATCH_TOKEN

/*
 * Older cores take the token as text behind the device's name, as the legacy
 * group gives it.
 */
static inline int inx_vfio_match_token(struct vfio_pci_core_device *vdev,
				       const uuid_t *token)
{
	char text[64];
	int rc;

	if (token)
		snprintf(text, sizeof(text), "%s vf_token=%pUb",
			 pci_name(vdev->pdev), token);
	else
		strscpy(text, pci_name(vdev->pdev), sizeof(text));
	rc = vfio_pci_core_match(&vdev->vdev, text);
	if (rc < 0)
		return rc;
	return rc ? 0 : -ENODEV;
}

#endif

#ifdef INX_HAVE_VFIO_REGION_INFO_CAPS

#define INX_VFIO_REGION_INFO                                                   \
	.get_region_info_caps = vfio_pci_ioctl_get_region_info,

static inline long
inx_vfio_copy_region_info(struct vfio_region_info __user *uptr,
			  struct vfio_region_info *info,
			  struct vfio_info_cap *caps)
{
	if (caps->size) {
		info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
		if (info->argsz < sizeof(*info) + caps->size) {
			info->argsz = sizeof(*info) + caps->size;
			info->cap_offset = 0;
		} else {
			vfio_info_cap_shift(caps, sizeof(*info));
			if (copy_to_user(uptr + 1, caps->buf, caps->size))
				return -EFAULT;
			info->cap_offset = sizeof(*info);
		}
	}
	if (copy_to_user(uptr, info, offsetofend(struct vfio_region_info,
						 offset)))
		return -EFAULT;
	return 0;
}

/* The core has the caller's side of this in a static function. */
static inline long inx_vfio_region_info(struct vfio_pci_core_device *vdev,
					unsigned long arg)
{
	size_t min_size = offsetofend(struct vfio_region_info, offset);
	struct vfio_region_info __user *uptr = (void __user *)arg;
	struct vfio_region_info info = {};
	struct vfio_info_cap caps = {};
	long rc;

	if (copy_from_user(&info, uptr, min_size))
		return -EFAULT;
	if (info.argsz < min_size)
		return -EINVAL;
	rc = vfio_pci_ioctl_get_region_info(&vdev->vdev, &info, &caps);
	if (!rc)
		rc = inx_vfio_copy_region_info(uptr, &info, &caps);
	kfree(caps.buf);
	return rc;
}

#else

#define INX_VFIO_REGION_INFO

static inline long inx_vfio_region_info(struct vfio_pci_core_device *vdev,
					unsigned long arg)
{
	return vfio_pci_core_ioctl(&vdev->vdev, VFIO_DEVICE_GET_REGION_INFO,
				   arg);
}

#endif
#endif
