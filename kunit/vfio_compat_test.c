// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of a VFIO container: which IOAS they act on, sizes of arguments
 * and answers, and what type1 and type1v2 do with a part of a mapping.
 */
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommu-next.h>
#include <uapi/linux/vfio.h>

#include "ioas.h"
#include "pin.h"
#include "world.h"

#define IOVA 0x10000000UL
#define NPAGES 16UL
#define LENGTH (NPAGES * PAGE_SIZE)

#define INFO_MIN offsetofend(struct vfio_iommu_type1_info, iova_pgsizes)

/* The answer to GET_INFO, with room for what comes behind the struct. */
struct info {
	struct vfio_iommu_type1_info info;
	u8 caps[512];
};

static int vfio_ioas(struct world *w, u16 op, u32 *ioas)
{
	struct iommu_next_vfio_ioas arg = {
		.size = sizeof(arg), .op = op, .ioas_id = ioas ? *ioas : 0,
	};
	int rc = world_ioctl(w, IOMMU_NEXT_VFIO_IOAS, &arg, sizeof(arg));

	if (ioas)
		*ioas = arg.ioas_id;
	return rc;
}

/* For those whose argument is a number. */
static int vfio_number(struct world *w, unsigned int cmd, unsigned long arg)
{
	return w->file->f_op->unlocked_ioctl(w->file, cmd, arg);
}

static int vfio_info(struct world *w, u32 argsz, struct info *info)
{
	memset(info, 0xee, sizeof(*info));
	info->info.argsz = argsz;
	return world_ioctl(w, VFIO_IOMMU_GET_INFO, info, sizeof(*info));
}

static int vfio_map(struct world *w, unsigned long offset, u64 iova, u64 size)
{
	struct vfio_iommu_type1_dma_map arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = w->mem->uaddr + offset,
		.iova = iova,
		.size = size,
	};

	return world_ioctl(w, VFIO_IOMMU_MAP_DMA, &arg, sizeof(arg));
}

static int vfio_unmap(struct world *w, u32 flags, u64 iova, u64 *size)
{
	struct vfio_iommu_type1_dma_unmap arg = {
		.argsz = sizeof(arg), .flags = flags, .iova = iova,
		.size = *size,
	};
	int rc = world_ioctl(w, VFIO_IOMMU_UNMAP_DMA, &arg, sizeof(arg));

	*size = arg.size;
	return rc;
}

static int vfio_unmap_pages(struct world *w, unsigned long first,
			    unsigned long npages)
{
	u64 size = npages << PAGE_SHIFT;

	return vfio_unmap(w, 0, IOVA + (first << PAGE_SHIFT), &size);
}

/* An open file with an IOAS that is chosen, and its IOVA space. */
static struct inx_iopt *vfio_enter(struct world *w, u32 *id)
{
	struct inx_ioas *ioas;

	world_open(w);
	*id = world_ioas_alloc(w);
	KUNIT_ASSERT_EQ(w->test, 0, vfio_ioas(w, IOMMU_NEXT_VFIO_IOAS_SET, id));
	ioas = inx_ioas_get(w->ctx, *id);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(w->test, ioas);
	/* It stays until it is destroyed. */
	inx_ioas_put(ioas);
	return &ioas->iopt;
}

static void vfio_leave(struct world *w, u32 id)
{
	KUNIT_EXPECT_EQ(w->test, 0, world_destroy(w, id));
	rcu_barrier();
}

WORLD_CASE(vfio_chosen_ioas)
{
	struct iommu_next_vfio_ioas arg = { .size = sizeof(arg), .op = 77 };
	u32 a, b, id = 0;

	world_open(w);
	KUNIT_EXPECT_EQ(test, -ENODEV, vfio_ioas(w, IOMMU_NEXT_VFIO_IOAS_GET,
						 &id));
	KUNIT_EXPECT_EQ(test, 0, vfio_ioas(w, IOMMU_NEXT_VFIO_IOAS_CLEAR,
					   NULL));
	id = 4711;
	KUNIT_EXPECT_EQ(test, -ENOENT, vfio_ioas(w, IOMMU_NEXT_VFIO_IOAS_SET,
						 &id));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			(int)world_ioctl(w, IOMMU_NEXT_VFIO_IOAS, &arg,
					 sizeof(arg)));
	arg.op = IOMMU_NEXT_VFIO_IOAS_GET;
	arg.__reserved = 1;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			(int)world_ioctl(w, IOMMU_NEXT_VFIO_IOAS, &arg,
					 sizeof(arg)));
	a = world_ioas_alloc(w);
	b = world_ioas_alloc(w);
	KUNIT_EXPECT_EQ(test, 0, vfio_ioas(w, IOMMU_NEXT_VFIO_IOAS_SET, &a));
	KUNIT_EXPECT_EQ(test, 0, vfio_ioas(w, IOMMU_NEXT_VFIO_IOAS_GET, &id));
	KUNIT_EXPECT_EQ(test, a, id);
	KUNIT_EXPECT_EQ(test, 0, vfio_ioas(w, IOMMU_NEXT_VFIO_IOAS_SET, &b));
	/* Not the chosen one: that stays chosen. */
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, a));
	KUNIT_EXPECT_EQ(test, 0, vfio_ioas(w, IOMMU_NEXT_VFIO_IOAS_GET, &id));
	KUNIT_EXPECT_EQ(test, b, id);
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, b));
	KUNIT_EXPECT_EQ(test, -ENODEV, vfio_ioas(w, IOMMU_NEXT_VFIO_IOAS_GET,
						 &id));
	a = world_ioas_alloc(w);
	KUNIT_EXPECT_EQ(test, 0, vfio_ioas(w, IOMMU_NEXT_VFIO_IOAS_SET, &a));
	KUNIT_EXPECT_EQ(test, 0, vfio_ioas(w, IOMMU_NEXT_VFIO_IOAS_CLEAR,
					   NULL));
	KUNIT_EXPECT_EQ(test, -ENODEV, vfio_ioas(w, IOMMU_NEXT_VFIO_IOAS_GET,
						 &id));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, a));
	rcu_barrier();
}

/* One that is being destroyed, while somebody still looks at it. */
WORLD_CASE(vfio_chosen_ioas_goes)
{
	struct inx_ioas *ioas;
	u32 id;

	world_open(w);
	id = world_ioas_alloc(w);
	ioas = inx_ioas_get(w->ctx, id);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ioas);
	KUNIT_EXPECT_EQ(test, 0, vfio_ioas(w, IOMMU_NEXT_VFIO_IOAS_SET, &id));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, id));
	KUNIT_EXPECT_NULL(test, w->ctx->vfio_ioas);
	KUNIT_EXPECT_EQ(test, -ENOENT, vfio_ioas(w, IOMMU_NEXT_VFIO_IOAS_SET,
						 &id));
	inx_ioas_put(ioas);
	rcu_barrier();
}

WORLD_CASE(vfio_without_ioas)
{
	struct info info;
	u64 size = LENGTH;

	world_open(w);
	KUNIT_EXPECT_EQ(test, VFIO_API_VERSION,
			vfio_number(w, VFIO_GET_API_VERSION, 0));
	KUNIT_EXPECT_EQ(test, 1, vfio_number(w, VFIO_CHECK_EXTENSION,
					     VFIO_TYPE1_IOMMU));
	KUNIT_EXPECT_EQ(test, -ENODEV, vfio_number(w, VFIO_CHECK_EXTENSION,
						   VFIO_DMA_CC_IOMMU));
	KUNIT_EXPECT_EQ(test, -ENODEV, vfio_number(w, VFIO_SET_IOMMU,
						   VFIO_TYPE1_IOMMU));
	KUNIT_EXPECT_EQ(test, -EINVAL, vfio_number(w, VFIO_SET_IOMMU, 99));
	KUNIT_EXPECT_EQ(test, -ENODEV, vfio_info(w, sizeof(info), &info));
	KUNIT_EXPECT_EQ(test, -ENODEV, vfio_map(w, 0, IOVA, LENGTH));
	KUNIT_EXPECT_EQ(test, -ENODEV, vfio_unmap(w, 0, IOVA, &size));
	/* What is VFIO's, and not a container's any more. */
	KUNIT_EXPECT_EQ(test, -ENOTTY, vfio_number(w, VFIO_IOMMU_DIRTY_PAGES,
						   w->arg));
}

WORLD_CASE(vfio_extensions)
{
	struct inx_iopt *iopt;
	unsigned long ext;
	u32 id;

	iopt = vfio_enter(w, &id);
	for (ext = 0; ext < 16; ext++) {
		int want = ext == VFIO_TYPE1_IOMMU ||
			   ext == VFIO_TYPE1v2_IOMMU || ext == VFIO_UNMAP_ALL ||
			   ext == VFIO_DMA_CC_IOMMU;

		KUNIT_EXPECT_EQ(test, want,
				vfio_number(w, VFIO_CHECK_EXTENSION, ext));
	}
	/* The mock's page tables do not force snooping by themselves. */
	KUNIT_ASSERT_EQ(test, 0, world_attach(w, 0, iopt));
	KUNIT_EXPECT_EQ(test, 0, vfio_number(w, VFIO_CHECK_EXTENSION,
					     VFIO_DMA_CC_IOMMU));
	world_detach(w, 0);
	vfio_leave(w, id);
}

/* As much of the answer as there is room for, and how much there would be. */
WORLD_CASE(vfio_info_sizes)
{
	struct vfio_iommu_type1_info_cap_iova_range *ranges;
	struct vfio_iommu_type1_info_dma_avail *avail;
	struct inx_iopt *iopt;
	struct info info;
	u32 id, whole, size;

	iopt = vfio_enter(w, &id);
	for (size = 0; size < INFO_MIN; size++)
		KUNIT_EXPECT_EQ(test, -EINVAL, vfio_info(w, size, &info));
	KUNIT_ASSERT_EQ(test, 0, vfio_info(w, sizeof(info), &info));
	whole = info.info.argsz;
	KUNIT_EXPECT_GT(test, (size_t)whole, sizeof(info.info));
	KUNIT_EXPECT_EQ(test, (u32)(VFIO_IOMMU_INFO_PGSIZES |
				    VFIO_IOMMU_INFO_CAPS), info.info.flags);
	for (size = INFO_MIN; size < whole + 8; size++) {
		bool fits = size >= whole;

		KUNIT_ASSERT_EQ(test, 0, vfio_info(w, size, &info));
		KUNIT_EXPECT_EQ(test, whole, info.info.argsz);
		if (size >= offsetofend(struct vfio_iommu_type1_info,
					cap_offset))
			KUNIT_EXPECT_EQ(test,
					fits ? (u32)sizeof(info.info) : 0,
					info.info.cap_offset);
		/* Nothing behind what the user has said there is. */
		KUNIT_EXPECT_EQ(test, 0xee,
				(int)((u8 *)&info)[max(fits ? whole : 0, size)]);
	}
	avail = (void *)&info + info.info.cap_offset;
	KUNIT_EXPECT_EQ(test, VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL,
			(int)avail->header.id);
	KUNIT_EXPECT_EQ(test, U32_MAX, avail->avail);
	ranges = (void *)&info + avail->header.next;
	KUNIT_EXPECT_EQ(test, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE,
			(int)ranges->header.id);
	KUNIT_EXPECT_EQ(test, 0U, ranges->header.next);
	KUNIT_EXPECT_EQ(test, 1U, ranges->nr_iovas);
	KUNIT_EXPECT_EQ(test, U64_MAX, ranges->iova_ranges[0].end);

	/* A hole makes two ranges of one. */
	KUNIT_ASSERT_EQ(test, 0,
			inx_iopt_reserve_more(iopt, w, (struct inx_iova_range){
						       SZ_1G, SZ_2G - 1 }));
	KUNIT_ASSERT_EQ(test, 0, vfio_info(w, sizeof(info), &info));
	KUNIT_EXPECT_EQ(test, whole + 16, info.info.argsz);
	KUNIT_EXPECT_EQ(test, 2U, ranges->nr_iovas);
	KUNIT_EXPECT_EQ(test, SZ_1G - 1ULL, ranges->iova_ranges[0].end);
	KUNIT_EXPECT_EQ(test, (u64)SZ_2G, ranges->iova_ranges[1].start);
	inx_iopt_unreserve(iopt, w);
	vfio_leave(w, id);
}

/* A part of a page is no size of a mapping, as VFIO sees it. */
WORLD_CASE(vfio_info_page_sizes)
{
	unsigned long sizes = w->iommu->page_sizes;
	struct inx_iopt *iopt;
	struct info info;
	u32 id;

	iopt = vfio_enter(w, &id);
	KUNIT_ASSERT_EQ(test, 0, world_attach(w, 0, iopt));
	KUNIT_ASSERT_EQ(test, 0, vfio_info(w, sizeof(info), &info));
	if (sizes & ~PAGE_MASK)
		sizes = (sizes & PAGE_MASK) | PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, sizes, (unsigned long)info.info.iova_pgsizes);
	world_detach(w, 0);
	vfio_leave(w, id);
}

WORLD_CASE(vfio_bad_arguments)
{
	static const unsigned int cmds[] = {
		VFIO_IOMMU_GET_INFO, VFIO_IOMMU_MAP_DMA, VFIO_IOMMU_UNMAP_DMA,
	};
	struct vfio_iommu_type1_dma_map map = { .flags = 3, .size = PAGE_SIZE };
	struct vfio_iommu_type1_dma_unmap unmap = { .size = PAGE_SIZE };
	unsigned int i;
	u64 size;
	u32 id;

	vfio_enter(w, &id);
	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		KUNIT_EXPECT_EQ(test, -EFAULT, vfio_number(w, cmds[i], 0));
		KUNIT_EXPECT_EQ(test, -EFAULT,
				vfio_number(w, cmds[i],
					    w->arg + PAGE_SIZE - 8));
	}
	map.vaddr = w->mem->uaddr;
	for (i = 0; i < sizeof(map); i++) {
		map.argsz = i;
		KUNIT_EXPECT_EQ(test, -EINVAL,
				(int)world_ioctl(w, VFIO_IOMMU_MAP_DMA, &map,
						 sizeof(map)));
	}
	for (i = 2; i < 32; i++) {
		map.argsz = sizeof(map);
		map.flags = BIT(i) | 3;
		KUNIT_EXPECT_EQ(test, -EINVAL,
				(int)world_ioctl(w, VFIO_IOMMU_MAP_DMA, &map,
						 sizeof(map)));
	}
	for (i = 0; i < offsetof(struct vfio_iommu_type1_dma_unmap, data); i++) {
		unmap.argsz = i;
		KUNIT_EXPECT_EQ(test, -EINVAL,
				(int)world_ioctl(w, VFIO_IOMMU_UNMAP_DMA,
						 &unmap, sizeof(unmap)));
	}
	for (i = 0; i < 32; i++) {
		size = PAGE_SIZE;
		/* UNMAP_ALL wants neither place nor size. */
		KUNIT_EXPECT_EQ(test, -EINVAL, vfio_unmap(w, BIT(i), 0, &size));
	}
	KUNIT_EXPECT_EQ(test, -EINVAL, vfio_map(w, 0, IOVA, 0));
	KUNIT_EXPECT_EQ(test, -EOVERFLOW, vfio_map(w, 0, IOVA, U64_MAX));
	KUNIT_EXPECT_EQ(test, -EOVERFLOW,
			vfio_map(w, 0, U64_MAX & PAGE_MASK, 2 * PAGE_SIZE));
	size = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL, vfio_unmap(w, 0, IOVA, &size));
	size = 2 * PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, -EOVERFLOW, vfio_unmap(w, 0, U64_MAX & PAGE_MASK,
						     &size));
	KUNIT_EXPECT_EQ(test, 0ULL, size);
	vfio_leave(w, id);
}

/* Mapped and gone, by part or all; what is not there is not unmapped. */
WORLD_CASE(vfio_map_and_unmap)
{
	bool parts = w->config.small_pages;
	struct inx_iopt *iopt;
	u64 size = LENGTH;
	u32 id;

	iopt = vfio_enter(w, &id);
	KUNIT_EXPECT_EQ(test, 0,
			vfio_number(w, VFIO_SET_IOMMU,
				    parts ? VFIO_TYPE1_IOMMU :
					    VFIO_TYPE1v2_IOMMU));
	KUNIT_ASSERT_EQ(test, 0, world_attach(w, 0, iopt));
	KUNIT_EXPECT_EQ(test, 0, vfio_map(w, 0, IOVA, LENGTH));
	KUNIT_EXPECT_EQ(test, -EEXIST, vfio_map(w, 0, IOVA, PAGE_SIZE));
	world_expect_mapped(w, w->domains[0].link.domain, IOVA, 0, LENGTH);
	world_expect_pages(w, NPAGES);

	KUNIT_EXPECT_EQ(test, parts ? 0 : -ENOENT, vfio_unmap_pages(w, 3, 4));
	KUNIT_EXPECT_EQ(test, parts ? 0 : -ENOENT, vfio_unmap_pages(w, -1, 2));
	KUNIT_EXPECT_EQ(test, parts ? 0 : -ENOENT,
			vfio_unmap_pages(w, NPAGES - 1, 2));
	KUNIT_EXPECT_EQ(test, parts ? 3U : 1U, world_areas(iopt) + parts);
	world_expect_pages(w, parts ? NPAGES - 6 : NPAGES);
	if (parts) {
		/* Cut at both ends of what is left of it. */
		KUNIT_EXPECT_EQ(test, 0, vfio_unmap_pages(w, 2, 7));
		world_expect_pages(w, 7);
	}
	KUNIT_EXPECT_EQ(test, 0, vfio_unmap(w, 0, IOVA, &size));
	KUNIT_EXPECT_EQ(test, parts ? 7 * PAGE_SIZE : LENGTH,
			(unsigned long)size);
	world_expect_pages(w, 0);
	/* Nothing there is nothing unmapped. */
	size = LENGTH;
	KUNIT_EXPECT_EQ(test, 0, vfio_unmap(w, 0, IOVA, &size));
	KUNIT_EXPECT_EQ(test, 0ULL, size);

	KUNIT_EXPECT_EQ(test, 0, vfio_map(w, 0, IOVA, LENGTH));
	KUNIT_EXPECT_EQ(test, 0, vfio_map(w, SZ_1M, 0, PAGE_SIZE));
	size = 0;
	KUNIT_EXPECT_EQ(test, 0, vfio_unmap(w, VFIO_DMA_UNMAP_FLAG_ALL, 0,
					    &size));
	KUNIT_EXPECT_EQ(test, LENGTH + PAGE_SIZE, (unsigned long)size);
	world_expect_pages(w, 0);
	world_detach(w, 0);
	vfio_leave(w, id);
}

/* type1 is chosen before anything is in a page table, or not at all. */
WORLD_CASE(vfio_type1_comes_late)
{
	struct inx_iopt *iopt;
	u32 id;

	iopt = vfio_enter(w, &id);
	KUNIT_ASSERT_EQ(test, 0, world_attach(w, 0, iopt));
	KUNIT_ASSERT_EQ(test, 0, vfio_map(w, 0, IOVA, LENGTH));
	KUNIT_EXPECT_EQ(test, -EINVAL, vfio_number(w, VFIO_SET_IOMMU,
						   VFIO_TYPE1_IOMMU));
	KUNIT_EXPECT_EQ(test, 0, vfio_number(w, VFIO_SET_IOMMU,
					     VFIO_TYPE1v2_IOMMU));
	KUNIT_EXPECT_EQ(test, -ENOENT, vfio_unmap_pages(w, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, vfio_unmap_pages(w, 0, NPAGES));
	KUNIT_EXPECT_EQ(test, 0, vfio_number(w, VFIO_SET_IOMMU,
					     VFIO_TYPE1_IOMMU));
	KUNIT_EXPECT_EQ(test, 0, vfio_map(w, 0, IOVA, LENGTH));
	KUNIT_EXPECT_EQ(test, 0, vfio_unmap_pages(w, 0, 1));
	/* It stays, once it was chosen. */
	KUNIT_EXPECT_EQ(test, 0, vfio_number(w, VFIO_SET_IOMMU,
					     VFIO_TYPE1v2_IOMMU));
	KUNIT_EXPECT_EQ(test, 0, vfio_unmap_pages(w, 5, 1));
	KUNIT_EXPECT_EQ(test, 0, vfio_unmap_pages(w, 0, NPAGES));
	world_detach(w, 0);
	vfio_leave(w, id);
}

/* Rights as they are given. */
WORLD_CASE(vfio_map_rights)
{
	struct vfio_iommu_type1_dma_map arg = {
		.argsz = sizeof(arg), .size = PAGE_SIZE,
	};
	struct inx_iopt *iopt;
	struct inx_area *area;
	u32 id;

	iopt = vfio_enter(w, &id);
	for (arg.flags = 0; arg.flags < 4; arg.flags++) {
		unsigned int prot = IOMMU_CACHE;

		if (arg.flags & VFIO_DMA_MAP_FLAG_READ)
			prot |= IOMMU_READ;
		if (arg.flags & VFIO_DMA_MAP_FLAG_WRITE)
			prot |= IOMMU_WRITE;
		arg.iova = IOVA + arg.flags * PAGE_SIZE;
		arg.vaddr = w->mem->uaddr;
		KUNIT_EXPECT_EQ(test, 0,
				(int)world_ioctl(w, VFIO_IOMMU_MAP_DMA, &arg,
						 sizeof(arg)));
		area = inx_space_first(&iopt->space, arg.iova, arg.iova);
		KUNIT_ASSERT_NOT_NULL(test, area);
		KUNIT_EXPECT_EQ(test, prot, area->prot);
	}
	KUNIT_EXPECT_EQ(test, 0, vfio_unmap_pages(w, 0, 4));
	vfio_leave(w, id);
}

/* An answer that cannot be written: nothing has been done. */
WORLD_CASE(vfio_answer_fails)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .iova = IOVA, .size = LENGTH,
	};
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	u8 *user = page_address(w->mem->pages[0]);
	u32 id;

	vfio_enter(w, &id);
	KUNIT_ASSERT_EQ(test, 0, vfio_map(w, SZ_1M, IOVA, LENGTH));
	KUNIT_ASSERT_EQ(test, 0, mem_protect(w->mem));
	memcpy(user, &unmap, sizeof(unmap));
	KUNIT_EXPECT_EQ(test, -EFAULT, vfio_number(w, VFIO_IOMMU_UNMAP_DMA,
						   w->mem->uaddr));
	memcpy(user, &info, sizeof(info));
	KUNIT_EXPECT_EQ(test, -EFAULT, vfio_number(w, VFIO_IOMMU_GET_INFO,
						   w->mem->uaddr));
	KUNIT_ASSERT_EQ(test, 0, mem_renew(w->mem));
	KUNIT_EXPECT_EQ(test, -EEXIST, vfio_map(w, SZ_1M, IOVA, LENGTH));
	KUNIT_EXPECT_EQ(test, 0, vfio_unmap_pages(w, 0, NPAGES));
	vfio_leave(w, id);
}

static const struct world_config vfio_configs[] = {
	{ .name = "large pages", .page_sizes = SZ_4K | SZ_2M },
	{ .name = "small IO pages", .page_sizes = SZ_512 },
	{ .name = "all IO pages", .page_sizes = GENMASK(30, 9),
	  .layout = MEM_SCATTERED, .mode = INX_ACCOUNT_MM },
	{ .name = "type1", .page_sizes = SZ_4K | SZ_2M, .small_pages = true },
	{ .name = "type1, all IO pages", .page_sizes = GENMASK(30, 9),
	  .layout = MEM_RUNS, .mode = INX_ACCOUNT_MM, .small_pages = true },
};

KUNIT_ARRAY_PARAM(vfio, vfio_configs, world_describe);

static const struct world_config vfio_bare_configs[] = {
	{ .name = "user" },
};

KUNIT_ARRAY_PARAM(vfio_bare, vfio_bare_configs, world_describe);

#define VFIO_CASE(_name) KUNIT_CASE_PARAM(_name, vfio_bare_gen_params)

static struct kunit_case vfio_cases[] = {
	VFIO_CASE(vfio_chosen_ioas),
	VFIO_CASE(vfio_chosen_ioas_goes),
	VFIO_CASE(vfio_without_ioas),
	VFIO_CASE(vfio_extensions),
	VFIO_CASE(vfio_info_sizes),
	KUNIT_CASE_PARAM(vfio_info_page_sizes, vfio_gen_params),
	VFIO_CASE(vfio_bad_arguments),
	KUNIT_CASE_PARAM(vfio_map_and_unmap, vfio_gen_params),
	VFIO_CASE(vfio_type1_comes_late),
	VFIO_CASE(vfio_map_rights),
	VFIO_CASE(vfio_answer_fails),
	{}
};

static struct kunit_suite vfio_suite = {
	.name = "inx_vfio_compat",
	.test_cases = vfio_cases,
};

kunit_test_suite(vfio_suite);
