// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of ioctls, and what they have in common: copying the argument in
 * under the rules at the top of <linux/iommu-next.h>, and publishing or giving
 * up the object that a call has made.
 */
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommu-next.h>

#include "device.h"
#include "dirty.h"
#include "fault.h"
#include "hwpt.h"
#include "ioas.h"
#include "ioctl.h"
#include "nested.h"
#include "object.h"
#include "private.h"
#include "vfio_compat.h"
#include "viommu.h"

static int inx_destroy(struct inx_call *call)
{
	struct iommu_next_destroy *arg = call->arg;

	return inx_object_destroy_id(call->ctx, arg->id);
}

/* Room for the largest argument. */
union inx_arg {
	struct iommu_next_destroy destroy;
	struct iommu_next_fault_alloc fault_alloc;
	struct iommu_next_hw_info hw_info;
	struct iommu_next_hw_queue_alloc hw_queue_alloc;
	struct iommu_next_hwpt_alloc hwpt_alloc;
	struct iommu_next_hwpt_get_dirty_bitmap hwpt_get_dirty_bitmap;
	struct iommu_next_hwpt_invalidate hwpt_invalidate;
	struct iommu_next_hwpt_set_dirty_tracking hwpt_set_dirty_tracking;
	struct iommu_next_ioas_alloc ioas_alloc;
	struct iommu_next_ioas_allow_iovas ioas_allow_iovas;
	struct iommu_next_ioas_change_process ioas_change_process;
	struct iommu_next_ioas_copy ioas_copy;
	struct iommu_next_ioas_iova_ranges ioas_iova_ranges;
	struct iommu_next_ioas_map ioas_map;
	struct iommu_next_ioas_map_file ioas_map_file;
	struct iommu_next_ioas_noiommu_get_pa ioas_noiommu_get_pa;
	struct iommu_next_ioas_unmap ioas_unmap;
	struct iommu_next_option option;
	struct iommu_next_vdevice_alloc vdevice_alloc;
	struct iommu_next_veventq_alloc veventq_alloc;
	struct iommu_next_vfio_ioas vfio_ioas;
	struct iommu_next_viommu_alloc viommu_alloc;
};

struct inx_ioctl {
	unsigned int cmd;
	unsigned int size;
	unsigned int min_size;
	int (*fn)(struct inx_call *call);
};

/* _last is the last member that every caller must give. */
#define INX_IOCTL(_name, _fn, _struct, _last)                                  \
	[IOMMU_NEXT_CMD_##_name - IOMMU_NEXT_CMD_BASE] = {                     \
		.cmd = IOMMU_NEXT_##_name,                                     \
		.size = sizeof(_struct) +                                      \
			BUILD_BUG_ON_ZERO(sizeof(_struct) >                    \
					  sizeof(union inx_arg)),              \
		.min_size = offsetofend(_struct, _last),                       \
		.fn = _fn,                                                     \
	}

static const struct inx_ioctl inx_ioctls[] = {
	INX_IOCTL(DESTROY, inx_destroy, struct iommu_next_destroy,
		  id),
	INX_IOCTL(IOAS_ALLOC, inx_ioas_alloc,
		  struct iommu_next_ioas_alloc, out_ioas_id),
	INX_IOCTL(IOAS_ALLOW_IOVAS, inx_ioas_allow_iovas,
		  struct iommu_next_ioas_allow_iovas, allowed_iovas),
	INX_IOCTL(IOAS_CHANGE_PROCESS, inx_process_change,
		  struct iommu_next_ioas_change_process, __reserved),
	INX_IOCTL(IOAS_COPY, inx_ioas_copy,
		  struct iommu_next_ioas_copy, src_iova),
	INX_IOCTL(IOAS_IOVA_RANGES, inx_ioas_iova_ranges,
		  struct iommu_next_ioas_iova_ranges, out_iova_alignment),
	INX_IOCTL(IOAS_MAP, inx_ioas_map, struct iommu_next_ioas_map,
		  iova),
	INX_IOCTL(IOAS_MAP_FILE, inx_ioas_map_file,
		  struct iommu_next_ioas_map_file, iova),
	INX_IOCTL(IOAS_UNMAP, inx_ioas_unmap,
		  struct iommu_next_ioas_unmap, length),
	INX_IOCTL(OPTION, inx_ioas_option, struct iommu_next_option,
		  val64),
	INX_IOCTL(VFIO_IOAS, inx_vfio_ioas, struct iommu_next_vfio_ioas,
		  __reserved),
	INX_IOCTL(HWPT_ALLOC, inx_hwpt_alloc,
		  struct iommu_next_hwpt_alloc, __reserved),
	INX_IOCTL(GET_HW_INFO, inx_device_hw_info,
		  struct iommu_next_hw_info, __reserved),
	INX_IOCTL(HWPT_SET_DIRTY_TRACKING, inx_dirty_set,
		  struct iommu_next_hwpt_set_dirty_tracking, __reserved),
	INX_IOCTL(HWPT_GET_DIRTY_BITMAP, inx_dirty_read,
		  struct iommu_next_hwpt_get_dirty_bitmap, data),
	INX_IOCTL(HWPT_INVALIDATE, inx_hwpt_invalidate,
		  struct iommu_next_hwpt_invalidate, __reserved),
	INX_IOCTL(FAULT_QUEUE_ALLOC, inx_fault_alloc,
		  struct iommu_next_fault_alloc, out_fault_fd),
	INX_IOCTL(VIOMMU_ALLOC, inx_viommu_alloc,
		  struct iommu_next_viommu_alloc, out_viommu_id),
	INX_IOCTL(VDEVICE_ALLOC, inx_vdevice_alloc,
		  struct iommu_next_vdevice_alloc, virt_id),
	INX_IOCTL(VEVENTQ_ALLOC, inx_eventq_alloc,
		  struct iommu_next_veventq_alloc, out_veventq_fd),
	INX_IOCTL(HW_QUEUE_ALLOC, inx_hw_queue_alloc,
		  struct iommu_next_hw_queue_alloc, length),
	INX_IOCTL(IOAS_NOIOMMU_GET_PA, inx_ioas_noiommu_get_pa,
		  struct iommu_next_ioas_noiommu_get_pa, out_phys),
};

/**
 * inx_call_reply() - copy the argument back to user space
 * @call: the call
 *
 * Return: 0 or -EFAULT.
 */
int inx_call_reply(struct inx_call *call)
{
	if (copy_to_user(call->uptr, call->arg,
			 min(call->user_size, call->size)))
		return -EFAULT;
	return 0;
}

/**
 * inx_call_open_file() - end a call with a file for the object that it makes
 * @call: the call; the object is its @new_obj
 * @name: what /proc shows
 * @fops: the file's, with the object as private_data; release() ends with
 *	inx_call_close_file()
 * @flags: O_RDONLY or O_RDWR
 * @fd: in the argument; gets the file descriptor, which exec closes
 *
 * The file is a user of the object, and holds the context's file.
 *
 * Return: 0; -EMFILE, -ENFILE, -ENOMEM; what inx_call_reply() returns.
 */
int inx_call_open_file(struct inx_call *call, const char *name,
		       const struct file_operations *fops, int flags,
		       u32 *fd)
{
	struct inx_object *obj = call->new_obj;
	struct file *file;
	int rc;

	rc = get_unused_fd_flags(O_CLOEXEC);
	if (rc < 0)
		return rc;
	*fd = rc;
	file = anon_inode_getfile(name, fops, obj, flags);
	if (IS_ERR(file)) {
		rc = PTR_ERR(file);
		goto out_fd;
	}
	get_file(call->ctx->file);
	WARN_ON_ONCE(inx_object_use(obj));
	rc = inx_call_reply(call);
	if (rc)
		goto out_file;
	fd_install(*fd, file);
	return 0;

out_file:
	fput(file);
out_fd:
	put_unused_fd(*fd);
	return rc;
}

/**
 * inx_call_close_file() - the end of such a file
 * @obj: its object
 */
void inx_call_close_file(struct inx_object *obj)
{
	struct file *ctx_file = obj->ctx->file;

	inx_object_unuse(obj);
	fput(ctx_file);
}

/* Numbers outside the table. */
static long inx_ioctl_other(struct inx_ctx *ctx, unsigned int cmd,
			    unsigned long arg)
{
	long rc = inx_vfio_ioctl(ctx, cmd, arg);

	if (rc == -ENOIOCTLCMD)
		rc = inx_private_ioctl(ctx, cmd, arg);
	return rc;
}

/**
 * inx_ioctl() - carry out an ioctl
 * @ctx: of the file
 * @cmd: any number
 * @arg: user pointer
 *
 * Return: 0 or what <linux/iommu-next.h> says; the ioctls of a VFIO container
 * and those of backends also return numbers.
 */
long inx_ioctl(struct inx_ctx *ctx, unsigned int cmd, unsigned long arg)
{
	unsigned int nr = _IOC_NR(cmd) - IOMMU_NEXT_CMD_BASE;
	struct inx_call call = {
		.ctx = ctx,
		.uptr = (void __user *)arg,
	};
	const struct inx_ioctl *op;
	union inx_arg buf;
	u32 user_size;
	int rc;

	if (nr >= ARRAY_SIZE(inx_ioctls))
		return inx_ioctl_other(ctx, cmd, arg);
	op = &inx_ioctls[nr];
	if (op->cmd != cmd)
		return -ENOTTY;
	if (get_user(user_size, (u32 __user *)call.uptr))
		return -EFAULT;
	if (user_size < op->min_size)
		return -EINVAL;
	if (user_size > PAGE_SIZE)
		return -E2BIG;

	call.arg = &buf;
	call.size = op->size;
	call.user_size = user_size;
	rc = copy_struct_from_user(call.arg, call.size, call.uptr,
				   call.user_size);
	if (rc)
		return rc;
	rc = op->fn(&call);
	if (!call.new_obj)
		return rc;
	if (rc)
		inx_object_abort(call.new_obj);
	else
		inx_object_publish(call.new_obj);
	return rc;
}
