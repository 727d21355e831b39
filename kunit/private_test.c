// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ioctl numbers and objects that a driver adds: what can be registered, who
 * answers, and how objects begin and end.
 */
#include <linux/err.h>
#include <linux/iommu_next.h>
#include <linux/module.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "device.h"
#include "private.h"
#include "world.h"

static struct inx_ctx *private_ctx;

static long private_fn(struct inx_ctx *ctx, unsigned int cmd, unsigned long arg)
{
	private_ctx = ctx;
	return _IOC_NR(cmd) + 1000;
}

static struct iommu_next_ioctls private_ioctls(unsigned int first,
					       unsigned int count)
{
	return (struct iommu_next_ioctls){
		.owner = THIS_MODULE, .first = first, .count = count,
		.fn = private_fn,
	};
}

static void private_numbers(struct kunit *test)
{
	static const struct {
		unsigned int first, count;
		int rc;
	} tries[] = {
		{ _IO('x', 0), 0, -EINVAL },
		{ _IO('x', 0), 1, 0 },
		{ _IO('x', 0), 256, 0 },
		{ _IO('x', 0), 257, -EINVAL },
		{ _IO('x', 255), 1, 0 },
		{ _IO('x', 255), 2, -EINVAL },
		{ _IO('x', 1), UINT_MAX, -EINVAL },
		{ _IO(IOMMU_NEXT_TYPE, 0), 1, -EINVAL },
		{ _IO(IOMMU_NEXT_TYPE, 0x80), 1, -EINVAL },
		{ _IO(IOMMU_NEXT_TYPE, 0x9f), 1, -EINVAL },
		{ _IO(IOMMU_NEXT_TYPE, 0x9f), 2, -EINVAL },
		{ _IO(IOMMU_NEXT_TYPE, 0xa0), 1, 0 },
		{ _IO(IOMMU_NEXT_TYPE, 0xff), 1, 0 },
		{ _IOWR(IOMMU_NEXT_TYPE, 0x10, u64), 1, -EINVAL },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		struct iommu_next_ioctls ioctls =
			private_ioctls(tries[i].first, tries[i].count);
		int rc = iommu_next_ioctls_register(&ioctls);

		KUNIT_EXPECT_EQ_MSG(test, tries[i].rc, rc, "%u", i);
		if (!rc)
			iommu_next_ioctls_unregister(&ioctls);
	}
}

/* Who is first has a number; who has nothing of it gets along. */
static void private_overlaps(struct kunit *test)
{
	static const struct {
		unsigned int first, count;
		int rc;
	} tries[] = {
		{ _IO('x', 10), 10, -EBUSY },
		{ _IO('x', 0), 11, -EBUSY },
		{ _IO('x', 0), 256, -EBUSY },
		{ _IO('x', 19), 1, -EBUSY },
		{ _IO('x', 15), 50, -EBUSY },
		{ _IO('x', 0), 10, 0 },
		{ _IO('x', 20), 5, 0 },
		{ _IO('y', 10), 10, 0 },
		{ _IOR('x', 10, u32), 10, 0 },
	};
	struct iommu_next_ioctls first = private_ioctls(_IO('x', 10), 10);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, iommu_next_ioctls_register(&first));
	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		struct iommu_next_ioctls ioctls =
			private_ioctls(tries[i].first, tries[i].count);
		int rc = iommu_next_ioctls_register(&ioctls);

		KUNIT_EXPECT_EQ_MSG(test, tries[i].rc, rc, "%u", i);
		if (!rc)
			iommu_next_ioctls_unregister(&ioctls);
	}
	iommu_next_ioctls_unregister(&first);
}

/* Through the door, with what the answer was; not before and not after. */
WORLD_CASE(private_answers)
{
	struct iommu_next_ioctls a = private_ioctls(_IO('x', 10), 3);
	struct iommu_next_ioctls b = private_ioctls(_IO('x', 13), 1);
	unsigned int nr;
	u32 arg = 0;

	world_open(w);
	KUNIT_EXPECT_EQ(test, -ENOTTY,
			(int)world_ioctl(w, _IO('x', 10), &arg, sizeof(arg)));
	KUNIT_ASSERT_EQ(test, 0, iommu_next_ioctls_register(&a));
	KUNIT_ASSERT_EQ(test, 0, iommu_next_ioctls_register(&b));
	for (nr = 10; nr < 14; nr++) {
		private_ctx = NULL;
		KUNIT_EXPECT_EQ(test, nr + 1000,
				(unsigned int)world_ioctl(w, _IO('x', nr), &arg,
							  sizeof(arg)));
		KUNIT_EXPECT_PTR_EQ(test, w->ctx, private_ctx);
	}
	KUNIT_EXPECT_EQ(test, -ENOTTY,
			(int)world_ioctl(w, _IO('x', 9), &arg, sizeof(arg)));
	KUNIT_EXPECT_EQ(test, -ENOTTY,
			(int)world_ioctl(w, _IO('x', 14), &arg, sizeof(arg)));
	iommu_next_ioctls_unregister(&a);
	KUNIT_EXPECT_EQ(test, -ENOTTY,
			(int)world_ioctl(w, _IO('x', 10), &arg, sizeof(arg)));
	KUNIT_EXPECT_EQ(test, 1013,
			(int)world_ioctl(w, _IO('x', 13), &arg, sizeof(arg)));
	iommu_next_ioctls_unregister(&b);
}

/* What an object stands for: counted, and perhaps a device. */
struct thing {
	unsigned int destroyed;
	unsigned int freed;
	struct inx_device *idev;
};

static void thing_destroy(void *priv)
{
	struct thing *thing = priv;

	thing->destroyed++;
	if (thing->idev)
		iommu_next_device_unbind(thing->idev);
	thing->idev = NULL;
}

static void thing_free(void *priv)
{
	((struct thing *)priv)->freed++;
}

static const struct iommu_next_private_ops thing_ops = {
	.owner = THIS_MODULE,
	.destroy = thing_destroy,
	.free = thing_free,
};

static const struct iommu_next_private_ops other_ops = {
	.owner = THIS_MODULE,
	.destroy = thing_destroy,
	.free = thing_free,
};

static struct inx_private *thing_make(struct world *w, struct thing *thing)
{
	struct inx_private *object;

	object = iommu_next_private_create(w->ctx, &thing_ops, thing);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(w->test, object);
	return object;
}

static void thing_expect(struct world *w, const struct thing *thing,
			 unsigned int destroyed, unsigned int freed)
{
	KUNIT_EXPECT_EQ(w->test, destroyed, thing->destroyed);
	KUNIT_EXPECT_EQ(w->test, freed, thing->freed);
}

WORLD_CASE(private_object_life)
{
	struct inx_private *object, *found;
	struct thing thing = {};
	u32 id;

	world_open(w);
	object = thing_make(w, &thing);
	id = iommu_next_private_id(object);
	KUNIT_EXPECT_NE(test, 0U, id);
	/* Nobody can find it, or take it away. */
	KUNIT_EXPECT_EQ(test, -ENOENT,
			(int)PTR_ERR(iommu_next_private_get(w->ctx, id,
							    &thing_ops)));
	KUNIT_EXPECT_EQ(test, -ENOENT, world_destroy(w, id));
	iommu_next_private_publish(object);

	found = iommu_next_private_get(w->ctx, id, &thing_ops);
	KUNIT_ASSERT_PTR_EQ(test, object, found);
	KUNIT_EXPECT_PTR_EQ(test, (void *)&thing,
			    iommu_next_private_priv(found));
	/* Of another kind it is none. */
	KUNIT_EXPECT_EQ(test, -ENOENT,
			(int)PTR_ERR(iommu_next_private_get(w->ctx, id,
							    &other_ops)));
	/* Who has it keeps it from being freed, not from being destroyed. */
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, id));
	thing_expect(w, &thing, 1, 0);
	KUNIT_EXPECT_EQ(test, -ENOENT,
			(int)PTR_ERR(iommu_next_private_get(w->ctx, id,
							    &thing_ops)));
	iommu_next_private_put(found);
	thing_expect(w, &thing, 1, 1);
	KUNIT_EXPECT_EQ(test, -ENOENT, world_destroy(w, id));
	rcu_barrier();
}

WORLD_CASE(private_object_aborted)
{
	struct inx_private *object;
	struct thing thing = {};
	u32 ioas;

	world_open(w);
	object = thing_make(w, &thing);
	ioas = world_ioas_alloc(w);
	KUNIT_EXPECT_NE(test, iommu_next_private_id(object), ioas);
	KUNIT_EXPECT_EQ(test, -ENOENT,
			(int)PTR_ERR(iommu_next_private_get(w->ctx, ioas,
							    &thing_ops)));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, ioas));
	iommu_next_private_abort(object);
	thing_expect(w, &thing, 1, 1);
	rcu_barrier();
}

/* Without memory its operations have not been called. */
WORLD_CASE(private_object_without_memory)
{
	struct inx_private *object;
	struct thing thing = {};
	unsigned int nth;

	KUNIT_ASSERT_EQ(test, 0, env_faults_init());
	world_open(w);
	for (nth = 1; nth < 10; nth++) {
		env_fail_nth(nth);
		object = iommu_next_private_create(w->ctx, &thing_ops, &thing);
		if (!env_has_failed() || !IS_ERR(object))
			break;
		KUNIT_EXPECT_EQ(test, -ENOMEM, (int)PTR_ERR(object));
		thing_expect(w, &thing, 0, 0);
	}
	KUNIT_EXPECT_GT(test, nth, 1U);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, object);
	iommu_next_private_abort(object);
	thing_expect(w, &thing, 1, 1);
	rcu_barrier();
}

/* A device of an object goes with it, and does not keep the file open. */
WORLD_CASE(private_object_with_device)
{
	struct iommu_next_mock_device_alloc arg = {};
	struct mock_device *mock = mock_device_create(&arg, w->iommu);
	struct thing thing = {};
	struct inx_private *object;
	struct inx_device *idev;
	u32 ioas, id, pt;
	long count;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, mock);
	world_open(w);
	ioas = world_ioas_alloc(w);
	count = file_count(w->file);
	object = thing_make(w, &thing);
	/* No IOMMU of the kernel's serves it. */
	KUNIT_EXPECT_EQ(test, -ENODEV,
			(int)PTR_ERR(iommu_next_private_bind(object, &mock->dev,
							     NULL)));
	idev = iommu_next_private_bind(object, &mock->dev, &mock_backend);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, idev);
	thing.idev = idev;
	KUNIT_EXPECT_EQ(test, count, (long)file_count(w->file));
	id = iommu_next_device_id(idev);
	pt = ioas;
	KUNIT_EXPECT_EQ(test, 0, iommu_next_device_attach(idev, &pt));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, ioas));
	KUNIT_EXPECT_EQ(test, -EBUSY, world_destroy(w, id));
	iommu_next_private_publish(object);
	KUNIT_EXPECT_EQ(test, 0,
			world_destroy(w, iommu_next_private_id(object)));
	thing_expect(w, &thing, 1, 1);
	KUNIT_EXPECT_EQ(test, -ENOENT, world_destroy(w, id));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, ioas));
	mock_device_destroy(mock);
	rcu_barrier();
}

/* The file is closed: everything of it goes, in whatever order it was made. */
WORLD_CASE(private_object_at_close)
{
	struct iommu_next_mock_device_alloc arg = {};
	struct mock_device *mock = mock_device_create(&arg, w->iommu);
	struct thing things[3] = {};
	unsigned int i;
	u32 pt = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, mock);
	world_open(w);
	for (i = 0; i < 3; i++) {
		struct inx_private *object = thing_make(w, &things[i]);

		if (i == 1) {
			pt = world_ioas_alloc(w);
			things[i].idev = iommu_next_private_bind(object,
								 &mock->dev,
								 &mock_backend);
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, things[i].idev);
			KUNIT_EXPECT_EQ(test, 0,
					iommu_next_device_attach(things[i].idev,
								 &pt));
		}
		iommu_next_private_publish(object);
	}
	env_close(w->file);
	w->file = NULL;
	for (i = 0; i < 3; i++)
		thing_expect(w, &things[i], 1, 1);
	mock_device_destroy(mock);
	rcu_barrier();
}

static struct kunit_case private_cases[] = {
	KUNIT_CASE(private_numbers),
	KUNIT_CASE(private_overlaps),
	KUNIT_CASE(private_answers),
	KUNIT_CASE(private_object_life),
	KUNIT_CASE(private_object_aborted),
	KUNIT_CASE(private_object_without_memory),
	KUNIT_CASE(private_object_with_device),
	KUNIT_CASE(private_object_at_close),
	{}
};

static struct kunit_suite private_suite = {
	.name = "inx_private",
	.test_cases = private_cases,
};

kunit_test_suite(private_suite);
