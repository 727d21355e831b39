// SPDX-License-Identifier: GPL-2.0-only
/*
 * The VFIO device protocol on a device file, whatever the device is.
 *
 * struct inx_cdev is what a driver has made openable, struct inx_client an
 * open file of it. Any number of files can be open, one of them can be bound,
 * and only on that one do operations reach the driver.
 *
 * A driver can revoke its device at any moment. Operations, and faults on what
 * was mapped, run inside an SRCU section that sees whether that has happened;
 * revoking waits for them, unbinds the device, and from then on every file
 * answers ENODEV and every fault ends in SIGBUS. What such an operation
 * copies from or to user space is faulted in before, and page faults are off
 * while it runs, so it cannot be held up by a page that never comes. ATTACH can
 * take long and runs outside the section, on a reference to the device object.
 */
#include <linux/anon_inodes.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommu_next.h>
#include <linux/kref.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/srcu.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "backend_noiommu.h"
#include "cdev.h"
#include "client.h"
#include "device.h"
#include "mmio.h"
#include "pasid.h"

#define INX_CDEV_MINORS (MINORMASK + 1)

/* More than any argument has that a driver takes in one piece. */
#define INX_CDEV_CHUNK SZ_64K
#define INX_CDEV_TRIES 3

static DEFINE_XARRAY_ALLOC(inx_cdevs);
static struct cdev *inx_cdev_chrdev;
static dev_t inx_cdev_base;
/* Mappings of all device files. */
atomic_t inx_cdev_vmas;

static void inx_cdev_free(struct kref *ref)
{
	struct inx_cdev *cdev = container_of(ref, struct inx_cdev, ref);

	xa_erase(&inx_cdevs, cdev->minor);
	cleanup_srcu_struct(&cdev->srcu);
	mutex_destroy(&cdev->lock);
	inx_mmio_put(cdev->mmio);
	kfree(cdev);
}

/**
 * iommu_next_cdev_put() - the driver needs the handle no more
 * @cdev: revoked, or never enabled
 */
void iommu_next_cdev_put(struct inx_cdev *cdev)
{
	kref_put(&cdev->ref, inx_cdev_free);
}
EXPORT_SYMBOL_GPL(iommu_next_cdev_put);

/**
 * iommu_next_cdev_create() - reserve a device number for a device
 * @ops: what it can do
 * @priv: for @ops
 * @dev: the device
 * @backend: the backend that serves it; NULL for the kernel's IOMMU API
 *
 * Opening fails with ENODEV until iommu_next_cdev_enable(). What
 * iommu_next_noiommu() has returned as @backend taints the kernel.
 *
 * Return: a handle, to be given back with iommu_next_cdev_put(); or
 * ERR_PTR(-ENOMEM), ERR_PTR(-EBUSY).
 */
struct inx_cdev *
iommu_next_cdev_create(const struct iommu_next_cdev_ops *ops, void *priv,
		       struct device *dev,
		       const struct inx_backend_ops *backend)
{
	struct inx_cdev *cdev = kzalloc_obj(*cdev, GFP_KERNEL);
	int rc;

	if (!cdev)
		return ERR_PTR(-ENOMEM);
	kref_init(&cdev->ref);
	cdev->ops = ops;
	cdev->priv = priv;
	cdev->dev = dev;
	cdev->backend = backend ?: &inx_backend_iommu;
	cdev->gone = true;
	mutex_init(&cdev->lock);
	rc = -ENOMEM;
	cdev->mmio = inx_mmio_alloc();
	if (!cdev->mmio)
		goto out_free;
	cdev->mmio->is_on = ops->mmio_is_on;
	cdev->mmio->priv = priv;
	rc = init_srcu_struct(&cdev->srcu);
	if (rc)
		goto out_mmio;
	rc = xa_alloc(&inx_cdevs, &cdev->minor, cdev,
		      XA_LIMIT(0, INX_CDEV_MINORS - 1), GFP_KERNEL);
	if (rc)
		goto out_srcu;
	if (cdev->backend == &inx_backend_noiommu) {
		dev_warn(dev, "no IOMMU stands before this device, allowed by iommu_next.enable_unsafe_noiommu_mode\n");
		add_taint(TAINT_USER, LOCKDEP_STILL_OK);
	}
	return cdev;

out_srcu:
	cleanup_srcu_struct(&cdev->srcu);
out_mmio:
	inx_mmio_put(cdev->mmio);
out_free:
	mutex_destroy(&cdev->lock);
	kfree(cdev);
	return ERR_PTR(rc);
}
EXPORT_SYMBOL_GPL(iommu_next_cdev_create);

/**
 * iommu_next_cdev_devt() - the device number
 * @cdev: the device
 *
 * Return: the number.
 */
dev_t iommu_next_cdev_devt(const struct inx_cdev *cdev)
{
	return inx_cdev_base + cdev->minor;
}
EXPORT_SYMBOL_GPL(iommu_next_cdev_devt);

/**
 * iommu_next_cdev_enable() - let it be opened
 * @cdev: the device, ready for every operation
 */
void iommu_next_cdev_enable(struct inx_cdev *cdev)
{
	mutex_lock(&cdev->lock);
	cdev->gone = false;
	mutex_unlock(&cdev->lock);
}
EXPORT_SYMBOL_GPL(iommu_next_cdev_enable);

static struct inx_client *inx_client_alloc(struct inx_cdev *cdev)
{
	struct inx_client *client;

	client = kzalloc_obj(*client, GFP_KERNEL_ACCOUNT);
	if (!client)
		return ERR_PTR(-ENOMEM);
	kref_get(&cdev->ref);
	client->cdev = cdev;
	return client;
}

static void inx_client_free(struct inx_client *client)
{
	iommu_next_cdev_put(client->cdev);
	kfree(client);
}

/* Whoever has a device without an IOMMU has all memory. */
static int inx_client_may_open(const struct inx_cdev *cdev)
{
	return cdev->backend != &inx_backend_noiommu ||
	       capable(CAP_SYS_RAWIO) ? 0 : -EPERM;
}

/* Let the driver see a new file; -ENODEV when the device was revoked. */
static int inx_client_opened(struct inx_client *client, struct file *file)
{
	struct inx_cdev *cdev = client->cdev;
	int rc = 0;

	mutex_lock(&cdev->lock);
	if (cdev->gone)
		rc = -ENODEV;
	else if (cdev->ops->opened)
		cdev->ops->opened(cdev->priv, file);
	mutex_unlock(&cdev->lock);
	return rc;
}

static int inx_client_open(struct inx_cdev *cdev, struct file *file)
{
	struct inx_client *client;
	int rc;

	rc = inx_client_may_open(cdev);
	if (rc)
		return rc;
	client = inx_client_alloc(cdev);
	if (IS_ERR(client))
		return PTR_ERR(client);
	rc = inx_client_opened(client, file);
	if (rc) {
		inx_client_free(client);
		return rc;
	}
	file->private_data = client;
	return 0;
}

static int inx_client_fops_open(struct inode *inode, struct file *file)
{
	struct inx_cdev *cdev;
	int rc;

	xa_lock(&inx_cdevs);
	cdev = xa_load(&inx_cdevs, iminor(inode));
	if (cdev && !kref_get_unless_zero(&cdev->ref))
		cdev = NULL;
	xa_unlock(&inx_cdevs);
	if (!cdev)
		return -ENODEV;
	rc = inx_client_open(cdev, file);
	iommu_next_cdev_put(cdev);
	return rc;
}

/* Undo BIND; the driver is not running any operation. */
static void inx_client_unbind(struct inx_client *client)
{
	struct inx_cdev *cdev = client->cdev;

	lockdep_assert_held(&cdev->lock);
	cdev->client = NULL;
	inx_mmio_end(cdev->mmio);
	cdev->ops->unbind(cdev->priv);
	inx_device_unbind(client->idev);
	client->idev = NULL;
	module_put(cdev->ops->owner);
}

static int inx_client_release(struct inode *inode, struct file *file)
{
	struct inx_client *client = file->private_data;
	struct inx_cdev *cdev = client->cdev;

	mutex_lock(&cdev->lock);
	if (cdev->client == client)
		inx_client_unbind(client);
	mutex_unlock(&cdev->lock);
	inx_client_free(client);
	return 0;
}

/**
 * iommu_next_cdev_revoke() - take a device away from whoever has it open
 * @cdev: the device
 *
 * When it returns no operation of the driver runs or will run, the device is
 * unbound, its DMA blocked, and every file of it answers ENODEV. Does not wait
 * for user space.
 */
void iommu_next_cdev_revoke(struct inx_cdev *cdev)
{
	mutex_lock(&cdev->lock);
	WRITE_ONCE(cdev->gone, true);
	synchronize_srcu(&cdev->srcu);
	if (cdev->client)
		inx_client_unbind(cdev->client);
	mutex_unlock(&cdev->lock);
}
EXPORT_SYMBOL_GPL(iommu_next_cdev_revoke);

static int inx_client_match(struct inx_cdev *cdev,
			    const struct iommu_next_vfio_device_bind *arg,
			    const uuid_t *token)
{
	bool given = arg->flags & IOMMU_NEXT_VFIO_DEVICE_BIND_FLAG_TOKEN;

	if (cdev->ops->match_token)
		return cdev->ops->match_token(cdev->priv,
					      given ? token : NULL);
	return given ? -EINVAL : 0;
}

static int inx_client_bind_locked(struct inx_client *client,
				  struct inx_ctx *ctx,
				  const struct iommu_next_vfio_device_bind *arg,
				  const uuid_t *token)
{
	struct inx_cdev *cdev = client->cdev;
	struct inx_device *idev;
	int rc;

	lockdep_assert_held(&cdev->lock);
	if (cdev->gone)
		return -ENODEV;
	if (cdev->client)
		return -EINVAL;
	rc = inx_client_match(cdev, arg, token);
	if (rc)
		return rc;
	if (!try_module_get(cdev->ops->owner))
		return -ENODEV;
	idev = inx_device_bind(ctx, cdev->backend, cdev->dev, false);
	if (IS_ERR(idev)) {
		rc = PTR_ERR(idev);
		goto out_module;
	}
	rc = cdev->ops->bind(cdev->priv);
	if (rc)
		goto out_device;
	client->idev = idev;
	cdev->client = client;
	inx_mmio_start(cdev->mmio);
	return 0;

out_device:
	inx_device_unbind(idev);
out_module:
	module_put(cdev->ops->owner);
	return rc;
}

static int inx_client_bind(struct inx_client *client,
			   struct iommu_next_vfio_device_bind __user *uptr)
{
	size_t min_size = offsetofend(typeof(*uptr), out_devid);
	struct inx_cdev *cdev = client->cdev;
	struct iommu_next_vfio_device_bind arg;
	struct inx_ctx *ctx;
	uuid_t token;
	u32 size;
	int rc;

	if (get_user(size, &uptr->argsz))
		return -EFAULT;
	if (size < min_size)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	rc = copy_struct_from_user(&arg, sizeof(arg), uptr, size);
	if (rc)
		return rc;
	if (arg.flags & ~IOMMU_NEXT_VFIO_DEVICE_BIND_FLAG_TOKEN ||
	    arg.iommufd < 0)
		return -EINVAL;
	if (arg.flags & IOMMU_NEXT_VFIO_DEVICE_BIND_FLAG_TOKEN &&
	    copy_from_user(&token, u64_to_user_ptr(arg.token_uuid_ptr),
			   sizeof(token)))
		return -EFAULT;

	ctx = inx_ctx_from_fd(arg.iommufd);
	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	mutex_lock(&cdev->lock);
	rc = inx_client_bind_locked(client, ctx, &arg, &token);
	if (!rc)
		arg.out_devid = client->idev->obj.id;
	mutex_unlock(&cdev->lock);
	inx_ctx_put(ctx);
	if (rc)
		return rc;

	if (put_user(arg.out_devid, &uptr->out_devid)) {
		mutex_lock(&cdev->lock);
		if (cdev->client == client)
			inx_client_unbind(client);
		mutex_unlock(&cdev->lock);
		return -EFAULT;
	}
	/* Operations of other threads see what the driver's bind has done. */
	smp_store_release(&client->bound, true);
	return 0;
}

/* The bound device, with a reference. */
static struct inx_device *inx_client_device(struct inx_client *client)
{
	struct inx_device *idev;
	int idx, rc;

	idx = srcu_read_lock(&client->cdev->srcu);
	rc = inx_client_check(client);
	if (rc) {
		idev = ERR_PTR(rc);
	} else {
		idev = client->idev;
		inx_object_ref(&idev->obj);
	}
	srcu_read_unlock(&client->cdev->srcu, idx);
	return idev;
}

/*
 * ATTACH and DETACH begin with the same members, and a flag for a PASID that is
 * the lowest bit of both.
 */
static int inx_client_get_arg(void *arg, const void __user *uptr,
			      size_t min_size)
{
	struct iommu_next_vfio_device_detach *head = arg;

	static_assert(IOMMU_NEXT_VFIO_DEVICE_ATTACH_PASID ==
		      IOMMU_NEXT_VFIO_DEVICE_DETACH_PASID);
	if (copy_from_user(arg, uptr, min_size))
		return -EFAULT;
	if (head->argsz < min_size ||
	    head->flags & ~IOMMU_NEXT_VFIO_DEVICE_DETACH_PASID)
		return -EINVAL;
	if (!head->flags)
		return 0;
	/* Then the number follows. */
	if (head->argsz < min_size + sizeof(u32))
		return -EINVAL;
	return copy_from_user(arg + min_size, uptr + min_size, sizeof(u32)) ?
		       -EFAULT : 0;
}

static int inx_client_attach(struct inx_client *client,
			     struct iommu_next_vfio_device_attach __user *uptr)
{
	struct iommu_next_vfio_device_attach arg;
	struct inx_device *idev;
	int rc;

	idev = inx_client_device(client);
	if (IS_ERR(idev))
		return PTR_ERR(idev);
	rc = inx_client_get_arg(&arg, uptr, offsetofend(typeof(arg), pt_id));
	if (rc)
		goto out;
	if (arg.flags)
		rc = inx_pasid_change(idev, arg.pasid, &arg.pt_id);
	else
		rc = inx_device_attach(idev, &arg.pt_id);
	if (!rc && put_user(arg.pt_id, &uptr->pt_id)) {
		if (arg.flags)
			inx_pasid_detach(idev, arg.pasid);
		else
			inx_device_detach(idev);
		rc = -EFAULT;
	}
out:
	inx_device_put(idev);
	return rc;
}

static int inx_client_detach(struct inx_client *client,
			     struct iommu_next_vfio_device_detach __user *uptr)
{
	struct iommu_next_vfio_device_detach arg;
	struct inx_device *idev;
	int rc;

	idev = inx_client_device(client);
	if (IS_ERR(idev))
		return PTR_ERR(idev);
	rc = inx_client_get_arg(&arg, uptr, offsetofend(typeof(arg), flags));
	if (!rc && !arg.flags)
		inx_device_detach(idev);
	else if (!rc && idev->ops->pasid_detach)
		inx_pasid_detach(idev, arg.pasid);
	else if (!rc)
		rc = -EOPNOTSUPP;
	inx_device_put(idev);
	return rc;
}

/* Make an argument present, as far as its size is to be believed. */
static void inx_client_fault_in_arg(unsigned long arg)
{
	u32 __user *uptr = (u32 __user *)arg;
	size_t size;
	u32 argsz;

	if (get_user(argsz, uptr))
		return;
	size = min_t(size_t, argsz, INX_CDEV_CHUNK);
	/* Many are only read, and may lie in memory that is. */
	if (fault_in_safe_writeable((char __user *)uptr, size))
		fault_in_readable((char __user *)uptr, size);
}

static long inx_client_driver_ioctl(struct inx_client *client,
				    unsigned int cmd, unsigned long arg)
{
	struct inx_cdev *cdev = client->cdev;
	int tries = INX_CDEV_TRIES, idx;
	long rc;

	do {
		inx_client_fault_in_arg(arg);
		idx = srcu_read_lock(&cdev->srcu);
		rc = inx_client_check(client);
		if (!rc) {
			pagefault_disable();
			rc = cdev->ops->ioctl(cdev->priv, cmd, arg);
			pagefault_enable();
		}
		srcu_read_unlock(&cdev->srcu, idx);
	} while (rc == -EFAULT && --tries);
	return rc;
}

static long inx_client_ioctl(struct file *file, unsigned int cmd,
			     unsigned long arg)
{
	struct inx_client *client = file->private_data;
	void __user *uptr = (void __user *)arg;

	switch (cmd) {
	case IOMMU_NEXT_VFIO_DEVICE_BIND:
		return inx_client_bind(client, uptr);
	case IOMMU_NEXT_VFIO_DEVICE_ATTACH:
		return inx_client_attach(client, uptr);
	case IOMMU_NEXT_VFIO_DEVICE_DETACH:
		return inx_client_detach(client, uptr);
	default:
		return inx_client_driver_ioctl(client, cmd, arg);
	}
}

/* One read or write of at most INX_CDEV_CHUNK bytes. */
static ssize_t inx_client_rw(struct inx_client *client, char __user *buf,
			     size_t count, loff_t *pos, bool write)
{
	struct inx_cdev *cdev = client->cdev;
	const struct iommu_next_cdev_ops *ops = cdev->ops;
	int tries = INX_CDEV_TRIES, idx;
	size_t missing;
	ssize_t rc;

	do {
		missing = write ? fault_in_readable(buf, count) :
				  fault_in_safe_writeable(buf, count);
		if (count && missing == count)
			return -EFAULT;
		idx = srcu_read_lock(&cdev->srcu);
		rc = inx_client_check(client);
		if (!rc) {
			pagefault_disable();
			rc = write ? ops->write(cdev->priv, buf, count, pos) :
				     ops->read(cdev->priv, buf, count, pos);
			pagefault_enable();
		}
		srcu_read_unlock(&cdev->srcu, idx);
	} while (rc == -EFAULT && --tries);
	return rc;
}

static ssize_t inx_client_rw_all(struct file *file, char __user *buf,
				 size_t count, loff_t *pos, bool write)
{
	struct inx_client *client = file->private_data;
	size_t done = 0;

	do {
		size_t n = min_t(size_t, count - done, INX_CDEV_CHUNK);
		ssize_t rc = inx_client_rw(client, buf + done, n, pos, write);

		if (rc < 0)
			return done ?: rc;
		done += rc;
		if (rc < n || fatal_signal_pending(current))
			break;
	} while (done < count);
	return done;
}

static ssize_t inx_client_read(struct file *file, char __user *buf,
			       size_t count, loff_t *pos)
{
	return inx_client_rw_all(file, buf, count, pos, false);
}

static ssize_t inx_client_write(struct file *file, const char __user *buf,
				size_t count, loff_t *pos)
{
	return inx_client_rw_all(file, (char __user *)buf, count, pos, true);
}

static void inx_vma_open(struct vm_area_struct *vma)
{
	struct inx_client *client = inx_vma_client(vma);
	struct inx_cdev *cdev = client->cdev;
	int idx = srcu_read_lock(&cdev->srcu);

	atomic_inc(&inx_cdev_vmas);
	if (!inx_client_check(client) && cdev->vm_ops->open)
		cdev->vm_ops->open(vma);
	srcu_read_unlock(&cdev->srcu, idx);
}

static void inx_vma_close(struct vm_area_struct *vma)
{
	struct inx_client *client = inx_vma_client(vma);
	struct inx_cdev *cdev = client->cdev;
	int idx = srcu_read_lock(&cdev->srcu);

	atomic_dec(&inx_cdev_vmas);
	if (!inx_client_check(client) && cdev->vm_ops->close)
		cdev->vm_ops->close(vma);
	srcu_read_unlock(&cdev->srcu, idx);
}

static vm_fault_t inx_vma_fault(struct vm_fault *vmf)
{
	struct inx_client *client = inx_vma_client(vmf->vma);
	struct inx_cdev *cdev = client->cdev;
	int idx = srcu_read_lock(&cdev->srcu);
	vm_fault_t rc = VM_FAULT_SIGBUS;

	if (!inx_client_check(client))
		rc = cdev->vm_ops->fault(vmf);
	srcu_read_unlock(&cdev->srcu, idx);
	return rc;
}

static vm_fault_t inx_vma_huge_fault(struct vm_fault *vmf,
				     INX_FAULT_ORDER order)
{
	struct inx_client *client = inx_vma_client(vmf->vma);
	struct inx_cdev *cdev = client->cdev;
	int idx = srcu_read_lock(&cdev->srcu);
	vm_fault_t rc = VM_FAULT_FALLBACK;

	if (!inx_client_check(client) && cdev->vm_ops->huge_fault)
		rc = cdev->vm_ops->huge_fault(vmf, order);
	srcu_read_unlock(&cdev->srcu, idx);
	return rc;
}

const struct vm_operations_struct inx_vma_ops = {
	.open = inx_vma_open,
	.close = inx_vma_close,
	.fault = inx_vma_fault,
	.huge_fault = inx_vma_huge_fault,
};

static int inx_client_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct inx_client *client = file->private_data;
	struct inx_cdev *cdev = client->cdev;
	int idx, rc;

	idx = srcu_read_lock(&cdev->srcu);
	rc = inx_client_check(client);
	if (!rc)
		rc = cdev->ops->mmap ? cdev->ops->mmap(cdev->priv, vma) :
				       -EINVAL;
	if (!rc) {
		/* All mappings of a driver have the same operations. */
		WRITE_ONCE(cdev->vm_ops, vma->vm_ops);
		vma->vm_ops = &inx_vma_ops;
		atomic_inc(&inx_cdev_vmas);
	}
	srcu_read_unlock(&cdev->srcu, idx);
	return rc;
}

static const struct file_operations inx_client_fops = {
	.owner = THIS_MODULE,
	.open = inx_client_fops_open,
	.release = inx_client_release,
	.unlocked_ioctl = inx_client_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.read = inx_client_read,
	.write = inx_client_write,
	.mmap = inx_client_mmap,
};

/**
 * iommu_next_cdev_getfd() - open a device that has no node in the file system
 * @cdev: the device; one that was revoked has a file that says so
 * @name: what /proc shows
 *
 * Return: a file descriptor of the calling process; -EPERM without CAP_SYS_RAWIO
 * when no IOMMU stands before the device; -EMFILE, -ENOMEM.
 */
int iommu_next_cdev_getfd(struct inx_cdev *cdev, const char *name)
{
	struct inx_client *client;
	struct file *file;
	int fd, rc;

	rc = inx_client_may_open(cdev);
	if (rc)
		return rc;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	client = inx_client_alloc(cdev);
	if (IS_ERR(client)) {
		rc = PTR_ERR(client);
		goto out_fd;
	}
	file = anon_inode_getfile(name, &inx_client_fops, client, O_RDWR);
	if (IS_ERR(file)) {
		rc = PTR_ERR(file);
		goto out_client;
	}
	/* Regions are read and written at positions, as on a device node. */
	file->f_mode |= FMODE_PREAD | FMODE_PWRITE;
	inx_client_opened(client, file);
	fd_install(fd, file);
	return fd;

out_client:
	inx_client_free(client);
out_fd:
	put_unused_fd(fd);
	return rc;
}
EXPORT_SYMBOL_GPL(iommu_next_cdev_getfd);

int inx_cdev_init(void)
{
	int rc;

	rc = alloc_chrdev_region(&inx_cdev_base, 0, INX_CDEV_MINORS,
				 "iommu-next-vfio");
	if (rc)
		return rc;
	rc = -ENOMEM;
	inx_cdev_chrdev = cdev_alloc();
	if (!inx_cdev_chrdev)
		goto out_region;
	inx_cdev_chrdev->ops = &inx_client_fops;
	inx_cdev_chrdev->owner = THIS_MODULE;
	rc = cdev_add(inx_cdev_chrdev, inx_cdev_base, INX_CDEV_MINORS);
	if (rc)
		goto out_put;
	return 0;

out_put:
	kobject_put(&inx_cdev_chrdev->kobj);
out_region:
	unregister_chrdev_region(inx_cdev_base, INX_CDEV_MINORS);
	return rc;
}

void inx_cdev_exit(void)
{
	cdev_del(inx_cdev_chrdev);
	unregister_chrdev_region(inx_cdev_base, INX_CDEV_MINORS);
}
