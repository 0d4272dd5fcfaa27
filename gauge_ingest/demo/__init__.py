"""The demonstration: a broker, the service and five simulated stations with a storm, in two minutes."""

from gauge_ingest.demo.show import run

__all__ = ["run"]
