/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls of a VFIO container of type1, on a file of /dev/iommu-next; as inx.h.
 */
#ifndef TYPE1_H
#define TYPE1_H

#include <stdint.h>

/* IOMMU_NEXT_VFIO_IOAS; @id in or out, as @op wants it. */
int type1_ioas(int fd, uint16_t op, uint32_t *id);
int type1_set_ioas(int fd, uint32_t id);

/* For reading and writing. */
int type1_map(int fd, const void *va, uint64_t length, uint64_t iova);
/* @unmapped: gets what the kernel leaves in the size, also when it fails. */
int type1_unmap(int fd, uint64_t iova, uint64_t length, uint64_t *unmapped);
int type1_unmap_all(int fd, uint64_t *unmapped);

#endif
