// SPDX-License-Identifier: GPL-2.0-only
/* Who answers for pinned pages, and how they are charged. */
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/kthread.h>

#include "world.h"

static const struct world_config account_configs[] = {
	{ .name = "user", .mode = INX_ACCOUNT_USER },
	{ .name = "process", .mode = INX_ACCOUNT_MM },
	{ .name = "nobody", .mode = INX_ACCOUNT_NONE },
};

KUNIT_ARRAY_PARAM(account, account_configs, world_describe);

static void account_expect(struct world *w, unsigned long npages)
{
	KUNIT_EXPECT_EQ(w->test, npages, world_pinned(w));
	if (w->config.mode != INX_ACCOUNT_NONE)
		KUNIT_EXPECT_EQ(w->test, npages, world_locked(w));
	else
		KUNIT_EXPECT_EQ(w->test, 0UL, world_locked(w));
}

WORLD_CASE(account_charge)
{
	struct inx_owner *owner = inx_owner_current(&w->account);
	enum inx_account_mode mode = w->config.mode;
	int over = mode == INX_ACCOUNT_NONE ? 0 : -ENOMEM;

	KUNIT_ASSERT_NOT_NULL(test, owner);
	env_set_memlock(10 * PAGE_SIZE + PAGE_SIZE / 2);
	KUNIT_EXPECT_EQ(test, 0, inx_account_charge(owner, mode, 7));
	account_expect(w, 7);
	KUNIT_EXPECT_EQ(test, over, inx_account_charge(owner, mode, 4));
	if (!over)
		inx_account_uncharge(owner, mode, 4);
	account_expect(w, 7);
	KUNIT_EXPECT_EQ(test, 0, inx_account_charge(owner, mode, 3));
	account_expect(w, 10);
	KUNIT_EXPECT_EQ(test, over, inx_account_charge(owner, mode, 1));
	if (!over)
		inx_account_uncharge(owner, mode, 1);
	inx_account_uncharge(owner, mode, 0);
	inx_account_uncharge(owner, mode, 9);
	account_expect(w, 1);
	inx_account_uncharge(owner, mode, 1);
	account_expect(w, 0);
	inx_owner_put(owner);
	env_set_memlock(SZ_1G);
}

/* A number of pages that would wrap round is over any limit. */
WORLD_CASE(account_charge_huge)
{
	struct inx_owner *owner = inx_owner_current(&w->account);

	KUNIT_ASSERT_NOT_NULL(test, owner);
	if (w->config.mode == INX_ACCOUNT_USER)
		KUNIT_EXPECT_EQ(test, -ENOMEM,
				inx_account_charge(owner, w->config.mode,
						   LONG_MAX >> PAGE_SHIFT));
	account_expect(w, 0);
	inx_owner_put(owner);
}

/* The account remembers who mapped last, and tells one process from another. */
WORLD_CASE(account_owner_cached)
{
	struct inx_owner *a = inx_owner_current(&w->account);
	struct inx_owner *b = inx_owner_current(&w->account), *c;
	struct mm_struct *other;

	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_EXPECT_PTR_EQ(test, a, b);
	KUNIT_EXPECT_EQ(test, 3U, refcount_read(&a->refs));
	KUNIT_EXPECT_PTR_EQ(test, a->mm, current->mm);
	KUNIT_EXPECT_PTR_EQ(test, a->task, current->group_leader);

	kthread_unuse_mm(w->mm);
	other = env_mm_create();
	KUNIT_ASSERT_NOT_NULL(test, other);
	c = inx_owner_current(&w->account);
	KUNIT_ASSERT_NOT_NULL(test, c);
	KUNIT_EXPECT_PTR_NE(test, a, c);
	KUNIT_EXPECT_PTR_EQ(test, c->mm, other);
	KUNIT_EXPECT_EQ(test, 2U, refcount_read(&a->refs));
	env_mm_destroy(other);
	kthread_use_mm(w->mm);
	inx_owner_put(c);
	inx_owner_put(b);
	inx_owner_put(a);
	inx_owner_put(NULL);
}

/* An owner outlives its process; nothing can be charged to that any more. */
WORLD_CASE(account_owner_gone)
{
	enum inx_account_mode mode = w->config.mode;
	int want = mode == INX_ACCOUNT_MM ? -EFAULT : 0;
	struct inx_owner *owner;
	struct mm_struct *other;

	kthread_unuse_mm(w->mm);
	other = env_mm_create();
	KUNIT_ASSERT_NOT_NULL(test, other);
	owner = inx_owner_current(&w->account);
	KUNIT_ASSERT_NOT_NULL(test, owner);
	KUNIT_EXPECT_EQ(test, 0, inx_account_charge(owner, mode, 5));
	env_mm_destroy(other);
	kthread_use_mm(w->mm);

	KUNIT_EXPECT_EQ(test, want, inx_account_charge(owner, mode, 2));
	KUNIT_EXPECT_EQ(test, want ? 5 : 7,
			(int)atomic64_read(&owner->mm->pinned_vm));
	if (!want)
		inx_account_uncharge(owner, mode, 2);
	inx_account_uncharge(owner, mode, 5);
	KUNIT_EXPECT_EQ(test, 0, (int)atomic64_read(&owner->mm->pinned_vm));
	inx_owner_put(owner);
}

WORLD_CASE(account_without_memory)
{
	KUNIT_ASSERT_EQ(test, 0, env_faults_init());
	env_fail_nth(1);
	KUNIT_EXPECT_NULL(test, inx_owner_current(&w->account));
	KUNIT_EXPECT_TRUE(test, env_has_failed());
	KUNIT_EXPECT_NULL(test, w->account.owner);
}

/* CAP_IPC_LOCK: charged to nobody, whatever the context's mode. */
WORLD_CASE(account_mode_of_pages)
{
	struct inx_area *area = world_area(w, w->mem->uaddr, PAGE_SIZE, true);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, area);
	KUNIT_EXPECT_EQ(test, (int)w->config.mode, (int)area->pages->mode);
	inx_area_free(area);
}

static struct kunit_case account_cases[] = {
	KUNIT_CASE_PARAM(account_charge, account_gen_params),
	KUNIT_CASE_PARAM(account_charge_huge, account_gen_params),
	KUNIT_CASE_PARAM(account_owner_cached, account_gen_params),
	KUNIT_CASE_PARAM(account_owner_gone, account_gen_params),
	KUNIT_CASE(account_without_memory),
	KUNIT_CASE_PARAM(account_mode_of_pages, account_gen_params),
	{}
};

static struct kunit_suite account_suite = {
	.name = "inx_account",
	.test_cases = account_cases,
};

kunit_test_suite(account_suite);
