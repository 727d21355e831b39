# SPDX-License-Identifier: GPL-2.0-only

# For building and installing by hand: which kernel, and where its headers are.
KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build

# For the demo: a kernel of tests/kernels.conf, and vtd or mock.
KERNEL ?= 6.1
BACKEND ?= vtd

# Where inxctl goes.
export PREFIX ?= /usr/local

RUN := scripts/harness

help:
	@echo "Targets (the tests need root on Debian, and no kernel headers: they bring all they need):"
	@sed -n 's/^## /  /p' $(firstword $(MAKEFILE_LIST))

## demo          show DMA through /dev/iommu-next in a virtual machine (KERNEL=6.1|6.12|7.2|7.3, BACKEND=vtd|mock)
demo:
	$(RUN) demo --kernel $(KERNEL) --backend $(BACKEND)

## modules       build the modules for a kernel whose headers are installed (KVER=release)
modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

## install       install them with DKMS (KVER=release; MOCK=1: with the mock IOMMU), and inxctl if it can be built
install: install-modules
	scripts/install-tools --if-possible

install-modules:
	scripts/install $(if $(MOCK),--mock) $(KVER)

## install-tools install inxctl, with its manual page and completion for bash (PREFIX=/usr/local)
install-tools:
	scripts/install-tools

## uninstall     remove them, all versions, from all kernels, and inxctl
uninstall:
	scripts/uninstall

## check-fast    check the sources: builds for every kernel without warnings, sparse, checkpatch, house rules
check-fast:
	$(RUN) static

## kunit         run the KUnit tests in user-mode Linux, by the kernel's kunit.py: 6.1, 6.12, 7.2
kunit:
	$(RUN) kunit

## coverage      which lines KUnit and the test programs execute, in user-mode Linux 6.12
coverage:
	$(RUN) coverage --kernel 6.12

## stress        everything at once for ten minutes a kernel, in user-mode Linux with KASAN and lockdep: 6.1, 6.12, 7.2
stress:
	$(RUN) stress

## qemu          run the tests in virtual machines: every kernel, every machine
qemu:
	$(RUN) qemu

## conformance   run the selftests of in-tree iommufd, as they are, in virtual machines
conformance:
	$(RUN) conformance

## clients       run programs of others, as Debian has them: DPDK, QEMU
clients:
	$(RUN) clients

## dkms-test     test the packaging: install, upgrade, removal, refusal
dkms-test:
	$(RUN) dkms

## benchmark     what mapping costs, in instructions, beside VFIO's type1
benchmark:
	$(RUN) benchmark

## check         all of the checks and tests
check:
	$(RUN) check

## clean         remove what a build leaves in this tree
clean:
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean

.PHONY: help demo modules install install-modules install-tools uninstall check-fast kunit coverage qemu conformance clients dkms-test benchmark check clean
