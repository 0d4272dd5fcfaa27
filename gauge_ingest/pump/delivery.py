"""What the pump wants from an inlet."""

from typing import NamedTuple


class Delivery(NamedTuple):
    """One message from outside. `token` is the inlet's own: it comes back when the message may be acknowledged."""

    topic: str
    payload: bytes
    token: bytes = b""
    retained: bool = False
