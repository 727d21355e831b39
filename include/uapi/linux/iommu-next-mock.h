/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Devices without hardware behind /dev/iommu-next.
 *
 * /dev/iommu-next-mock makes devices, each behind an IOMMU that is made of
 * software, and gives a VFIO device file for each: BIND it to a file of
 * /dev/iommu-next and use it like a real one. Region 0 is laid out as the
 * registers of QEMU's "edu" device (docs/specs/edu.rst there), so a program for
 * that device runs unchanged; it has to read and write the region, not to map
 * it.
 *
 * It makes accesses as well: drivers that touch memory of an IOAS by the CPU,
 * each with a file that lets them do so.
 */
#ifndef _UAPI_LINUX_IOMMU_NEXT_MOCK_H
#define _UAPI_LINUX_IOMMU_NEXT_MOCK_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define IOMMU_NEXT_MOCK_TYPE 0xbe

/**
 * enum iommu_next_mock_flags - how a device is
 * @IOMMU_NEXT_MOCK_NOT_COHERENT: its DMA does not see CPU caches
 * @IOMMU_NEXT_MOCK_UNSAFE_MSI: its interrupts cannot be isolated
 * @IOMMU_NEXT_MOCK_ATTACH_FIRST: its IOMMU wants to see a device before it maps
 * @IOMMU_NEXT_MOCK_KERNEL_OWNED: a kernel driver uses its group
 * @IOMMU_NEXT_MOCK_HW_INFO: its IOMMU describes itself
 * @IOMMU_NEXT_MOCK_NO_SNOOP: its IOMMU cannot make no-snoop accesses snoop
 * @IOMMU_NEXT_MOCK_NO_DIRTY: its IOMMU cannot record what devices write
 * @IOMMU_NEXT_MOCK_PASID: its requests can have a PASID, of 20 bits
 * @IOMMU_NEXT_MOCK_NO_NESTING: its IOMMU has one stage of translation only
 * @IOMMU_NEXT_MOCK_NO_IOMMU: no IOMMU stands before it: its DMA goes to physical
 *	addresses, of all memory. Needs the parameter enable_unsafe_noiommu_mode of
 *	iommu_next, or is EOPNOTSUPP, and CAP_SYS_RAWIO, or is EPERM.
 * @IOMMU_NEXT_MOCK_AMD: its IOMMU has the formats of AMD's, not of VT-d
 * @IOMMU_NEXT_MOCK_ARM: its IOMMU has the formats of an SMMUv3; not with AMD
 */
enum iommu_next_mock_flags {
	IOMMU_NEXT_MOCK_NOT_COHERENT = 1 << 0,
	IOMMU_NEXT_MOCK_UNSAFE_MSI = 1 << 1,
	IOMMU_NEXT_MOCK_ATTACH_FIRST = 1 << 2,
	IOMMU_NEXT_MOCK_KERNEL_OWNED = 1 << 3,
	IOMMU_NEXT_MOCK_HW_INFO = 1 << 4,
	IOMMU_NEXT_MOCK_NO_SNOOP = 1 << 5,
	IOMMU_NEXT_MOCK_NO_DIRTY = 1 << 6,
	IOMMU_NEXT_MOCK_PASID = 1 << 8,
	IOMMU_NEXT_MOCK_NO_NESTING = 1 << 9,
	IOMMU_NEXT_MOCK_NO_IOMMU = 1 << 10,
	IOMMU_NEXT_MOCK_AMD = 1 << 11,
	IOMMU_NEXT_MOCK_ARM = 1 << 12,
};

/**
 * enum iommu_next_mock_fail - what can be made to fail
 * @IOMMU_NEXT_MOCK_FAIL_NOTHING: nothing
 * @IOMMU_NEXT_MOCK_FAIL_CLAIM: taking ownership, with EPERM
 * @IOMMU_NEXT_MOCK_FAIL_RESERVED: telling reserved regions, with ENOMEM
 * @IOMMU_NEXT_MOCK_FAIL_DOMAIN_ALLOC: making a page table, with ENOMEM
 * @IOMMU_NEXT_MOCK_FAIL_ATTACH: attaching, with ENOMEM
 * @IOMMU_NEXT_MOCK_FAIL_REPLACE: changing the page table, with ENOMEM
 * @IOMMU_NEXT_MOCK_FAIL_MAP: mapping one stretch of IO pages, with ENOMEM
 * @IOMMU_NEXT_MOCK_FAIL_BIND: the driver's part of BIND, with EIO
 * @IOMMU_NEXT_MOCK_FAIL_DIRTY_SET: beginning to record what devices write, or
 *	ending it, with ENOMEM
 */
enum iommu_next_mock_fail {
	IOMMU_NEXT_MOCK_FAIL_NOTHING = 0,
	IOMMU_NEXT_MOCK_FAIL_CLAIM = 1,
	IOMMU_NEXT_MOCK_FAIL_RESERVED = 2,
	IOMMU_NEXT_MOCK_FAIL_DOMAIN_ALLOC = 3,
	IOMMU_NEXT_MOCK_FAIL_ATTACH = 4,
	IOMMU_NEXT_MOCK_FAIL_REPLACE = 5,
	IOMMU_NEXT_MOCK_FAIL_MAP = 6,
	IOMMU_NEXT_MOCK_FAIL_BIND = 7,
	IOMMU_NEXT_MOCK_FAIL_DIRTY_SET = 8,
};

#define IOMMU_NEXT_MOCK_MAX_RESERVED 4

/**
 * struct iommu_next_mock_range - an interval of IOVA
 * @start: first byte
 * @last: last byte, inclusive
 */
struct iommu_next_mock_range {
	__aligned_u64 start;
	__aligned_u64 last;
};

/**
 * struct iommu_next_mock_device_alloc - ioctl(IOMMU_NEXT_MOCK_DEVICE_ALLOC)
 * @size: sizeof(struct iommu_next_mock_device_alloc)
 * @flags: of enum iommu_next_mock_flags
 * @group: devices of one file with the same number, not 0, are one group and
 *	have one IOMMU, made with the first of them; 0 for a group of its own
 * @num_reserved: ranges in @reserved
 * @page_sizes: IO page sizes, a bit each, 512 bytes to 1 GiB; 0 for 4 KiB,
 *	2 MiB and 1 GiB
 * @aperture_start: first IOVA that can be translated
 * @aperture_last: last one; 0 for 2^48 - 1
 * @reserved: IOVAs that the device cannot use
 * @out_device_id: number of the device on this file
 * @out_fd: a VFIO device file of it
 *
 * The device is gone when it is removed, or when this file is closed.
 *
 * Errors: EINVAL, E2BIG, EOPNOTSUPP, EMFILE, ENOMEM.
 */
struct iommu_next_mock_device_alloc {
	__u32 size;
	__u32 flags;
	__u32 group;
	__u32 num_reserved;
	__aligned_u64 page_sizes;
	__aligned_u64 aperture_start;
	__aligned_u64 aperture_last;
	struct iommu_next_mock_range reserved[IOMMU_NEXT_MOCK_MAX_RESERVED];
	__u32 out_device_id;
	__s32 out_fd;
};

#define IOMMU_NEXT_MOCK_DEVICE_ALLOC _IO(IOMMU_NEXT_MOCK_TYPE, 0)

/**
 * struct iommu_next_mock_device - open a device, or take it away
 * @size: sizeof(struct iommu_next_mock_device)
 * @device_id: the device
 * @out_fd: OPEN: another VFIO device file of it
 * @__reserved: 0
 *
 * ioctl(IOMMU_NEXT_MOCK_DEVICE_OPEN), ioctl(IOMMU_NEXT_MOCK_DEVICE_REMOVE).
 * REMOVE is what pulling the card does: who has the device open gets ENODEV.
 *
 * Errors: ENOENT, EINVAL, E2BIG, EOPNOTSUPP, EMFILE, ENOMEM.
 */
struct iommu_next_mock_device {
	__u32 size;
	__u32 device_id;
	__s32 out_fd;
	__u32 __reserved;
};

#define IOMMU_NEXT_MOCK_DEVICE_OPEN _IO(IOMMU_NEXT_MOCK_TYPE, 1)
#define IOMMU_NEXT_MOCK_DEVICE_REMOVE _IO(IOMMU_NEXT_MOCK_TYPE, 2)

/**
 * struct iommu_next_mock_fail_next - ioctl(IOMMU_NEXT_MOCK_FAIL_NEXT)
 * @size: sizeof(struct iommu_next_mock_fail_next)
 * @device_id: the device; page tables that were made for its IOMMU included
 * @what: of enum iommu_next_mock_fail
 * @after: times that it succeeds before it fails once
 * @out_pending: in the answer: 1 when what was set before has not failed yet
 * @__reserved: 0
 *
 * Errors: ENOENT, EINVAL, E2BIG, EOPNOTSUPP.
 */
struct iommu_next_mock_fail_next {
	__u32 size;
	__u32 device_id;
	__u32 what;
	__u32 after;
	__u32 out_pending;
	__u32 __reserved;
};

#define IOMMU_NEXT_MOCK_FAIL_NEXT _IO(IOMMU_NEXT_MOCK_TYPE, 3)

/**
 * struct iommu_next_mock_stats - ioctl(IOMMU_NEXT_MOCK_STATS)
 * @size: sizeof(struct iommu_next_mock_stats)
 * @device_id: a device of the IOMMU
 * @domains: page tables that exist
 * @pages: IO pages that are mapped in all of them
 * @bytes: what these pages map
 * @map_calls: stretches of IO pages mapped so far
 * @unmap_calls: stretches of IO pages unmapped so far
 * @iotlb_syncs: IOTLB flushes so far
 *
 * Errors: ENOENT, EINVAL, E2BIG.
 */
struct iommu_next_mock_stats {
	__u32 size;
	__u32 device_id;
	__aligned_u64 domains;
	__aligned_u64 pages;
	__aligned_u64 bytes;
	__aligned_u64 map_calls;
	__aligned_u64 unmap_calls;
	__aligned_u64 iotlb_syncs;
};

#define IOMMU_NEXT_MOCK_STATS _IO(IOMMU_NEXT_MOCK_TYPE, 4)

/**
 * enum iommu_next_mock_fault - why a DMA was refused
 * @IOMMU_NEXT_MOCK_FAULT_NONE: it was not
 * @IOMMU_NEXT_MOCK_FAULT_BLOCKED: the device is attached to nothing, or its guest
 *	lets nothing through
 * @IOMMU_NEXT_MOCK_FAULT_UNMAPPED: nothing is mapped at the IOVA
 * @IOMMU_NEXT_MOCK_FAULT_PERMISSION: it is mapped without the right
 * @IOMMU_NEXT_MOCK_FAULT_APERTURE: the IOMMU cannot translate the IOVA
 * @IOMMU_NEXT_MOCK_FAULT_STAGE1: the user's page table has nothing there
 * @IOMMU_NEXT_MOCK_FAULT_STAGE1_PERMISSION: it has, but without the right
 * @IOMMU_NEXT_MOCK_FAULT_STAGE1_TABLE: a table of it could not be read
 *
 * Behind a user's page table the others are said of what came out of it.
 */
enum iommu_next_mock_fault {
	IOMMU_NEXT_MOCK_FAULT_NONE = 0,
	IOMMU_NEXT_MOCK_FAULT_BLOCKED = 1,
	IOMMU_NEXT_MOCK_FAULT_UNMAPPED = 2,
	IOMMU_NEXT_MOCK_FAULT_PERMISSION = 3,
	IOMMU_NEXT_MOCK_FAULT_APERTURE = 4,
	IOMMU_NEXT_MOCK_FAULT_STAGE1 = 5,
	IOMMU_NEXT_MOCK_FAULT_STAGE1_PERMISSION = 6,
	IOMMU_NEXT_MOCK_FAULT_STAGE1_TABLE = 7,
};

#define IOMMU_NEXT_MOCK_DMA_MAX 32768

/**
 * enum iommu_next_mock_dma_flags - what a DMA does
 * @IOMMU_NEXT_MOCK_DMA_WRITE: write to memory; else read from it
 */
enum iommu_next_mock_dma_flags {
	IOMMU_NEXT_MOCK_DMA_WRITE = 1 << 0,
};

/**
 * struct iommu_next_mock_dma - ioctl(IOMMU_NEXT_MOCK_DMA), on a device file
 * @argsz: bytes of this struct and the data behind it
 * @flags: of enum iommu_next_mock_dma_flags
 * @iova: where in the device's address space
 * @length: bytes, at most IOMMU_NEXT_MOCK_DMA_MAX
 * @out_fault: of enum iommu_next_mock_fault
 * @out_fault_iova: first byte that was refused
 * @pasid: of the request, 0 for none
 * @__reserved: 0
 * @data: what is written, or gets what was read
 *
 * Let the device do one DMA. A DMA that is refused half way has done what
 * stands before @out_fault_iova.
 *
 * Errors: EINVAL, EFAULT, ENOMEM. A refused DMA is none.
 */
struct iommu_next_mock_dma {
	__u32 argsz;
	__u32 flags;
	__aligned_u64 iova;
	__u32 length;
	__u32 out_fault;
	__aligned_u64 out_fault_iova;
	__u32 pasid;
	__u32 __reserved;
	__u8 data[];
};

#define IOMMU_NEXT_MOCK_DMA _IO(IOMMU_NEXT_MOCK_TYPE, 5)

/**
 * enum iommu_next_mock_drive_op - what a driver does with its device
 * @IOMMU_NEXT_MOCK_DRIVE_BIND: bind it to a file of /dev/iommu-next
 * @IOMMU_NEXT_MOCK_DRIVE_UNBIND: undo that
 * @IOMMU_NEXT_MOCK_DRIVE_ATTACH: attach it, which is attached to nothing
 * @IOMMU_NEXT_MOCK_DRIVE_REPLACE: attach it to something else
 * @IOMMU_NEXT_MOCK_DRIVE_DETACH: detach it
 */
enum iommu_next_mock_drive_op {
	IOMMU_NEXT_MOCK_DRIVE_BIND = 0,
	IOMMU_NEXT_MOCK_DRIVE_UNBIND = 1,
	IOMMU_NEXT_MOCK_DRIVE_ATTACH = 2,
	IOMMU_NEXT_MOCK_DRIVE_REPLACE = 3,
	IOMMU_NEXT_MOCK_DRIVE_DETACH = 4,
};

/**
 * struct iommu_next_mock_drive - ioctl(IOMMU_NEXT_MOCK_DRIVE)
 * @size: sizeof(struct iommu_next_mock_drive)
 * @device_id: the device, which nobody has bound by its device file
 * @op: of enum iommu_next_mock_drive_op
 * @iommu_fd: BIND: a file of /dev/iommu-next
 * @pt_id: ATTACH and REPLACE: an IOAS or HWPT; in the answer the HWPT in use
 * @out_dev_id: BIND: ID of the device on @iommu_fd
 *
 * Let the driver bind and attach a device by itself, as one without a device
 * file does.
 *
 * Errors: ENOENT, EBADF, EBADFD, EBUSY, EINVAL, E2BIG, EOPNOTSUPP; and those of
 * VFIO_DEVICE_BIND_IOMMUFD and VFIO_DEVICE_ATTACH_IOMMUFD_PT.
 */
struct iommu_next_mock_drive {
	__u32 size;
	__u32 device_id;
	__u32 op;
	__s32 iommu_fd;
	__u32 pt_id;
	__u32 out_dev_id;
};

#define IOMMU_NEXT_MOCK_DRIVE _IO(IOMMU_NEXT_MOCK_TYPE, 12)

/**
 * enum iommu_next_mock_access_flags - how an access is
 * @IOMMU_NEXT_MOCK_ACCESS_PINS: it can pin pages
 * @IOMMU_NEXT_MOCK_ACCESS_REFUSES: it does not let go of them when asked
 */
enum iommu_next_mock_access_flags {
	IOMMU_NEXT_MOCK_ACCESS_PINS = 1 << 0,
	IOMMU_NEXT_MOCK_ACCESS_REFUSES = 1 << 1,
};

/**
 * struct iommu_next_mock_access_alloc - ioctl(IOMMU_NEXT_MOCK_ACCESS_ALLOC)
 * @size: sizeof(struct iommu_next_mock_access_alloc)
 * @flags: of enum iommu_next_mock_access_flags
 * @iommu_fd: a file of /dev/iommu-next
 * @out_fd: a file that stands for the access, which is gone when it is closed
 * @out_access_id: ID of the access on @iommu_fd
 * @__reserved: 0
 *
 * Make an access of a driver: somebody who touches memory of an IOAS by the
 * CPU. It is attached to none.
 *
 * Errors: EBADF, EBADFD, EINVAL, E2BIG, EOPNOTSUPP, EMFILE, ENOMEM.
 */
struct iommu_next_mock_access_alloc {
	__u32 size;
	__u32 flags;
	__s32 iommu_fd;
	__s32 out_fd;
	__u32 out_access_id;
	__u32 __reserved;
};

#define IOMMU_NEXT_MOCK_ACCESS_ALLOC _IO(IOMMU_NEXT_MOCK_TYPE, 6)

/**
 * struct iommu_next_mock_access_attach - ioctl(IOMMU_NEXT_MOCK_ACCESS_ATTACH)
 * @size: sizeof(struct iommu_next_mock_access_attach)
 * @ioas_id: the IOAS, another one than before if it is attached; 0 to detach
 *
 * On the file of an access.
 *
 * Errors: ENOENT, EADDRINUSE, EINVAL, E2BIG.
 */
struct iommu_next_mock_access_attach {
	__u32 size;
	__u32 ioas_id;
};

#define IOMMU_NEXT_MOCK_ACCESS_ATTACH _IO(IOMMU_NEXT_MOCK_TYPE, 7)

/**
 * enum iommu_next_mock_access_rw_flags - what an access does
 * @IOMMU_NEXT_MOCK_ACCESS_WRITE: write to memory; else read from it
 * @IOMMU_NEXT_MOCK_ACCESS_PINNED: RW: through the pages of a pin
 */
enum iommu_next_mock_access_rw_flags {
	IOMMU_NEXT_MOCK_ACCESS_WRITE = 1 << 0,
	IOMMU_NEXT_MOCK_ACCESS_PINNED = 1 << 1,
};

/**
 * struct iommu_next_mock_access_pin - pin pages, or let go of them
 * @size: sizeof(struct iommu_next_mock_access_pin)
 * @flags: of enum iommu_next_mock_access_rw_flags, without PINNED
 * @iova: first byte
 * @length: bytes, at most 64 MiB
 * @pin_id: PIN: gets a number for the pin, never 0; UNPIN: which
 * @__reserved: 0
 *
 * ioctl(IOMMU_NEXT_MOCK_ACCESS_PIN), and ioctl(IOMMU_NEXT_MOCK_ACCESS_UNPIN)
 * which looks at @pin_id only. On the file of an access.
 *
 * Errors: ENOENT, EPERM, EFAULT, EINVAL, EOVERFLOW, E2BIG, EOPNOTSUPP, ENOMEM.
 */
struct iommu_next_mock_access_pin {
	__u32 size;
	__u32 flags;
	__aligned_u64 iova;
	__aligned_u64 length;
	__u32 pin_id;
	__u32 __reserved;
};

#define IOMMU_NEXT_MOCK_ACCESS_PIN _IO(IOMMU_NEXT_MOCK_TYPE, 8)
#define IOMMU_NEXT_MOCK_ACCESS_UNPIN _IO(IOMMU_NEXT_MOCK_TYPE, 9)

/**
 * struct iommu_next_mock_access_rw - ioctl(IOMMU_NEXT_MOCK_ACCESS_RW)
 * @size: sizeof(struct iommu_next_mock_access_rw)
 * @flags: of enum iommu_next_mock_access_rw_flags
 * @iova: where; with PINNED counted from the first page of the pin
 * @length: bytes, at most 64 MiB
 * @data: the other side
 * @pin_id: with PINNED: which
 * @__reserved: 0
 *
 * Copy bytes. On the file of an access.
 *
 * Errors: as IOMMU_NEXT_MOCK_ACCESS_PIN.
 */
struct iommu_next_mock_access_rw {
	__u32 size;
	__u32 flags;
	__aligned_u64 iova;
	__aligned_u64 length;
	__aligned_u64 data;
	__u32 pin_id;
	__u32 __reserved;
};

#define IOMMU_NEXT_MOCK_ACCESS_RW _IO(IOMMU_NEXT_MOCK_TYPE, 10)

/**
 * struct iommu_next_mock_access_stats - ioctl(IOMMU_NEXT_MOCK_ACCESS_STATS)
 * @size: sizeof(struct iommu_next_mock_access_stats)
 * @pins: pins that there are
 * @unmaps: times that it was asked to let go
 * @__reserved: 0
 * @iova: what the last time was about: first byte
 * @length: bytes
 *
 * On the file of an access.
 *
 * Errors: EINVAL, E2BIG.
 */
struct iommu_next_mock_access_stats {
	__u32 size;
	__u32 pins;
	__u32 unmaps;
	__u32 __reserved;
	__aligned_u64 iova;
	__aligned_u64 length;
};

#define IOMMU_NEXT_MOCK_ACCESS_STATS _IO(IOMMU_NEXT_MOCK_TYPE, 11)

#define IOMMU_NEXT_MOCK_DMABUF_PIECES 16
#define IOMMU_NEXT_MOCK_DMABUF_LENGTH 0x200000

/**
 * struct iommu_next_mock_dmabuf - ioctl(IOMMU_NEXT_MOCK_DMABUF)
 * @size: sizeof(struct iommu_next_mock_dmabuf)
 * @pieces: that its memory lies in, 1 to IOMMU_NEXT_MOCK_DMABUF_PIECES
 * @length: bytes of each, 1 to IOMMU_NEXT_MOCK_DMABUF_LENGTH; rounded up to
 *	whole pages
 * @flags: of open(): how the file is opened
 * @out_fd: the dma-buf
 *
 * Make memory of a device that devices can reach by IOMMU_NEXT_IOAS_MAP_FILE,
 * zeroed. It belongs to nothing but its file and what is mapped of it.
 *
 * Errors: EINVAL, E2BIG, ENOMEM, EMFILE; EOPNOTSUPP from a kernel without
 * dma-bufs.
 */
struct iommu_next_mock_dmabuf {
	__u32 size;
	__u32 pieces;
	__aligned_u64 length;
	__u32 flags;
	__s32 out_fd;
};

#define IOMMU_NEXT_MOCK_DMABUF _IO(IOMMU_NEXT_MOCK_TYPE, 13)

/**
 * struct iommu_next_mock_dmabuf_revoke - ioctl(IOMMU_NEXT_MOCK_DMABUF_REVOKE)
 * @size: sizeof(struct iommu_next_mock_dmabuf_revoke)
 * @fd: a dma-buf from IOMMU_NEXT_MOCK_DMABUF
 * @revoked: 1 to take its memory back, 0 to offer it again
 * @__reserved: 0
 *
 * Errors: EINVAL, E2BIG, EBADF; EOPNOTSUPP (@__reserved, or a dma-buf of
 * somebody else).
 */
struct iommu_next_mock_dmabuf_revoke {
	__u32 size;
	__s32 fd;
	__u32 revoked;
	__u32 __reserved;
};

#define IOMMU_NEXT_MOCK_DMABUF_REVOKE _IO(IOMMU_NEXT_MOCK_TYPE, 14)

#define IOMMU_NEXT_MOCK_REQUEST_MAX 512

/**
 * struct iommu_next_mock_page_request - ask for pages
 * @argsz: bytes of this struct
 * @pasid: of the requests, 0 for none
 * @grpid: index of the group
 * @perm: of enum iommu_next_hwpt_pgfault_perm
 * @addr: of the first page
 * @count: pages of 4 KiB, 1 to IOMMU_NEXT_MOCK_REQUEST_MAX; a request for each,
 *	all in one group
 * @__reserved: 0
 *
 * ioctl(IOMMU_NEXT_MOCK_PAGE_REQUEST), on a device file. Does not wait for the
 * answer.
 *
 * Errors: EINVAL, ENXIO when what the device is attached to delivers no faults,
 * EFAULT, ENOMEM.
 */
struct iommu_next_mock_page_request {
	__u32 argsz;
	__u32 pasid;
	__u32 grpid;
	__u32 perm;
	__aligned_u64 addr;
	__u32 count;
	__u32 __reserved;
};

#define IOMMU_NEXT_MOCK_PAGE_REQUEST _IO(IOMMU_NEXT_MOCK_TYPE, 16)

/**
 * struct iommu_next_mock_page_answer - what was answered
 * @argsz: bytes of this struct
 * @out_pasid: of the group that was answered
 * @out_grpid: likewise
 * @out_code: of enum iommu_next_page_response_code
 *
 * ioctl(IOMMU_NEXT_MOCK_PAGE_ANSWER), on a device file: the oldest answer that
 * was not told yet, of the last 64.
 *
 * Errors: EINVAL, EAGAIN when there is none, EFAULT.
 */
struct iommu_next_mock_page_answer {
	__u32 argsz;
	__u32 out_pasid;
	__u32 out_grpid;
	__u32 out_code;
};

#define IOMMU_NEXT_MOCK_PAGE_ANSWER _IO(IOMMU_NEXT_MOCK_TYPE, 17)

/**
 * enum iommu_next_mock_emulated_op - what the device is told to do
 * @IOMMU_NEXT_MOCK_EMULATED_PIN: pin @length bytes of pages; returns how many
 * @IOMMU_NEXT_MOCK_EMULATED_UNPIN: unpin those of them that are pinned
 * @IOMMU_NEXT_MOCK_EMULATED_POKE: write the byte @data to each page that is
 *	pinned in the range, at @iova's offset; returns how many
 * @IOMMU_NEXT_MOCK_EMULATED_RW: copy @length bytes, at most 64 KiB, to @data; the
 *	other way with WRITE
 * @IOMMU_NEXT_MOCK_EMULATED_KEEP: do not let go when asked to, or do: @data
 * @IOMMU_NEXT_MOCK_EMULATED_STATS: how often it was asked to let go (@data), and
 *	of what the last time (@iova, @length)
 */
enum iommu_next_mock_emulated_op {
	IOMMU_NEXT_MOCK_EMULATED_PIN = 0,
	IOMMU_NEXT_MOCK_EMULATED_UNPIN = 1,
	IOMMU_NEXT_MOCK_EMULATED_POKE = 2,
	IOMMU_NEXT_MOCK_EMULATED_RW = 3,
	IOMMU_NEXT_MOCK_EMULATED_KEEP = 4,
	IOMMU_NEXT_MOCK_EMULATED_STATS = 5,
};

/**
 * enum iommu_next_mock_emulated_flags - how
 * @IOMMU_NEXT_MOCK_EMULATED_WRITE: for writing
 * @IOMMU_NEXT_MOCK_EMULATED_KTHREAD: by a thread of the kernel
 */
enum iommu_next_mock_emulated_flags {
	IOMMU_NEXT_MOCK_EMULATED_WRITE = 1 << 0,
	IOMMU_NEXT_MOCK_EMULATED_KTHREAD = 1 << 1,
};

/**
 * struct iommu_next_mock_emulated - ioctl(IOMMU_NEXT_MOCK_EMULATED)
 * @op: of enum iommu_next_mock_emulated_op
 * @flags: of enum iommu_next_mock_emulated_flags
 * @iova: first byte
 * @length: bytes
 * @data: as @op says
 *
 * On the VFIO device that iommu_next_mock_vfio is, in a container of VFIO.
 *
 * Errors: what vfio_pin_pages() and vfio_dma_rw() return; EEXIST for what is
 * pinned already; E2BIG.
 */
struct iommu_next_mock_emulated {
	__u32 op;
	__u32 flags;
	__aligned_u64 iova;
	__aligned_u64 length;
	__aligned_u64 data;
};

#define IOMMU_NEXT_MOCK_EMULATED _IO(IOMMU_NEXT_MOCK_TYPE, 32)

/*
 * Region 0, behind the registers of "edu": why the last DMA was refused (32
 * bits, of enum iommu_next_mock_fault) and where (64 bits). Read only.
 */
#define IOMMU_NEXT_MOCK_REG_FAULT 0xc0
#define IOMMU_NEXT_MOCK_REG_FAULT_IOVA 0xc8

#endif
