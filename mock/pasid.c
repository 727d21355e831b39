// SPDX-License-Identifier: GPL-2.0-only
/*
 * PASIDs of the mock IOMMU, and page requests.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "backend.h"
#include "mock.h"
#include "nested.h"
#include "selftest.h"

/**
 * struct mock_pasid - a PASID that is attached
 * @domain: its page table
 * @sink: where its page requests go, NULL for nowhere
 */
struct mock_pasid {
	struct iommu_domain *domain;
	struct inx_sink *sink;
};

static bool mock_pasid_fits(struct mock_iommu *iommu, u32 pasid)
{
	return iommu->flags & IOMMU_NEXT_MOCK_PASID &&
	       pasid < BIT(MOCK_PASID_BITS);
}

int mock_pasid_attach(struct device *dev, u32 pasid,
		      struct iommu_domain *domain, struct inx_sink *sink,
		      void **handle)
{
	struct mock_iommu *iommu = mock_device_of(dev)->iommu;
	struct mock_pasid *entry;
	int rc;

	if (!mock_pasid_fits(iommu, pasid))
		return -EINVAL;
	rc = mock_domain_fits(mock_device_of(dev), domain);
	if (rc)
		return rc;
	if (mock_iommu_fails(iommu, IOMMU_NEXT_MOCK_FAIL_ATTACH))
		return -ENOMEM;
	entry = kzalloc_obj(*entry, GFP_KERNEL_ACCOUNT);
	if (!entry)
		return -ENOMEM;
	entry->domain = domain;
	entry->sink = sink;
	down_write(&iommu->lock);
	WARN_ON_ONCE(!iommu->owner);
	rc = xa_insert(&iommu->pasids, pasid, entry, GFP_KERNEL_ACCOUNT);
	up_write(&iommu->lock);
	if (rc)
		kfree(entry);
	return rc;
}

int mock_pasid_replace(struct device *dev, u32 pasid,
		       struct iommu_domain *domain, struct iommu_domain *old,
		       struct inx_sink *sink, void **handle)
{
	struct mock_iommu *iommu = mock_device_of(dev)->iommu;
	struct mock_pasid *entry;
	int rc;

	rc = mock_domain_fits(mock_device_of(dev), domain);
	if (rc)
		return rc;
	if (mock_iommu_fails(iommu, IOMMU_NEXT_MOCK_FAIL_REPLACE))
		return -ENOMEM;
	/* Their own way to have this fail. */
	if (iommu->flags & MOCK_SELFTEST_INFO &&
	    pasid == SELFTEST_PASID_FAILS)
		return -ENOMEM;
	down_write(&iommu->lock);
	entry = xa_load(&iommu->pasids, pasid);
	WARN_ON_ONCE(entry->domain != old);
	entry->domain = domain;
	entry->sink = sink;
	mock_domain_left(old);
	up_write(&iommu->lock);
	return 0;
}

void mock_pasid_detach(struct device *dev, u32 pasid,
		       struct iommu_domain *domain, void *handle)
{
	struct mock_iommu *iommu = mock_device_of(dev)->iommu;
	struct mock_pasid *entry;

	down_write(&iommu->lock);
	entry = xa_erase(&iommu->pasids, pasid);
	WARN_ON_ONCE(!entry || entry->domain != domain);
	kfree(entry);
	mock_domain_left(domain);
	up_write(&iommu->lock);
}

/**
 * mock_pasid_domain() - the page table of a PASID
 * @iommu: the IOMMU; its lock is held
 * @pasid: any value, 0 for requests without one
 *
 * Return: the page table, NULL when requests are blocked.
 */
struct iommu_domain *mock_pasid_domain(struct mock_iommu *iommu, u32 pasid)
{
	struct mock_pasid *entry;

	if (!pasid)
		return iommu->domain;
	entry = xa_load(&iommu->pasids, pasid);
	return entry ? entry->domain : NULL;
}

/*
 * A user's page table that stands on requests without a PASID may have PASIDs of
 * its own, that nobody here knows.
 */
static struct inx_sink *mock_pasid_sink(struct mock_iommu *iommu, u32 pasid)
{
	struct mock_pasid *entry = pasid ? xa_load(&iommu->pasids, pasid) :
					   NULL;

	if (entry)
		return entry->sink;
	if (!pasid || (iommu->domain && mock_domain_is_nested(iommu->domain)))
		return iommu->sink;
	return NULL;
}

/**
 * struct mock_request - a group of page requests
 * @group: as the core knows it
 * @mock: the device, with a reference
 * @faults: of @group
 */
struct mock_request {
	struct inx_fault_group group;
	struct mock_device *mock;
	struct iommu_next_hwpt_pgfault faults[];
};

static void mock_request_respond(struct inx_fault_group *group, u32 code)
{
	struct mock_request *request = container_of(group, struct mock_request,
						    group);
	struct mock_device *mock = request->mock;
	struct mock_answer *answer;

	spin_lock(&mock->answers_lock);
	answer = &mock->answers[mock->num_answers++ % MOCK_ANSWERS];
	answer->pasid = request->faults[0].pasid;
	answer->grpid = request->faults[0].grpid;
	answer->code = code;
	spin_unlock(&mock->answers_lock);
	put_device(&mock->dev);
}

static struct mock_request *
mock_request_make(struct mock_device *mock,
		  const struct iommu_next_mock_page_request *arg)
{
	struct mock_request *request;
	u32 i;

	request = kzalloc(struct_size(request, faults, arg->count),
			  GFP_KERNEL_ACCOUNT);
	if (!request)
		return NULL;
	get_device(&mock->dev);
	request->mock = mock;
	request->group.respond = mock_request_respond;
	request->group.nr = arg->count;
	request->group.faults = request->faults;
	for (i = 0; i < arg->count; i++) {
		struct iommu_next_hwpt_pgfault *fault = &request->faults[i];

		fault->flags = arg->pasid ?
				       IOMMU_NEXT_PGFAULT_FLAGS_PASID_VALID : 0;
		fault->pasid = arg->pasid;
		fault->grpid = arg->grpid;
		fault->perm = arg->perm;
		fault->addr = arg->addr + i * SZ_4K;
	}
	request->faults[i - 1].flags |= IOMMU_NEXT_PGFAULT_FLAGS_LAST_PAGE;
	return request;
}

/**
 * mock_page_request() - let a device ask for pages
 * @mock: the device
 * @arg: which; count is not 0
 *
 * Return: 0; -ENXIO when nobody can be asked; -ENOMEM.
 */
int mock_page_request(struct mock_device *mock,
		      const struct iommu_next_mock_page_request *arg)
{
	struct mock_request *request = mock_request_make(mock, arg);
	struct mock_iommu *iommu = mock->iommu;
	struct inx_sink *sink;

	if (!request)
		return -ENOMEM;
	down_read(&iommu->lock);
	sink = mock_pasid_sink(iommu, arg->pasid);
	if (sink)
		inx_fault_report(sink, &request->group);
	up_read(&iommu->lock);
	if (sink)
		return 0;
	put_device(&mock->dev);
	kfree(request);
	return -ENXIO;
}

/**
 * mock_page_answer() - what a device was answered
 * @mock: the device
 * @arg: gets the oldest answer that was not seen yet
 *
 * Return: 0; -EAGAIN when there is none.
 */
int mock_page_answer(struct mock_device *mock,
		     struct iommu_next_mock_page_answer *arg)
{
	struct mock_answer *answer;
	int rc = -EAGAIN;

	spin_lock(&mock->answers_lock);
	if (mock->seen_answers != mock->num_answers) {
		/* What was overwritten is lost. */
		if (mock->num_answers - mock->seen_answers > MOCK_ANSWERS)
			mock->seen_answers = mock->num_answers - MOCK_ANSWERS;
		answer = &mock->answers[mock->seen_answers++ % MOCK_ANSWERS];
		arg->out_pasid = answer->pasid;
		arg->out_grpid = answer->grpid;
		arg->out_code = answer->code;
		rc = 0;
	}
	spin_unlock(&mock->answers_lock);
	return rc;
}
