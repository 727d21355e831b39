/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page tables that user space owns, and flushing what is cached of them.
 * nested.c owns everything declared here.
 */
#ifndef INX_NESTED_H
#define INX_NESTED_H

#include <linux/types.h>

struct inx_call;
struct inx_device;
struct inx_hwpt;
struct inx_user_data;
struct inx_viommu;

struct inx_hwpt *inx_nested_make(struct inx_hwpt *parent,
				 struct inx_viommu *viommu,
				 struct inx_device *idev, u32 flags,
				 const struct inx_user_data *data);
int inx_hwpt_invalidate(struct inx_call *call);

#endif
