// SPDX-License-Identifier: GPL-2.0-only
/* IDs and lifetimes. */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/slab.h>

#include "object.h"
#include "world.h"

struct thing {
	struct inx_object obj;
	struct thing *uses;
};

static struct things {
	unsigned int shut;
	unsigned int freed;
	u32 last_freed;
} things;

static void thing_shut(struct inx_object *obj)
{
	struct thing *thing = container_of(obj, struct thing, obj);

	things.shut++;
	if (thing->uses)
		inx_object_unclaim(&thing->uses->obj);
}

static void thing_free(struct inx_object *obj)
{
	struct thing *thing = container_of(obj, struct thing, obj);

	things.freed++;
	things.last_freed = obj->id;
	if (thing->uses)
		inx_object_put(&thing->uses->obj);
	inx_object_free(obj);
}

static const struct inx_object_ops thing_ops = {
	.shut = thing_shut,
	.free = thing_free,
};

static void simple_free(struct inx_object *obj)
{
	things.freed++;
	inx_object_free(obj);
}

static const struct inx_object_ops simple_ops = {
	.free = simple_free,
};

static int object_init(struct kunit *test)
{
	struct inx_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	if (!ctx)
		return -ENOMEM;
	inx_ctx_init(ctx, NULL);
	memset(&things, 0, sizeof(things));
	test->priv = ctx;
	return 0;
}

static void object_exit(struct kunit *test)
{
	inx_ctx_destroy(test->priv);
	rcu_barrier();
}

static struct thing *thing_make(struct kunit *test, struct thing *uses)
{
	struct thing *thing = inx_object_alloc(test->priv, sizeof(*thing),
					       INX_OBJ_IOAS, &thing_ops);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thing);
	if (uses)
		KUNIT_ASSERT_EQ(test, 0, inx_object_use(&uses->obj));
	thing->uses = uses;
	return thing;
}

static struct thing *thing_publish(struct kunit *test, struct thing *uses)
{
	struct thing *thing = thing_make(test, uses);

	inx_object_publish(&thing->obj);
	return thing;
}

static int object_find(struct kunit *test, u32 id, enum inx_object_type type)
{
	struct inx_object *obj = inx_object_get(test->priv, id, type);

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	inx_object_put(obj);
	return 0;
}

static void object_publish(struct kunit *test)
{
	struct thing *thing;
	u32 id;

	KUNIT_EXPECT_TRUE(test, inx_ctx_is_empty(test->priv));
	thing = thing_make(test, NULL);
	id = thing->obj.id;
	KUNIT_EXPECT_NE(test, 0U, id);
	/* Reserved: not to be found, but not nothing. */
	KUNIT_EXPECT_FALSE(test, inx_ctx_is_empty(test->priv));
	KUNIT_EXPECT_EQ(test, -ENOENT, object_find(test, id, INX_OBJ_ANY));
	KUNIT_EXPECT_EQ(test, -ENOENT, inx_object_destroy_id(test->priv, id));

	inx_object_publish(&thing->obj);
	KUNIT_EXPECT_EQ(test, 0, object_find(test, id, INX_OBJ_ANY));
	KUNIT_EXPECT_EQ(test, 0, object_find(test, id, INX_OBJ_IOAS));
	KUNIT_EXPECT_EQ(test, -ENOENT, object_find(test, id, INX_OBJ_HWPT));
	KUNIT_EXPECT_EQ(test, -ENOENT, object_find(test, id + 1, INX_OBJ_ANY));
	KUNIT_EXPECT_EQ(test, -ENOENT, object_find(test, 0, INX_OBJ_ANY));
	KUNIT_EXPECT_EQ(test, -ENOENT, object_find(test, U32_MAX, INX_OBJ_ANY));
	KUNIT_EXPECT_EQ(test, 0U, things.freed);

	KUNIT_EXPECT_EQ(test, 0, inx_object_destroy_id(test->priv, id));
	KUNIT_EXPECT_EQ(test, 1U, things.shut);
	KUNIT_EXPECT_EQ(test, 1U, things.freed);
	KUNIT_EXPECT_EQ(test, -ENOENT, inx_object_destroy_id(test->priv, id));
	KUNIT_EXPECT_TRUE(test, inx_ctx_is_empty(test->priv));
}

static void object_abort(struct kunit *test)
{
	struct thing *base = thing_publish(test, NULL);
	struct thing *thing = thing_make(test, base);

	inx_object_abort(&thing->obj);
	KUNIT_EXPECT_EQ(test, 1U, things.shut);
	KUNIT_EXPECT_EQ(test, 1U, things.freed);
	KUNIT_EXPECT_EQ(test, 1U, refcount_read(&base->obj.users));
	KUNIT_EXPECT_EQ(test, 1U, refcount_read(&base->obj.refs));
}

static void object_users(struct kunit *test)
{
	struct thing *thing = thing_publish(test, NULL);
	struct inx_object *obj;
	u32 id = thing->obj.id;

	obj = inx_object_get(test->priv, id, INX_OBJ_IOAS);
	KUNIT_ASSERT_PTR_EQ(test, obj, &thing->obj);
	KUNIT_EXPECT_EQ(test, 0, inx_object_use(obj));
	KUNIT_EXPECT_EQ(test, -EBUSY, inx_object_destroy_id(test->priv, id));
	KUNIT_EXPECT_EQ(test, 0, object_find(test, id, INX_OBJ_ANY));
	inx_object_unuse(obj);

	/* A reference alone keeps nobody from destroying. */
	KUNIT_EXPECT_EQ(test, 0, inx_object_destroy_id(test->priv, id));
	KUNIT_EXPECT_EQ(test, 1U, things.shut);
	KUNIT_EXPECT_EQ(test, 0U, things.freed);
	KUNIT_EXPECT_EQ(test, -ENOENT, inx_object_use(obj));
	KUNIT_EXPECT_EQ(test, -ENOENT, inx_object_remove(obj));
	KUNIT_EXPECT_EQ(test, -ENOENT, object_find(test, id, INX_OBJ_ANY));
	inx_object_put(obj);
	KUNIT_EXPECT_EQ(test, 1U, things.freed);
}

/* Without users any more, but with a reference left from having been one. */
static void object_unclaim(struct kunit *test)
{
	struct thing *thing = thing_publish(test, NULL);

	KUNIT_EXPECT_EQ(test, 0, inx_object_use(&thing->obj));
	KUNIT_EXPECT_EQ(test, -EBUSY, inx_object_remove(&thing->obj));
	inx_object_unclaim(&thing->obj);
	KUNIT_EXPECT_EQ(test, 0, inx_object_remove(&thing->obj));
	KUNIT_EXPECT_EQ(test, 0U, things.freed);
	inx_object_put(&thing->obj);
	KUNIT_EXPECT_EQ(test, 1U, things.freed);
}

/* A context goes with everything, users before what they use. */
static void object_ctx_destroy(struct kunit *test)
{
	struct thing *a, *b, *c, *d;
	struct inx_ctx *ctx = test->priv;

	a = thing_publish(test, NULL);
	b = thing_publish(test, a);
	c = thing_publish(test, b);
	d = thing_publish(test, a);
	KUNIT_EXPECT_EQ(test, -EBUSY, inx_object_remove(&a->obj));
	KUNIT_EXPECT_EQ(test, -EBUSY, inx_object_remove(&b->obj));
	KUNIT_EXPECT_EQ(test, 1U, refcount_read(&c->obj.users));
	KUNIT_EXPECT_EQ(test, 1U, refcount_read(&d->obj.users));
	inx_ctx_destroy(ctx);
	KUNIT_EXPECT_EQ(test, 4U, things.freed);
	KUNIT_EXPECT_EQ(test, 1U, things.last_freed);
	/* For the fixture's exit. */
	memset(ctx, 0, sizeof(*ctx));
	inx_ctx_init(ctx, NULL);
}

static void object_many(struct kunit *test)
{
	struct inx_object *obj;
	u32 i;

	for (i = 1; i <= 1000; i++) {
		obj = inx_object_alloc(test->priv, sizeof(*obj), INX_OBJ_HWPT,
				       &simple_ops);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
		KUNIT_EXPECT_EQ(test, i, obj->id);
		inx_object_publish(obj);
	}
	for (i = 1; i <= 1000; i += 2)
		KUNIT_EXPECT_EQ(test, 0, inx_object_destroy_id(test->priv, i));
	KUNIT_EXPECT_EQ(test, 500U, things.freed);
	for (i = 1; i <= 1000; i++)
		KUNIT_EXPECT_EQ(test, i % 2 ? -ENOENT : 0,
				object_find(test, i, INX_OBJ_HWPT));
}

/*
 * What fails for want of memory leaves no trace: where the table of IDs has
 * three levels, one of them may be left without anything below it.
 */
WORLD_CASE(object_empty_after_failure)
{
	struct inx_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	struct inx_object *obj;
	unsigned int failures = 0;
	bool starved = true;
	u32 id;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	KUNIT_ASSERT_EQ(test, 0, env_faults_init());
	inx_ctx_init(ctx, NULL);
	for (id = 1; id < 4096; id++) {
		obj = inx_object_alloc(ctx, sizeof(*obj), INX_OBJ_HWPT,
				       &simple_ops);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
		inx_object_publish(obj);
	}
	while (starved) {
		/* Enough for the object and a node, but for no second one. */
		KUNIT_ASSERT_EQ(test, 0, env_starve(1024));
		obj = inx_object_alloc(ctx, sizeof(*obj), INX_OBJ_HWPT,
				       &simple_ops);
		starved = env_has_starved();
		if (!IS_ERR(obj))
			break;
		KUNIT_ASSERT_EQ(test, -ENOMEM, (int)PTR_ERR(obj));
		failures++;
		/* A second failure hangs a node below the first one's. */
		if (failures == 1)
			continue;
		/* Down to nothing, and up to where three levels are needed. */
		for (id = 1; id < 4096; id++)
			KUNIT_ASSERT_EQ(test, 0, inx_object_destroy_id(ctx, id));
		KUNIT_EXPECT_TRUE(test, inx_ctx_is_empty(ctx));
		for (id = 1; id < 4096; id++) {
			obj = inx_object_alloc(ctx, sizeof(*obj), INX_OBJ_HWPT,
					       &simple_ops);
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
			inx_object_publish(obj);
		}
	}
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, 4096U, obj->id);
	KUNIT_EXPECT_GT(test, failures, 0U);
	inx_object_publish(obj);
	inx_ctx_destroy(ctx);
	rcu_barrier();
}

struct object_race {
	struct inx_ctx *ctx;
	u32 id;
	unsigned long found;
	unsigned long missed;
};

static int object_race_thread(void *arg)
{
	struct object_race *race = arg;

	while (!kthread_should_stop()) {
		struct inx_object *obj = inx_object_get(race->ctx, race->id,
							INX_OBJ_IOAS);

		if (IS_ERR(obj)) {
			race->missed++;
		} else {
			race->found++;
			if (!inx_object_use(obj)) {
				cond_resched();
				inx_object_unuse(obj);
			}
			inx_object_put(obj);
		}
		schedule_timeout_uninterruptible(race->found % 8 == 0);
	}
	return 0;
}

/* One thread looks an object up, another takes it away and makes a new one. */
static void object_race(struct kunit *test)
{
	struct object_race race = { .ctx = test->priv, .id = 1 };
	struct task_struct *task;
	unsigned int i, busy = 0;

	task = kthread_run(object_race_thread, &race, "inx-object-race");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	for (i = 0; i < 300; i++) {
		thing_publish(test, NULL);
		schedule_timeout_uninterruptible(i % 4 == 0);
		while (inx_object_destroy_id(test->priv, 1) == -EBUSY) {
			busy++;
			schedule_timeout_uninterruptible(1);
		}
	}
	kthread_stop(task);
	KUNIT_EXPECT_EQ(test, 300U, things.freed);
	KUNIT_EXPECT_EQ(test, 300U, things.shut);
	kunit_info(test, "found %lu, not found %lu, busy %u\n", race.found,
		   race.missed, busy);
}

static struct kunit_case object_cases[] = {
	KUNIT_CASE(object_publish),
	KUNIT_CASE(object_abort),
	KUNIT_CASE(object_users),
	KUNIT_CASE(object_unclaim),
	KUNIT_CASE(object_ctx_destroy),
	KUNIT_CASE(object_many),
	KUNIT_CASE(object_empty_after_failure),
	KUNIT_CASE(object_race),
	{}
};

static struct kunit_suite object_suite = {
	.name = "inx_object",
	.init = object_init,
	.exit = object_exit,
	.test_cases = object_cases,
};

kunit_test_suite(object_suite);
