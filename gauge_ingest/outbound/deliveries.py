"""Deliveries as outbound.db keeps them: one for each person and event, its ways, every try."""

import sqlite3
from typing import NamedTuple

from gauge_ingest.core.model import AlertEvent, EventKind
from gauge_ingest.core.people import Address

# A delivery: who is to be told of which event. Its ways: the addresses that have been opened for it, the first at once,
# the next when that one is dead. A try: one row for each delivery in the message, written before the message is sent.
# `batch`: what went in one message, kept while that message may have reached people, so that the same one is repeated.
SCHEMA = """
CREATE TABLE IF NOT EXISTS delivery (id INTEGER PRIMARY KEY, epoch TEXT NOT NULL, person TEXT NOT NULL,
    event INTEGER NOT NULL, alert INTEGER NOT NULL, kind TEXT NOT NULL, level TEXT NOT NULL, grade INTEGER NOT NULL,
    evacuates INTEGER NOT NULL, event_at INTEGER NOT NULL, queued_at INTEGER NOT NULL, since_at INTEGER NOT NULL,
    repeated INTEGER NOT NULL, state TEXT NOT NULL, superseded_by INTEGER, ended_at INTEGER,
    reason TEXT NOT NULL DEFAULT '', UNIQUE (epoch, person, event));
CREATE INDEX IF NOT EXISTS delivery_open ON delivery (person, alert) WHERE state IN ('waiting', 'begun');
CREATE INDEX IF NOT EXISTS delivery_of_alert ON delivery (alert);
CREATE TABLE IF NOT EXISTS way (delivery INTEGER NOT NULL, channel TEXT NOT NULL, address TEXT NOT NULL,
    person TEXT NOT NULL, state TEXT NOT NULL, perhaps_told INTEGER NOT NULL DEFAULT 0,
    batch INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0, alone INTEGER NOT NULL DEFAULT 0,
    instead_of TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '', opened_at INTEGER NOT NULL, ended_at INTEGER,
    PRIMARY KEY (delivery, channel, address)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS way_open ON way (channel, person, address) WHERE state IN ('waiting', 'begun', 'rejected');
CREATE INDEX IF NOT EXISTS way_begun ON way (channel, person, address, batch) WHERE batch > 0 AND state = 'waiting';
CREATE TABLE IF NOT EXISTS try (id INTEGER PRIMARY KEY, batch INTEGER NOT NULL, delivery INTEGER NOT NULL,
    channel TEXT NOT NULL, address TEXT NOT NULL, number INTEGER NOT NULL, repeated INTEGER NOT NULL,
    begun_at INTEGER NOT NULL, ended_at INTEGER, result TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS try_of_delivery ON try (delivery);
CREATE INDEX IF NOT EXISTS try_batch ON try (batch);
CREATE TABLE IF NOT EXISTS unreached (person TEXT PRIMARY KEY, since INTEGER NOT NULL, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS channel (name TEXT PRIMARY KEY, told_at INTEGER, error_at INTEGER,
    error TEXT NOT NULL DEFAULT '');
"""

# What tells where an alert stands: of these only the newest is worth telling.
STATES = (
    EventKind.RAISED,
    EventKind.STRENGTHENED,
    EventKind.EASED,
    EventKind.CLEARED,
    EventKind.WITHDRAWN,
    EventKind.LAPSED,
)
# What says again where it stands: superseded by every newer state, and by the next of its kind.
AGAIN = (EventKind.ESCALATED, EventKind.REMINDED)
REASON_MAX = 500
UNDONE = "('waiting', 'begun')"  # the states of a delivery that nobody was told of yet


class Due(NamedTuple):
    """What is to be put: an event for one person. `silenced`: why the person is not told after all.

    `first_told`: the id of the event with which people were first told of the alert as it last rose.
    """

    person: str
    first: Address
    event: AlertEvent
    level: str
    grade: int
    evacuates: bool
    repeated: bool
    silenced: str = ""
    first_told: int = 0


class Waiting(NamedTuple):
    """Deliveries of one level that wait for one person at one address."""

    person: str
    address: str
    level: str
    grade: int
    evacuates: bool
    since_at: int
    untried: bool


class Told(NamedTuple):
    """One delivery in a message. `instead_of`: the way that is not working, when this one took over."""

    delivery: int
    event: int
    alert: int
    grade: int
    repeated: bool
    instead_of: str


class Batch(NamedTuple):
    """What goes in one message to one address; recorded as begun."""

    id: int
    channel: str
    person: str
    address: str
    number: int
    members: tuple[Told, ...]


def superseded_by(kind: EventKind) -> tuple[EventKind, ...]:
    """The kinds that a newer event of this kind makes old, of the same alert."""
    if kind in STATES:
        return STATES + AGAIN
    return AGAIN if kind in AGAIN else ()


def open_way(db: sqlite3.Connection, delivery: int, person: str, address: Address, instead_of: str, now: int) -> None:
    """An address may be tried for a delivery from now on."""
    db.execute(
        "INSERT OR IGNORE INTO way (delivery, channel, address, person, state, instead_of, opened_at)"
        " VALUES (?, ?, ?, ?, 'waiting', ?, ?)",
        (delivery, address.channel, address.to, person, instead_of, now),
    )
