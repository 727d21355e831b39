#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# harness: machines=vtd,vtd-scalable,vtd-first,amd,amd-silent,virtio,smmu except=6.1/virtio
# harness: seldom=6.1/vtd-*,6.1/amd*,6.12/vtd-scalable,7.2/vtd-*,7.2/amd,7.2/virtio
# harness: taint=U timeout=300
#
# QEMU has its devices by a container of VFIO.
set -u
# shellcheck source=tests/guest/qtest.sh
. /tests/qtest.sh

first_and_second vfio-pci
echo 1 >"$PARAMETER"
run_qemu -device "vfio-pci,host=$first,addr=1" -device "vfio-pci,host=$second,addr=2"
