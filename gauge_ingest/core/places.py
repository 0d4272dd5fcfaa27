"""Distances between stations on the sphere, and who is near whom."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping

_EARTH_RADIUS_KM = 6_371.0088


def nearest_first(positions: Mapping[str, tuple[float, float]], *, within_km: float) -> dict[str, tuple[str, ...]]:
    """Of each place (latitude, longitude in degrees) the others within a distance, the nearest first."""
    by_latitude = sorted((position, name) for name, position in positions.items())
    latitudes = [position[0] for position, _ in by_latitude]
    points = [(_on_unit_sphere(*position), name) for position, name in by_latitude]
    angle = min(within_km / _EARTH_RADIUS_KM, math.pi)
    chord = 2 * math.sin(angle / 2)
    reach = math.degrees(angle) * 1.001  # in latitude; a hair more, for rounding
    near: dict[str, tuple[str, ...]] = {}
    for latitude, (point, name) in zip(latitudes, points, strict=True):
        band = points[bisect_left(latitudes, latitude - reach) : bisect_right(latitudes, latitude + reach)]
        found = sorted((math.dist(point, other), other_name) for other, other_name in band if other_name != name)
        near[name] = tuple(other_name for apart, other_name in found if apart <= chord)
    return near


def apart_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The distance between two places (latitude, longitude in degrees) along the great circle."""
    chord = math.dist(_on_unit_sphere(*one), _on_unit_sphere(*other))
    return 2 * _EARTH_RADIUS_KM * math.asin(min(1.0, chord / 2))


def _on_unit_sphere(latitude_degrees: float, longitude_degrees: float) -> tuple[float, float, float]:
    """A place as a point of the unit sphere, where a great circle's chord stands for its length."""
    latitude, longitude = math.radians(latitude_degrees), math.radians(longitude_degrees)
    return (
        math.cos(latitude) * math.cos(longitude),
        math.cos(latitude) * math.sin(longitude),
        math.sin(latitude),
    )
