# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# For scripts in a guest, where it is /tests/tap.sh, and those of tests/dkms: their results, as TAP.

number=0
failed=0
# What calls the commands of check; empty for nothing between.
through=

# check TEXT COMMAND... - a test that passes if the command succeeds.
check() {
	text=$1
	shift
	number=$((number + 1))
	if $through "$@"; then
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
