# SPDX-License-Identifier: GPL-2.0-only
"""tests/run qemu: the test programs on every kernel and machine, two machines at a time."""

import argparse
import fnmatch
from concurrent.futures import ThreadPoolExecutor

from . import client, programs, testmodules
from .bench import Bench
from .conf import Kernel, Machine
from .initramfs import Plan
from .programs import Program
from .report import HarnessError
from .threads import in_thread

# One processor each; more of them at once would only make each slower on the two that a small host has.
AT_ONCE = 2


def run_all(bench: Bench, args: argparse.Namespace) -> None:
    wanted = programs.find(bench.run.tree, args.test)
    demo = programs.demo(bench.run.tree)
    if fnmatch.fnmatch(demo.name, args.test):
        # First: it loads and unloads the modules itself.
        wanted.insert(0, demo)
    if not wanted:
        raise HarnessError(f"no program matches '{args.test}'")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = [
            pool.submit(in_thread(_run_one), bench, kernel, machine, wanted, args.arguments)
            for kernel in bench.run.conf.pick(args.kernel, booted=True, foreign=True)
            for machine in kernel.machines
            if not args.machine or machine.name in args.machine
        ]
        for future in futures:
            future.result()


def _steps(
    wanted: list[Program], kernel: Kernel, machine: Machine, arguments: list[str]
) -> list[tuple[Program, tuple[str, ...]]]:
    """What fits this kernel and machine, all with the same arguments but the demo, which gets the machine's."""
    steps = []
    for program in wanted:
        if program.source != programs.DEMO:
            if program.fits(kernel.name, machine.name):
                steps.append((program, tuple(arguments)))
        elif machine.demo is not None:
            steps.append((program, machine.demo))
    return steps


def _run_one(bench: Bench, kernel: Kernel, machine: Machine, wanted: list[Program], arguments: list[str]) -> None:
    with bench.run.report.guard(f"{kernel.name}/{machine.name}"):
        steps = _steps(wanted, kernel, machine, arguments)
        if not steps:
            return
        parts = bench.parts(kernel)
        binaries = bench.binaries(kernel, wanted)
        steps = [(program, words) for program, words in steps if program.name in binaries]
        clients = {program.client for program, _ in steps if program.client}
        extra = tuple(client.archive(bench.run, bench.suites, name) for name in sorted(clients))
        trees = ()
        if any(program.modules for program, _ in steps):
            trees = (("tests", testmodules.folder(bench.run, bench.kernels, kernel)),)
        bench.run_machine(kernel, machine, parts, Plan(tuple(steps), binaries, {}, extra=extra, trees=trees))
