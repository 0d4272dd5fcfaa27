"""The signed, expiring link in a message: which alert, which event of it, and who may acknowledge it there.

A token is `<signature>.<person>.<alert>.<event>.<issued>`, with numbers in base 36 and `issued` in minutes since 1970.
It begins with the signature and ends with a digit or a letter: programs for messages cut a link before a last `-` or
`_`. The signature is the first half of HMAC-SHA-256: 128 bits, for every character of an SMS counts.
"""

import base64
import hashlib
import hmac
import re
import string
from enum import StrEnum
from typing import NamedTuple

from itsdangerous import Signer
from itsdangerous.signer import HMACAlgorithm

PATH = "/a/"
TOKEN_CHARACTERS_MAX = 200
SIGNATURE_BYTES = 16

_MINUTE_MS, _HOUR_MIN = 60_000, 60
_DIGITS = string.digits + string.ascii_lowercase
_TOKEN = re.compile(
    r"(?P<signature>[A-Za-z0-9_-]{22})\.(?P<value>(?P<person>[A-Za-z0-9_~-]+)"
    r"\.(?P<alert>[0-9a-z]{1,13})\.(?P<event>[0-9a-z]{1,13})\.(?P<issued>[0-9a-z]{1,9}))"
)
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_CODED = "~"  # before the id of a person that holds other characters
_SALT = b"gauge-ingest link"


class Link(NamedTuple):
    """What a link stands for."""

    alert_id: int
    event_id: int
    person_id: str


class Fault(StrEnum):
    """Why a link cannot be used."""

    EXPIRED = "expired"
    FORGED = "forged"
    MALFORMED = "malformed"


class Unusable(Exception):
    """A link that cannot be used. One that has expired was ours, and says what it stood for."""

    def __init__(self, fault: Fault, link: Link | None = None) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.link = link


def link(secret: str, public_url: str, *, alert_id: int, event_id: int, person_id: str, now: int) -> str:
    """The address under which a person can see an alert and acknowledge it, for some hours from now on."""
    person = person_id if _PLAIN.fullmatch(person_id) else _CODED + _in_base64(person_id.encode())
    value = ".".join([person, _in_base36(alert_id), _in_base36(event_id), _in_base36(now // _MINUTE_MS)])
    return f"{public_url}{PATH}{_signature(secret, value)}.{value}"


def read(secret: str, token: str, *, link_hours: int, now: int) -> Link:
    """What a token stands for; raises Unusable."""
    found = _TOKEN.fullmatch(token) if len(token) <= TOKEN_CHARACTERS_MAX else None
    if found is None:
        raise Unusable(Fault.MALFORMED)
    # Without a secret anybody could sign: then nothing is ours.
    ours = bool(secret) and hmac.compare_digest(_signature(secret, found["value"]), found["signature"])
    if not ours:
        raise Unusable(Fault.FORGED)
    linked = Link(int(found["alert"], 36), int(found["event"], 36), _person(found["person"]))
    if now // _MINUTE_MS - int(found["issued"], 36) > link_hours * _HOUR_MIN:
        raise Unusable(Fault.EXPIRED, linked)
    return linked


class _HalfHmac(HMACAlgorithm):
    """HMAC, cut to half its length as RFC 2104 allows."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return super().get_signature(key, value)[:SIGNATURE_BYTES]


def _signature(secret: str, value: str) -> str:
    signer = Signer(
        secret,
        salt=_SALT,
        sep=".",
        key_derivation="hmac",
        digest_method=hashlib.sha256,
        algorithm=_HalfHmac(hashlib.sha256),
    )
    return signer.get_signature(value).decode()


def _person(text: str) -> str:
    """Whose link it is; what is signed is ours, so it decodes."""
    if not text.startswith(_CODED):
        return text
    coded = text.removeprefix(_CODED)
    return base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode()


def _in_base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _in_base36(number: int) -> str:
    assert number >= 0
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits
