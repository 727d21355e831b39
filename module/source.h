/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kinds of memory that can be mapped. source.c owns everything declared here.
 */
#ifndef INX_SOURCE_H
#define INX_SOURCE_H

#include <linux/types.h>

struct file;
struct inx_batch;
struct inx_mmio_slice;
struct inx_reader;
struct inx_source_ops;

/**
 * struct inx_source - where the pages of a struct inx_pages come from
 * @ops: of the kind of memory
 * @file: the file, with a reference; NULL for memory of a process
 * @mmio: device memory, which has no pages to pin (mmio.c); else NULL
 * @start: address, or offset in the file, of page 0; a multiple of PAGE_SIZE
 * @writable: devices may write to it
 *
 * Constant from the first inx_pages on that has it.
 */
struct inx_source {
	const struct inx_source_ops *ops;
	struct file *file;
	struct inx_mmio_slice *mmio;
	unsigned long start;
	bool writable;
};

/**
 * struct inx_source_ops - how to pin a kind of memory
 * @open: prepare a reader. 0, or -EFAULT when the memory is gone for good.
 * @close: undo @open
 * @fetch: pin some of @npages pages from @index on, at least the first, into
 *	the empty list of the reader. 0 or what the kernel says.
 * @take: move what the reader has into a batch, at most @npages pages, until
 *	one of them has no more (room). From then on each page in the batch has
 *	a pin of its own. 0 or -ENOMEM.
 * @drop: unpin what the reader has
 *
 * Context: @fetch may fault pages in, and so wait for user space.
 */
struct inx_source_ops {
	int (*open)(struct inx_reader *reader);
	void (*close)(struct inx_reader *reader);
	int (*fetch)(struct inx_reader *reader, unsigned long index,
		     unsigned long npages);
	int (*take)(struct inx_reader *reader, struct inx_batch *batch,
		    unsigned long npages);
	void (*drop)(struct inx_reader *reader);
};

void inx_source_init_user(struct inx_source *source, unsigned long addr,
			  bool writable);
void inx_source_init_mmio(struct inx_source *source,
			  struct inx_mmio_slice *slice, bool writable);
int inx_source_init_file(struct inx_source *source, int fd, u64 offset,
			 bool writable);
void inx_source_destroy(struct inx_source *source);

#endif
