/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Device files. cdev.c owns everything declared here and in
 * <linux/iommu_next.h>.
 */
#ifndef INX_CDEV_H
#define INX_CDEV_H

int inx_cdev_init(void);
void inx_cdev_exit(void);

#endif
