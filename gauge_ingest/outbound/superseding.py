"""Of what is to be told of an alert, what is old gives way to what is new."""

import sqlite3
from collections.abc import Sequence

from gauge_ingest.core.model import EventKind
from gauge_ingest.core.people import Address
from gauge_ingest.outbound.deliveries import Due, superseded_by


def supersede(db: sqlite3.Connection, delivery: int, due: Due, now: int) -> list[tuple[Address, str]]:
    """End what waits of this alert's former states; its ways, when there was any.

    The new one has waited as long as the oldest of them, and moves people when one of them did: an alert that
    changes every few seconds must not be put off by each change.
    """
    kinds = superseded_by(due.event.kind)
    if not kinds:
        return []
    old = db.execute(
        "SELECT id, since_at, evacuates FROM delivery d WHERE person = ? AND alert = ? AND state = 'waiting'"
        " AND epoch = (SELECT epoch FROM delivery WHERE id = ?)"
        f" AND id < ? AND kind IN ({_marks(kinds)}) AND NOT EXISTS (SELECT 1 FROM way w"
        " WHERE w.delivery = d.id AND (w.perhaps_told OR w.state = 'begun')) ORDER BY id",
        (due.person, due.event.alert_id, delivery, delivery, *kinds),
    ).fetchall()
    end_former(db, delivery, now)
    ids = [one for one, _, _ in old]
    if not ids:
        return []
    marks = _marks(ids)
    found = db.execute(
        f"SELECT channel, address, max(instead_of) FROM way WHERE delivery IN ({marks}) AND state = 'waiting'"
        " GROUP BY channel, address ORDER BY min(opened_at), min(delivery), max(instead_of)",
        ids,
    ).fetchall()
    db.execute(
        f"UPDATE way SET state = 'superseded', ended_at = ? WHERE state = 'waiting' AND delivery IN ({marks})",
        (now, *ids),
    )
    db.execute(
        f"UPDATE delivery SET state = 'superseded', superseded_by = ?, ended_at = ? WHERE id IN ({marks})",
        (delivery, now, *ids),
    )
    db.execute(
        "UPDATE delivery SET since_at = min(since_at, ?), evacuates = max(evacuates, ?) WHERE id = ?",
        (min(since for _, since, _ in old), max(moves for _, _, moves in old), delivery),
    )
    return [(Address(channel, to), instead_of) for channel, to, instead_of in found]


def end_former(db: sqlite3.Connection, newer: int, now: int) -> None:
    """Of a former state that has been told on one way the others need not be tried any longer."""
    kind = EventKind(db.execute("SELECT kind FROM delivery WHERE id = ?", (newer,)).fetchone()[0])
    kinds = superseded_by(kind)
    db.execute(
        "UPDATE way SET state = 'superseded', ended_at = ? WHERE state = 'waiting' AND delivery IN (SELECT o.id"
        " FROM delivery n JOIN delivery o ON o.epoch = n.epoch AND o.person = n.person AND o.alert = n.alert"
        f" AND o.id < n.id WHERE n.id = ? AND o.state = 'done' AND o.kind IN ({_marks(kinds)}))",
        (now, newer, *kinds),
    )


def end_if_former(db: sqlite3.Connection, delivery: int) -> None:
    """The same for one whose try had not ended when the newer state came."""
    kind = EventKind(db.execute("SELECT kind FROM delivery WHERE id = ?", (delivery,)).fetchone()[0])
    kinds = [one for one in EventKind if kind in superseded_by(one)]
    db.execute(
        "UPDATE way SET state = 'superseded', ended_at = (SELECT max(begun_at) FROM try WHERE try.delivery = ?)"
        " WHERE state = 'waiting' AND delivery = ? AND EXISTS (SELECT 1 FROM delivery o JOIN delivery n"
        " ON n.epoch = o.epoch AND n.person = o.person AND n.alert = o.alert AND n.id > o.id"
        f" WHERE o.id = ? AND o.state = 'done' AND n.state <> 'silenced' AND n.kind IN ({_marks(kinds)}))",
        (delivery, delivery, delivery, *kinds),
    )


def give_way(db: sqlite3.Connection, delivery: int, now: int) -> None:
    """One that was refused while a newer state was put: told later, when it is tried again, it would come last."""
    kind, *of = db.execute("SELECT kind, epoch, person, alert FROM delivery WHERE id = ?", (delivery,)).fetchone()
    kinds = [one for one in EventKind if EventKind(kind) in superseded_by(one)]
    newer = db.execute(
        "SELECT max(id) FROM delivery WHERE epoch = ? AND person = ? AND alert = ? AND id > ?"
        f" AND state NOT IN ('silenced', 'rejected') AND kind IN ({_marks(kinds)})",
        (*of, delivery, *kinds),
    ).fetchone()[0]
    ended = db.execute(
        "UPDATE delivery SET state = 'superseded', superseded_by = ?, ended_at = ? WHERE id = ? AND state = 'waiting'"
        " AND ? > 0 AND NOT EXISTS (SELECT 1 FROM way w WHERE w.delivery = delivery.id"
        " AND (w.perhaps_told OR w.state = 'begun'))",
        (newer, now, delivery, newer),
    )
    if ended.rowcount:
        db.execute(
            "UPDATE way SET state = 'superseded', ended_at = ? WHERE state = 'waiting' AND delivery = ?",
            (now, delivery),
        )
        db.execute(
            "UPDATE delivery SET evacuates = max(evacuates, (SELECT o.evacuates FROM delivery o WHERE o.id = ?))"
            " WHERE id = ?",
            (delivery, newer),
        )


def has_heard(db: sqlite3.Connection, epoch: str, due: Due) -> bool:
    """Whether a person is told already of what the alert rose with last: that message says that nobody is on duty.

    One that a silence held back, that every way refused or that gave way to a newer state does not count.
    """
    found = db.execute(
        "SELECT 1 FROM delivery WHERE epoch = ? AND person = ? AND alert = ? AND event = ?"
        " AND state IN ('waiting', 'begun', 'done')",
        (epoch, due.person, due.event.alert_id, due.first_told),
    ).fetchone()
    return found is not None


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
