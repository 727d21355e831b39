// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci libs=-lbpf,-lelf,-lz timeout=300 */
/* harness: modules=inx_pri_device,inx_page_request,inx_starve machines=pasid-vtd,nest-vtd */
/* harness: kernels=6.12,7.2 */
/*
 * What VT-d's driver can: each operation with each allocation failing that our modules
 * make in it. What it is about is what KUnit cannot reach: the backend for the kernel's
 * IOMMU API, page requests, the RID that is held, nesting by the driver's own calls.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "guest.h"
#include "kmem.h"
#include "pri.h"
#include "starve.h"

#define PARENT IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT
#define DIRTY IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING

FIXTURE(starve)
{
	struct pri_client c;
	struct vtd_belief belief;
	bool requests;
	uint32_t flags;
	uint32_t made;
	/* Page tables: that takes page requests if the machine has them; and a plain one. */
	uint32_t hwpt, other;
	uint32_t pasid, group;
	char *mem;
};

FIXTURE_SETUP(starve)
{
	pri_open(&self->c);
	self->requests = machine_is("pasid-vtd");
	self->mem = inx_alloc(16 * PAGE);
	ASSERT_EQ(0, pri_hwpt(&self->c, FOR_PASID | (self->requests ? FAULTS : 0),
			      &self->hwpt));
	ASSERT_EQ(0, pri_hwpt(&self->c, FOR_PASID, &self->other));
	self->pasid = 0x30;
	self->group = 150;
}

FIXTURE_TEARDOWN(starve)
{
	/* It is reset, and goes back to its page table for a moment. */
	pri_close(&self->c);
	if (self->belief.at)
		vtd_believe(&self->belief, 0, 0);
}

static int get_info(void *arg)
{
	struct starve_data *self = arg;
	struct iommu_next_hw_info info;
	struct iommu_next_hw_info_vtd vtd;

	return inx_hw_info(self->c.fd, self->c.id, &vtd, sizeof(vtd), &info);
}

static int map(void *arg)
{
	struct starve_data *self = arg;

	return inx_map_at(self->c.fd, self->c.ioas, self->mem, 16 * PAGE,
			  2 * PRI_IOVA);
}

static void unmap(void *arg)
{
	struct starve_data *self = arg;

	ASSERT_EQ(0, inx_unmap(self->c.fd, self->c.ioas, 2 * PRI_IOVA,
			       16 * PAGE, NULL));
}

static int alloc(void *arg)
{
	struct starve_data *self = arg;

	return pri_hwpt(&self->c, self->flags, &self->made);
}

static int alloc_nested(void *arg)
{
	struct starve_data *self = arg;
	struct iommu_next_hwpt_vtd_s1 s1 = {
		.pgtbl_addr = PRI_IOVA,
		.addr_width = 48,
	};
	struct iommu_next_hwpt_alloc how = {
		.dev_id = self->c.id,
		.pt_id = self->hwpt,
		.data_type = IOMMU_NEXT_HWPT_DATA_VTD_S1,
		.data_len = sizeof(s1),
		.data_uptr = (uintptr_t)&s1,
	};

	return hwpt_alloc(self->c.fd, &how, &self->made);
}

static void destroy(void *arg)
{
	struct starve_data *self = arg;

	ASSERT_EQ(0, inx_destroy(self->c.fd, self->made));
}

static int queue_alloc(void *arg)
{
	struct starve_data *self = arg;
	int fd = fault_queue(self->c.fd, &self->made);

	return fd < 0 ? fd : close(fd);
}

static int attach(void *arg)
{
	struct starve_data *self = arg;

	return inx_attach_to(self->c.dev, self->hwpt);
}

static int attach_other(void *arg)
{
	struct starve_data *self = arg;

	return inx_attach_to(self->c.dev, self->other);
}

static int detach(void *arg)
{
	struct starve_data *self = arg;

	return inx_detach(self->c.dev);
}

static int attach_pasid(void *arg)
{
	struct starve_data *self = arg;

	return pasid_attach(self->c.dev, self->pasid, self->hwpt);
}

static int replace_pasid(void *arg)
{
	struct starve_data *self = arg;

	return pasid_attach(self->c.dev, self->pasid, self->other);
}

static int detach_pasid(void *arg)
{
	struct starve_data *self = arg;

	return pasid_detach(self->c.dev, self->pasid);
}

static void detached(void *arg)
{
	ASSERT_EQ(0, detach(arg));
}

static void attached(void *arg)
{
	ASSERT_EQ(0, attach(arg));
}

static void pasid_detached(void *arg)
{
	ASSERT_EQ(0, detach_pasid(arg));
}

static void pasid_attached(void *arg)
{
	ASSERT_EQ(0, attach_pasid(arg));
}

/* One that cannot be told is answered as if nobody took it. */
static int request(void *arg)
{
	struct starve_data *self = arg;
	struct iommu_next_hwpt_pgfault f;

	self->group++;
	ASSERT_EQ(0, pri_request(&self->c.pci, 0, self->group, 0x200000, true));
	/* A thread of the kernel's has it in between. */
	usleep(20000);
	if (!fault_read(self->c.queue, &f)) {
		pri_expect(&self->c.pci, 0, self->group, INVALID, 1);
		errno = ENOMEM;
		return -1;
	}
	EXPECT_EQ(self->group, f.grpid);
	ASSERT_EQ(0, fault_answer(self->c.queue, f.cookie, SUCCESS));
	pri_expect(&self->c.pci, 0, self->group, SUCCESS, 1);
	return 0;
}

static int bind_device(void *arg)
{
	struct starve_data *self = arg;
	int fd = pci_open(&self->c.pci), rc, error;

	if (fd < 0)
		return fd;
	rc = inx_bind(fd, self->c.fd, &self->c.id);
	error = errno;
	if (rc)
		close(fd);
	else
		self->c.dev = fd;
	errno = error;
	return rc;
}

static void unbind_device(void *arg)
{
	struct starve_data *self = arg;

	ASSERT_EQ(0, close(self->c.dev));
	self->c.dev = -1;
}

TEST_F(starve, device)
{
	starve("GET_HW_INFO", get_info, NULL, self);
	starve("FAULT_QUEUE_ALLOC", queue_alloc, destroy, self);
	unbind_device(self);
	starve("open, bind", bind_device, unbind_device, self);
}

TEST_F(starve, page_tables)
{
	static const uint32_t flags[] = {
		0, FOR_PASID, FAULTS, FAULTS | FOR_PASID,
	};
	size_t i;

	for (i = 0; i < (self->requests ? 4 : 2); i++) {
		self->flags = flags[i];
		starve("HWPT_ALLOC", alloc, destroy, self);
	}
}

TEST_F(starve, rid)
{
	starve("attach", attach, detached, self);
	ASSERT_EQ(0, attach(self));
	starve("attach, from another", attach_other, attached, self);
	starve("map", map, unmap, self);
	if (self->requests)
		starve("page request", request, NULL, self);
	starve_end("detach", detach, attached, self);
}

TEST_F(starve, pasids)
{
	starve("PASID attach", attach_pasid, pasid_detached, self);
	ASSERT_EQ(0, attach_pasid(self));
	starve("PASID attach, from another", replace_pasid, pasid_attached, self);
	starve_end("PASID detach", detach_pasid, pasid_attached, self);
	/* Beside an attached RID. */
	ASSERT_EQ(0, detach_pasid(self));
	ASSERT_EQ(0, attach(self));
	starve("PASID attach, RID attached", attach_pasid, pasid_detached, self);
}

TEST_F(starve, nesting)
{
	if (!machine_is("nest-vtd"))
		SKIP("page tables of the first stage are no nesting parents");
	vtd_belief_open(&self->belief, ECAP_NEST | ECAP_DIRTY);
	vtd_believe(&self->belief, ECAP_NEST, 0);
	self->flags = PARENT;
	starve("HWPT_ALLOC, parent", alloc, destroy, self);
	ASSERT_EQ(0, alloc(self));
	self->hwpt = self->made;
	starve("HWPT_ALLOC, nested", alloc_nested, destroy, self);
	ASSERT_EQ(0, attach(self));
	ASSERT_EQ(0, alloc_nested(self));
	self->other = self->made;
	starve("attach, nested", attach_other, attached, self);
}

static int dirty_on(void *arg)
{
	struct starve_data *self = arg;

	return inx_dirty_set(self->c.fd, self->hwpt, true);
}

static int dirty_read(void *arg)
{
	struct starve_data *self = arg;
	uint64_t bits = 0;

	return inx_dirty_read(self->c.fd, self->hwpt, 0, PRI_IOVA, PAGE, PAGE,
			      &bits);
}

TEST_F(starve, dirty)
{
	if (!machine_is("nest-vtd"))
		SKIP("page tables of the first stage record nothing");
	vtd_belief_open(&self->belief, ECAP_NEST | ECAP_DIRTY);
	vtd_believe(&self->belief, ECAP_DIRTY, 0);
	self->flags = DIRTY;
	starve("HWPT_ALLOC, dirty tracking", alloc, destroy, self);
	ASSERT_EQ(0, alloc(self));
	self->hwpt = self->made;
	starve("attach, dirty tracking", attach, detached, self);
	ASSERT_EQ(0, attach(self));
	starve("SET_DIRTY_TRACKING", dirty_on, NULL, self);
	starve("GET_DIRTY_BITMAP", dirty_read, NULL, self);
}

TEST_HARNESS_MAIN
