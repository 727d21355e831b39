// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flushing, for VT-d's driver before 6.10. With first-stage tables it flushes the
 * number of pages rounded up to a power of two, from an address rounded down to a
 * multiple of that: short of the end of a range that does not lie so by itself,
 * and with a warning. So it is only asked for ranges that do. All flushes that
 * unmapping brings, also those that the kernel decides on, go through the
 * operations of the page table, so these are replaced.
 *
 * No probe sees what a driver does. A kernel whose groups are attached with a
 * handle has a driver that does it right.
 */
#include <linux/bitops.h>
#include <linux/iommu.h>
#include <linux/mutex.h>
#include <linux/sizes.h>

#ifndef INX_HAVE_ATTACH_HANDLE

/* Beyond that everything is flushed; the driver counts pages in 32 bits. */
#define INX_FLUSH_MOST SZ_1G

static DEFINE_MUTEX(inx_flush_lock);
static const struct iommu_domain_ops *inx_flush_driver;
static struct iommu_domain_ops inx_flush_ops;

static void inx_flush_sync(struct iommu_domain *domain,
			   struct iommu_iotlb_gather *gather)
{
	unsigned long most = gather->start ^ gather->end;

	if (gather->start > gather->end) {
		/* Nothing was unmapped. */
		inx_flush_driver->iotlb_sync(domain, gather);
		return;
	}
	/* Bits in which addresses of the range differ. */
	most = most ? GENMASK(__fls(most), 0) : 0;
	most |= PAGE_SIZE - 1;
	if (most < INX_FLUSH_MOST) {
		gather->start &= ~most;
		gather->end |= most;
	} else {
		inx_flush_driver->flush_iotlb_all(domain);
		/* Page-table memory is freed by the other call. */
		gather->start &= PAGE_MASK;
		gather->end = gather->start | ~PAGE_MASK;
	}
	inx_flush_driver->iotlb_sync(domain, gather);
}

/**
 * inx_domain_fix_flush() - make a new page table flush what is unmapped
 * @domain: the page table
 */
void inx_domain_fix_flush(struct iommu_domain *domain)
{
	mutex_lock(&inx_flush_lock);
	if (!inx_flush_driver && domain->ops->iotlb_sync &&
	    domain->ops->flush_iotlb_all) {
		inx_flush_driver = domain->ops;
		inx_flush_ops = *inx_flush_driver;
		inx_flush_ops.iotlb_sync = inx_flush_sync;
	}
	if (domain->ops == inx_flush_driver)
		domain->ops = &inx_flush_ops;
	mutex_unlock(&inx_flush_lock);
}

#else

void inx_domain_fix_flush(struct iommu_domain *domain)
{
}

#endif
