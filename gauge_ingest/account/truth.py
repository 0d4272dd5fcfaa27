"""The truth file of a simulated run, read as a file of facts: what happened at each station, in order.

Whoever wrote it, each line is one JSON object with an `event`; all but `start` and `end` have a `station` and an
instant `at`. Which events there are, and their facts: docs/simulator.md. A file that ends within a line was cut off:
its writer was killed. What is wrong anywhere else is refused with its line, and an unknown event is passed over.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from gauge_ingest.core.spans import parse_instant

LINE_BYTES_MAX = 1_048_576
SHOWN_MAX = 60  # characters of a wrong value


class _Form(StrEnum):
    """What a fact must be."""

    INSTANT = "an instant such as 2026-07-15T18:05:00+08:00"
    WHOLE = "a whole number"
    NUMBER = "a number"
    TRUTH = "true or false"
    TEXT = "a text"
    NAMES = "a list of texts"


_INSTANT, _WHOLE, _NUMBER, _TRUTH, _TEXT, _NAMES = _Form
_WATER = ("fell", "evaporated", "overflowed", "lost_turning", "tipped", "snow_held", "funnel_held", "residue")
_MADE = {"number": _WHOLE, "seq": _WHOLE, "readings": _WHOLE, "kind": _TEXT}
# Facts of each event that is asked for. With a question mark: may be missing.
_FACTS: Mapping[str, Mapping[str, _Form]] = {
    "start": {"at?": _INSTANT, "scenario": _TEXT, "seed": _WHOLE, "minutes": _WHOLE, "stations": _NAMES},
    "end": {"at?": _INSTANT, "outstanding": _WHOLE},
    "tip": {"service?": _TRUTH},
    "pulse": {"cause": _TEXT},
    "missed": {"cause": _TEXT},
    "reading": {"observed_at": _INSTANT, "count": _WHOLE, "kind": _TEXT, "counted?": _WHOLE},
    "message": _MADE | {"boot?": _WHOLE, "sent_at?": _INSTANT},
    "dropped": {"number": _WHOLE, "why": _TEXT},
    "publish": {"number": _WHOLE},
    "puback": {"number": _WHOLE},
    "uplink_lost": {"why": _TEXT},
    "restart": {"counted_lost": _WHOLE, "loses_count?": _TRUTH},
    "count_reset": {"counted_lost": _WHOLE},
    "visit": {"begins": _TRUTH, "as_test?": _TRUTH, "left_out?": _WHOLE},
    "balance": {"bucket_depth_mm": _NUMBER} | {f"{name}_mm": _NUMBER for name in _WATER},
}
# What these tell is seen in what follows from it.
_OF_NO_MATTER = frozenset({"power", "clock", "lightning", "door", "link", "incident", "rain"})
_OF_THE_RUN = frozenset({"start", "end"})


class TruthRefused(Exception):
    """The truth file cannot be used; the text names the file, the line and what is wrong with it."""


class Event(NamedTuple):
    """Something that happened at a station. Instants among the facts are in milliseconds, as `at` is."""

    line: int
    name: str
    at: int
    facts: Mapping[str, Any]


@dataclass(slots=True)
class Truth:
    """A truth file. `ended_at` is None when its writer did not come to its end."""

    path: Path
    scenario: str = ""
    seed: int | None = None
    minutes: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    outstanding: int | None = None
    newest_at: int = 0  # of the last event
    cut_line: int | None = None
    unknown: dict[str, int] = field(default_factory=dict)
    events: dict[str, list[Event]] = field(default_factory=dict)


def read_truth(path: Path) -> Truth:
    """The file's events by station, stations in its own order; or TruthRefused."""
    truth = Truth(path)
    try:
        for line, found in _lines(truth):
            _take(truth, line, found)
    except OSError as error:
        raise TruthRefused(f"{path}: cannot be read ({error.strerror})") from error
    if not truth.events:
        raise TruthRefused(f"{path}: tells of no station: is it the file that --truth named?")
    return truth


def _lines(truth: Truth) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each line's number and object; a last line that was cut off is noted and left out."""
    with truth.path.open("rb") as file:
        number = 0
        while raw := file.readline(LINE_BYTES_MAX):
            number += 1
            try:
                found = json.loads(raw)
            except (ValueError, RecursionError):
                if not raw.endswith(b"\n") and len(raw) < LINE_BYTES_MAX:
                    truth.cut_line = number
                    return
                raise _wrong(truth, number, f"is no JSON object: {_shown(raw.decode('utf-8', 'replace'))}") from None
            if not isinstance(found, dict):
                raise _wrong(truth, number, f"is no JSON object: {_shown(found)}")
            yield number, found


def _take(truth: Truth, line: int, found: dict[str, Any]) -> None:
    name = found.get("event")
    if not isinstance(name, str):
        raise _wrong(truth, line, f"event: must be a text, is {_shown(name)}")
    wanted = _FACTS.get(name)
    if wanted is None and name not in _OF_NO_MATTER:
        truth.unknown[name] = truth.unknown.get(name, 0) + 1
        return
    facts = {
        fact.rstrip("?"): _checked(truth, line, name, fact, form, found)
        for fact, form in (wanted or {}).items()
        if found.get(fact.rstrip("?")) is not None or not fact.endswith("?")
    }
    if name in _OF_THE_RUN:
        _of_the_run(truth, line, name, facts)
        return
    at = _checked(truth, line, name, "at", _INSTANT, found)
    station = _checked(truth, line, name, "station", _TEXT, found)
    truth.newest_at = max(truth.newest_at, at)
    events = truth.events.setdefault(station, [])
    if wanted is not None:
        events.append(Event(line, name, at, facts))


def _of_the_run(truth: Truth, line: int, name: str, facts: dict[str, Any]) -> None:
    if name == "end":
        truth.ended_at, truth.outstanding = facts.get("at", truth.newest_at), facts["outstanding"]
        return
    if truth.scenario or truth.events:
        raise _wrong(truth, line, "start: another run begins here; each needs a file of its own")
    truth.scenario, truth.seed, truth.minutes = facts["scenario"], facts["seed"], facts["minutes"]
    truth.started_at = facts.get("at")
    truth.events.update({station: [] for station in facts["stations"]})


def _checked(truth: Truth, line: int, event: str, fact: str, form: _Form, found: dict[str, Any]) -> Any:
    name = fact.rstrip("?")
    value = found.get(name)
    if form is _INSTANT and isinstance(value, str):
        try:
            return parse_instant(value)
        except ValueError as error:
            raise _wrong(truth, line, f"{event}: {name}: {error}, is {_shown(value)}") from None
    if _is(form, value):
        return value
    what = "is missing" if value is None else f"is {_shown(value)}"
    raise _wrong(truth, line, f"{event}: {name}: must be {form.value}, {what}")


def _is(form: _Form, value: object) -> bool:
    if isinstance(value, bool):
        return form is _TRUTH
    if form is _NAMES:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if form is _NUMBER:
        return isinstance(value, int | float) and isfinite(value)
    return isinstance(value, int if form is _WHOLE else str) and form in (_WHOLE, _TEXT)


def _wrong(truth: Truth, line: int, what: str) -> TruthRefused:
    return TruthRefused(f"{truth.path}:{line}: {what}")


def _shown(value: object) -> str:
    return repr(value)[:SHOWN_MAX]
