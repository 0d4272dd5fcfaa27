"""The follower that copies the rain of fixed windows: it makes anew what a change has touched, day by day."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gauge_ingest.core.fixed import StoredIncrement, ended_of, told_of, windows
from gauge_ingest.core.model import DAY_MS, Station
from gauge_ingest.journal import Reader
from gauge_ingest.outbound.copying import CopyFollower, End
from gauge_ingest.outbound.follow import IDLE_S
from gauge_ingest.outbound.positions import Positions, PutOff, SetAside
from gauge_ingest.outbound.touched import Touched
from gauge_ingest.stores import Refused, StoreRejected, Total, WindowStore

STATIONS_MAX = 200  # of one piece of work: a day of them is 57,600 rows at one each five minutes
NOW_CHANGES_MAX = 2_000  # more than these are no longer what comes now
# A window is made from a whole day: of reports that come together it is made once. Where that is much work, it rests
# for so many times as long as it took, for the readings come first.
LINGER_S, LINGER_MAX_S, RESTS = 1.0, 20.0, 9
TOUCHED_MAX = 500_000  # days of stations in memory: 60 MB
SPANS_EACH = 50  # pages of the change log between two looks at what comes now


class _CatchingUp(NamedTuple):
    """What was put off, as far as it has been read: `read` is no longer of the span, `touched` is still to be made."""

    span: PutOff
    read: PutOff
    touched: Touched


class WindowFollower(CopyFollower):
    """Copies windows to a store; each that holds some of a changed increment is made from the journal as it is now."""

    linger_s = LINGER_S

    def __init__(
        self,
        store: WindowStore,
        stations: Mapping[str, Station],
        journal: Path,
        positions: Positions,
        *,
        now: Callable[[], int],
        retry_max_s: float,
        configuration: str = "",
        catch_up: End = "newest",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(
            store,
            journal,
            positions,
            now=now,
            retry_max_s=retry_max_s,
            configuration=configuration,
            catch_up=catch_up,
            monotonic=monotonic,
        )
        self._store = store
        self._stations = stations
        self._step_ms = min(store.steps_ms)
        self._catching_up: _CatchingUp | None = None
        self._offered_newest = not store.settles

    def carry_on(self, reader: Reader) -> float:
        """Copy what comes now, some of what was put off, and what has waited in the store for its end."""
        wait_s = super().carry_on(reader)
        if not self._offered_newest and not self.is_outdated(reader):
            self._offer_newest(reader)
        elif wait_s == IDLE_S and self._store.settles:
            self._write([])
        return wait_s

    def copy(self, reader: Reader, until: int) -> tuple[int, bool]:
        """Copy what changed behind the position, up to `until` of the log; up to where, and whether it was much."""
        since, touched = self.position.seq, Touched(self._step_ms)
        if until - since > NOW_CHANGES_MAX:
            return since, True
        while since < until:
            found = reader.log.spans(since, until)
            touched.add(found.spans)
            since = found.until
        if self.is_outdated(reader):
            return self.position.seq, False
        begun_s = self._monotonic()
        while touched:
            self._make(reader, touched)
        self.linger_s = min(max(LINGER_S, RESTS * (self._monotonic() - begun_s)), LINGER_MAX_S)
        return until, False

    def copy_put_off(self, reader: Reader, span: PutOff) -> PutOff:
        """Make some of what a span that was put off has touched; what is left of the span once all of it is made."""
        work = self._catching_up
        if work is None or work.span != span:
            work = _CatchingUp(span, span, Touched(self._step_ms))
        left = work.read
        for _ in range(SPANS_EACH):
            if left.since >= left.until or work.touched.size >= TOUCHED_MAX:
                break
            found = reader.log.spans(left.since, left.until, newest_first=self.newest_first)
            work.touched.add(found.spans)
            left = left._replace(until=found.since) if self.newest_first else left._replace(since=found.until)
        self._catching_up = work = work._replace(read=left)
        is_read = left.since >= left.until or work.touched.size >= TOUCHED_MAX
        if self.is_outdated(reader) or not is_read:
            return span
        if work.touched:
            self._make(reader, work.touched)
        if work.touched:
            return span
        self._catching_up = None
        return left

    def offer_again(self, reader: Reader, refused: Sequence[SetAside]) -> None:
        """Offer what the store had refused."""
        numbers = {name: number for number, name in reader.windows.names().items()}
        for one in refused:
            touched = Touched(self._step_ms)
            if one.station in numbers:
                touched.mark(numbers[one.station], one.at - 1, one.at)
            try:
                while touched:
                    day, chosen = touched.take(STATIONS_MAX, newest_first=True)
                    self._store.write(self._totals(reader, touched, day, chosen))
            except StoreRejected:
                continue
            self.positions.taken_after_all(self.name, one)

    def _offer_newest(self, reader: Reader) -> None:
        """What waited in memory in a life before: the last day of each station."""
        touched = Touched(self._step_ms)
        for number in reader.windows.names():
            edges = reader.windows.first_and_last(number)
            if edges is not None:
                touched.mark(number, edges[1] - DAY_MS, edges[1])
        while touched:
            self._make(reader, touched)
        self._offered_newest = True

    def _make(self, reader: Reader, touched: Touched) -> None:
        """Make the windows of some stations and one day; they stay touched where the store cannot take them now."""
        day, chosen = touched.take(STATIONS_MAX, newest_first=self.newest_first)
        try:
            self._write(self._totals(reader, touched, day, chosen))
        except BaseException:
            touched.put_back(day, chosen)
            raise

    def _write(self, totals: Sequence[Total]) -> None:
        try:
            self._store.write(totals)
        except StoreRejected as error:
            self.set_aside(error.refused, _aside)

    def _totals(self, reader: Reader, touched: Touched, day: int, chosen: Mapping[int, int]) -> list[Total]:
        """Windows of some stations and one day, as they are now; marks those of earlier days that they lead to."""
        names, whole_since = reader.windows.names(), reader.windows.pruned_before()
        rows = reader.windows.rows(list(chosen), since=day - DAY_MS, until=day)
        totals: list[Total] = []
        for number, bits in chosen.items():
            station = self._stations.get(names[number])
            if station is None:
                continue  # no longer configured: nobody knows its bucket
            across = reader.windows.across(number, day)
            spoken = told_of(
                [*rows[number], *across], first=day - DAY_MS, number=DAY_MS // self._step_ms, step_ms=self._step_ms
            )
            bits = (bits | self._led_to(touched, number, day, bits, rows[number])) & spoken
            made = totals_of(station, rows[number], across, day, touched, bits, self._store.steps_ms)
            # Of a window whose readings are partly deleted the store knows more than the journal.
            imported_until = reader.windows.imported_until(station.id) if whole_since else 0
            whole = [one for one in made if one.window.since >= whole_since or one.window.until <= imported_until]
            totals += whole
        return totals

    def _led_to(self, touched: Touched, number: int, day: int, bits: int, rows: Sequence[StoredIncrement]) -> int:
        """The windows of this day that a touched increment begins in or spans, too; those of earlier days are marked.

        So an hour without a report is a window, which says that there was none.
        """
        found, begin = 0, day - DAY_MS
        for since, at, *_ in rows:
            if touched.bits(day, at - 1, at) & bits:
                found |= touched.bits(day, max(since, begin), at)
                if since < begin:
                    touched.mark(number, since, begin)
        return found


def totals_of(
    station: Station,
    rows: Sequence[StoredIncrement],
    across: Sequence[StoredIncrement],
    day: int,
    touched: Touched,
    bits: int,
    steps_ms: Sequence[int],
) -> list[Total]:
    """The windows of a station and a day, named by its end, that these bits lie in; `rows` end in the day."""
    ended, behind = ended_of(rows), ended_of(across)
    totals: list[Total] = []
    for step_ms in steps_ms:
        made = windows(station, ended, first=day - DAY_MS, number=DAY_MS // step_ms, step_ms=step_ms, across=behind)
        totals += [Total(station.id, step_ms, made[place]) for place in touched.windows(bits, step_ms)]
    return totals


def _aside(refused: Refused) -> SetAside:
    """A window is set aside under its end and its step."""
    item = refused.item
    assert isinstance(item, Total)
    return SetAside(item.station, item.window.until, item.step_ms, refused.reason)
