"""A journal with storms at every station in it, and a follower that tells of them through CAP; also as a process.

`python -m tests.cap.storms FOLDER [N]` follows to the end; with N it is killed between the Nth document and the note
that it was told.
"""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gauge_ingest.app.cap import standing, told_of
from gauge_ingest.core.model import Station
from gauge_ingest.notifiers.cap import CapNotifier
from gauge_ingest.notifiers.cap_document import Issuer
from gauge_ingest.notifiers.settings import CapSettings
from gauge_ingest.outbound import NotifierFollower, Positions
from tests.cap.alerts import RULES, settings
from tests.worlds import HOUR, MINUTE, T0, Desk, message, rule, station

IDS = tuple(f"HTB0{number}" for number in range(1, 6))
STATIONS = {one: replace(station(one), name="石门 & <雀尔沟>") for one in IDS}
END = T0 + 60 * HOUR


def storms(folder: Path, *, days: int = 1) -> None:
    """A storm of a quarter of an hour at each station each day, then dry reports until all is clear."""
    desk = Desk(folder, list(STATIONS.values()), [rule(*IDS, quiet_s=600)])
    count = 0
    for minute in [day * 1_440 + minute for day in range(days) for minute in range(-5, 300, 5)]:
        count += 8 if 0 <= minute % 1_440 < 15 else 0
        desk.now = T0 + minute * MINUTE + 2_000
        for station_id in IDS:
            desk.take(message([(T0 + minute * MINUTE, count)], seq=minute + 5, station_id=station_id))
        desk.settle()
    desk.journal.close()


def cap_of(
    folder: Path, stations: dict[str, Station] | None = None, *, now: Callable[[], int] = lambda: END, **changes: object
) -> CapNotifier:
    """The notifier over the journal of a folder, with its documents beside it."""
    chosen: CapSettings = settings(folder=str(folder / "cap"), **changes)
    issuer = Issuer(chosen, stations or STATIONS, RULES)
    return CapNotifier(
        issuer,
        lambda alert_id: told_of(folder / "journal.db", alert_id),
        standing=lambda: standing(folder / "journal.db"),
        now=now,
    )


def follow(folder: Path, positions: Positions, notifier: CapNotifier | None = None) -> NotifierFollower:
    """A follower of the journal's change log, as the outbound process has it."""
    return NotifierFollower(
        notifier or cap_of(folder), folder / "journal.db", positions, now=lambda: END, retry_max_s=1
    )


class Dying(Positions):
    """Positions whose process is killed when the Nth notice is to be noted as told."""

    def __init__(self, path: Path, left: int) -> None:
        super().__init__(path)
        self._left = left

    def note(self, name: str, event: int, state: str, reason: str = "") -> None:
        """Note, or die."""
        self._left -= state == "done"
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)
        super().note(name, event, state, reason)


def files(folder: Path) -> dict[str, bytes]:
    """Every file below the folder of documents, by its path."""
    root = folder / "cap"
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def main(folder: Path, die_at: int) -> None:
    """Follow until nothing is left."""
    positions = Dying(folder / "outbound.db", die_at) if die_at else Positions(folder / "outbound.db")
    follower = follow(folder, positions)
    while follower.step() == 0.0:
        pass
    follower.close()
    positions.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
