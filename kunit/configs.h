/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The worlds that a test with WORLD_CASE_PARAM() is run in: every set of IO page
 * sizes with every layout of memory; number of page tables and way of charging
 * go round, so that each meets each.
 */
#ifndef INX_KUNIT_CONFIGS_H
#define INX_KUNIT_CONFIGS_H

#include <linux/sizes.h>

#include "world.h"

#define WORLD_CONFIG(_sizes, _bits, _layout, _domains, _mode)                  \
	{                                                                      \
		.name = _sizes " " #_layout " domains=" #_domains " " #_mode,  \
		.page_sizes = _bits, .layout = MEM_##_layout,                  \
		.domains = _domains, .mode = INX_ACCOUNT_##_mode,              \
	}

static const struct world_config world_configs[] = {
	WORLD_CONFIG("512", SZ_512, CONTIG, 0, USER),
	WORLD_CONFIG("512", SZ_512, RUNS, 1, MM),
	WORLD_CONFIG("512", SZ_512, SCATTERED, 2, USER),
	WORLD_CONFIG("512", SZ_512, MIXED, 3, MM),
	WORLD_CONFIG("2K", SZ_2K, CONTIG, 1, USER),
	WORLD_CONFIG("2K", SZ_2K, RUNS, 2, MM),
	WORLD_CONFIG("2K", SZ_2K, SCATTERED, 3, NONE),
	WORLD_CONFIG("2K", SZ_2K, MIXED, 1, USER),
	WORLD_CONFIG("4K", SZ_4K, CONTIG, 2, MM),
	WORLD_CONFIG("4K", SZ_4K, RUNS, 3, USER),
	WORLD_CONFIG("4K", SZ_4K, SCATTERED, 0, MM),
	WORLD_CONFIG("4K", SZ_4K, SCATTERED, 1, USER),
	WORLD_CONFIG("4K", SZ_4K, MIXED, 1, MM),
	WORLD_CONFIG("4K+64K", SZ_4K | SZ_64K, CONTIG, 3, NONE),
	WORLD_CONFIG("4K+64K", SZ_4K | SZ_64K, RUNS, 1, USER),
	WORLD_CONFIG("4K+64K", SZ_4K | SZ_64K, SCATTERED, 2, MM),
	WORLD_CONFIG("4K+64K", SZ_4K | SZ_64K, MIXED, 0, USER),
	WORLD_CONFIG("4K+2M", SZ_4K | SZ_2M, CONTIG, 1, MM),
	WORLD_CONFIG("4K+2M", SZ_4K | SZ_2M, RUNS, 0, NONE),
	WORLD_CONFIG("4K+2M", SZ_4K | SZ_2M, MIXED, 2, USER),
	WORLD_CONFIG("all", GENMASK(30, 9), CONTIG, 2, USER),
	WORLD_CONFIG("all", GENMASK(30, 9), RUNS, 3, MM),
	WORLD_CONFIG("all", GENMASK(30, 9), SCATTERED, 1, NONE),
	WORLD_CONFIG("all", GENMASK(30, 9), MIXED, 3, USER),
	{
		.name = "small pages CONTIG", .domains = 2,
		.layout = MEM_CONTIG, .small_pages = true,
	},
	{
		.name = "small pages MIXED", .domains = 1,
		.layout = MEM_MIXED, .small_pages = true,
		.mode = INX_ACCOUNT_MM,
	},
};

KUNIT_ARRAY_PARAM(world, world_configs, world_describe);

#define WORLD_CASE_PARAM(_name) KUNIT_CASE_PARAM(_name, world_gen_params)

#endif
