// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PCI driver that gives devices to user space by a device file.
 *
 * The work on the device is done by vfio_pci_core, exactly as for vfio-pci. The
 * VFIO core also makes the legacy group for the device; whoever claims the DMA
 * of the group first has it, and the other one gets EPERM.
 *
 * The VFIO core counts who has a device open. What is opened here is counted
 * in the same place, under the lock of the device set, because resets look at
 * it to decide whether a device may be disturbed.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/iommu_next.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>

#include "compat/dmabuf.h"
#include "compat/vfio.h"
#include "pci.h"

static char *ids = "";
module_param(ids, charp, 0444);
MODULE_PARM_DESC(ids, "Devices to bind without driver_override: vendor:device[,vendor:device...], in hexadecimal.");

static struct inx_pci *inx_pci_of(struct vfio_device *vdev)
{
	return container_of(vdev, struct inx_pci, core.vdev);
}

static int inx_pci_open_device(struct vfio_device *vdev)
{
	struct inx_pci *pci = inx_pci_of(vdev);
	int rc;

	rc = vfio_pci_core_enable(&pci->core);
	if (rc)
		return rc;
	vfio_pci_core_finish_enable(&pci->core);
	return 0;
}

static const struct vfio_device_ops inx_pci_vfio_ops = {
	.name = "iommu-next-vfio-pci",
	.init = vfio_pci_core_init_dev,
	.release = vfio_pci_core_release_dev,
	.match = vfio_pci_core_match,
	INX_VFIO_MATCH_TOKEN
	.open_device = inx_pci_open_device,
	.close_device = vfio_pci_core_close_device,
	.request = vfio_pci_core_request,
	.read = vfio_pci_core_read,
	.write = vfio_pci_core_write,
	.mmap = vfio_pci_core_mmap,
	.ioctl = vfio_pci_core_ioctl,
	.device_feature = vfio_pci_core_ioctl_feature,
	INX_VFIO_REGION_INFO
};

static void inx_pci_opened(void *priv, struct file *file)
{
	struct inx_pci *pci = priv;

	inx_vfio_set_mapping(&pci->core.vdev, file);
}

static int inx_pci_match_token(void *priv, const uuid_t *token)
{
	struct inx_pci *pci = priv;

	return inx_vfio_match_token(&pci->core, token);
}

static int inx_pci_bind(void *priv)
{
	struct inx_pci *pci = priv;
	struct vfio_device *vdev = &pci->core.vdev;
	int rc = -EBUSY;

	mutex_lock(&vdev->dev_set->lock);
	if (!vdev->open_count) {
		vdev->open_count = 1;
		rc = inx_pci_open_device(vdev);
		if (rc)
			vdev->open_count = 0;
	}
	mutex_unlock(&vdev->dev_set->lock);
	return rc;
}

static void inx_pci_unbind(void *priv)
{
	struct inx_pci *pci = priv;
	struct vfio_device *vdev = &pci->core.vdev;

	pm_runtime_get_sync(vdev->dev);
	inx_pci_remove_mappings(pci);
	mutex_lock(&vdev->dev_set->lock);
	vfio_pci_core_close_device(vdev);
	vdev->open_count = 0;
	mutex_unlock(&vdev->dev_set->lock);
	pm_runtime_put(vdev->dev);
}

static long inx_pci_do_ioctl(struct inx_pci *pci, unsigned int cmd,
			     unsigned long arg)
{
	switch (cmd) {
	case VFIO_DEVICE_FEATURE:
		return inx_pci_feature(pci, arg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return inx_vfio_region_info(&pci->core, arg);
	case VFIO_DEVICE_GET_PCI_HOT_RESET_INFO:
	case VFIO_DEVICE_PCI_HOT_RESET:
		/* The uAPI's word for a device that cannot. */
		return -ENODEV;
	default:
		return vfio_pci_core_ioctl(&pci->core.vdev, cmd, arg);
	}
}

static long inx_pci_ioctl(void *priv, unsigned int cmd, unsigned long arg)
{
	struct inx_pci *pci = priv;
	struct device *dev = pci->core.vdev.dev;
	long rc;

	if (pm_runtime_resume_and_get(dev))
		return -EIO;
	rc = inx_pci_do_ioctl(pci, cmd, arg);
	pm_runtime_put(dev);
	return rc;
}

static ssize_t inx_pci_read(void *priv, char __user *buf, size_t count,
			    loff_t *pos)
{
	struct inx_pci *pci = priv;

	return vfio_pci_core_read(&pci->core.vdev, buf, count, pos);
}

static ssize_t inx_pci_write(void *priv, const char __user *buf, size_t count,
			     loff_t *pos)
{
	return inx_pci_write_watched(priv, buf, count, pos);
}

static int inx_pci_mmap(void *priv, struct vm_area_struct *vma)
{
	struct inx_pci *pci = priv;

	return vfio_pci_core_mmap(&pci->core.vdev, vma);
}

static const struct iommu_next_cdev_ops inx_pci_cdev_ops = {
	.owner = THIS_MODULE,
	.opened = inx_pci_opened,
	.match_token = inx_pci_match_token,
	.bind = inx_pci_bind,
	.unbind = inx_pci_unbind,
	.ioctl = inx_pci_ioctl,
	.read = inx_pci_read,
	.write = inx_pci_write,
	.mmap = inx_pci_mmap,
	.mmio = inx_pci_mmio,
	.mmio_is_on = inx_pci_mmio_is_on,
};

static int inx_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	const struct inx_backend_ops *noiommu = iommu_next_noiommu(&pdev->dev);
	struct inx_pci *pci;
	int rc;

	pci = vfio_alloc_device(inx_pci, core.vdev, &pdev->dev,
				&inx_pci_vfio_ops);
	if (IS_ERR(pci))
		return PTR_ERR(pci);
	dev_set_drvdata(&pdev->dev, &pci->core);
	pci->noiommu = noiommu;
	pci->cdev = iommu_next_cdev_create(&inx_pci_cdev_ops, pci, &pdev->dev,
					   noiommu);
	if (IS_ERR(pci->cdev)) {
		rc = PTR_ERR(pci->cdev);
		goto out_device;
	}
	/* The VFIO core publishes the node under the names clients look up. */
	pci->core.vdev.device.devt = iommu_next_cdev_devt(pci->cdev);
	rc = noiommu ? inx_noiommu_register(pci) :
		       vfio_pci_core_register_device(&pci->core);
	if (rc)
		goto out_cdev;
	iommu_next_cdev_enable(pci->cdev);
	return 0;

out_cdev:
	iommu_next_cdev_put(pci->cdev);
out_device:
	vfio_put_device(&pci->core.vdev);
	return rc;
}

static void inx_pci_remove(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);
	struct inx_pci *pci = container_of(core, struct inx_pci, core);

	/* Whoever asked to be told of a removal is told, and then cut off. */
	if (READ_ONCE(core->req_trigger))
		vfio_pci_core_request(&core->vdev, 0);
	iommu_next_cdev_revoke(pci->cdev);
	if (pci->noiommu)
		inx_noiommu_unregister(pci);
	else
		vfio_pci_core_unregister_device(core);
	iommu_next_cdev_put(pci->cdev);
	vfio_put_device(&core->vdev);
}

static const struct pci_device_id inx_pci_table[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_ANY_ID, PCI_ANY_ID) },
	{}
};
MODULE_DEVICE_TABLE(pci, inx_pci_table);

static struct pci_driver inx_pci_driver = {
	.name = "iommu_next_vfio_pci",
	.id_table = inx_pci_table,
	.probe = inx_pci_probe,
	.remove = inx_pci_remove,
	.err_handler = &inx_pci_err_handlers,
	.driver_managed_dma = true,
};

static int inx_pci_add_ids(void)
{
	char *p = ids, *one;
	int rc = 0;

	while (!rc && (one = strsep(&p, ","))) {
		unsigned int vendor, device;

		if (!*one)
			continue;
		if (sscanf(one, "%x:%x", &vendor, &device) != 2) {
			pr_err("iommu_next_vfio_pci: ids=%s is not vendor:device in hexadecimal\n",
			       one);
			return -EINVAL;
		}
		rc = pci_add_dynid(&inx_pci_driver, vendor, device, PCI_ANY_ID,
				   PCI_ANY_ID, 0, 0, 0);
	}
	return rc;
}

static int __init inx_pci_init(void)
{
	int rc;

	rc = pci_register_driver(&inx_pci_driver);
	if (rc)
		return rc;
	rc = inx_pci_add_ids();
	if (rc)
		pci_unregister_driver(&inx_pci_driver);
	return rc;
}

static void __exit inx_pci_exit(void)
{
	pci_unregister_driver(&inx_pci_driver);
}

module_init(inx_pci_init);
module_exit(inx_pci_exit);
INX_IMPORT_DMA_BUF_NS();
MODULE_DESCRIPTION("VFIO device files for PCI devices, on /dev/iommu-next");
MODULE_LICENSE("GPL");
MODULE_VERSION(INX_VERSION);
