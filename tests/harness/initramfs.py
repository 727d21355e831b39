# SPDX-License-Identifier: GPL-2.0-only
"""The guest's root file system: a part that is kept for each kernel, and a part made for each run."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from . import cache
from .chroot import Root
from .conf import Kernel, Suite
from .cpio import Archive
from .kernel import Image, Kernels
from .modules import Installed
from .programs import Binary, Program, libraries_script
from .suite import Suites

# Raised when base() below makes another archive of the same chroot and kernel.
MAKER = 1

# The shell is not busybox's, which prefers what is in busybox to the real modprobe.
BINARIES = ("/usr/bin/dash", "/usr/bin/kmod", "/usr/bin/udevadm")
# Newer versions of kmod look for this one only when they need it.
LOADED_LATER = "usr/lib/*/liblzma.so.5"
LINKS = {
    "bin": "usr/bin",
    "sbin": "usr/sbin",
    "lib": "usr/lib",
    "lib64": "usr/lib64",
    "usr/bin/sh": "dash",
    "usr/lib/systemd/systemd-udevd": "../../bin/udevadm",
    **{f"usr/sbin/{name}": "../bin/kmod" for name in ("modprobe", "insmod", "rmmod", "lsmod", "modinfo", "depmod")},
}
FILES = (
    "etc/passwd",
    "etc/group",
    "usr/lib/udev/rules.d/50-udev-default.rules",
    "usr/lib/udev/rules.d/80-drivers.rules",
)
FOLDERS = ("dev", "proc", "sys", "run", "tmp", "root", "etc/udev/rules.d", "var/lib")


@dataclass(frozen=True)
class Parts:
    """What a kernel's machines are made of: base() below, the folder with what runs first and what scripts have in
    common, and the chroot that libraries come from."""

    base: Path
    guest: Path
    chroot: Path
    installed: Installed


@dataclass(frozen=True)
class Plan:
    """What a guest does: programs with their arguments, in order; or a shell for a person.

    trees: further files, as folders by their path in the guest.
    """

    programs: tuple[tuple[Program, tuple[str, ...]], ...]
    binaries: dict[str, Binary]
    environment: dict[str, str]
    interactive: bool = False
    trees: tuple[tuple[str, Path], ...] = ()


def base(kernel: Kernel, suites: Suites, kernels: Kernels) -> Path:
    """The part with the user space and the kernel's modules."""
    root = suites.root(kernel.suite)
    user_space = suites.known(kernel.suite).user_space
    image = kernels.image(kernel)
    key = cache.digest(MAKER, str(root), BINARIES, LOADED_LATER, LINKS, FILES, FOLDERS)

    def make(half: Path) -> None:
        with open(half / "cpio", "wb") as out:
            archive = Archive(out)
            _fill(archive, root, user_space, shared_libraries(kernel.suite, suites), image)
            archive.close()

    return cache.entry("initramfs", f"{image.folder.name}-{key}", make) / "cpio"


def _fill(archive: Archive, root: Root, user_space: Path, libraries: list[str], image: Image) -> None:
    _, applets = root.run(["busybox", "--list"], what="busybox --list")
    for path, target in LINKS.items():
        archive.link(path, target)
    for path in FOLDERS:
        archive.folder(path)
    for path in FILES:
        # Some are made when a package is installed, so a user space that was only unpacked lacks them.
        archive.copy(path, next(folder / path for folder in (user_space, root.layers[-1]) if (folder / path).exists()))
    archive.copy("usr/bin/busybox", user_space / "usr/bin/busybox")
    later = [f"/{path.relative_to(user_space)}" for path in user_space.glob(LOADED_LATER)]
    for path in (*BINARIES, *libraries, *later):
        add_binary(archive, user_space, path)
    archive.tree("", image.layer)
    own = {path.rpartition("/")[2] for path in (*LINKS, *BINARIES)} | {"busybox"}
    for applet in applets.split():
        if applet not in own:
            archive.link(f"usr/bin/{applet}", "busybox")


def shared_libraries(suite: Suite, suites: Suites, binaries: tuple[str, ...] = BINARIES) -> list[str]:
    where = "/guest" if suite.foreign else ""
    files = " ".join(where + path for path in binaries)
    _, output = suites.root(suite).shell(
        libraries_script(suite, files), what="looking for shared libraries", binds=suites.guest(suite)
    )
    return output.split()


def add_binary(archive: Archive, chroot: Path, path: str) -> None:
    """A program or library by its path in the chroot, with the file that it may be a link to."""
    relative = path.lstrip("/")
    if not relative.startswith("usr/"):
        relative = f"usr/{relative}"
    source = chroot / relative
    archive.copy(relative, source)
    if source.is_symlink():
        add_binary(archive, chroot, os.path.normpath(os.path.join("/", os.path.dirname(relative), source.readlink())))


def write(target: Path, parts: Parts, plan: Plan) -> None:
    """Writes the whole archive: the kept part, and on top of it what this run wants."""
    with open(target, "wb") as out:
        out.write(parts.base.read_bytes())
        archive = Archive(out)
        archive.copy("init", parts.guest / "init")
        for path in sorted(parts.guest.glob("*.sh")):
            archive.copy(f"tests/{path.name}", path)
        archive.tree("", parts.installed.root)
        for path, folder in plan.trees:
            archive.tree(path, folder)
        for name, binary in plan.binaries.items():
            archive.copy(f"tests/{name}", binary.path)
            for path in binary.libraries:
                add_binary(archive, parts.chroot, path)
        archive.data("tests/plan", _plan_text(plan).encode())
        environment = {**plan.environment, "INTERACTIVE": "1" if plan.interactive else ""}
        lines = [f"export {key}={shlex.quote(value)}\n" for key, value in environment.items()]
        archive.data("tests/env", "".join(lines).encode())
        archive.close()


def _plan_text(plan: Plan) -> str:
    lines = [(prog.name, str(prog.timeout), prog.load, *arguments) for prog, arguments in plan.programs]
    return "".join(" ".join(line) + "\n" for line in lines)
