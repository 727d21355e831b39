// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the in-tree selftests check from inside: that a page table maps the pages
 * that user space sees, and that these have as many pins as they should.
 */
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/iommu_next.h>
#include <linux/mm.h>
#include <linux/overflow.h>

#include "mock.h"
#include "selftest.h"

/**
 * selftest_each_page() - look at pages of user memory
 * @addr: address
 * @length: bytes
 * @step: look at each so many bytes; up to PAGE_SIZE, and @addr and @length are
 *	multiples of it
 * @fn: called with the page, the address, and @arg; ends it by an errno
 * @arg: for @fn
 *
 * Return: 0; -EINVAL; what GUP and @fn return.
 */
int selftest_each_page(u64 addr, u64 length, u64 step,
		       int (*fn)(struct page *page, u64 addr, void *arg),
		       void *arg)
{
	u64 end;

	if (addr % step || length % step ||
	    check_add_overflow(addr, length, &end))
		return -EINVAL;
	for (; addr < end; addr += step) {
		struct page *page;
		int rc;

		rc = get_user_pages_fast(addr & PAGE_MASK, 1, 0, &page);
		if (rc != 1)
			return rc ?: -EFAULT;
		rc = fn(page, addr, arg);
		put_page(page);
		if (rc)
			return rc;
		cond_resched();
	}
	return 0;
}

struct selftest_map {
	struct iommu_domain *domain;
	u64 offset;
};

static int selftest_compare(struct page *page, u64 addr, void *arg)
{
	struct selftest_map *map = arg;
	phys_addr_t want = page_to_phys(page) + offset_in_page(addr);

	if (iommu_iova_to_phys(map->domain, addr + map->offset) != want)
		return -EINVAL;
	return 0;
}

/**
 * selftest_check_map() - MD_CHECK_MAP
 * @call: the call
 *
 * Return: 0; -EINVAL when another page is mapped; -ENOENT; what GUP returns.
 */
int selftest_check_map(struct selftest_call *call)
{
	struct selftest_arg *arg = &call->arg;
	struct selftest_map map;
	struct inx_hwpt *hwpt;
	u64 step;
	int rc = -EINVAL;

	hwpt = iommu_next_hwpt_get(call->ctx, arg->id);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	map.domain = iommu_next_hwpt_domain(hwpt);
	map.offset = arg->map.iova - arg->map.uaddr;
	if (!mock_domain_is_mock(map.domain))
		goto out;
	step = 1UL << __ffs(map.domain->pgsize_bitmap);
	if (arg->map.iova % step == 0)
		rc = selftest_each_page(arg->map.uaddr, arg->map.length,
					min_t(u64, step, PAGE_SIZE),
					selftest_compare, &map);
out:
	iommu_next_hwpt_put(hwpt);
	return rc;
}

static int selftest_count(struct page *page, u64 addr, void *arg)
{
	u32 *want = arg;

	/* Huge pages have a count for all of them. */
	if (PageCompound(page))
		return 0;
	return page_ref_count(page) / GUP_PIN_COUNTING_BIAS == *want ? 0 : -EIO;
}

/**
 * selftest_check_refs() - MD_CHECK_REFS
 * @call: the call
 *
 * Return: 0; -EIO when a page has another number of pins; -EINVAL; what GUP
 * returns.
 */
int selftest_check_refs(struct selftest_call *call)
{
	return selftest_each_page(call->arg.refs.uaddr, call->arg.refs.length,
				  PAGE_SIZE, selftest_count,
				  &call->arg.refs.refs);
}
