// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keeping the RID of a group attached while its PASIDs or page requests are in use.
 *
 * If VT-d's driver attaches a PASID while ATS is off, it does not flush the device's
 * TLB for it later on, when ATS has come with the RID: the device would reach what is
 * unmapped. If it detaches a PASID while ATS is off, it forgets that the TLB was to be
 * flushed for it, and its page table keeps a pointer to the device. So there is an
 * empty page table for the RID when nothing else is attached: as good as blocked, but
 * ATS stays on.
 */
#if defined(INX_HAVE_IOPF_FEATURE) && defined(INX_HAVE_PASID_HANDLE)

#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci-ats.h>
#include <linux/pci.h>
#include <linux/slab.h>

/**
 * struct inx_rid - the RID of a group; changed under the core's lock of the group
 * @item: in the list of all
 * @group: the group
 * @users: PASIDs, and attachments that take page requests
 * @empty: stands in
 * @handle: of its attachment
 * @stands_in: it is attached
 * @rcu: the kernel looks at @handle locklessly
 */
struct inx_rid {
	struct list_head item;
	struct iommu_group *group;
	unsigned int users;
	struct iommu_domain *empty;
	struct iommu_attach_handle handle;
	bool stands_in;
	struct rcu_head rcu;
};

static LIST_HEAD(inx_rids);
static DEFINE_MUTEX(inx_rids_lock);

static struct inx_rid *inx_rid_find(struct iommu_group *group)
{
	struct inx_rid *rid, *found = NULL;

	mutex_lock(&inx_rids_lock);
	list_for_each_entry(rid, &inx_rids, item)
		if (rid->group == group)
			found = rid;
	mutex_unlock(&inx_rids_lock);
	return found;
}

static int inx_rid_make(struct device *dev, struct iommu_group *group)
{
	struct iommu_domain *now = iommu_get_domain_for_dev(dev);
	struct inx_rid *rid;
	int rc = 0;

	rid = kzalloc_obj(*rid, GFP_KERNEL_ACCOUNT);
	if (!rid)
		return -ENOMEM;
	rid->group = group;
	rid->users = 1;
	rid->empty = iommu_paging_domain_alloc(dev);
	if (IS_ERR(rid->empty)) {
		rc = PTR_ERR(rid->empty);
		goto out_free;
	}
	rid->stands_in = !now || now->type == IOMMU_DOMAIN_BLOCKED;
	if (rid->stands_in)
		rc = iommu_attach_group_handle(rid->empty, group,
					       &rid->handle);
	if (rc)
		goto out_domain;
	mutex_lock(&inx_rids_lock);
	list_add(&rid->item, &inx_rids);
	mutex_unlock(&inx_rids_lock);
	return 0;

out_domain:
	iommu_domain_free(rid->empty);
out_free:
	kfree(rid);
	return rc;
}

static bool inx_rid_matters(struct device *dev)
{
	return dev_is_pci(dev) && pci_ats_supported(to_pci_dev(dev));
}

int inx_rid_hold(struct device *dev)
{
	struct iommu_group *group;
	struct inx_rid *rid;
	int rc = 0;

	if (!inx_rid_matters(dev))
		return 0;
	group = iommu_group_get(dev);
	rid = inx_rid_find(group);
	if (rid)
		rid->users++;
	else
		rc = inx_rid_make(dev, group);
	iommu_group_put(group);
	return rc;
}

void inx_rid_release(struct device *dev)
{
	struct iommu_group *group;
	struct inx_rid *rid;

	if (!inx_rid_matters(dev))
		return;
	group = iommu_group_get(dev);
	rid = inx_rid_find(group);
	if (!--rid->users) {
		if (rid->stands_in)
			iommu_detach_group_handle(rid->empty, group);
		mutex_lock(&inx_rids_lock);
		list_del(&rid->item);
		mutex_unlock(&inx_rids_lock);
		iommu_domain_free(rid->empty);
		kfree_rcu(rid, rcu);
	}
	iommu_group_put(group);
}

int inx_rid_attach(struct iommu_domain *domain, struct iommu_group *group,
		   struct iommu_attach_handle *handle)
{
	struct inx_rid *rid = inx_rid_find(group);
	int rc;

	if (!rid || !rid->stands_in)
		return iommu_attach_group_handle(domain, group, handle);
	rc = iommu_replace_group_handle(group, domain, handle);
	if (!rc)
		rid->stands_in = false;
	return rc;
}

void inx_rid_detach(struct iommu_domain *domain, struct iommu_group *group)
{
	struct inx_rid *rid = inx_rid_find(group);

	if (rid && !iommu_replace_group_handle(group, rid->empty,
					       &rid->handle))
		rid->stands_in = true;
	else
		iommu_detach_group_handle(domain, group);
}

#endif
