/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attaching page tables to PASIDs. pasid.c owns everything declared here.
 */
#ifndef INX_PASID_H
#define INX_PASID_H

#include <linux/types.h>

struct inx_device;
struct list_head;

int inx_pasid_change(struct inx_device *idev, u32 pasid, u32 *pt_id);
void inx_pasid_detach(struct inx_device *idev, u32 pasid);
void inx_pasid_leave_all(struct inx_device *idev, struct list_head *left);
void inx_pasid_drop(struct list_head *left);

#endif
