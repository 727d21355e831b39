# SPDX-License-Identifier: GPL-2.0-only
"""Running programs in a root file system made of read-only layers.

What a program writes goes to memory and is forgotten, or to a folder given for it, which can then be a layer itself.
All mounts live in a namespace that ends with the program.
"""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import cache, proc

ENTER = Path(__file__).with_name("enter.sh")

# unshare's child is process 1 of its namespace: when it is killed, so is everything in there.
ISOLATED = ("unshare", "--mount", "--pid", "--fork", "--kill-child")


@dataclass(frozen=True)
class Bind:
    source: Path
    target: str
    writable: bool = False

    def __str__(self) -> str:
        return f"{'rw' if self.writable else 'ro'}:{self.source}:{self.target}"


@dataclass(frozen=True)
class Root:
    """Layers, the topmost first."""

    layers: tuple[Path, ...]

    def over(self, *layers: Path) -> "Root":
        """The same with more layers on top."""
        return Root(layers + self.layers)

    def argv(
        self, command: Sequence[str], binds: Sequence[Bind] = (), upper: Path | None = None, network: bool = False
    ) -> list[str]:
        """The command line that runs a command in here. upper: a folder for what it writes."""
        if upper:
            (upper / "upper").mkdir(exist_ok=True)
            (upper / "work").mkdir(exist_ok=True)
        layers = "layers:" + ":".join(str(layer) for layer in self.layers)
        return enter_argv(layers, str(upper) if upper else "-", command, binds, network)

    def run(
        self,
        command: Sequence[str],
        *,
        what: str,
        binds: Sequence[Bind] = (),
        upper: Path | None = None,
        network: bool = False,
        **kwargs,
    ) -> tuple[int, str]:
        """proc.run() in here."""
        return proc.run(self.argv(command, binds, upper, network), what=what, **kwargs)

    def shell(
        self, script: str, *, what: str, on_line: Callable[[str], None] | None = None, **kwargs
    ) -> tuple[int, str]:
        """Runs a shell script that stops at the first failing command."""
        return self.run(["sh", "-euc", script], what=what, on_line=on_line, **kwargs)

    def interactive(self, command: Sequence[str], **kwargs) -> int:
        """On this terminal."""
        with proc.spawn(self.argv(command, **kwargs), stdin=None, start_new_session=False) as program:
            try:
                return program.wait()
            finally:
                proc.stop(program)


def enter_argv(
    root: str, upper: str, command: Sequence[str], binds: Sequence[Bind] = (), network: bool = False
) -> list[str]:
    where = cache.root() / "mnt"
    where.mkdir(exist_ok=True)
    binds = list(binds)
    if network:
        binds.append(Bind(Path("/etc/resolv.conf").resolve(), "/etc/resolv.conf"))
    return [*ISOLATED, str(ENTER), str(where), root, upper, *map(str, binds), "--", *command]


def finish_upper(folder: Path) -> None:
    """Makes folder/upper a layer: what the overlay needed while it was written is removed."""
    subprocess.run(["rm", "-rf", "--one-file-system", "--", str(folder / "work")], check=True)
