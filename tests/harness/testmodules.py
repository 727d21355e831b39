# SPDX-License-Identifier: GPL-2.0-only
"""Kernel modules of the tests' own, for kernels as Debian has them: a program loads them from where it stands itself."""

from pathlib import Path

from . import cache
from .chroot import Bind
from .conf import Kernel
from .kernel import Kernels
from .run import Run

SOURCES = Path("tests/modules")
# Raised when folder() below builds something else from the same sources.
MAKER = 1


def folder(run: Run, kernels: Kernels, kernel: Kernel) -> Path:
    """Where those that this kernel can have are, built without a warning."""
    release = kernels.release(kernel)
    root = kernels.headers(kernel)
    sources = [path for path in run.tree.files() if path.parent == SOURCES]
    key = cache.digest(MAKER, [str(layer) for layer in root.layers], run.tree.digest(sources))

    def make(half: Path) -> None:
        build = half / "build"
        for path in sources:
            run.tree.copy([path], build)
        script = (
            f"make -s -C /lib/modules/{release}/build M=/build modules W=1 KCFLAGS=-Werror CONFIG_DEBUG_INFO_BTF_MODULES=\n"
            "strip --strip-debug /build/*.ko"
        )
        with run.report.step(f"{kernel.name}: modules of the tests"):
            root.shell(
                script,
                what=f"kernel {kernel.name}: building {SOURCES}",
                binds=[Bind(build / SOURCES, "/build", writable=True)],
            )
        for module in (build / SOURCES).glob("*.ko"):
            module.rename(half / module.name)
        cache.remove(build)

    return cache.entry("modules", f"tests-{release}-{key}", make)
