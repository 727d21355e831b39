/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mock devices and the IOMMU before them.
 */
#ifndef INX_MOCK_H
#define INX_MOCK_H

#include <linux/atomic.h>
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/kref.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/xarray.h>
#include <uapi/linux/iommu-next-mock.h>

#include "range.h"
#include "selftest.h"

/* Flags of a device that only the module itself gives it. */
#define MOCK_SELFTEST_INFO BIT(31) /* describes itself as the selftests want */

#define MOCK_PASID_BITS 20

/* Flags that say which maker's IOMMU it is; none for VT-d. */
#define MOCK_KINDS (IOMMU_NEXT_MOCK_AMD | IOMMU_NEXT_MOCK_ARM)

struct eventfd_ctx;
struct inx_backend_ops;
struct inx_cdev;
struct inx_device;
struct inx_dirty_walk;
struct inx_sink;

/**
 * struct mock_iommu - an IOMMU, which stands before one group of devices
 * @ref: devices and page tables
 * @flags: of enum iommu_next_mock_flags
 * @page_sizes: IO page sizes, a bit each
 * @aperture_start: first IOVA it translates
 * @aperture_last: last one
 * @lock: of @owner, @domain, @sink and @pasids; held for reading while a device
 *	does DMA or reports a fault, so that whoever detaches finds it finished
 * @owner: who owns DMA of the group
 * @domain: the page table in use, NULL when DMA is blocked
 * @sink: where page requests go, NULL for nowhere
 * @pasids: PASID to struct mock_pasid
 * @fail_what: what fails next, of enum iommu_next_mock_fail
 * @fail_after: times it succeeds before
 * @domains: page tables that exist
 * @pages: IO pages mapped in them
 * @bytes: what they map
 * @map_calls: for statistics
 * @unmap_calls: likewise
 * @iotlb_syncs: likewise
 */
struct mock_iommu {
	struct kref ref;
	u32 flags;
	unsigned long page_sizes;
	u64 aperture_start;
	u64 aperture_last;
	struct rw_semaphore lock;
	void *owner;
	struct iommu_domain *domain;
	struct inx_sink *sink;
	struct xarray pasids;
	atomic_t fail_what;
	atomic_t fail_after;
	atomic64_t domains;
	atomic64_t pages;
	atomic64_t bytes;
	atomic64_t map_calls;
	atomic64_t unmap_calls;
	atomic64_t iotlb_syncs;
};

#define MOCK_BUFFER_SIZE 4096

/**
 * struct mock_engine - the registers and the buffer of an "edu"
 * @lock: of all of it
 * @src: DMA source: an IOVA or an address in the buffer
 * @dst: DMA destination: likewise
 * @count: bytes
 * @command: last command
 * @fault: why the last DMA was refused
 * @fault_iova: where
 * @liveness: what was written to the liveness check
 * @irq: pending interrupts
 * @trigger: signalled when an interrupt is raised; NULL for none
 * @buffer: the device's memory
 */
struct mock_engine {
	struct mutex lock; /* of all members */
	u64 src;
	u64 dst;
	u64 count;
	u64 command;
	u32 fault;
	u64 fault_iova;
	u32 liveness;
	u32 irq;
	struct eventfd_ctx *trigger;
	u8 buffer[MOCK_BUFFER_SIZE];
};

/**
 * struct mock_answer - what a device was answered to a page request
 * @pasid: of the request
 * @grpid: likewise
 * @code: of enum iommu_next_page_response_code
 */
struct mock_answer {
	u32 pasid;
	u32 grpid;
	u32 code;
};

/**
 * struct mock_stream - what a device and the IOMMU keep of it alone when it goes
 * through page tables of the user's
 * @lock: of all of it; after that of the page table
 * @epoch: of the page table that the rest is about
 * @atc: the device's own cache, as the IOTLB: IOVA in pages of 4 KiB
 * @cd_is_cached: @cd is what an SMMUv3 goes by
 * @cd: two words of its context descriptor
 * @event: what an SMMUv3 calls the fault that was found
 */
struct mock_stream {
	struct mutex lock; /* of all members */
	u64 epoch;
	struct xarray atc;
	bool cd_is_cached;
	u64 cd[2];
	u32 event;
};

#define MOCK_ANSWERS 64

/**
 * struct mock_device - a device
 * @dev: as the rest of the kernel knows it; owns the memory
 * @iommu: before it
 * @backend: who serves it
 * @cdev: its device file
 * @driven: bound by the driver itself; under the lock of the mock's file
 * @num_reserved: ranges in @reserved
 * @reserved: IOVAs that it cannot use
 * @engine: what it does
 * @stream: for page tables of the user's
 * @cache: what the in-tree selftests flush
 * @answers_lock: of what follows
 * @num_answers: answers to page requests that have come
 * @seen_answers: those of them that somebody has looked at
 * @answers: the last of them
 */
struct mock_device {
	struct device dev;
	struct mock_iommu *iommu;
	const struct inx_backend_ops *backend;
	struct inx_cdev *cdev;
	struct inx_device *driven;
	u32 num_reserved;
	struct iommu_next_mock_range reserved[IOMMU_NEXT_MOCK_MAX_RESERVED];
	struct mock_engine engine;
	struct mock_stream stream;
	u32 cache[SELFTEST_CACHE_NUM];
	spinlock_t answers_lock; /* of what follows */
	u32 num_answers;
	u32 seen_answers;
	struct mock_answer answers[MOCK_ANSWERS];
};

static inline struct mock_device *mock_device_of(struct device *dev)
{
	return container_of(dev, struct mock_device, dev);
}

static inline struct mock_device *
mock_device_of_stream(struct mock_stream *stream)
{
	return container_of(stream, struct mock_device, stream);
}

/* backend.c */
extern const struct inx_backend_ops mock_backend;
struct mock_iommu *
mock_iommu_create(const struct iommu_next_mock_device_alloc *arg);
void mock_iommu_put(struct mock_iommu *iommu);
bool mock_iommu_fails(struct mock_iommu *iommu, enum iommu_next_mock_fail what);
int mock_domain_fits(struct mock_device *mock, struct iommu_domain *domain);
void mock_domain_left(struct iommu_domain *domain);

/* domain.c */
bool mock_domain_is_mock(const struct iommu_domain *domain);
struct iommu_domain *mock_domain_alloc(struct mock_iommu *iommu, u32 flags);
bool mock_domain_can_dirty(struct iommu_domain *domain);
struct mock_iommu *mock_domain_iommu(struct iommu_domain *domain);
u32 mock_physical_access(phys_addr_t phys, void *data, size_t length,
			 bool write, size_t *done);
u32 mock_domain_access(struct iommu_domain *domain, u64 iova, void *data,
		       size_t length, bool write, size_t *done);

/* dirty.c */
bool mock_domain_page(struct iommu_domain *domain, u64 iova, u64 *start,
		      u64 *last);
bool mock_domain_is_tracking(struct iommu_domain *domain);
int mock_domain_set_dirty(struct iommu_domain *domain, u64 iova);
int mock_dirty_set(struct iommu_domain *domain, bool enable);
int mock_dirty_walk(struct iommu_domain *domain, struct inx_iova_range range,
		    struct inx_dirty_walk *walk);

/* device.c */
struct mock_device *
mock_device_make(const struct iommu_next_mock_device_alloc *arg,
		 struct mock_iommu *iommu);
struct mock_device *
mock_device_create(const struct iommu_next_mock_device_alloc *arg,
		   struct mock_iommu *iommu);
void mock_device_destroy(struct mock_device *mock);
int mock_device_drive(struct mock_device *mock,
		      struct iommu_next_mock_drive *arg);
u32 mock_device_dma(struct mock_device *mock, u32 pasid, u64 iova, void *data,
		    size_t length, bool write, u64 *fault_iova);

/* pasid.c */
int mock_pasid_attach(struct device *dev, u32 pasid,
		      struct iommu_domain *domain, struct inx_sink *sink,
		      void **handle);
int mock_pasid_replace(struct device *dev, u32 pasid,
		       struct iommu_domain *domain, struct iommu_domain *old,
		       struct inx_sink *sink, void **handle);
void mock_pasid_detach(struct device *dev, u32 pasid,
		       struct iommu_domain *domain, void *handle);
struct iommu_domain *mock_pasid_domain(struct mock_iommu *iommu, u32 pasid);
int mock_page_request(struct mock_device *mock,
		      const struct iommu_next_mock_page_request *arg);
int mock_page_answer(struct mock_device *mock,
		     struct iommu_next_mock_page_answer *arg);

/* access.c */
int mock_copy_argument(void *arg, size_t size, const void __user *uptr);
int mock_access_create(struct iommu_next_mock_access_alloc *arg);

/* dmabuf.c */
int mock_dmabuf_getfd(u32 nr, u64 length, u32 flags);
int mock_dmabuf_revoke(int fd, bool revoked);

/* engine.c */
void mock_engine_init(struct mock_engine *engine);
void mock_engine_reset(struct mock_engine *engine);
int mock_engine_set_trigger(struct mock_engine *engine, int fd);
u64 mock_engine_read(struct mock_device *mock, u32 reg);
void mock_engine_write(struct mock_device *mock, u32 reg, u64 val);

#define MOCK_REGION_SIZE 0x100000

/* selftest.c */
int mock_selftest_init(void);
void mock_selftest_exit(void);

#endif
