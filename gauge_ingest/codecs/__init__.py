"""Codecs: bytes to messages. One module each, all pure, listed in CODECS by the version in the topic."""

from collections.abc import Callable, Mapping

from gauge_ingest.codecs import json_v1
from gauge_ingest.codecs.message import Message, Reading, Rejected, Undecodable

Decode = Callable[[bytes], Message]

CODECS: Mapping[str, Decode] = {"json_v1": json_v1.decode}

__all__ = ["CODECS", "Decode", "Message", "Reading", "Rejected", "Undecodable"]
