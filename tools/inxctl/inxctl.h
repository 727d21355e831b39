/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * inxctl: what its files share.
 *
 * Each command puts together one JSON value and hands it to emit(), which
 * prints it as it is or as tables: so both say the same.
 */
#ifndef INXCTL_H
#define INXCTL_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#define CORE_MODULE "iommu_next"
#define PCI_MODULE "iommu_next_vfio_pci"
#define IOMMU_NODE "/dev/iommu-next"

/* Exit statuses; wrong arguments end with EX_USAGE. */
enum {
	INXCTL_OK,
	INXCTL_FAILED,
};

/* ---- util.c: text, files, tables ------------------------------------------------- */

/* --json: output is for programs. */
extern bool want_json;

/* What was wrong, where, and what to do; ends the program. */
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* Likewise, but goes on. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Never NULL; to be freed. */
char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
/*
 * A string of ours with nothing in it but what every terminal prints and JSON
 * takes: processes, interfaces and mount points have the names that users give.
 */
char *plain(char *string);
/* A file without its last newline, to be freed; NULL if it cannot be read. */
char *read_file(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* 0 or -errno. */
int write_file(const char *path, const char *content);
/* The last part of what a link points to, to be freed; NULL if there is none. */
char *link_name(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool exists(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The names in a folder, sorted as versions are, as an array; empty if there is none. */
json_t *list_folder(const char *path);

/* A member as a string, "" if it is not one. */
const char *member(const json_t *object, const char *key);
/* A string, made plain, or null for NULL; frees it. */
json_t *take_string(char *string);

/**
 * struct column - of a table
 * @title: printed above it
 * @key: member of each row; its items, if it is an array
 */
struct column {
	const char *title;
	const char *key;
};

/* Rows are objects; the last column has a NULL title. */
void print_table(const json_t *rows, const struct column *columns);
/* Print a value as JSON, or by @print. */
void emit(json_t *value, void (*print)(const json_t *value));

/* ---- modules.c: by libkmod --------------------------------------------------------- */

/* All that is known of a module, as an object. */
json_t *module_describe(const char *name);
/* The values of modinfo's field @key, as an array; empty without the module. */
json_t *module_info(const char *name, const char *key);
/* Load it with what it needs, if it is not there; dies if that fails. */
void module_load(const char *name);

/* ---- pci.c: devices and groups ------------------------------------------------------- */

/* A PCI address in full, to be freed; dies if @address is none of a device here. */
char *pci_address(const char *address);
/* A device as an object, with its users if @users. */
json_t *pci_describe(const char *address, const json_t *users);
/* The character device of a device of PCI_MODULE, to be freed; NULL if it has none. */
char *pci_node(const char *address);
/* Who has device files open: {"MAJOR:MINOR": [{pid, command}, ...]}. */
json_t *pci_users(void);
/* Whether the kernel uses an IOMMU, whichever devices are behind it. */
bool iommu_is_there(void);
/* Whether devices without one are given to user space all the same. */
bool noiommu_is_on(void);
/* Addresses of the PCI devices of a group. */
json_t *group_devices(const char *group);
/* A group as an object; its devices are described. */
json_t *group_describe(const char *group, const json_t *users);
/* Whether a kernel driver leaves the DMA of its group to others. */
bool driver_shares_group(const char *driver);

/* ---- busy.c: what would break ---------------------------------------------------------- */

/* Why the machine needs a device as it is, as an array of strings. */
json_t *device_needed_for(const char *address);

/* ---- procs.c: open files ---------------------------------------------------------------- */

/**
 * struct open_file - a device, or a context, that a process has open
 * @pid: the process
 * @command: its name
 * @fd: the number of the descriptor
 * @rdev: the device; 0 for a context without a node
 * @is_context: what such a descriptor is
 */
struct open_file {
	pid_t pid;
	const char *command;
	int fd;
	dev_t rdev;
	bool is_context;
};

/* Call @fn for each of them. Returns how many processes could not be looked at. */
unsigned int each_open_file(void (*fn)(const struct open_file *file, void *arg), void *arg);

/* ---- btf.c -------------------------------------------------------------------------------- */

/* What the modules declare of the kernel, compared with the running one. */
json_t *btf_check(void);

/* ---- commands: each returns an exit status --------------------------------------------------- */

/**
 * struct options - what the command line says
 * @addresses: devices, NULL at the end
 * @group: all devices of the group
 * @force: although something is in the way
 * @bind: bind the devices before the command, and give them back after it
 * @pid: only this process; 0: all
 * @user: to become
 * @memlock: bytes of locked memory, as text
 * @command: of run
 */
struct options {
	char **addresses;
	bool group;
	bool force;
	bool bind;
	pid_t pid;
	const char *user;
	const char *memlock;
	char **command;
};

/* Each of @addresses (or its group): what was changed, as an array. Both die if they cannot. */
json_t *bind_devices(const struct options *options);
json_t *unbind_devices(const struct options *options);

int cmd_status(const struct options *options);
int cmd_list(const struct options *options);
int cmd_bind(const struct options *options);
int cmd_unbind(const struct options *options);
int cmd_show(const struct options *options);
int cmd_run(const struct options *options);

#endif
