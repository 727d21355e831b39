# SPDX-License-Identifier: GPL-2.0-only
"""tests/run benchmark --profile: in which functions the instructions of a map and an unmap are spent, by perf."""

from pathlib import Path

from . import cache, programs
from .bench import Bench
from .chroot import Bind
from .conf import Kernel, Suite
from .initramfs import Plan
from .programs import Binary

PACKAGE = "linux-perf"
SCRIPT = Path("tests/benchmark/profile.sh")


def run(bench: Bench, kernel: Kernel) -> None:
    tree = bench.run.tree
    script = programs.parse(tree, SCRIPT)
    benchmark = programs.find(tree, "map_cost", (programs.BENCHMARKS,))
    binaries = {**bench.binaries(kernel, benchmark), script.name: Binary(tree.root / SCRIPT), **perf(bench, kernel.suite)}
    bench.run_machine(kernel, kernel.benchmark, bench.parts(kernel), Plan(((script, ()),), binaries, {}))


def perf(bench: Bench, suite: Suite) -> dict[str, Binary]:
    """perf and the libraries it needs. They are no part of the chroot, since nothing else needs them."""
    base = bench.suites.known(suite).base

    def make(half: Path) -> None:
        with bench.suites.installing(suite), bench.run.report.step(f"{suite.name}: installing {PACKAGE}") as step:
            bench.suites.root(suite).shell(
                f"apt-get install -y --no-install-recommends {PACKAGE}\n"
                "program=$(ls /usr/bin/perf /usr/bin/perf_* 2>/dev/null | tail -n 1)\n"
                "ldd \"$program\" | sed -n 's/.*[[:space:]]\\(\\/.*\\) (0x.*/\\1/p' | xargs cp -L -t /half\n"
                'cp -L "$program" /half/perf',
                what=f"apt-get install {PACKAGE}",
                log=bench.run.log(f"perf-{suite.name}"),
                binds=[bench.suites.lists(suite), Bind(half, "/half", writable=True)],
                network=True,
                on_line=step.progress,
            )

    folder = cache.entry("perf", f"{base.name}-{PACKAGE}", make)
    return {path.name: Binary(path) for path in folder.iterdir()}
