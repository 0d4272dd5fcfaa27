"""One world: a day with faults for stations, broker, service and copies in turn, a quiet end, the account."""

import hashlib
import os
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from gauge_ingest.journal import Reader
from simulator.dice import Dice
from simulator.modem import Modem
from simulator.values import HOUR_MS, NEVER, SECOND_MS, Message
from simulator.world import World
from tests.deterministic.account import Account
from tests.deterministic.broker import Broker
from tests.deterministic.clean import CleanRun
from tests.deterministic.clock import VirtualClock
from tests.deterministic.fate import Killed, Story, Violation
from tests.deterministic.plan import Plan, folder_root, make_plan
from tests.deterministic.processes import Service
from tests.deterministic.service import paho_in
from tests.deterministic.troubles import Asking, Troubles
from tests.deterministic.truth import Sent, Truth
from tests.deterministic.witness import Witness

SLICE_MAX_MS = 800_000  # below the keep-alive, so that the line is not thought dead
QUIET_MS = 20 * SECOND_MS
QUIET_STEPS_MAX = 3_000
HANDSHAKE_STEPS_MAX = 40
STARTS_WITHIN = 3_000  # seconds until the service listens, of the hour before the day begins


class Played(NamedTuple):
    """What a world came to."""

    seed: int
    digest: str
    steps: int
    days: float
    messages: int
    met: dict[str, int]


class Failed(Exception):
    """A world in which a promise was broken."""

    def __init__(self, seed: int, world: "Play", error: BaseException) -> None:
        hours = (world.clock.at - world.plan.start_at) / HOUR_MS
        super().__init__(
            f"seed {seed}: after {world.story.steps} steps, {hours:.2f} simulated hours: {error}\n"
            f"again: python -m tests.deterministic --seed {seed} --verbose"
        )
        self.seed = seed
        self.invariant = error.invariant if isinstance(error, Violation) else type(error).__name__

    def __reduce__(self) -> tuple[Any, ...]:
        return _failed, (self.args[0], self.seed, self.invariant)


def _failed(text: str, seed: int, invariant: str) -> Failed:
    failed = Failed.__new__(Failed)
    failed.args = (text,)
    failed.seed, failed.invariant = seed, invariant
    return failed


class _Uplink:
    """A station's way to the virtual broker."""

    def __init__(self, modem: Modem, publish: Callable[[Message, int], bool], broker: Broker) -> None:
        self._modem = modem
        self._publish = publish
        self._broker = broker

    def open(self, at: int) -> None:
        """Begin a connection."""
        if self._broker.up:
            self._modem.opened(at)
        else:
            self._modem.lost(at, "the broker is down")

    def send(self, message: Message, at: int) -> None:
        """Publish."""
        if self._publish(message, at):
            self._modem.acknowledged(message.number, at)
        else:
            self._modem.lost(at, "the broker is down")

    def cut(self, at: int) -> None:
        """Nobody notices."""

    def broker_gone(self, at: int) -> None:
        """The broker has closed every connection."""
        self._modem.lost(at, "the broker is down")


class Play:
    """Everything of one world."""

    def __init__(self, plan: Plan, folder: Path, *, aloud: bool) -> None:
        random.seed(plan.seed)  # the service spreads its attempts with it
        self.plan = plan
        self.clock = VirtualClock(plan.start_at - HOUR_MS)
        self.story = Story(self.clock, aloud=aloud)
        self.folder = folder
        self.dice = Dice(plan.seed, "play")
        self.sent: dict[tuple[str, bytes], Sent] = {}
        self.truth = Truth(plan.start_at)
        self.witness = Witness(folder, self.story, self.sent)
        self.broker = Broker(self.clock, Dice(plan.seed, "broker"), self.story, self.witness.puback)
        self.uplinks: list[_Uplink] = []
        self.world = World(
            plan.scenario,
            plan.day.sites,
            seed=plan.seed,
            start_at=plan.start_at,
            uplink=self._uplink,
        )
        self.service = Service(plan, self.clock, self.story, folder)
        self.spool = Asking(folder / "spool", Dice(plan.seed, "people"))
        self.strange = Dice(plan.seed, "strange")
        self._quiet = False
        self._messages = 0

    def run(self) -> Played:
        """The day, the quiet end, the account."""
        plan, clock = self.plan, self.clock
        for _ in range(STARTS_WITHIN):
            self._serve()
            if self.service.listens:
                break
            clock.move(clock.at + SECOND_MS)
        else:
            raise Violation("liveness", "the service does not listen")
        self.broker.weather = plan.link
        self.service.store.faults, self.service.notifier.faults = plan.store, plan.notifier
        troubles = Troubles(self)
        while clock.at < plan.end_at:
            lasting_ms = round(self.dice.exponential(plan.slice_s) * SECOND_MS)
            until = clock.at + min(max(lasting_ms, 500), SLICE_MAX_MS)
            self._let_pass(min(until, max(troubles.next_at, clock.at + 1), plan.end_at))
            troubles.meet()
            self._serve()
        troubles.end()
        self._come_to_rest()
        clock.move(clock.at + round(plan.lapse_hours * HOUR_MS))
        self._serve()
        self._come_to_rest()
        self._account()
        days = (clock.at - plan.start_at) / (24 * HOUR_MS)
        return Played(plan.seed, self.story.digest, self.story.steps, days, self._messages, dict(self.story.met))

    def close(self) -> None:
        """Let go of files and sockets."""
        self.service.close()
        self.witness.close()
        self.broker.close()

    # --- the outside -------------------------------------------------------------------------------------------

    def publish(self, sent: Sent) -> bool:
        """Somebody publishes a message; whether it is acknowledged."""
        self.sent[sent.topic, sent.payload] = sent
        self._messages += 1
        return self.broker.receive(sent.topic, sent.payload)

    def _uplink(self, station: str, modem: Modem) -> _Uplink:
        site = next(site for site in self.plan.day.sites if site.station == station)

        def publish(message: Message, at: int) -> bool:
            self.clock.move(at)
            wire = self.world.wire
            return self.publish(self.truth.sent(message, wire.topic(message), wire.payload(message, site)))

        uplink = _Uplink(modem, publish, self.broker)
        self.uplinks.append(uplink)
        return uplink

    def lose_connections(self) -> None:
        """Stations notice that the broker is gone."""
        for uplink in self.uplinks:
            uplink.broker_gone(self.clock.at)

    def _let_pass(self, until: int) -> None:
        for fault in self.truth.take(self.world.advance(until)):
            self.story.tell(fault, counts=fault)
        self.clock.move(until)

    # --- the service, a step after another ---------------------------------------------------------------------

    def _serve(self) -> None:
        self.broker.turn()
        steps, taken = self.dice.whole(1, 2), 0
        while taken < steps or (self.service.connecting and taken < HANDSHAKE_STEPS_MAX):
            taken += 1
            self.story.steps += 1
            self.service.step_ingest()
            self.broker.turn()
        if self._quiet or self.dice.chance(0.3):
            self.service.step_outbound(self.witness)

    def _come_to_rest(self) -> None:
        """No more faults: until every message is acknowledged, nothing is owed, everything is copied and told."""
        self._quiet = True
        for _ in range(QUIET_STEPS_MAX):
            self._let_pass(self.clock.at + QUIET_MS)
            self._serve()
            if self.world.next_at() == NEVER and self.broker.idle and self.service.idle and self.spool.answered():
                return
        service = self.service
        raise Violation(
            "liveness",
            f"does not come to rest: stations until {self.world.next_at()}, broker {self.broker.idle},"
            f" service {service.idle} ({service.says})",
        )

    def _account(self) -> None:
        plan, service = self.plan, self.service
        reader = Reader.open(self.folder / "journal.db")
        network = plan.networks[service.network]
        account = Account(plan, network, reader, self.witness, self.story)
        account.every_message(self.broker.kept, self.sent)
        account.derived()
        account.rain(self.truth)
        clean = CleanRun(self.folder / "clean.db", network, plan.admission)
        clean.take(self.witness.committed, ends_at=self.clock.now())
        account.as_clean(clean)
        account.alerts()
        account.told(service.notifier)
        account.copied(service.store, aside=service.aside())
        account.logged()
        clean.close()
        self.story.met["readings"] += sum(1 for _ in account.rows())
        self.story.tell(f"the account closes {hashlib.sha256(repr(account.facts()).encode()).hexdigest()}")
        reader.close()


def play(seed: int, *, aloud: bool = False) -> Played:
    """Play a world; raises Failed with its seed."""
    folder = Path(tempfile.mkdtemp(prefix=f"gauge-world-{seed}-", dir=folder_root()))
    world = Play(make_plan(seed), folder, aloud=aloud)
    try:
        with paho_in(world.clock, world.broker.connect):
            return world.run()
    except (Exception, Killed) as error:
        if os.environ.get("GAUGE_TEST_RAW"):
            raise
        raise Failed(seed, world, error) from error
    finally:
        world.close()
        shutil.rmtree(folder, ignore_errors=True)
