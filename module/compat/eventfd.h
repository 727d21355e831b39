/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef INX_COMPAT_EVENTFD_H
#define INX_COMPAT_EVENTFD_H

#include <linux/eventfd.h>

/* Wake who waits for the eventfd, once. */
static inline void inx_eventfd_signal(struct eventfd_ctx *ctx)
{
#ifdef INX_HAVE_EVENTFD_SIGNAL_ONE
	eventfd_signal(ctx);
#else
	eventfd_signal(ctx, 1);
#endif
}

#endif
