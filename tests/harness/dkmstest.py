# SPDX-License-Identifier: GPL-2.0-only
"""tests/run dkms: the scripts in tests/dkms, each in a system of its own that is thrown away."""

import argparse
import fnmatch
import time
from collections.abc import Callable
from pathlib import Path

from .bench import Bench
from .chroot import Bind
from .conf import Kernel
from .kernel import Kernels
from .programs import Program
from .report import HarnessError
from .run import Run
from .tap import Judge
from .threads import results
from .vm import Ended

FOLDER = Path("tests/dkms")
# What the scripts have in common is not one of them.
LIBRARY = "lib"

TIMEOUT = 900


def start(bench: Bench, args: argparse.Namespace) -> Callable[[], object]:
    run = bench.run
    found = [path.stem for path in run.tree.files() if path.match(f"{FOLDER}/*.sh") and path.stem != LIBRARY]
    scripts = [script for script in found if fnmatch.fnmatch(script, args.test)]
    if not scripts:
        raise HarnessError(f"no script in {FOLDER} matches '{args.test}'")
    jobs = [
        bench.jobs.give(_run_one, run, bench.kernels, kernel, script)
        for kernel in run.conf.pick(args.kernel, booted=True)
        for script in scripts
        if fnmatch.fnmatch(script, kernel.dkms) and (args.all or not fnmatch.fnmatch(script, kernel.seldom_dkms))
    ]
    return lambda: results(jobs)


def _run_one(run: Run, kernels: Kernels, kernel: Kernel, script: str) -> None:
    name = f"{kernel.name} dkms {script}"
    with run.report.guard(name):
        release = kernels.release(kernel)
        other = kernels.other_release(kernel)
        binds = [Bind(run.tree.root, "/source")]
        if other:
            binds.append(Bind(kernels.headers_debs(kernel, other), "/debs"))
        system = kernels.installed(kernel)
        judge = Judge(run.report, name, Program(script, FOLDER / f"{script}.sh", timeout=TIMEOUT), 0)
        begin = time.monotonic()
        with run.report.step(name):
            status, _ = system.run(
                ["env", f"KVER={release}", f"OTHER={other}", "sh", f"/source/{FOLDER}/{script}.sh"],
                what=name,
                log=run.log(f"dkms-{kernel.name}-{script}"),
                binds=binds,
                timeout=TIMEOUT,
                check=False,
                on_line=judge.line,
            )
        judge.end(Ended(status, 0, time.monotonic() - begin))
