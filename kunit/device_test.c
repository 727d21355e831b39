// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices, their groups and page tables: bound, attached, moved and taken away,
 * as the ioctls of a device file do it.
 */
#include <linux/err.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "device.h"
#include "group.h"
#include "hwpt.h"
#include "ioas.h"
#include "world.h"

#define IOVA 0x10000000UL

struct devices {
	struct world *w;
	struct mock_device *mock[2];
	struct inx_device *idev[2];
	u32 ioas[2];
};

/* Two devices of one group, and two IOASes with 16 pages each. */
static void devices_enter(struct world *w, struct devices *d, u32 flags)
{
	struct iommu_next_mock_device_alloc arg = {
		.num_reserved = 1,
		.reserved = { { 0xfee00000, 0xfeefffff } },
	};
	struct kunit *test = w->test;
	unsigned int i;

	memset(d, 0, sizeof(*d));
	d->w = w;
	w->iommu->flags = flags;
	world_open(w);
	for (i = 0; i < 2; i++) {
		d->ioas[i] = world_ioas_alloc(w);
		KUNIT_ASSERT_NE(test, 0U, d->ioas[i]);
		KUNIT_ASSERT_EQ(test, 0, world_ioas_map(w, d->ioas[i],
							i * SZ_1M, SZ_64K,
							IOVA));
		d->mock[i] = mock_device_create(&arg, w->iommu);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, d->mock[i]);
	}
}

static void devices_bind(struct devices *d, unsigned int i)
{
	d->idev[i] = inx_device_bind(d->w->ctx, &mock_backend,
				     &d->mock[i]->dev, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(d->w->test, d->idev[i]);
}

static void devices_leave(struct devices *d)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (d->idev[i])
			inx_device_unbind(d->idev[i]);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(d->w->test, 0,
				world_destroy(d->w, d->ioas[i]));
		mock_device_destroy(d->mock[i]);
	}
	rcu_barrier();
}

static int devices_attach(struct devices *d, unsigned int i, u32 id, u32 *got)
{
	int rc = inx_device_attach(d->idev[i], &id);

	if (got)
		*got = id;
	return rc;
}

static u32 devices_hwpt(struct devices *d, unsigned int i, u32 ioas)
{
	struct iommu_next_hwpt_alloc arg = {
		.size = sizeof(arg),
		.dev_id = d->idev[i]->obj.id,
		.pt_id = ioas,
	};

	if (world_ioctl(d->w, IOMMU_NEXT_HWPT_ALLOC, &arg, sizeof(arg)))
		return 0;
	return arg.out_hwpt_id;
}

/* Which memory the device's DMA reaches at IOVA: 0, 1, or -1 for none. */
static int devices_reach(struct devices *d, unsigned int i)
{
	u64 fault_iova, data = 0;
	unsigned int m;

	if (mock_device_dma(d->mock[i], 0, IOVA, &data, 8, false, &fault_iova))
		return -1;
	for (m = 0; m < 2; m++) {
		struct page *page = d->w->mem->pages[m * (SZ_1M / PAGE_SIZE)];

		*(u64 *)page_address(page) = m + 1;
	}
	if (mock_device_dma(d->mock[i], 0, IOVA, &data, 8, false, &fault_iova))
		return -1;
	return data - 1;
}

/* Blocked, attached, moved without a gap, detached; pins follow. */
WORLD_CASE(device_attach_and_move)
{
	struct devices d;
	u32 first, second;

	devices_enter(w, &d, 0);
	devices_bind(&d, 0);
	KUNIT_EXPECT_EQ(test, -1, devices_reach(&d, 0));
	KUNIT_EXPECT_EQ(test, 0, devices_attach(&d, 0, d.ioas[0], &first));
	KUNIT_EXPECT_NE(test, d.ioas[0], first);
	KUNIT_EXPECT_EQ(test, 0, devices_reach(&d, 0));
	world_expect_pages(w, 16);
	/* Again to the same: the same page table. */
	KUNIT_EXPECT_EQ(test, 0, devices_attach(&d, 0, d.ioas[0], &second));
	KUNIT_EXPECT_EQ(test, first, second);
	KUNIT_EXPECT_EQ(test, 0, devices_attach(&d, 0, d.ioas[1], &second));
	KUNIT_EXPECT_NE(test, first, second);
	KUNIT_EXPECT_EQ(test, 1, devices_reach(&d, 0));
	world_expect_pages(w, 16);
	/* The page table that was made for the first one is gone. */
	KUNIT_EXPECT_EQ(test, -ENOENT, world_destroy(w, first));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, second));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, d.ioas[1]));
	inx_device_detach(d.idev[0]);
	inx_device_detach(d.idev[0]);
	KUNIT_EXPECT_EQ(test, -1, devices_reach(&d, 0));
	KUNIT_EXPECT_EQ(test, -ENOENT, world_destroy(w, second));
	world_expect_pages(w, 0);
	devices_leave(&d);
}

/* Devices of a group have one page table; one moves them all. */
WORLD_CASE(device_group)
{
	struct devices d;
	u32 a, b, own;

	devices_enter(w, &d, 0);
	devices_bind(&d, 0);
	devices_bind(&d, 1);
	KUNIT_EXPECT_PTR_EQ(test, d.idev[0]->group, d.idev[1]->group);
	own = devices_hwpt(&d, 0, d.ioas[0]);
	KUNIT_ASSERT_NE(test, 0U, own);
	KUNIT_EXPECT_EQ(test, 0, devices_attach(&d, 0, d.ioas[0], &a));
	KUNIT_EXPECT_NE(test, own, a);
	KUNIT_EXPECT_EQ(test, 0, devices_reach(&d, 1));
	/* The second joins, but not with another page table. */
	KUNIT_EXPECT_EQ(test, -EINVAL, devices_attach(&d, 1, own, NULL));
	KUNIT_EXPECT_EQ(test, 0, devices_attach(&d, 1, d.ioas[0], &b));
	KUNIT_EXPECT_EQ(test, a, b);
	KUNIT_EXPECT_EQ(test, 0, devices_attach(&d, 1, d.ioas[1], &b));
	KUNIT_EXPECT_EQ(test, 1, devices_reach(&d, 0));
	KUNIT_EXPECT_EQ(test, 0, devices_attach(&d, 0, own, NULL));
	KUNIT_EXPECT_EQ(test, 0, devices_reach(&d, 1));
	inx_device_detach(d.idev[0]);
	KUNIT_EXPECT_EQ(test, 0, devices_reach(&d, 0));
	inx_device_detach(d.idev[1]);
	KUNIT_EXPECT_EQ(test, -1, devices_reach(&d, 0));
	/* It was asked for, so it stays. */
	world_expect_pages(w, 16);
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, own));
	world_expect_pages(w, 0);
	devices_leave(&d);
}

/* A page table that may only be filled when a device has been attached. */
WORLD_CASE(device_attach_first)
{
	struct devices d;
	u32 own;

	devices_enter(w, &d, IOMMU_NEXT_MOCK_ATTACH_FIRST);
	devices_bind(&d, 0);
	own = devices_hwpt(&d, 0, d.ioas[0]);
	KUNIT_ASSERT_NE(test, 0U, own);
	world_expect_pages(w, 0);
	KUNIT_EXPECT_EQ(test, 0, devices_attach(&d, 0, own, NULL));
	KUNIT_EXPECT_EQ(test, 0, devices_reach(&d, 0));
	world_expect_pages(w, 16);
	/* What cannot be filled: the old one stands. */
	w->mem->bad = SZ_1M / PAGE_SIZE + 3;
	KUNIT_ASSERT_EQ(test, 0, mem_renew(w->mem));
	KUNIT_EXPECT_EQ(test, -EFAULT, devices_attach(&d, 0, d.ioas[1], NULL));
	KUNIT_EXPECT_EQ(test, 0, devices_reach(&d, 0));
	world_expect_pages(w, 16);
	inx_device_detach(d.idev[0]);
	/* Without an old one, DMA is blocked. */
	KUNIT_EXPECT_EQ(test, -EFAULT, devices_attach(&d, 0, d.ioas[1], NULL));
	KUNIT_EXPECT_EQ(test, -1, devices_reach(&d, 0));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, own));
	devices_leave(&d);
}

/* Unbinding takes an attached device away, whatever it is in the middle of. */
WORLD_CASE(device_unbind_attached)
{
	struct devices d;
	struct inx_object *obj;
	u32 id;

	devices_enter(w, &d, 0);
	devices_bind(&d, 0);
	id = d.idev[0]->obj.id;
	KUNIT_EXPECT_EQ(test, 0, devices_attach(&d, 0, d.ioas[0], NULL));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, id));
	obj = inx_object_get(w->ctx, id, INX_OBJ_DEVICE);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	inx_device_unbind(d.idev[0]);
	KUNIT_EXPECT_EQ(test, -1, devices_reach(&d, 0));
	world_expect_pages(w, 0);
	/* Who still holds it is told that it has gone. */
	KUNIT_EXPECT_EQ(test, -ENODEV, devices_attach(&d, 0, d.ioas[0], NULL));
	inx_device_detach(d.idev[0]);
	KUNIT_EXPECT_EQ(test, -ENOENT, world_destroy(w, id));
	inx_object_put(obj);
	d.idev[0] = NULL;
	devices_leave(&d);
}

static int devices_bind_errno(struct devices *d, u32 flags)
{
	struct inx_device *idev;

	d->w->iommu->flags = flags;
	idev = inx_device_bind(d->w->ctx, &mock_backend, &d->mock[0]->dev, false);
	d->w->iommu->flags = 0;
	if (IS_ERR(idev))
		return PTR_ERR(idev);
	inx_device_unbind(idev);
	return 0;
}

WORLD_CASE(device_bind_refused)
{
	struct devices d;
	int owner;

	devices_enter(w, &d, 0);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			devices_bind_errno(&d, IOMMU_NEXT_MOCK_NOT_COHERENT));
	KUNIT_EXPECT_EQ(test, -EPERM,
			devices_bind_errno(&d, IOMMU_NEXT_MOCK_UNSAFE_MSI));
	KUNIT_EXPECT_EQ(test, -EBUSY,
			devices_bind_errno(&d, IOMMU_NEXT_MOCK_KERNEL_OWNED));
	KUNIT_EXPECT_EQ(test, 0, mock_backend.claim(w->iommu, &owner));
	KUNIT_EXPECT_EQ(test, -EPERM, devices_bind_errno(&d, 0));
	mock_backend.release(w->iommu);
	KUNIT_EXPECT_EQ(test, 0, devices_bind_errno(&d, 0));
	/* Behind the kernel's IOMMU API there is nothing for a mock device. */
	KUNIT_EXPECT_EQ(test, -ENODEV,
			(int)PTR_ERR(inx_backend_iommu.group_get(&d.mock[0]->dev)));
	devices_leave(&d);
}

WORLD_CASE(device_attach_refused)
{
	struct inx_iova_range msi = { 0xfee00000, 0xfee00fff };
	struct devices d;
	struct inx_ioas *ioas;
	unsigned long at = msi.start;
	unsigned int what;

	devices_enter(w, &d, 0);
	devices_bind(&d, 0);
	KUNIT_EXPECT_EQ(test, -ENOENT, devices_attach(&d, 0, 0, NULL));
	KUNIT_EXPECT_EQ(test, -ENOENT, devices_attach(&d, 0, 999, NULL));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			devices_attach(&d, 0, d.idev[0]->obj.id, NULL));
	/* Something is mapped where the device cannot go. */
	ioas = inx_ioas_get(w->ctx, d.ioas[1]);
	KUNIT_ASSERT_EQ(test, 0, world_map_prot(w, &ioas->iopt, 0, PAGE_SIZE,
						&at, true, WORLD_RW));
	KUNIT_EXPECT_EQ(test, -EADDRINUSE,
			devices_attach(&d, 0, d.ioas[1], NULL));
	KUNIT_EXPECT_EQ(test, 0, inx_iopt_unmap(&ioas->iopt, msi, NULL));
	inx_ioas_put(ioas);
	for (what = IOMMU_NEXT_MOCK_FAIL_NOTHING + 1;
	     what <= IOMMU_NEXT_MOCK_FAIL_BIND; what++) {
		atomic_set(&w->iommu->fail_after, 0);
		atomic_set(&w->iommu->fail_what, what);
		if (devices_attach(&d, 0, d.ioas[1], NULL)) {
			KUNIT_EXPECT_EQ(test, -1, devices_reach(&d, 0));
			world_expect_pages(w, 0);
			KUNIT_EXPECT_EQ(test, 3U, world_objects(w));
		} else {
			inx_device_detach(d.idev[0]);
		}
		atomic_set(&w->iommu->fail_what, IOMMU_NEXT_MOCK_FAIL_NOTHING);
	}
	devices_leave(&d);
}

static int devices_hw_info(struct world *w, struct iommu_next_hw_info *arg)
{
	return world_ioctl(w, IOMMU_NEXT_GET_HW_INFO, arg, sizeof(*arg));
}

WORLD_CASE(device_hw_info)
{
	struct iommu_next_hw_info arg = { .size = sizeof(arg) };
	struct devices d;

	devices_enter(w, &d, 0);
	devices_bind(&d, 0);
	KUNIT_EXPECT_EQ(test, -ENOENT, devices_hw_info(w, &arg));
	arg.dev_id = d.idev[0]->obj.id;
	KUNIT_EXPECT_EQ(test, 0, devices_hw_info(w, &arg));
	KUNIT_EXPECT_EQ(test, (u32)IOMMU_NEXT_HW_INFO_TYPE_NONE,
			arg.out_data_type);
	w->iommu->flags = IOMMU_NEXT_MOCK_HW_INFO;
	/* More room than there is data: the rest is cleared. */
	arg.data_uptr = w->arg + 1024;
	arg.data_len = 512;
	KUNIT_EXPECT_EQ(test, 0, devices_hw_info(w, &arg));
	KUNIT_EXPECT_EQ(test, (u32)IOMMU_NEXT_HW_INFO_TYPE_INTEL_VTD,
			arg.out_data_type);
	KUNIT_EXPECT_EQ(test, (u32)sizeof(struct iommu_next_hw_info_vtd),
			arg.data_len);
	arg.flags = IOMMU_NEXT_HW_INFO_FLAG_INPUT_TYPE;
	arg.in_data_type = IOMMU_NEXT_HW_INFO_TYPE_ARM_SMMUV3;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, devices_hw_info(w, &arg));
	arg.flags = BIT(31);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, devices_hw_info(w, &arg));
	devices_leave(&d);
}

static struct kunit_case device_cases[] = {
	KUNIT_CASE(device_attach_and_move),
	KUNIT_CASE(device_group),
	KUNIT_CASE(device_attach_first),
	KUNIT_CASE(device_unbind_attached),
	KUNIT_CASE(device_bind_refused),
	KUNIT_CASE(device_attach_refused),
	KUNIT_CASE(device_hw_info),
	{}
};

static struct kunit_suite device_suite = {
	.name = "inx_device",
	.test_cases = device_cases,
};

kunit_test_suite(device_suite);
