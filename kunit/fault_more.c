// SPDX-License-Identifier: GPL-2.0-only
/*
 * What can be done with files, processes, VFIO's container, accesses and
 * objects of drivers.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/iommu_next.h>
#include <linux/kthread.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommu-next.h>
#include <uapi/linux/vfio.h>

#include "backend.h"
#include "cut.h"
#include "device.h"
#include "fault.h"
#include "ioas.h"
#include "shm.h"

#define IOVA FAULT_IOVA

/* The part of the memory that is cut out, and that is pinned. */
#define PART_AT (IOVA + 5 * PAGE_SIZE)
#define PART_LEN (9 * PAGE_SIZE)

static struct inx_iopt *fault_iopt(struct fault_world *fw, unsigned int i)
{
	struct inx_ioas *ioas = inx_ioas_get(fw->w->ctx, fw->ioas[i]);

	inx_ioas_put(ioas);
	return &ioas->iopt;
}

/* Files and processes. */

int fault_map_file(struct fault_world *fw, unsigned int i, int fd)
{
	struct iommu_next_ioas_map_file arg = {
		.size = sizeof(arg),
		.flags = IOMMU_NEXT_IOAS_MAP_FIXED_IOVA |
			 IOMMU_NEXT_IOAS_MAP_READABLE |
			 IOMMU_NEXT_IOAS_MAP_WRITEABLE,
		.ioas_id = fw->ioas[i],
		.fd = fd,
		.length = FAULT_LEN,
		.iova = IOVA,
	};

	return world_ioctl(fw->w, IOMMU_NEXT_IOAS_MAP_FILE, &arg, sizeof(arg));
}

static int map_file(struct fault_world *fw, unsigned int i)
{
	return fault_map_file(fw, i, fw->shm->fd);
}

static int op_map_file(struct fault_world *fw)
{
	return map_file(fw, 0);
}

/* Into two IOASes, one of which has a page table. */
static int prepare_change(struct fault_world *fw)
{
	return fault_device_attach(fw) ?: map_file(fw, 0) ?: map_file(fw, 1);
}

static int change_process(struct fault_world *fw)
{
	struct iommu_next_ioas_change_process arg = { .size = sizeof(arg) };

	return world_ioctl(fw->w, IOMMU_NEXT_IOAS_CHANGE_PROCESS, &arg,
			   sizeof(arg));
}

static int op_change(struct fault_world *fw)
{
	int rc;

	kthread_unuse_mm(fw->w->mm);
	kthread_use_mm(fw->mm);
	rc = change_process(fw);
	kthread_unuse_mm(fw->mm);
	kthread_use_mm(fw->w->mm);
	return rc;
}

static void undo_change(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, change_process(fw));
}

static void clean_change(struct fault_world *fw)
{
	struct inx_iova_range all = { 0, ULONG_MAX };

	fault_ioas_unmap(fw);
	KUNIT_EXPECT_EQ(fw->w->test, 0,
			inx_iopt_unmap(fault_iopt(fw, 1), all, NULL));
	fault_device_detach(fw);
}

/* VFIO's container. */

static int vfio_ioas(struct fault_world *fw, u16 op)
{
	struct iommu_next_vfio_ioas arg = {
		.size = sizeof(arg), .op = op, .ioas_id = fw->ioas[0],
	};

	return world_ioctl(fw->w, IOMMU_NEXT_VFIO_IOAS, &arg, sizeof(arg));
}

static int op_vfio_set(struct fault_world *fw)
{
	return vfio_ioas(fw, IOMMU_NEXT_VFIO_IOAS_SET);
}

static int op_vfio_get(struct fault_world *fw)
{
	return vfio_ioas(fw, IOMMU_NEXT_VFIO_IOAS_GET);
}

static void undo_vfio_set(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0,
			vfio_ioas(fw, IOMMU_NEXT_VFIO_IOAS_CLEAR));
}

static int op_vfio_info(struct fault_world *fw)
{
	struct {
		struct vfio_iommu_type1_info info;
		u8 caps[256];
	} arg = { .info.argsz = sizeof(arg) };

	return world_ioctl(fw->w, VFIO_IOMMU_GET_INFO, &arg, sizeof(arg));
}

static int prepare_vfio(struct fault_world *fw)
{
	return op_vfio_set(fw) ?: fault_device_attach(fw);
}

static void clean_vfio(struct fault_world *fw)
{
	fault_device_detach(fw);
	undo_vfio_set(fw);
}

static int op_vfio_map(struct fault_world *fw)
{
	struct vfio_iommu_type1_dma_map arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = fw->w->mem->uaddr,
		.iova = IOVA,
		.size = FAULT_LEN,
	};

	return world_ioctl(fw->w, VFIO_IOMMU_MAP_DMA, &arg, sizeof(arg));
}

static int vfio_unmap(struct fault_world *fw, u64 iova, u64 size)
{
	struct vfio_iommu_type1_dma_unmap arg = {
		.argsz = sizeof(arg), .iova = iova, .size = size,
	};

	return world_ioctl(fw->w, VFIO_IOMMU_UNMAP_DMA, &arg, sizeof(arg));
}

static int op_vfio_unmap(struct fault_world *fw)
{
	return vfio_unmap(fw, IOVA, FAULT_LEN);
}

static void undo_vfio_map(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, op_vfio_unmap(fw));
}

static void redo_vfio_map(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, op_vfio_map(fw));
}

static int prepare_vfio_unmap(struct fault_world *fw)
{
	return prepare_vfio(fw) ?: op_vfio_map(fw);
}

static void clean_vfio_unmap(struct fault_world *fw)
{
	undo_vfio_map(fw);
	clean_vfio(fw);
}

/* As type1: each page by itself, so a part can be taken out. */
static int prepare_type1(struct fault_world *fw)
{
	return inx_iopt_set_small_pages(fault_iopt(fw, 0), true) ?:
	       prepare_vfio_unmap(fw);
}

static void clean_type1(struct fault_world *fw)
{
	clean_vfio_unmap(fw);
	KUNIT_EXPECT_EQ(fw->w->test, 0,
			inx_iopt_set_small_pages(fault_iopt(fw, 0), false));
}

static int op_vfio_unmap_part(struct fault_world *fw)
{
	return vfio_unmap(fw, PART_AT, PART_LEN);
}

static int op_cut(struct fault_world *fw)
{
	struct inx_iova_range part = { PART_AT, PART_AT + PART_LEN - 1 };

	return inx_cut_ends(fault_iopt(fw, 0), part);
}

/* Whatever there is left of it. */
static void redo_vfio_whole(struct fault_world *fw)
{
	undo_vfio_map(fw);
	redo_vfio_map(fw);
}

/* Accesses. */

static void more_unmap(void *priv, unsigned long iova, unsigned long length)
{
	struct fault_world *fw = priv;

	if (fw->pinned)
		iommu_next_access_unpin_pages(fw->access, fw->pinned_at,
					      fw->pinned);
	fw->pinned = 0;
}

static const struct iommu_next_access_ops more_access_ops = {
	.needs_pin_pages = true,
	.unmap = more_unmap,
};

static int op_access_create(struct fault_world *fw)
{
	struct inx_access *access;
	u32 id;

	access = iommu_next_access_create(fw->w->ctx, &more_access_ops, fw, &id);
	if (IS_ERR(access))
		return PTR_ERR(access);
	iommu_next_access_destroy(access);
	return 0;
}

static int op_access_attach(struct fault_world *fw)
{
	return iommu_next_access_attach(fw->access, fw->ioas[0]);
}

static void undo_access_attach(struct fault_world *fw)
{
	iommu_next_access_detach(fw->access);
}

static int prepare_access_replace(struct fault_world *fw)
{
	return iommu_next_access_attach(fw->access, fw->ioas[1]);
}

static int op_access_replace(struct fault_world *fw)
{
	return iommu_next_access_replace(fw->access, fw->ioas[0]);
}

static void undo_access_replace(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0,
			iommu_next_access_replace(fw->access, fw->ioas[1]));
}

static int access_pin(struct fault_world *fw, unsigned long iova,
		      unsigned long length)
{
	int rc = iommu_next_access_pin_pages(fw->access, iova, length, fw->list,
					     IOMMU_NEXT_ACCESS_WRITE);

	if (!rc) {
		fw->pinned_at = iova;
		fw->pinned = length;
	}
	return rc;
}

static int op_access_pin(struct fault_world *fw)
{
	return access_pin(fw, IOVA, FAULT_LEN);
}

static int op_access_pin_part(struct fault_world *fw)
{
	return access_pin(fw, PART_AT, PART_LEN);
}

static void undo_access_pin(struct fault_world *fw)
{
	more_unmap(fw, 0, ULONG_MAX);
}

static int op_access_unpin(struct fault_world *fw)
{
	undo_access_pin(fw);
	return 0;
}

static void redo_access_pin(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, op_access_pin_part(fw));
}

/* Mapped without a page table, and with one. */
static int prepare_access(struct fault_world *fw)
{
	return fault_ioas_map(fw) ?: op_access_attach(fw);
}

static void clean_access(struct fault_world *fw)
{
	undo_access_attach(fw);
	fault_ioas_unmap(fw);
}

static int prepare_access_device(struct fault_world *fw)
{
	return fault_device_attach(fw) ?: prepare_access(fw);
}

static void clean_access_device(struct fault_world *fw)
{
	clean_access(fw);
	fault_device_detach(fw);
}

static int prepare_access_pinned(struct fault_world *fw)
{
	return prepare_access(fw) ?: op_access_pin_part(fw);
}

static int prepare_access_device_pinned(struct fault_world *fw)
{
	return prepare_access_device(fw) ?: op_access_pin_part(fw);
}

/* In the pieces that the pins have cut, as it is when it comes again. */
static int prepare_page_table_beside_pins(struct fault_world *fw)
{
	return prepare_access_pinned(fw) ?: fault_device_attach(fw);
}

static int op_access_detach(struct fault_world *fw)
{
	undo_access_attach(fw);
	return 0;
}

static void redo_access_attach(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, op_access_attach(fw));
	redo_access_pin(fw);
}

static int op_unmap_pinned(struct fault_world *fw)
{
	fault_ioas_unmap(fw);
	return 0;
}

static void redo_map_pinned(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, fault_ioas_map(fw));
	redo_access_pin(fw);
}

static int op_device_detach(struct fault_world *fw)
{
	fault_device_detach(fw);
	return 0;
}

static void redo_device_attach(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, fault_device_attach(fw));
}

static int op_access_read(struct fault_world *fw)
{
	return iommu_next_access_rw(fw->access, IOVA + 100, fw->data,
				    FAULT_LEN - 200, 0);
}

static int op_access_write(struct fault_world *fw)
{
	return iommu_next_access_rw(fw->access, IOVA + 100, fw->data,
				    FAULT_LEN - 200, IOMMU_NEXT_ACCESS_WRITE);
}

/* Objects of drivers, with a device each. */

static void more_destroy(void *priv)
{
	struct fault_world *fw = priv;

	if (fw->idev[1])
		iommu_next_device_unbind(fw->idev[1]);
	fw->idev[1] = NULL;
}

static void more_free(void *priv)
{
}

static const struct iommu_next_private_ops more_private_ops = {
	.owner = THIS_MODULE,
	.destroy = more_destroy,
	.free = more_free,
};

static int op_private(struct fault_world *fw)
{
	struct inx_private *object;
	struct inx_device *idev;
	u32 pt = fw->ioas[0];
	int rc;

	object = iommu_next_private_create(fw->w->ctx, &more_private_ops, fw);
	if (IS_ERR(object))
		return PTR_ERR(object);
	idev = iommu_next_private_bind(object, &fw->mock[1]->dev,
				       &mock_backend);
	rc = PTR_ERR_OR_ZERO(idev);
	if (!rc) {
		fw->idev[1] = idev;
		rc = iommu_next_device_attach(idev, &pt);
	}
	if (rc) {
		iommu_next_private_abort(object);
		return rc;
	}
	fw->made = iommu_next_private_id(object);
	iommu_next_private_publish(object);
	return 0;
}

static void undo_private(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, world_destroy(fw->w, fw->made));
}

static int op_private_destroy(struct fault_world *fw)
{
	return world_destroy(fw->w, fw->made);
}

static void redo_private(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, op_private(fw));
}

static int prepare_private_destroy(struct fault_world *fw)
{
	return fault_ioas_map(fw) ?: op_private(fw);
}

static void clean_private_destroy(struct fault_world *fw)
{
	undo_private(fw);
	fault_ioas_unmap(fw);
}

/* Device files. */

static int cdev_bind(void *priv)
{
	return 0;
}

static void cdev_unbind(void *priv)
{
}

static long cdev_ioctl(void *priv, unsigned int cmd, unsigned long arg)
{
	return -ENOTTY;
}

static const struct iommu_next_cdev_ops more_cdev_ops = {
	.owner = THIS_MODULE,
	.bind = cdev_bind,
	.unbind = cdev_unbind,
	.ioctl = cdev_ioctl,
};

/* Make one, open it, and close it again. */
static int op_device_file(struct fault_world *fw)
{
	struct inx_cdev *cdev;
	int fd;

	cdev = iommu_next_cdev_create(&more_cdev_ops, fw, &fw->mock[1]->dev,
				      &mock_backend);
	if (IS_ERR(cdev))
		return PTR_ERR(cdev);
	iommu_next_cdev_enable(cdev);
	fd = iommu_next_cdev_getfd(cdev, "[inx-kunit]");
	if (fd >= 0)
		shm_fd_close(fd);
	iommu_next_cdev_revoke(cdev);
	iommu_next_cdev_put(cdev);
	return min(fd, 0);
}

void fault_more_enter(struct fault_world *fw)
{
	struct kunit *test = fw->w->test;
	struct world *w = fw->w;
	unsigned long addr;
	u32 id;

	fw->shm = shm_create(FAULT_PAGES);
	KUNIT_ASSERT_NOT_NULL(test, fw->shm);
	fw->data = kunit_kzalloc(test, FAULT_LEN, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fw->data);
	fw->access = iommu_next_access_create(w->ctx, &more_access_ops, fw,
					      &id);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fw->access);

	kthread_unuse_mm(w->mm);
	fw->mm = env_mm_create();
	KUNIT_ASSERT_NOT_NULL(test, fw->mm);
	/* For the arguments of ioctls, at the same address, and there. */
	addr = vm_mmap(NULL, w->arg, PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
	KUNIT_ASSERT_EQ(test, w->arg, addr);
	KUNIT_ASSERT_EQ(test, 0UL, clear_user((void __user *)addr, PAGE_SIZE));
	kthread_unuse_mm(fw->mm);
	kthread_use_mm(w->mm);
}

void fault_more_leave(struct fault_world *fw)
{
	iommu_next_access_destroy(fw->access);
	shm_destroy(fw->shm);
	kthread_unuse_mm(fw->w->mm);
	kthread_use_mm(fw->mm);
	env_mm_destroy(fw->mm);
	kthread_use_mm(fw->w->mm);
}

static const struct fault_op more_ops[] = {
	{ "MAP_FILE", fault_device_attach, op_map_file, fault_ioas_unmap,
	  fault_device_detach, FAULT_PINS | FAULT_MAPS },
	{ "CHANGE_PROCESS", prepare_change, op_change, undo_change,
	  clean_change },
	{ "VFIO_IOAS", NULL, op_vfio_set, undo_vfio_set, NULL },
	{ "VFIO_IOAS, asked", op_vfio_set, op_vfio_get, NULL, undo_vfio_set,
	  FAULT_TAKES },
	{ "VFIO GET_INFO", op_vfio_set, op_vfio_info, NULL, undo_vfio_set },
	{ "VFIO MAP_DMA", prepare_vfio, op_vfio_map, undo_vfio_map, clean_vfio,
	  FAULT_PINS | FAULT_MAPS },
	{ "VFIO UNMAP_DMA", prepare_vfio_unmap, op_vfio_unmap, redo_vfio_map,
	  clean_vfio_unmap, FAULT_TAKES },
	{ "type1 unmap of a part", prepare_type1, op_vfio_unmap_part,
	  redo_vfio_whole, clean_type1 },
	{ "cut", prepare_type1, op_cut, redo_vfio_whole, clean_type1 },
	{ "access", NULL, op_access_create, NULL, NULL },
	{ "attach of an access", NULL, op_access_attach, undo_access_attach,
	  NULL },
	{ "replace of an access", prepare_access_replace, op_access_replace,
	  undo_access_replace, undo_access_attach },
	{ "detach of an access", prepare_access_device_pinned,
	  op_access_detach, redo_access_attach, clean_access_device,
	  FAULT_TAKES },
	{ "pin", prepare_access, op_access_pin, undo_access_pin, clean_access,
	  FAULT_PINS },
	{ "pin beside a page table", prepare_access_device, op_access_pin_part,
	  undo_access_pin, clean_access_device },
	{ "unpin", prepare_access_device_pinned, op_access_unpin,
	  redo_access_pin, clean_access_device, FAULT_TAKES },
	{ "unmap of pinned", prepare_access_device_pinned, op_unmap_pinned,
	  redo_map_pinned, clean_access_device, FAULT_TAKES },
	{ "page table beside pins", prepare_access_pinned, fault_device_attach,
	  fault_device_detach, clean_access, FAULT_PINS | FAULT_MAPS },
	{ "its removal", prepare_page_table_beside_pins, op_device_detach,
	  redo_device_attach, clean_access_device, FAULT_TAKES },
	{ "read", prepare_access, op_access_read, NULL, clean_access,
	  FAULT_PINS },
	{ "write", prepare_access_pinned, op_access_write, NULL, clean_access,
	  FAULT_PINS },
	{ "object with a device", fault_ioas_map, op_private, undo_private,
	  fault_ioas_unmap, FAULT_PINS | FAULT_MAPS },
	{ "its end", prepare_private_destroy, op_private_destroy, redo_private,
	  clean_private_destroy, FAULT_TAKES },
	{ "device file", NULL, op_device_file, NULL, NULL },
	{ "dma-buf", NULL, op_dmabuf, NULL, NULL },
	{ "MAP_FILE of a dma-buf", prepare_map_dmabuf, op_map_dmabuf,
	  fault_ioas_unmap, clean_map_dmabuf, FAULT_MAPS },
	{ "page table beside a dma-buf", prepare_dmabuf_mapped,
	  fault_device_attach, fault_device_detach, clean_dmabuf_mapped,
	  FAULT_MAPS },
	{ "its memory goes", prepare_dmabuf_revoke, op_dmabuf_revoke,
	  redo_dmabuf_revoke, clean_dmabuf_revoke, FAULT_TAKES },
};

const struct fault_table fault_more_all = { more_ops, ARRAY_SIZE(more_ops) };
