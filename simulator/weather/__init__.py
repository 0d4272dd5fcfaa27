"""Weather of a simulated world: rain, snow, temperature, clouds and lightning, the same for the same seed."""

from simulator.weather.convective import Convective
from simulator.weather.design import Design
from simulator.weather.ground import Place
from simulator.weather.record import Record
from simulator.weather.record_file import RecordError
from simulator.weather.settings import Rain, WeatherSettings
from simulator.weather.sky import Sky, make_sky
from simulator.weather.storm import Storm
from simulator.weather.stratiform import Stratiform

__all__ = [
    "Convective",
    "Design",
    "Place",
    "Rain",
    "Record",
    "RecordError",
    "Sky",
    "Storm",
    "Stratiform",
    "WeatherSettings",
    "make_sky",
]
