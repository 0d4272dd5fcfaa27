"""[stations.ID.platform]: what the upper platform calls a station; and what is missing there for the export."""

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, Field

from gauge_ingest.configuration.mistakes import Mistake, Place, judge
from gauge_ingest.configuration.settings import PRINTABLE, STRICT
from gauge_ingest.core.platform import PlatformStation

NAMED_MAX = 20  # stations that one warning names


class PlatformTable(BaseModel):
    """[stations.ID.platform]: a station's code after SL 502, and what else ST_STBPRP_B says of it."""

    model_config = STRICT

    stcd: str = Field(
        pattern=r"^[0-9A-Z]{8}$",
        description="the station's code after SL 502, 8 of the characters 0-9 A-Z in quotes",
        examples=["01234501"],
    )
    river: str = Field(default="", max_length=30, pattern=PRINTABLE)
    hydrographic_net: str = Field(default="", max_length=30, pattern=PRINTABLE)
    basin: str = Field(default="", max_length=30, pattern=PRINTABLE)
    location: str = Field(default="", max_length=50, pattern=PRINTABLE)
    division_code: str = Field(
        default="",
        pattern=r"^(?:[0-9]{6})?$",
        description="the division code after GB/T 2260, 6 digits in quotes, or left out",
        examples=["652323"],
    )


def read_platform(
    raw: object, place: Place, known: Mapping[str, PlatformStation], mistakes: list[Mistake]
) -> PlatformStation | None:
    """The station on the platform; None where there is none. `known`: of the stations before it, each with its code."""
    if raw is None:
        return None
    if not isinstance(raw, Mapping):
        mistakes.append(place.mistake(f"must be a table, written [{place.key}]", raw))
        return None
    judged = judge(PlatformTable, raw, place)
    mistakes += judged.mistakes
    found = PlatformStation(**judged.value.model_dump())
    if "stcd" in judged.wrong:
        return None
    other = next((name for name, one in known.items() if one.stcd == found.stcd), None)
    if other is not None:
        remedy = f"is the code of {other} already: each station has its own"
        mistakes.append(place.at("stcd").mistake(remedy, found.stcd))
    return found


def not_exported(stations: Iterable[str], platform: Mapping[str, PlatformStation]) -> str:
    """The stations without a code, in words; empty when each has one."""
    missing = [name for name in stations if name not in platform]
    more = f" and {len(missing) - NAMED_MAX} more" if len(missing) > NAMED_MAX else ""
    return f"{', '.join(missing[:NAMED_MAX])}{more}" if missing else ""


def export_warnings(stations: Iterable[str], platform: Mapping[str, PlatformStation]) -> list[Mistake]:
    """That rain of stations stays here which the export could take: one warning for all of them."""
    missing = not_exported(stations, platform)
    if not missing:
        return []
    remedy = f"not exported, for they have no code (STCD): {missing}; write [stations.ID.platform] with stcd"
    return [Place("stations.toml").at("stations").mistake(remedy)]
