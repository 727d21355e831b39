# SPDX-License-Identifier: GPL-2.0-only
"""A kernel of kernels.conf on this machine: its newest release, its headers and its boot image.

Headers are installed by apt into a layer over the suite's chroot. Images are only unpacked: nothing in here needs the
initramfs and boot loader work that installing them would start.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from . import bzimage, cache, proc
from .chroot import Bind, Root
from .conf import Kernel
from .report import HarnessError
from .run import Run
from .suite import Known, Suites, pocket_suite


@dataclass(frozen=True)
class Image:
    """An unpacked kernel: folder/vmlinux, and folder/root/usr/lib/modules/RELEASE as on an installed system.

    Of the modules, only those are kept that kernels.conf names, and what they depend on: depmod, which DKMS runs after
    each build, would read thousands of others.
    """

    folder: Path

    @property
    def vmlinux(self) -> Path:
        return self.folder / "vmlinux"

    @property
    def layer(self) -> Path:
        return self.folder / "root"


class Kernels:
    def __init__(self, run: Run, suites: Suites) -> None:
        self.run = run
        self.suites = suites

    def release(self, kernel: Kernel) -> str:
        """The newest release with all packages that it takes."""
        known = self.suites.known(kernel.suite)
        complete = [
            release
            for release in releases(kernel, known)
            if all(package in known.candidates for package in image_packages(kernel, release))
        ]
        if not complete:
            raise HarnessError(
                f"kernel {kernel.name}: apt in the {kernel.suite.name} chroot has no package that matches"
                f" {kernel.headers}" + (f" together with {' '.join(kernel.image)}" if kernel.image else "")
            )
        return complete[-1]

    def headers(self, kernel: Kernel) -> Root:
        """The suite's chroot with this kernel's headers installed."""
        known = self.suites.known(kernel.suite)
        release = self.release(kernel)
        package = headers_package(kernel, release)
        name = f"{release}_{file_version(known.version(package))}-{cache.digest(known.base.name)}"
        install = self._unpack_headers if kernel.suite.foreign else self._install
        folder = cache.entry("headers", name, lambda half: install(kernel, package, Root(known.layers), half), self._wait)
        return Root((folder / "upper", *known.layers))

    def image(self, kernel: Kernel) -> Image:
        known = self.suites.known(kernel.suite)
        release = self.release(kernel)
        packages = [f"{package}={known.version(package)}" for package in image_packages(kernel, release)]
        name = f"{release}_{file_version(packages[0].partition('=')[2])}-{cache.digest(packages, kernel.modules)}"
        return Image(
            cache.entry("images", name, lambda half: self._unpack(kernel, release, packages, half), self._wait)
        )

    def other_release(self, kernel: Kernel) -> str:
        """Another release whose headers apt knows: the one before the newest; empty if there is none."""
        others = [name for name in releases(kernel, self.suites.known(kernel.suite)) if name != self.release(kernel)]
        return others[-1] if others else ""

    def headers_debs(self, kernel: Kernel, release: str) -> Path:
        """A folder with the packages that installing a release's headers takes."""
        known = self.suites.known(kernel.suite)
        package = headers_package(kernel, release)
        name = f"{release}_{file_version(known.version(package))}-{cache.digest(str(self.headers(kernel).layers))}"

        def make(half: Path) -> None:
            title = f"{kernel.name}: downloading {package}"
            with self.suites.installing(kernel.suite), self.run.report.step(title) as step:
                self.headers(kernel).shell(
                    f"{self._stand_in(kernel, release)}cp /tmp/stand-in.deb /var/cache/apt/archives/\n"
                    f"apt-get install -y --download-only {self._target(kernel)}{package}\n"
                    "rm -rf /var/cache/apt/archives/lock /var/cache/apt/archives/partial\n",
                    what=f"apt-get install --download-only {package}",
                    log=self.run.log(f"debs-{kernel.name}"),
                    binds=[self.suites.lists(kernel.suite), Bind(half, "/var/cache/apt/archives", writable=True)],
                    network=True,
                    on_line=step.progress,
                )

        return cache.entry("debs", name, make, self._wait)

    def installed(self, kernel: Kernel) -> Root:
        """A system with this kernel (if it has an image) and its headers, as a user of DKMS has it."""
        root = self.headers(kernel)
        return root.over(self.image(kernel).layer) if kernel.image else root

    def _wait(self) -> None:
        self.run.report.line("waiting for another run that is preparing this kernel")

    def _unpack_headers(self, kernel: Kernel, package: str, base: Root, half: Path) -> None:
        """Headers of another architecture, with the tools of this one: apt would want that architecture's compiler."""
        release = self.release(kernel)
        flavour = f"-{kernel.suite.foreign}"
        packages = [package, f"{package.removesuffix(flavour)}-common", f"linux-kbuild-{release.removesuffix(flavour)}"]
        script = (
            f"cd /tmp; apt-get -o APT::Sandbox::User=root download {' '.join(packages)}\n"
            'for deb in *.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C /; done\n'
            "rm *.deb\n"
        )
        title = f"{kernel.name}: unpacking {' '.join(packages)}"
        self.suites.install(kernel.suite, base, half, script, title, f"headers-{kernel.name}")

    def _install(self, kernel: Kernel, package: str, base: Root, half: Path) -> None:
        script = self._stand_in(kernel, self.release(kernel))
        script += f"apt-get install -y {self._target(kernel)}{package}\napt-get clean\n"
        title = f"{kernel.name}: installing {package}"
        self.suites.install(kernel.suite, base, half, script, title, f"headers-{kernel.name}")

    def _target(self, kernel: Kernel) -> str:
        return f"-t {pocket_suite(kernel.suite, kernel.pocket)} " if kernel.pocket else ""

    def _stand_in(self, kernel: Kernel, release: str) -> str:
        """Shell commands that tell dpkg that the image package is there, which some headers packages want.

        Its files are a layer of their own; the real package would bring an initramfs and a boot loader.
        """
        package = f"linux-image-{release}"
        candidates = self.suites.known(kernel.suite).candidates
        if package not in candidates:
            return "touch /tmp/stand-in.deb\n"
        control = (
            f"Package: {package}\nVersion: {candidates[package]}\nArchitecture: amd64\n"
            "Maintainer: iommu-next tests\nDescription: stands for the image\n"
        )
        return f"""mkdir -p /tmp/stand-in/DEBIAN
cat >/tmp/stand-in/DEBIAN/control <<'END'
{control}END
dpkg-deb --build /tmp/stand-in /tmp/stand-in.deb
dpkg --install /tmp/stand-in.deb
"""

    def _unpack(self, kernel: Kernel, release: str, packages: list[str], half: Path) -> None:
        debs = half / "debs"
        debs.mkdir()
        log = self.run.log(f"image-{kernel.name}")
        base = self.suites.root(kernel.suite)
        title = f"{kernel.name}: downloading the image of {release}"
        with self.suites.installing(kernel.suite), self.run.report.step(title) as step:
            base.shell(
                f"cd /debs; apt-get -o APT::Sandbox::User=root download {' '.join(packages)}",
                what=f"apt-get download {' '.join(packages)}",
                log=log,
                binds=[self.suites.lists(kernel.suite), Bind(debs, "/debs", writable=True)],
                network=True,
                on_line=step.progress,
            )
        with self.run.report.step(f"{kernel.name}: unpacking it"):
            # /lib is a link to /usr/lib in the chroots; the packages of older suites still have files in /lib.
            (half / "root/usr/lib").mkdir(parents=True)
            (half / "root/lib").symlink_to("usr/lib")
            for deb in sorted(debs.iterdir()):
                unpack(deb, half / "root", ["./boot/vmlinuz-*", "./lib/modules", "./usr/lib/modules"], log)
            image = find_image(half / "root", release)
            bzimage.unpack(image, half / "vmlinux", base)
            cache.remove(debs)
            keep_modules(base, half / "root", release, kernel.modules)
            (half / "root/lib").unlink()
            cache.remove(half / "root/boot")
            image.unlink(missing_ok=True)


def releases(kernel: Kernel, known: Known) -> list[str]:
    """All releases whose headers apt knows, the newest last."""
    matches = (re.fullmatch(kernel.headers, package) for package in known.candidates)
    return sorted((match.group(1) for match in matches if match), key=by_number)


def by_number(release: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", release)]


def headers_package(kernel: Kernel, release: str) -> str:
    return f"linux-headers-{release}"


def image_packages(kernel: Kernel, release: str) -> list[str]:
    return [package.format(release=release) for package in kernel.image]


def file_version(version: str) -> str:
    return re.sub(r"[^\w.+~-]", "_", version)


def unpack(deb: Path, target: Path, members: list[str], log: Path) -> None:
    """Unpacks what matches the patterns; a package need not have all of them."""
    command = 'dpkg-deb --fsys-tarfile "$0" | tar -x --keep-directory-symlink -C "$1" --wildcards "$2" "$3" "$4"'
    status, output = proc.run(
        ["bash", "-o", "pipefail", "-c", command, str(deb), str(target), *members],
        what=f"unpacking {deb.name}",
        log=log,
        check=False,
    )
    complaints = [line for line in output.splitlines() if "Not found in archive" not in line and "Exiting" not in line]
    if complaints or (status != 0 and len(output.splitlines()) > len(members)):
        raise proc.CommandFailed(f"unpacking {deb.name}", status, output, log)


def find_image(root: Path, release: str) -> Path:
    """The boot image: older packages have it in /boot, newer ones with the modules; one that is not signed says so."""
    found = [*root.glob(f"boot/vmlinuz-{release}"), *root.glob(f"usr/lib/modules/{release}/vmlinuz*")]
    if len(found) != 1:
        raise HarnessError(f"the image packages of {release} have {len(found)} boot images; kernels.conf is wrong")
    return found[0]


def keep_modules(base: Root, root: Path, release: str, names: tuple[str, ...]) -> None:
    """Removes all other modules, and writes the files that modprobe reads."""
    folder = root / "usr/lib/modules" / release
    _, output = base.shell(
        f"depmod -b /image {release}\nmodprobe -d /image -S {release} --show-depends -a {' '.join(names)}",
        what=f"looking for the modules of {release} that kernels.conf names",
        binds=[Bind(root, "/image", writable=True)],
    )
    keep = {line.split()[1].rpartition(f"/{release}/")[2] for line in output.splitlines() if line.startswith("insmod ")}
    for path in folder.rglob("*.ko*"):
        if str(path.relative_to(folder)) not in keep:
            path.unlink()
    base.run(["depmod", "-b", "/image", release], what="depmod", binds=[Bind(root, "/image", writable=True)])
