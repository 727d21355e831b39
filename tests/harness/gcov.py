# SPDX-License-Identifier: GPL-2.0-only
"""Which lines were executed in a user-mode Linux that counts them, as gcov reads its counters."""

import json
from dataclasses import dataclass

# Without what makes the kernel slow: here it is only counted. UML's gcov wants no modules.
CONFIG = (
    "CONFIG_GCOV=y",
    "CONFIG_DEBUG_INFO_DWARF_TOOLCHAIN_DEFAULT=y",
    "CONFIG_MODULES=n",
    "CONFIG_KASAN=n",
    "CONFIG_PROVE_LOCKING=n",
)

# libgcov has a function of a name that the kernel has, too; UML hands these words to the linker.
MAKE = "CC_FLAGS_LTO=-Wl,-z,muldefs"

# Written next to each object, by the path that it was compiled at, and added to what is there.
COUNTERS = "*.gcda"

# A line of JSON for each object that left counts.
COMMAND = f"""\
cd {{build}}
find module mock -name '{COUNTERS}' | sort | while read -r file; do
	gcov --json-format --stdout "$file" || exit 1
	echo
done
"""

SHOWN = ("module", "mock")


@dataclass
class File:
    """Lines with code, and whether one was executed."""

    lines: dict[int, bool]

    @property
    def hit(self) -> int:
        return sum(self.lines.values())

    @property
    def share(self) -> float:
        return self.hit / max(1, len(self.lines))


def read(output: str) -> dict[str, File]:
    """By path in this tree. What several objects contain, as a header, counts once."""
    files: dict[str, File] = {}
    for line in output.splitlines():
        if not line.startswith("{"):
            continue
        for found in json.loads(line)["files"]:
            path = found["file"].rpartition("/iommu-next/")[2]
            if path.startswith("kunit/../"):
                path = path.removeprefix("kunit/../")
            if not path.startswith(SHOWN):
                continue
            lines = files.setdefault(path, File({})).lines
            for entry in found["lines"]:
                number = entry["line_number"]
                lines[number] = lines.get(number, False) or entry["count"] > 0
    return files


def merge(*runs: dict[str, File]) -> dict[str, File]:
    """What any of the runs has executed."""
    files: dict[str, File] = {}
    for run in runs:
        for path, file in run.items():
            lines = files.setdefault(path, File({})).lines
            for number, hit in file.lines.items():
                lines[number] = lines.get(number, False) or hit
    return files


def whole(files: dict[str, File]) -> File:
    """All lines of several files as if of one."""
    counts = [hit for file in files.values() for hit in file.lines.values()]
    return File(dict(enumerate(counts)))
