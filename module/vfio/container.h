/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container of VFIO over an IOAS: container.c has its life and its groups,
 * emulated.c devices that are made of software, dirty.c what was written to.
 */
#ifndef INX_VFIO_CONTAINER_H
#define INX_VFIO_CONTAINER_H

#include <linux/iommu_next.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct iommu_group;
struct page;
struct vfio_device;

/**
 * struct inx_container - what the VFIO core has as a container's IOMMU
 * @refs: the VFIO core, and who runs an ioctl
 * @rcu: look-ups run under RCU
 * @id: the VFIO core's word for it, never used again
 * @ctx: the context
 * @type1: the IOAS
 * @access: for devices that are made of software
 * @v2: type1v2
 * @offered: the IOAS is somebody else's
 * @map_lock: read: MAP and UNMAP; write: an UNMAP that met one of the others, or
 *	that tells what was written to
 * @lock: of @groups
 * @groups: struct inx_container_group
 * @devices_lock: of @devices; held while they are asked to let go
 * @devices: struct vfio_device that want to be told of an UNMAP
 * @pages_lock: of what follows
 * @pages: IOVA / PAGE_SIZE to how often it is pinned; marked when it has been
 *	written to since the last report
 * @tracking: what is written to is noted down
 * @all_dirty: a group of hardware, which writes without being seen, has gone
 *	while @tracking
 */
struct inx_container {
	refcount_t refs;
	struct rcu_head rcu;
	u32 id;
	struct inx_ctx *ctx;
	struct inx_type1 *type1;
	struct inx_access *access;
	bool v2;
	bool offered;
	struct rw_semaphore map_lock;
	struct mutex lock; /* of groups */
	struct list_head groups;
	struct mutex devices_lock; /* of devices */
	struct list_head devices;
	struct mutex pages_lock; /* of the members below */
	struct xarray pages;
	bool tracking;
	bool all_dirty;
};

struct inx_container *inx_container_get(void *data);
void inx_container_put(struct inx_container *c);

/* emulated.c */
int inx_emulated_init(struct inx_container *c);
void inx_emulated_exit(struct inx_container *c);
void inx_emulated_register(void *data, struct vfio_device *vdev);
void inx_emulated_unregister(void *data, struct vfio_device *vdev);
int inx_emulated_pin(void *data, struct iommu_group *group, dma_addr_t iova,
		     int npage, int prot, struct page **pages);
void inx_emulated_unpin(void *data, dma_addr_t iova, int npage);
int inx_emulated_rw(void *data, dma_addr_t iova, void *buf, size_t count,
		    bool write);

/* dirty.c */
int inx_dirty_pin(struct inx_container *c, unsigned long index);
bool inx_dirty_unpin(struct inx_container *c, unsigned long index);
int inx_dirty_write(struct inx_container *c, unsigned long first,
		    unsigned long last);
void inx_dirty_group(struct inx_container *c);
void inx_dirty_forget(struct inx_container *c, unsigned long first,
		      unsigned long last);
long inx_dirty_ioctl(struct inx_container *c, void __user *uptr);
long inx_dirty_unmap(struct inx_container *c, void __user *uptr);

#endif
