/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IO page faults, by the function that the kernel gives page requests to: iopf.c
 * has it, for kernels and architectures that have page requests.
 */
#ifndef INX_COMPAT_IOPF_H
#define INX_COMPAT_IOPF_H

#include <linux/errno.h>
#include <linux/iommu.h>
#include <linux/rcupdate.h>

#include "attach.h"

struct inx_sink;

/**
 * struct inx_attachment - a page table that is attached
 * @core: the kernel's part, which it looks at without a lock
 * @dev: if it is of a PASID, or takes page requests: the device, with a reference
 * @sink: where page requests go, NULL for nowhere
 * @rcu: it is freed late, see iopf.c
 */
struct inx_attachment {
	struct iommu_attach_handle core;
	struct device *dev;
	struct inx_sink __rcu *sink;
	struct rcu_head rcu;
};

#ifdef INX_HAVE_IOPF

/* Whether a device can send page requests, and nobody shares its way of doing so. */
bool inx_device_has_iopf(struct device *dev);
/*
 * Let a page table that was made for a device, and is attached to nothing, take
 * page requests. -EOPNOTSUPP when the driver has none for such page tables.
 */
int inx_domain_take_iopf(struct iommu_domain *domain, struct device *dev);
/*
 * Before a page table that takes page requests is attached: deliver them to @sink
 * from now on. -EINVAL for a device that has none, or shares its group; an errno
 * of the driver.
 */
int inx_iopf_start(struct inx_attachment *at, struct inx_sink *sink);
/* After it has been detached: nothing comes any more, and all is answered. */
void inx_iopf_stop(struct inx_attachment *at);

#else

static inline bool inx_device_has_iopf(struct device *dev)
{
	return false;
}

static inline int inx_domain_take_iopf(struct iommu_domain *domain,
				       struct device *dev)
{
	return -EOPNOTSUPP;
}

static inline int inx_iopf_start(struct inx_attachment *at,
				 struct inx_sink *sink)
{
	return -EOPNOTSUPP;
}

static inline void inx_iopf_stop(struct inx_attachment *at)
{
}

#endif
#endif
