// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses.
 *
 * A driver of a device that exists only in software does its "DMA" by the CPU:
 * it pins pages of an IOAS, or copies bytes. Its calls run beside each other.
 * To leave an IOAS, for another one or for good, three steps are taken: further
 * pins are refused, those in progress are waited for, and the driver is told to
 * undo what it has. Then the IOAS is let go of.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/file.h>
#include <linux/iommu_next.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "access.h"
#include "ioas.h"

static void inx_access_free(struct inx_object *obj)
{
	struct inx_access *access = container_of(obj, struct inx_access, obj);
	struct file *file = obj->ctx->file;

	mutex_destroy(&access->change_lock);
	inx_object_free(obj);
	fput(file);
}

static const struct inx_object_ops inx_access_ops = {
	.free = inx_access_free,
};

static void inx_access_unmap(struct inx_pinner *pinner, unsigned long iova,
			     unsigned long length)
{
	struct inx_access *access = container_of(pinner, struct inx_access,
						 pinner);

	access->ops->unmap(access->priv, iova, length);
}

/**
 * iommu_next_access_create() - let a driver touch what an IOAS maps
 * @ctx: the context, from iommu_next_ctx_from_fd(); the access holds it, too
 * @ops: what the driver answers
 * @priv: for @ops
 * @id: gets the ID that user space knows the access by
 *
 * It is attached to nothing.
 *
 * Return: the access; or ERR_PTR(-ENOMEM), ERR_PTR(-EBUSY) when all IDs are
 * taken, ERR_PTR(-EINVAL) for pins without a way to be told of an unmap.
 */
struct inx_access *
iommu_next_access_create(struct inx_ctx *ctx,
			 const struct iommu_next_access_ops *ops, void *priv,
			 u32 *id)
{
	struct inx_access *access;

	if (ops->needs_pin_pages && !ops->unmap)
		return ERR_PTR(-EINVAL);
	access = inx_object_alloc(ctx, sizeof(*access), INX_OBJ_ACCESS,
				  &inx_access_ops);
	if (IS_ERR(access))
		return access;
	get_file(ctx->file);
	access->ops = ops;
	access->priv = priv;
	access->pinner.unmap = inx_access_unmap;
	mutex_init(&access->change_lock);
	spin_lock_init(&access->lock);
	init_waitqueue_head(&access->idle);
	/* For the driver, until iommu_next_access_destroy(). */
	WARN_ON_ONCE(inx_object_use(&access->obj));
	*id = access->obj.id;
	inx_object_publish(&access->obj);
	return access;
}
EXPORT_SYMBOL_GPL(iommu_next_access_create);

/* The IOAS for a call, which keeps it until inx_access_leave(). */
static struct inx_ioas *inx_access_enter(struct inx_access *access, bool undo)
{
	struct inx_ioas *ioas;

	spin_lock(&access->lock);
	ioas = access->ioas;
	if (undo && access->leaving)
		ioas = access->leaving;
	if (ioas)
		access->busy++;
	spin_unlock(&access->lock);
	return ioas;
}

static void inx_access_leave(struct inx_access *access)
{
	spin_lock(&access->lock);
	if (!--access->busy)
		wake_up_all(&access->idle);
	spin_unlock(&access->lock);
}

static bool inx_access_is_idle(struct inx_access *access)
{
	bool idle;

	spin_lock(&access->lock);
	idle = !access->busy;
	spin_unlock(&access->lock);
	return idle;
}

/* When no call uses the one that is left, the next one takes its place. */
static bool inx_access_arrive(struct inx_access *access, struct inx_ioas *ioas)
{
	bool idle;

	spin_lock(&access->lock);
	idle = !access->busy;
	if (idle) {
		access->ioas = ioas;
		access->leaving = NULL;
	}
	spin_unlock(&access->lock);
	return idle;
}

/* Undo all that the access has in its IOAS, which pins enter no more. */
static void inx_access_empty(struct inx_access *access)
{
	struct inx_ioas *ioas = access->ioas;

	spin_lock(&access->lock);
	access->leaving = ioas;
	access->ioas = NULL;
	spin_unlock(&access->lock);
	wait_event(access->idle, inx_access_is_idle(access));
	if (access->ops->unmap)
		access->ops->unmap(access->priv, 0, ULONG_MAX);
	wait_event(access->idle, inx_access_is_idle(access));
	inx_pinner_release(&ioas->iopt, &access->pinner);
}

/* Go over to an IOAS, or to none. */
static int inx_access_change(struct inx_access *access, struct inx_ioas *ioas)
{
	bool aligned = access->ops->needs_pin_pages;
	struct inx_ioas *old = access->ioas;
	int rc;

	lockdep_assert_held(&access->change_lock);
	if (old == ioas)
		return 0;
	if (ioas) {
		rc = inx_object_use(&ioas->obj);
		if (rc)
			return rc;
		rc = inx_pinner_add(&ioas->iopt, aligned);
		if (rc) {
			inx_object_unuse(&ioas->obj);
			return rc;
		}
	}
	if (old)
		inx_access_empty(access);
	wait_event(access->idle, inx_access_arrive(access, ioas));
	if (old) {
		inx_pinner_remove(&old->iopt, aligned);
		inx_object_unuse(&old->obj);
	}
	return 0;
}

/* Go over to the IOAS of that ID. */
static int inx_access_change_to(struct inx_access *access, u32 ioas_id)
{
	struct inx_ioas *ioas = inx_ioas_get(access->obj.ctx, ioas_id);
	int rc;

	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = inx_access_change(access, ioas);
	inx_ioas_put(ioas);
	return rc;
}

/**
 * iommu_next_access_attach() - let an access use an IOAS
 * @access: not attached
 * @ioas_id: ID of the IOAS
 *
 * Return: 0; -EINVAL when it is attached; -ENOENT; -EADDRINUSE when something
 * is mapped that is not made of whole pages, and the access is for pins.
 */
int iommu_next_access_attach(struct inx_access *access, u32 ioas_id)
{
	int rc = -EINVAL;

	mutex_lock(&access->change_lock);
	if (!access->ioas)
		rc = inx_access_change_to(access, ioas_id);
	mutex_unlock(&access->change_lock);
	return rc;
}
EXPORT_SYMBOL_GPL(iommu_next_access_attach);

/**
 * iommu_next_access_replace() - let an access use another IOAS
 * @access: attached
 * @ioas_id: ID of the IOAS; it may be the same
 *
 * What is pinned in the old one is undone: ops->unmap() is called for all of
 * it.
 *
 * Return: 0; -ENOENT, also when it is not attached; -EADDRINUSE as
 * iommu_next_access_attach(). After an error it is attached as before.
 */
int iommu_next_access_replace(struct inx_access *access, u32 ioas_id)
{
	int rc = -ENOENT;

	mutex_lock(&access->change_lock);
	if (access->ioas)
		rc = inx_access_change_to(access, ioas_id);
	mutex_unlock(&access->change_lock);
	return rc;
}
EXPORT_SYMBOL_GPL(iommu_next_access_replace);

/**
 * iommu_next_access_detach() - let an access use nothing
 * @access: need not be attached
 *
 * ops->unmap() is called for all that may be pinned. What the driver has not
 * let go of then is unpinned nevertheless, and not its to touch any more.
 *
 * Context: waits for calls of the access that run.
 */
void iommu_next_access_detach(struct inx_access *access)
{
	mutex_lock(&access->change_lock);
	inx_access_change(access, NULL);
	mutex_unlock(&access->change_lock);
}
EXPORT_SYMBOL_GPL(iommu_next_access_detach);

/**
 * iommu_next_access_destroy() - undo iommu_next_access_create()
 * @access: attached or not; the driver has no right to it any more
 *
 * As iommu_next_access_detach() before. When it returns no operation of the
 * driver runs, and none will.
 */
void iommu_next_access_destroy(struct inx_access *access)
{
	iommu_next_access_detach(access);
	inx_object_unclaim(&access->obj);
	WARN_ON_ONCE(inx_object_remove(&access->obj));
	inx_object_put(&access->obj);
}
EXPORT_SYMBOL_GPL(iommu_next_access_destroy);

static int inx_access_range(unsigned long iova, unsigned long length,
			    struct inx_iova_range *range)
{
	if (!length)
		return -EINVAL;
	range->start = iova;
	if (check_add_overflow(iova, length - 1, &range->last))
		return -EOVERFLOW;
	return 0;
}

/**
 * iommu_next_access_pin_pages() - pin what is mapped at some IOVAs
 * @access: one that was created with needs_pin_pages
 * @iova: first byte, at the start of a page
 * @length: bytes; may span any number of mappings without a gap
 * @pages: gets a page for each that has a byte of it
 * @flags: of enum iommu_next_access_flags
 *
 * The pages stay pinned, and are charged once however often they are pinned,
 * until iommu_next_access_unpin_pages() with the same @iova and @length, which
 * the driver has to call when its ops->unmap() is called for a part of them.
 *
 * Context: process context; may wait for user space.
 * Return: 0; -EINVAL for no length, unknown flags, an access that is not for
 * pins, pages that do not lie at page boundaries, and mappings that are about
 * to be unmapped; -EOVERFLOW; -ENOENT when something is not mapped, or the
 * access is not attached; -EPERM when it is mapped without the right; -ENOMEM
 * and -EFAULT when it cannot be pinned; -EOPNOTSUPP for a thread without an
 * address space, on kernels before 6.11, for memory of a file that nobody has
 * pinned.
 */
int iommu_next_access_pin_pages(struct inx_access *access, unsigned long iova,
				unsigned long length, struct page **pages,
				unsigned int flags)
{
	struct inx_iova_range range;
	struct inx_ioas *ioas;
	int rc;

	if (!access->ops->needs_pin_pages ||
	    flags & ~(IOMMU_NEXT_ACCESS_WRITE | IOMMU_NEXT_ACCESS_KTHREAD))
		return -EINVAL;
	rc = inx_access_range(iova, length, &range);
	if (rc)
		return rc;
	ioas = inx_access_enter(access, false);
	if (!ioas)
		return -ENOENT;
	rc = inx_pin_pages(&ioas->iopt, &access->pinner, range,
			   flags & IOMMU_NEXT_ACCESS_WRITE, pages);
	inx_access_leave(access);
	return rc;
}
EXPORT_SYMBOL_GPL(iommu_next_access_pin_pages);

/**
 * iommu_next_access_unpin_pages() - undo iommu_next_access_pin_pages()
 * @access: as it was pinned
 * @iova: likewise
 * @length: likewise
 *
 * The pages must not be touched any more.
 *
 * Context: process context; does not wait for user space.
 */
void iommu_next_access_unpin_pages(struct inx_access *access,
				   unsigned long iova, unsigned long length)
{
	struct inx_iova_range range;
	struct inx_ioas *ioas;
	bool found = false;

	if (WARN_ON_ONCE(inx_access_range(iova, length, &range)))
		return;
	ioas = inx_access_enter(access, true);
	if (ioas) {
		found = inx_pin_undo(&ioas->iopt, &access->pinner, range);
		inx_access_leave(access);
	}
	WARN_ON_ONCE(!found);
}
EXPORT_SYMBOL_GPL(iommu_next_access_unpin_pages);

/**
 * iommu_next_access_rw() - copy from or to what is mapped at some IOVAs
 * @access: the access, for pins or not
 * @iova: first byte
 * @data: the other side
 * @length: bytes; may span any number of mappings without a gap
 * @flags: of enum iommu_next_access_flags
 *
 * Where memory is pinned these are the pages that devices reach, too.
 *
 * Context: process context; may wait for user space.
 * Return: 0; as iommu_next_access_pin_pages(), but at any alignment and without
 * a charge. After -EFAULT and -ENOMEM a part may have been copied.
 */
int iommu_next_access_rw(struct inx_access *access, unsigned long iova,
			 void *data, size_t length, unsigned int flags)
{
	struct inx_iova_range range;
	struct inx_ioas *ioas;
	int rc;

	if (flags & ~(IOMMU_NEXT_ACCESS_WRITE | IOMMU_NEXT_ACCESS_KTHREAD))
		return -EINVAL;
	rc = inx_access_range(iova, length, &range);
	if (rc)
		return rc;
	ioas = inx_access_enter(access, false);
	if (!ioas)
		return -ENOENT;
	rc = inx_pin_rw(&ioas->iopt, range, data,
			flags & IOMMU_NEXT_ACCESS_WRITE);
	inx_access_leave(access);
	return rc;
}
EXPORT_SYMBOL_GPL(iommu_next_access_rw);
