"""What the service finds about itself and its stations: names of findings, one that stands, one that has ended."""

from enum import StrEnum
from typing import NamedTuple

from gauge_ingest.core.model import Evidence, State
from gauge_ingest.core.reasons import Reason

SERVICE = "service"  # the scope of what concerns no single station
NOTICE, WARNING = "notice", "warning"  # look when you can, look now


class Finding(StrEnum):
    """What the service can find. Each is told like an alert; its name stands where a rule's id does."""

    SESSION_LOST = "session_lost"
    CLIENT_ID_TAKEN = "client_id_taken"
    BROKEN = "broken"
    UNKNOWN_SENDERS = "unknown_senders"
    STATION_SILENT = "station_silent"
    NETWORK_SILENT = "network_silent"
    BATTERY_LOW = "battery_low"
    CLOCK_OFF = "clock_off"
    DOOR_OPEN = "door_open"
    DATA_SUSPECT = "data_suspect"
    DISK_LOW = "disk_low"
    STORE_BEHIND = "store_behind"
    BROKER_GONE = "broker_gone"
    OUTBOUND_GONE = "outbound_gone"
    QUARANTINE_GROWING = "quarantine_growing"
    CONFIGURATION_REFUSED = "configuration_refused"
    DANGER_IN_SILENCE = "danger_in_silence"


class Found(NamedTuple):
    """A finding that stands at a scope. The reason says what was seen, without words that change with every look."""

    finding: Finding
    scope: str
    level: str
    reason: Reason
    since: int
    evidence: Evidence | None = None


class Ended(NamedTuple):
    """A finding that no longer stands, and why."""

    finding: Finding
    scope: str
    reason: Reason
    state: State = State.CLEARED


def stepped(value: float, limits: tuple[float, float], backs: tuple[float, float], *, standing: int) -> int:
    """Which of two rising limits a value is above: 0, 1 or 2. A step that stands is left only below its `back`."""
    for step in (2, 1):
        limit = backs[step - 1] if standing >= step else limits[step - 1]
        if value > limit:
            return step
    return 0
