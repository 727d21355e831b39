// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mock's side of module/backend.h. A group is a struct mock_iommu.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "mock.h"
#include "nested.h"
#include "selftest.h"

/* Flags of a page table of the kernel's; and which make it complete at once. */
#define MOCK_COMPLETE_FLAGS \
	(IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT | IOMMU_NEXT_HWPT_ALLOC_PASID)
#define MOCK_ALLOC_FLAGS                                                       \
	(MOCK_COMPLETE_FLAGS | IOMMU_NEXT_HWPT_FAULT_ID_VALID |                \
	 IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING)

#define MOCK_PAGE_SIZES (SZ_4K | SZ_2M | SZ_1G)
#define MOCK_PAGE_SIZES_MAX (GENMASK(30, 9))

/**
 * mock_iommu_create() - make an IOMMU
 * @arg: how it is
 *
 * Return: the IOMMU, or ERR_PTR(-EINVAL, -ENOMEM).
 */
struct mock_iommu *
mock_iommu_create(const struct iommu_next_mock_device_alloc *arg)
{
	struct mock_iommu *iommu;

	if (arg->page_sizes & ~MOCK_PAGE_SIZES_MAX ||
	    (arg->aperture_last && arg->aperture_last <= arg->aperture_start) ||
	    (arg->flags & MOCK_KINDS) == MOCK_KINDS)
		return ERR_PTR(-EINVAL);
	iommu = kzalloc_obj(*iommu, GFP_KERNEL_ACCOUNT);
	if (!iommu)
		return ERR_PTR(-ENOMEM);
	kref_init(&iommu->ref);
	init_rwsem(&iommu->lock);
	xa_init_flags(&iommu->pasids, XA_FLAGS_ACCOUNT);
	iommu->flags = arg->flags;
	iommu->page_sizes = arg->page_sizes ?: MOCK_PAGE_SIZES;
	iommu->aperture_start = arg->aperture_start;
	iommu->aperture_last = arg->aperture_last ?: BIT_ULL(48) - 1;
	return iommu;
}

static void mock_iommu_free(struct kref *ref)
{
	struct mock_iommu *iommu = container_of(ref, struct mock_iommu, ref);

	xa_destroy(&iommu->pasids);
	kfree(iommu);
}

/**
 * mock_iommu_put() - drop a reference
 * @iommu: the IOMMU
 */
void mock_iommu_put(struct mock_iommu *iommu)
{
	kref_put(&iommu->ref, mock_iommu_free);
}

/**
 * mock_iommu_fails() - whether it is this call that was chosen to fail
 * @iommu: the IOMMU
 * @what: what is about to be done
 *
 * Return: true once, for the call that is to fail.
 */
bool mock_iommu_fails(struct mock_iommu *iommu, enum iommu_next_mock_fail what)
{
	if (atomic_read(&iommu->fail_what) != what ||
	    atomic_dec_return(&iommu->fail_after) >= 0)
		return false;
	return atomic_cmpxchg(&iommu->fail_what, what,
			      IOMMU_NEXT_MOCK_FAIL_NOTHING) == what;
}

static void mock_caps(struct device *dev, struct inx_caps *caps)
{
	u32 flags = mock_device_of(dev)->iommu->flags;

	caps->cache_coherent = !(flags & IOMMU_NEXT_MOCK_NOT_COHERENT);
	caps->isolated_msi = !(flags & IOMMU_NEXT_MOCK_UNSAFE_MSI);
	caps->dirty_tracking = !(flags & IOMMU_NEXT_MOCK_NO_DIRTY);
	caps->ats_unusable = true;
	if (flags & IOMMU_NEXT_MOCK_PASID)
		caps->pasid_bits = MOCK_PASID_BITS;
}

static void *mock_group_get(struct device *dev)
{
	struct mock_iommu *iommu = mock_device_of(dev)->iommu;

	kref_get(&iommu->ref);
	return iommu;
}

static void mock_group_put(void *group)
{
	mock_iommu_put(group);
}

static int mock_claim(void *group, void *owner)
{
	struct mock_iommu *iommu = group;
	int rc = 0;

	if (iommu->flags & IOMMU_NEXT_MOCK_KERNEL_OWNED)
		return -EBUSY;
	if (mock_iommu_fails(iommu, IOMMU_NEXT_MOCK_FAIL_CLAIM))
		return -EPERM;
	down_write(&iommu->lock);
	if (iommu->owner)
		rc = -EPERM;
	else
		iommu->owner = owner;
	up_write(&iommu->lock);
	return rc;
}

static void mock_release(void *group)
{
	struct mock_iommu *iommu = group;
	unsigned long pasid = 0;

	down_write(&iommu->lock);
	WARN_ON_ONCE(!iommu->owner || iommu->domain ||
		     xa_find(&iommu->pasids, &pasid, ULONG_MAX, XA_PRESENT));
	iommu->owner = NULL;
	up_write(&iommu->lock);
}

static int mock_reserved(struct device *dev, struct inx_iova_range **ranges)
{
	struct mock_device *mock = mock_device_of(dev);
	struct inx_iova_range *out;
	u32 i;

	if (mock_iommu_fails(mock->iommu, IOMMU_NEXT_MOCK_FAIL_RESERVED))
		return -ENOMEM;
	out = kmalloc_array(mock->num_reserved, sizeof(*out),
			    GFP_KERNEL_ACCOUNT);
	if (!out)
		return -ENOMEM;
	for (i = 0; i < mock->num_reserved; i++) {
		out[i].start = mock->reserved[i].start;
		out[i].last = mock->reserved[i].last;
	}
	*ranges = out;
	return mock->num_reserved;
}

static struct iommu_domain *mock_alloc(struct device *dev, u32 flags,
				       const struct inx_user_data *data,
				       bool *attach_first)
{
	struct mock_iommu *iommu = mock_device_of(dev)->iommu;
	struct iommu_domain *domain;
	int rc = 0;

	if (flags & ~MOCK_ALLOC_FLAGS)
		return ERR_PTR(-EOPNOTSUPP);
	if (flags & IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT &&
	    iommu->flags & IOMMU_NEXT_MOCK_NO_NESTING)
		return ERR_PTR(-EOPNOTSUPP);
	if (flags & IOMMU_NEXT_HWPT_ALLOC_DIRTY_TRACKING &&
	    iommu->flags & IOMMU_NEXT_MOCK_NO_DIRTY)
		return ERR_PTR(-EOPNOTSUPP);
	if (data && !(iommu->flags & MOCK_SELFTEST_INFO))
		return ERR_PTR(-EOPNOTSUPP);
	if (mock_iommu_fails(iommu, IOMMU_NEXT_MOCK_FAIL_DOMAIN_ALLOC))
		return ERR_PTR(-ENOMEM);
	*attach_first = iommu->flags & IOMMU_NEXT_MOCK_ATTACH_FIRST &&
			!(flags & MOCK_COMPLETE_FLAGS);
	domain = mock_domain_alloc(iommu, flags);
	if (IS_ERR(domain))
		return domain;
	if (iommu->flags & MOCK_SELFTEST_INFO)
		rc = selftest_shape_domain(domain, data);
	if (!rc)
		return domain;
	iommu_domain_free(domain);
	return ERR_PTR(rc);
}

static int mock_enforce_coherency(struct device *dev,
				  struct iommu_domain *domain)
{
	if (mock_device_of(dev)->iommu->flags & IOMMU_NEXT_MOCK_NO_SNOOP)
		return 0;
	return domain->ops->enforce_cache_coherency(domain) ? 1 : -EINVAL;
}

/* A page table of an IOMMU that is built alike serves as well. */
static bool mock_is_compatible(struct mock_iommu *iommu,
			       struct iommu_domain *domain)
{
	struct mock_iommu *other = mock_domain_iommu(domain);

	if (mock_domain_can_dirty(domain) &&
	    iommu->flags & IOMMU_NEXT_MOCK_NO_DIRTY)
		return false;
	return !((iommu->flags ^ other->flags) & MOCK_KINDS) &&
	       iommu->page_sizes == other->page_sizes &&
	       iommu->aperture_start == other->aperture_start &&
	       iommu->aperture_last == other->aperture_last;
}

/**
 * mock_domain_fits() - whether a device can use a page table
 * @mock: the device
 * @domain: a page table of the mock's, of either kind
 *
 * Return: 0 or -EINVAL; -ENOENT when it is of a guest that has no number for the
 * device.
 */
int mock_domain_fits(struct mock_device *mock, struct iommu_domain *domain)
{
	struct mock_viommu *viommu = NULL;
	unsigned long virt_id;

	if (mock_domain_is_nested(domain)) {
		/* What translates nothing says nothing of a device. */
		if (mock_nested_of(domain)->stage1 == MOCK_STAGE1_WALK)
			viommu = mock_nested_of(domain)->viommu;
		domain = mock_nested_of(domain)->parent;
	}
	if (!mock_is_compatible(mock->iommu, domain))
		return -EINVAL;
	return viommu ? mock_viommu_find(viommu, mock, &virt_id) : 0;
}

/**
 * mock_domain_left() - a device does not use a page table any more
 * @domain: of either kind
 */
void mock_domain_left(struct iommu_domain *domain)
{
	if (mock_domain_is_nested(domain))
		mock_nested_flush(domain);
}

static struct iommu_domain *mock_nested_alloc(struct device *dev,
					      struct iommu_domain *parent,
					      u32 flags,
					      const struct inx_user_data *data)
{
	struct mock_iommu *iommu = mock_device_of(dev)->iommu;

	if (iommu->flags & IOMMU_NEXT_MOCK_NO_NESTING ||
	    (iommu->flags & MOCK_KINDS &&
	     flags & IOMMU_NEXT_HWPT_ALLOC_PASID))
		return ERR_PTR(-EOPNOTSUPP);
	if (!mock_is_compatible(iommu, parent))
		return ERR_PTR(-EINVAL);
	if (mock_iommu_fails(iommu, IOMMU_NEXT_MOCK_FAIL_DOMAIN_ALLOC))
		return ERR_PTR(-ENOMEM);
	return mock_nested_make(iommu, parent, NULL, data);
}

static int mock_switch(struct mock_device *mock, struct iommu_domain *domain,
		       struct inx_sink *sink, enum iommu_next_mock_fail what)
{
	struct mock_iommu *iommu = mock->iommu;
	int rc;

	rc = mock_domain_fits(mock, domain);
	if (rc)
		return rc;
	if (mock_iommu_fails(iommu, what))
		return -ENOMEM;
	down_write(&iommu->lock);
	WARN_ON_ONCE(!iommu->owner);
	if (iommu->domain)
		mock_domain_left(iommu->domain);
	iommu->domain = domain;
	iommu->sink = sink;
	up_write(&iommu->lock);
	return 0;
}

static int mock_attach(struct device *dev, void *group,
		       struct iommu_domain *domain, struct inx_sink *sink,
		       void **handle)
{
	struct mock_iommu *iommu = group;

	WARN_ON_ONCE(iommu->domain);
	return mock_switch(mock_device_of(dev), domain, sink,
			   IOMMU_NEXT_MOCK_FAIL_ATTACH);
}

static int mock_replace(struct device *dev, void *group,
			struct iommu_domain *domain, struct iommu_domain *old,
			struct inx_sink *sink, void **handle)
{
	struct mock_iommu *iommu = group;

	WARN_ON_ONCE(iommu->domain != old);
	return mock_switch(mock_device_of(dev), domain, sink,
			   IOMMU_NEXT_MOCK_FAIL_REPLACE);
}

static void mock_detach(void *group, struct iommu_domain *domain, void *handle)
{
	struct mock_iommu *iommu = group;

	down_write(&iommu->lock);
	WARN_ON_ONCE(iommu->domain != domain);
	mock_domain_left(domain);
	iommu->domain = NULL;
	iommu->sink = NULL;
	up_write(&iommu->lock);
}

static int mock_selftest_hw_info(struct inx_hw_info *info)
{
	struct selftest_hw_info *data;

	if (info->type != IOMMU_NEXT_HW_INFO_TYPE_DEFAULT &&
	    info->type != SELFTEST_HW_INFO_TYPE)
		return -EOPNOTSUPP;
	data = kzalloc_obj(*data, GFP_KERNEL_ACCOUNT);
	if (!data)
		return -ENOMEM;
	data->test_reg = SELFTEST_HW_INFO_REG;
	info->data = data;
	info->len = sizeof(*data);
	info->type = SELFTEST_HW_INFO_TYPE;
	return 0;
}

/* Register values of the kind, some or other, for a client to find unchanged. */
static const struct iommu_next_hw_info_vtd mock_info_vtd = {
	.cap_reg = 0xd2008c22260286,
	.ecap_reg = 0xf00f4e,
};

/* Guest translation, 5 levels of pages, 3 of GCR3 tables, PASIDs of 20 bits. */
static const struct iommu_next_hw_info_amd mock_info_amd = {
	.efr = 0x1001300009018,
};

/*
 * Both stages, 64 bit tables, coherent walks, ATS, no stall, 16 bit ASIDs; stream
 * IDs of 32 bits, no PASIDs; 4 KiB granule, 48 bit addresses; SMMUv3.2.
 */
static const struct iommu_next_hw_info_arm_smmuv3 mock_info_arm = {
	.idr = { 0x144141b, 32, 0, 0, 0, 0x15 },
	.aidr = 2,
};

static int mock_hw_info(struct device *dev, struct inx_hw_info *info)
{
	u32 flags = mock_device_of(dev)->iommu->flags;
	u32 type = IOMMU_NEXT_HW_INFO_TYPE_INTEL_VTD;
	const void *data = &mock_info_vtd;

	info->len = sizeof(mock_info_vtd);
	if (flags & MOCK_SELFTEST_INFO)
		return mock_selftest_hw_info(info);
	if (!(flags & IOMMU_NEXT_MOCK_HW_INFO)) {
		info->type = IOMMU_NEXT_HW_INFO_TYPE_NONE;
		info->len = 0;
		return 0;
	}
	if (flags & IOMMU_NEXT_MOCK_AMD) {
		type = IOMMU_NEXT_HW_INFO_TYPE_AMD;
		data = &mock_info_amd;
		info->len = sizeof(mock_info_amd);
	} else if (flags & IOMMU_NEXT_MOCK_ARM) {
		type = IOMMU_NEXT_HW_INFO_TYPE_ARM_SMMUV3;
		data = &mock_info_arm;
		info->len = sizeof(mock_info_arm);
	}
	if (info->type != IOMMU_NEXT_HW_INFO_TYPE_DEFAULT && info->type != type)
		return -EOPNOTSUPP;
	info->data = kmemdup(data, info->len, GFP_KERNEL_ACCOUNT);
	if (!info->data)
		return -ENOMEM;
	info->type = type;
	return 0;
}

const struct inx_backend_ops mock_backend = {
	.owner = THIS_MODULE,
	.caps = mock_caps,
	.group_get = mock_group_get,
	.group_put = mock_group_put,
	.claim = mock_claim,
	.release = mock_release,
	.reserved = mock_reserved,
	.domain_alloc = mock_alloc,
	.nested_alloc = mock_nested_alloc,
	.invalidate = mock_nested_invalidate,
	.viommu_alloc = mock_viommu_alloc,
	.domain_free = iommu_domain_free,
	.enforce_coherency = mock_enforce_coherency,
	.attach = mock_attach,
	.replace = mock_replace,
	.detach = mock_detach,
	.dirty_set = mock_dirty_set,
	.dirty_walk = mock_dirty_walk,
	.pasid_attach = mock_pasid_attach,
	.pasid_replace = mock_pasid_replace,
	.pasid_detach = mock_pasid_detach,
	.hw_info = mock_hw_info,
};
