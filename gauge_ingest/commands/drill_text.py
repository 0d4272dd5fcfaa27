"""What a drill's report looks like on a terminal, and in a file that people read."""

from collections.abc import Mapping, Sequence
from typing import Any


def report_text(report: Mapping[str, Any]) -> str:
    """A report in lines, from the document of it."""
    lines = [
        f"演习 DRILL {report['name']}: {report['ended']}",
        _sum(report["people"]),
        f"scenario {report['scenario']}, seed {report['seed']}, {pace(report['speed'])}",
        f"{_at(report['began_at'])} to {_at(report['ended_at'])} by its own clock; minutes are real ones",
        "",
        "people:",
    ]
    lines += [line for person in report["people"] for line in _person(person)] or ["  nobody"]
    lines += ["", "alerts:"]
    lines += [line for alert in report["alerts"] for line in _alert(alert)] or ["  none"]
    lines += ["", "what did not work:"]
    lines += [f"  - {line}" for line in report["wrong"]] or ["  nothing: everything worked"]
    return "\n".join(lines) + "\n"


def pace(speed: float) -> str:
    """How fast a drill's clock goes, in words."""
    return "in real time" if speed == 1 else f"{speed:g} times as fast"


def _sum(people: Sequence[Mapping[str, Any]]) -> str:
    told = [one for one in people if one["told"]]
    seen = sum(bool(one["acknowledged"]) for one in told)
    return f"told: {len(told)} of {len(people)} people; acknowledged: {seen or 'nobody'}"


def _person(person: Mapping[str, Any]) -> list[str]:
    lines = [(one["at"], _told(one)) for one in person["told"]]
    lines += [(one["at"], _seen(one)) for one in person["acknowledged"]]
    found = [f"  {person['id']} {person['name']}: {'told' if person['told'] else 'not told of anything'}"]
    found += [f"    {line}" for _, line in sorted(lines)]
    if person["told"] and not person["acknowledged"]:
        found.append("    HAS NOT ACKNOWLEDGED")
    if person["over"]:
        untold = person["over"].startswith("not ")
        found.append(f"    the end: {person['over'].upper() if untold else 'told by ' + person['over']}")
    return found


def _told(one: Mapping[str, Any]) -> str:
    tries = "1 try" if one["tries"] == 1 else f"{one['tries']} tries"
    what = f"told: {one['kind']} {one['level']}".strip()
    return f"{_at(one['at'])} alert {one['alert']} {what} by {one['channel']} {one['to']}, {tries}"


def _alert(alert: Mapping[str, Any]) -> list[str]:
    lines = [(one["at"], _escalated(one)) for one in alert["escalated"]]
    lines += [(one["at"], _seen(one)) for one in alert["acknowledged"]]
    place = f"{alert['name']} ({alert['scope']})" if alert.get("name") else alert["scope"]  # an older report has none
    what = f"{alert['id']} {alert['rule']} at {place}: {alert['peak']}"
    state = "stands at the end" if alert["state"] == "raised" else alert["state"]
    found = [f"  {what}, raised {_at(alert['raised_at'])}, {state}"]
    found += [f"    {line}" for _, line in sorted(lines)]
    if alert["rain"] and not alert["answered"]:
        found.append(f"    NOBODY ACKNOWLEDGED{' THE LAST RISE' if alert['acknowledged'] else ''}")
    return found


def _escalated(one: Mapping[str, Any]) -> str:
    who = f"told {', '.join(one['told'])}" if one["told"] else "NOBODY COULD BE TOLD"
    return f"{_at(one['at'])} escalated to step {one['step']}, {one['reason']}; {who}"


def _seen(one: Mapping[str, Any]) -> str:
    after = "" if one["minutes"] is None else f", {one['minutes']:.1f} minutes after"
    words = f": {one['comment']}" if one["comment"] else ""
    return f"{_at(one['at'])} alert {one['alert']} ACKNOWLEDGED by {one['who']}{after}{words}"


def _at(instant: str) -> str:
    return instant[:19].replace("T", " ")
