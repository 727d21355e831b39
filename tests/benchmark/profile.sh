#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# harness: load=iommu_next_vfio_pci,vfio_iommu_type1 timeout=900
#
# Where the instructions of map_cost go, by perf: functions with one percent or more of a call, for 256 MiB of memory
# of a kind. The machine has no counter that perf could use, so it samples by the clock, which counts instructions here;
# what runs with interrupts off is seen at the place that turns them on.
PERIOD=5000

# Debian allows perf for nobody; and it must not slow down when the machine is slow.
echo -1 >/proc/sys/kernel/perf_event_paranoid
echo 0 >/proc/sys/kernel/perf_cpu_time_max_percent
mkfifo /tmp/perf-control /tmp/perf-ack

perf() {
	LD_LIBRARY_PATH=/tests /tests/perf "$@"
}

number=0
for kind in ordered shuffled thp; do
	for door in type1 attached; do
		for call in map unmap; do
			number=$((number + 1))
			name="$kind memory, $door, $call"
			if perf record --quiet --event cpu-clock:k --count $PERIOD --delay -1 \
				--control fifo:/tmp/perf-control,/tmp/perf-ack --output /tmp/perf.data -- \
				env -u LD_LIBRARY_PATH "PROFILED_DOOR=$door" "PROFILED_CALL=$call" \
				/tests/map_cost -t "map.$kind.profile" >/tmp/perf.log 2>&1; then
				echo "# $name"
				perf report --input /tmp/perf.data --stdio --quiet --sort symbol --percent-limit 1 2>/tmp/perf.log |
					sed -n 's/^ *\([0-9.]*%\) *\[k\] *\([^ ]*\).*/# \1 \2/p'
				echo "ok $number - $name"
			else
				sed 's/^/# /' /tmp/perf.log
				echo "not ok $number - $name"
			fi
		done
	done
done
echo "1..$number"
