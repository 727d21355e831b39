// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mem.h"
#include "tap.h"

#define PAGE 4096UL
#define HUGE (2UL << 20)

bool mem_has_thp(void)
{
	return !access("/sys/kernel/mm/transparent_hugepage", F_OK);
}

void mem_keep_small(void *mem, size_t length)
{
	if (mem_has_thp())
		ASSERT_EQ(0, madvise(mem, length, MADV_NOHUGEPAGE));
}

static void make_huge(void *mem, size_t length)
{
	if (!mem_has_thp())
		SKIP("the kernel has no huge pages for anonymous memory");
	ASSERT_EQ(0, madvise(mem, length, MADV_HUGEPAGE));
}

static unsigned char *reserve(size_t length)
{
	unsigned char *p = mmap(NULL, length + HUGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
				-1, 0);

	ASSERT_NE(MAP_FAILED, p);
	return (unsigned char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
}

uint64_t mem_pfn(const void *va)
{
	static __thread int fd = -1;
	static __thread pid_t pid;
	uint64_t entry = 0;

	/* It shows the memory of who has opened it; racers call this, too. */
	if (pid != getpid()) {
		pid = getpid();
		fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	}
	ASSERT_EQ(8, pread(fd, &entry, 8, (uintptr_t)va / PAGE * 8));
	ASSERT_TRUE(entry >> 63);
	ASSERT_NE(0, entry & ((1UL << 55) - 1));
	return entry & ((1UL << 55) - 1);
}

bool mem_is_only(const unsigned char *mem, size_t length, size_t at, size_t nr,
		 unsigned char value)
{
	size_t i;

	for (i = 0; i < length; i++) {
		unsigned char want = i >= at && i < at + nr ? value : 0;

		if (mem[i] != want) {
			TH_LOG("byte %#zx is %#x, not %#x", i, mem[i], want);
			return false;
		}
	}
	return true;
}

size_t mem_runs(const void *mem, size_t length)
{
	const unsigned char *p = mem;
	size_t runs = 1, at;

	for (at = PAGE; at < length; at += PAGE)
		runs += mem_pfn(p + at) != mem_pfn(p + at - PAGE) + 1;
	return runs;
}

/* Move a page to @spare and put a new one in its place. */
static void renew_page(unsigned char *at, unsigned char *spare)
{
	ASSERT_EQ(spare, mremap(at, PAGE, PAGE, MREMAP_FIXED | MREMAP_MAYMOVE,
				spare));
	ASSERT_EQ(at, mmap(at, PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	mem_keep_small(at, PAGE);
	*at = 1;
}

/*
 * Touched in an order that jumps about, physical neighbours are rare. Those
 * that there are get other pages, while the old ones are kept from being given
 * out again.
 */
static void shuffle(unsigned char *mem, size_t length)
{
	size_t pages = length / PAGE, i, step = pages / 2 | 1;
	unsigned char *spare = reserve(pages * PAGE);
	bool again = true;

	mem_keep_small(mem, length);
	mem_keep_small(spare, length);
	while (pages % step == 0)
		step += 2;
	for (i = 0; i < pages; i++)
		mem[i * step % pages * PAGE] = 1;
	for (i = 0; i < pages; i++)
		mem[i * PAGE] = 1;
	for (int tries = 0; again && tries < 50; tries++) {
		again = false;
		for (i = 1; i < pages; i++) {
			unsigned char *at = mem + i * PAGE;

			if (mem_pfn(at) != mem_pfn(at - PAGE) + 1)
				continue;
			again = true;
			renew_page(at, spare + i * PAGE);
		}
	}
	ASSERT_FALSE(again);
	munmap(spare, pages * PAGE);
}

static unsigned char *alloc_thp(size_t length)
{
	unsigned char *mem = reserve(length);
	size_t at;

	ASSERT_EQ(0, length % HUGE);
	make_huge(mem, length);
	for (at = 0; at < length; at += HUGE) {
		mem[at] = 1;
		ASSERT_EQ(1, mem_runs(mem + at, HUGE));
	}
	return mem;
}

static void fill_hugetlb_pool(size_t length)
{
	FILE *f = fopen("/proc/sys/vm/nr_hugepages", "w");

	if (!f)
		SKIP("the kernel has no hugetlb");
	fprintf(f, "%zu\n", length / HUGE + 2);
	fclose(f);
}

static unsigned char *alloc_hugetlb(size_t length)
{
	unsigned char *mem;

	fill_hugetlb_pool(length);
	mem = mmap(NULL, length, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE,
		   -1, 0);
	if (mem == MAP_FAILED)
		SKIP("the hugetlb pool is empty: %s", strerror(errno));
	return mem;
}

static unsigned char *alloc_memfd(size_t length, int flags, unsigned int how)
{
	int fd = memfd_create("mem", MFD_CLOEXEC | how);
	unsigned char *mem = reserve(length);
	size_t at;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, ftruncate(fd, length));
	ASSERT_EQ(mem, mmap(mem, length, PROT_READ | PROT_WRITE,
			    flags | MAP_FIXED, fd, 0));
	/* A private page that is only read is still one of the file. */
	for (at = 0; at < length; at += PAGE)
		if (flags == MAP_SHARED || at / PAGE % 2)
			mem[at] = 1;
		else
			ASSERT_EQ(0, *(volatile unsigned char *)(mem + at));
	close(fd);
	return mem;
}

static unsigned char *alloc_mixed(size_t length)
{
	unsigned char *mem = reserve(length);
	size_t at;

	ASSERT_EQ(0, length % HUGE);
	for (at = 0; at < length; at += 2 * HUGE) {
		make_huge(mem + at, HUGE);
		mem[at] = 1;
		ASSERT_EQ(1, mem_runs(mem + at, HUGE));
		if (at + HUGE < length)
			shuffle(mem + at + HUGE, HUGE);
	}
	return mem;
}

unsigned char *mem_alloc(enum mem_kind kind, size_t length)
{
	unsigned char *mem;

	switch (kind) {
	case MEM_ORDERED:
		mem = reserve(length);
		mem_keep_small(mem, length);
		memset(mem, 1, length);
		return mem;
	case MEM_SHUFFLED:
		mem = reserve(length);
		shuffle(mem, length);
		return mem;
	case MEM_THP:
		return alloc_thp(length);
	case MEM_HUGETLB:
		return alloc_hugetlb(length);
	case MEM_MEMFD:
		return alloc_memfd(length, MAP_SHARED, 0);
	case MEM_MEMFD_HUGE:
		fill_hugetlb_pool(length);
		return alloc_memfd(length, MAP_SHARED, MFD_HUGETLB);
	case MEM_PRIVATE:
		return alloc_memfd(length, MAP_PRIVATE, 0);
	case MEM_MIXED:
		return alloc_mixed(length);
	}
	return NULL;
}

int mem_open_file(const void *mem)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long start = 0, end;
	char path[64];
	int fd;

	ASSERT_NE(NULL, f);
	while (start != (unsigned long)mem)
		ASSERT_LT(0, fscanf(f, "%lx-%lx%*[^\n]", &start, &end));
	fclose(f);
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", start, end);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	return fd;
}

/* The golden ratio spreads the index over all bits. */
static uint64_t word(size_t index, uint64_t seed)
{
	return (index + 1 + (seed << 40)) * 0x9e3779b97f4a7c15;
}

void mem_fill(void *mem, size_t length, uint64_t seed)
{
	uint64_t *p = mem;

	for (size_t i = 0; i < length / 8; i++)
		p[i] = word(i, seed);
}

bool mem_is_filled(const void *mem, size_t length, uint64_t seed)
{
	const uint64_t *p = mem;

	for (size_t i = 0; i < length / 8; i++) {
		if (p[i] != word(i, seed)) {
			TH_LOG("the word at %#zx is wrong", i * 8);
			return false;
		}
	}
	return true;
}
