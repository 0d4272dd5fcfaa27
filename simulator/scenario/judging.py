"""Holds a table of a scenario file against the settings that it is to become, and tells every mistake at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from datetime import date, time
from functools import cache
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from simulator.scenario.mistakes import mistakes
from simulator.scenario.places import Part, step, value_at
from simulator.scenario.schema import MINUTES_MAX

ROUNDS_MAX = 8  # of leaving out what is wrong
# What can stand for required keys that are wrong, and for elements of lists that lack one.
_HARMLESS: Mapping[tuple[str, ...], object] = {
    ("intent",): "-",
    ("minutes",): MINUTES_MAX,
    ("incidents",): {"what": "reboot", "station": "all", "at_min": 0},
    ("weather", "rain"): {"kind": "stratiform"},
}


class Judged(NamedTuple):
    """What a table says, None where anything in it is wrong; and what is left of it without that, where it can be."""

    whole: Any
    rest: Any
    wrong: list[str]


def judge(origin: str, kind: type, table: Mapping[str, Any], *, under: Sequence[str] = ()) -> Judged:
    """Hold a table against its settings, as strictly as JSON: text is no number, a list fills a tuple.

    Keys that are at odds are told of only where each of them can stand alone: so what is wrong is left out, and the
    rest is judged again.
    """
    wrong: dict[tuple[Part, ...], str] = {}
    seen: list[tuple[Part, ...]] = []
    rest: Any = deepcopy(table)
    for _ in range(ROUNDS_MAX):
        try:
            left = _adapter(kind).validate_json(json.dumps(rest, default=_json_value), strict=True)
        except ValidationError as error:
            found = mistakes(origin, kind, rest, error.errors(include_url=False), under=under)
            new = [key for key in found if key not in seen]
            for key in new:
                _leave_out(rest, key)
            if not new and not [key for key in found if _stand_in(rest, key)]:
                break
            wrong |= {key: found[key] for key in new if not _speaks_of_what_is_left_out(found[key], key, seen)}
            seen += new
        else:
            return Judged(None if wrong else left, left, list(wrong.values()))
    return Judged(None, None, list(wrong.values()))


def _speaks_of_what_is_left_out(words: str, key: Sequence[Part], left_out: Iterable[tuple[Part, ...]]) -> bool:
    """Whether a key is at odds with the default of one that was left out, and not with what the file says."""
    return any(one[:-1] == tuple(key[:-1]) and f" {one[-1]} = " in words for one in left_out)


def _leave_out(table: Any, key: Sequence[Part]) -> None:
    """Take a key out of a table; of a pair of numbers the pair."""
    above = tuple(key[:-1])
    below = value_at(table, above)
    if isinstance(below, dict):
        below.pop(key[-1], None)
    elif isinstance(below, list) and above:
        _leave_out(table, above)


def _stand_in(table: Any, key: Sequence[Part]) -> bool:
    """Let something harmless stand where what is required is wrong; whether there is such a thing."""
    for at, harmless in _HARMLESS.items():
        if tuple(key[: len(at)]) != at:
            continue
        *above, last = key[: len(at) + 1]
        holder: Any = value_at(table, above)
        if holder is not None and step(holder, last) != harmless:
            holder[last] = harmless
            return True
    return False


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    """Return the validator of a settings class; building one takes a tenth of a second."""
    return TypeAdapter(kind)


def _json_value(value: object) -> str:
    assert isinstance(value, date | time), value  # nothing else of TOML is unknown to JSON
    return value.isoformat()
