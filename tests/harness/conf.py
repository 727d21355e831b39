# SPDX-License-Identifier: GPL-2.0-only
"""tests/kernels.conf as objects. That file explains the keys."""

import configparser
import shlex
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
    benchmark: Machine | None
    clients: Machine | None

    def machine(self, name: str) -> Machine:
        for machine in self.machines:
            if machine.name == name:
                return machine
        have = ", ".join(machine.name for machine in self.machines) or "none, it is only built"
        raise HarnessError(f"kernel {self.name} has no machine '{name}' in {PATH.name}; it has: {have}")


@dataclass(frozen=True)
class Conf:
    suites: dict[str, Suite]
    kernels: dict[str, Kernel]
    tools_suite: Suite
    tools_source: str
    kunit_packages: tuple[str, ...]
    clients_suite: Suite
    clients_packages: tuple[str, ...]

    def pick(self, names: list[str] | None, booted: bool = False) -> list[Kernel]:
        """The kernels of these names, or all; with booted only those that have a machine."""
        for name in names or []:
            if name not in self.kernels:
                raise HarnessError(f"no kernel '{name}' in {PATH.name}; it has: {', '.join(self.kernels)}")
        kernels = [kernel for kernel in self.kernels.values() if not names or kernel.name in names]
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

    suites = {name: _suite(name, section) for name, section in sections["suite"].items()}
    kernels = {}
    for name, section in sections["kernel"].items():
        suite = suites[section["suite"]]
        arch = sections["arch"][section["arch"]]
        kernels[name] = Kernel(
            name=name,
            suite=suite,
            arch=section["arch"],
            machines=tuple(
                _machine(machine, sections["machine"][machine], arch, suite) for machine in section["machines"].split()
            ),
            modules=tuple(arch["modules"].split()),
            headers=section["headers"],
            image=tuple(section.get("image", "").split()),
            pocket=section.get("pocket", ""),
            source=section.get("source", ""),
            faults=section.get("faults", ""),
            benchmark=_named_machine("benchmark", section, sections["machine"], arch, suite),
            clients=_named_machine("clients", section, sections["machine"], arch, suite),
        )
    tools = sections["tools"][""]
    packages = tuple(sections["kunit"][""]["packages"].split())
    clients = sections["clients"][""]
    return Conf(
        suites,
        kernels,
        suites[tools["suite"]],
        tools["source"],
        packages,
        suites[clients["suite"]],
        tuple(clients["packages"].split()),
    )


def _named_machine(
    key: str,
    section: configparser.SectionProxy,
    machines: dict[str, configparser.SectionProxy],
    arch: configparser.SectionProxy,
    suite: Suite,
) -> Machine | None:
    """The machine that a key of a kernel names, if it has the key."""
    name = section.get(key)
    return _machine(name, machines[name], arch, suite) if name else None


def _suite(name: str, section: configparser.SectionProxy) -> Suite:
    return Suite(
        name=name,
        packages=tuple(section["packages"].split()),
        pockets=tuple(section.get("pockets", "").split()),
        picks=_by_source(section, "from-"),
        unpacks=_by_source(section, "unpack-"),
    )


def _by_source(section: configparser.SectionProxy, prefix: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    keys = [key for key in section if key.startswith(prefix)]
    return tuple((key.removeprefix(prefix), tuple(section[key].split())) for key in keys)


def _machine(name: str, section: configparser.SectionProxy, arch: configparser.SectionProxy, suite: Suite) -> Machine:
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
    )
