/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The test ioctl of the in-tree iommufd selftests, as Linux 7.2 has it:
 * IOMMU_TEST_CMD with struct iommu_test_cmd. Numbers and layout are theirs.
 */
#ifndef INX_MOCK_SELFTEST_H
#define INX_MOCK_SELFTEST_H

#include <linux/build_bug.h>
#include <linux/ioctl.h>
#include <linux/sizes.h>
#include <linux/types.h>
#include <uapi/linux/iommu-next.h>

#define SELFTEST_CMD _IO(IOMMU_NEXT_TYPE, IOMMU_NEXT_CMD_BASE + 32)

enum selftest_op {
	SELFTEST_ADD_RESERVED = 1,
	SELFTEST_MOCK_DOMAIN = 2,
	SELFTEST_CHECK_MAP = 3,
	SELFTEST_CHECK_REFS = 4,
	SELFTEST_CREATE_ACCESS = 5,
	SELFTEST_DESTROY_ACCESS_PAGES = 6,
	SELFTEST_ACCESS_PAGES = 7,
	SELFTEST_ACCESS_RW = 8,
	SELFTEST_MEMORY_LIMIT = 9,
	SELFTEST_MOCK_DOMAIN_REPLACE = 10,
	SELFTEST_ACCESS_REPLACE_IOAS = 11,
	SELFTEST_MOCK_DOMAIN_FLAGS = 12,
	SELFTEST_DIRTY = 13,
	SELFTEST_CHECK_IOTLB = 14,
	SELFTEST_TRIGGER_IOPF = 15,
	SELFTEST_CHECK_CACHE = 16,
	SELFTEST_TRIGGER_VEVENT = 17,
	SELFTEST_PASID_ATTACH = 18,
	SELFTEST_PASID_REPLACE = 19,
	SELFTEST_PASID_DETACH = 20,
	SELFTEST_PASID_CHECK_HWPT = 21,
	SELFTEST_DMABUF_GET = 22,
	SELFTEST_DMABUF_REVOKE = 23,
	SELFTEST_NR_OPS,
};

/* What a device of MOCK_DOMAIN translates. */
#define SELFTEST_APERTURE_START SZ_16M
#define SELFTEST_APERTURE_LAST (SZ_2G - 1)
#define SELFTEST_PAGE_SHIFT 11

/* MOCK_DOMAIN_FLAGS */
#define SELFTEST_DEVICE_NO_DIRTY BIT(0)
#define SELFTEST_DEVICE_PASID BIT(2)

/* CREATE_ACCESS, ACCESS_PAGES, ACCESS_RW */
#define SELFTEST_ACCESS_NEEDS_PIN BIT(0)
#define SELFTEST_PAGES_WRITE BIT(0)
#define SELFTEST_RW_WRITE BIT(0)
#define SELFTEST_RW_SLOW BIT(2)

/* DIRTY: bytes of its bitmap at most. */
#define SELFTEST_DIRTY_MAX SZ_16M

#define SELFTEST_CACHE_NUM 4
#define SELFTEST_CACHE_DEFAULT 0xbaddad

#define SELFTEST_IOTLB_NUM 4

/* Replacing the page table of this one always fails. */
#define SELFTEST_PASID_FAILS 1024

#define SELFTEST_HW_INFO_TYPE 0xfeedbeef
#define SELFTEST_HW_INFO_REG 0xdeadbeef

struct selftest_hw_info {
	u32 flags, test_reg;
};

/*
 * A format of nested page tables, and how they are flushed. With a page table
 * of the kernel it says which IO pages that has.
 */
#define SELFTEST_HWPT_DATA 0xdead
#define SELFTEST_HWPT_INVALIDATE 0xdeadbeef
#define SELFTEST_INVALIDATE_ALL BIT(0)

#define SELFTEST_TABLE_DEFAULT 0
#define SELFTEST_TABLE_HUGE 1
#define SELFTEST_HUGE_PAGE (512UL << SELFTEST_PAGE_SHIFT)
#define SELFTEST_HUGE_LAST (BIT_ULL(38) - 1)

struct selftest_hwpt {
	u32 iotlb, pagetable_type;
};

struct selftest_hwpt_invalidate {
	u32 flags, iotlb_id;
};

/* A type of virtual IOMMU. */
#define SELFTEST_VIOMMU_TYPE 0xdeadbeef
#define SELFTEST_VIOMMU_INVALIDATE 0xdeadbeef
#define SELFTEST_VEVENTQ_TYPE 0xbeefbeef
#define SELFTEST_HW_QUEUE_TYPE 0xdeadbeef
#define SELFTEST_HW_QUEUE_MAX 2

struct selftest_viommu {
	u32 in_data, out_data;
	u64 mmap_offset, mmap_length;
};

struct selftest_viommu_invalidate {
	u32 flags, vdev_id, cache_id;
};

/**
 * struct selftest_arg - struct iommu_test_cmd, as far as it has a meaning here
 * @size: of the struct
 * @op: of enum selftest_op
 * @id: the object, of the kind that @op wants
 * @__reserved: 0
 * @reserved: ADD_RESERVED
 * @domain: MOCK_DOMAIN, MOCK_DOMAIN_FLAGS
 * @replace: MOCK_DOMAIN_REPLACE
 * @map: MD_CHECK_MAP
 * @refs: MD_CHECK_REFS
 * @create_access: CREATE_ACCESS
 * @destroy_pages: DESTROY_ACCESS_PAGES
 * @pages: ACCESS_PAGES
 * @rw: ACCESS_RW
 * @limit: SET_TEMP_MEMORY_LIMIT
 * @access_replace: ACCESS_REPLACE_IOAS
 * @dirty: DIRTY
 * @iotlb: MD_CHECK_IOTLB
 * @iopf: TRIGGER_IOPF
 * @cache: DEV_CHECK_CACHE
 * @vevent: TRIGGER_VEVENT
 * @pasid: PASID_ATTACH, PASID_REPLACE, PASID_DETACH, PASID_CHECK_HWPT
 * @dmabuf: DMABUF_GET
 * @revoke: DMABUF_REVOKE
 * @all: as large as the largest
 * @last: every caller gives it
 */
struct selftest_arg {
	u32 size;
	u32 op;
	u32 id;
	u32 __reserved;
	union {
		struct {
			u64 start, length;
		} reserved;
		struct {
			u32 sdev_id, hwpt_id, idev_id, dev_flags;
		} domain;
		struct {
			u32 pt_id;
		} replace;
		struct {
			u64 iova, length, uaddr;
		} map;
		struct {
			u64 length, uaddr;
			u32 refs;
		} refs;
		struct {
			u32 fd, flags;
		} create_access;
		struct {
			u32 pages_id;
		} destroy_pages;
		struct {
			u32 flags, pages_id;
			u64 iova, length, uaddr;
		} pages;
		struct {
			u64 iova, length, uaddr;
			u32 flags;
		} rw;
		struct {
			u32 limit;
		} limit;
		struct {
			u32 ioas_id;
		} access_replace;
		struct {
			u32 flags;
			u64 iova, length, page_size, uptr, out_nr;
		} dirty;
		struct {
			u32 id, iotlb;
		} iotlb;
		struct {
			u32 dev_id, pasid, grpid, perm;
			u64 addr;
		} iopf;
		struct {
			u32 id, cache;
		} cache;
		struct {
			u32 dev_id;
		} vevent;
		struct {
			u32 pasid, pt_id;
		} pasid;
		struct {
			u32 length, open_flags;
		} dmabuf;
		struct {
			s32 fd;
			u32 revoked;
		} revoke;
		u64 all[6];
	};
	u32 last;
};

static_assert(offsetof(struct selftest_arg, last) == 64);

struct inx_ctx;
struct inx_user_data;
struct iommu_domain;
struct inx_device;
struct page;

/**
 * struct selftest_call - one ioctl in progress
 * @ctx: of the file
 * @uptr: the user's struct
 * @user_size: its size
 * @arg: kernel copy
 */
struct selftest_call {
	struct inx_ctx *ctx;
	void __user *uptr;
	u32 user_size;
	struct selftest_arg arg;
};

struct mock_device;

/* selftest.c */
int selftest_reply(struct selftest_call *call);
struct mock_device *selftest_find_mock(struct inx_ctx *ctx, u32 idev_id);
int selftest_on_device(struct selftest_call *call,
		       int (*fn)(struct selftest_call *call,
				 struct mock_device *mock,
				 struct inx_device *idev));

/* selftest_nested.c */
int selftest_check_iotlb(struct selftest_call *call);
int selftest_trigger_iopf(struct selftest_call *call);

/* viommu.c */
int selftest_trigger_vevent(struct selftest_call *call);

/* selftest_pasid.c */
int selftest_pasid_attach(struct selftest_call *call);
int selftest_pasid_replace(struct selftest_call *call);
int selftest_pasid_detach(struct selftest_call *call);
int selftest_pasid_check(struct selftest_call *call);

/* selftest_access.c */
int selftest_create_access(struct selftest_call *call);
int selftest_access_replace(struct selftest_call *call);
int selftest_access_pages(struct selftest_call *call);
int selftest_destroy_pages(struct selftest_call *call);
int selftest_access_rw(struct selftest_call *call);

/* selftest_check.c */
int selftest_each_page(u64 addr, u64 length, u64 step,
		       int (*fn)(struct page *page, u64 addr, void *arg),
		       void *arg);
int selftest_check_map(struct selftest_call *call);
int selftest_check_refs(struct selftest_call *call);

/* selftest_dirty.c */
int selftest_shape_domain(struct iommu_domain *domain,
			  const struct inx_user_data *data);
int selftest_dirty(struct selftest_call *call);

#endif
