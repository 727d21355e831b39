// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device node, and the way from a file descriptor to its context.
 */
#include <linux/anon_inodes.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommu_next.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "cdev.h"
#include "compat/dmabuf.h"
#include "ioas.h"
#include "ioctl.h"
#include "object.h"
#include "pages.h"
#include "show.h"
#include "viommu.h"

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

static int inx_mmap(struct file *file, struct vm_area_struct *vma)
{
	return inx_viommu_mmap(file->private_data, vma);
}

static void inx_show_fdinfo(struct seq_file *m, struct file *file)
{
	inx_show_ctx(m, file->private_data);
}

static const struct file_operations inx_fops = {
	.owner = THIS_MODULE,
	.open = inx_open,
	.release = inx_release,
	.unlocked_ioctl = inx_file_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = inx_mmap,
	.llseek = noop_llseek,
	.show_fdinfo = inx_show_fdinfo,
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

/**
 * iommu_next_ctx_create() - make a context without a file descriptor
 * @per_process: pages are charged to the process that maps them, not to its
 *	user
 *
 * Its file is like one of /dev/iommu-next. It can be handed to user space with
 * iommu_next_ctx_getfd().
 *
 * Return: the context, to be given back with iommu_next_ctx_put();
 * ERR_PTR(-ENOMEM), ERR_PTR(-ENFILE).
 */
struct inx_ctx *iommu_next_ctx_create(bool per_process)
{
	struct inx_ctx *ctx = kzalloc_obj(*ctx, GFP_KERNEL_ACCOUNT);
	struct file *file;

	if (!ctx)
		return ERR_PTR(-ENOMEM);
	file = anon_inode_getfile("[iommu-next]", &inx_fops, ctx, O_RDWR);
	if (IS_ERR(file)) {
		kfree(ctx);
		return ERR_CAST(file);
	}
	inx_ctx_init(ctx, file);
	if (per_process)
		ctx->account.mode = INX_ACCOUNT_MM;
	return ctx;
}
EXPORT_SYMBOL_GPL(iommu_next_ctx_create);

/**
 * iommu_next_ctx_getfd() - give the calling process a context's file
 * @ctx: the context
 *
 * Return: a file descriptor that exec closes; -EMFILE, -ENOMEM.
 */
int iommu_next_ctx_getfd(struct inx_ctx *ctx)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);

	if (fd >= 0)
		fd_install(fd, get_file(ctx->file));
	return fd;
}
EXPORT_SYMBOL_GPL(iommu_next_ctx_getfd);

/**
 * iommu_next_ctx_offer() - let the containers of some processes use an IOAS
 * @ctx: the processes are those that have its file open
 * @ioas_id: ID of the IOAS; 0 for none any more
 *
 * Return: 0 or -ENOENT.
 */
int iommu_next_ctx_offer(struct inx_ctx *ctx, u32 ioas_id)
{
	if (ioas_id) {
		struct inx_ioas *ioas = inx_ioas_get(ctx, ioas_id);

		if (IS_ERR(ioas))
			return PTR_ERR(ioas);
		inx_ioas_put(ioas);
	}
	WRITE_ONCE(ctx->offered, ioas_id);
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_next_ctx_offer);

static int inx_ctx_offers(const void *arg, struct file *file, unsigned int fd)
{
	struct inx_ctx **found = (struct inx_ctx **)arg;
	struct inx_ctx *ctx = file->private_data;

	if (file->f_op != &inx_fops || !READ_ONCE(ctx->offered))
		return 0;
	get_file(file);
	*found = ctx;
	return 1;
}

/**
 * iommu_next_ctx_offered() - whether the calling process is offered an IOAS
 * @ioas_id: gets its ID
 *
 * Return: the context, to be given back with iommu_next_ctx_put(); NULL when it
 * is not.
 */
struct inx_ctx *iommu_next_ctx_offered(u32 *ioas_id)
{
	struct inx_ctx *ctx = NULL;

	iterate_fd(current->files, 0, inx_ctx_offers, &ctx);
	if (ctx)
		*ioas_id = READ_ONCE(ctx->offered);
	return ctx;
}
EXPORT_SYMBOL_GPL(iommu_next_ctx_offered);

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
INX_IMPORT_DMA_BUF_NS();
MODULE_DESCRIPTION("IO address spaces for user space, on kernels without iommufd");
MODULE_LICENSE("GPL");
MODULE_VERSION(INX_VERSION);
