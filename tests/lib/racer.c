// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>
#include <time.h>

#include "racer.h"
#include "tap.h"

static int racer_run(void *arg)
{
	struct racer *r = arg;

	while (!r->race->stop) {
		r->step(r);
		__atomic_add_fetch(&r->all, 1, __ATOMIC_RELAXED);
		/*
		 * Where there is one processor, a thread that goes on for as
		 * long as it may leaves the same to the same one each time.
		 */
		if (!pick(r, 8))
			sched_yield();
	}
	return 0;
}

void race_start(struct race *race, void *data, struct racer *racers, int nr)
{
	int i;

	*race = (struct race){ .data = data, .racers = racers, .nr = nr };
	for (i = 0; i < nr; i++) {
		racers[i].race = race;
		racers[i].random += i + 1;
		later_start(&racers[i].thread, racer_run, &racers[i]);
	}
}

void race_wait(struct race *race, unsigned long steps)
{
	int i;

	for (i = 0; i < race->nr; i++) {
		struct racer *r = &race->racers[i];
		unsigned long end = r->all + steps;

		while (__atomic_load_n(&r->all, __ATOMIC_RELAXED) < end &&
		       !race->stop)
			sched_yield();
	}
}

void race_stop(struct race *race)
{
	int i;

	race->stop = true;
	for (i = 0; i < race->nr; i++)
		EXPECT_EQ(0, later_join(&race->racers[i].thread));
}

void race_report(struct race *race)
{
	int i;

	for (i = 0; i < race->nr; i++) {
		struct racer *r = &race->racers[i];

		TH_LOG("%s: %lu good of %lu", r->name, r->good, r->all);
		/* Who never gets anywhere is no opponent. */
		EXPECT_GT(r->good, 0);
	}
}

uint64_t race_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool race_is_open(struct race *race)
{
	bool open = true;
	int i;

	for (i = 0; i < race->nr; i++)
		open &= __atomic_load_n(&race->racers[i].good, __ATOMIC_RELAXED) > 0;
	return open;
}

/* How much longer a race may take on a machine on which a thread waits for its turn. */
#define PATIENCE_MS 15000

void race_for(void *data, int ms, struct racer *racers, int nr)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };
	uint64_t end = race_now_ms() + ms + PATIENCE_MS;
	struct race race;

	race_start(&race, data, racers, nr);
	do {
		nanosleep(&ts, NULL);
	} while (!race_is_open(&race) && !race.stop && race_now_ms() < end);
	race_stop(&race);
	race_report(&race);
}

unsigned int pick(struct racer *r, unsigned int below)
{
	r->random = r->random * 6364136223846793005 + 1442695040888963407;
	return (r->random >> 33) % below;
}

bool one_of(struct racer *r, int seen, const int *want, const char *file,
	    int line)
{
	while (*want != seen && *want != -1)
		want++;
	if (*want == -1) {
		TH_LOG("%s:%d, in %s: unexpected: %s", file, line, r->name,
		       strerror(seen));
		EXPECT_NE(-1, *want);
		r->race->stop = true;
	}
	r->good += !seen;
	return !seen;
}

bool must(struct racer *r, bool good, const char *what)
{
	if (!good) {
		TH_LOG("in %s: %s", r->name, what);
		EXPECT_TRUE(good);
		r->race->stop = true;
	}
	return good;
}
