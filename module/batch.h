/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs of physically contiguous pages, and a box to carry them in.
 *
 * Everything in layer 4 moves PFNs as runs. A run is packed into one u64 so
 * that in the worst case, memory without two neighbouring pages, it costs what
 * the PFN alone would.
 */
#ifndef INX_BATCH_H
#define INX_BATCH_H

#include <linux/align.h>
#include <linux/bits.h>
#include <linux/mm_types.h>
#include <linux/types.h>

#define INX_RUN_LEN_BITS 24
#define INX_RUN_MAX BIT(INX_RUN_LEN_BITS)

/**
 * typedef inx_run_t - one run
 *
 * Bits 23:0 the number of pages less one, bits 63:24 the first PFN: 40 bits
 * are 52 bits of physical address in pages of 4 KiB, more than x86 and arm64
 * have.
 */
typedef u64 inx_run_t;

static inline inx_run_t inx_run(unsigned long pfn, unsigned long npages)
{
	return ((u64)pfn << INX_RUN_LEN_BITS) | (npages - 1);
}

static inline unsigned long inx_run_pfn(inx_run_t run)
{
	return run >> INX_RUN_LEN_BITS;
}

static inline unsigned long inx_run_len(inx_run_t run)
{
	return (run & (INX_RUN_MAX - 1)) + 1;
}

#define INX_BATCH_INLINE 32

/**
 * struct inx_batch - consecutive pages of a struct inx_pages, in transit
 * @start: index of the first page
 * @npages: pages in it
 * @nr: runs in it
 * @cap: runs there is room for
 * @runs: the runs; two neighbours are never contiguous unless the first is
 *	INX_RUN_MAX long
 * @room: what @runs points to when there is no memory for more
 *
 * Because a batch takes whatever extends its last run, a batch that is full
 * ends where physical contiguity ends. So no IO page of a page table reaches
 * across the end of a full batch, and it is safe to unmap up to there.
 */
struct inx_batch {
	unsigned long start;
	unsigned long npages;
	unsigned int nr;
	unsigned int cap;
	inx_run_t *runs;
	inx_run_t room[INX_BATCH_INLINE];
};

unsigned int inx_batch_limit(unsigned long npages, size_t size);
void inx_batch_init(struct inx_batch *batch, unsigned long npages);
void inx_batch_destroy(struct inx_batch *batch);
void inx_batch_reset(struct inx_batch *batch, unsigned long start);
bool inx_batch_add(struct inx_batch *batch, unsigned long pfn,
		   unsigned long npages);
unsigned long inx_batch_add_pages(struct inx_batch *batch, struct page **pages,
				  unsigned long npages);

void inx_run_unpin(inx_run_t run, bool dirty);
void inx_batch_unpin(struct inx_batch *batch, unsigned long first,
		     unsigned long npages, bool dirty);

#endif
