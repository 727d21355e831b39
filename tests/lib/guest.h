/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest has: memory that a nesting parent maps, with page tables of VT-d's
 * first stage in it; and the calls for all that goes with it. Functions that
 * return int are like those of inx.h; the others end the test when they fail.
 */
#ifndef GUEST_H
#define GUEST_H

#include "inx.h"
#include "world.h"

/* Bits of an entry of a table. */
#define PT_PRESENT 1ULL
#define PT_WRITE 2ULL
#define PT_USER 4ULL
#define PT_LARGE 0x80ULL
#define PT_RW (PT_PRESENT | PT_WRITE | PT_USER)
#define PT_RO (PT_PRESENT | PT_USER)

#define GUEST_PAGES 64

/**
 * struct guest - a guest's memory
 * @w: the world
 * @mem: as we see it
 * @iova: where it lies for the guest
 * @used: pages that are in use
 * @parent: the nesting parent
 */
struct guest {
	struct world *w;
	unsigned char *mem;
	uint64_t iova;
	unsigned int used;
	uint32_t parent;
};

/* Map memory at IOVA in the world's IOAS, and make a nesting parent of it. */
void guest_open(struct guest *g, struct world *w, struct world_dev *dev,
		uint32_t flags);
/* A device that is bound, of enum iommu_next_mock_flags. */
struct world_dev *guest_device(struct world *w, uint32_t flags);
/* Run @fn(@arg) in processes that are killed, and detach the device after each. */
void guest_kill(struct world_dev *dev, void (*fn)(void *arg), void *arg);
/* A page of it, zeroed: the guest's address, and where we see any such. */
uint64_t guest_page(struct guest *g);
void *guest_at(struct guest *g, uint64_t addr);
/* Map @size (4 KiB, 2 MiB, 1 GiB) in a table of so many levels, with @bits. */
void guest_map(struct guest *g, uint64_t root, int levels, uint64_t va,
	       uint64_t addr, uint64_t size, uint64_t bits);
/* The entry that does it; NULL without one. */
uint64_t *guest_entry(struct guest *g, uint64_t root, int levels, uint64_t va,
		      int level);

/*
 * The device reaches two pages of it at @va and behind that, byte for byte and
 * across both, and nothing by the addresses that the parent maps.
 */
void guest_expect_bytes(struct guest *g, struct world_dev *dev, uint64_t va,
			uint64_t first, uint64_t second);

/* HWPT_ALLOC with what is in @arg; a nested one on the guest's memory. */
int hwpt_alloc(int fd, struct iommu_next_hwpt_alloc *arg, uint32_t *hwpt);
int hwpt_flags(int fd, uint32_t dev, uint32_t pt, uint32_t flags,
	       uint32_t *hwpt);
int hwpt_nested(struct guest *g, uint32_t dev, uint64_t root, int levels,
		uint32_t flags, uint32_t fault, uint32_t *hwpt);
/* @num: in and out. */
int hwpt_invalidate(int fd, uint32_t hwpt, uint32_t type, const void *entries,
		    uint32_t len, uint32_t *num);
/* One range of a VT-d table. */
int hwpt_flush(int fd, uint32_t hwpt, uint64_t addr, uint64_t npages);

int pasid_attach(int dev_fd, uint32_t pasid, uint32_t pt);
int pasid_detach(int dev_fd, uint32_t pasid);
/* One byte with a PASID: of enum iommu_next_mock_fault. */
int pasid_touch(struct world_dev *d, uint32_t pasid, uint64_t iova, bool write);

/* A queue of faults. Returns its file. */
int fault_queue(int fd, uint32_t *id);
int page_request(int dev_fd, uint32_t pasid, uint32_t grpid, uint64_t addr,
		 uint32_t count);
/* Read a group that has one fault; false when there is none. */
bool fault_read(int queue, struct iommu_next_hwpt_pgfault *fault);
int fault_answer(int queue, uint32_t cookie, uint32_t code);
/* The code that the device was answered to a group; -1 for no answer. */
int page_answer(int dev_fd, uint32_t grpid);

#endif
