# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# For scripts in a guest, where it is /tests/client.sh: with programs of others, in /client, which is the root of their
# world (tests/harness/clients.py), and VFIO's containers.

# shellcheck source=tests/guest/tap.sh
. /tests/tap.sh

# For the scripts.
# shellcheck disable=SC2034
PARAMETER=/sys/module/iommu_next_vfio_container/parameters/type1

# show FILE - what a client said, as remarks.
show() {
	sed 's/^/# /' "$1"
}

enter_world() {
	for folder in dev proc sys; do
		# A client before may have done so.
		grep -q " /client/$folder " /proc/mounts || mount --rbind "/$folder" "/client/$folder"
	done
	modprobe -a vfio-pci iommu_next_vfio_container
}

# find_device VENDOR DEVICE [NUMBER] - the address of a PCI device; of the last one, if the number is $.
find_device() {
	for path in /sys/bus/pci/devices/*; do
		read -r vendor <"$path/vendor"
		read -r device <"$path/device"
		[ "$vendor:$device" = "$1:$2" ] && basename "$path"
	done | sed -n "${3:-1}p"
}

# give_to DRIVER ADDRESS
give_to() {
	if [ -e "/sys/bus/pci/devices/$2/driver" ]; then
		echo "$2" >"/sys/bus/pci/devices/$2/driver/unbind"
	fi
	echo "$1" >"/sys/bus/pci/devices/$2/driver_override"
	echo "$2" >/sys/bus/pci/drivers_probe
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
