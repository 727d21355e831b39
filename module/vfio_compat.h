/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ioctls of a VFIO container. vfio_compat.c owns everything declared here.
 */
#ifndef INX_VFIO_COMPAT_H
#define INX_VFIO_COMPAT_H

struct inx_call;
struct inx_ctx;
struct inx_ioas;

int inx_vfio_ioas(struct inx_call *call);
void inx_vfio_forget(struct inx_ioas *ioas);
long inx_vfio_ioctl(struct inx_ctx *ctx, unsigned int cmd, unsigned long arg);

#endif
