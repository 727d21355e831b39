#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# harness: load=- machines=none taint=U tools=inxctl
#
# inxctl on a machine that has no IOMMU, and on one whose modules are not what is installed.

# What check calls is called by its name.
# shellcheck disable=SC2317
# shellcheck source=tests/guest/tap.sh
. /tests/tap.sh

MODULES=/lib/modules/$(uname -r)

# says STATUS WORDS COMMAND... - whether the command ends so and says that.
says() {
	status=$1 words=$2
	shift 2
	seen=0
	"$@" >/tmp/said 2>&1 || seen=$?
	[ "$seen" = "$status" ] && grep -qF "$words" /tmp/said && return
	echo "# ended with $seen, not $status, or not '$words' in:"
	sed 's/^/# /' /tmp/said
	return 1
}

modprobe -r iommu_next_mock iommu_next_vfio_pci iommu_next
check "status says that there is no IOMMU" says 1 "the kernel sees no IOMMU" inxctl status
check "and where to switch it on" says 1 "on in the firmware's setup" inxctl status
check "list says it as well" says 0 "No device has an IOMMU before it" inxctl list
edu=$(grep -l 0x11e8 /sys/bus/pci/devices/*/device | cut -d/ -f6)
check "a device without IOMMU is not bound" says 1 "there is no IOMMU before $edu" inxctl bind "$edu"
modprobe iommu_next enable_unsafe_noiommu_mode=1
check "unless that is wanted" says 0 /dev/vfio/devices/noiommu-vfio0 inxctl bind "$edu"
check "list has its node" says 0 noiommu-vfio0 inxctl list
check "status says that it is" says 1 "devices without an IOMMU allowed" inxctl status
inxctl unbind "$edu" >/dev/null
modprobe -r iommu_next_vfio_pci iommu_next
check "run loads what it needs" says 0 /dev/iommu-next inxctl run -- readlink "/proc/self/fd/{iommu}"

# A module that was installed after the other one was loaded.
file=$(modinfo -n iommu_next_vfio_pci)
cp "$file" /tmp/kept
modprobe iommu_next_mock
mock=$(modinfo -n iommu_next_mock)
cp "$mock" /tmp/kept-mock
cp "$file" "$mock"
check "a loaded module is compared with the installed" says 1 \
	"the module iommu_next_mock that is loaded is not the one that is installed" inxctl status
cp /tmp/kept-mock "$mock"

# Modules that are not there.
rm "$file"
depmod
check "a module that is not installed" says 1 "the module iommu_next_vfio_pci is not installed for this kernel" inxctl status
mkdir -p "$MODULES/build"
check "without dkms it is made from the source" says 1 "to do:  make install" inxctl status
mkdir -p /var/lib/dkms/iommu-next
check "with dkms by that" says 1 "to do:  dkms autoinstall -k $(uname -r)" inxctl status
cp /tmp/kept "$file"
depmod

# What firmware and command line say, as the kernel would show it.
mount -t tmpfs tmpfs /sys/firmware
mkdir -p /sys/firmware/acpi/tables /sys/firmware/efi/efivars
: >/sys/firmware/acpi/tables/DMAR
check "an IOMMU of Intel that is not used" says 1 "intel_iommu=on /' /etc/default/grub" inxctl status
mv /sys/firmware/acpi/tables/DMAR /sys/firmware/acpi/tables/IVRS
check "one of AMD is used unless somebody does not want it" says 1 "the kernel sees no IOMMU" inxctl status
echo "quiet amd_iommu=off" >/tmp/cmdline
mount --bind /tmp/cmdline /proc/cmdline
check "an IOMMU of AMD that is switched off" says 1 "switches the IOMMU off (AMD-Vi)" inxctl status
umount /proc/cmdline
secure=/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
printf '\6\0\0\0\0' >$secure
check "EFI without Secure Boot" says 1 "Secure Boot: no;" inxctl status
printf '\6\0\0\0\1' >$secure
check "Secure Boot" says 1 "Secure Boot: yes;" inxctl status
modprobe -r iommu_next_mock iommu_next
check "needs a key for modules that are not loaded yet" says 1 "mokutil --import /var/lib/dkms/mok.pub" inxctl status
umount /sys/firmware
check "no EFI, no Secure Boot" says 1 "Secure Boot: no (not booted by EFI)" inxctl status

finish
