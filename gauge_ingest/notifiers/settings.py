"""Settings of the channels in people.toml: how people are reached."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


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
