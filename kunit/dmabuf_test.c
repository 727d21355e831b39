// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma-bufs: where their memory is, what is refused, when it is revoked, and when
 * it is given back. There is no memory at these addresses, and nothing may look
 * for it.
 */
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommu_next.h>
#include <linux/module.h>
#include <linux/sizes.h>

#include "client.h"
#include "dmabuf.h"
#include "mmio.h"
#include "shm.h"
#include "source.h"
#include "world.h"

#define PHYS 0x4000000000UL
#define FAR (PHYS + SZ_1M)
#define IOVA 0x10000000UL
#define LENGTH (16 * PAGE_SIZE)

/* The first two are neighbours; the last is the first once more. */
static const struct iommu_next_dmabuf_range dmabuf_ranges[] = {
	{ PHYS, 3 * PAGE_SIZE },
	{ PHYS + 3 * PAGE_SIZE, PAGE_SIZE },
	{ FAR, 8 * PAGE_SIZE },
	{ PHYS, 4 * PAGE_SIZE },
};

static unsigned long dmabuf_phys(unsigned long offset)
{
	if (offset < 4 * PAGE_SIZE)
		return PHYS + offset;
	if (offset < 12 * PAGE_SIZE)
		return FAR + offset - 4 * PAGE_SIZE;
	return PHYS + offset - 12 * PAGE_SIZE;
}

static void dmabuf_release(void *priv)
{
	unsigned int *released = priv;

	(*released)++;
}

static const struct iommu_next_dmabuf_ops dmabuf_ops = {
	.owner = THIS_MODULE,
	.release = dmabuf_release,
};

static const struct iommu_next_dmabuf_ops dmabuf_other_ops = {
	.owner = THIS_MODULE,
	.release = dmabuf_release,
};

/* A dma-buf; *@fd is a descriptor of it as well. */
static struct dma_buf *dmabuf_make(struct kunit *test, unsigned int *released,
				   int *fd)
{
	struct dma_buf *dmabuf;

	*released = 0;
	dmabuf = iommu_next_dmabuf_create(&dmabuf_ops, released, dmabuf_ranges,
					  ARRAY_SIZE(dmabuf_ranges), O_CLOEXEC);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dmabuf);
	KUNIT_EXPECT_EQ(test, LENGTH, dmabuf->size);
	*fd = shm_fd(dmabuf->file);
	KUNIT_ASSERT_GE(test, *fd, 0);
	return dmabuf;
}

static void dmabuf_put(struct dma_buf *dmabuf)
{
	dma_buf_put(dmabuf);
	flush_delayed_fput();
}

static int dmabuf_map(struct world *w, int fd, unsigned long start,
		      unsigned long length, unsigned long iova)
{
	struct inx_source source;
	struct inx_area *area;
	int rc;

	rc = inx_dmabuf_source_init(&source, fd, start, length, true);
	if (rc)
		return rc;
	area = inx_pages_alloc(&w->account, &source, offset_in_page(start),
			       length);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(w->test, area);
	inx_area_set_prot(area, WORLD_RW);
	return inx_iopt_map(&w->iopts[0], area, &iova, true);
}

/* Whether every page table has what is at @start in the file, or none. */
static void dmabuf_expect(struct world *w, unsigned long iova,
			  unsigned long start, unsigned long length, bool there)
{
	unsigned long pos, wrong = 0;
	unsigned int i;

	for (i = 0; i < WORLD_DOMAINS; i++) {
		struct iommu_domain *domain = w->domains[i].link.domain;

		if (!w->domains[i].iopt)
			continue;
		for (pos = 0; pos < length; pos += SZ_512)
			wrong += iommu_iova_to_phys(domain, iova + pos) !=
				 (there ? dmabuf_phys(start + pos) : 0);
	}
	KUNIT_EXPECT_EQ(w->test, 0UL, wrong);
	KUNIT_EXPECT_EQ(w->test, 0UL, world_pinned(w));
}

/* From each page of it to each other one. */
WORLD_CASE(dmabuf_extents)
{
	unsigned long start, length;
	unsigned int released;
	struct dma_buf *dmabuf;
	int fd;

	dmabuf = dmabuf_make(test, &released, &fd);
	for (start = 0; start < LENGTH; start += PAGE_SIZE) {
		for (length = PAGE_SIZE; start + length <= LENGTH;
		     length += PAGE_SIZE) {
			KUNIT_ASSERT_EQ(test, 0, dmabuf_map(w, fd, start,
							    length, IOVA));
			dmabuf_expect(w, IOVA, start, length, true);
			KUNIT_EXPECT_EQ(test, 0,
					world_unmap(w, &w->iopts[0], IOVA,
						    length));
			dmabuf_expect(w, IOVA, start, length, false);
		}
	}
	shm_fd_close(fd);
	dmabuf_put(dmabuf);
	KUNIT_EXPECT_EQ(test, 1U, released);
}

/* Not to a page, if IO pages are that small. */
WORLD_CASE(dmabuf_part_of_page)
{
	unsigned long granule = world_granule(w), length = 5 * PAGE_SIZE;
	unsigned int released;
	struct dma_buf *dmabuf;
	int fd;

	dmabuf = dmabuf_make(test, &released, &fd);
	if (granule < PAGE_SIZE && w->config.domains) {
		KUNIT_ASSERT_EQ(test, 0, dmabuf_map(w, fd, PAGE_SIZE + granule,
						    length, IOVA));
		dmabuf_expect(w, IOVA, PAGE_SIZE + granule, length, true);
		iommu_next_dmabuf_revoke(dmabuf, true);
		dmabuf_expect(w, IOVA, PAGE_SIZE + granule, length, false);
		KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], IOVA,
						     length));
	} else if (w->config.domains) {
		KUNIT_EXPECT_EQ(test, -EINVAL,
				dmabuf_map(w, fd, 512, length, IOVA));
	}
	shm_fd_close(fd);
	dmabuf_put(dmabuf);
	KUNIT_EXPECT_EQ(test, 1U, released);
}

WORLD_CASE(dmabuf_revoke)
{
	unsigned int released, i;
	struct dma_buf *dmabuf;
	int fd;

	dmabuf = dmabuf_make(test, &released, &fd);
	KUNIT_ASSERT_EQ(test, 0, dmabuf_map(w, fd, 0, LENGTH, IOVA));
	KUNIT_ASSERT_EQ(test, 0, dmabuf_map(w, fd, 2 * PAGE_SIZE, PAGE_SIZE,
					    2 * IOVA));
	for (i = 0; i < 2; i++)
		iommu_next_dmabuf_revoke(dmabuf, true);
	dmabuf_expect(w, IOVA, 0, LENGTH, false);
	dmabuf_expect(w, 2 * IOVA, 0, PAGE_SIZE, false);
	KUNIT_EXPECT_EQ(test, -ENODEV, dmabuf_map(w, fd, 0, PAGE_SIZE,
						  3 * IOVA));
	for (i = w->config.domains; i < WORLD_DOMAINS; i++)
		KUNIT_ASSERT_EQ(test, 0, world_attach(w, i, &w->iopts[0]));
	dmabuf_expect(w, IOVA, 0, LENGTH, false);
	for (i = 0; i < 2; i++)
		iommu_next_dmabuf_revoke(dmabuf, false);
	dmabuf_expect(w, IOVA, 0, LENGTH, false);
	KUNIT_ASSERT_EQ(test, 0, dmabuf_map(w, fd, 0, LENGTH, 3 * IOVA));
	dmabuf_expect(w, 3 * IOVA, 0, LENGTH, true);
	/* The file goes, the memory does not. */
	shm_fd_close(fd);
	dmabuf_put(dmabuf);
	dmabuf_expect(w, 3 * IOVA, 0, LENGTH, true);
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], IOVA, LENGTH));
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], 2 * IOVA,
					     PAGE_SIZE));
	flush_delayed_fput();
	KUNIT_EXPECT_EQ(test, 0U, released);
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], 3 * IOVA, LENGTH));
	flush_delayed_fput();
	KUNIT_EXPECT_EQ(test, 1U, released);
	for (i = w->config.domains; i < WORLD_DOMAINS; i++)
		world_detach(w, i);
}

WORLD_CASE(dmabuf_refused)
{
	static const struct iommu_next_dmabuf_range bad[][2] = {
		{ { PHYS, 0 } },
		{ { PHYS, PAGE_SIZE - 1 } },
		{ { PHYS + SZ_512, PAGE_SIZE } },
		{ { PHYS, PAGE_SIZE }, { PHYS, 0 } },
		{ { PHYS, 1UL << 63 } },
	};
	static const struct iommu_next_dmabuf_range huge[] = {
		{ PHYS, 1UL << 63 }, { PHYS, 1UL << 63 },
	};
	struct inx_source source;
	unsigned int released, i;
	struct dma_buf *dmabuf;
	int fd;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		released = 0;
		dmabuf = iommu_next_dmabuf_create(&dmabuf_ops, &released,
						  bad[i], 1 + !!bad[i][1].start,
						  0);
		KUNIT_EXPECT_EQ(test, -EINVAL, (int)PTR_ERR_OR_ZERO(dmabuf));
	}
	dmabuf = iommu_next_dmabuf_create(&dmabuf_ops, &released, huge, 2, 0);
	KUNIT_EXPECT_EQ(test, -EOVERFLOW, (int)PTR_ERR_OR_ZERO(dmabuf));
	KUNIT_EXPECT_EQ(test, 0U, released);

	dmabuf = dmabuf_make(test, &released, &fd);
	KUNIT_EXPECT_PTR_EQ(test, (void *)&released,
			    iommu_next_dmabuf_priv(dmabuf, &dmabuf_ops));
	KUNIT_EXPECT_NULL(test, iommu_next_dmabuf_priv(dmabuf,
						       &dmabuf_other_ops));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			inx_dmabuf_source_init(&source, fd, 0, LENGTH + 1,
					       true));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			inx_dmabuf_source_init(&source, fd, LENGTH, 1, true));
	KUNIT_EXPECT_EQ(test, -EBADF,
			inx_dmabuf_source_init(&source, -1, 0, 1, true));
	shm_fd_close(fd);
	KUNIT_EXPECT_EQ(test, 0U, released);
	dmabuf_put(dmabuf);
	KUNIT_EXPECT_EQ(test, 1U, released);
}

static struct sg_table *foreign_map(struct dma_buf_attachment *attachment,
				    enum dma_data_direction direction)
{
	return ERR_PTR(-EINVAL);
}

static void foreign_unmap(struct dma_buf_attachment *attachment,
			  struct sg_table *sgt,
			  enum dma_data_direction direction)
{
}

static void foreign_release(struct dma_buf *dmabuf)
{
}

static const struct dma_buf_ops foreign_ops = {
	.map_dma_buf = foreign_map,
	.unmap_dma_buf = foreign_unmap,
	.release = foreign_release,
};

/* A dma-buf of somebody else; and another importer of ours. */
WORLD_CASE(dmabuf_foreign)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dma_buf_attachment *attachment;
	struct inx_source source;
	unsigned int released;
	struct dma_buf *dmabuf;
	struct device *dev;
	int fd;

	info.ops = &foreign_ops;
	info.size = PAGE_SIZE;
	info.priv = &info;
	dmabuf = dma_buf_export(&info);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dmabuf);
	fd = shm_fd(dmabuf->file);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			inx_dmabuf_source_init(&source, fd, PAGE_SIZE, 1,
					       true));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			inx_dmabuf_source_init(&source, fd, 0, PAGE_SIZE,
					       true));
	KUNIT_EXPECT_NULL(test, iommu_next_dmabuf_priv(dmabuf, &dmabuf_ops));
	shm_fd_close(fd);
	dmabuf_put(dmabuf);

	dmabuf = dmabuf_make(test, &released, &fd);
	dev = root_device_register("inx-kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	attachment = dma_buf_attach(dmabuf, dev);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, (int)PTR_ERR_OR_ZERO(attachment));
	root_device_unregister(dev);
	shm_fd_close(fd);
	dmabuf_put(dmabuf);
	KUNIT_EXPECT_EQ(test, 1U, released);
}

static bool cdev_is_on(void *priv)
{
	bool *on = priv;

	return *on;
}

static const struct iommu_next_cdev_ops dmabuf_cdev_ops = {
	.owner = THIS_MODULE,
	.mmio_is_on = cdev_is_on,
};

/* Of a device file: good for as long as one client has it, while it is on. */
WORLD_CASE(dmabuf_of_cdev)
{
	struct device *dev = root_device_register("inx-kunit");
	struct dma_buf *dmabuf;
	struct inx_cdev *cdev;
	bool on = false;
	int fd;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	cdev = iommu_next_cdev_create(&dmabuf_cdev_ops, &on, dev, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cdev);
	inx_mmio_start(cdev->mmio);
	dmabuf = iommu_next_cdev_dmabuf(cdev, dmabuf_ranges,
					ARRAY_SIZE(dmabuf_ranges), 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dmabuf);
	KUNIT_EXPECT_NULL(test, iommu_next_dmabuf_priv(dmabuf, &dmabuf_ops));
	fd = shm_fd(dmabuf->file);
	KUNIT_EXPECT_EQ(test, -ENODEV, dmabuf_map(w, fd, 0, LENGTH, IOVA));
	on = true;
	KUNIT_ASSERT_EQ(test, 0, dmabuf_map(w, fd, 0, LENGTH, IOVA));
	dmabuf_expect(w, IOVA, 0, LENGTH, true);
	iommu_next_cdev_mmio_stop(cdev);
	dmabuf_expect(w, IOVA, 0, LENGTH, false);
	KUNIT_EXPECT_EQ(test, -ENODEV, dmabuf_map(w, fd, 0, LENGTH, 2 * IOVA));
	iommu_next_cdev_mmio_start(cdev);
	KUNIT_ASSERT_EQ(test, 0, dmabuf_map(w, fd, 0, LENGTH, 2 * IOVA));
	dmabuf_expect(w, 2 * IOVA, 0, LENGTH, true);
	/* The next client. */
	inx_mmio_end(cdev->mmio);
	inx_mmio_start(cdev->mmio);
	dmabuf_expect(w, 2 * IOVA, 0, LENGTH, false);
	KUNIT_EXPECT_EQ(test, -ENODEV, dmabuf_map(w, fd, 0, LENGTH, 3 * IOVA));
	iommu_next_cdev_put(cdev);
	KUNIT_EXPECT_EQ(test, -ENODEV, dmabuf_map(w, fd, 0, LENGTH, 3 * IOVA));
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], IOVA, LENGTH));
	KUNIT_EXPECT_EQ(test, 0, world_unmap(w, &w->iopts[0], 2 * IOVA, LENGTH));
	shm_fd_close(fd);
	dmabuf_put(dmabuf);
	root_device_unregister(dev);
}

/* None of them needs the memory of the process. */
static const struct world_config dmabuf_configs[] = {
	{ .name = "no page table", .layout = MEM_SCATTERED },
	{ .name = "512", .layout = MEM_SCATTERED, .page_sizes = SZ_512,
	  .domains = 1 },
	{ .name = "4K", .layout = MEM_SCATTERED, .page_sizes = SZ_4K,
	  .domains = 2 },
	{ .name = "4K+16K+64K", .layout = MEM_SCATTERED,
	  .page_sizes = SZ_4K | SZ_16K | SZ_64K, .domains = 2 },
	{ .name = "small pages", .layout = MEM_SCATTERED, .domains = 2,
	  .small_pages = true },
};

KUNIT_ARRAY_PARAM(dmabuf, dmabuf_configs, world_describe);

static struct kunit_case dmabuf_cases[] = {
	KUNIT_CASE_PARAM(dmabuf_extents, dmabuf_gen_params),
	KUNIT_CASE_PARAM(dmabuf_part_of_page, dmabuf_gen_params),
	KUNIT_CASE_PARAM(dmabuf_revoke, dmabuf_gen_params),
	KUNIT_CASE(dmabuf_refused),
	KUNIT_CASE(dmabuf_foreign),
	KUNIT_CASE_PARAM(dmabuf_of_cdev, dmabuf_gen_params),
	{}
};

static struct kunit_suite dmabuf_suite = {
	.name = "inx_dmabuf",
	.test_cases = dmabuf_cases,
};

kunit_test_suite(dmabuf_suite);
