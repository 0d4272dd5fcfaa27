"""The pump: takes deliveries, decodes, admits, derives, judges, commits; then pays debts and carries out requests."""

from gauge_ingest.pump.delivery import Delivery
from gauge_ingest.pump.pump import Pump, PumpSettings

__all__ = ["Delivery", "Pump", "PumpSettings"]
