// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pins for the CPU in an IOVA space: which pages, charged once; what is refused;
 * page tables that come and go beside them; and UNMAP, which asks for them.
 */
#include <linux/completion.h>
#include <linux/iommu.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "configs.h"
#include "cut.h"
#include "pin.h"
#include "world.h"

#define IOVA 0x10000000UL
#define LENGTH (64 * PAGE_SIZE)
#define PIN_MAX 64

/* Somebody who pins, and lets go when he is asked, or not. */
struct pinner {
	struct inx_pinner pinner;
	struct world *w;
	struct inx_iova_range pins[8];
	unsigned int nr;
	unsigned int asked;
	unsigned long iova;
	unsigned long length;
	bool refuses;
	struct page *list[PIN_MAX];
};

static struct inx_iova_range pages_at(unsigned long first, unsigned long npages)
{
	unsigned long start = IOVA + first * PAGE_SIZE;

	return (struct inx_iova_range){ start, start + npages * PAGE_SIZE - 1 };
}

static void pinner_unmap(struct inx_pinner *pinner, unsigned long iova,
			 unsigned long length)
{
	struct pinner *p = container_of(pinner, struct pinner, pinner);

	p->asked++;
	p->iova = iova;
	p->length = length;
	while (!p->refuses && p->nr)
		KUNIT_EXPECT_TRUE(p->w->test,
				  inx_pin_undo(&p->w->iopts[0], pinner,
					       p->pins[--p->nr]));
}

static struct pinner *pinner_make(struct world *w)
{
	struct pinner *p = kunit_kzalloc(w->test, sizeof(*p), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(w->test, p);
	p->w = w;
	p->pinner.unmap = pinner_unmap;
	KUNIT_ASSERT_EQ(w->test, 0, inx_pinner_add(&w->iopts[0], true));
	return p;
}

static void pinner_end(struct pinner *p)
{
	inx_pinner_release(&p->w->iopts[0], &p->pinner);
	inx_pinner_remove(&p->w->iopts[0], true);
}

static int pinner_pin(struct pinner *p, struct inx_iova_range range)
{
	int rc = inx_pin_pages(&p->w->iopts[0], &p->pinner, range, true,
			       p->list);

	if (!rc)
		p->pins[p->nr++] = range;
	return rc;
}

static bool pinner_undo(struct pinner *p, struct inx_iova_range range)
{
	return inx_pin_undo(&p->w->iopts[0], &p->pinner, range);
}

/* The list is that of pages from @first on. */
static void pinner_expect_list(struct pinner *p, unsigned long first,
			       unsigned long npages)
{
	unsigned long i, wrong = 0;

	for (i = 0; i < npages; i++)
		wrong += p->list[i] != p->w->mem->pages[first + i];
	KUNIT_EXPECT_EQ(p->w->test, 0UL, wrong);
}

static void pin_map(struct world *w)
{
	KUNIT_ASSERT_EQ(w->test, 0, world_map(w, 0, LENGTH, IOVA));
}

static void pin_unmap(struct world *w)
{
	KUNIT_EXPECT_EQ(w->test, 0, world_unmap(w, &w->iopts[0], IOVA, LENGTH));
}

/* Any pages of an area, again and again; charged once, beside page tables or not. */
WORLD_CASE(pin_pages)
{
	static const struct { unsigned long first, npages; } tries[] = {
		{ 0, 1 }, { 63, 1 }, { 0, 64 }, { 17, 30 }, { 15, 2 },
	};
	unsigned long mapped = w->config.domains ? 64 : 0;
	struct pinner *p = pinner_make(w);
	unsigned int i;

	pin_map(w);
	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		unsigned long n = tries[i].npages;
		struct inx_iova_range range = pages_at(tries[i].first, n);

		KUNIT_ASSERT_EQ(test, 0, pinner_pin(p, range));
		pinner_expect_list(p, tries[i].first, n);
		KUNIT_EXPECT_EQ(test, 0, pinner_pin(p, range));
		pinner_expect_list(p, tries[i].first, n);
		world_expect_pages(w, mapped ?: n);
		KUNIT_EXPECT_TRUE(test, pinner_undo(p, range));
		world_expect_pages(w, mapped ?: n);
		KUNIT_EXPECT_TRUE(test, pinner_undo(p, range));
		KUNIT_EXPECT_FALSE(test, pinner_undo(p, range));
		world_expect_pages(w, mapped);
		p->nr = 0;
	}
	world_expect_map(w, IOVA, 0, LENGTH);
	pinner_end(p);
	pin_unmap(w);
}

/* A pin starts with a page and ends anywhere. */
WORLD_CASE(pin_bytes)
{
	static const struct inx_iova_range tries[] = {
		{ IOVA, IOVA },
		{ IOVA, IOVA + PAGE_SIZE - 1 },
		{ IOVA, IOVA + PAGE_SIZE },
		{ IOVA + PAGE_SIZE, IOVA + 4 * PAGE_SIZE + 5 },
		{ IOVA + 63 * PAGE_SIZE, IOVA + LENGTH - 2 },
	};
	static const unsigned long firsts[] = { 0, 0, 0, 1, 63 };
	static const unsigned long npages[] = { 1, 1, 2, 4, 1 };
	struct pinner *p = pinner_make(w);
	unsigned int i;

	pin_map(w);
	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		KUNIT_ASSERT_EQ(test, 0, pinner_pin(p, tries[i]));
		pinner_expect_list(p, firsts[i], npages[i]);
	}
	for (i = 1; i < PAGE_SIZE; i *= 2)
		KUNIT_EXPECT_EQ(test, -EINVAL,
				pinner_pin(p, (struct inx_iova_range){
						   IOVA + i, IOVA + 9999 }));
	/* The exact range is the name of a pin. */
	KUNIT_EXPECT_FALSE(test, pinner_undo(p, pages_at(0, 3)));
	pinner_end(p);
	pin_unmap(w);
}

/* Across areas, which need not be neighbours in memory. */
WORLD_CASE(pin_across_areas)
{
	struct pinner *p = pinner_make(w);
	unsigned int i;

	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_EQ(test, 0,
				world_map(w, (3 - i) * 4 * PAGE_SIZE,
					  4 * PAGE_SIZE,
					  IOVA + i * 4 * PAGE_SIZE));
	KUNIT_ASSERT_EQ(test, 0, pinner_pin(p, pages_at(2, 12)));
	KUNIT_EXPECT_PTR_EQ(test, p->list[0], w->mem->pages[14]);
	KUNIT_EXPECT_PTR_EQ(test, p->list[2], w->mem->pages[8]);
	KUNIT_EXPECT_PTR_EQ(test, p->list[11], w->mem->pages[1]);
	/* One more page on either side is as good; what is not mapped is not. */
	KUNIT_EXPECT_EQ(test, 0, pinner_pin(p, pages_at(0, 16)));
	KUNIT_EXPECT_EQ(test, -ENOENT, pinner_pin(p, pages_at(0, 17)));
	KUNIT_EXPECT_EQ(test, -ENOENT, pinner_pin(p, pages_at(-1, 2)));
	KUNIT_EXPECT_EQ(test, -ENOENT, pinner_pin(p, pages_at(16, 1)));
	pinner_end(p);
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0],
					     IOVA + 4 * PAGE_SIZE,
					     4 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, -ENOENT, pinner_pin(p, pages_at(2, 8)));
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], IOVA, LENGTH));
}

/* Rights; pages that are not there; an area of another thread's. */
WORLD_CASE(pin_refused)
{
	struct inx_iopt *iopt = &w->iopts[0];
	struct pinner *p = pinner_make(w);
	struct inx_area *area;
	unsigned long at = IOVA;

	KUNIT_ASSERT_EQ(test, 0, world_map_prot(w, iopt, 0, PAGE_SIZE, &at,
						true, IOMMU_READ | IOMMU_CACHE));
	at = IOVA + PAGE_SIZE;
	KUNIT_ASSERT_EQ(test, 0, world_map_prot(w, iopt, PAGE_SIZE, PAGE_SIZE,
						&at, true, IOMMU_WRITE | IOMMU_CACHE));
	KUNIT_EXPECT_EQ(test, -EPERM, pinner_pin(p, pages_at(0, 1)));
	KUNIT_EXPECT_EQ(test, -EPERM, pinner_pin(p, pages_at(0, 2)));
	KUNIT_EXPECT_EQ(test, -EPERM, inx_pin_pages(iopt, &p->pinner,
						    pages_at(1, 1), false,
						    p->list));
	KUNIT_EXPECT_EQ(test, 0, inx_pin_pages(iopt, &p->pinner, pages_at(0, 1),
					       false, p->list));
	KUNIT_EXPECT_EQ(test, 0, pinner_pin(p, pages_at(1, 1)));
	pinner_end(p);

	area = inx_space_first(&iopt->space, IOVA + PAGE_SIZE,
			       IOVA + PAGE_SIZE);
	area->is_closed = true;
	KUNIT_EXPECT_EQ(test, -EINVAL, pinner_pin(p, pages_at(1, 1)));
	area->is_closed = false;
	area->state = INX_AREA_PENDING;
	KUNIT_EXPECT_EQ(test, -ENOENT, pinner_pin(p, pages_at(1, 1)));
	area->state = INX_AREA_LIVE;
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, iopt, IOVA, 2 * PAGE_SIZE));
}

/* The n-th page cannot be pinned: none is, in whatever area. */
WORLD_CASE(pin_bad_page)
{
	unsigned long bad;

	for (bad = 0; bad < 16; bad++) {
		struct pinner *p = pinner_make(w);

		KUNIT_ASSERT_EQ(test, 0, world_map(w, 0, 8 * PAGE_SIZE, IOVA));
		KUNIT_ASSERT_EQ(test, 0, world_map(w, 8 * PAGE_SIZE,
						   8 * PAGE_SIZE,
						   IOVA + 8 * PAGE_SIZE));
		w->mem->bad = bad;
		KUNIT_ASSERT_EQ(test, 0, mem_renew(w->mem));
		KUNIT_EXPECT_EQ(test, -EFAULT, pinner_pin(p, pages_at(0, 16)));
		world_expect_pages(w, 0);
		w->mem->bad = ULONG_MAX;
		KUNIT_EXPECT_EQ(test, 0, pinner_pin(p, pages_at(0, 16)));
		pinner_expect_list(p, 0, 16);
		pinner_end(p);
		KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], IOVA,
						     16 * PAGE_SIZE));
	}
}

/* An access for pins wants whole pages: who is first has it his way. */
WORLD_CASE(pin_alignment)
{
	struct inx_iopt *iopt = &w->iopts[0];
	int want = world_granule(w) < PAGE_SIZE ? 0 : -EINVAL;
	unsigned long at;

	KUNIT_EXPECT_EQ(test, want, world_map(w, 512 * 8 / 2, SZ_2K, IOVA));
	KUNIT_EXPECT_EQ(test, want ? 0 : -EADDRINUSE,
			inx_pinner_add(iopt, true));
	KUNIT_EXPECT_EQ(test, 0, inx_pinner_add(iopt, false));
	inx_pinner_remove(iopt, false);
	if (want)
		inx_pinner_remove(iopt, true);
	else
		KUNIT_EXPECT_EQ(test, 0, world_unmap(w, iopt, IOVA, SZ_2K));

	KUNIT_ASSERT_EQ(test, 0, inx_pinner_add(iopt, true));
	at = IOVA;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			world_map_prot(w, iopt, 0, SZ_2K, &at, true, WORLD_RW));
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, iopt->space.alignment);
	inx_pinner_remove(iopt, true);
	KUNIT_EXPECT_EQ(test, world_granule(w), iopt->space.alignment);
}

/* Page tables come and go while there are pins, which need none of them. */
WORLD_CASE(pin_beside_page_tables)
{
	struct inx_iopt *iopt = &w->iopts[0];
	struct pinner *p = pinner_make(w);
	unsigned int i, round;

	pin_map(w);
	KUNIT_ASSERT_EQ(test, 0, pinner_pin(p, pages_at(3, 9)));
	KUNIT_ASSERT_EQ(test, 0, pinner_pin(p, pages_at(10, 20)));
	for (i = 0; i < w->config.domains; i++)
		world_detach(w, i);
	world_expect_pages(w, 27);
	for (round = 0; round < 3; round++) {
		KUNIT_ASSERT_EQ(test, 0, world_attach(w, 0, iopt));
		world_expect_map(w, IOVA, 0, LENGTH);
		world_expect_pages(w, 64);
		KUNIT_ASSERT_EQ(test, 0, pinner_pin(p, pages_at(30 + round, 4)));
		pinner_expect_list(p, 30 + round, 4);
		world_detach(w, 0);
		world_expect_pages(w, 31 + round);
	}
	KUNIT_ASSERT_EQ(test, 0, world_attach(w, 1, iopt));
	pinner_end(p);
	world_expect_pages(w, 64);
	world_expect_map(w, IOVA, 0, LENGTH);
	world_detach(w, 1);
	world_expect_pages(w, 0);
	pin_unmap(w);
}

/* UNMAP asks for what it needs, once for each pin, and goes on. */
WORLD_CASE(pin_unmap_asks)
{
	struct inx_iopt *iopt = &w->iopts[0];
	struct pinner *p = pinner_make(w), *q = pinner_make(w);
	struct inx_iova_range all = { 0, ULONG_MAX };
	unsigned long unmapped = 0;

	pin_map(w);
	KUNIT_ASSERT_EQ(test, 0, world_map(w, SZ_1M, PAGE_SIZE, IOVA + SZ_1M));
	KUNIT_ASSERT_EQ(test, 0, pinner_pin(p, pages_at(5, 1)));
	KUNIT_ASSERT_EQ(test, 0, pinner_pin(p, pages_at(7, 9)));
	KUNIT_ASSERT_EQ(test, 0, pinner_pin(q, pages_at(8, 1)));
	/* Elsewhere: nobody is asked. */
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, iopt, IOVA + SZ_1M, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, 0U, p->asked + q->asked);
	/* Not all of an area: it stays, and nobody is asked. */
	KUNIT_EXPECT_EQ(test, -ENOENT, world_unmap(w, iopt, IOVA, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, 0U, p->asked + q->asked);

	q->refuses = true;
	KUNIT_EXPECT_EQ(test, -EBUSY, inx_iopt_unmap(iopt, all, &unmapped));
	KUNIT_EXPECT_EQ(test, 0UL, unmapped);
	KUNIT_EXPECT_EQ(test, IOVA, p->iova);
	KUNIT_EXPECT_EQ(test, LENGTH, p->length);
	KUNIT_EXPECT_EQ(test, 1U, q->asked);
	/* It is as before for everybody else. */
	world_expect_map(w, IOVA, 0, LENGTH);
	KUNIT_EXPECT_EQ(test, 0, pinner_pin(p, pages_at(0, 64)));
	q->refuses = false;
	KUNIT_EXPECT_EQ(test, 0, inx_iopt_unmap(iopt, all, &unmapped));
	KUNIT_EXPECT_EQ(test, LENGTH, unmapped);
	KUNIT_EXPECT_EQ(test, 2U, q->asked);
	world_expect_pages(w, 0);
	pinner_end(p);
	pinner_end(q);
}

/* What a pinner leaves is undone by the core, his and nobody else's. */
WORLD_CASE(pin_release)
{
	struct pinner *p = pinner_make(w), *q = pinner_make(w);
	unsigned long i;

	pin_map(w);
	for (i = 0; i < 5; i++)
		KUNIT_ASSERT_EQ(test, 0, pinner_pin(p, pages_at(i * 2, 3)));
	KUNIT_ASSERT_EQ(test, 0, pinner_pin(q, pages_at(40, 2)));
	inx_pinner_release(&w->iopts[0], &p->pinner);
	KUNIT_EXPECT_FALSE(test, pinner_undo(p, pages_at(0, 3)));
	KUNIT_EXPECT_TRUE(test, pinner_undo(q, pages_at(40, 2)));
	KUNIT_EXPECT_EQ(test, 0U, p->asked);
	inx_pinner_release(&w->iopts[0], &p->pinner);
	inx_pinner_remove(&w->iopts[0], true);
	inx_pinner_remove(&w->iopts[0], true);
	world_expect_pages(w, w->config.domains ? 64 : 0);
	pin_unmap(w);
}

static void pin_fill(struct world *w)
{
	unsigned long i;

	for (i = 0; i < LENGTH / sizeof(u32); i++)
		((u32 *)page_address(w->mem->pages[i * 4 / PAGE_SIZE]))
			[i % (PAGE_SIZE / 4)] = i * 2654435761U;
}

static int pin_rw(struct world *w, unsigned long offset, void *data,
		  unsigned long length, bool write)
{
	struct inx_iova_range range = {
		IOVA + offset, IOVA + offset + length - 1,
	};

	return inx_pin_rw(&w->iopts[0], range, data, write);
}

static unsigned long pin_rw_wrong(struct world *w, unsigned long offset,
				  const u8 *data, unsigned long length)
{
	unsigned long i, wrong = 0;

	for (i = 0; i < length; i++) {
		unsigned long at = offset + i;
		u8 *page = page_address(w->mem->pages[at >> PAGE_SHIFT]);

		wrong += page[offset_in_page(at)] != data[i];
	}
	return wrong;
}

/* Copies at any place, of any length, whatever of it is pinned. */
WORLD_CASE(pin_copies)
{
	static const struct { unsigned long offset, length; } tries[] = {
		{ 0, 1 }, { 0, LENGTH }, { LENGTH - 1, 1 },
		{ PAGE_SIZE - 1, 2 }, { 777, 3 * PAGE_SIZE },
		{ 7 * PAGE_SIZE, PAGE_SIZE }, { 1, LENGTH - 2 },
	};
	struct pinner *p = pinner_make(w);
	u8 *data = kvzalloc(LENGTH, GFP_KERNEL);
	unsigned int i, pinned;

	KUNIT_ASSERT_NOT_NULL(test, data);
	pin_map(w);
	pin_fill(w);
	for (pinned = 0; pinned < 2; pinned++) {
		for (i = 0; i < ARRAY_SIZE(tries); i++) {
			unsigned long offset = tries[i].offset;
			unsigned long length = tries[i].length;

			KUNIT_EXPECT_EQ(test, 0, pin_rw(w, offset, data, length,
							false));
			KUNIT_EXPECT_EQ(test, 0UL,
					pin_rw_wrong(w, offset, data, length));
			memset(data, i + 1 + pinned * 16, length);
			KUNIT_EXPECT_EQ(test, 0, pin_rw(w, offset, data, length,
							true));
			KUNIT_EXPECT_EQ(test, 0UL,
					pin_rw_wrong(w, offset, data, length));
		}
		if (pinned)
			break;
		KUNIT_ASSERT_EQ(test, 0, pinner_pin(p, pages_at(6, 11)));
		KUNIT_ASSERT_EQ(test, 0, pinner_pin(p, pages_at(33, 1)));
	}
	KUNIT_EXPECT_EQ(test, -ENOENT, pin_rw(w, LENGTH - 1, data, 2, false));
	KUNIT_EXPECT_EQ(test, -ENOENT, pin_rw(w, -1, data, 2, true));
	pinner_end(p);
	pin_unmap(w);
	kvfree(data);
}

/* Without a charge, without a right, and up to a page that is not there. */
WORLD_CASE(pin_copies_refused)
{
	u8 *data = kvzalloc(LENGTH, GFP_KERNEL);
	unsigned long at = IOVA;

	KUNIT_ASSERT_NOT_NULL(test, data);
	KUNIT_ASSERT_EQ(test, 0, world_map_prot(w, &w->iopts[0], 0, LENGTH, &at,
						true, IOMMU_READ | IOMMU_CACHE));
	env_set_memlock(0);
	KUNIT_EXPECT_EQ(test, -EPERM, pin_rw(w, 5, data, 5, true));
	KUNIT_EXPECT_EQ(test, 0, pin_rw(w, 5, data, 5, false));
	w->mem->bad = 20;
	KUNIT_ASSERT_EQ(test, 0, mem_renew(w->mem));
	KUNIT_EXPECT_EQ(test, 0, pin_rw(w, 0, data, 20 * PAGE_SIZE, false));
	KUNIT_EXPECT_EQ(test, -EFAULT, pin_rw(w, 0, data, 20 * PAGE_SIZE + 1,
					      false));
	KUNIT_EXPECT_EQ(test, -EFAULT, pin_rw(w, 20 * PAGE_SIZE, data, 1,
					      false));
	KUNIT_EXPECT_EQ(test, 0, pin_rw(w, 21 * PAGE_SIZE, data, 9, false));
	w->mem->bad = ULONG_MAX;
	env_set_memlock(SZ_1G);
	world_expect_pages(w, 0);
	pin_unmap(w);
	kvfree(data);
}

struct pin_race {
	struct pinner *p;
	unsigned int rounds;
	unsigned int wrong;
	unsigned int pinned;
	struct completion done;
};

/* Pin and undo so many times, while somebody else maps and unmaps: there, or not there. */
static int pin_race_thread(void *arg)
{
	struct pin_race *race = arg;
	struct pinner *p = race->p;
	unsigned int i;

	kthread_use_mm(p->w->mm);
	for (i = 0; race->pinned < race->rounds; i++) {
		struct inx_iova_range range = pages_at(i % 40, 1 + i % 20);
		int rc;

		rc = inx_pin_pages(&p->w->iopts[0], &p->pinner, range, true,
				   p->list);
		if (!rc)
			race->pinned++;
		else if (rc != -ENOENT && rc != -EINVAL)
			race->wrong++;
		/* Not mapped just now: let the other one go on. */
		if (rc || i % 8 == 0)
			schedule_timeout_uninterruptible(1);
		if (!rc && !pinner_undo(p, range))
			race->wrong++;
	}
	kthread_unuse_mm(p->w->mm);
	complete(&race->done);
	return 0;
}

/* Nobody is lost between a pin in the making and an UNMAP that waits for it. */
WORLD_CASE(pin_race)
{
	struct pin_race race = { .p = pinner_make(w), .rounds = 50 };
	struct inx_iova_range all = { 0, ULONG_MAX };
	struct task_struct *task;

	race.p->refuses = true;
	w->mem->slow = true;
	pin_map(w);
	init_completion(&race.done);
	task = kthread_run(pin_race_thread, &race, "inx-pin-race");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	while (!try_wait_for_completion(&race.done)) {
		int rc = inx_iopt_unmap(&w->iopts[0], all, NULL);

		KUNIT_EXPECT_TRUE(test, !rc || rc == -EBUSY);
		if (!rc) {
			KUNIT_ASSERT_EQ(test, 0, mem_renew(w->mem));
			pin_map(w);
		}
		schedule_timeout_uninterruptible(1);
	}
	KUNIT_EXPECT_EQ(test, 0U, race.wrong);
	pinner_end(race.p);
	pin_unmap(w);
}

struct pin_late {
	struct pinner *p;
	int rc;
	struct completion done;
};

/* Pins pages, one of which is not there yet. */
static int pin_late_thread(void *arg)
{
	struct pin_late *late = arg;

	kthread_use_mm(late->p->w->mm);
	late->rc = pinner_pin(late->p, pages_at(0, 4));
	kthread_unuse_mm(late->p->w->mm);
	complete(&late->done);
	return 0;
}

/* What SIGKILL leaves behind, and what takes it away. */
static void pin_kill(bool kill)
{
	spin_lock_irq(&current->sighand->siglock);
	if (kill) {
		sigaddset(&current->pending.signal, SIGKILL);
		set_tsk_thread_flag(current, TIF_SIGPENDING);
	} else {
		sigdelset(&current->pending.signal, SIGKILL);
		recalc_sigpending();
	}
	spin_unlock_irq(&current->sighand->siglock);
}

/* Who waits for a pin can be killed, and has changed nothing then. */
WORLD_CASE(pin_waiting_killed)
{
	struct pin_late late = { .p = pinner_make(w) };
	struct inx_iopt *iopt = &w->iopts[0];
	struct mem_gate gate = { .index = 2 };
	struct task_struct *task;
	struct inx_area *area;

	init_completion(&late.done);
	init_completion(&gate.met);
	init_completion(&gate.open);
	w->mem->gate = &gate;
	pin_map(w);
	task = kthread_run(pin_late_thread, &late, "inx-pin-late");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	wait_for_completion(&gate.met);

	pin_kill(true);
	KUNIT_EXPECT_EQ(test, -EINTR, world_unmap(w, iopt, IOVA, LENGTH));
	KUNIT_EXPECT_EQ(test, -EINTR, inx_cut_ends(iopt, pages_at(5, 2)));
	pin_kill(false);
	area = inx_space_first(&iopt->space, IOVA, IOVA);
	KUNIT_EXPECT_FALSE(test, area->is_closed);
	KUNIT_EXPECT_EQ(test, 1U, world_areas(iopt));

	complete(&gate.open);
	wait_for_completion(&late.done);
	w->mem->gate = NULL;
	KUNIT_EXPECT_EQ(test, 0, late.rc);
	pinner_expect_list(late.p, 0, 4);
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, iopt, IOVA, LENGTH));
	KUNIT_EXPECT_EQ(test, 1U, late.p->asked);
	pinner_end(late.p);
}

static const struct world_config pin_killed_configs[] = {
	{ .name = "no page table", .layout = MEM_RUNS, .small_pages = true },
};

KUNIT_ARRAY_PARAM(pin_killed, pin_killed_configs, world_describe);

static const struct world_config pin_configs[] = {
	{ .name = "no page table", .layout = MEM_MIXED },
	{ .name = "contiguous", .layout = MEM_CONTIG, .domains = 1 },
	{ .name = "scattered", .layout = MEM_SCATTERED, .domains = 2,
	  .mode = INX_ACCOUNT_MM },
};

KUNIT_ARRAY_PARAM(pin, pin_configs, world_describe);

static const struct world_config pin_bare_configs[] = {
	{ .name = "user", .layout = MEM_RUNS },
	{ .name = "process", .layout = MEM_SCATTERED, .mode = INX_ACCOUNT_MM },
};

KUNIT_ARRAY_PARAM(pin_bare, pin_bare_configs, world_describe);

static struct kunit_case pin_cases[] = {
	WORLD_CASE_PARAM(pin_pages),
	KUNIT_CASE_PARAM(pin_bytes, pin_gen_params),
	WORLD_CASE_PARAM(pin_across_areas),
	KUNIT_CASE_PARAM(pin_refused, pin_gen_params),
	KUNIT_CASE_PARAM(pin_bad_page, pin_bare_gen_params),
	WORLD_CASE_PARAM(pin_alignment),
	WORLD_CASE_PARAM(pin_beside_page_tables),
	WORLD_CASE_PARAM(pin_unmap_asks),
	KUNIT_CASE_PARAM(pin_release, pin_gen_params),
	WORLD_CASE_PARAM(pin_copies),
	KUNIT_CASE_PARAM(pin_copies_refused, pin_bare_gen_params),
	KUNIT_CASE_PARAM(pin_race, pin_gen_params),
	KUNIT_CASE_PARAM(pin_waiting_killed, pin_killed_gen_params),
	{}
};

static struct kunit_suite pin_suite = {
	.name = "inx_pin",
	.test_cases = pin_cases,
};

kunit_test_suite(pin_suite);
