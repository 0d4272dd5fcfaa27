"""The outbound process: follows the journal's change log to stores and notifiers, with positions of its own."""

from gauge_ingest.outbound.copying import CopyFollower, StoreFollower
from gauge_ingest.outbound.follow import Follower, NotifierFollower
from gauge_ingest.outbound.positions import Positions
from gauge_ingest.outbound.supervise import OutboundProcess
from gauge_ingest.outbound.windows import WindowFollower

__all__ = [
    "CopyFollower",
    "Follower",
    "NotifierFollower",
    "OutboundProcess",
    "Positions",
    "StoreFollower",
    "WindowFollower",
]
