// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_container,vfio-pci machines=vtd */
/*
 * A group of two devices in a container of VFIO. The group is one to the core,
 * and its devices come and go.
 */
#define _GNU_SOURCE
#include <linux/iommu-next-container.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "inx.h"
#include "legacy.h"
#include "mem.h"
#include "tap.h"
#include "type1.h"

#define PAGE 4096UL
#define IOVA PCI_IOVA
#define LENGTH (4 * PAGE)
#define OTHERS 2

FIXTURE(group)
{
	struct legacy l;
	unsigned char *mem;
	long pinned;
};

FIXTURE_SETUP(group)
{
	struct pci_dev all[OTHERS + PCI_DEVS];
	struct legacy *l = &self->l;
	unsigned int i;

	pci_find_edu(all, OTHERS + PCI_DEVS);
	ASSERT_EQ(pci_group(&all[OTHERS]), pci_group(&all[OTHERS + 1]));
	self->pinned = inx_status_kb("VmPin");
	*l = (struct legacy){ .container = legacy_container() };
	for (i = 0; i < PCI_DEVS; i++) {
		l->pci[i] = all[OTHERS + i];
		pci_set_driver(&l->pci[i], "vfio-pci");
	}
	l->group[0] = legacy_group(&l->pci[0]);
	ASSERT_EQ(0, ioctl(l->group[0], VFIO_GROUP_SET_CONTAINER,
			   &l->container));
	l->group[1] = dup(l->group[0]);
	ASSERT_EQ(0, ioctl(l->container, VFIO_SET_IOMMU,
			   IOMMU_NEXT_VFIO_IOMMU));
	for (; l->nr < PCI_DEVS; l->nr++)
		legacy_start(l, l->nr);
	self->mem = mem_alloc(MEM_SHUFFLED, LENGTH);
	ASSERT_EQ(0, type1_map(l->container, self->mem, LENGTH, IOVA));
}

FIXTURE_TEARDOWN(group)
{
	legacy_close(&self->l);
	EXPECT_EQ(self->pinned, inx_status_kb("VmPin"));
}

static bool reaches(struct group_data *self, unsigned int i)
{
	static unsigned char value;

	memset(self->mem, ++value, PAGE);
	memset(self->mem + PAGE, 0, PAGE);
	edu_copy(&self->l.edu[i], IOVA, IOVA + PAGE, 100);
	return !memcmp(self->mem, self->mem + PAGE, 100);
}

TEST_F(group, both_reach)
{
	EXPECT_TRUE(reaches(self, 0));
	EXPECT_TRUE(reaches(self, 1));
	legacy_stop(&self->l, 0);
	EXPECT_TRUE(reaches(self, 1));
}

/*
 * The first one leaves the machine and comes back. What the core asks the IOMMU
 * for the group meanwhile, it asks about the other.
 */
TEST_F(group, first_leaves)
{
	struct iommu_next_container_open open = { .size = sizeof(open) };
	struct legacy *l = &self->l;
	uint32_t id, hwpt = 0;

	ASSERT_EQ(0, ioctl(l->container, IOMMU_NEXT_CONTAINER_OPEN, &open));
	legacy_stop(l, 0);
	ASSERT_EQ(0, pci_remove(&l->pci[0]));
	EXPECT_FALSE(pci_exists(&l->pci[0]));
	EXPECT_TRUE(reaches(self, 1));
	/* The group is one of the first IDs. */
	for (id = 1; id < 8 && !hwpt; id++)
		if (inx_hwpt_alloc(open.out_fd, id, open.out_ioas_id, &hwpt))
			hwpt = 0;
	EXPECT_TRUE(hwpt);
	EXPECT_EQ(0, inx_destroy(open.out_fd, hwpt));
	EXPECT_EQ(0, close(open.out_fd));

	pci_rescan();
	pci_set_driver(&l->pci[0], "vfio-pci");
	legacy_start(l, 0);
	EXPECT_TRUE(reaches(self, 0));
	EXPECT_TRUE(reaches(self, 1));
}

/* The other one leaves, then the first one: nobody is left in the group. */
TEST_F(group, all_leave)
{
	struct legacy *l = &self->l;

	legacy_stop(l, 1);
	ASSERT_EQ(0, pci_remove(&l->pci[1]));
	EXPECT_TRUE(reaches(self, 0));
	legacy_stop(l, 0);
	ASSERT_EQ(0, pci_remove(&l->pci[0]));
	EXPECT_EQ(self->pinned, inx_status_kb("VmPin"));
	EXPECT_ERRNO(EINVAL, type1_map(l->container, self->mem, PAGE, IOVA));
	pci_rescan();
}

TEST_HARNESS_MAIN
