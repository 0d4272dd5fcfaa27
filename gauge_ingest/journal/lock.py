"""The lock that makes one process the only writer of a journal."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class Locked(Exception):
    """Another process writes this journal."""

    def __init__(self, path: Path, process: int | None) -> None:
        who = f"process {process}" if process is not None else "another process"
        super().__init__(f"{path}: {who} is already writing this journal")
        self.process = process


class Lock:
    """Held from acquisition to release, or to the death of the process, whichever comes first."""

    def __init__(self, journal: Path) -> None:
        self.path = journal.with_name(journal.name + ".lock")
        self._file: int | None = None

    @property
    def held(self) -> bool:
        """Whether it is held here."""
        return self._file is not None

    def acquire(self) -> Self:
        """Take the lock and write this process's number into its file; raises Locked at once when it is held."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held_by = os.read(file, 32).decode("ascii", "replace").strip()
            os.close(file)
            raise Locked(self.path, int(held_by) if held_by.isdigit() else None) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file
        return self

    def release(self) -> None:
        """Let go of the lock."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def holder(journal: Path) -> int | None:
    """The process that holds the journal's lock, or None when nobody does."""
    lock = Lock(journal)
    if not lock.path.exists():
        return None
    try:
        lock.acquire()
    except Locked as error:
        return error.process
    lock.release()
    return None
