/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls of /dev/iommu-next, of mock devices and of VFIO device files, one line
 * each. Every function returns 0 (or what its comment says), or -1 with errno,
 * like the system call behind it; output goes to pointers, which may be NULL.
 */
#ifndef INX_H
#define INX_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#include <linux/iommu-next.h>
#include <linux/iommu-next-mock.h>

#define INX_NODE "/dev/iommu-next"
#define INX_MOCK_NODE "/dev/iommu-next-mock"

/* Rights of a mapping, short. */
#define INX_RW (IOMMU_NEXT_IOAS_MAP_READABLE | IOMMU_NEXT_IOAS_MAP_WRITEABLE)
#define INX_RO IOMMU_NEXT_IOAS_MAP_READABLE
#define INX_FIXED IOMMU_NEXT_IOAS_MAP_FIXED_IOVA

/*
 * Whether the modules are part of the kernel, as in user-mode Linux: nothing can
 * be loaded, unloaded or given another parameter.
 */
bool inx_is_built_in(void);

/* Let devices without an IOMMU be had, or not. Returns 0, or -1 with errno. */
int inx_set_noiommu(bool on);

/* A new file of /dev/iommu-next. Returns the descriptor. */
int inx_open(void);

int inx_destroy(int fd, uint32_t id);
int inx_ioas_alloc(int fd, uint32_t *ioas);
/* @flags: INX_RW or INX_RO, INX_FIXED; @iova: in and out. */
int inx_map(int fd, uint32_t ioas, uint32_t flags, const void *va,
	    uint64_t length, uint64_t *iova);
/* Map at a given IOVA with INX_RW. */
int inx_map_at(int fd, uint32_t ioas, const void *va, uint64_t length,
	       uint64_t iova);
int inx_map_file(int fd, uint32_t ioas, uint32_t flags, int file,
		 uint64_t start, uint64_t length, uint64_t *iova);
int inx_copy(int fd, uint32_t dst, uint32_t src, uint32_t flags,
	     uint64_t length, uint64_t *dst_iova, uint64_t src_iova);
/* @unmapped: gets the bytes that were mapped. */
int inx_unmap(int fd, uint32_t ioas, uint64_t iova, uint64_t length,
	      uint64_t *unmapped);
int inx_unmap_all(int fd, uint32_t ioas, uint64_t *unmapped);
int inx_iova_ranges(int fd, uint32_t ioas,
		    struct iommu_next_iova_range *ranges, uint32_t *num,
		    uint64_t *alignment);
int inx_allow_iovas(int fd, uint32_t ioas,
		    const struct iommu_next_iova_range *ranges, uint32_t num);
int inx_change_process(int fd);
int inx_option_get(int fd, uint32_t option, uint32_t object, uint64_t *val);
int inx_option_set(int fd, uint32_t option, uint32_t object, uint64_t val);
int inx_hwpt_alloc(int fd, uint32_t dev, uint32_t pt, uint32_t *hwpt);
int inx_hwpt_alloc_flags(int fd, uint32_t dev, uint32_t pt, uint32_t flags,
			 uint32_t *hwpt);
/* GET_HW_INFO: @data gets what the IOMMU says, @info the rest of the answer. */
int inx_hw_info(int fd, uint32_t dev, void *data, uint32_t room,
		struct iommu_next_hw_info *info);
/* Dirty tracking on or off; and what was written, a bit for @page_size. */
int inx_dirty_set(int fd, uint32_t hwpt, bool enable);
int inx_dirty_read(int fd, uint32_t hwpt, uint32_t flags, uint64_t iova,
		   uint64_t length, uint64_t page_size, void *bitmap);

/* @length: in: bytes of interest; out: that follow each other from @phys on. */
int inx_get_pa(int fd, uint32_t ioas, uint64_t iova, uint64_t *length,
	       uint64_t *phys);

/* Device files: of a mock device or a real one. */
int inx_bind(int dev_fd, int fd, uint32_t *dev);
/* @pt: in: an IOAS or HWPT; out: the HWPT in use. */
int inx_attach(int dev_fd, uint32_t *pt);
int inx_attach_to(int dev_fd, uint32_t pt);
int inx_detach(int dev_fd);

/* A mock device, made with the defaults; change what is to differ. */
struct iommu_next_mock_device_alloc inx_mock_default(void);
/* Returns a device file. @id: the number of the device. */
int inx_mock_device(int mock_fd, struct iommu_next_mock_device_alloc *how,
		    uint32_t *id);
int inx_mock_open(int mock_fd, uint32_t id);
int inx_mock_remove(int mock_fd, uint32_t id);
/* Returns 1 when what was set before is still to come. */
int inx_mock_fail(int mock_fd, uint32_t id, uint32_t what, uint32_t after);
int inx_mock_stats(int mock_fd, uint32_t id,
		   struct iommu_next_mock_stats *stats);
/* Returns of enum iommu_next_mock_fault, or -1 with errno. */
int inx_mock_read(int dev_fd, uint64_t iova, void *data, uint32_t length);
int inx_mock_write(int dev_fd, uint64_t iova, const void *data,
		   uint32_t length);
/* The same with a PASID. */
int inx_mock_read_pasid(int dev_fd, uint32_t pasid, uint64_t iova, void *data,
			uint32_t length);
int inx_mock_write_pasid(int dev_fd, uint32_t pasid, uint64_t iova,
			 const void *data, uint32_t length);

/* A mock dma-buf. Returns the descriptor. */
int inx_dmabuf(int mock_fd, uint32_t pieces, uint64_t length, uint32_t flags);
int inx_dmabuf_revoke(int mock_fd, int file, uint32_t revoked);

/* A mock access, of enum iommu_next_mock_access_flags. Returns its file. */
int inx_access(int mock_fd, int fd, uint32_t flags, uint32_t *id);
/* Over to an IOAS; 0 for none. */
int inx_access_attach(int access, uint32_t ioas);
/* @flags: of enum iommu_next_mock_access_rw_flags. */
int inx_access_pin(int access, uint32_t flags, uint64_t iova, uint64_t length,
		   uint32_t *pin);
int inx_access_unpin(int access, uint32_t pin);
int inx_access_read(int access, uint64_t iova, void *data, uint64_t length);
int inx_access_write(int access, uint64_t iova, const void *data,
		     uint64_t length);
/* Through the pages of a pin, @offset from the start of the first. */
int inx_access_read_pin(int access, uint32_t pin, uint64_t offset, void *data,
			uint64_t length);
int inx_access_write_pin(int access, uint32_t pin, uint64_t offset,
			 const void *data, uint64_t length);
int inx_access_stats(int access, struct iommu_next_mock_access_stats *stats);

/*
 * Let a mock device's driver bind it to @fd, attach it and so on: of enum
 * iommu_next_mock_drive_op. @id: of the device, for BIND; in and out: of an
 * IOAS or HWPT, for ATTACH and REPLACE.
 */
int inx_mock_drive(int mock_fd, uint32_t dev, uint32_t op, int fd,
		   uint32_t *id);

/* Memory, zeroed and present, aligned to 2 MiB from that size on. */
void *inx_alloc(size_t length);
/* Microseconds of a clock that only goes forward. */
long inx_us(void);
/* kB of a line of /proc/self/status, "VmPin" say; -1 without it. */
long inx_status_kb(const char *name);

#endif
