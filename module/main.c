// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device node, and the way from a file descriptor to its context.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommu_next.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "cdev.h"
#include "ioctl.h"
#include "object.h"
#include "pages.h"

static int inx_open(struct inode *inode, struct file *file)
{
	struct inx_ctx *ctx = kzalloc_obj(*ctx, GFP_KERNEL_ACCOUNT);

	if (!ctx)
		return -ENOMEM;
	inx_ctx_init(ctx, file);
	file->private_data = ctx;
	return 0;
}

static int inx_release(struct inode *inode, struct file *file)
{
	struct inx_ctx *ctx = file->private_data;

	inx_ctx_destroy(ctx);
	kfree(ctx);
	return 0;
}

static long inx_file_ioctl(struct file *file, unsigned int cmd,
			   unsigned long arg)
{
	return inx_ioctl(file->private_data, cmd, arg);
}

static const struct file_operations inx_fops = {
	.owner = THIS_MODULE,
	.open = inx_open,
	.release = inx_release,
	.unlocked_ioctl = inx_file_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice inx_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "iommu-next",
	.fops = &inx_fops,
	.mode = 0660,
};

/**
 * inx_ctx_from_fd() - find the context behind a file descriptor
 * @fd: of the calling process
 *
 * Return: the context, to be given back with inx_ctx_put();
 * ERR_PTR(-EBADF); or ERR_PTR(-EBADFD) for another kind of file.
 */
struct inx_ctx *inx_ctx_from_fd(int fd)
{
	struct file *file = fget(fd);

	if (!file)
		return ERR_PTR(-EBADF);
	if (file->f_op != &inx_fops) {
		fput(file);
		return ERR_PTR(-EBADFD);
	}
	return file->private_data;
}

/**
 * inx_ctx_put() - undo inx_ctx_from_fd()
 * @ctx: the context
 */
void inx_ctx_put(struct inx_ctx *ctx)
{
	fput(ctx->file);
}

/**
 * iommu_next_ctx_from_fd() - find the context behind a file descriptor
 * @fd: of the calling process
 *
 * Return: the context, to be given back with iommu_next_ctx_put();
 * ERR_PTR(-EBADF); or ERR_PTR(-EBADFD) for another kind of file.
 */
struct inx_ctx *iommu_next_ctx_from_fd(int fd)
{
	return inx_ctx_from_fd(fd);
}
EXPORT_SYMBOL_GPL(iommu_next_ctx_from_fd);

/**
 * iommu_next_ctx_put() - undo iommu_next_ctx_from_fd()
 * @ctx: the context
 */
void iommu_next_ctx_put(struct inx_ctx *ctx)
{
	inx_ctx_put(ctx);
}
EXPORT_SYMBOL_GPL(iommu_next_ctx_put);

static int __init inx_init(void)
{
	int rc;

	rc = inx_pages_init();
	if (rc)
		return rc;
	rc = inx_cdev_init();
	if (rc)
		goto out_pages;
	rc = misc_register(&inx_misc);
	if (rc)
		goto out_cdev;
	return 0;

out_cdev:
	inx_cdev_exit();
out_pages:
	inx_pages_exit();
	return rc;
}

static void __exit inx_exit(void)
{
	misc_deregister(&inx_misc);
	inx_cdev_exit();
	inx_pages_exit();
}

module_init(inx_init);
module_exit(inx_exit);
INX_IMPORT_IOMMU_NS();
INX_IMPORT_TABLE_NS();
MODULE_DESCRIPTION("IO address spaces for user space, on kernels without iommufd");
MODULE_LICENSE("GPL");
MODULE_VERSION(INX_VERSION);
