// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slices of the mock IOMMU that belong to a guest: what all types of them have, and
 * the type of the in-tree selftests. What is flushed on one of those are the four
 * numbers that a device has for a cache, what it reports is the guest's number of a
 * device.
 */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "backend.h"
#include "mock.h"
#include "nested.h"
#include "selftest.h"

#define MOCK_VIOMMU_ORDER 1

/**
 * mock_viommu_free() - as &struct inx_viommu_ops.free
 * @priv: the slice
 */
void mock_viommu_free(void *priv)
{
	struct mock_viommu *mv = priv;

	free_pages((unsigned long)mv->page, MOCK_VIOMMU_ORDER);
	xa_destroy(&mv->devices);
	mutex_destroy(&mv->lock);
	mock_iommu_put(mv->iommu);
	kfree(mv);
}

/**
 * mock_viommu_nested_alloc() - as &struct inx_viommu_ops.nested_alloc
 * @priv: the slice
 * @dev: the device
 * @flags: what the core asks for
 * @data: the user's description
 *
 * Return: the page table; ERR_PTR(-EINVAL); what mock_nested_make() returns.
 */
struct iommu_domain *mock_viommu_nested_alloc(void *priv, struct device *dev,
					      u32 flags,
					      const struct inx_user_data *data)
{
	struct mock_viommu *mv = priv;

	if (mock_domain_fits(mock_device_of(dev), mv->parent))
		return ERR_PTR(-EINVAL);
	return mock_nested_make(mv->iommu, mv->parent, mv, data);
}

static int mock_viommu_flush(struct mock_viommu *mv,
			     const struct inx_user_array *array, u32 index)
{
	struct selftest_viommu_invalidate inv;
	struct mock_device *mock;
	unsigned int i;
	int rc;

	rc = inx_user_array_get(&inv, sizeof(inv), sizeof(inv), array, index);
	if (rc)
		return rc;
	if (inv.flags & ~SELFTEST_INVALIDATE_ALL)
		return -EOPNOTSUPP;
	if (inv.cache_id >= SELFTEST_CACHE_NUM)
		return -EINVAL;
	xa_lock(&mv->devices);
	mock = xa_load(&mv->devices, inv.vdev_id);
	for (i = 0; mock && i < SELFTEST_CACHE_NUM; i++)
		if (inv.flags & SELFTEST_INVALIDATE_ALL || i == inv.cache_id)
			WRITE_ONCE(mock->cache[i], 0);
	xa_unlock(&mv->devices);
	return mock ? 0 : -EINVAL;
}

/**
 * mock_viommu_each() - carry out entries one after the other
 * @mv: the slice
 * @array: the entries; gets how many were carried out
 * @type: that they must have
 * @one: carries one out
 *
 * Return: 0; -EINVAL for another type; what @one returns, which ends it.
 */
int mock_viommu_each(struct mock_viommu *mv, struct inx_user_array *array,
		     u32 type,
		     int (*one)(struct mock_viommu *mv,
				const struct inx_user_array *array, u32 index))
{
	u32 entry_num = array->entry_num, i;
	int rc;

	array->entry_num = 0;
	if (array->type != type)
		return -EINVAL;
	for (i = 0; i < entry_num; i++) {
		rc = one(mv, array, i);
		if (rc)
			return rc;
		array->entry_num++;
		cond_resched();
	}
	return 0;
}

static int mock_viommu_invalidate(void *priv, struct inx_user_array *array)
{
	return mock_viommu_each(priv, array, SELFTEST_VIOMMU_INVALIDATE,
				mock_viommu_flush);
}

/**
 * mock_vdevice_add() - as &struct inx_viommu_ops.vdevice_add
 * @priv: the slice
 * @dev: the device
 * @virt_id: the guest's number
 *
 * Return: 0; -EINVAL for a device of another IOMMU; -EBUSY; -ENOMEM.
 */
int mock_vdevice_add(void *priv, struct device *dev, unsigned long virt_id)
{
	struct mock_device *mock = mock_device_of(dev);
	struct mock_viommu *mv = priv;

	if (mock_domain_fits(mock, mv->parent))
		return -EINVAL;
	return xa_insert(&mv->devices, virt_id, mock, GFP_KERNEL_ACCOUNT);
}

/**
 * mock_vdevice_remove() - as &struct inx_viommu_ops.vdevice_remove
 * @priv: the slice
 * @dev: the device
 * @virt_id: the guest's number
 */
void mock_vdevice_remove(void *priv, struct device *dev, unsigned long virt_id)
{
	struct mock_viommu *mv = priv;

	xa_erase(&mv->devices, virt_id);
}

/**
 * mock_viommu_find() - what a guest calls a device
 * @mv: the slice
 * @mock: the device
 * @virt_id: gets it
 *
 * Return: 0 or -ENOENT.
 */
int mock_viommu_find(struct mock_viommu *mv, struct mock_device *mock,
		     unsigned long *virt_id)
{
	struct mock_device *found;
	unsigned long index;
	int rc = -ENOENT;

	xa_lock(&mv->devices);
	xa_for_each(&mv->devices, index, found) {
		if (found != mock)
			continue;
		*virt_id = index;
		rc = 0;
		break;
	}
	xa_unlock(&mv->devices);
	return rc;
}

static u32 mock_viommu_num_queues(void *priv, u32 type)
{
	return type == SELFTEST_HW_QUEUE_TYPE ? SELFTEST_HW_QUEUE_MAX : 0;
}

static int mock_viommu_queue_add(void *priv, u32 type, u32 index, u64 iova,
				 phys_addr_t phys, u64 length)
{
	struct mock_viommu *mv = priv;

	/* The core and the page table agree on where it lies. */
	return iommu_iova_to_phys(mv->parent, iova) == phys ? 0 : -EFAULT;
}

static void mock_viommu_queue_remove(void *priv, u32 type, u32 index)
{
}

static const struct inx_viommu_ops mock_viommu_ops = {
	.free = mock_viommu_free,
	.nested_alloc = mock_viommu_nested_alloc,
	.invalidate = mock_viommu_invalidate,
	.vdevice_add = mock_vdevice_add,
	.vdevice_remove = mock_vdevice_remove,
	.num_queues = mock_viommu_num_queues,
	.queue_add = mock_viommu_queue_add,
	.queue_remove = mock_viommu_queue_remove,
	.queues_in_order = true,
};

/* With data, the guest gets two pages and finds there what it has given. */
static int mock_viommu_offer(struct mock_viommu *mv,
			     const struct inx_user_data *data)
{
	struct selftest_viommu arg;
	u64 offset;
	int rc;

	rc = inx_user_data_get(&arg, sizeof(arg),
			       offsetofend(typeof(arg), out_data), data);
	if (rc)
		return rc;
	mv->page = (u32 *)__get_free_pages(GFP_KERNEL_ACCOUNT | __GFP_ZERO,
					   MOCK_VIOMMU_ORDER);
	if (!mv->page)
		return -ENOMEM;
	*mv->page = arg.in_data;
	arg.out_data = arg.in_data;
	arg.mmap_length = PAGE_SIZE << MOCK_VIOMMU_ORDER;
	rc = inx_viommu_offer_mmap(mv->core, __pa(mv->page), arg.mmap_length,
				   &offset);
	if (rc)
		return rc;
	arg.mmap_offset = offset;
	return copy_to_user(data->uptr, &arg, data->len) ? -EFAULT : 0;
}

static const struct inx_viommu_ops *mock_viommu_type(struct mock_iommu *iommu,
						     u32 type)
{
	if (iommu->flags & MOCK_SELFTEST_INFO)
		return type == SELFTEST_VIOMMU_TYPE ? &mock_viommu_ops : NULL;
	if (iommu->flags & IOMMU_NEXT_MOCK_ARM &&
	    type == IOMMU_NEXT_VIOMMU_TYPE_ARM_SMMUV3)
		return &mock_viommu_smmu_ops;
	return NULL;
}

const struct inx_viommu_ops *
mock_viommu_alloc(struct device *dev, struct inx_viommu *viommu,
		  struct iommu_domain *parent,
		  const struct inx_user_data *data, void **priv)
{
	struct mock_iommu *iommu = mock_device_of(dev)->iommu;
	const struct inx_viommu_ops *ops;
	struct mock_viommu *mv;
	int rc = 0;

	ops = mock_viommu_type(iommu, data->type);
	if (!ops)
		return ERR_PTR(-EOPNOTSUPP);
	if (mock_domain_fits(mock_device_of(dev), parent))
		return ERR_PTR(-EINVAL);
	mv = kzalloc_obj(*mv, GFP_KERNEL_ACCOUNT);
	if (!mv)
		return ERR_PTR(-ENOMEM);
	xa_init_flags(&mv->devices, XA_FLAGS_ACCOUNT);
	mutex_init(&mv->lock);
	INIT_LIST_HEAD(&mv->tables);
	kref_get(&iommu->ref);
	mv->iommu = iommu;
	mv->core = viommu;
	mv->parent = parent;
	/* Arm's takes no data, and does not mind any. */
	if (ops == &mock_viommu_ops && data->len)
		rc = mock_viommu_offer(mv, data);
	if (rc) {
		mock_viommu_free(mv);
		return ERR_PTR(rc);
	}
	*priv = mv;
	return ops;
}

/**
 * selftest_trigger_vevent() - TRIGGER_VEVENT
 * @call: the call
 *
 * Return: 0; -ENOENT when the device uses nothing of a guest that has a number
 * for it; what inx_viommu_report() returns.
 */
int selftest_trigger_vevent(struct selftest_call *call)
{
	struct mock_viommu *mv = NULL;
	struct mock_device *mock;
	unsigned long virt_id;
	int rc = -ENOENT;

	mock = selftest_find_mock(call->ctx, call->arg.vevent.dev_id);
	if (!mock)
		return -ENOENT;
	down_read(&mock->iommu->lock);
	if (mock->iommu->domain && mock_domain_is_nested(mock->iommu->domain))
		mv = mock_nested_of(mock->iommu->domain)->viommu;
	if (mv)
		rc = mock_viommu_find(mv, mock, &virt_id);
	if (!rc) {
		u32 event = virt_id;

		rc = inx_viommu_report(mv->core, SELFTEST_VEVENTQ_TYPE, &event,
				       sizeof(event));
	}
	up_read(&mock->iommu->lock);
	put_device(&mock->dev);
	return rc;
}
