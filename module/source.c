// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kinds of memory.
 *
 * Memory of a process is named by its addresses, and there must be a process
 * that has it mapped when it is pinned. Each page is pinned by itself.
 *
 * Memory of a file is in its page cache: a file of tmpfs, which every memfd is,
 * or of hugetlbfs. It is pinned by folio, one pin for each, and needs neither a
 * mapping nor a process. A pin for each further page is added when the pages of
 * a folio go into a batch, as from there on they are unpinned by the page.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/shmem_fs.h>
#include <uapi/linux/fcntl.h>

#include "batch.h"
#include "mmio.h"
#include "pages.h"
#include "reader.h"
#include "source.h"

static struct mm_struct *inx_user_mm(struct inx_reader *reader)
{
	return reader->pages->owner->mm;
}

static int inx_user_open(struct inx_reader *reader)
{
	reader->remote = inx_user_mm(reader) != current->mm;
	if (reader->remote && !mmget_not_zero(inx_user_mm(reader)))
		return -EFAULT;
	return 0;
}

static void inx_user_close(struct inx_reader *reader)
{
	if (reader->remote)
		mmput_async(inx_user_mm(reader));
}

static int inx_user_fetch(struct inx_reader *reader, unsigned long index,
			  unsigned long npages)
{
	const struct inx_source *source = &reader->pages->source;
	unsigned int flags = FOLL_LONGTERM |
			     (source->writable ? FOLL_WRITE : 0);
	unsigned long addr = source->start + index * PAGE_SIZE;
	struct mm_struct *mm = inx_user_mm(reader);
	int locked = 1;
	long rc;

	npages = min_t(unsigned long, npages, reader->cap);
	if (!reader->remote) {
		rc = pin_user_pages_fast(addr, npages, flags, reader->list);
	} else {
		mmap_read_lock(mm);
		rc = pin_user_pages_remote(mm, addr, npages, flags,
					   reader->list, &locked);
		if (locked)
			mmap_read_unlock(mm);
	}
	if (rc <= 0)
		return rc ?: -EFAULT;
	reader->nr = rc;
	return 0;
}

static int inx_user_take(struct inx_reader *reader, struct inx_batch *batch,
			 unsigned long npages)
{
	npages = min_t(unsigned long, npages, reader->nr - reader->pos);
	reader->pos += inx_batch_add_pages(batch, reader->list + reader->pos,
					   npages);
	return 0;
}

static void inx_user_drop(struct inx_reader *reader)
{
	unpin_user_pages(reader->list + reader->pos, reader->nr - reader->pos);
}

static const struct inx_source_ops inx_user_ops = {
	.open = inx_user_open,
	.close = inx_user_close,
	.fetch = inx_user_fetch,
	.take = inx_user_take,
	.drop = inx_user_drop,
};

/**
 * inx_source_init_user() - memory of the calling process
 * @source: the source
 * @addr: address of its first page
 * @writable: devices may write to it
 */
void inx_source_init_user(struct inx_source *source, unsigned long addr,
			  bool writable)
{
	source->ops = &inx_user_ops;
	source->file = NULL;
	source->mmio = NULL;
	source->start = addr & PAGE_MASK;
	source->writable = writable;
}

/**
 * inx_source_init_mmio() - memory of a device
 * @source: the source
 * @slice: which; goes with the source
 * @writable: devices may write to it
 */
void inx_source_init_mmio(struct inx_source *source,
			  struct inx_mmio_slice *slice, bool writable)
{
	source->ops = NULL;
	source->file = NULL;
	source->mmio = slice;
	source->start = inx_mmio_slice_phys(slice);
	source->writable = writable;
}

static int inx_file_open(struct inx_reader *reader)
{
	return 0;
}

static void inx_file_close(struct inx_reader *reader)
{
}

static int inx_file_fetch(struct inx_reader *reader, unsigned long index,
			  unsigned long npages)
{
	const struct inx_source *source = &reader->pages->source;
	loff_t start = source->start + index * PAGE_SIZE;
	pgoff_t skip = 0;
	long rc;

	rc = memfd_pin_folios(source->file, start,
			      start + npages * PAGE_SIZE - 1, reader->folios,
			      reader->cap, &skip);
	if (rc <= 0)
		return rc ?: -EFAULT;
	reader->nr = rc;
	reader->skip = skip >> PAGE_SHIFT;
	return 0;
}

/* Each page of a folio that is pinned once gets a pin of its own. */
static int inx_folio_spread_pin(struct folio *folio, unsigned long npages)
{
	/* A count that is half full is a user who maps one folio all over. */
	if (folio_ref_count(folio) > INT_MAX / 2)
		return -ENOMEM;
	return npages > 1 ? folio_add_pins(folio, npages - 1) : 0;
}

static int inx_file_take(struct inx_reader *reader, struct inx_batch *batch,
			 unsigned long npages)
{
	while (npages && reader->pos < reader->nr) {
		struct folio *folio = reader->folios[reader->pos];
		unsigned long pfn = folio_pfn(folio) + reader->skip;
		unsigned long n = min(folio_nr_pages(folio) - reader->skip,
				      npages);
		int rc = inx_folio_spread_pin(folio, n);

		if (rc)
			return rc;
		if (!inx_batch_add(batch, pfn, n)) {
			if (n > 1)
				inx_run_unpin(inx_run(pfn, n - 1), false);
			break;
		}
		npages -= n;
		reader->pos++;
		reader->skip = 0;
	}
	return 0;
}

static void inx_file_drop(struct inx_reader *reader)
{
	unsigned int i;

	for (i = reader->pos; i < reader->nr; i++)
		unpin_user_page(folio_page(reader->folios[i], 0));
}

static const struct inx_source_ops inx_file_ops = {
	.open = inx_file_open,
	.close = inx_file_close,
	.fetch = inx_file_fetch,
	.take = inx_file_take,
	.drop = inx_file_drop,
};

static bool inx_file_is_memory(struct file *file)
{
	struct inode *inode = file_inode(file);

	return S_ISREG(inode->i_mode) &&
	       (inode->i_sb->s_magic == TMPFS_MAGIC ||
		inode->i_sb->s_magic == HUGETLBFS_MAGIC);
}

static unsigned int inx_file_seals(struct file *file)
{
	struct inode *inode = file_inode(file);

#ifdef CONFIG_HUGETLBFS
	if (inode->i_sb->s_magic == HUGETLBFS_MAGIC)
		return HUGETLBFS_I(inode)->seals;
#endif
	return SHMEM_I(inode)->seals;
}

/*
 * What mmap() would ask for a shared mapping. A mapping that is written to
 * counts as one, so nobody seals the file against writing while it lasts.
 */
static int inx_file_claim(struct file *file, bool writable)
{
	if (!(file->f_mode & FMODE_READ))
		return -EPERM;
	if (!writable)
		return 0;
	if (!(file->f_mode & FMODE_WRITE) ||
	    inx_file_seals(file) & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	return mapping_map_writable(file->f_mapping);
}

/**
 * inx_source_init_file() - memory of a file
 * @source: the source
 * @fd: of the calling process
 * @offset: in the file, of the first byte
 * @writable: devices may write to it
 *
 * Return: 0; -EBADF; -EINVAL when it is not a file of memory; -EPERM when it is
 * not open for reading, and for writing if @writable, or is sealed.
 */
int inx_source_init_file(struct inx_source *source, int fd, u64 offset,
			 bool writable)
{
	struct file *file = fget(fd);
	int rc;

	if (!file)
		return -EBADF;
	rc = inx_file_is_memory(file) ? inx_file_claim(file, writable) :
					-EINVAL;
	if (rc) {
		fput(file);
		return rc;
	}
	source->ops = &inx_file_ops;
	source->file = file;
	source->mmio = NULL;
	source->start = offset & PAGE_MASK;
	source->writable = writable;
	return 0;
}

/**
 * inx_source_destroy() - end of a source
 * @source: the source, nothing of which is pinned
 */
void inx_source_destroy(struct inx_source *source)
{
	if (source->mmio)
		inx_mmio_drop(source->mmio);
	if (!source->file)
		return;
	if (source->writable)
		mapping_unmap_writable(source->file->f_mapping);
	fput(source->file);
}
