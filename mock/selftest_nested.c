// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the in-tree selftests use of nested page tables and PASIDs: a format whose
 * IOTLB is four numbers, page requests, and attaching to PASIDs.
 */
#include <linux/err.h>
#include <linux/iommu_next.h>

#include "backend.h"
#include "mock.h"
#include "nested.h"
#include "selftest.h"

static int selftest_setup(struct mock_nested *mn,
			  const struct inx_user_data *data)
{
	struct selftest_hwpt hwpt;
	unsigned int i;
	int rc;

	rc = inx_user_data_get(&hwpt, sizeof(hwpt),
			       offsetofend(typeof(hwpt), iotlb), data);
	if (rc)
		return rc;
	for (i = 0; i < SELFTEST_IOTLB_NUM; i++)
		mn->tags[i] = hwpt.iotlb;
	return 0;
}

static int selftest_invalidate(struct mock_nested *mn,
			       const struct inx_user_array *array, u32 index)
{
	struct selftest_hwpt_invalidate inv;
	unsigned int i;
	int rc;

	rc = inx_user_array_get(&inv, sizeof(inv),
				offsetofend(typeof(inv), iotlb_id), array,
				index);
	if (rc)
		return rc;
	if (inv.flags & ~SELFTEST_INVALIDATE_ALL)
		return -EOPNOTSUPP;
	if (inv.iotlb_id >= SELFTEST_IOTLB_NUM)
		return -EINVAL;
	down_write(&mn->lock);
	for (i = 0; i < SELFTEST_IOTLB_NUM; i++)
		if (inv.flags & SELFTEST_INVALIDATE_ALL || i == inv.iotlb_id)
			mn->tags[i] = 0;
	up_write(&mn->lock);
	return 0;
}

const struct mock_format mock_format_selftest = {
	.type = SELFTEST_HWPT_DATA,
	.invalidate_type = SELFTEST_HWPT_INVALIDATE,
	.setup = selftest_setup,
	.invalidate = selftest_invalidate,
};

/**
 * selftest_check_iotlb() - MD_CHECK_IOTLB
 * @call: the call
 *
 * Return: 0; -EINVAL when it has another number; -ENOENT.
 */
int selftest_check_iotlb(struct selftest_call *call)
{
	struct iommu_domain *domain;
	struct inx_hwpt *hwpt;
	int rc = -EINVAL;

	hwpt = iommu_next_hwpt_get(call->ctx, call->arg.id);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	domain = iommu_next_hwpt_domain(hwpt);
	if (mock_domain_is_nested(domain) &&
	    call->arg.iotlb.id < SELFTEST_IOTLB_NUM &&
	    mock_nested_of(domain)->tags[call->arg.iotlb.id] ==
		    call->arg.iotlb.iotlb)
		rc = 0;
	iommu_next_hwpt_put(hwpt);
	return rc;
}

/**
 * selftest_trigger_iopf() - TRIGGER_IOPF
 * @call: the call
 *
 * Return: 0, also when nobody can be asked; -ENOENT; -ENOMEM.
 */
int selftest_trigger_iopf(struct selftest_call *call)
{
	const struct iommu_next_mock_page_request request = {
		.pasid = call->arg.iopf.pasid,
		.grpid = call->arg.iopf.grpid,
		.perm = call->arg.iopf.perm,
		.addr = call->arg.iopf.addr,
		.count = 1,
	};
	struct mock_device *mock;
	int rc;

	mock = selftest_find_mock(call->ctx, call->arg.iopf.dev_id);
	if (!mock)
		return -ENOENT;
	rc = mock_page_request(mock, &request);
	put_device(&mock->dev);
	return rc == -ENXIO ? 0 : rc;
}
