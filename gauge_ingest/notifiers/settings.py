"""Settings of the ways to tell: the channels in people.toml, which reach people, and [cap], which reaches systems."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator


class ChannelSettings(BaseModel):
    """[channels.ID]. `{to}` in `url` stands for the person's address, `{secret}` for GAUGE_SECRET_<ID>."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    kind: Literal["apprise", "webhook", "bell"] = Field(
        description="apprise (mail, SMS gateways, WeCom and more), webhook (signed JSON) or bell", examples=["apprise"]
    )
    url: str = Field(
        default="",
        max_length=2_048,
        pattern=r"^[^\x00-\x20\x7f]*$",
        description="an address of at most 2048 characters without spaces",
    )
    form: Literal["text", "short"] = "text"  # short: at most 70 characters, for SMS
    timeout_s: float = Field(default=20.0, gt=0, le=120)
    retry_max_s: int = Field(default=300, ge=1, le=3_600)
    dead_after_s: int = Field(default=60, ge=1, le=3_600)  # so long without success, and the next way takes over
    group_s: int = Field(default=10, ge=0, le=600)  # what comes for one person within this time goes as one message
    secret: SecretStr = SecretStr("")

    @field_validator("url")
    @classmethod
    def _is_understood(cls, url: str, given: ValidationInfo) -> str:
        """A URL that the channel cannot use is a mistake of the configuration, not one of three in the morning."""
        kind = given.data.get("kind")
        if not url:
            return url  # that it is missing is said where the channel is read
        if kind == "bell":
            raise ValueError("must be left out: a bell has none, each person's address names the terminal")
        # Loaded only where it is needed: Apprise knows a hundred services.
        if kind == "apprise":
            from gauge_ingest.notifiers.apprise import why_not_understood as why_not
        elif kind == "webhook":
            from gauge_ingest.notifiers.webhook import why_not_a_hook as why_not
        else:
            return url  # the kind itself is the mistake
        if wrong := why_not(url):
            raise ValueError(wrong)
        return url

    @property
    def needs_secret(self) -> bool:
        """Whether it cannot work without GAUGE_SECRET_<ID>."""
        return self.kind == "webhook" or "{secret}" in self.url


class CapSettings(BaseModel):
    """Section [cap]: alerts as CAP 1.2 documents in a folder, with a feed, for the systems of others."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    folder: str = Field(default="", max_length=1_024, pattern=r"^[^\x00-\x1f\x7f]*$")
    sender: str = Field(
        default="",
        max_length=255,
        pattern=r"^[^\x00-\x20\x7f\s,<&]*$",
        description="a name that is ours alone, such as rain@hutubi.example, without spaces, commas, < and &",
    )
    sender_name: str = Field(default="", max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
    status: Literal["Actual", "Test", "Exercise", "Draft"] = "Draft"
    scope: Literal["Public", "Restricted"] = "Restricted"
    restriction: str = Field(default="duty staff of Hutubi county", max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
    languages: tuple[Annotated[str, Field(pattern=r"^(?:zh|en)(?:-[A-Za-z0-9]{1,8})*$")], ...] = Field(
        default=("zh-CN", "en"),
        min_length=1,
        max_length=4,
        description='a list of languages that begin with zh or en, such as ["zh-CN", "en"]',
    )
    contact: str = Field(default="", max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
    web: str = Field(
        default="",
        max_length=1_024,
        pattern=r"^(?:https?://[^\s<>\"\\^`{|}]+)?$",
        description="an address that begins with http:// or https://",
    )
    geocode: str = Field(
        default="652323",
        pattern=r"^(?:[0-9]{6}(?:[0-9]{3}|[0-9]{6})?)?$",
        description="a division code of 6, 9 or 12 digits, or empty",
    )
    radius_km: float = Field(default=5.0, gt=0, le=500)
    expires_h: int = Field(default=48, ge=1, le=168)
    findings: bool = False
    feed_title: str = Field(
        default="呼图壁山洪雨量预警 Hutubi flash-flood rain alerts",
        min_length=1,
        max_length=200,
        pattern=r"^[^\x00-\x1f\x7f]*$",
    )
    feed_entries: int = Field(default=100, ge=1, le=1_000)
    keep_days: int = Field(default=0, ge=0, le=36_500)
