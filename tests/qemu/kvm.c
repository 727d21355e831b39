// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_pci,iommu_next_vfio_container,vfio-pci,kvm-amd */
/* harness: machines=vtd timeout=60 */
/*
 * What a VMM tells KVM of its devices: the file of a VFIO group (kvm-vfio), or of a
 * device. QEMU does it for each device, and gives up when KVM does not take it. The
 * processor of this machine is QEMU's, with SVM.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/iommu-next-container.h>
#include <linux/kvm.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "inx.h"
#include "legacy.h"
#include "mem.h"
#include "pci.h"
#include "tap.h"
#include "type1.h"

#define PAGE 4096UL
#define IOVA PCI_IOVA
#define LENGTH (4 * PAGE)

/* KVM_DEV_VFIO_GROUP of older headers: the attributes are the same. */
#define FILES 1
#define ADD 1
#define DEL 2

/**
 * struct guest_vm - a machine of KVM's
 * @fd: the machine
 * @vfio: what it knows of VFIO
 */
struct guest_vm {
	int fd;
	int vfio;
};

static void vm_open(struct guest_vm *vm)
{
	struct kvm_create_device device = { .type = KVM_DEV_TYPE_VFIO };
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	ASSERT_GE(kvm, 0);
	vm->fd = ioctl(kvm, KVM_CREATE_VM, 0);
	ASSERT_GE(vm->fd, 0);
	ASSERT_EQ(0, close(kvm));
	ASSERT_EQ(0, ioctl(vm->fd, KVM_CREATE_DEVICE, &device));
	vm->vfio = device.fd;
}

static void vm_close(struct guest_vm *vm)
{
	EXPECT_EQ(0, close(vm->vfio));
	EXPECT_EQ(0, close(vm->fd));
}

static int vm_tell(struct guest_vm *vm, uint64_t what, int32_t file)
{
	struct kvm_device_attr attr = {
		.group = FILES,
		.attr = what,
		.addr = (uintptr_t)&file,
	};

	return ioctl(vm->vfio, KVM_SET_DEVICE_ATTR, &attr);
}

FIXTURE(kvm)
{
	struct guest_vm vm;
	struct legacy l;
	unsigned char *mem;
};

FIXTURE_VARIANT(kvm)
{
	unsigned long type;
};

FIXTURE_VARIANT_ADD(kvm, own)
{
	IOMMU_NEXT_VFIO_IOMMU
};

FIXTURE_VARIANT_ADD(kvm, v2)
{
	VFIO_TYPE1v2_IOMMU
};

FIXTURE_SETUP(kvm)
{
	legacy_take_over(true);
	vm_open(&self->vm);
	legacy_open(&self->l, 1, variant->type);
	self->mem = mem_alloc(MEM_SHUFFLED, LENGTH);
	memset(self->mem, 0, LENGTH);
	ASSERT_EQ(0, type1_map(self->l.container, self->mem, LENGTH, IOVA));
}

FIXTURE_TEARDOWN(kvm)
{
}

TEST_F(kvm, group)
{
	ASSERT_EQ(0, vm_tell(&self->vm, ADD, self->l.group[0]));
	EXPECT_ERRNO(EEXIST, vm_tell(&self->vm, ADD, self->l.group[0]));
	edu_check_copy(&self->l.edu[0], self->mem, IOVA);
	EXPECT_EQ(0, vm_tell(&self->vm, DEL, self->l.group[0]));
	EXPECT_ERRNO(ENOENT, vm_tell(&self->vm, DEL, self->l.group[0]));
	edu_check_copy(&self->l.edu[0], self->mem, IOVA);
	vm_close(&self->vm);
	legacy_close(&self->l);
}

/* As QEMU does it: before the device is opened, which asks KVM about it then. */
TEST_F(kvm, told_before_the_device)
{
	legacy_stop(&self->l, 0);
	ASSERT_EQ(0, vm_tell(&self->vm, ADD, self->l.group[0]));
	legacy_start(&self->l, 0);
	edu_check_copy(&self->l.edu[0], self->mem, IOVA);
	/* The machine goes first, with all that it has. */
	vm_close(&self->vm);
	edu_check_copy(&self->l.edu[0], self->mem, IOVA);
	legacy_close(&self->l);
}

TEST_F(kvm, device_goes_first)
{
	ASSERT_EQ(0, vm_tell(&self->vm, ADD, self->l.group[0]));
	legacy_close(&self->l);
	vm_close(&self->vm);
}

/* KVM takes files of VFIO's own: those of devices here are not. */
TEST(device_file)
{
	struct guest_vm vm;
	struct client c;
	unsigned char *mem = mem_alloc(MEM_SHUFFLED, LENGTH);

	vm_open(&vm);
	client_open(&c, 1, true);
	EXPECT_ERRNO(EINVAL, vm_tell(&vm, ADD, c.dev[0]));
	EXPECT_ERRNO(EINVAL, vm_tell(&vm, ADD, c.fd));
	ASSERT_EQ(0, inx_attach_to(c.dev[0], c.ioas));
	ASSERT_EQ(0, client_map(&c, mem, LENGTH, IOVA));
	edu_check_copy(&c.edu[0], mem, IOVA);
	client_close(&c);
	vm_close(&vm);
}

TEST_HARNESS_MAIN
