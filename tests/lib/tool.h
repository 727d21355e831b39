/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calling a command as a person does, and what it says.
 *
 * Functions without a return value end the test when something fails.
 */
#ifndef TOOL_H
#define TOOL_H

#include <stdbool.h>

/**
 * struct tool - a command that has ended
 * @status: its exit status
 * @out: what it has printed
 * @err: what it has printed as an error
 */
struct tool {
	int status;
	char out[1 << 17];
	char err[4096];
};

/* Let a shell run it. */
void tool_run(struct tool *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Whether it has ended with @status and said that, in the error if it is not 0. */
bool tool_said(struct tool *t, int status, const char *words);

#endif
