"""The inlet: batches of deliveries from the broker's socket, acknowledged together after the commit."""

from gauge_ingest.inlet.client import BrokerAddress
from gauge_ingest.inlet.happened import Happened, TakenOver
from gauge_ingest.inlet.inlet import Inlet

__all__ = ["BrokerAddress", "Happened", "Inlet", "TakenOver"]
