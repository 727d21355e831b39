// SPDX-License-Identifier: GPL-2.0-only
/*
 * Physical addresses, for devices that no IOMMU stands before.
 */
#include <linux/iommu.h>
#include <linux/sched/signal.h>

#include "area.h"
#include "backend_noiommu.h"
#include "iopt.h"
#include "pages.h"
#include "phys.h"

/* As far as physical addresses follow each other, and up to @last. */
static u64 inx_phys_follow(struct iommu_domain *domain, unsigned long iova,
			   unsigned long last, phys_addr_t *phys)
{
	u64 found = inx_noiommu_find(domain, iova, phys);

	while (found && found <= last - iova) {
		phys_addr_t next;
		u64 more = inx_noiommu_find(domain, iova + found, &next);

		if (!more || next != *phys + found ||
		    fatal_signal_pending(current))
			break;
		found += more;
		cond_resched();
	}
	return found ? min_t(u64, found - 1, last - iova) + 1 : 0;
}

/**
 * inx_phys_find() - where a byte of a device without an IOMMU is
 * @iopt: the space
 * @iova: any
 * @phys: gets its physical address
 * @length: bytes of interest, not 0; gets how many from @iova on follow each
 *	other, within the mapping
 *
 * Return: 0; -ENOENT when nothing is mapped at @iova; -EOPNOTSUPP when no
 * device without an IOMMU uses the space; -EINVAL when what was mapped has been
 * revoked.
 */
int inx_phys_find(struct inx_iopt *iopt, unsigned long iova, phys_addr_t *phys,
		  u64 *length)
{
	struct inx_domain_link *link;
	struct inx_area *area;
	u64 found = 0;
	int rc = -EOPNOTSUPP;

	down_read(&iopt->iova_rwsem);
	area = inx_space_first(&iopt->space, iova, iova);
	if (!area || !inx_area_is_live(area)) {
		rc = -ENOENT;
		goto out;
	}
	mutex_lock(&iopt->domains.lock);
	list_for_each_entry(link, &iopt->domains.list, item) {
		if (!inx_noiommu_is(link->domain))
			continue;
		found = inx_phys_follow(link->domain, iova,
					min_t(u64, *length - 1,
					      area->node.last - iova) + iova,
					phys);
		if (found) {
			rc = 0;
			break;
		}
		/* Else the page table is not complete yet, or any more. */
		if (area->pages->source.mmio)
			rc = -EINVAL;
	}
	mutex_unlock(&iopt->domains.lock);
	if (!rc)
		*length = found;
out:
	up_read(&iopt->iova_rwsem);
	return rc;
}
