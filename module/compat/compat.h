/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In front of every source file: brings older kernels up to the API that the
 * project is written for. inx_probes.h says what this one has (probe.sh).
 *
 * The other files are written as if there were only the newest kernel; nothing
 * outside this folder tests a version or INX_HAVE_.
 */
#ifndef INX_COMPAT_H
#define INX_COMPAT_H

#include "inx_probes.h"

#include "attach.h"
#include "dirty.h"
#include "domain.h"
#include "eventfd.h"
#include "hw_info.h"
#include "iommu_caps.h"
#include "iommu_map.h"
#include "iopf.h"
#include "memfd.h"
#include "mm.h"
#include "nested.h"
#include "pasid.h"
#include "rid.h"
#include "slab.h"

#endif
