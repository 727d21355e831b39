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

#include <linux/types.h>

#include "range.h"

struct device;
struct iommu_domain;
struct iommu_iotlb_gather;
struct module;

/**
 * struct inx_caps - what a device and the IOMMU before it can do
 * @cache_coherent: DMA sees CPU caches; without it the device is refused
 * @isolated_msi: its writes cannot raise an interrupt of somebody else
 * @dirty_tracking: page tables can record what it wrote
 * @ats_unusable: ATS is never on
 * @pasid_exec: execute requests with a PASID
 * @pasid_priv: privileged requests with a PASID
 * @pasid_bits: width of a PASID, 0 for none
 */
struct inx_caps {
	bool cache_coherent;
	bool isolated_msi;
	bool dirty_tracking;
	bool ats_unusable;
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

/**
 * struct inx_user_data - what user space says about a page table that it wants
 * @type: of enum iommu_next_hwpt_data_type, or one that only a backend knows
 * @len: bytes of @data, not 0
 * @data: kernel copy; an ERR_PTR() when there is none, for the backend to return
 *	if it knows @type
 */
struct inx_user_data {
	u32 type;
	u32 len;
	const void *data;
};

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
 *	@flags as in IOMMU_NEXT_HWPT_ALLOC, @data from there or NULL. *attach_first
 *	is set when nothing may be mapped before a device is attached for the
 *	first time. -EOPNOTSUPP for @flags that the IOMMU cannot do, and for
 *	@data that it does not know.
 * @domain_free: free a page table that is empty and attached to nothing
 * @enforce_coherency: make no-snoop accesses of the device snoop, in all
 *	mappings to come, where the IOMMU has a way to. 1 when that is so from
 *	now on, 0 when it has no way, -EINVAL when it has one and refuses.
 * @attach: let all devices of a claimed, detached group do DMA through a page
 *	table. *handle is the backend's own, until @detach. -EINVAL when the page
 *	table does not fit them.
 * @replace: change to another page table. On failure the old one stands, if
 *	the IOMMU can do that at all.
 * @detach: block all DMA of the group. Cannot fail.
 * @dirty_set: let the IOMMU record in a page table made for it what devices
 *	write, now and when they are attached later; or let it stop. Changes
 *	nothing when it is so already. An errno of the driver.
 * @dirty_walk: look for what has been written, in a range that is mapped and
 *	that nobody maps or unmaps meanwhile; also after recording has stopped.
 *	Between looking and the IOTLB flush of what was cleared, which the
 *	caller does, a write may go unrecorded; never before or after. 0, or
 *	what found() returned, or an errno of the driver. Calls for one page
 *	table are serialised.
 * @hw_info: describe the IOMMU; type NONE and no data when there is nothing to
 *	tell. -EOPNOTSUPP for a type that it is not.
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
	void (*domain_free)(struct iommu_domain *domain);
	int (*enforce_coherency)(struct device *dev,
				 struct iommu_domain *domain);
	int (*attach)(struct device *dev, void *group,
		      struct iommu_domain *domain, void **handle);
	int (*replace)(struct device *dev, void *group,
		       struct iommu_domain *domain, struct iommu_domain *old,
		       void **handle);
	void (*detach)(void *group, struct iommu_domain *domain, void *handle);
	int (*dirty_set)(struct iommu_domain *domain, bool enable);
	int (*dirty_walk)(struct iommu_domain *domain,
			  struct inx_iova_range range,
			  struct inx_dirty_walk *walk);
	int (*hw_info)(struct device *dev, struct inx_hw_info *info);
};

/* The kernel's IOMMU API: backend_iommu.c. */
extern const struct inx_backend_ops inx_backend_iommu;

#endif
