"""The outbound process: follows the journal's change log to stores and notifiers, with positions of its own."""

from gauge_ingest.outbound.follow import Follower, NotifierFollower, StoreFollower
from gauge_ingest.outbound.positions import Positions
from gauge_ingest.outbound.supervise import OutboundProcess

__all__ = ["Follower", "NotifierFollower", "OutboundProcess", "Positions", "StoreFollower"]
