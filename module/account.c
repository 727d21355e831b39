// SPDX-License-Identifier: GPL-2.0-only
/*
 * Charging pinned pages to RLIMIT_MEMLOCK.
 *
 * A page is charged before it is pinned and uncharged after it is unpinned, so
 * the limit holds at every moment. Three modes, chosen when memory is mapped:
 *
 *   user  all processes of a user share one count (user_struct::locked_vm),
 *         held against the limit of the process that mapped; as io_uring
 *   mm    the count is the address space's (mm_struct::locked_vm, VmLck), as
 *         VFIO type1
 *   none  the process has CAP_IPC_LOCK
 *
 * In every mode the pages show in mm_struct::pinned_vm (VmPin).
 */
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/user.h>
#include <linux/slab.h>

#include "account.h"

static struct inx_owner *inx_owner_alloc(void)
{
	struct inx_owner *owner = kmalloc_obj(*owner, GFP_KERNEL_ACCOUNT);

	if (!owner)
		return NULL;
	refcount_set(&owner->refs, 1);
	owner->mm = current->mm;
	mmgrab(owner->mm);
	owner->task = get_task_struct(current->group_leader);
	owner->user = get_uid(current_user());
	return owner;
}

/**
 * inx_owner_put() - drop a reference
 * @owner: may be NULL
 */
void inx_owner_put(struct inx_owner *owner)
{
	if (!owner || !refcount_dec_and_test(&owner->refs))
		return;
	mmdrop(owner->mm);
	put_task_struct(owner->task);
	free_uid(owner->user);
	kfree(owner);
}

/**
 * inx_owner_is_current() - whether an owner stands for the calling process
 * @owner: may be NULL
 *
 * Return: that.
 */
bool inx_owner_is_current(const struct inx_owner *owner)
{
	return owner && owner->mm == current->mm &&
	       owner->task == current->group_leader &&
	       owner->user == current_user();
}

/**
 * inx_account_init() - start with charging users
 * @account: zeroed
 */
void inx_account_init(struct inx_account *account)
{
	account->mode = INX_ACCOUNT_USER;
	spin_lock_init(&account->lock);
}

/**
 * inx_account_destroy() - end of a context
 * @account: its account, of which nothing is pinned any more
 */
void inx_account_destroy(struct inx_account *account)
{
	WARN_ON_ONCE(atomic_long_read(&account->npinned));
	inx_owner_put(account->owner);
}

/**
 * inx_owner_current() - the owner that stands for the calling process
 * @account: where it is looked for and kept: one process does most of the maps
 *
 * Return: the owner with a reference for the caller, or NULL without memory.
 */
struct inx_owner *inx_owner_current(struct inx_account *account)
{
	struct inx_owner *owner, *old;

	spin_lock(&account->lock);
	owner = account->owner;
	if (inx_owner_is_current(owner)) {
		refcount_inc(&owner->refs);
		spin_unlock(&account->lock);
		return owner;
	}
	spin_unlock(&account->lock);

	owner = inx_owner_alloc();
	if (!owner)
		return NULL;
	refcount_inc(&owner->refs);
	spin_lock(&account->lock);
	old = account->owner;
	account->owner = owner;
	spin_unlock(&account->lock);
	inx_owner_put(old);
	return owner;
}

static int inx_account_user(struct inx_owner *owner, long npages, bool force)
{
	unsigned long limit = task_rlimit(owner->task, RLIMIT_MEMLOCK) >>
			      PAGE_SHIFT;
	long now = atomic_long_read(&owner->user->locked_vm);

	do {
		if (!force && (unsigned long)now + npages > limit)
			return -ENOMEM;
	} while (!atomic_long_try_cmpxchg(&owner->user->locked_vm, &now,
					  now + npages));
	return 0;
}

static int inx_account_mm(struct inx_owner *owner, unsigned long npages,
			  bool inc, bool force)
{
	int rc;

	/* Without users the address space and its count are gone already. */
	if (!mmget_not_zero(owner->mm))
		return inc ? -EFAULT : 0;
	mmap_write_lock(owner->mm);
	rc = __account_locked_vm(owner->mm, npages, inc, owner->task, force);
	mmap_write_unlock(owner->mm);
	mmput_async(owner->mm);
	return rc;
}

/**
 * inx_account_shares_count() - whether pages of two owners are counted together
 * @a: one owner
 * @b: the other
 * @mode: how they are charged
 *
 * Return: that; also when they are not counted at all.
 */
bool inx_account_shares_count(const struct inx_owner *a,
			      const struct inx_owner *b,
			      enum inx_account_mode mode)
{
	if (mode == INX_ACCOUNT_USER)
		return a->user == b->user;
	if (mode == INX_ACCOUNT_MM)
		return a->mm == b->mm;
	return true;
}

/**
 * inx_account_count() - the part of a charge that has a limit
 * @owner: as in inx_account_charge()
 * @mode: likewise
 * @npages: likewise; 0 to ask whether the count is within the limit
 * @force: never mind the limit
 *
 * Return: as inx_account_charge().
 */
int inx_account_count(struct inx_owner *owner, enum inx_account_mode mode,
		      unsigned long npages, bool force)
{
	if (mode == INX_ACCOUNT_USER)
		return inx_account_user(owner, npages, force);
	if (mode == INX_ACCOUNT_MM)
		return inx_account_mm(owner, npages, true, force);
	return 0;
}

/**
 * inx_account_uncount() - undo inx_account_count()
 * @owner: as it was counted
 * @mode: likewise
 * @npages: of PAGE_SIZE
 */
void inx_account_uncount(struct inx_owner *owner, enum inx_account_mode mode,
			 unsigned long npages)
{
	if (mode == INX_ACCOUNT_USER)
		atomic_long_sub(npages, &owner->user->locked_vm);
	else if (mode == INX_ACCOUNT_MM)
		inx_account_mm(owner, npages, false, false);
}

/**
 * inx_account_charge() - charge pages that are about to be pinned
 * @owner: who answers for them
 * @mode: how
 * @npages: of PAGE_SIZE
 *
 * Return: 0; -ENOMEM over the limit; -EFAULT when the process is gone.
 */
int inx_account_charge(struct inx_owner *owner, enum inx_account_mode mode,
		       unsigned long npages)
{
	int rc = inx_account_count(owner, mode, npages, false);

	if (!rc)
		atomic64_add(npages, &owner->mm->pinned_vm);
	return rc;
}

/**
 * inx_account_uncharge() - undo inx_account_charge()
 * @owner: as it was charged
 * @mode: likewise
 * @npages: of PAGE_SIZE, 0 is allowed
 */
void inx_account_uncharge(struct inx_owner *owner, enum inx_account_mode mode,
			  unsigned long npages)
{
	if (!npages)
		return;
	atomic64_sub(npages, &owner->mm->pinned_vm);
	/* Then the charge: VmPin never shows more than the limit allows. */
	smp_mb__after_atomic();
	inx_account_uncount(owner, mode, npages);
}

/**
 * inx_account_show_as() - let pinned pages show in another process
 * @from: where they showed
 * @to: where they show from now on
 * @npages: of PAGE_SIZE, counted for @to already and for @from still
 */
void inx_account_show_as(struct inx_owner *from, struct inx_owner *to,
			 unsigned long npages)
{
	atomic64_add(npages, &to->mm->pinned_vm);
	atomic64_sub(npages, &from->mm->pinned_vm);
	/* As in inx_account_uncharge(). */
	smp_mb__after_atomic();
}
