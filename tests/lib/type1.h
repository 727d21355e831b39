/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls of a VFIO container of type1, on a file of /dev/iommu-next; as inx.h.
 */
#ifndef TYPE1_H
#define TYPE1_H

#include <stddef.h>
#include <stdint.h>

/* IOMMU_NEXT_VFIO_IOAS; @id in or out, as @op wants it. */
int type1_ioas(int fd, uint16_t op, uint32_t *id);
int type1_set_ioas(int fd, uint32_t id);

/* For reading and writing. */
int type1_map(int fd, const void *va, uint64_t length, uint64_t iova);
int type1_map_flags(int fd, uint32_t flags, const void *va, uint64_t length,
		    uint64_t iova);
/* @unmapped: gets what the kernel leaves in the size, also when it fails. */
int type1_unmap(int fd, uint64_t iova, uint64_t length, uint64_t *unmapped);
int type1_unmap_all(int fd, uint64_t *unmapped);

/* START or STOP; a bit for each page of 4 KiB; the same of what is unmapped. */
int type1_dirty(int fd, uint32_t flags);
int type1_dirty_get(int fd, uint64_t iova, uint64_t length, uint64_t *bits,
		    size_t bytes);
int type1_unmap_dirty(int fd, uint32_t flags, uint64_t iova, uint64_t length,
		      uint64_t *bits, size_t bytes, uint64_t *unmapped);

#endif
