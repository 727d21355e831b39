# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# For the scripts beside this one, which run in a guest (tests/harness/clients.py). The clients are in /clients, which
# is the root of their world. Output is TAP.

number=0
failed=0
# For the scripts.
# shellcheck disable=SC2034
PARAMETER=/sys/module/iommu_next_vfio_container/parameters/type1

# check TEXT COMMAND... - a test that passes if the command succeeds.
check() {
	text=$1
	shift
	number=$((number + 1))
	if "$@"; then
		echo "ok $number - $text"
	else
		echo "not ok $number - $text"
		failed=1
	fi
}

finish() {
	echo "1..$number"
	exit $failed
}

# show FILE - what a client said, as remarks.
show() {
	sed 's/^/# /' "$1"
}

enter_world() {
	for folder in dev proc sys; do
		mount --rbind "/$folder" "/clients/$folder"
	done
	modprobe -a vfio-pci iommu_next_vfio_container
}

# find_device VENDOR DEVICE [NUMBER] - the address of a PCI device.
find_device() {
	for path in /sys/bus/pci/devices/*; do
		read -r vendor <"$path/vendor"
		read -r device <"$path/device"
		[ "$vendor:$device" = "$1:$2" ] && basename "$path"
	done | sed -n "${3:-1}p"
}

give_to_vfio() {
	echo vfio-pci >"/sys/bus/pci/devices/$1/driver_override"
	echo "$1" >/sys/bus/pci/drivers_probe
}

# value PID NAME - in KiB, of /proc/PID/status.
value() {
	sed -n "s/^$2:[[:space:]]*\\([0-9]*\\) kB/\\1/p" "/proc/$1/status"
}

# until FILE PATTERN PID - wait for a line, as long as the process that writes it runs.
until_said() {
	while ! grep -q "$2" "$1"; do
		[ -d "/proc/$3" ] || return 1
		usleep 100000
	done
}
