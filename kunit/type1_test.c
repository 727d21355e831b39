// SPDX-License-Identifier: GPL-2.0-only
/*
 * type1 as a container of VFIO has it: what its ioctls answer, what is unmapped
 * of a mapping, and what becomes of an IOAS of its own or of somebody else's.
 */
#include <linux/err.h>
#include <linux/iommu_next.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <uapi/linux/vfio.h>

#include "ioas.h"
#include "type1.h"
#include "world.h"

#define IOVA 0x10000000UL
#define NPAGES 16UL
#define LENGTH (NPAGES * PAGE_SIZE)

struct t1 {
	struct world *w;
	struct inx_type1 *type1;
	struct inx_iopt *iopt;
};

/* With an IOAS of its own, which has a page table. */
static void t1_enter(struct world *w, struct t1 *t, bool v2)
{
	world_open(w);
	t->w = w;
	t->type1 = iommu_next_type1_create(w->ctx, 0, v2);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(w->test, t->type1);
	t->iopt = &t->type1->ioas->iopt;
	KUNIT_ASSERT_EQ(w->test, 0, world_attach(w, 0, t->iopt));
}

static void t1_leave(struct t1 *t)
{
	world_expect_pages(t->w, 0);
	world_detach(t->w, 0);
	iommu_next_type1_destroy(t->type1);
	rcu_barrier();
}

static long t1_ioctl(struct t1 *t, unsigned int cmd, void *arg, size_t size)
{
	void __user *uptr = (void __user *)t->w->arg;
	long rc;

	if (copy_to_user(uptr, arg, size))
		return -EFAULT;
	rc = iommu_next_type1_ioctl(t->type1, cmd, t->w->arg);
	return copy_from_user(arg, uptr, size) ? -EFAULT : rc;
}

static int t1_map_flags(struct t1 *t, u32 flags, unsigned long page,
			unsigned long npages)
{
	struct vfio_iommu_type1_dma_map arg = {
		.argsz = sizeof(arg),
		.flags = flags,
		.vaddr = t->w->mem->uaddr + page * PAGE_SIZE,
		.iova = IOVA + page * PAGE_SIZE,
		.size = npages * PAGE_SIZE,
	};

	return t1_ioctl(t, VFIO_IOMMU_MAP_DMA, &arg, sizeof(arg));
}

static int t1_map(struct t1 *t, unsigned long page, unsigned long npages)
{
	return t1_map_flags(t, VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
			    page, npages);
}

/* Unmap; *size is what was, as the ioctl answers. */
static int t1_unmap_bytes(struct t1 *t, u32 flags, u64 iova, u64 *size)
{
	struct vfio_iommu_type1_dma_unmap arg = {
		.argsz = sizeof(arg), .flags = flags, .iova = iova,
		.size = *size,
	};
	int rc = t1_ioctl(t, VFIO_IOMMU_UNMAP_DMA, &arg, sizeof(arg));

	*size = arg.size;
	return rc;
}

/* Pages that went, or an errno; a refusal does not touch what was asked for. */
static long t1_unmap(struct t1 *t, unsigned long page, unsigned long npages)
{
	u64 size = npages * PAGE_SIZE, was = size;
	int rc;

	rc = t1_unmap_bytes(t, 0, IOVA + page * PAGE_SIZE, &size);
	if (!rc)
		return size >> PAGE_SHIFT;
	KUNIT_EXPECT_EQ(t->w->test, was, size);
	return rc;
}

/* Which of the pages are mapped, a bit each, and to what they should be. */
static u32 t1_mapped(struct t1 *t)
{
	struct iommu_domain *domain = t->w->domains[0].link.domain;
	unsigned long page;
	u32 bits = 0;

	for (page = 0; page < NPAGES; page++) {
		phys_addr_t phys = iommu_iova_to_phys(domain,
						      IOVA + page * PAGE_SIZE);

		if (!phys)
			continue;
		KUNIT_EXPECT_EQ(t->w->test, mem_phys(t->w->mem,
						     page * PAGE_SIZE), phys);
		bits |= BIT(page);
	}
	world_expect_pages(t->w, hweight32(bits));
	return bits;
}

/* A mapping goes as a whole, and who asks for a part is refused. */
WORLD_CASE(type1_v2)
{
	u64 size = 0;
	struct t1 t;

	t1_enter(w, &t, true);
	KUNIT_EXPECT_EQ(test, 0, t1_map(&t, 0, 8));
	KUNIT_EXPECT_EQ(test, 0, t1_map(&t, 8, 8));
	KUNIT_EXPECT_EQ(test, -EEXIST, t1_map(&t, 7, 2));
	KUNIT_EXPECT_EQ(test, -EINVAL, t1_unmap(&t, 0, 7));
	KUNIT_EXPECT_EQ(test, -EINVAL, t1_unmap(&t, 1, 7));
	KUNIT_EXPECT_EQ(test, -EINVAL, t1_unmap(&t, 4, 8));
	KUNIT_EXPECT_EQ(test, 0xffffU, t1_mapped(&t));
	KUNIT_EXPECT_EQ(test, 8L, t1_unmap(&t, 0, 8));
	KUNIT_EXPECT_EQ(test, 0xff00U, t1_mapped(&t));
	/* Where there is nothing, nothing is unmapped, and that is no error. */
	KUNIT_EXPECT_EQ(test, 0L, t1_unmap(&t, 0, 8));
	KUNIT_EXPECT_EQ(test, 0, t1_map(&t, 2, 2));
	KUNIT_EXPECT_EQ(test, 10L, t1_unmap(&t, 0, 16));
	KUNIT_EXPECT_EQ(test, 0, t1_map(&t, 0, NPAGES));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			t1_unmap_bytes(&t, VFIO_DMA_UNMAP_FLAG_ALL, IOVA,
				       &size));
	KUNIT_EXPECT_EQ(test, 0, t1_unmap_bytes(&t, VFIO_DMA_UNMAP_FLAG_ALL, 0,
						&size));
	KUNIT_EXPECT_EQ(test, (u64)LENGTH, size);
	t1_leave(&t);
}

/* IO pages of 4 KiB: any part of a mapping goes. */
WORLD_CASE(type1_v1_parts)
{
	struct t1 t;

	t1_enter(w, &t, false);
	KUNIT_EXPECT_EQ(test, 0, t1_map(&t, 0, NPAGES));
	KUNIT_EXPECT_EQ(test, 3L, t1_unmap(&t, 4, 3));
	KUNIT_EXPECT_EQ(test, 0xff8fU, t1_mapped(&t));
	KUNIT_EXPECT_EQ(test, 1L, t1_unmap(&t, 0, 1));
	KUNIT_EXPECT_EQ(test, 0xff8eU, t1_mapped(&t));
	/* Across the gap, with a part of what lies on both sides of it. */
	KUNIT_EXPECT_EQ(test, 4L, t1_unmap(&t, 2, 7));
	KUNIT_EXPECT_EQ(test, 0xfe02U, t1_mapped(&t));
	KUNIT_EXPECT_EQ(test, 0L, t1_unmap(&t, 2, 7));
	KUNIT_EXPECT_EQ(test, 8L, t1_unmap(&t, 0, NPAGES));
	t1_leave(&t);
}

/*
 * Memory of one run behind IO pages of all sizes: a mapping goes with its first
 * byte, where no smaller part of it can.
 */
WORLD_CASE(type1_v1_large_pages)
{
	struct t1 t;

	t1_enter(w, &t, false);
	KUNIT_EXPECT_EQ(test, 0, t1_map(&t, 0, NPAGES));
	/* Without the first byte it stays. */
	KUNIT_EXPECT_EQ(test, 0L, t1_unmap(&t, 3, 2));
	KUNIT_EXPECT_EQ(test, 0L, t1_unmap(&t, 15, 1));
	KUNIT_EXPECT_EQ(test, 0xffffU, t1_mapped(&t));
	KUNIT_EXPECT_EQ(test, (long)NPAGES, t1_unmap(&t, 0, 3));
	KUNIT_EXPECT_EQ(test, 0U, t1_mapped(&t));
	/* Pages 1 to 3, 4 to 7, 8 to 11, 12: no IO page lies across 4 or 8. */
	KUNIT_EXPECT_EQ(test, 0, t1_map(&t, 1, 12));
	KUNIT_EXPECT_EQ(test, 4L, t1_unmap(&t, 4, 4));
	KUNIT_EXPECT_EQ(test, 0x1f0eU, t1_mapped(&t));
	/* The end does not fit: all of the mapping that begins there goes. */
	KUNIT_EXPECT_EQ(test, 5L, t1_unmap(&t, 8, 2));
	KUNIT_EXPECT_EQ(test, 0x000eU, t1_mapped(&t));
	KUNIT_EXPECT_EQ(test, 3L, t1_unmap(&t, 0, 4));
	t1_leave(&t);
}

/* Pages that lie apart are apart in the page table, too. */
WORLD_CASE(type1_v1_scattered)
{
	struct t1 t;

	t1_enter(w, &t, false);
	KUNIT_EXPECT_EQ(test, 0, t1_map(&t, 0, NPAGES));
	KUNIT_EXPECT_EQ(test, 2L, t1_unmap(&t, 5, 2));
	KUNIT_EXPECT_EQ(test, 0xff9fU, t1_mapped(&t));
	KUNIT_EXPECT_EQ(test, 14L, t1_unmap(&t, 0, NPAGES));
	t1_leave(&t);
}

WORLD_CASE(type1_refused)
{
	struct vfio_iommu_type1_dma_unmap unmap = { .size = PAGE_SIZE };
	unsigned int flag;
	struct t1 t;
	u64 size;

	t1_enter(w, &t, true);
	/* A mapping without any right, and with one that there is not. */
	KUNIT_EXPECT_EQ(test, -EINVAL, t1_map_flags(&t, 0, 0, 1));
	for (flag = 2; flag < 32; flag++)
		KUNIT_EXPECT_EQ(test, -EINVAL,
				t1_map_flags(&t, BIT(flag) | 1, 0, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, t1_map(&t, 0, 0));
	KUNIT_EXPECT_EQ(test, 0, t1_map(&t, 0, 1));
	/* Not of whole pages, of none, beyond the end. */
	size = PAGE_SIZE / 2;
	KUNIT_EXPECT_EQ(test, -EINVAL, t1_unmap_bytes(&t, 0, IOVA, &size));
	size = PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, -EINVAL, t1_unmap_bytes(&t, 0, IOVA + 512,
						      &size));
	size = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL, t1_unmap_bytes(&t, 0, IOVA, &size));
	size = 2 * PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, -EOVERFLOW,
			t1_unmap_bytes(&t, 0, U64_MAX & PAGE_MASK, &size));
	size = PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, -EINVAL, t1_unmap_bytes(&t, BIT(5), IOVA, &size));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			(int)t1_ioctl(&t, VFIO_IOMMU_UNMAP_DMA, &unmap,
				      sizeof(unmap)));
	KUNIT_EXPECT_EQ(test, -ENOTTY,
			(int)iommu_next_type1_ioctl(t.type1,
						    VFIO_IOMMU_DIRTY_PAGES,
						    w->arg));
	KUNIT_EXPECT_EQ(test, -EFAULT,
			(int)iommu_next_type1_ioctl(t.type1,
						    VFIO_IOMMU_UNMAP_DMA, 0));
	KUNIT_EXPECT_EQ(test, 1U, t1_mapped(&t));
	KUNIT_EXPECT_EQ(test, 1L, t1_unmap(&t, 0, 1));
	t1_leave(&t);
}

/* What only such a container tells: how large a bitmap of its pages can be. */
WORLD_CASE(type1_info)
{
	struct {
		struct vfio_iommu_type1_info info;
		u8 caps[512];
	} arg = { .info.argsz = sizeof(arg) };
	struct vfio_iommu_type1_info_cap_migration *migration;
	struct vfio_info_cap_header *next;
	struct t1 t;

	t1_enter(w, &t, true);
	KUNIT_ASSERT_EQ(test, 0, (int)t1_ioctl(&t, VFIO_IOMMU_GET_INFO, &arg,
					       sizeof(arg)));
	KUNIT_EXPECT_EQ(test, (u64)(SZ_4K | SZ_2M), arg.info.iova_pgsizes);
	KUNIT_ASSERT_EQ(test, (u32)sizeof(arg.info), arg.info.cap_offset);
	migration = (void *)&arg + arg.info.cap_offset;
	KUNIT_EXPECT_EQ(test, VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION,
			(int)migration->header.id);
	KUNIT_EXPECT_EQ(test, (u64)PAGE_SIZE, migration->pgsize_bitmap);
	KUNIT_EXPECT_EQ(test, (u64)SZ_256M, migration->max_dirty_bitmap_size);
	next = (void *)&arg + migration->header.next;
	KUNIT_EXPECT_EQ(test, VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL, (int)next->id);
	next = (void *)&arg + next->next;
	KUNIT_EXPECT_EQ(test, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE,
			(int)next->id);
	KUNIT_EXPECT_EQ(test, 0U, next->next);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, iommu_next_type1_page_size(t.type1));
	KUNIT_EXPECT_TRUE(test, iommu_next_type1_has_hardware(t.type1));
	/* The mock's page tables do not force it. */
	KUNIT_EXPECT_FALSE(test, iommu_next_type1_is_coherent(t.type1));
	world_detach(w, 0);
	KUNIT_EXPECT_FALSE(test, iommu_next_type1_has_hardware(t.type1));
	KUNIT_EXPECT_TRUE(test, iommu_next_type1_is_coherent(t.type1));
	KUNIT_ASSERT_EQ(test, 0, world_attach(w, 0, t.iopt));
	t1_leave(&t);
}

/* Whose IOAS it is decides what goes with the container. */
WORLD_CASE(type1_ioas)
{
	struct inx_type1 *own, *other;
	struct t1 t = { .w = w };
	u32 id;

	world_open(w);
	id = world_ioas_alloc(w);
	KUNIT_EXPECT_EQ(test, -ENOENT,
			(int)PTR_ERR(iommu_next_type1_create(w->ctx, 4711,
							     true)));
	own = iommu_next_type1_create(w->ctx, 0, true);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, own);
	other = iommu_next_type1_create(w->ctx, id, true);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	KUNIT_EXPECT_EQ(test, id, iommu_next_type1_ioas(other));
	KUNIT_EXPECT_NE(test, id, iommu_next_type1_ioas(own));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, id));
	KUNIT_EXPECT_EQ(test, -EBUSY,
			world_destroy(w, iommu_next_type1_ioas(own)));
	t.type1 = own;
	KUNIT_EXPECT_EQ(test, 0, t1_map(&t, 0, 4));
	t.type1 = other;
	KUNIT_EXPECT_EQ(test, 0, t1_map(&t, 0, 4));
	/* Only its own is emptied. */
	iommu_next_type1_empty(other);
	iommu_next_type1_empty(own);
	KUNIT_EXPECT_EQ(test, 0U, world_areas(&own->ioas->iopt));
	KUNIT_EXPECT_EQ(test, 1U, world_areas(&other->ioas->iopt));
	t.type1 = own;
	KUNIT_EXPECT_EQ(test, 0, t1_map(&t, 0, 4));
	iommu_next_type1_destroy(other);
	iommu_next_type1_destroy(own);
	KUNIT_EXPECT_EQ(test, 1U, world_objects(w));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, id));
	rcu_barrier();
}

/* No memory for it: nothing is left. */
WORLD_CASE(type1_without_memory)
{
	struct inx_type1 *type1 = ERR_PTR(-ENOMEM);
	unsigned long bytes;

	KUNIT_ASSERT_EQ(test, 0, env_faults_init());
	world_open(w);
	for (bytes = 0; IS_ERR(type1) && bytes < SZ_16K; bytes += 64) {
		KUNIT_ASSERT_EQ(test, 0, env_starve(bytes));
		type1 = iommu_next_type1_create(w->ctx, 0, true);
		env_has_starved();
		if (!IS_ERR(type1))
			break;
		KUNIT_EXPECT_EQ(test, -ENOMEM, (int)PTR_ERR(type1));
		KUNIT_EXPECT_EQ(test, 0U, world_objects(w));
	}
	KUNIT_EXPECT_GT(test, bytes, sizeof(*type1));
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, type1);
	iommu_next_type1_destroy(type1);
	rcu_barrier();
}

struct t1_walk {
	unsigned long start[4];
	unsigned long last[4];
	unsigned int nr;
	unsigned int stop;
};

static int t1_walked(unsigned long start, unsigned long last, void *arg)
{
	struct t1_walk *walk = arg;

	walk->start[walk->nr] = start;
	walk->last[walk->nr++] = last;
	return walk->nr == walk->stop ? -EINTR : 0;
}

WORLD_CASE(type1_walk)
{
	struct t1_walk walk = {};
	struct inx_area *area;
	unsigned long size;
	struct t1 t;

	t1_enter(w, &t, true);
	KUNIT_EXPECT_EQ(test, 0, t1_map(&t, 0, 2));
	KUNIT_EXPECT_EQ(test, 0, t1_map(&t, 4, 2));
	KUNIT_EXPECT_EQ(test, 0, t1_map(&t, 8, 2));
	KUNIT_EXPECT_EQ(test, 0, iommu_next_type1_walk(t.type1, 0, ULONG_MAX,
						       t1_walked, &walk));
	KUNIT_EXPECT_EQ(test, 3U, walk.nr);
	KUNIT_EXPECT_EQ(test, IOVA, walk.start[0]);
	KUNIT_EXPECT_EQ(test, IOVA + 6 * PAGE_SIZE - 1, walk.last[1]);
	KUNIT_EXPECT_EQ(test, IOVA + 8 * PAGE_SIZE, walk.start[2]);
	/* Those with a part of the range, as they are; until it has enough. */
	walk.nr = 0;
	KUNIT_EXPECT_EQ(test, 0,
			iommu_next_type1_walk(t.type1, IOVA + PAGE_SIZE,
					      IOVA + 4 * PAGE_SIZE, t1_walked,
					      &walk));
	KUNIT_EXPECT_EQ(test, 2U, walk.nr);
	KUNIT_EXPECT_EQ(test, IOVA, walk.start[0]);
	walk.nr = 0;
	walk.stop = 1;
	KUNIT_EXPECT_EQ(test, -EINTR,
			iommu_next_type1_walk(t.type1, 0, ULONG_MAX, t1_walked,
					      &walk));
	KUNIT_EXPECT_EQ(test, 1U, walk.nr);
	/* What is just being unmapped is no mapping any more. */
	area = inx_space_first(&t.iopt->space, IOVA, IOVA);
	area->state = INX_AREA_LEAVING;
	walk.nr = 0;
	walk.stop = 0;
	KUNIT_EXPECT_EQ(test, 0, iommu_next_type1_walk(t.type1, 0, ULONG_MAX,
						       t1_walked, &walk));
	KUNIT_EXPECT_EQ(test, 2U, walk.nr);
	KUNIT_EXPECT_EQ(test, -EBUSY, t1_unmap(&t, 0, 2));
	area->state = INX_AREA_LIVE;
	/* The same by the call for drivers. */
	KUNIT_EXPECT_EQ(test, 0L, iommu_next_type1_unmap(t.type1, IOVA, LENGTH,
							 &size));
	KUNIT_EXPECT_EQ(test, 6 * PAGE_SIZE, size);
	KUNIT_EXPECT_EQ(test, (long)-EINVAL,
			iommu_next_type1_unmap(t.type1, IOVA, 0, &size));
	KUNIT_EXPECT_EQ(test, 0UL, size);
	t1_leave(&t);
}

static const struct world_config type1_bare[] = {
	{ .name = "large pages", .page_sizes = SZ_4K | SZ_2M },
};

static const struct world_config type1_pages[] = {
	{ .name = "pages, contiguous", .page_sizes = SZ_4K },
	{ .name = "pages, in runs", .page_sizes = SZ_4K, .layout = MEM_RUNS,
	  .mode = INX_ACCOUNT_MM },
};

static const struct world_config type1_all_sizes[] = {
	{ .name = "all sizes, contiguous", .page_sizes = GENMASK(30, 12),
	  .layout = MEM_CONTIG },
};

static const struct world_config type1_scattered[] = {
	{ .name = "all sizes, scattered", .page_sizes = GENMASK(30, 12),
	  .layout = MEM_SCATTERED, .mode = INX_ACCOUNT_MM },
};

KUNIT_ARRAY_PARAM(type1_bare, type1_bare, world_describe);
KUNIT_ARRAY_PARAM(type1_pages, type1_pages, world_describe);
KUNIT_ARRAY_PARAM(type1_all_sizes, type1_all_sizes, world_describe);
KUNIT_ARRAY_PARAM(type1_scattered, type1_scattered, world_describe);

static struct kunit_case type1_cases[] = {
	KUNIT_CASE_PARAM(type1_v2, type1_bare_gen_params),
	KUNIT_CASE_PARAM(type1_v1_parts, type1_pages_gen_params),
	KUNIT_CASE_PARAM(type1_v1_large_pages, type1_all_sizes_gen_params),
	KUNIT_CASE_PARAM(type1_v1_scattered, type1_scattered_gen_params),
	KUNIT_CASE_PARAM(type1_refused, type1_bare_gen_params),
	KUNIT_CASE_PARAM(type1_info, type1_bare_gen_params),
	KUNIT_CASE_PARAM(type1_ioas, type1_bare_gen_params),
	KUNIT_CASE_PARAM(type1_without_memory, type1_bare_gen_params),
	KUNIT_CASE_PARAM(type1_walk, type1_bare_gen_params),
	{}
};

static struct kunit_suite type1_suite = {
	.name = "inx_type1",
	.test_cases = type1_cases,
};

kunit_test_suite(type1_suite);
