"""The inlet: batches of deliveries from the broker's socket, acknowledged together after the commit."""

from gauge_ingest.inlet.client import BrokerAddress
from gauge_ingest.inlet.inlet import Happened, Inlet, TakenOver

__all__ = ["BrokerAddress", "Happened", "Inlet", "TakenOver"]
