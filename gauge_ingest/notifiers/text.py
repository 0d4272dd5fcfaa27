"""The words of a notice: place, level, how much in how long against which threshold, and both times."""

from collections.abc import Mapping

from gauge_ingest.core.measures import measure_of
from gauge_ingest.core.model import Alert, AlertEvent, Evidence
from gauge_ingest.core.spans import duration_text, instant_text


def sentence(event: AlertEvent, alert: Alert, *, place: str, repeated: bool) -> str:
    """One line that says everything a person needs first."""
    by = f" by {event.who} at {instant_text(event.at)}" if event.who else ""
    parts = [f"{event.kind.upper()} {event.level or alert.peak} at {place} ({event.rule}){by}"]
    if event.evidence is not None:
        parts.append(rain(event.evidence))
    parts.append(f"observed {instant_text(event.rained_at)}, known {instant_text(event.known_at)}")
    marks = [
        mark
        for mark, holds in (("LATE", event.late), ("UNCONFIRMED", event.unconfirmed), ("REPEATED", repeated))
        if holds
    ]
    if marks:
        parts.append(", ".join(marks))
    if event.reason:
        parts.append(event.reason)
    return "; ".join([*parts, f"alert {alert.id}"])


def named(scope: str, names: Mapping[str, str]) -> str:
    """What people call a station or a basin, and its id; the id alone of what has no name."""
    return f"{names[scope]} {scope}" if scope in names else scope


def rain(evidence: Evidence) -> str:
    """How much in how long against which threshold."""
    more = f" (perhaps {evidence.rain_mm_max:.1f})" if evidence.rain_mm_max > evidence.rain_mm else ""
    doubt = f", {evidence.doubted_mm:.1f} mm of it doubted by quality checks" if evidence.doubted_mm else ""
    window = duration_text(evidence.window_s)
    rise = measure_of(evidence, None, "en", window).words
    return (
        f"{evidence.rain_mm:.1f} mm{more}{doubt} in {window}{rise},"
        f" threshold {evidence.threshold_mm:.1f} mm, coverage {evidence.coverage:.0%}"
    )
