/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test thread needs to be a process: an address space, a limit on locked
 * memory, rights, files. And the kernel's knobs for making allocations fail and
 * for looking for leaks, which are files of debugfs.
 */
#ifndef INX_KUNIT_ENV_H
#define INX_KUNIT_ENV_H

#include <linux/sched.h>
#include <linux/types.h>

struct cred;
struct file;
struct mm_struct;

struct mm_struct *env_mm_create(void);
void env_mm_destroy(struct mm_struct *mm);

const struct cred *env_drop_ipc_lock(const struct cred **mine);
void env_restore_creds(const struct cred *old, const struct cred *mine);

struct file *env_open(const char *fs, const char *path, int flags);
void env_close(struct file *file);

ssize_t env_knob_write(const char *path, const char *text);
ssize_t env_knob_read(const char *path, char *buf, size_t size);

/* Bytes that the memory behind the calling thread's limit may have. */
static inline void env_set_memlock(unsigned long bytes)
{
	current->signal->rlim[RLIMIT_MEMLOCK].rlim_cur = bytes;
}

int env_faults_init(void);

/* Let the @nth allocation of this thread from now on fail, once. */
static inline void env_fail_nth(unsigned int nth)
{
	current->fail_nth = nth;
}

/* Stop that; returns whether an allocation has failed. */
static inline bool env_has_failed(void)
{
	bool failed = !current->fail_nth;

	current->fail_nth = 0;
	return failed;
}

/*
 * Let this thread allocate @bytes of small objects, and then no more until
 * env_has_starved(), which returns whether that was not enough.
 */
int env_starve(unsigned long bytes);
bool env_has_starved(void);

#endif
