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

#ifdef INX_HAVE_VFIO_CONTAINER
#define INX_CONTAINER "yes"
#else
#define INX_CONTAINER "no, this kernel's VFIO has no containers"
#endif

#if defined(INX_HAVE_DOMAIN_ALLOC_NESTED) || defined(INX_HAVE_DOMAIN_ALLOC_USER)
#define INX_NESTED "yes, if the IOMMU's driver has them"
#else
#define INX_NESTED "no, the kernel's IOMMU drivers have none"
#endif

#ifdef INX_HAVE_PASID_REPLACE
#define INX_PASID "yes"
#elif defined(INX_HAVE_PASID_HANDLE)
#define INX_PASID "yes, but requests are blocked while a page table is changed"
#else
#define INX_PASID "no, the kernel has no calls for them"
#endif

#ifdef INX_HAVE_IOPF
#define INX_FAULTS "yes, if the IOMMU is VT-d"
#else
#define INX_FAULTS "no, the kernel does not hand them on"
#endif

#ifdef INX_HAVE_DIRTY_OPS
#define INX_DIRTY "yes, if the IOMMU records it"
#else
#define INX_DIRTY "no, the kernel's IOMMU drivers do not record it"
#endif

#if IS_ENABLED(CONFIG_DMA_SHARED_BUFFER)
#define INX_DMABUF "yes"
#else
#define INX_DMABUF "no, the kernel was built without dma-bufs"
#endif

INX_FEATURE(1, "address spaces", "yes");
INX_FEATURE(2, "page tables chosen on attach, shared", "yes");
INX_FEATURE(3, "VFIO type1 ioctls on the same file", "yes");
INX_FEATURE(4, "mapping files", INX_MAP_FILE);
INX_FEATURE(5, "replacing a page table in one step", INX_REPLACE);
INX_FEATURE(6, "hardware information", INX_HW_INFO);
INX_FEATURE(7, "VFIO containers over an address space", INX_CONTAINER);
INX_FEATURE(8, "memory of other devices (BARs)", "yes");
INX_FEATURE(9, "nested page tables of real IOMMUs", INX_NESTED);
INX_FEATURE(10, "PASIDs of real devices", INX_PASID);
INX_FEATURE(11, "dirty tracking of real IOMMUs", INX_DIRTY);
INX_FEATURE(12, "IO page faults of real devices", INX_FAULTS);
INX_FEATURE(13, "virtual IOMMUs of real IOMMUs", "no");
INX_FEATURE(14, "hot reset of a bus by several owners", "no");
INX_FEATURE(15, "dma-bufs of devices", INX_DMABUF);
INX_FEATURE(16, "devices without an IOMMU", "yes");
