// SPDX-License-Identifier: GPL-2.0-only
/*
 * What module/compat/private.h declares, compared with the running kernel: its
 * BTF tells the types of its functions. Nothing else would notice if one had
 * changed since the modules were written.
 */
#include <bpf/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../module/compat/private.h"
#include "inxctl.h"

/* A function of private.h and its type in words, which the compiler compares with it. */
#define FUNCTION(_name, _returns, ...)                                                         \
	{                                                                                      \
		.name = #_name, .type = #_returns "(" #__VA_ARGS__ ")",                        \
		.unused = 0 * sizeof(char[__builtin_types_compatible_p(__typeof__(_name),      \
					  _returns(__VA_ARGS__)) ? 1 : -1]),                   \
	}

static const struct function {
	const char *name;
	const char *type;
	size_t unused;
} functions[] = {
	FUNCTION(iommu_attach_group_handle, int,
		 struct iommu_domain *, struct iommu_group *, struct iommu_attach_handle *),
	FUNCTION(iommu_detach_group_handle, void,
		 struct iommu_domain *, struct iommu_group *),
	FUNCTION(iommu_replace_group_handle, int,
		 struct iommu_group *, struct iommu_domain *, struct iommu_attach_handle *),
	{}
};

/* Append the type @id as C writes it. */
static void put_type(FILE *out, const struct btf *btf, __u32 id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	if (!id || !type) {
		fputs("void", out);
		return;
	}
	switch (btf_kind(type)) {
	case BTF_KIND_PTR:
		put_type(out, btf, type->type);
		fputs(" *", out);
		break;
	case BTF_KIND_CONST:
		fputs("const ", out);
		put_type(out, btf, type->type);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_FWD:
		fprintf(out, "struct %s", btf__name_by_offset(btf, type->name_off));
		break;
	default:
		fputs(btf__name_by_offset(btf, type->name_off), out);
	}
}

/* The type of a function as in FUNCTION(), to be freed; NULL if there is none. */
static char *kernel_type(const struct btf *btf, const char *name)
{
	__s32 id = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
	const struct btf_type *prototype;
	const struct btf_param *param;
	char *words = NULL;
	size_t length;
	FILE *out;
	int i;

	if (id < 0)
		return NULL;
	out = open_memstream(&words, &length);
	if (!out)
		die("out of memory");
	prototype = btf__type_by_id(btf, btf__type_by_id(btf, id)->type);
	param = btf_params(prototype);
	put_type(out, btf, prototype->type);
	fputc('(', out);
	for (i = 0; i < btf_vlen(prototype); i++) {
		fputs(i ? ", " : "", out);
		put_type(out, btf, param[i].type);
	}
	fputc(')', out);
	fclose(out);
	return words;
}

json_t *btf_check(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct function *function;
	json_t *results = json_array();

	for (function = functions; function->name; function++) {
		char *type = btf ? kernel_type(btf, function->name) : NULL;
		const char *result = !btf ? "the kernel has no BTF" :
				     !type ? "not in this kernel, not used" :
				     strcmp(type, function->type) ? "differs" : "same";

		json_array_append_new(results, json_pack("{s:s, s:s, s:o, s:s}", "function",
							 function->name, "declared",
							 function->type, "kernel",
							 take_string(type), "result", result));
	}
	btf__free(btf);
	return results;
}
