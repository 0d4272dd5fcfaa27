"""The queue of deliveries in outbound.db: put with the position, begun before a try, ended after it."""

import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gauge_ingest.core.escalation import is_for_want_of_duty
from gauge_ingest.journal import Position
from gauge_ingest.outbound.deliveries import REASON_MAX, SCHEMA, Batch, Due, Told, Waiting, open_way
from gauge_ingest.outbound.positions import SCHEMA as POSITIONS
from gauge_ingest.outbound.superseding import end_former, end_if_former, give_way, has_heard, supersede

BATCH_MAX = 50  # events in one message
# A message that may have arrived is repeated as it was. When that fails too and more waits, it goes with the rest.
SAME_TRIES_MAX = 2
BUSY_S = 10.0


class Queue:
    """One connection for every thread; each call is one transaction, on disk when it returns."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, isolation_level=None, timeout=BUSY_S, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = wal")
        self._db.execute("PRAGMA synchronous = full")  # a begun try that is forgotten would be repeated unmarked
        self._db.executescript(POSITIONS + SCHEMA)
        self._recover()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and one thread at a time."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _recover(self) -> None:
        """What a life before had begun may have arrived: it is sent again, as a repeat."""
        with self.transaction() as db:
            _take_over(db, "?", (1,))
            db.execute("UPDATE try SET result = 'not known' WHERE result = 'begun'")

    def recover(self, channel: str) -> int:
        """Take over what is begun on a channel by nobody here; how many ways.

        After a kill of the ingest process the former outbound process may begin a try when this one has recovered, and
        end in the middle of it.
        """
        with self._lock:
            begun = "SELECT 1 FROM way WHERE channel = ? AND state = 'begun'"
            if self._db.execute(begun, (channel,)).fetchone() is None:
                return 0
        with self.transaction() as db:
            return _take_over(db, "channel = ?", (channel,))

    # --- in ------------------------------------------------------------------------------------------------------

    def put(self, name: str, position: Position, due: Sequence[Due], *, now: int) -> int:
        """Take deliveries and move the follower's position in one transaction; how many were new."""
        with self.transaction() as db:
            new = sum(self._put(db, position.epoch, one, now) for one in due)
            db.execute(
                "INSERT INTO position (name, epoch, seq) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
                " epoch = excluded.epoch, seq = excluded.seq, error = '', error_at = 0",
                (name, *position),
            )
        return new

    def _put(self, db: sqlite3.Connection, epoch: str, due: Due, now: int) -> bool:
        event = due.event
        if is_for_want_of_duty(event) and has_heard(db, epoch, due):
            return False
        made = db.execute(
            "INSERT OR IGNORE INTO delivery (epoch, person, event, alert, kind, level, grade, evacuates, event_at,"
            " queued_at, since_at, repeated, state, reason, ended_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(epoch, due.person, event.id, event.alert_id, event.kind.value, due.level, due.grade, due.evacuates),
                *(event.at, now, now, due.repeated, "silenced" if due.silenced else "waiting", due.silenced),
                now if due.silenced else None,
            ),
        )
        if not made.rowcount:
            return False
        assert made.lastrowid is not None
        if not due.silenced:
            for address, instead_of in supersede(db, made.lastrowid, due, now) or [(due.first, "")]:
                open_way(db, made.lastrowid, due.person, address, instead_of, now)
        return True

    # --- out -----------------------------------------------------------------------------------------------------

    def waiting(self, channel: str) -> list[Waiting]:
        """What waits on a channel, by person, address and level."""
        with self._lock:
            found = self._db.execute(
                "SELECT w.person, w.address, d.level, max(d.grade), d.evacuates, min(d.since_at), min(w.tries) = 0"
                " FROM way w JOIN delivery d ON d.id = w.delivery WHERE w.channel = ? AND w.state = 'waiting'"
                " GROUP BY w.person, w.address, d.level, d.evacuates",
                (channel,),
            ).fetchall()
        return [Waiting(*found_one) for found_one in found]

    def begin(
        self, channel: str, person: str, address: str, *, held: Collection[str], now: int, events_max: int = BATCH_MAX
    ) -> Batch | None:
        """What goes in the next message to an address, recorded as begun; of `held` levels only what moves people."""
        with self.transaction() as db:
            rows = self._next(db, (channel, person, address), tuple(held), events_max)
            if not rows:
                return None
            fresh = int(db.execute("SELECT coalesce(max(batch), 0) + 1 FROM try").fetchone()[0])
            batch = rows[0][5] or fresh
            members = tuple(Told(*row[:4], bool(row[7]), row[4]) for row in sorted(rows))
            keys = [(one.delivery, channel, address) for one in members]
            db.executemany(
                f"UPDATE way SET state = 'begun', batch = {batch:d}, tries = tries + 1"
                " WHERE delivery = ? AND channel = ? AND address = ?",
                keys,
            )
            db.executemany(
                "UPDATE delivery SET state = 'begun' WHERE id = ? AND state = 'waiting'", [key[:1] for key in keys]
            )
            number = max(row[6] for row in rows) + 1
            db.executemany(
                "INSERT INTO try (batch, delivery, channel, address, number, repeated, begun_at, result)"
                " SELECT ?, delivery, channel, address, tries, ?, ?, 'begun' FROM way"
                " WHERE delivery = ? AND channel = ? AND address = ?",
                [(batch, one.repeated, now, *key) for one, key in zip(members, keys, strict=True)],
            )
        return Batch(batch, channel, person, address, number, members)

    def _next(
        self, db: sqlite3.Connection, key: tuple[str, str, str], held: tuple[str, ...], events_max: int
    ) -> list[tuple[int, int, int, int, str, int, int, int, int]]:
        """The rows of the next message: first what may have arrived, else the gravest alerts, each in its order."""
        free = f"(d.evacuates OR d.level NOT IN ({_marks(held)}))"
        select = (
            "SELECT d.id, d.event, d.alert, d.grade, w.instead_of, w.batch, w.tries, d.repeated OR w.perhaps_told OR"
            " EXISTS (SELECT 1 FROM way o WHERE o.delivery = d.id AND (o.perhaps_told OR o.state IN ('begun', 'done'))"
            " AND (o.channel <> w.channel OR o.address <> w.address)), w.alone FROM way w JOIN delivery d"
            " ON d.id = w.delivery WHERE w.channel = ? AND w.person = ? AND w.address = ? AND w.state = 'waiting'"
        )
        begun = db.execute(f"{select} AND w.batch > 0 AND {free} ORDER BY w.batch LIMIT 1", (*key, *held)).fetchone()
        if begun is not None:
            more = db.execute(f"{select} AND w.batch <> ? AND {free} LIMIT 1", (*key, begun[5], *held)).fetchone()
            if begun[6] < SAME_TRIES_MAX or more is None:
                return db.execute(f"{select} AND w.batch = ?", (*key, begun[5])).fetchall()
            db.execute(
                "UPDATE way SET batch = 0 WHERE channel = ? AND person = ? AND address = ? AND state = 'waiting'", key
            )
        order = "ORDER BY max(d.grade) OVER (PARTITION BY d.alert) DESC, d.id LIMIT ?"
        picked = (
            "SELECT d.id FROM way w JOIN delivery d ON d.id = w.delivery WHERE w.channel = ? AND w.person = ?"
            f" AND w.address = ? AND w.state = 'waiting' AND {free} {order}"
        )
        ids = [one for (one,) in db.execute(picked, (*key, *held, events_max))]
        found = db.execute(f"{select} AND d.id IN ({_marks(ids)})", (*key, *ids)).fetchall()
        rows = sorted(found, key=lambda row: ids.index(row[0]))
        return rows[:1] if rows and rows[0][8] else [row for row in rows if not row[8]]

    # --- the end of a try ----------------------------------------------------------------------------------------

    def done(self, batch: Batch, *, now: int) -> None:
        """The person has been told. Only what moves people goes on being tried on other ways that were opened."""
        with self.transaction() as db:
            self._ended(db, batch, "done", "", now)
            for one in batch.members:
                db.execute(
                    "UPDATE delivery SET state = 'done', reason = '', ended_at = coalesce(ended_at, ?) WHERE id = ?"
                    " AND state <> 'done'",
                    (now, one.delivery),
                )
                db.execute(
                    "UPDATE way SET state = 'stopped', ended_at = ? WHERE delivery = ? AND state = 'waiting'"
                    " AND (SELECT evacuates FROM delivery WHERE id = ?) = 0",
                    (now, one.delivery, one.delivery),
                )
            for one in batch.members:
                end_former(db, one.delivery, now)  # else an old state would come last, on a way that revives
            db.execute("DELETE FROM unreached WHERE person = ?", (batch.person,))
            db.execute(
                "INSERT INTO channel (name, told_at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET"
                " told_at = excluded.told_at, error = '', error_at = NULL",
                (batch.channel, now),
            )

    def failed(self, batch: Batch, reason: str, *, perhaps_told: bool, now: int) -> None:
        """The try may be repeated; as the same message when it may have arrived, and marked from then on."""
        with self.transaction() as db:
            self._ended(db, batch, "perhaps" if perhaps_told else "failed", reason, now)
            for one in batch.members:
                key = (one.delivery, batch.channel, batch.address)
                db.execute(
                    "UPDATE way SET state = CASE WHEN EXISTS (SELECT 1 FROM delivery d WHERE d.id = delivery AND"
                    " d.state = 'done' AND NOT d.evacuates) THEN 'stopped' ELSE 'waiting' END, ended_at = NULL,"
                    " batch = CASE WHEN perhaps_told OR ? THEN batch ELSE 0 END, perhaps_told = perhaps_told OR ?"
                    " WHERE delivery = ? AND channel = ? AND address = ?",
                    (perhaps_told, perhaps_told, *key),
                )
                db.execute("UPDATE delivery SET state = 'waiting' WHERE id = ? AND state = 'begun'", key[:1])
                end_if_former(db, one.delivery)
            db.execute(
                "INSERT INTO channel (name, error, error_at) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
                " error = excluded.error, error_at = coalesce(channel.error_at, excluded.error_at)",
                (batch.channel, reason[:REASON_MAX], now),
            )

    def rejected(self, batch: Batch, reason: str, *, now: int) -> int:
        """This way does not take it; how often it has refused. Of a message of several each is tried alone first."""
        with self.transaction() as db:
            self._ended(db, batch, "rejected", reason, now)
            for one in batch.members:
                if len(batch.members) > 1:
                    db.execute(
                        "UPDATE way SET state = 'waiting', ended_at = NULL, alone = 1, batch = 0"
                        " WHERE delivery = ? AND channel = ? AND address = ?",
                        (one.delivery, batch.channel, batch.address),
                    )
                db.execute("UPDATE delivery SET state = 'waiting' WHERE id = ? AND state = 'begun'", (one.delivery,))
                end_if_former(db, one.delivery)
                give_way(db, one.delivery, now)
            counted = "SELECT count(*) FROM try WHERE delivery = ? AND channel = ? AND result = 'rejected'"
            return max(int(db.execute(counted, (one.delivery, batch.channel)).fetchone()[0]) for one in batch.members)

    def gone(self, deliveries: Sequence[int], reason: str, *, now: int) -> None:
        """These can never be told, by no way."""
        with self.transaction() as db:
            for one in deliveries:
                db.execute(
                    "UPDATE delivery SET state = 'rejected', reason = ?, ended_at = ? WHERE id = ?", (reason, now, one)
                )
                db.execute("UPDATE way SET state = 'stopped', ended_at = ? WHERE delivery = ?", (now, one))
                db.execute(
                    "UPDATE try SET result = 'rejected', reason = ?, ended_at = ? WHERE delivery = ?"
                    " AND result = 'begun'",
                    (reason, now, one),
                )

    def _ended(self, db: sqlite3.Connection, batch: Batch, result: str, reason: str, now: int) -> None:
        said = reason[:REASON_MAX]
        for one in batch.members:
            key = (one.delivery, batch.channel, batch.address)
            db.execute(
                "UPDATE way SET state = ?, reason = ?, ended_at = ? WHERE delivery = ? AND channel = ? AND address = ?",
                (result, said, now, *key),
            )
            db.execute(
                "UPDATE try SET result = ?, reason = ?, ended_at = ?"
                " WHERE delivery = ? AND channel = ? AND address = ? AND result = 'begun'",
                (result, said, now, *key),
            )


def _take_over(db: sqlite3.Connection, where: str, values: tuple[object, ...]) -> int:
    begun = db.execute(
        f"SELECT delivery, channel, address FROM way WHERE state = 'begun' AND {where}", values
    ).fetchall()
    for key in begun:
        one = "delivery = ? AND channel = ? AND address = ?"
        db.execute(f"UPDATE way SET state = 'waiting', perhaps_told = 1 WHERE {one}", key)
        db.execute(f"UPDATE try SET result = 'not known' WHERE {one} AND result = 'begun'", key)
        db.execute("UPDATE delivery SET state = 'waiting' WHERE id = ? AND state = 'begun'", key[:1])
        end_if_former(db, key[0])
    return len(begun)


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
