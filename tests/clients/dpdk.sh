#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# harness: machines=vtd,vtd-scalable,vtd-first,amd,amd-silent,virtio,smmu except=6.1/virtio
# harness: seldom=6.1/vtd-*,6.1/amd*,6.12/vtd-scalable,7.2/vtd-*,7.2/amd,7.2/virtio,7.3/vtd,*/smmu,6.12/virtio
# harness: taint=U timeout=300
#
# DPDK's testpmd sends packets by a network card in a container of VFIO. Without huge pages it maps its memory page by
# page, which is more mappings than vfio_iommu_type1 takes.
# What check calls is called by its name.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/guest/client.sh
. /tests/client.sh

MEBIBYTES=256
output=/tmp/testpmd

# Start testpmd; it runs until it is told to stop.
start() {
	: >"$output"
	chroot /client /usr/bin/dpdk-testpmd --lcores 0@0,1@0 --no-huge -m "$MEBIBYTES" --iova-mode=va -a "$card" -- \
		--total-num-mbufs=2048 --auto-start --stats-period 1 --no-mlockall --tx-first --forward-mode=txonly \
		>"$output" 2>&1 &
	pid=$!
}

stop() {
	kill -INT "$pid"
	wait "$pid"
}

breaks() {
	echo 0 >"$PARAMETER"
	start
	# It goes on, without the card.
	if ! until_said "$output" 'DMA remapping failed' "$pid" && ! grep -q 'DMA remapping failed' "$output"; then
		show "$output"
		return 1
	fi
	stop
	grep 'DMA remapping' "$output" | sed 's/^/# /'
	grep -q 'error 28 (No space left on device)' "$output"
}

sends() {
	echo 1 >"$PARAMETER"
	start
	if ! until_said "$output" 'TX-packets: [1-9]' "$pid"; then
		show "$output"
		return 1
	fi
	pinned=$(value "$pid" VmPin)
	locked=$(value "$pid" VmLck)
	stop
	grep 'TX-packets: [1-9]' "$output" | head -n 1 | sed 's/^ */# /'
	echo "# pinned: $pinned KiB, locked: $locked KiB"
	# vfio_iommu_type1 would show it as locked.
	[ "$pinned" -ge $((MEBIBYTES * 1024)) ]
}

enter_world
card=$(find_device 0x8086 0x10d3 '$')
give_to vfio-pci "$card"
check "testpmd --no-huge -m $MEBIBYTES is too much for vfio_iommu_type1" breaks
check "testpmd --no-huge -m $MEBIBYTES sends packets" sends
finish
