"""Codecs: bytes to messages. One module each, all pure, listed in CODECS by the version in the topic."""

from collections.abc import Mapping
from typing import Protocol

from gauge_ingest.codecs import json_v1
from gauge_ingest.codecs.message import Message, Rejected, Undecodable


class Decode(Protocol):
    """What a codec is."""

    def __call__(self, payload: bytes, station: str, received_at: int, message_id: int) -> Message:
        """A message whose reports say who sent them, when they came and where they are kept; or Undecodable."""


CODECS: Mapping[str, Decode] = {"json_v1": json_v1.decode}

__all__ = ["CODECS", "Decode", "Message", "Rejected", "Undecodable"]
