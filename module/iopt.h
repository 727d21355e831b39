/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The IOVA space of an IOAS, and the locks of it. iopt.c owns everything
 * declared here.
 */
#ifndef INX_IOPT_H
#define INX_IOPT_H

#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "area.h"
#include "space.h"

/**
 * struct inx_pins - pins for the CPU in an IOVA space
 * @tree: of struct inx_pin, by IOVA
 * @wait: woken when a pin is complete or an unmap() of a pinner has returned
 * @round: unmaps that had to ask pinners to let go; a number for each
 * @aligned: pinners that need whole pages
 */
struct inx_pins {
	struct rb_root_cached tree;
	wait_queue_head_t wait;
	unsigned long round;
	unsigned int aligned;
};

/**
 * struct inx_iopt - an IOVA space and the page tables that follow it
 * @domains_rwsem: held for reading while areas are mapped and unmapped, for
 *	writing while page tables come and go. Pins are taken under it, so a
 *	path that must not wait for user space only tries it. Whoever gives it
 *	back looks at @leaving.
 * @leaving_lock: of @leaving
 * @leaving: page tables that go as soon as @domains_rwsem is free
 * @iova_rwsem: of @space and the state of areas
 * @pins: of areas, for the CPU; under @iova_rwsem
 * @domains: page tables; under @domains_rwsem
 * @space: its areas change under both locks, @domains_rwsem at least for
 *	reading: who has that for writing owns them, and finds every area LIVE
 *
 * Lock order: domains_rwsem, iova_rwsem, &struct inx_pages.lock, mmap_lock of
 * a process. User memory is never touched under iova_rwsem or the pages' lock.
 */
struct inx_iopt {
	struct rw_semaphore domains_rwsem;
	spinlock_t leaving_lock; /* of leaving */
	struct list_head leaving;
	struct rw_semaphore iova_rwsem;
	struct inx_pins pins;
	struct inx_domains domains;
	struct inx_space space;
};

void inx_iopt_unlock_read(struct inx_iopt *iopt);

void inx_iopt_init(struct inx_iopt *iopt);
void inx_iopt_destroy(struct inx_iopt *iopt);

int inx_iopt_map(struct inx_iopt *iopt, struct inx_area *area,
		 unsigned long *iova, bool fixed);
int inx_iopt_copy(struct inx_iopt *dst, struct inx_iopt *src,
		  unsigned long src_iova, unsigned long length,
		  unsigned long *dst_iova, bool fixed, unsigned int prot);
int inx_iopt_unmap(struct inx_iopt *iopt, struct inx_iova_range range,
		   unsigned long *unmapped);

int inx_iopt_allow(struct inx_iopt *iopt, struct inx_allowed_list *list);
int inx_iopt_reserve(struct inx_iopt *iopt, const void *owner,
		     const struct inx_iova_range *ranges, unsigned int nr);
int inx_iopt_reserve_more(struct inx_iopt *iopt, const void *owner,
			  struct inx_iova_range range);
void inx_iopt_unreserve(struct inx_iopt *iopt, const void *owner);
void inx_iopt_freeze(struct inx_iopt *iopt, struct mutex *nest);
void inx_iopt_thaw(struct inx_iopt *iopt);
unsigned int inx_iopt_ranges(struct inx_iopt *iopt,
			     struct inx_iova_range *ranges, unsigned int max,
			     unsigned long *alignment);

int inx_iopt_add_domain(struct inx_iopt *iopt, struct inx_domain_link *link);
void inx_iopt_remove_domain(struct inx_iopt *iopt,
			    struct inx_domain_link *link);
unsigned long inx_iopt_page_sizes(struct inx_iopt *iopt);
bool inx_iopt_is_coherent(struct inx_iopt *iopt);
bool inx_iopt_has_domains(struct inx_iopt *iopt);
int inx_iopt_realign(struct inx_iopt *iopt);
int inx_iopt_set_small_pages(struct inx_iopt *iopt, bool small);

#endif
