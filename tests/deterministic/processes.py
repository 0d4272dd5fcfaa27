"""The two processes of the service, started again when they have ended; behind them a table and people."""

from pathlib import Path
from typing import Any

from gauge_ingest.inlet import TakenOver
from gauge_ingest.journal import JournalBroken, JournalUnavailable
from gauge_ingest.pump import Pump
from simulator.dice import Dice
from tests.deterministic.clock import VirtualClock
from tests.deterministic.copies import ListeningNotifier, TableStore
from tests.deterministic.fate import INGEST, OUTBOUND, Fate, Killed, Story
from tests.deterministic.plan import Plan
from tests.deterministic.service import IngestLife, OutboundLife, Surroundings, Woken
from tests.deterministic.witness import Witness

BACK_MS_MAX = 120_000
IDLE_S = 5.0


class Service:
    """Steps what runs, starts what does not."""

    def __init__(self, plan: Plan, clock: VirtualClock, story: Story, folder: Path) -> None:
        self._plan = plan
        self._clock = clock
        self._story = story
        self._folder = folder
        self._dice = Dice(plan.seed, "fate")
        self._woken = Woken()
        self._around = Surroundings(folder, clock, plan.address, plan.admission, self._woken)
        self._ingest: IngestLife | None = None
        self._outbound: OutboundLife | None = None
        self._ingest_at = self._outbound_at = 0  # when they are started again
        self._store_at = self._notifier_at = 0  # when they step again
        self._idle = False
        self.store = TableStore(Dice(plan.seed, "store"), story)
        self.notifier = ListeningNotifier(Dice(plan.seed, "notifier"), story)
        self.network = 0  # which configuration the files hold
        self.full = False  # the disk
        self.spared = False

    # --- what the world does to it -----------------------------------------------------------------------------

    def stop(self, until: int, *, gracefully: bool) -> None:
        """Somebody stops the service and starts it again later."""
        for life in (self._ingest, self._outbound):
            if life is not None:
                life.fate.spare()
        if self._ingest is not None and gracefully:
            self._ingest.stop()
        elif self._ingest is not None:
            self._ingest.vanish()
        if self._outbound is not None:
            self._outbound.vanish()
        self._ingest = self._outbound = None
        self._ingest_at = self._outbound_at = until

    def fill(self, *, full: bool) -> None:
        """The disk is full, or has room again."""
        self.full = full
        if self._ingest is not None and self._ingest.journal is not None:
            self._ingest.journal.fill(full=full)

    def reload(self) -> None:
        """Another configuration is in the files; the service is told so."""
        self.network = min(self.network + 1, len(self._plan.networks) - 1)
        if self._ingest is not None:
            self._ingest.ingest.ask_reload()

    def spare(self) -> None:
        """From now on nobody is killed."""
        self.spared = True
        self._ingest_at = self._outbound_at = 0
        for life in (self._ingest, self._outbound):
            if life is not None:
                life.fate.spare()

    # --- stepping ----------------------------------------------------------------------------------------------

    def step_ingest(self) -> None:
        """A step of the ingest process, or its start."""
        life = self._ingest
        try:
            if life is not None:
                life.ingest.step()
            elif self._clock.at >= self._ingest_at:
                life = self._ingest = IngestLife(self._around, self._fate(INGEST))
                life.start(self._plan.networks[self.network], self._reloaded, full=self.full)
                self._story.count("start")
        except Killed:
            self._ended()
        except (JournalUnavailable, JournalBroken, TakenOver) as error:
            self._story.tell(f"ended: {type(error).__name__}", counts=f"ended by itself: {type(error).__name__}")
            self._ended()

    def step_outbound(self, witness: Witness) -> None:
        """A step of each follower that is due, or the start of their process."""
        if self._outbound is None:
            if self._clock.at < self._outbound_at:
                return
            self._outbound = OutboundLife(self._around, self._fate(OUTBOUND), self.store, self.notifier)
            self._store_at = self._notifier_at = 0
            witness.open()
        life, woken, self._woken.woken = self._outbound, self._woken.woken, False
        try:
            self._idle = True
            if self._clock.at >= self._store_at or woken:
                wait_s = life.store.step()
                self._store_at = self._clock.at + round(wait_s * 1000)
                self._idle = wait_s == IDLE_S
            if self._clock.at >= self._notifier_at or woken:
                wait_s = life.notifier.step()
                self._notifier_at = self._clock.at + round(wait_s * 1000)
                self._idle = self._idle and wait_s == IDLE_S
        except Killed:
            life.vanish()
            self._outbound, self._idle = None, False
            self._outbound_at = self._clock.at + self._dice.whole(0, BACK_MS_MAX)
        witness.copied(self.store)
        witness.told(self.notifier)

    def _ended(self) -> None:
        assert self._ingest is not None
        self._ingest.vanish()
        self._ingest = None
        self._ingest_at = self._clock.at + self._dice.whole(0, BACK_MS_MAX)

    def _fate(self, effects: tuple[str, ...]) -> Fate:
        spared = self.spared or not self._dice.chance(self._plan.kills)
        return Fate(self._story, self._dice, effects, spared=spared)

    def _reloaded(self, pump: Pump) -> dict[str, Any]:
        pump.configure(self._plan.networks[self.network])
        self._story.tell(f"configuration {self.network} accepted", counts="configuration reloaded")
        return {"ok": True, "needs_restart": []}

    # --- asking ------------------------------------------------------------------------------------------------

    @property
    def listens(self) -> bool:
        """Whether both processes run and the broker knows us."""
        life = self._ingest
        return life is not None and life.connected and self._outbound is not None

    @property
    def connecting(self) -> bool:
        """Whether a connection has begun and its handshake is not over."""
        return self._ingest is not None and self._ingest.connecting

    @property
    def idle(self) -> bool:
        """Whether nothing is owed and everything is copied and told."""
        life = self._ingest
        return self._idle and life is not None and life.connected and not life.pump.owing and life.debts == 0

    @property
    def says(self) -> str:
        """How it is, for people who look for a fault."""
        life = self._ingest
        if life is None:
            return "it does not run"
        return f"connected {life.connected}, owing {life.pump.owing}, debts {life.debts}, outbound idle {self._idle}"

    def aside(self) -> set[tuple[str, int]]:
        """What the store has refused."""
        assert self._outbound is not None
        return {(one.station, one.at) for one in self._outbound.positions.aside(self.store.name)}

    def close(self) -> None:
        """Let go of files and sockets."""
        for life in (self._ingest, self._outbound):
            if life is not None:
                life.vanish()
