// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which process is charged: it changes for all that is mapped or for nothing,
 * beside pins of the CPU, and back when the new one comes to its limit.
 */
#include <linux/cred.h>
#include <linux/kthread.h>
#include <linux/mman.h>
#include <linux/sched/user.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommu-next.h>

#include "ioas.h"
#include "pin.h"
#include "shm.h"
#include "world.h"

#define IOVA 0x10000000UL
#define FILE_PAGES 32UL

/**
 * struct process_world - two IOASes, a file, and a second process
 * @w: the world; its process maps
 * @shm: the file
 * @ioas: the IOASes
 * @iopt: of them
 * @other: the second process
 */
struct process_world {
	struct world *w;
	struct shm *shm;
	u32 ioas[2];
	struct inx_iopt *iopt[2];
	struct mm_struct *other;
};

static void process_go(struct mm_struct *from, struct mm_struct *to)
{
	kthread_unuse_mm(from);
	kthread_use_mm(to);
}

static void process_enter(struct world *w, struct process_world *pw)
{
	struct kunit *test = w->test;
	unsigned long addr;
	unsigned int i;

	pw->w = w;
	pw->shm = shm_create(FILE_PAGES);
	KUNIT_ASSERT_NOT_NULL(test, pw->shm);
	world_open(w);
	for (i = 0; i < 2; i++) {
		struct inx_ioas *ioas;

		pw->ioas[i] = world_ioas_alloc(w);
		ioas = inx_ioas_get(w->ctx, pw->ioas[i]);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ioas);
		/* It stays until it is destroyed. */
		pw->iopt[i] = &ioas->iopt;
		inx_ioas_put(ioas);
		KUNIT_ASSERT_EQ(test, 0, world_attach(w, i, pw->iopt[i]));
	}
	kthread_unuse_mm(w->mm);
	pw->other = env_mm_create();
	KUNIT_ASSERT_NOT_NULL(test, pw->other);
	/* For the arguments of its ioctls, at the same address. */
	addr = vm_mmap(NULL, w->arg, PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
	KUNIT_ASSERT_EQ(test, w->arg, addr);
	/* And there: no fault when allocations are made to fail. */
	KUNIT_ASSERT_EQ(test, 0UL, clear_user((void __user *)addr, PAGE_SIZE));
	process_go(pw->other, w->mm);
}

static void process_leave(struct process_world *pw)
{
	struct kunit *test = pw->w->test;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		world_detach(pw->w, i);
		KUNIT_EXPECT_EQ(test, 0, world_destroy(pw->w, pw->ioas[i]));
	}
	KUNIT_EXPECT_EQ(test, 0UL, shm_total_pins(pw->shm));
	KUNIT_EXPECT_EQ(test, 0, (int)atomic64_read(&pw->other->pinned_vm));
	KUNIT_EXPECT_EQ(test, 0UL, pw->other->locked_vm);
	shm_destroy(pw->shm);
	process_go(pw->w->mm, pw->other);
	env_mm_destroy(pw->other);
	kthread_use_mm(pw->w->mm);
	rcu_barrier();
}

static int process_map(struct process_world *pw, unsigned int ioas,
		       unsigned long first, unsigned long npages)
{
	struct iommu_next_ioas_map_file arg = {
		.size = sizeof(arg),
		.flags = IOMMU_NEXT_IOAS_MAP_FIXED_IOVA |
			 IOMMU_NEXT_IOAS_MAP_READABLE |
			 IOMMU_NEXT_IOAS_MAP_WRITEABLE,
		.ioas_id = pw->ioas[ioas],
		.fd = pw->shm->fd,
		.start = first << PAGE_SHIFT,
		.length = npages << PAGE_SHIFT,
		.iova = IOVA + (first << PAGE_SHIFT),
	};

	return world_ioctl(pw->w, IOMMU_NEXT_IOAS_MAP_FILE, &arg, sizeof(arg));
}

static void process_unmap(struct process_world *pw, unsigned int ioas)
{
	struct inx_iova_range all = { 0, ULONG_MAX };

	KUNIT_EXPECT_EQ(pw->w->test, 0,
			inx_iopt_unmap(pw->iopt[ioas], all, NULL));
}

/* The calling process takes over. */
static int process_change(struct process_world *pw, u32 reserved)
{
	struct iommu_next_ioas_change_process arg = {
		.size = sizeof(arg), .__reserved = reserved,
	};

	return world_ioctl(pw->w, IOMMU_NEXT_IOAS_CHANGE_PROCESS, &arg,
			   sizeof(arg));
}

/* The second process does, with so much room. */
static int process_change_other(struct process_world *pw, unsigned long npages)
{
	int rc;

	process_go(pw->w->mm, pw->other);
	env_set_memlock(npages << PAGE_SHIFT);
	rc = process_change(pw, 0);
	env_set_memlock(SZ_1G);
	process_go(pw->other, pw->w->mm);
	return rc;
}

/* Pages that show with the first process, and with the second. */
static void process_expect(struct process_world *pw, unsigned long first,
			   unsigned long second)
{
	struct kunit *test = pw->w->test;
	struct world *w = pw->w;

	KUNIT_EXPECT_EQ(test, first, world_pinned(w));
	KUNIT_EXPECT_EQ(test, second,
			(unsigned long)atomic64_read(&pw->other->pinned_vm));
	if (w->config.mode == INX_ACCOUNT_MM) {
		KUNIT_EXPECT_EQ(test, first, w->mm->locked_vm);
		KUNIT_EXPECT_EQ(test, second, pw->other->locked_vm);
	} else if (w->config.mode == INX_ACCOUNT_USER) {
		/* Of the same user. */
		KUNIT_EXPECT_EQ(test, first + second, world_locked(w));
	}
}

WORLD_CASE(process_refused)
{
	unsigned long at = IOVA + SZ_1G;
	struct process_world pw = {};

	process_enter(w, &pw);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, process_change(&pw, 1));
	/* Nothing is mapped. */
	KUNIT_EXPECT_EQ(test, 0, process_change(&pw, 0));
	KUNIT_EXPECT_EQ(test, 0, process_change_other(&pw, 0));
	/* Memory of a process is among what is mapped: nothing changes. */
	KUNIT_ASSERT_EQ(test, 0, process_map(&pw, 0, 0, 8));
	KUNIT_ASSERT_EQ(test, 0, world_map_prot(w, pw.iopt[1], 0, PAGE_SIZE,
						&at, true, WORLD_RW));
	KUNIT_EXPECT_EQ(test, -EINVAL, process_change_other(&pw, 100));
	process_expect(&pw, 9, 0);
	process_unmap(&pw, 1);
	/* What is its own already. */
	KUNIT_EXPECT_EQ(test, 0, process_change(&pw, 0));
	process_expect(&pw, 8, 0);
	process_unmap(&pw, 0);
	process_leave(&pw);
}

/* There and back, with pages that are shared and pages that are not. */
WORLD_CASE(process_takes_over)
{
	struct process_world pw = {};
	unsigned long at = IOVA, i;

	process_enter(w, &pw);
	KUNIT_ASSERT_EQ(test, 0, process_map(&pw, 0, 0, 8));
	KUNIT_ASSERT_EQ(test, 0, process_map(&pw, 0, 20, 3));
	KUNIT_ASSERT_EQ(test, 0, process_map(&pw, 1, 10, 1));
	/* Counted once, as it is pinned once. */
	KUNIT_ASSERT_EQ(test, 0, inx_iopt_copy(pw.iopt[1], pw.iopt[0],
					       IOVA + PAGE_SIZE, 4 * PAGE_SIZE,
					       &at, true, WORLD_RW));
	process_expect(&pw, 12, 0);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, 0, process_change_other(&pw, 12));
		process_expect(&pw, 0, 12);
		KUNIT_EXPECT_EQ(test, 0, process_change_other(&pw, 12));
		process_expect(&pw, 0, 12);
		if (i == 1)
			break;
		KUNIT_EXPECT_EQ(test, 0, process_change(&pw, 0));
		process_expect(&pw, 12, 0);
	}
	/* Who is charged is not who unmaps, and who maps is charged by himself. */
	process_unmap(&pw, 0);
	process_expect(&pw, 0, 5);
	KUNIT_ASSERT_EQ(test, 0, process_map(&pw, 0, 0, 2));
	process_expect(&pw, 2, 5);
	KUNIT_EXPECT_EQ(test, 0, process_change(&pw, 0));
	process_expect(&pw, 7, 0);
	process_unmap(&pw, 0);
	process_unmap(&pw, 1);
	process_expect(&pw, 0, 0);
	process_leave(&pw);
}

/* The limit of the new one is met anywhere on the way: all is as before. */
WORLD_CASE(process_over_limit)
{
	static const unsigned long parts[] = { 1, 4, 2, 6, 3 };
	bool counts = w->config.mode != INX_ACCOUNT_NONE;
	struct process_world pw = {};
	unsigned long i, first = 0;

	process_enter(w, &pw);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		KUNIT_ASSERT_EQ(test, 0, process_map(&pw, i & 1, first,
						     parts[i]));
		first += parts[i];
	}
	for (i = 0; counts && i < first; i++) {
		KUNIT_EXPECT_EQ(test, -ENOMEM, process_change_other(&pw, i));
		process_expect(&pw, first, 0);
	}
	KUNIT_EXPECT_EQ(test, 0, process_change_other(&pw, counts ? first : 0));
	process_expect(&pw, 0, first);
	process_unmap(&pw, 0);
	process_unmap(&pw, 1);
	process_leave(&pw);
}

static void process_not_asked(struct inx_pinner *pinner, unsigned long iova,
			      unsigned long length)
{
}

/* Pins of the CPU change over with the pages; undone, they are nobody's. */
WORLD_CASE(process_beside_pins)
{
	struct inx_iova_range range = { IOVA, IOVA + 4 * PAGE_SIZE - 1 };
	struct inx_pinner pinner = { .unmap = process_not_asked };
	struct process_world pw = {};
	struct page *list[4];

	process_enter(w, &pw);
	world_detach(w, 0);
	KUNIT_ASSERT_EQ(test, 0, process_map(&pw, 0, 0, 8));
	KUNIT_ASSERT_EQ(test, 0, inx_pinner_add(pw.iopt[0], true));
	KUNIT_ASSERT_EQ(test, 0, inx_pin_pages(pw.iopt[0], &pinner, range,
					       true, list));
	process_expect(&pw, 4, 0);
	KUNIT_EXPECT_EQ(test, 0, process_change_other(&pw, 4));
	process_expect(&pw, 0, 4);
	KUNIT_EXPECT_TRUE(test, inx_pin_undo(pw.iopt[0], &pinner, range));
	process_expect(&pw, 0, 0);
	/* What is pinned from now on is the new one's, whoever pins. */
	KUNIT_ASSERT_EQ(test, 0, world_attach(w, 0, pw.iopt[0]));
	process_expect(&pw, 0, 8);
	inx_pinner_release(pw.iopt[0], &pinner);
	inx_pinner_remove(pw.iopt[0], true);
	process_unmap(&pw, 0);
	process_leave(&pw);
}

/* A process of another user: in this mode the users have a count each. */
WORLD_CASE(process_of_another_user)
{
	struct cred *cred = prepare_creds();
	struct process_world pw = {};
	struct user_struct *user;
	const struct cred *old;
	unsigned long limit;
	int rc;

	KUNIT_ASSERT_NOT_NULL(test, cred);
	user = alloc_uid(KUIDT_INIT(4711));
	KUNIT_ASSERT_NOT_NULL(test, user);
	process_enter(w, &pw);
	KUNIT_ASSERT_EQ(test, 0, process_map(&pw, 0, 0, 5));
	KUNIT_ASSERT_EQ(test, 0, process_map(&pw, 1, 8, 6));
	free_uid(cred->user);
	cred->user = get_uid(user);
	for (limit = 4; limit < 12; limit++) {
		old = override_creds(cred);
		rc = process_change_other(&pw, limit);
		revert_creds(old);
		KUNIT_EXPECT_EQ(test, limit < 11 ? -ENOMEM : 0, rc);
		KUNIT_EXPECT_EQ(test, rc ? 11UL : 0UL, world_locked(w));
		KUNIT_EXPECT_EQ(test, rc ? 0L : 11L,
				atomic_long_read(&user->locked_vm));
		KUNIT_EXPECT_EQ(test, rc ? 11UL : 0UL, world_pinned(w));
	}
	process_unmap(&pw, 0);
	process_unmap(&pw, 1);
	KUNIT_EXPECT_EQ(test, 0L, atomic_long_read(&user->locked_vm));
	process_leave(&pw);
	put_cred(cred);
	free_uid(user);
}

/* No memory on the way: as before, and it works when it is tried again. */
WORLD_CASE(process_without_memory)
{
	struct process_world pw = {};
	unsigned int nth;
	bool failed = true;
	int rc;

	KUNIT_ASSERT_EQ(test, 0, env_faults_init());
	process_enter(w, &pw);
	KUNIT_ASSERT_EQ(test, 0, process_map(&pw, 0, 0, 5));
	for (nth = 1; failed && nth < 100; nth++) {
		process_go(w->mm, pw.other);
		env_fail_nth(nth);
		rc = process_change(&pw, 0);
		failed = env_has_failed();
		process_go(pw.other, w->mm);
		if (rc)
			KUNIT_EXPECT_EQ(test, -ENOMEM, rc);
		process_expect(&pw, rc ? 5 : 0, rc ? 0 : 5);
		if (!rc)
			KUNIT_EXPECT_EQ(test, 0, process_change(&pw, 0));
	}
	KUNIT_EXPECT_GT(test, nth, 2U);
	process_unmap(&pw, 0);
	process_leave(&pw);
}

static const struct world_config process_configs[] = {
	{ .name = "user", .mode = INX_ACCOUNT_USER },
	{ .name = "process", .mode = INX_ACCOUNT_MM },
	{ .name = "nobody", .mode = INX_ACCOUNT_NONE },
};

KUNIT_ARRAY_PARAM(process, process_configs, world_describe);

static const struct world_config process_user_configs[] = {
	{ .name = "user", .mode = INX_ACCOUNT_USER },
};

KUNIT_ARRAY_PARAM(process_user, process_user_configs, world_describe);

static struct kunit_case process_cases[] = {
	KUNIT_CASE_PARAM(process_refused, process_gen_params),
	KUNIT_CASE_PARAM(process_takes_over, process_gen_params),
	KUNIT_CASE_PARAM(process_over_limit, process_gen_params),
	KUNIT_CASE_PARAM(process_beside_pins, process_gen_params),
	KUNIT_CASE_PARAM(process_of_another_user, process_user_gen_params),
	KUNIT_CASE_PARAM(process_without_memory, process_gen_params),
	{}
};

static struct kunit_suite process_suite = {
	.name = "inx_process",
	.test_cases = process_cases,
};

kunit_test_suite(process_suite);
