// SPDX-License-Identifier: GPL-2.0-only
/* inxctl status: whether this machine can give devices to user space, and what it lacks. */
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "inxctl.h"

#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define KEY "/var/lib/dkms/mok.pub"
#define NEVER_MIND "a machine without one can use the mock alone"
#define ADD_OPTION "sed -i 's/^GRUB_CMDLINE_LINUX=\"/&%s /' /etc/default/grub &&"\
	" update-grub && reboot"

static void problem(json_t *problems, const char *what, char *mend)
{
	json_array_append_new(problems, json_pack("{s:s, s:s}", "what", what, "mend", mend));
	free(mend);
}

/* ---- modules --------------------------------------------------------------------------- */

static const struct wanted {
	const char *name;
	bool needed;
	const char *what;
} wanted[] = {
	{ CORE_MODULE, true, "address spaces, " IOMMU_NODE },
	{ PCI_MODULE, true, "PCI devices, /dev/vfio/devices" },
	{ "iommu_next_vfio_container", false, "VFIO containers, /dev/vfio/vfio" },
	{ "iommu_next_mock", false, "mock IOMMU, for tests" },
	{}
};

/* How to get modules for the running kernel. */
static char *how_to_install(const char *release)
{
	char *headers, *all;

	headers = exists("/lib/modules/%s/build", release) ? text("%s", "") :
		text("apt install linux-headers-%s && ", release);
	if (exists("/var/lib/dkms/iommu-next"))
		all = text("%sdkms autoinstall -k %s", headers, release);
	else
		all = text("%smake install (in the source of iommu-next)", headers);
	free(headers);
	return all;
}

static void check_module(json_t *problems, const json_t *module, const struct wanted *want,
			 const char *release)
{
	char *what;

	if (json_is_true(json_object_get(module, "loaded_is_other"))) {
		what = text("the module %s that is loaded is not the one that is installed",
			    want->name);
		problem(problems, what,
			text("modprobe -r %s %s && modprobe %s", PCI_MODULE, CORE_MODULE,
			     PCI_MODULE));
		free(what);
	}
	if (!want->needed)
		return;
	if (!json_is_true(json_object_get(module, "installed")) &&
	    !json_is_true(json_object_get(module, "loaded"))) {
		what = text("the module %s is not installed for this kernel", want->name);
		problem(problems, what, how_to_install(release));
		free(what);
	} else if (!json_is_true(json_object_get(module, "loaded"))) {
		what = text("the module %s is not loaded", want->name);
		problem(problems, what, text("modprobe %s", want->name));
		free(what);
	}
}

static json_t *modules(json_t *problems, const char *release)
{
	const struct wanted *want;
	json_t *list = json_array(), *module;

	for (want = wanted; want->name; want++) {
		module = module_describe(want->name);
		check_module(problems, module, want, release);
		json_object_set_new(module, "needed", json_boolean(want->needed));
		json_object_set_new(module, "what", json_string(want->what));
		json_array_append_new(list, module);
	}
	return list;
}

/* ---- IOMMU --------------------------------------------------------------------------------- */

/* The kind of a unit, by the name that its driver gives it, or by its driver. */
static const char *kind_of(const char *unit)
{
	char *driver = link_name("/sys/class/iommu/%s/device/driver", unit);
	bool is_virtio = driver && !strcmp(driver, "virtio_iommu");

	free(driver);
	if (!strncmp(unit, "dmar", 4))
		return "Intel VT-d";
	if (!strncmp(unit, "ivhd", 4))
		return "AMD-Vi";
	if (!strncmp(unit, "smmu3", 5))
		return "Arm SMMUv3";
	if (!strncmp(unit, "smmu", 4))
		return "Arm SMMU";
	return is_virtio ? "virtio-iommu" : "another kind";
}

static void check_iommu(json_t *problems)
{
	char *cmdline;

	/* Groups may come later, when a driver looks at a device. */
	if (iommu_is_there())
		return;
	cmdline = read_file("/proc/cmdline");
	if (exists("/sys/firmware/acpi/tables/DMAR") && cmdline &&
	    !strstr(cmdline, "intel_iommu=on"))
		problem(problems, "the kernel does not use the machine's IOMMU (VT-d)",
			text(ADD_OPTION, "intel_iommu=on"));
	else if (exists("/sys/firmware/acpi/tables/IVRS") && cmdline &&
		 (strstr(cmdline, "amd_iommu=off") || strstr(cmdline, "iommu=off")))
		problem(problems, "the kernel's command line switches the IOMMU off (AMD-Vi)",
			text("sed -i 's/ *\\(amd_\\)\\?iommu=off//' /etc/default/grub && %s",
			     "update-grub && reboot"));
	else
		problem(problems, "the kernel sees no IOMMU",
			text("switch IOMMU, VT-d or AMD-Vi on in the firmware's setup; "
			     NEVER_MIND));
	free(cmdline);
}

static json_t *iommu(json_t *problems)
{
	json_t *units = list_folder("/sys/class/iommu"), *unit, *kinds = json_object(), *kind;
	json_t *groups = list_folder("/sys/kernel/iommu_groups"), *names = json_array();
	char *unsafe = read_file("/sys/module/" CORE_MODULE "/parameters/allow_unsafe_interrupts");
	size_t i, number = json_array_size(groups);
	const char *key;

	json_array_foreach(units, i, unit)
		json_object_set_new(kinds, kind_of(json_string_value(unit)), json_true());
	json_object_foreach(kinds, key, kind)
		json_array_append_new(names, json_string(key));
	json_decref(kinds);
	json_decref(groups);
	check_iommu(problems);
	kind = json_pack("{s:b, s:o, s:o, s:i, s:b, s:b}", "present", iommu_is_there(), "kinds",
			 names, "units", units, "groups", (int)number, "allow_unsafe_interrupts",
			 unsafe && *unsafe == 'Y', "enable_unsafe_noiommu_mode", noiommu_is_on());
	free(unsafe);
	return kind;
}

/* ---- Secure Boot --------------------------------------------------------------------------- */

static const char *secure_boot(void)
{
	unsigned char value[5];
	const char *result = "unknown";
	int fd;

	if (!exists("/sys/firmware/efi"))
		return "no (not booted by EFI)";
	/* Four bytes of attributes, then the value. */
	fd = open(SECURE_BOOT, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return exists(SECURE_BOOT) ? "unknown (try as root)" : "no";
	if (read(fd, value, sizeof(value)) == sizeof(value))
		result = value[4] ? "yes" : "no";
	close(fd);
	return result;
}

static void check_signatures(json_t *problems, const json_t *list)
{
	json_t *module;
	size_t i;

	json_array_foreach((json_t *)list, i, module) {
		if (!json_is_true(json_object_get(module, "needed")) ||
		    !json_is_true(json_object_get(module, "installed")) ||
		    json_is_true(json_object_get(module, "loaded")))
			continue;
		problem(problems, "Secure Boot: the firmware has to know the key of the modules",
			text("mokutil --test-key %s || mokutil --import %s, reboot, enroll it",
			     KEY, KEY));
		return;
	}
}

/* ---- putting it together ---------------------------------------------------------------- */

/* From lines "NUMBER name: answer" that the module carries, which are in no order. */
static json_t *features(void)
{
	json_t *lines = module_info(CORE_MODULE, "feature"), *line, *list = json_array();
	char *words, *name, *answer;
	size_t number, i;

	for (number = 0; number < json_array_size(lines); number++) {
		json_array_foreach(lines, i, line) {
			words = text("%s", json_string_value(line));
			answer = strstr(words, ": ");
			if (answer && strtoul(words, &name, 10) == number + 1) {
				*answer = '\0';
				json_array_append_new(list, json_pack("{s:s, s:s}", "feature",
								      name + 1, "answer",
								      answer + 2));
			}
			free(words);
		}
	}
	json_decref(lines);
	return list;
}

static json_t *checked_btf(json_t *problems)
{
	json_t *results = btf_check(), *result;
	size_t i;

	json_array_foreach(results, i, result) {
		char *what;

		if (strcmp(member(result, "result"), "differs"))
			continue;
		what = text("this kernel's %s is not what the modules were written for",
			    member(result, "name"));
		problem(problems, what,
			text("boot another kernel, or install a newer iommu-next"));
		free(what);
	}
	return results;
}

static json_t *nodes(json_t *problems, bool loaded)
{
	json_t *list = json_object();
	char *link = link_name("/dev/iommu");

	if (loaded && !exists(IOMMU_NODE))
		problem(problems, "the module is loaded, but " IOMMU_NODE " is not there",
			text("udevadm trigger -c add /sys/class/misc/iommu-next"));
	json_object_set_new(list, IOMMU_NODE, json_boolean(exists(IOMMU_NODE)));
	json_object_set_new(list, "/dev/iommu",
			    link ? take_string(link) : json_boolean(exists("/dev/iommu")));
	return list;
}

static void print_module_table(const json_t *list)
{
	static const struct column columns[] = {
		{ "MODULE", "name" }, { "INSTALLED", "version" }, { "LOADED", "loaded_version" },
		{ "FOR", "what" }, {}
	};

	print_table(list, columns);
}

static void print_features(const json_t *list)
{
	static const struct column columns[] = {
		{ "FEATURE", "feature" }, { "ON THIS KERNEL", "answer" }, {}
	};

	if (!json_array_size(list))
		return;
	putchar('\n');
	print_table(list, columns);
}

/* How many are as declared, and why others are not compared. */
static void print_btf(const json_t *list)
{
	size_t same = 0, used = 0, i;
	const char *why = NULL;
	const json_t *result;

	json_array_foreach((json_t *)list, i, result) {
		const char *word = member(result, "result");

		if (!strcmp(word, "same") || !strcmp(word, "differs"))
			used++;
		else
			why = word;
		same += !strcmp(word, "same");
	}
	printf("declared  %zu of %zu private parts of the kernel are as the modules declare them",
	       same, used);
	if (why)
		printf("; %zu %s", json_array_size(list) - used, why);
	putchar('\n');
}

static void print_status(const json_t *value)
{
	const json_t *kernel = json_object_get(value, "kernel"), *entry;
	const json_t *of_iommu = json_object_get(value, "iommu");
	const json_t *problems = json_object_get(value, "problems");
	size_t i, groups = json_integer_value(json_object_get(of_iommu, "groups"));

	printf("kernel    %s, %s%s\n", member(kernel, "release"), member(kernel, "machine"),
	       json_is_true(json_object_get(kernel, "iommufd")) ? ", has iommufd of its own" : "");
	printf("IOMMU     ");
	json_array_foreach(json_object_get(of_iommu, "kinds"), i, entry)
		printf("%s%s", i ? ", " : "", json_string_value(entry));
	printf("%s%zu groups%s%s\n", i ? ", " : "none, ", groups,
	       json_is_true(json_object_get(of_iommu, "allow_unsafe_interrupts")) ?
		       ", unsafe interrupts allowed" : "",
	       json_is_true(json_object_get(of_iommu, "enable_unsafe_noiommu_mode")) ?
		       ", devices without an IOMMU allowed" : "");
	printf("security  Secure Boot: %s; lockdown: %s\n", member(value, "secure_boot"),
	       member(value, "lockdown"));
	print_btf(json_object_get(value, "declarations"));
	putchar('\n');
	print_module_table(json_object_get(value, "modules"));
	print_features(json_object_get(value, "features"));
	putchar('\n');
	if (!json_array_size(problems))
		puts("Nothing is missing.");
	json_array_foreach((json_t *)problems, i, entry)
		printf("missing:  %s\n  to do:  %s\n", member(entry, "what"),
		       member(entry, "mend"));
}

/* The word in brackets of "none [integrity] confidentiality". */
static char *lockdown(void)
{
	char *line = read_file("/sys/kernel/security/lockdown"), *start, *end;

	start = line ? strchr(line, '[') : NULL;
	end = start ? strchr(start, ']') : NULL;
	if (!end) {
		free(line);
		return text("unknown");
	}
	*end = '\0';
	memmove(line, start + 1, end - start);
	return line;
}

static bool has_iommufd(void)
{
	json_t *module = module_describe("iommufd");
	bool result = json_is_true(json_object_get(module, "installed"));

	json_decref(module);
	return result;
}

int cmd_status(const struct options *options)
{
	json_t *problems = json_array(), *list, *value, *of_iommu;
	struct utsname uts;
	bool secure;

	(void)options;
	uname(&uts);
	list = modules(problems, uts.release);
	of_iommu = iommu(problems);
	secure = !strcmp(secure_boot(), "yes");
	if (secure)
		check_signatures(problems, list);
	value = json_pack("{s:{s:s, s:s, s:b}, s:o, s:o, s:s, s:o, s:o, s:o, s:o}",
			  "kernel", "release", uts.release, "machine", uts.machine, "iommufd",
			  has_iommufd(), "iommu", of_iommu, "modules", list, "secure_boot",
			  secure_boot(), "lockdown", take_string(lockdown()), "features",
			  features(), "declarations", checked_btf(problems), "nodes",
			  nodes(problems, exists("/sys/module/" CORE_MODULE)));
	json_object_set(value, "problems", problems);
	emit(value, print_status);
	secure = json_array_size(problems);
	json_decref(problems);
	return secure ? INXCTL_FAILED : INXCTL_OK;
}
