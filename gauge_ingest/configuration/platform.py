"""[stations.ID.platform]: what the upper platform calls a station; and what is missing there for the export."""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel, Field

from gauge_ingest.configuration.mistakes import Mistake, Place, judge
from gauge_ingest.configuration.settings import PRINTABLE, STRICT
from gauge_ingest.core.fixed import STEPS_MS
from gauge_ingest.core.model import SECOND_MS, Station
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
    return _named([name for name in stations if name not in platform])


def export_warnings(
    stations: Mapping[str, Station], platform: Mapping[str, PlatformStation], *, step: str
) -> list[Mistake]:
    """What the export leaves out: stations without a code, and intervals in which a station does not report."""
    missing = not_exported(stations, platform)
    seldom = _named([name for name in platform if stations[name].report_every_s * SECOND_MS > STEPS_MS[step]])
    place = Place("stations.toml").at("stations")
    found = []
    if missing:
        remedy = f"not exported, for they have no code (STCD): {missing}; write [stations.ID.platform] with stcd"
        found.append(place.mistake(remedy))
    if seldom:
        remedy = f"report less often than [export] step = {step}: {seldom}; intervals without a report stay unknown"
        found.append(place.mistake(remedy))
    return found


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
    return f"{', '.join(names[:NAMED_MAX])}{more}"
