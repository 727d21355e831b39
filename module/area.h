/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Areas: one mapping of an IOAS, and its way into page tables and out again.
 * area.c owns everything declared here.
 */
#ifndef INX_AREA_H
#define INX_AREA_H

#include <linux/interval_tree.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include "batch.h"
#include "range.h"

struct inx_pages;
struct inx_seg;
struct iommu_domain;

/**
 * struct inx_domain_link - a page table of an IOAS
 * @item: in &struct inx_domains.list
 * @leaving_item: in &struct inx_iopt.leaving
 * @domain: the page table
 * @coherent: accesses through it always snoop, also those that ask not to
 * @whole: what was mapped by one call can only be unmapped as a whole
 * @unmapped: called when areas of a range are in the page table no more, and
 *	before others can be; may be NULL
 * @left: called when the IOAS knows the page table no more
 */
struct inx_domain_link {
	struct list_head item;
	struct list_head leaving_item;
	struct iommu_domain *domain;
	bool coherent;
	bool whole;
	void (*unmapped)(struct inx_domain_link *link,
			 struct inx_iova_range range);
	void (*left)(struct inx_domain_link *link);
};

/**
 * struct inx_domains - the page tables that areas of an IOAS are mapped in
 * @list: of struct inx_domain_link; whoever maps or unmaps an area keeps it
 *	from changing
 * @small_pages: map each page on its own
 * @lock: held while @list changes, for who takes device memory away or looks up
 *	a physical address, and has nothing else to keep it; nothing is locked
 *	under it
 */
struct inx_domains {
	struct list_head list;
	bool small_pages;
	struct mutex lock; /* of changes to list */
};

/**
 * enum inx_area_state - who may do what with an area
 * @INX_AREA_PENDING: a thread is mapping it; others only see that the IOVAs
 *	are taken
 * @INX_AREA_LIVE: mapped
 * @INX_AREA_LEAVING: a thread is unmapping it
 */
enum inx_area_state {
	INX_AREA_PENDING,
	INX_AREA_LIVE,
	INX_AREA_LEAVING,
};

/**
 * struct inx_area - IOVAs that are mapped to a slice of pages
 * @node: the IOVAs, in &struct inx_iopt.areas; under its iova_rwsem
 * @domains: of the IOAS that it is inserted in, NULL until then
 * @pages: what is mapped; constant; the area has a reference
 * @start_byte: where in @pages the slice starts; constant
 * @prot: IOMMU_READ and so on; constant
 * @state: of enum inx_area_state; set under iova_rwsem for writing, but for
 *	PENDING to LIVE, which the mapping thread does alone
 * @next: in a list of areas that one thread unmaps
 * @filled_item: in &struct inx_pages.filled while @mapped is not 0; under the
 *	lock of @pages
 * @dying: afterwards: segments that this area was the last holder of
 * @storage: a page table to read PFNs from; under the lock of @pages
 * @mapped: pages, counted from the first, that are in every page table and
 *	held; under the lock of @pages
 * @npins: pins of it, for the CPU; under iova_rwsem
 * @is_closed: no more of them, as it is about to be unmapped; likewise
 */
struct inx_area {
	struct interval_tree_node node;
	struct inx_domains *domains;
	struct inx_pages *pages;
	unsigned long start_byte;
	unsigned int prot;
	u8 state;
	struct inx_area *next;
	union {
		struct list_head filled_item;
		struct list_head dying;
	};
	struct iommu_domain *storage;
	unsigned long mapped;
	unsigned int npins;
	bool is_closed;
};

static inline bool inx_area_is_live(const struct inx_area *area)
{
	/* Pairs with the end of inx_iopt_map_list(), which has no lock. */
	return smp_load_acquire(&area->state) == INX_AREA_LIVE;
}

static inline unsigned long inx_area_length(const struct inx_area *area)
{
	return area->node.last - area->node.start + 1;
}

static inline unsigned long inx_area_first(const struct inx_area *area)
{
	return area->start_byte >> PAGE_SHIFT;
}

static inline unsigned long inx_area_last(const struct inx_area *area)
{
	return (area->start_byte + inx_area_length(area) - 1) >> PAGE_SHIFT;
}

/* IOVA of the first byte of page @index that the area maps. */
static inline unsigned long inx_area_iova(const struct inx_area *area,
					  unsigned long index)
{
	if (index == inx_area_first(area))
		return area->node.start;
	return area->node.start + (index << PAGE_SHIFT) - area->start_byte;
}

void inx_area_init(struct inx_area *area, struct inx_pages *pages,
		   unsigned long start_byte, unsigned long length);
struct inx_area *inx_area_alloc(struct inx_pages *pages,
				unsigned long start_byte, unsigned long length);
void inx_area_free(struct inx_area *area);
void inx_area_set_prot(struct inx_area *area, unsigned int prot);
unsigned long inx_area_span(const struct inx_area *area, unsigned long index,
			    unsigned long npages);

struct inx_area *inx_area_prepare_cut(struct inx_area *area,
				      unsigned long iova);
void inx_area_forgo_cut(struct inx_area *right);
void inx_area_cut(struct inx_area *area, struct inx_area *right);

struct inx_area *inx_seg_reader(struct inx_pages *pages,
				const struct inx_seg *seg);
int inx_domain_map(struct inx_area *area, struct iommu_domain *domain,
		   unsigned long index, const inx_run_t *runs,
		   unsigned int nr);
void inx_domain_unmap(struct inx_area *area, struct iommu_domain *domain,
		      unsigned long index, unsigned long npages);
int inx_area_map(struct inx_area *area, unsigned long index,
		 const inx_run_t *runs, unsigned int nr, unsigned long npages);
int inx_area_map_seg(struct inx_area *area, const struct inx_seg *seg,
		     struct iommu_domain *domain);
void inx_area_unmap(struct inx_area *area, unsigned long index,
		    unsigned long npages);
void inx_area_advance(struct inx_area *area, unsigned long npages);

int inx_area_fill(struct inx_area *area);
void inx_areas_unfill(struct inx_domains *domains, struct inx_area *list);
int inx_area_add_domain(struct inx_area *area, struct iommu_domain *domain);
void inx_area_remove_domain(struct inx_area *area, struct iommu_domain *domain,
			    struct iommu_domain *storage);

#endif
