# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Completion of inxctl for bash.

_inxctl_devices() {
	local path
	for path in /sys/bus/pci/devices/*; do
		# Bridges cannot be bound.
		[[ $(<"$path/class") == 0x06* ]] && continue
		# Of those to be given back, only those that can be.
		if [[ $1 == unbind && ! $(readlink "$path/driver") == */iommu_next_vfio_pci ]]; then
			continue
		fi
		echo "${path##*/}"
	done
}

_inxctl() {
	local current=${COMP_WORDS[COMP_CWORD]} command='' word words i

	# A colon ends a word for bash, so addresses are put together again.
	if declare -F __ltrim_colon_completions >/dev/null; then
		_get_comp_words_by_ref -n : -c current
	fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $word != -* ]]; then
			command=$word
			break
		fi
	done
	case $command in
	'') words='status list bind unbind show run --json --help --version' ;;
	bind | unbind) words="--force --group --json --help $(_inxctl_devices "$command")" ;;
	show) words='--pid= --json --help' ;;
	run) words="--bind --force --memlock= --user= --help -- {iommu} $(_inxctl_devices | sed 's/.*/{vfio:&}/')" ;;
	*) words='--json --help' ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
	if declare -F __ltrim_colon_completions >/dev/null; then
		__ltrim_colon_completions "$current"
	fi
}

complete -o default -F _inxctl inxctl
