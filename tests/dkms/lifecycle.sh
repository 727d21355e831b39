#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# From installation to removal: the modules, a newer version of them, a newer kernel.
#
# check() calls the functions below.
# shellcheck disable=SC2317
. /source/tests/dkms/lib.sh

new_version=$version.1

# is_built_for RELEASE MODULE - it is there, for that kernel.
is_built_for() {
	file=$(find "/lib/modules/$1/updates/dkms/" -name "$2.ko*")
	[ "$file" ] && modinfo -F vermagic "$file" | grep "^$1 "
}

# is_installed RELEASE MODULE - and modprobe finds it with all it needs, which takes the kernel's own modules.
is_installed() {
	is_built_for "$1" "$2" && modprobe -S "$1" --show-depends "$2"
}

# Files that belong to no package, without those that change on their own.
list_files() {
	sed 's,^/\(bin\|lib\|lib64\|sbin\)/,/usr&,' /var/lib/dpkg/info/*.list | sort -u >/tmp/packaged
	find / -xdev \( -type f -o -type l \) | grep -Ev \
		-e '^/(tmp|root|run|var/(log|cache|lib/(dpkg|apt)))/' \
		-e '^/usr/lib/modules/[^/]*/modules\.[^/]*$' | sort | comm -23 - /tmp/packaged
}

# The key that dkms signs with belongs to the system, not to us.
nothing_left() {
	list_files | diff /tmp/files-before - | grep -v ' /var/lib/dkms/mok\.' | grep '^[<>]' && return 1
	return 0
}

# completes WORD WHOLE - for bash, after "inxctl".
completes() {
	bash -c '. /usr/local/share/bash-completion/completions/inxctl
		COMP_WORDS=(inxctl "$1") COMP_CWORD=1
		_inxctl
		[ "${COMPREPLY[*]}" = "$2" ]' - "$1" "$2"
}

# system_files COMMAND... - succeeds for each file of scripts/dkms/files and for its place in the system.
system_files() {
	number_of_files=0
	for file in $(cd scripts/dkms/files && find . -type f); do
		"$@" "scripts/dkms/files/$file" "/$file" || return 1
		number_of_files=$((number_of_files + 1))
	done
	[ "$number_of_files" -ge 2 ]
}

both_exist() {
	[ -e "$1" ] && [ -e "$2" ]
}

# The examples in our modprobe.d file name parameters that there are, in words that modprobe takes.
modprobe_examples() {
	sed -n 's/^#\(options\|softdep\)/\1/p' /usr/lib/modprobe.d/iommu-next.conf >/tmp/examples.conf
	modprobe -C /tmp/examples.conf --showconfig | sort >/tmp/understood
	sort /tmp/examples.conf | comm -23 - /tmp/understood >/tmp/not-understood
	if [ -s /tmp/not-understood ]; then
		cat /tmp/not-understood
		return 1
	fi
	sed -n 's/^options \([^ ]*\) \([^=]*\)=.*/\1 \2/p' /tmp/examples.conf >/tmp/parameters
	[ -s /tmp/parameters ] || return 1
	while read -r module parameter; do
		modinfo -k "$KVER" "$module" | grep "^parm: *$parameter:" || return 1
	done </tmp/parameters
}

list_files >/tmp/files-before

check "make install" make install "KVER=$KVER"
check "iommu_next is installed" is_installed "$KVER" iommu_next
check "iommu_next_vfio_pci is installed" is_installed "$KVER" iommu_next_vfio_pci
check "iommu_next_vfio_container is installed" is_installed "$KVER" iommu_next_vfio_container
check "the mock is not" not is_installed "$KVER" iommu_next_mock
check "nor is its VFIO device" not is_installed "$KVER" iommu_next_mock_vfio
check "udev rules and modprobe's examples are in place" system_files cmp
check "the examples name parameters that there are" modprobe_examples
check "/dev/iommu is not asked for" [ ! -e /etc/iommu-next/dev-iommu ]
check "inxctl is installed" [ "$(/usr/local/sbin/inxctl --version)" = "inxctl $version" ]
check "with its manual page" cmp tools/inxctl/inxctl.8 /usr/local/share/man/man8/inxctl.8
check "and its completion" completes b bind

sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$new_version\"/" dkms.conf
check "make install of a newer version, with the mock" make install MOCK=1 "KVER=$KVER"
dkms status -m iommu-next >/tmp/status 2>&1
check "the newer version is installed" grep "^iommu-next/$new_version, $KVER, .*: installed" /tmp/status
check "the older version is gone" not grep "^iommu-next/$version," /tmp/status
check "its sources are gone" [ ! -e "/usr/src/iommu-next-$version" ]
check "the mock is installed" is_installed "$KVER" iommu_next_mock
check "inxctl is of the newer version" [ "$(/usr/local/sbin/inxctl --version)" = "inxctl $new_version" ]
check "udev rules and modprobe's examples are still in place" system_files cmp

if [ "$OTHER" ]; then
	# The packages' own hook calls dkms.
	check "headers of another kernel arrive" dpkg --install /debs/*.deb
	check "iommu_next was built for it" is_built_for "$OTHER" iommu_next
	check "iommu_next_vfio_pci was built for it" is_built_for "$OTHER" iommu_next_vfio_pci
	check "iommu_next_vfio_container was built for it" is_built_for "$OTHER" iommu_next_vfio_container
	check "dkms uninstall for one kernel" dkms uninstall "iommu-next/$new_version" -k "$OTHER"
	check "udev rules and modprobe's examples stay for the other" system_files both_exist
	check "so do the modules" is_installed "$KVER" iommu_next_vfio_pci
else
	skip "headers of another kernel arrive" "apt knows no other release of this kernel"
fi

# Without a library of its own inxctl is left out, and that is said.
mv /usr/include/jansson.h /usr/include/jansson.off
check "make install-tools without a library" ends_with 2 make install-tools
check "what is missing is said" sh -c 'scripts/install-tools --if-possible | grep "apt install libjansson-dev,"'
mv /usr/include/jansson.off /usr/include/jansson.h

check "make uninstall" make uninstall
check "nothing is left" nothing_left
check "dkms knows nothing of it" [ -z "$(dkms status -m iommu-next)" ]

finish
