// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device files: the protocol of BIND, ATTACH and DETACH over a driver that is
 * made for it here, and the mock's device as its user sees it.
 */
#include <linux/err.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommu_next.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "world.h"

#define DRIVER_CMD 0x1234
#define BAR_IOVA 0x10000000UL

/* The driver: counts, and fails as it is told. */
struct driver {
	unsigned int opened;
	unsigned int bound;
	unsigned int unbound;
	unsigned int calls;
	unsigned int faults;
	int mappings;
	int bind_rc;
	unsigned int efaults;
	struct page *page;
	int mmio_rc;
	bool is_on;
	u8 data[64];
};

static void driver_opened(void *priv, struct file *file)
{
	((struct driver *)priv)->opened++;
}

static int driver_match(void *priv, const uuid_t *token)
{
	if (!token)
		return 0;
	return token->b[0] == 7 ? 0 : -EACCES;
}

static int driver_bind(void *priv)
{
	struct driver *driver = priv;

	if (!driver->bind_rc)
		driver->bound++;
	return driver->bind_rc;
}

static void driver_unbind(void *priv)
{
	((struct driver *)priv)->unbound++;
}

static long driver_ioctl(void *priv, unsigned int cmd, unsigned long arg)
{
	struct driver *driver = priv;

	driver->calls++;
	if (driver->efaults) {
		driver->efaults--;
		return -EFAULT;
	}
	return cmd == DRIVER_CMD ? 42 : -ENOTTY;
}

static ssize_t driver_read(void *priv, char __user *buf, size_t count,
			   loff_t *pos)
{
	struct driver *driver = priv;

	driver->calls++;
	count = min(count, sizeof(driver->data));
	if (copy_to_user(buf, driver->data, count))
		return -EFAULT;
	*pos += count;
	return count;
}

static ssize_t driver_write(void *priv, const char __user *buf, size_t count,
			    loff_t *pos)
{
	struct driver *driver = priv;

	driver->calls++;
	if (copy_from_user(driver->data, buf, min(count, sizeof(driver->data))))
		return -EFAULT;
	*pos += count;
	return count;
}

static vm_fault_t driver_fault(struct vm_fault *vmf)
{
	struct driver *driver = vmf->vma->vm_private_data;

	driver->faults++;
	vmf->page = driver->page;
	get_page(vmf->page);
	return 0;
}

static void driver_vma_open(struct vm_area_struct *vma)
{
	((struct driver *)vma->vm_private_data)->mappings++;
}

static void driver_vma_close(struct vm_area_struct *vma)
{
	((struct driver *)vma->vm_private_data)->mappings--;
}

static const struct vm_operations_struct driver_vm_ops = {
	.open = driver_vma_open,
	.close = driver_vma_close,
	.fault = driver_fault,
};

static int driver_mmap(void *priv, struct vm_area_struct *vma)
{
	vma->vm_private_data = priv;
	vma->vm_ops = &driver_vm_ops;
	driver_vma_open(vma);
	return 0;
}

/* What it has mapped is its memory, which lies here. */
#define BAR_PHYS 0x4000000000UL

static int driver_mmio(void *priv, struct vm_area_struct *vma,
		       unsigned long addr, phys_addr_t *phys)
{
	*phys = BAR_PHYS + (vma->vm_pgoff << PAGE_SHIFT) +
		(addr - vma->vm_start);
	return ((struct driver *)priv)->mmio_rc;
}

static bool driver_mmio_is_on(void *priv)
{
	return ((struct driver *)priv)->is_on;
}

static const struct iommu_next_cdev_ops driver_ops = {
	.owner = THIS_MODULE,
	.opened = driver_opened,
	.match_token = driver_match,
	.bind = driver_bind,
	.unbind = driver_unbind,
	.ioctl = driver_ioctl,
	.read = driver_read,
	.write = driver_write,
	.mmap = driver_mmap,
	.mmio = driver_mmio,
	.mmio_is_on = driver_mmio_is_on,
};

struct cdev_world {
	struct world *w;
	struct driver driver;
	struct mock_device *mock;
	struct inx_cdev *cdev;
	struct file *file;
	int iommufd;
	u32 ioas;
};

/* Open a device; only the file is kept. */
static struct file *cdev_open(struct kunit *test, struct inx_cdev *cdev)
{
	int fd = iommu_next_cdev_getfd(cdev, "[inx-kunit]");
	struct file *file;

	KUNIT_ASSERT_GE(test, fd, 0);
	file = fget(fd);
	KUNIT_ASSERT_NOT_NULL(test, file);
	close_fd(fd);
	return file;
}

static struct cdev_world *cdev_enter(struct world *w)
{
	struct iommu_next_mock_device_alloc arg = {};
	struct kunit *test = w->test;
	struct cdev_world *cw = kunit_kzalloc(test, sizeof(*cw), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, cw);
	cw->w = w;
	cw->driver.page = w->mem->pages[0];
	world_open(w);
	cw->iommufd = get_unused_fd_flags(O_CLOEXEC);
	KUNIT_ASSERT_GE(test, cw->iommufd, 0);
	fd_install(cw->iommufd, get_file(w->file));
	cw->ioas = world_ioas_alloc(w);
	KUNIT_ASSERT_NE(test, 0U, cw->ioas);
	cw->mock = mock_device_create(&arg, w->iommu);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cw->mock);
	cw->cdev = iommu_next_cdev_create(&driver_ops, &cw->driver,
					  &cw->mock->dev, &mock_backend);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cw->cdev);
	iommu_next_cdev_enable(cw->cdev);
	cw->file = cdev_open(test, cw->cdev);
	return cw;
}

static void cdev_leave(struct cdev_world *cw)
{
	struct kunit *test = cw->w->test;

	env_close(cw->file);
	KUNIT_EXPECT_EQ(test, cw->driver.bound, cw->driver.unbound);
	iommu_next_cdev_revoke(cw->cdev);
	iommu_next_cdev_put(cw->cdev);
	KUNIT_EXPECT_EQ(test, 0, world_destroy(cw->w, cw->ioas));
	mock_device_destroy(cw->mock);
	close_fd(cw->iommufd);
	flush_delayed_fput();
	rcu_barrier();
}

static int cdev_bind(struct cdev_world *cw, struct file *file, int iommufd,
		     u32 *id)
{
	struct iommu_next_vfio_device_bind arg = {
		.argsz = sizeof(arg),
		.iommufd = iommufd,
	};
	int rc = world_file_ioctl(cw->w, file, IOMMU_NEXT_VFIO_DEVICE_BIND,
				  &arg, sizeof(arg));

	if (id)
		*id = arg.out_devid;
	return rc;
}

static int cdev_attach(struct cdev_world *cw, struct file *file, u32 *id)
{
	struct iommu_next_vfio_device_attach arg = {
		.argsz = sizeof(arg),
		.pt_id = *id,
	};
	int rc = world_file_ioctl(cw->w, file, IOMMU_NEXT_VFIO_DEVICE_ATTACH,
				  &arg, sizeof(arg));

	*id = arg.pt_id;
	return rc;
}

static int cdev_detach(struct cdev_world *cw, struct file *file)
{
	struct iommu_next_vfio_device_detach arg = { .argsz = sizeof(arg) };

	return world_file_ioctl(cw->w, file, IOMMU_NEXT_VFIO_DEVICE_DETACH,
				&arg, sizeof(arg));
}

static long cdev_call(struct cdev_world *cw, unsigned int cmd)
{
	u32 arg[2] = { 8 };

	return world_file_ioctl(cw->w, cw->file, cmd, arg, sizeof(arg));
}

WORLD_CASE(cdev_life)
{
	struct cdev_world *cw = cdev_enter(w);
	struct file *second;
	u32 id, pt = cw->ioas;
	loff_t pos = 0;

	KUNIT_EXPECT_EQ(test, 1U, cw->driver.opened);
	/* Before BIND nothing reaches the driver. */
	KUNIT_EXPECT_EQ(test, -EINVAL, (int)cdev_call(cw, DRIVER_CMD));
	KUNIT_EXPECT_EQ(test, -EINVAL, cdev_attach(cw, cw->file, &pt));
	KUNIT_EXPECT_EQ(test, -EINVAL, cdev_detach(cw, cw->file));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			(int)cw->file->f_op->read(cw->file,
						  (char __user *)w->arg, 4,
						  &pos));
	KUNIT_EXPECT_EQ(test, 0U, cw->driver.calls);

	KUNIT_EXPECT_EQ(test, 0, cdev_bind(cw, cw->file, cw->iommufd, &id));
	KUNIT_EXPECT_EQ(test, 1U, cw->driver.bound);
	KUNIT_EXPECT_EQ(test, 2U, world_objects(w));
	KUNIT_EXPECT_EQ(test, -EINVAL, cdev_bind(cw, cw->file, cw->iommufd,
						 NULL));
	second = cdev_open(test, cw->cdev);
	KUNIT_EXPECT_EQ(test, -EINVAL, cdev_bind(cw, second, cw->iommufd,
						 NULL));
	KUNIT_EXPECT_EQ(test, 42, (int)cdev_call(cw, DRIVER_CMD));
	KUNIT_EXPECT_EQ(test, -ENOTTY, (int)cdev_call(cw, 1));
	KUNIT_EXPECT_EQ(test, 0, cdev_attach(cw, cw->file, &pt));
	KUNIT_EXPECT_NE(test, cw->ioas, pt);
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, id));
	KUNIT_EXPECT_EQ(test, 0, cdev_detach(cw, cw->file));
	KUNIT_EXPECT_EQ(test, 0, cdev_detach(cw, cw->file));
	env_close(second);
	KUNIT_EXPECT_EQ(test, 0U, cw->driver.unbound);
	cdev_leave(cw);
}

WORLD_CASE(cdev_bind_refused)
{
	struct cdev_world *cw = cdev_enter(w);
	struct iommu_next_vfio_device_bind arg = {
		.argsz = 8,
		.iommufd = cw->iommufd,
	};
	const unsigned int cmd = IOMMU_NEXT_VFIO_DEVICE_BIND;
	u8 token[16] = { 1 };
	int fd;

	KUNIT_EXPECT_EQ(test, -EINVAL, (int)world_file_ioctl(w, cw->file, cmd,
							     &arg, 16));
	arg.argsz = PAGE_SIZE + 1;
	KUNIT_EXPECT_EQ(test, -E2BIG, (int)world_file_ioctl(w, cw->file, cmd,
							    &arg, 16));
	arg.argsz = sizeof(arg);
	arg.flags = BIT(5);
	KUNIT_EXPECT_EQ(test, -EINVAL, (int)world_file_ioctl(w, cw->file, cmd,
							     &arg,
							     sizeof(arg)));
	KUNIT_EXPECT_EQ(test, -EINVAL, cdev_bind(cw, cw->file, -1, NULL));
	KUNIT_EXPECT_EQ(test, -EBADF, cdev_bind(cw, cw->file, 1 << 19, NULL));
	fd = iommu_next_cdev_getfd(cw->cdev, "[inx-kunit]");
	KUNIT_EXPECT_EQ(test, -EBADFD, cdev_bind(cw, cw->file, fd, NULL));
	close_fd(fd);
	KUNIT_EXPECT_EQ(test, -EFAULT,
			(int)cw->file->f_op->unlocked_ioctl(cw->file, cmd, 0));

	/* The driver does not like the token, or the device. */
	arg.flags = IOMMU_NEXT_VFIO_DEVICE_BIND_FLAG_TOKEN;
	KUNIT_EXPECT_EQ(test, -EFAULT, (int)world_file_ioctl(w, cw->file, cmd,
							     &arg,
							     sizeof(arg)));
	arg.token_uuid_ptr = w->arg + 512;
	KUNIT_ASSERT_EQ(test, 0UL, copy_to_user((void __user *)w->arg + 512,
						token, 16));
	KUNIT_EXPECT_EQ(test, -EACCES, (int)world_file_ioctl(w, cw->file, cmd,
							     &arg,
							     sizeof(arg)));
	cw->driver.bind_rc = -EIO;
	KUNIT_EXPECT_EQ(test, -EIO, cdev_bind(cw, cw->file, cw->iommufd, NULL));
	cw->driver.bind_rc = 0;
	w->iommu->flags = IOMMU_NEXT_MOCK_KERNEL_OWNED;
	KUNIT_EXPECT_EQ(test, -EBUSY, cdev_bind(cw, cw->file, cw->iommufd,
						NULL));
	w->iommu->flags = 0;
	KUNIT_EXPECT_EQ(test, 1U, world_objects(w));
	KUNIT_EXPECT_EQ(test, 0U, cw->driver.bound);
	token[0] = 7;
	KUNIT_ASSERT_EQ(test, 0UL, copy_to_user((void __user *)w->arg + 512,
						token, 16));
	KUNIT_EXPECT_EQ(test, 0L, world_file_ioctl(w, cw->file, cmd, &arg,
						   sizeof(arg)));
	cdev_leave(cw);
}

/* A page that is gone when the driver wants it: faulted in and tried again. */
WORLD_CASE(cdev_retries)
{
	struct cdev_world *cw = cdev_enter(w);

	KUNIT_ASSERT_EQ(test, 0, cdev_bind(cw, cw->file, cw->iommufd, NULL));
	cw->driver.efaults = 2;
	KUNIT_EXPECT_EQ(test, 42, (int)cdev_call(cw, DRIVER_CMD));
	KUNIT_EXPECT_EQ(test, 3U, cw->driver.calls);
	cw->driver.efaults = 100;
	KUNIT_EXPECT_EQ(test, -EFAULT, (int)cdev_call(cw, DRIVER_CMD));
	KUNIT_EXPECT_EQ(test, 6U, cw->driver.calls);
	cdev_leave(cw);
}

WORLD_CASE(cdev_read_and_write)
{
	struct cdev_world *cw = cdev_enter(w);
	const struct file_operations *fops = cw->file->f_op;
	char __user *buf = (char __user *)w->arg;
	loff_t pos = 0;

	KUNIT_ASSERT_EQ(test, 0, cdev_bind(cw, cw->file, cw->iommufd, NULL));
	KUNIT_ASSERT_EQ(test, 0UL, copy_to_user(buf, "abcdefgh", 8));
	KUNIT_EXPECT_EQ(test, 8, (int)fops->write(cw->file, buf, 8, &pos));
	KUNIT_EXPECT_EQ(test, 0, memcmp(cw->driver.data, "abcdefgh", 8));
	KUNIT_EXPECT_EQ(test, 8, (int)pos);
	KUNIT_EXPECT_EQ(test, 64, (int)fops->read(cw->file, buf, 100, &pos));
	KUNIT_EXPECT_EQ(test, 72, (int)pos);
	KUNIT_EXPECT_EQ(test, -EFAULT, (int)fops->read(cw->file, NULL, 8,
						       &pos));
	KUNIT_EXPECT_EQ(test, -EFAULT, (int)fops->write(cw->file, NULL, 8,
							&pos));
	/* Large ones go to the driver in pieces. */
	KUNIT_EXPECT_EQ(test, (int)SZ_128K,
			(int)fops->write(cw->file,
					 (char __user *)w->mem->uaddr,
					 SZ_128K, &pos));
	cdev_leave(cw);
}

/* The driver is told of mappings that are cut, and of each that goes. */
WORLD_CASE(cdev_mmap_in_parts)
{
	struct cdev_world *cw = cdev_enter(w);
	unsigned long addr;

	KUNIT_ASSERT_EQ(test, 0, cdev_bind(cw, cw->file, cw->iommufd, NULL));
	addr = vm_mmap(cw->file, 0, 3 * PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_SHARED, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));
	KUNIT_EXPECT_EQ(test, 1, cw->driver.mappings);
	KUNIT_EXPECT_EQ(test, 0, vm_munmap(addr + PAGE_SIZE, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, 2, cw->driver.mappings);
	KUNIT_EXPECT_EQ(test, 0, vm_munmap(addr, 3 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, 0, cw->driver.mappings);
	cdev_leave(cw);
}

/* What was mapped answers no more when the device is revoked. */
WORLD_CASE(cdev_mmap_and_revoke)
{
	struct cdev_world *cw = cdev_enter(w);
	unsigned long addr;
	u32 id, pt = cw->ioas;
	u64 got = 0;

	addr = vm_mmap(cw->file, 0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_SHARED, 0);
	KUNIT_EXPECT_EQ(test, -EINVAL, (int)addr);
	KUNIT_ASSERT_EQ(test, 0, cdev_bind(cw, cw->file, cw->iommufd, &id));
	KUNIT_ASSERT_EQ(test, 0, cdev_attach(cw, cw->file, &pt));
	addr = vm_mmap(cw->file, 0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_SHARED, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));
	*(u64 *)page_address(cw->driver.page) = 4711;
	KUNIT_EXPECT_EQ(test, 0UL, copy_from_user(&got, (void __user *)addr,
						  8));
	KUNIT_EXPECT_EQ(test, 4711ULL, got);
	KUNIT_EXPECT_EQ(test, 1U, cw->driver.faults);

	iommu_next_cdev_revoke(cw->cdev);
	KUNIT_EXPECT_EQ(test, 1U, cw->driver.unbound);
	KUNIT_EXPECT_EQ(test, 1U, world_objects(w));
	KUNIT_EXPECT_NE(test, 0UL,
			copy_from_user(&got, (void __user *)(addr + PAGE_SIZE),
				       8));
	KUNIT_EXPECT_EQ(test, 1U, cw->driver.faults);
	KUNIT_EXPECT_EQ(test, -ENODEV, (int)cdev_call(cw, DRIVER_CMD));
	KUNIT_EXPECT_EQ(test, -ENODEV, cdev_attach(cw, cw->file, &pt));
	KUNIT_EXPECT_EQ(test, -ENODEV, cdev_detach(cw, cw->file));
	KUNIT_EXPECT_EQ(test, -ENODEV, cdev_bind(cw, cw->file, cw->iommufd,
						 NULL));
	vm_munmap(addr, 2 * PAGE_SIZE);
	cdev_leave(cw);
}

/* Map what lies @page pages behind @addr, of the device or of the process. */
static int bar_map(struct cdev_world *cw, unsigned long addr,
		   unsigned long page, unsigned long npages)
{
	return world_ioas_map(cw->w, cw->ioas, addr - cw->w->mem->uaddr +
			      page * PAGE_SIZE, npages * PAGE_SIZE, BAR_IOVA);
}

static int bar_unmap(struct cdev_world *cw)
{
	struct iommu_next_ioas_unmap arg = {
		.size = sizeof(arg),
		.ioas_id = cw->ioas,
		.iova = 0,
		.length = U64_MAX,
	};

	return world_ioctl(cw->w, IOMMU_NEXT_IOAS_UNMAP, &arg, sizeof(arg));
}

/* Where DMA of the device itself gets to. */
static phys_addr_t bar_phys(struct cdev_world *cw)
{
	return iommu_iova_to_phys(cw->w->iommu->domain, BAR_IOVA);
}

static unsigned long bar_enter(struct cdev_world *cw)
{
	struct kunit *test = cw->w->test;
	unsigned long addr;
	u32 pt = cw->ioas;

	KUNIT_ASSERT_EQ(test, 0, cdev_bind(cw, cw->file, cw->iommufd, NULL));
	KUNIT_ASSERT_EQ(test, 0, cdev_attach(cw, cw->file, &pt));
	addr = vm_mmap(cw->file, 0, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_SHARED, PAGE_SIZE);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));
	cw->driver.is_on = true;
	return addr;
}

/* Memory of the device behind a page table, until it goes. */
WORLD_CASE(cdev_bar)
{
	struct cdev_world *cw = cdev_enter(w);
	unsigned long addr = bar_enter(cw);

	KUNIT_EXPECT_EQ(test, 0, bar_map(cw, addr, 1, 2));
	KUNIT_EXPECT_EQ(test, BAR_PHYS + 2 * PAGE_SIZE, (u64)bar_phys(cw));
	/* There is no memory of the process to pin, and none is touched. */
	world_expect_pages(w, 0);
	KUNIT_EXPECT_EQ(test, 0U, cw->driver.faults);
	iommu_next_cdev_mmio_stop(cw->cdev);
	KUNIT_EXPECT_EQ(test, 0ULL, (u64)bar_phys(cw));
	KUNIT_EXPECT_EQ(test, 0, bar_unmap(cw));
	KUNIT_EXPECT_EQ(test, -EFAULT, bar_map(cw, addr, 1, 2));
	iommu_next_cdev_mmio_start(cw->cdev);
	KUNIT_EXPECT_EQ(test, 0, bar_map(cw, addr, 0, 4));
	KUNIT_EXPECT_EQ(test, BAR_PHYS + PAGE_SIZE, (u64)bar_phys(cw));
	/* The device of the process, but not its memory. */
	KUNIT_EXPECT_EQ(test, 0, bar_unmap(cw));
	KUNIT_EXPECT_EQ(test, 0, bar_map(cw, w->mem->uaddr, 0, 1));
	KUNIT_EXPECT_EQ(test, (u64)mem_phys(w->mem, 0), (u64)bar_phys(cw));
	world_expect_pages(w, 1);
	KUNIT_EXPECT_EQ(test, 0, bar_unmap(cw));

	KUNIT_EXPECT_EQ(test, 0, bar_map(cw, addr, 0, 4));
	iommu_next_cdev_revoke(cw->cdev);
	KUNIT_EXPECT_EQ(test, 0, bar_unmap(cw));
	KUNIT_EXPECT_EQ(test, -EFAULT, bar_map(cw, addr, 0, 4));
	vm_munmap(addr, 4 * PAGE_SIZE);
	cdev_leave(cw);
}

WORLD_CASE(cdev_bar_refused)
{
	struct cdev_world *cw = cdev_enter(w);
	unsigned long addr = bar_enter(cw), bytes, readonly;
	int rc = -ENOMEM;

	readonly = vm_mmap(cw->file, 0, PAGE_SIZE, PROT_READ, MAP_SHARED, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(readonly));
	/* More than is mapped, not to be written to, and no device memory. */
	KUNIT_EXPECT_EQ(test, -EFAULT, bar_map(cw, addr, 3, 2));
	KUNIT_EXPECT_EQ(test, -EFAULT, bar_map(cw, readonly, 0, 1));
	cw->driver.mmio_rc = -EFAULT;
	KUNIT_EXPECT_EQ(test, -EFAULT, bar_map(cw, addr, 0, 1));
	cw->driver.mmio_rc = 0;
	/* It does not answer just now. */
	cw->driver.is_on = false;
	KUNIT_EXPECT_EQ(test, -EFAULT, bar_map(cw, addr, 0, 1));
	cw->driver.is_on = true;
	KUNIT_ASSERT_EQ(test, 0, env_faults_init());
	for (bytes = 0; rc && bytes < SZ_32K; bytes += 64) {
		KUNIT_ASSERT_EQ(test, 0, env_starve(bytes));
		rc = bar_map(cw, addr, 0, 1);
		env_has_starved();
		KUNIT_EXPECT_EQ(test, rc, rc ? -ENOMEM : 0);
		KUNIT_EXPECT_EQ(test, rc ? 0ULL : BAR_PHYS + PAGE_SIZE,
				(u64)bar_phys(cw));
	}
	KUNIT_EXPECT_EQ(test, 0, rc);
	KUNIT_EXPECT_EQ(test, 0, bar_unmap(cw));
	vm_munmap(addr, 4 * PAGE_SIZE);
	vm_munmap(readonly, PAGE_SIZE);
	cdev_leave(cw);
}

/* No memory for a device file, or for a file of it. */
WORLD_CASE(cdev_without_memory)
{
	struct cdev_world *cw = cdev_enter(w);
	struct inx_cdev *cdev = ERR_PTR(-ENOMEM);
	unsigned long bytes;
	unsigned int nth;
	bool failed = true;
	int fd;

	KUNIT_ASSERT_EQ(test, 0, env_faults_init());
	for (bytes = 0; IS_ERR(cdev) && bytes < SZ_64K; bytes += 64) {
		KUNIT_ASSERT_EQ(test, 0, env_starve(bytes));
		cdev = iommu_next_cdev_create(&driver_ops, &cw->driver,
					      &cw->mock->dev, &mock_backend);
		env_has_starved();
		if (IS_ERR(cdev))
			KUNIT_EXPECT_EQ(test, -ENOMEM, (int)PTR_ERR(cdev));
	}
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cdev);
	KUNIT_EXPECT_NE(test, iommu_next_cdev_devt(cw->cdev),
			iommu_next_cdev_devt(cdev));
	iommu_next_cdev_put(cdev);
	for (nth = 1; failed && nth < 100; nth++) {
		env_fail_nth(nth);
		fd = iommu_next_cdev_getfd(cw->cdev, "[inx-kunit]");
		failed = env_has_failed();
		if (fd < 0) {
			KUNIT_EXPECT_EQ(test, -ENOMEM, fd);
			KUNIT_EXPECT_TRUE(test, failed);
		} else {
			close_fd(fd);
			flush_delayed_fput();
		}
	}
	KUNIT_EXPECT_GT(test, nth, 3U);
	cdev_leave(cw);
}

/* The mock's own device file: what VFIO asks of a device, and DMA. */
WORLD_CASE(cdev_mock_device)
{
	struct cdev_world *cw = cdev_enter(w);
	struct file *file = cdev_open(test, cw->mock->cdev);
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_region_info region = { .argsz = sizeof(region) };
	struct vfio_irq_info irq = { .argsz = sizeof(irq) };
	struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
	};
	struct {
		struct iommu_next_mock_dma dma;
		u64 data;
	} dma = { .dma = { .argsz = sizeof(dma), .length = 8 } };
	char __user *buf = (char __user *)w->arg;
	loff_t pos = 0;
	u32 id = 0;

	KUNIT_ASSERT_EQ(test, 0, cdev_bind(cw, file, cw->iommufd, NULL));
	KUNIT_EXPECT_EQ(test, 0L, world_file_ioctl(w, file,
						   VFIO_DEVICE_GET_INFO, &info,
						   sizeof(info)));
	KUNIT_EXPECT_EQ(test, 1U, info.num_regions);
	KUNIT_EXPECT_EQ(test, 0L, world_file_ioctl(w, file,
						   VFIO_DEVICE_GET_REGION_INFO,
						   &region, sizeof(region)));
	KUNIT_EXPECT_EQ(test, (u64)MOCK_REGION_SIZE, (u64)region.size);
	region.index = 1;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			(int)world_file_ioctl(w, file,
					      VFIO_DEVICE_GET_REGION_INFO,
					      &region, sizeof(region)));
	KUNIT_EXPECT_EQ(test, 0L, world_file_ioctl(w, file,
						   VFIO_DEVICE_GET_IRQ_INFO,
						   &irq, sizeof(irq)));
	KUNIT_EXPECT_EQ(test, 0L, world_file_ioctl(w, file,
						   VFIO_DEVICE_SET_IRQS, &set,
						   sizeof(set)));
	set.count = 2;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			(int)world_file_ioctl(w, file, VFIO_DEVICE_SET_IRQS,
					      &set, sizeof(set)));
	KUNIT_EXPECT_EQ(test, 0L, world_file_ioctl(w, file, VFIO_DEVICE_RESET,
						   &id, 4));
	KUNIT_EXPECT_EQ(test, 4, (int)file->f_op->read(file, buf, 4, &pos));
	KUNIT_EXPECT_EQ(test, -EINVAL, (int)file->f_op->read(file, buf, 3,
							     &pos));
	KUNIT_EXPECT_EQ(test, 4, (int)file->f_op->write(file, buf, 4, &pos));
	KUNIT_EXPECT_EQ(test, 0L, world_file_ioctl(w, file,
						   IOMMU_NEXT_MOCK_DMA, &dma,
						   sizeof(dma)));
	KUNIT_EXPECT_EQ(test, (u32)IOMMU_NEXT_MOCK_FAULT_BLOCKED,
			dma.dma.out_fault);
	dma.dma.argsz--;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			(int)world_file_ioctl(w, file, IOMMU_NEXT_MOCK_DMA,
					      &dma, sizeof(dma)));
	KUNIT_EXPECT_EQ(test, -ENOTTY, (int)world_file_ioctl(w, file, 1, &id,
							     4));
	env_close(file);
	cdev_leave(cw);
}

static struct kunit_case cdev_cases[] = {
	KUNIT_CASE(cdev_life),
	KUNIT_CASE(cdev_bind_refused),
	KUNIT_CASE(cdev_retries),
	KUNIT_CASE(cdev_read_and_write),
	KUNIT_CASE(cdev_mmap_in_parts),
	KUNIT_CASE(cdev_mmap_and_revoke),
	KUNIT_CASE(cdev_bar),
	KUNIT_CASE(cdev_bar_refused),
	KUNIT_CASE(cdev_without_memory),
	KUNIT_CASE(cdev_mock_device),
	{}
};

static struct kunit_suite cdev_suite = {
	.name = "inx_cdev",
	.test_cases = cdev_cases,
};

kunit_test_suite(cdev_suite);
