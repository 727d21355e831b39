#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# harness: machines=vtd,vtd-scalable,vtd-first,amd,amd-silent,virtio except=6.1/virtio taint=U
# harness: seldom=6.1/vtd-*,6.1/amd*,6.12/vtd-*,6.12/virtio,7.2/vtd-*,7.2/amd,7.2/virtio,7.3/vtd
# harness: load=kvm-amd,iommu_next_vfio_pci timeout=300
#
# QEMU with KVM, which it tells of its devices: by a container as without; not by device files, which KVM does not take.
set -u
# shellcheck source=tests/guest/qtest.sh
. /tests/qtest.sh

# What check calls is called by its name.
# shellcheck disable=SC2317
is_refused() {
	chroot /client /usr/bin/qemu-system-x86_64 -M q35 -accel kvm -S -m 64 -nodefaults -display none \
		-object iommufd,id=x,fd=5 -device vfio-pci,fd=6,iommufd=x,id=dev0 </dev/null >"$SEEN" 2>&1
	status=$?
	show "$SEEN"
	[ "$status" = 1 ] && grep -q 'Failed to add fd 6 to KVM VFIO device: Invalid argument' "$SEEN"
}

first_and_second iommu_next_vfio_pci
udevadm settle
exec 5<>/dev/iommu-next 6<>"/dev/vfio/devices/$(basename "/sys/bus/pci/devices/$first/vfio-dev/"*)"
check "a device file is refused by KVM" is_refused
exec 5>&- 6>&-

first_and_second vfio-pci
echo 1 >"$PARAMETER"
accel=kvm
run_qemu -device "vfio-pci,host=$first,addr=1" -device "vfio-pci,host=$second,addr=2"
