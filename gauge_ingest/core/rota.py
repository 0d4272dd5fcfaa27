"""The rota ahead: when who is on duty changes, and when nobody is."""

from gauge_ingest.core.people import Person, Roster, Shift, on_duty, shifts_between


def changes(roster: Roster, since: int, until: int) -> list[tuple[int, tuple[Person, ...]]]:
    """Each instant of [since, until) after which other people are on duty than before, with those people."""
    shifts = shifts_between(roster, since, until)
    ends = {end for shift in shifts for end in (shift.since, shift.until)}
    found, before = [], set(on_duty(roster, since))
    begun, present = 0, list[Shift]()
    for at in sorted(end for end in ends if since <= end < until):
        while begun < len(shifts) and shifts[begun].since <= at:
            present.append(shifts[begun])
            begun += 1
        present = [shift for shift in present if shift.until > at]
        names = dict.fromkeys(name for shift in present for name in shift.people)
        after = tuple(roster.people[name] for name in names if name in roster.people)
        if set(after) != before:
            found.append((at, after))
            before = set(after)
    return found


def gaps(roster: Roster, since: int, until: int) -> list[tuple[int, int]]:
    """The spans of (since, until] in which nobody is on duty, in order."""
    found, covered = [], since
    for shift in shifts_between(roster, since, until):
        if not any(name in roster.people for name in shift.people):
            continue
        if shift.since > covered:
            found.append((covered, shift.since))
        covered = max(covered, shift.until)
    return [*found, (covered, until)] if covered < until else found
