// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kinds of memory: what is refused as a source, pins of a file's pages through
 * holes and past its end, and files that are mapped for devices and for the CPU.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <uapi/linux/fcntl.h>

#include "batch.h"
#include "configs.h"
#include "reader.h"
#include "shm.h"
#include "source.h"
#include "world.h"

#define IOVA 0x10000000UL
#define FILE_PAGES 64UL

static struct shm *source_shm(struct kunit *test)
{
	struct shm *shm = shm_create(FILE_PAGES);

	KUNIT_ASSERT_NOT_NULL(test, shm);
	return shm;
}

/* Pages of it from byte @start on, as IOMMU_NEXT_IOAS_MAP_FILE describes them. */
static struct inx_area *source_area(struct world *w, struct shm *shm, u64 start,
				    unsigned long length, bool writable)
{
	struct inx_source source;
	struct inx_area *area;
	int rc;

	rc = inx_source_init_file(&source, shm->fd, start, writable);
	KUNIT_ASSERT_EQ(w->test, 0, rc);
	area = inx_pages_alloc(&w->account, &source, offset_in_page(start),
			       length);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(w->test, area);
	area->prot = IOMMU_READ | IOMMU_CACHE | (writable ? IOMMU_WRITE : 0);
	return area;
}

static unsigned long source_wrong(struct shm *shm, unsigned long first,
				  const struct inx_batch *batch)
{
	unsigned long index = first + batch->start, wrong = 0, i, n;

	for (i = 0; i < batch->nr; i++)
		for (n = 0; n < inx_run_len(batch->runs[i]); n++)
			wrong += page_to_pfn(shm_page(shm, index++)) !=
				 inx_run_pfn(batch->runs[i]) + n;
	return wrong;
}

static int source_init(int fd, bool writable)
{
	struct inx_source source;
	int rc = inx_source_init_file(&source, fd, 0, writable);

	if (!rc)
		inx_source_destroy(&source);
	return rc;
}

/* What is not a file of memory that is open for what is wanted. */
WORLD_CASE(source_file_refused)
{
	struct shm *shm = source_shm(test);
	struct file *folder, *reader, *writer;
	int fd;

	KUNIT_EXPECT_EQ(test, -EBADF, source_init(-1, false));
	KUNIT_EXPECT_EQ(test, -EBADF, source_init(INT_MAX, false));
	folder = env_open("tmpfs", ".", O_RDONLY | O_DIRECTORY);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, folder);
	fd = shm_fd(folder);
	KUNIT_EXPECT_EQ(test, -EINVAL, source_init(fd, false));
	shm_fd_close(fd);
	env_close(folder);
	world_open(w);
	fd = shm_fd(w->file);
	KUNIT_EXPECT_EQ(test, -EINVAL, source_init(fd, false));
	shm_fd_close(fd);

	reader = dentry_open(&shm->file->f_path, O_RDONLY, current_cred());
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, reader);
	fd = shm_fd(reader);
	KUNIT_EXPECT_EQ(test, 0, source_init(fd, false));
	KUNIT_EXPECT_EQ(test, -EPERM, source_init(fd, true));
	shm_fd_close(fd);
	env_close(reader);
	writer = dentry_open(&shm->file->f_path, O_WRONLY, current_cred());
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, writer);
	fd = shm_fd(writer);
	KUNIT_EXPECT_EQ(test, -EPERM, source_init(fd, false));
	KUNIT_EXPECT_EQ(test, -EPERM, source_init(fd, true));
	shm_fd_close(fd);
	env_close(writer);
	shm_destroy(shm);
}

/* Sealed against writing: devices can read it. Nobody seals it while they write. */
WORLD_CASE(source_file_seals)
{
	static const unsigned int seals[] = { F_SEAL_WRITE, F_SEAL_FUTURE_WRITE };
	struct shm *shm = source_shm(test);
	struct address_space *mapping = shm->file->f_mapping;
	struct inx_source source;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(seals); i++) {
		shm_seal(shm, seals[i]);
		KUNIT_EXPECT_EQ(test, -EPERM, source_init(shm->fd, true));
		KUNIT_EXPECT_EQ(test, 0, source_init(shm->fd, false));
	}
	shm_seal(shm, F_SEAL_GROW | F_SEAL_SHRINK);
	KUNIT_ASSERT_EQ(test, 0, inx_source_init_file(&source, shm->fd, 0, true));
	KUNIT_EXPECT_TRUE(test, mapping_writably_mapped(mapping));
	KUNIT_EXPECT_EQ(test, -EBUSY, mapping_deny_writable(mapping));
	inx_source_destroy(&source);
	KUNIT_EXPECT_FALSE(test, mapping_writably_mapped(mapping));
	/* Who is before us keeps us from writing. */
	KUNIT_ASSERT_EQ(test, 0, mapping_deny_writable(mapping));
	KUNIT_EXPECT_EQ(test, -EPERM, source_init(shm->fd, true));
	mapping_allow_writable(mapping);
	shm_destroy(shm);
}

/* The source begins with the page that the offset lies in. */
WORLD_CASE(source_file_offset)
{
	static const u64 offsets[] = {
		0, 1, PAGE_SIZE - 1, PAGE_SIZE, 5 * PAGE_SIZE + 512,
	};
	struct shm *shm = source_shm(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		struct inx_source source = {};

		KUNIT_ASSERT_EQ(test, 0,
				inx_source_init_file(&source, shm->fd,
						     offsets[i], false));
		KUNIT_EXPECT_EQ(test, offsets[i] & PAGE_MASK,
				(u64)source.start);
		KUNIT_EXPECT_FALSE(test, source.writable);
		KUNIT_EXPECT_PTR_EQ(test, shm->file, source.file);
		inx_source_destroy(&source);
	}
	shm_destroy(shm);
}

/* Any part of a file, holes and all; each page has a pin of its own. */
WORLD_CASE(source_file_pins)
{
	static const unsigned long firsts[] = { 0, 1, 17, FILE_PAGES - 1 };
	struct shm *shm = source_shm(test);
	struct inx_reader reader;
	struct inx_batch batch;
	unsigned int i;

	/* A part of it is there before. */
	for (i = 10; i < 20; i++)
		KUNIT_ASSERT_NOT_NULL(test, shm_page(shm, i));
	for (i = 0; i < ARRAY_SIZE(firsts); i++) {
		unsigned long n = FILE_PAGES - firsts[i], pos = 0;
		struct inx_area *area;

		area = source_area(w, shm, firsts[i] << PAGE_SHIFT,
				   n << PAGE_SHIFT, true);
		KUNIT_ASSERT_EQ(test, 0, inx_reader_init(&reader, area->pages,
							 n));
		inx_batch_init(&batch, n);
		while (pos < n) {
			inx_batch_reset(&batch, pos);
			KUNIT_ASSERT_EQ(test, 0, inx_reader_pin(&reader, &batch,
								n - 1));
			KUNIT_ASSERT_GT(test, batch.npages, 0UL);
			KUNIT_EXPECT_EQ(test, 0UL, source_wrong(shm, firsts[i],
								&batch));
			KUNIT_EXPECT_GE(test, shm_total_pins(shm),
					batch.npages);
			inx_batch_unpin(&batch, pos, batch.npages, true);
			pos += batch.npages;
		}
		inx_batch_destroy(&batch);
		inx_reader_destroy(&reader);
		KUNIT_EXPECT_EQ(test, 0UL, shm_total_pins(shm));
		inx_area_free(area);
	}
	shm_destroy(shm);
}

/* A batch that is full in the middle: the reader keeps the rest, and drops it. */
WORLD_CASE(source_file_full_batch)
{
	struct shm *shm = source_shm(test);
	struct inx_area *area;
	struct inx_reader reader;
	struct inx_batch batch;
	unsigned long i;

	/* From the last to the first: neighbours are none in memory. */
	for (i = FILE_PAGES; i--;)
		KUNIT_ASSERT_NOT_NULL(test, shm_page(shm, i));
	area = source_area(w, shm, 0, FILE_PAGES << PAGE_SHIFT, false);
	KUNIT_ASSERT_EQ(test, 0, inx_reader_init(&reader, area->pages,
						 FILE_PAGES));
	inx_batch_init(&batch, 1);
	batch.cap = 1;
	inx_batch_reset(&batch, 0);
	KUNIT_EXPECT_EQ(test, 0, inx_reader_pin(&reader, &batch,
						FILE_PAGES - 1));
	KUNIT_EXPECT_EQ(test, 1U, batch.nr);
	KUNIT_EXPECT_EQ(test, 0UL, source_wrong(shm, 0, &batch));
	KUNIT_EXPECT_GE(test, shm_total_pins(shm), batch.npages);
	inx_reader_drop(&reader);
	KUNIT_EXPECT_EQ(test, batch.npages, shm_total_pins(shm));
	inx_batch_unpin(&batch, 0, batch.npages, false);
	KUNIT_EXPECT_EQ(test, 0UL, shm_total_pins(shm));
	inx_batch_destroy(&batch);
	inx_reader_destroy(&reader);
	inx_area_free(area);
	shm_destroy(shm);
}

/* Beyond the end: nothing of it is mapped, charged or left pinned. */
WORLD_CASE(source_file_end)
{
	struct shm *shm = source_shm(test);
	unsigned long iova = IOVA;
	struct inx_area *area;
	int want = w->config.domains ? -EINVAL : 0;

	area = source_area(w, shm, (FILE_PAGES - 2) << PAGE_SHIFT,
			   3 * PAGE_SIZE, true);
	KUNIT_EXPECT_EQ(test, want, inx_iopt_map(&w->iopts[0], area, &iova,
						 true));
	if (!want)
		KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], IOVA,
						     3 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, 0UL, shm_total_pins(shm));
	world_expect_pages(w, 0);
	shm_destroy(shm);
}

/* Through page tables: what devices reach is what the file has. */
WORLD_CASE(source_file_map)
{
	unsigned long granule = max(world_granule(w), 512UL), iova, i;
	unsigned long length = 40 * PAGE_SIZE, first = 3;
	struct shm *shm = source_shm(test);
	struct inx_area *area;

	iova = IOVA + (granule < PAGE_SIZE ? granule : 0);
	area = source_area(w, shm, (first << PAGE_SHIFT) + offset_in_page(iova),
			   length, true);
	KUNIT_ASSERT_EQ(test, 0, inx_iopt_map(&w->iopts[0], area, &iova, true));
	for (i = 0; i < w->config.domains; i++) {
		struct iommu_domain *domain = w->domains[i].link.domain;
		unsigned long pos, wrong = 0;

		for (pos = 0; pos < length; pos += granule) {
			unsigned long byte = offset_in_page(iova) + pos;
			struct page *page = shm_page(shm, first +
						     (byte >> PAGE_SHIFT));

			wrong += iommu_iova_to_phys(domain, iova + pos) !=
				 page_to_phys(page) + offset_in_page(byte);
		}
		KUNIT_EXPECT_EQ(test, 0UL, wrong);
	}
	i = w->config.domains ? 40 + !!offset_in_page(iova) : 0;
	KUNIT_EXPECT_EQ(test, i, shm_total_pins(shm));
	KUNIT_EXPECT_EQ(test, i, world_pinned(w));
	if (w->config.mode != INX_ACCOUNT_NONE)
		KUNIT_EXPECT_EQ(test, i, world_locked(w));
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], iova, length));
	KUNIT_EXPECT_EQ(test, 0UL, shm_total_pins(shm));
	shm_destroy(shm);
}

/* A file needs no process, and outlives its descriptor while it is mapped. */
WORLD_CASE(source_file_outlives_all)
{
	struct shm *shm = source_shm(test);
	struct file *file = get_file(shm->file);
	unsigned long iova = IOVA, i, wrong = 0;
	struct iommu_domain *domain;
	struct inx_area *area;

	for (i = 0; i < 8; i++)
		memset(page_address(shm_page(shm, i)), i + 1, PAGE_SIZE);
	area = source_area(w, shm, 0, 8 * PAGE_SIZE, true);
	KUNIT_ASSERT_EQ(test, 0, inx_iopt_map(&w->iopts[0], area, &iova, true));
	shm_destroy(shm);
	env_close(file);
	domain = w->domains[0].link.domain;
	for (i = 0; i < 8; i++) {
		phys_addr_t phys = iommu_iova_to_phys(domain,
						      IOVA + i * PAGE_SIZE);

		wrong += *(u8 *)phys_to_virt(phys) != i + 1;
	}
	KUNIT_EXPECT_EQ(test, 0UL, wrong);
	KUNIT_EXPECT_EQ(test, 8UL, world_pinned(w));
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], IOVA,
					     8 * PAGE_SIZE));
	flush_delayed_fput();
}

/* Memory of a process is gone with it, whatever still names it. */
WORLD_CASE(source_user_gone)
{
	struct mm_struct *other;
	struct inx_reader reader;
	struct inx_batch batch;
	struct inx_area *area;
	unsigned long addr;

	kthread_unuse_mm(w->mm);
	other = env_mm_create();
	KUNIT_ASSERT_NOT_NULL(test, other);
	addr = vm_mmap(NULL, 0, SZ_64K, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));
	area = world_area(w, addr, SZ_64K, true);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, area);

	/* While it lives, others can pin it. */
	kthread_unuse_mm(other);
	kthread_use_mm(w->mm);
	KUNIT_ASSERT_EQ(test, 0, inx_reader_init(&reader, area->pages, 16));
	KUNIT_EXPECT_TRUE(test, reader.remote);
	inx_batch_init(&batch, 16);
	inx_batch_reset(&batch, 0);
	KUNIT_EXPECT_EQ(test, 0, inx_reader_pin(&reader, &batch, 15));
	inx_batch_unpin(&batch, 0, batch.npages, false);
	inx_batch_destroy(&batch);
	inx_reader_destroy(&reader);

	mmgrab(other);
	mmput(other);
	/* What the reader had is given back by a worker. */
	while (atomic_read(&other->mm_users))
		schedule_timeout_uninterruptible(1);
	mmdrop(other);
	KUNIT_EXPECT_EQ(test, -EFAULT,
			inx_reader_init(&reader, area->pages, 16));
	inx_area_free(area);
}

static struct kunit_case source_cases[] = {
	KUNIT_CASE(source_file_refused),
	KUNIT_CASE(source_file_seals),
	KUNIT_CASE(source_file_offset),
	KUNIT_CASE(source_file_pins),
	KUNIT_CASE(source_file_full_batch),
	WORLD_CASE_PARAM(source_file_end),
	WORLD_CASE_PARAM(source_file_map),
	KUNIT_CASE(source_file_outlives_all),
	KUNIT_CASE(source_user_gone),
	{}
};

static struct kunit_suite source_suite = {
	.name = "inx_source",
	.test_cases = source_cases,
};

kunit_test_suite(source_suite);
