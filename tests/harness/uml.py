# SPDX-License-Identifier: GPL-2.0-only
"""User-mode Linux as a test machine: the kernel that is built for KUnit, with the test programs as its user space.

It is slow, has one processor and neither huge pages nor devices. But it has KASAN, lockdep and fault injection, which no
Debian kernel has. The modules are part of it, so nothing can be loaded or unloaded.
"""

from dataclasses import replace
from pathlib import Path

from . import cache, initramfs, vm
from .bench import Bench
from .chroot import Bind
from .conf import Kernel, Machine
from .initramfs import Parts
from .kunit import Kunit
from .modules import Installed

# Its consoles and serial lines are file descriptors; the second serial line is for results.
MACHINE = Machine(
    name="uml",
    about="mock, user-mode Linux",
    qemu="",
    args=("mem=1G", "con=null", "con0=null,fd:1", "ssl=null"),
    cmdline="kunit.enable=0 iommu_next_mock.selftest=1",
    demo=None,
    console="tty0",
    result="ttyS1",
)

# What modprobe has to find.
BUILT_IN = ("iommu_next", "iommu_next_mock")


class Uml:
    """One kernel's. Use as a context manager: nobody builds another kernel in its folder meanwhile."""

    def __init__(self, bench: Bench, kernel: Kernel, with_coverage: bool = False) -> None:
        self.bench = bench
        self.kernel = kernel
        self.kunit = Kunit(bench, kernel, with_coverage)
        self._lock = cache.locked(self.kunit.name)

    def __enter__(self) -> "Uml":
        self._lock.__enter__()
        try:
            self.kunit.build()
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *error) -> None:
        self._lock.__exit__(*error)

    def parts(self) -> Parts:
        bench, kernel = self.bench, self.kernel
        return Parts(
            base=initramfs.base(kernel, bench.suites, bench.kernels),
            guest=bench.run.tree.root / "tests/guest",
            chroot=bench.suites.known(kernel.suite).base,
            installed=self._installed(),
        )

    def _installed(self) -> Installed:
        """A folder in which modprobe learns what is built in."""
        release = (self.kunit.folder / "build/include/config/kernel.release").read_text(encoding="utf-8").strip()

        def make(half: Path) -> None:
            folder = half / "usr/lib/modules" / release
            folder.mkdir(parents=True)
            (folder / "modules.order").touch()
            (folder / "modules.builtin").write_text("".join(f"kernel/{name}.ko\n" for name in BUILT_IN), encoding="ascii")
            (half / "lib").symlink_to("usr/lib")
            root = self.bench.suites.root(self.kernel.suite)
            root.run(["depmod", "-b", "/image", release], what="depmod", binds=[Bind(half, "/image", writable=True)])
            (half / "lib").unlink()

        return Installed(release, cache.entry("built-in", f"{release}-{cache.digest(BUILT_IN)}", make))

    def argv(self, machine: Machine, archive: Path, result: str) -> list[str]:
        """The command line that starts it; as vm.qemu_argv()."""
        linux = ["/boot/linux", *machine.args, f"ssl1=null,fd:{result}", "initrd=/boot/initramfs"]
        linux += [f"console={machine.console}", *vm.CMDLINE.split(), *machine.cmdline.split()]
        build = self.kunit.folder / "build"
        binds = [Bind(build / "linux", "/boot/linux"), Bind(archive, "/boot/initramfs")]
        if self.kunit.with_coverage:
            # Where it was built, it writes its counters.
            binds.append(Bind(build, "/build", writable=True))
        return self.kunit.root.argv(linux, binds)

    def machine(self, cmdline: str = "") -> Machine:
        return replace(MACHINE, cmdline=f"{MACHINE.cmdline} {cmdline}".strip())
