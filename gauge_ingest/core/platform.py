"""What the upper platform calls a station: its code after SL 502, and what the platform's list of stations says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlatformStation:
    """A station as a platform after SL 323 knows it. `stcd` has 8 characters; of the others, empty is not known."""

    stcd: str
    river: str = ""
    hydrographic_net: str = ""
    basin: str = ""
    location: str = ""
    division_code: str = ""
