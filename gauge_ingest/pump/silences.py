"""When a silence is over: what rose within it and still stands is told again, once."""

from collections.abc import Callable, Sequence

from gauge_ingest.core.levels import level_of
from gauge_ingest.core.model import Alert, AlertEvent, Rule
from gauge_ingest.core.reasons import because
from gauge_ingest.core.silences import LevelOf, Silence, held_back, silenced
from gauge_ingest.core.told import newest_rise, reminder
from gauge_ingest.journal import Journal


def levels_of(rules: Sequence[Rule]) -> LevelOf:
    """What the level of an event means, by the rules in force."""
    levels = {rule.id: rule.levels for rule in rules}
    return lambda event: level_of(event.level, levels.get(event.rule, ()))


def remind(journal: Journal, rules: Sequence[Rule], *, configuration: int, now: int) -> int:
    """Enter a reminder for each alert that stands, whose newest rise a silence held back that does so no longer.

    The reminder itself is what remembers that it was made: it stands behind the rise. How many were entered.
    """
    level = levels_of(rules)
    reminders = []
    for number in journal.reader.silences.perhaps_held_back(now):
        alert, events = journal.reader.alerts.one(number), journal.reader.alerts.events(number)
        rise, by = newest_rise(events), held_back(journal.reader.silences.of(events), events, level)
        if alert is None or rise is None or by is None:
            continue
        told = _reminder(alert, rise, by, now)
        if silenced(journal.reader.silences.of([told]), told, level(told)) is None:
            reminders.append(told)
    if reminders:
        journal.save_alerts([], reminders, configuration)
    return len(reminders)


def _reminder(alert: Alert, rise: AlertEvent, by: Silence, now: int) -> AlertEvent:
    over = because("silence_over", silence=by.id, scope=by.scope)
    cause = over if by.is_over(now) else because("silence_not_now", silence=by.id, scope=by.scope, now_at=now)
    return reminder(alert, rise, cause, now=now)


def held_back_in(journal: Journal, rules: Sequence[Rule]) -> Callable[[Alert, Sequence[AlertEvent]], bool]:
    """Whether people have not been told what an alert last rose to: then nobody can have failed to acknowledge it."""
    level = levels_of(rules)

    def is_held_back(alert: Alert, events: Sequence[AlertEvent]) -> bool:  # noqa: ARG001  the shape of a question
        return held_back(journal.reader.silences.of(events), events, level) is not None

    return is_held_back
