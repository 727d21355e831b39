// SPDX-License-Identifier: GPL-2.0-only
/* 6.5: pin_user_pages_remote() returns no VMAs any more. */
#include <linux/mm.h>
long probe(struct mm_struct *mm, struct page **pages, int *locked);
long probe(struct mm_struct *mm, struct page **pages, int *locked)
{
	return pin_user_pages_remote(mm, 0, 1, FOLL_LONGTERM, pages, locked);
}
