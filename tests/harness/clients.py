# SPDX-License-Identifier: GPL-2.0-only
"""tests/run clients: programs of others, as Debian has them, in machines with devices behind an IOMMU.

They and all that they need are a folder /client in the guest, which is the root of their world: it is of one Debian
release, whatever release the guest's kernel belongs to.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from . import cache, programs, qemu
from .bench import Bench
from .chroot import Bind, Root
from .conf import Clients, Kernel, Machine, Suite
from .report import HarnessError
from .suite import guest_script

# Raised when the code below takes something else out of the same packages, or guest_script() does.
MAKER = 2

# With the links on the way to a file: a library with two names would be loaded twice.
TAKE = """
take() {
	file=$1
	while
		case $file in /lib*) file=/usr$file ;; esac
		mkdir -p "/half/root$(dirname "$file")"
		cp -P "$where$file" "/half/root$file"
		[ -L "$where$file" ]
	do
		file=$(realpath -sm "$(dirname "$file")/$(readlink "$where$file")")
	done
}
mkdir /half/root
for file in $programs $(cat /tmp/libraries); do take "${file#$where}"; done
ln -s usr/lib usr/lib64 /half/root
cd /half/root
mkdir -p dev proc sys tmp run etc var
ln -s ../run var/run
"""


def collect_script(suite: Suite, clients: Clients) -> str:
    where = "/guest" if suite.foreign else ""
    patterns = " ".join(where + path for path in clients.programs)
    data = "".join(f"take {path}\n" for path in clients.files)
    return f"""where={where}
programs=$(ls -d {patterns})
{programs.libraries_script(suite, "$programs")} >/tmp/libraries
{TAKE}{data}"""


def installed(bench: Bench, suite: Suite) -> tuple[Root, list[Bind]]:
    """The suite's chroot with the clients' packages; those of another architecture are unpacked, in /guest."""
    suites = bench.suites
    packages = bench.run.conf.clients.packages
    root = suites.root(suite)

    def make(half: Path) -> None:
        guest = half / "guest"
        guest.mkdir()
        script = f"apt-get install -y {' '.join(packages)}\n"
        if suite.foreign:
            script = guest_script(suite, packages)
        title = f"{suite.name}: installing {' '.join(packages)}"
        binds = [Bind(guest, "/guest", writable=True)]
        suites.install(suite, root, half, script + "apt-get clean\n", title, f"clients-{suite.name}", binds)

    folder = cache.entry("clients", f"{suite.name}-{cache.digest(MAKER, str(root.layers), packages)}", make)
    return root.over(folder / "upper"), [Bind(folder / "guest", "/guest")]


def world(bench: Bench, kernel: Kernel) -> Path:
    """A folder that becomes /client in the kernel's guests."""
    clients = bench.run.conf.clients
    suite = next(suite for suite in clients.suites if suite.foreign == kernel.suite.foreign)
    root, binds = installed(bench, suite)
    script = collect_script(suite, clients)

    def make(half: Path) -> None:
        root.shell(script, what="collecting the clients", binds=[*binds, Bind(half, "/half", writable=True)])

    return cache.entry("clients", f"world-{suite.name}-{cache.digest(MAKER, script, str(root.layers))}", make) / "root"


def start(bench: Bench, args: argparse.Namespace) -> Callable[[], object]:
    """With more memory and a network card."""
    wanted = programs.find(bench.run.tree, args.test, programs.CLIENTS)
    if not wanted:
        raise HarnessError(f"no program of tests/clients matches '{args.test}'")

    def prepare(kernel: Kernel, machine: Machine) -> qemu.Setting:
        more = bench.run.conf.clients.args[kernel.arch]
        return qemu.Setting(replace(machine, args=machine.args + more), (("client", world(bench, kernel)),), "-clients")

    return qemu.start_each(bench, args, wanted, prepare)
