/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads that call steps over and over, all at once, and the answers that they
 * may get.
 */
#ifndef RACER_H
#define RACER_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "uffd.h"

struct race;

/**
 * struct racer - a thread that calls @step until the race is over
 * @race: that it takes part in
 * @random: for pick()
 * @good: answers that were 0
 * @all: steps
 */
struct racer {
	void (*step)(struct racer *r);
	const char *name;
	struct race *race;
	uint64_t random;
	unsigned long good;
	unsigned long all;
	struct later thread;
};

#define RACER(fn) { .step = fn, .name = #fn }

/**
 * struct race - all of them
 * @data: for the steps
 * @nr: how many
 * @stop: it is over
 */
struct race {
	void *data;
	struct racer *racers;
	int nr;
	volatile bool stop;
};

void race_start(struct race *race, void *data, struct racer *racers, int nr);
/* Let them all do at least so many steps more. */
void race_wait(struct race *race, unsigned long steps);
void race_stop(struct race *race);
/* Say what they did; a failure if one of them never had a good answer. */
void race_report(struct race *race);

/* All of that, for some time. */
#define RACE(_data, _ms, ...)                                             \
	do {                                                              \
		struct racer racers[] = { __VA_ARGS__ };                  \
		race_for(_data, _ms, racers,                              \
			 sizeof(racers) / sizeof(*racers));               \
	} while (0)
uint64_t race_now_ms(void);
void race_for(void *data, int ms, struct racer *racers, int nr);

/* A number below @below, from a row that is the same in every run. */
unsigned int pick(struct racer *r, unsigned int below);

/*
 * The result has to be 0, or -1 with one of these errnos; anything else is a
 * failure, and the end of the race. Whether it was 0.
 */
#define ONE_OF(r, rc, ...)                                                \
	one_of(r, (rc) ? errno : 0, (const int[]){ 0, ##__VA_ARGS__, -1 },  \
	       __FILE__, __LINE__)
bool one_of(struct racer *r, int seen, const int *want, const char *file,
	    int line);
/* A failure that ends the race, unless @good. */
bool must(struct racer *r, bool good, const char *what);

#endif
