"""Silences: for a scope and a time, with a reason, people are not told. What happens is recorded all the same."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Silence:
    """What a person asked for over (since, until]; planned ahead it is a maintenance window.

    `scope`: a station, a basin or "all"; `rule`: one rule, or "" for all of them. Levels that move people are told
    all the same unless `evacuation` says otherwise. Ended early it has `ended_at` and `ended_by`.
    """

    id: int
    at: int
    who: str
    why: str
    scope: str
    rule: str
    evacuation: bool
    since: int
    until: int
    ended_at: int | None = None
    ended_by: str = ""
