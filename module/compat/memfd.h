/* SPDX-License-Identifier: GPL-2.0-only */
/* Pinning the memory of a file. */
#ifndef INX_COMPAT_MEMFD_H
#define INX_COMPAT_MEMFD_H

#include <linux/mm.h>
#include <linux/vmstat.h>

#ifndef INX_HAVE_MEMFD_PIN_FOLIOS
long inx_memfd_pin_folios(struct file *file, loff_t start, loff_t end,
			  struct folio **folios, unsigned int room,
			  pgoff_t *offset);
#define memfd_pin_folios inx_memfd_pin_folios
#endif

#ifndef INX_HAVE_FOLIO_ADD_PINS
/* What unpin_user_page() takes away, for a folio that is pinned already. */
static inline int inx_folio_add_pins(struct folio *folio, unsigned int pins)
{
	if (folio_test_large(folio)) {
		folio_ref_add(folio, pins);
		atomic_add(pins, &folio->_pincount);
	} else {
		folio_ref_add(folio, pins * GUP_PIN_COUNTING_BIAS);
	}
	node_stat_mod_folio(folio, NR_FOLL_PIN_ACQUIRED, pins);
	return 0;
}

#define folio_add_pins inx_folio_add_pins
#endif

#endif
