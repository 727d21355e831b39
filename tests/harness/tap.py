# SPDX-License-Identifier: GPL-2.0-only
"""Judging what a test program prints (TAP 13) together with how it ended."""

import re
from dataclasses import dataclass, field

from . import klog
from .programs import Program
from .report import Report
from .vm import Ended

SKIPPED = 77
# How busybox's timeout ends for a program that it had to stop, by SIGTERM or by SIGKILL.
TIMED_OUT = (124, 137, 143)

RESULT = re.compile(r"(not )?ok\b *(\d*) *(?:- )?(.*?)(?: *# *(SKIP)\b *(.*))?$")
PLAN = re.compile(r"1\.\.(\d+)(?: *# *SKIP *(.*))?$")


@dataclass
class Row:
    """One result of a program, for those who print a table of them."""

    text: str
    passed: bool
    skipped: str = ""


@dataclass
class Judge:
    """Follows one program."""

    report: Report
    name: str
    program: Program
    taint_before: int
    planned: int | None = None
    skip_all: str = ""
    rows: list[Row] = field(default_factory=list)
    # What the program said since its last result, and all that it said.
    remarks: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def line(self, text: str) -> None:
        if found := PLAN.match(text):
            self.planned = int(found.group(1))
            self.skip_all = found.group(2) or ""
        elif found := RESULT.match(text):
            failed, number, what, directive, reason = found.groups()
            self._result(not failed, what or f"test {number}", directive, reason)
        elif not text.startswith("TAP version "):
            self.remarks.append(text.removeprefix("# "))
            self.said.append(text.removeprefix("# "))
            self.report.line(f"         {self.name}: {text}")

    def _result(self, passed: bool, what: str, directive: str | None, reason: str) -> None:
        name = f"{self.name}: {what}"
        self.rows.append(Row(what, passed, reason if directive else ""))
        if directive == "SKIP":
            self.report.skip(name, reason)
        elif passed:
            self.report.ok(name)
        else:
            self.report.fail(name, self.remarks[0] if self.remarks else "it does not say why")
        self.remarks.clear()

    def end(self, ended: Ended) -> None:
        failed = [row for row in self.rows if not row.passed]
        if ended.status in TIMED_OUT:
            self.report.fail(self.name, f"stopped after its {self.program.timeout} s (harness: timeout=)")
        elif ended.status == SKIPPED:
            if not self.rows:
                self.report.skip(self.name, self.skip_all)
        elif ended.status != (1 if failed else 0):
            self.report.fail(self.name, f"ended with status {ended.status}")
        elif self.planned is None:
            self.report.fail(self.name, "printed no plan, so nobody knows whether all of its tests ran")
        elif self.planned != len(self.rows):
            self.report.fail(self.name, f"planned {self.planned} tests and reported {len(self.rows)}")
        new = klog.taint_letters(ended.taint & ~self.taint_before)
        unexpected = sorted(set(new) - set(klog.EXPECTED_TAINT) - set(self.program.taint))
        if unexpected:
            self.report.fail(self.name, f"tainted the kernel: {''.join(unexpected)} (harness: taint= would allow it)")
