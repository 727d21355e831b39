# SPDX-License-Identifier: GPL-2.0-only
"""The developer's build: plain make with all warnings as errors, and sparse over every file, kernel by kernel.

Each kernel has a copy of the tree in the cache in which only what changed is compiled again. Objects are deleted when
sparse complains, so an object that exists has been checked; that the checker was really there is not taken for granted:
see Builder.prove() and canary().
"""

import json
import re
import shutil
from pathlib import Path

from . import cache, proc, tools
from .chroot import Bind, Root
from .conf import Kernel
from .kernel import Kernels
from .report import HarnessError
from .run import Run
from .suite import Suites
from .tree import Tree

FLAGS = "W=1 C=1 CF=-Wsparse-error KCFLAGS=-Werror"

CANARY = """\
#include <linux/module.h>
#include <linux/uaccess.h>

int canary(int __user *pointer);
int canary(int __user *pointer)
{
	return *pointer;
}
MODULE_LICENSE("GPL");
"""
CANARY_ANSWER = "dereference of noderef expression"

# Some packages of kernel headers lack a script without which kbuild leaves out the checker, with only a warning.
SUPPLY_SCRIPT = """\
scripts=$(readlink -f /lib/modules/{release}/build/scripts)
[ -e "$scripts/checker-valid.sh" ] || cp /tools/scripts/checker-valid.sh "$scripts"
"""


class Builder:
    """A kernel's copy of the tree, and what has been compiled and checked in it since it was empty."""

    def __init__(self, run: Run, suites: Suites, kernels: Kernels, kernel: Kernel) -> None:
        self.run = run
        self.kernel = kernel
        self.release = kernels.release(kernel)
        self.root = kernels.headers(kernel)
        self.tools = tools.folder(run, suites)
        key = cache.digest([str(layer) for layer in self.root.layers], FLAGS, self.tools.name)
        self.name = f"{self.release}-{key}"
        self.folder = cache.root() / "work" / self.name
        self.compiled: set[str] = set()
        self.checked: set[str] = set()

    def build(self) -> None:
        """Brings the copy up to date; raises CommandFailed with the compiler's or sparse's words."""
        with cache.locked(f"work-{self.name}"):
            self._open()
            # While this file exists the folder is not to be trusted: whoever made it may have been killed.
            dirty = self.folder / "dirty"
            if dirty.exists():
                cache.remove(self.folder)
                self._open()
            dirty.touch()
            sync(self.run.tree, self.folder / "tree")
            try:
                self._make()
            except proc.CommandFailed as err:
                if err.status is None:
                    raise
                # make has cleaned up behind itself.
                dirty.unlink()
                raise
            finally:
                state = {"compiled": sorted(self.compiled), "checked": sorted(self.checked)}
                (self.folder / "state.json").write_text(json.dumps(state, indent=1), encoding="utf-8")
            dirty.unlink()

    def _open(self) -> None:
        (self.folder / "tree").mkdir(parents=True, exist_ok=True)
        cache.mark(self.folder)
        try:
            state = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            state = {"compiled": [], "checked": []}
        self.compiled, self.checked = set(state["compiled"]), set(state["checked"])

    def _make(self) -> None:
        log = self.run.log(f"build-{self.kernel.name}")
        with self.run.report.step(f"{self.kernel.name}: make {FLAGS}") as step:

            def on_line(line: str) -> None:
                step.progress(line)
                self._note(line)

            self.root.shell(
                SUPPLY_SCRIPT.format(release=self.release)
                + f"cd /tree; make -k -j2 modules KVER={self.release} {FLAGS}",
                what=f"kernel {self.kernel.name}: make modules {FLAGS}",
                log=log,
                binds=[Bind(self.tools, "/tools"), Bind(self.folder / "tree", "/tree", writable=True)],
                on_line=on_line,
            )

    def _note(self, line: str) -> None:
        """Notes which source file a line of kbuild's is about."""
        words = line.split()
        if len(words) < 2:
            return
        path = words[-1].removeprefix("/tree/")
        if words[0] == "CHECK":
            self.checked.add(path)
        elif words[:2] == ["CC", "[M]"] and not path.endswith(".mod.o") and not path.endswith("module-common.o"):
            self.compiled.add(path.removesuffix(".o") + ".c")

    def prove(self) -> str:
        """Says how many files sparse has seen; HarnessError if that is not all that were compiled."""
        missed = sorted(self.compiled - self.checked)
        if missed or not self.compiled:
            names = " ".join(missed) or "everything"
            raise HarnessError(f"sparse has not seen all that was compiled; missing: {names}")
        if CANARY_ANSWER not in self.canary():
            raise HarnessError("sparse said nothing about a planted error: it did not run, or does not work here")
        return f"{len(self.checked)} files checked, {len(self.compiled)} compiled, planted error found"

    def canary(self) -> str:
        """The output of a build of a file with an error that only sparse sees."""
        _, output = self.root.shell(
            SUPPLY_SCRIPT.format(release=self.release)
            + f"mkdir /canary; cd /canary; cat >canary.c; echo 'obj-m := canary.o' >Kbuild\n"
            f"make -C /lib/modules/{self.release}/build M=/canary C=2 canary.o 2>&1",
            what=f"kernel {self.kernel.name}: building a file with a planted error",
            binds=[Bind(self.tools, "/tools")],
            text_input=CANARY,
        )
        return output


def sync(tree: Tree, target: Path, paths: list[Path] | None = None) -> None:
    """Makes target hold what a build reads; files that are the same keep their time, so make leaves them alone."""
    paths = tree.built_files() if paths is None else paths
    for path in paths:
        source, copy = tree.root / path, target / path
        if copy.is_file() and copy.read_bytes() == source.read_bytes() and copy.stat().st_mode == source.stat().st_mode:
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
        copy.chmod(source.stat().st_mode)
    wanted = set(paths)
    for path in Tree(target).files():
        if path not in wanted:
            (target / path).unlink()
            # An object whose source is gone would still be linked.
            (target / path).with_suffix(".o").unlink(missing_ok=True)


def uncovered(tree: Tree, builders: list[Builder]) -> list[str]:
    """C files of the modules that no kernel's build has compiled."""
    compiled = set().union(*(builder.compiled for builder in builders))
    sources = [str(path) for path in tree.built_files() if path.suffix == ".c" and "probes" not in path.parts]
    return [path for path in sources if path not in compiled and re.match(r"(module|mock)/", path)]
