/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * VFIO's containers (/dev/vfio/vfio) over /dev/iommu-next.
 *
 * With iommu_next_vfio_container loaded VFIO_SET_IOMMU takes the type below, and
 * if its parameter type1 is set also VFIO_TYPE1_IOMMU and VFIO_TYPE1v2_IOMMU.
 * Then the ioctls of type1 on the container, and what devices of its groups
 * reach, are those of an IOAS.
 */
#ifndef _UAPI_LINUX_IOMMU_NEXT_CONTAINER_H
#define _UAPI_LINUX_IOMMU_NEXT_CONTAINER_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * For VFIO_CHECK_EXTENSION and VFIO_SET_IOMMU: as VFIO_TYPE1v2_IOMMU, and
 * certainly not by vfio_iommu_type1. Far from the numbers that VFIO gives out.
 */
#define IOMMU_NEXT_VFIO_IOMMU 0x494e58

#define IOMMU_NEXT_CONTAINER_TYPE 0xbf

/**
 * struct iommu_next_container_offer - ioctl(IOMMU_NEXT_CONTAINER_OFFER)
 * @size: sizeof(struct iommu_next_container_offer)
 * @flags: must be 0
 * @ioas_id: the IOAS, of this file; 0 to offer none any more
 * @__reserved: must be 0
 *
 * On a file of /dev/iommu-next. A container whose VFIO_SET_IOMMU is called by a
 * process that has this very file open uses the IOAS. An unmodified client is
 * started with the file inherited over exec; its parent keeps it as well, and
 * so sees and changes what the devices of the client reach.
 *
 * The IOAS cannot be destroyed as long as there is such a container. It is the
 * parent's: what is mapped stays mapped when the client has gone. Memory is
 * charged as the file's IOMMU_NEXT_OPTION_RLIMIT_MODE says.
 *
 * errno: EINVAL @size; E2BIG unknown members that are not 0; EOPNOTSUPP @flags;
 * ENOENT no such IOAS; ENOTTY the module is not loaded.
 */
struct iommu_next_container_offer {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__u32 __reserved;
};

#define IOMMU_NEXT_CONTAINER_OFFER _IO(IOMMU_NEXT_CONTAINER_TYPE, 0x40)

/**
 * struct iommu_next_container_open - ioctl(IOMMU_NEXT_CONTAINER_OPEN)
 * @size: sizeof(struct iommu_next_container_open)
 * @flags: must be 0
 * @out_fd: a file like one of /dev/iommu-next, closed on exec
 * @out_ioas_id: the container's IOAS, by its ID there
 *
 * On a container, after VFIO_SET_IOMMU: the file that stands behind it. Whoever
 * has the container, for example by pidfd_getfd(), can look at the IOAS, map and
 * unmap, and attach further devices to it, while the client runs. When the
 * container ends the IOAS is empty, whoever still has the file.
 *
 * errno: EINVAL @size; E2BIG unknown members that are not 0; EOPNOTSUPP @flags;
 * EPERM the IOAS was offered by somebody, whose file it is; EMFILE, ENOMEM;
 * EFAULT; ENOTTY or EINVAL the container has another IOMMU, or none.
 */
struct iommu_next_container_open {
	__u32 size;
	__u32 flags;
	__s32 out_fd;
	__u32 out_ioas_id;
};

#define IOMMU_NEXT_CONTAINER_OPEN _IO(IOMMU_NEXT_CONTAINER_TYPE, 0x41)

#endif
