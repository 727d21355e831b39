// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which process is charged.
 *
 * When a VMM gives its guest to a new process, the new one takes over what the
 * old one is charged for. All IOVA spaces of the context are frozen meanwhile:
 * no area comes or goes, so all of them are seen. Pages may be pinned and
 * unpinned beside it: each struct inx_pages changes over in one step, with
 * what it is charged for at that moment.
 *
 * The old owners keep their count until everybody has changed over. So when the
 * new one comes to its limit, going back needs no room in theirs.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <uapi/linux/iommu-next.h>

#include "ioas.h"
#include "ioctl.h"
#include "pages.h"

/**
 * struct inx_process_step - pages that have changed over
 * @pages: the pages
 * @old: who was charged
 * @npages: that @old is still counted for
 */
struct inx_process_step {
	struct inx_pages *pages;
	struct inx_owner *old;
	unsigned long npages;
};

/* Freeze every IOAS of a context; they are listed, with references. */
static struct inx_ioas *inx_process_freeze(struct inx_ctx *ctx)
{
	struct inx_ioas *ioas, *list = NULL;
	struct inx_object *obj;
	unsigned long id;

	lockdep_assert_held(&ctx->process_lock);
	xa_for_each(&ctx->objects, id, obj) {
		ioas = inx_ioas_get(ctx, id);
		if (IS_ERR(ioas))
			continue;
		inx_iopt_freeze(&ioas->iopt, &ctx->process_lock);
		ioas->next_frozen = list;
		list = ioas;
	}
	return list;
}

static void inx_process_thaw(struct inx_ioas *list)
{
	struct inx_ioas *ioas;

	for (ioas = list; ioas; ioas = ioas->next_frozen)
		inx_iopt_thaw(&ioas->iopt);
	while ((ioas = list)) {
		list = ioas->next_frozen;
		inx_ioas_put(ioas);
	}
}

/* Areas, all of which have to be of files. */
static int inx_process_count(struct inx_ioas *list, unsigned int *nr)
{
	struct inx_ioas *ioas;
	struct inx_area *area;

	*nr = 0;
	for (ioas = list; ioas; ioas = ioas->next_frozen) {
		for (area = inx_space_first(&ioas->iopt.space, 0, ULONG_MAX);
		     area; area = inx_space_next(area, ULONG_MAX)) {
			if (!area->pages->source.file)
				return -EINVAL;
			(*nr)++;
		}
	}
	return 0;
}

static int inx_process_move(struct inx_ioas *list, struct inx_owner *to,
			    struct inx_process_step *step, unsigned int *nr)
{
	struct inx_ioas *ioas;
	struct inx_area *area;
	int rc;

	for (ioas = list; ioas; ioas = ioas->next_frozen) {
		for (area = inx_space_first(&ioas->iopt.space, 0, ULONG_MAX);
		     area; area = inx_space_next(area, ULONG_MAX)) {
			struct inx_pages *pages = area->pages;
			struct inx_owner *old = pages->owner;

			/* Or it has changed over with another area. */
			if (inx_owner_is_current(old))
				continue;
			inx_owner_get(to);
			rc = inx_pages_move(pages, to, &step[*nr].npages);
			if (rc) {
				inx_owner_put(to);
				return rc;
			}
			step[*nr].pages = pages;
			step[*nr].old = old;
			(*nr)++;
		}
	}
	return 0;
}

static void inx_process_finish(struct inx_process_step *step, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (step[i].npages)
			inx_account_uncount(step[i].old, step[i].pages->mode,
					    step[i].npages);
		inx_owner_put(step[i].old);
	}
}

static void inx_process_revert(struct inx_process_step *step, unsigned int nr)
{
	while (nr--) {
		struct inx_owner *to = step[nr].pages->owner;

		inx_pages_move_back(step[nr].pages, step[nr].old,
				    step[nr].npages);
		inx_owner_put(to);
	}
}

static int inx_process_take_over(struct inx_ctx *ctx, struct inx_owner *to)
{
	struct inx_process_step *step = NULL;
	struct inx_ioas *list;
	unsigned int nr;
	int rc;

	mutex_lock(&ctx->process_lock);
	list = inx_process_freeze(ctx);
	rc = inx_process_count(list, &nr);
	if (rc || !nr)
		goto out;
	step = kvmalloc_array(nr, sizeof(*step), INX_GFP_LONG);
	if (!step) {
		rc = -ENOMEM;
		goto out;
	}
	nr = 0;
	rc = inx_process_move(list, to, step, &nr);
	if (rc)
		inx_process_revert(step, nr);
	else
		inx_process_finish(step, nr);
out:
	inx_process_thaw(list);
	mutex_unlock(&ctx->process_lock);
	kvfree(step);
	return rc;
}

/** inx_process_change() - IOMMU_NEXT_IOAS_CHANGE_PROCESS */
int inx_process_change(struct inx_call *call)
{
	struct iommu_next_ioas_change_process *arg = call->arg;
	struct inx_owner *to;
	int rc;

	if (arg->__reserved)
		return -EOPNOTSUPP;
	to = inx_owner_current(&call->ctx->account);
	if (!to)
		return -ENOMEM;
	rc = inx_process_take_over(call->ctx, to);
	inx_owner_put(to);
	return rc;
}
