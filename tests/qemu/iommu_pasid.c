// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci machines=pasid-vtd,nest-vtd timeout=60 */
/* harness: modules=inx_pri_device */
/*
 * PASIDs through the driver of VT-d, attached by VFIO's device file: on pasid-vtd with
 * first-stage tables, on nest-vtd with second-stage ones. The device has been given
 * the capability (tests/lib/pri.h). What the IOMMU got from the driver for it is in
 * QEMU's trace. On 6.1, which has no PASIDs, it is what is refused.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "guest.h"
#include "pri.h"
#include "tap.h"
#include "trace.h"

#define PASID_LAST ((1U << PRI_PASID_BITS) - 1)
#define ECAP_PRS (1ULL << 29)

FIXTURE(pasid)
{
	struct pri_client c;
	bool has;
	uint32_t hwpt;
	uint32_t plain;
};

FIXTURE_SETUP(pasid)
{
	pri_open(&self->c);
	ASSERT_EQ(0, pri_hwpt(&self->c, 0, &self->plain));
	self->has = !kernel_is("6.1");
	if (self->has)
		ASSERT_EQ(0, pri_hwpt(&self->c, FOR_PASID, &self->hwpt));
	else
		EXPECT_ERRNO(EOPNOTSUPP, pri_hwpt(&self->c, FOR_PASID, NULL));
}

FIXTURE_TEARDOWN(pasid)
{
	pri_close(&self->c);
}

/* The driver has QEMU throw away what it keeps of a PASID's entry. */
static void expect_flushes(uint32_t pasid, int times)
{
	TRACE_AT_LEAST(times, "vtd_inv_desc_pasid_cache_psi .*0x%x$", pasid);
}

static uint64_t of_sysfs(const char *name)
{
	char text[32];

	ASSERT_TRUE(file_read(text, sizeof(text),
			      "/sys/class/iommu/dmar0/intel-iommu/%s", name));
	return strtoull(text, NULL, 16);
}

TEST_F(pasid, hw_info)
{
	struct iommu_next_hw_info_vtd vtd = {};
	struct iommu_next_hw_info arg;

	ASSERT_EQ(0, inx_hw_info(self->c.fd, self->c.id, &vtd, sizeof(vtd),
				 &arg));
	if (!self->has) {
		EXPECT_EQ(IOMMU_NEXT_HW_INFO_TYPE_NONE, arg.out_data_type);
		EXPECT_EQ(0, arg.out_max_pasid_log2);
		return;
	}
	EXPECT_EQ(IOMMU_NEXT_HW_INFO_TYPE_INTEL_VTD, arg.out_data_type);
	EXPECT_EQ(sizeof(vtd), arg.data_len);
	EXPECT_EQ(of_sysfs("cap"), vtd.cap_reg);
	EXPECT_EQ(of_sysfs("ecap"), vtd.ecap_reg);
	EXPECT_EQ(machine_is("pasid-vtd"), !!(vtd.ecap_reg & ECAP_PRS));
	EXPECT_EQ(PRI_PASID_BITS, arg.out_max_pasid_log2);
	EXPECT_EQ(IOMMU_NEXT_HW_CAP_PCI_PASID_EXEC |
			  IOMMU_NEXT_HW_CAP_PCI_PASID_PRIV,
		  arg.out_capabilities & (IOMMU_NEXT_HW_CAP_PCI_PASID_EXEC |
					  IOMMU_NEXT_HW_CAP_PCI_PASID_PRIV));
}

TEST_F(pasid, attach_replace_detach)
{
	struct pri_client *c = &self->c;
	uint32_t ioas, other;

	if (!self->has) {
		EXPECT_ERRNO(EOPNOTSUPP, pasid_attach(c->dev, 5, self->plain));
		return;
	}
	ASSERT_EQ(0, inx_ioas_alloc(c->fd, &ioas));
	ASSERT_EQ(0, hwpt_flags(c->fd, c->id, ioas, FOR_PASID, &other));
	ASSERT_EQ(0, pasid_attach(c->dev, 0x105, self->hwpt));
	ASSERT_EQ(0, pasid_attach(c->dev, PASID_LAST, other));
	EXPECT_ERRNO(EBUSY, inx_destroy(c->fd, other));
	ASSERT_EQ(0, pasid_attach(c->dev, 0x105, other));
	/* Mapped while it is attached. */
	ASSERT_EQ(0, inx_map_at(c->fd, ioas, inx_alloc(PAGE), PAGE, PRI_IOVA));
	ASSERT_EQ(0, inx_unmap(c->fd, ioas, PRI_IOVA, PAGE, NULL));
	EXPECT_EQ(0, inx_destroy(c->fd, self->hwpt));
	ASSERT_EQ(0, pasid_detach(c->dev, 0x105));
	ASSERT_EQ(0, pasid_detach(c->dev, PASID_LAST));
	EXPECT_EQ(0, inx_destroy(c->fd, other));
	/* At the replace and at the detach; in caching mode at the attach, too. */
	expect_flushes(0x105, machine_is("nest-vtd") ? 3 : 2);
	expect_flushes(PASID_LAST, machine_is("nest-vtd") ? 2 : 1);
}

TEST_F(pasid, beside_the_rid)
{
	struct pri_client *c = &self->c;
	uint32_t rid;

	ASSERT_EQ(0, inx_attach_to(c->dev, self->plain));
	if (!self->has)
		return;
	EXPECT_ERRNO(EINVAL, pasid_attach(c->dev, 0x106, self->hwpt));
	ASSERT_EQ(0, pri_hwpt(c, FOR_PASID, &rid));
	ASSERT_EQ(0, inx_attach_to(c->dev, rid));
	ASSERT_EQ(0, pasid_attach(c->dev, 0x106, self->hwpt));
	EXPECT_ERRNO(EINVAL, inx_attach_to(c->dev, self->plain));
	/* The same page table for both. */
	ASSERT_EQ(0, inx_attach_to(c->dev, self->hwpt));
	ASSERT_EQ(0, inx_detach(c->dev));
	/* What is left is gone with the file. */
	expect_flushes(0x106, 1);
}

/* The device may keep translations of a PASID only if it is told to forget them. */
static bool has_ats(struct pri_client *c)
{
	unsigned char config[PRI_ATS_CONTROL + 2];
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config",
		 c->pci.bdf);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_EQ((ssize_t)sizeof(config),
		  pread(fd, config, sizeof(config), 0));
	close(fd);
	return config[PRI_ATS_CONTROL + 1] & 0x80;
}

TEST_F(pasid, ats_stays_on)
{
	struct pri_client *c = &self->c;
	uint32_t rid;

	if (!self->has)
		return;
	ASSERT_EQ(0, pri_hwpt(c, FOR_PASID, &rid));
	ASSERT_EQ(0, pasid_attach(c->dev, 0x107, self->hwpt));
	EXPECT_TRUE(has_ats(c));
	ASSERT_EQ(0, inx_attach_to(c->dev, rid));
	EXPECT_TRUE(has_ats(c));
	ASSERT_EQ(0, inx_detach(c->dev));
	EXPECT_TRUE(has_ats(c));
	ASSERT_EQ(0, pasid_detach(c->dev, 0x107));
	/* What the PASID was attached to is whole. */
	ASSERT_EQ(0, inx_unmap(c->fd, c->ioas, PRI_IOVA, PAGE, NULL));
	/* From the other end. */
	ASSERT_EQ(0, inx_attach_to(c->dev, rid));
	ASSERT_EQ(0, pasid_attach(c->dev, 0x107, self->hwpt));
	ASSERT_EQ(0, inx_detach(c->dev));
	EXPECT_TRUE(has_ats(c));
	ASSERT_EQ(0, inx_attach_to(c->dev, rid));
	EXPECT_TRUE(has_ats(c));
	ASSERT_EQ(0, pasid_detach(c->dev, 0x107));
	ASSERT_EQ(0, inx_detach(c->dev));
}

TEST_F(pasid, refused)
{
	struct pri_client *c = &self->c;
	struct pci_dev edu;
	uint32_t id;
	int dev;

	if (!self->has || machine_is("nest-vtd")) {
		/* No page requests: of the kernel, or of the IOMMU. */
		if (pri_hwpt(c, FAULTS, &id)) {
			EXPECT_EQ(EOPNOTSUPP, errno);
		} else {
			EXPECT_TRUE(self->has);
			EXPECT_ERRNO(ENODEV, inx_attach_to(c->dev, id));
		}
	}
	if (!self->has)
		return;
	EXPECT_ERRNO(EINVAL, pasid_attach(c->dev, 5, self->plain));
	EXPECT_ERRNO(EINVAL, pasid_attach(c->dev, 5, c->ioas));
	EXPECT_ERRNO(EINVAL, pasid_attach(c->dev, 0, self->hwpt));
	EXPECT_ERRNO(EINVAL, pasid_attach(c->dev, PASID_LAST + 1, self->hwpt));
	/* A device that has nothing of all this. */
	pci_find_edu(&edu, 1);
	pci_set_driver(&edu, PCI_DRIVER);
	dev = pci_open(&edu);
	ASSERT_GE(dev, 0);
	ASSERT_EQ(0, inx_bind(dev, c->fd, &id));
	EXPECT_ERRNO(EINVAL, pasid_attach(dev, 5, self->hwpt));
	EXPECT_ERRNO(EOPNOTSUPP, hwpt_flags(c->fd, id, c->ioas, FAULTS, NULL));
	if (machine_is("pasid-vtd")) {
		ASSERT_EQ(0, pri_hwpt(c, FAULTS, &id));
		EXPECT_ERRNO(EINVAL, inx_attach_to(dev, id));
	}
	EXPECT_EQ(0, close(dev));
}

TEST_HARNESS_MAIN
