"""The lie of the land: where a place is in kilometres from the anchor, and which share of the rain reaches it."""

from __future__ import annotations

from typing import NamedTuple

from simulator.portable import cos_turn

KM_PER_DEGREE = 111.2
_FOOT_HALF_WIDTH_DEG = 0.03


class Place(NamedTuple):
    """Where a station stands."""

    station: str
    latitude: float
    longitude: float
    elevation_m: float


class Spot(NamedTuple):
    """A place on the plane of the weather: kilometres from the anchor, and its share of the mountains' rain."""

    station: str
    east_km: float
    north_km: float
    elevation_m: float
    share: float


class Ground(NamedTuple):
    """An anchor that the weather is measured from, and mountains to the south that lift the air.

    South of their foot all of the rain falls; north of it, on the plain, only a share of it.
    """

    anchor_latitude: float
    anchor_longitude: float
    foot_latitude: float
    plain_share: float

    def spot(self, place: Place) -> Spot:
        """Return where a place lies, on a plane through the anchor. Good for a county, not for a continent."""
        north_km = (place.latitude - self.anchor_latitude) * KM_PER_DEGREE
        width_km = KM_PER_DEGREE * cos_turn(self.anchor_latitude / 360.0)
        east_km = (place.longitude - self.anchor_longitude) * width_km
        return Spot(place.station, east_km, north_km, place.elevation_m, self._share(place.latitude))

    def _share(self, latitude: float) -> float:
        beyond = (latitude - self.foot_latitude) / _FOOT_HALF_WIDTH_DEG
        part = min(1.0, max(0.0, 0.5 + 0.5 * beyond))
        return 1.0 - (1.0 - self.plain_share) * part * part * (3.0 - 2.0 * part)
