// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "inx.h"

bool inx_is_built_in(void)
{
	return !access("/sys/module/iommu_next", F_OK) &&
	       access("/sys/module/iommu_next/refcnt", F_OK);
}

int inx_set_noiommu(bool on)
{
	int fd = open("/sys/module/iommu_next/parameters/enable_unsafe_noiommu_mode",
		      O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, on ? "Y" : "N", 1);
	close(fd);
	return n == 1 ? 0 : -1;
}

int inx_open(void)
{
	return open(INX_NODE, O_RDWR | O_CLOEXEC);
}

int inx_destroy(int fd, uint32_t id)
{
	struct iommu_next_destroy arg = { .size = sizeof(arg), .id = id };

	return ioctl(fd, IOMMU_NEXT_DESTROY, &arg);
}

int inx_ioas_alloc(int fd, uint32_t *ioas)
{
	struct iommu_next_ioas_alloc arg = { .size = sizeof(arg) };
	int rc = ioctl(fd, IOMMU_NEXT_IOAS_ALLOC, &arg);

	if (!rc && ioas)
		*ioas = arg.out_ioas_id;
	return rc;
}

int inx_map(int fd, uint32_t ioas, uint32_t flags, const void *va,
	    uint64_t length, uint64_t *iova)
{
	struct iommu_next_ioas_map arg = {
		.size = sizeof(arg),
		.flags = flags,
		.ioas_id = ioas,
		.user_va = (uintptr_t)va,
		.length = length,
		.iova = iova ? *iova : 0,
	};
	int rc = ioctl(fd, IOMMU_NEXT_IOAS_MAP, &arg);

	if (!rc && iova)
		*iova = arg.iova;
	return rc;
}

int inx_map_at(int fd, uint32_t ioas, const void *va, uint64_t length,
	       uint64_t iova)
{
	return inx_map(fd, ioas, INX_RW | INX_FIXED, va, length, &iova);
}

int inx_map_file(int fd, uint32_t ioas, uint32_t flags, int file,
		 uint64_t start, uint64_t length, uint64_t *iova)
{
	struct iommu_next_ioas_map_file arg = {
		.size = sizeof(arg),
		.flags = flags,
		.ioas_id = ioas,
		.fd = file,
		.start = start,
		.length = length,
		.iova = iova ? *iova : 0,
	};
	int rc = ioctl(fd, IOMMU_NEXT_IOAS_MAP_FILE, &arg);

	if (!rc && iova)
		*iova = arg.iova;
	return rc;
}

int inx_copy(int fd, uint32_t dst, uint32_t src, uint32_t flags,
	     uint64_t length, uint64_t *dst_iova, uint64_t src_iova)
{
	struct iommu_next_ioas_copy arg = {
		.size = sizeof(arg),
		.flags = flags,
		.dst_ioas_id = dst,
		.src_ioas_id = src,
		.length = length,
		.dst_iova = dst_iova ? *dst_iova : 0,
		.src_iova = src_iova,
	};
	int rc = ioctl(fd, IOMMU_NEXT_IOAS_COPY, &arg);

	if (!rc && dst_iova)
		*dst_iova = arg.dst_iova;
	return rc;
}

int inx_unmap(int fd, uint32_t ioas, uint64_t iova, uint64_t length,
	      uint64_t *unmapped)
{
	struct iommu_next_ioas_unmap arg = {
		.size = sizeof(arg),
		.ioas_id = ioas,
		.iova = iova,
		.length = length,
	};
	int rc = ioctl(fd, IOMMU_NEXT_IOAS_UNMAP, &arg);

	if (!rc && unmapped)
		*unmapped = arg.length;
	return rc;
}

int inx_unmap_all(int fd, uint32_t ioas, uint64_t *unmapped)
{
	return inx_unmap(fd, ioas, 0, UINT64_MAX, unmapped);
}

int inx_iova_ranges(int fd, uint32_t ioas,
		    struct iommu_next_iova_range *ranges, uint32_t *num,
		    uint64_t *alignment)
{
	struct iommu_next_ioas_iova_ranges arg = {
		.size = sizeof(arg),
		.ioas_id = ioas,
		.num_iovas = *num,
		.allowed_iovas = (uintptr_t)ranges,
	};
	int rc = ioctl(fd, IOMMU_NEXT_IOAS_IOVA_RANGES, &arg);

	*num = arg.num_iovas;
	if (alignment)
		*alignment = arg.out_iova_alignment;
	return rc;
}

int inx_allow_iovas(int fd, uint32_t ioas,
		    const struct iommu_next_iova_range *ranges, uint32_t num)
{
	struct iommu_next_ioas_allow_iovas arg = {
		.size = sizeof(arg),
		.ioas_id = ioas,
		.num_iovas = num,
		.allowed_iovas = (uintptr_t)ranges,
	};

	return ioctl(fd, IOMMU_NEXT_IOAS_ALLOW_IOVAS, &arg);
}

static int inx_option(int fd, uint32_t option, uint16_t op, uint32_t object,
		      uint64_t *val)
{
	struct iommu_next_option arg = {
		.size = sizeof(arg),
		.option_id = option,
		.op = op,
		.object_id = object,
		.val64 = *val,
	};
	int rc = ioctl(fd, IOMMU_NEXT_OPTION, &arg);

	*val = arg.val64;
	return rc;
}

int inx_change_process(int fd)
{
	struct iommu_next_ioas_change_process arg = { .size = sizeof(arg) };

	return ioctl(fd, IOMMU_NEXT_IOAS_CHANGE_PROCESS, &arg);
}

int inx_option_get(int fd, uint32_t option, uint32_t object, uint64_t *val)
{
	*val = 0;
	return inx_option(fd, option, IOMMU_NEXT_OPTION_OP_GET, object, val);
}

int inx_option_set(int fd, uint32_t option, uint32_t object, uint64_t val)
{
	return inx_option(fd, option, IOMMU_NEXT_OPTION_OP_SET, object, &val);
}

int inx_hwpt_alloc(int fd, uint32_t dev, uint32_t pt, uint32_t *hwpt)
{
	return inx_hwpt_alloc_flags(fd, dev, pt, 0, hwpt);
}

int inx_hwpt_alloc_flags(int fd, uint32_t dev, uint32_t pt, uint32_t flags,
			 uint32_t *hwpt)
{
	struct iommu_next_hwpt_alloc arg = {
		.size = sizeof(arg),
		.flags = flags,
		.dev_id = dev,
		.pt_id = pt,
	};
	int rc = ioctl(fd, IOMMU_NEXT_HWPT_ALLOC, &arg);

	if (!rc && hwpt)
		*hwpt = arg.out_hwpt_id;
	return rc;
}

int inx_hw_info(int fd, uint32_t dev, void *data, uint32_t room,
		struct iommu_next_hw_info *info)
{
	*info = (struct iommu_next_hw_info){
		.size = sizeof(*info),
		.dev_id = dev,
		.data_len = room,
		.data_uptr = (uintptr_t)data,
	};
	return ioctl(fd, IOMMU_NEXT_GET_HW_INFO, info);
}

int inx_dirty_set(int fd, uint32_t hwpt, bool enable)
{
	struct iommu_next_hwpt_set_dirty_tracking arg = {
		.size = sizeof(arg),
		.flags = enable ? IOMMU_NEXT_HWPT_DIRTY_TRACKING_ENABLE : 0,
		.hwpt_id = hwpt,
	};

	return ioctl(fd, IOMMU_NEXT_HWPT_SET_DIRTY_TRACKING, &arg);
}

int inx_dirty_read(int fd, uint32_t hwpt, uint32_t flags, uint64_t iova,
		   uint64_t length, uint64_t page_size, void *bitmap)
{
	struct iommu_next_hwpt_get_dirty_bitmap arg = {
		.size = sizeof(arg),
		.hwpt_id = hwpt,
		.flags = flags,
		.iova = iova,
		.length = length,
		.page_size = page_size,
		.data = (uintptr_t)bitmap,
	};

	return ioctl(fd, IOMMU_NEXT_HWPT_GET_DIRTY_BITMAP, &arg);
}

int inx_get_pa(int fd, uint32_t ioas, uint64_t iova, uint64_t *length,
	       uint64_t *phys)
{
	struct iommu_next_ioas_noiommu_get_pa arg = {
		.size = sizeof(arg),
		.ioas_id = ioas,
		.iova = iova,
		.length = *length,
	};
	int rc = ioctl(fd, IOMMU_NEXT_IOAS_NOIOMMU_GET_PA, &arg);

	if (!rc) {
		*length = arg.length;
		*phys = arg.out_phys;
	}
	return rc;
}

int inx_bind(int dev_fd, int fd, uint32_t *dev)
{
	struct iommu_next_vfio_device_bind arg = {
		.argsz = sizeof(arg),
		.iommufd = fd,
	};
	int rc = ioctl(dev_fd, IOMMU_NEXT_VFIO_DEVICE_BIND, &arg);

	if (!rc && dev)
		*dev = arg.out_devid;
	return rc;
}

int inx_attach(int dev_fd, uint32_t *pt)
{
	struct iommu_next_vfio_device_attach arg = {
		.argsz = sizeof(arg),
		.pt_id = *pt,
	};
	int rc = ioctl(dev_fd, IOMMU_NEXT_VFIO_DEVICE_ATTACH, &arg);

	if (!rc)
		*pt = arg.pt_id;
	return rc;
}

int inx_attach_to(int dev_fd, uint32_t pt)
{
	return inx_attach(dev_fd, &pt);
}

int inx_detach(int dev_fd)
{
	struct iommu_next_vfio_device_detach arg = { .argsz = sizeof(arg) };

	return ioctl(dev_fd, IOMMU_NEXT_VFIO_DEVICE_DETACH, &arg);
}

struct iommu_next_mock_device_alloc inx_mock_default(void)
{
	return (struct iommu_next_mock_device_alloc){
		.size = sizeof(struct iommu_next_mock_device_alloc),
	};
}

int inx_mock_device(int mock_fd, struct iommu_next_mock_device_alloc *how,
		    uint32_t *id)
{
	struct iommu_next_mock_device_alloc arg = inx_mock_default();

	if (how)
		arg = *how;
	if (ioctl(mock_fd, IOMMU_NEXT_MOCK_DEVICE_ALLOC, &arg))
		return -1;
	if (id)
		*id = arg.out_device_id;
	return arg.out_fd;
}

int inx_mock_open(int mock_fd, uint32_t id)
{
	struct iommu_next_mock_device arg = {
		.size = sizeof(arg),
		.device_id = id,
	};

	if (ioctl(mock_fd, IOMMU_NEXT_MOCK_DEVICE_OPEN, &arg))
		return -1;
	return arg.out_fd;
}

int inx_mock_remove(int mock_fd, uint32_t id)
{
	struct iommu_next_mock_device arg = {
		.size = sizeof(arg),
		.device_id = id,
	};

	return ioctl(mock_fd, IOMMU_NEXT_MOCK_DEVICE_REMOVE, &arg);
}

int inx_mock_fail(int mock_fd, uint32_t id, uint32_t what, uint32_t after)
{
	struct iommu_next_mock_fail_next arg = {
		.size = sizeof(arg),
		.device_id = id,
		.what = what,
		.after = after,
	};

	if (ioctl(mock_fd, IOMMU_NEXT_MOCK_FAIL_NEXT, &arg))
		return -1;
	return arg.out_pending;
}

int inx_mock_stats(int mock_fd, uint32_t id,
		   struct iommu_next_mock_stats *stats)
{
	*stats = (struct iommu_next_mock_stats){
		.size = sizeof(*stats),
		.device_id = id,
	};
	return ioctl(mock_fd, IOMMU_NEXT_MOCK_STATS, stats);
}

static int inx_mock_dma(int dev_fd, uint32_t flags, uint32_t pasid,
			uint64_t iova, void *data, uint32_t length)
{
	size_t size = sizeof(struct iommu_next_mock_dma) + length;
	struct iommu_next_mock_dma *arg = calloc(1, size);
	int rc;

	if (!arg)
		return -1;
	arg->argsz = size;
	arg->flags = flags;
	arg->pasid = pasid;
	arg->iova = iova;
	arg->length = length;
	if (flags & IOMMU_NEXT_MOCK_DMA_WRITE)
		memcpy(arg->data, data, length);
	rc = ioctl(dev_fd, IOMMU_NEXT_MOCK_DMA, arg);
	if (!rc) {
		rc = arg->out_fault;
		if (!(flags & IOMMU_NEXT_MOCK_DMA_WRITE))
			memcpy(data, arg->data, length);
	}
	free(arg);
	return rc;
}

int inx_mock_read(int dev_fd, uint64_t iova, void *data, uint32_t length)
{
	return inx_mock_dma(dev_fd, 0, 0, iova, data, length);
}

int inx_mock_write(int dev_fd, uint64_t iova, const void *data,
		   uint32_t length)
{
	return inx_mock_dma(dev_fd, IOMMU_NEXT_MOCK_DMA_WRITE, 0, iova,
			    (void *)data, length);
}

int inx_mock_read_pasid(int dev_fd, uint32_t pasid, uint64_t iova, void *data,
			uint32_t length)
{
	return inx_mock_dma(dev_fd, 0, pasid, iova, data, length);
}

int inx_mock_write_pasid(int dev_fd, uint32_t pasid, uint64_t iova,
			 const void *data, uint32_t length)
{
	return inx_mock_dma(dev_fd, IOMMU_NEXT_MOCK_DMA_WRITE, pasid, iova,
			    (void *)data, length);
}

int inx_dmabuf(int mock_fd, uint32_t pieces, uint64_t length, uint32_t flags)
{
	struct iommu_next_mock_dmabuf arg = {
		.size = sizeof(arg),
		.pieces = pieces,
		.length = length,
		.flags = flags,
	};

	return ioctl(mock_fd, IOMMU_NEXT_MOCK_DMABUF, &arg) ? -1 : arg.out_fd;
}

int inx_dmabuf_revoke(int mock_fd, int file, uint32_t revoked)
{
	struct iommu_next_mock_dmabuf_revoke arg = {
		.size = sizeof(arg),
		.fd = file,
		.revoked = revoked,
	};

	return ioctl(mock_fd, IOMMU_NEXT_MOCK_DMABUF_REVOKE, &arg);
}

int inx_access(int mock_fd, int fd, uint32_t flags, uint32_t *id)
{
	struct iommu_next_mock_access_alloc arg = {
		.size = sizeof(arg),
		.flags = flags,
		.iommu_fd = fd,
	};

	if (ioctl(mock_fd, IOMMU_NEXT_MOCK_ACCESS_ALLOC, &arg))
		return -1;
	if (id)
		*id = arg.out_access_id;
	return arg.out_fd;
}

int inx_access_attach(int access, uint32_t ioas)
{
	struct iommu_next_mock_access_attach arg = {
		.size = sizeof(arg),
		.ioas_id = ioas,
	};

	return ioctl(access, IOMMU_NEXT_MOCK_ACCESS_ATTACH, &arg);
}

int inx_access_pin(int access, uint32_t flags, uint64_t iova, uint64_t length,
		   uint32_t *pin)
{
	struct iommu_next_mock_access_pin arg = {
		.size = sizeof(arg),
		.flags = flags,
		.iova = iova,
		.length = length,
	};
	int rc = ioctl(access, IOMMU_NEXT_MOCK_ACCESS_PIN, &arg);

	if (!rc && pin)
		*pin = arg.pin_id;
	return rc;
}

int inx_access_unpin(int access, uint32_t pin)
{
	struct iommu_next_mock_access_pin arg = {
		.size = sizeof(arg),
		.pin_id = pin,
	};

	return ioctl(access, IOMMU_NEXT_MOCK_ACCESS_UNPIN, &arg);
}

static int access_rw(int access, uint32_t flags, uint64_t iova,
		     const void *data, uint64_t length, uint32_t pin)
{
	struct iommu_next_mock_access_rw arg = {
		.size = sizeof(arg),
		.flags = flags,
		.iova = iova,
		.length = length,
		.data = (uintptr_t)data,
		.pin_id = pin,
	};

	return ioctl(access, IOMMU_NEXT_MOCK_ACCESS_RW, &arg);
}

int inx_access_read(int access, uint64_t iova, void *data, uint64_t length)
{
	return access_rw(access, 0, iova, data, length, 0);
}

int inx_access_write(int access, uint64_t iova, const void *data,
		     uint64_t length)
{
	return access_rw(access, IOMMU_NEXT_MOCK_ACCESS_WRITE, iova, data,
			 length, 0);
}

int inx_access_read_pin(int access, uint32_t pin, uint64_t offset, void *data,
			uint64_t length)
{
	return access_rw(access, IOMMU_NEXT_MOCK_ACCESS_PINNED, offset, data,
			 length, pin);
}

int inx_access_write_pin(int access, uint32_t pin, uint64_t offset,
			 const void *data, uint64_t length)
{
	return access_rw(access, IOMMU_NEXT_MOCK_ACCESS_PINNED |
					 IOMMU_NEXT_MOCK_ACCESS_WRITE,
			 offset, data, length, pin);
}

int inx_access_stats(int access, struct iommu_next_mock_access_stats *stats)
{
	*stats = (struct iommu_next_mock_access_stats){
		.size = sizeof(*stats),
	};
	return ioctl(access, IOMMU_NEXT_MOCK_ACCESS_STATS, stats);
}

int inx_mock_drive(int mock_fd, uint32_t dev, uint32_t op, int fd,
		   uint32_t *id)
{
	struct iommu_next_mock_drive arg = {
		.size = sizeof(arg),
		.device_id = dev,
		.op = op,
		.iommu_fd = fd,
		.pt_id = id ? *id : 0,
	};
	int rc = ioctl(mock_fd, IOMMU_NEXT_MOCK_DRIVE, &arg);

	if (!rc && id)
		*id = op == IOMMU_NEXT_MOCK_DRIVE_BIND ? arg.out_dev_id :
							 arg.pt_id;
	return rc;
}

void *inx_alloc(size_t length)
{
	const size_t huge = 2 << 20;
	size_t slack = length >= huge ? huge : 0;
	uintptr_t start;
	void *p;

	p = mmap(NULL, length + slack, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	start = (uintptr_t)p;
	if (slack)
		start = (start + huge - 1) & ~(huge - 1);
	memset((void *)start, 0, length);
	return (void *)start;
}

long inx_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

long inx_status_kb(const char *name)
{
	FILE *f = fopen("/proc/self/status", "r");
	size_t len = strlen(name);
	char line[128];
	long kb = -1;

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ':')
			kb = atol(line + len + 1);
	fclose(f);
	return kb;
}
