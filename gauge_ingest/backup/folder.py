"""A folder of copies of the journal, named by when they were made: the newest are kept."""

import re
from datetime import datetime
from pathlib import Path

from gauge_ingest.backup.checking import sum_file
from gauge_ingest.backup.making import HALF
from gauge_ingest.core.spans import BEIJING

_NAME = re.compile(r"journal-[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{6}\.db")


def name_at(at: int) -> str:
    """The name of a copy that is made at an instant, in Beijing time."""
    return f"journal-{datetime.fromtimestamp(at / 1000, BEIJING):%Y-%m-%dT%H%M%S}.db"


def copies(folder: Path) -> list[Path]:
    """The copies in a folder, oldest first; raises OSError."""
    return sorted(one for one in folder.iterdir() if _NAME.fullmatch(one.name))


def others(file: Path, *folders: Path) -> list[Path]:
    """What else may be put back, beside a copy and in folders, last written first; what cannot be read is left out."""
    found: dict[Path, float] = {}
    for folder in (file.absolute().parent, *(one.absolute() for one in folders)):
        try:
            names = [one for one in folder.iterdir() if _NAME.fullmatch(one.name) or sum_file(one).exists()]
            found |= {one: one.stat().st_mtime for one in names if one.resolve() != file.resolve()}
        except OSError:
            continue
    return sorted(found, key=lambda one: (found[one], one.name), reverse=True)


def tidy(folder: Path, *, keep: int, made: Path) -> list[Path]:
    """Remove all but the newest copies, and what backups that were killed left; which were removed. Raises OSError.

    `made` stays whatever the clock says: it was verified a moment ago.
    """
    others = [one for one in copies(folder) if one.name != made.name]
    removed = others[: max(0, len(others) - (keep - 1))]
    for one in removed:
        one.unlink(missing_ok=True)
        sum_file(one).unlink(missing_ok=True)
    for one in folder.glob(f"journal-*{HALF}*"):
        one.unlink(missing_ok=True)
    return removed
