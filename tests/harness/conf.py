# SPDX-License-Identifier: GPL-2.0-only
"""tests/kernels.conf as objects. That file explains the keys."""

import configparser
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .report import HarnessError

TREE = Path(__file__).resolve().parents[2]
PATH = TREE / "tests" / "kernels.conf"


@dataclass(frozen=True)
class Suite:
    name: str
    packages: tuple[str, ...]
    pockets: tuple[str, ...]
    # (pocket or other suite, packages that come from it)
    picks: tuple[tuple[str, tuple[str, ...]], ...]
    unpacks: tuple[tuple[str, tuple[str, ...]], ...]
    # The suite that this one is a layer over, and what that is for: guests of another architecture.
    over: "Suite | None" = None
    foreign: str = ""
    compiler: str = "gcc"
    guest: tuple[str, ...] = ()

    @property
    def codename(self) -> str:
        return self.over.codename if self.over else self.name


@dataclass(frozen=True)
class Machine:
    """A virtual machine with everything that its arch says, for one suite's QEMU."""

    name: str
    about: str
    qemu: str
    args: tuple[str, ...]
    cmdline: str
    # Arguments of the demo on this machine; None where it does not run.
    demo: tuple[str, ...] | None
    # Serial ports by their name in the guest: the kernel's console, and the one for results.
    console: str
    result: str
    # Stock modules that are loaded at boot, where the kernel has them.
    modules: tuple[str, ...] = ()
    # Patterns of QEMU's trace events that are recorded.
    trace: tuple[str, ...] = ()
    # Where the QEMU comes from; None for what is no QEMU.
    suite: Suite | None = None


@dataclass(frozen=True)
class Kernel:
    name: str
    suite: Suite
    arch: str
    machines: tuple[Machine, ...]
    modules: tuple[str, ...]
    headers: str
    image: tuple[str, ...]
    pocket: str
    source: str
    faults: str
    dkms: str
    seldom_dkms: str
    benchmark: Machine | None

    def machine(self, name: str) -> Machine:
        for machine in self.machines:
            if machine.name == name:
                return machine
        have = ", ".join(machine.name for machine in self.machines) or "none, it is only built"
        raise HarnessError(f"kernel {self.name} has no machine '{name}' in {PATH.name}; it has: {have}")


@dataclass(frozen=True)
class Clients:
    """Programs that run in a guest, and what they need besides their libraries."""

    # One for each architecture.
    suites: tuple[Suite, ...]
    packages: tuple[str, ...]
    programs: tuple[str, ...]
    files: tuple[str, ...]
    # By name of the arch.
    args: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Conf:
    suites: dict[str, Suite]
    kernels: dict[str, Kernel]
    tools_suite: Suite
    tools_source: str
    kunit_packages: tuple[str, ...]
    clients: Clients

    def pick(self, names: list[str] | None, booted: bool = False, foreign: bool = False) -> list[Kernel]:
        """The kernels of these names, or all; with booted only those that have a machine, and without foreign only those
        of this machine's architecture."""
        for name in names or []:
            if name not in self.kernels:
                raise HarnessError(f"no kernel '{name}' in {PATH.name}; it has: {', '.join(self.kernels)}")
        kernels = [kernel for kernel in self.kernels.values() if not names or kernel.name in names]
        kernels = [kernel for kernel in kernels if foreign or not kernel.suite.foreign]
        return [kernel for kernel in kernels if kernel.machines or not booted]


def load() -> Conf:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        with open(PATH, encoding="utf-8") as handle:
            parser.read_file(handle)
        return _conf(parser)
    except (OSError, configparser.Error, KeyError, ValueError) as err:
        raise HarnessError(f"{PATH}: {type(err).__name__}: {err}") from err


def _conf(parser: configparser.ConfigParser) -> Conf:
    sections: dict[str, dict[str, configparser.SectionProxy]] = {}
    for title in parser.sections():
        kind, _, name = title.partition(" ")
        sections.setdefault(kind, {})[name] = parser[title]

    suites: dict[str, Suite] = {}
    for name, section in sections["suite"].items():
        suites[name] = _suite(name, section, suites)
    kernels = {}
    for name, section in sections["kernel"].items():
        suite = suites[section["suite"]]
        arch = sections["arch"][section["arch"]]
        kernels[name] = Kernel(
            name=name,
            suite=suite,
            arch=section["arch"],
            machines=tuple(
                _machine(machine, sections["machine"][machine], arch, suites, suite)
                for machine in section["machines"].split()
            ),
            modules=tuple((arch["modules"] + " " + section.get("modules", "")).split()),
            headers=section["headers"],
            image=tuple(section.get("image", "").split()),
            pocket=section.get("pocket", ""),
            source=section.get("source", ""),
            faults=section.get("faults", ""),
            dkms=section.get("dkms", "*"),
            seldom_dkms=section.get("dkms-seldom", ""),
            benchmark=(
                _machine(section["benchmark"], sections["machine"][section["benchmark"]], arch, suites, suite)
                if "benchmark" in section
                else None
            ),
        )
    tools = sections["tools"][""]
    packages = tuple(sections["kunit"][""]["packages"].split())
    clients = _clients(sections["clients"][""], suites, sections["arch"])
    return Conf(suites, kernels, suites[tools["suite"]], tools["source"], packages, clients)


def _clients(section: configparser.SectionProxy, suites: dict[str, Suite], archs: Iterable[str]) -> Clients:
    return Clients(
        suites=tuple(suites[name] for name in section["suites"].split()),
        packages=tuple(section["packages"].split()),
        programs=tuple(section["programs"].split()),
        files=tuple(section["files"].split()),
        args={arch: tuple(shlex.split(f"{section['args']} {section.get(f'args-{arch}', '')}")) for arch in archs},
    )


def _suite(name: str, section: configparser.SectionProxy, others: dict[str, Suite]) -> Suite:
    return Suite(
        name=name,
        packages=tuple(section["packages"].split()),
        pockets=tuple(section.get("pockets", "").split()),
        picks=_by_source(section, "from-"),
        unpacks=_by_source(section, "unpack-"),
        over=others[section["over"]] if "over" in section else None,
        foreign=section.get("foreign", ""),
        compiler=section.get("compiler", "gcc"),
        guest=tuple(section.get("guest", "").split()),
    )


def _by_source(section: configparser.SectionProxy, prefix: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    keys = [key for key in section if key.startswith(prefix)]
    return tuple((key.removeprefix(prefix), tuple(section[key].split())) for key in keys)


def _machine(
    name: str,
    section: configparser.SectionProxy,
    arch: configparser.SectionProxy,
    suites: dict[str, Suite],
    suite: Suite,
) -> Machine:
    suite = suites[section["suite"]] if "suite" in section else suite
    args = [arch["args"], section.get("args", ""), section.get(f"args-{suite.name}", "")]
    return Machine(
        name=name,
        about=section["about"],
        qemu=arch["qemu"],
        args=tuple(shlex.split(" ".join(args))),
        cmdline=f"{arch['cmdline']} {section.get('cmdline', '')}".strip(),
        demo=tuple(section["demo"].split()) if "demo" in section else None,
        console=arch["console"],
        result=arch["result"],
        modules=tuple(section.get("modules", "").split()),
        trace=tuple(section.get("trace", "").split()),
        suite=suite,
    )
