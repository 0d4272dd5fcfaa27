"""Whom the events of a calendar put on duty: by ATTENDEE or SUMMARY, as id, name or address of people.toml."""

import re
from collections.abc import Mapping
from typing import Any

from gauge_ingest.core.people import Person

_BETWEEN_NAMES = re.compile(r"[\s,;/&+|:()，；、：（）]+")
_THINGS = ("ROOM", "RESOURCE")  # what is invited and is no person


class Known:
    """People by whatever a calendar may call them."""

    def __init__(self, people: Mapping[str, Person]) -> None:
        self.ids = {name.lower(): name for name in people}
        self.names = {person.name: person.id for person in people.values()}
        self.addresses: dict[str, list[str]] = {}
        for person in people.values():
            for address in person.reach:
                self.addresses.setdefault(address.to.lower(), []).append(person.id)

    def called(self, word: str) -> list[str]:
        """Whom a whole word calls, be it an id, a name or an address."""
        plain = word.strip()
        address = re.sub(r"^(mailto|tel|sms):", "", plain, flags=re.IGNORECASE).lower()
        one = self.ids.get(address) or self.names.get(plain)
        return [one] if one else self.addresses.get(address, [])

    def in_title(self, title: str) -> list[str]:
        """Whom a title calls: as a whole, in words of its own, else as names inside of words, the longest first."""
        found = self.called(title) or [name for word in _BETWEEN_NAMES.split(title) for name in self.called(word)]
        if not found:
            for name in sorted(self.names, key=len, reverse=True):
                if name in title:
                    found.append(self.names[name])
                    title = title.replace(name, " ")
        return list(dict.fromkeys(found))


def people_of(event: Any, known: Known) -> list[str]:
    """The ids of those whom an event puts on duty; none when it is cancelled."""
    if is_off(event):
        return []
    found = [name for attendee in attendees_of(event) for name in invited(attendee, known)]
    return list(dict.fromkeys(found)) or known.in_title(str(event.get("SUMMARY", "")))


def is_off(event: Any) -> bool:
    """Whether an event is cancelled."""
    return str(event.get("STATUS", "")).upper() == "CANCELLED"


def attendees_of(event: Any) -> list[Any]:
    """Who is invited to an event; rooms and things are not."""
    return [one for one in listed(event.get("ATTENDEE")) if str(one.params.get("CUTYPE", "")).upper() not in _THINGS]


def invited(attendee: Any, known: Known) -> list[str]:
    """The ids of those whom an invitation calls, by address, id or name."""
    return known.called(str(attendee)) or known.called(str(attendee.params.get("CN", "")))


def plain_address(attendee: Any) -> str:
    """The address of an invitation without its scheme."""
    return re.sub(r"^mailto:", "", str(attendee), flags=re.IGNORECASE)


def listed(value: Any) -> list[Any]:
    """A property as a list: the library has none, one or a list of them."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
