// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lets an allocation of the modules under test fail, on a kernel that was built without
 * fault injection. Written to the parameter "nth": the N-th allocation from then on
 * that one of them makes itself, in whatever task, returns NULL; 0 for none. Reading it
 * gives what is left to go: 0 when it has failed.
 *
 * A probe at the first instruction of an allocator of the kernel's goes on in a function
 * that returns NULL instead. Who called is seen by the return address on the stack.
 */
#include <linux/atomic.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/ptrace.h>
#include <linux/string.h>

/* As they are called in the module's code, on one kernel or another. */
static const char * const allocators[] = {
	"__kmalloc", "__kmalloc_noprof",
	"__kmalloc_node", "__kmalloc_node_noprof",
	"kmalloc_trace", "__kmalloc_cache_noprof",
	"kmalloc_large", "__kmalloc_large_noprof",
	"kvmalloc_node", "__kvmalloc_node_noprof",
	"kmem_cache_alloc", "kmem_cache_alloc_noprof",
};

static struct kprobe probes[ARRAY_SIZE(allocators)];
static atomic_t left = ATOMIC_INIT(0);

static noinline void *starved(void)
{
	return NULL;
}

static int starve(struct kprobe *probe, struct pt_regs *regs)
{
	char caller[KSYM_SYMBOL_LEN];

	if (atomic_read(&left) <= 0)
		return 0;
	sprint_symbol(caller, regs_get_kernel_stack_nth(regs, 0));
	if (!strstr(caller, "[iommu_next") || atomic_dec_return(&left))
		return 0;
	instruction_pointer_set(regs, (unsigned long)starved);
	return 1;
}

static int nth_set(const char *text, const struct kernel_param *kp)
{
	unsigned int n;
	int rc;

	rc = kstrtouint(text, 0, &n);
	if (rc)
		return rc;
	atomic_set(&left, n);
	return 0;
}

static int nth_get(char *text, const struct kernel_param *kp)
{
	return sprintf(text, "%d\n", max(atomic_read(&left), 0));
}

static const struct kernel_param_ops nth_ops = {
	.set = nth_set,
	.get = nth_get,
};

module_param_cb(nth, &nth_ops, NULL, 0600);

static void starve_stop(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (probes[i].pre_handler)
			unregister_kprobe(&probes[i]);
}

static int __init starve_init(void)
{
	unsigned int i, nr = 0;
	int rc;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		probes[i].symbol_name = allocators[i];
		probes[i].pre_handler = starve;
		rc = register_kprobe(&probes[i]);
		if (!rc) {
			nr++;
			continue;
		}
		probes[i].pre_handler = NULL;
		if (rc != -ENOENT) {
			starve_stop();
			return rc;
		}
	}
	return nr ? 0 : -ENOENT;
}

static void __exit starve_exit(void)
{
	starve_stop();
}

module_init(starve_init);
module_exit(starve_exit);
MODULE_DESCRIPTION("Failing allocations, for tests");
MODULE_LICENSE("GPL");
