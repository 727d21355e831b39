// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none taint=U timeout=120 */
/*
 * Devices that no IOMMU stands before: memory is pinned, its physical address is
 * told, and the device uses that.
 */
#define _GNU_SOURCE
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "mem.h"
#include "pci.h"
#include "racer.h"
#include "tap.h"
#include "world.h"

#define LENGTH (2 * HUGE)
#define TAINT_USER (1 << 6)

static struct iommu_next_mock_device_alloc without_iommu(void)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();

	how.flags = IOMMU_NEXT_MOCK_NO_IOMMU;
	return how;
}

static struct world_dev *attach_without_iommu(struct world *w)
{
	struct iommu_next_mock_device_alloc how = without_iommu();

	return world_attach(w, &how);
}

static void start(struct world *w)
{
	ASSERT_EQ(0, inx_set_noiommu(true));
	world_open(w);
}

/* The device reads at the physical addresses of a mapping, run by run. */
static size_t read_all(struct world *w, struct world_dev *dev, uint64_t iova,
		       const unsigned char *mem, size_t length)
{
	size_t at, runs = 0;

	for (at = 0; at < length; runs++) {
		uint64_t phys = 0, n = length - at;

		ASSERT_EQ(0, inx_get_pa(w->fd, w->ioas, iova + at, &n, &phys));
		ASSERT_GT(n, 0);
		ASSERT_LE(n, length - at);
		ASSERT_EQ(mem_pfn(mem + at) * PAGE +
			  (uintptr_t)(mem + at) % PAGE, phys);
		ASSERT_TRUE(world_reads(dev, phys, mem + at, n));
		at += n;
	}
	return runs;
}

FIXTURE(kinds)
{
	struct world w;
	struct world_dev *dev;
};

FIXTURE_VARIANT(kinds)
{
	enum mem_kind kind;
};

FIXTURE_VARIANT_ADD(kinds, ordered) { .kind = MEM_ORDERED, };
FIXTURE_VARIANT_ADD(kinds, shuffled) { .kind = MEM_SHUFFLED, };
FIXTURE_VARIANT_ADD(kinds, thp) { .kind = MEM_THP, };
FIXTURE_VARIANT_ADD(kinds, hugetlb) { .kind = MEM_HUGETLB, };
FIXTURE_VARIANT_ADD(kinds, memfd) { .kind = MEM_MEMFD, };
FIXTURE_VARIANT_ADD(kinds, mixed) { .kind = MEM_MIXED, };

FIXTURE_SETUP(kinds)
{
	start(&self->w);
	self->dev = attach_without_iommu(&self->w);
}

FIXTURE_TEARDOWN(kinds)
{
	world_close(&self->w);
}

TEST_F(kinds, every_byte)
{
	unsigned char *mem = mem_alloc(variant->kind, LENGTH);

	mem_fill(mem, LENGTH, 1);
	ASSERT_EQ(0, inx_map_at(self->w.fd, self->w.ioas, mem, LENGTH, IOVA));
	EXPECT_EQ(LENGTH / 1024, world_pinned(&self->w));
	EXPECT_EQ(mem_runs(mem, LENGTH),
		  read_all(&self->w, self->dev, IOVA, mem, LENGTH));
}

/* An IOVA that no IO page but the smallest fits. */
TEST_F(kinds, unaligned)
{
	unsigned char *mem = mem_alloc(variant->kind, LENGTH);
	size_t length = LENGTH - 3 * PAGE;

	mem_fill(mem, LENGTH, 1);
	ASSERT_EQ(0, inx_map_at(self->w.fd, self->w.ioas, mem + PAGE, length,
				IOVA + 7 * PAGE));
	EXPECT_EQ(mem_runs(mem + PAGE, length),
		  read_all(&self->w, self->dev, IOVA + 7 * PAGE, mem + PAGE,
			   length));
	/* To the byte. */
	read_all(&self->w, self->dev, IOVA + 7 * PAGE + 123, mem + PAGE + 123,
		 length - 123);
}

TEST_F(kinds, written)
{
	unsigned char *mem = mem_alloc(variant->kind, LENGTH);
	unsigned char data[3000];
	uint64_t phys, n = sizeof(data);

	memset(data, 0x5a, sizeof(data));
	ASSERT_EQ(0, inx_map_at(self->w.fd, self->w.ioas, mem, LENGTH, IOVA));
	ASSERT_EQ(0, inx_get_pa(self->w.fd, self->w.ioas, IOVA + HUGE, &n,
				&phys));
	ASSERT_EQ(sizeof(data), n);
	ASSERT_EQ(0, inx_mock_write(self->dev->fd, phys, data, n));
	EXPECT_EQ(0, memcmp(mem + HUGE, data, n));
}

FIXTURE(noiommu)
{
	struct world w;
	struct world_dev *dev;
	unsigned char *mem;
};

FIXTURE_SETUP(noiommu)
{
	start(&self->w);
	self->dev = attach_without_iommu(&self->w);
	self->mem = mem_alloc(MEM_ORDERED, LENGTH);
	mem_fill(self->mem, LENGTH, 1);
	ASSERT_EQ(0, inx_map_at(self->w.fd, self->w.ioas, self->mem, LENGTH,
				IOVA));
}

FIXTURE_TEARDOWN(noiommu)
{
	world_close(&self->w);
}

static int get_pa(struct world *w, uint64_t iova)
{
	uint64_t phys, n = 1;

	return inx_get_pa(w->fd, w->ioas, iova, &n, &phys);
}

TEST_F(noiommu, off_by_default)
{
	struct iommu_next_mock_device_alloc how = without_iommu();
	uint32_t id;

	ASSERT_EQ(0, inx_set_noiommu(false));
	EXPECT_ERRNO(EOPNOTSUPP, inx_mock_device(self->w.mock, &how, &id));
	/* Who has one keeps it. */
	EXPECT_EQ(0, get_pa(&self->w, IOVA));
	ASSERT_EQ(0, inx_set_noiommu(true));
}

TEST_F(noiommu, taints_the_kernel)
{
	char text[32];

	ASSERT_TRUE(file_read(text, sizeof(text), "/proc/sys/kernel/tainted"));
	EXPECT_NE(0, atoi(text) & TAINT_USER);
}

TEST_F(noiommu, only_for_cap_sys_rawio)
{
	struct iommu_next_mock_device_alloc how = without_iommu();
	uint32_t id;

	world_drop_cap(CAP_SYS_RAWIO);
	EXPECT_ERRNO(EPERM, inx_mock_device(self->w.mock, &how, &id));
	EXPECT_ERRNO(EPERM, inx_mock_open(self->w.mock, self->dev->mock));
	EXPECT_ERRNO(EPERM, get_pa(&self->w, IOVA));
	/* The file is the right to the rest. */
	EXPECT_EQ(0, inx_detach(self->dev->fd));
	EXPECT_EQ(0, inx_attach_to(self->dev->fd, self->w.ioas));
}

TEST_F(noiommu, bad_arguments)
{
	struct iommu_next_ioas_noiommu_get_pa arg = {
		.size = sizeof(arg),
		.ioas_id = self->w.ioas,
		.iova = IOVA,
		.length = 1,
	};
	const unsigned long cmd = IOMMU_NEXT_IOAS_NOIOMMU_GET_PA;

	ASSERT_EQ(0, ioctl(self->w.fd, cmd, &arg));
	arg.flags = 1;
	EXPECT_ERRNO(EOPNOTSUPP, ioctl(self->w.fd, cmd, &arg));
	arg.flags = 0;
	arg.__reserved = 1;
	EXPECT_ERRNO(EOPNOTSUPP, ioctl(self->w.fd, cmd, &arg));
	arg.__reserved = 0;
	arg.length = 0;
	EXPECT_ERRNO(EINVAL, ioctl(self->w.fd, cmd, &arg));
	arg.length = UINT64_MAX;
	EXPECT_EQ(0, ioctl(self->w.fd, cmd, &arg));
	EXPECT_LE(arg.length, LENGTH);
	arg.iova = UINT64_MAX;
	EXPECT_ERRNO(EOVERFLOW, ioctl(self->w.fd, cmd, &arg));
	arg.iova = IOVA + LENGTH;
	EXPECT_ERRNO(ENOENT, ioctl(self->w.fd, cmd, &arg));
	arg.iova = IOVA - 1;
	EXPECT_ERRNO(ENOENT, ioctl(self->w.fd, cmd, &arg));
	arg.iova = IOVA;
	arg.ioas_id = self->dev->id;
	EXPECT_ERRNO(ENOENT, ioctl(self->w.fd, cmd, &arg));
	arg.ioas_id = self->w.ioas;
	EXPECT_EQ(0, mprotect(self->mem, PAGE, PROT_READ));
	EXPECT_ERRNO(EFAULT, ioctl(self->w.fd, cmd, NULL));
}

/* Two mappings side by side are two, even where their memory is one. */
TEST_F(noiommu, not_beyond_the_mapping)
{
	unsigned char *mem = mem_alloc(MEM_THP, HUGE);
	uint64_t iova = IOVA + LENGTH, n = HUGE, phys;

	ASSERT_EQ(0, inx_map_at(self->w.fd, self->w.ioas, mem, 4 * PAGE, iova));
	ASSERT_EQ(0, inx_map_at(self->w.fd, self->w.ioas, mem + 4 * PAGE,
				4 * PAGE, iova + 4 * PAGE));
	ASSERT_EQ(0, inx_get_pa(self->w.fd, self->w.ioas, iova + 1, &n, &phys));
	EXPECT_EQ(4 * PAGE - 1, n);
	EXPECT_EQ(mem_pfn(mem) * PAGE + 1, phys);
	n = 100;
	ASSERT_EQ(0, inx_get_pa(self->w.fd, self->w.ioas, iova, &n, &phys));
	EXPECT_EQ(100, n);
}

TEST_F(noiommu, only_while_attached)
{
	uint32_t other = world_ioas(&self->w);

	ASSERT_EQ(0, inx_detach(self->dev->fd));
	EXPECT_EQ(0, world_pinned(&self->w));
	EXPECT_ERRNO(EOPNOTSUPP, get_pa(&self->w, IOVA));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, self->w.ioas));
	EXPECT_EQ(LENGTH / 1024, world_pinned(&self->w));
	EXPECT_EQ(0, get_pa(&self->w, IOVA));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, other));
	EXPECT_ERRNO(EOPNOTSUPP, get_pa(&self->w, IOVA));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, self->w.ioas));
	EXPECT_EQ(0, get_pa(&self->w, IOVA));
	ASSERT_EQ(0, inx_unmap_all(self->w.fd, self->w.ioas, NULL));
	EXPECT_ERRNO(ENOENT, get_pa(&self->w, IOVA));
	EXPECT_EQ(0, world_pinned(&self->w));
}

/* Whichever comes first, the other device has its IOMMU. */
TEST_F(noiommu, beside_an_iommu)
{
	struct world_dev *dev = world_attach(&self->w, NULL);

	EXPECT_TRUE(world_reads(dev, IOVA, self->mem, LENGTH));
	read_all(&self->w, self->dev, IOVA, self->mem, LENGTH);
	ASSERT_EQ(0, inx_detach(self->dev->fd));
	EXPECT_ERRNO(EOPNOTSUPP, get_pa(&self->w, IOVA));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, self->w.ioas));
	read_all(&self->w, self->dev, IOVA, self->mem, LENGTH);
	EXPECT_TRUE(world_reads(dev, IOVA, self->mem, LENGTH));
}

TEST_F(noiommu, no_hardware_to_ask)
{
	struct iommu_next_hw_info info;
	struct world_dev *dev = world_bind(&self->w, NULL);
	uint32_t hwpt, pt;

	EXPECT_ERRNO(EOPNOTSUPP, inx_hw_info(self->w.fd, self->dev->id, NULL,
					     0, &info));
	EXPECT_ERRNO(EOPNOTSUPP,
		     hwpt_flags(self->w.fd, self->dev->id, self->w.ioas,
				IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT, &hwpt));
	EXPECT_ERRNO(EOPNOTSUPP,
		     hwpt_flags(self->w.fd, self->dev->id, self->w.ioas,
				IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING, &hwpt));
	EXPECT_ERRNO(EOPNOTSUPP, pasid_attach(self->dev->fd, 5, self->w.ioas));
	/* A page table is for devices like the one it was made for. */
	ASSERT_EQ(0, inx_hwpt_alloc(self->w.fd, self->dev->id, self->w.ioas,
				    &hwpt));
	EXPECT_ERRNO(EINVAL, inx_attach_to(dev->fd, hwpt));
	EXPECT_EQ(0, inx_attach_to(self->dev->fd, hwpt));
	EXPECT_ERRNO(EOPNOTSUPP, inx_dirty_set(self->w.fd, hwpt, true));
	pt = self->w.ioas;
	EXPECT_EQ(0, inx_attach(dev->fd, &pt));
	EXPECT_ERRNO(EINVAL, inx_attach_to(self->dev->fd, pt));
	EXPECT_EQ(0, get_pa(&self->w, IOVA));
}

TEST_F(noiommu, removed)
{
	uint32_t pt = self->w.ioas;

	ASSERT_EQ(0, inx_mock_remove(self->w.mock, self->dev->mock));
	self->dev->mock = 0;
	EXPECT_ERRNO(ENODEV, inx_attach(self->dev->fd, &pt));
	EXPECT_ERRNO(EOPNOTSUPP, get_pa(&self->w, IOVA));
	EXPECT_EQ(0, world_pinned(&self->w));
}

static void be_killed(void *arg)
{
	struct world w;

	start(&w);
	attach_without_iommu(&w);
	ASSERT_EQ(0, inx_map_at(w.fd, w.ioas, arg, LENGTH, IOVA));
	ASSERT_EQ(0, get_pa(&w, IOVA));
	raise(SIGKILL);
}

TEST_F(noiommu, killed)
{
	pid_t pid = world_fork(be_killed, self->mem);
	int status = 0;

	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	/* The kernel is as usable as before. */
	read_all(&self->w, self->dev, IOVA, self->mem, LENGTH);
}

#define RACE_IOVA (IOVA + LENGTH)

static void step_map(struct racer *r)
{
	struct noiommu_data *self = r->race->data;

	ONE_OF(r, inx_map_at(self->w.fd, self->w.ioas, self->mem, HUGE,
			     RACE_IOVA));
	ONE_OF(r, inx_unmap(self->w.fd, self->w.ioas, RACE_IOVA, HUGE, NULL));
}

static void step_find(struct racer *r)
{
	struct noiommu_data *self = r->race->data;
	uint64_t at = pick(r, HUGE), phys, n = HUGE;

	int rc = inx_get_pa(self->w.fd, self->w.ioas, RACE_IOVA + at, &n,
			    &phys);

	if (!ONE_OF(r, rc, ENOENT, EOPNOTSUPP))
		return;
	must(r, phys == mem_pfn(self->mem + at) * PAGE + at % PAGE,
	     "that is where it is");
	must(r, n <= HUGE - at, "it ends with the mapping");
}

static void step_attach(struct racer *r)
{
	struct noiommu_data *self = r->race->data;

	ONE_OF(r, inx_detach(self->dev->fd));
	ONE_OF(r, inx_attach_to(self->dev->fd, self->w.ioas));
}

TEST_F(noiommu, race)
{
	RACE(self, 2000, RACER(step_map), RACER(step_find), RACER(step_find),
	     RACER(step_attach));
}

TEST_HARNESS_MAIN
