"""Section [export] of gauge_ingest.toml, and what is wrong with the address in it."""

from collections.abc import Mapping
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr

# What a url may begin with -> SQLAlchemy's name for the database and its driver.
DRIVERS: Mapping[str, str] = {
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "mariadb+pymysql": "mariadb+pymysql",
    "mssql": "mssql+pyodbc",
    "mssql+pyodbc": "mssql+pyodbc",
    "mssql+pymssql": "mssql+pymssql",
    "sqlite": "sqlite",
}
_EXAMPLE = "e.g. postgresql://gauge@db.example.org:5432/rain"
_NAME = r"^[A-Za-z_][A-Za-z0-9_$]{0,62}$"
_NAME_WORDS = "1 to 63 of the characters A-Z a-z 0-9 _ $, not a digit first"


class ExportSettings(BaseModel):
    """Section [export] of gauge_ingest.toml. Without a url there is no export."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    url: str = Field(default="", max_length=1_024)
    password: SecretStr = SecretStr("")
    step: Literal["5m", "1h"] = "1h"
    rain: Literal["counted", "corrected"] = "counted"
    coverage_min: float = Field(default=0.8, gt=0, le=1)
    settle_s: int = Field(default=600, ge=0, le=86_400)
    withhold_failed: bool = False
    schema_name: str = Field(default="", pattern=rf"{_NAME}|^$", description=f"{_NAME_WORDS}, or empty")
    rain_table: str = Field(default="ST_PPTN_R", pattern=_NAME, description=_NAME_WORDS)
    station_table: str = Field(default="ST_STBPRP_B", pattern=_NAME, description=_NAME_WORDS)
    station_rows: Literal["add", "write", "off"] = "add"
    create_tables: bool = False
    batch_rows_max: int = Field(default=1_000, ge=1, le=10_000)
    connect_timeout_s: int = Field(default=10, ge=2, le=300)
    timeout_s: int = Field(default=30, ge=1, le=600)

    @property
    def is_file(self) -> bool:
        """Whether it is a file of SQLite, which has no user and no password."""
        return self.url.partition(":")[0] == "sqlite"

    @property
    def url_remedy(self) -> str | None:
        """What is wrong with the url, or None."""
        if not self.url.isprintable() or " " in self.url:
            return f"must hold no space and no control character, {_EXAMPLE}"
        try:
            parts = urlsplit(self.url)
            parts.port  # noqa: B018  it is read when it is asked for
            words = parse_qs(parts.query, keep_blank_values=True)
        except ValueError:  # its words may quote a password
            return f"is no address of a database, {_EXAMPLE}"
        if parts.scheme not in DRIVERS:
            return f"must begin with one of {', '.join(f'{name}://' for name in DRIVERS)}, {_EXAMPLE}"
        instead = "set GAUGE_EXPORT_PASSWORD or GAUGE_EXPORT_PASSWORD_FILE"
        if parts.password is not None or any("passw" in key.lower() or key.lower() == "pwd" for key in words):
            return f"must hold no password, {_EXAMPLE}; {instead}"
        if parts.fragment:
            return f"must end before #, {_EXAMPLE}"
        if not parts.path.strip("/") or not (self.is_file or parts.hostname):
            return f"must name a host and a database, {_EXAMPLE}"
        return None if self.is_file or parts.username else f"must name a user, {_EXAMPLE}"
