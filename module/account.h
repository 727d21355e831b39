/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whom pinned pages are charged to. account.c owns everything declared here.
 */
#ifndef INX_ACCOUNT_H
#define INX_ACCOUNT_H

#include <linux/atomic.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct mm_struct;
struct task_struct;
struct user_struct;

/**
 * struct inx_owner - the process whose memory is mapped and who answers for it
 * @refs: one per struct inx_pages, and one of the struct inx_account that has it cached
 * @mm: its address space; grabbed, so the struct stays, not the memory
 * @task: its thread group leader, for RLIMIT_MEMLOCK
 * @user: its user
 *
 * Immutable; outlives the process.
 */
struct inx_owner {
	refcount_t refs;
	struct mm_struct *mm;
	struct task_struct *task;
	struct user_struct *user;
};

/**
 * enum inx_account_mode - how pages are charged
 * @INX_ACCOUNT_USER: to the user
 * @INX_ACCOUNT_MM: to the process
 * @INX_ACCOUNT_NONE: to nobody
 */
enum inx_account_mode {
	INX_ACCOUNT_USER,
	INX_ACCOUNT_MM,
	INX_ACCOUNT_NONE,
};

/**
 * struct inx_account - what a context has to know about charging
 * @mode: of memory that is mapped from now on, if the process has no
 *	CAP_IPC_LOCK
 * @lock: of @owner
 * @owner: the process that mapped last, NULL at first
 * @npinned: pages that are pinned, or about to be, each counted once
 * @ncharged: those of them that are held against a limit
 *
 * Outlives all that is pinned by it.
 */
struct inx_account {
	enum inx_account_mode mode;
	spinlock_t lock; /* of owner */
	struct inx_owner *owner;
	atomic_long_t npinned;
	atomic_long_t ncharged;
};

void inx_account_init(struct inx_account *account);
void inx_account_destroy(struct inx_account *account);

struct inx_owner *inx_owner_current(struct inx_account *account);
void inx_owner_put(struct inx_owner *owner);
bool inx_owner_is_current(const struct inx_owner *owner);

static inline void inx_owner_get(struct inx_owner *owner)
{
	refcount_inc(&owner->refs);
}

int inx_account_charge(struct inx_owner *owner, enum inx_account_mode mode,
		       unsigned long npages);
void inx_account_uncharge(struct inx_owner *owner, enum inx_account_mode mode,
			  unsigned long npages);
bool inx_account_shares_count(const struct inx_owner *a,
			      const struct inx_owner *b,
			      enum inx_account_mode mode);
int inx_account_count(struct inx_owner *owner, enum inx_account_mode mode,
		      unsigned long npages, bool force);
void inx_account_uncount(struct inx_owner *owner, enum inx_account_mode mode,
			 unsigned long npages);
void inx_account_show_as(struct inx_owner *from, struct inx_owner *to,
			 unsigned long npages);

#endif
