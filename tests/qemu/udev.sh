#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# harness: load=iommu_next machines=none,smp,vtd
#
# The udev rules that come with the modules: /dev/iommu is a link to /dev/iommu-next only where the administrator asked for
# it, and never on a kernel that has iommufd.

OPTION=/etc/iommu-next/dev-iommu
BUILTIN=/lib/modules/$(uname -r)/modules.builtin
# shellcheck source=tests/guest/tap.sh
. /tests/tap.sh

# is_link TARGET - what /dev/iommu is, when udev looks at the rules again; empty for not there.
# check calls it.
# shellcheck disable=SC2317
is_link() {
	udevadm trigger --action=change --settle /sys/class/misc/iommu-next
	seen=$(readlink /dev/iommu || ls /dev/iommu 2>/dev/null)
	[ "$seen" = "$1" ] && return
	echo "# /dev/iommu: ${seen:-none}"
	return 1
}

# Makes modprobe believe that iommufd is part of the kernel.
pretend_iommufd() {
	echo kernel/drivers/iommu/iommufd/iommufd.ko >>"$BUILTIN"
	printf 'iommufd.license=GPL\0iommufd.file=drivers/iommu/iommufd/iommufd\0' >>"$BUILTIN.modinfo"
	depmod
}

check "no /dev/iommu unless asked for" is_link ""

mkdir -p /etc/iommu-next
touch $OPTION
check "a link to /dev/iommu-next when asked for" is_link iommu-next

rm $OPTION
check "no more when no longer asked for" is_link ""

touch $OPTION
pretend_iommufd
check "never on a kernel with iommufd" is_link ""

finish
