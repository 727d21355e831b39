// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queues of IO page faults.
 *
 * A sink is where the faults of one attachment go: made before it, known to the
 * backend while it lasts. A group of faults that a backend has reported is NEW
 * until it is on the list, UNREAD until somebody has read it, and READ until it
 * is answered: by user space, or with INVALID when its attachment ends or when
 * the queue is closed. Whoever takes it out of the array under the lock answers
 * it, so each is answered once; the end of the attachment waits for that, because
 * the device may be gone afterwards. What is left of it then is memory, which a
 * reader may hold a moment longer.
 *
 * A reader may wait for user memory. It holds no more than its own mutex then,
 * and an end of an attachment does not wait for it.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "device.h"
#include "fault.h"
#include "hwpt.h"
#include "ioctl.h"

/**
 * struct inx_sink - where the faults of an attachment go
 * @fault: the queue; the page table that is attached is a user of it
 * @dev_id: the device, as user space knows it
 * @answering: groups that have been taken out and are being answered
 */
struct inx_sink {
	struct inx_fault *fault;
	u32 dev_id;
	unsigned int answering;
};

static void inx_fault_free(struct inx_object *obj)
{
	struct inx_fault *fault = container_of(obj, struct inx_fault, obj);

	WARN_ON_ONCE(!xa_empty(&fault->groups));
	xa_destroy(&fault->groups);
	mutex_destroy(&fault->read_lock);
	inx_object_free(obj);
}

static const struct inx_object_ops inx_fault_ops = {
	.free = inx_fault_free,
};

static void inx_group_unref(struct inx_fault_group *group)
{
	if (refcount_dec_and_test(&group->refs))
		kfree(group);
}

/* Take a group out; who gets it answers it, by inx_group_answer(). */
static void inx_group_take(struct inx_fault *fault,
			   struct inx_fault_group *group)
{
	lockdep_assert_held(&fault->lock);
	xa_erase(&fault->groups, group->cookie);
	list_del_init(&group->node);
	group->state = INX_FAULT_ANSWERED;
	group->sink->answering++;
}

static void inx_group_answer(struct inx_fault *fault,
			     struct inx_fault_group *group, u32 code)
{
	group->respond(group, code);
	spin_lock(&fault->lock);
	if (!--group->sink->answering)
		wake_up_all(&fault->answered);
	spin_unlock(&fault->lock);
	inx_group_unref(group);
}

static bool inx_sink_is_idle(struct inx_sink *sink)
{
	bool idle;

	spin_lock(&sink->fault->lock);
	idle = !sink->answering;
	spin_unlock(&sink->fault->lock);
	return idle;
}

/* Answer the groups of a sink, or all that there are, with INVALID. */
static void inx_fault_flush(struct inx_fault *fault, struct inx_sink *sink,
			    bool close)
{
	struct inx_fault_group *group, *next;
	unsigned long cookie;
	LIST_HEAD(list);

	spin_lock(&fault->lock);
	if (close)
		fault->closed = true;
	xa_for_each(&fault->groups, cookie, group) {
		if (group->state == INX_FAULT_NEW ||
		    (sink && group->sink != sink))
			continue;
		inx_group_take(fault, group);
		list_add_tail(&group->node, &list);
	}
	spin_unlock(&fault->lock);
	list_for_each_entry_safe(group, next, &list, node)
		inx_group_answer(fault, group, IOMMU_NEXT_PAGE_RESP_INVALID);
}

/**
 * inx_sink_make() - prepare for the faults of an attachment
 * @hwpt: what is about to be attached; stays until the sink is freed
 * @idev: the device
 *
 * Return: the sink; NULL when the page table delivers no faults;
 * ERR_PTR(-ENOMEM).
 */
struct inx_sink *inx_sink_make(struct inx_hwpt *hwpt, struct inx_device *idev)
{
	struct inx_sink *sink;

	if (!hwpt->fault)
		return NULL;
	sink = kzalloc_obj(*sink, GFP_KERNEL_ACCOUNT);
	if (!sink)
		return ERR_PTR(-ENOMEM);
	sink->fault = hwpt->fault;
	sink->dev_id = idev->obj.id;
	return sink;
}

/**
 * inx_sink_flush() - the attachment has ended
 * @sink: of it; nothing is reported to it any more
 *
 * For backends that have to have all answered before they go on. What is still to
 * be answered is answered with INVALID; what somebody is just answering is waited
 * for. Does not wait for user space.
 */
void inx_sink_flush(struct inx_sink *sink)
{
	inx_fault_flush(sink->fault, sink, false);
	wait_event(sink->fault->answered, inx_sink_is_idle(sink));
}

/**
 * inx_sink_free() - the attachment has ended, or has not come about
 * @sink: no backend knows it any more; or NULL
 *
 * What is still to be answered is answered with INVALID. Does not wait for user
 * space.
 */
void inx_sink_free(struct inx_sink *sink)
{
	if (!sink)
		return;
	inx_sink_flush(sink);
	kfree(sink);
}

/**
 * inx_fault_report() - deliver a group of faults
 * @sink: of the attachment, which does not end before this returns
 * @group: the group; not the caller's any more. Its respond() is called once,
 *	here when nobody can be asked.
 *
 * Context: may sleep.
 */
void inx_fault_report(struct inx_sink *sink, struct inx_fault_group *group)
{
	struct inx_fault *fault = sink->fault;
	bool closed;
	u32 i;

	refcount_set(&group->refs, 1);
	INIT_LIST_HEAD(&group->node);
	group->sink = sink;
	group->state = INX_FAULT_NEW;
	if (xa_alloc_cyclic(&fault->groups, &group->cookie, group,
			    xa_limit_32b, &fault->next_cookie,
			    GFP_KERNEL_ACCOUNT) < 0) {
		group->respond(group, IOMMU_NEXT_PAGE_RESP_INVALID);
		inx_group_unref(group);
		return;
	}
	for (i = 0; i < group->nr; i++) {
		group->faults[i].dev_id = sink->dev_id;
		group->faults[i].cookie = group->cookie;
	}

	spin_lock(&fault->lock);
	closed = fault->closed;
	if (closed) {
		inx_group_take(fault, group);
	} else {
		group->state = INX_FAULT_UNREAD;
		list_add_tail(&group->node, &fault->unread);
	}
	spin_unlock(&fault->lock);
	if (closed)
		inx_group_answer(fault, group, IOMMU_NEXT_PAGE_RESP_INVALID);
	else
		wake_up_interruptible(&fault->wait);
}
EXPORT_SYMBOL_GPL(inx_fault_report);

/* The next group if it fits, with a reference; READ from now on. */
static struct inx_fault_group *inx_fault_next(struct inx_fault *fault,
					      size_t room)
{
	struct inx_fault_group *group;

	spin_lock(&fault->lock);
	group = list_first_entry_or_null(&fault->unread,
					 struct inx_fault_group, node);
	if (group && group->nr > room / sizeof(group->faults[0])) {
		group = ERR_PTR(-EINVAL);
	} else if (group) {
		list_del_init(&group->node);
		group->state = INX_FAULT_READ;
		refcount_inc(&group->refs);
	}
	spin_unlock(&fault->lock);
	return group;
}

/* It was not read after all, unless it has been answered meanwhile. */
static void inx_fault_unread(struct inx_fault *fault,
			     struct inx_fault_group *group)
{
	spin_lock(&fault->lock);
	if (group->state == INX_FAULT_READ) {
		group->state = INX_FAULT_UNREAD;
		list_add(&group->node, &fault->unread);
	}
	spin_unlock(&fault->lock);
	wake_up_interruptible(&fault->wait);
}

static ssize_t inx_fault_read(struct file *file, char __user *buf,
			      size_t count, loff_t *pos)
{
	struct inx_fault *fault = file->private_data;
	struct inx_fault_group *group;
	size_t done = 0;
	int rc;

	if (*pos || count % sizeof(group->faults[0]))
		return -ESPIPE;
	rc = mutex_lock_interruptible(&fault->read_lock);
	if (rc)
		return rc;
	while ((group = inx_fault_next(fault, count - done))) {
		size_t size;

		if (IS_ERR(group)) {
			rc = PTR_ERR(group);
			break;
		}
		size = group->nr * sizeof(group->faults[0]);
		if (copy_to_user(buf + done, group->faults, size)) {
			inx_fault_unread(fault, group);
			rc = -EFAULT;
		}
		inx_group_unref(group);
		if (rc)
			break;
		done += size;
	}
	mutex_unlock(&fault->read_lock);
	return done ?: rc;
}

static int inx_fault_respond(struct inx_fault *fault,
			     const struct iommu_next_hwpt_page_response *answer)
{
	struct inx_fault_group *group;

	if (answer->code != IOMMU_NEXT_PAGE_RESP_SUCCESS &&
	    answer->code != IOMMU_NEXT_PAGE_RESP_INVALID)
		return -EINVAL;
	spin_lock(&fault->lock);
	group = xa_load(&fault->groups, answer->cookie);
	if (group && group->state == INX_FAULT_READ)
		inx_group_take(fault, group);
	else
		group = NULL;
	spin_unlock(&fault->lock);
	if (!group)
		return -EINVAL;
	inx_group_answer(fault, group, answer->code);
	return 0;
}

static ssize_t inx_fault_write(struct file *file, const char __user *buf,
			       size_t count, loff_t *pos)
{
	struct inx_fault *fault = file->private_data;
	struct iommu_next_hwpt_page_response answer;
	size_t done = 0;
	int rc = 0;

	if (*pos || count % sizeof(answer))
		return -ESPIPE;
	while (done < count) {
		if (copy_from_user(&answer, buf + done, sizeof(answer)))
			rc = -EFAULT;
		else
			rc = inx_fault_respond(fault, &answer);
		if (rc)
			break;
		done += sizeof(answer);
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	}
	return done ?: rc;
}

static __poll_t inx_fault_poll(struct file *file, poll_table *wait)
{
	struct inx_fault *fault = file->private_data;
	__poll_t events = EPOLLOUT | EPOLLWRNORM;

	poll_wait(file, &fault->wait, wait);
	spin_lock(&fault->lock);
	if (!list_empty(&fault->unread))
		events |= EPOLLIN | EPOLLRDNORM;
	spin_unlock(&fault->lock);
	return events;
}

static int inx_fault_release(struct inode *inode, struct file *file)
{
	struct inx_fault *fault = file->private_data;

	inx_fault_flush(fault, NULL, true);
	inx_call_close_file(&fault->obj);
	return 0;
}

static const struct file_operations inx_fault_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.read = inx_fault_read,
	.write = inx_fault_write,
	.poll = inx_fault_poll,
	.release = inx_fault_release,
};

/**
 * inx_fault_get() - find a queue
 * @ctx: the context
 * @id: any value
 *
 * Return: the queue, with a reference; ERR_PTR(-ENOENT).
 */
struct inx_fault *inx_fault_get(struct inx_ctx *ctx, u32 id)
{
	struct inx_object *obj = inx_object_get(ctx, id, INX_OBJ_FAULT);

	if (IS_ERR(obj))
		return ERR_CAST(obj);
	return container_of(obj, struct inx_fault, obj);
}

/** inx_fault_alloc() - IOMMU_NEXT_FAULT_QUEUE_ALLOC */
int inx_fault_alloc(struct inx_call *call)
{
	struct iommu_next_fault_alloc *arg = call->arg;
	struct inx_fault *fault;

	if (arg->flags)
		return -EOPNOTSUPP;
	fault = inx_object_alloc(call->ctx, sizeof(*fault), INX_OBJ_FAULT,
				 &inx_fault_ops);
	if (IS_ERR(fault))
		return PTR_ERR(fault);
	mutex_init(&fault->read_lock);
	spin_lock_init(&fault->lock);
	INIT_LIST_HEAD(&fault->unread);
	xa_init_flags(&fault->groups, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	init_waitqueue_head(&fault->wait);
	init_waitqueue_head(&fault->answered);
	call->new_obj = &fault->obj;

	arg->out_fault_id = fault->obj.id;
	return inx_call_open_file(call, "[iommu-next-fault]", &inx_fault_fops,
				  O_RDWR, &arg->out_fault_fd);
}
