// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the in-tree selftests of dirty tracking need: page tables whose IO pages
 * they know, and dirty bits without a device that writes.
 */
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/iommu_next.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "backend.h"
#include "mock.h"
#include "selftest.h"

/**
 * selftest_shape_domain() - give a page table the IO pages that are asked for
 * @domain: a new page table of a device of MOCK_DOMAIN
 * @data: what user space says about it, or NULL
 *
 * The first kind has IO pages of all sizes. They are made dirty in units of the
 * smallest, so with dirty tracking it has only that one.
 *
 * Return: 0; -EOPNOTSUPP, and what inx_user_data_get() returns.
 */
int selftest_shape_domain(struct iommu_domain *domain,
			  const struct inx_user_data *data)
{
	struct selftest_hwpt arg = {};
	int rc;

	if (data && data->type != SELFTEST_HWPT_DATA)
		return -EOPNOTSUPP;
	if (data) {
		rc = inx_user_data_get(&arg, sizeof(arg),
				       offsetofend(struct selftest_hwpt, iotlb),
				       data);
		if (rc)
			return rc;
	}
	switch (arg.pagetable_type) {
	case SELFTEST_TABLE_DEFAULT:
		if (mock_domain_can_dirty(domain))
			domain->pgsize_bitmap = BIT(SELFTEST_PAGE_SHIFT);
		return 0;
	case SELFTEST_TABLE_HUGE:
		domain->pgsize_bitmap = SELFTEST_HUGE_PAGE | PAGE_SIZE;
		domain->geometry.aperture_start = 0;
		domain->geometry.aperture_end = SELFTEST_HUGE_LAST;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int selftest_make_dirty(struct selftest_call *call,
			       struct iommu_domain *domain, unsigned long nbits)
{
	struct selftest_arg *arg = &call->arg;
	unsigned long *bits, bit;
	int rc;

	bits = kvcalloc(BITS_TO_LONGS(nbits), sizeof(long), INX_GFP_LONG);
	if (!bits)
		return -ENOMEM;
	rc = -EFAULT;
	if (copy_from_user(bits, u64_to_user_ptr(arg->dirty.uptr),
			   DIV_ROUND_UP(nbits, BITS_PER_BYTE)))
		goto out;
	arg->dirty.out_nr = 0;
	for_each_set_bit(bit, bits, nbits) {
		rc = mock_domain_set_dirty(domain, arg->dirty.iova +
					   bit * arg->dirty.page_size);
		if (rc == -EINVAL)
			goto out;
		/* What is not mapped counts as well. */
		arg->dirty.out_nr++;
	}
	rc = selftest_reply(call);
out:
	kvfree(bits);
	return rc;
}

/**
 * selftest_dirty() - DIRTY
 * @call: the call
 *
 * Return: 0; -EINVAL, also when the page table tracks nothing; -EOVERFLOW for
 * too many bits; -ENOENT, -EFAULT, -ENOMEM.
 */
int selftest_dirty(struct selftest_call *call)
{
	struct selftest_arg *arg = &call->arg;
	u64 size = arg->dirty.page_size;
	struct iommu_domain *domain;
	struct inx_hwpt *hwpt;
	int rc = -EINVAL;

	if (!size || !arg->dirty.length || arg->dirty.iova % size ||
	    arg->dirty.length % size || !arg->dirty.uptr)
		return -EINVAL;
	if (arg->dirty.length / size > SELFTEST_DIRTY_MAX * BITS_PER_BYTE)
		return -EOVERFLOW;
	hwpt = iommu_next_hwpt_get(call->ctx, arg->id);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	domain = iommu_next_hwpt_domain(hwpt);
	if (mock_domain_is_mock(domain) && mock_domain_is_tracking(domain))
		rc = selftest_make_dirty(call, domain, arg->dirty.length / size);
	iommu_next_hwpt_put(hwpt);
	return rc;
}
