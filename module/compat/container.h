/* SPDX-License-Identifier: GPL-2.0-only */
/* The VFIO core, as it looks to an IOMMU backend of containers. */
#ifndef INX_COMPAT_CONTAINER_H
#define INX_COMPAT_CONTAINER_H

#include <linux/errno.h>
#include <linux/types.h>

#include "vfio_container.h"

#ifndef INX_HAVE_VFIO_CONTAINER

/* A kernel that was configured without containers. */
static inline int
inx_no_container_register(const struct vfio_iommu_driver_ops *ops)
{
	return -EOPNOTSUPP;
}

static inline void
inx_no_container_unregister(const struct vfio_iommu_driver_ops *ops)
{
}

#define vfio_register_iommu_driver inx_no_container_register
#define vfio_unregister_iommu_driver inx_no_container_unregister

#endif
#endif
