"""actions.toml: what the contingency plan says is to be done at each level, in Chinese and English, place by place."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from gauge_ingest.configuration.mistakes import Mistake, Place, judge
from gauge_ingest.core.actions import Actions, Words
from gauge_ingest.core.levels import LEVELS
from gauge_ingest.core.nearest import nearest

FILE = "actions.toml"
PLACES = "places"
TEXT = r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$"


def _text(most: int, example: str) -> Any:
    """A key that may be left out, but must not stand there with nothing in it."""
    says = f"1 to {most} characters in one line, not blanks alone; a text that nobody has written yet is left out"
    return Field(default="", min_length=1, max_length=most, pattern=TEXT, description=says, examples=[example])


class WordsTable(BaseModel):
    """[actions.LEVEL.places.PLACE]: what to do there."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    zh: str = _text(300, "立即转移到安置点")
    en: str = _text(300, "Move to the shelters now.")


class ActionTable(WordsTable):
    """[actions.LEVEL]: what to do at a level, and at single places."""

    zh_short: str = _text(12, "危险区全员转移")
    en_short: str = _text(18, "evacuate")
    places: object = None  # tables of their own, [actions.LEVEL.places.PLACE]


@dataclass(slots=True)
class ActionsRead:
    """The contingency texts of a file, and every mistake in it."""

    actions: Actions = field(default_factory=Actions)
    mistakes: list[Mistake] = field(default_factory=list)

    def canonical(self) -> dict[str, object]:
        """The texts as they stand in the configuration's text."""
        levels: dict[str, object] = {level: asdict(words) for level, words in self.actions.levels.items()}
        places = {f"{level} {place}": asdict(words) for (level, place), words in self.actions.places.items()}
        briefs = {level: asdict(words) for level, words in self.actions.briefs.items()}
        return {"levels": levels, "places": places, **({"briefs": briefs} if briefs else {})}


def read_actions(
    table: Mapping[str, object], *, levels: Iterable[str] | None, places: Mapping[str, object] | None
) -> ActionsRead:
    """The texts of a file's table, and every mistake in it; None: what there is is not known, and nothing is missed."""
    read = ActionsRead()
    file = Place(FILE)
    remedy = "unknown key; every text stands below actions, e.g. [actions.immediate]"
    read.mistakes += [file.at(name).mistake(remedy) for name in table if name != "actions"]
    raw = table.get("actions", {})
    if not isinstance(raw, Mapping):
        read.mistakes.append(file.at("actions").mistake("must hold tables, each beginning like [actions.immediate]"))
        return read
    known = None if levels is None else [*LEVELS, *levels]
    found: dict[str, Words] = {}
    at_places: dict[tuple[str, str], Words] = {}
    briefs: dict[str, Words] = {}
    for level, item in raw.items():
        place = file.at("actions", level)
        if known is not None and level not in known:
            read.mistakes.append(place.mistake(f"no rule has such a level; {nearest(level, known)}"))
        if not isinstance(item, Mapping):
            read.mistakes.append(place.mistake(f"must be a table, written [actions.{level}]"))
            continue
        judged = judge(ActionTable, item, place)
        read.mistakes += judged.mistakes
        found[level] = Words(judged.value.zh, judged.value.en)
        brief = Words(judged.value.zh_short, judged.value.en_short)
        briefs |= {level: brief} if brief != Words() else {}
        at_places |= _at_places(read, level, judged.value.places, place.at(PLACES), places)
    read.actions = Actions(found, at_places, briefs)
    return read


def _at_places(
    read: ActionsRead, level: str, raw: object, place: Place, known: Mapping[str, object] | None
) -> dict[tuple[str, str], Words]:
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        read.mistakes.append(place.mistake(f"must hold tables, each beginning like [{place.key}.HTB02]"))
        return {}
    found = {}
    for name, item in raw.items():
        here = place.at(name)
        if known is not None and name not in known:
            read.mistakes.append(here.mistake(f"no such place; {nearest(name, known)}"))
        if not isinstance(item, Mapping):
            read.mistakes.append(here.mistake(f"must be a table, written [{here.key}]"))
            continue
        judged = judge(WordsTable, item, here)
        read.mistakes += judged.mistakes
        found[level, name] = Words(judged.value.zh, judged.value.en)
    return found
