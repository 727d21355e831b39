/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The test ioctl of the in-tree selftests, IOMMU_TEST_CMD with struct
 * iommu_test_cmd as Linux 7.2 has them, as far as our own tests use it. The mock
 * answers it when it was loaded with selftest=1. And the calls for what only its
 * devices have, virtual IOMMUs: those that return int are like those of inx.h, the
 * others end the test when they fail.
 */
#ifndef SELFTEST_H
#define SELFTEST_H

#include <sys/ioctl.h>

#include "guest.h"

#define SELFTEST_CMD _IO(IOMMU_NEXT_TYPE, 0xa0)

enum {
	SELFTEST_ADD_RESERVED = 1,
	SELFTEST_MOCK_DOMAIN = 2,
	SELFTEST_CHECK_MAP = 3,
	SELFTEST_MEMORY_LIMIT = 9,
	SELFTEST_REPLACE = 10,
	SELFTEST_MOCK_DOMAIN_FLAGS = 12,
	SELFTEST_IOPF = 15,
	SELFTEST_CHECK_CACHE = 16,
	SELFTEST_VEVENT = 17,
	SELFTEST_PASID_ATTACH = 18,
	SELFTEST_PASID_REPLACE = 19,
	SELFTEST_PASID_DETACH = 20,
};

/* Types of a nested page table, of a guest's IOMMU and of its queues. */
#define SELFTEST_DATA 0xdead
#define SELFTEST_VIOMMU 0xdeadbeef
#define SELFTEST_EVENTS 0xbeefbeef
#define SELFTEST_HW_QUEUE 0xdeadbeef

struct selftest_cmd {
	uint32_t size, op, id, reserved;
	union {
		uint32_t u32[12];
		uint64_t u64[6];
	};
	uint32_t last;
};

static inline int selftest_call(int fd, uint32_t op, uint32_t id,
				struct selftest_cmd *cmd)
{
	cmd->size = sizeof(*cmd);
	cmd->op = op;
	cmd->id = id;
	return ioctl(fd, SELFTEST_CMD, cmd);
}

/* A device that is bound and attached: the ID of the object that stands for it. */
uint32_t selftest_device(int fd, uint32_t pt, uint32_t *hwpt, uint32_t *dev);
int selftest_replace(int fd, uint32_t id, uint32_t pt);
/* A page table of the user's, on a nesting parent or a slice. */
int selftest_nested(int fd, uint32_t dev, uint32_t pt, uint32_t *hwpt);
/* Let a device report that something happened. */
int selftest_event(int fd, uint32_t dev);

/* What is given to a slice, and what it offers to mmap(). */
struct selftest_viommu {
	uint32_t in_data, out_data;
	uint64_t mmap_offset, mmap_length;
};

/* @data may be NULL. */
int viommu_alloc(int fd, uint32_t dev, uint32_t hwpt,
		 struct selftest_viommu *data, uint32_t *viommu);
int vdevice_alloc(int fd, uint32_t viommu, uint32_t dev, uint64_t virt_id,
		  uint32_t *vdevice);
/* Returns the queue's file. */
int veventq_alloc(int fd, uint32_t viommu, uint32_t depth, uint32_t *veventq);
int hw_queue_alloc(int fd, uint32_t viommu, uint32_t index, uint64_t iova,
		   uint64_t length, uint32_t *queue);

#endif
