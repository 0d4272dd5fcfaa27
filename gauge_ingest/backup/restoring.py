"""Puts a copy in the place of the journal: verified, made ready beside it, switched; what was there stays aside."""

import shutil
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from gauge_ingest.backup.checking import Checked, check, room_text, size_of
from gauge_ingest.core.silences import Silence
from gauge_ingest.core.spans import BEIJING
from gauge_ingest.journal import Journal, copying
from gauge_ingest.journal.copying import Uncopied
from gauge_ingest.journal.renewal import ENDED_BY, NUMBERED
from gauge_ingest.journal.switching import finish, staged, switch


class Restored(NamedTuple):
    """A journal that was put back. `aside`: where the one before is, None where there was none.

    `ended`: silences that were in force or to come, and no longer are; `newest_received_at`: 0 of an empty journal.
    """

    checked: Checked
    aside: Path | None
    epoch: str
    newest_received_at: int
    next_alert: int
    ended: tuple[Silence, ...]


def restore(
    file: Path,
    journal: Path,
    *,
    now: int,
    told: Mapping[str, int],
    done: Callable[[float], None] = lambda _share: None,
) -> Restored:
    """Put a copy in a journal's place. The caller holds the journal's lock. Raises Uncopied: nothing was changed then.

    `told`: the highest numbers that anybody may have been told of, by table.
    """
    if file.resolve() == journal.resolve():
        raise Uncopied(f"{file}: is the journal itself; name a backup")
    checked = check(file, lambda share: done(0.4 * share))
    fresh = staged(journal)
    try:
        journal.parent.mkdir(parents=True, exist_ok=True)
        finish(journal)  # of a restore that was killed
        had, aside = journal.exists(), _aside(journal, now)  # asked now: what was finished has taken a name
        _remove(fresh)
        _ask_for_room(size_of(file), journal)
        copying.copy(file, fresh, lambda written: done(0.4 + 0.4 * min(1.0, written / max(1, checked.size))))
        copying.check(fresh)
        figures = copying.figures(fresh)
        copying.compare(figures, checked.figures, checked.figures)
        made_at = now if checked.made_at is None else checked.made_at
        copying.mark(fresh, {"made_at": made_at, "figures": figures, "numbers": _numbers(journal, told)})
        done(0.95)
    except (OSError, Uncopied) as error:
        _remove(fresh)
        raise error if isinstance(error, Uncopied) else Uncopied(f"{error.filename or fresh}: {error}") from error
    try:
        switch(journal, aside)
    except OSError as error:
        raise Uncopied(f"{error.filename or journal}: {error}: the next start or restore finishes it") from error
    return _begun(journal, checked, aside if had else None)


def _remove(fresh: Path) -> None:
    """What was made ready, and what SQLite wrote beside it."""
    fresh.unlink(missing_ok=True)
    fresh.with_name(f"{fresh.name}-journal").unlink(missing_ok=True)


def _begun(journal: Path, checked: Checked, aside: Path | None) -> Restored:
    """Open it once as the service does, so that what a start would find is found now."""
    with closing(Journal(journal)) as opened:
        ended = tuple(one for one in opened.reader.silences.all() if one.ended_by == ENDED_BY)
        return Restored(
            checked,
            aside,
            opened.reader.epoch(),
            opened.reader.newest_received_at(),
            opened.next_alert_id(),
            ended,
        )


def _aside(journal: Path, now: int) -> Path:
    """A folder that is not there yet."""
    name = f"{journal.name}.before-{datetime.fromtimestamp(now / 1000, BEIJING):%Y-%m-%dT%H%M%S}"
    numbered = (journal.with_name(name if n == 1 else f"{name}-{n}") for n in range(1, 1_000))
    return next(one for one in numbered if not one.exists())


def _numbers(journal: Path, told: Mapping[str, int]) -> dict[str, int]:
    """The highest number of each table that may have been given: by the journal that goes, or told to anybody."""
    try:
        known = copying.numbers(journal, NUMBERED) if journal.exists() else {}
    except Uncopied:  # damaged: perhaps the reason for all this
        known = {}
    return {name: max(known.get(name, 0), told.get(name, 0)) for name in NUMBERED}


def _ask_for_room(size: int, journal: Path) -> None:
    folder = journal.absolute().parent
    free = shutil.disk_usage(folder).free
    if free < size:
        raise Uncopied(
            f"{folder}: {room_text(free)} free, the copy takes {room_text(size)} beside what is there:"
            " make room first, or remove what is aside of earlier restores"
        )
