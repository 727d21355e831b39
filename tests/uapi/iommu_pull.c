// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci timeout=120 taint=U */
/* harness: machines=vtd*,amd*,virtio,smmu except=6.1/virtio */
/*
 * The device, its driver or its client goes while a DMA of a real device runs.
 * From then on the device reaches nothing of the client's, and the next client
 * has it in working order. How long that took is said, and not judged.
 */
#define _GNU_SOURCE
#include <linux/vfio.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inx.h"
#include "pci.h"
#include "tap.h"

#define PAGE 4096UL
#define IOVA PCI_IOVA
#define LENGTH (4 * PAGE)
#define VALUE 0x5a
#define NR 100

FIXTURE(pull)
{
	struct client c;
	/* Shared with a child. */
	unsigned char *mem;
	/* When it began, and when the device was gone. */
	long begin, gone;
};

FIXTURE_SETUP(pull)
{
	self->mem = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->mem);
	self->c.fd = -1;
}

FIXTURE_TEARDOWN(pull)
{
	EXPECT_EQ(0, munmap(self->mem, LENGTH));
}

/* Everything in place; the device is at work when this returns. */
static void set_to_work(struct pull_data *self)
{
	struct client *c = &self->c;

	client_open(c, 1, false);
	ASSERT_EQ(0, inx_attach_to(c->dev[0], c->ioas));
	ASSERT_EQ(0, client_map(c, self->mem, LENGTH, IOVA));
	edu_load(c, 0, VALUE);
	edu_start(&c->edu[0], IOVA, NR, true);
}

/* Right after the device was taken: what DMA wrote before does not count. */
static void forget(struct pull_data *self)
{
	memset(self->mem, 0, LENGTH);
	self->gone = inx_us();
}

static bool all_zero(struct pull_data *self)
{
	size_t i;

	for (i = 0; i < LENGTH; i++)
		if (self->mem[i])
			return false;
	return true;
}

static void cut_off(struct pull_data *self)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct client *c = &self->c;
	uint32_t val;

	EXPECT_ERRNO(ENODEV, inx_detach(c->dev[0]));
	EXPECT_ERRNO(ENODEV, inx_attach_to(c->dev[0], c->ioas));
	EXPECT_ERRNO(ENODEV, ioctl(c->dev[0], VFIO_DEVICE_GET_INFO, &info));
	EXPECT_ERRNO(ENODEV, pread(c->dev[0], &val, 4, c->edu[0].offset));
	/* The IOAS is still there, with what is mapped. */
	EXPECT_EQ(0, client_pinned(c));
	EXPECT_EQ(0, inx_unmap(c->fd, c->ioas, IOVA, LENGTH, NULL));
}

/* The next client: what was begun ends in nothing, and then all is well. */
static void recovers(struct pull_data *self)
{
	struct client next;

	client_open(&next, 1, false);
	edu_idle(&next.edu[0]);
	EXPECT_TRUE(all_zero(self));
	ASSERT_EQ(0, inx_attach_to(next.dev[0], next.ioas));
	ASSERT_EQ(0, client_map(&next, self->mem, LENGTH, IOVA));
	TH_LOG("the next client is ready after %ld us, %ld us of them until the device was gone",
	       inx_us() - self->begin, self->gone - self->begin);
	edu_load(&next, 0, VALUE + 1);
	edu_dma(&next.edu[0], IOVA, NR, true);
	EXPECT_EQ(VALUE + 1, self->mem[0]);
	EXPECT_EQ(VALUE + 1, self->mem[NR - 1]);
	client_close(&next);
}

TEST_F(pull, removed_while_dma_runs)
{
	set_to_work(self);
	self->begin = inx_us();
	ASSERT_EQ(0, pci_remove(&self->c.pci[0]));
	forget(self);
	EXPECT_FALSE(pci_exists(&self->c.pci[0]));
	cut_off(self);
	client_close(&self->c);
	pci_rescan();
	recovers(self);
}

TEST_F(pull, unbound_while_dma_runs)
{
	set_to_work(self);
	self->begin = inx_us();
	ASSERT_EQ(0, pci_unbind(&self->c.pci[0]));
	forget(self);
	cut_off(self);
	client_close(&self->c);
	recovers(self);
}

TEST_F(pull, killed_while_dma_runs)
{
	int ready[2], status;
	pid_t pid;
	char byte;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		set_to_work(self);
		if (write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	ASSERT_EQ(0, close(ready[1]));
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	self->begin = inx_us();
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	forget(self);
	ASSERT_EQ(0, close(ready[0]));
	recovers(self);
}

/* Its neighbour in the same IOAS does not notice. */
TEST_F(pull, removed_beside_another)
{
	struct client *c = &self->c;

	client_open(c, 2, false);
	ASSERT_EQ(0, inx_attach_to(c->dev[0], c->ioas));
	ASSERT_EQ(0, inx_attach_to(c->dev[1], c->ioas));
	ASSERT_EQ(0, client_map(c, self->mem, LENGTH, IOVA));
	edu_load(c, 0, VALUE);
	edu_load(c, 1, VALUE + 1);
	edu_start(&c->edu[0], IOVA, NR, true);
	edu_start(&c->edu[1], IOVA + PAGE, NR, true);
	ASSERT_EQ(0, pci_remove(&c->pci[0]));
	forget(self);
	EXPECT_EQ((long)LENGTH / 1024, client_pinned(c));
	edu_idle(&c->edu[1]);
	edu_dma(&c->edu[1], IOVA + 2 * PAGE, NR, true);
	EXPECT_EQ(VALUE + 1, self->mem[2 * PAGE + NR - 1]);
	EXPECT_EQ(0, self->mem[0]);
	client_close(c);
	pci_rescan();
}

TEST_HARNESS_MAIN
