#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Kernels that the modules cannot be built for: one line that says why, and the status with which dkms refuses.
#
# check() calls the functions below.
# shellcheck disable=SC2317
. /source/tests/dkms/lib.sh

EXCLUDED=77

# says_once TEXT - make's output (in /tmp/said) has that line exactly once.
says_once() {
	cat /tmp/said
	[ "$(grep -cF "$1" /tmp/said)" = 1 ]
}

install_for() {
	scripts/install "$1" >/tmp/said 2>&1
}

# A kernel like the one that is installed, under another name.
other_kernel() {
	mkdir -p "/lib/modules/$1"
	cp -r "$(readlink -f "/lib/modules/$KVER/build")" "/usr/src/headers-$1"
	ln -s "/usr/src/headers-$1" "/lib/modules/$1/build"
}

check "a kernel without headers" ends_with 1 install_for 6.99-none
check "is named, and the package to install" says_once "apt install linux-headers-6.99-none"

other_kernel 6.99-no-vfio
# Versions of dkms differ in which of the two files they read.
sed -i 's/^CONFIG_VFIO_PCI_CORE=.*/# CONFIG_VFIO_PCI_CORE is not set/' \
	/usr/src/headers-6.99-no-vfio/.config /usr/src/headers-6.99-no-vfio/include/config/auto.conf
check "a kernel without VFIO for PCI" ends_with $EXCLUDED install_for 6.99-no-vfio
check "is refused with the reason" says_once "kernel 6.99-no-vfio is refused: it was built without CONFIG_VFIO_PCI_CORE"

other_kernel 5.10.0-old
check "a kernel that is too old" ends_with $EXCLUDED install_for 5.10.0-old
check "is refused with the reason" says_once "kernel 5.10.0-old is refused: it is older than 6.1"

check "no module was installed" [ -z "$(find /lib/modules -name 'iommu_next*')" ]

finish
