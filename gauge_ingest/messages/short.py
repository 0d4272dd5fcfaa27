"""The short form of a message: what is left out, and in which order, until it fits into one SMS."""

from collections.abc import Callable, Mapping
from typing import Any

from gauge_ingest.messages import SHORT_MAX
from gauge_ingest.messages.words import shortened, units

MORE = {"zh": " 另{count}条", "en": " +{count}msg"}  # of a group: how many messages there are beside the one it shows
COUNT_MAX = 99
GROUP_TAIL_MAX = max(units(words.format(count=COUNT_MAX)) for words in MORE.values())
SINGLE_MAX = SHORT_MAX - GROUP_TAIL_MAX

# UTF-16 code units of a name that are left when there is no room; 0: it is left out.
_SQUEEZED = (
    ("said", 12),
    ("now_level", 15),
    ("who", 3),
    ("incomplete", 0),
    ("place", 6),
    ("nobody_on_duty", 0),
    ("brief", 0),
    ("stay_out", 0),
    ("asks", 0),
    ("said", 0),
    ("place", 3),
    ("standing", 8),
    ("finding", 4),
    ("level", 4),
    ("now_level", 4),
    ("threshold_mm", 0),
    ("late", 0),
    ("unconfirmed", 0),
    ("at_least", 0),
)


def fitted(say: Callable[[Mapping[str, Any]], str], names: Mapping[str, Any], room: int) -> str:
    """What a template says of names that become shorter, one after the other, until it fits; it may still be longer."""
    said = dict(names)
    line = _line(say(said))
    for name, least in _SQUEEZED:
        over = units(line) - room
        if over <= 0:
            break
        whole = said[name]
        said[name] = shortened(whole, max(least, units(whole) - over)) if least else type(whole)()
        line = _line(say(said))
    return line


def more(count: int, language: str) -> str:
    """How many messages of a group stand behind the one that is shown."""
    return MORE[language].format(count=min(count, COUNT_MAX))


def _line(text: str) -> str:
    return " ".join(text.split())
