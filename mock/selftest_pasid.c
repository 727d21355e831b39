// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the in-tree selftests do with PASIDs of a device of MOCK_DOMAIN.
 */
#include <linux/err.h>
#include <linux/iommu_next.h>

#include "mock.h"
#include "selftest.h"

static int selftest_do_attach(struct selftest_call *call,
			      struct mock_device *mock, struct inx_device *idev)
{
	u32 pasid = call->arg.pasid.pasid;
	int rc;

	rc = iommu_next_pasid_attach(idev, pasid, &call->arg.pasid.pt_id);
	if (rc)
		return rc;
	rc = selftest_reply(call);
	if (rc)
		iommu_next_pasid_detach(idev, pasid);
	return rc;
}

/**
 * selftest_pasid_attach() - PASID_ATTACH
 * @call: the call
 *
 * Return: as iommu_next_pasid_attach(); -ENOENT.
 */
int selftest_pasid_attach(struct selftest_call *call)
{
	return selftest_on_device(call, selftest_do_attach);
}

static int selftest_do_replace(struct selftest_call *call,
			       struct mock_device *mock,
			       struct inx_device *idev)
{
	return iommu_next_pasid_replace(idev, call->arg.pasid.pasid,
					&call->arg.pasid.pt_id) ?:
	       selftest_reply(call);
}

/**
 * selftest_pasid_replace() - PASID_REPLACE
 * @call: the call
 *
 * Return: as iommu_next_pasid_replace(); -ENOENT.
 */
int selftest_pasid_replace(struct selftest_call *call)
{
	return selftest_on_device(call, selftest_do_replace);
}

static int selftest_do_detach(struct selftest_call *call,
			      struct mock_device *mock, struct inx_device *idev)
{
	iommu_next_pasid_detach(idev, call->arg.pasid.pasid);
	return 0;
}

/**
 * selftest_pasid_detach() - PASID_DETACH
 * @call: the call
 *
 * Return: 0 or -ENOENT.
 */
int selftest_pasid_detach(struct selftest_call *call)
{
	return selftest_on_device(call, selftest_do_detach);
}

static int selftest_do_check(struct selftest_call *call,
			     struct mock_device *mock, struct inx_device *idev)
{
	struct iommu_domain *want = NULL, *domain;
	struct inx_hwpt *hwpt = NULL;

	if (call->arg.pasid.pt_id) {
		hwpt = iommu_next_hwpt_get(call->ctx, call->arg.pasid.pt_id);
		if (IS_ERR(hwpt))
			return PTR_ERR(hwpt);
		want = iommu_next_hwpt_domain(hwpt);
	}
	down_read(&mock->iommu->lock);
	domain = mock_pasid_domain(mock->iommu, call->arg.pasid.pasid);
	up_read(&mock->iommu->lock);
	if (hwpt)
		iommu_next_hwpt_put(hwpt);
	return domain == want ? 0 : -EINVAL;
}

/**
 * selftest_pasid_check() - PASID_CHECK_HWPT
 * @call: the call
 *
 * Return: 0; -EINVAL when another page table is attached; -ENOENT.
 */
int selftest_pasid_check(struct selftest_call *call)
{
	return selftest_on_device(call, selftest_do_check);
}
