/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What /proc tells of a context. show.c owns what is declared here.
 */
#ifndef INX_SHOW_H
#define INX_SHOW_H

struct inx_ctx;
struct seq_file;

void inx_show_ctx(struct seq_file *m, struct inx_ctx *ctx);

#endif
