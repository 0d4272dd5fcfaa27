"""Under which name what somebody says is told: a person of people.toml by id or name, else the name as it was typed."""

from collections.abc import Mapping

from gauge_ingest.core.nearest import listed, near
from gauge_ingest.core.people import Person


def name_of(typed: str, people: Mapping[str, Person]) -> tuple[str, str]:
    """The name to record, and a warning where nobody is called so. In an emergency no name is refused."""
    called = typed.strip()
    for person in people.values():
        if called == person.name or called.lower() == person.id.lower():
            return person.name, ""
    if not people:
        return typed, ""
    return typed, f"nobody in people.toml is called {called}; recorded all the same; {_meant(called, people)}"


def _meant(called: str, people: Mapping[str, Person]) -> str:
    """The person that was perhaps meant, and who else there is."""
    shown = {name: f"{name} ({person.name})" for name, person in people.items()}
    by_word = {word: shown[name] for name, person in people.items() for word in (name, person.name)}
    meant = near(called, by_word)
    return (f"did you mean {by_word[meant]}? " if meant else "") + listed(list(shown.values()))
