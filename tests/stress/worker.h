/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a process of the stress test calls: every ioctl, with arguments that make
 * sense now and then. For stress.c alone.
 */
#ifndef STRESS_WORKER_H
#define STRESS_WORKER_H

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "racer.h"
#include "selftest.h"
#include "type1.h"
#include "world.h"

#define FILES 2
#define DEVS 4
#define SLOTS 6
#define IDS 40
#define MEM_LENGTH (512UL << 10)
/* Where everybody maps: what one maps the others unmap. */
#define BASE (64UL << 20)
#define SPAN (1UL << 20)

/* What an ID may stand for. */
enum kind {
	IOAS,
	HWPT,
	PARENT,
	NESTED,
	DEVICE,
	FAULT,
	VIOMMU,
	SELFTEST_DEVICE,
	KINDS,
};

/**
 * struct shared - what all processes see
 * @steps: calls so far
 * @seed: of the next worker
 * @ids: that were given out not long ago, by file and kind
 */
struct shared {
	unsigned long steps;
	uint64_t seed;
	uint32_t ids[FILES + 1][KINDS][4];
};

/**
 * struct worker - one process
 * @shared: as it says
 * @world: the files that all have
 * @files: of /dev/iommu-next: those of all, and one of its own
 * @file: which of them this call is for
 * @racer: for pick()
 * @mem: memory of its own
 * @memfd: a file that it maps
 * @dev: device files
 * @mock: where the worker makes devices that are for nobody else
 * @naked: device file of one without an IOMMU, 0 for none
 * @queue: files of fault and event queues, 0 for none
 * @access: files of accesses, likewise
 */
struct worker {
	struct shared *shared;
	struct world *world;
	int files[FILES + 1];
	unsigned int file;
	struct racer racer;
	unsigned char *mem;
	int memfd;
	int dev[DEVS];
	int mock;
	int naked;
	int queue[SLOTS];
	int access[SLOTS];
};

static unsigned int any(struct worker *s, unsigned int below)
{
	return pick(&s->racer, below);
}

static int a_file(struct worker *s)
{
	return s->files[s->file];
}

/* The ID of such an object, most of the time; or of anything. */
static uint32_t an(struct worker *s, enum kind kind)
{
	return any(s, 8) ? s->shared->ids[s->file][kind][any(s, 4)] :
			   1 + any(s, IDS);
}

/* Of a page table or what can stand for one. */
static uint32_t a_table(struct worker *s)
{
	return an(s, any(s, NESTED + 1));
}

/* Let all know of an object, unless the call that made it has failed. */
static int note(struct worker *s, int rc, enum kind kind, uint32_t id)
{
	if (rc >= 0)
		s->shared->ids[s->file][kind][any(s, 4)] = id;
	return rc;
}

static int a_device(struct worker *s)
{
	return s->dev[any(s, DEVS)];
}

static uint64_t an_iova(struct worker *s)
{
	return BASE + any(s, SPAN / PAGE) * PAGE;
}

static uint64_t a_length(struct worker *s)
{
	return (1 + any(s, any(s, 8) ? 16 : MEM_LENGTH / PAGE)) * PAGE;
}

/* ---- address spaces ---------------------------------------------------------------------- */

static int op_ioas(struct worker *s)
{
	uint32_t id = 0;
	int rc = inx_ioas_alloc(a_file(s), &id);

	return note(s, rc, IOAS, id);
}

static int op_destroy(struct worker *s)
{
	return inx_destroy(a_file(s), an(s, any(s, KINDS)));
}

static int op_map(struct worker *s)
{
	uint64_t length = a_length(s), iova = an_iova(s);
	uint64_t at = any(s, (MEM_LENGTH - length) / PAGE + 1) * PAGE;

	return inx_map(a_file(s), an(s, IOAS),
		       (any(s, 4) ? INX_RW : INX_RO) | (any(s, 4) ? INX_FIXED : 0),
		       s->mem + at, length, &iova);
}

static int op_map_file(struct worker *s)
{
	uint64_t length = a_length(s), iova = an_iova(s);

	return inx_map_file(a_file(s), an(s, IOAS), INX_RW | INX_FIXED, s->memfd,
			    any(s, 16) * PAGE, length, &iova);
}

static int op_dmabuf(struct worker *s)
{
	uint64_t iova = an_iova(s);
	int fd = inx_dmabuf(s->world->mock, 2, 4 * PAGE, O_RDWR);
	int rc;

	if (fd < 0)
		return -1;
	rc = inx_map_file(a_file(s), an(s, IOAS), INX_RW | INX_FIXED, fd, 0,
			  8 * PAGE, &iova);
	if (any(s, 2))
		inx_dmabuf_revoke(s->world->mock, fd, 1);
	close(fd);
	return rc;
}

static int op_unmap(struct worker *s)
{
	return inx_unmap(a_file(s), an(s, IOAS), an_iova(s), 32 * PAGE, NULL);
}

static int op_unmap_all(struct worker *s)
{
	return inx_unmap_all(a_file(s), an(s, IOAS), NULL);
}

static int op_copy(struct worker *s)
{
	uint64_t iova = an_iova(s);

	return inx_copy(a_file(s), an(s, IOAS), an(s, IOAS), INX_RW | INX_FIXED,
			(1 + any(s, 2)) * PAGE, &iova, an_iova(s));
}

static int op_ranges(struct worker *s)
{
	struct iommu_next_iova_range ranges[4];
	uint32_t num = 4;
	uint64_t alignment;

	return inx_iova_ranges(a_file(s), an(s, IOAS), ranges, &num, &alignment);
}

static int op_allow(struct worker *s)
{
	struct iommu_next_iova_range range = { BASE, BASE + SPAN - 1 };

	return inx_allow_iovas(a_file(s), an(s, IOAS), &range, any(s, 2));
}

static int op_change_process(struct worker *s)
{
	return inx_change_process(a_file(s));
}

static int op_huge_pages(struct worker *s)
{
	return inx_option_set(a_file(s), IOMMU_NEXT_OPTION_HUGE_PAGES, an(s, IOAS),
			      any(s, 2));
}

static int op_get_pa(struct worker *s)
{
	uint64_t phys, n = PAGE;

	return inx_get_pa(a_file(s), an(s, IOAS), an_iova(s), &n, &phys);
}

static int op_vfio_ioas(struct worker *s)
{
	struct iommu_next_vfio_ioas arg = {
		.size = sizeof(arg),
		.ioas_id = an(s, IOAS),
		.op = any(s, 3),
	};

	return ioctl(a_file(s), IOMMU_NEXT_VFIO_IOAS, &arg);
}

static int op_type1_map(struct worker *s)
{
	return type1_map(a_file(s), s->mem, a_length(s), an_iova(s));
}

static int op_type1_unmap(struct worker *s)
{
	return type1_unmap(a_file(s), an_iova(s), 16 * PAGE, NULL);
}

/* ---- page tables ------------------------------------------------------------------------- */

static int op_hwpt(struct worker *s)
{
	static const uint32_t flags[] = {
		0, 0, IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT,
		IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT,
		IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING,
		IOMMU_NEXT_HWPT_ALLOC_PASID, IOMMU_NEXT_HWPT_ALLOC_PASID,
		IOMMU_NEXT_HWPT_FAULT_ID_VALID, IOMMU_NEXT_HWPT_FAULT_ID_VALID,
		IOMMU_NEXT_HWPT_ALLOC_PASID | IOMMU_NEXT_HWPT_FAULT_ID_VALID,
	};
	const unsigned int nr = sizeof(flags) / sizeof(*flags);
	struct iommu_next_hwpt_alloc arg = {
		.flags = flags[any(s, nr)] | (any(s, 8) ? 0 : flags[any(s, nr)]),
		.dev_id = an(s, DEVICE),
		.pt_id = an(s, IOAS),
		.fault_id = an(s, FAULT),
	};
	uint32_t id = 0;
	int rc = hwpt_alloc(a_file(s), &arg, &id);

	return note(s, rc, arg.flags & IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT ?
			   PARENT : HWPT, id);
}

/* What a guest may say of its tables: of VT-d, SMMUv3, AMD, the selftests. */
union a_format {
	struct iommu_next_hwpt_vtd_s1 vtd;
	struct iommu_next_hwpt_arm_smmuv3 arm;
	struct iommu_next_hwpt_amd_guest amd;
	uint32_t selftest[2];
};

static uint32_t a_format(struct worker *s, union a_format *data, uint32_t *len)
{
	memset(data, 0, sizeof(*data));
	switch (any(s, 4)) {
	case 0:
		data->vtd.pgtbl_addr = BASE;
		data->vtd.addr_width = 48;
		*len = sizeof(data->vtd);
		return IOMMU_NEXT_HWPT_DATA_VTD_S1;
	case 1:
		/* Valid; through stage 1 with its tables at BASE, or past it. */
		data->arm.ste[0] = any(s, 2) ? BASE | 0xb : 0x9;
		*len = sizeof(data->arm);
		return IOMMU_NEXT_HWPT_DATA_ARM_SMMUV3;
	case 2:
		*len = sizeof(data->amd);
		return IOMMU_NEXT_HWPT_DATA_AMD_GUEST;
	default:
		*len = sizeof(data->selftest);
		return SELFTEST_DATA;
	}
}

static int op_nested(struct worker *s)
{
	union a_format data;
	struct iommu_next_hwpt_alloc arg = {
		.flags = any(s, 3) ? 0 : IOMMU_NEXT_HWPT_FAULT_ID_VALID,
		.dev_id = an(s, DEVICE),
		.pt_id = an(s, any(s, 2) ? PARENT : VIOMMU),
		.fault_id = an(s, FAULT),
		.data_uptr = (uintptr_t)&data,
	};
	uint32_t id = 0;
	int rc;

	arg.data_type = a_format(s, &data, &arg.data_len);
	rc = hwpt_alloc(a_file(s), &arg, &id);
	return note(s, rc, NESTED, id);
}

static int op_flush(struct worker *s)
{
	const uint64_t all[2] = { 0x30 }; /* TLBI_NSNH_ALL */
	uint32_t num = 1;

	if (any(s, 2))
		return hwpt_flush(a_file(s), an(s, NESTED), 0, UINT64_MAX);
	return hwpt_invalidate(a_file(s), an(s, VIOMMU),
			       IOMMU_NEXT_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3,
			       all, sizeof(all), &num);
}

static int op_dirty_set(struct worker *s)
{
	return inx_dirty_set(a_file(s), an(s, HWPT), any(s, 2));
}

static int op_dirty_read(struct worker *s)
{
	uint8_t bitmap[SPAN / PAGE / 8];

	return inx_dirty_read(a_file(s), an(s, HWPT), any(s, 2), BASE, SPAN, PAGE,
			      bitmap);
}

static int op_hw_info(struct worker *s)
{
	char data[64];
	struct iommu_next_hw_info info;

	return inx_hw_info(a_file(s), an(s, DEVICE), data, sizeof(data), &info);
}

/* ---- queues ------------------------------------------------------------------------------ */

/* Keep a file in a slot, in place of what is there. */
static int keep(struct worker *s, int *slots, int fd)
{
	int *slot = &slots[any(s, SLOTS)];

	if (fd < 0)
		return -1;
	if (*slot)
		close(*slot);
	*slot = fd;
	return fcntl(fd, F_SETFL, O_NONBLOCK);
}

static int op_queue(struct worker *s)
{
	uint32_t id = 0;
	int fd = fault_queue(a_file(s), &id);

	note(s, fd, FAULT, id);
	return keep(s, s->queue, fd);
}

static int op_queue_close(struct worker *s)
{
	int *slot = &s->queue[any(s, SLOTS)];
	int fd = *slot;

	*slot = 0;
	return fd ? close(fd) : -1;
}

static int op_queue_read(struct worker *s)
{
	struct iommu_next_hwpt_pgfault fault[8];
	int fd = s->queue[any(s, SLOTS)];
	ssize_t n = fd ? read(fd, fault, sizeof(fault)) : -1;

	if (n < (ssize_t)sizeof(*fault))
		return -1;
	/* Some are answered, in the wrong way now and then; some never. */
	return any(s, 4) ? fault_answer(fd, fault[0].cookie, any(s, 3)) : 0;
}

static int op_queue_write(struct worker *s)
{
	int fd = s->queue[any(s, SLOTS)];

	return fd ? fault_answer(fd, any(s, 4), any(s, 3)) : -1;
}

static int op_page_request(struct worker *s)
{
	return page_request(a_device(s), any(s, 3), any(s, 4), BASE,
			    1 + any(s, 3));
}

/* ---- guests' IOMMUs ---------------------------------------------------------------------- */

static int op_viommu(struct worker *s)
{
	uint32_t data[6] = {};
	struct iommu_next_viommu_alloc arg = {
		.size = sizeof(arg),
		.type = any(s, 2) ? SELFTEST_VIOMMU :
				    IOMMU_NEXT_VIOMMU_TYPE_ARM_SMMUV3,
		.dev_id = an(s, DEVICE),
		.hwpt_id = an(s, PARENT),
		.data_uptr = (uintptr_t)data,
	};
	int fd = a_file(s);
	void *page;

	if (arg.type == SELFTEST_VIOMMU && any(s, 2))
		arg.data_len = sizeof(data);
	if (ioctl(fd, IOMMU_NEXT_VIOMMU_ALLOC, &arg))
		return -1;
	note(s, 0, VIOMMU, arg.out_viommu_id);
	if (!arg.data_len)
		return 0;
	page = mmap(NULL, data[4], PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    *(uint64_t *)(data + 2));
	if (page != MAP_FAILED && any(s, 2))
		munmap(page, data[4]);
	return 0;
}

static int op_vdevice(struct worker *s)
{
	struct iommu_next_vdevice_alloc arg = {
		.size = sizeof(arg),
		.viommu_id = an(s, VIOMMU),
		.dev_id = an(s, DEVICE),
		.virt_id = any(s, 4),
	};

	return ioctl(a_file(s), IOMMU_NEXT_VDEVICE_ALLOC, &arg);
}

static int op_event_queue(struct worker *s)
{
	struct iommu_next_veventq_alloc arg = {
		.size = sizeof(arg),
		.viommu_id = an(s, VIOMMU),
		.type = any(s, 2) ? SELFTEST_EVENTS :
				    IOMMU_NEXT_VEVENTQ_TYPE_ARM_SMMUV3,
		.veventq_depth = 1 + any(s, 3),
	};

	if (ioctl(a_file(s), IOMMU_NEXT_VEVENTQ_ALLOC, &arg))
		return -1;
	return keep(s, s->queue, arg.out_veventq_fd);
}

static int op_hw_queue(struct worker *s)
{
	struct iommu_next_hw_queue_alloc arg = {
		.size = sizeof(arg),
		.viommu_id = an(s, VIOMMU),
		.type = SELFTEST_HW_QUEUE,
		.index = any(s, 2),
		.nesting_parent_iova = an_iova(s),
		.length = PAGE,
	};

	return ioctl(a_file(s), IOMMU_NEXT_HW_QUEUE_ALLOC, &arg);
}

/* ---- devices ----------------------------------------------------------------------------- */

static int op_bind(struct worker *s)
{
	uint32_t id = 0;
	int rc = inx_bind(a_device(s), a_file(s), &id);

	return note(s, rc, DEVICE, id);
}

static int op_attach(struct worker *s)
{
	return inx_attach_to(a_device(s), a_table(s));
}

static int op_detach(struct worker *s)
{
	return inx_detach(a_device(s));
}

static int op_pasid_attach(struct worker *s)
{
	return pasid_attach(a_device(s), 1 + any(s, 3), a_table(s));
}

static int op_pasid_detach(struct worker *s)
{
	return pasid_detach(a_device(s), 1 + any(s, 3));
}

static int op_dma(struct worker *s)
{
	char data[300];
	uint64_t iova = an_iova(s) + any(s, PAGE);

	if (any(s, 2))
		return inx_mock_read_pasid(a_device(s), any(s, 4), iova, data,
					   sizeof(data));
	return inx_mock_write_pasid(a_device(s), any(s, 4), iova, data,
				    sizeof(data));
}

/* Close it, and have another file of some device: closing unbinds. */
static int op_reopen(struct worker *s)
{
	int *slot = &s->dev[any(s, DEVS)];
	int fd = inx_mock_open(s->world->mock, 1 + any(s, 4 * DEVS));

	if (fd < 0)
		return -1;
	close(*slot);
	*slot = fd;
	return 0;
}

static int op_unplug(struct worker *s)
{
	static const uint32_t kinds[] = {
		0, 0, IOMMU_NEXT_MOCK_ARM, IOMMU_NEXT_MOCK_AMD,
	};
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	int *slot = &s->dev[any(s, DEVS)], fd;
	uint32_t id;

	how.flags = IOMMU_NEXT_MOCK_PASID | IOMMU_NEXT_MOCK_HW_INFO |
		    kinds[any(s, 4)];
	inx_mock_remove(s->world->mock, 1 + any(s, 4 * DEVS));
	fd = inx_mock_device(s->world->mock, &how, &id);
	if (fd < 0)
		return -1;
	if (*slot >= 0)
		close(*slot);
	*slot = fd;
	return 0;
}

/*
 * One without an IOMMU. Its DMA would reach anything, so it is of a file of its own,
 * from which nobody opens it for op_dma().
 */
static int op_naked(struct worker *s)
{
	struct iommu_next_mock_device_alloc how = inx_mock_default();
	int fd;
	uint32_t id;

	how.flags = IOMMU_NEXT_MOCK_NO_IOMMU;
	fd = inx_mock_device(s->mock, &how, &id);
	if (fd < 0)
		return -1;
	if (s->naked > 0)
		close(s->naked);
	s->naked = fd;
	if (inx_bind(fd, a_file(s), NULL))
		return -1;
	return inx_attach_to(fd, an(s, IOAS));
}

/* ---- drivers that use the CPU ------------------------------------------------------------ */

static int op_access(struct worker *s)
{
	uint32_t id;

	return keep(s, s->access, inx_access(s->world->mock, a_file(s),
					     any(s, 2), &id));
}

static int an_access(struct worker *s)
{
	return s->access[any(s, SLOTS)] ?: -1;
}

static int op_access_attach(struct worker *s)
{
	return inx_access_attach(an_access(s), any(s, 4) ? an(s, IOAS) : 0);
}

static int op_access_pin(struct worker *s)
{
	uint32_t pin;

	return inx_access_pin(an_access(s), any(s, 2), an_iova(s),
			      (1 + any(s, 2)) * PAGE, &pin);
}

static int op_access_unpin(struct worker *s)
{
	return inx_access_unpin(an_access(s), 1 + any(s, 4));
}

static int op_access_rw(struct worker *s)
{
	char data[PAGE];

	if (any(s, 2))
		return inx_access_read(an_access(s), an_iova(s), data,
				       sizeof(data));
	return inx_access_write(an_access(s), an_iova(s), data, sizeof(data));
}

/* ---- what only the in-tree selftests ask for --------------------------------------------- */

static int op_selftest(struct worker *s)
{
	static const uint32_t ops[] = {
		SELFTEST_MOCK_DOMAIN, SELFTEST_MOCK_DOMAIN_FLAGS,
		SELFTEST_REPLACE, SELFTEST_REPLACE, SELFTEST_IOPF,
		SELFTEST_VEVENT, SELFTEST_VEVENT, SELFTEST_PASID_ATTACH,
		SELFTEST_PASID_REPLACE, SELFTEST_PASID_DETACH,
	};
	uint32_t op = ops[any(s, sizeof(ops) / sizeof(*ops))];
	uint32_t id = an(s, SELFTEST_DEVICE);
	struct selftest_cmd cmd = {};
	int rc;

	switch (op) {
	case SELFTEST_MOCK_DOMAIN:
	case SELFTEST_MOCK_DOMAIN_FLAGS:
		cmd.u32[3] = any(s, 2) ? 4 : 0; /* with PASIDs */
		id = an(s, IOAS);
		break;
	case SELFTEST_REPLACE:
		cmd.u32[0] = a_table(s);
		break;
	case SELFTEST_IOPF:
	case SELFTEST_VEVENT:
		cmd.u32[0] = an(s, DEVICE);
		break;
	default:
		cmd.u32[0] = 1 + any(s, 3);
		cmd.u32[1] = a_table(s);
	}
	rc = selftest_call(a_file(s), op, id, &cmd);
	if (rc || (op != SELFTEST_MOCK_DOMAIN &&
		   op != SELFTEST_MOCK_DOMAIN_FLAGS))
		return rc;
	note(s, 0, SELFTEST_DEVICE, cmd.u32[0]);
	note(s, 0, HWPT, cmd.u32[1]);
	return note(s, 0, DEVICE, cmd.u32[2]);
}

/* ---- all of them ------------------------------------------------------------------------- */

#define OP(name, weight) { #name, op_##name, weight }

static const struct op {
	const char *name;
	int (*call)(struct worker *s);
	unsigned int weight;
} ops[] = {
	OP(ioas, 2), OP(destroy, 12), OP(map, 16), OP(map_file, 6),
	OP(dmabuf, 4),
	OP(unmap, 6), OP(unmap_all, 3), OP(copy, 6), OP(ranges, 1),
	OP(allow, 1), OP(change_process, 1), OP(huge_pages, 1),
	OP(get_pa, 4), OP(vfio_ioas, 1), OP(type1_map, 1),
	OP(type1_unmap, 1), OP(hwpt, 16), OP(nested, 10), OP(flush, 3),
	OP(dirty_set, 2), OP(dirty_read, 2), OP(hw_info, 1), OP(queue, 2),
	OP(queue_close, 1), OP(queue_read, 4), OP(queue_write, 1),
	OP(page_request, 8), OP(viommu, 8), OP(vdevice, 8),
	OP(event_queue, 4), OP(hw_queue, 4), OP(bind, 10), OP(attach, 20),
	OP(detach, 2), OP(pasid_attach, 10), OP(pasid_detach, 2),
	OP(dma, 10), OP(reopen, 1), OP(unplug, 1), OP(naked, 1), OP(access, 3),
	OP(access_attach, 6), OP(access_pin, 6), OP(access_unpin, 3),
	OP(access_rw, 6), OP(selftest, 20),
};

#define NR_OPS (sizeof(ops) / sizeof(*ops))

#endif
