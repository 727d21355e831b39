// SPDX-License-Identifier: GPL-2.0-only
/*
 * What would break if a device were taken from its driver: a network with the
 * way to everybody else, a disk that is mounted or swapped to.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "inxctl.h"

/* Stacked devices (bonds, RAID, LVM) are followed this far down. */
#define MAX_DEPTH 8

/* Whether something in sysfs is a part of a PCI device. */
static bool is_below(const char *path, const char *address)
{
	char *real = realpath(path, NULL), *with_slashes = text("/%s/", address), *longer;
	bool result = false;

	if (real) {
		longer = text("%s/", real);
		result = !!strstr(longer, with_slashes);
		free(longer);
	}
	free(with_slashes);
	free(real);
	return result;
}

static bool net_is_on(const char *name, const char *address, int depth)
{
	char *path = text("/sys/class/net/%s", name);
	bool result = is_below(path, address);
	json_t *links, *link;
	size_t i;

	links = depth < MAX_DEPTH && !result ? list_folder(path) : json_array();
	json_array_foreach(links, i, link)
		if (!strncmp(json_string_value(link), "lower_", 6))
			result |= net_is_on(json_string_value(link) + 6, address, depth + 1);
	json_decref(links);
	free(path);
	return result;
}

static void add_route(json_t *why, const char *name, const char *address)
{
	char *words;
	size_t i;
	json_t *old;

	if (!net_is_on(name, address, 0))
		return;
	words = text("%s has the default route", name);
	json_array_foreach(why, i, old) {
		if (!strcmp(json_string_value(old), words)) {
			free(words);
			return;
		}
	}
	json_array_append_new(why, take_string(words));
}

static void check_routes(json_t *why, const char *address)
{
	char *content = read_file("/proc/net/route"), *line, *save = NULL, name[64];
	unsigned long target;

	for (line = content ? strtok_r(content, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%63s %lx", name, &target) == 2 && !target)
			add_route(why, name, address);
	free(content);

	content = read_file("/proc/net/ipv6_route");
	for (line = content ? strtok_r(content, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		char to[33];
		unsigned int prefix;

		if (sscanf(line, "%32s %x %*s %*s %*s %*s %*s %*s %*s %63s", to, &prefix,
			   name) == 3 &&
		    !prefix && strspn(to, "0") == 32 && strcmp(name, "lo"))
			add_route(why, name, address);
	}
	free(content);
}

static bool disk_is_on(const char *path, const char *address, int depth)
{
	bool result = is_below(path, address);
	char *folder = text("%s/slaves", path);
	json_t *slaves, *slave;
	size_t i;

	slaves = depth < MAX_DEPTH && !result ? list_folder(folder) : json_array();
	json_array_foreach(slaves, i, slave) {
		char *below = text("%s/%s", folder, json_string_value(slave));

		result |= disk_is_on(below, address, depth + 1);
		free(below);
	}
	json_decref(slaves);
	free(folder);
	return result;
}

static bool number_is_on(unsigned int maj, unsigned int min, const char *address)
{
	char *path = text("/sys/dev/block/%u:%u", maj, min);
	bool result = disk_is_on(path, address, 0);

	free(path);
	return result;
}

/* By its node, for file systems whose own device number is made up. */
static bool node_is_on(const char *node, const char *address)
{
	struct stat st;

	return *node == '/' && !stat(node, &st) && S_ISBLK(st.st_mode) &&
	       number_is_on(major(st.st_rdev), minor(st.st_rdev), address);
}

static void check_mounts(json_t *why, const char *address)
{
	char *content = read_file("/proc/1/mountinfo"), *line, *save = NULL;
	char point[4096], source[4096], *rest;
	unsigned int maj, min;

	if (!content)
		content = read_file("/proc/self/mountinfo");
	for (line = content ? strtok_r(content, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%*d %*d %u:%u %*s %4095s", &maj, &min, point) != 3)
			continue;
		rest = strstr(line, " - ");
		if (!rest || sscanf(rest, " - %*s %4095s", source) != 1)
			*source = '\0';
		if (number_is_on(maj, min, address) || node_is_on(source, address))
			json_array_append_new(why, take_string(text("%s is mounted from it",
								    point)));
	}
	free(content);
}

static void check_swap(json_t *why, const char *address)
{
	char *content = read_file("/proc/swaps"), *line, *save = NULL, node[4096];

	for (line = content ? strtok_r(content, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%4095s", node) == 1 && node_is_on(node, address))
			json_array_append_new(why, take_string(text("%s is swapped to", node)));
	free(content);
}

json_t *device_needed_for(const char *address)
{
	json_t *why = json_array();

	check_routes(why, address);
	check_mounts(why, address);
	check_swap(why, address);
	return why;
}
