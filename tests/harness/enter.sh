#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs a command in a root file system made of layers. Started by chroot.py inside fresh mount and process namespaces, so
# that every mount made here is gone when the command is, however it ends.
#
#   enter.sh WHERE ROOT UPPER [BIND...] -- COMMAND...
#
# WHERE  an existing folder to mount on
# ROOT   "dir:PATH": PATH itself, writable; "layers:TOP:...:BOTTOM": an overlay of these
# UPPER  where an overlay keeps what the command writes: a folder with "upper" and "work" in it, or "-" to forget it
# BIND   "ro|rw:SOURCE:TARGET": a file or folder of the host made visible inside
set -eu

where=$1 root=$2 upper=$3
shift 3

mount -t tmpfs -o mode=755 tmpfs "$where"
top=$where/root
mkdir "$top"
case $root in
dir:*)
	mount --bind "${root#dir:}" "$top"
	;;
layers:*)
	if [ "$upper" = - ]; then
		upper=$where
		mkdir "$upper/upper" "$upper/work"
	fi
	mount -t overlay -o "lowerdir=${root#layers:},upperdir=$upper/upper,workdir=$upper/work" overlay "$top"
	;;
*)
	echo "enter.sh: $root is neither dir:PATH nor layers:PATHS" >&2
	exit 2
	;;
esac

mount -t proc proc "$top/proc"
mount -t sysfs -o ro sysfs "$top/sys"
mount -t tmpfs -o mode=755 tmpfs "$top/dev"
for node in null zero full random urandom tty; do
	: >"$top/dev/$node"
	mount --bind "/dev/$node" "$top/dev/$node"
done
mkdir "$top/dev/pts" "$top/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$top/dev/pts"
mount -t tmpfs tmpfs "$top/dev/shm"
ln -s pts/ptmx "$top/dev/ptmx"
ln -s /proc/self/fd "$top/dev/fd"
ln -s fd/0 "$top/dev/stdin"
ln -s fd/1 "$top/dev/stdout"
ln -s fd/2 "$top/dev/stderr"

while [ "$1" != -- ]; do
	mode=${1%%:*}
	rest=${1#*:}
	source=${rest%%:*}
	target=$top/${rest#*:}
	if [ -d "$source" ]; then
		mkdir -p "$target"
	elif [ ! -e "$target" ]; then
		mkdir -p "${target%/*}"
		: >"$target"
	fi
	mount --bind "$source" "$target"
	if [ "$mode" = ro ]; then
		mount -o remount,bind,ro "$target"
	fi
	shift
done
shift

exec chroot "$top" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM="${TERM:-dumb}" LC_ALL=C.UTF-8 \
	DEBIAN_FRONTEND=noninteractive "$@"
