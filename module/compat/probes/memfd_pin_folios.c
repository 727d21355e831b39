// SPDX-License-Identifier: GPL-2.0-only
/* 6.11: the memory of a file is pinned without a mapping. */
#include <linux/mm.h>
long probe(struct file *file, struct folio **folios, pgoff_t *offset);
long probe(struct file *file, struct folio **folios, pgoff_t *offset)
{
	return memfd_pin_folios(file, 0, 0, folios, 1, offset);
}
