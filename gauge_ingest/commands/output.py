"""What every command says: one JSON document or tables on stdout, notices and refusals on stderr, an exit status."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NoReturn

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.text import Text

from gauge_ingest.commands.listing import Listing
from gauge_ingest.core.model import DAY_MS, Flag
from gauge_ingest.core.spans import BEIJING
from gauge_ingest.core.spans import ago as ago
from gauge_ingest.core.spans import elapsed as elapsed

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FLAGS = {
    Flag.GOOD: "",
    Flag.NOT_EVALUATED: "unchecked",
    Flag.SUSPECT: "SUSPECT",
    Flag.FAIL: "FAIL",
    Flag.MISSING: "missing",
}
_FLAG_STYLES = {Flag.SUSPECT: "yellow", Flag.FAIL: "red", Flag.MISSING: "dim", Flag.NOT_EVALUATED: "dim"}
_EIGHTHS = " ▏▎▍▌▋▊▉"
_EIGHTHS_UP = " ▁▂▃▄▅▆▇█"


class Status(IntEnum):
    """How a command ends."""

    DONE = 0
    NOT_WELL = 1  # the thing asked about is not well
    WRONG_USE = 2  # wrong use or configuration
    UNREACHABLE = 3  # a needed service cannot be reached


def stop(status: Status, *sentences: str) -> NoReturn:
    """Say why on stderr and end the command."""
    for sentence in sentences:
        notice(sentence)
    raise typer.Exit(int(status))


def no_journal(path: Path) -> str:
    """Why there is nothing to read; a relative path leads elsewhere from another folder."""
    words = f"no journal at {path.absolute()}: has the service run yet?"
    return words if path.is_absolute() else f"{words} [journal] path is {path}: run this where the service was started"


def notice(sentence: str) -> None:
    """Something the person should know that is no part of the answer."""
    print(plain(sentence), file=sys.stderr)  # noqa: T201


def print_json(document: object) -> None:
    """One document on stdout."""
    is_unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(document, ensure_ascii=not is_unicode, indent=1, allow_nan=False))  # noqa: T201


def print_text(text: str) -> None:
    """Lines on stdout as they are, however wide."""
    print(plain(text).rstrip("\n"))  # noqa: T201


def show(*parts: RenderableType) -> None:
    """Tables and lines on stdout, in colour only where a person looks at a terminal."""
    console = _console()
    for part in parts:
        console.print(part, crop=False)


def show_aside(*parts: RenderableType) -> None:
    """The same on stderr, where stdout has another answer."""
    console = Console(markup=False, highlight=False, emoji=False, stderr=True)
    for part in parts:
        console.print(part)


def width() -> int:
    """Columns that there are."""
    return _console().width


def table(
    *headings: str, right: Sequence[str] = (), wrap: Sequence[str] = (), least: Mapping[str, int] = MappingProxyType({})
) -> Listing:
    """A table without lines between rows. Numbers go into columns named in `right`, sentences into those in `wrap`.

    Where there are too few columns all but numbers are made narrower, those in `wrap` first, none than `least` says.
    """
    made = Listing(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    made.least = least
    for heading in headings:
        justify: Literal["left", "right"] = "right" if heading in right else "left"
        made.add_column(heading, justify=justify, no_wrap=heading not in wrap)
    return made


def plain(text: str) -> str:
    """Text from outside without anything that could move a terminal's cursor; line breaks stay."""
    return "\n".join(
        "".join(character if character.isprintable() else repr(character)[1:-1] for character in line)
        for line in text.encode("utf-8", "backslashreplace").decode().replace("\t", "    ").split("\n")
    )


def instant(at: int | None, *, seconds: bool = False) -> str:
    """An instant in Beijing time as people read it in a table; the year stands in the title."""
    if at is None:
        return "never"
    moment = (_EPOCH + timedelta(milliseconds=at)).astimezone(BEIJING)
    return moment.strftime("%m-%d %H:%M:%S" if seconds else "%m-%d %H:%M")


def full_instant(at: int) -> str:
    """An instant in Beijing time with its year, to the minute."""
    return (_EPOCH + timedelta(milliseconds=at)).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")


def stretch(since: int, until: int) -> str:
    """A span in Beijing time; the second date only where it is another, be it of another year."""
    begin, end = instant(since), instant(until)
    return f"{begin} - {end if until - since >= DAY_MS else end.removeprefix(begin[:6])}"


def place_text(scope: str, names: Mapping[str, str]) -> str:
    """What people call a station or a basin, and its id; the id alone of what has no name."""
    return plain(f"{names[scope]} ({scope})" if scope in names else scope)


def flag_word(flag: int) -> str:
    """A flag in a word; nothing where all is good."""
    return _FLAGS[Flag(flag)]


def flag_text(flag: int) -> Text:
    """A flag in a word; nothing where all is good."""
    return Text(flag_word(flag), style=_FLAG_STYLES.get(Flag(flag), ""))


def bar(value: float, *, most: float, columns: int) -> str:
    """A horizontal bar of eighths of a column, at least one for anything above 0."""
    if value <= 0 or most <= 0 or columns <= 0:
        return ""
    eighths = max(1, round(value / most * columns * 8))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def block(height: float, *, row: int) -> str:
    """The part of an upright bar in a row, counted from 0 below. `height` is in rows; an eighth of one is least."""
    eighths = max(1, round(height * 8)) - row * 8
    return _EIGHTHS_UP[min(max(eighths, 0), 8)]


def _console() -> Console:
    return Console(markup=False, highlight=False, emoji=False)
