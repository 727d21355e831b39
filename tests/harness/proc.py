# SPDX-License-Identifier: GPL-2.0-only
"""Starting programs so that none of them outlives the harness, and keeping what they print."""

import os
import selectors
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen

from .report import HarnessError

# The kernel kills the program when the thread that started it is gone, however that came about.
DIE_WITH_US = ("setpriv", "--pdeathsig", "KILL")

TAIL_LINES = 30


class CommandFailed(HarnessError):
    """A program ended with a status other than 0 (or None: it was stopped because its time was over)."""

    def __init__(self, what: str, status: int | None, output: str, log: Path | None) -> None:
        self.status = status
        self.output = output
        how = "ran out of time" if status is None else f"ended with status {status}"
        text = f"{what} {how}"
        tail = "\n".join(output.splitlines()[-TAIL_LINES:])
        if tail:
            text += "; its last lines:\n" + "\n".join("    | " + line for line in tail.splitlines())
        if log:
            text += f"\n    all of it: {log}"
        super().__init__(text)


def spawn(argv: Sequence[str], **kwargs) -> Popen:
    kwargs.setdefault("stdin", subprocess.DEVNULL)
    kwargs.setdefault("start_new_session", True)
    return Popen([*DIE_WITH_US, *argv], **kwargs)


def run(
    argv: Sequence[str],
    *,
    what: str,
    log: Path | None = None,
    timeout: float = 1800,
    on_line: Callable[[str], None] | None = None,
    check: bool = True,
    text_input: str = "",
    **kwargs,
) -> tuple[int, str]:
    """Runs a program to its end and returns its status and output (both streams).

    Every line goes to on_line as it comes and, with a log, to that file. Raises CommandFailed for another status than
    0 unless check is off, and always when the time is over. text_input: what it can read, little enough for a pipe.
    """
    if text_input:
        reader, writer = os.pipe()
        with open(writer, "w", encoding="utf-8") as handle:
            handle.write(text_input)
        kwargs["stdin"] = reader
    proc = spawn(argv, stdout=PIPE, stderr=STDOUT, **kwargs)
    if text_input:
        os.close(reader)
    lines: list[str] = []
    deadline = time.monotonic() + timeout
    sink = open(log, "a", encoding="utf-8") if log else None
    try:
        for line in read_lines(proc, deadline):
            lines.append(line)
            if sink:
                sink.write(line + "\n")
            if on_line:
                on_line(line)
        status = proc.wait(max(0.1, deadline - time.monotonic()))
    except (TimeoutError, subprocess.TimeoutExpired):
        raise CommandFailed(what, None, "\n".join(lines), log) from None
    finally:
        stop(proc)
        if sink:
            sink.close()
    output = "\n".join(lines)
    if check and status != 0:
        raise CommandFailed(what, status, output, log)
    return status, output


def read_lines(proc: Popen, deadline: float):
    """Yields the lines of a program's output; TimeoutError when the deadline comes first."""
    fd = proc.stdout.fileno()
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(fd, selectors.EVENT_READ)
        while True:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
            data = os.read(fd, 65536)
            if not data:
                break
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                # Progress bars overwrite themselves with carriage returns: the last state is the line.
                yield line.rstrip(b"\r").rpartition(b"\r")[2].decode(errors="replace")
    if rest:
        yield rest.decode(errors="replace")


def stop(proc: Popen) -> None:
    """Ends a program that still runs, with all that it started in its process namespace."""
    if proc.poll() is None:
        proc.kill()
        proc.wait()
    if proc.stdout:
        proc.stdout.close()
