# SPDX-License-Identifier: GPL-2.0-only
"""Everything that a machine needs, put together; and machines run with it."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from . import cache, initramfs, klog, proc, programs, vm
from .conf import Kernel, Machine, Suite
from .initramfs import Parts, Plan
from .kernel import Kernels
from .modules import Modules
from .once import Once
from .programs import Binary, Program, Programs
from .report import HarnessError
from .run import Run
from .suite import Suites
from .tap import Judge
from .threads import Jobs
from .trace import Trace
from .vm import Ended, Guest, Outcome


class Bench:
    def __init__(self, run: Run) -> None:
        self.run = run
        self.jobs = Jobs()
        self.suites = Suites(run)
        self.kernels = Kernels(run, self.suites)
        self.modules = Modules(run, self.kernels)
        self.programs = Programs(run, self.suites)
        self._parts: Once[Parts] = Once()
        self._binaries: Once[dict[str, Binary]] = Once()

    def parts(self, kernel: Kernel) -> Parts:
        return self._parts.get(kernel.name, lambda: self._make_parts(kernel))

    def _make_parts(self, kernel: Kernel) -> Parts:
        return Parts(
            base=initramfs.base(kernel, self.suites, self.kernels),
            guest=self.run.tree.root / "tests/guest",
            chroot=self.suites.known(kernel.suite).user_space,
            installed=self.modules.installed(kernel),
        )

    def binaries(self, kernel: Kernel, wanted: list[Program]) -> dict[str, Binary]:
        """Those that compile; the others are reported as failed, once."""
        suite = kernel.suite
        name = " ".join([suite.name, *(program.name for program in wanted)])
        return self._binaries.get(name, lambda: self._make_binaries(suite, wanted))

    def _make_binaries(self, suite: Suite, wanted: list[Program]) -> dict[str, Binary]:
        good = {}
        for name, result in self.programs.binaries(suite, self.runnable(suite, wanted)).items():
            if isinstance(result, HarnessError):
                self.run.report.fail(f"{suite.name} {name}", str(result))
            else:
                good[name] = result
        return good

    def runnable(self, suite: Suite, wanted: list[Program]) -> list[Program]:
        """Those of the programs that run on a machine of one of the suite's kernels, and the tools that they call."""
        kernels = [kernel for kernel in self.run.conf.kernels.values() if kernel.suite == suite]

        def runs(program: Program) -> bool:
            if program.source.match(programs.BENCHMARKS):
                return any(kernel.benchmark for kernel in kernels)
            return any(
                program.fits(kernel.name, machine.name, every=True)
                and (program.source != programs.DEMO or machine.demo is not None)
                for kernel in kernels
                for machine in kernel.machines
            )

        chosen = [program for program in wanted if runs(program)]
        return [*chosen, *programs.tools(self.run.tree, chosen)]

    def run_machine(
        self,
        kernel: Kernel,
        machine: Machine,
        parts: Parts,
        plan: Plan,
        make_judge: Callable[..., Judge] = Judge,
        make_argv: Callable[[Machine, Path, str], list[str]] | None = None,
        suffix: str = "",
    ) -> tuple[Outcome, list[Judge]]:
        """Boots, runs the plan, and reports each result and the machine's own. make_argv: if it is not QEMU. suffix: of
        its name, if the run has others like it."""
        name = f"{kernel.name}/{machine.name}{suffix}"
        report = self.run.report
        judges: list[Judge] = []
        taint = 0
        trace = Trace(self.trace_log(kernel, machine))
        argv = make_argv or partial(self._qemu, kernel, trace=trace.path)

        def judge(program_name: str) -> Judge:
            if not judges or judges[-1].program.name != program_name:
                program = next(program for program, _ in plan.programs if program.name == program_name)
                judges.append(make_judge(report, f"{name} {program_name}", program, taint))
            return judges[-1]

        def on_line(program_name: str, text: str) -> None:
            if program_name:
                judge(program_name).line(text)
            else:
                report.line(f"         {name}: {text}")

        def on_end(program_name: str, ended: Ended) -> None:
            nonlocal taint
            judge(program_name).end(ended)
            trace.judge(report, f"{name} {program_name}", judge(program_name).said)
            taint = ended.taint

        with self._archive(kernel, machine, parts, plan) as archive, report.step(f"{name}: boot") as step:
            log = self.run.log(f"vm-{kernel.name}-{machine.name}{suffix}")
            guest = Guest(
                lambda result: argv(machine, Path(archive.name), result),
                [program for program, _ in plan.programs],
                log,
                on_line,
                on_end,
            )
            outcome = guest.run()
            step.note = f" ({outcome.boot_seconds:.1f} s to the first program)"
        for problem in outcome.problems:
            report.fail(name, problem)
        if outcome.problems:
            excerpt = "\n".join(f"    | {line}" for line in klog.excerpt(outcome.console))
            report.text(f"{excerpt}\n    the whole log: {log}")
        else:
            report.ok(name, "kernel log clean, powered off")
        return outcome, judges

    def shell(self, kernel: Kernel, machine: Machine, parts: Parts) -> int:
        """Boots to a shell on this terminal."""
        everything = [*programs.find(self.run.tree, "*"), programs.demo(self.run.tree)]
        everything += programs.tools(self.run.tree, everything)
        plan = Plan((), self.binaries(kernel, everything), {}, interactive=True)
        with self._archive(kernel, machine, parts, plan) as archive:
            argv = self._qemu(kernel, machine, Path(archive.name), "")
            with proc.spawn(argv, stdin=None, start_new_session=False) as program:
                return program.wait()

    def qemu_version(self, kernel: Kernel, machine: Machine) -> str:
        _, output = self.suites.root(machine.suite).run([machine.qemu, "--version"], what="asking QEMU for its version")
        return output.splitlines()[0].replace(" emulator version ", " ").partition(" (")[0]

    def trace_log(self, kernel: Kernel, machine: Machine) -> Path | None:
        """An empty file for what QEMU traces, on machines that have that."""
        if not machine.trace:
            return None
        path = self.run.log(f"trace-{kernel.name}-{machine.name}")
        path.write_bytes(b"")
        return path

    def _qemu(
        self, kernel: Kernel, machine: Machine, archive: Path, result: str, trace: Path | None = None
    ) -> list[str]:
        root = self.suites.root(machine.suite)
        return vm.qemu_argv(root, machine, self.kernels.image(kernel).vmlinux, archive, result, trace)

    def _archive(self, kernel: Kernel, machine: Machine, parts: Parts, plan: Plan):
        archive = tempfile.NamedTemporaryFile(prefix="initramfs-", dir=cache.root() / "tmp")
        environment = {
            "INX_KERNEL": kernel.name,
            "INX_MACHINE": machine.name,
            "RESULT_TTY": machine.result,
            "BOOT_MODULES": " ".join(machine.modules),
            **plan.environment,
        }
        initramfs.write(Path(archive.name), parts, replace(plan, environment=environment))
        return archive
