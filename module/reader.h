/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Getting at the PFNs of memory: out of its source, with pins, or out of a page
 * table. reader.c owns everything declared here.
 */
#ifndef INX_READER_H
#define INX_READER_H

#include <linux/types.h>

struct folio;
struct inx_area;
struct inx_batch;
struct inx_pages;
struct page;

#define INX_READER_INLINE 16

/**
 * struct inx_reader - pins pages of a source, some at a time
 * @pages: the source
 * @list: what is pinned and no batch has taken yet, as pages
 * @folios: the same, as folios: the source knows which
 * @cap: size of @list
 * @nr: entries in @list
 * @pos: how many of them a batch has taken
 * @skip: pages of the folio at @pos that come before the one wanted
 * @remote: the source is another process's memory, which is held open
 * @room: what @list points to for small requests, or without memory
 */
struct inx_reader {
	struct inx_pages *pages;
	union {
		struct page **list;
		struct folio **folios;
	};
	unsigned int cap;
	unsigned int nr;
	unsigned int pos;
	unsigned long skip;
	bool remote;
	struct page *room[INX_READER_INLINE];
};

int inx_reader_init(struct inx_reader *reader, struct inx_pages *pages,
		    unsigned long npages);
void inx_reader_destroy(struct inx_reader *reader);
int inx_reader_pin(struct inx_reader *reader, struct inx_batch *batch,
		   unsigned long last);
void inx_reader_drop(struct inx_reader *reader);

bool inx_read_domain(struct inx_area *area, struct inx_batch *batch,
		     unsigned long last);

#endif
