/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ioctls and objects of drivers and backends. private.c owns what is declared
 * here, and iommu_next_ioctls_*() and iommu_next_private_*().
 */
#ifndef INX_PRIVATE_H
#define INX_PRIVATE_H

struct inx_ctx;

long inx_private_ioctl(struct inx_ctx *ctx, unsigned int cmd,
		       unsigned long arg);

#endif
