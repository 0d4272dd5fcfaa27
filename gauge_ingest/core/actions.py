"""What the contingency plan (预案) says is to be done at a level: one text per level, and others for single places."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Words:
    """The same thing in both languages; empty where nobody has written it."""

    zh: str = ""
    en: str = ""

    def said_in(self, language: str) -> str:
        """In the language asked for; empty where it is missing."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Actions:
    """actions.toml. `levels`: by the level's name; `places`: by level and scope, they come before the level's own.

    `briefs`: by the level's name, what the short form of a message says; a level without has its own few words.
    """

    levels: Mapping[str, Words] = field(default_factory=dict)
    places: Mapping[tuple[str, str], Words] = field(default_factory=dict)
    briefs: Mapping[str, Words] = field(default_factory=dict)

    def todo(self, level: str, scope: str, language: str) -> str:
        """What to do at a place: its own text before the level's; a text in the other language before none at all."""
        found = [words for words in (self.places.get((level, scope)), self.levels.get(level)) if words is not None]
        other = "en" if language == "zh" else "zh"
        texts = [words.said_in(asked) for asked in (language, other) for words in found]
        return next((text for text in texts if text), "")
