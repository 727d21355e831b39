# SPDX-License-Identifier: GPL-2.0-only
"""The modules as a user of DKMS gets them: `make install-modules` in a system with the kernel and its headers."""

from dataclasses import dataclass
from pathlib import Path

from . import cache, chroot
from .chroot import Bind
from .conf import Kernel
from .kernel import Kernels
from .report import HarnessError
from .run import Run

# Raised when the code below installs something else from the same tree.
MAKER = 2


@dataclass(frozen=True)
class Installed:
    """What `make install-modules` added to a system, as a folder that mirrors that system's root."""

    release: str
    root: Path

    @property
    def modules(self) -> list[Path]:
        return sorted((self.root / f"usr/lib/modules/{self.release}/updates/dkms").glob("*.ko*"))


class Modules:
    def __init__(self, run: Run, kernels: Kernels) -> None:
        self.run = run
        self.kernels = kernels

    def installed(self, kernel: Kernel) -> Installed:
        """With the mock, which the tests need."""
        release = self.kernels.release(kernel)
        system = self.kernels.installed(kernel)
        tree = self.run.tree
        paths = tree.built_files()
        key = cache.digest(MAKER, [str(layer) for layer in system.layers], tree.digest(paths))

        def make(half: Path) -> None:
            source = half / "source"
            tree.copy(paths, source)
            how = "cross-build" if kernel.suite.foreign else "DKMS build"
            with self.run.report.step(f"{kernel.name}: {how} for {release}") as step:
                system.shell(
                    cross_script(kernel, release) if kernel.suite.foreign else dkms_script(release),
                    what=f"kernel {kernel.name}: building and installing the modules",
                    log=self.run.log(f"dkms-{kernel.name}"),
                    binds=[Bind(source, "/source")],
                    upper=half,
                    on_line=step.progress,
                )
            chroot.finish_upper(half)
            for unneeded in ("root", "usr/src", "var", "tmp"):
                cache.remove(half / "upper" / unneeded)
            cache.remove(source)

        folder = cache.entry("modules", f"{release}-{key}", make)
        result = Installed(release, folder / "upper")
        if not result.modules:
            raise HarnessError(f"kernel {kernel.name}: building the modules succeeded, but left no module in updates/dkms")
        return result


def dkms_script(release: str) -> str:
    return f"""cp -r /source /root/iommu-next; cd /root/iommu-next
make install-modules MOCK=1 KVER={release} || {{ rc=$?; cat /var/lib/dkms/iommu-next/*/build/make.log; exit $rc; }}
"""


def cross_script(kernel: Kernel, release: str) -> str:
    """DKMS builds for its own machine only. Here is what it would do on that of the kernel."""
    strip = kernel.suite.compiler.partition("gcc")[0] + "strip"
    target = f"/usr/lib/modules/{release}/updates/dkms"
    return f"""cp -r /source /root/iommu-next; cd /root/iommu-next
make -j2 modules KVER={release} KCFLAGS=-Werror CONFIG_DEBUG_INFO_BTF_MODULES=
mkdir -p {target}
cp $(find . -name '*.ko') {target}
{strip} --strip-debug {target}/*.ko
scripts/dkms/post-install
depmod {release}
"""
