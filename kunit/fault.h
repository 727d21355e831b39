/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations that are swept with failures: fault_ops.c, fault_more.c and
 * fault_nested.c have them, fault_test.c makes them fail.
 */
#ifndef INX_KUNIT_FAULT_H
#define INX_KUNIT_FAULT_H

#include "nest.h"

#define FAULT_PAGES 24UL
#define FAULT_LEN (FAULT_PAGES * PAGE_SIZE)
#define FAULT_ANON (WORLD_UADDR + SZ_1G)

/**
 * struct fault_world - what operations work on
 * @w: the world
 * @mock: two devices, of a group each
 * @idev: the first one, bound; the second when an operation has bound it
 * @ioas: two IOASes
 * @made: ID of what an operation has made
 * @other: a file, likewise
 * @shm: a file of memory
 * @access: attached to nothing
 * @pinned: bytes that it has pinned, at @pinned_at
 * @pinned_at: an IOVA
 * @list: room for what it pins
 * @data: room for what it copies
 * @mm: a second process
 * @dmabufs: that there are
 * @nest: the first device, for fault_nested.c
 * @made_fd: descriptor of what an operation has made
 * @hwpt: IDs of page tables
 * @viommu: of a slice
 * @queue: of a queue
 * @queue_fd: its descriptor
 */
struct fault_world {
	struct world *w;
	struct mock_device *mock[2];
	struct inx_device *idev[2];
	u32 ioas[2];
	u32 made;
	struct file *other;
	struct shm *shm;
	struct inx_access *access;
	unsigned long pinned;
	unsigned long pinned_at;
	struct page *list[FAULT_PAGES];
	void *data;
	struct mm_struct *mm;
	unsigned int dmabufs;
	struct nest nest;
	int made_fd;
	u32 hwpt[2];
	u32 viommu;
	u32 queue;
	int queue_fd;
};

/* What can be made to fail in an operation besides its allocations. */
#define FAULT_PINS BIT(0)
#define FAULT_MAPS BIT(1)
/* It takes something away, so it must not fail. */
#define FAULT_TAKES BIT(2)

/**
 * struct fault_op - an operation
 * @name: of it
 * @prepare: makes what it needs
 * @run: does it; an errno
 * @undo: undoes it when it has succeeded
 * @clean: undoes @prepare
 * @flags: FAULT_*
 */
struct fault_op {
	const char *name;
	int (*prepare)(struct fault_world *fw);
	int (*run)(struct fault_world *fw);
	void (*undo)(struct fault_world *fw);
	void (*clean)(struct fault_world *fw);
	unsigned int flags;
};

/**
 * struct fault_table - operations of a file
 * @ops: the operations
 * @nr: how many
 */
struct fault_table {
	const struct fault_op *ops;
	unsigned int nr;
};

/* fault_dirty.c */
int prepare_dirty(struct fault_world *fw);
int op_dirty_set(struct fault_world *fw);
int op_dirty_read(struct fault_world *fw);
void undo_dirty_read(struct fault_world *fw);
void clean_dirty(struct fault_world *fw);

/* fault_dmabuf.c */
int op_dmabuf(struct fault_world *fw);
int prepare_dmabuf(struct fault_world *fw);
void clean_dmabuf(struct fault_world *fw);
int prepare_map_dmabuf(struct fault_world *fw);
int op_map_dmabuf(struct fault_world *fw);
void clean_map_dmabuf(struct fault_world *fw);
int prepare_dmabuf_mapped(struct fault_world *fw);
void clean_dmabuf_mapped(struct fault_world *fw);
int prepare_dmabuf_revoke(struct fault_world *fw);
int op_dmabuf_revoke(struct fault_world *fw);
void redo_dmabuf_revoke(struct fault_world *fw);
void clean_dmabuf_revoke(struct fault_world *fw);

/* fault_ops.c: of an IOVA space, through the door, of devices. */
extern const struct fault_table fault_all;
/* fault_more.c: of files, processes, containers, accesses. */
extern const struct fault_table fault_more_all;
/* fault_nested.c: of what a guest has. */
extern const struct fault_table fault_nested_all;

/* What fault_more.c needs, besides. */
void fault_more_enter(struct fault_world *fw);
void fault_more_leave(struct fault_world *fw);

#define FAULT_IOVA 0x10000000UL

void fault_undo_made(struct fault_world *fw);
int fault_device_attach(struct fault_world *fw);
void fault_device_detach(struct fault_world *fw);
int fault_ioas_map(struct fault_world *fw);
void fault_ioas_unmap(struct fault_world *fw);
int fault_map_file(struct fault_world *fw, unsigned int ioas, int fd);

#endif
