/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What QEMU traces of the machine (trace= in kernels.conf) while the program runs. A
 * test says what will be there; the harness looks when the program has ended, and
 * that is a result of its own (tests/harness/trace.py).
 */
#ifndef TRACE_H
#define TRACE_H

#include "tap.h"

/* So many lines that a regular expression finds; or at least so many. */
#define TRACE_EXACTLY(nr, pattern, ...)                                                 \
	TH_LOG("trace: =%d " pattern, nr, ##__VA_ARGS__)
#define TRACE_AT_LEAST(nr, pattern, ...)                                                \
	TH_LOG("trace: +%d " pattern, nr, ##__VA_ARGS__)

#endif
