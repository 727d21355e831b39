// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=- machines=none kernels=6.12,7.2,7.3 libs=-lbpf */
/*
 * What module/compat/private.h declares is what the running kernel has: its BTF
 * tells the types of its functions. (6.1 has none of them.)
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include <bpf/btf.h>

#include "module/compat/private.h"
#include "tap.h"

/* By which name the kernel knows it. */
typedef unsigned int ioasid_t;

/*
 * A function of private.h, the first major version that has it, and its type in words; the
 * compiler compares the two.
 */
#define FUNCTION(_since, _name, _returns, ...)                                                     \
	{                                                                                          \
		.name = #_name, .since = _since, .type = #_returns "(" #__VA_ARGS__ ")",                            \
		.same = __builtin_types_compatible_p(__typeof__(_name), _returns(__VA_ARGS__)),    \
	}

static const struct function {
	const char *name;
	int since;
	const char *type;
	bool same;
} functions[] = {
	FUNCTION(6, iommu_attach_group_handle, int,
		 struct iommu_domain *, struct iommu_group *, struct iommu_attach_handle *),
	FUNCTION(6, iommu_detach_group_handle, void,
		 struct iommu_domain *, struct iommu_group *),
	FUNCTION(6, iommu_replace_group_handle, int,
		 struct iommu_group *, struct iommu_domain *, struct iommu_attach_handle *),
	FUNCTION(7, iommu_replace_device_pasid, int,
		 struct iommu_domain *, struct device *, ioasid_t, struct iommu_attach_handle *),
	{}
};

/* Append the type @id in C's words. */
static void put_type(FILE *out, const struct btf *btf, __u32 id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	if (!id) {
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

/* The type of a function in the words of FUNCTION(), NULL if the kernel has none of that name. */
static char *kernel_type(const struct btf *btf, const char *name)
{
	__s32 id = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
	const struct btf_type *proto;
	const struct btf_param *param;
	char *text;
	size_t length;
	FILE *out;
	int i;

	if (id < 0)
		return NULL;
	out = open_memstream(&text, &length);
	if (!out)
		return NULL;
	proto = btf__type_by_id(btf, btf__type_by_id(btf, id)->type);
	param = btf_params(proto);
	put_type(out, btf, proto->type);
	fputc('(', out);
	for (i = 0; i < btf_vlen(proto); i++) {
		fputs(i ? ", " : "", out);
		put_type(out, btf, param[i].type);
	}
	fputc(')', out);
	fclose(out);
	return text;
}

TEST(private_functions_are_as_declared)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct function *function;
	struct utsname uts;
	char *type;

	ASSERT_TRUE(btf);
	ASSERT_EQ(0, uname(&uts));
	for (function = functions; function->name; function++) {
		EXPECT_TRUE(function->same);
		type = kernel_type(btf, function->name);
		if (atoi(uts.release) < function->since) {
			EXPECT_FALSE(type);
			continue;
		}
		ASSERT_TRUE(type);
		EXPECT_STREQ(function->type, type);
		free(type);
	}
	btf__free(btf);
}

/* A comparison that cannot fail proves nothing. */
TEST(another_function_is_another_type)
{
	struct btf *btf = btf__load_vmlinux_btf();
	char *type;

	ASSERT_TRUE(btf);
	type = kernel_type(btf, "iommu_attach_group");
	ASSERT_TRUE(type);
	EXPECT_STREQ("int(struct iommu_domain *, struct iommu_group *)", type);
	EXPECT_TRUE(strcmp(functions[0].type, type));
	free(type);
	EXPECT_FALSE(kernel_type(btf, "inx_no_such_function"));
	btf__free(btf);
}

TEST_HARNESS_MAIN
