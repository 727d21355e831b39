// SPDX-License-Identifier: GPL-2.0-only
/*
 * Giving a device to user space, and giving it back.
 *
 * Everything that can be wrong is looked for before the first change. What a
 * device had before is kept in a file until it is given back; a reboot gives
 * all of them back, so /run is the place.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inxctl.h"

#define MEMORY "/run/inxctl"

static char *attribute(const char *address, const char *name)
{
	return text("/sys/bus/pci/devices/%s/%s", address, name);
}

static int set_attribute(const char *address, const char *name, const char *value)
{
	char *path = attribute(address, name);
	int rc = write_file(path, value);

	free(path);
	return rc;
}

static void need_root(void)
{
	if (geteuid())
		die("only root can bind devices; try sudo");
}

/* ---- what a device had before --------------------------------------------------------- */

static char *memory_of(const char *address)
{
	return text(MEMORY "/%s", address);
}

static void remember(const json_t *device)
{
	char *path = memory_of(member(device, "address"));
	json_t *kept = json_pack("{s:O?, s:O?}", "driver", json_object_get(device, "driver"),
				 "override", json_object_get(device, "override"));

	if (mkdir(MEMORY, 0755) && errno != EEXIST)
		die("%s cannot be made, so the driver of %s could not be restored: %s", MEMORY,
		    member(device, "address"), strerror(errno));
	if (json_dump_file(kept, path, JSON_COMPACT))
		die("%s cannot be written, so the driver of %s could not be restored", path,
		    member(device, "address"));
	json_decref(kept);
	free(path);
}

/* NULL when nothing is known, as after another tool has bound it. */
static json_t *recall(const char *address)
{
	char *path = memory_of(address);
	json_t *kept = json_load_file(path, 0, NULL);

	free(path);
	return kept;
}

static void forget(const char *address)
{
	char *path = memory_of(address);

	unlink(path);
	free(path);
}

/* ---- changing drivers -------------------------------------------------------------------- */

/* Take a device from its driver and let the bus look for one again. */
static int probe_again(const char *address, const char *override)
{
	int rc;

	/* An empty line removes an override. */
	rc = set_attribute(address, "driver_override", *override ? override : "\n");
	if (!rc && exists("/sys/bus/pci/devices/%s/driver", address))
		rc = set_attribute(address, "driver/unbind", address);
	return rc ?: write_file("/sys/bus/pci/drivers_probe", address);
}

/* Give a device back. Returns the driver that it has then, to be freed, or NULL. */
static char *give_back(const char *address)
{
	json_t *kept = recall(address);
	const char *driver = member(kept, "driver");
	char *path, *now;
	int rc;

	if (*driver && !exists("/sys/bus/pci/drivers/%s", driver))
		module_load(driver);
	rc = probe_again(address, member(kept, "override"));
	now = link_name("/sys/bus/pci/devices/%s/driver", address);
	/* Where several drivers want it, it must be the one it had. */
	if (*driver && (!now || strcmp(now, driver))) {
		if (now)
			set_attribute(address, "driver/unbind", address);
		free(now);
		path = text("/sys/bus/pci/drivers/%s/bind", driver);
		rc = write_file(path, address);
		free(path);
		now = link_name("/sys/bus/pci/devices/%s/driver", address);
	}
	if (*driver && !now)
		warn("%s had the driver %s, which does not take it back: %s", address, driver,
		     strerror(-rc));
	json_decref(kept);
	forget(address);
	return now;
}

/* ---- what is asked for --------------------------------------------------------------------- */

/* All devices that are meant, described; bridges of a group are left out. */
static json_t *targets(const struct options *options, const json_t *users)
{
	json_t *devices = json_object(), *names, *name, *device;
	char **address, *full, *group;
	size_t i;

	for (address = options->addresses; *address; address++) {
		full = pci_address(*address);
		group = link_name("/sys/bus/pci/devices/%s/iommu_group", full);
		json_object_set_new(devices, full, pci_describe(full, users));
		names = options->group && group ? group_devices(group) : json_array();
		json_array_foreach(names, i, name) {
			device = pci_describe(json_string_value(name), users);
			if (strcmp(member(device, "state"), "bridge"))
				json_object_set(devices, json_string_value(name), device);
			json_decref(device);
		}
		json_decref(names);
		free(group);
		free(full);
	}
	return devices;
}

/* "mount[1], qemu[2]". */
static char *users_words(const json_t *device)
{
	char *words = text("%s", ""), *longer;
	json_t *user;
	size_t i;

	json_array_foreach(json_object_get(device, "users"), i, user) {
		longer = text("%s%s%s (%lld)", words, i ? ", " : "", member(user, "command"),
			      (long long)json_integer_value(json_object_get(user, "pid")));
		free(words);
		words = longer;
	}
	return words;
}

static void refuse_if_needed(const char *address)
{
	json_t *why = device_needed_for(address);

	if (json_array_size(why))
		die("%s is in use: %s; --force takes it all the same", address,
		    json_string_value(json_array_get(why, 0)));
	json_decref(why);
}

static void check_device(const json_t *device, const struct options *options)
{
	const char *address = member(device, "address");
	char *words;

	if (!strcmp(member(device, "state"), "bridge"))
		die("%s is a bridge; bind the devices behind it", address);
	if (!*member(device, "group") && !iommu_is_there() && !noiommu_is_on())
		die("there is no IOMMU before %s, so its DMA cannot be kept in bounds;\n"
		    "'inxctl status' says what to do", address);
	words = users_words(device);
	/* Its driver would wait for the program to end, and we would wait for the driver. */
	if (*words && strcmp(member(device, "driver"), PCI_MODULE))
		die("%s is open in %s; end that first", address, words);
	free(words);
	if (!options->force)
		refuse_if_needed(address);
}

/* Every device of the group must be with a driver that keeps its hands off DMA. */
static void check_group(const char *group, const json_t *devices)
{
	json_t *all = group_describe(group, NULL), *other;
	size_t i;

	json_array_foreach(json_object_get(all, "devices"), i, other) {
		const char *address = member(other, "address"), *driver = member(other, "driver");

		if (!*driver || driver_shares_group(driver) ||
		    json_object_get(devices, address))
			continue;
		die("%s is in the same IOMMU group (%s), and the kernel uses it by %s;\n"
		    "to bind all of the group: inxctl bind --group %s",
		    address, group, driver, address);
	}
	json_decref(all);
}

static void print_changes(const json_t *value)
{
	static const struct column columns[] = {
		{ "DEVICE", "address" }, { "GROUP", "group" }, { "BEFORE", "before" },
		{ "DRIVER", "driver" }, { "NODE", "node" }, {}
	};

	print_table(json_object_get(value, "devices"), columns);
}

static json_t *change(const char *address, const char *before)
{
	json_t *now = pci_describe(address, NULL), *result;

	result = json_pack("{s:s, s:O?, s:s?, s:O?, s:O?}", "address", address, "group",
			   json_object_get(now, "group"), "before", *before ? before : NULL,
			   "driver", json_object_get(now, "driver"), "node",
			   json_object_get(now, "node"));
	json_decref(now);
	return result;
}

/* ---- bind ------------------------------------------------------------------------------------ */

static void undo_and_die(const json_t *changes, const char *address, const char *why)
{
	json_t *done;
	size_t i;

	free(give_back(address));
	json_array_foreach((json_t *)changes, i, done)
		if (strcmp(member(done, "before"), PCI_MODULE))
			free(give_back(member(done, "address")));
	die("%s does not take %s: %s; everything is as it was;\n"
	    "'dmesg | tail' may say more", PCI_MODULE, address, why);
}

static void bind_one(json_t *changes, const json_t *device)
{
	const char *address = member(device, "address"), *before = member(device, "driver");
	char *driver;
	int rc;

	if (strcmp(before, PCI_MODULE)) {
		remember(device);
		rc = probe_again(address, PCI_MODULE);
		driver = link_name("/sys/bus/pci/devices/%s/driver", address);
		if (rc || !driver || strcmp(driver, PCI_MODULE))
			undo_and_die(changes, address, rc ? strerror(-rc) : "no error was given");
		free(driver);
		/* Some get their group only when a driver looks at them for the first time. */
		if (!exists("/sys/bus/pci/devices/%s/iommu_group", address) && !noiommu_is_on())
			undo_and_die(changes, address, "there is no IOMMU before it");
		/* The node has its name when udev has seen it; without udev it has another. */
		rc = system("udevadm settle --timeout=5 >/dev/null 2>&1");
		if (rc)
			warn("udev does not say that it is done; the node may get another name");
	}
	json_array_append_new(changes, change(address, before));
}

json_t *bind_devices(const struct options *options)
{
	json_t *users = pci_users(), *devices = targets(options, users), *device;
	json_t *changes = json_array();
	const char *key;

	need_root();
	json_object_foreach(devices, key, device)
		check_device(device, options);
	json_object_foreach(devices, key, device)
		if (*member(device, "group"))
			check_group(member(device, "group"), devices);
	module_load(PCI_MODULE);
	json_object_foreach(devices, key, device)
		bind_one(changes, device);
	json_decref(devices);
	json_decref(users);
	return changes;
}

int cmd_bind(const struct options *options)
{
	emit(json_pack("{s:o}", "devices", bind_devices(options)), print_changes);
	return INXCTL_OK;
}

/* ---- unbind ---------------------------------------------------------------------------------- */

json_t *unbind_devices(const struct options *options)
{
	json_t *users = pci_users(), *devices = targets(options, users), *device;
	json_t *changes = json_array();
	const char *key;
	char *words;

	need_root();
	json_object_foreach(devices, key, device) {
		const char *driver = member(device, "driver");

		if (strcmp(driver, PCI_MODULE) && !options->group)
			die("%s is not with %s but with %s; there is nothing to give back", key,
			    PCI_MODULE, *driver ? driver : "no driver");
		words = users_words(device);
		if (*words && !options->force)
			die("%s is open in %s;\n"
			    "--force blocks its DMA at once and makes its calls fail (ENODEV)",
			    key, words);
		free(words);
	}
	json_object_foreach(devices, key, device) {
		if (strcmp(member(device, "driver"), PCI_MODULE))
			continue;
		free(give_back(key));
		json_array_append_new(changes, change(key, PCI_MODULE));
	}
	json_decref(devices);
	json_decref(users);
	return changes;
}

int cmd_unbind(const struct options *options)
{
	emit(json_pack("{s:o}", "devices", unbind_devices(options)), print_changes);
	return INXCTL_OK;
}
