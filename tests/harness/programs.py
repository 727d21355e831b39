# SPDX-License-Identifier: GPL-2.0-only
"""The programs that run in the guest, with what they say about themselves; those in C are compiled in a chroot."""

import fnmatch
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import cache
from .chroot import Bind
from .conf import Suite
from .report import HarnessError
from .run import Run
from .suite import Suites
from .tree import Tree

TESTS = ("tests/uapi/*.c", "tests/regress/*.c", "tests/stress/*.c", "tests/qemu/*.c", "tests/qemu/*.sh")
CLIENTS = ("tests/clients/*.c", "tests/clients/*.sh")
BENCHMARKS = "tests/benchmark/*.c"
DEMO = Path("tools/demo/demo.c")
# What else can stand beside a test: more than one source each.
TOOLS = {"inxctl": Path("tools/inxctl/inxctl.c")}
# What each binary is made from, besides its source and its chroot.
LIBRARY = (
    "tests/Makefile",
    "tests/lib/*",
    "tests/stress/*.h",
    "include/uapi/*",
    "module/compat/private.h",
    "module/compat/vfio_container.h",
    "dkms.conf",
)

KEYS = {"timeout", "load", "taint", "libs", "machines", "kernels", "except", "seldom", "tools", "modules"}


@dataclass(frozen=True)
class Program:
    """A program (in C or for the shell) and its "harness:" lines, comments in its source with words key=value:

    timeout   seconds that the whole program may take
    load      modules, comma-separated, that are loaded before it
    taint     letters that it may add to the kernel's taint
    libs      libraries, comma-separated, as for the linker
    tools     of TOOLS, comma-separated, that it calls
    modules   of tests/modules, comma-separated, that it loads, where the kernel can have them
    machines, kernels   where it has meaning, comma-separated; elsewhere it does not run and is not counted.
              A machine may be a pattern for names
    except    KERNEL/MACHINE, comma-separated, where it has none although both are among those
    seldom    KERNEL/MACHINE, patterns, comma-separated, where it runs only when all that can be run is
    """

    name: str
    source: Path
    timeout: int = 60
    load: str = "-"
    taint: str = ""
    tools: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()
    kernels: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    seldom: tuple[str, ...] = ()

    def fits(self, kernel: str, machine: str, every: bool = False) -> bool:
        name = f"{kernel}/{machine}"
        if name in self.exceptions:
            return False
        if not every and any(fnmatch.fnmatch(name, pattern) for pattern in self.seldom):
            return False
        if self.kernels and kernel not in self.kernels:
            return False
        return not self.machines or any(fnmatch.fnmatch(machine, pattern) for pattern in self.machines)


@dataclass(frozen=True)
class Binary:
    """A program that can run, and the shared libraries that it needs, by their path in its chroot."""

    path: Path
    libraries: tuple[str, ...] = ()


def find(tree: Tree, pattern: str, places: tuple[str, ...] = TESTS) -> list[Program]:
    """The test programs of the tree whose name matches."""
    sources = [path for path in tree.files() if any(path.match(place) for place in places)]
    return [parse(tree, path) for path in sources if fnmatch.fnmatch(path.stem, pattern)]


def demo(tree: Tree) -> Program:
    return parse(tree, DEMO)


def parse(tree: Tree, source: Path) -> Program:
    lines = re.findall(r"^(?:/\*|#) harness:(.*?)(?:\*/)?$", tree.text(source), re.M)
    words = " ".join(lines).split()
    values = dict(word.partition("=")[::2] for word in words)
    unknown = sorted(set(values) - KEYS)
    if unknown:
        raise HarnessError(f"{source}: its harness: line has {' '.join(unknown)}; known are {' '.join(sorted(KEYS))}")
    return Program(
        name=source.stem,
        source=source,
        timeout=int(values.get("timeout", 60)),
        load=values.get("load", "-"),
        taint=values.get("taint", ""),
        tools=tuple(filter(None, values.get("tools", "").split(","))),
        modules=tuple(filter(None, values.get("modules", "").split(","))),
        machines=tuple(filter(None, values.get("machines", "").split(","))),
        kernels=tuple(filter(None, values.get("kernels", "").split(","))),
        exceptions=tuple(filter(None, values.get("except", "").split(","))),
        seldom=tuple(filter(None, values.get("seldom", "").split(","))),
    )


def tools(tree: Tree, programs: list[Program]) -> list[Program]:
    """Those that any of the programs calls."""
    names = sorted({name for program in programs for name in program.tools})
    unknown = [name for name in names if name not in TOOLS]
    if unknown:
        raise HarnessError(f"no tool {' '.join(unknown)}; there are: {' '.join(TOOLS)}")
    return [parse(tree, TOOLS[name]) for name in names]


class Programs:
    """Binaries of programs. Each is kept by itself: an error in one leaves the others alone."""

    def __init__(self, run: Run, suites: Suites) -> None:
        self.run = run
        self.suites = suites
        library = [path for path in run.tree.files() if any(fnmatch.fnmatch(str(path), place) for place in LIBRARY)]
        self._library_digest = run.tree.digest(library)

    def binaries(self, suite: Suite, programs: list[Program]) -> dict[str, Binary | HarnessError]:
        """By name; an error for each program that does not compile."""
        if not programs:
            return {}

        def binary(program: Program) -> Binary | HarnessError:
            try:
                return self._binary(suite, program)
            except HarnessError as err:
                return err

        with self.run.report.step(f"{suite.name}: compiling {len(programs)} programs, as far as they are new"):
            with ThreadPoolExecutor(2) as pool:
                found = list(pool.map(binary, programs))
        return {program.name: result for program, result in zip(programs, found)}

    def _binary(self, suite: Suite, program: Program) -> Binary:
        path = self.run.tree.root / program.source
        if path.suffix == ".sh":
            return Binary(path)
        key = cache.digest(self._library_digest, self.run.tree.digest(self._sources(program)), self._root_name(suite))

        def make(half: Path) -> None:
            # Objects get a new time here, so that make finds them newer than the sources.
            self._make(
                suite,
                half,
                f"mkdir /out/lib; cp /objects/* /out/lib; make -s -C /source/tests CC={suite.compiler} OUT=/out"
                f" /out/{program.name}\n{libraries_script(suite, f'/out/{program.name}')} >/out/libraries",
                [Bind(self._objects(suite), "/objects")],
                str(program.source),
            )
            cache.remove(half / "lib")

        folder = cache.entry("programs", f"{suite.name}-{program.name}-{key}", make)
        return Binary(folder / program.name, tuple((folder / "libraries").read_text(encoding="utf-8").split()))

    def _sources(self, program: Program) -> list[Path]:
        """Its own: of a tool all that is in its folder."""
        if program.source not in TOOLS.values():
            return [program.source]
        return [path for path in self.run.tree.files() if path.parent == program.source.parent]

    def _objects(self, suite: Suite) -> Path:
        key = cache.digest(self._library_digest, self._root_name(suite))
        name = f"{suite.name}-lib-{key}"
        return cache.entry(
            "programs",
            name,
            lambda half: self._make(
                suite, half, f"make -s -j2 -C /source/tests CC={suite.compiler} OUT=/out objects", [], "tests/lib"
            ),
        ) / "lib"

    def _root_name(self, suite: Suite) -> str:
        return str(self.suites.root(suite))

    def _make(self, suite: Suite, half: Path, script: str, binds: list[Bind], what: str) -> None:
        self.suites.root(suite).shell(
            script,
            what=f"compiling {what} in the {suite.name} chroot",
            binds=[*self.suites.guest(suite), Bind(self.run.tree.root, "/source"), Bind(half, "/out", writable=True), *binds],
        )


def libraries_script(suite: Suite, files: str) -> str:
    """Shell commands that print the shared libraries of some programs, by their path in the guest."""
    if not suite.foreign:
        return f"ldd {files} | sed -n 's/.*[[:space:]]\\(\\/.*\\) (0x.*/\\1/p' | sort -u"
    readelf = suite.compiler.partition("gcc")[0] + "readelf"
    return f"""todo="{files}" seen=" "
while [ "$todo" ]; do
	names=$({readelf} -d $todo | sed -n 's/.*(NEEDED).*\\[\\(.*\\)\\]$/\\1/p' | sort -u)
	todo=
	for name in $names; do
		case $seen in *" $name "*) continue ;; esac
		seen="$seen$name "
		todo="$todo $(find /guest/usr/lib -name "$name" | sort -r | head -n 1)"
	done
	for path in $todo; do echo "${{path#/guest}}"; done
done"""
