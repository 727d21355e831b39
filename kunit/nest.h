/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device behind a mock IOMMU with the selftests' formats, and the calls that
 * make what a guest has of it: page tables, queues, a slice of the IOMMU.
 * Functions that return int return an errno.
 */
#ifndef INX_KUNIT_NEST_H
#define INX_KUNIT_NEST_H

#include "world.h"

#define NEST_IOVA 0x10000000UL

/* Pages of the memory that are mapped there. */
#define NEST_PAGES 16UL
/* Where in the page of arguments that lies what ioctls point to. */
#define NEST_DATA 2048

/**
 * struct nest - all of it
 * @w: the world
 * @d: a device that can PASIDs, and an IOAS
 * @dev: its ID
 * @parent: ID of a nesting parent, for PASIDs as well
 * @page: the page of arguments
 */
struct nest {
	struct world *w;
	struct world_device d;
	u32 dev;
	u32 parent;
	struct page *page;
};

/* Room for what ioctls point to, as the test and as the process sees it. */
static inline void *nest_data(struct nest *n)
{
	return page_address(n->page) + NEST_DATA;
}

static inline u64 nest_uptr(struct nest *n)
{
	return n->w->arg + NEST_DATA;
}

static inline char __user *nest_user(struct nest *n)
{
	return (char __user *)(uintptr_t)nest_uptr(n);
}

void nest_enter(struct world *w, struct nest *n);
/* The same with another IOMMU: flags of enum iommu_next_mock_flags. */
void nest_enter_as(struct world *w, struct nest *n, u32 flags);
void nest_leave(struct nest *n);
/* The page of arguments, until nest_put_page(). It is there meanwhile. */
int nest_get_page(struct nest *n);
void nest_put_page(struct nest *n);
/* A page table on an IOAS, or, with @data, one of the user's on @pt. */
int nest_hwpt(struct nest *n, u32 pt, u32 flags, u32 fault, bool data, u32 *id);
int nest_make_parent(struct nest *n, u32 *id);
/* @num: in and out. */
int nest_flush(struct nest *n, u32 id, u32 type, u32 len, u32 *num);

/* The file of a descriptor, which is closed. */
struct file *nest_file(struct kunit *test, int fd);
/* Reading and writing at position 0. */
ssize_t nest_read(struct nest *n, struct file *file, size_t size);
ssize_t nest_write(struct nest *n, struct file *file, size_t size);

/* Each makes an object; a queue has a descriptor, too. */
int nest_fault_queue(struct nest *n, u32 *id, int *fd);
/* @length: of the data at nest_data(), 0 for none. */
int nest_viommu(struct nest *n, u32 length, u32 *id);
int nest_vdevice(struct nest *n, u32 viommu, u64 virt_id, u32 *id);
int nest_eventq(struct nest *n, u32 viommu, u32 depth, u32 *id, int *fd);
int nest_queue(struct nest *n, u32 viommu, u32 index, u64 iova, u64 length,
	       u32 *id);

/* Ask for two pages; and what a device was answered, its group and the code. */
int nest_ask(struct nest *n, u32 grpid);
int nest_answer(struct nest *n);

#endif
