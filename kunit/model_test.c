// SPDX-License-Identifier: GPL-2.0-only
/*
 * A model of two IOVA spaces, and a random sequence of everything that can be
 * done with them, compared step by step.
 *
 * The model is two arrays of units of IOVA, each of which has a unit of memory
 * or none; a list of areas; and for each mapping that was made how many areas
 * with a page table cover each of its pages, from which pins and charge follow.
 * A unit is the smallest IO page, so areas start and end inside pages. What the
 * CPU reads and writes by IOVA is compared with the memory itself.
 *
 * The seed is printed with every run; iommu_next_kunit.model_seed repeats one.
 */
#include <linux/io.h>
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "pin.h"
#include "world.h"

static unsigned long model_seed;
module_param(model_seed, ulong, 0444);
MODULE_PARM_DESC(model_seed, "repeat the sequence of this seed; 0 for another one each time");

static unsigned int model_steps = 20000;
module_param(model_steps, uint, 0444);
MODULE_PARM_DESC(model_steps, "steps in each world of the model test");

#define MODEL_BASE SZ_1M
#define MODEL_PAGES 96UL
#define MODEL_MEM 64UL
#define MODEL_UNITS (MODEL_PAGES * 8)
#define MODEL_AREAS 48
#define MODEL_MAPS 32
#define MODEL_LIMIT 80UL
#define MODEL_FULL_CHECK 256
#define MODEL_RW_PAGES 4

/**
 * struct model_map - memory that was mapped, and the copies of it
 * @areas: that are left of it
 * @first: page of memory
 * @npages: how many
 * @writable: devices may write
 * @cover: by page of memory, areas with a page table that have it
 */
struct model_map {
	unsigned int areas;
	unsigned int first;
	unsigned int npages;
	bool writable;
	u16 cover[MODEL_MEM];
};

/**
 * struct model_area - a mapping in a space
 * @map: of which memory; NULL when the slot is free
 * @space: 0 or 1
 * @start: first unit of IOVA
 * @units: how many
 * @mem: first unit of memory
 * @writable: it may be written to; a copy may have less rights than its source
 */
struct model_area {
	struct model_map *map;
	unsigned int space;
	unsigned int start;
	unsigned int units;
	unsigned int mem;
	bool writable;
};

struct model {
	struct kunit *test;
	struct world *w;
	struct rnd_state rnd;
	unsigned long unit;
	unsigned int per_page;
	unsigned int units;
	unsigned long pinned;
	unsigned int attached[WORLD_IOPTS];
	struct model_area areas[MODEL_AREAS];
	struct model_map maps[MODEL_MAPS];
	/* By unit of IOVA: the area that has it, counted from 1. */
	u8 owner[WORLD_IOPTS][MODEL_UNITS];
	unsigned long counts[7];
	unsigned long refused;
	u8 bytes[MODEL_RW_PAGES * PAGE_SIZE];
};

enum {
	MODEL_MAP,
	MODEL_COPY,
	MODEL_UNMAP,
	MODEL_UNMAP_RANGE,
	MODEL_ATTACH,
	MODEL_DETACH,
	MODEL_RW,
};

static unsigned int model_below(struct model *m, unsigned int end)
{
	return prandom_u32_state(&m->rnd) % end;
}

static unsigned long model_iova(const struct model *m, unsigned int unit)
{
	return MODEL_BASE + unit * m->unit;
}

static unsigned int model_first_page(const struct model *m,
				     const struct model_area *area)
{
	return area->mem / m->per_page;
}

static unsigned int model_last_page(const struct model *m,
				    const struct model_area *area)
{
	return (area->mem + area->units - 1) / m->per_page;
}

/* An area gets its first page table, or loses the last one. */
static void model_cover(struct model *m, struct model_area *area, bool add)
{
	unsigned int page;

	for (page = model_first_page(m, area);
	     page <= model_last_page(m, area); page++) {
		if (add)
			m->pinned += !area->map->cover[page]++;
		else
			m->pinned -= !--area->map->cover[page];
	}
}

/* Pages that covering an area would pin anew. */
static unsigned int model_fresh(const struct model *m,
				const struct model_area *area)
{
	unsigned int page, fresh = 0;

	for (page = model_first_page(m, area);
	     page <= model_last_page(m, area); page++)
		fresh += !area->map->cover[page];
	return fresh;
}

static bool model_is_charged(const struct model *m)
{
	return m->w->config.mode != INX_ACCOUNT_NONE;
}

static struct model_area *model_free_area(struct model *m)
{
	unsigned int i;

	for (i = 0; i < MODEL_AREAS; i++)
		if (!m->areas[i].map)
			return &m->areas[i];
	return NULL;
}

static void model_insert(struct model *m, struct model_area *area)
{
	area->map->areas++;
	memset(&m->owner[area->space][area->start], area - m->areas + 1,
	       area->units);
	if (m->attached[area->space])
		model_cover(m, area, true);
}

static void model_erase(struct model *m, struct model_area *area)
{
	memset(&m->owner[area->space][area->start], 0, area->units);
	if (m->attached[area->space])
		model_cover(m, area, false);
	area->map->areas--;
	area->map = NULL;
}

static bool model_is_free(const struct model *m, unsigned int space,
			  unsigned int start, unsigned int units)
{
	return !memchr_inv(&m->owner[space][start], 0, units);
}

static void model_expect(struct model *m, int rc, int want, const char *what)
{
	m->refused += !!want;
	KUNIT_ASSERT_EQ_MSG(m->test, want, rc, "%s", what);
}

/* Pins, charge, and the state of every IOVA in every page table. */
static void model_check(struct model *m, bool full)
{
	struct world *w = m->w;
	unsigned int i, unit;

	KUNIT_ASSERT_EQ(m->test, m->pinned, world_pinned(w));
	if (model_is_charged(m))
		KUNIT_ASSERT_EQ(m->test, m->pinned, world_locked(w));
	if (!full)
		return;
	KUNIT_ASSERT_EQ(m->test, m->pinned, mem_total_pins(w->mem));
	for (i = 0; i < WORLD_DOMAINS; i++) {
		struct world_domain *wd = &w->domains[i];
		const u8 *owner;

		if (!wd->iopt)
			continue;
		owner = m->owner[wd->iopt - w->iopts];
		for (unit = 0; unit < m->units; unit++) {
			const struct model_area *area;
			phys_addr_t want = 0;

			if (owner[unit]) {
				area = &m->areas[owner[unit] - 1];
				want = mem_phys(w->mem, (area->mem + unit -
							 area->start) *
							m->unit);
			}
			KUNIT_ASSERT_EQ(m->test, want,
					iommu_iova_to_phys(wd->link.domain,
							   model_iova(m, unit)));
		}
	}
}

static void model_map(struct model *m)
{
	struct model_area *area = model_free_area(m);
	struct model_map *map = m->maps;
	unsigned long iova;
	int want = 0, rc;

	while (map < m->maps + MODEL_MAPS && map->areas)
		map++;
	if (!area || map == m->maps + MODEL_MAPS)
		return;
	area->space = model_below(m, WORLD_IOPTS);
	area->units = 1 + model_below(m, 12 * m->per_page);
	area->start = model_below(m, m->units - area->units + 1);
	area->mem = model_below(m, MODEL_MEM * m->per_page - area->units + 1);
	memset(map, 0, sizeof(*map));
	map->writable = model_below(m, 4);

	area->map = map;
	area->writable = map->writable;
	if (!model_is_free(m, area->space, area->start, area->units))
		want = -EEXIST;
	else if (m->attached[area->space] && model_is_charged(m) &&
		 m->pinned + model_fresh(m, area) > MODEL_LIMIT)
		want = -ENOMEM;
	iova = model_iova(m, area->start);
	rc = world_map_prot(m->w, &m->w->iopts[area->space],
			    area->mem * m->unit, area->units * m->unit, &iova,
			    true, map->writable ? WORLD_RW :
						  IOMMU_READ | IOMMU_CACHE);
	if (want)
		area->map = NULL;
	else
		model_insert(m, area);
	model_expect(m, rc, want, "map");
}

/* The pages that several new areas would pin anew, each once. */
static unsigned int model_copy_fresh(struct model *m, struct model_area **list,
				     unsigned int nr)
{
	unsigned int i, fresh = 0;

	for (i = 0; i < nr; i++) {
		fresh += model_fresh(m, list[i]);
		model_cover(m, list[i], true);
	}
	for (i = 0; i < nr; i++)
		model_cover(m, list[i], false);
	return fresh;
}

static void model_copy(struct model *m)
{
	unsigned int from = model_below(m, WORLD_IOPTS), nr = 0, i;
	unsigned int to = model_below(m, WORLD_IOPTS);
	unsigned int units = 1 + model_below(m, 10 * m->per_page);
	unsigned int src = model_below(m, m->units - units + 1);
	unsigned int dst = model_below(m, m->units - units + 1);
	struct model_area *list[MODEL_AREAS] = {}, *area;
	unsigned long iova = model_iova(m, dst);
	bool write = model_below(m, 2);
	int want = 0, rc;

	for (i = 0; i < units && !want; i += area->units) {
		const struct model_area *old;

		if (!m->owner[from][src + i]) {
			want = -ENOENT;
			break;
		}
		old = &m->areas[m->owner[from][src + i] - 1];
		area = model_free_area(m);
		/* Not enough room in the model: another time. */
		if (!area)
			goto out;
		*area = (struct model_area){
			.map = old->map,
			.space = to,
			.start = dst + i,
			.mem = old->mem + (src + i - old->start),
			.units = min(units - i, old->units -
						(src + i - old->start)),
			.writable = write,
		};
		list[nr++] = area;
	}
	/* Refused for the place first, then slice by slice for the rights. */
	if (!want && !model_is_free(m, to, dst, units))
		want = -EEXIST;
	for (i = 0; i < nr && !want; i++)
		if (write && !list[i]->map->writable)
			want = -EPERM;
	if (!want && m->attached[to] && model_is_charged(m) &&
	    m->pinned + model_copy_fresh(m, list, nr) > MODEL_LIMIT)
		want = -ENOMEM;
	rc = inx_iopt_copy(&m->w->iopts[to], &m->w->iopts[from],
			   model_iova(m, src), units * m->unit, &iova, true,
			   write ? WORLD_RW : IOMMU_READ | IOMMU_CACHE);
	if (!want)
		for (i = 0; i < nr; i++)
			model_insert(m, list[i]);
	model_expect(m, rc, want, "copy");
	if (!want)
		return;
out:
	for (i = 0; i < nr; i++)
		list[i]->map = NULL;
}

static void model_unmap(struct model *m)
{
	struct model_area *area = &m->areas[model_below(m, MODEL_AREAS)];

	if (!area->map)
		return;
	model_expect(m, world_unmap(m->w, &m->w->iopts[area->space],
				    model_iova(m, area->start),
				    area->units * m->unit), 0, "unmap");
	model_erase(m, area);
}

/* Any range: all areas in it, or none if one lies in it in part. */
static void model_unmap_range(struct model *m)
{
	unsigned int space = model_below(m, WORLD_IOPTS);
	unsigned int units = 1 + model_below(m, 20 * m->per_page);
	unsigned int start = model_below(m, m->units - units + 1), i;
	unsigned long iova = model_iova(m, start), bytes = 0, unmapped;
	struct inx_iova_range range = { iova, iova + units * m->unit - 1 };
	const u8 *owner = m->owner[space];
	struct model_area *area;
	int want = 0;

	for (i = start; i < start + units; i++) {
		if (!owner[i])
			continue;
		area = &m->areas[owner[i] - 1];
		if (area->start < start ||
		    area->start + area->units > start + units)
			want = -ENOENT;
	}
	for (area = m->areas; !want && area < m->areas + MODEL_AREAS; area++) {
		if (!area->map || area->space != space || area->start < start ||
		    area->start >= start + units)
			continue;
		bytes += area->units * m->unit;
		model_erase(m, area);
	}
	model_expect(m, inx_iopt_unmap(&m->w->iopts[space], range, &unmapped),
		     want, "unmap of a range");
	KUNIT_ASSERT_EQ(m->test, bytes, unmapped);
}

static void model_cover_space(struct model *m, unsigned int space, bool add)
{
	struct model_area *area;

	for (area = m->areas; area < m->areas + MODEL_AREAS; area++)
		if (area->map && area->space == space)
			model_cover(m, area, add);
}

static void model_attach(struct model *m)
{
	unsigned int space = model_below(m, WORLD_IOPTS);
	unsigned int domain = model_below(m, WORLD_DOMAINS);
	int want = 0;

	if (m->w->domains[domain].iopt)
		return;
	if (!m->attached[space]) {
		model_cover_space(m, space, true);
		if (model_is_charged(m) && m->pinned > MODEL_LIMIT) {
			model_cover_space(m, space, false);
			want = -ENOMEM;
		}
	}
	if (!want)
		m->attached[space]++;
	model_expect(m, world_attach(m->w, domain, &m->w->iopts[space]), want,
		     "attach");
}

static void model_detach(struct model *m)
{
	unsigned int domain = model_below(m, WORLD_DOMAINS), space;

	if (!m->w->domains[domain].iopt)
		return;
	space = m->w->domains[domain].iopt - m->w->iopts;
	if (!--m->attached[space])
		model_cover_space(m, space, false);
	world_detach(m->w, domain);
}

/* What a copy by the CPU is answered: by the first unit that is in its way. */
static int model_want_rw(const struct model *m, unsigned int space,
			 unsigned int start, unsigned int units, bool write)
{
	unsigned int i;

	for (i = start; i < start + units; i++) {
		unsigned int owner = m->owner[space][i];

		if (!owner)
			return -ENOENT;
		if (write && !m->areas[owner - 1].writable)
			return -EPERM;
	}
	return 0;
}

/* The memory behind a unit of IOVA that is mapped. */
static void *model_memory(const struct model *m, unsigned int space,
			  unsigned int unit)
{
	const struct model_area *area;

	area = &m->areas[m->owner[space][unit] - 1];
	return phys_to_virt(mem_phys(m->w->mem, (area->mem + unit -
						 area->start) * m->unit));
}

/* The CPU reads or writes any range, with page tables or without. */
static void model_rw(struct model *m)
{
	unsigned int space = model_below(m, WORLD_IOPTS);
	unsigned int units = 1 + model_below(m, MODEL_RW_PAGES * m->per_page);
	unsigned int start = model_below(m, m->units - units + 1), i;
	unsigned long iova = model_iova(m, start);
	struct inx_iova_range range = { iova, iova + units * m->unit - 1 };
	bool write = model_below(m, 2);
	int want = model_want_rw(m, space, start, units, write);

	/* One value: a piece of memory may be in the range more than once. */
	memset(m->bytes, model_below(m, 256), units * m->unit);
	model_expect(m, inx_pin_rw(&m->w->iopts[space], range, m->bytes, write),
		     want, write ? "write" : "read");
	for (i = 0; !want && i < units; i++)
		KUNIT_ASSERT_EQ(m->test, 0,
				memcmp(m->bytes + i * m->unit,
				       model_memory(m, space, start + i),
				       m->unit));
}

static void model_step(struct model *m)
{
	/* Of 16: how often each is done. */
	static const u8 what[16] = {
		MODEL_MAP, MODEL_MAP, MODEL_MAP, MODEL_MAP,
		MODEL_COPY, MODEL_COPY, MODEL_COPY, MODEL_COPY,
		MODEL_UNMAP, MODEL_UNMAP, MODEL_UNMAP,
		MODEL_UNMAP_RANGE, MODEL_RW, MODEL_RW,
		MODEL_ATTACH, MODEL_DETACH,
	};
	static void (*const fns[])(struct model *m) = {
		[MODEL_MAP] = model_map,
		[MODEL_COPY] = model_copy,
		[MODEL_UNMAP] = model_unmap,
		[MODEL_UNMAP_RANGE] = model_unmap_range,
		[MODEL_ATTACH] = model_attach,
		[MODEL_DETACH] = model_detach,
		[MODEL_RW] = model_rw,
	};
	unsigned int op = what[model_below(m, 16)];

	m->counts[op]++;
	fns[op](m);
}

static const struct world_config model_configs[] = {
	{
		.name = "512, scattered, user",
		.page_sizes = SZ_512,
		.layout = MEM_SCATTERED,
	}, {
		.name = "2K and up, mixed, process",
		.page_sizes = GENMASK(30, 11),
		.layout = MEM_MIXED,
		.mode = INX_ACCOUNT_MM,
	}, {
		.name = "4K, runs, user",
		.page_sizes = SZ_4K,
		.layout = MEM_RUNS,
	}, {
		.name = "4K and up, contiguous, nobody",
		.page_sizes = GENMASK(30, 12),
		.layout = MEM_CONTIG,
		.mode = INX_ACCOUNT_NONE,
	}, {
		.name = "4K and up, mixed, process",
		.page_sizes = GENMASK(30, 12),
		.layout = MEM_MIXED,
		.mode = INX_ACCOUNT_MM,
	},
};

KUNIT_ARRAY_PARAM(model, model_configs, world_describe);

WORLD_CASE(model_random)
{
	unsigned long seed = model_seed ?: get_random_u32() | 1;
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	unsigned int step;

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->test = test;
	m->w = w;
	m->unit = min_t(unsigned long, PAGE_SIZE,
			1UL << __ffs(w->iommu->page_sizes));
	m->per_page = PAGE_SIZE / m->unit;
	m->units = MODEL_PAGES * m->per_page;
	prandom_seed_state(&m->rnd, seed);
	env_set_memlock(MODEL_LIMIT * PAGE_SIZE);
	/* Without a page table an IOVA space takes any byte. */
	pr_info("inx-note: model: %s: seed %lu, %u steps\n", w->config.name,
		seed, model_steps);
	for (step = 0; step < model_steps; step++) {
		model_step(m);
		model_check(m, step % MODEL_FULL_CHECK == 0);
	}
	pr_info("inx-note: model: %s: %lu maps, %lu copies, %lu unmaps, %lu attaches, %lu detaches, %lu reads and writes, %lu of them refused as they should\n",
		w->config.name, m->counts[MODEL_MAP], m->counts[MODEL_COPY],
		m->counts[MODEL_UNMAP] + m->counts[MODEL_UNMAP_RANGE],
		m->counts[MODEL_ATTACH], m->counts[MODEL_DETACH],
		m->counts[MODEL_RW], m->refused);

	model_check(m, true);
	for (step = 0; step < WORLD_IOPTS; step++)
		KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[step], 0, 0));
	env_set_memlock(SZ_1G);
}

static struct kunit_case model_cases[] = {
	KUNIT_CASE_PARAM(model_random, model_gen_params),
	{}
};

static struct kunit_suite model_suite = {
	.name = "inx_model",
	.test_cases = model_cases,
};

kunit_test_suite(model_suite);
