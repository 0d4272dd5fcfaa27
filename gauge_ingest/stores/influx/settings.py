"""Section [influx] of gauge_ingest.toml, and the buckets that it names."""

from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gauge_ingest.stores.lines import ALERT, DAILY, HOURLY, RAIN, STATION


class BucketSettings(NamedTuple):
    """A bucket and how long it keeps what it holds, in days; 0: for ever."""

    name: str
    retention_days: int


class InfluxSettings(BaseModel):
    """Section [influx] of gauge_ingest.toml. Without a url the copy is off.

    A bucket that is left empty is the one of the readings: measurements have names of their own, so that one bucket
    can hold everything.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = ""
    org: str = "hutubi"
    bucket: str = Field(default="rain", min_length=1)
    bucket_hourly: str = "rain_hourly"
    bucket_daily: str = "rain_daily"
    bucket_alerts: str = "rain_alerts"
    bucket_stations: str = "rain_stations"
    token: SecretStr = SecretStr("")
    retention_days: int = Field(default=0, ge=0)
    retention_hourly_days: int = Field(default=0, ge=0)
    retention_daily_days: int = Field(default=0, ge=0)
    retention_alerts_days: int = Field(default=0, ge=0)
    retention_stations_days: int = Field(default=0, ge=0)
    timeout_s: float = Field(default=10.0, gt=0, le=300)
    batch_rows_max: int = Field(default=10_000, ge=1, le=200_000)
    gzip: bool = False  # on one machine it only costs; over a slow link it saves nine tenths of the bytes
    catch_up: Literal["newest", "oldest"] = "newest"  # which end of a backlog is copied first
    catch_up_rows_max: int = Field(default=50_000, ge=1, le=200_000)

    @property
    def readings(self) -> BucketSettings:
        """Where readings go."""
        return BucketSettings(self.bucket, self.retention_days)

    @property
    def hourly(self) -> BucketSettings:
        """Where the rain of hours goes."""
        return self._of(self.bucket_hourly, self.retention_hourly_days)

    @property
    def daily(self) -> BucketSettings:
        """Where the rain of days goes."""
        return self._of(self.bucket_daily, self.retention_daily_days)

    @property
    def alerts(self) -> BucketSettings:
        """Where alert events go."""
        return self._of(self.bucket_alerts, self.retention_alerts_days)

    @property
    def stations(self) -> BucketSettings:
        """Where the stations' own state goes."""
        return self._of(self.bucket_stations, self.retention_stations_days)

    @property
    def buckets(self) -> dict[str, BucketSettings]:
        """The bucket of each measurement."""
        return {
            RAIN: self.readings,
            HOURLY: self.hourly,
            DAILY: self.daily,
            ALERT: self.alerts,
            STATION: self.stations,
        }

    def with_token(self, token: str) -> "InfluxSettings":
        """The same with another token."""
        return self.model_copy(update={"token": SecretStr(token)})

    def _of(self, name: str, retention_days: int) -> BucketSettings:
        return BucketSettings(name, retention_days) if name else self.readings
