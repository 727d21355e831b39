// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>

#include "guest.h"
#include "pri.h"
#include "tap.h"
#include "trace.h"

/* For reading and writing. */
#define PERM 3

/* VT-d 6.5.5.1: Page Group Response Descriptor; older drivers fill in LAST as well. */
#define RESPONSE_TYPE 9ULL
#define RESPONSE_HAS_PASID (1ULL << 4)
#define RESPONSE_LAST (1ULL << 2)

bool pri_is_possible(void)
{
	return !access("/tests/inx_page_request.ko", F_OK);
}

void pri_find(struct pci_dev *dev)
{
	char parameters[64];

	pci_find(dev, 1, "0x8086", "0x10c9");
	if (access("/sys/module/inx_pri_device", F_OK)) {
		snprintf(parameters, sizeof(parameters), "device=%s", dev->bdf);
		test_module_load("inx_pri_device", parameters);
		ASSERT_EQ(0, pci_remove(dev));
		pci_rescan();
		udev_settle();
	}
	if (pri_is_possible())
		test_module_load("inx_page_request", "");
	pci_set_driver(dev, PCI_DRIVER);
}

void pri_open(struct pri_client *c)
{
	pri_find(&c->pci);
	c->fd = inx_open();
	ASSERT_GE(c->fd, 0);
	c->dev = pci_open(&c->pci);
	ASSERT_GE(c->dev, 0);
	ASSERT_EQ(0, inx_bind(c->dev, c->fd, &c->id));
	ASSERT_EQ(0, inx_ioas_alloc(c->fd, &c->ioas));
	ASSERT_EQ(0, inx_map_at(c->fd, c->ioas, inx_alloc(PAGE), PAGE,
				PRI_IOVA));
	c->queue = fault_queue(c->fd, &c->queue_id);
	ASSERT_GE(c->queue, 0);
}

void pri_close(struct pri_client *c)
{
	if (c->queue >= 0)
		EXPECT_EQ(0, close(c->queue));
	if (c->dev >= 0)
		EXPECT_EQ(0, close(c->dev));
	EXPECT_EQ(0, close(c->fd));
}

int pri_hwpt(struct pri_client *c, uint32_t flags, uint32_t *hwpt)
{
	struct iommu_next_hwpt_alloc arg = {
		.flags = flags,
		.dev_id = c->id,
		.pt_id = c->ioas,
		.fault_id = c->queue_id,
	};

	return hwpt_alloc(c->fd, &arg, hwpt);
}

int pri_request(const struct pci_dev *dev, uint32_t pasid, uint32_t group,
		uint64_t addr, bool last)
{
	char text[128];

	snprintf(text, sizeof(text), "%s %x %x %llx %x %d", dev->bdf, pasid,
		 group, (unsigned long long)addr, PERM, last);
	return file_write(text,
			  "/sys/module/inx_page_request/parameters/request");
}

void pri_expect(const struct pci_dev *dev, uint32_t pasid, uint32_t group,
		unsigned int code, int times)
{
	unsigned long long low = RESPONSE_TYPE | (uint64_t)code << 12;
	unsigned int bus, slot, function;
	int found;

	found = sscanf(dev->bdf, "%*x:%x:%x.%x", &bus, &slot, &function);
	ASSERT_EQ(3, found);
	low |= (uint64_t)(bus << 8 | slot << 3 | function) << 16;
	if (pasid)
		low |= RESPONSE_HAS_PASID | (uint64_t)pasid << 32;
	TRACE_EXACTLY(times,
		      "page group response .*high 0x(%x|%llx) low 0x%llx$",
		      group << 3, group << 3 | RESPONSE_LAST, low);
}

void pri_expect_no_pasids(int fd, int dev, uint32_t id, uint32_t ioas)
{
	uint32_t hwpt;

	if (hwpt_flags(fd, id, ioas, IOMMU_NEXT_HWPT_ALLOC_PASID, &hwpt)) {
		EXPECT_EQ(EOPNOTSUPP, errno);
		ASSERT_EQ(0, inx_hwpt_alloc(fd, id, ioas, &hwpt));
	}
	EXPECT_EQ(-1, pasid_attach(dev, 1, hwpt));
	EXPECT_TRUE(errno == EINVAL || errno == EOPNOTSUPP);
	/* And it is a page table like any other. */
	EXPECT_EQ(0, inx_attach_to(dev, hwpt));
	EXPECT_EQ(0, inx_detach(dev));
	EXPECT_EQ(0, inx_destroy(fd, hwpt));
}
