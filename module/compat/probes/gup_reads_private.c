// SPDX-License-Identifier: GPL-2.0-only
/*
 * 6.2: a long-term pin for reading gives a private mapping its own page first.
 * What tells is the helper that decides it: up to 6.1 it is in this header and
 * takes a page without its VMA.
 */
#include <linux/mm.h>
bool gup_must_unshare(struct vm_area_struct *vma, unsigned int flags,
		      struct page *page);
