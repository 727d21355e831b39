// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page tables of the user's, PASIDs, queues of faults: as ioctls make and destroy
 * them, on an IOMMU with the selftests' formats.
 */
#include <linux/err.h>
#include <linux/iommu_next.h>
#include <uapi/linux/iommu-next.h>

#include "device.h"
#include "nest.h"
#include "pasid.h"
#include "selftest.h"

#define IOVA NEST_IOVA

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
				  n.d.ioas, true, &id));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, n.parent));
	id = a;
	KUNIT_EXPECT_EQ(test, 0, inx_device_attach(n.d.idev, &id));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, a));
	id = b;
	KUNIT_EXPECT_EQ(test, 0, inx_device_attach(n.d.idev, &id));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, a));
	inx_device_detach(n.d.idev);
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
			nest_flush(&n, n.d.ioas, SELFTEST_HWPT_INVALIDATE,
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
	KUNIT_EXPECT_EQ(test, 0, nest_hwpt(&n, n.d.ioas, flag, 0, false, &b));
	KUNIT_EXPECT_EQ(test, 0, nest_hwpt(&n, n.d.ioas, 0, 0, false, &plain));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			iommu_next_pasid_replace(n.d.idev, 5, &a));
	KUNIT_EXPECT_EQ(test, 0, iommu_next_pasid_attach(n.d.idev, 5, &a));
	KUNIT_EXPECT_EQ(test, -EBUSY, iommu_next_pasid_attach(n.d.idev, 5, &a));
	KUNIT_EXPECT_EQ(test, 0, iommu_next_pasid_replace(n.d.idev, 5, &b));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			iommu_next_pasid_replace(n.d.idev, 5, &plain));
	id = plain;
	KUNIT_EXPECT_EQ(test, -EINVAL, inx_device_attach(n.d.idev, &id));
	id = n.d.ioas;
	KUNIT_EXPECT_EQ(test, -EINVAL, inx_pasid_change(n.d.idev, 6, &id));
	KUNIT_EXPECT_EQ(test, -EINVAL, inx_pasid_change(n.d.idev, 0, &a));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			inx_pasid_change(n.d.idev, BIT(MOCK_PASID_BITS), &a));
	KUNIT_EXPECT_EQ(test, 0, inx_pasid_change(n.d.idev, 6, &a));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, plain));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, b));
	inx_pasid_detach(n.d.idev, 5);
	inx_pasid_detach(n.d.idev, 5);
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, b));
	/* What is still attached goes with the device. */
	inx_device_unbind(n.d.idev);
	n.d.idev = NULL;
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, a));
	nest_leave(&n);
}

/**
 * struct nested_queue - a device that may ask for pages
 * @n: the device
 * @file: where its requests are read
 * @queue: of the queue
 * @hwpt: of the page table that it is attached to
 */
struct nested_queue {
	struct nest n;
	struct file *file;
	u32 queue;
	u32 hwpt;
};

static void nested_queue_enter(struct world *w, struct nested_queue *q)
{
	struct kunit *test = w->test;
	struct nest *n = &q->n;
	u32 id;
	int fd;

	nest_enter(w, n);
	KUNIT_ASSERT_EQ(test, 0, nest_fault_queue(n, &q->queue, &fd));
	q->file = nest_file(test, fd);
	KUNIT_ASSERT_EQ(test, 0,
			nest_hwpt(n, n->parent, IOMMU_NEXT_HWPT_FAULT_ID_VALID,
				  q->queue, true, &q->hwpt));
	id = q->hwpt;
	KUNIT_ASSERT_EQ(test, 0, inx_device_attach(n->d.idev, &id));
}

/* Detached, and its file closed. */
static void nested_queue_leave(struct world *w, struct nested_queue *q)
{
	KUNIT_EXPECT_EQ(w->test, 0, world_destroy(w, q->hwpt));
	KUNIT_EXPECT_EQ(w->test, 0, world_destroy(w, q->queue));
	nest_leave(&q->n);
}

WORLD_CASE(nested_faults)
{
	struct iommu_next_hwpt_page_response answer = {};
	struct iommu_next_hwpt_pgfault *fault;
	struct nested_queue q;
	struct nest *n = &q.n;

	nested_queue_enter(w, &q);
	fault = nest_data(n);
	KUNIT_EXPECT_EQ(test, 0, nest_ask(n, 1));
	KUNIT_EXPECT_EQ(test, 0, nest_ask(n, 2));
	KUNIT_EXPECT_EQ(test, 2L * sizeof(*fault),
			nest_read(n, q.file, 3 * sizeof(*fault)));
	KUNIT_EXPECT_EQ(test, n->dev, fault->dev_id);
	KUNIT_EXPECT_EQ(test, 1U, fault->grpid);
	answer.cookie = fault->cookie;
	memcpy(fault, &answer, sizeof(answer));
	KUNIT_EXPECT_EQ(test, (long)sizeof(answer),
			nest_write(n, q.file, sizeof(answer)));
	KUNIT_EXPECT_EQ(test, 1 << 8, nest_answer(n));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, q.queue));
	/* What nobody has read, and what comes when nobody can. */
	env_close(q.file);
	KUNIT_EXPECT_EQ(test, 2 << 8 | 1, nest_answer(n));
	KUNIT_EXPECT_EQ(test, 0, nest_ask(n, 3));
	KUNIT_EXPECT_EQ(test, 3 << 8 | 1, nest_answer(n));
	KUNIT_EXPECT_EQ(test, -EAGAIN, nest_answer(n));
	inx_device_detach(n->d.idev);
	KUNIT_EXPECT_EQ(test, -ENXIO, nest_ask(n, 4));
	nested_queue_leave(w, &q);
}

/* No memory to keep a request in: the device is told at once. */
WORLD_CASE(nested_faults_refused)
{
	struct iommu_next_hwpt_pgfault *fault;
	unsigned int nth, refused = 0;
	struct nested_queue q;
	struct nest *n = &q.n;
	int rc;

	KUNIT_ASSERT_EQ(test, 0, env_faults_init());
	nested_queue_enter(w, &q);
	fault = nest_data(n);
	/* None at all, then for the request alone, then enough. */
	for (nth = 1; nth < 100; nth++) {
		KUNIT_ASSERT_EQ(test, 0, env_starve((nth - 1) * 192));
		rc = nest_ask(n, nth);
		env_has_starved();
		if (rc) {
			KUNIT_EXPECT_EQ(test, -ENOMEM, rc);
			continue;
		}
		rc = nest_answer(n);
		if (rc == -EAGAIN)
			break;
		KUNIT_EXPECT_EQ(test, (int)(nth << 8 | 1), rc);
		refused++;
	}
	KUNIT_EXPECT_GT(test, refused, 0U);
	/* The one that came through. */
	KUNIT_EXPECT_EQ(test, 2L * sizeof(*fault),
			nest_read(n, q.file, 2 * sizeof(*fault)));
	KUNIT_EXPECT_EQ(test, nth, fault->grpid);
	KUNIT_EXPECT_EQ(test, (long)-ESPIPE, nest_read(n, q.file, 1));
	KUNIT_EXPECT_EQ(test, (long)-ESPIPE, nest_write(n, q.file, 1));
	inx_device_detach(n->d.idev);
	env_close(q.file);
	nested_queue_leave(w, &q);
}

/* A page table of the user's in a maker's format, from what is at nest_data(). */
static int nested_make(struct nest *n, u32 pt, u32 type, u32 len, u32 *id)
{
	struct iommu_next_hwpt_alloc arg = {
		.size = sizeof(arg),
		.dev_id = n->dev,
		.pt_id = pt,
		.data_type = type,
		.data_len = len,
		.data_uptr = nest_uptr(n),
	};
	int rc;

	rc = world_ioctl(n->w, IOMMU_NEXT_HWPT_ALLOC, &arg, sizeof(arg));
	*id = arg.out_hwpt_id;
	return rc;
}

static u32 nested_dma(struct nest *n, u64 iova)
{
	u64 val, fault_iova;

	return mock_device_dma(n->d.mock, 0, iova, &val, sizeof(val), false,
			       &fault_iova);
}

WORLD_CASE(nested_amd)
{
	struct iommu_next_hwpt_amd_guest *dte;
	const u32 type = IOMMU_NEXT_HWPT_DATA_AMD_GUEST;
	struct nest n;
	u32 id, hwpt;

	nest_enter_as(w, &n, IOMMU_NEXT_MOCK_AMD);
	dte = nest_data(&n);
	memset(dte, 0, sizeof(*dte));
	KUNIT_EXPECT_EQ(test, 0,
			nested_make(&n, n.parent, type, sizeof(*dte), &hwpt));
	id = hwpt;
	KUNIT_EXPECT_EQ(test, 0, inx_device_attach(n.d.idev, &id));
	/* Without GIoV the parent translates, with it there is no table. */
	KUNIT_EXPECT_EQ(test, 0U, nested_dma(&n, IOVA));
	dte->dte[0] = BIT_ULL(54);
	KUNIT_EXPECT_EQ(test, 0,
			nested_make(&n, n.parent, type, sizeof(*dte), &id));
	KUNIT_EXPECT_EQ(test, 0, inx_device_attach(n.d.idev, &id));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, hwpt));
	KUNIT_EXPECT_EQ(test, (u32)IOMMU_NEXT_MOCK_FAULT_STAGE1_TABLE,
			nested_dma(&n, IOVA));
	dte->dte[0] = GENMASK_ULL(57, 56);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			nested_make(&n, n.parent, type, sizeof(*dte), &hwpt));
	inx_device_detach(n.d.idev);
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, id));
	nest_leave(&n);
}

WORLD_CASE(nested_smmu)
{
	struct iommu_next_viommu_alloc slice = {
		.size = sizeof(slice),
		.type = IOMMU_NEXT_VIOMMU_TYPE_ARM_SMMUV3,
	};
	const u32 type = IOMMU_NEXT_HWPT_DATA_ARM_SMMUV3;
	__le64 *words;
	struct nest n;
	u32 id, hwpt, vdev, num = 2;

	nest_enter_as(w, &n, IOMMU_NEXT_MOCK_ARM);
	slice.dev_id = n.dev;
	slice.hwpt_id = n.parent;
	words = nest_data(&n);
	memset(words, 0, 32);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			nested_make(&n, n.parent, type, 16, &hwpt));
	KUNIT_ASSERT_EQ(test, 0L, world_ioctl(w, IOMMU_NEXT_VIOMMU_ALLOC,
					      &slice, sizeof(slice)));
	/* Stage 1, of a context descriptor that is not there. */
	words[0] = cpu_to_le64(11);
	KUNIT_EXPECT_EQ(test, 0,
			nested_make(&n, slice.out_viommu_id, type, 16, &hwpt));
	id = hwpt;
	KUNIT_EXPECT_EQ(test, -ENOENT, inx_device_attach(n.d.idev, &id));
	KUNIT_ASSERT_EQ(test, 0,
			nest_vdevice(&n, slice.out_viommu_id, 5, &vdev));
	KUNIT_EXPECT_EQ(test, 0, inx_device_attach(n.d.idev, &id));
	KUNIT_EXPECT_EQ(test, (u32)IOMMU_NEXT_MOCK_FAULT_STAGE1_TABLE,
			nested_dma(&n, IOVA));
	/* TLBI_NSNH_ALL, and CFGI_CD of a stream ID that nobody has. */
	words[0] = cpu_to_le64(0x30);
	words[2] = cpu_to_le64(6ULL << 32 | 5);
	KUNIT_EXPECT_EQ(test, -EIO,
			nest_flush(&n, slice.out_viommu_id,
				   IOMMU_NEXT_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3,
				   16, &num));
	KUNIT_EXPECT_EQ(test, 1U, num);
	inx_device_detach(n.d.idev);
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, vdev));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, hwpt));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, slice.out_viommu_id));
	nest_leave(&n);
}

static struct kunit_case nested_cases[] = {
	KUNIT_CASE(nested_alloc_and_attach),
	KUNIT_CASE(nested_invalidate),
	KUNIT_CASE(nested_pasid),
	KUNIT_CASE(nested_faults),
	KUNIT_CASE(nested_faults_refused),
	KUNIT_CASE(nested_amd),
	KUNIT_CASE(nested_smmu),
	{}
};

static struct kunit_suite nested_suite = {
	.name = "inx_nested",
	.test_cases = nested_cases,
};

kunit_test_suite(nested_suite);
