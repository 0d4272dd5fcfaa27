"""People who are told of alerts: how each is reached, who is on duty when, whom the next step of a chain tells.

Instants are milliseconds since 1970 like everywhere; times of day are minutes after midnight at +08:00 (Beijing).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

EVERYBODY = "everybody"  # in a chain: everyone in people.toml
DUTY = "duty"  # in a chain: whoever is on the rota


@dataclass(frozen=True, slots=True)
class Address:
    """One way to reach a person: a channel of people.toml, and what that channel calls the person."""

    channel: str
    to: str


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the day in which a person is told of nothing but levels that move people; may pass midnight."""

    since_min: int
    until_min: int


@dataclass(frozen=True, slots=True)
class Person:
    """Who is told. `reach`: the first way is tried first; when it is dead the next one takes over."""

    id: str
    name: str
    language: str  # zh or en
    reach: tuple[Address, ...]
    quiet: Quiet | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is on duty over (since, until]."""

    since: int
    until: int
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChainStep:
    """Whom to tell when nobody has acknowledged for so long; the first step of a chain is at 0."""

    after_s: int
    tell: tuple[str, ...]  # ids of people, DUTY, EVERYBODY


@dataclass(frozen=True, slots=True)
class Roster:
    """people.toml: nobody in it means that nobody is told but through log and MQTT.

    `chains`: by level name; the chain "default" is for levels that have none.
    """

    people: Mapping[str, Person] = field(default_factory=dict)
    chains: Mapping[str, tuple[ChainStep, ...]] = field(default_factory=dict)
