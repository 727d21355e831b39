// SPDX-License-Identifier: GPL-2.0-only
/*
 * What user space gets on the kernel that the module was built for, for tools
 * to read: modinfo -F feature iommu_next. Each is "NUMBER name: yes", or "no"
 * with the reason; they are numbered because compilers do not keep their order.
 * The table in the README says the same of all kernels.
 */
#include <linux/module.h>

#define INX_FEATURE(_number, _name, _answer) \
	MODULE_INFO(feature, #_number " " _name ": " _answer)

#ifdef INX_HAVE_ATTACH_HANDLE
#define INX_REPLACE "yes"
#else
#define INX_REPLACE "no, DMA is blocked while a page table is changed"
#endif

#ifdef INX_HAVE_HW_INFO
#define INX_HW_INFO "yes"
#else
#define INX_HW_INFO "no, the kernel's IOMMU drivers do not tell"
#endif

#ifdef INX_HAVE_MEMFD_PIN_FOLIOS
#define INX_MAP_FILE "yes"
#else
#define INX_MAP_FILE "yes, but not of a file that is sealed against writing"
#endif

INX_FEATURE(1, "address spaces", "yes");
INX_FEATURE(2, "page tables chosen on attach, shared", "yes");
INX_FEATURE(3, "VFIO type1 ioctls on the same file", "yes");
INX_FEATURE(4, "mapping files", INX_MAP_FILE);
INX_FEATURE(5, "replacing a page table in one step", INX_REPLACE);
INX_FEATURE(6, "hardware information", INX_HW_INFO);
INX_FEATURE(7, "hot reset of a bus by several owners", "no");
