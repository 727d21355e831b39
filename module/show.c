// SPDX-License-Identifier: GPL-2.0-only
/*
 * What /proc/PID/fdinfo tells of an open /dev/iommu-next; docs/uapi.md has the
 * format.
 *
 * Whoever may look at a process can look at any time, also while one of its
 * threads pins a terabyte. So nothing here waits for a lock that is held while
 * pages are pinned or user memory is touched: sums are kept where they change
 * and read without a lock. Objects are looked at one after the other, each by a
 * reference of its own, so the picture is not of one moment.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "access.h"
#include "device.h"
#include "group.h"
#include "hwpt.h"
#include "ioas.h"
#include "show.h"

/* More objects than anybody would read about; those beyond are not shown. */
#define INX_SHOW_MAX 4096

static void inx_show_ioas(struct seq_file *m, struct inx_object *obj)
{
	struct inx_ioas *ioas = container_of(obj, struct inx_ioas, obj);
	const struct inx_space *space = &ioas->iopt.space;

	seq_printf(m, "ioas:\t%u areas=%lu bytes=%lu\n", obj->id,
		   READ_ONCE(space->nr_areas), READ_ONCE(space->bytes));
}

static void inx_show_hwpt(struct seq_file *m, struct inx_object *obj)
{
	struct inx_hwpt *hwpt = inx_hwpt_of(obj);

	seq_printf(m, "hwpt:\t%u ioas=%u auto=%u\n", obj->id,
		   hwpt->ioas->obj.id, READ_ONCE(hwpt->is_auto));
}

static void inx_show_device(struct seq_file *m, struct inx_object *obj)
{
	struct inx_device *idev = container_of(obj, struct inx_device, obj);

	mutex_lock(&idev->group->lock);
	if (!idev->gone)
		seq_printf(m, "device:\t%u hwpt=%u name=%s\n", obj->id,
			   idev->attached ? idev->group->hwpt->obj.id : 0,
			   dev_name(idev->dev));
	mutex_unlock(&idev->group->lock);
}

static void inx_show_access(struct seq_file *m, struct inx_object *obj)
{
	struct inx_access *access = container_of(obj, struct inx_access, obj);
	u32 ioas;

	spin_lock(&access->lock);
	ioas = access->ioas ? access->ioas->obj.id : 0;
	spin_unlock(&access->lock);
	seq_printf(m, "access:\t%u ioas=%u\n", obj->id, ioas);
}

static void inx_show_object(struct seq_file *m, struct inx_object *obj)
{
	switch (obj->type) {
	case INX_OBJ_IOAS:
		inx_show_ioas(m, obj);
		break;
	case INX_OBJ_HWPT:
		inx_show_hwpt(m, obj);
		break;
	case INX_OBJ_DEVICE:
		inx_show_device(m, obj);
		break;
	case INX_OBJ_ACCESS:
		inx_show_access(m, obj);
		break;
	default:
		seq_printf(m, "other:\t%u\n", obj->id);
	}
}

/**
 * inx_show_ctx() - describe a context
 * @m: where to
 * @ctx: the context, whose file the caller holds
 *
 * Context: process context, no lock of this module held. Whoever gives an
 * object up while it is looked at leaves the end of it to this thread.
 */
void inx_show_ctx(struct seq_file *m, struct inx_ctx *ctx)
{
	struct inx_account *account = &ctx->account;
	bool mm = READ_ONCE(account->mode) == INX_ACCOUNT_MM;
	struct inx_object *obj;
	unsigned int shown = 0;
	unsigned long id;

	seq_printf(m, "context:\t%llu\n", ctx->serial);
	seq_printf(m, "pinned:\t%ld kB\n",
		   atomic_long_read(&account->npinned) << (PAGE_SHIFT - 10));
	seq_printf(m, "charged:\t%ld kB %s\n",
		   atomic_long_read(&account->ncharged) << (PAGE_SHIFT - 10),
		   mm ? "process" : "user");
	xa_for_each(&ctx->objects, id, obj) {
		/* It will be called again with more room. */
		if (seq_has_overflowed(m))
			return;
		if (shown++ == INX_SHOW_MAX) {
			seq_puts(m, "more:\t1\n");
			return;
		}
		obj = inx_object_get(ctx, id, INX_OBJ_ANY);
		if (IS_ERR(obj))
			continue;
		inx_show_object(m, obj);
		inx_object_put(obj);
		cond_resched();
	}
}
