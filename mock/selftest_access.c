// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses of the in-tree selftests: a file stands for each, and pins that user
 * space has asked for are known by number.
 */
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommu_next.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "selftest.h"

/* More than the selftests ask for in one piece. */
#define SELFTEST_MAX_LENGTH SZ_16M

/**
 * struct selftest_access - what is behind the file
 * @access: the access
 * @pins: it pins pages
 * @lock: of @items; held over a pin, so that an unmap finds it listed
 * @items: struct selftest_item
 * @next_id: of the next item
 */
struct selftest_access {
	struct inx_access *access;
	bool pins;
	struct mutex lock; /* of items */
	struct list_head items;
	u32 next_id;
};

struct selftest_item {
	struct list_head list;
	unsigned long iova;
	unsigned long length;
	u32 id;
};

/* Called with the lock. */
static void selftest_unpin(struct selftest_access *sa,
			   struct selftest_item *item)
{
	list_del(&item->list);
	iommu_next_access_unpin_pages(sa->access, item->iova, item->length);
	kfree(item);
}

static void selftest_unmap(void *priv, unsigned long iova,
			   unsigned long length)
{
	struct selftest_item *item, *next;
	struct selftest_access *sa = priv;

	mutex_lock(&sa->lock);
	list_for_each_entry_safe(item, next, &sa->items, list)
		if (item->iova <= iova + (length - 1) &&
		    item->iova + (item->length - 1) >= iova)
			selftest_unpin(sa, item);
	mutex_unlock(&sa->lock);
}

static const struct iommu_next_access_ops selftest_pin_ops = {
	.needs_pin_pages = true,
	.unmap = selftest_unmap,
};

static const struct iommu_next_access_ops selftest_rw_ops = {};

static void selftest_access_free(struct selftest_access *sa)
{
	if (sa->access) {
		selftest_unmap(sa, 0, ULONG_MAX);
		iommu_next_access_destroy(sa->access);
	}
	mutex_destroy(&sa->lock);
	kfree(sa);
}

static int selftest_release(struct inode *inode, struct file *file)
{
	selftest_access_free(file->private_data);
	return 0;
}

static const struct file_operations selftest_access_fops = {
	.owner = THIS_MODULE,
	.release = selftest_release,
};

/* The file behind a descriptor, with a reference; ERR_PTR(-EBADFD). */
static struct file *selftest_access_file(u32 fd, struct selftest_access **sa)
{
	struct file *file = fget(fd);

	if (file && file->f_op == &selftest_access_fops) {
		*sa = file->private_data;
		return file;
	}
	if (file)
		fput(file);
	return ERR_PTR(-EBADFD);
}

static struct selftest_access *selftest_access_make(struct inx_ctx *ctx,
						    u32 ioas_id, bool pins)
{
	struct selftest_access *sa = kzalloc_obj(*sa, GFP_KERNEL_ACCOUNT);
	int rc;
	u32 id;

	if (!sa)
		return ERR_PTR(-ENOMEM);
	mutex_init(&sa->lock);
	INIT_LIST_HEAD(&sa->items);
	sa->pins = pins;
	sa->access = iommu_next_access_create(ctx, pins ? &selftest_pin_ops :
							  &selftest_rw_ops,
					      sa, &id);
	if (IS_ERR(sa->access)) {
		rc = PTR_ERR(sa->access);
		sa->access = NULL;
	} else {
		rc = iommu_next_access_attach(sa->access, ioas_id);
	}
	if (!rc)
		return sa;
	selftest_access_free(sa);
	return ERR_PTR(rc);
}

/** selftest_create_access() - CREATE_ACCESS */
int selftest_create_access(struct selftest_call *call)
{
	u32 flags = call->arg.create_access.flags;
	struct selftest_access *sa;
	struct file *file;
	int fd, rc;

	if (flags & ~SELFTEST_ACCESS_NEEDS_PIN)
		return -EOPNOTSUPP;
	sa = selftest_access_make(call->ctx, call->arg.id,
				  flags & SELFTEST_ACCESS_NEEDS_PIN);
	if (IS_ERR(sa))
		return PTR_ERR(sa);
	file = anon_inode_getfile("[iommu-next-selftest]",
				  &selftest_access_fops, sa, O_RDWR);
	if (IS_ERR(file)) {
		selftest_access_free(sa);
		return PTR_ERR(file);
	}
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		rc = fd;
		goto out_file;
	}
	call->arg.create_access.fd = fd;
	rc = selftest_reply(call);
	if (rc)
		goto out_fd;
	fd_install(fd, file);
	return 0;

out_fd:
	put_unused_fd(fd);
out_file:
	fput(file);
	return rc;
}

/** selftest_access_replace() - ACCESS_REPLACE_IOAS */
int selftest_access_replace(struct selftest_call *call)
{
	struct selftest_access *sa;
	struct file *file;
	int rc;

	file = selftest_access_file(call->arg.id, &sa);
	if (IS_ERR(file))
		return PTR_ERR(file);
	rc = iommu_next_access_replace(sa->access,
				       call->arg.access_replace.ioas_id);
	fput(file);
	return rc;
}

static int selftest_compare_pinned(struct page *page, u64 addr, void *arg)
{
	struct page ***next = arg;

	return page == *(*next)++ ? 0 : -EBADE;
}

/* The pins have to be of the pages that user space sees; 0 means any. */
static int selftest_check_pinned(u64 uptr, unsigned long iova,
				 struct page **pages, unsigned long npages)
{
	if (!uptr)
		return 0;
	return selftest_each_page((uptr - offset_in_page(iova)) & PAGE_MASK,
				  npages * PAGE_SIZE, PAGE_SIZE,
				  selftest_compare_pinned, &pages);
}

static int selftest_pin(struct selftest_call *call, struct selftest_access *sa,
			struct page **pages, unsigned long npages)
{
	unsigned long iova = call->arg.pages.iova;
	unsigned long length = call->arg.pages.length;
	bool write = call->arg.pages.flags & SELFTEST_PAGES_WRITE;
	struct selftest_item *item;
	int rc;

	lockdep_assert_held(&sa->lock);
	item = kzalloc_obj(*item, GFP_KERNEL_ACCOUNT);
	if (!item)
		return -ENOMEM;
	rc = iommu_next_access_pin_pages(sa->access, iova, length, pages,
					 write ? IOMMU_NEXT_ACCESS_WRITE : 0);
	if (rc) {
		kfree(item);
		return rc;
	}
	item->iova = iova;
	item->length = length;
	item->id = sa->next_id++;
	list_add_tail(&item->list, &sa->items);
	rc = selftest_check_pinned(call->arg.pages.uaddr, iova, pages, npages);
	if (!rc) {
		call->arg.pages.pages_id = item->id;
		rc = selftest_reply(call);
	}
	if (rc)
		selftest_unpin(sa, item);
	return rc;
}

/** selftest_access_pages() - ACCESS_PAGES */
int selftest_access_pages(struct selftest_call *call)
{
	u64 iova = call->arg.pages.iova, length = call->arg.pages.length;
	struct selftest_access *sa;
	unsigned long npages;
	struct page **pages;
	struct file *file;
	int rc = -EOPNOTSUPP;

	if (length > SELFTEST_MAX_LENGTH)
		return -ENOMEM;
	if (call->arg.pages.flags & ~SELFTEST_PAGES_WRITE)
		return -EOPNOTSUPP;
	file = selftest_access_file(call->arg.id, &sa);
	if (IS_ERR(file))
		return PTR_ERR(file);
	if (!sa->pins)
		goto out;
	npages = DIV_ROUND_UP(offset_in_page(iova) + length, PAGE_SIZE);
	pages = kvcalloc(npages, sizeof(*pages), INX_GFP_LONG);
	rc = -ENOMEM;
	if (!pages)
		goto out;
	mutex_lock(&sa->lock);
	rc = selftest_pin(call, sa, pages, npages);
	mutex_unlock(&sa->lock);
	kvfree(pages);
out:
	fput(file);
	return rc;
}

/** selftest_destroy_pages() - DESTROY_ACCESS_PAGES */
int selftest_destroy_pages(struct selftest_call *call)
{
	struct selftest_item *item, *next;
	struct selftest_access *sa;
	struct file *file;
	int rc = -ENOENT;

	file = selftest_access_file(call->arg.id, &sa);
	if (IS_ERR(file))
		return PTR_ERR(file);
	mutex_lock(&sa->lock);
	list_for_each_entry_safe(item, next, &sa->items, list) {
		if (item->id != call->arg.destroy_pages.pages_id)
			continue;
		selftest_unpin(sa, item);
		rc = 0;
	}
	mutex_unlock(&sa->lock);
	fput(file);
	return rc;
}

/** selftest_access_rw() - ACCESS_RW */
int selftest_access_rw(struct selftest_call *call)
{
	bool write = call->arg.rw.flags & SELFTEST_RW_WRITE;
	void __user *uptr = u64_to_user_ptr(call->arg.rw.uaddr);
	u64 length = call->arg.rw.length;
	struct selftest_access *sa;
	struct file *file;
	int rc = -ENOMEM;
	void *data;

	if (length > SELFTEST_MAX_LENGTH)
		return -ENOMEM;
	/* There is no slow way to ask for: the flag is taken and has no meaning. */
	if (call->arg.rw.flags & ~(SELFTEST_RW_WRITE | SELFTEST_RW_SLOW))
		return -EOPNOTSUPP;
	file = selftest_access_file(call->arg.id, &sa);
	if (IS_ERR(file))
		return PTR_ERR(file);
	data = kvzalloc(length, INX_GFP_LONG);
	if (!data)
		goto out;
	rc = -EFAULT;
	if (write && copy_from_user(data, uptr, length))
		goto out;
	rc = iommu_next_access_rw(sa->access, call->arg.rw.iova, data, length,
				  write ? IOMMU_NEXT_ACCESS_WRITE : 0);
	if (!rc && !write && copy_to_user(uptr, data, length))
		rc = -EFAULT;
out:
	kvfree(data);
	fput(file);
	return rc;
}
