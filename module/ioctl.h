/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an ioctl handler gets. ioctl.c owns the table of them.
 */
#ifndef INX_IOCTL_H
#define INX_IOCTL_H

#include <linux/types.h>

struct file_operations;
struct inx_ctx;
struct inx_object;

/**
 * struct inx_call - one ioctl in progress
 * @ctx: of the file
 * @uptr: the user's struct
 * @user_size: its size, as the user says
 * @size: size of the struct as the kernel knows it
 * @arg: kernel copy, zero behind what the user gave
 * @new_obj: object that the handler has made and that becomes visible, or is
 *	given up, when the handler has returned
 */
struct inx_call {
	struct inx_ctx *ctx;
	void __user *uptr;
	size_t user_size;
	size_t size;
	void *arg;
	struct inx_object *new_obj;
};

int inx_call_reply(struct inx_call *call);
int inx_call_open_file(struct inx_call *call, const char *name,
		       const struct file_operations *fops, int flags,
		       u32 *fd);
void inx_call_close_file(struct inx_object *obj);
long inx_ioctl(struct inx_ctx *ctx, unsigned int cmd, unsigned long arg);

#endif
