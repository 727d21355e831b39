/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * iommu-next: the modern IOMMU uAPI on kernels that were built without it.
 *
 * Every number, layout and errno of type ';' below answers as Linux 7.3's
 * <linux/iommufd.h> does, under names of our own so that both headers can be
 * included in one file. tests/uapi/abi_test.c compares the two.
 */
#ifndef _UAPI_LINUX_IOMMU_NEXT_H
#define _UAPI_LINUX_IOMMU_NEXT_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: conventions
 *
 * A file descriptor of /dev/iommu-next holds a namespace of objects. Each has
 * a 32 bit ID, never 0, that is valid on this file only. Closing the last
 * reference to the file destroys what is left in it.
 *
 * The argument of every ioctl is a pointer to a struct whose first __u32 is
 * the size of that struct as the caller knows it. A caller built against an
 * older header passes a smaller size and the kernel takes the missing tail as
 * zero; a caller built against a newer header passes a larger one, which is
 * accepted as long as the bytes this kernel does not know are zero.
 *
 * What an errno means, in every ioctl:
 *
 * ========== ==============================================================
 * ENOTTY     no such ioctl number here
 * EINVAL     a field is wrong, or the struct ends before its last
 *            mandatory field
 * E2BIG      bytes behind the struct this kernel knows are not zero, or the
 *            size is over a page
 * EOPNOTSUPP a flag, a reserved field or an option has a value that this
 *            kernel does not know, or the hardware cannot do it
 * ENOENT     no object has that ID, or it is of another kind; no mapping
 *            at that IOVA
 * EBUSY      the object is in use by another object
 * ENOMEM     out of memory, or over RLIMIT_MEMLOCK
 * EOVERFLOW  the sum of two fields does not fit in 64 bits
 * EFAULT     a user pointer cannot be read or written
 * ENODEV     the device behind the object has gone
 * ========== ==============================================================
 *
 * IOVAs and lengths are in bytes. A range is [iova, iova + length - 1]; a
 * member called 'last' is inclusive.
 */

#define IOMMU_NEXT_TYPE (';')

enum {
	IOMMU_NEXT_CMD_BASE = 0x80,
	IOMMU_NEXT_CMD_DESTROY = IOMMU_NEXT_CMD_BASE,
	IOMMU_NEXT_CMD_IOAS_ALLOC = 0x81,
	IOMMU_NEXT_CMD_IOAS_ALLOW_IOVAS = 0x82,
	IOMMU_NEXT_CMD_IOAS_COPY = 0x83,
	IOMMU_NEXT_CMD_IOAS_IOVA_RANGES = 0x84,
	IOMMU_NEXT_CMD_IOAS_MAP = 0x85,
	IOMMU_NEXT_CMD_IOAS_UNMAP = 0x86,
	IOMMU_NEXT_CMD_OPTION = 0x87,
	IOMMU_NEXT_CMD_VFIO_IOAS = 0x88,
	IOMMU_NEXT_CMD_HWPT_ALLOC = 0x89,
	IOMMU_NEXT_CMD_GET_HW_INFO = 0x8a,
	IOMMU_NEXT_CMD_HWPT_SET_DIRTY_TRACKING = 0x8b,
	IOMMU_NEXT_CMD_HWPT_GET_DIRTY_BITMAP = 0x8c,
	IOMMU_NEXT_CMD_HWPT_INVALIDATE = 0x8d,
	IOMMU_NEXT_CMD_FAULT_QUEUE_ALLOC = 0x8e,
	IOMMU_NEXT_CMD_IOAS_MAP_FILE = 0x8f,
	IOMMU_NEXT_CMD_VIOMMU_ALLOC = 0x90,
	IOMMU_NEXT_CMD_VDEVICE_ALLOC = 0x91,
	IOMMU_NEXT_CMD_IOAS_CHANGE_PROCESS = 0x92,
	IOMMU_NEXT_CMD_VEVENTQ_ALLOC = 0x93,
	IOMMU_NEXT_CMD_HW_QUEUE_ALLOC = 0x94,
	IOMMU_NEXT_CMD_IOAS_NOIOMMU_GET_PA = 0x95,
};

/**
 * struct iommu_next_destroy - ioctl(IOMMU_NEXT_DESTROY)
 * @size: sizeof(struct iommu_next_destroy)
 * @id: the object to destroy, of any kind that this ioctl family creates
 *
 * The ID is free again when the call returns. It never waits for another
 * thread: what an ioctl that is still running holds of the object goes when
 * that ioctl ends.
 *
 * Errors: ENOENT; EBUSY while another object is built on this one (an HWPT on
 * its IOAS, a bound device, an attached HWPT).
 */
struct iommu_next_destroy {
	__u32 size;
	__u32 id;
};

#define IOMMU_NEXT_DESTROY _IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_DESTROY)

/**
 * struct iommu_next_ioas_alloc - ioctl(IOMMU_NEXT_IOAS_ALLOC)
 * @size: sizeof(struct iommu_next_ioas_alloc)
 * @flags: 0
 * @out_ioas_id: ID of the new IO address space
 *
 * Make an empty IO address space (IOAS): a map from IOVA to memory that can
 * stand behind any number of hardware page tables.
 *
 * Errors: EOPNOTSUPP (@flags), ENOMEM.
 */
struct iommu_next_ioas_alloc {
	__u32 size;
	__u32 flags;
	__u32 out_ioas_id;
};

#define IOMMU_NEXT_IOAS_ALLOC _IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_IOAS_ALLOC)

/**
 * struct iommu_next_iova_range - an interval of IOVA
 * @start: first byte
 * @last: last byte, inclusive
 */
struct iommu_next_iova_range {
	__aligned_u64 start;
	__aligned_u64 last;
};

/**
 * struct iommu_next_ioas_iova_ranges - ioctl(IOMMU_NEXT_IOAS_IOVA_RANGES)
 * @size: sizeof(struct iommu_next_ioas_iova_ranges)
 * @ioas_id: the IOAS to ask
 * @num_iovas: in: room in @allowed_iovas, in ranges; out: ranges that exist
 * @__reserved: 0
 * @allowed_iovas: user pointer to an array of struct iommu_next_iova_range
 * @out_iova_alignment: start and length of every mapping must be a multiple
 *                      of this; 1 to PAGE_SIZE
 *
 * Which IOVAs can be mapped. The answer narrows when a device with reserved
 * regions or a smaller aperture is attached and widens when it is detached.
 *
 * Errors: EMSGSIZE when @num_iovas was too small; the array is then filled as
 * far as it goes and @num_iovas says how many there are. ENOENT, EOPNOTSUPP,
 * EFAULT.
 */
struct iommu_next_ioas_iova_ranges {
	__u32 size;
	__u32 ioas_id;
	__u32 num_iovas;
	__u32 __reserved;
	__aligned_u64 allowed_iovas;
	__aligned_u64 out_iova_alignment;
};

#define IOMMU_NEXT_IOAS_IOVA_RANGES \
	_IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_IOAS_IOVA_RANGES)

/**
 * struct iommu_next_ioas_allow_iovas - ioctl(IOMMU_NEXT_IOAS_ALLOW_IOVAS)
 * @size: sizeof(struct iommu_next_ioas_allow_iovas)
 * @ioas_id: the IOAS to change
 * @num_iovas: ranges in @allowed_iovas; 0 lifts an earlier list
 * @__reserved: 0
 * @allowed_iovas: user pointer to an array of struct iommu_next_iova_range
 *
 * Fence off IOVAs that must stay available: an attach that would take one of
 * them away fails with EADDRINUSE from now on, and a mapping whose place the
 * kernel chooses is put inside the list. The list replaces the one before.
 *
 * Errors: EADDRINUSE when a range is not available now; EINVAL for a range of
 * less than two bytes or one that meets another; ENOENT, EOPNOTSUPP, EFAULT,
 * ENOMEM. After an error the former list stands.
 */
struct iommu_next_ioas_allow_iovas {
	__u32 size;
	__u32 ioas_id;
	__u32 num_iovas;
	__u32 __reserved;
	__aligned_u64 allowed_iovas;
};

#define IOMMU_NEXT_IOAS_ALLOW_IOVAS \
	_IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_IOAS_ALLOW_IOVAS)

/**
 * enum iommu_next_ioas_map_flags - flags of MAP, MAP_FILE and COPY
 * @IOMMU_NEXT_IOAS_MAP_FIXED_IOVA: the caller gives the IOVA; without it the
 *                                  kernel chooses one
 * @IOMMU_NEXT_IOAS_MAP_WRITEABLE: a device may write to the memory
 * @IOMMU_NEXT_IOAS_MAP_READABLE: a device may read the memory
 *
 * At least one of WRITEABLE and READABLE is needed, else EINVAL.
 */
enum iommu_next_ioas_map_flags {
	IOMMU_NEXT_IOAS_MAP_FIXED_IOVA = 1 << 0,
	IOMMU_NEXT_IOAS_MAP_WRITEABLE = 1 << 1,
	IOMMU_NEXT_IOAS_MAP_READABLE = 1 << 2,
};

/**
 * struct iommu_next_ioas_map - ioctl(IOMMU_NEXT_IOAS_MAP)
 * @size: sizeof(struct iommu_next_ioas_map)
 * @flags: of enum iommu_next_ioas_map_flags
 * @ioas_id: the IOAS to map into
 * @__reserved: 0
 * @user_va: first byte of the memory, in the caller's address space
 * @length: bytes, not 0, a multiple of the IOAS's alignment
 * @iova: in with FIXED_IOVA: where to map; out: where the mapping is
 *
 * Make memory of the calling process visible to devices. While a page table
 * or an in-kernel user stands behind the IOAS the pages are pinned, and
 * charged to RLIMIT_MEMLOCK (see enum iommu_next_option_id), once however many
 * page tables share them. An IOVA that the kernel chooses is not 0 and keeps
 * the alignment of @user_va, up to a huge page.
 *
 * Memory that the caller has mapped of a device file, a BAR, is mapped without
 * pins or charge, in one mapping of it. When the device is reset, disabled or
 * closed no other device reaches it any more; the IOVAs stay taken until UNMAP.
 *
 * Errors: EEXIST when a mapping meets the range; EINVAL for a range that is
 * reserved or misaligned; ENOSPC when the kernel finds no place; EFAULT for
 * memory that is not there or, WRITEABLE, not writable; ENOMEM; EOVERFLOW;
 * ENOENT; EOPNOTSUPP. After an error nothing is mapped, pinned or charged.
 */
struct iommu_next_ioas_map {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__u32 __reserved;
	__aligned_u64 user_va;
	__aligned_u64 length;
	__aligned_u64 iova;
};

#define IOMMU_NEXT_IOAS_MAP _IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_IOAS_MAP)

/**
 * struct iommu_next_ioas_map_file - ioctl(IOMMU_NEXT_IOAS_MAP_FILE)
 * @size: sizeof(struct iommu_next_ioas_map_file)
 * @flags: of enum iommu_next_ioas_map_flags
 * @ioas_id: the IOAS to map into
 * @fd: a memfd, or another file of tmpfs or hugetlbfs; or a dma-buf of a
 *	device's memory
 * @start: first byte, counted from the start of the file
 * @length: bytes, not 0, a multiple of the IOAS's alignment
 * @iova: as in struct iommu_next_ioas_map
 *
 * As IOMMU_NEXT_IOAS_MAP for memory that is named by a file: it needs no
 * mapping in any process and can outlive the process that made it. That the
 * file is long enough is looked at when the memory is pinned. While a mapping
 * is IOMMU_NEXT_IOAS_MAP_WRITEABLE the file cannot be sealed against writing.
 *
 * A dma-buf, from VFIO_DEVICE_FEATURE_DMA_BUF of a device file of ours, is mapped
 * without pins or charge, whatever it was opened for. When its memory is taken
 * back no device reaches it any more; the IOVAs stay taken until UNMAP.
 *
 * Errors: EBADF, EINVAL for a file of another kind or one that is too short,
 * EPERM when @fd is not open for reading, or IOMMU_NEXT_IOAS_MAP_WRITEABLE is
 * asked of one that is not open for writing or is sealed against it, ENODEV for
 * a dma-buf whose memory is not there now, EOPNOTSUPP for one of somebody else,
 * and those of IOMMU_NEXT_IOAS_MAP.
 */
struct iommu_next_ioas_map_file {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__s32 fd;
	__aligned_u64 start;
	__aligned_u64 length;
	__aligned_u64 iova;
};

#define IOMMU_NEXT_IOAS_MAP_FILE \
	_IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_IOAS_MAP_FILE)

/**
 * struct iommu_next_ioas_noiommu_get_pa - ask for a physical address
 * @size: sizeof(struct iommu_next_ioas_noiommu_get_pa)
 * @flags: 0
 * @ioas_id: an IOAS that a device without an IOMMU is attached to
 * @__reserved: 0
 * @iova: the byte asked for
 * @length: in: bytes of interest, not 0; out: bytes from @out_phys on that
 *          are physically contiguous, at most what was asked for
 * @out_phys: physical address of @iova
 *
 * ioctl(IOMMU_NEXT_IOAS_NOIOMMU_GET_PA), for devices that no IOMMU stands in
 * front of. Needs CAP_SYS_RAWIO.
 *
 * Errors: EPERM, ENOENT, EINVAL, EOVERFLOW, EOPNOTSUPP.
 */
struct iommu_next_ioas_noiommu_get_pa {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__u32 __reserved;
	__aligned_u64 iova;
	__aligned_u64 length;
	__aligned_u64 out_phys;
};

#define IOMMU_NEXT_IOAS_NOIOMMU_GET_PA \
	_IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_IOAS_NOIOMMU_GET_PA)

/**
 * struct iommu_next_ioas_copy - ioctl(IOMMU_NEXT_IOAS_COPY)
 * @size: sizeof(struct iommu_next_ioas_copy)
 * @flags: of enum iommu_next_ioas_map_flags
 * @dst_ioas_id: the IOAS to map into
 * @src_ioas_id: the IOAS to take the memory from; may be the same
 * @length: bytes, not 0, a multiple of the destination's alignment
 * @dst_iova: in with FIXED_IOVA: where to map; out: where the mapping is
 * @src_iova: first byte in the source; all of the range must be mapped
 *
 * Map memory that another IOAS maps already. Pages that are pinned are not
 * pinned or charged again. The copy stands when the source is unmapped.
 *
 * Errors: ENOENT when part of the source is not mapped; EPERM for WRITEABLE
 * when the memory was not given as WRITEABLE by the IOMMU_NEXT_IOAS_MAP that it
 * came by; and those of IOMMU_NEXT_IOAS_MAP.
 */
struct iommu_next_ioas_copy {
	__u32 size;
	__u32 flags;
	__u32 dst_ioas_id;
	__u32 src_ioas_id;
	__aligned_u64 length;
	__aligned_u64 dst_iova;
	__aligned_u64 src_iova;
};

#define IOMMU_NEXT_IOAS_COPY _IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_IOAS_COPY)

/**
 * struct iommu_next_ioas_unmap - ioctl(IOMMU_NEXT_IOAS_UNMAP)
 * @size: sizeof(struct iommu_next_ioas_unmap)
 * @ioas_id: the IOAS to unmap from
 * @iova: first byte
 * @length: in: bytes; out: bytes that were mapped and are so no more
 *
 * Remove every mapping inside the range, each as a whole. @iova 0 with
 * @length U64_MAX means all. When the call returns no device can reach the
 * memory by these IOVAs and no pin of theirs is left.
 *
 * Errors: ENOENT when nothing is mapped there (but not for "all"), or when a
 * mapping lies in the range only in part; EBUSY when another thread maps or
 * unmaps there right now, or a driver that has pinned a part of it for the CPU
 * does not let go; EINVAL, EOVERFLOW. After an error nothing is unmapped.
 */
struct iommu_next_ioas_unmap {
	__u32 size;
	__u32 ioas_id;
	__aligned_u64 iova;
	__aligned_u64 length;
};

#define IOMMU_NEXT_IOAS_UNMAP _IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_IOAS_UNMAP)

/**
 * enum iommu_next_option_id - options
 * @IOMMU_NEXT_OPTION_RLIMIT_MODE: whom pinned memory is charged to. 0, the
 *	default: the user, over all processes, as io_uring does. 1: the process
 *	(VmLck), as VFIO type1 does. For the whole file, object_id is 0; to set
 *	it needs CAP_SYS_RESOURCE (else EPERM) and a file without objects (else
 *	EBUSY).
 * @IOMMU_NEXT_OPTION_HUGE_PAGES: 1, the default: contiguous memory is mapped
 *	with the largest IO pages that fit. 0: every page has an entry of its
 *	own. object_id is an IOAS; EINVAL when a page table has mappings of it.
 */
enum iommu_next_option_id {
	IOMMU_NEXT_OPTION_RLIMIT_MODE = 0,
	IOMMU_NEXT_OPTION_HUGE_PAGES = 1,
};

/**
 * enum iommu_next_option_ops - what to do with an option
 * @IOMMU_NEXT_OPTION_OP_SET: set it to val64
 * @IOMMU_NEXT_OPTION_OP_GET: return it in val64
 */
enum iommu_next_option_ops {
	IOMMU_NEXT_OPTION_OP_SET = 0,
	IOMMU_NEXT_OPTION_OP_GET = 1,
};

/**
 * struct iommu_next_option - ioctl(IOMMU_NEXT_OPTION)
 * @size: sizeof(struct iommu_next_option)
 * @option_id: of enum iommu_next_option_id
 * @op: of enum iommu_next_option_ops
 * @__reserved: 0
 * @object_id: the object the option belongs to, or 0
 * @val64: the value
 *
 * Errors: EOPNOTSUPP for an unknown option or op, EINVAL for a value that the
 * option cannot take, and those named with each option.
 */
struct iommu_next_option {
	__u32 size;
	__u32 option_id;
	__u16 op;
	__u16 __reserved;
	__u32 object_id;
	__aligned_u64 val64;
};

#define IOMMU_NEXT_OPTION _IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_OPTION)

/**
 * enum iommu_next_vfio_ioas_op - what to do with the VFIO type1 IOAS
 * @IOMMU_NEXT_VFIO_IOAS_GET: return its ID
 * @IOMMU_NEXT_VFIO_IOAS_SET: make ioas_id the one
 * @IOMMU_NEXT_VFIO_IOAS_CLEAR: have none
 */
enum iommu_next_vfio_ioas_op {
	IOMMU_NEXT_VFIO_IOAS_GET = 0,
	IOMMU_NEXT_VFIO_IOAS_SET = 1,
	IOMMU_NEXT_VFIO_IOAS_CLEAR = 2,
};

/**
 * struct iommu_next_vfio_ioas - ioctl(IOMMU_NEXT_VFIO_IOAS)
 * @size: sizeof(struct iommu_next_vfio_ioas)
 * @ioas_id: in for SET, out for GET
 * @op: of enum iommu_next_vfio_ioas_op
 * @__reserved: 0
 *
 * The ioctls of a VFIO container (VFIO_SET_IOMMU, VFIO_IOMMU_MAP_DMA and so on,
 * <linux/vfio.h>) have no field for an ID: on this file they act on the IOAS that
 * is set here, and fail with ENODEV without one. Destroying the IOAS is to have
 * none.
 *
 * VFIO_SET_IOMMU chooses how the IOAS unmaps. VFIO_TYPE1v2_IOMMU: as
 * IOMMU_NEXT_IOAS_UNMAP, ENOENT for a part of a mapping. VFIO_TYPE1_IOMMU: any
 * whole pages; IOMMU_NEXT_OPTION_HUGE_PAGES becomes 0 for it, with the errors of
 * that.
 *
 * Errors: ENODEV (GET without one), ENOENT, EOPNOTSUPP.
 */
struct iommu_next_vfio_ioas {
	__u32 size;
	__u32 ioas_id;
	__u16 op;
	__u16 __reserved;
};

#define IOMMU_NEXT_VFIO_IOAS _IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_VFIO_IOAS)

/**
 * enum iommu_next_hwpt_alloc_flags - what a hardware page table must be able to
 * @IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT: be the second stage of nested ones
 * @IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING: record which pages devices wrote;
 *	a device that cannot is refused at attach
 * @IOMMU_NEXT_HWPT_FAULT_ID_VALID: deliver IO page faults to fault_id
 * @IOMMU_NEXT_HWPT_ALLOC_PASID: be attached to a PASID, or stand on the RID of
 *	a device that uses PASIDs
 */
enum iommu_next_hwpt_alloc_flags {
	IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT = 1 << 0,
	IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING = 1 << 1,
	IOMMU_NEXT_HWPT_FAULT_ID_VALID = 1 << 2,
	IOMMU_NEXT_HWPT_ALLOC_PASID = 1 << 3,
};

/**
 * enum iommu_next_hwpt_vtd_s1_flags - bits of a VT-d first-stage PASID entry
 * @IOMMU_NEXT_VTD_S1_SRE: supervisor requests are allowed
 * @IOMMU_NEXT_VTD_S1_EAFE: the extended accessed flag is kept
 * @IOMMU_NEXT_VTD_S1_WPE: write protection holds for supervisor requests
 *
 * VT-d specification, section 9.6, scalable-mode PASID table entry.
 */
enum iommu_next_hwpt_vtd_s1_flags {
	IOMMU_NEXT_VTD_S1_SRE = 1 << 0,
	IOMMU_NEXT_VTD_S1_EAFE = 1 << 1,
	IOMMU_NEXT_VTD_S1_WPE = 1 << 2,
};

/**
 * struct iommu_next_hwpt_vtd_s1 - a VT-d first-stage table owned by a guest
 * @flags: of enum iommu_next_hwpt_vtd_s1_flags
 * @pgtbl_addr: address of its root, in the IOVA space of the nesting parent
 * @addr_width: bits of input address, 48 or 57
 * @__reserved: 0
 */
struct iommu_next_hwpt_vtd_s1 {
	__aligned_u64 flags;
	__aligned_u64 pgtbl_addr;
	__u32 addr_width;
	__u32 __reserved;
};

/**
 * struct iommu_next_hwpt_arm_smmuv3 - an SMMUv3 stream table entry of a guest
 * @ste: words 0 and 1, little-endian. Taken: V, Cfg, S1Fmt, S1ContextPtr,
 *	S1CDMax of word 0; EATS, S1DSS, S1CIR, S1COR, S1CSH, S1STALLD of word 1
 *
 * SMMUv3 architecture, section 5.2. EIO when another bit is set.
 */
struct iommu_next_hwpt_arm_smmuv3 {
	__aligned_le64 ste[2];
};

/**
 * struct iommu_next_hwpt_amd_guest - an AMD device table entry of a guest
 * @dte: the 256 bit entry
 */
struct iommu_next_hwpt_amd_guest {
	__aligned_u64 dte[4];
};

/**
 * enum iommu_next_hwpt_data_type - format of what data_uptr points to
 * @IOMMU_NEXT_HWPT_DATA_NONE: nothing; a page table of the kernel
 * @IOMMU_NEXT_HWPT_DATA_VTD_S1: struct iommu_next_hwpt_vtd_s1
 * @IOMMU_NEXT_HWPT_DATA_ARM_SMMUV3: struct iommu_next_hwpt_arm_smmuv3
 * @IOMMU_NEXT_HWPT_DATA_AMD_GUEST: struct iommu_next_hwpt_amd_guest
 */
enum iommu_next_hwpt_data_type {
	IOMMU_NEXT_HWPT_DATA_NONE = 0,
	IOMMU_NEXT_HWPT_DATA_VTD_S1 = 1,
	IOMMU_NEXT_HWPT_DATA_ARM_SMMUV3 = 2,
	IOMMU_NEXT_HWPT_DATA_AMD_GUEST = 3,
};

/**
 * struct iommu_next_hwpt_alloc - ioctl(IOMMU_NEXT_HWPT_ALLOC)
 * @size: sizeof(struct iommu_next_hwpt_alloc)
 * @flags: of enum iommu_next_hwpt_alloc_flags
 * @dev_id: a bound device whose IOMMU the table is for
 * @pt_id: an IOAS for a table of the kernel; an HWPT made with NEST_PARENT, or
 *	a virtual IOMMU, for a nested one
 * @out_hwpt_id: ID of the new HWPT
 * @__reserved: 0
 * @data_type: of enum iommu_next_hwpt_data_type
 * @data_len: bytes at @data_uptr; 0 with, and only with, DATA_NONE
 * @data_uptr: user pointer to what @data_type names
 * @fault_id: a fault queue, with IOMMU_NEXT_HWPT_FAULT_ID_VALID
 * @__reserved2: 0
 *
 * Make a hardware page table (HWPT). On an IOAS it holds what the IOAS maps
 * and follows every change of it.
 *
 * Errors: EINVAL when @pt_id is no object, or cannot be a parent; ENOENT for
 * @dev_id; EADDRINUSE when the IOAS maps or allows what the IOMMU cannot
 * reach; EFAULT when memory that it maps is not there (any more); EOPNOTSUPP;
 * ENOMEM.
 */
struct iommu_next_hwpt_alloc {
	__u32 size;
	__u32 flags;
	__u32 dev_id;
	__u32 pt_id;
	__u32 out_hwpt_id;
	__u32 __reserved;
	__u32 data_type;
	__u32 data_len;
	__aligned_u64 data_uptr;
	__u32 fault_id;
	__u32 __reserved2;
};

#define IOMMU_NEXT_HWPT_ALLOC _IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_HWPT_ALLOC)

/**
 * enum iommu_next_hw_info_vtd_flags - errata of a VT-d unit
 * @IOMMU_NEXT_HW_INFO_VTD_ERRATA_772415_SPR17: a nesting parent must not have
 *	read-only mappings
 */
enum iommu_next_hw_info_vtd_flags {
	IOMMU_NEXT_HW_INFO_VTD_ERRATA_772415_SPR17 = 1 << 0,
};

/**
 * struct iommu_next_hw_info_vtd - what a VT-d unit says of itself
 * @flags: of enum iommu_next_hw_info_vtd_flags
 * @__reserved: 0
 * @cap_reg: Capability Register, VT-d specification 11.4.2
 * @ecap_reg: Extended Capability Register, VT-d specification 11.4.3
 */
struct iommu_next_hw_info_vtd {
	__u32 flags;
	__u32 __reserved;
	__aligned_u64 cap_reg;
	__aligned_u64 ecap_reg;
};

/**
 * enum iommu_next_hw_info_arm_smmuv3_flags - errata of an SMMUv3
 * @IOMMU_NEXT_HW_INFO_ARM_SMMUV3_ERRATA_REPEAT_TLBI_CFGI: TLBI and CFGI
 *	commands with their sync are to be issued twice
 */
enum iommu_next_hw_info_arm_smmuv3_flags {
	IOMMU_NEXT_HW_INFO_ARM_SMMUV3_ERRATA_REPEAT_TLBI_CFGI = 1 << 0,
};

/**
 * struct iommu_next_hw_info_arm_smmuv3 - what an SMMUv3 says of itself
 * @flags: of enum iommu_next_hw_info_arm_smmuv3_flags
 * @__reserved: 0
 * @idr: SMMU_IDR0 to SMMU_IDR5, raw
 * @iidr: SMMU_IIDR, raw
 * @aidr: SMMU_AIDR, raw
 *
 * SMMUv3 architecture, sections 6.3.1 to 6.3.6. Bits that concern only the
 * host are to be ignored.
 */
struct iommu_next_hw_info_arm_smmuv3 {
	__u32 flags;
	__u32 __reserved;
	__u32 idr[6];
	__u32 iidr;
	__u32 aidr;
};

/**
 * struct iommu_next_hw_info_tegra241_cmdqv - a Tegra241 CMDQ-V unit
 * @flags: 0
 * @version: PARAM bits 3:0
 * @log2vcmdqs: log2 of the number of virtual command queues, PARAM bits 7:4
 * @log2vsids: log2 of the number of stream ID slots, PARAM bits 15:12
 * @__reserved: 0
 */
struct iommu_next_hw_info_tegra241_cmdqv {
	__u32 flags;
	__u8 version;
	__u8 log2vcmdqs;
	__u8 log2vsids;
	__u8 __reserved;
};

/**
 * struct iommu_next_hw_info_amd - what an AMD IOMMU says of itself
 * @efr: Extended Feature Register, MMIO offset 0030h, raw
 * @efr2: Extended Feature 2 Register, MMIO offset 01A0h, raw
 */
struct iommu_next_hw_info_amd {
	__aligned_u64 efr;
	__aligned_u64 efr2;
};

/**
 * enum iommu_next_hw_info_type - format of the hardware information
 * @IOMMU_NEXT_HW_INFO_TYPE_NONE: out: there is none
 * @IOMMU_NEXT_HW_INFO_TYPE_DEFAULT: in: what the IOMMU has
 * @IOMMU_NEXT_HW_INFO_TYPE_INTEL_VTD: struct iommu_next_hw_info_vtd
 * @IOMMU_NEXT_HW_INFO_TYPE_ARM_SMMUV3: struct iommu_next_hw_info_arm_smmuv3
 * @IOMMU_NEXT_HW_INFO_TYPE_TEGRA241_CMDQV:
 *	struct iommu_next_hw_info_tegra241_cmdqv
 * @IOMMU_NEXT_HW_INFO_TYPE_AMD: struct iommu_next_hw_info_amd
 */
enum iommu_next_hw_info_type {
	IOMMU_NEXT_HW_INFO_TYPE_NONE = 0,
	IOMMU_NEXT_HW_INFO_TYPE_DEFAULT = 0,
	IOMMU_NEXT_HW_INFO_TYPE_INTEL_VTD = 1,
	IOMMU_NEXT_HW_INFO_TYPE_ARM_SMMUV3 = 2,
	IOMMU_NEXT_HW_INFO_TYPE_TEGRA241_CMDQV = 3,
	IOMMU_NEXT_HW_INFO_TYPE_AMD = 4,
};

/**
 * enum iommu_next_hw_capabilities - what works for a device
 * @IOMMU_NEXT_HW_CAP_DIRTY_TRACKING: IOMMU_NEXT_HWPT_SET_DIRTY_TRACKING and
 *	IOMMU_NEXT_HWPT_GET_DIRTY_BITMAP
 * @IOMMU_NEXT_HW_CAP_PCI_PASID_EXEC: execute requests with a PASID; only of
 *	meaning when out_max_pasid_log2 is not 0
 * @IOMMU_NEXT_HW_CAP_PCI_PASID_PRIV: privileged requests with a PASID;
 *	likewise
 * @IOMMU_NEXT_HW_CAP_PCI_ATS_NOT_SUPPORTED: ATS is never enabled here
 */
enum iommu_next_hw_capabilities {
	IOMMU_NEXT_HW_CAP_DIRTY_TRACKING = 1 << 0,
	IOMMU_NEXT_HW_CAP_PCI_PASID_EXEC = 1 << 1,
	IOMMU_NEXT_HW_CAP_PCI_PASID_PRIV = 1 << 2,
	IOMMU_NEXT_HW_CAP_PCI_ATS_NOT_SUPPORTED = 1 << 3,
};

/**
 * enum iommu_next_hw_info_flags - flags of IOMMU_NEXT_GET_HW_INFO
 * @IOMMU_NEXT_HW_INFO_FLAG_INPUT_TYPE: in_data_type says which format is
 *	wanted
 */
enum iommu_next_hw_info_flags {
	IOMMU_NEXT_HW_INFO_FLAG_INPUT_TYPE = 1 << 0,
};

/**
 * struct iommu_next_hw_info - ioctl(IOMMU_NEXT_GET_HW_INFO)
 * @size: sizeof(struct iommu_next_hw_info)
 * @flags: of enum iommu_next_hw_info_flags
 * @dev_id: a bound device
 * @data_len: in: room at @data_uptr, may be 0; out: bytes that exist
 * @data_uptr: user pointer to where the information goes; what is longer than
 *	the information is set to zero
 * @in_data_type: of enum iommu_next_hw_info_type, with FLAG_INPUT_TYPE
 * @out_data_type: of enum iommu_next_hw_info_type
 * @out_max_pasid_log2: width of a PASID in bits, 0 when there are none
 * @__reserved: 0
 * @out_capabilities: of enum iommu_next_hw_capabilities
 *
 * Errors: ENOENT, EOPNOTSUPP, EFAULT, ENOMEM.
 */
struct iommu_next_hw_info {
	__u32 size;
	__u32 flags;
	__u32 dev_id;
	__u32 data_len;
	__aligned_u64 data_uptr;
	union {
		__u32 in_data_type;
		__u32 out_data_type;
	};
	__u8 out_max_pasid_log2;
	__u8 __reserved[3];
	__aligned_u64 out_capabilities;
};

#define IOMMU_NEXT_GET_HW_INFO \
	_IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_GET_HW_INFO)

/**
 * enum iommu_next_hwpt_set_dirty_tracking_flags - dirty tracking
 * @IOMMU_NEXT_HWPT_DIRTY_TRACKING_ENABLE: turn it on; without it, off
 */
enum iommu_next_hwpt_set_dirty_tracking_flags {
	IOMMU_NEXT_HWPT_DIRTY_TRACKING_ENABLE = 1,
};

/**
 * struct iommu_next_hwpt_set_dirty_tracking - track what devices write
 * @size: sizeof(struct iommu_next_hwpt_set_dirty_tracking)
 * @flags: of enum iommu_next_hwpt_set_dirty_tracking_flags
 * @hwpt_id: an HWPT made with IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING
 * @__reserved: 0
 *
 * ioctl(IOMMU_NEXT_HWPT_SET_DIRTY_TRACKING). Turning it on starts from a clean
 * table, also when it is on. Turning it off leaves what was recorded to be
 * read. @__reserved is not looked at, as in Linux.
 *
 * Errors: ENOENT; EOPNOTSUPP for @flags, and for an HWPT without dirty
 * tracking; EINTR when the caller is being killed; what the driver says.
 */
struct iommu_next_hwpt_set_dirty_tracking {
	__u32 size;
	__u32 flags;
	__u32 hwpt_id;
	__u32 __reserved;
};

#define IOMMU_NEXT_HWPT_SET_DIRTY_TRACKING \
	_IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_HWPT_SET_DIRTY_TRACKING)

/**
 * enum iommu_next_hwpt_get_dirty_bitmap_flags - reading dirty bits
 * @IOMMU_NEXT_HWPT_GET_DIRTY_BITMAP_NO_CLEAR: leave the bits set; for a range
 *	that is unmapped next
 */
enum iommu_next_hwpt_get_dirty_bitmap_flags {
	IOMMU_NEXT_HWPT_GET_DIRTY_BITMAP_NO_CLEAR = 1,
};

/**
 * struct iommu_next_hwpt_get_dirty_bitmap - read what devices have written
 * @size: sizeof(struct iommu_next_hwpt_get_dirty_bitmap)
 * @hwpt_id: an HWPT with dirty tracking
 * @flags: of enum iommu_next_hwpt_get_dirty_bitmap_flags
 * @__reserved: 0
 * @iova: first byte, a multiple of @page_size and of the alignment that
 *	IOMMU_NEXT_IOAS_IOVA_RANGES tells
 * @length: bytes, likewise
 * @page_size: bytes that one bit stands for, a power of two
 * @data: user pointer to the bitmap, of any alignment; bit n stands for
 *	@iova + n * @page_size
 *
 * ioctl(IOMMU_NEXT_HWPT_GET_DIRTY_BITMAP). Set the bits of pages that were
 * written since they were last cleared, and clear them in the page table. Bits
 * are only ever set in the user's bitmap. What is not mapped reads as clean.
 * The IO page that was written decides: all bits of it are set, or the one that
 * it is a part of. What an error leaves unread stays dirty.
 *
 * Errors: EOVERFLOW for @length beyond the end of the address space; EINVAL for
 * what is not aligned; ENOENT; EOPNOTSUPP for @flags, and for an HWPT without
 * dirty tracking; EFAULT when there is a bit to set and the bitmap cannot be
 * written there; EINTR when the caller is being killed; ENOMEM.
 */
struct iommu_next_hwpt_get_dirty_bitmap {
	__u32 size;
	__u32 hwpt_id;
	__u32 flags;
	__u32 __reserved;
	__aligned_u64 iova;
	__aligned_u64 length;
	__aligned_u64 page_size;
	__aligned_u64 data;
};

#define IOMMU_NEXT_HWPT_GET_DIRTY_BITMAP \
	_IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_HWPT_GET_DIRTY_BITMAP)

/**
 * enum iommu_next_hwpt_invalidate_data_type - format of an invalidation
 * @IOMMU_NEXT_HWPT_INVALIDATE_DATA_VTD_S1:
 *	struct iommu_next_hwpt_vtd_s1_invalidate
 * @IOMMU_NEXT_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3:
 *	struct iommu_next_viommu_arm_smmuv3_invalidate
 */
enum iommu_next_hwpt_invalidate_data_type {
	IOMMU_NEXT_HWPT_INVALIDATE_DATA_VTD_S1 = 0,
	IOMMU_NEXT_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3 = 1,
};

/**
 * enum iommu_next_hwpt_vtd_s1_invalidate_flags - scope of an invalidation
 * @IOMMU_NEXT_VTD_INV_FLAGS_LEAF: only leaf entries have changed
 */
enum iommu_next_hwpt_vtd_s1_invalidate_flags {
	IOMMU_NEXT_VTD_INV_FLAGS_LEAF = 1 << 0,
};

/**
 * struct iommu_next_hwpt_vtd_s1_invalidate - one VT-d first-stage invalidation
 * @addr: first byte, 4 KiB aligned
 * @npages: 4 KiB pages from there on; @addr 0 with U64_MAX means all
 * @flags: of enum iommu_next_hwpt_vtd_s1_invalidate_flags
 * @__reserved: 0
 */
struct iommu_next_hwpt_vtd_s1_invalidate {
	__aligned_u64 addr;
	__aligned_u64 npages;
	__u32 flags;
	__u32 __reserved;
};

/**
 * struct iommu_next_viommu_arm_smmuv3_invalidate - one SMMUv3 command
 * @cmd: the 128 bit command, little-endian: a TLBI_NH, TLBI_NSNH, ATC_INV or
 *	CFGI_CD form. EIO for another one
 */
struct iommu_next_viommu_arm_smmuv3_invalidate {
	__aligned_le64 cmd[2];
};

/**
 * struct iommu_next_hwpt_invalidate - ioctl(IOMMU_NEXT_HWPT_INVALIDATE)
 * @size: sizeof(struct iommu_next_hwpt_invalidate)
 * @hwpt_id: a nested HWPT or a virtual IOMMU
 * @data_uptr: user pointer to an array of entries
 * @data_type: of enum iommu_next_hwpt_invalidate_data_type
 * @entry_len: bytes of one entry
 * @entry_num: in: entries; out: entries carried out, also after an error
 * @__reserved: 0
 *
 * Flush what the IOMMU has cached of tables that the user owns. With
 * @entry_num 0 it tells whether @data_type is known.
 *
 * Errors: ENOENT, EINVAL, EOPNOTSUPP, EFAULT, EIO.
 */
struct iommu_next_hwpt_invalidate {
	__u32 size;
	__u32 hwpt_id;
	__aligned_u64 data_uptr;
	__u32 data_type;
	__u32 entry_len;
	__u32 entry_num;
	__u32 __reserved;
};

#define IOMMU_NEXT_HWPT_INVALIDATE \
	_IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_HWPT_INVALIDATE)

/**
 * enum iommu_next_hwpt_pgfault_flags - flags of a fault
 * @IOMMU_NEXT_PGFAULT_FLAGS_PASID_VALID: pasid is meant
 * @IOMMU_NEXT_PGFAULT_FLAGS_LAST_PAGE: last fault of its group
 */
enum iommu_next_hwpt_pgfault_flags {
	IOMMU_NEXT_PGFAULT_FLAGS_PASID_VALID = (1 << 0),
	IOMMU_NEXT_PGFAULT_FLAGS_LAST_PAGE = (1 << 1),
};

/**
 * enum iommu_next_hwpt_pgfault_perm - what a faulting access wanted
 * @IOMMU_NEXT_PGFAULT_PERM_READ: to read
 * @IOMMU_NEXT_PGFAULT_PERM_WRITE: to write
 * @IOMMU_NEXT_PGFAULT_PERM_EXEC: to execute (PCIe 10.4.1)
 * @IOMMU_NEXT_PGFAULT_PERM_PRIV: to do so privileged (PCIe 10.4.1)
 */
enum iommu_next_hwpt_pgfault_perm {
	IOMMU_NEXT_PGFAULT_PERM_READ = (1 << 0),
	IOMMU_NEXT_PGFAULT_PERM_WRITE = (1 << 1),
	IOMMU_NEXT_PGFAULT_PERM_EXEC = (1 << 2),
	IOMMU_NEXT_PGFAULT_PERM_PRIV = (1 << 3),
};

/**
 * struct iommu_next_hwpt_pgfault - one IO page fault, as read from the queue
 * @flags: of enum iommu_next_hwpt_pgfault_flags
 * @dev_id: the device that faulted
 * @pasid: its PASID, with PASID_VALID
 * @grpid: Page Request Group Index
 * @perm: of enum iommu_next_hwpt_pgfault_perm
 * @__reserved: 0
 * @addr: the address
 * @length: bytes that the device will want, 0 when it does not say
 * @cookie: names the group in the answer
 */
struct iommu_next_hwpt_pgfault {
	__u32 flags;
	__u32 dev_id;
	__u32 pasid;
	__u32 grpid;
	__u32 perm;
	__u32 __reserved;
	__aligned_u64 addr;
	__u32 length;
	__u32 cookie;
};

/**
 * enum iommu_next_page_response_code - answer to a group of faults
 * @IOMMU_NEXT_PAGE_RESP_SUCCESS: mapped, try again (PCIe 10.4.2.1 "Success")
 * @IOMMU_NEXT_PAGE_RESP_INVALID: refused ("Invalid Request")
 */
enum iommu_next_page_response_code {
	IOMMU_NEXT_PAGE_RESP_SUCCESS = 0,
	IOMMU_NEXT_PAGE_RESP_INVALID = 1,
};

/**
 * struct iommu_next_hwpt_page_response - answer, as written to the queue
 * @cookie: from the last fault of the group
 * @code: of enum iommu_next_page_response_code
 */
struct iommu_next_hwpt_page_response {
	__u32 cookie;
	__u32 code;
};

/**
 * struct iommu_next_fault_alloc - ioctl(IOMMU_NEXT_FAULT_QUEUE_ALLOC)
 * @size: sizeof(struct iommu_next_fault_alloc)
 * @flags: 0
 * @out_fault_id: ID of the new queue
 * @out_fault_fd: a file to read faults from and write answers to
 *
 * Errors: EOPNOTSUPP, EMFILE, ENOMEM.
 */
struct iommu_next_fault_alloc {
	__u32 size;
	__u32 flags;
	__u32 out_fault_id;
	__u32 out_fault_fd;
};

#define IOMMU_NEXT_FAULT_QUEUE_ALLOC \
	_IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_FAULT_QUEUE_ALLOC)

/**
 * enum iommu_next_viommu_type - kinds of virtual IOMMU
 * @IOMMU_NEXT_VIOMMU_TYPE_DEFAULT: reserved
 * @IOMMU_NEXT_VIOMMU_TYPE_ARM_SMMUV3: Arm SMMUv3
 * @IOMMU_NEXT_VIOMMU_TYPE_TEGRA241_CMDQV: Arm SMMUv3 with Tegra241 CMDQ-V. The
 *	guest's VINTF_CONFIG.HYP_OWN must read 0.
 */
enum iommu_next_viommu_type {
	IOMMU_NEXT_VIOMMU_TYPE_DEFAULT = 0,
	IOMMU_NEXT_VIOMMU_TYPE_ARM_SMMUV3 = 1,
	IOMMU_NEXT_VIOMMU_TYPE_TEGRA241_CMDQV = 2,
};

/**
 * struct iommu_next_viommu_tegra241_cmdqv - data of a CMDQ-V virtual IOMMU
 * @out_vintf_mmap_offset: offset for mmap() of the virtual interface's page 0
 * @out_vintf_mmap_length: bytes to mmap()
 */
struct iommu_next_viommu_tegra241_cmdqv {
	__aligned_u64 out_vintf_mmap_offset;
	__aligned_u64 out_vintf_mmap_length;
};

/**
 * struct iommu_next_viommu_alloc - ioctl(IOMMU_NEXT_VIOMMU_ALLOC)
 * @size: sizeof(struct iommu_next_viommu_alloc)
 * @flags: 0
 * @type: of enum iommu_next_viommu_type
 * @dev_id: a device behind the physical IOMMU that backs it
 * @hwpt_id: a nesting parent
 * @out_viommu_id: ID of the new virtual IOMMU
 * @data_len: bytes at @data_uptr
 * @__reserved: 0
 * @data_uptr: user pointer to data of the @type
 *
 * A slice of a physical IOMMU that belongs to one guest.
 *
 * Errors: ENOENT, EINVAL, EOPNOTSUPP, ENOMEM.
 */
struct iommu_next_viommu_alloc {
	__u32 size;
	__u32 flags;
	__u32 type;
	__u32 dev_id;
	__u32 hwpt_id;
	__u32 out_viommu_id;
	__u32 data_len;
	__u32 __reserved;
	__aligned_u64 data_uptr;
};

#define IOMMU_NEXT_VIOMMU_ALLOC \
	_IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_VIOMMU_ALLOC)

/**
 * struct iommu_next_vdevice_alloc - ioctl(IOMMU_NEXT_VDEVICE_ALLOC)
 * @size: sizeof(struct iommu_next_vdevice_alloc)
 * @viommu_id: the virtual IOMMU
 * @dev_id: the physical device
 * @out_vdevice_id: ID of the new virtual device
 * @virt_id: what the guest calls it: a stream ID on SMMUv3, a device ID on
 *	AMD, a requester ID on VT-d
 *
 * Errors: EEXIST, ENOENT, EINVAL, EOPNOTSUPP, ENOMEM.
 */
struct iommu_next_vdevice_alloc {
	__u32 size;
	__u32 viommu_id;
	__u32 dev_id;
	__u32 out_vdevice_id;
	__aligned_u64 virt_id;
};

#define IOMMU_NEXT_VDEVICE_ALLOC \
	_IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_VDEVICE_ALLOC)

/**
 * struct iommu_next_ioas_change_process - charge another process
 * @size: sizeof(struct iommu_next_ioas_change_process)
 * @__reserved: 0
 *
 * ioctl(IOMMU_NEXT_IOAS_CHANGE_PROCESS). Charge what every IOAS of this file
 * has pinned to the calling process, and no longer to the one that mapped it.
 * All mappings must be of IOMMU_NEXT_IOAS_MAP_FILE, else EINVAL. What the
 * calling process is charged with must stay within its RLIMIT_MEMLOCK, else
 * ENOMEM. Without mappings, and for what is its own already, there is nothing
 * to do.
 *
 * Errors: EINVAL, ENOMEM, EOPNOTSUPP. After an error nothing has changed.
 */
struct iommu_next_ioas_change_process {
	__u32 size;
	__u32 __reserved;
};

#define IOMMU_NEXT_IOAS_CHANGE_PROCESS \
	_IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_IOAS_CHANGE_PROCESS)

/**
 * enum iommu_next_veventq_flag - flags of an event header
 * @IOMMU_NEXT_VEVENTQ_FLAG_LOST_EVENTS: events were lost here; no data follow
 */
enum iommu_next_veventq_flag {
	IOMMU_NEXT_VEVENTQ_FLAG_LOST_EVENTS = (1U << 0),
};

/**
 * struct iommu_next_vevent_header - stands before every event in the queue
 * @flags: of enum iommu_next_veventq_flag
 * @sequence: number of the event, 0 to INT_MAX and round again; a gap tells
 *	how many were lost
 */
struct iommu_next_vevent_header {
	__u32 flags;
	__u32 sequence;
};

/**
 * enum iommu_next_veventq_type - kinds of event
 * @IOMMU_NEXT_VEVENTQ_TYPE_DEFAULT: reserved
 * @IOMMU_NEXT_VEVENTQ_TYPE_ARM_SMMUV3: struct iommu_next_vevent_arm_smmuv3
 * @IOMMU_NEXT_VEVENTQ_TYPE_TEGRA241_CMDQV:
 *	struct iommu_next_vevent_tegra241_cmdqv
 */
enum iommu_next_veventq_type {
	IOMMU_NEXT_VEVENTQ_TYPE_DEFAULT = 0,
	IOMMU_NEXT_VEVENTQ_TYPE_ARM_SMMUV3 = 1,
	IOMMU_NEXT_VEVENTQ_TYPE_TEGRA241_CMDQV = 2,
};

/**
 * struct iommu_next_vevent_arm_smmuv3 - an SMMUv3 event
 * @evt: the 256 bit record of SMMUv3 architecture section 7.3, little-endian,
 *	with the guest's stream ID
 */
struct iommu_next_vevent_arm_smmuv3 {
	__aligned_le64 evt[4];
};

/**
 * struct iommu_next_vevent_tegra241_cmdqv - a CMDQ-V interrupt
 * @lvcmdq_err_map: which logical queues have an error, 128 bits,
 *	little-endian
 */
struct iommu_next_vevent_tegra241_cmdqv {
	__aligned_le64 lvcmdq_err_map[2];
};

/**
 * struct iommu_next_veventq_alloc - ioctl(IOMMU_NEXT_VEVENTQ_ALLOC)
 * @size: sizeof(struct iommu_next_veventq_alloc)
 * @flags: 0
 * @viommu_id: the virtual IOMMU
 * @type: of enum iommu_next_veventq_type, one queue per type
 * @veventq_depth: events it can hold
 * @out_veventq_id: ID of the new queue
 * @out_veventq_fd: a file to read events from
 * @__reserved: 0
 *
 * Errors: EEXIST, ENOENT, EINVAL, EOPNOTSUPP, EMFILE, ENOMEM.
 */
struct iommu_next_veventq_alloc {
	__u32 size;
	__u32 flags;
	__u32 viommu_id;
	__u32 type;
	__u32 veventq_depth;
	__u32 out_veventq_id;
	__u32 out_veventq_fd;
	__u32 __reserved;
};

#define IOMMU_NEXT_VEVENTQ_ALLOC \
	_IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_VEVENTQ_ALLOC)

/**
 * enum iommu_next_hw_queue_type - kinds of hardware queue
 * @IOMMU_NEXT_HW_QUEUE_TYPE_DEFAULT: reserved
 * @IOMMU_NEXT_HW_QUEUE_TYPE_TEGRA241_CMDQV: a virtual command queue. Queues
 *	are made from index 0 up and destroyed from the last down; the length is
 *	a power of two, the address a multiple of it.
 */
enum iommu_next_hw_queue_type {
	IOMMU_NEXT_HW_QUEUE_TYPE_DEFAULT = 0,
	IOMMU_NEXT_HW_QUEUE_TYPE_TEGRA241_CMDQV = 1,
};

/**
 * struct iommu_next_hw_queue_alloc - ioctl(IOMMU_NEXT_HW_QUEUE_ALLOC)
 * @size: sizeof(struct iommu_next_hw_queue_alloc)
 * @flags: 0
 * @viommu_id: the virtual IOMMU
 * @type: of enum iommu_next_hw_queue_type
 * @index: number of the queue, by type
 * @out_hw_queue_id: ID of the new queue
 * @nesting_parent_iova: where the queue lies, as the nesting parent maps it
 * @length: bytes
 *
 * Errors: EEXIST, ENOENT, EINVAL, EOPNOTSUPP, ENOMEM.
 */
struct iommu_next_hw_queue_alloc {
	__u32 size;
	__u32 flags;
	__u32 viommu_id;
	__u32 type;
	__u32 index;
	__u32 out_hw_queue_id;
	__aligned_u64 nesting_parent_iova;
	__aligned_u64 length;
};

#define IOMMU_NEXT_HW_QUEUE_ALLOC \
	_IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_HW_QUEUE_ALLOC)

/**
 * DOC: VFIO device files
 *
 * What follows are the ioctls of <linux/vfio.h> that tie a VFIO device file to
 * this one, as Linux 7.3 defines them. They are issued on the device's own
 * file; older <linux/vfio.h> lack them. argsz plays the part of size: it may
 * not be smaller than the struct up to the last field without a flag.
 */
#define IOMMU_NEXT_VFIO_TYPE (';')
#define IOMMU_NEXT_VFIO_BASE 100

/**
 * struct iommu_next_vfio_device_bind - ioctl(IOMMU_NEXT_VFIO_DEVICE_BIND)
 * @argsz: bytes of this struct
 * @flags: 0 or IOMMU_NEXT_VFIO_DEVICE_BIND_FLAG_TOKEN
 * @iommufd: a file descriptor of /dev/iommu-next
 * @out_devid: ID of the device on that file
 * @token_uuid_ptr: user pointer to 16 bytes, with FLAG_TOKEN: the VF token
 *
 * First thing to do with a device file: everything else fails with EINVAL
 * until it is done. Undone by closing the device file.
 *
 * Errors: EBADF, EBADFD when @iommufd is another kind of file, EINVAL when
 * this file or another one of the same device is bound already, EPERM when the
 * device's group belongs to somebody else or its interrupts cannot be
 * isolated, EBUSY when a kernel driver uses a device of the group, ENODEV when
 * it has gone.
 */
struct iommu_next_vfio_device_bind {
	__u32 argsz;
	__u32 flags;
#define IOMMU_NEXT_VFIO_DEVICE_BIND_FLAG_TOKEN (1 << 0)
	__s32 iommufd;
	__u32 out_devid;
	__aligned_u64 token_uuid_ptr;
};

#define IOMMU_NEXT_VFIO_DEVICE_BIND \
	_IO(IOMMU_NEXT_VFIO_TYPE, IOMMU_NEXT_VFIO_BASE + 18)

/**
 * struct iommu_next_vfio_device_attach - ioctl(IOMMU_NEXT_VFIO_DEVICE_ATTACH)
 * @argsz: bytes of this struct
 * @flags: 0 or IOMMU_NEXT_VFIO_DEVICE_ATTACH_PASID
 * @pt_id: in: an IOAS or HWPT; out: the HWPT that the device uses
 * @pasid: the PASID, with ATTACH_PASID
 *
 * Let the device do DMA through a page table. On a device that is attached
 * already it changes from the old one to the new one, or stays with the old
 * one when it fails.
 *
 * Errors: ENOENT, EINVAL when the HWPT does not fit the device, EADDRINUSE
 * when the IOAS maps what the device cannot reach, EFAULT when memory that it
 * maps is not there (any more), EOPNOTSUPP, ENOMEM, ENODEV.
 */
struct iommu_next_vfio_device_attach {
	__u32 argsz;
	__u32 flags;
#define IOMMU_NEXT_VFIO_DEVICE_ATTACH_PASID (1 << 0)
	__u32 pt_id;
	__u32 pasid;
};

#define IOMMU_NEXT_VFIO_DEVICE_ATTACH \
	_IO(IOMMU_NEXT_VFIO_TYPE, IOMMU_NEXT_VFIO_BASE + 19)

/**
 * struct iommu_next_vfio_device_detach - ioctl(IOMMU_NEXT_VFIO_DEVICE_DETACH)
 * @argsz: bytes of this struct
 * @flags: 0 or IOMMU_NEXT_VFIO_DEVICE_DETACH_PASID
 * @pasid: the PASID, with DETACH_PASID
 *
 * From here on every DMA of the device is refused.
 *
 * Errors: EINVAL, EOPNOTSUPP, ENODEV.
 */
struct iommu_next_vfio_device_detach {
	__u32 argsz;
	__u32 flags;
#define IOMMU_NEXT_VFIO_DEVICE_DETACH_PASID (1 << 0)
	__u32 pasid;
};

#define IOMMU_NEXT_VFIO_DEVICE_DETACH \
	_IO(IOMMU_NEXT_VFIO_TYPE, IOMMU_NEXT_VFIO_BASE + 20)

#endif
