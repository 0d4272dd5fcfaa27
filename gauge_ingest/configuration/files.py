"""Files of configuration: TOML to tables, with what is wrong in them by line."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from gauge_ingest.configuration.mistakes import Mistake, Place

FILE_BYTES_MAX = 16 * 1024 * 1024
TABLE_DEPTH_MAX = 16


def read_table(path: Path, mistakes: list[Mistake]) -> Mapping[str, object] | None:
    """The contents of a TOML file; None, and why among the mistakes, where it cannot be read."""
    place = Place(path.name)
    try:
        text = read_text(path, FILE_BYTES_MAX)
    except OSError as error:
        mistakes.append(place.mistake(f"cannot be read ({error.strerror}): it must stand in {path.parent}"))
        return None
    except ValueError as error:
        mistakes.append(place.mistake(f"cannot be read: {error}"))
        return None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        mistakes.append(_broken(place, str(error)))
    except ValueError:  # from int(), which stops at 4300 digits
        mistakes.append(place.mistake("cannot be read: a number in it has far too many digits"))
    except RecursionError:
        mistakes.append(place.mistake("cannot be read: lists or tables are nested too deeply"))
    else:
        return {key: _frozen(value, place.at(key), mistakes) for key, value in table.items()}
    return None


def read_text(path: Path, bytes_max: int) -> str:
    """The text of a file; OSError, or ValueError where it is too large or no text."""
    with path.open("rb") as file:
        content = file.read(bytes_max + 1)
    if len(content) > bytes_max:
        raise ValueError(f"it is larger than {bytes_max} bytes")
    try:
        return content.decode("utf-8-sig")  # some editors begin a file with a byte order mark
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line} is not text in UTF-8") from None


def _broken(place: Place, words: str) -> Mistake:
    at = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", words)
    if at is None:
        return place.mistake(f"is no TOML: {words}")
    reason = words[: at.start()]
    if at[1] is None:
        return Mistake(place.file, "last line", "", f"is no TOML: {reason}")
    return Mistake(place.file, f"line {at[1]}", "", f"is no TOML: {reason}, at column {at[2]}")


def _frozen(value: object, place: Place, mistakes: list[Mistake], depth: int = 1) -> object:
    """The value with tuples for lists. TOML's whole numbers have 64 bits; Python would accept any."""
    if depth > TABLE_DEPTH_MAX:
        mistakes.append(place.mistake("is nested too deeply"))
        return None
    if isinstance(value, dict):
        return {key: _frozen(item, place.at(key), mistakes, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_frozen(item, place.at(number), mistakes, depth + 1) for number, item in enumerate(value, 1))
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        mistakes.append(place.mistake("must be a number of at most 18 digits"))
        return 0
    return value
