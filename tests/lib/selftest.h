/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The test ioctl of the in-tree selftests, IOMMU_TEST_CMD with struct
 * iommu_test_cmd as Linux 7.2 has them, as far as our own tests use it. The mock
 * answers it when it was loaded with selftest=1.
 */
#ifndef SELFTEST_H
#define SELFTEST_H

#include <stdint.h>
#include <sys/ioctl.h>

#include <linux/iommu-next.h>

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

#endif
