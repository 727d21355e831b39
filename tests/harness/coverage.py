# SPDX-License-Identifier: GPL-2.0-only
"""tests/run coverage: which lines of the modules are executed by KUnit, by the test programs, and by both together.

All of them run in the same user-mode Linux, which counts and writes the counters down when it is switched off.
"""

import argparse
import itertools
from collections.abc import Iterator

from . import gcov, programs
from .bench import Bench
from .conf import Kernel
from .gcov import File
from .initramfs import Plan
from .kunit import kernels
from .programs import Program
from .report import HarnessError
from .uml import Uml

# Programs that a machine without an IOMMU runs are those for user-mode Linux as well.
LIKE = ("none", "smp")
PLACES = ("tests/uapi/*.c", "tests/regress/*.c")


def run_all(bench: Bench, args: argparse.Namespace) -> None:
    """One kernel after the other: the counters are for looking at, not for being quick."""
    for kernel in kernels(bench, args.kernel):
        with bench.run.report.guard(f"{kernel.name} coverage"):
            _run_one(bench, kernel, args)


def _run_one(bench: Bench, kernel: Kernel, args: argparse.Namespace) -> None:
    with Uml(bench, kernel, with_coverage=True) as uml:
        uml.kunit.forget_counters()
        uml.kunit.run_tests([])
        by_kunit = uml.kunit.read_counters()
        uml.kunit.forget_counters()
        _run_programs(bench, kernel, uml, args)
        by_programs = uml.kunit.read_counters()
    bench.run.report.text("\n".join(["", *table(kernel.name, by_kunit, by_programs), ""]))
    share = _of_folder(gcov.merge(by_kunit, by_programs), "module").share
    bench.run.report.ok(f"{kernel.name} coverage", f"{share:.1%} of the lines of module/")


def _run_programs(bench: Bench, kernel: Kernel, uml: Uml, args: argparse.Namespace) -> None:
    wanted = [program for program in programs.find(bench.run.tree, args.test, PLACES) if _fits(program, kernel)]
    if not wanted:
        raise HarnessError(f"no program matches '{args.test}'")
    binaries = bench.binaries(kernel, wanted)
    steps = tuple((program, tuple(args.arguments)) for program in wanted if program.name in binaries)
    bench.run_machine(kernel, uml.machine(), uml.parts(), Plan(steps, binaries, {}), make_argv=uml.argv)


def _fits(program: Program, kernel: Kernel) -> bool:
    """On a machine without an IOMMU, and with no more modules than are part of this kernel."""
    has_modules = set(program.load.split(",")) <= {"-", "iommu_next", "iommu_next_mock"}
    return has_modules and any(program.fits(kernel.name, machine) for machine in LIKE)


def _of_folder(files: dict[str, File], folder: str) -> File:
    return gcov.whole({path: file for path, file in files.items() if path.startswith(f"{folder}/")})


def table(kernel: str, by_kunit: dict[str, File], by_programs: dict[str, File]) -> list[str]:
    together = gcov.merge(by_kunit, by_programs)
    rows = [f"{kernel}: lines executed by", f"{'':30} lines   KUnit  programs    both  by neither"]
    for folder in gcov.SHOWN:
        for path in sorted(path for path in together if path.startswith(f"{folder}/")):
            files = [run.get(path, File({})) for run in (by_kunit, by_programs)]
            rows.append(_row(path, *files, together[path]) + f"  {' '.join(missed(together[path]))}")
        rows.append(_row(f"{folder}/", *(_of_folder(run, folder) for run in (by_kunit, by_programs, together))))
    return rows


def _row(name: str, by_kunit: File, by_programs: File, together: File) -> str:
    return f"{name:30} {len(together.lines):5} {by_kunit.share:7.1%}  {by_programs.share:8.1%} {together.share:7.1%}"


def missed(file: File) -> Iterator[str]:
    """The lines that were not executed, as ranges."""
    for was_hit, group in itertools.groupby(sorted(file.lines), key=file.lines.__getitem__):
        numbers = list(group)
        if not was_hit:
            yield str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}"
