# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# For scripts in a guest, where it is /tests/qtest.sh: QEMU with two devices "edu", whose guest does not run. QEMU's qtest
# protocol does what its processor would do. Each device copies the guest's memory by DMA.
# What check calls is called by its name.
# shellcheck disable=SC2317

# shellcheck source=tests/guest/client.sh
. /tests/client.sh

SEEN=/tmp/qtest.seen
accel=tcg

# start OPTION... - QEMU with devices in slots 1 and 2.
start() {
	chroot /client /usr/bin/qemu-system-x86_64 --version | sed -n 's/^/# /;1p'
	rm -f /tmp/qtest
	mkfifo /tmp/qtest
	: >$SEEN
	chroot /client /usr/bin/qemu-system-x86_64 -M q35 -accel $accel -S -qtest stdio -qtest-log none -m 64 -nodefaults \
		-display none "$@" </tmp/qtest >$SEEN 2>&1 &
	pid=$!
	exec 4>/tmp/qtest
	sent=0
}

# ask COMMAND... - what QEMU answers, without the OK.
ask() {
	echo "$*" >&4
	sent=$((sent + 1))
	while [ "$(grep -c '^OK\|^FAIL' $SEEN)" -lt $sent ]; do
		if [ ! -d "/proc/$pid" ]; then
			show $SEEN
			echo "Bail out! QEMU has ended."
			exit 1
		fi
		usleep 10000
	done
	answer=$(grep '^OK\|^FAIL' $SEEN | tail -n 1)
	answer=${answer#OK}
	answer=${answer# }
}

# config SLOT OFFSET - choose a register of the PCI configuration.
config() {
	ask outl 0xcf8 "$(printf '0x%x' $((0x80000000 + $1 * 2048 + $2)))"
}

# number TEXT - what QEMU says, as a number. It may have more digits than fit; only small ones are of interest.
is() {
	[ $((answer)) = $(($1)) ] && return
	echo "# $answer, not $1"
	return 1
}

# dma BAR FROM TO LENGTH COMMAND
dma() {
	ask writeq $(($1 + 0x80)) "$2"
	ask writeq $(($1 + 0x88)) "$3"
	ask writeq $(($1 + 0x90)) "$4"
	ask writeq $(($1 + 0x98)) "$5"
	while ask readq $(($1 + 0x98)) && [ $((answer & 1)) = 1 ]; do
		usleep 10000
	done
}

# copies SLOT BAR FROM TO - a device of that slot, its registers there, copies 64 bytes.
copies() {
	slot=$1 bar=$2 from=$3 to=$4
	config "$slot" 0
	ask inl 0xcfc
	is 0x11e81234 || return
	config "$slot" 0x10
	ask outl 0xcfc "$bar"
	config "$slot" 4
	ask outl 0xcfc 6
	ask readl "$bar"
	is 0x010000ed || return
	ask writel "$from" 0x12345678
	ask writel $((from + 60)) "0x90abcde$slot"
	dma "$bar" "$from" 0x40000 64 1
	dma "$bar" 0x40000 "$to" 64 3
	ask readl "$to"
	is 0x12345678 || return
	ask readl $((to + 60))
	is "0x90abcde$slot"
}

is_pinned() {
	pinned=$(value "$pid" VmPin)
	echo "# pinned: $pinned KiB, locked: $(value "$pid" VmLck) KiB"
	[ "$pinned" -ge $((64 * 1024)) ]
}

kvm_knows() {
	ls -l "/proc/$pid/fd" | grep -q "anon_inode:kvm-vfio$"
}

# first_and_second DRIVER - the addresses of two devices, which that driver gets.
first_and_second() {
	enter_world
	first=$(find_device 0x1234 0x11e8 1)
	second=$(find_device 0x1234 0x11e8 2)
	give_to "$1" "$first"
	give_to "$1" "$second"
}

# run_qemu OPTION... - the tests, with QEMU started so.
run_qemu() {
	# What it says is shown when it has ended too early.
	trap '' PIPE
	start "$@"
	check "the first device copies memory of QEMU's guest" copies 1 0xe0000000 0x100000 0x200000
	check "so does the second" copies 2 0xe0100000 0x300000 0x400000
	check "the memory is pinned by an IOAS" is_pinned
	[ $accel != kvm ] || check "KVM knows of the devices" kvm_knows
	ask quit
	exec 4>&-
	kill "$pid" 2>/dev/null
	wait "$pid"
	grep -v '^OK\|^FAIL' $SEEN | sed 's/^/# /'
	finish
}
