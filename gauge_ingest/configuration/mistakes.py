"""Mistakes in a configuration, each with its file, its key and what to write instead."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from gauge_ingest.core.nearest import nearest

SHOWN_CHARACTERS_MAX = 80
UNSHOWN = object()  # no value to show, or none that may be shown

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_M = TypeVar("_M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to put right. `value` is what stood there, as text; empty where there is none or it is secret."""

    file: str
    key: str
    value: str
    remedy: str

    def __str__(self) -> str:
        where = f"{self.file}: {self.key}" if self.key else self.file
        return _one_line(f"{where} = {self.value}: {self.remedy}" if self.value else f"{where}: {self.remedy}")


class ConfigurationRefused(Exception):
    """The configuration cannot be used; carries every mistake in it."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__(self.mistakes)

    def __str__(self) -> str:
        return "\n".join(str(mistake) for mistake in self.mistakes)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: a file and a key in it, or the environment and a name."""

    file: str
    key: str = ""

    def at(self, *parts: str | int) -> "Place":
        """The place of a key (text) or of an element (a number, counted from 1) below this one."""
        key = self.key
        for part in parts:
            if isinstance(part, int):
                key += f"[{part}]"
            else:
                name = part if _BARE_KEY.fullmatch(part) else json.dumps(part, ensure_ascii=False)
                key += f".{name}" if key else name
        return Place(self.file, key)

    def mistake(self, remedy: str, value: object = UNSHOWN) -> Mistake:
        """The mistake of what stands here."""
        return Mistake(self.file, self.key, "" if value is UNSHOWN else shown(value), remedy)


@dataclass(frozen=True, slots=True)
class Judged(Generic[_M]):
    """A table as its model sees it: wrong keys have their default or their example, so that checks can go on."""

    value: _M
    wrong: frozenset[str]
    mistakes: tuple[Mistake, ...]


def judge(
    model: type[_M], table: Mapping[str, object], place: Place, *, places: Mapping[str, Place] | None = None
) -> Judged[_M]:
    """Hold a table against its model. `places` names the keys that do not stand below `place`."""
    try:
        return Judged(model.model_validate(dict(table), strict=True), frozenset(), ())
    except ValidationError as error:
        problems = error.errors(include_url=False)
    mistakes = tuple(
        _mistake(model, problem, (places or {}).get(_key(problem), place.at(*_parts(problem)))) for problem in problems
    )
    wrong = frozenset(table) if any(not problem["loc"] for problem in problems) else frozenset(map(_key, problems))
    kept = {name: value for name, value in table.items() if name not in wrong}
    return Judged(_mended(model, kept), wrong, mistakes)


def _mended(model: type[_M], kept: dict[str, object]) -> _M:
    """A table with its right keys; beside the example of a wrong one a right key may be wrong too, and is left out."""
    examples = {name: _example(field) for name, field in model.model_fields.items() if field.is_required()}
    while True:
        try:
            return model.model_validate(examples | kept, strict=True)
        except ValidationError as error:
            wrong = {_key(problem) for problem in error.errors(include_url=False)} & kept.keys()
            assert wrong, f"the examples of {model.__name__} are no table"
            kept = {name: value for name, value in kept.items() if name not in wrong}


def shown(value: object) -> str:
    """A value as TOML would write it, cut short; anything before an @ may be a password and is left out."""
    # A datetime is a date.
    text = value.isoformat() if isinstance(value, date | time) else json.dumps(value, ensure_ascii=False, default=str)
    if "@" in text:
        text = f'"***{text[text.rindex("@") :]}'
    return text if len(text) <= SHOWN_CHARACTERS_MAX else f"{text[:SHOWN_CHARACTERS_MAX]}…"


def is_secret(field: FieldInfo) -> bool:
    """Whether a key holds a secret."""
    return field.annotation is SecretStr


def _key(problem: ErrorDetails) -> str:
    return str(problem["loc"][0]) if problem["loc"] else ""


def _parts(problem: ErrorDetails) -> list[str | int]:
    return [part + 1 if isinstance(part, int) else part for part in problem["loc"]]


def _mistake(model: type[BaseModel], problem: ErrorDetails, place: Place) -> Mistake:
    field = model.model_fields.get(_key(problem))
    if field is None:
        if problem["type"] == "extra_forbidden":
            return place.mistake(f"unknown key; {nearest(_key(problem), model.model_fields)}")
        return place.mistake(problem["msg"])
    hidden = is_secret(field) or problem["type"] == "missing"
    remedy = _remedy(problem, field)
    example = None if is_secret(field) else _example(field)
    if example not in (None, "", (), {}) and "e.g." not in remedy:
        remedy += f", e.g. {shown(example)}"
    return place.mistake(remedy, UNSHOWN if hidden else problem["input"])


def _remedy(problem: ErrorDetails, field: FieldInfo) -> str:
    kind, context = problem["type"], problem.get("ctx", {})
    if kind == "missing":
        return f"is required: {field.description}" if field.description else "is required"
    if kind == "value_error":
        return str(context["error"])
    if field.description and kind in (
        "string_pattern_mismatch",
        "string_too_short",
        "string_too_long",
        "tuple_type",
        "too_short",
    ):
        return f"must be {field.description}"
    template = _REMEDIES.get(kind)
    return template.format_map(context) if template else problem["msg"].replace("Input should be", "must be")


def _example(field: FieldInfo) -> Any:
    return field.examples[0] if field.examples else field.default


def _one_line(text: str) -> str:
    printable = text.encode("utf-8", "backslashreplace").decode()
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in printable)


# By the type of pydantic's error (2.10 to 2.14); the words in braces are its context.
_REMEDIES = {
    "greater_than": "must be greater than {gt:.15g}",
    "greater_than_equal": "must be at least {ge:.15g}",
    "less_than": "must be less than {lt:.15g}",
    "less_than_equal": "must be at most {le:.15g}",
    "string_type": "must be text in quotes",
    "string_unicode": "must be text in UTF-8",
    "string_too_short": "must not be empty",
    "string_too_long": "must be at most {max_length} characters long",
    "int_type": "must be a whole number without quotes",
    "float_type": "must be a number without quotes",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false, without quotes",
    "literal_error": "must be one of {expected}",
    "tuple_type": "must be a list in [ ]",
    "too_short": "must have at least {min_length} element(s)",
    "too_long": "must have at most {max_length} elements",
    "datetime_type": "must be an instant with its offset and without quotes",
    "timezone_aware": "must have an offset",
}
