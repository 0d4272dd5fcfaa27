"""The words for a finding: what it is called, what it means for the warnings, what to do, what is over."""

from typing import NamedTuple

from gauge_ingest.core.actions import Words


class FindingWords(NamedTuple):
    """One finding: a title of a few words, what it means for people who rely on warnings, what to do, what is over.

    `brief`: what to do in a few characters, where the level's own words are not enough. `tells_why`: whether its
    reason, as the service wrote it down, helps somebody who does not write programs.
    """

    title: Words
    means: Words
    todo: Words
    over: Words
    tells_why: bool = False
    brief: Words = Words()
