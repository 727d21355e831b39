// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slices of an IOMMU, virtual devices, queues of events and hardware queues: as
 * ioctls make and destroy them, what is refused, and what a process maps.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "device.h"
#include "nest.h"
#include "selftest.h"
#include "viommu.h"

#define IOVA NEST_IOVA
#define NONE 4711

/* An argument of which one member is wrong; nothing is left of it. */
#define REFUSED(_rc, _cmd, _good, _member, _value)                             \
	do {                                                                   \
		unsigned int objects = world_objects(w);                       \
		typeof(_good) arg = _good;                                     \
									       \
		arg._member = _value;                                          \
		KUNIT_EXPECT_EQ(test, (long)(_rc),                             \
				world_ioctl(w, IOMMU_NEXT_##_cmd##_ALLOC,      \
					    &arg, sizeof(arg)));               \
		KUNIT_EXPECT_EQ(test, objects, world_objects(w));              \
		world_expect_pages(w, NEST_PAGES);                             \
	} while (0)

static struct inx_viommu *viommu_get(struct nest *n, u32 id)
{
	struct inx_viommu *viommu = inx_viommu_get(n->w->ctx, id);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(n->w->test, viommu);
	return viommu;
}

static u32 viommu_make(struct nest *n)
{
	u32 id = 0;

	KUNIT_ASSERT_EQ(n->w->test, 0, nest_viommu(n, 0, &id));
	return id;
}

WORLD_CASE(viommu_life)
{
	struct selftest_viommu_invalidate *inv;
	u32 viommu, vdev, hwpt, id, num;
	struct nest n;

	nest_enter(w, &n);
	viommu = viommu_make(&n);
	KUNIT_EXPECT_EQ(test, 0, nest_hwpt(&n, viommu, 0, 0, true, &hwpt));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, viommu));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, n.parent));
	id = hwpt;
	KUNIT_EXPECT_EQ(test, -ENOENT, inx_device_attach(n.d.idev, &id));
	KUNIT_EXPECT_EQ(test, 0, nest_vdevice(&n, viommu, 0x99, &vdev));
	KUNIT_EXPECT_EQ(test, -EEXIST, nest_vdevice(&n, viommu, 0x99, &num));
	KUNIT_EXPECT_EQ(test, -EEXIST, nest_vdevice(&n, viommu, 0x98, &num));
	KUNIT_EXPECT_EQ(test, 0, inx_device_attach(n.d.idev, &id));
	inv = nest_data(&n);
	memset(inv, 0, 2 * sizeof(*inv));
	inv->vdev_id = 0x99;
	num = 2;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			nest_flush(&n, viommu, SELFTEST_VIOMMU_INVALIDATE,
				   sizeof(*inv), &num));
	KUNIT_EXPECT_EQ(test, 1U, num);
	inx_device_detach(n.d.idev);
	/* The virtual device goes with the device. */
	inx_device_unbind(n.d.idev);
	n.d.idev = NULL;
	KUNIT_EXPECT_EQ(test, -ENOENT, world_destroy(w, vdev));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, hwpt));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, viommu));
	nest_leave(&n);
}

WORLD_CASE(viommu_refused)
{
	struct iommu_next_viommu_alloc good = {
		.size = sizeof(good),
		.type = SELFTEST_VIOMMU_TYPE,
	};
	struct nest n;
	u32 plain;

	nest_enter(w, &n);
	good.dev_id = n.dev;
	good.hwpt_id = n.parent;
	KUNIT_ASSERT_EQ(test, 0, nest_hwpt(&n, n.d.ioas, 0, 0, false, &plain));
	REFUSED(-EOPNOTSUPP, VIOMMU, good, flags, 1);
	REFUSED(-EOPNOTSUPP, VIOMMU, good, __reserved, 1);
	REFUSED(-EOPNOTSUPP, VIOMMU, good, type,
		IOMMU_NEXT_VIOMMU_TYPE_DEFAULT);
	REFUSED(-EOPNOTSUPP, VIOMMU, good, type, 1);
	REFUSED(-ENOENT, VIOMMU, good, dev_id, NONE);
	REFUSED(-ENOENT, VIOMMU, good, dev_id, n.parent);
	REFUSED(-ENOENT, VIOMMU, good, hwpt_id, NONE);
	REFUSED(-ENOENT, VIOMMU, good, hwpt_id, n.d.ioas);
	/* Not a nesting parent. */
	REFUSED(-EINVAL, VIOMMU, good, hwpt_id, plain);
	/* Data that is too short, and that is not there. */
	good.data_uptr = nest_uptr(&n);
	REFUSED(-EINVAL, VIOMMU, good, data_len, 4);
	good.data_len = sizeof(struct selftest_viommu);
	REFUSED(-EFAULT, VIOMMU, good, data_uptr, 1);
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, plain));
	nest_leave(&n);
}

/* The device goes while its slice stays: nothing can be made with it. */
WORLD_CASE(viommu_device_gone)
{
	struct inx_object *obj;
	struct nest n;
	u32 viommu, id;

	nest_enter(w, &n);
	viommu = viommu_make(&n);
	obj = inx_object_get(w->ctx, n.dev, INX_OBJ_DEVICE);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	inx_device_unbind(n.d.idev);
	n.d.idev = NULL;
	KUNIT_EXPECT_EQ(test, -ENOENT, nest_vdevice(&n, viommu, 1, &id));
	KUNIT_EXPECT_EQ(test, -ENOENT, nest_viommu(&n, 0, &id));
	inx_object_put(obj);
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, viommu));
	nest_leave(&n);
}

static unsigned long viommu_map(struct world *w, unsigned long offset,
				unsigned long length, unsigned long prot,
				unsigned long flags)
{
	return vm_mmap(w->file, 0, length, prot, flags, offset);
}

/* A slice with two pages that start with a number of ours. */
static u32 viommu_make_mapped(struct nest *n, struct selftest_viommu *out)
{
	struct selftest_viommu *data = nest_data(n);
	u32 id;

	memset(data, 0, sizeof(*data));
	data->in_data = 0xbeef;
	KUNIT_ASSERT_EQ(n->w->test, 0, nest_viommu(n, sizeof(*data), &id));
	*out = *data;
	KUNIT_EXPECT_EQ(n->w->test, 0xbeefU, out->out_data);
	KUNIT_EXPECT_EQ(n->w->test, 2ULL * PAGE_SIZE, out->mmap_length);
	return id;
}

WORLD_CASE(viommu_mmap)
{
	const unsigned long rw = PROT_READ | PROT_WRITE;
	struct selftest_viommu a, b;
	unsigned long addr, length;
	u32 first, second, seen = 0;
	struct nest n;

	nest_enter(w, &n);
	first = viommu_make_mapped(&n, &a);
	second = viommu_make_mapped(&n, &b);
	KUNIT_EXPECT_NE(test, a.mmap_offset, b.mmap_offset);
	length = a.mmap_length;
	KUNIT_EXPECT_EQ(test, (unsigned long)-EINVAL,
			viommu_map(w, a.mmap_offset, length, rw, MAP_PRIVATE));
	KUNIT_EXPECT_EQ(test, (unsigned long)-EPERM,
			viommu_map(w, a.mmap_offset, length, rw | PROT_EXEC,
				   MAP_SHARED));
	/* Not as a whole, more than it, its second page, and nothing. */
	KUNIT_EXPECT_EQ(test, (unsigned long)-ENXIO,
			viommu_map(w, a.mmap_offset, PAGE_SIZE, rw,
				   MAP_SHARED));
	KUNIT_EXPECT_EQ(test, (unsigned long)-ENXIO,
			viommu_map(w, a.mmap_offset, length + PAGE_SIZE, rw,
				   MAP_SHARED));
	KUNIT_EXPECT_EQ(test, (unsigned long)-ENXIO,
			viommu_map(w, a.mmap_offset + PAGE_SIZE, PAGE_SIZE, rw,
				   MAP_SHARED));
	KUNIT_EXPECT_EQ(test, (unsigned long)-ENXIO,
			viommu_map(w, 0, length, rw, MAP_SHARED));
	/* What was refused is no user of it. */
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, second));
	KUNIT_EXPECT_EQ(test, (unsigned long)-ENXIO,
			viommu_map(w, b.mmap_offset, length, rw, MAP_SHARED));

	addr = viommu_map(w, a.mmap_offset, length, rw, MAP_SHARED);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));
	KUNIT_EXPECT_EQ(test, 0, get_user(seen, (u32 __user *)addr));
	KUNIT_EXPECT_EQ(test, 0xbeefU, seen);
	/* Both pages are the slice's: another mapping sees what is written. */
	KUNIT_EXPECT_EQ(test, 0, put_user(0x1234, (u32 __user *)
						  (addr + PAGE_SIZE)));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, first));
	b.mmap_offset = viommu_map(w, a.mmap_offset, length, PROT_READ,
				   MAP_SHARED);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(b.mmap_offset));
	KUNIT_EXPECT_EQ(test, 0, get_user(seen, (u32 __user *)
						(b.mmap_offset + PAGE_SIZE)));
	KUNIT_EXPECT_EQ(test, 0x1234U, seen);
	KUNIT_EXPECT_EQ(test, 0, vm_munmap(addr, length));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, first));
	/* Half of it away: what is left has two ends, and then one. */
	KUNIT_EXPECT_EQ(test, 0, vm_munmap(b.mmap_offset, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, first));
	KUNIT_EXPECT_EQ(test, 0, vm_munmap(b.mmap_offset + PAGE_SIZE,
					   PAGE_SIZE));
	flush_delayed_fput();
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, first));
	nest_leave(&n);
}

/* What a backend can offer: whole pages, once, not too many. */
WORLD_CASE(viommu_offer)
{
	struct inx_viommu *viommu;
	unsigned long bytes;
	int rc = -ENOMEM;
	struct nest n;
	u64 offset;
	u32 id;

	nest_enter(w, &n);
	id = viommu_make(&n);
	viommu = viommu_get(&n, id);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			inx_viommu_offer_mmap(viommu, 0, 0, &offset));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			inx_viommu_offer_mmap(viommu, 512, PAGE_SIZE,
					      &offset));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			inx_viommu_offer_mmap(viommu, 0, PAGE_SIZE + 512,
					      &offset));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			inx_viommu_offer_mmap(viommu, 0, PAGE_SIZE << 16,
					      &offset));
	/* Without memory for it, or for its place, there is none of it. */
	KUNIT_ASSERT_EQ(test, 0, env_faults_init());
	for (bytes = 0; rc && bytes < SZ_8K; bytes += 96) {
		KUNIT_ASSERT_EQ(test, 0, env_starve(bytes));
		rc = inx_viommu_offer_mmap(viommu, 0, PAGE_SIZE, &offset);
		env_has_starved();
		KUNIT_EXPECT_EQ(test, rc, rc ? -ENOMEM : 0);
		KUNIT_EXPECT_EQ(test, !rc, !!viommu->mmap_id);
		KUNIT_EXPECT_EQ(test, !rc, !xa_empty(&w->ctx->mmaps));
	}
	KUNIT_EXPECT_EQ(test, 0, rc);
	KUNIT_EXPECT_GT(test, bytes, 96UL);
	KUNIT_EXPECT_EQ(test, -EBUSY,
			inx_viommu_offer_mmap(viommu, 0, PAGE_SIZE, &offset));
	inx_object_put(&viommu->obj);
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, id));
	nest_leave(&n);
}

WORLD_CASE(vdevice_refused)
{
	struct nest n;
	u32 viommu, id;

	nest_enter(w, &n);
	viommu = viommu_make(&n);
	KUNIT_EXPECT_EQ(test, -ENOENT, nest_vdevice(&n, NONE, 1, &id));
	KUNIT_EXPECT_EQ(test, -ENOENT, nest_vdevice(&n, n.parent, 1, &id));
	n.dev = NONE;
	KUNIT_EXPECT_EQ(test, -ENOENT, nest_vdevice(&n, viommu, 1, &id));
	n.dev = n.d.idev->obj.id;
	KUNIT_EXPECT_EQ(test, 0, nest_vdevice(&n, viommu, ULONG_MAX, &id));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, viommu));
	/* It goes, and its number and its device are free again. */
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, id));
	KUNIT_EXPECT_EQ(test, 0, nest_vdevice(&n, viommu, ULONG_MAX, &id));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, id));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, viommu));
	nest_leave(&n);
}

static int viommu_report(struct inx_viommu *viommu, u32 event)
{
	return inx_viommu_report(viommu, SELFTEST_VEVENTQ_TYPE, &event,
				 sizeof(event));
}

#define HEADER sizeof(struct iommu_next_vevent_header)
#define EVENT (HEADER + sizeof(u32))

/* The next to be read is as expected: an event, or how many are lost. */
static void events_expect(struct nest *n, struct file *file, u32 flags,
			  u32 sequence)
{
	struct iommu_next_vevent_header *header = nest_data(n);
	long size = flags ? HEADER : EVENT;

	KUNIT_EXPECT_EQ(n->w->test, size, nest_read(n, file, EVENT));
	KUNIT_EXPECT_EQ(n->w->test, flags, header->flags);
	KUNIT_EXPECT_EQ(n->w->test, sequence, header->sequence);
}

WORLD_CASE(events_lost)
{
	const u32 lost = IOMMU_NEXT_VEVENTQ_FLAG_LOST_EVENTS;
	struct iommu_next_vevent_header *header;
	struct inx_viommu *viommu;
	struct file *file;
	u32 id, queue;
	struct nest n;
	int i, fd;

	nest_enter(w, &n);
	id = viommu_make(&n);
	viommu = viommu_get(&n, id);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, viommu_report(viommu, 7));
	KUNIT_ASSERT_EQ(test, 0, nest_eventq(&n, id, 2, &queue, &fd));
	file = nest_file(test, fd);
	/* Two fit, two are lost. */
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, 0, viommu_report(viommu, 7));
	KUNIT_EXPECT_EQ(test, (long)-EINVAL, nest_read(&n, file, HEADER));
	KUNIT_EXPECT_EQ(test, (long)-EINVAL, nest_read(&n, file, HEADER - 1));
	KUNIT_EXPECT_EQ(test, 2L * EVENT + HEADER,
			nest_read(&n, file, PAGE_SIZE));
	header = nest_data(&n);
	KUNIT_EXPECT_EQ(test, 0U, header->sequence);
	header = nest_data(&n) + 2 * EVENT;
	KUNIT_EXPECT_EQ(test, lost, header->flags);
	KUNIT_EXPECT_EQ(test, 3U, header->sequence);
	KUNIT_EXPECT_EQ(test, 0L, nest_read(&n, file, PAGE_SIZE));
	/* Without memory for one it is lost as well; the next one says so. */
	KUNIT_ASSERT_EQ(test, 0, env_faults_init());
	env_fail_nth(1);
	KUNIT_EXPECT_EQ(test, -ENOMEM, viommu_report(viommu, 7));
	KUNIT_EXPECT_TRUE(test, env_has_failed());
	events_expect(&n, file, lost, 4);
	env_fail_nth(1);
	viommu_report(viommu, 7);
	env_has_failed();
	KUNIT_EXPECT_EQ(test, 0, viommu_report(viommu, 8));
	events_expect(&n, file, 0, 6);
	env_close(file);
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, queue));
	inx_object_put(&viommu->obj);
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, id));
	nest_leave(&n);
}

/* What cannot be copied to the reader is there for the next one. */
WORLD_CASE(events_read_again)
{
	const u32 lost = IOMMU_NEXT_VEVENTQ_FLAG_LOST_EVENTS;
	struct inx_viommu *viommu;
	struct file *file;
	u32 id, queue;
	loff_t pos = 0;
	struct nest n;
	int fd;

	nest_enter(w, &n);
	id = viommu_make(&n);
	viommu = viommu_get(&n, id);
	KUNIT_ASSERT_EQ(test, 0, nest_eventq(&n, id, 1, &queue, &fd));
	file = nest_file(test, fd);
	KUNIT_EXPECT_EQ(test, 0, viommu_report(viommu, 1));
	KUNIT_EXPECT_EQ(test, 0, viommu_report(viommu, 2));
	KUNIT_EXPECT_EQ(test, (long)-EFAULT,
			file->f_op->read(file, NULL, EVENT, &pos));
	/* In the hands of a reader it still takes room. */
	KUNIT_EXPECT_EQ(test, 0, viommu_report(viommu, 3));
	events_expect(&n, file, 0, 0);
	KUNIT_EXPECT_EQ(test, (long)-EFAULT,
			file->f_op->read(file, NULL, EVENT, &pos));
	events_expect(&n, file, lost, 2);
	KUNIT_EXPECT_EQ(test, 0L, nest_read(&n, file, EVENT));
	pos = 1;
	KUNIT_EXPECT_EQ(test, (long)-ESPIPE,
			file->f_op->read(file, nest_user(&n), EVENT, &pos));
	/* Events that nobody reads go with the queue. */
	KUNIT_EXPECT_EQ(test, 0, viommu_report(viommu, 4));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, queue));
	env_close(file);
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, queue));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, viommu_report(viommu, 5));
	inx_object_put(&viommu->obj);
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, id));
	nest_leave(&n);
}

WORLD_CASE(events_refused)
{
	struct iommu_next_veventq_alloc good = {
		.size = sizeof(good),
		.type = SELFTEST_VEVENTQ_TYPE,
		.veventq_depth = 1,
	};
	struct nest n;
	u32 id, queue;
	int fd;

	nest_enter(w, &n);
	good.viommu_id = viommu_make(&n);
	id = good.viommu_id;
	KUNIT_ASSERT_EQ(test, 0, nest_eventq(&n, id, 1, &queue, &fd));
	REFUSED(-EOPNOTSUPP, VEVENTQ, good, flags, 1);
	REFUSED(-EOPNOTSUPP, VEVENTQ, good, __reserved, 1);
	REFUSED(-EOPNOTSUPP, VEVENTQ, good, type,
		IOMMU_NEXT_VEVENTQ_TYPE_DEFAULT);
	REFUSED(-EINVAL, VEVENTQ, good, veventq_depth, 0);
	REFUSED(-EINVAL, VEVENTQ, good, veventq_depth, BIT(19) + 1);
	REFUSED(-ENOENT, VEVENTQ, good, viommu_id, NONE);
	REFUSED(-ENOENT, VEVENTQ, good, viommu_id, n.parent);
	REFUSED(-EEXIST, VEVENTQ, good, veventq_depth, 2);
	env_close(nest_file(test, fd));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, queue));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, id));
	nest_leave(&n);
}

WORLD_CASE(hw_queue_life)
{
	u32 viommu, a, b, id;
	struct nest n;

	nest_enter(w, &n);
	viommu = viommu_make(&n);
	KUNIT_EXPECT_EQ(test, -EIO, nest_queue(&n, viommu, 1, IOVA, 64, &id));
	KUNIT_EXPECT_EQ(test, 0, nest_queue(&n, viommu, 0, IOVA, 64, &a));
	KUNIT_EXPECT_EQ(test, -EEXIST, nest_queue(&n, viommu, 0, IOVA, 64,
						  &id));
	KUNIT_EXPECT_EQ(test, 0, nest_queue(&n, viommu, 1, IOVA + 100, 64,
					    &b));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, a));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, viommu));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, b));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, a));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, viommu));
	nest_leave(&n);
}

WORLD_CASE(hw_queue_refused)
{
	struct iommu_next_hw_queue_alloc good = {
		.size = sizeof(good),
		.type = SELFTEST_HW_QUEUE_TYPE,
		.nesting_parent_iova = IOVA,
		.length = 64,
	};
	struct nest n;

	nest_enter(w, &n);
	good.viommu_id = viommu_make(&n);
	REFUSED(-EOPNOTSUPP, HW_QUEUE, good, flags, 1);
	REFUSED(-EOPNOTSUPP, HW_QUEUE, good, type,
		IOMMU_NEXT_HW_QUEUE_TYPE_DEFAULT);
	REFUSED(-EOPNOTSUPP, HW_QUEUE, good, type, 77);
	REFUSED(-ENOENT, HW_QUEUE, good, viommu_id, NONE);
	REFUSED(-ENOENT, HW_QUEUE, good, viommu_id, n.parent);
	REFUSED(-EINVAL, HW_QUEUE, good, length, 0);
	REFUSED(-EINVAL, HW_QUEUE, good, index, SELFTEST_HW_QUEUE_MAX);
	REFUSED(-ENOENT, HW_QUEUE, good, nesting_parent_iova, IOVA + SZ_1G);
	REFUSED(-ENOENT, HW_QUEUE, good, length, NEST_PAGES * PAGE_SIZE + 1);
	REFUSED(-ERANGE, HW_QUEUE, good, nesting_parent_iova, ULONG_MAX - 63);
	good.length = 2;
	REFUSED(-EOVERFLOW, HW_QUEUE, good, nesting_parent_iova, ~0ULL);
	/* More than there can be a list of. */
	REFUSED(-ENOMEM, HW_QUEUE, good, length, ULONG_MAX - IOVA - SZ_1M);
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, good.viommu_id));
	nest_leave(&n);
}

/* The hardware knows one address only: runs of memory are refused. */
WORLD_CASE(hw_queue_in_runs)
{
	struct nest n;
	u32 viommu, id;

	nest_enter(w, &n);
	viommu = viommu_make(&n);
	KUNIT_EXPECT_EQ(test, -EFAULT,
			nest_queue(&n, viommu, 0, IOVA, 2 * PAGE_SIZE, &id));
	world_expect_pages(w, NEST_PAGES);
	KUNIT_EXPECT_EQ(test, 0,
			nest_queue(&n, viommu, 0, IOVA, PAGE_SIZE, &id));
	/* Its memory stays mapped as long as it is there. */
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, id));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, viommu));
	nest_leave(&n);
}

static const struct world_config viommu_scattered[] = {
	{ .name = "scattered", .layout = MEM_SCATTERED },
};

KUNIT_ARRAY_PARAM(viommu_scattered, viommu_scattered, world_describe);

static struct kunit_case viommu_cases[] = {
	KUNIT_CASE(viommu_life),
	KUNIT_CASE(viommu_refused),
	KUNIT_CASE(viommu_device_gone),
	KUNIT_CASE(viommu_mmap),
	KUNIT_CASE(viommu_offer),
	KUNIT_CASE(vdevice_refused),
	KUNIT_CASE(events_lost),
	KUNIT_CASE(events_read_again),
	KUNIT_CASE(events_refused),
	KUNIT_CASE(hw_queue_life),
	KUNIT_CASE(hw_queue_refused),
	KUNIT_CASE_PARAM(hw_queue_in_runs, viommu_scattered_gen_params),
	{}
};

static struct kunit_suite viommu_suite = {
	.name = "inx_viommu",
	.test_cases = viommu_cases,
};

kunit_test_suite(viommu_suite);
