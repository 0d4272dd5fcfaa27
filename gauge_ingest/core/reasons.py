"""Why something was found, or has ended: a kind and its figures, from which the sentence of each language is made."""

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple

from gauge_ingest.core.reason_words import SENTENCES
from gauge_ingest.core.spans import duration_text, instant_text

Value = str | int | float | list[str]

# Fields that are a length of time in whole seconds; what ends in _at is an instant in milliseconds since 1970.
_LENGTHS = frozenset({"every_s", "longer_s", "window_s", "settle_s", "lapse_s", "quiet_s"})
# Units as people read them in a message; "5m" might be metres.
_UNITS = {
    "zh": {"d": "天", "h": "小时", "m": "分钟", "s": "秒"},
    "en": {"d": " d", "h": " h", "m": " min", "s": " s"},
    "": {unit: unit for unit in "dhms"},
}


class Reason(NamedTuple):
    """One reason. `kind` is a name in `SENTENCES`; names of fields end in their unit."""

    kind: str
    fields: Mapping[str, Value]

    @property
    def text(self) -> str:
        """As the journal, the log and commands have it: in English, instants with their offset."""
        return _made(self, SENTENCES[self.kind].en, "", instant_text)


def because(kind: str, **fields: Value) -> Reason:
    """A reason of a kind."""
    assert kind in SENTENCES
    return Reason(kind, fields)


def sentence(reason: Reason, language: str, at_text: Callable[[int], str]) -> str:
    """The sentence in the language asked for, zh or en; empty where this program does not know the kind."""
    words = SENTENCES.get(reason.kind)
    return "" if words is None else _made(reason, words.said_in(language), language, at_text)


def _made(reason: Reason, words: str, units: str, at_text: Callable[[int], str]) -> str:
    shown = {name: _shown(name, value, units, at_text) for name, value in reason.fields.items()}
    try:
        return words.format(**shown)
    except (KeyError, ValueError):  # another version of this program wrote other fields
        return ""


def as_text(reason: Reason | None) -> str | None:
    """A reason as the journal keeps it."""
    return None if reason is None else json.dumps({"kind": reason.kind, **reason.fields}, ensure_ascii=False)


def from_text(text: str | None) -> Reason | None:
    """A reason as the journal kept it; None for what was written before there were any."""
    if text is None:
        return None
    fields = json.loads(text)
    return Reason(fields.pop("kind"), fields)


def _shown(name: str, value: Value, units: str, at_text: Callable[[int], str]) -> str | int | float:
    if isinstance(value, list):
        return ("、" if units == "zh" else ", ").join(value)
    if isinstance(value, int) and name.endswith("_at"):
        return at_text(value)
    if isinstance(value, int) and name in _LENGTHS:
        length = duration_text(value)
        return f"{length[:-1]}{_UNITS[units][length[-1]]}"
    return value
