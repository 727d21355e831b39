// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts as drivers have them: without a node, handed to a process, and offered
 * to the containers of those who have the file open.
 */
#include <linux/err.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/iommu_next.h>

#include "world.h"

static void ctx_close(int fd)
{
	close_fd(fd);
	flush_delayed_fput();
}

/* It is a file of /dev/iommu-next in all but how it came to be. */
WORLD_CASE(ctx_of_a_driver)
{
	struct inx_ctx *ctx = iommu_next_ctx_create(false);
	struct inx_ctx *other = iommu_next_ctx_create(true);
	struct file *node;
	int fd;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	KUNIT_EXPECT_EQ(test, INX_ACCOUNT_USER, (int)ctx->account.mode);
	KUNIT_EXPECT_EQ(test, INX_ACCOUNT_MM, (int)other->account.mode);
	KUNIT_EXPECT_NE(test, ctx->serial, other->serial);
	fd = iommu_next_ctx_getfd(ctx);
	KUNIT_ASSERT_GE(test, fd, 0);
	KUNIT_EXPECT_PTR_EQ(test, ctx, iommu_next_ctx_from_fd(fd));
	iommu_next_ctx_put(ctx);
	iommu_next_ctx_put(ctx);
	/* What it is now, it is by its descriptor alone. */
	world_open(w);
	node = w->file;
	w->file = fget(fd);
	w->ctx = w->file->private_data;
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, world_ioas_alloc(w)));
	fput(w->file);
	w->file = node;
	w->ctx = node->private_data;
	ctx_close(fd);
	KUNIT_EXPECT_EQ(test, -EBADF, (int)PTR_ERR(iommu_next_ctx_from_fd(fd)));
	iommu_next_ctx_put(other);
	flush_delayed_fput();
	rcu_barrier();
}

WORLD_CASE(ctx_offered)
{
	struct inx_ctx *ctx = iommu_next_ctx_create(false);
	u32 ioas, found = 0;
	int fd;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx);
	world_open(w);
	KUNIT_EXPECT_NULL(test, iommu_next_ctx_offered(&found));
	fd = get_unused_fd_flags(O_CLOEXEC);
	KUNIT_ASSERT_GE(test, fd, 0);
	fd_install(fd, get_file(w->file));
	/* Its file is open, but nothing of it is offered. */
	KUNIT_EXPECT_NULL(test, iommu_next_ctx_offered(&found));
	KUNIT_EXPECT_EQ(test, -ENOENT, iommu_next_ctx_offer(w->ctx, 4711));
	ioas = world_ioas_alloc(w);
	KUNIT_EXPECT_EQ(test, 0, iommu_next_ctx_offer(w->ctx, ioas));
	KUNIT_EXPECT_PTR_EQ(test, w->ctx, iommu_next_ctx_offered(&found));
	KUNIT_EXPECT_EQ(test, ioas, found);
	iommu_next_ctx_put(w->ctx);
	KUNIT_EXPECT_EQ(test, 0, iommu_next_ctx_offer(w->ctx, 0));
	KUNIT_EXPECT_NULL(test, iommu_next_ctx_offered(&found));
	/* Not to those who do not have it open. */
	KUNIT_EXPECT_EQ(test, 0, iommu_next_ctx_offer(w->ctx, ioas));
	ctx_close(fd);
	KUNIT_EXPECT_NULL(test, iommu_next_ctx_offered(&found));
	KUNIT_EXPECT_EQ(test, 0, iommu_next_ctx_offer(w->ctx, 0));
	KUNIT_EXPECT_EQ(test, 0, world_destroy(w, ioas));
	iommu_next_ctx_put(ctx);
	flush_delayed_fput();
	rcu_barrier();
}

/* No memory for one: there is none, and nothing is left. */
WORLD_CASE(ctx_without_memory)
{
	struct inx_ctx *ctx = NULL;
	bool failed = true;
	unsigned int nth;

	KUNIT_ASSERT_EQ(test, 0, env_faults_init());
	for (nth = 1; failed && nth < 100; nth++) {
		env_fail_nth(nth);
		ctx = iommu_next_ctx_create(false);
		failed = env_has_failed();
		if (!IS_ERR(ctx))
			iommu_next_ctx_put(ctx);
		else
			KUNIT_EXPECT_TRUE(test, failed);
	}
	KUNIT_EXPECT_GT(test, nth, 2U);
	KUNIT_EXPECT_FALSE(test, IS_ERR(ctx));
	flush_delayed_fput();
	rcu_barrier();
}

static struct kunit_case ctx_cases[] = {
	KUNIT_CASE(ctx_of_a_driver),
	KUNIT_CASE(ctx_offered),
	KUNIT_CASE(ctx_without_memory),
	{}
};

static struct kunit_suite ctx_suite = {
	.name = "inx_ctx",
	.test_cases = ctx_cases,
};

kunit_test_suite(ctx_suite);
