// SPDX-License-Identifier: GPL-2.0-only
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/log2.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "mem.h"

#define MEM_RUN 16

/*
 * What the last test had. Given back to the kernel page by page, each would
 * leave a hole in physical memory where other things settle, until there is no
 * room for such a piece any more.
 */
static struct page *mem_kept;
static unsigned long mem_kept_pages;

static struct page *mem_take_chunk(unsigned long npages)
{
	struct page *chunk = mem_kept;
	unsigned int order = ilog2(npages);

	if (chunk && mem_kept_pages == npages) {
		unsigned long i;

		mem_kept = NULL;
		for (i = 0; i < npages; i++) {
			clear_highpage(chunk + i);
			ClearPageDirty(chunk + i);
		}
		return chunk;
	}
	chunk = alloc_pages(GFP_KERNEL | __GFP_ZERO, order);
	if (chunk)
		split_page(chunk, order);
	return chunk;
}

/* Keep it, if nobody else has a page of it and there is nothing kept already. */
static void mem_give_chunk(struct page *chunk, unsigned long npages)
{
	bool keep = !mem_kept;
	unsigned long i;

	for (i = 0; keep && i < npages; i++)
		keep = page_ref_count(chunk + i) == 1;
	if (keep) {
		mem_kept = chunk;
		mem_kept_pages = npages;
		return;
	}
	for (i = 0; i < npages; i++)
		__free_page(chunk + i);
}

static vm_fault_t mem_fault(struct vm_fault *vmf)
{
	struct mem *mem = vmf->vma->vm_private_data;

	if (vmf->pgoff >= mem->npages || vmf->pgoff == mem->bad)
		return VM_FAULT_SIGBUS;
	if (mem->slow && vmf->pgoff % 8 == 0)
		schedule_timeout_uninterruptible(1);
	if (mem->gate && vmf->pgoff == mem->gate->index) {
		complete(&mem->gate->met);
		wait_for_completion(&mem->gate->open);
	}
	vmf->page = mem->pages[vmf->pgoff];
	get_page(vmf->page);
	return 0;
}

static const struct vm_operations_struct mem_vm_ops = {
	.fault = mem_fault,
};

static int mem_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_private_data = file->private_data;
	vma->vm_ops = &mem_vm_ops;
	return 0;
}

static const struct file_operations mem_fops = {
	.mmap = mem_mmap,
};

/* Which page of physical memory the user's page @i is. */
static unsigned long mem_place(enum mem_layout layout, unsigned long npages,
			       unsigned long i)
{
	unsigned long half = npages / 2, nr = npages / MEM_RUN;

	/* To step by an odd number goes round all of a power of two. */
	switch (layout) {
	case MEM_RUNS:
		if (nr < 2)
			return i;
		return ((i / MEM_RUN * 7) & (nr - 1)) * MEM_RUN + i % MEM_RUN;
	case MEM_SCATTERED:
		return (i * 7) & (npages - 1);
	case MEM_MIXED:
		return i < half ? i : half + ((i * 7) & (half - 1));
	default:
		return i;
	}
}

static int mem_install(struct mem *mem, unsigned long prot)
{
	struct file *file = anon_inode_getfile("[inx-kunit]", &mem_fops, mem,
					       O_RDWR);
	unsigned long addr;

	if (IS_ERR(file))
		return PTR_ERR(file);
	addr = vm_mmap(file, mem->uaddr, mem->npages * PAGE_SIZE,
		       prot, MAP_SHARED | MAP_FIXED, 0);
	fput(file);
	return IS_ERR_VALUE(addr) ? (int)addr : 0;
}

/* Make memory at @uaddr; NULL when there is none. */
struct mem *mem_create(unsigned long uaddr, unsigned long npages,
		       enum mem_layout layout)
{
	struct mem *mem;
	unsigned long i;

	mem = kzalloc(struct_size(mem, pages, npages), GFP_KERNEL);
	if (!mem)
		return NULL;
	mem->npages = npages;
	mem->uaddr = uaddr;
	mem->bad = ULONG_MAX;
	mem->chunk = mem_take_chunk(npages);
	if (!mem->chunk)
		goto out_free;
	for (i = 0; i < npages; i++)
		mem->pages[i] = mem->chunk + mem_place(layout, npages, i);
	if (!mem_install(mem, PROT_READ | PROT_WRITE))
		return mem;
	mem_give_chunk(mem->chunk, npages);
out_free:
	kfree(mem);
	return NULL;
}

/* As if it had never been touched: every access faults again. */
int mem_renew(struct mem *mem)
{
	return mem_install(mem, PROT_READ | PROT_WRITE);
}

/* From now on the process can only read it. */
int mem_protect(struct mem *mem)
{
	return mem_install(mem, PROT_READ);
}

/* Unmap and free it; nothing of it is pinned. */
void mem_destroy(struct mem *mem)
{
	vm_munmap(mem->uaddr, mem->npages * PAGE_SIZE);
	mem_give_chunk(mem->chunk, mem->npages);
	kfree(mem);
}

unsigned long mem_total_pins(const struct mem *mem)
{
	unsigned long i, total = 0;

	for (i = 0; i < mem->npages; i++)
		total += mem_pins(mem, i);
	return total;
}
