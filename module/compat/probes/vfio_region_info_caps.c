// SPDX-License-Identifier: GPL-2.0-only
/* Between 6.12 and 7.2: the VFIO core asks for regions by get_region_info_caps(). */
#include <linux/vfio.h>
bool probe(const struct vfio_device_ops *ops);
bool probe(const struct vfio_device_ops *ops)
{
	return ops->get_region_info_caps;
}
