"""Who a message is from: its topic against the configured stations."""

import re
from collections.abc import Mapping

from gauge_ingest.core.model import Station

TOPIC = re.compile(r"rain/v1/([^/]+)/up", re.DOTALL)


class Senders:
    """Topics of known stations."""

    def __init__(self, stations: Mapping[str, Station]) -> None:
        self.by_topic = {f"rain/v1/{station.id}/up": station for station in stations.values()}

    def claimed(self, topic: str) -> str:
        """The station that a topic names, known or not; empty when it names none."""
        found = TOPIC.fullmatch(topic)
        return found.group(1) if found else ""
