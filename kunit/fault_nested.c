// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest has: page tables of its own, PASIDs, queues of faults and events,
 * a slice of the IOMMU and what stands on it.
 */
#include <linux/err.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/iommu_next.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "device.h"
#include "fault.h"
#include "pasid.h"
#include "selftest.h"

#define PASID 5

static void close_made(int fd)
{
	close_fd(fd);
	flush_delayed_fput();
}

static void destroy(struct fault_world *fw, u32 id)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, world_destroy(fw->w, id));
}

static int prepare_nest(struct fault_world *fw)
{
	struct nest *n = &fw->nest;

	fw->w->iommu->flags = MOCK_SELFTEST_INFO | IOMMU_NEXT_MOCK_PASID;
	n->w = fw->w;
	n->d.mock = fw->mock[0];
	n->d.idev = fw->idev[0];
	n->d.ioas = fw->ioas[0];
	n->dev = n->d.idev->obj.id;
	return nest_get_page(n) ?: fault_ioas_map(fw) ?:
	       nest_make_parent(n, &n->parent);
}

static void clean_nest(struct fault_world *fw)
{
	destroy(fw, fw->nest.parent);
	nest_put_page(&fw->nest);
	fault_ioas_unmap(fw);
	fw->w->iommu->flags = IOMMU_NEXT_MOCK_HW_INFO;
}

/* A page table of the user's on the parent, on a slice, or with faults. */
static int make_nested(struct fault_world *fw, u32 *id)
{
	return nest_hwpt(&fw->nest, fw->nest.parent,
			 IOMMU_NEXT_HWPT_ALLOC_PASID, 0, true, id);
}

static int make_faulting(struct fault_world *fw, u32 *id)
{
	return nest_hwpt(&fw->nest, fw->nest.parent,
			 IOMMU_NEXT_HWPT_FAULT_ID_VALID |
				 IOMMU_NEXT_HWPT_ALLOC_PASID,
			 fw->queue, true, id);
}

static int op_nested(struct fault_world *fw)
{
	return make_nested(fw, &fw->made);
}

/* Two page tables of the user's. */
static int prepare_two(struct fault_world *fw)
{
	return prepare_nest(fw) ?: make_nested(fw, &fw->hwpt[0]) ?:
	       make_nested(fw, &fw->hwpt[1]);
}

static void clean_two(struct fault_world *fw)
{
	destroy(fw, fw->hwpt[0]);
	destroy(fw, fw->hwpt[1]);
	clean_nest(fw);
}

static int op_flush(struct fault_world *fw)
{
	u32 num = 4;

	memset(nest_data(&fw->nest), 0,
	       num * sizeof(struct selftest_hwpt_invalidate));
	return nest_flush(&fw->nest, fw->hwpt[0], SELFTEST_HWPT_INVALIDATE,
			  sizeof(struct selftest_hwpt_invalidate), &num);
}

/* PASIDs. */

static int op_pasid_attach(struct fault_world *fw)
{
	return iommu_next_pasid_attach(fw->idev[0], PASID, &fw->hwpt[0]);
}

static void undo_pasid_attach(struct fault_world *fw)
{
	inx_pasid_detach(fw->idev[0], PASID);
}

static int prepare_pasid(struct fault_world *fw)
{
	return prepare_two(fw) ?: op_pasid_attach(fw);
}

static int op_pasid_replace(struct fault_world *fw)
{
	return iommu_next_pasid_replace(fw->idev[0], PASID, &fw->hwpt[1]);
}

static void undo_pasid_replace(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, -EBUSY, world_destroy(fw->w, fw->hwpt[1]));
	KUNIT_EXPECT_EQ(fw->w->test, 0,
			iommu_next_pasid_replace(fw->idev[0], PASID,
						 &fw->hwpt[0]));
}

static int op_pasid_detach(struct fault_world *fw)
{
	undo_pasid_attach(fw);
	return 0;
}

static void redo_pasid_attach(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, op_pasid_attach(fw));
}

static void clean_pasid(struct fault_world *fw)
{
	undo_pasid_attach(fw);
	clean_two(fw);
}

/* Queues of faults, and page tables that deliver to one. */

static int op_fault_queue(struct fault_world *fw)
{
	return nest_fault_queue(&fw->nest, &fw->made, &fw->made_fd);
}

static void undo_queue(struct fault_world *fw)
{
	close_made(fw->made_fd);
	fault_undo_made(fw);
}

static int prepare_queue(struct fault_world *fw)
{
	return prepare_nest(fw) ?: nest_fault_queue(&fw->nest, &fw->queue,
						    &fw->queue_fd);
}

static void clean_queue(struct fault_world *fw)
{
	close_made(fw->queue_fd);
	destroy(fw, fw->queue);
	clean_nest(fw);
}

static int op_faulting(struct fault_world *fw)
{
	return make_faulting(fw, &fw->made);
}

static int prepare_faulting(struct fault_world *fw)
{
	return prepare_queue(fw) ?: make_nested(fw, &fw->hwpt[0]) ?:
	       make_faulting(fw, &fw->hwpt[1]);
}

static void clean_faulting(struct fault_world *fw)
{
	destroy(fw, fw->hwpt[1]);
	destroy(fw, fw->hwpt[0]);
	clean_queue(fw);
}

static int attach_to(struct fault_world *fw, unsigned int i)
{
	u32 id = fw->hwpt[i];

	return inx_device_attach(fw->idev[0], &id);
}

/* With a request that nobody answers: it goes with the attachment. */
static int op_faulting_attach(struct fault_world *fw)
{
	return attach_to(fw, 1) ?: nest_ask(&fw->nest, 1);
}

static void expect_answer(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 1 << 8 | IOMMU_NEXT_PAGE_RESP_INVALID,
			nest_answer(&fw->nest));
	KUNIT_EXPECT_EQ(fw->w->test, -EAGAIN, nest_answer(&fw->nest));
}

static int op_attach(struct fault_world *fw)
{
	return attach_to(fw, 1);
}

static void undo_faulting_attach(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, nest_ask(&fw->nest, 1));
	fault_device_detach(fw);
	expect_answer(fw);
}

static int prepare_faulting_replace(struct fault_world *fw)
{
	return prepare_faulting(fw) ?: attach_to(fw, 0);
}

static void undo_faulting_replace(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, nest_ask(&fw->nest, 1));
	KUNIT_EXPECT_EQ(fw->w->test, 0, attach_to(fw, 0));
	expect_answer(fw);
}

static void clean_faulting_replace(struct fault_world *fw)
{
	fault_device_detach(fw);
	clean_faulting(fw);
}

static int prepare_faulting_detach(struct fault_world *fw)
{
	return prepare_faulting(fw) ?: op_faulting_attach(fw);
}

static int op_faulting_detach(struct fault_world *fw)
{
	fault_device_detach(fw);
	return 0;
}

static void redo_faulting_attach(struct fault_world *fw)
{
	expect_answer(fw);
	KUNIT_EXPECT_EQ(fw->w->test, 0, op_faulting_attach(fw));
}

static void clean_faulting_detach(struct fault_world *fw)
{
	clean_faulting_replace(fw);
	expect_answer(fw);
}

/* Slices, and what stands on one. */

static int op_viommu(struct fault_world *fw)
{
	struct selftest_viommu *data = nest_data(&fw->nest);

	memset(data, 0, sizeof(*data));
	data->in_data = 7;
	return nest_viommu(&fw->nest, sizeof(*data), &fw->made);
}

static int prepare_viommu(struct fault_world *fw)
{
	return prepare_nest(fw) ?: nest_viommu(&fw->nest, 0, &fw->viommu);
}

static void clean_viommu(struct fault_world *fw)
{
	destroy(fw, fw->viommu);
	clean_nest(fw);
}

static int op_viommu_nested(struct fault_world *fw)
{
	return nest_hwpt(&fw->nest, fw->viommu, 0, 0, true, &fw->made);
}

static int op_vdevice(struct fault_world *fw)
{
	return nest_vdevice(&fw->nest, fw->viommu, 0x99, &fw->made);
}

static int op_eventq(struct fault_world *fw)
{
	return nest_eventq(&fw->nest, fw->viommu, 8, &fw->made, &fw->made_fd);
}

static int op_hw_queue(struct fault_world *fw)
{
	return nest_queue(&fw->nest, fw->viommu, 0,
			  FAULT_IOVA + 3 * PAGE_SIZE + 64, 512, &fw->made);
}

static const struct fault_op nested_ops[] = {
	{ "HWPT_ALLOC nested", prepare_nest, op_nested, fault_undo_made,
	  clean_nest },
	{ "HWPT_INVALIDATE", prepare_two, op_flush, NULL, clean_two },
	{ "attach of a PASID", prepare_two, op_pasid_attach, undo_pasid_attach,
	  clean_two },
	{ "change of a PASID", prepare_pasid, op_pasid_replace,
	  undo_pasid_replace, clean_pasid },
	{ "detach of a PASID", prepare_pasid, op_pasid_detach,
	  redo_pasid_attach, clean_pasid, FAULT_TAKES },
	{ "FAULT_QUEUE_ALLOC", prepare_nest, op_fault_queue, undo_queue,
	  clean_nest },
	{ "HWPT_ALLOC with faults", prepare_queue, op_faulting,
	  fault_undo_made, clean_queue },
	{ "attach with faults", prepare_faulting, op_attach,
	  undo_faulting_attach, clean_faulting },
	{ "change to faults", prepare_faulting_replace, op_attach,
	  undo_faulting_replace, clean_faulting_replace },
	{ "detach with faults", prepare_faulting_detach, op_faulting_detach,
	  redo_faulting_attach, clean_faulting_detach, FAULT_TAKES },
	{ "VIOMMU_ALLOC", prepare_nest, op_viommu, fault_undo_made,
	  clean_nest },
	{ "HWPT_ALLOC on a slice", prepare_viommu, op_viommu_nested,
	  fault_undo_made, clean_viommu },
	{ "VDEVICE_ALLOC", prepare_viommu, op_vdevice, fault_undo_made,
	  clean_viommu },
	{ "VEVENTQ_ALLOC", prepare_viommu, op_eventq, undo_queue,
	  clean_viommu },
	{ "HW_QUEUE_ALLOC", prepare_viommu, op_hw_queue, fault_undo_made,
	  clean_viommu },
};

const struct fault_table fault_nested_all = {
	nested_ops, ARRAY_SIZE(nested_ops),
};
