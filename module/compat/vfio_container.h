/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the VFIO core exports to IOMMU backends of containers, but declares in a
 * header that is not installed (drivers/vfio/vfio.h, 6.1 to 7.3). Nothing but
 * the linker would notice if it changed, and it looks at names only:
 * tests/qemu/btf.c compares it with the running kernel. So there is nothing else
 * in here; dma_addr_t, size_t and bool are the reader's to have.
 */
#ifndef INX_COMPAT_VFIO_CONTAINER_H
#define INX_COMPAT_VFIO_CONTAINER_H

struct iommu_domain;
struct iommu_group;
struct module;
struct page;
struct vfio_device;

enum vfio_group_type {
	VFIO_IOMMU,
	VFIO_EMULATED_IOMMU,
	VFIO_NO_IOMMU,
};

enum vfio_iommu_notify_type {
	VFIO_IOMMU_CONTAINER_CLOSE,
};

struct vfio_iommu_driver_ops {
	char *name;
	struct module *owner;
	/* What open() returns is the first argument of all others. */
	void *(*open)(unsigned long arg);
	void (*release)(void *data);
	long (*ioctl)(void *data, unsigned int cmd, unsigned long arg);
	int (*attach_group)(void *data, struct iommu_group *group,
			    enum vfio_group_type type);
	void (*detach_group)(void *data, struct iommu_group *group);
	int (*pin_pages)(void *data, struct iommu_group *group,
			 dma_addr_t iova, int npage, int prot,
			 struct page **pages);
	void (*unpin_pages)(void *data, dma_addr_t iova,
			    int npage);
	void (*register_device)(void *data, struct vfio_device *device);
	void (*unregister_device)(void *data, struct vfio_device *device);
	int (*dma_rw)(void *data, dma_addr_t iova, void *buf,
		      size_t length, bool write);
	struct iommu_domain *(*group_iommu_domain)(void *data,
						   struct iommu_group *group);
	/* Up to 6.1; later kernels do not look there. */
	void (*notify)(void *data, enum vfio_iommu_notify_type event);
};

int vfio_register_iommu_driver(const struct vfio_iommu_driver_ops *ops);
void vfio_unregister_iommu_driver(const struct vfio_iommu_driver_ops *ops);

#endif
