#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# For the scripts beside this one, which run in a copy of a system with dkms and a kernel's headers that is thrown away
# when they end. They find:
#
#   /source                the tree
#   $KVER                  release of the kernel whose headers are installed
#   $OTHER, /debs          another release, and the packages of its headers, not installed; or empty
set -eu

# shellcheck source=tests/guest/tap.sh
. /source/tests/guest/tap.sh

# quietly COMMAND... - its output is shown only if it fails. In a function that is called so, a failing command does not
# end the function.
# check calls it.
# shellcheck disable=SC2317
quietly() {
	"$@" >/tmp/output 2>&1 && return
	tail -n 25 /tmp/output | sed 's/^/# /'
	return 1
}
# shellcheck disable=SC2034
through=quietly

# skip TEXT REASON
skip() {
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

# not COMMAND... - succeeds if the command fails.
not() {
	! "$@"
}

# ends_with STATUS COMMAND...
ends_with() {
	wanted=$1
	shift
	status=0
	"$@" || status=$?
	echo "ended with status $status, not $wanted"
	[ "$status" = "$wanted" ]
}

# A copy of the tree, as a user has it.
cp -r /source /root/iommu-next
cd /root/iommu-next
# For the scripts.
# shellcheck disable=SC2034
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' dkms.conf)
