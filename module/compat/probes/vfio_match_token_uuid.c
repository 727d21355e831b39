// SPDX-License-Identifier: GPL-2.0-only
/* Between 6.12 and 7.2: a VF token is compared by match_token_uuid(). */
#include <linux/vfio.h>
bool probe(const struct vfio_device_ops *ops);
bool probe(const struct vfio_device_ops *ops)
{
	return ops->match_token_uuid;
}
