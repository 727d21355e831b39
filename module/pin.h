/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pins for the CPU in an IOVA space. pin.c owns everything declared here.
 */
#ifndef INX_PIN_H
#define INX_PIN_H

#include <linux/atomic.h>
#include <linux/types.h>

#include "range.h"

struct inx_iopt;
struct inx_pins;
struct page;

/**
 * struct inx_pinner - somebody who pins memory for the CPU
 * @unmap: called before an UNMAP of what is pinned, with an interval of IOVA;
 *	must undo all pins that have a part of it. No lock is held.
 * @calls: of @unmap that run
 */
struct inx_pinner {
	void (*unmap)(struct inx_pinner *pinner, unsigned long iova,
		      unsigned long length);
	atomic_t calls;
};

void inx_pins_init(struct inx_pins *pins);
void inx_pins_close(struct inx_iopt *iopt, struct inx_iova_range range,
		    bool close);
bool inx_pins_are_kept(struct inx_iopt *iopt, struct inx_iova_range range);
int inx_pins_wait(struct inx_iopt *iopt, struct inx_iova_range range);
int inx_pins_evict(struct inx_iopt *iopt, struct inx_iova_range range);

int inx_pinner_add(struct inx_iopt *iopt, bool aligned);
void inx_pinner_remove(struct inx_iopt *iopt, bool aligned);
void inx_pinner_release(struct inx_iopt *iopt, struct inx_pinner *pinner);

int inx_pin_pages(struct inx_iopt *iopt, struct inx_pinner *pinner,
		  struct inx_iova_range range, bool write, struct page **list);
bool inx_pin_undo(struct inx_iopt *iopt, struct inx_pinner *pinner,
		  struct inx_iova_range range);
int inx_pin_rw(struct inx_iopt *iopt, struct inx_iova_range range, void *data,
	       bool write);

#endif
