// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mount.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "env.h"

/* An address space for the calling thread, which must not have one. */
struct mm_struct *env_mm_create(void)
{
	struct mm_struct *mm = mm_alloc();

	if (!mm)
		return NULL;
	arch_pick_mmap_layout(mm, &current->signal->rlim[RLIMIT_STACK]);
	kthread_use_mm(mm);
	return mm;
}

void env_mm_destroy(struct mm_struct *mm)
{
	kthread_unuse_mm(mm);
	mmput(mm);
}

/* Run without CAP_IPC_LOCK, which would keep anything from being charged. */
const struct cred *env_drop_ipc_lock(const struct cred **mine)
{
	struct cred *cred = prepare_creds();

	*mine = cred;
	if (!cred)
		return NULL;
	cap_lower(cred->cap_effective, CAP_IPC_LOCK);
	return override_creds(cred);
}

void env_restore_creds(const struct cred *old, const struct cred *mine)
{
	if (!mine)
		return;
	revert_creds(old);
	put_cred(mine);
}

/*
 * Open a file of a file system that the kernel has a single instance of. Tests
 * run before there is a root file system.
 */
struct file *env_open(const char *fs, const char *path, int flags)
{
	struct file_system_type *type = get_fs_type(fs);
	struct vfsmount *mnt;
	struct file *file;

	if (!type)
		return ERR_PTR(-ENODEV);
	mnt = vfs_kern_mount(type, SB_KERNMOUNT, fs, NULL);
	put_filesystem(type);
	if (IS_ERR(mnt))
		return ERR_CAST(mnt);
	file = file_open_root_mnt(mnt, path, flags, 0);
	/* The file keeps it. */
	mntput(mnt);
	return file;
}

void env_close(struct file *file)
{
	fput(file);
	/* A kernel thread's files are closed by a worker. */
	flush_delayed_fput();
}

/* Some knobs only take user memory: a page of it, for one access. */
static unsigned long env_user_page(void)
{
	return vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, 0);
}

/* Write a knob of debugfs; the calling thread has an address space. */
ssize_t env_knob_write(const char *path, const char *text)
{
	struct file *file = env_open("debugfs", path, O_RDWR);
	unsigned long addr;
	ssize_t rc = -EFAULT;
	loff_t pos = 0;

	if (IS_ERR(file))
		return PTR_ERR(file);
	addr = env_user_page();
	if (!IS_ERR_VALUE(addr)) {
		void __user *uptr = (void __user *)addr;

		if (!copy_to_user(uptr, text, strlen(text)))
			rc = file->f_op->write(file, uptr, strlen(text), &pos);
		vm_munmap(addr, PAGE_SIZE);
	}
	env_close(file);
	return rc;
}

/* Read a knob to its end, or what fits; @buf is terminated. */
ssize_t env_knob_read(const char *path, char *buf, size_t size)
{
	struct file *file = env_open("debugfs", path, O_RDONLY);
	unsigned long addr;
	ssize_t rc = -EFAULT;
	size_t done = 0;
	loff_t pos = 0;

	if (IS_ERR(file))
		return PTR_ERR(file);
	addr = env_user_page();
	if (IS_ERR_VALUE(addr))
		goto out;
	do {
		size_t n = min_t(size_t, PAGE_SIZE, size - 1 - done);

		rc = vfs_read(file, (char __user *)addr, n, &pos);
		if (rc > 0 && copy_from_user(buf + done, (void __user *)addr, rc))
			rc = -EFAULT;
		if (rc > 0)
			done += rc;
	} while (rc > 0 && done < size - 1);
	vm_munmap(addr, PAGE_SIZE);
	buf[done] = 0;
out:
	env_close(file);
	return rc < 0 ? rc : done;
}

/*
 * Prepare for env_fail_nth(): every kind of allocation counts, of every size,
 * and a failure that was ordered is not logged.
 */
int env_faults_init(void)
{
	static const char *const knobs[][2] = {
		{ "failslab/ignore-gfp-wait", "N" },
		{ "failslab/verbose", "0" },
		{ "failslab/task-filter", "Y" },
		{ "failslab/probability", "100" },
		{ "fail_page_alloc/ignore-gfp-wait", "N" },
		{ "fail_page_alloc/ignore-gfp-highmem", "N" },
		{ "fail_page_alloc/min-order", "0" },
		{ "fail_page_alloc/verbose", "0" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(knobs); i++) {
		ssize_t rc = env_knob_write(knobs[i][0], knobs[i][1]);

		if (rc < 0)
			return rc;
	}
	return 0;
}

#define ENV_FAILURES 1000000

int env_starve(unsigned long bytes)
{
	char text[24];
	ssize_t rc;

	snprintf(text, sizeof(text), "%lu", bytes);
	rc = env_knob_write("failslab/space", text);
	if (rc < 0)
		return rc;
	snprintf(text, sizeof(text), "%d", ENV_FAILURES);
	rc = env_knob_write("failslab/times", text);
	if (rc < 0)
		return rc;
	current->make_it_fail = 1;
	return 0;
}

bool env_has_starved(void)
{
	char text[24];
	int left;

	current->make_it_fail = 0;
	if (env_knob_read("failslab/times", text, sizeof(text)) < 0 ||
	    kstrtoint(strim(text), 0, &left))
		return true;
	return left != ENV_FAILURES;
}
