// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>

#include "env.h"
#include "shm.h"

int shm_fd(struct file *file)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);

	if (fd >= 0)
		fd_install(fd, get_file(file));
	return fd;
}

void shm_fd_close(int fd)
{
	close_fd(fd);
	/* A kernel thread's files are closed by a worker. */
	flush_delayed_fput();
}

/* Make a file, all holes; NULL when that is not possible. */
struct shm *shm_create(unsigned long npages)
{
	struct shm *shm = kzalloc(sizeof(*shm), GFP_KERNEL);

	if (!shm)
		return NULL;
	shm->npages = npages;
	shm->file = env_open("tmpfs", "memory", O_RDWR | O_CREAT);
	if (IS_ERR(shm->file))
		goto out_free;
	if (vfs_truncate(&shm->file->f_path, npages << PAGE_SHIFT))
		goto out_close;
	shm->fd = shm_fd(shm->file);
	if (shm->fd >= 0)
		return shm;
out_close:
	env_close(shm->file);
out_free:
	kfree(shm);
	return NULL;
}

/* Nothing of it is pinned. */
void shm_destroy(struct shm *shm)
{
	close_fd(shm->fd);
	env_close(shm->file);
	kfree(shm);
}

struct page *shm_page(const struct shm *shm, unsigned long index)
{
	struct page *page = shmem_read_mapping_page(shm->file->f_mapping,
						    index);

	if (IS_ERR(page))
		return NULL;
	put_page(page);
	return page;
}

unsigned long shm_total_pins(const struct shm *shm)
{
	unsigned long i, total = 0;

	for (i = 0; i < shm->npages; i++) {
		struct page *page = find_get_page(shm->file->f_mapping, i);

		if (!page)
			continue;
		total += page_ref_count(page) / GUP_PIN_COUNTING_BIAS;
		put_page(page);
	}
	return total;
}

void shm_seal(struct shm *shm, unsigned int seals)
{
	SHMEM_I(file_inode(shm->file))->seals = seals;
}
