// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups that are bound as a whole: one object stands for all of their devices,
 * which leave their bus without a word to anybody.
 */
#include <linux/err.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "backend.h"
#include "device.h"
#include "group.h"
#include "world.h"

#define IOVA 0x10000000UL

/*
 * The mock's groups as those of the kernel's IOMMU API: with a list of their
 * devices, and with reserved regions of the whole.
 */
static struct mock_device *group_members[2];
static bool group_first_leaves;
static int group_reserved_rc;
static void *group_other;

static struct device *group_device(void *group, struct device *without)
{
	struct device *dev = NULL;
	unsigned int i;

	for (i = 0; !dev && i < ARRAY_SIZE(group_members); i++)
		if (group_members[i] && &group_members[i]->dev != without)
			dev = get_device(&group_members[i]->dev);
	if (group_first_leaves)
		group_members[0] = NULL;
	return dev;
}

static int group_reserved(void *group, struct inx_iova_range **ranges)
{
	if (group_reserved_rc)
		return group_reserved_rc;
	*ranges = kmalloc_array(1, sizeof(**ranges), GFP_KERNEL);
	if (!*ranges)
		return -ENOMEM;
	**ranges = (struct inx_iova_range){ SZ_1G, SZ_2G - 1 };
	return 1;
}

static void *group_get(struct device *dev)
{
	return group_other ?: mock_backend.group_get(dev);
}

static void group_put(void *group)
{
	if (group != group_other)
		mock_backend.group_put(group);
}

static int group_claim(void *group, void *owner)
{
	return -EPERM;
}

struct groups {
	struct world *w;
	struct inx_backend_ops ops;
	u32 ioas;
	int owner;
};

static void groups_enter(struct world *w, struct groups *g)
{
	struct iommu_next_mock_device_alloc how = {};
	struct kunit *test = w->test;
	unsigned int i;

	memset(g, 0, sizeof(*g));
	g->w = w;
	g->ops = mock_backend;
	g->ops.group_device = group_device;
	g->ops.group_reserved = group_reserved;
	g->ops.group_get = group_get;
	g->ops.group_put = group_put;
	/* Whoever binds a group as a whole has claimed it himself. */
	g->ops.claim = group_claim;
	group_other = NULL;
	group_first_leaves = false;
	group_reserved_rc = 0;
	world_open(w);
	g->ioas = world_ioas_alloc(w);
	KUNIT_ASSERT_EQ(test, 0, world_ioas_map(w, g->ioas, 0, SZ_64K, IOVA));
	for (i = 0; i < 2; i++) {
		group_members[i] = mock_device_create(&how, w->iommu);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, group_members[i]);
		group_members[i]->dev.bus = &platform_bus_type;
	}
	KUNIT_ASSERT_EQ(test, 0, mock_backend.claim(w->iommu, &g->owner));
}

static void groups_leave(struct groups *g)
{
	unsigned int i;

	mock_backend.release(g->w->iommu);
	KUNIT_EXPECT_EQ(g->w->test, 0, world_destroy(g->w, g->ioas));
	for (i = 0; i < 2; i++) {
		group_members[i]->dev.bus = NULL;
		mock_device_destroy(group_members[i]);
		group_members[i] = NULL;
	}
	rcu_barrier();
}

static struct inx_device *groups_bind(struct groups *g)
{
	return inx_device_bind_group(g->w->ctx, &g->ops, g->w->iommu);
}

static void leave_bus(struct inx_device *idev, struct device *dev)
{
	idev->left_bus.notifier_call(&idev->left_bus, BUS_NOTIFY_DEL_DEVICE,
				     dev);
}

WORLD_CASE(group_whole)
{
	struct inx_device *idev;
	struct groups g;
	u32 id;

	groups_enter(w, &g);
	idev = groups_bind(&g);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, idev);
	KUNIT_EXPECT_TRUE(test, idev->group->foreign);
	/* One object for all of them, and one only. */
	KUNIT_EXPECT_EQ(test, -EBUSY, (int)PTR_ERR(groups_bind(&g)));
	KUNIT_EXPECT_EQ(test, 2U, world_objects(w));
	id = g.ioas;
	KUNIT_EXPECT_EQ(test, 0, inx_device_attach(idev, &id));
	world_expect_pages(w, 16);
	/* What the group reserves, not the one device. */
	KUNIT_EXPECT_EQ(test, -EINVAL, world_ioas_map(w, g.ioas, 0, PAGE_SIZE,
						      SZ_1G));
	KUNIT_EXPECT_EQ(test, 0, world_ioas_map(w, g.ioas, 0, PAGE_SIZE,
						SZ_2G));
	inx_device_unbind(idev);
	world_expect_pages(w, 0);
	/* It is its owner's as before. */
	KUNIT_EXPECT_PTR_EQ(test, (void *)&g.owner, w->iommu->owner);
	groups_leave(&g);
}

/* The device that stands for it leaves: another one does, as long as there is. */
WORLD_CASE(group_devices_leave)
{
	struct mock_device *first, *second;
	struct inx_device *idev;
	struct groups g;
	u32 id;

	groups_enter(w, &g);
	first = group_members[0];
	second = group_members[1];
	idev = groups_bind(&g);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, idev);
	KUNIT_EXPECT_PTR_EQ(test, &first->dev, idev->dev);
	/* Some other one, and something else that happens to it. */
	leave_bus(idev, &second->dev);
	KUNIT_EXPECT_PTR_EQ(test, &first->dev, idev->dev);
	KUNIT_EXPECT_EQ(test, NOTIFY_DONE,
			idev->left_bus.notifier_call(&idev->left_bus,
						     BUS_NOTIFY_ADD_DEVICE,
						     &first->dev));
	KUNIT_EXPECT_PTR_EQ(test, &first->dev, idev->dev);
	group_members[0] = NULL;
	leave_bus(idev, &first->dev);
	KUNIT_EXPECT_PTR_EQ(test, &second->dev, idev->dev);
	KUNIT_EXPECT_FALSE(test, idev->gone);
	id = g.ioas;
	KUNIT_EXPECT_EQ(test, 0, inx_device_attach(idev, &id));
	world_expect_pages(w, 16);
	/* It is no member of that bus who is left. */
	group_members[0] = first;
	first->dev.bus = NULL;
	leave_bus(idev, &second->dev);
	KUNIT_EXPECT_TRUE(test, idev->gone);
	KUNIT_EXPECT_EQ(test, -ENODEV, inx_device_attach(idev, &id));
	inx_device_unbind(idev);
	world_expect_pages(w, 0);
	groups_leave(&g);
}

/* It has left when the bus began to be watched, or is just leaving. */
WORLD_CASE(group_device_leaves_early)
{
	struct mock_device *first, *second;
	struct inx_device *idev;
	struct groups g;

	groups_enter(w, &g);
	first = group_members[0];
	second = group_members[1];
	group_first_leaves = true;
	idev = groups_bind(&g);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, idev);
	KUNIT_EXPECT_PTR_EQ(test, &second->dev, idev->dev);
	inx_device_unbind(idev);
	/* It was the only one. */
	group_members[0] = first;
	group_members[1] = NULL;
	KUNIT_EXPECT_EQ(test, -ENODEV, (int)PTR_ERR(groups_bind(&g)));
	KUNIT_EXPECT_EQ(test, 1U, world_objects(w));
	group_first_leaves = false;
	group_members[0] = first;
	group_members[1] = second;
	idev = groups_bind(&g);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, idev);
	KUNIT_EXPECT_PTR_EQ(test, &first->dev, idev->dev);
	idev->left_bus.notifier_call(&idev->left_bus, BUS_NOTIFY_REMOVED_DEVICE,
				     &first->dev);
	KUNIT_EXPECT_PTR_EQ(test, &second->dev, idev->dev);
	inx_device_unbind(idev);
	groups_leave(&g);
}

WORLD_CASE(group_refused)
{
	struct mock_device *members[2];
	struct inx_device *idev;
	unsigned long bytes;
	struct groups g;
	int other;
	u32 id;

	groups_enter(w, &g);
	memcpy(members, group_members, sizeof(members));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			(int)PTR_ERR(inx_device_bind_group(w->ctx,
							   &mock_backend,
							   w->iommu)));
	/* Without a device; with one that is not safe to give away. */
	memset(group_members, 0, sizeof(group_members));
	KUNIT_EXPECT_EQ(test, -ENODEV, (int)PTR_ERR(groups_bind(&g)));
	memcpy(group_members, members, sizeof(members));
	w->iommu->flags = IOMMU_NEXT_MOCK_UNSAFE_MSI;
	KUNIT_EXPECT_EQ(test, -EPERM, (int)PTR_ERR(groups_bind(&g)));
	w->iommu->flags = IOMMU_NEXT_MOCK_NOT_COHERENT;
	KUNIT_EXPECT_EQ(test, -EINVAL, (int)PTR_ERR(groups_bind(&g)));
	w->iommu->flags = 0;
	/* With one that is in another group by now. */
	group_other = &other;
	KUNIT_EXPECT_EQ(test, -ENODEV, (int)PTR_ERR(groups_bind(&g)));
	group_other = NULL;
	KUNIT_EXPECT_EQ(test, 1U, world_objects(w));

	KUNIT_ASSERT_EQ(test, 0, env_faults_init());
	idev = ERR_PTR(-ENOMEM);
	for (bytes = 0; IS_ERR(idev) && bytes < SZ_16K; bytes += 64) {
		KUNIT_ASSERT_EQ(test, 0, env_starve(bytes));
		idev = groups_bind(&g);
		env_has_starved();
		if (!IS_ERR(idev))
			break;
		KUNIT_EXPECT_EQ(test, -ENOMEM, (int)PTR_ERR(idev));
		KUNIT_EXPECT_EQ(test, 1U, world_objects(w));
	}
	KUNIT_EXPECT_GT(test, bytes, sizeof(*idev));
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, idev);
	/* Its reserved regions cannot be told: it stays as it is. */
	group_reserved_rc = -EIO;
	id = g.ioas;
	KUNIT_EXPECT_EQ(test, -EIO, inx_device_attach(idev, &id));
	world_expect_pages(w, 0);
	inx_device_unbind(idev);
	groups_leave(&g);
}

static struct kunit_case group_cases[] = {
	KUNIT_CASE(group_whole),
	KUNIT_CASE(group_devices_leave),
	KUNIT_CASE(group_device_leaves_early),
	KUNIT_CASE(group_refused),
	{}
};

static struct kunit_suite group_suite = {
	.name = "inx_group",
	.test_cases = group_cases,
};

kunit_test_suite(group_suite);
