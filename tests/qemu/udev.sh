#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# harness: load=iommu_next machines=none,smp,vtd
#
# The udev rules that come with the modules: /dev/iommu is a link to /dev/iommu-next only where the administrator asked for
# it, and never on a kernel that has iommufd.

OPTION=/etc/iommu-next/dev-iommu
BUILTIN=/lib/modules/$(uname -r)/modules.builtin
number=0
failed=0

check() {
	text=$1
	shift
	number=$((number + 1))
	if "$@"; then
		echo "ok $number - $text"
	else
		echo "# /dev/iommu: $(readlink /dev/iommu || echo none)"
		echo "not ok $number - $text"
		failed=1
	fi
}

# Makes udev look at the rules again.
again() {
	udevadm trigger --action=change --settle /sys/class/misc/iommu-next
}

# Makes modprobe believe that iommufd is part of the kernel.
pretend_iommufd() {
	echo kernel/drivers/iommu/iommufd/iommufd.ko >>"$BUILTIN"
	printf 'iommufd.license=GPL\0iommufd.file=drivers/iommu/iommufd/iommufd\0' >>"$BUILTIN.modinfo"
	depmod
}

echo 1..4

again
check "no /dev/iommu unless asked for" [ ! -e /dev/iommu ]

mkdir -p /etc/iommu-next
touch $OPTION
again
check "a link to /dev/iommu-next when asked for" [ "$(readlink /dev/iommu)" = iommu-next ]

rm $OPTION
again
check "no more when no longer asked for" [ ! -e /dev/iommu ]

touch $OPTION
pretend_iommufd
again
check "never on a kernel with iommufd" [ ! -e /dev/iommu ]

exit $failed
