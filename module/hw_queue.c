// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hardware queues: memory of a guest that an IOMMU works on by itself, by its
 * physical address. It is pinned as long as the queue is there, and who wants to
 * unmap it is refused.
 */
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "hwpt.h"
#include "ioas.h"
#include "ioctl.h"
#include "pin.h"
#include "viommu.h"

/**
 * struct inx_hw_queue - a queue
 * @obj: first; a user of @viommu and @prev until it is destroyed
 * @viommu: on which slice
 * @prev: the queue that has to stay as long as this one, NULL for none
 * @item: in &struct inx_viommu.queues, once it is complete; under its lock
 * @type: of enum iommu_next_hw_queue_type
 * @index: number of the queue
 * @pinner: who has pinned its memory
 * @range: whole pages; empty when nothing is pinned
 * @pinned: they are pinned
 * @added: the backend works on it
 */
struct inx_hw_queue {
	struct inx_object obj;
	struct inx_viommu *viommu;
	struct inx_hw_queue *prev;
	struct list_head item;
	u32 type;
	u32 index;
	struct inx_pinner pinner;
	struct inx_iova_range range;
	bool pinned;
	bool added;
};

static_assert(!offsetof(struct inx_hw_queue, obj));

static struct inx_iopt *inx_hw_queue_iopt(struct inx_hw_queue *queue)
{
	return &queue->viommu->parent->ioas->iopt;
}

static void inx_hw_queue_shut(struct inx_object *obj)
{
	struct inx_hw_queue *queue = container_of(obj, struct inx_hw_queue,
						  obj);
	struct inx_viommu *viommu = queue->viommu;

	mutex_lock(&viommu->lock);
	list_del_init(&queue->item);
	if (queue->added)
		viommu->ops->queue_remove(viommu->priv, queue->type,
					  queue->index);
	mutex_unlock(&viommu->lock);
	if (queue->pinned) {
		inx_pinner_release(inx_hw_queue_iopt(queue), &queue->pinner);
		inx_pinner_remove(inx_hw_queue_iopt(queue), true);
	}
	if (queue->prev)
		inx_object_unclaim(&queue->prev->obj);
	inx_object_unclaim(&viommu->obj);
}

static void inx_hw_queue_free(struct inx_object *obj)
{
	struct inx_hw_queue *queue = container_of(obj, struct inx_hw_queue,
						  obj);

	if (queue->prev)
		inx_object_put(&queue->prev->obj);
	inx_object_put(&queue->viommu->obj);
	inx_object_free(obj);
}

static const struct inx_object_ops inx_hw_queue_ops = {
	.shut = inx_hw_queue_shut,
	.free = inx_hw_queue_free,
};

/* The hardware does not let go. */
static void inx_hw_queue_unmap(struct inx_pinner *pinner, unsigned long iova,
			       unsigned long length)
{
}

static int inx_hw_queue_pin_pages(struct inx_hw_queue *queue,
				  struct page **pages, size_t num)
{
	struct inx_iopt *iopt = inx_hw_queue_iopt(queue);
	size_t i;
	int rc;

	rc = inx_pinner_add(iopt, true);
	if (rc)
		return rc;
	rc = inx_pin_pages(iopt, &queue->pinner, queue->range, false, pages);
	if (rc) {
		inx_pinner_remove(iopt, true);
		return rc;
	}
	queue->pinned = true;
	for (i = 1; i < num; i++)
		if (page_to_pfn(pages[i]) != page_to_pfn(pages[0]) + i)
			return -EFAULT;
	return 0;
}

/* *phys gets the address of the first byte. */
static int inx_hw_queue_pin(struct inx_hw_queue *queue, u64 iova, u64 length,
			    phys_addr_t *phys)
{
	u64 last = iova + (length - 1);
	struct page **pages;
	size_t num;
	int rc;

	if (last > ULONG_MAX - PAGE_SIZE)
		return -ERANGE;
	queue->range.start = iova & PAGE_MASK;
	queue->range.last = last | ~PAGE_MASK;
	num = (queue->range.last - queue->range.start + 1) >> PAGE_SHIFT;
	pages = kvcalloc(num, sizeof(*pages), INX_GFP_LONG);
	if (!pages)
		return -ENOMEM;
	rc = inx_hw_queue_pin_pages(queue, pages, num);
	if (!rc)
		*phys = page_to_phys(pages[0]) + offset_in_page(iova);
	kvfree(pages);
	return rc;
}

static struct inx_hw_queue *inx_hw_queue_find(struct inx_viommu *viommu,
					      u32 type, u32 index)
{
	struct inx_hw_queue *queue;

	list_for_each_entry(queue, &viommu->queues, item)
		if (queue->type == type && queue->index == index)
			return queue;
	return NULL;
}

static int inx_hw_queue_start(struct inx_hw_queue *queue, u64 iova, u64 length,
			      phys_addr_t phys)
{
	struct inx_viommu *viommu = queue->viommu;
	struct inx_hw_queue *prev = NULL;
	int rc;

	if (inx_hw_queue_find(viommu, queue->type, queue->index))
		return -EEXIST;
	if (viommu->ops->queues_in_order && queue->index) {
		prev = inx_hw_queue_find(viommu, queue->type,
					 queue->index - 1);
		if (!prev)
			return -EIO;
		rc = inx_object_use(&prev->obj);
		if (rc)
			return -EIO;
		queue->prev = prev;
	}
	rc = viommu->ops->queue_add(viommu->priv, queue->type, queue->index,
				    iova, phys, length);
	if (rc)
		return rc;
	queue->added = true;
	list_add(&queue->item, &viommu->queues);
	return 0;
}

static struct inx_hw_queue *inx_hw_queue_make(struct inx_call *call,
					      struct inx_viommu *viommu)
{
	struct iommu_next_hw_queue_alloc *arg = call->arg;
	struct inx_hw_queue *queue;
	int rc;

	rc = inx_object_use(&viommu->obj);
	if (rc)
		return ERR_PTR(rc);
	queue = inx_object_alloc(call->ctx, sizeof(*queue), INX_OBJ_HW_QUEUE,
				 &inx_hw_queue_ops);
	if (IS_ERR(queue)) {
		inx_object_unuse(&viommu->obj);
		return queue;
	}
	queue->viommu = viommu;
	INIT_LIST_HEAD(&queue->item);
	queue->type = arg->type;
	queue->index = arg->index;
	queue->pinner.unmap = inx_hw_queue_unmap;
	call->new_obj = &queue->obj;
	return queue;
}

static int inx_hw_queue_alloc_on(struct inx_call *call,
				 struct inx_viommu *viommu)
{
	struct iommu_next_hw_queue_alloc *arg = call->arg;
	struct inx_hw_queue *queue;
	phys_addr_t phys;
	u32 max;
	int rc;

	max = viommu->ops->num_queues ?
		      viommu->ops->num_queues(viommu->priv, arg->type) : 0;
	if (!max)
		return -EOPNOTSUPP;
	if (arg->index >= max)
		return -EINVAL;
	queue = inx_hw_queue_make(call, viommu);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	rc = inx_hw_queue_pin(queue, arg->nesting_parent_iova, arg->length,
			      &phys);
	if (rc)
		return rc;
	mutex_lock(&viommu->lock);
	rc = inx_hw_queue_start(queue, arg->nesting_parent_iova, arg->length,
				phys);
	mutex_unlock(&viommu->lock);
	if (rc)
		return rc;
	arg->out_hw_queue_id = queue->obj.id;
	return inx_call_reply(call);
}

/** inx_hw_queue_alloc() - IOMMU_NEXT_HW_QUEUE_ALLOC */
int inx_hw_queue_alloc(struct inx_call *call)
{
	struct iommu_next_hw_queue_alloc *arg = call->arg;
	struct inx_viommu *viommu;
	u64 last;
	int rc;

	if (arg->flags || arg->type == IOMMU_NEXT_HW_QUEUE_TYPE_DEFAULT)
		return -EOPNOTSUPP;
	if (!arg->length)
		return -EINVAL;
	if (check_add_overflow(arg->nesting_parent_iova, arg->length - 1,
			       &last))
		return -EOVERFLOW;
	viommu = inx_viommu_get(call->ctx, arg->viommu_id);
	if (IS_ERR(viommu))
		return PTR_ERR(viommu);
	rc = inx_hw_queue_alloc_on(call, viommu);
	inx_object_put(&viommu->obj);
	return rc;
}
