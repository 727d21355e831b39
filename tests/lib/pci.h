/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PCI devices as sysfs shows them, and what a client of one has open.
 *
 * Functions without a return value end the test when something fails.
 */
#ifndef PCI_H
#define PCI_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#include "edu.h"

#define PCI_DRIVER "iommu_next_vfio_pci"
#define PCI_DEVS 2

/* Where tests map: "edu" reaches 28 bits. */
#define PCI_IOVA (16UL << 20)

/**
 * struct pci_dev - a device
 * @bdf: its address
 */
struct pci_dev {
	char bdf[16];
};

/* Where writes are interrupts: nobody can map there. */
#define PCI_MSI_WINDOW_SIZE (1UL << 20)
uint64_t pci_msi_window(void);
/* The module's parameter allow_unsafe_interrupts; returns what it was. */
bool pci_allow_unsafe(bool allow);

/* Devices of the machine by their IDs as sysfs shows them; it has at least @nr. */
void pci_find(struct pci_dev *dev, unsigned int nr, const char *vendor,
	      const char *device);
/* The devices "edu". */
void pci_find_edu(struct pci_dev *dev, unsigned int nr);
/* The last of them. */
void pci_last_edu(struct pci_dev *dev);
/* Give it to a driver, or to none with NULL. */
void pci_set_driver(const struct pci_dev *dev, const char *driver);
/* Take it from its driver; returns 0, or -1 with errno. */
int pci_unbind(const struct pci_dev *dev);
bool pci_exists(const struct pci_dev *dev);
/* Off the bus, and on again. */
int pci_remove(const struct pci_dev *dev);
void pci_rescan(void);
/* Its IOMMU group. */
int pci_group(const struct pci_dev *dev);
/* "vfioN" or "noiommu-vfioN", and the node that clients look up, which is waited for. */
void pci_vfio_name(const struct pci_dev *dev, char *name, size_t size);
void pci_vfio_node(const struct pci_dev *dev, char *path, size_t size);
/* Open that node. */
int pci_open(const struct pci_dev *dev);

/* Bit 1 of a device's command: whether it answers to its BARs. */
void pci_set_memory(int dev, bool on);

#define PCI_RANGES 4

/**
 * struct pci_dmabuf - VFIO_DEVICE_FEATURE_DMA_BUF, with what comes before it
 * @range: where in the BAR, and how long
 *
 * The others as <linux/vfio.h> of newer kernels has them.
 */
struct pci_dmabuf {
	uint32_t argsz, flags;
	uint32_t region, open_flags, reserved, nr;
	struct {
		uint64_t offset, length;
	} range[PCI_RANGES];
};

/* To be asked of a device by VFIO_DEVICE_FEATURE, for one range. */
struct pci_dmabuf pci_dmabuf_of(uint32_t region, uint64_t offset,
				uint64_t length);
/* All that in one. Returns the descriptor. */
int pci_dmabuf(int dev, uint32_t region, uint64_t offset, uint64_t length);

/* The first line of a file, without its end; false if there is none. */
bool file_read(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Returns 0, or -1 with errno. */
int file_write(const char *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Whether the machine's name begins with that; whether it is the kernel's. */
bool machine_is(const char *name);
bool kernel_is(const char *name);
/* Load one of tests/modules, if it is not there; parameters as for insmod. */
void test_module_load(const char *name, const char *parameters);
/* Wait until udev has made all nodes. */
void udev_settle(void);

/**
 * struct client - a file of /dev/iommu-next with devices
 * @fd: the file
 * @ioas: an IOAS
 * @pinned: VmPin at the start
 * @nr: devices that are bound
 * @pci: those that there are
 * @dev: their files
 * @id: their IDs
 * @edu: their registers
 */
struct client {
	int fd;
	uint32_t ioas;
	long pinned;
	unsigned int nr;
	struct pci_dev pci[PCI_DEVS];
	int dev[PCI_DEVS];
	uint32_t id[PCI_DEVS];
	struct edu edu[PCI_DEVS];
};

/* With @nr devices bound, in working order, with their BARs mapped or not. */
void client_open(struct client *c, unsigned int nr, bool mapped);
/* Close all; nothing may be left. */
void client_close(struct client *c);
int client_map(struct client *c, const void *va, size_t length, uint64_t iova);
long client_pinned(struct client *c);

/*
 * Whether device @i writes what lies at @word, mapped at @iova, to the test
 * register of @target when that is mapped at @bar.
 */
bool client_reaches(struct client *c, unsigned int i, struct edu *target,
		    uint64_t bar, uint32_t *word, uint64_t iova);

/*
 * Fill the memory of a device that is attached to @ioas, by a DMA: what it
 * writes somewhere afterwards can be known by this value.
 */
void edu_load(struct client *c, unsigned int i, unsigned char value);

#endif
