"""What stands above lists of alerts when nobody is told of them, and when people were told."""

from collections.abc import Iterable, Mapping, Sequence

from gauge_ingest.commands.output import full_instant
from gauge_ingest.configuration import Configuration
from gauge_ingest.outbound.record import RecordUnreadable, first_told
from gauge_ingest.wellbeing.telling import untold


def nobody_told(configuration: Configuration) -> str:
    """That the service does not run or tells nobody, since when, and what to do; empty while all is well."""
    found = untold(configuration.settings.journal_path)
    if found is None:
        return ""
    since = "" if found.since is None else f" since {full_instant(found.since)}"
    return f"{found.what}{since}. Watch and telephone yourself; {found.todo}"


def people_told(
    configuration: Configuration, epochs: Sequence[tuple[str, int]], alerts: Iterable[int]
) -> Mapping[int, int | None] | None:
    """Of each alert, when a message first went out to a person, None where none did; None where nobody can say."""
    if not configuration.roster.people:
        return None
    try:
        return first_told(configuration.settings.outbound_path, epochs, alerts)
    except RecordUnreadable:
        return None
