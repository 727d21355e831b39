/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What most tests start from: a process with memory of a known layout, an IOVA
 * space, and page tables of a mock IOMMU for it.
 *
 *	WORLD_CASE(iopt_map_fixed)
 *	{
 *		WORLD_MAP(w, ...);
 *	}
 *
 * The test runs between world_enter() and world_leave(), in one thread.
 * world_leave() expects that the test has cleaned up: nothing pinned, charged
 * or mapped, no area left.
 */
#ifndef INX_KUNIT_WORLD_H
#define INX_KUNIT_WORLD_H

#include <kunit/test.h>
#include <linux/iommu.h>

#include "account.h"
#include "area.h"
#include "env.h"
#include "iopt.h"
#include "mem.h"
#include "mock.h"
#include "object.h"
#include "pages.h"

struct inx_device;

#define WORLD_DOMAINS 3
#define WORLD_IOPTS 2
#define WORLD_UADDR 0x40000000UL
#define WORLD_PAGES 512UL
#define WORLD_RW (IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)

/**
 * struct world_config - a parameter of a test
 * @name: as it is reported
 * @page_sizes: IO page sizes, a bit each; 0 for what the mock has by itself
 * @domains: page tables that are there when the test begins
 * @mode: whom pages are charged to
 * @layout: of the memory
 * @small_pages: the option HUGE_PAGES is off
 */
struct world_config {
	const char *name;
	unsigned long page_sizes;
	unsigned int domains;
	enum inx_account_mode mode;
	enum mem_layout layout;
	bool small_pages;
};

/**
 * struct world_domain - a page table
 * @link: as the IOVA space knows it
 * @iopt: which follows it; NULL when it is in none
 */
struct world_domain {
	struct inx_domain_link link;
	struct inx_iopt *iopt;
};

/**
 * struct world - all of it
 * @test: the test
 * @config: its parameter
 * @mm: the process
 * @old_cred: of the thread before
 * @cred: of the process
 * @old_limit: of locked memory, before
 * @account: whom maps are charged to
 * @iommu: the mock IOMMU
 * @iopts: IOVA spaces
 * @domains: page tables
 * @mem: memory, WORLD_PAGES of it
 * @file: an open /dev/iommu-next, after world_open()
 * @ctx: its context
 * @arg: user address for arguments of ioctls, a page
 */
struct world {
	struct kunit *test;
	struct world_config config;
	struct mm_struct *mm;
	const struct cred *old_cred;
	const struct cred *cred;
	unsigned long old_limit;
	struct inx_account account;
	struct mock_iommu *iommu;
	struct inx_iopt iopts[WORLD_IOPTS];
	struct world_domain domains[WORLD_DOMAINS];
	struct mem *mem;
	struct file *file;
	struct inx_ctx *ctx;
	unsigned long arg;
};

struct world *world_enter(struct kunit *test,
			  const struct world_config *config);
void world_leave(struct world *w);

/* A test, with a parameter of struct world_config or without one. */
#define WORLD_CASE(_name)                                                      \
	static void _name##_body(struct kunit *test, struct world *w);         \
	static void _name(struct kunit *test)                                  \
	{                                                                      \
		struct world *w = world_enter(test, test->param_value);        \
									       \
		_name##_body(test, w);                                         \
		world_leave(w);                                                \
	}                                                                      \
	static void _name##_body(struct kunit *test, struct world *w)

static inline void world_describe(const struct world_config *config, char *desc)
{
	strscpy(desc, config->name, KUNIT_PARAM_DESC_SIZE);
}

/* Smallest IO page of the configuration, at most a page. */
unsigned long world_granule(const struct world *w);

/* The door: open the node, call it, and make what most ioctls are about. */
void world_open(struct world *w);
long world_file_ioctl(struct world *w, struct file *file, unsigned int cmd,
		      void *arg, size_t size);

static inline long world_ioctl(struct world *w, unsigned int cmd, void *arg,
			       size_t size)
{
	return world_file_ioctl(w, w->file, cmd, arg, size);
}

u32 world_ioas_alloc(struct world *w);
/* IOMMU_NEXT_IOAS_MAP of memory from byte @offset on, for reading and writing. */
int world_ioas_map(struct world *w, u32 ioas, unsigned long offset,
		   unsigned long length, u64 iova);
int world_destroy(struct world *w, u32 id);
unsigned int world_objects(const struct world *w);

/**
 * struct world_device - a device and what it can be attached to
 * @mock: a device of the world's IOMMU
 * @idev: bound; NULL when the test has unbound it
 * @ioas: ID of an IOAS with the start of the memory
 */
struct world_device {
	struct mock_device *mock;
	struct inx_device *idev;
	u32 ioas;
};

/* After world_open(). The test is aborted when it is not possible. */
void world_device_make(struct world *w, struct world_device *d,
		       unsigned long length, u64 iova);
void world_device_end(struct world *w, struct world_device *d);

int world_attach(struct world *w, unsigned int domain, struct inx_iopt *iopt);
void world_detach(struct world *w, unsigned int domain);

struct inx_area *world_area(struct world *w, unsigned long uaddr,
			    unsigned long length, bool writable);
int world_map_prot(struct world *w, struct inx_iopt *iopt, unsigned long offset,
		   unsigned long length, unsigned long *iova, bool fixed,
		   unsigned int prot);
int world_unmap(struct world *w, struct inx_iopt *iopt, unsigned long iova,
		unsigned long length);

/* Map memory from byte @offset on at @iova, for reading and writing. */
static inline int world_map(struct world *w, unsigned long offset,
			    unsigned long length, unsigned long iova)
{
	return world_map_prot(w, &w->iopts[0], offset, length, &iova, true,
			      WORLD_RW);
}

unsigned int world_areas(struct inx_iopt *iopt);

/* Pages that are charged, by what the kernel shows of the process. */
unsigned long world_pinned(const struct world *w);
unsigned long world_locked(const struct world *w);

void world_expect_mapped(struct world *w, struct iommu_domain *domain,
			 unsigned long iova, unsigned long offset,
			 unsigned long length);
void world_expect_unmapped(struct world *w, struct iommu_domain *domain,
			   unsigned long iova, unsigned long length);

/* Every page table of the first IOVA space has it. */
void world_expect_map(struct world *w, unsigned long iova, unsigned long offset,
		      unsigned long length);
void world_expect_pages(struct world *w, unsigned long npages);

#endif
