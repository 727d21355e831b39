// SPDX-License-Identifier: GPL-2.0-only
#include <linux/vfio.h>
#include <sys/ioctl.h>

#include "inx.h"
#include "type1.h"

int type1_ioas(int fd, uint16_t op, uint32_t *id)
{
	struct iommu_next_vfio_ioas arg = {
		.size = sizeof(arg),
		.ioas_id = id ? *id : 0,
		.op = op,
	};
	int rc = ioctl(fd, IOMMU_NEXT_VFIO_IOAS, &arg);

	if (!rc && id)
		*id = arg.ioas_id;
	return rc;
}

int type1_set_ioas(int fd, uint32_t id)
{
	return type1_ioas(fd, IOMMU_NEXT_VFIO_IOAS_SET, &id);
}

int type1_map_flags(int fd, uint32_t flags, const void *va, uint64_t length,
		    uint64_t iova)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = flags,
		.vaddr = (uintptr_t)va,
		.iova = iova,
		.size = length,
	};

	return ioctl(fd, VFIO_IOMMU_MAP_DMA, &map);
}

int type1_map(int fd, const void *va, uint64_t length, uint64_t iova)
{
	return type1_map_flags(fd, VFIO_DMA_MAP_FLAG_READ |
			       VFIO_DMA_MAP_FLAG_WRITE, va, length, iova);
}

static int type1_unmap_flags(int fd, uint32_t flags, uint64_t iova,
			     uint64_t length, uint64_t *unmapped)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.flags = flags,
		.iova = iova,
		.size = length,
	};
	int rc = ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &unmap);

	if (unmapped)
		*unmapped = unmap.size;
	return rc;
}

int type1_unmap(int fd, uint64_t iova, uint64_t length, uint64_t *unmapped)
{
	return type1_unmap_flags(fd, 0, iova, length, unmapped);
}

int type1_unmap_all(int fd, uint64_t *unmapped)
{
	return type1_unmap_flags(fd, VFIO_DMA_UNMAP_FLAG_ALL, 0, 0, unmapped);
}

static struct vfio_bitmap bitmap(uint64_t *bits, size_t bytes)
{
	return (struct vfio_bitmap){
		.pgsize = 4096,
		.size = bytes,
		.data = (void *)bits,
	};
}

int type1_unmap_dirty(int fd, uint32_t flags, uint64_t iova, uint64_t length,
		      uint64_t *bits, size_t bytes, uint64_t *unmapped)
{
	struct {
		struct vfio_iommu_type1_dma_unmap unmap;
		struct vfio_bitmap bitmap;
	} arg = {
		.unmap.argsz = sizeof(arg),
		.unmap.flags = flags | VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
		.unmap.iova = iova,
		.unmap.size = length,
		.bitmap = bitmap(bits, bytes),
	};
	int rc = ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &arg);

	if (unmapped)
		*unmapped = arg.unmap.size;
	return rc;
}

int type1_dirty(int fd, uint32_t flags)
{
	struct vfio_iommu_type1_dirty_bitmap dirty = {
		.argsz = sizeof(dirty),
		.flags = flags,
	};

	return ioctl(fd, VFIO_IOMMU_DIRTY_PAGES, &dirty);
}

int type1_dirty_get(int fd, uint64_t iova, uint64_t length, uint64_t *bits,
		    size_t bytes)
{
	struct {
		struct vfio_iommu_type1_dirty_bitmap head;
		struct vfio_iommu_type1_dirty_bitmap_get get;
	} arg = {
		.head.argsz = sizeof(arg),
		.head.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP,
		.get.iova = iova,
		.get.size = length,
		.get.bitmap = bitmap(bits, bytes),
	};

	return ioctl(fd, VFIO_IOMMU_DIRTY_PAGES, &arg);
}
