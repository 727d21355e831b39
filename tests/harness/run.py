# SPDX-License-Identifier: GPL-2.0-only
"""What all parts of one run share."""

from dataclasses import dataclass
from pathlib import Path

from .conf import Conf
from .report import Report
from .tree import Tree


@dataclass(frozen=True)
class Run:
    report: Report
    conf: Conf
    tree: Tree
    logs: Path
    offline: bool

    def log(self, name: str) -> Path:
        return self.logs / f"{name.replace('/', '_').replace(' ', '_')}.log"
