/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seam between this module and what translates: the kernel's IOMMU API, or
 * anything else that can answer these calls.
 *
 * A page table is a struct iommu_domain on both sides, because iommu_map(),
 * iommu_unmap() and iommu_iova_to_phys() work through domain->ops alone: the
 * mapping path is the same for every backend and is not part of the seam.
 */
#ifndef INX_BACKEND_H
#define INX_BACKEND_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <uapi/linux/iommu-next.h>

#include "range.h"
#include "user_data.h"

struct device;
struct inx_sink;
struct inx_viommu;
struct iommu_domain;
struct iommu_iotlb_gather;
struct module;

/**
 * struct inx_caps - what a device and the IOMMU before it can do
 * @cache_coherent: DMA sees CPU caches; without it the device is refused
 * @isolated_msi: its writes cannot raise an interrupt of somebody else
 * @dirty_tracking: page tables can record what it wrote
 * @ats_unusable: ATS is never on
 * @unmaps_whole: what was mapped by one call can only be unmapped as a whole
 * @pasid_exec: execute requests with a PASID
 * @pasid_priv: privileged requests with a PASID
 * @pasid_bits: width of a PASID, 0 for none
 */
struct inx_caps {
	bool cache_coherent;
	bool isolated_msi;
	bool dirty_tracking;
	bool ats_unusable;
	bool unmaps_whole;
	bool pasid_exec;
	bool pasid_priv;
	u8 pasid_bits;
};

/**
 * struct inx_hw_info - description of an IOMMU for user space
 * @data: kmalloc()ed, the caller frees it; NULL when there is none
 * @len: bytes of @data
 * @type: in: what is wanted; out: what it is; of enum iommu_next_hw_info_type
 */
struct inx_hw_info {
	void *data;
	u32 len;
	u32 type;
};

enum inx_fault_state {
	INX_FAULT_NEW,
	INX_FAULT_UNREAD,
	INX_FAULT_READ,
	INX_FAULT_ANSWERED,
};

/**
 * struct inx_fault_group - page requests that are answered together
 * @node: the core's, as all up to @state
 * @refs: who has the memory
 * @sink: of the attachment
 * @cookie: names it to user space
 * @state: how far it has come
 * @respond: the backend's: let the device go on, or give up; @code is of enum
 *	iommu_next_page_response_code. Called once, and may sleep. The memory is
 *	the core's, which kfree()s it.
 * @nr: faults in @faults
 * @faults: complete but for dev_id and cookie; the last one has LAST_PAGE
 *
 * kmalloc()ed by the backend, at the start of a struct of its own that holds
 * @faults as well.
 */
struct inx_fault_group {
	struct list_head node;
	refcount_t refs;
	struct inx_sink *sink;
	u32 cookie;
	enum inx_fault_state state;
	void (*respond)(struct inx_fault_group *group, u32 code);
	u32 nr;
	struct iommu_next_hwpt_pgfault *faults;
};

/* fault.c of the core. */
void inx_fault_report(struct inx_sink *sink, struct inx_fault_group *group);
void inx_sink_flush(struct inx_sink *sink);

/**
 * struct inx_viommu_ops - a slice of an IOMMU that belongs to a guest
 * @free: nobody uses it any more
 * @nested_alloc: as &struct inx_backend_ops.nested_alloc, on this slice; it stays
 *	until the page table is freed. -EINVAL for a device that is not behind
 *	its IOMMU.
 * @invalidate: as &struct inx_backend_ops.invalidate. Optional.
 * @vdevice_add: a device has this number in the guest. -EINVAL when it is not
 *	behind the IOMMU of the slice, or cannot have the number. Serialised for
 *	the group of the device.
 * @vdevice_remove: undo it; likewise. The device may be attached to a page table
 *	of the slice.
 * @num_queues: how many hardware queues of a type it can have, 0 for an unknown
 *	type; -EINVAL is answered for those beyond. Optional, then all three.
 * @queue_add: let the hardware work on a queue in memory, which is contiguous
 *	and pinned, at @iova of the parent
 * @queue_remove: undo it
 * @queues_in_order: a queue can only be there while those with lower numbers are
 *
 * Context: may sleep. @free, @vdevice_remove and @queue_remove cannot fail.
 */
struct inx_viommu_ops {
	void (*free)(void *priv);
	struct iommu_domain *(*nested_alloc)(void *priv, struct device *dev,
					     u32 flags,
					     const struct inx_user_data *data);
	int (*invalidate)(void *priv, struct inx_user_array *array);
	int (*vdevice_add)(void *priv, struct device *dev,
			   unsigned long virt_id);
	void (*vdevice_remove)(void *priv, struct device *dev,
			       unsigned long virt_id);
	u32 (*num_queues)(void *priv, u32 type);
	int (*queue_add)(void *priv, u32 type, u32 index, u64 iova,
			 phys_addr_t phys, u64 length);
	void (*queue_remove)(void *priv, u32 type, u32 index);
	bool queues_in_order;
};

/* viommu.c of the core; @viommu is what viommu_alloc() was given. */
int inx_viommu_offer_mmap(struct inx_viommu *viommu, phys_addr_t phys,
			  size_t length, u64 *offset);
/* eventq.c: tell the guest; 0, -EOPNOTSUPP without a queue of the type, -ENOMEM */
int inx_viommu_report(struct inx_viommu *viommu, u32 type, const void *data,
		      size_t length);

/**
 * struct inx_dirty_walk - a search for IO pages that devices have written
 * @found: called for each of them, as it is in the page table, so it may begin
 *	before the range and end behind it. Not 0 ends the search with that
 *	value, and leaves this one as it is. NULL when nobody wants to know.
 * @clear: make each clean, after @found has returned 0
 * @gather: with @clear: gets what the IOTLB may have of them
 */
struct inx_dirty_walk {
	int (*found)(struct inx_dirty_walk *walk, struct inx_iova_range page);
	bool clear;
	struct iommu_iotlb_gather *gather;
};

/**
 * struct inx_backend_ops - one kind of IOMMU
 * @owner: module that has the code
 * @caps: say what a device can do
 * @group_get: the group of devices that the IOMMU cannot tell from this one,
 *	with a reference; the same pointer for all of them. ERR_PTR(-ENODEV)
 *	when no IOMMU stands before the device.
 * @group_put: drop the reference
 * @claim: make the caller the only one who decides about DMA of the group, and
 *	block all of it. -EPERM when it belongs to another owner, -EBUSY when a
 *	kernel driver uses it.
 * @release: undo @claim: DMA goes back to the kernel
 * @reserved: IOVAs that the device cannot use for DMA to memory, such as the
 *	MSI window. *ranges is kmalloc()ed, the caller frees it. Number of
 *	ranges, or -ENOMEM.
 * @domain_alloc: a page table for the kernel to map in, fit for the device;
 *	@flags as in IOMMU_NEXT_HWPT_ALLOC. *attach_first is set when nothing may
 *	be mapped before a device is attached for the first time; never for a
 *	nesting parent. @data as in @nested_alloc, or NULL. -EOPNOTSUPP for @flags
 *	that the IOMMU cannot do, and for a type of @data that it does not know.
 * @nested_alloc: a page table of the user's, of the format that data->type says,
 *	whose output @parent translates, which was made with NEST_PARENT and stays
 *	until it is freed. Runs with page faults disabled: what it copies has been
 *	faulted in, and -EFAULT makes it run anew. -EOPNOTSUPP for a format that
 *	the IOMMU does not have, -EINVAL when @parent is not for the device.
 *	Optional.
 * @invalidate: flush what is cached of a nested page table, as the entries of the
 *	array say, in their order. The first that fails ends it; entry_num becomes
 *	the number of those before. -EINVAL for a type that is not the page
 *	table's. Not serialised with anything, and may wait for user memory. May be
 *	NULL without @nested_alloc.
 * @viommu_alloc: make a slice of the IOMMU before a device for a guest whose
 *	memory @parent maps, a nesting parent that stays until it is freed. *priv
 *	is for what is returned. May call inx_viommu_offer_mmap(). Page faults are
 *	disabled as in @nested_alloc; data->len 0 means that there is none, else it
 *	may be written back. -EOPNOTSUPP for an unknown type. Optional.
 * @domain_free: free a page table that is empty and attached to nothing
 * @enforce_coherency: make no-snoop accesses of the device snoop, in all
 *	mappings to come, where the IOMMU has a way to. 1 when that is so from
 *	now on, 0 when it has no way, -EINVAL when it has one and refuses.
 * @attach: let all devices of a claimed, detached group do DMA through a page
 *	table. *handle, NULL before, is the backend's own until @detach. @sink is
 *	where faults go by inx_fault_report() until @detach or @replace has
 *	returned; NULL when nobody wants them. -EINVAL when the page table does
 *	not fit them.
 * @replace: change to another page table. On failure the old one stands, if
 *	the IOMMU can do that at all.
 * @detach: block all DMA of the group. Cannot fail.
 * @dirty_set: let the IOMMU record in a page table made for it what devices
 *	write, now and when they are attached later; or let it stop. Changes
 *	nothing when it is so already. An errno of the driver. Optional, with
 *	@dirty_walk, where @domain_alloc makes no such page table.
 * @dirty_walk: look for what has been written, in a range that is mapped and
 *	that nobody maps or unmaps meanwhile; also after recording has stopped.
 *	Between looking and the IOTLB flush of what was cleared, which the
 *	caller does, a write may go unrecorded; never before or after. 0, or
 *	what found() returned, or an errno of the driver. Calls for one page
 *	table are serialised.
 * @pasid_attach: the same for requests of a device that have a PASID. -EINVAL for
 *	a PASID that it cannot have, -EOPNOTSUPP for a page table that cannot be
 *	used so. Optional, then all three.
 * @pasid_replace: change to another page table; on failure the old one stands,
 *	if the IOMMU can do that at all
 * @pasid_detach: block requests with the PASID. Cannot fail.
 * @hw_info: describe the IOMMU; type NONE and no data when there is nothing to
 *	tell. -EOPNOTSUPP for a type that it is not.
 * @group_device: any device of the group but @without, with a reference; NULL
 *	when there is none. Optional: without it groups are not bound as a whole.
 * @group_reserved: @reserved of all devices of the group; comes with
 *	@group_device
 *
 * Context: all may sleep. Calls with a device or its group are serialised for
 * the group, and the device does not go away meanwhile. None of them may wait
 * for user space.
 */
struct inx_backend_ops {
	struct module *owner;
	void (*caps)(struct device *dev, struct inx_caps *caps);
	void *(*group_get)(struct device *dev);
	void (*group_put)(void *group);
	int (*claim)(void *group, void *owner);
	void (*release)(void *group);
	int (*reserved)(struct device *dev, struct inx_iova_range **ranges);
	struct iommu_domain *(*domain_alloc)(struct device *dev, u32 flags,
					     const struct inx_user_data *data,
					     bool *attach_first);
	struct iommu_domain *(*nested_alloc)(struct device *dev,
					     struct iommu_domain *parent,
					     u32 flags,
					     const struct inx_user_data *data);
	int (*invalidate)(struct iommu_domain *domain,
			  struct inx_user_array *array);
	const struct inx_viommu_ops *(*viommu_alloc)
		(struct device *dev, struct inx_viommu *viommu,
		 struct iommu_domain *parent, const struct inx_user_data *data,
		 void **priv);
	void (*domain_free)(struct iommu_domain *domain);
	int (*enforce_coherency)(struct device *dev,
				 struct iommu_domain *domain);
	int (*attach)(struct device *dev, void *group,
		      struct iommu_domain *domain, struct inx_sink *sink,
		      void **handle);
	int (*replace)(struct device *dev, void *group,
		       struct iommu_domain *domain, struct iommu_domain *old,
		       struct inx_sink *sink, void **handle);
	void (*detach)(void *group, struct iommu_domain *domain, void *handle);
	int (*dirty_set)(struct iommu_domain *domain, bool enable);
	int (*dirty_walk)(struct iommu_domain *domain,
			  struct inx_iova_range range,
			  struct inx_dirty_walk *walk);
	int (*pasid_attach)(struct device *dev, u32 pasid,
			    struct iommu_domain *domain, struct inx_sink *sink,
			    void **handle);
	int (*pasid_replace)(struct device *dev, u32 pasid,
			     struct iommu_domain *domain,
			     struct iommu_domain *old, struct inx_sink *sink,
			     void **handle);
	void (*pasid_detach)(struct device *dev, u32 pasid,
			     struct iommu_domain *domain, void *handle);
	int (*hw_info)(struct device *dev, struct inx_hw_info *info);
	struct device *(*group_device)(void *group, struct device *without);
	int (*group_reserved)(void *group, struct inx_iova_range **ranges);
};

/* The kernel's IOMMU API: backend_iommu.c. */
extern const struct inx_backend_ops inx_backend_iommu;

#endif
