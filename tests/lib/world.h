/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What most tests start from and end with: a file of /dev/iommu-next, one of
 * /dev/iommu-next-mock, devices. The end checks that everything is gone.
 *
 * Functions without a return value end the test when something fails.
 */
#ifndef WORLD_H
#define WORLD_H

#include <sys/types.h>

#include "inx.h"

#define PAGE 4096UL
#define HUGE (2UL << 20)
#define WORLD_DEVS 8

/* Where tests map unless it matters; a multiple of every IO page size. */
#define IOVA (1UL << 30)

/**
 * struct world_dev - a mock device
 * @fd: its device file, -1 when closed
 * @mock: its number on the mock's file, 0 when removed
 * @id: its ID on /dev/iommu-next, 0 when not bound
 */
struct world_dev {
	int fd;
	uint32_t mock;
	uint32_t id;
};

/**
 * struct world - the files of a test
 * @fd: of /dev/iommu-next
 * @mock: of /dev/iommu-next-mock
 * @ioas: an IOAS
 * @pinned: VmPin at the start
 * @nr: devices in @dev
 */
struct world {
	int fd;
	int mock;
	uint32_t ioas;
	long pinned;
	unsigned int nr;
	struct world_dev dev[WORLD_DEVS];
};

/* Load the mock anew, with a parameter; built in, it stays as it is. */
void world_load_mock(const char *parameter);
void world_open(struct world *w);
/* Close all, then look for page tables, mappings and pins that are left. */
void world_close(struct world *w);
/* Close a device's file. */
void world_close_dev(struct world_dev *dev);

/* Make a device, of the defaults if @how is NULL; and bind it, too. */
struct world_dev *world_make(struct world *w,
			     struct iommu_next_mock_device_alloc *how);
struct world_dev *world_bind(struct world *w,
			     struct iommu_next_mock_device_alloc *how);
/* Bind a device and attach it to the IOAS of the world. */
struct world_dev *world_attach(struct world *w,
			       struct iommu_next_mock_device_alloc *how);

uint32_t world_ioas(struct world *w);
struct iommu_next_mock_stats world_stats(struct world *w, struct world_dev *d);
/* kB that are pinned since the start. */
long world_pinned(struct world *w);
/*
 * Whether that becomes @kb. What nobody waits for goes a moment after the last
 * call that held it has returned.
 */
bool world_settles(struct world *w, long kb);
void world_fail_next(struct world *w, struct world_dev *d, uint32_t what,
		     uint32_t after);

/* Let the device read; ends the test unless all bytes are as in @expected. */
bool world_reads(struct world_dev *d, uint64_t iova, const void *expected,
		 size_t length);
/* One byte by DMA: of enum iommu_next_mock_fault. */
int world_touch(struct world_dev *d, uint64_t iova, bool write);

/*
 * Become a user without any capability, who may set any limit of his own. Files
 * that only root may open have to be open already.
 */
void world_become_user(uid_t uid);
/* Lose one capability, of CAP_*, and nothing else. */
void world_drop_cap(int cap);
/* RLIMIT_MEMLOCK. */
void world_memlock(size_t bytes);

/* Run @fn(@arg) in a child process; what it fails counts. Returns its pid. */
pid_t world_fork(void (*fn)(void *arg), void *arg);
/* Wait for it; it must have exited with 0. */
void world_join(pid_t pid);

#endif
