// SPDX-License-Identifier: GPL-2.0-only
/* Which process has which device open. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "inxctl.h"

/* Whether it is one that the kernel has handed out for a container's context. */
static bool is_context(int folder, const char *name)
{
	static const char target[] = "anon_inode:[iommu-next]";
	char link[sizeof(target)];

	return readlinkat(folder, name, link, sizeof(link)) == sizeof(target) - 1 &&
	       !strncmp(link, target, sizeof(target) - 1);
}

static void each_file_of(pid_t pid, DIR *folder,
			 void (*fn)(const struct open_file *file, void *arg), void *arg)
{
	char *command = read_file("/proc/%d/comm", pid);
	struct dirent *entry;
	struct statx st;

	while ((entry = readdir(folder))) {
		struct open_file file = { .pid = pid, .command = command ? plain(command) : "?" };

		/* Without asking a server that may be dead. Names differ between namespaces. */
		if (statx(dirfd(folder), entry->d_name, AT_STATX_DONT_SYNC, STATX_TYPE, &st))
			continue;
		file.fd = atoi(entry->d_name);
		file.is_context = is_context(dirfd(folder), entry->d_name);
		if (S_ISCHR(st.stx_mode))
			file.rdev = makedev(st.stx_rdev_major, st.stx_rdev_minor);
		else if (!file.is_context)
			continue;
		fn(&file, arg);
	}
	free(command);
}

unsigned int each_open_file(void (*fn)(const struct open_file *file, void *arg), void *arg)
{
	json_t *names = list_folder("/proc"), *name;
	unsigned int unseen = 0;
	char path[64];
	DIR *folder;
	size_t i;

	json_array_foreach(names, i, name) {
		pid_t pid = atoi(json_string_value(name));

		if (pid <= 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fd", pid);
		folder = opendir(path);
		if (folder) {
			each_file_of(pid, folder, fn, arg);
			closedir(folder);
		} else if (exists("/proc/%d", pid)) {
			unseen++;
		}
	}
	json_decref(names);
	return unseen;
}
