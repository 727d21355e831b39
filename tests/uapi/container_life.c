// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=iommu_next_vfio_container,iommu_next_vfio_pci,vfio-pci timeout=300 taint=U */
/* harness: machines=vtd*,amd*,virtio,smmu except=6.1/virtio */
/* harness: seldom=6.1/vtd-*,6.1/amd*,6.12/vtd-*,7.2/vtd-*,7.2/amd,7.2/virtio,7.3/vtd */
/*
 * Containers of VFIO whose devices are taken away, whose clients are watched from
 * outside, and who answers for which type.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/iommu-next-container.h>
#include <linux/vfio.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inx.h"
#include "legacy.h"
#include "mem.h"
#include "tap.h"
#include "type1.h"
#include "uffd.h"

#define PAGE 4096UL
#define IOVA PCI_IOVA
#define LENGTH (4 * PAGE)
#define WAIT_MS 10000

FIXTURE(life)
{
	struct legacy l;
	int fd;
	unsigned char *mem;
	long pinned;
};

FIXTURE_SETUP(life)
{
	legacy_take_over(true);
	self->pinned = inx_status_kb("VmPin");
	legacy_open(&self->l, 1, VFIO_TYPE1v2_IOMMU);
	self->fd = self->l.container;
	self->mem = mem_alloc(MEM_SHUFFLED, LENGTH);
	memset(self->mem, 0, LENGTH);
}

FIXTURE_TEARDOWN(life)
{
	legacy_close(&self->l);
	EXPECT_EQ(self->pinned, inx_status_kb("VmPin"));
}

static bool is_all(const unsigned char *mem, size_t length, unsigned char value)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (mem[i] != value)
			return false;
	return true;
}

/* Who answers in a container: vfio_iommu_type1 has a limit. */
static bool is_ours(int fd)
{
	uint64_t words[128] = {};
	const char *text = (void *)words;
	struct vfio_iommu_type1_info *info = (void *)words;
	const struct vfio_iommu_type1_info_dma_avail *avail;
	uint32_t at;

	info->argsz = sizeof(words);
	ASSERT_EQ(0, ioctl(fd, VFIO_IOMMU_GET_INFO, info));
	for (at = info->cap_offset; at; at = avail->header.next) {
		avail = (const void *)(text + at);
		if (avail->header.id == VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL)
			return avail->avail == UINT32_MAX;
	}
	return false;
}

/* ---- devices that are taken away --------------------------------------------------------- */

FIXTURE_VARIANT(life)
{
	int (*take)(const struct pci_dev *dev);
};

FIXTURE_VARIANT_ADD(life, unbind)
{
	pci_unbind
};

FIXTURE_VARIANT_ADD(life, unplug)
{
	pci_remove
};

static int take(void *arg)
{
	struct life_data *self = arg;

	return pci_unbind(&self->l.pci[0]);
}

static int unplug(void *arg)
{
	struct life_data *self = arg;

	return pci_remove(&self->l.pci[0]);
}

/*
 * VFIO asks the client for the device, and waits for it. The client has the
 * group open still when the device goes; the container ends with its last group.
 */
TEST_F(life, device_goes)
{
	struct legacy *l = &self->l;
	struct later later;
	struct pollfd poll_request;
	int event;

	event = eventfd(0, EFD_CLOEXEC);
	edu_set_trigger(l->dev[0], VFIO_PCI_REQ_IRQ_INDEX, event);
	ASSERT_EQ(0, type1_map(self->fd, self->mem, LENGTH, IOVA));
	edu_start(&l->edu[0], IOVA, EDU_MOST, true);
	later_start(&later, variant->take == pci_remove ? unplug : take, self);
	poll_request = (struct pollfd){ .fd = event, .events = POLLIN };
	ASSERT_EQ(1, poll(&poll_request, 1, WAIT_MS));
	EXPECT_EQ(self->pinned + 16, inx_status_kb("VmPin"));
	legacy_stop(l, 0);
	EXPECT_EQ(0, later_join(&later));
	EXPECT_EQ(self->pinned, inx_status_kb("VmPin"));
	EXPECT_ERRNO(EINVAL, type1_map(self->fd, self->mem, PAGE, IOVA));
	close(event);
	/* And all is as before. */
	legacy_close(l);
	pci_rescan();
	legacy_open(l, 1, VFIO_TYPE1v2_IOMMU);
	self->fd = l->container;
	ASSERT_EQ(0, type1_map(self->fd, self->mem, LENGTH, IOVA));
	legacy_load(l, 0, 0x5a);
	edu_dma(&l->edu[0], IOVA, 100, true);
	EXPECT_TRUE(is_all(self->mem, 100, 0x5a));
}

/* One of two goes; the other works on, with all that is mapped. */
TEST_F(life, one_of_two_goes)
{
	struct legacy *l = &self->l;
	struct later later;

	legacy_add(l);
	ASSERT_EQ(0, type1_map(self->fd, self->mem, LENGTH, IOVA));
	legacy_load(l, 1, 0x22);
	legacy_stop(l, 0);
	later_start(&later, variant->take == pci_remove ? unplug : take, self);
	EXPECT_EQ(0, later_join(&later));
	EXPECT_EQ(self->pinned + 16, inx_status_kb("VmPin"));
	edu_dma(&l->edu[1], IOVA, 100, true);
	EXPECT_TRUE(is_all(self->mem, 100, 0x22));
	pci_rescan();
}

/* ---- a client that waits ----------------------------------------------------------------- */

FIXTURE(wait)
{
	struct legacy l;
	struct uffd u;
};

FIXTURE_SETUP(wait)
{
	legacy_take_over(true);
	legacy_open(&self->l, 1, VFIO_TYPE1v2_IOMMU);
	uffd_open(&self->u, LENGTH);
}

FIXTURE_TEARDOWN(wait)
{
	legacy_close(&self->l);
}

static int map(void *arg)
{
	struct wait_data *self = arg;

	return type1_map(self->l.container, self->u.mem, LENGTH, IOVA);
}

static int leave(void *arg)
{
	struct wait_data *self = arg;

	return ioctl(self->l.group[0], VFIO_GROUP_UNSET_CONTAINER);
}

/*
 * A MAP waits for memory while the last group leaves, which ends the container.
 * Nothing keeps what MAP is using then but our own count.
 */
TEST_F(wait, group_leaves)
{
	struct legacy *l = &self->l;
	long pinned = inx_status_kb("VmPin");
	struct later later;
	unsigned char *page;

	later_start(&later, map, self);
	page = uffd_wait(&self->u, 200);
	if (!page) {
		EXPECT_EQ(-1, later_join(&later));
		EXPECT_EQ(EFAULT, errno);
		return;
	}
	legacy_stop(l, 0);
	EXPECT_EQ(0, at_once(leave, self));
	EXPECT_ERRNO(EINVAL, ioctl(l->container, VFIO_IOMMU_MAP_DMA, NULL));
	/* It begins anew beside the old one. */
	ASSERT_EQ(0, ioctl(l->group[0], VFIO_GROUP_SET_CONTAINER,
			   &l->container));
	ASSERT_EQ(0, ioctl(l->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
	uffd_close(&self->u);
	later_join(&later);
	EXPECT_EQ(pinned, inx_status_kb("VmPin"));
	legacy_start(l, 0);
}

/* ---- seen from outside ------------------------------------------------------------------- */

FIXTURE(outside)
{
	int fd;
	long pinned;
	unsigned char *mem;
};

FIXTURE_SETUP(outside)
{
	legacy_take_over(true);
	self->pinned = inx_status_kb("VmPin");
	self->fd = inx_open();
	ASSERT_GE(self->fd, 0);
	self->mem = mem_alloc(MEM_MEMFD, LENGTH);
	memset(self->mem, 0, LENGTH);
}

FIXTURE_TEARDOWN(outside)
{
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(self->pinned, inx_status_kb("VmPin"));
}

static int offer(int fd, uint32_t flags, uint32_t ioas)
{
	struct iommu_next_container_offer arg = {
		.size = sizeof(arg),
		.flags = flags,
		.ioas_id = ioas,
	};

	return ioctl(fd, IOMMU_NEXT_CONTAINER_OFFER, &arg);
}

static int look_into(int container, uint32_t *ioas)
{
	struct iommu_next_container_open arg = { .size = sizeof(arg) };

	if (ioctl(container, IOMMU_NEXT_CONTAINER_OPEN, &arg))
		return -1;
	*ioas = arg.out_ioas_id;
	return arg.out_fd;
}

TEST_F(outside, offer_errors)
{
	struct iommu_next_container_offer arg = { .size = sizeof(arg) - 1 };
	uint32_t ioas;

	ASSERT_EQ(0, inx_ioas_alloc(self->fd, &ioas));
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, IOMMU_NEXT_CONTAINER_OFFER, &arg));
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, IOMMU_NEXT_CONTAINER_OFFER, NULL));
	EXPECT_ERRNO(EOPNOTSUPP, offer(self->fd, 1, ioas));
	EXPECT_ERRNO(ENOENT, offer(self->fd, 0, ioas + 1));
	EXPECT_EQ(0, offer(self->fd, 0, ioas));
	EXPECT_EQ(0, offer(self->fd, 0, 0));
	EXPECT_EQ(0, inx_destroy(self->fd, ioas));
}

/* A client that knows nothing of it runs in its parent's IOAS. */
TEST_F(outside, offered)
{
	int go[2], done[2], status;
	uint32_t ioas, other;
	uint64_t size;
	char byte;
	pid_t pid;

	ASSERT_EQ(0, inx_ioas_alloc(self->fd, &ioas));
	ASSERT_EQ(0, offer(self->fd, 0, ioas));
	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, pipe(done));
	pid = fork();
	if (!pid) {
		struct legacy l;

		legacy_open(&l, 1, VFIO_TYPE1v2_IOMMU);
		legacy_load(&l, 0, 0x5a);
		(void)!write(done[1], "", 1);
		(void)!read(go[0], &byte, 1);
		edu_dma(&l.edu[0], IOVA, 100, true);
		/* The file is the parent's. */
		if (look_into(l.container, &other) != -1 || errno != EPERM)
			_exit(1);
		legacy_close(&l);
		_exit(0);
	}
	ASSERT_EQ(1, read(done[0], &byte, 1));
	EXPECT_ERRNO(EBUSY, inx_destroy(self->fd, ioas));
	ASSERT_EQ(0, inx_map_at(self->fd, ioas, self->mem, LENGTH, IOVA));
	EXPECT_EQ(self->pinned + 16, inx_status_kb("VmPin"));
	ASSERT_EQ(1, write(go[1], "", 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(is_all(self->mem, 100, 0x5a));
	/* It stays, and what is mapped. */
	ASSERT_EQ(0, inx_unmap_all(self->fd, ioas, &size));
	EXPECT_EQ(LENGTH, size);
	EXPECT_EQ(0, inx_destroy(self->fd, ioas));
}

/* Without the file open the offer is for others. */
TEST_F(outside, not_offered)
{
	struct legacy l;
	uint32_t ioas, own;
	int fd;

	ASSERT_EQ(0, inx_ioas_alloc(self->fd, &ioas));
	legacy_open(&l, 1, VFIO_TYPE1v2_IOMMU);
	ASSERT_EQ(0, offer(self->fd, 0, ioas));
	fd = look_into(l.container, &own);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, inx_destroy(self->fd, ioas));
	EXPECT_EQ(0, close(fd));
	legacy_close(&l);
}

/*
 * Into a container that runs: a map and a second device by the other door, which
 * are there at once and have no say in when the client ends.
 */
TEST_F(outside, looked_into)
{
	struct iommu_next_container_open arg = { .size = 4 };
	uint32_t ioas = 0, dev;
	struct legacy l;
	struct edu edu;
	int fd, cdev;

	legacy_open(&l, 1, IOMMU_NEXT_VFIO_IOMMU);
	EXPECT_ERRNO(EINVAL, ioctl(l.container, IOMMU_NEXT_CONTAINER_OPEN,
				   &arg));
	EXPECT_ERRNO(EFAULT, ioctl(l.container, IOMMU_NEXT_CONTAINER_OPEN,
				   NULL));
	arg = (struct iommu_next_container_open){ sizeof(arg), .flags = 1 };
	EXPECT_ERRNO(EOPNOTSUPP, ioctl(l.container, IOMMU_NEXT_CONTAINER_OPEN,
				       &arg));
	fd = look_into(l.container, &ioas);
	ASSERT_GE(fd, 0);
	EXPECT_ERRNO(EBUSY, inx_destroy(fd, ioas));
	ASSERT_EQ(0, inx_map_at(fd, ioas, self->mem, LENGTH, IOVA));
	EXPECT_ERRNO(EEXIST, type1_map(l.container, self->mem, PAGE, IOVA));

	pci_set_driver(&l.pci[1], PCI_DRIVER);
	cdev = pci_open(&l.pci[1]);
	ASSERT_GE(cdev, 0);
	ASSERT_EQ(0, inx_bind(cdev, fd, &dev));
	ASSERT_EQ(0, inx_attach_to(cdev, ioas));
	edu_open(&edu, cdev, VFIO_PCI_MSI_IRQ_INDEX);
	memset(self->mem, 0x33, PAGE);
	edu_copy(&edu, IOVA, IOVA + PAGE, 100);
	EXPECT_TRUE(is_all(self->mem + PAGE, 100, 0x33));
	edu_copy(&l.edu[0], IOVA, IOVA + 2 * PAGE, 100);
	EXPECT_TRUE(is_all(self->mem + 2 * PAGE, 100, 0x33));

	legacy_close(&l);
	EXPECT_EQ(self->pinned, inx_status_kb("VmPin"));
	edu_copy(&edu, IOVA, IOVA + 3 * PAGE, 100);
	EXPECT_TRUE(is_all(self->mem + 3 * PAGE, 100, 0));
	edu_close(&edu);
	EXPECT_EQ(0, close(cdev));
	EXPECT_EQ(0, close(fd));
}

/* ---- who answers ------------------------------------------------------------------------- */

static void modprobe(const char *option, const char *name)
{
	pid_t pid = fork();
	int status = -1;

	if (!pid) {
		execlp("modprobe", "modprobe", option, name, (char *)NULL);
		_exit(127);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
}

/* Whether a type is had, and from whom. */
static void expect_type(unsigned long type, bool ours)
{
	struct legacy l;

	legacy_open(&l, 1, type);
	EXPECT_EQ(1, ioctl(l.container, VFIO_CHECK_EXTENSION, type));
	EXPECT_EQ(ours, is_ours(l.container));
	legacy_close(&l);
}

TEST(types)
{
	int fd = legacy_container();

	legacy_take_over(false);
	EXPECT_EQ(1, ioctl(fd, VFIO_CHECK_EXTENSION, IOMMU_NEXT_VFIO_IOMMU));
	expect_type(IOMMU_NEXT_VFIO_IOMMU, true);
	expect_type(VFIO_TYPE1_IOMMU, false);
	expect_type(VFIO_TYPE1v2_IOMMU, false);
	legacy_take_over(true);
	expect_type(VFIO_TYPE1_IOMMU, true);
	expect_type(VFIO_TYPE1v2_IOMMU, true);
	EXPECT_EQ(0, close(fd));
}

/* vfio_iommu_type1 comes later, again and again, and not at all. */
TEST(order_of_loading)
{
	struct legacy l;
	int i;

	legacy_take_over(true);
	legacy_open(&l, 1, VFIO_TYPE1v2_IOMMU);
	modprobe("-r", "vfio_iommu_type1");
	for (i = 0; i < 3; i++) {
		modprobe("-a", "vfio_iommu_type1");
		legacy_close(&l);
		expect_type(VFIO_TYPE1_IOMMU, true);
		legacy_take_over(false);
		expect_type(VFIO_TYPE1_IOMMU, false);
		legacy_take_over(true);
		legacy_open(&l, 1, VFIO_TYPE1v2_IOMMU);
		EXPECT_TRUE(is_ours(l.container));
		modprobe("-r", "vfio_iommu_type1");
	}
	EXPECT_TRUE(is_ours(l.container));
	legacy_close(&l);
	modprobe("-a", "vfio_iommu_type1");
}

TEST(unload)
{
	struct legacy l;

	legacy_open(&l, 1, IOMMU_NEXT_VFIO_IOMMU);
	EXPECT_ERRNO(EAGAIN, syscall(SYS_delete_module, LEGACY_MODULE,
				     O_NONBLOCK));
	legacy_close(&l);
	EXPECT_EQ(0, syscall(SYS_delete_module, LEGACY_MODULE, O_NONBLOCK));
	modprobe("-a", LEGACY_MODULE);
	legacy_take_over(true);
	expect_type(VFIO_TYPE1_IOMMU, true);
}

/* A container with the first device's group, which has no type yet. */
static void open_group(struct legacy *l, const char *driver)
{
	pci_find_edu(l->pci, 1);
	pci_set_driver(&l->pci[0], driver);
	l->container = legacy_container();
	l->group[0] = legacy_group(&l->pci[0]);
	ASSERT_EQ(0, ioctl(l->group[0], VFIO_GROUP_SET_CONTAINER,
			   &l->container));
}

/* Whose interrupts could be anybody's is taken only when that was allowed. */
TEST(isolated_interrupts)
{
	bool allowed = pci_allow_unsafe(false);
	struct legacy l;

	open_group(&l, "vfio-pci");
	if (machine_is("virtio")) {
		EXPECT_ERRNO(EPERM, ioctl(l.container, VFIO_SET_IOMMU,
					  IOMMU_NEXT_VFIO_IOMMU));
		pci_allow_unsafe(true);
	}
	EXPECT_EQ(0, ioctl(l.container, VFIO_SET_IOMMU, IOMMU_NEXT_VFIO_IOMMU));
	pci_allow_unsafe(allowed);
	EXPECT_EQ(0, close(l.group[0]));
	EXPECT_EQ(0, close(l.container));
}

/* The group is one owner's: whoever comes second is refused. */
TEST(both_doors)
{
	struct legacy l;
	int fd = inx_open(), cdev;

	open_group(&l, PCI_DRIVER);
	ASSERT_EQ(0, ioctl(l.container, VFIO_SET_IOMMU, IOMMU_NEXT_VFIO_IOMMU));
	cdev = pci_open(&l.pci[0]);
	ASSERT_GE(cdev, 0);
	EXPECT_ERRNO(EPERM, inx_bind(cdev, fd, NULL));
	ASSERT_EQ(0, ioctl(l.group[0], VFIO_GROUP_UNSET_CONTAINER));
	EXPECT_EQ(0, inx_bind(cdev, fd, NULL));
	EXPECT_ERRNO(EPERM, ioctl(l.group[0], VFIO_GROUP_SET_CONTAINER,
				  &l.container));
	EXPECT_EQ(0, close(cdev));
	EXPECT_EQ(0, close(l.group[0]));
	EXPECT_EQ(0, close(l.container));
	EXPECT_EQ(0, close(fd));
}

TEST_HARNESS_MAIN
