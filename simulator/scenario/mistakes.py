"""Mistakes in a scenario file: each a line with the file, the key, what stands there, and what would be right."""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from typing import Any, NamedTuple, TypeAlias

from simulator.scenario.places import Part, Place, answered_below, has, place_of, step, value_at

SHOWN_CHARACTERS_MAX = 80
NEAR_MIN = 0.7  # of difflib's ratio: prot is near port, until_min is not near at_min
UNSHOWN = object()  # no value to show

Problem: TypeAlias = Mapping[str, Any]  # as pydantic's ValidationError.errors() lists them

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


class ScenarioError(ValueError):
    """A scenario that cannot be used: `lines` holds one line per mistake."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))


def line(file: str, key: Sequence[Part], remedy: str, value: object = UNSHOWN) -> str:
    """Return one mistake as people read it: `file: key = value: remedy`."""
    where = f"{file}: {key_text(key)}" if key else file
    text = f"{where}: {remedy}" if value is UNSHOWN else f"{where} = {shown(value)}: {remedy}"
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def key_text(key: Sequence[Part]) -> str:
    """Return a key as TOML writes it, elements of lists counted from 1."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            name = part if _BARE_KEY.fullmatch(part) else json.dumps(part, ensure_ascii=False)
            text += f".{name}" if text else name
    return text


def shown(value: object) -> str:
    """Return a value as TOML would write it, cut short."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    text = value.isoformat() if isinstance(value, date | time) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN_CHARACTERS_MAX else f"{text[:SHOWN_CHARACTERS_MAX]}…"


def meant(word: object, known: Iterable[str]) -> str:
    """Return words that suggest the known name nearest to this one, nothing where none is near."""
    near = difflib.get_close_matches(str(word), list(known), n=1, cutoff=NEAR_MIN)
    return f"; did you mean {near[0]}?" if near else ""


def mistakes(
    file: str, root: type, table: Mapping[str, object], problems: Iterable[Problem], *, under: Sequence[str] = ()
) -> dict[tuple[Part, ...], str]:
    """Return the lines for what pydantic found in a table, by key; `under` is the key at which it stands."""
    return {key: line(file, (*under, *key), *said) for key, said in _said(root, table, problems).items()}


def _said(
    root: type, table: Mapping[str, object], problems: Iterable[Problem]
) -> dict[tuple[Part, ...], tuple[str, object]]:
    """Return remedy and value of each wrong key."""
    placed = [(place, problem) for problem in problems if (place := place_of(root, table, problem["loc"])) is not None]
    places = [place for place, _ in placed]
    told: dict[tuple[Part, ...], list[_Told]] = {}
    for place, problem in placed:
        if not answered_below(place, places):
            one = _told(problem, place, table)
            told.setdefault(one.key, []).append(one)
    return {key: (_joined(ones), ones[0].value) for key, ones in told.items()}


class _Told(NamedTuple):
    """One problem in words."""

    key: tuple[Part, ...]
    value: object
    remedy: str
    of_kind: bool = False  # it is another kind of value that is wanted


def _told(problem: Problem, place: Place, table: object) -> _Told:
    kind, context, key = problem["type"], problem.get("ctx", {}), place.key
    if place.choice is not None:
        word = step(value_at(table, key), place.choice.key)
        return _choose((*key, place.choice.key), word, place.choice.words)
    if kind in _UNKNOWN_KEY:
        known = [one.name for one in dataclasses.fields(place.owner)] if place.owner else []
        near = meant(key[-1], known) or f"; known: {', '.join(known)}"
        return _Told(key, UNSHOWN, f"unknown key{near}")
    value = UNSHOWN if kind == "missing" or isinstance(problem["input"], dict) else problem["input"]
    if kind == "value_error":
        return _of_several_keys(str(context["error"]), key, value, table)
    template = _REMEDIES.get(kind)
    words = template.format_map(context) if template else problem["msg"].replace("Input should be", "must be")
    if kind == "literal_error":
        return _choose(key, value, re.split(", | or ", context["expected"].replace("'", "")))
    if kind == "tuple_type" and isinstance(problem["input"], dict):
        return _Told(key, UNSHOWN, f"must be a list of tables: begin each with [[{key_text(key)}]]")
    return _Told(key, value, words + _example(place), of_kind=kind.endswith("_type"))


def _choose(key: tuple[Part, ...], word: object, known: Sequence[str]) -> _Told:
    if word is None:
        return _Told(key, UNSHOWN, f"is required: one of {', '.join(known)}")
    return _Told(key, word, f"must be one of {', '.join(known)}{meant(word, known)}")


def _of_several_keys(text: str, key: tuple[Part, ...], value: object, table: object) -> _Told:
    """A settings class that finds its keys at odds begins its sentence with one of them."""
    found = re.fullmatch(r"(?P<key>\w+)(?: = [^:]*)?: (?P<remedy>.*)", text, re.DOTALL)
    if found is None:
        return _Told(key, value, text)
    below = value_at(table, key)
    value = step(below, found["key"]) if has(below, found["key"]) else UNSHOWN
    return _Told((*key, found["key"]), value, found["remedy"])


def _example(place: Place) -> str:
    """Return the default of the key, as an example of what can stand there."""
    if place.owner is None:
        return ""
    for one in dataclasses.fields(place.owner):
        if one.name == place.key[-1] and isinstance(one.default, str | int | float | tuple) and one.default != ():
            return f", e.g. {shown(one.default)}"
    return ""


def _joined(ones: Sequence[_Told]) -> str:
    """Return one sentence; who gave the right kind of value is told only what is wrong with that."""
    remedies = list(dict.fromkeys(one.remedy for one in ones if not one.of_kind or all(two.of_kind for two in ones)))
    first, *others = remedies
    return ", or ".join([first, *(one.removeprefix("must be ") for one in others)])


_UNKNOWN_KEY = {"unexpected_keyword_argument", "extra_forbidden"}
_INSTANT = "must be an instant with its offset and without quotes, e.g. 2010-01-01T00:00:00+08:00"
# By the type of pydantic's error (2.10 to 2.14); the words in braces are its context.
_REMEDIES = {
    "missing": "is required",
    "greater_than": "must be greater than {gt:.15g}",
    "greater_than_equal": "must be at least {ge:.15g}",
    "less_than": "must be less than {lt:.15g}",
    "less_than_equal": "must be at most {le:.15g}",
    "string_type": "must be text in quotes",
    "string_too_short": "must not be empty",
    "int_type": "must be a whole number without quotes",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number without quotes",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false, without quotes",
    "literal_error": "must be one of {expected}",
    "tuple_type": "must be a list in [ ]",
    "too_short": "must have at least {min_length} element(s)",
    "too_long": "must have at most {max_length} elements",
    "dict_type": "must be a table",
    "dataclass_type": "must be a table",
    "datetime_type": _INSTANT,
    "datetime_parsing": _INSTANT,
    "datetime_from_date_parsing": _INSTANT,
    "timezone_aware": _INSTANT,
}
