// SPDX-License-Identifier: GPL-2.0-only
/* harness: load=vfio machines=none libs=-lbpf */
/*
 * What module/compat/private.h and vfio_container.h declare is what the running
 * kernel has: its BTF tells the types of its functions, and that of the module
 * vfio how its struct is laid out. (6.1 has none of the functions.)
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include <bpf/btf.h>

typedef uint64_t dma_addr_t;

#include "module/compat/private.h"
#include "module/compat/vfio_container.h"
#include "tap.h"

/* By which name the kernel knows it. */
typedef uint32_t ioasid_t;

/*
 * A function of private.h, the first kernel that has it (611: 6.11), and its type in words; the
 * compiler compares the two.
 */
#define FUNCTION(_since, _name, _returns, ...)                                                     \
	{                                                                                          \
		.name = #_name, .since = _since, .type = #_returns "(" #__VA_ARGS__ ")",           \
		.same = __builtin_types_compatible_p(__typeof__(_name), _returns(__VA_ARGS__)),    \
	}

static const struct function {
	const char *name;
	unsigned int since;
	const char *type;
	bool same;
} functions[] = {
	FUNCTION(611, iommu_attach_group_handle, int,
		 struct iommu_domain *, struct iommu_group *, struct iommu_attach_handle *),
	FUNCTION(611, iommu_detach_group_handle, void,
		 struct iommu_domain *, struct iommu_group *),
	FUNCTION(611, iommu_replace_group_handle, int,
		 struct iommu_group *, struct iommu_domain *, struct iommu_attach_handle *),
	FUNCTION(615, iommu_replace_device_pasid, int,
		 struct iommu_domain *, struct device *, ioasid_t, struct iommu_attach_handle *),
	{}
};

/* BTF has the names of a compiler. */
static const char *short_name(const char *name)
{
	static const char *const names[][2] = {
		{ "long int", "long" },
		{ "long unsigned int", "unsigned long" },
		{}
	};
	int i;

	for (i = 0; names[i][0]; i++)
		if (!strcmp(name, names[i][0]))
			return names[i][1];
	return name;
}

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
	case BTF_KIND_ENUM:
		fprintf(out, "enum %s", btf__name_by_offset(btf, type->name_off));
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_FWD:
		fprintf(out, "struct %s", btf__name_by_offset(btf, type->name_off));
		break;
	default:
		fputs(short_name(btf__name_by_offset(btf, type->name_off)), out);
	}
}

/* What a function returns and takes. */
static void put_proto(FILE *out, const struct btf *btf, const struct btf_type *proto)
{
	const struct btf_param *param = btf_params(proto);
	int i;

	put_type(out, btf, proto->type);
	fputc('(', out);
	for (i = 0; i < btf_vlen(proto); i++) {
		fputs(i ? ", " : "", out);
		put_type(out, btf, param[i].type);
	}
	fputc(')', out);
}

/* The type of a function in the words of FUNCTION(), NULL if the kernel has none of that name. */
static char *kernel_type(const struct btf *btf, const char *name)
{
	__s32 id = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
	char *text;
	size_t length;
	FILE *out;

	if (id < 0)
		return NULL;
	out = open_memstream(&text, &length);
	if (!out)
		return NULL;
	put_proto(out, btf, btf__type_by_id(btf, btf__type_by_id(btf, id)->type));
	fclose(out);
	return text;
}

TEST(private_functions_are_as_declared)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct function *function;
	unsigned int major, minor;
	struct utsname uts;
	int found;
	char *type;

	ASSERT_TRUE(btf);
	ASSERT_EQ(0, uname(&uts));
	found = sscanf(uts.release, "%u.%u", &major, &minor);
	ASSERT_EQ(2, found);
	for (function = functions; function->name; function++) {
		EXPECT_TRUE(function->same);
		type = kernel_type(btf, function->name);
		if (major * 100 + minor < function->since) {
			EXPECT_FALSE(type);
			continue;
		}
		ASSERT_TRUE(type);
		EXPECT_STREQ(function->type, type);
		free(type);
	}
	btf__free(btf);
}

/* ---- the VFIO core ----------------------------------------------------------------------- */

/* Append a type of the members of struct vfio_iommu_driver_ops. */
static void put_member(FILE *out, const struct btf *btf, __u32 id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	if (btf_is_ptr(type))
		type = btf__type_by_id(btf, type->type);
	if (btf_is_func_proto(type))
		put_proto(out, btf, type);
	else
		put_type(out, btf, id);
}

static struct vfio_iommu_driver_ops ops;

#define MEMBER(_name, _text, _type)                                                                \
	{                                                                                          \
		.name = #_name, .type = (_text),                                                   \
		.same = __builtin_types_compatible_p(__typeof__(ops._name), _type),                \
		.offset = offsetof(struct vfio_iommu_driver_ops, _name),                           \
	}
#define DATA(_name, _type) MEMBER(_name, #_type, _type)
#define CALL(_name, _returns, ...)                                                                 \
	MEMBER(_name, #_returns "(" #__VA_ARGS__ ")", _returns(*)(__VA_ARGS__))

/* Of the header, in BTF's words; what is behind NEWEST_MEMBERS only older kernels have. */
static const struct member {
	const char *name;
	const char *type;
	bool same;
	size_t offset;
} members[] = {
	DATA(name, char *),
	DATA(owner, struct module *),
	CALL(open, void *, unsigned long),
	CALL(release, void, void *),
	CALL(ioctl, long, void *, unsigned int, unsigned long),
	CALL(attach_group, int, void *, struct iommu_group *, enum vfio_group_type),
	CALL(detach_group, void, void *, struct iommu_group *),
	CALL(pin_pages, int, void *, struct iommu_group *, dma_addr_t, int, int, struct page * *),
	CALL(unpin_pages, void, void *, dma_addr_t, int),
	CALL(register_device, void, void *, struct vfio_device *),
	CALL(unregister_device, void, void *, struct vfio_device *),
	CALL(dma_rw, int, void *, dma_addr_t, void *, size_t, bool),
	CALL(group_iommu_domain, struct iommu_domain *, void *, struct iommu_group *),
	CALL(notify, void, void *, enum vfio_iommu_notify_type),
	{}
};

#define NEWEST_MEMBERS 13

static void expect_member(const struct btf *btf, const struct btf_type *type, int i)
{
	const struct btf_member *theirs = btf_members(type) + i;
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	ASSERT_TRUE(out);
	put_member(out, btf, theirs->type);
	fclose(out);
	EXPECT_STREQ(members[i].name, btf__name_by_offset(btf, theirs->name_off));
	EXPECT_STREQ(members[i].type, text);
	EXPECT_EQ(members[i].offset * 8, btf_member_bit_offset(type, i));
	EXPECT_TRUE(members[i].same);
	free(text);
}

static void expect_enum(const struct btf *btf, const char *name, const char *value, int number)
{
	__s32 id = btf__find_by_name_kind(btf, name, BTF_KIND_ENUM);
	const struct btf_type *type;
	int i;

	ASSERT_LT(0, id);
	type = btf__type_by_id(btf, id);
	for (i = 0; i < btf_vlen(type); i++)
		if (!strcmp(value, btf__name_by_offset(btf, btf_enum(type)[i].name_off))) {
			EXPECT_EQ(number, btf_enum(type)[i].val);
			return;
		}
	EXPECT_STREQ(value, "in the kernel");
}

TEST(backends_of_containers_are_as_declared)
{
	struct btf *vmlinux = btf__load_vmlinux_btf();
	const struct btf_type *type;
	struct btf *btf;
	int i, nr;
	__s32 id;

	ASSERT_TRUE(vmlinux);
	btf = btf__load_module_btf("vfio", vmlinux);
	if (!btf)
		SKIP("this kernel's module vfio has no BTF");
	id = btf__find_by_name_kind(btf, "vfio_iommu_driver_ops", BTF_KIND_STRUCT);
	ASSERT_LT(0, id);
	type = btf__type_by_id(btf, id);
	nr = btf_vlen(type);
	EXPECT_TRUE(nr == NEWEST_MEMBERS || nr == NEWEST_MEMBERS + 1);
	for (i = 0; i < nr && members[i].name; i++)
		expect_member(btf, type, i);
	expect_enum(btf, "vfio_group_type", "VFIO_IOMMU", VFIO_IOMMU);
	expect_enum(btf, "vfio_group_type", "VFIO_EMULATED_IOMMU", VFIO_EMULATED_IOMMU);
	expect_enum(btf, "vfio_group_type", "VFIO_NO_IOMMU", VFIO_NO_IOMMU);

	nr = btf__find_by_name_kind(btf, "vfio_register_iommu_driver", BTF_KIND_FUNC);
	if (nr > 0)
		EXPECT_STREQ("int(const struct vfio_iommu_driver_ops *)",
			     kernel_type(btf, "vfio_register_iommu_driver"));
	btf__free(btf);
	btf__free(vmlinux);
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
