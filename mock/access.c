// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses: a driver that touches memory of an IOAS by the CPU, when and where
 * a test tells it to.
 *
 * Each is an open file. Its lock is held over a pin, and taken when the IOAS
 * asks to let go, so that a pin is either in the list or not made yet.
 */
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/iommu_next.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "mock.h"

#define MOCK_ACCESS_MAX SZ_64M

/**
 * struct mock_pin - pages that are pinned
 * @item: in &struct mock_access.pins
 * @id: number of the pin
 * @iova: first byte
 * @length: bytes
 * @npages: entries of @pages
 * @pages: the pages
 */
struct mock_pin {
	struct list_head item;
	u32 id;
	unsigned long iova;
	unsigned long length;
	unsigned long npages;
	struct page *pages[];
};

/**
 * struct mock_access - an access
 * @access: as the core knows it
 * @flags: of enum iommu_next_mock_access_flags
 * @attach_lock: of @attached
 * @attached: to an IOAS
 * @lock: of all that follows
 * @pins: struct mock_pin
 * @next_id: number of the next pin
 * @unmaps: times it was asked to let go
 * @unmap_iova: what the last time was about
 * @unmap_length: likewise
 */
struct mock_access {
	struct inx_access *access;
	u32 flags;
	struct mutex attach_lock; /* one change at a time */
	bool attached;
	struct mutex lock; /* of the members below */
	struct list_head pins;
	u32 next_id;
	u32 unmaps;
	unsigned long unmap_iova;
	unsigned long unmap_length;
};

static void mock_pin_forget(struct mock_pin *pin)
{
	list_del(&pin->item);
	kvfree(pin);
}

static void mock_pin_undo(struct mock_access *ma, struct mock_pin *pin)
{
	iommu_next_access_unpin_pages(ma->access, pin->iova, pin->length);
	mock_pin_forget(pin);
}

static void mock_access_unmap(void *priv, unsigned long iova,
			      unsigned long length)
{
	bool refuses, leaves = length == ULONG_MAX;
	struct mock_access *ma = priv;
	struct mock_pin *pin, *next;

	mutex_lock(&ma->lock);
	ma->unmaps++;
	ma->unmap_iova = iova;
	ma->unmap_length = length;
	refuses = ma->flags & IOMMU_NEXT_MOCK_ACCESS_REFUSES;
	list_for_each_entry_safe(pin, next, &ma->pins, item) {
		if (pin->iova - iova >= length &&
		    iova - pin->iova >= pin->length)
			continue;
		/*
		 * When the access leaves its IOAS, what it keeps is undone by
		 * the core. This is the moment to forget it: later there may
		 * be pins in the next IOAS.
		 */
		if (!refuses)
			mock_pin_undo(ma, pin);
		else if (leaves)
			mock_pin_forget(pin);
	}
	mutex_unlock(&ma->lock);
}

static const struct iommu_next_access_ops mock_access_ops = {
	.unmap = mock_access_unmap,
};

static const struct iommu_next_access_ops mock_access_pin_ops = {
	.needs_pin_pages = true,
	.unmap = mock_access_unmap,
};

static int mock_access_release(struct inode *inode, struct file *file)
{
	struct mock_access *ma = file->private_data;

	iommu_next_access_destroy(ma->access);
	mutex_destroy(&ma->attach_lock);
	mutex_destroy(&ma->lock);
	kfree(ma);
	return 0;
}

static int mock_access_attach(struct mock_access *ma, void *buf)
{
	struct iommu_next_mock_access_attach *arg = buf;
	int rc = 0;

	mutex_lock(&ma->attach_lock);
	if (!arg->ioas_id) {
		iommu_next_access_detach(ma->access);
		ma->attached = false;
	} else if (ma->attached) {
		rc = iommu_next_access_replace(ma->access, arg->ioas_id);
	} else {
		rc = iommu_next_access_attach(ma->access, arg->ioas_id);
		ma->attached = !rc;
	}
	mutex_unlock(&ma->attach_lock);
	return rc;
}

static int mock_access_pin(struct mock_access *ma, void *buf)
{
	struct iommu_next_mock_access_pin *arg = buf;
	struct mock_pin *pin;
	unsigned long npages;
	int rc;

	if (arg->flags & ~IOMMU_NEXT_MOCK_ACCESS_WRITE || arg->__reserved)
		return -EOPNOTSUPP;
	if (arg->length > MOCK_ACCESS_MAX)
		return -EINVAL;
	npages = DIV_ROUND_UP(offset_in_page(arg->iova) + arg->length,
			      PAGE_SIZE);
	pin = kvzalloc(struct_size(pin, pages, npages), INX_GFP_LONG);
	if (!pin)
		return -ENOMEM;
	pin->iova = arg->iova;
	pin->length = arg->length;
	pin->npages = npages;
	mutex_lock(&ma->lock);
	rc = iommu_next_access_pin_pages(ma->access, pin->iova, pin->length,
					 pin->pages,
					 arg->flags & IOMMU_NEXT_MOCK_ACCESS_WRITE ?
						 IOMMU_NEXT_ACCESS_WRITE : 0);
	if (!rc) {
		pin->id = ++ma->next_id;
		arg->pin_id = pin->id;
		list_add_tail(&pin->item, &ma->pins);
	}
	mutex_unlock(&ma->lock);
	if (rc)
		kvfree(pin);
	return rc;
}

static struct mock_pin *mock_pin_find(struct mock_access *ma, u32 id)
{
	struct mock_pin *pin;

	lockdep_assert_held(&ma->lock);
	list_for_each_entry(pin, &ma->pins, item)
		if (pin->id == id)
			return pin;
	return NULL;
}

static int mock_access_unpin(struct mock_access *ma, void *buf)
{
	struct iommu_next_mock_access_pin *arg = buf;
	struct mock_pin *pin;

	mutex_lock(&ma->lock);
	pin = mock_pin_find(ma, arg->pin_id);
	if (pin)
		mock_pin_undo(ma, pin);
	mutex_unlock(&ma->lock);
	return pin ? 0 : -ENOENT;
}

static int mock_pinned_rw(struct mock_access *ma,
			  const struct iommu_next_mock_access_rw *arg,
			  void *data)
{
	bool write = arg->flags & IOMMU_NEXT_MOCK_ACCESS_WRITE;
	u64 pos = arg->iova, end;
	struct mock_pin *pin;
	int rc = -EINVAL;

	mutex_lock(&ma->lock);
	pin = mock_pin_find(ma, arg->pin_id);
	if (!pin) {
		rc = -ENOENT;
		goto out;
	}
	if (check_add_overflow(pos, arg->length, &end) ||
	    end > (u64)pin->npages << PAGE_SHIFT)
		goto out;
	while (pos < end) {
		struct page *page = pin->pages[pos >> PAGE_SHIFT];
		size_t offset = offset_in_page(pos);
		size_t n = min_t(u64, end - pos, PAGE_SIZE - offset);

		if (write)
			memcpy_to_page(page, offset, data, n);
		else
			memcpy_from_page(data, page, offset, n);
		data += n;
		pos += n;
	}
	rc = 0;
out:
	mutex_unlock(&ma->lock);
	return rc;
}

static int mock_access_rw(struct mock_access *ma, void *buf)
{
	struct iommu_next_mock_access_rw *arg = buf;
	bool write = arg->flags & IOMMU_NEXT_MOCK_ACCESS_WRITE;
	void __user *uptr = u64_to_user_ptr(arg->data);
	void *data;
	int rc;

	if (arg->flags & ~(IOMMU_NEXT_MOCK_ACCESS_WRITE |
			   IOMMU_NEXT_MOCK_ACCESS_PINNED) ||
	    arg->__reserved)
		return -EOPNOTSUPP;
	if (arg->length > MOCK_ACCESS_MAX)
		return -EINVAL;
	data = kvzalloc(arg->length ?: 1, INX_GFP_LONG);
	if (!data)
		return -ENOMEM;
	rc = -EFAULT;
	if (write && copy_from_user(data, uptr, arg->length))
		goto out;
	if (arg->flags & IOMMU_NEXT_MOCK_ACCESS_PINNED)
		rc = mock_pinned_rw(ma, arg, data);
	else
		rc = iommu_next_access_rw(ma->access, arg->iova, data,
					  arg->length,
					  write ? IOMMU_NEXT_ACCESS_WRITE : 0);
	if (!rc && !write && copy_to_user(uptr, data, arg->length))
		rc = -EFAULT;
out:
	kvfree(data);
	return rc;
}

static int mock_access_stats(struct mock_access *ma, void *buf)
{
	struct iommu_next_mock_access_stats *arg = buf;
	struct mock_pin *pin;

	mutex_lock(&ma->lock);
	arg->pins = 0;
	list_for_each_entry(pin, &ma->pins, item)
		arg->pins++;
	arg->unmaps = ma->unmaps;
	arg->iova = ma->unmap_iova;
	arg->length = ma->unmap_length;
	mutex_unlock(&ma->lock);
	return 0;
}

union mock_access_arg {
	struct iommu_next_mock_access_attach attach;
	struct iommu_next_mock_access_pin pin;
	struct iommu_next_mock_access_rw rw;
	struct iommu_next_mock_access_stats stats;
};

static const struct mock_access_op {
	unsigned int cmd;
	size_t size;
	int (*fn)(struct mock_access *ma, void *arg);
} mock_access_table[] = {
	{ IOMMU_NEXT_MOCK_ACCESS_ATTACH,
	  sizeof(struct iommu_next_mock_access_attach), mock_access_attach },
	{ IOMMU_NEXT_MOCK_ACCESS_PIN, sizeof(struct iommu_next_mock_access_pin),
	  mock_access_pin },
	{ IOMMU_NEXT_MOCK_ACCESS_UNPIN,
	  sizeof(struct iommu_next_mock_access_pin), mock_access_unpin },
	{ IOMMU_NEXT_MOCK_ACCESS_RW, sizeof(struct iommu_next_mock_access_rw),
	  mock_access_rw },
	{ IOMMU_NEXT_MOCK_ACCESS_STATS,
	  sizeof(struct iommu_next_mock_access_stats), mock_access_stats },
};

static long mock_access_ioctl(struct file *file, unsigned int cmd,
			      unsigned long arg)
{
	const struct mock_access_op *op = mock_access_table;
	void __user *uptr = (void __user *)arg;
	union mock_access_arg buf;
	int rc;

	while (op->cmd != cmd)
		if (++op == mock_access_table + ARRAY_SIZE(mock_access_table))
			return -ENOTTY;
	rc = mock_copy_argument(&buf, op->size, uptr);
	if (!rc)
		rc = op->fn(file->private_data, &buf);
	if (!rc && copy_to_user(uptr, &buf, op->size))
		rc = -EFAULT;
	return rc;
}

static const struct file_operations mock_access_fops = {
	.owner = THIS_MODULE,
	.release = mock_access_release,
	.unlocked_ioctl = mock_access_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

/**
 * mock_access_create() - make an access and a file for it
 * @arg: how it is; gets the descriptor and the ID
 *
 * Return: 0, -EBADF, -EBADFD, -EOPNOTSUPP, -EMFILE, -ENOMEM.
 */
int mock_access_create(struct iommu_next_mock_access_alloc *arg)
{
	struct mock_access *ma;
	struct inx_ctx *ctx;
	int rc;

	if (arg->flags & ~(IOMMU_NEXT_MOCK_ACCESS_PINS |
			   IOMMU_NEXT_MOCK_ACCESS_REFUSES) ||
	    arg->__reserved)
		return -EOPNOTSUPP;
	ma = kzalloc_obj(*ma, GFP_KERNEL_ACCOUNT);
	if (!ma)
		return -ENOMEM;
	ma->flags = arg->flags;
	mutex_init(&ma->attach_lock);
	mutex_init(&ma->lock);
	INIT_LIST_HEAD(&ma->pins);
	ctx = iommu_next_ctx_from_fd(arg->iommu_fd);
	if (IS_ERR(ctx)) {
		rc = PTR_ERR(ctx);
		goto out_free;
	}
	ma->access = iommu_next_access_create(ctx,
					      arg->flags & IOMMU_NEXT_MOCK_ACCESS_PINS ?
						      &mock_access_pin_ops :
						      &mock_access_ops,
					      ma, &arg->out_access_id);
	iommu_next_ctx_put(ctx);
	if (IS_ERR(ma->access)) {
		rc = PTR_ERR(ma->access);
		goto out_free;
	}
	rc = anon_inode_getfd("[iommu-next-mock-access]", &mock_access_fops, ma,
			      O_RDWR | O_CLOEXEC);
	if (rc >= 0) {
		arg->out_fd = rc;
		return 0;
	}
	iommu_next_access_destroy(ma->access);
out_free:
	mutex_destroy(&ma->attach_lock);
	mutex_destroy(&ma->lock);
	kfree(ma);
	return rc;
}
