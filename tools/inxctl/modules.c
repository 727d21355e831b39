// SPDX-License-Identifier: GPL-2.0-only
/* Kernel modules: what is installed, what is loaded, and loading them. */
#define _GNU_SOURCE
#include <errno.h>
#include <libkmod.h>
#include <stdlib.h>
#include <string.h>

#include "inxctl.h"

static struct kmod_ctx *kmod(void)
{
	static struct kmod_ctx *ctx;

	if (!ctx) {
		ctx = kmod_new(NULL, NULL);
		if (!ctx)
			die("libkmod cannot be used: %s", strerror(errno));
		/* Failures come back as errors; they need not be printed as well. */
		kmod_set_log_priority(ctx, 0);
	}
	return ctx;
}

static struct kmod_module *module_of(const char *name)
{
	struct kmod_module *module;

	if (kmod_module_new_from_name(kmod(), name, &module) < 0)
		die("libkmod cannot look for the module %s: %s", name, strerror(errno));
	return module;
}

static json_t *info_of(struct kmod_module *module, const char *key)
{
	struct kmod_list *list = NULL, *item;
	json_t *values = json_array();

	if (kmod_module_get_info(module, &list) < 0)
		return values;
	kmod_list_foreach(item, list) {
		const char *value = kmod_module_info_get_value(item);

		if (!strcmp(kmod_module_info_get_key(item), key))
			json_array_append_new(values, json_string(value));
	}
	kmod_module_info_free_list(list);
	return values;
}

json_t *module_info(const char *name, const char *key)
{
	struct kmod_module *module = module_of(name);
	json_t *values = info_of(module, key);

	kmod_module_unref(module);
	return values;
}

/* The first value of a field, or null. */
static json_t *first_info(struct kmod_module *module, const char *key)
{
	json_t *values = info_of(module, key);
	json_t *first = json_array_get(values, 0);

	first = first ? json_incref(first) : json_null();
	json_decref(values);
	return first;
}

json_t *module_describe(const char *name)
{
	struct kmod_module *module = module_of(name);
	const char *path = kmod_module_get_path(module);
	int state = kmod_module_get_initstate(module);
	bool built_in = state == KMOD_MODULE_BUILTIN;
	json_t *version, *source, *loaded, *signer, *result;
	bool is_loaded = built_in || state == KMOD_MODULE_LIVE;
	bool stale;

	version = first_info(module, "version");
	source = first_info(module, "srcversion");
	signer = first_info(module, "signer");
	loaded = take_string(read_file("/sys/module/%s/srcversion", name));
	/* The version is raised for releases; srcversion changes with the source. */
	stale = json_is_string(source) && json_is_string(loaded) && !json_equal(source, loaded);
	json_decref(source);
	json_decref(loaded);
	result = json_pack("{s:s, s:b, s:o, s:o, s:b, s:o, s:b, s:o}", "name", name,
			   "installed", path || built_in, "version", version,
			   "file", path ? json_string(path) : json_null(),
			   "loaded", is_loaded,
			   "loaded_version",
			   take_string(read_file("/sys/module/%s/version", name)),
			   "loaded_is_other", stale, "signer", signer);
	kmod_module_unref(module);
	return result;
}

void module_load(const char *name)
{
	struct kmod_module *module;
	int rc;

	if (exists("/sys/module/%s", name))
		return;
	module = module_of(name);
	rc = kmod_module_probe_insert_module(module, KMOD_PROBE_APPLY_BLACKLIST, NULL, NULL,
					     NULL, NULL);
	kmod_module_unref(module);
	if (rc == KMOD_PROBE_APPLY_BLACKLIST)
		die("the module %s is blacklisted in modprobe.d;\n"
		    "to load it all the same: modprobe %s", name, name);
	if (rc == -ENOENT)
		die("the module %s is not installed for this kernel;\n"
		    "'inxctl status' says what to do", name);
	if (rc == -EPERM)
		die("the module %s cannot be loaded: only root can, try sudo", name);
	if (rc == -EKEYREJECTED || rc == -ENOKEY)
		die("the kernel does not trust the signature of the module %s;\n"
		    "'inxctl status' says what to do", name);
	if (rc < 0)
		die("the module %s cannot be loaded: %s;\n"
		    "'dmesg | tail' may say more", name, strerror(-rc));
}
