/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of all kinds to map, with known content and known physical layout.
 */
#ifndef MEM_H
#define MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * enum mem_kind - where memory comes from
 * @MEM_ORDERED: anonymous 4 KiB pages, touched from the first to the last
 * @MEM_SHUFFLED: likewise, but no two neighbours are physically neighbours
 * @MEM_THP: anonymous, in transparent huge pages
 * @MEM_HUGETLB: of the hugetlb pool
 * @MEM_MEMFD: a memfd, shared
 * @MEM_MEMFD_HUGE: likewise, of the hugetlb pool
 * @MEM_PRIVATE: a memfd, private: half of the pages written to, half not
 * @MEM_MIXED: huge pages with shuffled small ones between them
 */
enum mem_kind {
	MEM_ORDERED,
	MEM_SHUFFLED,
	MEM_THP,
	MEM_HUGETLB,
	MEM_MEMFD,
	MEM_MEMFD_HUGE,
	MEM_PRIVATE,
	MEM_MIXED,
};

/* Ends the test if there is none, or skips it if the guest has no such memory. */
unsigned char *mem_alloc(enum mem_kind kind, size_t length);

/* A descriptor of the file that memory is of, from its first byte on. Only for root. */
int mem_open_file(const void *mem);

/*
 * Whether anonymous memory can be in huge pages: user-mode Linux has none. And
 * let a piece of memory be in small ones, which it is there anyway.
 */
bool mem_has_thp(void);
void mem_keep_small(void *mem, size_t length);

/* Content that is different for each word of memory and each @seed. */
void mem_fill(void *mem, size_t length, uint64_t seed);
bool mem_is_filled(const void *mem, size_t length, uint64_t seed);

/* Whether @nr bytes from @at on are @value, and the rest of it is 0. */
bool mem_is_only(const unsigned char *mem, size_t length, size_t at, size_t nr,
		 unsigned char value);

/* The number of the physical page of memory that is present. Only for root. */
uint64_t mem_pfn(const void *va);
/* Physically contiguous runs that memory consists of. Only for root. */
size_t mem_runs(const void *mem, size_t length);

#endif
