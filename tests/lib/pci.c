// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inx.h"
#include "pci.h"
#include "tap.h"

#define DEVICES "/sys/bus/pci/devices"

/* As sysfs shows it: QEMU, and its device "edu". */
#define EDU "0x1234", "0x11e8"
#define PAGE 4096UL
/* In configuration space, and a bit of it. */
#define COMMAND 4
#define MEMORY 2
/* Where the memory lies that edu_load() uses. */
#define LOAD_IOVA (200UL << 20)

bool file_read(char *text, size_t size, const char *format, ...)
{
	char path[256];
	va_list args;
	ssize_t n;
	int fd;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, size - 1);
	close(fd);
	if (n < 0)
		return false;
	text[n] = 0;
	text[strcspn(text, "\n")] = 0;
	return true;
}

int file_write(const char *text, const char *format, ...)
{
	char path[256];
	va_list args;
	ssize_t n;
	int fd, error;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	error = errno;
	close(fd);
	errno = error;
	return n < 0 ? -1 : 0;
}

bool machine_is(const char *name)
{
	return !strncmp(getenv("INX_MACHINE") ?: "", name, strlen(name));
}

bool kernel_is(const char *name)
{
	return !strcmp(getenv("INX_KERNEL") ?: "", name);
}

void test_module_load(const char *name, const char *parameters)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	if (!access(path, F_OK))
		return;
	snprintf(path, sizeof(path), "/tests/%s.ko", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, syscall(SYS_finit_module, fd, parameters, 0));
	close(fd);
}

void udev_settle(void)
{
	pid_t pid = fork();
	int status = -1;

	if (!pid) {
		execlp("udevadm", "udevadm", "settle", "--timeout=10",
		       (char *)NULL);
		_exit(127);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
}

uint64_t pci_msi_window(void)
{
	/* Where a processor takes them, or Linux puts the doorbells. */
	return machine_is("smmu") ? 0x8000000 : 0xfee00000;
}

bool pci_allow_unsafe(bool allow)
{
	static const char *parameter =
		"/sys/module/iommu_next/parameters/allow_unsafe_interrupts";
	char was[8];

	ASSERT_TRUE(file_read(was, sizeof(was), "%s", parameter));
	ASSERT_EQ(0, file_write(allow ? "Y" : "N", "%s", parameter));
	return *was == 'Y';
}

static unsigned int find(struct pci_dev *dev, unsigned int nr,
			 const char *vendor, const char *device)
{
	char its_vendor[16], its_device[16];
	unsigned int found = 0;
	struct dirent **names;
	int n, i;

	n = scandir(DEVICES, &names, NULL, alphasort);
	ASSERT_GT(n, 0);
	for (i = 0; i < n && found < nr; i++) {
		const char *bdf = names[i]->d_name;

		if (!file_read(its_vendor, sizeof(its_vendor),
			       DEVICES "/%s/vendor", bdf) ||
		    !file_read(its_device, sizeof(its_device),
			       DEVICES "/%s/device", bdf) ||
		    strcmp(vendor, its_vendor) || strcmp(device, its_device))
			continue;
		snprintf(dev[found++].bdf, sizeof(dev->bdf), "%.15s", bdf);
	}
	return found;
}

void pci_find(struct pci_dev *dev, unsigned int nr, const char *vendor,
	      const char *device)
{
	ASSERT_EQ(nr, find(dev, nr, vendor, device));
}

void pci_find_edu(struct pci_dev *dev, unsigned int nr)
{
	pci_find(dev, nr, EDU);
}

void pci_last_edu(struct pci_dev *dev)
{
	struct pci_dev all[8];
	unsigned int nr = find(all, sizeof(all) / sizeof(*all), EDU);

	ASSERT_GT(nr, 0);
	*dev = all[nr - 1];
}

bool pci_exists(const struct pci_dev *dev)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), DEVICES "/%s", dev->bdf);
	return !stat(path, &st);
}

int pci_unbind(const struct pci_dev *dev)
{
	return file_write(dev->bdf, DEVICES "/%s/driver/unbind", dev->bdf);
}

static void driver_of(const struct pci_dev *dev, char *name, size_t size)
{
	char path[64], target[256] = "";

	snprintf(path, sizeof(path), DEVICES "/%s/driver", dev->bdf);
	if (readlink(path, target, sizeof(target) - 1) < 0)
		*target = 0;
	snprintf(name, size, "%s", strrchr(target, '/') ?
		 strrchr(target, '/') + 1 : "");
}

void pci_set_driver(const struct pci_dev *dev, const char *driver)
{
	char now[64];

	driver_of(dev, now, sizeof(now));
	if (driver && !strcmp(now, driver))
		return;
	if (*now)
		ASSERT_EQ(0, pci_unbind(dev));
	ASSERT_EQ(0, file_write(driver ?: "\n", DEVICES "/%s/driver_override",
				dev->bdf));
	if (!driver)
		return;
	ASSERT_EQ(0, file_write(dev->bdf, "/sys/bus/pci/drivers_probe"));
	driver_of(dev, now, sizeof(now));
	ASSERT_STREQ(driver, now);
}

int pci_remove(const struct pci_dev *dev)
{
	return file_write("1", DEVICES "/%s/remove", dev->bdf);
}

void pci_rescan(void)
{
	ASSERT_EQ(0, file_write("1", "/sys/bus/pci/rescan"));
}

int pci_group(const struct pci_dev *dev)
{
	char path[64], target[256] = "";

	snprintf(path, sizeof(path), DEVICES "/%s/iommu_group", dev->bdf);
	ASSERT_LT(0, readlink(path, target, sizeof(target) - 1));
	return atoi(strrchr(target, '/') + 1);
}

void pci_vfio_name(const struct pci_dev *dev, char *name, size_t size)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), DEVICES "/%s/vfio-dev", dev->bdf);
	dir = opendir(path);
	ASSERT_NE(NULL, dir);
	*name = 0;
	while ((entry = readdir(dir)))
		if (strstr(entry->d_name, "vfio"))
			snprintf(name, size, "%s", entry->d_name);
	closedir(dir);
	ASSERT_NE(0, *name);
}

void pci_vfio_node(const struct pci_dev *dev, char *path, size_t size)
{
	struct stat st;
	char name[64];

	pci_vfio_name(dev, name, sizeof(name));
	snprintf(path, size, "/dev/vfio/devices/%s", name);
	if (stat(path, &st))
		udev_settle();
}

int pci_open(const struct pci_dev *dev)
{
	char path[128];

	pci_vfio_node(dev, path, sizeof(path));
	return open(path, O_RDWR | O_CLOEXEC);
}

void pci_set_memory(int dev, bool on)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	uint16_t command;

	ASSERT_EQ(0, ioctl(dev, VFIO_DEVICE_GET_REGION_INFO, &info));
	ASSERT_EQ(2, pread(dev, &command, 2, info.offset + COMMAND));
	command = on ? command | MEMORY : command & ~MEMORY;
	ASSERT_EQ(2, pwrite(dev, &command, 2, info.offset + COMMAND));
}

struct pci_dmabuf pci_dmabuf_of(uint32_t region, uint64_t offset,
				uint64_t length)
{
	return (struct pci_dmabuf){
		.argsz = sizeof(struct pci_dmabuf),
		.flags = VFIO_DEVICE_FEATURE_GET | 11,
		.region = region,
		.open_flags = O_RDWR | O_CLOEXEC,
		.nr = 1,
		.range = { { offset, length } },
	};
}

int pci_dmabuf(int dev, uint32_t region, uint64_t offset, uint64_t length)
{
	struct pci_dmabuf arg = pci_dmabuf_of(region, offset, length);

	return ioctl(dev, VFIO_DEVICE_FEATURE, &arg);
}

bool client_reaches(struct client *c, unsigned int i, struct edu *target,
		    uint64_t bar, uint32_t *word, uint64_t iova)
{
	uint32_t val;

	edu_write(target, EDU_LIVENESS, 0x11111111, 4);
	*word = 0x12345678;
	edu_dma(&c->edu[i], iova, 4, false);
	edu_dma(&c->edu[i], bar + EDU_LIVENESS, 4, true);
	val = edu_read(target, EDU_LIVENESS, 4);
	if (val == ~0x12345678U)
		return true;
	EXPECT_EQ(~0x11111111U, val);
	return false;
}

void client_open(struct client *c, unsigned int nr, bool mapped)
{
	unsigned int i;

	*c = (struct client){ .pinned = inx_status_kb("VmPin"), .nr = nr };
	pci_find_edu(c->pci, PCI_DEVS);
	c->fd = inx_open();
	ASSERT_GE(c->fd, 0);
	ASSERT_EQ(0, inx_ioas_alloc(c->fd, &c->ioas));
	for (i = 0; i < nr; i++) {
		pci_set_driver(&c->pci[i], PCI_DRIVER);
		c->dev[i] = pci_open(&c->pci[i]);
		ASSERT_GE(c->dev[i], 0);
		ASSERT_EQ(0, inx_bind(c->dev[i], c->fd, &c->id[i]));
		edu_open(&c->edu[i], c->dev[i], VFIO_PCI_MSI_IRQ_INDEX);
		/* Its interrupts are memory writes, which no IOAS translates yet. */
		c->edu[i].polled = machine_is("smmu");
		if (mapped)
			edu_map_bar(&c->edu[i]);
	}
}

void client_close(struct client *c)
{
	unsigned int i;

	for (i = 0; i < c->nr; i++) {
		edu_close(&c->edu[i]);
		if (c->dev[i] >= 0)
			EXPECT_EQ(0, close(c->dev[i]));
	}
	if (c->fd >= 0)
		EXPECT_EQ(0, close(c->fd));
	EXPECT_EQ(c->pinned, inx_status_kb("VmPin"));
}

int client_map(struct client *c, const void *va, size_t length, uint64_t iova)
{
	return inx_map_at(c->fd, c->ioas, va, length, iova);
}

long client_pinned(struct client *c)
{
	return inx_status_kb("VmPin") - c->pinned;
}

void edu_load(struct client *c, unsigned int i, unsigned char value)
{
	unsigned char *page = inx_alloc(PAGE);

	memset(page, value, PAGE);
	ASSERT_EQ(0, client_map(c, page, PAGE, LOAD_IOVA));
	edu_dma(&c->edu[i], LOAD_IOVA, EDU_MOST, false);
	ASSERT_EQ(0, inx_unmap(c->fd, c->ioas, LOAD_IOVA, PAGE, NULL));
	ASSERT_EQ(0, munmap(page, PAGE));
}
