"""The sections of gauge_ingest.toml: every key with its default and its bounds."""

import shlex
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gauge_ingest.notifiers.settings import CapSettings
from gauge_ingest.stores.influx import InfluxSettings
from gauge_ingest.stores.sl323.settings import ExportSettings

STRICT = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
PRINTABLE = r"^[^\x00-\x1f\x7f]*$"


class MqttSettings(BaseModel):
    """Section [mqtt]: the broker and our session with it."""

    model_config = STRICT

    host: str = Field(
        default="127.0.0.1", max_length=253, pattern=r"^[A-Za-z0-9._:%-]+$", description="a host name or address alone"
    )
    port: int = Field(default=1883, ge=1, le=65_535)
    client_id: str = Field(
        default="gauge-ingest",
        max_length=64,
        pattern=r"^[A-Za-z0-9._-]+$",
        description="1 to 64 of the characters A-Z a-z 0-9 . _ -",
    )
    username: str = Field(default="", max_length=256, pattern=PRINTABLE)
    password: SecretStr = SecretStr("")
    protocol: Literal["5", "3.1.1"] = "5"
    keep_alive_s: int = Field(default=30, ge=5, le=65_535)
    receive_maximum: int = Field(default=65_535, ge=1, le=65_535)
    tls: bool = False
    tls_ca: str = Field(default="", max_length=1_024, pattern=PRINTABLE)
    topic: str = Field(
        default="rain/v1/+/up",
        max_length=256,
        pattern=r"^(?:[^\x00-\x20\x7f$+#/][^\x00-\x20\x7f+#/]*/)*\+(?:/[^\x00-\x20\x7f+#/]+)*$",
        description="a topic filter with exactly one level + (the station), without # and $",
    )


class JournalSettings(BaseModel):
    """Section [journal]: where the journal is, how long it keeps what, and which readings it admits."""

    model_config = STRICT

    path: str = Field(
        default="var/journal.db", min_length=1, max_length=1_024, pattern=PRINTABLE, description="the path of a file"
    )
    keep_days: int = Field(default=0, ge=0, le=36_500)
    keep_raw_days: int = Field(default=0, ge=0, le=36_500)
    unknown_sender_quota: int = Field(default=1_000, ge=0, le=1_000_000)
    clock_ahead_max_s: int = Field(default=600, ge=0, le=86_400)
    readings_older_than_days_max: int = Field(default=400, ge=1, le=36_500)


class OutboundSettings(BaseModel):
    """Section [outbound]: the process that copies and tells."""

    model_config = STRICT

    path: str = Field(default="", max_length=1_024, pattern=PRINTABLE)
    retry_max_s: int = Field(default=300, ge=1, le=86_400)
    beat_lost_s: int = Field(default=60, ge=5, le=600)


class NotifySettings(BaseModel):
    """Section [notify]: the ways on which alert events are told."""

    model_config = STRICT

    log: bool = True
    mqtt: bool = True


class DeskSettings(BaseModel):
    """Section [desk]: the HTTP side, for checks of health, metrics, and the page behind the link in a message."""

    model_config = STRICT

    host: str = Field(
        default="127.0.0.1", max_length=253, pattern=r"^[A-Za-z0-9._:%-]+$", description="a host name or address alone"
    )
    port: int = Field(default=0, ge=0, le=65_535)
    public_url: str = Field(
        default="",
        max_length=1_024,
        pattern=r"^(?:https?://[^\s?#]+[^\s?#/])?$",
        description="how phones reach it, such as https://rain.example.org, without / at the end",
    )
    link_hours: int = Field(default=48, ge=1, le=720)
    secret: SecretStr = SecretStr("")
    api: bool = False
    api_token: SecretStr = SecretStr("")


class ReportsSettings(BaseModel):
    """Section [reports]: where each day's report is written."""

    model_config = STRICT

    folder: str = Field(default="", max_length=1_024, pattern=PRINTABLE)
    keep_days: int = Field(default=0, ge=0, le=36_500)


class BackupSettings(BaseModel):
    """Section [backup]: copies of the journal, made each day while the service runs."""

    model_config = STRICT

    folder: str = Field(default="", max_length=1_024, pattern=PRINTABLE)
    at: str = Field(
        default="03:30", pattern=r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$", description="a time of day such as 03:30"
    )
    keep: int = Field(default=14, ge=1, le=1_000)


class DrillSettings(BaseModel):
    """Section [drill], which `gauge-ingest drill` alone writes: everything told under it is marked as a drill."""

    model_config = STRICT

    name: str = Field(default="", max_length=100, pattern=PRINTABLE)


class Settings(BaseModel):
    """Everything in gauge_ingest.toml, with the environment laid over it."""

    model_config = STRICT

    mqtt: MqttSettings = MqttSettings()
    journal: JournalSettings = JournalSettings()
    outbound: OutboundSettings = OutboundSettings()
    influx: InfluxSettings = InfluxSettings()
    export: ExportSettings = ExportSettings()
    notify: NotifySettings = NotifySettings()
    desk: DeskSettings = DeskSettings()
    reports: ReportsSettings = ReportsSettings()
    backup: BackupSettings = BackupSettings()
    cap: CapSettings = CapSettings()
    drill: DrillSettings = DrillSettings()

    @property
    def journal_path(self) -> Path:
        """The journal's file; a relative path is relative to the working directory of the process."""
        return Path(self.journal.path)

    @property
    def outbound_path(self) -> Path:
        """The outbound process's own file: `outbound.db` beside the journal unless told otherwise."""
        return Path(self.outbound.path) if self.outbound.path else self.journal_path.with_name("outbound.db")

    @property
    def reports_folder(self) -> Path:
        """Where reports are written: `reports` beside the journal unless told otherwise."""
        return Path(self.reports.folder) if self.reports.folder else self.journal_path.with_name("reports")

    @property
    def drill_options(self) -> str:
        """What a command takes behind it to be about this drill, and never about the real alerts; else nothing."""
        if not self.drill.name:
            return ""
        return f" --config {shlex.quote(str(self.journal_path.absolute().with_name('config')))}"
