"""The account at the end of a world: nothing lost, nothing twice, everything as in a clean run, copied and told."""

from array import array
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from gauge_ingest.core.model import AlertEvent, EventKind, Kind, Row, State, Step
from gauge_ingest.journal import Reader
from gauge_ingest.pump.accept import Network
from tests.deterministic.broker import Kept
from tests.deterministic.clean import CleanRun, episodes_of, facts_of, rows_of
from tests.deterministic.copies import ListeningNotifier, TableStore, key_of
from tests.deterministic.fate import Story, Violation
from tests.deterministic.plan import Plan
from tests.deterministic.truth import Sent, Truth
from tests.deterministic.witness import Witness

Claim = tuple[str, int, int, bool]
ENDS = {
    EventKind.CLEARED: State.CLEARED,
    EventKind.LAPSED: State.LAPSED,
    EventKind.WITHDRAWN: State.WITHDRAWN,
}


class Account:
    """Each method is one promise; all of them are asked."""

    def __init__(self, plan: Plan, network: Network, reader: Reader, witness: Witness, story: Story) -> None:
        self._plan = plan
        self._network = network
        self._reader = reader
        self._witness = witness
        self._story = story
        self._rows = rows_of(reader)

    # --- nothing lost, nothing twice ---------------------------------------------------------------------------

    def every_message(self, kept: Iterable[Kept], sent: dict[tuple[str, bytes], Sent]) -> None:
        """What a station was told is safe, and the broker did not forget, is in the journal or in quarantine, once."""
        witness = self._witness
        witness.look()
        committed = {(f"rain/v1/{one.station}/up", one.payload) for one in witness.committed}
        expected: Counter[tuple[str, int | None]] = Counter()
        stand = _Standing(self.rows())
        strangers = 0
        for message in {
            (one.topic, one.payload): one for one in sorted(kept, key=lambda one: not one.forgotten)
        }.values():
            one = sent[message.topic, message.payload]
            here = (one.topic, one.payload) in committed
            if one.undecodable or one.stranger:
                here = here or bool(witness.quarantined(one, None))
            if not here and one.stranger:
                strangers += not message.forgotten
                continue
            if not here:
                self._demand(message.forgotten, "nothing is lost", f"{message!r:.300}")
                continue
            if one.undecodable:
                expected[one.topic, None] += 1
            elif (one.topic, one.payload) in committed:
                stand.take(one)
                expected.update((one.topic, fact.place) for fact in one.facts if fact.refused)
        stand.once()
        self._quarantine(expected)
        turned_away = witness.question("SELECT coalesce(sum(turned_away), 0) FROM unknown_sender")[0][0]
        self._demand(strangers == 0 or turned_away, "nothing is lost", f"{strangers} messages of strangers")
        self._demand(
            not witness.question(
                "SELECT day FROM unknown_sender WHERE kept > ?", self._plan.admission.unknown_sender_quota
            ),
            "quarantine",
            "more strangers were kept than the quota allows",
        )

    def _quarantine(self, expected: Counter[tuple[str, int | None]]) -> None:
        """It holds exactly what it should: of known stations what had to be refused, of strangers what they sent."""
        entries = self._reader.quarantine(replayed=True)
        known = set(self._network.stations)
        found = Counter((one.topic, one.place) for one in entries if one.station in known and one.known)
        self._demand(found == expected, "quarantine", f"it holds {found}, and should hold {expected}")
        faults = [one.traceback for one in entries if one.traceback]
        self._demand(not faults, "no fault of ours", str(faults[:1]))
        twice = Counter((one.topic, one.digest, one.place) for one in entries if one.replayed_at is None)
        self._demand(all(number == 1 for number in twice.values()), "quarantine", "a payload stands in it twice")

    # --- the rain ----------------------------------------------------------------------------------------------

    def rain(self, truth: Truth) -> None:
        """Between the first and the last reading that was kept, what was counted is what is stored."""
        for site in self._plan.day.sites:
            rows = [row for row in self._rows.get(site.station, ()) if row.kind != Kind.TEST]
            if len(rows) < 2:
                continue
            counted = None
            if site.station not in self._plan.day.undecidable:
                counted = truth.tips(site.station, ((row.claimed_at, row.counter) for row in rows))
            if counted is None:
                self._story.count("station-days whose rain nobody can say exactly")
                continue
            stored = sum(row.tips for row in rows)
            self._story.count("station-days with exact rain")
            self._story.met["tips"] += counted
            self._demand(stored == counted, "rain", f"{site.station} counted {counted} tips, stored are {stored}")

    def derived(self) -> None:
        """Each row is derived, its bounds hold it, and no span of time is counted twice."""
        for station, rows in self._rows.items():
            for row in rows:
                if row.step == Step.OWED or not 0 <= row.tips_min <= row.tips <= row.tips_max:
                    raise Violation("increments", f"{row}")
            spans = [(row.since, row.observed_at) for row in rows if row.step not in (Step.VOID, Step.FIRST)]
            for (_, until), (since, _) in pairwise(sorted(spans)):
                if until > since:
                    raise Violation("increments", f"{station}: {since} is counted twice")

    # --- as in a clean run -------------------------------------------------------------------------------------

    def as_clean(self, clean: CleanRun) -> None:
        """Rows, increments and episodes are those of a run in which nothing went wrong."""
        straight = rows_of(clean.reader)
        for station in sorted(straight | self._rows):
            ours, theirs = self._rows.get(station, []), straight.get(station, [])
            here, there = [facts_of(row) for row in ours], [facts_of(row) for row in theirs]
            if here != there:
                first = [pair for pair in zip(ours, theirs, strict=False) if facts_of(pair[0]) != facts_of(pair[1])]
                raise Violation("as in a clean run", f"{station}: {len(here)} rows and {len(there)}: {first[:1]}")
        told, wanted = episodes_of(self._reader), episodes_of(clean.reader)
        self._story.met["episodes"] += len(wanted)
        only_here, only_there = [one for one in told if one not in wanted], [one for one in wanted if one not in told]
        self._demand(told == wanted, "as in a clean run", f"episodes {only_here}, and in the clean run {only_there}")

    # --- alerts ------------------------------------------------------------------------------------------------

    def alerts(self) -> None:
        """Every alert was raised, no event is told twice in a row, and the events lead to where the alert stands."""
        for alert in self._reader.alerts.all(ended=True):
            events = self._reader.alerts.events(alert.id)
            what = f"alert {alert.id} {alert.rule} {alert.scope}: {[(one.kind.value, one.level) for one in events]}"
            self._demand(events and events[0].kind is EventKind.RAISED, "alert events", f"no raise: {what}")
            for before, after in pairwise(events):
                same = (before.kind, before.level) == (after.kind, after.level)
                self._demand(not same, "alert events", f"twice in a row: {what}")
            state, level = _fold(events)
            self._demand(state is alert.state, "alert events", f"it is {alert.state}: {what}")
            if alert.state is State.RAISED:
                self._demand(level == alert.level, "alert events", f"it stands at {alert.level}: {what}")
        standing = Counter((one.rule, one.scope) for one in self._reader.alerts.all())
        self._demand(all(number == 1 for number in standing.values()), "alert events", f"two stand: {standing}")
        broken = [one.reason for one in self._reader.alerts.all(ended=True) if one.rule == "broken"]
        self._demand(not broken, "no fault of ours", str(broken[:1]))

    def told(self, notifier: ListeningNotifier) -> None:
        """Every event that is to be sent was told, in order, and twice only where the second is marked."""
        heard: dict[int, list[bool]] = {}
        newest: dict[int, int] = {}
        for event, repeated in notifier.told:
            heard.setdefault(event.id, []).append(repeated)
            self._demand(newest.get(event.alert_id, 0) <= event.id, "told", f"event {event.id} comes out of order")
            newest[event.alert_id] = event.id
        for event in self._reader.alerts.changes(0, events_max=1_000_000)[1]:
            times = heard.pop(event.id, [])
            if event.sent:
                self._demand(times or event.id in notifier.rejected, "told", f"nobody was told: {event}")
            self._demand(all(times[1:]), "told", f"told again without a mark: {event}")
        self._demand(not heard, "told", f"events that the journal does not have: {heard}")

    # --- copies ------------------------------------------------------------------------------------------------

    def copied(self, store: TableStore, *, aside: set[tuple[str, int]]) -> None:
        """The store has the journal's rows, each as it stands, and its events."""
        ours = {key_of(row): row for rows in self._rows.values() for row in rows}
        for key, row in ours.items():
            if store.rows.get(key) != row and (row.station, row.observed_at) not in aside:
                raise Violation("store", f"it has {store.rows.get(key)}, the journal {row}")
        self._demand(
            store.rows.keys() <= ours.keys(), "store", f"too much: {list(store.rows.keys() - ours.keys())[:3]}"
        )
        events = {event.id: event for event in self._reader.alerts.changes(0, events_max=1_000_000)[1]}
        self._demand(store.events == events, "store", "its events are not the journal's")

    def logged(self) -> None:
        """The change log names the span of every row."""
        spans: dict[int, list[tuple[int, int]]] = {}
        for (body,) in self._witness.question("SELECT body FROM change WHERE kind = 1"):
            assert isinstance(body, bytes)
            parts = array("q", body)
            for number, since, until in zip(parts[0::3], parts[1::3], parts[2::3], strict=True):
                spans.setdefault(number, []).append((since, until))
        for station, rows in self._rows.items():
            known = spans.get(self._reader.number(station) or 0, [])
            exact = set(known)
            for row in rows:
                at = row.observed_at
                if (at - 1, at) not in exact and not any(since < at <= until for since, until in known):
                    raise Violation("change log", f"nobody learns of {row}")

    def _demand(self, so: object, invariant: str, what: str) -> None:
        if not so:
            raise Violation(invariant, what)

    def facts(self) -> list[tuple[object, ...]]:
        """Everything that a world has come to, for its digest."""
        return [*map(facts_of, self.rows()), *episodes_of(self._reader)]

    def rows(self) -> Iterable[Row]:
        """Every row there is."""
        return (row for rows in self._rows.values() for row in rows)


class _Standing:
    """Rows against what stations claim: every claim stands, and none more often than it was made."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows: Counter[Claim] = Counter()
        self._mended: set[tuple[str, int, bool]] = set()
        self._claims: Counter[Claim] = Counter()
        for row in rows:
            test = row.kind == Kind.TEST
            self._rows[row.station, row.claimed_at, row.counter, test] += 1
            if row.claimed_at != row.observed_at:
                self._mended.add((row.station, row.counter, test))

    def take(self, sent: Sent) -> None:
        """A message that was committed."""
        self._claims.update(fact[:4] for fact in sent.facts if not fact.refused)

    def once(self) -> None:
        """Ask, when every message is taken."""
        for claim, times in self._claims.items():
            station, _, count, test = claim
            # Mended to one instant, readings that show one count are one fact: it stands under one of their claims.
            if not self._rows[claim] and (station, count, test) not in self._mended:
                raise Violation("nothing is lost", f"{claim} is nowhere")
            # A clock that was ahead and is set right claims one instant twice, for two readings.
            if self._rows[claim] > times:
                raise Violation("nothing stands twice", f"{claim} stands {self._rows[claim]} times, sent {times} times")
        if unknown := self._rows.keys() - self._claims.keys():
            raise Violation("nothing stands twice", f"nobody sent {list(unknown)[:3]}")


def _fold(events: Iterable[AlertEvent]) -> tuple[State | None, str]:
    """Where the events leave an alert."""
    state, level = None, ""
    for event in events:
        if event.kind in ENDS:
            state = ENDS[event.kind]
            continue
        if event.kind is EventKind.RAISED:
            state = State.RAISED
        level = event.level
    return state, level
