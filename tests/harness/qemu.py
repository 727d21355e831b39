# SPDX-License-Identifier: GPL-2.0-only
"""tests/run qemu: the test programs on every kernel and machine."""

import argparse
import fnmatch
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import programs, testmodules
from .bench import Bench
from .conf import Kernel, Machine
from .initramfs import Plan
from .programs import Program
from .report import HarnessError
from .threads import results


@dataclass(frozen=True)
class Setting:
    """A machine as it is booted, folders that its guest has by path, and what is added to its name in the results."""

    machine: Machine
    trees: tuple[tuple[str, Path], ...] = ()
    suffix: str = ""


def start(bench: Bench, args: argparse.Namespace) -> Callable[[], object]:
    wanted = programs.find(bench.run.tree, args.test)
    demo = programs.demo(bench.run.tree)
    if fnmatch.fnmatch(demo.name, args.test):
        # First: it loads and unloads the modules itself.
        wanted.insert(0, demo)
    if not wanted:
        raise HarnessError(f"no program matches '{args.test}'")
    return start_each(bench, args, wanted)


def start_each(
    bench: Bench,
    args: argparse.Namespace,
    wanted: list[Program],
    prepare: Callable[[Kernel, Machine], Setting] = lambda _, machine: Setting(machine),
) -> Callable[[], object]:
    """The programs on every kernel and machine that they fit."""
    jobs = [
        bench.jobs.give(_run_one, bench, kernel, machine, wanted, args, prepare)
        for kernel in bench.run.conf.pick(args.kernel, booted=True, foreign=True)
        for machine in kernel.machines
        if not args.machine or machine.name in args.machine
    ]
    return lambda: results(jobs)


def _steps(
    wanted: list[Program], kernel: Kernel, machine: Machine, args: argparse.Namespace
) -> list[tuple[Program, tuple[str, ...]]]:
    """What fits this kernel and machine, all with the same arguments but the demo, which gets the machine's."""
    steps = []
    for program in wanted:
        if program.source != programs.DEMO:
            if program.fits(kernel.name, machine.name, args.all):
                steps.append((program, tuple(args.arguments)))
        elif machine.demo is not None:
            steps.append((program, machine.demo))
    return steps


def _run_one(
    bench: Bench,
    kernel: Kernel,
    machine: Machine,
    wanted: list[Program],
    args: argparse.Namespace,
    prepare: Callable[[Kernel, Machine], Setting],
) -> None:
    with bench.run.report.guard(f"{kernel.name}/{machine.name}"):
        steps = _steps(wanted, kernel, machine, args)
        if not steps:
            return
        parts = bench.parts(kernel)
        binaries = bench.binaries(kernel, wanted)
        steps = [(program, words) for program, words in steps if program.name in binaries]
        setting = prepare(kernel, machine)
        trees = setting.trees
        if any(program.modules for program, _ in steps):
            trees += (("tests", testmodules.folder(bench.run, bench.kernels, kernel)),)
        plan = Plan(tuple(steps), binaries, {}, trees=trees)
        bench.run_machine(kernel, setting.machine, parts, plan, suffix=setting.suffix)
