# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's own tools for its developers, out of a linux-source package."""

from pathlib import Path

from . import cache
from .chroot import Bind
from .report import HarnessError
from .run import Run
from .suite import Suites

# What is taken out of the source, as patterns for tar.
WANTED = (
    "scripts/checkpatch.pl",
    "scripts/spelling.txt",
    "scripts/const_structs.checkpatch",
    "scripts/checker-valid.sh",
    "tools/docs/kernel-doc",
    "tools/lib/python",
)


def folder(run: Run, suites: Suites) -> Path:
    """A folder with WANTED in it."""
    suite, package = run.conf.tools_suite, run.conf.tools_source
    version = suites.known(suite).version(package)
    name = f"{package}_{version.replace(':', '_')}-{cache.digest(WANTED)}"

    def make(half: Path) -> None:
        patterns = " ".join(f"'{package}/{path}'" for path in WANTED)
        with suites.installing(suite), run.report.step(f"{package}: downloading it for its tools") as step:
            suites.root(suite).shell(
                f"cd /tmp; apt-get -o APT::Sandbox::User=root download {package}={version}\n"
                f"dpkg-deb --fsys-tarfile {package}_*.deb | tar -x ./usr/src/{package}.tar.xz\n"
                f"tar -xf usr/src/{package}.tar.xz -C /half --strip-components=1 {patterns}",
                what=f"unpacking {package}",
                log=run.log("tools"),
                binds=[suites.lists(suite), Bind(half, "/half", writable=True)],
                network=True,
                on_line=step.progress,
            )
        missing = [path for path in WANTED if not (half / path).exists()]
        if missing:
            raise HarnessError(f"{package} has no {', '.join(missing)}; tests/harness/tools.py has to follow")

    return cache.entry("tools", name, make)
