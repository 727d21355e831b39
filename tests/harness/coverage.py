# SPDX-License-Identifier: GPL-2.0-only
"""Which lines of the module a run of KUnit has executed, as gcov counts them."""

import json
from collections.abc import Iterator
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

# A line of JSON for each object that left counts.
COMMAND = """\
cd {build}
find module mock -name '*.gcda' | sort | while read -r file; do
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


def table(kernel: str, files: dict[str, File]) -> str:
    rows = [f"{'':30} lines  executed"]
    for folder in SHOWN:
        of_folder = {path: file for path, file in sorted(files.items()) if path.startswith(f"{folder}/")}
        for path, file in of_folder.items():
            rows.append(f"{path:30} {len(file.lines):5}  {file.hit / max(1, len(file.lines)):7.1%}  {missed(file)}")
        total = sum(len(file.lines) for file in of_folder.values())
        hit = sum(file.hit for file in of_folder.values())
        rows.append(f"{folder + '/':30} {total:5}  {hit / max(1, total):7.1%}")
    return f"\n{kernel}: lines executed by KUnit\n" + "\n".join(rows)


def missed(file: File) -> str:
    """The lines that were not executed, as ranges."""
    return " ".join(ranges(file.lines))


def ranges(lines: dict[int, bool]) -> Iterator[str]:
    start = last = None
    for number in [*sorted(lines), None]:
        if number is not None and not lines[number]:
            start = start if start is not None else number
            last = number
        elif start is not None:
            yield str(start) if start == last else f"{start}-{last}"
            start = None
