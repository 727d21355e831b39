# SPDX-License-Identifier: GPL-2.0-only
"""Work done in threads."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

from .report import HarnessError

Result = TypeVar("Result")

# Machines with one processor each, builds: more of them would only make each slower on the two that a small host has.
AT_ONCE = 2


def in_thread(work: Callable[..., Result]) -> Callable[..., Result]:
    """Makes any fault of the harness itself a HarnessError, which the run reports, whichever thread it happens in."""

    def wrapped(*args):
        try:
            return work(*args)
        except HarnessError:
            raise
        except Exception as err:
            raise HarnessError(f"{type(err).__name__}: {err}") from err

    return wrapped


class Jobs:
    """What keeps the host's processors busy: AT_ONCE jobs at a time, in the order in which they were given."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE)

    def give(self, work: Callable[..., Result], *args) -> "Future[Result]":
        return self._pool.submit(in_thread(work), *args)

    def stop(self) -> None:
        """Those that have begun come to their end, the others never begin."""
        self._pool.shutdown(cancel_futures=True)


def results(jobs: "list[Future[Result]]") -> list[Result]:
    """Waits until the last of them has ended, also when one fails."""
    wait(jobs)
    return [job.result() for job in jobs]
