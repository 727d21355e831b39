// SPDX-License-Identifier: GPL-2.0-only
/* Pinning a source, and reading PFNs back out of page tables. */
#include <linux/kthread.h>
#include <linux/mm.h>

#include "batch.h"
#include "configs.h"
#include "reader.h"
#include "world.h"

static struct inx_area *reader_area(struct world *w, unsigned long npages,
				    bool writable)
{
	struct inx_area *area = world_area(w, w->mem->uaddr, npages * PAGE_SIZE,
					   writable);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(w->test, area);
	return area;
}

static unsigned long batch_wrong(struct world *w, const struct inx_batch *batch)
{
	unsigned long index = batch->start, wrong = 0, i, n;

	for (i = 0; i < batch->nr; i++)
		for (n = 0; n < inx_run_len(batch->runs[i]); n++)
			wrong += page_to_pfn(w->mem->pages[index++]) !=
				 inx_run_pfn(batch->runs[i]) + n;
	return wrong + (index != batch->start + batch->npages);
}

/* All pages of it, batch by batch, from any page on. */
WORLD_CASE(reader_pins_all)
{
	static const unsigned int starts[] = { 0, 1, 100, 511 };
	struct inx_area *area = reader_area(w, WORLD_PAGES, true);
	struct inx_reader reader;
	struct inx_batch batch;
	unsigned int i;

	inx_batch_init(&batch, 100);
	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		unsigned long pos = starts[i];

		KUNIT_ASSERT_EQ(test, 0, inx_reader_init(&reader, area->pages,
							 WORLD_PAGES));
		while (pos < WORLD_PAGES) {
			inx_batch_reset(&batch, pos);
			KUNIT_ASSERT_EQ(test, 0,
					inx_reader_pin(&reader, &batch,
						       WORLD_PAGES - 1));
			KUNIT_ASSERT_GT(test, batch.npages, 0UL);
			KUNIT_EXPECT_EQ(test, 0UL, batch_wrong(w, &batch));
			inx_batch_unpin(&batch, pos, batch.npages, false);
			pos += batch.npages;
		}
		KUNIT_EXPECT_EQ(test, WORLD_PAGES, pos);
		inx_reader_destroy(&reader);
		KUNIT_EXPECT_EQ(test, 0UL, mem_total_pins(w->mem));
	}
	inx_batch_destroy(&batch);
	inx_area_free(area);
}

/* What no batch has taken is unpinned by the reader. */
WORLD_CASE(reader_drops_rest)
{
	struct inx_area *area = reader_area(w, WORLD_PAGES, true);
	struct inx_reader reader;
	struct inx_batch batch;

	KUNIT_ASSERT_EQ(test, 0, inx_reader_init(&reader, area->pages,
						 WORLD_PAGES));
	inx_batch_init(&batch, 1);
	inx_batch_reset(&batch, 3);
	batch.cap = 1;
	KUNIT_EXPECT_EQ(test, 0, inx_reader_pin(&reader, &batch,
						WORLD_PAGES - 1));
	KUNIT_EXPECT_EQ(test, 1U, batch.nr);
	KUNIT_EXPECT_EQ(test, 0UL, batch_wrong(w, &batch));
	inx_reader_drop(&reader);
	KUNIT_EXPECT_EQ(test, batch.npages, mem_total_pins(w->mem));
	inx_reader_drop(&reader);
	inx_batch_unpin(&batch, 3, batch.npages, true);
	inx_reader_destroy(&reader);
	inx_batch_destroy(&batch);
	inx_area_free(area);
}

/* After an error the batch has what could be pinned. */
WORLD_CASE(reader_bad_page)
{
	struct inx_area *area = reader_area(w, WORLD_PAGES, true);
	struct inx_reader reader;
	struct inx_batch batch;

	w->mem->bad = 77;
	KUNIT_ASSERT_EQ(test, 0, inx_reader_init(&reader, area->pages,
						 WORLD_PAGES));
	inx_batch_init(&batch, WORLD_PAGES);
	inx_batch_reset(&batch, 70);
	KUNIT_EXPECT_EQ(test, -EFAULT, inx_reader_pin(&reader, &batch,
						      WORLD_PAGES - 1));
	KUNIT_EXPECT_EQ(test, 7UL, batch.npages);
	KUNIT_EXPECT_EQ(test, 0UL, batch_wrong(w, &batch));
	inx_batch_unpin(&batch, 70, batch.npages, false);
	inx_batch_reset(&batch, 77);
	KUNIT_EXPECT_EQ(test, -EFAULT, inx_reader_pin(&reader, &batch, 77));
	KUNIT_EXPECT_EQ(test, 0UL, batch.npages);
	inx_reader_destroy(&reader);
	inx_batch_destroy(&batch);
	inx_area_free(area);
}

/* Of a process that is not the calling one, and of one that has gone. */
WORLD_CASE(reader_remote)
{
	struct inx_area *area = reader_area(w, 40, true);
	struct inx_reader reader;
	struct mm_struct *other;
	struct inx_batch batch;

	kthread_unuse_mm(w->mm);
	other = env_mm_create();
	KUNIT_ASSERT_NOT_NULL(test, other);
	KUNIT_ASSERT_EQ(test, 0, inx_reader_init(&reader, area->pages, 40));
	KUNIT_EXPECT_TRUE(test, reader.remote);
	inx_batch_init(&batch, 40);
	inx_batch_reset(&batch, 0);
	KUNIT_EXPECT_EQ(test, 0, inx_reader_pin(&reader, &batch, 39));
	KUNIT_EXPECT_EQ(test, 0UL, batch_wrong(w, &batch));
	inx_batch_unpin(&batch, 0, batch.npages, true);
	inx_reader_destroy(&reader);
	inx_batch_destroy(&batch);
	env_mm_destroy(other);
	kthread_use_mm(w->mm);
	inx_area_free(area);
}

WORLD_CASE(reader_process_gone)
{
	struct mm_struct *other;
	struct inx_reader reader;
	struct inx_area *area;

	kthread_unuse_mm(w->mm);
	other = env_mm_create();
	KUNIT_ASSERT_NOT_NULL(test, other);
	area = reader_area(w, 1, false);
	env_mm_destroy(other);
	kthread_use_mm(w->mm);
	KUNIT_EXPECT_EQ(test, -EFAULT, inx_reader_init(&reader, area->pages,
						       1));
	inx_area_free(area);
}

WORLD_CASE(reader_without_memory)
{
	struct inx_area *area = reader_area(w, WORLD_PAGES, true);
	struct inx_reader reader;

	KUNIT_ASSERT_EQ(test, 0, env_faults_init());
	env_fail_nth(1);
	KUNIT_EXPECT_EQ(test, 0, inx_reader_init(&reader, area->pages,
						 WORLD_PAGES));
	KUNIT_EXPECT_TRUE(test, env_has_failed());
	KUNIT_EXPECT_EQ(test, (unsigned int)INX_READER_INLINE, reader.cap);
	inx_reader_destroy(&reader);
	inx_area_free(area);
}

/* Read back what is mapped: as many pages as the batch has room for. */
WORLD_CASE(reader_read_domain)
{
	struct inx_area *area;
	struct inx_batch batch;
	bool full;

	if (!w->config.domains) {
		kunit_info(test, "no page table to read\n");
		return;
	}
	KUNIT_ASSERT_EQ(test, 0, world_map(w, 0, SZ_1M, SZ_16M));
	area = inx_space_first(&w->iopts[0].space, SZ_16M, SZ_16M);
	KUNIT_ASSERT_NOT_NULL(test, area);
	inx_batch_init(&batch, SZ_1M >> PAGE_SHIFT);
	inx_batch_reset(&batch, 7);
	KUNIT_EXPECT_FALSE(test, inx_read_domain(area, &batch, 255));
	KUNIT_EXPECT_EQ(test, 249UL, batch.npages);
	KUNIT_EXPECT_EQ(test, 0UL, batch_wrong(w, &batch));

	inx_batch_reset(&batch, 7);
	batch.cap = 2;
	full = inx_read_domain(area, &batch, 255);
	KUNIT_EXPECT_EQ(test, full, batch.npages < 249);
	KUNIT_EXPECT_EQ(test, 0UL, batch_wrong(w, &batch));
	inx_batch_destroy(&batch);
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], SZ_16M, SZ_1M));
}

static struct kunit_case reader_cases[] = {
	WORLD_CASE_PARAM(reader_pins_all),
	WORLD_CASE_PARAM(reader_drops_rest),
	KUNIT_CASE(reader_bad_page),
	KUNIT_CASE(reader_remote),
	KUNIT_CASE(reader_process_gone),
	KUNIT_CASE(reader_without_memory),
	WORLD_CASE_PARAM(reader_read_domain),
	{}
};

static struct kunit_suite reader_suite = {
	.name = "inx_reader",
	.test_cases = reader_cases,
};

kunit_test_suite(reader_suite);
