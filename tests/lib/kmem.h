/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's memory, to be looked at by its own types (BTF); and a hand that writes to
 * physical memory: a device "edu" with dma_mask=0xffffffffff, which is not translated.
 * With it a test plays the part of an IOMMU that QEMU does not emulate.
 *
 * These are functions of the program that includes this; it needs libs=-lbpf,-lelf,-lz.
 * They end the test when something fails.
 */
#ifndef KMEM_H
#define KMEM_H

#include <linux/elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "edu.h"
#include "inx.h"
#include "pci.h"
#include "tap.h"

#ifndef PAGE
#define PAGE 4096UL
#endif
#define ADDRESS 0x000ffffffffff000UL
#define BIT(n) (1UL << (n))

/* ---- kernel memory ----------------------------------------------------------------------- */

#define SEGMENTS 64

static int kcore = -1;
static struct elf64_phdr segment[SEGMENTS];
static int segments;
static struct btf *btf;

static inline void kernel_open(void)
{
	struct elf64_hdr head;

	kcore = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	ASSERT_GE(kcore, 0);
	ASSERT_EQ(sizeof(head), pread(kcore, &head, sizeof(head), 0));
	segments = head.e_phnum;
	ASSERT_LE(segments, SEGMENTS);
	ASSERT_EQ(segments * sizeof(*segment),
		  pread(kcore, segment, segments * sizeof(*segment),
			head.e_phoff));
	btf = btf__load_vmlinux_btf();
	ASSERT_NE(NULL, btf);
}

static inline uint64_t kernel_read(uint64_t address)
{
	uint64_t value = 0;
	int i;

	for (i = 0; i < segments; i++) {
		struct elf64_phdr *s = &segment[i];

		if (s->p_type == PT_LOAD && address - s->p_vaddr < s->p_memsz) {
			ASSERT_EQ(8, pread(kcore, &value, 8, s->p_offset +
					   address - s->p_vaddr));
			return value;
		}
	}
	ASSERT_EQ(0, address);
	return 0;
}

/* Physical memory by where the kernel has all of it, and back. */
static inline uint64_t phys_read(uint64_t phys)
{
	int i;

	for (i = 0; i < segments; i++)
		if (segment[i].p_type == PT_LOAD &&
		    segment[i].p_paddr != UINT64_MAX &&
		    phys - segment[i].p_paddr < segment[i].p_memsz)
			return kernel_read(segment[i].p_vaddr + phys -
					   segment[i].p_paddr);
	ASSERT_EQ(0, phys);
	return 0;
}

static inline uint64_t phys_of(uint64_t address)
{
	int i;

	for (i = 0; i < segments; i++)
		if (segment[i].p_type == PT_LOAD &&
		    segment[i].p_paddr != UINT64_MAX &&
		    address - segment[i].p_vaddr < segment[i].p_memsz)
			return segment[i].p_paddr + address -
			       segment[i].p_vaddr;
	ASSERT_EQ(0, address);
	return 0;
}

static inline uint64_t symbol(const char *name)
{
	FILE *f = fopen("/proc/kallsyms", "r");
	unsigned long long address;
	char line[512], word[256];

	ASSERT_NE(NULL, f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%llx %*c %255s", &address, word) == 2 &&
		    !strcmp(word, name)) {
			fclose(f);
			return address;
		}
	fclose(f);
	TH_LOG("the kernel has no symbol %s", name);
	ASSERT_TRUE(false);
	return 0;
}

/* Where a member is in a struct. */
static inline uint64_t member(const char *type, const char *name)
{
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_STRUCT);
	const struct btf_member *m;
	const struct btf_type *t;
	int i;

	ASSERT_GT(id, 0);
	t = btf__type_by_id(btf, id);
	m = btf_members(t);
	for (i = 0; i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, m[i].name_off), name))
			return btf_member_bit_offset(t, i) / 8;
	TH_LOG("struct %s has no %s", type, name);
	ASSERT_TRUE(false);
	return 0;
}

/* ---- the hand ---------------------------------------------------------------------------- */

static volatile unsigned char *hand;
static uint64_t *paper, paper_phys;

static inline void hand_open(const struct pci_dev *dev)
{
	uint64_t entry;
	uint16_t command;
	char path[128];
	int fd;

	ASSERT_EQ(0, file_write("identity", "/sys/kernel/iommu_groups/%d/type",
				pci_group(dev)));
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config",
		 dev->bdf);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_EQ(2, pread(fd, &command, 2, 4));
	/* Memory and bus master. */
	command |= 6;
	ASSERT_EQ(2, pwrite(fd, &command, 2, 4));
	close(fd);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource0",
		 dev->bdf);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	hand = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, hand);
	close(fd);

	paper = inx_alloc(PAGE);
	ASSERT_EQ(0, mlock(paper, PAGE));
	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(8, pread(fd, &entry, 8, (uintptr_t)paper / PAGE * 8));
	close(fd);
	paper_phys = (entry & (BIT(55) - 1)) * PAGE;
}

static inline void hand_move(uint64_t from, uint64_t to, uint64_t command)
{
	*(volatile uint64_t *)(hand + EDU_DMA_SRC) = from;
	*(volatile uint64_t *)(hand + EDU_DMA_DST) = to;
	*(volatile uint64_t *)(hand + EDU_DMA_COUNT) = 8;
	*(volatile uint64_t *)(hand + EDU_DMA_COMMAND) = command;
	while (*(volatile uint64_t *)(hand + EDU_DMA_COMMAND) & EDU_START)
		usleep(1000);
}

static inline void phys_write(uint64_t phys, uint64_t value)
{
	*paper = value;
	hand_move(paper_phys, EDU_BUFFER, EDU_START);
	hand_move(EDU_BUFFER, phys, EDU_START | EDU_TO_MEMORY);
	ASSERT_EQ(value, phys_read(phys));
}

/* ---- VT-d ---------------------------------------------------------------------------------- */

static inline unsigned int devfn(const struct pci_dev *dev)
{
	unsigned int bus, slot, function;
	int found = sscanf(dev->bdf, "%*x:%x:%x.%x", &bus, &slot, &function);

	ASSERT_EQ(3, found);
	ASSERT_EQ(0, bus);
	ASSERT_LT(slot, 16);
	return slot << 3 | function;
}

/* The driver's struct of the unit. */
static inline uint64_t vtd_unit(void)
{
	static uint64_t unit;
	uint64_t drhd;

	if (!unit) {
		drhd = kernel_read(symbol("dmar_drhd_units")) -
		       member("dmar_drhd_unit", "list");
		unit = kernel_read(drhd + member("dmar_drhd_unit", "iommu"));
	}
	return unit;
}

static inline uint64_t vtd_register(void)
{
	return vtd_unit() + member("intel_iommu", "ecap");
}

/* The PASID entry of a device: VT-d 9.3 to 9.6. PASID 0 is for requests without. */
static inline uint64_t vtd_entry(const struct pci_dev *dev, uint32_t pasid)
{
	static uint64_t root;
	uint64_t context, folder, table;

	if (!root)
		root = phys_of(kernel_read(vtd_unit() +
					   member("intel_iommu",
						  "root_entry")));
	context = phys_read(root) & ADDRESS;
	folder = phys_read(context + 32 * devfn(dev)) & ADDRESS;
	table = phys_read(folder + 8 * (pasid >> 6)) & ADDRESS;
	return table + 64 * (pasid & 63);
}

/* The type of translation in it. */
#define VTD_ENTRY_TYPE(entry) ((entry) >> 6 & 7)
#define VTD_FIRST_STAGE 1
#define VTD_SECOND_STAGE 2
#define VTD_NESTED 3

/* Extended Capability Register: nesting; dirty bits, with coherent page walks; stages. */
#define ECAP_NEST BIT(26)
#define ECAP_DIRTY (BIT(45) | BIT(48))
#define ECAP_SECOND_STAGE BIT(46)
#define ECAP_FIRST_STAGE BIT(47)

/**
 * struct vtd_belief - what the driver believes that its unit can
 * @at: physical address of where it keeps the register
 * @truth: what the register says
 */
struct vtd_belief {
	uint64_t at;
	uint64_t truth;
};

/* @lies: what a test that was stopped may have left there. Opens the hand. */
static inline void vtd_belief_open(struct vtd_belief *belief, uint64_t lies)
{
	struct pci_dev edu[2];
	char known[64];

	kernel_open();
	pci_find_edu(edu, 2);
	pci_set_driver(&edu[1], NULL);
	hand_open(&edu[1]);
	belief->at = phys_of(vtd_register());
	ASSERT_TRUE(file_read(known, sizeof(known),
			      "/sys/class/iommu/dmar0/intel-iommu/ecap"));
	/* The one thing that could be looked up in the wrong place. */
	ASSERT_EQ(strtoull(known, NULL, 16), phys_read(belief->at));
	belief->truth = phys_read(belief->at) & ~lies;
}

static inline void vtd_believe(const struct vtd_belief *belief, uint64_t set,
			       uint64_t clear)
{
	phys_write(belief->at, (belief->truth | set) & ~clear);
}

#endif
