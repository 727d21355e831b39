# SPDX-License-Identifier: GPL-2.0-only
"""What a run downloads or builds, kept outside the tree.

An entry is a folder whose name holds a hash of everything it was made from. It is made under a temporary name and
renamed when it is complete, so an entry that exists is whole, whatever happened to the run that made it. Entries never
change afterwards. The exceptions are package lists and the developer's builds, which have locks of their own.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .once import Once
from .report import HarnessError

# How many entries of a kind survive the clean-up, the most recently used first.
KEEP = {
    "base": 8,
    "built-in": 4,
    "headers": 8,
    "debs": 5,
    "images": 7,
    "modules": 16,
    "programs": 200,
    "initramfs": 10,
    "clients": 8,
    "logs": 20,
    "tools": 2,
    "conformance": 2,
    "work": 6,
    "kunit-tools": 3,
    "perf": 2,
    "sources": 4,
    "uml": 8,
}


def root() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = Path(base) / "iommu-next"
    if any(char in str(path) for char in ":,\\ "):
        raise HarnessError(
            f"the cache would be {path}, but overlay mounts cannot name a path with a colon, comma, space or backslash;"
            " set XDG_CACHE_HOME to another one"
        )
    path.mkdir(parents=True, exist_ok=True)
    return path


def digest(*parts: object) -> str:
    """A short hash of anything that JSON can hold."""
    data = json.dumps(parts, sort_keys=True, default=str).encode()
    return hashlib.sha256(data).hexdigest()[:12]


def lock_file(name: str) -> IO[str]:
    folder = root() / "locks"
    folder.mkdir(exist_ok=True)
    return open(folder / name, "w", encoding="ascii")


def lock_now(handle: IO[str], mode: int) -> bool:
    """Takes the lock if it is free; it is held until the file is closed."""
    try:
        fcntl.flock(handle, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def locked(name: str, on_wait: Callable[[], None] | None = None, shared: bool = False) -> Iterator[None]:
    """Holds a lock among all runs that use this cache; on_wait is called once if another run has it."""
    mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with lock_file(name) as handle:
        if not lock_now(handle, mode):
            if on_wait:
                on_wait()
            fcntl.flock(handle, mode)
        yield


def remove(path: Path) -> None:
    # Nothing is ever mounted in here outside a private namespace; the option is for the day when that is untrue.
    if path.is_dir() and not path.is_symlink():
        subprocess.run(["rm", "-rf", "--one-file-system", "--", str(path)], check=True)
    else:
        path.unlink(missing_ok=True)


_entries: Once[Path] = Once()


def entry(kind: str, name: str, make: Callable[[Path], None], on_wait: Callable[[], None] | None = None) -> Path:
    """The cache's folder kind/name, made by make(folder) if it is not there. on_wait: another run is making it."""
    return _entries.get((kind, name), lambda: _entry(kind, name, make, on_wait))


def _entry(kind: str, name: str, make: Callable[[Path], None], on_wait: Callable[[], None] | None) -> Path:
    final = root() / kind / name
    with locked(f"{kind}-{name}", on_wait):
        if not final.is_dir():
            final.parent.mkdir(exist_ok=True)
            half = final.parent / f".half-{name}"
            remove(half)
            half.mkdir()
            make(half)
            os.sync()
            half.rename(final)
    mark(final)
    return final


def mark(path: Path) -> None:
    """Notes that the entry was used, for the clean-up."""
    os.utime(path)


@contextmanager
def in_use() -> Iterator[None]:
    """Keeps other runs from removing entries; before that, removes what is of no use any more if no other run is on."""
    with lock_file("use") as handle:
        if lock_now(handle, fcntl.LOCK_EX):
            remove(root() / "tmp")
            for kind, keep in KEEP.items():
                for path in _unused(root() / kind, keep):
                    remove(path)
        (root() / "tmp").mkdir(exist_ok=True)
        # Between the two locks another run may clean up as well, which harms nobody.
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield


def _unused(folder: Path, keep: int) -> list[Path]:
    if not folder.is_dir():
        return []
    whole = [path for path in folder.iterdir() if not path.name.startswith(".half-")]
    half = [path for path in folder.iterdir() if path.name.startswith(".half-")]
    whole.sort(key=lambda path: path.lstat().st_mtime, reverse=True)
    return half + whole[keep:]


def new_log_folder() -> Path:
    """A folder for the logs of this run; the link 'latest' beside it points to it."""
    logs = root() / "logs"
    logs.mkdir(exist_ok=True)
    path = logs / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    path.mkdir()
    link = root() / "latest-log"
    fresh = root() / f".latest-{os.getpid()}"
    fresh.symlink_to(path)
    fresh.replace(link)
    return path


def free_space_or_fail(need_gib: int) -> None:
    free = shutil.disk_usage(root()).free / 2**30
    if free < need_gib:
        raise HarnessError(
            f"{root()} has {free:.1f} GiB free, and {need_gib} GiB are needed; make room or set XDG_CACHE_HOME"
        )
