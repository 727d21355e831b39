/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file of memory, whose pins can be counted page by page, and descriptors of
 * the test thread.
 */
#ifndef INX_KUNIT_SHM_H
#define INX_KUNIT_SHM_H

#include <linux/types.h>

struct file;
struct page;

/**
 * struct shm - a file of tmpfs
 * @file: the file
 * @fd: for the test thread
 * @npages: its size
 */
struct shm {
	struct file *file;
	int fd;
	unsigned long npages;
};

struct shm *shm_create(unsigned long npages);
void shm_destroy(struct shm *shm);

/* A page of the file, made if it is not there; it stays with the file. */
struct page *shm_page(const struct shm *shm, unsigned long index);
unsigned long shm_total_pins(const struct shm *shm);

/* Seal it, with F_SEAL_*. */
void shm_seal(struct shm *shm, unsigned int seals);

/* A descriptor for a file that the caller keeps; or an errno. */
int shm_fd(struct file *file);
void shm_fd_close(int fd);

#endif
