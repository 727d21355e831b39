/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An IOAS in the words of VFIO's type1. type1.c owns everything declared here.
 */
#ifndef INX_TYPE1_H
#define INX_TYPE1_H

#include <linux/types.h>

struct inx_account;
struct inx_ioas;

/**
 * struct inx_type1 - an IOAS as VFIO's type1 sees it
 * @account: who is charged for what is mapped
 * @ioas: the IOAS; an errno, if that is the answer to whatever is well-formed
 * @exact: answers are those of vfio_iommu_type1, else of in-tree iommufd
 * @v2: with @exact: mappings are unmapped as a whole
 * @own: the IOAS was made for this, and is emptied with it
 */
struct inx_type1 {
	struct inx_account *account;
	struct inx_ioas *ioas;
	bool exact;
	bool v2;
	bool own;
};

long inx_type1_ioctl(const struct inx_type1 *type1, unsigned int cmd,
		     void __user *uptr);

#endif
