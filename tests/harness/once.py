# SPDX-License-Identifier: GPL-2.0-only
"""Things that several threads want and that are made only once."""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from .report import HarnessError

Thing = TypeVar("Thing")


class Once(Generic[Thing]):
    """Things by key. Who comes while one is being made waits for it; who comes after a failure gets the same one."""

    def __init__(self) -> None:
        self._things: dict[Hashable, Thing | HarnessError] = {}
        self._locks: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Thing]) -> Thing:
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._things:
                try:
                    self._things[key] = make()
                except HarnessError as err:
                    self._things[key] = err
            thing = self._things[key]
        if isinstance(thing, HarnessError):
            raise thing
        return thing
