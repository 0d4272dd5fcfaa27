"""What is right in a configuration and may yet be a mistake: a rota with gaps ahead, a chain for no level there is."""

from collections.abc import Iterable

from gauge_ingest.configuration.mistakes import Mistake, Place
from gauge_ingest.core.findings import NOTICE, WARNING
from gauge_ingest.core.model import DAY_MS
from gauge_ingest.core.nearest import nearest
from gauge_ingest.core.people import DEFAULT, DUTY, NotReckoned, Roster
from gauge_ingest.core.rota import gaps
from gauge_ingest.core.spans import instant_text

AHEAD_MS = 14 * DAY_MS
TOLD_MAX = 10  # gaps; the others are counted

_FILE = Place("people.toml")


def rota_warnings(roster: Roster, now: int) -> list[Mistake]:
    """Where the rota names nobody now or within 14 days, for rosters whose chains ask who is on duty."""
    if not roster.people or not any(DUTY in step.tell for chain in roster.chains.values() for step in chain):
        return []
    try:
        roster.calendar(now, now + AHEAD_MS)
    except NotReckoned as words:
        remedy = f"{words}: nobody counts as on duty, everybody is told. Write shifts that come back as one series each"
        return [_FILE.at("duty", "calendar").mistake(f"{remedy}, begun a few years ago at most")]
    place = _FILE.at("duty")
    found = [place.mistake(_gap(since, until, now)) for since, until in gaps(roster, now, now + AHEAD_MS)]
    more = [place.mistake(f"{len(found) - TOLD_MAX} more gaps, see gauge-ingest duty")] if len(found) > TOLD_MAX else []
    return found[:TOLD_MAX] + more


def chain_warnings(chains: Iterable[str], levels: Iterable[str]) -> list[Mistake]:
    """Which chains are for a level that no rule has, and the service's own findings neither."""
    known = {*levels, NOTICE, WARNING, DEFAULT}
    return [
        _FILE.at("chains", level).mistake(f"no rule has this level, so nobody is told by it; {nearest(level, known)}")
        for level in chains
        if level not in known
    ]


def _gap(since: int, until: int, now: int) -> str:
    if until - since >= AHEAD_MS:
        return f"nobody is on duty, now or within {AHEAD_MS // DAY_MS} days: everybody would be told"
    when = "now" if since <= now else f"from {instant_text(since)}"
    return f"nobody is on duty {when} until {instant_text(until)}: everybody would be told"
