/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What iommu_next.ko offers to drivers. The functions are described where they
 * are, in module/.
 *
 * A device file. A driver gives user space a device file that speaks the VFIO device
 * protocol: BIND ties the device to an open /dev/iommu-next, ATTACH and DETACH
 * choose what its DMA can reach, everything else is the driver's. The driver
 * describes the device by a struct iommu_next_cdev_ops, and takes it away with
 * iommu_next_cdev_revoke() when the hardware or the driver goes.
 *
 * Memory of such a device that others shall reach: what the client has mapped of
 * the file (@mmio), or a dma-buf that the driver makes of it
 * (iommu_next_cdev_dmabuf()). Memory of no device file can be in a dma-buf as well
 * (iommu_next_dmabuf_create()). All of it can be revoked at any time.
 *
 * A device without such a file. A driver that has its own way of being told
 * which /dev/iommu-next to use finds it by iommu_next_ctx_from_fd(), binds its
 * device to it and attaches it. All of these may sleep.
 *
 * An access. A device that is made of software reads and writes memory by the
 * CPU: its driver creates an access and attaches it to an IOAS, and from then
 * on copies bytes by IOVA, or pins pages and touches them by itself.
 *
 *	ctx = iommu_next_ctx_from_fd(fd);
 *	access = iommu_next_access_create(ctx, &ops, priv, &id);
 *	iommu_next_ctx_put(ctx);
 *	iommu_next_access_attach(access, ioas_id);
 *	iommu_next_access_pin_pages(access, iova, length, pages, flags);
 *	...
 *	iommu_next_access_unpin_pages(access, iova, length);
 *	iommu_next_access_destroy(access);
 *
 * While there is a context, an access or a bound device its /dev/iommu-next
 * stays open. The driver gives them back before its module goes.
 *
 * A container. Who offers the container of VFIO by another door makes a context
 * of its own, or takes the one that the process is offered, and gives user
 * space type1's ioctls on an IOAS of it (struct inx_type1). Groups whose DMA the
 * VFIO core has claimed already are bound as a whole.
 *
 * What only one kind of hardware has comes by ioctls of the driver's or
 * backend's own (struct iommu_next_ioctls), which can make objects with IDs
 * (struct iommu_next_private_ops).
 */
#ifndef LINUX_IOMMU_NEXT_H
#define LINUX_IOMMU_NEXT_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/uuid.h>

struct device;
struct dma_buf;
struct file;
struct inx_access;
struct inx_backend_ops;
struct inx_cdev;
struct inx_ctx;
struct inx_device;
struct inx_hwpt;
struct inx_private;
struct inx_type1;
struct iommu_domain;
struct iommu_group;
struct module;
struct page;
struct vm_area_struct;

/**
 * struct iommu_next_cdev_ops - a device behind a device file
 * @owner: module of the driver; cannot be unloaded while a file is bound
 * @opened: a file was opened; may set up @file for mmap(). Optional.
 * @match_token: compare the VF token given to BIND with the device's, NULL for
 *	none given. 0, -EINVAL or -EACCES. Optional: without it a token is
 *	refused with -EINVAL.
 * @bind: make the device usable; its DMA is owned by the context and blocked.
 *	At most one file is bound at a time.
 * @unbind: undo @bind, and remove what is mapped. No other operation runs, and
 *	none follows before the next @bind. DMA is given back afterwards.
 * @ioctl: any number but BIND, ATTACH and DETACH
 * @read: as in struct file_operations
 * @write: likewise
 * @mmap: likewise, with vm_ops that have a fault handler and are always the
 *	same; they are not called any more once the device is revoked, and the
 *	driver removes what is mapped in @unbind. Optional.
 * @mmio: the physical address of what @mmap has mapped at @addr, which is at the
 *	start of a page; the pages up to the end of @vma follow it. -EFAULT when
 *	it is not device memory. The mmap_lock is held. Optional: without it no
 *	other device can reach the memory.
 * @mmio_is_on: the device answers there now. The driver calls
 *	iommu_next_cdev_mmio_stop() before that ends. Must not sleep. As @mmio.
 *
 * Context: process context. @ioctl, @read and @write run with page faults
 * disabled: what they copy from and to user space has been faulted in, and when
 * it is gone again they must return -EFAULT, upon which they are called anew.
 * So none of them can be held up by user space, and the device can always be
 * revoked.
 */
struct iommu_next_cdev_ops {
	struct module *owner;
	void (*opened)(void *priv, struct file *file);
	int (*match_token)(void *priv, const uuid_t *token);
	int (*bind)(void *priv);
	void (*unbind)(void *priv);
	long (*ioctl)(void *priv, unsigned int cmd, unsigned long arg);
	ssize_t (*read)(void *priv, char __user *buf, size_t count,
			loff_t *pos);
	ssize_t (*write)(void *priv, const char __user *buf, size_t count,
			 loff_t *pos);
	int (*mmap)(void *priv, struct vm_area_struct *vma);
	int (*mmio)(void *priv, struct vm_area_struct *vma, unsigned long addr,
		    phys_addr_t *phys);
	bool (*mmio_is_on)(void *priv);
};

struct inx_cdev *
iommu_next_cdev_create(const struct iommu_next_cdev_ops *ops, void *priv,
		       struct device *dev,
		       const struct inx_backend_ops *backend);
dev_t iommu_next_cdev_devt(const struct inx_cdev *cdev);
void iommu_next_cdev_enable(struct inx_cdev *cdev);
int iommu_next_cdev_getfd(struct inx_cdev *cdev, const char *name);
void iommu_next_cdev_revoke(struct inx_cdev *cdev);
void iommu_next_cdev_mmio_stop(struct inx_cdev *cdev);
void iommu_next_cdev_mmio_start(struct inx_cdev *cdev);
void iommu_next_cdev_put(struct inx_cdev *cdev);

const struct inx_backend_ops *iommu_next_noiommu(struct device *dev);

/**
 * struct iommu_next_dmabuf_range - memory of a device
 * @start: physical address, a multiple of PAGE_SIZE
 * @length: bytes, a multiple of PAGE_SIZE, not 0
 */
struct iommu_next_dmabuf_range {
	phys_addr_t start;
	u64 length;
};

struct dma_buf *
iommu_next_cdev_dmabuf(struct inx_cdev *cdev,
		       const struct iommu_next_dmabuf_range *ranges,
		       unsigned int nr, int flags);

/**
 * struct iommu_next_dmabuf_ops - a driver that makes dma-bufs of its memory
 * @owner: module of the driver; stays while there is a dma-buf
 * @release: nobody has the dma-buf or the memory any more. Called once, in
 *	process context without a lock; the memory may be given back.
 */
struct iommu_next_dmabuf_ops {
	struct module *owner;
	void (*release)(void *priv);
};

struct dma_buf *
iommu_next_dmabuf_create(const struct iommu_next_dmabuf_ops *ops, void *priv,
			 const struct iommu_next_dmabuf_range *ranges,
			 unsigned int nr, int flags);
void *iommu_next_dmabuf_priv(const struct dma_buf *dmabuf,
			     const struct iommu_next_dmabuf_ops *ops);
void iommu_next_dmabuf_revoke(struct dma_buf *dmabuf, bool revoked);

struct inx_ctx *iommu_next_ctx_from_fd(int fd);
struct inx_ctx *iommu_next_ctx_create(bool per_process);
int iommu_next_ctx_getfd(struct inx_ctx *ctx);
int iommu_next_ctx_offer(struct inx_ctx *ctx, u32 ioas_id);
struct inx_ctx *iommu_next_ctx_offered(u32 *ioas_id);
void iommu_next_ctx_put(struct inx_ctx *ctx);

struct inx_type1 *iommu_next_type1_create(struct inx_ctx *ctx, u32 ioas_id,
					  bool v2);
void iommu_next_type1_destroy(struct inx_type1 *type1);
void iommu_next_type1_empty(struct inx_type1 *type1);
u32 iommu_next_type1_ioas(const struct inx_type1 *type1);
bool iommu_next_type1_is_coherent(const struct inx_type1 *type1);
bool iommu_next_type1_has_hardware(const struct inx_type1 *type1);
unsigned long iommu_next_type1_page_size(const struct inx_type1 *type1);
long iommu_next_type1_ioctl(struct inx_type1 *type1, unsigned int cmd,
			    unsigned long arg);
long iommu_next_type1_unmap(struct inx_type1 *type1, u64 iova, u64 size,
			    unsigned long *unmapped);
int iommu_next_type1_walk(struct inx_type1 *type1, unsigned long start,
			  unsigned long last,
			  int (*fn)(unsigned long start, unsigned long last,
				    void *arg),
			  void *arg);

struct inx_device *iommu_next_group_bind(struct inx_ctx *ctx,
					 struct iommu_group *group, u32 *id);
struct inx_device *
iommu_next_device_bind(struct inx_ctx *ctx, struct device *dev,
		       const struct inx_backend_ops *backend, u32 *id);
void iommu_next_device_unbind(struct inx_device *idev);
int iommu_next_device_attach(struct inx_device *idev, u32 *pt_id);
int iommu_next_device_replace(struct inx_device *idev, u32 *pt_id);
void iommu_next_device_detach(struct inx_device *idev);
int iommu_next_pasid_attach(struct inx_device *idev, u32 pasid, u32 *pt_id);
int iommu_next_pasid_replace(struct inx_device *idev, u32 pasid, u32 *pt_id);
void iommu_next_pasid_detach(struct inx_device *idev, u32 pasid);

/**
 * struct iommu_next_access_ops - what a driver with an access answers
 * @needs_pin_pages: it pins pages; without it, it only copies. An IOAS that such
 *	an access is attached to maps whole pages only.
 * @unmap: memory from @iova on, @length bytes, is about to be unmapped: the
 *	driver stops using the pins that have a part of it and calls
 *	iommu_next_access_unpin_pages() for each of them before it returns.
 *	0 and ULONG_MAX mean all that there is, when the access leaves an IOAS.
 *	Optional without @needs_pin_pages.
 *
 * @unmap is called in process context, without a lock, by any process that
 * unmaps, and beside other calls of the access. Pins that are in progress are
 * complete before: a driver that holds a lock of its own over making a pin and
 * noting it down, and takes that lock in @unmap, sees all of them. It may not
 * attach, replace, detach or destroy the access in @unmap. When it leaves a pin
 * in place UNMAP fails with EBUSY, and what was unpinned has to be pinned again.
 */
struct iommu_next_access_ops {
	bool needs_pin_pages;
	void (*unmap)(void *priv, unsigned long iova, unsigned long length);
};

/**
 * enum iommu_next_access_flags - how memory is touched
 * @IOMMU_NEXT_ACCESS_WRITE: written to; else read
 * @IOMMU_NEXT_ACCESS_KTHREAD: by a thread of the kernel. Allowed for those who
 *	know the flag from elsewhere; nothing depends on it.
 */
enum iommu_next_access_flags {
	IOMMU_NEXT_ACCESS_WRITE = 1 << 0,
	IOMMU_NEXT_ACCESS_KTHREAD = 1 << 1,
};

struct inx_access *
iommu_next_access_create(struct inx_ctx *ctx,
			 const struct iommu_next_access_ops *ops, void *priv,
			 u32 *id);
void iommu_next_access_destroy(struct inx_access *access);
int iommu_next_access_attach(struct inx_access *access, u32 ioas_id);
int iommu_next_access_replace(struct inx_access *access, u32 ioas_id);
void iommu_next_access_detach(struct inx_access *access);
int iommu_next_access_pin_pages(struct inx_access *access, unsigned long iova,
				unsigned long length, struct page **pages,
				unsigned int flags);
void iommu_next_access_unpin_pages(struct inx_access *access,
				   unsigned long iova, unsigned long length);
int iommu_next_access_rw(struct inx_access *access, unsigned long iova,
			 void *data, size_t length, unsigned int flags);

/**
 * struct iommu_next_ioctls - ioctl numbers that a driver or backend answers
 * @owner: module that has @fn; is kept while @fn runs
 * @first: the first number, as <linux/ioctl.h> makes it
 * @count: how many follow each other from there on
 * @fn: carries one out, on a file of /dev/iommu-next. @arg is the argument as it
 *	is, mostly a user pointer; nothing is copied or checked. What it returns
 *	the ioctl returns. Process context, no lock held.
 *
 * For what only one kind of hardware has and the common interface cannot say.
 * Everything with type ';' and a number below %IOMMU_NEXT_PRIVATE_BASE belongs
 * to the common interface.
 *
 * @fn gets the context that the file stands for. It is good until @fn returns.
 */
struct iommu_next_ioctls {
	struct module *owner;
	unsigned int first;
	unsigned int count;
	long (*fn)(struct inx_ctx *ctx, unsigned int cmd, unsigned long arg);
	/* private: */
	struct list_head item;
};

#define IOMMU_NEXT_PRIVATE_BASE 0xa0

int iommu_next_ioctls_register(struct iommu_next_ioctls *ioctls);
void iommu_next_ioctls_unregister(struct iommu_next_ioctls *ioctls);

/**
 * struct iommu_next_private_ops - a kind of object that a driver or backend has
 * @owner: module that has the code
 * @destroy: the ID is gone, because user space has destroyed the object or
 *	closed the file: undo what it stands for. Called once. Other threads may
 *	still have it from iommu_next_private_get().
 * @free: nobody has it any more
 *
 * Context: process context, no lock held. While the file is being closed
 * nothing else runs on its context.
 */
struct iommu_next_private_ops {
	struct module *owner;
	void (*destroy)(void *priv);
	void (*free)(void *priv);
};

struct inx_private *
iommu_next_private_create(struct inx_ctx *ctx,
			  const struct iommu_next_private_ops *ops, void *priv);
u32 iommu_next_private_id(const struct inx_private *object);
void iommu_next_private_publish(struct inx_private *object);
void iommu_next_private_abort(struct inx_private *object);
struct inx_private *
iommu_next_private_get(struct inx_ctx *ctx, u32 id,
		       const struct iommu_next_private_ops *ops);
void *iommu_next_private_priv(const struct inx_private *object);
void iommu_next_private_put(struct inx_private *object);

struct inx_device *
iommu_next_private_bind(struct inx_private *object, struct device *dev,
			const struct inx_backend_ops *backend);
u32 iommu_next_device_id(const struct inx_device *idev);

struct inx_hwpt *iommu_next_hwpt_get(struct inx_ctx *ctx, u32 id);
void iommu_next_hwpt_put(struct inx_hwpt *hwpt);
struct iommu_domain *iommu_next_hwpt_domain(struct inx_hwpt *hwpt);

int iommu_next_ioas_reserve(struct inx_ctx *ctx, u32 ioas_id,
			    unsigned long start, unsigned long last);
int iommu_next_set_work_bytes(unsigned int bytes);

#endif
