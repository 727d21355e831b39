// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses, as a driver uses them: attached to IOASes, moved and taken away,
 * with pins that are let go of or not. What pins do in detail is in pin_test.c.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommu_next.h>
#include <uapi/linux/iommu-next.h>

#include "access.h"
#include "ioas.h"
#include "world.h"

#define IOVA 0x10000000UL
#define NPAGES 16UL

/* The driver: it notes its pins, and lets go of them when it is asked, or not. */
struct driver {
	struct world *w;
	struct inx_access *access;
	u32 id;
	struct {
		unsigned long iova;
		unsigned long length;
	} pins[8];
	unsigned int nr;
	unsigned int asked;
	unsigned long iova;
	unsigned long length;
	bool refuses;
	struct page *list[NPAGES];
};

static void driver_unmap(void *priv, unsigned long iova, unsigned long length)
{
	struct driver *d = priv;

	d->asked++;
	d->iova = iova;
	d->length = length;
	while (!d->refuses && d->nr) {
		d->nr--;
		iommu_next_access_unpin_pages(d->access, d->pins[d->nr].iova,
					      d->pins[d->nr].length);
	}
}

static const struct iommu_next_access_ops driver_pin_ops = {
	.needs_pin_pages = true,
	.unmap = driver_unmap,
};

static const struct iommu_next_access_ops driver_told_ops = {
	.unmap = driver_unmap,
};

static const struct iommu_next_access_ops driver_rw_ops = {};

static const struct iommu_next_access_ops driver_wrong_ops = {
	.needs_pin_pages = true,
};

/**
 * struct access_world - two IOASes with the same memory at IOVA, and a driver
 * @w: the world
 * @ioas: IDs
 * @iopt: of them
 * @driver: with an access for pins, attached to nothing
 */
struct access_world {
	struct world *w;
	u32 ioas[2];
	struct inx_iopt *iopt[2];
	struct driver driver;
};

static void driver_make(struct world *w, struct driver *d,
			const struct iommu_next_access_ops *ops)
{
	d->w = w;
	d->access = iommu_next_access_create(w->ctx, ops, d, &d->id);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(w->test, d->access);
}

static void access_enter(struct world *w, struct access_world *aw)
{
	struct kunit *test = w->test;
	unsigned int i;

	aw->w = w;
	world_open(w);
	for (i = 0; i < 2; i++) {
		struct inx_ioas *ioas;
		unsigned long at = IOVA;

		aw->ioas[i] = world_ioas_alloc(w);
		ioas = inx_ioas_get(w->ctx, aw->ioas[i]);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ioas);
		/* It stays until it is destroyed. */
		aw->iopt[i] = &ioas->iopt;
		inx_ioas_put(ioas);
		KUNIT_ASSERT_EQ(test, 0,
				world_map_prot(w, aw->iopt[i], i * SZ_1M,
					       NPAGES * PAGE_SIZE, &at, true,
					       WORLD_RW));
	}
	driver_make(w, &aw->driver, &driver_pin_ops);
}

static void access_leave(struct access_world *aw)
{
	struct kunit *test = aw->w->test;
	unsigned int i;

	iommu_next_access_destroy(aw->driver.access);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test, 0, world_destroy(aw->w, aw->ioas[i]));
	flush_delayed_fput();
	rcu_barrier();
}

static int driver_pin(struct driver *d, unsigned long first,
		      unsigned long npages)
{
	unsigned long iova = IOVA + (first << PAGE_SHIFT);
	int rc = iommu_next_access_pin_pages(d->access, iova,
					     npages << PAGE_SHIFT, d->list,
					     IOMMU_NEXT_ACCESS_WRITE);

	if (!rc) {
		d->pins[d->nr].iova = iova;
		d->pins[d->nr++].length = npages << PAGE_SHIFT;
	}
	return rc;
}

/* Which of the IOASes the access reaches: 0, 1, or -1 for none. */
static int driver_reaches(struct driver *d)
{
	u32 word = 0, i;

	for (i = 0; i < 2; i++)
		*(u32 *)page_address(d->w->mem->pages[i * 256]) = 100 + i;
	if (iommu_next_access_rw(d->access, IOVA, &word, 4, 0))
		return -1;
	return word - 100;
}

WORLD_CASE(access_create)
{
	struct driver a = {}, b = {};
	struct inx_access *access;
	unsigned int nth;
	long count;
	u32 id;

	KUNIT_ASSERT_EQ(test, 0, env_faults_init());
	world_open(w);
	count = file_count(w->file);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			(int)PTR_ERR(iommu_next_access_create(w->ctx,
							      &driver_wrong_ops,
							      NULL, &id)));
	for (nth = 1; nth < 10; nth++) {
		env_fail_nth(nth);
		access = iommu_next_access_create(w->ctx, &driver_pin_ops, &a,
						  &id);
		if (!env_has_failed() || !IS_ERR(access))
			break;
		KUNIT_EXPECT_EQ(test, -ENOMEM, (int)PTR_ERR(access));
		KUNIT_EXPECT_EQ(test, count, (long)file_count(w->file));
	}
	KUNIT_EXPECT_GT(test, nth, 1U);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, access);
	iommu_next_access_destroy(access);

	driver_make(w, &a, &driver_pin_ops);
	driver_make(w, &b, &driver_rw_ops);
	KUNIT_EXPECT_NE(test, a.id, b.id);
	/* It is the driver's: user space cannot take it away. */
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, a.id));
	KUNIT_EXPECT_EQ(test, count + 2, (long)file_count(w->file));
	KUNIT_EXPECT_EQ(test, -1, driver_reaches(&a));
	iommu_next_access_detach(a.access);
	iommu_next_access_destroy(a.access);
	KUNIT_EXPECT_EQ(test, -ENOENT, world_destroy(w, a.id));
	iommu_next_access_destroy(b.access);
	KUNIT_EXPECT_EQ(test, count, (long)file_count(w->file));
	rcu_barrier();
}

/* From one IOAS to another, to the same, to nothing. */
WORLD_CASE(access_attach)
{
	struct access_world aw = {};
	struct driver *d = &aw.driver;

	access_enter(w, &aw);
	KUNIT_EXPECT_EQ(test, -ENOENT,
			iommu_next_access_attach(d->access, 4711));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			iommu_next_access_attach(d->access, d->id));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			iommu_next_access_replace(d->access, aw.ioas[0]));
	KUNIT_EXPECT_EQ(test, -1, driver_reaches(d));
	KUNIT_EXPECT_EQ(test, 0,
			iommu_next_access_attach(d->access, aw.ioas[0]));
	KUNIT_EXPECT_EQ(test, 0, driver_reaches(d));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			iommu_next_access_attach(d->access, aw.ioas[0]));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			iommu_next_access_attach(d->access, aw.ioas[1]));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, aw.ioas[0]));

	KUNIT_EXPECT_EQ(test, -ENOENT,
			iommu_next_access_replace(d->access, 4711));
	KUNIT_EXPECT_EQ(test, 0,
			iommu_next_access_replace(d->access, aw.ioas[0]));
	KUNIT_EXPECT_EQ(test, 0U, d->asked);
	KUNIT_EXPECT_EQ(test, 0, driver_reaches(d));
	KUNIT_EXPECT_EQ(test, 0,
			iommu_next_access_replace(d->access, aw.ioas[1]));
	KUNIT_EXPECT_EQ(test, 1U, d->asked);
	KUNIT_EXPECT_EQ(test, 0UL, d->iova);
	KUNIT_EXPECT_EQ(test, ULONG_MAX, d->length);
	KUNIT_EXPECT_EQ(test, 1, driver_reaches(d));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, aw.ioas[1]));
	iommu_next_access_detach(d->access);
	KUNIT_EXPECT_EQ(test, 2U, d->asked);
	KUNIT_EXPECT_EQ(test, -1, driver_reaches(d));
	iommu_next_access_detach(d->access);
	KUNIT_EXPECT_EQ(test, 2U, d->asked);
	KUNIT_EXPECT_EQ(test, 0,
			iommu_next_access_attach(d->access, aw.ioas[1]));
	access_leave(&aw);
}

/* Parts of pages and pins do not go together, in either order. */
WORLD_CASE(access_alignment)
{
	struct access_world aw = {};
	struct driver *d = &aw.driver, rw = {};
	unsigned long at = IOVA + SZ_1M;

	access_enter(w, &aw);
	driver_make(w, &rw, &driver_rw_ops);
	KUNIT_ASSERT_EQ(test, 0, world_map_prot(w, aw.iopt[1], 512, 512, &at,
						true, WORLD_RW));
	KUNIT_EXPECT_EQ(test, -EADDRINUSE,
			iommu_next_access_attach(d->access, aw.ioas[1]));
	KUNIT_EXPECT_EQ(test, 0,
			iommu_next_access_attach(rw.access, aw.ioas[1]));
	KUNIT_EXPECT_EQ(test, 0,
			iommu_next_access_attach(d->access, aw.ioas[0]));
	KUNIT_ASSERT_EQ(test, 0, driver_pin(d, 2, 3));
	/* It stays where it is, and so do its pins. */
	KUNIT_EXPECT_EQ(test, -EADDRINUSE,
			iommu_next_access_replace(d->access, aw.ioas[1]));
	KUNIT_EXPECT_EQ(test, 0U, d->asked);
	KUNIT_EXPECT_EQ(test, 0, driver_reaches(d));
	world_expect_pages(w, 3);
	at = IOVA + SZ_2M;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			world_map_prot(w, aw.iopt[0], 512, 512, &at, true,
				       WORLD_RW));
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, aw.iopt[1], IOVA + SZ_1M, 512));
	KUNIT_EXPECT_EQ(test, 0,
			iommu_next_access_replace(d->access, aw.ioas[1]));
	world_expect_pages(w, 0);
	iommu_next_access_destroy(rw.access);
	access_leave(&aw);
}

/* What a call is refused for before anything is looked at. */
WORLD_CASE(access_refused)
{
	struct access_world aw = {};
	struct driver *d = &aw.driver, rw = {};
	struct page *list[1];
	u8 data[8];

	access_enter(w, &aw);
	driver_make(w, &rw, &driver_rw_ops);
	KUNIT_ASSERT_EQ(test, 0,
			iommu_next_access_attach(rw.access, aw.ioas[0]));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			iommu_next_access_pin_pages(rw.access, IOVA, PAGE_SIZE,
						    list, 0));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			iommu_next_access_pin_pages(d->access, IOVA, PAGE_SIZE,
						    list, 0));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			iommu_next_access_rw(d->access, IOVA, data, 1, 0));
	KUNIT_ASSERT_EQ(test, 0,
			iommu_next_access_attach(d->access, aw.ioas[0]));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			iommu_next_access_pin_pages(d->access, IOVA, PAGE_SIZE,
						    list, 4));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			iommu_next_access_pin_pages(d->access, IOVA, 0, list,
						    0));
	KUNIT_EXPECT_EQ(test, -EOVERFLOW,
			iommu_next_access_pin_pages(d->access,
						    ULONG_MAX & PAGE_MASK,
						    PAGE_SIZE + 1, list, 0));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			iommu_next_access_pin_pages(d->access,
						    ULONG_MAX & PAGE_MASK,
						    PAGE_SIZE, list, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			iommu_next_access_rw(d->access, IOVA, data, 8, 8));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			iommu_next_access_rw(d->access, IOVA, data, 0, 0));
	KUNIT_EXPECT_EQ(test, -EOVERFLOW,
			iommu_next_access_rw(d->access, ULONG_MAX, data, 2, 0));
	/* A flag without a meaning here. */
	KUNIT_EXPECT_EQ(test, 0,
			iommu_next_access_rw(d->access, IOVA, data, 8,
					     IOMMU_NEXT_ACCESS_KTHREAD));
	iommu_next_access_destroy(rw.access);
	access_leave(&aw);
}

/* Pins that the driver undoes when it leaves, and pins that it does not. */
WORLD_CASE(access_leaves_with_pins)
{
	struct access_world aw = {};
	struct driver *d = &aw.driver;
	unsigned int refuses, how;

	access_enter(w, &aw);
	for (refuses = 0; refuses < 2; refuses++) {
		for (how = 0; how < 2; how++) {
			d->refuses = refuses;
			d->asked = 0;
			KUNIT_ASSERT_EQ(test, 0,
					iommu_next_access_attach(d->access,
								 aw.ioas[0]));
			KUNIT_ASSERT_EQ(test, 0, driver_pin(d, 0, 4));
			KUNIT_ASSERT_EQ(test, 0, driver_pin(d, 2, 9));
			world_expect_pages(w, 11);
			if (how)
				KUNIT_EXPECT_EQ(test, 0,
						iommu_next_access_replace(d->access,
									  aw.ioas[1]));
			else
				iommu_next_access_detach(d->access);
			KUNIT_EXPECT_EQ(test, 1U, d->asked);
			world_expect_pages(w, 0);
			KUNIT_EXPECT_EQ(test, how ? 1 : -1, driver_reaches(d));
			/* They were its and are no more. */
			d->nr = 0;
			KUNIT_EXPECT_EQ(test, how ? 0 : -ENOENT,
					driver_pin(d, 1, 2));
			iommu_next_access_detach(d->access);
			world_expect_pages(w, 0);
			d->nr = 0;
		}
	}
	/* And at the very end. */
	KUNIT_ASSERT_EQ(test, 0,
			iommu_next_access_attach(d->access, aw.ioas[0]));
	KUNIT_ASSERT_EQ(test, 0, driver_pin(d, 3, 2));
	access_leave(&aw);
	world_expect_pages(w, 0);
}

/* UNMAP through the door: the driver is asked, and its answer is respected. */
WORLD_CASE(access_unmap)
{
	struct access_world aw = {};
	struct driver *d = &aw.driver, told = {};
	struct iommu_next_ioas_unmap arg = {
		.size = sizeof(arg),
		.iova = IOVA,
		.length = NPAGES * PAGE_SIZE,
	};

	access_enter(w, &aw);
	driver_make(w, &told, &driver_told_ops);
	KUNIT_ASSERT_EQ(test, 0,
			iommu_next_access_attach(d->access, aw.ioas[0]));
	KUNIT_ASSERT_EQ(test, 0,
			iommu_next_access_attach(told.access, aw.ioas[0]));
	KUNIT_ASSERT_EQ(test, 0, driver_pin(d, 5, 1));
	arg.ioas_id = aw.ioas[0];
	d->refuses = true;
	KUNIT_EXPECT_EQ(test, -EBUSY,
			(int)world_ioctl(w, IOMMU_NEXT_IOAS_UNMAP, &arg,
					 sizeof(arg)));
	KUNIT_EXPECT_EQ(test, 1U, d->asked);
	world_expect_pages(w, 1);
	d->refuses = false;
	KUNIT_EXPECT_EQ(test, 0,
			(int)world_ioctl(w, IOMMU_NEXT_IOAS_UNMAP, &arg,
					 sizeof(arg)));
	KUNIT_EXPECT_EQ(test, 2U, d->asked);
	KUNIT_EXPECT_EQ(test, IOVA, d->iova);
	KUNIT_EXPECT_EQ(test, NPAGES * PAGE_SIZE, d->length);
	KUNIT_EXPECT_EQ(test, -1, driver_reaches(d));
	KUNIT_EXPECT_EQ(test, -ENOENT, driver_pin(d, 5, 1));
	/* Who has no pins is told nothing, until it leaves. */
	KUNIT_EXPECT_EQ(test, 0U, told.asked);
	iommu_next_access_destroy(told.access);
	KUNIT_EXPECT_EQ(test, 1U, told.asked);
	access_leave(&aw);
}

/* User space has closed the file: it stays open for the driver. */
WORLD_CASE(access_keeps_file)
{
	struct access_world aw = {};
	struct driver *d = &aw.driver;
	struct file *file;

	access_enter(w, &aw);
	KUNIT_ASSERT_EQ(test, 0,
			iommu_next_access_attach(d->access, aw.ioas[1]));
	KUNIT_ASSERT_EQ(test, 0, driver_pin(d, 0, NPAGES));
	file = w->file;
	w->file = NULL;
	env_close(file);
	KUNIT_EXPECT_EQ(test, 1, driver_reaches(d));
	world_expect_pages(w, NPAGES);
	/* The last one of the file takes all else with it. */
	iommu_next_access_destroy(d->access);
	flush_delayed_fput();
	rcu_barrier();
	world_expect_pages(w, 0);
}

/* No memory to attach with, or to pin: attached as before. */
WORLD_CASE(access_without_memory)
{
	struct access_world aw = {};
	struct driver *d = &aw.driver;
	unsigned int nth, left;
	int rc = -ENOMEM;

	KUNIT_ASSERT_EQ(test, 0, env_faults_init());
	access_enter(w, &aw);
	KUNIT_ASSERT_EQ(test, 0,
			iommu_next_access_attach(d->access, aw.ioas[0]));
	for (nth = 1; rc && nth < 100; nth++) {
		env_fail_nth(nth);
		rc = driver_pin(d, 0, NPAGES);
		env_has_failed();
		if (rc) {
			KUNIT_EXPECT_EQ(test, -ENOMEM, rc);
			world_expect_pages(w, 0);
		}
	}
	KUNIT_EXPECT_GT(test, nth, 2U);
	world_expect_pages(w, NPAGES);
	/* To let go takes none. */
	for (left = 1; left < 4; left++) {
		env_fail_nth(1);
		iommu_next_access_detach(d->access);
		env_has_failed();
		world_expect_pages(w, 0);
		KUNIT_ASSERT_EQ(test, 0,
				iommu_next_access_attach(d->access,
							 aw.ioas[0]));
		KUNIT_ASSERT_EQ(test, 0, driver_pin(d, left, 2));
	}
	access_leave(&aw);
}

static const struct world_config access_configs[] = {
	{ .name = "user", .layout = MEM_RUNS },
	{ .name = "process", .layout = MEM_SCATTERED, .mode = INX_ACCOUNT_MM },
	{ .name = "nobody", .layout = MEM_CONTIG, .mode = INX_ACCOUNT_NONE },
};

KUNIT_ARRAY_PARAM(access, access_configs, world_describe);

static struct kunit_case access_cases[] = {
	KUNIT_CASE_PARAM(access_create, access_gen_params),
	KUNIT_CASE_PARAM(access_attach, access_gen_params),
	KUNIT_CASE_PARAM(access_alignment, access_gen_params),
	KUNIT_CASE_PARAM(access_refused, access_gen_params),
	KUNIT_CASE_PARAM(access_leaves_with_pins, access_gen_params),
	KUNIT_CASE_PARAM(access_unmap, access_gen_params),
	KUNIT_CASE_PARAM(access_keeps_file, access_gen_params),
	KUNIT_CASE_PARAM(access_without_memory, access_gen_params),
	{}
};

static struct kunit_suite access_suite = {
	.name = "inx_access",
	.test_cases = access_cases,
};

kunit_test_suite(access_suite);
