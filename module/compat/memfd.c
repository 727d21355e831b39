// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pinning the memory of a file where the kernel has no call for it.
 *
 * All that such a kernel pins for the long term, moving it out of memory that
 * must stay movable, is what a process has mapped. So the file is mapped into
 * the calling process for as long as it takes, shared and for reading: that
 * gives the pages of the page cache, for writing as well. The process may see
 * the mapping, and so may a child that is forked in that moment. It may also
 * put something else in its place: therefore what was pinned is compared with
 * the file.
 */
#include <linux/hugetlb.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pagemap.h>
#include <linux/sched.h>

#ifndef INX_HAVE_MEMFD_PIN_FOLIOS

/* Mapped at a time; a huge page may be more. */
#define INX_WINDOW_SIZE SZ_128M

static loff_t inx_file_page_size(struct file *file)
{
	if (file_inode(file)->i_sb->s_magic == HUGETLBFS_MAGIC)
		return huge_page_size(hstate_file(file));
	return PAGE_SIZE;
}

/* Pin one page of each huge page. */
static long inx_window_pin_huge(unsigned long addr, unsigned long size,
				unsigned long unit, struct folio **folios)
{
	unsigned long next = addr & ~(unit - 1), end = addr + size;
	long nr = 0, rc = 0;
	struct page *page;

	while (next < end) {
		rc = pin_user_pages_fast(max(addr, next), 1, FOLL_LONGTERM,
					 &page);
		if (rc <= 0)
			break;
		folios[nr++] = page_folio(page);
		next += unit;
	}
	return nr ?: rc;
}

/* Pin each page; keep one pin for each folio. */
static long inx_window_pin(unsigned long addr, unsigned long size,
			   struct folio **folios, unsigned int room)
{
	unsigned long want = min_t(unsigned long, size >> PAGE_SHIFT, room);
	struct page **pages = (struct page **)folios;
	struct folio *last = NULL;
	long i, nr = 0, rc;

	rc = pin_user_pages_fast(addr, want, FOLL_LONGTERM, pages);
	for (i = 0; i < rc; i++) {
		struct folio *folio = page_folio(pages[i]);

		if (folio == last) {
			unpin_user_page(pages[i]);
			continue;
		}
		last = folio;
		folios[nr++] = folio;
	}
	return nr ?: rc;
}

/*
 * Whether the folios are what the file has from a page on. The index of a
 * folio of hugetlbfs has another unit on some kernels and is not looked at: a
 * process that plays tricks gets another part of the same file.
 */
static bool inx_folios_match(struct file *file, pgoff_t index,
			     struct folio **folios, long nr)
{
	long i;

	for (i = 0; i < nr; i++) {
		struct folio *folio = folios[i];

		if (READ_ONCE(folio->mapping) != file->f_mapping)
			return false;
		if (folio_test_hugetlb(folio))
			continue;
		if (!folio_contains(folio, index))
			return false;
		index = folio->index + folio_nr_pages(folio);
	}
	return true;
}

static int inx_window_error(long rc)
{
	switch (rc) {
	case -EAGAIN:
		/* The process locks all that it maps, up to its limit. */
		return -ENOMEM;
	case -EPERM:
		/* Such a kernel has no mapping at all of a file that is sealed. */
		return -EOPNOTSUPP;
	}
	return rc;
}

/**
 * inx_memfd_pin_folios() - as memfd_pin_folios() of later kernels
 * @file: of tmpfs or hugetlbfs
 * @start: first byte
 * @end: last byte
 * @folios: gets the folios, each pinned once
 * @room: in @folios
 * @offset: gets where in the first folio @start is
 *
 * Return: how many folios, which need not reach @end; -EINVAL beyond the end of
 * the file; -EOPNOTSUPP for a file that is sealed
 * against writing, and for a thread without an address space; -ENOMEM,
 * -EFAULT, -EINTR.
 */
long inx_memfd_pin_folios(struct file *file, loff_t start, loff_t end,
			  struct folio **folios, unsigned int room,
			  pgoff_t *offset)
{
	loff_t unit = inx_file_page_size(file), from, size;
	unsigned long addr, skip;
	long nr, i;

	if (start < 0 || start > end || !room ||
	    end >= i_size_read(file_inode(file)))
		return -EINVAL;
	if (!current->mm)
		return -EOPNOTSUPP;

	from = start & ~(unit - 1);
	size = ((end | (unit - 1)) - from) + 1;
	size = min(size, unit * min_t(loff_t, room,
				      max_t(loff_t, INX_WINDOW_SIZE / unit, 1)));
	addr = vm_mmap(file, 0, size, PROT_READ, MAP_SHARED, from);
	if (IS_ERR_VALUE(addr))
		return inx_window_error(addr);
	skip = start - from;
	if (unit > PAGE_SIZE)
		nr = inx_window_pin_huge(addr + skip, size - skip, unit,
					 folios);
	else
		nr = inx_window_pin(addr, size, folios, room);
	vm_munmap(addr, size);
	if (nr <= 0)
		return nr ?: -EFAULT;

	if (!inx_folios_match(file, start >> PAGE_SHIFT, folios, nr)) {
		for (i = 0; i < nr; i++)
			unpin_user_page(folio_page(folios[i], 0));
		return -EFAULT;
	}
	*offset = skip;
	if (unit == PAGE_SIZE)
		*offset = ((start >> PAGE_SHIFT) - folios[0]->index)
			  << PAGE_SHIFT;
	return nr;
}
#endif
