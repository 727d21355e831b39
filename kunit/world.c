// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "device.h"
#include "ioas.h"
#include "source.h"
#include "world.h"

static const struct world_config world_default = {
	.name = "default",
	.domains = 1,
};

static unsigned long world_user_pages(void)
{
	return atomic_long_read(&current_user()->locked_vm);
}

static void world_left(struct inx_domain_link *link)
{
	struct world_domain *wd = container_of(link, struct world_domain, link);

	wd->iopt = NULL;
	iommu_domain_free(link->domain);
	link->domain = NULL;
}

/* Let an IOVA space have one more page table; it is made here. */
int world_attach(struct world *w, unsigned int domain, struct inx_iopt *iopt)
{
	struct world_domain *wd = &w->domains[domain];
	int rc;

	wd->link.domain = mock_domain_alloc(w->iommu, 0);
	if (IS_ERR(wd->link.domain))
		return PTR_ERR(wd->link.domain);
	wd->link.left = world_left;
	rc = inx_iopt_add_domain(iopt, &wd->link);
	if (rc)
		iommu_domain_free(wd->link.domain);
	else
		wd->iopt = iopt;
	return rc;
}

void world_detach(struct world *w, unsigned int domain)
{
	struct world_domain *wd = &w->domains[domain];

	inx_iopt_remove_domain(wd->iopt, &wd->link);
	KUNIT_EXPECT_NULL(w->test, wd->iopt);
}

/* Make a world; the test is aborted when that is not possible. */
struct world *world_enter(struct kunit *test, const struct world_config *config)
{
	struct iommu_next_mock_device_alloc arg = {};
	struct world *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->test = test;
	w->config = config ? *config : world_default;
	w->mm = env_mm_create();
	KUNIT_ASSERT_NOT_NULL(test, w->mm);
	w->old_limit = current->signal->rlim[RLIMIT_MEMLOCK].rlim_cur;
	env_set_memlock(SZ_1G);
	if (w->config.mode != INX_ACCOUNT_NONE)
		w->old_cred = env_drop_ipc_lock(&w->cred);

	inx_account_init(&w->account);
	w->account.mode = w->config.mode;
	for (i = 0; i < WORLD_IOPTS; i++)
		inx_iopt_init(&w->iopts[i]);
	if (w->config.small_pages)
		KUNIT_ASSERT_EQ(test, 0,
				inx_iopt_set_small_pages(&w->iopts[0], true));

	arg.page_sizes = w->config.page_sizes;
	w->iommu = mock_iommu_create(&arg);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, w->iommu);
	w->mem = mem_create(WORLD_UADDR, WORLD_PAGES, w->config.layout);
	KUNIT_ASSERT_NOT_NULL(test, w->mem);
	for (i = 0; i < w->config.domains; i++)
		KUNIT_ASSERT_EQ(test, 0, world_attach(w, i, &w->iopts[0]));
	KUNIT_EXPECT_EQ(test, 0UL, world_user_pages());
	return w;
}

/* Open /dev/iommu-next, which charges as the configuration says. */
void world_open(struct world *w)
{
	struct iommu_next_option option = {
		.size = sizeof(option),
		.option_id = IOMMU_NEXT_OPTION_RLIMIT_MODE,
		.op = IOMMU_NEXT_OPTION_OP_SET,
		.val64 = w->config.mode == INX_ACCOUNT_MM,
	};

	w->file = env_open("devtmpfs", "iommu-next", O_RDWR);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(w->test, w->file);
	w->ctx = w->file->private_data;
	w->arg = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, 0);
	KUNIT_ASSERT_FALSE(w->test, IS_ERR_VALUE(w->arg));
	KUNIT_ASSERT_EQ(w->test, 0L, world_ioctl(w, IOMMU_NEXT_OPTION, &option,
						 sizeof(option)));
}

static void world_close(struct world *w)
{
	KUNIT_EXPECT_EQ(w->test, 0U, world_objects(w));
	env_close(w->file);
	vm_munmap(w->arg, PAGE_SIZE);
}

/* What user space's ioctl() does; @arg is changed as the user sees it. */
long world_file_ioctl(struct world *w, struct file *file, unsigned int cmd,
		      void *arg, size_t size)
{
	void __user *uptr = (void __user *)w->arg;
	long rc;

	if (copy_to_user(uptr, arg, size))
		return -EFAULT;
	rc = file->f_op->unlocked_ioctl(file, cmd, w->arg);
	if (copy_from_user(arg, uptr, size))
		return -EFAULT;
	return rc;
}

/* An IOAS, or 0. */
u32 world_ioas_alloc(struct world *w)
{
	struct iommu_next_ioas_alloc arg = { .size = sizeof(arg) };

	if (world_ioctl(w, IOMMU_NEXT_IOAS_ALLOC, &arg, sizeof(arg)))
		return 0;
	return arg.out_ioas_id;
}

int world_ioas_map(struct world *w, u32 ioas, unsigned long offset,
		   unsigned long length, u64 iova)
{
	struct iommu_next_ioas_map arg = {
		.size = sizeof(arg),
		.flags = IOMMU_NEXT_IOAS_MAP_FIXED_IOVA |
			 IOMMU_NEXT_IOAS_MAP_READABLE |
			 IOMMU_NEXT_IOAS_MAP_WRITEABLE,
		.ioas_id = ioas,
		.user_va = w->mem->uaddr + offset,
		.length = length,
		.iova = iova,
	};

	return world_ioctl(w, IOMMU_NEXT_IOAS_MAP, &arg, sizeof(arg));
}

void world_device_make(struct world *w, struct world_device *d,
		       unsigned long length, u64 iova)
{
	struct iommu_next_mock_device_alloc how = {};
	struct kunit *test = w->test;

	d->ioas = world_ioas_alloc(w);
	KUNIT_ASSERT_EQ(test, 0, world_ioas_map(w, d->ioas, 0, length, iova));
	d->mock = mock_device_create(&how, w->iommu);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, d->mock);
	d->idev = inx_device_bind(w->ctx, &mock_backend, &d->mock->dev, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, d->idev);
}

void world_device_end(struct world *w, struct world_device *d)
{
	if (d->idev)
		inx_device_unbind(d->idev);
	KUNIT_EXPECT_EQ(w->test, 0, world_destroy(w, d->ioas));
	mock_device_destroy(d->mock);
	rcu_barrier();
}

int world_destroy(struct world *w, u32 id)
{
	struct iommu_next_destroy arg = { .size = sizeof(arg), .id = id };

	return world_ioctl(w, IOMMU_NEXT_DESTROY, &arg, sizeof(arg));
}

unsigned int world_objects(const struct world *w)
{
	unsigned int nr = 0;
	unsigned long id;
	void *obj;

	xa_for_each(&w->ctx->objects, id, obj)
		nr++;
	return nr;
}

/* The end of a test: nothing of it is left. */
void world_leave(struct world *w)
{
	struct kunit *test = w->test;
	unsigned int i;

	if (w->file)
		world_close(w);
	for (i = 0; i < WORLD_IOPTS; i++)
		KUNIT_EXPECT_EQ(test, 0U, world_areas(&w->iopts[i]));
	KUNIT_EXPECT_EQ(test, 0, atomic64_read(&w->iommu->pages));
	KUNIT_EXPECT_EQ(test, 0, atomic64_read(&w->iommu->bytes));
	for (i = 0; i < WORLD_DOMAINS; i++)
		if (w->domains[i].iopt)
			world_detach(w, i);
	KUNIT_EXPECT_EQ(test, 0, atomic64_read(&w->iommu->domains));
	for (i = 0; i < WORLD_IOPTS; i++)
		inx_iopt_destroy(&w->iopts[i]);

	KUNIT_EXPECT_EQ(test, 0UL, mem_total_pins(w->mem));
	KUNIT_EXPECT_EQ(test, 0UL, world_pinned(w));
	KUNIT_EXPECT_EQ(test, 0UL, world_locked(w));
	KUNIT_EXPECT_EQ(test, 0UL, world_user_pages());
	KUNIT_EXPECT_EQ(test, 1U, kref_read(&w->iommu->ref));

	mem_destroy(w->mem);
	mock_iommu_put(w->iommu);
	inx_account_destroy(&w->account);
	env_restore_creds(w->old_cred, w->cred);
	env_set_memlock(w->old_limit);
	env_mm_destroy(w->mm);
}

unsigned long world_granule(const struct world *w)
{
	unsigned long granule = 1UL << __ffs(w->iommu->page_sizes);

	if (w->config.small_pages)
		return PAGE_SIZE;
	return w->config.domains ? min(granule, PAGE_SIZE) : 1;
}

/* An area of memory of the process, as IOMMU_NEXT_IOAS_MAP makes it. */
struct inx_area *world_area(struct world *w, unsigned long uaddr,
			    unsigned long length, bool writable)
{
	struct inx_source source;
	int rc = inx_ioas_check_memory(uaddr, length);

	if (rc)
		return ERR_PTR(rc);
	inx_source_init_user(&source, uaddr, writable);
	return inx_pages_alloc(&w->account, &source, offset_in_page(uaddr),
			       length);
}

int world_map_prot(struct world *w, struct inx_iopt *iopt, unsigned long offset,
		   unsigned long length, unsigned long *iova, bool fixed,
		   unsigned int prot)
{
	struct inx_area *area;

	area = world_area(w, w->mem->uaddr + offset, length,
			  prot & IOMMU_WRITE);
	if (IS_ERR(area))
		return PTR_ERR(area);
	area->prot = prot;
	return inx_iopt_map(iopt, area, iova, fixed);
}

int world_unmap(struct world *w, struct inx_iopt *iopt, unsigned long iova,
		unsigned long length)
{
	struct inx_iova_range range = { iova, iova + (length - 1) };

	return inx_iopt_unmap(iopt, range, NULL);
}

unsigned int world_areas(struct inx_iopt *iopt)
{
	struct inx_area *area;
	unsigned int nr = 0;

	for (area = inx_space_first(&iopt->space, 0, ULONG_MAX); area;
	     area = inx_space_next(area, ULONG_MAX))
		nr++;
	return nr;
}

unsigned long world_pinned(const struct world *w)
{
	return atomic64_read(&w->mm->pinned_vm);
}

/* By the account that the configuration chooses. */
unsigned long world_locked(const struct world *w)
{
	switch (w->config.mode) {
	case INX_ACCOUNT_USER:
		return world_user_pages();
	case INX_ACCOUNT_MM:
		return w->mm->locked_vm;
	default:
		return 0;
	}
}

static unsigned long world_step(const struct world *w)
{
	return min_t(unsigned long, PAGE_SIZE, 1UL << __ffs(w->iommu->page_sizes));
}

void world_expect_mapped(struct world *w, struct iommu_domain *domain,
			 unsigned long iova, unsigned long offset,
			 unsigned long length)
{
	unsigned long step = world_step(w), pos, wrong = 0;

	for (pos = 0; pos < length; pos += step)
		if (iommu_iova_to_phys(domain, iova + pos) !=
		    mem_phys(w->mem, offset + pos))
			wrong++;
	KUNIT_EXPECT_EQ(w->test, 0UL, wrong);
}

void world_expect_unmapped(struct world *w, struct iommu_domain *domain,
			   unsigned long iova, unsigned long length)
{
	unsigned long step = world_step(w), pos, wrong = 0;

	for (pos = 0; pos < length; pos += step)
		if (iommu_iova_to_phys(domain, iova + pos))
			wrong++;
	KUNIT_EXPECT_EQ(w->test, 0UL, wrong);
}

void world_expect_map(struct world *w, unsigned long iova, unsigned long offset,
		      unsigned long length)
{
	unsigned int i;

	for (i = 0; i < WORLD_DOMAINS; i++)
		if (w->domains[i].iopt == &w->iopts[0])
			world_expect_mapped(w, w->domains[i].link.domain, iova,
					    offset, length);
}

/* As many pages are pinned, each once, and charged. */
void world_expect_pages(struct world *w, unsigned long npages)
{
	KUNIT_EXPECT_EQ(w->test, npages, mem_total_pins(w->mem));
	KUNIT_EXPECT_EQ(w->test, npages, world_pinned(w));
	if (w->config.mode != INX_ACCOUNT_NONE)
		KUNIT_EXPECT_EQ(w->test, npages, world_locked(w));
}
