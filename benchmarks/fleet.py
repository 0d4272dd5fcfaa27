"""The stations that report in a benchmark, what each of them says at each step, and the configuration for them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

STATIONS = 1_000
BASIN = 5  # stations in a basin, where rules ask for basins
TEN_RULES = Path(__file__).with_name("ten_rules.toml")  # seven of each station, three of each basin
REPORT_EVERY_S = 300
WET_EVERY = 10  # one station in ten rains
STORM_EVERY_STEPS, STORM_STEPS = 288, 12  # one hour of each day
SEQ_FIRST = 1_000_000  # all sequence numbers have seven digits and stand at one place of the payload
SEQ_AT = slice(13, 20)

_BEIJING = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Part:
    """Messages to publish: every one of `stations` at step after step. `rate` per second; 0: as fast as it goes."""

    first_step: int
    stations: int
    count: int
    seq_first: int
    rate: float = 0.0


@dataclass(slots=True)
class Fleet:
    """Stations that report every five minutes from `begin_at` on (seconds since 1970): a function of station and step.

    One station in ten rains: a drizzle now and then and, one hour of each day, a storm of two or three tips of 0.5 mm
    each five minutes, which the shipped rules answer with alerts.
    """

    begin_at: int
    stations: int = STATIONS
    _counts: dict[int, list[int]] = field(default_factory=dict)

    def message(self, station: int, step: int, seq: int) -> tuple[bytes, bytes]:
        """Topic and payload: json_v1 with one reading, 145 bytes."""
        at = self.begin_at + step * REPORT_EVERY_S + station * REPORT_EVERY_S // self.stations
        payload = (
            f'{{"v":1,"seq":{seq},"sent_at":"{_text(at + 2)}","readings":[{{"observed_at":"{_text(at)}",'
            f'"count":{self.count(station, step)},"kind":"timed"}}]}}'
        )
        return f"rain/v1/{station_id(station)}/up".encode(), payload.encode()

    def messages(self, part: Part) -> Iterator[tuple[bytes, bytes]]:
        """Every message of a part, in the order of sending."""
        for number in range(part.count):
            step, station = divmod(number, part.stations)
            yield self.message(station, part.first_step + step, part.seq_first + number)

    def count(self, station: int, step: int) -> int:
        """The station's counter at a step; five digits."""
        few = self.stations < WET_EVERY  # then each has the rain of one in ten
        if station % WET_EVERY and not few:
            return 10_000 + station % 80_000
        counts = self._counts.setdefault(station, [10_000 + station])
        while len(counts) <= step:
            draw = random.Random(station * 1_000_003 + len(counts))  # of this step alone, however we came to it
            if few and len(counts) // STORM_EVERY_STEPS % WET_EVERY:
                counts.append(counts[-1])  # one day in ten is a wet one
                continue
            storm = (len(counts) + station) % STORM_EVERY_STEPS < STORM_STEPS
            tips = draw.choice((2, 2, 3)) if storm else int(draw.random() < 0.03)
            counts.append(counts[-1] + tips)
        return counts[step]


def station_id(station: int) -> str:
    """The id of a station by its number."""
    return f"S{station:04d}"


def write_configuration(folder: Path, *, rules: Path, settings: str, stations: int = STATIONS, basin: int = 0) -> Path:
    """A configuration folder for the service: `settings` is the text of gauge_ingest.toml; so many stations a basin."""
    config = folder / "config"
    config.mkdir(parents=True)
    (config / "gauge_ingest.toml").write_text(settings, encoding="utf-8")
    (config / "rules.toml").write_text(rules.read_text(encoding="utf-8"), encoding="utf-8")
    sections = [
        f'[stations.{station_id(number)}]\nname = "{station_id(number)}"\nlatitude = {43 + number % 32 / 10:.1f}\n'
        f"longitude = {80 + number // 32 / 10:.1f}\nelevation_m = 1000\nbucket_depth_mm = 0.5\n"
        f"report_every_s = {REPORT_EVERY_S}\n"
        for number in range(stations)
    ]
    for first in range(0, stations, basin) if basin else ():
        names = ", ".join(f'"{station_id(number)}"' for number in range(first, min(stations, first + basin)))
        sections.append(f'[basins.B{first:04d}]\nname = "B{first}"\nstations = [{names}]\n')
    (config / "stations.toml").write_text("\n".join(sections), encoding="utf-8")
    return config


def begin_at(steps: int, *, now: float) -> int:
    """A beginning so that `steps` steps have all passed: the last of them ten minutes before `now`."""
    return int(now) - steps * REPORT_EVERY_S - 600


def _text(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(_BEIJING).isoformat()
