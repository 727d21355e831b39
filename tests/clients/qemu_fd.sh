#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# harness: machines=smmu load=iommu_next_vfio_pci timeout=300
#
# QEMU has its devices by descriptors of device files, as in cdev_qemu, but without inxctl.
set -u
# shellcheck source=tests/guest/qtest.sh
. /tests/qtest.sh

# device_file ADDRESS
device_file() {
	echo "/dev/vfio/devices/$(basename "/sys/bus/pci/devices/$1/vfio-dev/"*)"
}

first_and_second iommu_next_vfio_pci
udevadm settle
exec 5<>/dev/iommu-next 6<>"$(device_file "$first")" 7<>"$(device_file "$second")"
run_qemu -object iommufd,id=x,fd=5 -device vfio-pci,fd=6,iommufd=x,id=dev0,addr=1 \
	-device vfio-pci,fd=7,iommufd=x,id=dev1,addr=2
