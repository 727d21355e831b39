# SPDX-License-Identifier: GPL-2.0-only
"""tests/run conformance: the selftests of in-tree iommufd, as they are, on our node and mock.

They come from a linux-source package and are compiled in a chroot, statically, so that one program serves all kernels.
What cannot pass yet is listed by name in tests/conformance/expected-failures. A run fails when a case that is not
listed fails, and when one that is listed passes. docs/conformance.md keeps the table.
"""

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from . import cache, conf
from .bench import Bench
from .chroot import Bind
from .conf import Kernel
from .initramfs import Plan
from .programs import Binary, Program
from .report import HarnessError
from .tap import SKIPPED, Judge
from .threads import results
from .tree import Tree
from .uml import Uml
from .vm import Ended

SCRIPT = Path("tests/conformance/run.sh")
LIST = Path("tests/conformance/expected-failures")
TABLE = Path("docs/conformance.md")
MARK = "<!-- made by tests/run conformance --update -->"
SUITE = ("iommufd", "iommufd_fail_nth")
# It lets each allocation fail in turn, which takes a kernel with fault injection.
IN_UML = "iommufd_fail_nth"
# What is taken out of the source, as patterns for tar.
WANTED = (
    "drivers/iommu/iommufd/iommufd_test.h",
    "scripts/Makefile.*",
    "scripts/subarch.include",
    "tools/include",
    "tools/scripts",
    "tools/testing/selftests/*.h",
    "tools/testing/selftests/*.mk",
    "tools/testing/selftests/iommu",
)
# How a program of the kernel's harness ends when all of its cases were skipped.
KSFT_SKIP = 4
ROW = re.compile(r"(?P<name>\S+)(?P<kernels>( \S+)*)$")


@dataclass(frozen=True)
class Expected:
    """Cases that fail: why, by name, and on which kernels (none: on all)."""

    group: str
    kernels: tuple[str, ...]


def read_list(tree: Tree) -> dict[str, Expected]:
    """Lines are: a comment (#); [group]; the name of a case, and kernels if it fails on these only."""
    found: dict[str, Expected] = {}
    group = ""
    for number, line in enumerate(tree.text(LIST).splitlines(), 1):
        line = line.partition("#")[0].strip()
        if line.startswith("["):
            group = line.strip("[]")
        elif line:
            row = ROW.match(line)
            if not row or not group or row["name"] in found:
                raise HarnessError(f"{LIST}:{number}: neither [group] nor a name that is new and its kernels")
            found[row["name"]] = Expected(group, tuple(row["kernels"].split()))
    return found


@dataclass
class CaseJudge(Judge):
    """Judges a program of the suite by what is expected of each case."""

    kernel: str = ""
    expected: dict[str, Expected] = field(default_factory=dict)
    # Case -> passed, expected, skipped or failed.
    cases: dict[str, str] = field(default_factory=dict)

    def line(self, text: str) -> None:
        # Of what is not a result only the words of a failing case are of interest, and these are many.
        if text.startswith("#") and not re.match(r"# +(RUN|OK|FAIL|SKIP) ", text):
            self.remarks.append(text.removeprefix("# "))
        elif not text.startswith("#"):
            super().line(text)

    def _result(self, passed: bool, what: str, directive: str | None, reason: str) -> None:
        known = self.expected.get(what)
        if known and known.kernels and self.kernel not in known.kernels:
            known = None
        if directive == "SKIP":
            self.cases[what] = "skipped"
        elif known and not passed:
            self.cases[what] = "expected"
            self.report.skip(f"{self.name}: {what}", f"fails, as listed: {known.group}")
            self.remarks.clear()
            return
        elif known:
            self.cases[what] = "failed"
            self.report.fail(f"{self.name}: {what}", f"passes, but is in {LIST} ({known.group})")
            return
        else:
            self.cases[what] = "passed" if passed else "failed"
        if not passed:
            for remark in self.remarks:
                self.report.line(f"         {self.name}: {remark}")
        super()._result(passed, what, directive, reason)

    def end(self, ended: Ended) -> None:
        self.rows = [row for row in self.rows if row.text in self.cases]
        results = set(self.cases.values())
        status = ended.status
        if status == KSFT_SKIP and results == {"skipped"}:
            status = SKIPPED
        elif status == 1 and "expected" in results and not any(not row.passed for row in self.rows):
            status = 0
        if self.planned is not None and self.planned == len(self.cases):
            self.planned = len(self.rows)
        super().end(Ended(status, ended.taint, ended.seconds))


def build(bench: Bench) -> Path:
    """A folder with the programs."""
    suites, suite, package = bench.suites, bench.run.conf.tools_suite, bench.run.conf.tools_source
    version = suites.known(suite).version(package)
    name = f"{package}_{version.replace(':', '_')}-{cache.digest(str(suites.root(suite)), WANTED, build_script(package))}"

    def make(half: Path) -> None:
        with suites.installing(suite), bench.run.report.step(f"{package}: compiling its selftests") as step:
            suites.root(suite).shell(
                f"cd /tmp; apt-get -o APT::Sandbox::User=root download {package}={version}\n{build_script(package)}",
                what=f"compiling the selftests of {package}",
                log=bench.run.log("conformance"),
                binds=[suites.lists(suite), Bind(half, "/half", writable=True)],
                network=True,
                on_line=step.progress,
            )
        missing = [program for program in SUITE if not (half / program).exists()]
        if missing:
            raise HarnessError(f"the selftests of {package} have no {' '.join(missing)}")

    return cache.entry("conformance", name, make)


def build_script(package: str) -> str:
    patterns = " ".join(f"'{package}/{path}'" for path in WANTED)
    return f"""apt-get install -y libcap-dev
mkdir /source
dpkg-deb --fsys-tarfile {package}_*.deb | tar -x ./usr/src/{package}.tar.xz
tar -xf usr/src/{package}.tar.xz -C /source --strip-components=1 --wildcards {patterns}
make -C /source/tools/testing/selftests/iommu OUTPUT=/half KHDR_INCLUDES= LDFLAGS=-static
"""


def plan(bench: Bench, folder: Path, name: str, arguments: list[str]) -> Plan:
    program = Program(name, SCRIPT, timeout=600)
    binaries = {name: Binary(bench.run.tree.root / SCRIPT), f"in-tree-{name}": Binary(folder / name)}
    return Plan(((program, (f"in-tree-{name}", *arguments)),), binaries, {})


def start(bench: Bench, args: argparse.Namespace) -> Callable[[], None]:
    expected = read_list(bench.run.tree)
    folder = build(bench)
    plans = [plan(bench, folder, name, args.arguments) for name in SUITE]
    kernels = bench.run.conf.pick(args.kernel, booted=True)
    jobs = [bench.jobs.give(_run_one, bench, kernel, plans, expected) for kernel in kernels]

    def end() -> None:
        found = {kernel.name: cases for kernel, cases in zip(kernels, results(jobs)) if cases}
        lines = table(found, bench.run.conf.tools_source)
        bench.run.report.text("\n".join(["", *lines, ""]))
        if args.arguments:
            return
        _check_list(bench, expected, found)
        if len(found) == len(bench.run.conf.pick(None, booted=True)):
            _check_table(bench, lines, args.update)

    return end


def _run_one(bench: Bench, kernel: Kernel, plans: list[Plan], expected: dict[str, Expected]) -> dict[str, str]:
    found: dict[str, str] = {}
    with bench.run.report.guard(f"{kernel.name} conformance"):
        for the_plan in plans:
            cases: dict[str, str] = {}
            make = partial(CaseJudge, kernel=kernel.name, expected=expected, cases=cases)
            if the_plan.programs[0][0].name != IN_UML:
                bench.run_machine(kernel, kernel.machines[0], bench.parts(kernel), the_plan, make)
            elif kernel.faults == "uml":
                with Uml(bench, kernel) as uml:
                    bench.run_machine(kernel, uml.machine(), uml.parts(), the_plan, make, uml.argv)
            found.update(cases)
    return found


def _check_list(bench: Bench, expected: dict[str, Expected], found: dict[str, dict[str, str]]) -> None:
    for name, cases in found.items():
        here = {case for case, known in expected.items() if not known.kernels or name in known.kernels}
        unknown = sorted(here - set(cases))
        if unknown:
            bench.run.report.fail(f"{name} {LIST}", f"lists cases that did not run: {' '.join(unknown)}")


def _check_table(bench: Bench, lines: list[str], update: bool) -> None:
    """Compares with the table that the documentation has, or writes it there."""
    path = conf.TREE / TABLE
    head, mark, old = path.read_text(encoding="utf-8").partition(MARK + "\n")
    new = "\n".join(lines) + "\n"
    if not mark:
        raise HarnessError(f"{TABLE} has no line '{MARK}'")
    if old.strip() == new.strip():
        bench.run.report.ok(f"{TABLE} has this table")
    elif update:
        path.write_text(f"{head}{mark}\n{new}", encoding="utf-8")
        bench.run.report.ok(f"{TABLE} written")
    else:
        bench.run.report.fail(str(TABLE), "has another table; tests/run conformance --update writes it")


def table(found: dict[str, dict[str, str]], package: str) -> list[str]:
    """By fixture and kernel: how many cases pass, out of how many; and how many fail as listed, or are skipped."""
    fixtures = sorted({fixture_of(case) for cases in found.values() for case in cases})
    lines = [f"| {package} | {' | '.join(found)} |", f"|---|{'---|' * len(found)}"]
    for fixture in fixtures:
        cells = [cell([how for case, how in cases.items() if fixture_of(case) == fixture]) for cases in found.values()]
        lines.append(f"| `{fixture}` | {' | '.join(cells)} |")
    lines.append(f"| all | {' | '.join(cell(list(cases.values())) for cases in found.values())} |")
    return lines


def fixture_of(case: str) -> str:
    return case.partition(".")[0]


def cell(results: list[str]) -> str:
    if not results:
        return "-"
    text = f"{results.count('passed')} of {len(results)}"
    for how, words in (("failed", "FAILED"), ("expected", "listed"), ("skipped", "skipped")):
        if how in results:
            text += f", {results.count(how)} {words}"
    return text
