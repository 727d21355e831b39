// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next,iommu_next_mock machines=none,smp timeout=120 */
/*
 * PASIDs: each has a page table of its own, beside that of requests without one.
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <unistd.h>

#include "guest.h"
#include "racer.h"
#include "tap.h"

#define VA 0x12345000ULL
#define PASID 100U
#define PASID_LAST ((1U << 20) - 1)
#define FOR_PASID IOMMU_NEXT_HWPT_ALLOC_PASID

FIXTURE(pasid)
{
	struct world w;
	struct world_dev *dev;
	struct guest g;
	uint64_t root;
	uint64_t data;
	uint32_t hwpt;
	uint32_t nested;
	uint32_t plain;
};

static struct world_dev *bind(struct world *w, uint32_t group)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();

	how.flags = IOMMU_NEXT_MOCK_PASID;
	how.group = group;
	return world_bind(w, &how);
}

FIXTURE_SETUP(pasid)
{
	world_open(&self->w);
	self->dev = bind(&self->w, 1);
	guest_open(&self->g, &self->w, self->dev, 0);
	self->root = guest_page(&self->g);
	self->data = guest_page(&self->g);
	guest_map(&self->g, self->root, 4, VA, self->data, PAGE, PT_RW);
	ASSERT_EQ(0, hwpt_flags(self->w.fd, self->dev->id, self->w.ioas,
				FOR_PASID, &self->hwpt));
	ASSERT_EQ(0, hwpt_nested(&self->g, self->dev->id, self->root, 4,
				 FOR_PASID, 0, &self->nested));
	ASSERT_EQ(0, inx_hwpt_alloc(self->w.fd, self->dev->id, self->w.ioas,
				    &self->plain));
}

FIXTURE_TEARDOWN(pasid)
{
	world_close(&self->w);
}

/* ---- translation --------------------------------------------------------------- */

TEST_F(pasid, each_has_its_own)
{
	unsigned char *page = inx_alloc(PAGE), seen = 0;
	uint32_t ioas = world_ioas(&self->w), other;
	int fd = self->dev->fd;

	memset(guest_at(&self->g, self->data), 0x61, PAGE);
	memset(page, 0x62, PAGE);
	ASSERT_EQ(0, inx_map_at(self->w.fd, ioas, page, PAGE, VA));
	ASSERT_EQ(0, hwpt_flags(self->w.fd, self->dev->id, ioas, FOR_PASID,
				&other));
	ASSERT_EQ(0, pasid_attach(fd, 1, self->nested));
	ASSERT_EQ(0, pasid_attach(fd, PASID_LAST, other));
	ASSERT_EQ(0, inx_mock_read_pasid(fd, 1, VA, &seen, 1));
	EXPECT_EQ(0x61, seen);
	ASSERT_EQ(0, inx_mock_read_pasid(fd, PASID_LAST, VA, &seen, 1));
	EXPECT_EQ(0x62, seen);
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  pasid_touch(self->dev, 2, VA, false));
	/* Without a PASID it is attached to nothing. */
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  world_touch(self->dev, VA, false));
	ASSERT_EQ(0, inx_attach_to(fd, self->hwpt));
	EXPECT_EQ(0, world_touch(self->dev, IOVA, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  world_touch(self->dev, VA, false));
	ASSERT_EQ(0, inx_detach(fd));
	EXPECT_EQ(0, pasid_touch(self->dev, 1, VA, true));
	ASSERT_EQ(0, pasid_detach(fd, 1));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  pasid_touch(self->dev, 1, VA, true));
	EXPECT_EQ(0, pasid_touch(self->dev, PASID_LAST, VA, true));
}

TEST_F(pasid, follows_the_ioas)
{
	unsigned char *page = inx_alloc(PAGE);

	ASSERT_EQ(0, pasid_attach(self->dev->fd, PASID, self->hwpt));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  pasid_touch(self->dev, PASID, VA, true));
	ASSERT_EQ(0, inx_map_at(self->w.fd, self->w.ioas, page, PAGE, VA));
	EXPECT_EQ(0, pasid_touch(self->dev, PASID, VA, true));
	EXPECT_EQ(0x77, page[0]);
	ASSERT_EQ(0, inx_unmap(self->w.fd, self->w.ioas, VA, PAGE, NULL));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_UNMAPPED,
		  pasid_touch(self->dev, PASID, VA, true));
}

TEST_F(pasid, replace)
{
	int fd = self->dev->fd;

	ASSERT_EQ(0, pasid_attach(fd, PASID, self->hwpt));
	EXPECT_EQ(0, pasid_touch(self->dev, PASID, IOVA, false));
	ASSERT_EQ(0, pasid_attach(fd, PASID, self->nested));
	EXPECT_EQ(0, pasid_touch(self->dev, PASID, VA, false));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_STAGE1,
		  pasid_touch(self->dev, PASID, IOVA, false));
	EXPECT_EQ(0, inx_destroy(self->w.fd, self->hwpt));
	EXPECT_ERRNO(EBUSY, inx_destroy(self->w.fd, self->nested));
	/* The same again is no change. */
	ASSERT_EQ(0, pasid_attach(fd, PASID, self->nested));
	EXPECT_ERRNO(EINVAL, pasid_attach(fd, PASID, self->plain));
	EXPECT_ERRNO(EINVAL, pasid_attach(fd, PASID, self->w.ioas));
	EXPECT_EQ(0, pasid_touch(self->dev, PASID, VA, false));
	ASSERT_EQ(0, pasid_detach(fd, PASID));
	EXPECT_EQ(0, inx_destroy(self->w.fd, self->nested));
}

/* ---- rules ------------------------------------------------------------------------ */

TEST_F(pasid, what_stands_beside_it)
{
	int fd = self->dev->fd;

	/* A table on the RID that was not made for it. */
	ASSERT_EQ(0, inx_attach_to(fd, self->plain));
	EXPECT_ERRNO(EINVAL, pasid_attach(fd, PASID, self->hwpt));
	ASSERT_EQ(0, inx_attach_to(fd, self->g.parent));
	EXPECT_ERRNO(EINVAL, pasid_attach(fd, PASID, self->nested));
	/* One that was, and from then on no other. */
	ASSERT_EQ(0, inx_attach_to(fd, self->hwpt));
	ASSERT_EQ(0, pasid_attach(fd, PASID, self->nested));
	EXPECT_ERRNO(EINVAL, inx_attach_to(fd, self->plain));
	EXPECT_ERRNO(EINVAL, inx_attach_to(fd, self->w.ioas));
	EXPECT_EQ(0, world_touch(self->dev, IOVA, false));
	ASSERT_EQ(0, inx_attach_to(fd, self->nested));
	EXPECT_EQ(0, world_touch(self->dev, VA, false));
	ASSERT_EQ(0, inx_detach(fd));
	EXPECT_ERRNO(EINVAL, inx_attach_to(fd, self->plain));
	ASSERT_EQ(0, pasid_detach(fd, PASID));
	EXPECT_EQ(0, inx_attach_to(fd, self->plain));
}

TEST_F(pasid, numbers)
{
	int fd = self->dev->fd;

	EXPECT_ERRNO(EINVAL, pasid_attach(fd, 0, self->hwpt));
	EXPECT_ERRNO(EINVAL, pasid_attach(fd, PASID_LAST + 1, self->hwpt));
	EXPECT_ERRNO(EINVAL, pasid_attach(fd, UINT32_MAX, self->hwpt));
	EXPECT_EQ(0, pasid_attach(fd, 1, self->hwpt));
	EXPECT_EQ(0, pasid_attach(fd, PASID_LAST, self->hwpt));
	EXPECT_EQ(0, pasid_detach(fd, 0));
	EXPECT_EQ(0, pasid_detach(fd, PASID));
	EXPECT_EQ(0, pasid_detach(fd, UINT32_MAX));
	EXPECT_EQ(0, pasid_touch(self->dev, 1, IOVA, false));
}

TEST_F(pasid, objects)
{
	int fd = self->dev->fd;

	EXPECT_ERRNO(ENOENT, pasid_attach(fd, PASID, 12345));
	EXPECT_ERRNO(EINVAL, pasid_attach(fd, PASID, self->dev->id));
	EXPECT_ERRNO(EINVAL, pasid_attach(fd, PASID, self->w.ioas));
	EXPECT_ERRNO(EINVAL, pasid_attach(fd, PASID, self->plain));
	EXPECT_ERRNO(EINVAL, pasid_attach(fd, PASID, self->g.parent));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  pasid_touch(self->dev, PASID, IOVA, false));
}

TEST_F(pasid, argument)
{
	struct iommu_next_vfio_device_attach arg = {
		.flags = IOMMU_NEXT_VFIO_DEVICE_ATTACH_PASID,
		.pt_id = self->hwpt,
		.pasid = PASID,
	};
	const unsigned long attach = IOMMU_NEXT_VFIO_DEVICE_ATTACH;

	for (arg.argsz = 0; arg.argsz < sizeof(arg); arg.argsz++)
		EXPECT_ERRNO(EINVAL, ioctl(self->dev->fd, attach, &arg));
	EXPECT_EQ(0, ioctl(self->dev->fd, attach, &arg));
	EXPECT_EQ(self->hwpt, arg.pt_id);
}

TEST_F(pasid, device_without)
{
	struct world_dev *dev = world_bind(&self->w, NULL);

	EXPECT_ERRNO(EINVAL, pasid_attach(dev->fd, PASID, self->hwpt));
	EXPECT_EQ(0, pasid_detach(dev->fd, PASID));
	/* The page table is good for it all the same. */
	EXPECT_EQ(0, inx_attach_to(dev->fd, self->hwpt));
}

TEST_F(pasid, width)
{
	uint32_t dev = world_bind(&self->w, NULL)->id;
	struct iommu_next_hw_info arg;

	ASSERT_EQ(0, inx_hw_info(self->w.fd, self->dev->id, NULL, 0, &arg));
	EXPECT_EQ(20, arg.out_max_pasid_log2);
	ASSERT_EQ(0, inx_hw_info(self->w.fd, dev, NULL, 0, &arg));
	EXPECT_EQ(0, arg.out_max_pasid_log2);
}

TEST_F(pasid, failures_change_nothing)
{
	int fd = self->dev->fd;

	world_fail_next(&self->w, self->dev, IOMMU_NEXT_MOCK_FAIL_ATTACH, 0);
	EXPECT_ERRNO(ENOMEM, pasid_attach(fd, PASID, self->hwpt));
	EXPECT_EQ(IOMMU_NEXT_MOCK_FAULT_BLOCKED,
		  pasid_touch(self->dev, PASID, IOVA, false));
	/* Nothing stands beside the RID. */
	EXPECT_EQ(0, inx_attach_to(fd, self->plain));
	EXPECT_EQ(0, inx_detach(fd));
	ASSERT_EQ(0, pasid_attach(fd, PASID, self->hwpt));
	world_fail_next(&self->w, self->dev, IOMMU_NEXT_MOCK_FAIL_REPLACE, 0);
	EXPECT_ERRNO(ENOMEM, pasid_attach(fd, PASID, self->nested));
	EXPECT_EQ(0, pasid_touch(self->dev, PASID, IOVA, false));
	EXPECT_EQ(0, inx_destroy(self->w.fd, self->nested));
	EXPECT_ERRNO(EBUSY, inx_destroy(self->w.fd, self->hwpt));
}

/* ---- groups and lifetimes ------------------------------------------------------------ */

TEST_F(pasid, devices_of_a_group)
{
	struct world_dev *other = bind(&self->w, 1);

	ASSERT_EQ(0, pasid_attach(self->dev->fd, PASID, self->hwpt));
	EXPECT_ERRNO(EINVAL, pasid_attach(other->fd, PASID, self->nested));
	ASSERT_EQ(0, pasid_attach(other->fd, PASID, self->hwpt));
	ASSERT_EQ(0, pasid_attach(self->dev->fd, PASID, self->nested));
	EXPECT_EQ(0, pasid_touch(other, PASID, VA, false));
	ASSERT_EQ(0, pasid_detach(self->dev->fd, PASID));
	EXPECT_EQ(0, pasid_touch(other, PASID, VA, false));
	EXPECT_ERRNO(EBUSY, inx_destroy(self->w.fd, self->nested));
	world_close_dev(other);
	EXPECT_EQ(0, inx_destroy(self->w.fd, self->nested));
	EXPECT_EQ(0, inx_destroy(self->w.fd, self->hwpt));
}

TEST_F(pasid, device_goes)
{
	uint32_t i;

	for (i = 1; i <= 300; i++)
		ASSERT_EQ(0, pasid_attach(self->dev->fd, i * 7,
					  i % 2 ? self->hwpt : self->nested));
	ASSERT_EQ(0, inx_mock_remove(self->w.mock, self->dev->mock));
	self->dev->mock = 0;
	EXPECT_ERRNO(ENODEV, pasid_attach(self->dev->fd, PASID, self->hwpt));
	EXPECT_ERRNO(ENODEV, pasid_detach(self->dev->fd, PASID));
	EXPECT_EQ(0, inx_destroy(self->w.fd, self->nested));
	EXPECT_EQ(0, inx_destroy(self->w.fd, self->hwpt));
}

TEST_F(pasid, closed_while_attached)
{
	ASSERT_EQ(0, pasid_attach(self->dev->fd, PASID, self->nested));
	ASSERT_EQ(0, inx_attach_to(self->dev->fd, self->hwpt));
	/* The fixture's end looks for what is left. */
}

/* ---- all at once ---------------------------------------------------------------------- */

static void step_attach(struct racer *r)
{
	struct pasid_data *self = r->race->data;

	ONE_OF(r, pasid_attach(self->dev->fd, 1 + pick(r, 4),
			       pick(r, 2) ? self->hwpt : self->nested), EINVAL);
}

static void step_detach(struct racer *r)
{
	struct pasid_data *self = r->race->data;

	ONE_OF(r, pasid_detach(self->dev->fd, 1 + pick(r, 4)));
}

static void step_rid(struct racer *r)
{
	struct pasid_data *self = r->race->data;

	if (pick(r, 3))
		ONE_OF(r, inx_attach_to(self->dev->fd, pick(r, 2) ?
							self->hwpt :
							self->plain), EINVAL);
	else
		ONE_OF(r, inx_detach(self->dev->fd));
}

static void step_dma(struct racer *r)
{
	struct pasid_data *self = r->race->data;
	int fault = pasid_touch(self->dev, 1 + pick(r, 4), VA, true);

	must(r,
	     fault == 0 || fault == IOMMU_NEXT_MOCK_FAULT_UNMAPPED ||
		     fault == IOMMU_NEXT_MOCK_FAULT_BLOCKED,
	     "DMA");
	r->good++;
}

TEST_F_TIMEOUT(pasid, races, 90)
{
	RACE(self, 1000, RACER(step_attach), RACER(step_attach),
	     RACER(step_detach), RACER(step_rid), RACER(step_dma));
}

TEST_HARNESS_MAIN
