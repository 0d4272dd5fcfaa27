"""One transaction's worth of deliveries: decoded, admitted, derived where that is possible at once, else owed."""

import hashlib
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from gauge_ingest.codecs import Decode, Message, Undecodable
from gauge_ingest.core.model import Increment, Kind, Report, Row, Station, Step
from gauge_ingest.core.quality.verdicts import Verdict, doubted
from gauge_ingest.core.rainfall import increment_after
from gauge_ingest.core.reasons import because
from gauge_ingest.journal import CHECK, DERIVE, JUDGE, Journal, Known, New, Refusal
from gauge_ingest.pump.admit import Bounds, admit
from gauge_ingest.pump.checking import Checking, Owed
from gauge_ingest.pump.delivery import Delivery
from gauge_ingest.pump.findings import Finding, Findings
from gauge_ingest.pump.judging import Judging
from gauge_ingest.pump.memory import StationMemory
from gauge_ingest.pump.senders import Senders

PAYLOAD_BYTES_MAX = 256 * 1024
# Wet increments a station's ledger may hold before the ones no window reaches any more are forgotten.
LEDGER_MAX = 2_000
# Looked up once: a member of an enumeration costs a call each time (Python 3.11).
_STEADY, _TEST = Step.STEADY, Kind.TEST


class Taken(NamedTuple):
    """What became of a batch."""

    readings: int
    repeats: int
    quarantined: int
    owed: int


class Batch:
    """Filled inside a transaction of the pump. `drop` forgets what was not flushed yet."""

    def __init__(
        self,
        *,
        journal: Journal,
        decode: Decode,
        senders: Senders,
        findings: Findings,
        memories: Mapping[str, StationMemory],
        memory: Callable[[Station], StationMemory],
        load: Callable[[StationMemory], None],
        checking: Checking,
        judging: Judging,
        bounds: Bounds,
        quota: int,
        configuration: int,
    ) -> None:
        self._journal = journal
        self._decode = decode
        self._senders = senders
        self._findings = findings
        self._memories = memories
        self._memory = memory
        self._load = load
        self._checking = checking
        self._judging = judging
        self._bounds = bounds
        self._quota = quota
        self._configuration = configuration
        self._received_at = bounds.received_at
        self._new: list[New] = []
        self._spans: array[int] = array("q")
        self._owed: dict[int, tuple[int, int]] = {}
        self._check: list[Owed] = []
        self._readings = self._repeats = self._quarantined = 0
        self.said: list[tuple[str, int]] = []  # stations, and when their messages were sent; 0: nobody knows

    def take(self, deliveries: Sequence[Delivery]) -> None:
        """Take deliveries in, in order."""
        # Names that are looked up for every message are looked up once.
        by_topic, memories = self._senders.by_topic, self._memories
        decode, received_at, said = self._decode, self._received_at, self.said
        message_id = first_id = self._journal.next_message_id()
        numbers: array[int] = array("I")
        payloads: list[bytes] = []
        for delivery in deliveries:
            topic, payload, _, retained = delivery
            station = by_topic.get(topic)
            if station is None or len(payload) > PAYLOAD_BYTES_MAX:
                self._turn_away(delivery, station)
                continue
            try:
                message = decode(payload, station.id, received_at, message_id)
            except Undecodable as error:
                self.refuse(delivery, str(error))
                continue
            memory = memories.get(station.id) or self._memory(station)
            self._admit(memory, delivery, message)
            said.append((station.id, 0 if retained else message.sent_at))
            numbers.append(memory.number)
            payloads.append(payload)
            message_id += 1
        if payloads:
            self._journal.add_batch(first_id, received_at, numbers, payloads)
        self._judging.settle()

    def replay(self, station: Station, payload: bytes, *, place: int | None) -> list[str]:
        """Take a payload from the quarantine in again, or one reading of it; the reasons why it still cannot be."""
        message_id = self._journal.next_message_id()
        try:
            message = self._decode(payload, station.id, self._received_at, message_id)
        except Undecodable as error:
            return [str(error)]
        memory = self._memory(station)
        self._journal.add_batch(message_id, self._received_at, array("I", [memory.number]), [payload])
        reports, rejected = admit(message, memory.station, self._bounds, self._latest)
        for report in reports:
            self._later(memory, report)
        return [one.reason for one in rejected if place is None or one.place == place]

    def refuse(self, delivery: Delivery, reason: str, *, place: int | None = None, trace: str | None = None) -> None:
        """Put a delivery, or one reading of it, into quarantine."""
        payload = delivery.payload
        refusal = Refusal(
            station=self._senders.claimed(delivery.topic),
            topic=delivery.topic,
            reason=reason,
            payload=payload[:PAYLOAD_BYTES_MAX],
            size=len(payload),
            digest=hashlib.sha256(payload).hexdigest(),
            known=delivery.topic in self._senders.by_topic,
            place=place,
            traceback=trace,
        )
        if self._journal.quarantine(self._received_at, refusal) is not None:
            self._quarantined += 1

    def flush(self) -> None:
        """Write what is ready."""
        if self._new:
            self._journal.add_readings(self._new, self._configuration)
            self._new = []

    def drop(self) -> None:
        """Forget what is not written: its savepoint was taken back."""
        self._new = []
        self._judging.waiting.clear()

    def finish(self) -> Taken:
        """Write the rest, enter what changed and what is owed."""
        self.flush()
        if self._spans:
            self._journal.log_rain(self._spans)
        for number, (since, until) in self._owed.items():
            self._journal.owing.owe(DERIVE, number, since=since, until=until)
        judge = self._judging.owed
        for scope, at in judge.items():
            self._journal.owing.owe(JUDGE, self._journal.station_number(scope), since=at - 1, until=at)
        for station, since, until in self._check:
            self._journal.owing.owe(CHECK, self._journal.station_number(station), since=since, until=until)
        owed = len(self._owed) + len(judge) + len(self._check)
        return Taken(self._readings, self._repeats, self._quarantined, owed)

    # --- one message -------------------------------------------------------------------------------------------

    def _turn_away(self, delivery: Delivery, station: Station | None) -> None:
        if station is not None:
            self.refuse(delivery, f"{len(delivery.payload)} bytes, more than {PAYLOAD_BYTES_MAX}: cut")
            return
        if self._journal.unknown_sender(self._received_at, quota=self._quota):
            claimed = self._senders.claimed(delivery.topic)
            self.refuse(delivery, f"station {claimed or '?'}: not in stations.toml (topic {delivery.topic[:100]})")
            return
        self._findings.raise_(
            Finding.UNKNOWN_SENDERS,
            because("unknown_senders", messages_max=self._quota),
            at=self._received_at,
        )

    def _admit(self, memory: StationMemory, delivery: Delivery, message: Message) -> None:
        station = memory.station
        reports, rejected = admit(message, station, self._bounds, self._latest)
        for one in rejected:
            self.refuse(delivery, one.reason, place=one.place)
        for report in reports:
            newest, at = memory.newest, report.observed_at
            mended = at != report.claimed_at
            memory.mended = memory.mended or mended
            # A mended report may be a repeat under another time: only the journal can tell.
            uncorrected = at > memory.corrected_until
            if memory.live and newest is not None and at > newest.observed_at and uncorrected and not mended:
                increment = increment_after(newest, report, station) if report.kind is not _TEST else None
                known = memory.mended and self._journal.decided_before(memory.number, report)
                if increment is not None and not known:
                    self._at_once(memory, report, increment)
                    continue
            self._later(memory, report)

    def _latest(self, station: Station) -> Row | None:
        """The latest reading of a station, of any kind: only a clock that is ahead asks for it."""
        self.flush()
        return self._journal.reader.newest(station.id, of_any_kind=True)

    def _at_once(self, memory: StationMemory, report: Report, increment: Increment) -> None:
        """The newest report of its station, decided by its predecessor alone."""
        if not memory.loaded:
            self._load(memory)
        number, at = memory.number, report.observed_at
        if self._judging.waiting:
            self._judging.settle(at)
        if memory.unsettled:
            self._judging.owe(memory.station.id, at)
        checking, verdict = self._checking, None
        if not increment.tips_max and increment.step is _STEADY and not report.door_open:
            if at > checking.latest_at:
                checking.latest_at = at
            if at > checking.latest_at - checking.lag_ms:
                verdict = memory.calm.verdict(
                    at, report.kind, report.received_at, report.temperature_c, report.battery_v
                )
        if verdict is None:
            verdict = self._look_at(memory, report, increment)
        self._new.append((number, report, increment, verdict))
        self._spans.extend((number, at - 1, at))
        self._readings += 1
        memory.newest = report
        if increment.tips_max:
            memory.ledger.append(increment, doubted=doubted(verdict.checks))
            if len(memory.ledger) > LEDGER_MAX:
                memory.forget_old()
            self._judging.judge(memory, at)
        else:
            memory.ledger.append(increment)
            if self._judging.wanted(memory, at):
                self._judging.judge(memory, at)

    def _look_at(self, memory: StationMemory, report: Report, increment: Increment) -> Verdict:
        """The verdict of a report by every check, and what it makes doubtful elsewhere."""
        if not self._checking.ready(memory.station, report.observed_at):
            self.flush()
            self._checking.prepare(memory.station, memory.newest)
        verdict, owed = self._checking.take(memory.station, report, increment)
        self._check += owed
        return verdict

    def _later(self, memory: StationMemory, report: Report) -> None:
        """A repeat, or a report whose increment depends on more than its predecessor: kept now, derived as a debt."""
        newest = memory.newest
        if newest is not None and report[:4] == newest[:4] and report.seq == newest.seq:
            self._repeats += 1
            return
        self.flush()
        known = self._journal.add_owed_reading(memory.number, report, self._configuration)
        if known is Known.SAME:
            self._repeats += 1
            return
        at = report.observed_at
        self._checking.latest_at = max(self._checking.latest_at, at)
        self._spans.extend((memory.number, at - 1, at))
        # A better report of a known fact may name another boot, which decides whether a fall is a restart.
        self._readings += known is Known.NEW
        self._repeats += known is Known.BETTER
        since, until = self._owed.get(memory.number, (at, at))
        self._owed[memory.number] = (min(since, at), max(until, at))
        if report.kind is not _TEST and (newest is None or at >= newest.observed_at):
            memory.newest, memory.live = report, False
