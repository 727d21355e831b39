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

#define ENDS (BIT(0) | BIT(FAULT_PAGES - 1))

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
			mock_device_dma(fw->mock[0], 0, FAULT_IOVA, &data, 8,
					true, &fault_iova));
	KUNIT_EXPECT_EQ(fw->w->test, 0U,
			mock_device_dma(fw->mock[0], 0,
					FAULT_IOVA + FAULT_LEN - 8, &data, 8,
					true, &fault_iova));
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

	rc = fault_ioas_map(fw) ?:
		     world_ioctl(fw->w, IOMMU_NEXT_HWPT_ALLOC, &arg,
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
		.iova = FAULT_IOVA + offset,
		.length = length,
		.page_size = PAGE_SIZE,
		.data = fw->w->arg + 1024,
	};

	return world_ioctl(fw->w, IOMMU_NEXT_HWPT_GET_DIRTY_BITMAP, &arg,
			   sizeof(arg));
}

static u32 dirty_bits(struct fault_world *fw)
{
	u32 __user *uptr = (u32 __user *)(fw->w->arg + 1024);
	u32 bits = 0;

	KUNIT_EXPECT_EQ(fw->w->test, 0, get_user(bits, uptr));
	KUNIT_EXPECT_EQ(fw->w->test, 0, put_user(0, uptr));
	return bits;
}

/* All but the first page and the last. */
int op_dirty_read(struct fault_world *fw)
{
	return dirty_read(fw, PAGE_SIZE, FAULT_LEN - 2 * PAGE_SIZE);
}

/* Neither of the two pages has been lost, in whatever way it went on. */
void undo_dirty_read(struct fault_world *fw)
{
	dirty_bits(fw);
	KUNIT_EXPECT_EQ(fw->w->test, 0, dirty_read(fw, 0, FAULT_LEN));
	KUNIT_EXPECT_EQ(fw->w->test, ENDS, dirty_bits(fw) & ENDS);
	dirty_write(fw);
}

void clean_dirty(struct fault_world *fw)
{
	inx_device_detach(fw->idev[0]);
	fault_ioas_unmap(fw);
	KUNIT_EXPECT_EQ(fw->w->test, 0, world_destroy(fw->w, fw->made));
}
