# SPDX-License-Identifier: GPL-2.0-only
"""tests/run clients: programs of others, as Debian has them, in machines with devices behind an IOMMU.

They and all that they need are a folder /clients in the guest, which is the root of their world: it is of one Debian
release, whatever release the guest's kernel belongs to. QEMU is the one that runs the guest.
"""

import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import cache, chroot, programs
from .bench import Bench
from .chroot import Root
from .conf import Kernel
from .initramfs import Plan
from .programs import Binary, Program
from .report import HarnessError
from .threads import in_thread

SCRIPTS = "tests/clients/*.sh"
# What they have in common.
LIBRARY = Path("tests/clients/lib.sh")
AT_ONCE = 2

# Raised when the code below takes something else out of the same packages.
MAKER = 1

# What the clients are started as, what they look for when they run, and data.
BINARIES = "/usr/bin/dpdk-testpmd /usr/bin/qemu-system-x86_64"
DRIVERS = ("bus_pci", "bus_vdev", "mempool_ring", "net_e1000")
LATER = "/usr/lib/*-linux-gnu/libgcc_s.so.1 "
LATER += " ".join(f"/usr/lib/*-linux-gnu/dpdk/pmds-*/librte_{name}.so*" for name in DRIVERS)
DATA = "/usr/share/seabios/bios-256k.bin /usr/share/qemu/kvmvapic.bin"

COLLECT = f"""
later=$(ls -d {LATER})
ldd {BINARIES} $later | sed -n 's/.*[[:space:]]\\(\\/[^ ]*\\) (0x.*/\\1/p' | sort -u >/tmp/libraries
take() {{
	# With the links on the way: a library with two names would be loaded twice.
	file=$1
	while
		case $file in /lib*) file=/usr$file ;; esac
		mkdir -p "/half/root$(dirname "$file")"
		cp -P "$file" "/half/root$file"
		[ -L "$file" ]
	do
		file=$(realpath -s "$(dirname "$file")/$(readlink "$file")")
	done
}}
mkdir /half/root
for file in {BINARIES} $later {DATA} $(cat /tmp/libraries); do
	take "$file"
done
ln -s usr/lib usr/lib64 /half/root
mkdir -p /half/root/dev /half/root/proc /half/root/sys /half/root/tmp /half/root/run /half/root/var
ln -s ../run /half/root/var/run
"""


def installed(bench: Bench) -> Root:
    """The chroot of the clients' release, with their packages."""
    conf, suites, run = bench.run.conf, bench.suites, bench.run
    suite, packages = conf.clients_suite, conf.clients_packages
    base = suites.known(suite).base

    def make(half: Path) -> None:
        with suites.installing(suite), run.report.step(f"{suite.name}: installing {' '.join(packages)}") as step:
            Root((base,)).shell(
                f"apt-get install -y {' '.join(packages)}\napt-get clean\n",
                what="apt-get install of the clients",
                log=run.log("clients"),
                binds=[suites.lists(suite)],
                upper=half,
                network=True,
                on_line=step.progress,
            )
        chroot.finish_upper(half)

    folder = cache.entry("clients", f"{suite.name}-{cache.digest(base.name, packages)}", make)
    return Root((folder / "upper", base))


def world(bench: Bench) -> Path:
    """A folder that becomes /clients in the guest."""
    root = installed(bench)

    def make(half: Path) -> None:
        root.shell(COLLECT, what="collecting the clients", binds=[chroot.Bind(half, "/half", writable=True)])

    return cache.entry("clients", f"world-{cache.digest(MAKER, COLLECT, str(root.layers))}", make) / "root"


def run_all(bench: Bench, args: argparse.Namespace) -> None:
    scripts = programs.find(bench.run.tree, args.test, (SCRIPTS,))
    wanted = [program for program in scripts if program.source != LIBRARY]
    if not wanted:
        raise HarnessError(f"no script of tests/clients matches '{args.test}'")
    kernels = [kernel for kernel in bench.run.conf.pick(args.kernel, booted=True) if kernel.clients]
    folder = world(bench)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = [pool.submit(in_thread(_run_one), bench, kernel, wanted, folder) for kernel in kernels]
        for future in futures:
            future.result()


def _run_one(bench: Bench, kernel: Kernel, wanted: list[Program], folder: Path) -> None:
    with bench.run.report.guard(f"{kernel.name} clients"):
        steps = tuple((program, ()) for program in wanted if program.fits(kernel.name, kernel.clients.name))
        root = bench.run.tree.root
        binaries = {program.name: Binary(root / program.source) for program, _ in steps}
        binaries[LIBRARY.name] = Binary(root / LIBRARY)
        plan = Plan(steps, binaries, {}, trees=(("clients", folder),))
        bench.run_machine(kernel, kernel.clients, bench.parts(kernel), plan)
