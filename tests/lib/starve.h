/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations on Debian's own kernels, with each allocation of the modules failing that
 * they make: tests/modules/inx_starve.c.
 */
#ifndef STARVE_H
#define STARVE_H

/*
 * Do @call(@arg) with the first allocation failing, the second, and so on until none
 * does, and after each success @undo(@arg), if there is one. @call returns 0, or -1 with
 * errno: ENOMEM, and then nothing more is pinned than before, and the same succeeds.
 * Says by @name how many there were.
 */
void starve(const char *name, int (*call)(void *arg), void (*undo)(void *arg),
	    void *arg);
/* What ends something: it succeeds, whatever fails. */
void starve_end(const char *name, int (*call)(void *arg),
		void (*undo)(void *arg), void *arg);

#endif
