// SPDX-License-Identifier: GPL-2.0-only
/* 6.6: huge_fault() gets an order, not an enum. */
#include <linux/mm.h>
static vm_fault_t fault(struct vm_fault *vmf, unsigned int order)
{
	return VM_FAULT_FALLBACK;
}
const struct vm_operations_struct probe = { .huge_fault = fault };
