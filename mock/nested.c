// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page tables of the user's: a device goes through them first, and what comes out
 * goes through a page table of the kernel's, their parent. They lie in the memory
 * that the parent maps, so each step of a walk goes through it, too.
 *
 * What the first stage said is cached until the user flushes it. A client that
 * changes a table and forgets to flush sees its device use the old one.
 */
#include <linux/err.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "backend.h"
#include "mock.h"
#include "nested.h"

static const struct mock_format *const mock_formats[] = {
	&mock_format_vtd,
	&mock_format_amd,
	&mock_format_smmu,
};

static atomic64_t mock_epoch;

static void mock_nested_free(struct iommu_domain *domain)
{
	struct mock_nested *mn = mock_nested_of(domain);

	if (mn->viommu) {
		mutex_lock(&mn->viommu->lock);
		list_del(&mn->on_viommu);
		mutex_unlock(&mn->viommu->lock);
	}
	xa_destroy(&mn->cache);
	atomic64_dec(&mn->iommu->domains);
	mock_iommu_put(mn->iommu);
	kfree(mn);
}

static const struct iommu_domain_ops mock_nested_ops = {
	.free = mock_nested_free,
};

/**
 * mock_domain_is_nested() - whether a page table is one of these
 * @domain: any page table
 *
 * Return: that.
 */
bool mock_domain_is_nested(const struct iommu_domain *domain)
{
	return domain->ops == &mock_nested_ops;
}

static const struct mock_format *mock_nested_format(struct mock_iommu *iommu,
						    struct mock_viommu *mv,
						    u32 type)
{
	unsigned int i;

	if (iommu->flags & MOCK_SELFTEST_INFO)
		return type == mock_format_selftest.type ?
			       &mock_format_selftest : NULL;
	for (i = 0; i < ARRAY_SIZE(mock_formats); i++)
		if (mock_formats[i]->type == type &&
		    mock_formats[i]->on_viommu == !!mv &&
		    mock_formats[i]->kind == (iommu->flags & MOCK_KINDS))
			return mock_formats[i];
	return NULL;
}

/**
 * mock_nested_make() - make a page table of the user's
 * @iommu: of which IOMMU
 * @parent: a page table of the mock's that stays
 * @mv: the virtual IOMMU that it is on, which stays; NULL for none
 * @data: the user's description
 *
 * Return: the page table; ERR_PTR(-EOPNOTSUPP) for a format that the IOMMU does
 * not have, and what the format returns; ERR_PTR(-ENOMEM).
 */
struct iommu_domain *mock_nested_make(struct mock_iommu *iommu,
				      struct iommu_domain *parent,
				      struct mock_viommu *mv,
				      const struct inx_user_data *data)
{
	const struct mock_format *format;
	struct mock_nested *mn;
	int rc;

	format = mock_nested_format(iommu, mv, data->type);
	if (!format)
		return ERR_PTR(-EOPNOTSUPP);
	mn = kzalloc_obj(*mn, GFP_KERNEL_ACCOUNT);
	if (!mn)
		return ERR_PTR(-ENOMEM);
	rc = format->setup(mn, data);
	if (rc) {
		kfree(mn);
		return ERR_PTR(rc);
	}
	mn->domain.type = IOMMU_DOMAIN_NESTED;
	mn->domain.ops = &mock_nested_ops;
	mn->format = format;
	mn->parent = parent;
	mn->epoch = atomic64_inc_return(&mock_epoch);
	init_rwsem(&mn->lock);
	xa_init_flags(&mn->cache, XA_FLAGS_ACCOUNT);
	kref_get(&iommu->ref);
	mn->iommu = iommu;
	atomic64_inc(&iommu->domains);
	mn->viommu = mv;
	if (mv) {
		mutex_lock(&mv->lock);
		list_add(&mn->on_viommu, &mv->tables);
		mutex_unlock(&mv->lock);
	}
	return &mn->domain;
}

/**
 * mock_cache_forget() - flush translations of a range
 * @cache: of pages of 4 KiB to what the first stage said, as &struct mock_nested
 * @iova: first byte
 * @last: last byte, inclusive
 *
 * A large page is forgotten as a whole, as soon as the range touches it.
 *
 * Context: nobody fills @cache meanwhile.
 */
void mock_cache_forget(struct xarray *cache, u64 iova, u64 last)
{
	const u64 around = SZ_1G - 1;
	unsigned long index;
	void *entry;

	xa_for_each_range(cache, index, entry, (iova & ~around) >> 12,
			  (last | around) >> 12) {
		u64 inside = mock_s1_size(mock_s1_unpack(entry)) - 1;
		u64 page = (u64)index << 12;

		if ((page | inside) >= iova && (page & ~inside) <= last)
			xa_erase(cache, index);
	}
}

/**
 * mock_nested_flush() - flush all that is cached, as a device changes over
 * @domain: a page table of the user's
 */
void mock_nested_flush(struct iommu_domain *domain)
{
	struct mock_nested *mn = mock_nested_of(domain);

	down_write(&mn->lock);
	mn->epoch = atomic64_inc_return(&mock_epoch);
	xa_destroy(&mn->cache);
	up_write(&mn->lock);
}

/**
 * mock_nested_invalidate() - flush what the user says
 * @domain: a page table of the user's
 * @array: entries of its format; gets how many were carried out
 *
 * Return: 0; -EINVAL for another format; -EOPNOTSUPP when there is none; what the
 * format returns.
 */
int mock_nested_invalidate(struct iommu_domain *domain,
			   struct inx_user_array *array)
{
	struct mock_nested *mn = mock_nested_of(domain);
	u32 entry_num = array->entry_num, i;
	int rc;

	array->entry_num = 0;
	if (!mn->format->invalidate)
		return -EOPNOTSUPP;
	if (array->type != mn->format->invalidate_type)
		return -EINVAL;
	for (i = 0; i < entry_num; i++) {
		rc = mn->format->invalidate(mn, array, i);
		if (rc)
			return rc;
		array->entry_num++;
		cond_resched();
	}
	return 0;
}

/**
 * mock_nested_load() - read an entry of a table
 * @mn: the page table
 * @addr: where, in the IOVA space of its parent; a multiple of 8
 * @val: gets it
 *
 * Return: of enum iommu_next_mock_fault.
 */
u32 mock_nested_load(struct mock_nested *mn, u64 addr, u64 *val)
{
	__le64 raw;
	size_t done;

	if (mock_domain_access(mn->parent, addr, &raw, sizeof(raw), false,
			       &done))
		return IOMMU_NEXT_MOCK_FAULT_STAGE1_TABLE;
	*val = le64_to_cpu(raw);
	return IOMMU_NEXT_MOCK_FAULT_NONE;
}

static void mock_nested_keep(struct xarray *cache, unsigned long index, u64 out)
{
	/* Without memory it is just not cached. */
	xa_store(cache, index, mock_s1_pack(out),
		 GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
}

/* What the first stage says of an address, from the IOTLB if it is there. */
static u32 mock_nested_translate(struct mock_nested *mn,
				 struct mock_stream *stream, u64 iova, u64 *out)
{
	unsigned long index = iova >> 12;
	u32 fault = 0;
	void *cached;

	if (mn->format->index)
		fault = mn->format->index(mn, stream, iova, &index);
	if (fault)
		return fault;
	cached = xa_load(&mn->cache, index);
	if (cached) {
		*out = mock_s1_unpack(cached);
		return IOMMU_NEXT_MOCK_FAULT_NONE;
	}
	fault = mn->format->walk(mn, stream, iova, out);
	if (!fault && (mn->format->invalidate || mn->viommu))
		mock_nested_keep(&mn->cache, index, *out);
	return fault;
}

/*
 * The same, with the right that is needed. A device that translates by itself
 * asks only for what it does not know already.
 */
static u32 mock_nested_ask(struct mock_nested *mn, struct mock_stream *stream,
			   u64 iova, bool write, u64 *out)
{
	u64 right = write ? MOCK_S1_WRITE : MOCK_S1_READ;
	void *cached = xa_load(&stream->atc, iova >> 12);
	u32 fault;

	if (mn->ats && cached) {
		*out = mock_s1_unpack(cached);
		if (*out & right)
			return IOMMU_NEXT_MOCK_FAULT_NONE;
	}
	fault = mock_nested_translate(mn, stream, iova, out);
	if (fault)
		return fault;
	if (!(*out & right))
		return IOMMU_NEXT_MOCK_FAULT_STAGE1_PERMISSION;
	if (mn->ats)
		mock_nested_keep(&stream->atc, iova >> 12, *out);
	return IOMMU_NEXT_MOCK_FAULT_NONE;
}

/* The part of an access that lies in 4 KiB. */
static u32 mock_nested_access_page(struct mock_nested *mn,
				   struct mock_stream *stream, u64 iova,
				   void *data, size_t length, bool write,
				   size_t *done)
{
	u64 out = iova;
	u32 fault;

	if (mn->stage1 == MOCK_STAGE1_ABORT)
		return IOMMU_NEXT_MOCK_FAULT_BLOCKED;
	if (mn->stage1 == MOCK_STAGE1_WALK && mn->format->walk) {
		fault = mock_nested_ask(mn, stream, iova, write, &out);
		if (fault)
			return fault;
	}
	return mock_domain_access(mn->parent,
				  (out & ~(u64)(SZ_4K - 1)) |
				  (iova & (SZ_4K - 1)), data, length, write,
				  done);
}

/* A device that has changed over knows nothing of what was before. */
static void mock_stream_follow(struct mock_stream *stream,
			       struct mock_nested *mn)
{
	stream->event = 0;
	if (stream->epoch == mn->epoch)
		return;
	stream->epoch = mn->epoch;
	stream->cd_is_cached = false;
	xa_destroy(&stream->atc);
}

/**
 * mock_nested_access() - translate through both stages and do a DMA
 * @domain: a page table of the user's
 * @stream: of the device
 * @iova: where, for the first stage
 * @data: what to write, or gets what was read
 * @length: bytes
 * @write: to memory
 * @done: gets how many bytes were transferred before a fault
 *
 * Return: of enum iommu_next_mock_fault.
 */
u32 mock_nested_access(struct iommu_domain *domain, struct mock_stream *stream,
		       u64 iova, void *data, size_t length, bool write,
		       size_t *done)
{
	struct mock_nested *mn = mock_nested_of(domain);
	u32 fault = IOMMU_NEXT_MOCK_FAULT_NONE;

	down_read(&mn->lock);
	mutex_lock(&stream->lock);
	mock_stream_follow(stream, mn);
	for (*done = 0; !fault && *done < length;) {
		u64 at = iova + *done;
		size_t part = 0;

		fault = mock_nested_access_page(mn, stream, at, data + *done,
						min_t(u64, length - *done,
						      SZ_4K - (at & (SZ_4K - 1))),
						write, &part);
		*done += part;
	}
	if (fault && mn->format->report)
		mn->format->report(mn, stream, fault, iova + *done, write);
	mutex_unlock(&stream->lock);
	up_read(&mn->lock);
	return fault;
}
