# SPDX-License-Identifier: GPL-2.0-only
"""What must not appear in a kernel log, and what a kernel's taint says."""

import re
from functools import cache

from .conf import TREE

PATTERNS = TREE / "tests/lib/klog_patterns.h"

CUT_HERE = "[ cut here ]"

# Letters by bit, as in /proc/sys/kernel/tainted.
TAINT_LETTERS = "PFSRMBUDAWCIOELKXTN"

# Our modules are from outside the kernel's tree, and no key that the kernel knows has signed them.
EXPECTED_TAINT = "OE"


@cache
def bad_patterns() -> list[str]:
    return re.findall(r'^KLOG_BAD\("(.*)"\)$', PATTERNS.read_text(encoding="utf-8"), re.M)


def bad_lines(lines: list[str]) -> list[str]:
    return [line for line in lines if any(pattern in line for pattern in bad_patterns())]


def excerpt(lines: list[str]) -> list[str]:
    """The part of a log that a person wants to see first: from the first bad line on, or the end."""
    for number, line in enumerate(lines):
        if bad_lines([line]):
            return lines[number : number + 30]
    return lines[-30:]


def taint_letters(value: int) -> str:
    return "".join(letter for bit, letter in enumerate(TAINT_LETTERS) if value >> bit & 1)
