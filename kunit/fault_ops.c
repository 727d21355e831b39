// SPDX-License-Identifier: GPL-2.0-only
/* What can be done with an IOVA space, through the door, and with devices. */
#include <linux/err.h>
#include <linux/fs.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "device.h"
#include "fault.h"

#define IOVA FAULT_IOVA

/* Operations on an IOVA space. */

static int op_map(struct fault_world *fw)
{
	unsigned long offset = max(world_granule(fw->w), 512UL);

	return world_map(fw->w, offset, FAULT_LEN, IOVA + offset);
}

static void op_unmap_it(struct fault_world *fw)
{
	struct inx_iova_range all = { IOVA, IOVA + SZ_1G };

	KUNIT_EXPECT_EQ(fw->w->test, 0, inx_iopt_unmap(&fw->w->iopts[0], all,
						       NULL));
}

/* Memory that nobody has touched yet is allocated when it is pinned. */
static int op_map_anon(struct fault_world *fw)
{
	unsigned long iova = IOVA;
	struct inx_area *area;

	area = world_area(fw->w, FAULT_ANON, FAULT_LEN, true);
	if (IS_ERR(area))
		return PTR_ERR(area);
	area->prot = WORLD_RW;
	return inx_iopt_map(&fw->w->iopts[0], area, &iova, true);
}

static int prepare_map(struct fault_world *fw)
{
	return world_map(fw->w, 0, FAULT_LEN, IOVA);
}

static int op_copy(struct fault_world *fw)
{
	struct inx_iopt *iopt = &fw->w->iopts[0];
	unsigned long to = IOVA + SZ_16M;

	return inx_iopt_copy(iopt, iopt, IOVA + 5 * PAGE_SIZE, 9 * PAGE_SIZE,
			     &to, true, WORLD_RW);
}

static void undo_copy(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0,
			world_unmap(fw->w, &fw->w->iopts[0], IOVA + SZ_16M,
				    SZ_16M));
}

/* Into a space that has no page table, which then gets one. */
static int prepare_first_domain(struct fault_world *fw)
{
	struct inx_iopt *iopt = &fw->w->iopts[1];
	unsigned long at = IOVA;
	int rc;

	rc = world_map_prot(fw->w, iopt, 0, FAULT_LEN, &at, true, WORLD_RW);
	if (rc)
		return rc;
	at = IOVA + SZ_16M;
	rc = world_map_prot(fw->w, iopt, SZ_1M, PAGE_SIZE, &at, true, WORLD_RW);
	if (rc)
		return rc;
	at = IOVA + SZ_32M;
	return inx_iopt_copy(iopt, iopt, IOVA + 3 * PAGE_SIZE, PAGE_SIZE, &at,
			     true, WORLD_RW);
}

static int op_attach_domain(struct fault_world *fw)
{
	return world_attach(fw->w, 2, &fw->w->iopts[1]);
}

static void undo_attach_domain(struct fault_world *fw)
{
	world_detach(fw->w, 2);
}

static void clean_second_space(struct fault_world *fw)
{
	struct inx_iova_range all = { 0, ULONG_MAX };

	KUNIT_EXPECT_EQ(fw->w->test, 0, inx_iopt_unmap(&fw->w->iopts[1], all,
						       NULL));
}

static int op_attach_further(struct fault_world *fw)
{
	return world_attach(fw->w, 2, &fw->w->iopts[0]);
}

static int op_reserve(struct fault_world *fw)
{
	static const struct inx_iova_range ranges[] = {
		{ 0, 100 }, { 200, 300 }, { 50, 250 },
	};

	return inx_iopt_reserve(&fw->w->iopts[1], fw, ranges, 3);
}

static void undo_reserve(struct fault_world *fw)
{
	inx_iopt_unreserve(&fw->w->iopts[1], fw);
}

/* Taking away: run() is what undoes, undo() is what does. */

static int op_unmap(struct fault_world *fw)
{
	op_unmap_it(fw);
	return 0;
}

static void redo_map(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, prepare_map(fw));
}

static int prepare_detach(struct fault_world *fw)
{
	return prepare_first_domain(fw) ?: op_attach_domain(fw);
}

static int op_detach_domain(struct fault_world *fw)
{
	world_detach(fw->w, 2);
	return 0;
}

static void redo_attach(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, op_attach_domain(fw));
}

static void clean_detach(struct fault_world *fw)
{
	world_detach(fw->w, 2);
	clean_second_space(fw);
}

/* Through the door. */

static int op_open(struct fault_world *fw)
{
	fw->other = env_open("devtmpfs", "iommu-next", O_RDWR);
	return PTR_ERR_OR_ZERO(fw->other);
}

static void undo_open(struct fault_world *fw)
{
	env_close(fw->other);
}

static int op_ioas_alloc(struct fault_world *fw)
{
	struct iommu_next_ioas_alloc arg = { .size = sizeof(arg) };
	int rc = world_ioctl(fw->w, IOMMU_NEXT_IOAS_ALLOC, &arg, sizeof(arg));

	fw->made = arg.out_ioas_id;
	return rc;
}

void fault_undo_made(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, world_destroy(fw->w, fw->made));
}

int fault_ioas_map(struct fault_world *fw)
{
	return world_ioas_map(fw->w, fw->ioas[0], 0, FAULT_LEN, IOVA);
}

void fault_ioas_unmap(struct fault_world *fw)
{
	struct iommu_next_ioas_unmap arg = {
		.size = sizeof(arg),
		.ioas_id = fw->ioas[0],
		.iova = IOVA,
		.length = FAULT_LEN,
	};

	KUNIT_EXPECT_EQ(fw->w->test, 0L,
			world_ioctl(fw->w, IOMMU_NEXT_IOAS_UNMAP, &arg,
				    sizeof(arg)));
}

static int op_ioas_ranges(struct fault_world *fw)
{
	struct {
		struct iommu_next_ioas_iova_ranges cmd;
		struct iommu_next_iova_range ranges[2];
	} arg = {
		.cmd = {
			.size = sizeof(arg.cmd),
			.ioas_id = fw->ioas[0],
			.num_iovas = 2,
			.allowed_iovas = fw->w->arg + sizeof(arg.cmd),
		},
	};

	return world_ioctl(fw->w, IOMMU_NEXT_IOAS_IOVA_RANGES, &arg,
			   sizeof(arg));
}

static int op_ioas_allow(struct fault_world *fw)
{
	struct {
		struct iommu_next_ioas_allow_iovas cmd;
		struct iommu_next_iova_range ranges[3];
	} arg = {
		.cmd = {
			.size = sizeof(arg.cmd),
			.ioas_id = fw->ioas[0],
			.num_iovas = 3,
			.allowed_iovas = fw->w->arg + sizeof(arg.cmd),
		},
		.ranges = { { 0, 10 }, { 20, 30 }, { 40, 50 } },
	};

	return world_ioctl(fw->w, IOMMU_NEXT_IOAS_ALLOW_IOVAS, &arg,
			   sizeof(arg));
}

static void undo_ioas_allow(struct fault_world *fw)
{
	struct iommu_next_ioas_allow_iovas arg = {
		.size = sizeof(arg),
		.ioas_id = fw->ioas[0],
	};

	KUNIT_EXPECT_EQ(fw->w->test, 0L,
			world_ioctl(fw->w, IOMMU_NEXT_IOAS_ALLOW_IOVAS, &arg,
				    sizeof(arg)));
}

static int op_hw_info(struct fault_world *fw)
{
	struct iommu_next_hw_info arg = {
		.size = sizeof(arg),
		.dev_id = fw->idev[0]->obj.id,
	};

	return world_ioctl(fw->w, IOMMU_NEXT_GET_HW_INFO, &arg, sizeof(arg));
}

static int op_hwpt_alloc(struct fault_world *fw)
{
	struct iommu_next_hwpt_alloc arg = {
		.size = sizeof(arg),
		.dev_id = fw->idev[0]->obj.id,
		.pt_id = fw->ioas[0],
	};
	int rc = world_ioctl(fw->w, IOMMU_NEXT_HWPT_ALLOC, &arg, sizeof(arg));

	fw->made = arg.out_hwpt_id;
	return rc;
}

static int op_mock_create(struct fault_world *fw)
{
	struct iommu_next_mock_device_alloc arg = {};
	struct mock_device *mock = mock_device_create(&arg, fw->w->iommu);

	if (IS_ERR(mock))
		return PTR_ERR(mock);
	mock_device_destroy(mock);
	return 0;
}

static int op_bind(struct fault_world *fw)
{
	fw->idev[1] = inx_device_bind(fw->w->ctx, &mock_backend,
				      &fw->mock[1]->dev, false);
	return PTR_ERR_OR_ZERO(fw->idev[1]);
}

static void undo_bind(struct fault_world *fw)
{
	inx_device_unbind(fw->idev[1]);
}

int fault_device_attach(struct fault_world *fw)
{
	u32 id = fw->ioas[0];

	return inx_device_attach(fw->idev[0], &id);
}

void fault_device_detach(struct fault_world *fw)
{
	inx_device_detach(fw->idev[0]);
}

/* From one IOAS to another, which has mappings of its own. */
static int prepare_device_replace(struct fault_world *fw)
{
	u32 id = fw->ioas[1];

	return fault_ioas_map(fw) ?: inx_device_attach(fw->idev[0], &id);
}

static void undo_device_replace(struct fault_world *fw)
{
	u32 id = fw->ioas[1];

	KUNIT_EXPECT_EQ(fw->w->test, 0, inx_device_attach(fw->idev[0], &id));
}

static void clean_device_replace(struct fault_world *fw)
{
	inx_device_detach(fw->idev[0]);
	fault_ioas_unmap(fw);
}

static int prepare_device_detach(struct fault_world *fw)
{
	return fault_ioas_map(fw) ?: fault_device_attach(fw);
}

static int op_device_detach(struct fault_world *fw)
{
	inx_device_detach(fw->idev[0]);
	return 0;
}

static void redo_device_attach(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, fault_device_attach(fw));
}

static int op_unbind(struct fault_world *fw)
{
	inx_device_unbind(fw->idev[1]);
	return 0;
}

static void redo_bind(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, op_bind(fw));
}

static const struct fault_op fault_ops[] = {
	{ "map", NULL, op_map, op_unmap_it, NULL, FAULT_PINS | FAULT_MAPS },
	{ "map of untouched memory", NULL, op_map_anon, op_unmap_it, NULL },
	{ "copy", prepare_map, op_copy, undo_copy, op_unmap_it, FAULT_MAPS },
	{ "first page table", prepare_first_domain, op_attach_domain,
	  undo_attach_domain, clean_second_space, FAULT_PINS | FAULT_MAPS },
	{ "further page table", prepare_map, op_attach_further,
	  undo_attach_domain, op_unmap_it, FAULT_MAPS },
	{ "reserve", NULL, op_reserve, undo_reserve, NULL },
	{ "unmap", prepare_map, op_unmap, redo_map, op_unmap_it, FAULT_TAKES },
	{ "removal of a page table", prepare_detach, op_detach_domain,
	  redo_attach, clean_detach, FAULT_TAKES },
	{ "open", NULL, op_open, undo_open, NULL },
	{ "IOAS_ALLOC", NULL, op_ioas_alloc, fault_undo_made, NULL },
	{ "IOAS_MAP", fault_device_attach, fault_ioas_map, fault_ioas_unmap,
	  fault_device_detach, FAULT_PINS },
	{ "IOAS_IOVA_RANGES", NULL, op_ioas_ranges, NULL, NULL },
	{ "IOAS_ALLOW_IOVAS", NULL, op_ioas_allow, undo_ioas_allow, NULL },
	{ "GET_HW_INFO", NULL, op_hw_info, NULL, NULL },
	{ "HWPT_ALLOC", fault_ioas_map, op_hwpt_alloc, fault_undo_made,
	  fault_ioas_unmap, FAULT_PINS | FAULT_MAPS },
	{ "HWPT_SET_DIRTY_TRACKING", prepare_dirty, op_dirty_set, NULL,
	  clean_dirty },
	{ "HWPT_GET_DIRTY_BITMAP", prepare_dirty, op_dirty_read,
	  undo_dirty_read, clean_dirty },
	{ "a mock device", NULL, op_mock_create, NULL, NULL },
	{ "bind", NULL, op_bind, undo_bind, NULL },
	{ "attach of a device", fault_ioas_map, fault_device_attach,
	  fault_device_detach, fault_ioas_unmap, FAULT_PINS | FAULT_MAPS },
	{ "change of IOAS", prepare_device_replace, fault_device_attach,
	  undo_device_replace, clean_device_replace, FAULT_PINS | FAULT_MAPS },
	{ "detach of a device", prepare_device_detach, op_device_detach,
	  redo_device_attach, clean_device_replace, FAULT_TAKES },
	{ "unbind", op_bind, op_unbind, redo_bind, undo_bind, FAULT_TAKES },
};

const struct fault_table fault_all = { fault_ops, ARRAY_SIZE(fault_ops) };
