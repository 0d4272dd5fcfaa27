"""One step of the ingest process: a batch of deliveries to the journal, or a slice of what is owed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from gauge_ingest.codecs import Decode
from gauge_ingest.core.model import DAY_MS, HOUR_MS, SECOND_MS, UNBOUNDED, Alert, Station
from gauge_ingest.core.rules import Thresholds
from gauge_ingest.core.watch import Surroundings
from gauge_ingest.journal import JUDGE, Journal, JournalBroken, JournalUnavailable
from gauge_ingest.pump.accept import Network, accept
from gauge_ingest.pump.admit import Bounds
from gauge_ingest.pump.basins import Basins
from gauge_ingest.pump.batch import Batch, Taken
from gauge_ingest.pump.checking import Checking
from gauge_ingest.pump.debts import Payer
from gauge_ingest.pump.delivery import Delivery
from gauge_ingest.pump.escalate import Escalations, Silenced
from gauge_ingest.pump.findings import Findings
from gauge_ingest.pump.guard import attempt
from gauge_ingest.pump.judging import Judging
from gauge_ingest.pump.memory import StationMemory, load, recall
from gauge_ingest.pump.prune import Retention, prune, pruned_before
from gauge_ingest.pump.rulebook import Rulebook
from gauge_ingest.pump.senders import Senders
from gauge_ingest.pump.silences import held_back_in, remind
from gauge_ingest.pump.watch import Watch

# A commit costs more than a small debt: while a backlog arrives, many stations owe a few readings each.
DEBTS_MAX = 16
SMALL_MS = HOUR_MS
LATEST_KEY = "latest_received_at"


@dataclass(frozen=True, slots=True)
class PumpSettings:
    """Values of [journal] that concern admission."""

    clock_ahead_max_s: int = 600
    readings_older_than_days_max: int = 400
    unknown_sender_quota: int = 1_000


class Pump:
    """Owned by the ingest thread. Memory changes only with a commit: any rollback forgets it."""

    def __init__(self, journal: Journal, decode: Decode, settings: PumpSettings, *, now: Callable[[], int]) -> None:
        self._journal = journal
        self._decode = decode
        self._settings = settings
        self._now = now
        self._memories: dict[str, StationMemory] = {}
        self._checking = Checking(journal.reader, {})
        self._rulebook = Rulebook({}, {}, ())
        self._basins = Basins(self._rulebook, journal.reader, self.loaded)
        self._network = Network({}, (), "", "")
        self._configuration = 0
        self._escalations = Escalations(journal, self._network.roster, configuration=0)
        self._kept_since = pruned_before(journal)
        # The newest batch is not the latest one when our clock was set back: what it showed then is kept beside.
        self._newest_received_at = max(journal.reader.newest_received_at(), int(journal.meta(LATEST_KEY) or 0))
        self.senders = Senders({}, "+")
        self.findings = Findings(journal)
        self._watch = Watch(journal, self.findings)
        self.owing = True

    @property
    def network(self) -> Network:
        """The configuration in force."""
        return self._network

    def configure(self, network: Network) -> None:
        """Accept a configuration: a row of the journal; alerts that stand are judged anew when it is another one."""
        rules = [Thresholds(rule) for rule in network.rules]
        now = self._now()
        with self._journal.transaction():
            number = accept(self._journal, self.findings, network, rules, now=now)
        self._network, self._configuration = network, number
        self.rule_by(rules)
        self._escalations = Escalations(self._journal, network.roster, configuration=number)
        self.senders = Senders(network.stations, network.topic)
        self._watch.configure(network.stations, network.watch)
        self.forget()

    def rule_by(self, rules: Sequence[Thresholds]) -> None:
        """Judge by these rules from now on; what is remembered is forgotten."""
        self._rulebook = Rulebook(self._network.stations, self._network.basins, rules)
        self.forget()

    def forget(self) -> None:
        """Drop what is remembered; the journal has it all."""
        self._memories.clear()
        self._basins = Basins(self._rulebook, self._journal.reader, self.loaded)
        self._checking = Checking(self._journal.reader, self._network.stations)
        self.owing = True

    def forget_station(self, station: str) -> None:
        """Drop what is remembered of a station, because people have changed what it rests on."""
        self._memories.pop(station, None)
        self._basins.drop(station)
        self._checking.drop(station)
        self.owing = True

    def take(self, deliveries: Sequence[Delivery]) -> Taken:
        """Commit a batch: everything in it is in the journal afterwards, or nothing is and an error says why.

        A bug of ours that one message trips must not stop the others: the batch is tried again with a savepoint for
        each message, and the guilty one goes to quarantine with its traceback.
        """
        received_at = self._now()
        taken: list[Taken] = []
        try:
            fault = attempt(lambda: taken.append(self._commit(deliveries, received_at)))
            if fault is not None:
                self.forget()
                taken.append(self._commit_carefully(deliveries, received_at))
        except (JournalUnavailable, JournalBroken):
            self.forget()
            raise
        return taken[-1]

    def pay_debts(self) -> bool:
        """Pay a slice of what is owed: some debts of increments, or one of alerts; False when nothing is."""
        with self._journal.transaction():
            payer = Payer(
                self._journal,
                self._network.stations,
                self._rulebook,
                self.findings,
                configuration=self._configuration,
                now=self._now(),
                checking=self._checking,
            )
            for number in range(DEBTS_MAX):
                debt = self._journal.owing.newest_debt()
                if debt is None:
                    self.owing = False
                    return number > 0
                if number and (debt.kind == JUDGE or debt.until - debt.since > SMALL_MS):
                    break
                self._memories.pop(debt.station, None)
                self._basins.drop(debt.station)
                payer.pay(debt)
                if debt.kind == JUDGE:
                    break
        return True

    def prune(self, retention: Retention) -> bool:
        """Delete a slice of what need not be kept; whether there is more."""
        with self._journal.transaction():
            more = prune(self._journal, retention, now=self._now())
        self._kept_since = pruned_before(self._journal)
        return more

    def tick(self, around: Surroundings | None = None, *, silenced: Silenced | None = None) -> bool:
        """What time alone brings about: alerts that nobody acknowledged escalate, those of silent stations lapse, what
        a silence held back is told when it is over; and the watchdogs look, where something is known of what is
        around: else a silence may be our own.

        Whether there is something to tell now. `silenced`: asked in place of the journal's silences.
        """
        now, told = self._now(), self.findings.told
        with self._journal.transaction():
            self.findings.new_day(now)
            standing = self._journal.reader.alerts.all()
            held_back = silenced or held_back_in(self._journal, self._network.rules)
            escalated = self._escalations.tick(standing, now=now, silenced=held_back)
            for alert in standing:
                self._judge_silent(alert, now)
            reminded = remind(self._journal, self._network.rules, configuration=self._configuration, now=now)
            if around is not None:
                self._look_around(around, standing, now)
        return escalated or reminded > 0 or self.findings.told > told

    def _judge_silent(self, alert: Alert, now: int) -> None:
        scope = self._rulebook.scope(alert.scope)
        rules = self._rulebook.of(alert.scope)
        lapse_s = min((rule.rule.lapse_s for rule in rules if rule.rule.id == alert.rule), default=None)
        at = scope.newest_at(self._journal.reader) if scope is not None and lapse_s is not None else None
        if at is None or lapse_s is None or now - at <= lapse_s * 1000:
            return
        self._journal.owing.owe(JUDGE, self._journal.station_number(alert.scope), since=at - 1, until=at)
        self.owing = True

    def _look_around(self, around: Surroundings, standing: Sequence[Alert], now: int) -> None:
        """The watchdogs, which must not stop the rain: what they trip over is told, and the others go on."""
        fault = attempt(partial(self._watch_within, around, standing, now))
        if fault is not None:
            self.findings.broken("watchdogs", fault, at=now)

    def _watch_within(self, around: Surroundings, standing: Sequence[Alert], now: int) -> None:
        with self._journal.savepoint():
            self._watch.tick(around, standing, now=now)

    def memory(self, station: Station) -> StationMemory:
        """What is remembered of a station, loaded at first touch."""
        known = self._memories.get(station.id)
        if known is None:
            number = self._journal.station_number(station.id)
            known = self._memories[station.id] = recall(
                station, number, self._journal.reader, self._checking.of(station).calm
            )
        return known

    def loaded(self, station: Station) -> StationMemory:
        """What is remembered of a station, ledger and standings with it."""
        memory = self.memory(station)
        if not memory.loaded:
            self.load(memory)
        return memory

    def load(self, memory: StationMemory) -> None:
        """Load ledger and standings of a station."""
        load(memory, self._rulebook, self._journal.reader)
        for rule_id, fault in memory.faults:
            self.findings.broken(rule_id, fault, at=self._now())

    def batch(self, received_at: int, *, mend: bool = True) -> Batch:
        """An empty batch, for one transaction. `mend`: whether `received_at` may tell a station's clock to be ahead."""
        behind_max_ms = self._settings.readings_older_than_days_max * DAY_MS
        latest = received_at + self._settings.clock_ahead_max_s * SECOND_MS if mend else UNBOUNDED
        return Batch(
            journal=self._journal,
            decode=self._decode,
            senders=self.senders,
            findings=self.findings,
            memories=self._memories,
            memory=self.memory,
            load=self.load,
            checking=self._checking,
            judging=Judging(
                self._journal,
                self.findings,
                self._basins,
                self._network.stations,
                configuration=self._configuration,
                received_at=received_at,
            ),
            bounds=Bounds(received_at, max(received_at - behind_max_ms, self._kept_since), latest),
            quota=self._settings.unknown_sender_quota,
            configuration=self._configuration,
        )

    def _commit(self, deliveries: Sequence[Delivery], received_at: int) -> Taken:
        with self._journal.transaction():
            batch = self._batch_now(received_at)
            batch.take(deliveries)
            taken = batch.finish()
        return self._committed(batch, taken, received_at)

    def _commit_carefully(self, deliveries: Sequence[Delivery], received_at: int) -> Taken:
        with self._journal.transaction():
            batch = self._batch_now(received_at)
            for delivery in deliveries:
                fault = attempt(partial(self._take_one, batch, delivery))
                if fault is not None:
                    self.forget()
                    batch.drop()
                    reason = f"a fault of this program, its report is kept here: {fault.error}"
                    batch.refuse(delivery, reason, trace=fault.trace)
            taken = batch.finish()
        return self._committed(batch, taken, received_at)

    def _batch_now(self, received_at: int) -> Batch:
        """A batch for what has just arrived. While our clock is behind what we have received, it mends nobody's."""
        behind = received_at < self._newest_received_at
        if behind:
            self._journal.set_meta(LATEST_KEY, str(self._newest_received_at))
        return self.batch(received_at, mend=not behind)

    def _take_one(self, batch: Batch, delivery: Delivery) -> None:
        with self._journal.savepoint():
            batch.take([delivery])
            batch.flush()

    def _committed(self, batch: Batch, taken: Taken, received_at: int) -> Taken:
        self._watch.hear(batch.said, received_at)
        self._newest_received_at = max(self._newest_received_at, received_at)
        self.owing = self.owing or taken.owed > 0
        return taken
