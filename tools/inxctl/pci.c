// SPDX-License-Identifier: GPL-2.0-only
/* PCI devices and IOMMU groups, as sysfs has them. */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "inxctl.h"

/* Base classes of the PCI specification; of bridges the sub-class does not matter. */
#define CLASS_BRIDGE 0x06

static const char *const classes[] = {
	[0x00] = "other",  [0x01] = "storage",	     [0x02] = "network",   [0x03] = "display",
	[0x04] = "sound",   [0x05] = "memory",	     [CLASS_BRIDGE] = "bridge",
	[0x07] = "serial",  [0x08] = "system",	     [0x09] = "input",	   [0x0b] = "processor",
	[0x0c] = "bus",	    [0x0d] = "wireless",     [0x10] = "crypto",	   [0x12] = "accelerator",
	[0x13] = "other",   [0x40] = "coprocessor",
};

static const char *class_name(unsigned int class)
{
	unsigned int base = class >> 16;

	if (base < sizeof(classes) / sizeof(*classes) && classes[base])
		return classes[base];
	return "other";
}

/* Whether these are the hexadecimal digits of an address: DDDD:BB:DD.F. */
static bool is_address(const char *address)
{
	const char *pattern = "xxxx:xx:xx.x";

	for (; *pattern && *address; pattern++, address++)
		if (*pattern == 'x' ? !isxdigit(*address) : *pattern != *address)
			return false;
	return !*pattern && !*address;
}

char *pci_address(const char *address)
{
	char *full = strlen(address) == 7 ? text("0000:%s", address) : text("%s", address), *c;

	for (c = full; *c; c++)
		*c = tolower(*c);
	if (!is_address(full))
		die("'%s' is not the address of a PCI device, as 0000:01:00.0 is;\n"
		    "'inxctl list' prints those of this machine", address);
	if (!exists("/sys/bus/pci/devices/%s", full))
		die("there is no PCI device %s;\n"
		    "'inxctl list' prints those of this machine", full);
	return full;
}

/* The name of a device of PCI_MODULE below vfio-dev, to be freed; or NULL. */
static char *vfio_name(const char *address)
{
	char *path = text("/sys/bus/pci/devices/%s/vfio-dev", address);
	json_t *names = list_folder(path);
	char *name = NULL;

	if (json_array_size(names))
		name = text("%s", json_string_value(json_array_get(names, 0)));
	json_decref(names);
	free(path);
	return name;
}

/* MAJOR:MINOR of it. */
static char *vfio_number(const char *address)
{
	char *name = vfio_name(address), *number = NULL;

	if (name)
		number = read_file("/sys/bus/pci/devices/%s/vfio-dev/%s/dev", address, name);
	free(name);
	return number;
}

char *pci_node(const char *address)
{
	char *name = vfio_name(address), *number = vfio_number(address), *node = NULL;

	/* vfio-pci has the folder as well, but no device number on kernels like these. */
	if (name && number)
		node = text("/dev/vfio/devices/%s", name);
	if (node && access(node, F_OK)) {
		/* Without our udev rule the node has its name from the kernel. */
		free(node);
		node = text("/dev/%s", name);
	}
	free(number);
	free(name);
	return node;
}

struct users {
	json_t *by_number;
};

static void note_user(const struct open_file *file, void *arg)
{
	struct users *users = arg;
	json_t *list, *entry;
	char *number;
	size_t i;

	number = text("%u:%u", major(file->rdev), minor(file->rdev));
	list = json_object_get(users->by_number, number);
	if (!list) {
		list = json_array();
		json_object_set_new(users->by_number, number, list);
	}
	free(number);
	json_array_foreach(list, i, entry) {
		if (json_integer_value(json_object_get(entry, "pid")) == file->pid)
			return;
	}
	json_array_append_new(list, json_pack("{s:i, s:s}", "pid", file->pid, "command",
					      file->command));
}

json_t *pci_users(void)
{
	struct users users = { .by_number = json_object() };

	each_open_file(note_user, &users);
	return users.by_number;
}

/* The number of a group's node in /dev/vfio, to be freed; or NULL. */
static char *group_number(const char *group)
{
	return group ? read_file("/sys/class/vfio/%s/dev", group) : NULL;
}

/* Who has the device's file or its group's open. */
static json_t *users_of(const char *address, const char *group, const json_t *users)
{
	char *number = vfio_number(address);
	json_t *result = json_array();

	if (number)
		json_array_extend(result, json_object_get(users, number));
	free(number);
	number = group_number(group);
	if (number)
		json_array_extend(result, json_object_get(users, number));
	free(number);
	return result;
}

static bool is_bridge(unsigned int class)
{
	return class >> 16 == CLASS_BRIDGE;
}

/* One word on who has the device. */
static const char *state_of(const char *driver, bool bridge, const json_t *users)
{
	if (bridge)
		return "bridge";
	if (!driver)
		return "free";
	if (strcmp(driver, PCI_MODULE) && strcmp(driver, "vfio-pci"))
		return "kernel";
	return json_array_size(users) ? "in use" : "user space";
}

json_t *pci_describe(const char *address, const json_t *users)
{
	char *vendor = read_file("/sys/bus/pci/devices/%s/vendor", address);
	char *device = read_file("/sys/bus/pci/devices/%s/device", address);
	char *class = read_file("/sys/bus/pci/devices/%s/class", address);
	char *driver = link_name("/sys/bus/pci/devices/%s/driver", address);
	char *group = link_name("/sys/bus/pci/devices/%s/iommu_group", address);
	char *override = read_file("/sys/bus/pci/devices/%s/driver_override", address);
	unsigned int number = class ? strtoul(class, NULL, 16) : 0;
	char *id = text("%s:%s", vendor ? vendor + 2 : "?", device ? device + 2 : "?");
	json_t *open = users_of(address, group, users), *result;

	if (override && !strcmp(override, "(null)"))
		*override = '\0';
	result = json_pack("{s:s, s:o, s:o, s:s, s:o, s:s, s:s, s:o, s:O}",
			   "address", address, "group", take_string(group), "id", take_string(id),
			   "class", class_name(number), "driver",
			   driver ? json_string(driver) : json_null(), "override",
			   override ? override : "", "state",
			   state_of(driver, is_bridge(number), open), "node",
			   take_string(pci_node(address)), "users", open);
	json_decref(open);
	free(vendor);
	free(device);
	free(class);
	free(driver);
	free(override);
	return result;
}

bool driver_shares_group(const char *driver)
{
	static const char *const sharing[] = { PCI_MODULE, "vfio-pci", "pcieport", "pci-stub" };
	size_t i;

	for (i = 0; i < sizeof(sharing) / sizeof(*sharing); i++)
		if (!strcmp(driver, sharing[i]))
			return true;
	/* VFIO drivers of one kind of device each. */
	return !!strstr(driver, "vfio_pci") || !!strstr(driver, "vfio-pci");
}

bool noiommu_is_on(void)
{
	char *mode = read_file("/sys/module/" CORE_MODULE
			       "/parameters/enable_unsafe_noiommu_mode");
	bool on = mode && *mode == 'Y';

	free(mode);
	return on;
}

bool iommu_is_there(void)
{
	json_t *units = list_folder("/sys/class/iommu");
	bool result = json_array_size(units) > 0;

	json_decref(units);
	return result;
}

json_t *group_devices(const char *group)
{
	char *path = text("/sys/kernel/iommu_groups/%s/devices", group);
	json_t *names = list_folder(path);

	free(path);
	return names;
}

json_t *group_describe(const char *group, const json_t *users)
{
	json_t *names = group_devices(group), *name, *devices = json_array(), *device;
	bool viable = true;
	size_t i;

	json_array_foreach(names, i, name) {
		const char *driver;

		/* Devices of other buses have a driver, and no more that we know of. */
		if (is_address(json_string_value(name)))
			device = pci_describe(json_string_value(name), users);
		else
			device = json_pack("{s:O, s:s, s:s}", "address", name, "group", group,
					   "state", "other bus");
		driver = member(device, "driver");
		if (*driver && !driver_shares_group(driver))
			viable = false;
		json_array_append_new(devices, device);
	}
	json_decref(names);
	return json_pack("{s:s, s:o, s:b, s:o}", "group", group, "type",
			 take_string(read_file("/sys/kernel/iommu_groups/%s/type", group)),
			 "viable", viable, "devices", devices);
}

/* ---- inxctl list -------------------------------------------------------------------- */

/* What stands behind "free" and so on, in one cell. */
static json_t *users_in_words(const json_t *device)
{
	json_t *words = json_array(), *user;
	size_t i;

	json_array_foreach(json_object_get(device, "users"), i, user) {
		char *word = text("%s[%lld]", member(user, "command"),
				  (long long)json_integer_value(json_object_get(user, "pid")));

		json_array_append_new(words, take_string(word));
	}
	return words;
}

static void add_rows(json_t *rows, const json_t *devices)
{
	json_t *device;
	size_t i;

	json_array_foreach((json_t *)devices, i, device) {
		json_t *row = json_copy(device);

		json_object_set_new(row, "users", users_in_words(device));
		json_array_append_new(rows, row);
	}
}

static void print_list(const json_t *value)
{
	static const struct column columns[] = {
		{ "GROUP", "group" }, { "DEVICE", "address" }, { "ID", "id" },
		{ "CLASS", "class" }, { "DRIVER", "driver" }, { "STATE", "state" },
		{ "NODE", "node" }, { "USED BY", "users" }, {}
	};
	json_t *rows = json_array(), *group;
	size_t i;

	json_array_foreach(json_object_get(value, "groups"), i, group)
		add_rows(rows, json_object_get(group, "devices"));
	add_rows(rows, json_object_get(value, "without_group"));
	print_table(rows, columns);
	json_decref(rows);
	if (json_array_size(json_object_get(value, "groups")))
		return;
	puts(iommu_is_there() ?
		     "\nDevices get their groups when a driver looks at them for the first time." :
		     "\nNo device has an IOMMU before it; 'inxctl status' says what to do.");
}

static json_t *without_group(const json_t *users)
{
	json_t *names = list_folder("/sys/bus/pci/devices"), *name, *devices = json_array();
	size_t i;

	json_array_foreach(names, i, name)
		if (!exists("/sys/bus/pci/devices/%s/iommu_group", json_string_value(name)))
			json_array_append_new(devices, pci_describe(json_string_value(name),
								    users));
	json_decref(names);
	return devices;
}

int cmd_list(const struct options *options)
{
	json_t *names = list_folder("/sys/kernel/iommu_groups"), *name;
	json_t *users = pci_users(), *groups = json_array();
	size_t i;

	(void)options;
	json_array_foreach(names, i, name)
		json_array_append_new(groups, group_describe(json_string_value(name), users));
	emit(json_pack("{s:o, s:o}", "groups", groups, "without_group", without_group(users)),
	     print_list);
	json_decref(names);
	json_decref(users);
	return INXCTL_OK;
}
