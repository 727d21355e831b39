// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queues of events for a guest: one of each type on a slice of an IOMMU.
 *
 * A queue holds as many events as it was made for. What comes then is lost: the
 * queue ends with a header that says so until another event finds room, whose
 * number tells how many are missing.
 */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "ioctl.h"
#include "viommu.h"

/* More than any IOMMU has room for. */
#define INX_EVENTQ_MAX BIT(19)

/**
 * struct inx_event - an event in a queue
 * @item: in &struct inx_eventq.events
 * @length: bytes of @data
 * @header: what the user reads first
 * @data: and then
 */
struct inx_event {
	struct list_head item;
	size_t length;
	struct iommu_next_vevent_header header;
	u8 data[];
};

/**
 * struct inx_eventq - a queue
 * @obj: first; its file is a user, and it is one of @viommu until it is destroyed
 * @viommu: on which slice
 * @item: in &struct inx_viommu.eventqs; under its events_lock
 * @type: of enum iommu_next_veventq_type
 * @depth: events that it can hold
 * @read_lock: one reader at a time; held while user memory is touched
 * @lock: of what follows
 * @events: struct inx_event
 * @num: how many, and those that a reader has in its hands
 * @sequence: number of the next event
 * @lost: the last one was lost
 * @lost_sequence: its number
 * @wait: readers
 */
struct inx_eventq {
	struct inx_object obj;
	struct inx_viommu *viommu;
	struct list_head item;
	u32 type;
	u32 depth;
	struct mutex read_lock; /* one reader at a time */
	spinlock_t lock; /* of what follows */
	struct list_head events;
	u32 num;
	u32 sequence;
	bool lost;
	u32 lost_sequence;
	wait_queue_head_t wait;
};

static_assert(!offsetof(struct inx_eventq, obj));

static void inx_eventq_shut(struct inx_object *obj)
{
	struct inx_eventq *eventq = container_of(obj, struct inx_eventq, obj);

	spin_lock(&eventq->viommu->events_lock);
	list_del_init(&eventq->item);
	spin_unlock(&eventq->viommu->events_lock);
	inx_object_unclaim(&eventq->viommu->obj);
}

static void inx_eventq_free(struct inx_object *obj)
{
	struct inx_eventq *eventq = container_of(obj, struct inx_eventq, obj);
	struct inx_event *event, *next;

	list_for_each_entry_safe(event, next, &eventq->events, item)
		kfree(event);
	mutex_destroy(&eventq->read_lock);
	inx_object_put(&eventq->viommu->obj);
	inx_object_free(obj);
}

static const struct inx_object_ops inx_eventq_ops = {
	.shut = inx_eventq_shut,
	.free = inx_eventq_free,
};

static struct inx_eventq *inx_eventq_find(struct inx_viommu *viommu, u32 type)
{
	struct inx_eventq *eventq;

	lockdep_assert_held(&viommu->events_lock);
	list_for_each_entry(eventq, &viommu->eventqs, item)
		if (eventq->type == type)
			return eventq;
	return NULL;
}

/* Returns whether there was room for @event, which may be NULL. */
static bool inx_eventq_add(struct inx_eventq *eventq, struct inx_event *event)
{
	bool room;

	spin_lock(&eventq->lock);
	room = event && eventq->num < eventq->depth;
	if (room) {
		event->header.sequence = eventq->sequence;
		list_add_tail(&event->item, &eventq->events);
		eventq->num++;
	} else {
		eventq->lost_sequence = eventq->sequence;
	}
	eventq->lost = !room;
	eventq->sequence = (eventq->sequence + 1) & INT_MAX;
	spin_unlock(&eventq->lock);
	wake_up_interruptible(&eventq->wait);
	return room;
}

/**
 * inx_viommu_report() - tell a guest of an event
 * @viommu: the slice, which stays meanwhile
 * @type: of enum iommu_next_veventq_type
 * @data: the event
 * @length: bytes of it
 *
 * Context: process context; does not wait for user space.
 * Return: 0, also when the queue is full; -EOPNOTSUPP when the guest has no queue
 * of the type; -ENOMEM: the event is lost, and the guest told that it was.
 */
int inx_viommu_report(struct inx_viommu *viommu, u32 type, const void *data,
		      size_t length)
{
	struct inx_eventq *eventq;
	struct inx_event *event;
	int rc = 0;

	event = kzalloc(struct_size(event, data, length), GFP_KERNEL);
	if (event) {
		event->length = length;
		memcpy(event->data, data, length);
	} else {
		rc = -ENOMEM;
	}
	spin_lock(&viommu->events_lock);
	eventq = inx_eventq_find(viommu, type);
	if (!eventq)
		rc = -EOPNOTSUPP;
	if (!eventq || !inx_eventq_add(eventq, event))
		kfree(event);
	spin_unlock(&viommu->events_lock);
	return rc;
}
EXPORT_SYMBOL_GPL(inx_viommu_report);

/* The next thing to read, into the caller's hands; @lost for no more than that. */
static struct inx_event *inx_eventq_next(struct inx_eventq *eventq, size_t room,
					 struct iommu_next_vevent_header *lost)
{
	struct inx_event *event;

	lost->flags = 0;
	spin_lock(&eventq->lock);
	event = list_first_entry_or_null(&eventq->events, struct inx_event,
					 item);
	if (event && room < sizeof(event->header) + event->length) {
		event = ERR_PTR(-EINVAL);
	} else if (event) {
		list_del(&event->item);
	} else if (eventq->lost && room >= sizeof(*lost)) {
		lost->flags = IOMMU_NEXT_VEVENTQ_FLAG_LOST_EVENTS;
		lost->sequence = eventq->lost_sequence;
		eventq->lost = false;
	}
	spin_unlock(&eventq->lock);
	return event;
}

static void inx_eventq_done(struct inx_eventq *eventq, struct inx_event *event,
			    bool read)
{
	spin_lock(&eventq->lock);
	if (read)
		eventq->num--;
	else
		list_add(&event->item, &eventq->events);
	spin_unlock(&eventq->lock);
	if (read)
		kfree(event);
}

static ssize_t inx_eventq_read_lost(struct inx_eventq *eventq, char __user *buf,
				    struct iommu_next_vevent_header *lost)
{
	if (!copy_to_user(buf, lost, sizeof(*lost)))
		return sizeof(*lost);
	spin_lock(&eventq->lock);
	/* Unless there is something newer to tell. */
	if (list_empty(&eventq->events) && !eventq->lost) {
		eventq->lost = true;
		eventq->lost_sequence = lost->sequence;
	}
	spin_unlock(&eventq->lock);
	return -EFAULT;
}

/* One event; its bytes, 0 for none, or an error. */
static ssize_t inx_eventq_read_one(struct inx_eventq *eventq, char __user *buf,
				   size_t room)
{
	struct iommu_next_vevent_header lost;
	struct inx_event *event;
	size_t size;
	bool ok;

	event = inx_eventq_next(eventq, room, &lost);
	if (IS_ERR(event))
		return PTR_ERR(event);
	if (!event)
		return lost.flags ? inx_eventq_read_lost(eventq, buf, &lost) :
				    0;
	size = sizeof(event->header) + event->length;
	ok = !copy_to_user(buf, &event->header, sizeof(event->header)) &&
	     !copy_to_user(buf + sizeof(event->header), event->data,
			   event->length);
	inx_eventq_done(eventq, event, ok);
	return ok ? size : -EFAULT;
}

static ssize_t inx_eventq_read(struct file *file, char __user *buf,
			       size_t count, loff_t *pos)
{
	struct inx_eventq *eventq = file->private_data;
	size_t done = 0;
	ssize_t rc;

	if (*pos)
		return -ESPIPE;
	if (count < sizeof(struct iommu_next_vevent_header))
		return -EINVAL;
	rc = mutex_lock_interruptible(&eventq->read_lock);
	if (rc)
		return rc;
	while (done < count) {
		rc = inx_eventq_read_one(eventq, buf + done, count - done);
		if (rc <= 0)
			break;
		done += rc;
	}
	mutex_unlock(&eventq->read_lock);
	return done ?: rc;
}

static __poll_t inx_eventq_poll(struct file *file, poll_table *wait)
{
	struct inx_eventq *eventq = file->private_data;
	__poll_t events = 0;

	poll_wait(file, &eventq->wait, wait);
	spin_lock(&eventq->lock);
	if (!list_empty(&eventq->events) || eventq->lost)
		events = EPOLLIN | EPOLLRDNORM;
	spin_unlock(&eventq->lock);
	return events;
}

static int inx_eventq_release(struct inode *inode, struct file *file)
{
	inx_call_close_file(file->private_data);
	return 0;
}

static const struct file_operations inx_eventq_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.read = inx_eventq_read,
	.poll = inx_eventq_poll,
	.release = inx_eventq_release,
};

static struct inx_eventq *inx_eventq_make(struct inx_call *call,
					  struct inx_viommu *viommu)
{
	struct iommu_next_veventq_alloc *arg = call->arg;
	struct inx_eventq *eventq;
	int rc;

	rc = inx_object_use(&viommu->obj);
	if (rc)
		return ERR_PTR(rc);
	eventq = inx_object_alloc(call->ctx, sizeof(*eventq), INX_OBJ_EVENTQ,
				  &inx_eventq_ops);
	if (IS_ERR(eventq)) {
		inx_object_unuse(&viommu->obj);
		return eventq;
	}
	eventq->viommu = viommu;
	eventq->type = arg->type;
	eventq->depth = arg->veventq_depth;
	mutex_init(&eventq->read_lock);
	spin_lock_init(&eventq->lock);
	INIT_LIST_HEAD(&eventq->item);
	INIT_LIST_HEAD(&eventq->events);
	init_waitqueue_head(&eventq->wait);
	call->new_obj = &eventq->obj;

	spin_lock(&viommu->events_lock);
	if (inx_eventq_find(viommu, arg->type))
		rc = -EEXIST;
	else
		list_add(&eventq->item, &viommu->eventqs);
	spin_unlock(&viommu->events_lock);
	return rc ? ERR_PTR(rc) : eventq;
}

/** inx_eventq_alloc() - IOMMU_NEXT_VEVENTQ_ALLOC */
int inx_eventq_alloc(struct inx_call *call)
{
	struct iommu_next_veventq_alloc *arg = call->arg;
	struct inx_viommu *viommu;
	struct inx_eventq *eventq;
	int rc;

	if (arg->flags || arg->__reserved ||
	    arg->type == IOMMU_NEXT_VEVENTQ_TYPE_DEFAULT)
		return -EOPNOTSUPP;
	if (!arg->veventq_depth || arg->veventq_depth > INX_EVENTQ_MAX)
		return -EINVAL;
	viommu = inx_viommu_get(call->ctx, arg->viommu_id);
	if (IS_ERR(viommu))
		return PTR_ERR(viommu);
	eventq = inx_eventq_make(call, viommu);
	rc = PTR_ERR_OR_ZERO(eventq);
	if (!rc) {
		arg->out_veventq_id = eventq->obj.id;
		rc = inx_call_open_file(call, "[iommu-next-event]",
					&inx_eventq_fops, O_RDONLY,
					&arg->out_veventq_fd);
	}
	inx_object_put(&viommu->obj);
	return rc;
}
