// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page tables of the user's, PASIDs, queues of faults and events, virtual IOMMUs:
 * as ioctls make and destroy them, on an IOMMU with the selftests' formats.
 */
#include <linux/err.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommu_next.h>
#include <linux/mm.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "device.h"
#include "hwpt.h"
#include "nested.h"
#include "pasid.h"
#include "selftest.h"
#include "world.h"

#define IOVA 0x10000000UL

/* Pages of the memory: mapped at IOVA, and for what ioctls point to. */
#define MAPPED 16
#define DATA_PAGE 64

struct nest {
	struct world *w;
	struct mock_device *mock;
	struct inx_device *idev;
	u32 dev;
	u32 ioas;
	u32 parent;
};

static void *nest_data(struct nest *n)
{
	return page_address(n->w->mem->pages[DATA_PAGE]);
}

static u64 nest_uptr(struct nest *n)
{
	return n->w->mem->uaddr + DATA_PAGE * PAGE_SIZE;
}

static int nest_hwpt(struct nest *n, u32 pt, u32 flags, u32 fault, bool data,
		     u32 *id)
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

static void nest_enter(struct world *w, struct nest *n)
{
	struct iommu_next_mock_device_alloc how = {};
	struct iommu_next_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_NEXT_IOAS_MAP_FIXED_IOVA |
			 IOMMU_NEXT_IOAS_MAP_READABLE |
			 IOMMU_NEXT_IOAS_MAP_WRITEABLE,
		.user_va = w->mem->uaddr,
		.length = MAPPED * PAGE_SIZE,
		.iova = IOVA,
	};
	struct kunit *test = w->test;

	memset(n, 0, sizeof(*n));
	n->w = w;
	w->iommu->flags = MOCK_SELFTEST_INFO | IOMMU_NEXT_MOCK_PASID;
	world_open(w);
	n->ioas = world_ioas_alloc(w);
	map.ioas_id = n->ioas;
	KUNIT_ASSERT_EQ(test, 0L, world_ioctl(w, IOMMU_NEXT_IOAS_MAP, &map,
					      sizeof(map)));
	n->mock = mock_device_create(&how, w->iommu);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, n->mock);
	n->idev = inx_device_bind(w->ctx, &mock_backend, &n->mock->dev, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, n->idev);
	n->dev = n->idev->obj.id;
	KUNIT_ASSERT_EQ(test, 0,
			nest_hwpt(n, n->ioas,
				  IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT |
					  IOMMU_NEXT_HWPT_ALLOC_PASID,
				  0, false, &n->parent));
}

static void nest_leave(struct nest *n)
{
	struct kunit *test = n->w->test;

	if (n->idev)
		inx_device_unbind(n->idev);
	KUNIT_EXPECT_EQ(test, 0, world_destroy(n->w, n->parent));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(n->w, n->ioas));
	mock_device_destroy(n->mock);
	rcu_barrier();
}

static int nest_flush(struct nest *n, u32 id, u32 type, u32 len, u32 *num)
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

WORLD_CASE(nested_alloc_and_attach)
{
	u32 a, b, id;
	struct nest n;

	nest_enter(w, &n);
	KUNIT_EXPECT_EQ(test, 0, nest_hwpt(&n, n.parent, 0, 0, true, &a));
	KUNIT_EXPECT_EQ(test, 0, nest_hwpt(&n, n.parent, 0, 0, true, &b));
	KUNIT_EXPECT_EQ(test, -EINVAL, nest_hwpt(&n, a, 0, 0, true, &id));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			nest_hwpt(&n, n.parent, 0, 0, false, &id));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			nest_hwpt(&n, n.parent, BIT(31), 0, true, &id));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			nest_hwpt(&n, n.parent, IOMMU_NEXT_HWPT_FAULT_ID_VALID,
				  n.ioas, true, &id));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, n.parent));
	id = a;
	KUNIT_EXPECT_EQ(test, 0, inx_device_attach(n.idev, &id));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, a));
	id = b;
	KUNIT_EXPECT_EQ(test, 0, inx_device_attach(n.idev, &id));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, a));
	inx_device_detach(n.idev);
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, b));
	nest_leave(&n);
}

WORLD_CASE(nested_invalidate)
{
	struct selftest_hwpt_invalidate *inv;
	struct nest n;
	u32 id, num;

	nest_enter(w, &n);
	inv = nest_data(&n);
	KUNIT_EXPECT_EQ(test, 0, nest_hwpt(&n, n.parent, 0, 0, true, &id));
	memset(inv, 0, 4 * sizeof(*inv));
	inv[1].iotlb_id = 3;
	inv[2].iotlb_id = 4;
	num = 4;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			nest_flush(&n, id, SELFTEST_HWPT_INVALIDATE,
				   sizeof(*inv), &num));
	KUNIT_EXPECT_EQ(test, 2U, num);
	num = 1;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			nest_flush(&n, id, 0, sizeof(*inv), &num));
	KUNIT_EXPECT_EQ(test, 0U, num);
	num = 1;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			nest_flush(&n, n.parent, SELFTEST_HWPT_INVALIDATE,
				   sizeof(*inv), &num));
	num = 1;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			nest_flush(&n, n.ioas, SELFTEST_HWPT_INVALIDATE,
				   sizeof(*inv), &num));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, id));
	nest_leave(&n);
}

WORLD_CASE(nested_pasid)
{
	const u32 flag = IOMMU_NEXT_HWPT_ALLOC_PASID;
	u32 a, b, plain, id;
	struct nest n;

	nest_enter(w, &n);
	KUNIT_EXPECT_EQ(test, 0, nest_hwpt(&n, n.parent, flag, 0, true, &a));
	KUNIT_EXPECT_EQ(test, 0, nest_hwpt(&n, n.ioas, flag, 0, false, &b));
	KUNIT_EXPECT_EQ(test, 0, nest_hwpt(&n, n.ioas, 0, 0, false, &plain));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			iommu_next_pasid_replace(n.idev, 5, &a));
	KUNIT_EXPECT_EQ(test, 0, iommu_next_pasid_attach(n.idev, 5, &a));
	KUNIT_EXPECT_EQ(test, -EBUSY, iommu_next_pasid_attach(n.idev, 5, &a));
	KUNIT_EXPECT_EQ(test, 0, iommu_next_pasid_replace(n.idev, 5, &b));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			iommu_next_pasid_replace(n.idev, 5, &plain));
	id = plain;
	KUNIT_EXPECT_EQ(test, -EINVAL, inx_device_attach(n.idev, &id));
	id = n.ioas;
	KUNIT_EXPECT_EQ(test, -EINVAL, inx_pasid_change(n.idev, 6, &id));
	KUNIT_EXPECT_EQ(test, -EINVAL, inx_pasid_change(n.idev, 0, &a));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			inx_pasid_change(n.idev, BIT(MOCK_PASID_BITS), &a));
	KUNIT_EXPECT_EQ(test, 0, inx_pasid_change(n.idev, 6, &a));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, plain));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, b));
	inx_pasid_detach(n.idev, 5);
	inx_pasid_detach(n.idev, 5);
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, b));
	/* What is still attached goes with the device. */
	inx_device_unbind(n.idev);
	n.idev = NULL;
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, a));
	nest_leave(&n);
}

static struct file *nest_file(struct kunit *test, int fd)
{
	struct file *file = fget(fd);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	close_fd(fd);
	return file;
}

/* Closing ends in a work that a kernel thread does not wait for by itself. */
static void nest_close(struct file *file)
{
	fput(file);
	flush_delayed_fput();
}

static int nest_ask(struct nest *n, u32 grpid)
{
	const struct iommu_next_mock_page_request request = {
		.grpid = grpid,
		.count = 2,
	};

	return mock_page_request(n->mock, &request);
}

static int nest_answer(struct nest *n)
{
	struct iommu_next_mock_page_answer answer;
	int rc = mock_page_answer(n->mock, &answer);

	return rc ?: (int)(answer.out_grpid << 8 | answer.out_code);
}

WORLD_CASE(nested_faults)
{
	struct iommu_next_fault_alloc alloc = { .size = sizeof(alloc) };
	struct iommu_next_hwpt_page_response answer = {};
	struct iommu_next_hwpt_pgfault *fault;
	char __user *user;
	struct file *file;
	loff_t pos = 0;
	struct nest n;
	u32 hwpt, id;

	nest_enter(w, &n);
	fault = nest_data(&n);
	user = (char __user *)(uintptr_t)nest_uptr(&n);
	KUNIT_ASSERT_EQ(test, 0L, world_ioctl(w, IOMMU_NEXT_FAULT_QUEUE_ALLOC,
					      &alloc, sizeof(alloc)));
	file = nest_file(test, alloc.out_fault_fd);
	KUNIT_EXPECT_EQ(test, 0,
			nest_hwpt(&n, n.parent, IOMMU_NEXT_HWPT_FAULT_ID_VALID,
				  alloc.out_fault_id, true, &hwpt));
	id = hwpt;
	KUNIT_EXPECT_EQ(test, 0, inx_device_attach(n.idev, &id));
	KUNIT_EXPECT_EQ(test, 0, nest_ask(&n, 1));
	KUNIT_EXPECT_EQ(test, 0, nest_ask(&n, 2));
	KUNIT_EXPECT_EQ(test, 2L * sizeof(*fault),
			file->f_op->read(file, user, 3 * sizeof(*fault),
					 &pos));
	KUNIT_EXPECT_EQ(test, n.dev, fault->dev_id);
	KUNIT_EXPECT_EQ(test, 1U, fault->grpid);
	answer.cookie = fault->cookie;
	memcpy(fault, &answer, sizeof(answer));
	KUNIT_EXPECT_EQ(test, (long)sizeof(answer),
			file->f_op->write(file, user, sizeof(answer), &pos));
	KUNIT_EXPECT_EQ(test, 1 << 8, nest_answer(&n));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, alloc.out_fault_id));
	/* What nobody has read, and what comes when nobody can. */
	nest_close(file);
	KUNIT_EXPECT_EQ(test, 2 << 8 | 1, nest_answer(&n));
	KUNIT_EXPECT_EQ(test, 0, nest_ask(&n, 3));
	KUNIT_EXPECT_EQ(test, 3 << 8 | 1, nest_answer(&n));
	KUNIT_EXPECT_EQ(test, -EAGAIN, nest_answer(&n));
	inx_device_detach(n.idev);
	KUNIT_EXPECT_EQ(test, -ENXIO, nest_ask(&n, 4));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, hwpt));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, alloc.out_fault_id));
	nest_leave(&n);
}

static u32 nest_viommu(struct nest *n)
{
	struct iommu_next_viommu_alloc arg = {
		.size = sizeof(arg),
		.type = SELFTEST_VIOMMU_TYPE,
		.dev_id = n->dev,
		.hwpt_id = n->parent,
	};

	KUNIT_ASSERT_EQ(n->w->test, 0L,
			world_ioctl(n->w, IOMMU_NEXT_VIOMMU_ALLOC, &arg,
				    sizeof(arg)));
	return arg.out_viommu_id;
}

static int nest_vdevice(struct nest *n, u32 viommu, u64 virt_id, u32 *id)
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

WORLD_CASE(nested_viommu)
{
	struct selftest_viommu_invalidate *inv;
	u32 viommu, vdev, hwpt, id, num;
	struct nest n;

	nest_enter(w, &n);
	viommu = nest_viommu(&n);
	KUNIT_EXPECT_EQ(test, 0, nest_hwpt(&n, viommu, 0, 0, true, &hwpt));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, viommu));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, n.parent));
	id = hwpt;
	KUNIT_EXPECT_EQ(test, -ENOENT, inx_device_attach(n.idev, &id));
	KUNIT_EXPECT_EQ(test, 0, nest_vdevice(&n, viommu, 0x99, &vdev));
	KUNIT_EXPECT_EQ(test, -EEXIST, nest_vdevice(&n, viommu, 0x99, &num));
	KUNIT_EXPECT_EQ(test, -EEXIST, nest_vdevice(&n, viommu, 0x98, &num));
	KUNIT_EXPECT_EQ(test, 0, inx_device_attach(n.idev, &id));
	inv = nest_data(&n);
	memset(inv, 0, 2 * sizeof(*inv));
	inv->vdev_id = 0x99;
	num = 2;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			nest_flush(&n, viommu, SELFTEST_VIOMMU_INVALIDATE,
				   sizeof(*inv), &num));
	KUNIT_EXPECT_EQ(test, 1U, num);
	inx_device_detach(n.idev);
	/* The virtual device goes with the device. */
	inx_device_unbind(n.idev);
	n.idev = NULL;
	KUNIT_EXPECT_EQ(test, -ENOENT, world_destroy(w, vdev));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, hwpt));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, viommu));
	nest_leave(&n);
}

WORLD_CASE(nested_events)
{
	struct iommu_next_veventq_alloc alloc = {
		.size = sizeof(alloc),
		.type = SELFTEST_VEVENTQ_TYPE,
		.veventq_depth = 2,
	};
	struct iommu_next_vevent_header *header;
	struct inx_object *obj;
	u32 viommu, event = 7;
	char __user *user;
	struct file *file;
	loff_t pos = 0;
	struct nest n;
	int i;

	nest_enter(w, &n);
	header = nest_data(&n);
	user = (char __user *)(uintptr_t)nest_uptr(&n);
	viommu = nest_viommu(&n);
	obj = inx_object_get(w->ctx, viommu, INX_OBJ_VIOMMU);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			inx_viommu_report((void *)obj, SELFTEST_VEVENTQ_TYPE,
					  &event, sizeof(event)));
	alloc.viommu_id = viommu;
	KUNIT_ASSERT_EQ(test, 0L, world_ioctl(w, IOMMU_NEXT_VEVENTQ_ALLOC,
					      &alloc, sizeof(alloc)));
	file = nest_file(test, alloc.out_veventq_fd);
	/* Two fit, two are lost. */
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, 0,
				inx_viommu_report((void *)obj,
						  SELFTEST_VEVENTQ_TYPE,
						  &event, sizeof(event)));
	KUNIT_EXPECT_EQ(test, (long)-EINVAL,
			file->f_op->read(file, user, sizeof(*header), &pos));
	KUNIT_EXPECT_EQ(test, 2L * (sizeof(*header) + 4) + sizeof(*header),
			file->f_op->read(file, user, PAGE_SIZE, &pos));
	KUNIT_EXPECT_EQ(test, 0U, header->sequence);
	header = nest_data(&n) + 2 * (sizeof(*header) + 4);
	KUNIT_EXPECT_EQ(test, (u32)IOMMU_NEXT_VEVENTQ_FLAG_LOST_EVENTS,
			header->flags);
	KUNIT_EXPECT_EQ(test, 3U, header->sequence);
	KUNIT_EXPECT_EQ(test, 0L,
			file->f_op->read(file, user, PAGE_SIZE, &pos));
	nest_close(file);
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, alloc.out_veventq_id));
	inx_object_put(obj);
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, viommu));
	nest_leave(&n);
}

static int nest_queue(struct nest *n, u32 viommu, u32 index, u64 iova,
		      u64 length, u32 *id)
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

WORLD_CASE(nested_hw_queue)
{
	u32 viommu, a, b, id;
	struct nest n;

	nest_enter(w, &n);
	viommu = nest_viommu(&n);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			nest_queue(&n, viommu, 0, IOVA, 0, &id));
	KUNIT_EXPECT_EQ(test, -EOVERFLOW,
			nest_queue(&n, viommu, 0, ~0ULL, 2, &id));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			nest_queue(&n, viommu, 0, IOVA + SZ_1G, 64, &id));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			nest_queue(&n, viommu, 2, IOVA, 64, &id));
	KUNIT_EXPECT_EQ(test, -EIO,
			nest_queue(&n, viommu, 1, IOVA, 64, &id));
	KUNIT_EXPECT_EQ(test, 0,
			nest_queue(&n, viommu, 0, IOVA, 64, &a));
	KUNIT_EXPECT_EQ(test, -EEXIST,
			nest_queue(&n, viommu, 0, IOVA, 64, &id));
	KUNIT_EXPECT_EQ(test, 0,
			nest_queue(&n, viommu, 1, IOVA + 100, 64, &b));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, a));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, viommu));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, b));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, a));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, viommu));
	nest_leave(&n);
}

static struct kunit_case nested_cases[] = {
	KUNIT_CASE(nested_alloc_and_attach),
	KUNIT_CASE(nested_invalidate),
	KUNIT_CASE(nested_pasid),
	KUNIT_CASE(nested_faults),
	KUNIT_CASE(nested_viommu),
	KUNIT_CASE(nested_events),
	KUNIT_CASE(nested_hw_queue),
	{}
};

static struct kunit_suite nested_suite = {
	.name = "inx_nested",
	.test_cases = nested_cases,
};

kunit_test_suite(nested_suite);
