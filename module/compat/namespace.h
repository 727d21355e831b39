/* SPDX-License-Identifier: GPL-2.0-only */
/* Namespaces of exported symbols. */
#ifndef INX_COMPAT_NAMESPACE_H
#define INX_COMPAT_NAMESPACE_H

#include <linux/module.h>

#ifdef INX_HAVE_IMPORT_NS_WORD
#define INX_IMPORT_NS(_word) MODULE_IMPORT_NS(_word)
#else
#define INX_IMPORT_NS(_word) MODULE_IMPORT_NS(#_word)
#endif

#endif
