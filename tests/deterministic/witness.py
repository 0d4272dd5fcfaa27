"""Looks at the journal over its own connection after every step: what was acknowledged, copied, told is in it."""

import hashlib
import sqlite3
from array import array
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from gauge_ingest.core.model import HOUR_MS, Kind, Row
from gauge_ingest.journal.changes import ROW
from tests.deterministic.broker import Kept
from tests.deterministic.copies import Key, ListeningNotifier, TableStore
from tests.deterministic.fate import Story, Violation
from tests.deterministic.truth import Fact, Sent

RAIN, ALERTS, OWED = 1, 2, 8  # kinds of changes; the step of a row that is not derived yet


class Committed(NamedTuple):
    """A message as the journal keeps it."""

    received_at: int
    station: str
    payload: bytes


class Witness:
    """Its own eyes: plain SQL, read-only, none of the service's code."""

    def __init__(self, folder: Path, story: Story, sent: Mapping[tuple[str, bytes], Sent]) -> None:
        self.committed: list[Committed] = []  # in the order of the journal, repeats too
        self._story = story
        self._sent = sent
        self._folder = folder
        self._messages: set[tuple[str, bytes]] = set()
        self._seen: set[tuple[str, bytes]] = set()
        self._names: dict[int, str] = {}
        self._batch = 0
        self._copied = self._told = self._heard = 0
        self._journal = sqlite3.connect(":memory:")
        self._outbound = self._journal
        self._opened = False

    def open(self) -> None:
        """Begin to look, once the files are there."""
        if not self._opened:
            self._journal = _reading(self._folder / "journal.db")
            self._outbound = _reading(self._folder / "outbound.db")
            self._opened = True

    def close(self) -> None:
        """Look away."""
        self._journal.close()
        self._outbound.close()

    # --- acknowledged means committed --------------------------------------------------------------------------

    def puback(self, kept: Kept) -> None:
        """The broker has a PUBACK for this message."""
        message = (kept.topic, kept.payload)
        if message in self._seen:
            return
        sent = self._sent[message]
        if sent.stranger and not self._kept(sent):
            here = bool(self.question("SELECT 1 FROM unknown_sender WHERE kept + turned_away > 0"))
        else:
            here = bool(self.quarantined(sent, None)) if sent.undecodable else self._kept(sent)
            if here and not sent.undecodable:
                self.readings(sent)
        if not here:
            raise Violation("acknowledged means committed", f"{kept!r:.300} is nowhere")
        self._seen.add(message)

    def readings(self, sent: Sent) -> None:
        """Every reading of a message is in the journal, or in quarantine where it must be refused."""
        for fact in sent.facts:
            if not (self.quarantined(sent, fact.place) if fact.refused else self._stands(fact)):
                raise Violation("acknowledged means committed", f"{fact} is nowhere")

    def quarantined(self, sent: Sent, place: int | None) -> int:
        """How often a payload, or a reading of it, is in quarantine."""
        found = self._journal.execute(
            "SELECT count(*) FROM quarantine WHERE digest = ? AND topic = ? AND place IS ?",
            (hashlib.sha256(sent.payload).hexdigest(), sent.topic, place),
        )
        return int(found.fetchone()[0])

    def look(self) -> None:
        """Learn what has been committed since the last look."""
        for number, received_at, stations, lengths, payloads in self._journal.execute(
            "SELECT id, received_at, stations, lengths, payloads FROM batch WHERE id > ? ORDER BY id", (self._batch,)
        ).fetchall():
            self._batch, at = number, 0
            for station, length in zip(array("I", stations), array("I", lengths), strict=True):
                name, payload = self._name(station), payloads[at : at + length]
                at += length
                self.committed.append(Committed(received_at, name, payload))
                self._messages.add((f"rain/v1/{name}/up", payload))

    def _kept(self, sent: Sent) -> bool:
        self.look()
        return (sent.topic, sent.payload) in self._messages

    def _stands(self, fact: Fact) -> bool:
        at, key = fact.claimed_at, (fact.station, fact.shown, fact.test)
        rows = (
            "SELECT 1 FROM reading r JOIN station s ON s.n = r.station WHERE s.id = ? AND r.counter = ? AND r.test = ?"
        )
        found = self._journal.execute(f"{rows} AND r.hour = ? AND r.observed_at = ?", (*key, at // HOUR_MS, at))
        if found.fetchone() is not None:
            return True
        # Mended to one instant, readings that show one count are one fact: it stands under one of their claims.
        return self._journal.execute(f"{rows} AND r.claimed_at <> r.observed_at", key).fetchone() is not None

    def _name(self, number: int) -> str:
        if number not in self._names:
            self._names = dict(self._journal.execute("SELECT n, id FROM station"))
        return self._names[number]

    # --- copies and notices ------------------------------------------------------------------------------------

    def copied(self, store: TableStore) -> None:
        """The store's position is not ahead of what the store has got."""
        position = self._position(store.name)
        if position <= self._copied:
            return
        aside = set(self._outbound.execute("SELECT station, at FROM set_aside WHERE name = ?", (store.name,)))
        for row in self._changed(self._copied, position):
            if (row.station, row.observed_at) in aside:
                continue
            has = store.rows.get((row.station, row.observed_at, row.counter, row.kind == Kind.TEST))
            if has != row:
                raise Violation("position", f"at {position} the store has {has}, the journal {row}")
        for event in self._events(self._copied, position):
            if event not in store.events:
                raise Violation("position", f"at {position} the store has no event {event}")
        self._copied = position

    def told(self, notifier: ListeningNotifier) -> None:
        """What people were told is in the journal, and the notifier's position is not ahead of what was told."""
        for event, _ in notifier.told[self._heard :]:
            found = self._journal.execute(
                "SELECT alert_id, kind, level, at FROM alert_event WHERE id = ?", (event.id,)
            ).fetchone()
            told = (event.alert_id, event.kind, event.level, event.at)
            if found != told:
                raise Violation("nothing told that is not known", f"told {told}, the journal has {found}")
        self._heard = len(notifier.told)
        position = self._position(notifier.name)
        if position <= self._told:
            return
        heard = {event.id for event, _ in notifier.told} | notifier.rejected
        for event_id in self._events(self._told, position, sent=True):
            if event_id not in heard:
                raise Violation("position", f"at {position} nobody was told of event {event_id}")
        self._told = position

    def _position(self, name: str) -> int:
        """Up to where everything has been carried on: what was put off has not."""
        found = self._outbound.execute(
            "SELECT min(seq) FROM (SELECT seq FROM position WHERE name = ? UNION ALL SELECT since FROM backlog"
            " WHERE name = ?)",
            (name, name),
        ).fetchone()
        return int(found[0] or 0)

    def _changed(self, after: int, until: int) -> Iterable[Row]:
        spans = [body for (body,) in self._bodies(RAIN, after, until)]
        seen: set[Key] = set()
        for number, since, end in {span for body in spans for span in _threes(array("q", body))}:
            for row in self._journal.execute(
                f"SELECT {ROW} FROM reading WHERE hour BETWEEN ? AND ? AND station = ? AND observed_at > ?"  # noqa: S608
                f" AND observed_at <= ? AND step <> {OWED}",
                (since // HOUR_MS, end // HOUR_MS, number, since, end),
            ):
                found = Row(self._name(number), *row)
                key = (found.station, found.observed_at, found.counter, found.kind == Kind.TEST)
                if key not in seen:
                    seen.add(key)
                    yield found

    def _events(self, after: int, until: int, *, sent: bool = False) -> list[int]:
        found = [event for (body,) in self._bodies(ALERTS, after, until) for event in array("q", body)]
        if not sent:
            return found
        told = {event for (event,) in self._journal.execute("SELECT id FROM alert_event WHERE sent = 1")}
        return [event for event in found if event in told]

    def _bodies(self, kind: int, after: int, until: int) -> list[tuple[bytes]]:
        return self._journal.execute(
            "SELECT body FROM change WHERE kind = ? AND seq > ? AND seq <= ?", (kind, after, until)
        ).fetchall()

    def question(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Any other question to the journal."""
        return self._journal.execute(sql, values).fetchall()


def _threes(parts: "array[int]") -> Iterable[tuple[int, int, int]]:
    return zip(parts[0::3], parts[1::3], parts[2::3], strict=True)


def _reading(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)
