/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Data whose format only a backend knows, still in user memory, and how it is
 * copied in: a struct may be shorter than the kernel's, but not longer.
 */
#ifndef INX_USER_DATA_H
#define INX_USER_DATA_H

#include <linux/errno.h>
#include <linux/types.h>
#include <linux/uaccess.h>

/**
 * struct inx_user_data - one struct of user space
 * @uptr: where
 * @type: its format, of whatever enumeration the call has
 * @len: bytes
 */
struct inx_user_data {
	void __user *uptr;
	u32 type;
	u32 len;
};

/**
 * struct inx_user_array - an array of them
 * @uptr: where
 * @type: format of an entry
 * @entry_len: bytes of an entry
 * @entry_num: in: entries; out: entries that were carried out
 */
struct inx_user_array {
	void __user *uptr;
	u32 type;
	u32 entry_len;
	u32 entry_num;
};

/**
 * inx_user_data_get() - copy a struct in
 * @dst: where to
 * @size: its size as the kernel knows it; what user space does not give is 0
 * @min_size: what it has to give
 * @data: the user's
 *
 * Return: 0; -EINVAL when it is too short or too long, -EFAULT.
 */
static inline int inx_user_data_get(void *dst, size_t size, size_t min_size,
				    const struct inx_user_data *data)
{
	if (data->len < min_size || data->len > size)
		return -EINVAL;
	return copy_struct_from_user(dst, size, data->uptr, data->len);
}

/**
 * inx_user_array_get() - copy an entry in
 * @dst: where to
 * @size: its size as the kernel knows it
 * @min_size: what user space has to give
 * @array: the user's
 * @index: which entry
 *
 * Return: as inx_user_data_get().
 */
static inline int inx_user_array_get(void *dst, size_t size, size_t min_size,
				     const struct inx_user_array *array,
				     u32 index)
{
	const struct inx_user_data entry = {
		.uptr = array->uptr + (size_t)array->entry_len * index,
		.len = array->entry_len,
	};

	return inx_user_data_get(dst, size, min_size, &entry);
}

#endif
