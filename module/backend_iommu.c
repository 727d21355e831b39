// SPDX-License-Identifier: GPL-2.0-only
/*
 * The backend over the kernel's IOMMU API, and the only file that calls what
 * attaches and allocates there. See backend.h for what each call promises.
 *
 * A group is the kernel's iommu_group. Its DMA is claimed group by group, as
 * VFIO's own containers do, so that whoever comes second gets EPERM: the legacy
 * VFIO group and this module exclude each other.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"

/* What requests without a PASID have. */
#define INX_NO_PASID 0

static bool inx_iommu_pasid_caps(struct pci_dev *pdev, struct inx_caps *caps)
{
#ifdef CONFIG_PCI_PASID
	if (!pdev->pasid_enabled)
		return false;
	caps->pasid_exec = pdev->pasid_features & PCI_PASID_CAP_EXEC;
	caps->pasid_priv = pdev->pasid_features & PCI_PASID_CAP_PRIV;
	return true;
#else
	return false;
#endif
}

static void inx_iommu_caps(struct device *dev, struct inx_caps *caps)
{
	struct iommu_group *group = iommu_group_get(dev);
	u32 max_pasids;

	if (!group)
		return;
	caps->cache_coherent = device_iommu_capable(dev,
						    IOMMU_CAP_CACHE_COHERENCY);
	caps->isolated_msi = iommu_group_has_isolated_msi(group);
	caps->dirty_tracking = inx_device_has_dirty_tracking(dev);
	caps->ats_unusable = inx_device_lacks_ats(dev);
	caps->unmaps_whole = inx_device_unmaps_whole(dev);
	iommu_group_put(group);

	max_pasids = inx_device_max_pasids(dev);
	if (!max_pasids)
		return;
	/* AMD's driver has them switched on for page tables of processes alone. */
	if (dev_is_pci(dev) && !inx_iommu_pasid_caps(to_pci_dev(dev), caps))
		return;
	caps->pasid_bits = ilog2(max_pasids);
}

static void *inx_iommu_group_get(struct device *dev)
{
	return iommu_group_get(dev) ?: ERR_PTR(-ENODEV);
}

static void inx_iommu_group_put(void *group)
{
	iommu_group_put(group);
}

static int inx_iommu_claim(void *group, void *owner)
{
	return iommu_group_claim_dma_owner(group, owner);
}

static void inx_iommu_release(void *group)
{
	iommu_group_release_dma_owner(group);
}

/*
 * Regions that the firmware maps one to one only until a driver takes over
 * (IOMMU_RESV_DIRECT_RELAXABLE) are free for user space.
 */
static bool inx_iommu_is_reserved(const struct iommu_resv_region *region)
{
	return region->type != IOMMU_RESV_DIRECT_RELAXABLE && region->length;
}

static int inx_iommu_ranges(struct list_head *regions,
			    struct inx_iova_range **ranges)
{
	struct iommu_resv_region *region;
	struct inx_iova_range *out;
	int nr = 0;

	out = kmalloc_array(list_count_nodes(regions), sizeof(*out),
			    GFP_KERNEL_ACCOUNT);
	if (!out)
		return -ENOMEM;
	list_for_each_entry(region, regions, list)
		if (inx_iommu_is_reserved(region))
			out[nr++] = (struct inx_iova_range){
				region->start,
				region->start + region->length - 1
			};
	*ranges = out;
	return nr;
}

static int inx_iommu_reserved(struct device *dev,
			      struct inx_iova_range **ranges)
{
	LIST_HEAD(regions);
	int nr;

	iommu_get_resv_regions(dev, &regions);
	nr = inx_iommu_ranges(&regions, ranges);
	iommu_put_resv_regions(dev, &regions);
	return nr;
}

/* What the core makes of all devices is a list of its own, free to the caller. */
static int inx_iommu_group_reserved(void *group, struct inx_iova_range **ranges)
{
	struct iommu_resv_region *region, *next;
	LIST_HEAD(regions);
	int rc;

	rc = iommu_get_group_resv_regions(group, &regions);
	if (!rc)
		rc = inx_iommu_ranges(&regions, ranges);
	list_for_each_entry_safe(region, next, &regions, list)
		kfree(region);
	return rc;
}

/**
 * struct inx_iommu_pick - a device that is looked for in a group
 * @without: not this one
 * @found: the device, with a reference
 */
struct inx_iommu_pick {
	struct device *without;
	struct device *found;
};

static int inx_iommu_pick(struct device *dev, void *arg)
{
	struct inx_iommu_pick *pick = arg;

	if (dev == pick->without)
		return 0;
	pick->found = get_device(dev);
	return 1;
}

static struct device *inx_iommu_group_device(void *group,
					     struct device *without)
{
	struct inx_iommu_pick pick = { .without = without };

	iommu_group_for_each_dev(group, &pick, inx_iommu_pick);
	return pick.found;
}

static struct iommu_domain *inx_iommu_paging_alloc(struct device *dev,
						   u32 flags,
						   bool *attach_first)
{
	struct iommu_domain *domain;

	if (!flags) {
		*attach_first = inx_domain_needs_attach(dev);
		domain = iommu_paging_domain_alloc(dev);
		if (!IS_ERR(domain))
			inx_domain_fix_flush(domain);
		return domain;
	}
	/* Drivers do not always look whether their hardware can. */
	if (flags & IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING &&
	    !inx_device_has_dirty_tracking(dev))
		return ERR_PTR(-EOPNOTSUPP);
	domain = inx_domain_alloc_flags(dev, flags,
					IOMMU_NEXT_HWPT_ALLOC_PASID);
	if (IS_ERR(domain) || !(flags & IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING) ||
	    inx_domain_has_dirty(domain))
		return domain;
	iommu_domain_free(domain);
	return ERR_PTR(-EOPNOTSUPP);
}

/* What the driver has made is to take page requests, if that was asked for. */
static struct iommu_domain *inx_iommu_complete(struct device *dev, u32 flags,
					       struct iommu_domain *domain)
{
	int rc;

	if (IS_ERR(domain) || !(flags & IOMMU_NEXT_HWPT_FAULT_ID_VALID))
		return domain;
	rc = inx_domain_take_iopf(domain, dev);
	if (!rc)
		return domain;
	iommu_domain_free(domain);
	return ERR_PTR(rc);
}

static bool inx_iommu_can_fault(struct device *dev, u32 flags)
{
	return !(flags & IOMMU_NEXT_HWPT_FAULT_ID_VALID) ||
	       inx_device_has_iopf(dev);
}

static struct iommu_domain *
inx_iommu_domain_alloc(struct device *dev, u32 flags,
		       const struct inx_user_data *data, bool *attach_first)
{
	if (data || !inx_iommu_can_fault(dev, flags))
		return ERR_PTR(-EOPNOTSUPP);
	return inx_iommu_complete(dev, flags, inx_iommu_paging_alloc(dev,
				  flags & ~IOMMU_NEXT_HWPT_FAULT_ID_VALID,
				  attach_first));
}

static __maybe_unused struct iommu_domain *
inx_iommu_nested_alloc(struct device *dev, struct iommu_domain *parent,
		       u32 flags, const struct inx_user_data *data)
{
	if (!inx_iommu_can_fault(dev, flags))
		return ERR_PTR(-EOPNOTSUPP);
	if (!inx_domain_is_of(parent, dev))
		return ERR_PTR(-EINVAL);
	return inx_iommu_complete(dev, flags, inx_driver_nested_alloc(dev,
				  parent,
				  flags & ~IOMMU_NEXT_HWPT_FAULT_ID_VALID,
				  data->uptr, data->type, data->len));
}

static __maybe_unused int inx_iommu_invalidate(struct iommu_domain *domain,
					       struct inx_user_array *array)
{
	return inx_driver_invalidate(domain, array->uptr, array->type,
				     array->entry_len, &array->entry_num);
}

/*
 * Where MSIs are translated like any other write, a page table needs a place to
 * map their doorbells at; the reserved region that says where has been taken
 * out of the IOVA space. On other machines there is no such region.
 */
static int inx_iommu_prepare_msi(struct device *dev,
				 struct iommu_domain *domain)
{
	struct iommu_resv_region *region;
	LIST_HEAD(regions);
	int rc = 0;

	/* In a nested one that is the user's business. */
	if (domain->type == IOMMU_DOMAIN_NESTED)
		return 0;
	iommu_get_resv_regions(dev, &regions);
	list_for_each_entry(region, &regions, list)
		if (region->type == IOMMU_RESV_SW_MSI)
			rc = iommu_get_msi_cookie(domain, region->start);
	iommu_put_resv_regions(dev, &regions);
	/* A page table has one place for all of its devices. */
	return rc == -EEXIST || rc == -EBUSY ? 0 : rc;
}

/* After it has been detached, or was not attached. */
static void inx_iommu_end(struct inx_attachment *at)
{
	if (!at)
		return;
	inx_iopf_stop(at);
	if (at->dev) {
		inx_rid_release(at->dev);
		put_device(at->dev);
	}
	kfree_rcu(at, rcu);
}

static int inx_iommu_ready(struct inx_attachment *at, struct device *dev,
			   struct inx_sink *sink)
{
	int rc;

	rc = inx_rid_hold(dev);
	if (rc)
		return rc;
	at->dev = get_device(dev);
	return sink ? inx_iopf_start(at, sink) : 0;
}

/*
 * Before a page table is attached. The kernel looks at an attachment locklessly,
 * so there is a new one each time.
 */
static struct inx_attachment *inx_iommu_begin(struct device *dev, u32 pasid,
					      struct iommu_domain *domain,
					      struct inx_sink *sink)
{
	struct inx_attachment *at;
	int rc;

	if (!inx_domain_is_of(domain, dev))
		return ERR_PTR(-EINVAL);
	at = kzalloc_obj(*at, GFP_KERNEL_ACCOUNT);
	if (!at)
		return ERR_PTR(-ENOMEM);
	rc = inx_iommu_prepare_msi(dev, domain);
	if (!rc && (pasid != INX_NO_PASID || sink))
		rc = inx_iommu_ready(at, dev, sink);
	if (!rc)
		return at;
	inx_iommu_end(at);
	return ERR_PTR(rc);
}

/* The kernel has answered: one attachment stands, the other has ended. */
static int inx_iommu_settle(int rc, struct inx_attachment *at, void **handle)
{
	struct inx_attachment *over = at;

	if (!rc) {
		over = *handle;
		*handle = at;
	}
	inx_iommu_end(over);
	return rc;
}

static int inx_iommu_attach(struct device *dev, void *group,
			    struct iommu_domain *domain, struct inx_sink *sink,
			    void **handle)
{
	struct inx_attachment *at = inx_iommu_begin(dev, INX_NO_PASID,
						    domain, sink);
	int rc;

	if (IS_ERR(at))
		return PTR_ERR(at);
	rc = inx_rid_attach(domain, group, &at->core);
	return inx_iommu_settle(rc, at, handle);
}

static int inx_iommu_replace(struct device *dev, void *group,
			     struct iommu_domain *domain,
			     struct iommu_domain *old, struct inx_sink *sink,
			     void **handle)
{
	struct inx_attachment *at = inx_iommu_begin(dev, INX_NO_PASID,
						    domain, sink);
	struct inx_attachment *before = *handle;
	int rc;

	if (IS_ERR(at))
		return PTR_ERR(at);
	rc = inx_replace_group(group, domain, old, &at->core, &before->core);
	return inx_iommu_settle(rc, at, handle);
}

static void inx_iommu_detach(void *group, struct iommu_domain *domain,
			     void *handle)
{
	inx_rid_detach(domain, group);
	inx_iommu_end(handle);
}

static __maybe_unused int inx_iommu_pasid_attach(struct device *dev, u32 pasid,
						 struct iommu_domain *domain,
						 struct inx_sink *sink,
						 void **handle)
{
	struct inx_attachment *at;
	int rc;

	if (pasid >= inx_device_max_pasids(dev))
		return -EINVAL;
	at = inx_iommu_begin(dev, pasid, domain, sink);
	if (IS_ERR(at))
		return PTR_ERR(at);
	rc = iommu_attach_device_pasid(domain, dev, pasid, &at->core);
	return inx_iommu_settle(rc, at, handle);
}

static __maybe_unused int inx_iommu_pasid_replace(struct device *dev, u32 pasid,
						  struct iommu_domain *domain,
						  struct iommu_domain *old,
						  struct inx_sink *sink,
						  void **handle)
{
	struct inx_attachment *at = inx_iommu_begin(dev, pasid, domain, sink);
	struct inx_attachment *before = *handle;
	int rc;

	if (IS_ERR(at))
		return PTR_ERR(at);
	rc = inx_replace_pasid(dev, pasid, domain, old, &at->core,
			       &before->core);
	return inx_iommu_settle(rc, at, handle);
}

static __maybe_unused void inx_iommu_pasid_detach(struct device *dev, u32 pasid,
						  struct iommu_domain *domain,
						  void *handle)
{
	iommu_detach_device_pasid(domain, dev, pasid);
	inx_iommu_end(handle);
}

static int inx_iommu_describe(struct device *dev, struct inx_hw_info *info)
{
	void *data = inx_iommu_hw_info(dev, &info->len, &info->type);

	if (IS_ERR(data))
		return PTR_ERR(data);
	if (!data) {
		info->len = 0;
		info->type = IOMMU_NEXT_HW_INFO_TYPE_NONE;
	}
	info->data = data;
	return 0;
}

const struct inx_backend_ops inx_backend_iommu = {
	.owner = THIS_MODULE,
	.caps = inx_iommu_caps,
	.group_get = inx_iommu_group_get,
	.group_put = inx_iommu_group_put,
	.claim = inx_iommu_claim,
	.release = inx_iommu_release,
	.reserved = inx_iommu_reserved,
	.domain_alloc = inx_iommu_domain_alloc,
	.nested_alloc = INX_NESTED_OP(inx_iommu_nested_alloc),
	.invalidate = INX_NESTED_OP(inx_iommu_invalidate),
	.domain_free = iommu_domain_free,
	.enforce_coherency = inx_domain_enforce_coherency,
	.attach = inx_iommu_attach,
	.replace = inx_iommu_replace,
	.detach = inx_iommu_detach,
	.dirty_set = inx_domain_set_dirty,
	.dirty_walk = inx_domain_walk_dirty,
	.pasid_attach = INX_PASID_OP(inx_iommu_pasid_attach),
	.pasid_replace = INX_PASID_OP(inx_iommu_pasid_replace),
	.pasid_detach = INX_PASID_OP(inx_iommu_pasid_detach),
	.hw_info = inx_iommu_describe,
	.group_device = inx_iommu_group_device,
	.group_reserved = inx_iommu_group_reserved,
};
