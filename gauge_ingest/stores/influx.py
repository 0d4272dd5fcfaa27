"""Copies rows and alert events to InfluxDB 2; the only home of influxdb_client."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class InfluxSettings(BaseModel):
    """Section [influx] of gauge_ingest.toml. Without a url the copy is off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = ""
    org: str = "hutubi"
    bucket: str = "rain"
    token: SecretStr = SecretStr("")
    retention_days: int = Field(default=0, ge=0)
    timeout_s: float = Field(default=10.0, gt=0, le=300)
    batch_rows_max: int = Field(default=10_000, ge=1, le=200_000)
