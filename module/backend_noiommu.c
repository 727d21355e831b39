// SPDX-License-Identifier: GPL-2.0-only
/*
 * The backend for devices that no IOMMU stands before: what they are told to
 * access, they access. An IOAS pins memory and remembers where it is, and a
 * program with CAP_SYS_RAWIO asks for the physical address to give the device.
 *
 * A page table is a list of what is where, in an XArray: an entry for an IO page
 * of any power of two, at the number of its first page. An entry is a value that
 * has everything in it, so nothing is allocated to unmap.
 *
 * Nothing can be blocked here. Every promise that the seam makes about DMA holds
 * only as far as the driver stops its device.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/iommu_next.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/xarray.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "backend_noiommu.h"

static bool enable_unsafe_noiommu_mode;
module_param(enable_unsafe_noiommu_mode, bool, 0644);
MODULE_PARM_DESC(enable_unsafe_noiommu_mode,
		 "Give devices without an IOMMU to programs with CAP_SYS_RAWIO. Such a device can read and write all memory. Taints the kernel when it is used; for drivers that bind a device from then on.");

/* An entry: number of the first physical page, and log2 of the size in bytes. */
#define INX_ENTRY_SHIFT_BITS 6
#define INX_ENTRY_SHIFT_MASK (BIT(INX_ENTRY_SHIFT_BITS) - 1)

/* The largest one is more than any machine has. */
#define INX_NOIOMMU_PAGE_SIZES GENMASK(BITS_PER_LONG - 13, PAGE_SHIFT)

/**
 * struct inx_noiommu_domain - what is where
 * @domain: as the kernel knows it
 * @sizes: a bit for each size that an entry ever had
 * @entries: by number of the page of IOVA that they begin with
 */
struct inx_noiommu_domain {
	struct iommu_domain domain;
	unsigned long sizes;
	struct xarray entries;
};

static struct inx_noiommu_domain *inx_noiommu_of(struct iommu_domain *domain)
{
	return container_of(domain, struct inx_noiommu_domain, domain);
}

static void *inx_noiommu_entry(phys_addr_t phys, size_t size)
{
	return xa_mk_value(PHYS_PFN(phys) << INX_ENTRY_SHIFT_BITS |
			   ilog2(size));
}

static phys_addr_t inx_entry_phys(const void *entry)
{
	return PFN_PHYS(xa_to_value(entry) >> INX_ENTRY_SHIFT_BITS);
}

static unsigned int inx_entry_shift(const void *entry)
{
	return xa_to_value(entry) & INX_ENTRY_SHIFT_MASK;
}

/**
 * inx_noiommu_find() - where a byte is
 * @domain: of this backend
 * @iova: any
 * @phys: gets its physical address
 *
 * Return: how many bytes from there on are known to follow each other, 0 when
 * nothing is mapped at @iova.
 */
u64 inx_noiommu_find(struct iommu_domain *domain, unsigned long iova,
		     phys_addr_t *phys)
{
	struct inx_noiommu_domain *nd = inx_noiommu_of(domain);
	unsigned long sizes = READ_ONCE(nd->sizes);
	unsigned int shift;

	for_each_set_bit(shift, &sizes, BITS_PER_LONG) {
		unsigned long within = iova & (BIT(shift) - 1);
		void *entry = xa_load(&nd->entries,
				      (iova - within) >> PAGE_SHIFT);

		if (entry && inx_entry_shift(entry) == shift) {
			*phys = inx_entry_phys(entry) + within;
			return BIT(shift) - within;
		}
	}
	return 0;
}

static phys_addr_t inx_noiommu_iova_to_phys(struct iommu_domain *domain,
					    dma_addr_t iova)
{
	phys_addr_t phys;

	return inx_noiommu_find(domain, iova, &phys) ? phys : 0;
}

static int inx_noiommu_map_pages(struct iommu_domain *domain,
				 unsigned long iova, phys_addr_t phys,
				 size_t size, size_t count, int prot, gfp_t gfp,
				 size_t *mapped)
{
	struct inx_noiommu_domain *nd = inx_noiommu_of(domain);

	set_bit(ilog2(size), &nd->sizes);
	while (count--) {
		int rc = xa_err(xa_store(&nd->entries, iova >> PAGE_SHIFT,
					 inx_noiommu_entry(phys, size), gfp));

		/* The core unmaps what it is told was mapped. */
		if (rc)
			return rc;
		*mapped += size;
		iova += size;
		phys += size;
	}
	return 0;
}

static size_t inx_noiommu_unmap_pages(struct iommu_domain *domain,
				      unsigned long iova, size_t size,
				      size_t count,
				      struct iommu_iotlb_gather *gather)
{
	struct inx_noiommu_domain *nd = inx_noiommu_of(domain);
	size_t done = 0;

	while (done < size * count) {
		void *old = xa_erase(&nd->entries, (iova + done) >> PAGE_SHIFT);

		if (!old)
			break;
		done += BIT(inx_entry_shift(old));
	}
	return done;
}

static void inx_noiommu_free(struct iommu_domain *domain)
{
	struct inx_noiommu_domain *nd = inx_noiommu_of(domain);

	/* It may have nodes without entries, from a store that failed. */
	xa_destroy(&nd->entries);
	kfree(nd);
}

static const struct iommu_domain_ops inx_noiommu_domain_ops = {
	.map_pages = inx_noiommu_map_pages,
	.unmap_pages = inx_noiommu_unmap_pages,
	.iova_to_phys = inx_noiommu_iova_to_phys,
	.free = inx_noiommu_free,
};

/**
 * inx_noiommu_is() - whether a page table is of this backend
 * @domain: any page table
 *
 * Return: that.
 */
bool inx_noiommu_is(const struct iommu_domain *domain)
{
	return domain->ops == &inx_noiommu_domain_ops;
}

static struct iommu_domain *
inx_noiommu_domain_alloc(struct device *dev, u32 flags,
			 const struct inx_user_data *data, bool *attach_first)
{
	struct inx_noiommu_domain *nd;

	if (flags || data)
		return ERR_PTR(-EOPNOTSUPP);
	nd = kzalloc_obj(*nd, GFP_KERNEL_ACCOUNT);
	if (!nd)
		return ERR_PTR(-ENOMEM);
	xa_init_flags(&nd->entries, XA_FLAGS_ACCOUNT);
	nd->domain.type = IOMMU_DOMAIN_UNMANAGED;
	nd->domain.ops = &inx_noiommu_domain_ops;
	nd->domain.pgsize_bitmap = INX_NOIOMMU_PAGE_SIZES;
	nd->domain.geometry.aperture_end = ~0UL;
	nd->domain.geometry.force_aperture = true;
	return &nd->domain;
}

/* Nothing keeps its interrupts, or anything else, apart; that was accepted. */
static void inx_noiommu_caps(struct device *dev, struct inx_caps *caps)
{
	caps->cache_coherent = true;
	caps->isolated_msi = true;
	caps->ats_unusable = true;
}

/* Each device is a group of its own. */
static void *inx_noiommu_group_get(struct device *dev)
{
	return get_device(dev);
}

static void inx_noiommu_group_put(void *group)
{
	put_device(group);
}

/* The device file lets one client in at a time. */
static int inx_noiommu_claim(void *group, void *owner)
{
	return 0;
}

static void inx_noiommu_release(void *group)
{
}

static int inx_noiommu_reserved(struct device *dev,
				struct inx_iova_range **ranges)
{
	*ranges = NULL;
	return 0;
}

static int inx_noiommu_enforce_coherency(struct device *dev,
					 struct iommu_domain *domain)
{
	return 0;
}

static int inx_noiommu_attach(struct device *dev, void *group,
			      struct iommu_domain *domain,
			      struct inx_sink *sink, void **handle)
{
	return 0;
}

static int inx_noiommu_replace(struct device *dev, void *group,
			       struct iommu_domain *domain,
			       struct iommu_domain *old, struct inx_sink *sink,
			       void **handle)
{
	return 0;
}

static void inx_noiommu_detach(void *group, struct iommu_domain *domain,
			       void *handle)
{
}

static int inx_noiommu_hw_info(struct device *dev, struct inx_hw_info *info)
{
	return -EOPNOTSUPP;
}

const struct inx_backend_ops inx_backend_noiommu = {
	.owner = THIS_MODULE,
	.caps = inx_noiommu_caps,
	.group_get = inx_noiommu_group_get,
	.group_put = inx_noiommu_group_put,
	.claim = inx_noiommu_claim,
	.release = inx_noiommu_release,
	.reserved = inx_noiommu_reserved,
	.domain_alloc = inx_noiommu_domain_alloc,
	.domain_free = iommu_domain_free,
	.enforce_coherency = inx_noiommu_enforce_coherency,
	.attach = inx_noiommu_attach,
	.replace = inx_noiommu_replace,
	.detach = inx_noiommu_detach,
	.hw_info = inx_noiommu_hw_info,
};

/**
 * iommu_next_noiommu() - what serves a device without an IOMMU
 * @dev: the device
 *
 * The system's administrator has to have asked for it, by the parameter
 * enable_unsafe_noiommu_mode of this module. A device file that is made with
 * this backend taints the kernel, and only a process with CAP_SYS_RAWIO opens
 * it.
 *
 * Return: the backend; NULL when an IOMMU driver looks after @dev, or when the
 * mode is off.
 */
const struct inx_backend_ops *iommu_next_noiommu(struct device *dev)
{
	if (dev->iommu || !READ_ONCE(enable_unsafe_noiommu_mode))
		return NULL;
	return &inx_backend_noiommu;
}
EXPORT_SYMBOL_GPL(iommu_next_noiommu);
