// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <uapi/linux/iommu-next.h>

#include "device.h"
#include "nest.h"
#include "selftest.h"

int nest_get_page(struct nest *n)
{
	return get_user_pages_unlocked(n->w->arg, 1, &n->page, FOLL_WRITE) == 1 ?
		       0 : -EFAULT;
}

void nest_put_page(struct nest *n)
{
	put_page(n->page);
}

void nest_enter_as(struct world *w, struct nest *n, u32 flags)
{
	memset(n, 0, sizeof(*n));
	n->w = w;
	w->iommu->flags = flags;
	world_open(w);
	KUNIT_ASSERT_EQ(w->test, 0, nest_get_page(n));
	world_device_make(w, &n->d, NEST_PAGES * PAGE_SIZE, NEST_IOVA);
	n->dev = n->d.idev->obj.id;
	KUNIT_ASSERT_EQ(w->test, 0, nest_make_parent(n, &n->parent));
}

void nest_enter(struct world *w, struct nest *n)
{
	nest_enter_as(w, n, MOCK_SELFTEST_INFO | IOMMU_NEXT_MOCK_PASID);
}

void nest_leave(struct nest *n)
{
	if (n->d.idev)
		inx_device_unbind(n->d.idev);
	n->d.idev = NULL;
	nest_put_page(n);
	KUNIT_EXPECT_EQ(n->w->test, 0, world_destroy(n->w, n->parent));
	world_device_end(n->w, &n->d);
}

int nest_hwpt(struct nest *n, u32 pt, u32 flags, u32 fault, bool data, u32 *id)
{
	struct iommu_next_hwpt_alloc arg = {
		.size = sizeof(arg),
		.flags = flags,
		.dev_id = n->dev,
		.pt_id = pt,
		.data_type = data ? SELFTEST_HWPT_DATA : 0,
		.data_len = data ? sizeof(struct selftest_hwpt) : 0,
		.data_uptr = nest_uptr(n),
		.fault_id = fault,
	};
	int rc;

	((struct selftest_hwpt *)nest_data(n))->iotlb = 0xabcd;
	rc = world_ioctl(n->w, IOMMU_NEXT_HWPT_ALLOC, &arg, sizeof(arg));
	if (!rc)
		*id = arg.out_hwpt_id;
	return rc;
}

int nest_make_parent(struct nest *n, u32 *id)
{
	return nest_hwpt(n, n->d.ioas, IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT |
			 IOMMU_NEXT_HWPT_ALLOC_PASID, 0, false, id);
}

int nest_flush(struct nest *n, u32 id, u32 type, u32 len, u32 *num)
{
	struct iommu_next_hwpt_invalidate arg = {
		.size = sizeof(arg),
		.hwpt_id = id,
		.data_uptr = nest_uptr(n),
		.data_type = type,
		.entry_len = len,
		.entry_num = *num,
	};
	int rc;

	rc = world_ioctl(n->w, IOMMU_NEXT_HWPT_INVALIDATE, &arg, sizeof(arg));
	*num = arg.entry_num;
	return rc;
}

struct file *nest_file(struct kunit *test, int fd)
{
	struct file *file = fget(fd);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	close_fd(fd);
	return file;
}

ssize_t nest_read(struct nest *n, struct file *file, size_t size)
{
	loff_t pos = 0;

	return file->f_op->read(file, nest_user(n), size, &pos);
}

ssize_t nest_write(struct nest *n, struct file *file, size_t size)
{
	loff_t pos = 0;

	return file->f_op->write(file, nest_user(n), size, &pos);
}

int nest_fault_queue(struct nest *n, u32 *id, int *fd)
{
	struct iommu_next_fault_alloc arg = { .size = sizeof(arg) };
	int rc;

	rc = world_ioctl(n->w, IOMMU_NEXT_FAULT_QUEUE_ALLOC, &arg, sizeof(arg));
	*id = arg.out_fault_id;
	*fd = arg.out_fault_fd;
	return rc;
}

int nest_viommu(struct nest *n, u32 length, u32 *id)
{
	struct iommu_next_viommu_alloc arg = {
		.size = sizeof(arg),
		.type = SELFTEST_VIOMMU_TYPE,
		.dev_id = n->dev,
		.hwpt_id = n->parent,
		.data_len = length,
		.data_uptr = length ? nest_uptr(n) : 0,
	};
	int rc;

	rc = world_ioctl(n->w, IOMMU_NEXT_VIOMMU_ALLOC, &arg, sizeof(arg));
	*id = arg.out_viommu_id;
	return rc;
}

int nest_vdevice(struct nest *n, u32 viommu, u64 virt_id, u32 *id)
{
	struct iommu_next_vdevice_alloc arg = {
		.size = sizeof(arg),
		.viommu_id = viommu,
		.dev_id = n->dev,
		.virt_id = virt_id,
	};
	int rc;

	rc = world_ioctl(n->w, IOMMU_NEXT_VDEVICE_ALLOC, &arg, sizeof(arg));
	*id = arg.out_vdevice_id;
	return rc;
}

int nest_eventq(struct nest *n, u32 viommu, u32 depth, u32 *id, int *fd)
{
	struct iommu_next_veventq_alloc arg = {
		.size = sizeof(arg),
		.viommu_id = viommu,
		.type = SELFTEST_VEVENTQ_TYPE,
		.veventq_depth = depth,
	};
	int rc;

	rc = world_ioctl(n->w, IOMMU_NEXT_VEVENTQ_ALLOC, &arg, sizeof(arg));
	*id = arg.out_veventq_id;
	*fd = arg.out_veventq_fd;
	return rc;
}

int nest_queue(struct nest *n, u32 viommu, u32 index, u64 iova, u64 length,
	       u32 *id)
{
	struct iommu_next_hw_queue_alloc arg = {
		.size = sizeof(arg),
		.viommu_id = viommu,
		.type = SELFTEST_HW_QUEUE_TYPE,
		.index = index,
		.nesting_parent_iova = iova,
		.length = length,
	};
	int rc;

	rc = world_ioctl(n->w, IOMMU_NEXT_HW_QUEUE_ALLOC, &arg, sizeof(arg));
	*id = arg.out_hw_queue_id;
	return rc;
}

int nest_ask(struct nest *n, u32 grpid)
{
	const struct iommu_next_mock_page_request request = {
		.grpid = grpid,
		.count = 2,
	};

	return mock_page_request(n->d.mock, &request);
}

int nest_answer(struct nest *n)
{
	struct iommu_next_mock_page_answer answer;
	int rc = mock_page_answer(n->d.mock, &answer);

	return rc ?: (int)(answer.out_grpid << 8 | answer.out_code);
}
