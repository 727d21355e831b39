// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty tracking with failures. The memory is in one IO page where there are
 * large ones, and a part of it is read: then the rest has to be remembered.
 */
#include <linux/err.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "device.h"
#include "fault.h"

#define IOVA 0x20000000UL
#define LENGTH SZ_64K

static int dirty_map(struct fault_world *fw)
{
	struct iommu_next_ioas_map arg = {
		.size = sizeof(arg),
		.flags = IOMMU_NEXT_IOAS_MAP_FIXED_IOVA |
			 IOMMU_NEXT_IOAS_MAP_READABLE |
			 IOMMU_NEXT_IOAS_MAP_WRITEABLE,
		.ioas_id = fw->ioas[0],
		.user_va = fw->w->mem->uaddr,
		.length = LENGTH,
		.iova = IOVA,
	};

	return world_ioctl(fw->w, IOMMU_NEXT_IOAS_MAP, &arg, sizeof(arg));
}

int op_dirty_set(struct fault_world *fw)
{
	struct iommu_next_hwpt_set_dirty_tracking arg = {
		.size = sizeof(arg),
		.flags = IOMMU_NEXT_HWPT_DIRTY_TRACKING_ENABLE,
		.hwpt_id = fw->made,
	};

	return world_ioctl(fw->w, IOMMU_NEXT_HWPT_SET_DIRTY_TRACKING, &arg,
			   sizeof(arg));
}

/* A device writes to the first page and to the last. */
static void dirty_write(struct fault_world *fw)
{
	u64 fault_iova, data = 0;

	KUNIT_EXPECT_EQ(fw->w->test, 0U,
			mock_device_dma(fw->mock[0], 0, IOVA, &data, 8, true,
					&fault_iova));
	KUNIT_EXPECT_EQ(fw->w->test, 0U,
			mock_device_dma(fw->mock[0], 0, IOVA + LENGTH - 8, &data,
					8, true, &fault_iova));
}

int prepare_dirty(struct fault_world *fw)
{
	struct iommu_next_hwpt_alloc arg = {
		.size = sizeof(arg),
		.flags = IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING,
		.dev_id = fw->idev[0]->obj.id,
		.pt_id = fw->ioas[0],
	};
	u32 id;
	int rc;

	rc = dirty_map(fw) ?: world_ioctl(fw->w, IOMMU_NEXT_HWPT_ALLOC, &arg,
					  sizeof(arg));
	if (rc)
		return rc;
	fw->made = arg.out_hwpt_id;
	id = fw->made;
	rc = inx_device_attach(fw->idev[0], &id) ?: op_dirty_set(fw);
	if (!rc)
		dirty_write(fw);
	return rc;
}

static int dirty_read(struct fault_world *fw, unsigned long offset,
		      unsigned long length)
{
	struct iommu_next_hwpt_get_dirty_bitmap arg = {
		.size = sizeof(arg),
		.hwpt_id = fw->made,
		.iova = IOVA + offset,
		.length = length,
		.page_size = PAGE_SIZE,
		.data = fw->w->arg + 1024,
	};

	return world_ioctl(fw->w, IOMMU_NEXT_HWPT_GET_DIRTY_BITMAP, &arg,
			   sizeof(arg));
}

static u16 dirty_bits(struct fault_world *fw)
{
	u16 __user *uptr = (u16 __user *)(fw->w->arg + 1024);
	u16 bits = 0;

	KUNIT_EXPECT_EQ(fw->w->test, 0, get_user(bits, uptr));
	KUNIT_EXPECT_EQ(fw->w->test, 0, put_user(0, uptr));
	return bits;
}

/* All but the first page and the last. */
int op_dirty_read(struct fault_world *fw)
{
	return dirty_read(fw, PAGE_SIZE, LENGTH - 2 * PAGE_SIZE);
}

/* Neither of the two pages has been lost, in whatever way it went on. */
void undo_dirty_read(struct fault_world *fw)
{
	dirty_bits(fw);
	KUNIT_EXPECT_EQ(fw->w->test, 0, dirty_read(fw, 0, LENGTH));
	KUNIT_EXPECT_EQ(fw->w->test, 0x8001, dirty_bits(fw) & 0x8001);
	dirty_write(fw);
}

void clean_dirty(struct fault_world *fw)
{
	struct iommu_next_ioas_unmap arg = {
		.size = sizeof(arg),
		.ioas_id = fw->ioas[0],
		.iova = IOVA,
		.length = LENGTH,
	};

	inx_device_detach(fw->idev[0]);
	KUNIT_EXPECT_EQ(fw->w->test, 0L,
			world_ioctl(fw->w, IOMMU_NEXT_IOAS_UNMAP, &arg,
				    sizeof(arg)));
	KUNIT_EXPECT_EQ(fw->w->test, 0, world_destroy(fw->w, fw->made));
}
