/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cutting areas in two. cut.c owns what is declared here.
 */
#ifndef INX_CUT_H
#define INX_CUT_H

#include "range.h"

struct inx_iopt;

int inx_cut_ends(struct inx_iopt *iopt, struct inx_iova_range range);
int inx_cut_at(struct inx_iopt *iopt, unsigned long iova);
unsigned long inx_cut_last(struct inx_iopt *iopt, unsigned long iova);

#endif
