# SPDX-License-Identifier: GPL-2.0-only
"""Compares include/uapi/linux/iommu-next.h with the kernel's own headers: every number, size and offset.

Both are compiled, so what is compared is what a compiler makes of them: layouts and enumerators from BTF, macros by
their value. Nothing is listed here but how a name of theirs is called in ours, so nothing can be forgotten.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

# Of linux/vfio.h, what our header has.
VFIO_NAMES = {
    "vfio_device_bind_iommufd": "iommu_next_vfio_device_bind",
    "vfio_device_attach_iommufd_pt": "iommu_next_vfio_device_attach",
    "vfio_device_detach_iommufd_pt": "iommu_next_vfio_device_detach",
    "VFIO_DEVICE_BIND_IOMMUFD": "IOMMU_NEXT_VFIO_DEVICE_BIND",
    "VFIO_DEVICE_ATTACH_IOMMUFD_PT": "IOMMU_NEXT_VFIO_DEVICE_ATTACH",
    "VFIO_DEVICE_DETACH_IOMMUFD_PT": "IOMMU_NEXT_VFIO_DEVICE_DETACH",
    "VFIO_DEVICE_BIND_FLAG_TOKEN": "IOMMU_NEXT_VFIO_DEVICE_BIND_FLAG_TOKEN",
    "VFIO_DEVICE_ATTACH_PASID": "IOMMU_NEXT_VFIO_DEVICE_ATTACH_PASID",
    "VFIO_DEVICE_DETACH_PASID": "IOMMU_NEXT_VFIO_DEVICE_DETACH_PASID",
    "VFIO_TYPE": "IOMMU_NEXT_VFIO_TYPE",
    "VFIO_BASE": "IOMMU_NEXT_VFIO_BASE",
}

HEADERS = {"theirs": "linux/iommufd.h", "vfio": "linux/vfio.h", "ours": "linux/iommu-next.h"}


def our_name(name: str) -> str:
    """What a name of linux/iommufd.h is called in our header."""
    name = re.sub(r"^IOMMU(FD)?_", "IOMMU_NEXT_", name)
    return re.sub(r"^iommu(fd)?_", "iommu_next_", name)


SCRIPT = r"""
cd "$(mktemp -d)"
for header in linux/iommufd.h linux/vfio.h linux/iommu-next.h; do
	echo "#include <$header>" >one.c
	gcc -I/source/include/uapi -gbtf -fno-eliminate-unused-debug-types -c -o one.o one.c
	bpftool --json btf dump file one.o >>dumps
	echo >>dumps
done
{
	echo '#include <stdio.h>'
	for header in linux/iommufd.h linux/vfio.h linux/iommu-next.h; do
		echo "#include <$header>"
	done
	echo 'int main(void) { printf("{"); '
	for header in linux/iommufd.h linux/vfio.h linux/iommu-next.h; do
		echo "#include <$header>" | gcc -I/source/include/uapi -E -dM -
	done | sed -n 's/^#define \(\(IOMMU\|VFIO_\)[A-Z0-9_]*\) [^ ].*/\1/p' | sort -u |
		sed 's/.*/printf("\\"&\\": %llu,", (unsigned long long)(&));/'
	echo 'puts("\"end\": 0}"); return 0; }'
} >all.c
gcc -Wall -Werror -I/source/include/uapi -o all all.c
cat dumps
./all
dpkg-query --show --showformat '"${Version}"\n' linux-libc-dev
"""


@dataclass
class Header:
    """What a compiler knows of a header. A layout is a list of (path, bit offset, type)."""

    layouts: dict[str, list[tuple[str, int, str]]] = field(default_factory=dict)
    enumerators: dict[str, int] = field(default_factory=dict)


def read_btf(text: str) -> Header:
    types = {entry["id"]: entry for entry in json.loads(text)["types"]}
    header = Header()
    for entry in types.values():
        if entry["kind"] in ("STRUCT", "UNION") and entry["name"] != "(anon)":
            size = ("sizeof", entry["size"] * 8, "")
            header.layouts[entry["name"]] = [size, *_members(types, entry, "", 0)]
        if entry["kind"] in ("ENUM", "ENUM64"):
            header.enumerators.update((value["name"], value["val"]) for value in entry["values"])
    return header


def _members(types: dict, entry: dict, path: str, base: int) -> Iterator[tuple[str, int, str]]:
    for member in entry["members"]:
        inner = types.get(member["type_id"], {})
        offset = base + member["bits_offset"]
        if member["name"] == "(anon)":
            yield from _members(types, inner, path, offset)
        else:
            yield path + member["name"], offset, _type(types, member["type_id"])


def _type(types: dict, number: int) -> str:
    entry = types.get(number)
    if not entry:
        return "void"
    kind = entry["kind"]
    if kind == "ARRAY":
        return f"{_type(types, entry['type_id'])}[{entry['nr_elems']}]"
    if kind == "INT":
        return f"{'s' if entry['encoding'] == 'SIGNED' else 'u'}{entry['nr_bits']}"
    if kind in ("STRUCT", "UNION", "ENUM", "ENUM64"):
        return f"{kind.lower()} {our_name(entry['name'])}"
    return _type(types, entry["type_id"])


def compare(output: str) -> tuple[list[str], str]:
    """Findings, and a note about what was compared, from what SCRIPT has printed."""
    *dumps, macro_text, version = [line for line in output.splitlines() if line]
    headers = dict(zip(HEADERS, map(read_btf, dumps)))
    macros = json.loads(macro_text)
    comparison = Comparison(headers["ours"], macros)
    comparison.with_header("linux/iommufd.h", headers["theirs"], r"iommu(fd)?_", r"IOMMU(FD)?_(?!NEXT_)", our_name)
    names = "|".join(VFIO_NAMES)
    comparison.with_header("linux/vfio.h", headers["vfio"], f"({names})$", f"({names})$", VFIO_NAMES.__getitem__)
    comparison.leftovers()
    note = f"{len(comparison.structs)} structs, {len(comparison.numbers)} numbers, with linux-libc-dev {json.loads(version)}"
    return comparison.findings, note


class Comparison:
    """Of our header with others, one after the other."""

    def __init__(self, ours: Header, macros: dict[str, int]) -> None:
        self.ours = ours
        self.macros = macros
        self.findings: list[str] = []
        self.structs: set[str] = set()
        self.numbers: set[str] = set()

    def with_header(self, file: str, theirs: Header, structs: str, numbers: str, ours: Callable[[str], str]) -> None:
        for name, layout in theirs.layouts.items():
            if re.match(structs, name):
                self._struct(f"{file}: struct {name}", layout, ours(name))
        for name, value in {**theirs.enumerators, **self.macros}.items():
            if re.match(numbers, name):
                self._number(f"{file}: {name}", value, ours(name))

    def _struct(self, what: str, layout: list[tuple[str, int, str]], name: str) -> None:
        self.structs.add(name)
        if name not in self.ours.layouts:
            self.findings.append(f"{what}: we have no struct {name}")
        elif layout != self.ours.layouts[name]:
            differing = sorted(set(layout) ^ set(self.ours.layouts[name]))
            self.findings.append(f"{what}: struct {name} is different: {differing}")

    def _number(self, what: str, value: int, name: str) -> None:
        self.numbers.add(name)
        known = self.ours.enumerators.get(name, self.macros.get(name))
        if known != value:
            self.findings.append(f"{what} is {value}, {name} is {known}")

    def leftovers(self) -> None:
        """What only we have: in this header nothing may be."""
        structs = {name for name in self.ours.layouts if name.startswith("iommu_next_")}
        numbers = {name for name in (*self.ours.enumerators, *self.macros) if name.startswith("IOMMU_NEXT_")}
        extra = sorted((structs - self.structs) | (numbers - self.numbers))
        self.findings.extend(f"{HEADERS['ours']}: {name} is in no header of the kernel" for name in extra)
        if not self.structs or not self.numbers:
            self.findings.append("nothing was compared")
