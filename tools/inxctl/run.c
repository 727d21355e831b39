// SPDX-License-Identifier: GPL-2.0-only
/*
 * inxctl run: open what a command needs, tell it the descriptors, and become
 * it. The command needs no right to open anything itself.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inxctl.h"

#define IOMMU "{iommu}"
#define VFIO "{vfio:"

/* Without O_CLOEXEC: the command gets it. */
static int open_node(const char *node)
{
	int fd = open(node, O_RDWR);

	if (fd < 0 && errno == EACCES)
		die("%s cannot be opened: only root may, unless its rights were changed", node);
	if (fd < 0)
		die("%s cannot be opened: %s", node, strerror(errno));
	return fd;
}

static int open_iommu(void)
{
	static int fd = -1;

	if (fd < 0) {
		module_load(CORE_MODULE);
		fd = open_node(IOMMU_NODE);
	}
	return fd;
}

/* A device, once however often it is named. */
static int open_device(const char *address)
{
	static json_t *opened;
	char *full = pci_address(address), *driver, *node;
	json_t *known;
	int fd;

	if (!opened)
		opened = json_object();
	known = json_object_get(opened, full);
	if (known) {
		free(full);
		return json_integer_value(known);
	}
	driver = link_name("/sys/bus/pci/devices/%s/driver", full);
	if (!driver || strcmp(driver, PCI_MODULE))
		die("%s is with %s, not with %s: inxctl bind %s", full,
		    driver ? driver : "no driver", PCI_MODULE, full);
	free(driver);
	node = pci_node(full);
	if (!node)
		die("%s has no device file; 'dmesg | tail' may say why", full);
	fd = open_node(node);
	free(node);
	json_object_set_new(opened, full, json_integer(fd));
	free(full);
	return fd;
}

/* The address in a "{vfio:ADDRESS}" at the start of @words, to be freed; or NULL. */
static char *address_at(const char *words, size_t *length)
{
	const char *end;

	if (strncmp(words, VFIO, strlen(VFIO)))
		return NULL;
	end = strchr(words, '}');
	if (!end)
		die("'%s' has no closing brace", words);
	*length = end + 1 - words;
	return text("%.*s", (int)(end - words - strlen(VFIO)), words + strlen(VFIO));
}

static char *substitute(const char *words)
{
	char *result = NULL, *address;
	size_t size, length;
	FILE *out = open_memstream(&result, &size);

	if (!out)
		die("out of memory");
	while (*words) {
		address = address_at(words, &length);
		if (address) {
			fprintf(out, "%d", open_device(address));
			words += length;
		} else if (!strncmp(words, IOMMU, strlen(IOMMU))) {
			fprintf(out, "%d", open_iommu());
			words += strlen(IOMMU);
		} else {
			fputc(*words++, out);
		}
		free(address);
	}
	fclose(out);
	return result;
}

/* The devices that a command names, as options of bind. */
static char **named_devices(char **command)
{
	char **list = calloc(1, sizeof(*list)), *address;
	size_t number = 0, length;

	for (; *command; command++) {
		const char *at = *command;

		while ((at = strstr(at, VFIO))) {
			address = address_at(at, &length);
			list = reallocarray(list, number + 2, sizeof(*list));
			if (!list)
				die("out of memory");
			list[number++] = address;
			list[number] = NULL;
			at += length;
		}
	}
	return list;
}

static void set_memlock(const char *words)
{
	struct rlimit limit;
	char *unit;

	if (!strcmp(words, "unlimited")) {
		limit.rlim_cur = RLIM_INFINITY;
	} else {
		errno = 0;
		limit.rlim_cur = strtoull(words, &unit, 10);
		if (*unit && strchr("KMG", *unit)) {
			limit.rlim_cur <<= *unit == 'K' ? 10 : *unit == 'M' ? 20 : 30;
			unit++;
		}
		if (errno || *unit || unit == words)
			die("--memlock=%s is no size: it takes bytes, K, M, G, or 'unlimited'",
			    words);
	}
	limit.rlim_max = limit.rlim_cur;
	if (setrlimit(RLIMIT_MEMLOCK, &limit))
		die("the limit of locked memory cannot be set: %s", strerror(errno));
}

static void become(const char *name)
{
	const struct passwd *user = getpwnam(name);

	if (!user)
		die("there is no user '%s'", name);
	if (initgroups(name, user->pw_gid) || setgid(user->pw_gid) || setuid(user->pw_uid))
		die("cannot become the user %s: %s", name, strerror(errno));
}

/* Ends in the command, or dies. */
static void become_command(const struct options *options) __attribute__((noreturn));

static void become_command(const struct options *options)
{
	char **command = options->command, **word;

	for (word = command; *word; word++)
		*word = substitute(*word);
	if (options->memlock)
		set_memlock(options->memlock);
	if (options->user)
		become(options->user);
	execvp(command[0], command);
	die("%s cannot be started: %s", command[0], strerror(errno));
}

/* As a shell has it. */
static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static pid_t child;

static void hand_on(int signal)
{
	if (child > 0)
		kill(child, signal);
}

/* Wait for the command; signals that are for it go there. */
static int wait_for_child(void)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			die("cannot wait for the command: %s", strerror(errno));
	child = 0;
	return exit_status(status);
}

int cmd_run(const struct options *options)
{
	struct options devices = *options;
	struct sigaction act = { .sa_handler = hand_on };
	sigset_t set, old;
	int status;

	if (!options->bind)
		become_command(options);
	devices.addresses = named_devices(options->command);
	json_decref(bind_devices(&devices));
	/* Nothing may end us before the devices are given back. */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &old);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
	child = fork();
	if (child < 0)
		die("cannot start the command: %s", strerror(errno));
	if (!child) {
		signal(SIGTERM, SIG_DFL);
		signal(SIGHUP, SIG_DFL);
		sigprocmask(SIG_SETMASK, &old, NULL);
		become_command(options);
	}
	/* The terminal sends these to both. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	sigprocmask(SIG_SETMASK, &old, NULL);
	status = wait_for_child();
	devices.force = true;
	json_decref(unbind_devices(&devices));
	return status;
}
