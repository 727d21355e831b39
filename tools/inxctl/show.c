// SPDX-License-Identifier: GPL-2.0-only
/*
 * inxctl show: every open /dev/iommu-next, by what /proc/PID/fdinfo tells of
 * it (docs/uapi.md), and the same of what stands behind VFIO's containers.
 */
#define _GNU_SOURCE
#include <linux/iommu-next-container.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "inxctl.h"

/**
 * struct search - what is looked for, and what was found
 * @node: device number of /dev/iommu-next
 * @container: of /dev/vfio/vfio, while there may be contexts behind it; or 0
 * @only: a process; 0 for all
 * @contexts: one for each
 * @unreadable: files that could not be looked at
 */
struct search {
	dev_t node;
	dev_t container;
	pid_t only;
	json_t *contexts;
	unsigned int unreadable;
};

/* An object from "ID key=value key=value ...". */
static json_t *parse_object(char *words)
{
	json_t *object = json_object();
	char *save = NULL, *word, *value, *end;
	long long number;

	word = strtok_r(words, " ", &save);
	json_object_set_new(object, "id", json_integer(word ? strtoll(word, NULL, 10) : 0));
	while ((word = strtok_r(NULL, " ", &save))) {
		value = strchr(word, '=');
		if (!value)
			continue;
		*value++ = '\0';
		if (!strcmp(word, "auto")) {
			json_object_set_new(object, word, json_boolean(*value == '1'));
			continue;
		}
		number = strtoll(value, &end, 10);
		json_object_set_new(object, word,
				    *value && !*end ? json_integer(number) : json_string(value));
	}
	return object;
}

static void parse_line(json_t *context, const char *key, char *value)
{
	static const char *const lists[] = { "ioas", "hwpt", "device", "access", "other" };
	char *save = NULL;
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		if (strcmp(key, lists[i]))
			continue;
		json_array_append_new(json_object_get(context, key), parse_object(value));
		return;
	}
	if (!strcmp(key, "context") || !strcmp(key, "more")) {
		json_object_set_new(context, key, json_integer(strtoll(value, NULL, 10)));
	} else if (!strcmp(key, "pinned")) {
		json_object_set_new(context, "pinned_kb", json_integer(strtoll(value, NULL, 10)));
	} else if (!strcmp(key, "charged")) {
		json_object_set_new(context, "charged_kb", json_integer(strtoll(value, &save, 10)));
		save = save ? strrchr(save, ' ') : NULL;
		json_object_set_new(context, "charged_to", json_string(save ? save + 1 : ""));
	}
}

static json_t *parse_info(char *info)
{
	json_t *context = json_pack("{s:[], s:[], s:[], s:[], s:[], s:[]}", "processes", "ioas",
				    "hwpt", "device", "access", "other");
	char *save = NULL, *line, *value;

	for (line = strtok_r(info, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		value = strchr(line, '\t');
		if (!value || value == line || value[-1] != ':')
			continue;
		value[-1] = '\0';
		parse_line(context, line, value + 1);
	}
	return context;
}

/* One more process, or descriptor, that has a context. */
static void add_process(json_t *context, const struct open_file *file)
{
	json_t *processes = json_object_get(context, "processes"), *process;
	size_t i;

	json_array_foreach(processes, i, process) {
		if (json_integer_value(json_object_get(process, "pid")) != file->pid)
			continue;
		json_array_append_new(json_object_get(process, "fds"), json_integer(file->fd));
		return;
	}
	json_array_append_new(processes, json_pack("{s:i, s:s, s:[i]}", "pid", file->pid,
						   "command", file->command, "fds", file->fd));
}

/*
 * What stands behind a container, to be freed; "" if that is not ours or was
 * shown by whoever has offered it, NULL if we may not look.
 */
static char *behind_container(const struct open_file *file)
{
	struct iommu_next_container_open open = { .size = sizeof(open) };
	int pid = syscall(SYS_pidfd_open, file->pid, 0), fd;
	char *info;

	if (pid < 0)
		return NULL;
	fd = syscall(SYS_pidfd_getfd, pid, file->fd, 0);
	close(pid);
	if (fd < 0)
		return NULL;
	if (!ioctl(fd, IOMMU_NEXT_CONTAINER_OPEN, &open)) {
		info = read_file("/proc/self/fdinfo/%d", open.out_fd);
		close(open.out_fd);
	} else {
		info = text("%s", "");
	}
	close(fd);
	return info;
}

static void look_at(const struct open_file *file, void *arg)
{
	struct search *search = arg;
	bool container = search->container && file->rdev == search->container;
	json_t *context, *known;
	char *info;
	size_t i;

	if ((file->rdev != search->node && !container && !file->is_context) ||
	    (search->only && file->pid != search->only))
		return;
	info = container ? behind_container(file) :
			   read_file("/proc/%d/fdinfo/%d", file->pid, file->fd);
	if (!info || !*info) {
		search->unreadable += !info;
		free(info);
		return;
	}
	context = parse_info(info);
	json_object_set_new(context, "container", json_boolean(container));
	free(info);
	json_array_foreach(search->contexts, i, known) {
		/* Shared by processes, or by descriptors of one. */
		if (json_equal(json_object_get(known, "context"),
			       json_object_get(context, "context"))) {
			add_process(known, file);
			json_decref(context);
			return;
		}
	}
	add_process(context, file);
	json_array_append_new(search->contexts, context);
}

/* ---- for a person ---------------------------------------------------------------------- */

static void print_processes(const json_t *context)
{
	json_t *process, *fd;
	size_t i, j;

	json_array_foreach(json_object_get(context, "processes"), i, process) {
		printf("%s%s (%lld), fd", i ? "; " : "", member(process, "command"),
		       (long long)json_integer_value(json_object_get(process, "pid")));
		json_array_foreach(json_object_get(process, "fds"), j, fd)
			printf(" %lld", (long long)json_integer_value(fd));
	}
}

static void print_part(const json_t *context, const char *key, const struct column *columns)
{
	const json_t *rows = json_object_get(context, key);

	if (!json_array_size(rows))
		return;
	putchar('\n');
	print_table(rows, columns);
}

static void print_context(const json_t *context)
{
	static const struct column ioas[] = {
		{ "IOAS", "id" }, { "AREAS", "areas" }, { "BYTES", "bytes" }, {}
	};
	static const struct column hwpt[] = {
		{ "HWPT", "id" }, { "IOAS", "ioas" }, { "MADE BY ATTACH", "auto" }, {}
	};
	static const struct column device[] = {
		{ "DEVICE", "id" }, { "HWPT", "hwpt" }, { "NAME", "name" }, {}
	};
	static const struct column access[] = {
		{ "ACCESS", "id" }, { "IOAS", "ioas" }, {}
	};

	printf("context %lld: ",
	       (long long)json_integer_value(json_object_get(context, "context")));
	print_processes(context);
	if (json_is_true(json_object_get(context, "container")))
		printf(", a VFIO container");
	printf("\npinned %lld kB, charged %lld kB to the %s\n",
	       (long long)json_integer_value(json_object_get(context, "pinned_kb")),
	       (long long)json_integer_value(json_object_get(context, "charged_kb")),
	       member(context, "charged_to"));
	print_part(context, "ioas", ioas);
	print_part(context, "hwpt", hwpt);
	print_part(context, "device", device);
	print_part(context, "access", access);
	if (json_object_get(context, "more"))
		puts("\nIt has more objects than the kernel lists.");
}

static void print_show(const json_t *value)
{
	const json_t *contexts = json_object_get(value, "contexts");
	long long unseen = json_integer_value(json_object_get(value, "unseen"));
	const json_t *context;
	size_t i;

	json_array_foreach((json_t *)contexts, i, context) {
		if (i)
			putchar('\n');
		print_context(context);
	}
	if (!json_array_size(contexts))
		puts("No process has " IOMMU_NODE " open, or a container of ours.");
	if (unseen)
		printf("\n%lld processes could not be looked at; as root all can.\n", unseen);
}

/* The number of a misc device; 0 if it is not there. */
static dev_t misc_number(const char *name)
{
	char *number = read_file("/sys/class/misc/%s/dev", name);
	unsigned int maj, min;
	dev_t result = 0;

	if (number && sscanf(number, "%u:%u", &maj, &min) == 2)
		result = makedev(maj, min);
	free(number);
	return result;
}

int cmd_show(const struct options *options)
{
	struct search search = { .only = options->pid, .contexts = json_array() };
	unsigned int unseen;

	search.node = misc_number("iommu-next");
	if (!search.node)
		die("the module %s is not loaded: modprobe %s", CORE_MODULE, CORE_MODULE);
	if (exists("/sys/module/iommu_next_vfio_container"))
		search.container = misc_number("vfio");
	if (options->pid && !exists("/proc/%d", options->pid))
		die("there is no process %d", options->pid);
	unseen = each_open_file(look_at, &search);
	if (options->pid && search.unreadable)
		die("process %d belongs to another user; root can look at it", options->pid);
	if (options->pid)
		unseen = 0;
	emit(json_pack("{s:o, s:i}", "contexts", search.contexts, "unseen",
		       unseen + search.unreadable), print_show);
	return INXCTL_OK;
}
