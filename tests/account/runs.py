"""A run whose two sides are both real: a truth file with the events of docs/simulator.md, and a journal with a pump."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gauge_ingest.account import Account, Copier, Service, account
from gauge_ingest.account.join import WELL
from gauge_ingest.core.model import Rule, Station
from tests.worlds import MINUTE, T0, Desk, message, station, text

WATER = ("fell", "evaporated", "overflowed", "lost_turning", "tipped", "snow_held", "funnel_held", "residue")


class Run:
    """The truth file as it grows, and the desk that messages reach."""

    def __init__(self, folder: Path, *stations: Station, rules: Sequence[Rule] = ()) -> None:
        self.stations = {one.id: one for one in stations or (station(),)}
        self.rules = rules
        self.path = folder / "truth.jsonl"
        self.desk = Desk(folder, list(self.stations.values()), rules)
        self.lines: list[dict[str, Any]] = [
            {"event": "start", "scenario": "by_hand", "seed": 1, "minutes": 60, "at": text(T0)}
            | {"stations": list(self.stations)}
        ]

    def logger(self, station_id: str = "HTB01", **changes: Any) -> "Logger":
        """The logger of a station."""
        return Logger(self, station_id, **changes)

    def tell(self, event: str, station_id: str, minute: float, **facts: object) -> None:
        """One more line of the truth."""
        self.lines.append({"event": event, "station": station_id, "at": text(at(minute)), **facts})

    def end(self, *, outstanding: int = 0) -> None:
        """The simulator came to its end."""
        self.lines.append({"event": "end", "at": text(at(60)), "outstanding": outstanding})

    def write(self, *, ended: bool = True) -> Path:
        """The truth as a file."""
        if ended and self.lines[-1]["event"] != "end":
            self.end()
        self.path.write_text("".join(json.dumps(line) + "\n" for line in self.lines), encoding="utf-8")
        return self.path

    def account(self, *, service: Service = WELL, copier: Copier | None = None, ended: bool = True) -> Account:
        """Both sides joined."""
        self.write(ended=ended)
        return self.joined(service=service, copier=copier)

    def joined(self, *, service: Service = WELL, copier: Copier | None = None) -> Account:
        """Both sides joined, with the file as it stands."""
        reader = self.desk.journal.reader
        return account(reader, self.path, stations=self.stations, rules=self.rules, service=service, copier=copier)


class Logger:
    """Counts, reports, forgets, and writes down the truth of it. Minutes are of the run."""

    def __init__(self, run: Run, station_id: str, *, first_count: int = 0, boot: int | None = 1) -> None:
        self.run, self.id = run, station_id
        self.count, self.boot, self.counted, self.told = first_count, boot, 0, 0
        self.seq = self.number = 0
        self.test_tips: int | None = None

    def tip(self, minute: float, *, times: int = 1, missed: str = "", service: bool = False) -> None:
        """The bucket turns; or it does and nobody counts it."""
        for _ in range(times):
            self._tell("tip", minute, **({"service": True} if service else {}))
            self._count(minute, missed)

    def pulse(self, minute: float, cause: str, *, times: int = 1) -> None:
        """The input closes without a turn."""
        for _ in range(times):
            self._tell("pulse", minute, cause=cause)
            self._count(minute, "")

    def report(
        self,
        minute: float,
        *,
        claims: float | None = None,  # the minute that the clock shows
        shows: int | None = None,  # the count where it is wrong
        fate: str = "acknowledged",  # or held, unsent, memory_full, memory_lost
        arrives: bool | None = None,
        again: int = 0,
    ) -> None:
        """A reading, alone in its message."""
        self.read(minute, claims=claims, shows=shows)
        self.send(minute, [self.reading], fate=fate, arrives=arrives, again=again)

    def read(self, minute: float, *, claims: float | None = None, shows: int | None = None) -> None:
        """A reading that is in no message yet."""
        kind = "timed" if self.test_tips is None else "test"
        count = self.count + (self.test_tips or 0) if shows is None else shows
        self.told = self.counted if shows is None else self.told
        observed_at = text(at(minute if claims is None else claims))
        self.reading = {"observed_at": observed_at, "count": count, "kind": kind}
        self._tell("reading", minute, **self.reading, counted=self.counted)

    def send(
        self,
        minute: float,
        readings: list[dict[str, Any]],
        *,
        fate: str = "acknowledged",
        arrives: bool | None = None,
        again: int = 0,
        kind: str = "timed",
    ) -> None:
        """A message with readings, and what becomes of it."""
        self.number += 1
        seq, self.seq = self.seq, self.seq + 1
        numbered = {"number": self.number, "seq": seq}
        sent_at = readings[-1]["observed_at"]
        head = {"boot": self.boot, "sent_at": sent_at, "readings": len(readings), "kind": kind}
        self._tell("message", minute, **numbered, **head)
        if fate in ("acknowledged", "held"):
            for _ in range(1 + again):
                self._tell("publish", minute, **numbered)
                if arrives if arrives is not None else fate == "acknowledged":
                    self.run.desk.now = at(minute) + 2_000
                    self.run.desk.take(message(readings, seq=seq, station_id=self.id, boot=self.boot))
                    self.run.desk.settle()
        if fate == "acknowledged":
            self._tell("puback", minute, **numbered)
        elif fate.startswith("memory"):
            self._tell("dropped", minute, **numbered, why=fate)

    def restart(self, minute: float, *, loses: bool, told: bool = True) -> None:
        """The logger starts anew; `told`: its boot number says so."""
        lost = self.counted - self.told if loses else 0
        self.boot = self.boot + 1 if told and self.boot is not None else self.boot
        if loses:
            self.count, self.told = 0, self.counted
        self._tell("restart", minute, boot=self.boot, loses_count=loses, counted_lost=lost)

    def visit(self, minute: float) -> None:
        """Somebody opens the box, with the test switch on."""
        self.test_tips = 0
        self._tell("visit", minute, begins=True, as_test=True)

    def leave(self, minute: float) -> None:
        """And closes it."""
        self._tell("visit", minute, begins=False, left_out=self.test_tips)
        self.test_tips = None

    def balance(self, **mm: float) -> None:
        """The gauge's balance at the end; what is not given is 0."""
        depth_mm = self.run.stations[self.id].deployments[0].bucket_depth_mm
        water = {f"{name}_mm": mm.get(name, 0.0) for name in WATER}
        self._tell("balance", 60, bucket_depth_mm=depth_mm, **water)

    def _count(self, minute: float, missed: str) -> None:
        if missed:
            self._tell("missed", minute, cause=missed)
        elif self.test_tips is not None:
            self.test_tips += 1
        else:
            self.count += 1
            self.counted += 1

    def _tell(self, event: str, minute: float, **facts: object) -> None:
        self.run.tell(event, self.id, minute, **facts)


def at(minute: float) -> int:
    """An instant of the run."""
    return T0 + round(minute * MINUTE)
