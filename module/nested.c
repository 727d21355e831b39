// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page tables that user space owns: the first stage of a translation whose
 * second stage is a nesting parent.
 *
 * The kernel maps nothing in them, and knows their format only through the
 * backend. They are users of their parent; what is reserved for a device that is
 * attached to one is reserved in the IOAS of the parent.
 */
#include <linux/err.h>
#include <linux/pagemap.h>
#include <uapi/linux/iommu-next.h>

#include "backend.h"
#include "device.h"
#include "group.h"
#include "hwpt.h"
#include "ioctl.h"
#include "nested.h"
#include "viommu.h"

#define INX_NESTED_FLAGS (IOMMU_NEXT_HWPT_FAULT_ID_VALID | \
			  IOMMU_NEXT_HWPT_ALLOC_PASID)
#define INX_NESTED_TRIES 3

/* More than any IOMMU flushes at a time; keeps one call from lasting for ever. */
#define INX_INVALIDATE_MAX BIT(19)

static int inx_nested_check(struct inx_hwpt *parent, struct inx_viommu *viommu,
			    struct inx_device *idev, u32 flags,
			    const struct inx_user_data *data)
{
	if (flags & ~INX_NESTED_FLAGS || !data->len ||
	    !(viommu || idev->ops->nested_alloc))
		return -EOPNOTSUPP;
	if (!(parent->flags & IOMMU_NEXT_HWPT_ALLOC_NEST_PARENT) ||
	    parent->ops != idev->ops)
		return -EINVAL;
	return 0;
}

/*
 * The backend reads user memory under the lock of the group, for which
 * unbinding waits: so that memory is made present before, and a page that has
 * gone again is no reason to wait.
 */
static struct iommu_domain *inx_nested_domain(struct inx_hwpt *parent,
					      struct inx_viommu *viommu,
					      struct inx_device *idev,
					      u32 flags,
					      const struct inx_user_data *data)
{
	int tries = INX_NESTED_TRIES;
	struct iommu_domain *domain;

	do {
		fault_in_readable(data->uptr, min_t(u32, data->len, PAGE_SIZE));
		mutex_lock(&idev->group->lock);
		if (idev->gone) {
			domain = ERR_PTR(-ENODEV);
		} else {
			pagefault_disable();
			domain = viommu ?
				viommu->ops->nested_alloc(viommu->priv,
							  idev->dev, flags,
							  data) :
				idev->ops->nested_alloc(idev->dev,
							parent->domain, flags,
							data);
			pagefault_enable();
		}
		mutex_unlock(&idev->group->lock);
	} while (domain == ERR_PTR(-EFAULT) && --tries);
	return domain;
}

/* What a nested page table keeps: the slice, which keeps the parent. */
static int inx_nested_use(struct inx_hwpt *hwpt, struct inx_hwpt *parent,
			  struct inx_viommu *viommu)
{
	int rc;

	rc = inx_object_use(viommu ? &viommu->obj : &parent->obj);
	if (rc)
		return rc;
	hwpt->parent = parent;
	hwpt->viommu = viommu;
	hwpt->ioas = parent->ioas;
	return 0;
}

/**
 * inx_nested_make() - make a page table of the user's
 * @parent: what translates its output
 * @viommu: the slice of the IOMMU that it is on, with the same parent; or NULL
 * @idev: a device behind the IOMMU that it is for
 * @flags: of enum iommu_next_hwpt_alloc_flags
 * @data: says where the table is
 *
 * Return: the page table, not published; ERR_PTR(-EOPNOTSUPP) for flags or a
 * format that cannot be, -EINVAL when @parent is none, or not for the device, or
 * @data is too short, too long or says nonsense, -EFAULT, -ENODEV, -ENOENT,
 * -ENOMEM.
 */
struct inx_hwpt *inx_nested_make(struct inx_hwpt *parent,
				 struct inx_viommu *viommu,
				 struct inx_device *idev, u32 flags,
				 const struct inx_user_data *data)
{
	struct iommu_domain *domain;
	struct inx_hwpt *hwpt;
	int rc;

	rc = inx_nested_check(parent, viommu, idev, flags, data);
	if (rc)
		return ERR_PTR(rc);
	hwpt = inx_hwpt_create(idev, flags);
	if (IS_ERR(hwpt))
		return hwpt;
	rc = inx_nested_use(hwpt, parent, viommu);
	if (rc)
		goto out_abort;
	domain = inx_nested_domain(parent, viommu, idev, flags, data);
	if (IS_ERR(domain)) {
		rc = PTR_ERR(domain);
		goto out_abort;
	}
	hwpt->domain = domain;
	return hwpt;

out_abort:
	inx_object_abort(&hwpt->obj);
	return ERR_PTR(rc);
}

static int inx_invalidate_check(const struct iommu_next_hwpt_invalidate *arg)
{
	if (arg->__reserved)
		return -EOPNOTSUPP;
	if (!arg->entry_num)
		return 0;
	if (!arg->data_uptr || !arg->entry_len || arg->entry_len > PAGE_SIZE ||
	    arg->entry_num > INX_INVALIDATE_MAX)
		return -EINVAL;
	return 0;
}

/* The number of entries becomes that of those that were carried out. */
static int inx_invalidate_object(struct inx_object *obj,
				 struct inx_user_array *array, u32 entry_num)
{
	struct inx_hwpt *hwpt;

	if (obj->type == INX_OBJ_VIOMMU) {
		array->entry_num = entry_num;
		return inx_viommu_invalidate(inx_viommu_of(obj), array);
	}
	if (obj->type != INX_OBJ_HWPT)
		return -EINVAL;
	hwpt = inx_hwpt_of(obj);
	if (!hwpt->parent)
		return -EINVAL;
	if (!hwpt->ops->invalidate)
		return -EOPNOTSUPP;
	array->entry_num = entry_num;
	return hwpt->ops->invalidate(hwpt->domain, array);
}

static int inx_invalidate(struct inx_call *call, struct inx_user_array *array)
{
	struct iommu_next_hwpt_invalidate *arg = call->arg;
	struct inx_object *obj;
	int rc;

	rc = inx_invalidate_check(arg);
	if (rc)
		return rc;
	obj = inx_object_get(call->ctx, arg->hwpt_id, INX_OBJ_ANY);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	rc = inx_invalidate_object(obj, array, arg->entry_num);
	inx_object_put(obj);
	return rc;
}

/** inx_hwpt_invalidate() - IOMMU_NEXT_HWPT_INVALIDATE */
int inx_hwpt_invalidate(struct inx_call *call)
{
	struct iommu_next_hwpt_invalidate *arg = call->arg;
	struct inx_user_array array = {
		.uptr = u64_to_user_ptr(arg->data_uptr),
		.type = arg->data_type,
		.entry_len = arg->entry_len,
	};
	int rc = inx_invalidate(call, &array);

	arg->entry_num = array.entry_num;
	return inx_call_reply(call) ?: rc;
}
