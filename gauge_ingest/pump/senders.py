"""Who a message is from: its topic against the configured stations."""

import re
from collections.abc import Mapping

from gauge_ingest.core.model import Station


class Senders:
    """Topics of known stations; in the topic that is subscribed, `+` stands for the station's id."""

    def __init__(self, stations: Mapping[str, Station], topic: str) -> None:
        self.by_topic = {topic.replace("+", station.id): station for station in stations.values()}
        before, _, after = topic.partition("+")
        self._pattern = re.compile(re.escape(before) + "([^/]+)" + re.escape(after), re.DOTALL)

    def claimed(self, topic: str) -> str:
        """The station that a topic names, known or not; empty when it names none."""
        found = self._pattern.fullmatch(topic)
        return found.group(1) if found else ""
