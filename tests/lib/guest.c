// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "tap.h"

void guest_open(struct guest *g, struct world *w, struct world_dev *dev,
		uint32_t flags)
{
	g->w = w;
	g->iova = IOVA;
	g->used = 0;
	g->mem = inx_alloc(GUEST_PAGES * PAGE);
	ASSERT_EQ(0, inx_map_at(w->fd, w->ioas, g->mem, GUEST_PAGES * PAGE,
				g->iova));
	ASSERT_EQ(0, hwpt_flags(w->fd, dev->id, w->ioas,
				IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT | flags,
				&g->parent));
}

struct world_dev *guest_device(struct world *w, uint32_t flags)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();

	how.flags = flags;
	return world_bind(w, &how);
}

void guest_kill(struct world_dev *dev, void (*fn)(void *arg), void *arg)
{
	int i;

	for (i = 0; i < 5; i++) {
		pid_t pid = world_fork(fn, arg);

		usleep(1000 + 500 * i);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		inx_detach(dev->fd);
	}
}

uint64_t guest_page(struct guest *g)
{
	ASSERT_LT(g->used, GUEST_PAGES);
	return g->iova + g->used++ * PAGE;
}

void *guest_at(struct guest *g, uint64_t addr)
{
	return g->mem + (addr - g->iova);
}

static uint64_t *entry_in(struct guest *g, uint64_t table, uint64_t va,
			  int level)
{
	uint64_t *entries = guest_at(g, table);

	return &entries[va >> (12 + 9 * (level - 1)) & 511];
}

void guest_map(struct guest *g, uint64_t root, int levels, uint64_t va,
	       uint64_t addr, uint64_t size, uint64_t bits)
{
	int leaf = size == PAGE ? 1 : size == HUGE ? 2 : 3, level;
	uint64_t table = root;

	for (level = levels; level > leaf; level--) {
		uint64_t *entry = entry_in(g, table, va, level);

		if (!*entry)
			*entry = guest_page(g) | PT_RW;
		table = *entry & ~0xfffULL;
	}
	*entry_in(g, table, va, leaf) = addr | bits |
					(leaf > 1 ? PT_LARGE : 0);
}

uint64_t *guest_entry(struct guest *g, uint64_t root, int levels, uint64_t va,
		      int level)
{
	uint64_t table = root;
	int at;

	for (at = levels; at > level; at--) {
		uint64_t entry = *entry_in(g, table, va, at);

		if (!(entry & PT_PRESENT))
			return NULL;
		table = entry & ~0xfffULL;
	}
	return entry_in(g, table, va, level);
}

void guest_expect_bytes(struct guest *g, struct world_dev *dev, uint64_t va,
			uint64_t first, uint64_t second)
{
	unsigned char *mem = guest_at(g, first), *next = guest_at(g, second);
	unsigned char seen[200], new[7];
	int i;

	for (i = 0; i < (int)PAGE; i++)
		mem[i] = i * 5 + 1;
	memset(next, 0xa9, PAGE);
	EXPECT_TRUE(world_reads(dev, va, mem, PAGE));
	ASSERT_EQ(0, inx_mock_read(dev->fd, va + PAGE - 100, seen, 200));
	EXPECT_EQ(0, memcmp(seen, mem + PAGE - 100, 100));
	EXPECT_EQ(0, memcmp(seen + 100, next, 100));
	memset(new, 0x11, sizeof(new));
	ASSERT_EQ(0, inx_mock_write(dev->fd, va + 123, new, sizeof(new)));
	EXPECT_EQ(0, memcmp(mem + 123, new, sizeof(new)));
	EXPECT_EQ((unsigned char)(122 * 5 + 1), mem[122]);
	EXPECT_EQ((unsigned char)(130 * 5 + 1), mem[130]);
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1,
		  world_touch(dev, g->iova, false));
}

int hwpt_alloc(int fd, struct iommu_next_hwpt_alloc *arg, uint32_t *hwpt)
{
	int rc;

	arg->size = sizeof(*arg);
	rc = ioctl(fd, IOMMU_NEXT_HWPT_ALLOC, arg);
	if (!rc && hwpt)
		*hwpt = arg->out_hwpt_id;
	return rc;
}

int hwpt_flags(int fd, uint32_t dev, uint32_t pt, uint32_t flags,
	       uint32_t *hwpt)
{
	struct iommu_next_hwpt_alloc arg = {
		.flags = flags,
		.dev_id = dev,
		.pt_id = pt,
	};

	return hwpt_alloc(fd, &arg, hwpt);
}

int hwpt_nested(struct guest *g, uint32_t dev, uint64_t root, int levels,
		uint32_t flags, uint32_t fault, uint32_t *hwpt)
{
	struct iommu_next_hwpt_vtd_s1 s1 = {
		.pgtbl_addr = root,
		.addr_width = levels == 5 ? 57 : 48,
	};
	struct iommu_next_hwpt_alloc arg = {
		.flags = flags,
		.dev_id = dev,
		.pt_id = g->parent,
		.data_type = IOMMU_NEXT_HWPT_DATA_VTD_S1,
		.data_len = sizeof(s1),
		.data_uptr = (uintptr_t)&s1,
		.fault_id = fault,
	};

	return hwpt_alloc(g->w->fd, &arg, hwpt);
}

int hwpt_invalidate(int fd, uint32_t hwpt, uint32_t type, const void *entries,
		    uint32_t len, uint32_t *num)
{
	struct iommu_next_hwpt_invalidate arg = {
		.size = sizeof(arg),
		.hwpt_id = hwpt,
		.data_uptr = (uintptr_t)entries,
		.data_type = type,
		.entry_len = len,
		.entry_num = *num,
	};
	int rc = ioctl(fd, IOMMU_NEXT_HWPT_INVALIDATE, &arg);

	*num = arg.entry_num;
	return rc;
}

int hwpt_flush(int fd, uint32_t hwpt, uint64_t addr, uint64_t npages)
{
	struct iommu_next_hwpt_vtd_s1_invalidate inv = {
		.addr = addr,
		.npages = npages,
	};
	uint32_t num = 1;

	return hwpt_invalidate(fd, hwpt,
			       IOMMU_NEXT_HWPT_INVALIDATE_DATA_VTD_S1, &inv,
			       sizeof(inv), &num);
}

int pasid_attach(int dev_fd, uint32_t pasid, uint32_t pt)
{
	struct iommu_next_vfio_device_attach arg = {
		.argsz = sizeof(arg),
		.flags = IOMMU_NEXT_VFIO_DEVICE_ATTACH_PASID,
		.pt_id = pt,
		.pasid = pasid,
	};

	return ioctl(dev_fd, IOMMU_NEXT_VFIO_DEVICE_ATTACH, &arg);
}

int pasid_detach(int dev_fd, uint32_t pasid)
{
	struct iommu_next_vfio_device_detach arg = {
		.argsz = sizeof(arg),
		.flags = IOMMU_NEXT_VFIO_DEVICE_DETACH_PASID,
		.pasid = pasid,
	};

	return ioctl(dev_fd, IOMMU_NEXT_VFIO_DEVICE_DETACH, &arg);
}

int pasid_touch(struct world_dev *d, uint32_t pasid, uint64_t iova, bool write)
{
	unsigned char byte = 0x77;

	return write ? inx_mock_write_pasid(d->fd, pasid, iova, &byte, 1) :
		       inx_mock_read_pasid(d->fd, pasid, iova, &byte, 1);
}

int fault_queue(int fd, uint32_t *id)
{
	struct iommu_next_fault_alloc arg = { .size = sizeof(arg) };

	if (ioctl(fd, IOMMU_NEXT_FAULT_QUEUE_ALLOC, &arg))
		return -1;
	if (id)
		*id = arg.out_fault_id;
	return arg.out_fault_fd;
}

int page_request(int dev_fd, uint32_t pasid, uint32_t grpid, uint64_t addr,
		 uint32_t count)
{
	struct iommu_next_mock_page_request arg = {
		.argsz = sizeof(arg),
		.pasid = pasid,
		.grpid = grpid,
		.perm = IOMMU_NEXT_PGFAULT_PERM_READ,
		.addr = addr,
		.count = count,
	};

	return ioctl(dev_fd, IOMMU_NEXT_MOCK_PAGE_REQUEST, &arg);
}

bool fault_read(int queue, struct iommu_next_hwpt_pgfault *fault)
{
	return read(queue, fault, sizeof(*fault)) == sizeof(*fault);
}

int fault_answer(int queue, uint32_t cookie, uint32_t code)
{
	struct iommu_next_hwpt_page_response arg = {
		.cookie = cookie,
		.code = code,
	};

	return write(queue, &arg, sizeof(arg)) == sizeof(arg) ? 0 : -1;
}

int page_answer(int dev_fd, uint32_t grpid)
{
	struct iommu_next_mock_page_answer arg = { .argsz = sizeof(arg) };

	if (ioctl(dev_fd, IOMMU_NEXT_MOCK_PAGE_ANSWER, &arg))
		return -1;
	return arg.out_grpid == grpid ? (int)arg.out_code : -2;
}
