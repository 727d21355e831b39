/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef INX_RANGE_H
#define INX_RANGE_H

/**
 * struct inx_iova_range - IOVAs from @start to @last, both included
 * @start: first
 * @last: last
 */
struct inx_iova_range {
	unsigned long start;
	unsigned long last;
};

#endif
