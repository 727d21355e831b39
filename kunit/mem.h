/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User memory whose pages lie in physical memory as a test wants, and whose
 * pins it can count page by page.
 */
#ifndef INX_KUNIT_MEM_H
#define INX_KUNIT_MEM_H

#include <linux/completion.h>
#include <linux/mm.h>
#include <linux/types.h>

/**
 * enum mem_layout - how pages that are neighbours for the user lie
 * @MEM_CONTIG: as neighbours, aligned like a huge page
 * @MEM_RUNS: in runs of 16 pages
 * @MEM_SCATTERED: never as neighbours
 * @MEM_MIXED: the first half contiguous, the second scattered
 */
enum mem_layout {
	MEM_CONTIG,
	MEM_RUNS,
	MEM_SCATTERED,
	MEM_MIXED,
};

/**
 * struct mem_gate - a page that is not there until somebody says so
 * @index: of the page
 * @met: somebody waits for it
 * @open: here it is
 */
struct mem_gate {
	unsigned long index;
	struct completion met;
	struct completion open;
};

/**
 * struct mem - memory that is mapped in the calling thread's address space
 * @npages: a power of two
 * @uaddr: where
 * @bad: index of a page that cannot be faulted in; ULONG_MAX for none
 * @slow: faults sleep
 * @gate: keeps a fault; NULL for none
 * @chunk: the first page in physical memory
 * @pages: by user address
 */
struct mem {
	unsigned long npages;
	unsigned long uaddr;
	unsigned long bad;
	bool slow;
	struct mem_gate *gate;
	struct page *chunk;
	struct page *pages[];
};

struct mem *mem_create(unsigned long uaddr, unsigned long npages,
		       enum mem_layout layout);
int mem_renew(struct mem *mem);
int mem_protect(struct mem *mem);
void mem_destroy(struct mem *mem);

/* How often a page is pinned. */
static inline unsigned int mem_pins(const struct mem *mem, unsigned long index)
{
	return page_ref_count(mem->pages[index]) / GUP_PIN_COUNTING_BIAS;
}

unsigned long mem_total_pins(const struct mem *mem);

static inline phys_addr_t mem_phys(const struct mem *mem, unsigned long byte)
{
	return page_to_phys(mem->pages[byte >> PAGE_SHIFT]) +
	       offset_in_page(byte);
}

#endif
