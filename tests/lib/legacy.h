/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A client of VFIO by the legacy door: groups in a container. What type1.h has
 * works on the container.
 *
 * Functions without a return value end the test when something fails.
 */
#ifndef LEGACY_H
#define LEGACY_H

#include <stdbool.h>

#include "pci.h"

#define LEGACY_NODE "/dev/vfio/vfio"
#define LEGACY_MODULE "iommu_next_vfio_container"

/**
 * struct legacy - the client
 * @container: file of the container
 * @nr: devices that are open
 * @pci: those that there are
 * @group: files of their groups
 * @dev: their files
 * @edu: their registers
 */
struct legacy {
	int container;
	unsigned int nr;
	struct pci_dev pci[PCI_DEVS];
	int group[PCI_DEVS];
	int dev[PCI_DEVS];
	struct edu edu[PCI_DEVS];
};

/* Answer for the kernel's own types of container, or let vfio_iommu_type1. */
void legacy_take_over(bool take);
/* Open a container that has no group. */
int legacy_container(void);
/* The group of a device that has the driver vfio-pci. */
int legacy_group(const struct pci_dev *dev);
int legacy_device(int group, const struct pci_dev *dev);
/* With @nr devices in a container of a type, in working order. */
void legacy_open(struct legacy *l, unsigned int nr, unsigned long type);
/* A device of a group that is in the container, from its beginning. */
void legacy_start(struct legacy *l, unsigned int i);
/* One more. */
void legacy_add(struct legacy *l);
/* Close a device; its group stays open. */
void legacy_stop(struct legacy *l, unsigned int i);
void legacy_close(struct legacy *l);
/* The device that is made of software (iommu_next_mock_vfio): its group; what it does. */
#define LEGACY_EMULATED "iommu-next-mock-vfio"
int legacy_emulated_group(void);
int legacy_emulated(int dev, uint32_t op, uint32_t flags, uint64_t iova,
		    uint64_t length, uint64_t data);
/* As edu_load(). */
void legacy_load(struct legacy *l, unsigned int i, unsigned char value);

#endif
