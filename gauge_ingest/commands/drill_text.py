"""What a drill's report looks like on a terminal, and in a file that people read."""

from collections.abc import Mapping
from typing import Any


def report_text(report: Mapping[str, Any]) -> str:
    """A report in lines, from the document of it."""
    lines = [
        f"演习 DRILL {report['name']}: {report['ended']}",
        f"scenario {report['scenario']}, seed {report['seed']}, {report['speed']:g} times as fast",
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


def _person(person: Mapping[str, Any]) -> list[str]:
    lines = [f"  {person['id']} {person['name']}: {'told' if person['told'] else 'not told of anything'}"]
    for one in person["told"]:
        tries = "1 try" if one["tries"] == 1 else f"{one['tries']} tries"
        what = f"{one['kind']} {one['level']}".strip()
        lines.append(f"    {_at(one['at'])} alert {one['alert']} {what} by {one['channel']} {one['to']}, {tries}")
    lines += [f"    {line}" for line in map(_seen, person["acknowledged"])]
    if person["told"] and not person["acknowledged"]:
        lines.append("    HAS NOT ACKNOWLEDGED")
    if person["over"]:
        told = person["over"].startswith("not ")
        lines.append(f"    the end: {person['over'].upper() if told else 'told by ' + person['over']}")
    return lines


def _alert(alert: Mapping[str, Any]) -> list[str]:
    what = f"{alert['id']} {alert['rule']} at {alert['scope']}: {alert['peak']}"
    lines = [f"  {what}, raised {_at(alert['raised_at'])}, {alert['state']}"]
    lines += [f"    escalated {_at(one['at'])} to step {one['step']}" for one in alert["escalated"]]
    return lines + [f"    {_seen(one)}" for one in alert["acknowledged"]]


def _seen(one: Mapping[str, Any]) -> str:
    after = "" if one["minutes"] is None else f", {one['minutes']:.1f} minutes after"
    words = f": {one['comment']}" if one["comment"] else ""
    return f"{_at(one['at'])} alert {one['alert']} acknowledged by {one['who']}{after}{words}"


def _at(instant: str) -> str:
    return instant[:19].replace("T", " ")
