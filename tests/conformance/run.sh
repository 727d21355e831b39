#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs a program of the in-tree iommufd selftests in a test machine: it opens /dev/iommu, which is our node here, and needs
# huge pages. The mock answers its test ioctl.
#
#   run.sh PROGRAM [ARGUMENT...]
set -eu

modprobe iommu_next
modprobe iommu_next_mock selftest=1
ln -sf iommu-next /dev/iommu
# User-mode Linux has none.
if [ -e /proc/sys/vm/nr_hugepages ]; then
	echo 96 >/proc/sys/vm/nr_hugepages
fi

program=$1
shift
exec "/tests/$program" "$@"
