// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every operation with its n-th allocation failing, for every n until it needs
 * no more of them; with all failing once it has used up so many bytes, which
 * also meets what tries again; and those that pin or map, with the n-th page that cannot be
 * pinned and the n-th call into the page table failing.
 *
 * What fails leaves everything as it was, and works when it is done again. What
 * takes something away never fails.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/slab.h>

#include "backend.h"
#include "device.h"
#include "ioas.h"
#include "fault.h"
#include "shm.h"

#define FAULT_MAX 2000
#define FAULT_STEP 192

/* What must be as before when an operation has failed. */
struct fault_state {
	unsigned int objects;
	unsigned int areas;
	unsigned int ranges;
	unsigned int domains_in_iopt;
	unsigned int aligned;
	unsigned int closed;
	unsigned long cpu_pins;
	unsigned long mapped;
	unsigned long pins;
	unsigned long file_pins;
	unsigned long pinned;
	unsigned long other_pinned;
	unsigned long locked;
	struct inx_ioas *vfio_ioas;
	int free_fd;
	s64 io_pages;
	s64 domains;
	unsigned int iommu_refs;
};

static struct inx_ioas *fault_ioas(struct fault_world *fw, unsigned int i)
{
	struct inx_ioas *ioas = inx_ioas_get(fw->w->ctx, fw->ioas[i]);

	inx_ioas_put(ioas);
	return ioas;
}

static void fault_add_iopt(struct inx_iopt *iopt, struct fault_state *state)
{
	struct inx_domain_link *link;
	unsigned long alignment;
	struct inx_area *area;

	for (area = inx_space_first(&iopt->space, 0, ULONG_MAX); area;
	     area = inx_space_next(area, ULONG_MAX)) {
		state->areas++;
		state->mapped += area->mapped;
		state->cpu_pins += area->npins;
		state->closed += area->is_closed;
	}
	state->aligned += iopt->pins.aligned;
	state->ranges += inx_iopt_ranges(iopt, NULL, 0, &alignment);
	list_for_each_entry(link, &iopt->domains.list, item)
		state->domains_in_iopt++;
}

static void fault_look(struct fault_world *fw, struct fault_state *state)
{
	struct world *w = fw->w;
	unsigned int i;

	memset(state, 0, sizeof(*state));
	state->objects = world_objects(w);
	for (i = 0; i < WORLD_IOPTS; i++) {
		fault_add_iopt(&w->iopts[i], state);
		fault_add_iopt(&fault_ioas(fw, i)->iopt, state);
	}
	state->vfio_ioas = w->ctx->vfio_ioas;
	/* No descriptor is kept. */
	state->free_fd = get_unused_fd_flags(0);
	put_unused_fd(state->free_fd);
	state->pins = mem_total_pins(w->mem);
	state->file_pins = shm_total_pins(fw->shm);
	state->pinned = world_pinned(w);
	state->other_pinned = atomic64_read(&fw->mm->pinned_vm);
	state->locked = world_locked(w);
	state->io_pages = atomic64_read(&w->iommu->pages);
	state->domains = atomic64_read(&w->iommu->domains);
	state->iommu_refs = kref_read(&w->iommu->ref);
}

static void fault_expect_same(struct fault_world *fw,
			      const struct fault_state *before,
			      const char *name, unsigned int nth)
{
	struct fault_state now;

	fault_look(fw, &now);
	KUNIT_EXPECT_EQ_MSG(fw->w->test, 0, memcmp(before, &now, sizeof(now)),
			    "%s, failure %u: objects %u %u, descriptors %d %d, areas %u %u, closed %u %u, for pins %u %u, mapped %lu %lu, ranges %u %u, pins %lu %lu, of the CPU %lu %lu, of a file %lu %lu, pinned %lu %lu, by the other %lu %lu, locked %lu %lu, IO pages %lld %lld, page tables %lld %lld, references %u %u",
			    name, nth, before->objects, now.objects,
			    before->free_fd, now.free_fd,
			    before->areas, now.areas, before->closed,
			    now.closed, before->aligned, now.aligned,
			    before->mapped, now.mapped, before->ranges,
			    now.ranges, before->pins, now.pins,
			    before->cpu_pins, now.cpu_pins, before->file_pins,
			    now.file_pins, before->pinned, now.pinned,
			    before->other_pinned, now.other_pinned,
			    before->locked, now.locked,
			    before->io_pages, now.io_pages, before->domains,
			    now.domains, before->iommu_refs, now.iommu_refs);
}

static void fault_enter(struct world *w, struct fault_world *fw)
{
	struct iommu_next_mock_device_alloc arg = {
		.num_reserved = 2,
		.reserved = { { 0, 4095 }, { SZ_1G * 3UL, SZ_1G * 4UL } },
		.flags = IOMMU_NEXT_MOCK_HW_INFO,
	};
	struct kunit *test = w->test;
	unsigned int i;

	memset(fw, 0, sizeof(*fw));
	fw->w = w;
	w->iommu->flags = arg.flags;
	KUNIT_ASSERT_EQ(test, 0, env_faults_init());
	world_open(w);
	for (i = 0; i < 2; i++) {
		fw->ioas[i] = world_ioas_alloc(w);
		KUNIT_ASSERT_NE(test, 0U, fw->ioas[i]);
		fw->mock[i] = mock_device_create(&arg, w->iommu);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fw->mock[i]);
	}
	fw->idev[0] = inx_device_bind(w->ctx, &mock_backend, &fw->mock[0]->dev, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fw->idev[0]);
	fault_more_enter(fw);
}

static void fault_leave(struct fault_world *fw)
{
	unsigned int i;

	fault_more_leave(fw);
	inx_device_unbind(fw->idev[0]);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(fw->w->test, 0,
				world_destroy(fw->w, fw->ioas[i]));
		mock_device_destroy(fw->mock[i]);
	}
	rcu_barrier();
}

/* Nothing of the memory has been touched. */
static void fault_renew_memory(struct fault_world *fw)
{
	unsigned long addr;

	KUNIT_ASSERT_EQ(fw->w->test, 0, mem_renew(fw->w->mem));
	addr = vm_mmap(NULL, FAULT_ANON, FAULT_LEN, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
	KUNIT_ASSERT_FALSE(fw->w->test, IS_ERR_VALUE(addr));
}

/* One way of making something fail, for operations with a flag. */
struct fault_kind {
	const char *name;
	void (*arm)(struct fault_world *fw, unsigned int nth);
	bool (*disarm)(struct fault_world *fw);
	unsigned int flag;
};

static void fault_arm_memory(struct fault_world *fw, unsigned int nth)
{
	env_fail_nth(nth);
}

static bool fault_disarm_memory(struct fault_world *fw)
{
	return env_has_failed();
}

/* A file ends there, which is EINVAL. */
static void fault_resize_file(struct fault_world *fw, unsigned long npages)
{
	KUNIT_ASSERT_EQ(fw->w->test, 0,
			(int)vfs_truncate(&fw->shm->file->f_path,
					  npages << PAGE_SHIFT));
}

static void fault_arm_pin(struct fault_world *fw, unsigned int nth)
{
	fw->w->mem->bad = nth - 1;
	fault_resize_file(fw, min(nth - 1UL, FAULT_PAGES));
}

static bool fault_disarm_pin(struct fault_world *fw)
{
	/* One beyond what is mapped is never met. */
	bool met = fw->w->mem->bad <= FAULT_PAGES;

	fault_resize_file(fw, FAULT_PAGES);
	fw->w->mem->bad = ULONG_MAX;
	KUNIT_ASSERT_EQ(fw->w->test, 0, mem_renew(fw->w->mem));
	return met;
}

static void fault_arm_domain(struct fault_world *fw, unsigned int nth)
{
	atomic_set(&fw->w->iommu->fail_after, nth - 1);
	atomic_set(&fw->w->iommu->fail_what, IOMMU_NEXT_MOCK_FAIL_MAP);
}

static bool fault_disarm_domain(struct fault_world *fw)
{
	return atomic_xchg(&fw->w->iommu->fail_what,
			   IOMMU_NEXT_MOCK_FAIL_NOTHING) ==
	       IOMMU_NEXT_MOCK_FAIL_NOTHING;
}

static const struct fault_kind fault_memory = {
	"allocations", fault_arm_memory, fault_disarm_memory,
};

static const struct fault_kind fault_pin = {
	"pins", fault_arm_pin, fault_disarm_pin, FAULT_PINS,
};

static const struct fault_kind fault_domain = {
	"calls of a page table", fault_arm_domain, fault_disarm_domain,
	FAULT_MAPS,
};

/* A budget of memory instead of a single failure; more of it each time. */
static void fault_arm_budget(struct fault_world *fw, unsigned int nth)
{
	KUNIT_ASSERT_EQ(fw->w->test, 0, env_starve((nth - 1) * FAULT_STEP));
}

static bool fault_disarm_budget(struct fault_world *fw)
{
	return env_has_starved();
}

static const struct fault_kind fault_budget = {
	"budgets", fault_arm_budget, fault_disarm_budget,
};

/* Returns how often it was made to fail; those that it got over do not count. */
static unsigned int fault_sweep(struct fault_world *fw,
				const struct fault_op *op,
				const struct fault_kind *kind)
{
	bool failed = true, takes = op->flags & FAULT_TAKES;
	struct kunit *test = fw->w->test;
	unsigned int nth, points = 0;
	struct fault_state before;
	int rc;

	if (op->prepare)
		KUNIT_ASSERT_EQ_MSG(test, 0, op->prepare(fw), "%s", op->name);
	fault_look(fw, &before);
	for (nth = 1; failed && nth < FAULT_MAX; nth++) {
		fault_renew_memory(fw);
		kind->arm(fw, nth);
		rc = op->run(fw);
		failed = kind->disarm(fw);
		points += rc || (failed && takes);
		if (rc) {
			KUNIT_EXPECT_TRUE_MSG(test, failed && !takes,
					      "%s: %d without a reason",
					      op->name, rc);
			/* A page that is not there is no address, either. */
			if (rc != -EFAULT && (rc != -EINVAL || kind != &fault_pin))
				KUNIT_EXPECT_EQ_MSG(test, -ENOMEM, rc,
						    "%s, failure %u", op->name,
						    nth);
			fault_expect_same(fw, &before, op->name, nth);
			rc = op->run(fw);
		}
		KUNIT_ASSERT_EQ_MSG(test, 0, rc, "%s again, after failure %u",
				    op->name, nth);
		if (op->undo)
			op->undo(fw);
		fault_expect_same(fw, &before, op->name, nth);
	}
	KUNIT_EXPECT_LT(test, nth, (unsigned int)FAULT_MAX);
	if (op->clean)
		op->clean(fw);
	return points;
}

static const struct world_config fault_configs[] = {
	{
		.name = "contiguous, one page table",
		.layout = MEM_CONTIG,
		.page_sizes = GENMASK(30, 9),
		.domains = 1,
	}, {
		.name = "scattered, two page tables",
		.layout = MEM_SCATTERED,
		.page_sizes = SZ_512,
		.domains = 2,
		.mode = INX_ACCOUNT_MM,
	}, {
		.name = "runs, no page table",
		.layout = MEM_RUNS,
		.page_sizes = GENMASK(30, 9),
	}, {
		.name = "runs, page by page, two page tables",
		.layout = MEM_RUNS,
		.page_sizes = GENMASK(30, 12),
		.domains = 2,
		.mode = INX_ACCOUNT_MM,
		.small_pages = true,
	},
};

KUNIT_ARRAY_PARAM(fault, fault_configs, world_describe);

static const struct fault_table *const fault_tables[] = {
	&fault_all, &fault_more_all, &fault_nested_all,
};

static void fault_sweep_table(struct fault_world *fw,
			      const struct fault_kind *kind,
			      const struct fault_table *table, char *each)
{
	unsigned int i, nr = 0, total = 0, points, len = 0;

	for (i = 0; i < table->nr; i++) {
		if (kind->flag & ~table->ops[i].flags)
			continue;
		points = fault_sweep(fw, &table->ops[i], kind);
		total += points;
		len += scnprintf(each + len, 1024 - len, "%s%s %u",
				 nr++ ? ", " : "", table->ops[i].name, points);
	}
	if (nr)
		pr_info("inx-note: sweep of %s: %s: %u operations, %u failures (%s)\n",
			kind->name, fw->w->config.name, nr, total, each);
}

static void fault_sweep_all(struct world *w, const struct fault_kind *kind)
{
	char *each = kunit_kzalloc(w->test, 1024, GFP_KERNEL);
	struct fault_world fw;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(w->test, each);
	fault_enter(w, &fw);
	for (i = 0; i < ARRAY_SIZE(fault_tables); i++)
		fault_sweep_table(&fw, kind, fault_tables[i], each);
	fault_leave(&fw);
}

WORLD_CASE(fault_allocations)
{
	fault_sweep_all(w, &fault_memory);
}

WORLD_CASE(fault_budgets)
{
	fault_sweep_all(w, &fault_budget);
}

WORLD_CASE(fault_pins)
{
	fault_sweep_all(w, &fault_pin);
}

WORLD_CASE(fault_domain_maps)
{
	fault_sweep_all(w, &fault_domain);
}

static struct kunit_case fault_cases[] = {
	KUNIT_CASE_PARAM(fault_allocations, fault_gen_params),
	KUNIT_CASE_PARAM(fault_budgets, fault_gen_params),
	KUNIT_CASE_PARAM(fault_pins, fault_gen_params),
	KUNIT_CASE_PARAM(fault_domain_maps, fault_gen_params),
	{}
};

static struct kunit_suite fault_suite = {
	.name = "inx_fault",
	.test_cases = fault_cases,
};

kunit_test_suite(fault_suite);
