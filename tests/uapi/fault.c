// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none,smp timeout=120 */
/*
 * IO page faults: read from a queue, answered there, and each of them answered
 * once whatever goes meanwhile.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "racer.h"
#include "tap.h"

#define ADDR 0x5000ULL
#define SUCCESS IOMMU_NEXT_PAGE_RESP_SUCCESS
#define INVALID IOMMU_NEXT_PAGE_RESP_INVALID
#define SIZE sizeof(struct iommu_next_hwpt_pgfault)

FIXTURE(fault)
{
	struct world w;
	struct world_dev *dev;
	struct guest g;
	uint64_t root;
	uint32_t queue_id;
	int queue;
	uint32_t hwpt;
};

FIXTURE_SETUP(fault)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();

	how.flags = IOMMU_NEXT_MOCK_PASID;
	world_open(&self->w);
	self->dev = world_bind(&self->w, &how);
	guest_open(&self->g, &self->w, self->dev, 0);
	self->root = guest_page(&self->g);
	self->queue = fault_queue(self->w.fd, &self->queue_id);
	ASSERT_GE(self->queue, 0);
	ASSERT_EQ(0, hwpt_nested(&self->g, self->dev->id, self->root, 4,
				 IOMMU_NEXT_HWPT_FAULT_ID_VALID |
					 IOMMU_NEXT_HWPT_ALLOC_PASID,
				 self->queue_id, &self->hwpt));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, self->hwpt));
}

FIXTURE_TEARDOWN(fault)
{
	if (self->queue >= 0)
		close(self->queue);
	world_close(&self->w);
}

static short ready(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	poll(&p, 1, 0);
	return p.revents;
}

static void ask(struct fault_data *self, uint32_t grpid, uint32_t count)
{
	ASSERT_EQ(0, page_request(self->dev->fd, 0, grpid, ADDR, count));
}

TEST_F(fault, read_and_answer)
{
	struct iommu_next_hwpt_pgfault f;

	EXPECT_EQ(POLLOUT, ready(self->queue));
	EXPECT_EQ(0, read(self->queue, &f, sizeof(f)));
	ask(self, 7, 1);
	EXPECT_EQ(POLLIN | POLLOUT, ready(self->queue));
	ASSERT_TRUE(fault_read(self->queue, &f));
	EXPECT_EQ(POLLOUT, ready(self->queue));
	EXPECT_EQ(IOMMU_NEXT_PGFAULT_FLAGS_LAST_PAGE, f.flags);
	EXPECT_EQ(self->dev->id, f.dev_id);
	EXPECT_EQ(0, f.pasid);
	EXPECT_EQ(7, f.grpid);
	EXPECT_EQ(IOMMU_NEXT_PGFAULT_PERM_READ, f.perm);
	EXPECT_EQ(ADDR, f.addr);
	EXPECT_EQ(0, f.length);
	EXPECT_EQ(0, f.__reserved);
	EXPECT_EQ(-1, page_answer(self->dev->fd, 7));
	ASSERT_EQ(0, fault_answer(self->queue, f.cookie, SUCCESS));
	EXPECT_EQ(SUCCESS, page_answer(self->dev->fd, 7));
	/* Once. */
	EXPECT_ERRNO(EINVAL, fault_answer(self->queue, f.cookie, SUCCESS));
	EXPECT_EQ(-1, page_answer(self->dev->fd, 7));
	ask(self, 8, 1);
	ASSERT_TRUE(fault_read(self->queue, &f));
	ASSERT_EQ(0, fault_answer(self->queue, f.cookie, INVALID));
	EXPECT_EQ(INVALID, page_answer(self->dev->fd, 8));
}

TEST_F(fault, with_a_pasid)
{
	struct iommu_next_hwpt_pgfault f;
	uint32_t plain;

	/* A PASID that the guest's table has stands behind the RID. */
	ASSERT_EQ(0, page_request(self->dev->fd, 5, 1, ADDR, 1));
	ASSERT_TRUE(fault_read(self->queue, &f));
	EXPECT_EQ(5, f.pasid);
	EXPECT_EQ(IOMMU_NEXT_PGFAULT_FLAGS_LAST_PAGE |
			  IOMMU_NEXT_PGFAULT_FLAGS_PASID_VALID, f.flags);
	ASSERT_EQ(0, fault_answer(self->queue, f.cookie, SUCCESS));
	EXPECT_EQ(SUCCESS, page_answer(self->dev->fd, 1));
	/* One that is attached to what delivers nothing. */
	ASSERT_EQ(0, hwpt_flags(self->w.fd, self->dev->id, self->w.ioas,
				IOMMU_NEXT_HWPT_ALLOC_PASID, &plain));
	ASSERT_EQ(0, pasid_attach(self->dev->fd, 5, plain));
	EXPECT_ERRNO(ENXIO, page_request(self->dev->fd, 5, 2, ADDR, 1));
	ASSERT_EQ(0, pasid_attach(self->dev->fd, 5, self->hwpt));
	ASSERT_EQ(0, page_request(self->dev->fd, 5, 3, ADDR, 1));
	/* Changing over answers what is open, and only that. */
	ask(self, 4, 1);
	ASSERT_EQ(0, pasid_attach(self->dev->fd, 5, plain));
	EXPECT_EQ(INVALID, page_answer(self->dev->fd, 3));
	EXPECT_EQ(-1, page_answer(self->dev->fd, 4));
	ASSERT_TRUE(fault_read(self->queue, &f));
	EXPECT_EQ(4, f.grpid);
}

TEST_F(fault, groups)
{
	struct iommu_next_hwpt_pgfault f[600];
	int i;

	ask(self, 1, 3);
	ask(self, 2, 512);
	ask(self, 3, 1);
	/* A group is read as a whole, or not at all. */
	EXPECT_ERRNO(EINVAL, read(self->queue, f, 0));
	EXPECT_ERRNO(EINVAL, read(self->queue, f, 2 * SIZE));
	EXPECT_EQ((ssize_t)(3 * SIZE), read(self->queue, f, 10 * SIZE));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(ADDR + i * PAGE, f[i].addr);
		EXPECT_EQ(f[0].cookie, f[i].cookie);
		EXPECT_EQ(i == 2 ? IOMMU_NEXT_PGFAULT_FLAGS_LAST_PAGE : 0,
			  f[i].flags);
	}
	EXPECT_EQ((ssize_t)(513 * SIZE), read(self->queue, f, 600 * SIZE));
	EXPECT_EQ(2, f[511].grpid);
	EXPECT_EQ(3, f[512].grpid);
	ASSERT_EQ(0, fault_answer(self->queue, f[512].cookie, SUCCESS));
	EXPECT_EQ(SUCCESS, page_answer(self->dev->fd, 3));
	ASSERT_EQ(0, fault_answer(self->queue, f[0].cookie, SUCCESS));
	EXPECT_EQ(SUCCESS, page_answer(self->dev->fd, 2));
}

TEST_F(fault, refused)
{
	struct iommu_next_hwpt_page_response r[3] = {};
	void *volatile bad = (void *)8;
	struct iommu_next_hwpt_pgfault f;
	int q = self->queue;

	EXPECT_ERRNO(ESPIPE, read(q, &f, SIZE - 1));
	EXPECT_ERRNO(ESPIPE, pread(q, &f, SIZE, SIZE));
	EXPECT_ERRNO(ESPIPE, write(q, r, sizeof(r[0]) - 1));
	EXPECT_ERRNO(EINVAL, fault_answer(q, 0, SUCCESS));
	ask(self, 1, 1);
	/* What was not read cannot be answered. */
	EXPECT_ERRNO(EINVAL, fault_answer(q, 1, SUCCESS));
	EXPECT_ERRNO(EFAULT, read(q, bad, SIZE));
	EXPECT_EQ(POLLIN | POLLOUT, ready(q));
	ASSERT_TRUE(fault_read(q, &f));
	EXPECT_ERRNO(EINVAL, fault_answer(q, f.cookie, 2));
	EXPECT_ERRNO(EINVAL, fault_answer(q, f.cookie, UINT32_MAX));
	EXPECT_ERRNO(EFAULT, write(q, bad, sizeof(r[0])));
	/* As far as it goes. */
	r[0].cookie = f.cookie;
	r[1].cookie = f.cookie;
	EXPECT_EQ((ssize_t)sizeof(r[0]), write(q, r, sizeof(r)));
	EXPECT_EQ(SUCCESS, page_answer(self->dev->fd, 1));
	EXPECT_EQ(0, write(q, r, 0));
}

TEST_F(fault, detach_answers)
{
	struct iommu_next_hwpt_pgfault f;

	ask(self, 1, 1);
	ask(self, 2, 1);
	ASSERT_TRUE(fault_read(self->queue, &f));
	ASSERT_EQ(0, inx_detach(self->dev->fd));
	EXPECT_EQ(INVALID, page_answer(self->dev->fd, 1));
	EXPECT_EQ(INVALID, page_answer(self->dev->fd, 2));
	EXPECT_ERRNO(EINVAL, fault_answer(self->queue, f.cookie, SUCCESS));
	EXPECT_EQ(0, read(self->queue, &f, sizeof(f)));
	EXPECT_ERRNO(ENXIO, page_request(self->dev->fd, 0, 3, ADDR, 1));
}

TEST_F(fault, replace_answers)
{
	struct iommu_next_hwpt_pgfault f;
	uint32_t other, id;
	int queue;

	ask(self, 1, 1);
	/* To what delivers nothing, and back. */
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, self->g.parent));
	EXPECT_EQ(INVALID, page_answer(self->dev->fd, 1));
	EXPECT_ERRNO(ENXIO, page_request(self->dev->fd, 0, 2, ADDR, 1));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, self->hwpt));
	ask(self, 3, 1);
	/* One that fails changes nothing. */
	world_fail_next(&self->w, self->dev, IOMMU_NEXT_MOCK_FAIL_REPLACE, 0);
	EXPECT_ERRNO(ENOMEM, inx_attach_to(self->dev->fd, self->g.parent));
	ASSERT_TRUE(fault_read(self->queue, &f));
	ASSERT_EQ(0, fault_answer(self->queue, f.cookie, SUCCESS));
	EXPECT_EQ(SUCCESS, page_answer(self->dev->fd, 3));
	/* To another queue. */
	queue = fault_queue(self->w.fd, &id);
	ASSERT_GE(queue, 0);
	ASSERT_EQ(0, hwpt_nested(&self->g, self->dev->id, self->root, 4,
				 IOMMU_NEXT_HWPT_FAULT_ID_VALID, id, &other));
	ask(self, 4, 1);
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, other));
	EXPECT_EQ(INVALID, page_answer(self->dev->fd, 4));
	ask(self, 5, 1);
	EXPECT_EQ(0, read(self->queue, &f, sizeof(f)));
	ASSERT_TRUE(fault_read(queue, &f));
	EXPECT_EQ(5, f.grpid);
	EXPECT_EQ(0, close(queue));
}

/* Nobody can answer any more: the device is not left waiting. */
TEST_F(fault, close_answers)
{
	struct iommu_next_hwpt_pgfault f;

	ask(self, 1, 1);
	ask(self, 2, 1);
	ASSERT_TRUE(fault_read(self->queue, &f));
	EXPECT_ERRNO(EBUSY, inx_destroy(self->w.fd, self->queue_id));
	ASSERT_EQ(0, close(self->queue));
	self->queue = -1;
	EXPECT_EQ(INVALID, page_answer(self->dev->fd, 1));
	EXPECT_EQ(INVALID, page_answer(self->dev->fd, 2));
	ask(self, 3, 1);
	EXPECT_EQ(INVALID, page_answer(self->dev->fd, 3));
	EXPECT_ERRNO(EBUSY, inx_destroy(self->w.fd, self->queue_id));
	ASSERT_EQ(0, inx_detach(self->dev->fd));
	ASSERT_EQ(0, inx_destroy(self->w.fd, self->hwpt));
	EXPECT_EQ(0, inx_destroy(self->w.fd, self->queue_id));
}

TEST_F(fault, device_goes)
{
	struct iommu_next_hwpt_pgfault f;

	ask(self, 1, 1);
	ask(self, 2, 1);
	ASSERT_TRUE(fault_read(self->queue, &f));
	ASSERT_EQ(0, inx_mock_remove(self->w.mock, self->dev->mock));
	self->dev->mock = 0;
	EXPECT_ERRNO(EINVAL, fault_answer(self->queue, f.cookie, SUCCESS));
	EXPECT_EQ(0, read(self->queue, &f, sizeof(f)));
	EXPECT_EQ(0, inx_destroy(self->w.fd, self->hwpt));
}

TEST_F(fault, queue_alloc)
{
	struct iommu_next_fault_alloc arg = { .size = sizeof(arg) };
	const unsigned long cmd = IOMMU_NEXT_FAULT_QUEUE_ALLOC;
	int bit;

	for (bit = 0; bit < 32; bit++) {
		arg.flags = 1U << bit;
		EXPECT_ERRNO(EOPNOTSUPP, ioctl(self->w.fd, cmd, &arg));
	}
	arg.flags = 0;
	for (arg.size = 0; arg.size < sizeof(arg); arg.size++)
		EXPECT_ERRNO(EINVAL, ioctl(self->w.fd, cmd, &arg));
	EXPECT_EQ(0, ioctl(self->w.fd, cmd, &arg));
	EXPECT_EQ(FD_CLOEXEC, fcntl(arg.out_fault_fd, F_GETFD));
	EXPECT_EQ(0, close(arg.out_fault_fd));
	EXPECT_EQ(0, inx_destroy(self->w.fd, arg.out_fault_id));
}

/* An answer of the ioctl that cannot be written leaves nothing behind. */
TEST_F(fault, queue_alloc_without_answer)
{
	struct iommu_next_fault_alloc *arg = mmap(NULL, PAGE, PROT_READ |
						  PROT_WRITE, MAP_PRIVATE |
						  MAP_ANONYMOUS, -1, 0);
	int next = dup(0);

	ASSERT_NE(MAP_FAILED, arg);
	close(next);
	arg->size = sizeof(*arg);
	ASSERT_EQ(0, mprotect(arg, PAGE, PROT_READ));
	EXPECT_ERRNO(EFAULT, ioctl(self->w.fd, IOMMU_NEXT_FAULT_QUEUE_ALLOC,
				   arg));
	EXPECT_EQ(next, dup(0));
}

/* ---- all at once --------------------------------------------------------------------- */

static void step_ask(struct racer *r)
{
	struct fault_data *self = r->race->data;

	ONE_OF(r, page_request(self->dev->fd, 0, pick(r, 100), ADDR,
			       1 + pick(r, 4)), ENXIO);
}

static void step_read(struct racer *r)
{
	struct fault_data *self = r->race->data;
	struct iommu_next_hwpt_pgfault f[16];
	ssize_t n = read(self->queue, f, sizeof(f));

	if (!must(r, n >= 0 && n % SIZE == 0, "read"))
		return;
	r->good++;
	if (n)
		ONE_OF(r, fault_answer(self->queue, f[0].cookie, SUCCESS),
		       EINVAL);
}

static void step_change(struct racer *r)
{
	struct fault_data *self = r->race->data;

	if (pick(r, 3))
		ONE_OF(r, inx_attach_to(self->dev->fd, pick(r, 2) ?
							self->hwpt :
							self->g.parent));
	else
		ONE_OF(r, inx_detach(self->dev->fd));
}

TEST_F_TIMEOUT(fault, races, 90)
{
	RACE(self, 1000, RACER(step_ask), RACER(step_read), RACER(step_read),
	     RACER(step_change));
}

TEST_HARNESS_MAIN
