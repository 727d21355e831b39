// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the modules declare of the kernel because its headers are not installed
 * (module/compat/private.h and vfio_container.h), compared with the running
 * kernel: its BTF tells the types of functions and of members. Nothing else
 * would notice if one had changed since the modules were written.
 */
#include <bpf/btf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As on the kernels that are compared. */
typedef uint64_t dma_addr_t;

#include "../../module/compat/private.h"
#include "../../module/compat/vfio_container.h"
#include "inxctl.h"

/* A type in words, which the compiler compares with what it is of; otherwise an error. */
#define SAME(_what, ...) \
	(0 * sizeof(char[__builtin_types_compatible_p(__typeof__(_what), __VA_ARGS__) ? 1 : -1]))

/**
 * struct declared - a function, or a member of a struct
 * @where: the kernel module that has it, NULL for the kernel itself
 * @of: the struct; NULL for a function
 * @name: of the function or member
 * @type: in words
 * @offset: of the member, in bytes
 * @rare: not all kernels have it, and we do without it there
 */
static const struct declared {
	const char *where;
	const char *of;
	const char *name;
	const char *type;
	size_t offset;
	bool rare;
} declared[] = {
#define FUNCTION(_where, _rare, _name, _returns, ...)                                          \
	{                                                                                      \
		.where = _where, .rare = _rare, .name = #_name,                                \
		.type = #_returns "(" #__VA_ARGS__ ")",                                        \
		.offset = SAME(_name, _returns(__VA_ARGS__)),                                  \
	}
	FUNCTION(NULL, true, iommu_attach_group_handle, int,
		 struct iommu_domain *, struct iommu_group *, struct iommu_attach_handle *),
	FUNCTION(NULL, true, iommu_detach_group_handle, void,
		 struct iommu_domain *, struct iommu_group *),
	FUNCTION(NULL, true, iommu_replace_group_handle, int,
		 struct iommu_group *, struct iommu_domain *, struct iommu_attach_handle *),
	FUNCTION("vfio", false, vfio_register_iommu_driver, int,
		 const struct vfio_iommu_driver_ops *),
	FUNCTION("vfio", false, vfio_unregister_iommu_driver, void,
		 const struct vfio_iommu_driver_ops *),

#define OPS struct vfio_iommu_driver_ops
#define MEMBER(_rare, _name, _type)                                                            \
	{                                                                                      \
		.where = "vfio", .of = "vfio_iommu_driver_ops", .name = #_name,                \
		.type = #_type, .rare = _rare,                                                 \
		.offset = offsetof(OPS, _name) + SAME(((OPS *)0)->_name, _type),               \
	}
#define CALL(_rare, _name, _returns, ...)                                                      \
	{                                                                                      \
		.where = "vfio", .of = "vfio_iommu_driver_ops", .name = #_name,                \
		.type = #_returns "(*)(" #__VA_ARGS__ ")", .rare = _rare,                      \
		.offset = offsetof(OPS, _name) +                                               \
			  SAME(((OPS *)0)->_name, _returns(*)(__VA_ARGS__)),                   \
	}
	MEMBER(false, name, char *),
	MEMBER(false, owner, struct module *),
	CALL(false, open, void *, unsigned long),
	CALL(false, release, void, void *),
	CALL(false, ioctl, long, void *, unsigned int, unsigned long),
	CALL(false, attach_group, int, void *, struct iommu_group *, enum vfio_group_type),
	CALL(false, detach_group, void, void *, struct iommu_group *),
	CALL(false, pin_pages, int, void *, struct iommu_group *, dma_addr_t, int, int,
	     struct page **),
	CALL(false, unpin_pages, void, void *, dma_addr_t, int),
	CALL(false, register_device, void, void *, struct vfio_device *),
	CALL(false, unregister_device, void, void *, struct vfio_device *),
	CALL(false, dma_rw, int, void *, dma_addr_t, void *, size_t, bool),
	CALL(false, group_iommu_domain, struct iommu_domain *, void *, struct iommu_group *),
	CALL(true, notify, void, void *, enum vfio_iommu_notify_type),
	{}
};

/* As C has it: compilers write such names out. */
static const char *short_name(const char *name)
{
	if (!strcmp(name, "long unsigned int"))
		return "unsigned long";
	if (!strcmp(name, "long int"))
		return "long";
	return name;
}

/* Never NULL, also where a module's BTF does not fit the kernel's. */
static const char *name_at(const struct btf *btf, __u32 offset)
{
	const char *name = btf__name_by_offset(btf, offset);

	return name ? name : "?";
}

static void put_type(FILE *out, const struct btf *btf, __u32 id);

/* "(int, void *)". */
static void put_arguments(FILE *out, const struct btf *btf, const struct btf_type *prototype)
{
	const struct btf_param *param = btf_params(prototype);
	int i;

	fputc('(', out);
	for (i = 0; i < btf_vlen(prototype); i++) {
		fputs(i ? ", " : "", out);
		put_type(out, btf, param[i].type);
	}
	fputc(')', out);
}

static void put_pointer(FILE *out, const struct btf *btf, __u32 to)
{
	const struct btf_type *type = btf__type_by_id(btf, to);

	if (to && type && btf_kind(type) == BTF_KIND_FUNC_PROTO) {
		put_type(out, btf, type->type);
		fputs("(*)", out);
		put_arguments(out, btf, type);
		return;
	}
	put_type(out, btf, to);
	fputs(to && type && btf_kind(type) == BTF_KIND_PTR ? "*" : " *", out);
}

/* Append the type @id as it is written above. */
static void put_type(FILE *out, const struct btf *btf, __u32 id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);
	const char *name;

	if (!id || !type) {
		fputs("void", out);
		return;
	}
	name = name_at(btf, type->name_off);
	switch (btf_kind(type)) {
	case BTF_KIND_PTR:
		put_pointer(out, btf, type->type);
		break;
	case BTF_KIND_CONST:
		fputs("const ", out);
		put_type(out, btf, type->type);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_FWD:
		fprintf(out, "struct %s", name);
		break;
	case BTF_KIND_ENUM:
		fprintf(out, "enum %s", name);
		break;
	default:
		fputs(short_name(name), out);
	}
}

/* The type of a function, to be freed; NULL if there is none of that name. */
static char *function_type(const struct btf *btf, const char *name)
{
	__s32 id = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
	const struct btf_type *prototype;
	char *words = NULL;
	size_t length;
	FILE *out;

	if (id < 0)
		return NULL;
	out = open_memstream(&words, &length);
	if (!out)
		die("out of memory");
	prototype = btf__type_by_id(btf, btf__type_by_id(btf, id)->type);
	put_type(out, btf, prototype->type);
	put_arguments(out, btf, prototype);
	fclose(out);
	return words;
}

/* Likewise of a member, with where it is; every kernel has to have the struct. */
static char *member_type(const struct btf *btf, const struct declared *want)
{
	__s32 id = btf__find_by_name_kind(btf, want->of, BTF_KIND_STRUCT);
	const struct btf_type *type = id < 0 ? NULL : btf__type_by_id(btf, id);
	const struct btf_member *members = type ? btf_members(type) : NULL;
	char *words = NULL;
	size_t length;
	FILE *out;
	int i;

	for (i = 0; type && i < btf_vlen(type); i++) {
		if (strcmp(name_at(btf, members[i].name_off), want->name))
			continue;
		out = open_memstream(&words, &length);
		if (!out)
			die("out of memory");
		put_type(out, btf, members[i].type);
		if (btf_member_bit_offset(type, i) != want->offset * 8)
			fprintf(out, " at %u", btf_member_bit_offset(type, i) / 8);
		fclose(out);
		return words;
	}
	return NULL;
}

static const char *compare(const struct btf *btf, const struct declared *want, char **seen)
{
	*seen = NULL;
	if (!btf)
		return want->where ? "not compared, vfio is not loaded" :
				     "not compared, the kernel has no BTF";
	*seen = want->of ? member_type(btf, want) : function_type(btf, want->name);
	if (!*seen)
		return want->rare ? "not in this kernel, not used" : "differs";
	return strcmp(*seen, want->type) ? "differs" : "same";
}

json_t *btf_check(void)
{
	struct btf *kernel = btf__load_vmlinux_btf(), *vfio = NULL;
	const struct declared *want;
	json_t *results = json_array();

	if (kernel && exists("/sys/kernel/btf/vfio"))
		vfio = btf__parse_split("/sys/kernel/btf/vfio", kernel);
	for (want = declared; want->name; want++) {
		char *seen;
		const char *result = compare(want->where ? vfio : kernel, want, &seen);
		char *name = want->of ? text("%s.%s", want->of, want->name) :
					text("%s()", want->name);

		json_array_append_new(results, json_pack("{s:o, s:s?, s:s, s:o, s:s}", "name",
							 take_string(name), "module", want->where,
							 "declared", want->type, "kernel",
							 take_string(seen), "result", result));
	}
	btf__free(vfio);
	btf__free(kernel);
	return results;
}
