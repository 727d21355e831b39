// SPDX-License-Identifier: GPL-2.0-only
/* 6.14: a folio can be pinned once more. */
#include <linux/mm.h>
int probe(struct folio *folio);
int probe(struct folio *folio)
{
	return folio_add_pins(folio, 1);
}
