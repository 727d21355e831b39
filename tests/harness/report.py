# SPDX-License-Identifier: GPL-2.0-only
"""What a run tells its user: steps with their times, results, and the closing count."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


class HarnessError(Exception):
    """Something the user has to know: what was wrong, where, and what to do."""


@dataclass
class Step:
    """A long step. progress() may be called as often as one likes: it prints little."""

    report: "Report"
    title: str
    # Added to the closing line.
    note: str = ""
    started: float = field(default_factory=time.monotonic)
    printed: float = field(default_factory=time.monotonic)

    INTERVAL = 5.0

    def elapsed(self) -> float:
        return time.monotonic() - self.started

    def progress(self, text: str) -> None:
        now = time.monotonic()
        if now - self.printed >= self.INTERVAL:
            self.printed = now
            self.report.line(f"{self.title}: {text}")


class Report:
    """Prints lines of several threads without mixing them, and counts results."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.passed = 0
        self.failed = 0
        self.skipped = 0
        self.failures: list[str] = []
        self._lock = threading.RLock()

    def line(self, text: str) -> None:
        with self._lock:
            print(f"[{time.monotonic() - self.started:6.1f}] {text}", flush=True)

    def text(self, text: str) -> None:
        """A block that belongs together: a table, the end of a log."""
        with self._lock:
            print(text, flush=True)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        step = Step(self, title)
        self.line(f"{title} ...")
        try:
            yield step
        except BaseException:
            self.line(f"{title}: failed after {step.elapsed():.1f} s")
            raise
        self.line(f"{title}: done in {step.elapsed():.1f} s{step.note}")

    def ok(self, name: str, note: str = "") -> None:
        with self._lock:
            self.passed += 1
            self.line(f"ok       {name}{': ' + note if note else ''}")

    def fail(self, name: str, why: str) -> None:
        with self._lock:
            self.failed += 1
            self.failures.append(f"{name}: {why.splitlines()[0] if why else 'failed'}")
            self.line(f"NOT OK   {name}: {why}")

    def skip(self, name: str, reason: str) -> None:
        with self._lock:
            self.skipped += 1
            self.line(f"skip     {name}: {reason or 'no reason given, which is a fault of the test'}")

    @contextmanager
    def guard(self, name: str) -> Iterator[None]:
        """Turns an error in one part of a run into a failed result, so that the other parts still run."""
        try:
            yield
        except HarnessError as err:
            self.fail(name, str(err))

    def finish(self) -> int:
        """The closing lines; returns the exit status."""
        with self._lock:
            if self.failures and self.passed + self.skipped > 10:
                print("\nFailed:")
                for failure in self.failures:
                    print(f"  {failure}")
            if not self.passed and not self.failed and not self.skipped:
                print("tests/run: nothing was run, which is no success", file=sys.stderr)
                self.failed = 1
            print(f"\n{self.passed} passed, {self.failed} failed, {self.skipped} skipped", flush=True)
            return 1 if self.failed else 0
