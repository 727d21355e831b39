# SPDX-License-Identifier: GPL-2.0-only
"""House rules: what this project has decided about its own sources, checked by reading them."""

import re
from collections.abc import Iterator
from pathlib import Path

from .tree import Tree

MAX_FILE_LINES = 800
MAX_FUNCTION_LINES = 80
MAX_PYTHON_LINES = 500

# The layers of docs/design.md, from the door down. A file may include headers of its own layer or of a lower one.
LAYERS = (
    ("main", "ioctl", "object"),
    ("ioas", "process", "device", "group", "hwpt", "nested", "pasid", "fault", "dirty", "bitmap", "viommu", "vdevice", "eventq",
     "hw_queue", "access", "vfio_compat", "type1", "cdev", "client", "private", "show", "bar", "dmabuf"),
    ("iopt", "cut", "pin", "space", "phys"),
    ("area", "mmio", "hold", "pages", "reader", "source", "batch", "account"),
    ("backend", "backend_iommu", "backend_noiommu"),
)
# How the door speaks with the objects behind it: the code is the door's, these headers are for both sides.
SHARED_BY_DOOR = ("object.h", "ioctl.h")
# Words that all layers use: no layer's own.
COMMON = ("range", "user_data")

VERSION_TEST = re.compile(r"\b(LINUX_VERSION_CODE|KERNEL_VERSION|INX_HAVE_\w+)")
TEST_WORD = re.compile(r"mock|kunit|selftest", re.I)
TEST_MARKER = re.compile(r"VISIBLE_IF_KUNIT|EXPORT_SYMBOL_IF_KUNIT|<kunit/visibility\.h>")
INCLUDE = re.compile(r'\s*#\s*include\s+"([^"]+)"')

SPDX = re.compile(r"SPDX-License-Identifier: \(?GPL-2\.0(-only)?\b")
# The licence itself has no licence line.
NO_SPDX = ("COPYING",)


def broken(tree: Tree) -> Iterator[str]:
    """A line for each place where a rule is broken."""
    for path in tree.files():
        lines = tree.text(path).splitlines()
        if path.name not in NO_SPDX and not any(SPDX.search(line) for line in lines[:3] + lines[-1:]):
            yield f"{path}:1: no line 'SPDX-License-Identifier: GPL-2.0-only' at the top, nor at the end"
        if path.suffix == ".py" and len(lines) > MAX_PYTHON_LINES:
            yield f"{path}: {len(lines)} lines, more than {MAX_PYTHON_LINES}"
        if path.suffix in (".c", ".h"):
            yield from _c_file(path, lines)


def _c_file(path: Path, lines: list[str]) -> Iterator[str]:
    if len(lines) > MAX_FILE_LINES and path.parts[:2] != ("include", "uapi"):
        yield f"{path}: {len(lines)} lines, more than {MAX_FILE_LINES}"
    for start, length in long_functions(lines):
        yield f"{path}:{start}: a function of {length} lines, more than {MAX_FUNCTION_LINES}"
    if path.parts[0] in ("module", "mock", "kunit") and path.parts[:2] != ("module", "compat"):
        yield from _matches(path, lines, VERSION_TEST, "belongs into module/compat/")
    if path.parts[0] == "module":
        without_markers = [TEST_MARKER.sub("", line) for line in lines]
        yield from _matches(path, without_markers, TEST_WORD, "the modules know of no tests")
    if path.parent == Path("module"):
        yield from _layer(path, lines)


def _matches(path: Path, lines: list[str], pattern: re.Pattern, why: str) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if found := pattern.search(line):
            yield f"{path}:{number}: '{found.group(0)}': {why}"


def layer_of(name: str) -> int | None:
    if name in SHARED_BY_DOOR:
        return 1
    for number, names in enumerate(LAYERS):
        if Path(name).stem in names:
            return number
    return None


def _layer(path: Path, lines: list[str]) -> Iterator[str]:
    own = layer_of(path.name)
    if own is None:
        if path.stem not in COMMON:
            yield f"{path}: in no layer; tests/harness/rules.py has the list"
        return
    for number, line in enumerate(lines, 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        other = layer_of(Path(found.group(1)).name)
        if other is not None and other < own:
            yield f"{path}:{number}: includes {found.group(1)}, of a higher layer"


def long_functions(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Line and length of each function that is too long: from its '{' in the first column to its '}'."""
    start = 0
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start + 1 > MAX_FUNCTION_LINES:
                yield start, number - start + 1
            start = 0
