"""Three days of five stations in hourly reports, with something wrong at each, as the service judges them."""

from typing import Any

from tests.commands.place import Place
from tests.worlds import HOUR, MINUTE, T0, Desk, message, text

HOURS = 72
# When rain falls: in so many hours before T0, so many mm.
RAIN_MM = {66: 1.0, 65: 4.0, 50: 2.0, 49: 6.0, 30: 4.0, 20: 1.0, 19: 20.0, 18: 20.0, 5: 2.0}
BUCKET_MM = {"HTB01": 0.5, "HTB02": 0.5, "HTB03": 0.5, "HTB04": 0.2, "HTB05": 0.2}
DRY = (60, 40)  # frost at HTB05, in hours before T0
VISITED = (25, 24)
DOUBLE = (30, 5)
AHEAD = range(10, 13)
WEAK = (12, 9)
SILENT = range(33, 45)


def fill(place: Place) -> None:
    """A dead gauge among four that have rain; a visit, double tips, a clock that is ahead, frost, a weak battery."""
    stations = place.config / "stations.toml"
    hourly = stations.read_text(encoding="utf-8").replace("report_every_s = 300", "report_every_s = 3600")
    stations.write_text(hourly, encoding="utf-8")
    place.now = T0
    with place.desk() as desk:
        counts = dict.fromkeys(BUCKET_MM, 100)
        for hours_ago in range(HOURS, -1, -1):
            for station_id in BUCKET_MM:
                _report(desk, station_id, hours_ago, counts)
            desk.settle()


def _report(desk: Desk, station_id: str, hours_ago: int, counts: dict[str, int]) -> None:
    at = T0 - MINUTE - hours_ago * HOUR
    before = counts[station_id]
    counts[station_id] += _tips(station_id, hours_ago)
    if station_id == "HTB04" and hours_ago in SILENT:
        return
    told: dict[str, Any] = {"count": counts[station_id], "battery_v": 12.6, "temperature_c": 9.5, "door_open": False}
    ahead = 2 * HOUR if station_id == "HTB01" and hours_ago in AHEAD else 0
    if station_id == "HTB02":
        told["door_open"] = hours_ago in VISITED
    if station_id == "HTB04" and WEAK[1] <= hours_ago <= WEAK[0]:
        told["battery_v"] = 10.5 + hours_ago / 100
    if station_id == "HTB05" and DRY[1] <= hours_ago <= DRY[0]:
        told["temperature_c"] = -3.5
    readings = [{"observed_at": text(at + ahead), **told}]
    if station_id == "HTB01" and hours_ago in DOUBLE:
        tips = [(at - 5 * MINUTE, before + 1), (at - 5 * MINUTE + 500, before + 2)]
        readings[:0] = [{"observed_at": text(when), "count": count, "kind": "event"} for when, count in tips]
    desk.now = at + 2_000
    desk.take(message(readings, station_id=station_id, seq=1_000 - hours_ago, boot=1, sent_at=at + ahead))


def _tips(station_id: str, hours_ago: int) -> int:
    if station_id == "HTB03" and hours_ago < 60:
        return 0
    rain_mm = RAIN_MM.get(hours_ago, 0.0) * (2 if station_id == "HTB05" else 1)
    poured = 9 if station_id == "HTB02" and hours_ago == VISITED[1] else 0
    return round(rain_mm / BUCKET_MM[station_id]) + poured
