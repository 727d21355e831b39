/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IO address spaces. ioas.c owns everything declared here.
 */
#ifndef INX_IOAS_H
#define INX_IOAS_H

#include <linux/build_bug.h>
#include <linux/err.h>
#include <linux/mutex.h>

#include "iopt.h"
#include "object.h"

struct inx_call;

/**
 * struct inx_ioas - an IO address space
 * @obj: first
 * @iopt: what it maps
 * @auto_lock: held while a page table for a device is chosen or made, so that
 *	devices that can share one do. Pins are taken under it; nothing that
 *	destroys may take it.
 * @next_frozen: in a list of process.c; under &struct inx_ctx.process_lock
 */
struct inx_ioas {
	struct inx_object obj;
	struct inx_iopt iopt;
	struct mutex auto_lock; /* of choosing a page table */
	struct inx_ioas *next_frozen;
};

static_assert(!offsetof(struct inx_ioas, obj));

static inline struct inx_ioas *inx_ioas_get(struct inx_ctx *ctx, u32 id)
{
	struct inx_object *obj = inx_object_get(ctx, id, INX_OBJ_IOAS);

	if (IS_ERR(obj))
		return ERR_CAST(obj);
	return container_of(obj, struct inx_ioas, obj);
}

static inline void inx_ioas_put(struct inx_ioas *ioas)
{
	inx_object_put(&ioas->obj);
}

struct inx_ioas *inx_ioas_make(struct inx_ctx *ctx);
int inx_ioas_check_memory(u64 addr, u64 length);
int inx_ioas_alloc(struct inx_call *call);
int inx_ioas_iova_ranges(struct inx_call *call);
int inx_ioas_allow_iovas(struct inx_call *call);
int inx_ioas_map(struct inx_call *call);
int inx_ioas_map_file(struct inx_call *call);
int inx_ioas_copy(struct inx_call *call);
int inx_ioas_unmap(struct inx_call *call);
int inx_ioas_option(struct inx_call *call);
int inx_ioas_noiommu_get_pa(struct inx_call *call);

/* process.c */
int inx_process_change(struct inx_call *call);

#endif
