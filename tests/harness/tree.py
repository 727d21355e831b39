# SPDX-License-Identifier: GPL-2.0-only
"""The working tree as it was when the run began: which files belong to it, copies of it, and hashes of parts of it."""

import fnmatch
import hashlib
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# What a build of the modules does not read.
NOT_BUILT = ("tests", "docs", "tools", "kunit", ".ci")


@dataclass(frozen=True)
class Tree:
    """A folder with sources. Paths of files are relative to it."""

    root: Path

    def files(self) -> list[Path]:
        """Those that git would track, with changes that are not committed.

        This does not ask git, which need not be installed, and may distrust a tree that belongs to another user. It
        reads .gitignore instead, where every line is a pattern for names.
        """
        ignore_file = self.root / ".gitignore"
        lines = ignore_file.read_text(encoding="utf-8").splitlines() if ignore_file.exists() else []
        ignored = [line.rstrip("/") for line in lines if line and not line.startswith("#")] + [".git"]

        def wanted(name: str) -> bool:
            return not any(fnmatch.fnmatch(name, pattern) for pattern in ignored)

        found = []
        for folder, subfolders, names in os.walk(self.root):
            subfolders[:] = filter(wanted, subfolders)
            found += [Path(folder, name).relative_to(self.root) for name in names if wanted(name)]
        return sorted(found)

    def built_files(self) -> list[Path]:
        """Those that a build of the modules may read."""
        return [path for path in self.files() if path.parts[0] not in NOT_BUILT]

    def text(self, path: Path) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def copy(self, paths: Iterable[Path], target: Path) -> None:
        for path in paths:
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self.root / path, target / path, follow_symlinks=False)

    def snapshot(self, target: Path) -> "Tree":
        """A copy, so that a run sees one state although somebody is editing."""
        self.copy(self.files(), target)
        return Tree(target)

    def digest(self, paths: Iterable[Path]) -> str:
        """A hash of names, modes and contents."""
        total = hashlib.sha256()
        for path in paths:
            real = self.root / path
            content = os.readlink(real).encode() if real.is_symlink() else real.read_bytes()
            total.update(f"{path}\0{real.lstat().st_mode:o}\0{len(content)}\0".encode())
            total.update(content)
        return total.hexdigest()[:12]
