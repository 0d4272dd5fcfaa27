"""An alert event as a CAP 1.2 document: values in, bytes out, the same bytes for the same event."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from xml.etree import ElementTree as ET

from gauge_ingest.core.levels import Level, level_of
from gauge_ingest.core.model import HOUR_MS, SECOND_MS, AlertEvent, Basin, Rule, Station
from gauge_ingest.core.spans import duration_text, instant_text
from gauge_ingest.notifiers.cap_chain import LEVEL_KINDS, Link, Told, chain, is_rain, words
from gauge_ingest.notifiers.cap_text import (
    DESCRIPTION_CHARACTERS_MAX,
    EXERCISE_NOTE,
    FINDING_EVENT,
    RAIN_EVENT,
    Subject,
    clean,
    description,
    headline,
)
from gauge_ingest.notifiers.settings import CapSettings

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
GEOCODE_NAME = "GB/T 2260"
INSTRUCTION_CHARACTERS_MAX = 8_000
VALUE_CHARACTERS_MAX = 500

Instruction = Callable[[str, str, str], str]  # of a level, a scope, a language (zh or en); empty: there is none


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who issues, and what a document needs to know beside its event."""

    settings: CapSettings
    stations: Mapping[str, Station]
    rules: Mapping[str, Rule]
    basins: Mapping[str, Basin] = field(default_factory=dict)
    instruction: Instruction = lambda _level, _scope, _language: ""
    is_drill: Callable[[AlertEvent], bool] = lambda _event: False


@dataclass(frozen=True, slots=True)
class Document:
    """One CAP message as it is written."""

    identifier: str
    sent_at: int
    content: bytes


def messages(issuer: Issuer, told: Told, *, event_id: int | None = None, now: int | None = None) -> list[Link]:
    """Every message of an alert in order; up to an event, or with the renewals that are due by `now`.

    What was told after the event changes nothing.
    """
    events = [event for event in told.events if event_id is None or event.id <= event_id]
    until = told._replace(events=events)
    if not is_rain(until.events) and not issuer.settings.findings:
        return []
    return chain(until, renew_ms=renew_ms(issuer.settings), now=now)


def document(issuer: Issuer, event_id: int, told: Told) -> Document | None:
    """The message of an event, or None when it makes none. What was told after the event changes nothing."""
    links = messages(issuer, told, event_id=event_id)
    if not links or links[-1].event.id != event_id:
        return None
    return written(issuer, links)


def newest_document(issuer: Issuer, told: Told, *, now: int) -> Document | None:
    """The newest message of an alert, or None when it has none."""
    links = messages(issuer, told, now=now)
    return written(issuer, links) if links else None


def renew_ms(settings: CapSettings) -> int:
    """How long after a message the next one follows while nothing changes: three quarters of the time it holds."""
    return settings.expires_h * HOUR_MS * 3 // 4


def written(issuer: Issuer, links: Sequence[Link]) -> Document:
    """The last of the messages, as it is written; it refers to those before it."""
    *earlier, link = links
    rain = is_rain([one.event for one in links])
    content = ET.tostring(_alert(issuer, link, earlier, is_rain=rain), encoding="utf-8", xml_declaration=True)
    return Document(link.identifier, link.sent_at, content + b"\n")


def _alert(issuer: Issuer, link: Link, earlier: Sequence[Link], *, is_rain: bool) -> ET.Element:
    settings, event = issuer.settings, link.event
    drill = issuer.is_drill(event)
    status = "Exercise" if drill else settings.status if is_rain else "System"
    root = ET.Element("alert", xmlns=NAMESPACE)
    _put(root, "identifier", link.identifier)
    _put(root, "sender", settings.sender)
    _put(root, "sent", instant_text(link.sent_at))
    _put(root, "status", status)
    _put(root, "msgType", link.kind.value)
    _put(root, "scope", settings.scope)
    if settings.scope == "Restricted":
        _put(root, "restriction", settings.restriction)
    if status == "Exercise":
        _put(root, "note", EXERCISE_NOTE)
    _put(root, "references", " ".join(_references(settings, link, earlier)))
    rule = issuer.rules.get(event.rule)
    level = level_of(link.level, rule.levels if rule is not None else ())
    onset_at = min(one.event.rained_at for one in (*earlier, link))
    for language in settings.languages:
        place = partial(_place, issuer, language=language[:2])
        absent = [place(name) for name in event.evidence.absent] if event.evidence is not None else []
        subject = Subject(link, level, place(event.scope), status, is_rain, rule, absent)
        _info(root, issuer, link, subject, language=language, onset_at=onset_at)
    ET.indent(root)
    return root


def _references(settings: CapSettings, link: Link, earlier: Sequence[Link]) -> list[str]:
    """Every message of an event, and of the renewals those that have not expired: there may be very many of them."""
    expired_at = link.sent_at - settings.expires_h * HOUR_MS
    named = [one for one in earlier if not one.renewal or one.sent_at > expired_at]
    return [f"{settings.sender},{one.identifier},{instant_text(one.sent_at)}" for one in named]


def _info(root: ET.Element, issuer: Issuer, link: Link, subject: Subject, *, language: str, onset_at: int) -> None:
    settings, event, spoken = issuer.settings, link.event, language[:2]
    said = words(event.kind, subject.level, event.evidence)
    node = ET.SubElement(root, "info")
    _put(node, "language", language)
    _put(node, "category", "Met" if subject.is_rain else "Infra")
    _put(node, "event", (RAIN_EVENT if subject.is_rain else FINDING_EVENT)[spoken])
    _put(node, "responseType", said.response)
    _put(node, "urgency", said.urgency)
    _put(node, "severity", said.severity)
    _put(node, "certainty", said.certainty)
    _put(node, "effective", instant_text(link.sent_at))
    _put(node, "onset", _second(onset_at))
    _put(node, "expires", instant_text(link.sent_at + settings.expires_h * HOUR_MS))
    _put(node, "senderName", settings.sender_name)
    _put(node, "headline", headline(subject, spoken))
    _put(node, "description", description(subject, spoken), DESCRIPTION_CHARACTERS_MAX)
    if event.kind in LEVEL_KINDS:
        _put(node, "instruction", issuer.instruction(link.level, event.scope, spoken), INSTRUCTION_CHARACTERS_MAX)
    _put(node, "web", settings.web, len(settings.web))
    _put(node, "contact", settings.contact)
    for name, value in _parameters(issuer, link, subject.level):
        _pair(node, "parameter", name, value)
    _area(node, issuer, event, subject.place)


def _parameters(issuer: Issuer, link: Link, level: Level) -> list[tuple[str, str]]:
    """Numbers for machines, under the names that the journal and MQTT use."""
    event = link.event
    found = [("alert", str(event.alert_id)), ("event", str(event.id)), ("kind", event.kind.value)]
    found += [("renewal", str(link.renewal))] if link.renewal else []
    found += [("rule", event.rule), ("level" if event.kind in LEVEL_KINDS else "last_level", level.id)]
    found.append(("station" if event.scope in issuer.stations else "scope", event.scope))
    evidence = event.evidence
    if evidence is not None:
        found += [
            ("window", duration_text(evidence.window_s)),
            ("rain_mm", f"{evidence.rain_mm:.1f}"),
            ("rain_mm_max", f"{evidence.rain_mm_max:.1f}"),
            ("threshold_mm", f"{evidence.threshold_mm:.1f}"),
            ("coverage", f"{evidence.coverage:.2f}"),
            ("doubted_mm", f"{evidence.doubted_mm:.1f}"),
            ("measure", evidence.measure),
        ]
        found += [("absent", " ".join(evidence.absent))] if evidence.absent else []
        found += [("wetness", evidence.wetness)] if evidence.wetness else []
    found += [("rained_at", _second(event.rained_at)), ("known_at", _second(event.known_at))]
    found += [("late", str(event.late).lower()), ("unconfirmed", str(event.unconfirmed).lower())]
    rule = issuer.rules.get(event.rule)
    return [*found, ("threshold_source", rule.source)] if rule is not None and rule.source else found


def _area(node: ET.Element, issuer: Issuer, event: AlertEvent, place: str) -> None:
    """Where it holds: the polygon of a basin, else a circle around each station, else the division alone."""
    basin = issuer.basins.get(event.scope)
    edge = ring(basin.polygon) if basin is not None else []
    named = basin.stations if basin is not None else (event.scope,)
    stations = [issuer.stations[one] for one in named if one in issuer.stations]
    if not edge and not stations and not issuer.settings.geocode:
        return  # nothing that a machine could place
    area = ET.SubElement(node, "area")
    _put(area, "areaDesc", place or event.scope)
    if edge:
        _put(area, "polygon", " ".join(edge), len(edge) * 32)
    else:
        for there in (station.deployment_at(event.rained_at) for station in stations):
            _put(area, "circle", f"{_point(there.latitude, there.longitude)} {_decimal(issuer.settings.radius_km)}")
    if issuer.settings.geocode:
        _pair(area, "geocode", GEOCODE_NAME, issuer.settings.geocode)


def ring(points: Sequence[tuple[float, float]]) -> list[str]:
    """A polygon as CAP writes it: "latitude,longitude", the first point again at the end; empty when it is none."""
    edge = [_point(latitude, longitude) for latitude, longitude in points]
    edge = [point for number, point in enumerate(edge) if number == 0 or point != edge[number - 1]]
    if edge and edge[0] == edge[-1]:
        edge.pop()
    return [*edge, edge[0]] if len(set(edge)) >= 3 else []


def _place(issuer: Issuer, scope: str, language: str) -> str:
    station = issuer.stations.get(scope)
    known = station if station is not None else issuer.basins.get(scope)
    if known is None:
        return clean(scope, VALUE_CHARACTERS_MAX)
    name = known.name
    return clean(f"{name}（{scope}）" if language == "zh" else f"{name} ({scope})", VALUE_CHARACTERS_MAX)


def _put(node: ET.Element, name: str, text: str, characters_max: int = VALUE_CHARACTERS_MAX) -> None:
    """One element; none where there is nothing to say."""
    text = text if name == "references" else clean(text, characters_max)
    if text:
        ET.SubElement(node, name).text = text


def _pair(node: ET.Element, name: str, value_name: str, value: str) -> None:
    inner = ET.SubElement(node, name)
    ET.SubElement(inner, "valueName").text = value_name
    ET.SubElement(inner, "value").text = clean(value, VALUE_CHARACTERS_MAX)


def _second(at: int) -> str:
    """An instant as CAP has it: Beijing time with its offset, no fraction."""
    return instant_text(at - at % SECOND_MS)


def _point(latitude: float, longitude: float) -> str:
    return f"{_decimal(latitude)},{_decimal(longitude)}"


def _decimal(number: float) -> str:
    """A number without exponent and without needless zeros; five places are about a metre."""
    text = f"{number:.5f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
