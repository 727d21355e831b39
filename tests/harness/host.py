# SPDX-License-Identifier: GPL-2.0-only
"""What the host itself needs: root, and the program that makes chroots. Everything else lives in these."""

import os
import re
import shutil

from . import proc
from .report import HarnessError, Report

# program -> Debian package
NEEDS = {"mmdebstrap": "mmdebstrap", "unshare": "util-linux", "setpriv": "util-linux", "dpkg-deb": "dpkg"}


def prepare(report: Report) -> None:
    if os.geteuid() != 0:
        raise HarnessError("chroots and mounts need root; run this as root")
    missing = sorted({package for program, package in NEEDS.items() if not shutil.which(program)})
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise HarnessError(f"missing on this host: {', '.join(missing)}, and there is no apt-get to install them with")
    apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    with report.step(f"host: installing {' '.join(missing)}") as step:
        proc.run([*apt, "update"], what="apt-get update", on_line=step.progress)
        proc.run(
            [*apt, "install", "-y", "--no-install-recommends", *missing],
            what=f"apt-get install {' '.join(missing)}",
            on_line=step.progress,
        )
    report.line(f"host: installed {' '.join(missing)}")


def debian_mirrors(suite_of_host: str, suite: str) -> list[str]:
    """Source lines for a suite by the mirrors that this host's apt uses, so that a local mirror serves the chroots too.

    Empty where the host is not that release of Debian or says nothing: the maker of the chroot then knows better.
    """
    _, output = proc.run(
        ["apt-get", "indextargets", "--format", "$(ORIGIN) $(CODENAME) $(REPO_URI)", "Created-By: Packages"],
        what="apt-get indextargets",
    )
    uris = {}
    for line in output.splitlines():
        origin, _, rest = line.partition(" ")
        codename, _, uri = rest.partition(" ")
        if origin == "Debian":
            uris[codename] = uri
    pockets = ["", "-updates", "-security"]
    if not all(suite_of_host + pocket in uris for pocket in pockets):
        return []
    return [f"deb {uris[suite_of_host + pocket]} {suite}{pocket} main" for pocket in pockets]


def release_codename() -> str:
    with open("/etc/os-release", encoding="utf-8") as handle:
        found = re.search(r"^VERSION_CODENAME=(\w+)", handle.read(), re.M)
    return found.group(1) if found else ""


def apt_settings() -> list[str]:
    """Lines of apt.conf with this host's way to its mirrors: proxies, and whether old (frozen) mirrors are welcome."""
    _, output = proc.run(["apt-config", "dump"], what="apt-config dump")
    inherited = re.compile(r'Acquire::(\w+::Proxy(::\S+)?|Check-Valid-Until|Check-Date) "')
    return [line for line in output.splitlines() if inherited.match(line)]
