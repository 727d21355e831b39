// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci machines=pasid-vtd kernels=6.12,7.2 timeout=120 */
/* harness: modules=inx_pri_device,inx_page_request */
/*
 * Page requests through the driver of VT-d: read from a queue, answered there. The
 * device has been given the capability, and the requests are a test's
 * (tests/lib/pri.h); the way from the kernel's handler on is the real one. That each
 * is answered once, with what, and under which PASID, is what the IOMMU got from the
 * driver: QEMU's trace tells. Each test has PASIDs and groups of its own for that.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "pri.h"
#include "tap.h"

#define LAST IOMMU_NEXT_PGFAULT_FLAGS_LAST_PAGE
#define HAS_PASID IOMMU_NEXT_PGFAULT_FLAGS_PASID_VALID

FIXTURE(request)
{
	struct pri_client c;
	/* Takes page requests, and one that does not. */
	uint32_t hwpt;
	uint32_t deaf;
};

FIXTURE_SETUP(request)
{
	pri_open(&self->c);
	ASSERT_EQ(0, pri_hwpt(&self->c, FAULTS | FOR_PASID, &self->hwpt));
	ASSERT_EQ(0, pri_hwpt(&self->c, FOR_PASID, &self->deaf));
}

FIXTURE_TEARDOWN(request)
{
	pri_close(&self->c);
}

static void ask(struct request_data *self, uint32_t pasid, uint32_t group)
{
	ASSERT_EQ(0, pri_request(&self->c.pci, pasid, group, PRI_ADDR, true));
}

/* Nobody takes it: the kernel says INVALID in our place. */
static void ask_in_vain(struct request_data *self, uint32_t pasid,
			uint32_t group)
{
	EXPECT_ERRNO(EINVAL, pri_request(&self->c.pci, pasid, group, PRI_ADDR,
					 true));
	pri_expect(&self->c.pci, pasid, group, INVALID, 1);
}

static uint32_t next(struct request_data *self, uint32_t group)
{
	struct iommu_next_hwpt_pgfault fault = {};

	ASSERT_TRUE(fault_read(self->c.queue, &fault));
	EXPECT_EQ(group, fault.grpid);
	return fault.cookie;
}

static void answer(struct request_data *self, uint32_t cookie, uint32_t code)
{
	EXPECT_EQ(0, fault_answer(self->c.queue, cookie, code));
}

static void expect(struct request_data *self, uint32_t pasid, uint32_t group,
		   uint32_t code)
{
	pri_expect(&self->c.pci, pasid, group, code, 1);
	pri_expect(&self->c.pci, pasid, group, !code, 0);
}

TEST_F(request, of_a_pasid)
{
	struct pollfd p = { .fd = self->c.queue, .events = POLLIN };
	struct iommu_next_hwpt_pgfault f;

	ASSERT_EQ(0, pasid_attach(self->c.dev, 5, self->hwpt));
	EXPECT_EQ(0, poll(&p, 1, 0));
	ask(self, 5, 1);
	EXPECT_EQ(1, poll(&p, 1, 0));
	ASSERT_TRUE(fault_read(self->c.queue, &f));
	EXPECT_EQ(HAS_PASID | LAST, f.flags);
	EXPECT_EQ(self->c.id, f.dev_id);
	EXPECT_EQ(5, f.pasid);
	EXPECT_EQ(1, f.grpid);
	EXPECT_EQ(IOMMU_NEXT_PGFAULT_PERM_READ | IOMMU_NEXT_PGFAULT_PERM_WRITE,
		  f.perm);
	EXPECT_EQ(PRI_ADDR, f.addr);
	EXPECT_EQ(0, f.length);
	/* What it asked for. */
	ASSERT_EQ(0, inx_map_at(self->c.fd, self->c.ioas, inx_alloc(PAGE),
				PAGE, PRI_ADDR));
	answer(self, f.cookie, SUCCESS);
	EXPECT_ERRNO(EINVAL, fault_answer(self->c.queue, f.cookie, SUCCESS));
	expect(self, 5, 1, SUCCESS);
	ask(self, 5, 2);
	answer(self, next(self, 2), INVALID);
	expect(self, 5, 2, INVALID);
}

TEST_F(request, of_the_rid)
{
	struct iommu_next_hwpt_pgfault f;
	uint32_t rid;

	/* Not for PASIDs. */
	ASSERT_EQ(0, pri_hwpt(&self->c, FAULTS, &rid));
	ask_in_vain(self, 0, 10);
	ASSERT_EQ(0, inx_attach_to(self->c.dev, rid));
	ask(self, 0, 11);
	ASSERT_TRUE(fault_read(self->c.queue, &f));
	EXPECT_EQ(LAST, f.flags);
	EXPECT_EQ(0, f.pasid);
	answer(self, f.cookie, SUCCESS);
	expect(self, 0, 11, SUCCESS);
	ask(self, 0, 12);
	ASSERT_EQ(0, inx_detach(self->c.dev));
	expect(self, 0, 12, INVALID);
	ask_in_vain(self, 0, 13);
}

/* Those before the last are not answered. */
TEST_F(request, group_of_several)
{
	struct iommu_next_hwpt_pgfault f[4];
	uint32_t i;

	ASSERT_EQ(0, pasid_attach(self->c.dev, 6, self->hwpt));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, pri_request(&self->c.pci, 6, 20, PRI_ADDR + i * PAGE,
					 i == 2));
	ASSERT_EQ((ssize_t)(3 * sizeof(*f)), read(self->c.queue, f, sizeof(f)));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(PRI_ADDR + i * PAGE, f[i].addr);
		EXPECT_EQ(20, f[i].grpid);
		EXPECT_EQ(f[0].cookie, f[i].cookie);
		EXPECT_EQ(i == 2 ? HAS_PASID | LAST : HAS_PASID, f[i].flags);
	}
	answer(self, f[0].cookie, SUCCESS);
	expect(self, 6, 20, SUCCESS);
}

/* Read and unread ones; those of another PASID stay. */
TEST_F(request, pasid_replaced)
{
	uint32_t read, stays;

	ASSERT_EQ(0, pasid_attach(self->c.dev, 7, self->hwpt));
	ASSERT_EQ(0, pasid_attach(self->c.dev, 8, self->hwpt));
	ask(self, 7, 30);
	ask(self, 8, 31);
	read = next(self, 30);
	stays = next(self, 31);
	ask(self, 7, 32);
	ASSERT_EQ(0, pasid_attach(self->c.dev, 7, self->deaf));
	expect(self, 7, 30, INVALID);
	expect(self, 7, 32, INVALID);
	EXPECT_ERRNO(EINVAL, fault_answer(self->c.queue, read, SUCCESS));
	ask_in_vain(self, 7, 33);
	answer(self, stays, SUCCESS);
	expect(self, 8, 31, SUCCESS);
	/* And back. */
	ASSERT_EQ(0, pasid_attach(self->c.dev, 7, self->hwpt));
	ask(self, 7, 34);
	answer(self, next(self, 34), SUCCESS);
	expect(self, 7, 34, SUCCESS);
}

TEST_F(request, rid_replaced)
{
	struct iommu_next_hwpt_pgfault f;
	uint32_t queue_id, other;
	int queue;

	ASSERT_EQ(0, inx_attach_to(self->c.dev, self->deaf));
	ask_in_vain(self, 0, 40);
	ASSERT_EQ(0, inx_attach_to(self->c.dev, self->hwpt));
	ask(self, 0, 41);
	/* To one with another queue. */
	queue = self->c.queue;
	queue_id = self->c.queue_id;
	self->c.queue = fault_queue(self->c.fd, &self->c.queue_id);
	ASSERT_GE(self->c.queue, 0);
	ASSERT_EQ(0, pri_hwpt(&self->c, FAULTS, &other));
	ASSERT_EQ(0, inx_attach_to(self->c.dev, other));
	expect(self, 0, 41, INVALID);
	ask(self, 0, 42);
	EXPECT_FALSE(fault_read(queue, &f));
	answer(self, next(self, 42), SUCCESS);
	expect(self, 0, 42, SUCCESS);
	ask(self, 0, 43);
	ASSERT_EQ(0, inx_attach_to(self->c.dev, self->deaf));
	expect(self, 0, 43, INVALID);
	ask_in_vain(self, 0, 44);
	EXPECT_EQ(0, inx_destroy(self->c.fd, self->hwpt));
	EXPECT_EQ(0, close(queue));
	EXPECT_EQ(0, inx_destroy(self->c.fd, queue_id));
}

TEST_F(request, pasid_detached)
{
	uint32_t cookie;

	ASSERT_EQ(0, inx_attach_to(self->c.dev, self->hwpt));
	ASSERT_EQ(0, pasid_attach(self->c.dev, 9, self->hwpt));
	ask(self, 9, 50);
	cookie = next(self, 50);
	ask(self, 9, 51);
	ask(self, 0, 52);
	ASSERT_EQ(0, pasid_detach(self->c.dev, 9));
	expect(self, 9, 50, INVALID);
	expect(self, 9, 51, INVALID);
	EXPECT_ERRNO(EINVAL, fault_answer(self->c.queue, cookie, SUCCESS));
	ask_in_vain(self, 9, 53);
	/* The RID still delivers. */
	answer(self, next(self, 52), SUCCESS);
	expect(self, 0, 52, SUCCESS);
}

TEST_F(request, queue_closed)
{
	uint32_t cookie;

	ASSERT_EQ(0, pasid_attach(self->c.dev, 10, self->hwpt));
	ask(self, 10, 60);
	cookie = next(self, 60);
	EXPECT_NE(0, cookie);
	ask(self, 10, 61);
	ASSERT_EQ(0, close(self->c.queue));
	self->c.queue = -1;
	expect(self, 10, 60, INVALID);
	expect(self, 10, 61, INVALID);
	/* At once from now on. */
	ask(self, 10, 62);
	expect(self, 10, 62, INVALID);
}

TEST_F(request, device_closed)
{
	ASSERT_EQ(0, pasid_attach(self->c.dev, 11, self->hwpt));
	ask(self, 11, 70);
	next(self, 70);
	ask(self, 11, 71);
	ASSERT_EQ(0, close(self->c.dev));
	self->c.dev = -1;
	expect(self, 11, 70, INVALID);
	expect(self, 11, 71, INVALID);
	ask_in_vain(self, 11, 72);
}

TEST_F(request, device_unbound)
{
	ASSERT_EQ(0, inx_attach_to(self->c.dev, self->hwpt));
	ASSERT_EQ(0, pasid_attach(self->c.dev, 12, self->hwpt));
	ask(self, 12, 80);
	next(self, 80);
	ask(self, 0, 81);
	ASSERT_EQ(0, pci_unbind(&self->c.pci));
	expect(self, 12, 80, INVALID);
	expect(self, 0, 81, INVALID);
	EXPECT_ERRNO(ENODEV, pasid_detach(self->c.dev, 12));
}

TEST_F(request, device_removed)
{
	ASSERT_EQ(0, inx_attach_to(self->c.dev, self->hwpt));
	ask(self, 0, 90);
	ASSERT_EQ(0, pci_remove(&self->c.pci));
	expect(self, 0, 90, INVALID);
	ASSERT_EQ(0, close(self->c.dev));
	self->c.dev = -1;
	pci_rescan();
	udev_settle();
}

TEST_F(request, process_killed)
{
	struct pri_client c;
	int status, ready[2];
	uint32_t hwpt;
	pid_t pid;
	char ok;

	pri_close(&self->c);
	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid) {
		pri_open(&c);
		ASSERT_EQ(0, pri_hwpt(&c, FAULTS | FOR_PASID, &hwpt));
		ASSERT_EQ(0, inx_attach_to(c.dev, hwpt));
		ASSERT_EQ(0, pasid_attach(c.dev, 13, hwpt));
		ASSERT_EQ(1, write(ready[1], "r", 1));
		pause();
		_exit(0);
	}
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &ok, 1));
	ask(self, 13, 100);
	ask(self, 0, 101);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	expect(self, 13, 100, INVALID);
	expect(self, 0, 101, INVALID);
	pri_open(&self->c);
}

TEST_HARNESS_MAIN
