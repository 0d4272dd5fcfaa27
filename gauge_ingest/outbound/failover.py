"""Failing over: from a dead way to the person's next one; who cannot be reached at all is written down."""

from collections.abc import Callable, Mapping

from gauge_ingest.core.people import Address, Person
from gauge_ingest.outbound.deliveries import REASON_MAX, UNDONE, open_way
from gauge_ingest.outbound.queue import Queue

NOT_CONFIGURED = "the channel is no longer in people.toml"
NOBODY = "the person is no longer in people.toml"
NO_WAY = "people.toml gives no way"

Dead = Callable[[str, str, str], bool]  # channel, person, address


def adopt(queue: Queue, people: Mapping[str, Person], *, channels: frozenset[str], now: int) -> None:
    """Bring what waits to the people and the channels as they are configured now."""
    with queue.transaction() as db:
        known = db.execute(
            f"SELECT person FROM delivery WHERE state IN {UNDONE} UNION SELECT person FROM way WHERE state = 'waiting'"
        ).fetchall()
        for (name,) in known:
            person = people.get(name)
            if person is None:
                db.execute(
                    "UPDATE delivery SET state = 'rejected', reason = ?, ended_at = ?"
                    f" WHERE person = ? AND state IN {UNDONE}",
                    (NOBODY, now, name),
                )
                db.execute(
                    "UPDATE way SET state = 'stopped', ended_at = ? WHERE person = ? AND state = 'waiting'", (now, name)
                )
                continue
            reach = {(one.channel, one.to) for one in person.reach if one.channel in channels}
            ways = db.execute(
                "SELECT DISTINCT channel, address FROM way WHERE person = ? AND state = 'waiting'", (name,)
            )
            for key in ways.fetchall():
                if tuple(key) not in reach:
                    db.execute(
                        "UPDATE way SET state = 'rejected', reason = ?, ended_at = ?"
                        " WHERE person = ? AND channel = ? AND address = ? AND state = 'waiting'",
                        (NOT_CONFIGURED, now, name, *key),
                    )
        names = [name for (name,) in db.execute("SELECT person FROM unreached") if name not in people]
        db.executemany("DELETE FROM unreached WHERE person = ?", [(name,) for name in names])
        db.execute("UPDATE channel SET error = '', error_at = NULL")


def fail_over(queue: Queue, people: Mapping[str, Person], dead: Dead, *, now: int) -> int:
    """Open the next way where one is dead or has refused; how many ways were opened."""
    opened = 0
    with queue.transaction() as db:
        # Together with the delivery a way is known to be of one that is not done yet.
        keys = db.execute(
            "SELECT DISTINCT w.person, w.channel, w.address, w.state = 'rejected' FROM way w JOIN delivery d"
            f" ON d.id = w.delivery AND d.state IN {UNDONE} WHERE w.state IN ('waiting', 'begun', 'rejected')"
        ).fetchall()
        for name, channel, address, refused in keys:
            person = people.get(name)
            if person is None or not (refused or dead(channel, name, address)):
                continue
            following = _next(person, Address(channel, address))
            if following is None:
                continue
            states = "('rejected')" if refused else UNDONE
            ids = db.execute(
                f"SELECT w.delivery FROM way w JOIN delivery d ON d.id = w.delivery AND d.state IN {UNDONE}"
                f" WHERE w.person = ? AND w.channel = ? AND w.address = ? AND w.state IN {states} AND NOT EXISTS"
                " (SELECT 1 FROM way o WHERE o.delivery = w.delivery AND o.channel = ? AND o.address = ?)",
                (name, channel, address, following.channel, following.to),
            ).fetchall()
            for (delivery,) in ids:
                open_way(db, delivery, name, following, channel, now)
            opened += len(ids)
    return opened


def find_unreached(queue: Queue, people: Mapping[str, Person], dead: Dead, *, now: int) -> list[str]:
    """Write down whom no way reaches; whoever is new among them."""
    new = []
    with queue.transaction() as db:
        waiting = db.execute(f"SELECT DISTINCT person FROM delivery WHERE state IN {UNDONE}").fetchall()
        for (name,) in waiting:
            person = people.get(name)
            if person is None:
                continue
            words = []
            for way in person.reach:
                row = db.execute(
                    "SELECT w.reason, w.state = 'rejected' FROM way w JOIN delivery d ON d.id = w.delivery"
                    " AND d.state IN ('waiting', 'begun', 'rejected') WHERE w.person = ? AND w.channel = ?"
                    " AND w.address = ? AND w.state IN ('waiting', 'begun', 'rejected') AND w.reason <> ''"
                    " ORDER BY w.delivery DESC LIMIT 1",
                    (name, way.channel, way.to),
                ).fetchone()
                if not ((row is not None and row[1]) or dead(way.channel, name, way.to)):
                    break
                words.append(f"{way.channel}: {row[0] if row is not None else 'hangs'}")
            else:
                known = db.execute("SELECT 1 FROM unreached WHERE person = ?", (name,)).fetchone()
                reason = "; ".join(words)[:REASON_MAX] or NO_WAY
                db.execute(
                    "INSERT INTO unreached VALUES (?, ?, ?) ON CONFLICT (person) DO UPDATE SET"
                    " reason = excluded.reason WHERE reason <> excluded.reason",
                    (name, now, reason),
                )
                new += [] if known else [name]
    return new


def _next(person: Person, address: Address) -> Address | None:
    """The way after this one, in a circle: the order may have changed since. The first for one that has gone."""
    at = person.reach.index(address) + 1 if address in person.reach else 0
    return person.reach[at % len(person.reach)] if person.reach else None
