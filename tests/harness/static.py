# SPDX-License-Identifier: GPL-2.0-only
"""tests/run static: everything that can be said about the tree without running it."""

import argparse
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import abi, cache, programs, rules, tools
from .bench import Bench
from .build import Builder, uncovered
from .chroot import Bind
from .conf import Kernel
from .report import HarnessError
from .threads import in_thread
from .tree import Tree

CHECKPATCH = "--no-tree --strict --terse --no-summary --show-types --max-line-length=100"
# Advice that holds in the kernel only: its types, macros, attribute words and error numbers, its accessors of device
# memory. And about macros, where a test harness cannot do without what is usually bad in them.
NOT_IN_USER_SPACE = (
    "PREFER_KERNEL_TYPES,PREFER_DEFINED_ATTRIBUTE_MACRO,VOLATILE,EMBEDDED_FUNCTION_NAME,MACRO_WITH_FLOW_CONTROL,"
    "MACRO_ARG_REUSE,BIT_MACRO,USE_NEGATIVE_ERRNO"
)
USER_SPACE = ("tests", "tools")
C_FOLDERS = ("module", "mock", "include", "tests", "tools", "kunit")
KERNEL_DOC_FOLDERS = ("module", "mock", "include")

# How many findings of a check are printed; the others are in its log.
SHOWN = 40

# Words that codespell takes for misspelt ones.
SPELLING = "filp,pasid,ore,inout,parm,nd"


class Checks:
    """Each check reports one result; its findings are printed before it."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.run = bench.run
        self.report = bench.run.report
        self.tools = tools.folder(bench.run, bench.suites)
        self.root = bench.suites.root(bench.run.conf.tools_suite)
        self.tree = bench.run.tree
        self.files = self.tree.files()

    def judge(self, name: str, findings: list[str], note: str) -> None:
        for finding in findings[:SHOWN]:
            self.report.line(f"         {name}: {finding}")
        if findings:
            log = self.run.log(f"static-{name}")
            log.write_text("\n".join(findings) + "\n", encoding="utf-8")
            self.report.fail(name, f"{note}; all of them: {log}")
        else:
            self.report.ok(name, note)

    def shell(self, script: str, what: str) -> list[str]:
        """The output of a check that ends with another status than 0 when it finds something."""
        status, output = self.in_tree(script, what)
        # kernel-doc says everything twice.
        lines = list(dict.fromkeys(line for line in output.splitlines() if line))
        return lines or ([f"{what} ended with status {status}"] if status else [])

    def in_tree(self, script: str, what: str) -> tuple[int, str]:
        binds = [Bind(self.tree.root, "/source"), Bind(self.tools, "/tools")]
        return self.root.shell(f"cd /source; {script}", what=what, binds=binds, check=False)

    def c_files(self, folders: tuple[str, ...]) -> list[Path]:
        return [path for path in self.files if path.suffix in (".c", ".h") and path.parts[0] in folders]

    def checkpatch(self) -> None:
        """Of each file; what it said about a file is kept, as it takes a second for each."""
        store = Store("checkpatch", self.tree, self.tools.name, CHECKPATCH, NOT_IN_USER_SPACE)
        paths = [path for path in self.c_files(C_FOLDERS) if "probes" not in path.parts]
        missing = [path for path in paths if store.get(path) is None]

        def check(path: Path) -> None:
            ignore = f"--ignore {NOT_IN_USER_SPACE}" if path.parts[0] in USER_SPACE else ""
            command = f"perl /tools/scripts/checkpatch.pl {CHECKPATCH} {ignore} -f {path}"
            _, output = self.in_tree(command, f"checkpatch {path}")
            store.put(path, [line for line in output.splitlines() if line])

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(check, missing))
        store.save(paths)
        findings = [line for path in paths for line in store.get(path)]
        kinds = [sum(f"{kind}:" in line for line in findings) for kind in ("ERROR", "WARNING", "CHECK")]
        note = "{} errors, {} warnings, {} checks".format(*kinds)
        self.judge("checkpatch --strict", findings, f"{note} in {len(paths)} files ({len(missing)} of them new)")

    def kernel_doc(self) -> None:
        paths = self.c_files(KERNEL_DOC_FOLDERS)
        findings = self.shell(
            f"python3 -B /tools/tools/docs/kernel-doc -none -Wall -Werror {words(paths)}", "kernel-doc"
        )
        self.judge("kernel-doc -Wall -Werror", findings, f"{len(findings)} warnings in {len(paths)} files")

    def shell_scripts(self) -> None:
        paths = [path for path in self.files if is_shell(self.tree.root / path)]
        findings = self.shell(f"shellcheck -x -f gcc {words(paths)}", "shellcheck")
        self.judge("shellcheck", findings, f"{len(paths)} scripts")

    def manual_pages(self) -> None:
        paths = [path for path in self.files if re.fullmatch(r"\.[1-9]", path.suffix)]
        findings = self.shell(f"mandoc -T lint -W warning {words(paths)}", "mandoc -T lint")
        self.judge("mandoc -T lint", findings, f"{len(paths)} pages")

    def spelling(self) -> None:
        paths = [path for path in self.files if path.name != "COPYING"]
        findings = self.shell(f"codespell --ignore-words-list {SPELLING} {words(paths)}", "codespell")
        self.judge("codespell", findings, f"{len(paths)} files")

    def python(self) -> None:
        paths = [path for path in self.files if path.suffix == ".py" or path == Path("tests/run")]
        findings = []
        for path in paths:
            try:
                compile(self.tree.text(path), str(path), "exec")
            except SyntaxError as err:
                findings.append(f"{path}:{err.lineno}: {err.msg}")
        self.judge("python syntax", findings, f"{len(paths)} files")

    def house_rules(self) -> None:
        self.judge("house rules", list(rules.broken(self.tree)), f"{len(self.files)} files")

    def abi(self) -> None:
        status, output = self.in_tree(f"set -e; {abi.SCRIPT}", "comparing headers")
        findings, note = abi.compare(output) if not status else (output.splitlines(), "they do not compile")
        self.judge("ABI as in linux/iommufd.h", findings, note)

    def user_space(self) -> None:
        """The programs, once for each compiler; those of other architectures when they run."""
        places = (*programs.TESTS, programs.BENCHMARKS)
        everything = [*programs.find(self.tree, "*", places), programs.demo(self.tree)]
        for suite in {kernel.suite.name: kernel.suite for kernel in self.run.conf.pick(None)}.values():
            results = self.bench.programs.binaries(suite, self.bench.runnable(suite, everything)).values()
            findings = [str(result) for result in results if isinstance(result, HarnessError)]
            self.judge(f"programs compile in {suite.name}", findings, f"{len(results)} programs")

    def kernel(self, kernel: Kernel) -> Builder | None:
        builder = None
        with self.report.guard(f"{kernel.name} W=1 -Werror, sparse"):
            builder = Builder(self.run, self.bench.suites, self.bench.kernels, kernel)
            builder.build()
            self.report.ok(f"{kernel.name} W=1 -Werror", builder.release)
            self.report.ok(f"{kernel.name} sparse", builder.prove())
        return builder


def run_all(bench: Bench, args: argparse.Namespace) -> None:
    checks = Checks(bench)
    kernels = bench.run.conf.pick(args.kernel)
    with ThreadPoolExecutor(2) as pool:
        builders = pool.map(in_thread(checks.kernel), kernels)
        others = [
            checks.house_rules,
            checks.python,
            checks.shell_scripts,
            checks.spelling,
            checks.manual_pages,
            checks.kernel_doc,
            checks.abi,
            checks.checkpatch,
            checks.user_space,
        ]
        done = [pool.submit(in_thread(check)) for check in others]
        for future in done:
            future.result()
        built = [builder for builder in builders if builder]
    if len(built) == len(bench.run.conf.pick(None)):
        checks.judge("every C file is built for some kernel", uncovered(bench.run.tree, built), f"{len(built)} kernels")


class Store:
    """What a slow check said about files, by their content."""

    def __init__(self, name: str, tree: Tree, *version: str) -> None:
        self._tree = tree
        folder = cache.root() / "work"
        folder.mkdir(exist_ok=True)
        self._file = folder / f"{name}.json"
        self._version = cache.digest(*version)
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            kept = {}
        self._said = kept.get(self._version, {})

    def _key(self, path: Path) -> str:
        return f"{path}:{self._tree.digest([path])}"

    def get(self, path: Path) -> list[str] | None:
        return self._said.get(self._key(path))

    def put(self, path: Path, lines: list[str]) -> None:
        self._said[self._key(path)] = lines

    def save(self, paths: list[Path]) -> None:
        """Keeps what is about these files as they are now."""
        said = {key: self._said[key] for key in map(self._key, paths)}
        fresh = self._file.with_suffix(f".{self._version}")
        fresh.write_text(json.dumps({self._version: said}), encoding="utf-8")
        fresh.replace(self._file)


def is_shell(path: Path) -> bool:
    with open(path, "rb") as handle:
        return bool(re.match(rb"#!.*\b(sh|bash)\s*$", handle.readline()))


def words(paths: list[Path]) -> str:
    return " ".join(map(str, paths))
