"""`python -m benchmarks.storms`: every exceedance in real storms, to the minute, against what the service finds.

`benchmarks/storms_truth.py` works out each of them from the definitions, with no code of the service. The service is
asked in two ways: `gauge-ingest rehearse` over the record as a file, and its pump, fed with the counts of every station
message by message, whose journal says what was told. Rules: a duration by itself for both sets of levels, from one
minute to 72 hours, and every other kind (`rules_text`).
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.storms_rain import Reading, Station
from benchmarks.storms_records import DAY_MS, Rain, committed, read_file, within
from benchmarks.storms_truth import Told, truth
from gauge_ingest.codecs import CODECS
from gauge_ingest.configuration import load
from gauge_ingest.journal import Journal
from gauge_ingest.pump import Delivery, Pump, PumpSettings
from gauge_ingest.pump.accept import Network

ROOT = Path(__file__).parent.parent
BASIN = "basin"
# Of the least rain in a duration that reaches `prepare` and `blue`, in mm: low, so that common rain reaches them.
DURATIONS = {
    "1m": 0.6, "2m": 1, "5m": 1.5, "10m": 2.5, "15m": 3, "20m": 3.5, "30m": 4, "1h": 5, "2h": 6.5, "3h": 7.5,
    "6h": 10, "12h": 13, "24h": 17, "36h": 20, "48h": 23, "72h": 27,
}  # fmt: skip
WETNESS = """[rules.{0}.wetness]
index = "{1}"
k_per_day = 0.9
{2}days = 3
coverage_min = 0.8
[[rules.{0}.wetness.classes]]
name = "dry"
at_most_mm = 5.0
rain_mm = {{ "1h" = {{ prepare = 8, immediate = 14 }}, "6h" = {{ prepare = 14, immediate = 22 }} }}
[[rules.{0}.wetness.classes]]
name = "medium"
at_most_mm = 15.0
rain_mm = {{ "1h" = {{ prepare = 6.5, immediate = 11 }} }}
[[rules.{0}.seasons]]
name = "melt"
since = "{3}"
until = "{4}"
ratio = 0.8
"""
TABLE = '{ "1h" = { prepare = 5, immediate = 9 }, "6h" = { prepare = 10, immediate = 16 } }'


class Compared(NamedTuple):
    """What one way of asking made of a record; `missed` and `false` are what only one of the two sides found."""

    way: str
    found: int
    missed: Sequence[Told]
    false: Sequence[Told]


def rules_text(mid: int, stations: int) -> str:
    """Rules of every kind; `mid` (ms) is a day within the record, at which a season begins."""
    today = datetime.fromtimestamp(mid / 1_000, UTC)
    since, until = today.strftime("%m-%d"), datetime.fromtimestamp((mid + 40 * DAY_MS) / 1_000, UTC).strftime("%m-%d")
    tables = []
    for duration, mm in DURATIONS.items():
        transfer = f'{{ "{duration}" = {{ prepare = {mm}, immediate = {2 * mm} }} }}'
        colour = f'{{ "{duration}" = {{ blue = {mm}, yellow = {1.5 * mm}, orange = {2.2 * mm}, red = {3 * mm} }} }}'
        tables.append(_rule(f"transfer_{duration}", "transfer", f"rain_mm = {transfer}"))
        tables.append(_rule(f"colour_{duration}", "colour", f"rain_mm = {colour}"))
    for duration, mm in (("5m", 1.0), ("10m", 1.5), ("1h", 3), ("3h", 4)):
        rise = f'rise_mm = {{ "{duration}" = {{ prepare = {mm}, immediate = {2.5 * mm} }} }}'
        tables.append(_rule(f"rise_{duration}", "transfer", rise))
        tables.append(_rule(f"basin_rise_{duration}", "transfer", rise, where='basins = "all"'))
    tables.append(_rule("together", "transfer", f"rain_mm = {TABLE}"))
    tables.append(_rule("lasting", "transfer", f"rain_mm = {TABLE}\nminimum_s = 900\nquiet_s = 0\nclear_ratio = 0.5"))
    curve = "[rules.curve.curve]\nwatch = { a = 4.0, b = -0.6 }\nact = { a = 8.0, b = -0.6, c = 0.1 }"
    tables.append(_rule("curve", "watch_act", curve).replace('"watch_act"', '["watch", "act"]'))
    for over in ("mean", "maximum", "kth"):
        least = f"at_least = {min(2, stations)}\n" if over == "kth" else ""
        where = f'basins = "all"\nover = "{over}"\n{least}'
        tables.append(_rule(f"basin_{over}", "transfer", f"rain_mm = {TABLE}", where=where))
    for name, index, where in (("pa", "pa", "stations"), ("api", "api", "stations"), ("basin_pa", "pa", "basins")):
        capacity = "capacity_mm = 25.0\n" if index == "pa" else ""
        wetness = WETNESS.format(name, index, capacity, since, until)
        tables.append(_rule(name, "transfer", f"rain_mm = {TABLE}\n{wetness}", where=f'{where} = "all"'))
    return "".join(tables)


def compare(rain: Rain, folder: Path, *, ways: Sequence[str] = ("rehearse", "service")) -> tuple[int, list[Compared]]:
    """How many exceedances there truly are in a record as a file, and what each way of asking made of it."""
    times = [one.at for one in rain.steps]
    rules = rules_text((times[0] + times[-1]) // 2, len(rain.stations))
    write_configuration(rain, folder, rules)
    found, rises = [], 0
    for way in ways:
        stations = _stations(rain, counted=way == "service")
        expected = Counter(truth(rules, stations, {BASIN: dict(rain.areas())}))
        told = Counter(_rehearsed(rain, folder) if way == "rehearse" else _served(rain, folder))
        missed, false = sorted((expected - told).elements()), sorted((told - expected).elements())
        rises = sum(one.kind in ("raised", "strengthened") for one in expected.elements())
        found.append(
            Compared(way, sum(one.kind in ("raised", "strengthened") for one in told.elements()), missed, false)
        )
    return rises, found


def write_configuration(rain: Rain, folder: Path, rules: str) -> None:
    """The folder that the service reads."""
    places = {
        name: f'[stations.{name}]\nname = "{name}"\nlatitude = {40 + number / 100}\nlongitude = 86\nelevation_m = 900\n'
        f"bucket_depth_mm = {rain.bucket_um / 1_000}\nreport_every_s = {rain.step_ms // 1_000}\ncounter_modulus = 0\n"
        for number, name in enumerate(rain.stations)
    }
    areas = ", ".join(f"{name} = {area}" for name, area in rain.areas().items())
    basin = f'[basins.{BASIN}]\nname = "all of them"\nstations = {{ {areas} }}\n'
    (folder / "gauge_ingest.toml").write_text("")
    (folder / "stations.toml").write_text("".join(places.values()) + basin)
    (folder / "rules.toml").write_text(rules)


def _rehearsed(rain: Rain, folder: Path) -> list[Told]:
    """What `gauge-ingest rehearse` says of a file."""
    file = folder / "rain.csv"
    with file.open("w", encoding="utf-8") as text:
        text.write("station,observed_at,rain_mm\n")
        for one in rain.steps:
            text.write(f"{one.station},{_text(one.at)},{one.tips * rain.bucket_um / 1_000}\n")
    options = ["--rules", str(folder / "rules.toml"), "--csv", str(file), "--config", str(folder), "--json"]
    command = [sys.executable, "-m", "gauge_ingest", "rehearse", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [
        Told(
            alert["rule"], alert["scope"], _ms(event["rained_at"]), event["kind"], _level(event["kind"], event["level"])
        )
        for alert in json.loads(done.stdout)["rules"][0]["alerts"]
        for event in alert["events"]
    ]


def _served(rain: Rain, folder: Path) -> list[Told]:
    """What the service's journal says of it: one message for each reading, those of one instant in one batch."""
    configuration = load(folder, {})
    path = folder / "journal.db"
    path.unlink(missing_ok=True)
    journal, now = Journal(path), rain.steps[0].at
    pump = Pump(journal, CODECS["json_v1"], PumpSettings(), now=lambda: now)
    pump.configure(Network(configuration.stations, configuration.rules, "1", "{}", basins=configuration.basins))
    counters, batch = dict.fromkeys(rain.stations, 0), list[Delivery]()
    for seq, one in enumerate(rain.steps):
        if one.at > now:
            pump.take(batch)
            while pump.pay_debts():
                pass
            now, batch = one.at, []
        counters[one.station] += one.tips
        reading = {"observed_at": _text(one.at), "count": counters[one.station]}
        body = {"v": 1, "seq": seq, "sent_at": _text(one.at), "readings": [reading]}
        batch.append(Delivery(f"rain/v1/{one.station}/up", json.dumps(body).encode()))
    pump.take(batch)
    while pump.pay_debts():
        pass
    rules = {one.id for one in configuration.rules}
    told = [
        Told(alert.rule, alert.scope, event.rained_at, event.kind.value, _level(event.kind.value, event.level))
        for alert in journal.reader.alerts.all(ended=True)
        if alert.rule in rules
        for event in journal.reader.alerts.events(alert.id)
    ]
    journal.close()
    return told


def _stations(rain: Rain, *, counted: bool) -> list[Station]:
    """As the truth is told: a step says what fell in it, a count what fell since the report before it."""
    rows: dict[str, list[tuple[int, int]]] = {name: [] for name in rain.stations}
    for one in rain.steps:
        rows[one.station].append((one.at, one.tips))
    return [_counted(rain, name, row) if counted else _stepped(rain, name, row) for name, row in rows.items()]


def _counted(rain: Rain, name: str, row: Sequence[tuple[int, int]]) -> Station:
    first = Reading(row[0][0], row[0][0], 0)  # what fell before the first report nobody knows
    readings = [first, *(Reading(before, at, tips) for (before, _), (at, tips) in pairwise(row))]
    return Station(name, readings, rain.bucket_um, rain.step_ms // 1_000)


def _stepped(rain: Rain, name: str, row: Sequence[tuple[int, int]]) -> Station:
    # A line may hold any amount: its tips are micrometres.
    readings = [Reading(at - rain.step_ms, at, tips * rain.bucket_um) for at, tips in row]
    return Station(name, readings, 1, rain.step_ms // 1_000)


def _rule(name: str, levels: str, table: str, *, where: str = 'stations = "all"') -> str:
    return f'[rules.{name}]\nlevels = "{levels}"\n{where}\nsource = "a benchmark"\n{table}\n\n'


def _level(kind: str, level: str) -> str:
    return "" if kind in ("cleared", "lapsed") else level


def _text(at: int) -> str:
    return datetime.fromtimestamp(at / 1_000, UTC).isoformat()


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1_000)


def main() -> None:
    """Compare and print; exit status 1 when anything differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.storms", description=__doc__)
    parser.add_argument(
        "files", nargs="*", type=Path, help="station,observed_at,rain_mm in equal steps; else the records"
    )
    parser.add_argument("--bucket-mm", type=float, default=0.1, help="rain of a tip of the files (default 0.1)")
    parser.add_argument("--days", type=float, help="the first so many days of each record alone")
    parser.add_argument("--way", choices=["rehearse", "service"], help="one way alone")
    parser.add_argument("--json", action="store_true", help="one document on stdout")
    chosen = parser.parse_args()
    records: Iterable[Rain] = [read_file(one, bucket_mm=chosen.bucket_mm) for one in chosen.files] or committed()
    lines, differences = list[Mapping[str, Any]](), 0
    for rain in records:
        part = rain if chosen.days is None else within(rain, 0, rain.steps[0].at + round(chosen.days * DAY_MS))
        with tempfile.TemporaryDirectory(prefix="storms-") as folder:
            rises, found = compare(part, Path(folder), ways=[chosen.way] if chosen.way else ("rehearse", "service"))
        for one in found:
            differences += len(one.missed) + len(one.false)
            lines.append(_line(part, rises, one))
            if not chosen.json:
                print(
                    " ".join(f"{key}={value}" for key, value in lines[-1].items() if key != "differences"), flush=True
                )
                for words in lines[-1]["differences"][:20]:
                    print(f"  {words}")
    if chosen.json:
        print(json.dumps({"records": lines, "differences": differences}, indent=1))
    raise SystemExit(1 if differences else 0)


def _line(rain: Rain, rises: int, one: Compared) -> Mapping[str, Any]:
    return {
        "record": rain.name.replace(" ", "_"),
        "way": one.way,
        "stations": len(rain.stations),
        "readings": len(rain.steps),
        "rain_mm": round(rain.rain_mm, 1),
        "storms": rain.storms,
        "exceedances": rises,
        "found": one.found,
        "missed": len(one.missed),
        "false": len(one.false),
        "differences": [
            f"{side}: {told.rule} {told.scope} {_text(told.at)} {told.kind} {told.level}"
            for side, those in (("missed", one.missed), ("false", one.false))
            for told in those
        ],
    }


if __name__ == "__main__":
    main()
