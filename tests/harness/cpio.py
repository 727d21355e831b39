# SPDX-License-Identifier: GPL-2.0-only
"""Writing the archives that the kernel unpacks as its first root file system (the "newc" form)."""

import os
import stat
from pathlib import Path
from typing import BinaryIO


class Archive:
    """Adds files by their path in the guest; folders above them come by themselves. Owner of all is root."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._serial = 0
        self._done: set[str] = set()

    def folder(self, path: str) -> None:
        if path and path not in self._done:
            self._parents(path)
            self._member(path, stat.S_IFDIR | 0o755, b"")

    def link(self, path: str, target: str) -> None:
        self._parents(path)
        self._member(path, stat.S_IFLNK | 0o777, target.encode())

    def data(self, path: str, content: bytes, mode: int = 0o644) -> None:
        self._parents(path)
        self._member(path, stat.S_IFREG | mode, content)

    def copy(self, path: str, source: Path) -> None:
        """A file or link of the host."""
        if path in self._done:
            return
        if source.is_symlink():
            self.link(path, os.readlink(source))
        else:
            self.data(path, source.read_bytes(), stat.S_IMODE(source.stat().st_mode))

    def tree(self, path: str, source: Path) -> None:
        """All files under a folder of the host, and itself."""
        self.folder(path)
        for child in sorted(source.iterdir()):
            below = f"{path}/{child.name}" if path else child.name
            if child.is_dir() and not child.is_symlink():
                self.tree(below, child)
            else:
                self.copy(below, child)

    def close(self) -> None:
        self._member("TRAILER!!!", 0, b"")

    def _parents(self, path: str) -> None:
        self.folder(path.rpartition("/")[0])

    def _member(self, path: str, mode: int, content: bytes) -> None:
        self._done.add(path)
        self._serial += 1
        name = path.encode() + b"\0"
        links = 2 if stat.S_ISDIR(mode) else 1
        # inode, mode, uid, gid, links, mtime, size, device (2), special device (2), length of the name, checksum
        numbers = (self._serial, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(name), 0)
        head = b"070701" + b"".join(b"%08x" % number for number in numbers) + name
        self._out.write(pad(head) + pad(content))


def pad(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
