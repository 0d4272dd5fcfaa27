"""Settings of the channels in people.toml: how people are reached."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator


class ChannelSettings(BaseModel):
    """[channels.ID]. `{to}` in `url` stands for the person's address, `{secret}` for GAUGE_SECRET_<ID>."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    kind: Literal["apprise", "webhook", "bell"] = Field(
        description="apprise (mail, SMS gateways, WeCom and more), webhook (signed JSON) or bell", examples=["apprise"]
    )
    url: str = Field(default="", max_length=2_048, pattern=r"^[^\x00-\x20\x7f]*$")
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
