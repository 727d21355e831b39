# SPDX-License-Identifier: GPL-2.0-only
"""One run of a virtual machine: two streams come out of it, and what they say is judged.

The console carries the kernel's log, which must be free of complaints. The result port carries only what the guest's
init and the test programs say (see tests/guest/init), so no boot message can pass for a result.
"""

import os
import selectors
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import TimeoutExpired

from . import klog, proc
from .chroot import Bind, Root
from .conf import Machine
from .programs import Program

BOOT_SECONDS = 120
# What the guest needs beyond a program's own time: loading modules, and a late timeout on a busy machine.
GRACE_SECONDS = 30
# After the last result: power off.
END_SECONDS = 30

# Warnings are printed, and the machine is gone as soon as its kernel is.
CMDLINE = (
    "loglevel=5 panic=-1 oops=panic sysrq_always_enabled unknown_nmi_panic"
    " sysctl.kernel.hung_task_timeout_secs=30"
)

# What a kernel that hangs is asked. On QEMU's console Ctrl-A b is a break, which makes the next letter a SysRq command:
# blocked tasks, processors, memory. A kernel that takes no interrupts answers none of these, but an NMI, from QEMU's
# monitor (Ctrl-A c), makes it panic with a backtrace.
DUMPS = (b"\x01bw", b"\x01bl", b"\x01bm", b"\x01cnmi\n")


@dataclass
class Ended:
    """What the guest said when a program ended."""

    status: int
    taint: int
    seconds: float


@dataclass
class Outcome:
    """What came out of a machine. problems is empty when nothing was wrong with the machine itself."""

    console: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    # Programs that ended; the others died with the machine, or never ran.
    ended: set[str] = field(default_factory=set)
    seconds: float = 0.0
    boot_seconds: float = 0.0


def qemu_argv(
    root: Root, machine: Machine, vmlinux: Path, initramfs: Path, result: str = "", trace: Path | None = None
) -> list[str]:
    """QEMU in a chroot. result: the number of the file descriptor for the result port; without, nobody listens. trace: a
    file for what it traces."""
    qemu = [machine.qemu, *machine.args, "-nodefaults", "-display", "none", "-no-reboot"]
    qemu += ["-serial", "mon:stdio", "-serial", f"file:/dev/fd/{result}" if result else "null"]
    qemu += ["-kernel", "/boot/vmlinux", "-initrd", "/boot/initramfs"]
    qemu += ["-append", f"console={machine.console} {CMDLINE} {machine.cmdline}"]
    binds = [Bind(vmlinux, "/boot/vmlinux"), Bind(initramfs, "/boot/initramfs")]
    if trace:
        qemu += ["-D", "/tmp/trace", *(word for pattern in machine.trace for word in ("-trace", pattern))]
        binds.append(Bind(trace, "/tmp/trace", writable=True))
    return root.argv(qemu, binds)


class Guest:
    """A running machine, its streams and its deadline."""

    def __init__(
        self,
        argv: Callable[[str], list[str]],
        programs: list[Program],
        log: Path,
        on_line: Callable[[str, str], None],
        on_end: Callable[[str, Ended], None],
    ) -> None:
        self.argv = argv
        self.programs = {program.name: program for program in programs}
        self.log = log
        self.on_line = on_line
        self.on_end = on_end
        self.outcome = Outcome()
        self.running = ""
        self.done = False
        self._deadline = 0.0
        self._complaint = ""

    def run(self) -> Outcome:
        started = time.monotonic()
        self._deadline = started + BOOT_SECONDS
        # QEMU gets the writing end of the pipe under the number it has here.
        result, result_out = os.pipe()
        program = proc.spawn(
            self.argv(str(result_out)),
            stdin=proc.PIPE,
            stdout=proc.PIPE,
            stderr=proc.STDOUT,
            pass_fds=(result_out,),
        )
        os.close(result_out)
        try:
            with open(self.log, "wb") as log:
                self._pump(program, result, log, started)
            status = program.wait(END_SECONDS)
            if status != 0:
                self._problem(f"QEMU ended with status {status}: {' / '.join(self.outcome.console[-3:])}")
        except (TimeoutError, TimeoutExpired):
            self._problem(f"no answer in time {self._where()}; the log ends with what the kernel was doing")
        finally:
            proc.stop(program)
            os.close(result)
        self.outcome.seconds = time.monotonic() - started
        self._judge()
        return self.outcome

    def _pump(self, program: proc.Popen, result: int, log, started: float) -> None:
        """Reads both streams to their ends."""
        console = program.stdout.fileno()
        rest = {console: b"", result: b""}
        with selectors.DefaultSelector() as selector:
            for fd in rest:
                os.set_blocking(fd, False)
                selector.register(fd, selectors.EVENT_READ)
            while selector.get_map():
                ready = selector.select(max(0.0, self._deadline - time.monotonic()))
                if time.monotonic() >= self._deadline:
                    self._dump_tasks(program, console, log)
                    raise TimeoutError
                for key, _ in ready:
                    data = os.read(key.fd, 65536)
                    if not data:
                        selector.unregister(key.fd)
                        data = b"\n" if rest[key.fd] else b""
                    if key.fd == console:
                        log.write(data)
                    *lines, rest[key.fd] = (rest[key.fd] + data).split(b"\n")
                    for line in lines:
                        text = line.rstrip(b"\r").decode(errors="replace")
                        if key.fd == console:
                            self._console(text)
                        else:
                            self._result(text, started)

    def _console(self, text: str) -> None:
        self.outcome.console.append(text)
        # Of a complaint the line that says what it is: not the line that is drawn above it.
        if not self._complaint and klog.bad_lines([text]) and klog.CUT_HERE not in text:
            self._complaint = f"{text.strip()} ({self._where()})"

    def _result(self, text: str, started: float) -> None:
        words = text.split(" ")
        if words[0] != "@@":
            if text:
                self.on_line(self.running, text)
        elif words[1] == "start":
            self.running = words[2]
            self.outcome.boot_seconds = self.outcome.boot_seconds or time.monotonic() - started
            self._deadline = time.monotonic() + self.programs[self.running].timeout + GRACE_SECONDS
        elif words[1] == "end":
            self.running = ""
            self.outcome.ended.add(words[2])
            self.on_end(words[2], Ended(int(words[3]), int(words[4]), int(words[5]) / 1000))
            self._deadline = time.monotonic() + GRACE_SECONDS
        elif words[1] == "done":
            self.done = True
            self._deadline = time.monotonic() + END_SECONDS

    def _dump_tasks(self, program: proc.Popen, console: int, log) -> None:
        """Makes a kernel that hangs say what it is doing, if it still can."""
        log.write(b"\n--- out of time; asking the kernel what it is doing ---\n")
        for command in DUMPS:
            program.stdin.write(command)
            program.stdin.flush()
            time.sleep(1)
            try:
                answer = os.read(console, 1 << 20)
            except BlockingIOError:
                continue
            log.write(answer)
            self.outcome.console += answer.decode(errors="replace").splitlines()

    def _where(self) -> str:
        if self.done:
            return "after the last program, while powering off"
        return f"while {self.running} was running" if self.running else "between two programs or while booting"

    def _problem(self, text: str) -> None:
        self.outcome.problems.append(text)

    def _judge(self) -> None:
        if self._complaint:
            self._problem(f"in the kernel's log: {self._complaint}")
        if not self.done:
            if not self.outcome.problems:
                self._problem(f"the machine ended {self._where()}, without a final status")
            lost = [name for name in self.programs if name not in self.outcome.ended]
            if lost:
                self._problem(f"no result, because the machine ended: {' '.join(lost)}")
