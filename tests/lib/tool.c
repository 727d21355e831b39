// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "tool.h"

static void take(int fd, char *text, size_t size)
{
	ssize_t n = pread(fd, text, size - 1, 0);

	ASSERT_LE(0, n);
	text[n] = '\0';
	close(fd);
}

void tool_run(struct tool *t, const char *format, ...)
{
	int out = memfd_create("out", MFD_CLOEXEC);
	int err = memfd_create("err", MFD_CLOEXEC);
	char command[1024];
	int status = -1;
	va_list args;
	pid_t pid;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	ASSERT_LE(0, out);
	ASSERT_LE(0, err);
	pid = fork();
	if (!pid) {
		dup2(out, 1);
		dup2(err, 2);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	t->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	take(out, t->out, sizeof(t->out));
	take(err, t->err, sizeof(t->err));
}

bool tool_said(struct tool *t, int status, const char *words)
{
	if (t->status == status && strstr(status ? t->err : t->out, words))
		return true;
	TH_LOG("status %d, not %d, or not '%s' in: %s%s", t->status, status,
	       words, t->out, t->err);
	return false;
}
