# SPDX-License-Identifier: GPL-2.0-only
"""tests/run stress: everything at once, for minutes, in a kernel that looks for every mistake (KASAN, lockdep, kmemleak)."""

import argparse

from . import programs
from .bench import Bench
from .conf import Kernel
from .initramfs import Plan
from .kunit import kernels
from .uml import Uml

PLACES = ("tests/stress/*.c",)


def run_all(bench: Bench, args: argparse.Namespace) -> None:
    for kernel in kernels(bench, args.kernel):
        with bench.run.report.guard(f"{kernel.name} stress"), Uml(bench, kernel) as uml:
            _run_one(bench, kernel, uml, args.seconds)


def _run_one(bench: Bench, kernel: Kernel, uml: Uml, seconds: int) -> None:
    wanted = programs.find(bench.run.tree, "*", PLACES)
    binaries = bench.binaries(kernel, wanted)
    steps = tuple((program, (str(seconds),)) for program in wanted if program.name in binaries)
    bench.run_machine(kernel, uml.machine(), uml.parts(), Plan(steps, binaries, {}), make_argv=uml.argv)
