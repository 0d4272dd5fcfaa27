"""Whether a copy of the journal is what was written: its sum, its structure, and the figures it was made with."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from gauge_ingest.journal import copying
from gauge_ingest.journal.copying import Uncopied, Unsound

PIECE_BYTES = 1_048_576


class Checked(NamedTuple):
    """A sound journal in a file. `made_at`: when it was copied, None of one that is no copy; `sum_known`: whether the
    sum beside it was there to compare with.
    """

    path: Path
    size: int
    sha256: str
    sum_known: bool
    version: int
    made_at: int | None
    figures: copying.Figures


def size_of(journal: Path) -> int:
    """Bytes that a journal takes with its write-ahead log, which a copy of it holds too; raises OSError."""
    size, ahead = journal.stat().st_size, journal.with_name(f"{journal.name}-wal")
    try:
        return size + ahead.stat().st_size
    except FileNotFoundError:
        return size


def room_text(size: int) -> str:
    """Bytes of a disk in GB, in MB where that would be 0.0."""
    return f"{size / 1e9:.1f} GB" if size >= 50_000_000 else f"{size / 1e6:.1f} MB"


def sum_file(path: Path) -> Path:
    """Where the sum of a copy stands, in the form of the command sha256sum."""
    return path.with_name(f"{path.name}.sha256")


def sum_of(path: Path, done: Callable[[float], None] = lambda _share: None) -> str:
    """The SHA-256 of a file, in hexadecimal digits; raises OSError."""
    found, size, read = hashlib.sha256(), max(1, path.stat().st_size), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            found.update(piece)
            read += len(piece)
            done(read / size)
    return found.hexdigest()


def check(path: Path, done: Callable[[float], None] = lambda _share: None) -> Checked:
    """Whether a file can be put back; raises Uncopied with what is wrong with it. `done`: told the share of the work.

    The sum tells every changed byte. Where there is none beside it, SQLite's own check and the figures tell most.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise Unsound(f"{path}: not a file")
        written = _written_sum(path)
        found = sum_of(path, lambda share: done(share / 2))
    except FileNotFoundError as error:
        raise Unsound(f"{path}: {error.strerror}") from error
    except OSError as error:
        raise Uncopied(f"{path}: {error.strerror or error}") from error
    if written and written != found:
        raise Unsound(
            f"{path}: damaged or changed since it was made: its SHA-256 is {found},"
            f" {sum_file(path).name} says {written}"
        )
    version, said = copying.check(path), copying.marked(path)
    done(0.9)
    figures, expected = copying.figures(path), said.get("figures")
    if isinstance(expected, dict):
        try:
            copying.compare(figures, expected, expected)
        except Uncopied as error:
            raise Unsound(f"{path}: damaged: {error}") from error
    done(1.0)
    made_at = said.get("made_at")
    return Checked(path, size, found, bool(written), version, made_at if isinstance(made_at, int) else None, figures)


def _written_sum(path: Path) -> str:
    beside = sum_file(path)
    if not beside.exists():
        return ""
    words = beside.read_text(encoding="ascii", errors="replace").split()
    if not words:
        raise Uncopied(f"{beside}: empty; remove it to go without it")
    return words[0].lower()
