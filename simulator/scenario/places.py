"""Where in a scenario file a problem stands: pydantic's path, followed through the file and through the settings."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, Union, get_args, get_origin, get_type_hints

Part: TypeAlias = str | int  # a key, or the number of an element from 0


class Choice(NamedTuple):
    """A table may be one of several: the key that says which, and its words."""

    key: str
    words: tuple[str, ...]


class Place(NamedTuple):
    """Where a problem stands: its key, part by part, and what the settings know about it."""

    key: tuple[Part, ...]
    owner: type | None  # the dataclass that the last part is, or would be, a field of
    unions: tuple[int, ...] = ()  # lengths of the keys at which there was a choice between kinds of value
    choice: Choice | None = None  # set where the table does not say which of several it is


def place_of(root: type, table: object, loc: Sequence[Part]) -> Place | None:
    """Follow pydantic's path through the table; None: it speaks of a kind of value that is not meant here.

    Where there is a choice, the path also names which of the kinds was tried; no key of the file stands for that.
    """
    kind: Any = root
    owner: type | None = None
    key: list[Part] = []
    unions: list[int] = []
    for number, part in enumerate(loc):
        kind = _plain(kind)
        if members := _members(kind):
            unions.append(len(key))
            if (choice := _unsaid(kind, table)) is not None:
                return Place(tuple(key), None, tuple(unions), choice)
            tried, meant = _tried(members, part), _meant(members, table)
            if meant is not None and tried is not None and tried is not meant:
                return None
            kind = meant or tried or kind
            if tried is not None:
                continue
        if not has(table, part) and number < len(loc) - 1:
            continue
        owner = kind if dataclasses.is_dataclass(kind) and isinstance(kind, type) else None
        kind, table = _below(kind, part), step(table, part)
        key.append(part)
    return Place(tuple(key), owner, tuple(unions), _unsaid(_plain(kind), table))


def answered_below(place: Place, others: Iterable[Place]) -> bool:
    """Return whether another kind of value came further at the same key: what that one lacks is what is wrong."""
    length = len(place.key)
    return length in place.unions and any(
        len(other.key) > length and other.key[:length] == place.key and length in other.unions for other in others
    )


def has(table: object, part: Part) -> bool:
    """Return whether a list has this element, or a table this key."""
    if isinstance(part, int):
        return isinstance(table, list) and part < len(table)
    return isinstance(table, dict) and part in table


def step(table: object, part: Part) -> object:
    """Return an element of a list, or a value of a table; None where there is none."""
    if isinstance(table, list | dict) and has(table, part):
        return table[part]  # type: ignore[index]  # has() saw a number with a list, or a text with a table
    return None


def value_at(table: object, key: Sequence[Part]) -> object:
    """Return what stands at a key; None where there is nothing."""
    for part in key:
        table = step(table, part)
    return table


def _plain(kind: Any) -> Any:
    """Return a type without its bounds and without None."""
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        elif get_origin(kind) in (Union, types.UnionType) and type(None) in get_args(kind):
            kept = [one for one in get_args(kind) if one is not type(None)]
            kind = Union[tuple(kept)]  # noqa: UP007  (of one type it is that type)
        else:
            return kind


def _members(kind: Any) -> list[Any]:
    return [_plain(one) for one in get_args(kind)] if get_origin(kind) in (Union, types.UnionType) else []


def _below(kind: Any, part: Part) -> Any:
    """Return the type of a field, of an element, or of a table's value."""
    arguments = get_args(kind)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return get_type_hints(kind, include_extras=True).get(str(part))
    if isinstance(part, int) and arguments:
        return arguments[0] if arguments[-1] is Ellipsis else arguments[min(part, len(arguments) - 1)]
    return arguments[-1] if arguments else None


def _tags(kind: Any) -> Iterator[tuple[str, str]]:
    """Yield the fields of a dataclass that say which one of several it is, with what they say."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        for name, hint in get_type_hints(kind).items():
            if get_origin(hint) is Literal and len(get_args(hint)) == 1:
                yield name, get_args(hint)[0]


def _tried(members: Sequence[Any], part: Part) -> Any:
    """Return the member of a union that pydantic's path names, by its word, its class, or its kind of value."""
    for member in members:
        name = getattr(member, "__name__", "")
        if part == name or part in [word for _, word in _tags(member)]:
            return member
        # Kinds with bounds and lists are named "constrained-str", "tuple[…]" and the like.
        if isinstance(part, str) and (part == f"constrained-{name}" or part.startswith(f"{name}[")):
            return member
    return None


def _meant(members: Sequence[Any], table: object) -> Any:
    """Return the member of a union whose word stands in the table."""
    if isinstance(table, dict):
        for member in members:
            if any(table.get(key) == word for key, word in _tags(member)):
                return member
    return None


def _unsaid(kind: Any, table: object) -> Choice | None:
    """Return what the table would have to say, when it does not say which member of a union it is."""
    members = _members(kind)
    found = [list(_tags(member)) for member in members]
    keys = sorted({key for one in found for key, _ in one})
    if len(keys) != 1 or not all(found) or not isinstance(table, dict) or _meant(members, table) is not None:
        return None
    return Choice(keys[0], tuple(one[0][1] for one in found))
