# SPDX-License-Identifier: GPL-2.0-only
"""tests/run demo: tools/demo in one machine, and a table of what it did and saw."""

import argparse
import itertools
import textwrap
import time

from . import programs
from .bench import Bench
from .conf import Kernel, Machine
from .initramfs import Plan
from .report import HarnessError
from .tap import Row

TITLES = ("step", "what was done", "what was seen", "result")
# The widest that a column gets.
MOST = (34, 42, 56, 30)


def run_demo(bench: Bench, args: argparse.Namespace) -> None:
    run = bench.run
    kernel = run.conf.pick([args.kernel])[0]
    machine = machine_for(kernel, args.backend)
    program = programs.demo(run.tree)

    begin = time.monotonic()
    parts = bench.parts(kernel)
    binaries = bench.binaries(kernel, [program])
    if not binaries:
        return
    ready = time.monotonic()
    outcome, judges = bench.run_machine(kernel, machine, parts, Plan(((program, machine.demo),), binaries, {}))
    end = time.monotonic()

    rows = [row for judge in judges for row in judge.rows]
    lines = ["", *table(rows), ""]
    lines.append(f"kernel {parts.installed.release}, {bench.qemu_version(kernel, machine)}, IOMMU: {machine.about}")
    lines.append(
        f"preparing and building {ready - begin:.1f} s, boot {outcome.boot_seconds:.1f} s,"
        f" demo and power-off {outcome.seconds - outcome.boot_seconds:.1f} s, together {end - begin:.1f} s"
    )
    run.report.text("\n".join(lines))


def machine_for(kernel: Kernel, backend: str) -> Machine:
    """The machine of that name, or the one on which the demo shows that backend."""
    for machine in kernel.machines:
        if machine.demo is not None and backend in (machine.name, *machine.demo):
            return machine
    have = [" or ".join((machine.name, *machine.demo)) for machine in kernel.machines if machine.demo is not None]
    raise HarnessError(f"kernel {kernel.name}: no machine shows the backend '{backend}'; there are: {', '.join(have)}")


def table(rows: list[Row]) -> list[str]:
    cells = [TITLES]
    for row in rows:
        parts = [part.strip() for part in row.text.split("|", 2)]
        result = f"skipped: {row.skipped}" if row.skipped else "pass" if row.passed else "FAIL"
        cells.append((*parts, *[""] * (3 - len(parts)), result))
    widths = [min(most, max(len(cell[column]) for cell in cells)) for column, most in enumerate(MOST)]
    rule = "  ".join("-" * width for width in widths)
    lines = [line for cell in cells for line in table_row(cell, widths)]
    return [lines[0], rule, *lines[1:], rule]


def table_row(cell: tuple[str, ...], widths: list[int]) -> list[str]:
    """The lines of one row: what is longer than its column goes on in the next line."""
    columns = [textwrap.wrap(text, width) for text, width in zip(cell, widths)]
    lines = itertools.zip_longest(*columns, fillvalue="")
    return ["  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() for line in lines]
