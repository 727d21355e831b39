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

struct inx_area;
struct inx_pages;
struct iommu_domain;

/**
 * struct inx_mmio - the memory of a device
 * @refs: the device file, and each slice
 * @lock: of everything below; taken before &struct inx_pages.lock
 * @stopped: reasons why nothing of it can be mapped now
 * @slices: of &struct inx_mmio_slice.item
 */
struct inx_mmio {
	refcount_t refs;
	struct mutex lock; /* of the rest */
	unsigned int stopped;
	struct list_head slices;
};

/**
 * struct inx_mmio_slice - a piece of it that was mapped at least once
 * @mmio: the memory
 * @item: in &struct inx_mmio.slices
 * @pages: who has it as source; NULL until then; under the lock of @mmio
 * @phys: physical address of page 0; constant
 * @revoked: for good; set under the lock of @mmio and that of @pages
 */
struct inx_mmio_slice {
	struct inx_mmio *mmio;
	struct list_head item;
	struct inx_pages *pages;
	phys_addr_t phys;
	bool revoked;
};

struct inx_mmio *inx_mmio_alloc(void);
void inx_mmio_put(struct inx_mmio *mmio);
void inx_mmio_stop(struct inx_mmio *mmio);
void inx_mmio_start(struct inx_mmio *mmio);

void inx_mmio_add(struct inx_mmio *mmio, struct inx_mmio_slice *slice);
void inx_mmio_use(struct inx_mmio_slice *slice, struct inx_pages *pages);
void inx_mmio_drop(struct inx_mmio_slice *slice);

int inx_mmio_fill(struct inx_area *area);
void inx_mmio_unfill(struct inx_area *area);
int inx_mmio_add_domain(struct inx_area *area, struct iommu_domain *domain);
void inx_mmio_remove_domain(struct inx_area *area, struct iommu_domain *domain);

#endif
