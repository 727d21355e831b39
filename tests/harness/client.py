# SPDX-License-Identifier: GPL-2.0-only
"""Programs of Debian that run in a guest, unmodified, in a root file system of their own.

The guest is of the release its kernel belongs to, and a client may be of another one: so it has its own libraries, in
/client, and is started by chroot. The folders dev, proc, sys and run in there are for the guest's.
"""

from pathlib import Path

from . import cache
from .cpio import Archive
from .initramfs import add_binary, shared_libraries
from .report import HarnessError
from .run import Run
from .suite import Suites

FOLDER = "client"
FOLDERS = ("dev", "proc", "sys", "run", "tmp", "etc")
LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}
# Raised when archive() below makes another one of the same chroot.
MAKER = 1


class Below:
    """An archive whose paths are below a folder."""

    def __init__(self, archive: Archive, folder: str) -> None:
        self._archive = archive
        self._folder = folder

    def copy(self, path: str, source: Path) -> None:
        self._archive.copy(f"{self._folder}/{path}", source)


def archive(run: Run, suites: Suites, name: str) -> Path:
    """A part of an initramfs with that client of kernels.conf."""
    client = run.conf.clients.get(name)
    if not client:
        raise HarnessError(f"no client '{name}' in kernels.conf; it has: {', '.join(run.conf.clients)}")
    root = suites.root(client.suite)
    chroot = root.layers[-1]
    key = cache.digest(MAKER, str(root), client.programs, client.files, FOLDERS, LINKS)

    def make(half: Path) -> None:
        with open(half / "cpio", "wb") as out:
            whole = Archive(out)
            for path, target in LINKS.items():
                whole.link(f"{FOLDER}/{path}", target)
            for path in FOLDERS:
                whole.folder(f"{FOLDER}/{path}")
            below = Below(whole, FOLDER)
            for path in (*client.programs, *shared_libraries(client.suite, suites, client.programs), *client.files):
                add_binary(below, chroot, path)
            whole.close()

    return cache.entry("clients", f"{name}-{key}", make) / "cpio"
