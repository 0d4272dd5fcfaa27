"""The folder of the days' reports: a JSON and a text file for each, written whole or not at all, once or anew."""

import json
import os
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from gauge_ingest.reports.day_document import Document, differences
from gauge_ingest.reports.day_text import text

FILE_BYTES_MAX = 64 * 1024 * 1024
CHANGES_MAX = 20  # of one day; the oldest are dropped
_NAME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.(?:json|txt)")


class ReportFolder:
    """Where the reports lie. A report that its text file has is in its JSON file, which is written last, as well."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, day: str) -> Document | None:
        """The report of a day as it lies there, or None without one that can be read."""
        try:
            with (self.path / f"{day}.json").open("rb") as file:
                found = json.loads(file.read(FILE_BYTES_MAX))
        except (FileNotFoundError, ValueError):
            return None
        return found if _is_report(found) else None

    def write(self, report: Document, *, mark: str) -> int:
        """Write the report of a day, or write it anew; its revision. `mark` says from what it was made.

        A revision is counted only where the rain of the day is another; it says what has changed, and since when.
        """
        before = self.read(report["day"])
        revision, changes = 1, []
        if before is not None:
            revision, changes = int(before["revision"]), list(before["changes"])
            what = differences(before, report)
            if what:
                revision += 1
                changes = [*changes, {"since": before["made_at"], "what": what}][-CHANGES_MAX:]
        whole = {**report, "revision": revision, "changes": changes, "mark": mark}
        self.path.mkdir(parents=True, exist_ok=True)
        self._put(f"{report['day']}.txt", text(whole))
        self._put(f"{report['day']}.json", json.dumps(whole, ensure_ascii=False, indent=1) + "\n")
        return revision

    def prune(self, *, keep_days: int, newest: str) -> int:
        """Delete what is older than so many days before the newest; 0 keeps all. How many files went."""
        if not keep_days or not self.path.is_dir():
            return 0
        first = (date.fromisoformat(newest) - timedelta(days=keep_days - 1)).isoformat()
        old = [path for path in self.path.iterdir() if (named := _NAME.fullmatch(path.name)) and named[1] < first]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _put(self, name: str, words: str) -> None:
        beside = self.path / f".{name}.new"
        with beside.open("w", encoding="utf-8") as file:
            file.write(words)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path / name)


def _is_report(found: Any) -> bool:
    """Whether it is what this program writes, so far as it is read again; somebody may have edited the file."""
    return (
        isinstance(found, dict)
        and isinstance(found.get("revision"), int)
        and isinstance(found.get("changes"), list)
        and isinstance(found.get("made_at"), str)
        and isinstance(found.get("mark"), str)
        and isinstance(found.get("stations"), list)
        and all(isinstance(one, dict) and isinstance(one.get("station"), str) for one in found["stations"])
    )
