# SPDX-License-Identifier: GPL-2.0-only
"""tests/run benchmark: the programs of tests/benchmark on each kernel, and tables of what they measured.

Costs are instructions, as a machine counts them whose clock they are: they come out the same on any host, and beside
other load. They are not time on real hardware.
"""

import argparse
import json
from dataclasses import asdict, dataclass

from . import profile, programs
from .bench import Bench
from .conf import Kernel
from .initramfs import Plan
from .report import HarnessError

DOORS = ("type1", "attached", "file", "unattached", "copy", "copy-first")
PAGE_KIB = 4
GIB_KIB = 1 << 20


@dataclass
class Cost:
    """One call of each kind, in instructions, for size KiB of memory."""

    kind: str
    size: int
    pages_per_run: float
    door: str
    map: int
    unmap: int

    def per_page(self) -> str:
        pages = self.size // PAGE_KIB
        if pages == 1:
            return f"{self.map} / {self.unmap}"
        return f"{number(self.map / pages)} / {number(self.unmap / pages)}"


@dataclass
class Many:
    """Instructions for each of many mappings of one page."""

    door: str
    count: int
    map: int
    unmap: int
    unmap_all: int


@dataclass
class Memory:
    """What lines of /proc/meminfo were more by, in KiB, with size KiB mapped and after unmapping them."""

    kind: str
    size: int
    door: str
    state: str
    change: dict[str, int]


@dataclass
class Figures:
    kernel: str
    costs: list[Cost]
    many: list[Many]
    memory: list[Memory]


def run_all(bench: Bench, args: argparse.Namespace) -> None:
    kernels = [kernel for kernel in bench.run.conf.pick(args.kernel, booted=True) if kernel.benchmark]
    if not kernels:
        raise HarnessError("none of these kernels has a machine for benchmarks in kernels.conf")
    if args.profile:
        for kernel in kernels:
            profile.run(bench, kernel)
        return
    wanted = programs.find(bench.run.tree, "*", (programs.BENCHMARKS,))
    figures = [run_one(bench, kernel, wanted) for kernel in kernels]
    for found in figures:
        bench.run.report.text("\n".join(["", *tables(found)]))
    if args.json:
        text = json.dumps([asdict(found) for found in figures], indent=1)
        args.json.write_text(text + "\n", encoding="utf-8")


def run_one(bench: Bench, kernel: Kernel, wanted: list[programs.Program]) -> Figures:
    parts = bench.parts(kernel)
    binaries = bench.binaries(kernel, wanted)
    steps = tuple((program, ()) for program in wanted if program.name in binaries)
    _, judges = bench.run_machine(kernel, kernel.benchmark, parts, Plan(steps, binaries, {}))
    return read(parts.installed.release, [line for judge in judges for line in judge.said])


def read(kernel: str, lines: list[str]) -> Figures:
    """The remarks of tests/benchmark/map_cost.c, which explains them."""
    found = Figures(kernel, [], [], [])
    for line in lines:
        what, *words = line.split(" ")
        if what == "cost":
            kind, size, run, door, *costs = words
            found.costs.append(Cost(kind, int(size), float(run), door, *map(int, costs)))
        elif what == "many":
            found.many.append(Many(words[0], *map(int, words[1:])))
        elif what == "memory":
            kind, size, door, state, *pairs = words
            change = {name: int(value) for name, value in zip(pairs[::2], pairs[1::2])}
            found.memory.append(Memory(kind, int(size), door, state, change))
    return found


def tables(found: Figures) -> list[str]:
    lines = []
    for size in sorted({cost.size for cost in found.costs}):
        what = "call" if size == PAGE_KIB else "4 KiB page"
        lines.append(f"{found.kernel}: {amount(size)} at once, instructions per {what}, map / unmap")
        lines += grid(["memory", "pages per run", *DOORS], cost_rows(found, size)) + [""]
    if found.many:
        lines.append(f"{found.kernel}: {found.many[0].count} mappings of 4 KiB, instructions for each")
        rows = [[one.door, str(one.map), str(one.unmap), str(one.unmap_all)] for one in found.many]
        lines += grid(["", "map", "unmap", "one UNMAP of all"], rows) + [""]
    if found.memory:
        fields = list(found.memory[0].change)
        lines.append(f"{found.kernel}: what /proc/meminfo shows more of, KiB")
        rows = [
            [f"{amount(one.size)} of {one.kind}", one.door, one.state, *(f"{one.change[name]:+}" for name in fields)]
            for one in found.memory
        ]
        lines += grid(["memory", "", "", *fields], rows) + [""]
    return lines


def cost_rows(found: Figures, size: int) -> list[list[str]]:
    rows: dict[str, list[str]] = {}
    for cost in found.costs:
        if cost.size == size:
            row = rows.setdefault(cost.kind, [cost.kind, f"{cost.pages_per_run:.2f}", *["-"] * len(DOORS)])
            row[2 + DOORS.index(cost.door)] = cost.per_page()
    return list(rows.values())


def number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def amount(kib: int) -> str:
    if kib >= GIB_KIB:
        return f"{kib // GIB_KIB} GiB"
    return f"{kib // 1024} MiB" if kib >= 1024 else f"{kib} KiB"


def grid(titles: list[str], rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(titles, *rows)]
    rule = ["-" * width for width in widths]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in (titles, rule, *rows)]
