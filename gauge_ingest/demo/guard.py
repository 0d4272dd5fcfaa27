"""Runs a program that ends with whoever started it: python guard.py PARENT COMMAND…; PARENT is a process id.

Who is killed cannot end its children, and mosquitto does not ask whose child it is. So this one stands between: it
sees that its parent is gone, and ends the program. It passes on signals and the exit status. It is run by its path and
imports nothing of ours, so that it is there at once.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

LOOK_EVERY_S = 0.25
END_WITHIN_S = 5.0
PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
KILLED = 128  # an exit status above it: ended by that signal, as a shell says it


def guarded(command: Sequence[str]) -> list[str]:
    """The command line that runs a command so that it ends with this process."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def main(arguments: Sequence[str]) -> int:
    """Run the program until it ends; its exit status."""
    os.setpgid(0, 0)  # what is killed in the end is this group, and nobody else
    wanted: list[int] = []
    programs: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _frame: object) -> None:
        wanted.append(number)
        for one in programs:
            one.send_signal(number)

    for number in PASSED_ON:
        signal.signal(number, pass_on)
    program = subprocess.Popen(arguments[1:])  # noqa: S603 - what our own stage was asked to run
    programs.append(program)
    for early in wanted:  # it came before there was anybody to pass it on to
        program.send_signal(early)
    threading.Thread(target=_watch, args=(int(arguments[0]), program), daemon=True).start()
    status = program.wait()
    return status if status >= 0 else KILLED - status


def _watch(parent: int, program: "subprocess.Popen[bytes]") -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY_S)
    print(f"ended: process {parent}, which had started this, is gone", file=sys.stderr, flush=True)  # noqa: T201 - the log
    program.terminate()
    time.sleep(END_WITHIN_S)  # this thread ends with the process as soon as the program has
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
