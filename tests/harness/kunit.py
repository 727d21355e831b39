# SPDX-License-Identifier: GPL-2.0-only
"""tests/run kunit: the tests of kunit/ in user-mode Linux, by the kernel's own kunit.py.

The kernel is the stock source of a linux-source package, read-only. A layer over it has two lines more in drivers/iommu
(HOOKS) that lead into this tree, which is mounted there. Each kernel has a build folder in the cache in which only what
changed is compiled again.
"""

import argparse
import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import build, cache, chroot, gcov, klog, proc
from .bench import Bench
from .chroot import Bind, Root
from .conf import Kernel
from .kernel import file_version
from .report import HarnessError
from .threads import results
from .tree import Tree

LINUX = "usr/src/linux"
HERE = "drivers/iommu/iommu-next"

# What is configured besides the least that a kernel can be.
CONFIG = Path("kunit/uml.config")

# File of the kernel's source -> the line that is added to it.
HOOKS = {
    "drivers/iommu/Kconfig": f'source "{HERE}/kunit/Kconfig"',
    "drivers/iommu/Makefile": "obj-y += iommu-next/kunit/",
}

# What a kernel says of kmemleak although all is well; kunit/leak_test.c looks at what it has found.
HARMLESS = ("new suspected memory leaks (see ",)

# Folders of the tree that a UML build reads.
BUILT = ("module", "mock", "kunit", "include", "dkms.conf")

BUILD_SECONDS = 1800
TEST_SECONDS = 600


@dataclass(frozen=True)
class Result:
    """One case, or one parameter of it."""

    name: str
    status: str


class Kunit:
    """One kernel's source, tools and build folder."""

    def __init__(self, bench: Bench, kernel: Kernel, with_coverage: bool) -> None:
        self.run = bench.run
        self.suites = bench.suites
        self.kernel = kernel
        self.with_coverage = with_coverage
        self.root = Root((self._source(), *self._tools().layers))
        # Not the chroot: kbuild itself sees when the compiler is another one.
        config = bench.run.tree.text(CONFIG)
        key = cache.digest(self.root.layers[0].name, HOOKS, config, with_coverage)
        self.name = f"kunit-{kernel.name}{'-coverage' if with_coverage else ''}-{key}"
        self.folder = cache.root() / "uml" / self.name

    def _tools(self) -> Root:
        """The suite's chroot, with what building a kernel takes more than building a module."""
        suite = self.kernel.suite
        base = self.suites.known(suite).base
        packages = " ".join(self.run.conf.kunit_packages)
        name = f"{suite.name}-{cache.digest(base.name, packages)}"

        def make(half: Path) -> None:
            title = f"{suite.name}: installing {packages}"
            with self.suites.installing(suite), self.run.report.step(title) as step:
                Root((base,)).shell(
                    f"apt-get install -y {packages}\napt-get clean\n",
                    what=f"apt-get install {packages}",
                    log=self.run.log(f"kunit-tools-{suite.name}"),
                    binds=[self.suites.lists(suite)],
                    upper=half,
                    network=True,
                    on_line=step.progress,
                )
            chroot.finish_upper(half)

        return Root((cache.entry("kunit-tools", name, make) / "upper", base))

    def _source(self) -> Path:
        suite, package = self.kernel.suite, self.kernel.source
        version = self.suites.known(suite).version(package)

        def make(half: Path) -> None:
            cache.free_space_or_fail(8)
            with self.suites.installing(suite), self.run.report.step(f"{package}: downloading it") as step:
                self._tools().shell(
                    f"cd /tmp; apt-get -o APT::Sandbox::User=root download {package}={version}\n"
                    f"dpkg-deb --fsys-tarfile {package}_*.deb | tar -x ./usr/src/{package}.tar.xz\n"
                    f"mkdir -p /half/{LINUX}\n"
                    f"tar -xf usr/src/{package}.tar.xz -C /half/{LINUX} --strip-components=1",
                    what=f"unpacking {package}",
                    log=self.run.log(f"source-{self.kernel.name}"),
                    binds=[self.suites.lists(suite), Bind(half, "/half", writable=True)],
                    network=True,
                    on_line=step.progress,
                )

        return cache.entry("sources", f"{package}_{file_version(version)}", make)

    def build(self) -> None:
        """Brings build/linux up to date; the caller has the lock of our name."""
        self._open()
        with self.run.report.step(f"{self.kernel.name}: kunit.py build") as step:
            log = self.run.log(f"{self.name.rpartition('-')[0]}-build")
            status, output = self._in_linux(self._kunit_py("build"), log=log, on_line=step.progress)
        if status:
            raise proc.CommandFailed(f"{self.kernel.name}: kunit.py build", status, output, log)

    def test(self, arguments: list[str]) -> None:
        """Builds, runs and reports."""
        wait = f"{self.kernel.name}: waiting for another run of KUnit"
        with cache.locked(self.name, lambda: self.run.report.line(wait)):
            self.run_tests(arguments)

    def run_tests(self, arguments: list[str]) -> None:
        """test(), for a caller who has the lock of our name."""
        self._open()
        log = self.run.log(self.name.rpartition("-")[0])
        with self.run.report.step(f"{self.kernel.name}: kunit.py") as step:
            options = [f"--timeout={TEST_SECONDS}", "--json=/build/result.json"]
            command = self._kunit_py("run", *options, *(f"--kernel_args={word}" for word in arguments))
            status, output = self._in_linux(command, log=log, on_line=step.progress)
        console = self.folder / "build/test.log"
        if not console.exists():
            raise proc.CommandFailed(f"{self.kernel.name}: kunit.py", status, output, log)
        self._judge(status, output, console, log)

    def _open(self) -> None:
        for name in ("tree", "build", "link"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        cache.mark(self.folder)
        for name in ("test.log", "result.json"):
            (self.folder / "build" / name).unlink(missing_ok=True)
        for path, line in HOOKS.items():
            target = self.folder / "link" / LINUX / path
            if not target.exists():
                stock = self.root.layers[0] / LINUX / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(f"{stock.read_text(encoding='utf-8')}{line}\n", encoding="utf-8")
        build.sync(self.run.tree, self.folder / "tree", built_files(self.run.tree))

    def _kunit_py(self, command: str, *options: str) -> str:
        words = [command, "--jobs=2", "--build_dir=/build", f"--kunitconfig={HERE}/{CONFIG}"]
        if self.with_coverage:
            words += [f"--kconfig_add={line}" for line in gcov.CONFIG]
            words.append(f"--make_options={gcov.MAKE}")
        return f"./tools/testing/kunit/kunit.py {shlex.join([*words, *options])}"

    def _in_linux(self, command: str, **kwargs) -> tuple[int, str]:
        return self.root.over(self.folder / "link").shell(
            f"cd /{LINUX}; {command}",
            what=f"{self.kernel.name}: kunit.py",
            binds=[
                Bind(self.folder / "tree", f"/{LINUX}/{HERE}"),
                Bind(self.folder / "build", "/build", writable=True),
            ],
            timeout=BUILD_SECONDS,
            check=False,
            **kwargs,
        )

    def forget_counters(self) -> None:
        """A run adds to the counters that it finds."""
        for path in (self.folder / "build").rglob(gcov.COUNTERS):
            path.unlink()

    def read_counters(self) -> dict[str, gcov.File]:
        status, output = self._in_linux(gcov.COMMAND.format(build=f"/build/{HERE}"))
        if status:
            raise proc.CommandFailed(f"{self.kernel.name}: gcov", status, output, None)
        files = gcov.read(output)
        if not files:
            raise HarnessError(f"{self.kernel.name}: the kernel has written no counters")
        return files

    def _judge(self, status: int, output: str, console: Path, log: Path) -> None:
        report = self.run.report
        lines = console.read_text(encoding="utf-8", errors="replace").replace("\r", "").splitlines()
        kept = self.run.log(f"{self.name.rpartition('-')[0]}-console")
        kept.write_text("\n".join(lines) + "\n", encoding="utf-8")
        results = read_results(self.folder / "build/result.json")
        for result in results:
            name = f"{self.kernel.name} kunit {result.name}"
            if result.status == "PASS":
                report.ok(name)
            elif result.status == "SKIP":
                report.skip(name, "see the log")
            else:
                report.fail(name, f"{result.status}; {kept}")
        for line in lines:
            if NOTE in line:
                report.line(f"         {self.kernel.name}: {line.partition(NOTE)[2]}")
        bad = [line for line in klog.bad_lines(lines) if not any(words in line for words in HARMLESS)]
        name = f"{self.kernel.name} kunit"
        if not results:
            raise proc.CommandFailed(f"{name}: kunit.py reported no result", status, output, log)
        if bad:
            report.fail(name, f"in the kernel's log: {bad[0].strip()}; all of it: {kept}")
        elif status == 0 or any(result.status not in ("PASS", "SKIP") for result in results):
            report.ok(name, f"{len(results)} results, kernel log clean")
        else:
            report.fail(name, f"kunit.py ended with status {status}; all of it: {log}")


# What a test wants to tell the user begins with this.
NOTE = "inx-note: "


def read_results(path: Path) -> list[Result]:
    """The cases in what kunit.py --json wrote; those with parameters are groups of their own."""
    if not path.exists():
        return []
    found: list[Result] = []

    def walk(group: dict, names: tuple[str, ...]) -> None:
        for case in group.get("test_cases", []):
            found.append(Result(": ".join((*names, case["name"])), case["status"]))
        for inner in group.get("sub_groups", []):
            walk(inner, (*names, inner["name"]))

    walk(json.loads(path.read_text(encoding="utf-8")), ())
    return found


def built_files(tree: Tree) -> list[Path]:
    return [path for path in tree.files() if path.parts[0] in BUILT]


def kernels(bench: Bench, names: list[str] | None) -> list[Kernel]:
    """Those that user-mode Linux can be built of."""
    found = [kernel for kernel in bench.run.conf.pick(names) if kernel.source]
    if not found:
        raise HarnessError("none of these kernels has a source= in kernels.conf")
    return found


def start(bench: Bench, args: argparse.Namespace) -> Callable[[], object]:
    jobs = [bench.jobs.give(_run_one, bench, kernel, args) for kernel in kernels(bench, args.kernel)]
    return lambda: results(jobs)


def _run_one(bench: Bench, kernel: Kernel, args: argparse.Namespace) -> None:
    with bench.run.report.guard(f"{kernel.name} kunit"):
        Kunit(bench, kernel, with_coverage=False).test(args.arguments)
