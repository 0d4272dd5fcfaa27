"""What a scenario may say of the weather: the air, and one or more kinds of rain that add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, ClassVar, get_args

from simulator.bounds import STRICT, Celsius, NotNegative, Share
from simulator.weather.convective import Convective
from simulator.weather.design import Design
from simulator.weather.record import Record
from simulator.weather.storm import Storm
from simulator.weather.stratiform import Stratiform


class ByKind:
    """Lets a validator choose the class by the field `kind` alone, so that an error speaks of one kind only.

    It builds the core schema of a tagged union as plain data; nothing of pydantic is needed for that.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Mapping[str, Any]:
        """Return a schema that maps each kind to its class's schema."""
        choices = {}
        for one in get_args(source):
            kind = next(entry.default for entry in fields(one) if entry.name == "kind")
            choices[kind] = handler.generate_schema(one)
        return {"type": "tagged-union", "choices": choices, "discriminator": "kind"}


Rain = Annotated[Storm | Convective | Stratiform | Design | Record, ByKind()]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherSettings:
    """The air, and what falls from it. Without any `rain` it is dry.

    - `temperature_c`: the day's mean at 1000 m; None: what the season has (Urumqi's year).
    - `daily_swing_c`: half of the difference between afternoon and night under a clear sky; 7 under a quarter of cloud
      gives the 18.2 to 30.1 °C of a mean July in Urumqi. Under cloud a share `cloud_damps` of it is missing (estimate).
    - `lapse_c_per_km`: colder by this for each km up (standard atmosphere).
    - `rain_cools_c`: so much colder in the end while it rains (estimate).
    - `snow_below_c`, `rain_above_c`: see air.snow_share.
    - `cloud`: mean share of the sky while no rain is near. It is overcast while it rains, and clouds up in
      `cloud_before_min` and clears in `cloud_after_min`.
    - `lightning_per_mm`: strikes near enough to reach the wires, per mm that falls faster than
      `lightning_above_mm_per_h`. 0.002: one flash to 6e7 kg of rain (arid south-western United States, Petersen and
      Rutledge 1998, JGR 103) makes 1/60 per km2 and mm; within 200 m (estimate) that is 0.0021.
    - `anchor_latitude`, `anchor_longitude`: the point that storms are measured from, in degrees; by default the river's
      outlet from the mountains (an estimate, as in config/).
    - `foot_latitude`, `plain_share`: north of the mountains' foot only this share of the mountains' rain falls
      (400 mm a year in the mountains, 110 to 170 mm on the plain: domain.md section 5). 1: no mountains.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    temperature_c: Celsius | None = None
    daily_swing_c: NotNegative = 7.0
    lapse_c_per_km: NotNegative = 6.5
    cloud_damps: Share = 0.6
    rain_cools_c: NotNegative = 3.0
    snow_below_c: Celsius = -1.0
    rain_above_c: Celsius = 3.0
    cloud: Share = 0.25
    cloud_before_min: NotNegative = 40.0
    cloud_after_min: NotNegative = 90.0
    lightning_per_mm: NotNegative = 0.002
    lightning_above_mm_per_h: NotNegative = 10.0
    anchor_latitude: float = 43.75
    anchor_longitude: float = 86.57
    foot_latitude: float = 43.915
    plain_share: Share = 0.42
    rain: tuple[Rain, ...] = ()

    def __post_init__(self) -> None:
        if not self.snow_below_c < self.rain_above_c:
            raise ValueError(
                f"snow_below_c = {self.snow_below_c:g}: must be below rain_above_c = {self.rain_above_c:g}"
            )
        for name, most in (("anchor_latitude", 85.0), ("foot_latitude", 90.0), ("anchor_longitude", 180.0)):
            if not -most <= getattr(self, name) <= most:
                raise ValueError(f"{name} = {getattr(self, name):g}: must be from {-most:g} to {most:g} degrees")
