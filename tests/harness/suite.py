# SPDX-License-Identifier: GPL-2.0-only
"""One chroot for each Debian release, and what apt knows in it.

The chroot is made once and never changed. Package lists are kept beside it, renewed when they are older than MAX_AGE;
when they show a newer version of something in the chroot, a new chroot is made.
"""

import json
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import cache, chroot, host, proc
from .chroot import Bind, Root
from .conf import Suite
from .once import Once
from .report import HarnessError, Step
from .run import Run

MAX_AGE = 6 * 3600

# Raised when the code below makes another chroot of the same recipe.
MAKER = 1

APT_CONF = """\
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::GzipIndexes "true";
Acquire::Retries "3";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
"""

DPKG_OPTIONS = (
    "force-unsafe-io",
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/doc/*/*",
    "path-include=/usr/share/doc/*/copyright",
)


@dataclass(frozen=True)
class Known:
    """What apt knows in a suite: package -> version that it would install."""

    base: Path
    candidates: dict[str, str]
    # What the chroot is a layer over.
    below: tuple[Path, ...] = ()

    @property
    def layers(self) -> tuple[Path, ...]:
        return (self.base / "upper", *self.below) if self.below else (self.base,)

    @property
    def user_space(self) -> Path:
        """Where the programs are that a guest gets."""
        return self.base / "guest" if self.below else self.base

    def version(self, package: str) -> str:
        if package not in self.candidates:
            raise HarnessError(f"{self.base.name}: apt knows no package {package}")
        return self.candidates[package]


class Suites:
    """Chroots by suite, each made when first asked for."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._known: Once[Known] = Once()

    def known(self, suite: Suite) -> Known:
        return self._known.get(suite.name, lambda: self._prepare(suite))

    def root(self, suite: Suite) -> Root:
        return Root(self.known(suite).layers)

    def guest(self, suite: Suite) -> list[Bind]:
        """The guest's user space, where it is not that of the chroot itself."""
        return [Bind(self.known(suite).user_space, "/guest")] if suite.foreign else []

    def _below(self, suite: Suite) -> tuple[Path, ...]:
        return self.known(suite.over).layers if suite.over else ()

    def _recipe(self, suite: Suite) -> str:
        below = self._below(suite)
        return cache.digest(recipe(suite), [layer.name for layer in below]) if below else recipe(suite)

    def _prepare(self, suite: Suite) -> Known:
        wait = f"{suite.name}: waiting for another run that is preparing this chroot"
        with cache.locked(f"suite-{suite.name}", lambda: self.run.report.line(wait)):
            pointer = self._pointer(suite)
            state = read_state(pointer, self._recipe(suite))
            if state and not self.run.offline and not 0 <= time.time() - state["updated"] < MAX_AGE:
                state = self._refresh(suite, state)
            if not state:
                if self.run.offline:
                    raise HarnessError(f"the {suite.name} chroot does not exist yet; run once without --offline")
                state = self._make(suite)
            write_state(pointer, state)
            base = cache.root() / "base" / state["base"]
            cache.mark(base)
            return Known(base, state["candidates"], self._below(suite))

    def _make(self, suite: Suite) -> dict:
        cache.free_space_or_fail(6)
        name = f"{suite.name}-{time.strftime('%Y%m%d%H%M%S')}-{self._recipe(suite)}"
        fill = self._fill_over if suite.over else self._fill
        with self.run.report.step(f"{suite.name}: making the chroot") as step:
            base = cache.entry("base", name, lambda folder: fill(suite, folder, step))
        self.run.report.line(f"{suite.name}: installed {' '.join(own_packages(suite))}")
        return self._ask(suite, base)

    def _fill(self, suite: Suite, folder: Path, step: Step) -> None:
        log = self.run.log(f"chroot-{suite.name}")
        argv = ["mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory", "--components=main"]
        argv += [f"--dpkgopt={option}" for option in DPKG_OPTIONS]
        argv += [f"--aptopt={line}" for line in APT_CONF.splitlines() + host.apt_settings()]
        argv += [f"--include={','.join(suite.packages)}", suite.name, str(folder)]
        argv += host.debian_mirrors(host.release_codename(), suite.name)
        proc.run([*chroot.ISOLATED, "--mount-proc", *argv], what="mmdebstrap", log=log, on_line=step.progress)

        add_sources(suite, folder)
        # Packages that are installed in here must not start services.
        (folder / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
        (folder / "usr/sbin/policy-rc.d").chmod(0o755)
        script = "apt-get update\n"
        for pocket, packages in suite.picks:
            script += f"apt-get install -y -t {pocket_suite(suite, pocket)} {' '.join(packages)}\n"
        for other, packages in suite.unpacks:
            script += unpack_script(suite, other, packages)
        script += "apt-get clean\n"
        argv = chroot.enter_argv(f"dir:{folder}", "-", ["sh", "-euc", script], [self.lists(suite)], network=True)
        proc.run(argv, what=f"apt-get in the {suite.name} chroot", log=log, on_line=step.progress)

    def _fill_over(self, suite: Suite, folder: Path, step: Step) -> None:
        """A layer: apt knows packages of the other architecture too, and those of a guest are unpacked beside it."""
        lists = self.lists(suite)
        # Most of them are those of the suite below.
        shutil.copytree(self.lists(suite.over).source, lists.source, dirs_exist_ok=True, symlinks=True)
        script = f"dpkg --add-architecture {suite.foreign}\napt-get update\n"
        script += f"apt-get install -y {' '.join(suite.packages)}\n"
        for pocket, packages in suite.picks:
            script += f"apt-get install -y -t {pocket_suite(suite, pocket)} {' '.join(packages)}\n"
        script += guest_script(suite, suite.guest) + "apt-get clean\n"
        (folder / "guest").mkdir()
        Root(self._below(suite)).shell(
            script,
            what=f"apt-get in the {suite.name} chroot",
            log=self.run.log(f"chroot-{suite.name}"),
            binds=[lists, Bind(folder / "guest", "/guest", writable=True)],
            upper=folder,
            network=True,
            on_line=step.progress,
        )
        chroot.finish_upper(folder)

    def lists(self, suite: Suite) -> Bind:
        """The package lists, for a chroot in which apt has to know them."""
        folder = cache.root() / "lists" / suite.name
        folder.mkdir(parents=True, exist_ok=True)
        return Bind(folder, "/var/lib/apt/lists", writable=True)

    def _pointer(self, suite: Suite) -> Path:
        """By recipe: two trees with other packages in kernels.conf do not take each other's chroot away."""
        return self.lists(suite).source.with_name(f"{suite.name}-{self._recipe(suite)}.json")

    @contextmanager
    def installing(self, suite: Suite) -> Iterator[None]:
        """Around the installation or download of packages: if it fails, old package lists may be the reason."""
        try:
            yield
        except proc.CommandFailed as err:
            state = read_state(self._pointer(suite), self._recipe(suite))
            if state:
                write_state(self._pointer(suite), {**state, "updated": 0})
            raise HarnessError(f"{err}\n    the next run will renew the package lists of {suite.name}") from err

    def install(
        self, suite: Suite, root: Root, half: Path, script: str, title: str, log: str, binds: Sequence[Bind] = ()
    ) -> None:
        """Runs a script that gets packages, in a chroot; what it writes there becomes the layer half/upper."""
        with self.installing(suite), self.run.report.step(title) as step:
            root.shell(
                script,
                what=title,
                log=self.run.log(log),
                binds=[self.lists(suite), *binds],
                upper=half,
                network=True,
                on_line=step.progress,
            )
        chroot.finish_upper(half)

    def _refresh(self, suite: Suite, state: dict) -> dict | None:
        """Renews the package lists; None if a new chroot has to be made from them."""
        base = cache.root() / "base" / state["base"]
        with self.run.report.step(f"{suite.name}: renewing the package lists") as step:
            try:
                self._open(suite, base).run(
                    ["apt-get", "update", "--error-on=any"],
                    what=f"apt-get update in the {suite.name} chroot",
                    binds=[self.lists(suite)],
                    network=True,
                    on_line=step.progress,
                )
            except proc.CommandFailed as err:
                raise HarnessError(f"{err}\n    --offline uses what the cache has") from err
        state = self._ask(suite, base)
        newer = [name for name, version in state["installed"].items() if state["candidates"].get(name) != version]
        if newer:
            self.run.report.line(f"{suite.name}: newer packages for the chroot: {' '.join(newer)}")
            return None
        return state

    def _open(self, suite: Suite, base: Path) -> Root:
        return Root(Known(base, {}, self._below(suite)).layers)

    def _ask(self, suite: Suite, base: Path) -> dict:
        own = own_packages(suite)
        script = f"apt-cache policy {' '.join(own)} $(apt-cache pkgnames linux-)"
        _, output = self._open(suite, base).shell(script, what="apt-cache", binds=[self.lists(suite)])
        candidates, installed = parse_policy(output)
        missing = [name for name in own if name not in installed]
        if missing:
            names = " ".join(missing)
            raise HarnessError(f"{suite.name}: not installed by these names, kernels.conf is wrong: {names}")
        return {
            "recipe": self._recipe(suite),
            "base": base.name,
            "updated": time.time(),
            "candidates": candidates,
            "installed": {name: installed[name] for name in own},
        }


def own_packages(suite: Suite) -> list[str]:
    return sorted({*suite.packages, *(package for _, packages in suite.picks for package in packages)})


def recipe(suite: Suite) -> str:
    packages: tuple = (suite.packages, suite.pockets, suite.picks, suite.unpacks)
    if suite.over:
        packages = (*packages, suite.foreign, suite.guest)
    return cache.digest(MAKER, suite.name, packages, APT_CONF, DPKG_OPTIONS)


def read_state(pointer: Path, wanted: str) -> dict | None:
    """The state in the file, if it is one that can be used."""
    try:
        state = json.loads(pointer.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if state.get("recipe") != wanted or not (cache.root() / "base" / state["base"]).is_dir():
        return None
    return state


def write_state(pointer: Path, state: dict) -> None:
    fresh = pointer.with_suffix(".new")
    fresh.write_text(json.dumps(state, indent=1), encoding="utf-8")
    fresh.replace(pointer)


def pocket_suite(suite: Suite, pocket: str) -> str:
    return f"{suite.codename}-backports" if pocket == "backports" else pocket


def source_line(suite: Suite, folder: Path, other: str) -> str:
    """A package source for another suite, made from the chroot's line for its own."""
    text = (folder / "etc/apt/sources.list").read_text(encoding="utf-8")
    line = re.search(rf"^deb (?:\[[^]]*\] )?(\S+) {suite.name} main$", text, re.M)
    if not line:
        raise HarnessError(f"{folder}/etc/apt/sources.list has no line for {suite.name}:\n{text}")
    return line.group(0).replace(f" {suite.name} main", f" {other} main") + "\n"


def add_sources(suite: Suite, folder: Path) -> None:
    for pocket in suite.pockets:
        line = source_line(suite, folder, pocket_suite(suite, pocket))
        (folder / f"etc/apt/sources.list.d/{pocket}.list").write_text(line, encoding="utf-8")
    for other, _ in suite.unpacks:
        # What is not released yet expires after days, on a frozen mirror for good. Signatures are checked all the same.
        line = re.sub(r"^deb (\[[^]]*\] )?", "deb [check-valid-until=no] ", source_line(suite, folder, other))
        (folder / f"etc/apt/sources.list.d/{other}.off").write_text(line, encoding="utf-8")


def unpack_script(suite: Suite, other: str, packages: tuple[str, ...]) -> str:
    """Shell commands that take the files of packages from another suite, which is a package source only meanwhile."""
    source = f"/etc/apt/sources.list.d/{other}"
    return f"""mv {source}.off {source}.list
apt-get update
mkdir /tmp/unpack
cd /tmp/unpack
apt-get -o APT::Sandbox::User=root download {' '.join(f'{package}/{other}' for package in packages)}
for deb in *.deb; do dpkg-deb --extract "$deb" /; done
cd /
rm -r /tmp/unpack {source}.list
apt-get update
"""


def guest_script(suite: Suite, packages: tuple[str, ...]) -> str:
    """Shell commands that unpack packages for a guest, and what they depend on, into /guest. Nothing of them is run."""
    options = f"-o APT::Architecture={suite.foreign} -o APT::Architectures={suite.foreign} -o Dir::State::status=/tmp/none"
    return f"""mkdir -p /tmp/debs/partial
: >/tmp/none
apt-get {options} -o Dir::Cache::archives=/tmp/debs/ install -y --download-only {' '.join(packages)}
mkdir -p /guest/usr/bin /guest/usr/sbin /guest/usr/lib
for name in bin sbin lib; do ln -s usr/$name /guest/$name; done
for deb in /tmp/debs/*.deb; do
	dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C /guest --exclude=./usr/share/doc \\
		--exclude=./usr/share/man --exclude=./usr/share/locale
done
rm -r /tmp/debs
"""


def parse_policy(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Of apt-cache policy's output: candidates and installed versions by package."""
    candidates, installed = {}, {}
    name = ""
    for line in text.splitlines():
        if not line.startswith(" "):
            # A package of another architecture has it behind its name.
            name = line.rstrip(":").partition(":")[0]
        elif line.startswith("  Candidate: ") and "(none)" not in line:
            candidates[name] = line.split(": ", 1)[1]
        elif line.startswith("  Installed: ") and "(none)" not in line:
            installed[name] = line.split(": ", 1)[1]
    return candidates, installed
