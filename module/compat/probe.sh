#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Find out what a kernel offers, and write it down as macros.
#
# usage: probe.sh SRCTREE OBJTREE ARCH OUTPUT
#
# SRCTREE and OBJTREE are the kernel's, as kbuild calls them. Each file in
# probes/ is one feature, its first line says where it comes from:
#   x.c     compiles                                   INX_HAVE_X
#   x.sym   its symbol is exported (Module.symvers)    INX_HAVE_X
#   x.grep  a header has a line that matches           INX_HAVE_X
# All of the .c are compiled by one call of kbuild. sane_pass.c and sane_fail.c
# go first: a broken compiler must not look like an old kernel.
#
# A tree that is being built has no Module.symvers, or that of its last build:
# there, a symbol is exported if the source says so.
set -eu

src=$1 obj=$2 arch=$3 out=$4
here=$(cd "$(dirname "$0")" && pwd)

die() {
	echo "iommu-next: $*" >&2
	exit 1
}

# Folders of one build may get here side by side; the first does the work.
mkdir -p "$(dirname "$out")"
symvers=$obj/Module.symvers
case $out in "$obj"/*) symvers= ;; esac
exec 9> "$out.lock"
flock 9

key=$(cat "$here"/probes/* "$here/required" "$0" "$obj/include/config/auto.conf" \
	${symvers:+"$symvers"} 2>/dev/null | cksum)
if [ -f "$out" ] && head -n 1 "$out" | grep -qF "$key"; then
	exit 0
fi

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cp "$here"/probes/*.c "$tmp"
for c in "$tmp"/*.c; do
	name=$(basename "$c" .c)
	echo "obj-m += $name.o" >> "$tmp/Kbuild"
	goals="${goals:-} $name.o"
done

# What the outer make has exported must not reach the inner one. The goals that
# do not compile make it fail, which is what is being asked.
# shellcheck disable=SC2086
env -i PATH="$PATH" LC_ALL=C make -k -j"$(nproc)" -C "$obj" M="$tmp" \
	ARCH="$arch" $goals > "$tmp/log" 2>&1 || built=$?
if [ ! -f "$tmp/sane_pass.o" ]; then
	tail -n 20 "$tmp/log" >&2
	die "cannot compile against the kernel headers in $obj (see above); are linux-headers and the compiler they ask for installed?"
fi
if [ -f "$tmp/sane_fail.o" ] || [ "${built:-0}" = 0 ]; then
	die "the compiler accepts an #error; the kernel's features cannot be probed"
fi

exported() {
	if [ -f "$symvers" ]; then
		cut -f 2 "$symvers" | grep -qx "$1"
	else
		grep -rqE --include='*.c' "^EXPORT_SYMBOL[A-Z_]*\\($1[,)]" \
			"$src/drivers/iommu" "$src/drivers/vfio" "$src/mm"
	fi
}

feature() {
	echo "$1" | tr '[:lower:]' '[:upper:]'
}

have=
for probe in "$here"/probes/*; do
	name=$(basename "$probe")
	case $name in
	sane_*)
		continue ;;
	*.c)
		[ -f "$tmp/${name%.c}.o" ] || continue ;;
	*.sym)
		exported "$(grep -v '^#' "$probe")" || continue ;;
	*.grep)
		grep -v '^#' "$probe" > "$tmp/line"
		read -r header pattern < "$tmp/line"
		grep -qE "$pattern" "$src/$header" || continue ;;
	esac
	have="$have $(feature "${name%.*}")"
done

while read -r line; do
	case $line in '#'*|'') continue ;; esac
	found=
	for f in ${line%%:*}; do
		case " $have " in *" $f "*) found=1 ;; esac
	done
	[ -n "$found" ] || die "this kernel ($obj) offers no known way to${line#*:}. Supported are Linux 6.1 to 7.3; a newer or patched kernel needs a new file in module/compat."
done < "$here/required"

{
	echo "/* $key */"
	for f in $have; do
		echo "#define INX_HAVE_$f 1"
	done
} > "$tmp/out"
mv "$tmp/out" "$out"
