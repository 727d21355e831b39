/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory management. */
#ifndef INX_COMPAT_MM_H
#define INX_COMPAT_MM_H

#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/sched.h>

static inline long inx_pin_user_pages_locked(struct mm_struct *mm,
					     unsigned long start,
					     unsigned long npages,
					     unsigned int flags,
					     struct page **pages, int *locked)
{
#ifdef INX_HAVE_GUP_REMOTE_NO_VMAS
	return pin_user_pages_remote(mm, start, npages, flags, pages, locked);
#else
	/* Such a kernel must not be told that it may drop the lock. */
	if (mm != current->mm)
		return pin_user_pages_remote(mm, start, npages, flags, pages,
					     NULL, NULL);
	return pin_user_pages(start, npages, flags, pages, NULL);
#endif
}

#ifdef INX_HAVE_GUP_READS_PRIVATE
#define inx_pin_user_pages_remote inx_pin_user_pages_locked
#else
/*
 * Here a private mapping that is pinned for reading keeps a page that it
 * shares, with the page cache or as the zero page: what the process writes
 * later goes to another page and devices never see it. Pinning for writing, by
 * force where the mapping is for reading only, gives it a page of its own.
 */
static inline long inx_pin_user_pages_remote(struct mm_struct *mm,
					     unsigned long start,
					     unsigned long npages,
					     unsigned int flags,
					     struct page **pages, int *locked)
{
	if (!(flags & FOLL_WRITE)) {
		struct vm_area_struct *vma = vma_lookup(mm, start);

		if (!vma || !(vma->vm_flags & VM_READ))
			return -EFAULT;
		npages = min(npages, (vma->vm_end - start) >> PAGE_SHIFT);
		if (is_cow_mapping(vma->vm_flags)) {
			if (!is_vm_hugetlb_page(vma))
				flags |= FOLL_WRITE | FOLL_FORCE;
			else if (vma->vm_flags & VM_WRITE)
				flags |= FOLL_WRITE;
		}
	}
	return inx_pin_user_pages_locked(mm, start, npages, flags, pages,
					 locked);
}

static inline int inx_pin_user_pages_fast(unsigned long start, int npages,
					  unsigned int flags,
					  struct page **pages)
{
	struct mm_struct *mm = current->mm;
	int locked = 1;
	long rc;

	if (flags & FOLL_WRITE)
		return pin_user_pages_fast(start, npages, flags, pages);
	mmap_read_lock(mm);
	rc = inx_pin_user_pages_remote(mm, untagged_addr(start), npages, flags,
				       pages, &locked);
	if (locked)
		mmap_read_unlock(mm);
	return rc;
}

#define pin_user_pages_fast inx_pin_user_pages_fast
#endif

#define pin_user_pages_remote inx_pin_user_pages_remote

/* What huge_fault() is told about the size of the entry. */
#ifdef INX_HAVE_HUGE_FAULT_ORDER
#define INX_FAULT_ORDER unsigned int
#else
#define INX_FAULT_ORDER enum page_entry_size
#endif

#endif
