# SPDX-License-Identifier: GPL-2.0-only
"""What QEMU tells of its devices while programs run (its -trace), and what programs say that is in there.

A program prints lines "# trace: =N PATTERN" or "# trace: +N PATTERN" (tests/lib/trace.h): from its start to its end there
are N lines of QEMU's that the regular expression finds, or at least N.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from .report import Report

# Patterns in a message.
SHOWN = 3
EXPECTED = re.compile(r"trace: ([=+])(\d+) (.*)$")


class Trace:
    """The file that a machine's QEMU writes."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._seen = 0

    def judge(self, report: Report, name: str, said: list[str]) -> None:
        """At the end of a program: one result, if it has said anything of the trace."""
        lines = self._new()
        expected = [found.groups() for text in said if (found := EXPECTED.match(text))]
        if not expected:
            return
        wrong = list(differences(lines, expected)) if self.path else ["nothing traces this machine (trace= in kernels.conf)"]
        if wrong:
            more = f"; and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
            report.fail(f"{name}: QEMU's trace", "; ".join(wrong[:SHOWN]) + more)
        else:
            report.ok(f"{name}: QEMU's trace", f"{len(expected)} patterns in {len(lines)} lines")

    def _new(self) -> list[str]:
        """What has come since this was asked last. QEMU writes a line before the guest goes on."""
        if not self.path:
            return []
        with open(self.path, encoding="utf-8", errors="replace") as handle:
            handle.seek(self._seen)
            text = handle.read()
            self._seen = handle.tell()
        return text.splitlines()


def differences(lines: list[str], expected: list[tuple[str, ...]]) -> Iterator[str]:
    for how, wanted, pattern in expected:
        found = sum(1 for line in lines if re.search(pattern, line))
        if found < int(wanted) or (how == "=" and found > int(wanted)):
            yield f"{found} lines in place of {'at least ' if how == '+' else ''}{wanted}: {pattern}"
