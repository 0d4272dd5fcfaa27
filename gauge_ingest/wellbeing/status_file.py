"""The status file that the ingest process writes beside the journal every few seconds of real time."""

from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from gauge_ingest.clock import SystemClock

STALE_S = 30
FILE_BYTES_MAX = 65_536


class ServiceStatus(NamedTuple):
    """What the ingest process says of itself."""

    broker_connected: bool
    broker_detail: str
    debts: int
    outbound_alive: bool
    refused: str = ""  # why the configuration on disk is not the one in force
    outbound_heard_at: int | None = None  # by the service's clock


class _Broker(BaseModel):
    model_config = ConfigDict(strict=True)

    connected: bool
    detail: str = ""


class _Outbound(BaseModel):
    model_config = ConfigDict(strict=True)

    alive: bool
    heard_at: int | None = None


class _Configuration(BaseModel):
    model_config = ConfigDict(strict=True)

    refused: str = ""


class _Status(BaseModel):
    model_config = ConfigDict(strict=True)

    at: int | None = None
    wall_at: int
    broker: _Broker
    debts: int
    outbound: _Outbound
    configuration: _Configuration = _Configuration()


def read(journal: Path) -> ServiceStatus | str:
    """What the ingest process said last, or why that is not known."""
    path = _path(journal)
    try:
        status = _status(path)
    except FileNotFoundError:
        return "the service has not written its status yet"
    except OSError as error:
        return f"the service's status cannot be read: {error}"
    except ValidationError:
        return f"{path} is no status of a service"
    # Real time on both sides: a simulated hour may pass in a second. A clock that was set back makes it look ahead.
    age_s = abs(SystemClock().now() - status.wall_at) // 1000
    if age_s > STALE_S:
        return f"the service has not written its status for {age_s} s: it hangs, or this machine's clock was set"
    broker, refused = status.broker, status.configuration.refused
    outbound = status.outbound
    return ServiceStatus(broker.connected, broker.detail, status.debts, outbound.alive, refused, outbound.heard_at)


def last_at(journal: Path) -> int | None:
    """When the ingest process said something last, by its own clock; None where that is not known."""
    try:
        return _status(_path(journal)).at
    except (OSError, ValidationError):
        return None


def _path(journal: Path) -> Path:
    return journal.with_name(journal.name + ".status.json")


def _status(path: Path) -> _Status:
    with path.open("rb") as file:
        return _Status.model_validate_json(file.read(FILE_BYTES_MAX))
