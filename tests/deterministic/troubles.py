"""The troubles of a day in their order: each begins, and ends, when its time has come."""

import heapq
import json
import os
import uuid
from pathlib import Path
from typing import Protocol

from simulator.dice import Dice
from simulator.values import NEVER
from tests.deterministic.broker import CALM, Broker
from tests.deterministic.clock import VirtualClock
from tests.deterministic.copies import HEALTHY
from tests.deterministic.fate import Story
from tests.deterministic.plan import Plan, Trouble
from tests.deterministic.processes import Service
from tests.deterministic.strangers import mad, stranger
from tests.deterministic.truth import Sent
from tests.deterministic.witness import Witness


class Asking:
    """Somebody who leaves requests in the spool folder, one at a time."""

    def __init__(self, folder: Path, dice: Dice) -> None:
        self._folder = folder
        self._dice = dice
        self._asked: str | None = None

    def ask(self, what: str, body: dict[str, object]) -> bool:
        """Leave a request, unless one still waits."""
        if not self.answered():
            return False
        self._folder.mkdir(exist_ok=True)
        self._asked = str(uuid.UUID(int=self._dice.whole(0, 1 << 50) << 64))
        half = self._folder / "half"
        half.write_text(json.dumps({"what": what, "who": "a test", "body": body}), encoding="utf-8")
        half.replace(self._folder / f"{self._asked}.request.json")
        return True

    def answered(self) -> bool:
        """Whether nothing waits. An answer is fetched."""
        if self._asked is None:
            return True
        answer = self._folder / f"{self._asked}.answer.json"
        if not answer.exists():
            return False
        os.unlink(answer)  # noqa: PTH108 - as quick as it can be
        self._asked = None
        return True


class Stage(Protocol):
    """A world, as far as troubles reach into it."""

    plan: Plan
    clock: VirtualClock
    story: Story
    broker: Broker
    service: Service
    witness: Witness
    spool: Asking
    strange: Dice

    def publish(self, sent: Sent) -> bool:
        """Somebody publishes a message."""

    def lose_connections(self) -> None:
        """Stations notice that the broker is gone."""


class Troubles:
    """`next_at` is when something begins or ends."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._coming = [(trouble.at, number, trouble, True) for number, trouble in enumerate(stage.plan.troubles)]
        heapq.heapify(self._coming)
        self._broker: str | None = None  # how it will come back

    @property
    def next_at(self) -> int:
        """When something begins or ends, NEVER when all is over."""
        return self._coming[0][0] if self._coming else NEVER

    def meet(self) -> None:
        """Whatever has come due."""
        while self._coming and self._coming[0][0] <= self._stage.clock.at:
            _, number, trouble, begins = heapq.heappop(self._coming)
            if begins and self._begin(trouble):
                heapq.heappush(self._coming, (trouble.until, number, trouble, False))
            elif not begins:
                self._end(trouble)

    def end(self) -> None:
        """The quiet phase begins: everything is well again."""
        stage = self._stage
        for _, _, trouble, begins in sorted(self._coming):
            if not begins:
                self._end(trouble)
        self._coming = []
        stage.broker.weather = CALM
        stage.service.store.faults = stage.service.notifier.faults = HEALTHY
        stage.service.spare()
        stage.story.tell("no more faults")

    def _begin(self, trouble: Trouble) -> bool:
        """Let it begin; whether it has an end."""
        stage, service, what = self._stage, self._stage.service, trouble.what
        if what.startswith("broker"):
            return self._stop_broker(what)
        if what == "mad payload":
            station = stage.strange.pick([site.station for site in stage.plan.day.sites])
            stage.publish(mad(stage.strange, station, stage.clock.at))
        elif what == "stranger":
            stage.publish(stranger(stage.strange, stage.clock.at, len(stage.broker.kept)))
        elif what == "reload":
            self._reload()
        elif what == "replay":
            self._replay()
        elif what == "store down":
            service.store.down = True
        elif what == "notifier down":
            service.notifier.down = True
        elif what == "journal full":
            service.fill(full=True)
        elif what == "service stopped":
            service.stop(trouble.until, gracefully=stage.strange.chance(0.5))
        elif what == "our clock back":
            stage.clock.error_ms = -trouble.amount
        if what != "replay":
            stage.story.tell(what, counts=what)
        return what in ("store down", "notifier down", "journal full", "our clock back")

    def _end(self, trouble: Trouble) -> None:
        stage, what = self._stage, trouble.what
        if what.startswith("broker"):
            assert self._broker is not None
            stage.broker.start(self._broker)
            self._broker = None
            return
        stage.story.tell(f"{what}: over")
        if what == "store down":
            stage.service.store.down = False
        elif what == "notifier down":
            stage.service.notifier.down = False
        elif what == "journal full":
            stage.service.fill(full=False)
        elif what == "our clock back":
            stage.clock.error_ms = 0

    def _stop_broker(self, what: str) -> bool:
        if self._broker is not None:
            return False
        self._broker = what.removeprefix("broker ")
        self._stage.broker.stop()
        self._stage.lose_connections()
        self._stage.story.tell("broker down")
        return True

    def _reload(self) -> None:
        stage = self._stage
        if stage.strange.chance(0.5) and stage.spool.ask("reload", {}):
            stage.service.network = min(stage.service.network + 1, len(stage.plan.networks) - 1)
        else:
            stage.service.reload()

    def _replay(self) -> None:
        stage = self._stage
        found = stage.witness.question("SELECT id FROM quarantine WHERE replayed_at IS NULL ORDER BY id DESC LIMIT 6")
        ids = [number for (number,) in found if stage.strange.chance(0.7)]
        if ids and stage.spool.ask("replay", {"ids": ids}):
            stage.story.tell(f"replay of {ids}", counts="replay asked")
