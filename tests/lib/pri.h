/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device with ATS, page requests and PASIDs: the network card of the machines
 * pasid-vtd and nest-vtd, with tests/modules/inx_pri_device.c. What it asks for comes
 * from inx_page_request.c, and what it is answered is seen in QEMU's trace.
 *
 * Functions without a return value end the test when something fails.
 */
#ifndef PRI_H
#define PRI_H

#include <stdbool.h>
#include <stdint.h>

#include "inx.h"
#include "pci.h"

/* As wide as its PASIDs are; and where in its configuration space ATS is switched. */
#define PRI_PASID_BITS 20
#define PRI_ATS_CONTROL 0x106

/* Find it, on its bus with all that it has; the modules are loaded if they are not. */
void pri_find(struct pci_dev *dev);
/* Whether this kernel gives page requests to anybody. */
bool pri_is_possible(void);

/**
 * struct pri_client - a file of /dev/iommu-next with the device
 * @pci: where it is
 * @fd: the file
 * @dev: the device's file; -1 when the test has closed it
 * @queue: a fault queue's; likewise
 * @ioas: an IOAS, with a page of memory at PRI_IOVA
 * @id: of the device
 * @queue_id: of the queue
 */
struct pri_client {
	struct pci_dev pci;
	int fd;
	int dev;
	int queue;
	uint32_t ioas;
	uint32_t id;
	uint32_t queue_id;
};

#define PRI_IOVA (16UL << 20)
/* Not mapped: what it asks for. */
#define PRI_ADDR 0x200000ULL

/* What page tables are for, and answers. */
#define FOR_PASID IOMMU_NEXT_HWPT_ALLOC_PASID
#define FAULTS IOMMU_NEXT_HWPT_FAULT_ID_VALID
#define SUCCESS IOMMU_NEXT_PAGE_RESP_SUCCESS
#define INVALID IOMMU_NEXT_PAGE_RESP_INVALID

void pri_open(struct pri_client *c);
/* Close what is open. */
void pri_close(struct pri_client *c);
/* HWPT_ALLOC on the IOAS; with FAULT_ID_VALID for the queue. Returns 0, or -1. */
int pri_hwpt(struct pri_client *c, uint32_t flags, uint32_t *hwpt);

/*
 * A page request, of pages that are to be read and written; PASID 0 for none. 0, or -1
 * with errno: EINVAL when nobody takes it.
 */
int pri_request(const struct pci_dev *dev, uint32_t pasid, uint32_t group,
		uint64_t addr, bool last);
/* It will have been answered @times with @code. */
void pri_expect(const struct pci_dev *dev, uint32_t pasid, uint32_t group,
		unsigned int code, int times);

/* Of a bound device that is attached to nothing: no page table gets to a PASID. */
void pri_expect_no_pasids(int fd, int dev, uint32_t id, uint32_t ioas);

#endif
