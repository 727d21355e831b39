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
	iommu_group_put(group);

	max_pasids = inx_device_max_pasids(dev);
	if (!max_pasids)
		return;
	caps->pasid_bits = ilog2(max_pasids);
#ifdef CONFIG_PCI_PASID
	if (dev_is_pci(dev) && to_pci_dev(dev)->pasid_enabled) {
		u16 features = to_pci_dev(dev)->pasid_features;

		caps->pasid_exec = features & PCI_PASID_CAP_EXEC;
		caps->pasid_priv = features & PCI_PASID_CAP_PRIV;
	}
#endif
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

static int inx_iommu_reserved(struct device *dev,
			      struct inx_iova_range **ranges)
{
	struct iommu_resv_region *region;
	struct inx_iova_range *out;
	LIST_HEAD(regions);
	int nr = 0;

	iommu_get_resv_regions(dev, &regions);
	out = kmalloc_array(list_count_nodes(&regions), sizeof(*out),
			    GFP_KERNEL_ACCOUNT);
	if (out) {
		list_for_each_entry(region, &regions, list)
			if (inx_iommu_is_reserved(region))
				out[nr++] = (struct inx_iova_range){
					region->start,
					region->start + region->length - 1
				};
	}
	iommu_put_resv_regions(dev, &regions);
	if (!out)
		return -ENOMEM;
	*ranges = out;
	return nr;
}

static struct iommu_domain *inx_iommu_domain_alloc(struct device *dev,
						   u32 flags,
						   bool *attach_first)
{
	struct iommu_domain *domain;

	if (flags)
		return ERR_PTR(-EOPNOTSUPP);
	*attach_first = inx_domain_needs_attach(dev);
	domain = iommu_paging_domain_alloc(dev);
	if (!IS_ERR(domain))
		inx_domain_fix_flush(domain);
	return domain;
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

	iommu_get_resv_regions(dev, &regions);
	list_for_each_entry(region, &regions, list)
		if (region->type == IOMMU_RESV_SW_MSI)
			rc = iommu_get_msi_cookie(domain, region->start);
	iommu_put_resv_regions(dev, &regions);
	/* A page table has one place for all of its devices. */
	return rc == -EEXIST || rc == -EBUSY ? 0 : rc;
}

/* A handle must be new for each attachment; the core looks at it locklessly. */
static int inx_iommu_new_handle(struct device *dev, struct iommu_domain *domain,
				struct iommu_attach_handle **handle)
{
	int rc;

	if (!inx_domain_is_of(domain, dev))
		return -EINVAL;
	*handle = kzalloc(sizeof(**handle), GFP_KERNEL_ACCOUNT);
	if (!*handle)
		return -ENOMEM;
	rc = inx_iommu_prepare_msi(dev, domain);
	if (rc)
		kfree(*handle);
	return rc;
}

static int inx_iommu_attach(struct device *dev, void *group,
			    struct iommu_domain *domain, void **handle)
{
	struct iommu_attach_handle *new;
	int rc;

	rc = inx_iommu_new_handle(dev, domain, &new);
	if (rc)
		return rc;
	rc = iommu_attach_group_handle(domain, group, new);
	if (rc)
		kfree(new);
	else
		*handle = new;
	return rc;
}

static int inx_iommu_replace(struct device *dev, void *group,
			     struct iommu_domain *domain,
			     struct iommu_domain *old, void **handle)
{
	struct iommu_attach_handle *new;
	int rc;

	rc = inx_iommu_new_handle(dev, domain, &new);
	if (rc)
		return rc;
	rc = inx_replace_group(group, domain, old, new);
	if (rc) {
		kfree(new);
	} else {
		kfree(*handle);
		*handle = new;
	}
	return rc;
}

static void inx_iommu_detach(void *group, struct iommu_domain *domain,
			     void *handle)
{
	iommu_detach_group_handle(domain, group);
	kfree(handle);
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
	.domain_free = iommu_domain_free,
	.enforce_coherency = inx_domain_enforce_coherency,
	.attach = inx_iommu_attach,
	.replace = inx_iommu_replace,
	.detach = inx_iommu_detach,
	.hw_info = inx_iommu_describe,
};
