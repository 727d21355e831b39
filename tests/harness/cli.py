# SPDX-License-Identifier: GPL-2.0-only
"""The command line of tests/run."""

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from . import benchmark, cache, clients, conf, conformance, coverage, demo, dkmstest, host, kunit, qemu, static, stress
from .bench import Bench
from .report import HarnessError, Report
from .run import Run
from .tree import Tree


def parse(argv: list[str]) -> argparse.Namespace:
    offline = argparse.ArgumentParser(add_help=False)
    offline.add_argument("--offline", action="store_true", help="do not look for newer packages, however old the lists")
    common = argparse.ArgumentParser(add_help=False, parents=[offline])
    common.add_argument("--kernel", metavar="K", action="append", help="only this kernel of kernels.conf; repeatable")
    parser = argparse.ArgumentParser(prog="tests/run", description="Builds, boots and tests iommu-next.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("prepare", parents=[common], help="make chroots, fetch headers and images")
    commands.add_parser("build", parents=[common], help="build the modules by DKMS")
    commands.add_parser("static", parents=[common], help="check the sources: warnings, sparse, checkpatch, and more")
    qemu = commands.add_parser("qemu", parents=[common], help="run the test programs in virtual machines")
    others = commands.add_parser("clients", parents=[common], help="run programs of others: DPDK, QEMU")
    for machines in (qemu, others):
        machines.add_argument("--machine", metavar="M", action="append", help="only this machine of kernels.conf")
        machines.add_argument("--test", metavar="GLOB", default="*", help="only programs whose name matches")
        machines.add_argument("--all", action="store_true", help="also where programs run seldom, as they say")
        machines.add_argument("arguments", nargs="*", metavar="ARGUMENT", help="after --: given to each program")
    kunit = commands.add_parser("kunit", parents=[common], help="run the KUnit tests in user-mode Linux")
    kunit.add_argument("arguments", nargs="*", metavar="ARGUMENT", help="after --: for the kernel's command line")
    cover = commands.add_parser("coverage", parents=[common], help="which lines KUnit and the test programs execute")
    cover.add_argument("--test", metavar="GLOB", default="*", help="only programs whose name matches")
    cover.add_argument("arguments", nargs="*", metavar="ARGUMENT", help="after --: given to each program")
    longer = commands.add_parser("stress", parents=[common], help="everything at once, in user-mode Linux, for minutes")
    longer.add_argument("--seconds", metavar="N", type=int, default=600, help="how long on each kernel, 600")
    suite = commands.add_parser("conformance", parents=[common], help="run the selftests of in-tree iommufd")
    suite.add_argument("--update", action="store_true", help="write the table of results to docs/")
    suite.add_argument("arguments", nargs="*", metavar="ARGUMENT", help="after --: given to each program")
    commands.add_parser("check", parents=[common], help="all checks and tests")
    dkms = commands.add_parser("dkms", parents=[common], help="test the packaging: install, upgrade, remove, refuse")
    dkms.set_defaults(all=True)
    dkms.add_argument("--test", metavar="GLOB", default="*", help="only scripts of tests/dkms whose name matches")
    demo = commands.add_parser("demo", parents=[offline], help="show a device doing DMA through /dev/iommu-next")
    demo.add_argument("--kernel", metavar="K", default="6.1")
    demo.add_argument("--backend", metavar="B", default="vtd", help="a machine of kernels.conf, or mock")
    measure = commands.add_parser("benchmark", parents=[common], help="what mapping costs, beside VFIO's type1")
    measure.add_argument("--json", metavar="FILE", type=Path, help="write the figures there as well")
    measure.add_argument("--profile", action="store_true", help="where the instructions go, instead of how many they are")
    shell = commands.add_parser("shell", parents=[offline], help="boot a machine with a shell on this terminal")
    shell.add_argument("--kernel", metavar="K", default="6.12")
    shell.add_argument("--machine", metavar="M", default="vtd")
    return parser.parse_args(argv)


def prepare(bench: Bench, args: argparse.Namespace) -> None:
    report = bench.run.report
    for kernel in bench.run.conf.pick(args.kernel, foreign=True):
        with report.guard(f"prepare {kernel.name}"):
            bench.kernels.headers(kernel)
            if kernel.image:
                bench.kernels.image(kernel)
            report.ok(f"prepare {kernel.name}", bench.kernels.release(kernel))


def build(bench: Bench, args: argparse.Namespace) -> None:
    report = bench.run.report
    for kernel in bench.run.conf.pick(args.kernel, foreign=True):
        with report.guard(f"build {kernel.name}"):
            installed = bench.modules.installed(kernel)
            sizes = [f"{path.name} {path.stat().st_size // 1024} KiB" for path in installed.modules]
            report.ok(f"build {kernel.name}", f"{installed.release}: {', '.join(sizes)}")


def shell(bench: Bench, args: argparse.Namespace) -> None:
    kernel = bench.run.conf.pick([args.kernel], foreign=True)[0]
    status = bench.shell(kernel, kernel.machine(args.machine), bench.parts(kernel))
    bench.run.report.ok("shell", f"QEMU ended with status {status}")


def check(bench: Bench, args: argparse.Namespace) -> None:
    """Everything: the quick judges, and then all the rest as one row of jobs, so that no processor waits for a part to end."""
    everything = argparse.Namespace(kernel=args.kernel, machine=None, test="*", all=False, arguments=[], update=False)
    with bench.run.report.guard("static"):
        static.run_all(bench, everything)
    for kernel in bench.run.conf.pick(args.kernel, booted=True, foreign=True):
        # Machines would wait for them. If it fails they say so.
        bench.jobs.give(bench.parts, kernel)
    ends = []
    for part in STARTED:
        with bench.run.report.guard(part):
            ends.append((part, STARTED[part](bench, everything)))
    for part, end in ends:
        with bench.run.report.guard(part):
            end()


# Parts that are jobs: what starts one returns what waits for its end. Those with the longest jobs come first.
STARTED = {
    "kunit": kunit.start,
    "dkms": dkmstest.start,
    "qemu": qemu.start,
    "conformance": conformance.start,
    "clients": clients.start,
}


def whole(start: Callable[..., Callable[[], object]]) -> Callable[..., object]:
    return lambda bench, args: start(bench, args)()


COMMANDS = {
    "prepare": prepare,
    "build": build,
    **{part: whole(start) for part, start in STARTED.items()},
    "static": static.run_all,
    "coverage": coverage.run_all,
    "stress": stress.run_all,
    "demo": demo.run_demo,
    "benchmark": benchmark.run_all,
    "check": check,
    "shell": shell,
}


def main(argv: list[str]) -> int:
    args = parse(argv)
    report = Report()
    # Programs in the chroots run as several users, who have to reach what is made here.
    os.umask(0o022)
    try:
        host.prepare(report)
        with cache.in_use():
            with tempfile.TemporaryDirectory(prefix="tree-", dir=cache.root() / "tmp") as folder:
                tree = Tree(conf.TREE).snapshot(Path(folder))
                run = Run(report, conf.load(), tree, cache.new_log_folder(), args.offline)
                bench = Bench(run)
                try:
                    COMMANDS[args.command](bench, args)
                finally:
                    bench.jobs.stop()
    except HarnessError as err:
        report.fail(args.command, str(err))
    except KeyboardInterrupt:
        report.fail(args.command, "interrupted")
    return report.finish()
