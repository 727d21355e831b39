// SPDX-License-Identifier: GPL-2.0-only
/* 6.10: all mmaps of a VFIO device share one address space. */
#include <linux/vfio.h>
struct inode *probe(struct vfio_device *vdev);
struct inode *probe(struct vfio_device *vdev)
{
	return vdev->inode;
}
