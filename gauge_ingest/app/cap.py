"""Joins CAP documents to what they speak of: the configuration, the journal, and the texts of the county."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from gauge_ingest.configuration import Configuration
from gauge_ingest.journal import Reader
from gauge_ingest.notifiers.cap import CapNotifier
from gauge_ingest.notifiers.cap_chain import Told
from gauge_ingest.notifiers.cap_document import Issuer


def issuer(configuration: Configuration) -> Issuer:
    """Who issues CAP documents under a configuration; the outbound process and the command `cap` have the same."""
    rules = {rule.id: rule for rule in configuration.rules}
    is_drill = bool(configuration.settings.drill.name)
    return Issuer(
        *(configuration.settings.cap, configuration.stations, rules),
        basins=configuration.basins,
        instruction=configuration.actions.todo,
        is_drill=lambda _event: is_drill,
    )


def cap_notifier(configuration: Configuration, now: Callable[[], int]) -> CapNotifier:
    """The notifier, which asks the journal what was told of an alert before."""
    journal = configuration.settings.journal_path
    return CapNotifier(
        issuer(configuration), lambda alert_id: told_of(journal, alert_id), standing=lambda: standing(journal), now=now
    )


def told_of(journal: Path, alert_id: int) -> Told:
    """What was told of an alert; opened for each question, for alerts are few and threads share no connection."""
    with closing(Reader.open(journal)) as reader:
        return Told(reader.epoch(), reader.alerts.events(alert_id), reader.alerts.former_epochs())


def standing(journal: Path) -> list[int]:
    """The numbers of the alerts that stand."""
    with closing(Reader.open(journal)) as reader:
        return [alert.id for alert in reader.alerts.all()]
