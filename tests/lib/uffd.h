/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that is not there until the test says so: whoever touches it waits.
 * And calls that must not wait for anybody who does.
 */
#ifndef UFFD_H
#define UFFD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * struct uffd - such memory
 * @fd: the userfaultfd
 * @mem: the memory
 * @length: bytes
 */
struct uffd {
	int fd;
	unsigned char *mem;
	size_t length;
};

/* Ends the test if there is no userfaultfd. */
void uffd_open(struct uffd *u, size_t length);
/* Wait until somebody waits; returns the page, or NULL after @ms. */
unsigned char *uffd_wait(struct uffd *u, int ms);
/* Put the pages there, with zeros or with @content, and wake who waits. */
void uffd_fill(struct uffd *u, unsigned char *page, size_t length,
	       const void *content);
/* From here on it is memory like any other. */
void uffd_close(struct uffd *u);

/**
 * struct later - a call in a thread of its own
 * @call: to be called with @arg; what it returns, and errno, is kept
 */
struct later {
	int (*call)(void *arg);
	void *arg;
	int rc;
	int error;
	bool joined;
	pthread_t thread;
};

void later_start(struct later *later, int (*call)(void *arg), void *arg);
/* Whether it ends within @ms. */
bool later_ends(struct later *later, int ms);
/* Wait for it, not forever; returns what the call returned, and sets errno. */
int later_join(struct later *later);
/* Make a call that must be quick: a failure when it is not. */
int at_once(int (*call)(void *arg), void *arg);

#endif
