# SPDX-License-Identifier: GPL-2.0-only
"""Work done in threads."""

from collections.abc import Callable
from typing import TypeVar

from .report import HarnessError

Result = TypeVar("Result")


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
