// SPDX-License-Identifier: GPL-2.0-only
#include <sys/ioctl.h>

#include "selftest.h"
#include "tap.h"

uint32_t selftest_device(int fd, uint32_t pt, uint32_t *hwpt, uint32_t *dev)
{
	struct selftest_cmd cmd = {};

	ASSERT_EQ(0, selftest_call(fd, SELFTEST_MOCK_DOMAIN, pt, &cmd));
	if (hwpt)
		*hwpt = cmd.u32[1];
	if (dev)
		*dev = cmd.u32[2];
	return cmd.u32[0];
}

int selftest_replace(int fd, uint32_t id, uint32_t pt)
{
	struct selftest_cmd cmd = { .u32 = { pt } };

	return selftest_call(fd, SELFTEST_REPLACE, id, &cmd);
}

int selftest_event(int fd, uint32_t dev)
{
	struct selftest_cmd cmd = { .u32 = { dev } };

	return selftest_call(fd, SELFTEST_VEVENT, dev, &cmd);
}

int viommu_alloc(int fd, uint32_t dev, uint32_t hwpt,
		 struct selftest_viommu *data, uint32_t *viommu)
{
	struct iommu_next_viommu_alloc arg = {
		.size = sizeof(arg),
		.type = SELFTEST_VIOMMU,
		.dev_id = dev,
		.hwpt_id = hwpt,
		.data_len = data ? sizeof(*data) : 0,
		.data_uptr = (uintptr_t)data,
	};
	int rc = ioctl(fd, IOMMU_NEXT_VIOMMU_ALLOC, &arg);

	if (viommu)
		*viommu = arg.out_viommu_id;
	return rc;
}

int vdevice_alloc(int fd, uint32_t viommu, uint32_t dev, uint64_t virt_id,
		  uint32_t *vdevice)
{
	struct iommu_next_vdevice_alloc arg = {
		.size = sizeof(arg),
		.viommu_id = viommu,
		.dev_id = dev,
		.virt_id = virt_id,
	};
	int rc = ioctl(fd, IOMMU_NEXT_VDEVICE_ALLOC, &arg);

	if (vdevice)
		*vdevice = arg.out_vdevice_id;
	return rc;
}

int veventq_alloc(int fd, uint32_t viommu, uint32_t depth, uint32_t *veventq)
{
	struct iommu_next_veventq_alloc arg = {
		.size = sizeof(arg),
		.viommu_id = viommu,
		.type = SELFTEST_EVENTS,
		.veventq_depth = depth,
	};

	if (ioctl(fd, IOMMU_NEXT_VEVENTQ_ALLOC, &arg))
		return -1;
	if (veventq)
		*veventq = arg.out_veventq_id;
	return arg.out_veventq_fd;
}

int hw_queue_alloc(int fd, uint32_t viommu, uint32_t index, uint64_t iova,
		   uint64_t length, uint32_t *queue)
{
	struct iommu_next_hw_queue_alloc arg = {
		.size = sizeof(arg),
		.viommu_id = viommu,
		.type = SELFTEST_HW_QUEUE,
		.index = index,
		.nesting_parent_iova = iova,
		.length = length,
	};
	int rc = ioctl(fd, IOMMU_NEXT_HW_QUEUE_ALLOC, &arg);

	if (queue)
		*queue = arg.out_hw_queue_id;
	return rc;
}

int selftest_nested(int fd, uint32_t dev, uint32_t pt, uint32_t *hwpt)
{
	const uint32_t data[2] = { 0x1111, 0 };
	struct iommu_next_hwpt_alloc arg = {
		.size = sizeof(arg),
		.dev_id = dev,
		.pt_id = pt,
		.data_type = SELFTEST_DATA,
		.data_len = sizeof(data),
		.data_uptr = (uintptr_t)data,
	};

	return hwpt_alloc(fd, &arg, hwpt);
}
