"""Worlds of one station for history: days with everything in them, settled or not, and a source without a quick way."""

import random
from pathlib import Path

from gauge_ingest.core.calibration import TipLoss
from gauge_ingest.core.fixed import Ended
from gauge_ingest.core.model import Deployment, Station, Step
from gauge_ingest.history import JournalHistory
from gauge_ingest.pump import Delivery
from tests.commands.rain import fill
from tests.pump.test_corrections import correct
from tests.worlds import HOUR, MINUTE, T0, Desk, message

HOURS = 90


class Plain(JournalHistory):
    """The journal, asked for every increment."""

    def outline(self, station: str, *, since: int, until: int) -> None:  # noqa: ARG002 - as every source is asked
        return None


class Late(Desk):
    """A journal to which some messages come hours late, in another order."""

    def __init__(self, folder: Path, station: Station, seed: int) -> None:
        super().__init__(folder, [station])
        self.dice = random.Random(seed)
        self.waiting: list[Delivery] = []

    def take(self, *deliveries: Delivery) -> None:
        for one in deliveries:
            if self.dice.random() < 0.15:
                self.waiting.append(one)
            else:
                super().take(one)
        if self.waiting and self.dice.random() < 0.05:
            self.dice.shuffle(self.waiting)
            super().take(*self.waiting)
            self.waiting.clear()


def exchanged(seed: int) -> Station:
    """HTB01 with a calibration by some seeds, with another bucket from the middle on by others."""
    calibration = TipLoss(0.45) if seed % 3 == 1 else None
    deployments = [Deployment(0, 0.5, 65_536, 43.75, 86.57, 1_250.0, calibration)]
    if seed % 3 == 2:
        deployments.append(Deployment(T0 - 40 * HOUR + 77_000, 0.2, 65_536, 43.75, 86.57, 1_250.0))
    return Station("HTB01", "石门", tuple(deployments), report_every_s=300 if seed % 2 else 60)


def corrected(desk: Desk, dice: random.Random) -> None:
    """Some words of people about spans of the record."""
    for kind in ("void", "replace", "confirm", "visit"):
        if dice.random() < 0.6:
            stands = dice.choice([one for one in plain(desk) if one.step is not Step.UNCONFIRMED and one.until < T0])
            end = -((T0 - stands.until) // MINUTE) + 1
            more = {"rain_mm": 3.0} if kind == "replace" else {}
            correct(desk, kind, end - dice.choice((7, 60, 600)), end, **more)
            desk.settle()


def lived(folder: Path, seed: int, *, settled: bool = True) -> tuple[Late, Station]:
    """A journal after some days: gaps, reboots, tests, voids, late messages, corrections; perhaps with debts left."""
    station = exchanged(seed)
    desk = Late(folder, station, seed)
    fill(desk, seed, hours=HOURS)
    desk.settle()
    if seed % 4 != 3 and station.deployments[-1].since < T0 - 41 * HOUR:
        corrected(desk, desk.dice)
    if settled:
        desk.take(message([(T0 + 2 * HOUR + 5 * MINUTE, 5)], seq=90_000))
        desk.settle()
    return desk, station


def plain(desk: Desk) -> list[Ended]:
    """Every increment that counts."""
    return Plain(desk.journal.reader).increments("HTB01", since=0, until=1 << 60)
