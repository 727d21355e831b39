// SPDX-License-Identifier: GPL-2.0-only
/*
 * IO page faults by way of the kernel's (6.11 on).
 *
 * A driver gives a page request to the kernel, which finds the attachment that it
 * is for, and calls the handler of the page table there when a group of them is
 * complete. The group is taken off the kernel's list of those that wait for an
 * answer: a driver that ends the delivery for a device would free all that are on
 * it. It is ours from then on, and answered once, before the device can go.
 *
 * The kernel looks for an attachment without a lock, and a driver that detaches
 * does not always wait for what it has handed over already: VT-d's does so for
 * requests with a PASID only. So the handler takes the sink of an attachment
 * within an SRCU section, whoever ends the attachment takes the sink away and
 * waits for handlers that are at work, and the memory stays until after that.
 * A request that comes too late is answered with INVALID.
 */
#ifdef INX_HAVE_IOPF

#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci-ats.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/srcu.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "nested.h"

#define INX_IOPF_FLAGS (IOMMU_NEXT_PGFAULT_FLAGS_PASID_VALID | \
			IOMMU_NEXT_PGFAULT_FLAGS_LAST_PAGE)
#define INX_IOPF_PERM (IOMMU_NEXT_PGFAULT_PERM_READ | \
		       IOMMU_NEXT_PGFAULT_PERM_WRITE | \
		       IOMMU_NEXT_PGFAULT_PERM_EXEC | \
		       IOMMU_NEXT_PGFAULT_PERM_PRIV)

/* The kernel's numbers, which the uAPI has taken over. */
static_assert(IOMMU_FAULT_PAGE_REQUEST_PASID_VALID ==
	      IOMMU_NEXT_PGFAULT_FLAGS_PASID_VALID);
static_assert(IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE ==
	      IOMMU_NEXT_PGFAULT_FLAGS_LAST_PAGE);
static_assert(IOMMU_FAULT_PERM_READ == IOMMU_NEXT_PGFAULT_PERM_READ);
static_assert(IOMMU_FAULT_PERM_WRITE == IOMMU_NEXT_PGFAULT_PERM_WRITE);
static_assert(IOMMU_FAULT_PERM_EXEC == IOMMU_NEXT_PGFAULT_PERM_EXEC);
static_assert(IOMMU_FAULT_PERM_PRIV == IOMMU_NEXT_PGFAULT_PERM_PRIV);
static_assert((int)IOMMU_PAGE_RESP_SUCCESS ==
	      (int)IOMMU_NEXT_PAGE_RESP_SUCCESS);
static_assert((int)IOMMU_PAGE_RESP_INVALID ==
	      (int)IOMMU_NEXT_PAGE_RESP_INVALID);

/**
 * struct inx_iopf_group - page requests that are answered together
 * @base: first; what the core knows of them
 * @core: the kernel's group
 * @faults: the requests
 */
struct inx_iopf_group {
	struct inx_fault_group base;
	struct iopf_group *core;
	struct iommu_next_hwpt_pgfault faults[];
};

DEFINE_STATIC_SRCU(inx_iopf_srcu);

static void inx_iopf_answer(struct iopf_group *core, u32 code)
{
	iopf_group_response(core, code);
	iopf_free_group(core);
}

static void inx_iopf_respond(struct inx_fault_group *base, u32 code)
{
	inx_iopf_answer(container_of(base, struct inx_iopf_group, base)->core,
			code);
}

static struct inx_iopf_group *inx_iopf_group(struct iopf_group *core)
{
	struct inx_iopf_group *group;
	struct iopf_fault *fault;
	u32 i = 0;

	group = kzalloc(struct_size(group, faults, core->fault_count),
			GFP_KERNEL);
	if (!group)
		return NULL;
	group->core = core;
	group->base.respond = inx_iopf_respond;
	group->base.faults = group->faults;
	list_for_each_entry(fault, &core->faults, list) {
		const struct iommu_fault_page_request *prm = &fault->fault.prm;

		group->faults[i++] = (struct iommu_next_hwpt_pgfault){
			.flags = prm->flags & INX_IOPF_FLAGS,
			.pasid = prm->flags &
					 IOMMU_FAULT_PAGE_REQUEST_PASID_VALID ?
				 prm->pasid : 0,
			.grpid = prm->grpid,
			.perm = prm->perm & INX_IOPF_PERM,
			.addr = prm->addr,
		};
	}
	group->base.nr = i;
	return group;
}

/* Called by the kernel, in a thread of the driver's. */
static int inx_iopf_handle(struct iopf_group *core)
{
	struct inx_attachment *at = container_of(core->attach_handle,
						 struct inx_attachment, core);
	struct inx_iopf_group *group;
	struct inx_sink *sink;
	int idx;

	iopf_group_dequeue(core);
	group = inx_iopf_group(core);
	idx = srcu_read_lock(&inx_iopf_srcu);
	sink = srcu_dereference(at->sink, &inx_iopf_srcu);
	if (group && sink)
		inx_fault_report(sink, &group->base);
	srcu_read_unlock(&inx_iopf_srcu, idx);
	if (group && sink)
		return 0;
	kfree(group);
	inx_iopf_answer(core, IOMMU_NEXT_PAGE_RESP_INVALID);
	return 0;
}

bool inx_device_has_iopf(struct device *dev)
{
	struct pci_dev *pdev;

	/* A virtual function has page requests only together with all others. */
	if (!dev_is_pci(dev))
		return false;
	pdev = to_pci_dev(dev);
	return !pdev->is_virtfn && pci_pri_supported(pdev);
}

int inx_domain_take_iopf(struct iommu_domain *domain, struct device *dev)
{
	/*
	 * AMD's driver has page requests of processes' page tables alone. What
	 * tells it from VT-d's is that no other page table can have a PASID.
	 */
	if (!dev->iommu->iommu_dev->ops->page_response ||
	    !(domain->ops->set_dev_pasid ||
	      domain->type == IOMMU_DOMAIN_NESTED))
		return -EOPNOTSUPP;
	domain->iopf_handler = inx_iopf_handle;
	return 0;
}

#ifdef INX_HAVE_IOPF_FEATURE
/**
 * struct inx_iopf_device - a device whose page requests are switched on
 * @item: in the list of all
 * @dev: the device, which whoever attaches it has
 * @users: attachments, each of its RID or a PASID
 */
struct inx_iopf_device {
	struct list_head item;
	struct device *dev;
	unsigned int users;
};

static LIST_HEAD(inx_iopf_devices);
static DEFINE_MUTEX(inx_iopf_lock);

static struct inx_iopf_device *inx_iopf_find(struct device *dev)
{
	struct inx_iopf_device *entry;

	lockdep_assert_held(&inx_iopf_lock);
	list_for_each_entry(entry, &inx_iopf_devices, item)
		if (entry->dev == dev)
			return entry;
	return NULL;
}

static int inx_iopf_switch_on(struct device *dev)
{
	struct inx_iopf_device *entry;
	int rc = 0;

	mutex_lock(&inx_iopf_lock);
	entry = inx_iopf_find(dev);
	if (entry) {
		entry->users++;
		goto out;
	}
	entry = kzalloc_obj(*entry, GFP_KERNEL_ACCOUNT);
	if (!entry) {
		rc = -ENOMEM;
		goto out;
	}
	rc = iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_IOPF);
	if (rc) {
		kfree(entry);
		goto out;
	}
	entry->dev = dev;
	entry->users = 1;
	list_add(&entry->item, &inx_iopf_devices);
out:
	mutex_unlock(&inx_iopf_lock);
	return rc;
}

static void inx_iopf_switch_off(struct device *dev)
{
	struct inx_iopf_device *entry;

	mutex_lock(&inx_iopf_lock);
	entry = inx_iopf_find(dev);
	if (!--entry->users) {
		iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_IOPF);
		list_del(&entry->item);
		kfree(entry);
	}
	mutex_unlock(&inx_iopf_lock);
}
#else
static int inx_iopf_switch_on(struct device *dev)
{
	return 0;
}

static void inx_iopf_switch_off(struct device *dev)
{
}
#endif

static int inx_iopf_count(struct device *dev, void *arg)
{
	unsigned int *nr = arg;

	return ++*nr > 1;
}

/* All devices of a group would come to the sink of one. */
static bool inx_iopf_is_alone(struct device *dev)
{
	struct iommu_group *group = iommu_group_get(dev);
	unsigned int nr = 0;

	iommu_group_for_each_dev(group, &nr, inx_iopf_count);
	iommu_group_put(group);
	return nr == 1;
}

int inx_iopf_start(struct inx_attachment *at, struct inx_sink *sink)
{
	int rc;

	if (!inx_device_has_iopf(at->dev) || !inx_iopf_is_alone(at->dev))
		return -EINVAL;
	rc = inx_iopf_switch_on(at->dev);
	if (!rc)
		rcu_assign_pointer(at->sink, sink);
	return rc;
}

void inx_iopf_stop(struct inx_attachment *at)
{
	struct inx_sink *sink = rcu_replace_pointer(at->sink, NULL, true);

	if (!sink)
		return;
	synchronize_srcu(&inx_iopf_srcu);
	inx_sink_flush(sink);
	inx_iopf_switch_off(at->dev);
}

#endif
