/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations that are swept with failures: fault_ops.c has them, fault_test.c
 * makes them fail.
 */
#ifndef INX_KUNIT_FAULT_H
#define INX_KUNIT_FAULT_H

#include "world.h"

#define FAULT_LEN (24 * PAGE_SIZE)
#define FAULT_ANON (WORLD_UADDR + SZ_1G)

/**
 * struct fault_world - what operations work on
 * @w: the world
 * @mock: two devices, of a group each
 * @idev: the first one, bound; the second when an operation has bound it
 * @ioas: two IOASes
 * @made: ID of what an operation has made
 * @other: a file, likewise
 */
struct fault_world {
	struct world *w;
	struct mock_device *mock[2];
	struct inx_device *idev[2];
	u32 ioas[2];
	u32 made;
	struct file *other;
};

/**
 * struct fault_op - an operation
 * @name: of it
 * @prepare: makes what it needs
 * @run: does it; an errno
 * @undo: undoes it when it has succeeded
 * @clean: undoes @prepare
 * @takes: it takes something away, so it must not fail
 */
struct fault_op {
	const char *name;
	int (*prepare)(struct fault_world *fw);
	int (*run)(struct fault_world *fw);
	void (*undo)(struct fault_world *fw);
	void (*clean)(struct fault_world *fw);
	bool takes;
};

/* fault_dirty.c */
int prepare_dirty(struct fault_world *fw);
int op_dirty_set(struct fault_world *fw);
int op_dirty_read(struct fault_world *fw);
void undo_dirty_read(struct fault_world *fw);
void clean_dirty(struct fault_world *fw);

/* All of them, those that pin, and those that call a page table. */
extern const struct fault_op fault_ops[];
extern const unsigned int fault_ops_nr;
extern const struct fault_op fault_pin_ops[];
extern const unsigned int fault_pin_ops_nr;
extern const struct fault_op fault_domain_ops[];
extern const unsigned int fault_domain_ops_nr;

#endif
