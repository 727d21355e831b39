/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of devices (BARs) in page tables, and how it is taken out of them.
 * mmio.c owns everything declared here.
 */
#ifndef INX_MMIO_H
#define INX_MMIO_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/types.h>

struct file;
struct inx_area;
struct inx_pages;
struct iommu_domain;

/**
 * struct inx_mmio - the memory of a device
 * @refs: the device file, each dma-buf of it and each slice
 * @is_on: whether the device answers there; NULL: always
 * @priv: for @is_on; good until the session ends
 * @lock: of everything below; taken before &struct inx_pages.lock
 * @session: sessions that have ended; what was named in one of them is gone
 * @stopped: reasons why nothing of it can be mapped now
 * @slices: of &struct inx_mmio_slice.item
 */
struct inx_mmio {
	refcount_t refs;
	bool (*is_on)(void *priv);
	void *priv;
	struct mutex lock; /* of the rest */
	unsigned long session;
	unsigned int stopped;
	struct list_head slices;
};

/**
 * struct inx_extent - contiguous pages of such memory
 * @index: of the first; they reach to the next extent
 * @pfn: of the first
 */
struct inx_extent {
	unsigned long index;
	unsigned long pfn;
};

/**
 * struct inx_mmio_slice - a piece of it that was mapped at least once
 * @mmio: the memory
 * @item: in &struct inx_mmio.slices
 * @pages: who has it as source; NULL until then; under the lock of @mmio
 * @revoked: for good; set under the lock of @mmio and that of @pages
 * @first: index in @extents of page 0; constant, as what follows
 * @extents: where the pages are, in order
 * @nr: how many extents
 * @file: that @extents belong to, with a reference; or NULL, and there is @one
 * @one: an extent
 */
struct inx_mmio_slice {
	struct inx_mmio *mmio;
	struct list_head item;
	struct inx_pages *pages;
	bool revoked;
	unsigned long first;
	const struct inx_extent *extents;
	unsigned int nr;
	struct file *file;
	struct inx_extent one;
};

struct inx_mmio *inx_mmio_alloc(void);
struct inx_mmio *inx_mmio_get(struct inx_mmio *mmio);
void inx_mmio_put(struct inx_mmio *mmio);
void inx_mmio_stop(struct inx_mmio *mmio);
void inx_mmio_start(struct inx_mmio *mmio);
void inx_mmio_end(struct inx_mmio *mmio);
void inx_mmio_revoke(struct inx_mmio *mmio, bool revoked);
unsigned long inx_mmio_session(struct inx_mmio *mmio);

struct inx_mmio_slice *inx_mmio_slice_alloc(phys_addr_t phys);
phys_addr_t inx_mmio_slice_phys(const struct inx_mmio_slice *slice);
int inx_mmio_add(struct inx_mmio *mmio, struct inx_mmio_slice *slice,
		 unsigned long session);
void inx_mmio_use(struct inx_mmio_slice *slice, struct inx_pages *pages);
void inx_mmio_drop(struct inx_mmio_slice *slice);

int inx_mmio_fill(struct inx_area *area);
void inx_mmio_unfill(struct inx_area *area);
int inx_mmio_add_domain(struct inx_area *area, struct iommu_domain *domain);
void inx_mmio_remove_domain(struct inx_area *area, struct iommu_domain *domain);

#endif
