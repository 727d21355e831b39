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
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/slab.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "device.h"
#include "group.h"
#include "ioas.h"
#include "world.h"

#define IOVA 0x10000000UL
#define LEN (24 * PAGE_SIZE)
#define ANON_UADDR (WORLD_UADDR + SZ_1G)
#define FAULT_MAX 2000

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

/* What must be as before when an operation has failed. */
struct fault_state {
	unsigned int objects;
	unsigned int areas;
	unsigned int ranges;
	unsigned int domains_in_iopt;
	unsigned long pins;
	unsigned long pinned;
	unsigned long locked;
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

	state->areas += world_areas(iopt);
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
	state->pins = mem_total_pins(w->mem);
	state->pinned = world_pinned(w);
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
			    "%s, failure %u: objects %u %u, areas %u %u, ranges %u %u, pins %lu %lu, pinned %lu %lu, locked %lu %lu, IO pages %lld %lld, page tables %lld %lld, references %u %u",
			    name, nth, before->objects, now.objects,
			    before->areas, now.areas, before->ranges,
			    now.ranges, before->pins, now.pins, before->pinned,
			    now.pinned, before->locked, now.locked,
			    before->io_pages, now.io_pages, before->domains,
			    now.domains, before->iommu_refs, now.iommu_refs);
}

/* Operations on an IOVA space. */

static int op_map(struct fault_world *fw)
{
	unsigned long offset = max(world_granule(fw->w), 512UL);

	return world_map(fw->w, offset, LEN, IOVA + offset);
}

static void op_unmap_it(struct fault_world *fw)
{
	struct inx_iova_range all = { IOVA, IOVA + SZ_1G };

	KUNIT_EXPECT_EQ(fw->w->test, 0, inx_iopt_unmap(&fw->w->iopts[0], all,
						       NULL));
}

/* Memory that nobody has touched yet is allocated when it is pinned. */
static int op_map_anon(struct fault_world *fw)
{
	unsigned long iova = IOVA;
	struct inx_area *area;

	area = world_area(fw->w, ANON_UADDR, LEN, true);
	if (IS_ERR(area))
		return PTR_ERR(area);
	area->prot = WORLD_RW;
	return inx_iopt_map(&fw->w->iopts[0], area, &iova, true);
}

static int prepare_map(struct fault_world *fw)
{
	return world_map(fw->w, 0, LEN, IOVA);
}

static int op_copy(struct fault_world *fw)
{
	struct inx_iopt *iopt = &fw->w->iopts[0];
	unsigned long to = IOVA + SZ_16M;

	return inx_iopt_copy(iopt, iopt, IOVA + 5 * PAGE_SIZE, 9 * PAGE_SIZE,
			     &to, true, WORLD_RW);
}

static void undo_copy(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0,
			world_unmap(fw->w, &fw->w->iopts[0], IOVA + SZ_16M,
				    SZ_16M));
}

/* Into a space that has no page table, which then gets one. */
static int prepare_first_domain(struct fault_world *fw)
{
	struct inx_iopt *iopt = &fw->w->iopts[1];
	unsigned long at = IOVA;
	int rc;

	rc = world_map_prot(fw->w, iopt, 0, LEN, &at, true, WORLD_RW);
	if (rc)
		return rc;
	at = IOVA + SZ_16M;
	rc = world_map_prot(fw->w, iopt, SZ_1M, PAGE_SIZE, &at, true, WORLD_RW);
	if (rc)
		return rc;
	at = IOVA + SZ_32M;
	return inx_iopt_copy(iopt, iopt, IOVA + 3 * PAGE_SIZE, PAGE_SIZE, &at,
			     true, WORLD_RW);
}

static int op_attach_domain(struct fault_world *fw)
{
	return world_attach(fw->w, 2, &fw->w->iopts[1]);
}

static void undo_attach_domain(struct fault_world *fw)
{
	world_detach(fw->w, 2);
}

static void clean_second_space(struct fault_world *fw)
{
	struct inx_iova_range all = { 0, ULONG_MAX };

	KUNIT_EXPECT_EQ(fw->w->test, 0, inx_iopt_unmap(&fw->w->iopts[1], all,
						       NULL));
}

static int op_attach_further(struct fault_world *fw)
{
	return world_attach(fw->w, 2, &fw->w->iopts[0]);
}

static int op_reserve(struct fault_world *fw)
{
	static const struct inx_iova_range ranges[] = {
		{ 0, 100 }, { 200, 300 }, { 50, 250 },
	};

	return inx_iopt_reserve(&fw->w->iopts[1], fw, ranges, 3);
}

static void undo_reserve(struct fault_world *fw)
{
	inx_iopt_unreserve(&fw->w->iopts[1], fw);
}

/* Taking away: run() is what undoes, undo() is what does. */

static int op_unmap(struct fault_world *fw)
{
	op_unmap_it(fw);
	return 0;
}

static void redo_map(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, prepare_map(fw));
}

static int prepare_detach(struct fault_world *fw)
{
	return prepare_first_domain(fw) ?: op_attach_domain(fw);
}

static int op_detach_domain(struct fault_world *fw)
{
	world_detach(fw->w, 2);
	return 0;
}

static void redo_attach(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, op_attach_domain(fw));
}

static void clean_detach(struct fault_world *fw)
{
	world_detach(fw->w, 2);
	clean_second_space(fw);
}

/* Through the door. */

static int op_open(struct fault_world *fw)
{
	fw->other = env_open("devtmpfs", "iommu-next", O_RDWR);
	return PTR_ERR_OR_ZERO(fw->other);
}

static void undo_open(struct fault_world *fw)
{
	env_close(fw->other);
}

static int op_ioas_alloc(struct fault_world *fw)
{
	struct iommu_next_ioas_alloc arg = { .size = sizeof(arg) };
	int rc = world_ioctl(fw->w, IOMMU_NEXT_IOAS_ALLOC, &arg, sizeof(arg));

	fw->made = arg.out_ioas_id;
	return rc;
}

static void undo_made(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, world_destroy(fw->w, fw->made));
}

static int op_ioas_map(struct fault_world *fw)
{
	struct iommu_next_ioas_map arg = {
		.size = sizeof(arg),
		.flags = IOMMU_NEXT_IOAS_MAP_FIXED_IOVA |
			 IOMMU_NEXT_IOAS_MAP_READABLE |
			 IOMMU_NEXT_IOAS_MAP_WRITEABLE,
		.ioas_id = fw->ioas[0],
		.user_va = fw->w->mem->uaddr,
		.length = LEN,
		.iova = IOVA,
	};

	return world_ioctl(fw->w, IOMMU_NEXT_IOAS_MAP, &arg, sizeof(arg));
}

static void undo_ioas_map(struct fault_world *fw)
{
	struct iommu_next_ioas_unmap arg = {
		.size = sizeof(arg),
		.ioas_id = fw->ioas[0],
		.iova = IOVA,
		.length = LEN,
	};

	KUNIT_EXPECT_EQ(fw->w->test, 0L,
			world_ioctl(fw->w, IOMMU_NEXT_IOAS_UNMAP, &arg,
				    sizeof(arg)));
}

static int op_ioas_ranges(struct fault_world *fw)
{
	struct {
		struct iommu_next_ioas_iova_ranges cmd;
		struct iommu_next_iova_range ranges[2];
	} arg = {
		.cmd = {
			.size = sizeof(arg.cmd),
			.ioas_id = fw->ioas[0],
			.num_iovas = 2,
			.allowed_iovas = fw->w->arg + sizeof(arg.cmd),
		},
	};

	return world_ioctl(fw->w, IOMMU_NEXT_IOAS_IOVA_RANGES, &arg,
			   sizeof(arg));
}

static int op_ioas_allow(struct fault_world *fw)
{
	struct {
		struct iommu_next_ioas_allow_iovas cmd;
		struct iommu_next_iova_range ranges[3];
	} arg = {
		.cmd = {
			.size = sizeof(arg.cmd),
			.ioas_id = fw->ioas[0],
			.num_iovas = 3,
			.allowed_iovas = fw->w->arg + sizeof(arg.cmd),
		},
		.ranges = { { 0, 10 }, { 20, 30 }, { 40, 50 } },
	};

	return world_ioctl(fw->w, IOMMU_NEXT_IOAS_ALLOW_IOVAS, &arg,
			   sizeof(arg));
}

static void undo_ioas_allow(struct fault_world *fw)
{
	struct iommu_next_ioas_allow_iovas arg = {
		.size = sizeof(arg),
		.ioas_id = fw->ioas[0],
	};

	KUNIT_EXPECT_EQ(fw->w->test, 0L,
			world_ioctl(fw->w, IOMMU_NEXT_IOAS_ALLOW_IOVAS, &arg,
				    sizeof(arg)));
}

static int op_hw_info(struct fault_world *fw)
{
	struct iommu_next_hw_info arg = {
		.size = sizeof(arg),
		.dev_id = fw->idev[0]->obj.id,
	};

	return world_ioctl(fw->w, IOMMU_NEXT_GET_HW_INFO, &arg, sizeof(arg));
}

static int prepare_ioas_map(struct fault_world *fw)
{
	return op_ioas_map(fw);
}

static int op_hwpt_alloc(struct fault_world *fw)
{
	struct iommu_next_hwpt_alloc arg = {
		.size = sizeof(arg),
		.dev_id = fw->idev[0]->obj.id,
		.pt_id = fw->ioas[0],
	};
	int rc = world_ioctl(fw->w, IOMMU_NEXT_HWPT_ALLOC, &arg, sizeof(arg));

	fw->made = arg.out_hwpt_id;
	return rc;
}

static int op_mock_create(struct fault_world *fw)
{
	struct iommu_next_mock_device_alloc arg = {};
	struct mock_device *mock = mock_device_create(&arg, fw->w->iommu);

	if (IS_ERR(mock))
		return PTR_ERR(mock);
	mock_device_destroy(mock);
	return 0;
}

static int op_bind(struct fault_world *fw)
{
	fw->idev[1] = inx_device_bind(fw->w->ctx, &mock_backend,
				      &fw->mock[1]->dev);
	return PTR_ERR_OR_ZERO(fw->idev[1]);
}

static void undo_bind(struct fault_world *fw)
{
	inx_device_unbind(fw->idev[1]);
}

static int op_device_attach(struct fault_world *fw)
{
	u32 id = fw->ioas[0];

	return inx_device_attach(fw->idev[0], &id);
}

static void undo_device_attach(struct fault_world *fw)
{
	inx_device_detach(fw->idev[0]);
}

/* From one IOAS to another, which has mappings of its own. */
static int prepare_device_replace(struct fault_world *fw)
{
	u32 id = fw->ioas[1];

	return op_ioas_map(fw) ?: inx_device_attach(fw->idev[0], &id);
}

static void undo_device_replace(struct fault_world *fw)
{
	u32 id = fw->ioas[1];

	KUNIT_EXPECT_EQ(fw->w->test, 0, inx_device_attach(fw->idev[0], &id));
}

static void clean_device_replace(struct fault_world *fw)
{
	inx_device_detach(fw->idev[0]);
	undo_ioas_map(fw);
}

static int prepare_device_detach(struct fault_world *fw)
{
	return op_ioas_map(fw) ?: op_device_attach(fw);
}

static int op_device_detach(struct fault_world *fw)
{
	inx_device_detach(fw->idev[0]);
	return 0;
}

static void redo_device_attach(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, op_device_attach(fw));
}

static int op_unbind(struct fault_world *fw)
{
	inx_device_unbind(fw->idev[1]);
	return 0;
}

static void redo_bind(struct fault_world *fw)
{
	KUNIT_EXPECT_EQ(fw->w->test, 0, op_bind(fw));
}

static const struct fault_op fault_ops[] = {
	{ "map", NULL, op_map, op_unmap_it, NULL },
	{ "map of untouched memory", NULL, op_map_anon, op_unmap_it, NULL },
	{ "copy", prepare_map, op_copy, undo_copy, op_unmap_it },
	{ "first page table", prepare_first_domain, op_attach_domain,
	  undo_attach_domain, clean_second_space },
	{ "further page table", prepare_map, op_attach_further,
	  undo_attach_domain, op_unmap_it },
	{ "reserve", NULL, op_reserve, undo_reserve, NULL },
	{ "unmap", prepare_map, op_unmap, redo_map, op_unmap_it, true },
	{ "removal of a page table", prepare_detach, op_detach_domain,
	  redo_attach, clean_detach, true },
	{ "open", NULL, op_open, undo_open, NULL },
	{ "IOAS_ALLOC", NULL, op_ioas_alloc, undo_made, NULL },
	{ "IOAS_MAP", op_device_attach, op_ioas_map, undo_ioas_map,
	  undo_device_attach },
	{ "IOAS_IOVA_RANGES", NULL, op_ioas_ranges, NULL, NULL },
	{ "IOAS_ALLOW_IOVAS", NULL, op_ioas_allow, undo_ioas_allow, NULL },
	{ "GET_HW_INFO", NULL, op_hw_info, NULL, NULL },
	{ "HWPT_ALLOC", prepare_ioas_map, op_hwpt_alloc, undo_made,
	  undo_ioas_map },
	{ "a mock device", NULL, op_mock_create, NULL, NULL },
	{ "bind", NULL, op_bind, undo_bind, NULL },
	{ "attach of a device", prepare_ioas_map, op_device_attach,
	  undo_device_attach, undo_ioas_map },
	{ "change of IOAS", prepare_device_replace, op_device_attach,
	  undo_device_replace, clean_device_replace },
	{ "detach of a device", prepare_device_detach, op_device_detach,
	  redo_device_attach, clean_device_replace, true },
	{ "unbind", op_bind, op_unbind, redo_bind, undo_bind, true },
};

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
	fw->idev[0] = inx_device_bind(w->ctx, &mock_backend, &fw->mock[0]->dev);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fw->idev[0]);
}

static void fault_leave(struct fault_world *fw)
{
	unsigned int i;

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
	addr = vm_mmap(NULL, ANON_UADDR, LEN, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
	KUNIT_ASSERT_FALSE(fw->w->test, IS_ERR_VALUE(addr));
}

/* One way of making something fail. */
struct fault_kind {
	const char *name;
	void (*arm)(struct fault_world *fw, unsigned int nth);
	bool (*disarm)(struct fault_world *fw);
};

static void fault_arm_memory(struct fault_world *fw, unsigned int nth)
{
	env_fail_nth(nth);
}

static bool fault_disarm_memory(struct fault_world *fw)
{
	return env_has_failed();
}

static void fault_arm_pin(struct fault_world *fw, unsigned int nth)
{
	fw->w->mem->bad = nth - 1;
}

static bool fault_disarm_pin(struct fault_world *fw)
{
	/* One beyond what is mapped is never met. */
	bool met = fw->w->mem->bad <= LEN / PAGE_SIZE;

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
	"pins", fault_arm_pin, fault_disarm_pin,
};

static const struct fault_kind fault_domain = {
	"calls of a page table", fault_arm_domain, fault_disarm_domain,
};

/* A budget of memory instead of a single failure; 64 bytes more each time. */
static void fault_arm_budget(struct fault_world *fw, unsigned int nth)
{
	KUNIT_ASSERT_EQ(fw->w->test, 0, env_starve((nth - 1) * 64));
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
	struct kunit *test = fw->w->test;
	unsigned int nth, points = 0;
	struct fault_state before;
	bool failed = true;
	int rc;

	if (op->prepare)
		KUNIT_ASSERT_EQ_MSG(test, 0, op->prepare(fw), "%s", op->name);
	fault_look(fw, &before);
	for (nth = 1; failed && nth < FAULT_MAX; nth++) {
		fault_renew_memory(fw);
		kind->arm(fw, nth);
		rc = op->run(fw);
		failed = kind->disarm(fw);
		points += rc || (failed && op->takes);
		if (rc) {
			KUNIT_EXPECT_TRUE_MSG(test, failed && !op->takes,
					      "%s: %d without a reason",
					      op->name, rc);
			KUNIT_EXPECT_TRUE_MSG(test, rc == -ENOMEM ||
						    rc == -EFAULT,
					      "%s: %d, failure %u", op->name,
					      rc, nth);
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
		.name = "mixed, small pages, two page tables",
		.layout = MEM_RUNS,
		.page_sizes = GENMASK(30, 12),
		.domains = 2,
		.mode = INX_ACCOUNT_MM,
	},
};

KUNIT_ARRAY_PARAM(fault, fault_configs, world_describe);

static void fault_sweep_all(struct world *w, const struct fault_kind *kind,
			    const struct fault_op *ops, unsigned int nr)
{
	unsigned int i, total = 0, points, len = 0;
	char *each = kunit_kzalloc(w->test, 1024, GFP_KERNEL);
	struct fault_world fw;

	KUNIT_ASSERT_NOT_NULL(w->test, each);
	fault_enter(w, &fw);
	for (i = 0; i < nr; i++) {
		points = fault_sweep(&fw, &ops[i], kind);
		total += points;
		len += scnprintf(each + len, 1024 - len, "%s%s %u",
				 i ? ", " : "", ops[i].name, points);
	}
	pr_info("inx-note: sweep of %s: %s: %u operations, %u failures (%s)\n",
		kind->name, w->config.name, nr, total, each);
	fault_leave(&fw);
}

WORLD_CASE(fault_allocations)
{
	fault_sweep_all(w, &fault_memory, fault_ops, ARRAY_SIZE(fault_ops));
}

WORLD_CASE(fault_budgets)
{
	fault_sweep_all(w, &fault_budget, fault_ops, ARRAY_SIZE(fault_ops));
}

static const struct fault_op fault_pin_ops[] = {
	{ "map", NULL, op_map, op_unmap_it, NULL },
	{ "first page table", prepare_first_domain, op_attach_domain,
	  undo_attach_domain, clean_second_space },
	{ "IOAS_MAP", op_device_attach, op_ioas_map, undo_ioas_map,
	  undo_device_attach },
	{ "HWPT_ALLOC", prepare_ioas_map, op_hwpt_alloc, undo_made,
	  undo_ioas_map },
	{ "attach of a device", prepare_ioas_map, op_device_attach,
	  undo_device_attach, undo_ioas_map },
	{ "change of IOAS", prepare_device_replace, op_device_attach,
	  undo_device_replace, clean_device_replace },
};

WORLD_CASE(fault_pins)
{
	fault_sweep_all(w, &fault_pin, fault_pin_ops,
			ARRAY_SIZE(fault_pin_ops));
}

static const struct fault_op fault_domain_ops[] = {
	{ "map", NULL, op_map, op_unmap_it, NULL },
	{ "copy", prepare_map, op_copy, undo_copy, op_unmap_it },
	{ "first page table", prepare_first_domain, op_attach_domain,
	  undo_attach_domain, clean_second_space },
	{ "further page table", prepare_map, op_attach_further,
	  undo_attach_domain, op_unmap_it },
	{ "HWPT_ALLOC", prepare_ioas_map, op_hwpt_alloc, undo_made,
	  undo_ioas_map },
	{ "attach of a device", prepare_ioas_map, op_device_attach,
	  undo_device_attach, undo_ioas_map },
	{ "change of IOAS", prepare_device_replace, op_device_attach,
	  undo_device_replace, clean_device_replace },
};

WORLD_CASE(fault_domain_maps)
{
	fault_sweep_all(w, &fault_domain, fault_domain_ops,
			ARRAY_SIZE(fault_domain_ops));
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
